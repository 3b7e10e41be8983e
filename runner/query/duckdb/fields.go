package duckdb

import "playbook/steps/flowrecord"

// flowField is the field of flow logs that a name means, by its name in header lines, or
// "" when it means none.
func flowField(name string) string {
	if field := flowrecord.Named(name); field != nil {
		return field.Name
	}
	return ""
}
