package dialect

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

var errNUL = errors.New("the text has a NUL character in it, which cannot stand in SQL")

// hiveEscapes are what a backslash and a letter stand for in strings of Hive
// (BaseSemanticAnalyzer.unescapeSQLString). Before % and _ the backslash stays.
var hiveEscapes = map[byte]string{'0': "\x00", 'b': "\b", 'n': "\n", 'r': "\r", 't': "\t", 'Z': "\x1a",
	'%': `\%`, '_': `\_`}

// QuoteString writes s as a string literal of the class. It refuses NUL. What it writes
// never holds "${{", so that a value which does is not taken for a template.
func QuoteString(class Class, s string) (string, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return "", errNUL
	}
	if !class.IsHive() {
		quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
		if strings.Contains(s, opening) {
			quoted = "U&" + strings.ReplaceAll(strings.ReplaceAll(quoted, `\`, `\\`), opening, `\0024{{`)
		}
		return quoted, nil
	}
	var b strings.Builder
	b.WriteByte('\'')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c == 0x7f || strings.HasPrefix(s[i:], opening):
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String(), nil
}

// QuoteIdentifier writes name as a quoted name of the class, "…" or `…`. It refuses
// NUL, control characters, "${{" and the empty name, which no name in Athena can be.
func QuoteIdentifier(class Class, name string) (string, error) {
	switch {
	case name == "":
		return "", errors.New("a name cannot be empty")
	case strings.IndexByte(name, 0) >= 0:
		return "", errNUL
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", fmt.Errorf("the name %s has a control character in it", quote(name))
	case strings.Contains(name, opening):
		return "", fmt.Errorf("the name %s has ${{ in it", quote(name))
	case !utf8.ValidString(name):
		return "", fmt.Errorf("the name %s is not valid UTF-8", quote(name))
	}
	mark := `"`
	if class.IsHive() {
		mark = "`"
	}
	return mark + strings.ReplaceAll(name, mark, mark+mark) + mark, nil
}

// Unquote is the text that a String or the name that a quoted or unquoted identifier
// stands for, in the letters as written.
func Unquote(class Class, t Token) (string, error) {
	switch {
	case t.Kind == Word:
		return t.Text, nil
	case t.Kind == QuotedIdentifier, t.Kind == BacktickIdentifier:
		return undouble(t.Text)
	case t.Kind != String:
		return "", fmt.Errorf("%s is neither a string nor a name", quote(t.Text))
	case class.IsHive():
		return unescapeHive(t.Text)
	case strings.HasPrefix(t.Text, "'"):
		return undouble(t.Text)
	case t.Text != "" && t.Text[0]|0x20 == 'u':
		return unescapeUnicode(t.Text)
	}
	return "", fmt.Errorf("%s is binary, not text", quote(t.Text))
}

func undouble(text string) (string, error) {
	if len(text) < 2 || text[len(text)-1] != text[0] {
		return "", fmt.Errorf("%s is not closed", quote(text))
	}
	mark := text[:1]
	return strings.ReplaceAll(text[1:len(text)-1], mark+mark, mark), nil
}

// unescapeHive reads one or more strings that touch, each in quotes of its own kind.
func unescapeHive(text string) (string, error) {
	var b strings.Builder
	var mark byte // of the string we are in; 0 between strings
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case mark == 0:
			mark = c
		case c == mark:
			mark = 0
		case c == '\\' && i+1 < len(text):
			s, n := hiveEscape(text[i+1:])
			b.WriteString(s)
			i += n
		default:
			b.WriteByte(c)
		}
	}
	if mark != 0 {
		return "", fmt.Errorf("%s is not closed", quote(text))
	}
	return b.String(), nil
}

// hiveEscape is what the escape whose characters behind the backslash begin rest stands
// for, and how many of them belong to it.
func hiveEscape(rest string) (string, int) {
	if rest[0] == 'u' && len(rest) > 5 {
		if code, err := strconv.ParseUint(rest[1:5], 16, 16); err == nil {
			return string(rune(code)), 5
		}
	}
	if len(rest) > 3 && rest[0] <= '1' {
		if code, err := strconv.ParseUint(rest[:3], 8, 8); err == nil {
			return string(rune(code)), 3
		}
	}
	if s, ok := hiveEscapes[rest[0]]; ok {
		return s, 1
	}
	_, n := utf8.DecodeRuneInString(rest)
	return rest[:n], n
}

// unescapeUnicode reads U&'…' with its escapes \0041, \+01F600 and \\. Another escape
// character (UESCAPE) is not known here.
func unescapeUnicode(text string) (string, error) {
	inner, err := undouble(text[2:])
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for {
		plain, rest, found := strings.Cut(inner, `\`)
		b.WriteString(plain)
		if !found {
			return b.String(), nil
		}
		n, skip := 4, 0
		switch {
		case strings.HasPrefix(rest, `\`):
			b.WriteByte('\\')
			inner = rest[1:]
			continue
		case strings.HasPrefix(rest, "+"):
			n, skip = 6, 1
		}
		if len(rest) < n+skip {
			return "", fmt.Errorf("an escape in %s is cut short", quote(text))
		}
		code, err := strconv.ParseUint(rest[skip:skip+n], 16, 32)
		if err != nil || !utf8.ValidRune(rune(code)) {
			return "", fmt.Errorf(`\%s in %s is no character`, rest[:skip+n], quote(text))
		}
		b.WriteRune(rune(code))
		inner = rest[skip+n:]
	}
}
