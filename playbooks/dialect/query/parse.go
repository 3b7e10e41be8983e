package query

import (
	"fmt"
	"strings"

	"playbook/playbooks/dialect"
)

// Parse reads the query in a statement: all of a SELECT, or what CREATE VIEW and its
// like hold.
func Parse(s *dialect.Statement) (*Query, *dialect.Error) {
	span := s.Body
	if span == (dialect.Span{}) {
		span = s.Span
	}
	p := &parser{class: s.Class, end: span.End}
	for _, t := range s.Tokens {
		if t.Offset >= span.Start && t.End() <= span.End {
			p.tokens = append(p.tokens, t)
		}
	}
	return p.whole()
}

// maxDepth bounds how deeply a query may be nested.
const maxDepth = 250

type parser struct {
	class      dialect.Class
	tokens     []dialect.Token
	i          int
	end        int
	depth      int
	parameters int
}

// failed is how a mistake leaves the parser, from whatever depth.
type failed struct{ err *dialect.Error }

func (p *parser) whole() (q *Query, mistake *dialect.Error) {
	defer func() {
		switch left := recover().(type) {
		case nil:
		case failed:
			q, mistake = nil, left.err
		default:
			panic(left)
		}
	}()
	q = p.query()
	if !p.done() {
		p.unexpected("the end of the query")
	}
	return q, nil
}

func (p *parser) fail(pos int, hint, format string, args ...any) {
	panic(failed{&dialect.Error{Offset: pos, Message: fmt.Sprintf(format, args...), Hint: hint}})
}

func (p *parser) unexpected(wanted string) {
	if p.done() {
		p.fail(p.end, "", "syntax error: the query ends where %s is expected", wanted)
	}
	t := p.peek()
	hint := ""
	if t.Kind == dialect.Word && isReserved(t.Text) && strings.Contains(wanted, "name") {
		hint = fmt.Sprintf(`%s is a reserved word; as a name write "%s"`, strings.ToUpper(t.Text), t.Text)
	}
	p.fail(t.Offset, hint, "syntax error: %s is expected here, not %s", wanted, shown(t.Text))
}

func shown(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		text = string(runes[:40]) + "…"
	}
	return text
}

// enter counts nesting; what it returns is deferred.
func (p *parser) enter() func() {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.peek().Offset, "", "the query is nested too deeply")
	}
	return func() { p.depth-- }
}

func (p *parser) done() bool { return p.i >= len(p.tokens) }

func (p *parser) at(n int) dialect.Token {
	if p.i+n < len(p.tokens) {
		return p.tokens[p.i+n]
	}
	return dialect.Token{Kind: dialect.Operator, Offset: p.end}
}

func (p *parser) peek() dialect.Token { return p.at(0) }

func isWord(t dialect.Token, word string) bool {
	return t.Kind == dialect.Word && strings.EqualFold(t.Text, word)
}

func isOperator(t dialect.Token, text string) bool {
	return t.Kind == dialect.Operator && t.Text == text && text != ""
}

// sees tells whether these keywords come next.
func (p *parser) sees(words ...string) bool {
	for i, word := range words {
		if !isWord(p.at(i), word) {
			return false
		}
	}
	return true
}

// take takes these keywords, all or none.
func (p *parser) take(words ...string) bool {
	if !p.sees(words...) {
		return false
	}
	p.i += len(words)
	return true
}

func (p *parser) op(text string) bool {
	if !isOperator(p.peek(), text) {
		return false
	}
	p.i++
	return true
}

func (p *parser) need(words ...string) {
	if !p.take(words...) {
		p.unexpected(strings.Join(words, " "))
	}
}

func (p *parser) needOp(text string) {
	if !p.op(text) {
		p.unexpected(text)
	}
}

// isName tells whether a token can be a name.
func (p *parser) isName(t dialect.Token) bool {
	switch t.Kind {
	case dialect.QuotedIdentifier, dialect.BacktickIdentifier, dialect.Hole:
		return true
	case dialect.Word:
		return !isReserved(t.Text)
	}
	return false
}

