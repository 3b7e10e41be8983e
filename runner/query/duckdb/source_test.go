package duckdb

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSourcePlaybook runs the queries of the document that vpc-flow.yaml implements, as
// they are printed there but for the names in angle brackets.
func TestSourcePlaybook(t *testing.T) {
	c := newCase(t)
	c.flows()
	c.write(flowPath(2, "z.log.gz"), zipped(t, flowHeader+flow(2, 90, "203.0.113.200", "10.0.0.1", 4444, 512, "ACCEPT")))
	c.write("iocs/list.csv", []byte("\"198.51.100.7\",\"scanner, loud\"\n203.0.113.200,c2\n"))
	e := c.open()
	must(t, e, flowTable)
	must(t, e, iocTable)

	a := must(t, e, `SELECT sourceaddress,
destinationaddress,
count(*) AS record_count,
SUM(numbytes) AS total_bytes,
SUM(numbytes)/count(*) AS data_ratio,
date_format(from_unixtime(min(starttime)),
'%Y/%m/%d %H:%i:%s') AS first_seen, date_format(from_unixtime(max(endtime)), '%Y/%m/%d %H:%i:%s') AS last_seen
FROM "default"."vpcflow"
WHERE (sourceaddress = '10.0.0.1'
OR destinationaddress = '10.0.0.1')
GROUP BY sourceaddress, destinationaddress
ORDER BY total_bytes DESC`)
	want := [][]any{
		{"10.0.0.1", "203.0.113.9", int64(72), int64(144000), int64(2000), "2026/03/01 00:00:00", "2026/03/03 23:01:00"},
		{"203.0.113.200", "10.0.0.1", int64(1), int64(512), int64(512), "2026/03/02 01:30:00", "2026/03/02 01:31:00"},
		{"198.51.100.7", "10.0.0.1", int64(3), int64(120), int64(40), "2026/03/01 11:40:00", "2026/03/03 11:41:00"},
	}
	if diff := cmp.Diff(want, a.rows); diff != "" {
		t.Error(diff)
	}
	kinds := map[string]string{}
	for _, column := range a.columns {
		kinds[column.Name] = column.Type
	}
	if diff := cmp.Diff(map[string]string{"sourceaddress": "varchar", "destinationaddress": "varchar", "record_count": "bigint",
		"total_bytes": "bigint", "data_ratio": "bigint", "first_seen": "varchar", "last_seen": "varchar"}, kinds); diff != "" {
		t.Error(diff)
	}

	must(t, e, directionalView)
	a = must(t, e, "SELECT * FROM incident_vpc_flow_directional WHERE connecting_port <> 443")
	want = [][]any{
		{account, "eni-0a1b2c3d4e5f60718", "203.0.113.200:40000", "10.0.0.1:4444", "OUTBOUND", "10.0.0.1", int64(4444), int64(6), int64(10), int64(512),
			"ACCEPT", "OK", march1.AddDate(0, 0, 1).Add(90 * minute), march1.AddDate(0, 0, 1).Add(91 * minute), int64(60)},
	}
	var rows [][]any
	for _, row := range a.rows {
		if row[2] == "203.0.113.200:40000" {
			rows = append(rows, row)
		}
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	if len(a.rows) != 4 {
		t.Errorf("%d contacts, want 4", len(a.rows))
	}
	refused(t, e, directionalView, "exists", "CREATE OR REPLACE VIEW")
	must(t, e, strings.Replace(directionalView, "CREATE VIEW", "CREATE OR REPLACE VIEW", 1))

	must(t, e, flowTable) // IF NOT EXISTS: as it was
	for _, sql := range []string{
		"SELECT count(*) FROM vpcflow;",
		"SELECT * FROM vpcflow limit 1000;",
		"select sourceaddress, count(*) cnt\nfrom vpcflow\ngroup by sourceaddress\norder by cnt desc\nlimit 100;",
		"select * from vpcflow where sourceaddress = '10.0.0.1' order by starttime;",
	} {
		if len(must(t, e, sql).rows) == 0 {
			t.Errorf("%s gave nothing", sql)
		}
	}
}

const directionalView = `CREATE VIEW incident_vpc_flow_directional AS
SELECT vpc.account,
vpc.interfaceid,
vpc.sourceaddress || ':' || CAST(vpc.sourceport AS VARCHAR) AS source,
vpc.destinationaddress || ':' || CAST(vpc.destinationport AS VARCHAR) AS destination,
'INBOUND' AS direction,
vpc.sourceaddress AS connecting_ip,
vpc.sourceport AS connecting_port,
vpc.protocol,
vpc.numpackets,
vpc.numbytes,
vpc.action,
vpc.logstatus,
CAST(from_unixtime(vpc.starttime) AS TIMESTAMP) AS startTime,
CAST(from_unixtime(vpc.endtime) AS TIMESTAMP) AS endTime,
date_diff('second', from_unixtime(vpc.starttime), from_unixtime(vpc.endtime)) as sessionTime
FROM "default"."vpcflow" AS vpc
WHERE
vpc.destinationaddress IN (SELECT threat_ip FROM incident_iocs)
UNION ALL
SELECT vpc.account,
vpc.interfaceid,
vpc.sourceaddress || ':' || CAST(vpc.sourceport AS VARCHAR) AS source,
vpc.destinationaddress || ':' || CAST(vpc.destinationport AS VARCHAR) AS destination,
'OUTBOUND' AS direction,
vpc.destinationaddress AS connecting_ip,
vpc.destinationport AS connecting_port,
vpc.protocol,
vpc.numpackets,
vpc.numbytes,
vpc.action,
vpc.logstatus,
CAST(from_unixtime(vpc.starttime) AS TIMESTAMP) AS startTime,
CAST(from_unixtime(vpc.endtime) AS TIMESTAMP) AS endTime,
date_diff('second', from_unixtime(vpc.starttime), from_unixtime(vpc.endtime)) as sessionTime
FROM "default"."vpcflow" AS vpc
WHERE
vpc.sourceaddress IN (SELECT threat_ip FROM incident_iocs)
ORDER BY startTime, endTime, sessionTime, interfaceid, connecting_ip, direction`
