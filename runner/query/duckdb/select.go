package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	driverpkg "github.com/duckdb/duckdb-go/v2"

	"playbook/playbooks/dialect"
	"playbook/playbooks/dialect/query"
	"playbook/runner/query/trino"
	"playbook/steps"
)

// selection is a query that has been understood.
type selection struct {
	*trino.Query
	statement *dialect.Statement
	tree      *query.Query
	tables    []*table // that it reads
	wanted    wanted
}

// view is a view as it was defined.
type view struct {
	name  string
	query *query.Query
	text  string // of the query, as it was written
}

// catalog is what names in a query can stand for: the tables and views of this run, and
// nothing else.
type catalog struct{ *Engine }

func (c catalog) Table(database, name string) *trino.Table {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tables[catalogKey(database, name)]
	if t == nil {
		return nil
	}
	return t.seen(t.key)
}

func (c catalog) View(database, name string) *trino.View {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.views[catalogKey(database, name)]
	if v == nil {
		return nil
	}
	return &trino.View{Name: v.name, Query: v.query}
}

func (c catalog) Names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, t := range c.tables {
		names = append(names, t.def.Name)
	}
	for _, v := range c.views {
		names = append(names, v.name)
	}
	return names
}

// understand reads the query in a statement against the tables that there are.
func (e *Engine) understand(s *dialect.Statement) (*selection, *query.Query, error) {
	tree, problem := query.Parse(s)
	if problem != nil {
		return nil, nil, dialectError(s.Source, []*dialect.Error{problem})
	}
	analyzed, problem := trino.Analyze(tree, catalog{e}, e.options.Now)
	if problem != nil {
		return nil, nil, dialectError(s.Source, []*dialect.Error{problem})
	}
	q := &selection{Query: analyzed, statement: s, tree: tree, wanted: wanted{names: map[string]bool{}}}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, key := range sortedKeys(analyzed.Uses) {
		q.tables = append(q.tables, e.tables[key])
		for _, name := range analyzed.Uses[key] {
			q.wanted.names[name] = true
		}
	}
	return q, tree, nil
}

// check has DuckDB bind the query against empty tables, so that what it would refuse is
// found before any file is read, and nothing is run.
func (e *Engine) check(ctx context.Context, q *selection) error {
	sql := e.placed(q, func(t *table, _ [][]trino.Choice) (string, bool) { return "scratch.main." + t.declared, false })
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("check the query: %w", err)
	}
	defer conn.Close()
	return conn.Raw(func(raw any) error {
		bound, err := raw.(driver.ConnPrepareContext).PrepareContext(ctx, sql)
		if err != nil {
			return inOurWords(q.statement, err)
		}
		defer bound.Close()
		if count, err := bound.(*driverpkg.Stmt).ColumnCount(); err != nil || count != len(q.Columns) {
			return fmt.Errorf("check the query: it has %d columns and was taken to have %d: %w", count, len(q.Columns), err)
		}
		return nil
	})
}

// placed is the query in DuckDB's SQL, with what stands for each table there.
func (e *Engine) placed(q *selection, place func(*table, [][]trino.Choice) (string, bool)) string {
	return q.SQL(func(key string, among [][]trino.Choice) (string, bool) {
		i := slices.IndexFunc(q.tables, func(t *table) bool { return t.key == key })
		return place(q.tables[i], among)
	})
}

func (e *Engine) runSelect(ctx context.Context, s *dialect.Statement) (_ steps.Rows, err error) {
	q, _, err := e.understand(s)
	if err != nil {
		return nil, err
	}
	if err := e.check(ctx, q); err != nil {
		return nil, err
	}
	loads := map[*table]*load{}
	for _, t := range q.tables {
		if loads[t], err = e.ensure(ctx, t, q.wanted); err != nil {
			return nil, err
		}
	}
	quality, err := e.quality(ctx, q, loads)
	if err != nil {
		return nil, err
	}
	stats := steps.QueryStats{Engine: engineName, Quality: quality}
	for _, l := range loads {
		stats.BytesScanned += l.bytes
	}
	sql := e.placed(q, func(t *table, among [][]trino.Choice) (string, bool) { return e.from(loads[t], among) })
	inner, cancel := context.WithCancel(ctx)
	parts, err := e.answer(inner, q, sql, loads)
	if err == nil {
		var answer *rows
		if answer, err = newRows(q, parts, stats); err == nil {
			answer.ctx, answer.cancel = ctx, cancel
			return answer, nil
		}
		err = errors.Join(err, parts.close())
	}
	cancel()
	if ctx.Err() != nil {
		return nil, interrupted(ctx)
	}
	return nil, inOurWords(q.statement, err)
}

// createView keeps the query of a view, once it is sure that it can be asked.
func (e *Engine) createView(ctx context.Context, s *dialect.Statement) error {
	key := catalogKey(s.View.Database, s.View.Name)
	e.mu.Lock()
	isTable, isView := e.tables[key] != nil, e.views[key] != nil
	e.mu.Unlock()
	switch {
	case isTable:
		return mistake(s.Source, s.Span.Start, "there is a table of the name %s", s.View.Name)
	case isView && !s.View.OrReplace:
		return mistake(s.Source, s.Span.Start, "the view %s exists; say CREATE OR REPLACE VIEW", s.View.Name)
	}
	q, tree, err := e.understand(s)
	if err != nil {
		return err
	}
	if err := e.check(ctx, q); err != nil {
		return err
	}
	if err := q.named("the view "+s.View.Name, s); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.views[key] = &view{name: s.View.Name, query: tree, text: s.Source[s.Body.Start:s.Body.End]}
	return nil
}

// named refuses a query that has a column without a name, or a name twice: what is made
// of it has columns by name.
func (q *selection) named(what string, s *dialect.Statement) error {
	seen := map[string]bool{}
	for i, c := range q.Columns {
		lower := strings.ToLower(c.Name)
		switch {
		case c.Name == fmt.Sprintf("_col%d", i):
			return mistake(s.Source, s.Body.Start, "column %d of %s has no name; give it one with AS", i+1, what)
		case seen[lower]:
			return mistake(s.Source, s.Body.Start, "%s has two columns %s; name them apart with AS", what, lower)
		}
		seen[lower] = true
	}
	return nil
}
