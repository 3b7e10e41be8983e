package dialect

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPrepared(t *testing.T) {
	s := parsed(t, "PREPARE Talkers FROM\nSELECT a FROM t WHERE b = ? -- note\nAND c > ?;")
	if p := s.Prepared; p.Name != "talkers" || p.Statement.Class != Select || p.Immediate || p.Place(7) != 28 {
		t.Errorf("%+v", p)
	}
	s = parsed(t, "EXECUTE Talkers USING 'it''s', -1, CAST('2026-01-02' AS date), /* c */ ARRAY[1, 2], now()")
	var values []string
	for _, v := range s.Prepared.Values {
		values = append(values, v.Text)
	}
	want := []string{"'it''s'", "- 1", "CAST ( '2026-01-02' AS date )", "ARRAY [ 1 , 2 ]", "now ( )"}
	if diff := cmp.Diff(want, values); diff != "" || s.Prepared.Name != "talkers" || s.Prepared.Values[1].Offset != 31 {
		t.Errorf("%s %+v", diff, s.Prepared)
	}
	s = parsed(t, "EXECUTE IMMEDIATE 'SELECT ''x'', y FROM t WHERE z = ?' USING 5")
	if p := s.Prepared; !p.Immediate || p.Statement.Source != "SELECT 'x', y FROM t WHERE z = ?" {
		t.Errorf("%+v", p)
	}
	for _, word := range []string{"x'", "y FROM", "z = "} {
		inner, outer := strings.Index(s.Prepared.Statement.Source, word), strings.Index(s.Source, word)
		if got := s.Prepared.Place(inner); got != outer {
			t.Errorf("%q stands at %d, not %d", word, outer, got)
		}
	}
	if s := parsed(t, "DEALLOCATE PREPARE p"); s.Prepared.Name != "p" {
		t.Errorf("%+v", s.Prepared)
	}
	names, _ := Identifiers(parsed(t, "EXECUTE IMMEDIATE 'SELECT abc FROM t'"))
	if !slices.Contains(names, "abc") {
		t.Errorf("%q", names)
	}
}

