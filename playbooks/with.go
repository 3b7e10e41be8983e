package playbooks

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
	"gopkg.in/yaml.v3"

	"playbook/playbooks/expression"
	"playbook/steps"
)

// with is the compiled options of one step: constants, and expressions that are
// evaluated each time the step runs.
type with struct {
	step   string
	schema *jsonschema.Schema
	root   option
	sql    []string
	node   *yaml.Node // nil: none are given
}

// option is one value below `with:`. The first field that is set says what it is.
type option struct {
	fields   map[string]option
	list     []option
	template *expression.Template
	sql      *expression.SQL
	source   string // of sql
	text     bool   // the schema wants text: a number from an expression is written out
	broken   bool   // its mistake has been reported
	constant any    // a plain value
}

// with checks and compiles the options of the step.
func (c *compiler) with(kind steps.Kind, scope *expression.Scope) with {
	w := with{schema: c.schema(kind), root: option{fields: map[string]option{}}}
	node := child(c.node, "with")
	if node == nil {
		if len(w.schema.Required) > 0 {
			c.at(child(c.node, "uses"), "missing-key", `the key "with" is missing`,
				fmt.Sprintf("%s needs %s under it", kind.Name, strings.Join(w.schema.Required, ", ")))
			return w
		}
		node = &yaml.Node{Kind: yaml.MappingNode, Line: c.node.Line, Column: c.node.Column}
	}
	w.node = node
	before := len(c.diagnostics)
	c.checker(anyValue).check(w.schema, node, "with")
	if node.Kind != yaml.MappingNode {
		return w
	}
	w.root = c.option(node, w.schema, scope, &w.sql)
	if len(c.diagnostics) == before {
		c.validate(node, kind, w)
	}
	return w
}

func (c *compiler) option(node *yaml.Node, schema *jsonschema.Schema, scope *expression.Scope, sql *[]string) option {
	node = resolve(node)
	if chosen, ok := choose(schema, node); ok && schema.Format == "" {
		schema = chosen
	}
	switch node.Kind {
	case yaml.MappingNode:
		o := option{fields: map[string]option{}}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := resolve(node.Content[i]).Value
			o.fields[key] = c.option(node.Content[i+1], property(schema, key), scope, sql)
		}
		return o
	case yaml.SequenceNode:
		inner := schema.Items
		if inner == nil {
			inner = &jsonschema.Schema{}
		}
		o := option{list: make([]option, len(node.Content))}
		for i, item := range node.Content {
			o.list[i] = c.option(item, inner, scope, sql)
		}
		return o
	}
	return c.value(node, schema, scope, sql)
}

// value compiles an option that is no map and no list.
func (c *compiler) value(node *yaml.Node, schema *jsonschema.Schema, scope *expression.Scope, sql *[]string) option {
	switch {
	case schema.Format == sqlFormat && isText(node):
		*sql = append(*sql, node.Value)
		return c.statement(node, scope)
	case hasHole(node):
		template := c.template(node, scope)
		return option{template: template, text: schema.Type == "string" && schema.Format == "", broken: template == nil}
	case isScalar(node) && schema.Type == "string":
		return option{constant: node.Value} // a date stays as it is written
	}
	var value any
	if err := node.Decode(&value); err != nil {
		c.at(node, "type", "it cannot be read: "+yamlPrefix.ReplaceAllString(err.Error(), ""), "")
		return option{broken: true}
	}
	return option{constant: steps.Plain(value)}
}

func (c *compiler) statement(node *yaml.Node, scope *expression.Scope) option {
	if hasHole(node) && c.cutByComment(node) {
		return option{broken: true}
	}
	statement, mistakes := expression.CompileSQL(node.Value, scope)
	for _, mistake := range mistakes {
		c.mistake(node, mistake)
	}
	if mistakes != nil {
		return option{broken: true}
	}
	c.reads = append(c.reads, statement.Reads()...)
	return option{sql: statement, source: node.Value}
}

// validate asks the kind about what a schema cannot judge.
func (c *compiler) validate(node *yaml.Node, kind steps.Kind, w with) {
	configured := kind.New()
	validator, ok := configured.(steps.Validator)
	if !ok {
		return
	}
	constants, _ := w.root.constants()
	if err := fill(configured, constants); err != nil {
		c.at(node, "type", err.Error(), "")
		return
	}
	for _, problem := range validator.Validate(w.root.known) {
		c.at(find(node, problem.Path), "option", fmt.Sprintf("%s: %s", join("with", problem.Path), problem.Message), problem.Hint)
	}
}

var pathKey = regexp.MustCompile(`[^.\[\]]+`)

// known reports whether the value under a path of keys is certain when the file is
// loaded. What is not there has its default, and that is certain too.
func (o option) known(path string) bool {
	for _, key := range pathKey.FindAllString(path, -1) {
		var inner option
		var index int
		switch _, err := fmt.Sscanf(key, "%d", &index); {
		case o.fields != nil:
			inner = o.fields[key]
		case o.list != nil && err == nil && index >= 0 && index < len(o.list):
			inner = o.list[index]
		default:
			return o.certain()
		}
		o = inner
	}
	return o.certain()
}

// certain reports whether no expression is in an option. SQL is certain: it is known
// as it is written.
func (o option) certain() bool {
	if o.template != nil {
		return false
	}
	for _, inner := range o.fields {
		if !inner.certain() {
			return false
		}
	}
	return !slices.ContainsFunc(o.list, func(inner option) bool { return !inner.certain() })
}

// find is the node under a path of keys, or the last that there is on the way.
func find(node *yaml.Node, path string) *yaml.Node {
	for _, key := range pathKey.FindAllString(path, -1) {
		inner := child(node, key)
		var index int
		if list := items(node); list != nil {
			if _, err := fmt.Sscanf(key, "%d", &index); err == nil && index >= 0 && index < len(list) {
				inner = list[index]
			}
		}
		if inner == nil {
			break
		}
		node = inner
	}
	return node
}

// constants is an option without what only expressions can tell; ok is false when
// nothing is left of it.
func (o option) constants() (value any, ok bool) {
	switch {
	case o.fields != nil:
		fields := map[string]any{}
		for key, inner := range o.fields {
			if value, ok := inner.constants(); ok {
				fields[key] = value
			}
		}
		return fields, true
	case o.list != nil:
		if !o.certain() {
			return nil, false
		}
		list := make([]any, len(o.list))
		for i, inner := range o.list {
			list[i], _ = inner.constants()
		}
		return list, true
	case o.sql != nil:
		return o.source, true
	case o.template != nil || o.broken || o.constant == nil:
		return nil, false
	}
	return o.constant, true
}

// SQL lists the statements in the step's options as they are written, expressions
// included. The engine learns from them which columns a run will want.
func (s *Step) SQL() []string { return s.with.sql }

// Preview is SQL with what can be told before the run filled in: values has the names of
// expressions, and known says which paths of them ("params.table") mean something yet.
func (s *Step) Preview(values map[string]any, known func(path string) bool) []string {
	return s.with.root.preview(values, known)
}

func (o option) preview(values map[string]any, known func(path string) bool) []string {
	if o.sql != nil {
		return []string{o.sql.Preview(values, known)}
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(o.fields)) {
		all = append(all, o.fields[name].preview(values, known)...)
	}
	for _, element := range o.list {
		all = append(all, element.preview(values, known)...)
	}
	return all
}
