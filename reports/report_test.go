package reports

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playbook/runner/journal"
	"playbook/steps"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fixture makes a run folder with a step of every status. text goes through every
// place where text from outside lands.
func fixture(t testing.TB, text func(string) string) string {
	t.Helper()
	at := time.Date(2026, 3, 15, 6, 0, 0, 0, time.UTC)
	clock := func() time.Time { at = at.Add(250 * time.Millisecond); return at }
	dir := filepath.Join(t.TempDir(), "run")
	heads := []journal.Step{
		{ID: "exposure", Phase: "preparation", Title: text("Find the open interfaces"), Uses: "exposure", Why: text("What is open can be attacked."), Covers: []int{3}, Selected: true},
		{ID: "alarms", Phase: "preparation", Title: text("Check the alarms"), Uses: "alarm", Selected: true},
		{ID: "training", Phase: "preparation", Title: text("Training"), Uses: "question", Selected: true},
		{ID: "owner", Phase: "preparation", Title: text("Owner"), Uses: "question", Selected: true},
		{ID: "talkers", Phase: "detection", Title: text("Rank the addresses"), Uses: "athena", Selected: true},
		{ID: "follow", Phase: "detection", Title: text("Follow them"), Uses: "athena", Selected: true},
		{ID: "contacts", Phase: "detection", Title: text("Contacts"), Uses: "athena", Selected: true},
		{ID: "isolate", Phase: "containment", Title: text("Isolate"), Uses: "isolate", Selected: true},
		{ID: "after", Phase: "recovery", Title: text("After"), Uses: "athena", Selected: true},
		{ID: "lessons", Phase: "post_incident", Title: text("Lessons"), Uses: "question", Selected: false},
	}
	folder, err := journal.Create(dir, journal.Run{
		ID: "01KQ", Tool: "playbook test", Operator: text("Dana"), Host: text("ws1"), Ground: "case", Case: text("sample"),
		Playbook: journal.Playbook{ID: "vpc-flow", Title: text("Analyze VPC Flow Logs"), Path: "vpc-flow.yaml", SHA256: strings.Repeat("ab", 32),
			Summary: text("Find out who talked to whom."), Steps: heads,
			Document: asJSON(t, map[string]any{"author": text("Kim"), "approver": text("Robin"), "approved": "2026-01-15",
				"sources": []any{map[string]any{"title": text("A source"), "url": text("https://example.com/a_b"), "license": text("CC-BY-4.0")}}}),
			Classification: asJSON(t, map[string]any{"category": text("Log Analysis"), "tactics": []any{text("Exfiltration")}, "tools": []any{"Athena", text("CloudWatch")},
				"resources": []any{text("VPC")}, "indicators": []any{text("Third-party notice")}, "log_sources": []any{text("VPC Flow Logs")}, "teams": []any{text("SOC")}}),
			Objectives: map[string][]string{"determine": {text("Damage"), "Intent"}, "recover": {text("Hardened configuration")}, "caf": {"directive", "detective"}}},
		Window:     steps.Window{From: at.AddDate(0, 0, -14), To: at},
		WindowFrom: "case.yaml", Now: at, Targets: []steps.Target{{Account: "111122223333", Region: "eu-west-1"}},
		Params: map[string]any{"table": text("vpcflow"), "token": "***"}, Selection: "--phase detection",
	}, journal.Options{Playbook: []byte("playbook: 1\n"), Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	record := func(outcome journal.Outcome, parts ...journal.Part) {
		t.Helper()
		store := folder.Evidence(outcome.Step)
		if _, err := store.Write("rows.csv", func(w io.Writer) error { _, err := io.WriteString(w, "\"ip\"\n"); return err }); err != nil {
			t.Fatal(err)
		}
		if err := store.Record(journal.Record{Step: outcome.Step, Parts: parts}, &outcome); err != nil {
			t.Fatal(err)
		}
		for _, event := range []journal.Event{
			{Type: journal.StepStarted, Step: &journal.Step{ID: outcome.Step}},
			{Type: journal.StepFinished, Outcome: &outcome},
		} {
			if _, err := folder.Append(event); err != nil {
				t.Fatal(err)
			}
		}
	}
	target := steps.Target{Account: "111122223333", Region: "eu-west-1"}
	record(journal.Outcome{Step: "exposure", Status: steps.Findings, Examined: 31, Unit: text("network interfaces"), Millis: 12,
		Findings: []steps.Finding{{Step: "exposure", Expectation: "ssh", Account: target.Account, Region: target.Region,
			Resource: text("eni-0a1"), Severity: steps.High, Title: text("bastion answers tcp 22 to 0.0.0.0/0"),
			Happened: steps.Happened{From: at.AddDate(0, 0, -3), To: at.AddDate(0, 0, -3).Add(5 * time.Hour), Actors: []string{text("203.0.113.9"), "198.51.100.7"},
				Assets: []string{text("bastion"), "10.0.0.9", "10.0.0.10"}, Bytes: 8_900_000_000},
			Remedy: text("Close the rule."), FalsePositives: text("A bastion."), Attack: []string{"T1133", "T1021.004"}}}},
		journal.Part{Target: target, Blocks: []steps.Block{
			{Table: &steps.Table{Title: text("Reachable"), Columns: []steps.TableColumn{{Name: text("interface")}, {Name: "ports"}, {Name: "open"}},
				Rows: [][]any{{text("eni-0a1"), int64(22), true}, {nil, 0.5, false}}, Total: 2}},
			{Facts: &steps.Facts{Items: []steps.Fact{{Label: text("VPCs"), Value: int64(1234567), Unit: steps.Count}, {Label: "note", Value: text("a note")}}}},
			{Text: &steps.Text{Title: text("Remark"), Body: text("First.") + "\n\n" + text("Second.")}},
		}})
	record(journal.Outcome{Step: "alarms", Status: steps.Passed, Examined: 3, Unit: "resources"},
		journal.Part{Target: target, Blocks: []steps.Block{{Chart: &steps.Chart{Title: text("Bytes"), Shape: "line", Unit: steps.Bytes,
			X: []any{text("day 1"), "day 2"}, Series: []steps.Series{{Name: text("nat-1"), Y: []float64{5000000, 12}}},
			Limits: []steps.Limit{{Label: text("alarm"), Y: 4000000}}}},
			{Chart: &steps.Chart{Title: "Connections", Shape: "bar", X: []any{at, at.Add(time.Hour), at.Add(2 * time.Hour)},
				Series: []steps.Series{{Name: "accepted", Y: []float64{3, math.NaN(), 1}}, {Name: text("rejected"), Y: []float64{1, 2}}}}},
			{Diagram: &steps.Diagram{Title: text("Network"), Groups: []steps.DiagramGroup{{ID: "vpc-1", Label: text("prod"), Kind: "VPC"}, {ID: "subnet-1", Label: text("web"), Kind: "public subnet", Group: "vpc-1"}},
				Nodes: []steps.DiagramNode{{ID: "internet", Label: "internet"}, {ID: "eni-1", Label: text("bastion"), Kind: text("instance"), Group: "subnet-1", Mark: steps.High}, {ID: "eni-2", Label: "web-2", Kind: "instance", Group: "subnet-1"}},
				Edges: []steps.DiagramEdge{{From: "internet", To: "eni-1", Label: text("tcp 22"), Weight: 2, Mark: steps.High}, {From: "eni-1", To: "eni-2", Weight: 1}, {From: "eni-1", To: "nowhere"}}}}}})
	record(journal.Outcome{Step: "training", Status: steps.Passed, Examined: 1, Unit: "answer",
		Answer: &steps.Answer{Value: text("Yearly"), By: text("Dana"), At: time.Date(2026, 3, 15, 7, 0, 0, 0, time.UTC), Source: text("answers.yaml")}},
		journal.Part{Blocks: []steps.Block{{Facts: &steps.Facts{Items: []steps.Fact{{Label: "Answer", Value: text("Yearly")}}}}}})
	record(journal.Outcome{Step: "owner", Status: steps.Pending, Reason: "waits for a person"})
	rows := [][]any{}
	for i := range 30 {
		rows = append(rows, []any{text(fmt.Sprintf("10.0.0.%d", i)), int64(1_000_000_000 * (30 - i))})
	}
	gap := steps.Gap{Source: text("s3/logs/a.log.gz"), Problem: text("truncated gzip after line 12"), Count: 12, Examples: []string{text("2 123 eni")}, Blocking: true}
	read := []steps.Reading{{Source: text("vpcflow"), Files: 1056, Damaged: 2, Records: 123456, Misfits: 3, EmptyDays: 1,
		From: time.Date(2026, 3, 1, 0, 0, 5, 0, time.UTC), To: time.Date(2026, 3, 14, 23, 59, 0, 0, time.UTC)}, {Source: text("iocs"), Files: 1, Records: 1}}
	record(journal.Outcome{Step: "talkers", Status: steps.Passed, Examined: 123456, Unit: "flow log records", Gaps: []steps.Gap{gap}, Read: read, Millis: 61000, Attempts: 2},
		journal.Part{Blocks: []steps.Block{
			{Code: &steps.Code{Language: "sql", Source: text("SELECT ip FROM t")}},
			{Table: &steps.Table{Columns: []steps.TableColumn{{Name: "ip"}, {Name: "bytes", Unit: steps.Bytes}}, Rows: rows, Total: 4321, File: "evidence/talkers/rows.csv"}},
		}})
	record(journal.Outcome{Step: "follow", Status: steps.Findings, Examined: 20, Unit: "flow log records", Findings: []steps.Finding{
		{Step: "follow", Expectation: "x", Severity: steps.Info, Title: text("Seen")}, {Step: "follow", Expectation: "y", Severity: steps.Critical, Title: text("8.9 GB went out")}}},
		journal.Part{Item: map[string]any{"ip": text("10.0.0.1")}, Blocks: []steps.Block{{Table: &steps.Table{Columns: []steps.TableColumn{{Name: "day"}}, Rows: [][]any{}}}}},
		journal.Part{Item: text("10.0.0.2"), Target: target, Reason: text("access denied")})
	record(journal.Outcome{Step: "contacts", Status: steps.Failed, Reason: text("inconclusive: the evidence has a gap"), Gaps: []steps.Gap{gap}})
	record(journal.Outcome{Step: "isolate", Status: steps.Planned, Reason: "1 call worked out and not made"}, journal.Part{Target: target, Changes: []steps.Change{{
		Target: target, Resource: text("eni-0a1"), Reason: text("It talked to a listed address."),
		Call:   steps.Call{Operation: "ec2:ModifyNetworkInterfaceAttribute", Input: map[string]any{"NetworkInterfaceId": text("eni-0a1"), "Groups": []any{"sg-0e"}}},
		Before: map[string]any{"Groups": []any{text("sg-0a")}},
		Undo:   []steps.Call{{Operation: "ec2:ModifyNetworkInterfaceAttribute", Input: map[string]any{"NetworkInterfaceId": text("eni-0a1"), "Groups": []any{"sg-0a"}}}},
		Notes:  []string{text("Tracked connections stay open.")},
	}}})
	record(journal.Outcome{Step: "after", Status: steps.Skipped, Reason: text("needs contacts (failed)")})
	finished := journal.Finished{State: "completed"}
	if _, err := folder.Append(journal.Event{Type: journal.RunFinished, Finished: &finished}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func plain(text string) string { return text }

func TestReportsAreGolden(t *testing.T) {
	dir := fixture(t, plain)
	for _, format := range formats {
		r, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := format.render(r, &got); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", "report."+format.extension)
		if *update {
			if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s differs (run with -update to accept):\n%s", golden, diff)
		}
	}
}

func TestHeadlineIsNoFalseAllClear(t *testing.T) {
	step := func(status steps.Status) Step {
		return Step{Step: journal.Step{ID: "s"}, Outcome: journal.Outcome{Step: "s", Status: status}}
	}
	for _, test := range []struct {
		name     string
		statuses []steps.Status
		state    string
		gaps     []Gap
		want     string
	}{
		{"all passed", []steps.Status{steps.Passed, steps.Passed}, "completed", nil,
			"No findings: every step was carried out, and every expectation held on the evidence that was looked at."},
		{"one failed", []steps.Status{steps.Passed, steps.Failed}, "completed", nil,
			"No findings so far. This is not an all-clear. Not everything was looked at: 1 step failed or is inconclusive."},
		{"two skipped", []steps.Status{steps.Skipped, steps.Skipped, steps.Passed}, "completed", nil,
			"No findings so far. This is not an all-clear. Not everything was looked at: 2 steps are skipped."},
		{"one pending, one not run", []steps.Status{steps.Pending, notRun}, "completed", nil,
			"No findings so far. This is not an all-clear. Not everything was looked at: 1 step is waiting for a person, 1 step is not run."},
		{"interrupted", []steps.Status{steps.Passed}, "interrupted", nil, "No findings so far. This is not an all-clear."},
		{"a gap that hides", []steps.Status{steps.Passed}, "completed", []Gap{{Gap: steps.Gap{Source: "f", Blocking: true}}},
			"No findings so far. This is not an all-clear. Not everything was looked at: the evidence has 1 gap."},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &Report{State: test.state, Gaps: test.gaps, Phases: []Phase{{}}}
			for _, status := range test.statuses {
				r.Phases[0].Steps = append(r.Phases[0].Steps, step(status))
				if status != steps.Passed {
					r.NotChecked = append(r.NotChecked, Unchecked{Status: status})
				}
			}
			if got := r.headline(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func asJSON(t testing.TB, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestApprovalIsChecked(t *testing.T) {
	now := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	for document, want := range map[string]string{
		`{"approver":"R","approved":"2026-01-15"}`: "",
		`{"approver":"R","approved":"2025-03-14"}`: "older than a year",
		`{"approved":"2026-01-15"}`:                "nobody has approved",
		`{}`:                                       "nobody has approved",
		`{"approver":"R","approved":"soon"}`:       "is no date",
	} {
		got := approval(journal.Run{Now: now, Playbook: journal.Playbook{Document: json.RawMessage(document)}})
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s gives %q, want %q", document, got, want)
		}
	}
}

func TestAnUnfinishedRunIsReadable(t *testing.T) {
	dir := fixture(t, plain)
	path := filepath.Join(dir, "journal.jsonl")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	if err := os.WriteFile(path, []byte(strings.Join(lines[:4], "")+`{"seq":`), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != "unfinished" || r.count(notRun) != 9 || !strings.Contains(r.Headline, "9 steps are not run") {
		t.Errorf("state %s, %d not run, headline %s", r.State, r.count(notRun), r.Headline)
	}
}

// BenchmarkRender renders a run of 1,000 steps with 20 rows each into all formats.
func BenchmarkRender(b *testing.B) {
	r, err := Load(fixture(b, plain))
	if err != nil {
		b.Fatal(err)
	}
	model := r.Phases[1].Steps[0]
	r.Phases[1].Steps = nil
	for i := range 1000 {
		model.ID = fmt.Sprintf("talkers%d", i)
		r.Phases[1].Steps = append(r.Phases[1].Steps, model)
	}
	for b.Loop() {
		for _, format := range formats {
			if err := format.render(r, io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	}
}
