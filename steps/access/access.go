// Package access is the kind of step that works out from IAM's own description of an
// account who can change services, who is an administrator, who can assume each role, and
// whether roles are used. It evaluates policies by an approximation that errs on the side
// of naming a principal; what people did is not its concern.
package access

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"playbook/steps"
)

//go:embed doc.md
var doc string

const getDetails = "iam:GetAccountAuthorizationDetails"

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "access",
		Summary:    "Work out who can change services, who is an administrator, and who can assume each role",
		Doc:        doc,
		Effect:     steps.Reads,
		Operations: []string{getDetails},
		PerAccount: true,
		Result:     Result{},
		New:        func() steps.Step { return &Step{Unused: 90} },
		Example: `id: access
phase: preparation
title: Find out who can change services
uses: access
expect:
  - id: no_admin_from_outside
    each: filter(result.roles, .administrator)
    that: not item.outside
    resource: item.arn
    severity: high
    finding: ${{ item.name }} is an administrator and can be assumed from outside its account
`,
	}
}

// Step is the options.
type Step struct {
	Unused int64 `yaml:"unused,omitempty" jsonschema:"minimum=1,maximum=400,description=Days after which a role that nobody used counts as unused (90)"`
}

// Result is what IAM says of each account.
type Result struct {
	Principals []Principal `json:"principals"` // users and roles
	Roles      []Role      `json:"roles"`      // without those that belong to services of AWS
	Answers    []Answer    `json:"answers"`    // prepared, for a person to confirm
}

// Principal is a user or a role, and what it may do.
type Principal struct {
	ARN           string     `json:"arn"`
	Name          string     `json:"name"`
	Type          string     `json:"type"` // user, role, or service_linked_role
	Administrator bool       `json:"administrator"`
	Escalates     bool       `json:"escalates"`   // administrator only by a path that it can take
	CanChange     []string   `json:"can_change"`  // services as IAM names them; * is all
	Because       []string   `json:"because"`     // the paths, and the policies with their actions
	Conditions    []string   `json:"conditions"`  // of those policies; not evaluated
	Boundary      string     `json:"boundary"`    // ARN of the permissions boundary, or ""
	Created       *time.Time `json:"created"`     // nil: not known
	LastUsed      *time.Time `json:"last_used"`   // nil: not in the last 400 days, or a user
	UnusedDays    *int64     `json:"unused_days"` // of a role, since its last use or its creation; nil of a user
	Unused        bool       `json:"unused"`      // for longer than the option says
}

// Role is a role, and who can assume it.
type Role struct {
	ARN           string   `json:"arn"`
	Name          string   `json:"name"`
	Administrator bool     `json:"administrator"`
	CanChange     []string `json:"can_change"`
	AssumableBy   []Trust  `json:"assumable_by"` // as the trust policy says
	Holders       []string `json:"holders"`      // ARNs of users and roles of this account that can assume it, the first 200
	HolderCount   int64    `json:"holder_count"` // how many there are
	Outside       bool     `json:"outside"`      // somebody outside of this account can
	Anyone        bool     `json:"anyone"`       // anybody at all can

	users []string // names of the users among the holders
}

// maxHolders bounds a list that has, for each role, everybody in the account at worst.
const maxHolders = 200

// Answer is the prepared answer to one of the source's questions on access.
type Answer struct {
	Question string `json:"question"` // change_roles, role_holders or least_privilege
	Text     string `json:"text"`
}

// Run evaluates the policies of one account.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	d, err := readDetails(ctx, env.Cloud)
	if err != nil {
		return steps.Result{}, err
	}
	a, err := newFacts(env.Target.Account, d)
	if err != nil {
		return steps.Result{}, err
	}
	a.findAdministrators()
	result := Result{Principals: []Principal{}, Roles: []Role{}}
	for _, p := range a.subjects {
		if err := ctx.Err(); err != nil {
			return steps.Result{}, err
		}
		found := s.principal(p, env.Now)
		result.Principals = append(result.Principals, found)
		if p.kind == "role" && !p.linked() {
			result.Roles = append(result.Roles, a.role(p, found))
		}
	}
	slices.SortStableFunc(result.Principals, func(x, y Principal) int { return cmp.Compare(x.ARN, y.ARN) })
	slices.SortStableFunc(result.Roles, func(x, y Role) int { return cmp.Compare(x.ARN, y.ARN) })
	result.Answers = s.answers(result)
	quality := steps.Quality{Examined: int64(len(result.Principals)), Unit: "users and roles", Gaps: a.gaps}
	if slices.ContainsFunc(result.Roles, func(r Role) bool { return r.HolderCount > maxHolders }) {
		quality.Cut = []string{"roles.holders"}
	}
	return steps.Result{Value: result, Blocks: blocks(result), Quality: quality}, nil
}

func (s *Step) principal(p *subject, now time.Time) Principal {
	found := Principal{ARN: p.arn, Name: p.name, Type: p.kind, Administrator: p.administrator, Escalates: p.escalates,
		CanChange: []string{}, Because: slices.Clone(p.paths), Boundary: p.boundaryARN, Created: p.created, LastUsed: p.used}
	if p.linked() {
		found.Type = "service_linked_role"
	}
	patterns := map[string][]string{} // by policy
	var policies []string
	for _, g := range p.changes() {
		found.CanChange = append(found.CanChange, g.service)
		p.note(g.statement)
		from, pattern := g.statement.from, g.pattern
		if g.statement.except {
			pattern = "all but " + strings.Join(g.statement.actions, ", ")
		}
		if patterns[from] == nil {
			policies = append(policies, from)
		}
		if !slices.Contains(patterns[from], pattern) {
			patterns[from] = append(patterns[from], pattern)
		}
	}
	slices.Sort(found.CanChange)
	found.CanChange = slices.Compact(found.CanChange)
	if slices.Contains(found.CanChange, "*") {
		found.CanChange = []string{"*"}
	}
	for _, from := range policies[:min(len(policies), maxNotes)] {
		found.Because = append(found.Because, steps.Cut(from+": "+enumerate(patterns[from], 8), 400))
	}
	if found.Because == nil {
		found.Because = []string{}
	}
	found.Conditions = append([]string{}, p.conditions...)
	s.age(&found, p, now)
	return found
}

// age says for how long a role has not been used. IAM tells of the last 400 days (IAM API
// Reference, RoleLastUsed), and of users nothing here.
func (s *Step) age(found *Principal, p *subject, now time.Time) {
	since := cmp.Or(p.used, p.created)
	if p.kind != "role" || since == nil {
		return
	}
	days := max(0, int64(now.Sub(*since)/(24*time.Hour)))
	if p.used == nil {
		days = min(days, 400)
	}
	found.UnusedDays, found.Unused = &days, days > s.Unused
}

func (a *accountFacts) role(p *subject, found Principal) Role {
	r := Role{ARN: p.arn, Name: p.name, Administrator: p.administrator, CanChange: found.CanChange, AssumableBy: p.trust, Holders: []string{}}
	for _, t := range p.trust {
		r.Outside, r.Anyone = r.Outside || t.Outside, r.Anyone || t.Anyone
	}
	for _, other := range a.subjects {
		if other == p || other.linked() {
			continue
		}
		if how, _ := other.assumes(p); how == "" {
			continue
		}
		if r.HolderCount++; r.HolderCount <= maxHolders {
			r.Holders = append(r.Holders, other.arn)
		}
		if other.kind == "user" {
			r.users = append(r.users, other.name)
		}
	}
	slices.Sort(r.Holders)
	slices.Sort(r.users)
	return r
}

// enumerate lists the first few, and says how many more there are.
func enumerate(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
