// Package createflowlog is the kind of step that plans flow logs for VPCs that have none
// that records all of their traffic.
package createflowlog

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"playbook/steps"
	"playbook/steps/plan"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "create_flow_log",
		Summary:    "Plan flow logs for VPCs that are not recorded, like those that there are",
		Doc:        doc,
		Effect:     steps.Changes,
		Operations: []string{"ec2:DescribeFlowLogs", "ec2:DescribeVpcs"},
		// The deliveries: VPC User Guide, "Publish flow logs to Amazon S3", IAM policy.
		Writes:    []string{"ec2:CreateFlowLogs", "ec2:DeleteFlowLogs", "logs:CreateLogDelivery", "logs:DeleteLogDelivery"},
		PerTarget: true,
		Result:    plan.Result{},
		New:       func() steps.Step { return &Step{MaxChanges: plan.MaxChanges} },
		Example: `id: record
phase: preparation
title: Record the VPCs that are not
uses: create_flow_log
with:
  vpcs: [{id: vpc-07765c082deba221b, account: "111122223333", region: us-east-1}]
  destination: arn:aws:s3:::central-logs/vpc/
  interval: 60
`,
	}
}

const unit = "VPCs"

// Step is the options. What is empty is copied.
type Step struct {
	VPCs        []any  `yaml:"vpcs" jsonschema:"required,description=Ids of VPCs or maps of id and account and region; those that the kind flow_logs says are covered are left out"`
	Destination string `yaml:"destination,omitempty" jsonschema:"description=ARN of a bucket with or without a folder; by default that of a flow log that works"`
	Format      string `yaml:"format,omitempty" jsonschema:"description=Fields as ${version} ${account-id} and so on; by default as where the destination is copied from and else those of AWS"`
	Interval    int64  `yaml:"interval,omitempty" jsonschema:"enum=60,enum=600,description=Seconds over which packets are aggregated; by default as where the destination is copied from and else 600"`
	FileFormat  string `yaml:"file_format,omitempty" jsonschema:"enum=plain-text,enum=parquet,description=By default as where the destination is copied from and else plain-text"`
	MaxChanges  int64  `yaml:"max_changes,omitempty" jsonschema:"minimum=1,description=How many VPCs at most (5)"`
	Protect     []any  `yaml:"protect,omitempty" jsonschema:"description=Ids and tags of VPCs that are left alone"`
}

// Validate checks the lists and the destination.
func (s *Step) Validate(known func(path string) bool) []steps.Problem {
	problems := plan.Validate(known, "vpcs", s.VPCs, s.Protect)
	if s.Destination != "" && known("destination") {
		if err := checkDestination(s.Destination); err != nil {
			problems = append(problems, steps.Problem{Path: "destination", Message: err.Error()})
		}
	}
	return problems
}

// Run plans a flow log for each VPC that no working one records as a whole.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	p, err := plan.New(env.Target, s.VPCs, s.Protect, s.MaxChanges)
	if s.Destination != "" {
		err = errors.Join(err, checkDestination(s.Destination))
	}
	if err != nil {
		return steps.Result{}, err
	}
	if len(p.Wanted) == 0 {
		return p.Result(unit)
	}
	vpcs, err1 := plan.ByID(ctx, env.Cloud, "ec2:DescribeVpcs", "Vpcs", "VpcId")
	logs, err2 := steps.ReadList(ctx, env.Cloud, "ec2:DescribeFlowLogs", "FlowLogs")
	if err := errors.Join(err1, err2); err != nil {
		return steps.Result{}, err
	}
	wanted, origin, err := s.wanted(logs)
	for _, given := range p.Wanted {
		raw, ok := vpcs[given.ID]
		covered, _ := given.Given["covered"].(bool)
		switch {
		case covered:
			p.Unchanged(given.ID, given.Name, "all its traffic is recorded")
		case !ok:
			p.Missing("VPC", given.ID)
		default:
			create(p, raw, wanted, origin, logs, err)
		}
	}
	return p.Result(unit)
}

// create plans the flow log of one VPC; failure says why none can be.
func create(p *plan.Plan, raw map[string]any, wanted recording, origin string, logs []map[string]any, failure error) {
	id := steps.TextOf(raw, "VpcId")
	name := plan.Name(raw, id)
	var present []any
	for _, log := range logs {
		if steps.TextOf(log, "ResourceId") != id {
			continue
		}
		present = append(present, log)
		logID := steps.TextOf(log, "FlowLogId")
		switch {
		case works(log) && steps.TextOf(log, "TrafficType") == "ALL":
			p.Unchanged(id, name, "flow log "+logID+" records all its traffic")
			return
		case failure != nil || !wanted.sameAs(log):
		case steps.TextOf(log, "FlowLogStatus") == "ACTIVE" && steps.TextOf(log, "DeliverLogsStatus") == "":
			p.Unchanged(id, name, "flow log "+logID+" is there and has not delivered anything yet")
			return
		default: // FlowLogAlreadyExists (EC2 API Reference, "Error codes")
			p.Refused(id, name, fmt.Sprintf("flow log %s goes to the same place and is not delivered (%s): mend that one, AWS makes no second",
				logID, steps.TextOf(log, "DeliverLogsErrorMessage")))
			return
		}
	}
	why := p.Protects(id, raw)
	if why == "" && failure != nil {
		why = failure.Error()
	}
	if why != "" {
		p.Refused(id, name, why)
		return
	}
	p.Planned(id, name, fmt.Sprintf("a flow log of all traffic to %s (%s)", wanted.destination, origin))
	change := steps.Change{
		Call:     steps.Call{Operation: "ec2:CreateFlowLogs", Input: wanted.input(id)},
		Resource: id,
		Reason:   fmt.Sprintf("No flow log that works records all traffic of %s (%s); %s", name, id, origin),
		Undo: []steps.Call{{Operation: "ec2:DeleteFlowLogs", Input: map[string]any{
			"FlowLogIds": []any{steps.From(p.Next(), "FlowLogIds[0]")},
		}}},
		Notes: notes,
	}
	if present != nil {
		change.Before = map[string]any{"FlowLogs": present}
	}
	p.Call(change)
}

// notes: VPC User Guide, "Amazon S3 bucket permissions for flow logs", "Flow log records"
// (aggregation interval), "VPC Flow Logs limitations"; EC2 API Reference, CreateFlowLogs.
var notes = []string{
	"It records from then on: what went before stays unrecorded. The first file takes about 10 minutes, and up to 10 more with an interval of 600 s.",
	"AWS adds statements to the policy of the bucket if it belongs to the caller, who needs s3:PutBucketPolicy for it; undone, they stay. Another account's bucket must allow the delivery already.",
	"The call can succeed as a whole and fail for the VPC: its answer names that under Unsuccessful.",
	"Delivery and storage cost money.",
}
