package expression

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/vm/runtime"
)

// Function documents one function of the expression language. Output is what Example
// renders as in text; a test holds the two together.
type Function struct {
	Name      string
	Signature string
	Help      string
	Example   string
	Output    string

	call  func(args ...any) (any, error)
	takes []string     // the kinds (see kindOf) an argument may have: "text|duration", "text?" if it may be left out
	gives reflect.Type // nil: what the first argument is
}

// Functions lists our functions, by subject. Beside them expr's own are there, with
// the meaning that https://expr-lang.org/docs/language-definition gives them:
//
//	all none any one filter map find findIndex findLast findLastIndex count sum
//	groupBy sortBy reduce first last take reverse sort uniq concat flatten keys
//	len min max mean median abs ceil floor round int float string type
//	trim trimPrefix trimSuffix upper lower split splitAfter replace join
//	indexOf lastIndexOf hasPrefix hasSuffix
//	toJSON fromJSON toBase64 fromBase64 duration
//	bitand bitor bitxor bitnand bitnot bitshl bitshr bitushr
//
// keys is sorted here, and mean and median of nothing are errors, not 0. Left out are
// now (it is a value), date and values (ours do something else), timezone and get,
// and those that can outgrow memory or have no order: repeat, toPairs, fromPairs.
func Functions() []Function {
	return slices.Concat(valueFunctions(), timeFunctions(), sizeFunctions(), addressFunctions(), nameFunctions())
}

func valueFunctions() []Function {
	return []Function{{
		Name: "required", Signature: "required(value, message string) value",
		Help:    "The value, or an error with the message when it is nil.",
		Example: `required("flow", "name the table with --param table=…")`, Output: "flow",
		call: required, takes: []string{"any", "text"},
	}, {
		Name: "json", Signature: "json(value) string",
		Help: "The value as JSON on one line, without white space: what json_parse in SQL is given, so that rows that a step found can be " +
			"queried: `UNNEST(CAST(json_parse(${{ json(list) }}) AS ARRAY(ROW(ip varchar))))`. toJSON is for people: it indents.",
		Example: `json([{ip: "203.0.113.9", ports: [22, 443]}])`, Output: `[{"ip":"203.0.113.9","ports":[22,443]}]`,
		call: compactJSON, takes: []string{"any"}, gives: aText,
	}}
}

func timeFunctions() []Function {
	return []Function{{
		Name: "time", Signature: "time(text | unix seconds) time",
		Help:    "A time from RFC 3339 text, a day (2026-01-02, midnight UTC), or seconds since 1970, as flow logs write them.",
		Example: `time("2026-01-02T03:04:05Z")`, Output: "2026-01-02T03:04:05Z",
		call: parseTime, takes: []string{"text|number|time"}, gives: aTime,
	}, {
		Name: "unix", Signature: "unix(t time) int",
		Help:    "Seconds since 1970.",
		Example: `unix(time("2026-01-02"))`, Output: "1767312000",
		call: unixSeconds, takes: []string{"time"}, gives: anInt,
	}, {
		Name: "date", Signature: `date(t time, layout = "yyyy-MM-dd") string`,
		Help:    "A time as text, in UTC. The layout has yyyy MM dd HH mm ss, punctuation, and 'quoted' text, as in Athena's partition projection.",
		Example: `date(time("2026-01-02T03:04:05Z"), "yyyy/MM/dd/HH")`, Output: "2026/01/02/03",
		call: formatDate, takes: []string{"time", "text?"}, gives: aText,
	}, {
		Name: "iso", Signature: "iso(t time) string",
		Help:    "A time as RFC 3339 text, in UTC.",
		Example: `iso(time(1767322800))`, Output: "2026-01-02T03:00:00Z",
		call: isoTime, takes: []string{"time"}, gives: aText,
	}, {
		Name: "add", Signature: "add(t time, how long) time",
		Help:    "A later time. Durations are written 90s, 2h, 14d, 2w, 1d12h.",
		Example: `add(time("2026-01-02"), "1d12h")`, Output: "2026-01-03T12:00:00Z",
		call:  func(args ...any) (any, error) { return shift(args, 1) },
		takes: []string{"time", "text|duration"}, gives: aTime,
	}, {
		Name: "ago", Signature: "ago(t time, how long) time",
		Help:    "An earlier time.",
		Example: `ago(time("2026-01-15"), "14d")`, Output: "2026-01-01T00:00:00Z",
		call:  func(args ...any) (any, error) { return shift(args, -1) },
		takes: []string{"time", "text|duration"}, gives: aTime,
	}, {
		Name: "hours", Signature: "hours(duration) float",
		Help:    "A duration, or the difference of two times, in hours.",
		Example: `hours(time("2026-01-02T12:30:00Z") - time("2026-01-02"))`, Output: "12.5",
		call: inHours, takes: []string{"duration|text"}, gives: aFloat,
	}}
}

func sizeFunctions() []Function {
	return []Function{{
		Name: "bytes", Signature: "bytes(n) string",
		Help:    "A number of bytes for people, in powers of 1000 as AWS bills them.",
		Example: `bytes(1234567890)`, Output: "1.2 GB",
		call: formatBytes, takes: []string{"number"}, gives: aText,
	}, {
		Name: "size", Signature: "size(text) int",
		Help:    "The number of bytes that text names: B, KB, MB, GB, TB, PB are powers of 1000, KiB to PiB of 1024.",
		Example: `size("5GB")`, Output: "5000000000",
		call: parseSize, takes: []string{"text"}, gives: anInt,
	}, {
		Name: "thousands", Signature: "thousands(n) string",
		Help:    "A number with thousands separated.",
		Example: `thousands(1234567)`, Output: "1,234,567",
		call: formatThousands, takes: []string{"number"}, gives: aText,
	}}
}

