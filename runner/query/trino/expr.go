package trino

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"playbook/playbooks/dialect/query"
)

// expr reads an expression, once. What was found is kept for the check of GROUP BY too.
func (a *analyzer) expr(x query.Expr, s *scope, w *withs) value {
	if v, ok := a.seen[x]; ok {
		return v
	}
	v := a.read(x, s, w)
	if len(v.sql) > maxSQL {
		a.fail(x.At(), "the expression is too large")
	}
	a.seen[x] = v
	return v
}

// made is an expression made of others, which hands on what is inside of them.
func made(typ Type, sql string, of ...value) value {
	v := value{typ: typ, sql: sql}
	for _, part := range of {
		v.aggregate = v.aggregate || part.aggregate
		v.window = v.window || part.window
		v.subquery = v.subquery || part.subquery
	}
	return v
}

func (a *analyzer) read(x query.Expr, s *scope, w *withs) value {
	switch x := x.(type) {
	case *query.Literal:
		return a.literal(x)
	case *query.Typed:
		return a.typed(x)
	case *query.Interval:
		return a.interval(x)
	case *query.Hole:
		a.fail(x.At(), "the statement still has a hole in it")
	case *query.Parameter:
		a.fail(x.At(), "? needs a prepared statement; write ${{ }} with an expression")
	case *query.Ident:
		return a.resolve([]query.Name{{Text: x.Name, Pos: x.At()}}, s)
	case *query.Field:
		if names := chain(x); names != nil {
			return a.resolve(names, s)
		}
		return a.field(a.expr(x.Of, s, w), x.Name, x.At())
	case *query.Subscript:
		return a.subscript(x, s, w)
	case *query.Unary:
		return a.unary(x, s, w)
	case *query.BinaryOp:
		return a.binary(x, s, w)
	case *query.Between:
		list, typ := a.alike(x.At(), "BETWEEN", s, w, x.X, x.Low, x.Up)
		a.orderable(typ, x.At())
		// Of texts, DuckDB judges BETWEEN row by row and does not see that all rows of a
		// file are of one day. It compares such a column once for a whole chunk: 2 ms
		// instead of 46 for 5 million rows. Of x >= a AND x <= b it would make BETWEEN.
		v := made(Boolean, fmt.Sprintf("(%s %sBETWEEN %s AND %s)", list[0].sql, notWord(x.Not), list[1].sql, list[2].sql), list...)
		if typ.is("varchar") && isColumn(list[0].sql) {
			v.sql = fmt.Sprintf("(%s(%[2]s < %[3]s OR %[2]s > %[4]s))", notWord(!x.Not), list[0].sql, list[1].sql, list[2].sql)
		}
		if !x.Not {
			v.among = a.leaves(a.expr(x.X, s, w), "BETWEEN", list[1:]...)
			v.exact = v.among != nil
		}
		return v
	case *query.In:
		return a.in(x, s, w)
	case *query.Like:
		return a.like(x, s, w)
	case *query.IsNull:
		v := a.expr(x.X, s, w)
		return made(Boolean, "("+v.sql+" IS "+notWord(x.Not)+"NULL)", v)
	case *query.Quantified:
		v := a.expr(x.X, s, w)
		p := a.subquery(x.Query, s, w)
		a.single(p, x.At())
		both, ok := common(v.typ, p.outputs[0].typ)
		if !ok {
			a.fail(x.At(), "%s %s %s: the types cannot be compared", v.typ, x.Op, p.outputs[0].typ)
		}
		word := "ANY"
		if x.All {
			word = "ALL"
		}
		m := made(Boolean, fmt.Sprintf("(%s %s %s %s)", a.convert(v, both, x.At()), x.Op, word, a.as(p, []Type{both})), v)
		m.subquery = true
		return m
	case *query.Exists:
		p := a.subquery(x.Query, s, w)
		return value{typ: Boolean, sql: "EXISTS (" + p.sql + ")", subquery: true}
	case *query.Subquery:
		p := a.subquery(x.Query, s, w)
		a.single(p, x.At())
		return value{typ: p.outputs[0].typ, sql: "(" + p.sql + ")", subquery: true}
	case *query.Case:
		return a.caseOf(x, s, w)
	case *query.Cast:
		return a.cast(x, s, w)
	case *query.Array:
		list, typ := a.alike(x.At(), "ARRAY", s, w, x.Items...)
		return made(Array(typ), "CAST(["+joined(list, ", ")+"] AS "+Array(typ).SQL()+")", list...)
	case *query.Row:
		return a.row(x, s, w)
	case *query.Zone:
		v := a.expr(x.X, s, w)
		return a.atZone(v, a.zone(x.Zone), x.At())
	case *query.Extract:
		return a.extract(x, s, w)
	case *query.Lambda:
		a.fail(x.At(), "a lambda (->) stands only where a function takes one, as in transform(a, x -> x + 1)")
	case *query.Call:
		return a.call(x, s, w)
	}
	panic("an expression of no known kind")
}