func (p *parser) name(what string) Name {
	t := p.peek()
	switch {
	case t.Kind == dialect.BacktickIdentifier:
		p.fail(t.Offset, `write "…"`, "names in a query stand in double quotes, not in backticks")
	case t.Kind == dialect.Word && t.Text[0] >= '0' && t.Text[0] <= '9':
		p.fail(t.Offset, fmt.Sprintf(`write "%s"`, t.Text), "a name that begins with a digit stands in double quotes")
	case !p.isName(t):
		p.unexpected(what)
	}
	p.i++
	if t.Kind == dialect.Hole {
		return Name{Text: t.Text, Pos: t.Offset, Hole: true}
	}
	text, err := dialect.Unquote(p.class, t)
	if err != nil {
		p.fail(t.Offset, "", "%s", err)
	}
	return Name{Text: text, Pos: t.Offset}
}

func (p *parser) names(what string) []Name {
	p.needOp("(")
	list := []Name{p.name(what)}
	for p.op(",") {
		list = append(list, p.name(what))
	}
	p.needOp(")")
	return list
}

func (p *parser) query() *Query {
	defer p.enter()()
	q := &Query{Pos: p.peek().Offset}
	if p.take("WITH") {
		if p.sees("RECURSIVE") && p.isName(p.at(1)) {
			p.fail(p.peek().Offset, "write out the levels that are needed", "WITH RECURSIVE is not supported on a case")
		}
		for {
			w := With{Name: p.name("a name for the query")}
			if isOperator(p.peek(), "(") {
				w.Columns = p.names("the name of a column")
			}
			p.need("AS")
			p.needOp("(")
			w.Query = p.query()
			p.needOp(")")
			q.With = append(q.With, w)
			if !p.op(",") {
				break
			}
		}
	}
	q.Body = p.union()
	q.OrderBy = p.orderBy()
	if p.take("OFFSET") {
		q.Offset = p.count()
		_ = p.take("ROW") || p.take("ROWS")
	}
	switch {
	case p.take("LIMIT"):
		if !p.take("ALL") {
			q.Limit = p.count()
		}
	case p.take("FETCH"):
		if !p.take("FIRST") && !p.take("NEXT") {
			p.unexpected("FIRST")
		}
		q.Limit = Expr(&Literal{Place: Place(p.peek().Offset), Kind: Integer, Text: "1"})
		if !p.sees("ROW") && !p.sees("ROWS") {
			q.Limit = p.count()
		}
		if !p.take("ROW") && !p.take("ROWS") {
			p.unexpected("ROWS")
		}
		if p.sees("WITH", "TIES") {
			p.fail(p.peek().Offset, "use rank() OVER (…) <= n", "WITH TIES is not supported on a case")
		}
		p.need("ONLY")
	}
	return q
}

// count is the number of LIMIT and OFFSET.
func (p *parser) count() Expr {
	t := p.peek()
	switch {
	case t.Kind == dialect.Number && strings.Trim(t.Text, "0123456789_") == "":
		p.i++
		return &Literal{Place(t.Offset), Integer, strings.ReplaceAll(t.Text, "_", "")}
	case t.Kind == dialect.Hole || t.Kind == dialect.Parameter:
		return p.primary()
	}
	p.unexpected("a whole number")
	return nil
}

func (p *parser) orderBy() []Order {
	if !p.take("ORDER", "BY") {
		return nil
	}
	return p.orders()
}

func (p *parser) orders() []Order {
	var list []Order
	for {
		o := Order{Expr: p.expr()}
		if !p.take("ASC") {
			o.Desc = p.take("DESC")
		}
		if p.take("NULLS") {
			first := p.take("FIRST")
			if !first {
				p.need("LAST")
			}
			o.NullsFirst = &first
		}
		list = append(list, o)
		if !p.op(",") {
			return list
		}
	}
}

// union reads UNION and EXCEPT, which bind alike, from the left; INTERSECT binds closer.
func (p *parser) union() Body {
	left := p.intersect()
	for {
		t := p.peek()
		if !p.take("UNION") && !p.take("EXCEPT") {
			return left
		}
		left = p.setOperation(t, left, p.intersect)
	}
}

func (p *parser) intersect() Body {
	left := p.term()
	for {
		t := p.peek()
		if !p.take("INTERSECT") {
			return left
		}
		left = p.setOperation(t, left, p.term)
	}
}

