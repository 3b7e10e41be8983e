package isolate

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

const state = `{
 "Reservations": [{"Instances": [
  {"InstanceId": "i-1", "State": {"Name": "running"}, "Tags": [{"Key": "Name", "Value": "web-1"}, {"Key": "aws:autoscaling:groupName", "Value": "web"}]},
  {"InstanceId": "i-2", "State": {"Name": "running"}},
  {"InstanceId": "i-3", "State": {"Name": "terminated"}}]}],
 "NetworkInterfaces": [
  {"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "Attachment": {"InstanceId": "i-1"}, "Groups": [{"GroupId": "sg-1", "GroupName": "web"}, {"GroupId": "sg-2", "GroupName": "ssh"}]},
  {"NetworkInterfaceId": "eni-2", "VpcId": "vpc-1", "Attachment": {"InstanceId": "i-1"}, "Groups": [{"GroupId": "sg-2", "GroupName": "ssh"}]},
  {"NetworkInterfaceId": "eni-3", "VpcId": "vpc-2", "Attachment": {"InstanceId": "i-2"}, "TagSet": [{"Key": "keep", "Value": "yes"}], "Groups": [{"GroupId": "sg-3", "GroupName": "web"}]},
  {"NetworkInterfaceId": "eni-4", "VpcId": "vpc-1", "RequesterManaged": true, "RequesterId": "amazon-elb", "Groups": [{"GroupId": "sg-1", "GroupName": "web"}]},
  {"NetworkInterfaceId": "eni-5", "VpcId": "vpc-1", "Status": "available"}],
 "SecurityGroups": [
  {"GroupId": "sg-1", "GroupName": "web", "VpcId": "vpc-1", "IpPermissions": [], "IpPermissionsEgress": []},
  {"GroupId": "sg-2", "GroupName": "ssh", "VpcId": "vpc-1", "IpPermissions": [], "IpPermissionsEgress": []},
  {"GroupId": "sg-3", "GroupName": "web", "VpcId": "vpc-2", "IpPermissions": [], "IpPermissionsEgress": []}%s],
 "Vpcs": [{"VpcId": "vpc-1", "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8::/56", "Ipv6CidrBlockState": {"State": "associated"}}]}, {"VpcId": "vpc-2"}]}`

const isolation = `, {"GroupId": "sg-9", "GroupName": "playbook-isolation", "VpcId": "vpc-1", "IpPermissions": [], "IpPermissionsEgress": []}`

var target = steps.Target{Account: "111122223333", Region: "eu-west-1"}

func account(t plantest.TB, groups string) *plantest.Account {
	return plantest.New(t, fmt.Sprintf(state, groups))
}

func step(instances ...any) *Step {
	s := Kind().New().(*Step)
	s.Instances = instances
	return s
}

func run(a *plantest.Account, s *Step) (steps.Result, error) {
	return s.Run(context.Background(), steps.Env{Cloud: a, Target: target})
}

