package trino

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"playbook/playbooks/dialect"
	"playbook/playbooks/dialect/query"
)

// Catalog is the tables and views that a query can name. Names come in lower case; a
// database of "" is the default one.
type Catalog interface {
	Table(database, name string) *Table
	View(database, name string) *View
	// Names are all that there are, for hints.
	Names() []string
}

// Table is a table as a query sees it.
type Table struct {
	Key     string
	Columns []Column
}

// Column is a column of a table. A hidden one is not among those of *.
type Column struct {
	Name   string
	Type   Type
	Hidden bool
}

// View is a view as it was defined. Its query is read against Catalog, or, when that is
// nil, against the one that the view is in.
type View struct {
	Name    string
	Query   *query.Query
	Catalog Catalog
}

// analyzer turns a query into SQL for DuckDB. A mistake leaves it as a panic of failed.
type analyzer struct {
	catalog Catalog
	now     time.Time
	special map[string]*specialForm
	columns []*column
	tables  []*relation // that are tables; their marks have the number
	serial  int
	views   []string // that are being read, outermost first

	// Of the SELECT that is being read:
	seen       map[query.Expr]value
	aggregates int // how many were found; -1 where none can be
	windows    map[string]*query.Window
	subplans   []*plan
}

type failed struct{ err *dialect.Error }

func (a *analyzer) fail(pos int, format string, args ...any) {
	panic(failed{&dialect.Error{Offset: pos, Message: fmt.Sprintf(format, args...)}})
}

func (a *analyzer) next(prefix string) string {
	a.serial++
	return prefix + strconv.Itoa(a.serial)
}

// column is one column of a relation, or what a lambda takes.
type column struct {
	id   int
	of   *relation // nil for what a lambda takes
	name string    // in the relation
	sql  string    // name in DuckDB
	typ  Type
	hide bool
}

// relation is something behind FROM.
type relation struct {
	alias   string // in DuckDB, of its own in the whole query
	name    string // in the query, in lower case
	columns []*column
	table   *Table     // or
	number  int        // of the table among those of the query
	among   [][]choice // of each of these one is true in every row that the query uses
	plan    *plan      // or neither, for UNNEST
	shared  bool       // the plan is that of a WITH, which others read too
}

// scope is what names can stand for.
type scope struct {
	relations []*relation
	merged    []mergedColumn // by USING
	lambda    []*column
	aliases   []output // of the SELECT list, in ORDER BY
	outer     *scope
}

// mergedColumn is a column that USING made of two.
type mergedColumn struct {
	name string
	of   []*column
	value
}

// Marks in SQL: a column is \x01 id \x02, a table \x03 number \x04. No text of a query has
// such characters in it, see quoteText's callers and mark.
const (
	columnMark, columnEnd = "\x01", "\x02"
	tableMark, tableEnd   = "\x03", "\x04"
	sparedMark, sparedEnd = "\x07", "\x08" // number of a table, space, condition
	// marks are all of them; see textLiteral, and outputMark too.
	marks = columnMark + columnEnd + tableMark + tableEnd + outputMark + outputEnd + sparedMark + sparedEnd
)

func (a *analyzer) column(of *relation, name, sql string, typ Type) *column {
	c := &column{id: len(a.columns), of: of, name: name, sql: sql, typ: typ}
	a.columns = append(a.columns, c)
	return c
}

func (c *column) mark() string { return columnMark + strconv.Itoa(c.id) + columnEnd }

func (c *column) value() value { return value{typ: c.typ, sql: c.mark()} }

// unmarked replaces the marks in SQL, of columns or of tables.
func unmarked(sql, start, end string, with func(inner string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(sql, start)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		var inner string
		inner, sql, _ = strings.Cut(rest, end)
		b.WriteString(with(inner))
	}
}

// columnsIn are the columns that SQL names.
func (a *analyzer) columnsIn(sql string) []*column {
	var found []*column
	unmarked(sql, columnMark, columnEnd, func(id string) string {
		if c := a.byID(id); !slices.Contains(found, c) {
			found = append(found, c)
		}
		return ""
	})
	return found
}

func (a *analyzer) tableOf(id string) *relation {
	n, _ := strconv.Atoi(id)
	return a.tables[n]
}

func (a *analyzer) byID(id string) *column {
	n, _ := strconv.Atoi(id)
	return a.columns[n]
}

// put puts other SQL in the place of some columns.
func (a *analyzer) put(sql string, with map[*column]string) string {
	return unmarked(sql, columnMark, columnEnd, func(id string) string {
		if other, ok := with[a.byID(id)]; ok {
			return other
		}
		return columnMark + id + columnEnd
	})
}

