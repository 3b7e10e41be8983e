package plantest

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// do makes one call, as strictly as AWS does where a plan could be wrong.
func (a *Account) do(operation string, input m) (m, error) {
	switch operation {
	case "ec2:CreateSecurityGroup":
		return a.createGroup(input)
	case "ec2:DeleteSecurityGroup":
		return nil, a.deleteGroup(input)
	case "ec2:RevokeSecurityGroupEgress":
		return nil, a.permissions(input, "IpPermissionsEgress", false)
	case "ec2:RevokeSecurityGroupIngress":
		return nil, a.permissions(input, "IpPermissions", false)
	case "ec2:AuthorizeSecurityGroupIngress":
		return nil, a.permissions(input, "IpPermissions", true)
	case "ec2:ModifyNetworkInterfaceAttribute":
		return nil, a.setGroups(input)
	case "ec2:CreateNetworkAclEntry":
		return nil, a.createEntry(input)
	case "ec2:DeleteNetworkAclEntry":
		return nil, a.deleteEntry(input)
	case "ec2:CreateFlowLogs":
		id := a.id("fl")
		a.Lists["FlowLogs"] = append(a.Lists["FlowLogs"], with(input, m{
			"FlowLogId": id, "ResourceId": input["ResourceIds"].([]any)[0], "FlowLogStatus": "ACTIVE", "DeliverLogsStatus": "SUCCESS",
		}))
		return m{"FlowLogIds": []any{id}, "Unsuccessful": []any{}}, nil
	case "ec2:DeleteFlowLogs":
		return nil, a.remove("FlowLogs", "FlowLogId", input["FlowLogIds"].([]any)[0])
	case "cloudwatch:PutMetricAlarm":
		if old, err := a.find("MetricAlarms", "AlarmName", input["AlarmName"]); err == nil {
			maps.DeleteFunc(old, func(field string, _ any) bool { return field != "StateValue" && field != "AlarmArn" })
			maps.Copy(old, input)
			return nil, nil
		}
		a.Lists["MetricAlarms"] = append(a.Lists["MetricAlarms"], with(input, m{"StateValue": "INSUFFICIENT_DATA"}))
		return nil, nil
	case "cloudwatch:DeleteAlarms":
		return nil, a.remove("MetricAlarms", "AlarmName", input["AlarmNames"].([]any)[0])
	case "ec2:CreateSnapshots":
		return m{"Snapshots": []any{}}, nil
	}
	return nil, errors.New("this account does not know the call")
}

// createGroup makes a group as AWS does: everything may leave it, over IPv6 too when its
// VPC has such addresses.
func (a *Account) createGroup(input m) (m, error) {
	for _, raw := range a.Lists["SecurityGroups"] {
		if group := raw.(m); group["GroupName"] == input["GroupName"] && group["VpcId"] == input["VpcId"] {
			return nil, errors.New("InvalidGroup.Duplicate")
		}
	}
	vpc, err := a.find("Vpcs", "VpcId", input["VpcId"])
	if err != nil {
		return nil, err
	}
	out := []any{m{"IpProtocol": "-1", "IpRanges": []any{m{"CidrIp": "0.0.0.0/0"}}}}
	if six, _ := vpc["Ipv6CidrBlockAssociationSet"].([]any); len(six) > 0 {
		out = append(out, m{"IpProtocol": "-1", "Ipv6Ranges": []any{m{"CidrIpv6": "::/0"}}})
	}
	id := a.id("sg")
	a.Lists["SecurityGroups"] = append(a.Lists["SecurityGroups"], m{
		"GroupId": id, "GroupName": input["GroupName"], "VpcId": input["VpcId"], "IpPermissions": []any{}, "IpPermissionsEgress": out,
	})
	return m{"GroupId": id}, nil
}

func (a *Account) deleteGroup(input m) error {
	for _, raw := range a.Lists["NetworkInterfaces"] {
		groups, _ := raw.(m)["Groups"].([]any)
		if slices.ContainsFunc(groups, func(g any) bool { return g.(m)["GroupId"] == input["GroupId"] }) {
			return errors.New("DependencyViolation: an interface has the group")
		}
	}
	return a.remove("SecurityGroups", "GroupId", input["GroupId"])
}

var sources = []string{"IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"}

