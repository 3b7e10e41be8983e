package block

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playbook/steps"
	"playbook/steps/plan"
	"playbook/steps/plan/plantest"
)

type m = map[string]any

var target = steps.Target{Account: "111122223333", Region: "eu-west-1"}

// entry is a rule that is written "in 100 allow 0.0.0.0/0".
func entry(text string) m {
	f := strings.Fields(text)
	var number int64
	fmt.Sscan(f[1], &number)
	field := "CidrBlock"
	if strings.Contains(f[3], ":") {
		field = "Ipv6CidrBlock"
	}
	e := m{"RuleNumber": number, "Egress": f[0] == "out", "RuleAction": f[2], "Protocol": "-1", field: f[3]}
	if len(f) > 4 {
		e["Protocol"] = f[4]
	}
	return e
}

func account(t plantest.TB, entries ...string) *plantest.Account {
	a := plantest.New(t, `{"NetworkAcls": [{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "Tags": [{"Key": "Name", "Value": "public"}],
	    "Associations": [{"SubnetId": "subnet-1"}, {"SubnetId": "subnet-2"}]},
	  {"NetworkAclId": "acl-2", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-3"}], "Entries": []}],
	 "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "Attachment": {"InstanceId": "i-1"}},
	  {"NetworkInterfaceId": "eni-3", "SubnetId": "subnet-3", "Attachment": {"InstanceId": "i-1"}}]}`)
	list := []any{}
	for _, text := range entries {
		list = append(list, entry(text))
	}
	a.Lists["NetworkAcls"][0].(m)["Entries"] = list
	return a
}

var usual = []string{"in 100 allow 0.0.0.0/0", "in 32767 deny 0.0.0.0/0", "out 100 allow 0.0.0.0/0", "out 32767 deny 0.0.0.0/0"}

func step(addresses ...string) *Step {
	s := Kind().New().(*Step)
	s.Addresses, s.Resources = addresses, []any{"eni-1"}
	return s
}

func run(a *plantest.Account, s *Step) (steps.Result, error) {
	return s.Run(context.Background(), steps.Env{Cloud: a, Target: target})
}

func TestBothDirectionsAreDenied(t *testing.T) {
	result, err := run(account(t, usual...), step("198.51.100.7"))
	if err != nil {
		t.Fatal(err)
	}
	change := func(reason, egress, allow string) string {
		return `{"target": {"account": "111122223333", "region": "eu-west-1"}, "resource": "acl-1", "reason": "` + reason + `",
		 "call": {"operation": "ec2:CreateNetworkAclEntry", "input": {"NetworkAclId": "acl-1", "RuleNumber": 99, "Egress": ` + egress + `, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "198.51.100.7/32"}},
		 "before": {"Entries": [{"RuleNumber": 100, "Egress": ` + egress + `, "RuleAction": "allow", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"},
		   {"RuleNumber": 32767, "Egress": ` + egress + `, "RuleAction": "deny", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}]},
		 "undo": [{"operation": "ec2:DeleteNetworkAclEntry", "input": {"NetworkAclId": "acl-1", "RuleNumber": 99, "Egress": ` + egress + `}}],
		 "notes": ["It is for everything in the subnets subnet-1, subnet-2, and ends connections that are open.",
		   "Traffic within a subnet does not pass it, and neither do queries to the Route 53 Resolver or to instance metadata.",
		   "Behind a load balancer or proxy the ACL sees that one's address, not the client's."]}`
	}
	want := plantest.Changes(t, "["+change("Deny all traffic from 198.51.100.7/32", "false", "")+","+change("Deny all traffic to 198.51.100.7/32", "true", "")+"]")
	if diff := cmp.Diff(want, plantest.JSON(t, result.Changes)); diff != "" {
		t.Error(diff)
	}
	resources := []plan.Resource{{ID: "acl-1", Name: "public", Outcome: plan.Planned, Why: "2 deny rules (0 not needed) for the subnets subnet-1, subnet-2"}}
	if diff := cmp.Diff(plan.Result{Resources: resources, Calls: 2}, result.Value); diff != "" {
		t.Error(diff)
	}
}

