package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playbook/steps"
)

func tick() func() time.Time {
	at := time.Date(2026, 3, 15, 6, 0, 0, 0, time.UTC)
	return func() time.Time { at = at.Add(time.Second); return at }
}

func create(t *testing.T, secrets ...string) *Folder {
	t.Helper()
	f, err := Create(filepath.Join(t.TempDir(), "runs", "r1"), Run{ID: "r1", Operator: "Dana"},
		Options{Playbook: []byte("playbook: 1\n"), Clock: tick(), Secrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestEventsFormAChain(t *testing.T) {
	f := create(t)
	for _, id := range []string{"a", "b"} {
		if _, err := f.Append(Event{Type: StepFinished, Outcome: &Outcome{Step: id, Status: steps.Passed}}); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(f.Dir(), journalName))
	if err != nil {
		t.Fatal(err)
	}
	previous := sha256.Sum256(nil)
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	for i, line := range lines {
		var event Event
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatal(err)
		}
		if event.Seq != int64(i+1) || event.Prev != hex.EncodeToString(previous[:]) {
			t.Errorf("line %d has seq %d and prev %s", i+1, event.Seq, event.Prev)
		}
		previous = sha256.Sum256(line)
	}
	if len(lines) != 3 {
		t.Errorf("the journal has %d lines, want 3", len(lines))
	}
	events, err := ReadEvents(f.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if got := events[2].Outcome.Step; got != "b" {
		t.Errorf("the last event is of step %q, want b", got)
	}
}

func TestFolderAppearsWhole(t *testing.T) {
	f := create(t)
	info, err := os.Stat(f.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o700 {
		t.Errorf("the run folder has mode %o, want 700", mode)
	}
	entries, _ := os.ReadDir(filepath.Dir(f.Dir()))
	if len(entries) != 1 {
		t.Errorf("beside the run folder lies something else: %v", entries)
	}
	if _, err := Create(f.Dir(), Run{}, Options{Clock: tick()}); err == nil {
		t.Error("an existing run folder was written to")
	}
}

func TestEvidenceIsWholeHashedAndReadOnly(t *testing.T) {
	f := create(t)
	store := f.Evidence("talkers")
	write := func(s steps.Evidence, name, text string) steps.File {
		t.Helper()
		file, err := s.Write(name, func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	first := write(store, "rows.csv", "a\n")
	second := write(store, "rows.csv", "b\n")
	below := write(store.Below("003"), "rows.csv", "c\n")
	sum := sha256.Sum256([]byte("a\n"))
	want := steps.File{Path: "evidence/talkers/rows.csv", SHA256: hex.EncodeToString(sum[:]), Bytes: 2}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Error(diff)
	}
	if second.Path != "evidence/talkers/rows-2.csv" || below.Path != "evidence/talkers/003/rows.csv" {
		t.Errorf("paths are %s and %s", second.Path, below.Path)
	}
	info, err := os.Stat(filepath.Join(f.Dir(), first.Path))
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("evidence has mode %v (%v), want 400", info.Mode(), err)
	}
	failure := errors.New("disk full")
	if _, err := store.Write("half.csv", func(w io.Writer) error { io.WriteString(w, "x"); return failure }); !errors.Is(err, failure) {
		t.Errorf("got %v, want %v", err, failure)
	}
	err = filepath.WalkDir(f.Dir(), func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(path, "half") || strings.HasSuffix(path, ".part") {
			t.Errorf("a failed write left %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEvidenceNamesStayBelowTheStep(t *testing.T) {
	store := create(t).Evidence("s")
	for _, name := range []string{"", "../x", "/etc/passwd", "a/../../x", "a//b", "a\\b", "a\x00b", "."} {
		if _, err := store.Write(name, func(io.Writer) error { return nil }); err == nil {
			t.Errorf("evidence could be written as %q", name)
		}
	}
}

func TestRecordComesBackWithItsTypes(t *testing.T) {
	for name, padding := range map[string]int{"inline": 0, "in a file": maxInline} {
		t.Run(name, func(t *testing.T) {
			f := create(t)
			record := Record{
				Step: "s",
				Result: map[string]any{
					"rows":    []any{map[string]any{"bytes": int64(9007199254740993), "ratio": 0.5, "ip": "10.0.0.1"}},
					"padding": strings.Repeat("x", padding),
				},
				Parts: []Part{{Blocks: []steps.Block{{Table: &steps.Table{Rows: [][]any{{int64(1), nil, true}}, Total: 1}}}}},
			}
			outcome := Outcome{Step: "s"}
			if err := f.Evidence("s").Record(record, &outcome); err != nil {
				t.Fatal(err)
			}
			if inFile := outcome.Record != nil; inFile != (padding > 0) {
				t.Errorf("the record is in a file: %v", inFile)
			}
			if _, err := f.Append(Event{Type: StepFinished, Outcome: &outcome}); err != nil {
				t.Fatal(err)
			}
			events, err := ReadEvents(f.Dir())
			if err != nil {
				t.Fatal(err)
			}
			back, err := ReadRecord(f.Dir(), *events[1].Outcome)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(record, back); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSecretsDoNotReachTheDisk(t *testing.T) {
	const secret = `https://hooks.example/"T0"/x`
	f := create(t, secret)
	outcome := Outcome{Step: "s", Reason: "post " + secret + ": refused"}
	record := Record{Step: "s", Result: map[string]any{"url": "to " + secret, "padding": strings.Repeat("x", maxInline)}}
	if err := f.Evidence("s").Record(record, &outcome); err != nil {
		t.Fatal(err)
	}
	_, err := f.Evidence("u").Write("rows.csv", func(w io.Writer) error {
		// As CSV quotes it, split over writes at every place.
		for _, r := range `"` + strings.ReplaceAll(secret, `"`, `""`) + `"` {
			if _, err := io.WriteString(w, string(r)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	small := Outcome{Step: "t"}
	if err := f.Evidence("t").Record(Record{Result: []any{secret}}, &small); err != nil {
		t.Fatal(err)
	}
	for _, o := range []*Outcome{&outcome, &small} {
		if _, err := f.Append(Event{Type: StepFinished, Outcome: o}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Seal(); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(f.Dir(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("hooks.example")) {
			t.Errorf("%s holds the secret: %s", path, text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadRecord(f.Dir(), outcome)
	if err != nil {
		t.Fatal(err)
	}
	if got := back.Result.(map[string]any)["url"]; got != "to ***" {
		t.Errorf("masked text is %q", got)
	}
}

func TestManifestNamesEveryFileAndTheHead(t *testing.T) {
	f := create(t)
	file, err := f.Evidence("s").Write("rows.csv", func(w io.Writer) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Seal(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(f.Dir(), manifestName))
	if err != nil {
		t.Fatal(err)
	}
	var manifest Manifest
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	journal, err := os.ReadFile(filepath.Join(f.Dir(), journalName))
	if err != nil {
		t.Fatal(err)
	}
	want := Manifest{Version: 1, Events: 1, Head: SHA256(bytes.TrimSuffix(journal, []byte("\n"))), Files: []steps.File{
		{Path: "playbook.yaml", SHA256: SHA256([]byte("playbook: 1\n")), Bytes: 12}, file,
	}}
	if diff := cmp.Diff(want, manifest); diff != "" {
		t.Error(diff)
	}
}

func TestAHalfWrittenLastLineIsLeftOut(t *testing.T) {
	f := create(t)
	path := filepath.Join(f.Dir(), journalName)
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"seq":2,"ti`); err != nil {
		t.Fatal(err)
	}
	file.Close()
	events, err := ReadEvents(f.Dir())
	if err != nil || len(events) != 1 {
		t.Errorf("got %d events and %v, want the one that was finished", len(events), err)
	}
	if err := os.WriteFile(path, []byte("not json\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadEvents(f.Dir()); err == nil || !strings.Contains(err.Error(), ":1:") {
		t.Errorf("a broken line gave %v, want an error with its line", err)
	}
}

// TestMaskingLeavesTheRestAlone writes text in pieces of any size through a mask.
func TestMaskingLeavesTheRestAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[ab]{1,4}`).Draw(t, "secret")
		text := rapid.StringMatching(`[abc]{0,60}`).Draw(t, "text")
		var out bytes.Buffer
		w, flush := newMask([]string{secret}).writer(&out)
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			if _, err := io.WriteString(w, rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := flush(); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), secret) {
			t.Fatalf("%q shows %q", out.String(), secret)
		}
		if got, want := strings.Count(out.String(), "c"), strings.Count(text, "c"); got != want {
			t.Fatalf("%d of %d other letters are left", got, want)
		}
	})
}
