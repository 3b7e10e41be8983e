package exposure

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"playbook/steps"
)

// ports is a range, both ends included.
type ports struct{ from, to int }

var allPorts = ports{0, 65535}

func (p ports) String() string {
	switch {
	case p == allPorts:
		return "all ports"
	case p.from == p.to:
		return fmt.Sprint(p.from)
	}
	return fmt.Sprintf("%d-%d", p.from, p.to)
}

func (p ports) overlap(q ports) (ports, bool) {
	r := ports{max(p.from, q.from), min(p.to, q.to)}
	return r, r.from <= r.to
}

// without is what is left of p beside q.
func (p ports) without(q ports) []ports {
	var left []ports
	if p.from < q.from {
		left = append(left, ports{p.from, min(p.to, q.from-1)})
	}
	if p.to > q.to {
		left = append(left, ports{max(p.from, q.to+1), p.to})
	}
	return left
}

// piece is a range of ports for a range of sources.
type piece struct {
	ports  ports
	source netip.Prefix
	reason string
}

// acl is the network ACL of a subnet. Without one in the evidence nothing is known to
// be stopped.
type acl struct {
	id    string
	rules []rule // by number
}

type rule struct {
	number   int64
	egress   bool
	allow    bool
	protocol string
	ports    ports
	cidr     netip.Prefix
}

func (n *network) acl(i Interface) acl {
	for _, raw := range n.acls {
		if !slices.ContainsFunc(steps.MapsOf(raw, "Associations"), func(a map[string]any) bool {
			return steps.TextOf(a, "SubnetId") == i.Subnet
		}) {
			continue
		}
		a := acl{id: steps.TextOf(raw, "NetworkAclId")}
		for _, entry := range steps.MapsOf(raw, "Entries") {
			a.rules = append(a.rules, readRules(entry)...)
		}
		slices.SortStableFunc(a.rules, func(x, y rule) int { return cmp.Compare(x.number, y.number) })
		return a
	}
	return acl{}
}

func readRules(entry map[string]any) []rule {
	r := rule{allow: steps.TextOf(entry, "RuleAction") == "allow", protocol: protocolName(steps.TextOf(entry, "Protocol")), ports: allPorts}
	r.number, _ = entry["RuleNumber"].(int64)
	r.egress, _ = entry["Egress"].(bool)
	if span, ok := entry["PortRange"].(map[string]any); ok {
		from, _ := span["From"].(int64)
		to, _ := span["To"].(int64)
		r.ports = ports{int(from), int(to)}
	}
	var rules []rule
	for _, field := range []string{"CidrBlock", "Ipv6CidrBlock"} {
		if cidr, err := netip.ParsePrefix(steps.TextOf(entry, field)); err == nil {
			r.cidr = cidr.Masked()
			rules = append(rules, r)
		}
	}
	return rules
}

// inbound is what of the wanted ports and sources the ACL lets in. Rules are taken in
// the order of their numbers, and the first that matches decides (VPC User Guide,
// "Network ACL rules"). A rule that denies only some of the sources leaves the others,
// so the whole range stays: better one exposure too many than one too few.
func (a acl) inbound(protocol string, wanted ports, source netip.Prefix) []piece {
	if a.id == "" {
		return []piece{{wanted, source, "no network ACL of its subnet is in the evidence"}}
	}
	var allowed []piece
	undecided := []ports{wanted}
	for _, r := range a.rules {
		if r.egress || r.protocol != "all" && r.protocol != protocol || r.cidr.Addr().Is6() != source.Addr().Is6() || !r.cidr.Overlaps(source) {
			continue
		}
		whole := r.cidr.Bits() <= source.Bits()
		var left []ports
		for _, open := range undecided {
			shared, ok := open.overlap(r.ports)
			if !ok {
				left = append(left, open)
				continue
			}
			if r.allow {
				from := source
				if !whole {
					from = r.cidr
				}
				allowed = append(allowed, piece{shared, from, fmt.Sprintf("network ACL %s rule %d allows", a.id, r.number)})
			}
			if whole {
				left = append(left, open.without(shared)...)
			} else {
				left = append(left, open)
			}
		}
		undecided = left
	}
	return allowed
}

// answers reports whether any answer to the sources gets out: ACLs are stateless, and
// a client's own port is an ephemeral one (VPC User Guide, "Ephemeral ports").
func (a acl) answers(source netip.Prefix) bool {
	if a.id == "" {
		return true
	}
	outward := a
	outward.rules = nil
	for _, r := range a.rules {
		if r.egress {
			r.egress = false
			outward.rules = append(outward.rules, r)
		}
	}
	return len(outward.inbound("tcp", ports{1024, 65535}, source)) > 0
}

// narrower is the intersection of two prefixes.
func narrower(a, b netip.Prefix) (netip.Prefix, bool) {
	if !a.Overlaps(b) {
		return netip.Prefix{}, false
	}
	if a.Bits() >= b.Bits() {
		return a, true
	}
	return b, true
}

// inner are the blocks that are not on the internet (RFC 1918, 6598, 3927, 4193, 4291
// and loopback).
var inner = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("::1/128"),
}

// reachesInternet reports whether a block holds any address of the internet.
func reachesInternet(block netip.Prefix) bool {
	return !slices.ContainsFunc(inner, func(p netip.Prefix) bool {
		return p.Overlaps(block) && p.Bits() <= block.Bits()
	})
}
