package network

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playbook/steps"
)

// small is two peered VPCs: web (a public and a private subnet) and data (isolated).
const small = `{
"Vpcs": [{"VpcId": "vpc-web", "CidrBlock": "10.1.0.0/16", "Tags": [{"Key": "Name", "Value": "web"}]}, {"VpcId": "vpc-data", "CidrBlock": "10.2.0.0/16"}],
"Subnets": [{"SubnetId": "subnet-pub", "VpcId": "vpc-web", "CidrBlock": "10.1.0.0/24"}, {"SubnetId": "subnet-priv", "VpcId": "vpc-web", "CidrBlock": "10.1.1.0/24"},
 {"SubnetId": "subnet-db", "VpcId": "vpc-data", "CidrBlock": "10.2.0.0/24"}],
"NetworkInterfaces": [
 {"NetworkInterfaceId": "eni-bastion", "VpcId": "vpc-web", "SubnetId": "subnet-pub", "PrivateIpAddress": "10.1.0.10", "Association": {"PublicIp": "203.0.113.5"}, "Attachment": {"InstanceId": "i-bastion"}, "Groups": [{"GroupId": "sg-bastion"}]},
 {"NetworkInterfaceId": "eni-web", "VpcId": "vpc-web", "SubnetId": "subnet-priv", "PrivateIpAddress": "10.1.1.10", "Groups": [{"GroupId": "sg-web"}]},
 {"NetworkInterfaceId": "eni-web2", "VpcId": "vpc-web", "SubnetId": "subnet-priv", "PrivateIpAddress": "10.1.1.11", "Groups": [{"GroupId": "sg-web"}]},
 {"NetworkInterfaceId": "eni-db", "VpcId": "vpc-data", "SubnetId": "subnet-db", "PrivateIpAddress": "10.2.0.10", "Groups": [{"GroupId": "sg-db"}]}],
"RouteTables": [
 {"RouteTableId": "rtb-pub", "VpcId": "vpc-web", "Associations": [{"SubnetId": "subnet-pub"}], "Routes": [{"DestinationCidrBlock": "10.1.0.0/16", "GatewayId": "local"}, {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}, {"DestinationCidrBlock": "10.2.0.0/16", "VpcPeeringConnectionId": "pcx-1"}]},
 {"RouteTableId": "rtb-main", "VpcId": "vpc-web", "Associations": [{"Main": true}], "Routes": [{"DestinationCidrBlock": "10.1.0.0/16", "GatewayId": "local"}, {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}, {"DestinationCidrBlock": "10.2.0.0/16", "TransitGatewayId": "tgw-1"}, {"DestinationPrefixListId": "pl-s3", "GatewayId": "vpce-s3"}]},
 {"RouteTableId": "rtb-data", "VpcId": "vpc-data", "Associations": [{"Main": true}], "Routes": [{"DestinationCidrBlock": "10.2.0.0/16", "GatewayId": "local"}, {"DestinationCidrBlock": "10.1.0.0/24", "VpcPeeringConnectionId": "pcx-1"}]}],
"NetworkAcls": [
 {"NetworkAclId": "acl-web", "Associations": [{"SubnetId": "subnet-pub"}, {"SubnetId": "subnet-priv"}], "Entries": [
  {"RuleNumber": 32767, "Egress": false, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"}, {"RuleNumber": 32767, "Egress": true, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"},
  {"RuleNumber": 90, "Egress": false, "Protocol": "6", "RuleAction": "deny", "CidrBlock": "198.51.100.0/24", "PortRange": {"From": 22, "To": 22}},
  {"RuleNumber": 100, "Egress": false, "Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}, {"RuleNumber": 100, "Egress": true, "Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}]},
 {"NetworkAclId": "acl-db", "Associations": [{"SubnetId": "subnet-db"}], "Entries": [
  {"RuleNumber": 100, "Egress": false, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "10.1.0.0/16", "PortRange": {"From": 5432, "To": 5433}},
  {"RuleNumber": 100, "Egress": true, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "10.1.0.0/16", "PortRange": {"From": 1024, "To": 65535}},
  {"RuleNumber": 32767, "Egress": false, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"}, {"RuleNumber": 32767, "Egress": true, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"}]}],
"SecurityGroups": [
 {"GroupId": "sg-bastion", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}], "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]},
 {"GroupId": "sg-web", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": "sg-bastion"}]}, {"IpProtocol": "tcp", "FromPort": 9000, "ToPort": 9000, "PrefixListIds": [{"PrefixListId": "pl-own"}]}], "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]},
 {"GroupId": "sg-db", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "10.1.0.0/24"}]}], "IpPermissionsEgress": []}],
"InternetGateways": [{"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-web", "State": "available"}]}],
"NatGateways": [{"NatGatewayId": "nat-1", "VpcId": "vpc-web", "State": "available"}],
"VpcPeeringConnections": [{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"}, "RequesterVpcInfo": {"VpcId": "vpc-web"}, "AccepterVpcInfo": {"VpcId": "vpc-data"}}],
"VpcEndpoints": [{"VpcEndpointId": "vpce-s3", "VpcEndpointType": "Gateway", "ServiceName": "s3", "VpcId": "vpc-web"}],
"CustomerGateways": [{"CustomerGatewayId": "cgw-1", "State": "available"}],
"PrefixLists": [{"PrefixListId": "pl-s3", "PrefixListName": "s3", "Cidrs": ["52.218.0.0/17"]}]
}`

