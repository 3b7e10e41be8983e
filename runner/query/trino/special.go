package trino

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

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

// moment reads a date or timestamp.
func (a *analyzer) moment(c *query.Call, i int, s *scope, w *withs) value {
	v := a.expr(c.Args[i], s, w)
	if v.isNull() {
		return made(Timestamp(3), "CAST(NULL AS TIMESTAMP)")
	}
	if !v.typ.is("date", tsName, tzName) {
		hint := ""
		if v.typ.isText() {
			hint = "; make it one with CAST(x AS timestamp), date_parse or from_iso8601_timestamp"
		} else if v.typ.isNumber() {
			hint = "; make it one with from_unixtime"
		}
		a.fail(c.Args[i].At(), "%s needs a date or timestamp, not %s%s", c.Name, v.typ, hint)
	}
	return v
}

// clockOf is a date or timestamp as a TIMESTAMP on its own clock.
func clockOf(v value) string {
	switch {
	case v.typ.is(tzName):
		return local(v)
	case v.typ.is("date"):
		return "CAST(" + v.sql + " AS TIMESTAMP)"
	}
	return v.sql
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
	return made(Varchar, quoteText(v.typ.String()), v)
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

func doConcat(a *analyzer, c *query.Call, s *scope, w *withs) value {
	return a.concat(c.At(), a.arguments(c, s, w))
}

// concat joins texts, binaries or lists; NULL with anything is NULL.
func (a *analyzer) concat(pos int, list []value) value {
	i := slices.IndexFunc(list, func(v value) bool { return v.typ.is("array") })
	if i >= 0 {
		array := list[i].typ
		for _, v := range list {
			both, ok := common(array, v.typ)
			if !ok && !v.typ.is("array") {
				both, ok = common(array, Array(v.typ))
			}
			if !ok {
				a.fail(pos, "%s and %s cannot be joined", array, v.typ)
			}
			array = both
		}
		sql := ""
		for n, v := range list {
			part := ""
			if v.typ.is("array", "unknown") {
				part = a.convert(v, array, pos)
			} else {
				part = "[" + a.convert(v, array.Args[0], pos) + "]"
			}
			if n == 0 {
				sql = part
				continue
			}
			before := sql
			sql = onceEach(before, part, func(x, y string) string {
				return fmt.Sprintf("CASE WHEN %s IS NULL OR %s IS NULL THEN NULL ELSE list_concat(%s, %s) END", x, y, x, y)
			})
		}
		return made(array, sql, list...)
	}
	typ := Varchar
	if slices.ContainsFunc(list, func(v value) bool { return v.typ.is("varbinary") }) {
		typ = Varbinary
	}
	parts := make([]string, len(list))
	for n, v := range list {
		if !v.isNull() && (typ.is("varchar") && !v.typ.isText() || typ.is("varbinary") && !v.typ.is("varbinary")) {
			a.fail(pos, "%s cannot be joined to text; CAST it to varchar", v.typ)
		}
		parts[n] = a.convert(v, typ, pos)
	}
	return made(typ, "("+strings.Join(parts, " || ")+")", list...)
}

func doConcatWS(a *analyzer, c *query.Call, s *scope, w *withs) value {
	list := a.arguments(c, s, w)
	if len(list) == 2 && list[1].typ.is("array") {
		return a.scalar(c, s, w)
	}
	for i := range list {
		list[i] = a.text(c, i, s, w)
	}
	return made(Varchar, "concat_ws("+joined(list, ", ")+")", list...)
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

func doClock(a *analyzer, c *query.Call, _ *scope, _ *withs) value {
	at, p := a.now.Truncate(time.Millisecond), 3
	if len(c.Args) == 1 {
		n, ok := ordinal(c.Args[0])
		if !ok || n < 0 || n > 6 {
			a.fail(c.At(), "%s takes a number of digits from 0 to 6", c.Name)
		}
		p = n
		at = a.now.Truncate(time.Duration(1e9 / pow10(n)))
	}
	text := quoteText(at.Format("2006-01-02 15:04:05.000000"))
	switch c.Name {
	case "current_date":
		return value{typ: Date, sql: "DATE " + quoteText(at.Format("2006-01-02"))}
	case "localtimestamp":
		return value{typ: Timestamp(p), sql: "TIMESTAMP " + text}
	case "localtime":
		return value{typ: Type{Name: "time", P: p}, sql: "CAST(" + quoteText(at.Format("15:04:05.000000")) + " AS TIME)"}
	}
	return value{typ: zoned(p, ""), sql: instant("TIMESTAMP "+text, "")}
}

func pow10(n int) int64 {
	product := int64(1)
	for range n {
		product *= 10
	}
	return product
}

func doDate(a *analyzer, c *query.Call, s *scope, w *withs) value {
	v := a.expr(c.Args[0], s, w)
	sql, ok := convert(v, Date)
	if !ok {
		a.fail(c.At(), "%s cannot be made a date", v.typ)
	}
	return made(Date, sql, v)
}

// units of time that date_diff, date_add and date_trunc know.
var units = []string{"millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year"}

func (a *analyzer) unit(c *query.Call, s *scope, w *withs) string {
	unit := strings.ToLower(a.constant(c, 0, s, w, "a unit of time as a string, one of "+strings.Join(units, ", ")))
	if !slices.Contains(units, unit) {
		a.fail(c.Args[0].At(), "%q is no unit of time that %s knows; they are %s", unit, c.Name, strings.Join(units, ", "))
	}
	return unit
}

func (a *analyzer) wholeDays(c *query.Call, unit string, v value) {
	if v.typ.is("date") && slices.Index(units, unit) < 4 {
		a.fail(c.Args[0].At(), "%q is not a valid unit for a date", unit)
	}
}

func doDateDiff(a *analyzer, c *query.Call, s *scope, w *withs) value {
	unit := a.unit(c, s, w)
	from, to := a.moment(c, 1, s, w), a.moment(c, 2, s, w)
	both, _ := common(from.typ, to.typ)
	if both.is("date") {
		a.wholeDays(c, unit, from)
	}
	x, y := value{typ: both, sql: a.convert(from, both, c.At())}, value{typ: both, sql: a.convert(to, both, c.At())}
	if slices.Index(units, unit) < 4 { // an amount of time, whatever the clocks do
		x.typ.Zone, y.typ.Zone = "", ""
	}
	// Whole units that have passed: DuckDB's own date_diff counts the boundaries between.
	return made(Bigint, "date_sub("+quoteText(unit)+", "+clockOf(x)+", "+clockOf(y)+")", from, to)
}

func doDateAdd(a *analyzer, c *query.Call, s *scope, w *withs) value {
	unit := a.unit(c, s, w)
	amount, v := a.expr(c.Args[1], s, w), settled(a.moment(c, 2, s, w))
	if !amount.typ.isInteger() && !amount.isNull() {
		a.fail(c.Args[1].At(), "date_add needs a whole number, not %s", amount.typ)
	}
	a.wholeDays(c, unit, v)
	by := "to_" + unit + "s(CAST(" + amount.sql + " AS " + map[bool]string{true: "BIGINT", false: "INTEGER"}[slices.Index(units, unit) < 4] + "))"
	switch {
	case v.typ.is("date"):
		return made(Date, "CAST(("+v.sql+" + "+by+") AS DATE)", amount, v)
	case v.typ.is(tzName) && slices.Index(units, unit) >= 4:
		return made(v.typ, instant("("+local(v)+" + "+by+")", v.typ.Zone), amount, v)
	case v.typ.is(tzName):
		return made(v.typ, instant("(timezone('UTC', "+v.sql+") + "+by+")", ""), amount, v)
	}
	return made(v.typ, "("+v.sql+" + "+by+")", amount, v)
}

func doDateTrunc(a *analyzer, c *query.Call, s *scope, w *withs) value {
	unit := a.unit(c, s, w)
	v := settled(a.moment(c, 1, s, w))
	a.wholeDays(c, unit, v)
	sql := "date_trunc(" + quoteText(unit) + ", " + clockOf(v) + ")"
	switch {
	case v.typ.is("date"):
		sql = "CAST(" + sql + " AS DATE)"
	case v.typ.is(tzName):
		sql = instant(sql, v.typ.Zone)
	}
	return made(v.typ, sql, v)
}

// mysql are the letters behind % in MySQL's date formats, in those of DuckDB. What Trino
// refuses is "" ("MySQL date functions").
var mysql = map[byte]string{'a': "%a", 'b': "%b", 'c': "%-m", 'd': "%d", 'e': "%-d", 'f': "%f", 'H': "%H", 'h': "%I",
	'I': "%I", 'i': "%M", 'j': "%j", 'k': "%-H", 'l': "%-I", 'M': "%B", 'm': "%m", 'p': "%p", 'r': "%I:%M:%S %p",
	'S': "%S", 's': "%S", 'T': "%H:%M:%S", 'v': "%V", 'W': "%A", 'x': "%G", 'Y': "%Y", 'y': "%y", '%': "%%",
	'D': "", 'U': "", 'u': "", 'V': "", 'w': "", 'X': ""}

// checkMySQL refuses what Trino refuses in a format.
func (a *analyzer) checkMySQL(c *query.Call, format string) {
	for i := 0; i+1 < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		i++
		if replaced, known := mysql[format[i]]; known && replaced == "" {
			a.fail(c.Args[1].At(), "the date format %%%c is not supported in Athena either", format[i])
		}
	}
}

// strftime is a format of MySQL's in DuckDB's letters.
func strftime(format string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		replaced, known := mysql[format[i]]
		if known {
			b.WriteString(replaced)
		} else { // "%x: x, for any x not listed above"
			b.WriteByte(format[i])
		}
	}
	return b.String()
}

