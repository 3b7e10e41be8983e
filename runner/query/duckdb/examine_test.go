package duckdb

import (
	"testing"

	"playbook/steps"
)

// TestExamined: what a query's own conditions on partitions and times leave, in the
// window, is what it has looked at. The case has 75 records, 25 on each of three days;
// the window is March 1 to 4.
func TestExamined(t *testing.T) {
	c := newCase(t)
	c.flows()
	c.write("iocs/list.csv", []byte("198.51.100.7,scanner\n203.0.113.200,c2\n"))
	e := c.open()
	must(t, e, flowTable)
	must(t, e, iocTable)
	must(t, e, `CREATE VIEW contacts AS
		SELECT v.date_partition, v.starttime AS began, 'IN' AS direction, v.numbytes FROM vpcflow v JOIN incident_iocs i ON v.sourceaddress = i.threat_ip
		UNION ALL SELECT date_partition, starttime, 'OUT', numbytes FROM vpcflow WHERE destinationaddress IN (SELECT threat_ip FROM incident_iocs)`)
	must(t, e, `CREATE VIEW everything AS SELECT * FROM vpcflow`)
	must(t, e, `CREATE VIEW iocs AS SELECT threat_ip FROM incident_iocs`)
	const second = "1772409600" // March 2
	for _, test := range []struct {
		sql  string
		want int64
		unit string
		says string
	}{
		{"SELECT count(*) FROM vpcflow", 75, "flow log records", ""},
		{"SELECT count(*) FROM vpcflow WHERE sourceaddress = '192.0.2.1'", 75, "flow log records", ""},
		{"SELECT count(*) FROM vpcflow WHERE date_partition = '2026/03/02'", 25, "flow log records", ""},
		{"SELECT count(*) FROM vpcflow WHERE date_partition BETWEEN '2026/03/02' AND '2026/03/09' AND action = 'REJECT'", 50, "flow log records", ""},
		{"SELECT count(*) FROM vpcflow WHERE date_partition = '2026/03/02' OR action = 'x'", 75, "flow log records", ""},
		{"SELECT count(*) FROM vpcflow AS v WHERE v.starttime < " + second, 25, "flow log records", ""},
		{"SELECT count(*) FROM vpcflow WHERE from_unixtime(starttime) >= TIMESTAMP '2026-03-02 00:00:00 UTC'", 50, "flow log records", ""},
		{"SELECT count(*) FROM vpcflow WHERE starttime < numbytes", 75, "flow log records", ""},
		{"SELECT count(*) FROM vpcflow WHERE date_partition = '2026/02/02'", 0, "flow log records", "no record of vpcflow meets the query's conditions"},
		{"SELECT count(*) FROM vpcflow WHERE account_partition = '999988887777'", 0, "flow log records", "no record of vpcflow meets"},
		{"SELECT count(*) FROM \"default\".vpcflow WHERE starttime >= 1900000000", 0, "flow log records", "no record of vpcflow meets"},
		{"SELECT count(*) FROM incident_iocs", 2, "rows", ""},
		{"SELECT count(*) FROM vpcflow JOIN incident_iocs ON sourceaddress = threat_ip", 75, "flow log records", ""},
		{"SELECT count(*) FROM vpcflow JOIN incident_iocs ON sourceaddress = threat_ip AND date_partition = '2026/02/02'", 0, "flow log records", "no record of vpcflow meets"},
		{"SELECT count(*) FROM vpcflow WHERE sourceaddress IN (SELECT threat_ip FROM incident_iocs)", 75, "flow log records", ""},
		{"SELECT count(*) FROM iocs WHERE threat_ip IN (SELECT sourceaddress FROM vpcflow WHERE date_partition = '2026/02/02')", 0, "flow log records", "no record"},
		// Through subqueries, WITH and views
		{"SELECT count(*) FROM (SELECT date_partition AS d FROM vpcflow) WHERE d = '2026/03/02'", 25, "flow log records", ""},
		{"SELECT count(*) FROM (SELECT substr(date_partition, 1, 4) AS d FROM vpcflow) WHERE d = '2026'", 75, "flow log records", ""},
		{"SELECT count(*) FROM (SELECT date_partition AS d FROM vpcflow LIMIT 10) WHERE d = '2026/03/02'", 75, "flow log records", ""},
		{"SELECT d FROM (SELECT date_partition AS d, count(*) AS c FROM vpcflow GROUP BY 1) WHERE d = '2026/02/02' AND c > 1", 0, "flow log records", "no record"},
		{"WITH w AS (SELECT * FROM vpcflow) SELECT count(*) FROM w WHERE date_partition = '2026/03/02'", 25, "flow log records", ""},
		{"WITH w(x) AS (SELECT date_partition FROM vpcflow) SELECT count(*) FROM w AS y WHERE y.x = '2026/03/02'", 25, "flow log records", ""},
		{"WITH unused AS (SELECT * FROM incident_iocs) SELECT count(*) FROM vpcflow", 75, "flow log records", ""},
		{"SELECT count(*) FROM everything WHERE date_partition = '2026/03/02'", 25, "flow log records", ""},
		{"SELECT count(*) FROM contacts", 75, "flow log records", ""},
		{"SELECT count(*) FROM contacts WHERE date_partition = '2026/02/02'", 0, "flow log records", "no record"},
		{"SELECT count(*) FROM contacts WHERE began >= 1900000000 AND direction = 'IN'", 0, "flow log records", "no record"},
		{"SELECT date_partition FROM vpcflow UNION ALL SELECT date_partition FROM vpcflow WHERE date_partition = '2026/03/01'", 25, "flow log records", ""},
		{"SELECT v.date_partition FROM vpcflow v LEFT JOIN vpcflow w ON w.date_partition = '2026/02/02' WHERE v.date_partition = '2026/03/01'", 25, "flow log records", ""},
	} {
		a, err := ask(t.Context(), e, test.sql)
		if err != nil {
			t.Errorf("%s: %v", test.sql, err)
			continue
		}
		q := a.stats.Quality
		if q.Examined != test.want || q.Unit != test.unit {
			t.Errorf("%s\nexamined %d %s, want %d %s", test.sql, q.Examined, q.Unit, test.want, test.unit)
		}
		if blocked := blocks(q, test.says); test.says != "" != blocked || test.says == "" && blocks(q, "") {
			t.Errorf("%s\ngaps %+v, want %q", test.sql, q.Gaps, test.says)
		}
	}
}

