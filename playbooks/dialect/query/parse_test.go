package query

import (
	"testing"

	"playbook/playbooks/dialect"
)

func FuzzParse(f *testing.F) {
	f.Add("SELECT a.b[1], x -> x + 1, (a, b) -> a FROM t LEFT JOIN u USING (k) WHERE a IN (1, 2) ORDER BY 1 LIMIT 3")
	f.Add("WITH a AS (VALUES (1, 'x'), 2) SELECT count(*) FILTER (WHERE x > ALL (SELECT 1)) OVER (PARTITION BY a ROWS 1 PRECEDING) FROM a GROUP BY ROLLUP (a, (b, c))")
	f.Fuzz(func(t *testing.T, sql string) {
		s, mistakes := dialect.Parse(sql)
		if len(mistakes) > 0 || s.Class != dialect.Select {
			return
		}
		q, mistake := Parse(s)
		if (q == nil) == (mistake == nil) {
			t.Fatalf("%q gives %v and %v", sql, q, mistake)
		}
		if mistake != nil && (mistake.Offset < 0 || mistake.Offset > len(sql)) {
			t.Fatalf("%q: the mistake is at %d", sql, mistake.Offset)
		}
	})
}