func doDateFormat(a *analyzer, c *query.Call, s *scope, w *withs) value {
	v, format := a.moment(c, 0, s, w), a.text(c, 1, s, w)
	if format.text == nil {
		return made(Varchar, "trino_date_format(epoch_us("+clockOf(v)+"), "+format.sql+")", v, format)
	}
	a.checkMySQL(c, *format.text)
	return made(Varchar, "strftime("+clockOf(v)+", "+textLiteral(strftime(*format.text))+")", v)
}

func doDateParse(a *analyzer, c *query.Call, s *scope, w *withs) value {
	v, format := a.text(c, 0, s, w), a.text(c, 1, s, w)
	if format.text != nil {
		a.checkMySQL(c, *format.text)
	}
	return made(Timestamp(3), "make_timestamp(trino_date_parse("+v.sql+", "+format.sql+"))", v, format)
}

// joda are runs of letters of Joda-Time's formats, in those of DuckDB
// ("Java date functions").
var joda = map[string]string{"yyyy": "%Y", "YYYY": "%Y", "y": "%Y", "yy": "%y", "MM": "%m", "M": "%-m", "MMM": "%b", "MMMM": "%B",
	"dd": "%d", "d": "%-d", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S",
	"SSS": "%g", "SSSSSS": "%f", "a": "%p", "E": "%a", "EEE": "%a", "EEEE": "%A", "D": "%-j", "DDD": "%j", "xxxx": "%G", "ww": "%V", "e": "%u"}

