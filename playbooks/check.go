package playbooks

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/invopop/jsonschema"
	"gopkg.in/yaml.v3"

	"playbook/playbooks/expression"
	"playbook/steps/diagnostic"
)

// checker compares YAML nodes with a schema and reports where they differ. It knows
// the keywords that reflection gives for our types (see unknownKeywords); general
// validators know all of them, but not positions.
type checker struct {
	report   func(node *yaml.Node, path, rule, message, hint string)
	holes    holes
	gave     string // how a wrong value came about: "got"
	patterns map[string]*regexp.Regexp
}

// holes says what ${{ }} in text means to a checker.
type holes int

const (
	refused  holes = iota // a mistake, unless the schema is of text with expressions
	anyValue              // any value: what it is will be seen when the step runs
	verbatim              // nothing
)

var notText = regexp.MustCompile(`^(true|false|[-+]?[0-9.]+)$`)

func (c *checker) check(schema *jsonschema.Schema, node *yaml.Node, path string) {
	node = resolve(node)
	if c.holes == anyValue && hasHole(node) {
		return
	}
	if c.holes == refused && hasHole(node) && schema.Format != expressionFormat && schema.Format != templateFormat && schema.Type != "" {
		c.report(node, path, "hole", "${{ }} is not evaluated here", "this text is taken as it stands")
		return
	}
	schema, ok := choose(schema, node)
	if !ok {
		hint := ""
		switch want := wants(schema); {
		case isScalar(node) && want == "text":
			hint = "put it in quotes"
		case isText(node) && notText.MatchString(node.Value) && (want == "a whole number" || want == "a number" || want == "true or false"):
			hint = "write it without quotes"
		}
		c.report(node, path, "type", fmt.Sprintf("want %s, %s %s", wants(schema), c.gave, describe(node)), hint)
		return
	}
	switch node.Kind {
	case yaml.MappingNode:
		c.mapping(schema, node, path)
	case yaml.SequenceNode:
		c.sequence(schema, node, path)
	case yaml.ScalarNode:
		c.scalar(schema, node, path)
	}
}

// choose follows alternatives to the first that has the node's type.
func choose(schema *jsonschema.Schema, node *yaml.Node) (*jsonschema.Schema, bool) {
	alternatives := slices.Concat(schema.AnyOf, schema.OneOf)
	if alternatives == nil {
		return schema, fits(schema, node)
	}
	for _, alternative := range alternatives {
		if chosen, ok := choose(alternative, node); ok {
			return chosen, true
		}
	}
	return schema, false
}

// fits reports whether a node has the type that a schema asks for.
func fits(schema *jsonschema.Schema, node *yaml.Node) bool {
	switch schema.Type {
	case "object":
		return node.Kind == yaml.MappingNode
	case "array":
		return node.Kind == yaml.SequenceNode
	case "string":
		// A date is text to us: yaml.v3 reads 2026-01-15 as a timestamp.
		return isScalar(node) && (node.Tag == "!!str" || node.Tag == "!!timestamp")
	case "integer":
		f, ok := number(node)
		return ok && f == math.Trunc(f) && math.Abs(f) <= 1<<53
	case "number":
		_, ok := number(node)
		return ok
	case "boolean":
		return isScalar(node) && node.Tag == "!!bool"
	}
	return true
}

func (c *checker) mapping(schema *jsonschema.Schema, node *yaml.Node, path string) {
	var known []string
	for pair := schema.Properties.Oldest(); pair != nil; pair = pair.Next() {
		known = append(known, pair.Key)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := resolve(node.Content[i]), node.Content[i+1]
		if key.Tag == "!!merge" {
			return // reported where the file is read; what it would add is not known
		}
		if key.Kind != yaml.ScalarNode || seen[key.Value] {
			continue // reported where the file is read
		}
		seen[key.Value] = true
		if property := property(schema, key.Value); property != jsonschema.FalseSchema {
			c.check(property, value, join(path, key.Value))
			continue
		}
		seen[diagnostic.Nearest(key.Value, known)] = true // misspelled, not missing
		hint := diagnostic.DidYouMean(key.Value, known)
		if hint == "" {
			hint = "the keys are " + strings.Join(known, ", ")
		}
		c.report(key, path, "unknown-key", fmt.Sprintf("unknown key %q", excerpt(key.Value)), hint)
	}
	var missing []string
	for _, name := range schema.Required {
		if !seen[name] {
			missing = append(missing, strconv.Quote(name))
		}
	}
	switch last := len(missing) - 1; {
	case last == 0:
		c.report(node, path, "missing-key", fmt.Sprintf("the key %s is missing", missing[0]), "")
	case last > 0:
		c.report(node, path, "missing-key", fmt.Sprintf("the keys %s and %s are missing", strings.Join(missing[:last], ", "), missing[last]), "")
	}
}

