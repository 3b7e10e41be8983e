package playbooks

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"

	"playbook/playbooks/expression"
	"playbook/steps"
)

// with is the compiled options of one step: constants, and expressions that are
// evaluated each time the step runs.
type with struct {
	root option
	sql  []string
}

// option is one value below `with:`. Exactly one field is set; none means absent.
type option struct {
	constant any
	template *expression.Template
	sql      *expression.SQL
	source   string // of sql, holes included
	list     []option
	fields   map[string]option
}

// with checks and compiles the options of a step.
func (c *compiler) with(step *yaml.Node, kind steps.Kind, scope *expression.Scope, reads *[]string) with {
	node := child(step, "with")
	schema := optionsSchema(kind)
	if node == nil {
		if len(schema.Required) > 0 {
			c.at(step, "missing-key", fmt.Sprintf("%s needs with: and in it %s", kind.Name, strings.Join(schema.Required, ", ")), "")
		}
		return with{}
	}
	before := len(c.diagnostics)
	c.checker(true).check(schema, node, "with")
	compiled := with{}
	compiled.root = c.option(node, reflect.TypeOf(kind.New()).Elem(), scope, reads, &compiled.sql)
	if len(c.diagnostics) == before {
		c.validate(node, kind, compiled)
	}
	return compiled
}

func (c *compiler) option(node *yaml.Node, t reflect.Type, scope *expression.Scope, reads *[]string, sql *[]string) option {
	node = resolve(node)
	switch node.Kind {
	case yaml.MappingNode:
		fields := map[string]option{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i].Value
			fields[key] = c.option(node.Content[i+1], fieldType(t, key), scope, reads, sql)
		}
		return option{fields: fields}
	case yaml.SequenceNode:
		list := make([]option, len(node.Content))
		for i, item := range node.Content {
			list[i] = c.option(item, elementType(t), scope, reads, sql)
		}
		return option{list: list}
	}
	switch {
	case t == reflect.TypeFor[steps.SQL]() && isText(node):
		*sql = append(*sql, node.Value)
		query, errs := expression.CompileSQL(node.Value, scope)
		for _, err := range errs {
			c.mistake(node, err)
		}
		if errs != nil {
			return option{}
		}
		*reads = append(*reads, query.Reads()...)
		return option{sql: query, source: node.Value}
	case isText(node) && strings.Contains(node.Value, "${{"):
		return option{template: c.template(node, scope, reads)}
	}
	var value any
	if err := node.Decode(&value); err != nil {
		c.at(node, "type", err.Error(), "")
	}
	return option{constant: steps.Plain(value)}
}

// fieldType is the type of the field with a yaml key, or nil.
func fieldType(t reflect.Type, key string) reflect.Type {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); name == key {
			return t.Field(i).Type
		}
	}
	return nil
}

func elementType(t reflect.Type) reflect.Type {
	if t == nil || t.Kind() != reflect.Slice {
		return nil
	}
	return t.Elem()
}

// validate asks the kind about options that a schema cannot judge.
func (c *compiler) validate(node *yaml.Node, kind steps.Kind, compiled with) {
	configured := kind.New()
	validator, ok := configured.(steps.Validator)
	if !ok {
		return
	}
	known := func(path string) bool {
		_, known := compiled.root.at(path)
		return known
	}
	if value, ok := compiled.root.constants(); ok {
		if err := decodeInto(configured, value); err != nil {
			c.at(node, "type", err.Error(), "")
			return
		}
	}
	for _, problem := range validator.Validate(known) {
		where := node
		for _, key := range strings.Split(problem.Path, ".") {
			if inner := child(where, key); inner != nil {
				where = inner
			}
		}
		c.at(where, "option", problem.Message, problem.Hint)
	}
}

// at finds the option under a path of keys; known is false for what is absent or has
// an expression in it.
func (o option) at(path string) (found option, known bool) {
	for _, key := range strings.Split(path, ".") {
		inner, ok := o.fields[key]
		if !ok {
			return option{}, false
		}
		o = inner
	}
	_, known = o.constants()
	return o, known
}

// constants is the value of an option without what only expressions can tell; ok is
// false when nothing is left of it.
func (o option) constants() (value any, ok bool) {
	switch {
	case o.template != nil:
		return nil, false
	case o.sql != nil:
		return o.source, true
	case o.fields != nil:
		fields := map[string]any{}
		for key, inner := range o.fields {
			if value, ok := inner.constants(); ok {
				fields[key] = value
			}
		}
		return fields, true
	case o.list != nil:
		list := []any{}
		for _, inner := range o.list {
			value, ok := inner.constants()
			if !ok {
				return nil, false
			}
			list = append(list, value)
		}
		return list, true
	}
	return o.constant, true
}

// decode evaluates the options and fills them into a new step.
func (w with) decode(kind steps.Kind, scope map[string]any) (steps.Step, error) {
	configured := kind.New()
	if w.root.fields == nil {
		return configured, nil
	}
	value, err := w.root.evaluate("with", scope)
	if err != nil {
		return nil, err
	}
	node := &yaml.Node{}
	if err := node.Encode(value); err != nil {
		return nil, fmt.Errorf("with: %w", err)
	}
	var wrong []error
	check := &checker{report: func(_ *yaml.Node, _, message, hint string) {
		wrong = append(wrong, errors.New(strings.TrimSuffix(message+"; "+hint, "; ")))
	}}
	check.check(optionsSchema(kind), node, "with")
	if wrong != nil {
		return nil, errors.Join(wrong...)
	}
	return configured, decodeInto(configured, value)
}

func decodeInto(configured steps.Step, value any) error {
	text, err := yaml.Marshal(value)
	if err == nil {
		err = yaml.Unmarshal(text, configured)
	}
	if err != nil {
		return fmt.Errorf("with: %w", err)
	}
	return nil
}

func (o option) evaluate(path string, scope map[string]any) (any, error) {
	switch {
	case o.template != nil:
		value, err := o.template.Value(scope)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return value, nil
	case o.sql != nil:
		text, err := o.sql.Render(scope)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return text, nil
	case o.fields != nil:
		fields := map[string]any{}
		for key, inner := range o.fields {
			value, err := inner.evaluate(path+"."+key, scope)
			if err != nil {
				return nil, err
			}
			fields[key] = value
		}
		return fields, nil
	case o.list != nil:
		list := make([]any, len(o.list))
		for i, inner := range o.list {
			value, err := inner.evaluate(fmt.Sprintf("%s[%d]", path, i), scope)
			if err != nil {
				return nil, err
			}
			list[i] = value
		}
		return list, nil
	}
	return o.constant, nil
}

// SQL lists the statements in the step's options as they are written, expressions
// included. The engine learns from them which columns a run will want.
func (s *Step) SQL() []string { return s.with.sql }
