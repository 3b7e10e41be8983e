package dialect

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// dateFormat is a pattern of java.time.format.DateTimeFormatter, as far as paths use it.
type dateFormat struct {
	parts     []datePart
	precision string // the finest unit that it shows
}

// datePart is a run of one letter, or text that stands for itself.
type datePart struct {
	letter byte
	width  int
	text   string
}

// precisions are the letters that can be read, each with what it shows.
var precisions = map[byte]string{'y': "YEARS", 'u': "YEARS", 'M': "MONTHS", 'L': "MONTHS", 'd': "DAYS", 'D': "DAYS",
	'E': "DAYS", 'H': "HOURS", 'h': "HOURS", 'k': "HOURS", 'K': "HOURS", 'a': "HOURS", 'm': "MINUTES", 's': "SECONDS", 'S': "MILLISECONDS"}

// parseDateFormat reads a pattern, or says what is wrong with it.
func parseDateFormat(pattern string) (*dateFormat, string) {
	f := &dateFormat{precision: "YEARS"}
	seen := map[byte]bool{}
	for i := 0; i < len(pattern); {
		c := pattern[i]
		n := 1
		switch {
		case c == '\'':
			text, length, ok := quotedText(pattern[i:])
			if !ok {
				return nil, "has a ' that is not closed"
			}
			f.parts = append(f.parts, datePart{text: text})
			n = length
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			for i+n < len(pattern) && pattern[i+n] == c {
				n++
			}
			precision, ok := precisions[c]
			if !ok || n > 9 || n > 4 && c != 'S' {
				return nil, fmt.Sprintf("has %s in it, which is not known here", quote(pattern[i:i+n]))
			}
			if finer(precision, f.precision) {
				f.precision = precision
			}
			seen[c] = true
			f.parts = append(f.parts, datePart{letter: c, width: n})
		case strings.IndexByte("[]{}#", c) >= 0:
			return nil, fmt.Sprintf("has %c in it, which is not known here", c)
		default:
			f.parts = append(f.parts, datePart{text: string(c)})
		}
		i += n
	}
	switch {
	case !seen['y'] && !seen['u']:
		return nil, "shows no year (yyyy)"
	case (seen['h'] || seen['K']) != seen['a']:
		return nil, "shows hours of half a day without AM or PM, or the other way round"
	case f.precision != "YEARS" && f.precision != "MONTHS" && !seen['d'] && !seen['D'],
		f.precision != "YEARS" && !seen['M'] && !seen['L'] && !seen['D']:
		return nil, "leaves out the month or the day"
	}
	return f, ""
}

func finer(a, b string) bool {
	for _, unit := range units {
		if unit == a || unit == b {
			return unit == a && a != b
		}
	}
	return false
}

// quotedText reads '…', where ” is a quote, also alone.
func quotedText(pattern string) (text string, length int, ok bool) {
	if strings.HasPrefix(pattern, "''") {
		return "'", 2, true
	}
	for i := 1; i < len(pattern); i++ {
		if pattern[i] != '\'' {
			text += pattern[i : i+1]
		} else if i+1 < len(pattern) && pattern[i+1] == '\'' {
			text += "'"
			i++
		} else {
			return text, i + 1, true
		}
	}
	return "", 0, false
}

func (f *dateFormat) format(t time.Time) string {
	var b strings.Builder
	for _, part := range f.parts {
		b.WriteString(part.format(t))
	}
	return b.String()
}

