// Package trino reads queries of Athena as Trino, which Athena is, would: it finds what
// each name and function stands for, gives every expression its type, and refuses what
// Trino refuses. What comes out is SQL that means the same to DuckDB.
//
// Only what this package knows gets to DuckDB: the SQL is made of its own templates, of
// names of tables that the caller has, and of literals that it writes itself.
//
// Sources: Trino documentation, "Functions and operators", "Data types", "SELECT";
// trinodb/trino, StatementAnalyzer, ExpressionAnalyzer, TypeCoercion; DuckDB
// documentation, "Functions".
package trino

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"playbook/playbooks/dialect"
	"playbook/playbooks/dialect/query"
)

// Query is a query that has been understood.
type Query struct {
	Columns []Column
	// Uses are the columns that it reads of each table, by the table's key.
	Uses map[string][]string
	// Limit is how many rows it gives at most, or -1.
	Limit int64

	analyzer *analyzer
	plan     *plan
}

// Place says where a table is found in DuckDB. Rows that do not meet among, see Choice, can
// be left out; narrowed says that all of them are.
type Place func(key string, among [][]Choice) (sql string, narrowed bool)

// SQL is the query for DuckDB.
func (q *Query) SQL(place Place) string { return q.analyzer.final(q.plan.sql, place) }

func (a *analyzer) final(sql string, place Place) string {
	narrowed := map[*relation]bool{}
	sql = unmarked(sql, tableMark, tableEnd, func(id string) string {
		r := a.tableOf(id)
		made, all := place(r.table.Key, r.choices())
		narrowed[r] = all
		return made
	})
	sql = unmarked(sql, sparedMark, sparedEnd, func(inner string) string {
		id, condition, _ := strings.Cut(inner, " ")
		if narrowed[a.tableOf(id)] {
			return "TRUE"
		}
		return condition
	})
	return unmarked(sql, columnMark, columnEnd, func(id string) string {
		c := a.byID(id)
		return c.of.alias + "." + quoteName(c.sql)
	})
}

// Analyze reads a query against the tables of a catalog. now is what the clock says.
func Analyze(q *query.Query, catalog Catalog, now time.Time) (made *Query, mistake *dialect.Error) {
	defer func() {
		switch left := recover().(type) {
		case nil:
		case failed:
			made, mistake = nil, left.err
		default:
			panic(left)
		}
	}()
	a := &analyzer{catalog: catalog, now: now.UTC(), special: specials(), seen: map[query.Expr]value{}}
	p := a.query(q, nil, nil)
	made = &Query{Uses: map[string][]string{}, Limit: p.limit, analyzer: a, plan: p}
	for _, out := range p.outputs {
		made.Columns = append(made.Columns, Column{Name: out.name, Type: out.typ})
	}
	for _, c := range a.columnsIn(p.sql) {
		if c.of.table != nil {
			made.Uses[c.of.table.Key] = append(made.Uses[c.of.table.Key], c.sql)
		}
	}
	unmarked(p.sql, tableMark, tableEnd, func(id string) string {
		key := a.tableOf(id).table.Key
		if made.Uses[key] == nil {
			made.Uses[key] = []string{}
		}
		return ""
	})
	return made, nil
}

// plan is a query in DuckDB's SQL, with what it was made of. Its columns are c0, c1, ….
type plan struct {
	sql     string
	outputs []output
	limit   int64 // -1 is none
	cut     bool  // by LIMIT or OFFSET
	parts   []*plan
	body    *body
	inner   []*plan // queries in its expressions
}

type output struct {
	name string
	value
}

// body is one SELECT.
type body struct {
	relations  []*relation
	conditions []value // of WHERE and of inner joins
	outputs    []output
	windowed   bool
}

func outputColumn(i int) string { return "c" + strconv.Itoa(i) }

const maxSQL = 8 << 20

