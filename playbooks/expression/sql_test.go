package expression

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playbook/playbooks/dialect"
)

func TestSQLLiterals(t *testing.T) {
	for _, c := range []struct{ before, expression, after, want string }{
		{"SELECT ", "nil", "", "NULL"},
		{"SELECT ", "true", "", "TRUE"},
		{"SELECT ", "5", "", "5"},
		{"SELECT 1-", "-5", "", "-5"},
		{"SELECT ", "index", "", "0"},
		{"SELECT ", "1.5", "", "1.5E0"},
		{"SELECT ", "5e9", "", "5E9"},
		{"SELECT ", "-2.5e-7", "", "-2.5E-7"},
		{"SELECT ", `"it's"`, "", "'it''s'"},
		{"SELECT ", `"a\\b\n"`, "", "'a\\b\n'"},
		{"SELECT ", `"x' OR 1=1 --"`, "", "'x'' OR 1=1 --'"},
		{"SELECT ", "now", "", "TIMESTAMP '2026-01-15 12:00:00.000 UTC'"},
		{"SELECT ", `time("2026-01-02T05:04:05.678+02:00")`, "", "TIMESTAMP '2026-01-02 03:04:05.678 UTC'"},
		{"SELECT a FROM t WHERE b IN ", `["a", "b'c"]`, "", "('a', 'b''c')"},
		{"SELECT a FROM t WHERE b IN ", `1..3`, "", "(1, 2, 3)"},
		{"SELECT a FROM t WHERE b IN ", `map(result.rows, .ip)`, "", "('10.0.0.1', '203.0.113.9')"},
		{"SELECT a FROM ", `ident("db", "ta\"ble")`, "", `"db"."ta""ble"`},
		{"SELECT a FROM ", `ident("db.table")`, "", `"db"."table"`},
		{"SELECT ", `columns(["a", {name: "b c", type: "int"}])`, " FROM t", `"a", "b c"`},
		{"SELECT a FROM t WHERE day >= ", `date(now, "yyyy/MM/dd")`, "", "'2026/01/15'"},
		{"SELECT a FROM t WHERE b IS NOT DISTINCT FROM ", `"x"`, "", "'x'"},
		{"SELECT extract(day FROM ", `now`, ")", "TIMESTAMP '2026-01-15 12:00:00.000 UTC'"},
		{"CREATE EXTERNAL TABLE ", `ident("flow` + "`" + `logs")`, " (a int) LOCATION 's3://b/'", "`flow``logs`"},
		{"CREATE EXTERNAL TABLE t (", `columns([{name: "a", type: "map<string,array<int>>"}, {name: "b", type: "decimal(10,2)"}])`,
			") LOCATION 's3://b/'", "`a` map<string, array<int>>, `b` decimal(10, 2)"},
		{"CREATE EXTERNAL TABLE t (a int) LOCATION ", `"s3://b/it's/"`, "", `'s3://b/it\'s/'`},
		{"CREATE EXTERNAL TABLE t (a int) LOCATION 's3://b/' TBLPROPERTIES ('note'=", `"a\\"`, ")", `'a\\'`},
		{"CREATE EXTERNAL TABLE t (a int) LOCATION 's3://b/' TBLPROPERTIES ('note'=", `values(["a-1", "b"])`, ")", `'a-1,b'`},
	} {
		source := c.before + "${{ " + c.expression + " }}" + c.after
		q, mistakes := CompileSQL(source, testScope())
		if len(mistakes) > 0 {
			t.Errorf("%s: %v", source, mistakes[0])
			continue
		}
		got, err := q.Render(testValues())
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		got = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(got, c.before), c.after))
		if got != c.want {
			t.Errorf("%s: %s, want %s", source, got, c.want)
		}
	}
}

