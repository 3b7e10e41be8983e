// Package alarm is the kind of step that checks whether CloudWatch alarms exist, with
// given numbers, and reach somebody.
package alarm

import (
	"context"
	_ "embed"
	"strings"

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
		Operations: []string{"cloudwatch:DescribeAlarms"},
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
  values: [nat-0123456789abcdef0]
  statistic: Sum
  period: 900
  threshold: 5000000
  comparison: GreaterThanOrEqualToThreshold
  periods: 1
expect:
  - id: watched
    each: result.checks
    that: item.covered
    resource: item.id
    severity: medium
    finding: ${{ item.id }} lacks the alarm
`,
	}
}

// Step is the alarm that is wanted.
type Step struct {
	Namespace  string  `yaml:"namespace" jsonschema:"required,description=As AWS/NATGateway"`
	Metric     string  `yaml:"metric" jsonschema:"required"`
	Dimension  string  `yaml:"dimension" jsonschema:"required,description=Name of the dimension that tells the resources apart"`
	Values     []any   `yaml:"values" jsonschema:"required,description=Its values: ids that are checked everywhere or maps of id and account and region and name that are checked where they are"`
	Statistic  string  `yaml:"statistic" jsonschema:"required,enum=SampleCount,enum=Average,enum=Sum,enum=Minimum,enum=Maximum"`
	Period     int64   `yaml:"period" jsonschema:"required,minimum=1,description=Seconds"`
	Threshold  float64 `yaml:"threshold" jsonschema:"required"`
	Comparison string  `yaml:"comparison" jsonschema:"required,enum=GreaterThanOrEqualToThreshold,enum=GreaterThanThreshold,enum=LessThanThreshold,enum=LessThanOrEqualToThreshold"`
	Periods    int64   `yaml:"periods" jsonschema:"required,minimum=1,description=Consecutive periods"`
	Notify     bool    `yaml:"notify,omitempty" jsonschema:"description=Whether the alarm has to notify somebody (true)"`
}

// Result has a check for each resource.
type Result struct {
	Checks []Check `json:"checks"`
	Alarms int64   `json:"alarms"` // alarms that were looked at
}

// Check says whether one resource has the alarm.
type Check struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Covered  bool     `json:"covered"`
	Alarm    string   `json:"alarm"` // the alarm, or the nearest one when none matches
	ARN      string   `json:"arn"`
	Enabled  bool     `json:"enabled"`
	Notifies bool     `json:"notifies"`
	State    string   `json:"state"` // OK, ALARM, INSUFFICIENT_DATA, or "" without an alarm
	Problems []string `json:"problems"`
}

// resource is one of the values, and where it is to be checked ("" is everywhere).
type resource struct{ id, name, account, region string }

// Validate refuses values that say of no resource what it is.
func (s *Step) Validate(known func(path string) bool) []steps.Problem {
	if !known("values") {
		return nil
	}
	for _, value := range s.Values {
		if read(value).id == "" {
			return []steps.Problem{{Path: "values", Message: "each of values is an id, or a map with an id"}}
		}
	}
	return nil
}

func read(value any) resource {
	switch value := steps.Plain(value).(type) {
	case string:
		return resource{id: value, name: value}
	case map[string]any:
		r := resource{steps.TextOf(value, "id"), steps.TextOf(value, "name"), steps.TextOf(value, "account"), steps.TextOf(value, "region")}
		if r.name == "" {
			r.name = r.id
		}
		return r
	}
	return resource{}
}

// Run checks the resources of this target. Without the list of alarms nothing is known
// of any of them; without resources nothing is looked at.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	alarms, err := steps.ReadList(ctx, env.Cloud, "cloudwatch:DescribeAlarms", "MetricAlarms")
	if err != nil {
		return steps.Result{}, err
	}
	composites, err := steps.ReadList(ctx, env.Cloud, "cloudwatch:DescribeAlarms", "CompositeAlarms")
	if err != nil {
		return steps.Result{}, err
	}
	result := Result{Checks: []Check{}, Alarms: int64(len(alarms))}
	for _, value := range s.Values {
		r := read(value)
		if r.account != "" && r.account != env.Target.Account || r.region != "" && r.region != env.Target.Region {
			continue
		}
		result.Checks = append(result.Checks, s.check(r, alarms, composites))
	}
	return steps.Result{
		Value:   result,
		Blocks:  blocks(result),
		Quality: steps.Quality{Examined: int64(len(result.Checks)), Unit: "resources"},
	}, nil
}

func blocks(result Result) []steps.Block {
	if len(result.Checks) == 0 {
		return nil
	}
	table := &steps.Table{
		Columns: []steps.TableColumn{{Name: "resource"}, {Name: "name"}, {Name: "alarm"}, {Name: "state"}, {Name: "check"}},
		Total:   int64(len(result.Checks)),
	}
	for _, c := range result.Checks {
		verdict := "as wanted"
		if !c.Covered {
			verdict = strings.Join(c.Problems, "; ")
		}
		table.Rows = append(table.Rows, []any{c.ID, c.Name, c.Alarm, c.State, verdict})
	}
	return []steps.Block{{Table: table}}
}
