package duckdb

// strict makes a tree of which DuckDB refuses what Trino refuses: that = compares a
// number with text. DuckDB casts there, but not for <, so for the check alone, which is
// of empty tables, = becomes <. It is left as it is in a FULL JOIN, which needs =.
func strict(value any) any {
	if mentionsFullJoin(value) {
		return value
	}
	return stricter(value)
}

func stricter(value any) any {
	switch value := value.(type) {
	case node:
		for key, part := range value {
			value[key] = stricter(part)
		}
		switch word(value, "type") {
		case "COMPARE_EQUAL", "COMPARE_NOTEQUAL":
			if value["class"] == "COMPARISON" {
				value["type"] = "COMPARE_LESSTHAN"
			}
		case "COMPARE_IN", "COMPARE_NOT_IN":
			return anyLess(value)
		}
	case []any:
		for i := range value {
			value[i] = stricter(value[i])
		}
	}
	return value
}

// anyLess is a < x OR a < y, for a IN (x, y).
func anyLess(n node) any {
	operands := children(n, "children")
	if len(operands) < 2 {
		return n
	}
	var tests []any
	for _, operand := range operands[1:] {
		tests = append(tests, compareNode("COMPARE_LESSTHAN", copyTree(operands[0]), operand))
	}
	if len(tests) == 1 {
		tests = append(tests, copyTree(tests[0]))
	}
	return node{"class": "CONJUNCTION", "type": "CONJUNCTION_OR", "alias": n["alias"], "children": tests}
}

func mentionsFullJoin(value any) bool {
	switch value := value.(type) {
	case node:
		if kind := word(value, "join_type"); kind == "OUTER" || kind == "FULL" {
			return true
		}
		for _, part := range value {
			if mentionsFullJoin(part) {
				return true
			}
		}
	case []any:
		for _, part := range value {
			if mentionsFullJoin(part) {
				return true
			}
		}
	}
	return false
}
