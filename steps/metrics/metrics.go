// Package metrics is the kind of step that reads CloudWatch metrics, draws them, and
// says when an alarm with given numbers would have gone off. Whether such an alarm
// exists is the concern of the kind alarm.
package metrics

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"playbook/steps"
)

//go:embed doc.md
var doc string

const getMetricData = "cloudwatch:GetMetricData"

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "metrics",
		Summary:    "Read CloudWatch metrics, draw them, and say when an alarm would have gone off",
		Doc:        doc,
		Effect:     steps.Reads,
		Operations: []string{getMetricData},
		PerTarget:  true,
		Result:     Result{},
		New:        func() steps.Step { return &Step{} },
		Example: `id: nat_metrics
phase: preparation
title: Look at the traffic of the NAT gateways
uses: metrics
with:
  namespace: AWS/NATGateway
  dimension: NatGatewayId
  values: [{id: nat-0abae7774039b1353, account: "111122223333", region: eu-west-1}]
  metrics:
    - {name: BytesOutToDestination, statistic: Sum, unit: bytes, threshold: 5000000, comparison: ">=", period: 900}
expect:
  - id: quiet
    each: filter(result.series, .threshold != nil)
    that: item.breaches == 0
    resource: item.id
    severity: low
    finding: "The alarm on ${{ item.metric }} of ${{ item.id }} would have gone off ${{ item.breaches }} times"
`,
	}
}

// Step says which metrics are wanted, of which resources, for which time.
type Step struct {
	Namespace string    `yaml:"namespace" jsonschema:"required,description=As AWS/NATGateway"`
	Metrics   []Metric  `yaml:"metrics" jsonschema:"required,minItems=1,maxItems=50,description=The metrics to read"`
	Dimension string    `yaml:"dimension" jsonschema:"required,description=Name of the dimension that tells the resources apart"`
	Values    []any     `yaml:"values" jsonschema:"required,description=Its values: ids that are read everywhere or maps of id and account and region and name that are read where they are"`
	Period    int64     `yaml:"period,omitempty" jsonschema:"minimum=60,maximum=86400,description=Seconds between two points; the shortest that CloudWatch still keeps unless told"`
	From      time.Time `yaml:"from,omitempty" jsonschema:"description=Start of the time to read; of the window unless told"`
	To        time.Time `yaml:"to,omitempty" jsonschema:"description=End of the time to read; of the window unless told"`
}

// Metric is one metric, and the numbers of an alarm to hold it against.
type Metric struct {
	Name       string   `yaml:"name" jsonschema:"required,description=As BytesOutToDestination"`
	Statistic  string   `yaml:"statistic" jsonschema:"required,enum=SampleCount,enum=Average,enum=Sum,enum=Minimum,enum=Maximum"`
	Unit       string   `yaml:"unit,omitempty" jsonschema:"enum=bytes,enum=count,enum=seconds,description=How its numbers are printed (count)"`
	Threshold  *float64 `yaml:"threshold,omitempty" jsonschema:"description=Threshold of the alarm"`
	Comparison string   `yaml:"comparison,omitempty" jsonschema:"enum=GreaterThanOrEqualToThreshold,enum=GreaterThanThreshold,enum=LessThanThreshold,enum=LessThanOrEqualToThreshold,enum=>=,enum=>,enum=<,enum=<=,description=When a value is over the threshold (>=)"`
	Period     int64    `yaml:"period,omitempty" jsonschema:"minimum=60,maximum=86400,description=Seconds that the alarm takes together; one point unless told"`
	Periods    int64    `yaml:"periods,omitempty" jsonschema:"minimum=1,maximum=1440,description=How many such periods in a row set it off (1)"`
}

// Result has a series for each resource and metric.
type Result struct {
	Series []Series `json:"series"`
}

// Series is one metric of one resource. Without a point its numbers and times are nil,
// without a breach those of breaches are, and without a threshold the threshold is.
type Series struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Metric    string     `json:"metric"`
	Statistic string     `json:"statistic"`
	Period    int64      `json:"period"` // seconds between two points
	Points    int64      `json:"points"`
	Missing   int64      `json:"missing"` // points that should be there by now and are not
	Min       *float64   `json:"min"`
	Max       *float64   `json:"max"`
	MaxAt     *time.Time `json:"max_at"`
	Sum       *float64   `json:"sum"` // of the points: the total, when the statistic is Sum
	First     *time.Time `json:"first"`
	Last      *time.Time `json:"last"`

	Threshold     *float64   `json:"threshold"`
	Breaches      int64      `json:"breaches"`       // how often the alarm would have gone off
	BreachSeconds int64      `json:"breach_seconds"` // how long it would have been on, in all
	BreachFirst   *time.Time `json:"breach_first"`   // start of the first period over the threshold
	BreachLast    *time.Time `json:"breach_last"`    // end of the last one

	metric Metric
	points []point
}

// Validate refuses what could not be asked for, or not be judged.
func (s *Step) Validate(known func(path string) bool) []steps.Problem {
	var problems []steps.Problem
	if known("values") {
		if _, err := s.resources(); err != nil {
			problems = append(problems, steps.Problem{Path: "values", Message: err.Error()})
		}
	}
	if !known("metrics") {
		return problems
	}
	if err := s.checkMetrics(); err != nil {
		problems = append(problems, steps.Problem{Path: "metrics", Message: err.Error()})
	}
	return problems
}

// Run reads every metric of the resources of this target. Without resources nothing is
// looked at. A resource whose answer is missing is an error; the others are kept.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	quality := steps.Quality{Unit: "data points"}
	result := Result{Series: []Series{}}
	resources, err := s.resources()
	if err == nil {
		err = s.checkMetrics()
	}
	if err != nil {
		return steps.Result{}, err
	}
	resources = at(resources, env.Target)
	if len(resources) == 0 {
		return steps.Result{Value: result, Quality: quality}, nil
	}
	span, err := s.span(env)
	if err != nil {
		return steps.Result{}, err
	}
	if gap := span.expired(); gap != nil {
		quality.Gaps = append(quality.Gaps, *gap)
	}
	var errs []error
	var missing int64
	for _, r := range resources {
		found, gaps, err := s.read(ctx, env.Cloud, r, span)
		if err != nil {
			errs = append(errs, fmt.Errorf("metrics of %s: %w", r.id, err))
		}
		quality.Gaps = append(quality.Gaps, gaps...)
		for _, series := range found {
			quality.Gaps = append(quality.Gaps, series.judge(span)...)
			quality.Examined += series.Points
			missing += series.Missing
			result.Series = append(result.Series, series)
		}
	}
	if missing > 0 {
		quality.Gaps = append(quality.Gaps, steps.Gap{
			Source: getMetricData + " " + s.Namespace, Count: missing,
			Problem: "points are missing: nothing was published then, or the resource did not exist yet",
		})
	}
	return steps.Result{Value: result, Blocks: blocks(result, span), Quality: quality}, errors.Join(errs...)
}
