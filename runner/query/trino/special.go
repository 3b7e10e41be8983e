package trino

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"playbook/playbooks/dialect/query"
)

// specialForm is a function that a template cannot write: its SQL or type depends on more
// than the types of what it takes.
type specialForm struct {
	least, most int // arguments; most < 0 is any number
	form        string
	note        string
	do          func(a *analyzer, c *query.Call, s *scope, w *withs) value
}

// specials are the special forms by name.
func specials() map[string]*specialForm {
	constantFormat := "the format has to be a string in the query"
	constantUnit := "the unit has to be a string in the query"
	constantZone := "the zone has to be a string in the query"
	return map[string]*specialForm{
		"at_timezone":            {2, 2, "(timestamp with time zone, varchar)", constantZone, doAtTimezone},
		"ceil":                   {1, 1, "(number)", "", doRounding},
		"ceiling":                {1, 1, "(number)", "", doRounding},
		"coalesce":               {1, -1, "(T, …)", "", doCoalesce},
		"concat":                 {1, -1, "(varchar, …) or (array(T), …)", "", doConcat},
		"concat_ws":              {2, -1, "(varchar, varchar, …)", "", doConcatWS},
		"current_date":           {0, 0, "", "of a case: when its evidence was collected", doClock},
		"current_timestamp":      {0, 1, "", "of a case: when its evidence was collected", doClock},
		"date":                   {1, 1, "(varchar or timestamp)", "", doDate},
		"date_add":               {3, 3, "(unit, bigint, time)", constantUnit, doDateAdd},
		"date_diff":              {3, 3, "(unit, time, time)", constantUnit, doDateDiff},
		"date_format":            {2, 2, "(timestamp, varchar)", "", doDateFormat},
		"date_parse":             {2, 2, "(varchar, varchar)", "", doDateParse},
		"date_trunc":             {2, 2, "(unit, time)", constantUnit, doDateTrunc},
		"floor":                  {1, 1, "(number)", "", doRounding},
		"format":                 {1, -1, "(varchar, …)", constantFormat, doFormat},
		"format_datetime":        {2, 2, "(timestamp, varchar)", constantFormat, doFormatDatetime},
		"from_iso8601_timestamp": {1, 1, "(varchar)", "where the zone matters, times with an offset from UTC need at_timezone around", doFromISO},
		"from_unixtime":          {1, 3, "(number), (number, zone) or (number, hours, minutes)", constantZone, doFromUnixtime},
		"greatest":               {1, -1, "(T, …)", "", doGreatest},
		"grouping":               {1, 32, "(column, …)", "", doGrouping},
		"if":                     {2, 3, "(boolean, T, T)", "", doIf},
		"least":                  {1, -1, "(T, …)", "", doGreatest},
		"localtime":              {0, 1, "", "", doClock},
		"localtimestamp":         {0, 1, "", "", doClock},
		"map_from_entries":       {1, 1, "(array(row(K, V)))", "", doMapFromEntries},
		"mod":                    {2, 2, "(number, number)", "", doMod},
		"now":                    {0, 0, "()", "of a case: when its evidence was collected", doClock},
		"nullif":                 {2, 2, "(T, T)", "", doNullif},
		"parse_datetime":         {2, 2, "(varchar, varchar)", constantFormat, doParseDatetime},
		"regexp_extract":         {2, 3, "", "", doRegexp},
		"regexp_like":            {2, 2, "", "", doRegexp},
		"regexp_replace":         {2, 3, "(varchar, varchar, varchar)", re2 + "; no lambda; the replacement has to be a string in the query", doRegexpReplace},
		"round":                  {1, 2, "(number, integer)", "", doRounding},
		"timezone_hour":          {1, 1, "(timestamp with time zone)", "", doTimezonePart},
		"timezone_minute":        {1, 1, "(timestamp with time zone)", "", doTimezonePart},
		"to_iso8601":             {1, 1, "(time)", "", doToISO},
		"truncate":               {1, 2, "(number, integer)", "", doRounding},
		"try":                    {1, 1, "(T)", "", doTry},
		"typeof":                 {1, 1, "(T)", "", doTypeof},
		"with_timezone":          {2, 2, "(timestamp, varchar)", constantZone, doWithTimezone},
		"zip":                    {2, 5, "(array(T), array(U), …)", "", doZip},
	}
}

const repeatable = "its answer would be another one each time, and evidence has to be repeatable"

