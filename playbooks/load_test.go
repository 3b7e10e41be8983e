package playbooks_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playbook/playbooks"
	"playbook/steps/kinds"
)

var update = flag.Bool("update", false, "write the golden files")

const badFolder = "../testdata/bad"

// TestBadPlaybooks prints what a person sees of each bad playbook. Read the golden
// files as that person: each message has to say what is wrong and what to do.
func TestBadPlaybooks(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(badFolder, "*.yaml"))
	if err != nil || len(files) < 30 {
		t.Fatalf("found %d bad playbooks (%v), want at least 30", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, diagnostics := playbooks.Load(name, source, kinds.All())
			if p != nil || diagnostics.Err() == nil {
				t.Fatal("it loads")
			}
			var printed bytes.Buffer
			if err := diagnostics.Print(&printed, func(string) string { return string(source) }); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", printed.String())
		})
	}
}

// TestFilesOfWindows: neither a byte order mark nor \r\n moves a position.
func TestFilesOfWindows(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(badFolder, "positions.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, want := playbooks.Load("x", source, kinds.All())
	_, got := playbooks.Load("x", append([]byte("\ufeff"), bytes.ReplaceAll(source, []byte("\n"), []byte("\r\n"))...), kinds.All())
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 8 {
		t.Errorf("%d diagnostics, and those of the other differ: %s", len(want), diff)
	}
}

func TestTooManySteps(t *testing.T) {
	var text strings.Builder
	text.WriteString(head)
	for i := range 2001 {
		fmt.Fprintf(&text, "  - {id: s%d, phase: detection, title: Step, uses: probe}\n", i)
	}
	_, diagnostics := playbooks.Load("x", []byte(text.String()), probeKinds())
	if len(diagnostics) != 1 || !strings.Contains(diagnostics.Error(), "steps: want at most 2000 items, got 2001") {
		t.Errorf("got %.300s", diagnostics.Error())
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; make it with go test ./playbooks -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}

func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join(badFolder, "*.yaml"))
	for _, file := range files {
		if source, err := os.ReadFile(file); err == nil {
			f.Add(source)
		}
	}
	// Not the library: the fuzzer spends its time on making large inputs small.
	all := append(kinds.All(), probeKinds()...)
	f.Fuzz(func(t *testing.T, source []byte) {
		began := time.Now()
		p, diagnostics := playbooks.Load("fuzz.yaml", source, all)
		if took := time.Since(began); took > 10*time.Second {
			t.Fatalf("it takes %s", took)
		}
		if (p == nil) != (diagnostics.Err() != nil) {
			t.Fatalf("a playbook: %v, errors: %v", p != nil, diagnostics)
		}
		lines := bytes.Count(source, []byte("\n")) + 1
		for _, d := range diagnostics {
			if d.Line < 0 || d.Line > lines || d.Column < 0 || d.Message == "" || d.Rule == "" {
				t.Fatalf("bad diagnostic %+v in a file of %d lines", d, lines)
			}
		}
		if err := diagnostics.Print(io.Discard, func(string) string { return string(source) }); err != nil {
			t.Fatal(err)
		}
		if p == nil {
			return
		}
		for _, step := range p.Steps {
			if step.ID == "" || step.Kind.New == nil {
				t.Fatalf("a step without id or kind: %+v", step)
			}
			_, _ = step.New(map[string]any{"params": map[string]any{}, "steps": map[string]any{}}) // an error, or not: no panic
		}
	})
}

func BenchmarkLoadLibrary(b *testing.B) {
	path, source, err := playbooks.Find("vpc-flow")
	if err != nil {
		b.Fatal(err)
	}
	all := kinds.All()
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		if p, diagnostics := playbooks.Load(path, source, all); p == nil {
			b.Fatal(diagnostics)
		}
	}
}

func BenchmarkLoadThousandSteps(b *testing.B) {
	var text strings.Builder
	text.WriteString(head)
	for i := range 1000 {
		fmt.Fprintf(&text, "  - {id: s%d, phase: detection, title: Step %d, uses: probe, with: {count: 5, text: 'n is ${{ params.n }}'}", i, i)
		if i > 0 {
			fmt.Fprintf(&text, ", when: 'steps.s%d.result.total > 0', expect: [{id: few, each: result.rows, that: item.n < 5, severity: low, finding: '${{ item.n }}'}]", i-1)
		}
		text.WriteString("}\n")
	}
	source := []byte(text.String())
	all := probeKinds()
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		if p, diagnostics := playbooks.Load("thousand.yaml", source, all); p == nil || len(p.Steps) != 1000 {
			b.Fatal(diagnostics)
		}
	}
}