func (p *parser) setOperation(t dialect.Token, left Body, right func() Body) Body {
	s := &SetOperation{Pos: t.Offset, Kind: strings.ToUpper(t.Text), Left: left}
	if s.All = p.take("ALL"); !s.All {
		p.take("DISTINCT")
	}
	if p.sees("CORRESPONDING") {
		p.fail(p.peek().Offset, "name the columns on both sides", "CORRESPONDING is not supported on a case")
	}
	s.Right = right()
	return s
}

func (p *parser) term() Body {
	t := p.peek()
	switch {
	case p.op("("):
		q := p.query()
		p.needOp(")")
		return q
	case p.take("TABLE"):
		return &Table{Pos: t.Offset, Name: p.qualified("a table")}
	case p.take("VALUES"):
		v := &Values{Pos: t.Offset, Rows: []Expr{p.expr()}}
		for p.op(",") {
			v.Rows = append(v.Rows, p.expr())
		}
		return v
	case p.sees("SELECT"):
		return p.selection()
	}
	p.unexpected("a query (SELECT, VALUES, WITH or TABLE)")
	return nil
}

func (p *parser) qualified(what string) []Name {
	list := []Name{p.name("the name of " + what)}
	for p.op(".") {
		list = append(list, p.name("the name of "+what))
	}
	return list
}

func (p *parser) selection() *Select {
	s := &Select{Pos: p.peek().Offset}
	p.need("SELECT")
	if s.Distinct = p.take("DISTINCT"); !s.Distinct {
		p.take("ALL")
	}
	for {
		s.Items = append(s.Items, p.item())
		if !p.op(",") {
			break
		}
	}
	if p.take("FROM") {
		s.From = p.relation()
		for p.op(",") {
			at := p.peek().Offset
			s.From = &Join{Pos: at, Kind: "CROSS", Left: s.From, Right: p.relation()}
		}
	}
	if p.take("WHERE") {
		s.Where = p.expr()
	}
	if p.take("GROUP", "BY") {
		s.GroupBy = p.groupBy()
	}
	if p.take("HAVING") {
		s.Having = p.expr()
	}
	if p.take("WINDOW") {
		s.Windows = map[string]*Window{}
		for {
			name := p.name("the name of a window")
			p.need("AS")
			s.Windows[strings.ToLower(name.Text)] = p.window()
			if !p.op(",") {
				break
			}
		}
	}
	return s
}

func (p *parser) item() Item {
	item := Item{Pos: p.peek().Offset}
	if p.op("*") {
		return item
	}
	// name.name.* is looked for first: an expression would stop at the *.
	for n := 0; p.isName(p.at(n)) && isOperator(p.at(n+1), "."); n += 2 {
		if isOperator(p.at(n+2), "*") {
			for range n/2 + 1 {
				item.Of = append(item.Of, p.name("a name"))
				p.i++
			}
			p.i++
			if p.sees("AS") {
				p.fail(p.peek().Offset, "name the columns one by one", "column names behind .* are not supported on a case")
			}
			return item
		}
	}
	item.Expr = p.expr()
	item.Alias = p.alias("a name for the column")
	return item
}

// alias reads AS name, or a name that stands where an alias may.
func (p *parser) alias(what string) Name {
	if p.take("AS") {
		if t := p.peek(); t.Kind == dialect.String {
			p.fail(t.Offset, fmt.Sprintf(`write "%s"`, strings.Trim(t.Text, "'")), "the name behind AS stands in the quotes of a string")
		}
		return p.name(what)
	}
	if p.isName(p.peek()) && !p.startsClause() {
		return p.name(what)
	}
	return Name{}
}

// startsClause tells words that are no reserved words, and still begin something where
// an alias could stand.
func (p *parser) startsClause() bool {
	next := p.at(1)
	switch {
	case p.sees("LIMIT"), p.sees("OFFSET"):
		return next.Kind == dialect.Number || next.Kind == dialect.Hole || next.Kind == dialect.Parameter || isWord(next, "ALL")
	case p.sees("FETCH"):
		return isWord(next, "FIRST") || isWord(next, "NEXT")
	case p.sees("WINDOW"):
		return p.isName(next) && isWord(p.at(2), "AS")
	case p.sees("TABLESAMPLE"), p.sees("MATCH_RECOGNIZE"):
		return true
	}
	return false
}

