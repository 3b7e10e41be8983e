package trino

import (
	"fmt"
	"slices"
	"strings"

	"playbook/playbooks/dialect"
	"playbook/playbooks/dialect/query"
)

// table is definitions by name.
type table map[string][]entry

type entry struct {
	definition
	signature
	once bool // arguments can be given a name
}

func tableOf(list []definition, scalar bool) table {
	t := table{}
	for _, d := range list {
		e := entry{d, readSignature(d.signature), scalar}
		t[e.name] = append(t[e.name], e)
	}
	return t
}

var (
	scalarTable    = tableOf(scalars, true)
	aggregateTable = tableOf(aggregates, false)
	windowTable    = tableOf(windows, false)
)

func isAggregate(name string) bool { return aggregateTable[name] != nil || name == "listagg" }

// call reads the call of a function.
func (a *analyzer) call(c *query.Call, s *scope, w *withs) value {
	name := c.Name
	switch {
	case windowTable[name] != nil:
		if c.Over == nil {
			a.fail(c.At(), "%s needs OVER (…)", name)
		}
		return a.aggregate(c, windowTable, s, w)
	case isAggregate(name):
		return a.aggregate(c, aggregateTable, s, w)
	}
	if c.Over != nil || c.Filter != nil || c.Distinct || c.Star || len(c.OrderBy) > 0 || len(c.Within) > 0 || c.IgnoreNulls {
		if a.special[name] != nil || scalarTable[name] != nil {
			a.fail(c.At(), "%s is no aggregate: it takes no DISTINCT, ORDER BY, FILTER or OVER", name)
		}
	}
	if do := a.special[name]; do != nil {
		if n := len(c.Args); n < do.least || do.most >= 0 && n > do.most {
			a.fail(c.At(), "%s takes %s, not %d", name, arity(do.least, do.most), n)
		}
		return do.do(a, c, s, w)
	}
	entries := scalarTable[name]
	if entries == nil {
		a.unknown(c)
	}
	e, values, lambdas, typ := a.choose(c, entries, s, w)
	return made(typ, a.expand(e, values, lambdas, typ), values...)
}

func arity(least, most int) string {
	switch {
	case most < 0:
		return fmt.Sprintf("%d arguments or more", least)
	case least == most && least == 1:
		return "1 argument"
	case least == most:
		return fmt.Sprintf("%d arguments", least)
	}
	return fmt.Sprintf("%d to %d arguments", least, most)
}

func (a *analyzer) unknown(c *query.Call) {
	var names []string
	for _, t := range []table{scalarTable, aggregateTable, windowTable} {
		for name := range t {
			names = append(names, name)
		}
	}
	for name := range a.special {
		names = append(names, name)
	}
	hint := refused[c.Name]
	if hint == "" {
		hint = didYouMean(c.Name, names)
	}
	if hint == "" {
		hint = "the documentation of the query engine lists those that are"
	}
	panic(failed{&dialect.Error{Offset: c.At(), Message: fmt.Sprintf("the function %s is not supported on a case", c.Name), Hint: hint}})
}

// lambda is a lambda that has been read against the types that it is given.
type lambda struct {
	params []*column
	body   value
}

