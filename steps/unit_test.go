package steps

import "testing"

func TestOneIsSingular(t *testing.T) {
	for unit, want := range map[string]string{
		"VPCs": "VPC", "flow log records": "flow log record", "addresses": "address", "retries": "retry", "class": "class",
		"statement": "statement", "VPCs, subnets and interfaces": "VPCs, subnets and interfaces", "resources and answers": "resources and answers",
	} {
		if got := Units(1, unit); got != want {
			t.Errorf("1 %s, not 1 %s", got, want)
		}
		if got := Units(2, unit); got != unit {
			t.Errorf("2 %s, not 2 %s", got, unit)
		}
	}
}
