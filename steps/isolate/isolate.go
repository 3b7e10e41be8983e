// Package isolate is the kind of step that plans to cut instances off the network, by
// giving every interface of theirs a security group without any rule.
package isolate

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"playbook/steps"
	"playbook/steps/plan"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "isolate_instance",
		Summary:    "Plan to cut instances off the network by a security group without rules",
		Doc:        doc,
		Effect:     steps.Changes,
		Operations: []string{"ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"},
		Writes: []string{"ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup", "ec2:ModifyNetworkInterfaceAttribute",
			"ec2:RevokeSecurityGroupEgress"},
		PerTarget: true,
		Result:    plan.Result{},
		New:       func() steps.Step { return &Step{Group: "playbook-isolation", MaxChanges: plan.MaxChanges} },
		Example: `id: isolate
phase: containment
title: Cut the affected instances off
uses: isolate_instance
with:
  instances: [{id: i-05a495ac3533698ef, account: "111122223333", region: eu-west-1}]
  protect: [{key: tier, value: domain-controller}]
`,
	}
}

const unit = "instances"

// Step is the options.
type Step struct {
	Instances  []any  `yaml:"instances" jsonschema:"required,description=Ids of instances or of their interfaces or maps of id and account and region"`
	Group      string `yaml:"group,omitempty" jsonschema:"minLength=1,maxLength=255,description=Name of the security group without rules (playbook-isolation); made in a VPC that has none"`
	MaxChanges int64  `yaml:"max_changes,omitempty" jsonschema:"minimum=1,description=How many instances at most (5)"`
	Protect    []any  `yaml:"protect,omitempty" jsonschema:"description=Ids and tags of instances and interfaces that are left alone"`
}

// Validate checks the lists and the name.
func (s *Step) Validate(known func(path string) bool) []steps.Problem {
	problems := plan.Validate(known, "instances", s.Instances, s.Protect)
	if known("group") && strings.HasPrefix(s.Group, "sg-") { // EC2 API Reference, CreateSecurityGroup
		problems = append(problems, steps.Problem{Path: "group", Message: "the name of a group cannot begin with sg-", Hint: "give its name, not its id"})
	}
	return problems
}

// Run plans, for each instance, a call for each of its interfaces: one that kept its
// groups would be a way out.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	p, err := plan.New(env.Target, s.Instances, s.Protect, s.MaxChanges)
	if err != nil {
		return steps.Result{}, err
	}
	if len(p.Wanted) == 0 {
		return p.Result(unit)
	}
	n, err := read(ctx, env.Cloud)
	if err != nil {
		return steps.Result{}, err
	}
	isolator := isolator{step: s, plan: p, network: n, groups: map[string]group{}}
	done := map[string]bool{}
	for _, wanted := range p.Wanted {
		id := wanted.ID
		if attached := n.instanceOf(id); attached != "" {
			id = attached
		}
		if !done[id] {
			isolator.isolate(id)
		}
		done[id] = true
	}
	return p.Result(unit)
}

// network is what AWS says about one account and region.
type network struct {
	instances  map[string]map[string]any
	interfaces []map[string]any
	groups     []map[string]any
	vpcs       map[string]map[string]any
}

func read(ctx context.Context, cloud steps.Cloud) (n network, err error) {
	var errs [4]error
	n.instances, errs[0] = plan.Instances(ctx, cloud)
	n.interfaces, errs[1] = steps.ReadList(ctx, cloud, "ec2:DescribeNetworkInterfaces", "NetworkInterfaces")
	n.groups, errs[2] = steps.ReadList(ctx, cloud, "ec2:DescribeSecurityGroups", "SecurityGroups")
	n.vpcs, errs[3] = plan.ByID(ctx, cloud, "ec2:DescribeVpcs", "Vpcs", "VpcId")
	return n, errors.Join(errs[:]...)
}

// instanceOf is the instance that an interface is attached to, or "".
func (n network) instanceOf(id string) string {
	for _, raw := range n.interfaces {
		if steps.TextOf(raw, "NetworkInterfaceId") == id {
			return attachedTo(raw)
		}
	}
	return ""
}

func attachedTo(raw map[string]any) string {
	attachment, _ := raw["Attachment"].(map[string]any)
	return steps.TextOf(attachment, "InstanceId")
}

// belonging are the interfaces of an instance; for the id of an interface that is
// attached to none, that one.
func (n network) belonging(id string) []map[string]any {
	var found []map[string]any
	for _, raw := range n.interfaces {
		if attachedTo(raw) == id || steps.TextOf(raw, "NetworkInterfaceId") == id {
			found = append(found, raw)
		}
	}
	return found
}