// property is the schema of what is under a key: FalseSchema when the key is not
// allowed, an empty one when there is nothing to say.
func property(schema *jsonschema.Schema, key string) *jsonschema.Schema {
	if schema.Properties != nil {
		if found, ok := schema.Properties.Get(key); ok {
			return found
		}
	}
	if schema.AdditionalProperties != nil {
		return schema.AdditionalProperties
	}
	return &jsonschema.Schema{}
}

func (c *checker) sequence(schema *jsonschema.Schema, node *yaml.Node, path string) {
	count := uint64(len(node.Content))
	if limit := schema.MinItems; limit != nil && count < *limit {
		message := fmt.Sprintf("want at least %d items, %s %d", *limit, c.gave, count)
		if *limit == 1 {
			message = "the list is empty"
		}
		c.report(node, path, "items", message, "")
	}
	if limit := schema.MaxItems; limit != nil && count > *limit {
		c.report(node, path, "items", fmt.Sprintf("want at most %d items, %s %d", *limit, c.gave, count), "")
	}
	if schema.Items == nil {
		return
	}
	seen := map[string]bool{}
	for i, item := range node.Content {
		inner := fmt.Sprintf("%s[%d]", path, i)
		c.check(schema.Items, item, inner)
		if value := resolve(item); schema.UniqueItems && isScalar(value) {
			if seen[value.Value] {
				c.report(item, inner, "items", fmt.Sprintf("%q is in the list already", excerpt(value.Value)), "")
			}
			seen[value.Value] = true
		}
	}
}

func (c *checker) scalar(schema *jsonschema.Schema, node *yaml.Node, path string) {
	wrong := func(rule, hint string) {
		value := node.Value
		if isText(node) {
			value = strconv.Quote(excerpt(value))
		}
		c.report(node, path, rule, "cannot be "+value, hint)
	}
	switch {
	case len(schema.Enum) > 0:
		c.enum(schema, node, wrong)
	case schema.Format == durationFormat:
		if _, err := expression.ParseDuration(node.Value); err != nil {
			wrong("duration", "write a duration like 90s, 5m, 2h30m or 14d")
		}
	case schema.Format == timeFormat:
		if _, err := parseTime(node.Value); err != nil {
			wrong("time", "write a time like 2026-03-01T12:00:00Z or 2026-03-01")
		}
	case schema.Pattern != "" && !c.matches(schema.Pattern, node.Value):
		hint := "it has to match " + schema.Pattern
		for _, example := range schema.Examples {
			hint += fmt.Sprintf(", as %v does", example)
		}
		wrong("pattern", hint)
	case schema.MinLength != nil && uint64(utf8.RuneCountInString(strings.TrimSpace(node.Value))) < *schema.MinLength:
		wrong("length", fmt.Sprintf("it has at least %d characters", *schema.MinLength))
	case schema.MaxLength != nil && uint64(utf8.RuneCountInString(node.Value)) > *schema.MaxLength:
		wrong("length", fmt.Sprintf("it has at most %d characters", *schema.MaxLength))
	}
	if n, ok := number(node); ok {
		c.limits(schema, n, wrong)
	}
}

func (c *checker) enum(schema *jsonschema.Schema, node *yaml.Node, wrong func(rule, hint string)) {
	allowed := make([]string, len(schema.Enum))
	for i, value := range schema.Enum {
		allowed[i] = fmt.Sprint(value)
	}
	if slices.Contains(allowed, node.Value) {
		return
	}
	hint := diagnostic.DidYouMean(node.Value, allowed)
	if hint == "" {
		hint = "write " + oneOf(allowed)
	}
	wrong("enum", hint)
}

func (c *checker) limits(schema *jsonschema.Schema, n float64, wrong func(rule, hint string)) {
	if limit, err := schema.Minimum.Float64(); err == nil && n < limit {
		wrong("range", fmt.Sprintf("it is at least %s", schema.Minimum))
	}
	if limit, err := schema.ExclusiveMinimum.Float64(); err == nil && n <= limit {
		wrong("range", fmt.Sprintf("it is more than %s", schema.ExclusiveMinimum))
	}
	if limit, err := schema.Maximum.Float64(); err == nil && n > limit {
		wrong("range", fmt.Sprintf("it is at most %s", schema.Maximum))
	}
	if limit, err := schema.ExclusiveMaximum.Float64(); err == nil && n >= limit {
		wrong("range", fmt.Sprintf("it is less than %s", schema.ExclusiveMaximum))
	}
}

func (c *checker) matches(pattern, text string) bool {
	compiled, ok := c.patterns[pattern]
	if !ok {
		compiled = regexp.MustCompile(pattern)
		c.patterns[pattern] = compiled
	}
	return compiled.MatchString(text)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
