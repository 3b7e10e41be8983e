package trino

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"playbook/playbooks/dialect/query"
)

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
		return made(v.typ, instant("("+inUTC(v.sql)+" + "+by+")", ""), amount, v)
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
	letters, clock := strftime(*format.text), clockOf(v)
	key := unitOf(letters, clock)
	if key != "" {
		clock = key
	}
	made := made(Varchar, "strftime("+clock+", "+textLiteral(letters)+")", v)
	made.key = key
	return made
}

// unitOf is SQL for the day, hour, minute or second that a clock is in, when a format
// writes that whole and nothing else; otherwise it is empty.
func unitOf(letters, clock string) string {
	units := "YmdHMS"
	var seen [256]bool
	for i := 0; i < len(letters); i++ {
		if letters[i] != '%' {
			continue
		}
		if i++; i == len(letters) || !strings.ContainsRune(units+"%", rune(letters[i])) {
			return ""
		}
		seen[letters[i]] = true
	}
	whole := 0
	for whole < len(units) && seen[units[whole]] {
		whole++
	}
	for _, finer := range units[whole:] {
		if seen[finer] {
			return ""
		}
	}
	switch whole {
	case 3:
		return "CAST(" + clock + " AS DATE)"
	case 4, 5, 6:
		return "date_trunc('" + [...]string{"hour", "minute", "second"}[whole-4] + "', " + clock + ")"
	}
	return ""
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
	return "(CAST(epoch(" + local(v) + ") - epoch(" + inUTC(v.sql) + ") AS BIGINT) // 60)"
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
