package duckdb

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// many writes flow logs of three days: enough for several batches, few addresses, some
// records without data, which have NULL in most columns.
func (c evidence) many(records int) {
	random := rand.New(rand.NewPCG(1, 2))
	for day := 1; day <= 3; day++ {
		var b strings.Builder
		b.WriteString(flowHeader)
		for i := range records / 3 {
			start := march1.AddDate(0, 0, day-1).Add(time.Duration(i) * 24 * time.Hour / time.Duration(records/3)).Unix()
			if random.IntN(20) == 0 {
				fmt.Fprintf(&b, "2 %s eni-%d - - - - - - - %d %d - NODATA\n", account, random.IntN(3), start, start+60)
				continue
			}
			address := func() string { return fmt.Sprintf("10.0.%d.%d", day%2*random.IntN(2), random.IntN(9)) }
			fmt.Fprintf(&b, "2 %s eni-%d %s %s %d %d 6 10 %d %d %d %s OK\n", account, random.IntN(3), address(), address(), 30000+random.IntN(9),
				[]int{22, 443, 3389, 53}[random.IntN(4)], random.IntN(1000), start, start+60, []string{"ACCEPT", "REJECT"}[random.IntN(2)])
		}
		c.write(flowPath(day, "a.log.gz"), zipped(c.t, b.String()))
	}
}

// condition draws what WHERE could say of a table, with columns under a prefix.
func condition(t *rapid.T, prefix string, depth int) string {
	draw := func(label string, list ...string) string { return rapid.SampledFrom(list).Draw(t, label) }
	text := func() string {
		return draw("text", "'10.0.0.1'", "'10.0.1.3'", "'10.0.0.8'", "'nobody'", "''", "'10.0.1'")
	}
	number := func() string {
		return draw("number", "22", "443", "0", "-1", "100", "30004", "9999999999", "2147483647")
	}
	switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
	case depth > 0 && kind == 0:
		return "(" + condition(t, prefix, depth-1) + " OR " + condition(t, prefix, depth-1) + ")"
	case depth > 0 && kind == 1:
		return "(" + condition(t, prefix, depth-1) + " AND " + condition(t, prefix, depth-1) + ")"
	case depth > 0 && kind == 2:
		return "NOT " + condition(t, prefix, depth-1)
	case kind == 3:
		return prefix + "date_partition BETWEEN " + draw("from", "'2026/03/01'", "'2026/03/02'", "'2026/03/03'", "'2026/02/01'") + " AND " + draw("to", "'2026/03/01'", "'2026/03/02'", "'2026/03/09'")
	case kind == 4:
		at := march1.Add(time.Duration(rapid.IntRange(-10, 90).Draw(t, "hour")) * time.Hour).Unix()
		return fmt.Sprintf("%sstarttime %s %d", prefix, draw("operator", ">=", "<", "<=", ">", "=", "<>"), at)
	case kind == 5:
		column := prefix + draw("texts", "sourceaddress", "destinationaddress")
		return column + draw("not", " IN (", " NOT IN (") + text() + ", " + text() + ")"
	case kind == 6:
		column := prefix + draw("integers", "destinationport", "numbytes", "sourceport")
		return column + draw("not", " IN (", " NOT IN (") + number() + ", " + number() + ")"
	case kind == 7:
		return prefix + draw("integers", "destinationport", "numbytes", "protocol") + draw("operator", " = ", " >= ", " < ", " BETWEEN 22 AND ") + number()
	case kind == 8:
		return draw("nulls", prefix+"sourceaddress IS NULL", prefix+"action = 'ACCEPT'", "'OK' = "+prefix+"logstatus", prefix+"logstatus <> 'OK'", "443 > "+prefix+"destinationport")
	}
	return prefix + draw("texts", "sourceaddress", "destinationaddress", "action", "interfaceid") + draw("operator", " = ", " >= ", " <= ", " < ", " <> ") + text()
}