func TestPreparedMistakes(t *testing.T) {
	testMistakes(t, []mistakeTest{
		{"PREPARE p ¤SELECT 1", []string{`FROM and a statement is expected here, not "SELECT"`}},
		{"PREPARE p FROM¤", []string{"the statement to prepare is expected here, not the end of the statement"}},
		{"PREPARE p FROM ¤DROP TABLE t", []string{"DROP cannot be prepared; Athena prepares SELECT, INSERT INTO, CREATE TABLE AS and UNLOAD"}},
		{"PREPARE p FROM ¤EXECUTE q", []string{"EXECUTE cannot be prepared; Athena prepares SELECT, INSERT INTO, CREATE TABLE AS and UNLOAD"}},
		{"PREPARE p FROM ¤SELCT 1", []string{`"SELCT" does not begin a statement of Athena; did you mean SELECT?`}},
		{"EXECUTE p USING 1,¤", []string{"a value is expected here, not the end of the statement"}},
		{"EXECUTE p USING ¤,", []string{`a value is expected here, not ","`}},
		{"EXECUTE p USING ¤abc", []string{"a value is a constant, and abc is a name; texts stand in single quotes: '…'"}},
		{`EXECUTE p USING 'a' || ¤"abc"`, []string{`a value is a constant, and "abc" is a name; texts stand in single quotes: '…'`}},
		{"EXECUTE p USING (¤SELECT 1)", []string{"a value is a constant, not a query; run the query in a step of its own"}},
		{"EXECUTE p USING ¤?", []string{"a ? has no value here; write the value"}},
		{"EXECUTE p ¤1", []string{`the end of the statement is expected here, not "1"`}},
		{"EXECUTE IMMEDIATE ¤SELECT 1", []string{`a statement in quotes is expected here, not "SELECT"`}},
		{"EXECUTE IMMEDIATE '¤DROP TABLE t'", []string{"DROP cannot be prepared; Athena prepares SELECT, INSERT INTO, CREATE TABLE AS and UNLOAD"}},
		{"EXECUTE IMMEDIATE 'SELECT ''a'', ¤(1'", []string{"this ( is not closed"}},
		{"EXECUTE IMMEDIATE 'SELECT 1; ¤SELECT 2'", []string{"a second statement begins here; Athena runs one statement at a time; give each a step of its own"}},
		{"EXECUTE IMMEDIATE ¤${{ item.sql }}", []string{"${{ }} cannot stand for a statement; write the statement in quotes, with a ? for each value"}},
		{"EXECUTE IMMEDIATE 'SELECT ¤${{ x }}'", []string{"${{ }} is inside quotes; take the quotes away; it is quoted as it has to be"}},
		{"DEALLOCATE ¤p", []string{`PREPARE and a name is expected here, not "p"`}},
	}, func(sql string) []*Error {
		_, mistakes := Parse(sql)
		return mistakes
	})
	testMistakes(t, []mistakeTest{
		{"SELECT a FROM t WHERE b = ¤?", []string{"a ? has no value here; write ${{ }} with an expression, or PREPARE the statement"}},
		{"PREPARE p FROM SELECT a FROM t WHERE b = ? AND c IN (?, ?) LIMIT ?", nil},
		{"PREPARE p FROM SELECT a FROM t WHERE b = DATE ¤? AND c IN ¤? AND d > now() - INTERVAL ¤? DAY", []string{
			"a ? cannot follow DATE; write CAST(? AS date)", "a ? cannot stand for a list; write IN (?, ?), with one ? for each value",
			"a ? cannot follow INTERVAL; write ? * INTERVAL '1' DAY"}},
		{"PREPARE p FROM SELECT ¤read_csv('x'), ¤`a` FROM t.¤?", []string{"Athena has no function read_csv; write CREATE EXTERNAL TABLE and read that",
			`names in queries stand in double quotes, not in backticks; write "a"`, "a ? stands for a value, not for a name; write ${{ ident(…) }}"}},
		{"EXECUTE IMMEDIATE 'SELECT ''x'', ¤read_csv(''y'') FROM t'", []string{"Athena has no function read_csv; write CREATE EXTERNAL TABLE and read that"}},
		{"PREPARE p FROM CREATE TABLE t WITH (¤formt = 'ORC') AS SELECT 1", []string{`CREATE TABLE AS has no property "formt"; did you mean format?`}},
		{"PREPARE p FROM SELECT a FROM t LIMIT 1 ¤ORDER BY a", []string{"ORDER BY stands behind LIMIT; it belongs before it"}},
	}, lintOf(t))
}

func TestBind(t *testing.T) {
	s := parsed(t, "PREPARE p FROM SELECT a -?, '?' /* ? */ FROM t\nWHERE b = ? AND c = ?").Prepared.Statement
	values := parsed(t, "EXECUTE p USING -1, 'x', 1 OR 1 = 1").Prepared.Values
	bound, mistake := s.Bind(values)
	if mistake != nil {
		t.Fatal(mistake)
	}
	const want = "SELECT a - (- 1) , '?' /* ? */ FROM t\nWHERE b =  'x'  AND c =  (1 OR 1 = 1) "
	if diff := cmp.Diff(want, bound.Text); diff != "" {
		t.Error(diff)
	}
	for _, word := range []string{"SELECT", "FROM", "WHERE", "AND"} {
		if got, want := bound.Place(strings.Index(bound.Text, word)), strings.Index(s.Source, word); got != want {
			t.Errorf("%s stands at %d, not %d", word, want, got)
		}
	}
	if got, want := bound.Place(strings.Index(bound.Text, "OR 1")), strings.LastIndex(s.Source, "?"); got != want {
		t.Errorf("a value stands at %d, not %d", want, got)
	}
	for n, want := range map[int]int{2: strings.LastIndex(s.Source, "?"), 0: strings.Index(s.Source, "?"), 3: -1} {
		_, mistake := s.Bind(values[:n])
		if want >= 0 && (mistake == nil || mistake.Offset != want || !strings.Contains(mistake.Message, "has 3 ?, and")) || want < 0 && mistake != nil {
			t.Errorf("%d values: %v, want a mistake at %d", n, mistake, want)
		}
	}
	if _, mistake := s.Bind(append(values, values[0])); mistake == nil || mistake.Offset != 0 {
		t.Errorf("a value too many: %v", mistake)
	}
}

