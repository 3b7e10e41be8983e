package trino

import (
	"encoding/json"
	"fmt"
	"strings"
)

// rowsOfJSON writes SQL for JSON that DuckDB can cast to a type with rows in it: DuckDB
// wants every field of a row there, by its name, and nothing else.
func rowsOfJSON(sql string, to Type) string {
	shape, err := json.Marshal(to)
	if err != nil {
		return sql // cannot be: a type is text and numbers
	}
	return fmt.Sprintf("trino_json_rows(%s, %s)", sql, quoteText(string(shape)))
}

func hasRow(t Type) bool {
	for _, arg := range t.Args {
		if hasRow(arg) {
			return true
		}
	}
	return t.is("row")
}

// jsonRows fits JSON to a type as Trino casts it to a row: an array has a value for each
// field in order, an object has them by their names in lower case; a field that an object
// lacks is NULL, and one that the row lacks is left out.
func jsonRows(args []any) (any, error) {
	node, err := parseJSON(str(args, 0))
	if err != nil {
		return nil, err
	}
	var to Type
	if err := json.Unmarshal([]byte(str(args, 1)), &to); err != nil {
		return nil, fmt.Errorf("read a type: %w", err)
	}
	fitted, err := fit(node, to)
	if err != nil {
		return nil, err
	}
	return writeJSON(fitted), nil
}

func fit(node any, to Type) (any, error) {
	wrong := func(want string) error {
		return fmt.Errorf("cannot cast JSON to %s: expected %s, but got '%s'", strings.ToUpper(to.String()), want, short(writeJSON(node)))
	}
	switch list, _ := node.([]any); {
	case node == nil || to.is("json"):
		return node, nil
	case to.is("array"):
		if list == nil {
			return nil, wrong("a JSON array")
		}
		return each(list, func(int) Type { return to.Args[0] })
	case to.is("map"):
		object, ok := node.(map[string]any)
		if !ok {
			return nil, wrong("a JSON object")
		}
		fitted := make(map[string]any, len(object))
		var err error
		for key, value := range object {
			if fitted[key], err = fit(value, to.Args[1]); err != nil {
				return nil, err
			}
		}
		return fitted, nil
	case to.is("row") && list != nil:
		if len(list) != len(to.Args) {
			return nil, wrong(fmt.Sprintf("a JSON array of %d", len(to.Args)))
		}
		values, err := each(list, func(i int) Type { return to.Args[i] })
		if err != nil {
			return nil, err
		}
		fitted := make(map[string]any, len(values))
		for i, value := range values {
			fitted[to.Field(i)] = value
		}
		return fitted, nil
	case to.is("row"):
		object, ok := node.(map[string]any)
		if !ok {
			return nil, wrong("a JSON array or object")
		}
		return byName(object, to)
	}
	switch node.(type) {
	case []any, map[string]any:
		return nil, wrong("a scalar")
	}
	return node, nil
}

func each(list []any, to func(i int) Type) ([]any, error) {
	fitted := make([]any, len(list))
	for i := range list {
		var err error
		if fitted[i], err = fit(list[i], to(i)); err != nil {
			return nil, err
		}
	}
	return fitted, nil
}

func byName(object map[string]any, to Type) (any, error) {
	lower := make(map[string]any, len(object))
	for key, value := range object {
		key = strings.ToLower(key)
		if _, twice := lower[key]; twice {
			return nil, fmt.Errorf("cannot cast JSON to %s: duplicate field '%s'", strings.ToUpper(to.String()), short(key))
		}
		lower[key] = value
	}
	fitted := make(map[string]any, len(to.Args))
	for i, arg := range to.Args {
		if to.Fields[i] == "" {
			return nil, fmt.Errorf("cannot cast a JSON object to a row without names: the input must be a JSON array")
		}
		var err error
		if fitted[to.Field(i)], err = fit(lower[strings.ToLower(to.Fields[i])], arg); err != nil {
			return nil, err
		}
	}
	return fitted, nil
}
