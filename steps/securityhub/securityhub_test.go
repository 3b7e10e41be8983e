package securityhub

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"playbook/steps"
)

type pages []any

func (p pages) Read(_ context.Context, operation string, _ map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		for _, page := range p {
			err, _ := page.(error)
			fields, _ := page.(map[string]any)
			if operation != getFindings || !yield(fields, err) || err != nil {
				return
			}
		}
	}
}

func found(id, status, label string) map[string]any {
	return map[string]any{
		"SchemaVersion": "2018-10-08", "Id": id, "AwsAccountId": "444455556666", "Region": "us-east-1", "Title": "t " + id, "RecordState": "ACTIVE",
		"Severity": map[string]any{"Label": label}, "Compliance": map[string]any{"Status": status, "SecurityControlId": "EC2.6"},
		"Workflow": map[string]any{"Status": "NEW"}, "Resources": []any{map[string]any{"Id": "arn:" + id}},
	}
}

func page(list ...any) map[string]any { return map[string]any{"Findings": list} }

func TestRun(t *testing.T) {
	env := steps.Env{
		Target: steps.Target{Account: "111122223333", Region: "eu-west-1"},
		Cloud:  pages{page(found("a", "FAILED", "LOW"), found("b", "PASSED", "HIGH")), page(found("c", "FAILED", "HIGH"))},
	}
	result, err := Kind().New().Run(context.Background(), env)
	if err != nil {
		t.Fatal(err)
	}
	value := result.Value.(Result)
	if value.Failed != 2 || value.Passed != 1 || value.Open[0].ID != "c" || value.Open[0].Account != "444455556666" || value.Checks[0].Failed != 2 {
		t.Errorf("%+v", value)
	}
	if result.Quality.Examined != 3 || len(result.Quality.Gaps) != 0 {
		t.Errorf("%+v", result.Quality)
	}
}

func TestNothingIsNoAllClear(t *testing.T) {
	missing := &steps.Missing{What: "the answer"}
	for name, test := range map[string]struct {
		cloud pages
		err   string
		gap   string
	}{
		"missing":            {pages{missing}, "the answer is missing", ""},
		"missing after some": {pages{page(found("b", "PASSED", "HIGH")), errors.New("denied")}, "denied", ""},
		"off":                {pages{page()}, "", "it has no finding"},
		"no list":            {pages{map[string]any{"Findings": "x"}}, "Findings is not a list", ""},
		"no findings":        {pages{page("x", map[string]any{}, found("b", "PASSED", "HIGH"))}, "", "entries that are no findings in ASFF"},
		"not checked":        {pages{page(found("b", "WARNING", "HIGH"))}, "", "checks that the scanner could not make"},
	} {
		result, err := Kind().New().Run(context.Background(), steps.Env{Cloud: test.cloud})
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v", name, err)
		}
		gaps := result.Quality.Gaps
		if (test.gap != "") != (len(gaps) == 1) || len(gaps) == 1 && (!strings.Contains(gaps[0].Problem, test.gap) || !gaps[0].Blocking) {
			t.Errorf("%s: %+v", name, gaps)
		}
	}
}
