package query

import (
	"encoding/hex"
	"strconv"
	"strings"

	"playbook/playbooks/dialect"
)

// The precedence is that of SqlBase.g4: OR, AND, NOT, tests and comparisons, ||, + -,
// * / %, signs, AT TIME ZONE.

func (p *parser) expr() Expr {
	defer p.enter()()
	left := p.and()
	for {
		at := p.peek().Offset
		if !p.take("OR") {
			return left
		}
		left = &BinaryOp{Place(at), "OR", left, p.and()}
	}
}

func (p *parser) and() Expr {
	left := p.not()
	for {
		at := p.peek().Offset
		if !p.take("AND") {
			return left
		}
		left = &BinaryOp{Place(at), "AND", left, p.not()}
	}
}

func (p *parser) not() Expr {
	at := p.peek().Offset
	if p.take("NOT") {
		defer p.enter()()
		return &Unary{Place(at), "NOT", p.not()}
	}
	return p.test()
}

var comparisons = []string{"=", "<>", "!=", "<=", ">=", "<", ">"}

// test reads a value and what is asked of it. Tests chain, as in a = b IS NULL.
func (p *parser) test() Expr {
	x := p.concat()
	for {
		t := p.peek()
		at := Place(t.Offset)
		if t.Kind == dialect.Operator && contains(comparisons, t.Text) {
			p.i++
			op := t.Text
			if op == "!=" {
				op = "<>"
			}
			if p.sees("ALL") || p.sees("ANY") || p.sees("SOME") {
				all := p.take("ALL")
				if !all {
					p.i++
				}
				p.needOp("(")
				x = &Quantified{at, op, all, x, p.query()}
				p.needOp(")")
				continue
			}
			x = &BinaryOp{at, op, x, p.concat()}
			continue
		}
		if p.take("IS") {
			not := p.take("NOT")
			switch {
			case p.take("NULL"):
				x = &IsNull{at, not, x}
			case p.take("DISTINCT", "FROM"):
				op := "IS DISTINCT FROM"
				if not {
					op = "IS NOT DISTINCT FROM"
				}
				x = &BinaryOp{at, op, x, p.concat()}
			default:
				p.unexpected("NULL or DISTINCT FROM")
			}
			continue
		}
		not := p.sees("NOT") && (isWord(p.at(1), "BETWEEN") || isWord(p.at(1), "IN") || isWord(p.at(1), "LIKE"))
		if not {
			p.i++
		}
		switch {
		case p.take("BETWEEN"):
			low := p.concat()
			p.need("AND")
			x = &Between{at, not, x, low, p.concat()}
		case p.take("IN"):
			x = p.in(at, not, x)
		case p.take("LIKE"):
			like := &Like{Place: at, Not: not, X: x, Pattern: p.concat()}
			if p.take("ESCAPE") {
				like.Escape = p.concat()
			}
			x = like
		case p.sees("ILIKE"), p.sees("SIMILAR", "TO"):
			p.fail(t.Offset, "write lower(x) LIKE '…', or regexp_like(x, '…')", "Athena does not know %s", strings.ToUpper(t.Text))
		default:
			return x
		}
	}
}

func contains(list []string, text string) bool {
	for _, item := range list {
		if item == text {
			return true
		}
	}
	return false
}

func (p *parser) in(at Place, not bool, x Expr) Expr {
	in := &In{Place: at, Not: not, X: x}
	// ${{ values(…) }} renders as a list with its parentheses.
	if t := p.peek(); t.Kind == dialect.Hole {
		p.i++
		in.List = []Expr{&Hole{Place(t.Offset)}}
		return in
	}
	p.needOp("(")
	if p.startsQuery() {
		in.Query = p.query()
	} else {
		in.List = []Expr{p.expr()}
		for p.op(",") {
			in.List = append(in.List, p.expr())
		}
	}
	p.needOp(")")
	return in
}

func (p *parser) startsQuery() bool {
	return p.sees("SELECT") || p.sees("WITH") || p.sees("VALUES") || p.sees("TABLE") && p.isName(p.at(1)) ||
		isOperator(p.peek(), "(") && p.holdsQuery()
}

