package diagnostic_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playbook/steps/diagnostic"
)

func printed(t *testing.T, source string, list ...diagnostic.Diagnostic) string {
	t.Helper()
	var out bytes.Buffer
	if err := diagnostic.List(list).Print(&out, func(string) string { return source }); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPrint(t *testing.T) {
	long := strings.Repeat("a ", 100) + "here " + strings.Repeat("b ", 100)
	for _, test := range []struct {
		name, source string
		line, column int
		want         string
	}{
		{"a word is underlined", "steps:\n  wen: true\n", 2, 3, "f:2:3: error: bad; hint\n  2 |   wen: true\n    |   ^~~\n"},
		{"punctuation is pointed at", "a: [", 1, 4, "f:1:4: error: bad; hint\n  1 | a: [\n    |    ^\n"},
		{"behind the end", "a:", 1, 3, "f:1:3: error: bad; hint\n  1 | a:\n    |   ^\n"},
		{"far behind the end", "a:", 1, 99, "f:1:99: error: bad; hint\n  1 | a:\n    |   ^\n"},
		{"no column", "a:", 1, 0, "f:1:0: error: bad; hint\n  1 | a:\n    | ^\n"},
		{"a tab is one space", "\twen: 1", 1, 2, "f:1:2: error: bad; hint\n  1 |  wen: 1\n    |  ^~~\n"},
		{"wide letters", "漢字: x", 1, 5, "f:1:5: error: bad; hint\n  1 | 漢字: x\n    |       ^\n"},
		{"wide letters underlined", "a: 漢字", 1, 4, "f:1:4: error: bad; hint\n  1 | a: 漢字\n    |    ^~~~\n"},
		{"letters of two runes", "e\u0301 x", 1, 4, "f:1:4: error: bad; hint\n  1 | e\u0301 x\n    |   ^\n"},
		{"Windows ends of lines", "a: 1\r\nb: 2\r\n", 2, 4, "f:2:4: error: bad; hint\n  2 | b: 2\n    |    ^\n"},
		{"a byte order mark", "\ufeffab: 1", 1, 1, "f:1:1: error: bad; hint\n  1 | ab: 1\n    | ^~\n"},
		{"commands to the terminal", "a: \x1b[2J\u202egpj\u0085\u2028", 1, 4, "f:1:4: error: bad; hint\n  1 | a: ?[2J?gpj??\n    |    ^\n"},
		{"the file as a whole", "a", 0, 0, "f: error: bad; hint\n"},
		{"a line that is not there", "a", 7, 1, "f:7:1: error: bad; hint\n"},
		{"no source", "", 1, 1, "f:1:1: error: bad; hint\n"},
		{"a long line is cut around the column", long, 1, 201, "f:1:201: error: bad; hint\n  1 | " + long[140:260] + "\n    | " + strings.Repeat(" ", 60) + "^~~~\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := diagnostic.Diagnostic{File: "f", Line: test.line, Column: test.column, Severity: diagnostic.Error, Message: "bad", Hint: "hint"}
			if diff := cmp.Diff(test.want, printed(t, test.source, d)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNothingCommandsTheTerminal: messages quote the file, and the file is hostile.
func TestNothingCommandsTheTerminal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.String().Draw(rt, "text")
		d := diagnostic.Diagnostic{File: text, Line: 1, Column: rapid.IntRange(0, 9).Draw(rt, "column"), Message: text, Hint: text}
		out := printed(t, text, d)
		for _, r := range strings.ReplaceAll(out, "\n", "") {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
				rt.Fatalf("%q is in %q", r, out)
			}
		}
		if !utf8.ValidString(out) || strings.Count(out, "\n") > 3 {
			rt.Fatalf("%q", out)
		}
	})
}

func TestSort(t *testing.T) {
	d := func(file string, line, column int, message string) diagnostic.Diagnostic {
		return diagnostic.Diagnostic{File: file, Line: line, Column: column, Severity: diagnostic.Error, Message: message}
	}
	got := diagnostic.List{d("b", 1, 1, "x"), d("a", 2, 1, "y"), d("a", 2, 1, "x"), d("a", 2, 1, "y"), d("a", 1, 9, "z"), d("a", 2, 1, "x")}.Sort()
	want := diagnostic.List{d("a", 1, 9, "z"), d("a", 2, 1, "x"), d("a", 2, 1, "y"), d("b", 1, 1, "x")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestErrIsAboutErrors(t *testing.T) {
	warning := diagnostic.Diagnostic{File: "f", Severity: diagnostic.Warning, Message: "odd"}
	mistake := diagnostic.Diagnostic{File: "f", Line: 1, Column: 2, Severity: diagnostic.Error, Message: "bad"}
	if err := (diagnostic.List{warning}).Err(); err != nil {
		t.Errorf("a warning stops the run: %v", err)
	}
	err := diagnostic.List{warning, mistake}.Err()
	var list diagnostic.List
	if !errors.As(err, &list) || err.Error() != "f: warning: odd\nf:1:2: error: bad" {
		t.Errorf("got %v", err)
	}
}

func TestPrintSaysWhenItCannotWrite(t *testing.T) {
	reader, writer := io.Pipe()
	reader.Close()
	list := diagnostic.List{{File: "f", Message: "bad"}}
	if err := list.Print(writer, func(string) string { return "" }); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}

func TestDidYouMean(t *testing.T) {
	keys := []string{"id", "phase", "title", "uses", "with", "when", "for_each", "expect", "timeout", "retry", "on_failure"}
	for word, want := range map[string]string{
		"wen": "when", "whne": "when", "foreach": "for_each", "forEach": "for_each", "Title": "title", "tile": "title", "expects": "expect",
		"onfailure": "on_failure", "retries": "retry", "i": "id", "xyzzy": "", "severity": "", "": "", strings.Repeat("w", 1000): "",
	} {
		if got := diagnostic.Nearest(word, keys); got != want {
			t.Errorf("Nearest(%.20q) = %q, want %q", word, got, want)
		}
	}
	if got := diagnostic.DidYouMean("wen", keys); got != `did you mean "when"?` {
		t.Errorf("got %s", got)
	}
	if got := diagnostic.DidYouMean("xyzzy", keys) + diagnostic.DidYouMean("x", nil); got != "" {
		t.Errorf("got %s", got)
	}
}
