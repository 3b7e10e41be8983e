package exposure

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

// answers is a Cloud over one JSON file: operation to answer.
type answers map[string]map[string]any

func (a answers) Read(_ context.Context, operation string, _ map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		if page, ok := a[operation]; ok {
			yield(page, nil)
			return
		}
		yield(nil, &steps.Missing{What: "the answer of " + operation})
	}
}

func load(t *testing.T) answers {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "network.json"))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var a answers
	if err := decoder.Decode(&a); err != nil {
		t.Fatal(err)
	}
	for _, page := range a {
		integers(page)
	}
	return a
}

// integers does what a case does: numbers become int64.
func integers(v any) any {
	switch v := v.(type) {
	case json.Number:
		n, _ := v.Int64()
		return n
	case []any:
		for i := range v {
			v[i] = integers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = integers(v[key])
		}
	}
	return v
}

func run(t *testing.T, a answers) Result {
	t.Helper()
	result, err := (&Step{}).Run(context.Background(), steps.Env{Cloud: a})
	if err != nil {
		t.Fatal(err)
	}
	return result.Value.(Result)
}

func TestEveryLinkOfTheChainIsNeeded(t *testing.T) {
	type change func(a answers)
	list := func(a answers, operation, key string) []any { return a[operation][key].([]any) }
	first := func(a answers, operation, key string) map[string]any {
		return list(a, operation, key)[0].(map[string]any)
	}
	for _, test := range []struct {
		name   string
		change change
		want   []string // address protocol ports sources
		whyNot string
	}{
		{"as it is", func(answers) {}, []string{"203.0.113.10 tcp 22 0.0.0.0/0"}, ""},
		{"no public address", func(a answers) {
			delete(first(a, "ec2:DescribeNetworkInterfaces", "NetworkInterfaces"), "Association")
		}, nil, "it has no public address"},
		{"no route to the internet", func(a answers) {
			first(a, "ec2:DescribeRouteTables", "RouteTables")["Routes"].([]any)[1].(map[string]any)["GatewayId"] = "nat-1"
		}, nil, "its subnet has no route to an internet gateway"},
		{"the route is a black hole", func(a answers) {
			first(a, "ec2:DescribeRouteTables", "RouteTables")["Routes"].([]any)[1].(map[string]any)["State"] = "blackhole"
		}, nil, "its subnet has no route to an internet gateway"},
		{"the gateway is not attached", func(a answers) {
			first(a, "ec2:DescribeInternetGateways", "InternetGateways")["Attachments"] = []any{}
		}, nil, "its subnet has no route to an internet gateway"},
		{"another table is associated with the subnet", func(a answers) {
			a["ec2:DescribeRouteTables"]["RouteTables"] = append(list(a, "ec2:DescribeRouteTables", "RouteTables"), map[string]any{
				"RouteTableId": "rtb-2", "VpcId": "vpc-1", "Associations": []any{map[string]any{"SubnetId": "subnet-1"}}, "Routes": []any{}})
		}, nil, "its subnet has no route to an internet gateway"},
		{"the group allows only a private range", func(a answers) {
			permission(a)["IpRanges"] = []any{map[string]any{"CidrIp": "10.0.0.0/8"}}
		}, nil, "no security group lets the internet in"},
		{"the group allows one host of the internet", func(a answers) {
			permission(a)["IpRanges"] = []any{map[string]any{"CidrIp": "198.51.100.7/32"}}
		}, []string{"203.0.113.10 tcp 22 198.51.100.7/32"}, ""},
		{"the group allows a prefix list", func(a answers) {
			permission(a)["IpRanges"] = []any{}
			permission(a)["PrefixListIds"] = []any{map[string]any{"PrefixListId": "pl-1"}}
		}, []string{"203.0.113.10 tcp 22 0.0.0.0/0"}, ""},
		{"the group is not in the evidence", func(a answers) {
			a["ec2:DescribeSecurityGroups"]["SecurityGroups"] = []any{}
		}, []string{"203.0.113.10 all 0-65535 0.0.0.0/0"}, ""},
		{"the ACL denies the port", func(a answers) {
			rules(a, rulePorts(90, false, "deny", "6", 22, 22), ruleAll(100, false), ruleAll(100, true))
		}, nil, "network ACL acl-1 stops what the security groups let in"},
		{"the ACL denies it too late", func(a answers) {
			rules(a, ruleAll(100, false), rulePorts(110, false, "deny", "6", 22, 22), ruleAll(100, true))
		}, []string{"203.0.113.10 tcp 22 0.0.0.0/0"}, ""},
		{"the ACL lets no answer out", func(a answers) {
			rules(a, ruleAll(100, false), rulePorts(100, true, "deny", "6", 0, 65535))
		}, nil, "network ACL acl-1 stops what the security groups let in"},
		{"the ACL splits a wide rule", func(a answers) {
			permission(a)["FromPort"], permission(a)["ToPort"] = int64(20), int64(30)
			rules(a, rulePorts(90, false, "deny", "6", 22, 25), ruleAll(100, false), ruleAll(100, true))
		}, []string{"203.0.113.10 tcp 20-21 0.0.0.0/0", "203.0.113.10 tcp 26-30 0.0.0.0/0"}, ""},
		{"the ACL lets answers out to one port", func(a answers) {
			rules(a, ruleAll(100, false), rulePorts(100, true, "allow", "6", 443, 443))
		}, []string{"203.0.113.10 tcp 22 0.0.0.0/0"}, ""},
		{"the ACL denies the whole internet in halves", func(a answers) {
			rules(a, deny(90, "0.0.0.0/1"), deny(91, "128.0.0.0/1"), ruleAll(100, false), ruleAll(100, true))
		}, nil, "network ACL acl-1 stops what the security groups let in"},
		{"the ACL allows private sources only", func(a answers) {
			allow := ruleAll(100, false).(map[string]any)
			allow["CidrBlock"] = "10.0.0.0/8"
			rules(a, allow, ruleAll(100, true))
		}, nil, "network ACL acl-1 stops what the security groups let in"},
		{"the ACL tells protocols apart and the group does not", func(a answers) {
			permission(a)["IpProtocol"] = "-1"
			delete(permission(a), "FromPort")
			delete(permission(a), "ToPort")
			rules(a, rulePorts(10, false, "allow", "6", 443, 443), rulePorts(20, false, "allow", "17", 53, 53), ruleAll(100, true))
		}, []string{"203.0.113.10 tcp 443 0.0.0.0/0", "203.0.113.10 udp 53 0.0.0.0/0"}, ""},
		{"no answers: what needs none gets in", func(a answers) {
			permission(a)["IpProtocol"] = "-1"
			rules(a, ruleAll(100, false))
		}, []string{"203.0.113.10 icmp 0-255 0.0.0.0/0", "203.0.113.10 udp 0-65535 0.0.0.0/0", "203.0.113.10 other 0-65535 0.0.0.0/0"}, ""},
		{"ping", func(a answers) {
			permission(a)["IpProtocol"], permission(a)["FromPort"], permission(a)["ToPort"] = "icmp", int64(8), int64(-1)
		}, []string{"203.0.113.10 icmp 8 0.0.0.0/0"}, ""},
		{"the ACL denies ping", func(a answers) {
			permission(a)["IpProtocol"], permission(a)["FromPort"], permission(a)["ToPort"] = "icmp", int64(-1), int64(-1)
			ping := rulePorts(90, false, "deny", "1", 0, 0).(map[string]any)
			ping["IcmpTypeCode"] = map[string]any{"Type": int64(8), "Code": int64(-1)}
			rules(a, ping, ruleAll(100, false), ruleAll(100, true))
		}, []string{"203.0.113.10 icmp 0-7 0.0.0.0/0", "203.0.113.10 icmp 9-255 0.0.0.0/0"}, ""},
		{"the subnet has no ACL in the evidence", func(a answers) {
			a["ec2:DescribeNetworkAcls"]["NetworkAcls"] = []any{}
		}, []string{"203.0.113.10 tcp 22 0.0.0.0/0"}, ""},
		{"a load balancer without groups", func(a answers) {
			i := first(a, "ec2:DescribeNetworkInterfaces", "NetworkInterfaces")
			i["InterfaceType"], i["Groups"] = "network_load_balancer", []any{}
		}, []string{"203.0.113.10 all 0-65535 0.0.0.0/0"}, ""},
		{"an IPv6 address", func(a answers) {
			i := first(a, "ec2:DescribeNetworkInterfaces", "NetworkInterfaces")
			delete(i, "Association")
			i["Ipv6Addresses"] = []any{map[string]any{"Ipv6Address": "2001:db8::a"}, map[string]any{"Ipv6Address": "fd00::1"}}
			permission(a)["Ipv6Ranges"] = []any{map[string]any{"CidrIpv6": "::/0"}}
			table := first(a, "ec2:DescribeRouteTables", "RouteTables")
			table["Routes"] = append(table["Routes"].([]any), map[string]any{"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1", "State": "active"})
			six := ruleAll(110, false).(map[string]any)
			delete(six, "CidrBlock")
			six["Ipv6CidrBlock"] = "::/0"
			out := ruleAll(110, true).(map[string]any)
			delete(out, "CidrBlock")
			out["Ipv6CidrBlock"] = "::/0"
			rules(a, six, out)
		}, []string{"2001:db8::a tcp 22 ::/0"}, ""},
		{"an IPv6 prefix behind an egress-only gateway", func(a answers) {
			i := first(a, "ec2:DescribeNetworkInterfaces", "NetworkInterfaces")
			delete(i, "Association")
			i["Ipv6Prefixes"] = []any{map[string]any{"Ipv6Prefix": "2001:db8:0:0:1::/80"}}
			table := first(a, "ec2:DescribeRouteTables", "RouteTables")
			table["Routes"] = append(table["Routes"].([]any), map[string]any{"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1", "State": "active"})
		}, nil, "its subnet has no route to an internet gateway"},
		{"the gateway is not in the evidence", func(a answers) {
			a["ec2:DescribeInternetGateways"]["InternetGateways"] = []any{}
		}, []string{"203.0.113.10 tcp 22 0.0.0.0/0"}, ""},
		{"the allowed source is routed elsewhere", func(a answers) {
			permission(a)["IpRanges"] = []any{map[string]any{"CidrIp": "198.51.100.0/24"}}
			addRoute(a, "198.51.0.0/16", "TransitGatewayId", "tgw-1", "active")
		}, nil, "no security group lets the internet in"},
		{"the allowed source is routed into a black hole", func(a answers) {
			permission(a)["IpRanges"] = []any{map[string]any{"CidrIp": "198.51.100.0/24"}}
			addRoute(a, "198.51.0.0/16", "GatewayId", "igw-9", "blackhole")
		}, nil, "no security group lets the internet in"},
		{"a firewall in between", func(a answers) {
			routes := first(a, "ec2:DescribeRouteTables", "RouteTables")["Routes"].([]any)
			delete(routes[1].(map[string]any), "GatewayId")
			routes[1].(map[string]any)["GatewayId"] = "vpce-1"
			a["ec2:DescribeRouteTables"]["RouteTables"] = append(list(a, "ec2:DescribeRouteTables", "RouteTables"), map[string]any{
				"RouteTableId": "rtb-edge", "VpcId": "vpc-1", "Associations": []any{map[string]any{"GatewayId": "igw-1"}},
				"Routes": []any{map[string]any{"DestinationCidrBlock": "10.0.0.0/24", "GatewayId": "vpce-1", "State": "active"}}})
		}, []string{"203.0.113.10 tcp 22 0.0.0.0/0"}, ""},
		{"a NAT instance in between", func(a answers) {
			routes := first(a, "ec2:DescribeRouteTables", "RouteTables")["Routes"].([]any)
			delete(routes[1].(map[string]any), "GatewayId")
			routes[1].(map[string]any)["NetworkInterfaceId"] = "eni-9"
		}, nil, "its subnet has no route to an internet gateway"},
		{"attached to nothing", func(a answers) {
			first(a, "ec2:DescribeNetworkInterfaces", "NetworkInterfaces")["Status"] = "available"
		}, nil, "it is attached to nothing"},
		{"a NAT gateway", func(a answers) {
			first(a, "ec2:DescribeNetworkInterfaces", "NetworkInterfaces")["InterfaceType"] = "nat_gateway"
		}, nil, "a NAT gateway lets in only the answers to what was asked from inside"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := load(t)
			test.change(a)
			result := run(t, a)
			var got []string
			for _, e := range result.Exposures {
				open := ports{e.FromPort, e.ToPort}.String()
				if open == "all ports" {
					open = "0-65535"
				}
				got = append(got, strings.Join([]string{e.Address, e.Protocol, open, strings.Join(e.Sources, ",")}, " "))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if i := result.Interfaces[0]; i.WhyNot != test.whyNot || i.Exposed != (test.whyNot == "") {
				t.Errorf("exposed %v, why not %q; want %q", i.Exposed, i.WhyNot, test.whyNot)
			}
		})
	}
}

