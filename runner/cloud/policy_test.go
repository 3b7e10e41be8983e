package cloud

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNewPolicy(t *testing.T) {
	scope := Scope{Regions: []string{"eu-west-1", "us-east-1"}, Places: []string{"s3://logs/own/", "s3://lists/iocs/", "s3://logs/own/"},
		Results: "s3://answers/athena/", Workgroup: "ir", Database: "incident"}
	made, err := NewPolicy([]string{"ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeVpcs", "iam:GetAccountAuthorizationDetails", "s3:GetObject",
		"s3:ListBucket", "athena:StartQueryExecution", "glue:GetTable", "s3:PutObject"}, scope)
	if err != nil {
		t.Fatal(err)
	}
	regions := map[string]map[string][]string{"StringEquals": {"aws:RequestedRegion": {"eu-west-1", "us-east-1"}}}
	want := Policy{Version: "2012-10-17", Statement: []Statement{
		{"AthenaStartQueryExecution", "Allow", []string{"athena:StartQueryExecution"}, []string{"arn:aws:athena:eu-west-1:*:workgroup/ir", "arn:aws:athena:us-east-1:*:workgroup/ir"}, nil},
		{"Ec2DescribeSubnetsAnd1", "Allow", []string{"ec2:DescribeSubnets", "ec2:DescribeVpcs"}, []string{"*"}, regions},
		{"GlueGetTable", "Allow", []string{"glue:GetTable"}, []string{
			"arn:aws:glue:eu-west-1:*:catalog", "arn:aws:glue:eu-west-1:*:database/default", "arn:aws:glue:eu-west-1:*:database/incident", "arn:aws:glue:eu-west-1:*:table/incident/*",
			"arn:aws:glue:us-east-1:*:catalog", "arn:aws:glue:us-east-1:*:database/default", "arn:aws:glue:us-east-1:*:database/incident", "arn:aws:glue:us-east-1:*:table/incident/*"}, nil},
		{"IamGetAccountAuthorizationDetails", "Allow", []string{"iam:GetAccountAuthorizationDetails"}, []string{"*"}, nil},
		{"S3GetObject", "Allow", []string{"s3:GetObject"}, []string{"arn:aws:s3:::answers/athena/*", "arn:aws:s3:::lists/iocs/*", "arn:aws:s3:::logs/own/*"}, nil},
		{"S3ListBucket", "Allow", []string{"s3:ListBucket"}, []string{"arn:aws:s3:::answers", "arn:aws:s3:::lists", "arn:aws:s3:::logs"}, nil},
		{"S3PutObject", "Allow", []string{"s3:PutObject"}, []string{"arn:aws:s3:::answers/athena/*"}, nil},
	}}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Error(diff)
	}
}

func TestAPolicyWithoutBoundsSaysSo(t *testing.T) {
	made, err := NewPolicy([]string{"s3:GetObject", "ec2:DescribeVpcs", "athena:GetWorkGroup"}, Scope{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Version":"2012-10-17","Statement":[` +
		`{"Sid":"AthenaGetWorkGroup","Effect":"Allow","Action":["athena:GetWorkGroup"],"Resource":["arn:aws:athena:*:*:workgroup/*"]},` +
		`{"Sid":"Ec2DescribeVpcs","Effect":"Allow","Action":["ec2:DescribeVpcs"],"Resource":["*"]},` +
		`{"Sid":"S3GetObject","Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::*/*"]}]}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
}

func TestOtherPartitions(t *testing.T) {
	for region, want := range map[string]string{"us-gov-west-1": "arn:aws-us-gov:logs:us-gov-west-1:*:log-group:*", "cn-north-1": "arn:aws-cn:logs:cn-north-1:*:log-group:*"} {
		made, err := NewPolicy([]string{"logs:StartQuery"}, Scope{Regions: []string{region}})
		if err != nil || made.Statement[0].Resource[0] != want {
			t.Errorf("%+v %v", made, err)
		}
	}
}

func TestUnknownActionsAreRefused(t *testing.T) {
	if _, err := NewPolicy([]string{"iam:CreateUser"}, Scope{}); err == nil || !strings.Contains(err.Error(), "iam:CreateUser is not in the table of permissions") {
		t.Error(err)
	}
}

func TestNothingOfAScopeWidensIt(t *testing.T) {
	for _, scope := range []Scope{{Places: []string{"s3://*/"}}, {Places: []string{"s3://logs/a*"}}, {Places: []string{"logs/a"}}, {Results: "s3://logs/${aws:username}"},
		{Workgroup: "*"}, {Database: "a/b"}, {Regions: []string{"eu-*"}}, {Places: []string{"s3://logs/\",\"x"}}} {
		if made, err := NewPolicy([]string{"s3:GetObject"}, scope); err == nil {
			t.Errorf("%+v gives %+v", scope, made)
		}
	}
}

// TestEveryOperationCanBeAllowed: a row in the table of operations comes with its grant.
func TestEveryOperationCanBeAllowed(t *testing.T) {
	for _, op := range operations {
		if _, err := NewPolicy([]string{op.Name}, Scope{}); err != nil {
			t.Error(err)
		}
	}
	if _, err := NewPolicy(AthenaActions(true, true), Scope{}); err != nil {
		t.Error(err)
	}
}
