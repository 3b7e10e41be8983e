package trino

import (
	"bytes"
	"crypto/md5"  // what Trino's md5() is
	"crypto/sha1" // what Trino's sha1() is
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/big"
	"math/bits"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
	"golang.org/x/text/unicode/norm"
)

// Native is a function in Go that the SQL made here calls. NULL in is NULL out.
type Native struct {
	Name    string
	Takes   []Type
	Returns Type
	Do      func(args []any) (any, error)
}

// Natives are all of them. Values are bool, int64, float32, float64, string and []byte.
func Natives() []Native {
	v, n, d, b := Varchar, Bigint, Double, Varbinary
	return []Native{
		{"trino_fail", []Type{v, v}, v, func(a []any) (any, error) { return nil, errors.New(str(a, 0)) }},
		{"trino_cannot_cast", []Type{v, v}, v, func(a []any) (any, error) {
			return nil, fmt.Errorf("cannot cast '%s' to %s; TRY_CAST gives NULL instead", short(str(a, 1)), strings.ToUpper(str(a, 0)))
		}},
		{"trino_decimal", []Type{v, v, v, n}, v, decimalOperation},
		{"trino_double_text", []Type{d}, v, func(a []any) (any, error) { return doubleText(a[0].(float64), 64), nil }},
		{"trino_real_text", []Type{Real}, v, func(a []any) (any, error) { return doubleText(float64(a[0].(float32)), 32), nil }},
		{"trino_day_text", []Type{n}, v, func(a []any) (any, error) { return DayText(num(a, 0)), nil }},
		{"trino_month_text", []Type{n}, v, func(a []any) (any, error) { return MonthText(num(a, 0)), nil }},
		{"trino_ip", []Type{v}, b, ipOf},
		{"trino_ip_of_bytes", []Type{b}, b, ipOfBytes},
		{"trino_ip_text", []Type{b}, v, func(a []any) (any, error) { return ipText(a[0].([]byte)), nil }},
		{"trino_in_network", []Type{v, b}, Boolean, inNetwork},
		{"trino_json", []Type{v}, v, func(a []any) (any, error) { return canonical(str(a, 0)) }},
		{"trino_json_scalar", []Type{v, v}, v, jsonScalar},
		{"trino_json_rows", []Type{v, v}, v, jsonRows},
		{"trino_json_extract", []Type{v, v}, v, jsonExtract},
		{"trino_json_extract_scalar", []Type{v, v}, v, jsonExtractScalar},
		{"trino_json_size", []Type{v, v}, n, jsonSize},
		{"trino_json_array_length", []Type{v}, n, jsonArrayLength},
		{"trino_json_array_get", []Type{v, n}, v, jsonArrayGet},
		{"trino_json_array_contains", []Type{v, v}, Boolean, jsonArrayContains},
		{"trino_is_json_scalar", []Type{v}, Boolean, isJSONScalar},
		{"trino_url", []Type{v, v}, v, urlPart},
		{"trino_url_parameter", []Type{v, v}, v, urlParameter},
		{"trino_url_encode", []Type{v}, v, func(a []any) (any, error) { return urlEncode(str(a, 0)), nil }},
		{"trino_url_decode", []Type{v}, v, func(a []any) (any, error) { return url.QueryUnescape(str(a, 0)) }},
		{"trino_from_utf8", []Type{b}, v, func(a []any) (any, error) {
			return strings.ReplaceAll(string(bytes.ToValidUTF8(a[0].([]byte), []byte("\uFFFD"))), "\x00", ""), nil
		}},
		{"trino_hash", []Type{v, b}, b, digest},
		{"trino_crc32", []Type{b}, n, func(a []any) (any, error) { return int64(crc32.ChecksumIEEE(a[0].([]byte))), nil }},
		{"trino_from_base", []Type{v, n}, n, func(a []any) (any, error) {
			made, err := strconv.ParseInt(str(a, 0), int(num(a, 1)), 64)
			if err != nil || num(a, 1) < 2 {
				return nil, fmt.Errorf("'%s' is no number of base %d", short(str(a, 0)), num(a, 1))
			}
			return made, nil
		}},
		{"trino_to_base", []Type{n, n}, v, func(a []any) (any, error) {
			if base := num(a, 1); base < 2 || base > 36 {
				return nil, fmt.Errorf("the radix %d is not between 2 and 36", base)
			}
			return strconv.FormatInt(num(a, 0), int(num(a, 1))), nil
		}},
		{"trino_shift", []Type{n, n, v, n}, n, shift},
		{"trino_bit_count", []Type{n, n}, n, bitCount},
		{"trino_strpos", []Type{v, v, n}, n, strpos},
		{"trino_chr", []Type{n}, v, func(a []any) (any, error) {
			if n := num(a, 0); n <= 0 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
				return nil, fmt.Errorf("%d is not a valid Unicode code point", n)
			}
			return string(rune(num(a, 0))), nil
		}},
		{"trino_levenshtein", []Type{v, v}, n, levenshtein},
		{"trino_hamming", []Type{v, v}, n, hamming},
		{"trino_soundex", []Type{v}, v, func(a []any) (any, error) { return soundex(str(a, 0)), nil }},
		{"trino_hmac", []Type{v, b, b}, b, keyedHash},
		{"trino_no_key", []Type{v}, v, func(a []any) (any, error) {
			return nil, fmt.Errorf("key not present in map: %s; element_at(map, key) gives NULL instead", short(str(a, 0)))
		}},
		{"trino_no_delimiter", []Type{v, v}, v, func(a []any) (any, error) {
			return nil, fmt.Errorf("key-value delimiter must appear exactly once in each entry; bad input: '%s'", short(str(a, 0)))
		}},
		{"trino_date_format", []Type{n, v}, v, formatMySQL},
		{"trino_date_parse", []Type{v, v}, n, parseMySQL},
		{"trino_iso_date", []Type{v}, v, isoDate},
		{"trino_normalize", []Type{v, v}, v, normalize},
		{"trino_regexp_group", []Type{v, v, n}, v, regexpGroup},
		{"trino_backtracking_like", []Type{v, v}, Boolean, backtrackingLike},
		{"trino_backtracking_group", []Type{v, v, n}, v, backtrackingGroup},
		{"trino_regexp_position", []Type{v, v, n, n}, n, regexpPosition},
		{"trino_human_seconds", []Type{d}, v, func(a []any) (any, error) { return humanSeconds(a[0].(float64)), nil }},
		{"trino_duration", []Type{v}, n, duration},
	}
}

