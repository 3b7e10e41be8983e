package dialect

import (
	"fmt"
	"slices"
	"strings"
)

// Prepared is what PREPARE keeps under a name, what EXECUTE runs, or what DEALLOCATE
// PREPARE forgets ("Use prepared statements").
type Prepared struct {
	Object            // the name; none for EXECUTE IMMEDIATE
	Immediate bool    // EXECUTE IMMEDIATE
	Values    []Value // of USING

	Statement *Statement // that PREPARE or EXECUTE IMMEDIATE holds
	place     func(offset int) int
}

// Value is a constant that stands for a ?.
type Value struct {
	Text   string // as written, without comments
	Offset int
}

// Place is where in the text of PREPARE or EXECUTE IMMEDIATE that stands which is at this
// offset of the statement that it holds.
func (p *Prepared) Place(offset int) int { return p.place(offset) }

// preparable are the statements that can be prepared ("PREPARE", "Use prepared
// statements": SELECT, CTAS, INSERT INTO and UNLOAD).
var preparable = []Class{Select, CreateTableAs, Insert, Unload}

func (s *Statement) readPrepared() []*Error {
	r := &reader{cursor: cursor{tokens: s.Tokens}, class: s.Class}
	p := &Prepared{}
	s.Prepared = p
	mistakes, mistake := r.prepared(s, p)
	if mistake != nil {
		mistakes = append(mistakes, mistake)
	}
	return mistakes
}

func (r *reader) prepared(s *Statement, p *Prepared) (inner []*Error, mistake *Error) {
	switch {
	case r.words("DEALLOCATE"):
		if !r.words("PREPARE") {
			return nil, r.expected("PREPARE and a name")
		}
		if p.Object, mistake = r.single("the name of a prepared statement"); mistake != nil {
			return nil, mistake
		}
		return nil, r.end()
	case r.words("PREPARE"):
		if p.Object, mistake = r.single("the name of the prepared statement"); mistake != nil {
			return nil, mistake
		}
		if !r.words("FROM") {
			return nil, r.expected("FROM and a statement")
		}
		if r.done() {
			return nil, r.expected("the statement to prepare")
		}
		start := r.peek().Offset
		return s.hold(s.Source[start:s.Span.End], func(offset int) int { return start + offset }), nil
	}
	r.words("EXECUTE")
	if p.Immediate = r.words("IMMEDIATE"); p.Immediate {
		if inner, mistake = r.immediate(s); mistake != nil {
			return inner, mistake
		}
	} else if p.Object, mistake = r.single("the name of a prepared statement"); mistake != nil {
		return nil, mistake
	}
	if r.words("USING") {
		if p.Values, mistake = r.values(); mistake != nil {
			return inner, mistake
		}
	}
	return inner, r.end()
}

// immediate reads the string behind EXECUTE IMMEDIATE.
func (r *reader) immediate(s *Statement) ([]*Error, *Error) {
	token := r.peek()
	text, hole, mistake := r.text("a statement in quotes")
	switch {
	case hole: // what comes out of logs and answers must never become a statement
		return nil, &Error{Offset: token.Offset, Message: "${{ }} cannot stand for a statement", Hint: "write the statement in quotes, with a ? for each value"}
	case mistake != nil:
		return nil, mistake
	}
	return s.hold(text, func(offset int) int {
		if !strings.HasPrefix(token.Text, "'") { // U&'…'
			return token.Offset
		}
		at := 1 // behind the quote; '' in the token is one ' of the text
		for range min(offset, len(text)) {
			if token.Text[at] == '\'' {
				at++
			}
			at++
		}
		return token.Offset + at
	}), nil
}

// hold reads the statement that s holds.
func (s *Statement) hold(text string, place func(int) int) []*Error {
	inner, mistakes := Parse(text)
	for _, m := range mistakes {
		m.Offset = place(m.Offset)
	}
	if inner == nil {
		return mistakes
	}
	s.Prepared.Statement, s.Prepared.place = inner, place
	if !slices.Contains(preparable, inner.Class) {
		return []*Error{{Offset: place(inner.Span.Start), Message: fmt.Sprintf("%s cannot be prepared", inner.Class),
			Hint: "Athena prepares SELECT, INSERT INTO, CREATE TABLE AS and UNLOAD"}}
	}
	if inner.Body != (Span{}) && s.Class == Prepare {
		s.Body = Span{place(inner.Body.Start), place(inner.Body.End)}
	}
	return mistakes
}

