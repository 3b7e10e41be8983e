package flowlogs

import (
	"fmt"
	"strings"

	"playbook/steps"
)

// coverer finds the flow logs of a resource: its own, and those of what it is in. "A
// flow log for a subnet or VPC records each of its interfaces" (VPC User Guide, "Flow
// logs basics").
type coverer struct{ logs []FlowLog }

// cover judges one resource; within are the fields that name it and what it is in.
func (c coverer) cover(what string, raw map[string]any, id string, within ...string) Coverage {
	found := Coverage{
		ID: steps.TextOf(raw, id), Name: steps.NameTag(raw), VPC: steps.TextOf(raw, "VpcId"), By: []string{}, Problems: []string{},
	}
	if found.Name == "" {
		found.Name = steps.TextOf(raw, "Description")
	}
	if found.Name == "" {
		found.Name = found.ID
	}
	accepts, rejects := false, false
	for _, field := range within {
		resource := steps.TextOf(raw, field)
		for _, log := range c.logs {
			if resource == "" || log.Resource != resource {
				continue
			}
			found.By = append(found.By, log.ID)
			for _, problem := range log.problems() {
				found.Problems = append(found.Problems, log.ID+": "+problem)
			}
			if !log.works() {
				continue
			}
			accepts = accepts || log.Traffic != "REJECT"
			rejects = rejects || log.Traffic != "ACCEPT"
			if found.Via == "" {
				found.Via = log.ResourceType
			}
		}
	}
	found.Covered = accepts && rejects
	switch {
	case found.Covered:
		found.Traffic = "ALL"
	case accepts:
		found.Traffic = "ACCEPT"
	case rejects:
		found.Traffic = "REJECT"
	}
	if !found.Covered {
		found.Via = ""
	}
	if len(found.By) == 0 {
		found.Problems = append(found.Problems, "no flow log records this "+what)
	}
	return found
}

// coverByParts calls a VPC covered when every subnet of it is, by logs of their own.
// Covered interfaces are not enough: one that is added tomorrow would not be.
func coverByParts(vpc *Coverage, subnets, interfaces []Coverage) {
	if vpc.Covered {
		return
	}
	all, any := true, false
	for _, subnet := range subnets {
		if subnet.VPC == vpc.ID {
			any = true
			all = all && subnet.Covered
		}
	}
	if any && all {
		vpc.Covered, vpc.Via, vpc.Traffic, vpc.Problems = true, "parts", "ALL", []string{}
		return
	}
	total, covered := 0, 0
	for _, i := range interfaces {
		if i.VPC == vpc.ID {
			total++
			if i.Covered {
				covered++
			}
		}
	}
	if covered > 0 {
		vpc.Problems = append(vpc.Problems, fmt.Sprintf("flow logs record %d of its %d interfaces", covered, total))
	}
}

func blocks(result Result) []steps.Block {
	logs := &steps.Table{
		Title: "Flow logs",
		Columns: []steps.TableColumn{{Name: "flow log"}, {Name: "resource"}, {Name: "traffic"}, {Name: "destination"},
			{Name: "interval", Unit: steps.Seconds}, {Name: "fields"}, {Name: "state"}},
		Total: int64(len(result.FlowLogs)),
	}
	for _, l := range result.FlowLogs {
		state := "delivers"
		if len(l.Problems) > 0 {
			state = strings.Join(l.Problems, "; ")
		}
		logs.Rows = append(logs.Rows, []any{l.ID, l.Resource, l.Traffic, l.Destination, l.Interval, int64(len(l.Fields)), state})
	}
	counts := &steps.Facts{}
	var missing []Coverage
	for _, group := range []struct {
		label string
		list  []Coverage
	}{{"VPCs", result.VPCs}, {"Subnets", result.Subnets}, {"Interfaces", result.Interfaces}} {
		covered := 0
		for _, c := range group.list {
			if c.Covered {
				covered++
			} else {
				missing = append(missing, c)
			}
		}
		counts.Items = append(counts.Items, steps.Fact{Label: group.label, Value: fmt.Sprintf("%d of %d recorded", covered, len(group.list))})
	}
	table := &steps.Table{
		Title:   "Not recorded",
		Columns: []steps.TableColumn{{Name: "resource"}, {Name: "name"}, {Name: "VPC"}, {Name: "because"}},
		Total:   int64(len(missing)),
	}
	for _, c := range missing {
		table.Rows = append(table.Rows, []any{c.ID, c.Name, c.VPC, strings.Join(c.Problems, "; ")})
	}
	list := []steps.Block{{Facts: counts}}
	for _, t := range []*steps.Table{table, logs} {
		if t.Total > 0 {
			list = append(list, steps.Block{Table: t})
		}
	}
	return list
}
