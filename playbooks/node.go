package playbooks

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
	"gopkg.in/yaml.v3"

	"playbook/steps/diagnostic"
)

// checker compares YAML nodes with a schema and reports where they differ. It knows
// the keywords that reflection gives for our types (a test holds it to that); general
// validators know all of them, but not positions.
type checker struct {
	report func(node *yaml.Node, rule, message, hint string)
	holes  bool // text with ${{ }} stands for any value
}

func (c *checker) check(schema *jsonschema.Schema, node *yaml.Node, path string) {
	node = resolve(node)
	if c.holes && isText(node) && strings.Contains(node.Value, "${{") {
		return
	}
	if !fits(schema, node) {
		hint := ""
		if isScalar(node) && accepts(schema) == "text" {
			hint = "put it in quotes"
		}
		c.report(node, "type", fmt.Sprintf("%s wants %s, not %s", path, accepts(schema), describeNode(node)), hint)
		return
	}
	switch node.Kind {
	case yaml.MappingNode:
		c.mapping(schema, node, path)
	case yaml.SequenceNode:
		if schema.MinItems != nil && uint64(len(node.Content)) < *schema.MinItems {
			c.report(node, "empty", fmt.Sprintf("%s is empty", path), "")
		}
		if schema.Items != nil {
			for i, item := range node.Content {
				c.check(schema.Items, item, fmt.Sprintf("%s[%d]", path, i))
			}
		}
	case yaml.ScalarNode:
		c.scalar(schema, node, path)
	}
}

func (c *checker) mapping(schema *jsonschema.Schema, node *yaml.Node, path string) {
	var known []string
	for pair := schema.Properties.Oldest(); pair != nil; pair = pair.Next() {
		known = append(known, pair.Key)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if seen[key.Value] {
			c.report(key, "duplicate-key", fmt.Sprintf("key %q appears twice", key.Value), "")
			continue
		}
		seen[key.Value] = true
		property, ok := (*jsonschema.Schema)(nil), false
		if schema.Properties != nil {
			property, ok = schema.Properties.Get(key.Value)
		}
		switch {
		case ok:
			c.check(property, value, join(path, key.Value))
		case schema.AdditionalProperties != nil && schema.AdditionalProperties != jsonschema.FalseSchema:
			c.check(schema.AdditionalProperties, value, join(path, key.Value))
		case schema.Properties != nil:
			hint := diagnostic.DidYouMean(key.Value, known)
			if hint == "" {
				hint = "the keys are " + strings.Join(known, ", ")
			}
			c.report(key, "unknown-key", fmt.Sprintf("unknown key %q%s", key.Value, inside(path)), hint)
		}
	}
	for _, name := range schema.Required {
		if !seen[name] {
			c.report(node, "missing-key", fmt.Sprintf("the key %q is missing%s", name, inside(path)), "")
		}
	}
}

func (c *checker) scalar(schema *jsonschema.Schema, node *yaml.Node, path string) {
	if len(schema.Enum) > 0 {
		var allowed []string
		for _, value := range schema.Enum {
			allowed = append(allowed, fmt.Sprint(value))
		}
		if !slices.Contains(allowed, node.Value) {
			hint := diagnostic.DidYouMean(node.Value, allowed)
			if hint == "" {
				hint = "it is one of " + strings.Join(allowed, ", ")
			}
			c.report(node, "enum", fmt.Sprintf("%s cannot be %q", path, node.Value), hint)
		}
	}
	if schema.Pattern != "" && !regexp.MustCompile(schema.Pattern).MatchString(node.Value) {
		c.report(node, "pattern", fmt.Sprintf("%s cannot be %q", path, node.Value), "it has to look like "+schema.Pattern)
	}
	number, err := strconv.ParseFloat(node.Value, 64)
	if err != nil {
		return
	}
	if limit, err := schema.Minimum.Float64(); schema.Minimum != "" && err == nil && number < limit {
		c.report(node, "range", fmt.Sprintf("%s cannot be %s", path, node.Value), fmt.Sprintf("it is at least %s", schema.Minimum))
	}
	if limit, err := schema.Maximum.Float64(); schema.Maximum != "" && err == nil && number > limit {
		c.report(node, "range", fmt.Sprintf("%s cannot be %s", path, node.Value), fmt.Sprintf("it is at most %s", schema.Maximum))
	}
}

// fits reports whether a node has the type that a schema asks for.
func fits(schema *jsonschema.Schema, node *yaml.Node) bool {
	if schema.AnyOf != nil {
		return slices.ContainsFunc(schema.AnyOf, func(s *jsonschema.Schema) bool { return fits(s, node) })
	}
	switch schema.Type {
	case "":
		return true
	case "object":
		return node.Kind == yaml.MappingNode
	case "array":
		return node.Kind == yaml.SequenceNode
	case "string":
		// A date is text to us: yaml.v3 reads 2026-01-15 as a timestamp.
		return isText(node) || node.Kind == yaml.ScalarNode && node.Tag == "!!timestamp"
	case "integer":
		if node.Tag == "!!float" {
			f, err := strconv.ParseFloat(node.Value, 64)
			return err == nil && f == float64(int64(f))
		}
		return node.Kind == yaml.ScalarNode && node.Tag == "!!int"
	case "number":
		return node.Kind == yaml.ScalarNode && (node.Tag == "!!int" || node.Tag == "!!float")
	case "boolean":
		return node.Kind == yaml.ScalarNode && node.Tag == "!!bool"
	}
	panic("playbooks: the checker does not know the schema type " + schema.Type)
}

// resolve follows an alias to what it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

func isScalar(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag != "!!null" }

func isText(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!str" }

func describeNode(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "a map"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case node.Tag == "!!null":
		return "nothing"
	case node.Tag == "!!str":
		return "text"
	}
	return "the " + map[string]string{"!!int": "number", "!!float": "number", "!!bool": "boolean", "!!timestamp": "date"}[node.Tag] + " " + node.Value
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func inside(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
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
		if node.Content[i].Value == key {
			return resolve(node.Content[i+1])
		}
	}
	return nil
}