func TestNumbersOfRules(t *testing.T) {
	for _, test := range []struct {
		name      string
		entries   []string
		addresses string
		want      string // direction, number and block of each rule
	}{
		{"before the first that allows", []string{"in 90 allow 198.51.0.0/16 6", "in 100 allow 0.0.0.0/0"}, "198.51.100.7", "in 89 198.51.100.7/32"},
		{"not before one of other addresses", []string{"in 90 allow 10.0.0.0/8", "in 100 allow 0.0.0.0/0"}, "198.51.100.7", "in 99 198.51.100.7/32"},
		{"numbers that are taken", []string{"in 99 deny 192.0.2.0/24", "in 98 allow 10.0.0.0/8", "in 100 allow 0.0.0.0/0"}, "198.51.100.7", "in 97 198.51.100.7/32"},
		{"families share numbers", []string{"in 99 deny ::/0 6", "in 100 allow 0.0.0.0/0"}, "198.51.100.7", "in 98 198.51.100.7/32"},
		{"two of them, in order of size", []string{"in 100 allow 0.0.0.0/0"}, "198.51.100.7 192.0.2.0/24", "in 99 192.0.2.0/24 in 98 198.51.100.7/32"},
		{"one in the other", []string{"in 100 allow 0.0.0.0/0"}, "192.0.2.9 192.0.2.0/24", "in 99 192.0.2.0/24"},
		{"IPv6", []string{"in 101 allow ::/0", "in 100 allow 0.0.0.0/0"}, "2001:db8:bad::1", "in 99 2001:db8:bad::1/128"},
		{"both families", []string{"in 100 allow 0.0.0.0/0", "out 50 allow ::/0"}, "198.51.100.7 2001:db8:bad::/48", "in 99 198.51.100.7/32 out 49 2001:db8:bad::/48"},
		{"what is not let in", []string{"in 100 allow 10.0.0.0/8", "out 100 allow 0.0.0.0/0"}, "198.51.100.7", "out 99 198.51.100.7/32"},
		{"what is denied already", []string{"in 90 deny 198.51.100.0/24", "in 100 allow 0.0.0.0/0", "out 100 allow 0.0.0.0/0"}, "198.51.100.7", "out 99 198.51.100.7/32"},
		{"denied for one protocol", []string{"in 90 deny 198.51.100.0/24 6", "in 100 allow 0.0.0.0/0"}, "198.51.100.7", "in 99 198.51.100.7/32"},
		{"denied too late", []string{"in 90 allow 0.0.0.0/0", "in 100 deny 198.51.100.0/24"}, "198.51.100.7", "in 89 198.51.100.7/32"},
		{"written otherwise", []string{"in 100 allow 0.0.0.0/0"}, "198.51.100.7/24 ::ffff:192.0.2.1", "in 99 198.51.100.0/24 in 98 192.0.2.1/32"},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := run(account(t, test.entries...), step(strings.Fields(test.addresses)...))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, change := range result.Changes {
				input, way := change.Call.Input, "in"
				if input["Egress"] == true {
					way = "out"
				}
				block := input["CidrBlock"]
				if block == nil {
					block = input["Ipv6CidrBlock"]
				}
				got = append(got, fmt.Sprint(way, " ", input["RuleNumber"], " ", block))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%v, want %s", got, test.want)
			}
		})
	}
}

func TestAnACLIsPlannedWholeOrNotAtAll(t *testing.T) {
	var full []string
	for i := range 19 {
		full = append(full, fmt.Sprintf("out %d allow 10.%d.0.0/16", 200+i, i))
	}
	for _, test := range []struct {
		name      string
		entries   []string
		addresses []string
		want      string
	}{
		{"the quota of one direction", append(full, "in 100 allow 0.0.0.0/0"), []string{"198.51.100.7", "10.3.0.9"},
			"10.3.0.9/32 would be its outbound rule number 21 for IPv4, and 20 are allowed: give fewer addresses, join them into blocks, or have the quota raised (to 40 at most) and say so in max_rules; nothing of it is planned"},
		{"no number", []string{"in 2 allow 0.0.0.0/0", "in 1 deny 192.0.2.0/24"}, []string{"198.51.100.7"},
			"no number is free before its inbound rule 2, which lets 198.51.100.7/32 through: give that rule a higher number first; nothing of it is planned"},
		{"a rule that cannot be read", []string{"in 100 allow 0.0.0.0/0", "in 50 allow nothing"}, []string{"198.51.100.7"},
			"its rule 50 cannot be read; nothing of it is planned"},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := run(account(t, test.entries...), step(test.addresses...))
			if err == nil || !strings.HasSuffix(err.Error(), test.want) || len(result.Changes) != 0 {
				t.Errorf("%d changes, %v", len(result.Changes), err)
			}
		})
	}
	s := step("10.3.0.9")
	s.MaxRules = 21
	if result, err := run(account(t, full...), s); err != nil || len(result.Changes) != 1 {
		t.Errorf("with a higher quota: %d changes, %v", len(result.Changes), err)
	}
}

func TestWhoseACLs(t *testing.T) {
	for id, want := range map[string]string{"eni-1": "acl-1", "i-1": "acl-1 acl-2", "subnet-3": "acl-2", "vpc-1": "acl-1 acl-2", "acl-1": "acl-1"} {
		s := step("198.51.100.7")
		s.Resources = []any{id, id}
		result, err := run(account(t, usual...), s)
		var got []string
		for _, r := range result.Value.(plan.Result).Resources {
			got = append(got, r.ID)
		}
		if strings.Join(got, " ") != want || err != nil {
			t.Errorf("%s: %v, %v; want %s", id, got, err, want)
		}
	}
	s := step("198.51.100.7")
	s.Resources = []any{"eni-1", "eni-9"}
	var missing *steps.Missing
	if result, err := run(account(t, usual...), s); !errors.As(err, &missing) || len(result.Changes) != 2 {
		t.Errorf("%d changes, %v", len(result.Changes), err)
	}
}

