package finding

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

func ocsf(uid, more string) string {
	return fmt.Sprintf(`{"class_uid":2004,"finding_info":{"uid":%q,"title":"T"},"metadata":{"event_code":"c1","product":{"name":"Prowler"}},
		"severity":"High","time":1772323200,"cloud":{"region":"eu-west-1","account":{"uid":"111122223333"}},
		"resources":[{"uid":"arn:r","region":"eu-west-1","type":"AwsEc2Instance"}],"remediation":{"desc":"close","references":["https://x"]}%s}`, uid, more)
}

func asff(id, more string) string {
	return fmt.Sprintf(`{"SchemaVersion":"2018-10-08","Id":%q,"AwsAccountId":"111122223333","Region":"eu-west-1","ProductName":"Security Hub",
		"Title":"T","Description":"D","Resources":[{"Id":"arn:r","Type":"AwsEc2Vpc"}],"UpdatedAt":"2026-03-01T00:00:00.5Z"%s}`, id, more)
}

func TestOutcomes(t *testing.T) {
	for name, test := range map[string]struct {
		text     string
		status   Status
		severity steps.Severity
	}{
		"ocsf, fails":              {ocsf("a", `,"status_code":"FAIL"`), Fail, steps.High},
		"ocsf, passes":             {ocsf("a", `,"status_code":"PASS"`), Pass, steps.High},
		"ocsf, by hand":            {ocsf("a", `,"status_code":"MANUAL"`), Manual, steps.High},
		"ocsf, muted":              {ocsf("a", `,"status_code":"FAIL","status":"Suppressed"`), Suppressed, steps.High},
		"ocsf, closed":             {ocsf("a", `,"status_code":"FAIL","activity_name":"Close"`), Suppressed, steps.High},
		"ocsf, another word":       {ocsf("a", `,"status_code":"MAYBE"`), Unknown, steps.High},
		"ocsf, a detection":        {ocsf("a", ``), Fail, steps.High},
		"ocsf, compliance":         {strings.Replace(ocsf("a", `,"compliance":{"status":"Pass"}`), "2004", "2003", 1), Pass, steps.High},
		"ocsf, no outcome":         {strings.Replace(ocsf("a", ``), "2004", "2003", 1), Unknown, steps.High},
		"ocsf, a severity unknown": {strings.Replace(ocsf("a", `,"status_code":"FAIL"`), `"High"`, `"Dire"`, 1), Fail, steps.Medium},
		"asff, fails":              {asff("a", `,"Severity":{"Label":"CRITICAL"},"Compliance":{"Status":"FAILED"}`), Fail, steps.Critical},
		"asff, passes":             {asff("a", `,"Severity":{"Label":"INFORMATIONAL"},"Compliance":{"Status":"PASSED"},"Workflow":{"Status":"RESOLVED"}`), Pass, steps.Info},
		"asff, a detection":        {asff("a", `,"Severity":{"Normalized":70}`), Fail, steps.High},
		"asff, not checked":        {asff("a", `,"Severity":{"Label":"LOW"},"Compliance":{"Status":"NOT_AVAILABLE"}`), Unknown, steps.Low},
		"asff, archived":           {asff("a", `,"RecordState":"ARCHIVED","Compliance":{"Status":"FAILED"}`), Suppressed, steps.Medium},
		"asff, suppressed":         {asff("a", `,"Workflow":{"Status":"SUPPRESSED"},"Compliance":{"Status":"FAILED"}`), Suppressed, steps.Medium},
	} {
		t.Run(name, func(t *testing.T) {
			tally := NewTally(10)
			if format, n := tally.AddText([]byte("["+test.text+"]"), "f"); format != name[:4] || n != 1 {
				t.Fatal(format, n)
			}
			var f fields
			if err := json.Unmarshal([]byte(test.text), &f); err != nil {
				t.Fatal(err)
			}
			found := fromOCSF(f)
			if name[:4] == "asff" {
				found = fromASFF(f)
			}
			if found.Status != test.status || found.Severity != test.severity || tally.Count(test.status) != 1 {
				t.Errorf("%+v", found)
			}
			open, _ := tally.Finish("f")
			if (len(open) == 1) != (test.status == Fail) || (len(tally.Quality.Gaps) == 1) != (test.status == Unknown) {
				t.Errorf("open %v, gaps %v", open, tally.Quality.Gaps)
			}
		})
	}
}

