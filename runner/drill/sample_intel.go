package drill

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// What other tools have found: threat intelligence in the three forms that it comes in,
// and the scanners' opinions of the accounts.

// stixBundle is what a sharing community sends: STIX 2.1. Nothing of it is in the logs.
func (s *scenario) stixBundle() string {
	id := func(kind, name string) string {
		d := digest("stix", name)
		return fmt.Sprintf("%s--%s-%s-4%s-8%s-%s", kind, d[:8], d[8:12], d[13:16], d[17:20], d[20:32])
	}
	from := s.window.From.AddDate(0, -1, 0).Format(time.RFC3339)
	indicator := func(name, pattern, description string, more object) object {
		o := object{
			"type": "indicator", "spec_version": "2.1", "id": id("indicator", name), "created": from, "modified": from,
			"name": name, "description": description, "pattern": pattern, "pattern_type": "stix", "valid_from": from,
			"indicator_types": []string{"malicious-activity"}, "confidence": 70,
		}
		for key, value := range more {
			o[key] = value
		}
		return o
	}
	return compact(object{
		"type": "bundle", "id": id("bundle", "sector"),
		"objects": []object{
			{"type": "identity", "spec_version": "2.1", "id": id("identity", "isac"), "created": from, "modified": from, "name": "Sector ISAC", "identity_class": "organization"},
			indicator("Loader network", "[ipv4-addr:value ISSUBSET '192.0.2.240/29']", "Rented network of a loader", nil),
			indicator("Panel", "[ipv4-addr:value = '192.0.2.222'] OR [ipv6-addr:value = '2001:db8:bad0::77']", "Operator's panel", nil),
			indicator("Old drop", "[ipv4-addr:value = '198.51.100.250']", "Taken down", object{"valid_until": s.window.From.AddDate(0, 0, -7).Format(time.RFC3339)}),
			indicator("Phishing page", "[domain-name:value = 'login.example.net']", "Not an address", nil),
		},
	}) + "\n"
}

// textList is a list as people keep it.
const textList = `# Seen by the SOC of a partner, shared by phone, typed in by hand
203.0.113[.]211   # brute force against VPN
198.51.100.248/29
2001:db8:bad1::/48
`

// listedElsewhere are the addresses of these lists, none of which the case meets.
func listedElsewhere() []string {
	list := []string{"192.0.2.222", "2001:db8:bad0::77", "198.51.100.250", "203.0.113.211"}
	for _, network := range []string{"192.0.2.240/29", "198.51.100.248/29"} {
		prefix := netip.MustParsePrefix(network)
		for ip := prefix.Addr(); prefix.Contains(ip); ip = ip.Next() {
			list = append(list, ip.String())
		}
	}
	return list
}

// prowlerFindings is what `prowler aws --categories internet-exposed --output-formats
// json-ocsf` writes: findings of OCSF's class Detection Finding.
func (s *scenario) prowlerFindings() string {
	bastion := s.world.nic("prod-web", "bastion-1")
	shop := s.world.vpc("prod-web")
	at := s.collected.Add(-2 * time.Hour)
	finding := func(check, status, severity, title, detail, resource, kind string, v *vpc, remedy string) object {
		return object{
			"message": detail, "category_name": "Findings", "category_uid": 2, "class_name": "Detection Finding", "class_uid": 2004,
			"type_name": "Detection Finding: Create", "type_uid": 200401, "activity_name": "Create", "activity_id": 1,
			"severity": severity, "severity_id": map[string]int{"Low": 2, "Medium": 3, "High": 4}[severity],
			"status": "New", "status_id": 1, "status_code": status, "status_detail": detail,
			"time": at.Unix(), "time_dt": at.Format(time.RFC3339),
			"metadata":     object{"event_code": check, "product": object{"name": "Prowler", "uid": "prowler", "vendor_name": "Prowler", "version": "5.4.0"}, "profiles": []string{"cloud", "datetime"}, "version": "1.4.0"},
			"finding_info": object{"uid": "prowler-aws-" + check + "-" + v.account + "-" + v.region + "-" + resource, "title": title, "desc": title + ".", "created_time": at.Unix(), "created_time_dt": at.Format(time.RFC3339), "types": []string{"Software and Configuration Checks/AWS Security Best Practices"}},
			"cloud":        object{"provider": "aws", "region": v.region, "account": object{"uid": v.account, "type": "AWS Account", "type_id": 10}},
			"resources":    []object{{"uid": v.arn(kind, resource), "name": resource, "type": map[string]string{"security-group": "AwsEc2SecurityGroup", "instance": "AwsEc2Instance"}[kind], "region": v.region, "cloud_partition": "aws"}},
			"remediation":  object{"desc": remedy, "references": []string{"https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html"}},
		}
	}
	group := bastion.groups[0]
	return compact([]object{
		finding("ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22", "FAIL", "High", "Security group lets SSH in from the internet",
			"Security group bastion ("+group.id+") has SSH port 22 open to the Internet.", group.id, "security-group", bastion.vpc, "Close the rule, or use Session Manager."),
		finding("ec2_instance_internet_facing_with_instance_profile", "PASS", "Medium", "Instances that face the internet have no instance profile",
			"EC2 Instance "+bastion.instance.id+" has no instance profile.", bastion.instance.id, "instance", bastion.vpc, "Keep it so."),
		finding("ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22", "PASS", "High", "Security group lets SSH in from the internet",
			"Security group shop-alb does not have SSH port 22 open to the Internet.", shop.balancer.group.id, "security-group", shop, "Keep it so."),
	}) + "\n"
}

