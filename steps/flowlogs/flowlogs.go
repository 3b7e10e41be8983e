// Package flowlogs is the kind of step that checks which VPCs, subnets and interfaces
// have their traffic recorded, by which flow log, and whether it is delivered.
package flowlogs

import (
	"context"
	_ "embed"
	"errors"
	"strings"

	"playbook/steps"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "flow_logs",
		Summary:    "Check which VPCs, subnets and interfaces are recorded by flow logs that are delivered",
		Doc:        doc,
		Effect:     steps.Reads,
		Operations: []string{"ec2:DescribeFlowLogs", "ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeNetworkInterfaces"},
		PerTarget:  true,
		Result:     Result{},
		New:        func() steps.Step { return &Step{} },
		Example: `id: flow_logs
phase: preparation
title: Check that every VPC is recorded
uses: flow_logs
expect:
  - id: recorded
    each: result.vpcs
    that: item.covered
    resource: item.id
    severity: high
    finding: No flow log records all traffic of ${{ item.id }}
`,
	}
}

// Step has no options: everything is checked.
type Step struct{}

// Result is the coverage of each resource, and each flow log.
type Result struct {
	VPCs       []Coverage `json:"vpcs"`
	Subnets    []Coverage `json:"subnets"`
	Interfaces []Coverage `json:"interfaces"`
	FlowLogs   []FlowLog  `json:"flow_logs"`
}

// Coverage says whether all traffic of a resource is recorded.
type Coverage struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	VPC      string   `json:"vpc"`
	Covered  bool     `json:"covered"`
	By       []string `json:"by"`      // flow logs that record it, good or not
	Via      string   `json:"via"`     // vpc, subnet, interface, parts, or "" when not covered
	Traffic  string   `json:"traffic"` // ALL, ACCEPT, REJECT, or "" when nothing is recorded
	Problems []string `json:"problems"`
}

// FlowLog is one flow log.
type FlowLog struct {
	ID              string   `json:"id"`
	Name            string   `json:"name"`
	Resource        string   `json:"resource"`
	ResourceType    string   `json:"resource_type"` // vpc, subnet, interface, transit_gateway or other
	Traffic         string   `json:"traffic"`
	DestinationType string   `json:"destination_type"` // s3, cloud-watch-logs or kinesis-data-firehose
	Destination     string   `json:"destination"`      // an ARN, or the name of a log group
	Bucket          string   `json:"bucket"`           // of a flow log that goes to S3
	Prefix          string   `json:"prefix"`           // "" or ending in "/"
	Interval        int64    `json:"interval"`         // seconds over which packets are aggregated
	Format          string   `json:"format"`
	Fields          []string `json:"fields"`
	Active          bool     `json:"active"`
	Delivery        string   `json:"delivery"` // SUCCESS, FAILED, or "" before the first delivery
	Error           string   `json:"error"`
	Problems        []string `json:"problems"`
}

// Run reads the flow logs and what they could be of. Without any one of the answers
// nobody knows what is covered.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	logs, err1 := steps.ReadList(ctx, env.Cloud, "ec2:DescribeFlowLogs", "FlowLogs")
	vpcs, err2 := steps.ReadList(ctx, env.Cloud, "ec2:DescribeVpcs", "Vpcs")
	subnets, err3 := steps.ReadList(ctx, env.Cloud, "ec2:DescribeSubnets", "Subnets")
	interfaces, err4 := steps.ReadList(ctx, env.Cloud, "ec2:DescribeNetworkInterfaces", "NetworkInterfaces")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return steps.Result{}, err
	}
	result := Result{VPCs: []Coverage{}, Subnets: []Coverage{}, Interfaces: []Coverage{}, FlowLogs: []FlowLog{}}
	for _, raw := range logs {
		result.FlowLogs = append(result.FlowLogs, describe(raw))
	}
	c := coverer{logs: result.FlowLogs}
	for _, raw := range interfaces {
		result.Interfaces = append(result.Interfaces, c.cover("interface", raw, "NetworkInterfaceId", "NetworkInterfaceId", "SubnetId", "VpcId"))
	}
	for _, raw := range subnets {
		result.Subnets = append(result.Subnets, c.cover("subnet", raw, "SubnetId", "SubnetId", "VpcId"))
	}
	for _, raw := range vpcs {
		vpc := c.cover("vpc", raw, "VpcId", "VpcId")
		coverByParts(&vpc, result.Subnets, result.Interfaces)
		result.VPCs = append(result.VPCs, vpc)
	}
	return steps.Result{
		Value:   result,
		Blocks:  blocks(result),
		Quality: steps.Quality{Examined: int64(len(vpcs) + len(subnets) + len(interfaces)), Unit: "VPCs, subnets and interfaces"},
	}, nil
}

// describe reads one flow log (EC2 API Reference, FlowLog).
func describe(raw map[string]any) FlowLog {
	l := FlowLog{
		ID: steps.TextOf(raw, "FlowLogId"), Name: steps.NameTag(raw), Resource: steps.TextOf(raw, "ResourceId"),
		Traffic: steps.TextOf(raw, "TrafficType"), DestinationType: steps.TextOf(raw, "LogDestinationType"),
		Destination: steps.TextOf(raw, "LogDestination"), Format: steps.TextOf(raw, "LogFormat"), Fields: []string{},
		Active: steps.TextOf(raw, "FlowLogStatus") == "ACTIVE", Delivery: steps.TextOf(raw, "DeliverLogsStatus"),
		Error: steps.TextOf(raw, "DeliverLogsErrorMessage"), Problems: []string{},
	}
	l.Interval, _ = raw["MaxAggregationInterval"].(int64)
	l.ResourceType = resourceType(l.Resource)
	for _, field := range strings.Fields(l.Format) {
		l.Fields = append(l.Fields, strings.TrimSuffix(strings.TrimPrefix(field, "${"), "}"))
	}
	if l.Destination == "" {
		l.Destination = steps.TextOf(raw, "LogGroupName")
	}
	if l.DestinationType == "" { // left out by AWS for the oldest kind of destination
		l.DestinationType = "cloud-watch-logs"
	}
	if l.DestinationType == "s3" {
		place := l.Destination[strings.LastIndex(l.Destination, ":")+1:]
		l.Bucket, l.Prefix, _ = strings.Cut(place, "/")
		if l.Prefix != "" && !strings.HasSuffix(l.Prefix, "/") {
			l.Prefix += "/"
		}
	}
	l.Problems = l.problems()
	return l
}

func (l FlowLog) problems() []string {
	problems := []string{}
	if !l.Active {
		problems = append(problems, "it is not active")
	}
	if l.Delivery == "FAILED" {
		problems = append(problems, strings.TrimSuffix("its logs are not delivered: "+l.Error, ": "))
	}
	if l.Traffic != "ALL" {
		problems = append(problems, "it records only "+l.Traffic+" traffic")
	}
	// VPC User Guide, "Publish flow logs to Amazon S3": AWSLogs is a reserved term.
	for _, folder := range strings.Split(l.Prefix, "/") {
		if folder == "AWSLogs" {
			problems = append(problems, "AWSLogs is reserved and cannot be a folder of the destination")
		}
	}
	return problems
}

// works reports whether what the flow log records arrives.
func (l FlowLog) works() bool { return l.Active && l.Delivery != "FAILED" }

func resourceType(id string) string {
	for prefix, name := range map[string]string{"vpc-": "vpc", "subnet-": "subnet", "eni-": "interface", "tgw-": "transit_gateway"} {
		if strings.HasPrefix(id, prefix) {
			return name
		}
	}
	return "other"
}
