package expression

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Identifier is a name, in parts, that SQL templates render quoted.
type Identifier struct{ parts []string }

func (i Identifier) String() string { return strings.Join(i.parts, ".") }

// Columns is a list of column names, perhaps with types, for SQL templates.
type Columns struct{ columns []column }

type column struct{ name, kind string }

func (c Columns) String() string {
	names := make([]string, len(c.columns))
	for i, column := range c.columns {
		names[i] = column.name
	}
	return strings.Join(names, ", ")
}

func identifier(args ...any) (any, error) {
	parts := make([]string, len(args))
	for i, arg := range args {
		text, ok := arg.(string)
		if !ok {
			return nil, fmt.Errorf("ident wants a name, got %s", argument(arg))
		}
		parts[i] = text
	}
	if len(parts) == 1 {
		parts = strings.Split(parts[0], ".")
	}
	for _, part := range parts {
		if err := checkName(part); err != nil {
			return nil, err
		}
	}
	if len(parts) == 0 || len(parts) > 3 {
		return nil, errors.New("ident wants a name of one to three parts: catalog, database, table")
	}
	return Identifier{parts}, nil
}

// checkName refuses what no catalog accepts as a name; quoting takes care of the rest.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("a name is empty")
	case len(name) > 255: // AWS Glue, "CreateTable": up to 255 bytes
		return fmt.Errorf("the name %.40q… is longer than 255 bytes", name)
	}
	for _, r := range name {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return fmt.Errorf("the name %q has control characters or is not UTF-8", name)
		}
	}
	return nil
}

func columnList(args ...any) (any, error) {
	list, ok := args[0].([]any)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("columns wants a list of names or of {name, type}, not empty; got %s", argument(args[0]))
	}
	columns := make([]column, len(list))
	for i, element := range list {
		c, err := columnOf(element)
		if err != nil {
			return nil, err
		}
		columns[i] = c
	}
	return Columns{columns}, nil
}

func columnOf(element any) (column, error) {
	var c column
	var ok bool
	switch element := element.(type) {
	case string:
		c.name, ok = element, true
	case map[string]any:
		c.name, ok = element["name"].(string)
		if kind, has := element["type"]; has && ok {
			c.kind, ok = kind.(string)
			if ok && !isHiveType(c.kind) {
				return c, fmt.Errorf("%.80q is not a column type", c.kind)
			}
		}
	}
	if !ok {
		return c, fmt.Errorf("columns wants names or {name, type}, got %s in its list", argument(element))
	}
	return c, checkName(c.name)
}

var (
	plainType = regexp.MustCompile(`^(?i:boolean|tinyint|smallint|int|integer|bigint|float|double|real|string|binary|date|timestamp|` +
		`decimal ?(\( ?\d{1,2} ?(, ?\d{1,2} ?)?\))?|(char|varchar) ?\( ?\d{1,5} ?\))$`)
	fieldName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// isHiveType reports whether text is a type of Athena's DDL ("Data types in Amazon
// Athena"), so that it can be written without quotes.
func isHiveType(text string) bool { return hiveType(text, 0) }

func hiveType(text string, depth int) bool {
	text = strings.TrimSpace(text)
	if plainType.MatchString(text) {
		return true
	}
	name, inner, found := strings.Cut(text, "<")
	inner, closed := strings.CutSuffix(inner, ">")
	if !found || !closed || depth > 8 {
		return false
	}
	arguments := splitType(inner)
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "array":
		return len(arguments) == 1 && hiveType(arguments[0], depth+1)
	case "map":
		return len(arguments) == 2 && plainType.MatchString(strings.TrimSpace(arguments[0])) && hiveType(arguments[1], depth+1)
	case "struct":
		for _, field := range arguments {
			name, kind, _ := strings.Cut(field, ":")
			if !fieldName.MatchString(strings.TrimSpace(name)) || !hiveType(kind, depth+1) {
				return false
			}
		}
		return true
	}
	return false
}

// splitType splits at the commas that are in no brackets.
func splitType(text string) []string {
	var parts []string
	depth, start := 0, 0
	for i, r := range text {
		switch r {
		case '<', '(':
			depth++
		case '>', ')':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, text[start:i])
				start = i + 1
			}
		}
	}
	return append(parts, text[start:])
}

var enumValue = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

func enumValues(args ...any) (any, error) {
	list, ok := args[0].([]any)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("values wants a list that is not empty, got %s", argument(args[0]))
	}
	texts := make([]string, len(list))
	for i, element := range list {
		text, ok := element.(string)
		if !ok || !enumValue.MatchString(text) {
			return nil, fmt.Errorf("values takes letters, digits and _ . - only, got %s", argument(element))
		}
		texts[i] = text
	}
	return strings.Join(texts, ","), nil
}