// TestNarrowedScansGiveTheSame asks everything twice: with scans that leave out rows, and
// with DuckDB seeing them all.
func TestNarrowedScansGiveTheSame(t *testing.T) {
	c := newCase(t)
	c.many(150_000)
	narrow, whole := c.open(), c.open()
	whole.whole = true
	for _, e := range []*Engine{narrow, whole} {
		must(t, e, flowTable)
		must(t, e, `CREATE VIEW talk AS SELECT sourceaddress AS a, destinationaddress AS b, destinationport AS port, starttime, date_partition, numbytes, action
			FROM vpcflow WHERE logstatus = 'OK' UNION ALL SELECT destinationaddress, sourceaddress, sourceport, starttime, date_partition, -numbytes, action FROM vpcflow`)
	}
	if batches := len(narrow.tables[catalogKey("", "vpcflow")].loadedFor(t, narrow).batches); batches < 3 {
		t.Fatalf("%d batches", batches)
	}
	shapes := []string{
		`SELECT count(*), sum(numbytes), min(starttime), count(destinationport), max(destinationaddress) FROM vpcflow WHERE %s`,
		`SELECT sourceaddress, destinationport, count(*) FROM vpcflow WHERE %s GROUP BY 1, 2`,
		`SELECT * FROM (SELECT interfaceid, numbytes, flow_direction, tcpflags FROM vpcflow WHERE %s ORDER BY starttime, numbytes, interfaceid LIMIT 50)`,
		`SELECT count(*), sum(x.numbytes) FROM (SELECT * FROM vpcflow WHERE logstatus = 'OK') AS x WHERE %[2]s`,
		`WITH w AS (SELECT * FROM vpcflow) SELECT (SELECT count(*) FROM w WHERE %s), count(*) FROM w AS x WHERE %s`,
		`WITH w AS (SELECT * FROM vpcflow WHERE %s) SELECT count(*), sum(x.numbytes) FROM w AS x WHERE %s`,
		`SELECT count(*), sum(x.numbytes), count(v.v) FROM vpcflow AS x LEFT JOIN (VALUES ('10.0.0.1', 1), ('10.0.1.3', 2)) AS v(ip, v) ON x.sourceaddress = v.ip WHERE %[2]s`,
		`SELECT count(*), sum(x.numbytes) FROM (VALUES ('10.0.0.1'), ('nobody')) AS v(ip) LEFT JOIN vpcflow AS x ON x.sourceaddress = v.ip AND %[2]s`,
		`SELECT count(*), sum(x.numbytes) FROM (VALUES ('10.0.0.1'), ('nobody')) AS v(ip) LEFT JOIN vpcflow AS x ON x.sourceaddress = v.ip WHERE %[2]s`,
		`SELECT count(*), sum(x.numbytes) FROM (VALUES ('10.0.0.1'), ('nobody')) AS v(ip) FULL JOIN vpcflow AS x ON x.sourceaddress = v.ip WHERE %[2]s OR v.ip = 'nobody'`,
		`SELECT count(*), sum(x.numbytes) FROM vpcflow AS x RIGHT JOIN (VALUES ('10.0.0.1'), ('nobody')) AS v(ip) ON x.sourceaddress = v.ip WHERE %[2]s`,
		`SELECT count(*) FROM (VALUES ('10.0.0.1'), ('nobody')) AS v(ip) JOIN vpcflow AS x ON x.sourceaddress = v.ip AND %[2]s`,
		`SELECT ip, EXISTS (SELECT 1 FROM vpcflow AS x WHERE x.sourceaddress = v.ip AND %[2]s) FROM (VALUES ('10.0.0.1'), ('nobody')) AS v(ip)`,
		`SELECT count(*) FROM vpcflow AS x WHERE x.numbytes < 100 AND x.sourceaddress IN (SELECT y.destinationaddress FROM vpcflow AS y WHERE x.action = 'ACCEPT' AND y.numbytes < 10 AND %[2]s)`,
		`SELECT action, count(*), sum(numbytes) FROM talk AS x WHERE a = '10.0.0.1' AND port <> 1 AND starttime >= 1772330000 GROUP BY action HAVING count(*) > 0`,
		`SELECT a, b, count(*) FROM talk WHERE date_partition = '2026/03/02' AND (a = '10.0.0.1' OR b = '10.0.0.1') GROUP BY a, b`,
		`SELECT count(*) FROM (SELECT a, port FROM talk WHERE a <= '10.0.0.5' EXCEPT SELECT b, port FROM talk WHERE port < 400) AS d WHERE d.a = '10.0.0.1'`,
		`SELECT count(*) FROM (SELECT a, row_number() OVER (ORDER BY numbytes, starttime, a, b, port) AS n FROM talk WHERE port = 22) AS d WHERE d.a = '10.0.0.1' AND d.n < 1000`,
		`SELECT count(*) FROM (SELECT sourceaddress AS a, sum(numbytes) AS total FROM vpcflow WHERE %s GROUP BY sourceaddress) AS d WHERE d.a >= '10.0.0.1' AND d.total > 10`,
		`SELECT date_format(from_unixtime(starttime), '%%Y-%%m-%%d %%H') AS hour, count(*) FROM vpcflow WHERE %s GROUP BY 1`,
		`SELECT interfaceid, date_format(from_unixtime(starttime), '%%d.%%m.%%Y'), count(*), grouping(interfaceid) FROM vpcflow WHERE %s GROUP BY ROLLUP (1, 2)`,
	}
	rapid.Check(t, func(rt *rapid.T) {
		shape := rapid.SampledFrom(shapes).Draw(rt, "shape")
		sql := shape
		if strings.Contains(shape, "%") {
			sql = fmt.Sprintf(strings.ReplaceAll(strings.ReplaceAll(shape, "%s", "%[1]s"), "FROM w AS x WHERE %[1]s", "FROM w AS x WHERE %[2]s"), condition(rt, "", 2), condition(rt, "x.", 2))
			if i := strings.Index(sql, "%!(EXTRA"); i >= 0 {
				sql = sql[:i]
			}
		}
		got, want := sorted(must(t, narrow, sql)), sorted(must(t, whole, sql))
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("%s\n%s", sql, diff)
		}
	})
}

