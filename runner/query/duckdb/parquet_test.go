package duckdb

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"playbook/steps"
)

// parquetOf writes rows as Parquet with the package that also reads it.
func parquetOf[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// copied writes the answer of a query as Parquet with DuckDB, a second writer: in a
// database of its own, which may write files.
func copied(t testing.TB, query string, options ...string) []byte {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := filepath.Join(t.TempDir(), "x.parquet")
	with := strings.Join(append([]string{"FORMAT parquet"}, options...), ", ")
	if _, err := db.ExecContext(context.Background(), fmt.Sprintf("COPY (%s) TO %s (%s)", query, quoteString(name), with)); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestParquetOfDuckDB reads the types that DuckDB writes, in every compression.
func TestParquetOfDuckDB(t *testing.T) {
	const query = `SELECT * FROM (VALUES
		(1::INTEGER, 'a', 1::TINYINT, -2::SMALLINT, 9007199254740993::BIGINT, 1.5::FLOAT, 2.25::DOUBLE, 12.345::DECIMAL(9,3), -123456789012345678.9::DECIMAL(30,1), true, DATE '2026-03-01', TIMESTAMP '2026-03-01 10:11:12.3456', ['x', NULL, 'z'], MAP {'k': 1, 'j': 2}, {'In': 5, 'l': [{'deep': 'd'}]}),
		(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
		(3, '', 127, 32767, -1, 'nan', 'infinity', -0.005, 0, false, DATE '1969-12-31', TIMESTAMP '1969-12-31 23:59:59.9999', [], MAP {}, {'In': NULL, 'l': []}))
		AS v("Id", s, ti, si, bi, f, d, dec, big, b, dt, ts, list, m, st)`
	for _, options := range [][]string{{"COMPRESSION snappy"}, {"COMPRESSION zstd"}, {"COMPRESSION gzip"}, {"COMPRESSION lz4_raw"},
		{"COMPRESSION brotli"}, {"COMPRESSION uncompressed", "PARQUET_VERSION v2"}} {
		c := newCase(t)
		c.write("b/t/a.parquet", copied(t, query, options...))
		e := c.open()
		must(t, e, `CREATE EXTERNAL TABLE t (extra string, id bigint, s string, ti tinyint, si int, bi bigint, f float, d double, dec decimal(10,2), big decimal(38,1), b boolean,
			dt date, ts timestamp, list array<string>, m map<string,int>, st struct<l:array<struct<deep:string,shallow:int>>,in:bigint>) STORED AS PARQUET LOCATION 's3://b/t/'`)
		a := must(t, e, "SELECT extra, id, s, ti, si, bi, d, dec, CAST(big AS varchar), b, dt, ts, list, m, st FROM t")
		st := func(in, l any) any { return map[string]any{"in": in, "l": l} }
		want := [][]any{
			{nil, int64(1), "a", int64(1), int64(-2), int64(9007199254740993), 2.25, 12.35, "-123456789012345678.9", true, march1, time.Date(2026, 3, 1, 10, 11, 12, 346e6, time.UTC),
				[]any{"x", nil, "z"}, map[string]any{"k": int64(1), "j": int64(2)}, st(int64(5), []any{map[string]any{"deep": "d", "shallow": nil}})},
			{nil, int64(2), nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil},
			{nil, int64(3), "", int64(127), int64(32767), int64(-1), "inf", -0.01, "0.0", false, time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), time.Unix(0, 0).UTC(), []any{}, map[string]any{}, st(nil, []any{})},
		}
		want[2][6] = a.rows[2][6] // infinity, in whatever form the answer has it
		if diff := cmp.Diff(want, a.rows); diff != "" {
			t.Error(options, diff)
		}
		if found := a.stats.Quality.Gaps; len(found) != 1 || found[0].Blocking || !strings.Contains(found[0].Problem, "extra") {
			t.Errorf("%+v", found)
		}
	}
}

// record is what a Go program writes: other encodings, and types that DuckDB does not.
type record struct {
	ID      int32            `parquet:"id,delta"`
	Name    *string          `parquet:"name,dict,optional"`
	Long    int64            `parquet:"long,delta"`
	Text    string           `parquet:"text,delta,zstd"`
	Fixed   [4]byte          `parquet:"fixed"`
	Unsign  uint32           `parquet:"unsigned"`
	Millis  int64            `parquet:"millis,timestamp(millisecond)"`
	Nanos   int64            `parquet:"nanos,timestamp(nanosecond)"`
	Tags    []string         `parquet:"tags"`
	Listed  []int64          `parquet:"listed,list"`
	Sizes   map[string]int64 `parquet:"sizes"`
	Inner   inner            `parquet:"inner"`
	Several []inner          `parquet:"several"`
}

type inner struct {
	A string  `parquet:"a"`
	B []int32 `parquet:"b"`
}

func TestParquetOfGo(t *testing.T) {
	name := "n"
	rows := []record{
		{ID: 1, Name: &name, Long: 1 << 40, Text: "one", Fixed: [4]byte{'a', 'b', 'c', 'd'}, Unsign: 4_000_000_000, Millis: 1772323200123, Nanos: 1772323200123499999,
			Tags: []string{"x", "y"}, Listed: []int64{7}, Sizes: map[string]int64{"k": 9}, Inner: inner{"p", []int32{1, 2}}, Several: []inner{{"q", nil}, {"r", []int32{3}}}},
		{ID: 2, Text: "two"},
	}
	for _, version := range []int{1, 2} {
		c := newCase(t)
		c.write("b/t/a.parquet", parquetOf(t, rows, parquet.DataPageVersion(version)))
		e := c.open()
		must(t, e, `CREATE EXTERNAL TABLE t (id int, name string, long bigint, text varchar(2), fixed string, unsigned bigint, millis timestamp, nanos timestamp, tags array<string>,
			listed array<bigint>, sizes map<string,bigint>, `+"`inner`"+` struct<a:string,b:array<int>>, several array<struct<b:array<int>,a:string>>) STORED AS PARQUET LOCATION 's3://b/t/'`)
		at := time.UnixMilli(1772323200123).UTC()
		want := [][]any{
			{int64(1), "n", int64(1 << 40), "on", "abcd", int64(4_000_000_000), at, at, []any{"x", "y"}, []any{int64(7)}, map[string]any{"k": int64(9)},
				map[string]any{"a": "p", "b": []any{int64(1), int64(2)}}, []any{map[string]any{"a": "q", "b": []any{}}, map[string]any{"a": "r", "b": []any{int64(3)}}}},
			{int64(2), nil, int64(0), "tw", "\x00\x00\x00\x00", int64(0), time.Unix(0, 0).UTC(), time.Unix(0, 0).UTC(), []any{}, []any{}, map[string]any{},
				map[string]any{"a": "", "b": []any{}}, []any{}},
		}
		a := must(t, e, "SELECT * FROM t")
		if diff := cmp.Diff(want, a.rows); diff != "" {
			t.Errorf("version %d: %s", version, diff)
		}
		if len(a.stats.Quality.Gaps) > 0 {
			t.Errorf("%+v", a.stats.Quality.Gaps)
		}
	}
}

// TestInt96 reads the timestamps of old files.
func TestInt96(t *testing.T) {
	schema := parquet.NewSchema("x", parquet.Group{"moment": parquet.Optional(parquet.Leaf(parquet.Int96Type))})
	var b bytes.Buffer
	w := parquet.NewWriter(&b, schema)
	nanos := uint64(time.Hour + 1500*time.Millisecond)
	value := parquet.ValueOf(deprecated.Int96{uint32(nanos), uint32(nanos >> 32), 2440588 + 1})
	if _, err := w.WriteRows([]parquet.Row{{value.Level(0, 1, 0)}, {parquet.NullValue().Level(0, 0, 0)}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c := newCase(t)
	c.write("b/t/a.parquet", b.Bytes())
	e := c.open()
	must(t, e, "CREATE EXTERNAL TABLE t (moment timestamp) STORED AS PARQUET LOCATION 's3://b/t/'")
	want := [][]any{{time.Date(1970, 1, 2, 1, 0, 1, 500e6, time.UTC)}, {nil}}
	if diff := cmp.Diff(want, must(t, e, "SELECT moment FROM t").rows); diff != "" {
		t.Error(diff)
	}
}

// TestParquetThatDoesNotFit: what Athena refuses, or would answer with NULL in silence, is
// left out and said.
func TestParquetThatDoesNotFit(t *testing.T) {
	good := copied(t, "SELECT 7::BIGINT AS n, 'x' AS s")
	for _, test := range []struct{ columns, query, file, problem string }{
		{"n string, s string", "SELECT n FROM t", "", "its column n is INT64"},
		{"n timestamp, s string", "SELECT n FROM t", "", "the table's is timestamp: Athena fails with HIVE_BAD_DATA"},
		{"n bigint, s int", "SELECT s FROM t", "", "its column s is BYTE_ARRAY (STRING)"},
		{"n float, s string", "SELECT n FROM t", "", "its column n is INT64"},
		{"n array<bigint>, s string", "SELECT n FROM t", "", "its column n is INT64"},
		{"m bigint, q string", "SELECT m FROM t", "", "none of the columns that are asked for; it has n, s"},
		{"n bigint", "SELECT n FROM t", "n\n7\n", "the table reads Parquet, and this is text"},
		{"n bigint", "SELECT n FROM t", string(zipped(t, "7\n")), "this is gzip"},
		{"n bigint", "SELECT n FROM t", "PAR1" + strings.Repeat("x", 100), "breaks off in the middle (truncated Parquet"},
		{"n bigint", "SELECT n FROM t", "PAR1", "truncated Parquet"},
		{"n bigint", "SELECT n FROM t", "PAR1xxxx\xff\xff\xff\xffPAR1", "its description would be"},
		{"n bigint", "SELECT n FROM t", "PARExxxxxxxxPARE", "encrypted Parquet"},
		{"n bigint", "SELECT n FROM t", "PAR1\x15\x04\x04\x00\x00\x00PAR1", "damaged Parquet"},
	} {
		c := newCase(t)
		if test.file == "" {
			test.file = string(good)
		}
		c.write("b/t/a.parquet", []byte(test.file))
		e := c.open()
		must(t, e, "CREATE EXTERNAL TABLE t ("+test.columns+") STORED AS PARQUET LOCATION 's3://b/t/'")
		refused(t, e, test.query, "none of its 1 files could be used", test.problem)
	}
	// By place, when the table says so.
	c := newCase(t)
	c.write("b/t/a.parquet", good)
	e := c.open()
	must(t, e, `CREATE EXTERNAL TABLE t (other bigint, name string) ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
		WITH SERDEPROPERTIES ('parquet.column.index.access'='true') STORED AS PARQUET LOCATION 's3://b/t/'`)
	if diff := cmp.Diff([][]any{{int64(7), "x"}}, must(t, e, "SELECT other, name FROM t").rows); diff != "" {
		t.Error(diff)
	}
	// Parquet under a table of text is named.
	must(t, e, "CREATE EXTERNAL TABLE x (a string) LOCATION 's3://b/t/'")
	refused(t, e, "SELECT a FROM x", "none of its 1 files could be used", "Parquet")
}

// TestDamagedParquet: the rows before the damage are used, and nothing that a file says
// can stop the program.
func TestDamagedParquet(t *testing.T) {
	content := copied(t, "SELECT i AS n, 'text ' || i AS s, [i, i+1] AS l FROM range(20000) r(i)", "ROW_GROUP_SIZE 2048", "COMPRESSION uncompressed")
	c := newCase(t)
	c.write("b/t/good.parquet", copied(t, "SELECT 1::BIGINT AS n, 's' AS s, [1::BIGINT] AS l"))
	c.write("b/t/cut.parquet", content[:len(content)/2])
	middle := bytes.Clone(content)
	for i := len(middle) / 2; i < len(middle)/2+3000; i++ {
		middle[i] = 0xff
	}
	c.write("b/t/middle.parquet", middle)
	const table = "CREATE EXTERNAL TABLE t (n bigint, s string, l array<bigint>) STORED AS PARQUET LOCATION 's3://b/t/'"
	e := c.open()
	must(t, e, table)
	a := must(t, e, `SELECT count(*), count(n) FROM t WHERE "$path" LIKE '%middle%'`)
	rows := a.rows[0][0].(int64)
	if gap := about(a.stats.Quality.Gaps, "middle.parquet"); rows == 0 || rows > 15000 || len(gap) != 1 || !gap[0].Blocking ||
		!strings.Contains(gap[0].Problem, fmt.Sprintf("%d rows before the damage were used", rows)) {
		t.Errorf("%d rows, %+v", rows, gap)
	}
	if gap := about(a.stats.Quality.Gaps, "cut.parquet"); len(gap) != 1 || !gap[0].Blocking || !strings.Contains(gap[0].Problem, "breaks off") {
		t.Errorf("%+v", gap)
	}
	// Bytes of all parts changed, the same ones each time.
	small := copied(t, "SELECT i AS n, 'text ' || (i % 7) AS s, [i, i+1] AS l FROM range(500) r(i)")
	random := rand.New(rand.NewPCG(1, 2))
	c = newCase(t)
	for i := range 300 {
		changed := bytes.Clone(small)
		for range 1 + random.IntN(4) {
			changed[4+random.IntN(len(changed)-8)] = byte(random.Uint32())
		}
		c.write(fmt.Sprintf("b/t/%d.parquet", i), changed)
	}
	e = c.open()
	must(t, e, table)
	a = must(t, e, "SELECT count(*) FROM t WHERE n >= 0 OR s = '' OR cardinality(l) = 0")
	t.Logf("%v rows, %d gaps", a.rows[0][0], len(a.stats.Quality.Gaps))
}

// flowParquet is a flow log record as AWS delivers it in Parquet: the names with _, and
// no value where text has -.
type flowParquet struct {
	Version   *int32  `parquet:"version,optional"`
	Account   *string `parquet:"account_id,optional"`
	Interface *string `parquet:"interface_id,optional"`
	Src       *string `parquet:"srcaddr,optional"`
	Dst       *string `parquet:"dstaddr,optional"`
	SrcPort   *int32  `parquet:"srcport,optional"`
	DstPort   *int32  `parquet:"dstport,optional"`
	Protocol  *int32  `parquet:"protocol,optional"`
	Packets   *int64  `parquet:"packets,optional"`
	Bytes     *int64  `parquet:"bytes,optional"`
	Start     *int64  `parquet:"start,optional"`
	End       *int64  `parquet:"end,optional"`
	Action    *string `parquet:"action,optional"`
	Status    *string `parquet:"log_status,optional"`
	Direction *string `parquet:"flow_direction,optional"`
	Encrypted *int32  `parquet:"encryption_status,optional"`
}

func pointer[T any](value T) *T { return &value }

func flowRow(hour int, source string, bytes int64) flowParquet {
	start := march1.Add(time.Duration(hour) * time.Hour).Unix()
	return flowParquet{pointer[int32](10), pointer(account), pointer("eni-1"), &source, pointer("10.0.0.1"), pointer[int32](40000), pointer[int32](443), pointer[int32](6),
		pointer[int64](3), &bytes, &start, pointer(start + 60), pointer("ACCEPT"), pointer("OK"), pointer("ingress"), nil}
}

// TestFlowLogsInParquet reads the tables that Athena's guide gives for flow logs in Apache
// Parquet: by name=value folders, and by projection of hourly prefixes.
func TestFlowLogsInParquet(t *testing.T) {
	nodata := flowParquet{Version: pointer[int32](10), Account: pointer(account), Interface: pointer("eni-2"), Start: pointer(march1.Unix()), End: pointer(march1.Unix() + 60), Status: pointer("SKIPDATA")}
	c := newCase(t)
	for hour := range 3 {
		content := parquetOf(t, []flowParquet{flowRow(hour, "203.0.113.9", 100), nodata})
		c.write(fmt.Sprintf("hive/AWSLogs/aws-account-id=%s/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=03/day=01/hour=%02d/%s_vpcflowlogs_us-east-1_fl-1_20260301T%02d00Z_ab.log.parquet",
			account, hour, account, hour), content)
		c.write(fmt.Sprintf("plain/AWSLogs/%s/vpcflowlogs/us-east-1/2026/03/01/%02d/%s_vpcflowlogs_us-east-1_fl-1_20260301T%02d00Z_ab.log.parquet",
			account, hour, account, hour), content)
	}
	const columns = "(version int, account_id string, interface_id string, srcaddr string, dstaddr string, srcport int, dstport int, protocol bigint, packets bigint, bytes bigint, start bigint, `end` bigint, action string, log_status string, flow_direction string, encryption_status int)"
	e := c.open()
	must(t, e, "CREATE EXTERNAL TABLE IF NOT EXISTS hive "+columns+"\nPARTITIONED BY (`aws-account-id` string, `aws-service` string, `aws-region` string, `year` string, `month` string, `day` string, `hour` string)\n"+`
ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat' OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'
LOCATION 's3://hive/AWSLogs/' TBLPROPERTIES ('EXTERNAL'='true', 'skip.header.line.count'='1')`)
	must(t, e, "CREATE EXTERNAL TABLE IF NOT EXISTS hourly "+columns+`
PARTITIONED BY (region string, date string, hour string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat' OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'
LOCATION 's3://plain/AWSLogs/111122223333/vpcflowlogs/'
TBLPROPERTIES ("skip.header.line.count" = "1", "projection.enabled" = "true", "projection.region.type" = "enum", "projection.region.values" = "us-east-1,eu-west-1",
"projection.date.type" = "date", "projection.date.range" = "2026/03/01,NOW", "projection.date.format" = "yyyy/MM/dd",
"projection.hour.type" = "integer", "projection.hour.range" = "00,23", "projection.hour.digits" = "2",
"storage.location.template" = "s3://plain/AWSLogs/111122223333/vpcflowlogs/${region}/${date}/${hour}")`)
	must(t, e, "MSCK REPAIR TABLE hive")
	for table, hour := range map[string]string{"hive": `"hour" = '01'`, "hourly": `"hour" = '01'`} {
		a := must(t, e, "SELECT count(*), sum(bytes), count(srcaddr), min(action), max(encryption_status) FROM "+table)
		if diff := cmp.Diff([][]any{{int64(6), int64(300), int64(3), "ACCEPT", nil}}, a.rows); diff != "" {
			t.Error(table, diff)
		}
		if q := a.stats.Quality; q.Unit != "flow log records" || q.Examined != 6 {
			t.Errorf("%s: %+v", table, q)
		}
		if !hasProblem(a.stats.Quality, "records in 3 files say SKIPDATA", 3) {
			t.Errorf("%s: %+v", table, a.stats.Quality.Gaps)
		}
		a = must(t, e, "SELECT bytes, start FROM "+table+" WHERE srcaddr = '203.0.113.9' AND "+hour)
		if diff := cmp.Diff([][]any{{int64(100), march1.Add(time.Hour).Unix()}}, a.rows); diff != "" {
			t.Error(table, diff)
		}
	}
	// A table that has the source playbook's names finds nothing in Parquet, where names
	// count: Athena would give NULL for every address.
	must(t, e, `CREATE EXTERNAL TABLE renamed (version int, sourceaddress string, destinationaddress string, numbytes bigint) STORED AS PARQUET LOCATION 's3://hive/AWSLogs/'`)
	refused(t, e, "SELECT count(*) FROM renamed WHERE sourceaddress = '203.0.113.9'", "its column srcaddr is called sourceaddress in the table")
}

func hasProblem(q steps.Quality, problem string, count int64) bool {
	for _, gap := range q.Gaps {
		if strings.Contains(gap.Problem, problem) && gap.Count == count {
			return true
		}
	}
	return false
}

// FuzzParquet reads damaged files: whatever they say, reading ends and nothing escapes.
func FuzzParquet(f *testing.F) {
	f.Add(copied(f, "SELECT i AS n, 'text ' || (i % 7) AS s, [i, i+1] AS l FROM range(300) r(i)"))
	f.Add(copied(f, "SELECT i AS n, 'text ' || (i % 7) AS s, [i, i+1] AS l FROM range(300) r(i)", "PARQUET_VERSION v2", "COMPRESSION zstd"))
	f.Add(parquetOf(f, []struct {
		N int64   `parquet:"n,delta"`
		S string  `parquet:"s,dict"`
		L []int64 `parquet:"l,list"`
	}{{1, "a", []int64{1}}, {2, "b", nil}, {3, "a", []int64{4, 5, 6}}}))
	e := newCase(f).open()
	must(f, e, "CREATE EXTERNAL TABLE t (n bigint, s string, l array<bigint>) STORED AS PARQUET LOCATION 's3://b/t/'")
	t := e.tables["default.t"]
	file, err := os.Create(filepath.Join(f.TempDir(), "x"))
	if err != nil {
		f.Fatal(err)
	}
	defer file.Close()
	f.Fuzz(func(tt *testing.T, content []byte) {
		l := &loader{engine: e, table: t, columns: t.columns[:3], ctx: tt.Context(), store: &store{file: file}}
		w := &worker{loader: l, batch: newBatch(l.columns), group: &group{}}
		report := &fileReport{file: logFile{name: "b/t/x"}}
		w.newFileReader(report).readParquet(bytes.NewReader(content), int64(len(content)))
		if w.batch.rows != 0 || w.failed != nil {
			tt.Errorf("%d rows are left over, %v", w.batch.rows, w.failed)
		}
		rows := int64(0)
		for _, made := range w.group.batches {
			rows += int64(made.Rows)
		}
		if rows != report.rows {
			tt.Errorf("%d rows were handed over, %d are reported", rows, report.rows)
		}
	})
}
