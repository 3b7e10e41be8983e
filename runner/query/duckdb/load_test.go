package duckdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"playbook/steps"
)

const minute = time.Minute

func TestDelimited(t *testing.T) {
	c := newCase(t)
	c.write("b/t/a.txt", []byte("x|1|2|3|4|1.5|2.25|12.345|true|2026-03-01|2026-03-01 10:11:12.5|abcdef|extra\n"+
		"\\N|-|-|-|-|-|-|-|-|-|-|-\n"+
		"|\n"+
		"a\\|b|-128|-32768|-2147483648|-9223372036854775808|1e3|x|-0.005|FALSE|||añcdef\n"+
		"c|128|7.9|+5|99999999999999999999|||99999999|yes|2026-3-1|2026-03-01T10:11:12|\n"))
	e := c.open()
	must(t, e, `CREATE EXTERNAL TABLE t (s string, ti tinyint, si smallint, i int, bi bigint, f float, d double,
		dec decimal(5,2), b boolean, dt date, ts timestamp, v varchar(3))
		ROW FORMAT DELIMITED FIELDS TERMINATED BY '|' ESCAPED BY '\\' LOCATION 's3://b/t/'`)
	a := must(t, e, "SELECT * FROM t")
	want := [][]any{
		{"x", int64(1), int64(2), int64(3), int64(4), 1.5, 2.25, 12.35, true, march1, march1.Add(10*time.Hour + 11*minute + 12500*time.Millisecond), "abc"},
		{nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, "-"},
		{"", nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil},
		{"a|b", int64(-128), int64(-32768), int64(-2147483648), int64(-9223372036854775808), 1000.0, nil, -0.01, false, nil, nil, "añc"},
		{"c", nil, int64(7), int64(5), nil, nil, nil, nil, nil, nil, nil, ""},
	}
	if diff := cmp.Diff(want, a.rows); diff != "" {
		t.Error(diff)
	}
	var problems []string
	for _, gap := range a.stats.Quality.Gaps {
		problems = append(problems, gap.Problem)
	}
	if diff := cmp.Diff(7, len(problems)); diff != "" {
		t.Errorf("%s %q", diff, problems)
	}
	var kinds []string
	for _, column := range a.columns {
		kinds = append(kinds, column.Type)
	}
	if diff := cmp.Diff([]string{"varchar", "tinyint", "smallint", "integer", "bigint", "real", "double", "decimal(5,2)", "boolean", "date", "timestamp(3)", "varchar"}, kinds); diff != "" {
		t.Error(diff)
	}
	c.write("b/n/a.txt", []byte("x\x01\\N\nNULL\x01y\n"))
	must(t, e, `CREATE EXTERNAL TABLE n (a string, b string) LOCATION 's3://b/n/'`)
	if diff := cmp.Diff([][]any{{"x", nil}, {"NULL", "y"}}, must(t, e, "SELECT * FROM n").rows); diff != "" {
		t.Error(diff)
	}
}

func TestCSV(t *testing.T) {
	c := newCase(t)
	c.write("iocs/a.csv", []byte("198.51.100.7,\"scanner, \"\"loud\"\"\"\n203.0.113.1,plain\n 203.0.113.2 ,\"esc \\\" q\"\n,empty\nonly\nx,\"open\n"))
	e := c.open()
	must(t, e, iocTable)
	a := must(t, e, "SELECT threat_ip, threat_comment FROM incident_iocs")
	want := [][]any{{"198.51.100.7", `scanner, "loud"`}, {"203.0.113.1", "plain"}, {" 203.0.113.2 ", `esc " q`}, {"", "empty"}, {"only", nil}, {nil, nil}}
	if diff := cmp.Diff(want, a.rows); diff != "" {
		t.Error(diff)
	}
	if gaps := a.stats.Quality.Gaps; len(gaps) != 1 || gaps[0].Count != 1 || gaps[0].Examples[0] != `x,"open` {
		t.Errorf("%+v", gaps)
	}
}

