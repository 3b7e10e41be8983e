package duckdb

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"playbook/steps"
)

// about gives the gaps whose source ends in name.
func about(gaps []steps.Gap, name string) []steps.Gap {
	var found []steps.Gap
	for _, gap := range gaps {
		if strings.HasSuffix(gap.Source, "/"+name) {
			found = append(found, gap)
		}
	}
	return found
}

// TestDamage puts one damaged file beside good ones: what is said of it, whether that
// blocks an all-clear, and how many records it gives.
func TestDamage(t *testing.T) {
	good := flow(1, 1, "10.0.0.5", "10.0.0.6", 22, 1, "ACCEPT")
	var many strings.Builder
	many.WriteString(flowHeader)
	for i := range 5000 {
		many.WriteString(flow(1, i%1440, "10.0.0.5", "10.0.0.6", 22, i*7919, "ACCEPT"))
	}
	whole := zipped(t, many.String())
	corrupt := bytes.Clone(zipped(t, flowHeader+good+good))
	corrupt[len(corrupt)-6] ^= 0xff // of the checksum
	tests := []struct {
		name    string
		content []byte
		problem string
		block   bool
		count   int64
		example string
		records int64 // -1: some, not all
	}{
		{"truncated.log.gz", whole[:len(whole)/2], "it breaks off in the middle (truncated)", true, 0, "", -1},
		{"headless.log.gz", whole[:4], "truncated", true, 0, "", 0},
		{"checksum.log.gz", corrupt, "checksum", true, 0, "", 2},
		{"order.log.gz", zipped(t, strings.Replace(flowHeader, "srcaddr dstaddr", "dstaddr srcaddr", 1)+good),
			"was left out: field 4 is dstaddr in its header line and sourceaddress in the table", true, 0, "", 0},
		{"fewer.log.gz", zipped(t, "version account-id interface-id srcaddr\n2 1 eni-1 10.0.0.5\n"), "", false, 0, "", 1},
		{"more.log.gz", zipped(t, strings.TrimSpace(flowHeader)+" vpc-id type\n"+strings.TrimSpace(good)+" vpc-1 IPv4\n"), "", false, 0, "", 1},
		{"unknown.log.gz", zipped(t, strings.Replace(flowHeader, "interface-id", "flux-id", 1)+good), "not known, and were taken for the columns at their place: flux-id", false, 0, "", 1},
		{"count.log.gz", zipped(t, flowHeader+good+"2 3 four\n"+good), "lines do not have the 14 fields", false, 1, "2 3 four", 3},
		{"number.log.gz", zipped(t, flowHeader+strings.Replace(good, " 22 ", " ssh ", 1)), "lines have a value in destinationport that is no int", false, 1, " ssh ", 1},
		{"hidden.log.gz", zipped(t, flowHeader+strings.Replace(good, " 40000 ", " \x1b[31m ", 1)), "lines have a value in sourceport that is no int", false, 1, `\x1b[31m`, 1},
		{"long.log.gz", zipped(t, flowHeader+strings.Repeat("x", 1000)+"\n"), "lines do not have", false, 1, strings.Repeat("x", 200) + "…", 1},
		{"utf8.log.gz", zipped(t, flowHeader+strings.Replace(good, "10.0.0.6", "10.0.0.\xff", 1)), "lines are not valid UTF-8", false, 1, `\xff`, 1},
		{"noheader.log.gz", zipped(t, good+good), "no header line: a record may be lost", true, 1, "2 1111", 1},
		{"bom.log.gz", zipped(t, "\xef\xbb\xbf"+flowHeader+good), "byte order mark", true, 0, "", 1},
		{"empty.log", nil, "is empty (0 bytes)", true, 0, "", 0},
		{"empty.log.gz", zipped(t, ""), "holds no records", false, 0, "", 0},
		{"only-header.log.gz", zipped(t, flowHeader), "holds no records", false, 0, "", 0},
		{"picture.log", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "is not text", true, 0, "", 0},
		{"plain.log.gz", []byte(flowHeader + good), "", false, 0, "", 1}, // not compressed after all
		{"members.log.gz", append(zipped(t, flowHeader+good), zipped(t, good)...), "", false, 0, "", 2},
		{"windows.log", []byte(strings.ReplaceAll(flowHeader+good, "\n", "\r\n")), "", false, 0, "", 1},
		{"unfinished.log", []byte(flowHeader + strings.TrimSpace(good)), "", false, 0, "", 1},
		{"odd ñ'\"%20 name.log", []byte(flowHeader + good), "", false, 0, "", 1},
		{"skipdata.log", []byte(flowHeader + "2 1 eni-1 - - - - - - - 1772323200 1772323260 - SKIPDATA\n"), "", false, 0, "", 1},
		{"_hidden.log", []byte("nonsense"), "", false, 0, "", 0},
	}
	c := newCase(t)
	c.flows()
	for _, test := range tests {
		c.write(flowPath(1, test.name), test.content)
	}
	e := c.open()
	must(t, e, flowTable)
	a := must(t, e, `SELECT "$path", count(*), count(sourceport), count(destinationaddress) FROM vpcflow GROUP BY 1`)
	records := map[string]int64{}
	for _, row := range a.rows {
		records[row[0].(string)] = row[1].(int64)
	}
	for _, test := range tests {
		got := records["s3://"+flowPath(1, test.name)]
		if test.records >= 0 && got != test.records || test.records < 0 && (got < 100 || got > 4900) {
			t.Errorf("%s: %d records, want %d", test.name, got, test.records)
		}
		found := about(a.stats.Quality.Gaps, test.name)
		if test.problem == "" {
			if len(found) > 0 {
				t.Errorf("%s: gaps %+v, want none", test.name, found)
			}
			continue
		}
		if len(found) == 0 {
			t.Errorf("%s: no gap", test.name)
			continue
		}
		gap := found[0]
		if !strings.Contains(gap.Problem, test.problem) || gap.Blocking != test.block || gap.Count != test.count {
			t.Errorf("%s: gap %+v, want %q, blocking %v, count %d", test.name, gap, test.problem, test.block, test.count)
		}
		if test.example != "" && (len(gap.Examples) == 0 || !strings.Contains(gap.Examples[0], test.example)) {
			t.Errorf("%s: examples %q, want %q", test.name, gap.Examples, test.example)
		}
	}
}

