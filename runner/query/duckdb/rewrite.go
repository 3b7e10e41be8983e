package duckdb

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The functions here rewrite one call of Trino's, arguments already translated.

// typedInteger gives an integer literal Trino's type: INTEGER, or BIGINT when it does
// not fit. DuckDB's would take the type of the other operand, and overflow in it.
func typedInteger(value any) any {
	n, _ := value.(node)
	id := word(child(child(n, "value"), "type"), "id")
	if word(n, "class") == "CONSTANT" && (id == "INTEGER" || id == "BIGINT") {
		return castNode(n, id)
	}
	return value
}

func typedIntegers(arguments []any) []any {
	for i := range arguments {
		arguments[i] = typedInteger(arguments[i])
	}
	return arguments
}

// writeArithmetic keeps a date a date: DATE + INTERVAL is a TIMESTAMP in DuckDB, and DATE
// - DATE a number. Of a column only DuckDB knows that it is one, and that is not mended.
func writeArithmetic(t *translator, n node, arguments []any) (node, error) {
	made := operatorNode(word(n, "function_name"), typedIntegers(arguments)...)
	dates := 0
	for _, argument := range arguments {
		if isDate(argument) {
			dates++
		}
	}
	switch dates {
	case 2:
		return nil, t.refuse(n, "the difference of dates is not supported on a case; use date_diff('day', …, …)")
	case 1:
		return castNode(made, "DATE"), nil
	}
	return made, nil
}

func isDate(value any) bool {
	n, _ := value.(node)
	return word(n, "class") == "CAST" && word(child(n, "cast_type"), "id") == "DATE"
}

// writeDivision calls our own /: on integers it drops the fraction and fails on zero, on
// decimals it rounds to the larger scale ("Mathematical functions and operators",
// "Decimal functions and operators"). Overloads of a function tell integers and doubles
// apart; DuckDB calls the one for doubles with decimals too, hence the names of types.
func writeDivision(_ *translator, _ node, arguments []any) (node, error) {
	a, b := typedInteger(arguments[0]), typedInteger(arguments[1])
	return callNode("trino_divide", a, b, typeOf(arguments[0]), typeOf(arguments[1])), nil
}

func typeOf(value any) any {
	n, _ := value.(node)
	if content := child(n, "value"); word(n, "class") == "CONSTANT" {
		kind := child(content, "type")
		if word(kind, "id") != "DECIMAL" {
			return textNode(word(kind, "id"))
		}
		return textNode(fmt.Sprintf("DECIMAL(%s,%s)", scalar(child(kind, "type_info")["width"]), scalar(child(kind, "type_info")["scale"])))
	}
	// The expression is written a second time; where that would cost, it is no decimal.
	if mentions(value, "SUBQUERY", "trino_divide") {
		return textNode("")
	}
	return callNode("typeof", copyTree(value))
}

func scalar(value any) string {
	if number, ok := value.(json.Number); ok {
		return number.String()
	}
	return fmt.Sprint(value)
}

