package network

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"playbook/steps"
)

// result describes the resources, without paths.
func (f *facts) result() Result {
	r := Result{VPCs: []VPC{}, Subnets: []Subnet{}, Gateways: []Gateway{}, Peerings: []Peering{}, Endpoints: []Endpoint{}, PrefixLists: []PrefixList{}, Paths: []Path{}}
	for _, raw := range f.vpcs {
		r.VPCs = append(r.VPCs, f.vpc(raw))
	}
	for _, raw := range f.subnets {
		kind, why := f.leads(raw)
		r.Subnets = append(r.Subnets, Subnet{
			ID: steps.TextOf(raw, "SubnetId"), Name: steps.NameTag(raw), VPC: steps.TextOf(raw, "VpcId"), CIDR: steps.TextOf(raw, "CidrBlock"),
			Zone: steps.TextOf(raw, "AvailabilityZone"), Kind: kind, Why: why, Interfaces: count(f.interfaces, "SubnetId", steps.TextOf(raw, "SubnetId")),
		})
	}
	for _, raw := range f.internet {
		for _, attachment := range steps.MapsOf(raw, "Attachments") {
			r.Gateways = append(r.Gateways, Gateway{ID: steps.TextOf(raw, "InternetGatewayId"), Name: steps.NameTag(raw), Type: "internet",
				VPC: steps.TextOf(attachment, "VpcId"), State: steps.TextOf(attachment, "State")})
		}
	}
	for _, raw := range f.nats {
		r.Gateways = append(r.Gateways, Gateway{ID: steps.TextOf(raw, "NatGatewayId"), Name: steps.NameTag(raw), Type: "nat", VPC: steps.TextOf(raw, "VpcId"), State: steps.TextOf(raw, "State")})
	}
	for _, raw := range f.customers {
		r.Gateways = append(r.Gateways, Gateway{ID: steps.TextOf(raw, "CustomerGatewayId"), Name: steps.NameTag(raw), Type: "customer", State: steps.TextOf(raw, "State")})
	}
	for _, raw := range f.peerings {
		requester, accepter := peers(raw)
		status, _ := raw["Status"].(map[string]any)
		r.Peerings = append(r.Peerings, Peering{ID: steps.TextOf(raw, "VpcPeeringConnectionId"), Name: steps.NameTag(raw), Requester: requester, Accepter: accepter, Status: steps.TextOf(status, "Code")})
	}
	for _, raw := range f.endpoints {
		r.Endpoints = append(r.Endpoints, f.endpoint(raw))
	}
	for _, raw := range f.prefixLists {
		r.PrefixLists = append(r.PrefixLists, PrefixList{ID: steps.TextOf(raw, "PrefixListId"), Name: steps.TextOf(raw, "PrefixListName"), CIDRs: texts(raw["Cidrs"])})
	}
	return r
}

func (f *facts) vpc(raw map[string]any) VPC {
	id := steps.TextOf(raw, "VpcId")
	v := VPC{ID: id, Name: cmp.Or(steps.NameTag(raw), id), CIDRs: blocksOf(raw), Subnets: count(f.subnets, "VpcId", id), Interfaces: count(f.interfaces, "VpcId", id)}
	for _, peering := range f.peerings {
		if requester, accepter := peers(peering); requester == id || accepter == id {
			v.Peerings++
		}
	}
	v.Internet = slices.ContainsFunc(f.internet, func(gateway map[string]any) bool { return attached(gateway, id) })
	return v
}

func attached(gateway map[string]any, vpc string) bool {
	return slices.ContainsFunc(steps.MapsOf(gateway, "Attachments"), func(a map[string]any) bool {
		state := steps.TextOf(a, "State")
		return steps.TextOf(a, "VpcId") == vpc && (state == "available" || state == "attached")
	})
}

// blocksOf are the CIDR blocks of a VPC.
func blocksOf(vpc map[string]any) []string {
	blocks := []string{}
	for _, association := range steps.MapsOf(vpc, "CidrBlockAssociationSet") {
		blocks = append(blocks, steps.TextOf(association, "CidrBlock"))
	}
	if len(blocks) == 0 && steps.TextOf(vpc, "CidrBlock") != "" {
		blocks = append(blocks, steps.TextOf(vpc, "CidrBlock"))
	}
	for _, association := range steps.MapsOf(vpc, "Ipv6CidrBlockAssociationSet") {
		blocks = append(blocks, steps.TextOf(association, "Ipv6CidrBlock"))
	}
	return blocks
}