func TestGapsOfTable(t *testing.T) {
	c := newCase(t)
	c.flows()
	c.write(flowPath(5, "b.log.gz"), zipped(t, flowHeader+flow(5, 1, "a", "b", 1, 1, "ACCEPT")+
		"2 1 eni-1 - - - - - - - 1772668800 1772668860 - SKIPDATA\n2 1 eni-1 - - - - - - - 1772668800 1772668860 - NODATA\n"))
	c.write(bucket+"/AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/trail.json.gz", zipped(t, "{}"))
	c.write(bucket+"/AWSLogs/444455556666/vpcflowlogs/us-east-1/2026/03/01/a.log.gz", zipped(t, flowHeader))
	if err := os.MkdirAll(filepath.Join(c.dir, "s3", filepath.FromSlash(flowPath(2, "folder.log.gz"))), 0o755); err != nil {
		t.Fatal(err)
	}
	e := c.open(func(o *Options) { o.Window = steps.Window{From: march1, To: march1.AddDate(0, 0, 6)} })
	must(t, e, flowTable)
	a := must(t, e, "SELECT logstatus, count(*) FROM vpcflow GROUP BY 1 ORDER BY 1")
	if diff := cmp.Diff([][]any{{"NODATA", int64(1)}, {"OK", int64(76)}, {"SKIPDATA", int64(1)}}, a.rows); diff != "" {
		t.Error(diff)
	}
	want := []steps.Gap{
		{Source: "s3://" + flowPath(2, "folder.log.gz"), Problem: "is a folder where a log file should be", Blocking: true},
		{Source: "s3://central-logs/AWSLogs/", Count: 1, Problem: "records in 1 files say SKIPDATA: traffic was not recorded for want of capacity"},
		{Source: "s3://central-logs/AWSLogs/", Count: 2, Problem: "files are not under any partition of the table, and were not read",
			Examples: []string{"s3://central-logs/AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/trail.json.gz",
				"s3://central-logs/AWSLogs/444455556666/vpcflowlogs/us-east-1/2026/03/01/a.log.gz"}},
		{Source: "vpcflow, region_partition=us-east-1, account_partition=111122223333", Count: 2, Problem: "no file on 2 of 6 days",
			Examples: []string{"2026/03/04", "2026/03/06"}},
	}
	if diff := cmp.Diff(want, a.stats.Quality.Gaps, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestManyDamagedFilesAreCounted(t *testing.T) {
	c := newCase(t)
	c.flows()
	for i := range maxGaps + 10 {
		c.write(flowPath(1, "broken"+string(rune('A'+i%26))+strings.Repeat("x", i/26)+".log"), []byte{0x1f, 0x8b})
	}
	e := c.open()
	must(t, e, flowTable)
	gaps := must(t, e, "SELECT count(*) FROM vpcflow").stats.Quality.Gaps
	var last steps.Gap
	for _, gap := range gaps {
		if strings.Contains(gap.Source, "more files") {
			last = gap
		}
	}
	if last.Source != "10 more files" || last.Count != 10 || !last.Blocking {
		t.Errorf("%+v", last)
	}
}

// TestNothing: without a file that can be used there is an error, never an empty table.
func TestNothing(t *testing.T) {
	var missing *steps.Missing
	for _, test := range []struct {
		name  string
		files map[string][]byte
		table string
		words []string
		is    bool
	}{
		{"no s3 folder", nil, flowTable, []string{"s3://central-logs/AWSLogs/", "aws s3 sync"}, true},
		{"no bucket", map[string][]byte{"other/x": nil}, flowTable, []string{"aws s3 sync s3://central-logs/AWSLogs/", "the case has the buckets other"}, true},
		{"no prefix", map[string][]byte{bucket + "/other/x": nil}, flowTable, []string{"s3://central-logs/AWSLogs/"}, true},
		{"under no partition", map[string][]byte{bucket + "/AWSLogs/999988887777/vpcflowlogs/us-east-1/2026/03/01/a.log": []byte("x")}, flowTable, []string{"none is under a partition", "999988887777"}, true},
		{"all left out", map[string][]byte{flowPath(1, "a.log"): []byte(strings.Replace(flowHeader, "srcaddr dstaddr", "dstaddr srcaddr", 1) + "x\n")}, flowTable, []string{"none of its 1 files", "dstaddr"}, false},
		{"all empty", map[string][]byte{flowPath(1, "a.log"): nil, flowPath(2, "a.log.gz"): {0x1f}}, flowTable, []string{"none of its 2 files", "is empty"}, false},
		{"a file", map[string][]byte{bucket + "/AWSLogs": []byte("x")}, flowTable, []string{"must be a folder"}, false},
	} {
		c := newCase(t)
		for name, content := range test.files {
			c.write(name, content)
		}
		e := c.open()
		must(t, e, test.table)
		err := refused(t, e, "SELECT count(*) FROM vpcflow", test.words...)
		if errors.As(err, &missing) != test.is {
			t.Errorf("%s: %T %v, want *steps.Missing: %v", test.name, err, err, test.is)
		}
		refused(t, e, "SELECT count(*) FROM vpcflow", test.words...) // and again: failing is not a table
	}
}

// TestOnlyHeaders: files that hold no records are read, and nothing was examined.
func TestOnlyHeaders(t *testing.T) {
	c := newCase(t)
	c.write(flowPath(1, "a.log.gz"), zipped(t, flowHeader))
	e := c.open()
	must(t, e, flowTable)
	q := must(t, e, "SELECT count(*) FROM vpcflow").stats.Quality
	if q.Examined != 0 || q.Unit != "flow log records" || !blocks(q, "hold no records") {
		t.Errorf("%+v", q)
	}
}

func blocks(q steps.Quality, problem string) bool {
	for _, gap := range q.Gaps {
		if gap.Blocking && strings.Contains(gap.Problem, problem) {
			return true
		}
	}
	return false
}

// TestWhatWasRead: the numbers of what was read, beside the gaps that have the examples.
func TestWhatWasRead(t *testing.T) {
	c := newCase(t)
	c.flows()
	c.write(flowPath(2, "broken.log.gz"), []byte{0x1f, 0x8b})
	c.write(flowPath(2, "empty.log"), nil)
	c.write(flowPath(2, "odd.log"), []byte(flowHeader+flow(2, 1, "10.0.0.5", "10.0.0.6", 22, 1, "ACCEPT")+flow(2, 1, "10.0.0.5", "10.0.0.6", 22, 1, "ACCEPT")+"2 short x\n"))
	if err := os.Symlink("nowhere", filepath.Join(c.dir, "s3", filepath.FromSlash(flowPath(2, "link.log")))); err != nil {
		t.Fatal(err)
	}
	c.write("iocs/list.csv", []byte("203.0.113.9,c2\n"))
	e := c.open()
	must(t, e, flowTable)
	must(t, e, iocTable)
	a := must(t, e, "SELECT count(*) FROM vpcflow JOIN incident_iocs ON destinationaddress = threat_ip")
	want := []steps.Reading{
		{Source: "incident_iocs", Files: 1, Records: 1},
		{Source: "vpcflow", Files: 7, Damaged: 3, Records: 78, Misfits: 1, EmptyDays: 1, From: march1, To: march1.AddDate(0, 0, 2).Add(23 * time.Hour)},
	}
	if diff := cmp.Diff(want, a.stats.Quality.Read, cmpopts.SortSlices(func(a, b steps.Reading) bool { return a.Source < b.Source })); diff != "" {
		t.Error(diff)
	}
}
