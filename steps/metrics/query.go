package metrics

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"playbook/steps"
)

// resource is one of the values, and where it is to be read ("" is everywhere).
type resource struct{ id, name, account, region string }

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
		r.name = cmp.Or(r.name, r.id)
		found = append(found, r)
	}
	return found, nil
}

// at are the resources of a target, by id and each once.
func at(resources []resource, target steps.Target) []resource {
	here := slices.DeleteFunc(slices.Clone(resources), func(r resource) bool {
		return r.account != "" && r.account != target.Account || r.region != "" && r.region != target.Region
	})
	slices.SortStableFunc(here, func(a, b resource) int { return cmp.Compare(a.id, b.id) })
	return slices.CompactFunc(here, func(a, b resource) bool { return a.id == b.id })
}

// checkMetrics refuses a metric that is asked for twice, and an alarm on averages: the
// averages of minutes do not say what the average of a quarter of an hour was.
func (s *Step) checkMetrics() error {
	seen := map[[2]string]bool{}
	for _, m := range s.Metrics {
		key := [2]string{m.Name, m.Statistic}
		switch {
		case seen[key]:
			return fmt.Errorf("%s is there twice with the statistic %s", m.Name, m.Statistic)
		case m.Threshold == nil && (m.Comparison != "" || m.Period != 0 || m.Periods != 0):
			return fmt.Errorf("%s has numbers of an alarm and no threshold", m.Name)
		case m.Threshold != nil && m.Statistic == "Average":
			return fmt.Errorf("%s: a threshold on Average cannot be judged; use Sum, Minimum, Maximum or SampleCount", m.Name)
		case !divides(m.Period) || !divides(s.Period):
			return errors.New("a period is a multiple of 60 seconds, and a day a multiple of it")
		}
		seen[key] = true
	}
	return nil
}

func divides(period int64) bool {
	return period == 0 || period >= 60 && period%60 == 0 && 86400%period == 0
}

// span is the time that is read, and in which steps. From and to are multiples of the
// period: "specify StartTime and EndTime values that align with the value of the
// metric's Period" (CloudWatch API Reference, GetMetricData).
type span struct {
	from, to time.Time
	now      time.Time
	period   time.Duration
	why      string // why it is this period
}

// kept says how long CloudWatch keeps points of each period (CloudWatch API Reference,
// GetMetricData: 15 days, 63 days and 455 days).
var kept = []struct {
	period time.Duration
	days   int
}{{time.Minute, 15}, {5 * time.Minute, 63}, {time.Hour, 455}}

const day = 24 * time.Hour

func (s *Step) span(env steps.Env) (span, error) {
	found := span{from: env.Window.From.UTC(), to: env.Window.To.UTC(), now: env.Now.UTC()}
	if !s.From.IsZero() {
		found.from = s.From.UTC()
	}
	if !s.To.IsZero() {
		found.to = s.To.UTC()
	}
	switch {
	case found.from.IsZero() || found.to.IsZero():
		return found, errors.New("metrics: there is no window; give one with --from and --to")
	case !found.from.Before(found.to):
		return found, fmt.Errorf("metrics: from %s is not before to %s", found.from.Format(time.RFC3339), found.to.Format(time.RFC3339))
	}
	age := found.now.Sub(found.from)
	for _, k := range kept {
		found.period = k.period
		found.why = fmt.Sprintf("CloudWatch keeps points of %s for %d days", length(k.period), k.days)
		if age <= time.Duration(k.days)*day {
			break
		}
	}
	if asked := time.Duration(s.Period) * time.Second; asked > 0 {
		if asked < found.period {
			return found, fmt.Errorf("metrics: points of %s are not kept since %s: the shortest period is %d seconds",
				length(asked), found.from.Format(time.RFC3339), int64(found.period.Seconds()))
		}
		found.period, found.why = asked, "as the playbook asks"
	}
	if points := found.to.Sub(found.from) / found.period; points > maxPoints {
		return found, fmt.Errorf("metrics: %d points of %s are more than one call can give (%d): narrow the window", points, length(found.period), maxPoints)
	}
	found.from = found.from.Truncate(found.period)
	if to := found.to.Truncate(found.period); to.Before(found.to) {
		found.to = to.Add(found.period)
	}
	return found, nil
}

