package drift

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
	"playbook/steps/inventory"
)

type m = map[string]any

// disk is a steps.Files over a file system in memory.
type disk struct{ fstest.MapFS }

func (d disk) List(_ context.Context, location string) iter.Seq2[steps.Object, error] {
	return func(yield func(steps.Object, error) bool) {
		root := strings.TrimSuffix(strings.TrimPrefix(location, "s3://"), "/")
		prefix := location[:len(location)-len(strings.TrimPrefix(location, "s3://"))]
		err := fs.WalkDir(d.MapFS, root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && !yield(steps.Object{Location: prefix + path}, nil) {
				return fs.SkipAll
			}
			return err
		})
		if err != nil {
			yield(steps.Object{}, &steps.Missing{What: location})
		}
	}
}

func (d disk) Open(_ context.Context, location string) (io.ReadCloser, error) {
	file, err := d.MapFS.Open(strings.TrimPrefix(location, "s3://"))
	if err != nil {
		return nil, &steps.Missing{What: location}
	}
	return file, nil
}

var (
	asOf  = time.Date(2026, 2, 1, 6, 0, 0, 0, time.UTC)
	place = steps.Target{Account: "111122223333", Region: "eu-west-1"}
	other = steps.Target{Account: "444455556666", Region: "us-east-1"}
)

func there(target steps.Target, resource m) any {
	resource["account"], resource["region"] = target.Account, target.Region
	return resource
}

func here(resource m) any { return there(place, resource) }

