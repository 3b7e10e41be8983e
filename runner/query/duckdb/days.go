package duckdb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"playbook/playbooks/dialect"
	"playbook/steps"
	"playbook/steps/flowrecord"
)

// calendar tells the day of each file of a table, and which files belong together: those
// of one account and region, which is every combination of the partition columns that
// are no time.
type calendar struct {
	day      func(logFile) (time.Time, bool)
	group    func(logFile) string
	from, to time.Time // of the table's range; zero: from the first file to the last
}

// missingDays finds, for all that belongs together and has files at all, the days
// without one, in the run's window when it has one.
func (l *loader) missingDays() []steps.Gap {
	c, ok := l.calendar()
	if !ok {
		return nil
	}
	have := map[string]map[time.Time]bool{}
	var first, last time.Time
	for _, file := range l.list.files {
		day, ok := c.day(file)
		if !ok {
			return nil
		}
		group := c.group(file)
		if have[group] == nil {
			have[group] = map[time.Time]bool{}
		}
		have[group][day] = true
		if first.IsZero() || day.Before(first) {
			first = day
		}
		if day.After(last) {
			last = day
		}
	}
	days := c.days(l.engine.options.Window, first, last)
	var gaps []steps.Gap
	for _, group := range sortedKeys(have) {
		gap := steps.Gap{Source: group}
		for _, day := range days {
			if !have[group][day] {
				gap.Count++
				if len(gap.Examples) < 5 {
					gap.Examples = append(gap.Examples, day.Format("2006/01/02"))
				}
			}
		}
		if gap.Count > 0 {
			gap.Problem = fmt.Sprintf("%s %d of %d days", noFileOn, gap.Count, len(days))
			gaps = append(gaps, gap)
		}
	}
	return gaps
}

const noFileOn = "no file on"

// maxDays bounds the days that are looked for: more is a range without a beginning.
const maxDays = 4000

// days are those on which a file is expected.
func (c calendar) days(window steps.Window, first, last time.Time) []time.Time {
	from, to := c.from, c.to
	switch {
	case from.IsZero() && window.IsSet():
		from, to = window.From, window.To.Add(-time.Nanosecond)
	case from.IsZero():
		from, to = first, last
	case window.IsSet():
		if window.From.After(from) {
			from = window.From
		}
		if end := window.To.Add(-time.Nanosecond); end.Before(to) {
			to = end
		}
	}
	var days []time.Time
	for day := from.UTC().Truncate(24 * time.Hour); !day.After(to) && len(days) < maxDays; day = day.AddDate(0, 0, 1) {
		days = append(days, day)
	}
	return days
}

// calendar finds where a table's files have their days: in a projected date, in columns
// year, month and day, in a column that holds dates, or in the paths of logs.
func (l *loader) calendar() (calendar, bool) {
	t := l.table
	columns := t.partitions()
	named := func(name string) int {
		return slices.IndexFunc(columns, func(c column) bool { return flowrecord.Plain(c.name) == name })
	}
	group := func(times ...int) func(logFile) string {
		times = append(times, named("hour"))
		return func(file logFile) string {
			parts := []string{t.def.Name}
			for i, c := range columns {
				if !slices.Contains(times, i) {
					parts = append(parts, c.name+"="+file.values[i])
				}
			}
			return visible([]byte(strings.Join(parts, ", ")), 500)
		}
	}
	if t.projection != nil {
		for _, projected := range t.projection.Columns {
			if projected.Type != dialect.Date {
				continue
			}
			layout, ok := dayLayout(projected)
			place := named(flowrecord.Plain(projected.Name))
			now := l.engine.options.Now.UTC()
			return calendar{dayIn(place, layout), group(place), momentTime(projected.From, now), momentTime(projected.To, now)}, ok && place >= 0
		}
	}
	if year, month, day := named("year"), named("month"), named("day"); year >= 0 && month >= 0 && day >= 0 {
		return calendar{day: func(file logFile) (time.Time, bool) {
			at, err := time.Parse("2006-1-2", file.values[year]+"-"+strings.TrimLeft(file.values[month], "0")+"-"+strings.TrimLeft(file.values[day], "0"))
			return at, err == nil
		}, group: group(year, month, day)}, true
	}
	for i := range columns {
		for _, layout := range []string{"2006/01/02", "2006-01-02", "20060102"} {
			read := dayIn(i, layout)
			if !slices.ContainsFunc(l.list.files, func(file logFile) bool { _, ok := read(file); return !ok }) {
				return calendar{day: read, group: group(i)}, true
			}
		}
	}
	if len(columns) > 0 || !t.fields.isFlow && !t.isCloudTrail() {
		return calendar{}, false
	}
	return calendar{day: dayOfPath, group: func(file logFile) string {
		before, _, _ := strings.Cut(file.name, dayInPath.FindString(file.name))
		return source(before) + "/"
	}}, true
}

func dayIn(place int, layout string) func(logFile) (time.Time, bool) {
	return func(file logFile) (time.Time, bool) {
		value := file.values[place]
		if len(value) < len(layout) {
			return time.Time{}, false
		}
		at, err := time.Parse(layout, value[:len(layout)])
		return at, err == nil
	}
}

// dayInPath is how flow logs and those of CloudTrail lie by days ("Flow log files").
var dayInPath = regexp.MustCompile(`/20\d\d/[01]\d/[0-3]\d/`)

func dayOfPath(file logFile) (time.Time, bool) {
	at, err := time.Parse("/2006/01/02/", dayInPath.FindString(file.name))
	return at, err == nil
}

// dayLayout is how the values of a projected column begin with a day.
func dayLayout(c dialect.ProjectedColumn) (string, bool) {
	if c.Unit == "DAYS" && c.Interval != 1 || slices.Contains([]string{"WEEKS", "MONTHS", "YEARS"}, c.Unit) {
		return "", false
	}
	days, _, _ := strings.Cut(c.Format, "HH")
	return goLayout(strings.TrimRight(days, "/-_ T'"))
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
