// Package expression compiles and evaluates the expressions of a playbook: bare ones
// (`when:`), templates (${{ }} in text) and SQL templates.
//
// It is github.com/expr-lang/expr with a typed scope, our functions, and stricter
// rules where expr would answer instead of failing, because an expectation that
// compares the wrong thing would pass:
//
//   - a field that a map does not have is an error, unless it is asked for with `?.`,
//     given a default with `??`, or compared with nil;
//   - == != and `in` refuse values of different types (22 and "22"); contains,
//     startsWith, endsWith and matches refuse nil; nothing is divided by zero;
//   - run.window.from and .to are errors when the run has no window;
//   - methods, $env and whatever depends on the clock or on chance are not there.
//
// It knows nothing of YAML, of statuses, or of who runs an expression when.
package expression

import (
	"time"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

// Run is the value of `run` in expressions.
type Run struct {
	ID       string         `json:"id"`
	Ground   string         `json:"ground"` // live, case or drill
	Window   steps.Window   `json:"window"`
	Accounts []string       `json:"accounts"`
	Regions  []string       `json:"regions"`
	Targets  []steps.Target `json:"targets"` // what a kind that runs per target looks at
	Started  time.Time      `json:"started"`
	Logs     []Logs         `json:"logs"` // where flow logs were found, sorted by location
}

// Logs is one place that holds VPC flow logs: the bucket and prefix above AWSLogs/.
type Logs struct {
	Location string    `json:"location"` // "s3://bucket/prefix/", with the last "/"
	Accounts []string  `json:"accounts"`
	Regions  []string  `json:"regions"`
	First    time.Time `json:"first"` // first day with a file, 00:00 UTC
	Last     time.Time `json:"last"`  // last day with a file, 00:00 UTC
}

// Error is a mistake in an expression or in the SQL around it, at a byte offset into the
// source text given to the compiler.
type Error = dialect.Error

// Want says what an expression has to give.
type Want int

const (
	Any Want = iota
	Bool
	List
)

func (w Want) String() string {
	return [...]string{"a value", "true or false", "a list"}[w]
}
