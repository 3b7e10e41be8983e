package drill

import (
	"bytes"
	"encoding/json"
	"fmt"

	"playbook/steps"
)

// object is one AWS answer, or a part of it, under the names that the AWS CLI prints.
type object map[string]any

// answers lists what is asked of every account and region, with the list that each
// answer holds. An answer without anything in it is a file too: a missing file would
// be missing evidence.
var answers = [...]struct {
	file, list string
	of         func(w *world, t steps.Target, bucket string) []object
}{
	{"ec2-describe-vpcs", "Vpcs", each(describeVPC)},
	{"ec2-describe-subnets", "Subnets", eachOf(func(v *vpc) []*subnet { return v.subnets }, describeSubnet)},
	{"ec2-describe-network-acls", "NetworkAcls", many(describeACLs)},
	{"ec2-describe-security-groups", "SecurityGroups", eachOf(func(v *vpc) []*group { return v.groups }, describeGroup)},
	{"ec2-describe-route-tables", "RouteTables", describeRouteTables},
	{"ec2-describe-network-interfaces", "NetworkInterfaces", eachOf(func(v *vpc) []*nic { return v.nics }, describeNIC)},
	{"ec2-describe-instances", "Reservations", eachOf(func(v *vpc) []*instance { return v.instances }, describeReservation)},
	{"ec2-describe-internet-gateways", "InternetGateways", many(describeInternetGateway)},
	{"ec2-describe-egress-only-internet-gateways", "EgressOnlyInternetGateways", many(describeEgressOnlyGateway)},
	{"ec2-describe-vpc-peering-connections", "VpcPeeringConnections", describePeerings},
	{"ec2-describe-nat-gateways", "NatGateways", many(describeNAT)},
	{"ec2-describe-vpc-endpoints", "VpcEndpoints", eachOf(func(v *vpc) []*vpcEndpoint { return v.endpoints }, describeEndpoint)},
	{"ec2-describe-prefix-lists", "PrefixLists", describePrefixLists},
	{"ec2-describe-managed-prefix-lists", "PrefixLists", describeManagedPrefixLists},
	{"ec2-describe-customer-gateways", "CustomerGateways", many(describeCustomerGateway)},
	{"ec2-describe-vpn-gateways", "VpnGateways", many(describeVPNGateway)},
	{"ec2-describe-addresses", "Addresses", many(describeAddresses)},
	{"ec2-describe-flow-logs", "FlowLogs", describeFlowLogs},
	{"elbv2-describe-load-balancers", "LoadBalancers", many(describeBalancer)},
}

// pageSize cuts one answer of the sample in two, as an answer of a larger network
// would be. Pages after the first are named <operation>.2.json and so on.
const pageSize = 20

func writeAnswers(dir string, w *world, t steps.Target, bucket string) error {
	folder := "aws/" + t.Account + "/" + t.Region + "/"
	for _, answer := range answers {
		objects := answer.of(w, t, bucket)
		size := max(len(objects), 1)
		if answer.file == "ec2-describe-network-interfaces" {
			size = pageSize
		}
		for page := 1; page == 1 || len(objects) > 0; page++ {
			count := min(size, len(objects))
			content := object{answer.list: objects[:count]}
			objects = objects[count:]
			if len(objects) > 0 {
				content["NextToken"] = digest("token", folder, answer.file, page)
			}
			name := folder + answer.file + ".json"
			if page > 1 {
				name = fmt.Sprintf("%s%s.%d.json", folder, answer.file, page)
			}
			if err := writeJSON(dir, name, content); err != nil {
				return err
			}
		}
	}
	return writeJSON(dir, folder+"cloudwatch-describe-alarms.json", object{
		"MetricAlarms": many(describeAlarms)(w, t, bucket), "CompositeAlarms": []object{},
	})
}

// writeJSON prints as the AWS CLI does: four spaces, no HTML escapes.
func writeJSON(dir, name string, content object) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "    ")
	if err := encoder.Encode(content); err != nil {
		return fmt.Errorf("print %s: %w", name, err)
	}
	return writeFile(dir, name, text.Bytes())
}

func many(describe func(*vpc) []object) func(*world, steps.Target, string) []object {
	return func(w *world, t steps.Target, _ string) []object {
		objects := []object{}
		for _, v := range w.vpcs {
			if v.account == t.Account && v.region == t.Region {
				objects = append(objects, describe(v)...)
			}
		}
		return objects
	}
}

func each(describe func(*vpc) object) func(*world, steps.Target, string) []object {
	return many(func(v *vpc) []object { return []object{describe(v)} })
}

func eachOf[T any](of func(*vpc) []T, describe func(*vpc, T) object) func(*world, steps.Target, string) []object {
	return many(func(v *vpc) []object {
		var objects []object
		for _, thing := range of(v) {
			objects = append(objects, describe(v, thing))
		}
		return objects
	})
}

// tags are what every resource of the account carries.
func (v *vpc) tags(name string) []object {
	return []object{
		{"Key": "Name", "Value": name},
		{"Key": "Environment", "Value": v.environment},
		{"Key": "Owner", "Value": v.owner},
	}
}

func (v *vpc) arn(kind, id string) string {
	return "arn:aws:ec2:" + v.region + ":" + v.account + ":" + kind + "/" + id
}
