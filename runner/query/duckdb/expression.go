package duckdb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// fields translates the expressions in these fields of a node.
func (t *translator) fields(n node, fields ...string) error {
	for _, field := range fields {
		if n[field] == nil {
			continue
		}
		translated, err := t.expression(n[field])
		if err != nil {
			return err
		}
		n[field] = translated
	}
	return nil
}

func (t *translator) expressions(n node, field string) error {
	list := children(n, field)
	for i := range list {
		translated, err := t.expression(list[i])
		if err != nil {
			return err
		}
		list[i] = translated
	}
	return nil
}

// expression translates one expression. What it returns has the alias and the place of
// what it was given.
func (t *translator) expression(value any) (any, error) {
	n, ok := value.(node)
	if !ok {
		return nil, t.src.mistake(-1, "the query has an expression that is not understood")
	}
	if t.depth++; t.depth > maxDepth {
		return nil, t.refuse(n, "the query is nested too deeply")
	}
	defer func() { t.depth-- }()
	alias, at := n["alias"], n["query_location"]
	translated, err := t.byClass(n)
	if err != nil {
		return nil, err
	}
	translated["alias"], translated["query_location"] = alias, at
	if at == nil {
		delete(translated, "query_location")
	}
	return translated, nil
}

func (t *translator) byClass(n node) (node, error) {
	switch class := word(n, "class"); class {
	case "CONSTANT":
		// A string of DuckDB's becomes whatever it is compared with; Trino's is a VARCHAR.
		// A double is written back as a decimal.
		if id := word(child(child(n, "value"), "type"), "id"); id == "VARCHAR" || id == "DOUBLE" {
			n = node{"class": n["class"], "type": n["type"], "alias": "", "value": n["value"]}
			return castNode(n, id), nil
		} else if strings.Contains(id, "HUGE") {
			return nil, t.refuse(n, "the number is too large for a bigint; write it as a decimal or a double, like 1E20")
		}
		return n, nil
	case "COLUMN_REF":
		return t.column(n)
	case "FUNCTION":
		return t.call(n)
	case "WINDOW":
		return t.window(n)
	case "OPERATOR":
		return t.special(n)
	case "CASE":
		for _, check := range children(n, "case_checks") {
			check, _ := check.(node)
			if err := t.fields(check, "when_expr", "then_expr"); err != nil {
				return nil, err
			}
		}
		return n, t.fields(n, "else_expr")
	case "CAST":
		return t.cast(n)
	case "COMPARISON":
		if kind := word(n, "type"); kind != "COMPARE_EQUAL" && kind != "COMPARE_NOTEQUAL" && !strings.HasSuffix(kind, "DISTINCT_FROM") {
			if err := t.notAddresses(n, n["left"], n["right"]); err != nil {
				return nil, err
			}
		}
		return n, t.fields(n, "left", "right")
	case "BETWEEN":
		if err := t.notAddresses(n, n["input"], n["lower"], n["upper"]); err != nil {
			return nil, err
		}
		return n, t.fields(n, "input", "lower", "upper")
	case "CONJUNCTION":
		return n, t.expressions(n, "children")
	case "SUBQUERY":
		if err := t.only(n, "subquery", "class", "type", "alias", "query_location", "subquery_type", "subquery", "child", "comparison_type"); err != nil {
			return nil, err
		}
		if err := t.fields(n, "child"); err != nil {
			return nil, err
		}
		return n, t.query(child(child(n, "subquery"), "node"))
	case "STAR":
		t.stars = true
		return n, t.only(n, "*", "class", "type", "alias", "query_location", "relation_name")
	default:
		return nil, t.refuse(n, "%s is not supported on a case", strings.ToLower(strings.ReplaceAll(class, "_", " ")))
	}
}

// special operators: those with words for names.
var specials = []string{"OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_NOT", "COMPARE_IN", "COMPARE_NOT_IN",
	"OPERATOR_COALESCE", "OPERATOR_NULLIF", "OPERATOR_TRY", "ARRAY_CONSTRUCTOR", "GROUPING_FUNCTION"}

func (t *translator) special(n node) (node, error) {
	kind := word(n, "type")
	if err := t.only(n, "expression", "class", "type", "alias", "query_location", "children"); err != nil {
		return nil, err
	}
	if err := t.expressions(n, "children"); err != nil {
		return nil, err
	}
	switch {
	case kind == "ARRAY_EXTRACT":
		return callNode("trino_subscript", children(n, "children")...), nil
	case !slices.Contains(specials, kind):
		return nil, t.refuse(n, "%s is not supported on a case", strings.ToLower(strings.ReplaceAll(kind, "_", " ")))
	}
	return n, nil
}

