package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playbook/playbooks"
	"playbook/reports"
	"playbook/steps"
	"playbook/steps/kinds"
)

var updateDetections = flag.Bool("update-detections", false, "write what the detections find into testdata/detections")

const detections = "testdata/detections"

// TestDetections runs single steps of vpc-flow.yaml on small logs. Each file has the
// traffic, in the notation of traffic_test.go, and under a line of dashes what the step
// must say of it. A line "moved --param scan_ports=19" says with which threshold a log
// that nearly triggers the step does.
func TestDetections(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(detections, "*", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		step := filepath.Base(filepath.Dir(file))
		t.Run(step+"/"+strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			traffic, want, ok := strings.Cut(string(text), "\n----\n")
			if !ok && !*updateDetections {
				t.Fatal("no line of four dashes")
			}
			got := detect(t, step, traffic)
			for line := range strings.Lines(traffic) {
				args, ok := strings.CutPrefix(line, "moved ")
				if moved := ""; ok {
					if moved = detect(t, step, traffic+"\nrun "+args); !strings.HasPrefix(moved, "findings\n") {
						t.Errorf("with %s: %s", strings.TrimSpace(args), moved)
					}
				}
			}
			if *updateDetections {
				if err := os.WriteFile(file, []byte(strings.TrimSpace(traffic)+"\n----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEveryDetectionIsTested: one log that triggers it, and one that nearly does.
func TestEveryDetectionIsTested(t *testing.T) {
	path, source, err := playbooks.Find("vpc-flow.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, diagnostics := playbooks.Load(path, source, kinds.All())
	if diagnostics.Err() != nil {
		t.Fatal(diagnostics)
	}
	count := 0
	for _, step := range p.Steps {
		reads := func(sql string) bool { return strings.Contains(sql, "FROM incident_connections") }
		if len(step.Expect) == 0 || !slices.ContainsFunc(step.SQL(), reads) {
			continue
		}
		count++
		for name, finds := range map[string]bool{"triggers.txt": true, "nearly.txt": false} {
			text, err := os.ReadFile(filepath.Join(detections, step.ID, name))
			if err != nil {
				t.Error(err)
			}
			_, want, _ := strings.Cut(string(text), "\n----\n")
			if !finds && want != "passed\n" || finds && !strings.HasPrefix(want, "findings\n") {
				t.Errorf("%s/%s wants %s", step.ID, name, want)
			}
		}
	}
	if count < 14 {
		t.Errorf("only %d detections read the connections", count)
	}
}

// detect runs one step, and those it reads, on a case with the traffic, and returns its
// status and findings as text.
func detect(t *testing.T, step, traffic string) string {
	t.Helper()
	dir := t.TempDir()
	args := writeTraffic(t, dir, traffic)
	out := filepath.Join(t.TempDir(), "run")
	var errs bytes.Buffer
	args = append([]string{"run", "vpc-flow.yaml", "--case", dir, "--step", step, "--no-cache", "--no-input", "--out", out}, args...)
	if code := Run(args, nil, io.Discard, &errs); code != exitDone && code != exitIncomplete {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	report, err := reports.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	status := steps.Status("nothing")
	for _, phase := range report.Phases {
		for _, s := range phase.Steps {
			switch {
			case s.ID == step:
				if status = s.Status; s.Reason != "" {
					status += steps.Status(": " + s.Reason)
				}
			case s.Status == steps.Failed:
				t.Fatalf("%s: %s", s.ID, s.Reason)
			}
		}
	}
	fmt.Fprintln(&text, status)
	for _, f := range report.Findings {
		if f.Step != step {
			continue
		}
		fmt.Fprintf(&text, "\n%s %s %s\n%s\n", f.Severity, f.Expectation, f.Resource, f.Title)
		if h := f.Happened; !h.From.IsZero() {
			fmt.Fprintf(&text, "%s to %s: %v, %v, %d bytes\n",
				h.From.Format(time.DateTime), h.To.Format(time.DateTime), h.Actors, h.Assets, h.Bytes)
		}
	}
	return text.String()
}
