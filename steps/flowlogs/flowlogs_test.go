package flowlogs

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

type answers map[string][]any

var keys = map[string]string{
	"ec2:DescribeFlowLogs": "FlowLogs", "ec2:DescribeVpcs": "Vpcs", "ec2:DescribeSubnets": "Subnets",
	"ec2:DescribeNetworkInterfaces": "NetworkInterfaces",
}

func (a answers) Read(_ context.Context, operation string, _ map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		if list, ok := a[operation]; ok {
			yield(map[string]any{keys[operation]: list}, nil)
			return
		}
		yield(nil, &steps.Missing{What: "the answer of " + operation})
	}
}

type m = map[string]any

// world has one VPC with two subnets and an interface in each.
func world(logs ...any) answers {
	return answers{
		"ec2:DescribeFlowLogs": logs,
		"ec2:DescribeVpcs":     {m{"VpcId": "vpc-1", "Tags": []any{m{"Key": "Name", "Value": "prod"}}}},
		"ec2:DescribeSubnets":  {m{"SubnetId": "subnet-1", "VpcId": "vpc-1"}, m{"SubnetId": "subnet-2", "VpcId": "vpc-1"}},
		"ec2:DescribeNetworkInterfaces": {
			m{"NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "VpcId": "vpc-1"},
			m{"NetworkInterfaceId": "eni-2", "SubnetId": "subnet-2", "VpcId": "vpc-1"},
		},
	}
}

func log(id, resource string, more ...any) m {
	l := m{"FlowLogId": id, "ResourceId": resource, "TrafficType": "ALL", "FlowLogStatus": "ACTIVE",
		"DeliverLogsStatus": "SUCCESS", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::logs"}
	for i := 0; i < len(more); i += 2 {
		l[more[i].(string)] = more[i+1]
	}
	return l
}

func TestCoverage(t *testing.T) {
	for _, test := range []struct {
		name string
		logs []any
		want map[string]string // resource: via, or the first problem
	}{
		{"none", nil, map[string]string{"vpc-1": "no flow log records this VPC", "subnet-1": "no flow log records this subnet",
			"subnet-2": "no flow log records this subnet", "eni-1": "no flow log records this interface", "eni-2": "no flow log records this interface"}},
		{"the VPC's own", []any{log("fl-1", "vpc-1")}, map[string]string{"vpc-1": "vpc", "subnet-1": "vpc", "subnet-2": "vpc", "eni-1": "vpc", "eni-2": "vpc"}},
		{"one subnet", []any{log("fl-1", "subnet-1")}, map[string]string{"vpc-1": "no flow log records this VPC", "subnet-1": "subnet",
			"subnet-2": "no flow log records this subnet", "eni-1": "subnet", "eni-2": "no flow log records this interface"}},
		{"each subnet", []any{log("fl-1", "subnet-1"), log("fl-2", "subnet-2")},
			map[string]string{"vpc-1": "subnet", "subnet-1": "subnet", "subnet-2": "subnet", "eni-1": "subnet", "eni-2": "subnet"}},
		{"each interface is not the VPC", []any{log("fl-1", "eni-1"), log("fl-2", "eni-2")},
			map[string]string{"vpc-1": "no flow log records this VPC", "subnet-1": "no flow log records this subnet",
				"subnet-2": "no flow log records this subnet", "eni-1": "interface", "eni-2": "interface"}},
		{"only rejected traffic", []any{log("fl-1", "vpc-1", "TrafficType", "REJECT")},
			all("fl-1: it records only REJECT traffic")},
		{"accepted and rejected apart", []any{log("fl-1", "vpc-1", "TrafficType", "REJECT"), log("fl-2", "vpc-1", "TrafficType", "ACCEPT")},
			all("vpc")},
		{"not delivered", []any{log("fl-1", "vpc-1", "DeliverLogsStatus", "FAILED", "DeliverLogsErrorMessage", "Access error")},
			all("fl-1: its logs are not delivered: Access error")},
		{"delivery unknown", []any{log("fl-1", "vpc-1", "DeliverLogsStatus", nil)}, all("fl-1: nothing says that its logs are delivered")},
		{"traffic unknown", []any{log("fl-1", "vpc-1", "TrafficType", "")}, all("fl-1: nothing says which traffic it records")},
		{"of another VPC", []any{log("fl-1", "vpc-2")}, map[string]string{"vpc-1": "no flow log records this VPC", "subnet-1": "no flow log records this subnet",
			"subnet-2": "no flow log records this subnet", "eni-1": "no flow log records this interface", "eni-2": "no flow log records this interface"}},
		{"halves at different levels", []any{log("fl-1", "vpc-1", "TrafficType", "ACCEPT"), log("fl-2", "eni-1", "TrafficType", "REJECT")},
			map[string]string{"vpc-1": "fl-1: it records only ACCEPT traffic", "subnet-1": "fl-1: it records only ACCEPT traffic",
				"subnet-2": "fl-1: it records only ACCEPT traffic", "eni-1": "interface", "eni-2": "fl-1: it records only ACCEPT traffic"}},
		{"not active", []any{log("fl-1", "vpc-1", "FlowLogStatus", "INACTIVE")}, all("fl-1: it is not active")},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := (&Step{}).Run(context.Background(), steps.Env{Cloud: world(test.logs...)})
			if err != nil {
				t.Fatal(err)
			}
			value := result.Value.(Result)
			got := map[string]string{}
			for _, list := range [][]Coverage{value.VPCs, value.Subnets, value.Interfaces} {
				for _, c := range list {
					got[c.ID] = c.Via
					if !c.Covered {
						got[c.ID] = c.Problems[0]
					}
					if c.Covered != (c.Via != "") || c.Covered != (c.Traffic == "ALL") {
						t.Errorf("%s: covered %v, via %q, traffic %q", c.ID, c.Covered, c.Via, c.Traffic)
					}
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if result.Quality.Examined != 5 {
				t.Errorf("%d resources examined, want 5", result.Quality.Examined)
			}
		})
	}
}

func all(text string) map[string]string {
	return map[string]string{"vpc-1": text, "subnet-1": text, "subnet-2": text, "eni-1": text, "eni-2": text}
}

func TestAFlowLogIsDescribed(t *testing.T) {
	got := describe(log("fl-1", "subnet-1", "LogDestination", "arn:aws:s3:::central/AWSLogs/x/", "MaxAggregationInterval", int64(60),
		"LogFormat", "${version} ${account-id} ${srcaddr}", "Tags", []any{m{"Key": "Name", "Value": "web"}}))
	want := FlowLog{
		ID: "fl-1", Name: "web", Resource: "subnet-1", ResourceType: "subnet", Traffic: "ALL", DestinationType: "s3",
		Destination: "arn:aws:s3:::central/AWSLogs/x/", Bucket: "central", Prefix: "AWSLogs/x/", FileFormat: "plain-text", Interval: 60,
		Format: "${version} ${account-id} ${srcaddr}", Fields: []string{"version", "account-id", "srcaddr"}, Active: true, Delivery: "SUCCESS",
		MissingFields: got.MissingFields,
		Problems:      []string{"AWSLogs is reserved and cannot be a folder of the destination"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(got.MissingFields) != 26 || got.MissingFields[0] != "interface-id" {
		t.Errorf("missing %v", got.MissingFields)
	}
	arn := describe(m{"LogDestinationType": "cloud-watch-logs", "LogDestination": "arn:aws:logs:eu-west-1:111122223333:log-group:/vpc/web:*"})
	if arn.LogGroup != "/vpc/web" {
		t.Errorf("the log group is %q", arn.LogGroup)
	}
	old := describe(m{"FlowLogId": "fl-2", "ResourceId": "vpc-1", "LogGroupName": "flows", "FlowLogStatus": "ACTIVE", "TrafficType": "ALL"})
	if old.DestinationType != "cloud-watch-logs" || old.Destination != "flows" || old.LogGroup != "flows" || old.Bucket != "" {
		t.Errorf("a flow log to CloudWatch Logs is described as %+v", old)
	}
}

func TestPartlyCovered(t *testing.T) {
	for _, test := range []struct {
		name string
		logs []any
		want map[string]bool
	}{
		{"nothing", nil, map[string]bool{"vpc-1": false, "subnet-1": false, "subnet-2": false, "eni-1": false, "eni-2": false}},
		{"everything", []any{log("fl-1", "vpc-1")}, map[string]bool{"vpc-1": false, "subnet-1": false, "subnet-2": false, "eni-1": false, "eni-2": false}},
		{"one subnet", []any{log("fl-1", "subnet-1")}, map[string]bool{"vpc-1": true, "subnet-1": false, "subnet-2": false, "eni-1": false, "eni-2": false}},
		{"one interface", []any{log("fl-1", "eni-1")}, map[string]bool{"vpc-1": true, "subnet-1": true, "subnet-2": false, "eni-1": false, "eni-2": false}},
		{"half an interface", []any{log("fl-1", "eni-1", "TrafficType", "REJECT")},
			map[string]bool{"vpc-1": true, "subnet-1": true, "subnet-2": false, "eni-1": true, "eni-2": false}},
		{"failing", []any{log("fl-1", "vpc-1", "DeliverLogsStatus", "FAILED")},
			map[string]bool{"vpc-1": false, "subnet-1": false, "subnet-2": false, "eni-1": false, "eni-2": false}},
	} {
		value := run(t, world(test.logs...), "")
		got := map[string]bool{}
		for _, list := range [][]Coverage{value.VPCs, value.Subnets, value.Interfaces} {
			for _, c := range list {
				got[c.ID] = c.Partly
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func run(t *testing.T, a answers, account string) Result {
	t.Helper()
	result, err := (&Step{}).Run(context.Background(), steps.Env{Cloud: a, Target: steps.Target{Account: account}})
	if err != nil {
		t.Fatal(err)
	}
	return result.Value.(Result)
}

func TestAVPCByItsSubnets(t *testing.T) {
	got := run(t, world(log("fl-1", "subnet-1"), log("fl-2", "subnet-2")), "").VPCs[0]
	want := Coverage{ID: "vpc-1", Name: "prod", VPC: "vpc-1", Covered: true, By: []string{"fl-1", "fl-2"}, Via: "subnet", Traffic: "ALL", Problems: []string{}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = run(t, world(log("fl-1", "eni-1"), log("fl-2", "eni-2")), "").VPCs[0]
	wantProblems := []string{"no flow log records this VPC", "flow logs record 2 of its 2 interfaces, and none that is made later"}
	if diff := cmp.Diff(wantProblems, got.Problems); diff != "" || got.Covered {
		t.Errorf("covered %v: %s", got.Covered, diff)
	}
	empty := answers{"ec2:DescribeFlowLogs": {}, "ec2:DescribeVpcs": {m{"VpcId": "vpc-9"}}, "ec2:DescribeSubnets": {}, "ec2:DescribeNetworkInterfaces": {}}
	if got := run(t, empty, "").VPCs[0]; got.Covered {
		t.Error("a VPC without subnets is covered by all of them")
	}
}

func TestASharedVPCIsSaidToBe(t *testing.T) {
	a := world()
	a["ec2:DescribeVpcs"][0].(m)["OwnerId"] = "444455556666"
	shared := "its VPC is shared by account 444455556666, whose flow logs are not seen from here"
	got := run(t, a, "111122223333").Interfaces[0].Problems
	if diff := cmp.Diff([]string{"no flow log records this interface", shared}, got); diff != "" {
		t.Error(diff)
	}
	if got := run(t, a, "444455556666").Interfaces[0].Problems; len(got) != 1 {
		t.Errorf("to its owner: %v", got)
	}
}

func TestATransitGatewayHasNoTrafficType(t *testing.T) {
	got := describe(m{"FlowLogId": "fl-1", "ResourceId": "tgw-1", "FlowLogStatus": "ACTIVE", "DeliverLogsStatus": "SUCCESS",
		"LogDestinationType": "s3", "LogDestination": "arn:aws-us-gov:s3:::logs", "DestinationOptions": m{"FileFormat": "parquet"}})
	if len(got.Problems) != 0 || got.ResourceType != "transit_gateway" || got.Bucket != "logs" || got.Prefix != "" || got.FileFormat != "parquet" {
		t.Errorf("%+v", got)
	}
}

func TestAMissingAnswerIsAnErrorNotAnAllClear(t *testing.T) {
	for operation := range keys {
		a := world(log("fl-1", "vpc-1"))
		delete(a, operation)
		result, err := (&Step{}).Run(context.Background(), steps.Env{Cloud: a})
		var missing *steps.Missing
		value, _ := result.Value.(Result)
		if !errors.As(err, &missing) || len(value.VPCs)+len(value.Subnets)+len(value.Interfaces) > 0 || result.Quality.Examined != 0 {
			t.Errorf("without %s: result %v, error %v", operation, result.Value, err)
		}
		if kept := len(value.FlowLogs); operation != "ec2:DescribeFlowLogs" && kept != 1 {
			t.Errorf("without %s: %d flow logs are kept", operation, kept)
		}
	}
}
