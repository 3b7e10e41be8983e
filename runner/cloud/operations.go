package cloud

import (
	"fmt"
	"slices"
)

// Operation is one AWS call that facts come from. Its row here is all that reading it
// needs: from a file of a case today, through an SDK client when live.
type Operation struct {
	Name    string   // as IAM spells it, "ec2:DescribeVpcs"
	Service string   // as the AWS CLI spells it, "ec2"
	Command string   // "describe-vpcs"
	Options string   // without which the CLI leaves something out
	Lists   []string // what of the answer is a list; the first is in every whole answer
	Nested  bool     // the elements of the lists are lists
	Text    string   // what of an answer without lists is text
	Global  bool     // one answer for all regions, under aws/<account>/global
}

// operations lists every operation that may be read. All are unfiltered calls whose
// whole answer a case can hold. Names and keys: AWS CLI Command Reference.
var operations = []Operation{
	// "If you omit AlarmTypes, only metric alarms are returned, even if composite alarms
	// exist" (CloudWatch API Reference, DescribeAlarms).
	{Name: "cloudwatch:DescribeAlarms", Service: "cloudwatch", Command: "describe-alarms",
		Options: "--alarm-types MetricAlarm CompositeAlarm", Lists: []string{"MetricAlarms", "CompositeAlarms"}},
	// A call for each resource: what is asked and for which time is its input.
	{Name: "cloudwatch:GetMetricData", Service: "cloudwatch", Command: "get-metric-data",
		Lists: []string{"MetricDataResults", "Messages"}},
	ec2("DescribeAddresses", "describe-addresses", "Addresses"),
	ec2("DescribeCustomerGateways", "describe-customer-gateways", "CustomerGateways"),
	ec2("DescribeFlowLogs", "describe-flow-logs", "FlowLogs"),
	ec2("DescribeInstances", "describe-instances", "Reservations"),
	ec2("DescribeInternetGateways", "describe-internet-gateways", "InternetGateways"),
	ec2("DescribeNatGateways", "describe-nat-gateways", "NatGateways"),
	ec2("DescribeNetworkAcls", "describe-network-acls", "NetworkAcls"),
	ec2("DescribeNetworkInterfaces", "describe-network-interfaces", "NetworkInterfaces"),
	ec2("DescribePrefixLists", "describe-prefix-lists", "PrefixLists"),
	ec2("DescribeRouteTables", "describe-route-tables", "RouteTables"),
	ec2("DescribeSecurityGroups", "describe-security-groups", "SecurityGroups"),
	ec2("DescribeSubnets", "describe-subnets", "Subnets"),
	ec2("DescribeVpcEndpoints", "describe-vpc-endpoints", "VpcEndpoints"),
	ec2("DescribeVpcPeeringConnections", "describe-vpc-peering-connections", "VpcPeeringConnections"),
	ec2("DescribeVpcs", "describe-vpcs", "Vpcs"),
	{Name: "ec2:GetFlowLogsIntegrationTemplate", Service: "ec2", Command: "get-flow-logs-integration-template", Text: "Result"},
	{Name: "iam:GetAccountAuthorizationDetails", Service: "iam", Command: "get-account-authorization-details", Global: true,
		Lists: []string{"UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"}},
	// The input is that of the call, the output that of logs:GetQueryResults when the query
	// has ended: nothing can be learned from the first alone.
	{Name: "logs:StartQuery", Service: "logs", Command: "start-query", Lists: []string{"results"}, Nested: true},
	{Name: "securityhub:GetFindings", Service: "securityhub", Command: "get-findings", Lists: []string{"Findings"}},
}

func ec2(name, command, list string) Operation {
	return Operation{Name: "ec2:" + name, Service: "ec2", Command: command, Lists: []string{list}}
}

// Operations returns the table.
func Operations() []Operation { return slices.Clone(operations) }

func operation(name string) (Operation, error) {
	for _, op := range operations {
		if op.Name == name {
			return op, nil
		}
	}
	return Operation{}, fmt.Errorf("read %s: it is not in the table of operations", name)
}

// check tells an answer from an error message, another call's answer, or `{}`. whole
// reports whether the page has the list that every whole answer has.
func (op Operation) check(page map[string]any) (whole bool, err error) {
	if op.Text != "" {
		if text, _ := page[op.Text].(string); text == "" {
			return false, fmt.Errorf("it has no text %s; this is no answer of %s", op.Text, op.Name)
		}
		return true, nil
	}
	known := false
	for i, key := range op.Lists {
		value, ok := page[key]
		if !ok {
			continue
		}
		list, isList := value.([]any)
		if !isList {
			return false, fmt.Errorf("%s is not a list; this is no answer of %s", key, op.Name)
		}
		for n, element := range list {
			_, isMap := element.(map[string]any)
			if _, isNested := element.([]any); op.Nested && isNested {
				isMap = true
			}
			if !isMap {
				return false, fmt.Errorf("%s[%d] is not an object; this is no answer of %s", key, n, op.Name)
			}
		}
		known, whole = true, whole || i == 0
	}
	if !known {
		return false, fmt.Errorf("it has no %s; this is no answer of %s", op.Lists[0], op.Name)
	}
	return whole, nil
}

// next returns what AWS gave to ask for the following page with, or nil after the last
// page. Names: "NextToken" of EC2 and CloudWatch, the others of IAM, Lambda and ELB.
func next(page map[string]any) (key string, token any) {
	for _, key := range []string{"NextToken", "nextToken", "NextMarker", "Marker"} {
		if token := page[key]; token != nil && token != "" {
			return key, token
		}
	}
	if truncated := page["IsTruncated"]; truncated != nil && truncated != false {
		return "IsTruncated", truncated
	}
	return "", nil
}