type isolator struct {
	step    *Step
	plan    *plan.Plan
	network network
	groups  map[string]group // that are known, or planned, by VPC
}

// isolate plans all of one instance or nothing of it: half of its interfaces would look
// like an isolated instance.
func (i *isolator) isolate(id string) {
	raw, isInstance := i.network.instances[id]
	interfaces := i.network.belonging(id)
	if len(interfaces) == 0 && !isInstance {
		i.plan.Missing("instance or interface", id)
		return
	}
	name := plan.Name(raw, id)
	if why := i.refusal(id, raw, interfaces); why != "" {
		i.plan.Refused(id, name, why)
		return
	}
	var moves []func()
	for _, each := range interfaces {
		vpc := steps.TextOf(each, "VpcId")
		g, ok := i.groups[vpc]
		if !ok {
			g = i.find(vpc)
		}
		switch {
		case g.why != "":
			i.plan.Refused(id, name, g.why)
			return
		case g.only(each):
		default:
			moves = append(moves, func() { i.move(each, id, name, raw) })
		}
	}
	if len(moves) == 0 {
		i.plan.Unchanged(id, name, "all its interfaces have the isolation group and no other")
		return
	}
	i.plan.Planned(id, name, fmt.Sprintf("%d of %d interfaces get the group %s alone", len(moves), len(interfaces), i.step.Group))
	for _, move := range moves {
		move()
	}
}

// refusal says why an instance is left alone, or "".
func (i *isolator) refusal(id string, raw map[string]any, interfaces []map[string]any) string {
	if why := i.plan.Protects(id, raw); why != "" {
		return why
	}
	state, _ := raw["State"].(map[string]any)
	if len(interfaces) == 0 {
		return "it has no interface in the answers of AWS (it is " + steps.TextOf(state, "Name") + ")"
	}
	for _, each := range interfaces {
		interfaceID := steps.TextOf(each, "NetworkInterfaceId")
		if why := i.plan.Protects(interfaceID, each); why != "" {
			return "interface " + interfaceID + " is " + why
		}
		if managed, _ := each["RequesterManaged"].(bool); managed {
			return "interface " + interfaceID + " is managed by AWS (" + steps.TextOf(each, "RequesterId") + "), and its groups by that service"
		}
		if len(steps.MapsOf(each, "Groups")) == 0 {
			return "the groups of interface " + interfaceID + " are not in the answers of AWS, so there would be no way back"
		}
	}
	return ""
}

// move plans the change of groups of one interface.
func (i *isolator) move(raw map[string]any, id, name string, instance map[string]any) {
	interfaceID, vpc := steps.TextOf(raw, "NetworkInterfaceId"), steps.TextOf(raw, "VpcId")
	var before []any
	for _, g := range steps.MapsOf(raw, "Groups") {
		before = append(before, steps.TextOf(g, "GroupId"))
	}
	set := func(groups []any) steps.Call {
		return steps.Call{Operation: "ec2:ModifyNetworkInterfaceAttribute", Input: map[string]any{"NetworkInterfaceId": interfaceID, "Groups": groups}}
	}
	i.plan.Call(steps.Change{
		Call:     set([]any{i.group(vpc)}),
		Resource: interfaceID,
		Reason:   fmt.Sprintf("Cut interface %s of %s (%s) off: its only group has no rules", interfaceID, name, id),
		Before:   map[string]any{"Groups": raw["Groups"]},
		Undo:     []steps.Call{set(before)},
		Notes:    notes(instance),
	})
}

// notes say what a change of groups leaves as it is. Connections: EC2 User Guide,
// "Security group connection tracking". Credentials: EC2 User Guide, "Retrieve security
// credentials from instance metadata". Groups of instances: EC2 Auto Scaling User Guide,
// "Health checks for instances in an Auto Scaling group".
func notes(instance map[string]any) []string {
	all := []string{
		"Established connections that are tracked stay open until they end or time out; those that are not tracked end at once. Block the address in the network ACL to end them too.",
		"Credentials that were taken from the instance's metadata stay valid until they expire, wherever they are used: revoke the sessions of its role.",
		"Session Manager and other agents lose the instance too. A load balancer that has it as a target finds it unhealthy.",
	}
	if scaling := plan.Tag(instance, "aws:autoscaling:groupName"); scaling != "" {
		all = append(all, fmt.Sprintf("It belongs to the Auto Scaling group %s, which may find it unhealthy and terminate it: detach it or put it in standby first.", scaling))
	}
	return all
}
