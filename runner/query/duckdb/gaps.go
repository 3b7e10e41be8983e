package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"playbook/steps"
	"playbook/steps/flowrecord"
)

// maxGaps of one problem are listed one by one; the others are counted in one more.
const maxGaps = 50

// gaps is all that was missing or damaged in what was read.
func (l *loader) gaps() []steps.Gap {
	gaps := slices.Clone(l.list.damage)
	var skipped, skippedFiles int64
	for _, report := range l.readings {
		gaps = append(gaps, report.gaps...)
		if report.skipped > 0 {
			skipped += report.skipped
			skippedFiles++
		}
	}
	gaps = shorten(gaps)
	source := uri(l.table.folder()) + "/"
	if skipped > 0 {
		gaps = append(gaps, steps.Gap{Source: source, Count: skipped,
			Problem: fmt.Sprintf("records in %d files say SKIPDATA: traffic was not recorded for want of capacity", skippedFiles)})
	}
	if len(l.list.others) > 0 {
		gap := steps.Gap{Source: source, Count: int64(len(l.list.others)),
			Problem: "files are not under any partition of the table, and were not read"}
		for _, name := range l.list.others[:min(maxExamples, len(l.list.others))] {
			gap.Examples = append(gap.Examples, visible([]byte(name), maxExampleLen))
		}
		gaps = append(gaps, gap)
	}
	gaps = append(append(gaps, l.absentColumns()...), l.wrongTypes()...)
	return append(append(gaps, l.missingDays()...), l.holes()...)
}

// reading counts what was read for the report.
func (l *loader) reading(gaps []steps.Gap) steps.Reading {
	r := steps.Reading{Source: l.table.def.Name, Files: int64(len(l.list.files) + len(l.list.damage)), Damaged: int64(len(l.list.damage)), Records: l.rows.Load()}
	for _, report := range l.readings {
		r.Misfits += report.misfits
		if !report.used || slices.ContainsFunc(report.gaps, func(gap steps.Gap) bool { return gap.Blocking }) {
			r.Damaged++
		}
	}
	for _, gap := range gaps {
		if strings.HasPrefix(gap.Problem, noFileOn) {
			r.EmptyDays += gap.Count
		}
	}
	return r
}

// times finds when the records begin and end, by their own clock.
func (e *Engine) times(ctx context.Context, t *table, made *load) error {
	clock, ok := t.timeColumn()
	if !ok || !slices.Contains(made.columns, clock) || made.rows == 0 {
		return nil
	}
	var first, last sql.NullFloat64
	err := e.row(ctx, fmt.Sprintf("SELECT min(s), max(s) FROM (SELECT %s AS s FROM (SELECT %s FROM scratch.main.%s) AS v(t))",
		seconds(clock), quoteName(clock.name), made.name), &first, &last)
	if err == nil && first.Valid {
		made.reading.From, made.reading.To = time.Unix(int64(first.Float64), 0).UTC(), time.Unix(int64(last.Float64), 0).UTC()
	}
	return err
}

// absentColumns tells of columns that are asked for and that no file has, or not all.
func (l *loader) absentColumns() []steps.Gap {
	lacking, files := map[string]int{}, 0
	for _, report := range l.readings {
		if report.used {
			files++
		}
		for _, name := range report.absent {
			lacking[name]++
		}
	}
	var gaps []steps.Gap
	for _, some := range []bool{false, true} {
		var names []string
		for _, name := range sortedKeys(lacking) {
			if (lacking[name] < files) == some {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			continue
		}
		which := "no file has"
		if some {
			which = "not every file has"
		}
		gaps = append(gaps, steps.Gap{Source: l.table.def.Name, Count: int64(len(names)),
			Problem: which + " columns that the table has, which are NULL then: " + strings.Join(names, ", ")})
	}
	return gaps
}

// wrongTypes tells of columns of flow logs whose type cannot hold what the field is, so
// that they are NULL in every record, whatever it says.
func (l *loader) wrongTypes() []steps.Gap {
	var gaps []steps.Gap
	for i, c := range l.table.columns[:l.table.inFile] {
		field := flowrecord.Named(l.table.fields.fields[i])
		if field == nil || !l.table.fields.isFlow || !slices.Contains(l.columns, c) {
			continue
		}
		isNumber := c.kind.isInteger() || c.kind == float || c.kind == doubleKind || c.kind == decimal
		if c.kind == text || isNumber && field.Type != "string" {
			continue
		}
		gaps = append(gaps, steps.Gap{Source: l.table.def.Name, Blocking: true,
			Problem: fmt.Sprintf("the column %s is %s, and the field %s of flow logs is %s: it is NULL in every record", c.name, c.athena, field.Name, field.Type)})
	}
	return gaps
}

// blockingLine notes what is wrong with a line, and could hide something.
func (r *fileReport) blockingLine(problem string, line []byte) {
	r.line(problem, line)
	r.problems[problem].Blocking = true
}

// lacks notes a column of the table that the file does not have.
func (r *fileReport) lacks(name string) { r.absent = append(r.absent, name) }

// finish puts what was wrong with lines behind what was wrong with the file. A file most
// of whose lines do not fit holds something else than the table says, and a query on it
// sees little more than NULL.
func (r *fileReport) finish() {
	for _, problem := range sortedKeys(r.problems) {
		r.gaps = append(r.gaps, *r.problems[problem])
	}
	if r.used && 2*r.misfits > r.rows {
		r.add(true, "most of its lines (%d of %d) do not fit the table: it may hold something else", r.misfits, r.rows)
	}
}

// source names a file to people: as its URI, with what a terminal or a report could
// stumble over written out.
func source(name string) string { return visible([]byte(uri(name)), 2000) }

// changed tells how a file became another one while it was read, or since the files were
// listed.
func changed(root *os.Root, opened *os.File, file logFile, before fs.FileInfo) string {
	after, err := opened.Stat()
	if err != nil {
		return "cannot be looked at after it was read: " + short(err)
	}
	now, err := root.Stat(filepath.FromSlash(file.name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "was removed while it was read"
	case err != nil:
		return "cannot be looked at after it was read: " + short(err)
	case !os.SameFile(before, now):
		return "was replaced by another file while it was read"
	case after.Size() > file.size:
		return fmt.Sprintf("grew from %d to %d bytes while the case was read", file.size, after.Size())
	case after.Size() < file.size:
		return fmt.Sprintf("shrank from %d to %d bytes while the case was read", file.size, after.Size())
	case !before.ModTime().Equal(after.ModTime()):
		return "was written to while it was read"
	}
	return ""
}

// shorten makes one gap of those that follow the first of the same problem.
func shorten(gaps []steps.Gap) []steps.Gap {
	seen := map[string]int{}
	more := map[string]*steps.Gap{}
	kept := gaps[:0:0]
	for _, gap := range gaps {
		problem, _, _ := strings.Cut(gap.Problem, ";")
		if seen[problem]++; seen[problem] <= maxGaps {
			kept = append(kept, gap)
			continue
		}
		rest, ok := more[problem]
		if !ok {
			rest = &steps.Gap{Problem: problem}
			more[problem] = rest
		}
		rest.Blocking = rest.Blocking || gap.Blocking
		rest.Count += max(gap.Count, 1)
		if len(rest.Examples) < maxExamples {
			rest.Examples = append(rest.Examples, gap.Source)
		}
	}
	for _, problem := range sortedKeys(more) {
		more[problem].Source = fmt.Sprintf("%d more files", seen[problem]-maxGaps)
		kept = append(kept, *more[problem])
	}
	return kept
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
