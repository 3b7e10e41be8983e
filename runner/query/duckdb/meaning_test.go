package duckdb

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestErrors has what Trino refuses, and what this engine does not know.
func TestErrors(t *testing.T) {
	e := newCase(t).open()
	for sql, words := range map[string][]string{
		"SELECT 1 / 0":                 {"division by zero"},
		"SELECT 1 % 0":                 {"division by zero"},
		"SELECT 1 / 0.0":               {"division by zero"},
		"SELECT CAST('1.5' AS bigint)": {"cannot cast '1.5' to BIGINT"},
		"SELECT 2147483647 + 1":        {"Overflow"},
		"SELECT sum(x) FROM (VALUES 9223372036854775807, 1) AS t(x)": {"out of range"},
		"SELECT ARRAY[1][2]":                          {"array subscript"},
		"SELECT\n  lowr('x')":                         {"line 2:3", "did you mean lower?"},
		"SELECT date_format(now(), '%D')":             {"%D"},
		"SELECT date_diff('fortnight', now(), now())": {"unit of time"},
		"SELECT now() AT TIME ZONE 'Europe/Nowhere'":  {"line 1:27", "no time zone"},
		"SELECT x -> x + 1":                           {"line 1:10", "lambda"},
		"SELECT CAST('-' AS IPADDRESS)":               {"IPADDRESS", "TRY_CAST"},
		"SELECT 1 WHERE 1 < ?":                        {"line 1:20", "?"},
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t": {"RECURSIVE"},
		"SELECT 1 +":  {"syntax error"},
		"SELECT 'abc": {"line 1:8", "not closed"},
		"SELECT nope": {"line 1:8", "there is no column nope"},
		"SELECT x + 1 AS y FROM (VALUES 1) AS t(x) WHERE y > 1": {"line 1:49", "there is no column y"},
		"SELECT x, count(*) FROM (VALUES 1) AS t(x)":            {"line 1:8", "GROUP BY"},
		"SELECT x FROM (VALUES 1) AS t(x) WHERE count(*) > 1":   {"line 1:40", "aggregate"},
		"SELECT x || 1 FROM (VALUES 'a') AS t(x)":               {"line 1:10", "CAST it to varchar"},
		"SELECT \"a\" FROM (VALUES 1) AS t(b)":                  {"line 1:8", "there is no column a"},
		"SELECT `a` FROM (VALUES 1) AS t(a)":                    {"line 1:8", "…"},
		"SELECT lower(5)":                                       {"line 1:8: lower does not take (integer)"},
		"SELECT 1,\n date_format('2026', '%Y')":                 {"line 2:14: date_format needs a date or timestamp, not varchar(4)"},
		"SELECT 'a' / 2":                                        {"line 1:12: varchar(1) / integer is not possible"},
		"SELECT 1 WHERE 5 = '5'":                                {"line 1:18: integer = varchar(1)"},
		"SELECT 1 FROM (VALUES 'a') AS t(a) WHERE a IN (1, 2)":  {"line 1:48: IN: the value is of the type integer"},
		"SELECT from_unixtime('5')":                             {"line 1:22: from_unixtime needs a number of seconds, not varchar"},
		"SELECT 99999999999999999999":                           {"line 1:8", "too large"},
		"SELECT 'a' + 1":                                        {"+"},
		"SELECT substr('abc')":                                  {"substr(varchar, bigint, bigint)"},
		"SELECT * EXCLUDE (a) FROM (VALUES 1) AS t(a)":          {"line 1:10", "syntax error"},
		"SELECT a FROM (VALUES 1) AS t(a) GROUP BY ALL":         {"GROUP BY ALL"},
		"SELECT a FROM (VALUES 1) AS t(a) QUALIFY a > 1":        {"line 1:34", "syntax error"},
		"SELECT a::int FROM (VALUES 1) AS t(a)":                 {"line 1:9", "CAST(x AS type)"},
		"SELECT a FROM (VALUES 1) AS t(a) USING SAMPLE 5":       {"line 1:34", "syntax error"},
		"SELECT count(*) FROM missing":                          {"line 1:22", "no table or view", "CREATE EXTERNAL TABLE"},
	} {
		refused(t, e, sql, words...)
	}
}

