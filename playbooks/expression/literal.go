package expression

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"playbook/playbooks/dialect"
)

// literal is what a value becomes in SQL: the tokens it has to be read as. It is the
// list of tokens, not text, so that Render can check that it is read so.
type literal []dialect.Token

func (l *literal) add(kind dialect.Kind, text string) {
	*l = append(*l, dialect.Token{Kind: kind, Text: text})
}

func (l literal) String() string {
	var b strings.Builder
	for i, token := range l {
		tight := i == 0 || strings.Contains(",).>:", token.Text) || strings.Contains("(-.<:", l[i-1].Text) ||
			strings.Contains("(<", token.Text) && l[i-1].Kind == dialect.Word
		if !tight {
			b.WriteByte(' ')
		}
		b.WriteString(token.Text)
	}
	return b.String()
}

// literal renders the value of the hole that is token i as the statement's class
// writes it.
func (q *SQL) literal(i int, program *Program, values map[string]any) (literal, error) {
	value, err := program.run(values)
	if err != nil {
		return nil, err
	}
	var l literal
	if err := l.value(q.statement.Class, value); err != nil {
		return nil, fmt.Errorf("rendering %s in SQL: %w", program.excerpt(), err)
	}
	switch {
	case value == nil && q.compares(i):
		err = errors.New("it is nil, and no row compares with NULL; skip the step with when, or write IS NULL")
	case l[0].Text == "(" && q.inParentheses(i):
		err = errors.New("a list brings its own parentheses: write IN ${{ … }}")
	}
	if err != nil {
		return nil, fmt.Errorf("rendering %s in SQL: %w", program.excerpt(), err)
	}
	return l, nil
}

func (l *literal) value(class dialect.Class, value any) error {
	switch value := value.(type) {
	case nil:
		l.add(dialect.Word, "NULL")
		return nil
	case Identifier:
		return l.name(class, value.parts)
	case Columns:
		return l.columns(class, value)
	case time.Duration:
		return errors.New("a duration has no literal; write hours(…), or a number")
	}
	converted, err := (&budget{maxWeight}).plain(value)
	if err != nil {
		return err
	}
	if list, ok := converted.([]any); ok {
		return l.list(class, list)
	}
	return l.scalar(class, converted)
}

func (l *literal) scalar(class dialect.Class, value any) error {
	switch value := value.(type) {
	case bool:
		l.add(dialect.Word, strings.ToUpper(strconv.FormatBool(value)))
		return nil
	case int64:
		l.number(strconv.FormatInt(value, 10))
		return nil
	case float64:
		return l.float(class, value)
	case string:
		return l.text(class, value)
	case time.Time:
		return l.time(class, value)
	}
	return fmt.Errorf("%s is not a value of SQL", argument(value))
}

func (l *literal) text(class dialect.Class, text string) error {
	switch {
	case strings.ContainsRune(text, 0):
		return errors.New("the text has a NUL byte in it")
	case !utf8.ValidString(text):
		return errors.New("the text is not valid UTF-8")
	}
	quoted, err := dialect.QuoteString(class, text)
	if err != nil {
		return err
	}
	l.add(dialect.String, quoted)
	return nil
}

func (l *literal) number(digits string) {
	if positive, negative := strings.CutPrefix(digits, "-"); negative {
		l.add(dialect.Operator, "-")
		digits = positive
	}
	l.add(dialect.Number, digits)
}

// float writes a DOUBLE: in Trino 1.5 is a DECIMAL, and 1.5E0 a DOUBLE ("Data types").
func (l *literal) float(class dialect.Class, value float64) error {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return fmt.Errorf("%v is not a number of SQL", value)
	}
	if class.IsHive() {
		l.number(strconv.FormatFloat(value, 'f', -1, 64))
		return nil
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(value, 'E', -1, 64), "E")
	power, err := strconv.Atoi(exponent)
	l.number(fmt.Sprintf("%sE%d", mantissa, power))
	return err
}

func (l *literal) time(class dialect.Class, t time.Time) error {
	t = t.UTC()
	switch {
	case t.IsZero():
		return errUnset
	case class.IsHive():
		return errors.New("a time has no literal in this statement; write date(…), iso(…) or unix(…)")
	case t.Year() < 1 || t.Year() > 9999:
		return fmt.Errorf("%s is not a time of SQL", t)
	}
	l.add(dialect.Word, "TIMESTAMP")
	l.add(dialect.String, "'"+t.Format("2006-01-02 15:04:05.000")+" UTC'")
	return nil
}

func (l *literal) list(class dialect.Class, list []any) error {
	if len(list) == 0 {
		return errors.New("the list is empty, and IN () is not SQL; skip the step with when")
	}
	l.add(dialect.Operator, "(")
	for i, element := range list {
		if element == nil {
			return errors.New("the list holds nil, and NOT IN (…, NULL) is never true; filter it out")
		}
		if kindOf(element) != kindOf(list[0]) {
			return fmt.Errorf("the list mixes %s and %s", kindOf(list[0]), kindOf(element))
		}
		if i > 0 {
			l.add(dialect.Operator, ",")
		}
		if err := l.scalar(class, element); err != nil {
			return err
		}
	}
	l.add(dialect.Operator, ")")
	return nil
}

func (l *literal) name(class dialect.Class, parts []string) error {
	for i, part := range parts {
		quoted, err := dialect.QuoteIdentifier(class, part)
		if err != nil {
			return err
		}
		if i > 0 {
			l.add(dialect.Operator, ".")
		}
		if strings.HasPrefix(quoted, "`") {
			l.add(dialect.BacktickIdentifier, quoted)
		} else {
			l.add(dialect.QuotedIdentifier, quoted)
		}
	}
	return nil
}

func (l *literal) columns(class dialect.Class, list Columns) error {
	for i, column := range list.columns {
		if i > 0 {
			l.add(dialect.Operator, ",")
		}
		if err := l.name(class, []string{column.name}); err != nil {
			return err
		}
		if class.IsHive() && column.kind != "" {
			kind, _ := dialect.Tokenize(column.kind) // checked by columns()
			*l = append(*l, kind...)
		}
	}
	return nil
}

// compares reports whether the token before i compares what is to its left with i.
func (q *SQL) compares(i int) bool {
	if i == 0 {
		return false
	}
	switch before := q.statement.Tokens[i-1]; before.Kind {
	case dialect.Operator:
		return strings.ContainsAny(before.Text, "=<>")
	case dialect.Word:
		switch strings.ToUpper(before.Text) {
		case "IN", "LIKE", "BETWEEN":
			return true
		}
	}
	return false
}

// inParentheses reports whether token i is all that stands between the parentheses of
// an IN.
func (q *SQL) inParentheses(i int) bool {
	tokens := q.statement.Tokens
	return i >= 2 && i+1 < len(tokens) && tokens[i-1].Text == "(" && tokens[i+1].Text == ")" &&
		strings.EqualFold(tokens[i-2].Text, "IN")
}