func (a *analyzer) query(q *query.Query, outer *scope, w *withs) *plan {
	head := ""
	if len(q.With) > 0 {
		w = &withs{outer: w}
		var parts []string
		for _, with := range q.With {
			for _, before := range w.list {
				if strings.EqualFold(before.name, with.Name.Text) {
					a.fail(with.Name.Pos, "WITH names %s twice", with.Name.Text)
				}
			}
			p := a.query(with.Query, outer, w)
			if len(with.Columns) > 0 && len(with.Columns) != len(p.outputs) {
				a.fail(with.Name.Pos, "%s has %d columns, and %d names for them", with.Name.Text, len(p.outputs), len(with.Columns))
			}
			n := named{with.Name.Text, a.next("w"), p, with.Columns}
			w.list = append(w.list, n)
			parts = append(parts, n.sql+" AS ("+p.sql+")")
		}
		head = "WITH " + strings.Join(parts, ", ") + " "
	}
	var p *plan
	if s, ok := q.Body.(*query.Select); ok {
		p = a.selection(s, q.OrderBy, outer, w)
	} else {
		p = a.body(q.Body, outer, w)
		if len(q.OrderBy) > 0 {
			p = a.ordered(p, q.OrderBy, outer, w)
		}
	}
	if n := a.count(q.Limit); n >= 0 {
		p.sql += fmt.Sprintf(" LIMIT %d", n)
		p.limit, p.cut = n, true
	}
	if n := a.count(q.Offset); n >= 0 {
		p.sql += fmt.Sprintf(" OFFSET %d", n)
		p.cut = true
	}
	p.sql = head + p.sql
	if len(p.sql) > maxSQL {
		a.fail(q.Pos, "the query is too large")
	}
	return p
}

func (a *analyzer) count(x query.Expr) int64 {
	if x == nil {
		return -1
	}
	literal, ok := x.(*query.Literal)
	if !ok {
		a.fail(x.At(), "LIMIT and OFFSET need a number")
	}
	n, err := strconv.ParseInt(literal.Text, 10, 64)
	if err != nil {
		a.fail(x.At(), "the number %s is too large", literal.Text)
	}
	return n
}

// body is a query without what stands around it.
func (a *analyzer) body(b query.Body, outer *scope, w *withs) *plan {
	switch b := b.(type) {
	case *query.Select:
		return a.selection(b, nil, outer, w)
	case *query.Query:
		inner := a.query(b, outer, w)
		inner.sql = "(" + inner.sql + ")"
		return inner
	case *query.Table:
		s := &query.Select{Pos: b.Pos, Items: []query.Item{{Pos: b.Pos}}, From: b}
		return a.selection(s, nil, outer, w)
	case *query.Values:
		return a.valuesOf(b, outer, w)
	case *query.SetOperation:
		return a.setOperation(b, outer, w)
	}
	panic("a query of no known kind")
}

func (a *analyzer) setOperation(b *query.SetOperation, outer *scope, w *withs) *plan {
	left, right := a.body(b.Left, outer, w), a.body(b.Right, outer, w)
	if len(left.outputs) != len(right.outputs) {
		a.fail(b.Pos, "the query on the left of %s has %d columns, the one on the right %d", b.Kind, len(left.outputs), len(right.outputs))
	}
	p := &plan{limit: -1, parts: []*plan{left, right}}
	types := make([]Type, len(left.outputs))
	for i := range types {
		var ok bool
		if types[i], ok = common(left.outputs[i].typ, right.outputs[i].typ); !ok {
			a.fail(b.Pos, "column %d is of the type %s on the left of %s, and %s on the right", i+1, left.outputs[i].typ, b.Kind, right.outputs[i].typ)
		}
		p.outputs = append(p.outputs, output{left.outputs[i].name, value{typ: types[i]}})
	}
	kind := b.Kind
	if b.All {
		kind += " ALL"
	}
	p.sql = a.as(left, types) + " " + kind + " " + a.as(right, types)
	return p
}

// as is a query whose columns have these types, in parentheses.
func (a *analyzer) as(p *plan, types []Type) string {
	same := true
	for i, out := range p.outputs {
		same = same && out.typ.Equal(types[i])
	}
	if same {
		return "(" + p.sql + ")"
	}
	r := a.relationOf(p, "", nil)
	items := make([]string, len(types))
	for i, c := range r.columns {
		items[i] = a.convert(c.value(), types[i], 0) + " AS " + outputColumn(i)
	}
	return "(SELECT " + strings.Join(items, ", ") + " FROM (" + p.sql + ") AS " + r.alias + ")"
}

// relationOf is a query as something behind FROM.
func (a *analyzer) relationOf(p *plan, name string, names []query.Name) *relation {
	r := &relation{alias: a.next("r"), name: strings.ToLower(name), plan: p}
	for i, out := range p.outputs {
		shown := out.name
		if i < len(names) {
			shown = names[i].Text
		}
		a.columnOf(r, shown, outputColumn(i), out.typ)
	}
	return r
}

