package reports

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Every string of a report comes from outside: logs that an attacker fills, tags,
// names, answers. Markdown is the only sink that is written here by hand; HTML is made
// from it by goldmark with raw HTML off, and by html/template; JSON by encoding/json.

// inline makes text stay text inside a Markdown paragraph, list item, heading or table
// cell. The threats are markup of every kind (links and images that call home, raw
// HTML, headings that forge a section, pipes that add a column), and links that
// GitHub makes of bare addresses.
func inline(text string) string {
	given := text
	if text = strings.Join(strings.Fields(visible(oneLine(text))), " "); text == "" && given != "" {
		return "—" // blank text would turn the marks around it into a rule
	}
	var b strings.Builder
	for i, r := range text {
		switch r {
		case '\\', '`', '*', '[', ']', '<', '>', '|', '~', '$':
			b.WriteByte('\\')
		case '&':
			if entity.MatchString(text[i:]) {
				b.WriteByte('\\')
			}
		case '_':
			// Inside a word an underscore is only itself.
			if !wordBefore(text, i) || !wordAfter(text, i+1) {
				b.WriteByte('\\')
			}
		case '#':
			if i == 0 || text[i-1] == ' ' {
				b.WriteByte('\\')
			}
		case '@':
			b.WriteByte('\\')
		case '+', '-', '=', '!':
			if i == 0 {
				b.WriteByte('\\')
			}
		case '/':
			if strings.HasSuffix(text[:i], ":") && strings.HasPrefix(text[i:], "//") {
				b.WriteByte('\\') // http:\// is no link
			}
		case '.', ')':
			// "1." would begin a list, "www." a link.
			if digits(text[:i]) && !wordAfter(text, i+1) || strings.HasSuffix(strings.ToLower(text[:i]), "www") {
				b.WriteByte('\\')
			}
		case ':':
			if emoji.MatchString(text[i:]) {
				b.WriteByte('\\')
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}

var (
	entity = regexp.MustCompile(`^&#?[0-9A-Za-z]+;`)
	emoji  = regexp.MustCompile(`^:[0-9a-z_+-]*[a-z_+][0-9a-z_+-]*:`) // as GitHub reads it
)

func wordBefore(text string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return isWord(r)
}

func wordAfter(text string, i int) bool {
	r, _ := utf8.DecodeRuneInString(text[i:])
	return isWord(r)
}

func isWord(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// code is text in a code span. Backticks in it are answered by a longer delimiter.
func code(text string) string {
	if text = visible(oneLine(text)); strings.TrimSpace(text) == "" {
		return "—"
	}
	delimiter := strings.Repeat("`", longestRun(text)+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return delimiter + text + delimiter
}

// codeCell is a code span in a table cell, where a pipe ends the cell even inside code.
func codeCell(text string) string { return strings.ReplaceAll(code(text), "|", `\|`) }

// fence is text in a fenced code block; the fence is longer than any in the text.
func fence(language, text string) string {
	var lines []string
	for _, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		lines = append(lines, visible(line))
	}
	marks := strings.Repeat("`", max(3, longestRun(text)+1))
	if strings.Trim(language, "abcdefghijklmnopqrstuvwxyz") != "" {
		language = ""
	}
	return marks + language + "\n" + strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n" + marks
}

func longestRun(text string) int {
	longest, run := 0, 0
	for i := range len(text) {
		if text[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// visible shows what could hide or reorder text: control characters, invalid UTF-8,
// bidirectional controls, and characters without width.
func visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\t':
			b.WriteByte(' ')
		case r < ' ':
			b.WriteRune('␀' + r)
		case r == 0x7f:
			b.WriteRune('␡')
		case r == utf8.RuneError, r >= 0x80 && r < 0xa0, r == 0xad, r == 0x61c, r >= 0x200b && r <= 0x200f,
			r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff, r >= 0xe0000 && r <= 0xe007f:
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// oneLine joins lines with spaces.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}

// clip cuts text to a number of characters and says so with an ellipsis.
func clip(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:width-1]) + "…"
}
