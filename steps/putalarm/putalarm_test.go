package putalarm

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
	"playbook/steps/plan"
	"playbook/steps/plan/plantest"
)

type m = map[string]any

const topic = "arn:aws:sns:eu-west-1:111122223333:security"

var target = steps.Target{Account: "111122223333", Region: "eu-west-1"}

func step(checks ...any) *Step {
	s := Kind().New().(*Step)
	s.Namespace, s.Metric, s.Dimension, s.Checks = "AWS/NATGateway", "BytesOutToDestination", "NatGatewayId", checks
	s.Statistic, s.Period, s.Threshold, s.Comparison, s.Periods = "Sum", 900, 5e6, ">=", 1
	s.Topics = []string{"arn:aws:sns:us-east-1:111122223333:far", topic}
	return s
}

func account(t plantest.TB, alarms ...any) *plantest.Account {
	a := plantest.New(t, `{"MetricAlarms": [], "CompositeAlarms": []}`)
	a.Lists["MetricAlarms"] = append([]any{}, alarms...)
	return a
}

func run(a *plantest.Account, s *Step) (steps.Result, error) {
	return s.Run(context.Background(), steps.Env{Cloud: a, Target: target})
}

// former is an alarm that has the name of the one that is planned, with all that an alarm
// can have.
func former(more ...any) m {
	a := m{"AlarmName": "playbook-BytesOutToDestination-nat-1", "AlarmArn": "arn:x", "StateValue": "OK",
		"AlarmDescription": "Sum of BytesOutToDestination >= 5000000 in 1 of 900 s, for nat-1", "ActionsEnabled": true, "AlarmActions": []any{topic},
		"Namespace": "AWS/NATGateway", "MetricName": "BytesOutToDestination", "Dimensions": []any{m{"Name": "NatGatewayId", "Value": "nat-1"}},
		"Statistic": "Sum", "Period": int64(900), "EvaluationPeriods": int64(1), "Threshold": int64(5000000),
		"ComparisonOperator": "GreaterThanOrEqualToThreshold"}
	for i := 0; i < len(more); i += 2 {
		a[more[i].(string)] = more[i+1]
	}
	return a
}

func TestAnAlarmHasExactlyTheNumbers(t *testing.T) {
	result, err := run(account(t), step(m{"id": "nat-1", "name": "egress", "covered": false}))
	if err != nil {
		t.Fatal(err)
	}
	want := plantest.Changes(t, `[{"target": {"account": "111122223333", "region": "eu-west-1"}, "resource": "nat-1",
	  "reason": "No alarm that tells somebody goes off at Sum of BytesOutToDestination >= 5000000 in 1 of 900 s",
	  "call": {"operation": "cloudwatch:PutMetricAlarm", "input": {"AlarmName": "playbook-BytesOutToDestination-nat-1",
	    "AlarmDescription": "Sum of BytesOutToDestination >= 5000000 in 1 of 900 s, for nat-1", "ActionsEnabled": true,
	    "AlarmActions": ["arn:aws:sns:eu-west-1:111122223333:security"], "Namespace": "AWS/NATGateway", "MetricName": "BytesOutToDestination",
	    "Dimensions": [{"Name": "NatGatewayId", "Value": "nat-1"}], "Statistic": "Sum", "Period": 900, "EvaluationPeriods": 1,
	    "Threshold": 5000000, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}},
	  "undo": [{"operation": "cloudwatch:DeleteAlarms", "input": {"AlarmNames": ["playbook-BytesOutToDestination-nat-1"]}}],
	  "notes": ["The alarm starts as INSUFFICIENT_DATA and is judged at its next period. It costs money each month.",
	    "A topic tells only those who have confirmed that they subscribe to it."]}]`)
	if diff := cmp.Diff(want, plantest.JSON(t, result.Changes)); diff != "" {
		t.Error(diff)
	}
}

func TestAnAlarmThatTellsNobodySaysSo(t *testing.T) {
	s := step("nat-1")
	s.Topics = s.Topics[:1]
	result, err := run(account(t), s)
	if err != nil {
		t.Fatal(err)
	}
	notes := result.Changes[0].Notes
	if want := "Nobody would be told: `topics` names no SNS topic in eu-west-1. Give one before this is carried out."; notes[len(notes)-1] != want {
		t.Errorf("%q", notes)
	}
	if why := result.Value.(plan.Result).Resources[0].Why; !strings.HasSuffix(why, "; it tells nobody") {
		t.Error(why)
	}
}

