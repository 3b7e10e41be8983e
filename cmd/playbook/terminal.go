package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// All text for a terminal goes through terminalText: log fields, tags and file names
// can hold escape sequences that recolour, overwrite or retitle what a responder
// sees, and bidirectional overrides that show a line other than it is.

// terminalText makes control characters visible and keeps line breaks.
func terminalText(text string) string {
	var clean strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || r == '\t':
			clean.WriteRune(r)
		case r < ' ':
			clean.WriteRune('␀' + r) // the control picture of the same number
		case r == 0x7f:
			clean.WriteRune('␡')
		case r >= 0x80 && r < 0xa0, r == utf8.RuneError,
			r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x2069, r == 0xfeff:
			fmt.Fprintf(&clean, "\\u%04x", r)
		default:
			clean.WriteRune(r)
		}
	}
	return clean.String()
}

// terminalLine is terminalText on one line, cut to a width.
func terminalLine(text string, width int) string {
	line := []rune(strings.Join(strings.Fields(terminalText(text)), " "))
	if len(line) > width {
		return string(line[:max(0, width-1)]) + "…"
	}
	return string(line)
}