func TestWhatIsProtectedIsLeftAlone(t *testing.T) {
	for protect, want := range map[string]string{"acl-1": "acl-1", "subnet-2": "acl-1", "vpc-1": "acl-1"} {
		s := step("198.51.100.7")
		s.Protect = []any{protect}
		result, err := run(account(t, usual...), s)
		if r := result.Value.(plan.Result).Resources; err == nil || len(result.Changes) != 0 || r[0].ID != want || r[0].Outcome != plan.Refused {
			t.Errorf("%s: %+v, %v", protect, r, err)
		}
	}
	s := step("198.51.100.7", "203.0.113.5")
	s.Protect = []any{"203.0.113.0/24"}
	result, err := run(account(t, usual...), s)
	if err != nil || len(result.Changes) != 2 || result.Quality.Gaps[0].Source != "203.0.113.5/32" {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestAddressesAreReadOrTheStepFails(t *testing.T) {
	for text, want := range map[string]string{
		"0.0.0.0/0": "0.0.0.0/0 is a large part of the internet: give a block of /8 (IPv4), /16 (IPv6) or smaller",
		"::/0":      "::/0 is a large part of the internet: give a block of /8 (IPv4), /16 (IPv6) or smaller",
		"fe80::1%e": `"fe80::1%e" is no address and no block of addresses`,
		"evil.test": `"evil.test" is no address and no block of addresses`,
		"":          `"" is no address and no block of addresses`,
	} {
		result, err := run(account(t, usual...), step("198.51.100.7", text))
		if err == nil || err.Error() != want || len(result.Changes) != 0 {
			t.Errorf("%q: %v", text, err)
		}
		problems := step("198.51.100.7", text).Validate(func(string) bool { return true })
		if diff := cmp.Diff([]steps.Problem{{Path: "addresses[1]", Message: want}}, problems); diff != "" {
			t.Error(diff)
		}
	}
}

// verdict is what an ACL does with a packet: the first rule that matches decides.
func verdict(a *plantest.Account, ip netip.Addr, egress bool, protocol string) bool {
	entries := slices.Clone(a.Lists["NetworkAcls"][0].(m)["Entries"].([]any))
	slices.SortFunc(entries, func(x, y any) int { return int(x.(m)["RuleNumber"].(int64) - y.(m)["RuleNumber"].(int64)) })
	for _, raw := range entries {
		e := raw.(m)
		text, _ := e["CidrBlock"].(string)
		if text == "" {
			text = e["Ipv6CidrBlock"].(string)
		}
		if e["Egress"] == egress && (e["Protocol"] == "-1" || e["Protocol"] == protocol) && netip.MustParsePrefix(text).Contains(ip) {
			return e["RuleAction"] == "allow"
		}
	}
	return false
}

// TestOnlyTheAddressesAreShutOut: on any ACL, what is planned shuts out the addresses, and
// leaves every other address as it was; undone, all is as it was.
func TestOnlyTheAddressesAreShutOut(t *testing.T) {
	blocks := []string{"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32", "::/0", "2001:db8::/32", "2001:db8:1::/48"}
	probes := []netip.Addr{}
	for _, text := range []string{"10.1.2.3", "10.1.2.4", "10.1.3.1", "10.2.0.1", "192.0.2.1", "2001:db8:1::1", "2001:db8:2::1", "2001:db9::1"} {
		probes = append(probes, netip.MustParseAddr(text))
	}
	rapid.Check(t, func(r *rapid.T) {
		var entries []string
		for _, number := range rapid.SliceOfNDistinct(rapid.IntRange(1, 12), 0, 6, rapid.ID[int]).Draw(r, "numbers") {
			for _, way := range []string{"in", "out"} {
				entries = append(entries, fmt.Sprintf("%s %d %s %s %s", way, number, rapid.SampledFrom([]string{"allow", "deny"}).Draw(r, "action"),
					rapid.SampledFrom(blocks).Draw(r, "block"), rapid.SampledFrom([]string{"-1", "6", "17"}).Draw(r, "protocol")))
			}
		}
		a := account(r, entries...)
		hostile := rapid.SliceOfN(rapid.SampledFrom([]string{"10.1.2.3", "10.1.2.0/24", "10.1.0.0/16", "2001:db8:1::/48", "2001:db8:2::1", "192.0.2.1"}), 1, 3).Draw(r, "hostile")
		s := step(hostile...)
		result, err := run(a, s)
		if err != nil { // refused: nothing of it is planned
			if len(result.Changes) != 0 {
				r.Fatalf("%d changes beside %v", len(result.Changes), err)
			}
			return
		}
		a.RoundTrip(r, Kind(), func() (steps.Result, error) { return run(a, s) })
		before := account(r, entries...)
		a.Apply(r, Kind(), result.Changes)
		for _, ip := range probes {
			for _, egress := range []bool{false, true} {
				for _, protocol := range []string{"6", "17"} {
					want := verdict(before, ip, egress, protocol) && !slices.ContainsFunc(hostile, func(h string) bool {
						block, _ := plan.Block(h)
						return block.Contains(ip)
					})
					if got := verdict(a, ip, egress, protocol); got != want {
						r.Fatalf("%s (egress %v, protocol %s): let through %v, want %v", ip, egress, protocol, got, want)
					}
				}
			}
		}
	})
}
