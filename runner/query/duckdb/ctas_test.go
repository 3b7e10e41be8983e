package duckdb

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCreateTableAs(t *testing.T) {
	c := newCase(t)
	c.flows()
	before := names(t, c.dir)
	e := c.open()
	must(t, e, flowTable)
	must(t, e, `CREATE TABLE Talkers WITH (format = 'ORC', external_location = 's3://results/talkers/', bucketed_by = ARRAY['ip'], bucket_count = 4, write_compression = 'ZSTD') AS
		SELECT sourceaddress AS "IP", sum(numbytes) AS bytes, count(*) AS n, 'x' AS note, max(from_unixtime(starttime)) IS NULL AS never FROM vpcflow GROUP BY 1`)
	a := must(t, e, "SELECT * FROM talkers ORDER BY bytes")
	if diff := cmp.Diff([][]any{{"198.51.100.7", int64(120), int64(3), "x", false}, {"10.0.0.1", int64(144000), int64(72), "x", false}}, a.rows); diff != "" {
		t.Error(diff)
	}
	if got := typedNames(a.columns); got != "ip varchar, bytes bigint, n bigint, note varchar, never boolean" {
		t.Error(got)
	}
	if q := a.stats.Quality; q.Examined != 75 || q.Unit != "flow log records" {
		t.Errorf("the copy has looked at %+v", q)
	}
	if diff := cmp.Diff([][]any{{"ip", "string", ""}, {"bytes", "bigint", ""}, {"n", "bigint", ""}, {"note", "varchar(1)", ""}, {"never", "boolean", ""}},
		must(t, e, "DESCRIBE talkers").rows); diff != "" {
		t.Error(diff)
	}
	if rows := firsts(must(t, e, "SHOW CREATE TABLE talkers").rows); rows[0] != "CREATE EXTERNAL TABLE `talkers`(" || rows[len(rows)-1] != "  's3://results/talkers/'" {
		t.Errorf("%q", rows)
	}
	refused(t, e, "CREATE TABLE talkers AS SELECT 1 AS a", "line 1:14", "exists", "IF NOT EXISTS")
	must(t, e, "CREATE TABLE IF NOT EXISTS talkers AS SELECT 1 AS a")
	must(t, e, `CREATE TABLE by_day WITH (partitioned_by = ARRAY['action', 'date_partition']) AS SELECT numbytes, action, date_partition FROM vpcflow`)
	a = must(t, e, "SELECT sum(numbytes) FROM by_day WHERE date_partition = '2026/03/02' AND action = 'ACCEPT'")
	if a.rows[0][0] != int64(48000) || a.stats.Quality.Examined != 25 {
		// The condition on action is none on a partition of the flow logs.
		t.Errorf("%+v", a)
	}
	refused(t, e, "ALTER TABLE by_day ADD PARTITION (action = 'x', date_partition = 'y')", "made by CREATE TABLE AS")
	refused(t, e, "SHOW PARTITIONS by_day", "DISTINCT")
	must(t, e, "CREATE TABLE nested AS SELECT array_agg(DISTINCT action) AS actions, DATE '2026-03-01' AS d, CAST(1.5 AS decimal(5,2)) AS dec, from_unixtime(0) IS NULL AS b, CAST(1 AS real) AS r FROM vpcflow")
	if diff := cmp.Diff([][]any{{"actions", "array<string>", ""}, {"d", "date", ""}, {"dec", "decimal(5,2)", ""}, {"b", "boolean", ""}, {"r", "float", ""}}, must(t, e, "DESCRIBE nested").rows); diff != "" {
		t.Error(diff)
	}
	for sql, words := range map[string][]string{
		"CREATE TABLE x AS SELECT 1":                                                        {"line 1:19", "column 1 of the table x has no name"},
		"CREATE TABLE x AS VALUES (1, 2)":                                                   {"line 1:19", "has no name"},
		"CREATE TABLE x AS SELECT 1 AS a, 2 AS A":                                           {"two columns a"},
		"CREATE TABLE x AS SELECT NULL AS a":                                                {"NULL without a type", "CAST"},
		"CREATE TABLE x AS SELECT current_timestamp AS a":                                   {"timestamp(3) with time zone", "CAST"},
		"CREATE TABLE x AS\nSELECT numbites FROM vpcflow":                                   {"line 2:8", "there is no column numbites"},
		"CREATE TABLE x AS SELECT a FROM nothing":                                           {"no table or view"},
		"CREATE TABLE x WITH (formt = 'ORC') AS SELECT 1 AS a":                              {"line 1:22", "did you mean format?"},
		"CREATE TABLE x WITH (table_type = 'ICEBERG') AS SELECT 1 AS a":                     {"line 1:35", "Iceberg tables are not supported"},
		"CREATE TABLE x WITH (partitioned_by = ARRAY['a']) AS SELECT 1 AS a, 2 AS b":        {"line 1:39", "have to be the last columns"},
		"CREATE TABLE x WITH (partitioned_by = ARRAY['a']) AS SELECT 1 AS a":                {"line 1:39", "at least one column"},
		"CREATE TABLE x WITH (partitioned_by = ARRAY['c']) AS SELECT 1 AS a, 2 AS b":        {"line 1:39", "no column of the query"},
		"CREATE TABLE x WITH (bucketed_by = ARRAY['c'], bucket_count = 2) AS SELECT 1 AS a": {"no column of the query"},
	} {
		refused(t, e, sql, words...)
	}
	must(t, e, "CREATE VIEW v AS SELECT ip FROM talkers")
	refused(t, e, "CREATE TABLE v AS SELECT 1 AS a", "line 1:14", "there is a view")
	refused(t, e, "CREATE VIEW talkers AS SELECT 1 AS a", "there is a table")
	refused(t, e, `SELECT "$path" FROM talkers`, "$path")
	must(t, e, "DROP TABLE talkers")
	refused(t, e, "SELECT * FROM v", "the view v can no longer be read")
	if diff := cmp.Diff(before, names(t, c.dir)); diff != "" {
		t.Errorf("the case was written to: %s", diff)
	}
}

