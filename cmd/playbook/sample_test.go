package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/reports"
	"playbook/runner/drill"
	"playbook/steps"
)

// found maps what was found to its severity: "resource (step)".
type found map[string]steps.Severity

func runSample(t *testing.T, options drill.Options) (drill.Truth, *reports.Report) {
	t.Helper()
	dir := t.TempDir()
	truth, err := drill.Sample(context.Background(), dir, options)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "run")
	if code := Run([]string{"run", "vpc-flow.yaml", "--case", dir, "--no-cache", "--out", out}, nil, io.Discard, io.Discard); code != exitDone {
		t.Fatalf("exit code %d", code)
	}
	report, err := reports.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	return truth, report
}

// TestTheRunFindsWhatWasPlantedAndNothingElse compares the findings with the truth that
// the generator tells, which was made without looking at any query.
func TestTheRunFindsWhatWasPlantedAndNothingElse(t *testing.T) {
	for _, seed := range []uint64{1, 7} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			truth, report := runSample(t, drill.Options{Seed: seed})
			steps := map[string][]string{
				drill.ExposedSSH:        {"exposure"},
				drill.VPCWithoutFlowLog: {"flow_logs"},
				drill.NATWithoutAlarm:   {"nat_traffic_alarm", "nat_ports_alarm"},
				drill.IOCContact:        {"contacts"},
				drill.BytesOut:          {"bulk_egress"},
			}
			want := found{}
			for _, fact := range truth.Facts {
				for _, step := range steps[fact.ID] {
					want[fmt.Sprintf("%s (%s)", fact.Resource, step)] = fact.Severity
				}
			}
			if len(truth.Facts) != len(steps) {
				t.Errorf("%d facts were planted, this test knows %d", len(truth.Facts), len(steps))
			}
			got := found{}
			for _, finding := range report.Findings {
				got[fmt.Sprintf("%s (%s)", finding.Resource, finding.Step)] = finding.Severity
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAQuietCaseHasNoFindingFromTheLogs runs on the same world without the incident.
func TestAQuietCaseHasNoFindingFromTheLogs(t *testing.T) {
	_, report := runSample(t, drill.Options{Quiet: true})
	for _, finding := range report.Findings {
		if finding.Step != "exposure" && finding.Step != "flow_logs" && finding.Step != "nat_traffic_alarm" && finding.Step != "nat_ports_alarm" {
			t.Errorf("%s: %s", finding.Step, finding.Title)
		}
	}
	for _, unchecked := range report.NotChecked {
		if unchecked.Step != "reached" { // there is nobody to follow
			t.Errorf("%s is %s: %s", unchecked.Step, unchecked.Status, unchecked.Reason)
		}
	}
}

// TestGeneratedFilesAreUpToDate holds docs/ to what the program says of itself.
func TestGeneratedFilesAreUpToDate(t *testing.T) {
	for file, args := range map[string][]string{
		"playbook.schema.json": {"schema"},
		"kinds.md":             {"show", "--kinds"},
		"functions.md":         {"show", "--functions"},
	} {
		var out, errs bytes.Buffer
		if code := Run(args, nil, &out, &errs); code != exitDone {
			t.Fatalf("%v: exit code %d: %s", args, code, errs.String())
		}
		want, err := os.ReadFile(filepath.Join("..", "..", "docs", file))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), out.String()); diff != "" {
			t.Errorf("docs/%s is not up to date; run go generate ./...\n%s", file, diff)
		}
	}
}
