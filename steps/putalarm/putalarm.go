// Package putalarm is the kind of step that plans CloudWatch alarms, with exact numbers,
// for resources that lack them.
package putalarm

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"playbook/steps"
	"playbook/steps/plan"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "put_alarm",
		Summary:    "Plan CloudWatch alarms with given numbers for resources that lack them",
		Doc:        doc,
		Effect:     steps.Changes,
		Operations: []string{describeAlarms},
		Writes:     []string{"cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"},
		PerTarget:  true,
		Result:     plan.Result{},
		New:        func() steps.Step { return &Step{Prefix: "playbook-", MaxChanges: plan.MaxChanges} },
		Example: `id: watch
phase: preparation
title: Watch the bytes sent out
uses: put_alarm
with:
  namespace: AWS/NATGateway
  metric: BytesOutToDestination
  dimension: NatGatewayId
  checks: [{id: nat-0123456789abcdef0, account: "111122223333", region: eu-west-1}]
  statistic: Sum
  period: 900
  threshold: 5000000
  comparison: ">="
  periods: 1
  topics: ["arn:aws:sns:eu-west-1:111122223333:security"]
`,
	}
}

const (
	describeAlarms = "cloudwatch:DescribeAlarms"
	unit           = "alarms"
)

// Step is the alarm that is wanted, in the words of the kind alarm.
type Step struct {
	Namespace  string   `yaml:"namespace" jsonschema:"required,description=As AWS/NATGateway"`
	Metric     string   `yaml:"metric" jsonschema:"required"`
	Dimension  string   `yaml:"dimension" jsonschema:"required,description=Name of the dimension that tells the resources apart"`
	Checks     []any    `yaml:"checks" jsonschema:"required,description=Checks of the kind alarm or ids or maps of id and account and region; those that are covered are left out"`
	Statistic  string   `yaml:"statistic" jsonschema:"required,enum=SampleCount,enum=Average,enum=Sum,enum=Minimum,enum=Maximum"`
	Period     int64    `yaml:"period" jsonschema:"required,minimum=1,description=Seconds"`
	Threshold  float64  `yaml:"threshold" jsonschema:"required"`
	Comparison string   `yaml:"comparison" jsonschema:"required,enum=GreaterThanOrEqualToThreshold,enum=GreaterThanThreshold,enum=LessThanThreshold,enum=LessThanOrEqualToThreshold,enum=>=,enum=>,enum=<,enum=<="`
	Periods    int64    `yaml:"periods" jsonschema:"required,minimum=1,description=How many periods in a row"`
	Topics     []string `yaml:"topics,omitempty" jsonschema:"description=ARNs of the SNS topics that are told; each is used in its own region"`
	Prefix     string   `yaml:"prefix,omitempty" jsonschema:"maxLength=100,description=What the names of the alarms begin with (playbook-)"`
	MaxChanges int64    `yaml:"max_changes,omitempty" jsonschema:"minimum=1,description=How many alarms at most (5)"`
	Protect    []any    `yaml:"protect,omitempty" jsonschema:"description=Ids of resources and names of alarms that are left alone"`
}

// comparisons are the names that AWS gives them.
var comparisons = map[string]string{
	">=": "GreaterThanOrEqualToThreshold", ">": "GreaterThanThreshold", "<": "LessThanThreshold", "<=": "LessThanOrEqualToThreshold",
}

var topicARN = regexp.MustCompile(`^arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[\w-]{1,256}(\.fifo)?$`)

// Validate checks the lists, and the numbers as far as AWS would refuse them.
func (s *Step) Validate(known func(path string) bool) []steps.Problem {
	problems := plan.Validate(known, "checks", s.Checks, s.Protect)
	if err := s.checkPeriod(); err != nil && known("period") {
		problems = append(problems, steps.Problem{Path: "period", Message: err.Error()})
	}
	if _, err := s.topics(""); err != nil && known("topics") {
		problems = append(problems, steps.Problem{Path: "topics", Message: err.Error()})
	}
	return problems
}

// checkPeriod: CloudWatch API Reference, PutMetricAlarm, Period.
func (s *Step) checkPeriod() error {
	if s.Period == 10 || s.Period == 20 || s.Period == 30 || s.Period > 0 && s.Period%60 == 0 {
		return nil
	}
	return fmt.Errorf("a period of %d s is none that alarms can have: 10, 20, 30, or a multiple of 60", s.Period)
}

// topics are those of a region: an alarm tells topics of its own region only.
func (s *Step) topics(region string) ([]any, error) {
	found := []any{}
	for _, topic := range s.Topics {
		match := topicARN.FindStringSubmatch(topic)
		if match == nil {
			return nil, fmt.Errorf("%.120q is not the ARN of an SNS topic", topic)
		}
		if match[1] == region {
			found = append(found, topic)
		}
	}
	return found, nil
}

