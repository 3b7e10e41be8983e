package duckdb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"playbook/playbooks/dialect/query"
	"playbook/runner/query/trino"
	"playbook/steps"
)

// made is what is known of a table that CREATE TABLE AS made: the queries that filled it.
// The rows lie in the run's scratch database, never in the case.
type made struct{ origins []origin }

// origin is a query that filled a table. A query that reads the table is judged as if the
// origin stood in its place, as a view's query does: what was missing or damaged then is
// told again, and what it looked at is what is looked at now.
type origin struct {
	tree    *query.Query
	names   []string // of the table's columns, for each column of the query
	catalog past
}

// past is a catalog as it was when a query ran: what was dropped, made anew or given
// other partitions since does not change what that query had read.
type past struct {
	tables  map[string]*table
	views   map[string]*view
	origins map[*table][]origin // of tables that the run made
	loads   map[*table]*load    // of tables of files, as they were read
	found   *found
}

// found is the tables of files that a query reads in the end, by the names of their loads.
type found struct {
	tables map[string]*table
	loads  map[*table]*load
}

// now is the catalog as it is, with what a query has read of it.
func (e *Engine) past(loads map[*table]*load) past {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := past{tables: maps.Clone(e.tables), views: maps.Clone(e.views), origins: map[*table][]origin{}, loads: loads}
	for t := range loads {
		if t.made != nil {
			p.origins[t] = t.made.origins
		}
	}
	return p
}

// origin keeps the query that filled these columns of a table.
func (e *Engine) origin(f *filling, filled *table, at []int) origin {
	o := origin{tree: f.tree, catalog: e.past(f.loads)}
	for _, column := range at {
		o.names = append(o.names, filled.columns[column].name)
	}
	return o
}

// Table is a table of files, under the name of its load. There are several of one table
// when it was loaded more than once.
func (p past) Table(database, name string) *trino.Table {
	t := p.tables[catalogKey(database, name)]
	if t == nil || t.made != nil || p.loads[t] == nil {
		return nil
	}
	l := p.loads[t]
	if p.found.tables[l.name] == nil {
		snapshot := &table{key: l.name, def: t.def, columns: t.columns, inFile: t.inFile, projection: t.projection, fields: t.fields}
		p.found.tables[l.name], p.found.loads[snapshot] = snapshot, l
	}
	return t.seen(l.name)
}

// seen is the table as queries see it.
func (t *table) seen(key string) *trino.Table {
	made := &trino.Table{Key: key}
	for _, column := range t.columns {
		made.Columns = append(made.Columns, trino.Column{Name: column.name, Type: *column.typ, Hidden: column.name == pathColumn})
	}
	return made
}

// View is a view, or what filled a table that the run made.
func (p past) View(database, name string) *trino.View {
	key := catalogKey(database, name)
	if v := p.views[key]; v != nil {
		return &trino.View{Name: v.name, Query: v.query}
	}
	if t := p.tables[key]; t != nil && t.made != nil {
		return p.filled(t)
	}
	return nil
}

// Names are not asked for: the query was understood before.
func (p past) Names() []string { return nil }

// filled is what filled a table, as a view: its origins one below the other.
func (p past) filled(t *table) *trino.View {
	var body query.Body
	parts := parts{}
	for i, o := range p.origins[t] {
		part := fmt.Sprintf("%s %d", t.declared, i)
		inner := o.catalog
		inner.found = p.found
		parts[part] = &trino.View{Name: part, Query: o.tree, Catalog: inner}
		side := &query.Select{From: &query.Table{Name: []query.Name{{Text: part}}, Alias: alias(o.names)}}
		for _, c := range t.columns[:len(t.columns)-1] {
			var x query.Expr = &query.Literal{Kind: query.Null}
			if slices.Contains(o.names, c.name) {
				x = &query.Ident{Name: c.name}
			}
			side.Items = append(side.Items, query.Item{Expr: x, Alias: query.Name{Text: c.name}})
		}
		if body == nil {
			body = side
		} else {
			body = &query.SetOperation{Kind: "UNION", All: true, Left: body, Right: side}
		}
	}
	if body == nil {
		return nil // see quality
	}
	return &trino.View{Name: t.declared, Query: &query.Query{Body: body}, Catalog: parts}
}

func alias(names []string) query.Alias {
	a := query.Alias{Name: query.Name{Text: "origin"}}
	for _, name := range names {
		a.Columns = append(a.Columns, query.Name{Text: name})
	}
	return a
}

// parts is the catalog in which the origins of one table have names.
type parts map[string]*trino.View

func (parts) Table(string, string) *trino.Table        { return nil }
func (p parts) View(_ string, name string) *trino.View { return p[name] }
func (parts) Names() []string                          { return nil }

// quality says how much a query looked at, through tables that were made of others.
func (e *Engine) quality(ctx context.Context, q *selection, loads map[*table]*load) (steps.Quality, error) {
	isMade := func(t *table) bool { return t.made != nil }
	if !slices.ContainsFunc(q.tables, isMade) {
		return e.examine(ctx, q, loads)
	}
	catalog := e.past(loads)
	for _, t := range q.tables {
		if isMade(t) && len(catalog.origins[t]) == 0 {
			return steps.Quality{Unit: "rows", Gaps: []steps.Gap{{Source: t.def.Name, Blocking: true,
				Problem: "the table was made WITH NO DATA, and nothing was inserted"}}}, nil
		}
	}
	catalog.found = &found{map[string]*table{}, map[*table]*load{}}
	analyzed, problem := trino.Analyze(q.tree, catalog, e.options.Now)
	if problem != nil {
		return steps.Quality{}, fmt.Errorf("tell what the query looks at through the tables that the run made: %s", problem.Message)
	}
	through := &selection{Query: analyzed, statement: q.statement, tree: q.tree, wanted: q.wanted}
	for _, name := range sortedKeys(analyzed.Uses) {
		through.tables = append(through.tables, catalog.found.tables[name])
	}
	slices.SortFunc(through.tables, func(a, b *table) int { return strings.Compare(a.key, b.key) })
	return e.examine(ctx, through, catalog.found.loads)
}
