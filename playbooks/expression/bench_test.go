package expression

import (
	"fmt"
	"reflect"
	"testing"
)

// A playbook of fifty steps has some hundred expressions, each compiled once.
func BenchmarkCompile(b *testing.B) {
	scope := testScope()
	for i := range 50 {
		scope = scope.WithStep(fmt.Sprintf("step%d", i), reflect.TypeFor[answer](), i%5 == 0)
	}
	for b.Loop() {
		if _, mistake := Compile(`all(steps.talkers.result.rows, .bytes < 5e9 and is_private(.ip))`, scope, Bool); mistake != nil {
			b.Fatal(mistake)
		}
	}
}

// An expectation is evaluated for each of up to a thousand rows.
func BenchmarkEval(b *testing.B) {
	program := mustCompile(b, `item.port == 22 and is_private(item.ip) and not (item.ip in ["10.0.0.2"])`, Bool)
	values := testValues()
	for b.Loop() {
		if held, err := program.Eval(values); err != nil || held != true {
			b.Fatal(held, err)
		}
	}
}