// choose finds the form of a function that fits its arguments best, and turns them into
// what it takes.
func (a *analyzer) choose(c *query.Call, entries []entry, s *scope, w *withs) (entry, []value, []*lambda, Type) {
	values := make([]value, len(c.Args))
	types := make([]Type, len(c.Args))
	for i, x := range c.Args {
		if _, ok := x.(*query.Lambda); !ok {
			values[i] = a.expr(x, s, w)
			types[i] = values[i].typ
		}
	}
	best, least := -1, 1<<30
	for i, e := range entries {
		if !e.arity(len(c.Args)) {
			continue
		}
		bound, cost, ok := map[string]Type{}, 0, true
		for n, x := range c.Args {
			pattern := e.argument(n)
			if l, is := x.(*query.Lambda); is {
				ok = ok && pattern.is("function") && len(pattern.Args) == len(l.Params)+1
				continue
			}
			if pattern.is("function") {
				ok = false
				continue
			}
			extra, fits := bind(pattern, types[n], bound)
			cost, ok = cost+extra, ok && fits
		}
		if ok && cost < least {
			best, least = i, cost
		}
	}
	if best < 0 {
		a.fail(c.At(), "%s", a.misfit(c, entries, types))
	}
	e := entries[best]
	bound := map[string]Type{}
	for n := range c.Args {
		if !e.argument(n).is("function") {
			bind(e.argument(n), types[n], bound)
		}
	}
	lambdas := make([]*lambda, len(c.Args))
	for n, x := range c.Args {
		if l, ok := x.(*query.Lambda); ok {
			lambdas[n] = a.lambda(l, e.argument(n), bound, s, w)
			values[n] = made(Unknown, "", lambdas[n].body)
		}
	}
	for n := range values {
		if lambdas[n] != nil {
			continue
		}
		pattern := e.argument(n)
		if pattern.is("clock") {
			if values[n].typ.is(tzName) {
				values[n] = made(Timestamp(values[n].typ.P), local(values[n]), values[n])
			} else if values[n].isNull() {
				values[n] = made(Timestamp(3), "CAST(NULL AS TIMESTAMP)")
			}
			continue
		}
		to := replaced(pattern, types[n], bound)
		if to.is("unknown") && pattern.is("any", "integral", "number") {
			to = Bigint
		}
		text, iso := values[n].text, values[n].iso
		values[n] = made(to, a.convert(values[n], to, c.Args[n].At()), values[n])
		values[n].text, values[n].iso = text, iso
		types[n] = to
	}
	return e, values, lambdas, e.result(types, bound)
}

func (a *analyzer) misfit(c *query.Call, entries []entry, types []Type) string {
	var forms []string
	for _, e := range entries {
		forms = append(forms, e.String())
	}
	given := make([]string, len(types))
	for i, t := range types {
		if given[i] = t.String(); t.Name == "" {
			given[i] = "a lambda"
		}
	}
	if len(forms) > 4 {
		forms = append(forms[:4], "…")
	}
	return fmt.Sprintf("%s does not take (%s); it is %s", c.Name, strings.Join(given, ", "), strings.Join(forms, " or "))
}

func (a *analyzer) lambda(l *query.Lambda, pattern Type, bound map[string]Type, s *scope, w *withs) *lambda {
	found := a.aggregates
	a.aggregates = -1
	defer func() { a.aggregates = found }()
	made := &lambda{}
	inner := &scope{outer: s}
	for i, name := range l.Params {
		c := a.column(nil, name.Text, "", replaced(pattern.Args[i], Type{}, bound))
		made.params = append(made.params, c)
		inner.lambda = append(inner.lambda, c)
	}
	made.body = settled(a.expr(l.Body, inner, w))
	result := pattern.Args[len(pattern.Args)-1]
	if _, ok := bind(result, made.body.typ, bound); !ok {
		a.fail(l.Body.At(), "the lambda gives %s where %s is needed", made.body.typ, replaced(result, Type{}, bound))
	}
	to := replaced(result, made.body.typ, bound)
	made.body.sql = a.convert(made.body, to, l.Body.At())
	made.body.typ = to
	return made
}

// expand writes a function by its template.
func (a *analyzer) expand(e entry, values []value, lambdas []*lambda, typ Type) string {
	sql := e.sql
	if sql == "" {
		parts := make([]string, len(values))
		for i := range parts {
			parts[i] = fmt.Sprintf("$%d", i+1)
		}
		sql = e.name + "(" + strings.Join(parts, ", ") + ")"
	}
	if sql == "$reduce" {
		return a.reduce(values, lambdas)
	}
	// What stands in the template several times and is long gets a name. Not so inside an
	// aggregate, whose argument cannot be in a lambda.
	values = slices.Clone(values)
	type binding struct{ name, sql string }
	var bindings []binding
	for i := range values {
		uses := strings.Count(sql, fmt.Sprintf("$%d", i+1))
		if i == len(values)-1 {
			uses += strings.Count(sql, "$fail(")
		}
		if e.once && uses > 1 && len(values[i].sql) > plainLength && (lambdas == nil || lambdas[i] == nil) {
			b := binding{a.next(OwnNames), values[i].sql}
			bindings = append(bindings, b)
			values[i].sql = b.name
		}
	}
	x := &expansion{analyzer: a, values: values, lambdas: lambdas, typ: typ, names: map[byte]string{}}
	written := x.write(sql)
	for _, b := range bindings {
		written = named1(b.sql, b.name, written)
	}
	return written
}