func (p *parser) concat() Expr {
	left := p.sum()
	for {
		at := p.peek().Offset
		if !p.op("||") {
			return left
		}
		left = &BinaryOp{Place(at), "||", left, p.sum()}
	}
}

func (p *parser) sum() Expr {
	left := p.product()
	for {
		t := p.peek()
		if !p.op("+") && !p.op("-") {
			return left
		}
		left = &BinaryOp{Place(t.Offset), t.Text, left, p.product()}
	}
}

func (p *parser) product() Expr {
	left := p.signed()
	for {
		t := p.peek()
		if !p.op("*") && !p.op("/") && !p.op("%") {
			return left
		}
		left = &BinaryOp{Place(t.Offset), t.Text, left, p.signed()}
	}
}

func (p *parser) signed() Expr {
	t := p.peek()
	if p.op("-") || p.op("+") {
		defer p.enter()()
		x := p.signed()
		// -9223372036854775808 is one number, whose positive would not fit.
		if number, ok := x.(*Literal); ok && t.Text == "-" && number.Kind != String && !strings.HasPrefix(number.Text, "-") &&
			(number.Kind == Integer || number.Kind == Decimal || number.Kind == Double) {
			return &Literal{Place(t.Offset), number.Kind, "-" + number.Text}
		}
		return &Unary{Place(t.Offset), t.Text, x}
	}
	x := p.postfix()
	for {
		at := p.peek().Offset
		if !p.take("AT", "TIME", "ZONE") {
			return x
		}
		x = &Zone{Place(at), x, p.postfix()}
	}
}

// postfix reads a primary expression with what follows it: [i] and .field.
func (p *parser) postfix() Expr {
	x := p.primary()
	for {
		t := p.peek()
		switch {
		case p.op("["):
			x = &Subscript{Place(t.Offset), x, p.expr()}
			p.needOp("]")
		case isOperator(t, ".") && p.isName(p.at(1)):
			p.i++
			name := p.name("the name of a field")
			if isOperator(p.peek(), "(") {
				p.fail(x.At(), "functions have no schema in front of them", "the function %s is not allowed here", shown(name.Text))
			}
			x = &Field{Place(x.At()), x, name.Text}
		case isOperator(t, ":") && isOperator(p.at(1), ":"):
			p.fail(t.Offset, "write CAST(x AS type)", "Athena does not know ::")
		default:
			return x
		}
	}
}

func (p *parser) list(open, shut string) []Expr {
	p.needOp(open)
	list := []Expr{}
	for !p.op(shut) {
		if len(list) > 0 {
			p.needOp(",")
		}
		list = append(list, p.expr())
	}
	return list
}

func (p *parser) primary() Expr {
	defer p.enter()()
	t := p.peek()
	at := Place(t.Offset)
	switch t.Kind {
	case dialect.Hole:
		p.i++
		return &Hole{at}
	case dialect.Parameter:
		p.i++
		p.parameters++
		return &Parameter{at, p.parameters - 1}
	case dialect.Number:
		p.i++
		return p.number(t)
	case dialect.String:
		p.i++
		return p.text(t)
	case dialect.Word, dialect.QuotedIdentifier, dialect.BacktickIdentifier:
		return p.word(t)
	}
	if isOperator(t, "(") {
		return p.parenthesis(at)
	}
	p.unexpected("an expression")
	return nil
}

func (p *parser) number(t dialect.Token) Expr {
	text := strings.ReplaceAll(t.Text, "_", "")
	switch {
	case len(text) > 2 && text[0] == '0' && strings.IndexByte("xXoObB", text[1]) >= 0:
		n, err := strconv.ParseUint(text, 0, 63)
		if err != nil {
			p.fail(t.Offset, "", "the number %s is too large for a bigint", shown(t.Text))
		}
		return &Literal{Place(t.Offset), Integer, strconv.FormatUint(n, 10)}
	case strings.ContainsAny(text, "eE"):
		return &Literal{Place(t.Offset), Double, text}
	case strings.Contains(text, "."):
		return &Literal{Place(t.Offset), Decimal, text}
	}
	return &Literal{Place(t.Offset), Integer, text}
}

