package cloud_test

import (
	"slices"
	"strings"
	"testing"

	"playbook/runner/cloud"
	"playbook/steps/kinds"
)

func TestEveryOperationOfAKindIsInTheTable(t *testing.T) {
	var known []string
	for _, op := range cloud.Operations() {
		known = append(known, op.Name)
		if (len(op.Lists) == 0) == (op.Text == "") {
			t.Errorf("%s has neither a list nor a text to tell its answer by, or both", op.Name)
		}
		service, name, _ := strings.Cut(op.Name, ":")
		if service != op.Service || strings.ToLower(name) != strings.ReplaceAll(op.Command, "-", "") {
			t.Errorf("%s is not the call that `aws %s %s` makes", op.Name, op.Service, op.Command)
		}
	}
	if !slices.IsSorted(known) || len(slices.Compact(slices.Clone(known))) != len(known) {
		t.Errorf("the table is not in order: %v", known)
	}
	for _, kind := range kinds.All() {
		for _, operation := range kind.Operations {
			if !slices.Contains(known, operation) && !strings.HasPrefix(operation, "s3:") { // files are read, not called
				t.Errorf("%s uses %s, which is not in the table", kind.Name, operation)
			}
		}
	}
}
