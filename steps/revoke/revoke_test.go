package revoke

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playbook/steps"
	"playbook/steps/plan"
	"playbook/steps/plan/plantest"
)

type m = map[string]any

const state = `{"SecurityGroups": [
  {"GroupId": "sg-1", "GroupName": "web", "IpPermissionsEgress": [], "IpPermissions": [
    {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "temporary"}, {"CidrIp": "203.0.113.0/24"}],
     "Ipv6Ranges": [{"CidrIpv6": "::/0"}], "PrefixListIds": [], "UserIdGroupPairs": []},
    {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}]},
  {"GroupId": "sg-2", "GroupName": "all", "Tags": [{"Key": "owner", "Value": "net"}], "IpPermissionsEgress": [], "IpPermissions": [
    {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [], "PrefixListIds": [{"PrefixListId": "pl-1"}], "UserIdGroupPairs": []},
    {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}]}],
 "NetworkInterfaces": [
  {"NetworkInterfaceId": "eni-1", "Groups": [{"GroupId": "sg-1"}]},
  {"NetworkInterfaceId": "eni-2", "Groups": [{"GroupId": "sg-1"}, {"GroupId": "sg-2"}]},
  {"NetworkInterfaceId": "eni-3", "Groups": []}]}`

var target = steps.Target{Account: "111122223333", Region: "eu-west-1"}

func step(rules ...any) *Step {
	s := Kind().New().(*Step)
	s.Rules = rules
	return s
}

func ssh(cidr string) m {
	return m{"group": "sg-1", "protocol": "tcp", "from_port": int64(22), "to_port": int64(22), "cidr": cidr}
}

func exposed(id, protocol string, from, to int64, sources ...any) m {
	return m{"interface": id, "protocol": protocol, "from_port": from, "to_port": to, "sources": sources,
		"account": "111122223333", "region": "eu-west-1", "reasons": []any{"x"}}
}

func run(a *plantest.Account, s *Step) (steps.Result, error) {
	return s.Run(context.Background(), steps.Env{Cloud: a, Target: target})
}

