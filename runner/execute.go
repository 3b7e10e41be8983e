package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"playbook/playbooks"
	"playbook/runner/journal"
	"playbook/steps"
)

// execution is the whole work of one step: all its items on all its targets.
type execution struct {
	parts   []journal.Part
	result  any // plain; a list when the step has for_each
	quality steps.Quality
	cut     []string // paths below result
	failed  []string // what went wrong, one line a part
	skipped []string
	pending bool
	changes int // calls that were worked out and not made
	answer  *steps.Answer
	// attempts is the most that any part needed.
	attempts int
}

// execute runs a step once for each item of its for_each and, for a kind that asks
// for it, once for each target. The error is about the step as a whole.
func (r *Run) execute(ctx context.Context, step *playbooks.Step, st *state, store *journal.Store) (*execution, error) {
	e := &execution{}
	e.quality.Gaps = st.inherited(step)
	if step.ForEach == nil {
		result, cut := r.executeItem(ctx, step, st, st.values, nil, store, e)
		e.result, e.cut = result, cut
		return e, nil
	}
	value, err := step.ForEach.Eval(st.values)
	if err != nil {
		return nil, fmt.Errorf("for_each: %w", err)
	}
	items, ok := steps.Plain(value).([]any)
	if !ok {
		return nil, fmt.Errorf("for_each: %s gave no list", step.ForEach.Source())
	}
	if path := st.readsCut(step.ForEach.Reads(), nil); path != "" {
		e.quality.Gaps = append(e.quality.Gaps, steps.Gap{
			Source: path, Blocking: true,
			Problem: "for_each went over a list that was cut; take() says how many are wanted",
		})
	}
	results := make([]any, 0, len(items))
	for i, item := range items {
		if ctx.Err() != nil {
			break
		}
		values := maps.Clone(st.values)
		values["item"], values["index"] = item, i
		result, cut := r.executeItem(ctx, step, st, values, item, store.Below(fmt.Sprintf("%03d", i)), e)
		results = append(results, result)
		if cut != nil {
			e.cut = []string{""}
		}
	}
	e.result = results
	return e, nil
}

// executeItem runs a step for one item, on the targets its kind asks for, and adds
// to e what came of it.
func (r *Run) executeItem(ctx context.Context, step *playbooks.Step, st *state, values map[string]any, item any,
	store *journal.Store, e *execution) (result any, cut []string) {
	targets := st.targetsOf(step.Kind)
	if len(targets) == 0 {
		e.failed = append(e.failed, "there is no account and region to look at")
		return nil, nil
	}
	var reached []steps.Target
	var results []map[string]any
	var examined int64
	for _, target := range targets {
		part := journal.Part{Item: item, Target: target}
		found, err := r.attempt(ctx, step, values, target, store, e)
		part.Blocks, part.Quality, part.Names, part.Changes = found.Blocks, found.Quality, found.Names, found.Changes
		if err != nil {
			part.Reason = e.fail(err, target)
		}
		if found.Value != nil {
			plain, _ := steps.Plain(found.Value).(map[string]any)
			reached, results = append(reached, target), append(results, plain)
		}
		if err == nil && step.ForEach != nil && found.Quality.Examined == 0 && !step.Kind.Merged() {
			// Other items may have seen much; this one saw nothing.
			found.Quality.Gaps = append(found.Quality.Gaps, steps.Gap{
				Source: fmt.Sprintf("item %v", item), Problem: nothing(found.Quality), Blocking: true,
			})
		}
		e.changes += len(found.Changes)
		examined += found.Quality.Examined
		e.add(found.Quality)
		cut = append(cut, found.Quality.Cut...)
		e.parts = append(e.parts, part)
	}
	// Targets are different things, items mostly look at the same things again.
	e.quality.Examined = max(e.quality.Examined, examined)
	switch {
	case results == nil:
		return nil, cut
	case step.Kind.Merged():
		return steps.Merge(reached, results), cut
	}
	return results[0], cut
}

// targetsOf are the targets that a kind runs on: each account and region, each account
// in order, or one without either.
func (st *state) targetsOf(kind steps.Kind) []steps.Target {
	switch {
	case kind.PerTarget:
		return st.targets
	case kind.PerAccount:
		var accounts []steps.Target
		for _, target := range st.targets {
			if account := (steps.Target{Account: target.Account}); !slices.Contains(accounts, account) {
				accounts = append(accounts, account)
			}
		}
		return accounts
	}
	return []steps.Target{{}}
}

// fail sorts an error of one part into what it means for the step.
func (e *execution) fail(err error, target steps.Target) string {
	reason := strings.ReplaceAll(err.Error(), "\n", "; ") // of joined errors
	if place := target.String(); place != "" {
		reason = place + ": " + reason
	}
	var skip *steps.Skip
	switch {
	case errors.Is(err, steps.ErrPending):
		e.pending = true
	case errors.As(err, &skip):
		e.skipped = append(e.skipped, skip.Reason)
	default:
		e.failed = append(e.failed, reason)
	}
	return reason
}

func (e *execution) add(q steps.Quality) {
	if e.quality.Unit == "" {
		e.quality.Unit = q.Unit
	}
	for _, gap := range q.Gaps {
		if !hasGap(e.quality.Gaps, gap) {
			e.quality.Gaps = append(e.quality.Gaps, gap)
		}
	}
	for _, reading := range q.Read { // other parts of the step mostly read the same
		if !slices.Contains(e.quality.Read, reading) {
			e.quality.Read = append(e.quality.Read, reading)
		}
	}
}

func hasGap(gaps []steps.Gap, gap steps.Gap) bool {
	for _, other := range gaps {
		if other.Source == gap.Source && other.Problem == gap.Problem {
			return true
		}
	}
	return false
}

// readsCut returns the first path in reads that leads into a list that was cut:
// of an earlier step ("steps.talkers.result.rows") or, with own, of the step's own
// result. A list given to take() is asked for in part, which is no cut.
func (st *state) readsCut(reads, own []string) string {
	for _, path := range reads {
		if strings.HasPrefix(path, "take:") {
			continue
		}
		path = strings.ReplaceAll(path, "?.", ".")
		cut := own
		below, isOwn := within(path, "result")
		if !isOwn {
			id, rest, _ := strings.Cut(strings.TrimPrefix(path, "steps."), ".")
			before := st.outcomes[id]
			if before == nil || !strings.HasPrefix(path, "steps.") {
				continue
			}
			if below, isOwn = within(rest, "result"); !isOwn {
				continue
			}
			cut = before.cut
		}
		for _, list := range cut {
			if below == "" || list == "" || below == list || strings.HasPrefix(below, list+".") {
				return path
			}
		}
	}
	return ""
}

// within returns what follows name in a path, and whether the path begins with it.
func within(path, name string) (string, bool) {
	if path == name {
		return "", true
	}
	return strings.CutPrefix(path, name+".")
}
