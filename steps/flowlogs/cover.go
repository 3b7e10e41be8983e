package flowlogs

import (
	"fmt"
	"strings"

	"playbook/steps"
)

// coverer finds the flow logs of a resource: its own, and those of what it is in. "If
// you create a flow log for a subnet or VPC, each network interface in that subnet or
// VPC is monitored" (VPC User Guide, "Flow logs basics").
type coverer struct {
	account string
	logs    []FlowLog
	vpcs    []map[string]any
}

// cover judges one resource; places are the fields that name it and what it is in.
func (c coverer) cover(what string, raw map[string]any, places ...string) Coverage {
	found := Coverage{
		ID: steps.TextOf(raw, places[0]), Name: steps.NameTag(raw), VPC: steps.TextOf(raw, "VpcId"), Subnet: steps.TextOf(raw, "SubnetId"),
		By: []string{}, Problems: []string{},
	}
	if found.Name == "" {
		found.Name = steps.TextOf(raw, "Description")
	}
	if found.Name == "" {
		found.Name = found.ID
	}
	accepts, rejects := false, false
	for _, field := range places {
		resource := steps.TextOf(raw, field)
		for _, log := range c.logs {
			if resource == "" || log.Resource != resource {
				continue
			}
			found.By = append(found.By, log.ID)
			for _, problem := range log.Problems {
				found.Problems = append(found.Problems, log.ID+": "+problem)
			}
			if !log.works() {
				continue
			}
			accepts = accepts || log.accepts()
			rejects = rejects || log.rejects()
			if found.Via == "" {
				found.Via = log.ResourceType
			}
		}
	}
	switch {
	case accepts && rejects:
		found.Covered, found.Traffic = true, "ALL"
	case accepts:
		found.Partly, found.Traffic = true, "ACCEPT"
	case rejects:
		found.Partly, found.Traffic = true, "REJECT"
	}
	if !found.Covered {
		found.Via = ""
		c.explain(what, &found)
	}
	return found
}

// explain adds why a resource is not covered beyond what is wrong with its flow logs.
func (c coverer) explain(what string, found *Coverage) {
	if len(found.By) == 0 {
		found.Problems = append(found.Problems, "no flow log records this "+what)
	}
	for _, vpc := range c.vpcs {
		owner := steps.TextOf(vpc, "OwnerId")
		if steps.TextOf(vpc, "VpcId") == found.VPC && owner != "" && c.account != "" && owner != c.account {
			found.Problems = append(found.Problems, fmt.Sprintf("its VPC is shared by account %s, whose flow logs are not seen from here", owner))
		}
	}
}

// addParts looks at what a resource is made of. It is covered when every subnet of it
// is, by logs of their own. Interfaces that are all covered are not enough: one that is
// added tomorrow would not be.
func (whole *Coverage) addParts(subnets, interfaces []Coverage, isPart func(Coverage) bool) {
	if whole.Covered {
		return
	}
	total, covered := 0, 0
	for _, subnet := range subnets {
		if isPart(subnet) {
			total++
			if subnet.Covered {
				covered++
				whole.By = append(whole.By, subnet.By...)
			}
			whole.Partly = whole.Partly || subnet.Covered || subnet.Partly
		}
	}
	if total > 0 && covered == total {
		whole.Covered, whole.Partly, whole.Via, whole.Traffic, whole.Problems = true, false, "subnet", "ALL", []string{}
		return
	}
	total, covered = 0, 0
	for _, i := range interfaces {
		if isPart(i) {
			total++
			if i.Covered {
				covered++
			}
			whole.Partly = whole.Partly || i.Covered || i.Partly
		}
	}
	if covered > 0 {
		whole.Problems = append(whole.Problems, fmt.Sprintf("flow logs record %d of its %d interfaces, and none that is made later", covered, total))
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
	counts := &steps.Facts{Title: "Recorded"}
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
		counts.Items = append(counts.Items, steps.Fact{Label: group.label, Value: fmt.Sprintf("%d of %d", covered, len(group.list))})
	}
	table := &steps.Table{
		Title:   "Not recorded",
		Columns: []steps.TableColumn{{Name: "resource"}, {Name: "name"}, {Name: "VPC"}, {Name: "because"}},
		Total:   int64(len(missing)),
	}
	for _, c := range missing {
		table.Rows = append(table.Rows, []any{c.ID, c.Name, c.VPC, strings.Join(c.Problems, "; ")})
	}
	critical := &steps.Table{Title: "Critical VPCs", Columns: []steps.TableColumn{{Name: "VPC"}, {Name: "name"}, {Name: "watched"}}}
	for _, vpc := range result.VPCs {
		if vpc.Critical {
			critical.Rows = append(critical.Rows, []any{vpc.ID, vpc.Name, vpc.Covered})
		}
	}
	critical.Total = int64(len(critical.Rows))
	list := []steps.Block{{Facts: counts}}
	for _, t := range []*steps.Table{critical, table, logs} {
		if t.Total > 0 {
			list = append(list, steps.Block{Table: t})
		}
	}
	return list
}
