package trino

import (
	"crypto/hmac"
	"crypto/md5"  // what Trino's hmac_md5() is
	"crypto/sha1" // what Trino's hmac_sha1() is
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"
)

func keyedHash(args []any) (any, error) {
	kind := map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}[str(args, 0)]
	h := hmac.New(kind, args[2].([]byte))
	h.Write(args[1].([]byte))
	return h.Sum(nil), nil
}

// levenshtein counts insertions, deletions and substitutions of characters.
func levenshtein(args []any) (any, error) {
	x, y := []rune(str(args, 0)), []rune(str(args, 1))
	if len(x)*len(y) > 100_000_000 {
		return nil, errors.New("the texts of levenshtein_distance are too long")
	}
	last, row := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
		}
		last, row = row, last
	}
	return int64(last[len(y)]), nil
}

func hamming(args []any) (any, error) {
	x, y := []rune(str(args, 0)), []rune(str(args, 1))
	if len(x) != len(y) {
		return nil, errors.New("the strings of hamming_distance must have the same length")
	}
	var n int64
	for i := range x {
		if x[i] != y[i] {
			n++
		}
	}
	return n, nil
}

// soundex is the American one: a letter and three digits.
func soundex(text string) string {
	const codes = "01230120022455012623010202" // of A to Z
	var b strings.Builder
	var last byte
	for _, c := range []byte(strings.ToUpper(text)) {
		if c < 'A' || c > 'Z' {
			continue
		}
		code := codes[c-'A']
		switch {
		case b.Len() == 0:
			b.WriteByte(c)
		case code != '0' && code != last:
			b.WriteByte(code)
		}
		if c != 'H' && c != 'W' { // they do not part equal codes
			last = code
		}
		if b.Len() == 4 {
			break
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return (b.String() + "000")[:4]
}

// formatMySQL writes microseconds since 1970 in a format of MySQL's.
func formatMySQL(args []any) (any, error) {
	at, format := time.UnixMicro(num(args, 0)).UTC(), str(args, 1)
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		replaced, known := mysql[format[i]]
		if known && replaced == "" {
			return nil, fmt.Errorf("the date format %%%c is not supported in Athena either", format[i])
		}
		hour := (at.Hour()+11)%12 + 1
		year, week := at.ISOWeek()
		switch format[i] {
		case 'a':
			b.WriteString(at.Format("Mon"))
		case 'b':
			b.WriteString(at.Format("Jan"))
		case 'c':
			fmt.Fprint(&b, int(at.Month()))
		case 'd':
			b.WriteString(at.Format("02"))
		case 'e':
			fmt.Fprint(&b, at.Day())
		case 'f':
			b.WriteString(at.Format(".000000")[1:])
		case 'H':
			b.WriteString(at.Format("15"))
		case 'h', 'I':
			fmt.Fprintf(&b, "%02d", hour)
		case 'i':
			b.WriteString(at.Format("04"))
		case 'j':
			b.WriteString(at.Format("002"))
		case 'k':
			fmt.Fprint(&b, at.Hour())
		case 'l':
			fmt.Fprint(&b, hour)
		case 'M':
			b.WriteString(at.Format("January"))
		case 'm':
			b.WriteString(at.Format("01"))
		case 'p':
			b.WriteString(at.Format("PM"))
		case 'r':
			fmt.Fprintf(&b, "%02d:%s", hour, at.Format("04:05 PM"))
		case 'S', 's':
			b.WriteString(at.Format("05"))
		case 'T':
			b.WriteString(at.Format("15:04:05"))
		case 'v':
			fmt.Fprintf(&b, "%02d", week)
		case 'W':
			b.WriteString(at.Format("Monday"))
		case 'x':
			fmt.Fprintf(&b, "%04d", year)
		case 'Y':
			b.WriteString(at.Format("2006"))
		case 'y':
			b.WriteString(at.Format("06"))
		default:
			b.WriteByte(format[i])
		}
	}
	return b.String(), nil
}

// parseMySQL reads a time in a format of MySQL's into microseconds since 1970, as
// date_parse does: what the format does not say is that of 1970-01-01 00:00:00.
func parseMySQL(args []any) (any, error) {
	text, format := str(args, 0), str(args, 1)
	bad := fmt.Errorf("invalid format: '%s' does not match '%s'", short(text), short(format))
	year, month, day, hour, minute, second, micros, yearDay := 1970, 1, 1, 0, 0, 0, 0, 0
	afternoon, twelve := -1, false
	rest := text
	digits := func(most int) (int, bool) {
		n := 0
		for n < len(rest) && n < most && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		made, err := strconv.Atoi(rest[:n])
		rest = rest[n:]
		return made, err == nil
	}
	name := func(names []string) (int, bool) {
		for i, name := range names {
			if len(rest) >= len(name) && strings.EqualFold(rest[:len(name)], name) {
				rest = rest[len(name):]
				return i, true
			}
		}
		return 0, false
	}
	format = strings.NewReplacer("%%", "%%", "%r", "%h:%i:%s %p", "%T", "%H:%i:%s").Replace(format)
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			if rest == "" || rest[0] != format[i] {
				return nil, bad
			}
			rest = rest[1:]
			continue
		}
		i++
		ok := true
		switch c := format[i]; c {
		case 'a':
			_, ok = name(shortDays)
		case 'W':
			_, ok = name(longDays)
		case 'b':
			month, ok = name(shortMonths)
			month++
		case 'M':
			month, ok = name(longMonths)
			month++
		case 'c', 'm':
			month, ok = digits(2)
		case 'd', 'e':
			day, ok = digits(2)
		case 'H', 'k':
			hour, ok = digits(2)
		case 'h', 'I', 'l':
			hour, ok = digits(2)
			twelve = true
			ok = ok && hour >= 1 && hour <= 12
		case 'i':
			minute, ok = digits(2)
		case 's', 'S':
			second, ok = digits(2)
		case 'f':
			before := rest
			_, ok = digits(9)
			fraction := (before[:len(before)-len(rest)] + "000000")[:6]
			micros, _ = strconv.Atoi(fraction)
			micros = micros / 1000 * 1000 // timestamp(3)
		case 'j':
			yearDay, ok = digits(3)
		case 'p':
			afternoon, ok = name([]string{"AM", "PM"})
		case 'Y':
			year, ok = digits(4)
		case 'y':
			year, ok = digits(2)
			year += map[bool]int{true: 1900, false: 2000}[year >= 70]
		case 'D', 'U', 'u', 'V', 'w', 'X':
			return nil, fmt.Errorf("the date format %%%c is not supported in Athena either", c)
		case 'v', 'x':
			return nil, fmt.Errorf("date_parse with %%%c is not supported on a case", c)
		default:
			ok = rest != "" && rest[0] == c
			if ok {
				rest = rest[1:]
			}
		}
		if !ok {
			return nil, bad
		}
	}
	if twelve {
		if hour %= 12; afternoon == 1 {
			hour += 12
		}
	}
	at := time.Date(year, time.Month(month), day, hour, minute, second, 1000*micros, time.UTC)
	if yearDay > 0 {
		at = time.Date(year, 1, yearDay, hour, minute, second, 1000*micros, time.UTC)
		month, day = int(at.Month()), at.Day()
	}
	if rest != "" || at.Day() != day || int(at.Month()) != month || hour > 23 || minute > 59 || second > 59 {
		return nil, bad
	}
	return at.UnixMicro(), nil
}

var (
	shortDays   = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
	longDays    = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	shortMonths = []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	longMonths  = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
)

// isoDate reads a date of ISO 8601: 2020-05-11, 2020-W10, 2020-W10-2 or 2020-123.
func isoDate(args []any) (any, error) {
	text := str(args, 0)
	if at, err := time.Parse("2006-01-02", text); err == nil {
		return at.Format("2006-01-02"), nil
	}
	if at, err := time.Parse("2006-002", text); err == nil {
		return at.Format("2006-01-02"), nil
	}
	var year, week int
	day := 1
	if n, _ := fmt.Sscanf(text, "%4d-W%2d-%1d", &year, &week, &day); n >= 2 && week >= 1 && week <= 53 && day >= 1 && day <= 7 {
		first := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC) // is always in week 1
		monday := first.AddDate(0, 0, -(int(first.Weekday())+6)%7)
		return monday.AddDate(0, 0, 7*(week-1)+day-1).Format("2006-01-02"), nil
	}
	return nil, fmt.Errorf("'%s' is no date of ISO 8601, like 2026-03-01", short(text))
}
