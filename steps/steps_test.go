package steps

import (
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPlainKeepsIntegersAndTimes(t *testing.T) {
	type inner struct {
		Port  uint16    `json:"port"`
		At    time.Time `json:"at"`
		Empty string    `json:"empty,omitempty"`
		none  int
	}
	type outer struct {
		Window
		List   []inner        `json:"list"`
		Nested map[string]any `json:"nested"`
		Absent *inner         `json:"absent"`
		Hidden string         `json:"-"`
		Plain  string
	}
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	huge, _ := new(big.Int).SetString("170141183460469231731687303715884105727", 10)
	got := Plain(outer{
		Window: Window{From: at},
		List:   []inner{{Port: 22, At: at, none: 1}},
		Nested: map[string]any{"small": big.NewInt(3004), "huge": huge, "f": float32(0.5), "u": uint64(1) << 63, "text": []byte("x")},
		Hidden: "secret", Plain: "p",
	})
	want := map[string]any{
		"from": at, "to": time.Time{},
		"list":   []any{map[string]any{"port": int64(22), "at": at, "empty": ""}},
		"nested": map[string]any{"small": int64(3004), "huge": 1.7014118346046923e38, "f": 0.5, "u": 9223372036854775808.0, "text": "x"},
		"absent": nil,
		"Plain":  "p",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMergeAddsCountsAndPlacesElements(t *testing.T) {
	targets := []Target{{"111122223333", "eu-west-1"}, {"444455556666", "us-east-1"}}
	first := map[string]any{"vpcs": []any{map[string]any{"VpcId": "vpc-1"}}, "total": int64(1), "names": []any{"a"}, "none": nil, "some": []any{"c"}}
	second := map[string]any{"vpcs": []any{}, "total": int64(2), "names": []any{"b"}, "none": nil, "some": nil}
	got := Merge(targets, []map[string]any{first, second})
	want := map[string]any{
		"vpcs":  []any{map[string]any{"VpcId": "vpc-1", "account": "111122223333", "region": "eu-west-1"}},
		"total": int64(3),
		"names": []any{"a", "b"},
		"none":  nil,
		"some":  []any{"c"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, altered := first["vpcs"].([]any)[0].(map[string]any)["account"]; altered {
		t.Error("Merge altered what it was given")
	}
}

func TestSeveritiesAreRanked(t *testing.T) {
	for i, severity := range Severities {
		if severity.Rank() != i {
			t.Errorf("%s ranks %d, want %d", severity, severity.Rank(), i)
		}
	}
	if Severity("urgent").Rank() != -1 {
		t.Error("a word that is no severity has a rank")
	}
}
