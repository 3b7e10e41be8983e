package duckdb

import (
	"sort"
	"strconv"
	"strings"

	"playbook/playbooks/dialect"
)

// source is a query as text that DuckDB's parser reads as Trino's would. Comments are
// gone (DuckDB nests them, Trino does not), and so is everything that only one of the
// two parsers knows.
type source struct {
	statement *dialect.Statement
	text      strings.Builder
	at        []int // offset in text of each token, and
	from      []int // where that token stands in the statement
	names     map[string]bool
}

// ifFunction stands for IF(…): DuckDB's parser wants exactly three arguments.
const ifFunction = "trino_if"

// operators of Trino's queries. What else the tokenizer knows is of row pattern
// recognition, of lambdas, or of nobody.
var operators = map[string]bool{"=": true, "<>": true, "!=": true, "<": true, "<=": true, ">": true, ">=": true,
	"+": true, "-": true, "*": true, "/": true, "%": true, "||": true, "(": true, ")": true, "[": true, "]": true,
	",": true, ".": true}

// readSource rewrites the tokens that lie in the span.
func readSource(s *dialect.Statement, span dialect.Span) (*source, error) {
	src := &source{statement: s, names: map[string]bool{}}
	var tokens []dialect.Token
	for _, t := range s.Tokens {
		if t.Offset >= span.Start && t.End() <= span.End {
			tokens = append(tokens, t)
		}
	}
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		if t.Kind == dialect.Word {
			src.names[strings.ToLower(t.Text)] = true
		}
		switch {
		case isWord(t, "VALUES"):
			src.put(t, t.Text)
			n, err := src.values(tokens[i+1:])
			if err != nil {
				return nil, err
			}
			i += n
			continue
		case isWord(t, "IF") && i+1 < len(tokens) && isOperator(tokens[i+1], "("):
			src.put(t, ifFunction)
			continue
		case isWord(t, "TIMESTAMP") && i+3 < len(tokens) && isOperator(tokens[i+1], "("):
			if digits := tokens[i+2].Text; digits != "3" && digits != "6" || !isOperator(tokens[i+3], ")") {
				return nil, mistake(s.Source, t.Offset, "only TIMESTAMP(3) and TIMESTAMP(6) are supported on a case")
			}
			src.put(t, t.Text)
			i += 3
			continue
		case (isWord(t, "VARCHAR") || isWord(t, "CHAR")) && i+1 < len(tokens) && isOperator(tokens[i+1], "("):
			return nil, mistake(s.Source, t.Offset, "%s with a length is not supported on a case; use VARCHAR, and substr() to cut", strings.ToUpper(t.Text))
		}
		text, err := src.token(t)
		if err != nil {
			return nil, err
		}
		src.put(t, text)
	}
	return src, nil
}

func isWord(t dialect.Token, word string) bool {
	return t.Kind == dialect.Word && strings.EqualFold(t.Text, word)
}

func isOperator(t dialect.Token, text string) bool {
	return t.Kind == dialect.Operator && t.Text == text
}

func (src *source) put(t dialect.Token, text string) {
	src.mark(t.Offset)
	src.text.WriteString(text)
	// A name and a string that touch would be one token to DuckDB: E'…' has escapes.
	src.text.WriteByte(' ')
}

func (src *source) mark(offset int) {
	src.at = append(src.at, src.text.Len())
	src.from = append(src.from, offset)
}