func (p *parser) groupBy() *GroupBy {
	g := &GroupBy{}
	if t := p.peek(); p.take("ALL") && (p.done() || isOperator(p.peek(), ")") || isReserved(p.peek().Text)) {
		p.fail(t.Offset, "name the columns, or their numbers in the SELECT list", "GROUP BY ALL is not of Athena")
	}
	p.take("DISTINCT")
	sets := [][]int{{}} // the product of what each element gives
	plain := true
	for {
		element := p.groupingElement(g)
		plain = plain && len(element) == 1
		var product [][]int
		for _, before := range sets {
			for _, set := range element {
				product = append(product, append(append([]int{}, before...), set...))
			}
		}
		if sets = product; len(sets) > 4096 {
			p.fail(p.peek().Offset, "", "there are too many grouping sets")
		}
		if !p.op(",") {
			break
		}
	}
	if !plain || len(sets[0]) == 0 {
		g.Sets = sets
	}
	return g
}

// groupingElement gives the grouping sets of one element, and adds its expressions.
func (p *parser) groupingElement(g *GroupBy) [][]int {
	defer p.enter()()
	group := func() []int {
		if p.startsQuery() || !p.op("(") {
			return []int{g.add(p.expr())}
		}
		list := []int{}
		for !p.op(")") {
			if len(list) > 0 {
				p.needOp(",")
			}
			list = append(list, g.add(p.expr()))
		}
		return list
	}
	list := func() [][]int {
		p.needOp("(")
		var sets [][]int
		for !p.op(")") {
			if len(sets) > 0 {
				p.needOp(",")
			}
			sets = append(sets, group())
		}
		return sets
	}
	switch {
	case p.take("ROLLUP"):
		parts := list()
		sets := [][]int{}
		for n := len(parts); n >= 0; n-- {
			sets = append(sets, flat(parts[:n]))
		}
		return sets
	case p.take("CUBE"):
		parts := list()
		if len(parts) > 12 {
			p.fail(p.peek().Offset, "", "there are too many columns in CUBE")
		}
		sets := [][]int{}
		for bits := 1<<len(parts) - 1; bits >= 0; bits-- {
			var set [][]int
			for i := range parts {
				if bits&(1<<(len(parts)-1-i)) != 0 {
					set = append(set, parts[i])
				}
			}
			sets = append(sets, flat(set))
		}
		return sets
	case p.take("GROUPING", "SETS"):
		p.needOp("(")
		var sets [][]int
		for {
			if p.sees("ROLLUP") || p.sees("CUBE") || p.sees("GROUPING", "SETS") {
				sets = append(sets, p.groupingElement(g)...)
			} else {
				sets = append(sets, group())
			}
			if !p.op(",") {
				break
			}
		}
		p.needOp(")")
		return sets
	case isOperator(p.peek(), "(") && p.isGroup():
		return [][]int{group()}
	}
	return [][]int{{g.add(p.expr())}}
}

// isGroup tells (a, b) and () from an expression that begins with a parenthesis.
func (p *parser) isGroup() bool {
	depth := 0
	for n := 0; p.i+n < len(p.tokens); n++ {
		switch t := p.at(n); {
		case isOperator(t, "("), isOperator(t, "["):
			depth++
		case isOperator(t, ")"), isOperator(t, "]"):
			if depth--; depth == 0 {
				next := p.at(n + 1)
				return p.i+n+1 >= len(p.tokens) || isOperator(next, ",") || isOperator(next, ")") || isWord(next, "HAVING") ||
					isWord(next, "ORDER") || isWord(next, "LIMIT") || isWord(next, "OFFSET") || isWord(next, "FETCH") ||
					isWord(next, "WINDOW") || isWord(next, "UNION") || isWord(next, "EXCEPT") || isWord(next, "INTERSECT")
			}
		}
	}
	return false
}

func flat(parts [][]int) []int {
	list := []int{}
	for _, part := range parts {
		list = append(list, part...)
	}
	return list
}

func (g *GroupBy) add(x Expr) int {
	g.Exprs = append(g.Exprs, x)
	return len(g.Exprs) - 1
}

