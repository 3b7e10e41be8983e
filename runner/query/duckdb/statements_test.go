package duckdb

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sourceStatements are all SQL statements of the source document, one a file, as they are
// printed there.
const sourceStatements = "../../../playbooks/dialect/testdata/source"

// customFields is the order in which the source's table has its fields.
const customFields = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status " +
	"vpc-id type tcp-flags subnet-id sublocation-type sublocation-id region pkt-srcaddr pkt-dstaddr instance-id az-id " +
	"pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path"

// TestEveryStatementOfTheSource runs each statement as it is printed, or says which error
// it gives and runs the corrected form: what the document leaves to be filled in is
// filled in, and - in names is _.
func TestEveryStatementOfTheSource(t *testing.T) {
	c := newCase(t)
	day := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Unix()
	c.write("logs/prod/AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/03/02/a.log.gz", zipped(t, customFields+"\n"+
		fmt.Sprintf("5 111122223333 eni-1 203.0.113.7 10.10.10.10 40000 22 6 10 1000 %d %d ACCEPT OK vpc-1 IPv4 3 subnet-1 - - us-east-1 203.0.113.7 10.10.10.10 i-1 use1-az1 - - ingress -\n", day, day+60)+
		fmt.Sprintf("5 111122223333 eni-1 10.10.10.10 203.0.113.7 22 40000 6 12 5001 %d %d ACCEPT OK vpc-1 IPv4 19 subnet-1 - - us-east-1 10.10.10.10 203.0.113.7 i-1 use1-az1 - S3 egress 8\n", day+5, day+65)+
		fmt.Sprintf("5 111122223333 eni-1 10.10.10.10 203.0.113.7 22 40001 6 1 40 %d %d ACCEPT OK vpc-1 IPv4 19 subnet-1 - - us-east-1 10.10.10.10 203.0.113.7 i-1 use1-az1 - S3 egress 8\n", day+6, day+66)))
	c.write("json-logs/2026/a.json", []byte(`{"ip":"123.123.123.123","local_port":22,"start_time":"2026-03-02T09:00:00Z","in_bytes":1000,"avg_in_packet_size":null,"protocol":6,"interface_public_ips":["198.51.100.1"]}
{"ip":"123.123.123.123","local_port":443,"start_time":"2026-03-01T09:00:00Z","in_bytes":"77"}
{"IP":"10.0.0.9","Local_Port":80}
{"ip":
`))
	c.write("bucket-analysis/iocs/iocfilehere/iocs.csv", []byte("\"203.0.113.7\",\"command, \\\"control\\\"\"\n"))
	e := c.open()

	fill := strings.NewReplacer("<optional_prefix>", "prod", "<YYYY>/<MM>/<DD>", "2026/03/01", "<account_num_1>,<account_num_2>,...", "111122223333",
		"<database>", "default", "<table>", "vpcflow", "-aws-service string", "_aws_service string", "pkt-src", "pkt_src", "pkt-dst", "pkt_dst", "flow-direction", "flow_direction", "traffic-path", "traffic_path")
	for _, test := range []struct {
		file, wrong string // what is wrong with it as printed, with the place
		bucket      string
		want        [][]any // nil: not looked at
		columns     int
	}{
		{file: "vpcflow.sql", bucket: "logs", wrong: `line 52:1: the name pkt-src-aws-service of a column has a - in it, which only _ may be; use pkt_src_aws_service`},
		{file: "vpc_flow_logs.sql", bucket: "json-logs", wrong: `line 27:10: "<bucket_name>" is not the name of a bucket; put the name of the bucket in its place`},
		{file: "incident_iocs.sql"},
		{file: "count.sql", want: [][]any{{int64(4)}}},
		{file: "sample.sql", columns: 22},
		{file: "top_ips.sql", want: [][]any{{"123.123.123.123", int64(2)}, {"10.0.0.9", int64(1)}, {nil, int64(1)}}},
		{file: "timeline.sql", columns: 22},
		{file: "data_ratio.sql", wrong: `line 8:6: there is no table or view "<database>"."<table>"`, want: [][]any{
			{"10.10.10.10", "203.0.113.7", int64(2), int64(5041), int64(2520), "2026/03/02 09:00:05", "2026/03/02 09:01:06"},
			{"203.0.113.7", "10.10.10.10", int64(1), int64(1000), int64(1000), "2026/03/02 09:00:00", "2026/03/02 09:01:00"}}},
		{file: "directional.sql", wrong: `line 17:6: there is no table or view "<database>"."<table>"`},
	} {
		printed, err := os.ReadFile(filepath.Join(sourceStatements, test.file))
		if err != nil {
			t.Fatal(err)
		}
		sql := string(printed)
		if test.wrong != "" {
			refused(t, e, sql, test.wrong)
			sql = strings.ReplaceAll(fill.Replace(sql), "<bucket_name>", test.bucket)
		}
		a := must(t, e, sql)
		switch {
		case test.columns > 0 && (len(a.columns) != test.columns || len(a.rows) == 0):
			t.Errorf("%s: %d columns, %d rows", test.file, len(a.columns), len(a.rows))
		case test.file == "top_ips.sql": // the order of equal counts is not said
			if diff := cmp.Diff(test.want[0], a.rows[0]); diff != "" || len(a.rows) != len(test.want) {
				t.Errorf("%s: %v", test.file, a.rows)
			}
		case test.want != nil:
			if diff := cmp.Diff(test.want, a.rows); diff != "" {
				t.Errorf("%s: %s", test.file, diff)
			}
		}
	}
	if entries, err := os.ReadDir(sourceStatements); err != nil || len(entries) != 9 {
		t.Errorf("%d statements, %v", len(entries), err)
	}

	// What the two tables and the view that were made hold.
	for sql, want := range map[string][][]any{
		"SELECT threat_ip, threat_comment FROM incident_iocs": {{"203.0.113.7", `command, "control"`}},
		"SELECT tcpflags, pkt_dst_aws_service, flow_direction, traffic_path, date_partition FROM vpcflow WHERE sourceport = 22 AND destinationport = 40000": {{int64(19), "S3", "egress", int64(8), "2026/03/02"}},
		"SELECT traffic_path, sublocationid FROM vpcflow WHERE destinationport = 22":                                                                        {{nil, "-"}},
		"SELECT source, destination, direction, connecting_ip, connecting_port, numbytes, startTime, sessionTime FROM incident_vpc_flow_directional WHERE direction = 'INBOUND' AND connecting_port = 22 AND numbytes > 100": {
			{"10.10.10.10:22", "203.0.113.7:40000", "INBOUND", "10.10.10.10", int64(22), int64(5001), time.Unix(day+5, 0).UTC(), int64(60)}},
		"SELECT count(*) FROM incident_vpc_flow_directional":                                                       {{int64(3)}},
		"SELECT ip, local_port, in_bytes, interface_public_ips FROM vpc_flow_logs WHERE ip LIKE '123%' ORDER BY 2": {{"123.123.123.123", int64(22), int64(1000), `["198.51.100.1"]`}, {"123.123.123.123", int64(443), int64(77), nil}},
	} {
		if diff := cmp.Diff(want, must(t, e, sql).rows); diff != "" {
			t.Errorf("%s: %s", sql, diff)
		}
	}
	if found := problems(must(t, e, "SELECT count(*) FROM vpc_flow_logs").stats.Quality); found["lines are no JSON objects"] != 1 {
		t.Errorf("%v", found)
	}
}
