package playbooks

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// order reports the steps whose phase does not follow the lifecycle: as few as have to
// move for the rest to be in order.
func (l *loader) order(nodes []*yaml.Node) {
	var phases []*yaml.Node
	var ranks []int
	for _, node := range nodes {
		if phase := child(node, "phase"); phase != nil {
			if rank := slices.Index(Phases[:], Phase(phase.Value)); rank >= 0 {
				phases, ranks = append(phases, phase), append(ranks, rank)
			}
		}
	}
	kept := longestInOrder(ranks)
	for i, phase := range phases {
		if kept[i] {
			continue
		}
		for j := range phases {
			if kept[j] && j < i && ranks[j] > ranks[i] || kept[j] && j > i && ranks[j] < ranks[i] {
				where := "after"
				if j > i {
					where = "before"
				}
				l.at(phase, "phase-order", fmt.Sprintf("a step of %s stands %s one of %s (line %d)",
					phase.Value, where, phases[j].Value, phases[j].Line), "the order is "+strings.Join(phaseNames(), ", "))
				break
			}
		}
	}
}

func phaseNames() []string {
	var names []string
	for _, phase := range Phases {
		names = append(names, string(phase))
	}
	return names
}

// longestInOrder picks the longest part of a list that does not decrease.
func longestInOrder(ranks []int) map[int]bool {
	longest := [len(Phases)]int{} // the most that can be kept when the last one kept has this rank
	last := [len(Phases)]int{}
	before := make([]int, len(ranks))
	best := 0
	for i, rank := range ranks {
		from := 0
		for r := 0; r <= rank; r++ {
			if longest[r] > longest[from] {
				from = r
			}
		}
		before[i] = -1
		if longest[from] > 0 {
			before[i] = last[from]
		}
		longest[rank], last[rank] = longest[from]+1, i
	}
	for r := range longest {
		if longest[r] > longest[best] {
			best = r
		}
	}
	kept := map[int]bool{}
	if longest[best] > 0 {
		for i := last[best]; i >= 0; i = before[i] {
			kept[i] = true
		}
	}
	return kept
}