var jodaRun = regexp.MustCompile(`''|'(?:[^']|'')*'|[A-Za-z]+|[^A-Za-z']+`)

// jodaFormat cuts a format into pieces of DuckDB's; other says what stands for letters
// that DuckDB does not know, as SQL.
func (a *analyzer) jodaFormat(c *query.Call, s *scope, w *withs, other func(letters string) (string, bool)) []piece {
	format := a.constant(c, 1, s, w, "its format as a string, like 'yyyy-MM-dd HH:mm:ss'")
	var pieces []piece
	add := func(text string) {
		if len(pieces) == 0 || pieces[len(pieces)-1].sql != "" {
			pieces = append(pieces, piece{})
		}
		pieces[len(pieces)-1].format += text
	}
	for _, run := range jodaRun.FindAllString(format, -1) {
		switch {
		case run == "''":
			add("'")
		case run[0] == '\'':
			add(strings.ReplaceAll(strings.ReplaceAll(run[1:len(run)-1], "''", "'"), "%", "%%"))
		case run[0]|0x20 < 'a' || run[0]|0x20 > 'z':
			add(strings.ReplaceAll(run, "%", "%%"))
		default:
			for run != "" {
				n := len(run) - len(strings.TrimLeft(run, run[:1]))
				letters := run[:n]
				run = run[n:]
				if replaced, ok := joda[letters]; ok {
					add(replaced)
				} else if sql, ok := other(letters); ok {
					pieces = append(pieces, piece{sql: sql})
				} else {
					a.fail(c.Args[1].At(), "the date format %s is not supported on a case", letters)
				}
			}
		}
	}
	return pieces
}

