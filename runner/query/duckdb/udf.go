package duckdb

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"strconv"
	"strings"

	driverpkg "github.com/duckdb/duckdb-go/v2"
)

// macros are functions that can be said in DuckDB's SQL. typeof is known before a query
// runs, so that the branches for other types cost nothing.
var macros = []string{
	castMacro("tinyint"), castMacro("smallint"), castMacro("integer"), castMacro("bigint"),
	tryCastMacro("tinyint"), tryCastMacro("smallint"), tryCastMacro("integer"), tryCastMacro("bigint"),
	// "Conversion functions": doubles in scientific notation, timestamps to the millisecond.
	`CREATE MACRO trino_varchar(x) AS CASE typeof(x)
		WHEN 'DOUBLE' THEN trino_double_text(CAST(CAST(x AS VARCHAR) AS DOUBLE))
		WHEN 'FLOAT' THEN trino_double_text(CAST(CAST(x AS VARCHAR) AS DOUBLE))
		WHEN 'TIMESTAMP' THEN strftime(CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
		WHEN 'TIMESTAMP WITH TIME ZONE' THEN strftime(CAST(CAST(x AS VARCHAR) AS TIMESTAMPTZ), '%Y-%m-%d %H:%M:%S.%g') || ' UTC'
		ELSE CAST(x AS VARCHAR) END`,
	`CREATE MACRO trino_try_varchar(x) AS trino_varchar(x)`,
	`CREATE MACRO trino_subscript(a, i) AS CASE WHEN i < 1 OR i > len(a)
		THEN error('the array subscript is out of bounds') ELSE list_extract(a, i) END`,
	`CREATE MACRO trino_substr2(s, i) AS CASE WHEN s IS NULL THEN NULL WHEN i = 0 OR i < -length(s) THEN '' ELSE substr(s, i) END`,
	`CREATE MACRO trino_substr3(s, i, n) AS CASE WHEN s IS NULL THEN NULL WHEN i = 0 OR i < -length(s) OR n <= 0 THEN '' ELSE substr(s, i, n) END`,
	`CREATE MACRO trino_split_part(s, d, n) AS CASE WHEN n < 1 THEN error('the index of split_part must be greater than zero')
		WHEN n > len(string_split(s, d)) THEN NULL ELSE split_part(s, d, n) END`,
	`CREATE MACRO trino_regexp_extract2(s, p) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p) END`,
	`CREATE MACRO trino_regexp_extract3(s, p, g) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END`,
	`CREATE MACRO trino_regexp_count(s, p) AS len(regexp_extract_all(s, p))`,
	`CREATE MACRO trino_iso8601(x) AS CASE typeof(x) WHEN 'DATE' THEN CAST(x AS VARCHAR)
		WHEN 'TIMESTAMP' THEN strftime(CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%g')
		ELSE strftime(CAST(CAST(x AS VARCHAR) AS TIMESTAMPTZ), '%Y-%m-%dT%H:%M:%S.%gZ') END`,
}

// castMacro casts to an integer as Trino does: text must be digits and nothing else, and
// halves are rounded away from zero. DuckDB takes '5.5' for 6 and 2.5 for 2.
func castMacro(to string) string {
	return fmt.Sprintf(`CREATE MACRO trino_%[1]s(x) AS CASE WHEN x IS NULL THEN NULL
		WHEN typeof(x) = 'VARCHAR' THEN CASE WHEN regexp_full_match(CAST(x AS VARCHAR), '[+-]?[0-9]+') THEN CAST(x AS %[1]s)
			ELSE error('cannot cast ''' || CAST(x AS VARCHAR) || ''' to %[2]s') END
		WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN CAST(round(CAST(CAST(x AS VARCHAR) AS DOUBLE)) AS %[1]s)
		ELSE CAST(x AS %[1]s) END`, to, strings.ToUpper(to))
}

func tryCastMacro(to string) string {
	return fmt.Sprintf(`CREATE MACRO trino_try_%[1]s(x) AS CASE WHEN x IS NULL THEN NULL
		WHEN typeof(x) = 'VARCHAR' THEN CASE WHEN regexp_full_match(CAST(x AS VARCHAR), '[+-]?[0-9]+') THEN TRY_CAST(x AS %[1]s) END
		WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN TRY_CAST(round(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE)) AS %[1]s)
		ELSE TRY_CAST(x AS %[1]s) END`, to)
}

// rowFunction is a function in Go. NULL in is NULL out.
type rowFunction struct {
	takes   []driverpkg.Type
	returns driverpkg.Type
	do      func(values []driver.Value) (any, error)
}

func (f rowFunction) Config() driverpkg.ScalarFuncConfig {
	config := driverpkg.ScalarFuncConfig{InputTypeInfos: make([]driverpkg.TypeInfo, len(f.takes))}
	for i, kind := range f.takes {
		config.InputTypeInfos[i] = mustType(kind)
	}
	config.ResultTypeInfo = mustType(f.returns)
	return config
}

func (f rowFunction) Executor() driverpkg.ScalarFuncExecutor {
	return driverpkg.ScalarFuncExecutor{RowExecutor: f.do}
}

// mustType is for types without parameters, of which none can fail.
func mustType(kind driverpkg.Type) driverpkg.TypeInfo {
	t, err := driverpkg.NewTypeInfo(kind)
	if err != nil {
		panic(err)
	}
	return t
}

