package duckdb

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"playbook/steps"
)

// examine says how much a query looked at: the rows of each table that the query's own
// conditions on partitions and on the start of records leave, within the run's window.
// Of several tables one counts, see scarcer. A query whose conditions leave nothing has
// looked at nothing, whatever rows the table has: it can clear nobody.
func (e *Engine) examine(ctx context.Context, q *query, loads map[*table]*load) (steps.Quality, error) {
	var quality steps.Quality
	least := looked{count: math.MaxInt64}
	x := &examiner{engine: e}
	x.query(q.tree, nil, nil)
	if len(q.tables) == 0 { // everything that the query looks at is written in it
		return steps.Quality{Examined: 1, Unit: "statement"}, nil
	}
	for _, t := range q.tables {
		quality.Gaps = append(quality.Gaps, loads[t].gaps...)
		if loads[t].rows == 0 {
			least = looked{0, t}
			quality.Gaps = append(quality.Gaps, steps.Gap{Source: t.def.Name, Problem: "its files hold no records", Blocking: true})
		}
	}
	told := map[string]bool{}
	for _, s := range x.scans {
		seen, err := e.count(ctx, s, loads[s.table])
		if err != nil {
			return quality, fmt.Errorf("count the records that the query looks at: %w", err)
		}
		if this := (looked{seen.inside, s.table}); this.scarcer(least) {
			least = this
		}
		if problem := e.emptiness(s, seen); seen.inside == 0 && loads[s.table].rows > 0 && !told[problem] {
			told[problem] = true
			quality.Gaps = append(quality.Gaps, steps.Gap{Source: s.table.def.Name, Problem: problem, Blocking: true})
		}
	}
	if least.table != nil {
		quality.Examined, quality.Unit = least.count, least.table.unit()
	}
	return quality, nil
}

// looked is how much of a table a query looks at.
type looked struct {
	count int64
	table *table
}

// scarcer orders what could be told of a query that reads several tables: a table of
// which nothing is left; then flow logs, before lists that they are compared with; then
// the one with the fewest rows.
func (l looked) scarcer(other looked) bool {
	isLog := func(l looked) bool { return l.table != nil && l.table.fields.isFlow }
	switch {
	case (l.count == 0) != (other.count == 0):
		return l.count == 0
	case isLog(l) != isLog(other):
		return isLog(l)
	}
	return l.count < other.count
}

func (t *table) unit() string {
	if t.fields.isFlow {
		return "flow log records"
	}
	return "rows"
}

func (e *Engine) emptiness(s scan, seen seen) string {
	name := s.table.def.Name
	if seen.all == 0 {
		return fmt.Sprintf("no record of %s meets the query's conditions on partitions and times", name)
	}
	w := e.options.Window
	return fmt.Sprintf("no record of %s lies in the window %s to %s; its records run from %s to %s", name,
		w.From.UTC().Format(time.RFC3339), w.To.UTC().Format(time.RFC3339), seen.first.Format(time.RFC3339), seen.last.Format(time.RFC3339))
}

// scan is one place where a query reads a table, with the conditions there, which name
// the table's columns without a qualifier.
type scan struct {
	table *table
	where []any
}

type seen struct {
	all, inside int64
	first, last time.Time
}

// timeColumn is the column that says when a record begins.
func (t *table) timeColumn() (column, bool) {
	for _, c := range t.columns[:t.inFile] {
		if flowField(c.name) == "start" && c.kind != boolean {
			return c, true
		}
	}
	return column{}, false
}

// seconds is the SQL for the seconds since 1970 that a column v.t says.
func seconds(c column) string {
	switch c.kind {
	case date, timestamp:
		return "epoch(t)"
	case text:
		return "coalesce(TRY_CAST(t AS DOUBLE), epoch(TRY_CAST(t AS TIMESTAMPTZ)))"
	}
	return "CASE WHEN t > 100000000000 THEN t / 1000 ELSE CAST(t AS DOUBLE) END" // larger ones are milliseconds
}

func (e *Engine) count(ctx context.Context, s scan, l *load) (seen, error) {
	base := node{"type": "BASE_TABLE", "alias": "", "sample": nil, "catalog_name": "scratch", "schema_name": "main",
		"table_name": l.name, "column_name_alias": []any{}, "at_clause": nil}
	clock, known := s.table.timeColumn()
	known = known && e.options.Window.IsSet()
	var start any = numberNode(0)
	if known {
		start = columnNode(clock.name)
	}
	inner, err := e.write(ctx, selectNode([]any{start}, base, allOf(s.where)))
	if err != nil {
		return seen{}, err
	}
	sql := "SELECT count(*), count(*), 0::DOUBLE, 0::DOUBLE FROM (" + inner + ") AS v(t)"
	if known {
		w := e.options.Window
		sql = fmt.Sprintf(`SELECT count(*), count(*) FILTER (WHERE s >= %d AND s < %d%s), coalesce(min(s), 0), coalesce(max(s), 0)
			FROM (SELECT %s AS s FROM (%s) AS v(t))`, w.From.Unix(), w.To.Unix(),
			map[bool]string{true: " OR s IS NULL"}[clock.kind == text], seconds(clock), inner)
	}
	return e.counted(ctx, sql)
}

