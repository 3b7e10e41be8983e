package finding

import (
	"cmp"
	"encoding/json"
	"slices"

	"playbook/steps"
	"playbook/steps/jsonlist"
)

// Tally counts findings, and keeps those that are open.
type Tally struct {
	max     int
	seen    map[[2]string]bool
	checks  map[string]*Check
	open    []Finding
	counts  map[Status]int64
	unread  int64 // entries that are no findings
	Twice   int64 // entries that repeat one
	Quality steps.Quality
}

// Check is a check with the outcomes that it had.
type Check struct {
	Check    string         `json:"check"`
	Title    string         `json:"title"`
	Severity steps.Severity `json:"severity"`
	Product  string         `json:"product"`
	Failed   int64          `json:"failed"`
	Passed   int64          `json:"passed"`
}

// maxChecks bounds the list of checks: the largest catalogue has some hundred.
const maxChecks = 5000

// NewTally keeps so many open findings, the worst ones.
func NewTally(max int) *Tally {
	return &Tally{
		max: max, seen: map[[2]string]bool{}, checks: map[string]*Check{}, counts: map[Status]int64{},
		Quality: steps.Quality{Unit: "scanner findings"},
	}
}

// AddText takes the findings of a file, a list in OCSF or ASFF, and says which it was. The
// gaps say what of the file was lost.
func (t *Tally) AddText(text []byte, source string) (format string, entries int64) {
	elements, problems := jsonlist.Parse(text, "Findings")
	for _, problem := range problems {
		t.Gap(source, problem.String(), 0, problem.Lost)
	}
	format = "none"
	unread := t.unread
	for _, element := range elements {
		var f fields
		if json.Unmarshal(element.JSON, &f) != nil || f == nil {
			t.unread++
			continue
		}
		if kind := t.Add(f, source); kind != "" {
			format = kind
		}
	}
	if unread = t.unread - unread; unread > 0 {
		t.Gap(source, "entries that are findings neither in OCSF nor in ASFF", unread, true)
	}
	return format, int64(len(elements))
}

// Add takes one finding.
func (t *Tally) Add(f map[string]any, source string) (format string) {
	var found Finding
	switch {
	case f["AwsAccountId"] != nil || f["SchemaVersion"] != nil:
		format, found = "asff", fromASFF(f)
	case f["class_uid"] != nil:
		format, found = "ocsf", fromOCSF(f)
	}
	if found.ID == "" && found.Title == "" {
		t.unread++
		return ""
	}
	found.Source = source
	key := [2]string{found.ID, found.Resource}
	if found.ID != "" && t.seen[key] {
		t.Twice++
		return format
	}
	t.seen[key] = true
	t.Quality.Examined++
	t.counts[found.Status]++
	t.count(found)
	if found.Status == Fail {
		t.open = append(t.open, found)
		if len(t.open) > 2*t.max {
			t.trim()
		}
	}
	return format
}

func (t *Tally) count(found Finding) {
	check := t.checks[found.Product+"\x00"+found.Check]
	if check == nil {
		if len(t.checks) == maxChecks {
			return
		}
		check = &Check{Check: found.Check, Title: found.Title, Severity: found.Severity, Product: found.Product}
		t.checks[found.Product+"\x00"+found.Check] = check
	}
	switch found.Status {
	case Fail:
		check.Failed++
	case Pass:
		check.Passed++
	}
}

// trim sorts the open findings, the worst first, and drops those beyond the maximum.
func (t *Tally) trim() {
	slices.SortFunc(t.open, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.ID, b.ID))
	})
	t.open = t.open[:min(len(t.open), t.max)]
}

// Gap notes evidence that is missing or damaged.
func (t *Tally) Gap(source, problem string, count int64, blocking bool) {
	t.Quality.Gaps = append(t.Quality.Gaps, steps.Gap{Source: source, Problem: problem, Count: count, Blocking: blocking})
}

// Count is how many findings have a status.
func (t *Tally) Count(status Status) int64 { return t.counts[status] }

// Finish returns the open findings, the worst first, and the checks, those that failed
// most first. What could not be checked is a gap.
func (t *Tally) Finish(source string) (open []Finding, checks []Check) {
	t.trim()
	if n := t.counts[Unknown]; n > 0 {
		t.Gap(source, "checks that the scanner could not make, or whose outcome is not understood", n, true)
	}
	if int64(len(t.open)) < t.counts[Fail] {
		t.Quality.Cut = append(t.Quality.Cut, "open")
	}
	if len(t.checks) == maxChecks {
		t.Quality.Cut = append(t.Quality.Cut, "checks")
	}
	checks = []Check{}
	for _, check := range t.checks {
		checks = append(checks, *check)
	}
	slices.SortFunc(checks, func(a, b Check) int {
		return cmp.Or(cmp.Compare(b.Failed, a.Failed), cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(a.Product, b.Product), cmp.Compare(a.Check, b.Check))
	})
	return append([]Finding{}, t.open...), checks
}

// Blocks shows a tally.
func (t *Tally) Blocks(open []Finding, checks []Check) []steps.Block {
	facts := &steps.Facts{Items: []steps.Fact{
		{Label: "Open findings", Value: t.counts[Fail], Unit: steps.Count}, {Label: "Checks that passed", Value: t.counts[Pass], Unit: steps.Count},
		{Label: "For a person to check", Value: t.counts[Manual], Unit: steps.Count},
		{Label: "Muted, archived or resolved", Value: t.counts[Suppressed], Unit: steps.Count},
		{Label: "Not checked", Value: t.counts[Unknown], Unit: steps.Count},
	}}
	list := []steps.Block{{Facts: facts}}
	if len(open) == 0 {
		return list
	}
	const shown = 100
	table := &steps.Table{Title: "Open findings", Total: t.counts[Fail], Columns: []steps.TableColumn{
		{Name: "severity"}, {Name: "check"}, {Name: "resource"}, {Name: "account"}, {Name: "region"}, {Name: "detail"}, {Name: "seen"},
	}}
	for _, f := range open[:min(len(open), shown)] {
		var seen any
		if f.Seen != nil {
			seen = *f.Seen
		}
		table.Rows = append(table.Rows, []any{string(f.Severity), f.Check, f.Resource, f.Account, f.Region, f.Detail, seen})
	}
	failed := &steps.Table{Title: "Checks that failed", Columns: []steps.TableColumn{
		{Name: "check"}, {Name: "title"}, {Name: "severity"}, {Name: "failed", Unit: steps.Count}, {Name: "passed", Unit: steps.Count},
	}}
	for _, c := range checks {
		if c.Failed > 0 {
			if failed.Total++; len(failed.Rows) < shown {
				failed.Rows = append(failed.Rows, []any{c.Check, c.Title, string(c.Severity), c.Failed, c.Passed})
			}
		}
	}
	return append(list, steps.Block{Table: failed}, steps.Block{Table: table})
}