// column translates a name. DuckDB would read some as functions of its own, or as a
// pseudo column, when no table has a column of that name.
func (t *translator) column(n node) (node, error) {
	var names []string
	for _, part := range children(n, "column_names") {
		name, _ := part.(string)
		names = append(names, name)
	}
	if len(names) > 2 { // database.table.column
		names = names[len(names)-2:]
	}
	last := strings.ToLower(names[len(names)-1])
	if len(names) == 1 && slices.Contains(clocks, last) {
		if clock, ok := t.clock(last); ok {
			return clock, nil
		}
	}
	if slices.Contains(notColumns, last) && !t.engine.hasColumn(last) {
		return nil, t.refuse(n, "there is no column %s", last)
	}
	return columnNode(names...), nil
}

var notColumns = []string{"rowid", "user", "current_user", "session_user", "current_role", "current_catalog",
	"current_database", "current_schema", "current_query", "current_time", "localtime", "filename", "file_row_number", "file_index"}

var clocks = []string{"current_timestamp", "localtimestamp", "current_date"}

// clock gives the functions of time that are written without parentheses.
func (t *translator) clock(name string) (node, bool) {
	now := t.engine.options.Now.UTC()
	const layout = "2006-01-02 15:04:05.000"
	switch name {
	case "current_timestamp", "now":
		return castNode(textNode(now.Format(layout)+"+00"), "TIMESTAMP WITH TIME ZONE"), true
	case "localtimestamp":
		return castNode(textNode(now.Format(layout)), "TIMESTAMP"), true
	case "current_date":
		return castNode(textNode(now.Format("2006-01-02")), "DATE"), true
	}
	return nil, false
}

var zoned = regexp.MustCompile(`(?i)(\bUTC|\bGMT|Z|[+-]\d\d(:?\d\d)?|\b[a-z]+/[a-z_]+)$`)

// casts are the types that something can be cast to, and the function that does it
// Trino's way; "" is DuckDB's own cast.
var casts = map[string]string{"BOOLEAN": "", "TINYINT": "tinyint", "SMALLINT": "smallint", "INTEGER": "integer",
	"BIGINT": "bigint", "FLOAT": "", "DOUBLE": "", "DECIMAL": "", "VARCHAR": "varchar", "DATE": "", "TIMESTAMP": "",
	"TIMESTAMP WITH TIME ZONE": "", "TIME": "", "INTERVAL": ""}

func (t *translator) cast(n node) (node, error) {
	to := child(n, "cast_type")
	id, try := word(to, "id"), n["try_cast"] == true
	operand := child(n, "child")
	constant, isText := constantText(operand)
	if isText {
		operand = textNode(constant)
	} else {
		translated, err := t.expression(operand)
		if err != nil {
			return nil, err
		}
		operand = translated.(node)
	}
	if strings.EqualFold(word(child(to, "type_info"), "name"), "ipaddress") {
		return callNode(map[bool]string{false: "trino_ip", true: "trino_try_ip"}[try], operand), nil
	}
	function, known := casts[id]
	if !known {
		name := word(child(to, "type_info"), "name")
		if name == "" {
			name = id
		}
		return nil, t.refuse(n, "a cast to %s is not supported on a case", strings.ToUpper(name))
	}
	switch {
	case function != "" && isText && id == "VARCHAR":
		return castNode(operand, "VARCHAR"), nil
	case function != "" && try:
		return callNode("trino_try_"+function, operand), nil
	case function != "":
		return callNode("trino_"+function, operand), nil
	case id == "TIMESTAMP" && isText && zoned.MatchString(constant) && len(constant) > len("2006-01-02"):
		n = castNode(textNode(utcSuffix.ReplaceAllString(constant, "+00")), "TIMESTAMP WITH TIME ZONE")
		n["try_cast"] = try
		return n, nil
	}
	n["child"] = operand
	return n, nil
}

var utcSuffix = regexp.MustCompile(`(?i) ?(UTC|GMT|Z)$`)

// constantText is the text of a string literal.
func constantText(value any) (string, bool) {
	n, _ := value.(node)
	content := child(n, "value")
	if word(n, "class") != "CONSTANT" || word(child(content, "type"), "id") != "VARCHAR" {
		return "", false
	}
	text, ok := content["value"].(string)
	return text, ok
}

// isAddress tells whether an expression is an IPADDRESS by its looks. Addresses are kept
// as text in one spelling, so that = is right, but < is not.
func isAddress(value any) bool {
	n, _ := value.(node)
	return word(n, "class") == "CAST" &&
		strings.EqualFold(word(child(child(n, "cast_type"), "type_info"), "name"), "ipaddress")
}

func (t *translator) notAddresses(n node, operands ...any) error {
	if slices.ContainsFunc(operands, isAddress) {
		return t.refuse(n, "addresses (IPADDRESS) cannot be put in order on a case; test them with contains('10.0.0.0/8', CAST(x AS IPADDRESS))")
	}
	return nil
}

func unnamed(index int) string { return fmt.Sprintf("_col%d", index) }
