// Package plantest is an account of AWS in memory, for the tests of kinds that change
// AWS: what a plan says is done to it, and undone, and compared. It knows of each call
// only what the plans rely on.
package plantest

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"

	"playbook/steps"
)

type m = map[string]any

// TB is a test, or one of the cases of a property.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Account holds lists of resources by the names that AWS's answers give them
// ("SecurityGroups"). A list that is nil is not known: reading it gives a *steps.Missing.
type Account struct {
	Lists map[string][]any
	made  int
}

// New takes the state as JSON, in the shape of the AWS CLI's output.
func New(t TB, state string) *Account {
	t.Helper()
	a := &Account{Lists: map[string][]any{}}
	for key, list := range parse(t, state).(m) {
		a.Lists[key] = list.([]any)
	}
	return a
}

// Changes parses what a test expects of a plan: a list of changes, as JSON.
func Changes(t TB, text string) any { return parse(t, text) }

func parse(t TB, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v", err)
	}
	return integers(value)
}

// integers are int64, as in everything that is read from a case.
func integers(value any) any {
	switch value := value.(type) {
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return whole
		}
		number, _ := value.Float64()
		return number
	case []any:
		for i := range value {
			value[i] = integers(value[i])
		}
	case m:
		for key := range value {
			value[key] = integers(value[key])
		}
	}
	return value
}

// JSON is any plan or state as plain values to compare, as it would be stored.
func JSON(t TB, value any) any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return parse(t, string(text))
}

// Read implements steps.Cloud: one page, a copy of the list.
func (a *Account) Read(_ context.Context, operation string, _ map[string]any) iter.Seq2[map[string]any, error] {
	key := map[string]string{
		"ec2:DescribeInstances": "Reservations", "ec2:DescribeNetworkInterfaces": "NetworkInterfaces",
		"ec2:DescribeSecurityGroups": "SecurityGroups", "ec2:DescribeNetworkAcls": "NetworkAcls", "ec2:DescribeVpcs": "Vpcs",
		"ec2:DescribeFlowLogs": "FlowLogs", "cloudwatch:DescribeAlarms": "MetricAlarms",
	}[operation]
	return func(yield func(map[string]any, error) bool) {
		list, ok := a.Lists[key]
		if !ok {
			yield(nil, &steps.Missing{What: "the answer of " + operation})
			return
		}
		page := m{key: list}
		if composite, ok := a.Lists["CompositeAlarms"]; ok {
			page["CompositeAlarms"] = composite
		}
		yield(steps.Plain(page).(m), nil)
	}
}

// Apply makes all calls of a plan and returns what they gave back. It checks that the
// kind declares them and that the way back is declared too.
func (a *Account) Apply(t TB, kind steps.Kind, changes []steps.Change) []map[string]any {
	t.Helper()
	var outputs []map[string]any
	for i, change := range changes {
		if !slices.Contains(kind.Writes, change.Call.Operation) {
			t.Errorf("%s plans %s, which it does not declare", kind.Name, change.Call.Operation)
		}
		outputs = append(outputs, a.make(t, fmt.Sprint("call ", i+1), change.Call, outputs))
	}
	return outputs
}

// Undo takes a plan back, from its last change to its first.
func (a *Account) Undo(t TB, kind steps.Kind, changes []steps.Change, outputs []map[string]any) {
	t.Helper()
	for i, change := range slices.Backward(changes) {
		for _, call := range change.Undo {
			if !slices.Contains(kind.Writes, call.Operation) {
				t.Errorf("%s undoes with %s, which it does not declare", kind.Name, call.Operation)
			}
			a.make(t, fmt.Sprint("undo of call ", i+1), call, outputs)
		}
	}
}

func (a *Account) make(t TB, what string, call steps.Call, outputs []map[string]any) m {
	t.Helper()
	whole, err := call.Resolve(outputs)
	var output m
	if err == nil {
		output, err = a.do(whole.Operation, steps.Plain(whole.Input).(m))
	}
	if err != nil {
		t.Fatalf("%s, %s: %v", what, call.Operation, err)
	}
	return output
}

// RoundTrip makes a plan, undoes it, and fails the test unless the account is then as it
// was. Between the two, again must plan nothing: the state is the one that was wanted.
func (a *Account) RoundTrip(t TB, kind steps.Kind, plan func() (steps.Result, error)) {
	t.Helper()
	before := a.State()
	first, err := plan()
	if err != nil {
		t.Fatalf("%v", err)
	}
	if len(first.Changes) == 0 {
		return
	}
	outputs := a.Apply(t, kind, first.Changes)
	if reflect.DeepEqual(before, a.State()) {
		t.Errorf("%d calls alter nothing", len(first.Changes))
	}
	if again, err := plan(); err != nil || len(again.Changes) > 0 {
		t.Errorf("planned again after it was carried out: %d calls, %v", len(again.Changes), err)
	}
	a.Undo(t, kind, first.Changes, outputs)
	if after := a.State(); !reflect.DeepEqual(before, after) {
		t.Errorf("undone, the account is\n%v\nand was\n%v", after, before)
	}
}

// State is a copy to compare: AWS keeps no order in its lists.
func (a *Account) State() any { return inOrder(steps.Plain(a.Lists)) }

func inOrder(value any) any {
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = inOrder(value[i])
		}
		slices.SortFunc(value, func(x, y any) int { return strings.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
	case m:
		for key := range value {
			value[key] = inOrder(value[key])
		}
	}
	return value
}

// find is the resource of a list by its id.
func (a *Account) find(list, field string, id any) (m, error) {
	for _, raw := range a.Lists[list] {
		if raw := raw.(m); raw[field] == id {
			return raw, nil
		}
	}
	return nil, fmt.Errorf("there is no %v in %s", id, list)
}

func (a *Account) remove(list, field string, id any) error {
	if _, err := a.find(list, field, id); err != nil {
		return err
	}
	a.Lists[list] = slices.DeleteFunc(a.Lists[list], func(raw any) bool { return raw.(m)[field] == id })
	return nil
}

func (a *Account) id(prefix string) string {
	a.made++
	return fmt.Sprintf("%s-new%d", prefix, a.made)
}

// with is a copy of a map with some fields set.
func with(fields m, more m) m {
	copied := maps.Clone(fields)
	maps.Copy(copied, more)
	return copied
}
