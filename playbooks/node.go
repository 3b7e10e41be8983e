package playbooks

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
	"gopkg.in/yaml.v3"
)

// resolve follows an alias to what it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

func isScalar(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag != "!!null" }

func isText(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!str" }

func hasHole(node *yaml.Node) bool { return isText(node) && strings.Contains(node.Value, "${{") }

// number is the value of a scalar that is one; not-a-number and infinity are none.
func number(node *yaml.Node) (float64, bool) {
	if node.Kind != yaml.ScalarNode || node.Tag != "!!int" && node.Tag != "!!float" {
		return 0, false
	}
	var f float64
	if err := node.Decode(&f); err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

func isFinite(node *yaml.Node) bool {
	_, ok := number(node)
	return ok
}

func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time", excerpt(text))
}

// wants says in words what a schema asks for.
func wants(schema *jsonschema.Schema) string {
	switch schema.Format {
	case expressionFormat:
		return "an expression"
	case durationFormat:
		return "a duration like 90s, 5m or 14d"
	case timeFormat:
		return "a time"
	case sqlFormat:
		return "a SQL statement"
	}
	if alternatives := slices.Concat(schema.AnyOf, schema.OneOf); alternatives != nil {
		var words []string
		for _, alternative := range alternatives {
			words = append(words, wants(alternative))
		}
		return oneOf(words)
	}
	return map[string]string{
		"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
		"array": "a list", "object": "a map of keys", "": "a value",
	}[schema.Type]
}

// oneOf joins words as "a, b or c".
func oneOf(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// describe names a node for a message.
func describe(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "a map of keys"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case node.Tag == "!!null":
		return "nothing"
	case node.Tag == "!!bool" || node.Tag == "!!float" && !isFinite(node):
		return node.Value
	case node.Tag == "!!int" || node.Tag == "!!float":
		return "the number " + excerpt(node.Value)
	case node.Tag == "!!timestamp":
		return "the date " + excerpt(node.Value)
	}
	return fmt.Sprintf("%q", excerpt(node.Value))
}

// excerpt cuts text to what a message can hold.
func excerpt(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:59]) + "…"
	}
	return text
}

// child returns the value of a key of a mapping, or nil.
func child(node *yaml.Node, key string) *yaml.Node {
	if node == nil {
		return nil
	}
	node = resolve(node)
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if resolve(node.Content[i]).Value == key {
			return resolve(node.Content[i+1])
		}
	}
	return nil
}

// items are the elements of a list, aliases followed.
func items(list *yaml.Node) []*yaml.Node {
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	nodes := make([]*yaml.Node, len(list.Content))
	for i, node := range list.Content {
		nodes[i] = resolve(node)
	}
	return nodes
}

// text is the value of a scalar, or "".
func text(node *yaml.Node) string {
	if node == nil || !isText(node) {
		return ""
	}
	return node.Value
}
