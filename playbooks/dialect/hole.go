package dialect

import "strings"

const (
	opening = "${{"
	closing = "}}"
)

// EndOfHole is the offset behind the "}}" that closes the hole which begins at start.
// Strings, comments and braces of the expression inside are stepped over; they are
// those of github.com/expr-lang/expr.
func EndOfHole(text string, start int) (int, bool) {
	depth := 0
	for i := start + len(opening); i < len(text); {
		switch rest := text[i:]; {
		case rest[0] == '"' || rest[0] == '\'' || rest[0] == '`':
			n := endOfLiteral(rest)
			if n < 0 {
				return 0, false
			}
			i += n
			continue
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				return 0, false
			}
			i += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return 0, false
			}
			i += 2 + n + 1
		case rest[0] == '{':
			depth++
		case depth == 0 && strings.HasPrefix(rest, closing):
			return i + len(closing), true
		case rest[0] == '}' && depth > 0:
			depth--
		}
		i++
	}
	return 0, false
}

// endOfLiteral is the length of the string literal of an expression that text begins
// with, or -1.
func endOfLiteral(text string) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == text[0]:
			return i + 1
		case text[0] != '`' && text[i] == '\\':
			i++
		case text[0] != '`' && text[i] == '\n':
			return -1
		}
	}
	return -1
}
