package duckdb

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
	"playbook/steps/flowrecord"
)

// customLog is a flow log of these fields in this order: its header line, a record that
// has a value in every field, one that has none, and the table for it.
func customLog(fields []flowrecord.Field, name func(flowrecord.Field) string) (header, full, empty, columns string) {
	var names, values, nothing, list []string
	for i, field := range fields {
		names = append(names, field.Name)
		list = append(list, fmt.Sprintf("`%s` %s", name(field), field.Type))
		value := fmt.Sprintf("%s-value", field.Name)
		if field.Type != "string" {
			value = fmt.Sprint(1000 + i)
		}
		if field.Name == "start" {
			value = fmt.Sprint(march1.Unix())
		}
		values, nothing = append(values, value), append(nothing, "-")
	}
	return strings.Join(names, " ") + "\n", strings.Join(values, " ") + "\n", strings.Join(nothing, " ") + "\n", strings.Join(list, ", ")
}

// TestCustomFormats reads flow logs with any of the fields of versions 2 to 10 in any
// order, under any of the names that tables have for them; and leaves out a file whose
// fields lie otherwise than the table's columns.
func TestCustomFormats(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 2))
	for round := range 20 {
		fields := slices.Clone(flowrecord.Fields[:])
		random.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
		if round > 0 { // some of them, with both addresses
			fields = fields[:3+random.IntN(len(fields)-3)]
			for i, name := range []string{"srcaddr", "dstaddr"} {
				if !strings.Contains(fmt.Sprint(fields), "{"+name+" ") {
					fields[i] = *flowrecord.Named(name)
				}
			}
		}
		header, full, empty, columns := customLog(fields, func(field flowrecord.Field) string {
			names := append(strings.Fields(field.Others), field.Column, strings.ReplaceAll(field.Name, "-", "_"), strings.ReplaceAll(field.Name, "-", ""))
			return names[random.IntN(len(names))]
		})
		other := slices.Clone(fields)
		other[0], other[len(other)-1] = other[len(other)-1], other[0]
		otherHeader, otherFull, _, _ := customLog(other, func(field flowrecord.Field) string { return field.Name })

		c := newCase(t)
		c.write("b/t/a.log.gz", zipped(t, header+full+empty))
		c.write("b/t/b.log.gz", zipped(t, otherHeader+otherFull))
		e := c.open(func(o *Options) { o.Window = steps.Window{} })
		must(t, e, "CREATE EXTERNAL TABLE t ("+columns+") ROW FORMAT DELIMITED FIELDS TERMINATED BY ' ' LOCATION 's3://b/t/' TBLPROPERTIES ('skip.header.line.count'='1')")
		a := must(t, e, "SELECT * FROM t")
		values := strings.Fields(full)
		first, second := []any{}, []any{}
		for i, field := range fields {
			var n int64
			if field.Type == "string" {
				first, second = append(first, values[i]), append(second, "-")
				continue
			}
			fmt.Sscan(values[i], &n)
			first, second = append(first, n), append(second, nil)
		}
		if diff := cmp.Diff([][]any{first, second}, a.rows); diff != "" {
			t.Fatalf("%s: %s", header, diff)
		}
		if gap := about(a.stats.Quality.Gaps, "b.log.gz"); len(gap) != 1 || !gap[0].Blocking || !strings.Contains(gap[0].Problem, "was left out: field 1 is "+other[0].Name) {
			t.Errorf("%s under %s: %+v", otherHeader, columns, gap)
		}
		if gap := about(a.stats.Quality.Gaps, "a.log.gz"); len(gap) > 0 {
			t.Errorf("%+v", gap)
		}
		if a.stats.Quality.Unit != "flow log records" {
			t.Errorf("%s: %q", columns, a.stats.Quality.Unit)
		}
	}
}

