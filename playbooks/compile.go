package playbooks

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
	"gopkg.in/yaml.v3"

	"playbook/playbooks/expression"
	"playbook/steps"
	"playbook/steps/diagnostic"
)

// compiler compiles the expressions of a file, step after step. The scope grows with
// every step, so that a step can only refer to those before it.
type compiler struct {
	*loader
	scope  *expression.Scope
	lineOf map[string]int // of every step in the file, by id
	node   *yaml.Node     // of the step that is compiled
	id     string
	reads  []string // what the step's expressions read
}

func (l *loader) compile(root *yaml.Node) *Playbook {
	p := &Playbook{Params: l.params(child(root, "params"))}
	types := map[string]string{}
	for _, param := range p.Params {
		types[param.Name] = param.Type
	}
	nodes := items(child(root, "steps"))
	if len(nodes) > maxSteps {
		return p // reported by the schema
	}
	l.order(nodes)
	c := &compiler{loader: l, scope: expression.NewScope(types), lineOf: l.uniqueIDs(nodes, "a step")}
	for _, node := range nodes {
		if node.Kind == yaml.MappingNode {
			p.Steps = append(p.Steps, c.step(node))
		}
	}
	return p
}

// uniqueIDs returns the line of each id, and reports those that appear again.
func (l *loader) uniqueIDs(nodes []*yaml.Node, what string) map[string]int {
	lines := map[string]int{}
	for _, node := range nodes {
		id := child(node, "id")
		if id == nil || !isText(id) {
			continue
		}
		if first, again := lines[id.Value]; again {
			l.at(id, "duplicate-id", fmt.Sprintf("there is %s %q in line %d already", what, excerpt(id.Value), first), "")
			continue
		}
		lines[id.Value] = id.Line
	}
	return lines
}

func (c *compiler) step(node *yaml.Node) *Step {
	c.node, c.id, c.reads = node, text(child(node, "id")), nil
	s := &Step{Line: node.Line}
	if timeout := child(node, "timeout"); timeout != nil {
		if limit, err := expression.ParseDuration(timeout.Value); err == nil && limit == 0 {
			c.at(timeout, "range", "timeout: no time at all", "leave the key out for no limit")
		}
	}
	s.When = c.program(child(node, "when"), c.scope, expression.Bool)
	inside := c.scope
	forEach := child(node, "for_each")
	if forEach != nil {
		s.ForEach = c.program(forEach, c.scope, expression.List)
		inside = c.scope.WithItem()
	}
	var result reflect.Type // nil, that is any value, when the kind is not known
	if kind, ok := c.kind(child(node, "uses")); ok {
		s.Kind = kind
		s.with = c.with(kind, inside)
		result = reflect.TypeOf(kind.Result)
	}
	s.Expect = c.expectations(child(node, "expect"), c.scope.WithResult(ownResult(s.Kind, result, forEach != nil)))
	s.Needs, s.Wants = needs(c.reads)
	if c.id != "" && c.lineOf[c.id] == child(node, "id").Line {
		c.scope = c.scope.WithStep(c.id, result, forEach != nil)
	}
	return s
}

// ownResult is the type of `result` in a step's own expectations.
func ownResult(kind steps.Kind, result reflect.Type, forEach bool) reflect.Type {
	switch {
	case !forEach:
		return result
	case result == nil || kind.Merged():
		// Elements of the inner lists gain account and region (see steps.Merge), which
		// a Go type cannot say: they stay untyped.
		return reflect.TypeFor[[]any]()
	}
	return reflect.SliceOf(result)
}

// fill takes over what needs no compiling.
func (s *Step) fill(raw step) {
	s.ID, s.Phase, s.Title, s.Why, s.Covers = raw.ID, Phase(raw.Phase), raw.Title, raw.Why, raw.Covers
	if s.OnFailure = OnFailure(raw.OnFailure); s.OnFailure == "" {
		s.OnFailure = Continue
	}
	s.Timeout = raw.Timeout.parse()
	s.Retry = Retry{Attempts: raw.Retry.Attempts, Backoff: raw.Retry.Backoff.parse()}
	s.with.step = raw.ID
	for i, x := range raw.Expect {
		s.Expect[i].ID, s.Expect[i].Severity, s.Expect[i].Attack = x.ID, steps.Severity(x.Severity), x.Attack
	}
}

