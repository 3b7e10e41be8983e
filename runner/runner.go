// Package runner executes a playbook in order and records what happened.
//
// It knows phases, conditions, targets, retries and expectations; it knows no kind of
// step by name, no AWS, no SQL engine and no terminal: those are handed to it.
package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"playbook/playbooks"
	"playbook/playbooks/expression"
	"playbook/runner/journal"
	"playbook/steps"
)

// Ground is where a run takes place: what it may look at.
type Ground interface {
	Name() string // live, case or drill
	Targets() []steps.Target
	Logs() []expression.Logs
	Cloud(steps.Target) steps.Cloud
	Files() steps.Files
	Querier() steps.Querier
}

// Run is one execution of a playbook. All fields but Observe and Log must be set.
type Run struct {
	Playbook *playbooks.Playbook
	Params   map[string]any // plain values by name, see playbooks.ParseParams
	Ground   Ground
	Window   steps.Window
	Now      time.Time
	Prompter steps.Prompter
	Folder   *journal.Folder
	ID       string
	Started  time.Time
	Selected func(*playbooks.Step) bool
	Clock    func() time.Time
	Observe  func(journal.Event) // told of every event after it is journaled
	Log      *slog.Logger
}

// Summary is how a run ended.
type Summary struct {
	journal.Finished
	Worst steps.Severity // of all findings, "" without any
}

// state is what earlier steps left behind.
type state struct {
	values   map[string]any // the scope of expressions
	steps    map[string]any // values["steps"]
	outcomes map[string]*outcome
	targets  []steps.Target
}

// Execute runs the selected steps in file order and returns how it went. The error
// is about the record itself (the disk is full): a run that cannot be recorded does
// not go on.
func (r *Run) Execute(ctx context.Context) (Summary, error) {
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
	st := r.begin()
	summary := Summary{Finished: journal.Finished{
		State:    "completed",
		Statuses: map[steps.Status]int{},
		Findings: map[string]int{},
	}}
	for _, step := range r.Playbook.Steps {
		if !r.Selected(step) {
			continue
		}
		if ctx.Err() != nil {
			summary.interrupt(step.ID)
			break
		}
		result, err := r.record(ctx, step, st)
		if errors.Is(err, errInterrupted) {
			summary.interrupt(step.ID)
			break
		}
		if err != nil {
			return summary, err
		}
		summary.count(result)
		if result.Status == steps.Failed && step.OnFailure == playbooks.Stop {
			summary.State, summary.Reason = "stopped", fmt.Sprintf("step %s failed and says on_failure: stop", step.ID)
			break
		}
	}
	summary.Exit = summary.exit()
	return summary, r.note(journal.Event{Type: journal.RunFinished, Finished: &summary.Finished})
}

// Scope is what expressions see before the first step.
func (r *Run) Scope() map[string]any { return r.begin().values }

// begin lays out the scope that every expression sees.
func (r *Run) begin() *state {
	st := &state{steps: map[string]any{}, outcomes: map[string]*outcome{}, targets: r.Ground.Targets()}
	var accounts, regions []string
	for _, target := range st.targets {
		accounts, regions = append(accounts, target.Account), append(regions, target.Region)
	}
	slices.Sort(accounts)
	slices.Sort(regions)
	st.values = map[string]any{
		"params": r.Params,
		"steps":  st.steps,
		"now":    r.Now,
		"target": steps.Plain(steps.Target{}),
		"run": steps.Plain(expression.Run{
			ID: r.ID, Ground: r.Ground.Name(), Window: r.Window, Started: r.Started,
			Accounts: slices.Compact(accounts), Regions: slices.Compact(regions), Targets: st.targets,
			Logs: r.Ground.Logs(),
		}),
	}
	if !r.Window.IsSet() {
		run := st.values["run"].(map[string]any)
		run["window"] = map[string]any{"from": nil, "to": nil}
	}
	return st
}

// note journals an event and tells the observer, who gets it as it was written.
func (r *Run) note(event journal.Event) error {
	event, err := r.Folder.Append(event)
	if err != nil {
		return err
	}
	if r.Observe != nil {
		r.Observe(event)
	}
	return nil
}

func (s *Summary) interrupt(step string) {
	s.State, s.Reason = "interrupted", "interrupted at step "+step
}

func (s *Summary) count(o *outcome) {
	s.Statuses[o.Status]++
	for _, finding := range o.Findings {
		s.Findings[string(finding.Severity)]++
		if finding.Severity.Rank() > s.Worst.Rank() {
			s.Worst = finding.Severity
		}
	}
}

// exit is the exit code of design's table, --fail-on aside: the command line knows it.
func (s *Summary) exit() int {
	switch {
	case s.State == "interrupted":
		return 130
	case s.Statuses[steps.Failed]+s.Statuses[steps.Pending] > 0:
		return 1
	}
	return 0
}

// Select makes a selection from --phase and --step, or says what is wrong with it.
// Without either everything is selected. What is selected brings along the earlier
// steps that it reads, the result or only the status of, so that a phase works alone.
func Select(p *playbooks.Playbook, phases, ids []string) (func(*playbooks.Step) bool, error) {
	var wrong []string
	for _, phase := range phases {
		if !slices.Contains(playbooks.Phases[:], playbooks.Phase(phase)) {
			wrong = append(wrong, fmt.Sprintf("no phase is called %q; the phases are %v", phase, playbooks.Phases))
		}
	}
	for _, id := range ids {
		if !slices.ContainsFunc(p.Steps, func(s *playbooks.Step) bool { return s.ID == id }) {
			wrong = append(wrong, fmt.Sprintf("%s has no step %q; `playbook show %s` lists them", p.ID, id, p.Path))
		}
	}
	if wrong != nil {
		return nil, errors.New(strings.Join(wrong, "\n"))
	}
	wanted := map[string]bool{}
	for _, step := range slices.Backward(p.Steps) {
		if len(phases)+len(ids) == 0 || slices.Contains(phases, string(step.Phase)) || slices.Contains(ids, step.ID) {
			wanted[step.ID] = true
		}
		if wanted[step.ID] {
			for _, id := range refersTo(step) {
				wanted[id] = true
			}
		}
	}
	return func(step *playbooks.Step) bool { return wanted[step.ID] }, nil
}

// refersTo names the steps that a step reads anything of, each once.
func refersTo(step *playbooks.Step) []string {
	ids := slices.Concat(step.Needs, step.Wants)
	if step.When != nil {
		for _, path := range step.When.Reads() {
			if rest, ok := strings.CutPrefix(strings.TrimPrefix(path, "take:"), "steps."); ok {
				id, _, _ := strings.Cut(rest, ".")
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
