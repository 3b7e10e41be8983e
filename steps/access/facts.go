package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"playbook/steps"
)

// subject is a user, a role or a group with all that speaks of it.
type subject struct {
	policies
	arn, name, kind, account string
	created, used            *time.Time
	boundaryARN              string
	trust                    []Trust

	administrator, escalates bool
	paths                    []string // why it is an administrator
	conditions               []string // of the statements that were counted
}

// linked reports whether this is a role that belongs to a service of AWS (IAM User
// Guide, "Create a service-linked role").
func (p *subject) linked() bool { return strings.Contains(p.arn, ":role/aws-service-role/") }

// note keeps the conditions of a statement that was counted.
func (p *subject) note(s *statement) {
	if s == nil {
		return
	}
	for _, c := range s.conditions {
		if text := c.String(); len(p.conditions) < maxNotes && !slices.Contains(p.conditions, text) {
			p.conditions = append(p.conditions, text)
		}
	}
}

// maxNotes bounds the reasons and conditions that are kept of one principal.
const maxNotes = 20

// accountFacts is all that IAM says of one account.
type accountFacts struct {
	account   string
	subjects  []*subject // users and roles
	groups    []*subject
	managed   map[string][]statement // policies by ARN
	unread    map[string]bool        // policies whose document was reported already
	resources map[string][]string    // ARNs of what can be rewritten: user, group, role, policy
	gaps      []steps.Gap
}

// details are the lists of an answer, in the order in which they build on one another.
type details struct{ policies, groups, users, roles []map[string]any }

func readDetails(ctx context.Context, cloud steps.Cloud) (d details, err error) {
	for page, err := range cloud.Read(ctx, getDetails, nil) {
		if err != nil {
			return d, err
		}
		d.policies = append(d.policies, steps.MapsOf(page, "Policies")...)
		d.groups = append(d.groups, steps.MapsOf(page, "GroupDetailList")...)
		d.users = append(d.users, steps.MapsOf(page, "UserDetailList")...)
		d.roles = append(d.roles, steps.MapsOf(page, "RoleDetailList")...)
		for _, list := range []string{"Policies", "GroupDetailList", "UserDetailList", "RoleDetailList"} {
			if page[list] == nil {
				return d, fmt.Errorf("read %s: a page has no %s; was it made with --filter?", getDetails, list)
			}
		}
	}
	return d, nil
}

// newFacts reads all policies. One that cannot be read, or is not there, is a gap that
// blocks: what it allows is not known.
func newFacts(account string, d details) (*accountFacts, error) {
	a := &accountFacts{account: account, managed: map[string][]statement{}, unread: map[string]bool{}, resources: map[string][]string{}}
	for _, raw := range d.policies {
		arn := steps.TextOf(raw, "Arn")
		a.managed[arn] = a.parse(defaultVersion(raw), "policy "+steps.TextOf(raw, "PolicyName"))
		if !strings.Contains(arn, ":iam::aws:policy/") { // AWS alone changes its own
			a.resources["policy"] = append(a.resources["policy"], arn)
		}
	}
	groups := map[string]*subject{}
	for _, raw := range d.groups {
		g, err := a.subject(raw, "group", "GroupName", "GroupPolicyList")
		if err != nil {
			return nil, err
		}
		a.groups, groups[g.name] = append(a.groups, g), g
	}
	for _, raw := range d.users {
		u, err := a.subject(raw, "user", "UserName", "UserPolicyList")
		if err != nil {
			return nil, err
		}
		u.self["aws:username"] = u.name
		names, _ := raw["GroupList"].([]any)
		for _, name := range names {
			text, _ := name.(string)
			if groups[text] == nil {
				a.gap("group "+steps.Cut(text, 128), "it is not in the answer, so what its members may do is not known")
				continue
			}
			for _, s := range groups[text].identity {
				s.from += ", through group " + text
				u.identity = append(u.identity, s)
			}
		}
		a.subjects = append(a.subjects, u)
	}
	for _, raw := range d.roles {
		r, err := a.subject(raw, "role", "RoleName", "RolePolicyList")
		if err != nil {
			return nil, err
		}
		r.self["aws:username"] = "\x00" // a role has none: a pattern with it matches nothing
		r.trust = trusts(a.parse(raw["AssumeRolePolicyDocument"], "the trust policy of "+r.name), account)
		used, _ := raw["RoleLastUsed"].(map[string]any)
		r.used = instant(used["LastUsedDate"])
		a.subjects = append(a.subjects, r)
	}
	return a, nil
}

