// Package inventory is the kind of step that lists the resources of a network.
package inventory

import (
	"context"
	_ "embed"
	"errors"
	"slices"

	"playbook/steps"
)

//go:embed doc.md
var doc string

// resource is one type of resource: its name in playbooks, the call that lists it, and
// what of it the report shows.
type resource struct {
	name, operation, key string
	id                   string
	columns              []string // AWS fields beside id and name
}

// resources are the eleven types that the source playbook names. Fields: Amazon EC2
// API Reference.
var resources = []resource{
	{"vpcs", "ec2:DescribeVpcs", "Vpcs", "VpcId", []string{"CidrBlock", "State", "IsDefault"}},
	{"network_acls", "ec2:DescribeNetworkAcls", "NetworkAcls", "NetworkAclId", []string{"VpcId", "IsDefault"}},
	{"security_groups", "ec2:DescribeSecurityGroups", "SecurityGroups", "GroupId", []string{"GroupName", "VpcId", "Description"}},
	{"route_tables", "ec2:DescribeRouteTables", "RouteTables", "RouteTableId", []string{"VpcId"}},
	{"network_interfaces", "ec2:DescribeNetworkInterfaces", "NetworkInterfaces", "NetworkInterfaceId", []string{"InterfaceType", "PrivateIpAddress", "VpcId", "Status", "Description"}},
	{"internet_gateways", "ec2:DescribeInternetGateways", "InternetGateways", "InternetGatewayId", nil},
	{"vpc_peering_connections", "ec2:DescribeVpcPeeringConnections", "VpcPeeringConnections", "VpcPeeringConnectionId", nil},
	{"nat_gateways", "ec2:DescribeNatGateways", "NatGateways", "NatGatewayId", []string{"VpcId", "SubnetId", "State", "ConnectivityType"}},
	{"vpc_endpoints", "ec2:DescribeVpcEndpoints", "VpcEndpoints", "VpcEndpointId", []string{"VpcEndpointType", "ServiceName", "VpcId", "State"}},
	{"customer_gateways", "ec2:DescribeCustomerGateways", "CustomerGateways", "CustomerGatewayId", []string{"IpAddress", "BgpAsn", "State"}},
	{"addresses", "ec2:DescribeAddresses", "Addresses", "AllocationId", []string{"PublicIp", "InstanceId", "NetworkInterfaceId"}},
}

// Kind declares the kind.
func Kind() steps.Kind {
	var operations []string
	for _, r := range resources {
		operations = append(operations, r.operation)
	}
	return steps.Kind{
		Name:       "inventory",
		Summary:    "List the resources of the network, from the answers of AWS",
		Doc:        doc,
		Effect:     steps.Reads,
		Operations: operations,
		PerTarget:  true,
		Result:     Result{},
		New:        func() steps.Step { return &Step{} },
		Example: `id: inventory
phase: preparation
title: Take the inventory of the network
uses: inventory
with:
  resources: [vpcs, nat_gateways]
`,
	}
}

// Step is the options of an inventory.
type Step struct {
	Resources []string `yaml:"resources,omitempty" jsonschema:"enum=vpcs,enum=network_acls,enum=security_groups,enum=route_tables,enum=network_interfaces,enum=internet_gateways,enum=vpc_peering_connections,enum=nat_gateways,enum=vpc_endpoints,enum=customer_gateways,enum=addresses,description=Which types to list; all eleven unless told"`
}

// Result has a list for each type, in the fields of the AWS CLI.
type Result struct {
	VPCs                  []map[string]any `json:"vpcs"`
	NetworkACLs           []map[string]any `json:"network_acls"`
	SecurityGroups        []map[string]any `json:"security_groups"`
	RouteTables           []map[string]any `json:"route_tables"`
	NetworkInterfaces     []map[string]any `json:"network_interfaces"`
	InternetGateways      []map[string]any `json:"internet_gateways"`
	VPCPeeringConnections []map[string]any `json:"vpc_peering_connections"`
	NATGateways           []map[string]any `json:"nat_gateways"`
	VPCEndpoints          []map[string]any `json:"vpc_endpoints"`
	CustomerGateways      []map[string]any `json:"customer_gateways"`
	Addresses             []map[string]any `json:"addresses"`
}

func (r *Result) list(name string) *[]map[string]any {
	return map[string]*[]map[string]any{
		"vpcs": &r.VPCs, "network_acls": &r.NetworkACLs, "security_groups": &r.SecurityGroups,
		"route_tables": &r.RouteTables, "network_interfaces": &r.NetworkInterfaces,
		"internet_gateways": &r.InternetGateways, "vpc_peering_connections": &r.VPCPeeringConnections,
		"nat_gateways": &r.NATGateways, "vpc_endpoints": &r.VPCEndpoints,
		"customer_gateways": &r.CustomerGateways, "addresses": &r.Addresses,
	}[name]
}

// Run reads each type whole. A type without resources is a result; a type without an
// answer is an error, and the others are kept. What counts as looked at is the answer,
// so that an account without customer gateways can be known to have none.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	var result Result
	var errs []error
	var tables []steps.Block
	counts := steps.Facts{}
	quality := steps.Quality{Unit: "lists of resources"}
	for _, r := range resources {
		if len(s.Resources) > 0 && !slices.Contains(s.Resources, r.name) {
			continue
		}
		found, err := steps.ReadList(ctx, env.Cloud, r.operation, r.key)
		*result.list(r.name) = found
		if err != nil {
			errs = append(errs, err)
			counts.Items = append(counts.Items, steps.Fact{Label: r.name, Value: "not known"})
			continue
		}
		quality.Examined++
		counts.Items = append(counts.Items, steps.Fact{Label: r.name, Value: int64(len(found)), Unit: steps.Count})
		if len(found) > 0 {
			tables = append(tables, steps.Block{Table: r.table(found)})
		}
	}
	return steps.Result{
		Value:   result,
		Blocks:  append([]steps.Block{{Facts: &counts}}, tables...),
		Quality: quality,
	}, errors.Join(errs...)
}

func (r resource) table(found []map[string]any) *steps.Table {
	table := &steps.Table{Title: r.name, Total: int64(len(found)), Columns: []steps.TableColumn{{Name: r.id}, {Name: "Name"}}}
	for _, column := range r.columns {
		table.Columns = append(table.Columns, steps.TableColumn{Name: column})
	}
	for _, element := range found {
		row := []any{element[r.id], steps.NameTag(element)}
		for _, column := range r.columns {
			row = append(row, element[column])
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}
