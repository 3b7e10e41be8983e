package dialect

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// piece of a location template: text, or the value of a column.
type piece struct {
	text   string
	column int // -1 for text
}

// template reads storage.location.template ("Specifying custom S3 storage locations").
// Templates that do not end in "/" are read as if they did: the guide asks for it, and
// its own examples leave it out.
func (r *projectionReader) template(p *Projection) {
	t := r.table
	custom := r.property(templateKey)
	p.location = folder(t.Location)
	if !custom.given {
		p.hive = true
		p.Template = p.location
		for _, column := range p.Columns {
			p.Template += column.Name + "=${" + column.Name + "}/"
		}
		return
	}
	if custom.hole {
		return
	}
	p.Template = folder(custom.text)
	used := r.pieces(p, custom)
	if !strings.HasPrefix(p.Template, "s3://") {
		r.mistake(custom.value, "", "the template %s does not begin with s3://", quote(custom.text))
	}
	for i, column := range p.Columns {
		if !used[i] {
			r.mistake(custom.value, "every partition column has its place in the template",
				"'%s' lacks ${%s}", templateKey, column.Name)
		}
	}
}

func (r *projectionReader) pieces(p *Projection, custom property) (used map[int]bool) {
	used = map[int]bool{}
	names := make([]string, len(p.Columns))
	for i, column := range p.Columns {
		names[i] = column.Name
	}
	rest := p.Template
	for {
		text, after, found := strings.Cut(rest, "${")
		if text != "" {
			p.pieces = append(p.pieces, piece{text, -1})
		}
		if !found {
			return used
		}
		name, after, closed := strings.Cut(after, "}")
		column := slices.Index(names, strings.ToLower(name))
		switch {
		case !closed:
			r.mistake(custom.value, "", "${ in '%s' is not closed", templateKey)
			return used
		case column < 0 && !r.table.at.partitionsHole:
			r.mistake(custom.value, didYouMean(name, names), "${%s} in '%s' is no partition column", name, templateKey)
		}
		used[column] = true
		p.pieces = append(p.pieces, piece{column: column})
		rest = after
	}
}

// folder ends a location with "/", unless it is empty.
func folder(location string) string {
	if location == "" || strings.HasSuffix(location, "/") {
		return location
	}
	return location + "/"
}

// Match tells the partition that the object at uri ("s3://bucket/key") belongs to: the
// values that put it where it is. It is false when no partition that is projected at
// the time now holds it: Athena does not read it.
func (p *Projection) Match(uri string, now time.Time) (values map[string]string, ok bool) {
	if p.hive {
		return hiveValues(uri, p.location, len(p.Columns), func(i int, name, value string) bool {
			c := &p.Columns[i]
			return c.Name == name && slices.Contains(c.candidates(value, "", now), value)
		})
	}
	found := make([]string, len(p.Columns))
	if !p.match(uri, p.pieces, found, now) {
		return nil, false
	}
	values = make(map[string]string, len(found))
	for i, value := range found {
		values[p.Columns[i].Name] = value
	}
	return values, true
}

// match tries every way to read rest as pieces; found holds the values so far.
func (p *Projection) match(rest string, pieces []piece, found []string, now time.Time) bool {
	if len(pieces) == 0 {
		return rest != ""
	}
	column := pieces[0].column
	if column < 0 {
		rest, ok := strings.CutPrefix(rest, pieces[0].text)
		return ok && p.match(rest, pieces[1:], found, now)
	}
	if found[column] != "" { // a column may stand in a template more than once
		rest, ok := strings.CutPrefix(rest, found[column])
		return ok && p.match(rest, pieces[1:], found, now)
	}
	next := ""
	if len(pieces) > 1 {
		next = pieces[1].text
	}
	for _, value := range p.Columns[column].candidates(rest, next, now) {
		found[column] = value
		if p.match(rest[len(value):], pieces[1:], found, now) {
			return true
		}
	}
	found[column] = ""
	return false
}

// candidates are the values of the column that rest begins with, the longest first, so
// far as next follows them.
func (c *ProjectedColumn) candidates(rest, next string, now time.Time) []string {
	var list []string
	switch c.Type {
	case Enum:
		for _, value := range c.Values {
			if strings.HasPrefix(rest, value) {
				list = append(list, value)
			}
		}
	case Integer:
		n := len(rest) - len(strings.TrimLeft(strings.TrimPrefix(rest, "-"), "0123456789"))
		for ; n > 0; n-- {
			if c.isInteger(rest[:n]) {
				list = append(list, rest[:n])
			}
		}
	case Date:
		if at, n, ok := c.format.parse(rest); ok && c.projects(at, now) {
			list = append(list, rest[:n])
		}
	case Injected:
		segment, _, _ := strings.Cut(rest, "/")
		for n := len(segment); n > 0; n-- {
			list = append(list, rest[:n])
		}
	}
	list = slices.DeleteFunc(list, func(value string) bool { return !strings.HasPrefix(rest[len(value):], next) })
	slices.SortStableFunc(list, func(a, b string) int { return len(b) - len(a) })
	return list
}

// isInteger reports whether text is one of the column's numbers, with as many digits as
// it has to have.
func (c *ProjectedColumn) isInteger(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < c.Min || n > c.Max {
		return false
	}
	digits, sign := strconv.FormatUint(uint64(max(n, -n)), 10), ""
	if n < 0 {
		digits, sign = strconv.FormatInt(n, 10)[1:], "-"
	}
	if len(digits) < c.Digits {
		digits = strings.Repeat("0", c.Digits-len(digits)) + digits
	}
	return text == sign+digits && (uint64(n)-uint64(c.Min))%uint64(c.Interval) == 0
}

// hiveValues reads n folders column=value below location, whose special characters are
// written as %XX (Hive's FileUtils.escapePathName).
func hiveValues(uri, location string, n int, is func(i int, name, value string) bool) (map[string]string, bool) {
	rest, ok := strings.CutPrefix(uri, location)
	if !ok || location == "" {
		return nil, false
	}
	values := make(map[string]string, n)
	for i := range n {
		segment, after, inside := strings.Cut(rest, "/")
		name, value, pair := strings.Cut(segment, "=")
		name = strings.ToLower(name)
		if unescaped, err := url.PathUnescape(value); err == nil {
			value = unescaped
		}
		if !inside || !pair || !is(i, name, value) {
			return nil, false
		}
		values[name], rest = value, after
	}
	return values, rest != ""
}
