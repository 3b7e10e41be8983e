package duckdb

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestResponderQueries asks what responders ask of flow logs and CloudTrail in the forms
// that AWS's guides show ("Query Amazon VPC flow logs", "Query AWS CloudTrail logs"), and
// the forms that grow out of them.
func TestResponderQueries(t *testing.T) {
	c := newCase(t)
	c.flows()
	const folder = "trail/AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/%02d/%s"
	login := func(id, at, ip, mfa, outcome string) string {
		return fmt.Sprintf(`{"eventTime":%q,"eventName":"ConsoleLogin","eventSource":"signin.amazonaws.com","sourceIPAddress":%q,"userIdentity":{"type":"IAMUser","userName":"eve"},
			"responseElements":{"ConsoleLogin":%q},"additionalEventData":{"MFAUsed":"No"},"requestParameters":null,"resources":null,"eventID":%q,"errorCode":%s}`,
			at, ip, outcome, id, map[string]string{"Failure": `"Failed authentication"`, "Success": "null"}[outcome])
	}
	c.write(fmt.Sprintf(folder, 1, "a.json.gz"), zipped(t, `{"Records":[`+strings.Join([]string{
		event("1", "GetObject", "203.0.113.7"), event("2", "DeleteTrail", "198.51.100.7"),
		login("3", "2026-03-01T11:00:00Z", "198.51.100.7", "No", "Failure"), login("4", "2026-03-01T11:00:30Z", "198.51.100.7", "No", "Failure"),
		login("5", "2026-03-01T11:59:59Z", "198.51.100.7", "No", "Success"), login("6", "2026-03-01T12:10:00Z", "10.0.0.1", "Yes", "Success")}, ",")+`]}`))
	e := c.open()
	must(t, e, flowTable)
	must(t, e, strings.Replace(cloudTrailTable, "%s", "org.apache.hive.hcatalog.data.JsonSerDe", 1))
	for _, test := range []struct {
		name, sql string
		want      [][]any
	}{
		{"rejected TCP", `SELECT day_of_week(date(from_unixtime(starttime))) AS day, date(from_unixtime(starttime)) AS date, interfaceid, sourceaddress, action, protocol
			FROM vpcflow WHERE action = 'REJECT' AND protocol = 6 AND date_partition = '2026/03/01' LIMIT 100`,
			[][]any{{int64(7), march1, "eni-0a1b2c3d4e5f60718", "198.51.100.7", "REJECT", int64(6)}}},
		{"packets to a port", `SELECT SUM(numpackets) AS packetcount, destinationaddress FROM vpcflow WHERE destinationport = 443 AND date_partition > '2026/03/01'
			GROUP BY destinationaddress ORDER BY packetcount DESC LIMIT 10`, [][]any{{int64(480), "203.0.113.9"}}},
		{"inside to outside by hour", `SELECT date_trunc('hour', from_unixtime(starttime)) AT TIME ZONE 'UTC' AS hour, sum(numbytes) AS bytes FROM vpcflow
			WHERE contains('10.0.0.0/8', CAST(sourceaddress AS IPADDRESS)) AND NOT any_match(ARRAY['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'], net -> contains(net, TRY_CAST(destinationaddress AS IPADDRESS)))
			GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1`, [][]any{{march1.AddDate(0, 0, 2), int64(3000)}}},
		{"SYN without an answer", `SELECT count(*) FROM vpcflow WHERE bitwise_and(coalesce(tcpflags, 0), 2) = 2`, [][]any{{int64(0)}}},
		{"pace of a beacon", `WITH gaps AS (SELECT starttime - lag(starttime) OVER (PARTITION BY sourceaddress, destinationaddress ORDER BY starttime) AS gap FROM vpcflow WHERE action = 'ACCEPT')
			SELECT approx_percentile(gap, 0.5), round(stddev(gap), 1), count(gap) FROM gaps`, [][]any{{int64(3600), 0.0, int64(71)}}},
		{"share of each talker", `SELECT sourceaddress, round(100.0 * sum(numbytes) / sum(sum(numbytes)) OVER (), 2) AS share FROM vpcflow GROUP BY sourceaddress ORDER BY 2 DESC`,
			[][]any{{"10.0.0.1", 99.9}, {"198.51.100.7", 0.1}}}, // one digit: a quotient of decimals has the larger scale
		{"failed logins by address", `SELECT sourceipaddress, count(*) AS failures, min(eventtime), max_by(useridentity.username, eventtime)
			FROM cloudtrail WHERE eventname = 'ConsoleLogin' AND json_extract_scalar(responseelements, '$.ConsoleLogin') = 'Failure' GROUP BY sourceipaddress HAVING count(*) > 1`,
			[][]any{{"198.51.100.7", int64(2), "2026-03-01T11:00:00Z", "eve"}}},
		{"success behind failures", `SELECT s.eventid, date_diff('minute', from_iso8601_timestamp(f.last), from_iso8601_timestamp(s.eventtime)) AS minutes FROM cloudtrail s
			JOIN (SELECT sourceipaddress, max(eventtime) AS last FROM cloudtrail WHERE errorcode IS NOT NULL GROUP BY 1) f USING (sourceipaddress)
			WHERE s.eventname = 'ConsoleLogin' AND s.errorcode IS NULL`, [][]any{{"5", int64(59)}}},
		{"events an hour", `SELECT date_format(date_trunc('hour', from_iso8601_timestamp(eventtime)), '%H:%i') AS hour, count(*), array_join(array_agg(DISTINCT eventname ORDER BY eventname), ', ')
			FROM cloudtrail WHERE day = '2026/03/01' GROUP BY 1 ORDER BY 1`,
			[][]any{{"10:00", int64(2), "DeleteTrail, GetObject"}, {"11:00", int64(3), "ConsoleLogin"}, {"12:00", int64(1), "ConsoleLogin"}}},
		{"resources", `SELECT r.arn, count(*) FROM cloudtrail CROSS JOIN UNNEST(resources) AS t(arn, accountid, type) CROSS JOIN (VALUES 1) AS r0(x) CROSS JOIN (SELECT 1) GROUP BY 1`, nil},
		{"resources by name", `SELECT r.arn, count(DISTINCT eventid) FROM cloudtrail CROSS JOIN UNNEST(resources) AS r(arn, accountid, type) GROUP BY r.arn`, [][]any{{"arn:aws:s3:::b", int64(2)}}},
		{"anything against the trail", `SELECT eventid, useridentity.sessioncontext.attributes.mfaauthenticated FROM cloudtrail
			WHERE regexp_like(eventname, '^(Delete|Stop|Update)(Trail|Logging)') OR eventname IN ('PutEventSelectors')`, [][]any{{"2", "false"}}},
		{"one address in both logs", `SELECT v.sourceaddress, count(DISTINCT v.starttime), array_sort(set_union_of.ids) FROM vpcflow v
			JOIN (SELECT sourceipaddress, array_agg(eventid) AS ids FROM cloudtrail GROUP BY 1) AS set_union_of ON set_union_of.sourceipaddress = v.sourceaddress AND v.action = 'REJECT'
			GROUP BY v.sourceaddress, set_union_of.ids`, [][]any{{"198.51.100.7", int64(3), []any{"2", "3", "4", "5"}}}},
		{"what a request said", `SELECT json_extract_scalar(requestparameters, '$.bucketName'), json_array_length(json_extract(requestparameters, '$.Host')), cardinality(map_keys(CAST(json_parse(requestparameters) AS MAP(varchar, json))))
			FROM cloudtrail WHERE eventid = '1'`, [][]any{{"b", int64(2), int64(3)}}},
	} {
		a, err := ask(t.Context(), e, test.sql)
		switch {
		case test.want == nil && err == nil:
			t.Errorf("%s: %v, want a mistake", test.name, a.rows)
		case test.want != nil && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.want != nil:
			if diff := cmp.Diff(test.want, a.rows); diff != "" {
				t.Errorf("%s: %s", test.name, diff)
			}
		}
	}
}
