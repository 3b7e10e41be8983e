package main

import (
	"testing"

	"playbook/runner/cloud"
	"playbook/steps/kinds"
)

// TestEveryKindCanBeAllowed: what a kind calls, and what its plans call, is in the table
// of permissions.
func TestEveryKindCanBeAllowed(t *testing.T) {
	for _, kind := range kinds.All() {
		for _, actions := range [][]string{kind.Operations, kind.Writes} {
			if _, err := cloud.NewPolicy(append([]string{}, actions...), cloud.Scope{}); err != nil {
				t.Errorf("%s: %v", kind.Name, err)
			}
		}
	}
}
