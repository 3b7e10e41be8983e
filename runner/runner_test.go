package runner_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playbook/playbooks"
	"playbook/playbooks/expression"
	"playbook/runner"
	"playbook/runner/journal"
	"playbook/steps"
)

// emit is a kind whose outcome the playbook dictates.
type emit struct {
	Rows     []any  `yaml:"rows,omitempty"`
	Examined int    `yaml:"examined,omitempty"`
	Cut      bool   `yaml:"cut,omitempty"`
	Gap      string `yaml:"gap,omitempty"`
	Note     string `yaml:"note,omitempty"`
	Fail     string `yaml:"fail,omitempty"`
	Skip     string `yaml:"skip,omitempty"`
	Missing  string `yaml:"missing,omitempty"`
	Panic    string `yaml:"panic,omitempty"`
	Until    int    `yaml:"until,omitempty"` // fails before this attempt
	Only     string `yaml:"only,omitempty"`  // fails elsewhere than in this account
	Sleep    bool   `yaml:"sleep,omitempty"`
	Ask      bool   `yaml:"ask,omitempty"`
	Read     string `yaml:"read,omitempty"`
	Open     string `yaml:"open,omitempty"`
	Change   string `yaml:"change,omitempty"` // what a call would be made for
	attempts int
}

type emitted struct {
	Rows  []any `json:"rows"`
	Total int64 `json:"total"`
}

func (e *emit) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	e.attempts++
	counter := attemptsOf(ctx)
	*counter++
	result := steps.Result{
		Value:   emitted{Rows: append([]any{}, e.Rows...), Total: int64(len(e.Rows))},
		Quality: steps.Quality{Examined: int64(e.Examined), Unit: "records", Read: []steps.Reading{{Source: "logs", Files: 2, Records: int64(e.Examined)}}},
	}
	if e.Cut {
		result.Quality.Cut = []string{"rows"}
	}
	if e.Gap != "" {
		result.Quality.Gaps = append(result.Quality.Gaps, steps.Gap{Source: e.Gap, Problem: "truncated", Blocking: true})
	}
	if e.Note != "" {
		result.Quality.Gaps = append(result.Quality.Gaps, steps.Gap{Source: e.Note, Problem: "3 lines do not fit", Count: 3})
	}
	switch {
	case e.Fail != "":
		return result, errors.New(e.Fail)
	case e.Skip != "":
		return steps.Result{}, &steps.Skip{Reason: e.Skip}
	case e.Missing != "":
		return steps.Result{}, &steps.Missing{What: e.Missing}
	case e.Panic != "":
		panic(e.Panic)
	case *counter < e.Until:
		return result, fmt.Errorf("not yet, attempt %d", *counter)
	case e.Only != "" && env.Target.Account != e.Only:
		return steps.Result{}, errors.New("access denied")
	case e.Sleep:
		<-ctx.Done()
		return steps.Result{}, ctx.Err()
	case e.Ask:
		_, err := env.Prompt.Ask(ctx, steps.Question{Prompt: "Well?"})
		return result, err
	case e.Change != "":
		result.Changes = []steps.Change{{Resource: e.Change, Call: steps.Call{Operation: "ec2:DeleteVpc", Input: map[string]any{"VpcId": e.Change}}}}
	case e.Open != "":
		for object, err := range env.Files.List(ctx, e.Open) {
			if err != nil {
				return result, err
			}
			file, err := env.Files.Open(ctx, object.Location)
			if err != nil {
				return result, err
			}
			text, err := io.ReadAll(file)
			if err := errors.Join(err, file.Close()); err != nil {
				return result, err
			}
			result.Value = emitted{Rows: []any{string(text)}, Total: 1}
		}
	case e.Read != "":
		for _, err := range env.Cloud.Read(ctx, e.Read, nil) {
			if err != nil {
				return result, err
			}
		}
	}
	return result, nil
}

type attemptsKey struct{}

func attemptsOf(ctx context.Context) *int {
	if counter, ok := ctx.Value(attemptsKey{}).(*int); ok {
		return counter
	}
	return new(int)
}

