package expression

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"playbook/steps"
)

// TestMistakes has every kind of mistake with the place it is reported at. The caret
// of a case stands in the source as "§", which is taken out before compiling.
func TestMistakes(t *testing.T) {
	const scope = "in scope: index, item, now, params, result, run, steps, target"
	for _, c := range []struct{ source, message, hint string }{
		// Names
		{`§stepz.x`, `unknown name "stepz"`, `did you mean "steps"?`},
		{`1 + §qwertyuiop`, `unknown name "qwertyuiop"`, scope},
		{`"é€" + §resul.total`, `unknown name "resul"`, `did you mean "result"?`},
		{"[1,\n \"ü\",\n  §talkers]", `unknown name "talkers"`, "write steps.talkers"},
		{`§é + 1`, `unknown name "é"`, scope},
		// Fields
		{`steps.§talker.result`, `no step before this one is called "talker"`, `did you mean "talkers"?`},
		{`steps[§"talker"].status`, `no step before this one is called "talker"`, `did you mean "talkers"?`},
		{`steps.talkers.§state`, `unknown field "state"`, `did you mean "status"?`},
		{`steps.talkers.result.§rowz`, `unknown field "rowz"`, `did you mean "rows"?`},
		{`steps.talkers.result?.§rowz`, `unknown field "rowz"`, `did you mean "rows"?`},
		{`params.§tabel`, `unknown param "tabel"`, `did you mean "table"?`},
		{`"日本" + params.§tabel`, `unknown param "tabel"`, `did you mean "table"?`},
		{`target.§zone`, `unknown field "zone"`, `there are: account, region`},
		{`run.window.§start`, `unknown field "start"`, `there are: from, to`},
		{`all(result.ports, .§numbr > 0)`, `unknown field "numbr"`, `did you mean "number"?`},
		{`steps.talkers.findings[0].§sevrity`, `unknown field "sevrity"`, `did you mean "severity"?`},
		{`result.owner.§Nam`, `unknown field "Nam"`, `did you mean "Name"?`},
		{`result.§Hidden`, `unknown field "Hidden"`, `there are: Tags, anything, label, last, owner, parent, ports, ratio, rows, state, total, truncated`},
		{`result.total.§x`, `int has no field "x"`, ``},
		{`steps.follow.result.§rows`, `list elements can only be selected using an integer (got string)`, ``},
		// Steps
		{`§steps`, `steps is used without the name of a step`, `name the step, as in steps.<id>.result`},
		{`steps§[params.name]`, `steps is used without the name of a step`, `name the step, as in steps.<id>.result`},
		{`keys(§steps)`, `steps is used without the name of a step`, `name the step, as in steps.<id>.result`},
		{`let s = §steps; s.talkers`, `steps is used without the name of a step`, `name the step, as in steps.<id>.result`},
		// Types
		{`result.total §+ "x"`, `invalid operation: + (mismatched types int and string)`, ``},
		{`result.total §* params.ip`, `invalid operation: * (mismatched types int and string)`, ``},
		{`§len(params.deep)`, `invalid argument for len (type bool)`, ``},
		{`required(params.ip, "x") §> 5`, `invalid operation: > (mismatched types string and int)`, ``},
		{`params.ip §> 5`, `invalid operation: > (mismatched types string and int)`, ``},
		{`params.count §== "5"`, `invalid operation: == (mismatched types int and string)`, ``},
		{`params.since §- 5`, `invalid operation: - (mismatched types time and int)`, ``},
		{`§not result.total`, `invalid operation: not (mismatched type int)`, ``},
		{`result.§total ? 1 : 2`, `non-bool expression (type int) used as condition`, ``},
		{`upper(result.§total)`, `cannot use int as argument (type string) to call upper`, ``},
		{`all(result.§total, # > 0)`, `all takes only list (got int)`, ``},
		{`all(result.rows, §1 + 1)`, `predicate should return boolean (got int)`, ``},
		{`"x" matches§ `, `the expression ends too early`, ``},
		{`result.state §matches "("`, "error parsing regexp: missing closing ): `(`", ``},
		// Calls
		{`§frobnicate(1)`, `unknown function "frobnicate"`, ``},
		{`§is_privat(item.ip)`, `unknown function "is_privat"`, `did you mean "is_private"?`},
		{`1 + §now()`, `there is no function "now" here`, `now is a value: write now, without ()`},
		{`§target()`, `target is a value, not a function`, `write target without (…)`},
		{`§get(item, "ip")`, `there is no function "get" here`, `write x?.name, or x[i]`},
		{`§repeat("a", 5)`, `there is no function "repeat" here`, ``},
		{`now.§Unix()`, `only functions can be called, and values have no methods`, ``},
		{`item.ip.§upper()`, `only functions can be called, and values have no methods`, `write upper(…)`},
		{`§$env["params"]`, `$env is not available`, `name the value itself`},
		{`§is_private(nil)`, `nil cannot be argument 1 of is_private(ip) bool`, ``},
		{`1 + §unix("2026")`, `text cannot be argument 1 of unix(t time) int`, ``},
		{`§date(now, 5)`, `number cannot be argument 2 of date(t time, layout = "yyyy-MM-dd") string`, ``},
		{`§date()`, `0 arguments given to date(t time, layout = "yyyy-MM-dd") string`, ``},
		{`§values({a: 1})`, `map cannot be argument 1 of values(list) string`, ``},
		// Syntax
		{`1 +§`, `the expression ends too early`, ``},
		{`(1 + 2§ `, `the expression ends too early`, ``},
		{`{"a" §1}`, `unexpected "1"`, ``},
		{`"é" + §)`, `unexpected ")"`, ``},
		{`"abc§`, `literal not terminated`, ``},
		{`1 + §@`, `unrecognized character: U+0040 '@'`, ``},
		{`§`, `the expression is empty`, ``},
		{"§ \n", `the expression is empty`, ``},
		{"1 + \"§\xff\"", `the expression is not valid UTF-8`, ``},
		{"§" + strings.Repeat("1+", 9000) + "1", `the expression is longer than 16384 bytes`, ``},
		{strings.Repeat("1+", 1999) + "1+§1", `compilation failed: expression exceeds maximum allowed nodes`, ``},
		{`let §now = 1; now`, `cannot redeclare now`, ``},
		// Holes where an expression stands
		{`${{ 1 + §foox }}`, `unknown name "foox"`, scope},
		{`§${{ 1 }} and ${{ 2 }}`, `an expression stands here, not text with ${{ }} in it`, `write the expression without ${{ }}`},
		{` §${{ 1 `, `${{ is not closed`, "close it with }}, or write ${{ \"${{\" }} for the characters themselves"},
	} {
		offset := strings.Index(c.source, "§")
		source := strings.Replace(c.source, "§", "", 1)
		program, mistake := Compile(source, testScope(), Any)
		if len(source) > 60 {
			source = source[:60] + "…"
		}
		switch {
		case mistake == nil:
			t.Errorf("%s: compiled, want %q; reads %v", source, c.message, program.Reads())
		case mistake.Offset != offset:
			t.Errorf("%s: %q at %d, want offset %d", source, mistake.Message, mistake.Offset, offset)
		case mistake.Message != c.message || mistake.Hint != c.hint:
			t.Errorf("%s:\ngot  %q; %q\nwant %q; %q", source, mistake.Message, mistake.Hint, c.message, c.hint)
		}
	}
}

