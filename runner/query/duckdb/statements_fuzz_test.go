package duckdb

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// FuzzStatement runs one statement after the other on the same engine: whatever they are,
// it answers or refuses, and each row has a value for each column.
func FuzzStatement(f *testing.F) {
	c := newCase(f)
	c.flows()
	c.write("b/hive/year=2026/kind=a/x.txt", []byte("one\n"))
	e := c.open()
	for _, seed := range []string{hiveTable, "MSCK REPAIR TABLE h", "ALTER TABLE h ADD IF NOT EXISTS PARTITION (year=2026,kind='a') LOCATION 's3://b/'",
		"ALTER TABLE h DROP IF EXISTS PARTITION (year=2026)", "CREATE TABLE t WITH (partitioned_by=ARRAY['b']) AS SELECT 1 AS a, 'x' AS b",
		"CREATE TABLE u AS SELECT * FROM vpcflow WITH NO DATA", "INSERT INTO t SELECT 2, 'y'", "INSERT INTO t (b) SELECT action FROM vpcflow", "SELECT * FROM t",
		"SHOW TABLES 'v*'", "SHOW PARTITIONS h", "SHOW CREATE TABLE vpcflow", "DESCRIBE FORMATTED vpcflow", "DESCRIBE v", "SHOW COLUMNS IN t",
		"CREATE VIEW v AS SELECT sourceaddress FROM vpcflow", "SHOW CREATE VIEW v", "PREPARE p FROM SELECT ? + 1", "EXECUTE p USING 2", "DEALLOCATE PREPARE p",
		"EXECUTE IMMEDIATE 'SELECT ?, ''x''' USING 'y'", "CREATE DATABASE d", "DROP DATABASE d CASCADE", "DROP TABLE IF EXISTS t", "DROP VIEW v"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if a, err := ask(t.Context(), e, flowTable); err != nil {
			t.Fatal(a, err)
		}
		a, err := ask(t.Context(), e, sql)
		for _, row := range a.rows {
			if err == nil && len(row) != len(a.columns) {
				t.Errorf("%q: %d values in %d columns", sql, len(row), len(a.columns))
			}
		}
		if err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Errorf("%q: an error without a word", sql)
		}
	})
}

// TestPartitionsAreThoseOfAModel: after any statements on partitions a query reads the
// files of those that are registered, and of no others.
func TestPartitionsAreThoseOfAModel(t *testing.T) {
	c := newCase(t)
	const years, letters = 3, "ab"
	for year := range years {
		for _, kind := range letters {
			c.write(fmt.Sprintf("b/hive/year=%d/kind=%c/x.txt", 2024+year, kind), []byte(fmt.Sprintf("%d%c\n", 2024+year, kind)))
		}
	}
	e := c.open()
	rapid.Check(t, func(rt *rapid.T) {
		must(t, e, "DROP TABLE IF EXISTS h")
		must(t, e, hiveTable)
		model := map[string]bool{}
		for range rapid.IntRange(1, 6).Draw(rt, "statements") {
			year := 2024 + rapid.IntRange(0, years-1).Draw(rt, "year")
			kind := string(letters[rapid.IntRange(0, 1).Draw(rt, "kind")])
			name, guarded := fmt.Sprintf("year=%d/kind=%s", year, kind), rapid.Bool().Draw(rt, "guarded")
			sql, fails := "", false
			switch rapid.SampledFrom([]string{"add", "drop", "drop kind", "repair"}).Draw(rt, "statement") {
			case "add":
				sql = fmt.Sprintf("ALTER TABLE h ADD %sPARTITION (year = %d, kind = '%s')", map[bool]string{true: "IF NOT EXISTS "}[guarded], year, kind)
				fails = model[name] && !guarded
				model[name] = true
			case "drop":
				sql = fmt.Sprintf("ALTER TABLE h DROP %sPARTITION (year = %d, kind = '%s')", map[bool]string{true: "IF EXISTS "}[guarded], year, kind)
				fails = !model[name] && !guarded
				delete(model, name)
			case "drop kind":
				sql = fmt.Sprintf("ALTER TABLE h DROP IF EXISTS PARTITION (kind = '%s')", kind)
				maps.DeleteFunc(model, func(name string, _ bool) bool { return strings.HasSuffix(name, "kind="+kind) })
			case "repair":
				sql = "MSCK REPAIR TABLE h"
				for year := range years {
					for _, kind := range letters {
						model[fmt.Sprintf("year=%d/kind=%c", 2024+year, kind)] = true
					}
				}
			}
			if _, err := ask(t.Context(), e, sql); (err != nil) != fails {
				rt.Fatalf("%s: %v, want failure %v", sql, err, fails)
			}
			var want, got []string
			for _, name := range slices.Sorted(maps.Keys(model)) {
				want = append(want, strings.NewReplacer("year=", "", "/kind=", "").Replace(name))
			}
			listed := firsts(must(t, e, "SHOW PARTITIONS h").rows)
			slices.Sort(listed)
			if diff := cmp.Diff(slices.Sorted(maps.Keys(model)), listed); diff != "" {
				rt.Fatalf("after %s: %s", sql, diff)
			}
			a, err := ask(t.Context(), e, "SELECT line FROM h ORDER BY 1")
			if (err != nil) != (len(model) == 0) {
				rt.Fatalf("after %s: %v with %d partitions", sql, err, len(model))
			}
			if got = firsts(a.rows); !slices.Equal(got, want) {
				rt.Fatalf("after %s: read %q, want %q", sql, got, want)
			}
		}
	})
}
