package reports

import (
	"fmt"
	"math"
	"strings"
	"time"

	"playbook/steps"
)

// The space of a chart, in units of its view box: margins hold the labels of the axes.
const (
	chartWidth, chartHeight         = 720, 260
	chartLeft, chartRight           = 70, 12
	chartTop, chartBottom           = 14, 34
	plotWidth, plotHeight   float64 = chartWidth - chartLeft - chartRight, chartHeight - chartTop - chartBottom
	// seriesStyles is how many lines the style sheet tells apart.
	seriesStyles = 6
)

// drawChart draws lines or bars over a common axis that begins at zero: a chart that
// cuts its axis makes small changes look grave.
func drawChart(c *steps.Chart) string {
	s := &svg{width: chartWidth, height: chartHeight}
	top := niceTop(c)
	y := func(v float64) float64 { return chartTop + plotHeight*(1-v/top) }
	for _, share := range []float64{0, 0.5, 1} {
		s.printf(`<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" class="grid"/>`, chartLeft, chartWidth-chartRight, y(top*share), y(top*share))
		s.text(chartLeft-8, y(top*share)+4, "end", "tick", amount(top*share, c.Unit), 20)
	}
	for i, series := range c.Series {
		class := fmt.Sprintf("s%d", i%seriesStyles)
		if c.Shape == "bar" {
			s.bars(series, i, len(c.Series), len(c.X), class, y)
		} else {
			s.line(series, len(c.X), class, y)
		}
	}
	for _, limit := range c.Limits {
		if !finite(limit.Y) || limit.Y < 0 {
			continue
		}
		s.printf(`<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" class="limit"/>`, chartLeft, chartWidth-chartRight, y(limit.Y), y(limit.Y))
		s.text(chartWidth-chartRight-4, y(limit.Y)-4, "end", "tick", limit.Label, 60)
	}
	last := len(c.X) - 1
	s.text(chartLeft, chartHeight-12, "start", "tick", xLabel(c.X[0]), 30)
	if last > 1 {
		s.text(chartLeft+plotWidth/2, chartHeight-12, "middle", "tick", xLabel(c.X[last/2]), 30)
	}
	if last > 0 {
		s.text(chartWidth-chartRight, chartHeight-12, "end", "tick", xLabel(c.X[last]), 30)
	}
	return s.figure(chartLabel(c)) + legend(c)
}

// niceTop is the end of the axis: the highest value, rounded up to 1, 2 or 5 times a
// power of ten.
func niceTop(c *steps.Chart) float64 {
	high := 0.0
	for _, series := range c.Series {
		for _, v := range series.Y {
			if finite(v) {
				high = max(high, v)
			}
		}
	}
	for _, limit := range c.Limits {
		if finite(limit.Y) {
			high = max(high, limit.Y)
		}
	}
	if high < 1e-9 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(high)))
	for _, step := range []float64{1, 2, 5} {
		if high <= step*power {
			return step * power
		}
	}
	return 10 * power
}

// finite tells numbers that can be drawn; beyond these limits nothing is counted.
func finite(v float64) bool { return math.Abs(v) <= 1e18 }

// line draws a series; a point without a value breaks it.
func (s *svg) line(series steps.Series, points int, class string, y func(float64) float64) {
	step := plotWidth / math.Max(1, float64(points-1))
	var path strings.Builder
	pen := "M"
	for i, v := range series.Y[:min(points, len(series.Y))] {
		if !finite(v) || v < 0 {
			pen = "M"
			continue
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", pen, chartLeft+float64(i)*step, y(v))
		pen = "L"
		if points == 1 {
			fmt.Fprintf(&path, "h%.1f", plotWidth)
		}
	}
	s.printf(`<path d="%s" class="line %s"/>`, path.String(), class)
}

func (s *svg) bars(series steps.Series, index, all, points int, class string, y func(float64) float64) {
	slot := plotWidth / float64(points)
	width := slot * 0.8 / float64(all)
	for i, v := range series.Y[:min(points, len(series.Y))] {
		if finite(v) && v > 0 {
			s.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" class="bar %s"/>`,
				chartLeft+float64(i)*slot+slot*0.1+float64(index)*width, y(v), width, y(0)-y(v), class)
		}
	}
}

// legend names the series in words, each with a sample of its line.
func legend(c *steps.Chart) string {
	if len(c.Series) < 2 {
		return ""
	}
	var b strings.Builder
	b.WriteString(`<p class="legend">`)
	for i, series := range c.Series {
		sample := &svg{width: 26, height: 10}
		shape := "line"
		if c.Shape == "bar" {
			shape = "bar"
			sample.printf(`<rect x="1" y="1" width="24" height="8" class="bar s%d"/>`, i%seriesStyles)
		} else {
			sample.printf(`<path d="M0 5L26 5" class="%s s%d"/>`, shape, i%seriesStyles)
		}
		fmt.Fprintf(&b, `<span><svg viewBox="0 0 26 10" width="26" height="10" aria-hidden="true">%s</svg> %s</span>`, sample.b.String(), htmlText(series.Name, 80))
	}
	return b.String() + "</p>"
}

func chartLabel(c *steps.Chart) string {
	names := make([]string, 0, len(c.Series))
	for _, series := range c.Series {
		names = append(names, series.Name)
	}
	return fmt.Sprintf("Chart: %s: %s, from %s to %s; the numbers follow", c.Title, strings.Join(names, ", "), xLabel(c.X[0]), xLabel(c.X[len(c.X)-1]))
}

// xLabel is a label, or a time, which a record holds as text.
func xLabel(x any) string {
	text, ok := x.(string)
	if t, isTime := x.(time.Time); isTime {
		text, ok = t.Format(time.RFC3339), true
	}
	if t, err := time.Parse(time.RFC3339, text); ok && err == nil {
		return t.UTC().Format("2006-01-02 15:04")
	}
	return fmt.Sprint(x)
}

func amount(v float64, unit steps.Unit) string {
	if v == math.Trunc(v) || unit == steps.Bytes {
		return number(int64(v), unit)
	}
	return fmt.Sprintf("%g", v)
}

// shownPoints is how many points of a chart its table has.
const shownPoints = maxRows

// thinned is the table of a chart with few enough rows to read: each stands for several
// points and shows the highest of them, so that no peak is lost.
func thinned(c *steps.Chart) *steps.Table {
	table := &steps.Table{Columns: []steps.TableColumn{{Name: "from"}}, Total: int64(len(c.X))}
	for _, series := range c.Series {
		table.Columns = append(table.Columns, steps.TableColumn{Name: series.Name, Unit: c.Unit})
	}
	each := (len(c.X) + shownPoints - 1) / shownPoints
	for from := 0; from < len(c.X); from += max(1, each) {
		row := []any{xLabel(c.X[from])}
		for _, series := range c.Series {
			row = append(row, highest(series.Y, from, from+each))
		}
		table.Rows = append(table.Rows, row)
	}
	if each > 1 {
		table.Title = fmt.Sprintf("The highest of every %d values", each)
	}
	table.Total = int64(len(table.Rows))
	return table
}

// highest is the highest finite value in a part of a list, or nil without any.
func highest(values []float64, from, to int) any {
	var high any
	for _, v := range values[min(from, len(values)):min(to, len(values))] {
		if before, ok := high.(float64); finite(v) && (!ok || v > before) {
			high = v
		}
	}
	return high
}