func (f *facts) endpoint(raw map[string]any) Endpoint {
	e := Endpoint{ID: steps.TextOf(raw, "VpcEndpointId"), Type: steps.TextOf(raw, "VpcEndpointType"), Service: steps.TextOf(raw, "ServiceName"), VPC: steps.TextOf(raw, "VpcId"), Addresses: []string{}}
	for _, id := range texts(raw["NetworkInterfaceIds"]) {
		if i := find(f.interfaces, "NetworkInterfaceId", id); i != nil {
			e.Addresses = append(e.Addresses, steps.TextOf(i, "PrivateIpAddress"))
		}
	}
	return e
}

// leads says where a subnet's default route goes ("Subnet types", VPC User Guide: public
// is what has a direct route to an internet gateway).
func (f *facts) leads(subnet map[string]any) (kind, why string) {
	table := f.routeTable(subnet)
	if table == nil {
		return "unknown", "its route table is not among the answers"
	}
	out := ""
	for _, r := range routesOf(table, nil) {
		if r.block.Bits() != 0 || !r.active {
			continue
		}
		told := fmt.Sprintf("route %s to %s in %s", r.name, r.target, steps.TextOf(table, "RouteTableId"))
		if strings.HasPrefix(r.target, "igw-") {
			return "public", told
		}
		out = cmp.Or(out, told)
	}
	if out != "" {
		return "private", out
	}
	return "isolated", "no default route in " + steps.TextOf(table, "RouteTableId")
}

func count(list []map[string]any, field, id string) int64 {
	n := int64(0)
	for _, raw := range list {
		if steps.TextOf(raw, field) == id {
			n++
		}
	}
	return n
}

func find(list []map[string]any, field, id string) map[string]any {
	for _, raw := range list {
		if id != "" && steps.TextOf(raw, field) == id {
			return raw
		}
	}
	return nil
}

func peers(peering map[string]any) (requester, accepter string) {
	one, _ := peering["RequesterVpcInfo"].(map[string]any)
	other, _ := peering["AccepterVpcInfo"].(map[string]any)
	return steps.TextOf(one, "VpcId"), steps.TextOf(other, "VpcId")
}

func texts(value any) []string {
	list := []string{}
	elements, _ := value.([]any)
	for _, element := range elements {
		if text, ok := element.(string); ok {
			list = append(list, text)
		}
	}
	return list
}

// route is one route of a table; name is its destination as it is written.
type route struct {
	block        netip.Prefix
	name, target string
	active       bool
}

// routesOf reads the routes of a table (EC2 API Reference, Route). Of a prefix list each
// block is a route, when its blocks are known.
func routesOf(table map[string]any, prefixLists []map[string]any) []route {
	var routes []route
	for _, raw := range steps.MapsOf(table, "Routes") {
		target := ""
		for _, field := range []string{"GatewayId", "NatGatewayId", "VpcPeeringConnectionId", "TransitGatewayId", "EgressOnlyInternetGatewayId",
			"NetworkInterfaceId", "InstanceId", "LocalGatewayId", "CarrierGatewayId", "CoreNetworkArn"} {
			target = cmp.Or(target, steps.TextOf(raw, field))
		}
		add := func(text, name string) {
			if block, err := netip.ParsePrefix(text); err == nil {
				routes = append(routes, route{block.Masked(), name, target, steps.TextOf(raw, "State") != "blackhole"})
			}
		}
		for _, field := range []string{"DestinationCidrBlock", "DestinationIpv6CidrBlock"} {
			if text := steps.TextOf(raw, field); text != "" {
				add(text, text)
			}
		}
		if id := steps.TextOf(raw, "DestinationPrefixListId"); id != "" {
			for _, text := range texts(find(prefixLists, "PrefixListId", id)["Cidrs"]) {
				add(text, id+" ("+text+")")
			}
		}
	}
	return routes
}

// routeTable is that of a subnet: its own, or the main one of its VPC.
func (f *facts) routeTable(subnet map[string]any) map[string]any {
	var main map[string]any
	for _, table := range f.routeTables {
		for _, association := range steps.MapsOf(table, "Associations") {
			if id := steps.TextOf(association, "SubnetId"); id != "" && id == steps.TextOf(subnet, "SubnetId") {
				return table
			}
			if isMain, _ := association["Main"].(bool); isMain && steps.TextOf(table, "VpcId") == steps.TextOf(subnet, "VpcId") {
				main = table
			}
		}
	}
	return main
}