// named is a query of WITH.
type named struct {
	name  string
	sql   string // its name in DuckDB
	plan  *plan
	names []query.Name
}

type withs struct {
	list  []named
	outer *withs
}

func (w *withs) find(name string) (named, bool) {
	for ; w != nil; w = w.outer {
		for i := len(w.list) - 1; i >= 0; i-- {
			if strings.EqualFold(w.list[i].name, name) {
				return w.list[i], true
			}
		}
	}
	return named{}, false
}

// resolve finds what a name stands for: a chain of names with points, of which the first
// ones are a table and a column, and the others fields of rows.
func (a *analyzer) resolve(names []query.Name, s *scope) value {
	for level := s; level != nil; level = level.outer {
		if v, used, ok := a.lookUp(names, level); ok {
			for _, field := range names[used:] {
				v = a.field(v, field.Text, field.Pos)
			}
			return v
		}
	}
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = name.Text
	}
	panic(failed{&dialect.Error{Offset: names[0].Pos, Message: fmt.Sprintf("there is no column %s", strings.Join(shown, ".")),
		Hint: didYouMean(names[len(names)-1].Text, s.names())}})
}

// lookUp finds a name in one scope, and tells how many of the names it took.
func (a *analyzer) lookUp(names []query.Name, s *scope) (v value, used int, ok bool) {
	first := names[0]
	for _, c := range s.lambda {
		if strings.EqualFold(c.name, first.Text) {
			return c.value(), 1, true
		}
	}
	for _, alias := range s.aliases {
		if strings.EqualFold(alias.name, first.Text) && len(names) == 1 {
			return alias.value, 1, true
		}
	}
	for _, m := range s.merged {
		if strings.EqualFold(m.name, first.Text) {
			return m.value, 1, true
		}
	}
	var found []*column
	for _, r := range s.relations {
		for _, c := range r.columns {
			if strings.EqualFold(c.name, first.Text) {
				found = append(found, c)
			}
		}
	}
	used = 1
	if len(names) > 1 && len(found) == 0 {
		at := 1 // of the column; with a database before the table it is 2
		for _, r := range s.relations {
			switch {
			case strings.EqualFold(r.name, first.Text):
			case len(names) > 2 && strings.EqualFold(r.name, names[1].Text) && r.table != nil && strings.EqualFold(r.table.Key, first.Text+"."+names[1].Text):
				at = 2
			default:
				continue
			}
			for _, c := range r.columns {
				if strings.EqualFold(c.name, names[at].Text) {
					found, used = append(found, c), at+1
				}
			}
			if len(found) == 0 {
				var have []string
				for _, c := range r.columns {
					have = append(have, c.name)
				}
				panic(failed{&dialect.Error{Offset: names[at].Pos, Message: fmt.Sprintf("there is no column %s in %s", names[at].Text, r.name),
					Hint: didYouMean(names[at].Text, have)}})
			}
		}
	} else if len(names) > 1 {
		// t.c where a column is called t as well: the table is meant when it has c.
		for _, r := range s.relations {
			if strings.EqualFold(r.name, first.Text) {
				for _, c := range r.columns {
					if strings.EqualFold(c.name, names[1].Text) {
						return c.value(), 2, true
					}
				}
			}
		}
	}
	switch len(found) {
	case 0:
		return value{}, 0, false
	case 1:
		return found[0].value(), used, true
	}
	a.fail(first.Pos, "the column %s is ambiguous: say of which table it is", first.Text)
	return value{}, 0, false
}

// names are all that a name could have meant.
func (s *scope) names() []string {
	var list []string
	for ; s != nil; s = s.outer {
		for _, r := range s.relations {
			for _, c := range r.columns {
				list = append(list, c.name)
			}
		}
	}
	return list
}

// field is a field of a row.
func (a *analyzer) field(v value, name string, pos int) value {
	if !v.typ.is("row") {
		a.fail(pos, "%s is no field: what stands before the point is of the type %s, not a row", name, v.typ)
	}
	for i, field := range v.typ.Fields {
		if strings.EqualFold(field, name) {
			v.sql, v.typ, v.text = extract(v.sql, v.typ.Field(i)), v.typ.Args[i], nil
			return v
		}
	}
	a.fail(pos, "the row has no field %s; it is of the type %s", name, v.typ)
	return v
}

func didYouMean(word string, candidates []string) string {
	slices.Sort(candidates)
	return dialect.DidYouMean(word, slices.Compact(candidates))
}