func TestNamesOutOfPlace(t *testing.T) {
	scope := NewScope(nil).WithStep("a", reflect.TypeFor[answer](), false)
	for source, hint := range map[string]string{
		"item.ip":     "item is there inside for_each and each only",
		"index":       "index is there inside for_each and each only",
		"result.rows": "result is there inside expectations only; write steps.<id>.result",
		"params.x":    "",
		"steps.zzz":   "there are: a",
	} {
		if _, mistake := Compile(source, scope, Any); mistake == nil || mistake.Hint != hint {
			t.Errorf("%s: %+v, want the hint %q", source, mistake, hint)
		}
	}
}

// Every named type that a scope is made of can be spelled to its leaves without expr
// panicking, and has the fields that steps.Plain gives.
func TestScopeFollowsPlain(t *testing.T) {
	values := testValues()
	values["run"] = steps.Plain(Run{Window: steps.Window{From: time.Unix(1, 0), To: time.Unix(2, 0)},
		Logs: []Logs{{Location: "s3://b/"}}})
	var walk func(path string, value any)
	checked := 0
	walk = func(path string, value any) {
		checked++
		program, mistake := Compile(path, testScope(), Any)
		if mistake != nil {
			t.Errorf("%s: %v", path, mistake)
			return
		}
		if _, err := program.Eval(values); err != nil {
			t.Error(err)
		}
		switch value := value.(type) {
		case map[string]any:
			for name, field := range value {
				walk(path+"."+name, field)
			}
		case []any:
			if len(value) > 0 {
				walk(path+"[0]", value[0])
			}
		}
	}
	for _, root := range []string{"params", "target", "run", "now", "result", "item", "steps.talkers", "steps.follow"} {
		var value any = values
		for _, name := range strings.Split(root, ".") {
			value = value.(map[string]any)[name]
		}
		walk(root, value)
	}
	if checked < 100 {
		t.Errorf("only %d paths were checked", checked)
	}
}
