package expression

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/vm/runtime"

	"playbook/steps"
)

const (
	maxSource = 16 << 10 // bytes of one expression
	maxNodes  = 4000     // nodes of its tree
	maxWeight = 8 << 20  // bytes of one text, or of a list that is written out
	maxTurns  = 10_000_000
	maxTime   = 10 * time.Second // of all loops
	maxValues = 20_000_000       // values in a result
)

// unavailable says why a builtin of expr is not there.
func unavailable() map[string]string {
	return map[string]string{
		"now":       "now is a value: write now, without ()",
		"timezone":  "all times are in UTC",
		"get":       "write x?.name, or x[i]",
		"repeat":    "",
		"toPairs":   "use keys(…)",
		"fromPairs": "write a map as {name: value}",
	}
}

type functionTable map[string]*builtin.Function

// newFunctionTable has our functions, those of the strict rules, and the builtins
// that are wrapped: the compiler prefers a function to a builtin of the same name.
func newFunctionTable() functionTable {
	table := functionTable{}
	for _, f := range Functions() {
		table[f.Name] = &builtin.Function{Name: f.Name, Func: ours(f.call), Validate: f.check}
	}
	for name, call := range map[string]func(...any) (any, error){
		strictField: fieldOf, strictEqual: equal, strictIn: in, strictPresent: present,
		strictSet: set, strictAdd: add, strictDivide: divide, countTurn: turn,
	} {
		table[name] = &builtin.Function{Name: name, Func: ours(call)}
	}
	for name, check := range map[string]func(args []any) error{
		"string": weighed, "toJSON": weighed, "flatten": weighed, "uniq": countPairs,
		"min": someOf("min"), "max": someOf("max"), "mean": someOf("mean"), "median": someOf("median"),
		"join": weighJoin, "replace": weighReplace,
	} {
		table[name] = wrapped(name, check)
	}
	keys := *original("keys")
	keys.Func = sortedKeys
	table["keys"] = &keys
	return table
}

// ourError marks an error whose text is ours, not expr's in need of inWords.
type ourError struct{ error }

// ours wraps a function of ours, which knows one sort of list only; split and a..b
// make others.
func ours(call func(...any) (any, error)) func(...any) (any, error) {
	return func(args ...any) (any, error) {
		for i, arg := range args {
			switch arg.(type) {
			case []string, []int, []float64:
				args[i] = steps.Plain(arg)
			}
		}
		value, err := call(args...)
		if err != nil {
			return nil, ourError{err}
		}
		return value, nil
	}
}

func original(name string) *builtin.Function { return builtin.Builtins[builtin.Index[name]] }

// wrapped is a builtin with its meaning and a check in front of it.
func wrapped(name string, check func(args []any) error) *builtin.Function {
	function := *original(name)
	function.Fast, function.Safe = nil, nil
	function.Func = func(args ...any) (any, error) {
		if err := check(args); err != nil {
			return nil, ourError{err}
		}
		of := original(name)
		switch {
		case of.Fast != nil:
			return of.Fast(args[0]), nil
		case of.Safe != nil:
			value, _, err := of.Safe(args...)
			return value, err
		}
		return of.Func(args...)
	}
	return &function
}

func weighed(args []any) error {
	limit := &budget{maxWeight}
	for _, arg := range args {
		if err := limit.weigh(arg); err != nil {
			return err
		}
	}
	return nil
}

func weighJoin(args []any) error {
	if err := weighed(args); err != nil || len(args) < 2 {
		return err
	}
	glue, _ := args[1].(string)
	if (runtime.Len(args[0])+1)*len(glue) > maxWeight {
		return errTooLarge
	}
	return nil
}

func weighReplace(args []any) error {
	text, _ := args[0].(string)
	by, _ := args[2].(string)
	if (len(text)+1)*len(by) > maxWeight {
		return errTooLarge
	}
	return nil
}

// countPairs bounds uniq, which compares every element with every other.
func countPairs(args []any) error {
	if n := reflect.ValueOf(args[0]); n.Kind() == reflect.Slice && n.Len() > 10_000 {
		return errors.New("uniq takes at most 10000 elements")
	}
	return weighed(args)
}

// someOf refuses to invent a result where there is no number to make one of.
func someOf(name string) func(args []any) error {
	return func(args []any) error {
		if err := weighed(args); err != nil {
			return err
		}
		if len(args) == 1 {
			if v := reflect.ValueOf(args[0]); !v.IsValid() || v.Kind() == reflect.Slice && v.Len() == 0 {
				return fmt.Errorf("%s of nothing", name)
			}
		}
		return nil
	}
}

func sortedKeys(args ...any) (any, error) {
	var list []any
	switch m := args[0].(type) {
	case map[string]any:
		for key := range m {
			list = append(list, key)
		}
	case map[any][]any: // of groupBy
		for key := range m {
			list = append(list, key)
		}
	default:
		return nil, fmt.Errorf("keys wants a map, got %s", kindOf(args[0]))
	}
	slices.SortFunc(list, func(a, b any) int { return cmp.Compare(text(a), text(b)) })
	return list, nil
}

// config is what one expression is compiled with.
func (s *Scope) config() *conf.Config {
	config := conf.CreateNew()
	config.WithEnv(s.environment())
	// The optimizer changes which errors are raised, and these programs are small.
	config.Optimize = false
	config.MaxNodes = maxNodes
	for name := range unavailable() {
		config.Disabled[name] = true
		delete(config.Builtins, name)
	}
	for name := range s.functions {
		delete(config.Builtins, name) // date and values have one meaning only
	}
	config.Functions = conf.FunctionsTable(s.functions)
	return config
}

// callable is the names that may be called.
func (s *Scope) callable() []string {
	var names []string
	for name := range s.functions {
		if name[0] != ' ' {
			names = append(names, name)
		}
	}
	config := s.config()
	names = append(names, slices.Collect(maps.Keys(config.Builtins))...)
	slices.Sort(names)
	return slices.Compact(names)
}
