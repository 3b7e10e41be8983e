package trino

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a forensic workstation may have no time zone database
)

// value is an analysed expression: its type, and the SQL for DuckDB. In the SQL a column
// is its number between marks (see scope.go), so that one expression can be put in terms
// of another's columns.
type value struct {
	typ Type
	sql string
	// text is what a string literal says; iso the SQL of the text whose zone counts when
	// typ.Zone is ofValue.
	text    *string
	integer *int64 // of an integer literal
	iso     string
	// aggregate and window tell what is inside; subquery too.
	aggregate, window, subquery bool
	// key is SQL that sql is made of, and that differs whenever sql does: GROUP BY takes it
	// where it is cheaper, a day instead of its text.
	key string
	// among are choices of which one has to be true for a condition to be true, if it is
	// not empty; exact says that no more is needed.
	among []choice
	exact bool
}

func (v value) isNull() bool { return v.typ.is("unknown") }

// once writes SQL that has x in it several times. What is long is given a name, so that
// nesting does not double it each time.
func once(x string, write func(x string) string) string {
	if len(x) <= plainLength {
		return write(x)
	}
	return named1(x, ownName, write(ownName))
}

// OwnNames begin so. DuckDB takes a name that a lambda makes for a column of the same
// name where it groups: no table may have columns that begin so.
const OwnNames = "playbook_"

const ownName = OwnNames + "x"

// plainLength is up to where SQL is written twice rather than given a name.
const plainLength = 120

// named1 is SQL in which a name stands for other SQL. A name of a lambda reaches no
// further than its own lambda, and what is named stands outside of it.
func named1(x, name, sql string) string {
	return "list_extract(list_transform([" + x + "], lambda " + name + ": " + sql + "), 1)"
}

// matching casts text that has a form, and fails for other text.
func matching(x, form string, to Type, cast func(x string) string) string {
	return once(x, func(x string) string {
		return "CASE WHEN " + x + " IS NULL THEN NULL WHEN regexp_full_match(" + x + ", " + quoteText(form) + ") THEN " + cast(x) +
			" ELSE " + cannotCast(x, to) + " END"
	})
}

// fail is SQL that ends the query when a row comes to it. DuckDB's own error() cannot
// stand inside TRY. subject keeps it from being run ahead of time.
func fail(message, subject string, as Type) string {
	return fmt.Sprintf("CAST(trino_fail(%s, coalesce(CAST(%s AS VARCHAR), '')) AS %s)", textLiteral(message), subject, as.SQL())
}

// cannotCast is fail for a cast, with the value in the message.
func cannotCast(sql string, to Type) string {
	return fmt.Sprintf("CAST(trino_cannot_cast(%s, CAST(%s AS VARCHAR)) AS %s)", textLiteral(shownForCast(to)), sql, to.SQL())
}

func shownForCast(t Type) string {
	if t.is("varchar") {
		return t.String()
	}
	return t.Shown()
}

// The texts that Trino's casts take (VarcharOperators, DateTimeUtils).
const (
	wholeNumber   = `[+-]?[0-9]+`
	dateText      = `\s*[+-]?[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}\s*`
	timestampText = `[+-]?[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]+)?)?)?`
	zoneText      = ` ?([+-][0-9]{1,2}(:[0-9]{2})?|UTC|GMT|Z|[A-Za-z]+/[A-Za-z_/]+)`
)

