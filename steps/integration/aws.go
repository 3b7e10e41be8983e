package integration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"playbook/steps"
)

// fromAWS asks AWS for its template, when a flow log is named. The call stores the
// template as a new object and answers with its address (EC2 API Reference,
// GetFlowLogsIntegrationTemplate).
func (s *Step) fromAWS(ctx context.Context, env steps.Env) ([]byte, Template, error) {
	if s.FlowLog == "" {
		return nil, Template{}, nil
	}
	stored := ""
	for page, err := range env.Cloud.Read(ctx, getTemplate, s.input(env.Target)) {
		if err != nil {
			return nil, Template{}, fmt.Errorf("get the template of %s from AWS: %w", s.FlowLog, err)
		}
		if stored, err = locationOf(steps.TextOf(page, "Result")); err != nil {
			return nil, Template{}, fmt.Errorf("get the template of %s from AWS: %w", s.FlowLog, err)
		}
	}
	text, err := readAll(ctx, env.Files, stored)
	if err != nil {
		return nil, Template{}, fmt.Errorf("read the template that AWS has stored at %s: %w", stored, err)
	}
	template := Template{Source: "aws", Stored: stored, LeftOut: []LeftOut{}}
	if template.Resources, template.Queries, err = read(text); err != nil {
		return nil, Template{}, fmt.Errorf("%s: %w", stored, err)
	}
	for _, query := range s.Queries {
		if !slices.Contains(template.Queries, query.Name) {
			// "the template might not contain all of these predefined queries" (VPC User Guide,
			// "Run a predefined query").
			template.LeftOut = append(template.LeftOut, LeftOut{query.Name, "AWS has left it out, for want of a field in the log format"})
		}
	}
	return text, template, nil
}

// input is what AWS is asked. In a case it is what the recorded call has to match.
func (s *Step) input(target steps.Target) map[string]any {
	integration := map[string]any{
		"IntegrationResultS3DestinationArn": arn(s.Results, target.Region),
		"PartitionLoadFrequency":            s.PartitionLoad,
	}
	if !s.Start.IsZero() && !s.End.IsZero() {
		integration["PartitionStartDate"] = s.Start.UTC().Format(time.RFC3339)
		integration["PartitionEndDate"] = s.End.UTC().Format(time.RFC3339)
	}
	return map[string]any{
		"FlowLogId": s.FlowLog, "ConfigDeliveryS3DestinationArn": arn(s.DeliverTo, target.Region),
		"IntegrateServices": map[string]any{"AthenaIntegrations": []any{integration}},
	}
}

// arn is the ARN of an S3 location in the partition of a region ("Amazon Resource
// Names").
func arn(location, region string) string {
	partition := "aws"
	switch {
	case strings.HasPrefix(region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return "arn:" + partition + ":s3:::" + strings.TrimSuffix(strings.TrimPrefix(location, "s3://"), "/")
}

// Hosts of S3 with the bucket in front, and without ("Methods for accessing a general
// purpose bucket"). The names of buckets may have dots in them.
var (
	virtualHost = regexp.MustCompile(`^(.+)\.s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?$`)
	pathHost    = regexp.MustCompile(`^s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?$`)
)

// locationOf turns the address that AWS answers with into a location.
func locationOf(address string) (string, error) {
	refused := fmt.Errorf("its answer is %.200q, which is no address of an object in S3", address)
	at, err := url.Parse(address)
	if err != nil {
		return "", refused
	}
	key := strings.TrimPrefix(at.Path, "/")
	bucket := ""
	switch host := at.Hostname(); {
	case at.Scheme == "s3":
		bucket = host
	case at.Scheme != "https":
		return "", refused
	case pathHost.MatchString(host):
		bucket, key, _ = strings.Cut(key, "/")
	default:
		if match := virtualHost.FindStringSubmatch(host); match != nil {
			bucket = match[1]
		}
	}
	if bucket == "" || key == "" {
		return "", refused
	}
	return "s3://" + bucket + "/" + key, nil
}

func readAll(ctx context.Context, files steps.Files, location string) ([]byte, error) {
	file, err := files.Open(ctx, location)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxTemplate+1))
	if err == nil && len(text) > maxTemplate {
		err = errors.New("it is larger than CloudFormation takes")
	}
	return text, err
}
