package expression

import (
	"reflect"
	"testing"
	"time"

	"playbook/steps"
)

// answer is a result with every sort of field that a kind may have.
type answer struct {
	Rows      []map[string]any `json:"rows"`
	Total     int64            `json:"total"`
	Truncated bool             `json:"truncated"`
	Ports     []port           `json:"ports"`
	Last      *time.Time       `json:"last"`
	Label     *string          `json:"label"`
	Owner     *owner           `json:"owner"`
	Tags      map[string]string
	State     state   `json:"state"`
	Ratio     float32 `json:"ratio"`
	Anything  any     `json:"anything"`
	Hidden    string  `json:"-"`
	embedded
	Parent *answer `json:"parent"`
}

type port struct {
	Number int       `json:"number"`
	Open   bool      `json:"open"`
	Since  time.Time `json:"since"`
}

type (
	state    string
	owner    struct{ Name string }
	embedded struct {
		Inner string `json:"inner"`
	}
)

func testScope() *Scope {
	params := map[string]string{
		"name": "string", "ip": "ip", "block": "cidr", "count": "int", "share": "float", "deep": "bool",
		"span": "duration", "since": "time", "names": "list", "table": "string",
	}
	return NewScope(params).
		WithStep("talkers", reflect.TypeFor[answer](), false).
		WithStep("follow", reflect.TypeFor[answer](), true).
		WithItem().WithResult(reflect.TypeFor[answer]())
}

// testValues has every param nil, two rows in the results, and no window.
func testValues() map[string]any {
	params := map[string]any{}
	for _, name := range []string{"name", "ip", "block", "count", "share", "deep", "span", "since", "names", "table"} {
		params[name] = nil
	}
	result := steps.Plain(answer{
		Rows: []map[string]any{
			{"ip": "10.0.0.1", "bytes": int64(500), "port": int64(22), "note": nil},
			{"ip": "203.0.113.9", "bytes": int64(1500), "port": int64(443), "note": "é"},
		},
		Total: 2, Ports: []port{{Number: 22, Open: true}}, State: "active", Ratio: 0.5,
		Tags: map[string]string{"env": "prod"},
	})
	step := map[string]any{"status": "passed", "findings": []any{}, "result": result}
	return map[string]any{
		"params": params,
		"target": steps.Plain(steps.Target{Account: "111122223333", Region: "eu-west-1"}),
		"run":    steps.Plain(Run{ID: "r1", Ground: "case", Accounts: []string{"111122223333"}}),
		"now":    time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC),
		"item":   map[string]any{"ip": "10.0.0.1", "port": int64(22), "note": nil},
		"index":  int64(0),
		"result": result,
		"steps": map[string]any{
			"talkers": step,
			"follow":  map[string]any{"status": "passed", "findings": []any{}, "result": []any{result}},
		},
	}
}

func mustCompile(t testing.TB, source string, want Want) *Program {
	t.Helper()
	program, mistake := Compile(source, testScope(), want)
	if mistake != nil {
		t.Fatalf("Compile(%s): %v at %d", source, mistake, mistake.Offset)
	}
	return program
}