// TestFieldsOfLaterVersions: a file of the default format has not the fields of later
// versions, which is said, once.
func TestFieldsOfLaterVersions(t *testing.T) {
	c := newCase(t)
	c.flows()
	e := c.open()
	must(t, e, flowTable)
	a := must(t, e, "SELECT count(*), count(flow_direction), count(traffic_path) FROM vpcflow WHERE flow_direction = 'egress' OR flow_direction IS NULL")
	if diff := cmp.Diff([][]any{{int64(75), int64(0), int64(0)}}, a.rows); diff != "" {
		t.Error(diff)
	}
	if !hasProblem(a.stats.Quality, "no file has columns that the table has, which are NULL then: flow_direction, traffic_path", 2) {
		t.Errorf("%+v", a.stats.Quality.Gaps)
	}
	c.write(flowPath(3, "b.log.gz"), zipped(t, strings.TrimSpace(flowHeader)+" vpc-id\n"+strings.TrimSpace(flow(3, 1, "10.0.0.1", "10.0.0.2", 1, 1, "ACCEPT"))+" vpc-1\n"))
	e = c.open()
	must(t, e, flowTable)
	a = must(t, e, "SELECT count(vpcid) FROM vpcflow")
	if !hasProblem(a.stats.Quality, "not every file has columns that the table has, which are NULL then: vpcid", 1) {
		t.Errorf("%+v", a.stats.Quality.Gaps)
	}
}

// TestTypesThatCannotBe: a field of text in a column of numbers is NULL everywhere.
func TestTypesThatCannotBe(t *testing.T) {
	c := newCase(t)
	c.write("b/t/a.log", []byte("srcaddr dstaddr start\n10.0.0.1 10.0.0.2 1772323200\n"))
	e := c.open()
	must(t, e, "CREATE EXTERNAL TABLE t (srcaddr int, dstaddr string, start timestamp) ROW FORMAT DELIMITED FIELDS TERMINATED BY ' ' LOCATION 's3://b/t/' TBLPROPERTIES ('skip.header.line.count'='1')")
	q := must(t, e, "SELECT srcaddr FROM t").stats.Quality
	for _, problem := range []string{"the column srcaddr is int, and the field srcaddr of flow logs is string", "the column start is timestamp, and the field start of flow logs is bigint"} {
		if !blocks(q, problem) {
			t.Errorf("%+v", q.Gaps)
		}
	}
}

// TestMixedHeaders: logs of two formats that were put into one file.
func TestMixedHeaders(t *testing.T) {
	good := flow(1, 1, "10.0.0.5", "10.0.0.6", 22, 1, "ACCEPT")
	c := newCase(t)
	c.flows()
	c.write(flowPath(1, "same.log"), []byte(flowHeader+good+flowHeader+good))
	c.write(flowPath(1, "other.log"), []byte(flowHeader+good+strings.Replace(flowHeader, "srcaddr dstaddr", "dstaddr srcaddr", 1)+good+good))
	e := c.open()
	must(t, e, flowTable)
	a := must(t, e, `SELECT "$path", count(*), count(sourceport) FROM vpcflow WHERE "$path" LIKE '%/same.log' OR "$path" LIKE '%/other.log' GROUP BY 1 ORDER BY 1`)
	if diff := cmp.Diff([][]any{{"s3://" + flowPath(1, "other.log"), int64(1), int64(1)}, {"s3://" + flowPath(1, "same.log"), int64(3), int64(2)}}, a.rows); diff != "" {
		t.Error(diff)
	}
	if gap := about(a.stats.Quality.Gaps, "other.log"); len(gap) != 1 || !gap[0].Blocking || !strings.Contains(gap[0].Problem, "has a second header line, line 3, and was left out from there: field 4 is dstaddr") {
		t.Errorf("%+v", gap)
	}
	if gap := about(a.stats.Quality.Gaps, "same.log"); len(gap) == 0 || gap[0].Blocking || gap[0].Count != 1 || gap[0].Problem != "lines are header lines among the records" {
		t.Errorf("%+v", gap)
	}
}

