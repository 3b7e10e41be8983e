package duckdb

import (
	"fmt"
	"strings"
	"testing"
)

// benchCase has records of the full format over 14 days.
func benchCase(b *testing.B, records int) evidence {
	b.Helper()
	c := newCase(b)
	const files = 56
	for f := range files {
		var text strings.Builder
		text.WriteString(strings.TrimSuffix(flowHeader, "\n") + " vpc-id type tcp-flags subnet-id sublocation-type sublocation-id region pkt-srcaddr pkt-dstaddr instance-id az-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path\n")
		for i := range records / files {
			line := flow(1+f/4, f%4*360+i%360, fmt.Sprintf("10.%d.%d.%d", i%3, i%7, i%251), fmt.Sprintf("203.0.113.%d", i%199), 443, i*37%100000, "ACCEPT")
			text.WriteString(strings.TrimSuffix(line, "\n") + " vpc-0123456789abcdef0 IPv4 2 subnet-0123456789abcdef0 - - us-east-1 10.0.0.1 203.0.113.4 i-0123456789abcdef0 use1-az1 - - egress 8\n")
		}
		c.write(flowPath(1+f/4, fmt.Sprintf("%d.log.gz", f%4)), zipped(b, text.String()))
	}
	return c
}

var benchQueries = []string{
	`SELECT sourceaddress, destinationaddress, count(*) AS record_count, sum(numbytes) AS total_bytes,
	 sum(numbytes) / count(*) AS data_ratio, date_format(from_unixtime(min(starttime)), '%Y-%m-%d %H:%i:%s') AS first_seen
	 FROM vpcflow WHERE logstatus = 'OK' AND action = 'ACCEPT' GROUP BY sourceaddress, destinationaddress ORDER BY total_bytes DESC LIMIT 500`,
	`SELECT account, interfaceid, sourceaddress, destinationaddress, sourceport, destinationport, protocol, numpackets,
	 numbytes, starttime, endtime, action, logstatus, instanceid, flow_direction FROM vpcflow LIMIT 1000`,
}

func BenchmarkLoad(b *testing.B) {
	const records = 100_000
	c := benchCase(b, records)
	for b.Loop() {
		e := c.open(func(o *Options) { o.Statements, o.Now = benchQueries, march1.AddDate(0, 0, 20) })
		must(b, e, flowTable)
		if got := must(b, e, "SELECT count(*) FROM vpcflow").rows[0][0].(int64); got < records*99/100 {
			b.Fatal(got)
		}
	}
	b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkQuery(b *testing.B) {
	e := benchCase(b, 100_000).open(func(o *Options) { o.Statements, o.Now = benchQueries, march1.AddDate(0, 0, 20) })
	must(b, e, flowTable)
	must(b, e, benchQueries[0])
	for b.Loop() {
		must(b, e, benchQueries[0])
	}
}
