package dialect

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Tokenize splits a statement, comments included. The tokens in order, with nothing but
// white space between them, are the text, mistakes or not.
func Tokenize(sql string) ([]Token, []*Error) {
	class, _ := classify(firstTokens(sql))
	return tokenize(sql, class.IsHive())
}

func tokenize(sql string, hive bool) ([]Token, []*Error) {
	l := lexer{sql: sql, hive: hive}
	tokens := make([]Token, 0, len(sql)/5)
	for {
		t, ok := l.next()
		if !ok {
			return tokens, l.mistakes
		}
		tokens = append(tokens, t)
	}
}

// firstTokens are the tokens that a class can be told from. Up to there both dialects
// read alike.
func firstTokens(sql string) []Token {
	const enough = 16
	l := lexer{sql: sql}
	var tokens []Token
	for len(tokens) < enough {
		t, ok := l.next()
		if !ok {
			break
		}
		// Leading parentheses of a query may be many; all but one say nothing.
		if t.Kind == Comment || t.isOperator("(") && len(tokens) > 0 && tokens[len(tokens)-1].isOperator("(") {
			continue
		}
		tokens = append(tokens, t)
	}
	return tokens
}

// lexer follows trinodb/trino SqlBase.g4 and apache/hive HiveLexer.g. Both know only
// these four characters as white space, and only ASCII letters outside quotes.
type lexer struct {
	sql      string
	hive     bool
	at       int
	mistakes []*Error
}

func (l *lexer) mistake(offset int, hint, format string, args ...any) {
	l.mistakes = append(l.mistakes, &Error{Offset: offset, Message: fmt.Sprintf(format, args...), Hint: hint})
}

func (l *lexer) next() (Token, bool) {
	for l.at < len(l.sql) && strings.IndexByte(" \t\r\n", l.sql[l.at]) >= 0 {
		l.at++
	}
	if l.at == len(l.sql) {
		return Token{}, false
	}
	start := l.at
	kind, n := l.scan(l.sql[start:])
	l.at += n
	t := Token{Kind: kind, Text: l.sql[start:l.at], Offset: start}
	if i := strings.IndexByte(t.Text, 0); i >= 0 && kind != Operator {
		l.mistake(start+i, "", "a NUL character cannot stand in SQL")
	}
	return t, true
}

// scan tells the kind and the length of the token that rest begins with.
func (l *lexer) scan(rest string) (Kind, int) {
	switch c := rest[0]; {
	case strings.HasPrefix(rest, opening):
		return Hole, l.hole(rest)
	case strings.HasPrefix(rest, "--"):
		n := strings.IndexAny(rest, "\r\n")
		if n < 0 {
			n = len(rest)
		}
		l.noHoles(rest[:n], "a comment")
		return Comment, n
	case strings.HasPrefix(rest, "/*"):
		return Comment, l.bracketedComment(rest)
	case c == '\'', c == '"' && l.hive:
		return String, l.quoted(rest, 0)
	case c == '"':
		return QuotedIdentifier, l.quoted(rest, 0)
	case c == '`':
		return BacktickIdentifier, l.quoted(rest, 0)
	case !l.hive && (c|0x20 == 'x') && strings.HasPrefix(rest[1:], "'"):
		return String, l.quoted(rest, 1)
	case !l.hive && (c|0x20 == 'u') && strings.HasPrefix(rest[1:], "&'"):
		return String, l.quoted(rest, 2)
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]) && !l.afterName():
		return number(rest)
	case isWordByte(c):
		return Word, wordLength(rest)
	case c == '?':
		return Parameter, 1
	}
	return Operator, l.operator(rest)
}

// afterName reports whether the text before is a name that touches: in t.1 the point is
// not that of a number.
func (l *lexer) afterName() bool {
	return l.at > 0 && (isWordByte(l.sql[l.at-1]) || strings.IndexByte("\"`", l.sql[l.at-1]) >= 0)
}

func (l *lexer) hole(rest string) int {
	if n, ok := EndOfHole(rest, 0); ok {
		return n
	}
	l.mistake(l.at, "close it with }}", "${{ is not closed")
	return len(rest)
}

func (l *lexer) bracketedComment(rest string) int {
	n := strings.Index(rest[2:], "*/")
	if n < 0 {
		l.mistake(l.at, "close it with */", "the comment is not closed")
		return len(rest)
	}
	l.noHoles(rest[:n+4], "a comment")
	return n + 4
}