// token is the text of one token that needs no look at its neighbours.
func (src *source) token(t dialect.Token) (string, error) {
	whole := src.statement.Source
	switch t.Kind {
	case dialect.Hole:
		return "", mistake(whole, t.Offset, "the statement still has a hole in it: %s", t.Text)
	case dialect.Parameter:
		return "", mistake(whole, t.Offset, "? needs a prepared statement; write ${{ }} with an expression")
	case dialect.BacktickIdentifier:
		return "", mistake(whole, t.Offset, "names in a query are quoted with \"…\", not with `…`")
	case dialect.String:
		text, err := dialect.Unquote(src.statement.Class, t)
		if err != nil {
			return "", mistake(whole, t.Offset, "%s", err)
		}
		return quoteString(text), nil
	case dialect.QuotedIdentifier:
		name, err := dialect.Unquote(src.statement.Class, t)
		if err != nil {
			return "", mistake(whole, t.Offset, "%s", err)
		}
		return quoteName(name), nil
	case dialect.Number:
		return plainNumber(t.Text), nil
	case dialect.Operator:
		switch {
		case operators[t.Text]:
		case t.Text == "->":
			return "", mistake(whole, t.Offset, "functions with -> (lambda expressions) are not supported on a case")
		case t.Text == "=>":
			return "", mistake(whole, t.Offset, "table functions with named arguments (=>) are not supported on a case")
		default:
			return "", mistake(whole, t.Offset, "%q is not an operator of Athena's queries", t.Text)
		}
	}
	return t.Text, nil
}

// plainNumber writes 1_000 and 0xFF as both parsers read them.
func plainNumber(text string) string {
	text = strings.ReplaceAll(text, "_", "")
	if len(text) > 2 && text[0] == '0' && strings.IndexByte("xXoObB", text[1]) >= 0 {
		if n, err := strconv.ParseUint(text, 0, 64); err == nil {
			return strconv.FormatUint(n, 10)
		}
	}
	return text
}

// values puts each row behind VALUES in parentheses, which Trino does not need
// ("VALUES": VALUES 1, 2, 3). It returns how many tokens it took.
func (src *source) values(tokens []dialect.Token) (int, error) {
	taken := 0
	for {
		row := rowLength(tokens[taken:])
		if row == 0 {
			return taken, nil
		}
		bare := !isWholeGroup(tokens[taken : taken+row])
		if bare {
			src.text.WriteByte('(')
		}
		for _, t := range tokens[taken : taken+row] {
			if isWord(t, "VALUES") || isWord(t, "SELECT") {
				return 0, mistake(src.statement.Source, t.Offset, "a query inside VALUES is not supported on a case")
			}
			text, err := src.token(t)
			if err != nil {
				return 0, err
			}
			if isWord(t, "IF") {
				text = ifFunction
			}
			if t.Kind == dialect.Word {
				src.names[strings.ToLower(t.Text)] = true
			}
			src.put(t, text)
		}
		if bare {
			src.text.WriteByte(')')
		}
		taken += row
		if taken == len(tokens) || !isOperator(tokens[taken], ",") {
			return taken, nil
		}
		src.put(tokens[taken], ",")
		taken++
	}
}

// endOfValues are the words that can follow a list of values.
var endOfValues = map[string]bool{"ORDER": true, "LIMIT": true, "OFFSET": true, "FETCH": true, "UNION": true,
	"EXCEPT": true, "INTERSECT": true}

func rowLength(tokens []dialect.Token) int {
	depth := 0
	for i, t := range tokens {
		switch {
		case isOperator(t, "("), isOperator(t, "["):
			depth++
		case isOperator(t, ")"), isOperator(t, "]"):
			if depth--; depth < 0 {
				return i
			}
		case depth == 0 && (isOperator(t, ",") || t.Kind == dialect.Word && endOfValues[strings.ToUpper(t.Text)]):
			return i
		}
	}
	return len(tokens)
}

func isWholeGroup(tokens []dialect.Token) bool {
	if !isOperator(tokens[0], "(") {
		return false
	}
	depth := 0
	for i, t := range tokens {
		switch {
		case isOperator(t, "("):
			depth++
		case isOperator(t, ")"):
			if depth--; depth == 0 {
				return i == len(tokens)-1
			}
		}
	}
	return false
}

// offset is where in the statement the token stands that is at this offset of text, or
// -1 when the offset is none.
func (src *source) offset(at int64) int {
	if at < 0 || at > int64(src.text.Len()) || len(src.at) == 0 {
		return -1
	}
	i := sort.SearchInts(src.at, int(at)+1) - 1
	if i < 0 {
		return src.statement.Span.Start
	}
	return src.from[i]
}

func (src *source) mistake(at int64, format string, args ...any) error {
	return mistake(src.statement.Source, src.offset(at), format, args...)
}