// TestPrefixes reads text logs under the prefixes that flow logs can have: by the hour,
// and in Hive's form, by name=value folders and by projection.
func TestPrefixes(t *testing.T) {
	c := newCase(t)
	for day := 1; day <= 3; day++ {
		for hour := range 24 {
			if day == 2 && hour >= 6 && hour < 9 {
				continue // not copied
			}
			content := zipped(t, flowHeader+flow(day, 60*hour, "10.0.0.1", "203.0.113.9", 443, 100, "ACCEPT"))
			file := fmt.Sprintf("%s_vpcflowlogs_us-east-1_fl-0a1b2c3d_202603%02dT%02d05Z_1a2b3c4d.log.gz", account, day, hour)
			c.write(fmt.Sprintf("hourly/AWSLogs/%s/vpcflowlogs/us-east-1/2026/03/%02d/%02d/%s", account, day, hour, file), content)
			c.write(fmt.Sprintf("hive/AWSLogs/aws-account-id=%s/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=03/day=%02d/hour=%02d/%s", account, day, hour, file), content)
		}
	}
	const columns = "(version int, account_id string, interface_id string, srcaddr string, dstaddr string, srcport int, dstport int, protocol bigint, packets bigint, bytes bigint, start bigint, `end` bigint, action string, log_status string)"
	const format = " ROW FORMAT DELIMITED FIELDS TERMINATED BY ' ' "
	e := c.open(func(o *Options) { o.Window.To = march1.AddDate(0, 0, 3) })
	must(t, e, "CREATE EXTERNAL TABLE hourly "+columns+" PARTITIONED BY (region string, hour string)"+format+`LOCATION 's3://hourly/AWSLogs/111122223333/vpcflowlogs/' TBLPROPERTIES (
		'skip.header.line.count'='1', 'projection.enabled'='true', 'projection.region.type'='enum', 'projection.region.values'='us-east-1',
		'projection.hour.type'='date', 'projection.hour.range'='2026/03/01/00,NOW', 'projection.hour.format'='yyyy/MM/dd/HH', 'projection.hour.interval'='1', 'projection.hour.interval.unit'='HOURS',
		'storage.location.template'='s3://hourly/AWSLogs/111122223333/vpcflowlogs/${region}/${hour}')`)
	const hive = " PARTITIONED BY (`aws-account-id` string, `aws-service` string, `aws-region` string, year string, month string, day string, hour string)" + format + "LOCATION 's3://hive/AWSLogs/' TBLPROPERTIES ('skip.header.line.count'='1'"
	must(t, e, "CREATE EXTERNAL TABLE hive "+columns+hive+")")
	must(t, e, "MSCK REPAIR TABLE hive")
	must(t, e, "CREATE EXTERNAL TABLE projected "+columns+hive+`, 'projection.enabled'='true',
		'projection.aws-account-id.type'='injected', 'projection.aws-service.type'='enum', 'projection.aws-service.values'='vpcflowlogs', 'projection.aws-region.type'='enum', 'projection.aws-region.values'='us-east-1,eu-west-1',
		'projection.year.type'='integer', 'projection.year.range'='2020,2030', 'projection.month.type'='integer', 'projection.month.range'='1,12', 'projection.month.digits'='2',
		'projection.day.type'='integer', 'projection.day.range'='1,31', 'projection.day.digits'='2', 'projection.hour.type'='integer', 'projection.hour.range'='0,23', 'projection.hour.digits'='2')`)
	for table, condition := range map[string]string{"hourly": "hour = '2026/03/02/10'", "hive": "day = '02' AND hour = '10'", "projected": "day = '02' AND hour = '10' AND \"aws-account-id\" = '111122223333'"} {
		a := must(t, e, "SELECT count(*), sum(bytes) FROM "+table+" WHERE "+condition)
		if diff := cmp.Diff([][]any{{int64(1), int64(100)}}, a.rows); diff != "" {
			t.Error(table, diff)
		}
		a = must(t, e, "SELECT count(*), count(DISTINCT start) FROM "+table+map[bool]string{true: " WHERE \"aws-account-id\" = '111122223333'"}[table == "projected"])
		if diff := cmp.Diff([][]any{{int64(69), int64(69)}}, a.rows); diff != "" {
			t.Error(table, diff)
		}
		var found []string
		for _, gap := range a.stats.Quality.Gaps {
			found = append(found, gap.Problem)
		}
		want := []string{"no file of flow log fl-0a1b2c3d after 2026-03-02T05:05:00Z and before 2026-03-02T09:05:00Z; its files come every 1h0m0s"}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Error(table, diff)
		}
	}
}

