package reports

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"playbook/steps"
)

// maxCell is how many characters of a value a table shows; evidence has all of it.
const maxCell = 400

// value is a value for people, in Markdown.
func value(v any, unit steps.Unit) string {
	switch v := v.(type) {
	case nil:
		return "—"
	case string:
		return inline(clip(v, maxCell))
	case int64:
		return number(v, unit)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e15 && unit != "" {
			return number(int64(v), unit)
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case time.Time:
		return instant(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		text = []byte(fmt.Sprint(v))
	}
	return inline(clip(string(text), maxCell))
}

func number(n int64, unit steps.Unit) string {
	switch unit {
	case steps.Bytes:
		return size(n)
	case steps.Count:
		return thousands(n)
	case steps.Seconds:
		return fmt.Sprintf("%d s", n)
	}
	return fmt.Sprint(n)
}

// size is a number of bytes in powers of 1000, as AWS bills it.
func size(n int64) string {
	if n > -1000 && n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	amount := float64(n)
	for _, unit := range []string{"kB", "MB", "GB", "TB", "PB"} {
		amount /= 1000
		if math.Abs(amount) < 999.95 || unit == "PB" {
			return fmt.Sprintf("%.1f %s", amount, unit)
		}
	}
	panic("unreachable")
}

func thousands(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func instant(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func milliseconds(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	if d >= time.Minute {
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// short is the beginning of a hash, enough to compare by eye; the annex has all of it.
func short(hash string) string {
	if len(hash) > 12 {
		return hash[:12]
	}
	return hash
}

func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// readingText says what was read of a source, and how much of that was sound.
func readingText(r steps.Reading) string {
	words := []string{fmt.Sprintf("%s of %s", counted(r.Files, "file"), r.Source)}
	if r.Damaged > 0 {
		words[0] += fmt.Sprintf(", %s of them damaged or left out", thousands(r.Damaged))
	}
	records := counted(r.Records, "record")
	if !r.From.IsZero() {
		records += " from " + instant(r.From) + " to " + instant(r.To)
	}
	words = append(words, records)
	if r.Misfits > 0 {
		words = append(words, counted(r.Misfits, "line")+" that did not fit")
	}
	if r.EmptyDays > 0 {
		words = append(words, counted(r.EmptyDays, "day")+" without a file")
	}
	return strings.Join(words, "; ")
}

// counted is a number of things, with its thousands set apart.
func counted(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return thousands(n) + " " + thing + "s"
}
