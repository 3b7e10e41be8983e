package playbooks

import (
	"playbook/steps"
	"playbook/steps/diagnostic"
)

// Load parses and checks one playbook. Every mistake in it is in the list; the
// playbook is nil when one of them is an error.
func Load(path string, source []byte, kinds []steps.Kind) (*Playbook, diagnostic.List) {
	panic("not written yet")
}

type with struct{}

func (w with) decode(kind steps.Kind, scope map[string]any) (steps.Step, error) {
	panic("not written yet")
}
