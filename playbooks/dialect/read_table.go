package dialect

import (
	"fmt"
	"strconv"
	"strings"
)

// clauses of CREATE TABLE, in the only order that there is ("CREATE TABLE").
var clauses = []struct {
	keywords []string
	read     func(*tableReader) *Error
}{
	{[]string{"COMMENT"}, (*tableReader).comment},
	{[]string{"PARTITIONED", "BY"}, (*tableReader).partitionedBy},
	{[]string{"CLUSTERED", "BY"}, (*tableReader).clusteredBy},
	{[]string{"ROW", "FORMAT"}, (*tableReader).rowFormat},
	{[]string{"STORED", "AS"}, (*tableReader).storedAs},
	{[]string{"WITH", "SERDEPROPERTIES"}, (*tableReader).serdeProperties},
	{[]string{"LOCATION"}, (*tableReader).location},
	{[]string{"TBLPROPERTIES"}, (*tableReader).properties},
}

type tableReader struct {
	*reader
	*Table
	given map[*string]bool // delimiters that a clause gives
}

func (r *reader) createTable(s *Statement) (mistake *Error) {
	s.Table = &Table{}
	t := &tableReader{reader: r, Table: s.Table, given: map[*string]bool{}}
	r.words("CREATE")
	t.External = r.words("EXTERNAL")
	r.words("TABLE")
	t.IfNotExists = r.words("IF", "NOT", "EXISTS")
	t.at.name = r.peek().Offset
	t.Database, t.Name, t.HasHoles, mistake = r.qualified("the name of the table")
	if mistake != nil {
		return mistake
	}
	if r.peek().is("LIKE") {
		return &Error{Offset: r.peek().Offset, Message: "Athena does not know CREATE TABLE … LIKE", Hint: "list the columns"}
	}
	if r.peek().isOperator("(") && !r.done() {
		if t.Columns, t.at.columnsHole, mistake = t.columns(); mistake != nil {
			return mistake
		}
	}
	done := -1
	for !r.done() {
		n := t.clause()
		switch {
		case n < 0:
			return t.strayWord()
		case n <= done:
			return &Error{Offset: r.peek().Offset, Message: fmt.Sprintf("%s cannot stand behind %s", clauseName(n), clauseName(done)),
				Hint: "the order is " + clauseOrder()}
		}
		r.words(clauses[n].keywords...)
		if mistake := clauses[n].read(t); mistake != nil {
			return mistake
		}
		done = n
	}
	t.finish()
	return nil
}

// clause is the number of the clause whose keywords come next, or -1.
func (t *tableReader) clause() int {
	for n, clause := range clauses {
		if ahead := t.cursor; ahead.words(clause.keywords...) {
			return n
		}
	}
	return -1
}

func clauseName(n int) string { return strings.Join(clauses[n].keywords, " ") }

func clauseOrder() string {
	names := make([]string, len(clauses))
	for n := range clauses {
		names[n] = clauseName(n)
	}
	return strings.Join(names, ", ")
}

func (t *tableReader) strayWord() *Error {
	mistake := t.expected("a clause of CREATE TABLE")
	var names []string
	for n := range clauses {
		names = append(names, clauses[n].keywords[0])
	}
	mistake.Hint = didYouMean(t.peek().Text, names)
	if mistake.Hint == "" {
		mistake.Hint = "there are " + clauseOrder()
	}
	return mistake
}

// columns reads ( name type [COMMENT '…'], … ). A hole can stand for some or all of
// them.
func (t *tableReader) columns() (list []Column, hole bool, mistake *Error) {
	t.operator("(")
	for {
		if after := t.i + 1; t.peek().Kind == Hole && after < len(t.tokens) &&
			(t.tokens[after].isOperator(",") || t.tokens[after].isOperator(")")) {
			t.i++
			hole, t.HasHoles = true, true
		} else {
			column, mistake := t.column()
			if mistake != nil {
				return list, hole, mistake
			}
			list = append(list, column)
		}
		if t.operator(")") {
			return list, hole, nil
		}
		if !t.operator(",") {
			return list, hole, t.expected(", or )")
		}
		if t.peek().isOperator(")") {
			return list, hole, &Error{Offset: t.tokens[t.i-1].Offset, Message: "the , before ) is one too many"}
		}
	}
}

