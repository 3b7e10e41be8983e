package dialect

import (
	"fmt"
	"strings"
)

// read fills in what the class promises.
func (s *Statement) read() *Error {
	r := &reader{cursor: cursor{tokens: s.Tokens}, class: s.Class}
	switch s.Class {
	case CreateTable:
		return r.createTable(s)
	case CreateView:
		return r.createView(s)
	case AlterAddPartition:
		return r.addPartitions(s)
	case Drop:
		return r.drop()
	case MsckRepair:
		return r.msck()
	case Select:
		s.Body = s.Span
	case CreateTableAs, Insert, Prepare, Explain, Unload:
		s.Body = s.query()
		if s.Body == (Span{}) && s.Class != Explain {
			return &Error{Offset: s.Span.End, Message: fmt.Sprintf("%s lacks its query", s.Class)}
		}
	}
	return nil
}

// query finds the query of a statement that has something before it.
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
		case s.Class != Unload && depth == 0 && i > 0 && startsQuery(t) && !s.prefix(i):
			return Span{t.Offset, s.Span.End}
		}
	}
	return Span{}
}

// prefix reports whether the word at i, which could begin a query, belongs to what
// stands before it: CREATE TABLE, WITH (properties).
func (s *Statement) prefix(i int) bool {
	t := s.Tokens[i]
	return t.is("TABLE") && s.Class == CreateTableAs ||
		t.is("WITH") && i+1 < len(s.Tokens) && s.Tokens[i+1].isOperator("(")
}

// reader reads DDL. It stops at the first mistake: what follows one is guesswork.
type reader struct {
	cursor
	class Class
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
		if err != nil || name == "" {
			return "", false, &Error{Offset: t.Offset, Message: "a name cannot be empty"}
		}
		return strings.ToLower(name), false, nil
	}
	return "", false, r.expected(what)
}

// qualified reads [database.]name.
func (r *reader) qualified(what string) (database, name string, holes bool, mistake *Error) {
	name, holes, mistake = r.name(what)
	if mistake != nil || !r.operator(".") {
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
	s.View.Database, s.View.Name, s.View.HasHoles, mistake = r.qualified("the name of the view")
	if mistake != nil {
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

// addPartitions reads ALTER TABLE t ADD [IF NOT EXISTS] PARTITION (c = 'v', …)
// [LOCATION '…'] … ("ALTER TABLE ADD PARTITION").
func (r *reader) addPartitions(s *Statement) (mistake *Error) {
	a := &Altered{}
	s.Altered = a
	r.words("ALTER", "TABLE")
	a.Database, a.Table, a.HasHoles, mistake = r.qualified("the name of the table")
	if mistake != nil {
		return mistake
	}
	r.words("ADD")
	a.IfNotExists = r.words("IF", "NOT", "EXISTS")
	for r.peek().is("PARTITION") {
		p, hole, mistake := r.partition()
		if mistake != nil {
			return mistake
		}
		a.HasHoles = a.HasHoles || hole
		a.Partitions = append(a.Partitions, p)
	}
	return r.end()
}

func (r *reader) partition() (p Partition, holes bool, mistake *Error) {
	p = Partition{Values: map[string]string{}, Offset: r.next().Offset}
	if !r.operator("(") {
		return p, holes, r.expected("(")
	}
	for {
		name, hole, mistake := r.name("a partition column")
		holes = holes || hole
		if mistake != nil {
			return p, holes, mistake
		}
		if !r.operator("=") {
			return p, holes, r.expected("=")
		}
		value, hole, mistake := r.constant()
		holes = holes || hole
		if mistake != nil {
			return p, holes, mistake
		}
		p.Values[name] = value
		if r.operator(")") {
			break
		}
		if !r.operator(",") {
			return p, holes, r.expected(", or )")
		}
	}
	if r.words("LOCATION") {
		location, hole, mistake := r.text("a location in quotes")
		p.Location = location
		return p, holes || hole, mistake
	}
	return p, holes, nil
}

func (r *reader) constant() (value string, hole bool, mistake *Error) {
	sign := ""
	if r.operator("-") {
		sign = "-"
	}
	if t := r.peek(); t.Kind == Number {
		r.i++
		return sign + t.Text, false, nil
	}
	r.words("DATE") // DATE '2024-01-01'
	return r.text("a value in quotes")
}

func (r *reader) drop() *Error {
	r.words("DROP")
	for _, kind := range []string{"TABLE", "VIEW", "DATABASE", "SCHEMA"} {
		if r.words(kind) {
			r.words("IF", "EXISTS")
			_, _, _, mistake := r.qualified("the name of what to drop")
			if mistake == nil && !r.words("CASCADE") {
				r.words("RESTRICT")
			}
			if mistake != nil {
				return mistake
			}
			return r.end()
		}
	}
	return r.expected("TABLE, VIEW or DATABASE")
}

func (r *reader) msck() *Error {
	if !r.words("MSCK", "REPAIR", "TABLE") {
		r.i++
		return r.expected("REPAIR TABLE")
	}
	if _, _, _, mistake := r.qualified("the name of the table"); mistake != nil {
		return mistake
	}
	return r.end()
}