func (l *lexer) noHoles(text, where string) {
	if i := strings.Index(text, opening); i >= 0 {
		l.mistake(l.at+i, "take it out; ${{ }} stands for a whole value or name", "${{ }} is inside %s", where)
	}
}

// quoted is the length of what is quoted at rest[prefix:]. Quotes are doubled to stand
// for themselves; in strings of Hive a backslash escapes, and strings that touch are
// one ("HiveLexer": ( '…' | "…" )+).
func (l *lexer) quoted(rest string, prefix int) int {
	mark := rest[prefix]
	escapes := l.hive && mark != '`'
	for i := prefix + 1; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && escapes:
			i++
		case strings.HasPrefix(rest[i:], opening):
			l.mistake(l.at+i, "take the quotes away; it is quoted as it has to be", "${{ }} is inside quotes")
			if n, ok := EndOfHole(rest, i); ok {
				i = n - 1
			}
		case rest[i] != mark:
		case escapes && i+1 < len(rest) && (rest[i+1] == '\'' || rest[i+1] == '"'):
			i++
			mark = rest[i]
		case i+1 < len(rest) && rest[i+1] == mark:
			i++
		default:
			return i + 1
		}
	}
	what := map[byte]string{'\'': "string", '"': "quoted name", '`': "quoted name"}[rest[prefix]]
	if escapes {
		what = "string"
	}
	l.mistake(l.at, fmt.Sprintf("close it with %c", mark), "the %s is not closed", what)
	return len(rest)
}

// operators longer than one character; a longer one stands before its beginning.
var operators = [...]string{"<>", "!=", "<=", ">=", "||", "->", "=>", "{-", "-}"}

func (l *lexer) operator(rest string) int {
	for _, operator := range operators {
		if strings.HasPrefix(rest, operator) {
			return len(operator)
		}
	}
	if strings.HasPrefix(rest, "${") {
		l.mistake(l.at, "an expression is ${{ … }}", "${ stands outside quotes")
		return 1
	}
	if strings.IndexByte("=<>+-*/%()[],.;:^$|{}!&~@#\\", rest[0]) >= 0 {
		return 1
	}
	r, n := utf8.DecodeRuneInString(rest)
	switch {
	case r == utf8.RuneError && n == 1:
		l.mistake(l.at, "", "the text is not valid UTF-8 here")
	case strings.ContainsRune("‘’‚“”„´", r):
		l.mistake(l.at, `strings stand in straight quotes: '…'`, "%c is not a quote of SQL", r)
	default:
		l.mistake(l.at, "outside quotes only ASCII is allowed", "the character %U does not belong in SQL", r)
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || isDigit(c)
}

func wordLength(text string) int {
	n := 0
	for n < len(text) && isWordByte(text[n]) {
		n++
	}
	return n
}

// number scans 1, 1_000, 0xFF, 1.5, .5, 1E5, 1.5e-3; what continues otherwise, as 1x,
// is a word (DIGIT_IDENTIFIER of Trino).
func number(rest string) (Kind, int) {
	n := wordLength(rest)
	run := rest[:n]
	radix := len(run) > 2 && run[0] == '0' && strings.IndexByte("xXoObB", run[1]) >= 0
	switch {
	case radix && strings.Trim(run[2:], "0123456789abcdefABCDEF_") == "":
		return Number, n
	case strings.Trim(run, "0123456789_") == "" && strings.HasPrefix(rest[n:], ".") && !strings.HasPrefix(rest[n:], ".."):
		n++
		n += wordDigits(rest[n:])
	case strings.Trim(run, "0123456789_") == "":
		return Number, n
	default:
		n = wordDigits(rest)
	}
	if e := exponent(rest[n:]); e > 0 {
		n += e
	}
	if n < len(run) || isWordAt(rest, n) && !strings.Contains(rest[:n], ".") {
		return Word, wordLength(rest)
	}
	return Number, n
}

func wordDigits(text string) int {
	n := 0
	for n < len(text) && (isDigit(text[n]) || text[n] == '_') {
		n++
	}
	return n
}

func isWordAt(text string, i int) bool { return i < len(text) && isWordByte(text[i]) }

// exponent is the length of E5, e-5 or E+5 at the start of text, or 0.
func exponent(text string) int {
	if text == "" || text[0]|0x20 != 'e' {
		return 0
	}
	n := 1
	if n < len(text) && (text[n] == '+' || text[n] == '-') {
		n++
	}
	digits := 0
	for n+digits < len(text) && isDigit(text[n+digits]) {
		digits++
	}
	if digits == 0 {
		return 0
	}
	return n + digits
}
