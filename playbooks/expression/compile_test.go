package expression

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEval(t *testing.T) {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for source, want := range map[string]any{
		// Params may be nil.
		`params.name ?? "x"`:              "x",
		`params.name != nil`:              false,
		`params.name == "x"`:              false,
		`params.count ?? 5`:               int64(5),
		`params.names ?? []`:              []any{},
		`params.since ?? ago(now, "14d")`: day.Add(12 * time.Hour),
		`params.span == nil`:              true,
		`params.deep ?? false`:            false,
		`params.deep == true`:             false,
		`len(params.names ?? ["a"])`:      int64(1),
		`(params.names ?? ["a", "b"])[0]`: "a",
		`(params.name ?? "é")[0:2]`:       "é",
		`params.name ?? params.ip ?? "z"`: "z",
		// Results.
		`result.total == 2 and index == 0`:              true,
		`steps.talkers.result.rows[1].ip`:               "203.0.113.9",
		`steps["talkers"].status`:                       "passed",
		`steps.follow.result[0].rows[0].bytes`:          int64(500),
		`all(result.rows, .bytes > 0)`:                  true,
		`filter(result.rows, is_public(.ip))[0].bytes`:  int64(1500),
		`sum(result.rows, .bytes)`:                      int64(2000),
		`sum(result.rows, .bytes) / result.total`:       float64(1000),
		`take(result.rows, 1) | map(.ip)`:               []any{"10.0.0.1"},
		`sortBy(result.rows, .bytes, "desc")[0].port`:   int64(443),
		`keys(groupBy(result.rows, .ip))`:               []any{"10.0.0.1", "203.0.113.9"},
		`groupBy(result.rows, .ip)["10.0.0.1"][0].port`: int64(22),
		`len(groupBy(result.rows, .port))`:              int64(2),
		`result.label ?? "none"`:                        "none",
		`result.last == nil`:                            true,
		`result.owner?.Name`:                            nil,
		`result.Tags.env`:                               "prod",
		`result.state == "active"`:                      true,
		`result.ports[0].since < now`:                   true,
		`max(len(result.rows), result.total) == 2`:      true,
		`(result.truncated ? result.total : 0) == 0`:    true,
		`let s = steps.talkers; s.result.total + 1`:     int64(3),
		`result.total == 2 ? "two" : nil`:               "two",
		`result.total in [1, 2]`:                        true,
		`uniq(map(result.rows, .port > 0))`:             []any{true},
		`result.anything == nil`:                        true,
		`any(result.rows, .ip in ["203.0.113.9"])`:      true,
		`target.region + "/" + target.account`:          "eu-west-1/111122223333",
		`"111122223333" in run.accounts`:                true,
		`now - time("2026-01-15")`:                      "12h0m0s",
		`1..3`:                                          []any{int64(1), int64(2), int64(3)},
		`split("a,b", ",")`:                             []any{"a", "b"},
		`{a: 1, b: [now]}`:                              map[string]any{"a": int64(1), "b": []any{day.Add(14*24*time.Hour + 12*time.Hour)}},
		`toJSON({b: 1, a: "x"})`:                        "{\n  \"a\": \"x\",\n  \"b\": 1\n}",
		`ident("a", "b")`:                               "a.b",
		`values(["a-1", "b"])`:                          "a-1,b",
		`if result.total > 1 { "many" } else { "few" }`: "many",
		`reduce(1..4, #acc + #)`:                        int64(10),
		`none(result.rows, .note == "x")`:               true,
		`item.note == nil`:                              true,
		`item.absent ?? "d"`:                            "d",
		`item?.absent`:                                  nil,
		`item?.absent?.deeper`:                          nil,
		`item.absent == nil`:                            true,
		`nil != item.absent`:                            false,
		`result.rows[1].note matches "^.$"`:             true,
		`(item.note ?? "") contains "x"`:                false,
		`item.port != 22`:                               false,
		`not (item.port in [443, 80])`:                  true,
		`item.port == 22.0`:                             true,
	} {
		t.Run(source, func(t *testing.T) {
			got, err := mustCompile(t, source, Any).Eval(testValues())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What expr answers quietly, and what is not there, has to be an error: the answer
// could be a pass.
func TestEvalErrors(t *testing.T) {
	for source, want := range map[string]string{
		`item.acton != "REJECT"`:              `there is no field "acton"; write ?.acton or give a default with ?? if it may be missing`,
		`item.prt == 22`:                      `there is no field "prt"; did you mean "port"?`,
		`item.note.text`:                      `"text" is asked of nil; write ?. if it may be missing`,
		`item.ip.text`:                        `"text" is asked of "10.0.0.1" (text), which has no fields`,
		`item["po" + "t"]`:                    `there is no field "pot"; did you mean "port"?`,
		`item[0]`:                             `the keys of a map are text, got 0`,
		`all(result.rows, .bites > 0)`:        `there is no field "bites"; did you mean "bytes"?`,
		`item.port == "22"`:                   `22 (number) cannot be compared with "22" (text)`,
		`item.port != "22"`:                   `22 (number) cannot be compared with "22" (text)`,
		`item.port in ["22", "443"]`:          `22 (number) is looked for among values like "22" (text)`,
		`item.ip in params.names`:             `in wants a list or a map on its right, got nil`,
		`item.ip in item.note`:                `in wants a list or a map on its right, got nil`,
		`not (item.note contains "x")`:        `contains is asked of nil; give a default with ?? if the text may be missing`,
		`not (item.ip startsWith item.note)`:  `startsWith is asked of nil; give a default with ?? if the text may be missing`,
		`item.port endsWith "2"`:              `endsWith wants text, got number`,
		`item.ip matches item.note`:           `matches is asked of nil; give a default with ?? if the text may be missing`,
		`item.note < 5`:                       `invalid operation: nil < int`,
		`run.window.from < now`:               errUnset.Error(),
		`let w = run.window; unix(w.to)`:      errUnset.Error(),
		`params.since ?? run.window.from`:     errUnset.Error(),
		`unix(result.ports[0].since)`:         errUnset.Error(),
		`not params.deep`:                     `bool is wanted, got nil`,
		`params.names[0]`:                     `0 is asked of nil; write ?. if it may be missing`,
		`result.rows[5]`:                      `index out of range: 5 (list length is 2)`,
		`result.total / (index * 2)`:          `division by zero`,
		`1 % index`:                           `runtime error: integer divide by zero`,
		`[ident("a")][0] == item.ip`:          `a (identifier) cannot be compared with "10.0.0.1" (text)`,
		`all(params.names, # != "")`:          `a list is wanted, got nil`,
		`all(item.port, # > 0)`:               `a list is wanted, got int`,
		`count(result.rows, .note)`:           `bool is wanted, got nil`,
		`mean([])`:                            `mean of nothing`,
		`max(result.rows | filter(false))`:    `max of nothing`,
		`is_private("abc")`:                   `"abc" is not an IP address`,
		`is_private(item.note)`:               `nil is not an IP address`,
		`bytes(item.note)`:                    `nil is not a number of bytes`,
		`sum(result.rows, .note)`:             `invalid operation: nil + int`,
		`fromJSON("{")`:                       `unexpected end of JSON input`,
		`item?.ip`:                            ``,
		`reduce(1..70, #acc + #acc, "abcd")`:  errTooLarge.Error(),
		`let a = 1..9999; len(map(a, 1..99))`: `memory budget exceeded`,
		`let a = 1..9999; count(a, any(a, # < 0) or any(a, # < 0))`:                                   errTooLarge.Error(),
		`let a = 1..99999; let b = map(a, "xxxxxxxxxxxxxxxx"); let c = map(1..99, b); len(toJSON(c))`: errTooLarge.Error(),
		`replace(join(map(1..9999, "aaaaaaaaaa")), "a", join(map(1..9999, "b")))`:                     errTooLarge.Error(),
	} {
		t.Run(source, func(t *testing.T) {
			got, err := mustCompile(t, source, Any).Eval(testValues())
			if want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				t.Fatalf("got %v, want the error %q", got, want)
			}
			if full := fmt.Sprintf("evaluating `%s`: %s", source, want); err.Error() != full {
				t.Errorf("got  %s\nwant %s", err, full)
			}
		})
	}
}

// A value that holds itself many times over must not be written out.
func TestEvalSharedValue(t *testing.T) {
	source := "let a0 = [1,1,1,1,1,1,1,1,1,1]; "
	for i := range 12 {
		source += fmt.Sprintf("let a%d = [%s]; ", i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("a%d,", i), 10), ","))
	}
	for _, end := range []string{"a12", "a12 == a11", "string(a12)", "flatten(a12)", "a12 in [a11]", "max(a12)"} {
		start := time.Now()
		if _, err := mustCompile(t, source+end, Any).Eval(testValues()); err == nil {
			t.Errorf("%s: no error", end)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %s", end, took)
		}
	}
}

// Depth costs stack; the longest source is not deep enough to run out of it.
func TestCompileDeep(t *testing.T) {
	for _, piece := range []string{"(", "[", "{a:", "-", "not ", "1+(", "1?1:", "map([1],", "let a=", "a[", "a?.", "1??", "if 1 {", "${{"} {
		source := strings.Repeat(piece, maxSource/len(piece))
		if _, mistake := Compile(source, testScope(), Any); mistake == nil || mistake.Offset > len(source) {
			t.Errorf("%s…: %v", piece, mistake)
		}
		if _, mistakes := CompileTemplate("${{"+source+"}}", testScope()); len(mistakes) == 0 {
			t.Errorf("%s…: compiled as a template", piece)
		}
	}
}

func TestEvalDeadline(t *testing.T) {
	program := mustCompile(t, `let a = 1..99000; all(a, sum(a) > 0)`, Bool)
	_, err := program.runWithin(testValues(), &loops{budget{maxTurns}, time.Now().Add(20 * time.Millisecond)})
	if err == nil || !strings.HasSuffix(err.Error(), "the expression takes longer than 10s") {
		t.Error(err)
	}
}

func TestWant(t *testing.T) {
	for _, c := range []struct {
		source  string
		want    Want
		offset  int // of the compiler's mistake, or -1
		message string
	}{
		{"result.truncated", Bool, -1, ""},
		{"params.deep", Bool, -1, "evaluating `params.deep`: it gives nil, but true or false is wanted"},
		{"item.port", Bool, -1, "evaluating `item.port`: it gives number, but true or false is wanted"},
		{"  result.total", Bool, 2, "the expression gives int, but true or false is wanted"},
		{"nil", Bool, 0, "the expression gives nil, but true or false is wanted"},
		{"result.rows", List, -1, ""},
		{"params.names", List, -1, "evaluating `params.names`: it gives nil, but a list is wanted"},
		{"run", List, 0, "the expression gives map, but a list is wanted"},
		{"item.ip", List, -1, "evaluating `item.ip`: it gives text, but a list is wanted"},
		{" ${{ take(result.rows, 1) }} ", List, -1, ""},
		{"${{ result.total }}", List, 4, "the expression gives int, but a list is wanted"},
	} {
		program, mistake := Compile(c.source, testScope(), c.want)
		if mistake != nil {
			if mistake.Offset != c.offset || mistake.Message != c.message {
				t.Errorf("%s: %q at %d, want %q at %d", c.source, mistake.Message, mistake.Offset, c.message, c.offset)
			}
			continue
		}
		if c.offset >= 0 {
			t.Errorf("%s: compiled, want %q", c.source, c.message)
			continue
		}
		_, err := program.Eval(testValues())
		if got := fmt.Sprint(err); got != c.message && !(err == nil && c.message == "") {
			t.Errorf("%s: %s, want %q", c.source, got, c.message)
		}
		if program.Source() != c.source {
			t.Errorf("Source() = %q, want %q", program.Source(), c.source)
		}
	}
}

func TestReads(t *testing.T) {
	for source, want := range map[string][]string{
		`steps.talkers.result.rows`:                                         {"steps.talkers.result.rows"},
		`len(steps.talkers.result.rows) > 0`:                                {"steps.talkers.result.rows"},
		`steps["talkers"].result["rows"]`:                                   {"steps.talkers.result.rows"},
		`steps?.talkers?.result?.rows[0]?.ip`:                               {"steps.talkers.result?.rows"},
		`steps.talkers.status == "passed"`:                                  {"steps.talkers.status"},
		`take(steps.talkers.result.rows, 5)`:                                {"take:steps.talkers.result.rows"},
		`steps.talkers.result.rows | take(result.total)`:                    {"result.total", "take:steps.talkers.result.rows"},
		`take(filter(result.rows, .bytes > 5), 5)`:                          {"result.rows"},
		`take(result.rows, 5) == result.rows`:                               {"result.rows", "take:result.rows"},
		`take(result.rows[1:], 5)`:                                          {"result.rows"},
		`all(result.rows, .bytes > params.count)`:                           {"params.count", "result.rows"},
		`any(result.rows, any(steps.talkers.result.rows, .ip == #.ip))`:     {"result.rows", "steps.talkers.result.rows"},
		`let s = steps.talkers; s.status`:                                   {"steps.talkers.status"},
		`let r = steps.talkers.result.rows; let n = 1; take(r, n)`:          {"take:steps.talkers.result.rows"},
		`let r = result.rows[0]; r.bytes`:                                   {"result.rows"},
		`item.ip + item["note"]`:                                            {"item.ip", "item.note"},
		`result.rows[index].ip`:                                             {"index", "result.rows"},
		`result.rows[0:index]`:                                              {"index", "result.rows"},
		`{a: params.name, b: [target.region, now]}`:                         {"now", "params.name", "target.region"},
		`params.deep ? run.window.from : run.window.to`:                     {"params.deep", "run.window.from", "run.window.to"},
		`unix(run.window.from) + 1`:                                         {"run.window.from"},
		`toJSON(result)`:                                                    {"result"},
		`params[item.ip]`:                                                   {"item.ip", "params"},
		`1 + 2`:                                                             nil,
		`steps.talkers`:                                                     {"steps.talkers"},
		`not ((params.name ?? "x") in run.accounts)`:                        {"params.name", "run.accounts"},
		`-result.total; result.truncated`:                                   {"result.total", "result.truncated"},
		`if params.deep { result.total } else { len(steps.follow.result) }`: {"params.deep", "result.total", "steps.follow.result"},
	} {
		program, mistake := Compile(source, testScope(), Any)
		if mistake != nil {
			t.Errorf("%s: %v at %d", source, mistake, mistake.Offset)
			continue
		}
		if diff := cmp.Diff(want, program.Reads()); diff != "" {
			t.Errorf("%s: %s", source, diff)
		}
	}
}

func TestScopeIsImmutable(t *testing.T) {
	base := NewScope(nil)
	base.WithItem()
	base.WithStep("a", nil, false)
	base.WithResult(nil)
	for _, source := range []string{"item", "steps.a", "result"} {
		if _, mistake := Compile(source, base, Any); mistake == nil {
			t.Errorf("%s is known to a scope that it was not added to", source)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	scope := testScope()
	program, _ := Compile(`count(result.rows, .bytes > 600) + result.total`, scope, Any)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, mistake := Compile(`result.rows[0].ip == "x"`, scope, Bool); mistake != nil {
				t.Error(mistake)
			}
			if got, err := program.Eval(testValues()); err != nil || got != int64(3) {
				t.Error(got, err)
			}
		})
	}
	group.Wait()
}