// convert is CAST from one type to another; ok is false when there is none
// ("Conversion functions").
func convert(v value, to Type) (sql string, ok bool) {
	from, x := v.typ, v.sql
	if from.Equal(to) && !from.is(tzName) {
		return x, true
	}
	plain := fmt.Sprintf("CAST(%s AS %s)", x, to.SQL())
	switch {
	case from.is("unknown"):
		return "CAST(NULL AS " + to.SQL() + ")", true
	case to.is("unknown"):
		return "", false
	case from.is("json"):
		return fromJSON(v, to)
	case to.is("json"):
		return toJSON(v)
	case to.isText():
		text, ok := toText(v)
		switch {
		case !ok:
			return "", false
		case to.is("char"):
			text = fmt.Sprintf("rpad(%s, %d, ' ')", text, to.P)
		case to.P == 0 || from.is("varchar") && from.P > 0 && from.P <= to.P:
		case from.isText():
			text = fmt.Sprintf("left(%s, %d)", text, to.P)
		default:
			text = once(text, func(text string) string {
				return fmt.Sprintf("CASE WHEN length(%s) > %d THEN %s ELSE %s END", text, to.P, cannotCast(text, to), text)
			})
		}
		return text, true
	case to.isInteger():
		switch {
		case from.is("varchar"):
			return matching(x, wholeNumber, to, func(x string) string { return "CAST(" + x + " AS " + to.SQL() + ")" }), true
		case from.is("double", "real"):
			return fmt.Sprintf("CAST(round(%s) AS %s)", x, to.SQL()), true
		}
		return plain, from.isNumber() || from.is("boolean")
	case to.is("double", "real", "decimal"):
		return plain, from.isNumber() || from.is("varchar", "boolean")
	case to.is("boolean"):
		if from.is("varchar") {
			return matching(x, `(?i)t|true|1|f|false|0`, to, func(x string) string { return "(lower(" + x + ") IN ('t', 'true', '1'))" }), true
		}
		return plain, from.isNumber()
	case to.is("date"):
		switch {
		case from.is("varchar"):
			return matching(x, dateText, to, func(x string) string { return "CAST(trim(" + x + ") AS DATE)" }), true
		case from.is(tzName):
			return "CAST(" + local(v) + " AS DATE)", true
		}
		return plain, from.is(tsName)
	case to.is(tsName):
		switch {
		case from.is("varchar"):
			return rounded(matching(x, timestampText, to, timestampOf), 6, to.P), true
		case from.is(tzName):
			return rounded(local(v), from.P, to.P), true
		case from.is(tsName):
			return rounded(x, from.P, to.P), true
		}
		return plain, from.is("date")
	case to.is(tzName):
		switch {
		case from.is("varchar"):
			return matching(x, timestampText+"("+zoneText+")?", to, func(x string) string { return "CAST(" + x + " AS TIMESTAMPTZ)" }), true
		case from.is(tsName):
			return instant(rounded(x, from.P, to.P), to.Zone), true
		case from.is("date"):
			return instant("CAST("+x+" AS TIMESTAMP)", to.Zone), true
		case from.is(tzName):
			return rounded(x, from.P, to.P), true
		}
		return "", false
	case to.is("time"):
		if from.is(tzName) {
			return "CAST(" + local(v) + " AS TIME)", true
		}
		return plain, from.is("varchar", tsName, "time")
	case to.is("ipaddress"):
		switch {
		case from.is("varchar"):
			return "trino_ip(" + x + ")", true
		case from.is("varbinary"):
			return "trino_ip_of_bytes(" + x + ")", true
		}
		return "", false
	case to.is("varbinary"):
		return x, from.is("ipaddress")
	case to.is("uuid"):
		return plain, from.is("varchar", "varbinary")
	case to.is("array") && from.is("array"):
		element, ok := convert(value{typ: from.Args[0], sql: ownName}, to.Args[0])
		if element == ownName {
			return x, ok
		}
		return fmt.Sprintf("list_transform(%s, lambda %s: %s)", x, ownName, element), ok
	case to.is("map") && from.is("map"):
		key, ok1 := convert(value{typ: from.Args[0], sql: extract(ownName, "key")}, to.Args[0])
		item, ok2 := convert(value{typ: from.Args[1], sql: extract(ownName, "value")}, to.Args[1])
		return fmt.Sprintf("map_from_entries(list_transform(map_entries(%s), lambda %s: {'key': %s, 'value': %s}))", x, ownName, key, item), ok1 && ok2
	case to.is("row") && from.is("row") && len(from.Args) == len(to.Args):
		ok := true
		sql := once(x, func(x string) string {
			fields := make([]string, len(to.Args))
			for i := range to.Args {
				field, can := convert(value{typ: from.Args[i], sql: extract(x, from.Field(i))}, to.Args[i])
				ok = ok && can
				fields[i] = quoteName(to.Field(i)) + " := " + field
			}
			return fmt.Sprintf("CASE WHEN %s IS NULL THEN NULL ELSE struct_pack(%s) END", x, strings.Join(fields, ", "))
		})
		return sql, ok
	case to.isInterval():
		return "", false
	}
	return "", false
}

