// Package block is the kind of step that plans to shut addresses out, by deny rules in
// the network ACLs of the subnets that are concerned.
package block

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"playbook/steps"
	"playbook/steps/plan"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "block_address",
		Summary:    "Plan to shut addresses out by deny rules in network ACLs",
		Doc:        doc,
		Effect:     steps.Changes,
		Operations: []string{"ec2:DescribeNetworkAcls", "ec2:DescribeNetworkInterfaces"},
		Writes:     []string{"ec2:CreateNetworkAclEntry", "ec2:DeleteNetworkAclEntry"},
		PerTarget:  true,
		Result:     plan.Result{},
		New:        func() steps.Step { return &Step{MaxRules: 20, MaxChanges: plan.MaxChanges} },
		Example: `id: block
phase: containment
title: Shut the hostile addresses out
uses: block_address
with:
  addresses: [198.51.100.7, "2001:db8:bad::/48"]
  resources: [{id: eni-03da1a17492b6a67b, account: "111122223333", region: eu-west-1}]
`,
	}
}

const unit = "network ACLs"

// Step is the options.
type Step struct {
	Addresses  []string `yaml:"addresses" jsonschema:"required,description=Addresses and blocks of IPv4 and IPv6 that are shut out"`
	Resources  []any    `yaml:"resources" jsonschema:"required,description=Whose subnets are concerned: ids of interfaces and instances and subnets and VPCs and network ACLs or maps of id and account and region"`
	MaxRules   int64    `yaml:"max_rules,omitempty" jsonschema:"minimum=1,maximum=40,description=Quota of rules of an ACL in one direction for IPv4 and for IPv6 (20)"`
	MaxChanges int64    `yaml:"max_changes,omitempty" jsonschema:"minimum=1,description=How many network ACLs at most (5)"`
	Protect    []any    `yaml:"protect,omitempty" jsonschema:"description=Ids and tags of ACLs and subnets that are left alone and addresses and blocks that are never shut out"`
}

// Validate checks the lists.
func (s *Step) Validate(known func(path string) bool) []steps.Problem {
	problems := plan.Validate(known, "resources", s.Resources, s.Protect)
	if !known("addresses") {
		return problems
	}
	for i, text := range s.Addresses {
		if _, err := readBlock(text); err != nil {
			problems = append(problems, steps.Problem{Path: fmt.Sprintf("addresses[%d]", i), Message: err.Error()})
		}
	}
	return problems
}

// readBlock refuses what would shut out more than anybody can mean in an incident.
func readBlock(text string) (netip.Prefix, error) {
	block, err := plan.Block(text)
	if err == nil && (block.Addr().Is4() && block.Bits() < 8 || block.Addr().Is6() && block.Bits() < 16) {
		return block, fmt.Errorf("%s is a large part of the internet: give a block of /8 (IPv4), /16 (IPv6) or smaller", block)
	}
	return block, err
}

// blocks are the addresses, each once, large ones first: what they hold needs no rule of
// its own. One that cannot be read is an error, for the others alone could be taken for
// all.
func (s *Step) blocks() ([]netip.Prefix, error) {
	var blocks []netip.Prefix
	var errs []error
	for _, text := range s.Addresses {
		block, err := readBlock(text)
		if err != nil {
			errs = append(errs, err)
		} else if !slices.Contains(blocks, block) {
			blocks = append(blocks, block)
		}
	}
	if len(s.Addresses) > 1000 {
		return nil, fmt.Errorf("%d addresses are given, and no network ACL has room for them", len(s.Addresses))
	}
	slices.SortFunc(blocks, func(x, y netip.Prefix) int {
		return cmp.Or(cmp.Compare(x.Bits(), y.Bits()), x.Addr().Compare(y.Addr()))
	})
	return blocks, errors.Join(errs...)
}