// values reads the constants behind USING.
func (r *reader) values() (list []Value, mistake *Error) {
	for {
		start, depth := r.i, 0
		for ; !r.done() && (depth > 0 || !r.peek().isOperator(",")); r.i++ {
			switch t := r.peek(); {
			case t.isOperator("("), t.isOperator("["):
				depth++
			case t.isOperator(")"), t.isOperator("]"):
				depth--
			}
		}
		tokens := r.tokens[start:r.i]
		if len(tokens) == 0 {
			return list, r.expected("a value")
		}
		if mistake := constantTokens(tokens); mistake != nil {
			return list, mistake
		}
		words := make([]string, len(tokens))
		for i, t := range tokens {
			words[i] = t.Text
		}
		list = append(list, Value{Text: strings.Join(words, " "), Offset: tokens[0].Offset})
		if !r.operator(",") {
			return list, nil
		}
	}
}

// constantWords are the words of an expression that are neither functions nor columns.
var constantWords = wordSet(`AND ARRAY AS AT BETWEEN CASE CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP DATE DAY DECIMAL
	DISTINCT DOUBLE ELSE END ESCAPE FALSE FROM HOUR IN INTERVAL IS LIKE LOCALTIME LOCALTIMESTAMP MINUTE MONTH NOT NULL
	OR PRECISION SECOND THEN TIME TIMESTAMP TO TRUE WHEN WITHOUT WITH YEAR ZONE`)

// typeWords are the words of Trino's types, which stand behind AS in a CAST.
var typeWords = wordSet(`ARRAY BIGINT BOOLEAN CHAR DATE DECIMAL DOUBLE INT INTEGER IPADDRESS JSON MAP REAL ROW SMALLINT
	TIME TIMESTAMP TINYINT UUID VARBINARY VARCHAR ZONE WITH`)

// constantTokens refuses what is no constant: a column, a query, another ? (Trino's
// ConstantExpressionVerifier).
func constantTokens(tokens []Token) *Error {
	for i, t := range tokens {
		var after Token
		if i+1 < len(tokens) {
			after = tokens[i+1]
		}
		upper := strings.ToUpper(t.Text)
		switch {
		case t.Kind == Parameter:
			return &Error{Offset: t.Offset, Message: "a ? has no value here", Hint: "write the value"}
		case startsQuery(t) && !(t.is("WITH") && after.is("TIME")): // TIMESTAMP WITH TIME ZONE
			return &Error{Offset: t.Offset, Message: "a value is a constant, not a query", Hint: "run the query in a step of its own"}
		case t.Kind == Word && (after.isOperator("(") || constantWords[upper] || typeWords[upper]):
		case t.Kind == Word, t.Kind == QuotedIdentifier:
			return &Error{Offset: t.Offset, Message: fmt.Sprintf("a value is a constant, and %s is a name", t.Text),
				Hint: "texts stand in single quotes: '…'"}
		}
	}
	return nil
}

// Bound is a prepared statement with its values in place of its ?.
type Bound struct {
	Text   string
	pieces []boundPiece
}

// boundPiece says that the text from at on is that of the prepared statement from from on,
// or, when it is a value, that all of it stands for the ? there.
type boundPiece struct {
	at, from int
	value    bool
}

// Bind puts values in the place of the ? of a statement. A value of several tokens stands
// in parentheses, so that it stays one.
func (s *Statement) Bind(values []Value) (Bound, *Error) {
	var places []Token
	for _, t := range s.Tokens {
		if t.Kind == Parameter {
			places = append(places, t)
		}
	}
	if len(places) != len(values) {
		at := s.Span.Start
		if len(places) > len(values) {
			at = places[len(values)].Offset
		}
		return Bound{}, &Error{Offset: at, Message: fmt.Sprintf("the statement has %d ?, and %d values are given", len(places), len(values)),
			Hint: "write one value for each ? behind USING, in their order"}
	}
	var b Bound
	var text strings.Builder
	at := 0
	for i, t := range places {
		b.pieces = append(b.pieces, boundPiece{at: text.Len(), from: at})
		text.WriteString(s.Source[at:t.Offset])
		b.pieces = append(b.pieces, boundPiece{at: text.Len(), from: t.Offset, value: true})
		text.WriteString(" " + grouped(values[i].Text) + " ")
		at = t.End()
	}
	b.pieces = append(b.pieces, boundPiece{at: text.Len(), from: at})
	text.WriteString(s.Source[at:])
	b.Text = text.String()
	return b, nil
}

func grouped(text string) string {
	if tokens, mistakes := tokenize(text, false); len(mistakes) == 0 && len(tokens) == 1 {
		return text
	}
	return "(" + text + ")"
}

// Place is where in the prepared statement that stands which is at this offset of Text.
func (b Bound) Place(offset int) int {
	i, _ := slices.BinarySearchFunc(b.pieces, offset+1, func(p boundPiece, offset int) int { return p.at - offset })
	p := b.pieces[max(i-1, 0)]
	if p.value {
		return p.from
	}
	return p.from + offset - p.at
}