func str(args []any, i int) string { s, _ := args[i].(string); return s }

func num(args []any, i int) int64 { n, _ := args[i].(int64); return n }

// short is a value for a message.
func short(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		text = string(runes[:60]) + "…"
	}
	quoted := strconv.Quote(text)
	return quoted[1 : len(quoted)-1]
}

// decimalOperation is / % * of decimals in text, rounded half up to a number of digits.
func decimalOperation(args []any) (any, error) {
	x, ok1 := new(big.Rat).SetString(str(args, 1))
	y, ok2 := new(big.Rat).SetString(str(args, 2))
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("%s or %s is no decimal", short(str(args, 1)), short(str(args, 2)))
	}
	result := new(big.Rat)
	switch str(args, 0) {
	case "*":
		result.Mul(x, y)
	case "/":
		if y.Sign() == 0 {
			return nil, errors.New("division by zero")
		}
		result.Quo(x, y)
	default:
		if y.Sign() == 0 {
			return nil, errors.New("division by zero")
		}
		q := new(big.Rat).Quo(x, y)
		whole := new(big.Int).Quo(q.Num(), q.Denom())
		result.Sub(x, new(big.Rat).Mul(y, new(big.Rat).SetInt(whole)))
	}
	return roundedText(result, int(num(args, 3))), nil
}

