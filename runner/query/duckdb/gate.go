package duckdb

import (
	"context"
	"slices"
	"strings"

	"playbook/playbooks/dialect"
)

// translator walks over a query's tree. It is the gate, and the translator from
// Trino's meaning: both have to know every kind of node, and a kind (or a field of one)
// that is not known here is refused, whatever it may be. So it is with functions and
// with tables. What passes has been rewritten to functions that this package names and
// tables that this run made.
type translator struct {
	engine *Engine
	src    *source
	ctes   [][]string // names that WITH defines, innermost last
	stars  bool       // all columns of something are asked for
	depth  int
}

const maxDepth = 1000

// referenceKey marks a table in a tree: the value is the table's key in the catalog.
// What SQL name it has is decided when it is known what has been loaded (see place).
const referenceKey = "playbook_table"

// translate reads the query that lies in the span and rewrites it.
func (e *Engine) translate(ctx context.Context, s *dialect.Statement, span dialect.Span) (node, *translator, error) {
	src, err := readSource(s, span)
	if err != nil {
		return nil, nil, err
	}
	tree, err := e.parse(ctx, src)
	if err != nil {
		return nil, nil, err
	}
	t := &translator{engine: e, src: src}
	if err := t.query(tree); err != nil {
		return nil, nil, err
	}
	return tree, t, nil
}

func (t *translator) refuse(n node, format string, args ...any) error {
	return t.src.mistake(location(n), format, args...)
}

// only refuses a node that says anything in a field that is not listed.
func (t *translator) only(n node, what string, fields ...string) error {
	for field, value := range n {
		if !slices.Contains(fields, field) && !isEmpty(value) {
			return t.refuse(n, "%s: %s is not supported on a case", what, strings.ReplaceAll(field, "_", " "))
		}
	}
	return nil
}

func isEmpty(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case bool:
		return !value
	case string:
		return value == ""
	case []any:
		return len(value) == 0
	case node:
		return len(value) == 1 && isEmpty(value["map"]) || value["type"] == "ORDER_MODIFIER" && isEmpty(value["orders"])
	}
	return false
}

// query translates a SELECT, or several that UNION and its like join.
func (t *translator) query(n node) error {
	if t.depth++; t.depth > maxDepth {
		return t.refuse(n, "the query is nested too deeply")
	}
	defer func() { t.depth-- }()
	t.ctes = append(t.ctes, nil)
	defer func() { t.ctes = t.ctes[:len(t.ctes)-1] }()
	if err := t.with(n); err != nil {
		return err
	}
	switch kind := word(n, "type"); kind {
	case "SELECT_NODE":
		if err := t.selection(n); err != nil {
			return err
		}
	case "SET_OPERATION_NODE":
		if err := t.setOperation(n); err != nil {
			return err
		}
	default:
		return t.refuse(n, "%s is not supported on a case", strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(kind, "_NODE"), "_", " ")))
	}
	return t.modifiers(n)
}

func (t *translator) setOperation(n node) error {
	if err := t.only(n, "set operation", "type", "modifiers", "cte_map", "setop_type", "left", "right", "setop_all"); err != nil {
		return err
	}
	if kind := word(n, "setop_type"); !slices.Contains([]string{"UNION", "EXCEPT", "INTERSECT"}, kind) {
		return t.refuse(n, "%s is not supported on a case", strings.ReplaceAll(kind, "_", " "))
	}
	if err := t.query(child(n, "left")); err != nil {
		return err
	}
	return t.query(child(n, "right"))
}

func (t *translator) with(n node) error {
	for _, entry := range children(child(n, "cte_map"), "map") {
		entry, _ := entry.(node)
		value := child(entry, "value")
		if err := t.only(value, "WITH", "aliases", "query", "materialized"); err != nil {
			return err
		}
		body := child(child(value, "query"), "node")
		if word(body, "type") == "RECURSIVE_CTE_NODE" {
			return t.refuse(body, "WITH RECURSIVE is not supported on a case")
		}
		if err := t.query(body); err != nil {
			return err
		}
		t.ctes[len(t.ctes)-1] = append(t.ctes[len(t.ctes)-1], strings.ToLower(word(entry, "key")))
	}
	return nil
}

func (t *translator) selection(n node) error {
	if err := t.only(n, "SELECT", "type", "modifiers", "cte_map", "select_list", "from_table", "where_clause",
		"group_expressions", "group_sets", "aggregate_handling", "having"); err != nil {
		return err
	}
	if word(n, "aggregate_handling") != "STANDARD_HANDLING" {
		return t.refuse(n, "GROUP BY ALL is not of Athena")
	}
	if err := t.from(child(n, "from_table")); err != nil {
		return err
	}
	list := children(n, "select_list")
	for i, item := range list {
		name := outputName(item, i)
		translated, err := t.expression(item)
		if err != nil {
			return err
		}
		if item := translated.(node); word(item, "class") != "STAR" {
			item["alias"] = name
		}
		list[i] = translated
	}
	if err := t.expressions(n, "group_expressions"); err != nil {
		return err
	}
	return t.fields(n, "where_clause", "having")
}

// outputName is the name that Trino gives to the item of a SELECT list at this index.
func outputName(item any, index int) string {
	n, _ := item.(node)
	if alias := word(n, "alias"); alias != "" {
		return alias
	}
	if names := children(n, "column_names"); word(n, "class") == "COLUMN_REF" && len(names) > 0 {
		name, _ := names[len(names)-1].(string)
		if !slices.Contains(clocks, strings.ToLower(name)) {
			return name
		}
	}
	return unnamed(index)
}

func (t *translator) modifiers(n node) error {
	for _, modifier := range children(n, "modifiers") {
		m, _ := modifier.(node)
		switch kind := word(m, "type"); kind {
		case "ORDER_MODIFIER":
			if err := t.orders(m, "orders"); err != nil {
				return err
			}
		case "LIMIT_MODIFIER":
			if err := t.fields(m, "limit", "offset"); err != nil {
				return err
			}
		case "DISTINCT_MODIFIER":
			if err := t.only(m, "SELECT DISTINCT", "type"); err != nil {
				return err
			}
		default:
			return t.refuse(n, "%s is not supported on a case", strings.ToLower(strings.ReplaceAll(kind, "_", " ")))
		}
	}
	return nil
}

func (t *translator) orders(n node, field string) error {
	for _, order := range children(n, field) {
		order, _ := order.(node)
		if expression := child(order, "expression"); word(expression, "class") == "STAR" {
			return t.refuse(expression, "ORDER BY ALL is not of Athena")
		}
		if err := t.fields(order, "expression"); err != nil {
			return err
		}
	}
	return nil
}
