package drift

import (
	"encoding/json"
	"fmt"
	"strings"

	"playbook/steps"
)

const (
	maxRows = 500 // of a table; the result has all
	maxCell = 300 // characters of a value in a table
)

// blocks are what the report shows: what was compared with what, then what differs, what
// decides about reach first.
func (c *comparison) blocks(s *Step) []steps.Block {
	r := c.result
	facts := &steps.Facts{Title: "Comparison", Items: []steps.Fact{
		{Label: "Baseline", Value: r.Baseline.Location},
		{Label: "State of", Value: r.Baseline.AsOf},
		{Label: "Made", Value: fmt.Sprintf("%s by %s, from %s", r.Baseline.MadeAt.UTC().Format("2006-01-02 15:04 MST"), r.Baseline.By, r.Baseline.Source)},
		{Label: "SHA-256", Value: r.Baseline.SHA256},
		{Label: "Types compared", Value: strings.Join(r.Types, ", ")},
		{Label: "Compared", Value: r.Compared, Unit: steps.Count},
		{Label: "Added", Value: int64(len(r.Added)), Unit: steps.Count},
		{Label: "Removed", Value: int64(len(r.Removed)), Unit: steps.Count},
		{Label: "Changed", Value: int64(len(r.Changed)), Unit: steps.Count},
		{Label: "Fields left out", Value: strings.Join(s.Ignore, ", ")},
	}}
	blocks := []steps.Block{{Facts: facts}}
	for _, part := range [...]struct {
		title string
		list  []Resource
	}{{"Changed", r.Changed}, {"Added", r.Added}, {"Removed", r.Removed}} {
		if len(part.list) > 0 {
			blocks = append(blocks, steps.Block{Table: table(part.title, part.list)})
		}
	}
	return blocks
}

// table has a row for each field, and one for a resource without any.
func table(title string, list []Resource) *steps.Table {
	t := &steps.Table{Title: title, Columns: []steps.TableColumn{
		{Name: "type"}, {Name: "id"}, {Name: "name"}, {Name: "account"}, {Name: "region"},
		{Name: "decides reach"}, {Name: "field"}, {Name: "before"}, {Name: "after"},
	}}
	for _, security := range [...]bool{true, false} {
		for _, resource := range list {
			fields := resource.Fields
			if len(fields) == 0 {
				fields = []Field{{Security: resource.Security}}
			}
			for _, field := range fields {
				if field.Security != security {
					continue
				}
				t.Total++
				if len(t.Rows) == maxRows {
					continue
				}
				decides := ""
				if field.Security {
					decides = "yes"
				}
				t.Rows = append(t.Rows, []any{resource.Type, resource.ID, resource.Name, resource.Account, resource.Region,
					decides, field.Path, cell(field.Before), cell(field.After)})
			}
		}
	}
	return t
}

// cell is a value in a table: text as it is, the rest as JSON, long ones cut.
func cell(value any) any {
	text, isText := value.(string)
	switch {
	case value == nil:
		return ""
	case !isText:
		encoded, err := json.Marshal(value)
		if err != nil {
			return fmt.Sprint(value)
		}
		text = string(encoded)
	}
	if short := []rune(text); len(short) > maxCell {
		return string(short[:maxCell]) + "…"
	}
	return text
}
