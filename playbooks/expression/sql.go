package expression

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"playbook/playbooks/dialect"
	"playbook/playbooks/dialect/query"
)

// SQL is a SQL statement with ${{ }} holes, each rendered as a literal of the
// statement's class.
type SQL struct {
	source    string
	statement *dialect.Statement
	holes     map[int]*Program // by offset in source
}

// CompileSQL compiles a SQL template and checks the statement with package dialect.
func CompileSQL(source string, scope *Scope) (*SQL, []*Error) {
	statement, mistakes := parseSQL(source)
	if statement == nil {
		return nil, sorted(mistakes)
	}
	q := &SQL{source: source, statement: statement, holes: map[int]*Program{}}
	for i, token := range statement.Tokens {
		if token.Kind != dialect.Hole {
			continue
		}
		program, mistake := q.compileHole(i, scope)
		if mistake != nil {
			mistakes = append(mistakes, mistake)
		}
		q.holes[token.Offset] = program
	}
	if len(mistakes) > 0 {
		return nil, sorted(mistakes)
	}
	return q, nil
}

func parseSQL(source string) (statement *dialect.Statement, mistakes []*Error) {
	defer func() {
		if r := recover(); r != nil {
			statement, mistakes = nil, []*Error{{Message: fmt.Sprintf("the statement cannot be parsed: %v", r)}}
		}
	}()
	statement, mistakes = dialect.Parse(source)
	if statement != nil && len(mistakes) == 0 {
		mistakes = dialect.Lint(statement)
	}
	if len(mistakes) == 0 {
		mistakes = parseQuery(statement)
	}
	return statement, mistakes
}

// parseQuery finds mistakes in the grammar of the query that a statement holds. In a
// template a hole stands for a value or a name.
func parseQuery(statement *dialect.Statement) []*Error {
	place := func(offset int) int { return offset }
	if held := statement.Prepared; held != nil && held.Statement != nil {
		statement, place = held.Statement, held.Place
	}
	if !statement.HasQuery() || statement.Class == dialect.Explain {
		return nil
	}
	if _, mistake := query.Parse(statement); mistake != nil {
		mistake.Offset = place(mistake.Offset)
		return []*Error{mistake}
	}
	return nil
}

func sorted(mistakes []*Error) []*Error {
	slices.SortStableFunc(mistakes, func(a, b *Error) int { return cmp.Compare(a.Offset, b.Offset) })
	return slices.CompactFunc(mistakes, func(a, b *Error) bool { return *a == *b })
}

// compileHole compiles the hole that is token i, having made sure that the dialect
// and expr agree on where it ends, and that it stands for a whole literal.
func (q *SQL) compileHole(i int, scope *Scope) (*Program, *Error) {
	tokens := q.statement.Tokens
	token := tokens[i]
	end, ok := dialect.EndOfHole(q.source, token.Offset)
	switch {
	case !ok || q.source[token.Offset:end] != token.Text:
		return nil, &Error{Offset: token.Offset, Message: "it is not clear where this ${{ ends",
			Hint: "close the quotes and braces in it"}
	case strings.TrimSpace(hole{token.Offset, end}.inner(q.source)) == "":
		return nil, &Error{Offset: token.Offset, Message: "${{ }} is empty"}
	case i > 0 && touches(tokens[i-1], token), i+1 < len(tokens) && touches(token, tokens[i+1]):
		return nil, &Error{Offset: token.Offset, Message: "${{ }} stands for a whole value, not for a piece of one",
			Hint: `join the pieces inside, as in ${{ "s3://" + params.bucket }}`}
	}
	program, mistake := compileHole(q.source, hole{token.Offset, end}, scope)
	if mistake == nil && i > 0 && q.namesTable(i) && valueType(program.gives) {
		mistake = &Error{Offset: token.Offset, Message: fmt.Sprintf("a name stands after %s, not a value", tokens[i-1].Text),
			Hint: "write ${{ ident(…) }}"}
	}
	return program, mistake
}

// touches reports whether two tokens that are not operators follow each other without
// a space: rendered, they could become one token.
func touches(left, right dialect.Token) bool {
	return left.End() == right.Offset &&
		left.Kind != dialect.Operator && right.Kind != dialect.Operator
}

