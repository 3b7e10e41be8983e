package drift

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

const begins = `{"seq":1,"time":"2026-02-02T08:00:00Z","type":"run.started","run":{"version":1,"id":"01J","tool":"playbook 1","operator":"Dana","now":"2026-02-01T06:00:00Z",` +
	`"playbook":{"steps":[{"id":"ask","uses":"question"},{"id":"assets","uses":"inventory"}]}}}` + "\n"

// outcome is the event of a step with an inline record.
func outcome(step, record string) string {
	return fmt.Sprintf(`{"seq":2,"type":"step.finished","outcome":{"step":%q,"inline":%s}}`+"\n", step, record)
}

// record is what an inventory of one VPC in each of two places found out.
func recordOf(failed ...steps.Target) string {
	parts := []any{}
	for _, target := range []steps.Target{place, other} {
		part := m{"target": target}
		for _, bad := range failed {
			if bad == target {
				part["reason"] = target.String() + ": no answer"
			}
		}
		parts = append(parts, part)
	}
	text, err := json.Marshal(m{"step": "assets", "parts": parts, "result": m{
		"vpcs": []any{there(other, m{"VpcId": "b"}), here(m{"VpcId": "a", "N": 1.5})}, "addresses": nil}})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func folder(files map[string]string) disk {
	d := disk{fstest.MapFS{}}
	for name, text := range files {
		d.MapFS["runs/x/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return d
}

func TestARunFolderIsABaseline(t *testing.T) {
	evidence := recordOf()
	sum := hash([]byte(evidence))
	event := fmt.Sprintf(`{"type":"step.finished","outcome":{"step":"assets","record":{"path":"evidence/assets/result.json","sha256":%q}}}`+"\n", sum)
	for name, files := range map[string]map[string]string{
		"in the journal":    {"journal.jsonl": begins + outcome("ask", `{"result":{}}`) + outcome("assets", evidence)},
		"in the evidence":   {"journal.jsonl": begins + event, "evidence/assets/result.json": evidence},
		"cut while dying":   {"journal.jsonl": begins + event + `{"seq":3,"ty`, "evidence/assets/result.json": evidence},
		"of two, the first": {"journal.jsonl": begins + event + outcome("assets", `{"result":{"vpcs":[]}}`), "evidence/assets/result.json": evidence},
	} {
		for _, location := range []string{"runs/x", "runs/x/", "s3://runs/x/"} {
			l, err := load(context.Background(), folder(files), strings.TrimSuffix(location, "/"))
			if err != nil {
				t.Errorf("%s at %s: %v", name, location, err)
				continue
			}
			want := Baseline{Version: 1, AsOf: asOf, MadeAt: asOf.Add(26 * 3600e9), By: "Dana", Tool: "playbook 1", Source: "run 01J",
				Targets: []steps.Target{place, other}, Resources: map[string][]map[string]any{
					"vpcs": {here(m{"VpcId": "a", "N": 1.5}).(m), there(other, m{"VpcId": "b"}).(m)}}}
			if diff := cmp.Diff(want, l.baseline); diff != "" || l.incomplete != nil {
				t.Errorf("%s at %s: %v %s", name, location, l.incomplete, diff)
			}
			if l.origin.SHA256 != hash([]byte(files["journal.jsonl"])) {
				t.Errorf("%s: the hash is not that of the journal", name)
			}
		}
	}
}

func TestWhatARunCouldNotListIsNotInItsBaseline(t *testing.T) {
	files := folder(map[string]string{"journal.jsonl": begins + outcome("assets", recordOf(other))})
	step := Kind().New().(*Step)
	step.Baseline, step.Targets = "runs/x", []steps.Target{place, other}
	step.Current = m{"vpcs": []any{here(m{"VpcId": "a", "N": 1.5})}}
	result, err := step.Run(context.Background(), steps.Env{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	got := result.Value.(Result)
	if got.Compared != 1 || len(got.Removed) != 0 || len(result.Quality.Gaps) != 2 {
		t.Errorf("%+v, gaps %+v", got, result.Quality.Gaps)
	}
	for _, gap := range result.Quality.Gaps {
		if !gap.Blocking {
			t.Errorf("%+v does not block", gap)
		}
	}
}

func TestRunFoldersThatAreNoBaseline(t *testing.T) {
	evidence := recordOf()
	at := func(path, sum string) string {
		return fmt.Sprintf(`{"outcome":{"step":"assets","record":{"path":%q,"sha256":%q}}}`+"\n", path, sum)
	}
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no journal", map[string]string{"x.txt": ""}, "neither a baseline file nor the folder of a run"},
		{"no journal, said", map[string]string{"x.txt": ""}, "journal.jsonl is missing"},
		{"no event", map[string]string{"journal.jsonl": "hello\n"}, "journal.jsonl:1: not an event of a run"},
		{"another version", map[string]string{"journal.jsonl": strings.Replace(begins, `"version":1`, `"version":2`, 1)}, "does not begin a run that this program reads"},
		{"no inventory", map[string]string{"journal.jsonl": begins + outcome("ask", `{"result":{}}`)}, "no inventory was taken in that run"},
		{"changed evidence", map[string]string{"journal.jsonl": begins + at("evidence/assets/result.json", hash([]byte("else"))), "evidence/assets/result.json": evidence},
			"was changed after the run"},
		{"evidence elsewhere", map[string]string{"journal.jsonl": begins + at("../other.json", hash(nil))}, "outside of the run folder"},
		{"evidence of the root", map[string]string{"journal.jsonl": begins + at("/etc/passwd", hash(nil))}, "outside of the run folder"},
		{"no evidence", map[string]string{"journal.jsonl": begins + at("evidence/assets/result.json", hash(nil))}, "is missing"},
		{"failed everywhere", map[string]string{"journal.jsonl": begins + outcome("assets", recordOf(place, other))}, "whole for no account and region"},
		{"no result", map[string]string{"journal.jsonl": begins + outcome("assets", `{"result":null,"parts":[]}`)}, "gave nothing"},
		{"for each of a list", map[string]string{"journal.jsonl": begins + outcome("assets", `{"result":[],"parts":[]}`)}, "gave nothing"},
	} {
		_, err := load(context.Background(), folder(test.files), "runs/x")
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.want)
		}
	}
}

func TestFilesThatAreNoBaseline(t *testing.T) {
	good := string(file(t, m{"vpcs": []any{here(m{"VpcId": "v"})}}, place))
	for _, test := range []struct{ old, new, want string }{
		{good, "", "not a baseline: EOF"},
		{good, "[]", "not a baseline"},
		{good, `{"Vpcs": []}`, "it says version 0"},
		{`"version": 1`, `"version": 2`, "version 2, this program reads 1"},
		{asOf.Format("2006-01-02T15:04:05Z"), "0001-01-01T00:00:00Z", "as_of"},
		{`"vpcs"`, `"subnets"`, "resources.subnets: an inventory has no such type"},
		{`"account": "111122223333",` + "\n      \"region\"", `"account": "999922223333",` + "\n      \"region\"", "not among the targets"},
		{"}\n", "}\n{}", "more behind its end"},
	} {
		text := strings.Replace(good, test.old, test.new, -1)
		if strings.HasPrefix(test.old, "}") {
			text = strings.TrimSuffix(good, test.old) + test.new
		}
		if text == good {
			t.Fatalf("%q is not in the file:\n%s", test.old, good)
		}
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error %v, want %q", test.new, err, test.want)
		}
	}
	for _, none := range []string{`"targets":[],"resources":{"vpcs":[]}`, `"targets":[{"account":"1","region":"r"}],"resources":{}`, `"targets":[{"account":"1","region":"r"}],"resources":{"vpcs":null}`} {
		if b, err := Parse([]byte(`{"version":1,"as_of":"2026-02-01T00:00:00Z",` + none + `}`)); err == nil {
			t.Errorf("%s is taken for %+v", none, b)
		}
	}
}

// A file is the same however the inventory was ordered.
func TestAFileIsStable(t *testing.T) {
	one := file(t, m{"vpcs": []any{there(other, m{"VpcId": "a"}), here(m{"VpcId": "c"}), here(m{"VpcId": "b"})}}, place, other)
	two := file(t, m{"vpcs": []any{here(m{"VpcId": "b"}), here(m{"VpcId": "c"}), there(other, m{"VpcId": "a"})}}, other, place)
	if diff := cmp.Diff(string(one), string(two)); diff != "" {
		t.Error(diff)
	}
	b, err := Parse(one)
	if err != nil || b.Resources["vpcs"][0]["VpcId"] != "b" || b.Resources["vpcs"][2]["VpcId"] != "a" {
		t.Errorf("%v, %+v", err, b)
	}
}

// FuzzRun reads journals and baselines of any shape, and compares what can be read.
func FuzzRun(f *testing.F) {
	f.Add([]byte(begins+outcome("assets", recordOf())), []byte(`{"version":1,"as_of":"2026-02-01T00:00:00Z","targets":[{"account":"1","region":"r"}],"resources":{"vpcs":[{"account":"1","region":"r","Tags":[1,[2],{"Key":{}}]}]}}`))
	f.Fuzz(func(t *testing.T, journal, text []byte) {
		was, _, errRun := fromRun(journal, func(string) ([]byte, error) { return text, nil })
		is, err := Parse(text)
		if err != nil || errRun != nil {
			return
		}
		c := &comparison{ignore: map[string]bool{}}
		c.compare(was.state(), is.state())
		if c.quality.Examined == 0 && len(c.quality.Gaps) == 0 {
			t.Error("nothing was looked at, and no gap says so")
		}
	})
}