// piece is a part of a format, or SQL that gives the text for it.
type piece struct{ format, sql string }

func doFormatDatetime(a *analyzer, c *query.Call, s *scope, w *withs) value {
	v := settled(a.moment(c, 0, s, w))
	zone := v.typ.Zone
	if zone == "" {
		zone = "UTC"
	}
	clock := clockOf(v)
	pieces := a.jodaFormat(c, s, w, func(letters string) (string, bool) {
		switch letters {
		case "w":
			return "CAST(date_part('week', " + clock + ") AS VARCHAR)", true
		case "Z":
			return "replace(" + offsetText(v) + ", ':', '')", true
		case "ZZ":
			return offsetText(v), true
		case "ZZZ":
			return quoteText(zone), true
		}
		return quoteText(zone), letters[0] == 'z' && (zone == "UTC" || offset(zone) != nil)
	})
	parts := make([]string, len(pieces))
	for i, p := range pieces {
		if parts[i] = p.sql; p.sql == "" {
			parts[i] = "strftime(" + clock + ", " + textLiteral(p.format) + ")"
		}
	}
	if len(parts) == 0 {
		parts = []string{"''"}
	}
	return made(Varchar, "("+strings.Join(parts, " || ")+")", v)
}

// offsetText is the offset of a timestamp's zone, like +02:00.
func offsetText(v value) string {
	switch {
	case v.typ.Zone == "":
		return "'+00:00'"
	case offset(v.typ.Zone) != nil:
		return quoteText(v.typ.Zone)
	}
	minutes := offsetMinutes(v)
	return fmt.Sprintf("(CASE WHEN %s < 0 THEN '-' ELSE '+' END || printf('%%02d:%%02d', abs(%s) // 60, abs(%s) %% 60))", minutes, minutes, minutes)
}

func offsetMinutes(v value) string {
	return "(CAST(epoch(" + local(v) + ") - epoch(timezone('UTC', " + v.sql + ")) AS BIGINT) // 60)"
}

func doParseDatetime(a *analyzer, c *query.Call, s *scope, w *withs) value {
	v := a.text(c, 0, s, w)
	format, withZone := "", false
	for _, p := range a.jodaFormat(c, s, w, func(letters string) (string, bool) {
		withZone = true
		return "%z", letters == "Z" || letters == "ZZ"
	}) {
		format += p.format + p.sql
	}
	sql := "strptime(" + v.sql + ", " + textLiteral(format) + ")"
	if !withZone {
		sql = instant(sql, "")
	}
	return made(zoned(3, ""), sql, v)
}

func (a *analyzer) zone(x query.Expr) string {
	switch x := x.(type) {
	case *query.Literal:
		if x.Kind == query.String {
			zone, ok := zoneNamed(x.Text)
			if !ok {
				a.fail(x.At(), "%q is no time zone; they are named like 'America/New_York', 'UTC' or '+05:30'", x.Text)
			}
			return zone
		}
	case *query.Interval:
		v := a.interval(x)
		if v.typ.is(dayName) && (x.From == "hour" || x.From == "minute") {
			sign := map[bool]string{true: "-", false: "+"}[x.Negative != strings.HasPrefix(x.Text, "-")]
			hours, minutes, _ := strings.Cut(strings.TrimPrefix(x.Text, "-"), ":")
			if x.From == "minute" {
				hours, minutes = "0", hours
			}
			total := 60*number(hours) + number(minutes)
			if zone, ok := zoneNamed(fmt.Sprintf("%s%02d:%02d", sign, total/60, total%60)); ok {
				return zone
			}
		}
	}
	a.fail(x.At(), "a time zone has to be a string in the query, like 'UTC'")
	return ""
}

// atZone is a moment on the clock of another zone.
func (a *analyzer) atZone(v value, zone string, pos int) value {
	switch {
	case v.isNull():
		return made(zoned(3, zone), "CAST(NULL AS TIMESTAMPTZ)")
	case v.typ.is("date", tsName):
		v.sql, v.typ = instant(clockOf(v), ""), zoned(v.typ.P, "")
	case !v.typ.is(tzName):
		a.fail(pos, "a time zone is of a timestamp, not of %s", v.typ)
	}
	v.typ.Zone, v.iso = zone, ""
	return v
}

