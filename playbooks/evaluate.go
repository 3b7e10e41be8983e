package playbooks

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"playbook/steps"
)

// decode evaluates the options and fills them into a new step. What an expression gave
// is checked against the schema again, as if it had been written.
func (w with) decode(kind steps.Kind, scope map[string]any) (steps.Step, error) {
	configured := kind.New()
	value, err := w.root.evaluate("with", scope)
	if err != nil {
		return nil, fmt.Errorf("step %s: %w", w.step, err)
	}
	var wrong []error
	check := &checker{holes: verbatim, gave: "the expression gave", patterns: map[string]*regexp.Regexp{},
		report: func(_ *yaml.Node, path, _, message, hint string) {
			wrong = append(wrong, fmt.Errorf("step %s: %s: %s", w.step, path, strings.TrimSuffix(message+"; "+hint, "; ")))
		}}
	check.check(w.schema, nodeOf(value), "with")
	if wrong != nil {
		return nil, errors.Join(wrong...)
	}
	if err := fill(configured, value); err != nil {
		return nil, fmt.Errorf("step %s: %w", w.step, err)
	}
	return configured, nil
}

// evaluate gives the plain value of an option. A key whose expression gives nil is left
// out, as if it had not been written: a param that is not given is nil.
func (o option) evaluate(path string, scope map[string]any) (any, error) {
	var value any
	var err error
	switch {
	case o.fields != nil:
		return o.evaluateFields(path, scope)
	case o.list != nil:
		return o.evaluateList(path, scope)
	case o.template != nil:
		if value, err = o.template.Value(scope); err == nil && o.text && isNumber(value) {
			value, err = o.template.Text(scope)
		}
	case o.sql != nil:
		value, err = o.sql.Render(scope)
	default:
		value = o.constant
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return value, nil
}

func (o option) evaluateFields(path string, scope map[string]any) (any, error) {
	fields := map[string]any{}
	var wrong []error
	for _, key := range slices.Sorted(maps.Keys(o.fields)) {
		value, err := o.fields[key].evaluate(join(path, key), scope)
		if err != nil {
			wrong = append(wrong, err)
		}
		if value != nil {
			fields[key] = value
		}
	}
	return fields, errors.Join(wrong...)
}

func (o option) evaluateList(path string, scope map[string]any) (any, error) {
	list := make([]any, len(o.list))
	var wrong []error
	for i, inner := range o.list {
		value, err := inner.evaluate(fmt.Sprintf("%s[%d]", path, i), scope)
		if err != nil {
			wrong = append(wrong, err)
		}
		list[i] = value
	}
	return list, errors.Join(wrong...)
}

func isNumber(value any) bool {
	switch value.(type) {
	case int64, float64:
		return true
	}
	return false
}

// nodeOf is a plain value as the YAML that it would be written as.
func nodeOf(value any) *yaml.Node {
	scalar := func(tag, text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text} }
	switch value := value.(type) {
	case nil:
		return scalar("!!null", "")
	case bool:
		return scalar("!!bool", strconv.FormatBool(value))
	case int64:
		return scalar("!!int", strconv.FormatInt(value, 10))
	case float64:
		return scalar("!!float", strings.ReplaceAll(strconv.FormatFloat(value, 'g', -1, 64), "Inf", ".inf"))
	case time.Time:
		return scalar("!!timestamp", value.Format(time.RFC3339Nano))
	case []any:
		node := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, element := range value {
			node.Content = append(node.Content, nodeOf(element))
		}
		return node
	case map[string]any:
		node := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			node.Content = append(node.Content, scalar("!!str", key), nodeOf(value[key]))
		}
		return node
	}
	return scalar("!!str", fmt.Sprint(value))
}
