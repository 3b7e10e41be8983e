package duckdb

import (
	"slices"
	"strings"

	"playbook/steps/diagnostic"
)

// from translates what stands behind FROM.
func (t *translator) from(n node) error {
	switch kind := word(n, "type"); kind {
	case "EMPTY":
		return nil
	case "BASE_TABLE":
		if err := t.only(n, "table", "type", "alias", "query_location", "schema_name", "table_name", "catalog_name", "column_name_alias"); err != nil {
			return err
		}
		return t.table(n)
	case "SUBQUERY":
		if err := t.only(n, "subquery", "type", "alias", "query_location", "subquery", "column_name_alias"); err != nil {
			return err
		}
		return t.query(child(child(n, "subquery"), "node"))
	case "JOIN":
		return t.join(n)
	case "EXPRESSION_LIST":
		if err := t.only(n, "VALUES", "type", "alias", "query_location", "values"); err != nil {
			return err
		}
		for _, row := range children(n, "values") {
			row, _ := row.([]any)
			for i := range row {
				translated, err := t.expression(row[i])
				if err != nil {
					return err
				}
				row[i] = translated
			}
		}
		return nil
	case "TABLE_FUNCTION":
		function := child(n, "function")
		if name := strings.ToLower(word(function, "function_name")); name != "unnest" || word(function, "schema") != "" || word(function, "catalog") != "" {
			return t.refuse(n, "the table function %s is not allowed: a query reads tables that the playbook made; UNNEST is the only one", name)
		}
		if err := t.only(n, "UNNEST", "type", "alias", "query_location", "function", "column_name_alias", "with_ordinality"); err != nil {
			return err
		}
		return t.expressions(function, "children")
	default:
		return t.refuse(n, "%s in FROM is not supported on a case", strings.ToLower(strings.ReplaceAll(kind, "_", " ")))
	}
}

func (t *translator) join(n node) error {
	if err := t.only(n, "JOIN", "type", "alias", "query_location", "left", "right", "condition", "join_type", "ref_type", "using_columns"); err != nil {
		return err
	}
	switch kind := word(n, "ref_type"); kind {
	case "REGULAR", "CROSS":
	case "NATURAL":
		t.stars = true
	default:
		return t.refuse(n, "%s JOIN is not of Athena", kind)
	}
	if kind := word(n, "join_type"); !slices.Contains([]string{"INNER", "LEFT", "RIGHT", "OUTER", "FULL"}, kind) {
		return t.refuse(n, "%s JOIN is not of Athena", kind)
	}
	if err := t.from(child(n, "left")); err != nil {
		return err
	}
	if err := t.from(child(n, "right")); err != nil {
		return err
	}
	return t.fields(n, "condition")
}

// table puts a table or view of this run in the place of its name. There is nothing
// else behind a name: no file, no table of DuckDB's.
func (t *translator) table(n node) error {
	name, database := strings.ToLower(word(n, "table_name")), strings.ToLower(word(n, "schema_name"))
	if database == "" && slices.ContainsFunc(t.ctes, func(names []string) bool { return slices.Contains(names, name) }) {
		return nil
	}
	key, alias := catalogKey(database, name), word(n, "alias")
	if alias == "" {
		alias = name
	}
	t.engine.mu.Lock()
	defer t.engine.mu.Unlock()
	if defined, ok := t.engine.views[key]; ok {
		body, _ := copyTree(defined.body).(node)
		names, at := n["column_name_alias"], n["query_location"]
		clear(n)
		for field, value := range subqueryTable(body, alias, nil) {
			n[field] = value
		}
		n["column_name_alias"], n["query_location"] = names, at
		return nil
	}
	if _, ok := t.engine.tables[key]; !ok {
		return t.refuse(n, "there is no table or view %s%s", displayName(database, name), t.suggestTable(name))
	}
	if len(children(n, "column_name_alias")) > 0 {
		t.stars = true
	}
	n["alias"], n[referenceKey] = alias, key
	return nil
}

func (t *translator) suggestTable(name string) string {
	var names []string
	for _, defined := range t.engine.tables {
		names = append(names, defined.def.Name)
	}
	for _, defined := range t.engine.views {
		names = append(names, defined.name)
	}
	slices.Sort(names)
	switch hint := diagnostic.DidYouMean(name, names); {
	case hint != "":
		return "; " + hint
	case len(names) == 0:
		return "; a step before this one has to create it with CREATE EXTERNAL TABLE"
	}
	return "; there are " + strings.Join(names, ", ")
}

const defaultDatabase = "default"

func catalogKey(database, name string) string {
	if database == "" {
		database = defaultDatabase
	}
	return strings.ToLower(database) + "." + strings.ToLower(name)
}

func displayName(database, name string) string {
	if database == "" {
		return `"` + name + `"`
	}
	return `"` + database + `"."` + name + `"`
}