func (a *analyzer) columnOf(r *relation, name, sql string, typ Type) *column {
	c := a.column(r, name, sql, typ)
	r.columns = append(r.columns, c)
	return c
}

// ordered puts what is no SELECT in order: by its columns.
func (a *analyzer) ordered(p *plan, orders []query.Order, outer *scope, w *withs) *plan {
	r := a.relationOf(p, "", nil)
	s := &scope{relations: []*relation{r}, outer: outer}
	items := make([]string, len(r.columns))
	outputs := make([]output, len(r.columns))
	for i, c := range r.columns {
		items[i] = c.mark() + " AS " + outputColumn(i)
		outputs[i] = output{c.name, c.value()}
	}
	made := *p
	restore := a.enter()
	made.sql = "SELECT " + strings.Join(items, ", ") + " FROM (" + p.sql + ") AS " + r.alias + " ORDER BY " + a.orderBy(orders, outputs, s, w, false)
	made.inner = append(made.inner, a.subplans...)
	restore()
	made.cut = p.cut
	return &made
}

func (a *analyzer) valuesOf(b *query.Values, outer *scope, w *withs) *plan {
	restore := a.enter()
	defer restore()
	a.aggregates = -1
	s := &scope{outer: outer}
	var rows [][]value
	var types []Type
	for n, row := range b.Rows {
		items := []query.Expr{row}
		if r, ok := row.(*query.Row); ok {
			items = r.Items
		}
		if n > 0 && len(items) != len(types) {
			a.fail(row.At(), "this row has %d values, the first one %d", len(items), len(types))
		}
		list := make([]value, len(items))
		for i, item := range items {
			list[i] = settled(a.expr(item, s, w))
			if n == 0 {
				types = append(types, list[i].typ)
				continue
			}
			both, ok := common(types[i], list[i].typ)
			if !ok {
				a.fail(item.At(), "the value is of the type %s; the ones above it are of %s", list[i].typ, types[i])
			}
			types[i] = both
		}
		rows = append(rows, list)
	}
	p := &plan{limit: -1, inner: a.subplans}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = outputColumn(i)
		p.outputs = append(p.outputs, output{unnamed(i), value{typ: t}})
	}
	lines := make([]string, len(rows))
	for n, row := range rows {
		items := make([]string, len(row))
		for i, v := range row {
			items[i] = a.convert(v, types[i], b.Rows[n].At())
		}
		lines[n] = "(" + strings.Join(items, ", ") + ")"
	}
	p.sql = "SELECT * FROM (VALUES " + strings.Join(lines, ", ") + ") AS " + a.next("r") + "(" + strings.Join(names, ", ") + ")"
	return p
}

func unnamed(index int) string { return fmt.Sprintf("_col%d", index) }

// enter begins a SELECT inside another; what it returns goes back.
func (a *analyzer) enter() func() {
	seen, aggregates, windows, subplans := a.seen, a.aggregates, a.windows, a.subplans
	a.seen, a.aggregates, a.windows, a.subplans = map[query.Expr]value{}, 0, nil, nil
	return func() { a.seen, a.aggregates, a.windows, a.subplans = seen, aggregates, windows, subplans }
}

