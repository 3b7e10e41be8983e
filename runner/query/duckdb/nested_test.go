package duckdb

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

// problems are the gaps of an answer that are about lines, by what is wrong.
func problems(q steps.Quality) map[string]int64 {
	found := map[string]int64{}
	for _, gap := range q.Gaps {
		if gap.Count > 0 {
			found[gap.Problem] += gap.Count
		}
	}
	return found
}

func TestNestedJSON(t *testing.T) {
	const columns = `(id int, tags array<string>, sizes map<string,bigint>, who struct<name:string,at:timestamp,roles:array<struct<arn:string,n:int>>>, raw string)`
	lines := []string{
		`{"id":1,"tags":["a","b \u00f1",null],"sizes":{"in":5,"OUT":7},"who":{"NAME":"eve","at":"2026-03-01 10:11:12.5","roles":[{"arn":"x","n":1,"more":true},{"arn":null}]},"raw":{"K": [1, 2.50, "\/\u00e9\n"], "k2" : null}}`,
		`{"id":2,"tags":[],"sizes":{},"who":{},"raw":[]}`,
		`{"id":3,"tags":null,"sizes":null,"who":null,"raw":true}`,
		`{"id":4,"tags":"alone","sizes":{"a":"x","b":"2"},"who":{"roles":{"arn":"y"}},"raw":"text"}`,
		`{"id":5,"tags":"","sizes":" ","who":["bob","2026-03-01T10:11:12+02:00"],"raw":12.0}`,
		`{"id":6,"tags":[{"a":1}],"sizes":[1],"who":"bob"}`,
	}
	at := time.Date(2026, 3, 1, 10, 11, 12, 500_000_000, time.UTC)
	who := func(name, at, roles any) map[string]any {
		return map[string]any{"name": name, "at": at, "roles": roles}
	}
	role := func(arn, n any) any { return map[string]any{"arn": arn, "n": n} }
	want := [][]any{
		{int64(1), []any{"a", "b ñ", nil}, map[string]any{"in": int64(5), "OUT": int64(7)},
			who("eve", at, []any{role("x", int64(1)), role(nil, nil)}), `{"K":[1,2.50,"/é\n"],"k2":null}`},
		{int64(2), []any{}, map[string]any{}, who(nil, nil, nil), "[]"},
		{int64(3), nil, nil, nil, "true"},
		{int64(4), []any{"alone"}, map[string]any{"a": nil, "b": int64(2)}, who(nil, nil, []any{role("y", nil)}), "text"},
		{int64(5), nil, nil, who("bob", time.Date(2026, 3, 1, 8, 11, 12, 0, time.UTC), nil), "12.0"},
		{int64(6), []any{`{"a":1}`}, nil, nil, nil},
	}
	c := newCase(t)
	c.write("b/t/a.json", []byte(strings.Join(lines, "\n")))
	e := c.open()
	must(t, e, "CREATE EXTERNAL TABLE j "+columns+" ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'")
	a := must(t, e, "SELECT * FROM j")
	if diff := cmp.Diff(want, a.rows); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int64{"lines have a value in sizes that is no map<string,bigint>": 2,
		"lines have a value in who that is no struct<name:string,at:timestamp,roles:array<struct<arn:string,n:int>>>": 1}, problems(a.stats.Quality)); diff != "" {
		t.Error(diff)
	}

	// Hive's takes nothing for what it is not.
	must(t, e, "CREATE EXTERNAL TABLE h "+columns+" ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe' LOCATION 's3://b/t/'")
	a = must(t, e, "SELECT * FROM h")
	want[3][1], want[3][3] = nil, who(nil, nil, nil)
	want[4][3] = nil
	if diff := cmp.Diff(want, a.rows); diff != "" {
		t.Error(diff)
	}
	if found := problems(a.stats.Quality); len(found) != 3 {
		t.Errorf("%v", found)
	}
}

