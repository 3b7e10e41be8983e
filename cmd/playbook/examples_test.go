package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"playbook/reports"
	"playbook/runner/drill"
	"playbook/steps"
	"playbook/steps/kinds"
)

// TestEveryExampleRunsOnTheSampleCase runs the example of each kind, as the docs show it,
// in a playbook of its own. Two ask what the sample does not hold: they have to say so.
func TestEveryExampleRunsOnTheSampleCase(t *testing.T) {
	sample := t.TempDir()
	if _, err := drill.Sample(context.Background(), sample, drill.Options{Records: 1}); err != nil {
		t.Fatal(err)
	}
	missing := map[string]string{
		"logs_insights": "the answer of logs:StartQuery",
		"drift":         "it is in the baseline, and the inventory did not look at it",
	}
	for _, kind := range kinds.All() {
		t.Run(kind.Name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "example.yaml")
			step := "  - " + strings.ReplaceAll(strings.TrimSpace(kind.Example), "\n", "\n    ") + "\n"
			text := "playbook: 1\nid: example\ntitle: Example\ndocument: {approver: R, approved: 2026-01-15}\nsteps:\n" + step
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(dir, "run")
			var errs strings.Builder
			code := Run([]string{"run", path, "--case", sample, "--no-cache", "--no-input", "--out", out}, nil, io.Discard, &errs)
			report, err := reports.Load(out)
			if err != nil {
				t.Fatalf("exit code %d: %s%v", code, errs.String(), err)
			}
			got := report.Phases[0].Steps[0]
			status := fmt.Sprintf("%s: %s", got.Status, got.Reason)
			switch {
			case missing[kind.Name] != "":
				if !strings.Contains(status, missing[kind.Name]) {
					t.Error(status)
				}
			case got.Status == steps.Pending && kind.Effect == steps.Asks:
			case got.Status != steps.Passed && got.Status != steps.Findings && got.Status != steps.Planned:
				t.Error(status)
			}
		})
	}
}