func (a *analyzer) selection(q *query.Select, orders []query.Order, outer *scope, w *withs) *plan {
	restore := a.enter()
	defer restore()
	a.windows = q.Windows
	s := &scope{outer: outer}
	b := &body{}
	sql := ""
	if q.From != nil {
		a.aggregates = -1
		sql = " FROM " + a.from(q.From, s, b, w)
	}
	b.relations = s.relations
	if q.Where != nil {
		a.aggregates = -1
		tests := a.conditions(q.Where, s, w)
		b.conditions = append(b.conditions, tests...)
		a.narrow(b)
		sql += " WHERE " + joined(b.spared(tests), " AND ")
	}

	// The SELECT list.
	a.aggregates = 0
	var items []query.Expr // of each output; nil for those of *
	for _, item := range q.Items {
		if item.Expr == nil {
			for _, out := range a.star(item, s) {
				b.outputs = append(b.outputs, out)
				items = append(items, nil)
			}
			continue
		}
		v := settled(a.expr(item.Expr, s, w))
		b.outputs = append(b.outputs, output{outputName(item, len(b.outputs)), v})
		b.windowed = b.windowed || v.window
		items = append(items, item.Expr)
	}
	groups := a.groupBy(q, b.outputs, items, s, w)
	if groups != nil && len(groups.sql) > 0 {
		sql += " GROUP BY " + groups.sql
	}
	having := ""
	if q.Having != nil {
		tests := a.conditions(q.Having, s, w)
		having = " HAVING " + joined(tests, " AND ")
	}
	order := ""
	if len(orders) > 0 {
		order = " ORDER BY " + a.orderBy(orders, b.outputs, s, w, q.Distinct)
	}
	if groups != nil || a.aggregates > 0 || q.Having != nil {
		if groups == nil {
			groups = &grouping{}
		}
		a.checkGrouped(q, orders, items, b.outputs, groups, s)
	}
	list := make([]string, len(b.outputs))
	p := &plan{limit: -1, body: b}
	for i, out := range b.outputs {
		list[i] = out.sql + " AS " + outputColumn(i)
		p.outputs = append(p.outputs, output{out.name, value{typ: out.typ}})
	}
	distinct := ""
	if q.Distinct {
		distinct = "DISTINCT "
	}
	p.sql = "SELECT " + distinct + strings.Join(list, ", ") + sql + having + order
	p.inner = a.subplans
	return p
}

// outputName is the name that Trino gives to an item of a SELECT list.
func outputName(item query.Item, index int) string {
	if item.Alias.Text != "" {
		return item.Alias.Text
	}
	switch x := item.Expr.(type) {
	case *query.Ident:
		return x.Name
	case *query.Field:
		return x.Name
	}
	return unnamed(index)
}

func joined(values []value, with string) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = v.sql
	}
	return strings.Join(parts, with)
}

// conditions are the tests that AND joins.
func (a *analyzer) conditions(x query.Expr, s *scope, w *withs) []value {
	if both, ok := x.(*query.BinaryOp); ok && both.Op == "AND" {
		return append(a.conditions(both.L, s, w), a.conditions(both.R, s, w)...)
	}
	v := a.expr(x, s, w)
	v.sql = "(" + a.boolean(v, x.At(), "a condition") + ")"
	return []value{v}
}

// star is what * stands for. Columns that USING made one come first ("SELECT": JOIN USING).
func (a *analyzer) star(item query.Item, s *scope) []output {
	var list []output
	add := func(c *column) {
		if !c.hide {
			list = append(list, output{c.name, c.value()})
		}
	}
	if len(item.Of) > 0 {
		name := item.Of[len(item.Of)-1].Text
		found := false
		for _, r := range s.relations {
			if strings.EqualFold(r.name, name) {
				found = true
				for _, c := range r.columns {
					add(c)
				}
			}
		}
		if !found {
			a.fail(item.Pos, "there is no table %s in this FROM", name)
		}
		return list
	}
	if len(s.relations) == 0 {
		a.fail(item.Pos, "SELECT * needs FROM")
	}
	var done []*column
	for _, m := range s.merged {
		list = append(list, output{m.name, m.value})
		done = append(done, m.of...)
	}
	for _, r := range s.relations {
		for _, c := range r.columns {
			if !slices.Contains(done, c) {
				add(c)
			}
		}
	}
	return list
}

// grouping is what a query groups by.
type grouping struct {
	sql    string
	values []string // SQL of each expression
}

func (a *analyzer) groupBy(q *query.Select, outputs []output, items []query.Expr, s *scope, w *withs) *grouping {
	if q.GroupBy == nil {
		return nil
	}
	g := &grouping{}
	found := a.aggregates
	a.aggregates = -1
	var keys []string
	for _, x := range q.GroupBy.Exprs {
		var by value
		if n, ok := ordinal(x); ok {
			if n < 1 || n > len(outputs) {
				a.fail(x.At(), "GROUP BY position %d is not in the SELECT list, which has %d", n, len(outputs))
			}
			out := outputs[n-1]
			if out.aggregate || out.window {
				a.fail(x.At(), "GROUP BY position %d is an aggregate or a window function, which cannot be grouped by", n)
			}
			by = out.value
		} else {
			by = settled(a.expr(x, s, w))
		}
		g.values = append(g.values, by.sql)
		keys = append(keys, cmp.Or(by.key, by.sql))
	}
	a.aggregates = found
	if q.GroupBy.Sets == nil {
		g.sql = strings.Join(keys, ", ")
		return g
	}
	var sets []string
	for _, set := range q.GroupBy.Sets {
		var parts []string
		for _, i := range set {
			if !slices.Contains(parts, g.values[i]) {
				parts = append(parts, g.values[i])
			}
		}
		sets = append(sets, "("+strings.Join(parts, ", ")+")")
	}
	g.sql = "GROUPING SETS (" + strings.Join(sets, ", ") + ")"
	return g
}

