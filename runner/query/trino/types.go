package trino

import (
	"fmt"
	"slices"
	"strings"

	"playbook/playbooks/dialect"
	"playbook/playbooks/dialect/query"
)

// Type is a type of Trino's ("Data types"). Name is the type without its parameters;
// "row" has Args for its fields, whose names are in Fields ("" for none).
type Type struct {
	Name   string
	P, S   int // precision and scale of decimal; length of varchar and char, 0 for any; precision of time and timestamp
	Args   []Type
	Fields []string
	// Zone is where a timestamp with time zone is: "" for UTC, a name of the time zone
	// database, an offset like +05:30, or ofValue. DuckDB keeps only the instant.
	Zone string
}

// ofValue is the zone of timestamps that each value says for itself.
const ofValue = "?"

const (
	tsName  = "timestamp"
	tzName  = "timestamp with time zone"
	dayName = "interval day to second"
	monName = "interval year to month"
)

// The types without parameters, and those that are made often.
var (
	Unknown   = Type{Name: "unknown"}
	Boolean   = Type{Name: "boolean"}
	Tinyint   = Type{Name: "tinyint"}
	Smallint  = Type{Name: "smallint"}
	Integer   = Type{Name: "integer"}
	Bigint    = Type{Name: "bigint"}
	Real      = Type{Name: "real"}
	Double    = Type{Name: "double"}
	Varchar   = Type{Name: "varchar"}
	Varbinary = Type{Name: "varbinary"}
	Date      = Type{Name: "date"}
	JSON      = Type{Name: "json"}
	IPAddress = Type{Name: "ipaddress"}
	daySecond = Type{Name: dayName}
	yearMonth = Type{Name: monName}
)

// Decimal is decimal(p,s).
func Decimal(p, s int) Type { return Type{Name: "decimal", P: p, S: s} }

// Timestamp is timestamp(p).
func Timestamp(p int) Type { return Type{Name: tsName, P: p} }

func zoned(p int, zone string) Type { return Type{Name: tzName, P: p, Zone: zone} }

// Array is array(element).
func Array(element Type) Type { return Type{Name: "array", Args: []Type{element}} }

// Map is map(key, value).
func Map(key, value Type) Type { return Type{Name: "map", Args: []Type{key, value}} }

// simple are the types that are DuckDB's under another name, or the same.
var simple = map[string]string{"unknown": "INTEGER", "boolean": "BOOLEAN", "tinyint": "TINYINT", "smallint": "SMALLINT",
	"integer": "INTEGER", "bigint": "BIGINT", "real": "FLOAT", "double": "DOUBLE", "varchar": "VARCHAR", "char": "VARCHAR",
	"varbinary": "BLOB", "date": "DATE", "time": "TIME", tsName: "TIMESTAMP", tzName: "TIMESTAMPTZ",
	dayName: "INTERVAL", monName: "INTERVAL", "uuid": "UUID",
	"json":      "VARCHAR", // its text, as json_format writes it
	"ipaddress": "BLOB",    // its 16 bytes, whose order is that of addresses
}

// SQL is the type in DuckDB.
func (t Type) SQL() string {
	switch t.Name {
	case "decimal":
		return fmt.Sprintf("DECIMAL(%d,%d)", t.P, t.S)
	case "array":
		return t.Args[0].SQL() + "[]"
	case "map":
		return "MAP(" + t.Args[0].SQL() + ", " + t.Args[1].SQL() + ")"
	case "row":
		fields := make([]string, len(t.Args))
		for i, field := range t.Args {
			fields[i] = quoteName(t.Field(i)) + " " + field.SQL()
		}
		return "STRUCT(" + strings.Join(fields, ", ") + ")"
	}
	return simple[t.Name]
}

// Field is the name of a row's field in DuckDB, where each needs one of its own.
func (t Type) Field(i int) string {
	name := strings.ToLower(t.Fields[i])
	if name == "" || strings.ContainsAny(name, marks) || slices.ContainsFunc(t.Fields[:i], func(other string) bool { return strings.EqualFold(other, name) }) {
		return fmt.Sprintf("field%d", i)
	}
	return name
}

