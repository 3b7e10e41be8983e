package duckdb

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"playbook/steps/diagnostic"
)

func (t *translator) lookUp(n node) (string, function, error) {
	name := strings.ToLower(word(n, "function_name"))
	if schema := word(n, "schema"); word(n, "catalog") != "" || schema != "" && schema != "main" {
		return "", function{}, t.refuse(n, "the function %s.%s is not allowed", schema, name)
	}
	f, ok := functions[name]
	switch {
	case slices.Contains(ofParser, name) && name != "row" && !t.src.names[name]:
		return name, plain(1, 1, ""), nil
	case name == "approx_count_distinct", name == "date_part" && t.src.names["date_part"]:
		ok = false
	}
	if !ok {
		shown := name
		if name == ifFunction {
			shown = "if"
		}
		hint := diagnostic.DidYouMean(name, slices.Sorted(maps.Keys(functions)))
		if hint == "" {
			hint = "see the documentation of the format for those that are"
		}
		return "", function{}, t.refuse(n, "the function %s is not allowed or not supported on a case; %s", shown, hint)
	}
	if count := len(children(n, "children")); count < f.least || f.most >= 0 && count > f.most {
		return "", function{}, t.refuse(n, "%s takes %s, not %d", strings.TrimPrefix(name, "trino_"), arity(f), count)
	}
	return name, f, nil
}

func arity(f function) string {
	switch {
	case f.most < 0:
		return fmt.Sprintf("%d arguments or more", f.least)
	case f.least == f.most && f.least == 1:
		return "1 argument"
	case f.least == f.most:
		return fmt.Sprintf("%d arguments", f.least)
	}
	return fmt.Sprintf("%d to %d arguments", f.least, f.most)
}

// call translates a call without OVER.
func (t *translator) call(n node) (node, error) {
	name, f, err := t.lookUp(n)
	if err != nil {
		return nil, err
	}
	switch {
	case f.window:
		return nil, t.refuse(n, "%s needs OVER (…)", name)
	case f.aggregate:
		return t.aggregate(n, name, f)
	}
	if err := t.only(n, name, "class", "type", "alias", "query_location", "function_name", "schema", "children", "is_operator"); err != nil {
		return nil, err
	}
	if err := t.expressions(n, "children"); err != nil {
		return nil, err
	}
	arguments := children(n, "children")
	if f.write != nil {
		return f.write(t, n, arguments)
	}
	if f.does != "" {
		name = f.does
	}
	made := callNode(name, arguments...)
	made["is_operator"] = n["is_operator"] == true || strings.Trim(name, "&|~<>") == ""
	return made, nil
}

func (t *translator) aggregate(n node, name string, f function) (node, error) {
	if err := t.only(n, name, "class", "type", "alias", "query_location", "function_name", "schema", "children",
		"filter", "order_bys", "distinct", "is_operator"); err != nil {
		return nil, err
	}
	if err := t.expressions(n, "children"); err != nil {
		return nil, err
	}
	if err := t.fields(n, "filter"); err != nil {
		return nil, err
	}
	if err := t.orders(child(n, "order_bys"), "orders"); err != nil {
		return nil, err
	}
	if name == "count" && len(children(n, "children")) == 0 {
		name = "count_star"
	}
	t.as(n, name, f)
	made := callNode(word(n, "function_name"), children(n, "children")...)
	made["filter"], made["order_bys"], made["distinct"] = n["filter"], n["order_bys"], n["distinct"]
	if f.narrow {
		made = callNode("trino_narrow", made)
	}
	return made, nil
}

// as names the function that DuckDB is to call.
func (t *translator) as(n node, name string, f function) {
	if f.does != "" {
		name = f.does
	}
	n["function_name"], n["schema"], n["catalog"] = name, "", ""
	if f.distinct { // a second argument says how exact an approximation has to be
		n["children"], n["distinct"] = children(n, "children")[:1], true
	}
}

// window translates a call with OVER.
func (t *translator) window(n node) (node, error) {
	name, f, err := t.lookUp(n)
	if err != nil {
		return nil, err
	}
	if !f.window && !f.aggregate {
		return nil, t.refuse(n, "%s cannot have OVER (…)", name)
	}
	if err := t.only(n, name, "class", "type", "alias", "query_location", "function_name", "schema", "children", "partitions",
		"orders", "start", "end", "start_expr", "end_expr", "offset_expr", "default_expr", "ignore_nulls", "filter_expr",
		"exclude_clause", "distinct"); err != nil {
		return nil, err
	}
	if word(n, "exclude_clause") != "NO_OTHER" {
		return nil, t.refuse(n, "EXCLUDE in a window is not of Athena")
	}
	if err := t.expressions(n, "children"); err != nil {
		return nil, err
	}
	if err := t.expressions(n, "partitions"); err != nil {
		return nil, err
	}
	if err := t.orders(n, "orders"); err != nil {
		return nil, err
	}
	if err := t.fields(n, "start_expr", "end_expr", "offset_expr", "default_expr", "filter_expr"); err != nil {
		return nil, err
	}
	t.as(n, name, f)
	if f.narrow {
		n["alias"] = ""
		return callNode("trino_narrow", n), nil
	}
	return n, nil
}