// file is a baseline file of an inventory.
func file(t *testing.T, inventory m, targets ...steps.Target) []byte {
	t.Helper()
	b, err := Make(inventory, targets)
	if err != nil {
		t.Fatal(err)
	}
	b.AsOf, b.MadeAt, b.By, b.Tool, b.Source = asOf, asOf.Add(time.Hour), "Dana", "playbook test", "case x"
	var text bytes.Buffer
	if err := b.Write(&text); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// run compares an inventory of now with the baseline file of another.
func run(t *testing.T, before, now m, alter ...func(*Step)) steps.Result {
	t.Helper()
	step := Kind().New().(*Step)
	step.Baseline, step.Current, step.Targets = "base.json", now, []steps.Target{place}
	for _, change := range alter {
		change(step)
	}
	files := disk{fstest.MapFS{"base.json": {Data: file(t, before, place)}}}
	result, err := step.Run(context.Background(), steps.Env{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func group(id string, permissions ...any) m {
	return m{"GroupId": id, "GroupName": "web", "VpcId": "vpc-1", "IpPermissions": permissions, "Tags": []any{}}
}

func permission(port int64, sources ...string) any {
	ranges := []any{}
	for _, source := range sources {
		ranges = append(ranges, m{"CidrIp": source})
	}
	return m{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": ranges, "UserIdGroupPairs": []any{}}
}

func groups(list ...m) m {
	all := []any{}
	for _, g := range list {
		all = append(all, here(g))
	}
	return m{"security_groups": all}
}

func TestWhatChangedIsToldFieldByField(t *testing.T) {
	result := run(t,
		groups(group("sg-1", permission(22, "198.51.100.0/24"), permission(443, "0.0.0.0/0")), group("sg-2"), group("sg-3")),
		groups(group("sg-4", permission(80, "0.0.0.0/0")), group("sg-3"), group("sg-1", permission(443, "0.0.0.0/0"), permission(22, "0.0.0.0/0", "198.51.100.0/24"))))
	got := result.Value.(Result)
	at := Resource{Type: "security_groups", Name: "web", Account: place.Account, Region: place.Region, Security: true}
	changed, added, removed := at, at, at
	changed.ID, added.ID, removed.ID = "sg-1", "sg-4", "sg-2"
	changed.Fields = []Field{{Path: "IpPermissions[tcp 22-22].IpRanges[0.0.0.0/0]", After: m{"CidrIp": "0.0.0.0/0"}, Security: true}}
	added.Fields = []Field{{Path: "IpPermissions[tcp 80-80]", Security: true, After: m{
		"IpProtocol": "tcp", "FromPort": int64(80), "ToPort": int64(80), "IpRanges": []any{m{"CidrIp": "0.0.0.0/0"}}}}}
	removed.Fields = []Field{}
	want := Result{
		Changed: []Resource{changed}, Added: []Resource{added}, Removed: []Resource{removed}, Compared: 2, Types: []string{"security_groups"},
		Baseline: Origin{"base.json", asOf, asOf.Add(time.Hour), "Dana", "playbook test", "case x", got.Baseline.SHA256},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(got.Baseline.SHA256) != 64 || len(result.Quality.Gaps) != 0 || result.Quality.Examined != 5 {
		t.Errorf("hash %q, quality %+v", got.Baseline.SHA256, result.Quality)
	}
	if rows := result.Blocks[1].Table.Rows; result.Blocks[1].Table.Title != "Changed" || rows[0][1] != "sg-1" || rows[0][5] != "yes" || rows[0][8] != `{"CidrIp":"0.0.0.0/0"}` {
		t.Errorf("the report shows %v", rows)
	}
}

func TestFields(t *testing.T) {
	for _, test := range []struct {
		name, kind string
		before     m
		now        m
		want       []string // path, with ! when it decides reach
	}{
		{"the same", "vpcs", m{"VpcId": "v", "CidrBlock": "10.0.0.0/16"}, m{"VpcId": "v", "CidrBlock": "10.0.0.0/16"}, nil},
		{"a tag", "vpcs", m{"VpcId": "v", "Tags": []any{m{"Key": "a", "Value": "1"}}}, m{"VpcId": "v", "Tags": []any{m{"Key": "a", "Value": "2"}}}, []string{"Tags[a].Value"}},
		{"tags in another order", "vpcs", m{"VpcId": "v", "Tags": []any{m{"Key": "a", "Value": "1"}, m{"Key": "b"}}},
			m{"VpcId": "v", "Tags": []any{m{"Key": "b"}, m{"Key": "a", "Value": "1"}}}, nil},
		{"empty, null and absent", "vpcs", m{"VpcId": "v", "Tags": []any{}, "A": nil, "B": "", "C": m{}}, m{"VpcId": "v"}, nil},
		{"false is a value", "vpcs", m{"VpcId": "v", "IsDefault": false}, m{"VpcId": "v", "IsDefault": true}, []string{"IsDefault"}},
		{"an integer in a float", "customer_gateways", m{"CustomerGatewayId": "c", "N": 1.0}, m{"CustomerGatewayId": "c", "N": int64(1)}, nil},
		{"another type", "vpcs", m{"VpcId": "v", "X": "1"}, m{"VpcId": "v", "X": int64(1)}, []string{"X"}},
		{"a list became text", "vpcs", m{"VpcId": "v", "X": []any{"a"}}, m{"VpcId": "v", "X": "a"}, []string{"X"}},
		{"a route", "route_tables", m{"RouteTableId": "r", "Routes": []any{m{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}}},
			m{"RouteTableId": "r", "Routes": []any{m{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}}},
			[]string{"Routes[0.0.0.0/0].GatewayId!", "Routes[0.0.0.0/0].NatGatewayId!"}},
		{"a route of IPv6", "route_tables", m{"RouteTableId": "r"}, m{"RouteTableId": "r", "Routes": []any{m{"DestinationIpv6CidrBlock": "::/0"}}}, []string{"Routes[::/0]!"}},
		{"an entry of a network ACL", "network_acls", m{"NetworkAclId": "a", "Entries": []any{m{"Egress": false, "RuleNumber": int64(100), "RuleAction": "deny"}, m{"Egress": true, "RuleNumber": int64(100), "RuleAction": "allow"}}},
			m{"NetworkAclId": "a", "Entries": []any{m{"Egress": true, "RuleNumber": int64(100), "RuleAction": "allow"}, m{"Egress": false, "RuleNumber": int64(100), "RuleAction": "allow"}}},
			[]string{"Entries[ingress 100].RuleAction!"}},
		{"the description of a rule", "security_groups", m{"GroupId": "g", "IpPermissions": []any{m{"IpProtocol": "-1", "IpRanges": []any{m{"CidrIp": "10.0.0.0/8", "Description": "a"}}}}},
			m{"GroupId": "g", "IpPermissions": []any{m{"IpProtocol": "-1", "IpRanges": []any{m{"CidrIp": "10.0.0.0/8", "Description": "b"}}}}},
			[]string{"IpPermissions[all].IpRanges[10.0.0.0/8].Description"}},
		{"a public address", "network_interfaces", m{"NetworkInterfaceId": "e"}, m{"NetworkInterfaceId": "e", "Association": m{"PublicIp": "203.0.113.9"}}, []string{"Association!"}},
		{"the name of a public address", "network_interfaces", m{"NetworkInterfaceId": "e", "Association": m{"PublicIp": "203.0.113.9", "PublicDnsName": "a"}},
			m{"NetworkInterfaceId": "e", "Association": m{"PublicIp": "203.0.113.9"}}, []string{"Association.PublicDnsName"}},
		{"a group of an interface", "network_interfaces", m{"NetworkInterfaceId": "e", "Groups": []any{m{"GroupId": "a"}}}, m{"NetworkInterfaceId": "e", "Groups": []any{m{"GroupId": "b"}}},
			[]string{"Groups[a]!", "Groups[b]!"}},
		{"attached at another time", "network_interfaces", m{"NetworkInterfaceId": "e", "Attachment": m{"AttachTime": "1", "InstanceId": "i"}},
			m{"NetworkInterfaceId": "e", "Attachment": m{"AttachTime": "2", "InstanceId": "i"}}, nil},
		{"attached elsewhere", "network_interfaces", m{"NetworkInterfaceId": "e", "Attachment": m{"InstanceId": "i"}}, m{"NetworkInterfaceId": "e", "Attachment": m{"InstanceId": "j"}},
			[]string{"Attachment.InstanceId!"}},
		{"a gateway's state and bandwidth", "nat_gateways", m{"NatGatewayId": "n", "State": "available", "ProvisionedBandwidth": m{"Status": "a"}}, m{"NatGatewayId": "n", "State": "deleted"}, []string{"State!"}},
		{"attachments of a gateway", "internet_gateways", m{"InternetGatewayId": "i", "Attachments": []any{}}, m{"InternetGatewayId": "i", "Attachments": []any{m{"VpcId": "v", "State": "available"}}},
			[]string{"Attachments[v]!"}},
		{"subnets of an endpoint", "vpc_endpoints", m{"VpcEndpointId": "e", "SubnetIds": []any{"a", "b"}}, m{"VpcEndpointId": "e", "SubnetIds": []any{"b", "c"}}, []string{"SubnetIds[a]!", "SubnetIds[c]!"}},
		{"an address by its IP", "addresses", m{"PublicIp": "203.0.113.9", "InstanceId": "i"}, m{"PublicIp": "203.0.113.9"}, []string{"InstanceId!"}},
		{"elements that share a key", "security_groups",
			m{"GroupId": "g", "IpPermissions": []any{permission(22, "10.0.0.0/8"), permission(22, "10.1.0.0/16")}},
			m{"GroupId": "g", "IpPermissions": []any{permission(22, "10.2.0.0/16"), permission(22, "10.0.0.0/8")}},
			[]string{"IpPermissions[tcp 22-22]!", "IpPermissions[tcp 22-22]!"}},
		{"a list without keys", "vpcs", m{"VpcId": "v", "X": []any{m{"A": int64(1), "L": []any{"x", "y"}}, m{"A": int64(2)}}},
			m{"VpcId": "v", "X": []any{m{"A": int64(3)}, m{"L": []any{"y", "x"}, "A": int64(1)}}}, []string{`X[{"A":2}]`, `X[{"A":3}]`}},
	} {
		result := run(t, m{test.kind: []any{here(test.before)}}, m{test.kind: []any{here(test.now)}}).Value.(Result)
		var got []string
		for _, resource := range result.Changed {
			any := false
			for _, field := range resource.Fields {
				mark := ""
				if field.Security {
					mark, any = "!", true
				}
				got = append(got, field.Path+mark)
			}
			if any != resource.Security {
				t.Errorf("%s: the resource is marked %v, its fields %v", test.name, resource.Security, any)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" || result.Compared != 1 || len(result.Added)+len(result.Removed) != 0 {
			t.Errorf("%s: %s\n%+v", test.name, diff, result)
		}
	}
}

func TestOnlyPublicInterfacesOpenAnything(t *testing.T) {
	private := m{"NetworkInterfaceId": "e-1", "Groups": []any{m{"GroupId": "a"}}, "PrivateIpAddresses": []any{m{"PrivateIpAddress": "10.0.0.1"}}}
	public := m{"NetworkInterfaceId": "e-2", "PrivateIpAddresses": []any{m{"PrivateIpAddress": "10.0.0.2", "Association": m{"PublicIp": "203.0.113.9"}}}}
	six := m{"NetworkInterfaceId": "e-3", "Ipv6Addresses": []any{m{"Ipv6Address": "2001:db8::1"}}}
	got := run(t, m{"network_interfaces": []any{}}, m{"network_interfaces": []any{here(private), here(public), here(six)}}).Value.(Result)
	marks := map[string]bool{}
	for _, resource := range got.Added {
		marks[resource.ID] = resource.Security
		for _, field := range resource.Fields {
			if field.Security != resource.Security || field.Before != nil {
				t.Errorf("%s: %+v", resource.ID, field)
			}
		}
	}
	if diff := cmp.Diff(map[string]bool{"e-1": false, "e-2": true, "e-3": true}, marks); diff != "" {
		t.Error(diff)
	}
}

func TestIgnore(t *testing.T) {
	before := m{"vpcs": []any{here(m{"VpcId": "v", "State": "a", "Nested": m{"State": "a", "X": "a"}, "AttachTime": "1"})}}
	now := func() m {
		return m{"vpcs": []any{here(m{"VpcId": "v", "State": "b", "Nested": m{"State": "b", "X": "b"}, "AttachTime": "2"})}}
	}
	for _, test := range []struct {
		ignore, want []string
	}{
		{volatile[:], []string{"Nested.State", "Nested.X", "State"}},
		{nil, []string{"AttachTime", "Nested.State", "Nested.X", "State"}},
		{[]string{"State"}, []string{"AttachTime", "Nested.X"}},
		{[]string{"Nested.State", "vpcs.AttachTime", "subnets.State"}, []string{"Nested.X", "State"}},
	} {
		result := run(t, before, now(), func(s *Step) { s.Ignore = test.ignore }).Value.(Result)
		var got []string
		for _, field := range result.Changed[0].Fields {
			got = append(got, field.Path)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("ignoring %v: %s", test.ignore, diff)
		}
	}
}

func TestWhatOneSideDidNotLookAtIsAGap(t *testing.T) {
	vpc := func(id string) m { return m{"VpcId": id} }
	for _, test := range []struct {
		name        string
		before, now m
		alter       func(*Step)
		gaps        []string // source and part of the problem
		found       int      // added, removed and changed
	}{
		{"a type the inventory left out", m{"vpcs": []any{here(vpc("a"))}, "addresses": []any{}}, m{"vpcs": []any{here(vpc("a"))}, "addresses": nil}, nil,
			[]string{"addresses: the inventory did not look at them"}, 0},
		{"a type the baseline left out", m{"vpcs": []any{}}, m{"vpcs": []any{}, "addresses": []any{here(m{"PublicIp": "203.0.113.1"})}}, nil,
			[]string{"addresses: the baseline knows nothing of them"}, 0},
		{"a target that is new", m{"vpcs": []any{}}, m{"vpcs": []any{there(other, vpc("b"))}}, nil,
			[]string{other.String() + ": the baseline knows nothing of it"}, 0},
		{"a target that was not looked at", m{"vpcs": []any{there(other, vpc("b")), here(vpc("a"))}}, m{"vpcs": []any{here(vpc("a"))}}, nil,
			[]string{other.String() + ": it is in the baseline, and the inventory did not look at it"}, 0},
		{"a target that is known to be empty", m{"vpcs": []any{there(other, vpc("b")), here(vpc("a"))}}, m{"vpcs": []any{here(vpc("a"))}},
			func(s *Step) { s.Targets = append(s.Targets, other) }, nil, 1},
		{"resources without an id", m{"vpcs": []any{here(m{})}}, m{"vpcs": []any{here(vpc("a"))}}, nil,
			[]string{"vpcs of " + place.String() + ": without an id in the baseline"}, 1},
		{"an id twice", m{"vpcs": []any{here(vpc("a"))}}, m{"vpcs": []any{here(vpc("a")), here(vpc("a"))}}, nil,
			[]string{"vpcs of " + place.String() + ": with the id of another in the inventory"}, 0},
	} {
		alter := test.alter
		if alter == nil {
			alter = func(*Step) {}
		}
		result := run(t, test.before, test.now, alter)
		var wrong []string
		for i, gap := range result.Quality.Gaps {
			if i >= len(test.gaps) || !gap.Blocking {
				wrong = append(wrong, fmt.Sprintf("%+v", gap))
				continue
			}
			source, problem, _ := strings.Cut(test.gaps[i], ": ")
			if gap.Source != source || !strings.Contains(gap.Problem, problem) {
				wrong = append(wrong, fmt.Sprintf("%+v", gap))
			}
		}
		got := result.Value.(Result)
		if wrong != nil || len(result.Quality.Gaps) != len(test.gaps) || len(got.Added)+len(got.Removed)+len(got.Changed) != test.found {
			t.Errorf("%s: gaps %v, result %+v", test.name, result.Quality.Gaps, got)
		}
	}
}

func TestAnEmptyNetworkWasLookedAt(t *testing.T) {
	result := run(t, m{"vpcs": []any{}}, m{"vpcs": []any{}})
	if result.Quality.Examined != 1 || result.Value.(Result).Compared != 0 {
		t.Errorf("%+v", result.Quality)
	}
}

func TestWhatHadEndedIsNotRemoved(t *testing.T) {
	ended := []any{here(m{"NatGatewayId": "n-1", "State": "deleted"}), here(m{"NatGatewayId": "n-2", "State": "available"})}
	got := run(t, m{"nat_gateways": ended}, m{"nat_gateways": []any{here(m{"NatGatewayId": "n-3", "State": "deleted"})}}).Value.(Result)
	if len(got.Removed) != 1 || got.Removed[0].ID != "n-2" {
		t.Errorf("removed %+v", got.Removed)
	}
	if len(got.Added) != 1 || got.Added[0].ID != "n-3" {
		t.Errorf("a gateway that came and went is hidden: %+v", got.Added)
	}
}

func TestWithoutABaselineItSaysHowToMakeOne(t *testing.T) {
	step := Kind().New().(*Step)
	step.Current = m{"vpcs": []any{}}
	_, err := step.Run(context.Background(), steps.Env{})
	var skip *steps.Skip
	if !errors.As(err, &skip) || !strings.Contains(skip.Reason, "playbook baseline --case DIR --out") {
		t.Errorf("error %v", err)
	}
}

func TestWhatIsNoInventory(t *testing.T) {
	for _, test := range []struct {
		current m
		want    string
	}{
		{m{"rows": []any{}}, `"rows", which is no list of an inventory`},
		{m{"vpcs": "all"}, "current.vpcs is not a list"},
		{m{"vpcs": []any{m{"VpcId": "v"}}}, "current.vpcs[0] is not a resource with an account and a region"},
		{m{"vpcs": []any{7}}, "current.vpcs[0] is not a resource"},
		{m{"vpcs": nil}, "asked for nothing"},
	} {
		step := Kind().New().(*Step)
		step.Baseline, step.Current = "base.json", test.current
		if _, err := step.Run(context.Background(), steps.Env{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: error %v, want %q", test.current, err, test.want)
		}
	}
}

// TestEveryTypeOfTheInventoryIsKnown keeps the two lists of types the same.
func TestEveryTypeOfTheInventoryIsKnown(t *testing.T) {
	var want, got []string
	of := reflect.TypeFor[inventory.Result]()
	for i := range of.NumField() {
		want = append(want, of.Field(i).Tag.Get("json"))
	}
	for _, each := range types {
		got = append(got, each.name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestATableIsCut(t *testing.T) {
	now := []any{}
	for i := range 700 {
		now = append(now, here(m{"VpcId": fmt.Sprintf("v-%03d", i), "CidrBlock": strings.Repeat("é", 1000)}))
	}
	blocks := run(t, m{"vpcs": []any{}}, m{"vpcs": now}).Blocks
	table := blocks[1].Table
	if len(table.Rows) != maxRows || table.Total != 700 || len([]rune(table.Rows[0][8].(string))) != maxCell+1 {
		t.Errorf("%d rows of %d", len(table.Rows), table.Total)
	}
}

// shuffle reorders every list in a value.
func shuffle(value any, order func(n int) []int) any {
	switch value := value.(type) {
	case m:
		fields := m{}
		for _, name := range slices.Sorted(maps.Keys(value)) {
			fields[name] = shuffle(value[name], order)
		}
		return fields
	case []any:
		list := make([]any, 0, len(value))
		for _, i := range order(len(value)) {
			list = append(list, shuffle(value[i], order))
		}
		return list
	}
	return value
}

func clone(t interface{ Fatal(...any) }, value m) m {
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var copied m
	if err := decode(text, &copied); err != nil {
		t.Fatal(err)
	}
	return numbers(copied).(m)
}
