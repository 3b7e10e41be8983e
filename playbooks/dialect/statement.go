package dialect

import (
	"fmt"
	"slices"
	"strings"
)

// Statement is one statement, read as far as its class needs.
type Statement struct {
	Class  Class
	Source string  // the text that was given
	Tokens []Token // without comments and without the last ;
	Span   Span    // from the first token to behind the last

	Body     Span      // the query inside; empty when there is none
	Table    *Table    // of CreateTable
	View     *View     // of CreateView
	Filled   *Filled   // of CreateTableAs, Insert
	Database *Database // of CreateDatabase
	Altered  *Altered  // of AlterAddPartition, AlterDropPartition
	Repaired *Object   // of MsckRepair
	Dropped  *Dropped  // of Drop
	Shown    *Shown    // of Show, Describe
	Prepared *Prepared // of Prepare, Execute, Deallocate
}

// Parse reads exactly one statement, with or without a ; behind it. The statement is
// nil when it cannot even be told what it is.
func Parse(sql string) (*Statement, []*Error) {
	first := firstTokens(sql)
	if len(first) == 0 {
		return nil, []*Error{{Message: "there is no statement"}}
	}
	class, mistake := classify(first)
	tokens, mistakes := tokenize(sql, class.IsHive())
	if mistake != nil {
		return nil, append(mistakes, mistake)
	}
	tokens = slices.DeleteFunc(tokens, func(t Token) bool { return t.Kind == Comment })
	tokens, mistake = single(tokens)
	if mistake != nil {
		return nil, append(mistakes, mistake)
	}
	s := &Statement{Class: class, Source: sql, Tokens: tokens,
		Span: Span{tokens[0].Offset, tokens[len(tokens)-1].End()}}
	if len(mistakes) == 0 {
		mistakes = balanced(tokens)
	}
	if len(mistakes) == 0 {
		mistakes = s.read()
	}
	return s, mistakes
}

// single cuts the last ; off and refuses what stands behind one.
func single(tokens []Token) ([]Token, *Error) {
	end := slices.IndexFunc(tokens, func(t Token) bool { return t.isOperator(";") })
	switch {
	case end < 0:
		return tokens, nil
	case end == 0:
		return nil, &Error{Offset: tokens[0].Offset, Message: "there is no statement before the ;"}
	case end+1 < len(tokens):
		return nil, &Error{Offset: tokens[end+1].Offset, Message: "a second statement begins here",
			Hint: "Athena runs one statement at a time; give each a step of its own"}
	}
	return tokens[:end], nil
}

func balanced(tokens []Token) []*Error {
	closes := map[string]string{"(": ")", "[": "]"}
	var open []Token
	for _, t := range tokens {
		if t.Kind != Operator {
			continue
		}
		switch t.Text {
		case "(", "[":
			open = append(open, t)
		case ")", "]":
			if len(open) == 0 || closes[open[len(open)-1].Text] != t.Text {
				return []*Error{{Offset: t.Offset, Message: fmt.Sprintf("this %s closes nothing", t.Text)}}
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		last := open[len(open)-1]
		return []*Error{{Offset: last.Offset, Message: fmt.Sprintf("this %s is not closed", last.Text)}}
	}
	return nil
}

// Keyword is the offset of the first of these keywords in a row that stand outside all
// parentheses, or -1.
func (s *Statement) Keyword(keywords ...string) int {
	if i := s.keyword(0, keywords...); i >= 0 {
		return s.Tokens[i].Offset
	}
	return -1
}

func (s *Statement) keyword(from int, keywords ...string) int {
	depth := 0
	for i, t := range s.Tokens {
		switch {
		case t.isOperator("("), t.isOperator("["):
			depth++
		case t.isOperator(")"), t.isOperator("]"):
			depth--
		case depth == 0 && i >= from && (&cursor{tokens: s.Tokens, i: i}).words(keywords...):
			return i
		}
	}
	return -1
}

// HasQuery reports whether the statement holds a query, its own or that of EXECUTE
// IMMEDIATE.
func (s *Statement) HasQuery() bool {
	return s.Body != (Span{}) || s.Prepared != nil && s.Prepared.Statement != nil && s.Prepared.Statement.HasQuery()
}

// Identifiers are the names in a statement in lower case, sorted, each once, and
// whether it asks for all columns of something. Keywords are among the names: which
// words are names only a parser can tell. Of EXECUTE IMMEDIATE they are those of the
// statement that it holds.
func Identifiers(s *Statement) (names []string, star bool) {
	if s.Class == Execute && s.Prepared != nil && s.Prepared.Statement != nil {
		return Identifiers(s.Prepared.Statement)
	}
	seen := map[string]bool{}
	for i, t := range s.Tokens {
		var before, after Token
		if i > 0 {
			before = s.Tokens[i-1]
		}
		if i+1 < len(s.Tokens) {
			after = s.Tokens[i+1]
		}
		switch {
		case t.Kind == Word, t.Kind == QuotedIdentifier, t.Kind == BacktickIdentifier:
			if name, err := Unquote(s.Class, t); err == nil {
				seen[strings.ToLower(name)] = true
			}
			// TABLE t is SELECT * FROM t; ALL ROWS PER MATCH gives every column.
			star = star || t.is("MATCH_RECOGNIZE") || !s.Class.IsHive() && s.Body != Span{} &&
				t.Offset >= s.Body.Start && t.is("TABLE") && !after.isOperator("(")
		case t.isOperator("*"):
			star = star || before.is("SELECT") || before.is("DISTINCT") || before.is("ALL") ||
				before.isOperator(",") || before.isOperator(".")
		}
	}
	return sortedKeys(seen), star
}
