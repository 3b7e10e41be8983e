package exposure

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"playbook/steps"
)

// network is what AWS says about one account and region.
type network struct {
	interfaces, routeTables, groups, acls, gateways []map[string]any

	gaps []steps.Gap
}

// gap keeps what the evidence does not say. It is blocking where that could hide an
// exposure, and not where the worst was assumed.
func (n *network) gap(source, problem string, blocking bool) {
	gap := steps.Gap{Source: source, Problem: problem, Blocking: blocking}
	if !slices.ContainsFunc(n.gaps, func(g steps.Gap) bool { return g.Source == source && g.Problem == problem }) {
		n.gaps = append(n.gaps, gap)
	}
}

// judge says whether the internet can reach an interface. All of these must let it
// (VPC User Guide, "Enable internet access for a VPC using internet gateways"): a
// public address, a route to an attached internet gateway, a security group rule, and
// the subnet's network ACL in both directions.
func (n *network) judge(raw map[string]any) (Interface, []Exposure) {
	i := describe(raw)
	addresses := n.addresses(raw)
	for _, address := range addresses {
		i.PublicIPs = append(i.PublicIPs, address.text)
	}
	switch {
	case len(addresses) == 0:
		i.WhyNot = "it has no public address"
		return i, nil
	case i.Kind == "nat_gateway":
		i.WhyNot = "a NAT gateway lets in only the answers to what was asked from inside"
		return i, nil
	case steps.TextOf(raw, "Status") == "available":
		i.WhyNot = "it is attached to nothing"
		return i, nil
	}
	var found []Exposure
	for _, address := range addresses {
		var why string
		if found, why = n.reach(found, raw, i, address); why != "" {
			i.WhyNot = why
		}
	}
	if len(found) > 0 {
		i.Exposed, i.WhyNot = true, ""
	}
	return i, found
}

// reach adds the exposures of one address, or says what stops the internet.
func (n *network) reach(found []Exposure, raw map[string]any, i Interface, to address) ([]Exposure, string) {
	ways := n.ways(i, to)
	if len(ways) == 0 {
		return found, "its subnet has no route to an internet gateway"
	}
	why := "no security group lets the internet in"
	before := len(found)
	guard := n.acl(i.Subnet)
	for _, o := range n.openings(raw, to.ip.Is6()) {
		for _, w := range ways {
			if from, ok := o.region.intersect(w.region); ok && from.internet() {
				why = "network ACL " + guard.id + " stops what the security groups let in"
				found = through(found, guard, i, to, o, from, w.reason)
			}
		}
	}
	if len(found) > before {
		return found, ""
	}
	return found, why
}

// through adds what the network ACL lets through of one opening.
func through(found []Exposure, guard acl, i Interface, to address, o opening, from region, route string) []Exposure {
	for _, protocol := range guard.protocols(o.protocol, from) {
		wanted := o.ports
		if protocol == "icmp" && o.protocol == "all" {
			wanted = allTypes
		}
		for _, in := range guard.inbound(protocol, wanted, from) {
			for _, out := range guard.answered(protocol, in.region) {
				reasons := []string{to.reason, route, o.reason, in.reason}
				if out.reason != "" {
					reasons = append(reasons, out.reason)
				}
				for _, e := range out.region.except {
					if e.why != "" {
						reasons = append(reasons, fmt.Sprintf("not from %s: %s", e.block, e.why))
					}
				}
				found = addExposure(found, Exposure{
					Interface: i.ID, Name: i.Name, Kind: i.Kind, Instance: i.Instance, VPC: i.VPC, Subnet: i.Subnet,
					Address: to.text, Protocol: protocol, FromPort: in.ports.from, ToPort: in.ports.to, Ports: shown(protocol, in.ports),
					Sources: []string{out.region.block.String()}, Reasons: reasons, regions: []region{out.region},
				})
			}
		}
	}
	return found
}

func shown(protocol string, p ports) string {
	switch {
	case protocol == "icmp" && p == allTypes:
		return "all types"
	case protocol == "icmp":
		return "type " + p.String()
	case protocol != "tcp" && protocol != "udp" && protocol != "all":
		return ""
	}
	return p.String()
}

// addExposure joins what is reachable on the same ports by several rules.
func addExposure(found []Exposure, e Exposure) []Exposure {
	for k := range found {
		f := &found[k]
		if f.Address == e.Address && f.Protocol == e.Protocol && f.FromPort == e.FromPort && f.ToPort == e.ToPort {
			f.Sources = union(f.Sources, e.Sources)
			f.Reasons = union(f.Reasons, e.Reasons)
			f.regions = append(f.regions, e.regions...)
			return found
		}
	}
	return append(found, e)
}

func union(list, more []string) []string {
	for _, text := range more {
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return list
}

// opening is one rule of a security group.
type opening struct {
	protocol string // tcp, udp, icmp, a number, or all
	ports    ports
	region   region
	reason   string
}

// openings are the union over the interface's groups. An interface without groups (a
// network load balancer can have none) filters nothing.
func (n *network) openings(raw map[string]any, six bool) []opening {
	anyone := region{block: everywhere(six)}
	memberships := steps.MapsOf(raw, "Groups")
	if len(memberships) == 0 {
		return []opening{{"all", allPorts, anyone, "it has no security group"}}
	}
	var found []opening
	for _, membership := range memberships {
		id := steps.TextOf(membership, "GroupId")
		index := slices.IndexFunc(n.groups, func(g map[string]any) bool { return steps.TextOf(g, "GroupId") == id })
		if index < 0 {
			n.gap("security group "+id, "it is not in the evidence, so it is taken to allow everything", false)
			found = append(found, opening{"all", allPorts, anyone, "security group " + id + " is not in the evidence and may allow anything"})
			continue
		}
		for _, permission := range steps.MapsOf(n.groups[index], "IpPermissions") {
			found = append(found, n.permitted(id, permission, six)...)
		}
	}
	return found
}

// permitted reads a rule for incoming traffic (EC2 API Reference, IpPermission).
func (n *network) permitted(group string, permission map[string]any, six bool) []opening {
	list, field := "IpRanges", "CidrIp"
	if six {
		list, field = "Ipv6Ranges", "CidrIpv6"
	}
	protocol, open := protocolName(steps.TextOf(permission, "IpProtocol")), allPorts
	switch protocol {
	case "tcp", "udp":
		open = readPorts(permission["FromPort"], permission["ToPort"])
	case "icmp":
		open = readTypes(permission["FromPort"])
	}
	says := func(source string) string {
		what := strings.TrimSpace(protocol + " " + shown(protocol, open))
		if protocol == "all" {
			what = "everything"
		}
		return fmt.Sprintf("security group %s allows %s from %s", group, what, source)
	}
	var found []opening
	for _, each := range steps.MapsOf(permission, list) {
		text := steps.TextOf(each, field)
		source, err := netip.ParsePrefix(text)
		if err != nil || source.Addr().Is6() != six {
			n.gap("security group "+group, fmt.Sprintf("%q is no CIDR block", text), true)
			continue
		}
		found = append(found, opening{protocol, open, region{block: source.Masked()}, says(source.Masked().String())})
	}
	for _, each := range steps.MapsOf(permission, "PrefixListIds") {
		id := steps.TextOf(each, "PrefixListId")
		n.gap("prefix list "+id, "its addresses are not in the evidence, so it is taken to hold all", false)
		found = append(found, opening{protocol, open, region{block: everywhere(six)}, says("prefix list " + id + ", which may hold any address")})
	}
	return found
}
