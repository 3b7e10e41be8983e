// Package expression compiles and evaluates the expressions of a playbook: bare
// ones (`when:`), templates (${{ }} in text) and SQL templates.
package expression

import (
	"reflect"
	"time"

	"playbook/steps"
)

// Scope is the names an expression may use, with their types, at one place of a
// playbook: params, steps, target, run, now; item and index inside for_each and each;
// result inside expectations.
type Scope struct { /* derived expr types */
}

// NewScope has params, target, run and now. params maps names to param types.
func NewScope(params map[string]string) *Scope { panic("not written yet") }

// WithStep adds steps.<id>, whose result has the type of the kind's Result (a list of
// it when forEach).
func (s *Scope) WithStep(id string, result reflect.Type, forEach bool) *Scope {
	panic("not written yet")
}

// WithItem adds item (untyped) and index.
func (s *Scope) WithItem() *Scope { panic("not written yet") }

// WithResult adds result.
func (s *Scope) WithResult(result reflect.Type) *Scope { panic("not written yet") }

// Run is the value of `run` in expressions.
type Run struct {
	ID       string       `json:"id"`
	Ground   string       `json:"ground"` // live, case or drill
	Window   steps.Window `json:"window"`
	Accounts []string     `json:"accounts"`
	Regions  []string     `json:"regions"`
	Started  time.Time    `json:"started"`
	Logs     []Logs       `json:"logs"` // where flow logs were found, sorted by location
}

// Logs is one place that holds VPC flow logs: the bucket and prefix above AWSLogs/.
type Logs struct {
	Location string    `json:"location"` // "s3://bucket/prefix/", with the last "/"
	Accounts []string  `json:"accounts"`
	Regions  []string  `json:"regions"`
	First    time.Time `json:"first"` // first day with a file, 00:00 UTC
	Last     time.Time `json:"last"`  // last day with a file, 00:00 UTC
}

// Error is a mistake in an expression, at a byte offset into the source text given to
// the compiler.
type Error struct {
	Offset  int
	Message string
	Hint    string
}

func (e *Error) Error() string { return e.Message }

// Program is a compiled expression.
type Program struct { /* vm program, source, paths read */
}

// Want says what an expression has to give.
type Want int

const (
	Any Want = iota
	Bool
	List
)

// Compile compiles a bare expression.
func Compile(source string, scope *Scope, want Want) (*Program, *Error) { panic("not written yet") }

// Eval evaluates the program on plain values (see steps.Plain).
func (p *Program) Eval(values map[string]any) (any, error) { panic("not written yet") }

// Source is the text the program was compiled from.
func (p *Program) Source() string { panic("not written yet") }

// Reads lists what the program reads as paths of names, as far as they are static:
// "steps.talkers.result.rows", "params.table", "result.total", "item.ip". A path
// handed to take() as its first argument is marked as cut by "take:" in front.
func (p *Program) Reads() []string { panic("not written yet") }

// Template is text with ${{ }} holes.
type Template struct { /* parts */
}

// CompileTemplate compiles text with holes; all mistakes are returned.
func CompileTemplate(source string, scope *Scope) (*Template, []*Error) { panic("not written yet") }

// Text renders the template as text.
func (t *Template) Text(values map[string]any) (string, error) { panic("not written yet") }

// Value is the value of the expression when the template is one hole and nothing
// else, and the rendered text otherwise.
func (t *Template) Value(values map[string]any) (any, error) { panic("not written yet") }

// Reads is like Program.Reads, over all holes.
func (t *Template) Reads() []string { panic("not written yet") }

// SQL is a SQL statement with ${{ }} holes, each rendered as a literal of the
// statement's class.
type SQL struct { /* tokens, holes */
}

// CompileSQL compiles a SQL template and checks the statement with package dialect.
func CompileSQL(source string, scope *Scope) (*SQL, []*Error) { panic("not written yet") }

// Render gives the statement.
func (q *SQL) Render(values map[string]any) (string, error) { panic("not written yet") }

// Reads is like Program.Reads, over all holes.
func (q *SQL) Reads() []string { panic("not written yet") }