func (p *parser) text(t dialect.Token) Expr {
	if t.Text[0]|0x20 == 'x' {
		digits := strings.Map(func(r rune) rune {
			if strings.ContainsRune(" \t\r\n", r) {
				return -1
			}
			return r
		}, t.Text[2:len(t.Text)-1])
		raw, err := hex.DecodeString(digits)
		if err != nil {
			p.fail(t.Offset, "", "%s needs an even number of hexadecimal digits", shown(t.Text))
		}
		return &Literal{Place(t.Offset), Binary, string(raw)}
	}
	text, err := dialect.Unquote(p.class, t)
	if err != nil {
		p.fail(t.Offset, "", "%s", err)
	}
	if p.sees("UESCAPE") {
		p.fail(p.peek().Offset, `use \ as the escape character`, "UESCAPE is not supported on a case")
	}
	return &Literal{Place(t.Offset), String, text}
}

// parenthesis reads (query), (a, b) -> body, (a, b) as a row, and (x).
func (p *parser) parenthesis(at Place) Expr {
	if p.isLambda() {
		p.i++
		var params []Name
		for !p.op(")") {
			if len(params) > 0 {
				p.needOp(",")
			}
			params = append(params, p.name("a name"))
		}
		arrow := p.peek().Offset
		p.needOp("->")
		return &Lambda{Place(arrow), params, p.expr()}
	}
	p.i++
	if p.startsQuery() {
		q := p.query()
		p.needOp(")")
		return &Subquery{at, q}
	}
	first := p.expr()
	if p.op(")") {
		return first
	}
	row := &Row{at, []Expr{first}}
	for p.op(",") {
		row.Items = append(row.Items, p.expr())
	}
	p.needOp(")")
	return row
}

func (p *parser) isLambda() bool {
	for n := 1; p.i+n < len(p.tokens); n++ {
		switch t := p.at(n); {
		case isOperator(t, ")"):
			return isOperator(p.at(n+1), "->")
		case !isOperator(t, ",") && !p.isName(t):
			return false
		}
	}
	return false
}

// clocks are functions that are written without parentheses.
var clocks = []string{"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP", "CURRENT_USER",
	"CURRENT_CATALOG", "CURRENT_SCHEMA", "CURRENT_PATH"}

func (p *parser) word(t dialect.Token) Expr {
	at := Place(t.Offset)
	upper := strings.ToUpper(t.Text)
	next := p.at(1)
	if t.Kind == dialect.Word {
		switch {
		case upper == "NULL":
			p.i++
			return &Literal{at, Null, ""}
		case upper == "TRUE", upper == "FALSE":
			p.i++
			return &Literal{at, Boolean, strings.ToLower(t.Text)}
		case upper == "CASE":
			return p.caseOf(at)
		case (upper == "CAST" || upper == "TRY_CAST") && isOperator(next, "("):
			p.i += 2
			c := &Cast{Place: at, Try: upper == "TRY_CAST", X: p.expr()}
			p.need("AS")
			c.Type = p.typeName()
			p.needOp(")")
			return c
		case upper == "EXISTS" && isOperator(next, "("):
			p.i += 2
			q := p.query()
			p.needOp(")")
			return &Exists{at, q}
		case upper == "EXTRACT" && isOperator(next, "("):
			p.i += 2
			e := &Extract{Place: at, Field: strings.ToLower(p.name("a field of time").Text)}
			p.need("FROM")
			e.X = p.expr()
			p.needOp(")")
			return e
		case upper == "ARRAY" && isOperator(next, "["):
			p.i++
			return &Array{at, p.list("[", "]")}
		case upper == "ROW" && isOperator(next, "("):
			p.i++
			return &Row{at, p.list("(", ")")}
		case upper == "INTERVAL" && (next.Kind == dialect.String || next.Kind == dialect.Hole || isOperator(next, "-") || isOperator(next, "+")):
			return p.interval(at)
		case contains(clocks, upper):
			p.i++
			call := &Call{Place: at, Name: strings.ToLower(upper)}
			if isOperator(p.peek(), "(") {
				call.Args = p.list("(", ")")
			}
			return call
		case (upper == "TRIM" || upper == "SUBSTRING" || upper == "POSITION" || upper == "GROUPING" || upper == "NORMALIZE" || upper == "LISTAGG") && isOperator(next, "("):
			return p.special(at, strings.ToLower(upper))
		case strings.HasPrefix(upper, "JSON_") && isReserved(upper):
			p.fail(t.Offset, "use json_extract, json_extract_scalar or json_format", "%s is not supported on a case", upper)
		}
		// A type with a string behind it: DATE '2026-03-01'. Functions with such names
		// have a parenthesis.
		if next.Kind == dialect.String || next.Kind == dialect.Hole && contains(literalTypes, upper) || upper == "DOUBLE" && isWord(next, "PRECISION") && p.at(2).Kind == dialect.String ||
			(upper == "CHAR" || upper == "VARCHAR") && isOperator(next, "(") {
			if typed := p.typed(at); typed != nil {
				return typed
			}
		}
	}
	if !p.isName(t) {
		p.unexpected("an expression")
	}
	if isOperator(next, "->") {
		name := p.name("a name")
		arrow := p.peek().Offset
		p.i++
		return &Lambda{Place(arrow), []Name{name}, p.expr()}
	}
	if isOperator(next, "(") {
		return p.call(at)
	}
	name := p.name("a name")
	if name.Hole {
		return &Hole{at}
	}
	return &Ident{at, name.Text}
}

