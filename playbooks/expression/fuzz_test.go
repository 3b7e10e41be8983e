package expression

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"playbook/playbooks/dialect"
)

func seeds(f *testing.F) {
	for _, seed := range []string{
		`steps.talkers.result.rows[0].bytes > 5e9`, `all(result.rows, .bytes > 0)`, `take(result.rows, 5)`,
		`params.name ?? "x"`, `item?.a?.b`, `let a = 1..9; map(a, # + 1)`, `{a: {b: [1, "é"]}}`, `a ? b : c`,
		`"}}" + '\'' + ` + "`x``y`", `1 /* c */ + 2 // d`, `date(now, "yyyy/MM/dd")`, `is_private("10.0.0.1")`,
		`columns([{name: "a", type: "array<int>"}])`, `reduce(1..4, #acc + #)`, `not (1 in [2])`, `"a" matches "("`,
		"${{ 1 }}", "a ${{ now }} b ${{", "${{ {a: {b: 1}} }}", "SELECT ${{ item.ip }} FROM t", "((((", "[[{{",
		`if 1 > 2 { 3 } else { 4 }`, `result.rows | filter(.ip != "") | map(.ip) | sort()`, "\xff", `steps[item]`,
		`b"\x00"`, `::len("x")`, `#`, `.x`, `$env.x`, `0x1F + 0b1 + 1_000`, `"\u{1F600}"`, `1 < 2 < 3`, `sortBy(result.rows, .ip)`,
	} {
		f.Add(seed)
	}
}

// checkMistake holds for every mistake: it lies in the source, at the start of a rune.
func checkMistake(t *testing.T, source string, mistake *Error) {
	t.Helper()
	if mistake.Offset < 0 || mistake.Offset > len(source) || mistake.Message == "" {
		t.Fatalf("%q: %+v is not in the source", source, mistake)
	}
	if strings.Contains(mistake.Message, "cannot be compiled") {
		t.Fatalf("%q: %s", source, mistake.Message)
	}
	if utf8.ValidString(source) && mistake.Offset < len(source) && !utf8.RuneStart(source[mistake.Offset]) {
		t.Fatalf("%q: %+v is within a character", source, mistake)
	}
}

func FuzzCompile(f *testing.F) {
	seeds(f)
	scope := testScope()
	f.Fuzz(func(t *testing.T, source string) {
		tooSlow := time.AfterFunc(10*time.Second, func() { panic("too slow: " + source) })
		defer tooSlow.Stop()
		for _, want := range []Want{Any, Bool, List} {
			program, mistake := Compile(source, scope, want)
			if mistake != nil {
				checkMistake(t, source, mistake)
				continue
			}
			program.Reads()
			if value, err := program.Eval(testValues()); err == nil && program.unwanted(value) != "" {
				t.Fatalf("%q gives %v", source, value)
			}
		}
	})
}

func FuzzTemplate(f *testing.F) {
	seeds(f)
	scope := testScope()
	f.Fuzz(func(t *testing.T, source string) {
		template, mistakes := CompileTemplate(source, scope)
		for i, mistake := range mistakes {
			checkMistake(t, source, mistake)
			if i > 0 && mistakes[i-1].Offset > mistake.Offset {
				t.Fatalf("%q: mistakes out of order", source)
			}
		}
		if len(mistakes) == 0 {
			text, err := template.Text(testValues())
			if !strings.Contains(source, opening) && (err != nil || text != source) {
				t.Fatalf("%q became %q", source, text)
			}
		}
		q, mistakes := CompileSQL(source, scope)
		for _, mistake := range mistakes {
			checkMistake(t, source, mistake)
		}
		if len(mistakes) > 0 {
			return
		}
		rendered, err := q.Render(testValues())
		if err != nil {
			return
		}
		tokens, wrong := dialect.Tokenize(rendered)
		if len(wrong) > 0 || len(tokens) < len(q.Statement().Tokens) {
			t.Fatalf("%q became %q: %v", source, rendered, wrong)
		}
	})
}
