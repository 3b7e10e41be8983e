package playbooks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"playbook/steps"
)

func scope() map[string]any {
	return map[string]any{
		"params": map[string]any{"n": int64(42), "s": "text ${{ n }}", "l": []any{"x", "y"}, "d": 36 * time.Hour,
			"t": time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)},
		"steps": map[string]any{}, "now": time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC),
		"run": map[string]any{"ground": "case"}, "target": map[string]any{"account": "111122223333", "region": "eu-west-1"},
		"item": map[string]any{"ip": "10.0.0.1", "port": int64(22), "share": 0.5, "open": true, "gone": nil}, "index": int64(0),
	}
}

func TestOptionsOfEveryType(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name, with string
		want       probe
	}{
		{"nothing", "", probe{Count: 7}},
		{"constants", "with: {text: 2026-01-15, mode: fast, count: 5, small: 0xff, threshold: 1, 'on': true, wait: 1d12h, since: 2026-03-01T12:00:00Z, names: [a, '2'], labels: {a: 1}}",
			probe{Text: "2026-01-15", Mode: "fast", Count: 5, Small: 255, Threshold: 1, On: true, Wait: 36 * time.Hour, Since: at, Names: []string{"a", "2"}, Labels: map[string]int{"a": 1}}},
		{"whole numbers written as floats", "with: {count: 5.0, small: 1e2}", probe{Count: 5, Small: 100}},
		{"any keeps plain values", "with: {anything: [1, 2.5, x, true, null, {a: 012}]}",
			probe{Count: 7, Anything: []any{int64(1), 2.5, "x", true, nil, map[string]any{"a": int64(10)}}}},
		{"typed holes", "with: {count: '${{ params.n }}', threshold: '${{ params.n }}', names: '${{ params.l }}', wait: '${{ params.d }}', since: '${{ params.t }}', on: '${{ 1 < 2 }}'}",
			probe{Count: 42, Threshold: 42, Names: []string{"x", "y"}, Wait: 36 * time.Hour, Since: at, On: true}},
		{"holes in text", "with: {text: 'n is ${{ params.n }}', names: [a, '${{ params.s }}']}",
			probe{Count: 7, Text: "n is 42", Names: []string{"a", "text ${{ n }}"}}},
		{"a number where text is wanted", "with: {text: '${{ params.n }}'}", probe{Count: 7, Text: "42"}},
		{"a nil leaves the default", "with: {count: '${{ item.gone }}', text: '${{ item.gone }}'}\nfor_each: '[1]'", probe{Count: 7}},
		{"deep holes", "with: {filter: {name: '${{ item.ip }}', value: '${{ item.port }}'}, filters: [{name: x}, {name: '${{ item.ip }}', value: [1]}]}\nfor_each: '[1]'",
			probe{Count: 7, Filter: &filter{Name: "10.0.0.1", Value: int64(22)}, Filters: []filter{{Name: "x"}, {Name: "10.0.0.1", Value: []any{int64(1)}}}}},
		{"whole lists and maps", "with: {filters: '${{ [{name: item.ip, value: item}] }}', labels: '${{ {a: item.port} }}'}\nfor_each: '[1]'",
			probe{Count: 7, Labels: map[string]int{"a": 22}, Filters: []filter{{Name: "10.0.0.1", Value: scope()["item"]}}}},
		{"sql", "with: {sql: \"SELECT ${{ item.ip }} AS ip, ${{ item.port }} AS port\"}\nfor_each: '[1]'",
			probe{Count: 7, SQL: "SELECT '10.0.0.1' AS ip, 22 AS port"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := load(t, test.with).Steps[0].New(scope())
			if err != nil {
				t.Fatal(err)
			}
			want := test.want
			if test.name == "constants" || test.name == "whole numbers written as floats" {
				want.Count = 5
			}
			if diff := cmp.Diff(&want, got, cmpopts.IgnoreUnexported(probe{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOptionsAreCheckedAgainWhenTheStepRuns: an expression must not bring in what the
// file could not have said.
func TestOptionsAreCheckedAgainWhenTheStepRuns(t *testing.T) {
	for _, test := range []struct{ with, want string }{
		{"with: {threshold: '${{ item.ip }}'}", `step a: with.threshold: want a number, the expression gave "10.0.0.1"`},
		{"with: {threshold: '${{ 0.0 }}'}", "step a: with.threshold: cannot be 0; it is more than 0"},
		{"with: {count: '${{ item.share }}'}", "step a: with.count: want a whole number, the expression gave the number 0.5"},
		{"with: {count: '${{ 101 }}'}", "step a: with.count: cannot be 101; it is at most 100"},
		{"with: {small: '${{ 256 }}'}", "step a: with.small: 256 does not fit a uint8"},
		{"with: {mode: '${{ \"fasst\" }}'}", `step a: with.mode: cannot be "fasst"; did you mean "fast"?`},
		{"with: {wait: '${{ params.n }}'}", "step a: with.wait: want a duration like 90s, 5m or 14d, the expression gave the number 42"},
		{"with: {wait: '${{ item.ip }}'}", `step a: with.wait: cannot be "10.0.0.1"; write a duration like 90s, 5m, 2h30m or 14d`},
		{"with: {since: '${{ item.ip }}'}", `step a: with.since: cannot be "10.0.0.1"; write a time like 2026-03-01T12:00:00Z or 2026-03-01`},
		{"with: {names: '${{ item.ip }}'}", `step a: with.names: want a list, the expression gave "10.0.0.1"`},
		{"with: {names: '${{ [\"a\", item.port] }}'}", "step a: with.names[1]: want text, the expression gave the number 22; put it in quotes"},
		{"with: {names: '${{ [\"a\", \"a\"] }}'}", `step a: with.names[1]: "a" is in the list already`},
		{"with: {names: [a, '${{ item.gone }}']}", "step a: with.names[1]: want text, the expression gave nothing"},
		{"with: {text: 'x ${{ item.gone }}'}", "it is nil, and text is made with it"},
		{"with: {text: '${{ item }}'}", "step a: with.text: want text, the expression gave a map of keys"},
		{"with: {text: '${{ item.ip + \"............................\" }}'}", "it has at most 20 characters"},
		{"with: {filter: '${{ {nam: 1} }}'}", `step a: with.filter: unknown key "nam"; did you mean "name"?`},
		{"with: {filter: '${{ {value: 1} }}'}", `step a: with.filter: the key "name" is missing`},
		{"with: {labels: '${{ item }}'}", "step a: with.labels.ip: want a whole number"},
		{"with: {count: '${{ item.none }}'}", "step a: with.count: evaluating"},
		{"with: {ask: '${{ item.gone }}'}\nuses: strict", `step a: with: the key "ask" is missing`},
	} {
		got, err := load(t, test.with+"\nfor_each: '[1]'").Steps[0].New(scope())
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\n gives %+v, %v\n want %s", test.with, got, err, test.want)
		}
	}
}

func TestStepsAreMadeAnewEachTime(t *testing.T) {
	s := load(t, "with: {labels: {a: 1}, anything: [1]}").Steps[0]
	first, err := s.New(scope())
	if err != nil {
		t.Fatal(err)
	}
	first.(*probe).Labels["b"] = 2
	second, err := s.New(scope())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"a": 1}, second.(*probe).Labels); diff != "" {
		t.Error(diff)
	}
}

func TestValidatorsSeeWhatIsCertain(t *testing.T) {
	for _, test := range []struct{ with, want string }{
		{"with: {count: 13}", "test.yaml:15:19: error: with.count: bad luck; take another"},
		{"with: {count: '${{ params.n }}', text: '${{ params.s }}'}", ""},
		{"with: {filters: [{name: x}, {name: bad}]}", "test.yaml:15:40: error: with.filters[1].name: no such filter"},
		{"with: {filters: [{name: '${{ params.s }}'}, {name: bad}]}", ""},
	} {
		if got := mistakes(t, test.with); got != test.want {
			t.Errorf("%s\n gives %s\n want %s", test.with, got, test.want)
		}
	}
}

func TestStepsSayWhatTheyRead(t *testing.T) {
	p := load(t, "", "", "", "with: {sql: 'SELECT ${{ steps.a.result.total }} AS n'}", `
when: steps.a.status == "passed"
for_each: take(steps.b.result.rows, 5)
with: {text: '${{ item.x }}', names: ['${{ string(len(steps.c.findings)) }}']}
expect:
  - {id: x, that: steps.d.result.total > 0, severity: low, finding: "${{ steps.b.result.total }}"}`)
	if diff := cmp.Diff([]string{"a"}, p.Steps[3].Needs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"b", "c", "d"}, p.Steps[4].Needs, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"SELECT ${{ steps.a.result.total }} AS n"}, p.Steps[3].SQL()); diff != "" {
		t.Error(diff)
	}
	if got := p.Steps[4].SQL(); got != nil {
		t.Errorf("SQL() = %q, want none", got)
	}
}

func TestHeadOfAStep(t *testing.T) {
	p := load(t, `
why: Because.
covers: [1, 22]
timeout: 1d
retry: {attempts: 3, backoff: 2s}
on_failure: stop
expect: [{id: x, each: result.rows, that: false, resource: item.ip, severity: high, attack: [T1048.001], finding: f, remedy: r, false_positives: fp}]`, "")
	s := p.Steps[0]
	if s.Why != "Because." || !cmp.Equal(s.Covers, []int{1, 22}) || s.Timeout != 24*time.Hour || s.Retry.Attempts != 3 ||
		s.Retry.Backoff != 2*time.Second || s.OnFailure != "stop" || s.Line != 11 || s.Kind.Name != "probe" {
		t.Errorf("got %+v", s)
	}
	x := s.Expect[0]
	if x.ID != "x" || x.Severity != steps.High || !cmp.Equal(x.Attack, []string{"T1048.001"}) || x.Each == nil ||
		x.That.Source() != "false" || x.Resource == nil || x.Finding == nil || x.Remedy == nil || x.FalsePositives == nil {
		t.Errorf("got %+v", x)
	}
	if p.Steps[1].OnFailure != "continue" || p.Steps[1].When != nil || p.Steps[1].Timeout != 0 {
		t.Errorf("got %+v", p.Steps[1])
	}
}