func TestQueries(t *testing.T) {
	e := newCase(t).open()
	for _, test := range []struct {
		sql  string
		want [][]any
	}{
		{"VALUES 1, 2", [][]any{{int64(1)}, {int64(2)}}},
		{"SELECT x FROM (VALUES 2, NULL, 1) AS t(x) ORDER BY x DESC", [][]any{{int64(2)}, {int64(1)}, {nil}}},
		{"SELECT x FROM (VALUES 2, NULL, 1) AS t(x) ORDER BY x", [][]any{{int64(1)}, {int64(2)}, {nil}}},
		{"SELECT x FROM (VALUES 2, NULL) AS t(x) ORDER BY x NULLS FIRST", [][]any{{nil}, {int64(2)}}},
		{"WITH a AS (SELECT 1 AS n UNION ALL SELECT 2), b(m) AS (SELECT n * 2 FROM a) SELECT m FROM b ORDER BY 1 OFFSET 1 LIMIT 1", [][]any{{int64(4)}}},
		{"SELECT g, count(*) AS c, sum(v) / count(*) AS ratio FROM (VALUES ('a', 1), ('a', 2), ('b', 9)) AS t(g, v) GROUP BY g ORDER BY 2 DESC",
			[][]any{{"a", int64(2), int64(1)}, {"b", int64(1), int64(9)}}},
		{"SELECT min_by(a, b), max_by(a, b), arbitrary(b), approx_distinct(a), count(DISTINCT a), count_if(b > 1), bool_or(b = 2) FROM (VALUES ('x', 1), (NULL, 2)) AS t(a, b)",
			[][]any{{"x", nil, int64(1), int64(1), int64(1), int64(1), true}}},
		{"SELECT a, sum(b) OVER (PARTITION BY a ORDER BY b) AS s, row_number() OVER (ORDER BY b DESC) AS r, lag(b) OVER (ORDER BY b) AS l FROM (VALUES ('x', 1), ('x', 2)) AS t(a, b) ORDER BY b",
			[][]any{{"x", int64(1), int64(2), nil}, {"x", int64(3), int64(1), int64(1)}}},
		{"SELECT u.x FROM (VALUES 1) AS t(a) CROSS JOIN UNNEST(ARRAY[5, 6]) AS u(x) ORDER BY 1", [][]any{{int64(5)}, {int64(6)}}},
		{"SELECT a FROM (VALUES 1, 2, 3) AS t(a) WHERE a IN (SELECT b FROM (VALUES 2, 3) AS u(b)) AND NOT EXISTS (SELECT 1 WHERE a = 3)", [][]any{{int64(2)}}},
		{"SELECT t.a, u.b FROM (VALUES 1) AS t(a) FULL JOIN (VALUES 2) AS u(b) ON t.a = u.b ORDER BY t.a", [][]any{{int64(1), nil}, {nil, int64(2)}}},
		{"SELECT t.a, u.b FROM (VALUES 1, 2) AS t(a) LEFT JOIN (VALUES 2) AS u(b) ON t.a = u.b ORDER BY t.a", [][]any{{int64(1), nil}, {int64(2), int64(2)}}},
		{"SELECT sum(v) FILTER (WHERE v > 1), array_agg(v ORDER BY v DESC) FROM (VALUES 1, 2, 3) AS t(v)", [][]any{{int64(5), []any{int64(3), int64(2), int64(1)}}}},
		{"SELECT a, count(*) FROM (VALUES 1, 1, 2) AS t(a) GROUP BY ROLLUP (a) ORDER BY a", [][]any{{int64(1), int64(2)}, {int64(2), int64(1)}, {nil, int64(3)}}},
		{"SELECT /* a comment /* not nested */ 1 -- and one more\n", [][]any{{int64(1)}}},
		{"(SELECT 1) UNION (SELECT 1)", [][]any{{int64(1)}}},
		{"SELECT DISTINCT a FROM (VALUES 1, 1) AS t(a) FETCH FIRST 1 ROWS ONLY", [][]any{{int64(1)}}},
		{"SELECT avg(a), stddev_pop(a) FROM (VALUES 1, 3) AS t(a)", [][]any{{2.0, 1.0}}},
		{"SELECT 'x' AS \"select\", 1 AS \"ñ \"\"q\"\"\"", [][]any{{"x", int64(1)}}},
		{"SELECT lower(g) AS g, count(*) FROM (VALUES 'A', 'a') AS t(g) GROUP BY g ORDER BY 2, 1", [][]any{{"a", int64(1)}, {"a", int64(1)}}},
	} {
		a, err := ask(t.Context(), e, test.sql)
		if err != nil {
			t.Errorf("%s: %v", test.sql, err)
		} else if diff := cmp.Diff(test.want, a.rows); diff != "" {
			t.Errorf("%s: %s", test.sql, diff)
		}
	}
	names := must(t, e, `SELECT 1, 2 AS Two, t.x, T.Y, x + y, count(*) OVER () FROM (VALUES (1, 2)) AS t(x, y)`).columns
	var got []string
	for _, c := range names {
		got = append(got, c.Name)
	}
	if diff := cmp.Diff([]string{"_col0", "Two", "x", "Y", "_col4", "_col5"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestNamesInLambdas: names that the engine makes for itself do not meet those of a
// table, whatever its columns are called.
func TestNamesInLambdas(t *testing.T) {
	c := newCase(t)
	var columns, values []string
	for _, name := range []string{"x", "y", "e", "r1", "r2", "c0", "w1"} {
		columns, values = append(columns, name+" struct<a:int,b:int,s:int,e:int,key:string,value:string>"), append(values, `"`+name+`":{"a":-1,"b":-2,"s":-3,"e":-4,"key":"wrong","value":"wrong"}`)
	}
	for i := range 20 {
		name := fmt.Sprintf("v%d", i)
		columns, values = append(columns, name+" struct<a:int,key:string,value:string>"), append(values, `"`+name+`":{"a":-1,"key":"wrong","value":"wrong"}`)
	}
	columns, values = append(columns, "n int, tags array<string>"), append(values, `"n":12, "tags":["b","a"]`)
	c.write("b/t/a.json", []byte("{"+strings.Join(values, ",")+"}\n"))
	e := c.open()
	must(t, e, "CREATE EXTERNAL TABLE t ("+strings.Join(columns, ", ")+") ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'")
	a := must(t, e, `SELECT nullif(n * 2 / (n - 6) / (n / 6) / (n / 12), n / (n / 3)), transform_values(map(tags, tags), (k, v) -> k || v), map_filter(map(tags, tags), (k, v) -> v > 'a'),
		reduce(tags, n, (s, x) -> s + length(x), s -> s * 2), zip_with(tags, tags, (x, y) -> x || y), CAST(map(tags, ARRAY[1, 2]) AS map(varchar, varchar)),
		CAST(CAST(CAST(CAST(n AS varchar) AS bigint) AS varchar) AS integer), v1.key, x.a, histogram(tags[1]) FROM t GROUP BY n, tags, v1, x`)
	want := [][]any{{int64(2), map[string]any{"a": "aa", "b": "bb"}, map[string]any{"b": "b"}, int64(28), []any{"bb", "aa"}, map[string]any{"a": "2", "b": "1"},
		int64(12), "wrong", int64(-1), map[string]any{"b": int64(1)}}}
	if diff := cmp.Diff(want, a.rows); diff != "" {
		t.Error(diff)
	}
}
