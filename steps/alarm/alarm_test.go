package alarm

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

type alarms struct{ metric, composite []any }

func (a alarms) Read(context.Context, string, map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		yield(map[string]any{"MetricAlarms": a.metric, "CompositeAlarms": a.composite}, nil)
	}
}

type nothing struct{}

func (nothing) Read(context.Context, string, map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) { yield(nil, &steps.Missing{What: "alarms"}) }
}

type m = map[string]any

// good is the alarm on bytes of the source playbook, altered by pairs of field, value.
func good(more ...any) m {
	a := m{"AlarmName": "nat-bytes", "Namespace": "AWS/NATGateway", "MetricName": "BytesOutToDestination",
		"Dimensions": []any{m{"Name": "NatGatewayId", "Value": "nat-1"}}, "Statistic": "Sum", "Period": int64(900),
		"Threshold": 5000000.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "EvaluationPeriods": int64(1),
		"ActionsEnabled": true, "AlarmActions": []any{"arn:aws:sns:eu-west-1:111122223333:security"}, "StateValue": "OK"}
	for i := 0; i < len(more); i += 2 {
		a[more[i].(string)] = more[i+1]
	}
	return a
}

func wanted(values ...any) *Step {
	return &Step{Namespace: "AWS/NATGateway", Metric: "BytesOutToDestination", Dimension: "NatGatewayId", Values: values,
		Statistic: "Sum", Period: 900, Threshold: 5000000, Comparison: "GreaterThanOrEqualToThreshold", Periods: 1, Notify: true}
}

func TestAnAlarmIsComparedNumberByNumber(t *testing.T) {
	for _, test := range []struct {
		name   string
		alarms alarms
		want   []string // problems; empty is covered
	}{
		{"as wanted", alarms{metric: []any{good()}}, []string{}},
		{"threshold as an integer", alarms{metric: []any{good("Threshold", int64(5000000))}}, []string{}},
		{"none", alarms{}, []string{"no alarm watches its BytesOutToDestination"}},
		{"another gateway", alarms{metric: []any{good("Dimensions", []any{m{"Name": "NatGatewayId", "Value": "nat-2"}})}},
			[]string{"no alarm watches its BytesOutToDestination"}},
		{"another namespace", alarms{metric: []any{good("Namespace", "AWS/EC2")}}, []string{"no alarm watches its BytesOutToDestination"}},
		{"a metric expression", alarms{metric: []any{m{"AlarmName": "x", "Metrics": []any{}}}}, []string{"no alarm watches its BytesOutToDestination"}},
		{"period", alarms{metric: []any{good("Period", int64(300))}}, []string{"alarm nat-bytes has period 300, want 900"}},
		{"statistic", alarms{metric: []any{good("Statistic", "Average")}}, []string{"alarm nat-bytes has statistic Average, want Sum"}},
		{"percentile", alarms{metric: []any{good("Statistic", nil, "ExtendedStatistic", "p99")}}, []string{"alarm nat-bytes has statistic p99, want Sum"}},
		{"threshold", alarms{metric: []any{good("Threshold", 5000001.0)}}, []string{"alarm nat-bytes has threshold 5000001, want 5000000"}},
		{"comparison", alarms{metric: []any{good("ComparisonOperator", "GreaterThanThreshold")}},
			[]string{"alarm nat-bytes has comparison GreaterThanThreshold, want GreaterThanOrEqualToThreshold"}},
		{"periods", alarms{metric: []any{good("EvaluationPeriods", int64(3))}}, []string{"alarm nat-bytes has periods 3, want 1"}},
		{"M of N", alarms{metric: []any{good("DatapointsToAlarm", int64(2))}}, []string{"alarm nat-bytes has datapoints to alarm 2, want 1"}},
		{"disabled", alarms{metric: []any{good("ActionsEnabled", false)}}, []string{"alarm nat-bytes has its actions disabled, so nobody is told"}},
		{"no action", alarms{metric: []any{good("AlarmActions", []any{})}}, []string{"alarm nat-bytes has no action, so nobody is told"}},
		{"a composite tells", alarms{metric: []any{good("AlarmActions", []any{})}, composite: []any{
			m{"AlarmRule": `ALARM("nat-bytes") OR ALARM(other)`, "ActionsEnabled": true, "AlarmActions": []any{"arn"}}}}, []string{}},
		{"a composite that is muted", alarms{metric: []any{good("AlarmActions", []any{})}, composite: []any{
			m{"AlarmRule": `ALARM("nat-bytes")`, "ActionsEnabled": false, "AlarmActions": []any{"arn"}}}},
			[]string{"alarm nat-bytes has no action, so nobody is told"}},
		{"a composite that negates", alarms{metric: []any{good("AlarmActions", []any{})}, composite: []any{
			m{"AlarmRule": `NOT ALARM("nat-bytes")`, "ActionsEnabled": true, "AlarmActions": []any{"arn"}}}},
			[]string{"alarm nat-bytes has no action, so nobody is told"}},
		{"the nearest of two", alarms{metric: []any{good("AlarmName", "far", "Period", int64(60), "Statistic", "Maximum"), good("Period", int64(60))}},
			[]string{"alarm nat-bytes has period 60, want 900"}},
		{"one of two is right", alarms{metric: []any{good("AlarmName", "far", "Period", int64(60)), good()}}, []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := wanted("nat-1").Run(context.Background(), steps.Env{Cloud: test.alarms})
			if err != nil {
				t.Fatal(err)
			}
			check := result.Value.(Result).Checks[0]
			if diff := cmp.Diff(test.want, check.Problems); diff != "" || check.Covered != (len(test.want) == 0) {
				t.Errorf("covered %v\n%s", check.Covered, diff)
			}
		})
	}
}

func TestResourcesAreCheckedWhereTheyAre(t *testing.T) {
	step := wanted(m{"id": "nat-1", "account": "1", "region": "eu", "name": "egress"}, m{"id": "nat-2", "account": "2", "region": "eu"}, "nat-3")
	result, err := step.Run(context.Background(), steps.Env{Cloud: alarms{metric: []any{good()}}, Target: steps.Target{Account: "1", Region: "eu"}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, check := range result.Value.(Result).Checks {
		got[check.Name] = check.Covered
	}
	if diff := cmp.Diff(map[string]bool{"egress": true, "nat-3": false}, got); diff != "" {
		t.Error(diff)
	}
	if result.Quality.Examined != 2 {
		t.Errorf("%d examined, want 2", result.Quality.Examined)
	}
}

func TestWithoutTheListOfAlarmsNothingIsKnown(t *testing.T) {
	result, err := wanted("nat-1").Run(context.Background(), steps.Env{Cloud: nothing{}})
	var missing *steps.Missing
	if !errors.As(err, &missing) || result.Value != nil {
		t.Errorf("result %v, error %v", result.Value, err)
	}
}

func TestValuesMustHaveAnID(t *testing.T) {
	known := func(string) bool { return true }
	if problems := wanted(m{"NatGatewayId": "nat-1"}).Validate(known); len(problems) != 1 {
		t.Errorf("a map without id gives %v", problems)
	}
	if problems := wanted("nat-1", m{"id": "nat-2"}).Validate(known); problems != nil {
		t.Errorf("good values give %v", problems)
	}
}