func TestAGroupWithoutRulesIsMadeFirst(t *testing.T) {
	result, err := run(account(t, ""), step("i-1"))
	if err != nil {
		t.Fatal(err)
	}
	place := `"target": {"account": "111122223333", "region": "eu-west-1"}`
	kept := `"notes": ["Established connections that are tracked stay open until they end or time out; those that are not tracked end at once. Block the address in the network ACL to end them too.",
	  "Credentials that were taken from the instance's metadata stay valid until they expire, wherever they are used: revoke the sessions of its role.",
	  "Session Manager and other agents lose the instance too. A load balancer that has it as a target finds it unhealthy.",
	  "It belongs to the Auto Scaling group web, which may find it unhealthy and terminate it: detach it or put it in standby first."]`
	want := plantest.Changes(t, `[
	 {`+place+`, "resource": "vpc-1", "reason": "vpc-1 has no group playbook-isolation to isolate instances with",
	  "call": {"operation": "ec2:CreateSecurityGroup", "input": {"GroupName": "playbook-isolation", "Description": "No traffic in or out: isolated in an incident", "VpcId": "vpc-1"}},
	  "undo": [{"operation": "ec2:DeleteSecurityGroup", "input": {"GroupId": {"$from": {"call": 0, "path": "GroupId"}}}}],
	  "notes": ["The group can be deleted only when no interface has it any more."]},
	 {`+place+`, "resource": "vpc-1", "reason": "A new group lets everything out",
	  "call": {"operation": "ec2:RevokeSecurityGroupEgress", "input": {"GroupId": {"$from": {"call": 0, "path": "GroupId"}}, "IpPermissions": [
	    {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]}},
	  "notes": ["Nothing has to be undone: the group is deleted.", "Look at the group before an interface gets it: with a rule left in it, it isolates nothing."]},
	 {`+place+`, "resource": "eni-1", "reason": "Cut interface eni-1 of web-1 (i-1) off: its only group has no rules",
	  "call": {"operation": "ec2:ModifyNetworkInterfaceAttribute", "input": {"NetworkInterfaceId": "eni-1", "Groups": [{"$from": {"call": 0, "path": "GroupId"}}]}},
	  "before": {"Groups": [{"GroupId": "sg-1", "GroupName": "web"}, {"GroupId": "sg-2", "GroupName": "ssh"}]},
	  "undo": [{"operation": "ec2:ModifyNetworkInterfaceAttribute", "input": {"NetworkInterfaceId": "eni-1", "Groups": ["sg-1", "sg-2"]}}], `+kept+`},
	 {`+place+`, "resource": "eni-2", "reason": "Cut interface eni-2 of web-1 (i-1) off: its only group has no rules",
	  "call": {"operation": "ec2:ModifyNetworkInterfaceAttribute", "input": {"NetworkInterfaceId": "eni-2", "Groups": [{"$from": {"call": 0, "path": "GroupId"}}]}},
	  "before": {"Groups": [{"GroupId": "sg-2", "GroupName": "ssh"}]},
	  "undo": [{"operation": "ec2:ModifyNetworkInterfaceAttribute", "input": {"NetworkInterfaceId": "eni-2", "Groups": ["sg-2"]}}], `+kept+`}]`)
	if diff := cmp.Diff(want, plantest.JSON(t, result.Changes)); diff != "" {
		t.Error(diff)
	}
	resources := []plan.Resource{{ID: "i-1", Name: "web-1", Outcome: plan.Planned, Why: "2 of 2 interfaces get the group playbook-isolation alone"}}
	if diff := cmp.Diff(plan.Result{Resources: resources, Calls: 4}, result.Value); diff != "" {
		t.Error(diff)
	}
}

func TestAGroupThatExistsIsUsed(t *testing.T) {
	result, err := run(account(t, isolation), step(map[string]any{"id": "eni-2", "region": "eu-west-1"}, "i-1"))
	if err != nil || len(result.Changes) != 2 {
		t.Fatalf("%d changes, %v; an interface stands for its instance, which is taken once", len(result.Changes), err)
	}
	if groups := result.Changes[0].Call.Input["Groups"]; !cmp.Equal(groups, []any{"sg-9"}) {
		t.Errorf("groups %v", groups)
	}
}