func TestJSON(t *testing.T) {
	c := newCase(t)
	c.write("logs/a.json", []byte(`{"IP":"1.2.3.4","in_bytes":5,"nested":{"a": [1, 2]},"flag":true,"end.time":"x\u00f1"}
{"ip":"5.6.7.8","in_bytes":"7","out":null}
not json
{"ip":12,"in_bytes":1.5,"in_bytes2":"x"}
{"in_bytes":"seven"}
`))
	e := c.open()
	must(t, e, `CREATE EXTERNAL TABLE j (ip STRING, in_bytes BIGINT, nested STRING, flag BOOLEAN, end_time STRING, renamed STRING)
		ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
		WITH SERDEPROPERTIES ('ignore.malformed.json' = 'true', 'dots.in.keys' = 'true', 'mapping.renamed' = 'in_bytes2')
		LOCATION 's3://logs/'`)
	a := must(t, e, "SELECT * FROM j")
	want := [][]any{
		{"1.2.3.4", int64(5), `{"a":[1,2]}`, true, "xñ", nil},
		{"5.6.7.8", int64(7), nil, nil, nil, nil},
		{nil, nil, nil, nil, nil, nil},
		{"12", int64(1), nil, nil, nil, "x"},
		{nil, nil, nil, nil, nil, nil},
	}
	if diff := cmp.Diff(want, a.rows); diff != "" {
		t.Error(diff)
	}
	problems := map[string]int64{}
	for _, gap := range a.stats.Quality.Gaps {
		problems[gap.Problem] = gap.Count
	}
	if diff := cmp.Diff(map[string]int64{"lines are no JSON objects": 1, "lines have a value in in_bytes that is no bigint": 1}, problems); diff != "" {
		t.Error(diff)
	}
}

func TestPartitions(t *testing.T) {
	c := newCase(t)
	var z bytes.Buffer
	w, err := zstd.NewWriter(&z)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, "zipped\n")
	w.Close()
	c.write("b/hive/year=2026/kind=a/x.txt", []byte("one\n"))
	c.write("b/hive/year=2025/kind=b%2Fc/x.zst", z.Bytes())
	c.write("b/hive/stray.txt", []byte("stray\n"))
	e := c.open()
	must(t, e, `CREATE EXTERNAL TABLE h (line string) PARTITIONED BY (year int, kind string) LOCATION 's3://b/hive/'`)
	must(t, e, "MSCK REPAIR TABLE h")
	a := must(t, e, "SELECT * FROM h ORDER BY year")
	if diff := cmp.Diff([][]any{{"zipped", int64(2025), "b/c"}, {"one", int64(2026), "a"}}, a.rows); diff != "" {
		t.Error(diff)
	}
	if gaps := a.stats.Quality.Gaps; len(gaps) != 1 || gaps[0].Count != 1 || gaps[0].Blocking {
		t.Errorf("%+v", gaps)
	}
	if a := must(t, e, "SELECT count(*) FROM h WHERE year = 2025"); a.rows[0][0] != int64(1) || a.stats.Quality.Examined != 1 {
		t.Errorf("%+v", a)
	}
}

// TestColumnsAreLoadedAsNeeded: a name that no statement announced is loaded later, and
// $path is a column only when it is named.
func TestColumnsAreLoadedAsNeeded(t *testing.T) {
	c := newCase(t)
	c.flows()
	e := c.open(func(o *Options) {
		o.Statements = []string{"SELECT sourceaddress FROM ${{ ident(params.table) }} WHERE action = ${{ x }}", flowTable}
	})
	must(t, e, flowTable)
	must(t, e, "SELECT count(*) FROM vpcflow")
	loaded := e.tables["default.vpcflow"].loaded
	var names []string
	for _, column := range loaded.columns {
		names = append(names, column.name)
	}
	if diff := cmp.Diff([]string{"sourceaddress", "starttime", "action", "date_partition", "region_partition", "account_partition"}, names); diff != "" {
		t.Error(diff)
	}
	must(t, e, "SELECT sourceaddress, action FROM vpcflow")
	if e.tables["default.vpcflow"].loaded != loaded {
		t.Error("loaded again without need")
	}
	if a := must(t, e, "SELECT sum(numbytes) FROM vpcflow"); a.rows[0][0] != int64(144120) {
		t.Errorf("%v", a.rows)
	}
	if a := must(t, e, `SELECT count(DISTINCT "$path"), min("$path") FROM vpcflow`); a.rows[0][0] != int64(3) || a.rows[0][1] != "s3://"+flowPath(1, "a.log.gz") {
		t.Errorf("%v", a.rows)
	}
	for _, sql := range []string{"SELECT * FROM vpcflow LIMIT 1", "SELECT v.* FROM vpcflow v LIMIT 1", "TABLE vpcflow LIMIT 1"} {
		if a := must(t, e, sql); len(a.columns) != 32 {
			t.Errorf("%s: %d columns, want 32", sql, len(a.columns))
		}
	}
	refused(t, e, `SELECT x.b FROM vpcflow AS x (a, b) LIMIT 1`, "line 1:28", "32 columns", "2 names")
}

