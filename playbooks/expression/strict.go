package expression

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm/runtime"

	"playbook/steps/diagnostic"
)

// The functions that the strict rules call. Their names cannot be written in an
// expression.
const (
	strictField   = " field"
	strictEqual   = " equal"
	strictIn      = " in"
	strictPresent = " present"
	strictSet     = " set"
	strictAdd     = " add"
	strictDivide  = " divide"
	countTurn     = " turn"
	turnsLeft     = " turns" // a value of the environment, not a function
)

// strict rewrites a checked tree so that what expr would quietly answer fails (see
// the package comment). Types are kept: the tree is not checked again.
type strict struct {
	lenient map[ast.Node]bool // member nodes that may be absent
}

func makeStrict(root *ast.Node) {
	s := &strict{lenient: map[ast.Node]bool{}}
	ast.Walk(root, collect(func(node ast.Node) {
		binary, ok := node.(*ast.BinaryNode)
		if !ok {
			return
		}
		switch binary.Operator {
		case "??":
			s.allow(binary.Left)
		case "==", "!=":
			if isNil(binary.Left) {
				s.allow(binary.Right)
			}
			if isNil(binary.Right) {
				s.allow(binary.Left)
			}
		}
	}))
	ast.Walk(root, s)
}

func (s *strict) allow(node ast.Node) {
	if chain, ok := node.(*ast.ChainNode); ok {
		node = chain.Node
	}
	s.lenient[node] = true
}

func isNil(node ast.Node) bool { _, ok := node.(*ast.NilNode); return ok }

type collect func(ast.Node)

func (c collect) Visit(node *ast.Node) { c(*node) }

func (s *strict) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.MemberNode:
		s.member(node, n)
	case *ast.PredicateNode:
		// Each turn of a loop is counted: loops within loops over long lists would
		// run for days without using memory.
		body := n.Node
		call(&n.Node, countTurn, &ast.IdentifierNode{Value: turnsLeft}, body)
	case *ast.BinaryNode:
		switch n.Operator {
		case "==":
			call(node, strictEqual, n.Left, n.Right)
		case "!=":
			negated := ast.Node(n)
			call(&negated, strictEqual, n.Left, n.Right)
			replace(node, &ast.UnaryNode{Operator: "not", Node: negated})
		case "in":
			call(node, strictIn, n.Left, n.Right)
		case "+":
			call(node, strictAdd, n.Left, n.Right)
		case "/":
			call(node, strictDivide, n.Left, n.Right)
		case "contains", "startsWith", "endsWith", "matches":
			operator := &ast.StringNode{Value: n.Operator}
			call(&n.Left, strictPresent, n.Left, operator)
			if _, constant := n.Right.(*ast.StringNode); !constant {
				call(&n.Right, strictPresent, n.Right, operator)
			}
		}
	}
}

func (s *strict) member(node *ast.Node, n *ast.MemberNode) {
	isTime := n.Nature().IsTime()
	if !n.Optional && !s.lenient[n] {
		call(node, strictField, n.Node, n.Property)
	}
	// The window of a run may be unset; that is an error only where it is used.
	if name, ok := n.Property.(*ast.StringNode); ok && isTime && (name.Value == "from" || name.Value == "to") {
		call(node, strictSet, *node)
	}
}

// call replaces a node by a call with its type.
func call(node *ast.Node, function string, arguments ...ast.Node) {
	replace(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: function}, Arguments: arguments})
}

func replace(node *ast.Node, by ast.Node) {
	by.SetNature(*(*node).Nature())
	ast.Patch(node, by)
}

func fieldOf(args ...any) (any, error) {
	name, named := args[1].(string)
	switch from := args[0].(type) {
	case nil:
		return nil, fmt.Errorf("%s is asked of nil; write ?. if it may be missing", argument(args[1]))
	case map[string]any:
		if value, ok := from[name]; ok && named {
			return value, nil
		}
		return nil, absent(args[1], from)
	case map[any][]any:
		if group, ok := from[args[1]]; ok {
			return group, nil
		}
		return nil, fmt.Errorf("there is no group %s; write ?. if it may be missing", argument(args[1]))
	}
	if named {
		return nil, fmt.Errorf("%q is asked of %s (%s), which has no fields", name, argument(args[0]), kindOf(args[0]))
	}
	return runtime.Fetch(args[0], args[1]), nil
}

