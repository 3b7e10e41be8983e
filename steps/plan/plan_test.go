package plan

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

var target = steps.Target{Account: "111122223333", Region: "eu-west-1"}

func TestResourcesAreLookedAtWhereTheyAreAndOnce(t *testing.T) {
	given := []any{"a", map[string]any{"id": "a", "region": "eu-west-1"}, map[string]any{"id": "b", "name": "B", "account": "111122223333"},
		map[string]any{"id": "c", "account": "2"}, map[string]any{"id": "c", "account": "2"}, map[string]any{"id": "c", "region": "us-east-1"},
		map[string]any{"id": "d", "account": "2", "covered": true}, map[string]any{"id": "e", "account": "2", "covered": false},
		map[string]any{"group": "g", "port": int64(1)}, map[string]any{"group": "g", "port": int64(2)}, map[string]any{"group": "g", "port": int64(1)}}
	p, err := New(target, given, nil, 5)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range p.Wanted {
		got = append(got, w.ID+w.Name)
	}
	if diff := cmp.Diff([]string{"a", "bB", "g", "g"}, got); diff != "" || p.elsewhere != 3 {
		t.Errorf("%d elsewhere\n%s", p.elsewhere, diff)
	}
	for _, bad := range [][]any{{""}, {map[string]any{"name": "x"}}, {int64(1)}, {nil}, make([]any, maxGiven+1)} {
		if _, err := New(target, bad, nil, 5); err == nil {
			t.Errorf("%.40v is taken", bad)
		}
	}
}

func TestWhatIsProtected(t *testing.T) {
	tagged := map[string]any{"Tags": []any{map[string]any{"Key": "tier", "Value": "1"}}}
	listed := map[string]any{"TagSet": []any{map[string]any{"Key": "keep", "Value": "no matter"}}}
	p, err := New(target, nil, []any{"i-1", "203.0.113.7", map[string]any{"key": "tier", "value": int64(1)}, map[string]any{"key": "keep"}}, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		id   string
		raw  map[string]any
		want string
	}{
		{"i-1", nil, "protected: i-1"}, {"i-2", nil, ""}, {"i-2", tagged, "protected by its tag tier = 1"}, {"i-2", listed, "protected by its tag keep = no matter"},
		{"i-2", map[string]any{"Tags": []any{map[string]any{"Key": "tier", "Value": "2"}, "x", nil}}, ""},
	} {
		if got := p.Protects(test.id, test.raw); got != test.want {
			t.Errorf("%s %v: %q, want %q", test.id, test.raw, got, test.want)
		}
	}
	if diff := cmp.Diff([]netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")}, p.ProtectedBlocks(), cmp.Comparer(func(x, y netip.Prefix) bool { return x == y })); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []any{"", int64(1), nil, map[string]any{"value": "x"}} {
		if _, err := New(target, nil, []any{bad}, 5); err != errProtect && !errors.Is(err, errProtect) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestBlocks(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "192.0.2.1/24": "192.0.2.0/24", "2001:DB8::1": "2001:db8::1/128", "::ffff:192.0.2.1": "192.0.2.1/32",
		"::ffff:192.0.2.0/120": "", "fe80::1%eth0": "", "192.0.2": "", "192.0.2.1/33": "", "": "", "a\x00b": "",
	} {
		block, err := Block(text)
		if want == "" && err == nil || want != "" && (err != nil || block.String() != want) {
			t.Errorf("%q: %s, %v; want %s", text, block, err, want)
		}
	}
}

func TestAPlanWithRefusalsIsNeverAnAllClear(t *testing.T) {
	end := func(do func(*Plan)) (steps.Result, string) {
		p, _ := New(target, nil, nil, 1)
		do(p)
		result, err := p.Result("things")
		if err != nil {
			return result, err.Error()
		}
		return result, ""
	}
	result, failure := end(func(p *Plan) {})
	if failure != "" || result.Quality.Examined != 0 {
		t.Errorf("nothing: %+v, %s", result, failure)
	}
	result, failure = end(func(p *Plan) { p.Unchanged("a", "", "") })
	if failure != "" || result.Quality.Examined != 1 {
		t.Errorf("nothing to do: %+v, %s", result, failure)
	}
	result, failure = end(func(p *Plan) { p.Unchanged("a", "", ""); p.Refused("b", "", "no") })
	if failure != "nothing is planned, and something is refused: b: refused: no" {
		t.Errorf("a refusal: %s", failure)
	}
	result, failure = end(func(p *Plan) { p.Planned("a", "", ""); p.Call(steps.Change{}); p.Refused("b", "", "no") })
	want := []steps.Gap{{Source: "b", Problem: "refused: no", Blocking: true}}
	if diff := cmp.Diff(want, result.Quality.Gaps); diff != "" || failure != "" || result.Changes[0].Target != target || result.Value.(Result).Calls != 1 {
		t.Errorf("a refusal beside a plan: %s\n%s", failure, diff)
	}
	result, failure = end(func(p *Plan) {
		for _, id := range []string{"a", "b"} {
			p.Planned(id, "", "x")
			p.Call(steps.Change{})
		}
	})
	if failure != "refused: this would touch 2 things, more than max_changes (1): look through the list, then give fewer or raise max_changes" || result.Changes != nil {
		t.Errorf("too many: %s, %v", failure, result.Changes)
	}
	if diff := cmp.Diff(Resource{"a", "", Refused, "there are more than max_changes; without that: x"}, result.Value.(Result).Resources[0]); diff != "" {
		t.Error(diff)
	}
	result, failure = end(func(p *Plan) { p.Planned("a", "", ""); p.Call(steps.Change{}); p.Missing("thing", "c") })
	if failure != "thing c in the answers of AWS for 111122223333/eu-west-1 is missing: it may be gone; give maps of id, account and region when there is more than one" || len(result.Changes) != 1 {
		t.Errorf("a missing one: %s", failure)
	}
}
