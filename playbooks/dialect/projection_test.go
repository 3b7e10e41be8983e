package dialect

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var time0 = time.Date(2024, 3, 31, 15, 4, 5, 0, time.UTC)

// project reads the projection of a table with these partition columns.
func project(t testing.TB, columns, properties string) *Projection {
	t.Helper()
	sql := "CREATE EXTERNAL TABLE t (x int) PARTITIONED BY (" + strings.ReplaceAll(columns, ",", " string,") +
		" string) LOCATION 's3://b/k/' TBLPROPERTIES ('projection.enabled'='true', " + properties + ")"
	s, mistakes := Parse(sql)
	if len(mistakes) > 0 {
		t.Fatal(sql, mistakes)
	}
	p, mistakes := s.Table.Projection()
	if len(mistakes) > 0 || p == nil {
		t.Fatal(sql, mistakes)
	}
	return p
}

// pairs writes 'projection.p.k'='v' for "k=v; k=v".
func pairs(column, text string) string {
	var list []string
	for pair := range strings.SplitSeq(text, "; ") {
		key, value, _ := strings.Cut(pair, "=")
		list = append(list, fmt.Sprintf("'projection.%s.%s'='%s'", column, key, value))
	}
	return strings.Join(list, ",")
}

func TestMatchFlowLogs(t *testing.T) {
	s, _ := Parse(readFile(t, "testdata/aws/projection.sql"))
	p, mistakes := s.Table.Projection()
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	const root = "s3://amzn-s3-demo-bucket/prefix/AWSLogs/"
	for uri, want := range map[string]map[string]string{
		"111122223333/vpcflowlogs/us-east-1/2024/03/31/111122223333_vpcflowlogs_us-east-1_fl-1_20240331T0000Z_ab.log.gz": {"accid": "111122223333", "region": "us-east-1", "day": "2024/03/31"},
		"444455556666/vpcflowlogs/eu-west-1/2024/01/01/deep/er":                                                          {"accid": "444455556666", "region": "eu-west-1", "day": "2024/01/01"},
		"111122223333/vpcflowlogs/us-east-1/2024/04/01/x":                                                                nil, // tomorrow
		"111122223333/vpcflowlogs/us-east-1/2023/12/31/x":                                                                nil, // before the range
		"111122223333/vpcflowlogs/us-east-1/2024/02/30/x":                                                                nil,
		"111122223333/vpcflowlogs/us-east-1/2024/3/31/x":                                                                 nil,
		"111122223333/vpcflowlogs/us-east-11/2024/03/31/x":                                                               nil,
		"111122223333/vpcflowlogs/eu-west-2/2024/03/31/x":                                                                nil,
		"999999999999/vpcflowlogs/us-east-1/2024/03/31/x":                                                                nil,
		"111122223333/cloudtrail/us-east-1/2024/03/31/x":                                                                 nil,
		"111122223333/vpcflowlogs/us-east-1/2024/03/31":                                                                  nil, // no file in the folder
		"111122223333/vpcflowlogs/us-east-1/2024/03/31/":                                                                 nil,
	} {
		got, ok := p.Match(root+uri, time0)
		if diff := cmp.Diff(want, got); diff != "" || ok != (want != nil) {
			t.Errorf("%s: %v (-want +got):\n%s", uri, ok, diff)
		}
	}
}