// typed reads DATE '…', or gives nil when it is something else.
func (p *parser) typed(at Place) Expr {
	start := p.i
	kind := p.typeName()
	t := p.peek()
	if t.Kind != dialect.Hole && (t.Kind != dialect.String || t.Text[0]|0x20 == 'x') {
		p.i = start
		return nil
	}
	p.i++
	return &Typed{at, kind, p.unquoted(t)}
}

// literalTypes are those that a string, or a hole that stands for one, can follow.
var literalTypes = []string{"DATE", "TIME", "TIMESTAMP", "DECIMAL", "IPADDRESS", "JSON", "UUID"}

// unquoted is what a string says; a hole says it later.
func (p *parser) unquoted(t dialect.Token) string {
	if t.Kind == dialect.Hole {
		return ""
	}
	text, err := dialect.Unquote(p.class, t)
	if err != nil {
		p.fail(t.Offset, "", "%s", err)
	}
	return text
}

var units = []string{"year", "month", "day", "hour", "minute", "second"}

func (p *parser) interval(at Place) Expr {
	p.i++
	iv := &Interval{Place: at}
	if !p.op("+") {
		iv.Negative = p.op("-")
	}
	t := p.peek()
	if t.Kind != dialect.String && t.Kind != dialect.Hole {
		p.unexpected("a string, as in INTERVAL '1' DAY")
	}
	p.i++
	iv.Text = p.unquoted(t)
	unit := func() string {
		t := p.peek()
		word := strings.ToLower(t.Text)
		if t.Kind != dialect.Word || !contains(units, word) {
			if strings.HasSuffix(word, "s") && contains(units, strings.TrimSuffix(word, "s")) {
				p.fail(t.Offset, "write "+strings.ToUpper(strings.TrimSuffix(word, "s")), "%s is no unit of an interval", shown(t.Text))
			}
			p.unexpected("one of YEAR, MONTH, DAY, HOUR, MINUTE, SECOND")
		}
		p.i++
		return word
	}
	iv.From = unit()
	if p.take("TO") {
		iv.To = unit()
	}
	return iv
}

func (p *parser) caseOf(at Place) Expr {
	p.i++
	c := &Case{Place: at}
	if !p.sees("WHEN") {
		c.Operand = p.expr()
	}
	for p.take("WHEN") {
		when := When{If: p.expr()}
		p.need("THEN")
		when.Then = p.expr()
		c.When = append(c.When, when)
	}
	if len(c.When) == 0 {
		p.unexpected("WHEN")
	}
	if p.take("ELSE") {
		c.Else = p.expr()
	}
	p.need("END")
	return c
}

