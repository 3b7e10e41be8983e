package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"playbook/playbooks"
	"playbook/runner/journal"
	"playbook/steps"
)

// outcome is what became of a step, and what later steps need to know of it.
type outcome struct {
	journal.Outcome
	result any      // plain, what expressions see
	usable bool     // result may be read by later steps
	cut    []string // paths below result that hold only the first part
}

// errInterrupted means that the run was cancelled while the step was at work: the
// step has no outcome and is run again on resume.
var errInterrupted = errors.New("interrupted")

// record runs a step and journals its outcome. It is the only place where a step
// comes to count as done.
func (r *Run) record(ctx context.Context, step *playbooks.Step, st *state) (*outcome, error) {
	head := Head(step, true)
	if err := r.note(journal.Event{Type: journal.StepStarted, Step: &head}); err != nil {
		return nil, err
	}
	began := r.Clock()
	store := r.Folder.Evidence(step.ID)
	result, parts := r.decide(ctx, step, st, store)
	if ctx.Err() != nil {
		return nil, errInterrupted
	}
	result.Step = step.ID
	result.Millis = r.Clock().Sub(began).Milliseconds()
	if len(parts) > 0 {
		record := journal.Record{Step: step.ID, Result: result.result, Parts: parts}
		if err := store.Record(record, &result.Outcome); err != nil {
			return nil, err
		}
	}
	if err := r.note(journal.Event{Type: journal.StepFinished, Outcome: &result.Outcome}); err != nil {
		return nil, err
	}
	st.outcomes[step.ID] = result
	visible := result.result
	if !result.usable {
		visible = nil
	}
	st.steps[step.ID] = map[string]any{
		"status":   string(result.Status),
		"result":   visible,
		"findings": steps.Plain(result.Findings),
	}
	return result, nil
}

// decide finds out whether a step has to run, runs it and judges it.
func (r *Run) decide(ctx context.Context, step *playbooks.Step, st *state, store *journal.Store) (*outcome, []journal.Part) {
	if reason := st.unmet(step); reason != "" {
		return ended(steps.Skipped, reason), nil
	}
	if step.When != nil {
		value, err := step.When.Eval(st.values)
		if err != nil {
			return ended(steps.Failed, fmt.Sprintf("when: %v", err)), nil
		}
		if value != true {
			return ended(steps.Skipped, fmt.Sprintf("its condition does not hold: %s", step.When.Source())), nil
		}
	}
	execution, err := r.execute(ctx, step, st, store)
	if err != nil {
		return ended(steps.Failed, err.Error()), nil
	}
	return r.judge(step, st, execution), execution.parts
}

func ended(status steps.Status, reason string) *outcome {
	return &outcome{Outcome: journal.Outcome{Status: status, Reason: reason}}
}

// unmet names the steps whose result this step reads and cannot have.
func (st *state) unmet(step *playbooks.Step) string {
	var missing []string
	for _, need := range step.Needs {
		switch before := st.outcomes[need]; {
		case before == nil:
			missing = append(missing, need+" (not part of this run)")
		case !before.usable:
			missing = append(missing, fmt.Sprintf("%s (%s)", need, before.Status))
		}
	}
	if missing == nil {
		return ""
	}
	return "needs " + strings.Join(missing, ", ")
}

// inherited are the gaps that a step takes over from the steps it reads: whatever
// they could not see, this one cannot see either. A step that only asks for the status of
// another, as one does that queries a view which the other has made, builds on it as well.
func (st *state) inherited(step *playbooks.Step) []steps.Gap {
	var gaps []steps.Gap
	for _, id := range refersTo(step) {
		if before := st.outcomes[id]; before != nil && slices.ContainsFunc(before.Gaps, func(gap steps.Gap) bool { return gap.Blocking }) {
			gaps = append(gaps, incomplete(id))
		}
	}
	for _, want := range step.Wants {
		if before := st.outcomes[want]; before == nil || !before.usable {
			gaps = append(gaps, steps.Gap{
				Source: "step " + want, Blocking: true,
				Problem: "it gave nothing that could be used, and this step went on without it",
			})
		}
	}
	return gaps
}

func incomplete(step string) steps.Gap {
	return steps.Gap{
		Source: "step " + step, Blocking: true,
		Problem: "its evidence is incomplete, and this step builds on it",
	}
}

// Head describes a step for the journal.
func Head(step *playbooks.Step, selected bool) journal.Step {
	return journal.Step{
		ID: step.ID, Phase: string(step.Phase), Title: step.Title, Uses: step.Kind.Name,
		Why: step.Why, Covers: step.Covers, Selected: selected,
	}
}
