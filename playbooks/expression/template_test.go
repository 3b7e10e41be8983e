package expression

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestTemplate(t *testing.T) {
	for source, want := range map[string]struct {
		text  string
		value any
	}{
		"":                                      {"", ""},
		"plain $ { } $${ text":                  {"plain $ { } $${ text", "plain $ { } $${ text"},
		"${{ item.port }}":                      {"22", int64(22)},
		"  ${{ item.port }}\n":                  {"  22\n", int64(22)},
		"port ${{item.port}}!":                  {"port 22!", "port 22!"},
		"${{ item.port }}${{ item.port }}":      {"2222", "2222"},
		`${{ "}}" }}`:                           {"}}", "}}"},
		`${{ '}}' + "\"}}" }}`:                  {`}}"}}`, `}}"}}`},
		"${{ `}}``}}` }}":                       {"}}`}}", "}}`}}"},
		`${{ "${{" }} x }}`:                     {"${{ x }}", "${{ x }}"},
		`${{ {a: {b: 1}}.a.b }}`:                {"1", int64(1)},
		`${{ {a: {b: 1}} }}`:                    {`{"a":{"b":1}}`, map[string]any{"a": map[string]any{"b": int64(1)}}},
		`${{ {a: "<b>"} }}`:                     {`{"a":"<b>"}`, map[string]any{"a": "<b>"}},
		"${{ {a: 1}}}":                          {`{"a":1}`, map[string]any{"a": int64(1)}},
		"${{ 1 /* }} */ + 1 }}":                 {"2", int64(2)},
		"${{ 1 // }}\n + 1 }}":                  {"2", int64(2)},
		"${{ all(result.rows, {.bytes > 0}) }}": {"true", true},
		"${{ 5e9 }} ${{ 0.5 }} ${{ 1e-7 }}":     {"5000000000 0.5 0.0000001", "5000000000 0.5 0.0000001"},
		"${{ now }}":                            {"2026-01-15T12:00:00Z", testValues()["now"]},
		"é ${{ [1, \"ü\", true] }}":             {"é 1, ü, true", "é 1, ü, true"},
		"${{ item.note }}":                      {"(none)", nil},
		"${{ ident(\"a\", \"b\") }}":            {"a.b", "a.b"},
		"${{ duration(\"90m\") }}":              {"1h30m0s", "1h30m0s"},
	} {
		template, mistakes := CompileTemplate(source, testScope())
		if len(mistakes) > 0 {
			t.Errorf("%s: %v", source, mistakes[0])
			continue
		}
		text, err := template.Text(testValues())
		if err != nil || text != want.text {
			t.Errorf("Text(%s) = %q, %v; want %q", source, text, err, want.text)
		}
		value, err := template.Value(testValues())
		if diff := cmp.Diff(want.value, value); err != nil || diff != "" {
			t.Errorf("Value(%s): %v %s", source, err, diff)
		}
	}
}

func TestTemplateNil(t *testing.T) {
	template, _ := CompileTemplate("from ${{ item.note }} to ${{ item.acton }}", testScope())
	text, err := template.Text(testValues())
	if text != "" || err == nil || !strings.Contains(err.Error(), `no field "acton"`) {
		t.Errorf("Text = %q, %v", text, err)
	}
	template, _ = CompileTemplate("from ${{ item.note }}", testScope())
	if text, err := template.Text(testValues()); text != "from (none)" || err != nil {
		t.Errorf("Text = %q, %v", text, err)
	}
	want := "evaluating `item.note`: it is nil, and text is made with it; give a default with ??"
	if value, err := template.Value(testValues()); err == nil || err.Error() != want {
		t.Errorf("Value = %v, %v", value, err)
	}
}

func TestTemplateMistakes(t *testing.T) {
	type place struct {
		Offset  int
		Message string
	}
	for source, want := range map[string][]place{
		"a ${{ }} b":                       {{2, "${{ }} is empty"}},
		"${{}}":                            {{0, "${{ }} is empty"}},
		"é ${{ 1":                          {{3, "${{ is not closed"}},
		"${{ \"}} ":                        {{0, "${{ is not closed"}},
		"${{ {a: 1 }} ":                    {{0, "${{ is not closed"}},
		"${{ `a }}":                        {{0, "${{ is not closed"}},
		"${{ 1 // }}":                      {{0, "${{ is not closed"}},
		"${{ 1 /* }}":                      {{0, "${{ is not closed"}},
		"${{ \"a\n\" }}":                   {{0, "${{ is not closed"}},
		"é ${{ nix }} ${{ 1 + }} ${{":      {{7, `unknown name "nix"`}, {21, "the expression ends too early"}, {25, "${{ is not closed"}},
		"${{ a }} ${{ }} ${{ \"ß\" + b }}": {{4, `unknown name "a"`}, {9, "${{ }} is empty"}, {27, `unknown name "b"`}},
		"${{ x ${{ y }} }}":                {{6, `unexpected "$"`}},
	} {
		template, mistakes := CompileTemplate(source, testScope())
		var got []place
		for _, m := range mistakes {
			got = append(got, place{m.Offset, m.Message})
		}
		if diff := cmp.Diff(want, got); diff != "" || template != nil {
			t.Errorf("%q: %s", source, diff)
		}
	}
}

func TestTemplateReads(t *testing.T) {
	template, _ := CompileTemplate("${{ item.ip }} ${{ take(result.rows, 1) }} ${{ item.ip }}", testScope())
	if diff := cmp.Diff([]string{"item.ip", "take:result.rows"}, template.Reads()); diff != "" {
		t.Error(diff)
	}
}

// Any text can be put into a template as a string literal, whatever is in it.
func TestTemplateLiteralProperty(t *testing.T) {
	quote := strings.NewReplacer("\\", "\\\\", "\"", "\\\"", "\n", "\\n")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab}{$\"'`\\/*\n é"))).Draw(t, "text")
		for _, literal := range []string{`"` + quote.Replace(text) + `"`, "`" + strings.ReplaceAll(text, "`", "``") + "`"} {
			template, mistakes := CompileTemplate("<${{ "+literal+" }}>", NewScope(nil))
			if len(mistakes) > 0 {
				t.Fatalf("%s: %v", literal, mistakes[0])
			}
			if got, err := template.Text(nil); err != nil || got != "<"+text+">" {
				t.Fatalf("%s = %q, %v", literal, got, err)
			}
		}
	})
}
