package drill

import (
	"net/netip"
	"strconv"

	"playbook/steps"
)

const built = "2025-09-04T08:12:31+00:00" // when most of the world came to be

func describeVPC(v *vpc) object {
	o := object{
		"VpcId": v.id, "OwnerId": v.account, "State": "available", "IsDefault": false,
		"InstanceTenancy": "default", "DhcpOptionsId": identifier("dopt", v.account, v.region),
		"CidrBlock": v.cidr.String(),
		"CidrBlockAssociationSet": []object{{
			"AssociationId": identifier("vpc-cidr-assoc", v.id), "CidrBlock": v.cidr.String(),
			"CidrBlockState": object{"State": "associated"},
		}},
		"Tags": v.tags(v.name),
	}
	if v.cidr6.IsValid() {
		o["Ipv6CidrBlockAssociationSet"] = []object{{
			"AssociationId": identifier("vpc-cidr-assoc", v.id, 6), "Ipv6CidrBlock": v.cidr6.String(),
			"Ipv6CidrBlockState": object{"State": "associated"},
			"Ipv6Pool":           "Amazon", "NetworkBorderGroup": v.region,
		}}
	}
	return o
}

func describeSubnet(v *vpc, s *subnet) object {
	used := 5 // AWS keeps five addresses of every subnet
	for _, n := range v.nics {
		if n.subnet == s {
			used++
		}
	}
	associations := []object{}
	if s.cidr6.IsValid() {
		associations = append(associations, object{
			"AssociationId": identifier("subnet-cidr-assoc", s.id), "Ipv6CidrBlock": s.cidr6.String(),
			"Ipv6CidrBlockState": object{"State": "associated"},
		})
	}
	return object{
		"SubnetId": s.id, "SubnetArn": v.arn("subnet", s.id), "VpcId": v.id, "OwnerId": v.account,
		"AvailabilityZone": v.region + s.zone, "AvailabilityZoneId": s.zoneID,
		"CidrBlock": s.cidr.String(), "AvailableIpAddressCount": 256 - used,
		"DefaultForAz": false, "MapPublicIpOnLaunch": false, "MapCustomerOwnedIpOnLaunch": false,
		"AssignIpv6AddressOnCreation": false, "Ipv6CidrBlockAssociationSet": associations,
		"EnableDns64": false, "Ipv6Native": false, "State": "available", "Tags": v.tags(s.name),
	}
}

func zoneID(region, zone string) string {
	number := strconv.Itoa(int(zone[0]-'a') + 1)
	if region == virginia {
		return "use1-az" + number
	}
	return "euw1-az" + number
}

func describeACLs(v *vpc) []object {
	standard := identifier("acl", v.id)
	associations := map[string][]object{standard: {}}
	custom := map[string]*networkACL{}
	for _, s := range v.subnets {
		id := standard
		if s.acl != nil {
			id = s.acl.id
			custom[id] = s.acl
		}
		associations[id] = append(associations[id], object{
			"NetworkAclAssociationId": identifier("aclassoc", s.id), "NetworkAclId": id, "SubnetId": s.id,
		})
	}
	all := []aclEntry{{number: 100, protocol: "-1", cidr: anywhere}}
	acls := []object{describeACL(v, standard, v.name+"-default", true, all, associations[standard])}
	for _, s := range v.subnets {
		if s.acl != nil && custom[s.acl.id] != nil {
			delete(custom, s.acl.id)
			acls = append(acls, describeACL(v, s.acl.id, s.acl.name, false, s.acl.ingress, associations[s.acl.id]))
		}
	}
	return acls
}

// describeACL lets everything out. Every network ACL ends with a deny of the rest, and
// has one more for IPv6 when its VPC has IPv6 (VPC User Guide, "Network ACL rules").
func describeACL(v *vpc, id, name string, standard bool, ingress []aclEntry, associations []object) object {
	entries := []object{}
	add := func(egress bool, number int, action, protocol, cidr string, ports object) {
		entry := object{"Egress": egress, "RuleNumber": number, "RuleAction": action, "Protocol": protocol}
		if netip.MustParsePrefix(cidr).Addr().Is6() {
			entry["Ipv6CidrBlock"] = cidr
		} else {
			entry["CidrBlock"] = cidr
		}
		if ports != nil {
			entry["PortRange"] = ports
		}
		entries = append(entries, entry)
	}
	for _, egress := range [...]bool{true, false} {
		rules := []aclEntry{{number: 100, protocol: "-1", cidr: anywhere}}
		if !egress {
			rules = ingress
		}
		for _, e := range rules {
			var ports object
			if e.to > 0 {
				ports = object{"From": e.from, "To": e.to}
			}
			add(egress, e.number, "allow", e.protocol, e.cidr, ports)
		}
		if v.cidr6.IsValid() {
			add(egress, 101, "allow", "-1", anywhere6, nil)
			add(egress, 32768, "deny", "-1", anywhere6, nil)
		}
		add(egress, 32767, "deny", "-1", anywhere, nil)
	}
	return object{
		"NetworkAclId": id, "VpcId": v.id, "OwnerId": v.account, "IsDefault": standard,
		"Entries": entries, "Associations": associations, "Tags": v.tags(name),
	}
}

// describeRouteTables gives every VPC a main table that leads nowhere, one for public
// and one for private subnets.
func describeRouteTables(w *world, t steps.Target, bucket string) []object {
	return many(func(v *vpc) []object {
		tables := []object{describeRouteTable(w, v, "main", nil)}
		for _, kind := range [...]string{"public", "private"} {
			var members []*subnet
			for _, s := range v.subnets {
				if s.public == (kind == "public") {
					members = append(members, s)
				}
			}
			if members != nil {
				tables = append(tables, describeRouteTable(w, v, kind, members))
			}
		}
		return tables
	})(w, t, bucket)
}

