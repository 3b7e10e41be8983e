package duckdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"playbook/steps"
)

const (
	bucket  = "central-logs"
	account = "111122223333"
	region  = "us-east-1"
)

var (
	march1 = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	window = steps.Window{From: march1, To: march1.AddDate(0, 0, 4)}
)

// evidence is a case folder in the making.
type evidence struct {
	t   testing.TB
	dir string
}

func newCase(t testing.TB) evidence { return evidence{t, t.TempDir()} }

func (c evidence) write(name string, content []byte) {
	c.t.Helper()
	path := filepath.Join(c.dir, "s3", filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func zipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// flowPath is where flow logs deliver a file of this day of March 2026.
func flowPath(day int, name string) string {
	return fmt.Sprintf("%s/AWSLogs/%s/vpcflowlogs/%s/2026/03/%02d/%s", bucket, account, region, day, name)
}

const flowHeader = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n"

// flow is a line of the default format at so many minutes into a day of March 2026.
func flow(day, minute int, source, destination string, port, bytes int, action string) string {
	start := march1.AddDate(0, 0, day-1).Add(time.Duration(minute) * time.Minute).Unix()
	return fmt.Sprintf("2 %s eni-0a1b2c3d4e5f60718 %s %s 40000 %d 6 10 %d %d %d %s OK\n",
		account, source, destination, port, bytes, start, start+60, action)
}

// flows writes files for the days 1 to 3: from 10.0.0.1 to 203.0.113.9 once an hour, and
// once a day from 198.51.100.7 to 10.0.0.1, rejected.
func (c evidence) flows() {
	for day := 1; day <= 3; day++ {
		text := flowHeader
		for hour := range 24 {
			text += flow(day, 60*hour, "10.0.0.1", "203.0.113.9", 443, 1000*day, "ACCEPT")
		}
		text += flow(day, 700, "198.51.100.7", "10.0.0.1", 22, 40, "REJECT")
		c.write(flowPath(day, "a.log.gz"), zipped(c.t, text))
	}
}

func (c evidence) open(change ...func(*Options)) *Engine {
	c.t.Helper()
	options := Options{Case: c.dir, Scratch: c.t.TempDir(), Now: march1.AddDate(0, 0, 10), Window: window, Memory: 512 << 20, Threads: 2}
	for _, change := range change {
		change(&options)
	}
	e, err := Open(c.t.Context(), options)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		if err := e.Close(); err != nil {
			c.t.Error(err)
		}
	})
	return e
}

// flowTable is the source playbook's table, with names that Athena takes.
const flowTable = `CREATE EXTERNAL TABLE IF NOT EXISTS vpcflow (
	version int, account string, interfaceid string, sourceaddress string, destinationaddress string,
	sourceport int, destinationport int, protocol int, numpackets int, numbytes bigint,
	starttime int, endtime int, action string, logstatus string,
	vpcid string, type string, tcpflags smallint, subnetid string, sublocationtype string, sublocationid string,
	region string, pktsrcaddr string, pktdstaddr string, instanceid string, azid string,
	pkt_src_aws_service string, pkt_dst_aws_service string, flow_direction string, traffic_path int
)
PARTITIONED BY (date_partition STRING, region_partition STRING, account_partition STRING)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
LOCATION 's3://central-logs/AWSLogs/'
TBLPROPERTIES (
	"skip.header.line.count"="1",
	"projection.enabled" = "true",
	"projection.date_partition.type" = "date",
	"projection.date_partition.range" = "2026/03/01,NOW",
	"projection.date_partition.format" = "yyyy/MM/dd",
	"projection.date_partition.interval" = "1",
	"projection.date_partition.interval.unit" = "DAYS",
	"projection.region_partition.type" = "enum",
	"projection.region_partition.values" = "us-east-1,eu-west-1",
	"projection.account_partition.type" = "enum",
	"projection.account_partition.values" = "111122223333",
	"storage.location.template" = "s3://central-logs/AWSLogs/${account_partition}/vpcflowlogs/${region_partition}/${date_partition}"
);`

// answer is all rows of a query.
type answer struct {
	columns []steps.Column
	rows    [][]any
	stats   steps.QueryStats
}

func ask(ctx context.Context, e *Engine, sql string) (answer, error) {
	rows, err := e.Query(ctx, sql)
	if err != nil {
		return answer{}, err
	}
	defer rows.Close()
	a := answer{columns: rows.Columns()}
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			a.stats = rows.Stats()
			return a, nil
		}
		if err != nil {
			return a, err
		}
		a.rows = append(a.rows, row)
	}
}

func must(t testing.TB, e *Engine, sql string) answer {
	t.Helper()
	a, err := ask(t.Context(), e, sql)
	if err != nil {
		t.Fatalf("%s\n=> %v", sql, err)
	}
	return a
}

// refused runs what has to fail, with all of these words in the message.
func refused(t testing.TB, e *Engine, sql string, words ...string) error {
	t.Helper()
	a, err := ask(t.Context(), e, sql)
	if err == nil {
		t.Errorf("%s\n=> %v, want an error", sql, a.rows)
		return nil
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s\n=> %v\nwant it to say %q", sql, err, word)
		}
	}
	return err
}
