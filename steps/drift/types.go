package drift

import (
	"slices"
	"strings"

	"playbook/steps"
)

// resourceType is one of the eleven types of an inventory. Fields: Amazon EC2 API
// Reference.
type resourceType struct {
	name string
	id   []string // the first of these fields that is set
	// reach are the paths of fields that decide what can reach what: rules, routes,
	// addresses, attachments.
	reach []string
	// opens are paths of which one has to be there for a resource to open or close
	// anything by being there; nil: it always does.
	opens []string
}

var types = [...]resourceType{
	{"vpcs", []string{"VpcId"}, []string{"CidrBlock", "CidrBlockAssociationSet", "Ipv6CidrBlockAssociationSet", "BlockPublicAccessStates"}, nil},
	{"network_acls", []string{"NetworkAclId"}, []string{"Entries", "Associations"}, nil},
	{"security_groups", []string{"GroupId"}, []string{"IpPermissions", "IpPermissionsEgress"}, nil},
	{"route_tables", []string{"RouteTableId"}, []string{"Routes", "Associations", "PropagatingVgws"}, nil},
	{"network_interfaces", []string{"NetworkInterfaceId"},
		[]string{"Groups", "Association.PublicIp", "PrivateIpAddresses.Association.PublicIp", "Ipv6Addresses", "Ipv6Prefixes", "SourceDestCheck",
			"Attachment.InstanceId", "SubnetId", "VpcId"},
		[]string{"Association.PublicIp", "PrivateIpAddresses.Association.PublicIp", "Ipv6Addresses", "Ipv6Prefixes"}},
	{"internet_gateways", []string{"InternetGatewayId"}, []string{"Attachments"}, nil},
	{"vpc_peering_connections", []string{"VpcPeeringConnectionId"}, []string{"Status.Code", "RequesterVpcInfo", "AccepterVpcInfo"}, nil},
	{"nat_gateways", []string{"NatGatewayId"}, []string{"State", "ConnectivityType", "NatGatewayAddresses", "SubnetId"}, nil},
	{"vpc_endpoints", []string{"VpcEndpointId"},
		[]string{"State", "PolicyDocument", "RouteTableIds", "SubnetIds", "Groups", "PrivateDnsEnabled", "ServiceName"}, nil},
	{"customer_gateways", []string{"CustomerGatewayId"}, []string{"IpAddress", "BgpAsn", "State"}, nil},
	{"addresses", []string{"AllocationId", "PublicIp"}, []string{"PublicIp", "NetworkInterfaceId", "InstanceId", "PrivateIpAddress"}, nil},
}

func typeOf(name string) (resourceType, bool) {
	i := slices.IndexFunc(types[:], func(t resourceType) bool { return t.name == name })
	if i < 0 {
		return resourceType{}, false
	}
	return types[i], true
}

func (t resourceType) idOf(resource map[string]any) string {
	for _, field := range t.id {
		if id := steps.TextOf(resource, field); id != "" {
			return id
		}
	}
	return ""
}

// decides reports whether a field, or something in it, decides what can reach what. A
// description beside a rule does not.
func (t resourceType) decides(path string) bool {
	if path == "Description" || strings.HasSuffix(path, ".Description") {
		return false
	}
	return slices.ContainsFunc(t.reach, func(other string) bool { return overlap(path, other) })
}

// opensBy reports whether a resource with these fields opens or closes anything.
func (t resourceType) opensBy(resource map[string]any) bool {
	return t.opens == nil || slices.ContainsFunc(t.opens, func(path string) bool { return has(resource, strings.Split(path, ".")) })
}

// has reports whether there is anything at a path, in any element of the lists on it.
func has(value any, path []string) bool {
	switch value := value.(type) {
	case []any:
		return slices.ContainsFunc(value, func(element any) bool { return has(element, path) })
	case map[string]any:
		return len(path) == 0 && len(value) > 0 || len(path) > 0 && has(value[path[0]], path[1:])
	}
	return len(path) == 0 && value != nil && value != ""
}

// overlap reports whether one path lies in the other.
func overlap(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".")
}

// nameOf is what people call a resource, or "".
func nameOf(resource map[string]any) string {
	if name := steps.NameTag(resource); name != "" {
		return name
	}
	return steps.TextOf(resource, "GroupName")
}

// passing reports whether AWS lists a resource only for a while longer: it ended, and
// vanishes without anybody removing it (VPC User Guide, "Delete a NAT gateway"; VPC
// Peering Guide, "VPC peering connection lifecycle").
func passing(resource map[string]any) bool {
	code := steps.TextOf(resource, "State")
	if status, ok := resource["Status"].(map[string]any); ok {
		code = steps.TextOf(status, "Code")
	}
	return slices.Contains([]string{"deleted", "failed", "expired", "rejected"}, strings.ToLower(code))
}
