package athena

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"playbook/playbooks/dialect"
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

// Diagram draws who talks to whom: an arrow for each pair in the rows.
type Diagram struct {
	Title  string `yaml:"title,omitempty" jsonschema:"description=Above the diagram"`
	From   string `yaml:"from" jsonschema:"required,description=Column with where an arrow begins"`
	To     string `yaml:"to" jsonschema:"required,description=Column with where it ends"`
	Weight string `yaml:"weight,omitempty" jsonschema:"description=Column of numbers that compares the arrows"`
}

// What a person can still read. A report says how much of the rows is drawn.
const (
	maxPoints = 744 // a month of hours
	maxBars   = 50
	maxSeries = 10
	maxArrows = 60
	maxLabel  = 80 // characters
)

// Validate checks what pictures name against a query without expressions in it. What
// another query gives is known when it runs.
func (s *Step) Validate(known func(path string) bool) []steps.Problem {
	var problems []steps.Problem
	if c := s.Chart; c != nil && c.Series != "" && len(c.Y) > 1 {
		problems = append(problems, steps.Problem{Path: "chart.y", Message: "with series there is one column of numbers",
			Hint: "leave out series, or all columns but one"})
	}
	statement, mistakes := dialect.Parse(string(s.SQL))
	if !known("sql") || len(mistakes) > 0 {
		return problems
	}
	names, star := dialect.Identifiers(statement)
	for _, named := range s.named() {
		// A column without a name is called _col0 and so on.
		if !star && known(named.option) && !slices.Contains(names, strings.ToLower(named.column)) && !strings.HasPrefix(named.column, "_col") {
			problems = append(problems, steps.Problem{Path: named.option, Message: fmt.Sprintf("the query gives no column %q", named.column),
				Hint: "name a column of the SELECT, or give one this name with AS"})
		}
	}
	return problems
}

// check finds the columns that pictures name and the query does not give.
func (s *Step) check(columns []steps.Column) error {
	var given []string
	for _, column := range columns {
		given = append(given, column.Name)
	}
	for _, named := range s.named() {
		if !slices.Contains(given, named.column) {
			return fmt.Errorf("%s names the column %q, which the query does not give; it gives %s", named.option, named.column, strings.Join(given, ", "))
		}
	}
	return nil
}

type naming struct{ option, column string }

func (s *Step) named() []naming {
	var list []naming
	if c := s.Chart; c != nil {
		list = append(list, naming{"chart.x", c.X})
		for i, y := range c.Y {
			list = append(list, naming{fmt.Sprintf("chart.y[%d]", i), y})
		}
		list = append(list, naming{"chart.series", c.Series})
	}
	if d := s.Diagram; d != nil {
		list = append(list, naming{"diagram.from", d.From}, naming{"diagram.to", d.To}, naming{"diagram.weight", d.Weight})
	}
	return slices.DeleteFunc(list, func(n naming) bool { return n.column == "" })
}

// pictures draws the rows that are kept.
func (s *Step) pictures(answer Result) ([]steps.Block, error) {
	var list []steps.Block
	if s.Chart != nil && len(answer.Rows) > 0 {
		chart, err := s.Chart.draw(answer)
		if err != nil {
			return nil, err
		}
		list = append(list, steps.Block{Chart: chart})
	}
	if s.Diagram != nil && len(answer.Rows) > 0 {
		diagram, err := s.Diagram.draw(answer)
		if err != nil {
			return nil, err
		}
		list = append(list, steps.Block{Diagram: diagram})
	}
	return list, nil
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

func (d *Diagram) draw(answer Result) (*steps.Diagram, error) {
	type pair struct{ from, to string }
	diagram := &steps.Diagram{}
	nodes, arrows, drawn := map[string]string{}, map[pair]int{}, 0
	node := func(value any) string {
		name := text(value)
		id, ok := nodes[name]
		if !ok {
			id = fmt.Sprintf("n%d", len(nodes)+1)
			nodes[name] = id
			diagram.Nodes = append(diagram.Nodes, steps.DiagramNode{ID: id, Label: label(value)})
		}
		return id
	}
	for _, row := range answer.Rows {
		weight := 0.0
		if d.Weight != "" {
			var err error
			if weight, err = number("diagram.weight", d.Weight, row[d.Weight]); err != nil {
				return nil, err
			}
		}
		key := pair{text(row[d.From]), text(row[d.To])}
		at, ok := arrows[key]
		switch {
		case !ok && len(diagram.Edges) == maxArrows:
			continue
		case !ok:
			at = len(diagram.Edges)
			arrows[key] = at
			diagram.Edges = append(diagram.Edges, steps.DiagramEdge{From: node(row[d.From]), To: node(row[d.To])})
		}
		drawn++
		diagram.Edges[at].Weight += weight
	}
	for i := range diagram.Edges {
		diagram.Edges[i].Label = d.amount(diagram.Edges[i].Weight)
	}
	diagram.Title = cmp.Or(d.Title, "From "+d.From+" to "+d.To) + shareOf("rows", int64(drawn), answer.Total)
	return diagram, nil
}

// amount is the weight of an arrow in words; bytes in powers of 1000, as AWS bills them.
func (d *Diagram) amount(weight float64) string {
	switch {
	case d.Weight == "":
		return ""
	case unitOf(d.Weight) != steps.Bytes:
		return strconv.FormatFloat(weight, 'f', -1, 64) + " " + d.Weight
	}
	if weight < 1000 {
		return fmt.Sprintf("%.0f B", weight)
	}
	power := 0
	for ; weight >= 999.95 && power < 5; power++ {
		weight /= 1000
	}
	return fmt.Sprintf("%.1f %s", weight, [...]string{"B", "KB", "MB", "GB", "TB", "PB"}[power])
}

// shareOf says how much is drawn, when that is not all.
func shareOf(things string, drawn, total int64) string {
	if drawn == total {
		return ""
	}
	return fmt.Sprintf(" (%d of %d %s)", drawn, total, things)
}

// axis is a value on the x axis: a time, or a label.
func axis(value any) any {
	if at, ok := value.(time.Time); ok {
		return at
	}
	return label(value)
}

func text(value any) string {
	if value == nil {
		return "none"
	}
	return fmt.Sprint(value)
}

// label is text that a picture has room for.
func label(value any) string {
	name := strings.ToValidUTF8(text(value), "�")
	if utf8.RuneCountInString(name) <= maxLabel {
		return name
	}
	return string([]rune(name)[:maxLabel-1]) + "…"
}

// number reads a cell. NULL is what sum() gives of no rows, and is drawn as nothing.
func number(option, column string, value any) (float64, error) {
	switch value := value.(type) {
	case nil:
		return 0, nil
	case int64:
		return float64(value), nil
	case float64:
		if !math.IsNaN(value) && !math.IsInf(value, 0) {
			return value, nil
		}
	}
	return 0, fmt.Errorf("%s names the column %q, whose value %.40q is no number; write CAST(%s AS double) in the query, or name another column",
		option, column, text(value), column)
}

func sum(numbers []float64) float64 {
	total := 0.0
	for _, n := range numbers {
		total += n
	}
	return total
}
