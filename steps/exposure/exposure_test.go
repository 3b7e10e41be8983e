package exposure

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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
		}, nil, "no security group rule and network ACL together let the internet in"},
		{"the group allows one host of the internet", func(a answers) {
			permission(a)["IpRanges"] = []any{map[string]any{"CidrIp": "198.51.100.7/32"}}
		}, []string{"203.0.113.10 tcp 22 198.51.100.7/32"}, ""},
		{"the group allows a prefix list", func(a answers) {
			permission(a)["IpRanges"] = []any{}
			permission(a)["PrefixListIds"] = []any{map[string]any{"PrefixListId": "pl-1"}}
		}, []string{"203.0.113.10 tcp 22 0.0.0.0/0"}, ""},
		{"the group is not in the evidence", func(a answers) {
			a["ec2:DescribeSecurityGroups"]["SecurityGroups"] = []any{}
		}, []string{"203.0.113.10 tcp 0-65535 0.0.0.0/0", "203.0.113.10 udp 0-65535 0.0.0.0/0", "203.0.113.10 icmp 0-65535 0.0.0.0/0"}, ""},
		{"the ACL denies the port", func(a answers) {
			rules(a, rulePorts(90, false, "deny", "6", 22, 22), ruleAll(100, false), ruleAll(100, true))
		}, nil, "no security group rule and network ACL together let the internet in"},
		{"the ACL denies it too late", func(a answers) {
			rules(a, ruleAll(100, false), rulePorts(110, false, "deny", "6", 22, 22), ruleAll(100, true))
		}, []string{"203.0.113.10 tcp 22 0.0.0.0/0"}, ""},
		{"the ACL lets no answer out", func(a answers) {
			rules(a, ruleAll(100, false), rulePorts(100, true, "allow", "6", 443, 443))
		}, nil, "no security group rule and network ACL together let the internet in"},
		{"the ACL splits a wide rule", func(a answers) {
			permission(a)["FromPort"], permission(a)["ToPort"] = int64(20), int64(30)
			rules(a, rulePorts(90, false, "deny", "6", 22, 25), ruleAll(100, false), ruleAll(100, true))
		}, []string{"203.0.113.10 tcp 20-21 0.0.0.0/0", "203.0.113.10 tcp 26-30 0.0.0.0/0"}, ""},
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
		"public address 203.0.113.10",
		"route 0.0.0.0/0 to igw-1 in rtb-1",
		"security group sg-1 allows tcp 22 from 0.0.0.0/0",
		"network ACL acl-1 rule 100 allows",
	}
	if diff := cmp.Diff(want, run(t, load(t)).Exposures[0].Reasons); diff != "" {
		t.Error(diff)
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

// TestPortsAgreeWithCounting compares the ACL's ranges with asking port by port.
func TestPortsAgreeWithCounting(t *testing.T) {
	sources := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("198.51.100.7/32")}
	port := rapid.IntRange(0, 40)
	rapid.Check(t, func(t *rapid.T) {
		a := acl{id: "acl-1"}
		for number := range rapid.IntRange(0, 6).Draw(t, "rules") {
			from := port.Draw(t, "from")
			a.rules = append(a.rules, rule{
				number: int64(number), allow: rapid.Bool().Draw(t, "allow"), protocol: rapid.SampledFrom([]string{"all", "tcp", "udp"}).Draw(t, "protocol"),
				ports: ports{from, from + port.Draw(t, "more")}, cidr: rapid.SampledFrom(sources).Draw(t, "cidr"),
			})
		}
		from := port.Draw(t, "want from")
		wanted := ports{from, from + port.Draw(t, "want more")}
		source := rapid.SampledFrom(sources).Draw(t, "source")
		got := map[int]bool{}
		for _, piece := range a.inbound("tcp", wanted, source) {
			for p := piece.ports.from; p <= piece.ports.to; p++ {
				got[p] = true
			}
		}
		for p := wanted.from; p <= wanted.to; p++ {
			if want := someSourceReaches(a.rules, p, source); got[p] != want {
				t.Fatalf("port %d: got %v, want %v", p, got[p], want)
			}
		}
	})
}

// someSourceReaches is the meaning of the rules, naively: a rule decides for the
// sources it covers, in order; a denial of some leaves the others.
func someSourceReaches(rules []rule, port int, source netip.Prefix) bool {
	for _, r := range rules {
		if r.protocol == "udp" || port < r.ports.from || port > r.ports.to || !r.cidr.Overlaps(source) {
			continue
		}
		if r.allow {
			return true
		}
		if r.cidr.Bits() <= source.Bits() {
			return false
		}
	}
	return false
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
