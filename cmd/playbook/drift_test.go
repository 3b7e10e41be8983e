package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/runner/drill"
	"playbook/runner/journal"
)

const driftOfSample = `playbook: 1
id: drift
title: Drift
params:
  baseline: {type: file}
steps:
  - {id: inventory, phase: preparation, title: Inventory, uses: inventory}
  - id: drift
    phase: preparation
    title: Compare
    uses: drift
    with: {baseline: "${{ params.baseline }}", current: "${{ steps.inventory.result }}", targets: "${{ run.targets }}"}
`

// TestTheSampleHasDrifted compares the sample with the baseline that lies in it: the rule
// on the bastion was opened, and a VPC came with an acquisition, with what belongs to it; nothing else.
func TestTheSampleHasDrifted(t *testing.T) {
	dir := t.TempDir()
	caseDir, playbook, out := filepath.Join(dir, "case"), filepath.Join(dir, "drift.yaml"), filepath.Join(dir, "run")
	if err := os.Mkdir(caseDir, 0o700); err != nil {
		t.Fatal(err)
	}
	truth, err := drill.Sample(context.Background(), caseDir, drill.Options{Records: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(playbook, []byte(driftOfSample), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := Run([]string{"run", playbook, "--case", caseDir, "--no-input", "--no-cache", "--out", out}, nil, os.Stderr, os.Stderr); code != exitDone {
		t.Fatalf("exit code %d", code)
	}
	result := resultOf(t, out, "drift")
	bastion := ""
	for _, fact := range truth.Facts {
		if fact.ID == drill.ExposedSSH {
			bastion = fact.Detail["group"].(string)
		}
	}
	var changed []string
	for _, element := range result["changed"].([]any) {
		resource := element.(map[string]any)
		for _, field := range resource["fields"].([]any) {
			changed = append(changed, resource["id"].(string)+" "+field.(map[string]any)["path"].(string))
		}
	}
	want := []string{bastion + " IpPermissions[tcp 22-22].IpRanges[0.0.0.0/0]", bastion + " IpPermissions[tcp 22-22].IpRanges[192.0.2.10/32]"}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Error(diff)
	}
	added := map[string]int{}
	for _, element := range result["added"].([]any) {
		added[element.(map[string]any)["type"].(string)]++
	}
	if diff := cmp.Diff(map[string]int{"vpcs": 1, "network_acls": 1, "security_groups": 2, "route_tables": 2, "network_interfaces": 2, "customer_gateways": 1}, added); diff != "" {
		t.Error(diff)
	}
	if removed := result["removed"].([]any); len(removed) != 0 || result["compared"].(int64) < 100 {
		t.Errorf("removed %v, compared %v", removed, result["compared"])
	}
}

func resultOf(t *testing.T, run, step string) map[string]any {
	t.Helper()
	events, err := journal.ReadEvents(run)
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range events {
		if event.Outcome != nil && event.Outcome.Step == step {
			record, err := journal.ReadRecord(run, *event.Outcome)
			if err != nil {
				t.Fatal(err)
			}
			for _, gap := range event.Outcome.Gaps {
				t.Errorf("step %s has a gap: %+v", step, gap)
			}
			return record.Result.(map[string]any)
		}
	}
	t.Fatalf("step %s did not run", step)
	return nil
}