func doAtTimezone(a *analyzer, c *query.Call, s *scope, w *withs) value {
	return a.atZone(a.moment(c, 0, s, w), a.zone(c.Args[1]), c.At())
}

func doWithTimezone(a *analyzer, c *query.Call, s *scope, w *withs) value {
	v := a.moment(c, 0, s, w)
	if v.typ.is(tzName) {
		a.fail(c.At(), "with_timezone needs a timestamp without a zone; at_timezone changes the zone of one that has it")
	}
	zone := a.zone(c.Args[1])
	return made(zoned(v.typ.P, zone), instant(clockOf(v), zone), v)
}

func doTimezonePart(a *analyzer, c *query.Call, s *scope, w *withs) value {
	v := settled(a.moment(c, 0, s, w))
	if !v.typ.is(tzName) {
		a.fail(c.At(), "%s needs a timestamp with time zone, not %s", c.Name, v.typ)
	}
	if c.Name == "timezone_hour" {
		return made(Bigint, "("+offsetMinutes(v)+" // 60)", v)
	}
	return made(Bigint, "("+offsetMinutes(v)+" % 60)", v)
}

var groupNumber = regexp.MustCompile(`^\$(?:(\d)|\{([A-Za-z][A-Za-z0-9]*)\})`)

var isoOffset = regexp.MustCompile(`(?:Z|[+-]\d{2}(?::?\d{2})?)$`)

const isoTimestamp = `[0-9]{4}-[0-9]{2}-[0-9]{2}(T([0-9]{2}(:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?`

func doFromISO(a *analyzer, c *query.Call, s *scope, w *withs) value {
	v := a.text(c, 0, s, w)
	typ := zoned(3, ofValue)
	if v.text != nil {
		typ.Zone = ""
		if zone := isoOffset.FindString(*v.text); strings.Contains(*v.text, "T") && zone != "" {
			typ.Zone, _ = zoneNamed(zone)
		}
	}
	m := made(typ, matching(v.sql, isoTimestamp, zoned(3, ""), func(x string) string {
		return "date_trunc('milliseconds', CAST(" + x + " AS TIMESTAMPTZ))"
	}), v)
	if typ.Zone == ofValue {
		m.iso = v.sql
	}
	return m
}

func doFromUnixtime(a *analyzer, c *query.Call, s *scope, w *withs) value {
	v := a.expr(c.Args[0], s, w)
	zone := ""
	switch len(c.Args) {
	case 2:
		zone = a.zone(c.Args[1])
	case 3:
		hours, ok1 := ordinal(c.Args[1])
		minutes, ok2 := ordinal(c.Args[2])
		total := 60*hours + minutes
		if !ok1 || !ok2 {
			a.fail(c.At(), "from_unixtime needs its hours and minutes as numbers in the query")
		}
		sign := "+"
		if total < 0 {
			sign, total = "-", -total
		}
		if zone, ok1 = zoneNamed(fmt.Sprintf("%s%02d:%02d", sign, total/60, total%60)); !ok1 {
			a.fail(c.At(), "%s%02d:%02d is no offset of a time zone", sign, total/60, total%60)
		}
	}
	switch {
	case v.isNull():
		return made(zoned(3, zone), "CAST(NULL AS TIMESTAMPTZ)")
	case v.typ.isInteger():
		return made(zoned(3, zone), "make_timestamptz(CAST("+v.sql+" AS BIGINT) * 1000000)", v)
	case v.typ.isNumber():
		return made(zoned(3, zone), "make_timestamptz(CAST(round(CAST("+v.sql+" AS DOUBLE) * 1000) AS BIGINT) * 1000)", v)
	}
	hint := ""
	if v.typ.isText() {
		hint = "; CAST it to bigint"
	}
	a.fail(c.Args[0].At(), "from_unixtime needs a number of seconds, not %s%s", v.typ, hint)
	return value{}
}

func doToISO(a *analyzer, c *query.Call, s *scope, w *withs) value {
	v := settled(a.moment(c, 0, s, w))
	if v.typ.is("date") {
		return made(Varchar, "CAST("+v.sql+" AS VARCHAR)", v)
	}
	sql := "strftime(" + clockOf(v) + ", '%Y-%m-%dT%H:%M:%S" + fraction(v.typ.P) + "')"
	if v.typ.is(tzName) {
		switch {
		case v.typ.Zone == "":
			sql = "(" + sql + " || 'Z')"
		default:
			sql = "(" + sql + " || " + offsetText(v) + ")"
		}
	}
	return made(Varchar, sql, v)
}

