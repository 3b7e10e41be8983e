package alarm

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

// fake answers with one page of alarms; reads counts how often it was asked.
type fake struct {
	metric, composite []any
	reads             *int
}

func (f fake) Read(context.Context, string, map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		if f.reads != nil {
			*f.reads++
		}
		_ = yield(m{"MetricAlarms": f.metric, "NextToken": "2"}, nil) && yield(m{"CompositeAlarms": f.composite}, nil)
	}
}

type nothing struct{}

func (nothing) Read(context.Context, string, map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) { yield(nil, &steps.Missing{What: "alarms"}) }
}

type m = map[string]any

const topic = "arn:aws:sns:eu-west-1:111122223333:security"

// good is the alarm on bytes of the source playbook, altered by pairs of field, value.
func good(more ...any) m {
	a := m{"AlarmName": "nat-bytes", "AlarmArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:nat-bytes",
		"Namespace": "AWS/NATGateway", "MetricName": "BytesOutToDestination",
		"Dimensions": []any{m{"Name": "NatGatewayId", "Value": "nat-1"}}, "Statistic": "Sum", "Period": int64(900),
		"Threshold": 5000000.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "EvaluationPeriods": int64(1),
		"ActionsEnabled": true, "AlarmActions": []any{topic}, "StateValue": "OK", "StateReason": "quiet"}
	for i := 0; i < len(more); i += 2 {
		a[more[i].(string)] = more[i+1]
	}
	return a
}

// query is the alarm as the console writes it: the metric in a list.
func query(expression string) m {
	a := good("Statistic", nil, "Period", nil, "Namespace", nil, "MetricName", nil, "Dimensions", nil)
	for _, field := range []string{"Statistic", "Period", "Namespace", "MetricName", "Dimensions"} {
		delete(a, field)
	}
	metric := good()
	queries := []any{m{"Id": "m1", "ReturnData": true, "MetricStat": m{"Stat": "Sum", "Period": int64(900), "Metric": m{
		"Namespace": metric["Namespace"], "MetricName": metric["MetricName"], "Dimensions": metric["Dimensions"]}}}}
	if expression != "" {
		queries = append(queries, m{"Id": "e1", "Expression": expression})
	}
	a["Metrics"] = queries
	return a
}

func quiet() m { return good("AlarmActions", []any{}) }

func composite(rule string, more ...any) m {
	a := m{"AlarmName": "network", "AlarmRule": rule, "ActionsEnabled": true, "AlarmActions": []any{topic}}
	for i := 0; i < len(more); i += 2 {
		a[more[i].(string)] = more[i+1]
	}
	return a
}

func wanted(values ...any) *Step {
	return &Step{Namespace: "AWS/NATGateway", Metric: "BytesOutToDestination", Dimension: "NatGatewayId", Values: values,
		Statistic: "Sum", Period: 900, Threshold: 5000000, Comparison: ">=", Periods: 1, Notify: true}
}

func check(t *testing.T, s *Step, f fake) Check {
	t.Helper()
	result, err := s.Run(context.Background(), steps.Env{Cloud: f})
	if err != nil {
		t.Fatal(err)
	}
	return result.Value.(Result).Checks[0]
}