func roundedText(r *big.Rat, scale int) string {
	shift := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	n := new(big.Rat).Mul(r, new(big.Rat).SetInt(shift))
	n.Add(n, big.NewRat(int64(n.Sign()), 2))
	whole := new(big.Int).Quo(n.Num(), n.Denom())
	return new(big.Rat).SetFrac(whole, shift).FloatString(scale)
}

// doubleText writes a double as Trino casts it to VARCHAR: 1.5E0, 1.0E10, NaN.
func doubleText(f float64, size int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		return strconv.FormatFloat(f, 'f', 0, 64) + "E0"
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, size), "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exponent)
	return fmt.Sprintf("%sE%d", mantissa, n)
}

// DayText is an interval of so many milliseconds as Athena shows it: 3 04:05:06.000.
func DayText(millis int64) string {
	sign := ""
	if millis < 0 {
		sign, millis = "-", -millis
	}
	return fmt.Sprintf("%s%d %02d:%02d:%02d.%03d", sign, millis/86400000, millis/3600000%24, millis/60000%60, millis/1000%60, millis%1000)
}

// MonthText is an interval of so many months as Athena shows it: 1-2.
func MonthText(months int64) string {
	sign := ""
	if months < 0 {
		sign, months = "-", -months
	}
	return fmt.Sprintf("%s%d-%d", sign, months/12, months%12)
}

// ipOf reads an address into its 16 bytes. An IPv4 address is its mapping into IPv6
// ("IPADDRESS").
func ipOf(args []any) (any, error) {
	address, err := netip.ParseAddr(str(args, 0))
	if err != nil || address.Zone() != "" {
		return nil, fmt.Errorf("cannot cast '%s' to IPADDRESS; TRY_CAST gives NULL instead", short(str(args, 0)))
	}
	raw := address.As16()
	return raw[:], nil
}

func ipOfBytes(args []any) (any, error) {
	address, ok := netip.AddrFromSlice(args[0].([]byte))
	if !ok {
		return nil, fmt.Errorf("%d bytes are no IPADDRESS; it has 4 or 16", len(args[0].([]byte)))
	}
	raw := address.As16()
	return raw[:], nil
}

func ipText(raw []byte) string {
	address, _ := netip.AddrFromSlice(raw)
	return address.Unmap().String()
}

// IPText is an address as Athena shows it.
func IPText(raw []byte) string { return ipText(raw) }

func inNetwork(args []any) (any, error) {
	network, err := netip.ParsePrefix(str(args, 0))
	if err != nil || network.Addr().Is4() && network != network.Masked() {
		return nil, fmt.Errorf("'%s' is no CIDR, like 10.0.0.0/8", short(str(args, 0)))
	}
	address, _ := netip.AddrFromSlice(args[1].([]byte))
	if network.Addr().Is4() {
		address = address.Unmap()
	}
	return network.Masked().Contains(address), nil
}

func urlPart(args []any) (any, error) {
	u, err := url.Parse(str(args, 0))
	if err != nil || strings.ContainsAny(str(args, 0), " ^<>\"{}|\\`") {
		return nil, nil // NULL for what is no URL ("URL functions")
	}
	part := ""
	switch str(args, 1) {
	case "protocol":
		part = u.Scheme
	case "host":
		part = u.Hostname()
	case "port":
		if part = u.Port(); part == "" {
			return nil, nil
		}
	case "path":
		part = u.Path
	case "query":
		part = u.RawQuery
	case "fragment":
		part = u.Fragment
	}
	return part, nil
}

func urlParameter(args []any) (any, error) {
	u, err := url.Parse(str(args, 0))
	if err != nil {
		return nil, nil // NULL for what is no URL
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, val, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(name); err == nil && decoded == str(args, 1) {
			if decoded, err = url.QueryUnescape(val); err == nil {
				return decoded, nil
			}
		}
	}
	return nil, nil
}