var namedGroup = regexp.MustCompile(`\(\?<([A-Za-z])`)

// oldNames writes the names of groups as DuckDB's RE2 wants them.
func oldNames(pattern string) string { return namedGroup.ReplaceAllString(pattern, "(?P<$1") }

// doRegexp takes patterns that RE2 does not know to an engine that does.
func doRegexp(a *analyzer, c *query.Call, s *scope, w *withs) value {
	pattern := a.text(c, 1, s, w)
	if pattern.text == nil {
		return a.scalar(c, s, w)
	}
	_, err := compiled(*pattern.text)
	if err == nil {
		plain := *c
		plain.Args = slices.Clone(c.Args)
		plain.Args[1] = &query.Literal{Place: query.Place(c.Args[1].At()), Kind: query.String, Text: oldNames(*pattern.text)}
		return a.scalar(&plain, s, w)
	}
	if _, problem := backtracking(*pattern.text); problem != nil {
		a.fail(c.Args[1].At(), "%s", err)
	}
	v := a.text(c, 0, s, w)
	if c.Name == "regexp_like" {
		return made(Boolean, "trino_backtracking_like("+v.sql+", "+pattern.sql+")", v, pattern)
	}
	group := value{typ: Bigint, sql: "0"}
	if len(c.Args) == 3 {
		group = a.expr(c.Args[2], s, w)
	}
	return made(Varchar, "trino_backtracking_group("+v.sql+", "+pattern.sql+", "+a.convert(group, Bigint, c.At())+")", v, pattern, group)
}