func TestAnAlarmIsComparedNumberByNumber(t *testing.T) {
	none := "no alarm watches its BytesOutToDestination"
	noAction := "alarm nat-bytes: it notifies nobody: it has no action"
	for _, test := range []struct {
		name string
		fake fake
		want []string // problems; empty is covered
	}{
		{"as wanted", fake{metric: []any{good()}}, []string{}},
		{"threshold as an integer", fake{metric: []any{good("Threshold", int64(5000000))}}, []string{}},
		{"one metric in a list", fake{metric: []any{query("")}}, []string{}},
		{"none", fake{}, []string{none}},
		{"another gateway", fake{metric: []any{good("Dimensions", []any{m{"Name": "NatGatewayId", "Value": "nat-2"}})}}, []string{none}},
		{"no dimension", fake{metric: []any{good("Dimensions", []any{})}}, []string{none}},
		{"one dimension more", fake{metric: []any{good("Dimensions", []any{m{"Name": "NatGatewayId", "Value": "nat-1"}, m{"Name": "Az", "Value": "a"}})}}, []string{none}},
		{"another namespace", fake{metric: []any{good("Namespace", "AWS/EC2")}}, []string{none}},
		{"an expression without it", fake{metric: []any{m{"AlarmName": "x", "Metrics": []any{m{"Id": "e1", "Expression": "SELECT 1"}}}}}, []string{none}},
		{"an anomaly band", fake{metric: []any{query("ANOMALY_DETECTION_BAND(m1, 2)")}},
			[]string{none, "alarm nat-bytes uses it in an expression or an anomaly band, which has no numbers to compare"}},
		{"period", fake{metric: []any{good("Period", int64(300))}}, []string{"alarm nat-bytes: period 300 s, want 900 s"}},
		{"statistic", fake{metric: []any{good("Statistic", "Average")}}, []string{"alarm nat-bytes: statistic Average, want Sum"}},
		{"percentile", fake{metric: []any{good("Statistic", nil, "ExtendedStatistic", "p99")}}, []string{"alarm nat-bytes: statistic p99, want Sum"}},
		{"threshold", fake{metric: []any{good("Threshold", 5000000.5)}}, []string{"alarm nat-bytes: threshold 5000000.5, want 5000000"}},
		{"no threshold", fake{metric: []any{good("Threshold", nil)}}, []string{"alarm nat-bytes: threshold none, want 5000000"}},
		{"comparison", fake{metric: []any{good("ComparisonOperator", "GreaterThanThreshold")}}, []string{"alarm nat-bytes: comparison >, want >="}},
		{"band comparison", fake{metric: []any{good("ComparisonOperator", "GreaterThanUpperThreshold")}},
			[]string{"alarm nat-bytes: comparison GreaterThanUpperThreshold, want >="}},
		{"periods", fake{metric: []any{good("EvaluationPeriods", int64(3), "DatapointsToAlarm", int64(3))}}, []string{"alarm nat-bytes: periods 3, want 1"}},
		{"M of N", fake{metric: []any{good("DatapointsToAlarm", int64(2))}}, []string{"alarm nat-bytes: datapoints to alarm 2, want 1"}},
		{"disabled", fake{metric: []any{good("ActionsEnabled", false)}}, []string{"alarm nat-bytes: it notifies nobody: its actions are disabled"}},
		{"no action", fake{metric: []any{quiet()}}, []string{noAction}},
		{"an action that tells nobody", fake{metric: []any{good("AlarmActions", []any{"arn:aws:automate:eu-west-1:ec2:reboot", "junk"})}},
			[]string{"alarm nat-bytes: it notifies nobody: its actions tell nobody (arn:aws:automate:eu-west-1:ec2:reboot, junk)"}},
		{"the nearest of two", fake{metric: []any{good("AlarmName", "far", "Period", int64(60), "Statistic", "Maximum"), good("Period", int64(60))}},
			[]string{"alarm nat-bytes: period 60 s, want 900 s"}},
		{"one of two is right", fake{metric: []any{good("AlarmName", "a", "Period", int64(60)), good()}}, []string{}},

		{"a composite tells", fake{metric: []any{quiet()}, composite: []any{composite(`ALARM("nat-bytes") OR ALARM(other)`)}}, []string{}},
		{"by ARN", fake{metric: []any{quiet()}, composite: []any{composite("ALARM(" + good()["AlarmArn"].(string) + ")")}}, []string{}},
		{"through another composite", fake{metric: []any{quiet()}, composite: []any{
			composite("ALARM(inner)"), composite("ALARM(nat-bytes)", "AlarmName", "inner", "AlarmActions", []any{})}}, []string{}},
		{"a composite that is muted", fake{metric: []any{quiet()}, composite: []any{composite(`ALARM("nat-bytes")`, "ActionsEnabled", false)}},
			[]string{noAction + "; composite alarm network includes it and notifies nobody"}},
		{"a composite that negates", fake{metric: []any{quiet()}, composite: []any{composite(`NOT ALARM("nat-bytes")`)}},
			[]string{noAction + "; composite alarm network includes it and does not go off for it alone"}},
		{"a composite that wants more", fake{metric: []any{quiet()}, composite: []any{composite(`ALARM(nat-bytes) AND ALARM(other)`)}},
			[]string{noAction + "; composite alarm network includes it and does not go off for it alone"}},
		{"a composite that is always on", fake{metric: []any{quiet()}, composite: []any{composite(`TRUE OR ALARM(nat-bytes)`)}},
			[]string{noAction + "; composite alarm network includes it and does not go off for it alone"}},
		{"a composite of others", fake{metric: []any{quiet()}, composite: []any{composite(`ALARM(nat-bytes-2)`)}}, []string{noAction}},
		{"a composite that cannot be read", fake{metric: []any{quiet()}, composite: []any{composite(`ALARM(nat-bytes) XOR TRUE`)}},
			[]string{noAction + "; the rule of composite alarm network cannot be read: \"XOR TRUE\" is left over"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := check(t, wanted("nat-1"), test.fake)
			if diff := cmp.Diff(test.want, got.Problems); diff != "" || got.Covered != (len(test.want) == 0) {
				t.Errorf("covered %v\n%s", got.Covered, diff)
			}
		})
	}
}

