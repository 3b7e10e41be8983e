// Package alarm is the kind of step that checks whether CloudWatch alarms exist, with
// given numbers, and reach somebody. It looks at how alarms are made, not at metrics.
package alarm

import (
	"context"
	_ "embed"
	"errors"

	"playbook/steps"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "alarm",
		Summary:    "Check that a CloudWatch alarm with given numbers exists for each resource and notifies somebody",
		Doc:        doc,
		Effect:     steps.Reads,
		Operations: []string{describeAlarms},
		PerTarget:  true,
		Result:     Result{},
		New:        func() steps.Step { return &Step{Notify: true} },
		Example: `id: nat_alarm
phase: preparation
title: Check the alarm on bytes sent out
uses: alarm
with:
  namespace: AWS/NATGateway
  metric: BytesOutToDestination
  dimension: NatGatewayId
  values: [{id: nat-0abae7774039b1353, account: "111122223333", region: eu-west-1}]
  statistic: Sum
  period: 900
  threshold: 5000000
  comparison: ">="
  periods: 1
expect:
  - id: watched
    each: result.checks
    that: item.covered
    resource: item.id
    severity: medium
    finding: "${{ item.id }} lacks the alarm: ${{ join(item.problems, \"; \") }}"
`,
	}
}

const describeAlarms = "cloudwatch:DescribeAlarms"

// Step is the alarm that is wanted.
type Step struct {
	Namespace  string  `yaml:"namespace" jsonschema:"required,description=As AWS/NATGateway"`
	Metric     string  `yaml:"metric" jsonschema:"required"`
	Dimension  string  `yaml:"dimension" jsonschema:"required,description=Name of the dimension that tells the resources apart"`
	Values     []any   `yaml:"values" jsonschema:"required,description=Its values: ids that are checked everywhere or maps of id and account and region and name that are checked where they are"`
	Statistic  string  `yaml:"statistic" jsonschema:"required,enum=SampleCount,enum=Average,enum=Sum,enum=Minimum,enum=Maximum"`
	Period     int64   `yaml:"period" jsonschema:"required,minimum=1,description=Seconds"`
	Threshold  float64 `yaml:"threshold" jsonschema:"required"`
	Comparison string  `yaml:"comparison" jsonschema:"required,enum=GreaterThanOrEqualToThreshold,enum=GreaterThanThreshold,enum=LessThanThreshold,enum=LessThanOrEqualToThreshold,enum=>=,enum=>,enum=<,enum=<="`
	Periods    int64   `yaml:"periods" jsonschema:"required,minimum=1,description=How many periods in a row"`
	Notify     bool    `yaml:"notify,omitempty" jsonschema:"description=Whether the alarm has to notify somebody (true)"`
}

// symbols of comparisons, by the names that AWS gives them.
var symbols = map[string]string{
	"GreaterThanOrEqualToThreshold": ">=", "GreaterThanThreshold": ">",
	"LessThanThreshold": "<", "LessThanOrEqualToThreshold": "<=",
}

// Result has a check for each resource.
type Result struct {
	Checks []Check `json:"checks"`
	Alarms int64   `json:"alarms"` // metric alarms that were looked at
}

// Check says whether one resource has the alarm. Without it, the fields from alarm to
// state_reason are empty.
type Check struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Covered     bool     `json:"covered"`
	Alarm       string   `json:"alarm"`
	ARN         string   `json:"arn"`
	Enabled     bool     `json:"enabled"`
	Notifies    bool     `json:"notifies"`
	Tells       []string `json:"tells"` // ARNs of actions, and composite alarms that include it
	State       string   `json:"state"` // OK, ALARM or INSUFFICIENT_DATA
	StateReason string   `json:"state_reason"`
	Nearest     string   `json:"nearest"`  // the alarm that comes nearest, when none is as wanted
	Problems    []string `json:"problems"` // how it differs, or that there is none
	Topic       string   `json:"topic"`    // ARN of the SNS topic that most alarms here tell, for a new one; or ""
}

// resource is one of the values, and where it is to be checked ("" is everywhere).
type resource struct{ id, name, account, region string }

// Validate refuses values that say of no resource what it is.
func (s *Step) Validate(known func(path string) bool) []steps.Problem {
	if !known("values") {
		return nil
	}
	if _, err := s.resources(); err != nil {
		return []steps.Problem{{Path: "values", Message: err.Error()}}
	}
	return nil
}

func (s *Step) resources() ([]resource, error) {
	var found []resource
	for _, value := range s.Values {
		var r resource
		switch value := steps.Plain(value).(type) {
		case string:
			r.id = value
		case map[string]any:
			r = resource{steps.TextOf(value, "id"), steps.TextOf(value, "name"), steps.TextOf(value, "account"), steps.TextOf(value, "region")}
		}
		if r.id == "" {
			return nil, errors.New("each of values is an id, or a map with an id")
		}
		if r.name == "" {
			r.name = r.id
		}
		found = append(found, r)
	}
	return found, nil
}

// Run checks the resources of this target. Without the list of alarms nothing is known
// of any of them; without resources nothing is looked at, not even the list.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	quality := steps.Quality{Unit: "resources"}
	resources, err := s.resources()
	if err != nil {
		return steps.Result{}, err
	}
	var here []resource
	for _, r := range resources {
		if (r.account == "" || r.account == env.Target.Account) && (r.region == "" || r.region == env.Target.Region) {
			here = append(here, r)
		}
	}
	result := Result{Checks: []Check{}}
	if len(here) == 0 {
		return steps.Result{Value: result, Quality: quality}, nil
	}
	all, err := readAlarms(ctx, env.Cloud)
	if err != nil {
		return steps.Result{}, err
	}
	result.Alarms = int64(len(all.metric))
	topic := all.topic(s.Namespace, env.Target)
	for _, r := range here {
		check := s.check(r, all)
		check.Topic = topic
		result.Checks = append(result.Checks, check)
	}
	quality.Examined = int64(len(result.Checks))
	return steps.Result{Value: result, Blocks: s.blocks(result), Quality: quality}, nil
}

// alarms are all alarms of one account and region.
type alarms struct{ metric, composite []map[string]any }

// readAlarms reads both lists in one call.
func readAlarms(ctx context.Context, cloud steps.Cloud) (alarms, error) {
	var all alarms
	for page, err := range cloud.Read(ctx, describeAlarms, nil) {
		if err != nil {
			return all, err
		}
		if page["MetricAlarms"] == nil && page["CompositeAlarms"] == nil {
			return all, errors.New("read " + describeAlarms + ": a page has neither MetricAlarms nor CompositeAlarms")
		}
		all.metric = append(all.metric, steps.MapsOf(page, "MetricAlarms")...)
		all.composite = append(all.composite, steps.MapsOf(page, "CompositeAlarms")...)
	}
	return all, nil
}
