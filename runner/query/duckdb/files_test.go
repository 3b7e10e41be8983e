package duckdb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"playbook/steps"
)

// bzipped is "one\ntwo\n" as bzip2, for which Go has no writer.
var bzipped = []byte("\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\xa7\x14\x2b\x77\x00\x00\x02\xc1\x80\x00\x10\x02\x01\x84\x80\x20\x00\x21\x80\x0c\x02\x38\xf5\x1b\x8b\xb9\x22\x9c\x28\x48\x53\x8a\x15\xbb\x80")

func zstded(t testing.TB, text string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll([]byte(text), nil)
}

func inUTF16(text string) []byte {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}

// TestStreams reads what can lie behind the name of one log file: compressed in parts,
// with something behind its end, in another text, without ends of lines.
func TestStreams(t *testing.T) {
	good := flow(1, 1, "10.0.0.5", "10.0.0.6", 22, 1, "ACCEPT")
	text := flowHeader + good + good
	huge := strings.Repeat("x", 3*maxLine)
	tests := []struct {
		name    string
		content []byte
		records int64
		problem string // none: no gap
		block   bool
	}{
		{"members.log.gz", append(append(zipped(t, flowHeader), zipped(t, good)...), zipped(t, good)...), 2, "", false},
		{"member-cut.log.gz", append(zipped(t, text), zipped(t, good)[:20]...), 2, "it breaks off in the middle", true},
		{"behind.log.gz", append(zipped(t, text), "some more that is not gzip"...), 2, "bytes that are not compressed stand where compressed ones should; 2 lines", true},
		{"zeros-behind.log.gz", append(zipped(t, text), make([]byte, 512)...), 2, "bytes that are not compressed", true},
		{"no-gzip.log.gz", []byte("\x1f\x8b\x99 and no more of it"), 0, "cannot be read", true},
		{"twice.log.gz", zipped(t, string(zipped(t, text))), 0, "what is compressed here is gzip", true},
		{"capture.log.gz", zipped(t, "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00"), 0, "what is compressed here is not text", true},
		{"frames.log.zst", append(zstded(t, flowHeader+good), zstded(t, good)...), 2, "", false},
		{"frame-cut.log.zst", append(zstded(t, text), zstded(t, good)[:12]...), 2, "it breaks off in the middle", true},
		{"behind.log.zst", append(zstded(t, text), "some more that is not zstd"...), 2, "bytes that are not compressed", true},
		{"cut.log.bz2", bzipped[:len(bzipped)-6], 1, "it breaks off in the middle", true},
		{"utf16.log", inUTF16(text), 0, "the table reads text, and this is text in UTF-16", true},
		{"utf16.log.gz", zipped(t, string(inUTF16(text))), 0, "what is compressed here is text in UTF-16", true},
		{"nul.log", []byte(flowHeader + good + strings.Replace(good, "10.0.0.6", "10.0.\x000.6", 1)), 2, "lines have NUL bytes", false},
		{"hole.log", []byte(flowHeader + good + strings.Repeat("\x00", 4096) + "\n" + good), 3, "lines do not have the 14 fields", false},
		{"mac.log", []byte(strings.ReplaceAll(text, "\n", "\r")), 0, "holds no records", false},
		{"windows.log.gz", zipped(t, strings.ReplaceAll(text, "\n", "\r\n")), 2, "", false},
		{"unfinished.log.gz", zipped(t, strings.TrimSuffix(text, "\n")), 2, "", false},
		{"blank.log", []byte(flowHeader + good + "\n\n" + good), 4, "lines do not have the 14 fields", false},
		{"long.log", []byte(flowHeader + good + huge[:8<<20] + "\n" + good), 3, "lines do not have the 14 fields", false},
		{"too-long.log", []byte(flowHeader + good + huge + "\n" + good), 1, "has a line longer than 16 MiB; 1 lines before the break were used", true},
		{"garbage.log", []byte(flowHeader + strings.Repeat("!!! no log\n", 20) + good), 21, "most of its lines (20 of 21) do not fit the table", true},
		{"cloudtrail.log.gz", zipped(t, `{"Records":[{"eventVersion":"1.08"}]}`+"\n"), 0, "no header line", true},
	}
	c := newCase(t)
	c.flows()
	for _, test := range tests {
		c.write(flowPath(1, test.name), test.content)
	}
	e := c.open()
	must(t, e, flowTable)
	a := must(t, e, `SELECT "$path", count(*), max(destinationaddress) FROM vpcflow GROUP BY 1`)
	records := map[string]int64{}
	for _, row := range a.rows {
		records[filepath.Base(row[0].(string))] = row[1].(int64)
	}
	for _, test := range tests {
		if got := records[test.name]; got != test.records {
			t.Errorf("%s: %d records, want %d", test.name, got, test.records)
		}
		var found []string
		ok := test.problem == ""
		for _, gap := range about(a.stats.Quality.Gaps, test.name) {
			found = append(found, gap.Problem)
			ok = ok || strings.Contains(gap.Problem, test.problem) && gap.Blocking == test.block
		}
		if !ok || test.problem == "" && len(found) > 0 {
			t.Errorf("%s: gaps %q, want %q, blocking %v", test.name, found, test.problem, test.block)
		}
	}
}

