package playbooks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playbook/playbooks"
)

func withParams(t *testing.T, params string) *playbooks.Playbook {
	t.Helper()
	text := "playbook: 1\nid: test\ntitle: Test\nparams:\n" + params + "steps:\n  - {id: a, phase: detection, title: A, uses: probe}\n"
	p, diagnostics := playbooks.Load("test.yaml", []byte(text), probeKinds())
	if len(diagnostics) > 0 {
		t.Fatal(diagnostics)
	}
	return p
}

const everyType = `
  s: {type: string, default: 012345678901}
  i: {type: int, default: 5e9}
  f: {type: float, default: 1}
  b: {type: bool, default: false}
  ip: {type: ip, default: 2001:DB8::0001}
  net: {type: cidr, default: 10.0.0.0/8}
  d: {type: duration, default: 14d}
  t: {type: time, default: 2026-01-15}
  l: {type: list, default: [012345678901, b]}
  mode: {type: string, choices: [fast, slow]}
  ports: {type: list, choices: [22, 443]}
  n: {type: int, choices: [1, 2]}
  where: {type: file, default: s3://bucket/key}
  token: {type: string, secret: true}
  keys: {type: list, secret: true}
`

func TestParamsTakeTheirTypes(t *testing.T) {
	p := withParams(t, everyType)
	defaults := map[string]any{
		"s": "012345678901", "i": int64(5e9), "f": 1.0, "b": false, "ip": "2001:db8::1", "net": "10.0.0.0/8", "d": 14 * 24 * time.Hour,
		"t": time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC), "l": []any{"012345678901", "b"},
		"where": "s3://bucket/key", "mode": nil, "ports": nil, "n": nil, "token": nil, "keys": nil,
	}
	got, err := playbooks.ParseParams(p, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(defaults, got); diff != "" {
		t.Error(diff)
	}
	got, err = playbooks.ParseParams(p, map[string]string{
		"s": "", "i": "-3", "f": "1e-3", "b": "yes", "ip": "10.0.0.1", "net": "2001:db8::/32", "d": "90s", "t": "2026-03-01T12:00:00+02:00",
		"where": "./list.csv", "l": "a, b,", "mode": "slow", "ports": "443", "n": "2", "token": "x",
	}, map[string]any{"s": "lost: the command line wins", "keys": []any{"k1", "k2"}, "i": 4})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"s": "", "i": int64(-3), "f": 0.001, "b": true, "ip": "10.0.0.1", "net": "2001:db8::/32", "d": 90 * time.Second,
		"where": "./list.csv", "t": time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), "l": []any{"a", "b"},
		"mode": "slow", "ports": []any{"443"}, "n": int64(2), "token": "x", "keys": []any{"k1", "k2"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	masked := playbooks.Mask(p, got)
	if masked["token"] != "***" || masked["keys"] != "***" || masked["d"] != "1m30s" || masked["i"] != int64(-3) {
		t.Errorf("masked: %v", masked)
	}
	if diff := cmp.Diff([]string{"x", "k1", "k2"}, playbooks.Secrets(p, got)); diff != "" {
		t.Error(diff)
	}
}

func TestParamsFromAFile(t *testing.T) {
	p := withParams(t, everyType)
	got, err := playbooks.ParseParams(p, nil, map[string]any{
		"i": 7, "f": 2, "b": true, "t": time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), "l": []any{}, "n": 1.0, "s": nil,
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"i": int64(7), "f": 2.0, "b": true, "t": time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), "l": []any{}, "n": int64(1), "s": nil} {
		if diff := cmp.Diff(want, got[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestEveryWrongParamIsNamed(t *testing.T) {
	p := withParams(t, everyType)
	values, err := playbooks.ParseParams(p, map[string]string{
		"i": "many", "ip": "10.0.0.256", "net": "10.0.0.1/8", "d": "2 days", "t": "yesterday", "b": "1", "f": "NaN",
		"mode": "medium", "ports": "22,80", "n": "3", "mod": "fast", "zzzzzz": "",
	}, map[string]any{"s": 12345678901, "l": []any{5}, "keys": map[string]any{"a": "hunter2"}, "token": []any{"hunter2"}})
	if err == nil || values != nil {
		t.Fatalf("got %v, %v", values, err)
	}
	want := strings.TrimSpace(`
param s cannot be "12345678901": want text; put it in quotes
param i cannot be "many": want a whole number
param f cannot be "NaN": want a number
param b cannot be "1": want true or false
param ip cannot be "10.0.0.256": want an IP address
param net cannot be "10.0.0.1/8": it has bits behind its mask; write 10.0.0.0/8
param d cannot be "2 days": want a duration like 90s, 2h or 14d
param t cannot be "yesterday": want a time like 2026-03-01T12:00:00Z or 2026-03-01
param l cannot be "[5]": want a list of texts; put it in quotes
param mode cannot be "medium": want fast or slow
param ports cannot be "22,80": want 22 or 443
param n cannot be "3": want 1 or 2
param token cannot be what was given: want text
param keys cannot be what was given: want a list
test has no param "mod"; did you mean "mode"?
test has no param "zzzzzz"; its params are s, i, f, b, ip, net, d, t, l, mode, ports, n, where, token, keys`)
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}
