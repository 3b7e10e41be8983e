// Package journal is the run folder: an append-only journal of events, a store of
// evidence files, and the records that a report is built from.
//
// It knows nothing of playbooks, AWS or rendering.
package journal

import (
	"encoding/json"
	"time"

	"playbook/steps"
)

// Version of the journal's format, in its first event.
const Version = 1

// Type names what happened. Readers ignore types they do not know.
type Type string

const (
	RunStarted   Type = "run.started"
	StepStarted  Type = "step.started"
	StepFinished Type = "step.finished"
	RunFinished  Type = "run.finished"
)

// Event is one line of journal.jsonl. Seq counts from 1 without gaps; Prev is the
// SHA-256 of the line before, without its newline (of nothing for the first line).
// Exactly one of the payloads is set, the one its Type names.
type Event struct {
	Seq      int64     `json:"seq"`
	Time     time.Time `json:"time"`
	Type     Type      `json:"type"`
	Prev     string    `json:"prev"`
	Run      *Run      `json:"run,omitempty"`
	Step     *Step     `json:"step,omitempty"`
	Outcome  *Outcome  `json:"outcome,omitempty"`
	Finished *Finished `json:"finished,omitempty"`
}

// Run is the payload of run.started: what is going to be done, by whom, on what.
type Run struct {
	Version     int            `json:"version"`
	ID          string         `json:"id"`
	Tool        string         `json:"tool"` // program and version
	Operator    string         `json:"operator"`
	Host        string         `json:"host"`
	Playbook    Playbook       `json:"playbook"`
	Ground      string         `json:"ground"` // live, case or drill
	Case        string         `json:"case,omitempty"`
	Window      steps.Window   `json:"window"`
	WindowFrom  string         `json:"window_from"` // where the window was taken from
	Now         time.Time      `json:"now"`         // ages are measured against it
	Targets     []steps.Target `json:"targets"`
	Params      map[string]any `json:"params"`              // secrets masked
	Selection   string         `json:"selection,omitempty"` // "--phase detection"
	Interactive bool           `json:"interactive"`
}

// Playbook is the head of the playbook that is run, and its steps in order, so that
// a report can name those that never ran.
type Playbook struct {
	ID             string              `json:"id"`
	Title          string              `json:"title"`
	Summary        string              `json:"summary,omitempty"`
	Path           string              `json:"path"` // as the user named it
	SHA256         string              `json:"sha256"`
	Document       json.RawMessage     `json:"document,omitempty"`
	Classification json.RawMessage     `json:"classification,omitempty"`
	Objectives     map[string][]string `json:"objectives,omitempty"`
	Steps          []Step              `json:"steps"`
}

// Step names a step; it is the payload of step.started.
type Step struct {
	ID       string `json:"id"`
	Phase    string `json:"phase"`
	Title    string `json:"title"`
	Uses     string `json:"uses"`
	Why      string `json:"why,omitempty"` // what a person should know about it
	Covers   []int  `json:"covers,omitempty"`
	Selected bool   `json:"selected"` // false: left out by --phase or --step
}

// Outcome is the payload of step.finished. What the step found out is Inline when it
// is small, else in the evidence file Record, which is a Record in JSON.
type Outcome struct {
	Step     string          `json:"step"`
	Status   steps.Status    `json:"status"`
	Reason   string          `json:"reason,omitempty"` // why failed, skipped, pending, planned
	Findings []steps.Finding `json:"findings,omitempty"`
	Examined int64           `json:"examined"`
	Unit     string          `json:"unit,omitempty"`
	Gaps     []steps.Gap     `json:"gaps,omitempty"`
	Read     []steps.Reading `json:"read,omitempty"`
	Answer   *steps.Answer   `json:"answer,omitempty"`
	Attempts int             `json:"attempts,omitempty"`
	Millis   int64           `json:"millis"`
	Inline   *Record         `json:"inline,omitempty"`
	Record   *steps.File     `json:"record,omitempty"`
	Evidence []steps.File    `json:"evidence,omitempty"`
}

// Finished is the payload of run.finished, written also when the run is interrupted.
type Finished struct {
	State    string               `json:"state"` // completed, stopped, interrupted or failed
	Reason   string               `json:"reason,omitempty"`
	Statuses map[steps.Status]int `json:"statuses"`
	Findings map[string]int       `json:"findings"` // by severity
	Exit     int                  `json:"exit"`
}

// Record is what a step found out: what expressions saw and what a report
// shows, one part for each target and item the step ran on.
type Record struct {
	Step   string `json:"step"`
	Result any    `json:"result"`
	Parts  []Part `json:"parts"`
}

// Part is one execution of a step: on one target, for one item of its for_each.
type Part struct {
	Item    any               `json:"item,omitempty"`
	Target  steps.Target      `json:"target,omitzero"`
	Reason  string            `json:"reason,omitempty"` // why this part failed or was skipped
	Blocks  []steps.Block     `json:"blocks,omitempty"`
	Quality steps.Quality     `json:"quality"`
	Names   map[string]string `json:"names,omitempty"` // see steps.Result
	// Changes are what the step would do to AWS, and has not done.
	Changes []steps.Change `json:"changes,omitempty"`
}