func TestExaminedOutsideTheWindow(t *testing.T) {
	c := newCase(t)
	c.flows()
	e := c.open(func(o *Options) { o.Window = steps.Window{From: march1.AddDate(0, 0, 5), To: march1.AddDate(0, 0, 6)} })
	must(t, e, flowTable)
	a := must(t, e, "SELECT count(*) FROM vpcflow")
	if a.rows[0][0] != int64(75) {
		t.Errorf("%v: the window was applied behind the query's back", a.rows)
	}
	const says = "no record of vpcflow lies in the window 2026-03-06T00:00:00Z to 2026-03-07T00:00:00Z; " +
		"its records run from 2026-03-01T00:00:00Z to 2026-03-03T23:00:00Z"
	if q := a.stats.Quality; q.Examined != 0 || !blocks(q, says) {
		t.Errorf("%+v", q)
	}
	unset := c.open(func(o *Options) { o.Window = steps.Window{} })
	must(t, unset, flowTable)
	if q := must(t, unset, "SELECT count(*) FROM vpcflow").stats.Quality; q.Examined != 75 || blocks(q, "") {
		t.Errorf("without a window: %+v", q)
	}
}

func TestBytesScanned(t *testing.T) {
	c := newCase(t)
	c.write("iocs/a.csv", []byte("1.2.3.4,x\n"))
	e := c.open()
	must(t, e, iocTable)
	if got := must(t, e, "SELECT * FROM incident_iocs").stats; got.BytesScanned != 10 || got.Engine != "duckdb" {
		t.Errorf("%+v", got)
	}
}

const iocTable = `CREATE EXTERNAL TABLE IF NOT EXISTS incident_iocs (threat_ip string, threat_comment string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
WITH SERDEPROPERTIES ('separatorChar' = ',', 'quoteChar' = '\"', 'escapeChar' = '\\')
STORED AS TEXTFILE LOCATION 's3://iocs/'`