// special reads calls whose arguments have words between them.
func (p *parser) special(at Place, name string) Expr {
	p.i += 2
	call := &Call{Place: at, Name: name}
	switch name {
	case "trim":
		where := "trim"
		switch {
		case p.take("BOTH"):
		case p.take("LEADING"):
			where = "ltrim"
		case p.take("TRAILING"):
			where = "rtrim"
		}
		call.Name = where
		if p.take("FROM") {
			call.Args = []Expr{p.expr()}
			break
		}
		call.Args = []Expr{p.expr()}
		if p.take("FROM") {
			call.Args = []Expr{p.expr(), call.Args[0]}
		} else if p.op(",") {
			call.Args = append(call.Args, p.expr())
		}
	case "substring":
		call.Args = []Expr{p.expr()}
		if p.take("FROM") {
			call.Args = append(call.Args, p.expr())
			if p.take("FOR") {
				call.Args = append(call.Args, p.expr())
			}
			break
		}
		for p.op(",") {
			call.Args = append(call.Args, p.expr())
		}
	case "position":
		call.Args = []Expr{p.concat()}
		p.need("IN")
		call.Args = []Expr{p.concat(), call.Args[0]}
		call.Name = "strpos"
	case "normalize":
		call.Args = []Expr{p.expr()}
		if p.op(",") {
			form := p.name("NFC, NFD, NFKC or NFKD")
			call.Args = append(call.Args, &Literal{Place(form.Pos), String, strings.ToUpper(form.Text)})
		}
	case "grouping":
		call.Args = []Expr{p.expr()}
		for p.op(",") {
			call.Args = append(call.Args, p.expr())
		}
	case "listagg":
		call.Distinct = p.take("DISTINCT")
		call.Args = []Expr{p.expr()}
		if p.op(",") {
			call.Args = append(call.Args, p.expr())
		}
		if p.take("ON", "OVERFLOW") {
			if call.Overflow = "error"; !p.take("ERROR") {
				p.fail(p.peek().Offset, "", "ON OVERFLOW TRUNCATE is not supported on a case")
			}
		}
	}
	p.needOp(")")
	p.around(call)
	return call
}

func (p *parser) call(at Place) Expr {
	name := p.name("the name of a function")
	call := &Call{Place: at, Name: strings.ToLower(name.Text)}
	p.needOp("(")
	switch {
	case p.op("*"):
		call.Star = true
	case !isOperator(p.peek(), ")"):
		if call.Distinct = p.take("DISTINCT"); !call.Distinct {
			p.take("ALL")
		}
		for {
			if isOperator(p.at(1), "=>") {
				p.fail(p.at(1).Offset, "", "named arguments (=>) are not supported on a case")
			}
			call.Args = append(call.Args, p.expr())
			if !p.op(",") {
				break
			}
		}
		call.OrderBy = p.orderBy()
	}
	p.needOp(")")
	p.around(call)
	return call
}

// around reads what can follow the parenthesis of a call.
func (p *parser) around(call *Call) {
	if p.take("WITHIN", "GROUP") {
		p.needOp("(")
		p.need("ORDER", "BY")
		call.Within = p.orders()
		p.needOp(")")
	}
	if p.sees("FILTER") && isOperator(p.at(1), "(") {
		p.i += 2
		p.need("WHERE")
		call.Filter = p.expr()
		p.needOp(")")
	}
	if p.take("IGNORE", "NULLS") {
		call.IgnoreNulls = true
	} else {
		p.take("RESPECT", "NULLS")
	}
	if p.take("OVER") {
		if p.isName(p.peek()) {
			name := p.name("the name of a window")
			call.Over = &Window{Pos: name.Pos, Base: strings.ToLower(name.Text)}
			return
		}
		call.Over = p.window()
	}
}

