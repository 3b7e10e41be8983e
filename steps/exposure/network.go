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
}

// judge says whether the internet can reach an interface. All of these must let it
// (VPC User Guide, "Enable internet access for a VPC using internet gateways"): a
// public address, a route to an attached internet gateway, a security group rule, and
// the subnet's network ACL in both directions.
func (n *network) judge(raw map[string]any) (Interface, []Exposure) {
	i := describe(raw)
	if len(i.PublicIPs) == 0 {
		i.WhyNot = "it has no public address"
		return i, nil
	}
	if i.Kind == "nat_gateway" {
		i.WhyNot = "a NAT gateway lets in only the answers to what was asked from inside"
		return i, nil
	}
	var found []Exposure
	i.WhyNot = "no security group rule and network ACL together let the internet in"
	for _, address := range i.PublicIPs {
		ip, err := netip.ParseAddr(address)
		if err != nil {
			i.WhyNot = fmt.Sprintf("%q is no address", address)
			continue
		}
		routes := n.routes(i, ip.Is6())
		if len(routes) == 0 {
			i.WhyNot = "its subnet has no route to an internet gateway"
			continue
		}
		for _, opening := range n.openings(raw, ip.Is6()) {
			for _, route := range routes {
				if source, ok := narrower(opening.source, route.destination); ok {
					found = n.through(found, i, address, opening, source, route)
				}
			}
		}
	}
	if len(found) > 0 {
		i.Exposed, i.WhyNot = true, ""
	}
	return i, found
}

// through adds what the network ACL lets through of one opening.
func (n *network) through(found []Exposure, i Interface, address string, o opening, source netip.Prefix, r route) []Exposure {
	acl := n.acl(i)
	for _, protocol := range o.protocols() {
		if protocol == "tcp" && !acl.answers(source) {
			continue
		}
		for _, piece := range acl.inbound(protocol, o.ports, source) {
			found = addExposure(found, Exposure{
				Interface: i.ID, Name: i.Name, Kind: i.Kind, Instance: i.Instance, VPC: i.VPC, Subnet: i.Subnet,
				Address: address, Protocol: protocol, FromPort: piece.ports.from, ToPort: piece.ports.to,
				Ports:   piece.ports.String(),
				Sources: []string{piece.source.String()},
				Reasons: []string{"public address " + address, r.reason, o.reason, piece.reason},
			})
		}
	}
	return found
}

// addExposure joins what is reachable on the same ports by several rules.
func addExposure(found []Exposure, e Exposure) []Exposure {
	for k := range found {
		f := &found[k]
		if f.Address == e.Address && f.Protocol == e.Protocol && f.FromPort == e.FromPort && f.ToPort == e.ToPort {
			f.Sources = union(f.Sources, e.Sources)
			f.Reasons = union(f.Reasons, e.Reasons)
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

type route struct {
	destination netip.Prefix
	reason      string
}

// routes are the ways out of an interface's subnet to an internet gateway: without a
// way back, nothing that comes in can be answered.
func (n *network) routes(i Interface, six bool) []route {
	field := "DestinationCidrBlock"
	if six {
		field = "DestinationIpv6CidrBlock"
	}
	table := n.routeTable(i)
	var routes []route
	for _, raw := range steps.MapsOf(table, "Routes") {
		gateway := steps.TextOf(raw, "GatewayId")
		if !strings.HasPrefix(gateway, "igw-") || steps.TextOf(raw, "State") == "blackhole" || !n.attached(gateway, i.VPC) {
			continue
		}
		destination, err := netip.ParsePrefix(steps.TextOf(raw, field))
		if err != nil || !reachesInternet(destination) {
			continue
		}
		routes = append(routes, route{destination, fmt.Sprintf("route %s to %s in %s", destination, gateway, steps.TextOf(table, "RouteTableId"))})
	}
	return routes
}

// routeTable is the table associated with the subnet, else the main one of the VPC.
func (n *network) routeTable(i Interface) map[string]any {
	var main map[string]any
	for _, table := range n.routeTables {
		for _, association := range steps.MapsOf(table, "Associations") {
			if steps.TextOf(association, "SubnetId") == i.Subnet && i.Subnet != "" {
				return table
			}
			if isMain, _ := association["Main"].(bool); isMain && steps.TextOf(table, "VpcId") == i.VPC {
				main = table
			}
		}
	}
	return main
}

func (n *network) attached(gateway, vpc string) bool {
	return slices.ContainsFunc(n.gateways, func(g map[string]any) bool {
		return steps.TextOf(g, "InternetGatewayId") == gateway &&
			slices.ContainsFunc(steps.MapsOf(g, "Attachments"), func(a map[string]any) bool { return steps.TextOf(a, "VpcId") == vpc })
	})
}

// opening is one rule of a security group that lets in part of the internet.
type opening struct {
	protocol string // tcp, udp, icmp, a number, or all
	ports    ports
	source   netip.Prefix
	reason   string
}

// protocols are those to ask the network ACL about.
func (o opening) protocols() []string {
	if o.protocol == "all" {
		return []string{"tcp", "udp", "icmp"}
	}
	return []string{o.protocol}
}

// openings are the union over the interface's groups. An interface without groups (a
// network load balancer can have none) filters nothing.
func (n *network) openings(raw map[string]any, six bool) []opening {
	everywhere := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if six {
		everywhere = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	memberships := steps.MapsOf(raw, "Groups")
	if len(memberships) == 0 {
		return []opening{{"all", allPorts, everywhere, "no security group filters it"}}
	}
	var found []opening
	for _, membership := range memberships {
		id := steps.TextOf(membership, "GroupId")
		index := slices.IndexFunc(n.groups, func(g map[string]any) bool { return steps.TextOf(g, "GroupId") == id })
		if index < 0 {
			// The group is not in the answer, so nobody knows what it lets in.
			found = append(found, opening{"all", allPorts, everywhere, "security group " + id + " is not in the evidence, so it may allow anything"})
			continue
		}
		for _, permission := range steps.MapsOf(n.groups[index], "IpPermissions") {
			found = append(found, permitted(id, permission, six, everywhere)...)
		}
	}
	return found
}

func permitted(group string, permission map[string]any, six bool, everywhere netip.Prefix) []opening {
	list, field := "IpRanges", "CidrIp"
	if six {
		list, field = "Ipv6Ranges", "CidrIpv6"
	}
	protocol, open := protocolName(steps.TextOf(permission, "IpProtocol")), allPorts
	if protocol == "tcp" || protocol == "udp" {
		from, hasFrom := permission["FromPort"].(int64)
		to, hasTo := permission["ToPort"].(int64)
		if hasFrom && hasTo && from >= 0 {
			open = ports{int(from), int(to)}
		}
	}
	says := func(source string) string {
		return fmt.Sprintf("security group %s allows %s %s from %s", group, protocol, open, source)
	}
	var found []opening
	for _, each := range steps.MapsOf(permission, list) {
		source, err := netip.ParsePrefix(steps.TextOf(each, field))
		if err == nil && reachesInternet(source) {
			found = append(found, opening{protocol, open, source.Masked(), says(source.String())})
		}
	}
	for _, each := range steps.MapsOf(permission, "PrefixListIds") {
		id := steps.TextOf(each, "PrefixListId")
		found = append(found, opening{protocol, open, everywhere, says("prefix list " + id + ", whose addresses are not in the evidence")})
	}
	return found
}

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
