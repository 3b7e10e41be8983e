package trino

import (
	"math"
	"slices"
	"strconv"
)

// Choice is that a column of a table lies between two texts, or two integers; where both
// are the same, it has that value. Of a list of them one is true in each row that a query
// can use of a table: sourceaddress = 'x' OR destinationaddress = 'x'. Whoever gives the
// table to DuckDB may leave out the other rows.
type Choice struct {
	Column string  `json:"column"`
	Low    *string `json:"low,omitempty"`  // nil is no bound
	High   *string `json:"high,omitempty"` // inclusive
	From   *int64  `json:"from,omitempty"`
	To     *int64  `json:"to,omitempty"` // inclusive
}

type choice struct {
	column *column
	Choice
}

// bare is the column that a value is, as it is; nil when it is another value.
func (a *analyzer) bare(v value) *column {
	columns := a.columnsIn(v.sql)
	if len(columns) != 1 || v.sql != columns[0].mark() || columns[0].of == nil {
		return nil
	}
	return columns[0]
}

// leaves are what a comparison of a column with literals leaves: two for BETWEEN.
func (a *analyzer) leaves(of value, op string, with ...value) []choice {
	made := choice{column: a.bare(of)}
	if made.column == nil {
		return nil
	}
	for i, v := range with {
		side := op
		if op == "BETWEEN" {
			side = [...]string{">=", "<="}[i]
		}
		known := false
		switch {
		case of.typ.is("varchar") && v.typ.is("varchar") && v.text != nil:
			known = made.limitText(side, v.text)
		case of.typ.isInteger() && v.typ.isInteger() && v.integer != nil:
			known = made.limitInteger(side, *v.integer)
		}
		if !known {
			return nil
		}
	}
	return []choice{made}
}

func (c *Choice) limitText(op string, text *string) bool {
	switch op {
	case "=":
		c.Low, c.High = text, text
	case ">=":
		c.Low = text
	case "<=":
		c.High = text
	default:
		return false
	}
	return true
}

func (c *Choice) limitInteger(op string, n int64) bool {
	switch {
	case op == "=":
		c.From, c.To = &n, &n
	case op == ">=":
		c.From = &n
	case op == "<=":
		c.To = &n
	case op == ">" && n < math.MaxInt64:
		n++
		c.From = &n
	case op == "<" && n > math.MinInt64:
		n--
		c.To = &n
	default:
		return false
	}
	return true
}

// mirrored are comparisons with the sides changed.
var mirrored = map[string]string{"=": "=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

// compared is what l op r leaves.
func (a *analyzer) compared(op string, l, r value) []choice {
	if mirrored[op] == "" {
		return nil
	}
	if list := a.leaves(l, op, r); list != nil {
		return list
	}
	return a.leaves(r, mirrored[op], l)
}

// listed is what IN with a list of literals leaves.
func (a *analyzer) listed(of value, list []value) []choice {
	var all []choice
	for _, v := range list {
		one := a.leaves(of, "=", v)
		if one == nil {
			return nil
		}
		all = append(all, one...)
	}
	return all
}

// either joins the choices of two conditions. For AND those of one are enough.
func either(op string, l, r value) []choice {
	switch {
	case op == "OR" && (l.among == nil || r.among == nil):
		return nil
	case op == "OR":
		return slices.Concat(l.among, r.among)
	case l.among != nil:
		return l.among
	}
	return r.among
}

// narrow tells the tables of a SELECT which choices its conditions leave. A condition of
// WHERE or of an inner join has to be true in every row that is used, whatever other joins
// there are: they can only add rows in which the table's columns are NULL. One in a query
// within an expression says nothing of the tables outside.
func (a *analyzer) narrow(b *body) {
	for _, v := range b.conditions {
		a.narrowTo(b, v.among)
	}
}

func (a *analyzer) narrowTo(b *body, among []choice) {
	for _, r := range b.relations {
		switch {
		case len(among) == 0 || slices.ContainsFunc(among, func(c choice) bool { return c.column.of != r }):
		case r.table != nil:
			r.among = append(r.among, among)
		case r.plan != nil && !r.shared:
			a.narrowPlan(r.plan, among)
		}
	}
}

// narrowPlan hands choices on the outputs of a query to what it was made of, where a
// column comes out unaltered.
func (a *analyzer) narrowPlan(p *plan, among []choice) {
	if p.cut { // what LIMIT leaves is not what a condition leaves
		return
	}
	for _, part := range p.parts {
		a.narrowPlan(part, among)
	}
	if p.body == nil || p.body.windowed {
		return
	}
	inner := slices.Clone(among)
	for i, c := range inner {
		at, err := strconv.Atoi(c.column.sql[1:]) // c0, c1, …
		if err != nil || at >= len(p.body.outputs) {
			return
		}
		out := p.body.outputs[at].value
		if inner[i].column = a.bare(out); inner[i].column == nil || out.aggregate || out.window || out.subquery {
			return
		}
	}
	a.narrowTo(p.body, inner)
}

// spared marks conditions that need not be looked at once more when the table has been
// narrowed to them. Where there are joins they do: an outer one adds rows.
func (b *body) spared(conditions []value) []value {
	if len(b.relations) != 1 || b.relations[0].table == nil {
		return conditions
	}
	r := b.relations[0]
	marked := slices.Clone(conditions)
	for i, v := range marked {
		if v.exact && !slices.ContainsFunc(v.among, func(c choice) bool { return c.column.of != r }) {
			marked[i].sql = sparedMark + strconv.Itoa(r.number) + " " + v.sql + sparedEnd
		}
	}
	return marked
}

func (r *relation) choices() [][]Choice {
	var lists [][]Choice
	for _, among := range r.among {
		var list []Choice
		for _, c := range among {
			c.Choice.Column = c.column.sql
			list = append(list, c.Choice)
		}
		lists = append(lists, list)
	}
	return lists
}