func TestFields(t *testing.T) {
	tally := NewTally(10)
	tally.AddText([]byte("["+ocsf("a", `,"status_code":"FAIL","status_detail":"open"`)+","+asff("b", "")+"]"), "s3://b/f")
	open, checks := tally.Finish("s3://b/f")
	got := ""
	for _, f := range open {
		got += fmt.Sprintf("%s %s %s %s %s %s %s %s %s %s %s %s %s\n", f.ID, f.Check, f.Title, f.Severity, f.Account, f.Region, f.Resource, f.ResourceType,
			f.Detail, f.Remedy, f.URL, f.Product, f.Seen)
	}
	want := "a c1 T high 111122223333 eu-west-1 arn:r AwsEc2Instance open close https://x Prowler 2026-03-01 00:00:00 +0000 UTC\n" +
		"b  T medium 111122223333 eu-west-1 arn:r AwsEc2Vpc D   Security Hub 2026-03-01 00:00:00.5 +0000 UTC\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(checks) != 2 || checks[0].Check != "c1" || checks[0].Failed != 1 {
		t.Errorf("%+v", checks)
	}
}

func TestDamage(t *testing.T) {
	fail := ocsf("a", `,"status_code":"FAIL"`)
	pass := ocsf("b", `,"status_code":"PASS"`)
	for name, test := range map[string]struct {
		text         string
		fail, pass   int64
		gaps, blocks int
	}{
		"cut off":               {"[" + fail + "," + pass[:60], 1, 0, 2, 2},
		"cut between":           {"[" + fail + "," + pass, 1, 1, 1, 1},
		"one behind the other":  {"[" + fail + "][" + pass + "]", 1, 1, 1, 0},
		"the same twice":        {"[" + fail + "][" + fail + "]", 1, 0, 1, 0},
		"something else within": {"[" + fail + `,{"a":1},7,null]`, 1, 0, 1, 1},
		"an answer":             {`{"Findings":[` + asff("x", "") + `],"NextToken":"y"}`, 1, 0, 1, 1},
		"no JSON":               {"<html>", 0, 0, 1, 1},
	} {
		tally := NewTally(10)
		tally.AddText([]byte(test.text), "f")
		blocks := 0
		for _, gap := range tally.Quality.Gaps {
			if gap.Blocking {
				blocks++
			}
		}
		if tally.Count(Fail) != test.fail || tally.Count(Pass) != test.pass || len(tally.Quality.Gaps) != test.gaps || blocks != test.blocks {
			t.Errorf("%s: %d fail, %d pass, %+v", name, tally.Count(Fail), tally.Count(Pass), tally.Quality.Gaps)
		}
	}
}

// TestTheWorstAreKept: of many, those of the highest severity, and the rest is said.
func TestTheWorstAreKept(t *testing.T) {
	tally := NewTally(3)
	for i := range 50 {
		word := "Low"
		if i%20 == 7 {
			word = "Critical"
		}
		tally.AddText([]byte(strings.Replace(ocsf(fmt.Sprint(i), `,"status_code":"FAIL"`), "High", word, 1)), "f")
	}
	open, _ := tally.Finish("f")
	if len(open) != 3 || open[0].ID != "27" || open[1].ID != "47" || open[2].ID != "7" || tally.Count(Fail) != 50 || fmt.Sprint(tally.Quality.Cut) != "[open]" {
		t.Errorf("%+v %+v", open, tally.Quality)
	}
}

func FuzzFindings(f *testing.F) {
	f.Add("[" + ocsf("a", `,"status_code":"FAIL"`) + "," + asff("b", `,"Severity":{"Label":7}`) + "]")
	f.Add(`[{"class_uid":2004,"finding_info":[{"uid":"\u001b[2J"}],"resources":{"uid":[]},"time":1e300}]`)
	f.Fuzz(func(t *testing.T, text string) {
		tally := NewTally(5)
		tally.AddText([]byte(text), "f")
		open, checks := tally.Finish("f")
		for _, block := range tally.Blocks(open, checks) {
			if _, err := json.Marshal(block); err != nil {
				t.Fatal(err)
			}
		}
		for _, found := range open {
			if found.Severity.Rank() < 0 || !utf8.ValidString(found.Title) || len([]rune(found.Detail)) > maxText+1 {
				t.Fatalf("%+v", found)
			}
		}
		if tally.Quality.Examined == 0 && len(strings.TrimSpace(text)) > 2 && len(tally.Quality.Gaps) == 0 && strings.Trim(text, "[], \t\r\n") != "" && !strings.Contains(text, "Findings") {
			t.Fatalf("nothing was found in %q, and nothing is wrong", text)
		}
	})
}