// Run plans, for each network ACL, all rules that it lacks, or none.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	p, err := plan.New(env.Target, s.Resources, s.Protect, s.MaxChanges)
	blocks, err2 := s.blocks()
	if err := errors.Join(err, err2); err != nil {
		return steps.Result{}, err
	}
	if len(p.Wanted) == 0 || len(blocks) == 0 {
		return p.Result(unit)
	}
	blocks = slices.DeleteFunc(blocks, func(block netip.Prefix) bool {
		for _, protected := range p.ProtectedBlocks() {
			if protected.Overlaps(block) {
				p.Refused(block.String(), "", "protected: "+protected.String())
				return true
			}
		}
		return false
	})
	acls, err1 := steps.ReadList(ctx, env.Cloud, "ec2:DescribeNetworkAcls", "NetworkAcls")
	interfaces, err2 := steps.ReadList(ctx, env.Cloud, "ec2:DescribeNetworkInterfaces", "NetworkInterfaces")
	if err := errors.Join(err1, err2); err != nil {
		return steps.Result{}, err
	}
	concerned := map[string]bool{} // ids of ACLs
	for _, wanted := range p.Wanted {
		ids := aclsOf(wanted.ID, acls, interfaces)
		if len(ids) == 0 {
			p.Missing("the network ACL of", wanted.ID)
		}
		for _, id := range ids {
			concerned[id] = true
		}
	}
	for _, raw := range acls {
		if concerned[steps.TextOf(raw, "NetworkAclId")] {
			s.plan(p, raw, blocks)
		}
	}
	return p.Result(unit)
}

// aclsOf are the ids of the ACLs of a resource's subnets.
func aclsOf(id string, acls, interfaces []map[string]any) []string {
	var subnets, found []string
	for _, raw := range interfaces {
		attachment, _ := raw["Attachment"].(map[string]any)
		if steps.TextOf(raw, "NetworkInterfaceId") == id || steps.TextOf(attachment, "InstanceId") == id {
			subnets = append(subnets, steps.TextOf(raw, "SubnetId"))
		}
	}
	for _, raw := range acls {
		mine := steps.TextOf(raw, "NetworkAclId") == id
		for _, subnet := range subnetsOf(raw) {
			mine = mine || subnet == id || slices.Contains(subnets, subnet) || steps.TextOf(raw, "VpcId") == id
		}
		if mine {
			found = append(found, steps.TextOf(raw, "NetworkAclId"))
		}
	}
	return found
}

func subnetsOf(acl map[string]any) []string {
	var ids []string
	for _, association := range steps.MapsOf(acl, "Associations") {
		ids = append(ids, steps.TextOf(association, "SubnetId"))
	}
	return ids
}

// plan works out one ACL: a direction or an address left out would be a hole that nobody
// sees, so that it is planned whole or refused.
func (s *Step) plan(p *plan.Plan, raw map[string]any, blocks []netip.Prefix) {
	id, subnets := steps.TextOf(raw, "NetworkAclId"), subnetsOf(raw)
	name := plan.Name(raw, id)
	for _, each := range append([]string{id, steps.TextOf(raw, "VpcId")}, subnets...) {
		if why := p.Protects(each, raw); why != "" {
			p.Refused(id, name, why)
			return
		}
	}
	var fresh []rule
	var already int
	for _, egress := range []bool{false, true} {
		t, err := readTable(raw, egress, s.MaxRules)
		for _, block := range blocks {
			if err != nil {
				break
			}
			var r rule
			var denied bool
			if r, denied, err = t.deny(block); denied {
				already++
			} else if err == nil {
				fresh = append(fresh, r)
			}
		}
		if err != nil {
			p.Refused(id, name, err.Error()+"; nothing of it is planned")
			return
		}
	}
	if len(fresh) == 0 {
		p.Unchanged(id, name, fmt.Sprintf("it lets none of the %d addresses through in any direction", len(blocks)))
		return
	}
	p.Planned(id, name, fmt.Sprintf("%d deny rules (%d not needed) for the subnets %s", len(fresh), already, strings.Join(subnets, ", ")))
	for _, r := range fresh {
		p.Call(r.change(raw, subnets))
	}
}
