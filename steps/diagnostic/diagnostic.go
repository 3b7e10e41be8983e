// Package diagnostic describes a mistake in a file so that its author can mend it:
// where it is, what is wrong, and what to write instead.
package diagnostic

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// Severity of a diagnostic: an Error stops the run, a Warning does not.
type Severity string

const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Diagnostic is one mistake. Line and Column count from 1, Column in characters; a
// Line of 0 means the file as a whole.
type Diagnostic struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Severity Severity `json:"severity"`
	Rule     string   `json:"rule"` // stable name of the check, as "unknown-key"
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitempty"` // what to do: `did you mean "when"?`
}

func (d Diagnostic) String() string {
	place := d.File
	if d.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", d.File, d.Line, d.Column)
	}
	text := fmt.Sprintf("%s: %s: %s", place, d.Severity, d.Message)
	if d.Hint != "" {
		text += "; " + d.Hint
	}
	return printable(text)
}

// List is every mistake found, in any order until sorted. It is an error when it
// holds one of severity Error.
type List []Diagnostic

// Err returns the list as an error, or nil when it holds warnings only.
func (l List) Err() error {
	if slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error }) {
		return l
	}
	return nil
}

func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// Sort orders by file and position, and drops repetitions.
func (l List) Sort() List {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Hint, b.Hint))
	})
	return slices.Compact(l)
}

// Print writes each diagnostic with its source line and what it is about underlined:
//
//	bad.yaml:3:5: error: unknown key "wen"; did you mean "when"?
//	  3 |     wen: true
//	    |     ^~~
//
// source returns a file's text, or "" when there is none to show.
func (l List) Print(w io.Writer, source func(file string) string) error {
	lines := map[string][]string{}
	for _, d := range l {
		if _, err := fmt.Fprintln(w, d); err != nil {
			return err
		}
		if _, read := lines[d.File]; !read {
			lines[d.File] = strings.Split(strings.TrimPrefix(source(d.File), "\ufeff"), "\n")
		}
		of := lines[d.File]
		if d.Line < 1 || d.Line > len(of) || len(of) == 1 && of[0] == "" {
			continue
		}
		line, indent, mark := excerpt(strings.TrimSuffix(of[d.Line-1], "\r"), d.Column)
		number := strconv.Itoa(d.Line)
		_, err := fmt.Fprintf(w, "  %s | %s\n  %*s | %*s%s\n", number, line, len(number), "", indent, "", mark)
		if err != nil {
			return err
		}
	}
	return nil
}

// excerpt makes one source line fit a terminal: control characters are replaced, a long
// line is cut around the column. Beside it come the width of what stands before the
// column (letters of some scripts are two cells wide) and the mark to print below it.
func excerpt(line string, column int) (shown string, indent int, mark string) {
	const width = 120
	cells := runewidth.Condition{} // not the locale's: files look the same everywhere
	runes := []rune(printable(line))
	at := min(max(column, 1), len(runes)+1) - 1
	from, to := 0, len(runes)
	if len(runes) > width {
		from = max(0, min(at-width/2, len(runes)-width))
		to = from + width
	}
	end := at
	for end < to && isWord(runes[end]) {
		end++
	}
	return string(runes[from:to]), cells.StringWidth(string(runes[from:at])),
		"^" + strings.Repeat("~", max(0, cells.StringWidth(string(runes[at:end]))-1))
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// printable replaces what could command a terminal (control characters, also C1, and
// bidirectional overrides, which can show a line other than it is) by a space or "?".
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ', r == 0x7f, r >= 0x80 && r < 0xa0, r == utf8.RuneError,
			r == 0x2028, r == 0x2029, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069,
			r == 0x200e, r == 0x200f, r == 0x061c:
			return '?'
		}
		return r
	}, text)
}