// TestOpenX: the properties of the SerDe, and what it makes of lines and values that are
// not as they should be.
func TestOpenX(t *testing.T) {
	c := newCase(t)
	c.write("b/t/a.json", []byte(`{"a.b":1,"Key":"x","time":"t","s":{"In.Ner":"deep","time":"u"}}
{"a_b":"0x10","a.b":9,"KEY":"y"}
{"a_b":"010","key":"one","Key":"two"}
{"a_b":1.9e1}{"a_b":7}
[21,"third",null]
{"unknown":1}
nothing
`))
	const table = `CREATE EXTERNAL TABLE %s (a_b int, key string, ts string, s struct<in_ner:string,ts:string>)
		ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' WITH SERDEPROPERTIES (%) LOCATION 's3://b/t/'`
	make := func(name, properties string) string {
		return strings.NewReplacer("%s", name, "%", properties).Replace(table)
	}
	e := c.open()
	must(t, e, make("j", `'dots.in.keys'='TRUE', 'mapping.ts'='time'`))
	a := must(t, e, "SELECT * FROM j")
	want := [][]any{
		{int64(1), "x", "t", map[string]any{"in_ner": "deep", "ts": "u"}},
		{int64(16), "y", nil, nil},
		{int64(8), "two", nil, nil},
		{int64(19), nil, nil, nil},
		{int64(21), "third", nil, nil},
		{nil, nil, nil, nil},
		{nil, nil, nil, nil},
	}
	if diff := cmp.Diff(want, a.rows); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int64{"lines have a key twice, of which the last was used": 1,
		"lines go on behind their object, which is all that is read of them": 1, "lines have none of the table's columns": 1,
		"lines are no JSON objects": 1}, problems(a.stats.Quality)); diff != "" {
		t.Error(diff)
	}
	if !blocks(a.stats.Quality, "lines go on behind their object") || blocks(a.stats.Quality, "no JSON objects") {
		t.Errorf("%+v", a.stats.Quality.Gaps)
	}
	must(t, e, make("k", `'case.insensitive'='FALSE', 'mapping.key'='Key'`))
	a = must(t, e, "SELECT a_b, key FROM k LIMIT 3")
	if diff := cmp.Diff([][]any{{nil, "x"}, {int64(16), nil}, {int64(8), "two"}}, a.rows); diff != "" {
		t.Error(diff)
	}
}

// TestMalformedJSON: a line on which Athena fails is no reason to pass.
func TestMalformedJSON(t *testing.T) {
	c := newCase(t)
	c.write("b/t/a.json", []byte("{\"a\":1}\n{\"a\":\n{\"a\":3}\n"))
	e := c.open()
	for name, properties := range map[string]string{"strict": "'x'='y'", "lenient": "'ignore.malformed.json'='TRUE'"} {
		must(t, e, "CREATE EXTERNAL TABLE "+name+" (a int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' WITH SERDEPROPERTIES ("+properties+") LOCATION 's3://b/t/'")
		a := must(t, e, "SELECT a FROM "+name)
		if diff := cmp.Diff([][]any{{int64(1)}, {nil}, {int64(3)}}, a.rows); diff != "" {
			t.Error(diff)
		}
		if blocks(a.stats.Quality, "no JSON objects") != (name == "strict") {
			t.Errorf("%s: %+v", name, a.stats.Quality.Gaps)
		}
	}
}

func TestCollections(t *testing.T) {
	c := newCase(t)
	c.write("b/t/a.txt", []byte("1|a,b,c|k=1,j=2,k=3|eve,2026-03-01,x:y\n"+
		"2||||\n"+
		"3|\\N|\\N|\\N\n"+
		"4|a\\,b,\\N|novalue,=5|bob\n"+
		"5|a|k=x|eve,never,,too,many\n"))
	e := c.open()
	must(t, e, `CREATE EXTERNAL TABLE c (id int, list array<string>, m map<string,int>, s struct<name:string,day:date,more:array<string>>)
		ROW FORMAT DELIMITED FIELDS TERMINATED BY '|' ESCAPED BY '\\' COLLECTION ITEMS TERMINATED BY ',' MAP KEYS TERMINATED BY '='
		LOCATION 's3://b/t/'`)
	a := must(t, e, "SELECT * FROM c")
	s := func(name, day, more any) any { return map[string]any{"name": name, "day": day, "more": more} }
	want := [][]any{
		{int64(1), []any{"a", "b", "c"}, map[string]any{"k": int64(3), "j": int64(2)}, s("eve", march1, []any{"x:y"})},
		{int64(2), []any{}, map[string]any{}, s("", nil, nil)},
		{int64(3), nil, nil, nil},
		{int64(4), []any{"a,b", nil}, map[string]any{"novalue": nil, "": int64(5)}, s("bob", nil, nil)},
		{int64(5), []any{"a"}, map[string]any{"k": nil}, s("eve", nil, []any{})},
	}
	if diff := cmp.Diff(want, a.rows); diff != "" {
		t.Error(diff)
	}
	if found := problems(a.stats.Quality); len(found) != 2 {
		t.Errorf("%v", found)
	}
	// The delimiters of Hive, when DDL says nothing; the last column takes what is left.
	c.write("b/d/a.txt", []byte("a\x02b\x01k\x03v\x02l\x03w\x04x\x01rest\x01of it\n"))
	must(t, e, `CREATE EXTERNAL TABLE d (list array<string>, m map<string,array<string>>, last string)
		ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe' WITH SERDEPROPERTIES ('serialization.last.column.takes.rest'='true') LOCATION 's3://b/d/'`)
	a = must(t, e, "SELECT * FROM d")
	if diff := cmp.Diff([][]any{{[]any{"a", "b"}, map[string]any{"k": []any{"v"}, "l": []any{"w", "x"}}, "rest\x01of it"}}, a.rows); diff != "" {
		t.Error(diff)
	}
}