// namesTable reports whether token i must be the name of a table.
func (q *SQL) namesTable(i int) bool {
	tokens := q.statement.Tokens
	if i == 0 || tokens[i-1].Kind != dialect.Word {
		return false
	}
	switch strings.ToUpper(tokens[i-1].Text) {
	case "JOIN", "TABLE", "VIEW", "EXISTS", "DESCRIBE":
		return true
	case "FROM":
		return (i < 2 || !strings.EqualFold(tokens[i-2].Text, "DISTINCT")) && inQuery(tokens[:i-1])
	}
	return false
}

// inQuery reports whether what follows the tokens belongs to a query, and not to the
// arguments of a function: extract(day FROM x), trim('a' FROM x).
func inQuery(before []dialect.Token) bool {
	depth := 0
	for i := len(before) - 1; i >= 0; i-- {
		switch before[i].Text {
		case ")":
			depth++
		case "(":
			if depth == 0 {
				return i+1 < len(before) && (strings.EqualFold(before[i+1].Text, "SELECT") || strings.EqualFold(before[i+1].Text, "WITH"))
			}
			depth--
		}
	}
	return true
}

// valueType reports whether a static type is known, and is no name.
func valueType(t reflect.Type) bool {
	return t != nil && t.Kind() != reflect.Interface && t != reflect.TypeFor[Identifier]()
}

// Statement is the parsed template.
func (q *SQL) Statement() *dialect.Statement { return q.statement }

// Reads is like Program.Reads, over all holes.
func (q *SQL) Reads() []string {
	var parts []part
	for _, program := range q.holes {
		parts = append(parts, part{program: program})
	}
	return readsOfParts(parts)
}

// Render gives the statement.
func (q *SQL) Render(values map[string]any) (string, error) {
	var b strings.Builder
	var problems []error
	expected := make([]dialect.Token, 0, len(q.statement.Tokens))
	at := 0
	for i, token := range q.statement.Tokens {
		program := q.holes[token.Offset]
		if token.Kind != dialect.Hole || program == nil {
			expected = append(expected, token)
			continue
		}
		literal, err := q.literal(i, program, values)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		b.WriteString(q.source[at:token.Offset])
		at = token.Offset + len(token.Text)
		b.WriteString(gap(q.source[:token.Offset], -1) + literal.String() + gap(q.source[at:], 0))
		expected = append(expected, literal...)
	}
	if err := errors.Join(problems...); err != nil {
		return "", err
	}
	b.WriteString(q.source[at:])
	if err := q.verify(b.String(), expected); err != nil {
		return "", err
	}
	return b.String(), nil
}

// Preview gives the statement as far as it can be told from some of the values: holes that
// read others, or that cannot be filled in yet, stay as they are written.
func (q *SQL) Preview(values map[string]any, known func(path string) bool) string {
	var b strings.Builder
	at := 0
	for i, token := range q.statement.Tokens {
		program := q.holes[token.Offset]
		if token.Kind != dialect.Hole || program == nil || slices.ContainsFunc(program.reads, func(path string) bool { return !known(path) }) {
			continue
		}
		literal, err := q.literal(i, program, values)
		if err != nil {
			continue
		}
		b.WriteString(q.source[at:token.Offset])
		at = token.Offset + len(token.Text)
		b.WriteString(gap(q.source[:token.Offset], -1) + literal.String() + gap(q.source[at:], 0))
	}
	return b.String() + q.source[at:]
}

// gap is a space, unless the text has white space or a bracket at that end already:
// what touches a literal must not become part of it.
func gap(text string, end int) string {
	if end < 0 {
		end += len(text)
	}
	if end < 0 || end >= len(text) || strings.IndexByte(" \t\r\n(),;", text[end]) >= 0 {
		return ""
	}
	return " "
}

// verify reads the rendered statement again: each hole must have become exactly the
// tokens of its literal, and nothing else may have changed. Literals are quoted where
// they are made; this is the second lock.
func (q *SQL) verify(rendered string, expected []dialect.Token) error {
	again, mistakes := parseSQL(rendered)
	if again == nil || len(mistakes) > 0 {
		reason := "it is not a statement"
		if len(mistakes) > 0 {
			reason = mistakes[0].Message
		}
		return fmt.Errorf("rendering the SQL: with its values filled in, %s", reason)
	}
	same := again.Class == q.statement.Class &&
		slices.EqualFunc(again.Tokens, expected, func(a, b dialect.Token) bool { return a.Kind == b.Kind && a.Text == b.Text })
	if !same {
		return errors.New("rendering the SQL: a value would change the statement around it")
	}
	return nil
}
