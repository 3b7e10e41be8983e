package athena

import (
	"cmp"
	"fmt"
	"strconv"

	"playbook/steps"
)

// Diagram draws who talks to whom: an arrow for each pair in the rows.
type Diagram struct {
	Title  string `yaml:"title,omitempty" jsonschema:"description=Above the diagram"`
	From   string `yaml:"from" jsonschema:"required,description=Column with where an arrow begins"`
	To     string `yaml:"to" jsonschema:"required,description=Column with where it ends"`
	Weight string `yaml:"weight,omitempty" jsonschema:"description=Column of numbers that compares the arrows"`
}

func (d *Diagram) draw(answer Result) (*steps.Diagram, error) {
	type pair struct{ from, to string }
	diagram := &steps.Diagram{}
	nodes, arrows, drawn := map[string]string{}, map[pair]int{}, 0
	node := func(value any) string {
		name := text(value)
		id, ok := nodes[name]
		if !ok {
			id = fmt.Sprintf("n%d", len(nodes)+1)
			nodes[name] = id
			diagram.Nodes = append(diagram.Nodes, steps.DiagramNode{ID: id, Label: label(value)})
		}
		return id
	}
	for _, row := range answer.Rows {
		weight := 0.0
		if d.Weight != "" {
			var err error
			if weight, err = number("diagram.weight", d.Weight, row[d.Weight]); err != nil {
				return nil, err
			}
		}
		key := pair{text(row[d.From]), text(row[d.To])}
		at, ok := arrows[key]
		switch {
		case !ok && len(diagram.Edges) == maxArrows:
			continue
		case !ok:
			at = len(diagram.Edges)
			arrows[key] = at
			diagram.Edges = append(diagram.Edges, steps.DiagramEdge{From: node(row[d.From]), To: node(row[d.To])})
		}
		drawn++
		diagram.Edges[at].Weight += weight
	}
	for i := range diagram.Edges {
		diagram.Edges[i].Label = d.amount(diagram.Edges[i].Weight)
	}
	diagram.Title = cmp.Or(d.Title, "From "+d.From+" to "+d.To) + shareOf("rows", int64(drawn), answer.Total)
	return diagram, nil
}

// amount is the weight of an arrow in words; bytes in powers of 1000, as AWS bills them.
func (d *Diagram) amount(weight float64) string {
	switch {
	case d.Weight == "":
		return ""
	case unitOf(d.Weight) != steps.Bytes:
		return strconv.FormatFloat(weight, 'f', -1, 64) + " " + d.Weight
	}
	if weight < 1000 {
		return fmt.Sprintf("%.0f B", weight)
	}
	power := 0
	for ; weight >= 999.95 && power < 5; power++ {
		weight /= 1000
	}
	return fmt.Sprintf("%.1f %s", weight, [...]string{"B", "KB", "MB", "GB", "TB", "PB"}[power])
}
