package drill

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// identity names the key that gives the things of a list their id.
var identity = map[string]string{
	"Vpcs": "VpcId", "Subnets": "SubnetId", "NetworkAcls": "NetworkAclId", "SecurityGroups": "GroupId",
	"RouteTables": "RouteTableId", "NetworkInterfaces": "NetworkInterfaceId", "InternetGateways": "InternetGatewayId",
	"EgressOnlyInternetGateways": "EgressOnlyInternetGatewayId", "VpcPeeringConnections": "VpcPeeringConnectionId",
	"NatGateways": "NatGatewayId", "VpcEndpoints": "VpcEndpointId", "PrefixLists": "PrefixListId",
	"CustomerGateways": "CustomerGatewayId", "VpnGateways": "VpnGatewayId", "Addresses": "AllocationId", "FlowLogs": "FlowLogId",
}

func TestReferencesResolve(t *testing.T) {
	dir := shared.dir
	inv := readInventory(t, dir)
	known := map[string]string{}
	for list, key := range identity {
		if len(inv.lists[list]) == 0 {
			t.Errorf("nothing in %s", list)
		}
		for _, thing := range inv.lists[list] {
			id := thing[key].(string)
			if shared := list == "PrefixLists" || list == "VpcPeeringConnections"; known[id] != "" && !shared {
				t.Errorf("%s is there twice", id)
			}
			known[id] = list
		}
	}
	for _, r := range inv.lists["Reservations"] {
		for _, i := range r["Instances"].([]any) {
			known[i.(map[string]any)["InstanceId"].(string)] = "Instances"
		}
	}
	reference := regexp.MustCompile(`^(vpc|subnet|acl|sg|rtb|eni|igw|eigw|pcx|nat|vpce|pl|cgw|vgw|eipalloc|fl|i)-[0-9a-f]+$`)
	references := 0
	var walk func(where string, value any)
	walk = func(where string, value any) {
		switch value := value.(type) {
		case map[string]any:
			for key, inner := range value {
				walk(where+"."+key, inner)
			}
		case []any:
			for _, inner := range value {
				walk(where, inner)
			}
		case string:
			if reference.MatchString(value) {
				if references++; known[value] == "" {
					t.Errorf("%s: nothing has the id %s", where, value)
				}
			}
		}
	}
	for list, things := range inv.lists {
		for _, thing := range things {
			walk(list, thing)
		}
	}
	if references < 500 {
		t.Errorf("only %d references", references)
	}
}

func TestEveryTargetHasEveryAnswer(t *testing.T) {
	dir := shared.dir
	pages := map[string]int{}
	for _, account := range []string{production, platform} {
		for _, region := range []string{ireland, virginia} {
			for _, a := range append([]string{"cloudwatch-describe-alarms"}, operations()...) {
				for page := 1; ; page++ {
					name := fmt.Sprintf("%s/aws/%s/%s/%s.json", dir, account, region, a)
					if page > 1 {
						name = fmt.Sprintf("%s/aws/%s/%s/%s.%d.json", dir, account, region, a, page)
					}
					content := readJSON(t, name)
					pages[a]++
					if content["NextToken"] == nil {
						break
					}
				}
			}
		}
	}
	if pages["ec2-describe-network-interfaces"] != 5 {
		t.Errorf("%d pages of interfaces; one target should have two", pages["ec2-describe-network-interfaces"])
	}
}

func operations() []string {
	var names []string
	for _, a := range answers {
		names = append(names, a.file)
	}
	return names
}

