package playbooks

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"playbook/playbooks/expression"
	"playbook/steps"
	"playbook/steps/diagnostic"
)

// compiler turns the steps of a file into compiled steps, in order. The scope grows
// with every step, so that a step can only refer to those before it.
type compiler struct {
	*loader
	scope *expression.Scope
	seen  map[string]bool // ids of the steps before
	later []string        // ids of all steps
	phase int
}

func (c *compiler) step(node *yaml.Node) *Step {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	var raw step
	_ = node.Decode(&raw)
	s := &Step{
		ID: raw.ID, Phase: Phase(raw.Phase), Title: raw.Title, Why: raw.Why, Covers: raw.Covers,
		OnFailure: OnFailure(raw.OnFailure), Line: node.Line,
	}
	if s.OnFailure == "" {
		s.OnFailure = Continue
	}
	c.unique(child(node, "id"))
	c.ordered(child(node, "phase"))
	s.Timeout = c.duration(child(node, "timeout"))
	s.Retry = Retry{Attempts: raw.Retry.Attempts, Backoff: c.duration(child(child(node, "retry"), "backoff"))}

	var reads []string
	scope := c.scope
	s.When = c.program(child(node, "when"), scope, expression.Bool, &reads)
	s.ForEach = c.program(child(node, "for_each"), scope, expression.List, &reads)
	if s.ForEach != nil {
		scope = scope.WithItem()
	}
	kind, known := c.kind(child(node, "uses"))
	s.Kind = kind
	var result reflect.Type
	if known {
		result = reflect.TypeOf(kind.Result)
		s.with = c.with(node, kind, scope, &reads)
		own := result
		if s.ForEach != nil {
			own = reflect.SliceOf(result)
		}
		s.Expect = c.expectations(child(node, "expect"), c.scope.WithResult(own), &reads)
	}
	s.Needs = needs(reads)
	if raw.ID != "" && !c.seen[raw.ID] {
		c.seen[raw.ID] = true
		if result == nil { // an unknown kind: its result is not judged again
			result = reflect.TypeFor[map[string]any]()
		}
		c.scope = c.scope.WithStep(raw.ID, result, s.ForEach != nil)
	}
	return s
}

func (c *compiler) unique(id *yaml.Node) {
	if id != nil && c.seen[id.Value] {
		c.at(id, "duplicate-id", fmt.Sprintf("there is a step %q before this one", id.Value), "results are known by the step's id")
	}
}

// ordered checks that phases follow the lifecycle.
func (c *compiler) ordered(node *yaml.Node) {
	if node == nil {
		return
	}
	at := slices.Index(Phases[:], Phase(node.Value))
	if at >= 0 && at < c.phase {
		c.at(node, "phase-order", fmt.Sprintf("a step of %s comes after one of %s", Phases[at], Phases[c.phase]),
			fmt.Sprintf("the order is %v", Phases))
		return
	}
	c.phase = max(c.phase, at)
}

func (c *compiler) kind(uses *yaml.Node) (steps.Kind, bool) {
	if uses == nil {
		return steps.Kind{}, false
	}
	var names []string
	for _, kind := range c.kinds {
		if kind.Name == uses.Value {
			return kind, true
		}
		names = append(names, kind.Name)
	}
	hint := diagnostic.DidYouMean(uses.Value, names)
	if hint == "" {
		hint = "the kinds are " + strings.Join(names, ", ")
	}
	c.at(uses, "unknown-kind", fmt.Sprintf("there is no kind of step called %q", uses.Value), hint)
	return steps.Kind{}, false
}

func (c *compiler) expectations(list *yaml.Node, scope *expression.Scope, reads *[]string) []Expectation {
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	seen := map[string]bool{}
	var expectations []Expectation
	for _, node := range list.Content {
		node = resolve(node)
		var raw expectation
		_ = node.Decode(&raw)
		x := Expectation{ID: raw.ID, Severity: steps.Severity(raw.Severity), Attack: raw.Attack}
		if id := child(node, "id"); id != nil {
			if seen[id.Value] {
				c.at(id, "duplicate-id", fmt.Sprintf("this step has an expectation %q already", id.Value), "")
			}
			seen[id.Value] = true
		}
		inner := scope
		x.Each = c.program(child(node, "each"), scope, expression.List, reads)
		if x.Each != nil {
			inner = scope.WithItem()
		}
		x.That = c.program(child(node, "that"), inner, expression.Bool, reads)
		x.Resource = c.program(child(node, "resource"), inner, expression.Any, reads)
		x.Finding = c.template(child(node, "finding"), inner, reads)
		x.Remedy = c.template(child(node, "remedy"), inner, reads)
		x.FalsePositives = c.template(child(node, "false_positives"), inner, reads)
		expectations = append(expectations, x)
	}
	return expectations
}

func (c *compiler) program(node *yaml.Node, scope *expression.Scope, want expression.Want, reads *[]string) *expression.Program {
	if node == nil || !isScalar(node) {
		return nil
	}
	if c.cutByComment(node) {
		return nil
	}
	program, err := expression.Compile(node.Value, scope, want)
	if err != nil {
		c.mistake(node, err)
		return nil
	}
	*reads = append(*reads, program.Reads()...)
	return program
}

func (c *compiler) template(node *yaml.Node, scope *expression.Scope, reads *[]string) *expression.Template {
	if node == nil || !isScalar(node) {
		return nil
	}
	if strings.Contains(node.Value, "${{") && c.cutByComment(node) {
		return nil
	}
	template, errs := expression.CompileTemplate(node.Value, scope)
	for _, err := range errs {
		c.mistake(node, err)
	}
	if errs != nil {
		return nil
	}
	*reads = append(*reads, template.Reads()...)
	return template
}

// cutByComment reports an expression that YAML ended at " #": in expr # is the element
// of a predicate, in YAML the beginning of a comment, and what is left may still
// compile and mean something else.
func (c *compiler) cutByComment(node *yaml.Node) bool {
	plain := node.Style&^yaml.TaggedStyle == 0
	if !plain || node.LineComment == "" {
		return false
	}
	c.at(node, "comment", fmt.Sprintf("YAML ends this expression at %q", excerpt(node.LineComment)),
		"put the expression in quotes, or the comment on a line of its own")
	return true
}

func excerpt(text string) string {
	if runes := []rune(text); len(runes) > 30 {
		return string(runes[:29]) + "…"
	}
	return text
}

func (c *compiler) mistake(node *yaml.Node, err *expression.Error) {
	line, column := position(c.lines, node, err.Offset)
	message, hint := err.Message, err.Hint
	for _, id := range c.later {
		if !c.seen[id] && strings.Contains(message, fmt.Sprintf("%q", id)) && strings.Contains(message, "step") {
			hint = fmt.Sprintf("step %s does not come before this one; a step can refer only to earlier steps", id)
		}
	}
	c.report(line, column, "expression", message, hint)
}

func (c *compiler) duration(node *yaml.Node) time.Duration {
	if node == nil || !isScalar(node) {
		return 0
	}
	d, err := expression.ParseDuration(node.Value)
	if err != nil {
		return 0 // the schema's pattern has reported it
	}
	return d
}

// needs names the steps whose result or findings are among the paths.
func needs(reads []string) []string {
	var ids []string
	for _, path := range reads {
		path = strings.TrimPrefix(path, "take:")
		rest, ok := strings.CutPrefix(path, "steps.")
		if !ok {
			continue
		}
		id, field, _ := strings.Cut(rest, ".")
		if field != "status" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
