package exposure

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"playbook/steps"
)

// piece is a range of ports for a region of sources, and the rule that decided on it.
type piece struct {
	ports  ports
	region region
	reason string
}

// acl is the network ACL of a subnet. Without one in the evidence (id "") nothing is
// known to be stopped.
type acl struct {
	id      string
	in, out []rule // by number
}

type rule struct {
	number   int64
	allow    bool
	protocol string
	ports    ports
	block    netip.Prefix
}

// acl finds the network ACL that a subnet is associated with.
func (n *network) acl(subnet string) acl {
	for _, raw := range n.acls {
		if !slices.ContainsFunc(steps.MapsOf(raw, "Associations"), func(a map[string]any) bool {
			return subnet != "" && steps.TextOf(a, "SubnetId") == subnet
		}) {
			continue
		}
		a := acl{id: steps.TextOf(raw, "NetworkAclId")}
		for _, entry := range steps.MapsOf(raw, "Entries") {
			for _, r := range n.readRules(a.id, entry) {
				if egress, _ := entry["Egress"].(bool); egress {
					a.out = append(a.out, r)
				} else {
					a.in = append(a.in, r)
				}
			}
		}
		byNumber := func(x, y rule) int { return cmp.Compare(x.number, y.number) }
		slices.SortStableFunc(a.in, byNumber)
		slices.SortStableFunc(a.out, byNumber)
		return a
	}
	n.gap("network ACL of "+subnet, "it is not in the evidence, so it is taken to allow everything", false)
	return acl{}
}

// readRules reads an entry (EC2 API Reference, NetworkAclEntry).
func (n *network) readRules(id string, entry map[string]any) []rule {
	r := rule{allow: steps.TextOf(entry, "RuleAction") == "allow", protocol: protocolName(steps.TextOf(entry, "Protocol")), ports: allPorts}
	r.number, _ = entry["RuleNumber"].(int64)
	switch span, _ := entry["PortRange"].(map[string]any); r.protocol {
	case "tcp", "udp":
		r.ports = readPorts(span["From"], span["To"])
	case "icmp":
		kind, _ := entry["IcmpTypeCode"].(map[string]any)
		r.ports = readTypes(kind["Type"])
		if code, ok := kind["Code"].(int64); ok && code >= 0 && !r.allow {
			return nil // it stops one code and leaves the type open
		}
	}
	var rules []rule
	for _, field := range []string{"CidrBlock", "Ipv6CidrBlock"} {
		text := steps.TextOf(entry, field)
		if text == "" {
			continue
		}
		block, err := netip.ParsePrefix(text)
		if err != nil {
			n.gap("network ACL "+id, fmt.Sprintf("rule %d: %q is no CIDR block", r.number, text), true)
			continue
		}
		r.block = block.Masked()
		rules = append(rules, r)
	}
	return rules
}

// filter is what rules allow of the wanted ports and sources. Rules are taken in the
// order of their numbers, and the first that matches decides; what none matches is
// denied (VPC User Guide, "Network ACL rules").
func (a acl) filter(rules []rule, protocol string, wanted ports, from region) []piece {
	var allowed []piece
	undecided := []piece{{ports: wanted, region: from}}
	for _, r := range rules {
		if r.protocol != "all" && r.protocol != protocol {
			continue
		}
		var left []piece
		for _, open := range undecided {
			shared, meets := open.ports.overlap(r.ports)
			inside, touches := open.region.within(r.block)
			if !meets || !touches {
				left = append(left, open)
				continue
			}
			why := ""
			if !r.allow {
				why = fmt.Sprintf("network ACL %s rule %d denies", a.id, r.number)
			} else if inside.internet() {
				allowed = append(allowed, piece{shared, inside, fmt.Sprintf("network ACL %s rule %d allows", a.id, r.number)})
			}
			for _, rest := range open.ports.without(shared) {
				left = append(left, piece{ports: rest, region: open.region})
			}
			if !holds(r.block, open.region.block) {
				left = append(left, piece{ports: shared, region: open.region.minus(r.block, why)})
			}
		}
		undecided = left
	}
	return allowed
}

// inbound is what the ACL lets in of the wanted ports and sources.
func (a acl) inbound(protocol string, wanted ports, from region) []piece {
	if a.id == "" {
		return []piece{{wanted, from, "its network ACL is not in the evidence and may allow anything"}}
	}
	return a.filter(a.in, protocol, wanted, from)
}

// answered is the part of a region that gets answers: ACLs are stateless, and TCP needs
// an answer to begin. The answer goes to the port that the client chose, mostly an
// ephemeral one (VPC User Guide, "Ephemeral ports"), but a client is free to choose any.
func (a acl) answered(protocol string, from region) []piece {
	if a.id == "" || protocol != "tcp" && protocol != "all" {
		return []piece{{region: from}}
	}
	var parts []piece
	for _, out := range a.filter(a.out, protocol, ports{1, 65535}, from) {
		if !slices.ContainsFunc(parts, func(p piece) bool { return sameRegion(p.region, out.region) }) {
			parts = append(parts, piece{region: out.region, reason: out.reason + " the answers"})
		}
	}
	if i := slices.IndexFunc(parts, func(p piece) bool { return sameRegion(p.region, from) }); i >= 0 {
		return parts[i : i+1]
	}
	return parts
}

func sameRegion(r, s region) bool {
	return r.block == s.block && slices.EqualFunc(r.except, s.except, func(x, y exception) bool { return x.block == y.block })
}

// protocols are those to ask about for a security group rule. A rule for all protocols
// is asked about as a whole where the ACL does not tell protocols apart, else one by one
// with the rest as "other".
func (a acl) protocols(name string, from region) []string {
	if name != "all" {
		return []string{name}
	}
	named := []string{"tcp", "udp", "icmp"}
	apart := false
	for _, r := range slices.Concat(a.in, a.out) {
		if r.protocol != "all" {
			named, apart = append(named, r.protocol), true
		}
	}
	if out := a.answered("tcp", from); !apart && len(out) == 1 && sameRegion(out[0].region, from) {
		return []string{"all"}
	}
	slices.Sort(named)
	return append(slices.Compact(named), "other")
}

// protocolName writes the numbers of protocols as people do (IANA Protocol Numbers).
func protocolName(number string) string {
	switch number {
	case "-1":
		return "all"
	case "6":
		return "tcp"
	case "17":
		return "udp"
	case "1", "58", "icmpv6":
		return "icmp"
	}
	return number
}

// readPorts reads a range of ports; without both ends it is all of them.
func readPorts(from, to any) ports {
	low, hasLow := from.(int64)
	high, hasHigh := to.(int64)
	if !hasLow || !hasHigh || low < 0 || high < low || high > 65535 {
		return allPorts
	}
	return ports{int(low), int(high)}
}

// readTypes reads an ICMP type, -1 for all of them.
func readTypes(kind any) ports {
	if number, ok := kind.(int64); ok && number >= 0 && number <= 255 {
		return ports{int(number), int(number)}
	}
	return allTypes
}
