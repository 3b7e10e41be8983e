package dialect

// createTableAs reads CREATE TABLE [IF NOT EXISTS] name [WITH (property = value, …)] AS
// query [WITH [NO] DATA] ("CREATE TABLE AS"; IF NOT EXISTS is SqlBase.g4's).
func (r *reader) createTableAs(s *Statement) (mistake *Error) {
	f := &Filled{}
	s.Filled = f
	r.words("CREATE", "TABLE")
	f.IfNotExists = r.words("IF", "NOT", "EXISTS")
	if f.Object, mistake = r.object("the name of the table"); mistake != nil {
		return mistake
	}
	if r.words("WITH") {
		if f.Properties, mistake = r.tableProperties(); mistake != nil {
			return mistake
		}
	}
	if !r.words("AS") {
		return r.expected("AS and a query")
	}
	end := len(r.tokens)
	switch ahead := (cursor{tokens: r.tokens, i: end - 3}); {
	case end > 3 && ahead.words("WITH", "NO", "DATA"):
		f.NoData, end = true, end-3
	case end > 3 && r.tokens[end-2].is("WITH") && r.tokens[end-1].is("DATA"):
		end -= 2
	}
	return r.body(s, end)
}

// body takes the query from here to before the token at end.
func (r *reader) body(s *Statement, end int) *Error {
	query := r.peek()
	if r.i >= end || !startsQuery(query) && !query.isOperator("(") {
		return r.expected("a query")
	}
	s.Body = Span{query.Offset, r.tokens[end-1].End()}
	return nil
}

// tableProperties reads ( name = value, … ).
func (r *reader) tableProperties() (list []Property, mistake *Error) {
	if !r.operator("(") {
		return nil, r.expected("( and properties")
	}
	for {
		p := Property{Offset: r.peek().Offset}
		switch t := r.peek(); {
		case r.done():
			return list, r.expected("the name of a property")
		case t.Kind == Word || t.Kind == QuotedIdentifier:
			r.i++
			p.Name, _ = Unquote(r.class, t)
		default:
			return list, r.expected("the name of a property")
		}
		if !r.operator("=") {
			return list, r.expected("=")
		}
		p.Value = r.peek().Offset
		if mistake := r.propertyValue(&p); mistake != nil {
			return list, mistake
		}
		list = append(list, p)
		if r.operator(")") {
			return list, nil
		}
		if !r.operator(",") {
			return list, r.expected(", or )")
		}
	}
}

func (r *reader) propertyValue(p *Property) *Error {
	t := r.peek()
	if t.is("ARRAY") {
		r.i++
		p.IsList = true
		if !r.operator("[") {
			return r.expected("[")
		}
		if r.operator("]") {
			return nil
		}
		for {
			text, hole, mistake := r.text("a text in quotes")
			if mistake != nil {
				return mistake
			}
			p.Values, p.HasHole = append(p.Values, text), p.HasHole || hole
			if r.operator("]") {
				return nil
			}
			if !r.operator(",") {
				return r.expected(", or ]")
			}
		}
	}
	if !r.done() && (t.Kind == Number || t.is("TRUE") || t.is("FALSE")) {
		r.i++
		p.Values = []string{t.Text}
		return nil
	}
	text, hole, mistake := r.text("a text in quotes, a number or ARRAY['…']")
	p.Values, p.HasHole = []string{text}, hole
	return mistake
}

// insert reads INSERT INTO name [(column, …)] query ("INSERT INTO").
func (r *reader) insert(s *Statement) (mistake *Error) {
	f := &Filled{}
	s.Filled = f
	if !r.words("INSERT", "INTO") {
		r.i++
		return r.expected("INTO")
	}
	if f.Object, mistake = r.object("the name of the table"); mistake != nil {
		return mistake
	}
	if next := r.i + 1; r.peek().isOperator("(") && next < len(r.tokens) && !startsQuery(r.tokens[next]) && !r.tokens[next].isOperator("(") {
		r.operator("(")
		for {
			column, mistake := r.single("the name of a column")
			if mistake != nil {
				return mistake
			}
			f.Columns = append(f.Columns, column)
			if r.operator(")") {
				break
			}
			if !r.operator(",") {
				return r.expected(", or )")
			}
		}
	}
	if r.done() {
		return &Error{Offset: s.Span.End, Message: "INSERT lacks its query"}
	}
	return r.body(s, len(r.tokens))
}