type expansion struct {
	analyzer *analyzer
	values   []value
	lambdas  []*lambda
	typ      Type
	names    map[byte]string
}

// space is what trim takes away: all white space ("trim").
const space = `' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(8232) || chr(8233) || chr(12288)`

func (x *expansion) write(template string) string {
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		if template[i] != '$' || i+1 == len(template) {
			b.WriteByte(template[i])
			continue
		}
		rest := template[i+1:]
		inside := func(open int) string { // what stands in the parentheses from there
			depth := 0
			for end := open; ; end++ {
				switch rest[end] {
				case '(':
					depth++
				case ')':
					if depth--; depth == 0 {
						return rest[open+1 : end]
					}
				}
			}
		}
		switch {
		case strings.HasPrefix(rest, "fail("):
			message := inside(4)
			b.WriteString(fail(message, x.values[len(x.values)-1].sql, x.typ))
			i += len("fail()") + len(message)
		case strings.HasPrefix(rest, "all("):
			name := inside(3)
			b.WriteString(name + "(" + joined(x.values, ", ") + ")")
			i += len("all()") + len(name)
		case strings.HasPrefix(rest, "space"):
			b.WriteString(space)
			i += len("space")
		case strings.HasPrefix(rest, "text1"):
			texts, _ := convert(x.values[0], Array(Varchar))
			b.WriteString(texts)
			i += len("text1")
		case rest[0] >= '1' && rest[0] <= '9':
			n := int(rest[0] - '1')
			i++
			if x.lambdas == nil || x.lambdas[n] == nil {
				b.WriteString(x.values[n].sql)
				break
			}
			given := inside(1)
			i += len(given) + 2
			with := map[*column]string{}
			for p, argument := range split(given) {
				with[x.lambdas[n].params[p]] = x.write(argument)
			}
			b.WriteString(x.analyzer.put(x.lambdas[n].body.sql, with))
		case rest[0] == 'r':
			b.WriteString(x.typ.SQL())
			i++
		case rest[0] == 'b':
			fmt.Fprintf(&b, "CAST(%d AS BIGINT)", map[string]int{"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64}[x.values[0].typ.Name])
			i++
		default: // a name of its own
			if x.names[rest[0]] == "" {
				x.names[rest[0]] = x.analyzer.next(OwnNames)
			}
			b.WriteString(x.names[rest[0]])
			i++
		}
	}
	return b.String()
}

// split cuts at commas outside parentheses.
func split(text string) []string {
	var parts []string
	depth, start := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, strings.TrimSpace(text[start:i]))
				start = i + 1
			}
		}
	}
	return append(parts, strings.TrimSpace(text[start:]))
}

