package snapshot

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

const state = `{"Reservations": [{"Instances": [
  {"InstanceId": "i-1", "State": {"Name": "running"}, "RootDeviceName": "/dev/xvda", "Tags": [{"Key": "Name", "Value": "web-1"}],
   "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": "vol-1"}}, {"DeviceName": "/dev/sdf", "Ebs": {"VolumeId": "vol-2"}}]},
  {"InstanceId": "i-2", "State": {"Name": "terminated"}, "BlockDeviceMappings": []}]},
 {"Instances": [{"InstanceId": "i-3", "State": {"Name": "stopped"}, "Tags": [{"Key": "tier", "Value": "domain"}],
   "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": "vol-3"}}]}]}]}`

var target = steps.Target{Account: "111122223333", Region: "eu-west-1"}

func run(t *testing.T, s *Step) (steps.Result, error) {
	t.Helper()
	if s.MaxChanges == 0 {
		s.MaxChanges = plan.MaxChanges
	}
	return s.Run(context.Background(), steps.Env{Cloud: plantest.New(t, state), Target: target})
}

func TestOneCallTakesAllVolumesOfAnInstance(t *testing.T) {
	result, err := run(t, &Step{Instances: []any{"i-1", map[string]any{"id": "i-1", "region": "eu-west-1"}}, Case: "IR-1"})
	if err != nil {
		t.Fatal(err)
	}
	want := plantest.Changes(t, `[{"target": {"account": "111122223333", "region": "eu-west-1"}, "resource": "i-1",
	  "call": {"operation": "ec2:CreateSnapshots", "input": {
	    "InstanceSpecification": {"InstanceId": "i-1"}, "Description": "Evidence: volumes of i-1", "CopyTagsFromSource": "volume",
	    "TagSpecifications": [{"ResourceType": "snapshot", "Tags": [{"Key": "playbook-evidence", "Value": "i-1"}, {"Key": "playbook-case", "Value": "IR-1"}]}]}},
	  "reason": "Keep snapshots of vol-1 (/dev/xvda), vol-2 (/dev/sdf) of web-1 before anything is done to it",
	  "before": {"State": "running", "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": "vol-1"}}, {"DeviceName": "/dev/sdf", "Ebs": {"VolumeId": "vol-2"}}]},
	  "notes": ["Nothing has to be undone. Snapshots cost money: delete them when the case is closed, and not before.",
	    "They are consistent with one another as after a crash: what the instance holds in memory and has not written is not in them.",
	    "Memory and instance store volumes are not taken. They are lost when the instance stops, so take them first if they matter.",
	    "A snapshot of an encrypted volume can be read only with the volume's key: keep the key."]}]`)
	if diff := cmp.Diff(want, plantest.JSON(t, result.Changes)); diff != "" {
		t.Error(diff)
	}
	if result.Quality.Examined != 1 || result.Value.(plan.Result).Calls != 1 {
		t.Errorf("%+v", result)
	}
	plantest.New(t, state).Apply(t, Kind(), result.Changes)
}

func TestExcludedVolumesAreNamed(t *testing.T) {
	for exclude, want := range map[string]map[string]any{
		"vol-1": {"InstanceId": "i-1", "ExcludeBootVolume": true},
		"vol-2": {"InstanceId": "i-1", "ExcludeDataVolumeIds": []any{"vol-2"}},
	} {
		result, err := run(t, &Step{Instances: []any{"i-1"}, Exclude: []string{exclude}})
		if err != nil {
			t.Fatal(err)
		}
		change := result.Changes[0]
		if diff := cmp.Diff(want, change.Call.Input["InstanceSpecification"]); diff != "" {
			t.Error(diff)
		}
		if note := change.Notes[len(change.Notes)-1]; !strings.HasPrefix(note, "Left out as told: "+exclude) {
			t.Error(note)
		}
	}
	if len(notes) != 4 {
		t.Errorf("a step wrote into the notes of all: %q", notes)
	}
}

func TestWhatCannotBeTakenIsRefusedAndTheRestIsPlanned(t *testing.T) {
	result, err := run(t, &Step{Instances: []any{"i-1", "i-2", "i-3"}, Protect: []any{map[string]any{"key": "tier", "value": "domain"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := []plan.Resource{
		{ID: "i-1", Name: "web-1", Outcome: plan.Planned, Why: "snapshots of vol-1 (/dev/xvda), vol-2 (/dev/sdf)"},
		{ID: "i-2", Name: "i-2", Outcome: plan.Refused, Why: "it is terminated, and has no volumes any more"},
		{ID: "i-3", Name: "i-3", Outcome: plan.Refused, Why: "protected by its tag tier = domain"},
	}
	if diff := cmp.Diff(want, result.Value.(plan.Result).Resources); diff != "" {
		t.Error(diff)
	}
	result, err = run(t, &Step{Instances: []any{"i-1"}, Exclude: []string{"vol-1", "vol-2"}})
	if err == nil || len(result.Changes) != 0 || result.Value.(plan.Result).Resources[0].Why != "no volume is attached to it that is not excluded" {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestInstancesThatAWSDoesNotKnowFailTheStep(t *testing.T) {
	result, err := run(t, &Step{Instances: []any{"i-1", "i-9"}})
	var missing *steps.Missing
	if !errors.As(err, &missing) || len(result.Changes) != 1 {
		t.Errorf("%d changes, %v", len(result.Changes), err)
	}
	_, err = (&Step{Instances: []any{"i-1"}}).Run(context.Background(), steps.Env{Cloud: plantest.New(t, `{}`), Target: target})
	if !errors.As(err, &missing) {
		t.Errorf("%v", err)
	}
	result, err = run(t, &Step{Instances: []any{map[string]any{"id": "i-1", "account": "444455556666"}}})
	if err != nil || result.Quality.Examined != 0 || len(result.Changes) != 0 {
		t.Errorf("an instance that is elsewhere: %+v, %v", result, err)
	}
}