// isColumn tells whether SQL is the name of a column and no more.
func isColumn(sql string) bool {
	return strings.HasPrefix(sql, columnMark) && strings.IndexByte(sql, columnEnd[0]) == len(sql)-1
}

func notWord(not bool) string {
	if not {
		return "NOT "
	}
	return ""
}

// chain is the names of a.b.c, or nil when it does not begin with one.
func chain(x query.Expr) []query.Name {
	switch x := x.(type) {
	case *query.Ident:
		return []query.Name{{Text: x.Name, Pos: x.At()}}
	case *query.Field:
		if before := chain(x.Of); before != nil {
			return append(before, query.Name{Text: x.Name, Pos: x.At()})
		}
	}
	return nil
}

func (a *analyzer) subquery(q *query.Query, s *scope, w *withs) *plan {
	restore := a.enter()
	p := a.query(q, s, w)
	restore()
	a.subplans = append(a.subplans, p)
	return p
}

func (a *analyzer) single(p *plan, pos int) {
	if len(p.outputs) != 1 {
		a.fail(pos, "a query used as a value needs one column, not %d", len(p.outputs))
	}
}

// convert turns a value into another type without being asked, where that loses nothing.
func (a *analyzer) convert(v value, to Type, pos int) string {
	if v.typ.Equal(to) || v.typ.isText() && to.is("varchar") {
		return settled(v).sql
	}
	sql, ok := convert(v, to)
	if !ok || !coerces(v.typ, to) {
		a.fail(pos, "%s cannot be used as %s; CAST it", v.typ, to)
	}
	return sql
}

func (a *analyzer) boolean(v value, pos int, what string) string {
	if !v.typ.is("boolean", "unknown") {
		a.fail(pos, "%s has to be a boolean, not %s", what, v.typ)
	}
	return a.convert(v, Boolean, pos)
}

// alike reads expressions and gives them one type.
func (a *analyzer) alike(pos int, what string, s *scope, w *withs, list ...query.Expr) ([]value, Type) {
	values := make([]value, len(list))
	for i, x := range list {
		values[i] = a.expr(x, s, w)
	}
	return a.same(pos, what, values, func(i int) int { return list[i].At() })
}

func (a *analyzer) same(pos int, what string, values []value, at func(int) int) ([]value, Type) {
	typ := Unknown
	for i, v := range values {
		both, ok := common(typ, v.typ)
		if !ok {
			a.fail(at(i), "%s: the value is of the type %s, the ones before it of %s; CAST one of them", what, v.typ, typ)
		}
		typ = both
	}
	for i := range values {
		values[i].sql = a.convert(values[i], typ, pos)
		values[i].typ = typ
	}
	return values, typ
}

// textLiteral writes a string. Characters that mark places in SQL are written apart.
func textLiteral(text string) string {
	if !strings.ContainsAny(text, marks) {
		return quoteText(text)
	}
	var parts []string
	for text != "" {
		i := strings.IndexAny(text, marks)
		if i < 0 {
			i = len(text)
		}
		parts = append(parts, quoteText(text[:i]))
		if i < len(text) {
			parts = append(parts, fmt.Sprintf("chr(%d)", text[i]))
			i++
		}
		text = text[i:]
	}
	return "(" + strings.Join(parts, " || ") + ")"
}

