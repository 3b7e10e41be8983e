package duckdb

import (
	"context"
	"slices"

	"playbook/playbooks/dialect"
	"playbook/runner/query/trino"
	"playbook/steps"
)

// insert adds rows to a table that this run made. Tables of files are evidence, and stay
// as they are.
func (e *Engine) insert(ctx context.Context, s *dialect.Statement) (steps.Rows, error) {
	f := s.Filled
	t, err := e.table(s, f.Object)
	switch {
	case err != nil:
		return nil, err
	case t.made == nil:
		return nil, mistake(s.Source, f.Offset, "INSERT cannot run on a case into %s, whose files are evidence; make a table of your own with CREATE TABLE %s_more AS SELECT …", f.Name, f.Name)
	case len(t.def.BucketedBy) > 0: // "INSERT INTO": Bucketed tables not supported
		return nil, mistake(s.Source, f.Offset, "Athena does not insert into bucketed tables")
	}
	at, err := t.places(s)
	if err != nil {
		return nil, err
	}
	filled, err := e.filling(ctx, s)
	if err != nil {
		return nil, err
	}
	if len(filled.Columns) != len(at) {
		return nil, mistake(s.Source, s.Body.Start, "the query gives %d columns, and %d are to be filled", len(filled.Columns), len(at))
	}
	for i, column := range at {
		c := t.columns[column]
		if from := filled.Columns[i].Type; !trino.Widens(from, *c.typ) {
			return nil, mistake(s.Source, s.Body.Start, "column %d of the query is %s, and %s is %s; CAST it", i+1, spoken(from), c.name, c.athena)
		}
	}
	if err := filled.read(ctx, e); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := e.pour(ctx, t, filled, at); err != nil {
		return nil, err
	}
	return &listed{quality: filled.quality}, nil
}

// places are the columns of the table that the query's columns are for.
func (t *table) places(s *dialect.Statement) ([]int, error) {
	var at []int
	count := len(t.columns) - 1
	if s.Filled.Columns == nil {
		for i := range count {
			at = append(at, i)
		}
		return at, nil
	}
	for _, wanted := range s.Filled.Columns {
		i := slices.IndexFunc(t.columns[:count], func(c column) bool { return c.name == wanted.Name })
		switch {
		case i < 0:
			return nil, mistake(s.Source, wanted.Offset, "the table %s has no column %s", t.def.Name, wanted.Name)
		case slices.Contains(at, i):
			return nil, mistake(s.Source, wanted.Offset, "the column %s is listed twice", wanted.Name)
		}
		at = append(at, i)
	}
	return at, nil
}
