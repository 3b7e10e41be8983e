package prowler

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"playbook/steps"
	"playbook/steps/stepstest"
)

const (
	fails  = `{"class_uid":2004,"finding_info":{"uid":"a","title":"SSH is open"},"metadata":{"event_code":"ssh"},"severity":"High","status_code":"FAIL","resources":[{"uid":"sg-1"}]}`
	passes = `{"class_uid":2004,"finding_info":{"uid":"b","title":"SSH is open"},"metadata":{"event_code":"ssh"},"severity":"High","status_code":"PASS","resources":[{"uid":"sg-2"}]}`
)

func step(from ...string) *Step {
	s := Kind().New().(*Step)
	s.From = from
	return s
}

func TestFiles(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, "["+passes+"]")
	_ = w.Close()
	files := stepstest.Bucket{"s3://b/p/x.ocsf.json": "[" + fails + "]", "s3://b/p/y.json.gz": packed.String(), "s3://b/p/z.csv": "a,b", "s3://b/p/compliance/c.html": "<html>"}
	result, err := step("s3://b/p/").Run(context.Background(), steps.Env{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	value := result.Value.(Result)
	if value.Failed != 1 || value.Passed != 1 || len(value.Files) != 2 || value.Open[0].Resource != "sg-1" || value.Open[0].Source != "s3://b/p/x.ocsf.json" {
		t.Errorf("%+v", value)
	}
	if result.Quality.Examined != 2 || len(result.Quality.Gaps) != 0 || value.Files[1].Bytes != int64(packed.Len()) || value.Files[1].Format != "ocsf" {
		t.Errorf("%+v %+v", result.Quality, value.Files)
	}
	if result, err = step("s3://b/p/z.csv").Run(context.Background(), steps.Env{Files: files}); err == nil || result.Quality.Examined != 0 {
		t.Error("a CSV is no scan", err)
	}
}

func TestWhatIsLostIsSaid(t *testing.T) {
	for name, test := range map[string]struct {
		files stepstest.Bucket
		gap   string
		err   string
	}{
		"unreadable":       {stepstest.Bucket{"s3://b/a.json": stepstest.Unreadable, "s3://b/b.json": passes}, "it could not be read: access denied", ""},
		"empty":            {stepstest.Bucket{"s3://b/a.json": "[]", "s3://b/b.json": passes}, "it has no finding, not even of a check that passed", ""},
		"only empty ones":  {stepstest.Bucket{"s3://b/a.json": "[]"}, "it has no finding, not even of a check that passed", "that is no clean scan but none"},
		"nothing there":    {stepstest.Bucket{}, "", "find what the scanner wrote: what lies at s3://b/ is missing"},
		"cut off":          {stepstest.Bucket{"s3://b/a.json": "[" + passes + "," + fails[:50]}, "was left out", ""},
		"a broken archive": {stepstest.Bucket{"s3://b/a.json.gz": "\x1f\x8bxxx", "s3://b/b.json": passes}, "unpack it", ""},
	} {
		result, err := step("s3://b/").Run(context.Background(), steps.Env{Files: test.files})
		if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v", name, err)
		}
		gaps := result.Quality.Gaps
		if (len(gaps) > 0) != (test.gap != "") || len(gaps) > 0 && (!strings.Contains(gaps[0].Problem, test.gap) || !gaps[0].Blocking) {
			t.Errorf("%s: %+v", name, gaps)
		}
	}
}

// program puts a prowler on the PATH that does what a script says.
func program(t *testing.T, script string) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "prowler"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestProwlerIsRun(t *testing.T) {
	program(t, `echo "$@" >&2
test "$1 $2 $3 $4 $5" = "aws --categories internet-exposed --output-formats json-ocsf" || exit 9
cat > "$7/$9.ocsf.json" <<'END'
[`+fails+`,`+passes+`]
END
`)
	evidence := stepstest.Store{}
	result, err := step().Run(context.Background(), steps.Env{Live: true, Evidence: evidence})
	if err != nil {
		t.Fatal(err)
	}
	if value := result.Value.(Result); value.Failed != 1 || value.Passed != 1 || !strings.Contains(evidence["prowler.ocsf.json"], `"FAIL"`) {
		t.Errorf("%+v %v", value, evidence)
	}
}

func TestARunThatFails(t *testing.T) {
	for name, test := range map[string]struct{ script, want string }{
		"an error":      {"echo no credentials >&2; exit 1", "exit status 1; it said last: no credentials"},
		"nothing found": {"exit 0", "it ended without writing a file"},
		"no finding":    {`echo "[]" > "$7/$9.ocsf.json"`, "that is no clean scan but none"},
	} {
		t.Run(name, func(t *testing.T) {
			program(t, test.script)
			result, err := step().Run(context.Background(), steps.Env{Live: true, Evidence: stepstest.Store{}})
			if err == nil || !strings.Contains(err.Error(), test.want) || result.Quality.Examined != 0 {
				t.Errorf("%v, %+v", err, result.Quality)
			}
		})
	}
}

func TestARunThatIsCancelled(t *testing.T) {
	program(t, "exec sleep 60")
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := step().Run(ctx, steps.Env{Live: true, Evidence: stepstest.Store{}}); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 30*time.Second {
		t.Error(err, time.Since(began))
	}
}

// TestNobodyIsScannedFromACase: what can be asked of AWS now says nothing of the case.
func TestNobodyIsScannedFromACase(t *testing.T) {
	program(t, "exit 0")
	_, err := step().Run(context.Background(), steps.Env{})
	var skip *steps.Skip
	if !errors.As(err, &skip) || !strings.Contains(skip.Reason, "prowler aws --categories internet-exposed") {
		t.Error(err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := step().Run(context.Background(), steps.Env{Live: true}); !errors.As(err, &skip) || !strings.Contains(skip.Reason, "not installed") {
		t.Error(err)
	}
}

func TestCategoriesAreNoOptions(t *testing.T) {
	s := step()
	s.Categories = []string{"internet-exposed", "--role"}
	if problems := s.Validate(func(string) bool { return true }); len(problems) != 1 || problems[0].Path != "categories[1]" {
		t.Errorf("%+v", problems)
	}
}
