package expression

import (
	"maps"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/expr-lang/expr/checker/nature"
	"github.com/expr-lang/expr/types"

	"playbook/steps"
)

// Scope is the names an expression may use, with their types, at one place of a
// playbook: params, steps, target, run, now; item and index inside for_each and each;
// result inside expectations. A Scope is immutable: With… returns another one.
type Scope struct {
	names     types.Map // but for steps
	steps     types.Map
	functions functionTable
	compiling *sync.Mutex // the checker writes to the natures that compilations share
}

// settled is a type whose nature (what expr's checker works on) is derived once, not
// for every expression: a late step of a long playbook has thousands of fields in scope.
type settled struct {
	types.Type
	nature nature.Nature
}

func settle(t types.Type) types.Type { return settled{t, t.Nature()} }

func (s settled) Nature() nature.Nature { return s.nature }

// NewScope has params, target, run and now. params maps names to param types: string,
// int, float, bool, ip, cidr, duration (a time.Duration), time, file, and list (of strings).
// Any of them may be nil when an expression is evaluated.
func NewScope(params map[string]string) *Scope {
	given := types.Map{}
	for name, kind := range params {
		given[name] = paramType(kind)
	}
	return &Scope{
		names: types.Map{
			"params": settle(given),
			"target": settle(typeOf(reflect.TypeFor[steps.Target]())),
			"run":    settle(typeOf(reflect.TypeFor[Run]())),
			"now":    types.TypeOf(time.Time{}),
		},
		steps:     types.Map{},
		functions: newFunctionTable(),
		compiling: new(sync.Mutex),
	}
}

// paramType is a pointer, so that expr checks what is done with the param and yet
// lets it be nil: it follows pointers wherever it would use a value, and leaves a
// value that is none as it is. It cannot slice or index through one, hence lists.
func paramType(kind string) types.Type {
	switch kind {
	case "string", "ip", "cidr", "file":
		return types.TypeOf((*string)(nil))
	case "int":
		return types.TypeOf((*int64)(nil))
	case "float":
		return types.TypeOf((*float64)(nil))
	case "bool":
		return types.TypeOf((*bool)(nil))
	case "duration":
		return types.TypeOf((*time.Duration)(nil))
	case "time":
		return types.TypeOf((*time.Time)(nil))
	case "list":
		return types.Array(types.String)
	}
	return types.Any
}

// WithStep adds steps.<id>, whose result has the type of the kind's Result (a list of
// it when forEach).
func (s *Scope) WithStep(id string, result reflect.Type, forEach bool) *Scope {
	value := resultType(result)
	if forEach {
		value = types.Array(value)
	}
	next := *s
	next.steps = maps.Clone(s.steps)
	next.steps[id] = settle(types.Map{
		"status":   types.String,
		"result":   value,
		"findings": types.Array(typeOf(reflect.TypeFor[steps.Finding]())),
	})
	return &next
}

// WithItem adds item (untyped) and index.
func (s *Scope) WithItem() *Scope {
	// The runner may count in int or int64. As an int64, index takes part in
	// arithmetic whichever it is; as an int, expr would assert the exact Go type.
	return s.with("item", types.Any).with("index", types.Int64)
}

// WithResult adds result.
func (s *Scope) WithResult(result reflect.Type) *Scope {
	return s.with("result", settle(resultType(result)))
}

func (s *Scope) with(name string, value types.Type) *Scope {
	next := *s
	next.names = maps.Clone(s.names)
	next.names[name] = value
	return &next
}

// environment is every name with its type.
func (s *Scope) environment() types.Map {
	all := maps.Clone(s.names)
	all["steps"] = s.steps
	return all
}

// resultType is the type of a kind's result. Elements of its lists also have the
// account and region that steps.Merge gives them when the kind runs per target.
func resultType(result reflect.Type) types.Type {
	derived := typeOf(result)
	fields, ok := derived.(types.Map)
	if !ok {
		return derived
	}
	eachField(result, func(name string, t reflect.Type) {
		if t.Kind() != reflect.Slice {
			return
		}
		element, ok := typeOf(t.Elem()).(types.Map)
		if !ok || element[types.Extra] != nil {
			return
		}
		element["account"], element["region"] = types.String, types.String
		fields[name] = types.Array(element)
	})
	return fields
}

// typeOf derives the expr type of the plain value (see steps.Plain) of a Go type.
// Structs become nested types.Map, never Go structs: expr panics on a struct inside
// a types.Map.
func typeOf(t reflect.Type) types.Type { return deriveType(t, 0) }

// maxDepth ends the derivation of a type that contains itself.
const maxDepth = 16

func deriveType(t reflect.Type, depth int) types.Type {
	if t == nil || depth > maxDepth {
		return types.Any
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return types.TypeOf(time.Time{})
	case reflect.TypeFor[[]byte]():
		return types.String
	}
	switch t.Kind() {
	case reflect.Bool:
		return types.Bool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return types.Int64
	case reflect.Float32, reflect.Float64:
		return types.Float64
	case reflect.String:
		return types.String
	case reflect.Slice, reflect.Array:
		return types.Array(deriveType(t.Elem(), depth+1))
	case reflect.Map:
		return types.Map{types.Extra: deriveType(t.Elem(), depth+1)}
	case reflect.Struct:
		fields := types.Map{}
		eachField(t, func(name string, t reflect.Type) { fields[name] = deriveType(t, depth+1) })
		return fields
	case reflect.Pointer:
		return pointerType(t, depth)
	}
	return types.Any
}

// pointerType keeps a pointer to a scalar a pointer: it may be nil (see paramType).
func pointerType(t reflect.Type, depth int) types.Type {
	switch derived := deriveType(t.Elem(), depth+1); derived {
	case types.Bool:
		return types.TypeOf((*bool)(nil))
	case types.Int64:
		return types.TypeOf((*int64)(nil))
	case types.Float64:
		return types.TypeOf((*float64)(nil))
	case types.String:
		return types.TypeOf((*string)(nil))
	case types.TypeOf(time.Time{}):
		return types.TypeOf((*time.Time)(nil))
	default:
		return derived
	}
}

// eachField names the fields of a struct as steps.Plain does.
func eachField(t reflect.Type, visit func(name string, t reflect.Type)) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case !field.IsExported() || name == "-":
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct:
			eachField(field.Type, visit)
		case name == "":
			visit(field.Name, field.Type)
		default:
			visit(name, field.Type)
		}
	}
}