func extract(row, field string) string {
	return fmt.Sprintf("struct_extract(%s, %s)", row, quoteText(field))
}

func timestampOf(x string) string { return "CAST(" + x + " AS TIMESTAMP)" }

// rounded is a timestamp to fewer digits, half up. Both kinds come out as they went in.
func rounded(sql string, from, to int) string {
	if from <= to || to >= 6 {
		return sql
	}
	unit := int64(1)
	for range 6 - to {
		unit *= 10
	}
	return once(sql, func(x string) string {
		return fmt.Sprintf("(%s + to_microseconds(%d - (epoch_us(%s) + %d) %% %d))", x, unit/2, x, unit/2, unit)
	})
}

// toText is CAST to varchar.
func toText(v value) (string, bool) {
	from, x := v.typ, v.sql
	switch {
	case from.isText():
		return x, true
	case from.is("double"):
		return "trino_double_text(" + x + ")", true
	case from.is("real"):
		return "trino_real_text(" + x + ")", true
	case from.is("decimal") && from.S == from.P: // DuckDB writes -.05
		return once("CAST("+x+" AS VARCHAR)", func(x string) string {
			return "CASE WHEN " + x + " LIKE '-.%' THEN '-0' || substr(" + x + ", 2) WHEN " + x + " LIKE '.%' THEN '0' || " + x + " ELSE " + x + " END"
		}), true
	case from.is("boolean", "decimal", "date", "uuid"), from.isInteger():
		return "CAST(" + x + " AS VARCHAR)", true
	case from.is(tsName):
		return fmt.Sprintf("strftime(%s, %s)", x, quoteText("%Y-%m-%d %H:%M:%S"+fraction(from.P))), true
	case from.is("time"):
		return fmt.Sprintf("left(strftime(DATE '2000-01-01' + %s, '%%H:%%M:%%S.%%f'), %d)", x, map[bool]int{true: 8, false: 9 + from.P}[from.P == 0]), true
	case from.is(tzName):
		zone := from.Zone
		if zone == "" || zone == ofValue {
			zone = "UTC"
		}
		return fmt.Sprintf("strftime(%s, %s)", local(v), quoteText("%Y-%m-%d %H:%M:%S"+fraction(from.P)+" "+zone)), true
	case from.is(dayName):
		return "trino_day_text(" + milliseconds(x) + ")", true
	case from.is(monName):
		return "trino_month_text(" + months(x) + ")", true
	case from.is("ipaddress"):
		return "trino_ip_text(" + x + ")", true
	}
	return "", false
}

// milliseconds and months are the length of an interval.
func milliseconds(x string) string { return "epoch_ms(TIMESTAMP '1970-01-01' + " + x + ")" }

func months(x string) string {
	return "datediff('month', TIMESTAMP '1970-01-01', TIMESTAMP '1970-01-01' + " + x + ")"
}

// fraction is the format of the digits behind the seconds.
func fraction(p int) string {
	switch p {
	case 0:
		return ""
	case 3:
		return ".%g"
	}
	return ".%f"
}

