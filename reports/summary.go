package reports

import (
	"fmt"
	"strings"

	"playbook/steps"
)

// count is how many steps have a status.
func (r *Report) count(status steps.Status) int {
	n := 0
	for _, phase := range r.Phases {
		for _, step := range phase.Steps {
			if step.Status == status {
				n++
			}
		}
	}
	return n
}

// severities counts findings, worst first.
func (r *Report) severities() []tally {
	var list []tally
	for i := len(steps.Severities) - 1; i >= 0; i-- {
		severity := steps.Severities[i]
		n := 0
		for _, finding := range r.Findings {
			if finding.Severity == severity {
				n++
			}
		}
		list = append(list, tally{string(severity), n})
	}
	return list
}

// statuses counts steps, those that need attention first.
func (r *Report) statuses() []tally {
	var list []tally
	for _, status := range append(steps.Statuses[:], notRun) {
		if n := r.count(status); n > 0 {
			list = append(list, tally{string(status), n})
		}
	}
	return list
}

// tally is a word and how often it applies.
type tally struct {
	Word  string
	Count int
}

// headline is what a run came to, in one or two sentences. It never says that all is
// well while anything was not looked at.
func (r *Report) headline() string {
	var found []string
	for _, t := range r.severities() {
		if t.Count > 0 {
			found = append(found, fmt.Sprintf("%d %s", t.Count, t.Word))
		}
	}
	var text string
	switch {
	case len(found) > 0:
		text = plural(len(r.Findings), "finding") + ": " + strings.Join(found, ", ") + "."
	case r.complete():
		text = "No findings: every step was carried out, and every expectation held on the evidence that was looked at."
	default:
		text = "No findings so far. This is not an all-clear."
	}
	if open := r.open(); open != "" {
		text += " " + open
	}
	return text
}

// complete reports whether every step of the playbook gave an answer on whole evidence.
func (r *Report) complete() bool {
	return r.State == "completed" && len(r.NotChecked) == 0 && !r.blocked()
}

func (r *Report) blocked() bool {
	for _, gap := range r.Gaps {
		if gap.Blocking {
			return true
		}
	}
	return false
}

// open names what is not known.
func (r *Report) open() string {
	var parts []string
	for _, p := range []struct {
		status steps.Status
		text   string
	}{
		{steps.Failed, "failed or %s inconclusive"}, {steps.Pending, "%s waiting for a person"},
		{steps.Planned, "%s planned and not applied"}, {steps.Skipped, "%s skipped"}, {notRun, "%s not run"},
	} {
		if n := r.count(p.status); n > 0 {
			verb := "is"
			if n > 1 {
				verb = "are"
			}
			parts = append(parts, fmt.Sprintf("%s %s", plural(n, "step"), fmt.Sprintf(p.text, verb)))
		}
	}
	if n := len(r.Gaps); n > 0 {
		parts = append(parts, "the evidence has "+plural(n, "gap"))
	}
	if parts == nil {
		return ""
	}
	return "Not everything was looked at: " + strings.Join(parts, ", ") + "."
}

// Summary is the end of a run as text for a terminal; the caller escapes it.
func (r *Report) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.Headline)
	if r.State != "completed" {
		fmt.Fprintf(&b, "The run is %s: %s.\n", r.State, r.Reason)
	}
	if r.Approval != "" {
		fmt.Fprintf(&b, "Note: %s.\n", r.Approval)
	}
	const most = 12
	shown := 0
	for _, unchecked := range r.NotChecked {
		if strings.HasPrefix(unchecked.Reason, notSelected) {
			continue // it was asked for so; the headline counts it
		}
		if shown++; shown > most {
			b.WriteString("  … and more, in the report\n")
			break
		}
		fmt.Fprintf(&b, "  %-8s %s: %s\n", unchecked.Status, unchecked.Step, clip(oneLine(unchecked.Reason), 240))
	}
	return strings.TrimRight(b.String(), "\n")
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