// reduce runs over a list with a state. DuckDB's list_reduce wants elements and state of
// one type, so that both go into one row.
func (a *analyzer) reduce(values []value, lambdas []*lambda) string {
	state, element := lambdas[2].body.typ, values[0].typ.Args[0]
	both := "STRUCT(s " + state.SQL() + ", e " + element.SQL() + ")"
	pair := func(s, e string) string { return "CAST({'s': " + s + ", 'e': " + e + "} AS " + both + ")" }
	v, acc, item := a.next(OwnNames), a.next(OwnNames), a.next(OwnNames)
	step := lambdas[2]
	body := a.put(step.body.sql, map[*column]string{step.params[0]: extract(acc, "s"), step.params[1]: extract(item, "e")})
	start, _ := convert(values[1], state)
	last, name := lambdas[3], a.next(OwnNames)
	return once(values[0].sql, func(x string) string {
		list := fmt.Sprintf("list_transform(%s, lambda %s: %s)", x, v, pair("NULL", v))
		folded := fmt.Sprintf("list_reduce(%s, lambda %s, %s: %s, %s).s", list, acc, item, pair(body, "NULL"), pair(start, "NULL"))
		return "CASE WHEN " + x + " IS NULL THEN NULL ELSE " + named1(folded, name, a.put(last.body.sql, map[*column]string{last.params[0]: name})) + " END"
	})
}

// aggregate reads an aggregate or a window function.
func (a *analyzer) aggregate(c *query.Call, t table, s *scope, w *withs) value {
	if c.Over == nil && a.aggregates < 0 {
		a.fail(c.At(), "%s is an aggregate, which cannot stand here", c.Name)
	}
	found := a.aggregates
	a.aggregates = -1
	if c.Over != nil && found >= 0 {
		a.aggregates = found // OVER goes over what aggregates gave
	}
	v := a.aggregated(c, t, s, w)
	if a.aggregates > found {
		found = a.aggregates
	}
	a.aggregates = found
	if c.Over == nil {
		a.aggregates++
		v.aggregate = true
	} else {
		v.window = true
	}
	return v
}

func (a *analyzer) aggregated(c *query.Call, t table, s *scope, w *withs) value {
	if c.Star && c.Name != "count" {
		a.fail(c.At(), "only count takes *")
	}
	var parts []value
	order := ""
	orders := c.OrderBy
	if len(c.Within) > 0 {
		if c.Name != "listagg" {
			a.fail(c.At(), "WITHIN GROUP is for listagg alone")
		}
		orders = c.Within
	}
	for i, o := range orders {
		v := settled(a.expr(o.Expr, s, w))
		parts = append(parts, v)
		order += map[bool]string{true: " ORDER BY ", false: ", "}[i == 0] + "(" + v.sql + ")" + direction(o)
	}
	after := ""
	if c.Filter != nil {
		v := a.expr(c.Filter, s, w)
		parts = append(parts, v)
		after = " FILTER (WHERE " + a.boolean(v, c.Filter.At(), "FILTER") + ")"
	}
	if c.Over != nil {
		after += " OVER (" + a.window(c.Over, s, w, &parts) + ")"
	}
	// around puts what the call says into DuckDB's call; own tells that the call has an
	// order already.
	around := func(inner string, own bool) string {
		if c.Distinct && !strings.Contains(inner, "(DISTINCT ") {
			inner = strings.Replace(inner, "(", "(DISTINCT ", 1)
		}
		if own && order != "" {
			inner = strings.TrimSuffix(inner, ")") + ", " + strings.TrimPrefix(order, " ORDER BY ") + ")"
		} else if order != "" {
			inner = strings.TrimSuffix(inner, ")") + order + ")"
		}
		if c.IgnoreNulls {
			inner = strings.TrimSuffix(inner, ")") + " IGNORE NULLS)"
		}
		return inner + after
	}
	if c.Name == "listagg" {
		list := []value{a.expr(c.Args[0], s, w), {typ: Varchar, sql: "''"}}
		if len(c.Args) > 1 {
			list[1] = a.expr(c.Args[1], s, w)
		}
		if !list[0].typ.isText() || !list[1].typ.isText() {
			a.fail(c.At(), "listagg needs text, not %s; CAST it to varchar", list[0].typ)
		}
		return made(Varchar, around("string_agg("+list[0].sql+", "+list[1].sql+")", false), append(parts, list...)...)
	}
	if (c.Name == "sum" || c.Name == "avg") && len(c.Args) == 1 {
		if v := a.expr(c.Args[0], s, w); v.typ.is("decimal") {
			typ := Decimal(38, v.typ.S)
			sum := "CAST(" + around("sum("+v.sql+")", false) + " AS " + typ.SQL() + ")"
			if c.Name == "sum" {
				return made(typ, sum, append(parts, v)...)
			}
			count := around("count("+v.sql+")", false)
			return made(v.typ, fmt.Sprintf("CASE WHEN %s > 0 THEN CAST(trino_decimal('/', CAST(%s AS VARCHAR), CAST(%s AS VARCHAR), CAST(%d AS BIGINT)) AS %s) END",
				count, sum, count, v.typ.S, v.typ.SQL()), append(parts, v)...)
		}
	}
	if c.Name == "skewness" && len(c.Args) == 1 {
		v := a.expr(c.Args[0], s, w)
		x := "CAST(" + a.convert(v, Double, c.Args[0].At()) + " AS DOUBLE)"
		n := around("count("+x+")", false)
		return made(Double, fmt.Sprintf("CASE WHEN %s >= 3 THEN %s * (%s - 2) / sqrt(%s * (%s - 1)) END", n, around("skewness("+x+")", false), n, n, n), append(parts, v)...)
	}
	e, values, lambdas, typ := a.choose(c, t[c.Name], s, w)
	if c.Name == "nth_value" {
		if n, ok := ordinal(c.Args[1]); ok && n < 1 {
			a.fail(c.Args[1].At(), "the offset of nth_value must be at least 1")
		}
	}
	if slices.Contains([]string{"min", "max", "min_by", "max_by"}, c.Name) {
		a.orderable(values[len(values)-1].typ, c.At())
	}
	inner, wrap, wrapped := strings.Cut(e.sql, "|")
	sql := around(a.expand(entry{definition{sql: inner}, e.signature, false}, values, lambdas, typ), strings.Contains(inner, " ORDER BY "))
	if wrapped {
		sql = a.expand(entry{definition{sql: wrap}, e.signature, true}, []value{{typ: typ, sql: sql}}, nil, typ)
	}
	return made(typ, sql, append(parts, values...)...)
}