func TestSQLRenderErrors(t *testing.T) {
	const noTime = "a time has no literal in this statement; write date(…), iso(…) or unix(…)"
	const isNil = "it is nil, and no row compares with NULL; skip the step with when, or write IS NULL"
	for source, want := range map[string]string{
		`SELECT ${{ [] }}`:                                    "the list is empty, and IN () is not SQL; skip the step with when",
		`SELECT ${{ [1, nil] }}`:                              "the list holds nil, and NOT IN (…, NULL) is never true; filter it out",
		`SELECT ${{ [1, "a"] }}`:                              "the list mixes number and text",
		`SELECT ${{ [[1]] }}`:                                 "a list is not a value of SQL",
		`SELECT ${{ {a: 1} }}`:                                "a map is not a value of SQL",
		`SELECT ${{ item }}`:                                  "a map is not a value of SQL",
		`SELECT ${{ now - now }}`:                             "a duration has no literal; write hours(…), or a number",
		`SELECT ${{ 1e308 * 10 }}`:                            "+Inf is not a number of SQL",
		`SELECT ${{ "a\u0000" }}`:                             "the text has a NUL byte in it",
		`SELECT ${{ "é"[0:1] }}`:                              "the text is not valid UTF-8",
		`SELECT ${{ run.started }}`:                           errUnset.Error(),
		`SELECT 1 FROM t WHERE a = ${{ params.ip }}`:          isNil,
		`SELECT 1 FROM t WHERE a <> ${{ params.ip }}`:         isNil,
		`SELECT 1 FROM t WHERE a IN ${{ params.names }}`:      isNil,
		`SELECT 1 FROM t WHERE a LIKE ${{ params.ip }}`:       isNil,
		`SELECT 1 FROM t WHERE a IN (${{ ["a"] }})`:           "a list brings its own parentheses: write IN ${{ … }}",
		`CREATE EXTERNAL TABLE t (a int) LOCATION ${{ now }}`: noTime,
	} {
		q, mistakes := CompileSQL(source, testScope())
		if len(mistakes) > 0 {
			t.Errorf("%s: %v", source, mistakes[0])
			continue
		}
		got, err := q.Render(testValues())
		if err == nil || !strings.HasPrefix(err.Error(), "rendering `") || !strings.HasSuffix(err.Error(), "` in SQL: "+want) || got != "" {
			t.Errorf("%s = %q, %v; want %q", source, got, err, want)
		}
	}
	q, _ := CompileSQL(`SELECT ${{ item.nope }}, ${{ run.window.to }}`, testScope())
	if _, err := q.Render(testValues()); err == nil || strings.Count(err.Error(), "evaluating") != 2 {
		t.Errorf("%v: want both errors", err)
	}
}

func TestSQLMistakes(t *testing.T) {
	for _, c := range []struct{ source, message string }{
		{`SELECT '§${{ item.ip }}'`, "${{ }} is inside quotes"},
		{`SELECT "a§${{ item.ip }}"`, "${{ }} is inside quotes"},
		{"SELECT 1 -- §${{ item.ip }}", "${{ }} is inside a comment"},
		{"SELECT 1 /* §${{ item.ip }} */", "${{ }} is inside a comment"},
		{`SELECT §${{ }}`, "${{ }} is empty"},
		{`SELECT §${{ item.ip`, "${{ is not closed"},
		{`SELECT 'é', ${{ "é" + §nope }}`, `unknown name "nope"`},
		{`SELECT a FROM t_§${{ item.ip }}`, "${{ }} stands for a whole value, not for a piece of one"},
		{`SELECT §${{ 1 }}2`, "${{ }} stands for a whole value, not for a piece of one"},
		{`SELECT 'a'§${{ "b" }}`, "${{ }} stands for a whole value, not for a piece of one"},
		{`SELECT §${{ "a" }}${{ "b" }}`, "${{ }} stands for a whole value, not for a piece of one"},
		{`SELECT a FROM §${{ params.table }}`, "a name stands after FROM, not a value"},
		{`SELECT a FROM (SELECT b FROM §${{ "x" }})`, "a name stands after FROM, not a value"},
		{`SELECT a FROM t JOIN §${{ "x" }} ON true`, "a name stands after JOIN, not a value"},
		{`CREATE EXTERNAL TABLE IF NOT EXISTS §${{ "x" }} (a int) LOCATION 's3://b/'`, "a name stands after EXISTS, not a value"},
		{`§${{ item.ip }}`, "a statement cannot begin with ${{ }}"},
		{`§`, "there is no statement"},
		{`§FROBNICATE ${{ 1 }}`, `"FROBNICATE" does not begin a statement of Athena`},
	} {
		offset := strings.Index(c.source, "§")
		source := strings.Replace(c.source, "§", "", 1)
		q, mistakes := CompileSQL(source, testScope())
		if q != nil || len(mistakes) == 0 || mistakes[0].Offset != offset || mistakes[0].Message != c.message {
			t.Errorf("%s: %+v; want %q at %d", source, mistakes, c.message, offset)
		}
	}
	_, mistakes := CompileSQL(`SELECT ${{ nope }}, ${{ }}, ${{ nix }}`, testScope())
	if len(mistakes) != 3 || mistakes[0].Offset > mistakes[1].Offset || mistakes[1].Offset > mistakes[2].Offset {
		t.Errorf("%v: want three, in order", mistakes)
	}
}

func TestSQLReads(t *testing.T) {
	q, mistakes := CompileSQL(`SELECT ${{ params.ip }} FROM ${{ ident(params.table ?? "t") }} WHERE a > ${{ unix(run.window.from) }}`, testScope())
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	if diff := cmp.Diff([]string{"params.ip", "params.table", "run.window.from"}, q.Reads()); diff != "" {
		t.Error(diff)
	}
	if q.Statement().Class != dialect.Select {
		t.Errorf("class %v", q.Statement().Class)
	}
}