func (a *analyzer) literal(x *query.Literal) value {
	switch x.Kind {
	case query.Null:
		return value{typ: Unknown, sql: "NULL"}
	case query.Boolean:
		return value{typ: Boolean, sql: x.Text}
	case query.String:
		if strings.ContainsRune(x.Text, 0) {
			a.fail(x.At(), "the text has a NUL character in it, which is not supported on a case")
		}
		return value{typ: Type{Name: "varchar", P: len([]rune(x.Text))}, sql: textLiteral(x.Text), text: &x.Text}
	case query.Binary:
		return value{typ: Varbinary, sql: fmt.Sprintf("unhex('%x')", x.Text)}
	case query.Integer:
		n, ok := new(big.Int).SetString(x.Text, 10)
		switch {
		case !ok || !n.IsInt64():
			a.fail(x.At(), "the number %s is too large for a bigint; write it as a decimal or a double, like 1E20", x.Text)
		}
		typ, number := Integer, n.Int64()
		if number > math.MaxInt32 || number < math.MinInt32 {
			typ = Bigint
		}
		return value{typ: typ, sql: "CAST(" + n.String() + " AS " + typ.SQL() + ")", integer: &number}
	case query.Double:
		return value{typ: Double, sql: "CAST('" + x.Text + "' AS DOUBLE)"}
	}
	typ, ok := decimalOf(x.Text)
	if !ok {
		a.fail(x.At(), "the number %s has more than 38 digits", x.Text)
	}
	return value{typ: typ, sql: "CAST('" + x.Text + "' AS " + typ.SQL() + ")"}
}

// decimalOf is the type of a decimal literal: zeros in front do not count.
func decimalOf(text string) (Type, bool) {
	whole, part, _ := strings.Cut(strings.TrimLeft(text, "+-"), ".")
	whole = strings.TrimLeft(whole, "0")
	p := max(len(whole)+len(part), 1)
	return Decimal(p, len(part)), p <= 38
}

func (a *analyzer) typed(x *query.Typed) value {
	typ, mistake := OfQuery(x.Type)
	if mistake != nil {
		panic(failed{mistake})
	}
	var v value
	ok := true
	switch typ.Name {
	case "date", tsName, tzName, "time":
		name := typ.Name
		if name == tzName {
			name = tsName
		}
		v, ok = literalTime(name, x.Text)
	case "ipaddress":
		v, ok = literalAddress(x.Text)
	case "decimal":
		if typ, ok = decimalOf(x.Text); ok && strings.Trim(x.Text, "+-.0123456789") == "" {
			v = value{typ: typ, sql: "CAST(" + textLiteral(x.Text) + " AS " + typ.SQL() + ")"}
		} else {
			ok = false
		}
	case "json":
		return value{typ: JSON, sql: "trino_json(" + textLiteral(x.Text) + ")"}
	case "varchar", "char":
		return value{typ: typ, sql: textLiteral(x.Text), text: &x.Text}
	default:
		sql, can := convert(value{typ: Varchar, sql: textLiteral(x.Text)}, typ)
		v, ok = value{typ: typ, sql: sql}, can
	}
	if !ok {
		a.fail(x.At(), "%q is no %s", x.Text, typ.Name)
	}
	return v
}

