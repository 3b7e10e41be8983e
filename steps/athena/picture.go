package athena

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

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

// shareOf says how much is drawn, when that is not all.
func shareOf(things string, drawn, total int64) string {
	if drawn == total {
		return ""
	}
	return fmt.Sprintf(" (%d of %d %s)", drawn, total, things)
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
