package network

import (
	"fmt"
	"strings"

	"playbook/steps"
)

// maxNodes is how many interfaces of a subnet are drawn one by one.
const maxNodes = 12

func (s *Step) blocks(f *facts, r Result) []steps.Block {
	if len(r.VPCs) == 0 {
		return []steps.Block{{Text: &steps.Text{Body: "There is no VPC."}}}
	}
	counts := &steps.Facts{Items: []steps.Fact{
		{Label: "VPCs", Value: int64(len(r.VPCs)), Unit: steps.Count}, {Label: "Subnets", Value: int64(len(r.Subnets)), Unit: steps.Count},
		{Label: "Gateways", Value: int64(len(r.Gateways)), Unit: steps.Count}, {Label: "Peering connections", Value: int64(len(r.Peerings)), Unit: steps.Count},
		{Label: "Endpoints", Value: int64(len(r.Endpoints)), Unit: steps.Count},
	}}
	subnets := &steps.Table{Title: "Subnets", Total: int64(len(r.Subnets)), Columns: []steps.TableColumn{
		{Name: "subnet"}, {Name: "name"}, {Name: "VPC"}, {Name: "block"}, {Name: "kind"}, {Name: "because"}, {Name: "interfaces", Unit: steps.Count}}}
	for _, n := range r.Subnets {
		subnets.Rows = append(subnets.Rows, []any{n.ID, n.Name, n.VPC, n.CIDR, n.Kind, n.Why, n.Interfaces})
	}
	blocks := []steps.Block{{Facts: counts}, {Diagram: s.picture(f, r)}, {Table: subnets}}
	if len(r.Paths) > 0 {
		blocks = append(blocks, steps.Block{Table: ways(r.Paths)})
	}
	return blocks
}

func ways(paths []Path) *steps.Table {
	table := &steps.Table{Title: "Ways", Total: int64(len(paths)), Columns: []steps.TableColumn{{Name: "from"}, {Name: "to"}, {Name: "port"}, {Name: "verdict"}, {Name: "because"}, {Name: "passes"}}}
	for _, p := range paths {
		var hops []string
		for _, h := range p.Hops {
			hops = append(hops, fmt.Sprintf("%s of %s: %s", h.Kind, h.ID, h.Why))
		}
		table.Rows = append(table.Rows, []any{p.From, p.To, fmt.Sprintf("%s %d", p.Protocol, p.Port), p.Verdict, p.StoppedBy + p.WhyUnknown, strings.Join(hops, "; ")})
	}
	return table
}

// picture draws VPCs and subnets as boxes, what is in them as nodes, and the ways between
// VPCs and to the internet as edges.
func (s *Step) picture(f *facts, r Result) *steps.Diagram {
	exposed := map[string]string{} // ports, by interface
	for _, each := range s.Exposed {
		if fields, ok := steps.Plain(each).(map[string]any); ok {
			id := steps.TextOf(fields, "interface")
			exposed[id] = strings.TrimPrefix(exposed[id]+", "+steps.TextOf(fields, "protocol")+" "+steps.TextOf(fields, "ports"), ", ")
		}
	}
	d := &steps.Diagram{Title: "The network", Nodes: []steps.DiagramNode{{ID: internetWord, Label: "internet"}}}
	for _, v := range r.VPCs {
		d.Groups = append(d.Groups, steps.DiagramGroup{ID: v.ID, Label: v.Name + " " + strings.Join(v.CIDRs, " "), Kind: "VPC"})
	}
	for _, n := range r.Subnets {
		d.Groups = append(d.Groups, steps.DiagramGroup{ID: n.ID, Label: n.Name + " " + n.CIDR, Kind: n.Kind, Group: n.VPC})
	}
	drawn := map[string]int{}
	for _, raw := range f.interfaces {
		id, subnet := steps.TextOf(raw, "NetworkInterfaceId"), steps.TextOf(raw, "SubnetId")
		ports, isExposed := exposed[id]
		if drawn[subnet]++; drawn[subnet] > maxNodes && !isExposed {
			continue
		}
		node := steps.DiagramNode{ID: id, Label: label(raw), Kind: steps.TextOf(raw, "PrivateIpAddress"), Group: subnet}
		if isExposed {
			node.Mark = steps.High
			d.Edges = append(d.Edges, steps.DiagramEdge{From: internetWord, To: id, Label: ports, Mark: steps.High})
		}
		d.Nodes = append(d.Nodes, node)
	}
	for _, n := range r.Subnets {
		if count := drawn[n.ID]; count > maxNodes {
			d.Nodes = append(d.Nodes, steps.DiagramNode{ID: n.ID + "/more", Label: fmt.Sprintf("%d interfaces in all", count), Group: n.ID})
		}
	}
	for _, g := range r.Gateways {
		switch g.Type {
		case "internet":
			d.Edges = append(d.Edges, steps.DiagramEdge{From: internetWord, To: g.VPC, Label: g.ID})
		case "customer":
			d.Nodes = append(d.Nodes, steps.DiagramNode{ID: g.ID, Label: g.Name, Kind: "customer gateway"})
		}
	}
	for _, p := range r.Peerings {
		for _, vpc := range []string{p.Requester, p.Accepter} {
			if find(f.vpcs, "VpcId", vpc) == nil {
				d.Nodes = append(d.Nodes, steps.DiagramNode{ID: vpc, Label: vpc, Kind: "VPC elsewhere"})
			}
		}
		d.Edges = append(d.Edges, steps.DiagramEdge{From: p.Requester, To: p.Accepter, Label: p.Name + " " + p.ID})
	}
	return d
}

// label is what an interface is called.
func label(raw map[string]any) string {
	if name := steps.NameTag(raw); name != "" {
		return name
	}
	switch steps.TextOf(raw, "InterfaceType") {
	case "nat_gateway":
		return "NAT gateway"
	case "vpc_endpoint":
		return "endpoint"
	}
	if description := steps.TextOf(raw, "Description"); description != "" {
		return description
	}
	return steps.TextOf(raw, "NetworkInterfaceId")
}
