package duckdb

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMarksInTextAreText: the characters that the translator marks places with mean
// nothing in what a playbook or a log says.
func TestMarksInTextAreText(t *testing.T) {
	c := newCase(t)
	c.flows()
	e := c.open()
	must(t, e, flowTable)
	for mark := byte(1); mark < 16; mark++ {
		if mark == '\n' || mark == '\r' {
			continue
		}
		m := string(mark)
		text := "a" + m + "0 b" + m + "1" + string(mark+1)
		for sql, want := range map[string][][]any{
			"SELECT '" + text + "' AS x, count(*) AS n FROM vpcflow WHERE sourceaddress <> '" + text + "' AND '" + text + "' = '" + text + "'": {{text, int64(75)}},
			"SELECT count(*) FROM vpcflow WHERE sourceaddress = '" + text + "' OR sourceaddress IN ('10.0.0.1', '" + m + "')":                  {{int64(72)}},
			"SELECT count(*) FROM (SELECT sourceaddress AS s FROM vpcflow) AS q WHERE s <> '" + text + "'":                                     {{int64(75)}},
			"SELECT r.\"f" + text + "\" FROM (SELECT CAST(ROW(1) AS ROW(\"f" + text + "\" bigint)) AS r)":                                      {{int64(1)}},
			"SELECT typeof(CAST(ROW(1) AS ROW(\"f" + text + "\" bigint))) <> '', count(*) FROM vpcflow":                                        {{true, int64(75)}},
			"SELECT TRY_CAST('" + text + "' AS bigint) IS NULL":                                                                                {{true}},
			"SELECT x.\"" + text + "\" FROM (SELECT 5 AS \"" + text + "\") AS x":                                                               {{int64(5)}},
		} {
			a, err := ask(t.Context(), e, sql)
			if err != nil {
				t.Errorf("%q: %v", sql, err)
				continue
			}
			for _, row := range a.rows {
				for i := range row {
					if n, ok := row[i].(int32); ok {
						row[i] = int64(n)
					}
				}
			}
			if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(a.rows)); diff != "" {
				t.Errorf("%q: %s", sql, diff)
			}
		}
	}
}
