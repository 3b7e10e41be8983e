package logfiles

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
	"playbook/steps/flowrecord"
	"playbook/steps/stepstest"
)

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

const (
	v2    = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
	other = "version interface-id account-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status my-field"
	place = "s3://logs/own/AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/03/"
)

var march = steps.Window{From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)}

func run(t *testing.T, files stepstest.Bucket, now time.Time) (steps.Result, Result, error) {
	t.Helper()
	step := Kind().New().(*Step)
	step.Location = "s3://logs/own/"
	result, err := step.Run(t.Context(), steps.Env{Files: files, Window: march, Now: now})
	value, _ := result.Value.(Result)
	return result, value, err
}

func TestFilesFormatsAndLateness(t *testing.T) {
	files := stepstest.Bucket{
		place + "01/111122223333_vpcflowlogs_eu-west-1_fl-0a_20260301T0005Z_1.log.gz": zipped(v2 + "\n2 1 2\n"),
		place + "01/111122223333_vpcflowlogs_eu-west-1_fl-0a_20260301T0010Z_2.log.gz": "never opened: one of the day is enough",
		place + "03/111122223333_vpcflowlogs_eu-west-1_fl-0a_20260303T2355Z_3.log.gz": zipped(v2 + "\n"),
		place + "03/111122223333_vpcflowlogs_eu-west-1_fl-0b_20260303T2350Z_4.log":    other + "\r\n",
		place + "03/_temporary": "hidden",
		"s3://logs/own/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/01/x.json.gz": "of another service",
	}
	result, value, err := run(t, files, march.To.Add(6*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	newest := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	want := []Place{{Account: "111122223333", Region: "eu-west-1", Files: 4, Bytes: value.Bytes, FirstDay: "2026-03-01", LastDay: "2026-03-03",
		MissingDays: []string{"2026-03-02"}, Newest: &newest}}
	if diff := cmp.Diff(want, value.Places); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Format{
		{Fields: strings.Fields(v2), Encoding: "text", Files: 2, FirstFile: place + "01/111122223333_vpcflowlogs_eu-west-1_fl-0a_20260301T0005Z_1.log.gz"},
		{Fields: strings.Fields(other), Encoding: "text", Files: 1, FirstFile: place + "03/111122223333_vpcflowlogs_eu-west-1_fl-0b_20260303T2350Z_4.log"},
	}, value.Formats); diff != "" {
		t.Error(diff)
	}
	if got := value.Columns[:4]; !slices.Equal(got, []flowrecord.Column{{Name: "version", Type: "int"}, {Name: "account", Type: "string"}, {Name: "interfaceid", Type: "string"}, {Name: "sourceaddress", Type: "string"}}) {
		t.Errorf("columns begin with %v", got)
	}
	if len(value.Columns) != 29 || len(value.Missing) != 15 || value.Missing[0] != "vpc-id" || value.Layout != "daily" {
		t.Errorf("%d columns, missing %v, layout %s", len(value.Columns), value.Missing, value.Layout)
	}
	if result.Quality.Examined != 4 || len(result.Quality.Gaps) != 1 || result.Quality.Gaps[0].Count != 2 || result.Quality.Gaps[0].Blocking {
		t.Errorf("%+v", result.Quality)
	}
}

func TestWhatIsMeasuredAgainst(t *testing.T) {
	files := stepstest.Bucket{place + "03/111122223333_vpcflowlogs_eu-west-1_fl-0a_20260303T2000Z_1.log.gz": zipped(v2 + "\n")}
	for name, test := range map[string]struct {
		now  time.Time
		late int64
		is   bool
	}{
		"the window has ended":       {march.To.Add(100 * time.Hour), 4*3600 - 300, true},
		"it is still going on":       {march.To.Add(-225 * time.Minute), 10 * 60, false},
		"before the file was closed": {march.To.Add(-5 * time.Hour), 0, false},
	} {
		_, value, err := run(t, files, test.now)
		if err != nil {
			t.Fatal(err)
		}
		if p := value.Places[0]; p.LateSeconds != test.late || p.Late != test.is {
			t.Errorf("%s: late by %d s, %v", name, p.LateSeconds, p.Late)
		}
	}
}

func TestFilesThatCannotBeReadAreGaps(t *testing.T) {
	good := place + "01/111122223333_vpcflowlogs_eu-west-1_fl-0a_20260301T0005Z_1.log.gz"
	for name, test := range map[string]struct{ content, problem string }{
		"empty":       {"", "it is empty"},
		"no gzip":     {"\x1f\x8bgarbage", "its first line could not be read"},
		"cut":         {zipped(v2)[:12], "its first line could not be read"},
		"other lines": {"\x1b[31mhello world\n", "names no field of flow logs"},
		"no line end": {strings.Repeat("srcaddr ", 4000), "has no end within 16384 bytes"},
	} {
		files := stepstest.Bucket{good: zipped(v2 + "\n"), place + "02/111122223333_vpcflowlogs_eu-west-1_fl-0a_20260302T0005Z_1.log.gz": test.content}
		result, value, err := run(t, files, march.To)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if gaps := result.Quality.Gaps; len(gaps) != 1 || !gaps[0].Blocking || !strings.Contains(gaps[0].Problem, test.problem) {
			t.Errorf("%s: %+v", name, gaps)
		}
		if len(value.Formats) != 1 {
			t.Errorf("%s: %v", name, value.Formats)
		}
		delete(files, good)
		if result, _, err := run(t, files, march.To); err == nil || result.Quality.Examined != 0 {
			t.Errorf("%s alone: %v", name, err)
		}
	}
	var missing *steps.Missing
	if _, _, err := run(t, stepstest.Bucket{}, march.To); !errors.As(err, &missing) {
		t.Errorf("no files at all: %v", err)
	}
}

func TestLayouts(t *testing.T) {
	hive := "s3://logs/own/AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=03/day=01/hour=07/x_fl-0a_20260301T0705Z_1.log.parquet"
	_, value, err := run(t, stepstest.Bucket{hive: "PAR1…"}, march.To)
	if err != nil || value.Layout != "hive" || value.Formats[0].Encoding != "parquet" || len(value.Columns) != 0 {
		t.Errorf("%+v, %v", value, err)
	}
	_, value, err = run(t, stepstest.Bucket{hive: "PAR1…", place + "01/07/x_fl-0a_20260301T0705Z_1.log.gz": zipped(v2 + "\n"), place + "33/x.log.gz": "no day"}, march.To)
	if err != nil || value.Layout != "mixed" || value.Files != 2 || len(value.Columns) != 29 {
		t.Errorf("%+v, %v", value, err)
	}
}