// String is the type as Athena shows it.
func (t Type) String() string {
	switch t.Name {
	case "decimal":
		return fmt.Sprintf("decimal(%d,%d)", t.P, t.S)
	case "varchar":
		if t.P > 0 {
			return fmt.Sprintf("varchar(%d)", t.P)
		}
	case "char":
		return fmt.Sprintf("char(%d)", t.P)
	case tsName, "time":
		return fmt.Sprintf("%s(%d)", t.Name, t.P)
	case tzName:
		return fmt.Sprintf("timestamp(%d) with time zone", t.P)
	case "array", "map", "function":
		return t.Name + "(" + list(t.Args) + ")"
	case "row":
		fields := make([]string, len(t.Args))
		for i, field := range t.Args {
			fields[i] = strings.TrimSpace(t.Fields[i] + " " + field.String())
		}
		return "row(" + strings.Join(fields, ", ") + ")"
	}
	return t.Name
}

// Shown is the type as Athena names it for a column of an answer: without the length of
// texts, and with the milliseconds that it always shows.
func (t Type) Shown() string { return t.forAthena().String() }

func (t Type) forAthena() Type {
	switch {
	case t.is("varchar"):
		return Varchar
	case t.is(tsName, tzName):
		t.P = max(t.P, 3)
	case len(t.Args) > 0:
		args := make([]Type, len(t.Args))
		for i, arg := range t.Args {
			args[i] = arg.forAthena()
		}
		t.Args = args
	}
	return t
}

func list(types []Type) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}

func (t Type) is(names ...string) bool { return slices.Contains(names, t.Name) }

func (t Type) isInteger() bool { return t.is("tinyint", "smallint", "integer", "bigint") }

func (t Type) isNumber() bool { return t.isInteger() || t.is("decimal", "real", "double") }

func (t Type) isTime() bool { return t.is("date", "time", tsName, tzName) }

func (t Type) isInterval() bool { return t.is(dayName, monName) }

func (t Type) isText() bool { return t.is("varchar", "char") }

// Equal tells whether two types are the same, zones aside.
func (t Type) Equal(u Type) bool {
	return t.Name == u.Name && t.P == u.P && t.S == u.S && slices.EqualFunc(t.Args, u.Args, Type.Equal) &&
		slices.EqualFunc(t.Fields, u.Fields, strings.EqualFold)
}

var integers = []string{"tinyint", "smallint", "integer", "bigint"}

