package duckdb

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

const hiveTable = "CREATE EXTERNAL TABLE h (line string) PARTITIONED BY (year int, kind string) LOCATION 's3://b/hive/'"

// gapsOf are the problems of an answer, blocking ones with a ! in front.
func gapsOf(q steps.Quality) []string {
	var list []string
	for _, gap := range q.Gaps {
		list = append(list, strings.Repeat("!", map[bool]int{true: 1}[gap.Blocking])+gap.Source+" "+gap.Problem)
	}
	return list
}

func firsts(rows [][]any) []string {
	var list []string
	for _, row := range rows {
		list = append(list, fmt.Sprint(row[0]))
	}
	return list
}

// TestWithoutPartitionsNothingIsFound: a partitioned table of which nothing is registered
// holds nothing on Athena. That must not look like an answer.
func TestWithoutPartitionsNothingIsFound(t *testing.T) {
	c := newCase(t)
	c.write("b/hive/year=2026/kind=a/x.txt", []byte("one\n"))
	e := c.open()
	must(t, e, hiveTable)
	for _, sql := range []string{"SELECT count(*) FROM h", "SELECT * FROM h WHERE year = 2026"} {
		refused(t, e, sql, "the table h has no partitions", "MSCK REPAIR TABLE h", "ALTER TABLE h ADD PARTITION", "year=…/kind=…")
	}
	a := must(t, e, "SHOW PARTITIONS h")
	if len(a.rows) != 0 || a.stats.Quality.Examined != 0 {
		t.Errorf("nothing is registered, and %+v", a)
	}
	must(t, e, "CREATE VIEW v AS SELECT line FROM h")
	refused(t, e, "SELECT * FROM v", "has no partitions")
}

func TestRepair(t *testing.T) {
	c := newCase(t)
	c.write("b/hive/year=2026/kind=a/x.txt", []byte("one\n"))
	c.write("b/hive/year=2026/kind=a/deeper/y.txt", []byte("two\n"))
	c.write("b/hive/year=2025/kind=b%2Fc/x.txt", []byte("three\n"))
	c.write("b/hive/year=2025/Kind=d/x.txt", []byte("camel\n"))
	c.write("b/hive/2024/x.txt", []byte("stray\n"))
	c.write("b/hive/year=2024/x.txt", []byte("not deep enough\n"))
	e := c.open()
	must(t, e, hiveTable)
	a := must(t, e, "MSCK REPAIR TABLE h")
	want := []string{
		"Partitions not in metastore:\th:year=2025/kind=b%2Fc\th:year=2026/kind=a\th:year=2025/Kind=d",
		"Repair: Added partition to metastore h:year=2025/kind=b%2Fc",
		"Repair: Added partition to metastore h:year=2026/kind=a",
	}
	if diff := cmp.Diff(want, firsts(a.rows)); diff != "" {
		t.Error(diff)
	}
	camel := "!s3://b/hive/ folders are not added as partitions, because their names are not in lower case; add them with ALTER TABLE ADD PARTITION … LOCATION"
	if diff := cmp.Diff([]string{camel}, gapsOf(a.stats.Quality)); diff != "" {
		t.Error(diff)
	}
	a = must(t, e, "SELECT line, year, kind FROM h ORDER BY line")
	if diff := cmp.Diff([][]any{{"one", int64(2026), "a"}, {"three", int64(2025), "b/c"}, {"two", int64(2026), "a"}}, a.rows); diff != "" {
		t.Error(diff)
	}
	if q := a.stats.Quality; len(q.Gaps) != 1 || q.Gaps[0].Count != 3 || q.Gaps[0].Blocking || !strings.Contains(q.Gaps[0].Problem, "not under any partition") {
		t.Errorf("the three files that no partition holds: %+v", q)
	}
	if diff := cmp.Diff([]string{"year=2025/kind=b%2Fc", "year=2026/kind=a"}, firsts(must(t, e, "SHOW PARTITIONS h").rows)); diff != "" {
		t.Error(diff)
	}
	// It adds and never takes away.
	if a := must(t, e, "MSCK REPAIR TABLE h"); len(a.rows) != 1 { // the one in camel case
		t.Errorf("%v", a.rows)
	}
	must(t, e, "ALTER TABLE h ADD PARTITION (year = 2023, kind = 'gone')")
	a = must(t, e, "MSCK REPAIR TABLE h")
	if !slices.Contains(firsts(a.rows), "Partitions missing from filesystem:\th:year=2023/kind=gone") {
		t.Errorf("%v", a.rows)
	}

	must(t, e, "CREATE EXTERNAL TABLE empty (line string) PARTITIONED BY (other string) LOCATION 's3://b/hive/'")
	a = must(t, e, "MSCK REPAIR TABLE empty")
	if diff := cmp.Diff([]string{"!s3://b/hive/ no folder other=… lies there, and the table has no partitions"}, gapsOf(a.stats.Quality)); diff != "" || len(a.rows) != 0 {
		t.Error(diff, a.rows)
	}
	refused(t, e, "SELECT * FROM empty", "has no partitions")
	must(t, e, "CREATE EXTERNAL TABLE typed (line string) PARTITIONED BY (kind int) LOCATION 's3://b/hive/year=2026/'")
	refused(t, e, "MSCK REPAIR TABLE typed", "s3://b/hive/year=2026/kind=a/ gives no int")
	must(t, e, "CREATE EXTERNAL TABLE away (line string) PARTITIONED BY (kind int) LOCATION 's3://b/away/'")
	refused(t, e, "MSCK REPAIR TABLE away", "aws s3 sync s3://b/away/")
	must(t, e, "CREATE EXTERNAL TABLE plain (line string) LOCATION 's3://b/hive/'")
	if a := must(t, e, "MSCK REPAIR TABLE plain"); len(a.rows) != 0 {
		t.Errorf("%v", a.rows)
	}
	refused(t, e, "MSCK REPAIR TABLE nothing", "line 1:19", "there is no table")
}

