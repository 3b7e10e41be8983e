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
	"playbook/steps"
)

// reference is a place in a tree where a table is read.
type reference struct {
	table *table
	node  node
}

// references finds the tables that a tree reads, and the names that it uses.
func (e *Engine) references(tree node) ([]reference, map[string]bool) {
	var found []reference
	names := map[string]bool{}
	e.mu.Lock()
	defer e.mu.Unlock()
	var walk func(any)
	walk = func(value any) {
		switch value := value.(type) {
		case node:
			if key, ok := value[referenceKey].(string); ok {
				found = append(found, reference{e.tables[key], value})
			}
			for _, field := range []string{"column_names", "using_columns"} {
				for _, name := range children(value, field) {
					if name, ok := name.(string); ok {
						names[strings.ToLower(name)] = true
					}
				}
			}
			for _, part := range value {
				walk(part)
			}
		case []any:
			for _, part := range value {
				walk(part)
			}
		}
	}
	walk(tree)
	return found, names
}

// place gives each table in a tree its name in the scratch database. When all columns of
// something are asked for, the table is one without the pseudo column $path.
func (e *Engine) place(tree node, all bool, name func(*table) string) {
	found, _ := e.references(tree)
	for _, r := range found {
		base := node{"type": "BASE_TABLE", "alias": "", "sample": nil, "catalog_name": "scratch", "schema_name": "main",
			"table_name": name(r.table), "column_name_alias": []any{}, "at_clause": nil}
		alias, names := r.node["alias"], r.node["column_name_alias"]
		if all {
			var list []any
			for _, c := range r.table.columns[:len(r.table.columns)-1] {
				list = append(list, columnNode(c.name))
			}
			base = subqueryTable(selectNode(list, base, nil), "", nil)
		}
		base["alias"], base["column_name_alias"] = alias, names
		clear(r.node)
		for field, value := range base {
			r.node[field] = value
		}
	}
}

// query is a query that passed the gate.
type query struct {
	statement *dialect.Statement
	tree      node
	tables    []*table
	wanted    wanted
	stars     bool
	columns   []string // of the answer; known when the query has been checked
}

func (e *Engine) newQuery(ctx context.Context, s *dialect.Statement) (*query, error) {
	span := s.Body
	if span == (dialect.Span{}) {
		span = s.Span
	}
	tree, t, err := e.translate(ctx, s, span)
	if err != nil {
		return nil, err
	}
	q := &query{statement: s, tree: tree}
	found, names := e.references(tree)
	for _, r := range found {
		if r.table == nil {
			return nil, mistake(s.Source, span.Start, "the query uses a view over the table %s, which was dropped", r.node[referenceKey])
		}
		if !slices.Contains(q.tables, r.table) {
			q.tables = append(q.tables, r.table)
		}
	}
	slices.SortFunc(q.tables, func(a, b *table) int { return strings.Compare(a.key, b.key) })
	q.wanted = wanted{names: names, all: t.stars || mentions(tree, "STAR")}
	// Without $path among the names, no column is in the way of *.
	q.stars = q.wanted.all && !names[pathColumn]
	return q, nil
}

// check has DuckDB bind the query against empty tables, so that a mistake in it is found
// before any file is read, and nothing is run.
func (e *Engine) check(ctx context.Context, q *query) error {
	tree, _ := copyTree(q.tree).(node)
	e.place(tree, q.stars, func(t *table) string { return t.declared })
	checked, _ := strict(tree).(node)
	sql, err := e.write(ctx, checked)
	if err != nil {
		return err
	}
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("check the query: %w", err)
	}
	defer conn.Close()
	return conn.Raw(func(raw any) error {
		bound, err := raw.(driver.ConnPrepareContext).PrepareContext(ctx, sql)
		if err != nil {
			return inOurWords(q, err)
		}
		defer bound.Close()
		statement := bound.(*driverpkg.Stmt)
		count, err := statement.ColumnCount()
		for i := 0; i < count && err == nil; i++ {
			var name string
			name, err = statement.ColumnName(i)
			q.columns = append(q.columns, name)
		}
		return err
	})
}

func (e *Engine) placed(ctx context.Context, q *query, name func(*table) string) (string, error) {
	tree, _ := copyTree(q.tree).(node)
	e.place(tree, q.stars, name)
	return e.write(ctx, tree)
}

func (e *Engine) runSelect(ctx context.Context, s *dialect.Statement) (_ steps.Rows, err error) {
	q, err := e.newQuery(ctx, s)
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
	quality, err := e.examine(ctx, q, loads)
	if err != nil {
		return nil, err
	}
	stats := steps.QueryStats{Engine: engineName, Quality: quality}
	for _, l := range loads {
		stats.BytesScanned += l.bytes
	}
	sql, err := e.placed(ctx, q, func(t *table) string { return loads[t].name })
	if err != nil {
		return nil, err
	}
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
	return nil, inOurWords(q, err)
}

// createView keeps the query of a view, with the names of its columns.
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
	q, err := e.newQuery(ctx, s)
	if err != nil {
		return err
	}
	if err := e.check(ctx, q); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, name := range q.columns {
		switch lower := strings.ToLower(name); {
		case name == unnamed(i):
			return mistake(s.Source, s.Body.Start, "column %d of the view %s has no name; give it one with AS", i+1, s.View.Name)
		case seen[lower]:
			return mistake(s.Source, s.Body.Start, "the view %s has two columns %s; name them apart with AS", s.View.Name, lower)
		default:
			seen[lower] = true
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.views[key] = &view{name: s.View.Name, body: q.tree}
	return nil
}