func describeRouteTable(w *world, v *vpc, kind string, members []*subnet) object {
	id := identifier("rtb", v.id, kind)
	associations, propagating := []object{}, []object{}
	associate := func(name string, more object) {
		more["RouteTableAssociationId"], more["RouteTableId"] = identifier("rtbassoc", id, name), id
		more["AssociationState"] = object{"State": "associated"}
		associations = append(associations, more)
	}
	if kind == "main" {
		associate("main", object{"Main": true})
	}
	for _, s := range members {
		associate(s.id, object{"Main": false, "SubnetId": s.id})
	}
	if v.office && kind == "private" {
		propagating = append(propagating, object{"GatewayId": identifier("vgw", v.id)})
	}
	return object{
		"RouteTableId": id, "VpcId": v.id, "OwnerId": v.account, "Associations": associations,
		"PropagatingVgws": propagating, "Routes": describeRoutes(w, v, kind), "Tags": v.tags(v.name + "-" + kind),
	}
}

func describeRoutes(w *world, v *vpc, kind string) []object {
	routes := []object{}
	add := func(key, destination, origin string, target ...string) {
		routes = append(routes, object{key: destination, target[0]: target[1], "Origin": origin, "State": "active"})
	}
	const v4, v6, created = "DestinationCidrBlock", "DestinationIpv6CidrBlock", "CreateRoute"
	add(v4, v.cidr.String(), "CreateRouteTable", "GatewayId", "local")
	if v.cidr6.IsValid() {
		add(v6, v.cidr6.String(), "CreateRouteTable", "GatewayId", "local")
	}
	if kind == "main" {
		return routes
	}
	for _, p := range w.peerings {
		switch v {
		case p.requester:
			add(v4, p.accepter.cidr.String(), created, "VpcPeeringConnectionId", p.id)
		case p.accepter:
			add(v4, p.requester.cidr.String(), created, "VpcPeeringConnectionId", p.id)
		}
	}
	if kind == "public" {
		add(v4, anywhere, created, "GatewayId", identifier("igw", v.id))
		if v.cidr6.IsValid() {
			add(v6, anywhere6, created, "GatewayId", identifier("igw", v.id))
		}
		return routes
	}
	if v.nat != nil {
		add(v4, anywhere, created, "NatGatewayId", v.nat.id)
	}
	if v.cidr6.IsValid() {
		add(v6, anywhere6, created, "EgressOnlyInternetGatewayId", identifier("eigw", v.id))
	}
	if v.office {
		add(v4, officeRange, "EnableVgwRoutePropagation", "GatewayId", identifier("vgw", v.id))
	}
	for _, e := range v.endpoints {
		if e.gateway {
			add("DestinationPrefixListId", prefixLists[v.region].id, created, "GatewayId", e.id)
		}
	}
	return routes
}

func describeInternetGateway(v *vpc) []object {
	if !v.internet {
		return nil
	}
	return []object{{
		"InternetGatewayId": identifier("igw", v.id), "OwnerId": v.account,
		"Attachments": []object{{"State": "available", "VpcId": v.id}}, "Tags": v.tags(v.name + "-igw"),
	}}
}

func describeEgressOnlyGateway(v *vpc) []object {
	if !v.cidr6.IsValid() {
		return nil
	}
	return []object{{
		"EgressOnlyInternetGatewayId": identifier("eigw", v.id),
		"Attachments":                 []object{{"State": "attached", "VpcId": v.id}}, "Tags": v.tags(v.name + "-eigw"),
	}}
}

func describePeerings(w *world, t steps.Target, _ string) []object {
	objects := []object{}
	side := func(v *vpc) object {
		return object{
			"VpcId": v.id, "OwnerId": v.account, "Region": v.region, "CidrBlock": v.cidr.String(),
			"CidrBlockSet": []object{{"CidrBlock": v.cidr.String()}},
			"PeeringOptions": object{
				"AllowDnsResolutionFromRemoteVpc": false, "AllowEgressFromLocalClassicLinkToRemoteVpc": false,
				"AllowEgressFromLocalVpcToRemoteClassicLink": false,
			},
		}
	}
	for _, p := range w.peerings {
		// Both sides see the connection; tags belong to the side that made it.
		requesting := p.requester.account == t.Account && p.requester.region == t.Region
		if !requesting && (p.accepter.account != t.Account || p.accepter.region != t.Region) {
			continue
		}
		tags := []object{}
		if requesting {
			tags = p.requester.tags(p.name)
		}
		objects = append(objects, object{
			"VpcPeeringConnectionId": p.id, "Status": object{"Code": "active", "Message": "Active"},
			"RequesterVpcInfo": side(p.requester), "AccepterVpcInfo": side(p.accepter), "Tags": tags,
		})
	}
	return objects
}

func describeCustomerGateway(v *vpc) []object {
	if !v.office {
		return nil
	}
	id := identifier("cgw", v.id)
	return []object{{
		"CustomerGatewayId": id, "BgpAsn": "65010", "IpAddress": officeAddress, "Type": "ipsec.1",
		"State": "available", "DeviceName": "office-fw-1", "Tags": v.tags(v.name + "-office"),
	}}
}

func describeVPNGateway(v *vpc) []object {
	if !v.office {
		return nil
	}
	return []object{{
		"VpnGatewayId": identifier("vgw", v.id), "AmazonSideAsn": 64512, "State": "available", "Type": "ipsec.1",
		"VpcAttachments": []object{{"State": "attached", "VpcId": v.id}}, "Tags": v.tags(v.name + "-vgw"),
	}}
}
