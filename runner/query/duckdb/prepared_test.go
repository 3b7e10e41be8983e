package duckdb

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPreparedStatements(t *testing.T) {
	c := newCase(t)
	c.flows()
	e := c.open()
	must(t, e, flowTable)
	must(t, e, "PREPARE talkers FROM\nSELECT sourceaddress, sum(numbytes) AS bytes -- of one port\nFROM vpcflow WHERE destinationport = ? AND action IN (?, ?)\nGROUP BY 1 LIMIT ?")
	a := must(t, e, "EXECUTE Talkers USING 22, 'REJECT', 'x''y', 5")
	if diff := cmp.Diff([][]any{{"198.51.100.7", int64(120)}}, a.rows); diff != "" {
		t.Error(diff)
	}
	if q := a.stats.Quality; q.Examined != 75 || q.Unit != "flow log records" {
		t.Errorf("%+v", q)
	}
	if a := must(t, e, "EXECUTE talkers USING 400 + 43, 'ACCEPT', NULL, 1"); a.rows[0][1] != int64(144000) {
		t.Errorf("%v", a.rows)
	}
	// A value stays one value, whatever is in it.
	a = must(t, e, "EXECUTE IMMEDIATE 'SELECT count(*) FROM vpcflow WHERE sourceaddress = ?' USING 'x'' OR 1=1 --'")
	if a.rows[0][0] != int64(0) {
		t.Errorf("%v", a.rows)
	}
	a = must(t, e, "EXECUTE IMMEDIATE 'SELECT 10 -?, ? * 2, CAST(? AS date)' USING -1, 1 + 1, '2026-03-01'")
	if diff := cmp.Diff([][]any{{int64(11), int64(4), march1}}, a.rows); diff != "" {
		t.Error(diff)
	}
	for sql, words := range map[string][]string{
		"EXECUTE nothing":                                        {"line 1:9", "there is no prepared statement", "there are talkers"},
		"EXECUTE talkers USING 1":                                {"line 1:9", "in the prepared statement talkers, line 3:55: the statement has 4 ?, and 1 values are given"},
		"EXECUTE talkers USING 1, 'a', 'b', 2, 3":                {"line 2:1", "4 ?, and 5 values"},
		"EXECUTE talkers USING 1, 'a', b, 2":                     {"line 1:31", "a value is a constant"},
		"DEALLOCATE PREPARE nothing":                             {"line 1:20", "there is no prepared statement"},
		"PREPARE talkers FROM SELECT 1":                          {"line 1:9", "there is a prepared statement talkers", "DEALLOCATE PREPARE talkers"},
		"PREPARE p FROM\n UNLOAD (SELECT 1) TO 's3://b/'":        {"line 2:2", "UNLOAD cannot run on a case"},
		"EXECUTE IMMEDIATE 'SELECT 1,\n ''a'', nn FROM vpcflow'": {"line 2:9", "there is no column nn"},
		"EXECUTE IMMEDIATE 'SELECT * FROM vpcflw'":               {"line 1:34", `did you mean vpcflow?`},
		"EXECUTE IMMEDIATE 'UNLOAD (SELECT 1) TO ''s3://b/'''":   {"line 1:20", "UNLOAD cannot run on a case"},
	} {
		refused(t, e, sql, words...)
	}
	// Mistakes in the body are shown where they stand in PREPARE; what there is is looked
	// up when it runs.
	must(t, e, "PREPARE wrong FROM SELECT\n ? AS a, numbites FROM vpcflow")
	refused(t, e, "EXECUTE wrong USING 'a long value'", "line 1:9: in the prepared statement wrong, line 2:10: there is no column numbites", `did you mean numbytes?`)
	must(t, e, "PREPARE divide FROM SELECT 1 / (numbytes - ?) FROM vpcflow")
	err := refused(t, e, "EXECUTE divide USING 1000", "in the prepared statement divide", "division by zero")
	var m *Mistake
	if !errors.As(err, &m) {
		t.Errorf("%T", err)
	}
	must(t, e, "DEALLOCATE PREPARE Talkers")
	refused(t, e, "EXECUTE talkers USING 1", "there is no prepared statement")
	// What changes the catalog does so when it runs.
	must(t, e, "PREPARE make FROM CREATE TABLE rejected AS SELECT sourceaddress FROM vpcflow WHERE action = ?")
	refused(t, e, "SELECT * FROM rejected", "no table")
	must(t, e, "EXECUTE make USING 'REJECT'")
	must(t, e, "EXECUTE IMMEDIATE 'INSERT INTO rejected VALUES (?)' USING 'by hand'")
	if a := must(t, e, "SELECT count(*) FROM rejected"); a.rows[0][0] != int64(4) {
		t.Errorf("%v", a.rows)
	}
}

func TestOffsetOf(t *testing.T) {
	const text = "SELECT\n 'é', x\n\nFROM"
	for _, test := range []struct{ line, column, want int }{{1, 1, 0}, {2, 2, 8}, {2, 7, 14}, {4, 1, 17}, {4, 9, 21}} {
		if got := offsetOf(text, test.line, test.column); got != test.want {
			t.Errorf("%d:%d is at %d, want %d", test.line, test.column, got, test.want)
		}
	}
}