// interval reads a literal like '1' DAY or '2 03:04:05.678' DAY TO SECOND.
func (a *analyzer) interval(x *query.Interval) value {
	units := []string{"year", "month", "day", "hour", "minute", "second"}
	from, to := index(units, x.From), index(units, x.To)
	if to < 0 {
		to = from
	}
	if to < from || from < 2 && to > 1 {
		a.fail(x.At(), "an interval cannot run from %s to %s", strings.ToUpper(x.From), strings.ToUpper(x.To))
	}
	text, negative := strings.TrimSpace(x.Text), x.Negative
	if strings.HasPrefix(text, "-") {
		negative, text = !negative, text[1:]
	}
	fields := strings.FieldsFunc(text, func(r rune) bool { return r == '-' || r == ' ' || r == ':' })
	bad := func() {
		a.fail(x.At(), "%q is no interval of %s", x.Text, strings.ToUpper(strings.TrimSpace(x.From+" "+x.To)))
	}
	if len(fields) == 0 || len(fields) > to-from+1 || x.To == "" && len(fields) > 1 {
		bad()
	}
	length := []int64{12, 1, 86400000, 3600000, 60000, 1000}
	var total int64
	for i, field := range fields {
		seconds, millis, dotted := strings.Cut(field, ".")
		if dotted && (units[from+i] != "second" || len(millis) > 3 || strings.Trim(millis, "0123456789") != "") {
			bad()
		}
		n, ok := new(big.Int).SetString(seconds, 10)
		if !ok || !n.IsInt64() || n.Int64() < 0 || n.Int64() > 1e13 {
			bad()
		}
		total += n.Int64() * length[from+i]
		if dotted {
			total += int64(number((millis + "000")[:3]))
		}
	}
	if negative {
		total = -total
	}
	if from < 2 {
		return value{typ: yearMonth, sql: fmt.Sprintf("to_months(%d)", total)}
	}
	return value{typ: daySecond, sql: fmt.Sprintf("to_milliseconds(CAST(%d AS BIGINT))", total)}
}

func (a *analyzer) subscript(x *query.Subscript, s *scope, w *withs) value {
	of, at := a.expr(x.Of, s, w), a.expr(x.Index, s, w)
	switch {
	case of.typ.is("array"):
		i := a.convert(at, Bigint, x.Index.At())
		element := of.typ.Args[0]
		return made(element, onceEach(of.sql, i, func(list, i string) string {
			return fmt.Sprintf("CASE WHEN %s < 1 THEN %s WHEN %s > len(%s) THEN %s ELSE list_extract(%s, %s) END",
				i, fail("array subscript is less than 1", i, element), i, list,
				fail("array subscript must be less than or equal to the length of the array", i, element), list, i)
		}), of, at)
	case of.typ.is("map"):
		kind, ok := common(at.typ, of.typ.Args[0])
		if !ok {
			a.fail(x.Index.At(), "the keys of the map are of the type %s, not %s", of.typ.Args[0], at.typ)
		}
		key := a.convert(at, kind, x.Index.At())
		item := of.typ.Args[1]
		return made(item, onceEach(of.sql, key, func(m, key string) string {
			return fmt.Sprintf("CASE WHEN NOT map_contains(%s, %s) THEN CAST(trino_no_key(CAST(%s AS VARCHAR)) AS %s) ELSE map_extract_value(%s, %s) END",
				m, key, key, item.SQL(), m, key)
		}), of, at)
	case of.typ.is("row"):
		if n, ok := ordinal(x.Index); ok && n >= 1 && n <= len(of.typ.Args) {
			return made(of.typ.Args[n-1], extract(of.sql, of.typ.Field(n-1)), of)
		}
		a.fail(x.At(), "a row of %d fields needs a number from 1 to %d here", len(of.typ.Args), len(of.typ.Args))
	}
	a.fail(x.At(), "[ ] needs an array, a map or a row, not %s", of.typ)
	return value{}
}

func (a *analyzer) unary(x *query.Unary, s *scope, w *withs) value {
	v := a.expr(x.X, s, w)
	switch {
	case x.Op == "NOT":
		return made(Boolean, "(NOT "+a.boolean(v, x.X.At(), "what NOT turns around")+")", v)
	case !v.typ.isNumber() && !v.typ.isInterval() && !v.isNull():
		a.fail(x.At(), "%s needs a number, not %s", x.Op, v.typ)
	case x.Op == "-":
		return made(v.typ, "(-"+v.sql+")", v)
	}
	return v
}

func (a *analyzer) binary(x *query.BinaryOp, s *scope, w *withs) value {
	// AND and OR chains are read without going deeper for each.
	l, r := a.expr(x.L, s, w), a.expr(x.R, s, w)
	switch x.Op {
	case "AND", "OR":
		v := made(Boolean, "("+a.boolean(l, x.L.At(), "what "+x.Op+" joins")+" "+x.Op+" "+a.boolean(r, x.R.At(), "what "+x.Op+" joins")+")", l, r)
		v.among, v.exact = either(x.Op, l, r), x.Op == "OR" && l.exact && r.exact
		return v
	case "||":
		return a.concat(x.At(), []value{l, r})
	case "+", "-", "*", "/", "%":
		return a.arithmetic(x.Op, l, r, x.At())
	}
	v := a.compare(x.Op, l, r, x.At())
	v.among = a.compared(x.Op, l, r)
	v.exact = v.among != nil
	return v
}