// TestACopyClearsNobody: what was wrong with a table's sources, and what was not looked at,
// is told of the table too, through copies of copies and after the sources were dropped.
func TestACopyClearsNobody(t *testing.T) {
	c := newCase(t)
	c.flows()
	whole := zipped(t, flowHeader+strings.Repeat(flow(3, 5, "10.0.0.9", "203.0.113.9", 443, 1, "ACCEPT"), 4000))
	c.write(flowPath(3, "b.log.gz"), whole[:len(whole)/2])
	e := c.open()
	must(t, e, flowTable)
	broken := "it breaks off in the middle (truncated)"
	isBroken := func(a answer) bool {
		for _, gap := range a.stats.Quality.Gaps {
			if strings.Contains(gap.Problem, broken) && gap.Blocking {
				return true
			}
		}
		return false
	}
	direct := must(t, e, "SELECT count(*) FROM vpcflow")
	if !isBroken(direct) {
		t.Fatalf("%+v", direct.stats.Quality)
	}
	if a := must(t, e, "CREATE TABLE hits AS SELECT sourceaddress, date_partition, starttime FROM vpcflow WHERE sourceaddress = '192.0.2.66'"); !isBroken(a) {
		t.Errorf("%+v", a.stats.Quality)
	}
	must(t, e, "CREATE TABLE again AS SELECT h.* FROM hits AS h")
	must(t, e, "DROP TABLE vpcflow")
	must(t, e, "DROP TABLE hits")
	must(t, e, "CREATE EXTERNAL TABLE vpcflow (line string) LOCATION 's3://nowhere/'") // of the same name
	for _, table := range []string{"again"} {
		a := must(t, e, "SELECT * FROM "+table)
		if len(a.rows) != 0 || !isBroken(a) || a.stats.Quality.Examined != direct.stats.Quality.Examined || a.stats.Quality.Unit != "flow log records" {
			t.Errorf("%s: nothing was found in %+v", table, a.stats.Quality)
		}
		a = must(t, e, "SELECT * FROM "+table+" WHERE date_partition = '2026/03/01'")
		if a.stats.Quality.Examined != 25 {
			t.Errorf("%s: of the first day %+v", table, a.stats.Quality)
		}
		a = must(t, e, "SELECT count(*) FROM "+table+" WHERE date_partition = '2026/04/01'")
		if a.stats.Quality.Examined != 0 || !strings.Contains(strings.Join(gapsOf(a.stats.Quality), "\n"), "!vpcflow no record of vpcflow meets the query's conditions") {
			t.Errorf("%s: of a day without records %+v", table, a.stats.Quality)
		}
		a = must(t, e, "WITH x AS (SELECT starttime AS s FROM "+table+") SELECT count(*) FROM x WHERE s < 100")
		if a.stats.Quality.Examined != 0 {
			t.Errorf("%s: of a time without records %+v", table, a.stats.Quality)
		}
	}
	must(t, e, "CREATE TABLE empty WITH (format = 'JSON') AS SELECT sourceaddress FROM again WITH NO DATA")
	a := must(t, e, "SELECT * FROM empty")
	if q := a.stats.Quality; q.Examined != 0 || len(a.rows) != 0 || !q.Gaps[0].Blocking {
		t.Errorf("%+v", q)
	}
	// A window without records: the copy is made, and clears nobody.
	e = c.open(func(o *Options) { o.Window.From, o.Window.To = march1.AddDate(1, 0, 0), march1.AddDate(1, 0, 1) })
	must(t, e, flowTable)
	must(t, e, "CREATE TABLE copy AS SELECT * FROM vpcflow")
	if a := must(t, e, "SELECT * FROM copy LIMIT 1"); a.stats.Quality.Examined != 0 || !strings.Contains(strings.Join(gapsOf(a.stats.Quality), "\n"), "lies in the window") {
		t.Errorf("%+v", a.stats.Quality)
	}
}

