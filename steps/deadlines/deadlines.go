// Package deadlines is the kind of step that works out until when somebody has to be
// told of an incident. It reminds; it gives no legal advice.
package deadlines

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"playbook/steps"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:    "deadlines",
		Summary: "Work out the clocks of the law that an event starts, and how much of them is left",
		Doc:     doc,
		Effect:  steps.Reads,
		Result:  Result{},
		New:     func() steps.Step { return &Step{} },
		Example: `id: clocks
phase: post_incident
title: Reminders since we became aware
uses: deadlines
with:
  starts: 2026-03-14T22:05:00Z
  event: awareness of the incident
  clocks: [{rule: gdpr_33}, {rule: custom, title: Tell the board, within: 48h}]
expect:
  - id: in_time
    each: result.clocks
    that: item.state != "overdue"
    resource: item.id
    severity: high
    finding: ${{ item.title }} was due at ${{ iso(item.due) }}
`,
	}
}

// Step is the event, and the clocks that it starts.
type Step struct {
	Starts *time.Time `yaml:"starts,omitempty" jsonschema:"description=When the event happened; nil starts no clock"`
	Event  string     `yaml:"event" jsonschema:"required,description=What starts the clocks; as awareness of the incident"`
	Answer string     `yaml:"answer,omitempty" jsonschema:"description=What was answered when there is no time; as not applicable"`
	Clocks []Wanted   `yaml:"clocks" jsonschema:"required,minItems=1,description=The rules that may apply"`
}

// Wanted is one clock: a rule of the table, or one of one's own.
type Wanted struct {
	Rule   string        `yaml:"rule" jsonschema:"required,enum=gdpr_33,enum=nis2_early_warning,enum=nis2_notification,enum=dora_classification,enum=dora_awareness,enum=sec_8k_1_05,enum=custom"`
	Title  string        `yaml:"title,omitempty" jsonschema:"description=Of a custom clock"`
	Within time.Duration `yaml:"within,omitempty" jsonschema:"description=Of a custom clock; how long after the event"`
}

// Result has a clock for each rule.
type Result struct {
	Clocks     []Clock   `json:"clocks"`
	MeasuredAt time.Time `json:"measured_at"` // what is left is counted from here
}

// Clock is until when one thing is due. Without the event it has not started: started,
// due and left_seconds are nil.
type Clock struct {
	ID          string     `json:"id"` // the rule; custom ones are numbered, "custom_2"
	Title       string     `json:"title"`
	Authority   string     `json:"authority"` // who is to be told
	Citation    string     `json:"citation"`
	Allows      string     `json:"allows"` // "72 h", "4 business days"
	Event       string     `json:"event"`
	Started     *time.Time `json:"started"`
	Due         *time.Time `json:"due"`
	LeftSeconds *int64     `json:"left_seconds"` // less than 0 when it is overdue
	State       string     `json:"state"`        // running, overdue or not_started
}

// States of a clock.
const (
	running    = "running"
	overdue    = "overdue"
	notStarted = "not_started"
)

// Validate refuses custom clocks that say too little, and others that say too much.
func (s *Step) Validate(known func(path string) bool) []steps.Problem {
	if !known("clocks") {
		return nil
	}
	var problems []steps.Problem
	for i, clock := range s.Clocks {
		custom := clock.Rule == custom
		path := fmt.Sprintf("clocks[%d]", i)
		switch {
		case custom && (clock.Title == "" || clock.Within <= 0):
			problems = append(problems, steps.Problem{Path: path, Message: "a custom clock has a title and within, a time above 0",
				Hint: "write {rule: custom, title: Tell the board, within: 48h}"})
		case !custom && (clock.Title != "" || clock.Within != 0):
			problems = append(problems, steps.Problem{Path: path, Message: "title and within of " + clock.Rule + " stand in its rule",
				Hint: "another time is a rule of one's own, rule: custom"})
		}
	}
	return problems
}

// Run works out the clocks. An event that has no time, and of which nobody said that it
// did not happen, leaves a gap: no clock may be called in time for want of an answer.
func (s *Step) Run(_ context.Context, env steps.Env) (steps.Result, error) {
	result := Result{Clocks: []Clock{}, MeasuredAt: env.Now.UTC()}
	quality := steps.Quality{Unit: "clocks"}
	if problems := s.Validate(func(string) bool { return true }); len(problems) > 0 {
		return steps.Result{}, fmt.Errorf("%s: %s", problems[0].Path, problems[0].Message)
	}
	if s.Starts != nil && (s.Starts.Year() < 1970 || s.Starts.Year() > 2200) {
		return steps.Result{}, fmt.Errorf("starts is %s, which is no time of an incident", stamp(*s.Starts))
	}
	for i, wanted := range s.Clocks {
		rule, ok := ruleOf(wanted, i)
		if !ok {
			return steps.Result{}, fmt.Errorf("clocks[%d]: there is no rule %q", i, wanted.Rule)
		}
		result.Clocks = append(result.Clocks, s.clock(rule, env.Now))
	}
	quality.Examined = int64(len(result.Clocks))
	if s.Starts == nil && s.Answer == "" {
		quality.Gaps = append(quality.Gaps, steps.Gap{
			Source: s.Event, Blocking: true,
			Problem: "there is no time of it, and no answer that says why: whether its clocks run is not known",
		})
	}
	return steps.Result{Value: result, Blocks: s.blocks(result, env.Live), Quality: quality}, nil
}

func (s *Step) clock(r rule, now time.Time) Clock {
	clock := Clock{ID: r.id, Title: r.title, Authority: r.authority, Citation: r.citation, Allows: r.allows, Event: s.Event, State: notStarted}
	if s.Starts == nil {
		return clock
	}
	started := s.Starts.UTC()
	due := r.due(started)
	left := int64(due.Sub(now) / time.Second)
	clock.Started, clock.Due, clock.LeftSeconds, clock.State = &started, &due, &left, running
	if now.After(due) {
		clock.State = overdue
	}
	return clock
}