var testKinds = []steps.Kind{
	{Name: "emit", Effect: steps.Reads, Result: emitted{}, New: func() steps.Step { return &emit{Examined: 10} }, Operations: []string{"ec2:DescribeVpcs"}},
	{Name: "emit_there", Effect: steps.Reads, Result: emitted{}, PerTarget: true, New: func() steps.Step { return &emit{Examined: 10} }, Operations: []string{"ec2:DescribeVpcs"}},
	{Name: "emit_account", Effect: steps.Reads, Result: emitted{}, PerAccount: true, New: func() steps.Step { return &emit{Examined: 10} }, Operations: []string{"ec2:DescribeVpcs"}},
}

type ground struct{ targets []steps.Target }

func (ground) Name() string                   { return "case" }
func (g ground) Targets() []steps.Target      { return g.targets }
func (ground) Logs() []expression.Logs        { return nil }
func (ground) Querier() steps.Querier         { return nil }
func (ground) Files() steps.Files             { return nil }
func (ground) Cloud(steps.Target) steps.Cloud { return pages{} }

type pages struct{}

func (pages) Read(context.Context, string, map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		_ = yield(map[string]any{"Vpcs": []any{"a"}, "NextToken": "x", "Marker": "y", "IsTruncated": true}, nil) &&
			yield(map[string]any{"Vpcs": []any{"b"}, "IsTruncated": false}, nil)
	}
}

var twoTargets = []steps.Target{{Account: "111122223333", Region: "eu-west-1"}, {Account: "444455556666", Region: "eu-west-1"}}

// execute runs a playbook made of the given steps and returns the outcomes by step.
func execute(t *testing.T, ctx context.Context, body string) (map[string]journal.Outcome, runner.Summary, string) {
	t.Helper()
	return executeWith(t, ctx, "", map[string]any{}, body)
}

func executeWith(t *testing.T, ctx context.Context, declared string, params map[string]any, body string) (map[string]journal.Outcome, runner.Summary, string) {
	t.Helper()
	return executeOn(t, ctx, twoTargets, declared, params, body)
}

