package trino

import (
	"slices"
	"strconv"
	"strings"
)

// Scan is one place where a query reads a table, with the conditions that hold there, in
// SQL that names the table's columns without more.
type Scan struct {
	Key   string
	Where []string
}

// Scans are the places where a query reads tables. Conditions are followed into
// subqueries, views and WITH where a column comes out of them unaltered, and kept when
// they are on columns that counts says yes to, and on no others.
func (q *Query) Scans(counts func(key, column string) bool) []Scan {
	x := &scanner{analyzer: q.analyzer, counts: counts}
	x.plan(q.plan, nil)
	return x.scans
}

type scanner struct {
	analyzer *analyzer
	counts   func(key, column string) bool
	scans    []Scan
}

// Conditions on the outputs of a plan name them by number between these marks.
const outputMark, outputEnd = "\x05", "\x06"

func (x *scanner) plan(p *plan, conditions []string) {
	if p.cut { // what LIMIT leaves is not what a condition leaves
		conditions = nil
	}
	for _, part := range p.parts {
		x.plan(part, conditions)
	}
	if p.body != nil {
		x.body(p.body, conditions)
	}
	for _, inner := range p.inner {
		x.plan(inner, nil)
	}
}

func (x *scanner) body(b *body, outer []string) {
	var conditions []string
	for _, v := range b.conditions {
		if !v.subquery {
			conditions = append(conditions, v.sql)
		}
	}
	for _, condition := range outer {
		ok := !b.windowed
		sql := unmarked(condition, outputMark, outputEnd, func(n string) string {
			i, _ := strconv.Atoi(n)
			v := b.outputs[i].value
			ok = ok && !v.aggregate && !v.window && !v.subquery
			return v.sql
		})
		if ok {
			conditions = append(conditions, sql)
		}
	}
	for _, r := range b.relations {
		var own []string
		for _, condition := range conditions {
			columns := x.analyzer.columnsIn(condition)
			if len(columns) > 0 && !slices.ContainsFunc(columns, func(c *column) bool { return c.of != r }) {
				own = append(own, condition)
			}
		}
		x.relation(r, own)
	}
}

func (x *scanner) relation(r *relation, conditions []string) {
	switch {
	case r.table != nil:
		scan := Scan{Key: r.table.Key}
		for _, condition := range conditions {
			judged := true
			sql := unmarked(condition, columnMark, columnEnd, func(id string) string {
				c := x.analyzer.byID(id)
				judged = judged && x.counts(r.table.Key, c.sql)
				return quoteName(c.sql)
			})
			if judged {
				scan.Where = append(scan.Where, sql)
			}
		}
		x.scans = append(x.scans, scan)
	case r.plan != nil:
		inner := make([]string, len(conditions))
		for i, condition := range conditions {
			inner[i] = unmarked(condition, columnMark, columnEnd, func(id string) string {
				c := x.analyzer.byID(id)
				return outputMark + strings.TrimPrefix(c.sql, "c") + outputEnd
			})
		}
		x.plan(r.plan, inner)
	}
}
