// Package athena is the kind of step that runs one Athena SQL statement.
package athena

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"playbook/steps"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:    "athena",
		Summary: "Run one Athena SQL statement: on Amazon Athena when live, in the process on a case",
		Doc:     doc,
		Example: `id: numbers
phase: detection
title: Count to three
uses: athena
with:
  sql: SELECT n FROM (VALUES 1, 2, 3) AS t (n) ORDER BY n
`,
		Effect: steps.Reads,
		Result: Result{},
		New:    func() steps.Step { return &Step{Rows: 1000} },
	}
}

// Step is the options of one statement.
type Step struct {
	SQL  steps.SQL `yaml:"sql" jsonschema:"required,description=One statement of Athena SQL; expressions in it become literals"`
	Rows int       `yaml:"rows,omitempty" jsonschema:"minimum=1,maximum=100000,description=How many rows expressions and the report see (1000); evidence has all"`

	Chart   *Chart   `yaml:"chart,omitempty" jsonschema:"description=Draw the rows as lines or bars"`
	Diagram *Diagram `yaml:"diagram,omitempty" jsonschema:"description=Draw the rows as arrows between things"`
}

// Result is the answer of a query. A statement that defines something has none.
type Result struct {
	Rows      []map[string]any `json:"rows"`      // the first rows, by column name
	Total     int64            `json:"total"`     // rows of the whole answer
	Truncated bool             `json:"truncated"` // Rows does not hold all of them
	Columns   []steps.Column   `json:"columns"`
}

// shown is how many rows go into the report's model. Evidence has all of them.
const shown = 100

// maxStatement is the length of a statement in bytes of UTF-8 ("Service Quotas", Amazon
// Athena User Guide, "Query string length"). It holds on every ground: what a case takes
// must run live.
const maxStatement = 262144

// Run runs the statement. Every row goes to evidence as CSV while it arrives, so an
// answer of any size needs no more memory than the rows that are kept.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	result := steps.Result{Blocks: []steps.Block{{Code: &steps.Code{Language: "sql", Source: strings.TrimSpace(string(s.SQL))}}}}
	if len(s.SQL) > maxStatement {
		return result, fmt.Errorf("the statement has %d bytes, and Athena takes %d: give it less in its ${{ }}, or put what they hold into S3 "+
			"and make an external table over it", len(s.SQL), maxStatement)
	}
	rows, err := env.Query.Query(ctx, string(s.SQL))
	if err != nil {
		return result, err
	}
	defer rows.Close()
	columns := rows.Columns()
	if len(columns) == 0 {
		if s.Chart != nil || s.Diagram != nil {
			return result, errors.New("the statement gives no rows to draw; leave out chart and diagram")
		}
		if _, err := rows.Next(); !errors.Is(err, io.EOF) {
			return result, err
		}
		result.Value = Result{Rows: []map[string]any{}, Columns: []steps.Column{}}
		result.Quality = rows.Stats().Quality
		result.Quality.Examined, result.Quality.Unit = 1, "statement"
		return result, nil
	}
	if err := errors.Join(distinct(columns), s.check(columns)); err != nil {
		return result, err
	}
	answer := Result{Rows: []map[string]any{}, Columns: columns}
	table := steps.Table{Columns: headings(columns), Rows: [][]any{}}
	file, err := env.Evidence.Write("rows.csv", func(w io.Writer) error {
		return s.read(rows, &answer, &table, w)
	})
	if err != nil {
		return result, err
	}
	answer.Truncated = answer.Total > int64(len(answer.Rows))
	table.Total, table.File = answer.Total, file.Path
	result.Value = answer
	pictures, err := s.pictures(answer)
	result.Blocks = append(append(result.Blocks, pictures...), steps.Block{Table: &table})
	result.Quality = rows.Stats().Quality
	if answer.Truncated {
		result.Quality.Cut = []string{"rows"}
	}
	return result, err
}

func (s *Step) read(rows steps.Rows, answer *Result, table *steps.Table, w io.Writer) error {
	if err := writeHeader(w, answer.Columns); err != nil {
		return err
	}
	for {
		values, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		answer.Total++
		if len(answer.Rows) < s.Rows {
			row := make(map[string]any, len(values))
			for i, value := range values {
				row[answer.Columns[i].Name] = steps.Plain(value)
			}
			answer.Rows = append(answer.Rows, row)
		}
		if len(table.Rows) < shown {
			table.Rows = append(table.Rows, slices.Clone(values))
		}
		if err := writeRow(w, values); err != nil {
			return err
		}
	}
}

// distinct refuses columns of one name: rows are read by name, and one of the two
// would vanish.
func distinct(columns []steps.Column) error {
	seen := map[string]bool{}
	for _, column := range columns {
		if seen[column.Name] {
			return fmt.Errorf("the query gives two columns called %q; name them apart with AS", column.Name)
		}
		seen[column.Name] = true
	}
	return nil
}

func headings(columns []steps.Column) []steps.TableColumn {
	list := make([]steps.TableColumn, len(columns))
	for i, column := range columns {
		list[i] = steps.TableColumn{Name: column.Name, Unit: unitOf(column.Name)}
	}
	return list
}

// unitOf guesses from a column's name how its numbers are to be read.
func unitOf(column string) steps.Unit {
	var unit steps.Unit
	for _, word := range strings.Split(strings.ToLower(column), "_") {
		switch word {
		case "bytes", "numbytes":
			unit = steps.Bytes
		case "records", "count", "flows", "packets", "numpackets":
			unit = steps.Count
		}
	}
	return unit
}
