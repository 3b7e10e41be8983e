package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"time"

	"playbook/playbooks"
	"playbook/runner/journal"
	"playbook/steps"
)

// action is one attempt at a step's work, wrapped by the decorators below.
type action func(ctx context.Context) (steps.Result, error)

// attempt does the work of a step for one item on one target. Read from the inside
// out: run the kind, turn a panic into an error, limit the time, try again.
func (r *Run) attempt(ctx context.Context, step *playbooks.Step, values map[string]any, target steps.Target,
	store *journal.Store, e *execution) (steps.Result, error) {
	attempts := 0
	work := func(ctx context.Context) (steps.Result, error) {
		attempts++
		return r.work(ctx, step, values, target, store, e)
	}
	result, err := withRetry(step.Retry, withTimeout(step.Timeout, withRecovery(work)))(ctx)
	e.attempts = max(e.attempts, attempts)
	return result, err
}

func (r *Run) work(ctx context.Context, step *playbooks.Step, values map[string]any, target steps.Target,
	store *journal.Store, e *execution) (steps.Result, error) {
	bound := maps.Clone(values)
	bound["target"] = steps.Plain(target)
	configured, err := step.New(bound)
	if err != nil {
		return steps.Result{}, err
	}
	facts := newRecorder(r.Ground.Cloud(target), step.Kind.Operations, target, store)
	result, err := configured.Run(ctx, steps.Env{
		Target: target,
		Window: r.Window,
		Now:    r.Now,
		Live:   r.Ground.Name() == "live",
		Cloud:  facts,
		Files: &files{
			ground: r.Ground.Files(), given: playbooks.GivenFiles(r.Playbook, r.Params),
			allowed: step.Kind.Operations, folder: r.Folder.Dir(), store: store,
		},
		Query:    r.Ground.Querier(),
		Evidence: store,
		Prompt:   &listener{step.ID, r.Prompter, e},
		Log:      r.Log.With("step", step.ID, "target", target.String()),
	})
	return result, errors.Join(err, facts.store())
}

// listener asks in the name of a step and keeps the answer for the record.
type listener struct {
	step     string
	prompter steps.Prompter
	e        *execution
}

func (l *listener) Ask(ctx context.Context, question steps.Question) (steps.Answer, error) {
	question.ID = l.step
	answer, err := l.prompter.Ask(ctx, question)
	if err == nil {
		l.e.answer = &answer
	}
	return answer, err
}

// withRecovery makes a bug in a kind a failed step instead of a lost run.
func withRecovery(next action) action {
	return func(ctx context.Context) (result steps.Result, err error) {
		defer func() {
			if cause := recover(); cause != nil {
				err = fmt.Errorf("a bug in this kind of step (please report it): %v\n%s", cause, debug.Stack())
			}
		}()
		return next(ctx)
	}
}

func withTimeout(limit time.Duration, next action) action {
	if limit == 0 {
		return next
	}
	return func(ctx context.Context) (steps.Result, error) {
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		result, err := next(limited)
		if err != nil && ctx.Err() == nil && limited.Err() != nil {
			err = fmt.Errorf("it took longer than its timeout of %s: %w", limit, err)
		}
		return result, err
	}
}

// withRetry repeats what failed, but never what waits for a person, was skipped, or
// found that evidence is missing: those do not change by asking again.
func withRetry(retry playbooks.Retry, next action) action {
	if retry.Attempts < 2 {
		return next
	}
	return func(ctx context.Context) (steps.Result, error) {
		backoff := retry.Backoff
		for attempt := 1; ; attempt++ {
			result, err := next(ctx)
			if err == nil || ctx.Err() != nil || !repeatable(err) {
				return result, err
			}
			if attempt == retry.Attempts {
				return result, fmt.Errorf("failed %d times, at last: %w", attempt, err)
			}
			select {
			case <-ctx.Done():
				return result, ctx.Err()
			case <-time.After(backoff):
				backoff *= 2
			}
		}
	}
}

func repeatable(err error) bool {
	var skip *steps.Skip
	var missing *steps.Missing
	return !errors.Is(err, steps.ErrPending) && !errors.As(err, &skip) && !errors.As(err, &missing)
}