// TestDaysWithoutFiles finds them wherever the days of the files are told.
func TestDaysWithoutFiles(t *testing.T) {
	const format = " ROW FORMAT DELIMITED FIELDS TERMINATED BY ' ' LOCATION 's3://b/t/' TBLPROPERTIES ('skip.header.line.count'='1')"
	for _, test := range []struct{ name, path, partitions, source string }{
		{"no partitions", "b/t/AWSLogs/1/vpcflowlogs/us-east-1/2026/03/%02d/a.log", "", "s3://b/t/AWSLogs/1/vpcflowlogs/us-east-1/"},
		{"year, month and day", "b/t/region=x/year=2026/month=3/day=%d/a.log", "PARTITIONED BY (region string, year int, month int, day int)", "t, region=x"},
		{"a date", "b/t/dt=2026-03-%02d/a.log", "PARTITIONED BY (dt string)", "t"},
	} {
		c := newCase(t)
		for _, day := range []int{1, 3, 4, 7} {
			c.write(fmt.Sprintf(test.path, day), []byte(flowHeader+flow(day, 1, "a", "b", 1, 1, "ACCEPT")))
		}
		for name, window := range map[string]steps.Window{"2026/03/02 2026/03/05 2026/03/06": {}, "2026/03/02 2026/03/05": {From: march1, To: march1.AddDate(0, 0, 5)}} {
			e := c.open(func(o *Options) { o.Window = window })
			must(t, e, "CREATE EXTERNAL TABLE t (version int, account string, eni string, srcaddr string, dstaddr string, srcport int, dstport int, protocol int, packets int, bytes bigint, start bigint, `end` bigint) "+test.partitions+format)
			must(t, e, "MSCK REPAIR TABLE t")
			var found steps.Gap
			for _, gap := range must(t, e, "SELECT count(*) FROM t").stats.Quality.Gaps {
				if strings.Contains(gap.Problem, "no file on") {
					found = gap
				}
			}
			if got := strings.Join(found.Examples, " "); got != name || found.Source != test.source || found.Blocking {
				t.Errorf("%s: %+v, want %s of %s", test.name, found, name, test.source)
			}
		}
	}
}

func TestFieldTable(t *testing.T) {
	seen := map[string]bool{}
	for _, field := range flowrecord.Fields {
		if field.Version < 2 || field.Version > 10 || seen[field.Name] || flowField(field.Name) != field.Name {
			t.Errorf("%+v", field)
		}
		seen[field.Name] = true
		for _, name := range strings.Fields(field.Others) {
			if flowField(name) != field.Name {
				t.Errorf("%s is %s, want %s", name, flowField(name), field.Name)
			}
		}
	}
	// The columns that Athena's guide, the source playbook and the library's table have.
	for _, name := range strings.Fields("account_id interface_id log_status sourceaddress numbytes tcpflags pkt_src_aws_service `end` ecs_task_definition_arn tgw_src_vpc_account_id") {
		if flowField(strings.Trim(name, "`")) == "" {
			t.Errorf("%s means nothing", name)
		}
	}
}