// Whatever text a value is, the statement around it stays as it is, and the hole is
// one string that stands for exactly that text. NUL and invalid UTF-8 are refused.
func TestSQLTextProperty(t *testing.T) {
	for _, statement := range []string{"SELECT a FROM t WHERE b = %s AND c",
		"CREATE EXTERNAL TABLE t (a int) LOCATION 's3://b/' TBLPROPERTIES ('note'=%s)",
	} {
		source := fmt.Sprintf(statement, "${{ item.text }}")
		q, mistakes := CompileSQL(source, testScope())
		if len(mistakes) > 0 {
			t.Fatal(mistakes[0])
		}
		hole := slices.IndexFunc(q.Statement().Tokens, func(t dialect.Token) bool { return t.Kind == dialect.Hole })
		rapid.Check(t, func(t *rapid.T) {
			text := rapid.OneOf(
				rapid.String(),
				rapid.StringOf(rapid.SampledFrom([]rune("'\\\"`-/*;${} \n\r\t\x00\x01é\u2019%_u0123"))),
				rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			).Draw(t, "text")
			rendered, err := q.Render(map[string]any{"item": map[string]any{"text": text}})
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				if err == nil {
					t.Fatalf("%q is not refused", text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checkHole(t, q.Statement(), rendered, hole, text)
		})
	}
}

func checkHole(t *rapid.T, template *dialect.Statement, rendered string, hole int, text string) {
	tokens, wrong := dialect.Tokenize(rendered)
	if len(wrong) > 0 || len(tokens) != len(template.Tokens) {
		t.Fatalf("%s: %d tokens, want %d; %v", rendered, len(tokens), len(template.Tokens), wrong)
	}
	for i, token := range tokens {
		if i != hole {
			if token.Kind != template.Tokens[i].Kind || token.Text != template.Tokens[i].Text {
				t.Fatalf("%s: token %d is %q", rendered, i, token.Text)
			}
			continue
		}
		got, err := dialect.Unquote(template.Class, token)
		if token.Kind != dialect.String || err != nil || got != text {
			t.Fatalf("%s: %q stands for %q, %v; want %q", rendered, token.Text, got, err, text)
		}
	}
}

// Every value that a hole can have either is refused or leaves the statement around
// it as it is: Render checks that itself, so no error of that check may ever occur.
func TestSQLValueProperty(t *testing.T) {
	text := rapid.StringOf(rapid.SampledFrom([]rune("a'\\\"`-/*; ${}é")))
	scalar := rapid.OneOf(
		rapid.Map(text, func(s string) any { return s }),
		rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(rapid.Float64(), func(f float64) any { return f }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Int64Range(-1e11, 2e11), func(n int64) any { return time.Unix(n, 0) }),
		rapid.SampledFrom([]any{nil, math.NaN(), math.Inf(-1), int64(math.MinInt64), math.Copysign(0, -1)}),
	)
	value := rapid.OneOf(scalar, rapid.Map(rapid.SliceOf(scalar), func(l []any) any { return l }))
	for _, hole := range []string{"item", "ident(item)", "columns(item)", "columns([{name: item, type: item}])"} {
		for _, statement := range []string{"SELECT 1 -%s- 2", "CREATE EXTERNAL TABLE t (a int) LOCATION 's3://b/' TBLPROPERTIES ('note'=%s)"} {
			q, mistakes := CompileSQL(fmt.Sprintf(statement, "${{ "+hole+" }}"), testScope())
			if len(mistakes) > 0 {
				t.Fatal(mistakes[0])
			}
			rapid.Check(t, func(t *rapid.T) {
				rendered, err := q.Render(map[string]any{"item": value.Draw(t, "item")})
				if err != nil && (strings.Contains(err.Error(), "would change") || rendered != "") {
					t.Fatalf("%q, %v", rendered, err)
				}
			})
		}
	}
}

// TestPreview: what is known is filled in as literals, and everything else stays as it is
// written, also what cannot be filled in.
func TestPreview(t *testing.T) {
	params := func(path string) bool { return strings.HasPrefix(path, "params.") }
	values := map[string]any{"params": map[string]any{"ip": "it's", "table": "flow log"}}
	for source, want := range map[string]string{
		"SELECT ${{ params.ip }} FROM ${{ ident(params.table) }} WHERE a = ${{ item.ip }}": `SELECT 'it''s' FROM "flow log" WHERE a = ${{ item.ip }}`,
		"SELECT ${{ params.ip + item.ip }}":                                                "SELECT ${{ params.ip + item.ip }}",
		"SELECT ${{ 1 + 1 }}, ${{ time(params.ip) }}":                                      "SELECT 2, ${{ time(params.ip) }}",
		"SELECT 1": "SELECT 1",
	} {
		q, mistakes := CompileSQL(source, testScope())
		if len(mistakes) > 0 {
			t.Errorf("%s: %v", source, mistakes[0])
			continue
		}
		if got := q.Preview(values, params); got != want {
			t.Errorf("%s\nis  %s\nwant %s", source, got, want)
		}
	}
}
