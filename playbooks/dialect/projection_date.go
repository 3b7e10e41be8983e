package dialect

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// units of an interval, from the finest, as java.time.temporal.ChronoUnit names them.
var units = []string{"MILLISECONDS", "SECONDS", "MINUTES", "HOURS", "DAYS", "WEEKS", "MONTHS", "YEARS"}

var durations = map[string]time.Duration{"MILLISECONDS": time.Millisecond, "SECONDS": time.Second,
	"MINUTES": time.Minute, "HOURS": time.Hour, "DAYS": 24 * time.Hour, "WEEKS": 7 * 24 * time.Hour}

// Moment is an end of a range of dates: a date, or one relative to now.
type Moment struct {
	Time  time.Time // UTC; not when Now
	Now   bool
	Count int64  // of Unit, from now; negative for the past
	Unit  string // YEARS … SECONDS
}

// relative is the pattern of "Supported types for partition projection".
var relative = regexp.MustCompile(`^\s*NOW\s*(?:([+-])\s*([0-9]+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?\s*)?$`)

func (m Moment) at(now time.Time) time.Time {
	switch {
	case !m.Now:
		return m.Time
	case m.Count == 0:
		return now.UTC()
	}
	return later(now.UTC(), m.Count, m.Unit)
}

// later adds as java.time does: a month later than 31 January is the end of February.
func later(t time.Time, count int64, unit string) time.Time {
	switch unit {
	case "YEARS":
		return later(t, 12*count, "MONTHS")
	case "MONTHS":
		first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
		first = first.AddDate(0, int(count), 0)
		last := first.AddDate(0, 1, -1).Day()
		return first.AddDate(0, 0, min(t.Day(), last)-1)
	case "DAYS", "WEEKS":
		return t.AddDate(0, 0, int(count)*int(durations[unit]/durations["DAYS"]))
	}
	// Not Add: a time.Duration ends after 292 years.
	return time.Unix(t.Unix()+count*int64(durations[unit]/time.Second), int64(t.Nanosecond())).UTC()
}

func (r *projectionReader) date(c *ProjectedColumn, prefix string, required requirement) {
	format, ok := required("format")
	if ok {
		var problem string
		c.Format = format.text
		if c.format, problem = parseDateFormat(format.text); problem != "" {
			r.mistake(format.value, "", "the date format %s %s", quote(format.text), problem)
		}
	}
	limits, ok := required("range")
	if ok && c.format != nil {
		r.dateRange(c, limits)
	}
	r.dateInterval(c, prefix, required)
}

func (r *projectionReader) dateRange(c *ProjectedColumn, limits property) {
	ends := strings.Split(limits.text, ",")
	if len(ends) != 2 {
		r.mistake(limits.value, "write two dates, as in '"+c.format.format(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))+",NOW'",
			"%s is not a range of dates", quote(limits.text))
		return
	}
	for i, moment := range []*Moment{&c.From, &c.To} {
		if !r.moment(c, moment, ends[i], limits) {
			return
		}
	}
	if !c.From.Now && !c.To.Now && c.From.Time.After(c.To.Time) {
		r.mistake(limits.value, "", "the range %s ends before it begins", quote(limits.text))
	}
}

func (r *projectionReader) moment(c *ProjectedColumn, m *Moment, text string, limits property) bool {
	if parts := relative.FindStringSubmatch(text); parts != nil {
		m.Now = true
		if parts[1] == "" {
			return true
		}
		count, err := strconv.ParseInt(parts[1]+parts[2], 10, 64)
		// Beyond this no calendar reaches, and nobody means it.
		if m.Count, m.Unit = count, parts[3]+"S"; err == nil && max(count, -count) <= 1_000_000_000 {
			return true
		}
		r.mistake(limits.value, "", "%s is too far from now", quote(text))
		return false
	}
	at, n, ok := c.format.parse(text)
	if !ok || n != len(text) {
		r.mistake(limits.value, "write dates in that format, or NOW, NOW-3DAYS and the like",
			"%s in the range of %s does not fit its format %s", quote(text), c.Name, quote(c.Format))
		return false
	}
	m.Time = at
	return true
}

// dateInterval reads interval and interval.unit, which may be left out only for formats
// that end with the day or the month.
func (r *projectionReader) dateInterval(c *ProjectedColumn, prefix string, required requirement) {
	c.Interval = r.positive(prefix+"interval", 1)
	precision := ""
	if c.format != nil {
		precision = c.format.precision
	}
	if precision == "DAYS" || precision == "MONTHS" || c.format == nil {
		c.Unit = precision
	} else {
		required("interval")
		if _, ok := required("interval.unit"); !ok {
			return
		}
	}
	unit := r.property(prefix + "interval.unit")
	if !unit.given || unit.hole {
		return
	}
	c.Unit = strings.ToUpper(strings.TrimSpace(unit.text))
	if !slices.Contains(units, c.Unit) {
		r.mistake(unit.value, didYouMean(unit.text, units), "%s is not a unit of time", quote(unit.text))
	}
}

// projects reports whether one of the column's dates is at.
func (c *ProjectedColumn) projects(at, now time.Time) bool {
	from, to := c.format.truncate(c.From.at(now)), c.format.truncate(c.To.at(now))
	if at.Before(from) || at.After(to) {
		return false
	}
	if slices.Index(units, c.Unit) < slices.Index(units, c.format.precision) {
		return true // steps are shorter than what the format shows
	}
	switch c.Unit {
	case "MONTHS", "YEARS":
		step := int(c.Interval)
		if c.Unit == "YEARS" {
			step *= 12
		}
		months := (at.Year()-from.Year())*12 + int(at.Month()-from.Month())
		return months%step == 0 && later(from, int64(months), "MONTHS").Equal(at)
	}
	return (at.Unix()-from.Unix())*1000%(c.Interval*durations[c.Unit].Milliseconds()) == 0
}