func addressFunctions() []Function {
	return []Function{{
		Name: "is_ip", Signature: "is_ip(text) bool",
		Help:    "Whether text is an IPv4 or IPv6 address. nil is not.",
		Example: `is_ip("10.0.0.300")`, Output: "false",
		call: isIP, takes: []string{"any"}, gives: aBool,
	}, {
		Name: "is_private", Signature: "is_private(ip) bool",
		Help: "Whether an address cannot be one on the internet: private (RFC 1918, fc00::/7), shared (100.64.0.0/10), " +
			"loopback, link-local, multicast, or reserved. The documentation ranges (192.0.2.0/24, 198.51.100.0/24, " +
			"203.0.113.0/24, 2001:db8::/32) count as public: examples and drills use them for outsiders.",
		Example: `is_private("100.64.0.1")`, Output: "true",
		call: isPrivate, takes: []string{"text"}, gives: aBool,
	}, {
		Name: "is_public", Signature: "is_public(ip) bool",
		Help:    "The opposite of is_private.",
		Example: `is_public("203.0.113.9")`, Output: "true",
		call: isPublic, takes: []string{"text"}, gives: aBool,
	}, {
		Name: "in_cidr", Signature: "in_cidr(ip, cidr | list of cidrs) bool",
		Help:    "Whether an address lies in a block, or in any of several.",
		Example: `in_cidr("10.1.2.3", ["10.1.0.0/16", "fd00::/8"])`, Output: "true",
		call: inCIDR, takes: []string{"text", "text|list"}, gives: aBool,
	}, {
		Name: "ip_version", Signature: "ip_version(ip) int",
		Help:    "4 or 6.",
		Example: `ip_version("2001:db8::1")`, Output: "6",
		call: ipVersion, takes: []string{"text"}, gives: anInt,
	}}
}

func nameFunctions() []Function {
	return []Function{{
		Name: "ident", Signature: "ident(name, name?, name?) identifier",
		Help:    `In SQL, a name: of a column, a table, or with dots or several parts (ident("db", "table")) a qualified one. Always quoted.`,
		Example: `ident("logs", "flow")`, Output: "logs.flow",
		call: identifier, takes: []string{"text", "text?", "text?"}, gives: reflect.TypeFor[Identifier](),
	}, {
		Name: "columns", Signature: "columns(list of names | list of {name, type}) identifiers",
		Help:    "In SQL, a list of column names; in CREATE EXTERNAL TABLE with their types where the list gives them.",
		Example: `columns(["srcaddr", {name: "bytes", type: "bigint"}])`, Output: "srcaddr, bytes",
		call: columnList, takes: []string{"list"}, gives: reflect.TypeFor[Columns](),
	}, {
		Name: "values", Signature: "values(list) string",
		Help:    "The elements joined by commas, as partition projection of type enum wants them. Only letters, digits and _ . - may be in them.",
		Example: `values(["eu-west-1", "us-east-1"])`, Output: "eu-west-1,us-east-1",
		call: enumValues, takes: []string{"list"}, gives: aText,
	}}
}

var (
	aBool  = reflect.TypeFor[bool]()
	anInt  = reflect.TypeFor[int64]()
	aFloat = reflect.TypeFor[float64]()
	aText  = reflect.TypeFor[string]()
	aTime  = reflect.TypeFor[time.Time]()
)

// check is the compiler's check of a call's static types, nil for one of nil and
// interface for what is not known yet.
func (f Function) check(arguments []reflect.Type) (reflect.Type, error) {
	needed := 0
	for _, takes := range f.takes {
		if !strings.HasSuffix(takes, "?") {
			needed++
		}
	}
	if len(arguments) < needed || len(arguments) > len(f.takes) {
		return nil, fmt.Errorf("%d arguments given to %s", len(arguments), f.Signature)
	}
	for i, t := range arguments {
		kind := "nil"
		if t != nil {
			if t.Kind() == reflect.Pointer {
				t = t.Elem()
			}
			kind = kindOf(reflect.Zero(t).Interface())
			if t.Kind() == reflect.Interface {
				continue
			}
		}
		takes := strings.TrimSuffix(f.takes[i], "?")
		if takes != "any" && !slices.Contains(strings.Split(takes, "|"), kind) {
			return nil, fmt.Errorf("%s cannot be argument %d of %s", kind, i+1, f.Signature)
		}
	}
	if f.gives == nil {
		return notNil(arguments[0]), nil
	}
	return f.gives, nil
}

// notNil is the type of what a static type is when it is not nil.
func notNil(t reflect.Type) reflect.Type {
	switch {
	case t == nil:
		return reflect.TypeFor[any]()
	case t.Kind() == reflect.Pointer:
		return t.Elem()
	}
	return t
}

func required(args ...any) (any, error) {
	if runtime.IsNil(args[0]) {
		return nil, fmt.Errorf("%s", text(args[1]))
	}
	return args[0], nil
}

// compactJSON writes times as RFC 3339, and keys in order.
func compactJSON(args ...any) (any, error) {
	if err := weighed(args); err != nil {
		return nil, err
	}
	plain, err := (&budget{maxWeight}).plain(args[0])
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(plain); err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// argument names what was given to a function, for its error.
func argument(value any) string {
	switch value := value.(type) {
	case nil:
		return "nil"
	case string:
		return fmt.Sprintf("%.80q", value)
	case []any:
		return "a list"
	case map[string]any:
		return "a map"
	}
	if named := fmt.Sprint(value); len(named) <= 80 {
		return named
	}
	return kindOf(value)
}
