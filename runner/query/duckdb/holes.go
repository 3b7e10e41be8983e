package duckdb

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

// logFileName is the end of the name of a flow log file (Amazon VPC User Guide, "Flow
// log files"): account_vpcflowlogs_region_flow-log_timestamp_hash.log.gz.
var logFileName = regexp.MustCompile(`/\d{12}_vpcflowlogs_[a-z0-9-]+_(fl-[0-9a-f]+)_(\d{8}T\d{4}Z)_`)

// leastHole is the shortest time without a file that is told: within it, a busy hour
// more or less is how AWS delivers.
const leastHole = time.Hour

// holes finds the times in which a flow log that otherwise delivers at a steady pace has
// no file. AWS writes NODATA records for interfaces without traffic, so silence is no
// reason for one to be absent: most likely it was not copied, or was taken away.
func (l *loader) holes() []steps.Gap {
	times := map[string][]time.Time{}
	for _, file := range l.list.files {
		match := logFileName.FindStringSubmatch("/" + file.name)
		if match == nil {
			continue
		}
		if at, err := time.Parse("20060102T1504Z", match[2]); err == nil {
			times[match[1]] = append(times[match[1]], at)
		}
	}
	var gaps []steps.Gap
	for _, id := range sortedKeys(times) {
		pace, found := findHoles(times[id], l.span())
		if len(found) == 0 {
			continue
		}
		gap := steps.Gap{Source: uri(l.table.folder()) + "/", Count: int64(len(found)), Blocking: true,
			Problem: fmt.Sprintf("no file of flow log %s %s; its files come every %s", id, found[0], pace)}
		for _, hole := range found[:min(maxExamples, len(found))] {
			gap.Examples = append(gap.Examples, hole.String())
		}
		gaps = append(gaps, gap)
	}
	return gaps
}

// span is the time that the table's partitions and the run's window have in common, in
// which files are expected from end to end. A table whose days are not projected was
// laid over the files that somebody chose, and has none.
func (l *loader) span() steps.Window {
	window := l.engine.options.Window
	if l.table.projection == nil || !window.IsSet() {
		return steps.Window{}
	}
	for _, c := range l.table.projection.Columns {
		if c.Type != dialect.Date {
			continue
		}
		now := l.engine.options.Now.UTC()
		if from := momentTime(c.From, now); from.After(window.From) {
			window.From = from
		}
		if to := momentTime(c.To, now); c.To.Now && to.Before(window.To) {
			window.To = to
		}
		return window
	}
	return steps.Window{}
}

// hole is a time without a file.
type hole struct{ after, before time.Time }

func (h hole) String() string {
	return fmt.Sprintf("after %s and before %s", h.after.Format(time.RFC3339), h.before.Format(time.RFC3339))
}

// findHoles takes the median distance of the files for their pace, and what is twice as
// long or longer for a hole. Three distances are the least that say anything of a pace.
func findHoles(times []time.Time, window steps.Window) (pace time.Duration, found []hole) {
	slices.SortFunc(times, time.Time.Compare)
	times = slices.Compact(times)
	if len(times) < 4 {
		return 0, nil
	}
	var distances []time.Duration
	for i := range times[1:] {
		distances = append(distances, times[i+1].Sub(times[i]))
	}
	slices.Sort(distances)
	pace = distances[len(distances)/2]
	if window.IsSet() {
		times = slices.DeleteFunc(times, func(at time.Time) bool { return at.Before(window.From) || !at.Before(window.To) })
		times = append(append([]time.Time{window.From}, times...), window.To)
	}
	for i := range times[1:] {
		if distance := times[i+1].Sub(times[i]); distance >= 2*pace && distance >= leastHole {
			found = append(found, hole{times[i], times[i+1]})
		}
	}
	return pace, found
}
