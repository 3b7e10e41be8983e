package duckdb

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

// cloudTrailTable is the table of Athena's guide ("Query AWS CloudTrail logs"), with
// partition projection.
const cloudTrailTable = `CREATE EXTERNAL TABLE cloudtrail (
	eventversion STRING,
	useridentity STRUCT<type:STRING, principalid:STRING, arn:STRING, accountid:STRING, invokedby:STRING, accesskeyid:STRING, username:STRING,
		sessioncontext:STRUCT<attributes:STRUCT<mfaauthenticated:STRING, creationdate:STRING>, sessionissuer:STRUCT<type:STRING, principalid:STRING, arn:STRING, accountid:STRING, username:STRING>>>,
	eventtime STRING, eventsource STRING, eventname STRING, awsregion STRING, sourceipaddress STRING, useragent STRING, errorcode STRING,
	requestparameters STRING, responseelements STRING, readonly STRING, resources ARRAY<STRUCT<arn:STRING, accountid:STRING, type:STRING>>, eventid STRING)
PARTITIONED BY (day STRING)
ROW FORMAT SERDE '%s'
STORED AS INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat' OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://trail/AWSLogs/111122223333/CloudTrail/us-east-1/'
TBLPROPERTIES ('projection.enabled'='true', 'projection.day.type'='date', 'projection.day.range'='2026/03/01,NOW', 'projection.day.format'='yyyy/MM/dd',
	'projection.day.interval'='1', 'projection.day.interval.unit'='DAYS', 'storage.location.template'='s3://trail/AWSLogs/111122223333/CloudTrail/us-east-1/${day}')`

// event is a record of CloudTrail, over several lines.
func event(id, name, ip string) string {
	return fmt.Sprintf(`{"eventVersion": "1.09", "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/admin/eve",
	"sessionContext": {"attributes": {"mfaAuthenticated": "false"}, "webIdFederationData": {}}}, "eventTime": "2026-03-01T10:11:12Z", "eventSource": "s3.amazonaws.com",
	"eventName": %q, "sourceIPAddress": %q, "requestParameters": {"bucketName": "b", "Host": ["x", 1.50], "note": "\u00e9 \"]}\""}, "responseElements": null,
	"readOnly": true, "resources": [{"ARN": "arn:aws:s3:::b", "type": "AWS::S3::Bucket"}], "eventID": %q}`, name, ip, id)
}

func TestCloudTrail(t *testing.T) {
	const folder = "trail/AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/%02d/%s"
	c := newCase(t)
	c.write(fmt.Sprintf(folder, 1, "a.json.gz"), zipped(t, `{"Records":[`+event("1", "GetObject", "203.0.113.7")+","+event("2", "PutObject", "10.0.0.1")+`], "x": [{"Records": [1]}]}`))
	c.write(fmt.Sprintf(folder, 1, "empty.json.gz"), zipped(t, `{"Records":[]}`))
	c.write(fmt.Sprintf(folder, 2, "two.json"), []byte(`{"note":"a ] } \" here","Records":[`+event("3", "ListBuckets", "-")+"]}\n"+`{"Records":[`+event("4", "ListBuckets", "-")+"]}\n"))
	c.write(fmt.Sprintf(folder, 2, "cut.json.gz"), zipped(t, `{"Records":[`+event("5", "ListBuckets", "-")+","+event("6", "ListBuckets", "-")[:100]))
	c.write(fmt.Sprintf(folder, 2, "digest.json"), []byte(`{"awsAccountId":"111122223333","logFiles":[]}`))
	c.write(fmt.Sprintf(folder, 2, "wrong.json"), []byte(`{"Records":[`+event("7", "ListBuckets", "-")+`,{"eventName": oops}]}`))
	c.write(fmt.Sprintf(folder, 2, "no.json"), []byte("eventVersion,eventName\n"))
	for _, serde := range []string{"com.amazon.emr.hive.serde.CloudTrailSerde", "org.apache.hive.hcatalog.data.JsonSerDe"} {
		e := c.open(func(o *Options) { o.Window = steps.Window{From: march1, To: march1.AddDate(0, 0, 3)} })
		must(t, e, strings.Replace(cloudTrailTable, "%s", serde, 1))
		a := must(t, e, "SELECT eventid, useridentity.arn, useridentity.sessioncontext.attributes.mfaauthenticated, sourceipaddress, requestparameters, responseelements, readonly, resources FROM cloudtrail WHERE eventname = 'GetObject'")
		want := [][]any{{"1", "arn:aws:sts::111122223333:assumed-role/admin/eve", "false", "203.0.113.7", `{"bucketName":"b","Host":["x",1.50],"note":"é \"]}\""}`, nil, "true",
			[]any{map[string]any{"arn": "arn:aws:s3:::b", "accountid": nil, "type": "AWS::S3::Bucket"}}}}
		if diff := cmp.Diff(want, a.rows); diff != "" {
			t.Error(diff)
		}
		a = must(t, e, "SELECT array_join(array_agg(eventid ORDER BY eventid), ' '), count(*) FROM cloudtrail")
		if diff := cmp.Diff([][]any{{"1 2 3 4 5 7", int64(7)}}, a.rows); diff != "" {
			t.Error(diff)
		}
		q := a.stats.Quality
		if q.Unit != "CloudTrail events" || q.Examined != 7 { // the event without a time may lie in the window
			t.Errorf("%d %s", q.Examined, q.Unit)
		}
		for name, problem := range map[string]string{"cut.json.gz": "it breaks off in the middle (truncated); 1 records before the break were used",
			"digest.json": "was left out: it has no Records", "wrong.json": "lines are no JSON objects, on which Athena fails", "no.json": "it is not the JSON that CloudTrail writes; 0 records"} {
			if gap := about(q.Gaps, name); len(gap) == 0 || !gap[0].Blocking || gap[0].Problem != problem && !strings.HasPrefix(gap[0].Problem, problem) {
				t.Errorf("%s: %+v", name, gap)
			}
		}
		if !hasProblem(q, "no file on 1 of 3 days", 1) {
			t.Errorf("%+v", q.Gaps)
		}
	}
	e := c.open()
	refused(t, e, "CREATE EXTERNAL TABLE t (a string) ROW FORMAT SERDE 'com.amazon.emr.hive.serde.CloudTrailSerde' LOCATION 's3://trail/'", "CloudTrail cannot be read from files STORED AS TEXTFILE")
}
