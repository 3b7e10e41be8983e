package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"playbook/runner/drill"
	"playbook/steps/diagnostic"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"playbook": main})
}

// TestScripts pins what the command line does. Beside testscript's own commands the
// scripts have a few that make and damage cases:
//
//	sample DIR             make the sample case in DIR
//	cut GLOB               cut the last third off the file
//	gzedit GLOB OLD NEW    replace text in a gzip file (\n and \t are unquoted)
//	gzappend GLOB TEXT     append a line to a gzip file
//	emptyfile GLOB         cut the file to nothing
//	flip GLOB              alter one byte in the middle; size and time stay
//	dropfile GLOB          remove the file in the middle (of at least three)
//	waitfor FILE REGEXP    wait until the file holds a match, ten seconds at most
//	dropvpc DIR            remove all files of the first flow log below the folder
//
// GLOB has to match at least one file; the first in order is taken.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("..", "..", "testdata", "script"),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sample":    makeSample,
			"cut":       cut,
			"gzedit":    func(ts *testscript.TestScript, _ bool, args []string) { gzedit(ts, args) },
			"gzappend":  gzappend,
			"dropfile":  dropFile,
			"dropvpc":   dropVPC,
			"emptyfile": emptyFile,
			"flip":      flip,
			"waitfor":   waitFor,
		},
		Setup: func(env *testscript.Env) error {
			// The scripts' home is empty: nothing of the user's is read.
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("TMPDIR", env.WorkDir)
			return nil
		},
	})
}

func makeSample(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	_, err := drill.Sample(context.Background(), dir, drill.Options{})
	ts.Check(err)
}

func first(ts *testscript.TestScript, glob string) string {
	paths, err := filepath.Glob(ts.MkAbs(glob))
	ts.Check(err)
	if len(paths) == 0 {
		ts.Fatalf("no file matches %s", glob)
	}
	slices.Sort(paths)
	return paths[0]
}

func cut(ts *testscript.TestScript, _ bool, args []string) {
	path := first(ts, args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	ts.Check(os.Truncate(path, info.Size()*2/3))
	ts.Logf("cut %s", path)
}

func gzedit(ts *testscript.TestScript, args []string) {
	path := first(ts, args[0])
	text := gunzip(ts, path)
	unquote := strings.NewReplacer(`\n`, "\n", `\t`, "\t")
	if !strings.Contains(text, unquote.Replace(args[1])) {
		ts.Fatalf("%s does not hold %q", path, args[1])
	}
	gzipFile(ts, path, strings.Replace(text, unquote.Replace(args[1]), unquote.Replace(args[2]), 1))
}

func gzappend(ts *testscript.TestScript, _ bool, args []string) {
	path := first(ts, args[0])
	gzipFile(ts, path, gunzip(ts, path)+args[1]+"\n")
}

func gunzip(ts *testscript.TestScript, path string) string {
	packed, err := os.ReadFile(path)
	ts.Check(err)
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	ts.Check(err)
	text, err := io.ReadAll(reader)
	ts.Check(err)
	return string(text)
}

func gzipFile(ts *testscript.TestScript, path, text string) {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, err := io.WriteString(writer, text)
	ts.Check(err)
	ts.Check(writer.Close())
	ts.Check(os.WriteFile(path, packed.Bytes(), 0o644))
}

// dropFile removes a file from the middle of those that match.
func dropFile(ts *testscript.TestScript, _ bool, args []string) {
	paths, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(paths) < 3 {
		ts.Fatalf("%d files match %s, want at least 3", len(paths), args[0])
	}
	slices.Sort(paths)
	ts.Check(os.Remove(paths[len(paths)/2]))
}

// dropVPC removes all files of the first flow log below a folder.
func dropVPC(ts *testscript.TestScript, _ bool, args []string) {
	removed, log := 0, ""
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		parts := strings.Split(entry.Name(), "_")
		if log == "" {
			log = parts[3]
		}
		if parts[3] != log {
			return nil
		}
		removed++
		return os.Remove(path)
	}))
	if removed == 0 {
		ts.Fatalf("no flow log below %s", args[0])
	}
}

func emptyFile(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.Truncate(first(ts, args[0]), 0))
}

func flip(ts *testscript.TestScript, _ bool, args []string) {
	path := first(ts, args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	content, err := os.ReadFile(path)
	ts.Check(err)
	content[len(content)/2] ^= 0x55
	ts.Check(os.WriteFile(path, content, 0o644))
	ts.Check(os.Chtimes(path, info.ModTime(), info.ModTime()))
}

func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	wanted := regexp.MustCompile(args[1])
	for range 200 {
		if text, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && wanted.Match(text) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s does not come to hold %s", args[0], args[1])
}

// TestValidatePrintsEveryDiagnostic runs the command over the folder of bad playbooks:
// all that the loader's golden files expect is printed, and the exit code says so.
func TestValidatePrintsEveryDiagnostic(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", "testdata", "bad"))
	var out, errs bytes.Buffer
	if code := Run([]string{"validate", "."}, nil, &out, &errs); code != exitUsage || errs.Len() > 0 {
		t.Fatalf("exit code %d, stderr %s", code, errs.String())
	}
	goldens, err := filepath.Glob("*.golden")
	if err != nil {
		t.Fatal(err)
	}
	if len(goldens) < 25 {
		t.Errorf("there are %d bad playbooks, at least 25 are wanted", len(goldens))
	}
	for _, golden := range goldens {
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if len(want) == 0 || !strings.Contains(out.String(), string(want)) {
			t.Errorf("validate does not print what %s expects:\n%s", golden, want)
		}
	}
	out.Reset()
	if code := Run([]string{"validate", "--json", "."}, nil, &out, &errs); code != exitUsage {
		t.Errorf("with --json the exit code is %d", code)
	}
	var list []diagnostic.Diagnostic
	if err := json.Unmarshal(out.Bytes(), &list); err != nil || len(list) < len(goldens) {
		t.Errorf("--json gives %d diagnostics (%v), fewer than there are files", len(list), err)
	}
}
