package duckdb

import "strings"

// output is a column that a query gives: an expression in terms of what the query reads.
type output struct {
	name       string
	expression any
}

type outputs []output

func (o outputs) find(name string) (any, bool) {
	for _, out := range o {
		if strings.EqualFold(out.name, name) {
			return out.expression, true
		}
	}
	return nil, false
}

// outputs are the columns of a query, as far as they can be told.
func (x *examiner) outputs(n node, s *scope) outputs {
	if word(n, "type") == "SET_OPERATION_NODE" {
		return x.outputs(child(n, "left"), s)
	}
	var list outputs
	for i, item := range children(n, "select_list") {
		item, _ := item.(node)
		if word(item, "class") != "STAR" {
			list = append(list, output{outputName(item, i), item})
			continue
		}
		leaves, _ := x.leaves(child(n, "from_table"), s)
		for _, leaf := range leaves {
			if relation := word(item, "relation_name"); relation == "" || strings.EqualFold(relation, leaf.alias) {
				for _, out := range leaf.outputs {
					list = append(list, output{out.name, columnNode(leaf.alias, out.name)})
				}
			}
		}
	}
	return list
}

// leaves are the things behind FROM, and the conditions that joined them.
func (x *examiner) leaves(n node, s *scope) ([]leaf, []any) {
	switch word(n, "type") {
	case "JOIN":
		left, first := x.leaves(child(n, "left"), s)
		right, second := x.leaves(child(n, "right"), s)
		conditions := append(first, second...)
		if word(n, "join_type") == "INNER" {
			conditions = append(conditions, conjuncts(n["condition"])...)
		}
		return append(left, right...), conditions
	case "EMPTY", "":
		return nil, nil
	}
	l := leaf{node: n, alias: word(n, "alias")}
	switch {
	case n[referenceKey] != nil:
		key, _ := n[referenceKey].(string)
		x.engine.mu.Lock()
		t := x.engine.tables[key]
		x.engine.mu.Unlock()
		for _, c := range t.columns {
			if c.name != pathColumn {
				l.outputs = append(l.outputs, output{c.name, columnNode(c.name)})
			}
		}
	case word(n, "type") == "SUBQUERY":
		l.outputs = x.outputs(child(child(n, "subquery"), "node"), s)
	case word(n, "type") == "BASE_TABLE":
		if l.alias == "" {
			l.alias = word(n, "table_name")
		}
		if with, ok := s.find(word(n, "table_name")); ok {
			l.outputs = aliased(x.outputs(with.body, with.scope), with.aliases)
		}
	}
	l.outputs = aliased(l.outputs, children(n, "column_name_alias"))
	return []leaf{l}, nil
}

func aliased(list outputs, names []any) outputs {
	list = append(outputs{}, list...)
	for i := range list {
		if i < len(names) {
			list[i].name, _ = names[i].(string)
		}
	}
	return list
}

// owns tells whether a condition is about this leaf alone, and gives it without
// qualifiers, by the names of the leaf's columns.
func (l leaf) owns(condition any, only bool) (any, bool) {
	return substitute(condition, func(names []string) (any, bool) {
		name := names[len(names)-1]
		if len(names) > 1 && !strings.EqualFold(names[len(names)-2], l.alias) {
			return nil, false
		}
		_, has := l.outputs.find(name)
		return columnNode(name), has || only && len(l.outputs) == 0
	})
}

// renamed puts conditions on columns in terms of other names at the same places, and
// drops those for which there are none.
func renamed(conditions []any, from, to outputs) []any {
	var list []any
	for _, condition := range conditions {
		inner, ok := substitute(condition, func(names []string) (any, bool) {
			for i, out := range from {
				if strings.EqualFold(out.name, names[len(names)-1]) && i < len(to) {
					return columnNode(to[i].name), true
				}
			}
			return nil, false
		})
		if ok {
			list = append(list, inner)
		}
	}
	return list
}

// conjuncts are the conditions that AND joins.
func conjuncts(value any) []any {
	n, ok := value.(node)
	if !ok {
		return nil
	}
	if word(n, "type") != "CONJUNCTION_AND" {
		return []any{n}
	}
	var list []any
	for _, part := range children(n, "children") {
		list = append(list, conjuncts(part)...)
	}
	return list
}

// substitute copies an expression with each column replaced. It fails when one cannot
// be, or when the expression is more than a function of a row's columns.
func substitute(value any, replace func(names []string) (any, bool)) (any, bool) {
	switch value := value.(type) {
	case node:
		switch word(value, "class") {
		case "COLUMN_REF":
			var names []string
			for _, part := range children(value, "column_names") {
				name, _ := part.(string)
				names = append(names, name)
			}
			replaced, ok := replace(names)
			return copyTree(replaced), ok
		case "SUBQUERY", "WINDOW", "STAR":
			return nil, false
		case "FUNCTION":
			if f := functions[word(value, "function_name")]; f.aggregate || word(value, "function_name") == "trino_narrow" {
				return nil, false
			}
		}
		copied := make(node, len(value))
		for key, part := range value {
			replaced, ok := substitute(part, replace)
			if !ok {
				return nil, false
			}
			copied[key] = replaced
		}
		return copied, true
	case []any:
		copied := make([]any, len(value))
		for i, part := range value {
			replaced, ok := substitute(part, replace)
			if !ok {
				return nil, false
			}
			copied[i] = replaced
		}
		return copied, true
	}
	return value, true
}