func deny(number int64, block string) any {
	r := ruleAll(number, false).(map[string]any)
	r["RuleAction"], r["CidrBlock"] = "deny", block
	return r
}

func addRoute(a answers, destination, field, target, state string) {
	table := a["ec2:DescribeRouteTables"]["RouteTables"].([]any)[0].(map[string]any)
	table["Routes"] = append(table["Routes"].([]any), map[string]any{"DestinationCidrBlock": destination, field: target, "State": state})
}

func permission(a answers) map[string]any {
	group := a["ec2:DescribeSecurityGroups"]["SecurityGroups"].([]any)[0].(map[string]any)
	return group["IpPermissions"].([]any)[0].(map[string]any)
}

func rules(a answers, entries ...any) {
	a["ec2:DescribeNetworkAcls"]["NetworkAcls"].([]any)[0].(map[string]any)["Entries"] = entries
}

func ruleAll(number int64, egress bool) any {
	return map[string]any{"RuleNumber": number, "Egress": egress, "RuleAction": "allow", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}
}

func rulePorts(number int64, egress bool, action, protocol string, from, to int64) any {
	return map[string]any{"RuleNumber": number, "Egress": egress, "RuleAction": action, "Protocol": protocol,
		"CidrBlock": "0.0.0.0/0", "PortRange": map[string]any{"From": from, "To": to}}
}

