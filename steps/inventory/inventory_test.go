package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

// cloud answers from testdata/<operation>.json; what is not there is missing.
type cloud struct{ missing []string }

func (c cloud) Read(_ context.Context, operation string, _ map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		if slices.Contains(c.missing, operation) {
			yield(nil, &steps.Missing{What: operation})
			return
		}
		text, err := os.ReadFile(filepath.Join("testdata", operation[len("ec2:"):]+".json"))
		if errors.Is(err, os.ErrNotExist) {
			text, err = []byte("{}"), nil // a call answered with nothing
		}
		var page map[string]any
		if err == nil {
			err = json.Unmarshal(text, &page)
		}
		yield(page, err)
	}
}

func run(t *testing.T, c cloud, types ...string) (steps.Result, map[string]any, error) {
	t.Helper()
	result, err := (&Step{Resources: types}).Run(context.Background(), steps.Env{Cloud: c})
	return result, steps.Plain(result.Value).(map[string]any), err
}

func TestEveryTypeHasItsList(t *testing.T) {
	result, plain, err := run(t, cloud{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for name, list := range plain {
		got[name] = len(list.([]any))
	}
	want := map[string]int{
		"vpcs": 2, "network_acls": 1, "security_groups": 0, "route_tables": 1, "network_interfaces": 1, "internet_gateways": 0,
		"vpc_peering_connections": 1, "nat_gateways": 0, "vpc_endpoints": 1, "customer_gateways": 0, "addresses": 0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(steps.Quality{Examined: 7 + 11, Unit: "resources and answers"}, result.Quality); diff != "" {
		t.Error(diff)
	}
	first := plain["vpcs"].([]any)[0].(map[string]any)
	if first["VpcId"] != "vpc-0a1b2c3d4e5f60718" || first["IsDefault"] != false {
		t.Errorf("fields are not those of the AWS CLI: %v", first)
	}
}

// An account that was asked and has none was looked at.
func TestNoneIsAnAnswer(t *testing.T) {
	result, plain, err := run(t, cloud{}, "customer_gateways")
	if err != nil || result.Quality.Examined != 1 {
		t.Errorf("%+v, %v", result.Quality, err)
	}
	if list, ok := plain["customer_gateways"].([]any); !ok || len(list) != 0 {
		t.Errorf("customer_gateways: %#v", plain["customer_gateways"])
	}
	if plain["vpcs"] != nil {
		t.Errorf("what was not asked for is %#v, want nil", plain["vpcs"])
	}
}

func TestMissingAnswersAreErrorsAndTheOthersAreKept(t *testing.T) {
	result, plain, err := run(t, cloud{missing: []string{"ec2:DescribeNatGateways", "ec2:DescribeAddresses"}}, "vpcs", "nat_gateways", "addresses")
	var missing *steps.Missing
	if !errors.As(err, &missing) || err.Error() != "ec2:DescribeNatGateways is missing\nec2:DescribeAddresses is missing" {
		t.Errorf("error: %v", err)
	}
	if len(plain["vpcs"].([]any)) != 2 || result.Quality.Examined != 3 {
		t.Errorf("vpcs %v, examined %d", plain["vpcs"], result.Quality.Examined)
	}
	want := []steps.Fact{
		{Label: "vpcs", Value: int64(2), Unit: steps.Count},
		{Label: "nat_gateways", Value: "not known"},
		{Label: "addresses", Value: "not known"},
	}
	if diff := cmp.Diff(want, result.Blocks[0].Facts.Items); diff != "" {
		t.Error(diff)
	}
}

func TestTablesShowWhatAnAnalystWants(t *testing.T) {
	result, _, err := run(t, cloud{})
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]any{}
	for _, block := range result.Blocks[1:] {
		if len(block.Table.Rows[0]) != len(block.Table.Columns) || block.Table.Total != int64(len(block.Table.Rows)) {
			t.Errorf("table %s: %d cells under %d columns", block.Table.Title, len(block.Table.Rows[0]), len(block.Table.Columns))
		}
		rows[block.Table.Title] = block.Table.Rows[0]
	}
	want := map[string][]any{
		"vpcs":         {"vpc-0a1b2c3d4e5f60718", "prod", "10.1.0.0/16", "2001:db8:1::/56", "available", false},
		"network_acls": {"acl-0123456789abcdef0", "", "vpc-0a1b2c3d4e5f60718", true, int64(2), "subnet-0aa, subnet-0bb"},
		"route_tables": {"rtb-0123456789abcdef0", "", "vpc-0a1b2c3d4e5f60718", "true, false", "subnet-0aa", int64(2)},
		"network_interfaces": {"eni-0123456789abcdef0", "web-1", "interface", "i-0123456789abcdef0", "10.1.0.10", "203.0.113.10",
			"2001:db8:1::a", "subnet-0aa", "vpc-0a1b2c3d4e5f60718", "sg-0aa, sg-0bb", "in-use", "Primary network interface"},
		"vpc_peering_connections": {"pcx-0123456789abcdef0", "", "active", "111122223333", "vpc-0a1b2c3d4e5f60718", "10.1.0.0/16",
			"444455556666", "vpc-0f", nil},
		"vpc_endpoints": {"vpce-0123456789abcdef0", "", "Interface", "com.amazonaws.eu-west-1.ssm", "vpc-0a1b2c3d4e5f60718", "available", "eni-0c, eni-0d"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

func TestKindDeclaresEachOperationOnce(t *testing.T) {
	operations := Kind().Operations
	if len(operations) != 11 || len(slices.Compact(slices.Sorted(slices.Values(operations)))) != 11 {
		t.Errorf("operations: %v", operations)
	}
}
