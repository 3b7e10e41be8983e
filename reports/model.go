// Package reports turns a run folder into the report that people and machines read.
//
// The model is built from the journal and the evidence and from nothing else, so that
// any old run can be rendered again, to the same bytes. Renderers know blocks, never
// kinds of step; each escapes what it writes in one place (see escape.go).
package reports

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"playbook/runner/journal"
	"playbook/steps"
)

// Version of the JSON form of a report.
const Version = 1

// Report is everything a report says.
type Report struct {
	Version    int         `json:"version"`
	Run        journal.Run `json:"run"`
	Started    time.Time   `json:"started"`
	Ended      time.Time   `json:"ended"` // of the last event when the run never finished
	State      string      `json:"state"` // completed, stopped, interrupted or unfinished
	Reason     string      `json:"reason,omitempty"`
	Headline   string      `json:"headline"`
	Story      []string    `json:"story,omitempty"`    // what happened, an event a sentence
	Approval   string      `json:"approval,omitempty"` // what is wrong with the playbook's approval
	Findings   []Finding   `json:"findings"`           // worst first
	NotChecked []Unchecked `json:"not_checked"`        // in file order
	Gaps       []Gap       `json:"gaps"`
	Phases     []Phase     `json:"phases"`
}

// Finding is a finding with its place in the report.
type Finding struct {
	Number int `json:"number"` // from 1, worst first
	steps.Finding
	StepTitle string `json:"step_title"`
}

// Unchecked is a step that gives no answer, and why.
type Unchecked struct {
	Step   string       `json:"step"`
	Title  string       `json:"title"`
	Status steps.Status `json:"status"` // failed, pending, skipped, planned, or "not run"
	Reason string       `json:"reason"`
}

// Gap is evidence that should be there and is not, and the steps that felt it.
type Gap struct {
	steps.Gap
	Steps []string `json:"steps"`
}

// Phase is a stage of the incident lifecycle with its steps.
type Phase struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Steps []Step `json:"steps"`
}

// Step is one step and what came of it.
type Step struct {
	journal.Step
	journal.Outcome
	Parts []journal.Part `json:"parts"`
	// Numbers are the step's findings, by their number in the report.
	Numbers []int `json:"numbers,omitempty"`
}

// notRun is the status of a step that has no outcome; notSelected is why, when it was
// left out by --phase or --step.
const (
	notRun      steps.Status = "not run"
	notSelected string       = "not part of this run"
)

// phaseTitles are the stages as the source playbook names them.
var phaseTitles = map[string]string{
	"preparation": "Preparation", "detection": "Detection & Analysis", "containment": "Containment & Eradication",
	"recovery": "Recovery", "post_incident": "Post-Incident Activity",
}

// Load builds the report of a run folder, whatever state the run is in.
func Load(dir string) (*Report, error) {
	events, err := journal.ReadEvents(dir)
	if err != nil {
		return nil, err
	}
	first, last := events[0], events[len(events)-1]
	r := &Report{
		Version: Version, Run: *first.Run, Started: first.Time, Ended: last.Time, State: "unfinished",
		Reason:   "the journal ends before the run does",
		Findings: []Finding{}, NotChecked: []Unchecked{}, Gaps: []Gap{},
	}
	outcomes := map[string]journal.Outcome{}
	for _, event := range events {
		switch {
		case event.Outcome != nil:
			outcomes[event.Outcome.Step] = *event.Outcome
		case event.Finished != nil:
			r.State, r.Reason = event.Finished.State, event.Finished.Reason
		}
	}
	for _, head := range first.Run.Playbook.Steps {
		if err := r.addStep(dir, head, outcomes); err != nil {
			return nil, err
		}
	}
	r.number()
	r.Approval = approval(r.Run)
	r.Headline = r.headline()
	r.Story = r.story()
	return r, nil
}

func (r *Report) addStep(dir string, head journal.Step, outcomes map[string]journal.Outcome) error {
	step := Step{Step: head}
	outcome, done := outcomes[head.ID]
	switch {
	case done:
		record, err := journal.ReadRecord(dir, outcome)
		if err != nil {
			return err
		}
		outcome.Inline = nil
		step.Outcome, step.Parts = outcome, record.Parts
	case head.Selected:
		step.Outcome = journal.Outcome{Step: head.ID, Status: notRun, Reason: "the run ended before it"}
	default:
		step.Outcome = journal.Outcome{Step: head.ID, Status: notRun, Reason: notSelected + " (" + r.Run.Selection + ")"}
	}
	if step.Status != steps.Passed && step.Status != steps.Findings {
		r.NotChecked = append(r.NotChecked, Unchecked{head.ID, head.Title, step.Status, step.Reason})
	}
	for _, finding := range step.Findings {
		r.Findings = append(r.Findings, Finding{Finding: finding, StepTitle: head.Title})
	}
	for _, gap := range step.Gaps {
		r.addGap(gap, head.ID)
	}
	if n := len(r.Phases); n == 0 || r.Phases[n-1].ID != head.Phase {
		r.Phases = append(r.Phases, Phase{ID: head.Phase, Title: phaseTitles[head.Phase]})
	}
	phase := &r.Phases[len(r.Phases)-1]
	phase.Steps = append(phase.Steps, step)
	return nil
}

func (r *Report) addGap(gap steps.Gap, step string) {
	for i := range r.Gaps {
		if g := &r.Gaps[i]; g.Source == gap.Source && g.Problem == gap.Problem {
			g.Steps = append(g.Steps, step)
			g.Blocking = g.Blocking || gap.Blocking
			return
		}
	}
	r.Gaps = append(r.Gaps, Gap{Gap: gap, Steps: []string{step}})
}

// number sorts the findings, worst first and else in file order, and lets the steps
// refer to them.
func (r *Report) number() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return b.Severity.Rank() - a.Severity.Rank() })
	numbers := map[string][]int{}
	for i := range r.Findings {
		r.Findings[i].Number = i + 1
		id := r.Findings[i].Step
		numbers[id] = append(numbers[id], i+1)
	}
	for p := range r.Phases {
		for s := range r.Phases[p].Steps {
			step := &r.Phases[p].Steps[s]
			step.Numbers = numbers[step.ID]
		}
	}
}

// approval says what is wrong with the governance of the playbook, or "".
func approval(run journal.Run) string {
	var document struct {
		Approver string `json:"approver"`
		Approved string `json:"approved"`
	}
	if len(run.Playbook.Document) > 0 {
		if err := json.Unmarshal(run.Playbook.Document, &document); err != nil {
			return "the playbook's document section cannot be read"
		}
	}
	if document.Approver == "" || document.Approved == "" {
		return "nobody has approved this playbook: document.approver or document.approved is missing"
	}
	approved, err := time.Parse(time.DateOnly, document.Approved)
	switch {
	case err != nil:
		return fmt.Sprintf("the date of approval, %s, is no date", document.Approved)
	case approved.AddDate(1, 0, 0).Before(run.Now):
		return fmt.Sprintf("the approval of this playbook, of %s, is older than a year", document.Approved)
	}
	return ""
}