func (a *analyzer) compare(op string, l, r value, pos int) value {
	both, ok := common(l.typ, r.typ)
	if !ok {
		a.fail(pos, "%s %s %s: values of these types cannot be compared; CAST one of them", l.typ, op, r.typ)
	}
	if !slices.Contains([]string{"=", "<>", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"}, op) {
		a.orderable(both, pos)
	}
	x, y := a.convert(l, both, pos), a.convert(r, both, pos)
	switch {
	case both.is("row") && (op == "=" || op == "<>"):
		return a.compareRows(op, made(both, x, l), made(both, y, r), pos)
	case both.is("map"): // DuckDB's compares entries in the order in which they came
		x, y = "list_sort(map_entries("+x+"))", "list_sort(map_entries("+y+"))"
	}
	sql := "(" + x + " " + op + " " + y + ")"
	if !strings.HasPrefix(op, "IS") { // nothing compares with NaN; to DuckDB it is the largest number
		canBeNaN := func(v value, sql string) bool {
			return v.typ.is("double", "real") && (!strings.HasPrefix(sql, "CAST('") || strings.HasPrefix(sql, "CAST('N"))
		}
		also := func(sql, x string) string {
			if op == "<>" {
				return "(" + sql + " OR isnan(" + x + "))"
			}
			return "(" + sql + " AND NOT isnan(" + x + "))"
		}
		sql = onceEach(x, y, func(x, y string) string {
			sql := "(" + x + " " + op + " " + y + ")"
			if canBeNaN(l, x) {
				sql = also(sql, x)
			}
			if canBeNaN(r, y) {
				sql = also(sql, y)
			}
			return sql
		})
	}
	return made(Boolean, sql, l, r)
}

// compareRows compares field by field: a NULL in one leaves the answer open, unless
// another one differs.
func (a *analyzer) compareRows(op string, l, r value, pos int) value {
	with := map[string]string{"=": " AND ", "<>": " OR "}[op]
	return made(Boolean, onceEach(l.sql, r.sql, func(x, y string) string {
		parts := make([]string, len(l.typ.Args))
		for i, typ := range l.typ.Args {
			parts[i] = a.compare(op, value{typ: typ, sql: extract(x, l.typ.Field(i))}, value{typ: typ, sql: extract(y, r.typ.Field(i))}, pos).sql
		}
		return "(" + strings.Join(parts, with) + ")"
	}), l, r)
}

// arithmetic is + - * / % ("Mathematical functions and operators", "Decimal functions and
// operators", "Date and time functions and operators").
func (a *analyzer) arithmetic(op string, l, r value, pos int) value {
	if l.isNull() && r.isNull() {
		return made(Integer, "CAST(NULL AS INTEGER)")
	}
	if l.isNull() && r.typ.isNumber() {
		l.typ, l.sql = r.typ, "CAST(NULL AS "+r.typ.SQL()+")"
	}
	if r.isNull() && l.typ.isNumber() {
		r.typ, r.sql = l.typ, "CAST(NULL AS "+l.typ.SQL()+")"
	}
	if !l.typ.isNumber() || !r.typ.isNumber() {
		return a.calendar(op, l, r, pos)
	}
	both, _ := common(l.typ, r.typ)
	if both.is("decimal") {
		return a.decimals(op, l, r, pos)
	}
	x, y := a.convert(l, both, pos), a.convert(r, both, pos)
	switch {
	case op == "/" && both.isInteger():
		return made(both, unlessZero("//", x, y, both), l, r)
	case op == "%" && both.isInteger():
		return made(both, unlessZero("%", x, y, both), l, r)
	case op == "%":
		return made(both, onceEach(x, y, func(x, y string) string {
			return "CASE WHEN " + y + " = 0 THEN CAST('NaN' AS " + both.SQL() + ") ELSE " + x + " % " + y + " END"
		}), l, r)
	}
	return made(both, "("+x+" "+op+" "+y+")", l, r)
}

// onceEach is once for two.
func onceEach(x, y string, write func(x, y string) string) string {
	if len(x) <= plainLength && len(y) <= plainLength {
		return write(x, y)
	}
	return named1("{'a': "+x+", 'b': "+y+"}", ownName, write(extract(ownName, "a"), extract(ownName, "b")))
}

// unlessZero is // or %. DuckDB's of integers by zero is NULL. NULL by zero is NULL: the
// function that fails is not called for NULL.
func unlessZero(op, x, y string, typ Type) string {
	if inner, ok := strings.CutPrefix(y, "CAST("); ok {
		if n, rest, _ := strings.Cut(inner, " "); strings.HasPrefix(rest, "AS ") && strings.Trim(n, "0123456789") == "" && strings.Trim(n, "0") != "" {
			return "(" + x + " " + op + " " + y + ")"
		}
	}
	return onceEach(x, y, func(x, y string) string {
		return "CASE WHEN " + y + " = 0 THEN CAST(trino_fail('division by zero', CAST(" + x + " AS VARCHAR)) AS " + typ.SQL() + ") ELSE (" + x + " " + op + " " + y + ") END"
	})
}

func (a *analyzer) decimals(op string, l, r value, pos int) value {
	x, y := l.typ.asDecimal(), r.typ.asDecimal()
	var typ Type
	switch scale := max(x.S, y.S); op {
	case "+", "-":
		typ = Decimal(min(38, max(x.P-x.S, y.P-y.S)+scale+1), scale)
		return made(typ, fmt.Sprintf("CAST((CAST(%s AS %s) %s CAST(%s AS %s)) AS %s)", l.sql, typ.SQL(), op, r.sql, typ.SQL(), typ.SQL()), l, r)
	case "*":
		typ = Decimal(min(38, x.P+y.P), x.S+y.S)
		if typ.S > 38 {
			a.fail(pos, "the product of %s and %s would have more than 38 digits behind the point; CAST one of them", x, y)
		}
		if x.P+y.P <= 38 {
			if typ.P > 18 { // of two short decimals DuckDB makes one of 18 digits
				x.P = max(x.P, 19)
			}
			return made(typ, fmt.Sprintf("CAST((CAST(%s AS %s) * CAST(%s AS %s)) AS %s)", l.sql, x.SQL(), r.sql, y.SQL(), typ.SQL()), l, r)
		}
	case "/":
		typ = Decimal(min(38, x.P+y.S+max(0, y.S-x.S)), scale)
	default:
		typ = Decimal(max(1, min(x.P-x.S, y.P-y.S)+scale), scale)
	}
	return made(typ, fmt.Sprintf("CAST(trino_decimal(%s, CAST(%s AS VARCHAR), CAST(%s AS VARCHAR), CAST(%d AS BIGINT)) AS %s)", quoteText(op), l.sql, r.sql, typ.S, typ.SQL()), l, r)
}

// calendar is arithmetic with times and intervals.
func (a *analyzer) calendar(op string, l, r value, pos int) value {
	if op == "+" && l.typ.isInterval() && r.typ.isTime() {
		l, r = r, l
	}
	if op == "*" && l.typ.isNumber() && r.typ.isInterval() {
		l, r = r, l
	}
	switch {
	case (op == "+" || op == "-") && l.typ.Equal(r.typ) && l.typ.isInterval():
		return made(l.typ, "("+l.sql+" "+op+" "+r.sql+")", l, r)
	case (op == "*" || op == "/") && l.typ.isInterval() && r.typ.isNumber():
		by := "CAST(" + r.sql + " AS DOUBLE)"
		if l.typ.is(monName) {
			return made(l.typ, "to_months(CAST(trunc("+months(l.sql)+" "+op+" "+by+") AS INTEGER))", l, r)
		}
		return made(l.typ, "to_milliseconds(CAST(trunc("+milliseconds(l.sql)+" "+op+" "+by+") AS BIGINT))", l, r)
	case op == "-" && l.typ.is("date", tsName, tzName) && r.typ.is("date", tsName, tzName):
		both, _ := common(l.typ, r.typ)
		if both.is("date") {
			both = Timestamp(0)
		}
		x, y := a.convert(l, both, pos), a.convert(r, both, pos)
		return made(daySecond, "to_microseconds(epoch_us("+x+") - epoch_us("+y+"))", l, r)
	case (op == "+" || op == "-") && l.typ.is("date") && r.typ.isInterval():
		return made(Date, onceEach(l.sql, r.sql, func(day, by string) string {
			moved := "CAST((" + day + " " + op + " " + by + ") AS DATE)"
			if r.typ.is(monName) {
				return moved
			}
			return "CASE WHEN " + milliseconds(by) + " % 86400000 <> 0 THEN " +
				fail("Cannot add hour, minutes or seconds to a date", by, Date) + " ELSE " + moved + " END"
		}), l, r)
	case (op == "+" || op == "-") && l.typ.is(tsName) && r.typ.isInterval():
		typ := l.typ
		if r.typ.is(dayName) {
			typ.P = max(typ.P, 3)
		}
		return made(typ, "("+l.sql+" "+op+" "+r.sql+")", l, r)
	case (op == "+" || op == "-") && l.typ.is(tzName) && r.typ.isInterval():
		l = settled(l)
		typ := l.typ
		if r.typ.is(dayName) { // an amount of time, whatever the clocks do
			typ.P = max(typ.P, 3)
			return made(typ, instant("("+local(value{typ: zoned(6, ""), sql: l.sql})+" "+op+" "+r.sql+")", ""), l, r)
		}
		return made(typ, instant("("+local(l)+" "+op+" "+r.sql+")", typ.Zone), l, r)
	case (op == "+" || op == "-") && l.typ.is("time") && r.typ.is(dayName):
		return made(l.typ, "("+l.sql+" "+op+" "+r.sql+")", l, r)
	}
	hint := ""
	switch {
	case op == "+" && (l.typ.isText() || r.typ.isText()):
		hint = "; strings are joined with ||, and text becomes a number with CAST"
	case l.typ.isTime() && r.typ.isNumber():
		hint = "; an amount of time is INTERVAL '1' DAY"
	}
	a.fail(pos, "%s %s %s is not possible%s", l.typ, op, r.typ, hint)
	return value{}
}

func (a *analyzer) in(x *query.In, s *scope, w *withs) value {
	if x.Query == nil {
		list, typ := a.alike(x.At(), "IN", s, w, append([]query.Expr{x.X}, x.List...)...)
		_ = typ
		v := made(Boolean, "("+list[0].sql+" "+notWord(x.Not)+"IN ("+joined(list[1:], ", ")+"))", list...)
		if !x.Not {
			v.among = a.listed(a.expr(x.X, s, w), list[1:])
			v.exact = v.among != nil
		}
		return v
	}
	v := a.expr(x.X, s, w)
	p := a.subquery(x.Query, s, w)
	if v.typ.is("row") && len(p.outputs) == len(v.typ.Args) && len(p.outputs) > 1 {
		p = a.rows(p)
	}
	a.single(p, x.At())
	both, ok := common(v.typ, p.outputs[0].typ)
	if !ok {
		a.fail(x.At(), "%s IN a query of %s: the types cannot be compared", v.typ, p.outputs[0].typ)
	}
	m := made(Boolean, "("+a.convert(v, both, x.At())+" "+notWord(x.Not)+"IN "+a.as(p, []Type{both})+")", v)
	m.subquery = true
	return m
}

// rows makes one column of several: each row as a value.
func (a *analyzer) rows(p *plan) *plan {
	r := a.relationOf(p, "", nil)
	typ := Type{Name: "row", Fields: make([]string, len(r.columns))}
	parts := make([]string, len(r.columns))
	for i, c := range r.columns {
		typ.Args = append(typ.Args, c.typ)
		parts[i] = quoteName(typ.Field(i)) + " := " + c.mark()
	}
	return &plan{sql: "SELECT struct_pack(" + strings.Join(parts, ", ") + ") AS c0 FROM (" + p.sql + ") AS " + r.alias,
		outputs: []output{{"", value{typ: typ}}}, limit: -1}
}

func (a *analyzer) like(x *query.Like, s *scope, w *withs) value {
	v, pattern := a.expr(x.X, s, w), a.expr(x.Pattern, s, w)
	for _, part := range []value{v, pattern} {
		if !part.typ.isText() && !part.isNull() {
			a.fail(x.At(), "LIKE needs text, not %s; CAST it to varchar", part.typ)
		}
	}
	sql := a.convert(v, Varchar, x.At()) + " " + notWord(x.Not) + "LIKE " + a.convert(pattern, Varchar, x.At())
	if x.Escape != nil {
		escape := a.expr(x.Escape, s, w)
		if escape.text == nil || len([]rune(*escape.text)) != 1 {
			a.fail(x.Escape.At(), "ESCAPE needs one character in quotes")
		}
		sql += " ESCAPE " + escape.sql
	}
	return made(Boolean, "("+sql+")", v, pattern)
}

func (a *analyzer) caseOf(x *query.Case, s *scope, w *withs) value {
	var tests, results []query.Expr
	for _, when := range x.When {
		tests, results = append(tests, when.If), append(results, when.Then)
	}
	if x.Else != nil {
		results = append(results, x.Else)
	}
	then, typ := a.alike(x.At(), "CASE", s, w, results...)
	sql := "CASE"
	var parts []value
	if x.Operand != nil {
		list, _ := a.alike(x.At(), "CASE", s, w, append([]query.Expr{x.Operand}, tests...)...)
		sql, parts = sql+" "+list[0].sql, list
	} else {
		parts = []value{{}}
		for _, test := range tests {
			v := a.expr(test, s, w)
			v.sql = a.boolean(v, test.At(), "what stands behind WHEN")
			parts = append(parts, v)
		}
	}
	for i := range tests {
		sql += " WHEN " + parts[i+1].sql + " THEN " + then[i].sql
	}
	if x.Else != nil {
		sql += " ELSE " + then[len(then)-1].sql
	}
	return made(typ, "("+sql+" END)", append(parts, then...)...)
}

func (a *analyzer) cast(x *query.Cast, s *scope, w *withs) value {
	v := a.expr(x.X, s, w)
	to, mistake := OfQuery(x.Type)
	if mistake != nil {
		mistake.Offset = x.At()
		panic(failed{mistake})
	}
	if to.is(tzName) && v.typ.is(tzName) {
		to.Zone = v.typ.Zone
	}
	sql, ok := convert(v, to)
	if !ok {
		a.fail(x.At(), "%s cannot be cast to %s", v.typ, to)
	}
	if x.Try && !v.typ.Equal(to) {
		sql = "TRY(" + sql + ")"
	}
	return made(to, sql, v)
}

func (a *analyzer) row(x *query.Row, s *scope, w *withs) value {
	typ := Type{Name: "row"}
	var parts []string
	var values []value
	for _, item := range x.Items {
		v := settled(a.expr(item, s, w))
		typ.Args = append(typ.Args, v.typ)
		typ.Fields = append(typ.Fields, "")
		values = append(values, v)
	}
	if len(values) == 0 {
		a.fail(x.At(), "ROW needs its fields")
	}
	for i, v := range values {
		parts = append(parts, quoteName(typ.Field(i))+" := "+a.convert(v, v.typ, x.At()))
	}
	return made(typ, "struct_pack("+strings.Join(parts, ", ")+")", values...)
}

func (a *analyzer) extract(x *query.Extract, s *scope, w *withs) value {
	if !slices.Contains([]string{"year", "quarter", "month", "week", "day", "day_of_month", "day_of_week", "dow", "day_of_year",
		"doy", "year_of_week", "yow", "hour", "minute", "second", "timezone_hour", "timezone_minute"}, x.Field) {
		a.fail(x.At(), "EXTRACT does not know the field %s", x.Field)
	}
	return a.call(&query.Call{Place: x.Place, Name: x.Field, Args: []query.Expr{x.X}}, s, w)
}
