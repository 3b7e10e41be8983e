package block

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"playbook/steps"
)

// lastRule is the highest number that a rule may have; the rules that deny the rest come
// after it (EC2 API Reference, CreateNetworkAclEntry).
const lastRule = 32766

// rule is one rule of a network ACL.
type rule struct {
	number int64
	egress bool
	allow  bool
	all    bool // it is for all protocols
	block  netip.Prefix
}

// table is one direction of a network ACL: both families share the numbers.
type table struct {
	egress bool
	quota  int64
	rules  []rule // by number
}

// readTable reads one direction. What cannot be read might let an address through, or
// stand where a rule is to go, so that it is an error.
func readTable(acl map[string]any, egress bool, quota int64) (*table, error) {
	t := &table{egress: egress, quota: quota}
	entries, ok := acl["Entries"].([]any)
	if !ok {
		return nil, fmt.Errorf("its rules are not in the answers of AWS")
	}
	for _, element := range entries {
		entry, _ := element.(map[string]any)
		number, ok1 := entry["RuleNumber"].(int64)
		out, ok2 := entry["Egress"].(bool)
		action := steps.TextOf(entry, "RuleAction")
		block, err := netip.ParsePrefix(cmp.Or(steps.TextOf(entry, "CidrBlock"), steps.TextOf(entry, "Ipv6CidrBlock")))
		if !ok1 || !ok2 || err != nil || action != "allow" && action != "deny" {
			return nil, fmt.Errorf("its rule %v cannot be read", entry["RuleNumber"])
		}
		if out == egress {
			t.rules = append(t.rules, rule{number, egress, action == "allow", steps.TextOf(entry, "Protocol") == "-1", block.Masked()})
		}
	}
	t.sort()
	return t, nil
}

func (t *table) sort() {
	slices.SortFunc(t.rules, func(x, y rule) int { return cmp.Compare(x.number, y.number) })
}

// deny adds the rule that shuts a block out, unless nothing of it is let through anyway.
// Rules are taken by number and the first that matches decides (VPC User Guide, "Network
// ACL rules"), so it goes right before the first that allows anything of the block: as
// high as can be, to leave numbers for exceptions below.
func (t *table) deny(block netip.Prefix) (fresh rule, already bool, err error) {
	first := slices.IndexFunc(t.rules, func(r rule) bool { return r.allow && r.block.Overlaps(block) })
	if first < 0 {
		return rule{}, true, nil // what no rule allows is denied
	}
	for _, r := range t.rules[:first] {
		if !r.allow && r.all && r.block.Overlaps(block) && r.block.Bits() <= block.Bits() {
			return rule{}, true, nil
		}
	}
	number := min(t.rules[first].number-1, lastRule)
	for number > 0 && t.taken(number) {
		number--
	}
	if number < 1 {
		return rule{}, false, fmt.Errorf("no number is free before its %s rule %d, which lets %s through: give that rule a higher number first",
			t.direction(), t.rules[first].number, block)
	}
	if count := t.count(block) + 1; count > t.quota {
		return rule{}, false, fmt.Errorf("%s would be its %s rule number %d for %s, and %d are allowed: give fewer addresses, join them into blocks, "+
			"or have the quota raised (to 40 at most) and say so in max_rules", block, t.direction(), count, family(block), t.quota)
	}
	fresh = rule{number, t.egress, false, true, block}
	t.rules = append(t.rules, fresh)
	t.sort()
	return fresh, false, nil
}

func (t *table) taken(number int64) bool {
	return slices.ContainsFunc(t.rules, func(r rule) bool { return r.number == number })
}

// count is how many rules of a family count against the quota: it is of one direction, of
// IPv4 and IPv6 apart, and includes the rule that denies the rest (VPC User Guide, "Amazon
// VPC quotas": rules per network ACL). An answer without that rule is of an ACL that has
// it all the same.
func (t *table) count(block netip.Prefix) int64 {
	count, rest := int64(0), int64(1)
	for _, r := range t.rules {
		if r.block.Addr().Is4() == block.Addr().Is4() {
			count++
			if r.number > lastRule {
				rest = 0
			}
		}
	}
	return count + rest
}

func (t *table) direction() string {
	if t.egress {
		return "outbound"
	}
	return "inbound"
}

func family(block netip.Prefix) string {
	if block.Addr().Is4() {
		return "IPv4"
	}
	return "IPv6"
}

// change is the call that adds a rule, and the one that takes it away.
func (r rule) change(acl map[string]any, subnets []string) steps.Change {
	id := steps.TextOf(acl, "NetworkAclId")
	field, way := "CidrBlock", "from"
	if r.block.Addr().Is6() {
		field = "Ipv6CidrBlock"
	}
	if r.egress {
		way = "to"
	}
	var before []any
	for _, entry := range steps.MapsOf(acl, "Entries") {
		if out, _ := entry["Egress"].(bool); out == r.egress {
			before = append(before, entry)
		}
	}
	return steps.Change{
		Call: steps.Call{Operation: "ec2:CreateNetworkAclEntry", Input: map[string]any{
			"NetworkAclId": id, "RuleNumber": r.number, "Egress": r.egress, "Protocol": "-1", "RuleAction": "deny", field: r.block.String(),
		}},
		Resource: id,
		Reason:   fmt.Sprintf("Deny all traffic %s %s", way, r.block),
		Before:   map[string]any{"Entries": before},
		Undo: []steps.Call{{Operation: "ec2:DeleteNetworkAclEntry", Input: map[string]any{
			"NetworkAclId": id, "RuleNumber": r.number, "Egress": r.egress,
		}}},
		// VPC User Guide, "Control subnet traffic with network access control lists".
		Notes: []string{
			"It is for everything in the subnets " + strings.Join(subnets, ", ") + ", and ends connections that are open.",
			"Traffic within a subnet does not pass it, and neither do queries to the Route 53 Resolver or to instance metadata.",
			"Behind a load balancer or proxy the ACL sees that one's address, not the client's.",
		},
	}
}
