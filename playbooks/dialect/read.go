package dialect

import (
	"fmt"
	"strings"
)

// read fills in what the class promises.
func (s *Statement) read() []*Error {
	if s.Class == Prepare || s.Class == Execute || s.Class == Deallocate {
		return s.readPrepared()
	}
	r := &reader{cursor: cursor{tokens: s.Tokens}, class: s.Class}
	var mistake *Error
	switch s.Class {
	case CreateTable:
		mistake = r.createTable(s)
	case CreateView:
		mistake = r.createView(s)
	case CreateDatabase:
		mistake = r.createDatabase(s)
	case AlterAddPartition, AlterDropPartition:
		mistake = r.alterPartitions(s)
	case Drop:
		mistake = r.drop(s)
	case MsckRepair:
		mistake = r.msck(s)
	case Show:
		mistake = r.show(s)
	case Describe:
		mistake = r.describe(s)
	case CreateTableAs:
		mistake = r.createTableAs(s)
	case Insert:
		mistake = r.insert(s)
	case Select:
		s.Body = s.Span
	case Explain, Unload:
		s.Body = s.query()
		if s.Body == (Span{}) && s.Class != Explain {
			mistake = &Error{Offset: s.Span.End, Message: fmt.Sprintf("%s lacks its query", s.Class)}
		}
	}
	if mistake != nil {
		return []*Error{mistake}
	}
	return nil
}

// query finds the query of an EXPLAIN or an UNLOAD.
func (s *Statement) query() Span {
	depth := 0
	for i, t := range s.Tokens {
		switch {
		case t.isOperator("("):
			depth++
		case t.isOperator(")"):
			depth--
			if s.Class == Unload && depth == 0 {
				if i > 2 && startsQuery(s.Tokens[2]) {
					return Span{s.Tokens[2].Offset, s.Tokens[i-1].End()}
				}
				return Span{}
			}
		case s.Class != Unload && depth == 0 && i > 0 && startsQuery(t):
			return Span{t.Offset, s.Span.End}
		}
	}
	return Span{}
}

// reader reads DDL. It stops at the first mistake: what follows one is guesswork.
type reader struct {
	cursor
	class Class
	trino bool // names stand in Trino's quotes although the class is Hive's
}

func (r *reader) expected(what string) *Error {
	t := r.peek()
	found := "the end of the statement"
	if !r.done() {
		found = quote(t.Text)
	}
	return &Error{Offset: t.Offset, Message: fmt.Sprintf("%s is expected here, not %s", what, found)}
}

// name reads one part of a name, in lower case. A hyphen in an unquoted one is read as
// if it were allowed, and quotes of the wrong kind too; Lint says what is wrong.
func (r *reader) name(what string) (name string, hole bool, mistake *Error) {
	t := r.peek()
	if r.done() {
		return "", false, r.expected(what)
	}
	switch t.Kind {
	case Hole:
		r.i++
		return "", true, nil
	case Word:
		r.i++
		name = t.Text
		for end := t.End(); r.i+1 < len(r.tokens) && r.peek().isOperator("-") && r.peek().Offset == end; {
			part := r.tokens[r.i+1]
			if part.Kind != Word && part.Kind != Number || part.Offset != end+1 {
				break
			}
			name += "-" + part.Text
			end = part.End()
			r.i += 2
		}
		return strings.ToLower(name), false, nil
	case BacktickIdentifier, QuotedIdentifier, String:
		r.i++
		name, err := Unquote(r.class, t)
		if r.trino && t.Text[0] == '"' {
			name, err = undouble(t.Text)
		}
		if err != nil || name == "" {
			return "", false, &Error{Offset: t.Offset, Message: "a name cannot be empty"}
		}
		return strings.ToLower(name), false, nil
	}
	return "", false, r.expected(what)
}

// qualified reads [database.]name. In DDL both parts may stand in one pair of backticks
// ("SHOW CREATE TABLE"), for no name has a point in it.
func (r *reader) qualified(what string) (database, name string, holes bool, mistake *Error) {
	first := r.peek()
	name, holes, mistake = r.name(what)
	if mistake != nil || !r.operator(".") {
		left, right, both := strings.Cut(name, ".")
		if both && first.Kind == BacktickIdentifier && r.class.IsHive() && left != "" && right != "" && !strings.Contains(right, ".") {
			return left, right, holes, mistake
		}
		return "", name, holes, mistake
	}
	database = name
	name, hole, mistake := r.name(what)
	if mistake == nil && r.peek().isOperator(".") {
		mistake = &Error{Offset: r.peek().Offset, Message: "a name has two parts at most here: database.name"}
	}
	return database, name, holes || hole, mistake
}

// text reads a string; holes give "".
func (r *reader) text(what string) (text string, hole bool, mistake *Error) {
	t := r.peek()
	switch {
	case r.done():
	case t.Kind == Hole:
		r.i++
		return "", true, nil
	case t.Kind == String:
		r.i++
		text, err := Unquote(r.class, t)
		if err != nil {
			return "", false, &Error{Offset: t.Offset, Message: err.Error()}
		}
		return text, false, nil
	}
	return "", false, r.expected(what)
}

func (r *reader) end() *Error {
	if !r.done() {
		return r.expected("the end of the statement")
	}
	return nil
}

func (r *reader) createView(s *Statement) (mistake *Error) {
	s.View = &View{}
	r.words("CREATE")
	s.View.OrReplace = r.words("OR", "REPLACE")
	r.words("VIEW")
	if s.View.Object, mistake = r.object("the name of the view"); mistake != nil {
		return mistake
	}
	if !r.words("AS") {
		return r.expected("AS and a query")
	}
	query := r.peek()
	if !startsQuery(query) && !query.isOperator("(") {
		return r.expected("a query")
	}
	s.Body = Span{query.Offset, s.Span.End}
	return nil
}