func TestBzip2(t *testing.T) {
	c := newCase(t)
	c.write("b/t/a.bz2", append(bytes.Clone(bzipped), bzipped...))
	e := c.open()
	must(t, e, "CREATE EXTERNAL TABLE t (a string) LOCATION 's3://b/t/'")
	if diff := cmp.Diff([][]any{{"one"}, {"two"}, {"one"}, {"two"}}, must(t, e, "SELECT a FROM t").rows); diff != "" {
		t.Error(diff)
	}
}

// TestNames: a file may be called anything. Queries see its name as it is; gaps name it
// in a way that no terminal, report or reader stumbles over.
func TestNames(t *testing.T) {
	good := flow(1, 1, "10.0.0.5", "10.0.0.6", 22, 1, "ACCEPT")
	names := []string{"with space.log", `quotes'"\.log`, "new\nline.log", "escape\x1b[31m.log", "tab\t.log", "ñandú %2F $(x) *.log", "-rf.log", "spoiled\xff.log", strings.Repeat("l", 250) + ".log"}
	c := newCase(t)
	c.flows()
	for _, name := range names {
		c.write(flowPath(1, name), []byte(flowHeader+good+"2 broken\n"))
	}
	e := c.open()
	must(t, e, flowTable)
	a := must(t, e, `SELECT "$path", count(*) FROM vpcflow WHERE "$path" LIKE '%.log' GROUP BY 1`)
	if len(a.rows) != len(names) {
		t.Errorf("%d files were read, want %d", len(a.rows), len(names))
	}
	for _, name := range names {
		want := "s3://" + flowPath(1, strings.ToValidUTF8(name, "\uFFFD"))
		found := false
		for _, row := range a.rows {
			found = found || row[0] == want && row[1] == int64(2)
		}
		if !found {
			t.Errorf("%q is not among the paths", want)
		}
	}
	told := 0
	for _, gap := range a.stats.Quality.Gaps {
		if strings.Contains(gap.Problem, "lines do not have") {
			told++
		}
		if strings.ContainsFunc(gap.Source, func(r rune) bool { return r < ' ' || r == utf8.RuneError || r == 0x7f }) {
			t.Errorf("%q", gap.Source)
		}
		if strings.Contains(gap.Problem, "UTF-8") {
			t.Errorf("%+v", gap)
		}
	}
	if told != len(names) {
		t.Errorf("%d files are told to be damaged, want %d", told, len(names))
	}
}

// TestWhatIsNoFile: links, pipes and folders where a log should be, and what may not be
// read.
func TestWhatIsNoFile(t *testing.T) {
	c := newCase(t)
	c.flows()
	folder := filepath.Join(c.dir, "s3", filepath.FromSlash(flowPath(1, "")))
	outside := filepath.Join(t.TempDir(), "outside.log")
	if err := os.WriteFile(outside, []byte(flowHeader+flow(1, 1, "10.66.66.66", "b", 1, 1, "ACCEPT")), 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"dangling.log": "cannot be opened", "outside.log": "cannot be opened", "loop.log": "cannot be opened", "pipe.log": "is not a file", "folder.log": "is a folder where a log file should be", "link-to-folder.log": "is not a file"}
	for name, target := range map[string]string{"dangling.log": "nowhere", "outside.log": outside, "loop.log": "loop.log", "link-to-folder.log": "folder.log", "inside.log": "a.log.gz"} {
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe.log"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "folder.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 { // root may read everything
		c.write(flowPath(1, "locked.log"), []byte(flowHeader))
		if err := os.Chmod(filepath.Join(folder, "locked.log"), 0); err != nil {
			t.Fatal(err)
		}
		want["locked.log"] = "cannot be opened: permission denied"
	}
	e := c.open()
	must(t, e, flowTable)
	a := must(t, e, "SELECT count(*), count_if(sourceaddress = '10.66.66.66') FROM vpcflow")
	if diff := cmp.Diff([][]any{{int64(100), int64(0)}}, a.rows); diff != "" { // a.log.gz of the first day twice: once by the link inside
		t.Error(diff)
	}
	for name, problem := range want {
		if gap := about(a.stats.Quality.Gaps, name); len(gap) != 1 || !gap[0].Blocking || !strings.Contains(gap[0].Problem, problem) {
			t.Errorf("%s: %+v, want %q", name, gap, problem)
		}
	}
}

// TestFilesThatChange: a file that is not the same at the end of reading is said so.
// Each stands in for what can happen while a case is still being copied.
func TestFilesThatChange(t *testing.T) {
	row := flow(1, 1, "10.0.0.5", "10.0.0.6", 22, 1, "ACCEPT")
	content := flowHeader + strings.Repeat(row, 100)
	for name, change := range map[string]func(path string) error{
		"grew from": func(path string) error {
			return os.WriteFile(path, []byte(content+row), 0o600)
		},
		"shrank from": func(path string) error { return os.Truncate(path, 200) },
		"was replaced by another file": func(path string) error {
			if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		},
		"was removed": os.Remove,
		"was written to": func(path string) error {
			return os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour))
		},
	} {
		c := newCase(t)
		c.write("b/t/a.log", []byte(content))
		path := filepath.Join(c.dir, "s3", "b", "t", "a.log")
		root, err := os.OpenRoot(filepath.Join(c.dir, "s3"))
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		opened, err := root.Open("b/t/a.log")
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		before, err := opened.Stat()
		if err != nil {
			t.Fatal(err)
		}
		file := logFile{name: "b/t/a.log", size: before.Size()}
		if problem := changed(root, opened, file, before); problem != "" {
			t.Errorf("before anything happened: %s", problem)
		}
		if err := change(path); err != nil {
			t.Fatal(err)
		}
		if problem := changed(root, opened, file, before); !strings.Contains(problem, name) {
			t.Errorf("%q, want %q", problem, name)
		}
	}
}

