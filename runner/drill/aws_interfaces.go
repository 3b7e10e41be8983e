package drill

import (
	"strings"

	"playbook/steps"
)

func describeGroup(v *vpc, g *group) object {
	permissions := []object{}
	for _, r := range g.rules {
		permissions = append(permissions, describeRule(v, r))
	}
	out := []object{{
		"IpProtocol": "-1", "IpRanges": []object{{"CidrIp": anywhere}}, "Ipv6Ranges": []object{},
		"PrefixListIds": []object{}, "UserIdGroupPairs": []object{},
	}}
	if g.name == "default" { // emptied, as the CIS benchmark asks (5.4)
		out = []object{}
	}
	return object{
		"GroupId": g.id, "GroupName": g.name, "Description": g.description, "VpcId": v.id, "OwnerId": v.account,
		"SecurityGroupArn": v.arn("security-group", g.id),
		"IpPermissions":    permissions, "IpPermissionsEgress": out, "Tags": v.tags(v.name + "-" + g.name),
	}
}

func describeRule(v *vpc, r rule) object {
	o := object{
		"IpProtocol": r.protocol, "FromPort": r.from, "ToPort": r.to,
		"IpRanges": []object{}, "Ipv6Ranges": []object{}, "PrefixListIds": []object{}, "UserIdGroupPairs": []object{},
	}
	switch {
	case r.group != nil:
		o["UserIdGroupPairs"] = []object{{"GroupId": r.group.id, "UserId": v.account, "Description": r.description}}
	case strings.Contains(r.cidr, ":"):
		o["Ipv6Ranges"] = []object{{"CidrIpv6": r.cidr, "Description": r.description}}
	default:
		o["IpRanges"] = []object{{"CidrIp": r.cidr, "Description": r.description}}
	}
	return o
}

func describeNIC(v *vpc, n *nic) object {
	privateDNS := n.privateDNS()
	private := object{"Primary": true, "PrivateIpAddress": n.ip.String(), "PrivateDnsName": privateDNS}
	o := object{
		"NetworkInterfaceId": n.id, "VpcId": v.id, "SubnetId": n.subnet.id, "OwnerId": v.account,
		"AvailabilityZone": v.region + n.subnet.zone, "Status": "in-use", "Description": n.description,
		"InterfaceType": "interface", "PrivateIpAddress": n.ip.String(), "PrivateDnsName": privateDNS,
		"MacAddress": n.mac(), "SourceDestCheck": n.kind != natNIC, "RequesterManaged": n.kind != instanceNIC,
		"Groups": []object{}, "Ipv6Addresses": []object{}, "TagSet": []object{}, "Attachment": n.attachment(),
	}
	groups := []object{}
	for _, g := range n.groups {
		groups = append(groups, object{"GroupId": g.id, "GroupName": g.name})
	}
	o["Groups"] = groups
	if n.ip6.IsValid() {
		o["Ipv6Addresses"] = []object{{"Ipv6Address": n.ip6.String(), "IsPrimaryIpv6": false}}
	}
	if n.public != "" {
		o["Association"] = n.association()
		private["Association"] = n.association()
	}
	switch n.kind {
	case natNIC:
		o["InterfaceType"], o["RequesterId"] = "nat_gateway", "492673514189"
	case endpointNIC:
		o["InterfaceType"], o["RequesterId"] = "vpc_endpoint", "727180483921"
	case balancerNIC:
		o["RequesterId"] = "amazon-elb"
	case instanceNIC:
		o["Description"], o["TagSet"] = "Primary network interface", v.tags(n.name)
	}
	o["PrivateIpAddresses"] = []object{private}
	return o
}

func (n *nic) attachment() object {
	o := object{
		"AttachmentId": identifier("eni-attach", n.id), "AttachTime": built, "DeviceIndex": 1,
		"DeleteOnTermination": false, "Status": "attached", "InstanceOwnerId": "amazon-aws", "NetworkCardIndex": 0,
	}
	switch n.kind {
	case instanceNIC:
		o["InstanceId"], o["InstanceOwnerId"] = n.instance.id, n.vpc.account
		o["DeviceIndex"], o["DeleteOnTermination"] = 0, true
	case balancerNIC:
		o["InstanceOwnerId"] = "amazon-elb"
		o["AttachmentId"] = "ela-attach-" + digest(n.id)[:8]
	}
	return o
}

func (n *nic) association() object {
	o := object{"PublicIp": n.public, "PublicDnsName": n.publicDNS(), "IpOwnerId": "amazon-elb"}
	if n.elastic {
		o["IpOwnerId"] = n.vpc.account
		o["AllocationId"], o["AssociationId"] = identifier("eipalloc", n.id), identifier("eipassoc", n.id)
	}
	return o
}

func (n *nic) mac() string {
	d := digest("mac", n.id)
	return "06:" + d[0:2] + ":" + d[2:4] + ":" + d[4:6] + ":" + d[6:8] + ":" + d[8:10]
}

func (n *nic) privateDNS() string {
	suffix := "." + n.vpc.region + ".compute.internal"
	if n.vpc.region == virginia {
		suffix = ".ec2.internal"
	}
	return "ip-" + strings.ReplaceAll(n.ip.String(), ".", "-") + suffix
}