// TestOrder: without ORDER BY rows come in the order of the files, each time.
func TestOrder(t *testing.T) {
	c := newCase(t)
	for i := range 40 {
		var lines bytes.Buffer
		for j := range 300 {
			fmt.Fprintf(&lines, "%d\n", i*300+j)
		}
		c.write(fmt.Sprintf("b/t/%02d.txt", i), lines.Bytes())
	}
	e := c.open()
	must(t, e, "CREATE EXTERNAL TABLE t (n int) LOCATION 's3://b/t/'")
	for i, row := range must(t, e, "SELECT n FROM t LIMIT 11000").rows {
		if row[0] != int64(i) {
			t.Fatalf("row %d is %v", i, row[0])
		}
	}
}

// TestLargeAnswer: an answer of many rows comes in parts, whole and in order, and its
// columns keep their names.
func TestLargeAnswer(t *testing.T) {
	c := newCase(t)
	var lines bytes.Buffer
	const count = smallAnswer + 2*pageRows
	for i := range count {
		fmt.Fprintln(&lines, i)
	}
	c.write("b/t/a.txt", lines.Bytes())
	e := c.open()
	must(t, e, "CREATE EXTERNAL TABLE t (n int) LOCATION 's3://b/t/'")
	a := must(t, e, "SELECT n AS Num, n, 'x' || CAST(n AS varchar) FROM t")
	if len(a.rows) != count {
		t.Fatalf("%d rows, want %d", len(a.rows), count)
	}
	for i, row := range a.rows {
		if row[0] != int64(i) || row[2] != fmt.Sprint("x", i) {
			t.Fatalf("row %d is %v", i, row)
		}
	}
	want := []steps.Column{{Name: "Num", Type: "integer"}, {Name: "n", Type: "integer"}, {Name: "_col2", Type: "varchar"}}
	if diff := cmp.Diff(want, a.columns); diff != "" {
		t.Error(diff)
	}
	if a := must(t, e, "SELECT n FROM t WHERE n < 0"); len(a.rows) != 0 {
		t.Errorf("%v", a.rows)
	}
	refused(t, e, "SELECT 1 / (n - 5) FROM t", "division by zero")
	var tables int
	if err := e.row(t.Context(), "SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'answer%'", &tables); err != nil || tables != 0 {
		t.Errorf("%d answers were left in the scratch database, %v", tables, err)
	}
}

func TestCatalog(t *testing.T) {
	c := newCase(t)
	c.write("b/t/a.txt", []byte("1\n"))
	e := c.open()
	const create = "CREATE EXTERNAL TABLE t (n int) LOCATION 's3://b/t/'"
	must(t, e, create)
	refused(t, e, create, "exists", "IF NOT EXISTS")
	must(t, e, "CREATE EXTERNAL TABLE IF NOT EXISTS T (other string) LOCATION 's3://elsewhere/'")
	must(t, e, "CREATE EXTERNAL TABLE db.t (m int) LOCATION 's3://b/t/'")
	if a := must(t, e, `SELECT t.n, u.m FROM T AS t JOIN "db"."t" u ON t.N = u.m`); len(a.rows) != 1 {
		t.Errorf("%v", a.rows)
	}
	if a := must(t, e, "SELECT db.t.m FROM db.t"); a.rows[0][0] != int64(1) {
		t.Errorf("%v", a.rows)
	}
	refused(t, e, "CREATE VIEW t AS SELECT 1 AS a", "there is a table")
	refused(t, e, "CREATE VIEW v AS SELECT n + 1 FROM t", "column 1", "has no name")
	refused(t, e, "CREATE VIEW v AS SELECT n, n FROM t", "two columns n")
	refused(t, e, "CREATE VIEW v AS\nSELECT nn FROM t", "line 2:8", "did you mean n?")
	must(t, e, "CREATE VIEW v AS SELECT n AS a FROM t")
	refused(t, e, "SELECT n FROM v", "there is no column n")
	refused(t, e, "SELECT * FROM tt", "did you mean t?")
	must(t, e, "CREATE VIEW w AS SELECT x.a * 2 AS b FROM v AS x")
	must(t, e, "CREATE OR REPLACE VIEW v AS SELECT n AS z FROM t")
	refused(t, e, "SELECT b FROM w", "line 1:15", "the view w can no longer be read", "no column a")
	must(t, e, "CREATE OR REPLACE VIEW v AS SELECT n AS a FROM t")
	if a := must(t, e, "WITH v AS (SELECT 99 AS b) SELECT w.b, v.b FROM w, v"); a.rows[0][0] != int64(2) || a.rows[0][1] != int64(99) {
		t.Errorf("%v", a.rows)
	}
	must(t, e, "DROP VIEW v")
	refused(t, e, "SELECT * FROM v", "no table or view")
	refused(t, e, "DROP TABLE nothing", "line 1:12", "there is no table")
	must(t, e, "DROP TABLE IF EXISTS nothing")
	must(t, e, "DROP TABLE t")
	refused(t, e, "SELECT * FROM w", "the view w can no longer be read", "no table or view")
	for sql, word := range map[string]string{
		"CREATE EXTERNAL TABLE x (a array<binary>) LOCATION 's3://b/t/'":                                     "the type binary is not supported",
		"CREATE EXTERNAL TABLE x (a string, A int) LOCATION 's3://b/t/'":                                     "two columns called a",
		"CREATE EXTERNAL TABLE x (a string) STORED AS ORC LOCATION 's3://b/t/'":                              "ORC",
		"CREATE EXTERNAL TABLE x (a string) ROW FORMAT SERDE 'com.example.X' LOCATION 's3://b/'":             "com.example.X",
		"CREATE EXTERNAL TABLE x (a string) LOCATION 's3://b/' TBLPROPERTIES ('skip.header.line.count'='x')": "skip.header.line.count",
	} {
		refused(t, e, sql, word)
	}
}

