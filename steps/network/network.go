// Package network is the kind of step that draws the network of an account and region,
// and works out which way a packet would take through it and what stops it. It judges
// neither: which interfaces the internet reaches is the concern of the kind exposure.
package network

import (
	"context"
	_ "embed"
	"errors"

	"playbook/steps"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	var operations []string
	for _, list := range (&facts{}).lists() {
		operations = append(operations, list.operation)
	}
	return steps.Kind{
		Name:       "network",
		Summary:    "Draw the network, and work out which way a packet takes and what stops it",
		Doc:        doc,
		Effect:     steps.Reads,
		Operations: operations,
		PerTarget:  true,
		Result:     Result{},
		New:        func() steps.Step { return &Step{} },
		Example: `id: network
phase: preparation
title: Draw the network
uses: network
with:
  paths:
    - {from: internet, to: i-05a495ac3533698ef, protocol: tcp, port: 22}
    - {from: i-05a495ac3533698ef, to: 10.20.20.15, protocol: tcp, port: 5432}
`,
	}
}

// Step says what to mark in the picture, and which ways to work out.
type Step struct {
	Exposed []any      `yaml:"exposed,omitempty" jsonschema:"description=Exposures as the kind exposure gives them: marked in the picture"`
	Paths   []Question `yaml:"paths,omitempty" jsonschema:"maxItems=200,description=Ways to work out"`
}

// Question is a packet whose way is asked for: the first of a connection.
type Question struct {
	From     string `yaml:"from" jsonschema:"required,description=Where it comes from: an interface or an instance or an address or the word internet"`
	To       string `yaml:"to" jsonschema:"required,description=Where it goes: as from"`
	Protocol string `yaml:"protocol,omitempty" jsonschema:"enum=tcp,enum=udp,description=tcp unless told"`
	Port     int64  `yaml:"port" jsonschema:"required,minimum=1,maximum=65535,description=The port that it goes to"`
}

// Result is what there is. Every list holds the resources of one account and region.
type Result struct {
	VPCs        []VPC        `json:"vpcs"`
	Subnets     []Subnet     `json:"subnets"`
	Gateways    []Gateway    `json:"gateways"`
	Peerings    []Peering    `json:"peerings"`
	Endpoints   []Endpoint   `json:"endpoints"`
	PrefixLists []PrefixList `json:"prefix_lists"`
	Paths       []Path       `json:"paths"`
}

// VPC is one VPC.
type VPC struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	CIDRs      []string `json:"cidrs"` // IPv4 and IPv6
	Subnets    int64    `json:"subnets"`
	Interfaces int64    `json:"interfaces"`
	Peerings   int64    `json:"peerings"`
	Internet   bool     `json:"internet"` // an internet gateway is attached
}

// Subnet is one subnet. Kind is public when its route table leads to an internet gateway,
// private when it leads out by another way, isolated when it leads nowhere else.
type Subnet struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	VPC        string `json:"vpc"`
	CIDR       string `json:"cidr"`
	Zone       string `json:"zone"`
	Kind       string `json:"kind"` // public, private, isolated or unknown
	Why        string `json:"why"`
	Interfaces int64  `json:"interfaces"`
}

// Gateway is a way out of VPCs.
type Gateway struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Type  string `json:"type"` // internet, nat or customer
	VPC   string `json:"vpc"`  // "" of a customer gateway
	State string `json:"state"`
}

// Peering is a peering connection, as seen from here.
type Peering struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Requester string `json:"requester"` // VPCs
	Accepter  string `json:"accepter"`
	Status    string `json:"status"`
}

// Endpoint is a VPC endpoint.
type Endpoint struct {
	ID        string   `json:"id"`
	Type      string   `json:"type"` // Interface, Gateway or GatewayLoadBalancer
	Service   string   `json:"service"`
	VPC       string   `json:"vpc"`
	Addresses []string `json:"addresses"` // private ones, of its interfaces
}

// PrefixList is a list of AWS's addresses that gateway endpoints route to.
type PrefixList struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`
	CIDRs []string `json:"cidrs"`
}

// Run reads everything whole: a route table that is missing could be the one that matters.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	f, err := read(ctx, env.Cloud)
	if err != nil {
		return steps.Result{}, err
	}
	f.target = env.Target
	result := f.result()
	for _, q := range s.Paths {
		if q.Protocol == "" {
			q.Protocol = "tcp"
		}
		if path, here := f.path(q); here {
			result.Paths = append(result.Paths, path)
		}
	}
	return steps.Result{
		Value:   result,
		Blocks:  s.blocks(f, result),
		Quality: steps.Quality{Examined: int64(f.count()), Unit: "resources and answers"},
	}, nil
}

// facts are the answers of AWS about one account and region.
type facts struct {
	target steps.Target

	vpcs, subnets, interfaces, routeTables, acls, groups []map[string]any
	internet, nats, peerings, endpoints, customers       []map[string]any
	prefixLists                                          []map[string]any
}

type list struct {
	into           *[]map[string]any
	operation, key string
}

func (f *facts) lists() []list {
	return []list{
		{&f.vpcs, "ec2:DescribeVpcs", "Vpcs"},
		{&f.subnets, "ec2:DescribeSubnets", "Subnets"},
		{&f.interfaces, "ec2:DescribeNetworkInterfaces", "NetworkInterfaces"},
		{&f.routeTables, "ec2:DescribeRouteTables", "RouteTables"},
		{&f.acls, "ec2:DescribeNetworkAcls", "NetworkAcls"},
		{&f.groups, "ec2:DescribeSecurityGroups", "SecurityGroups"},
		{&f.internet, "ec2:DescribeInternetGateways", "InternetGateways"},
		{&f.nats, "ec2:DescribeNatGateways", "NatGateways"},
		{&f.peerings, "ec2:DescribeVpcPeeringConnections", "VpcPeeringConnections"},
		{&f.endpoints, "ec2:DescribeVpcEndpoints", "VpcEndpoints"},
		{&f.customers, "ec2:DescribeCustomerGateways", "CustomerGateways"},
		{&f.prefixLists, "ec2:DescribePrefixLists", "PrefixLists"},
	}
}

func read(ctx context.Context, cloud steps.Cloud) (*facts, error) {
	f := &facts{}
	var errs []error
	for _, list := range f.lists() {
		var err error
		*list.into, err = steps.ReadList(ctx, cloud, list.operation, list.key)
		errs = append(errs, err)
	}
	return f, errors.Join(errs...)
}

// count is how much was looked at. The answers count too, so that an account without any
// VPC can be known to have none.
func (f *facts) count() int {
	n := 0
	for _, list := range f.lists() {
		n += 1 + len(*list.into)
	}
	return n
}
