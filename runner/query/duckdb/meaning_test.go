package duckdb

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMeaning has expressions whose value in Trino is known, most of them ones that
// DuckDB by itself would answer differently.
func TestMeaning(t *testing.T) {
	e := newCase(t).open()
	at := func(text string) time.Time {
		found, err := time.Parse("2006-01-02 15:04:05", text)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for _, test := range []struct {
		sql  string
		want any
		kind string
	}{
		// Integers
		{"7 / 2", int64(3), "integer"},
		{"-7 / 2", int64(-3), "integer"},
		{"7 / 2 / 2", int64(1), "integer"},
		{"CAST(7 AS bigint) / 2", int64(3), "bigint"},
		{"-7 % 3", int64(-1), "integer"},
		{"mod(7, -3)", int64(1), "integer"},
		{"CAST(1 AS smallint) * 1000000", int64(1000000), "integer"},
		{"5000000000", int64(5000000000), "bigint"},
		// Doubles and decimals
		{"7E0 / 2", 3.5, "double"},
		{"7 / 2.0", 3.5, "double"},
		{"1 / 3.00", 0.33, "double"},
		{"2 / 3.00", 0.67, "double"},
		{"-2 / 3.0", -0.7, "double"},
		{"1E0 / 3.00", 1.0 / 3, "double"},
		{"CAST(1 AS decimal(10,4)) / 3", 0.3333, "double"},
		{"CAST(2.5E0 AS bigint)", int64(3), "bigint"},
		{"CAST(-2.5E0 AS integer)", int64(-3), "integer"},
		{"round(2.5E0)", 3.0, "double"},
		// Casts
		{"CAST('12' AS bigint)", int64(12), "bigint"},
		{"TRY_CAST('1.5' AS bigint)", nil, "bigint"},
		{"TRY_CAST('x' AS integer)", nil, "integer"},
		{"TRY_CAST('99999999999' AS integer)", nil, "integer"},
		{"CAST(443 AS varchar)", "443", "varchar"},
		{"CAST(1E0 AS varchar)", "1.0E0", "varchar"},
		{"CAST(12345.6E0 AS varchar)", "1.23456E4", "varchar"},
		{"CAST(1.50 AS varchar)", "1.50", "varchar"},
		{"CAST(true AS varchar)", "true", "varchar"},
		{"CAST(TIMESTAMP '2026-03-01 10:00:00' AS varchar)", "2026-03-01 10:00:00.000", "varchar"},
		{"CAST(from_unixtime(0) AS varchar)", "1970-01-01 00:00:00.000 UTC", "varchar"},
		{"CAST(DATE '2026-03-01' AS varchar)", "2026-03-01", "varchar"},
		{"TRY(1 / 0)", nil, "integer"},
		// Text
		{"concat('a', NULL)", nil, "varchar"},
		{"concat('a', 'b', 'c')", "abc", "varchar"},
		{"'a' || 'b'", "ab", "varchar"},
		{"U&'\\0041b'", "Ab", "varchar"},
		{"E'x'", nil, "error"},
		{"'it''s'", "it's", "varchar"},
		{"'a\\nb'", "a\\nb", "varchar"},
		{"substr('abc', 0)", "", "varchar"},
		{"substr('abc', -2)", "bc", "varchar"},
		{"substr('abc', -5)", "", "varchar"},
		{"substring('abcdef' FROM 2 FOR 3)", "bcd", "varchar"},
		{"split_part('a,b', ',', 2)", "b", "varchar"},
		{"split_part('a,b', ',', 3)", nil, "varchar"},
		{"trim(U&' \\000D\\0009x\\000A')", "x", "varchar"},
		{"trim(BOTH 'x' FROM 'xax')", "a", "varchar"},
		{"replace('a-b', '-')", "ab", "varchar"},
		{"strpos('abc', 'c')", int64(3), "bigint"},
		{"length('añb')", int64(3), "bigint"},
		{"lower('ABC') LIKE 'a%'", true, "boolean"},
		{"'a_c' LIKE 'a!_c' ESCAPE '!'", true, "boolean"},
		{"'abc' NOT LIKE 'a!_c' ESCAPE '!'", true, "boolean"},
		{"regexp_like('1.2.3.4', '^\\d+\\.')", true, "boolean"},
		{"regexp_extract('port 22', '(\\d+)', 1)", "22", "varchar"},
		{"regexp_extract('port', '\\d+')", nil, "varchar"},
		// Conditions
		{"if(1 > 2, 'x')", nil, "varchar"},
		{"if(2 > 1, 'x', 'y')", "x", "varchar"},
		{"coalesce(NULL, 5)", int64(5), "integer"},
		{"nullif(5, 5)", nil, "integer"},
		{"greatest(1, NULL)", nil, "integer"},
		{"greatest(1, 3, 2)", int64(3), "integer"},
		{"5 IN (1, 5)", true, "boolean"},
		{"NOT (5 BETWEEN 1 AND 4)", true, "boolean"},
		{"1 IS DISTINCT FROM NULL", true, "boolean"},
		{"bitwise_and(6, 3)", int64(2), "integer"},
		{"bitwise_or(6, 3)", int64(7), "integer"},
		{"bitwise_xor(6, 3)", int64(5), "integer"},
		{"1_000 + 0x10", int64(1016), "integer"},
		// Time
		{"from_unixtime(1772323200)", at("2026-03-01 00:00:00"), "timestamp(3) with time zone"},
		{"to_unixtime(TIMESTAMP '1970-01-01 00:00:05')", 5.0, "double"},
		{"date_format(from_unixtime(1772323265), '%Y-%m-%d %H:%i:%s')", "2026-03-01 00:01:05", "varchar"},
		{"date_format(TIMESTAMP '2026-03-01 14:01:05', '%c/%e %l:%i %p %M %W %%')", "3/1 2:01 PM March Sunday %", "varchar"},
		{"date_parse('2026/03/01', '%Y/%m/%d')", at("2026-03-01 00:00:00"), "timestamp(3)"},
		{"date_diff('second', TIMESTAMP '2026-03-01 00:00:00.900', TIMESTAMP '2026-03-01 00:00:02.100')", int64(1), "bigint"},
		{"date_diff('day', from_unixtime(0), from_unixtime(86399))", int64(0), "bigint"},
		{"date_add('hour', -2, TIMESTAMP '2026-03-01 01:00:00')", at("2026-02-28 23:00:00"), "timestamp(3)"},
		{"date_trunc('hour', TIMESTAMP '2026-03-01 01:59:59')", at("2026-03-01 01:00:00"), "timestamp(3)"},
		{"day_of_week(DATE '2026-03-01')", int64(7), "bigint"},
		{"EXTRACT(year FROM DATE '2026-03-01')", int64(2026), "bigint"},
		{"date_add('day', 1, current_date)", at("2026-03-12 00:00:00"), "date"},
		{"DATE '2026-03-01' + INTERVAL '1' MONTH", at("2026-04-01 00:00:00"), "date"},
		{"date_trunc('month', DATE '2026-03-11')", at("2026-03-01 00:00:00"), "date"},
		{"current_date", at("2026-03-11 00:00:00"), "date"},
		{"now()", at("2026-03-11 00:00:00"), "timestamp(3) with time zone"},
		{"current_timestamp - INTERVAL '1' DAY", at("2026-03-10 00:00:00"), "timestamp(3) with time zone"},
		{"TIMESTAMP '2026-03-01 00:00:00 UTC'", at("2026-03-01 00:00:00"), "timestamp(3) with time zone"},
		{"TIMESTAMP '2026-03-01 00:00:00'", at("2026-03-01 00:00:00"), "timestamp(3)"},
		{"from_unixtime(0) AT TIME ZONE 'UTC'", at("1970-01-01 00:00:00"), "timestamp(3) with time zone"},
		{"INTERVAL '26' HOUR", "1 02:00:00.000", "interval day to second"},
		{"CAST(from_unixtime(60) AS timestamp) = TIMESTAMP '1970-01-01 00:01:00'", true, "boolean"},
		// Addresses
		{"contains('10.0.0.0/8', CAST('10.1.2.3' AS IPADDRESS))", true, "boolean"},
		{"contains('10.0.0.0/8', IPADDRESS '11.1.2.3')", false, "boolean"},
		{"contains('2001:db8::/32', IPADDRESS '2001:0DB8::1')", true, "boolean"},
		{"TRY_CAST('-' AS IPADDRESS)", nil, "varchar"},
		{"IPADDRESS '2001:0DB8:0::1' = IPADDRESS '2001:db8::1'", true, "boolean"},
		// Lists
		{"contains(ARRAY[1, 2], 2)", true, "boolean"},
		{"cardinality(ARRAY['a', 'b'])", int64(2), "bigint"},
		{"ARRAY['a', 'b'][2]", "b", "varchar"},
		{"array_join(split('a.b', '.'), '-')", "a-b", "varchar"},
	} {
		a, err := ask(t.Context(), e, "SELECT "+test.sql)
		if test.kind == "error" {
			if err == nil {
				t.Errorf("%s = %v, want an error", test.sql, a.rows)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.sql, err)
			continue
		}
		got := a.rows[0][0]
		if found, ok := got.(time.Time); ok {
			got = found.UTC()
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.sql, diff)
		}
		if a.columns[0].Type != test.kind && test.want != nil {
			t.Errorf("%s is a %s, want %s", test.sql, a.columns[0].Type, test.kind)
		}
	}
}