func (n *nic) publicDNS() string {
	suffix := "." + n.vpc.region + ".compute.amazonaws.com"
	if n.vpc.region == virginia {
		suffix = ".compute-1.amazonaws.com"
	}
	return "ec2-" + strings.ReplaceAll(n.public, ".", "-") + suffix
}

func describeAddresses(v *vpc) []object {
	var objects []object
	for _, n := range v.nics {
		if !n.elastic {
			continue
		}
		o := object{
			"PublicIp": n.public, "AllocationId": identifier("eipalloc", n.id), "AssociationId": identifier("eipassoc", n.id),
			"Domain": "vpc", "NetworkInterfaceId": n.id, "NetworkInterfaceOwnerId": v.account,
			"PrivateIpAddress": n.ip.String(), "PublicIpv4Pool": "amazon", "NetworkBorderGroup": v.region,
		}
		if n.instance != nil {
			o["InstanceId"], o["Tags"] = n.instance.id, v.tags(n.name)
		} else {
			o["Tags"] = v.tags(v.nat.name)
		}
		objects = append(objects, o)
	}
	return objects
}

func describeReservation(v *vpc, i *instance) object {
	n := i.nic
	groups := describeNIC(v, n)["Groups"]
	o := object{
		"InstanceId": i.id, "InstanceType": i.kind, "ImageId": identifier("ami", v.region), "Architecture": "x86_64",
		"Hypervisor": "xen", "VirtualizationType": "hvm", "PlatformDetails": "Linux/UNIX", "RootDeviceType": "ebs",
		"RootDeviceName": "/dev/xvda", "BlockDeviceMappings": []object{{"DeviceName": "/dev/xvda", "Ebs": object{
			"VolumeId": identifier("vol", i.id), "Status": "attached", "AttachTime": built, "DeleteOnTermination": true,
		}}},
		"LaunchTime": built, "State": object{"Code": 16, "Name": "running"}, "Monitoring": object{"State": "disabled"},
		"Placement": object{"AvailabilityZone": v.region + n.subnet.zone, "GroupName": "", "Tenancy": "default"},
		"VpcId":     v.id, "SubnetId": n.subnet.id, "PrivateIpAddress": n.ip.String(), "PrivateDnsName": n.privateDNS(),
		"PublicDnsName": "", "SecurityGroups": groups, "SourceDestCheck": true, "EbsOptimized": true, "EnaSupport": true,
		"MetadataOptions": object{"State": "applied", "HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 2},
		"NetworkInterfaces": []object{{
			"NetworkInterfaceId": n.id, "SubnetId": n.subnet.id, "VpcId": v.id, "OwnerId": v.account, "Status": "in-use",
			"PrivateIpAddress": n.ip.String(), "Groups": groups,
		}},
		"Tags": v.tags(i.name),
	}
	if n.public != "" {
		o["PublicIpAddress"], o["PublicDnsName"] = n.public, n.publicDNS()
	}
	return object{"ReservationId": identifier("r", i.id), "OwnerId": v.account, "Groups": []object{}, "Instances": []object{o}}
}

func describeBalancer(v *vpc) []object {
	b := v.balancer
	if b == nil {
		return nil
	}
	var zones []object
	for _, n := range b.nics {
		zones = append(zones, object{"ZoneName": v.region + n.subnet.zone, "SubnetId": n.subnet.id, "LoadBalancerAddresses": []object{}})
	}
	return []object{{
		"LoadBalancerArn":  "arn:aws:elasticloadbalancing:" + v.region + ":" + v.account + ":loadbalancer/app/" + b.name + "/" + b.hash,
		"LoadBalancerName": b.name, "DNSName": b.name + "-1204718832." + v.region + ".elb.amazonaws.com",
		"Scheme": "internet-facing", "Type": "application", "IpAddressType": "dualstack", "State": object{"Code": "active"},
		"VpcId": v.id, "SecurityGroups": []string{b.group.id}, "AvailabilityZones": zones,
		"CanonicalHostedZoneId": "Z32O12XQLNTSW2", "CreatedTime": built,
	}}
}

// describeFlowLogs: every VPC has one flow log of its own, but for the one that was forgotten.
func describeFlowLogs(w *world, t steps.Target, bucket string) []object {
	return many(func(v *vpc) []object {
		if !v.logged {
			return nil
		}
		return []object{{
			"FlowLogId": v.flowLogID(), "ResourceId": v.id, "TrafficType": "ALL", "FlowLogStatus": "ACTIVE",
			"DeliverLogsStatus": "SUCCESS", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::" + bucket,
			"LogFormat": logFormat(), "MaxAggregationInterval": v.interval, "CreationTime": built,
			"DestinationOptions": object{"FileFormat": "plain-text", "HiveCompatiblePartitions": false, "PerHourPartition": false},
			"Tags":               v.tags(v.name + "-flow-log"),
		}}
	})(w, t, bucket)
}

func (v *vpc) flowLogID() string { return identifier("fl", v.id) }
