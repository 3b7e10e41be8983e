package steps

import "strings"

// Units is the unit of a count in words: units are plural, and 1 is not. A unit of
// several nouns ("VPCs, subnets and interfaces") stays as it is.
func Units(n int64, unit string) string {
	switch {
	case n != 1 || strings.Contains(unit, ",") || strings.Contains(unit, " and "):
		return unit
	case strings.HasSuffix(unit, "sses"):
		return strings.TrimSuffix(unit, "es")
	case strings.HasSuffix(unit, "ies"):
		return strings.TrimSuffix(unit, "ies") + "y"
	case strings.HasSuffix(unit, "s") && !strings.HasSuffix(unit, "ss"):
		return strings.TrimSuffix(unit, "s")
	}
	return unit
}
