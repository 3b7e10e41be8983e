package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"playbook/reports"
	"playbook/steps"
)

// TestListsLongerThanAStatement: Athena takes 262,144 bytes at once, and a list of hostile
// addresses can have more. The one that was met stands last.
func TestListsLongerThanAStatement(t *testing.T) {
	var list strings.Builder
	for i := range 12_000 {
		fmt.Fprintf(&list, "45.%d.%d.%d from a feed, as line %d of it\n", i/250/250, i/250%250, i%250, i)
	}
	list.WriteString("198.51.100.23 the last\n")
	dir := t.TempDir()
	file, out := filepath.Join(dir, "list.txt"), filepath.Join(dir, "run")
	if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, errs bytes.Buffer
	args := []string{"run", "vpc-flow.yaml", "--case", "sample", "--step", "contacts", "--param", "iocs=", "--param", "ioc_file=" + file, "--out", out, "--no-input"}
	if code := Run(args, nil, &stdout, &errs); code != exitDone {
		t.Fatalf("exit code %d: %s%s", code, stdout.String(), errs.String())
	}
	report, err := reports.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Findings) != 1 || report.Findings[0].Severity != steps.Critical || !strings.Contains(report.Findings[0].Title, "198.51.100.23 (the last)") {
		t.Errorf("%+v", report.Findings)
	}
	parts, err := filepath.Glob(filepath.Join(out, "evidence", "ioc_matches", "0*"))
	if err != nil || len(parts) < 3 {
		t.Errorf("%v, %v", parts, err)
	}
	if took := report.Ended.Sub(report.Started); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}