func TestNestedTypesThatAreRefused(t *testing.T) {
	e := newCase(t).open()
	for sql, word := range map[string]string{
		"CREATE EXTERNAL TABLE t (a array<binary>) LOCATION 's3://b/t/'":                                                                                                     "the type binary",
		"CREATE EXTERNAL TABLE t (a struct<x:int,X:int>) LOCATION 's3://b/t/'":                                                                                               "two fields x",
		"CREATE EXTERNAL TABLE t (a map<array<int>,int>) LOCATION 's3://b/t/'":                                                                                               "keys of map",
		"CREATE EXTERNAL TABLE t (a int) PARTITIONED BY (p array<int>) LOCATION 's3://b/t/'":                                                                                 "partition column p",
		"CREATE EXTERNAL TABLE t (a array<int>) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' LOCATION 's3://b/t/'":                                          "OpenCSVSerde gives text",
		"CREATE EXTERNAL TABLE t (a array<array<array<array<array<array<array<array<int>>>>>>>>) LOCATION 's3://b/t/'":                                                       "too deeply",
		"CREATE EXTERNAL TABLE t (a uniontype<int,string>) LOCATION 's3://b/t/'":                                                                                             "uniontype",
		"CREATE EXTERNAL TABLE t (a timestamp) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' WITH SERDEPROPERTIES ('timestamp.formats'='yyyy') LOCATION 's3://b/t/'": "timestamp.formats is not supported",
	} {
		refused(t, e, sql, word)
	}
}

func TestLargeMapIsNoTrap(t *testing.T) {
	var b mapBuilder
	for i := range maxKeys + 1 {
		b.add(big.NewInt(int64(i)).String(), i)
	}
	if _, ok := b.value(); ok {
		t.Error("a map with too many keys was made")
	}
}

// TestNullDefinedAs: what stands for NULL does so in fields and inside of them, by either
// way of saying it.
func TestNullDefinedAs(t *testing.T) {
	c := newCase(t)
	c.write("b/t/a.txt", []byte("NONE,a;NONE;b,5\n\\N,NONE,NONE\n"))
	e := c.open()
	must(t, e, `CREATE EXTERNAL TABLE clause (a string, l array<string>, n int) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' COLLECTION ITEMS TERMINATED BY ';' NULL DEFINED AS 'NONE' LOCATION 's3://b/t/'`)
	must(t, e, `CREATE EXTERNAL TABLE property (a string, l array<string>, n int) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe'
		WITH SERDEPROPERTIES ('field.delim'=',', 'collection.delim'=';', 'serialization.null.format'='NONE') LOCATION 's3://b/t/'`)
	for _, table := range []string{"clause", "property"} {
		a := must(t, e, "SELECT * FROM "+table)
		if diff := cmp.Diff([][]any{{nil, []any{"a", nil, "b"}, int64(5)}, {`\N`, nil, nil}}, a.rows); diff != "" {
			t.Error(table, diff)
		}
		if len(a.stats.Quality.Gaps) > 0 {
			t.Errorf("%s: %+v", table, a.stats.Quality.Gaps)
		}
	}
}