// subject reads what users, groups and roles have in common.
func (a *accountFacts) subject(raw map[string]any, kind, nameField, inline string) (*subject, error) {
	p := &subject{arn: steps.TextOf(raw, "Arn"), name: steps.TextOf(raw, nameField), kind: kind, account: a.account, created: instant(raw["CreateDate"])}
	if p.arn == "" || p.name == "" {
		return nil, fmt.Errorf("read %s: a %s has no Arn or no %s", getDetails, kind, nameField)
	}
	if parts := strings.SplitN(p.arn, ":", 6); len(parts) < 6 || parts[4] != a.account {
		return nil, fmt.Errorf("read %s: %s is not of account %s; is this the answer of another account?", getDetails, steps.Cut(p.arn, 200), a.account)
	}
	p.self = map[string]string{"aws:principalaccount": a.account}
	a.resources[kind] = append(a.resources[kind], p.arn)
	for _, policy := range steps.MapsOf(raw, inline) {
		p.identity = append(p.identity, a.parse(policy["PolicyDocument"],
			fmt.Sprintf("inline policy %s of %s", steps.TextOf(policy, "PolicyName"), p.name))...)
	}
	for _, attached := range steps.MapsOf(raw, "AttachedManagedPolicies") {
		p.identity = append(p.identity, a.attached(steps.TextOf(attached, "PolicyArn"))...)
	}
	if boundary, ok := raw["PermissionsBoundary"].(map[string]any); ok {
		p.boundaryARN = steps.TextOf(boundary, "PermissionsBoundaryArn")
		p.boundary = a.managed[p.boundaryARN]
		if p.bounded = len(p.boundary) > 0; !p.bounded {
			// Taken as no limit, which names too many rather than too few.
			a.gap(steps.Cut(p.boundaryARN, 200), "this permissions boundary is not known; it was taken as no limit")
		}
	}
	return p, nil
}

func (a *accountFacts) attached(arn string) []statement {
	statements, ok := a.managed[arn]
	switch {
	case ok:
		return statements
	case strings.HasSuffix(arn, ":iam::aws:policy/AdministratorAccess"):
		return []statement{{allow: true, actions: []string{"*"}, resources: []string{"*"}, from: "policy AdministratorAccess"}}
	}
	a.gap(steps.Cut(arn, 200), "this policy is attached and not in the answer, so what it allows is not known")
	return nil
}

func (a *accountFacts) parse(raw any, from string) []statement {
	statements, err := parsePolicy(raw, steps.Cut(from, 200))
	if err != nil {
		a.gap(steps.Cut(from, 200), "it cannot be read, so what it allows is not known: "+err.Error())
	}
	return statements
}

func (a *accountFacts) gap(source, problem string) {
	if !a.unread[source] {
		a.unread[source] = true
		a.gaps = append(a.gaps, steps.Gap{Source: source, Problem: problem, Blocking: true})
	}
}

// instant reads a time as the AWS CLI prints it; nil when there is none.
func instant(raw any) *time.Time {
	switch raw := raw.(type) {
	case string:
		if at, err := time.Parse(time.RFC3339Nano, raw); err == nil {
			at = at.UTC()
			return &at
		}
	case time.Time:
		at := raw.UTC()
		return &at
	}
	return nil
}