type cloud map[string]any

func (c cloud) Read(_ context.Context, operation string, _ map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		key := strings.TrimPrefix(operation, "ec2:Describe")
		if c[key] == nil {
			yield(nil, &steps.Missing{What: operation})
			return
		}
		yield(map[string]any{key: c[key]}, nil)
	}
}

// parse reads JSON as the case folder does: whole numbers are int64.
func parse(t testing.TB, text string) cloud {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value map[string]any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return whole(value).(map[string]any)
}

func whole(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key := range value {
			value[key] = whole(value[key])
		}
	case []any:
		for i := range value {
			value[i] = whole(value[i])
		}
	case json.Number:
		n, _ := value.Int64()
		return n
	}
	return value
}

func TestPaths(t *testing.T) {
	for _, test := range []struct {
		from, to string
		port     int64
		verdict  string
		because  string // part of why
	}{
		{"internet", "i-bastion", 22, "reachable", ""},
		{"internet", "i-bastion", 23, "stopped", "security group of eni-bastion: no rule"},
		{"198.51.100.9", "eni-bastion", 22, "stopped", "network ACL acl-web rule 90 denies"},
		{"192.0.2.9", "203.0.113.5", 22, "reachable", ""},
		{"internet", "eni-web", 22, "stopped", "public address of eni-web: it has none"},
		{"i-bastion", "10.1.1.10", 22, "reachable", ""},
		{"eni-web", "10.1.1.11", 22, "stopped", "security group of eni-web2"},
		{"eni-web", "10.1.1.11", 9000, "unknown", "pl-own, whose addresses are not known"},
		{"i-bastion", "eni-db", 5432, "reachable", ""},
		{"i-bastion", "eni-db", 5433, "stopped", "security group of eni-db"},
		{"i-bastion", "eni-db", 22, "stopped", "network ACL of subnet-db: network ACL acl-db rule 32767 denies"},
		{"eni-web", "eni-db", 5432, "unknown", "goes to tgw-1"},
		{"eni-db", "i-bastion", 22, "stopped", "security group of eni-db"},
		{"eni-web", "internet", 443, "reachable", ""},
		{"eni-web", "52.218.9.9", 443, "reachable", ""},
		{"i-bastion", "198.51.100.23", 443, "reachable", ""},
		{"i-bastion", "10.9.9.9", 443, "unknown", "10.9.9.9 is not among the answers"},
	} {
		result, err := (&Step{Paths: []Question{{From: test.from, To: test.to, Port: test.port}}}).Run(t.Context(), steps.Env{Cloud: parse(t, small)})
		if err != nil {
			t.Fatal(err)
		}
		paths := result.Value.(Result).Paths
		if len(paths) != 1 {
			t.Errorf("%s to %s: %d answers", test.from, test.to, len(paths))
			continue
		}
		if p := paths[0]; p.Verdict != test.verdict || !strings.Contains(p.StoppedBy+p.WhyUnknown, test.because) || test.because == "" && p.StoppedBy+p.WhyUnknown != "" {
			t.Errorf("%s to %s:%d is %s: %s%s", test.from, test.to, test.port, p.Verdict, p.StoppedBy, p.WhyUnknown)
		}
	}
	result, err := (&Step{Paths: []Question{{From: "i-elsewhere", To: "i-bastion", Port: 22}, {From: "internet", To: "i-elsewhere", Port: 22}}}).Run(t.Context(), steps.Env{Cloud: parse(t, small)})
	if err != nil || len(result.Value.(Result).Paths) != 0 {
		t.Errorf("what begins elsewhere is answered elsewhere: %v, %v", result.Value, err)
	}
}

