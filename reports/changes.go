package reports

import (
	"encoding/json"
	"fmt"

	"playbook/steps"
)

// changes writes the calls that a step has worked out: what a person has to see before
// saying yes to them.
func (m *markdown) changes(list []steps.Change) {
	for i, change := range list {
		m.printf("**%d. %s on %s**", i+1, inline(clip(change.Call.Operation, maxCell)), code(clip(change.Resource, maxCell)))
		if place := change.Target.String(); place != "" {
			m.printf(" in %s", inline(place))
		}
		m.printf(". %s\n\n", inline(clip(change.Reason, 600)))
		m.printf("%s\n\n", fence("shell", change.Call.Command(change.Target)))
		if len(change.Before) > 0 {
			m.printf("As it is now:\n\n%s\n\n", fence("json", indented(change.Before)))
		}
		if len(change.Undo) > 0 {
			m.printf("To take it back:\n\n")
			for _, call := range change.Undo {
				m.printf("%s\n\n", fence("shell", call.Command(change.Target)))
			}
		}
		for _, note := range change.Notes {
			m.printf("- %s\n", inline(clip(note, 600)))
		}
		if len(change.Notes) > 0 {
			m.printf("\n")
		}
	}
}

func indented(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// planned counts the calls that are worked out and not made.
func (r *Report) planned() int {
	n := 0
	for _, phase := range r.Phases {
		for _, step := range phase.Steps {
			for _, part := range step.Parts {
				n += len(part.Changes)
			}
		}
	}
	return n
}