const (
	integer = driverpkg.TYPE_INTEGER
	bigint  = driverpkg.TYPE_BIGINT
	double  = driverpkg.TYPE_DOUBLE
	varchar = driverpkg.TYPE_VARCHAR
)

func registerFunctions(conn *sql.Conn) error {
	one := func(do func(driver.Value) (any, error)) func([]driver.Value) (any, error) {
		return func(values []driver.Value) (any, error) { return do(values[0]) }
	}
	for name, overloads := range map[string][]rowFunction{
		"trino_divide": {
			{[]driverpkg.Type{integer, integer, varchar, varchar}, integer, divideIntegers[int32]},
			{[]driverpkg.Type{bigint, bigint, varchar, varchar}, bigint, divideIntegers[int64]},
			{[]driverpkg.Type{double, double, varchar, varchar}, double, divideDoubles},
		},
		"trino_modulus": {
			{[]driverpkg.Type{integer, integer}, integer, modulus[int32]},
			{[]driverpkg.Type{bigint, bigint}, bigint, modulus[int64]},
			{[]driverpkg.Type{double, double}, double, func(v []driver.Value) (any, error) {
				return math.Mod(v[0].(float64), v[1].(float64)), nil
			}},
		},
		"trino_narrow": {
			{[]driverpkg.Type{driverpkg.TYPE_HUGEINT}, bigint, one(narrow)},
			{[]driverpkg.Type{double}, double, one(func(v driver.Value) (any, error) { return v, nil })},
		},
		"trino_double_text": {{[]driverpkg.Type{double}, varchar, one(func(v driver.Value) (any, error) { return doubleText(v.(float64)), nil })}},
		"trino_ip":          {{[]driverpkg.Type{varchar}, varchar, one(address)}},
		"trino_try_ip": {{[]driverpkg.Type{varchar}, varchar, one(func(v driver.Value) (any, error) {
			found, err := address(v)
			if err != nil {
				return nil, nil //nolint:nilerr // TRY_CAST gives NULL
			}
			return found, nil
		})}},
		"trino_in_network": {{[]driverpkg.Type{varchar, varchar}, driverpkg.TYPE_BOOLEAN, inNetwork}},
	} {
		set := make([]driverpkg.ScalarFunc, len(overloads))
		for i := range overloads {
			set[i] = &overloads[i]
		}
		if err := driverpkg.RegisterScalarUDFSet(conn, name, set...); err != nil {
			return fmt.Errorf("register %s: %w", name, err)
		}
	}
	return nil
}

var errDivision = errors.New("division by zero")

func divideIntegers[T int32 | int64](values []driver.Value) (any, error) {
	a, b := values[0].(T), values[1].(T)
	switch {
	case b == 0:
		return nil, errDivision
	case b == -1 && a == -a && a != 0:
		return nil, fmt.Errorf("integer overflow in %d / -1", a)
	}
	return a / b, nil
}

func divideDoubles(values []driver.Value) (any, error) {
	a, b := values[0].(float64), values[1].(float64)
	kinds := [2]string{values[2].(string), values[3].(string)}
	scales := [2]int{scale(kinds[0]), scale(kinds[1])}
	for _, kind := range kinds {
		if kind == "DOUBLE" || kind == "FLOAT" || kind == "" { // "" is not known, and no decimal
			return a / b, nil
		}
	}
	if scales[0] < 0 && scales[1] < 0 {
		return a / b, nil
	}
	if b == 0 {
		return nil, errDivision
	}
	shift := math.Pow10(max(scales[0], scales[1], 0))
	return math.Round(a/b*shift) / shift, nil
}

// scale is s of DECIMAL(p,s), or -1 for another type.
func scale(kind string) int {
	digits, ok := strings.CutPrefix(kind, "DECIMAL(")
	_, digits, comma := strings.Cut(strings.TrimSuffix(digits, ")"), ",")
	n, err := strconv.Atoi(digits)
	if !ok || !comma || err != nil {
		return -1
	}
	return n
}

func modulus[T int32 | int64](values []driver.Value) (any, error) {
	a, b := values[0].(T), values[1].(T)
	switch b {
	case 0:
		return nil, errDivision
	case -1:
		return T(0), nil
	}
	return a % b, nil
}

func narrow(value driver.Value) (any, error) {
	n, _ := value.(*big.Int)
	if n == nil || !n.IsInt64() {
		return nil, fmt.Errorf("the sum %v is too large for a bigint; cast what is summed to DOUBLE", value)
	}
	return n.Int64(), nil
}

// doubleText writes a double as Trino casts it to VARCHAR: 1.5E0, 1.0E10, NaN.
func doubleText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, 64), "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exponent)
	return fmt.Sprintf("%sE%d", mantissa, n)
}

// address reads an IPADDRESS into the one spelling that stands for it; an IPv4 address
// and its mapping into IPv6 are the same ("IPADDRESS").
func address(value driver.Value) (any, error) {
	a, err := netip.ParseAddr(value.(string))
	if err != nil || a.Zone() != "" {
		return nil, fmt.Errorf("cannot cast value to IPADDRESS: %s; use TRY_CAST to get NULL", visible([]byte(value.(string)), 64))
	}
	return a.Unmap().String(), nil
}

func inNetwork(values []driver.Value) (any, error) {
	network, err := netip.ParsePrefix(values[0].(string))
	if err != nil {
		return nil, fmt.Errorf("invalid CIDR: %s", visible([]byte(values[0].(string)), 64))
	}
	a, err := netip.ParseAddr(values[1].(string))
	return err == nil && network.Masked().Contains(a), nil
}