// TestGrowingFile: a file grows between being listed and being read.
func TestGrowingFile(t *testing.T) {
	c := newCase(t)
	const name = "b/t/a.log"
	c.write(name, []byte("one\ntwo\n"))
	e := c.open()
	must(t, e, "CREATE EXTERNAL TABLE t (a string) LOCATION 's3://b/t/'")
	root, err := os.OpenRoot(filepath.Join(c.dir, "s3"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	list, err := e.list(e.tables["default.t"], root)
	if err != nil {
		t.Fatal(err)
	}
	c.write(name, []byte("one\ntwo\nthree\n"))
	l := &loader{engine: e, table: e.tables["default.t"], root: root, list: list, columns: e.tables["default.t"].columns[:1], ctx: t.Context()}
	w := &worker{loader: l, batch: newBatch(l.columns), lines: newLines(nil)}
	report := w.readFile(list.files[0])
	if len(report.gaps) != 1 || !report.gaps[0].Blocking || report.gaps[0].Problem != "grew from 8 to 14 bytes while the case was read; what was read of it was used" || report.rows != 3 {
		t.Errorf("%d rows, %+v", report.rows, report.gaps)
	}
}

// TestManyFiles: a hundred thousand small files are read in seconds and in little memory.
func TestManyFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	const days, files = 10, 100_000
	c := newCase(t)
	content := zipped(t, flowHeader+flow(1, 1, "10.0.0.1", "203.0.113.9", 443, 100, "ACCEPT"))
	for i := range files {
		c.write(flowPath(1+i%days, fmt.Sprintf("%06d.log.gz", i)), content)
	}
	e := c.open(func(o *Options) { o.Window = steps.Window{} })
	must(t, e, flowTable)
	began := time.Now()
	a, peak := peakOf(func() answer { return must(t, e, "SELECT count(*), sum(numbytes), min(sourceaddress) FROM vpcflow") })
	t.Logf("%d files in %s, at most %d MiB of Go's memory", files, time.Since(began).Round(time.Millisecond), peak>>20)
	if diff := cmp.Diff([][]any{{int64(files), int64(100 * files), "10.0.0.1"}}, a.rows); diff != "" {
		t.Error(diff)
	}
	if took := time.Since(began); took > 2*time.Minute {
		t.Errorf("it took %s", took)
	}
	if peak > 512<<20 {
		t.Errorf("%d MiB of memory", peak>>20)
	}
}

// TestManyDamagedFiles: gaps of as many files stay few.
func TestManyKindsOfDamage(t *testing.T) {
	c := newCase(t)
	c.flows()
	for i := range 300 {
		c.write(flowPath(1, fmt.Sprintf("%03d.log", i)), []byte(flowHeader+fmt.Sprintf("2 broken %d\n", i)))
	}
	e := c.open()
	must(t, e, flowTable)
	gaps := must(t, e, "SELECT count(*) FROM vpcflow").stats.Quality.Gaps
	if len(gaps) > 3*maxGaps {
		t.Errorf("%d gaps", len(gaps))
	}
	lines := int64(0)
	for _, gap := range gaps {
		if strings.Contains(gap.Problem, "lines do not have the 14 fields") {
			lines += gap.Count
		}
	}
	if lines != 300 {
		t.Errorf("%d lines are counted, want 300", lines)
	}
}
