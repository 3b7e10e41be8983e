package runner

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"playbook/playbooks"
	"playbook/playbooks/expression"
	"playbook/runner/journal"
	"playbook/steps"
)

// judge decides the status of a step that ran. An expectation that holds counts only
// if something was looked at, nothing in the way could have hidden a violation, and
// no list it read was cut: otherwise the step is inconclusive, which is a failure.
func (r *Run) judge(step *playbooks.Step, st *state, e *execution) *outcome {
	o := &outcome{
		Outcome: journal.Outcome{
			Examined: e.quality.Examined, Unit: e.quality.Unit, Gaps: e.quality.Gaps, Read: e.quality.Read,
			Answer: e.answer, Attempts: e.attempts,
		},
		result: e.result,
		cut:    e.cut,
	}
	switch {
	case e.pending:
		o.Status, o.Reason = steps.Pending, steps.ErrPending.Error()
		return o
	case len(e.skipped) > 0 && len(e.skipped) == len(e.parts):
		o.Status, o.Reason = steps.Skipped, strings.Join(e.skipped, "; ")
		return o
	case len(e.parts) == 0 && len(e.failed) == 0:
		o.Status, o.Reason = steps.Skipped, "for_each: the list is empty"
		return o
	}
	broken := append(e.failed, e.skipped...)
	var doubts []string
	if e.result != nil {
		for _, expectation := range step.Expect {
			v := st.expect(step, e, expectation)
			o.Findings = append(o.Findings, v.findings...)
			broken = append(broken, v.broken...)
			doubts = append(doubts, v.doubts...)
		}
	}
	if len(step.Expect) == 0 && e.quality.Examined == 0 {
		doubts = append(doubts, "inconclusive: "+nothing(e.quality))
	}
	// A result that may be incomplete can still be built upon, with its gaps handed
	// on (see inherited). One that is wrong, or that nothing was looked at for,
	// cannot: an empty list would turn into an all-clear further down.
	o.usable = len(broken) == 0 && e.quality.Examined > 0
	switch {
	case len(broken)+len(doubts) > 0:
		o.Status, o.Reason = steps.Failed, strings.Join(append(broken, doubts...), "; ")
	case len(o.Findings) > 0:
		o.Status = steps.Findings
	case e.changes > 0:
		o.Status, o.Reason = steps.Planned, fmt.Sprintf("%s worked out and not made", count(e.changes, "call"))
	default:
		o.Status = steps.Passed
	}
	return o
}

// verdict is what an expectation came to: violations; reasons why it could not be
// judged; reasons why it cannot be called met although nothing violates it.
type verdict struct {
	findings []steps.Finding
	broken   []string
	doubts   []string
}

func (st *state) expect(step *playbooks.Step, e *execution, x playbooks.Expectation) (v verdict) {
	values := maps.Clone(st.values)
	values["result"] = e.result
	items := []any{nil}
	if x.Each != nil {
		value, err := x.Each.Eval(values)
		list, ok := steps.Plain(value).([]any)
		if err == nil && !ok {
			err = fmt.Errorf("%s gave no list", x.Each.Source())
		}
		if err != nil {
			v.broken = append(v.broken, fmt.Sprintf("%s: each: %v", x.ID, err))
			return v
		}
		items = list
	}
	for i, item := range items {
		if x.Each != nil {
			values["item"], values["index"] = item, i
		}
		holds, err := x.That.Eval(values)
		if err != nil {
			// One reason is enough: the others are most likely the same.
			if v.broken == nil {
				v.broken = append(v.broken, fmt.Sprintf("%s: could not be judged: %v", x.ID, err))
			}
			continue
		}
		if holds == true {
			continue
		}
		finding, err := describe(step, x, values, item)
		v.findings = append(v.findings, finding)
		if err != nil && v.broken == nil {
			v.broken = append(v.broken, fmt.Sprintf("%s: %v", x.ID, err))
		}
	}
	if len(v.findings)+len(v.broken) == 0 {
		if doubt := st.doubt(x, e); doubt != "" {
			v.doubts = []string{x.ID + ": inconclusive: " + doubt}
		}
	}
	return v
}

// doubt says why an expectation without a violation cannot be called met.
func (st *state) doubt(x playbooks.Expectation, e *execution) string {
	if e.quality.Examined == 0 {
		return nothing(e.quality)
	}
	reads := x.That.Reads()
	if x.Each != nil {
		reads = append(reads, x.Each.Reads()...)
	}
	if path := st.readsCut(reads, e.cut); path != "" {
		return fmt.Sprintf("nothing was found in the part that was looked at, but %s was cut; "+
			"raise `rows:` or let the query itself pick what matters", path)
	}
	for _, gap := range e.quality.Gaps {
		if gap.Blocking {
			return fmt.Sprintf("nothing was found, but the evidence has a gap: %s: %s", gap.Source, gap.Problem)
		}
	}
	return ""
}

func nothing(q steps.Quality) string {
	what := q.Unit
	if what == "" {
		what = "data"
	}
	text := "no " + what + " could be looked at"
	if len(q.Gaps) > 0 {
		text += fmt.Sprintf(" (%s: %s)", q.Gaps[0].Source, q.Gaps[0].Problem)
	}
	return text
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// describe makes the finding of one violation. A text that cannot be rendered is an
// error, and the finding stands all the same.
func describe(step *playbooks.Step, x playbooks.Expectation, values map[string]any, item any) (steps.Finding, error) {
	finding := steps.Finding{Step: step.ID, Expectation: x.ID, Severity: x.Severity, Attack: x.Attack, Item: item}
	if fields, ok := item.(map[string]any); ok {
		finding.Account, _ = fields["account"].(string)
		finding.Region, _ = fields["region"].(string)
	}
	var errs []error
	if x.Resource != nil {
		resource, err := x.Resource.Eval(values)
		if err != nil {
			errs = append(errs, fmt.Errorf("resource: %w", err))
		} else {
			finding.Resource = fmt.Sprint(resource)
		}
	}
	render := func(name string, template *expression.Template) string {
		if template == nil {
			return ""
		}
		text, err := template.Text(values)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		return text
	}
	if x.Happened != nil {
		happened, err := happenedAt(x.Happened, values)
		finding.Happened = happened
		errs = append(errs, err)
	}
	finding.Title = render("finding", x.Finding)
	finding.Remedy = render("remedy", x.Remedy)
	finding.FalsePositives = render("false_positives", x.FalsePositives)
	if finding.Title == "" {
		finding.Title = fmt.Sprintf("%s does not hold: %s", x.ID, x.That.Source())
	}
	return finding, errors.Join(errs...)
}
