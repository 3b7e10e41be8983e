package duckdb

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"playbook/steps"
)

// examine says how much a query looked at: the rows of each table that the query's own
// conditions on partitions and on the start of records leave, within the run's window.
// Of several tables one counts, see scarcer. A query whose conditions leave nothing has
// looked at nothing, whatever rows the table has: it can clear nobody.
func (e *Engine) examine(ctx context.Context, q *selection, loads map[*table]*load) (steps.Quality, error) {
	var quality steps.Quality
	least := looked{count: math.MaxInt64}
	if len(q.tables) == 0 { // everything that the query looks at is written in it
		return steps.Quality{Examined: 1, Unit: "statement"}, nil
	}
	for _, t := range q.tables {
		quality.Gaps = append(quality.Gaps, loads[t].gaps...)
		quality.Read = append(quality.Read, loads[t].reading)
		if loads[t].rows == 0 {
			least = looked{0, t}
			quality.Gaps = append(quality.Gaps, steps.Gap{Source: t.def.Name, Problem: "its files hold no records", Blocking: true})
		}
	}
	told := map[string]bool{}
	for _, s := range e.scans(q) {
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
	switch {
	case t.fields.isFlow:
		return "flow log records"
	case t.isCloudTrail():
		return "CloudTrail events"
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

// scan is one place where a query reads a table, with the conditions there, in SQL
// that names the table's columns without a qualifier.
type scan struct {
	table *table
	where []string
}

type seen struct {
	all, inside int64
	first, last time.Time
}

// timeColumn is the column that says when a record begins.
func (t *table) timeColumn() (column, bool) {
	for _, c := range t.columns[:t.inFile] {
		if t.isClock(c) {
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
	case tinyInt, smallInt, integerKind: // too small for milliseconds
		return "t"
	case text:
		return "coalesce(TRY_CAST(t AS DOUBLE), epoch(TRY_CAST(t AS TIMESTAMPTZ)))"
	}
	return "CASE WHEN t > 100000000000 THEN t / 1000 ELSE CAST(t AS DOUBLE) END" // larger ones are milliseconds
}

func (e *Engine) count(ctx context.Context, s scan, l *load) (seen, error) {
	clock, known := s.table.timeColumn()
	known = known && e.options.Window.IsSet()
	start := "0"
	if known {
		start = quoteName(clock.name)
	}
	inner := "SELECT " + start + " FROM scratch.main." + l.name
	if len(s.where) > 0 {
		inner += " WHERE " + strings.Join(s.where, " AND ")
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

// scans are the places where a query reads tables.
func (e *Engine) scans(q *selection) []scan {
	byKey := map[string]*table{}
	for _, t := range q.tables {
		byKey[t.key] = t
	}
	var list []scan
	for _, found := range q.Scans(func(key, column string) bool { return byKey[key].counts(column) }) {
		list = append(list, scan{byKey[found.Key], found.Where})
	}
	return list
}

// counts tells whether conditions on a column say how much a query looks at: those on
// partitions and on the start of records do.
func (t *table) counts(name string) bool {
	if clock, known := t.timeColumn(); known && clock.name == name {
		return true
	}
	return slices.ContainsFunc(t.partitions(), func(c column) bool { return c.name == name })
}