func ordinal(x query.Expr) (int, bool) {
	literal, ok := x.(*query.Literal)
	if !ok || literal.Kind != query.Integer {
		return 0, false
	}
	n, err := strconv.Atoi(literal.Text)
	return n, err == nil
}

// checkGrouped refuses columns that are neither grouped by nor inside an aggregate.
func (a *analyzer) checkGrouped(q *query.Select, orders []query.Order, items []query.Expr, outputs []output, g *grouping, s *scope) {
	for i, x := range items {
		if x != nil {
			a.grouped(x, g, s)
		} else if !slices.Contains(g.values, outputs[i].sql) {
			a.fail(q.Pos, "* is not possible here: the column %s is neither grouped by nor inside an aggregate", outputs[i].name)
		}
	}
	if q.Having != nil {
		a.grouped(q.Having, g, s)
	}
	for _, o := range orders {
		if _, ok := a.seen[o.Expr]; ok {
			a.grouped(o.Expr, g, s)
		}
	}
}

func (a *analyzer) grouped(x query.Expr, g *grouping, s *scope) {
	v, known := a.seen[x]
	if known && slices.Contains(g.values, v.sql) {
		return
	}
	switch x := x.(type) {
	case *query.Call:
		if x.Name == "grouping" || x.Over == nil && isAggregate(x.Name) {
			return
		}
	case *query.Ident, *query.Field:
		if known && strings.HasPrefix(v.sql, columnMark) && strings.HasSuffix(v.sql, columnEnd) {
			c := a.columnsIn(v.sql)[0]
			if slices.Contains(s.relations, c.of) {
				a.fail(x.At(), "the column %s must be inside an aggregate, like max(%s), or in GROUP BY", c.name, c.name)
			}
			return
		}
	}
	for _, child := range query.Children(x) {
		a.grouped(child, g, s)
	}
}

// orderBy writes ORDER BY. A name or number of the SELECT list is meant before a column.
func (a *analyzer) orderBy(orders []query.Order, outputs []output, s *scope, w *withs, distinct bool) string {
	s.aliases = outputs
	defer func() { s.aliases = nil }()
	var parts []string
	for _, o := range orders {
		place := 0
		if n, ok := ordinal(o.Expr); ok {
			if n < 1 || n > len(outputs) {
				a.fail(o.Expr.At(), "ORDER BY position %d is not in the SELECT list, which has %d", n, len(outputs))
			}
			place = n
		} else {
			v := settled(a.expr(o.Expr, s, w))
			a.orderable(v.typ, o.Expr.At())
			place = 1 + slices.IndexFunc(outputs, func(out output) bool { return out.sql == v.sql })
			if place == 0 {
				if distinct {
					a.fail(o.Expr.At(), "with SELECT DISTINCT, what is ordered by has to be in the SELECT list")
				}
				parts = append(parts, "("+v.sql+")"+direction(o))
				continue
			}
		}
		a.orderable(outputs[place-1].typ, o.Expr.At())
		parts = append(parts, strconv.Itoa(place)+direction(o))
	}
	return strings.Join(parts, ", ")
}

// orderable refuses types that have no order.
func (a *analyzer) orderable(t Type, pos int) {
	if t.is("map", "json", "function") {
		a.fail(pos, "values of the type %s have no order", t)
	}
	for _, arg := range t.Args {
		a.orderable(arg, pos)
	}
}

func direction(o query.Order) string {
	text := " ASC"
	if o.Desc {
		text = " DESC"
	}
	if o.NullsFirst != nil && *o.NullsFirst {
		return text + " NULLS FIRST"
	}
	return text + " NULLS LAST" // "ORDER BY clause": the default, whatever the direction
}