func doRegexpReplace(a *analyzer, c *query.Call, s *scope, w *withs) value {
	if len(c.Args) == 2 {
		return a.scalar(c, s, w)
	}
	if _, ok := c.Args[2].(*query.Lambda); ok {
		a.fail(c.Args[2].At(), "regexp_replace with a lambda is not supported on a case")
	}
	v, pattern := a.text(c, 0, s, w), a.text(c, 1, s, w)
	replacement := a.constant(c, 2, s, w, "its replacement as a string in the query")
	if pattern.text == nil {
		a.fail(c.Args[1].At(), "regexp_replace needs its pattern as a string in the query")
	}
	re, err := compiled(*pattern.text)
	if err != nil {
		a.fail(c.Args[1].At(), "%s", err)
	}
	var b strings.Builder
	for i := 0; i < len(replacement); i++ {
		switch {
		case replacement[i] == '\\' && i+1 < len(replacement):
			i++
			if b.WriteByte(replacement[i]); replacement[i] == '\\' {
				b.WriteByte('\\')
			}
		case replacement[i] == '$':
			group := groupNumber.FindStringSubmatch(replacement[i:])
			n := -1
			if group != nil && group[1] != "" {
				n = number(group[1])
			} else if group != nil {
				n = re.SubexpIndex(group[2])
			}
			if n < 0 || n > min(9, re.NumSubexp()) {
				a.fail(c.Args[2].At(), `there is no such group of the pattern in the replacement %q; a dollar sign is \$`, replacement)
			}
			fmt.Fprintf(&b, `\%d`, n)
			i += len(group[0]) - 1
		default:
			b.WriteByte(replacement[i])
		}
	}
	return made(Varchar, "regexp_replace("+v.sql+", "+textLiteral(oldNames(*pattern.text))+", "+textLiteral(b.String())+", 'g')", v, pattern)
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

var formatSpec = regexp.MustCompile(`%(?:%|n|(?:(\d+)\$|(<))?([-,+ 0(#]*)(\d*)(?:\.(\d+))?([a-zA-Z]))`)

// doFormat is Java's String.format with what is commonly used of it ("format").
func doFormat(a *analyzer, c *query.Call, s *scope, w *withs) value {
	format := a.constant(c, 0, s, w, "its format as a string, like '%s: %d'")
	list := a.arguments(c, s, w)[1:]
	var parts []string
	next, last := 0, -1
	for format != "" {
		at := formatSpec.FindStringSubmatchIndex(format)
		if at == nil {
			if strings.Contains(format, "%") {
				a.fail(c.Args[0].At(), "the format %q is not supported on a case", format)
			}
			parts = append(parts, textLiteral(format))
			break
		}
		if at[0] > 0 {
			parts = append(parts, textLiteral(format[:at[0]]))
		}
		spec := formatSpec.FindStringSubmatch(format)
		format = format[at[1]:]
		switch spec[0] {
		case "%%":
			parts = append(parts, "'%'")
			continue
		case "%n":
			parts = append(parts, "chr(10)")
			continue
		}
		place := next
		switch {
		case spec[1] != "":
			place = number(spec[1]) - 1
		case spec[2] != "":
			place = last
		default:
			next++
		}
		if place < 0 || place >= len(list) {
			a.fail(c.At(), "the format has more places than there are values")
		}
		last = place
		v, spec, pos := list[place], append(spec[:1], spec[3:]...), c.Args[place+1].At()
		parts = append(parts, once(v.sql, func(x string) string {
			return a.formatted(c, spec, value{typ: v.typ, sql: x}, pos)
		}))
	}
	if len(parts) == 0 {
		parts = []string{"''"}
	}
	return made(Varchar, "("+strings.Join(parts, " || ")+")", list...)
}

func (a *analyzer) formatted(c *query.Call, spec []string, v value, pos int) string {
	flags, width, precision, letter := spec[1], spec[2], spec[3], spec[4]
	bad := func() { a.fail(c.Args[0].At(), "%s of %s is not supported on a case", spec[0], v.typ) }
	sql := ""
	switch {
	case letter == "s" || letter == "S":
		text, ok := toText(v)
		if !ok || strings.Trim(flags, "-") != "" {
			bad()
		}
		if sql = "coalesce(" + text + ", 'null')"; precision != "" {
			sql = "left(" + sql + ", " + precision + ")"
		}
		if letter == "S" {
			sql = "upper(" + sql + ")"
		}
		if width != "" {
			if pad := fmt.Sprintf("repeat(' ', greatest(0, %s - length(%s)))", width, sql); strings.Contains(flags, "-") {
				sql = "(" + sql + " || " + pad + ")"
			} else {
				sql = "(" + pad + " || " + sql + ")"
			}
		}
		return sql
	case letter == "b" && v.typ.is("boolean") && flags+width == "":
		return "coalesce(CAST(" + v.sql + " AS VARCHAR), 'false')"
	case letter == "d" && v.typ.isInteger(), letter == "f" && v.typ.is("double", "real", "decimal"):
		group := strings.Contains(flags, ",")
		flags = strings.ReplaceAll(flags, ",", "")
		if strings.Trim(flags, "-+0 ") != "" {
			bad()
		}
		inner := "CAST(" + v.sql + " AS BIGINT)"
		form := "d"
		if letter == "f" {
			if precision == "" {
				precision = "6"
			}
			// Java rounds halves up, where C keeps what the binary number is nearest to.
			inner, form = "CAST(round(CAST("+v.sql+" AS DOUBLE), "+precision+") AS DOUBLE)", "."+precision+"f"
		}
		if group {
			align := map[bool]string{true: "<", false: ">"}[strings.Contains(flags, "-")]
			sign := map[bool]string{true: "+"}[strings.Contains(flags, "+")]
			if width == "" {
				align = ""
			}
			sql = fmt.Sprintf("format('{:%s%s%s,%s}', %s)", align, sign, width, form, inner)
		} else {
			sql = fmt.Sprintf("printf('%%%s%s%s', %s)", flags, width, form, inner)
		}
	case (letter == "x" || letter == "X" || letter == "o") && v.typ.isInteger() && strings.Trim(flags, "-0") == "":
		sql = fmt.Sprintf("printf('%%%s%s%s', CAST(%s AS BIGINT))", flags, width, letter, v.sql)
	case letter == "e" && v.typ.is("double", "real"):
		if precision == "" {
			precision = "6"
		}
		sql = fmt.Sprintf("printf('%%%s%s.%se', CAST(%s AS DOUBLE))", flags, width, precision, v.sql)
	default:
		a.fail(pos, "format: %s cannot show a value of the type %s", spec[0], v.typ)
	}
	return "CASE WHEN " + v.sql + " IS NULL THEN 'null' ELSE " + sql + " END"
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