// TestErrors has what Trino refuses, and what this engine does not know.
func TestErrors(t *testing.T) {
	e := newCase(t).open()
	for sql, words := range map[string][]string{
		"SELECT 1 / 0":                 {"division by zero"},
		"SELECT 1 % 0":                 {"division by zero"},
		"SELECT 1 / 0.0":               {"division by zero"},
		"SELECT CAST('1.5' AS bigint)": {"cannot cast '1.5' to BIGINT"},
		"SELECT 2147483647 + 1":        {"Overflow"},
		"SELECT sum(x) FROM (VALUES 9223372036854775807, 1) AS t(x)": {"too large for a bigint"},
		"SELECT ARRAY[1][2]":                                                              {"out of bounds"},
		"SELECT\n  lowr('x')":                                                             {"line 2:3", `did you mean "lower"?`},
		"SELECT listagg(x, ',') FROM (VALUES 'a') AS t(x)":                                {"line 1:8", "listagg"},
		"SELECT date_format(now(), '%D')":                                                 {"%D"},
		"SELECT date_diff('fortnight', now(), now())":                                     {"unit of time"},
		"SELECT now() AT TIME ZONE 'Europe/Madrid'":                                       {"AT TIME ZONE"},
		"SELECT CAST('x' AS varchar(3))":                                                  {"line 1:20", "substr"},
		"SELECT filter(ARRAY[1], x -> x > 0)":                                             {"line 1:27", "lambda"},
		"SELECT CAST('1.2.3.4' AS IPADDRESS) < IPADDRESS '1.2.3.5'":                       {"put in order"},
		"SELECT CAST('-' AS IPADDRESS)":                                                   {"IPADDRESS", "TRY_CAST"},
		"WITH RECURSIVE t(n) AS (SELECT 1) SELECT n FROM t WHERE n < ?":                   {"?"},
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t": {"RECURSIVE"},
		"SELECT 1 +":                            {"syntax error"},
		"SELECT 'abc":                           {"line 1:8", "not closed"},
		"SELECT nope":                           {"there is no column nope"},
		"SELECT \"a\" FROM (VALUES 1) AS t(b)":  {"line 1:8", "there is no column a"},
		"SELECT `a` FROM (VALUES 1) AS t(a)":    {"line 1:8", "…"},
		"SELECT lower(5)":                       {"line 1:8: lower does not take (INTEGER)"},
		"SELECT 1,\n date_format('2026', '%Y')": {"line 2:2: date_format does not take (VARCHAR, VARCHAR)"},
		"SELECT 'a' / 2":                        {"line 1:12: / does not take (VARCHAR, INTEGER)"},
		"SELECT 1 WHERE 5 = '5'":                {"INTEGER and type VARCHAR"},
		"SELECT 1 FROM (VALUES 'a') AS t(a) WHERE a IN (1, 2)": {"VARCHAR and type INTEGER"},
		"SELECT from_unixtime('5')":                            {"from_unixtime does not take (VARCHAR)"},
		"SELECT 99999999999999999999":                          {"line 1:8", "too large"},
		"SELECT current_date - DATE '2026-01-01'":              {"date_diff"},
		"SELECT 'a' + 1":                                       {"+"},
		"SELECT substr('abc')":                                 {"2 to 3 arguments"},
		"SELECT * EXCLUDE (a) FROM (VALUES 1) AS t(a)":         {"exclude list"},
		"SELECT a FROM (VALUES 1) AS t(a) GROUP BY ALL":        {"GROUP BY ALL"},
		"SELECT a FROM (VALUES 1) AS t(a) QUALIFY a > 1":       {"qualify"},
		"SELECT a::int FROM (VALUES 1) AS t(a)":                {"line 1:9", ":"},
		"SELECT a FROM (VALUES 1) AS t(a) USING SAMPLE 5":      {"sample"},
		"SELECT count(*) FROM missing":                         {"line 1:22", "no table or view", "CREATE EXTERNAL TABLE"},
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
