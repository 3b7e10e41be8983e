package duckdb

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"playbook/playbooks/dialect"
	"playbook/steps"
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
	gaps = append(gaps, l.absentColumns()...)
	return append(append(gaps, l.missingDays()...), l.holes()...)
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

// blockingLine notes what is wrong with a line, and could hide something.
func (r *fileReport) blockingLine(problem string, line []byte) {
	r.line(problem, line)
	r.problems[problem].Blocking = true
}

// lacks notes a column of the table that the file does not have.
func (r *fileReport) lacks(name string) { r.absent = append(r.absent, name) }

// finish puts what was wrong with lines behind what was wrong with the file.
func (r *fileReport) finish() {
	for _, problem := range sortedKeys(r.problems) {
		r.gaps = append(r.gaps, *r.problems[problem])
	}
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
			rest = &steps.Gap{Problem: problem, Blocking: gap.Blocking}
			more[problem] = rest
		}
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

// missingDays finds, for every account and region (every combination of the other
// partition columns) that has files at all, the days without one.
func (l *loader) missingDays() []steps.Gap {
	t := l.table
	if t.projection == nil {
		return nil
	}
	at := slices.IndexFunc(t.projection.Columns, func(c dialect.ProjectedColumn) bool { return c.Type == dialect.Date })
	if at < 0 {
		return nil
	}
	projected := t.projection.Columns[at]
	days := l.expectedDays(projected)
	place := slices.IndexFunc(t.partitions(), func(c column) bool { return strings.EqualFold(c.name, projected.Name) })
	if len(days) == 0 || place < 0 {
		return nil
	}
	have := map[string]map[string]bool{}
	for _, file := range l.list.files {
		var others []string
		for i, c := range t.partitions() {
			if i != place {
				others = append(others, c.name+"="+file.values[i])
			}
		}
		group := strings.Join(others, ", ")
		if have[group] == nil {
			have[group] = map[string]bool{}
		}
		have[group][file.values[place]] = true
	}
	var gaps []steps.Gap
	for _, group := range sortedKeys(have) {
		gap := steps.Gap{Source: strings.TrimPrefix(t.def.Name+", "+group, ", ")}
		for _, day := range days {
			if !have[group][day] {
				gap.Count++
				if len(gap.Examples) < 5 {
					gap.Examples = append(gap.Examples, day)
				}
			}
		}
		if gap.Count > 0 {
			gap.Problem = fmt.Sprintf("no file on %d of %d days", gap.Count, len(days))
			gaps = append(gaps, gap)
		}
	}
	return gaps
}

// maxDays bounds the days that are looked for: more is a range without a beginning.
const maxDays = 4000

// expectedDays are the values of a column of dates that lie in the table's range and in
// the run's window.
func (l *loader) expectedDays(c dialect.ProjectedColumn) []string {
	layout, ok := goLayout(c.Format)
	if c.Unit != "DAYS" || c.Interval != 1 || !ok {
		return nil
	}
	now := l.engine.options.Now.UTC()
	from, to := momentTime(c.From, now), momentTime(c.To, now)
	if w := l.engine.options.Window; w.IsSet() {
		if w.From.After(from) {
			from = w.From
		}
		if end := w.To.Add(-time.Nanosecond); end.Before(to) {
			to = end
		}
	}
	var days []string
	for day := from.UTC().Truncate(24 * time.Hour); !day.After(to) && len(days) < maxDays; day = day.AddDate(0, 0, 1) {
		days = append(days, day.Format(layout))
	}
	return days
}

func momentTime(m dialect.Moment, now time.Time) time.Time {
	if !m.Now {
		return m.Time
	}
	count := int(m.Count)
	switch m.Unit {
	case "YEARS":
		return now.AddDate(count, 0, 0)
	case "MONTHS":
		return now.AddDate(0, count, 0)
	case "WEEKS":
		return now.AddDate(0, 0, 7*count)
	case "DAYS":
		return now.AddDate(0, 0, count)
	}
	return now
}

// goLayout turns the date formats that paths of logs have into Go's.
func goLayout(java string) (string, bool) {
	layout := strings.NewReplacer("yyyy", "2006", "MM", "01", "dd", "02").Replace(java)
	return layout, strings.Contains(layout, "02") && !strings.ContainsAny(layout, "yMdHhmsSaEuLDwWkKnNAVzOXxZ'")
}
