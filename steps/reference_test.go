package steps

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReferencesAreFilledInFromWhatCallsGaveBack(t *testing.T) {
	call := Call{"ec2:X", map[string]any{"Groups": []any{From(0, "GroupId"), "sg-2"}, "Deep": map[string]any{"ID": From(1, "FlowLogs[1].Ids[0]")}, "N": int64(5)}}
	outputs := []map[string]any{{"GroupId": "sg-1"}, {"FlowLogs": []any{nil, map[string]any{"Ids": []any{"fl-9"}}}}}
	got, err := call.Resolve(outputs)
	want := Call{"ec2:X", map[string]any{"Groups": []any{"sg-1", "sg-2"}, "Deep": map[string]any{"ID": "fl-9"}, "N": int64(5)}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, kept := call.Input["Groups"].([]any)[0].(map[string]any); !kept {
		t.Error("Resolve altered the plan")
	}
}

func TestAStoredPlanCanBeFilledIn(t *testing.T) {
	text, _ := json.Marshal(Call{"ec2:X", map[string]any{"ID": From(1, "GroupId")}})
	for _, exact := range []bool{false, true} {
		var stored Call
		decoder := json.NewDecoder(bytes.NewReader(text))
		if exact {
			decoder.UseNumber()
		}
		if err := decoder.Decode(&stored); err != nil {
			t.Fatal(err)
		}
		got, err := stored.Resolve([]map[string]any{nil, {"GroupId": "sg-1"}})
		if diff := cmp.Diff(Call{"ec2:X", map[string]any{"ID": "sg-1"}}, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
		if command := stored.Command(Target{}); !strings.Contains(command, "<GroupId of call 2>") {
			t.Error(command)
		}
	}
}

func TestAReferenceThatNothingFillsIsAnError(t *testing.T) {
	for path, want := range map[string]string{
		"GroupId":   "fill in the input of ec2:X: it needs GroupId of call 1, which did not give it back",
		"List[1]":   "fill in the input of ec2:X: it needs List[1] of call 1, which did not give it back",
		"List.Name": "fill in the input of ec2:X: it needs List.Name of call 1, which did not give it back",
		"[":         "fill in the input of ec2:X: it needs [ of call 1, which did not give it back",
	} {
		_, err := Call{"ec2:X", map[string]any{"ID": From(0, path)}}.Resolve([]map[string]any{{"List": []any{"a"}}})
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	for _, outputs := range [][]map[string]any{nil, {nil}} {
		_, err := Call{"ec2:X", map[string]any{"ID": From(0, "GroupId")}}.Resolve(outputs)
		if want := "fill in the input of ec2:X: it needs GroupId of call 1, which has not been made"; err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestACommandShowsWhatIsToBeFilledIn(t *testing.T) {
	call := Call{"ec2:ModifyNetworkInterfaceAttribute", map[string]any{"Groups": []any{From(0, "GroupId")}, "NetworkInterfaceId": "eni-1'"}}
	got := call.Command(Target{"111122223333", "eu-west-1"})
	want := `aws ec2 modify-network-interface-attribute --cli-input-json '{"Groups":["<GroupId of call 1>"],"NetworkInterfaceId":"eni-1'\''"}' --region eu-west-1`
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// FuzzPath: no path makes a plan panic, and what it finds is in the output.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"GroupId", "List[0]", "List[1].Name", "List[99999]", ".", "[", "a.b", "List[0][0]", "\xff"} {
		f.Add(seed)
	}
	output := map[string]any{"GroupId": "sg-1", "List": []any{"a", map[string]any{"Name": "b"}}}
	f.Fuzz(func(t *testing.T, path string) {
		got, err := Call{"ec2:X", map[string]any{"ID": From(0, path)}}.Resolve([]map[string]any{output})
		if err == nil && path != "" && got.Input["ID"] == nil {
			t.Errorf("%q gives nothing, and no error", path)
		}
	})
}
