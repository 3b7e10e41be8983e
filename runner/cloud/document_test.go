package cloud

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

func TestValuesKeepTheirTypes(t *testing.T) {
	got, err := documents([]byte(`{"int": 9007199254740993, "float": 0.5, "whole": 5000000.0, "big": 1e20, "huge": 18446744073709551616,
		"time": "2026-03-01T00:00:00+00:00", "yes": true, "none": null, "list": [1, {"a": []}], "text": "\u0041\n"}`), "x")
	if err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{{
		"int": int64(9007199254740993), "float": 0.5, "whole": 5e6, "big": 1e20, "huge": 18446744073709551616.0,
		"time": "2026-03-01T00:00:00+00:00", "yes": true, "none": nil, "list": []any{int64(1), map[string]any{"a": []any{}}}, "text": "A\n",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTextFromPowerShell(t *testing.T) {
	const text = `{"Name": "größe 🙂"}`
	want := []map[string]any{{"Name": "größe 🙂"}}
	little, big := []byte{0xff, 0xfe}, []byte{0xfe, 0xff}
	for _, unit := range utf16.Encode([]rune(text)) {
		little = append(little, byte(unit), byte(unit>>8))
		big = append(big, byte(unit>>8), byte(unit))
	}
	for name, encoded := range map[string][]byte{"UTF-8": []byte("\xef\xbb\xbf" + text), "little": little, "big": big} {
		got, err := documents(encoded, name)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	if _, err := documents(little[:len(little)-1], "x"); err == nil || !strings.Contains(err.Error(), "in the middle of a character") {
		t.Errorf("half a character: %v", err)
	}
}

func TestMistakesHaveAPlace(t *testing.T) {
	for text, want := range map[string]string{
		"{\n  \"a\": tru\n}":    "x:2:",
		"{\"a\": 1}\n{\"b\" 2}": "x:2:",
		"{\"ü\": 1, \"ü\": 2}":  "x:1:13:",
	} {
		if _, err := documents([]byte(text), "x"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzDocuments: whatever is in a file, reading it ends, and what is taken for an
// answer is what encoding/json reads, number types apart.
func FuzzDocuments(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"Vpcs": [{"VpcId": "vpc-1", "N": [1, 2.5, -0, 1e3]}], "NextToken": null}`, `{"a":1}{"b":{}}`, `{"a":1,"a":2}`,
		"\xff\xfe{\x00}\x00", "\xef\xbb\xbf{}", `{"a":`, `[{}]`, `{"a":[[[[]]]]}`, "{\"\xff\": \"\\ud800\"}", "nul",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := documents(text, "x")
		if err != nil {
			return
		}
		if len(got) == 0 {
			t.Fatal("no document and no error")
		}
		text, _ = utf8Text(text)
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		for _, document := range got {
			var want map[string]any
			if err := decoder.Decode(&want); err != nil {
				t.Fatalf("encoding/json refuses what was read: %v", err)
			}
			if diff := cmp.Diff(want, floats(document)); diff != "" {
				t.Fatal(diff)
			}
		}
		if decoder.More() {
			t.Fatal("something is left")
		}
	})
}

func floats(value any) any {
	switch value := value.(type) {
	case int64:
		return float64(value)
	case map[string]any:
		for key := range value {
			value[key] = floats(value[key])
		}
	case []any:
		for i := range value {
			value[i] = floats(value[i])
		}
	}
	return value
}
