package expression

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/checker/nature"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// Program is a compiled expression. It may be evaluated by several goroutines at once.
type Program struct {
	source string // the whole source text
	want   Want
	code   *vm.Program
	reads  []string
	gives  reflect.Type // static type, as far as it is known
}

// Compile compiles a bare expression, or text that is one ${{ }} hole and nothing else.
func Compile(source string, scope *Scope, want Want) (*Program, *Error) {
	inner, offset := source, 0
	if trimmed := strings.TrimSpace(source); strings.HasPrefix(trimmed, opening) {
		holes, mistakes := scanHoles(source)
		if len(mistakes) > 0 {
			return nil, mistakes[0]
		}
		if len(holes) != 1 || source[holes[0].start:holes[0].end] != trimmed {
			return nil, &Error{Offset: holes[0].start, Message: "an expression stands here, not text with ${{ }} in it",
				Hint: "write the expression without ${{ }}"}
		}
		inner, offset = holes[0].inner(source), holes[0].start+len(opening)
	}
	program, err := compile(inner, scope, want)
	if err != nil {
		err.Offset += offset
		return nil, err
	}
	program.source = source
	return program, nil
}

func compile(source string, scope *Scope, want Want) (program *Program, failure *Error) {
	defer func() {
		if r := recover(); r != nil {
			program, failure = nil, &Error{Message: fmt.Sprintf("the expression cannot be compiled: %v", r)}
		}
	}()
	start := len(source) - len(strings.TrimLeft(source, " \t\r\n"))
	switch {
	case start == len(source):
		return nil, &Error{Message: "the expression is empty"}
	case len(source) > maxSource:
		return nil, &Error{Offset: start, Message: fmt.Sprintf("the expression is longer than %d bytes", maxSource)}
	case !utf8.ValidString(source):
		return nil, &Error{Offset: invalidUTF8(source), Message: "the expression is not valid UTF-8"}
	}
	scope.compiling.Lock()
	defer scope.compiling.Unlock()
	config := scope.config()
	tree, err := parser.ParseWithConfig(source, config)
	if err != nil {
		return nil, scope.mistake(source, err, nil)
	}
	if mistake := checkCalls(source, tree.Node, scope); mistake != nil {
		return nil, mistake
	}
	reads, nameless := readsOf(tree.Node, scope.roots())
	if _, err = new(checker.Checker).Check(tree, config); err != nil {
		return nil, scope.mistake(source, err, tree.Node)
	}
	if len(nameless) > 0 {
		return nil, &Error{Offset: byteOffset(source, nameless[0].Location().From),
			Message: "steps is used without the name of a step", Hint: "name the step, as in steps.<id>.result"}
	}
	gives := *tree.Node.Nature()
	if !fits(gives, want, &config.NtCache) {
		return nil, &Error{Offset: start, Message: fmt.Sprintf("the expression gives %s, but %s is wanted", typeName(gives.Type), want)}
	}
	makeStrict(&tree.Node)
	code, err := compiler.Compile(tree, config)
	if err != nil {
		message, _, _ := strings.Cut(err.Error(), "\n") // a stack follows
		return nil, &Error{Offset: start, Message: "the expression cannot be compiled: " + message}
	}
	return &Program{source: source, want: want, code: code, reads: reads, gives: gives.Type}, nil
}

// fits reports whether a static type can be what is wanted; what is only known when
// the expression is evaluated is checked then.
func fits(gives nature.Nature, want Want, cache *nature.Cache) bool {
	if want == Any || gives.IsUnknown(cache) {
		return true
	}
	if gives.Nil {
		return false
	}
	followed := gives.Deref(cache)
	if want == Bool {
		return followed.IsBool()
	}
	return followed.IsArray()
}

// roots is the names whose paths Reads gives.
func (s *Scope) roots() map[string]bool {
	roots := map[string]bool{"steps": true}
	for name := range s.names {
		roots[name] = true
	}
	return roots
}

// Eval evaluates the program on plain values (see steps.Plain). The result is plain
// too; a duration becomes its text.
func (p *Program) Eval(values map[string]any) (any, error) {
	value, err := p.run(values)
	if err != nil {
		return nil, err
	}
	return (&budget{maxValues}).plain(value)
}

// run gives the value as the expression made it.
func (p *Program) run(values map[string]any) (any, error) {
	return p.runWithin(values, &loops{budget{maxTurns}, time.Now().Add(maxTime)})
}

func (p *Program) runWithin(values map[string]any, limit *loops) (value any, err error) {
	defer func() {
		if r := recover(); r != nil {
			value, err = nil, fmt.Errorf("evaluating %s: %v", p.excerpt(), r)
		}
	}()
	environment := make(map[string]any, len(values)+1)
	maps.Copy(environment, values)
	environment[turnsLeft] = limit
	machine := vm.VM{MemoryBudget: conf.DefaultMemoryBudget}
	value, err = machine.Run(p.code, environment)
	if err != nil {
		return nil, fmt.Errorf("evaluating %s: %s", p.excerpt(), runMessage(err))
	}
	if wrong := p.unwanted(value); wrong != "" {
		return nil, fmt.Errorf("evaluating %s: it gives %s, but %s is wanted", p.excerpt(), wrong, p.want)
	}
	return value, nil
}

func runMessage(err error) string {
	var own ourError
	var located *file.Error
	switch {
	case errors.As(err, &own):
		return own.Error()
	case errors.As(err, &located):
		return inWords(located.Message)
	}
	return inWords(err.Error())
}

// unwanted names the type of a value that is not what the program has to give.
func (p *Program) unwanted(value any) string {
	kind := kindOf(value)
	if p.want == Bool && kind != "bool" || p.want == List && kind != "list" {
		return kind
	}
	return ""
}

// excerpt is the source on one line, short enough for an error.
func (p *Program) excerpt() string {
	line := strings.Join(strings.Fields(p.source), " ")
	if runes := []rune(line); len(runes) > 100 {
		line = string(runes[:99]) + "…"
	}
	return fmt.Sprintf("`%s`", line)
}

// Source is the text the program was compiled from.
func (p *Program) Source() string { return p.source }

// Reads lists what the program reads as paths of names, as far as they are static:
// "steps.talkers.result.rows", "params.table", "result.total", "item.ip". A path
// handed to take() as its first argument is marked as cut by "take:" in front.
func (p *Program) Reads() []string { return p.reads }

// checkCalls refuses what would let an expression reach beyond its functions: methods
// of Go values, and $env, which has the names without their types.
func checkCalls(source string, root ast.Node, scope *Scope) *Error {
	var mistake *Error
	at := func(node ast.Node, message, hint string) {
		if mistake == nil {
			mistake = &Error{Offset: byteOffset(source, node.Location().From), Message: message, Hint: hint}
		}
	}
	ast.Walk(&root, collect(func(node ast.Node) {
		switch n := node.(type) {
		case *ast.IdentifierNode:
			if n.Value == "$env" {
				at(n, "$env is not available", "name the value itself")
			}
		case *ast.CallNode:
			callee, named := n.Callee.(*ast.IdentifierNode)
			switch {
			case !named:
				at(n, "only functions can be called, and values have no methods", scope.suggestCall(n))
			case scope.functions[callee.Value] == nil:
				message, hint := scope.notFunction(callee.Value)
				at(n, message, hint)
			}
		}
	}))
	return mistake
}

func invalidUTF8(s string) int {
	for i, r := range s {
		if _, size := utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && size == 1 {
			return i
		}
	}
	return 0
}