// window writes what stands in OVER (…).
func (a *analyzer) window(over *query.Window, s *scope, w *withs, parts *[]value) string {
	if over.Base != "" {
		base, ok := a.windows[over.Base]
		if !ok {
			a.fail(over.Pos, "there is no window %s", over.Base)
		}
		if base.Base != "" {
			a.fail(over.Pos, "the window %s is made of another one, which is not supported on a case", over.Base)
		}
		merged := *base
		if len(over.OrderBy) > 0 {
			merged.OrderBy = over.OrderBy
		}
		if over.Frame != nil {
			merged.Frame = over.Frame
		}
		over = &merged
	}
	var clauses []string
	var list []string
	for _, x := range over.PartitionBy {
		v := settled(a.expr(x, s, w))
		*parts = append(*parts, v)
		list = append(list, v.sql)
	}
	if len(list) > 0 {
		clauses = append(clauses, "PARTITION BY "+strings.Join(list, ", "))
	}
	list = nil
	for _, o := range over.OrderBy {
		v := settled(a.expr(o.Expr, s, w))
		a.orderable(v.typ, o.Expr.At())
		*parts = append(*parts, v)
		list = append(list, "("+v.sql+")"+direction(o))
	}
	if len(list) > 0 {
		clauses = append(clauses, "ORDER BY "+strings.Join(list, ", "))
	}
	if f := over.Frame; f != nil {
		clauses = append(clauses, fmt.Sprintf("%s BETWEEN %s AND %s", f.Unit, a.bound(f.Start, s, w), a.bound(f.End, s, w)))
	}
	return strings.Join(clauses, " ")
}

func (a *analyzer) bound(b query.Bound, s *scope, w *withs) string {
	if b.Expr == nil {
		return b.Kind
	}
	v := a.expr(b.Expr, s, w)
	if !v.typ.isNumber() && !v.typ.isInterval() {
		a.fail(b.Expr.At(), "the bound of a frame is a number or an interval, not %s", v.typ)
	}
	return v.sql + " " + b.Kind
}
