// Package dialect stands in for playbook/playbooks/dialect until that exists.
package dialect

import (
	"errors"
	"strings"
)

type Error struct {
	Offset        int
	Message, Hint string
}

func (e *Error) Error() string { return e.Message }

type Kind int

const (
	Word Kind = iota
	QuotedIdentifier
	BacktickIdentifier
	String
	Number
	Operator
	Hole
	Comment
	Parameter
)

type Token struct {
	Kind   Kind
	Text   string
	Offset int
}

func isWord(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= '0' && c <= '9' || c >= 0x80
}

func Tokenize(sql string) (tokens []Token, errs []*Error) {
	hive := strings.HasPrefix(strings.TrimSpace(sql), "CREATE EXTERNAL")
	for i := 0; i < len(sql); {
		c := sql[i]
		start := i
		kind := Operator
		switch {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			i++
			continue
		case strings.HasPrefix(sql[i:], "${{"):
			n := strings.Index(sql[i:], "}}")
			if n < 0 {
				return tokens, append(errs, &Error{i, "hole is not closed", ""})
			}
			i += n + 2
			kind = Hole
		case strings.HasPrefix(sql[i:], "--"):
			kind = Comment
			for i < len(sql) && sql[i] != '\n' {
				i++
			}
		case c == '\'' || c == '"' || c == '`':
			kind = map[byte]Kind{'\'': String, '"': QuotedIdentifier, '`': BacktickIdentifier}[c]
			for i++; ; i++ {
				if i >= len(sql) {
					return tokens, append(errs, &Error{start, "not closed", ""})
				}
				if hive && c == '\'' && sql[i] == '\\' {
					i++
					continue
				}
				if sql[i] == c {
					if i+1 < len(sql) && sql[i+1] == c && !(hive && c == '\'') {
						i++
						continue
					}
					i++
					break
				}
			}
			if strings.Contains(sql[start:i], "${{") && kind != Word {
				errs = append(errs, &Error{start + strings.Index(sql[start:i], "${{"), "${{ }} inside quotes", ""})
			}
		case c >= '0' && c <= '9':
			kind = Number
			for i < len(sql) && (isWord(sql[i]) || sql[i] == '.') {
				i++
			}
		case isWord(c):
			kind = Word
			for i < len(sql) && isWord(sql[i]) {
				i++
			}
		default:
			i++
		}
		tokens = append(tokens, Token{kind, sql[start:i], start})
	}
	return tokens, errs
}

type Class int

const (
	Select Class = iota
	CreateTable
)

func (c Class) IsHive() bool { return c == CreateTable }

type Statement struct {
	Class  Class
	Tokens []Token
}

func Parse(sql string) (*Statement, []*Error) {
	tokens, errs := Tokenize(sql)
	s := &Statement{Tokens: tokens}
	if strings.HasPrefix(strings.TrimSpace(sql), "CREATE EXTERNAL") {
		s.Class = CreateTable
	}
	return s, errs
}

func Lint(s *Statement) []*Error { return nil }

func QuoteString(class Class, s string) (string, error) {
	if strings.ContainsRune(s, 0) {
		return "", errors.New("NUL")
	}
	if class.IsHive() {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'", nil
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'", nil
}

func QuoteIdentifier(class Class, name string) (string, error) {
	if class.IsHive() {
		return "`" + strings.ReplaceAll(name, "`", "``") + "`", nil
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`, nil
}
