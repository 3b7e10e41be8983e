// Package plan is what the kinds that change AWS have in common: which resources a step
// was given, which of them it may touch, and the plan that it ends in. It makes no call.
package plan

import (
	"errors"
	"fmt"
	"strings"

	"playbook/steps"
)

// MaxChanges is how many resources a step may touch unless it is told otherwise: few
// enough for a person to read before saying yes.
const MaxChanges = 5

// Result says of every resource what is to become of it. The calls themselves are the
// result's changes, which the report shows.
type Result struct {
	Resources []Resource `json:"resources"`
	Calls     int64      `json:"calls"` // that were worked out
}

// Resource is one resource that a step was given, or found to be concerned.
type Resource struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Outcome string `json:"outcome"` // Planned, Unchanged or Refused
	Why     string `json:"why"`     // what is planned, why nothing has to be, or why it is refused
}

// The outcomes of a resource.
const (
	Planned   = "planned"
	Unchanged = "unchanged" // it is as wanted
	Refused   = "refused"   // it is not as wanted, and is left alone
)

// Plan grows while a step looks at its resources.
type Plan struct {
	Wanted []Wanted // what is to be looked at in this account and region

	target    steps.Target
	guard     guard
	max       int64
	elsewhere int64 // given, and in other accounts and regions
	changes   []steps.Change
	resources []Resource
	touched   int64
	errs      []error
}

// New begins a plan from the options that all these kinds have.
func New(target steps.Target, given, protect []any, max int64) (*Plan, error) {
	p := &Plan{target: target, max: max}
	all, err1 := read(given)
	var err2 error
	p.guard, err2 = readGuard(protect)
	p.Wanted, p.elsewhere = here(all, target)
	return p, errors.Join(err1, err2)
}

// Call adds a call and returns its position, for references to what it gives back. The
// target is filled in.
func (p *Plan) Call(change steps.Change) int {
	change.Target = p.target
	p.changes = append(p.changes, change)
	return len(p.changes) - 1
}

// Next is the position that the next call will have.
func (p *Plan) Next() int { return len(p.changes) }

// Planned says that a resource is to be touched.
func (p *Plan) Planned(id, name, what string) {
	p.touched++
	p.resources = append(p.resources, Resource{id, name, Planned, what})
}

// Unchanged says that a resource needs nothing.
func (p *Plan) Unchanged(id, name, why string) {
	p.resources = append(p.resources, Resource{id, name, Unchanged, why})
}

// Refused says that a resource is left alone although it is not as wanted.
func (p *Plan) Refused(id, name, why string) {
	p.resources = append(p.resources, Resource{id, name, Refused, why})
}

// Missing says that AWS's answers do not hold a resource. Whatever is known of the others
// is planned, and the step fails.
func (p *Plan) Missing(what, id string) {
	p.errs = append(p.errs, &steps.Missing{
		What: fmt.Sprintf("%s %s in the answers of AWS for %s", what, id, p.target),
		Hint: "it may be gone; give maps of id, account and region when there is more than one",
	})
}

// Fail keeps an error about one resource.
func (p *Plan) Fail(err error) { p.errs = append(p.errs, err) }

// Result ends the plan; unit is what the resources are called. More resources than the
// step may touch are an error without any call, and so are refusals with nothing planned
// beside them: neither may look as if there were nothing to do.
func (p *Plan) Result(unit string) (steps.Result, error) {
	quality := steps.Quality{Examined: int64(len(p.resources)), Unit: unit}
	if total := p.touched + p.elsewhere; p.touched > 0 && total > p.max {
		p.errs = append(p.errs, fmt.Errorf("refused: this would touch %d %s%s, more than max_changes (%d): "+
			"look through the list, then give fewer or raise max_changes", total, unit, p.others(), p.max))
		p.changes = nil
		for i := range p.resources {
			if p.resources[i].Outcome == Planned {
				p.resources[i].Outcome, p.resources[i].Why = Refused, "there are more than max_changes; without that: "+p.resources[i].Why
			}
		}
	} else {
		quality.Gaps = p.refusals()
	}
	if len(p.changes) == 0 && len(quality.Gaps) > 0 {
		var reasons []string
		for _, gap := range quality.Gaps {
			reasons = append(reasons, gap.Source+": "+gap.Problem)
		}
		p.errs = append(p.errs, errors.New("nothing is planned, and something is refused: "+strings.Join(reasons, "; ")))
	}
	value := Result{Resources: p.resources, Calls: int64(len(p.changes))}
	if value.Resources == nil {
		value.Resources = []Resource{}
	}
	return steps.Result{Value: value, Blocks: p.blocks(), Changes: p.changes, Quality: quality}, errors.Join(p.errs...)
}

func (p *Plan) others() string {
	if p.elsewhere == 0 {
		return ""
	}
	return fmt.Sprintf(" (with up to %d in other accounts and regions)", p.elsewhere)
}

// refusals are gaps: what was to be changed, and stays as it is.
func (p *Plan) refusals() []steps.Gap {
	var gaps []steps.Gap
	for _, r := range p.resources {
		if r.Outcome == Refused {
			gaps = append(gaps, steps.Gap{Source: r.ID, Problem: "refused: " + r.Why, Blocking: true})
		}
	}
	return gaps
}

func (p *Plan) blocks() []steps.Block {
	if len(p.resources) == 0 {
		return nil
	}
	table := &steps.Table{
		Title:   "What is to be done",
		Columns: []steps.TableColumn{{Name: "resource"}, {Name: "name"}, {Name: "outcome"}, {Name: "why"}},
		Total:   int64(len(p.resources)),
	}
	for _, r := range p.resources {
		table.Rows = append(table.Rows, []any{r.ID, r.Name, r.Outcome, r.Why})
	}
	return []steps.Block{{Table: table}}
}

// Region is the region that the plan is for.
func (p *Plan) Region() string { return p.target.Region }