// securityHubFindings is the answer of `aws securityhub get-findings` for a target, in
// the AWS Security Finding Format.
func (s *scenario) securityHubFindings(account, region string) object {
	findings := []object{}
	for _, v := range s.world.vpcs {
		if v.account != account || v.region != region {
			continue
		}
		const control = "EC2.6"
		status, workflow := "FAILED", "NEW"
		if v.logged {
			status, workflow = "PASSED", "RESOLVED"
		}
		at := s.collected.Add(-20 * time.Hour).Format(time.RFC3339)
		findings = append(findings, object{
			"SchemaVersion": "2018-10-08", "Id": "arn:aws:securityhub:" + region + ":" + account + ":security-control/" + control + "/finding/" + digest(control, v.id)[:32],
			"ProductArn": "arn:aws:securityhub:" + region + "::product/aws/securityhub", "ProductName": "Security Hub", "CompanyName": "AWS", "Region": region,
			"GeneratorId": "security-control/" + control, "AwsAccountId": account, "Types": []string{"Software and Configuration Checks/Industry and Regulatory Standards"},
			"FirstObservedAt": built, "LastObservedAt": at, "CreatedAt": built, "UpdatedAt": at,
			"Severity": object{"Label": "MEDIUM", "Normalized": 40, "Original": "MEDIUM"},
			"Title":    "VPC flow logging should be enabled in all VPCs", "Description": "This control checks whether flow logs are enabled for VPCs.",
			"Remediation": object{"Recommendation": object{"Text": "Create a flow log for the VPC.", "Url": "https://docs.aws.amazon.com/console/securityhub/EC2.6/remediation"}},
			"Resources":   []object{{"Type": "AwsEc2Vpc", "Id": v.arn("vpc", v.id), "Partition": "aws", "Region": region}},
			"Compliance":  object{"Status": status, "SecurityControlId": control}, "WorkflowState": "NEW", "Workflow": object{"Status": workflow}, "RecordState": "ACTIVE",
		})
	}
	return object{"Findings": findings}
}

// agentLogs are flow records of the other kind that the source document knows, in JSON:
// what an agent on the bastion saw of its traffic with the hostile address. ip is the
// other side.
func (s *scenario) agentLogs() string {
	if s.plan == nil {
		return ""
	}
	var b strings.Builder
	n := s.plan.bastion
	for _, c := range s.plan.conns {
		if c.server.text != exfilAddress {
			continue
		}
		b.WriteString(compact(object{
			"is_rejected_packet": "false", "avg_in_packet_size": average(c.down), "vpc_id": n.vpc.id, "local_port": c.sport, "source_dc": "aws",
			"ip": c.server.text, "end_time": time.Unix(c.end(), 0).UTC().Format("2006-01-02 15:04:05"), "remote_port": c.dport,
			"start_time": time.Unix(c.start, 0).UTC().Format("2006-01-02 15:04:05"), "protocol": int(c.protocol), "in_bytes": c.down.bytes,
			"source_tag": n.name, "account_id": n.vpc.account, "instance_id": n.instance.id, "interface_public_ips": n.public,
			"out_bytes": c.up.bytes, "is_skipped_rejected_packets": "false", "source_az": n.vpc.region + n.subnet.zone, "source_region": n.vpc.region,
			"avg_out_packet_size": average(c.up), "instance_type": n.instance.kind, "interface_local_ips": n.ip.String(),
		}) + "\n")
	}
	return b.String()
}

func average(f volume) int64 {
	if f.packets == 0 {
		return 0
	}
	return f.bytes / f.packets
}