// refused are functions that Athena has and this engine has not, with what to use.
var refused = map[string]string{
	"random": repeatable, "rand": repeatable, "uuid": repeatable, "shuffle": repeatable,
	"approx_set": "use approx_distinct", "merge": "use approx_distinct", "tdigest_agg": "use approx_percentile",
	"qdigest_agg": "use approx_percentile", "numeric_histogram": "group by width_bucket(x, low, high, n)",
	"ip_prefix": "test networks with contains('10.0.0.0/8', CAST(x AS ipaddress))", "json_value": "use json_extract_scalar",
	"json_query": "use json_extract", "json_exists": "use json_extract(x, path) IS NOT NULL", "map_union": "use map_agg",
	"current_time": "use localtime, which is in UTC", "current_user": "an engine of a case has no users", "approx_most_frequent": "group by, order by count(*) and LIMIT",
	"array_frequency": "use histogram over UNNEST",
}

// arguments reads all arguments.
func (a *analyzer) arguments(c *query.Call, s *scope, w *withs) []value {
	list := make([]value, len(c.Args))
	for i, x := range c.Args {
		list[i] = a.expr(x, s, w)
	}
	return list
}

// scalar reads a call by the table, whatever special has of that name.
func (a *analyzer) scalar(c *query.Call, s *scope, w *withs) value {
	e, values, lambdas, typ := a.choose(c, scalarTable[c.Name], s, w)
	return made(typ, a.expand(e, values, lambdas, typ), values...)
}

// constant is the text of an argument that has to be a string literal.
func (a *analyzer) constant(c *query.Call, i int, s *scope, w *withs, what string) string {
	v := a.expr(c.Args[i], s, w)
	if v.text == nil {
		a.fail(c.Args[i].At(), "%s needs %s", c.Name, what)
	}
	return *v.text
}

func (a *analyzer) text(c *query.Call, i int, s *scope, w *withs) value {
	v := a.expr(c.Args[i], s, w)
	if !v.typ.isText() && !v.isNull() {
		a.fail(c.Args[i].At(), "%s needs text here, not %s", c.Name, v.typ)
	}
	v.sql = a.convert(v, Varchar, c.Args[i].At())
	return v
}

func doIf(a *analyzer, c *query.Call, s *scope, w *withs) value {
	list := a.arguments(c, s, w)
	test := a.boolean(list[0], c.Args[0].At(), "the condition of IF")
	then, typ := a.same(c.At(), "IF", slices.Clone(list[1:]), func(i int) int { return c.Args[i+1].At() })
	otherwise := "NULL"
	if len(then) == 2 {
		otherwise = then[1].sql
	}
	return made(typ, "CASE WHEN "+test+" THEN "+then[0].sql+" ELSE "+otherwise+" END", list...)
}

func doCoalesce(a *analyzer, c *query.Call, s *scope, w *withs) value {
	list, typ := a.same(c.At(), "coalesce", a.arguments(c, s, w), func(i int) int { return c.Args[i].At() })
	return made(typ, "coalesce("+joined(list, ", ")+")", list...)
}

func doNullif(a *analyzer, c *query.Call, s *scope, w *withs) value {
	list := a.arguments(c, s, w)
	first := settled(list[0])
	return made(first.typ, once(first.sql, func(x string) string {
		equal := a.compare("=", value{typ: first.typ, sql: x}, list[1], c.At())
		return "CASE WHEN " + equal.sql + " THEN NULL ELSE " + x + " END"
	}), list...)
}

func doTry(a *analyzer, c *query.Call, s *scope, w *withs) value {
	v := settled(a.expr(c.Args[0], s, w))
	if v.subquery || v.aggregate {
		a.fail(c.At(), "TRY around a subquery or an aggregate is not supported on a case; put it around what goes in")
	}
	return made(v.typ, "TRY("+v.sql+")", v)
}

func doTypeof(a *analyzer, c *query.Call, s *scope, w *withs) value {
	v := a.expr(c.Args[0], s, w)
	return made(Varchar, textLiteral(v.typ.String()), v)
}

func doGrouping(a *analyzer, c *query.Call, s *scope, w *withs) value {
	list := a.arguments(c, s, w)
	a.aggregates = max(a.aggregates, 0) + 1
	v := made(Bigint, "CAST(grouping("+joined(list, ", ")+") AS BIGINT)", list...)
	v.aggregate = true
	return v
}

func doGreatest(a *analyzer, c *query.Call, s *scope, w *withs) value {
	list, typ := a.same(c.At(), c.Name, a.arguments(c, s, w), func(i int) int { return c.Args[i].At() })
	a.orderable(typ, c.At())
	// DuckDB's passes over NULL; Trino's is NULL then.
	all := once("["+joined(list, ", ")+"]", func(x string) string {
		return "CASE WHEN " + strings.ReplaceAll(hasNull("$1"), "$1", x) + " THEN NULL ELSE list_" + map[string]string{"greatest": "max", "least": "min"}[c.Name] + "(" + x + ") END"
	})
	return made(typ, all, list...)
}