// TestNullPartitions: Hive writes NULL as a name of its own.
func TestNullPartitions(t *testing.T) {
	c := newCase(t)
	c.write("b/hive/year=__HIVE_DEFAULT_PARTITION__/kind=__HIVE_DEFAULT_PARTITION__/x.txt", []byte("one\ntwo\n"))
	c.write("b/hive/year=2026/kind=a/x.txt", []byte("three\n"))
	e := c.open()
	must(t, e, hiveTable)
	must(t, e, "MSCK REPAIR TABLE h")
	a := must(t, e, "SELECT line, year, kind FROM h ORDER BY line")
	if diff := cmp.Diff([][]any{{"one", nil, nil}, {"three", int64(2026), "a"}, {"two", nil, nil}}, a.rows); diff != "" || len(a.stats.Quality.Gaps) != 0 {
		t.Error(diff, a.stats.Quality)
	}
	if a := must(t, e, "SELECT count(*) FROM h WHERE kind IS NULL"); a.rows[0][0] != int64(2) || a.stats.Quality.Examined != 2 {
		t.Errorf("%+v", a)
	}
}

func TestRepairFollowsNoLink(t *testing.T) {
	c := newCase(t)
	c.write("b/hive/year=2026/kind=a/x.txt", []byte("one\n"))
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "x.txt"), []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(c.dir, "s3/b/hive/year=2026/kind=evil")); err != nil {
		t.Skip(err)
	}
	e := c.open()
	must(t, e, hiveTable)
	a := must(t, e, "MSCK REPAIR TABLE h")
	if diff := cmp.Diff([]string{"!s3://b/hive/year=2026/kind=evil is a link, and is not followed"}, gapsOf(a.stats.Quality)); diff != "" {
		t.Error(diff)
	}
	must(t, e, "ALTER TABLE h ADD PARTITION (year = 2026, kind = 'evil')")
	a = must(t, e, "SELECT line FROM h")
	if diff := cmp.Diff([][]any{{"one"}}, a.rows); diff != "" {
		t.Errorf("a file outside the case was read: %s", diff)
	}
	if len(a.stats.Quality.Gaps) == 0 || !a.stats.Quality.Gaps[0].Blocking {
		t.Errorf("%+v", a.stats.Quality)
	}
}

