package exposure

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"playbook/steps"
)

// way is a route on which answers reach the internet.
type way struct {
	region region // whom the answers reach
	reason string
}

type route struct {
	destination netip.Prefix
	name        string // the destination as it is written
	target      string
	active      bool
}

// ways are the ways out of an interface's subnet to the internet: without one, nothing
// that comes in can be answered. "The most specific route that matches" is taken (VPC
// User Guide, "Route priority"), so a smaller block that goes elsewhere, or into a black
// hole, is not reached by the wider route.
func (n *network) ways(i Interface, to address) []way {
	table := n.routeTable(i)
	if table == nil {
		n.gap("route table of "+i.Subnet, "it is not in the evidence, so nobody knows whether the internet reaches the subnet", true)
		return nil
	}
	id := steps.TextOf(table, "RouteTableId")
	routes := n.routes(table, to.ip.Is6())
	var found []way
	for _, r := range routes {
		if !r.active {
			continue
		}
		told, ok := n.leadsOut(r, i, to)
		if !ok {
			continue
		}
		w := way{region{block: r.destination}, fmt.Sprintf("route %s to %s in %s%s", r.name, r.target, id, told)}
		for _, other := range routes {
			if other.destination.Bits() <= r.destination.Bits() || !holds(r.destination, other.destination) {
				continue
			}
			if _, out := n.leadsOut(other, i, to); out && other.active {
				continue
			}
			why := ""
			if other.target != "local" {
				why = fmt.Sprintf("route %s to %s in %s", other.name, other.target, id)
			}
			w.region = w.region.minus(other.destination, why)
		}
		found = append(found, w)
	}
	return found
}

// leadsOut reports whether a route leads to the internet, and what else is to be told
// about it.
func (n *network) leadsOut(r route, i Interface, to address) (told string, ok bool) {
	kind, _, _ := strings.Cut(r.target, "-")
	switch kind {
	case "igw":
		index := slices.IndexFunc(n.gateways, func(g map[string]any) bool { return steps.TextOf(g, "InternetGatewayId") == r.target })
		if index < 0 {
			n.gap("internet gateway "+r.target, "it is not in the evidence, so it is taken to be attached", false)
			return ", which is not in the evidence", true
		}
		return "", attached(n.gateways[index], i.VPC)
	case "vpce", "eni", "i":
		// A firewall or another appliance between the gateway and the subnet (VPC User
		// Guide, "Middlebox routing"): the gateway has a route table of its own.
		return n.ingress(i, to)
	}
	return "", false
}

func attached(gateway map[string]any, vpc string) bool {
	return slices.ContainsFunc(steps.MapsOf(gateway, "Attachments"), func(a map[string]any) bool {
		state := steps.TextOf(a, "State")
		return steps.TextOf(a, "VpcId") == vpc && state != "detaching" && state != "detached"
	})
}

// ingress reports whether an internet gateway of the VPC sends what comes in for the
// address through an appliance.
func (n *network) ingress(i Interface, to address) (told string, ok bool) {
	for _, table := range n.routeTables {
		if steps.TextOf(table, "VpcId") != i.VPC {
			continue
		}
		for _, association := range steps.MapsOf(table, "Associations") {
			gateway := steps.TextOf(association, "GatewayId")
			if !strings.HasPrefix(gateway, "igw-") {
				continue
			}
			for _, r := range n.routes(table, to.inner.Is6()) {
				if r.active && r.target != "local" && r.destination.Contains(to.inner) {
					return fmt.Sprintf(", behind %s to which %s sends what comes in (%s); what it lets through is not in the evidence",
						r.target, gateway, steps.TextOf(table, "RouteTableId")), true
				}
			}
		}
	}
	return "", false
}

// targets are the fields that say where a route leads (EC2 API Reference, Route).
var targets = []string{"GatewayId", "NatGatewayId", "EgressOnlyInternetGatewayId", "TransitGatewayId", "VpcPeeringConnectionId",
	"NetworkInterfaceId", "InstanceId", "CarrierGatewayId", "LocalGatewayId", "CoreNetworkArn", "OdbNetworkArn"}

// routes reads the routes of a table for one family of addresses. The addresses of a
// prefix list are not in the evidence: a route for one to an internet gateway is taken
// to hold all, any other to hold none.
func (n *network) routes(table map[string]any, six bool) []route {
	field := "DestinationCidrBlock"
	if six {
		field = "DestinationIpv6CidrBlock"
	}
	var routes []route
	for _, raw := range steps.MapsOf(table, "Routes") {
		r := route{active: steps.TextOf(raw, "State") != "blackhole"}
		for _, name := range targets {
			if r.target = steps.TextOf(raw, name); r.target != "" {
				break
			}
		}
		r.name = steps.TextOf(raw, field)
		list := steps.TextOf(raw, "DestinationPrefixListId")
		switch {
		case r.name != "":
			destination, err := netip.ParsePrefix(r.name)
			if err != nil || destination.Addr().Is6() != six {
				n.gap("route table "+steps.TextOf(table, "RouteTableId"), fmt.Sprintf("%q is no CIDR block", r.name), true)
				continue
			}
			r.destination = destination.Masked()
		case list != "" && strings.HasPrefix(r.target, "igw-"):
			n.gap("prefix list "+list, "its addresses are not in the evidence, so it is taken to hold all", false)
			r.name, r.destination = list, everywhere(six)
		default:
			continue
		}
		routes = append(routes, r)
	}
	return routes
}

// routeTable is the table associated with the subnet, else the main one of the VPC
// (VPC User Guide, "Subnet route tables").
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
