package duckdb

import "fmt"

// function says how a function of Trino's is done. Its name is the key in functions:
// what is not there cannot be called. Sources: Trino documentation, "Functions and
// operators"; DuckDB documentation, "Functions".
type function struct {
	least, most int    // how many arguments; most < 0 is any number
	does        string // DuckDB's function, or one of ours (see macros and registerFunctions); "" is the same name
	aggregate   bool   // may have DISTINCT, FILTER, ORDER BY and OVER
	window      bool   // needs OVER
	narrow      bool   // DuckDB's answer is a HUGEINT, Trino's a BIGINT that overflows with an error
	distinct    bool   // counts each value once
	write       func(t *translator, n node, arguments []any) (node, error)
}

var functions = map[string]function{
	// Aggregates
	"count_star": {0, 0, "", true, false, false, false, nil},
	"count":      {0, 1, "", true, false, false, false, nil},
	"sum":        {1, 1, "", true, false, true, false, nil},
	"avg":        {1, 1, "", true, false, false, false, nil},
	"min":        {1, 1, "", true, false, false, false, nil},
	"max":        {1, 1, "", true, false, false, false, nil},
	"count_if":   {1, 1, "", true, false, true, false, nil},
	"arbitrary":  {1, 1, "any_value", true, false, false, false, nil},
	"any_value":  {1, 1, "", true, false, false, false, nil},
	"bool_and":   {1, 1, "", true, false, false, false, nil},
	"bool_or":    {1, 1, "", true, false, false, false, nil},
	"every":      {1, 1, "bool_and", true, false, false, false, nil},
	// Trino's min_by keeps a NULL that lies at the minimum; DuckDB's own passes over it.
	"min_by":    {2, 2, "arg_min_null", true, false, false, false, nil},
	"max_by":    {2, 2, "arg_max_null", true, false, false, false, nil},
	"array_agg": {1, 1, "", true, false, false, false, nil},
	// Exact is within what Trino promises of approximations, and the same on every run.
	"approx_distinct":   {1, 2, "count", true, false, false, true, nil},
	"approx_percentile": {2, 2, "quantile_disc", true, false, false, false, nil},
	"stddev":            {1, 1, "", true, false, false, false, nil},
	"stddev_samp":       {1, 1, "", true, false, false, false, nil},
	"stddev_pop":        {1, 1, "", true, false, false, false, nil},
	"variance":          {1, 1, "", true, false, false, false, nil},
	"var_samp":          {1, 1, "", true, false, false, false, nil},
	"var_pop":           {1, 1, "", true, false, false, false, nil},

	// Window functions
	"row_number":   {0, 0, "", false, true, false, false, nil},
	"rank":         {0, 0, "", false, true, false, false, nil},
	"dense_rank":   {0, 0, "", false, true, false, false, nil},
	"percent_rank": {0, 0, "", false, true, false, false, nil},
	"cume_dist":    {0, 0, "", false, true, false, false, nil},
	"ntile":        {1, 1, "", false, true, false, false, nil},
	"lag":          {1, 3, "", false, true, false, false, nil},
	"lead":         {1, 3, "", false, true, false, false, nil},
	"first_value":  {1, 1, "", false, true, false, false, nil},
	"last_value":   {1, 1, "", false, true, false, false, nil},
	"nth_value":    {2, 2, "", false, true, false, false, nil},

	// Arithmetic
	"+":                     operator(writeArithmetic),
	"-":                     operator(writeArithmetic),
	"*":                     operator(writeArithmetic),
	"/":                     operator(writeDivision),
	"%":                     operator(writeModulus),
	"mod":                   written(2, 2, writeModulus),
	"abs":                   plain(1, 1, ""),
	"round":                 plain(1, 2, ""),
	"floor":                 plain(1, 1, ""),
	"ceil":                  plain(1, 1, ""),
	"ceiling":               plain(1, 1, "ceil"),
	"truncate":              plain(1, 1, "trunc"),
	"sign":                  plain(1, 1, ""),
	"sqrt":                  plain(1, 1, ""),
	"power":                 plain(2, 2, ""),
	"pow":                   plain(2, 2, "power"),
	"exp":                   plain(1, 1, ""),
	"ln":                    plain(1, 1, ""),
	"log2":                  plain(1, 1, ""),
	"log10":                 plain(1, 1, ""),
	"greatest":              written(1, -1, writeNullIfAny),
	"least":                 written(1, -1, writeNullIfAny),
	"bitwise_and":           plain(2, 2, "&"),
	"bitwise_or":            plain(2, 2, "|"),
	"bitwise_xor":           plain(2, 2, "xor"),
	"bitwise_not":           plain(1, 1, "~"),
	"nullif":                plain(2, 2, ""),
	ifFunction:              written(2, 3, writeIf),
	"is_nan":                plain(1, 1, "isnan"),
	"bitwise_left_shift":    plain(2, 2, "<<"),
	"bitwise_right_shift":   plain(2, 2, ">>"),
	"approx_count_distinct": {1, 1, "count", true, false, false, true, nil},

	// Text
	"||":           operator(nil),
	"concat":       written(2, -1, writeConcat),
	"concat_ws":    plain(2, -1, ""),
	"lower":        plain(1, 1, ""),
	"upper":        plain(1, 1, ""),
	"length":       plain(1, 1, ""),
	"reverse":      plain(1, 1, ""),
	"substr":       written(2, 3, writeSubstr),
	"substring":    written(2, 3, writeSubstr),
	"replace":      written(2, 3, writeReplace),
	"trim":         written(1, 2, writeTrim),
	"ltrim":        written(1, 2, writeTrim),
	"rtrim":        written(1, 2, writeTrim),
	"strpos":       plain(2, 2, ""),
	"position":     plain(2, 2, ""),
	"split_part":   plain(3, 3, "trino_split_part"),
	"split":        plain(2, 2, "string_split"),
	"starts_with":  plain(2, 2, ""),
	"lpad":         plain(3, 3, ""),
	"rpad":         plain(3, 3, ""),
	"~~":           operator(nil), // LIKE
	"!~~":          operator(nil),
	"like_escape":  operator(nil),
	"regexp_like":  plain(2, 2, "regexp_matches"),
	"regexp_count": plain(2, 2, "trino_regexp_count"),
	"regexp_extract": written(2, 3, func(_ *translator, _ node, arguments []any) (node, error) {
		return callNode(fmt.Sprintf("trino_regexp_extract%d", len(arguments)), arguments...), nil
	}),
	"not_like_escape": operator(nil),

	// Lists
	"cardinality": plain(1, 1, "len"),
	"element_at":  plain(2, 2, "list_extract"),
	"contains":    written(2, 2, writeContains),
	"array_join":  plain(2, 2, "array_to_string"),
	"sequence":    plain(2, 3, "generate_series"),

	// Time
	"now":           written(0, 0, writeClock),
	"from_unixtime": written(1, 1, writeFromUnixtime),
	"to_unixtime":   plain(1, 1, "epoch"),
	"date_format":   written(2, 2, writeDateFormat),
	"date_parse":    written(2, 2, writeDateParse),
	"date_diff":     written(3, 3, writeDateDiff),
	"date_add":      written(3, 3, writeDateAdd),
	"date_trunc":    written(2, 2, writeDateTrunc),
	"date_part":     written(2, 2, writeDatePart), // EXTRACT
	"timezone":      written(2, 2, writeTimezone), // AT TIME ZONE
	"date":          written(1, 1, func(_ *translator, _ node, a []any) (node, error) { return castNode(a[0], "DATE"), nil }),
	"year":          plain(1, 1, ""),
	"quarter":       plain(1, 1, ""),
	"month":         plain(1, 1, ""),
	"week":          plain(1, 1, ""),
	"week_of_year":  plain(1, 1, "week"),
	"day":           plain(1, 1, ""),
	"day_of_month":  plain(1, 1, "day"),
	"day_of_week":   plain(1, 1, "isodow"),
	"dow":           plain(1, 1, "isodow"),
	"day_of_year":   plain(1, 1, "dayofyear"),
	"doy":           plain(1, 1, "dayofyear"),
	"hour":          plain(1, 1, ""),
	"minute":        plain(1, 1, ""),
	"second":        plain(1, 1, ""),
	"to_iso8601":    plain(1, 1, "trino_iso8601"),
	"from_iso8601_timestamp": written(1, 1, func(_ *translator, _ node, a []any) (node, error) {
		return castNode(a[0], "TIMESTAMP WITH TIME ZONE"), nil
	}),
}

func plain(least, most int, does string) function {
	return function{least: least, most: most, does: does}
}

func written(least, most int, write func(*translator, node, []any) (node, error)) function {
	return function{least: least, most: most, write: write}
}

func operator(write func(*translator, node, []any) (node, error)) function {
	return function{least: 1, most: 3, write: write}
}

// ofParser are functions that DuckDB's parser puts in the place of syntax, as for
// INTERVAL '1' DAY. They cannot be called by these names.
var ofParser = []string{"to_years", "to_months", "to_weeks", "to_days", "to_hours", "to_minutes", "to_seconds",
	"to_milliseconds", "to_microseconds", "trunc", "row"}

// instead are the functions of DuckDB's that a rewritten call comes to, for messages.
var instead = map[string]string{"date_format": "strftime", "date_parse": "strptime", "date_diff": "date_sub", "from_unixtime": "to_timestamp"}

// shownNames are the names of our own functions in messages.
var shownNames = map[string]string{"trino_divide": "/", "trino_modulus": "%", "trino_narrow": "sum",
	"trino_ip": "CAST to IPADDRESS", "trino_in_network": "contains"}