func TestACheckNamesItsAlarmOrTheNearest(t *testing.T) {
	got := check(t, wanted("nat-1"), fake{metric: []any{good("StateValue", "ALARM")}, composite: []any{composite("ALARM(nat-bytes)")}})
	want := Check{ID: "nat-1", Name: "nat-1", Covered: true, Alarm: "nat-bytes", ARN: "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:nat-bytes",
		Enabled: true, Notifies: true, Tells: []string{topic, "composite alarm network"}, State: "ALARM", StateReason: "quiet", Problems: []string{}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = check(t, wanted("nat-1"), fake{metric: []any{good("Period", int64(60), "Threshold", int64(1))}})
	problems := []string{"alarm nat-bytes: period 60 s, want 900 s", "alarm nat-bytes: threshold 1, want 5000000"}
	want = Check{ID: "nat-1", Name: "nat-1", Tells: []string{}, Nearest: strings.Join(problems, "; "), Problems: problems}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNotificationIsNotAlwaysWanted(t *testing.T) {
	step := wanted("nat-1")
	step.Notify = false
	if got := check(t, step, fake{metric: []any{quiet()}}); !got.Covered || got.Notifies {
		t.Errorf("%+v", got)
	}
	if !Kind().New().(*Step).Notify {
		t.Error("by default an alarm need not notify anybody")
	}
}

func TestResourcesAreCheckedWhereTheyAre(t *testing.T) {
	step := wanted(m{"id": "nat-1", "account": "1", "region": "eu", "name": "egress"}, m{"id": "nat-2", "account": "2", "region": "eu"}, "nat-3")
	reads := 0
	f := fake{metric: []any{good()}, reads: &reads}
	result, err := step.Run(context.Background(), steps.Env{Cloud: f, Target: steps.Target{Account: "1", Region: "eu"}})
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
	// The runner stores each answer once, so each call may be made once.
	if result.Quality.Examined != 2 || result.Value.(Result).Alarms != 1 || reads != 1 {
		t.Errorf("%d examined of %d alarms in %d calls", result.Quality.Examined, result.Value.(Result).Alarms, reads)
	}
}

// Without resources here nothing is looked at: no answer is needed, none is given.
func TestNothingToCheckIsNothingLookedAt(t *testing.T) {
	for _, step := range []*Step{wanted(), wanted(m{"id": "nat-1", "account": "2"})} {
		result, err := step.Run(context.Background(), steps.Env{Cloud: nothing{}, Target: steps.Target{Account: "1", Region: "eu"}})
		if err != nil || result.Quality.Examined != 0 || len(result.Value.(Result).Checks) != 0 {
			t.Errorf("%+v, %v", result, err)
		}
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
	for _, bad := range []any{m{"NatGatewayId": "nat-1"}, "", int64(5), nil} {
		if problems := wanted("nat-1", bad).Validate(known); len(problems) != 1 || problems[0].Message != "each of values is an id, or a map with an id" {
			t.Errorf("%v gives %v", bad, problems)
		}
		if _, err := wanted(bad).Run(context.Background(), steps.Env{Cloud: fake{}}); err == nil {
			t.Errorf("%v from an expression is taken", bad)
		}
	}
	if problems := wanted("nat-1", m{"id": "nat-2"}).Validate(known); problems != nil {
		t.Errorf("good values give %v", problems)
	}
	if problems := wanted().Validate(func(string) bool { return false }); problems != nil {
		t.Errorf("values that are not known yet give %v", problems)
	}
}

func TestRules(t *testing.T) {
	for rule, want := range map[string]bool{
		`ALARM(a)`: true, `ALARM( a )`: true, `ALARM ("a")`: true, `OK(a)`: false, `OK(b)`: true, `INSUFFICIENT_DATA(a)`: false,
		`NOT ALARM(b)`: true, `ALARM(a) AND ALARM(b)`: false, `ALARM(a) OR ALARM(b)`: true, "ALARM(b)\nOR (ALARM(a) AND NOT ALARM(c))": true,
		`ALARM(a) OR ALARM(b) AND ALARM(c)`: true, `(ALARM(a) OR ALARM(b)) AND ALARM(c)`: false, `NOT (ALARM(a) OR TRUE)`: false,
		`ALARM("with \"quotes\" and ) in it")`: true, `FALSE`: false, `TRUE`: true,
		`AT_LEAST(1, ALARM, (a, b, c))`: true, `AT_LEAST(2, ALARM, (a, b, c))`: false, `AT_LEAST(2, NOT ALARM, (a, b, c))`: true,
		`AT_LEAST(33%, ALARM, ("a", "b", "c"))`: true, `AT_LEAST(34%, ALARM, (a, b, c))`: false, `AT_LEAST(2, OK, (a, b, c)) AND ALARM(a)`: true,
	} {
		p := &ruleParser{rest: rule, inAlarm: func(name string) (bool, error) { return name == "a" || strings.HasPrefix(name, "with "), nil }}
		got, err := p.or()
		if err != nil || got != want || p.space() != "" {
			t.Errorf("%s: %v, %v, left over %q; want %v", rule, got, err, p.rest, want)
		}
	}
}

func TestRulesThatCannotBeRead(t *testing.T) {
	for rule, want := range map[string]string{
		``: "a state is wanted", `ALARM(`: "the name of an alarm is wanted", `ALARM(a`: "the name of an alarm is wanted", `ALARM("a`: "does not end",
		`ALARM()`: "the name of an alarm is wanted", `ALARM(a) AND`: "a state is wanted", `NOT`: "a state is wanted", `(ALARM(a)`: `")" is wanted`,
		`ALARM a`: `"(" is wanted`, `AT_LEAST(x, ALARM, (a))`: "a number is wanted", `AT_LEAST(1, ALARM, (a)`: `")" is wanted`,
		strings.Repeat("(", 1000): "nested too deeply", strings.Repeat("NOT ", 1000): "nested too deeply",
	} {
		p := &ruleParser{rest: rule, inAlarm: func(string) (bool, error) { return false, nil }}
		if _, err := p.or(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want %q", rule, err, want)
		}
	}
	circle := alarms{composite: []map[string]any{composite("ALARM(b)", "AlarmName", "a"), composite("ALARM(a) OR ALARM(nat-bytes)", "AlarmName", "b")}}
	composites, doubts := circle.notifying("nat-bytes", "")
	if composites != nil || !strings.Contains(fmt.Sprint(doubts), "in a circle") {
		t.Errorf("%v, %v", composites, doubts)
	}
}

// FuzzRule: no rule makes the parser panic or run away.
func FuzzRule(f *testing.F) {
	for _, seed := range []string{`ALARM("a") OR NOT (OK(b) AND TRUE)`, `AT_LEAST(50%, NOT OK, (a, "b"))`, `((`, `ALARM("\"`, "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, rule string) {
		all := alarms{composite: []map[string]any{composite(rule), composite(rule, "AlarmName", "b")}}
		composites, _ := all.notifying("a", "")
		if len(composites) > 0 && !strings.Contains(rule, "a") {
			t.Errorf("%q tells of an alarm that it does not name", rule)
		}
	})
}

func TestTheTopicOfANewAlarm(t *testing.T) {
	here := steps.Target{Account: "111122223333", Region: "eu-west-1"}
	sns := func(place, name string) string { return "arn:aws:sns:" + place + ":" + name }
	on := func(namespace string, topics ...any) m { return good("Namespace", namespace, "AlarmActions", topics) }
	const here1 = "eu-west-1:111122223333"
	for _, test := range []struct {
		name   string
		alarms []any
		want   string
	}{
		{"none", nil, ""},
		{"the most used of the namespace", []any{on("AWS/NATGateway", sns(here1, "net")), on("AWS/EC2", sns(here1, "all")), on("AWS/EC2", sns(here1, "all"))}, sns(here1, "net")},
		{"else of any", []any{on("AWS/EC2", sns(here1, "b")), on("AWS/RDS", sns(here1, "b")), on("AWS/RDS", sns(here1, "a"))}, sns(here1, "b")},
		{"the first of equals", []any{on("AWS/EC2", sns(here1, "b")), on("AWS/EC2", sns(here1, "a"))}, sns(here1, "a")},
		{"not of elsewhere", []any{on("AWS/NATGateway", sns("us-east-1:111122223333", "x"), sns("eu-west-1:999900001111", "y"), "arn:aws:lambda:eu-west-1:111122223333:function:f", "x")}, ""},
		{"not of a muted one", []any{good("ActionsEnabled", false)}, ""},
	} {
		result, err := wanted("nat-1").Run(context.Background(), steps.Env{Cloud: fake{metric: test.alarms}, Target: here})
		if err != nil {
			t.Fatal(err)
		}
		if got := result.Value.(Result).Checks[0].Topic; got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