func TestExactlyTheRuleIsTakenAway(t *testing.T) {
	result, err := run(plantest.New(t, state), step(ssh("0.0.0.0/0"), ssh("0.0.0.0/0")))
	if err != nil {
		t.Fatal(err)
	}
	want := plantest.Changes(t, `[{"target": {"account": "111122223333", "region": "eu-west-1"}, "resource": "sg-1",
	  "reason": "Close tcp 22 from 0.0.0.0/0 in security group web (sg-1)",
	  "call": {"operation": "ec2:RevokeSecurityGroupIngress", "input": {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}},
	  "before": {"IpPermission": {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "temporary"}, {"CidrIp": "203.0.113.0/24"}],
	    "Ipv6Ranges": [{"CidrIpv6": "::/0"}], "PrefixListIds": [], "UserIdGroupPairs": []}},
	  "undo": [{"operation": "ec2:AuthorizeSecurityGroupIngress", "input": {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "temporary"}]}]}}],
	  "notes": ["The group is on 2 interfaces: the rule is closed for all of them.", "Established connections that are tracked stay open until they end or time out.", "Undone, the rule has another id and loses tags of its own."]}]`)
	if diff := cmp.Diff(want, plantest.JSON(t, result.Changes)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsTakenAway(t *testing.T) {
	all := m{"group": "sg-2", "protocol": "all", "cidr": "0.0.0.0/0"}
	for _, test := range []struct {
		name    string
		rules   []any
		protect []any
		want    string // outcomes
	}{
		{"IPv6", []any{ssh("::/0")}, nil, "planned take away tcp 22 from ::/0"},
		{"everything", []any{all}, nil, "planned take away everything from 0.0.0.0/0"},
		{"a rule that is not there", []any{ssh("192.0.2.0/24"), all}, nil,
			"planned take away everything from 0.0.0.0/0 | refused it has no rule tcp 22 from 192.0.2.0/24, and another that opens the same: tcp 22 from 0.0.0.0/0; give that one"},
		{"nothing like it", []any{m{"group": "sg-1", "protocol": "udp", "from_port": int64(53), "to_port": int64(53), "cidr": "0.0.0.0/0"}}, nil, "unchanged it has no rule udp 53 from 0.0.0.0/0"},
		{"an exposure", []any{exposed("eni-1", "tcp", 22, 22, "0.0.0.0/0")}, nil, "planned take away tcp 22 from 0.0.0.0/0"},
		{"an exposure to several", []any{exposed("eni-1", "tcp", 22, 22, "0.0.0.0/0", "203.0.113.0/24")}, nil,
			"planned take away tcp 22 from 0.0.0.0/0 | planned take away tcp 22 from 203.0.113.0/24"},
		{"an exposure narrowed by an ACL", []any{exposed("eni-1", "tcp", 22, 22, "198.51.0.0/16")}, nil, "planned take away tcp 22 from 0.0.0.0/0"},
		{"an exposure through several groups", []any{exposed("eni-2", "tcp", 443, 443, "0.0.0.0/0")}, nil,
			"planned take away tcp 443 from 0.0.0.0/0 | planned take away everything from 0.0.0.0/0 | refused everything from pl-1: its source is a prefix list, which may hold addresses that need it; take it away by hand"},
		{"ICMP", []any{exposed("eni-2", "icmp", 8, 8, "0.0.0.0/0")}, []any{"pl-1"},
			"planned take away everything from 0.0.0.0/0 | planned take away icmp 8--1 from 0.0.0.0/0 | refused everything from pl-1: its source is a prefix list, which may hold addresses that need it; take it away by hand"},
		{"a closed exposure", []any{exposed("eni-1", "udp", 53, 53, "0.0.0.0/0")}, nil, "unchanged no rule of its groups opens udp 53 from 0.0.0.0/0"},
		{"one's own way in", []any{exposed("eni-1", "tcp", 22, 22, "0.0.0.0/0", "203.0.113.0/24")}, []any{"203.0.113.0/24"},
			"planned take away tcp 22 from 0.0.0.0/0 | refused tcp 22 from 203.0.113.0/24: it is the way in of 203.0.113.0/24, which is protected"},
		{"elsewhere", []any{m{"group": "sg-1", "region": "us-east-1", "protocol": "tcp", "from_port": int64(22), "to_port": int64(22), "cidr": "0.0.0.0/0"}}, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := step(test.rules...)
			s.Protect = test.protect
			result, err := run(plantest.New(t, state), s)
			if err != nil {
				t.Fatal(err)
			}
			if got := outcomes(result); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

func outcomes(result steps.Result) string {
	by := map[string][]string{}
	for _, r := range result.Value.(plan.Result).Resources {
		by[r.Outcome] = append(by[r.Outcome], r.Outcome+" "+r.Why)
	}
	return strings.Join(append(append(by[plan.Planned], by[plan.Refused]...), by[plan.Unchanged]...), " | ")
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		rule    m
		protect any
		want    string
	}{
		{ssh("0.0.0.0/0"), "sg-1", "refused tcp 22 from 0.0.0.0/0: protected: sg-1"},
		{ssh("0.0.0.0/0"), "198.51.100.0/24", "refused tcp 22 from 0.0.0.0/0: it is the way in of 198.51.100.0/24, which is protected"},
		{ssh("203.0.113.0/24"), "203.0.113.7", "refused tcp 22 from 203.0.113.0/24: it is the way in of 203.0.113.7/32, which is protected"},
		{exposed("eni-1", "tcp", 22, 22, "0.0.0.0/0"), "eni-1", "refused protected: eni-1"},
		{exposed("eni-3", "tcp", 22, 22, "0.0.0.0/0"), "x", "refused it has no security group: nothing can be taken away that would close tcp 22 from 0.0.0.0/0"},
		{m{"group": "sg-2", "protocol": "-1", "cidr": "0.0.0.0/0"}, m{"key": "owner", "value": "net"}, "refused everything from 0.0.0.0/0: protected by its tag owner = net"},
	} {
		s := step(test.rule)
		s.Protect = []any{test.protect}
		result, err := run(plantest.New(t, state), s)
		if got := outcomes(result); err == nil || got != test.want || len(result.Changes) != 0 {
			t.Errorf("%s, %v\nwant %s", got, err, test.want)
		}
	}
}

func TestMissingFactsAreErrors(t *testing.T) {
	for _, rule := range []m{{"group": "sg-9", "protocol": "tcp", "from_port": int64(1), "to_port": int64(2), "cidr": "0.0.0.0/0"}, exposed("eni-9", "tcp", 1, 2, "::/0")} {
		var missing *steps.Missing
		if result, err := run(plantest.New(t, state), step(rule, ssh("0.0.0.0/0"))); !errors.As(err, &missing) || len(result.Changes) != 1 {
			t.Errorf("%d changes, %v", len(result.Changes), err)
		}
	}
	for _, list := range []string{"SecurityGroups", "NetworkInterfaces"} {
		a := plantest.New(t, state)
		delete(a.Lists, list)
		var missing *steps.Missing
		if result, err := run(a, step(ssh("0.0.0.0/0"))); !errors.As(err, &missing) || len(result.Changes) != 0 {
			t.Errorf("without %s: %d changes, %v", list, len(result.Changes), err)
		}
	}
}

func TestRulesHaveToSayWhatTheyAre(t *testing.T) {
	for want, bad := range map[string][]any{
		"a rule is a map of group, protocol, from_port, to_port and cidr, or an exposure with interface, protocol, ports and sources": {m{"id": "x", "protocol": "tcp"}, m{"group": "sg-1"}, "sg-1"},
		"from_port and to_port are whole numbers, the smaller first": {
			m{"group": "sg-1", "protocol": "tcp", "cidr": "0.0.0.0/0"}, m{"group": "sg-1", "protocol": "tcp", "from_port": "22", "to_port": int64(22), "cidr": "0.0.0.0/0"},
			m{"group": "sg-1", "protocol": "tcp", "from_port": int64(23), "to_port": int64(22), "cidr": "0.0.0.0/0"}},
		"a rule has a cidr, an exposure has sources":  {m{"group": "sg-1", "protocol": "-1"}, exposed("eni-1", "tcp", 1, 2)},
		`"x" is no address and no block of addresses`: {ssh("x"), exposed("eni-1", "tcp", 1, 2, "x")},
	} {
		for _, rule := range bad {
			problems := step(rule).Validate(func(string) bool { return true })
			if diff := cmp.Diff([]steps.Problem{{Path: "rules[0]", Message: want}}, problems); diff != "" {
				t.Errorf("%v: %s", rule, diff)
			}
			if result, err := run(plantest.New(t, state), step(rule, ssh("0.0.0.0/0"))); err == nil || !strings.HasSuffix(err.Error(), want) || len(result.Changes) != 1 {
				t.Errorf("%v from an expression: %v", rule, err)
			}
		}
	}
}

// TestUndoneIsAsBefore: whatever the rules are, those that were planned are gone, all
// others stay, and undone all are there again, with their descriptions.
func TestUndoneIsAsBefore(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var permissions []any
		var given []any
		for _, port := range rapid.SliceOfNDistinct(rapid.IntRange(20, 30), 1, 4, rapid.ID[int]).Draw(r, "ports") {
			ranges := []any{}
			for _, cidr := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"0.0.0.0/0", "10.0.0.0/8", "192.0.2.0/24"}), 1, 3, rapid.ID[string]).Draw(r, "cidrs") {
				source := m{"CidrIp": cidr}
				if rapid.Bool().Draw(r, "described") {
					source["Description"] = "for " + cidr
				}
				ranges = append(ranges, source)
				if rapid.Bool().Draw(r, "given") {
					given = append(given, m{"group": "sg-1", "protocol": "tcp", "from_port": int64(port), "to_port": int64(port + 1), "cidr": cidr})
				}
			}
			permissions = append(permissions, m{"IpProtocol": "tcp", "FromPort": int64(port), "ToPort": int64(port + 1),
				"IpRanges": ranges, "Ipv6Ranges": []any{}, "PrefixListIds": []any{}, "UserIdGroupPairs": []any{}})
		}
		a := plantest.New(r, `{"NetworkInterfaces": []}`)
		a.Lists["SecurityGroups"] = []any{m{"GroupId": "sg-1", "IpPermissions": permissions}}
		s := step(given...)
		s.MaxChanges = 100
		first, err := run(a, s)
		if err != nil || len(first.Changes) != len(given) {
			r.Fatalf("%d changes for %d rules, %v", len(first.Changes), len(given), err)
		}
		before := a.State()
		outputs := a.Apply(r, Kind(), first.Changes)
		if left, all := strings.Count(fmt.Sprint(a.Lists["SecurityGroups"]), "CidrIp"), strings.Count(fmt.Sprint(before), "CidrIp"); left != all-len(given) {
			r.Fatalf("%d of %d rules are left after %d were taken away", left, all, len(given))
		}
		a.Undo(r, Kind(), first.Changes, outputs)
		if diff := cmp.Diff(before, a.State()); diff != "" {
			r.Fatalf("%s", diff)
		}
	})
}

func TestCarriedOutAndUndone(t *testing.T) {
	a := plantest.New(t, state)
	s := step(ssh("0.0.0.0/0"), ssh("::/0"), m{"group": "sg-1", "protocol": "tcp", "from_port": int64(443), "to_port": int64(443), "cidr": "0.0.0.0/0"})
	a.RoundTrip(t, Kind(), func() (steps.Result, error) { return run(a, s) })
}