func (p datePart) format(t time.Time) string {
	number := func(n int) string { return fmt.Sprintf("%0*d", p.width, n) }
	switch p.letter {
	case 'y', 'u':
		if p.width == 2 {
			return number(t.Year() % 100)
		}
		return number(t.Year())
	case 'M', 'L':
		if p.width > 2 {
			return t.Format([]string{"Jan", "January"}[p.width-3])
		}
		return number(int(t.Month()))
	case 'd':
		return number(t.Day())
	case 'D':
		return number(t.YearDay())
	case 'E':
		if p.width == 4 {
			return t.Format("Monday")
		}
		return t.Format("Mon")
	case 'H':
		return number(t.Hour())
	case 'k':
		return number((t.Hour()+23)%24 + 1)
	case 'h':
		return number((t.Hour()+11)%12 + 1)
	case 'K':
		return number(t.Hour() % 12)
	case 'a':
		return t.Format("PM")
	case 'm':
		return number(t.Minute())
	case 's':
		return number(t.Second())
	case 'S':
		return fmt.Sprintf("%09d", t.Nanosecond())[:p.width]
	}
	return p.text
}

// truncate cuts off what the format does not show.
func (f *dateFormat) truncate(t time.Time) time.Time {
	if at, _, ok := f.parse(f.format(t)); ok {
		return at
	}
	return t
}

// parse reads the date that text begins with, and says how long it is. Only what format
// writes is accepted: 2024/02/30 is no date, and 2024/2/3 is not of yyyy/MM/dd.
func (f *dateFormat) parse(text string) (at time.Time, length int, ok bool) {
	v := map[byte]int{'y': 0, 'M': 1, 'd': 1}
	rest := text
	for _, part := range f.parts {
		n, ok := part.parse(rest, v)
		if !ok {
			return time.Time{}, 0, false
		}
		rest = rest[n:]
	}
	hour := v['H']
	if k, ok := v['k']; ok {
		hour = k % 24
	}
	if h, ok := v['h']; ok {
		hour = h%12 + v['a']
	}
	at = time.Date(v['y'], time.Month(v['M']), v['d'], hour, v['m'], v['s'], v['S'], time.UTC)
	if day, ok := v['D']; ok {
		at = time.Date(v['y'], 1, day, hour, v['m'], v['s'], v['S'], time.UTC)
	}
	length = len(text) - len(rest)
	return at, length, f.format(at) == text[:length]
}

// parse reads one part into v, by letter, and says how long it is.
func (p datePart) parse(text string, v map[byte]int) (int, bool) {
	switch {
	case p.letter == 0:
		return len(p.text), strings.HasPrefix(text, p.text)
	case p.letter == 'a':
		if len(text) < 2 || text[:2] != "AM" && text[:2] != "PM" {
			return 0, false
		}
		v['a'] = map[byte]int{'A': 0, 'P': 12}[text[0]]
		return 2, true
	case p.letter == 'E', (p.letter == 'M' || p.letter == 'L') && p.width > 2:
		return p.parseName(text, v)
	}
	limit := p.width
	if p.width == 1 && p.letter != 'S' {
		limit = map[byte]int{'y': 4, 'u': 4, 'D': 3}[p.letter]
		limit = max(limit, 2)
	}
	n := 0
	for n < len(text) && n < limit && isDigit(text[n]) {
		n++
	}
	number, err := strconv.Atoi(text[:n])
	if err != nil || n < p.width {
		return 0, false
	}
	switch p.letter {
	case 'u', 'y':
		if p.width == 2 {
			number += 2000
		}
		v['y'] = number
	case 'L':
		v['M'] = number
	case 'K':
		v['h'] = number
	case 'S':
		for range 9 - n {
			number *= 10
		}
		v['S'] = number
	default:
		v[p.letter] = number
	}
	return n, true
}

func (p datePart) parseName(text string, v map[byte]int) (int, bool) {
	if p.letter == 'E' {
		for day := range 7 {
			name := p.format(time.Date(2024, 1, 1+day, 0, 0, 0, 0, time.UTC))
			if strings.HasPrefix(text, name) {
				return len(name), true
			}
		}
		return 0, false
	}
	for month := time.January; month <= time.December; month++ {
		name := p.format(time.Date(2024, month, 1, 0, 0, 0, 0, time.UTC))
		if strings.HasPrefix(text, name) {
			v['M'] = int(month)
			return len(name), true
		}
	}
	return 0, false
}