func (p *parser) window() *Window {
	w := &Window{Pos: p.peek().Offset}
	p.needOp("(")
	if p.isName(p.peek()) && !p.sees("PARTITION", "BY") && !p.sees("RANGE") && !p.sees("ROWS") && !p.sees("GROUPS") {
		w.Base = strings.ToLower(p.name("the name of a window").Text)
	}
	if p.take("PARTITION", "BY") {
		w.PartitionBy = []Expr{p.expr()}
		for p.op(",") {
			w.PartitionBy = append(w.PartitionBy, p.expr())
		}
	}
	w.OrderBy = p.orderBy()
	for _, unit := range []string{"ROWS", "RANGE", "GROUPS"} {
		if !p.take(unit) {
			continue
		}
		w.Frame = &Frame{Unit: unit, End: Bound{Kind: "CURRENT ROW"}}
		if p.take("BETWEEN") {
			w.Frame.Start = p.bound()
			p.need("AND")
			w.Frame.End = p.bound()
		} else {
			w.Frame.Start = p.bound()
		}
	}
	p.needOp(")")
	return w
}

func (p *parser) bound() Bound {
	for _, kind := range []string{"UNBOUNDED PRECEDING", "UNBOUNDED FOLLOWING", "CURRENT ROW"} {
		if p.take(strings.Fields(kind)...) {
			return Bound{Kind: kind}
		}
	}
	b := Bound{Expr: p.expr()}
	switch {
	case p.take("PRECEDING"):
		b.Kind = "PRECEDING"
	case p.take("FOLLOWING"):
		b.Kind = "FOLLOWING"
	default:
		p.unexpected("PRECEDING or FOLLOWING")
	}
	return b
}

// typeName reads a type. Parameters that are types and those that are numbers are told
// apart by what they look like.
func (p *parser) typeName() Type {
	defer p.enter()()
	t := p.peek()
	if t.Kind != dialect.Word && t.Kind != dialect.QuotedIdentifier {
		p.unexpected("a type")
	}
	p.i++
	text, _ := dialect.Unquote(p.class, t)
	kind := Type{Pos: t.Offset, Name: strings.ToLower(text)}
	switch {
	case kind.Name == "double" && p.take("PRECISION"):
	case kind.Name == "interval":
		switch {
		case p.take("DAY", "TO", "SECOND"):
			kind.Name = "interval day to second"
		case p.take("YEAR", "TO", "MONTH"):
			kind.Name = "interval year to month"
		default:
			p.unexpected("DAY TO SECOND or YEAR TO MONTH")
		}
	case kind.Name == "int":
		kind.Name = "integer"
	case kind.Name == "row" && isOperator(p.peek(), "("):
		p.i++
		for !p.op(")") {
			if len(kind.Args) > 0 {
				p.needOp(",")
			}
			field := ""
			if next := p.at(1); p.isName(p.peek()) && (next.Kind == dialect.Word || next.Kind == dialect.QuotedIdentifier) &&
				!isWord(next, "WITH") && !isWord(next, "WITHOUT") && !isWord(next, "PRECISION") && !p.sees("INTERVAL") {
				field = p.name("the name of a field").Text
			}
			kind.Fields = append(kind.Fields, field)
			kind.Args = append(kind.Args, p.typeName())
		}
	case isOperator(p.peek(), "("):
		p.i++
		for !p.op(")") {
			if len(kind.Args)+len(kind.Params) > 0 {
				p.needOp(",")
			}
			if t := p.peek(); t.Kind == dialect.Number {
				n, err := strconv.Atoi(t.Text)
				if err != nil {
					p.unexpected("a whole number")
				}
				p.i++
				kind.Params = append(kind.Params, n)
				continue
			}
			kind.Args = append(kind.Args, p.typeName())
		}
	}
	if kind.Name == "timestamp" || kind.Name == "time" {
		if p.take("WITH", "TIME", "ZONE") {
			kind.Name += " with time zone"
		} else {
			p.take("WITHOUT", "TIME", "ZONE")
		}
	}
	for p.take("ARRAY") { // bigint ARRAY
		kind = Type{Pos: kind.Pos, Name: "array", Args: []Type{kind}}
	}
	return kind
}
