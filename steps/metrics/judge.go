package metrics

import (
	"fmt"
	"math"
	"time"

	"playbook/steps"
)

// judge works out the numbers of a series, and when an alarm would have gone off. The
// gaps say what keeps that from being known.
func (s *Series) judge(span span) []steps.Gap {
	s.Points = int64(len(s.points))
	s.Missing = max(0, span.over()-s.Points)
	if s.Points == 0 {
		// Nothing published is not zero: a metric that does not exist has no points either.
		return []steps.Gap{{Source: s.source(), Blocking: true,
			Problem: fmt.Sprintf("there is no data point from %s to %s", span.from.Format(time.RFC3339), span.to.Format(time.RFC3339))}}
	}
	low, high := s.points[0], s.points[0]
	sum := 0.0
	for _, p := range s.points {
		if p.value < low.value {
			low = p
		}
		if p.value > high.value {
			high = p
		}
		sum += p.value
	}
	if math.IsInf(sum, 0) {
		sum = math.Copysign(math.MaxFloat64, sum)
	}
	first, last := s.points[0].at, s.points[len(s.points)-1].at
	s.Min, s.Max, s.MaxAt, s.Sum, s.First, s.Last = &low.value, &high.value, &high.at, &sum, &first, &last
	if s.Threshold == nil {
		return nil
	}
	return s.breach(span)
}

// over is how many points of one metric there can be by now: the last period counts
// when it is over.
func (s span) over() int64 {
	end := s.to
	if s.now.Before(end) {
		end = s.now.Truncate(s.period)
	}
	return max(0, int64(end.Sub(s.from)/s.period))
}

// breach evaluates the alarm after every point, over the periods that end there: as
// CloudWatch does, which looks every minute at the periods before it (CloudWatch User
// Guide, "Alarm evaluation"). A burst that lies across two periods of the clock counts.
// Data that is missing sets nothing off, nor does it with an alarm.
func (s *Series) breach(span span) (gaps []steps.Gap) {
	width := int(s.metric.width(span.period))
	if alarm := time.Duration(s.metric.Period) * time.Second; alarm > 0 && alarm%span.period != 0 {
		gaps = append(gaps, steps.Gap{Source: s.source(), Blocking: true, Problem: fmt.Sprintf(
			"only points of %s are there, from which an alarm on %s cannot be judged; it was judged on %s",
			length(span.period), length(alarm), length(time.Duration(width)*span.period))})
	}
	values := s.slots(span)
	over := make([]bool, len(values)+1) // by the end of the period, in points
	begin := 1                          // a sum that is not complete can be over a threshold, but not under it
	if s.metric.under() {
		begin = width
	}
	for end := begin; end < len(over); end++ {
		value, any := s.metric.combine(values[max(0, end-width):end])
		over[end] = any && s.metric.breaches(value)
	}
	periods := int(max(1, s.metric.Periods))
	on := false
	for end := range over {
		before := on
		on = lasts(over, end, width, periods)
		if !on {
			continue
		}
		s.BreachSeconds += int64(span.period.Seconds())
		last := span.from.Add(time.Duration(end) * span.period)
		s.BreachLast = &last
		if before {
			continue
		}
		if s.Breaches++; s.BreachFirst == nil {
			first := span.from.Add(time.Duration(max(0, end-width*periods)) * span.period)
			s.BreachFirst = &first
		}
	}
	return gaps
}

// lasts reports whether so many periods in a row, the last of which ends there, are over.
func lasts(over []bool, end, width, periods int) bool {
	for i := range periods {
		if at := end - i*width; at < 1 || !over[at] {
			return false
		}
	}
	return true
}

// slots has the value of every period of the span, NaN where there is none.
func (s *Series) slots(span span) []float64 {
	values := make([]float64, span.points())
	for i := range values {
		values[i] = math.NaN()
	}
	for _, p := range s.points {
		values[p.at.Sub(span.from)/span.period] = p.value
	}
	return values
}

// width is how many points a period of the alarm has.
func (m Metric) width(period time.Duration) int64 {
	return max(1, m.Period/int64(period.Seconds()))
}

// combine gives the statistic of several periods from those of each; any is false
// without a single value.
func (m Metric) combine(values []float64) (combined float64, any bool) {
	for _, value := range values {
		switch {
		case math.IsNaN(value):
			continue
		case !any:
			combined = value
		case m.Statistic == "Maximum":
			combined = max(combined, value)
		case m.Statistic == "Minimum":
			combined = min(combined, value)
		default: // Sum, SampleCount; Average has no threshold
			combined += value
		}
		any = true
	}
	return combined, any
}

func (m Metric) under() bool {
	return m.Comparison == "<" || m.Comparison == "<=" || m.Comparison == "LessThanThreshold" || m.Comparison == "LessThanOrEqualToThreshold"
}

func (m Metric) breaches(value float64) bool {
	switch m.Comparison {
	case ">", "GreaterThanThreshold":
		return value > *m.Threshold
	case "<", "LessThanThreshold":
		return value < *m.Threshold
	case "<=", "LessThanOrEqualToThreshold":
		return value <= *m.Threshold
	}
	return value >= *m.Threshold
}
