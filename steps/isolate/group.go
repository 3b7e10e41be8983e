package isolate

import (
	"fmt"

	"playbook/steps"
)

// group is the isolation group of one VPC.
type group struct {
	id    any    // its id; once planned a reference to what makes it; nil before
	why   string // it cannot be used
	known string // its id, when it exists
}

// only reports whether an interface has this group and no other.
func (g group) only(raw map[string]any) bool {
	groups := steps.MapsOf(raw, "Groups")
	return len(groups) == 1 && g.known != "" && steps.TextOf(groups[0], "GroupId") == g.known
}

// find looks for the isolation group of a VPC. One with a rule would isolate nothing.
func (i *isolator) find(vpc string) group {
	var g group
	for _, raw := range i.network.groups {
		if steps.TextOf(raw, "VpcId") != vpc || steps.TextOf(raw, "GroupName") != i.step.Group {
			continue
		}
		g.known = steps.TextOf(raw, "GroupId")
		g.id = g.known
		for _, list := range []string{"IpPermissions", "IpPermissionsEgress"} {
			if rules, ok := raw[list].([]any); !ok || len(rules) > 0 {
				g.why = fmt.Sprintf("group %s (%s) of %s has rules, or AWS did not say that it has none; empty it, or name another in `group`", i.step.Group, g.known, vpc)
			}
		}
	}
	if _, ok := i.network.vpcs[vpc]; !ok && g.id == nil {
		g.why = fmt.Sprintf("%s is not in the answers of AWS, and what a new group lets out depends on it", vpc)
	}
	i.groups[vpc] = g
	return g
}

// group is what calls name the isolation group of a VPC by. The first one to ask for a
// group that does not exist plans it.
func (i *isolator) group(vpc string) any {
	g := i.groups[vpc]
	if g.id == nil {
		g.id = i.create(vpc)
		i.groups[vpc] = g
	}
	return g.id
}

// create plans a group, and takes from it the rules that AWS gives to a new one: all out
// (VPC User Guide, "Security group rules"), over IPv6 too if the VPC has a block of such
// addresses. The guide is silent on the latter; Terraform's AWS provider revokes both.
func (i *isolator) create(vpc string) any {
	made := i.plan.Call(steps.Change{
		Call: steps.Call{Operation: "ec2:CreateSecurityGroup", Input: map[string]any{
			"GroupName": i.step.Group, "Description": "No traffic in or out: isolated in an incident", "VpcId": vpc,
		}},
		Resource: vpc,
		Reason:   fmt.Sprintf("%s has no group %s to isolate instances with", vpc, i.step.Group),
		Undo: []steps.Call{{Operation: "ec2:DeleteSecurityGroup", Input: map[string]any{
			"GroupId": steps.From(i.plan.Next(), "GroupId"),
		}}},
		Notes: []string{"The group can be deleted only when no interface has it any more."},
	})
	id := steps.From(made, "GroupId")
	everything := []any{map[string]any{"IpProtocol": "-1", "IpRanges": []any{map[string]any{"CidrIp": "0.0.0.0/0"}}}}
	for _, block := range steps.MapsOf(i.network.vpcs[vpc], "Ipv6CidrBlockAssociationSet") {
		state, _ := block["Ipv6CidrBlockState"].(map[string]any)
		if steps.TextOf(state, "State") == "associated" {
			everything = append(everything, map[string]any{"IpProtocol": "-1", "Ipv6Ranges": []any{map[string]any{"CidrIpv6": "::/0"}}})
			break
		}
	}
	i.plan.Call(steps.Change{
		Call:     steps.Call{Operation: "ec2:RevokeSecurityGroupEgress", Input: map[string]any{"GroupId": id, "IpPermissions": everything}},
		Resource: vpc,
		Reason:   "A new group lets everything out",
		Notes: []string{
			"Nothing has to be undone: the group is deleted.",
			"Look at the group before an interface gets it: with a rule left in it, it isolates nothing.",
		},
	})
	return id
}
