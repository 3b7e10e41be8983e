package trino

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// JSON is kept as text in the one form that Trino's type JSON has: no white space, keys
// in order ("JSON functions and operators").

// node is a value of JSON: nil, bool, json.Number, string, []any or map[string]any.
func parseJSON(text string) (any, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var node any
	if err := decoder.Decode(&node); err != nil {
		return nil, fmt.Errorf("cannot convert '%s' to JSON", short(text))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("cannot convert '%s' to JSON", short(text))
	}
	return node, nil
}

func writeJSON(node any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(node); err != nil {
		return "null" // cannot be: the node was read from JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func canonical(text string) (any, error) {
	node, err := parseJSON(text)
	if err != nil {
		return nil, err
	}
	return writeJSON(node), nil
}

// jsonScalar is the text that a scalar is cast from.
func jsonScalar(args []any) (any, error) {
	node, err := parseJSON(str(args, 0))
	if err != nil {
		return nil, err
	}
	kind := str(args, 1)
	text := ""
	switch node := node.(type) {
	case nil:
		return nil, nil
	case string:
		text = node
	case bool:
		text = strconv.FormatBool(node)
		if kind == "bigint" || kind == "double" || kind == "decimal" {
			text = map[bool]string{true: "1", false: "0"}[node]
		}
	case json.Number:
		text = node.String()
		f, err := node.Float64()
		if err != nil {
			break
		}
		switch {
		case kind == "boolean":
			text = strconv.FormatBool(f != 0)
		case kind == "varchar" && strings.ContainsAny(text, ".eE"):
			text = doubleText(f, 64)
		}
	default:
		return nil, fmt.Errorf("cannot cast '%s' to %s: it is no scalar", short(str(args, 0)), kind)
	}
	return text, nil
}

// step is one step of a path: a key, an index, or all.
type step struct {
	key   string
	index int // -1 for a key
	all   bool
}

// jsonPath reads a path like $.store.book[0]["a b"] or $.store.book[*].author.
func jsonPath(path string) ([]step, error) {
	bad := fmt.Errorf("'%s' is no JSON path, like $.store.book[0]", short(path))
	rest := strings.TrimPrefix(path, "$")
	var steps []step
	if rest == path {
		return nil, bad
	}
	for rest != "" {
		switch {
		case rest[0] == '.':
			end := 1
			for end < len(rest) && rest[end] != '.' && rest[end] != '[' {
				end++
			}
			key := rest[1:end]
			if key == "" {
				return nil, bad
			}
			steps = append(steps, step{key: key, index: -1, all: key == "*"})
			rest = rest[end:]
		case rest[0] == '[' && len(rest) > 1 && (rest[1] == '"' || rest[1] == '\''):
			end := strings.Index(rest[2:], rest[1:2]+"]")
			if end < 0 {
				return nil, bad
			}
			steps = append(steps, step{key: strings.ReplaceAll(rest[2:2+end], `\"`, `"`), index: -1})
			rest = rest[end+4:]
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return nil, bad
			}
			inner := strings.TrimSpace(rest[1:end])
			rest = rest[end+1:]
			if inner == "*" {
				steps = append(steps, step{index: -1, all: true})
				continue
			}
			n, err := strconv.Atoi(inner)
			if err != nil || n < 0 {
				steps = append(steps, step{key: inner, index: -1})
				continue
			}
			steps = append(steps, step{key: inner, index: n})
		default:
			return nil, bad
		}
	}
	return steps, nil
}

// follow goes along a path. many tells that a * was among its steps.
func follow(node any, steps []step) (found []any, many bool) {
	found = []any{node}
	for _, s := range steps {
		var next []any
		for _, node := range found {
			switch node := node.(type) {
			case map[string]any:
				if s.all {
					for _, key := range sortedKeys(node) {
						next = append(next, node[key])
					}
				} else if inner, ok := node[s.key]; ok {
					next = append(next, inner)
				}
			case []any:
				if s.all {
					next = append(next, node...)
				} else if s.index >= 0 && s.index < len(node) {
					next = append(next, node[s.index])
				}
			}
		}
		found, many = next, many || s.all
	}
	return found, many
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// at is what a path leads to, with ok false for nothing.
func at(args []any) (node any, ok bool, err error) {
	steps, err := jsonPath(str(args, 1))
	if err != nil {
		return nil, false, err
	}
	root, err := parseJSON(str(args, 0))
	if err != nil {
		return nil, false, nil // NULL for what is no JSON ("json_extract")
	}
	found, many := follow(root, steps)
	switch {
	case many && len(found) > 0:
		return found, true, nil
	case len(found) == 0:
		return nil, false, nil
	}
	return found[0], true, nil
}

func jsonExtract(args []any) (any, error) {
	node, ok, err := at(args)
	if err != nil || !ok {
		return nil, err
	}
	return writeJSON(node), nil
}

func jsonExtractScalar(args []any) (any, error) {
	node, ok, err := at(args)
	if err != nil || !ok {
		return nil, err
	}
	switch node := node.(type) {
	case string:
		return node, nil
	case bool:
		return strconv.FormatBool(node), nil
	case json.Number:
		return node.String(), nil
	}
	return nil, nil
}

func jsonSize(args []any) (any, error) {
	node, ok, err := at(args)
	if err != nil || !ok {
		return nil, err
	}
	switch node := node.(type) {
	case []any:
		return int64(len(node)), nil
	case map[string]any:
		return int64(len(node)), nil
	}
	return int64(0), nil
}

func array(text string) ([]any, bool) {
	node, err := parseJSON(text)
	if err != nil {
		return nil, false
	}
	list, ok := node.([]any)
	return list, ok
}

func jsonArrayLength(args []any) (any, error) {
	list, ok := array(str(args, 0))
	if !ok {
		return nil, nil
	}
	return int64(len(list)), nil
}

func jsonArrayGet(args []any) (any, error) {
	list, ok := array(str(args, 0))
	i := num(args, 1)
	if i < 0 {
		i += int64(len(list))
	}
	if !ok || i < 0 || i >= int64(len(list)) {
		return nil, nil
	}
	if list[i] == nil {
		return nil, nil
	}
	return writeJSON(list[i]), nil
}

func jsonArrayContains(args []any) (any, error) {
	list, ok := array(str(args, 0))
	if !ok {
		return nil, nil
	}
	wanted, err := parseJSON(str(args, 1))
	if err != nil {
		return nil, nil // NaN and its like are in no array
	}
	return slices.ContainsFunc(list, func(node any) bool {
		n, ok1 := node.(json.Number)
		m, ok2 := wanted.(json.Number)
		if ok1 && ok2 {
			x, _ := n.Float64()
			y, _ := m.Float64()
			return x == y && isWhole(n) == isWhole(m) // 1 is not 1.0
		}
		switch node.(type) {
		case []any, map[string]any:
			return false
		}
		return node == wanted
	}), nil
}

func isWhole(n json.Number) bool { return !strings.ContainsAny(n.String(), ".eE") }

func isJSONScalar(args []any) (any, error) {
	node, err := parseJSON(str(args, 0))
	if err != nil {
		return nil, err
	}
	switch node.(type) {
	case []any, map[string]any:
		return false, nil
	}
	return true, nil
}
