package network

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"playbook/steps"
)

// packet is what rules are asked about: a peer, a protocol and a port.
type packet struct {
	peer     netip.Addr
	groups   []string // security groups of the peer, when it is one of ours
	protocol string   // tcp or udp
	port     int64
}

var protocolNumbers = map[string]string{"tcp": "6", "udp": "17"}

func (p packet) matches(protocol string) bool {
	return protocol == "-1" || protocol == p.protocol || protocol == protocolNumbers[p.protocol]
}

// verdict is what a rule or a list of them says; unknown is why it cannot be said.
type verdict struct {
	allowed bool
	unknown string
	why     string
}

// groupRules asks the security groups of an interface, which let through what any rule of
// any of them allows (VPC User Guide, "Security group rules"). Without a group nothing is
// filtered: a network load balancer can be so.
func (f *facts) groupRules(i map[string]any, list string, p packet) verdict {
	memberships := steps.MapsOf(i, "Groups")
	if len(memberships) == 0 {
		return verdict{allowed: true, why: "it has no security group"}
	}
	var unknown string
	for _, membership := range memberships {
		id := steps.TextOf(membership, "GroupId")
		group := find(f.groups, "GroupId", id)
		if group == nil {
			unknown = "security group " + id + " is not among the answers"
			continue
		}
		for _, permission := range steps.MapsOf(group, list) {
			if !p.matches(steps.TextOf(permission, "IpProtocol")) || !portIn(permission, p) {
				continue
			}
			source, found := f.sourceOf(permission, p)
			switch {
			case found:
				return verdict{allowed: true, why: fmt.Sprintf("security group %s allows %s", id, source)}
			case source != "":
				unknown = fmt.Sprintf("security group %s allows %s", id, source)
			}
		}
	}
	if unknown != "" {
		return verdict{unknown: unknown}
	}
	return verdict{why: "no rule of its security groups allows it"}
}

// portIn reads the ports of a permission; without them it is all of them.
func portIn(permission map[string]any, p packet) bool {
	from, hasFrom := permission["FromPort"].(int64)
	to, hasTo := permission["ToPort"].(int64)
	if steps.TextOf(permission, "IpProtocol") == "-1" || !hasFrom || !hasTo || from < 0 {
		return true
	}
	return from <= p.port && p.port <= to
}

// sourceOf finds what of a permission holds the peer; a source that may hold it and
// cannot be looked into comes with found false.
func (f *facts) sourceOf(permission map[string]any, p packet) (source string, found bool) {
	for _, ranges := range [][2]string{{"IpRanges", "CidrIp"}, {"Ipv6Ranges", "CidrIpv6"}} {
		for _, each := range steps.MapsOf(permission, ranges[0]) {
			if block, err := netip.ParsePrefix(steps.TextOf(each, ranges[1])); err == nil && block.Contains(p.peer) {
				return block.String(), true
			}
		}
	}
	for _, pair := range steps.MapsOf(permission, "UserIdGroupPairs") {
		if id := steps.TextOf(pair, "GroupId"); slices.Contains(p.groups, id) {
			return "members of " + id, true
		}
	}
	unsure := ""
	for _, each := range steps.MapsOf(permission, "PrefixListIds") {
		id := steps.TextOf(each, "PrefixListId")
		list := find(f.prefixLists, "PrefixListId", id)
		if list == nil {
			unsure = "prefix list " + id + ", whose addresses are not known"
		}
		for _, text := range texts(list["Cidrs"]) {
			if block, err := netip.ParsePrefix(text); err == nil && block.Contains(p.peer) {
				return "prefix list " + id, true
			}
		}
	}
	return unsure, false
}

// aclRules asks the network ACL of a subnet about ports from..to of the packet. "Rules are
// evaluated starting with the lowest numbered rule. As soon as a rule matches traffic, it's
// applied" (VPC User Guide, "Network ACL rules"). Of several ports it may allow some.
func (f *facts) aclRules(subnet string, egress bool, p packet, from, to int64) verdict {
	var acl map[string]any
	for _, raw := range f.acls {
		for _, association := range steps.MapsOf(raw, "Associations") {
			if steps.TextOf(association, "SubnetId") == subnet {
				acl = raw
			}
		}
	}
	if acl == nil {
		return verdict{unknown: "the network ACL of " + subnet + " is not among the answers"}
	}
	id := steps.TextOf(acl, "NetworkAclId")
	entries := slices.DeleteFunc(slices.Clone(steps.MapsOf(acl, "Entries")), func(entry map[string]any) bool {
		out, _ := entry["Egress"].(bool)
		return out != egress || !p.matches(steps.TextOf(entry, "Protocol")) || !blockOf(entry).Contains(p.peer)
	})
	slices.SortStableFunc(entries, func(a, b map[string]any) int { return cmp.Compare(numberOf(a), numberOf(b)) })
	allowed, denied, why := 0, 0, ""
	for port := from; port <= to; {
		next, entry := to+1, map[string]any(nil)
		for _, candidate := range entries {
			low, high := span(candidate)
			if low <= port && port <= high {
				entry, next = candidate, min(next, high+1)
				break
			}
			if low > port {
				next = min(next, low)
			}
		}
		if steps.TextOf(entry, "RuleAction") == "allow" {
			allowed++
			why = cmp.Or(why, fmt.Sprintf("network ACL %s rule %d allows", id, numberOf(entry)))
		} else {
			denied++
			if allowed == 0 || from == to {
				why = fmt.Sprintf("network ACL %s rule %d denies", id, numberOf(entry))
			}
		}
		port = next
	}
	switch {
	case denied == 0:
		return verdict{allowed: true, why: why}
	case allowed == 0:
		return verdict{why: why}
	}
	return verdict{unknown: fmt.Sprintf("network ACL %s lets through only some of the ports %d to %d", id, from, to)}
}

func blockOf(entry map[string]any) netip.Prefix {
	for _, field := range []string{"CidrBlock", "Ipv6CidrBlock"} {
		if block, err := netip.ParsePrefix(steps.TextOf(entry, field)); err == nil {
			return block.Masked()
		}
	}
	return netip.Prefix{}
}

func numberOf(entry map[string]any) int64 {
	n, _ := entry["RuleNumber"].(int64)
	return n
}

func span(entry map[string]any) (from, to int64) {
	ports, _ := entry["PortRange"].(map[string]any)
	from, hasFrom := ports["From"].(int64)
	to, hasTo := ports["To"].(int64)
	if !hasFrom || !hasTo || steps.TextOf(entry, "Protocol") == "-1" {
		return 0, 65535
	}
	return from, to
}
