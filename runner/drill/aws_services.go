package drill

import (
	"net/netip"

	"playbook/steps"
)

// prefixList holds the public addresses of a region's S3, which a gateway endpoint
// routes to (VPC User Guide, "AWS-managed prefix lists").
type prefixList struct {
	id    string
	cidrs []netip.Prefix
}

var prefixLists = map[string]prefixList{
	ireland:  {"pl-6da54004", prefixes("52.218.0.0/17", "52.92.0.0/17", "3.5.64.0/21", "3.5.72.0/23")},
	virginia: {"pl-63a5400a", prefixes("54.231.0.0/16", "52.216.0.0/15", "3.5.0.0/19", "16.182.0.0/16")},
}

func prefixes(cidrs ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, cidr := range cidrs {
		list = append(list, netip.MustParsePrefix(cidr))
	}
	return list
}

func describePrefixLists(_ *world, t steps.Target, _ string) []object {
	list := prefixLists[t.Region]
	var cidrs []string
	for _, cidr := range list.cidrs {
		cidrs = append(cidrs, cidr.String())
	}
	return []object{{"PrefixListId": list.id, "PrefixListName": "com.amazonaws." + t.Region + ".s3", "Cidrs": cidrs}}
}

func describeManagedPrefixLists(_ *world, t steps.Target, _ string) []object {
	id := prefixLists[t.Region].id
	return []object{{
		"PrefixListId": id, "PrefixListName": "com.amazonaws." + t.Region + ".s3", "AddressFamily": "IPv4",
		"PrefixListArn": "arn:aws:ec2:" + t.Region + ":aws:prefix-list/" + id, "OwnerId": "AWS",
		"State": "create-complete", "Tags": []object{},
	}}
}

func describeEndpoint(v *vpc, e *vpcEndpoint) object {
	o := object{
		"VpcEndpointId": e.id, "VpcEndpointType": "Interface", "VpcId": v.id, "OwnerId": v.account, "State": "available",
		"ServiceName": "com.amazonaws." + v.region + "." + e.service, "CreationTimestamp": built,
		"PolicyDocument":    `{"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}`,
		"PrivateDnsEnabled": !e.gateway, "RequesterManaged": false, "IpAddressType": "ipv4",
		"RouteTableIds": []string{}, "SubnetIds": []string{}, "NetworkInterfaceIds": []string{},
		"Groups": []object{}, "DnsEntries": []object{}, "Tags": v.tags(v.name + "-" + e.service),
	}
	if e.gateway {
		o["VpcEndpointType"], o["RouteTableIds"] = "Gateway", []string{identifier("rtb", v.id, "private")}
		return o
	}
	var subnets, nics []string
	for _, n := range e.nics {
		subnets, nics = append(subnets, n.subnet.id), append(nics, n.id)
	}
	o["SubnetIds"], o["NetworkInterfaceIds"] = subnets, nics
	o["Groups"] = []object{{"GroupId": e.group.id, "GroupName": e.group.name}}
	o["DnsEntries"] = []object{{
		"DnsName":      e.id + "-" + digest(e.id)[:8] + "." + e.service + "." + v.region + ".vpce.amazonaws.com",
		"HostedZoneId": "Z38GZ743OKFT7T",
	}}
	return o
}

func describeNAT(v *vpc) []object {
	if v.nat == nil {
		return nil
	}
	n := v.nat.nic
	return []object{{
		"NatGatewayId": v.nat.id, "VpcId": v.id, "SubnetId": n.subnet.id, "State": "available",
		"ConnectivityType": "public", "CreateTime": built, "Tags": v.tags(v.nat.name),
		"NatGatewayAddresses": []object{{
			"AllocationId": identifier("eipalloc", n.id), "AssociationId": identifier("eipassoc", n.id),
			"NetworkInterfaceId": n.id, "PrivateIp": n.ip.String(), "PublicIp": n.public, "IsPrimary": true, "Status": "succeeded",
		}},
	}}
}

// describeAlarms watches every NAT gateway but the forgotten one with the two alarms
// of the source document, and the database with one more.
func describeAlarms(v *vpc) []object {
	var alarms []object
	if v.nat != nil && v.nat.alarms {
		nat := []object{{"Name": "NatGatewayId", "Value": v.nat.id}}
		alarms = append(alarms,
			v.alarm(v.nat.name+"-bytes-out", "Much traffic leaves through the NAT gateway", "AWS/NATGateway", "BytesOutToDestination",
				nat, "Sum", 900, 1, 5000000, "GreaterThanOrEqualToThreshold"),
			v.alarm(v.nat.name+"-port-errors", "The NAT gateway runs out of ports", "AWS/NATGateway", "ErrorPortAllocation",
				nat, "Maximum", 300, 3, 0, "GreaterThanThreshold"))
	}
	for _, i := range v.instances {
		if i.name == "orders-db-1" {
			alarms = append(alarms, v.alarm("orders-db-cpu", "The order database is busy", "AWS/EC2", "CPUUtilization",
				[]object{{"Name": "InstanceId", "Value": i.id}}, "Average", 300, 3, 85, "GreaterThanThreshold"))
		}
	}
	return alarms
}

func (v *vpc) alarm(name, description, namespace, metric string, dimensions []object,
	statistic string, period, periods int, threshold float64, comparison string) object {
	return object{
		"AlarmName": name, "AlarmDescription": description,
		"AlarmArn":       "arn:aws:cloudwatch:" + v.region + ":" + v.account + ":alarm:" + name,
		"ActionsEnabled": true, "AlarmActions": []string{"arn:aws:sns:" + v.region + ":" + v.account + ":security-alerts"},
		"OKActions": []string{}, "InsufficientDataActions": []string{},
		"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions, "Statistic": statistic,
		"Period": period, "EvaluationPeriods": periods, "DatapointsToAlarm": periods,
		"Threshold": threshold, "ComparisonOperator": comparison, "TreatMissingData": "notBreaching",
		"StateValue": "OK", "StateReason": "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].",
		"StateUpdatedTimestamp": built, "StateTransitionedTimestamp": built, "AlarmConfigurationUpdatedTimestamp": built,
	}
}