// local is the time on the clock of the zone, as a TIMESTAMP.
func local(v value) string {
	switch zone := v.typ.Zone; {
	case zone == ofValue:
		return inUTC(utcOnly(v))
	case zone == "":
		return inUTC(v.sql)
	case offset(zone) != nil:
		return fmt.Sprintf("(%s + to_minutes(%d))", inUTC(v.sql), *offset(zone))
	default:
		return fmt.Sprintf("timezone(%s, %s)", quoteText(zone), v.sql)
	}
}

// inUTC and fromUTC are timezone('UTC', …) both ways, without asking DuckDB's tables of
// time zones for every row, which takes 20 to 40 times as long.
func inUTC(sql string) string { return "make_timestamp(epoch_us(" + sql + "))" }

func fromUTC(sql string) string { return "make_timestamptz(epoch_us(" + sql + "))" }

// instant is the reverse of local.
func instant(sql, zone string) string {
	switch {
	case zone == "" || zone == ofValue:
		return fromUTC(sql)
	case offset(zone) != nil:
		return fromUTC(fmt.Sprintf("%s - to_minutes(%d)", sql, *offset(zone)))
	}
	return fmt.Sprintf("timezone(%s, %s)", quoteText(zone), sql)
}

// utcOnly is a timestamp whose zone is in its text, and has to be UTC there: DuckDB does
// not keep the zone of each value, and its clock would show another time than Trino's.
func utcOnly(v value) string {
	if v.iso == "" {
		return v.sql
	}
	return fmt.Sprintf("CASE WHEN regexp_matches(%s, 'T.*[+-][0-9:]*[1-9]') THEN %s ELSE %s END", v.iso,
		"CAST(trino_fail('the time has an offset from UTC, and what is asked depends on it; put at_timezone(…, ''UTC'') around from_iso8601_timestamp(…)', "+v.iso+") AS TIMESTAMPTZ)", v.sql)
}

// settled is a value that can be kept: its zone is the same for all rows.
func settled(v value) value {
	if v.typ.Zone == ofValue {
		v.sql = utcOnly(v)
		v.typ.Zone, v.iso = "", ""
	}
	return v
}

var offsetPattern = regexp.MustCompile(`^([+-])(\d{1,2})(?::?(\d{2}))?$`)

// offset is the minutes of a zone like +05:30, or nil.
func offset(zone string) *int {
	found := offsetPattern.FindStringSubmatch(zone)
	if found == nil {
		return nil
	}
	hours, _ := strconv.Atoi(found[2])
	minutes := 0
	if found[3] != "" {
		minutes, _ = strconv.Atoi(found[3])
	}
	if minutes += 60 * hours; found[1] == "-" {
		minutes = -minutes
	}
	if minutes > 14*60 || minutes < -14*60 {
		return nil
	}
	return &minutes
}

// zoneNamed gives a zone the spelling of Type.Zone.
func zoneNamed(name string) (string, bool) {
	if minutes := offset(name); minutes != nil {
		if *minutes == 0 {
			return "", true
		}
		m := max(*minutes, -*minutes)
		return fmt.Sprintf("%s%02d:%02d", name[:1], m/60, m%60), true
	}
	switch strings.ToUpper(name) {
	case "UTC", "Z", "GMT", "UT", "ETC/UTC":
		return "", true
	}
	_, err := time.LoadLocation(name)
	return name, err == nil && name != "" && name != "Local"
}

// Location is the zone of a type for Go.
func (t Type) Location() *time.Location {
	switch {
	case t.Zone == "" || t.Zone == ofValue:
		return time.UTC
	case offset(t.Zone) != nil:
		return time.FixedZone(t.Zone, 60**offset(t.Zone))
	}
	location, err := time.LoadLocation(t.Zone)
	if err != nil {
		return time.UTC
	}
	return location
}

var jsonScalars = map[string]string{"boolean": "boolean", "tinyint": "bigint", "smallint": "bigint", "integer": "bigint",
	"bigint": "bigint", "real": "double", "double": "double", "decimal": "decimal", "varchar": "varchar"}