// checkBind: with values in the place of each ?, nothing around them changes, and every
// place leads back to where it came from.
func checkBind(t rapid.TB, s *Statement) {
	t.Helper()
	var values []Value
	for _, token := range s.Tokens {
		if token.Kind == Parameter {
			values = append(values, Value{Text: "'a''b'"})
		}
	}
	bound, mistake := s.Bind(values)
	if mistake != nil {
		t.Fatal(mistake)
	}
	tokens, _ := tokenize(bound.Text, s.Class.IsHive())
	tokens = slices.DeleteFunc(tokens, func(token Token) bool { return token.Kind == Comment })
	if len(tokens) < len(s.Tokens) {
		t.Fatalf("%q became %q", s.Source, bound.Text)
	}
	for i, token := range s.Tokens {
		want := token.Text
		if token.Kind == Parameter {
			want = "'a''b'"
		}
		if tokens[i].Text != want || bound.Place(tokens[i].Offset) != token.Offset && token.Kind != Parameter {
			t.Fatalf("%q became %q: token %d is %v at %d, want %v", s.Source, bound.Text, i, tokens[i], bound.Place(tokens[i].Offset), token)
		}
	}
}

func TestBindKeepsTheRest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.SampledFrom([]string{"?", "a", "'?'", "--?\n", "\"?\"", "=", "1", "-", "/*?*/", "(", ")", "x", "é"})).Draw(t, "words")
		sql := "SELECT 1" + strings.Join(words, " ")
		s, mistakes := Parse(sql)
		if len(mistakes) == 0 {
			checkBind(t, s)
		}
	})
}

// TestTokensJoined: tokens that are written one after the other are read as the same.
func TestTokensJoined(t *testing.T) {
	pieces := []string{"abc", "SELECT", "'it''s'", `"a""b"`, "12", "1.5", ".5", "1E-5", "0xFF", "<>", "||", "->", "(", ")", "[", "]", ",", ".",
		"?", "${{ x['}}'] }}", "-- c\n", "/* * */", "U&'\\0041'", "X'00'", "+", "-", "<=", "=>"}
	for _, lead := range []string{"SELECT", "SHOW"} {
		rapid.Check(t, func(t *rapid.T) {
			list := append([]string{lead}, rapid.SliceOf(rapid.SampledFrom(pieces)).Draw(t, "tokens")...)
			if lead == "SHOW" { // of Hive: strings that touch are one, X and U& are names
				list = slices.DeleteFunc(list, func(text string) bool { return strings.ContainsAny(text, "'\"") && !strings.HasPrefix(text, "${{") })
			}
			sql := strings.Join(list, " ")
			tokens, mistakes := Tokenize(sql)
			if problem := inOrder(sql, tokens); problem != "" || len(mistakes) > 0 {
				t.Fatalf("%q: %s %v", sql, problem, mistakes)
			}
			var got []string
			for _, token := range tokens {
				got = append(got, strings.TrimSuffix(token.Text, "\n"))
			}
			for i := range list {
				list[i] = strings.TrimSuffix(list[i], "\n")
			}
			if !slices.Equal(got, list) {
				t.Fatalf("%q is read as %q", sql, got)
			}
		})
	}
}
