// Package diagnostic describes a mistake in a file so that its author can mend it:
// where it is, what is wrong, and what to write instead.
package diagnostic

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
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
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(l)
}

// Print writes each diagnostic with its source line and a caret:
//
//	bad.yaml:3:5: error: unknown key "wen"; did you mean "when"?
//	  3 |     wen: true
//	    |     ^
//
// source returns a file's text, or "" when there is none to show.
func (l List) Print(w io.Writer, source func(file string) string) error {
	for _, d := range l {
		if _, err := fmt.Fprintln(w, d); err != nil {
			return err
		}
		lines := strings.Split(source(d.File), "\n")
		if d.Line < 1 || d.Line > len(lines) || lines[0] == "" && len(lines) == 1 {
			continue
		}
		line, column := excerpt(strings.TrimSuffix(lines[d.Line-1], "\r"), d.Column)
		number := fmt.Sprint(d.Line)
		_, err := fmt.Fprintf(w, "  %s | %s\n  %*s | %s^\n", number, line,
			len(number), "", strings.Repeat(" ", column-1))
		if err != nil {
			return err
		}
	}
	return nil
}

// excerpt makes one source line fit a terminal: tabs and control characters become
// single spaces (so that the caret stays under its column), and a long line is cut
// around the column.
func excerpt(line string, column int) (string, int) {
	const width = 120
	runes := []rune(printable(line))
	column = min(max(column, 1), len(runes)+1)
	if len(runes) <= width {
		return string(runes), column
	}
	start := max(0, min(column-1-width/2, len(runes)-width))
	return string(runes[start : start+width]), column - start
}

// printable replaces what could command a terminal (control characters, also C1, and
// bidirectional overrides, which can show a line other than it is) by a space or "?".
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ', r == 0x7f, r >= 0x80 && r < 0xa0, r == utf8.RuneError,
			r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return '?'
		}
		return r
	}, text)
}