// loadedFor is what the engine has read of a table, the columns all.
func (t *table) loadedFor(tb testing.TB, e *Engine) *load {
	must(tb, e, "SELECT count(*), max(sourceaddress), max(destinationaddress), max(interfaceid), max(action), max(logstatus), max(destinationport), max(sourceport), max(protocol), max(numbytes), max(tcpflags), max(flow_direction) FROM vpcflow")
	return t.loaded
}

func sorted(a answer) []string {
	lines := make([]string, len(a.rows))
	for i, row := range a.rows {
		lines[i] = fmt.Sprint(row...)
	}
	slices.Sort(lines)
	return lines
}

// TestOtherBatchesAreNotRead: a question about one day looks at that day, and one about
// an address that is not there at no row.
func TestOtherBatchesAreNotRead(t *testing.T) {
	c := newCase(t)
	c.many(3 * batchRows)
	e := c.open()
	must(t, e, flowTable)
	for _, test := range []struct {
		where         string
		none, all, of int
	}{
		{"date_partition = '2026/03/02'", 2, 1, 3},
		{"sourceaddress = 'nobody'", 3, 0, 3},
		{"starttime >= 1772323200 AND starttime < 1772582400", 0, 3, 3},
	} {
		must(t, e, "SELECT count(*), max(numbytes), max(sourceaddress) FROM vpcflow WHERE "+test.where)
		l := e.tables[catalogKey("", "vpcflow")].loaded
		none, all := 0, 0
		l.verdicts.Range(func(_, verdicts any) bool {
			none, all = 0, 0
			for i := range verdicts.([]atomicVerdict) {
				switch verdicts.([]atomicVerdict)[i].Load() {
				case noRow:
					none++
				case everyRow:
					all++
				}
			}
			return true
		})
		l.verdicts.Clear()
		if none != test.none || all != test.all || len(l.batches) != test.of {
			t.Errorf("%s: of %d batches %d have no row and %d no other", test.where, len(l.batches), none, all)
		}
	}
}