// digits is how many digits a decimal needs to hold an integer type.
var digits = map[string]int{"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}

func (t Type) asDecimal() Type {
	if t.isInteger() {
		return Decimal(digits[t.Name], 0)
	}
	return t
}

// common is the type that both can be turned into without being asked, as in a = b
// (TypeCoercion.getCommonSuperType).
func common(a, b Type) (Type, bool) {
	switch {
	case a.Equal(b):
		if a.Zone != b.Zone {
			a.Zone = ""
		}
		return a, true
	case a.is("unknown"):
		return b, true
	case b.is("unknown"):
		return a, true
	case a.isInteger() && b.isInteger():
		return Type{Name: integers[max(slices.Index(integers, a.Name), slices.Index(integers, b.Name))]}, true
	case a.isNumber() && b.isNumber():
		switch {
		case a.is("double") || b.is("double"):
			return Double, true
		case a.is("real") || b.is("real"):
			return Real, true
		}
		a, b = a.asDecimal(), b.asDecimal()
		scale := max(a.S, b.S)
		return Decimal(min(38, max(a.P-a.S, b.P-b.S)+scale), scale), true
	case a.isText() && b.isText():
		if a.is("char") && b.is("char") {
			return Type{Name: "char", P: max(a.P, b.P)}, true
		}
		if a.P == 0 || b.P == 0 {
			return Varchar, true
		}
		return Type{Name: "varchar", P: max(a.P, b.P)}, true
	case a.is("date", tsName, tzName) && b.is("date", tsName, tzName):
		t := Type{Name: tsName, P: max(a.P, b.P)}
		if a.is(tzName) || b.is(tzName) {
			t.Name = tzName
			if a.is(tzName) && (!b.is(tzName) || a.Zone == b.Zone) {
				t.Zone = a.Zone
			} else if !a.is(tzName) {
				t.Zone = b.Zone
			}
		}
		return t, true
	case a.Name == b.Name && len(a.Args) == len(b.Args) && len(a.Args) > 0:
		t := Type{Name: a.Name, Fields: a.Fields}
		if a.is("row") && !slices.EqualFunc(a.Fields, b.Fields, strings.EqualFold) {
			t.Fields = make([]string, len(a.Fields))
			for i := range t.Fields {
				if strings.EqualFold(a.Fields[i], b.Fields[i]) {
					t.Fields[i] = a.Fields[i]
				}
			}
		}
		for i := range a.Args {
			arg, ok := common(a.Args[i], b.Args[i])
			if !ok {
				return Type{}, false
			}
			t.Args = append(t.Args, arg)
		}
		return t, true
	case a.is("time") && b.is("time"):
		return Type{Name: "time", P: max(a.P, b.P)}, true
	}
	return Type{}, false
}

// coerces tells whether a value becomes of another type without being asked.
func coerces(from, to Type) bool {
	t, ok := common(from, to)
	switch {
	case !ok:
		return false
	case to.isText() && from.isText():
		return true
	case to.is(tsName) && from.is("date", tsName):
		return from.P <= to.P
	case to.is(tzName) && from.is("date", tsName, tzName):
		return from.P <= to.P
	case len(to.Args) > 0 && to.Name == from.Name:
		for i := range to.Args {
			if !coerces(from.Args[i], to.Args[i]) {
				return false
			}
		}
		return true
	case to.is("decimal") && from.asDecimal().is("decimal"):
		from = from.asDecimal()
		return from.P-from.S <= to.P-to.S && from.S <= to.S
	}
	return t.Equal(to)
}

// OfQuery is a type as a query writes it.
func OfQuery(t query.Type) (Type, *dialect.Error) {
	bad := func(format string, args ...any) (Type, *dialect.Error) {
		return Type{}, &dialect.Error{Offset: t.Pos, Message: fmt.Sprintf(format, args...)}
	}
	param := func(i, standard int) int {
		if i < len(t.Params) {
			return t.Params[i]
		}
		return standard
	}
	made := Type{Name: t.Name, Fields: t.Fields}
	for _, arg := range t.Args {
		inner, mistake := OfQuery(arg)
		if mistake != nil {
			return Type{}, mistake
		}
		made.Args = append(made.Args, inner)
	}
	switch t.Name {
	case "decimal", "dec", "numeric":
		made.Name, made.P, made.S = "decimal", param(0, 38), param(1, 0)
		if made.P < 1 || made.P > 38 || made.S > made.P {
			return bad("decimal(%d,%d) is no type: the precision is 1 to 38, and the scale not larger", made.P, made.S)
		}
	case "varchar":
		made.P = param(0, 0)
	case "char":
		made.P = param(0, 1)
	case "timestamp", "time", "timestamp with time zone":
		if made.P = param(0, 3); made.P > 6 {
			return bad("%s is not supported on a case: times are kept to the microsecond, which is (6)", made)
		}
	case "array":
		if len(made.Args) != 1 {
			return bad("array needs one type, as in array(varchar)")
		}
	case "map":
		if len(made.Args) != 2 {
			return bad("map needs two types, as in map(varchar, bigint)")
		}
	case "row":
		if len(made.Args) == 0 {
			return bad("row needs its fields, as in row(a bigint, b varchar)")
		}
	case "time with time zone", "ipprefix", "hyperloglog", "qdigest", "tdigest", "setdigest", "geometry", "unknown", "function":
		return bad("the type %s is not supported on a case", t.Name)
	default:
		if simple[t.Name] == "" {
			return bad("there is no type %s", t.Name)
		}
		if len(t.Params)+len(t.Args) > 0 {
			return bad("the type %s takes no parameters", t.Name)
		}
	}
	return made, nil
}

// OfHive is the type of a column as DDL writes it ("Data types in Amazon Athena").
func OfHive(t dialect.Type) (Type, bool) {
	made := Type{Name: t.Name}
	param := func(i, standard int) int {
		if i < len(t.Params) {
			return t.Params[i]
		}
		return standard
	}
	for _, field := range t.Fields {
		inner, ok := OfHive(field.Type)
		if !ok {
			return Type{}, false
		}
		made.Args = append(made.Args, inner)
	}
	switch t.Name {
	case "string":
		return Varchar, true
	case "int":
		return Integer, true
	case "float":
		return Real, true
	case "binary":
		return Varbinary, true
	case "varchar", "char":
		made.P = param(0, 0)
	case "decimal":
		made.P, made.S = param(0, 10), param(1, 0)
	case "timestamp":
		return Timestamp(3), true
	case "array", "map":
		return made, len(made.Args) == map[string]int{"array": 1, "map": 2}[t.Name]
	case "struct":
		made.Name = "row"
		for _, field := range t.Fields {
			made.Fields = append(made.Fields, strings.ToLower(field.Name))
		}
		return made, len(made.Args) > 0
	default:
		return made, simple[t.Name] != "" && t.Name != "unknown"
	}
	return made, true
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func quoteText(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// Widens tells whether a value of one type can stand where the other is wanted, without
// a cast.
func Widens(from, to Type) bool {
	both, ok := common(from, to)
	return ok && both.Equal(to)
}