func (c *compiler) kind(uses *yaml.Node) (steps.Kind, bool) {
	if uses == nil || !isText(uses) {
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
	c.at(uses, "unknown-kind", fmt.Sprintf("there is no kind of step called %q", excerpt(uses.Value)), hint)
	return steps.Kind{}, false
}

// schema of a kind's options. Reflection is slow, and most steps share few kinds.
func (l *loader) schema(kind steps.Kind) *jsonschema.Schema {
	if l.schemas[kind.Name] == nil {
		l.schemas[kind.Name] = optionsSchema(kind)
	}
	return l.schemas[kind.Name]
}

func (c *compiler) expectations(list *yaml.Node, scope *expression.Scope) []Expectation {
	nodes := items(list)
	c.uniqueIDs(nodes, "an expectation")
	var expectations []Expectation
	for _, node := range nodes {
		var x Expectation
		inner := scope
		if each := child(node, "each"); each != nil {
			x.Each = c.program(each, scope, expression.List)
			inner = scope.WithItem()
		}
		x.That = c.program(child(node, "that"), inner, expression.Bool)
		x.Resource = c.program(child(node, "resource"), inner, expression.Any)
		x.Finding = c.template(child(node, "finding"), inner)
		x.Remedy = c.template(child(node, "remedy"), inner)
		x.FalsePositives = c.template(child(node, "false_positives"), inner)
		if story := child(node, "happened"); story != nil {
			x.Happened = &Happened{
				From:   c.program(child(story, "from"), inner, expression.Any),
				To:     c.program(child(story, "to"), inner, expression.Any),
				Actors: c.program(child(story, "actors"), inner, expression.Any),
				Assets: c.program(child(story, "assets"), inner, expression.Any),
				Bytes:  c.program(child(story, "bytes"), inner, expression.Any),
			}
		}
		expectations = append(expectations, x)
	}
	return expectations
}

// program compiles an expression as it stands.
func (c *compiler) program(node *yaml.Node, scope *expression.Scope, want expression.Want) *expression.Program {
	if node == nil || !isScalar(node) || c.cutByComment(node) {
		return nil
	}
	program, mistake := expression.Compile(node.Value, scope, want)
	if mistake != nil {
		c.mistake(node, mistake)
		return nil
	}
	c.reads = append(c.reads, program.Reads()...)
	return program
}

func (c *compiler) template(node *yaml.Node, scope *expression.Scope) *expression.Template {
	if node == nil || !isScalar(node) || hasHole(node) && c.cutByComment(node) {
		return nil
	}
	if !hasHole(node) && strings.Contains(node.Value, "{{") {
		c.at(node, "hole", "{{ }} is plain text", "an expression stands in ${{ }}")
	}
	compiled, mistakes := expression.CompileTemplate(node.Value, scope)
	for _, mistake := range mistakes {
		c.mistake(node, mistake)
	}
	if mistakes != nil {
		return nil
	}
	c.reads = append(c.reads, compiled.Reads()...)
	return compiled
}

// cutByComment reports an expression that YAML ended at " #". In expr # is the element
// of a predicate, in YAML the beginning of a comment: what is left may still compile
// and mean something else.
func (c *compiler) cutByComment(node *yaml.Node) bool {
	if plain := node.Style&^yaml.TaggedStyle == 0; !plain {
		return false
	}
	line, column := position(c.lines, node, len(node.Value))
	comment := strings.TrimLeft(tail(c.lines[line-1], column), " \t")
	if !strings.HasPrefix(comment, "#") || line == node.Line && column == node.Column {
		return false
	}
	column += len([]rune(tail(c.lines[line-1], column))) - len([]rune(comment))
	c.report(line, column, "comment", "YAML takes this # for a comment, which cuts the expression before it",
		"put the expression in quotes, or the comment on a line of its own")
	return true
}

var noSuchStep = regexp.MustCompile(`^no step before this one is called "(.*)"$`)

// mistake reports what is wrong with an expression in a scalar.
func (c *compiler) mistake(node *yaml.Node, e *expression.Error) {
	line, column := position(c.lines, node, e.Offset)
	message, hint := e.Message, e.Hint
	if match := noSuchStep.FindStringSubmatch(message); match != nil {
		at, exists := c.lineOf[match[1]]
		switch {
		case match[1] == c.id:
			message, hint = fmt.Sprintf("step %s refers to itself", c.id), "in expectations its result is called result"
		case exists:
			message = fmt.Sprintf("step %s comes later (line %d)", match[1], at)
			hint = "a step can refer only to the steps before it"
		}
	}
	if strings.HasPrefix(message, "list elements can only be selected") && child(c.node, "for_each") != nil && hint == "" {
		hint = "with for_each, result is a list with one result for each item"
	}
	if node.Line < c.node.Line { // an alias: the mistake may have been reported already
		if slices.ContainsFunc(c.diagnostics, func(d diagnostic.Diagnostic) bool {
			return d.Line == line && d.Column == column && d.Message == message
		}) {
			return
		}
		message += fmt.Sprintf(" (in step %s, which reuses this by an alias)", c.id)
	}
	c.report(line, column, "expression", message, hint)
}

// needs names the steps whose result or findings are among the paths: those that have to
// be there, and those that are taken if they are (steps.x.result?.rows).
func needs(reads []string) (needs, wants []string) {
	for _, path := range reads {
		rest, ok := strings.CutPrefix(strings.TrimPrefix(path, "take:"), "steps.")
		if !ok {
			continue
		}
		id, field, _ := strings.Cut(rest, ".")
		switch {
		case field == "status":
		case strings.HasPrefix(field, "result?"):
			wants = append(wants, id)
		default:
			needs = append(needs, id)
		}
	}
	wants = slices.DeleteFunc(wants, func(id string) bool { return slices.Contains(needs, id) })
	return distinct(needs), distinct(wants)
}

func distinct(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}
