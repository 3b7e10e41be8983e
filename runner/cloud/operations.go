package cloud

import (
	"fmt"
	"slices"
)

// Operation is one AWS call that facts come from. Its row here is all that reading it
// needs: from a file of a case today, through an SDK client when live.
type Operation struct {
	Name   string   // as IAM spells it
	File   string   // as the AWS CLI spells it, service and command joined by "-"
	Lists  []string // the keys of the answer that must be there, each a list
	Global bool     // one answer for all regions, under aws/<account>/global
}

// operations lists every operation that may be read. All are unfiltered calls whose
// whole answer a case can hold. Names and keys: AWS CLI Command Reference.
var operations = []Operation{
	{Name: "cloudwatch:DescribeAlarms", File: "cloudwatch-describe-alarms", Lists: []string{"MetricAlarms", "CompositeAlarms"}},
	{Name: "ec2:DescribeAddresses", File: "ec2-describe-addresses", Lists: []string{"Addresses"}},
	{Name: "ec2:DescribeCustomerGateways", File: "ec2-describe-customer-gateways", Lists: []string{"CustomerGateways"}},
	{Name: "ec2:DescribeFlowLogs", File: "ec2-describe-flow-logs", Lists: []string{"FlowLogs"}},
	{Name: "ec2:DescribeInternetGateways", File: "ec2-describe-internet-gateways", Lists: []string{"InternetGateways"}},
	{Name: "ec2:DescribeNatGateways", File: "ec2-describe-nat-gateways", Lists: []string{"NatGateways"}},
	{Name: "ec2:DescribeNetworkAcls", File: "ec2-describe-network-acls", Lists: []string{"NetworkAcls"}},
	{Name: "ec2:DescribeNetworkInterfaces", File: "ec2-describe-network-interfaces", Lists: []string{"NetworkInterfaces"}},
	{Name: "ec2:DescribeRouteTables", File: "ec2-describe-route-tables", Lists: []string{"RouteTables"}},
	{Name: "ec2:DescribeSecurityGroups", File: "ec2-describe-security-groups", Lists: []string{"SecurityGroups"}},
	{Name: "ec2:DescribeSubnets", File: "ec2-describe-subnets", Lists: []string{"Subnets"}},
	{Name: "ec2:DescribeVpcEndpoints", File: "ec2-describe-vpc-endpoints", Lists: []string{"VpcEndpoints"}},
	{Name: "ec2:DescribeVpcPeeringConnections", File: "ec2-describe-vpc-peering-connections", Lists: []string{"VpcPeeringConnections"}},
	{Name: "ec2:DescribeVpcs", File: "ec2-describe-vpcs", Lists: []string{"Vpcs"}},
}

// Operations returns the table.
func Operations() []Operation { return slices.Clone(operations) }

func operation(name string) (Operation, error) {
	for _, op := range operations {
		if op.Name == name {
			return op, nil
		}
	}
	return Operation{}, fmt.Errorf("%s is not in the table of operations", name)
}