// permissions adds or takes away rules. A permission without sources is gone; what is
// taken away must be there, and a description need not be given.
func (a *Account) permissions(input m, direction string, add bool) error {
	group, err := a.find("SecurityGroups", "GroupId", input["GroupId"])
	if err != nil {
		return err
	}
	for _, raw := range input["IpPermissions"].([]any) {
		wanted := raw.(m)
		for _, list := range sources {
			changed, _ := wanted[list].([]any)
			for _, source := range changed {
				if err := change(group, direction, wanted, list, source.(m), add); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func change(group m, direction string, wanted m, list string, source m, add bool) error {
	permissions, _ := group[direction].([]any)
	same := func(x, y m) bool {
		x, y = with(x, m{"Description": nil}), with(y, m{"Description": nil})
		return reflect.DeepEqual(x, y)
	}
	for i, raw := range permissions {
		permission := raw.(m)
		if permission["IpProtocol"] != wanted["IpProtocol"] || permission["FromPort"] != wanted["FromPort"] || permission["ToPort"] != wanted["ToPort"] {
			continue
		}
		present, _ := permission[list].([]any)
		at := slices.IndexFunc(present, func(s any) bool { return same(s.(m), source) })
		switch {
		case add && at >= 0:
			return errors.New("InvalidPermission.Duplicate")
		case add:
			permission[list] = append(present, source)
			return nil
		case at >= 0:
			permission[list] = slices.Delete(slices.Clone(present), at, at+1)
			if empty(permission) {
				group[direction] = slices.Delete(slices.Clone(permissions), i, i+1)
			}
			return nil
		}
	}
	if !add {
		return fmt.Errorf("InvalidPermission.NotFound: %v of %v", source, wanted)
	}
	fresh := m{"IpProtocol": wanted["IpProtocol"]}
	for _, port := range []string{"FromPort", "ToPort"} {
		if wanted[port] != nil {
			fresh[port] = wanted[port]
		}
	}
	for _, each := range sources {
		fresh[each] = []any{}
	}
	fresh[list] = []any{source}
	group[direction] = append(permissions, fresh)
	return nil
}

func empty(permission m) bool {
	return !slices.ContainsFunc(sources, func(list string) bool {
		present, _ := permission[list].([]any)
		return len(present) > 0
	})
}

func (a *Account) setGroups(input m) error {
	raw, err := a.find("NetworkInterfaces", "NetworkInterfaceId", input["NetworkInterfaceId"])
	if err != nil {
		return err
	}
	var groups []any
	for _, id := range input["Groups"].([]any) {
		group, err := a.find("SecurityGroups", "GroupId", id)
		if err != nil {
			return err
		}
		if group["VpcId"] != raw["VpcId"] {
			return errors.New("the group is of another VPC")
		}
		groups = append(groups, m{"GroupId": id, "GroupName": group["GroupName"]})
	}
	if len(groups) == 0 {
		return errors.New("an interface needs a group")
	}
	raw["Groups"] = groups
	return nil
}

func (a *Account) createEntry(input m) error {
	acl, err := a.find("NetworkAcls", "NetworkAclId", input["NetworkAclId"])
	if err != nil {
		return err
	}
	entry := m{}
	for key, value := range input {
		if key != "NetworkAclId" {
			entry[key] = value
		}
	}
	family := func(e m) bool { return e["Ipv6CidrBlock"] != nil }
	count := 1
	for _, raw := range acl["Entries"].([]any) {
		other := raw.(m)
		if other["Egress"] != entry["Egress"] {
			continue
		}
		if other["RuleNumber"] == entry["RuleNumber"] {
			return fmt.Errorf("NetworkAclEntryAlreadyExists: %v", entry["RuleNumber"])
		}
		if family(other) == family(entry) {
			count++
		}
	}
	if count > 20 {
		return errors.New("NetworkAclEntryLimitExceeded")
	}
	acl["Entries"] = append(acl["Entries"].([]any), entry)
	return nil
}

func (a *Account) deleteEntry(input m) error {
	acl, err := a.find("NetworkAcls", "NetworkAclId", input["NetworkAclId"])
	if err != nil {
		return err
	}
	entries := acl["Entries"].([]any)
	at := slices.IndexFunc(entries, func(e any) bool {
		return e.(m)["RuleNumber"] == input["RuleNumber"] && e.(m)["Egress"] == input["Egress"]
	})
	if at < 0 {
		return errors.New("NetworkAclEntry not found")
	}
	acl["Entries"] = slices.Delete(slices.Clone(entries), at, at+1)
	return nil
}
