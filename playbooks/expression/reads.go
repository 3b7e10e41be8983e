package expression

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// reader finds the static paths that a tree reads.
type reader struct {
	roots map[string]bool
	lets  map[string]path // paths that variables stand for
	paths map[string]bool
	steps []ast.Node // uses of `steps` that do not name a step
}

// path is how a node begins: "result.rows" of result.rows[0].ip. What is asked for only
// if a step has a result keeps its mark: "steps.access.result?.answers".
type path struct {
	name string
	open bool // the node is exactly the path, so that a field makes it longer
}

func readsOf(root ast.Node, roots map[string]bool) (paths []string, nameless []ast.Node) {
	r := &reader{roots: roots, lets: map[string]path{}, paths: map[string]bool{}}
	r.visit(root)
	for name := range r.paths {
		paths = append(paths, name)
	}
	slices.Sort(paths)
	return paths, r.steps
}

func (r *reader) visit(node ast.Node) {
	if node == nil {
		return
	}
	if p, ok := r.resolve(node); ok {
		r.record(node, p, "")
		return
	}
	switch n := node.(type) {
	case *ast.BuiltinNode:
		if n.Name == "take" && len(n.Arguments) > 0 {
			if p, ok := r.resolve(n.Arguments[0]); ok && p.open {
				r.record(n.Arguments[0], p, "take:")
				r.all(n.Arguments[1:])
				return
			}
		}
		r.all(n.Arguments)
	case *ast.VariableDeclaratorNode:
		// A variable that stands for a path reads what is asked of it, not more:
		// let s = steps.talkers; s.status reads the status only.
		if p, ok := r.resolve(n.Value); ok && p.open && p.name != "steps" {
			outer, shadowed := r.lets[n.Name]
			r.lets[n.Name] = p
			r.visit(n.Expr)
			delete(r.lets, n.Name)
			if shadowed {
				r.lets[n.Name] = outer
			}
			return
		}
		r.visit(n.Value)
		r.visit(n.Expr)
	case *ast.MemberNode:
		r.visit(n.Node)
		r.visit(n.Property)
	case *ast.CallNode:
		r.all(n.Arguments) // the callee is a function: see checkCalls
	default:
		r.all(children(node))
	}
}

func (r *reader) all(nodes []ast.Node) {
	for _, node := range nodes {
		r.visit(node)
	}
}

func (r *reader) record(node ast.Node, p path, mark string) {
	if p.name == "steps" {
		r.steps = append(r.steps, node)
		return
	}
	r.paths[mark+p.name] = true
}

// resolve gives the path of a node, and visits what is computed within it.
func (r *reader) resolve(node ast.Node) (path, bool) {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		if p, ok := r.lets[n.Value]; ok {
			return p, true
		}
		return path{n.Value, true}, r.roots[n.Value]
	case *ast.ChainNode:
		return r.resolve(n.Node)
	case *ast.MemberNode:
		base, ok := r.resolve(n.Node)
		if !ok {
			return base, false
		}
		if name, constant := n.Property.(*ast.StringNode); constant {
			switch {
			case !base.open:
			case n.Optional && strings.HasPrefix(base.name, "steps.") && strings.HasSuffix(base.name, ".result"):
				base.name += "?." + name.Value
			default:
				base.name += "." + name.Value
			}
			return base, true
		}
		r.visit(n.Property)
		base.open = false
		return base, true
	case *ast.SliceNode:
		base, ok := r.resolve(n.Node)
		if ok {
			r.visit(n.From)
			r.visit(n.To)
			base.open = false
		}
		return base, ok
	}
	return path{}, false
}

// children lists the nodes directly under one that has no meaning for paths.
func children(node ast.Node) []ast.Node {
	switch n := node.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.ChainNode:
		return []ast.Node{n.Node}
	case *ast.SliceNode:
		return []ast.Node{n.Node, n.From, n.To}
	case *ast.PredicateNode:
		return []ast.Node{n.Node}
	case *ast.SequenceNode:
		return n.Nodes
	case *ast.ConditionalNode:
		return []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.ArrayNode:
		return n.Nodes
	case *ast.MapNode:
		return n.Pairs
	case *ast.PairNode:
		return []ast.Node{n.Key, n.Value}
	}
	return nil
}
