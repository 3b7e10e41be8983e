// Package exposure is the kind of step that finds which network interfaces can be
// reached from the internet, on which ports, and why.
package exposure

import (
	"context"
	_ "embed"
	"errors"
	"strings"

	"playbook/steps"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:    "exposure",
		Summary: "Find the network interfaces that the internet can reach, on which ports, and why",
		Doc:     doc,
		Effect:  steps.Reads,
		Operations: []string{
			"ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups",
			"ec2:DescribeNetworkAcls", "ec2:DescribeInternetGateways",
		},
		PerTarget: true,
		Result:    Result{},
		New:       func() steps.Step { return &Step{} },
		Example: `id: exposure
phase: preparation
title: Find the interfaces that the internet can reach
uses: exposure
expect:
  - id: load_balancers_only
    each: result.exposures
    that: item.kind == "load_balancer"
    resource: item.interface
    severity: high
    finding: ${{ item.name }} is reachable on ${{ item.protocol }} ${{ item.from_port }}-${{ item.to_port }}
`,
	}
}

// Step has no options: all interfaces are looked at.
type Step struct{}

// Result says of every interface whether it is exposed, and of every exposure how.
type Result struct {
	Interfaces []Interface `json:"interfaces"`
	Exposures  []Exposure  `json:"exposures"`
}

// Interface is one network interface.
type Interface struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"` // tag Name, else what AWS describes it as, else its id
	Kind      string   `json:"kind"` // instance, load_balancer, nat_gateway, vpc_endpoint, lambda or other
	Instance  string   `json:"instance"`
	VPC       string   `json:"vpc"`
	Subnet    string   `json:"subnet"`
	PrivateIP string   `json:"private_ip"`
	PublicIPs []string `json:"public_ips"`
	Exposed   bool     `json:"exposed"`
	WhyNot    string   `json:"why_not"` // what stops the internet, when it is not exposed
}

// Exposure is one range of ports of one address that the internet can reach.
type Exposure struct {
	Interface string   `json:"interface"`
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`
	Instance  string   `json:"instance"`
	VPC       string   `json:"vpc"`
	Subnet    string   `json:"subnet"`
	Address   string   `json:"address"`
	Protocol  string   `json:"protocol"`  // tcp, udp, icmp, another one's number, other (the rest), or all
	FromPort  int      `json:"from_port"` // of ICMP a type
	ToPort    int      `json:"to_port"`
	Ports     string   `json:"ports"`   // the range for people: 22, 20-30, all ports, type 8
	Sources   []string `json:"sources"` // blocks; what is left out of them is in the reasons
	Reasons   []string `json:"reasons"`

	regions []region // the sources exactly
}

// Run looks at every interface of the target. Any missing answer is an error: without
// route tables, say, nothing could be said of any interface.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	n, err := readNetwork(ctx, env.Cloud)
	if err != nil {
		return steps.Result{}, err
	}
	result := Result{Interfaces: []Interface{}, Exposures: []Exposure{}}
	for _, raw := range n.interfaces {
		found, exposures := n.judge(raw)
		result.Interfaces = append(result.Interfaces, found)
		result.Exposures = append(result.Exposures, exposures...)
	}
	return steps.Result{
		Value:   result,
		Blocks:  blocks(result),
		Quality: steps.Quality{Examined: int64(len(result.Interfaces)), Unit: "network interfaces", Gaps: n.gaps},
	}, nil
}

func readNetwork(ctx context.Context, cloud steps.Cloud) (*network, error) {
	n := &network{}
	var errs []error
	for _, list := range []struct {
		into           *[]map[string]any
		operation, key string
	}{
		{&n.interfaces, "ec2:DescribeNetworkInterfaces", "NetworkInterfaces"},
		{&n.routeTables, "ec2:DescribeRouteTables", "RouteTables"},
		{&n.groups, "ec2:DescribeSecurityGroups", "SecurityGroups"},
		{&n.acls, "ec2:DescribeNetworkAcls", "NetworkAcls"},
		{&n.gateways, "ec2:DescribeInternetGateways", "InternetGateways"},
	} {
		var err error
		if *list.into, err = steps.ReadList(ctx, cloud, list.operation, list.key); err != nil {
			errs = append(errs, err)
		}
	}
	return n, errors.Join(errs...)
}

func blocks(result Result) []steps.Block {
	exposed := &steps.Table{
		Title: "Reachable from the internet",
		Columns: []steps.TableColumn{{Name: "interface"}, {Name: "name"}, {Name: "kind"}, {Name: "address"},
			{Name: "protocol"}, {Name: "ports"}, {Name: "sources"}, {Name: "because"}},
		Total: int64(len(result.Exposures)),
	}
	for _, e := range result.Exposures {
		exposed.Rows = append(exposed.Rows, []any{e.Interface, e.Name, e.Kind, e.Address, e.Protocol,
			e.Ports, strings.Join(e.Sources, ", "), strings.Join(e.Reasons, "; ")})
	}
	others := &steps.Table{
		Title:   "Has a public address and is not reachable",
		Columns: []steps.TableColumn{{Name: "interface"}, {Name: "name"}, {Name: "kind"}, {Name: "addresses"}, {Name: "because"}},
	}
	for _, i := range result.Interfaces {
		if !i.Exposed && len(i.PublicIPs) > 0 {
			others.Rows = append(others.Rows, []any{i.ID, i.Name, i.Kind, strings.Join(i.PublicIPs, ", "), i.WhyNot})
		}
	}
	others.Total = int64(len(others.Rows))
	public := int64(0)
	open := int64(0)
	for _, i := range result.Interfaces {
		if len(i.PublicIPs) > 0 {
			public++
		}
		if i.Exposed {
			open++
		}
	}
	list := []steps.Block{{Facts: &steps.Facts{Title: "Network interfaces", Items: []steps.Fact{
		{Label: "looked at", Value: int64(len(result.Interfaces)), Unit: steps.Count},
		{Label: "with a public address", Value: public, Unit: steps.Count},
		{Label: "reachable from the internet", Value: open, Unit: steps.Count},
	}}}}
	for _, table := range []*steps.Table{exposed, others} {
		if table.Total > 0 {
			list = append(list, steps.Block{Table: table})
		}
	}
	return list
}
