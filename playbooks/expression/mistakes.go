package expression

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"playbook/steps/diagnostic"
)

// byteOffset turns a position of expr, which counts runes from the start of the
// source (its Column counts them from the start of a line), into a byte offset.
func byteOffset(source string, runes int) int {
	for offset := range source {
		if runes <= 0 {
			return offset
		}
		runes--
	}
	return len(source)
}

var (
	unknownName  = regexp.MustCompile(`^unknown name (.+)$`)
	unknownField = regexp.MustCompile(`^unknown field (.+)$`)
	hasNoField   = regexp.MustCompile(`^type (\S+) has no (?:field|method) (.+)$`)
)

// mistake turns an error of expr's parser or checker into ours. root is nil when
// there is no tree.
func (s *Scope) mistake(source string, err error, root ast.Node) *Error {
	var located *file.Error
	if !errors.As(err, &located) {
		return &Error{Message: inWords(err.Error())}
	}
	e := &Error{Offset: byteOffset(source, located.From), Message: inWords(located.Message)}
	// At the end expr points at the last character; what is missing is behind it.
	if strings.HasPrefix(located.Message, "unexpected token EOF") || located.Message == "unexpected end of expression" {
		e.Offset, e.Message = len(strings.TrimRight(source, " \t\r\n")), "the expression ends too early"
		return e
	}
	if m := unknownName.FindStringSubmatch(located.Message); m != nil {
		s.nameMistake(e, m[1])
	}
	if m := unknownField.FindStringSubmatch(located.Message); m != nil {
		s.fieldMistake(e, m[1], located.Location, root)
	}
	if m := hasNoField.FindStringSubmatch(located.Message); m != nil {
		e.Message = fmt.Sprintf("%s has no field %q", inWords(m[1]), m[2])
	}
	return e
}

func (s *Scope) nameMistake(e *Error, name string) {
	names := slices.Sorted(maps.Keys(s.environment()))
	e.Message = fmt.Sprintf("unknown name %q", name)
	e.Hint = diagnostic.DidYouMean(name, names)
	switch {
	case e.Hint != "":
	case name == "item" || name == "index":
		e.Hint = name + " is there inside for_each and each only"
	case name == "result":
		e.Hint = "result is there inside expectations only; write steps.<id>.result"
	case s.steps[name] != nil:
		e.Hint = fmt.Sprintf("write steps.%s", name)
	default:
		e.Hint = "in scope: " + strings.Join(names, ", ")
	}
}

// fieldMistake looks for the node that was asked for the field, to say what it has.
func (s *Scope) fieldMistake(e *Error, name string, at file.Location, root ast.Node) {
	e.Message = fmt.Sprintf("unknown field %q", name)
	ast.Walk(&root, collect(func(node ast.Node) {
		member, ok := node.(*ast.MemberNode)
		if !ok || member.Property.Location() != at || member.Node.Nature().TypeData == nil {
			return
		}
		fields := slices.Sorted(maps.Keys(member.Node.Nature().Fields))
		e.Hint = diagnostic.DidYouMean(name, fields)
		switch base, _ := member.Node.(*ast.IdentifierNode); {
		case base != nil && base.Value == "steps":
			e.Message = fmt.Sprintf("no step before this one is called %q", name)
		case base != nil && base.Value == "params":
			e.Message = fmt.Sprintf("unknown param %q", name)
		}
		if e.Hint == "" && len(fields) > 0 {
			e.Hint = "there are: " + strings.Join(fields, ", ")
		}
	}))
}

// notFunction explains a call of something that is no function.
func (s *Scope) notFunction(name string) (message, hint string) {
	message = fmt.Sprintf("unknown function %q", name)
	if why, ok := unavailable()[name]; ok {
		return fmt.Sprintf("there is no function %q here", name), why
	}
	if s.environment()[name] != nil {
		return fmt.Sprintf("%s is a value, not a function", name), fmt.Sprintf("write %s without (…)", name)
	}
	return message, diagnostic.DidYouMean(name, s.callable())
}

// suggestCall proposes the function for a method: upper(x) for x.upper().
func (s *Scope) suggestCall(node *ast.CallNode) string {
	member, ok := node.Callee.(*ast.MemberNode)
	if !ok {
		return ""
	}
	if name, ok := member.Property.(*ast.StringNode); ok && slices.Contains(s.callable(), name.Value) {
		return fmt.Sprintf("write %s(…)", name.Value)
	}
	return ""
}

// words replaces Go's and expr's names of types by those of playbooks.
var words = strings.NewReplacer(
	"map[string]interface {}", "map", "map[interface {}][]interface {}", "map", "[]interface {}", "list",
	"[]string", "list", "[]int", "list", "interface {}", "any", "<nil>", "nil",
	"*string", "string", "*bool", "bool", "*int64", "int", "*float64", "float", "*time.Time", "time", "*time.Duration", "duration",
	"time.Time", "time", "time.Duration", "duration",
	"int64", "int", "float64", "float",
	"expression.Identifier", "identifier", "expression.Columns", "identifiers", "builtin ", "", "array", "list",
)

var conversion = regexp.MustCompile(`^interface conversion: (?:interface \{\}|any) is (\S+|map\[string\]interface \{\}), not (\S+)$`)

var unexpected = regexp.MustCompile(`^unexpected token \w+\((.*)\)(.*)$`)

// inWords makes a message of expr one that a playbook's author understands.
func inWords(message string) string {
	message, _, _ = strings.Cut(strings.TrimSpace(message), "\n")
	if kind, found := strings.CutPrefix(message, "reflect: call of reflect.Value.Len on "); found {
		kind = strings.Replace(strings.TrimSuffix(kind, " Value"), "zero", "nil", 1)
		return "a list is wanted, got " + words.Replace(kind)
	}
	if m := conversion.FindStringSubmatch(message); m != nil {
		message = fmt.Sprintf("%s is wanted, got %s", m[2], m[1])
	}
	if m := unexpected.FindStringSubmatch(message); m != nil {
		return "unexpected " + m[1] + m[2] // as the author wrote it
	}
	return words.Replace(message)
}

func typeName(t reflect.Type) string {
	if t == nil {
		return "nil"
	}
	return words.Replace(t.String())
}