// points is how many points of one metric the span has.
func (s span) points() int64 { return int64(s.to.Sub(s.from) / s.period) }

// expired tells of a part of the span that nothing is kept of any more.
func (s span) expired() *steps.Gap {
	oldest := s.now.Add(-time.Duration(kept[len(kept)-1].days) * day)
	if !s.from.Before(oldest) {
		return nil
	}
	return &steps.Gap{Source: getMetricData, Blocking: true,
		Problem: "CloudWatch keeps nothing of before " + oldest.Format(time.RFC3339) + " (455 days)"}
}

// The most that one GetMetricData call takes and gives (CloudWatch API Reference).
const (
	maxQueries = 500
	maxPoints  = 100_800
)

// calls are the inputs that ask for all metrics of one resource: one call, unless it
// would give more points than a call may. They depend on nothing but the options, the
// resource and the span, so that a case can hold their answers.
func (s *Step) calls(r resource, span span) (inputs []map[string]any, asked [][]Metric) {
	metrics := slices.Clone(s.Metrics)
	slices.SortFunc(metrics, func(a, b Metric) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Statistic, b.Statistic))
	})
	size := min(maxQueries, max(1, int(maxPoints/max(1, span.points()))))
	for chunk := range slices.Chunk(metrics, size) {
		queries := []any{}
		for i, m := range chunk {
			queries = append(queries, map[string]any{
				"Id": queryID(i), "ReturnData": true,
				"MetricStat": map[string]any{
					"Metric": map[string]any{
						"Namespace": s.Namespace, "MetricName": m.Name,
						"Dimensions": []any{map[string]any{"Name": s.Dimension, "Value": r.id}},
					},
					"Period": int64(span.period.Seconds()), "Stat": m.Statistic,
				},
			})
		}
		inputs = append(inputs, map[string]any{
			"MetricDataQueries": queries, "ScanBy": "TimestampAscending",
			"StartTime": span.from.Format(time.RFC3339), "EndTime": span.to.Format(time.RFC3339),
		})
		asked = append(asked, chunk)
	}
	return inputs, asked
}

func queryID(i int) string { return fmt.Sprintf("m%d", i+1) }

// read asks for all metrics of one resource.
func (s *Step) read(ctx context.Context, cloud steps.Cloud, r resource, span span) (found []Series, gaps []steps.Gap, err error) {
	inputs, asked := s.calls(r, span)
	var errs []error
	for i, input := range inputs {
		answered, err := readCall(ctx, cloud, input)
		if err != nil {
			errs = append(errs, err)
			continue // what came before the error may be half of a metric
		}
		for n, m := range asked[i] {
			series := Series{ID: r.id, Name: r.name, Metric: m.Name, Statistic: m.Statistic,
				Period: int64(span.period.Seconds()), Threshold: m.Threshold, metric: m}
			a, ok := answered[queryID(n)]
			if !ok {
				errs = append(errs, fmt.Errorf("read %s: the answer says nothing of %s", getMetricData, m.Name))
				continue
			}
			if series.points, err = a.points(span); err != nil {
				errs = append(errs, fmt.Errorf("read %s: %s: %w", getMetricData, m.Name, err))
				continue
			}
			if a.status != "Complete" {
				gaps = append(gaps, steps.Gap{Source: series.source(), Blocking: true, Examples: a.messages,
					Problem: fmt.Sprintf("CloudWatch did not give all points (%.40s)", a.status)})
			}
			found = append(found, series)
		}
	}
	return found, gaps, errors.Join(errs...)
}

func (s *Series) source() string { return fmt.Sprintf("%s %s %s", getMetricData, s.ID, s.Metric) }