// mentions tells whether a tree has a node of one of these classes or functions.
func mentions(value any, words ...string) bool {
	switch value := value.(type) {
	case node:
		if slices.Contains(words, word(value, "class")) || slices.Contains(words, word(value, "function_name")) {
			return true
		}
		for _, part := range value {
			if mentions(part, words...) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(value, func(part any) bool { return mentions(part, words...) })
	}
	return false
}

func writeModulus(_ *translator, _ node, arguments []any) (node, error) {
	return callNode("trino_modulus", typedIntegers(arguments)...), nil
}

// writeNullIfAny: greatest and least of Trino are NULL if an argument is.
func writeNullIfAny(_ *translator, n node, arguments []any) (node, error) {
	tests := make([]any, len(arguments))
	for i, argument := range arguments {
		tests[i] = specialNode("OPERATOR_IS_NULL", copyTree(argument))
	}
	missing := tests[0]
	if len(tests) > 1 {
		missing = node{"class": "CONJUNCTION", "type": "CONJUNCTION_OR", "alias": "", "children": tests}
	}
	return caseNode(missing, nullNode(), callNode(strings.ToLower(word(n, "function_name")), arguments...)), nil
}

func writeIf(_ *translator, _ node, arguments []any) (node, error) {
	if len(arguments) == 2 {
		arguments = append(arguments, nullNode())
	}
	return caseNode(arguments[0], arguments[1], arguments[2]), nil
}

// writeConcat: concat of Trino is NULL if an argument is, as || is.
func writeConcat(_ *translator, _ node, arguments []any) (node, error) {
	joined := arguments[0].(node)
	for _, argument := range arguments[1:] {
		joined = operatorNode("||", joined, argument)
	}
	return joined, nil
}

func writeSubstr(_ *translator, _ node, arguments []any) (node, error) {
	return callNode(fmt.Sprintf("trino_substr%d", len(arguments)), arguments...), nil
}

func writeReplace(_ *translator, _ node, arguments []any) (node, error) {
	if len(arguments) == 2 {
		arguments = append(arguments, textNode(""))
	}
	return callNode("replace", arguments...), nil
}

// writeTrim: DuckDB trims spaces only, Trino all white space.
func writeTrim(_ *translator, n node, arguments []any) (node, error) {
	if len(arguments) == 1 {
		arguments = append(arguments, textNode(" \t\n\v\f\r\u2028\u2029\u3000"))
	}
	return callNode(strings.ToLower(word(n, "function_name")), arguments...), nil
}

// writeContains tells the contains of lists from that of networks by how the second
// argument looks.
func writeContains(_ *translator, _ node, arguments []any) (node, error) {
	if second, _ := arguments[1].(node); strings.HasSuffix(word(second, "function_name"), "_ip") {
		return callNode("trino_in_network", arguments...), nil
	}
	return callNode("list_contains", arguments...), nil
}

func writeClock(t *translator, n node, _ []any) (node, error) {
	clock, ok := t.clock(strings.ToLower(word(n, "function_name")))
	if !ok {
		return nil, t.refuse(n, "this clock is not known")
	}
	return clock, nil
}

func writeFromUnixtime(_ *translator, _ node, arguments []any) (node, error) {
	return callNode("to_timestamp", typedInteger(arguments[0])), nil
}

// literal is the text of a string literal that has been translated.
func literal(value any) (string, bool) {
	if n, _ := value.(node); word(n, "class") == "CAST" {
		return constantText(n["child"])
	}
	return constantText(value)
}

// patterns are the letters behind % in MySQL's date formats, in those of DuckDB. What
// Trino refuses is "" ("Date and time functions and operators", "MySQL date functions").
var patterns = map[byte]string{'a': "%a", 'b': "%b", 'c': "%-m", 'd': "%d", 'e': "%-d", 'f': "%f", 'H': "%H", 'h': "%I",
	'I': "%I", 'i': "%M", 'j': "%j", 'k': "%-H", 'l': "%-I", 'M': "%B", 'm': "%m", 'p': "%p", 'r': "%I:%M:%S %p",
	'S': "%S", 's': "%S", 'T': "%H:%M:%S", 'v': "%V", 'W': "%A", 'x': "%G", 'Y': "%Y", 'y': "%y", '%': "%%",
	'D': "", 'U': "", 'u': "", 'V': "", 'w': "", 'X': ""}

func (t *translator) pattern(n node, value any) (any, error) {
	format, ok := literal(value)
	if !ok {
		return nil, t.refuse(n, "%s needs its format as a string, like '%%Y-%%m-%%d %%H:%%i:%%s'", word(n, "function_name"))
	}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		replaced, known := patterns[format[i]]
		switch {
		case known && replaced == "":
			return nil, t.refuse(n, "the date format %%%c is not supported in Athena either", format[i])
		case known:
			b.WriteString(replaced)
		default: // "%x: x, for any x not listed above"
			b.WriteByte(format[i])
		}
	}
	return textNode(b.String()), nil
}

func writeDateFormat(t *translator, n node, arguments []any) (node, error) {
	format, err := t.pattern(n, arguments[1])
	return callNode("strftime", arguments[0], format), err
}

func writeDateParse(t *translator, n node, arguments []any) (node, error) {
	format, err := t.pattern(n, arguments[1])
	return callNode("strptime", arguments[0], format), err
}

// units of time that date_diff, date_add and date_trunc know.
var units = []string{"millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year"}

func (t *translator) unit(n node, value any) (string, error) {
	unit, ok := literal(value)
	unit = strings.ToLower(unit)
	if !ok || !slices.Contains(units, unit) {
		return "", t.refuse(n, "%s needs a unit of time as a string, one of %s", word(n, "function_name"), strings.Join(units, ", "))
	}
	return unit, nil
}

// writeDateDiff: Trino counts whole units that have passed, as date_sub of DuckDB does;
// DuckDB's date_diff counts the boundaries between.
func writeDateDiff(t *translator, n node, arguments []any) (node, error) {
	unit, err := t.unit(n, arguments[0])
	return callNode("date_sub", textNode(unit), arguments[1], arguments[2]), err
}

func writeDateAdd(t *translator, n node, arguments []any) (node, error) {
	unit, err := t.unit(n, arguments[0])
	if err != nil {
		return nil, err
	}
	made := operatorNode("+", arguments[2], callNode("to_"+unit+"s", castNode(typedInteger(arguments[1]), "INTEGER")))
	if isDate(arguments[2]) {
		return castNode(made, "DATE"), nil
	}
	return made, nil
}

func writeDateTrunc(t *translator, n node, arguments []any) (node, error) {
	unit, err := t.unit(n, arguments[0])
	made := callNode("date_trunc", textNode(unit), arguments[1])
	if isDate(arguments[1]) {
		made = castNode(made, "DATE")
	}
	return made, err
}

var parts = map[string]string{"year": "year", "quarter": "quarter", "month": "month", "week": "week", "day": "day",
	"day_of_month": "day", "day_of_week": "isodow", "dow": "isodow", "day_of_year": "doy", "doy": "doy",
	"year_of_week": "isoyear", "yow": "isoyear", "hour": "hour", "minute": "minute", "second": "second"}

func writeDatePart(t *translator, n node, arguments []any) (node, error) {
	field, _ := literal(arguments[0])
	part, ok := parts[strings.ToLower(field)]
	if !ok {
		return nil, t.refuse(n, "EXTRACT does not know the field %s", field)
	}
	return callNode("date_part", textNode(part), arguments[1]), nil
}

func writeTimezone(t *translator, n node, arguments []any) (node, error) {
	if zone, ok := literal(arguments[0]); !ok || !strings.EqualFold(zone, "UTC") {
		return nil, t.refuse(n, "AT TIME ZONE is supported for 'UTC' only on a case")
	}
	return arguments[1].(node), nil
}
