package inventory

import (
	"fmt"
	"strings"

	"playbook/steps"
)

// resource is one type of resource: its name in playbooks, the call that lists it, and
// what of it the report shows beside its id and its Name tag.
type resource struct {
	name, operation, key string
	list                 func(*Result) *list
	id                   string
	columns              []string // paths of AWS fields; see show
}

// resources are the eleven types that the source playbook names, in its order. Fields:
// Amazon EC2 API Reference.
var resources = []resource{
	{"vpcs", "ec2:DescribeVpcs", "Vpcs", func(r *Result) *list { return &r.VPCs },
		"VpcId", []string{"CidrBlock", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock", "State", "IsDefault"}},
	{"network_acls", "ec2:DescribeNetworkAcls", "NetworkAcls", func(r *Result) *list { return &r.NetworkACLs },
		"NetworkAclId", []string{"VpcId", "IsDefault", "Entries", "Associations.SubnetId"}},
	{"security_groups", "ec2:DescribeSecurityGroups", "SecurityGroups", func(r *Result) *list { return &r.SecurityGroups },
		"GroupId", []string{"GroupName", "VpcId", "IpPermissions", "IpPermissionsEgress", "Description"}},
	{"route_tables", "ec2:DescribeRouteTables", "RouteTables", func(r *Result) *list { return &r.RouteTables },
		"RouteTableId", []string{"VpcId", "Associations.Main", "Associations.SubnetId", "Routes"}},
	{"network_interfaces", "ec2:DescribeNetworkInterfaces", "NetworkInterfaces", func(r *Result) *list { return &r.NetworkInterfaces },
		"NetworkInterfaceId", []string{"InterfaceType", "Attachment.InstanceId", "PrivateIpAddress", "Association.PublicIp",
			"Ipv6Addresses.Ipv6Address", "SubnetId", "VpcId", "Groups.GroupId", "Status", "Description"}},
	{"internet_gateways", "ec2:DescribeInternetGateways", "InternetGateways", func(r *Result) *list { return &r.InternetGateways },
		"InternetGatewayId", []string{"Attachments.VpcId", "Attachments.State"}},
	{"vpc_peering_connections", "ec2:DescribeVpcPeeringConnections", "VpcPeeringConnections", func(r *Result) *list { return &r.VPCPeeringConnections },
		"VpcPeeringConnectionId", []string{"Status.Code", "RequesterVpcInfo.OwnerId", "RequesterVpcInfo.VpcId", "RequesterVpcInfo.CidrBlock",
			"AccepterVpcInfo.OwnerId", "AccepterVpcInfo.VpcId", "AccepterVpcInfo.CidrBlock"}},
	{"nat_gateways", "ec2:DescribeNatGateways", "NatGateways", func(r *Result) *list { return &r.NATGateways },
		"NatGatewayId", []string{"State", "ConnectivityType", "NatGatewayAddresses.PublicIp", "SubnetId", "VpcId"}},
	{"vpc_endpoints", "ec2:DescribeVpcEndpoints", "VpcEndpoints", func(r *Result) *list { return &r.VPCEndpoints },
		"VpcEndpointId", []string{"VpcEndpointType", "ServiceName", "VpcId", "State", "NetworkInterfaceIds"}},
	{"customer_gateways", "ec2:DescribeCustomerGateways", "CustomerGateways", func(r *Result) *list { return &r.CustomerGateways },
		"CustomerGatewayId", []string{"IpAddress", "BgpAsn", "Type", "State"}},
	{"addresses", "ec2:DescribeAddresses", "Addresses", func(r *Result) *list { return &r.Addresses },
		"AllocationId", []string{"PublicIp", "PrivateIpAddress", "NetworkInterfaceId", "InstanceId"}},
}

func (r resource) table(found []map[string]any) *steps.Table {
	table := &steps.Table{Title: r.name, Total: int64(len(found)), Columns: []steps.TableColumn{{Name: r.id}, {Name: "Name"}}}
	for _, column := range r.columns {
		table.Columns = append(table.Columns, steps.TableColumn{Name: column})
	}
	for _, element := range found {
		row := []any{element[r.id], steps.NameTag(element)}
		for _, column := range r.columns {
			row = append(row, show(element, strings.Split(column, ".")))
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

// show is the cell of what lies at a path of fields. A path through a list gives what
// is in each element; a list of objects at its end gives their number.
func show(value any, path []string) any {
	switch value := value.(type) {
	case map[string]any:
		if len(path) > 0 {
			return show(value[path[0]], path[1:])
		}
	case []any:
		return showList(value, path)
	}
	return value
}

func showList(elements []any, path []string) any {
	if len(path) == 0 && len(elements) > 0 {
		if _, objects := elements[0].(map[string]any); objects {
			return int64(len(elements))
		}
	}
	var texts []string
	for _, element := range elements {
		if cell := show(element, path); cell != nil && cell != "" {
			texts = append(texts, fmt.Sprint(cell))
		}
	}
	return strings.Join(texts, ", ")
}