func TestAnAlarmTellsWhatItsNeighboursTell(t *testing.T) {
	for _, test := range []struct {
		given     []string
		suggested any
		want      []any
		note      bool
	}{
		{nil, topic, []any{topic}, true},
		{[]string{topic + "-2"}, topic, []any{topic + "-2"}, false},
		{nil, "arn:aws:sns:us-east-1:111122223333:far", []any{}, false},
		{nil, "arn:aws:sns:eu-west-1:111122223333:x\x1b[2J", []any{}, false},
		{nil, 7, []any{}, false},
	} {
		s := step(m{"id": "nat-1", "covered": false, "topic": test.suggested})
		s.Topics = test.given
		result, err := run(account(t), s)
		if err != nil {
			t.Fatal(err)
		}
		change := result.Changes[0]
		if diff := cmp.Diff(test.want, change.Call.Input["AlarmActions"]); diff != "" {
			t.Errorf("%v and %v: %s", test.given, test.suggested, diff)
		}
		if got := strings.Contains(strings.Join(change.Notes, " "), "the one that most alarms here tell"); got != test.note {
			t.Errorf("%v and %v: notes are %q", test.given, test.suggested, change.Notes)
		}
	}
}

func TestAnAlarmOfTheNameGetsItsDefinitionBack(t *testing.T) {
	a := account(t, former("Threshold", 1.5, "Period", int64(60), "TreatMissingData", "breaching", "OKActions", []any{topic}, "DatapointsToAlarm", int64(1)))
	result, err := run(a, step("nat-1"))
	if err != nil {
		t.Fatal(err)
	}
	undo := m{}
	for field, value := range a.Lists["MetricAlarms"][0].(m) {
		if field != "StateValue" && field != "AlarmArn" {
			undo[field] = value
		}
	}
	change := result.Changes[0]
	if diff := cmp.Diff([]steps.Call{{Operation: "cloudwatch:PutMetricAlarm", Input: undo}}, change.Undo); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(a.Lists["MetricAlarms"][0], any(change.Before)); diff != "" {
		t.Error(diff)
	}
	a.RoundTrip(t, Kind(), func() (steps.Result, error) { return run(a, step("nat-1", "nat-2")) })
}

func TestWhatIsNotPlanned(t *testing.T) {
	for _, test := range []struct {
		name   string
		alarms []any
		check  any
		want   string
	}{
		{"covered", nil, m{"id": "nat-1", "covered": true, "alarm": "x"}, "unchanged alarm x watches it"},
		{"as planned", []any{former()}, "nat-1", "unchanged alarm playbook-BytesOutToDestination-nat-1 is as planned"},
		{"other numbers", []any{former("Threshold", int64(1))}, "nat-1", "planned "},
		{"tells others", []any{former("AlarmActions", []any{})}, "nat-1", "planned "},
		{"more than planned", []any{former("Unit", "Bytes")}, "nat-1", "planned "},
		{"a name that no alarm can have", nil, "nat-\x07", "refused no alarm can be named after it"},
		{"composite", nil, "nat-2", "refused a composite alarm has the name playbook-BytesOutToDestination-nat-2: give another prefix"},
		{"protected", nil, "nat-3", "refused protected: nat-3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := account(t, test.alarms...)
			a.Lists["CompositeAlarms"] = []any{m{"AlarmName": "playbook-BytesOutToDestination-nat-2"}}
			s := step(test.check)
			s.Protect = []any{"nat-3"}
			result, err := run(a, s)
			r := result.Value.(plan.Result).Resources
			if len(r) != 1 || !strings.HasPrefix(r[0].Outcome+" "+r[0].Why, test.want) || (err != nil) != (r[0].Outcome == plan.Refused) {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

func TestWithoutTheListOfAlarmsNothingIsPlanned(t *testing.T) {
	a := account(t)
	delete(a.Lists, "MetricAlarms")
	var missing *steps.Missing
	if result, err := run(a, step("nat-1")); !errors.As(err, &missing) || len(result.Changes) != 0 {
		t.Errorf("%d changes, %v", len(result.Changes), err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	s := step("nat-1")
	s.Period, s.Topics = 90, []string{"security"}
	want := []steps.Problem{
		{Path: "period", Message: "a period of 90 s is none that alarms can have: 10, 20, 30, or a multiple of 60"},
		{Path: "topics", Message: `"security" is not the ARN of an SNS topic`},
	}
	if diff := cmp.Diff(want, s.Validate(func(string) bool { return true })); diff != "" {
		t.Error(diff)
	}
	if _, err := run(account(t), s); err == nil || err.Error() != want[1].Message+"\n"+want[0].Message {
		t.Errorf("%v", err)
	}
}
