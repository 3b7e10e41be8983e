package duckdb

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

// describe answers DESCRIBE and SHOW COLUMNS of a table or a view.
func (e *Engine) describe(s *dialect.Statement) (steps.Rows, error) {
	shown := s.Shown
	key := catalogKey(shown.Database, shown.Name)
	e.mu.Lock()
	isView, t := e.views[key] != nil, e.tables[key]
	var err error
	if !isView && t == nil {
		err = e.unknown(s, shown.Object, "table or view", e.within(shown.Database, true, true))
	}
	e.mu.Unlock()
	switch {
	case err != nil:
		return nil, err
	case isView && (shown.Formatted || shown.Extended || shown.Partition != nil):
		return nil, mistake(s.Source, shown.Offset, "%s is a view, and has columns only; write DESCRIBE %s", shown.Name, shown.Name)
	case isView:
		return e.describeView(s)
	case shown.What == dialect.ShowColumns:
		var rows [][]any
		for _, c := range t.columns[:len(t.columns)-1] {
			rows = append(rows, []any{c.name})
		}
		return newListed(textColumns("field"), rows), nil
	case shown.Extended:
		return nil, mistake(s.Source, shown.Offset, "DESCRIBE EXTENDED is not supported on a case; DESCRIBE FORMATTED says the same")
	}
	return t.describe(s)
}

// describeView has the columns that Athena gives for a view, with types as queries have
// them.
func (e *Engine) describeView(s *dialect.Statement) (steps.Rows, error) {
	shown := s.Shown
	all, mistakes := dialect.Parse("SELECT * FROM " + displayName(orDefault(shown.Database), shown.Name))
	if len(mistakes) > 0 {
		return nil, dialectError(s.Source, mistakes)
	}
	q, _, err := e.understand(all)
	if err != nil {
		var m *Mistake
		if errors.As(err, &m) { // of the text above
			err = mistake(s.Source, shown.Offset, "%s", m.Message)
		}
		return nil, err
	}
	var rows [][]any
	for _, c := range q.Columns {
		if shown.Column == "" || strings.EqualFold(c.Name, shown.Column) {
			rows = append(rows, []any{c.Name, c.Type.String()})
		}
	}
	if len(rows) == 0 {
		return nil, mistake(s.Source, shown.Offset, "the view %s has no column %s", shown.Name, shown.Column)
	}
	answer := newListed(textColumns("column", "type"), rows)
	for i := range answer.columns {
		answer.columns[i].Type = "varchar"
	}
	return answer, nil
}

// describe lists a table's columns, with partition columns a second time below the rest
// ("DESCRIBE").
func (t *table) describe(s *dialect.Statement) (steps.Rows, error) {
	shown := s.Shown
	rows := describeColumns(t.def.Columns, t.comments())
	partitions := describeColumns(t.def.Partitions, "")
	if shown.Column != "" {
		all := append(rows, partitions...)
		i := slices.IndexFunc(all, func(row []any) bool { return row[0] == shown.Column })
		if i < 0 {
			return nil, mistake(s.Source, shown.Offset, "the table %s has no column %s", t.def.Name, shown.Column)
		}
		rows, partitions = all[i:i+1], nil
	}
	if len(partitions) > 0 {
		rows = append(rows, partitions...)
		rows = append(rows, []any{"", "", ""}, []any{"# Partition Information", "", ""}, []any{"# col_name", "data_type", "comment"}, []any{"", "", ""})
		rows = append(rows, partitions...)
	}
	if shown.Formatted {
		more, err := t.details(s)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return newListed(textColumns("col_name", "data_type", "comment"), rows), nil
}

// comments is what DESCRIBE says for columns without a comment: of tables whose SerDe
// knows the columns itself, "from deserializer" (Hive's MetaStoreUtils).
func (t *table) comments() string {
	switch t.def.SerDe.Class {
	case dialect.LazySimple, dialect.ORC, dialect.Parquet, dialect.ColumnarBinary:
		return ""
	}
	return "from deserializer"
}

func describeColumns(columns []dialect.Column, comment string) [][]any {
	var rows [][]any
	for _, c := range columns {
		text := c.Comment
		if comment != "" {
			text = comment
		}
		rows = append(rows, []any{c.Name, c.Type.String(), text})
	}
	return rows
}

// details are what DESCRIBE FORMATTED adds.
func (t *table) details(s *dialect.Statement) ([][]any, error) {
	serde, input, output := t.def.Classes()
	location := t.def.Location
	var rows [][]any
	add := func(name string, value any) { rows = append(rows, []any{name, fmt.Sprint(value), ""}) }
	pairs := func(m map[string]string) {
		for _, name := range sortedKeys(m) {
			rows = append(rows, []any{"", name, m[name]})
		}
	}
	add("", "")
	if p := s.Shown.Partition; p != nil {
		values, err := t.valuesOf(s, *p)
		if err != nil {
			return nil, err
		}
		t.mu.Lock()
		i := slices.IndexFunc(t.registered, func(r registration) bool { return t.samePartition(r.values, values) })
		if i >= 0 {
			location = uri(t.registered[i].folder)
		}
		t.mu.Unlock()
		if i < 0 {
			return nil, mistake(s.Source, p.Offset, "the table %s has no such partition; SHOW PARTITIONS lists them", t.def.Name)
		}
		add("# Detailed Partition Information", "")
		add("Partition Value:", "["+strings.Join(values, ", ")+"]")
		add("Database:", orDefault(t.def.Database))
		add("Table:", t.def.Name)
		add("Location:", location)
	} else {
		add("# Detailed Table Information", "")
		add("Database:", orDefault(t.def.Database))
		add("Location:", location)
		add("Table Type:", "EXTERNAL_TABLE")
		add("Table Parameters:", "")
		for _, row := range t.properties("") {
			rows = append(rows, []any{"", row[0], row[1]})
		}
	}
	add("", "")
	add("# Storage Information", "")
	add("SerDe Library:", serde)
	add("InputFormat:", input)
	add("OutputFormat:", output)
	add("Compressed:", "No")
	buckets := -1
	if t.def.Buckets > 0 {
		buckets = t.def.Buckets
	}
	add("Num Buckets:", buckets)
	add("Bucket Columns:", "["+strings.Join(t.def.BucketedBy, ", ")+"]")
	add("Sort Columns:", "[]")
	if len(t.def.SerDe.Properties) > 0 {
		add("Storage Desc Params:", "")
		pairs(t.def.SerDe.Properties)
	}
	return rows, nil
}
