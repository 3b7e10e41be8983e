package metrics

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"playbook/steps"
)

const (
	maxBars   = 240 // that a chart has: more cannot be told apart
	maxCharts = 24  // in the report of one account and region
)

func blocks(result Result, span span) []steps.Block {
	read := fmt.Sprintf("%s to %s, in points of %s: %s.",
		span.from.Format(time.RFC3339), span.to.Format(time.RFC3339), length(span.period), span.why)
	table := &steps.Table{
		Columns: []steps.TableColumn{{Name: "resource"}, {Name: "name"}, {Name: "metric"}, {Name: "statistic"},
			{Name: "points", Unit: steps.Count}, {Name: "missing", Unit: steps.Count}, {Name: "highest"}, {Name: "at"}, {Name: "total"}, {Name: "alarm"}},
		Total: int64(len(result.Series)),
	}
	if unit := commonUnit(result.Series); unit != "" {
		table.Columns[6].Unit, table.Columns[8].Unit = unit, unit
	}
	for _, s := range result.Series {
		row := []any{s.ID, s.Name, s.Metric, s.Statistic, s.Points, s.Missing, "no data", "", "", s.verdict()}
		if s.Points > 0 {
			row[6], row[7] = *s.Max, *s.MaxAt
			if s.Statistic == "Sum" || s.Statistic == "SampleCount" {
				row[8] = *s.Sum
			}
		}
		table.Rows = append(table.Rows, row)
	}
	list := []steps.Block{{Text: &steps.Text{Body: read}}, {Table: table}}
	return append(list, charts(result, span)...)
}

// commonUnit is what all series are counted in, or "".
func commonUnit(series []Series) steps.Unit {
	for _, s := range series {
		if s.metric.unit() != series[0].metric.unit() {
			return ""
		}
	}
	if len(series) == 0 {
		return ""
	}
	return series[0].metric.unit()
}

// verdict says for people when the alarm would have gone off.
func (s *Series) verdict() string {
	switch {
	case s.Threshold == nil:
		return ""
	case s.Points == 0:
		return "not known"
	case s.Breaches == 0:
		return "would not have gone off"
	}
	return fmt.Sprintf("would have gone off %d times, on for %s in all, from %s to %s", s.Breaches,
		length(time.Duration(s.BreachSeconds)*time.Second), s.BreachFirst.Format(time.RFC3339), s.BreachLast.Format(time.RFC3339))
}

// charts draws each series that has points, those that are over their threshold first.
func charts(result Result, span span) (list []steps.Block) {
	drawn := slices.DeleteFunc(slices.Clone(result.Series), func(s Series) bool { return s.Points == 0 })
	slices.SortStableFunc(drawn, func(a, b Series) int { return int(min(1, b.Breaches) - min(1, a.Breaches)) })
	for i, s := range drawn {
		if i == maxCharts {
			return append(list, steps.Block{Text: &steps.Text{
				Body: fmt.Sprintf("%d more series are in the table and not drawn.", len(drawn)-maxCharts)}})
		}
		list = append(list, steps.Block{Chart: s.chart(span)})
	}
	return list
}

// chart draws a series in the periods of its alarm. When there are too many for a
// picture, each x stands for several, of which the highest is shown (the lowest, where
// the alarm is on low values): a spike stays as high as it was. Periods without data are
// left out, not drawn as zero.
func (s *Series) chart(span span) *steps.Chart {
	values := s.slots(span)
	width := int(s.metric.width(span.period))
	if s.Statistic == "Average" {
		width = 1
	}
	bars := (len(values) + width - 1) / width
	group := (bars + maxBars - 1) / maxBars
	bar, shown := time.Duration(width)*span.period, time.Duration(width*group)*span.period
	chart := &steps.Chart{Title: fmt.Sprintf("%s of %s: %s over %s", s.Metric, s.Name, s.Statistic, length(bar)), Shape: "line", Unit: s.metric.unit()}
	extreme := Metric{Statistic: "Maximum"}
	if s.Statistic == "Minimum" || s.metric.under() {
		extreme.Statistic = "Minimum"
	}
	if group > 1 {
		chart.Title += fmt.Sprintf(", the %s of each %s", map[string]string{"Maximum": "highest", "Minimum": "lowest"}[extreme.Statistic], length(shown))
	}
	ys := []float64{}
	for from := 0; from < len(values); from += width * group {
		var of []float64
		for at := from; at < min(from+width*group, len(values)); at += width {
			if value, any := s.metric.combine(values[at:min(at+width, len(values))]); any {
				of = append(of, value)
			}
		}
		if value, any := extreme.combine(of); any && !math.IsInf(value, 0) {
			chart.X, ys = append(chart.X, span.from.Add(time.Duration(from)*span.period)), append(ys, value)
		}
	}
	chart.Series = []steps.Series{{Name: s.Metric, Y: ys}}
	if s.Threshold != nil {
		chart.Limits = []steps.Limit{{Label: "alarm", Y: *s.Threshold}}
	}
	return chart
}

func (m Metric) unit() steps.Unit {
	if m.Unit == "" {
		return steps.Count
	}
	return steps.Unit(m.Unit)
}

// length prints a duration without the parts that are zero: 15m, 1h, 336h.
func length(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
