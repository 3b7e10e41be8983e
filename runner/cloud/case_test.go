package cloud

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"playbook/steps"
	"playbook/steps/diagnostic"
)

// folder writes a txtar archive into a new folder.
func folder(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, file := range txtar.Parse([]byte(archive)).Files {
		path := filepath.Join(dir, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func TestCaseFindsTargetsAndLogs(t *testing.T) {
	dir := folder(t, `
-- case.yaml --
collected_at: 2026-03-15T08:00:00+01:00
window: {from: 2026-03-01, to: "2026-03-15T00:00:00Z"}
accounts: [111122223333]
regions: [eu-west-1]
notes: |
  Copied by Dana.
-- answers.yaml --
-- aws/111122223333/global/iam-list-users.json --
-- aws/111122223333/eu-west-1/ec2-describe-vpcs.json --
-- aws/.DS_Store --
-- aws/111122223333/.DS_Store --
-- s3/logs/AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/03/02/111122223333_vpcflowlogs_eu-west-1_fl-1_20260302T0000Z_1.log.gz --
-- s3/logs/AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/03/04/x.log.gz --
-- s3/logs/AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/03/09/_temporary --
-- s3/logs/AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/13/45/x.log.gz --
-- s3/logs/AWSLogs/111122223333/CloudTrail/eu-west-1/2025/01/01/x.json.gz --
-- s3/logs/myAWSLogs/111122223333/vpcflowlogs/eu-west-2/2025/01/01/x.log.gz --
-- s3/org/o-abc/AWSLogs/aws-account-id=444455556666/aws-service=vpcflowlogs/aws-region=us-gov-west-1/year=2026/month=02/day=27/hour=23/x.log.parquet --
-- s3/org/o-abc/AWSLogs/444455556666/vpcflowlogs/us-east-1/2026/02/28/23/x.log.gz --
-- s3/empty/AWSLogs/444455556666/vpcflowlogs/ap-southeast-2/.keep --
`)
	kase, err := OpenCase(dir)
	if err != nil {
		t.Fatal(err)
	}
	wantTargets := []steps.Target{
		{Account: "111122223333", Region: "eu-west-1"},
		{Account: "444455556666", Region: "ap-southeast-2"},
		{Account: "444455556666", Region: "us-east-1"},
		{Account: "444455556666", Region: "us-gov-west-1"},
	}
	if diff := cmp.Diff(wantTargets, kase.Targets()); diff != "" {
		t.Error(diff)
	}
	wantLogs := []Logs{
		{Location: "s3://logs/", Accounts: []string{"111122223333"}, Regions: []string{"eu-west-1"}, First: day(2026, 3, 2), Last: day(2026, 3, 4)},
		{Location: "s3://org/o-abc/", Accounts: []string{"444455556666"}, Regions: []string{"us-east-1", "us-gov-west-1"}, First: day(2026, 2, 27), Last: day(2026, 2, 28)},
	}
	if diff := cmp.Diff(wantLogs, kase.Logs()); diff != "" {
		t.Error(diff)
	}
	if got := kase.CollectedAt(); got != time.Date(2026, 3, 15, 7, 0, 0, 0, time.UTC) {
		t.Errorf("collected at %v", got)
	}
	if diff := cmp.Diff(steps.Window{From: day(2026, 3, 1), To: day(2026, 3, 15)}, kase.Window()); diff != "" {
		t.Error(diff)
	}
	if kase.Notes() != "Copied by Dana.\n" || kase.Dir() != dir || kase.AnswersPath() != filepath.Join(dir, "answers.yaml") {
		t.Errorf("notes %q, dir %q, answers %q", kase.Notes(), kase.Dir(), kase.AnswersPath())
	}
}

func TestCaseWithoutDescription(t *testing.T) {
	for _, archive := range []string{
		"-- aws/111122223333/eu-west-1/ec2-describe-vpcs.json --\n",
		"-- case.yaml --\n# nothing yet\n-- aws/111122223333/eu-west-1/ec2-describe-vpcs.json --\n",
		"-- s3/b/AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/03/02/x.log.gz --\n",
	} {
		kase, err := OpenCase(folder(t, archive))
		if err != nil {
			t.Errorf("%s: %v", archive, err)
			continue
		}
		if diff := cmp.Diff([]steps.Target{{Account: "111122223333", Region: "eu-west-1"}}, kase.Targets()); diff != "" {
			t.Error(diff)
		}
		if kase.Window().IsSet() || !kase.CollectedAt().IsZero() || kase.AnswersPath() != "" {
			t.Errorf("%s: something was made up", archive)
		}
	}
}

// What case.yaml names and nothing was found of must fail later, not vanish; what was
// found somewhere need not be everywhere.
func TestDeclaredTargetsDoNotVanish(t *testing.T) {
	kase, err := OpenCase(folder(t, `
-- case.yaml --
accounts: ["111122223333", "444455556666", "777788889999"]
regions: [eu-west-1, us-east-1]
-- aws/111122223333/eu-west-1/x --
-- aws/444455556666/us-east-1/x --
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []steps.Target{
		{Account: "111122223333", Region: "eu-west-1"},
		{Account: "444455556666", Region: "us-east-1"},
		{Account: "777788889999", Region: "eu-west-1"},
		{Account: "777788889999", Region: "us-east-1"},
	}
	if diff := cmp.Diff(want, kase.Targets()); diff != "" {
		t.Error(diff)
	}
}

func TestAnAccountWithGlobalAnswersOnlyIsATarget(t *testing.T) {
	kase, err := OpenCase(folder(t, `
-- aws/111122223333/eu-west-1/x --
-- aws/111122223333/global/x --
-- aws/999900001111/global/iam-get-account-authorization-details.json --
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []steps.Target{{Account: "111122223333", Region: "eu-west-1"}, {Account: "999900001111", Region: "eu-west-1"}}
	if diff := cmp.Diff(want, kase.Targets()); diff != "" {
		t.Error(diff)
	}
}

func TestMistakesInCaseYAML(t *testing.T) {
	_, err := OpenCase(folder(t, `
-- case.yaml --
collected: 2026-03-15
window: {from: yesterday, until: 2026-03-15}
accounts: [prod, 111122223333]
regions: eu-west-1
notes: [a]
notes: twice
-- aws/111122223333/eu-west-1/x --
`))
	var list diagnostic.List
	if !errors.As(err, &list) {
		t.Fatalf("not diagnostics: %v", err)
	}
	var got []string
	for _, d := range list {
		_, text, _ := strings.Cut(d.String(), "case.yaml:")
		got = append(got, text)
	}
	want := []string{
		`1:1: error: unknown key "collected": a case has [accounts collected_at notes params regions window]; did you mean "collected_at"?`,
		`2:16: error: "yesterday" is no time; write 2026-03-01T12:00:00Z or 2026-03-01`,
		`2:27: error: unknown key "until": a window has [from to]`,
		`3:12: error: "prod": an account has twelve digits`,
		`4:10: error: this is a list; write [a, b]`,
		`5:8: error: notes is a text`,
		`6:1: error: the key "notes" appears twice`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCasesThatAreRefused(t *testing.T) {
	outside := folder(t, "-- 111122223333/eu-west-1/ec2-describe-vpcs.json --\n{\"Vpcs\": []}\n")
	tests := []struct {
		name, archive string
		links         map[string]string
		want          string
	}{
		{name: "nothing", archive: "-- readme.txt --\n", want: "holds neither aws/<account>/<region>/"},
		{name: "only a declaration", archive: "-- case.yaml --\naccounts: [111122223333]\nregions: [eu-west-1]\n", want: "holds neither"},
		{name: "no beginning", archive: "-- case.yaml --\nwindow: {to: 2026-01-01}\n-- aws/111122223333/eu-west-1/x --\n", want: "a window has from and to"},
		{name: "an empty window", archive: "-- case.yaml --\nwindow: {to: 2026-01-01, from: 2026-01-01}\n-- aws/111122223333/eu-west-1/x --\n", want: "from is before to"},
		{name: "no end", archive: "-- case.yaml --\nwindow: {from: 2026-01-01}\n-- aws/111122223333/eu-west-1/x --\n", want: "a window has from and to"},
		{name: "no mapping", archive: "-- case.yaml --\n- a\n", want: "case.yaml:1:1: error: a case is a mapping"},
		{name: "no YAML", archive: "-- case.yaml --\n\tx\n", want: "case.yaml: yaml: "},
		{name: "an account by name", archive: "-- aws/production/eu-west-1/x --\n", want: "not the id of an account"},
		{name: "no region", archive: "-- aws/111122223333/ireland/x --\n", want: "not the name of a region"},
		{name: "linked answers", archive: "-- aws/readme --\n", links: map[string]string{"aws/111122223333": outside + "/111122223333"}, want: "is a link, which is not followed"},
		{name: "linked bucket", archive: "-- s3/readme --\n", links: map[string]string{"s3/logs": outside}, want: "is a link, which is not followed"},
		{name: "broken link", archive: "-- s3/readme --\n", links: map[string]string{"s3/logs": "nowhere"}, want: "is a link, which is not followed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := folder(t, test.archive)
			for name, to := range test.links {
				if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			_, err := OpenCase(dir)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	if _, err := OpenCase(filepath.Join(outside, "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent folder: %v", err)
	}
}