// fromJSON is CAST(json AS …): null is NULL, an object or array is no scalar.
func fromJSON(v value, to Type) (string, bool) {
	if kind, ok := jsonScalars[to.Name]; ok {
		x := fmt.Sprintf("trino_json_scalar(%s, %s)", v.sql, quoteText(kind))
		if to.is("varchar") {
			return x, true
		}
		return fmt.Sprintf("CAST(%s AS %s)", x, to.SQL()), true
	}
	if to.is("array", "map", "row") {
		x := v.sql
		if hasRow(to) {
			x = rowsOfJSON(x, to)
		}
		return fmt.Sprintf("CAST(CAST(%s AS JSON) AS %s)", x, to.SQL()), true
	}
	return "", false
}

func toJSON(v value) (string, bool) {
	switch from := v.typ; {
	case from.is("double", "real", "decimal", "boolean"), from.isInteger():
		text, ok := toText(v)
		return text, ok
	case from.is("varchar", "array", "map", "row"):
		if !jsonable(from) {
			return "", false
		}
		return once(v.sql, func(x string) string {
			return fmt.Sprintf("CASE WHEN %s IS NULL THEN NULL ELSE trino_json(CAST(to_json(%s) AS VARCHAR)) END", x, x)
		}), true
	case from.is("date", tsName, tzName):
		text, ok := toText(v)
		return "CAST(to_json(" + text + ") AS VARCHAR)", ok
	}
	return "", false
}

func jsonable(t Type) bool {
	for _, arg := range t.Args {
		if !jsonable(arg) {
			return false
		}
	}
	return t.is("varchar", "array", "map", "row", "boolean", "double", "real", "date", "unknown") || t.isInteger()
}

// literalTime reads TIMESTAMP '…', DATE '…' and TIME '…' ("Date and time types").
func literalTime(kind, text string) (value, bool) {
	switch kind {
	case "date":
		at, err := time.Parse("2006-1-2", strings.TrimSpace(text))
		return value{typ: Date, sql: "DATE " + quoteText(at.Format("2006-01-02"))}, err == nil
	case "time":
		if !timeOfDay.MatchString(text) {
			return value{}, false
		}
		_, digits, _ := strings.Cut(text, ".")
		return value{typ: Type{Name: "time", P: len(digits)}, sql: "CAST(" + quoteText(text) + " AS TIME)"}, len(digits) <= 6
	}
	found := timestampLiteral.FindStringSubmatch(text)
	if found == nil {
		return value{}, false
	}
	hour, minute, second := number(found[4]), number(found[5]), number(found[6])
	digits := found[7]
	at := time.Date(number(found[1]), time.Month(number(found[2])), number(found[3]), hour, minute, second, 0, time.UTC)
	if at.Day() != number(found[3]) || hour > 23 || minute > 59 || second > 59 || len(digits) > 6 {
		return value{}, false
	}
	shown := at.Format("2006-01-02 15:04:05")
	if digits != "" {
		shown += "." + digits
	}
	made := value{typ: Timestamp(len(digits)), sql: "TIMESTAMP " + quoteText(shown)}
	if found[8] == "" {
		return made, true
	}
	zone, ok := zoneNamed(found[8])
	made.typ.Name, made.typ.Zone = tzName, zone
	made.sql = instant(made.sql, zone)
	return made, ok
}

var (
	timestampLiteral = regexp.MustCompile(`^\s*(\d{4})-(\d{1,2})-(\d{1,2})(?: (\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?)?(?: ?([+-]\d{1,2}(?::\d{2})?|[A-Za-z][A-Za-z0-9_/+-]*))?\s*$`)
	timeOfDay        = regexp.MustCompile(`^\d{1,2}:\d{1,2}(:\d{1,2}(\.\d+)?)?$`)
)

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// literalAddress is IPADDRESS '…'.
func literalAddress(text string) (value, bool) {
	_, err := netip.ParseAddr(text)
	return value{typ: IPAddress, sql: "trino_ip(" + quoteText(text) + ")"}, err == nil
}