func TestConcurrentQueriesLoadOnce(t *testing.T) {
	c := newCase(t)
	c.flows()
	var mu sync.Mutex
	var last Progress
	ends := 0
	e := c.open(func(o *Options) {
		o.Progress = func(p Progress) {
			mu.Lock()
			defer mu.Unlock()
			if p.Of != 3 || p.Table != "vpcflow" || p.Files < last.Files || p.Bytes < last.Bytes {
				t.Errorf("%+v after %+v", p, last)
			}
			last = p
			if p.Files == 3 {
				ends++
			}
		}
		o.Statements = []string{"SELECT sourceaddress, numbytes FROM vpcflow"}
	})
	must(t, e, flowTable)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			a, err := ask(context.Background(), e, "SELECT sourceaddress, sum(numbytes) FROM vpcflow GROUP BY 1 ORDER BY 2 DESC")
			if err != nil || len(a.rows) != 2 || a.rows[0][1] != int64(144000) {
				t.Error(a.rows, err)
			}
		})
	}
	wait.Wait()
	if ends != 1 || last.Rows != 75 || last.Bytes != last.OfBytes || last.Left != 0 {
		t.Errorf("the end was told %d times, at last %+v", ends, last)
	}
}

func TestCancellation(t *testing.T) {
	c := newCase(t)
	var lines bytes.Buffer
	for i := range 20000 {
		fmt.Fprintln(&lines, i)
	}
	c.write("b/t/a.txt", lines.Bytes())
	e := c.open()
	must(t, e, "CREATE EXTERNAL TABLE t (n int) LOCATION 's3://b/t/'")
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, err := ask(stopped, e, "SELECT count(*) FROM t"); !errors.Is(err, context.Canceled) {
		t.Errorf("a query that was cancelled before: %v", err)
	}
	must(t, e, "SELECT count(*) FROM t")
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := ask(ctx, e, "SELECT count(*) FROM t a CROSS JOIN t b CROSS JOIN t c WHERE a.n + b.n = c.n * 7")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the query stopped after %s", took)
	}
	if a := must(t, e, "SELECT max(n) FROM t"); a.rows[0][0] != int64(19999) {
		t.Errorf("%v", a.rows)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	c := newCase(t)
	c.flows()
	scratch := t.TempDir()
	before := names(t, c.dir)
	e, err := Open(t.Context(), Options{Case: c.dir, Scratch: scratch, Now: march1})
	if err != nil {
		t.Fatal(err)
	}
	must(t, e, flowTable)
	must(t, e, "SELECT * FROM vpcflow")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if left := names(t, scratch); len(left) > 0 {
		t.Errorf("left in the scratch folder: %q", left)
	}
	if diff := cmp.Diff(before, names(t, c.dir)); diff != "" {
		t.Errorf("the case was written to: %s", diff)
	}
	if _, err := Open(t.Context(), Options{Case: c.dir, Scratch: scratch + "/missing"}); err == nil {
		t.Error("an engine without a scratch folder")
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return list
}

func TestRowsKeepTheirValues(t *testing.T) {
	e := newCase(t).open()
	rows, err := e.Query(t.Context(), "SELECT n FROM (VALUES 1, 2) AS t(n) ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	first, err := rows.Next()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Next(); err != nil || first[0] != int64(1) {
		t.Errorf("the first row became %v, %v", first, err)
	}
	var _ steps.Rows = rows
}
