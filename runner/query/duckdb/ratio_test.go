package duckdb

import (
	"bufio"
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"playbook/runner/drill"
	"playbook/steps"
)

// BenchmarkStatements measures the statements of a playbook on generated flow logs, and
// gives each figure as a ratio to one pass of gzip -dc over the same files, with as many
// processes as processors, in the same round:
//
//	first     all statements on files that were never read, the cache empty
//	warm      the same in a new process, with what the first one left in the cache
//	no-cache  the same without a cache
//	straight  the same statements one by one by DuckDB's read_csv over the files
//
// Each part runs in a process of its own, which tells its peak of memory. Of several
// rounds the shortest time of each part counts, of gzip too, and the highest peak: other
// work on the machine only adds. In the environment can be set:
//
//	PLAYBOOK_BENCH_RECORDS   how many, 5000000 unless set; several with commas
//	PLAYBOOK_BENCH_DIR       where to keep the generated files for the next time
//	PLAYBOOK_BENCH_STRAIGHT  0 leaves out the slowest part
func BenchmarkStatements(b *testing.B) {
	sizes := os.Getenv("PLAYBOOK_BENCH_RECORDS")
	if sizes == "" {
		sizes = "5000000"
	}
	for _, size := range strings.Split(sizes, ",") {
		records, err := strconv.Atoi(size)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(size, func(b *testing.B) { benchRatios(b, records) })
	}
}

func benchRatios(b *testing.B, records int) {
	dir := benchLogs(b, records)
	cache := filepath.Join(b.TempDir(), "cache")
	figures, shortest := map[string]float64{}, map[string]float64{}
	took := func(part string, seconds float64) {
		if old, ok := shortest[part]; !ok || seconds < old {
			shortest[part] = seconds
		}
	}
	for b.Loop() {
		if err := os.RemoveAll(cache); err != nil {
			b.Fatal(err)
		}
		base := gunzipAll(b, dir).Seconds()
		took("gzip", base)
		for _, part := range []string{"first", "warm", "no-cache"} {
			m := measure(b, part, dir, cache)
			took(part, m.Seconds)
			figures[part+"-MiB"] = max(figures[part+"-MiB"], m.PeakMiB)
			b.Logf("%-8s %7.2f s, gzip %6.2f s, ratio %.2f; first answer after %.2f s; peak %.0f MiB; %d rows",
				part, m.Seconds, base, m.Seconds/base, m.Loaded, m.PeakMiB, m.Rows)
		}
		figures["disk-MiB"] = float64(folderSize(b, cache)) / (1 << 20)
	}
	if os.Getenv("PLAYBOOK_BENCH_STRAIGHT") != "0" {
		straight := measure(b, "straight", dir, cache)
		took("straight", straight.Seconds)
		figures["straight/first"] = straight.Seconds / shortest["first"]
		b.Logf("straight %7.2f s; %d rows", straight.Seconds, straight.Rows)
	}
	for part, seconds := range shortest {
		figures[part+"/gzip"] = seconds / shortest["gzip"]
	}
	delete(figures, "gzip/gzip")
	figures["gzip-s"] = shortest["gzip"]
	for _, name := range slices.Sorted(maps.Keys(figures)) {
		b.ReportMetric(figures[name], name)
	}
	b.ReportMetric(0, "ns/op")
}

// measured is what a part says of itself.
type measured struct {
	Seconds float64
	Loaded  float64 // of these, until the first statement had its rows
	PeakMiB float64
	Rows    int64 // that all statements gave, so that parts can be compared
}

// measure runs a part in a process of its own.
func measure(b *testing.B, part, dir, cache string) measured {
	b.Helper()
	command := exec.Command(os.Args[0], "-test.run", "^TestBenchPart$", "-test.timeout", "0")
	command.Env = append(os.Environ(), "PLAYBOOK_BENCH_PART="+part, "PLAYBOOK_BENCH_CASE="+dir, "PLAYBOOK_BENCH_CACHE="+cache)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		b.Fatalf("%s: %v\n%s", part, err, output)
	}
	for line := range strings.Lines(string(output)) {
		if text, ok := strings.CutPrefix(line, "measured "); ok {
			var m measured
			if err := json.Unmarshal([]byte(text), &m); err != nil {
				b.Fatal(err)
			}
			return m
		}
	}
	b.Fatalf("%s says nothing:\n%s", part, output)
	return measured{}
}

