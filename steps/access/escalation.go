package access

import (
	"fmt"
	"slices"
	"strings"
)

// Paths by which a principal that is no administrator becomes one. The list is small and
// known (Rhino Security Labs, "AWS IAM Privilege Escalation: Methods and Mitigation");
// that none of them is open does not mean that there is no other.

// rewriting changes what policies say. Each is enough on one resource of the kind that
// exists.
var rewriting = []struct{ action, on string }{
	{"iam:CreatePolicyVersion", "policy"}, {"iam:SetDefaultPolicyVersion", "policy"},
	{"iam:AttachUserPolicy", "user"}, {"iam:AttachGroupPolicy", "group"}, {"iam:AttachRolePolicy", "role"},
	{"iam:PutUserPolicy", "user"}, {"iam:PutGroupPolicy", "group"}, {"iam:PutRolePolicy", "role"},
}

// overtaking gives the rights of an administrator that exists already.
var overtaking = []struct{ action, on string }{
	{"iam:AddUserToGroup", "group"},
	{"iam:CreateAccessKey", "user"}, {"iam:CreateLoginProfile", "user"}, {"iam:UpdateLoginProfile", "user"},
	{"iam:UpdateAssumeRolePolicy", "role"},
}

// running makes a service run as a role that it is given (with iam:PassRole) or that it
// has already.
var running = []struct {
	action, service string
	passes          bool
}{
	{"ec2:RunInstances", "ec2.amazonaws.com", true},
	{"lambda:CreateFunction", "lambda.amazonaws.com", true},
	{"cloudformation:CreateStack", "cloudformation.amazonaws.com", true},
	{"glue:CreateDevEndpoint", "glue.amazonaws.com", true},
	{"glue:CreateJob", "glue.amazonaws.com", true},
	{"ecs:RunTask", "ecs-tasks.amazonaws.com", true},
	{"codebuild:CreateProject", "codebuild.amazonaws.com", true},
	{"sagemaker:CreateNotebookInstance", "sagemaker.amazonaws.com", true},
	{"datapipeline:CreatePipeline", "datapipeline.amazonaws.com", true},
	{"lambda:UpdateFunctionCode", "lambda.amazonaws.com", false},
	{"ssm:SendCommand", "ec2.amazonaws.com", false},
	{"ssm:StartSession", "ec2.amazonaws.com", false},
}

// findAdministrators marks who is an administrator: those with all rights, then those
// who can take them, until nobody is added.
func (a *accountFacts) findAdministrators() {
	everybody := slices.Concat(a.subjects, a.groups)
	for _, p := range everybody {
		if s, ok := p.may("*", "*"); ok {
			p.administrator = true
			p.paths = append(p.paths, s.from+" allows every action on every resource")
			p.note(s)
		}
	}
	for more := true; more; {
		more = false
		for _, p := range everybody {
			if p.administrator || p.linked() {
				continue // nobody but a service of AWS can use a service-linked role
			}
			if path, s := a.escalation(p); path != "" {
				p.administrator, p.escalates, more = true, true, true
				p.paths = append(p.paths, path)
				p.note(s)
			}
		}
	}
}

// escalation is the first path that is open to a principal, and what opens it.
func (a *accountFacts) escalation(p *subject) (path string, by *statement) {
	for _, r := range rewriting {
		if _, any := p.may(r.action, ""); !any {
			continue
		}
		for _, resource := range a.resources[r.on] {
			if s, ok := p.may(r.action, resource); ok {
				return fmt.Sprintf("%s allows %s on %s", s.from, r.action, resource), s
			}
		}
	}
	anyRole := "arn:aws*:iam::" + a.account + ":role/*"
	if create, ok := p.mayMake("iam:CreateRole", anyRole); ok {
		for _, action := range []string{"iam:AttachRolePolicy", "iam:PutRolePolicy"} {
			if s, ok := p.mayMake(action, anyRole); ok {
				return fmt.Sprintf("%s allows iam:CreateRole, and %s allows %s", create.from, s.from, action), create
			}
		}
	}
	for _, o := range overtaking {
		if _, any := p.may(o.action, ""); !any {
			continue
		}
		for _, owner := range a.administrators(o.on) {
			if s, ok := p.may(o.action, owner); ok && owner != p.arn {
				return fmt.Sprintf("%s allows %s on %s, an administrator", s.from, o.action, owner), s
			}
		}
	}
	for _, role := range a.subjects {
		if role.kind != "role" || !role.administrator || role == p {
			continue
		}
		if how, s := p.assumes(role); how != "" {
			return fmt.Sprintf("it can assume %s, an administrator: %s", role.arn, how), s
		}
		if path, s := p.runsAs(role); path != "" {
			return path, s
		}
	}
	return "", nil
}

// administrators are the ARNs of those of a kind (user, group, role) that are.
func (a *accountFacts) administrators(kind string) []string {
	var arns []string
	for _, p := range slices.Concat(a.subjects, a.groups) {
		if p.administrator && p.kind == kind {
			arns = append(arns, p.arn)
		}
	}
	return arns
}

// assumes says how a principal can assume a role of its account, or "".
func (p *subject) assumes(role *subject) (how string, by *statement) {
	for _, t := range role.trust {
		named, byAccount := t.admits(p)
		if !named && !byAccount {
			continue
		}
		s, ok := p.may("sts:AssumeRole", role.arn)
		switch {
		case ok:
			return s.from + " allows sts:AssumeRole", s
		case named && !p.refused("sts:AssumeRole", role.arn):
			return "its trust policy names it", nil
		}
	}
	return "", nil
}

// refused reports whether an action is denied outright, rather than just not allowed.
func (p *subject) refused(action, resource string) bool {
	return slices.ContainsFunc(slices.Concat(p.identity, p.boundary), func(s statement) bool {
		return !s.allow && len(s.conditions) == 0 && s.all(strings.ToLower(action)) && p.everywhere(s, resource)
	})
}

func (p *subject) runsAs(role *subject) (path string, by *statement) {
	pass, passes := p.may("iam:PassRole", role.arn)
	for _, r := range running {
		if r.passes && !passes || !slices.ContainsFunc(role.trust, func(t Trust) bool { return t.Type == "service" && t.Who == r.service }) {
			continue
		}
		runs, _, _ := strings.Cut(r.service, ".")
		on := "arn:aws*:" + strings.TrimSuffix(runs, "-tasks") + ":*" // what the action is allowed on
		if s, ok := p.mayMake(r.action, on); ok && r.passes {
			return fmt.Sprintf("%s allows iam:PassRole of %s, an administrator, and %s allows %s", pass.from, role.arn, s.from, r.action), pass
		} else if ok {
			return fmt.Sprintf("%s allows %s, on what may run as %s, an administrator", s.from, r.action, role.arn), s
		}
	}
	return "", nil
}
