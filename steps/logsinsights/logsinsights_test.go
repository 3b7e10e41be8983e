package logsinsights

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

type cloud struct {
	asked  map[string]any
	answer map[string]any
	err    error
}

func (c *cloud) Read(_ context.Context, operation string, input map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		if operation != startQuery {
			yield(nil, errors.New("not asked for"))
			return
		}
		c.asked = input
		yield(c.answer, c.err)
	}
}

func row(pairs ...string) any {
	var cells []any
	for i := 0; i < len(pairs); i += 2 {
		cells = append(cells, map[string]any{"field": pairs[i], "value": pairs[i+1]})
	}
	return cells
}

var (
	here   = steps.Target{Account: "111122223333", Region: "eu-west-1"}
	window = steps.Window{From: time.Unix(1772323200, 0), To: time.Unix(1773532800, 0)}
)

func ask(c *cloud, step Step) (steps.Result, error) {
	if step.Limit == 0 {
		step.Limit = defaultLimit
	}
	return step.Run(context.Background(), steps.Env{Target: here, Window: window, Cloud: c})
}

func TestTheCallIsTheSameForTheSameQuestion(t *testing.T) {
	c := &cloud{answer: map[string]any{"status": "Complete", "statistics": map[string]any{"recordsScanned": 12.0}, "results": []any{
		row("srcAddr", "10.0.0.1", "bytes", "9000000000", "share", "0.5", "account", "012345678901", "@ptr", "x"),
		row("srcAddr", "10.0.0.2", "bytes", "-1"),
	}}}
	result, err := ask(c, Step{Query: "stats sum(bytes) by srcAddr", Groups: []any{"/b", map[string]any{"name": "/a", "account": here.Account, "region": here.Region}, "/b",
		map[string]any{"name": "/elsewhere", "region": "us-east-1"}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"logGroupNames": []any{"/a", "/b"}, "queryString": "stats sum(bytes) by srcAddr", "limit": int64(1000),
		"startTime": int64(1772323200), "endTime": int64(1773532799)}, c.asked); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Result{Total: 2, Rows: []map[string]any{
		{"srcAddr": "10.0.0.1", "bytes": int64(9000000000), "share": 0.5, "account": "012345678901"}, {"srcAddr": "10.0.0.2", "bytes": int64(-1)},
	}}, result.Value); diff != "" {
		t.Error(diff)
	}
	if result.Quality.Examined != 12 || len(result.Quality.Cut) != 0 {
		t.Errorf("%+v", result.Quality)
	}
}

func TestWhatIsNotWholeIsNoAnswer(t *testing.T) {
	complete := func(more map[string]any) map[string]any {
		page := map[string]any{"status": "Complete", "statistics": map[string]any{"recordsScanned": 1.0}, "results": []any{row("a", "1")}}
		for key, value := range more {
			page[key] = value
		}
		return page
	}
	for _, status := range []string{"Running", "Timeout", "Cancelled", "Failed", ""} {
		if _, err := ask(&cloud{answer: complete(map[string]any{"status": status})}, Step{Groups: []any{"/a"}}); err == nil || !strings.Contains(err.Error(), "Complete") {
			t.Errorf("%s: %v", status, err)
		}
	}
	result, err := ask(&cloud{answer: complete(nil)}, Step{Groups: []any{"/a"}, Limit: 1})
	if err != nil || !cmp.Equal(result.Quality.Cut, []string{"rows"}) {
		t.Errorf("as many rows as the limit: %+v, %v", result.Quality, err)
	}
	result, _ = ask(&cloud{answer: complete(map[string]any{"statistics": map[string]any{"recordsScanned": 1.0, "logGroupsSkipped": 2.0}})}, Step{Groups: []any{"/a"}})
	if gaps := result.Quality.Gaps; len(gaps) != 1 || !gaps[0].Blocking || gaps[0].Count != 2 {
		t.Errorf("skipped groups: %+v", gaps)
	}
	if _, err := ask(&cloud{answer: complete(map[string]any{"results": []any{"x"}})}, Step{Groups: []any{"/a"}}); err == nil {
		t.Error("a row that is none was taken")
	}
	if result, err := ask(&cloud{err: &steps.Missing{What: "it"}}, Step{Groups: []any{"/a"}}); err == nil || result.Quality.Examined != 0 {
		t.Errorf("missing: %+v, %v", result, err)
	}
	if result, err := ask(&cloud{}, Step{Groups: []any{map[string]any{"name": "/a", "region": "us-east-1"}}}); err != nil || result.Quality.Examined != 0 {
		t.Errorf("elsewhere: %+v, %v", result, err)
	}
	if _, err := ask(&cloud{}, Step{Groups: []any{7}}); err == nil {
		t.Error("a group without a name was taken")
	}
	if _, err := (&Step{Groups: []any{"/a"}, Limit: 1}).Run(t.Context(), steps.Env{Cloud: &cloud{}}); err == nil || !strings.Contains(err.Error(), "no time") {
		t.Errorf("no window: %v", err)
	}
}
