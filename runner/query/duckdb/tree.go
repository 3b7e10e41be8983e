package duckdb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
)

// node is a part of a query's tree as json_serialize_sql writes it (DuckDB 1.5). The
// tree is DuckDB's own reading of a query: what it does not hold is not run.
type node = map[string]any

// parse has DuckDB read a query, without running anything.
func (e *Engine) parse(ctx context.Context, src *source) (node, error) {
	var text string
	if err := e.db.QueryRowContext(ctx, "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR", src.text.String()).Scan(&text); err != nil {
		return nil, fmt.Errorf("read the query: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var answer struct {
		Error      bool   `json:"error"`
		Message    string `json:"error_message"`
		Position   string `json:"position"`
		Statements []node `json:"statements"`
	}
	if err := decoder.Decode(&answer); err != nil {
		return nil, fmt.Errorf("read the query: %w", err)
	}
	if answer.Error {
		position, err := strconv.ParseInt(answer.Position, 10, 64)
		if err != nil {
			position = -1
		}
		return nil, src.mistake(position, "%s", answer.Message)
	}
	if len(answer.Statements) != 1 {
		return nil, src.mistake(0, "there are %d statements; give each a step of its own", len(answer.Statements))
	}
	return child(answer.Statements[0], "node"), nil
}

// write turns a tree back into SQL.
func (e *Engine) write(ctx context.Context, query node) (string, error) {
	text, err := json.Marshal(node{"error": false, "statements": []any{node{"node": query, "named_param_map": []any{}}}})
	if err != nil {
		return "", fmt.Errorf("write the query: %w", err)
	}
	var sql string
	if err := e.db.QueryRowContext(ctx, "SELECT json_deserialize_sql(?::VARCHAR::JSON)", string(text)).Scan(&sql); err != nil {
		return "", fmt.Errorf("write the query: %w", err)
	}
	return sql, nil
}

func child(n node, key string) node {
	m, _ := n[key].(node)
	return m
}

func children(n node, key string) []any {
	list, _ := n[key].([]any)
	return list
}

func word(n node, key string) string {
	text, _ := n[key].(string)
	return text
}

// location is where the node stands in the text that was parsed, or -1.
func location(n node) int64 {
	number, _ := n["query_location"].(json.Number)
	at, err := number.Int64()
	if err != nil {
		return -1
	}
	return at
}

func copyTree(value any) any {
	switch value := value.(type) {
	case node:
		copied := make(node, len(value))
		for key, part := range value {
			copied[key] = copyTree(part)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, part := range value {
			copied[i] = copyTree(part)
		}
		return copied
	}
	return value
}

// The following make new nodes. They stand where the node that they replace stood.

func columnNode(names ...string) node {
	list := make([]any, len(names))
	for i, name := range names {
		list[i] = name
	}
	return node{"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": "", "column_names": list}
}

func callNode(name string, arguments ...any) node {
	if arguments == nil {
		arguments = []any{}
	}
	return node{"class": "FUNCTION", "type": "FUNCTION", "alias": "", "function_name": name, "schema": "", "catalog": "",
		"children": arguments, "filter": nil, "order_bys": node{"type": "ORDER_MODIFIER", "orders": []any{}},
		"distinct": false, "is_operator": false, "export_state": false}
}

func operatorNode(name string, arguments ...any) node {
	n := callNode(name, arguments...)
	n["is_operator"] = true
	return n
}

func specialNode(kind string, arguments ...any) node {
	return node{"class": "OPERATOR", "type": kind, "alias": "", "children": arguments}
}

func textNode(text string) node {
	return node{"class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "",
		"value": node{"type": node{"id": "VARCHAR", "type_info": nil}, "is_null": false, "value": text}}
}

func numberNode(n int64) node {
	return node{"class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "",
		"value": node{"type": node{"id": "BIGINT", "type_info": nil}, "is_null": false, "value": n}}
}

func nullNode() node {
	return node{"class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "",
		"value": node{"type": node{"id": "NULL", "type_info": nil}, "is_null": true}}
}

func castNode(expression any, to string) node {
	return node{"class": "CAST", "type": "OPERATOR_CAST", "alias": "", "child": expression,
		"cast_type": node{"id": to, "type_info": nil}, "try_cast": false}
}

func caseNode(when, then, otherwise any) node {
	return node{"class": "CASE", "type": "CASE_EXPR", "alias": "",
		"case_checks": []any{node{"when_expr": when, "then_expr": then}}, "else_expr": otherwise}
}

func compareNode(kind string, left, right any) node {
	return node{"class": "COMPARISON", "type": kind, "alias": "", "left": left, "right": right}
}

func allOf(conditions []any) any {
	switch len(conditions) {
	case 0:
		return nil
	case 1:
		return conditions[0]
	}
	return node{"class": "CONJUNCTION", "type": "CONJUNCTION_AND", "alias": "", "children": conditions}
}

func selectNode(list []any, from node, where any) node {
	return node{"type": "SELECT_NODE", "modifiers": []any{}, "cte_map": node{"map": []any{}}, "select_list": list,
		"from_table": from, "where_clause": where, "group_expressions": []any{}, "group_sets": []any{},
		"aggregate_handling": "STANDARD_HANDLING", "having": nil, "sample": nil, "qualify": nil}
}

func subqueryTable(query node, alias string, names []any) node {
	if names == nil {
		names = []any{}
	}
	return node{"type": "SUBQUERY", "alias": alias, "sample": nil, "column_name_alias": names,
		"subquery": node{"node": query, "named_param_map": []any{}}}
}