// from reads a relation into the scope, and writes it.
func (a *analyzer) from(r query.Relation, s *scope, b *body, w *withs) string {
	switch r := r.(type) {
	case *query.Table:
		return a.table(r, s, w)
	case *query.Derived:
		outer := s.outer
		lateral := ""
		if r.Lateral {
			outer, lateral = s, "LATERAL "
		}
		p := a.query(r.Query, outer, w)
		made := a.alias(a.relationOf(p, r.Alias.Name.Text, nil), r.Alias)
		s.relations = append(s.relations, made)
		return lateral + "(" + p.sql + ") AS " + made.alias
	case *query.Unnest:
		return a.unnest(r, s, w)
	case *query.Join:
		return a.join(r, s, b, w)
	}
	panic("a relation of no known kind")
}

// alias gives the columns of a relation the names that an alias has for them.
func (a *analyzer) alias(r *relation, alias query.Alias) *relation {
	if alias.Name.Text != "" {
		r.name = strings.ToLower(alias.Name.Text)
	}
	if len(alias.Columns) == 0 {
		return r
	}
	shown := slices.DeleteFunc(slices.Clone(r.columns), func(c *column) bool { return c.hide })
	if len(shown) != len(alias.Columns) {
		a.fail(alias.Name.Pos, "%s has %d columns, and %d names for them", alias.Name.Text, len(shown), len(alias.Columns))
	}
	for i, c := range shown {
		c.name = alias.Columns[i].Text
	}
	return r
}

func (a *analyzer) table(t *query.Table, s *scope, w *withs) string {
	name, database := strings.ToLower(t.Name[len(t.Name)-1].Text), ""
	if len(t.Name) > 1 {
		database = strings.ToLower(t.Name[len(t.Name)-2].Text)
	} else if n, ok := w.find(name); ok {
		r := a.alias(a.relationOf(n.plan, name, n.names), t.Alias)
		r.shared = true
		s.relations = append(s.relations, r)
		return n.sql + " AS " + r.alias
	}
	if view := a.catalog.View(database, name); view != nil {
		p := a.view(view, t)
		r := a.alias(a.relationOf(p, name, nil), t.Alias)
		s.relations = append(s.relations, r)
		return "(" + p.sql + ") AS " + r.alias
	}
	table := a.catalog.Table(database, name)
	if table == nil {
		shown := quoteName(name)
		if database != "" {
			shown = quoteName(database) + "." + shown
		}
		names := a.catalog.Names()
		hint := didYouMean(name, names)
		switch {
		case hint != "":
		case len(names) == 0:
			hint = "a step before this one has to create it with CREATE EXTERNAL TABLE"
		default:
			slices.Sort(names)
			hint = "there are " + strings.Join(names, ", ")
		}
		panic(failed{&dialect.Error{Offset: t.Pos, Message: "there is no table or view " + shown, Hint: hint}})
	}
	r := &relation{alias: a.next("r"), name: name, table: table}
	for _, c := range table.Columns {
		a.columnOf(r, c.Name, c.Name, c.Type).hide = c.Hidden
	}
	a.alias(r, t.Alias)
	s.relations = append(s.relations, r)
	r.number = len(a.tables)
	a.tables = append(a.tables, r)
	return tableMark + strconv.Itoa(r.number) + tableEnd + " AS " + r.alias
}

// view reads a view where it is used. A mistake in it is told by its name: the place
// would be one in another statement.
func (a *analyzer) view(v *View, t *query.Table) *plan {
	if len(a.views) > 50 || slices.Contains(a.views, v.Name) {
		a.fail(t.Pos, "the view %s is made of itself", v.Name)
	}
	a.views = append(a.views, v.Name)
	restore, catalog := a.enter(), a.catalog
	if v.Catalog != nil {
		a.catalog = v.Catalog
	}
	defer func() {
		a.views, a.catalog = a.views[:len(a.views)-1], catalog
		restore()
		if left, ok := recover().(failed); ok {
			a.fail(t.Pos, "the view %s can no longer be read: %s", v.Name, left.err)
		}
	}()
	return a.query(v.Query, nil, nil)
}