func doMod(a *analyzer, c *query.Call, s *scope, w *withs) value {
	list := a.arguments(c, s, w)
	if !list[0].typ.isNumber() || !list[1].typ.isNumber() {
		a.fail(c.At(), "mod needs numbers, not %s and %s", list[0].typ, list[1].typ)
	}
	return a.arithmetic("%", list[0], list[1], c.At())
}

// doRounding is round, truncate, ceil and floor of decimals; of others the table knows.
func doRounding(a *analyzer, c *query.Call, s *scope, w *withs) value {
	v := a.expr(c.Args[0], s, w)
	if !v.typ.is("decimal") {
		return a.scalar(c, s, w)
	}
	p, scale := v.typ.P, v.typ.S
	if len(c.Args) == 2 {
		n, ok := ordinal(c.Args[1])
		if !ok {
			a.fail(c.Args[1].At(), "%s of a decimal needs the number of digits as a number in the query", c.Name)
		}
		typ := Decimal(min(38, p+1), scale)
		if c.Name == "truncate" {
			typ = v.typ
			n = min(n, scale)
			unit := "CAST(1" + strings.Repeat("0", max(0, n)) + " AS DECIMAL(38,0))"
			if n < 0 || p+n > 38 {
				a.fail(c.Args[1].At(), "truncate of %s to %d digits is not supported on a case", v.typ, n)
			}
			return made(typ, fmt.Sprintf("CAST(trunc(%s * %s) / %s AS %s)", v.sql, unit, unit, typ.SQL()), v)
		}
		if n >= scale {
			return made(typ, "CAST("+v.sql+" AS "+typ.SQL()+")", v)
		}
		return made(typ, fmt.Sprintf("CAST(round(%s, %d) AS %s)", v.sql, n, typ.SQL()), v)
	}
	typ := Decimal(min(38, p-scale+min(1, scale)), 0)
	function := map[string]string{"round": "round", "truncate": "trunc", "ceil": "ceil", "ceiling": "ceil", "floor": "floor"}[c.Name]
	if c.Name == "truncate" {
		typ.P = max(p-scale, 1)
	}
	return made(typ, fmt.Sprintf("CAST(%s(%s) AS %s)", function, v.sql, typ.SQL()), v)
}

func doMapFromEntries(a *analyzer, c *query.Call, s *scope, w *withs) value {
	v := a.expr(c.Args[0], s, w)
	if !v.typ.is("array") || !v.typ.Args[0].is("row") || len(v.typ.Args[0].Args) != 2 {
		a.fail(c.At(), "map_from_entries needs an array of rows of two fields, not %s", v.typ)
	}
	row, e := v.typ.Args[0], a.next(OwnNames)
	return made(Map(row.Args[0], row.Args[1]), fmt.Sprintf("map_from_entries(list_transform(%s, lambda %s: {'key': %s, 'value': %s}))",
		v.sql, e, extract(e, row.Field(0)), extract(e, row.Field(1))), v)
}

func doZip(a *analyzer, c *query.Call, s *scope, w *withs) value {
	list := a.arguments(c, s, w)
	row := Type{Name: "row"}
	var fields []string
	e := a.next(OwnNames)
	for i, v := range list {
		if !v.typ.is("array") {
			a.fail(c.Args[i].At(), "zip needs arrays, not %s", v.typ)
		}
		row.Args, row.Fields = append(row.Args, v.typ.Args[0]), append(row.Fields, "")
	}
	for i := range list {
		fields = append(fields, fmt.Sprintf("%s := struct_extract_at(%s, %d)", quoteName(row.Field(i)), e, i+1))
	}
	return made(Array(row), fmt.Sprintf("list_transform(list_zip(%s), lambda %s: struct_pack(%s))", joined(list, ", "), e, strings.Join(fields, ", ")), list...)
}

// Functions lists every function: how it is called, how it is done, and what differs.
func Functions() []Function {
	var list []Function
	for kind, definitions := range map[string][]definition{"scalar": scalars, "aggregate": aggregates, "window": windows} {
		for _, d := range definitions {
			s := readSignature(d.signature)
			does := d.sql
			if does == "" {
				does = s.name
			}
			list = append(list, Function{s.name, kind, s.String(), does, d.note})
		}
	}
	forms := specials()
	for _, name := range slices.Sorted(maps.Keys(forms)) {
		f := forms[name]
		list = append(list, Function{name, "special", name + f.form, "", f.note})
	}
	list = append(list, Function{"listagg", "aggregate", "listagg(varchar, varchar) WITHIN GROUP (ORDER BY …)", "string_agg", "no ON OVERFLOW TRUNCATE"})
	slices.SortStableFunc(list, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Function is a line of the documentation.
type Function struct{ Name, Kind, Call, Does, Note string }
