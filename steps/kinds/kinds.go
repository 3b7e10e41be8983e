// Package kinds is the list of the kinds of step. A new kind is one new folder beside
// this one and one line here.
package kinds

import (
	"playbook/steps"
	"playbook/steps/athena"
	"playbook/steps/question"
)

// All returns every kind, by name.
func All() []steps.Kind {
	return []steps.Kind{
		athena.Kind(),
		question.Kind(),
	}
}
