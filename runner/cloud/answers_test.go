package cloud

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

var target = steps.Target{Account: "111122223333", Region: "eu-west-1"}

// read collects what a case answers, up to an error.
func read(t *testing.T, dir, operation string, input map[string]any) ([]map[string]any, error) {
	t.Helper()
	var pages []map[string]any
	for page, err := range (&answers{dir, target}).Read(context.Background(), operation, input) {
		if err != nil {
			return pages, err
		}
		pages = append(pages, page)
	}
	return pages, nil
}

const at = "-- aws/111122223333/eu-west-1/"

func vpcs(ids ...string) []any {
	list := []any{}
	for _, id := range ids {
		list = append(list, map[string]any{"VpcId": id})
	}
	return list
}

func TestPages(t *testing.T) {
	pages := []map[string]any{
		{"Vpcs": vpcs("vpc-1"), "NextToken": "a"},
		{"Vpcs": vpcs("vpc-2"), "NextToken": "b"},
		{"Vpcs": vpcs("vpc-3"), "NextToken": ""},
	}
	tests := map[string]struct {
		archive string
		want    []map[string]any
	}{
		"one file": {at + `ec2-describe-vpcs.json --
{"Vpcs": [{"VpcId": "vpc-1"}]}`, []map[string]any{{"Vpcs": vpcs("vpc-1")}}},
		"an empty list is an answer": {at + `ec2-describe-vpcs.json --
{"Vpcs": [], "NextToken": null}`, []map[string]any{{"Vpcs": vpcs(), "NextToken": nil}}},
		"three files": {at + `ec2-describe-vpcs.json --
{"Vpcs": [{"VpcId": "vpc-1"}], "NextToken": "a"}
` + at + `ec2-describe-vpcs.2.json --
{"Vpcs": [{"VpcId": "vpc-2"}], "NextToken": "b"}
` + at + `ec2-describe-vpcs.3.json --
{"Vpcs": [{"VpcId": "vpc-3"}], "NextToken": ""}`, pages},
		"one file with three documents": {at + `ec2-describe-vpcs.json --
{"Vpcs": [{"VpcId": "vpc-1"}], "NextToken": "a"}
{"Vpcs": [{"VpcId": "vpc-2"}], "NextToken": "b"}{"Vpcs": [{"VpcId": "vpc-3"}], "NextToken": ""}`, pages},
		"documents and files": {at + `ec2-describe-vpcs.json --
{"Vpcs": [{"VpcId": "vpc-1"}], "NextToken": "a"} {"Vpcs": [{"VpcId": "vpc-2"}], "NextToken": "b"}
` + at + `ec2-describe-vpcs.2.json --
{"Vpcs": [{"VpcId": "vpc-3"}], "NextToken": ""}`, pages},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := read(t, folder(t, test.archive), "ec2:DescribeVpcs", nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Composite alarms come on the last pages only, metric alarms on the first.
func TestPagesMayHaveDifferentLists(t *testing.T) {
	first := at + "cloudwatch-describe-alarms.json --\n{\"MetricAlarms\": [], \"NextToken\": \"a\"}\n"
	second := at + "cloudwatch-describe-alarms.2.json --\n{\"CompositeAlarms\": []}\n"
	if got, err := read(t, folder(t, first+second), "cloudwatch:DescribeAlarms", nil); err != nil || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
	alone := strings.Replace(second, ".2.json", ".json", 1)
	if _, err := read(t, folder(t, alone), "cloudwatch:DescribeAlarms", nil); err == nil || !strings.Contains(err.Error(), "no MetricAlarms") {
		t.Errorf("an answer without metric alarms: %v", err)
	}
}

func TestMissingAnswers(t *testing.T) {
	tests := []struct {
		name, archive, operation string
		input                    map[string]any
		before                   int // pages that were given first
		want                     steps.Missing
	}{
		{"no file", "-- aws/111122223333/eu-west-1/x --\n", "ec2:DescribeVpcs", nil, 0, steps.Missing{
			What: "the answer of ec2:DescribeVpcs for 111122223333/eu-west-1",
			Path: "aws/111122223333/eu-west-1/ec2-describe-vpcs.json",
			Hint: "in the case's folder, with credentials for account 111122223333: " +
				"aws ec2 describe-vpcs --region eu-west-1 --output json > aws/111122223333/eu-west-1/ec2-describe-vpcs.json",
		}},
		{"no second page", at + "ec2-describe-vpcs.json --\n{\"Vpcs\": [], \"NextToken\": \"a\"}\n", "ec2:DescribeVpcs", nil, 1, steps.Missing{
			What: "page 2 of the answer of ec2:DescribeVpcs for 111122223333/eu-west-1",
			Path: "aws/111122223333/eu-west-1/ec2-describe-vpcs.2.json",
			Hint: "in the case's folder, with credentials for account 111122223333: " +
				"aws ec2 describe-vpcs --region eu-west-1 --output json > aws/111122223333/eu-west-1/ec2-describe-vpcs.json",
		}},
		{"composite alarms have to be asked for", "-- x --\n", "cloudwatch:DescribeAlarms", nil, 0, steps.Missing{
			What: "the answer of cloudwatch:DescribeAlarms for 111122223333/eu-west-1",
			Path: "aws/111122223333/eu-west-1/cloudwatch-describe-alarms.json",
			Hint: "in the case's folder, with credentials for account 111122223333: aws cloudwatch describe-alarms " +
				"--alarm-types MetricAlarm CompositeAlarm --region eu-west-1 --output json > aws/111122223333/eu-west-1/cloudwatch-describe-alarms.json",
		}},
		{"no call", at + "ec2-describe-vpcs/1.json --\n{\"Input\": {\"VpcIds\": [\"vpc-2\"]}, \"Output\": {\"Vpcs\": []}}\n",
			"ec2:DescribeVpcs", map[string]any{"VpcIds": []string{"vpc-1"}}, 0, steps.Missing{
				What: "the answer of ec2:DescribeVpcs for 111122223333/eu-west-1 to a call with this input",
				Path: "aws/111122223333/eu-west-1/ec2-describe-vpcs/*.json",
				Hint: `make the call (aws ec2 describe-vpcs --cli-input-json '{"VpcIds":["vpc-1"]}' --region eu-west-1 --output json), and store it as {"Input": …, "Output": …}`,
			}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pages, err := read(t, folder(t, test.archive), test.operation, test.input)
			var missing *steps.Missing
			if !errors.As(err, &missing) {
				t.Fatalf("not a *steps.Missing: %v", err)
			}
			if diff := cmp.Diff(test.want, *missing); diff != "" {
				t.Error(diff)
			}
			if len(pages) != test.before {
				t.Errorf("%d pages came before it, want %d", len(pages), test.before)
			}
		})
	}
}

func TestGlobalAnswers(t *testing.T) {
	op := Operation{Name: "iam:ListUsers", Service: "iam", Command: "list-users", Lists: []string{"Users"}, Global: true}
	dir := folder(t, "-- aws/111122223333/global/iam-list-users.json --\n{\"Users\": [], \"IsTruncated\": true, \"Marker\": \"m\"}\n")
	given := 0
	err := (&answers{dir, target}).pages(context.Background(), op, func(map[string]any) bool { given++; return true })
	var missing *steps.Missing
	if !errors.As(err, &missing) || given != 1 {
		t.Fatalf("%d pages, %v", given, err)
	}
	want := "in the case's folder, with credentials for account 111122223333: aws iam list-users --output json > aws/111122223333/global/iam-list-users.json"
	if missing.Path != "aws/111122223333/global/iam-list-users.2.json" || missing.Hint != want {
		t.Errorf("%+v", missing)
	}
}

// Nothing of these may ever look like an empty answer.
func TestAnswersThatAreRefused(t *testing.T) {
	vpcs := at + "ec2-describe-vpcs.json --\n"
	tests := map[string]struct{ archive, want string }{
		"empty file":         {vpcs, "ec2-describe-vpcs.json: it is empty"},
		"white space":        {vpcs + " \n\n", "it is empty"},
		"a message":          {vpcs + "Unable to locate credentials.\n", "ec2-describe-vpcs.json:1:"},
		"truncated":          {vpcs + "{\"Vpcs\": [\n  {\"VpcId\": \"vpc-1\"},\n", "unexpected EOF"},
		"truncated position": {vpcs + "{\"Vpcs\": [\n  {\"VpcId\": vpc-1}", "ec2-describe-vpcs.json:2:13: not"},
		"a list":             {vpcs + "[]", "1:2: not the JSON of an answer: an answer is an object"},
		"null":               {vpcs + "null", "an answer is an object"},
		"no keys":            {vpcs + "{}", "it has no Vpcs; this is no answer of ec2:DescribeVpcs"},
		"an error":           {vpcs + `{"Error": {"Code": "UnauthorizedOperation"}}`, "it has no Vpcs"},
		"another answer":     {vpcs + `{"Subnets": []}`, "it has no Vpcs"},
		"null list":          {vpcs + `{"Vpcs": null}`, "Vpcs is not a list"},
		"a map":              {vpcs + `{"Vpcs": {}}`, "Vpcs is not a list"},
		"a list of texts":    {vpcs + `{"Vpcs": [{}, "vpc-1"]}`, "Vpcs[1] is not an object"},
		"twice the key":      {vpcs + "{\"Vpcs\": [{}],\n \"Vpcs\": []}", `2:8: not the JSON of an answer: the key "Vpcs" appears twice`},
		"out of range":       {vpcs + `{"Vpcs": [{"Count": 1e999}]}`, "the number 1e999 is out of range"},
		"too deep":           {vpcs + `{"Vpcs": ` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}", "nested deeper than 100"},
		"two answers":        {vpcs + `{"Vpcs": []} {"Vpcs": [{}]}`, "two answers to the same call"},
		"a second file":      {vpcs + "{\"Vpcs\": []}\n" + at + "ec2-describe-vpcs.2.json --\n{\"Vpcs\": [{}]}\n", "two answers to the same call"},
		"broken second page": {vpcs + "{\"Vpcs\": [], \"NextToken\": 1}\n" + at + "ec2-describe-vpcs.2.json --\n{\"Vpcs\"", "2.json:1:"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, folder(t, test.archive), "ec2:DescribeVpcs", nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	if _, err := read(t, t.TempDir(), "ec2:RunInstances", nil); err == nil || !strings.Contains(err.Error(), "ec2:RunInstances: it is not in the table") {
		t.Errorf("an operation outside the table: %v", err)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	secret := filepath.Join(folder(t, "-- secret.json --\n{\"Vpcs\": []}\n"), "secret.json")
	place := func(t *testing.T) (dir, path string) {
		dir = folder(t, at+"x --\n")
		return dir, filepath.Join(dir, "aws/111122223333/eu-west-1/ec2-describe-vpcs.json")
	}
	refused := func(t *testing.T, dir, want string) {
		t.Helper()
		if pages, err := read(t, dir, "ec2:DescribeVpcs", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, %v, want %q", pages, err, want)
		}
	}
	t.Run("a link out of the case", func(t *testing.T) {
		dir, path := place(t)
		if err := os.Symlink(secret, path); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, "escapes")
	})
	t.Run("a folder linked out of the case", func(t *testing.T) {
		dir, path := place(t)
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Dir(secret), filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, "escapes")
	})
	t.Run("a link in the case is followed", func(t *testing.T) {
		dir, path := place(t)
		if err := os.WriteFile(filepath.Join(dir, "vpcs.json"), []byte(`{"Vpcs": []}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("../../../vpcs.json", path); err != nil {
			t.Fatal(err)
		}
		if pages, err := read(t, dir, "ec2:DescribeVpcs", nil); err != nil || len(pages) != 1 {
			t.Errorf("%v, %v", pages, err)
		}
	})
	t.Run("a folder", func(t *testing.T) {
		dir, path := place(t)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, "it is not a file")
	})
	t.Run("too large", func(t *testing.T) {
		dir, path := place(t)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, maxAnswer+1); err != nil { // takes no room
			t.Skip(err)
		}
		refused(t, dir, "more than an answer of AWS can have")
	})
}

func TestCallsWithInput(t *testing.T) {
	dir := folder(t, at+`ec2-describe-vpcs/a.json --
{"Input": {"VpcIds": ["vpc-1"], "MaxResults": 5}, "Output": {"Vpcs": [{"VpcId": "vpc-1"}], "NextToken": "t"}}
`+at+`ec2-describe-vpcs/b.json --
{"Input": {"VpcIds": ["vpc-2"]}, "Output": {"Vpcs": []}}
{"Input": {"MaxResults": 5, "VpcIds": ["vpc-1"], "NextToken": "t"}, "Output": {"Vpcs": []}}
`+at+`ec2-describe-vpcs/notes.txt --
not a call
`)
	got, err := read(t, dir, "ec2:DescribeVpcs", map[string]any{"VpcIds": []string{"vpc-1"}, "MaxResults": 5})
	if err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{{"Vpcs": vpcs("vpc-1"), "NextToken": "t"}, {"Vpcs": vpcs()}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, test := range map[string]struct{ text, want string }{
		"no output":     {`{"Input": {"A": 1}}`, `a call is {"Input": {…}, "Output": {…}}`},
		"bad output":    {`{"Input": {"A": 1}, "Output": {}}`, "Output: it has no Vpcs"},
		"twice":         {`{"Input": {"A": 1}, "Output": {"Vpcs": []}}{"Input": {"A": 1}, "Output": {"Vpcs": [{}]}}`, "two answers to the same call"},
		"no next page":  {`{"Input": {"A": 1}, "Output": {"Vpcs": [], "NextToken": "x"}}`, "to a call with this input is missing"},
		"itself":        {`{"Input": {"A": 1, "NextToken": "x"}, "Output": {"Vpcs": [], "NextToken": "x"}} {"Input": {"A": 1}, "Output": {"Vpcs": [], "NextToken": "x"}}`, "names itself"},
		"not even JSON": {`{`, "1.json:1:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, folder(t, at+"ec2-describe-vpcs/1.json --\n"+test.text+"\n"), "ec2:DescribeVpcs", map[string]any{"A": 1})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestReadStopsWhenToldTo(t *testing.T) {
	dir := folder(t, at+"ec2-describe-vpcs.json --\n{\"Vpcs\": [], \"NextToken\": \"a\"}\n")
	for range (&answers{dir, target}).Read(context.Background(), "ec2:DescribeVpcs", nil) {
		break // a second call of the loop's body would panic
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for page, err := range (&answers{dir, target}).Read(ctx, "ec2:DescribeVpcs", nil) {
		if page != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("%v, %v", page, err)
		}
	}
}
