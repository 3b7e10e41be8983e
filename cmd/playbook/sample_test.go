package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
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
			finders := map[string][]string{
				drill.ExposedSSH:           {"exposure"},
				drill.VPCWithoutFlowLog:    {"flow_logs"},
				drill.NATWithoutAlarm:      {"nat_traffic_alarm", "nat_ports_alarm"},
				drill.IOCContact:           {"contacts"},
				drill.BytesOut:             {"bulk_egress"},
				drill.PasswordGuessed:      {"password_guessing"},
				drill.NewRemoteAccess:      {"remote_access"},
				drill.HostSweep:            {"host_sweeps"},
				drill.Sideways:             {"sideways"},
				drill.Beacon:               {"beacons"},
				drill.NewDestination:       {"new_destinations"},
				drill.LargeUpload:          {"large_flows"},
				drill.DatabaseCopied:       {"large_flows"},
				drill.UnusualVolume:        {"volumes"},
				drill.RuleChanged:          {"drift", "restored_drift"},
				drill.NotInBaseline:        {"drift", "restored_drift"},
				drill.ScannerSeesSSH:       {"prowler"},
				drill.ScannerSeesNoFlowLog: {"security_hub"},
				drill.NotRestored:          {"restored"},

				drill.AdministratorFromOutside: {"access"},
				drill.AdministratorUnused:      {"access"},
			}
			want := found{}
			for _, fact := range truth.Facts {
				if finders[fact.ID] == nil {
					t.Errorf("this test does not know which step finds %s", fact.ID)
				}
				for _, step := range finders[fact.ID] {
					want[fmt.Sprintf("%s (%s)", fact.Resource, step)] = fact.Severity
				}
			}
			got := found{}
			for _, finding := range report.Findings {
				if finding.Severity == steps.Info {
					continue // the noise of the internet, and what is usual
				}
				got[fmt.Sprintf("%s (%s)", finding.Resource, finding.Step)] = finding.Severity
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAQuietCaseHasNoFindingFromTheLogs runs on the same world without the incident. The
// internet scans every public address, and administrators come from the office: of that
// it may speak, as information.
func TestAQuietCaseHasNoFindingFromTheLogs(t *testing.T) {
	_, report := runSample(t, drill.Options{Quiet: true})
	for _, phase := range report.Phases {
		for _, step := range phase.Steps {
			for _, finding := range step.Findings {
				if (phase.ID == "detection" || phase.ID == "containment") && finding.Severity.Rank() >= steps.Low.Rank() {
					t.Errorf("%s: %s: %s", step.ID, finding.Severity, finding.Title)
				}
			}
			switch {
			case step.Status == steps.Passed || step.Status == steps.Findings:
			case step.Status == steps.Planned && (phase.ID == "preparation" || step.ID == "close"): // what is wrong in the quiet too
			case step.Status == steps.Skipped && (phase.ID == "containment" || strings.HasPrefix(step.ID, "json_") || step.ID == "insights"): // nobody to contain, no agent, no flow log in CloudWatch Logs
			default:
				t.Errorf("%s is %s: %s", step.ID, step.Status, step.Reason)
			}
		}
	}
	if report.Story != nil {
		t.Errorf("a story is told of a quiet case: %q", report.Story)
	}
}

// TestGeneratedFilesAreUpToDate holds docs/ to what the program says of itself, and the
// table of what vpc-flow carries out to its steps: a step that disappears changes it.
func TestGeneratedFilesAreUpToDate(t *testing.T) {
	for file, args := range map[string][]string{
		"docs/playbook.schema.json": {"schema"},
		"docs/kinds.md":             {"show", "--kinds"},
		"docs/functions.md":         {"show", "--functions"},
		"playbooks/vpc-flow.md":     {"show", "vpc-flow", "--rows"},
	} {
		var out, errs bytes.Buffer
		if code := Run(args, nil, &out, &errs); code != exitDone {
			t.Fatalf("%v: exit code %d: %s", args, code, errs.String())
		}
		want, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), out.String()); diff != "" {
			t.Errorf("%s is not up to date; run go generate ./...\n%s", file, diff)
		}
	}
}
