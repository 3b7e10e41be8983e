package metrics

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"playbook/steps"
)

// answer is what all pages of a call say of one query.
type answer struct {
	status   string // of the last page that speaks of it
	times    []any
	values   []any
	messages []string
}

func readCall(ctx context.Context, cloud steps.Cloud, input map[string]any) (map[string]*answer, error) {
	answered := map[string]*answer{}
	for page, err := range cloud.Read(ctx, getMetricData, input) {
		if err != nil {
			return nil, err
		}
		for _, raw := range steps.MapsOf(page, "MetricDataResults") {
			id := steps.TextOf(raw, "Id")
			a := answered[id]
			if a == nil {
				a = &answer{}
				answered[id] = a
			}
			// PartialData is made up for by a later page, an error is not.
			if a.status == "" || a.status == "Complete" || a.status == "PartialData" {
				a.status = cmp.Or(steps.TextOf(raw, "StatusCode"), "no StatusCode")
			}
			times, _ := raw["Timestamps"].([]any)
			values, _ := raw["Values"].([]any)
			if len(times) != len(values) {
				return nil, fmt.Errorf("read %s: %s has %d timestamps and %d values", getMetricData, id, len(times), len(values))
			}
			a.times, a.values = append(a.times, times...), append(a.values, values...)
			for _, message := range steps.MapsOf(raw, "Messages") {
				a.messages = append(a.messages, fmt.Sprintf("%.200s", steps.TextOf(message, "Value")))
			}
		}
	}
	return answered, nil
}

// point is the value of one period, by the time it begins.
type point struct {
	at    time.Time
	value float64
}

// points are in order of time. A point that was not asked for shows that this is the
// answer to another call: it is refused, not left out.
func (a *answer) points(span span) ([]point, error) {
	points := make([]point, 0, len(a.times))
	for i, raw := range a.times {
		at, err := instant(raw)
		if err != nil {
			return nil, err
		}
		value, err := number(a.values[i])
		switch {
		case err != nil:
			return nil, err
		case at.Before(span.from) || !at.Before(span.to) || !at.Equal(at.Truncate(span.period)):
			return nil, fmt.Errorf("a point of %s was not asked for; is this the answer to another call?", at.Format(time.RFC3339Nano))
		}
		points = append(points, point{at, value})
	}
	slices.SortStableFunc(points, func(a, b point) int { return a.at.Compare(b.at) })
	for i := 1; i < len(points); i++ {
		if points[i].at.Equal(points[i-1].at) {
			return nil, fmt.Errorf("there are two points of %s", points[i].at.Format(time.RFC3339))
		}
	}
	return points, nil
}

// instant reads a timestamp as the AWS CLI prints it, or in seconds since 1970.
func instant(raw any) (time.Time, error) {
	switch raw := raw.(type) {
	case string:
		if at, err := time.Parse(time.RFC3339Nano, raw); err == nil {
			return at.UTC(), nil
		}
	case int64:
		return time.Unix(raw, 0).UTC(), nil
	case float64:
		if raw == math.Trunc(raw) && math.Abs(raw) < 1e12 {
			return time.Unix(int64(raw), 0).UTC(), nil
		}
	case time.Time:
		return raw.UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%.60q is no timestamp", fmt.Sprint(raw))
}

func number(raw any) (float64, error) {
	switch raw := raw.(type) {
	case int64:
		return float64(raw), nil
	case float64:
		if !math.IsNaN(raw) && !math.IsInf(raw, 0) {
			return raw, nil
		}
	}
	return 0, fmt.Errorf("%.60q is no value", fmt.Sprint(raw))
}
