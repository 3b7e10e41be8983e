// Package revoke is the kind of step that plans to close ports, by taking away the
// security group rules that open them, and no other.
package revoke

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"

	"playbook/steps"
	"playbook/steps/plan"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "revoke_rule",
		Summary:    "Plan to take away the security group rules that open ports",
		Doc:        doc,
		Effect:     steps.Changes,
		Operations: []string{"ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"},
		Writes:     []string{"ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"},
		PerTarget:  true,
		Result:     plan.Result{},
		New:        func() steps.Step { return &Step{MaxChanges: plan.MaxChanges} },
		Example: `id: close
phase: containment
title: Close SSH to the internet
uses: revoke_rule
with:
  rules:
    - {group: sg-0774c1af56163f287, protocol: tcp, from_port: 22, to_port: 22, cidr: 0.0.0.0/0,
       account: "111122223333", region: eu-west-1}
  protect: [{key: keep, value: "yes"}]
`,
	}
}

const unit = "security group rules"

// Step is the options.
type Step struct {
	Rules      []any `yaml:"rules" jsonschema:"required,description=Rules as maps of group and protocol and from_port and to_port and cidr or exposures as the kind exposure gives them; with account and region"`
	MaxChanges int64 `yaml:"max_changes,omitempty" jsonschema:"minimum=1,description=How many rules at most (5)"`
	Protect    []any `yaml:"protect,omitempty" jsonschema:"description=Ids and tags of groups and interfaces that are left alone and addresses and blocks that keep their way in"`
}

// Validate checks the lists.
func (s *Step) Validate(known func(path string) bool) []steps.Problem {
	problems := plan.Validate(known, "rules", s.Rules, s.Protect)
	if len(problems) > 0 || !known("rules") {
		return problems
	}
	for i, given := range s.Rules {
		fields, _ := steps.Plain(given).(map[string]any)
		if _, err := readWanted(fields); err != nil {
			problems = append(problems, steps.Problem{Path: fmt.Sprintf("rules[%d]", i), Message: err.Error()})
		}
	}
	return problems
}

// Run plans a call for each rule: its sources are taken one by one, so that the others of
// the same ports stay.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	p, err := plan.New(env.Target, s.Rules, s.Protect, s.MaxChanges)
	if err != nil {
		return steps.Result{}, err
	}
	if len(p.Wanted) == 0 {
		return p.Result(unit)
	}
	r := revoker{plan: p, seen: map[string]bool{}}
	var err1, err2 error
	r.groups, err1 = plan.ByID(ctx, env.Cloud, "ec2:DescribeSecurityGroups", "SecurityGroups", "GroupId")
	r.interfaces, err2 = plan.ByID(ctx, env.Cloud, "ec2:DescribeNetworkInterfaces", "NetworkInterfaces", "NetworkInterfaceId")
	if err := errors.Join(err1, err2); err != nil {
		return steps.Result{}, err
	}
	for _, given := range p.Wanted {
		w, err := readWanted(given.Given)
		switch {
		case err != nil:
			p.Fail(fmt.Errorf("%s: %w", given.ID, err))
		case w.group != "":
			r.rule(w)
		default:
			r.exposure(w)
		}
	}
	return p.Result(unit)
}

type revoker struct {
	plan       *plan.Plan
	groups     map[string]map[string]any
	interfaces map[string]map[string]any
	seen       map[string]bool // rules that were spoken of
}

// rule plans exactly the rule that was given.
func (r *revoker) rule(w wanted) {
	group, ok := r.groups[w.group]
	if !ok {
		r.plan.Missing("security group", w.group)
		return
	}
	opens := ""
	for _, each := range rulesOf(group) {
		if each.equals(w) {
			r.revoke(group, each, w)
			return
		}
		if each.opens(w, w.sources[0]) {
			opens = each.String()
		}
	}
	if opens != "" {
		r.plan.Refused(w.group, plan.Name(group, w.group), fmt.Sprintf("it has no rule %s, and another that opens the same: %s; give that one", w, opens))
		return
	}
	r.plan.Unchanged(w.group, plan.Name(group, w.group), fmt.Sprintf("it has no rule %s", w))
}

// exposure plans the rules behind what the internet can reach: those of the interface's
// groups that let one of its sources in.
func (r *revoker) exposure(w wanted) {
	raw, ok := r.interfaces[w.interfaceID]
	if !ok {
		r.plan.Missing("interface", w.interfaceID)
		return
	}
	name := plan.Name(raw, w.interfaceID)
	if why := r.plan.Protects(w.interfaceID, raw); why != "" {
		r.plan.Refused(w.interfaceID, name, why)
		return
	}
	memberships := steps.MapsOf(raw, "Groups")
	if len(memberships) == 0 {
		r.plan.Refused(w.interfaceID, name, "it has no security group: nothing can be taken away that would close "+w.String())
	}
	found := false
	for _, membership := range memberships {
		id := steps.TextOf(membership, "GroupId")
		group, ok := r.groups[id]
		if !ok {
			r.plan.Missing("security group", id)
			found = true
			continue
		}
		for _, each := range rulesOf(group) {
			for _, source := range w.sources {
				if each.opens(w, source) {
					found = true
					r.revoke(group, each, w)
					break
				}
			}
		}
	}
	if !found && len(memberships) > 0 {
		r.plan.Unchanged(w.interfaceID, name, "no rule of its groups opens "+w.String())
	}
}

// revoke plans to take one source of one permission away.
func (r *revoker) revoke(group map[string]any, each rule, w wanted) {
	id := steps.TextOf(group, "GroupId")
	label := id + " " + each.String()
	if r.seen[label] {
		return
	}
	r.seen[label] = true
	name := plan.Name(group, steps.TextOf(group, "GroupName"))
	if why := r.refusal(group, each, w); why != "" {
		r.plan.Refused(id, name, each.String()+": "+why)
		return
	}
	r.plan.Planned(id, name, "take away "+each.String())
	r.plan.Call(each.change(id, name, r.users(id)))
}

// refusal says why a rule is left alone, or "".
func (r *revoker) refusal(group map[string]any, each rule, w wanted) string {
	if why := r.plan.Protects(steps.TextOf(group, "GroupId"), group); why != "" {
		return why
	}
	switch {
	case each.prefixList != "":
		return "its source is a prefix list, which may hold addresses that need it; take it away by hand"
	case each.err != nil:
		return each.err.Error()
	}
	for _, protected := range r.plan.ProtectedBlocks() {
		if !protected.Overlaps(each.block) {
			continue
		}
		other := slices.ContainsFunc(rulesOf(group), func(other rule) bool {
			return other.err == nil && other.block == protected && other.opens(w, protected)
		})
		if protected.Bits() <= each.block.Bits() || !other {
			return fmt.Sprintf("it is the way in of %s, which is protected", protected)
		}
	}
	return ""
}

// users are the interfaces that have a group.
func (r *revoker) users(group string) int {
	count := 0
	for _, raw := range r.interfaces {
		for _, membership := range steps.MapsOf(raw, "Groups") {
			if steps.TextOf(membership, "GroupId") == group {
				count++
			}
		}
	}
	return count
}