// urlEncode keeps letters, digits and . - * _, and writes a space as + ("url_encode").
func urlEncode(text string) string {
	return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(text))
}

func digest(args []any) (any, error) {
	raw := args[1].([]byte)
	switch str(args, 0) {
	case "md5":
		sum := md5.Sum(raw) // what Trino's md5() is
		return sum[:], nil
	case "sha1":
		sum := sha1.Sum(raw) // what Trino's sha1() is
		return sum[:], nil
	case "sha256":
		sum := sha256.Sum256(raw)
		return sum[:], nil
	}
	sum := sha512.Sum512(raw)
	return sum[:], nil
}

// shift moves the bits of an integer of so many bits.
func shift(args []any) (any, error) {
	x, by, size := num(args, 0), num(args, 1), num(args, 3)
	if by < 0 {
		return nil, errors.New("a shift by a negative number of bits")
	}
	mask := ^uint64(0) >> (64 - size)
	extend := func(bits uint64) int64 { return int64(bits<<(64-size)) >> (64 - size) }
	switch {
	case str(args, 2) == "arithmetic":
		return x >> min(by, 63), nil
	case by >= size:
		return int64(0), nil
	case str(args, 2) == "left":
		return extend(uint64(x) << by), nil
	}
	return extend((uint64(x) & mask) >> by), nil
}

func bitCount(args []any) (any, error) {
	x, size := num(args, 0), num(args, 1)
	if size < 2 || size > 64 {
		return nil, fmt.Errorf("the number of bits is %d, and has to be between 2 and 64", size)
	}
	if size < 64 && (x < -(1<<(size-1)) || x >= 1<<(size-1)) {
		return nil, fmt.Errorf("%d cannot be represented with %d bits", x, size)
	}
	return int64(bits.OnesCount64(uint64(x) & (^uint64(0) >> (64 - size)))), nil
}

// strpos is the place of the n-th occurrence, from the end when n is negative.
func strpos(args []any) (any, error) {
	text, part, n := str(args, 0), str(args, 1), num(args, 2)
	if n == 0 {
		return nil, errors.New("the instance of strpos must not be zero")
	}
	if part == "" {
		return int64(1), nil
	}
	at := -1
	if n > 0 {
		from := 0
		for ; n > 0; n-- {
			i := strings.Index(text[from:], part)
			if i < 0 {
				return int64(0), nil
			}
			at = from + i
			from = at + 1
		}
	} else {
		end := len(text)
		for ; n < 0; n++ {
			if at = strings.LastIndex(text[:end], part); at < 0 {
				return int64(0), nil
			}
			end = at + len(part) - 1
		}
	}
	return int64(utf8.RuneCountInString(text[:at]) + 1), nil
}

func normalize(args []any) (any, error) {
	form, ok := map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}[str(args, 1)]
	if !ok {
		return nil, fmt.Errorf("'%s' is no form of normalization; there are NFC, NFD, NFKC and NFKD", short(str(args, 1)))
	}
	return form.String(str(args, 0)), nil
}

// patterns keeps compiled patterns: a query has few, and asks for each in every row.
var patterns = struct {
	sync.Mutex
	known        map[string]*regexp.Regexp
	backtracking map[string]*regexp2.Regexp
}{known: map[string]*regexp.Regexp{}, backtracking: map[string]*regexp2.Regexp{}}

func compiled(pattern string) (*regexp.Regexp, error) {
	patterns.Lock()
	defer patterns.Unlock()
	if found, ok := patterns.known[pattern]; ok {
		return found, nil
	}
	made, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("the pattern '%s' cannot be used: %w", short(pattern), err)
	}
	if len(patterns.known) > 1000 {
		clear(patterns.known)
	}
	patterns.known[pattern] = made
	return made, nil
}

