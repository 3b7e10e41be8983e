package duckdb

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRowsFromOneLiteral has indicators as the library hands them to Athena: one JSON
// text, addresses and networks by their first and last address. An IPADDRESS is compared
// as its 16 bytes (Trino, "Network types"), so a network is a range.
func TestRowsFromOneLiteral(t *testing.T) {
	c := newCase(t)
	c.flows()
	e := c.open()
	must(t, e, flowTable)
	must(t, e, `CREATE OR REPLACE VIEW incident_iocs AS
		SELECT i.value, i.first, i.last, i.comment FROM UNNEST(CAST(json_parse(
			'[{"value":"203.0.113.9","first":"203.0.113.9","last":"203.0.113.9","comment":"it''s \"C2\"\n\u001b[31m"},
			  {"value":"198.51.100.0/29","first":"198.51.100.0","last":"198.51.100.7","comment":""},
			  {"value":"2001:db8::/32","first":"2001:db8::","last":"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff","comment":null}]')
			AS ARRAY(ROW(value varchar, first varchar, last varchar, comment varchar)))) AS i(value, first, last, comment)`)
	a := must(t, e, `WITH seen AS (
			SELECT DISTINCT u.address FROM vpcflow CROSS JOIN UNNEST(ARRAY[sourceaddress, destinationaddress, '2001:DB8:0::1', '198.51.100.8', '-']) AS u(address)
			WHERE date_partition = '2026/03/02')
		SELECT s.address, i.value, i.comment FROM (SELECT address, TRY_CAST(address AS IPADDRESS) AS ip FROM seen) AS s
		JOIN incident_iocs AS i ON s.ip BETWEEN CAST(i.first AS IPADDRESS) AND CAST(i.last AS IPADDRESS) ORDER BY 1`)
	want := [][]any{
		{"198.51.100.7", "198.51.100.0/29", ""}, {"2001:DB8:0::1", "2001:db8::/32", nil}, {"203.0.113.9", "203.0.113.9", "it's \"C2\"\n\x1b[31m"},
	}
	if diff := cmp.Diff(want, a.rows); diff != "" {
		t.Error(diff)
	}
	if a.stats.Quality.Examined != 25 {
		t.Errorf("%d records looked at", a.stats.Quality.Examined)
	}
	must(t, e, `CREATE OR REPLACE VIEW nobody AS SELECT i.address FROM UNNEST(CAST(json_parse('[]') AS ARRAY(ROW(address varchar)))) AS i(address)`)
	a = must(t, e, `SELECT v.destinationaddress FROM vpcflow AS v JOIN nobody AS n ON v.destinationaddress = n.address`)
	if len(a.rows) != 0 || a.stats.Quality.Examined != 75 {
		t.Errorf("%v of %d records", a.rows, a.stats.Quality.Examined)
	}
}
