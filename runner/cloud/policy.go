package cloud

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Scope is what the resources of a policy are narrowed to.
type Scope struct {
	Regions   []string // none: all
	Places    []string // in S3, as s3://bucket/prefix/, that may be read; none: all
	Results   string   // where Athena puts its answers, as s3://bucket/prefix/; "": anywhere
	Workgroup string   // of Athena; "": all
	Database  string   // of the tables
}

// Policy is a policy document of IAM.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement allows actions on resources.
type Statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string `json:",omitempty"`
}

// grant is what IAM can narrow an action to (Service Authorization Reference: "Actions,
// resources, and condition keys" of each service).
type grant struct {
	of     func(s Scope) []string // ARNs; nil is "*"
	global bool                   // the service has one region, which aws:RequestedRegion would refuse
}

// grants has every action that a kind, or the engine, may need. Those that are not listed
// on a resource cannot be narrowed to one.
var grants = func() map[string]grant {
	all := map[string]grant{
		// Composite alarms are returned only to who has the permission on * (CloudWatch API
		// Reference, DescribeAlarms).
		"cloudwatch:DescribeAlarms": {}, "cloudwatch:GetMetricData": {},
		"iam:GetAccountAuthorizationDetails": {global: true},
		"logs:GetQueryResults":               {}, "logs:CreateLogDelivery": {}, "logs:DeleteLogDelivery": {},
	}
	on := func(of func(Scope) []string, actions ...string) {
		for _, action := range actions {
			all[action] = grant{of: of}
		}
	}
	for _, op := range operations {
		if op.Service == "ec2" {
			all[op.Name] = grant{}
		}
	}
	arn := func(service string, resources ...string) func(Scope) []string {
		return func(s Scope) []string { return s.arns(service, resources...) }
	}
	on(arn("ec2", "vpc-flow-log/*"), "ec2:GetFlowLogsIntegrationTemplate", "ec2:DeleteFlowLogs")
	on(arn("ec2", "vpc-flow-log/*", "vpc/*", "subnet/*", "network-interface/*"), "ec2:CreateFlowLogs")
	on(arn("ec2", "network-acl/*"), "ec2:CreateNetworkAclEntry", "ec2:DeleteNetworkAclEntry")
	on(arn("ec2", "security-group/*", "vpc/*"), "ec2:CreateSecurityGroup")
	on(arn("ec2", "security-group/*"), "ec2:DeleteSecurityGroup", "ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress")
	on(arn("ec2", "network-interface/*", "security-group/*"), "ec2:ModifyNetworkInterfaceAttribute")
	on(arn("ec2", "instance/*", "volume/*", "snapshot/*"), "ec2:CreateSnapshots")
	on(arn("ec2", "security-group/*", "snapshot/*"), "ec2:CreateTags")
	on(arn("cloudwatch", "alarm:*"), "cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms")
	on(arn("logs", "log-group:*"), "logs:StartQuery")
	on(arn("securityhub", "hub/default"), "securityhub:GetFindings")
	on(Scope.workgroups, "athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults", "athena:StopQueryExecution", "athena:GetWorkGroup")
	on(Scope.tables, queries...)
	on(Scope.tables, tableChanges...)
	on(Scope.tables, partitionChanges...)
	on(Scope.objects, "s3:GetObject")
	on(Scope.buckets, "s3:ListBucket")
	on(Scope.answers, "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
	on(Scope.answerBucket, "s3:GetBucketLocation")
	return all
}()

// What Athena asks of the data catalog (Athena User Guide, "Configure access to databases
// and tables in the AWS Glue Data Catalog").
var (
	queries          = []string{"glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition"}
	tableChanges     = []string{"glue:CreateTable", "glue:UpdateTable", "glue:DeleteTable"}
	partitionChanges = []string{"glue:CreatePartition", "glue:BatchCreatePartition", "glue:DeletePartition", "glue:BatchDeletePartition"}
)

// AthenaActions are what running queries takes, with the tables and views that they make,
// and with partitions if they register any.
func AthenaActions(makesTables, registers bool) []string {
	actions := slices.Concat(queries, []string{"athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults",
		"athena:StopQueryExecution", "athena:GetWorkGroup", "s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket", "s3:PutObject",
		"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"})
	if makesTables {
		actions = append(actions, tableChanges...)
	}
	if registers {
		actions = append(actions, partitionChanges...)
	}
	return actions
}

// partition is where ARNs are: the first region tells.
func (s Scope) partition() string {
	switch {
	case len(s.Regions) > 0 && strings.HasPrefix(s.Regions[0], "us-gov-"):
		return "aws-us-gov"
	case len(s.Regions) > 0 && strings.HasPrefix(s.Regions[0], "cn-"):
		return "aws-cn"
	}
	return "aws"
}

// arns are resources of a service in each region. The account is left open: a policy
// counts in the account that it lies in.
func (s Scope) arns(service string, resources ...string) []string {
	regions := s.Regions
	if len(regions) == 0 {
		regions = []string{"*"}
	}
	var list []string
	for _, region := range regions {
		for _, resource := range resources {
			list = append(list, "arn:"+s.partition()+":"+service+":"+region+":*:"+resource)
		}
	}
	return list
}

func (s Scope) workgroups() []string { return s.arns("athena", "workgroup/"+cmp.Or(s.Workgroup, "*")) }

// tables are those of the database. Athena looks at the database default too, whichever
// it works in.
func (s Scope) tables() []string {
	resources := []string{"catalog", "database/default"}
	if s.Database != "" && s.Database != "default" {
		resources = append(resources, "database/"+s.Database)
	}
	return s.arns("glue", append(resources, "table/"+cmp.Or(s.Database, "default")+"/*")...)
}

func (s Scope) objects() []string {
	return s.inS3(append(slices.Clone(s.Places), s.Results), len(s.Places) == 0, func(bucket, prefix string) string { return bucket + "/" + prefix + "*" })
}

func (s Scope) buckets() []string {
	return s.inS3(append(slices.Clone(s.Places), s.Results), len(s.Places) == 0, func(bucket, _ string) string { return bucket })
}

func (s Scope) answers() []string {
	return s.inS3([]string{s.Results}, s.Results == "", func(bucket, prefix string) string { return bucket + "/" + prefix + "*" })
}

func (s Scope) answerBucket() []string {
	return s.inS3([]string{s.Results}, s.Results == "", func(bucket, _ string) string { return bucket })
}

func (s Scope) inS3(places []string, all bool, name func(bucket, prefix string) string) []string {
	if all {
		places = append(places, "s3://*/")
	}
	var list []string
	for _, place := range places {
		if rest, ok := strings.CutPrefix(place, "s3://"); ok {
			bucket, prefix, _ := strings.Cut(rest, "/")
			list = append(list, "arn:"+s.partition()+":s3:::"+name(bucket, prefix))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	plainName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
)

// check refuses what would mean more in a policy than it does elsewhere: * and ? match
// anything there, and ${ } is a variable.
func (s Scope) check() error {
	for _, place := range append(slices.Clone(s.Places), s.Results) {
		bucket, prefix, _ := strings.Cut(strings.TrimPrefix(place, "s3://"), "/")
		if place != "" && (!strings.HasPrefix(place, "s3://") || !bucketName.MatchString(bucket) || strings.ContainsAny(prefix, "*?$\"\\ ")) {
			return fmt.Errorf("make a policy: %q is no place in S3; write it as s3://bucket/prefix/", place)
		}
	}
	for _, name := range append(slices.Clone(s.Regions), s.Workgroup, s.Database) {
		if name != "" && !plainName.MatchString(name) {
			return fmt.Errorf("make a policy: %q is no name of a region, a workgroup or a database", name)
		}
	}
	return nil
}

// NewPolicy allows the actions and nothing else, on the resources that IAM can narrow
// each to, and in the regions of the scope.
func NewPolicy(actions []string, s Scope) (Policy, error) {
	if err := s.check(); err != nil {
		return Policy{}, err
	}
	slices.Sort(actions)
	byResource := map[string][]string{}
	for _, action := range slices.Compact(actions) {
		g, known := grants[action]
		if !known {
			return Policy{}, fmt.Errorf("make a policy: %s is not in the table of permissions", action)
		}
		resources := []string{"*"}
		if g.of != nil {
			resources = g.of(s)
		}
		key := strings.Join(resources, " ")
		if g.global {
			key += " global"
		}
		byResource[key] = append(byResource[key], action)
	}
	made := Policy{Version: "2012-10-17"}
	for _, key := range slices.Sorted(maps.Keys(byResource)) {
		resources, global := strings.CutSuffix(key, " global")
		statement := Statement{Sid: sid(byResource[key]), Effect: "Allow", Action: byResource[key], Resource: strings.Fields(resources)}
		if resources == "*" && !global && len(s.Regions) > 0 {
			statement.Condition = map[string]map[string][]string{"StringEquals": {"aws:RequestedRegion": s.Regions}}
		}
		made.Statement = append(made.Statement, statement)
	}
	slices.SortFunc(made.Statement, func(a, b Statement) int { return strings.Compare(a.Sid, b.Sid) })
	return made, nil
}

// sid names a statement after its services and its first action, as IAM takes names:
// letters and digits.
func sid(actions []string) string {
	service, action, _ := strings.Cut(actions[0], ":")
	name := strings.ToUpper(service[:1]) + service[1:] + action
	if len(actions) > 1 {
		name += fmt.Sprintf("And%d", len(actions)-1)
	}
	return name
}