func regexpGroup(args []any) (any, error) {
	pattern, err := compiled(str(args, 1))
	if err != nil {
		return nil, err
	}
	group := num(args, 2)
	if group < 0 || group > int64(pattern.NumSubexp()) {
		return nil, fmt.Errorf("pattern has %d groups. Cannot access group %d", pattern.NumSubexp(), group)
	}
	found := pattern.FindStringSubmatchIndex(str(args, 0))
	if found == nil || found[2*group] < 0 {
		return nil, nil
	}
	return str(args, 0)[found[2*group]:found[2*group+1]], nil
}

// backtracking compiles a pattern with look-around or back-references, which RE2 has not.
// A match that takes too long is given up.
func backtracking(pattern string) (*regexp2.Regexp, error) {
	patterns.Lock()
	defer patterns.Unlock()
	if found, ok := patterns.backtracking[pattern]; ok {
		return found, nil
	}
	made, err := regexp2.Compile(pattern, regexp2.None)
	if err != nil {
		return nil, fmt.Errorf("the pattern '%s' cannot be used: %w", short(pattern), err)
	}
	made.MatchTimeout = time.Second
	if len(patterns.backtracking) > 1000 {
		clear(patterns.backtracking)
	}
	patterns.backtracking[pattern] = made
	return made, nil
}

func backtrackingLike(args []any) (any, error) {
	pattern, err := backtracking(str(args, 1))
	if err != nil {
		return nil, err
	}
	return pattern.MatchString(str(args, 0))
}

func backtrackingGroup(args []any) (any, error) {
	pattern, err := backtracking(str(args, 1))
	if err != nil {
		return nil, err
	}
	found, err := pattern.FindStringMatch(str(args, 0))
	if err != nil || found == nil {
		return nil, err
	}
	group := found.GroupByNumber(int(num(args, 2)))
	if group == nil {
		return nil, fmt.Errorf("pattern has %d groups. Cannot access group %d", found.GroupCount()-1, num(args, 2))
	}
	if len(group.Captures) == 0 {
		return nil, nil
	}
	return group.String(), nil
}

func regexpPosition(args []any) (any, error) {
	pattern, err := compiled(str(args, 1))
	if err != nil {
		return nil, err
	}
	text, start, occurrence := []rune(str(args, 0)), num(args, 2), num(args, 3)
	if start < 1 || occurrence < 1 {
		return nil, errors.New("the start and the occurrence of regexp_position must be at least 1")
	}
	if start > int64(len(text)) {
		return int64(-1), nil
	}
	rest := string(text[start-1:])
	found := pattern.FindAllStringIndex(rest, int(occurrence))
	if int64(len(found)) < occurrence {
		return int64(-1), nil
	}
	return start + int64(utf8.RuneCountInString(rest[:found[occurrence-1][0]])), nil
}

// humanSeconds is like "1 day, 2 hours" ("human_readable_seconds").
func humanSeconds(seconds float64) string {
	left := int64(math.Abs(math.Round(seconds)))
	var parts []string
	for _, unit := range []struct {
		name   string
		length int64
	}{{"week", 604800}, {"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}} {
		n := left / unit.length
		left %= unit.length
		if n == 1 {
			parts = append(parts, "1 "+unit.name)
		} else if n > 1 {
			parts = append(parts, fmt.Sprintf("%d %ss", n, unit.name))
		}
	}
	if len(parts) == 0 {
		return "0 seconds"
	}
	return strings.Join(parts, ", ")
}

var durationText = regexp.MustCompile(`^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*$`)

// duration is the milliseconds of text like 3.81d ("parse_duration").
func duration(args []any) (any, error) {
	lengths := map[string]float64{"ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1000, "m": 60000, "h": 3600000, "d": 86400000}
	found := durationText.FindStringSubmatch(str(args, 0))
	if found == nil || lengths[found[2]] == 0 {
		return nil, fmt.Errorf("'%s' is no duration, like 5.5m; the units are ns, us, ms, s, m, h, d", short(str(args, 0)))
	}
	n, err := strconv.ParseFloat(found[1], 64)
	return int64(math.Round(n * lengths[found[2]])), err
}