func TestMatchValues(t *testing.T) {
	for _, test := range []struct {
		properties string // of column p
		yes, no    string
	}{
		{"type=enum; values=a,New York,a/b", "a|New York|a/b", "b|A|New|a/c"},
		{"type=integer; range=-2,12", "-2|0|7|12", "-3|13|07|+1|1.0|x"},
		{"type=integer; range=00,23; digits=2", "00|09|23", "0|9|24|009"},
		{"type=integer; range=1,9; interval=4", "1|5|9", "2|4|10"},
		{"type=integer; range=-9223372036854775808,9223372036854775807", "-9223372036854775808|9223372036854775807|0", "9223372036854775808"},
		{"type=date; format=yyyy/MM/dd; range=NOW-3DAYS,NOW", "2024/03/28|2024/03/31", "2024/03/27|2024/04/01"},
		{"type=date; format=yyyy-MM-dd; range= NOW - 1 MONTH ,NOW", "2024-02-29|2024-03-31", "2024-02-28"},
		{"type=date; format=yyyyMMdd; range=20200229,NOW+1WEEKS", "20200229|20240407", "20200228|20240408"},
		{"type=date; format=yyyy-MM-dd; range=NOW-1YEARS,NOW-16 HOURS", "2023-03-31|2024-03-30", "2023-03-30|2024-03-31"},
		{"type=date; format=yyyyMM; range=202001,202003", "202001|202003", "202004|2020-01|20200"},
		{"type=date; format=yyyy-MM; range=2020-01,2020-12; interval=2; interval.unit=months", "2020-01|2020-11", "2020-02"},
		{"type=date; format=yyyy; range=2020,2024; interval=1; interval.unit=YEARS", "2020|2024", "2019|2025"},
		{"type=date; format=yyyy/MM/dd/HH; range=2024/01/01/00,NOW; interval=6; interval.unit=HOURS", "2024/01/01/06|2024/03/31/12", "2024/01/01/05|2024/03/31/18|2024/01/01/24"},
		{"type=date; format=d-M-yyyy; range=1-1-2024,NOW", "1-1-2024|31-3-2024", "01-1-2024|32-1-2024"},
		{"type=date; format=dd-MMM-yy; range=01-Jan-24,NOW", "02-Feb-24", "02-feb-24|02-XXX-24"},
		{"type=date; format=yyyy-DDD; range=2024-001,NOW", "2024-060|2024-091", "2024-092|2024-60"},
		{"type=date; format=yyyy-MM-dd\\'T\\'hha; range=2024-01-01T12AM,NOW; interval=1; interval.unit=HOURS", "2024-01-01T12AM|2024-01-01T12PM|2024-03-31T03PM", "2024-01-01T13PM|2024-03-31T04PM|2024-01-01 12AM"},
		{"type=date; format=yyyy-MM-dd HH:mm:ss.SSS; range=2024-01-01 00:00:00.000,NOW; interval=1; interval.unit=SECONDS", "2024-01-01 00:00:01.000", "2024-01-01 00:00:61.000"},
		{"type=injected", "anything|x=y", ""},
	} {
		columns := "p"
		custom := project(t, columns, pairs("p", test.properties)+", 'storage.location.template'='s3://b/x-${p}/y/${p}'")
		for n, list := range []string{test.yes, test.no} {
			if list == "" {
				continue
			}
			for value := range strings.SplitSeq(list, "|") {
				values, ok := custom.Match("s3://b/x-"+value+"/y/"+value+"/f.gz", time0)
				if ok != (n == 0) || ok && values["p"] != value {
					t.Errorf("%s: %s: %v, %v", test.properties, value, values, ok)
				}
				if _, ok := custom.Match("s3://b/x-"+value+"/y/other/f.gz", time0); ok {
					t.Errorf("%s: %s matches where its two places differ", test.properties, value)
				}
			}
		}
	}
}

func TestMatchHive(t *testing.T) {
	p := project(t, "day,region", pairs("day", "type=date; format=yyyy/MM/dd; range=2024/01/01,NOW")+","+pairs("region", "type=enum; values=a,b"))
	if p.Template != "s3://b/k/day=${day}/region=${region}/" {
		t.Errorf("template %s", p.Template)
	}
	for uri, want := range map[string]map[string]string{
		"s3://b/k/day=2024%2F01%2F02/region=a/f": {"day": "2024/01/02", "region": "a"},
		"s3://b/k/day=2024%2F01%2F02/region=c/f": nil,
		"s3://b/k/day=2024%2F05%2F02/region=a/f": nil,
		"s3://b/k/region=a/day=2024%2F01%2F02/f": nil,
		"s3://b/k/day=2024%2F01%2F02/f":          nil,
		"s3://b/kk/day=2024%2F01%2F02/region=a":  nil,
	} {
		got, _ := p.Match(uri, time0)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", uri, diff)
		}
	}
	s, _ := Parse("CREATE EXTERNAL TABLE t (x int) PARTITIONED BY (a string, b string) LOCATION 's3://b/k'")
	if p, mistakes := s.Table.Projection(); p != nil || mistakes != nil {
		t.Error(p, mistakes)
	}
}

// TestDateFormats checks that each format reads what it writes.
func TestDateFormats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.SampledFrom([]string{"yyyy/MM/dd", "yyyy-MM-dd-HH", "yyyyMMddHHmmss", "yy.M.d k:m:s", "uuuu-DDD hh a", "MMMM d, yyyy",
			"EEE dd MMM yyyy", "yyyy-MM-dd'T'HH:mm:ss.SSS", "yyyy''MM'o''clock'dd", "yyyy", "yyyy-MM"}).Draw(t, "pattern")
		format, problem := parseDateFormat(pattern)
		if problem != "" {
			t.Fatal(problem)
		}
		at := time.Unix(rapid.Int64Range(946684800, 4102444799).Draw(t, "time"), rapid.Int64Range(0, 999_999_999).Draw(t, "nano")).UTC()
		text := format.format(at)
		got, n, ok := format.parse(text + "/x")
		if !ok || n != len(text) || format.format(got) != text || got.After(at) {
			t.Fatalf("%s of %s is %q, read as %s, %d, %v", pattern, at, text, got, n, ok)
		}
	})
	for _, bad := range []string{"MM/dd", "yyyy/dd", "yyyy-MM-dd hh", "yyyy-ww", "yyyy[MM]", "yyyy'x", "yyyy-MM-ddX", "yyyyy", ""} {
		if _, problem := parseDateFormat(bad); problem == "" {
			t.Errorf("%q is a date format", bad)
		}
	}
}