func (t *tableReader) column() (c Column, mistake *Error) {
	var hole bool
	c.Offset = t.peek().Offset
	if c.Name, hole, mistake = t.name("the name of a column"); mistake != nil {
		return c, mistake
	}
	t.HasHoles = t.HasHoles || hole
	if c.Type, mistake = t.dataType(0); mistake != nil {
		return c, mistake
	}
	if t.words("COMMENT") {
		c.Comment, hole, mistake = t.text("a comment in quotes")
		t.HasHoles = t.HasHoles || hole
	}
	return c, mistake
}

func (t *tableReader) comment() (mistake *Error) {
	var hole bool
	t.Comment, hole, mistake = t.text("a comment in quotes")
	t.HasHoles = t.HasHoles || hole
	return mistake
}

func (t *tableReader) partitionedBy() (mistake *Error) {
	if !t.peek().isOperator("(") {
		return t.expected("(")
	}
	if !t.External { // of Iceberg: names of columns, and transforms of them
		t.skipParentheses()
		return nil
	}
	t.Partitions, t.at.partitionsHole, mistake = t.columns()
	return mistake
}

// clusteredBy reads (column, …) INTO n BUCKETS. How files are bucketed changes how fast a
// query is, not what it gives.
func (t *tableReader) clusteredBy() *Error {
	if !t.operator("(") {
		return t.expected("(")
	}
	for {
		name, hole, mistake := t.name("the name of a column")
		if mistake != nil {
			return mistake
		}
		t.HasHoles = t.HasHoles || hole
		t.BucketedBy = append(t.BucketedBy, name)
		if t.operator(")") {
			break
		}
		if !t.operator(",") {
			return t.expected(", or )")
		}
	}
	if t.words("SORTED", "BY") && t.peek().isOperator("(") {
		t.skipParentheses()
	}
	if !t.words("INTO") {
		return t.expected("INTO")
	}
	number := t.next()
	var err error
	if t.Buckets, err = strconv.Atoi(number.Text); number.Kind != Number || err != nil || !t.words("BUCKETS") {
		t.i--
		return t.expected("a number and BUCKETS")
	}
	return nil
}

// skipParentheses steps over ( … ), which are known to be balanced.
func (t *tableReader) skipParentheses() {
	depth := 0
	for !t.done() {
		token := t.next()
		t.HasHoles = t.HasHoles || token.Kind == Hole
		switch {
		case token.isOperator("("):
			depth++
		case token.isOperator(")"):
			if depth--; depth == 0 {
				return
			}
		}
	}
}

func (t *tableReader) location() (mistake *Error) {
	t.at.location, t.at.locationGiven = t.peek().Offset, true
	t.Location, t.at.locationHole, mistake = t.text("a location in quotes")
	t.HasHoles = t.HasHoles || t.at.locationHole
	return mistake
}

func (t *tableReader) properties() *Error {
	t.Properties = map[string]string{}
	t.at.keys, t.at.values, t.at.valueHoles = map[string]int{}, map[string]int{}, map[string]bool{}
	return t.pairs(func(key Token, name string, value Token, text string) {
		switch {
		case key.Kind == Hole:
			t.at.keyHole = true
			return
		case value.Kind == Hole:
			t.at.valueHoles[name] = true
		}
		if _, twice := t.Properties[name]; twice {
			t.at.repeated = append(t.at.repeated, key)
		}
		t.Properties[name] = text
		t.at.keys[name], t.at.values[name] = key.Offset, value.Offset
	})
}

func (t *tableReader) serdeProperties() *Error {
	if t.SerDe.Properties == nil {
		t.SerDe.Properties = map[string]string{}
	}
	return t.pairs(func(key Token, name string, _ Token, text string) {
		if key.Kind != Hole {
			t.SerDe.Properties[name] = text
		}
	})
}

// pairs reads ( 'key' = 'value', … ).
func (t *tableReader) pairs(each func(key Token, name string, value Token, text string)) *Error {
	if !t.operator("(") {
		return t.expected("(")
	}
	for {
		key := t.peek()
		name, hole, mistake := t.text("the name of a property in quotes")
		if mistake != nil {
			return mistake
		}
		t.HasHoles = t.HasHoles || hole
		if !t.operator("=") {
			return t.expected("=")
		}
		value := t.peek()
		text, hole, mistake := t.text("the value of a property in quotes")
		if mistake != nil {
			return mistake
		}
		t.HasHoles = t.HasHoles || hole
		each(key, name, value, text)
		if t.operator(")") {
			return nil
		}
		if !t.operator(",") {
			return t.expected(", or )")
		}
		if t.peek().isOperator(")") {
			return &Error{Offset: t.tokens[t.i-1].Offset, Message: "the , before ) is one too many"}
		}
	}
}