func executeOn(t *testing.T, ctx context.Context, targets []steps.Target, declared string, params map[string]any, body string) (map[string]journal.Outcome, runner.Summary, string) {
	t.Helper()
	source := "playbook: 1\nid: test\ntitle: Test\n" + declared + "steps:\n" + body
	p, diagnostics := playbooks.Load("test.yaml", []byte(source), testKinds)
	if err := diagnostics.Err(); err != nil {
		t.Fatalf("the test's playbook is wrong:\n%v", err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	at := time.Date(2026, 3, 15, 6, 0, 0, 0, time.UTC)
	clock := func() time.Time { at = at.Add(time.Millisecond); return at }
	folder, err := journal.Create(dir, journal.Run{ID: "r"}, journal.Options{Playbook: []byte(source), Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	outcomes := map[string]journal.Outcome{}
	run := runner.Run{
		Playbook: p, Params: params, Ground: ground{targets}, Now: at, Prompter: &runner.Answers{},
		Folder: folder, ID: "r", Started: at, Clock: clock, Selected: func(*playbooks.Step) bool { return true },
		Observe: func(e journal.Event) {
			if e.Outcome != nil {
				outcomes[e.Outcome.Step] = *e.Outcome
			}
		},
	}
	summary, err := run.Execute(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes, summary, dir
}

func step(id, rest string) string {
	text := fmt.Sprintf("  - id: %s\n    phase: detection\n    title: Step %s\n    uses: emit\n", id, id)
	for _, line := range strings.Split(strings.TrimSpace(rest), "\n") {
		text += "    " + line + "\n"
	}
	return text
}

const noRowsAbove = `
expect:
  - id: small
    each: result.rows
    that: item < 5
    severity: high
    finding: ${{ item }} is too much`

// TestNoFalseAllClear is the reason this program exists: each case could look like
// "nothing found", and none of them may.
func TestNoFalseAllClear(t *testing.T) {
	for _, test := range []struct {
		name, steps string
		of          string // the step that is judged
		status      steps.Status
		reason      string // part of it
	}{
		{"nothing was examined", step("a", "with: {examined: 0}\n"+noRowsAbove), "a",
			steps.Failed, "inconclusive: no records could be looked at"},
		{"nothing was examined and nothing expected", step("a", "with: {examined: 0}"), "a",
			steps.Failed, "inconclusive: no records could be looked at"},
		{"a clean look over a damaged file", step("a", "with: {rows: [1], gap: f.log.gz}\n"+noRowsAbove), "a",
			steps.Failed, "small: inconclusive: nothing was found, but the evidence has a gap: f.log.gz: truncated"},
		{"a clean look over rows that were cut", step("a", "with: {rows: [1], cut: true}\n"+noRowsAbove), "a",
			steps.Failed, "result.rows was cut"},
		{"the expression cannot be evaluated", step("a", "with: {rows: [word]}\n"+noRowsAbove), "a",
			steps.Failed, "small: could not be judged: "},
		{"the kind fails", step("a", "with: {fail: no route}\n"+noRowsAbove), "a", steps.Failed, "no route"},
		{"the kind panics", step("a", "with: {panic: boom}"), "a", steps.Failed, "a bug in this kind of step"},
		{"evidence is missing", step("a", "with: {missing: the answer of ec2 describe-vpcs}"), "a",
			steps.Failed, "the answer of ec2 describe-vpcs is missing"},
		{"reads a step that failed", step("a", "with: {fail: x}") + step("b", "when: steps.a.result.total >= 0"), "b",
			steps.Skipped, "needs a (failed)"},
		{"reads a step that was skipped by its condition", step("a", "when: 1 > 2") + step("b", "for_each: steps.a.result.rows"), "b",
			steps.Skipped, "needs a (skipped)"},
		{"reads findings of a step that failed", step("a", "with: {fail: x}") + step("b", "when: len(steps.a.findings) == 0"), "b",
			steps.Skipped, "needs a (failed)"},
		{"reads a step that looked at nothing", step("a", "with: {examined: 0}") + step("b", "for_each: steps.a.result.rows"), "b",
			steps.Skipped, "needs a (failed)"},
		{"its condition does not hold", step("a", "when: 1 > 2"), "a", steps.Skipped, "its condition does not hold: 1 > 2"},
		{"its condition cannot be evaluated", step("a", "with: {rows: [x]}") + step("b", "when: steps.a.result.rows[7] == 1"), "b",
			steps.Failed, "when:"},
		{"goes over an empty list", step("a", "with: {rows: []}") + step("b", "for_each: steps.a.result.rows"), "b",
			steps.Skipped, "for_each: the list is empty"},
		{"builds on a step with a gap", step("a", "with: {rows: [1], gap: f.log.gz}") +
			step("b", "for_each: steps.a.result.rows\nexpect: [{id: fine, that: len(result) > 0, severity: low, finding: none}]"), "b",
			steps.Failed, "fine: inconclusive: nothing was found, but the evidence has a gap: step a"},
		{"asks for the status of a step with a gap", step("a", "with: {rows: [1], gap: f.log.gz}") +
			step("b", "when: steps.a.status == 'passed'\nexpect: [{id: fine, that: len(result) > 0, severity: low, finding: none}]"), "b",
			steps.Failed, "fine: inconclusive: nothing was found, but the evidence has a gap: step a"},
		{"goes over a list that was cut", step("a", "with: {rows: [1], cut: true}") +
			step("b", "for_each: steps.a.result.rows\nexpect: [{id: fine, that: len(result) > 0, severity: low, finding: none}]"), "b",
			steps.Failed, "for_each went over a list that was cut"},
		{"reads rows of another step that were cut", step("a", "with: {rows: [1], cut: true}") +
			step("b", "expect: [{id: fine, that: 'all(steps.a.result.rows, # < 5)', severity: low, finding: none}]"), "b",
			steps.Failed, "steps.a.result.rows was cut"},
		{"one item looked at nothing", step("a", "with: {rows: [0, 10]}") +
			step("b", "for_each: steps.a.result.rows\nwith: {examined: '${{ item }}'}\nexpect: [{id: fine, that: len(result) > 0, severity: low, finding: none}]"), "b",
			steps.Failed, "fine: inconclusive: nothing was found, but the evidence has a gap: item 0"},
		{"nobody answers", step("a", "with: {ask: true}"), "a", steps.Pending, "waits for a person"},
		{"reads a step nobody answered", step("a", "with: {ask: true}") + step("b", "when: steps.a.result.total == 0"), "b",
			steps.Skipped, "needs a (pending)"},
		{"the kind skips", step("a", "with: {skip: nothing to do}"), "a", steps.Skipped, "nothing to do"},
		{"a target is not reached", strings.Replace(step("a", "with: {only: \"111122223333\", rows: [1]}\n"+noRowsAbove), "emit\n", "emit_there\n", 1), "a",
			steps.Failed, "444455556666/eu-west-1: access denied"},
		{"an operation is not declared", step("a", "with: {read: 'iam:DeleteUser'}"), "a",
			steps.Failed, "iam:DeleteUser is not among the operations"},
	} {
		t.Run(test.name, func(t *testing.T) {
			outcomes, summary, _ := execute(t, context.Background(), test.steps)
			got := outcomes[test.of]
			if got.Status != test.status || !strings.Contains(got.Reason, test.reason) {
				t.Errorf("step %s is %s (%s), want %s (… %s …)", test.of, got.Status, got.Reason, test.status, test.reason)
			}
			if summary.Statuses[test.status] == 0 {
				t.Errorf("the summary does not count it: %v", summary.Statuses)
			}
			if bad := test.status == steps.Failed || test.status == steps.Pending; bad && summary.Exit != 1 {
				t.Errorf("the exit code is %d, want 1", summary.Exit)
			}
		})
	}
}

func TestWhatWasLookedAtPassesOrIsFound(t *testing.T) {
	outcomes, summary, _ := execute(t, context.Background(),
		step("clean", "with: {rows: [1, 2], note: f.log}\n"+noRowsAbove)+
			step("empty", "with: {rows: []}\n"+noRowsAbove)+
			step("dirty", "with: {rows: [1, 7, 9], gap: f.log.gz, cut: true}\n"+noRowsAbove)+
			step("taken", "for_each: take(steps.dirty.result.rows, 2)")+
			step("after", "when: steps.dirty.status == 'findings' and len(steps.dirty.findings) == 2"))
	want := map[string]steps.Status{"clean": steps.Passed, "empty": steps.Passed, "dirty": steps.Findings, "taken": steps.Passed, "after": steps.Passed}
	for id, status := range want {
		if outcomes[id].Status != status {
			t.Errorf("%s is %s (%s), want %s", id, outcomes[id].Status, outcomes[id].Reason, status)
		}
	}
	for _, id := range []string{"clean", "taken"} { // the two items of one read the same
		if diff := cmp.Diff([]steps.Reading{{Source: "logs", Files: 2, Records: 10}}, outcomes[id].Read); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
	findings := outcomes["dirty"].Findings
	if len(findings) != 2 || findings[0].Title != "7 is too much" || findings[1].Item != int64(9) {
		t.Errorf("findings are %+v", findings)
	}
	if summary.Exit != 0 || summary.Worst != steps.High || summary.Findings["high"] != 2 {
		t.Errorf("summary is %+v", summary)
	}
}

func TestAPerAccountKindRunsOnceForEachAccount(t *testing.T) {
	targets := []steps.Target{
		{Account: "111122223333", Region: "eu-west-1"}, {Account: "111122223333", Region: "us-east-1"}, {Account: "444455556666", Region: "eu-west-1"}}
	body := strings.Replace(step("a", "with: {read: 'ec2:DescribeVpcs', rows: [{size: 9}]}\nexpect:\n  - id: small\n    each: result.rows\n    that: item.size < 5\n    severity: low\n    finding: big"), "emit\n", "emit_account\n", 1)
	outcomes, _, _ := executeOn(t, context.Background(), targets, "", map[string]any{}, body)
	got := outcomes["a"]
	if got.Status != steps.Findings || got.Examined != 20 || len(got.Findings) != 2 {
		t.Fatalf("%s after %d (%s), findings %+v", got.Status, got.Examined, got.Reason, got.Findings)
	}
	for i, account := range []string{"111122223333", "444455556666"} {
		if f := got.Findings[i]; f.Account != account || f.Region != "" {
			t.Errorf("finding %d is of %q/%q, want %s without a region", i, f.Account, f.Region, account)
		}
		if want := "evidence/a/" + account + "/global/ec2-describe-vpcs.json"; !slices.ContainsFunc(got.Evidence, func(f steps.File) bool { return f.Path == want }) {
			t.Errorf("%s is not among the evidence %v", want, got.Evidence)
		}
	}
}

func TestFindingsOfReachedTargetsAreKept(t *testing.T) {
	body := strings.Replace(step("a", "with: {only: \"111122223333\", rows: [{size: 9}]}\nexpect:\n  - id: small\n    each: result.rows\n    that: item.size < 5\n    resource: item.size\n    severity: low\n    finding: big"), "emit\n", "emit_there\n", 1)
	outcomes, _, dir := execute(t, context.Background(), body)
	got := outcomes["a"]
	if got.Status != steps.Failed || len(got.Findings) != 1 {
		t.Fatalf("got %s with findings %+v", got.Status, got.Findings)
	}
	want := steps.Finding{Step: "a", Expectation: "small", Account: "111122223333", Region: "eu-west-1", Resource: "9",
		Severity: steps.Low, Title: "big", Item: map[string]any{"size": int64(9), "account": "111122223333", "region": "eu-west-1"}}
	if diff := cmp.Diff(want, got.Findings[0]); diff != "" {
		t.Error(diff)
	}
	record, err := journal.ReadRecord(dir, got)
	if err != nil {
		t.Fatal(err)
	}
	if len(record.Parts) != 2 || record.Parts[1].Reason != "444455556666/eu-west-1: access denied" {
		t.Errorf("parts are %+v", record.Parts)
	}
}

func TestRetryTimeoutAndStop(t *testing.T) {
	t.Run("retry until it works", func(t *testing.T) {
		ctx := context.WithValue(context.Background(), attemptsKey{}, new(int))
		outcomes, _, _ := execute(t, ctx, step("a", "with: {until: 3}\nretry: {attempts: 3, backoff: 1ms}"))
		if got := outcomes["a"]; got.Status != steps.Passed || got.Attempts != 3 {
			t.Errorf("got %s after %d attempts (%s)", got.Status, got.Attempts, got.Reason)
		}
	})
	t.Run("retry gives up", func(t *testing.T) {
		ctx := context.WithValue(context.Background(), attemptsKey{}, new(int))
		outcomes, _, _ := execute(t, ctx, step("a", "with: {until: 9}\nretry: {attempts: 2, backoff: 1ms}"))
		if got := outcomes["a"]; got.Status != steps.Failed || !strings.Contains(got.Reason, "failed 2 times, at last: not yet, attempt 2") {
			t.Errorf("got %s (%s)", got.Status, got.Reason)
		}
	})
	t.Run("missing evidence is not asked for again", func(t *testing.T) {
		outcomes, _, _ := execute(t, context.Background(), step("a", "with: {missing: it}\nretry: {attempts: 5, backoff: 1h}"))
		if got := outcomes["a"]; got.Attempts != 1 {
			t.Errorf("tried %d times", got.Attempts)
		}
	})
	t.Run("timeout", func(t *testing.T) {
		outcomes, _, _ := execute(t, context.Background(), step("a", "with: {sleep: true}\ntimeout: 10ms"))
		if got := outcomes["a"]; got.Status != steps.Failed || !strings.Contains(got.Reason, "longer than its timeout of 10ms") {
			t.Errorf("got %s (%s)", got.Status, got.Reason)
		}
	})
	t.Run("on_failure stop", func(t *testing.T) {
		outcomes, summary, _ := execute(t, context.Background(), step("a", "with: {fail: x}\non_failure: stop")+step("b", ""))
		if _, ran := outcomes["b"]; ran || summary.State != "stopped" || summary.Exit != 1 {
			t.Errorf("b ran: %v, summary %+v", ran, summary)
		}
	})
}

func TestInterruptionLeavesAReadableFolder(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	outcomes, summary, dir := execute(t, ctx, step("a", "")+step("b", "with: {sleep: true}")+step("c", ""))
	if summary.State != "interrupted" || summary.Exit != 130 || outcomes["a"].Status != steps.Passed {
		t.Errorf("summary %+v", summary)
	}
	if _, done := outcomes["b"]; done {
		t.Error("the interrupted step has an outcome; resume would not run it again")
	}
	events, err := journal.ReadEvents(dir)
	if err != nil {
		t.Fatal(err)
	}
	var types []journal.Type
	for _, event := range events {
		types = append(types, event.Type)
	}
	want := []journal.Type{journal.RunStarted, journal.StepStarted, journal.StepFinished, journal.StepStarted, journal.RunFinished}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Error(diff)
	}
}

func TestAWSAnswersAreKeptWhole(t *testing.T) {
	outcomes, _, dir := execute(t, context.Background(), strings.Replace(step("a", "with: {read: 'ec2:DescribeVpcs'}"), "emit\n", "emit_there\n", 1))
	files := outcomes["a"].Evidence
	if len(files) != 2 || files[0].Path != "evidence/a/111122223333/eu-west-1/ec2-describe-vpcs.json" {
		t.Fatalf("evidence is %+v", files)
	}
	text, err := os.ReadFile(filepath.Join(dir, files[0].Path))
	if err != nil {
		t.Fatal(err)
	}
	want := "{\n    \"Vpcs\": [\n        \"a\",\n        \"b\"\n    ]\n}\n"
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
}

func TestSelect(t *testing.T) {
	later := func(step string) string { return strings.Replace(step, "detection", "recovery", 1) }
	source := "playbook: 1\nid: test\ntitle: T\nsteps:\n" + step("a", "") + step("unread", "") +
		step("table", "") + step("view", "when: steps.table.status == 'passed'") +
		later(step("b", "")) + later(step("c", "for_each: steps.view.result.rows"))
	p, diagnostics := playbooks.Load("test.yaml", []byte(source), testKinds)
	if err := diagnostics.Err(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		phases, ids []string
		want        string
	}{
		{nil, nil, "a unread table view b c"},
		{[]string{"recovery"}, nil, "table view b c"},
		{nil, []string{"a"}, "a"},
		{nil, []string{"b", "view"}, "table view b"},
	} {
		selected, err := runner.Select(p, test.phases, test.ids)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range p.Steps {
			if selected(s) {
				got = append(got, s.ID)
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%v %v selects %v, want %s", test.phases, test.ids, got, test.want)
		}
	}
	_, err := runner.Select(p, []string{"containement"}, []string{"nope"})
	if err == nil || !strings.Contains(err.Error(), "containement") || !strings.Contains(err.Error(), `"nope"`) {
		t.Errorf("got %v, want both mistakes named", err)
	}
}

// BenchmarkThousandSteps runs trivial steps, each journaled and synced; compare it
// with BenchmarkThousandAppends in the same run.
func BenchmarkThousandSteps(b *testing.B) {
	var body strings.Builder
	for i := range 1000 {
		body.WriteString(step(fmt.Sprintf("s%d", i), ""))
	}
	source := "playbook: 1\nid: test\ntitle: T\nsteps:\n" + body.String()
	p, diagnostics := playbooks.Load("test.yaml", []byte(source), testKinds)
	if err := diagnostics.Err(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		dir := filepath.Join(b.TempDir(), "run")
		os.RemoveAll(dir)
		folder, err := journal.Create(dir, journal.Run{ID: "r"}, journal.Options{Clock: time.Now})
		if err != nil {
			b.Fatal(err)
		}
		run := runner.Run{Playbook: p, Ground: ground{}, Prompter: &runner.Answers{}, Folder: folder, Clock: time.Now,
			Selected: func(*playbooks.Step) bool { return true }}
		b.StartTimer()
		summary, err := run.Execute(context.Background())
		if err != nil || summary.Statuses[steps.Passed] != 1000 {
			b.Fatal(summary, err)
		}
		b.StopTimer()
		folder.Close()
		b.StartTimer()
	}
}

func BenchmarkThousandAppends(b *testing.B) {
	file, err := os.Create(filepath.Join(b.TempDir(), "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	line := strings.Repeat("x", 400)
	for b.Loop() {
		for range 1000 {
			if _, err := io.WriteString(file, line); err != nil {
				b.Fatal(err)
			}
			if err := file.Sync(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func TestAFileFromTheCommandLineIsReadFromItsCopy(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "list.txt")
	if err := os.WriteFile(path, []byte("198.51.100.7"), 0o600); err != nil {
		t.Fatal(err)
	}
	declared := "params:\n  list: {type: file}\n"
	body := step("given", "with: {open: '${{ params.list }}'}") + step("other", "with: {open: /etc/passwd}") +
		step("beside", fmt.Sprintf("with: {open: %s}", filepath.Join(folder, "..", "x"))) + step("bucket", "with: {open: 's3://bucket/key'}")
	outcomes, _, dir := executeWith(t, t.Context(), declared, map[string]any{"list": path}, body)
	if outcomes["given"].Status != steps.Passed {
		t.Fatalf("%+v", outcomes["given"])
	}
	copied, err := os.ReadFile(filepath.Join(dir, "evidence/given/given/list.txt"))
	if err != nil || string(copied) != "198.51.100.7" {
		t.Errorf("the copy holds %q, %v", copied, err)
	}
	for id, reason := range map[string]string{
		"other": "a playbook reads no other file of this machine", "beside": "a playbook reads no other file of this machine",
		"bucket": "s3:ListBucket is not among the operations that this kind declares",
	} {
		if got := outcomes[id]; got.Status != steps.Failed || !strings.Contains(got.Reason, reason) {
			t.Errorf("%s: %s %s", id, got.Status, got.Reason)
		}
	}
}

func TestWorkedOutCallsArePlanned(t *testing.T) {
	outcomes, summary, dir := execute(t, t.Context(), step("change", "with: {change: vpc-1}")+
		step("after", "when: steps.change.status == \"planned\"\nwith: {rows: [1]}"))
	got := outcomes["change"]
	if got.Status != steps.Planned || got.Reason != "1 call worked out and not made" {
		t.Errorf("%s %s", got.Status, got.Reason)
	}
	if outcomes["after"].Status != steps.Passed || summary.Exit != 0 {
		t.Errorf("after it: %+v, exit %d", outcomes["after"], summary.Exit)
	}
	record, err := journal.ReadRecord(dir, got)
	if err != nil {
		t.Fatal(err)
	}
	if changes := record.Parts[0].Changes; len(changes) != 1 || changes[0].Resource != "vpc-1" {
		t.Errorf("the record has %+v", changes)
	}
}

func TestFindingsSayWhenTheyHappenedAndToWhom(t *testing.T) {
	outcomes, _, _ := execute(t, t.Context(), step("a", `
with:
  rows: [{from: "2026-03-01T10:00:00Z", ip: 203.0.113.9, hosts: [i-1, "-", i-2], bytes: 12}]
expect:
  - id: quiet
    each: result.rows
    that: "false"
    severity: high
    finding: noise
    happened: {from: time(item.from), actors: item.ip, assets: item.hosts, bytes: item.bytes}
  - id: torn
    each: result.rows
    that: "false"
    severity: high
    finding: noise
    happened: {from: item.from, bytes: item.ip}
`))
	got := outcomes["a"]
	want := steps.Happened{
		From: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), Actors: []string{"203.0.113.9"}, Assets: []string{"i-1", "i-2"}, Bytes: 12,
	}
	if diff := cmp.Diff(want, got.Findings[0].Happened); diff != "" {
		t.Error(diff)
	}
	if got.Status != steps.Failed || !strings.Contains(got.Reason, "happened.from: item.from gave 2026-03-01T10:00:00Z, which is not a time") ||
		!strings.Contains(got.Reason, "happened.bytes: item.ip gave 203.0.113.9, which is not a number") {
		t.Errorf("%s %s", got.Status, got.Reason)
	}
}

func TestAResultThatIsOnlyWantedIsDoneWithout(t *testing.T) {
	outcomes, _, dir := execute(t, t.Context(), step("broken", "with: {rows: [9], fail: no access}")+
		step("asks", "with: {rows: ['${{ steps.broken.result?.rows ?? \"none\" }}']}")+
		step("judges", "with: {rows: [1]}\nexpect:\n  - id: few\n    that: len(steps.broken.result?.rows ?? []) == 0\n    severity: high\n    finding: many")+
		step("insists", "with: {rows: '${{ steps.broken.result.rows }}'}"))
	if got := outcomes["asks"]; got.Status != steps.Passed || len(got.Gaps) != 1 || !strings.Contains(got.Gaps[0].Problem, "went on without it") {
		t.Errorf("%+v", got)
	}
	record, err := journal.ReadRecord(dir, outcomes["asks"])
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(record.Result); got != "map[rows:[none] total:1]" {
		t.Errorf("it saw %s", got)
	}
	if got := outcomes["judges"]; got.Status != steps.Failed || !strings.Contains(got.Reason, "inconclusive: nothing was found, but the evidence has a gap: step broken") {
		t.Errorf("%s %s", got.Status, got.Reason)
	}
	if got := outcomes["insists"]; got.Status != steps.Skipped || got.Reason != "needs broken (failed)" {
		t.Errorf("%s %s", got.Status, got.Reason)
	}
}
