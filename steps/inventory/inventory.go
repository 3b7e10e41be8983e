// Package inventory is the kind of step that lists the resources of a network, as AWS
// returns them. It judges none of them.
package inventory

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"maps"
	"slices"

	"playbook/steps"
)

//go:embed doc.md
var doc string

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
		Result:     noResources(),
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

// list is nil, not empty, for a type that was not asked for: what was not looked at
// must not be taken for none.
type list *[]map[string]any

// Result has a list for each type, in the fields of the AWS CLI.
type Result struct {
	VPCs                  list `json:"vpcs"`
	NetworkACLs           list `json:"network_acls"`
	SecurityGroups        list `json:"security_groups"`
	RouteTables           list `json:"route_tables"`
	NetworkInterfaces     list `json:"network_interfaces"`
	InternetGateways      list `json:"internet_gateways"`
	VPCPeeringConnections list `json:"vpc_peering_connections"`
	NATGateways           list `json:"nat_gateways"`
	VPCEndpoints          list `json:"vpc_endpoints"`
	CustomerGateways      list `json:"customer_gateways"`
	Addresses             list `json:"addresses"`
}

// noResources has every list, each empty: an account without anything.
func noResources() (r Result) {
	for _, each := range resources {
		*each.list(&r) = &[]map[string]any{}
	}
	return r
}

// Run reads each type whole. A type without resources is a result; a type without an
// answer is an error, and the others are kept. The answers count as looked at too, so
// that an account without customer gateways can be known to have none.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	var result Result
	var errs []error
	var tables []steps.Block
	counts := &steps.Facts{Title: "Resources"}
	quality := steps.Quality{Unit: "resources and answers"}
	for _, r := range resources {
		if len(s.Resources) > 0 && !slices.Contains(s.Resources, r.name) {
			continue
		}
		found, err := steps.ReadList(ctx, env.Cloud, r.operation, r.key)
		*r.list(&result) = &found
		quality.Examined += int64(len(found))
		fact := steps.Fact{Label: r.name, Value: int64(len(found)), Unit: steps.Count}
		if err != nil {
			errs = append(errs, err)
			fact = steps.Fact{Label: r.name, Value: "not known"}
		} else {
			quality.Examined++
		}
		counts.Items = append(counts.Items, fact)
		if len(found) > 0 {
			tables = append(tables, steps.Block{Table: r.table(found)})
		}
	}
	return steps.Result{
		Value:   result,
		Blocks:  append([]steps.Block{{Facts: counts}}, tables...),
		Quality: quality,
		Names:   names(result),
	}, errors.Join(errs...)
}

// names are the values of the tag Name, by the ids and private addresses of what
// carries it. An interface without one is called as its description says. What has two
// names, as a private address that two VPCs use, has none.
func names(r Result) map[string]string {
	all := map[string]string{}
	add := func(name string, keys ...string) {
		for _, key := range keys {
			if before, known := all[key]; known && before != name {
				name = ""
			}
			all[key] = name
		}
	}
	for _, n := range of(r.NetworkInterfaces) {
		name := cmp.Or(steps.NameTag(n), steps.TextOf(n, "Description"))
		attachment, _ := n["Attachment"].(map[string]any)
		add(name, steps.TextOf(n, "NetworkInterfaceId"), steps.TextOf(attachment, "InstanceId"), steps.TextOf(n, "PrivateIpAddress"))
		for _, private := range steps.MapsOf(n, "PrivateIpAddresses") {
			add(name, steps.TextOf(private, "PrivateIpAddress"))
		}
		for _, six := range steps.MapsOf(n, "Ipv6Addresses") {
			add(name, steps.TextOf(six, "Ipv6Address"))
		}
	}
	for _, v := range of(r.VPCs) {
		add(steps.NameTag(v), steps.TextOf(v, "VpcId"))
	}
	for _, n := range of(r.NATGateways) {
		add(steps.NameTag(n), steps.TextOf(n, "NatGatewayId"))
	}
	maps.DeleteFunc(all, func(key, name string) bool { return key == "" || name == "" })
	return all
}

func of(resources list) []map[string]any {
	if resources == nil {
		return nil
	}
	return *resources
}