func TestRefusals(t *testing.T) {
	rule := strings.Replace(isolation, `"IpPermissionsEgress": []`, `"IpPermissionsEgress": [{"IpProtocol": "-1"}]`, 1)
	silent := strings.Replace(isolation, `, "IpPermissionsEgress": []`, "", 1)
	for _, test := range []struct {
		name, groups string
		step         *Step
		want         string
	}{
		{"a group with a rule", rule, step("i-1"), "group playbook-isolation (sg-9) of vpc-1 has rules, or AWS did not say that it has none; empty it, or name another in `group`"},
		{"a group of which the rules are not known", silent, step("i-1"), "group playbook-isolation (sg-9) of vpc-1 has rules, or AWS did not say that it has none; empty it, or name another in `group`"},
		{"an id", "", &Step{Instances: []any{"i-1"}, Group: "g", MaxChanges: 5, Protect: []any{"i-1"}}, "protected: i-1"},
		{"an interface's id", "", &Step{Instances: []any{"i-1"}, Group: "g", MaxChanges: 5, Protect: []any{"eni-2"}}, "interface eni-2 is protected: eni-2"},
		{"an interface's tag", "", &Step{Instances: []any{"i-2"}, Group: "g", MaxChanges: 5, Protect: []any{map[string]any{"key": "keep"}}}, "interface eni-3 is protected by its tag keep = yes"},
		{"managed", "", step("eni-4"), "interface eni-4 is managed by AWS (amazon-elb), and its groups by that service"},
		{"no groups", "", step("eni-5"), "the groups of interface eni-5 are not in the answers of AWS, so there would be no way back"},
		{"terminated", "", step("i-3"), "it has no interface in the answers of AWS (it is terminated)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := run(account(t, test.groups), test.step)
			if err == nil || !strings.HasSuffix(err.Error(), test.want) || len(result.Changes) != 0 {
				t.Fatalf("%d changes, %v", len(result.Changes), err)
			}
			if r := result.Value.(plan.Result).Resources; len(r) != 1 || r[0].Outcome != plan.Refused || r[0].Why != test.want {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestMoreThanMaxChangesIsRefusedWhole(t *testing.T) {
	s := step("i-1", "i-2", map[string]any{"id": "i-7", "account": "444455556666"})
	s.MaxChanges = 2
	result, err := run(account(t, ""), s)
	want := "refused: this would touch 3 instances (with up to 1 in other accounts and regions), more than max_changes (2): look through the list, then give fewer or raise max_changes"
	if err == nil || err.Error() != want || len(result.Changes) != 0 || len(result.Value.(plan.Result).Resources) != 2 {
		t.Errorf("%v, %+v", err, result.Value)
	}
}

func TestWhatIsIsolatedNeedsNothing(t *testing.T) {
	a := account(t, isolation)
	first, err := run(a, step("i-1"))
	if err != nil {
		t.Fatal(err)
	}
	a.Apply(t, Kind(), first.Changes)
	again, err := run(a, step("i-1"))
	if err != nil || len(again.Changes) != 0 || again.Quality.Examined != 1 || again.Value.(plan.Result).Resources[0].Outcome != plan.Unchanged {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestWithoutFactsNothingIsPlanned(t *testing.T) {
	for _, list := range []string{"Reservations", "NetworkInterfaces", "SecurityGroups", "Vpcs"} {
		a := account(t, "")
		delete(a.Lists, list)
		var missing *steps.Missing
		if result, err := run(a, step("i-1")); !errors.As(err, &missing) || len(result.Changes) != 0 {
			t.Errorf("without %s: %d changes, %v", list, len(result.Changes), err)
		}
	}
	result, err := run(account(t, ""), step("i-1", "i-9"))
	if err == nil || len(result.Changes) != 4 {
		t.Errorf("an instance that AWS does not know: %d changes, %v", len(result.Changes), err)
	}
}

// TestUndoneIsAsBefore: whatever the instances, their VPCs and groups are.
func TestUndoneIsAsBefore(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a := plantest.New(r, `{"Reservations": [], "NetworkInterfaces": [], "SecurityGroups": [], "Vpcs": []}`)
		add := func(list string, raw map[string]any) { a.Lists[list] = append(a.Lists[list], raw) }
		for v := range 2 {
			vpc := map[string]any{"VpcId": fmt.Sprint("vpc-", v)}
			if rapid.Bool().Draw(r, "six") {
				vpc["Ipv6CidrBlockAssociationSet"] = []any{map[string]any{"Ipv6CidrBlockState": map[string]any{"State": "associated"}}}
			}
			add("Vpcs", vpc)
			names := []string{"a", "b", "playbook-isolation"}[:rapid.IntRange(2, 3).Draw(r, "groups")]
			for _, name := range names {
				add("SecurityGroups", map[string]any{"GroupId": fmt.Sprint("sg-", name, v), "GroupName": name, "VpcId": vpc["VpcId"], "IpPermissions": []any{}, "IpPermissionsEgress": []any{}})
			}
		}
		var ids []any
		for i := range rapid.IntRange(1, 4).Draw(r, "instances") {
			id, vpc := fmt.Sprint("i-", i), rapid.IntRange(0, 1).Draw(r, "vpc")
			ids = append(ids, id)
			add("Reservations", map[string]any{"Instances": []any{map[string]any{"InstanceId": id}}})
			for e := range rapid.IntRange(1, 3).Draw(r, "interfaces") {
				var groups []any
				for _, name := range []string{"a", "b"}[rapid.IntRange(0, 1).Draw(r, "from"):] {
					groups = append(groups, map[string]any{"GroupId": fmt.Sprint("sg-", name, vpc), "GroupName": name})
				}
				add("NetworkInterfaces", map[string]any{"NetworkInterfaceId": fmt.Sprint("eni-", i, e), "VpcId": fmt.Sprint("vpc-", vpc),
					"Attachment": map[string]any{"InstanceId": id}, "Groups": groups})
			}
		}
		a.RoundTrip(r, Kind(), func() (steps.Result, error) { return run(a, step(ids...)) })
	})
}

func TestOptionsAreChecked(t *testing.T) {
	known := func(string) bool { return true }
	s := &Step{Instances: []any{map[string]any{"name": "x"}}, Group: "sg-1", Protect: []any{int64(1)}}
	want := []steps.Problem{
		{Path: "instances", Message: "each resource is an id, or a map that names it"},
		{Path: "protect", Message: "each of protect is an id, an address or block, or a tag as {key: …, value: …}"},
		{Path: "group", Message: "the name of a group cannot begin with sg-", Hint: "give its name, not its id"},
	}
	if diff := cmp.Diff(want, s.Validate(known)); diff != "" {
		t.Error(diff)
	}
	if problems := s.Validate(func(string) bool { return false }); problems != nil {
		t.Errorf("options that are not known yet give %v", problems)
	}
}
