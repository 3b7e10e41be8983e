package athena

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"playbook/steps"
)

// Chart draws the rows: one point, or group of bars, for each value of a column.
type Chart struct {
	Title  string   `yaml:"title,omitempty" jsonschema:"description=Above the chart; by default what is drawn over what"`
	Shape  string   `yaml:"shape" jsonschema:"required,enum=line,enum=bar"`
	X      string   `yaml:"x" jsonschema:"required,description=Column of times or labels"`
	Y      []string `yaml:"y" jsonschema:"required,minItems=1,description=Columns of numbers"`
	Unit   string   `yaml:"unit,omitempty" jsonschema:"enum=bytes,enum=count,enum=seconds,description=How the numbers are to be read"`
	Series string   `yaml:"series,omitempty" jsonschema:"description=Column that parts the rows into one line or set of bars for each of its values; y is then one column"`
}

func (c *Chart) draw(answer Result) (*steps.Chart, error) {
	most := maxPoints
	if c.Shape == "bar" {
		most = maxBars
	}
	chart := &steps.Chart{Shape: c.Shape, Unit: steps.Unit(c.Unit)}
	places, series, drawn := map[any]int{}, map[string]int{}, 0
	for _, row := range answer.Rows {
		x := axis(row[c.X])
		place, ok := places[x]
		switch {
		case !ok && len(chart.X) == most:
			continue
		case !ok:
			place = len(chart.X)
			places[x] = place
			chart.X = append(chart.X, x)
		}
		drawn++
		for _, column := range c.Y {
			y, err := number("chart.y", column, row[column])
			if err != nil {
				return nil, err
			}
			name := column
			if c.Series != "" {
				name = label(row[c.Series])
			}
			at, ok := series[name]
			if !ok {
				at = len(chart.Series)
				series[name] = at
				chart.Series = append(chart.Series, steps.Series{Name: name})
			}
			line := &chart.Series[at]
			line.Y = append(line.Y, make([]float64, max(0, place+1-len(line.Y)))...)
			line.Y[place] += y
		}
	}
	for i := range chart.Series { // where a series has no row, there was nothing to count
		line := &chart.Series[i]
		line.Y = append(line.Y, make([]float64, len(chart.X)-len(line.Y))...)
	}
	chart.Title = cmp.Or(c.Title, strings.Join(c.Y, ", ")+" by "+c.X) +
		shareOf("rows", int64(drawn), answer.Total) + c.largest(chart)
	return chart, nil
}

// largest leaves the series with the most, when there are more than can be told apart,
// and says so.
func (c *Chart) largest(chart *steps.Chart) string {
	count := len(chart.Series)
	if count <= maxSeries {
		return ""
	}
	slices.SortStableFunc(chart.Series, func(a, b steps.Series) int { return cmp.Compare(sum(b.Y), sum(a.Y)) })
	chart.Series = chart.Series[:maxSeries]
	return fmt.Sprintf(" (the largest %d of %d series)", maxSeries, count)
}

// axis is a value on the x axis: a time, or a label.
func axis(value any) any {
	if at, ok := value.(time.Time); ok {
		return at
	}
	return label(value)
}

func sum(numbers []float64) float64 {
	total := 0.0
	for _, n := range numbers {
		total += n
	}
	return total
}
