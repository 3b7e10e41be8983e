package createflowlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
	"playbook/steps/plan"
	"playbook/steps/plan/plantest"
)

type m = map[string]any

var target = steps.Target{Account: "111122223333", Region: "eu-west-1"}

// log is a flow log that works, altered by pairs of field, value.
func log(id, vpc string, more ...any) m {
	l := m{"FlowLogId": id, "ResourceId": vpc, "TrafficType": "ALL", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::logs/vpc/",
		"FlowLogStatus": "ACTIVE", "DeliverLogsStatus": "SUCCESS", "MaxAggregationInterval": int64(60), "LogFormat": "${version} ${pkt-srcaddr}",
		"DestinationOptions": m{"FileFormat": "parquet", "HiveCompatiblePartitions": false, "PerHourPartition": true}}
	for i := 0; i < len(more); i += 2 {
		l[more[i].(string)] = more[i+1]
	}
	return l
}

func account(t plantest.TB, logs ...any) *plantest.Account {
	a := plantest.New(t, `{"Vpcs": [{"VpcId": "vpc-1", "Tags": [{"Key": "Name", "Value": "prod"}]}, {"VpcId": "vpc-2"}]}`)
	a.Lists["FlowLogs"] = append([]any{}, logs...)
	return a
}

func step(vpcs ...any) *Step {
	s := Kind().New().(*Step)
	s.VPCs = vpcs
	return s
}

func run(a *plantest.Account, s *Step) (steps.Result, error) {
	return s.Run(context.Background(), steps.Env{Cloud: a, Target: target})
}

func TestAFlowLogIsLikeTheOthers(t *testing.T) {
	result, err := run(account(t, log("fl-9", "vpc-2"), log("fl-1", "vpc-1", "TrafficType", "REJECT")), step("vpc-1"))
	if err != nil {
		t.Fatal(err)
	}
	want := plantest.Changes(t, `[{"target": {"account": "111122223333", "region": "eu-west-1"}, "resource": "vpc-1",
	  "reason": "No flow log that works records all traffic of prod (vpc-1); like flow log fl-9",
	  "call": {"operation": "ec2:CreateFlowLogs", "input": {"ResourceType": "VPC", "ResourceIds": ["vpc-1"], "TrafficType": "ALL", "LogDestinationType": "s3",
	    "LogDestination": "arn:aws:s3:::logs/vpc/", "MaxAggregationInterval": 60, "LogFormat": "${version} ${pkt-srcaddr}",
	    "DestinationOptions": {"FileFormat": "parquet", "HiveCompatiblePartitions": false, "PerHourPartition": true}}},
	  "before": {"FlowLogs": [{"FlowLogId": "fl-1", "ResourceId": "vpc-1", "TrafficType": "REJECT", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::logs/vpc/",
	    "FlowLogStatus": "ACTIVE", "DeliverLogsStatus": "SUCCESS", "MaxAggregationInterval": 60, "LogFormat": "${version} ${pkt-srcaddr}",
	    "DestinationOptions": {"FileFormat": "parquet", "HiveCompatiblePartitions": false, "PerHourPartition": true}}]},
	  "undo": [{"operation": "ec2:DeleteFlowLogs", "input": {"FlowLogIds": [{"$from": {"call": 0, "path": "FlowLogIds[0]"}}]}}],
	  "notes": ["It records from then on: what went before stays unrecorded. The first file takes about 10 minutes, and up to 10 more with an interval of 600 s.",
	    "AWS adds statements to the policy of the bucket if it belongs to the caller, who needs s3:PutBucketPolicy for it; undone, they stay. Another account's bucket must allow the delivery already.",
	    "The call can succeed as a whole and fail for the VPC: its answer names that under Unsuccessful.", "Delivery and storage cost money."]}]`)
	if diff := cmp.Diff(want, plantest.JSON(t, result.Changes)); diff != "" {
		t.Error(diff)
	}
}

func TestOptionsWinOverWhatIsCopied(t *testing.T) {
	s := step("vpc-1")
	s.Destination, s.Format, s.Interval, s.FileFormat = "arn:aws:s3:::logs/vpc", "${version}", 600, "plain-text"
	result, err := run(account(t, log("fl-2", "vpc-2")), s)
	if err != nil {
		t.Fatal(err)
	}
	want := m{"ResourceType": "VPC", "ResourceIds": []any{"vpc-1"}, "TrafficType": "ALL", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::logs/vpc",
		"MaxAggregationInterval": int64(600), "LogFormat": "${version}",
		"DestinationOptions": m{"FileFormat": "plain-text", "HiveCompatiblePartitions": false, "PerHourPartition": true}}
	if diff := cmp.Diff(want, result.Changes[0].Call.Input); diff != "" {
		t.Error(diff)
	}
	s = step("vpc-1")
	s.Destination = "arn:aws:s3:::other"
	result, err = run(account(t, log("fl-2", "vpc-2")), s)
	want = m{"ResourceType": "VPC", "ResourceIds": []any{"vpc-1"}, "TrafficType": "ALL", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::other",
		"MaxAggregationInterval": int64(600)}
	if diff := cmp.Diff(want, result.Changes[0].Call.Input); diff != "" || err != nil {
		t.Errorf("to another place nothing is copied: %v\n%s", err, diff)
	}
}