func (p *parser) relation() Relation {
	defer p.enter()()
	left := p.factor()
	for {
		at := p.peek().Offset
		j := &Join{Pos: at, Left: left}
		switch {
		case p.take("CROSS", "JOIN"):
			j.Kind, j.Right = "CROSS", p.factor()
			left = j
			continue
		case p.sees("NATURAL"):
			p.fail(at, "write JOIN … USING (…)", "NATURAL JOIN is not supported in Athena")
		case p.take("JOIN"), p.take("INNER", "JOIN"):
			j.Kind = "INNER"
		case p.take("LEFT", "JOIN"), p.take("LEFT", "OUTER", "JOIN"):
			j.Kind = "LEFT"
		case p.take("RIGHT", "JOIN"), p.take("RIGHT", "OUTER", "JOIN"):
			j.Kind = "RIGHT"
		case p.take("FULL", "JOIN"), p.take("FULL", "OUTER", "JOIN"):
			j.Kind = "FULL"
		default:
			return left
		}
		j.Right = p.relation()
		switch {
		case p.take("ON"):
			j.On = p.expr()
		case p.take("USING"):
			j.Using = p.names("the name of a column")
		default:
			p.unexpected("ON or USING")
		}
		left = j
	}
}

// factor is a relation with its alias.
func (p *parser) factor() Relation {
	t := p.peek()
	var r Relation
	var alias *Alias
	switch {
	case p.take("UNNEST"):
		u := &Unnest{Pos: t.Offset, Exprs: p.list("(", ")")}
		u.Ordinality = p.take("WITH", "ORDINALITY")
		r, alias = u, &u.Alias
	case p.sees("LATERAL") && isOperator(p.at(1), "("):
		p.i += 2
		d := &Derived{Pos: t.Offset, Lateral: true, Query: p.query()}
		p.needOp(")")
		r, alias = d, &d.Alias
	case p.sees("TABLE") && isOperator(p.at(1), "("):
		p.fail(t.Offset, "", "table functions are not allowed: a query reads tables that the playbook made")
	case isOperator(t, "("):
		if !p.holdsQuery() {
			p.i++
			inner := p.relation()
			p.needOp(")")
			return inner
		}
		p.i++
		d := &Derived{Pos: t.Offset, Query: p.query()}
		p.needOp(")")
		r, alias = d, &d.Alias
	case t.Kind == dialect.String:
		p.fail(t.Offset, "make one with CREATE EXTERNAL TABLE, and name that", "there is no table in quotes, and a file is no table")
	default:
		table := &Table{Pos: t.Offset, Name: p.qualified("a table")}
		if isOperator(p.peek(), "(") {
			p.fail(t.Offset, "a query reads tables that the playbook made; UNNEST is the only one",
				"the table function %s is not allowed", shown(strings.ToLower(table.Name[len(table.Name)-1].Text)))
		}
		r, alias = table, &table.Alias
	}
	if p.sees("TABLESAMPLE") || p.sees("MATCH_RECOGNIZE") {
		p.fail(p.peek().Offset, "", "%s is not supported on a case", strings.ToUpper(p.peek().Text))
	}
	if p.sees("FOR") && (isWord(p.at(1), "TIMESTAMP") || isWord(p.at(1), "VERSION")) {
		p.fail(p.peek().Offset, "", "time travel (FOR … AS OF) is of Iceberg tables, which a case does not have")
	}
	alias.Name = p.alias("a name for the table")
	if alias.Name.Text != "" && isOperator(p.peek(), "(") {
		alias.Columns = p.names("the name of a column")
	}
	return r
}

// holdsQuery tells (SELECT …) from a join in parentheses.
func (p *parser) holdsQuery() bool {
	n := 0
	for isOperator(p.at(n), "(") {
		n++
	}
	t := p.at(n)
	if !isWord(t, "SELECT") && !isWord(t, "WITH") && !isWord(t, "VALUES") && !isWord(t, "TABLE") {
		return false
	}
	if n == 1 {
		return true
	}
	// ((SELECT …) …: a query when what follows the inner one continues a query.
	depth := 0
	for m := 1; p.i+m < len(p.tokens); m++ {
		switch t := p.at(m); {
		case isOperator(t, "("):
			depth++
		case isOperator(t, ")"):
			if depth--; depth == 0 {
				next := p.at(m + 1)
				return isOperator(next, ")") || isWord(next, "UNION") || isWord(next, "EXCEPT") || isWord(next, "INTERSECT") ||
					isWord(next, "ORDER") || isWord(next, "LIMIT") || isWord(next, "OFFSET") || isWord(next, "FETCH")
			}
		}
	}
	return true
}

func isReserved(word string) bool { return dialect.ReservedInQueries(word) }