func TestTheChainOfReasonsIsTold(t *testing.T) {
	want := []string{
		"public address 203.0.113.10 (assigned by AWS)",
		"route 0.0.0.0/0 to igw-1 in rtb-1",
		"security group sg-1 allows tcp 22 from 0.0.0.0/0",
		"network ACL acl-1 rule 100 allows",
		"network ACL acl-1 rule 100 allows the answers",
	}
	a := load(t)
	if diff := cmp.Diff(want, run(t, a).Exposures[0].Reasons); diff != "" {
		t.Error(diff)
	}
	i := a["ec2:DescribeNetworkInterfaces"]["NetworkInterfaces"].([]any)[0].(map[string]any)
	i["Association"].(map[string]any)["AllocationId"] = "eipalloc-1"
	rules(a, deny(90, "198.51.100.0/24"), deny(91, "10.0.0.0/8"), ruleAll(100, false), ruleAll(200, true))
	addRoute(a, "192.0.2.0/24", "TransitGatewayId", "tgw-1", "active")
	want[0] = "public address 203.0.113.10 (elastic, eipalloc-1)"
	want[4] = "network ACL acl-1 rule 200 allows the answers"
	want = append(want, "not from 192.0.2.0/24: route 192.0.2.0/24 to tgw-1 in rtb-1", "not from 198.51.100.0/24: network ACL acl-1 rule 90 denies")
	if diff := cmp.Diff(want, run(t, a).Exposures[0].Reasons); diff != "" {
		t.Error(diff)
	}
}