func TestAddAndDropPartitions(t *testing.T) {
	c := newCase(t)
	c.write("b/hive/year=2026/kind=a/x.txt", []byte("one\n"))
	c.write("elsewhere/2025/x.txt", []byte("two\nthree\n"))
	c.write("b/hive/year=2024/kind=c/x.txt", []byte("not added\n"))
	e := c.open()
	must(t, e, hiveTable)
	must(t, e, "ALTER TABLE h ADD PARTITION (year = 2026, kind = 'a') PARTITION (kind = 'b', year = '2025') LOCATION 's3://elsewhere/2025/'")
	const all = "SELECT line, year, kind FROM h ORDER BY year, line"
	a := must(t, e, all)
	if diff := cmp.Diff([][]any{{"three", int64(2025), "b"}, {"two", int64(2025), "b"}, {"one", int64(2026), "a"}}, a.rows); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"s3://b/hive/ files are not under any partition of the table, and were not read"}, gapsOf(a.stats.Quality)); diff != "" {
		t.Error(diff)
	}
	if a := must(t, e, `SELECT DISTINCT "$path" FROM h WHERE year = 2025`); a.rows[0][0] != "s3://elsewhere/2025/x.txt" || a.stats.Quality.Examined != 2 {
		t.Errorf("%+v", a)
	}
	for sql, words := range map[string][]string{
		"ALTER TABLE h ADD PARTITION (year = 2026, kind = 'a')":                                             {"line 1:19", "has the partition year=2026/kind=a already", "IF NOT EXISTS"},
		"ALTER TABLE h ADD PARTITION (year = 02026, kind = 'a')":                                            {"already"},
		"ALTER TABLE h ADD PARTITION (year = 2020, kind = 'x') PARTITION (year = 2020, kind = 'x')":         {"line 1:55", "already"},
		"ALTER TABLE h ADD PARTITION (year = 2026)":                                                         {"line 1:19", "lacks a value for kind"},
		"ALTER TABLE h ADD PARTITION (year = 2026, kind = 'a',\n month = 3)":                                {"line 2:2", "no partition column month; it has year, kind"},
		"ALTER TABLE h ADD PARTITION (year = 'abc', kind = 'a')":                                            {"line 1:30", `"abc" is no int`},
		"ALTER TABLE h ADD PARTITION (year = 2020, kind = 'a') LOCATION 's3://'":                            {"line 1:64", "cannot be a folder"},
		"ALTER TABLE nothing ADD PARTITION (year = 2020)":                                                   {"line 1:13", "there is no table"},
		"ALTER TABLE h DROP PARTITION (year = 1999)":                                                        {"line 1:20", "no such partition", "IF EXISTS"},
		"ALTER TABLE h DROP PARTITION (month = 1)":                                                          {"line 1:31", "no partition column month"},
		"ALTER TABLE h SET LOCATION 's3://x/'":                                                              {"cannot run on a case", "DROP TABLE"},
		"ALTER TABLE h PARTITION (year = 2026, kind = 'a') RENAME TO PARTITION (year = 2026, kind = 'b')":   {"cannot run on a case"},
		"ALTER TABLE h ADD IF NOT EXISTS PARTITION (year = 2026, kind = 'a') PARTITION (year=1, kind = 'x'": {"not closed"},
	} {
		refused(t, e, sql, words...)
	}
	// A statement that fails has changed nothing.
	if a := must(t, e, "SHOW PARTITIONS h"); len(a.rows) != 2 || a.stats.Quality.Examined != 2 || a.stats.Quality.Unit != "partitions" {
		t.Errorf("%+v", a)
	}
	must(t, e, "ALTER TABLE h ADD IF NOT EXISTS PARTITION (year = 2026, kind = 'a') LOCATION 's3://ignored/'")
	if a := must(t, e, all); len(a.rows) != 3 {
		t.Errorf("%v", a.rows)
	}
	// A partition without files could hide what is looked for.
	must(t, e, "ALTER TABLE h ADD PARTITION (year = 2019, kind = 'lost')")
	a = must(t, e, all)
	if gaps := gapsOf(a.stats.Quality); len(a.rows) != 3 || gaps[0] != "!h 1 of 3 registered partitions have no file in the case: they may be empty, or were not copied" {
		t.Errorf("%v %q", a.rows, gaps)
	}
	must(t, e, "ALTER TABLE h DROP PARTITION (year = 2019), PARTITION (kind = 'b')")
	if diff := cmp.Diff([][]any{{"one", int64(2026), "a"}}, must(t, e, all).rows); diff != "" {
		t.Error(diff)
	}
	must(t, e, "ALTER TABLE h DROP IF EXISTS PARTITION (year = 2019)")
	must(t, e, "ALTER TABLE h DROP PARTITION (kind = 'a')")
	refused(t, e, all, "has no partitions")
	must(t, e, "ALTER TABLE h ADD PARTITION (year = 2018, kind = 'x')")
	refused(t, e, all, "every file of the 1 registered partitions", "aws s3 sync s3://b/hive/year=2018/kind=x/")

	must(t, e, "CREATE EXTERNAL TABLE plain (line string) LOCATION 's3://elsewhere/'")
	refused(t, e, "ALTER TABLE plain ADD PARTITION (a = 1)", "line 1:13", "not partitioned")
	refused(t, e, "SHOW PARTITIONS plain", "line 1:17", "not partitioned")
}

// TestPartitionsOfProjection: on Athena what is registered has no effect then.
func TestPartitionsOfProjection(t *testing.T) {
	c := newCase(t)
	c.flows()
	e := c.open()
	must(t, e, flowTable)
	const note = "vpcflow the table uses partition projection: partitions that are registered have no effect on queries"
	a := must(t, e, "ALTER TABLE vpcflow ADD PARTITION (date_partition = '1999/01/01', region_partition = 'x', account_partition = 'y') LOCATION 's3://nowhere/'")
	if diff := cmp.Diff([]string{note}, gapsOf(a.stats.Quality)); diff != "" {
		t.Error(diff)
	}
	if a := must(t, e, "SELECT count(*) FROM vpcflow"); a.rows[0][0] != int64(75) {
		t.Errorf("%v", a.rows)
	}
	a = must(t, e, "MSCK REPAIR TABLE vpcflow")
	if !slices.Contains(gapsOf(a.stats.Quality), note) {
		t.Errorf("%v", a.stats.Quality)
	}
	if a := must(t, e, "SHOW PARTITIONS vpcflow"); len(a.rows) != 1 || a.stats.Quality.Examined != 1 {
		t.Errorf("%+v", a)
	}
}