func TestTheWayOverAPeeringIsTold(t *testing.T) {
	result, err := (&Step{Paths: []Question{{From: "i-bastion", To: "eni-db", Port: 5432}}}).Run(t.Context(), steps.Env{Cloud: parse(t, small)})
	if err != nil {
		t.Fatal(err)
	}
	want := []Hop{
		{"security group", "eni-bastion", "security group sg-bastion allows 0.0.0.0/0"},
		{"network ACL", "subnet-pub", "network ACL acl-web rule 100 allows"},
		{"route", "subnet-pub", "10.2.0.0/16 goes to pcx-1 in rtb-pub"},
		{"peering", "pcx-1", "it joins vpc-web and vpc-data, and is active"},
		{"route", "subnet-db", "10.1.0.0/24 goes to pcx-1 in rtb-data"},
		{"route for the answer", "subnet-db", "10.1.0.0/24 goes to pcx-1"},
		{"network ACL", "subnet-db", "network ACL acl-db rule 100 allows"},
		{"security group", "eni-db", "security group sg-db allows 10.1.0.0/24"},
		{"network ACL for the answer", "subnet-db", "network ACL acl-db rule 100 allows"},
		{"network ACL for the answer", "subnet-pub", "network ACL acl-web rule 100 allows"},
	}
	if diff := cmp.Diff(want, result.Value.(Result).Paths[0].Hops); diff != "" {
		t.Error(diff)
	}
}

func TestTheNetworkIsDescribed(t *testing.T) {
	result, err := (&Step{Exposed: []any{map[string]any{"interface": "eni-bastion", "protocol": "tcp", "ports": "22"}}}).Run(t.Context(), steps.Env{Cloud: parse(t, small)})
	if err != nil {
		t.Fatal(err)
	}
	r := result.Value.(Result)
	kinds := map[string]string{}
	for _, s := range r.Subnets {
		kinds[s.ID] = s.Kind + ": " + s.Why
	}
	if diff := cmp.Diff(map[string]string{"subnet-pub": "public: route 0.0.0.0/0 to igw-1 in rtb-pub", "subnet-priv": "private: route 0.0.0.0/0 to nat-1 in rtb-main",
		"subnet-db": "isolated: no default route in rtb-data"}, kinds); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(VPC{ID: "vpc-web", Name: "web", CIDRs: []string{"10.1.0.0/16"}, Subnets: 2, Interfaces: 3, Peerings: 1, Internet: true}, r.VPCs[0]); diff != "" {
		t.Error(diff)
	}
	if len(r.Gateways) != 3 || len(r.Peerings) != 1 || len(r.Endpoints) != 1 || r.PrefixLists[0].CIDRs[0] != "52.218.0.0/17" {
		t.Errorf("%+v", r)
	}
	var picture *steps.Diagram
	for _, block := range result.Blocks {
		if block.Diagram != nil {
			picture = block.Diagram
		}
	}
	if picture == nil || len(picture.Groups) != 5 || picture.Edges[0] != (steps.DiagramEdge{From: "internet", To: "eni-bastion", Label: "tcp 22", Mark: steps.High}) {
		t.Errorf("%+v", picture)
	}
}

func TestAMissingListIsAnError(t *testing.T) {
	for _, list := range (&facts{}).lists() {
		c := parse(t, small)
		delete(c, list.key)
		result, err := (&Step{}).Run(t.Context(), steps.Env{Cloud: c})
		var missing *steps.Missing
		if !errors.As(err, &missing) || result.Quality.Examined != 0 {
			t.Errorf("without %s: %v", list.key, err)
		}
	}
}

// TestAMoreSpecificRouteAlwaysWins: whatever other routes there are, the longest prefix
// that holds the address is taken.
func TestAMoreSpecificRouteAlwaysWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		to := netip.AddrFrom4([4]byte{10, byte(rapid.IntRange(0, 255).Draw(t, "b")), byte(rapid.IntRange(0, 255).Draw(t, "c")), 9})
		var routes []any
		best := -1
		for i := range rapid.IntRange(0, 8).Draw(t, "routes") {
			address := netip.AddrFrom4([4]byte{10, byte(rapid.IntRange(0, 255).Draw(t, "b")), byte(rapid.IntRange(0, 255).Draw(t, "c")), 0})
			if rapid.Bool().Draw(t, "near") {
				address = to
			}
			block := netip.PrefixFrom(address, rapid.IntRange(0, 32).Draw(t, "bits")).Masked()
			routes = append(routes, map[string]any{"DestinationCidrBlock": block.String(), "GatewayId": []string{"a", "b", "c"}[i%3]})
			if block.Contains(to) {
				best = max(best, block.Bits())
			}
		}
		f := &facts{subnets: []map[string]any{{"SubnetId": "s"}}, routeTables: []map[string]any{{"RouteTableId": "r", "Routes": routes, "Associations": []any{map[string]any{"SubnetId": "s"}}}}}
		w := &walk{facts: f, path: &Path{}}
		got, ok := w.route(end{raw: map[string]any{"SubnetId": "s"}}, to)
		if ok != (best >= 0) || ok && got.block.Bits() != best {
			t.Fatalf("%v, %v; the best has %d bits", got, ok, best)
		}
	})
}