// counted runs a count once for each SQL: what has been loaded does not change.
func (e *Engine) counted(ctx context.Context, sql string) (seen, error) {
	e.mu.Lock()
	found, ok := e.counts[sql]
	e.mu.Unlock()
	if ok {
		return found, nil
	}
	var first, last float64
	if err := e.row(ctx, sql, &found.all, &found.inside, &first, &last); err != nil {
		return found, err
	}
	found.first, found.last = time.Unix(int64(first), 0).UTC(), time.Unix(int64(last), 0).UTC()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counts[sql] = found
	return found, nil
}

// examiner finds the scans of a query. Conditions are followed into subqueries, views
// and WITH where a column comes out of them unaltered.
type examiner struct {
	engine *Engine
	scans  []scan
}

// named is a query of WITH, with the scope that it can see.
type named struct {
	name    string
	body    node
	aliases []any
	scope   *scope
}

type scope struct {
	with  []named
	outer *scope
}

func (s *scope) find(name string) (named, bool) {
	for ; s != nil; s = s.outer {
		for i := len(s.with) - 1; i >= 0; i-- {
			if strings.EqualFold(s.with[i].name, name) {
				return s.with[i], true
			}
		}
	}
	return named{}, false
}

// query goes through a query; the conditions name its columns of output.
func (x *examiner) query(n node, conditions []any, outer *scope) {
	s := &scope{outer: outer}
	for _, entry := range children(child(n, "cte_map"), "map") {
		entry, _ := entry.(node)
		value := child(entry, "value")
		visible := &scope{with: append([]named{}, s.with...), outer: outer}
		s.with = append(s.with, named{word(entry, "key"), child(child(value, "query"), "node"), children(value, "aliases"), visible})
	}
	for _, modifier := range children(n, "modifiers") {
		if modifier, _ := modifier.(node); word(modifier, "type") == "LIMIT_MODIFIER" {
			conditions = nil
		}
	}
	if word(n, "type") == "SET_OPERATION_NODE" {
		names := x.outputs(child(n, "left"), s)
		for _, side := range []string{"left", "right"} {
			x.query(child(n, side), renamed(conditions, names, x.outputs(child(n, side), s)), s)
		}
		return
	}
	x.selection(n, conditions, s)
}

func (x *examiner) selection(n node, conditions []any, s *scope) {
	leaves, joined := x.leaves(child(n, "from_table"), s)
	all := append(conjuncts(n["where_clause"]), joined...)
	if !mentions(n["select_list"], "WINDOW") {
		outputs := x.outputs(n, s)
		for _, condition := range conditions {
			if inner, ok := substitute(condition, func(names []string) (any, bool) { return outputs.find(names[len(names)-1]) }); ok {
				all = append(all, inner)
			}
		}
	}
	for _, leaf := range leaves {
		var own []any
		for _, condition := range all {
			if inner, ok := leaf.owns(condition, len(leaves) == 1); ok {
				own = append(own, inner)
			}
		}
		x.leaf(leaf, own, s)
	}
	for _, field := range []string{"select_list", "where_clause", "having", "group_expressions", "from_table", "modifiers"} {
		x.inside(n[field], s)
	}
}

// leaf is one thing behind FROM.
type leaf struct {
	node    node
	alias   string
	outputs outputs
}

func (x *examiner) leaf(l leaf, conditions []any, s *scope) {
	switch {
	case l.node[referenceKey] != nil:
		key, _ := l.node[referenceKey].(string)
		x.engine.mu.Lock()
		t := x.engine.tables[key]
		x.engine.mu.Unlock()
		found := scan{table: t}
		for _, condition := range conditions {
			if t.judges(condition) {
				found.where = append(found.where, condition)
			}
		}
		x.scans = append(x.scans, found)
	case word(l.node, "type") == "SUBQUERY":
		body := child(child(l.node, "subquery"), "node")
		x.query(body, renamed(conditions, l.outputs, x.outputs(body, s)), s)
	case word(l.node, "type") == "BASE_TABLE":
		if with, ok := s.find(word(l.node, "table_name")); ok {
			x.query(with.body, renamed(conditions, l.outputs, x.outputs(with.body, with.scope)), with.scope)
		}
	}
}

// judges tells whether a condition is on partition columns and the start of records
// alone.
func (t *table) judges(condition any) bool {
	clock, known := t.timeColumn()
	some := false
	_, ok := substitute(condition, func(names []string) (any, bool) {
		some = true
		name := names[len(names)-1]
		if known && strings.EqualFold(name, clock.name) {
			return columnNode(name), true
		}
		for _, c := range t.partitions() {
			if strings.EqualFold(c.name, name) {
				return columnNode(name), true
			}
		}
		return nil, false
	})
	return ok && some
}

// inside goes through the subqueries in expressions.
func (x *examiner) inside(value any, s *scope) {
	switch value := value.(type) {
	case node:
		if value["class"] == "SUBQUERY" {
			x.query(child(child(value, "subquery"), "node"), nil, s)
			x.inside(value["child"], s)
			return
		}
		if word(value, "type") == "SUBQUERY" || value[referenceKey] != nil { // of FROM
			return
		}
		for _, part := range value {
			x.inside(part, s)
		}
	case []any:
		for _, part := range value {
			x.inside(part, s)
		}
	}
}