func TestWhichFlowLogIsCopied(t *testing.T) {
	elsewhere := []any{"LogDestination", "arn:aws:s3:::bbb"}
	for want, logs := range map[string][]any{
		"like flow log fl-3": {log("fl-5", "vpc-5"), log("fl-3", "vpc-3"), log("fl-1", "vpc-4", elsewhere...)},
		"like flow log fl-1": {log("fl-5", "vpc-5"), log("fl-1", "vpc-4", elsewhere...)},
		"like flow log fl-7": {log("fl-7", "vpc-7"), log("fl-1", "vpc-3", "DeliverLogsStatus", "FAILED"), log("fl-2", "subnet-1"),
			log("fl-3", "vpc-3", "LogDestinationType", "cloud-watch-logs"), log("fl-4", "vpc-4", "TrafficType", "ACCEPT"), log("fl-5", "vpc-5", "FlowLogStatus", "INACTIVE")},
	} {
		result, err := run(account(t, logs...), step("vpc-1"))
		if err != nil || !strings.HasSuffix(result.Changes[0].Reason, want) {
			t.Errorf("%v, %v; want %s", result.Changes, err, want)
		}
	}
}

func TestWhatIsNotPlanned(t *testing.T) {
	for _, test := range []struct {
		name    string
		logs    []any
		vpc     any
		protect any
		outcome string
		want    string
	}{
		{"nothing to copy", nil, "vpc-1", nil, plan.Refused, "no flow log of a VPC here delivers all traffic to S3, so there is nothing to copy: say `destination`"},
		{"protected", []any{log("fl-2", "vpc-2")}, "vpc-1", m{"key": "Name", "value": "prod"}, plan.Refused, "protected by its tag Name = prod"},
		{"not delivered", []any{log("fl-2", "vpc-2"), log("fl-1", "vpc-1", "DeliverLogsStatus", "FAILED", "DeliverLogsErrorMessage", "Access error")}, "vpc-1", nil, plan.Refused,
			"flow log fl-1 goes to the same place and is not delivered (Access error): mend that one, AWS makes no second"},
		{"reserved", []any{log("fl-2", "vpc-2", "LogDestination", "arn:aws:s3:::logs/AWSLogs/")}, "vpc-1", nil, plan.Refused,
			"arn:aws:s3:::logs/AWSLogs/: AWSLogs is reserved and cannot be a folder of the destination; AWS adds it below"},
		{"recorded", []any{log("fl-1", "vpc-1")}, "vpc-1", nil, plan.Unchanged, "flow log fl-1 records all its traffic"},
		{"recorded elsewhere", []any{log("fl-1", "vpc-1", "LogDestinationType", "cloud-watch-logs")}, "vpc-1", nil, plan.Unchanged, "flow log fl-1 records all its traffic"},
		{"just made", []any{log("fl-2", "vpc-2"), log("fl-1", "vpc-1", "DeliverLogsStatus", "")}, "vpc-1", nil, plan.Unchanged, "flow log fl-1 is there and has not delivered anything yet"},
		{"covered by subnets", nil, m{"id": "vpc-9", "name": "x", "covered": true}, nil, plan.Unchanged, "all its traffic is recorded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := step(test.vpc)
			if test.protect != nil {
				s.Protect = []any{test.protect}
			}
			result, err := run(account(t, test.logs...), s)
			r := result.Value.(plan.Result).Resources
			if len(r) != 1 || r[0].Outcome != test.outcome || r[0].Why != test.want || (err != nil) != (test.outcome == plan.Refused) || len(result.Changes) != 0 {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

func TestDestinations(t *testing.T) {
	for destination, want := range map[string]string{
		"arn:aws:s3:::logs": "", "arn:aws-us-gov:s3:::logs/a/b/": "", "arn:aws:s3:::logs/AWSLogsOld/": "",
		"arn:aws:s3:::logs/a/AWSLogs/b":    "arn:aws:s3:::logs/a/AWSLogs/b: AWSLogs is reserved and cannot be a folder of the destination; AWS adds it below",
		"s3://logs/":                       `"s3://logs/" is not the ARN of a bucket, as arn:aws:s3:::bucket/folder/`,
		"arn:aws:logs:eu-west-1:1:group:x": `"arn:aws:logs:eu-west-1:1:group:x" is not the ARN of a bucket, as arn:aws:s3:::bucket/folder/`,
		"arn:aws:s3:::logs/a\nb":           `"arn:aws:s3:::logs/a\nb" is not the ARN of a bucket, as arn:aws:s3:::bucket/folder/`,
	} {
		s := step("vpc-1")
		s.Destination = destination
		problems := s.Validate(func(string) bool { return true })
		_, err := run(account(t), s)
		if want == "" && (problems != nil || err != nil) || want != "" && (err == nil || err.Error() != want || len(problems) != 1 || problems[0].Message != want) {
			t.Errorf("%s: %v, %v", destination, problems, err)
		}
	}
}

func TestMissingFactsAreErrors(t *testing.T) {
	var missing *steps.Missing
	if result, err := run(account(t, log("fl-2", "vpc-2")), step("vpc-1", "vpc-9")); !errors.As(err, &missing) || len(result.Changes) != 1 {
		t.Errorf("%d changes, %v", len(result.Changes), err)
	}
	for _, list := range []string{"Vpcs", "FlowLogs"} {
		a := account(t, log("fl-2", "vpc-2"))
		delete(a.Lists, list)
		if result, err := run(a, step("vpc-1")); !errors.As(err, &missing) || len(result.Changes) != 0 {
			t.Errorf("without %s: %d changes, %v", list, len(result.Changes), err)
		}
	}
}

func TestUndoneIsAsBefore(t *testing.T) {
	a := account(t, log("fl-9", "vpc-3"), log("fl-1", "vpc-1", "TrafficType", "REJECT"))
	a.RoundTrip(t, Kind(), func() (steps.Result, error) { return run(a, step("vpc-1", m{"id": "vpc-2", "covered": false})) })
	if got := fmt.Sprint(len(a.Lists["FlowLogs"])); got != "2" {
		t.Errorf("%s flow logs are left", got)
	}
}