func TestInsertInto(t *testing.T) {
	c := newCase(t)
	c.flows()
	c.write("b/t/a.txt", []byte("1\n2\n"))
	e := c.open()
	must(t, e, flowTable)
	must(t, e, "CREATE EXTERNAL TABLE t (n int) LOCATION 's3://b/t/'")
	must(t, e, "CREATE TABLE seen AS SELECT sourceaddress AS ip, numbytes AS bytes, date_partition AS day FROM vpcflow WHERE action = 'REJECT'")
	must(t, e, "INSERT INTO seen VALUES ('192.0.2.1', 5, 'by hand'), ('192.0.2.2', NULL, NULL)")
	must(t, e, "INSERT INTO seen (bytes, ip) SELECT n, 'x' FROM t")
	a := must(t, e, "SELECT ip, bytes, day FROM seen ORDER BY bytes, day, ip")
	want := [][]any{{"x", int64(1), nil}, {"x", int64(2), nil}, {"192.0.2.1", int64(5), "by hand"}, {"198.51.100.7", int64(40), "2026/03/01"},
		{"198.51.100.7", int64(40), "2026/03/02"}, {"198.51.100.7", int64(40), "2026/03/03"}, {"192.0.2.2", nil, nil}}
	if diff := cmp.Diff(want, a.rows); diff != "" {
		t.Error(diff)
	}
	if q := a.stats.Quality; q.Examined != 75 || q.Unit != "flow log records" {
		t.Errorf("%+v", q)
	}
	if a := must(t, e, "SELECT count(*) FROM seen WHERE day = '2026/03/01'"); a.stats.Quality.Examined != 25 || a.rows[0][0] != int64(1) {
		t.Errorf("%+v", a)
	}
	must(t, e, "CREATE TABLE filled AS SELECT CAST(1 AS bigint) AS n, DATE '2026-01-01' AS d WITH NO DATA")
	must(t, e, "INSERT INTO filled SELECT n, NULL FROM t")
	if a := must(t, e, "SELECT n FROM filled ORDER BY n"); len(a.rows) != 2 || a.stats.Quality.Examined != 2 || len(a.stats.Quality.Gaps) != 0 {
		t.Errorf("%+v", a)
	}
	must(t, e, "CREATE TABLE notes AS SELECT 'x' AS note")
	must(t, e, "CREATE TABLE bucketed WITH (bucketed_by = ARRAY['n'], bucket_count = 2) AS SELECT 1 AS n")
	for sql, words := range map[string][]string{
		"INSERT INTO t SELECT 1":                         {"line 1:13", "files are evidence", "CREATE TABLE"},
		"INSERT INTO nothing SELECT 1":                   {"line 1:13", "there is no table"},
		"INSERT INTO seen SELECT 'a'":                    {"line 1:18", "gives 1 columns, and 3 are to be filled"},
		"INSERT INTO seen (ip, other) SELECT 'a', 'b'":   {"line 1:23", "no column other"},
		"INSERT INTO seen (ip, ip) SELECT 'a', 'b'":      {"line 1:23", "listed twice"},
		"INSERT INTO seen (bytes) SELECT 'a'":            {"line 1:26", "column 1 of the query is varchar(1), and bytes is bigint; CAST it"},
		"INSERT INTO notes SELECT 'ab'":                  {"varchar(2), and note is varchar(1)"},
		"INSERT INTO seen (bytes) SELECT 1.5E0":          {"double", "CAST it"},
		"INSERT INTO seen (ip) SELECT\n numbites FROM t": {"line 2:2", "no column numbites"},
		"INSERT INTO bucketed SELECT 1":                  {"line 1:13", "bucketed tables"},
		"DELETE FROM seen WHERE ip = 'x'":                {"DELETE cannot run on a case", "evidence is never altered"},
		"UPDATE seen SET ip = 'x'":                       {"UPDATE cannot run on a case"},
		"MERGE INTO seen USING t ON ip = 'x'":            {"MERGE cannot run on a case"},
		"OPTIMIZE seen REWRITE DATA USING BIN_PACK":      {"OPTIMIZE cannot run on a case"},
		"VACUUM seen": {"VACUUM cannot run on a case"},
		"UNLOAD (SELECT 1) TO 's3://b/' WITH (format='JSON')": {"UNLOAD cannot run on a case", "kept as evidence"},
	} {
		refused(t, e, sql, words...)
	}
	// An insert that fails has added nothing.
	refused(t, e, "INSERT INTO filled (n) SELECT 1 / (n - 1) FROM t", "division by zero")
	if a := must(t, e, "SELECT count(*) FROM filled"); a.rows[0][0] != int64(2) {
		t.Errorf("%v", a.rows)
	}
}
