// Package flowlogs is the kind of step that checks which VPCs, subnets and interfaces
// have their traffic recorded, by which flow log, and whether it is delivered.
package flowlogs

import (
	"context"
	_ "embed"
	"errors"
	"slices"

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

// Step checks everything; what it is told changes only what is said of it.
type Step struct {
	Critical []string `yaml:"critical,omitempty" jsonschema:"description=Ids of the VPCs that have to be watched in any case"`
}

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
	Subnet   string   `json:"subnet"` // of an interface or subnet
	Covered  bool     `json:"covered"`
	Partly   bool     `json:"partly"`   // some of its traffic is recorded, and not all
	By       []string `json:"by"`       // flow logs that record it, good or not
	Via      string   `json:"via"`      // vpc, subnet or interface: what the logs are of; "" when not covered
	Traffic  string   `json:"traffic"`  // ALL, ACCEPT, REJECT, or "" when nothing is recorded
	Critical bool     `json:"critical"` // of a VPC: it is among those that have to be watched
	Problems []string `json:"problems"`
}

// FlowLog is one flow log.
type FlowLog struct {
	ID              string   `json:"id"`
	Name            string   `json:"name"`
	Resource        string   `json:"resource"`
	ResourceType    string   `json:"resource_type"`    // vpc, subnet, interface, transit_gateway or other
	Traffic         string   `json:"traffic"`          // ALL, ACCEPT, REJECT, or "" of a transit gateway
	DestinationType string   `json:"destination_type"` // s3, cloud-watch-logs or kinesis-data-firehose
	Destination     string   `json:"destination"`      // an ARN, or the name of a log group
	LogGroup        string   `json:"log_group"`        // of a flow log that goes to CloudWatch Logs, by its name
	Bucket          string   `json:"bucket"`           // of a flow log that goes to S3
	Prefix          string   `json:"prefix"`           // "" or ending in "/"
	FileFormat      string   `json:"file_format"`      // plain-text or parquet, in S3
	Interval        int64    `json:"interval"`         // seconds over which packets are aggregated
	Format          string   `json:"format"`
	Fields          []string `json:"fields"`
	MissingFields   []string `json:"missing_fields"` // that the library's queries ask for
	Active          bool     `json:"active"`
	Delivery        string   `json:"delivery"` // SUCCESS, FAILED, or "" when AWS does not say
	Error           string   `json:"error"`
	Problems        []string `json:"problems"`
}

// Run reads the flow logs and what they could be of. Without any one of the answers
// nobody knows what is covered; the flow logs alone are kept.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	quality := steps.Quality{Unit: "VPCs, subnets and interfaces"}
	logs, failure := steps.ReadList(ctx, env.Cloud, "ec2:DescribeFlowLogs", "FlowLogs")
	vpcs, err1 := steps.ReadList(ctx, env.Cloud, "ec2:DescribeVpcs", "Vpcs")
	subnets, err2 := steps.ReadList(ctx, env.Cloud, "ec2:DescribeSubnets", "Subnets")
	interfaces, err3 := steps.ReadList(ctx, env.Cloud, "ec2:DescribeNetworkInterfaces", "NetworkInterfaces")
	result := Result{VPCs: []Coverage{}, Subnets: []Coverage{}, Interfaces: []Coverage{}, FlowLogs: []FlowLog{}}
	for _, raw := range logs {
		result.FlowLogs = append(result.FlowLogs, describe(raw))
	}
	if err := errors.Join(failure, err1, err2, err3); err != nil {
		return steps.Result{Value: result, Blocks: blocks(result), Quality: quality}, err
	}
	c := coverer{account: env.Target.Account, logs: result.FlowLogs, vpcs: vpcs}
	for _, raw := range interfaces {
		result.Interfaces = append(result.Interfaces, c.cover("interface", raw, "NetworkInterfaceId", "SubnetId", "VpcId"))
	}
	for _, raw := range subnets {
		subnet := c.cover("subnet", raw, "SubnetId", "VpcId")
		subnet.addParts(nil, result.Interfaces, func(i Coverage) bool { return i.Subnet == subnet.ID })
		result.Subnets = append(result.Subnets, subnet)
	}
	for _, raw := range vpcs {
		vpc := c.cover("VPC", raw, "VpcId")
		vpc.Critical = slices.Contains(s.Critical, vpc.ID)
		vpc.addParts(result.Subnets, result.Interfaces, func(part Coverage) bool { return part.VPC == vpc.ID })
		result.VPCs = append(result.VPCs, vpc)
	}
	quality.Examined = int64(len(vpcs) + len(subnets) + len(interfaces))
	return steps.Result{Value: result, Blocks: blocks(result), Quality: quality}, nil
}