// TestBenchPart is what measure runs.
func TestBenchPart(t *testing.T) {
	part := os.Getenv("PLAYBOOK_BENCH_PART")
	if part == "" {
		t.Skip("is a part of BenchmarkStatements")
	}
	dir, scratch := os.Getenv("PLAYBOOK_BENCH_CASE"), t.TempDir()
	began := time.Now()
	var m measured
	if part == "straight" {
		m.Rows = runStraight(t, dir, scratch)
	} else {
		options := Options{Case: dir, Scratch: scratch, Now: benchWindow.To, Window: benchWindow, Statements: benchStatements}
		if part != "no-cache" {
			options.Cache = os.Getenv("PLAYBOOK_BENCH_CACHE")
		}
		e, err := Open(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		for i, statement := range benchStatements {
			m.Rows += int64(len(must(t, e, statement).rows))
			if i == 2 {
				m.Loaded = time.Since(began).Seconds()
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	m.Seconds = time.Since(began).Seconds()
	m.PeakMiB = peak(t)
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\nmeasured %s\n", text)
}

// peak is the most memory that the process ever had, in MiB; 0 where the system does
// not say.
func peak(t *testing.T) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseFloat(strings.Fields(text)[0], 64)
			if err != nil {
				t.Fatal(err)
			}
			return kilobytes / 1024
		}
	}
	return 0
}

var benchWindow = steps.Window{From: march1, To: march1.AddDate(0, 0, 14)}

// benchFiles is how many files the generated records are in.
const benchFiles = 50

// benchLogs makes a case with records of version 5 in 50 gzip files of one size: those
// of the drill generator, whose many files are put together.
func benchLogs(b *testing.B, records int) string {
	b.Helper()
	dir := filepath.Join(os.Getenv("PLAYBOOK_BENCH_DIR"), strconv.Itoa(records))
	if os.Getenv("PLAYBOOK_BENCH_DIR") == "" {
		dir = b.TempDir()
	} else if _, err := os.Stat(filepath.Join(dir, "s3")); err == nil {
		return dir
	}
	began := time.Now()
	sample, made := filepath.Join(dir, "sample"), filepath.Join(dir, "made")
	if err := os.MkdirAll(sample, 0o755); err != nil {
		b.Fatal(err)
	}
	// What the generator writes is 8 % more than it is asked for.
	if _, err := drill.Sample(b.Context(), sample, drill.Options{Records: records * 100 / 108}); err != nil {
		b.Fatal(err)
	}
	var join sync.WaitGroup
	var group []string
	files, total := gzipFiles(b, sample)
	room := make(chan struct{}, runtime.GOMAXPROCS(0))
	size, number := int64(0), 0
	for _, file := range files {
		group = append(group, file)
		size += fileSize(b, file)
		if size*benchFiles < total*int64(number+1) {
			continue
		}
		name, err := filepath.Rel(sample, filepath.Dir(group[0]))
		if err != nil {
			b.Fatal(err)
		}
		from, to := group, filepath.Join(made, name, fmt.Sprintf("%03d.log.gz", number))
		join.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			if err := joinFiles(from, to); err != nil {
				b.Error(err)
			}
		})
		group, number = nil, number+1
	}
	join.Wait()
	const list = "s3/incident-analysis/iocs/iocs.csv" // without the lists of other formats
	if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(made, list)), 0o755), os.Rename(filepath.Join(sample, list), filepath.Join(made, list)), os.RemoveAll(sample),
		os.Rename(filepath.Join(made, "s3"), filepath.Join(dir, "s3")), os.Remove(made)); err != nil {
		b.Fatal(err)
	}
	b.Logf("made about %d records in %d files, %d MiB, in %s", records, number, folderSize(b, dir)>>20, time.Since(began).Round(time.Second))
	return dir
}