func absent(key any, from map[string]any) error {
	name, ok := key.(string)
	if !ok {
		return fmt.Errorf("the keys of a map are text, got %s", argument(key))
	}
	names := make([]string, 0, len(from))
	for name := range from {
		names = append(names, name)
	}
	sort.Strings(names)
	advice := diagnostic.DidYouMean(name, names)
	if advice == "" {
		advice = fmt.Sprintf("write ?.%s or give a default with ?? if it may be missing", name)
	}
	return fmt.Errorf("there is no field %q; %s", name, advice)
}

func equal(args ...any) (any, error) {
	a, b := args[0], args[1]
	if runtime.IsNil(a) || runtime.IsNil(b) {
		return runtime.IsNil(a) && runtime.IsNil(b), nil
	}
	if x, y := kindOf(a), kindOf(b); x != y {
		return nil, fmt.Errorf("%s (%s) cannot be compared with %s (%s)", argument(a), x, argument(b), y)
	}
	for _, side := range args {
		if err := (&budget{maxWeight}).weigh(side); err != nil {
			return nil, err
		}
	}
	return runtime.Equal(a, b), nil
}

func in(args ...any) (any, error) {
	needle := args[0]
	if needle != nil {
		if t := reflect.TypeOf(needle); !t.Comparable() {
			return nil, fmt.Errorf("in looks for text, numbers and times, not for %s", kindOf(needle))
		}
	}
	switch all := args[1].(type) {
	case map[string]any:
		key, ok := needle.(string)
		if !ok {
			return nil, fmt.Errorf("a map has no key %s", argument(needle))
		}
		_, found := all[key]
		return found, nil
	case []any:
		found := false
		for _, element := range all {
			if needle != nil && element != nil && kindOf(element) != kindOf(needle) {
				return nil, fmt.Errorf("%s (%s) is looked for among values like %s (%s)",
					argument(needle), kindOf(needle), argument(element), kindOf(element))
			}
			found = found || runtime.Equal(needle, element)
		}
		return found, nil
	}
	return nil, fmt.Errorf("in wants a list or a map on its right, got %s", kindOf(args[1]))
}

func present(args ...any) (any, error) {
	switch args[0].(type) {
	case string, []byte:
		return args[0], nil
	case nil:
		return nil, fmt.Errorf("%s is asked of nil; give a default with ?? if the text may be missing", args[1])
	}
	return nil, fmt.Errorf("%s wants text, got %s", args[1], kindOf(args[0]))
}

func set(args ...any) (any, error) {
	if t, ok := args[0].(time.Time); ok && t.IsZero() {
		return nil, errUnset
	}
	return args[0], nil
}

func add(args ...any) (any, error) {
	a, aIsText := args[0].(string)
	b, bIsText := args[1].(string)
	if aIsText && bIsText && len(a)+len(b) > maxWeight {
		return nil, errTooLarge
	}
	return runtime.Add(args[0], args[1]), nil
}

func divide(args ...any) (any, error) {
	if by, ok := number(args[1]); ok && by == 0 {
		return nil, errors.New("division by zero")
	}
	return runtime.Divide(args[0], args[1]), nil
}

// loops bounds the loops of one evaluation: their turns, and, as a turn may walk over
// a long list itself, the time they take.
type loops struct {
	turns budget
	until time.Time
}

func turn(args ...any) (any, error) {
	l := args[0].(*loops)
	if time.Now().After(l.until) {
		return nil, fmt.Errorf("the expression takes longer than %s", maxTime)
	}
	return args[1], l.turns.spend(1)
}

// kindOf is the name of a value's type in the words of playbooks.
func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "nil"
	case bool:
		return "bool"
	case string, []byte:
		return "text"
	case Identifier, Columns:
		return "identifier"
	case time.Time:
		return "time"
	case time.Duration:
		return "duration"
	}
	if _, ok := number(value); ok {
		return "number"
	}
	kind := reflect.TypeOf(value).Kind()
	switch {
	case slices.Contains([]reflect.Kind{reflect.Slice, reflect.Array}, kind):
		return "list"
	case kind == reflect.Map:
		return "map"
	}
	return kind.String()
}
