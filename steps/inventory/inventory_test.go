package inventory

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"playbook/steps"
)

// pages is a Cloud whose lists hold one element a page, two pages each, and some of
// whose answers are missing.
type pages struct{ missing string }

func (p pages) Read(_ context.Context, operation string, _ map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		for _, r := range resources {
			if r.operation != operation {
				continue
			}
			if r.name == p.missing {
				yield(map[string]any{r.key: []any{map[string]any{r.id: "first"}}}, nil)
				yield(nil, &steps.Missing{What: "page 2 of " + operation})
				return
			}
			_ = yield(map[string]any{r.key: []any{map[string]any{r.id: "first"}}}, nil) &&
				yield(map[string]any{r.key: []any{map[string]any{r.id: "second"}}}, nil)
		}
	}
}

func TestAllElevenTypesAreRead(t *testing.T) {
	result, err := (&Step{}).Run(context.Background(), steps.Env{Cloud: pages{}})
	if err != nil {
		t.Fatal(err)
	}
	value := result.Value.(Result)
	for _, r := range resources {
		list := *value.list(r.name)
		if len(list) != 2 || list[1][r.id] != "second" {
			t.Errorf("%s holds %v", r.name, list)
		}
	}
	plain := steps.Plain(value).(map[string]any)
	if len(resources) != 11 || len(plain) != 11 || result.Quality.Examined != 11 {
		t.Errorf("%d types, %d lists, %d examined; want 11", len(resources), len(plain), result.Quality.Examined)
	}
	for _, r := range resources {
		if _, ok := plain[r.name]; !ok {
			t.Errorf("expressions cannot see %s", r.name)
		}
	}
}

func TestAMissingPageFailsAndKeepsTheRest(t *testing.T) {
	result, err := (&Step{}).Run(context.Background(), steps.Env{Cloud: pages{missing: "nat_gateways"}})
	var missing *steps.Missing
	if !errors.As(err, &missing) || !strings.Contains(missing.What, "ec2:DescribeNatGateways") {
		t.Fatalf("got %v", err)
	}
	value := result.Value.(Result)
	if len(value.NATGateways) != 1 || len(value.VPCs) != 2 || result.Quality.Examined != 10 {
		t.Errorf("kept %d gateways and %d VPCs, examined %d", len(value.NATGateways), len(value.VPCs), result.Quality.Examined)
	}
}

func TestOnlyWhatIsAskedForIsRead(t *testing.T) {
	result, err := (&Step{Resources: []string{"vpcs"}}).Run(context.Background(), steps.Env{Cloud: pages{missing: "nat_gateways"}})
	if err != nil || result.Quality.Examined != 1 || len(result.Value.(Result).VPCs) != 2 {
		t.Errorf("result %+v, error %v", result.Quality, err)
	}
}