// Run plans an alarm for each check that is not covered.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	p, err1 := plan.New(env.Target, s.Checks, s.Protect, s.MaxChanges)
	topics, err2 := s.topics(env.Target.Region)
	if err := errors.Join(err1, err2, s.checkPeriod()); err != nil {
		return steps.Result{}, err
	}
	if len(p.Wanted) == 0 {
		return p.Result(unit)
	}
	metric, composite := map[string]map[string]any{}, map[string]map[string]any{}
	for page, err := range env.Cloud.Read(ctx, describeAlarms, nil) {
		if err != nil {
			return steps.Result{}, err
		}
		if page["MetricAlarms"] == nil && page["CompositeAlarms"] == nil {
			return steps.Result{}, errors.New("read " + describeAlarms + ": a page has neither MetricAlarms nor CompositeAlarms")
		}
		for _, raw := range steps.MapsOf(page, "MetricAlarms") {
			metric[steps.TextOf(raw, "AlarmName")] = raw
		}
		for _, raw := range steps.MapsOf(page, "CompositeAlarms") {
			composite[steps.TextOf(raw, "AlarmName")] = raw
		}
	}
	for _, wanted := range p.Wanted {
		alarm := s.Prefix + s.Metric + "-" + wanted.ID
		covered, _ := wanted.Given["covered"].(bool)
		switch why := p.Protects(wanted.ID, nil) + p.Protects(alarm, nil); {
		case covered:
			p.Unchanged(wanted.ID, wanted.Name, "alarm "+steps.TextOf(wanted.Given, "alarm")+" watches it")
		case why != "":
			p.Refused(wanted.ID, wanted.Name, why)
		case len(alarm) > 255 || strings.ContainsFunc(alarm, func(r rune) bool { return r < ' ' || r > '~' }):
			p.Refused(wanted.ID, wanted.Name, "no alarm can be named after it")
		case composite[alarm] != nil:
			p.Refused(wanted.ID, wanted.Name, "a composite alarm has the name "+alarm+": give another prefix")
		default:
			s.plan(p, wanted, alarm, topics, metric[alarm])
		}
	}
	return p.Result(unit)
}

// suggested is the topic that a check of the kind alarm names, when it is one of the region.
func suggested(check map[string]any, region string) []any {
	topic := steps.TextOf(check, "topic")
	if match := topicARN.FindStringSubmatch(topic); match == nil || match[1] != region {
		return nil
	}
	return []any{topic}
}

// plan works out one alarm; former is the one that has its name, if any.
func (s *Step) plan(p *plan.Plan, wanted plan.Wanted, alarm string, topics []any, former map[string]any) {
	given := len(topics) > 0
	if !given {
		topics = append(topics, suggested(wanted.Given, p.Region())...)
	}
	comparison := s.Comparison
	if name, ok := comparisons[comparison]; ok {
		comparison = name
	}
	numbers := fmt.Sprintf("%s of %s %s %s in %d of %d s", s.Statistic, s.Metric, s.Comparison,
		strconv.FormatFloat(s.Threshold, 'f', -1, 64), s.Periods, s.Period)
	input := map[string]any{
		"AlarmName": alarm, "AlarmDescription": numbers + ", for " + wanted.ID,
		"ActionsEnabled": true, "AlarmActions": topics,
		"Namespace": s.Namespace, "MetricName": s.Metric, "Dimensions": []any{map[string]any{"Name": s.Dimension, "Value": wanted.ID}},
		"Statistic": s.Statistic, "Period": s.Period, "EvaluationPeriods": s.Periods,
		"Threshold": s.Threshold, "ComparisonOperator": comparison,
	}
	if former != nil && holds(former, input) {
		p.Unchanged(wanted.ID, wanted.Name, "alarm "+alarm+" is as planned")
		return
	}
	change := steps.Change{
		Call:     steps.Call{Operation: "cloudwatch:PutMetricAlarm", Input: input},
		Resource: wanted.ID,
		Reason:   "No alarm that tells somebody goes off at " + numbers,
		Undo:     []steps.Call{{Operation: "cloudwatch:DeleteAlarms", Input: map[string]any{"AlarmNames": []any{alarm}}}},
		Notes:    []string{"The alarm starts as INSUFFICIENT_DATA and is judged at its next period. It costs money each month."},
	}
	what := "alarm " + alarm + ": " + numbers
	if former != nil {
		change.Before = former
		change.Undo = []steps.Call{{Operation: "cloudwatch:PutMetricAlarm", Input: definition(former)}}
		change.Notes = append(change.Notes, "It replaces the alarm of this name, which has other numbers or tells others.")
	}
	if len(topics) == 0 {
		what += "; it tells nobody"
		change.Notes = append(change.Notes, fmt.Sprintf("Nobody would be told: `topics` names no SNS topic in %s. Give one before this is carried out.", p.Region()))
	} else {
		if !given {
			change.Notes = append(change.Notes, "Its topic is the one that most alarms here tell; `topics` names another.")
		}
		change.Notes = append(change.Notes, "A topic tells only those who have confirmed that they subscribe to it.")
	}
	p.Planned(wanted.ID, wanted.Name, what)
	p.Call(change)
}