// TestTruthOfWorld finds in the AWS files all that is wrong with the world, by the
// rules of the source document, and compares it with the truth.
func TestTruthOfWorld(t *testing.T) {
	dir, truth := shared.dir, shared.truth
	inv := readInventory(t, dir)
	want := map[string][]string{}
	for _, f := range truth.Facts {
		switch f.ID { // the others are about the records: TestTruthOfRecords, and the detections of vpc-flow.yaml
		case ExposedSSH, VPCWithoutFlowLog, NATWithoutAlarm:
			want[f.ID] = append(want[f.ID], f.Resource)
		}
	}
	got := map[string][]string{
		ExposedSSH: exposed(inv), VPCWithoutFlowLog: unlogged(inv), NATWithoutAlarm: unwatched(t, inv),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	ssh, _ := truth.Fact(ExposedSSH)
	if n := inv.interfaces[ssh.Resource]; n["Association"].(map[string]any)["PublicIp"] != ssh.Detail["address"] ||
		!inv.admits(ssh.Resource, "198.51.100.1", 6, 22) || inv.admits(ssh.Resource, "198.51.100.1", 6, 23) {
		t.Errorf("exposed: %v", n)
	}
}

// exposed are the interfaces, other than a load balancer's on its two ports, that have a
// public address, a route to the internet and a rule for everybody.
func exposed(inv inventory) []string {
	public := map[string]bool{} // subnets whose routes lead to an internet gateway
	for _, table := range inv.lists["RouteTables"] {
		for _, r := range table["Routes"].([]any) {
			if gateway, _ := r.(map[string]any)["GatewayId"].(string); strings.HasPrefix(gateway, "igw-") {
				for _, a := range table["Associations"].([]any) {
					public[a.(map[string]any)["SubnetId"].(string)] = true
				}
			}
		}
	}
	var found []string
	for id, n := range inv.interfaces {
		six := len(n["Ipv6Addresses"].([]any)) > 0
		if !public[n["SubnetId"].(string)] || n["Association"] == nil && !six {
			continue
		}
		balancer := n["RequesterId"] == "amazon-elb"
		for _, group := range groupsOf(n) {
			for _, p := range inv.groups[group]["IpPermissions"].([]any) {
				permission := p.(map[string]any)
				open := slices.ContainsFunc(sourcesOf(permission), func(cidr string) bool {
					return !netip.MustParsePrefix(cidr).Addr().IsPrivate()
				})
				port := permission["FromPort"].(float64)
				if open && !(balancer && (port == 80 || port == 443)) {
					found = append(found, id)
				}
			}
		}
	}
	return found
}

func unlogged(inv inventory) []string {
	logged := map[any]bool{}
	for _, log := range inv.lists["FlowLogs"] {
		logged[log["ResourceId"]] = log["TrafficType"] == "ALL" && log["FlowLogStatus"] == "ACTIVE"
	}
	var found []string
	for _, v := range inv.lists["Vpcs"] {
		if !logged[v["VpcId"]] {
			found = append(found, v["VpcId"].(string))
		}
	}
	return found
}

func unwatched(t *testing.T, inv inventory) []string {
	metrics := map[string][]string{}
	for _, a := range inv.lists["MetricAlarms"] {
		numbers := fmt.Sprintf("%v %v %v %v %v %v",
			a["MetricName"], a["Statistic"], a["Period"], a["EvaluationPeriods"], a["Threshold"], a["ComparisonOperator"])
		right := slices.Contains([]string{
			"BytesOutToDestination Sum 900 1 5e+06 GreaterThanOrEqualToThreshold",
			"ErrorPortAllocation Maximum 300 3 0 GreaterThanThreshold",
		}, numbers)
		if a["Namespace"] != "AWS/NATGateway" {
			continue
		}
		if !right || a["ActionsEnabled"] != true || len(a["AlarmActions"].([]any)) == 0 || a["StateValue"] != "OK" {
			t.Errorf("alarm %v: %s", a["AlarmName"], numbers)
		}
		id := a["Dimensions"].([]any)[0].(map[string]any)["Value"].(string)
		metrics[id] = append(metrics[id], a["MetricName"].(string))
	}
	var found []string
	for _, n := range inv.lists["NatGateways"] {
		switch id := n["NatGatewayId"].(string); len(metrics[id]) {
		case 0:
			found = append(found, id)
		case 1:
			t.Errorf("%s has only %v", id, metrics[id])
		}
	}
	return found
}

// TestAlarmsAgreeWithTraffic: the alarms say OK, so no NAT gateway that has them may
// send as much as they allow in any fifteen minutes.
func TestAlarmsAgreeWithTraffic(t *testing.T) {
	dir := shared.dir
	inv := readInventory(t, dir)
	watched := map[string]bool{}
	open := unwatched(t, inv)
	for _, n := range inv.lists["NatGateways"] {
		id := n["NatGatewayAddresses"].([]any)[0].(map[string]any)["NetworkInterfaceId"].(string)
		watched[id] = !slices.Contains(open, n["NatGatewayId"].(string))
	}
	sums := map[string]map[int64]int64{}
	eachRecord(t, dir, func(r record) {
		if watched[r.nic] && r.direction == "egress" && !netip.MustParseAddr(r.dst).IsPrivate() {
			if sums[r.nic] == nil {
				sums[r.nic] = map[int64]int64{}
			}
			sums[r.nic][r.start/900] += r.bytes
		}
	})
	if len(sums) != 4 {
		t.Errorf("%d watched NAT gateways have traffic", len(sums))
	}
	for nic, quarters := range sums {
		if most := slices.Max(slices.Collect(maps.Values(quarters))); most >= 5_000_000 {
			t.Errorf("%s sent %d bytes in fifteen minutes, yet its alarm says OK", nic, most)
		} else {
			t.Logf("%s: at most %d bytes in fifteen minutes", nic, most)
		}
	}
}