// unnest makes rows of lists side by side; the shorter ones end in NULL ("UNNEST").
func (a *analyzer) unnest(u *query.Unnest, s *scope, w *withs) string {
	r := &relation{alias: a.next("r")}
	inner := &scope{relations: s.relations, merged: s.merged, outer: s.outer}
	var items, lists []string
	add := func(sql string, typ Type) {
		name := outputColumn(len(items))
		items = append(items, sql+" AS "+name)
		a.columnOf(r, unnamed(len(items)-1), name, typ)
	}
	for _, x := range u.Exprs {
		v := a.expr(x, inner, w)
		switch {
		case v.typ.is("map"):
			lists = append(lists, "map_keys("+v.sql+")")
			add("unnest(map_keys("+v.sql+"))", v.typ.Args[0])
			add("unnest(map_values("+v.sql+"))", v.typ.Args[1])
		case v.typ.is("array") && v.typ.Args[0].is("row"):
			row := v.typ.Args[0]
			lists = append(lists, v.sql)
			for i := range row.Args {
				add(extract("unnest("+v.sql+")", row.Field(i)), row.Args[i])
				if row.Fields[i] != "" {
					r.columns[len(r.columns)-1].name = row.Fields[i]
				}
			}
		case v.typ.is("array"):
			lists = append(lists, v.sql)
			add("unnest("+v.sql+")", v.typ.Args[0])
		default:
			a.fail(x.At(), "UNNEST needs an array or a map, not %s", v.typ)
		}
	}
	if u.Ordinality {
		lengths := make([]string, len(lists))
		for i, list := range lists {
			lengths[i] = "coalesce(len(" + list + "), 0)"
		}
		add("unnest(range(1, CAST(greatest("+strings.Join(lengths, ", ")+") AS BIGINT) + 1))", Bigint)
	}
	a.alias(r, u.Alias)
	s.relations = append(s.relations, r)
	return "LATERAL (SELECT " + strings.Join(items, ", ") + ") AS " + r.alias
}

func (a *analyzer) join(j *query.Join, s *scope, b *body, w *withs) string {
	left := a.from(j.Left, s, b, w)
	before, merged := len(s.relations), len(s.merged)
	right := a.from(j.Right, s, b, w)
	if len(s.merged) > merged && j.Kind == "FULL" {
		a.fail(j.Pos, "a FULL JOIN of a join with USING is not supported on a case; put the join in a subquery")
	}
	switch {
	case j.Kind == "CROSS":
		return left + " CROSS JOIN " + right
	case j.On != nil:
		tests := a.conditions(j.On, s, w)
		if j.Kind == "INNER" {
			b.conditions = append(b.conditions, tests...)
		}
		return left + " " + j.Kind + " JOIN " + right + " ON " + joined(tests, " AND ")
	}
	var tests []string
	for _, name := range j.Using {
		l := a.using(name, s.relations[:before], s.merged[:merged], "left")
		r := a.using(name, s.relations[before:], nil, "right")
		both, ok := common(l.typ, r.typ)
		if !ok {
			a.fail(name.Pos, "the column %s is of the type %s on the left, and %s on the right", name.Text, l.typ, r.typ)
		}
		lsql, rsql := a.convert(l.value, both, name.Pos), a.convert(r.value, both, name.Pos)
		tests = append(tests, "("+lsql+" = "+rsql+")")
		v := value{typ: both}
		switch j.Kind {
		case "FULL":
			v.sql = "coalesce(" + lsql + ", " + rsql + ")"
		case "RIGHT":
			v.sql = rsql
		default:
			v.sql = lsql
		}
		s.merged = slices.DeleteFunc(s.merged, func(m mergedColumn) bool { return strings.EqualFold(m.name, name.Text) })
		s.merged = append(s.merged, mergedColumn{name.Text, append(l.of, r.of...), v})
		if j.Kind == "INNER" {
			b.conditions = append(b.conditions, value{typ: Boolean, sql: tests[len(tests)-1]})
		}
	}
	return left + " " + j.Kind + " JOIN " + right + " ON " + strings.Join(tests, " AND ")
}

// using finds the column of one side of a join.
func (a *analyzer) using(name query.Name, relations []*relation, merged []mergedColumn, side string) mergedColumn {
	for _, m := range merged {
		if strings.EqualFold(m.name, name.Text) {
			return m
		}
	}
	var found []*column
	for _, r := range relations {
		for _, c := range r.columns {
			if strings.EqualFold(c.name, name.Text) {
				found = append(found, c)
			}
		}
	}
	switch len(found) {
	case 0:
		a.fail(name.Pos, "there is no column %s on the %s of the join", name.Text, side)
	case 1:
	default:
		a.fail(name.Pos, "the column %s is ambiguous on the %s of the join", name.Text, side)
	}
	return mergedColumn{name.Text, found, found[0].value()}
}