func gzipFiles(b testing.TB, dir string) (files []string, size int64) {
	b.Helper()
	if err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".gz") {
			files = append(files, path)
			size += fileSize(b, path)
		}
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return files, size
}

func fileSize(b testing.TB, name string) int64 {
	b.Helper()
	stat, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	return stat.Size()
}

func folderSize(b testing.TB, dir string) (size int64) {
	b.Helper()
	if err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			size += fileSize(b, path)
		}
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return size
}

// joinFiles writes the records of files into one, packed as gzip does.
func joinFiles(files []string, to string) (err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	made, err := os.Create(to)
	if err != nil {
		return err
	}
	packed := gzip.NewWriter(made)
	for i, name := range files {
		err = errors.Join(err, copyRecords(packed, name, i == 0))
	}
	return errors.Join(err, packed.Close(), made.Close())
}

func copyRecords(to io.Writer, name string, header bool) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	text := bufio.NewReaderSize(unpacked, 1<<20)
	if !header {
		if _, err := text.ReadSlice('\n'); err != nil {
			return err
		}
	}
	_, err = io.Copy(to, text)
	return err
}

// gunzipAll takes the time of one pass of gzip over all files, with as many processes
// as there are processors; without a gzip, of goroutines with Go's.
func gunzipAll(b *testing.B, dir string) time.Duration {
	b.Helper()
	files, _ := gzipFiles(b, dir)
	gunzip := gunzipInGo
	if program, err := exec.LookPath("gzip"); err == nil {
		gunzip = func(name string) error { return exec.Command(program, "-dc", name).Run() }
	}
	began := time.Now()
	var wait sync.WaitGroup
	next := make(chan string)
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for name := range next {
				if err := gunzip(name); err != nil {
					b.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	for _, name := range files {
		next <- name
	}
	close(next)
	wait.Wait()
	return time.Since(began)
}

func gunzipInGo(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, unpacked)
	return err
}

// runStraight runs the statements with DuckDB alone, its functions in place of Trino's.
func runStraight(t *testing.T, dir, scratch string) (count int64) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	logs := filepath.Join(dir, "s3", "example-flow-logs", "AWSLogs")
	depth := strings.Count(logs, "/") + 2 // of the account in a file's name
	var columns []string
	for _, c := range strings.Split(strings.TrimSpace(benchColumns), ",") {
		name, kind, _ := strings.Cut(strings.TrimSpace(c), " ")
		columns = append(columns, fmt.Sprintf("'%s': '%s'", name, strings.ToUpper(strings.ReplaceAll(kind, "string", "varchar"))))
	}
	part := func(n int) string { return fmt.Sprintf("split_part(filename, '/', %d)", depth+n) }
	setup := []string{
		"SET temp_directory = " + quoteString(scratch),
		"SET memory_limit = '1GiB'",
		"SET TimeZone = 'UTC'",
		fmt.Sprintf(`CREATE VIEW vpcflow AS SELECT *, %s || '/' || %s || '/' || %s AS date_partition, %s AS region_partition, %s AS account_partition
			FROM read_csv('%s/**/*.gz', delim = ' ', header = true, nullstr = '-', auto_detect = false, quote = '', escape = '', filename = true, columns = {%s})`,
			part(3), part(4), part(5), part(2), part(0), logs, strings.Join(columns, ", ")),
		fmt.Sprintf("CREATE VIEW incident_iocs AS SELECT * FROM read_csv('%s/s3/incident-analysis/iocs/*.csv', header = false, columns = {'threat_ip': 'VARCHAR', 'threat_comment': 'VARCHAR'})", dir),
	}
	for _, statement := range setup {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	translate := strings.NewReplacer("date_format(", "strftime(", "from_unixtime(", "to_timestamp(", "%H:%i:%s", "%H:%M:%S")
	for _, statement := range benchStatements {
		if strings.HasPrefix(statement, "CREATE EXTERNAL") {
			continue
		}
		rows, err := db.Query(translate.Replace(statement))
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		for rows.Next() {
			if !strings.HasPrefix(statement, "CREATE") { // which answers with how many rows it made
				count++
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return count
}

const benchColumns = `version int, account string, interfaceid string, sourceaddress string, destinationaddress string,
	sourceport int, destinationport int, protocol int, numpackets int, numbytes bigint, starttime int, endtime int,
	action string, logstatus string, vpcid string, type string, tcpflags smallint, subnetid string, sublocationtype string,
	sublocationid string, region string, pktsrcaddr string, pktdstaddr string, instanceid string, azid string,
	pkt_src_aws_service string, pkt_dst_aws_service string, flow_direction string, traffic_path int`

// benchStatements are those of playbooks/vpc-flow.yaml, with their holes filled in for
// the generated case. A step with for_each is there as often as it would be run.
var benchStatements = func() []string {
	const within = ` WHERE date_partition BETWEEN '2026/03/01' AND '2026/03/15' AND starttime >= 1772323200 AND starttime < 1773532800 `
	const seen = `date_format(from_unixtime(min(starttime)), '%Y-%m-%d %H:%i:%s') AS first_seen,
		date_format(from_unixtime(max(endtime)), '%Y-%m-%d %H:%i:%s') AS last_seen `
	side := func(direction, internal, connecting string) string {
		return `SELECT vpc.account, vpc.account_partition, vpc.region_partition, vpc.date_partition, vpc.starttime, vpc.endtime,
			vpc.interfaceid, vpc.instanceid, '` + direction + `' AS direction, vpc.` + internal + `address AS internal_ip,
			vpc.` + connecting + `address AS connecting_ip, vpc.` + connecting + `port AS connecting_port, vpc.protocol, vpc.numpackets,
			vpc.numbytes, vpc.action, ioc.threat_comment
			FROM vpcflow AS vpc JOIN incident_iocs AS ioc ON vpc.` + connecting + `address = trim(ioc.threat_ip)`
	}
	list := []string{
		`CREATE EXTERNAL TABLE IF NOT EXISTS vpcflow (` + benchColumns + `)
			PARTITIONED BY (date_partition string, region_partition string, account_partition string)
			ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
			LOCATION 's3://example-flow-logs/AWSLogs/'
			TBLPROPERTIES ('skip.header.line.count' = '1', 'projection.enabled' = 'true',
			'projection.date_partition.type' = 'date', 'projection.date_partition.range' = '2026/03/01,NOW',
			'projection.date_partition.format' = 'yyyy/MM/dd', 'projection.date_partition.interval' = '1',
			'projection.date_partition.interval.unit' = 'DAYS',
			'projection.region_partition.type' = 'enum', 'projection.region_partition.values' = 'eu-west-1,us-east-1',
			'projection.account_partition.type' = 'enum', 'projection.account_partition.values' = '111122223333,444455556666',
			'storage.location.template' = 's3://example-flow-logs/AWSLogs/${account_partition}/vpcflowlogs/${region_partition}/${date_partition}')`,
		`CREATE EXTERNAL TABLE IF NOT EXISTS incident_iocs (threat_ip string, threat_comment string)
			ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
			WITH SERDEPROPERTIES ('separatorChar' = ',', 'quoteChar' = '"', 'escapeChar' = '\\')
			STORED AS TEXTFILE LOCATION 's3://incident-analysis/iocs/'`,
		`SELECT account_partition, region_partition, count(*) AS records, count_if(logstatus = 'NODATA') AS nodata_records,
			count_if(logstatus = 'SKIPDATA') AS skipdata_records, min(starttime) AS first_start, max(endtime) AS last_end
			FROM vpcflow` + within + `GROUP BY account_partition, region_partition ORDER BY account_partition, region_partition`,
		`SELECT interfaceid, count(*) AS records, count_if(logstatus = 'OK') AS traffic_records,
			sum(numbytes) AS bytes, min(starttime) AS first_start, max(endtime) AS last_end
			FROM vpcflow` + within + `GROUP BY interfaceid ORDER BY interfaceid`,
		`SELECT sourceaddress AS ip, count(*) AS records, sum(numbytes) AS bytes
			FROM vpcflow` + within + `AND logstatus = 'OK' GROUP BY sourceaddress ORDER BY bytes DESC, ip LIMIT 100`,
	}
	for _, ip := range []string{"10.30.10.11", "10.20.20.15", "10.10.0.21", "10.10.1.22", "10.10.10.11"} { // the busiest
		list = append(list, strings.ReplaceAll(`SELECT date_format(from_unixtime(starttime), '%Y-%m-%d') AS day, count(*) AS records,
			count_if(action = 'REJECT') AS rejected_records,
			sum(CASE WHEN sourceaddress = 'IP' THEN numbytes ELSE 0 END) AS sent_bytes,
			sum(CASE WHEN destinationaddress = 'IP' THEN numbytes ELSE 0 END) AS received_bytes,
			count(DISTINCT CASE WHEN sourceaddress = 'IP' THEN destinationaddress ELSE sourceaddress END) AS peers
			FROM vpcflow`+within+`AND (sourceaddress = 'IP' OR destinationaddress = 'IP') GROUP BY 1 ORDER BY 1`, "IP", ip))
	}
	list = append(list,
		`SELECT sourceaddress, destinationaddress, count(*) AS record_count, sum(numbytes) AS total_bytes,
			sum(numbytes) / count(*) AS data_ratio, `+seen+`
			FROM vpcflow`+within+`AND logstatus = 'OK' AND action = 'ACCEPT' AND (NULL IS NULL OR '' IN (sourceaddress, destinationaddress))
			GROUP BY sourceaddress, destinationaddress ORDER BY total_bytes DESC, sourceaddress, destinationaddress LIMIT 500`,
		`SELECT sourceaddress, destinationaddress, count(*) AS record_count, sum(numbytes) AS total_bytes, `+seen+`
			FROM vpcflow`+within+`AND logstatus = 'OK' AND action = 'ACCEPT' GROUP BY sourceaddress, destinationaddress
			HAVING sum(numbytes) >= 5000000000 ORDER BY total_bytes DESC, sourceaddress, destinationaddress`,
		`SELECT trim(threat_ip) AS threat_ip, threat_comment FROM incident_iocs ORDER BY threat_ip`,
		`CREATE OR REPLACE VIEW incident_vpc_flow_directional AS `+side("OUTBOUND", "source", "destination")+` UNION ALL `+
			side("INBOUND", "destination", "source"),
		`SELECT account_partition AS account, region_partition AS region, interfaceid, instanceid, internal_ip, connecting_ip,
			threat_comment, action, sum(CASE WHEN direction = 'OUTBOUND' THEN numbytes ELSE 0 END) AS sent_bytes,
			sum(CASE WHEN direction = 'INBOUND' THEN numbytes ELSE 0 END) AS received_bytes, count(*) AS records,
			count(DISTINCT connecting_port) AS ports, `+seen+`
			FROM incident_vpc_flow_directional`+within+`
			GROUP BY account_partition, region_partition, interfaceid, instanceid, internal_ip, connecting_ip, threat_comment, action
			ORDER BY sent_bytes DESC, records DESC`,
		`SELECT destinationaddress AS peer, destinationport AS port, count(*) AS records, sum(numbytes) AS bytes, `+seen+`
			FROM vpcflow`+within+`AND sourceaddress = '10.10.0.12' AND action = 'ACCEPT' AND coalesce(flow_direction, 'egress') = 'egress'
			AND destinationport IN (22, 445, 1433, 3306, 3389, 5432, 5985, 5986)
			GROUP BY destinationaddress, destinationport ORDER BY bytes DESC, peer, port LIMIT 100`,
		`SELECT interfaceid, internal_ip, connecting_ip, count(*) AS records, sum(numbytes) AS bytes
			FROM incident_vpc_flow_directional
			WHERE date_partition BETWEEN '2026/03/14' AND '2026/03/15' AND starttime >= 1773446400 AND starttime < 1773532800
			AND action = 'ACCEPT' GROUP BY interfaceid, internal_ip, connecting_ip ORDER BY bytes DESC`)
	return list
}()