// What the evidence does not say is a gap: blocking where it could hide an exposure.
func TestGaps(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(a answers)
		want   steps.Gap
	}{
		{"group", func(a answers) { a["ec2:DescribeSecurityGroups"]["SecurityGroups"] = []any{} },
			steps.Gap{Source: "security group sg-1", Problem: "it is not in the evidence, so it is taken to allow everything"}},
		{"ACL", func(a answers) { a["ec2:DescribeNetworkAcls"]["NetworkAcls"] = []any{} },
			steps.Gap{Source: "network ACL of subnet-1", Problem: "it is not in the evidence, so it is taken to allow everything"}},
		{"gateway", func(a answers) { a["ec2:DescribeInternetGateways"]["InternetGateways"] = []any{} },
			steps.Gap{Source: "internet gateway igw-1", Problem: "it is not in the evidence, so it is taken to be attached"}},
		{"prefix list", func(a answers) { permission(a)["PrefixListIds"] = []any{map[string]any{"PrefixListId": "pl-1"}} },
			steps.Gap{Source: "prefix list pl-1", Problem: "its addresses are not in the evidence, so it is taken to hold all"}},
		{"route table", func(a answers) { a["ec2:DescribeRouteTables"]["RouteTables"] = []any{} },
			steps.Gap{Source: "route table of subnet-1", Problem: "it is not in the evidence, so nobody knows whether the internet reaches the subnet", Blocking: true}},
		{"bad source", func(a answers) { permission(a)["IpRanges"] = []any{map[string]any{"CidrIp": "0.0.0.0"}} },
			steps.Gap{Source: "security group sg-1", Problem: `"0.0.0.0" is no CIDR block`, Blocking: true}},
		{"bad rule", func(a answers) { rules(a, deny(7, "nonsense"), ruleAll(100, false), ruleAll(100, true)) },
			steps.Gap{Source: "network ACL acl-1", Problem: `rule 7: "nonsense" is no CIDR block`, Blocking: true}},
		{"bad route", func(a answers) { addRoute(a, "internet", "GatewayId", "igw-1", "active") },
			steps.Gap{Source: "route table rtb-1", Problem: `"internet" is no CIDR block`, Blocking: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := load(t)
			if result, err := (&Step{}).Run(context.Background(), steps.Env{Cloud: a}); err != nil || len(result.Quality.Gaps) != 0 {
				t.Errorf("before: %v, %v", result.Quality.Gaps, err)
			}
			test.change(a)
			result, err := (&Step{}).Run(context.Background(), steps.Env{Cloud: a})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]steps.Gap{test.want}, result.Quality.Gaps); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAMissingAnswerIsAnErrorNotAnAllClear(t *testing.T) {
	for operation := range load(t) {
		a := load(t)
		delete(a, operation)
		result, err := (&Step{}).Run(context.Background(), steps.Env{Cloud: a})
		var missing *steps.Missing
		if !errors.As(err, &missing) || result.Value != nil {
			t.Errorf("without %s: result %v, error %v", operation, result.Value, err)
		}
	}
}

func TestKindsOfInterfaces(t *testing.T) {
	for _, test := range []struct {
		raw  string
		kind string
		name string
	}{
		{`{"NetworkInterfaceId":"eni-1","InterfaceType":"interface","Attachment":{"InstanceId":"i-1"},"TagSet":[{"Key":"Name","Value":"web"}]}`, "instance", "web"},
		{`{"NetworkInterfaceId":"eni-1","InterfaceType":"interface","RequesterId":"amazon-elb","Description":"ELB app/shop/1"}`, "load_balancer", "ELB app/shop/1"},
		{`{"NetworkInterfaceId":"eni-1","InterfaceType":"network_load_balancer"}`, "load_balancer", "eni-1"},
		{`{"NetworkInterfaceId":"eni-1","InterfaceType":"gateway_load_balancer_endpoint"}`, "vpc_endpoint", "eni-1"},
		{`{"NetworkInterfaceId":"eni-1","InterfaceType":"vpc_endpoint"}`, "vpc_endpoint", "eni-1"},
		{`{"NetworkInterfaceId":"eni-1","InterfaceType":"lambda"}`, "lambda", "eni-1"},
		{`{"NetworkInterfaceId":"eni-1","InterfaceType":"efa"}`, "other", "eni-1"},
	} {
		var raw map[string]any
		if err := json.Unmarshal([]byte(test.raw), &raw); err != nil {
			t.Fatal(err)
		}
		if got := describe(raw); got.Kind != test.kind || got.Name != test.name {
			t.Errorf("%s is a %s called %s, want %s called %s", test.raw, got.Kind, got.Name, test.kind, test.name)
		}
	}
}
