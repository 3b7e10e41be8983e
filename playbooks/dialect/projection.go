package dialect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ProjectionType is how the values of a partition column are made up.
type ProjectionType string

// The types of "Supported types for partition projection".
const (
	Enum     ProjectionType = "enum"
	Integer  ProjectionType = "integer"
	Date     ProjectionType = "date"
	Injected ProjectionType = "injected"
)

// suffixes are the properties projection.<column>.<suffix> that each type has.
var suffixes = map[ProjectionType][]string{
	Enum:     {"type", "values"},
	Integer:  {"type", "range", "interval", "digits"},
	Date:     {"type", "range", "format", "interval", "interval.unit"},
	Injected: {"type"},
}

// Projection is a table's partition projection ("Partition projection with Amazon
// Athena"): which partitions there are, and where, told from properties alone.
type Projection struct {
	Columns  []ProjectedColumn // in the order of the table's partition columns
	Template string            // storage.location.template, or the layout of Hive; ends in "/"

	hive     bool // there is no storage.location.template
	location string
	pieces   []piece
}

// ProjectedColumn is one partition column.
type ProjectedColumn struct {
	Name string
	Type ProjectionType

	Values   []string // of Enum
	Min, Max int64    // of Integer, both included
	Digits   int      // of Integer; 0 for no leading zeros
	Interval int64    // of Integer and Date; at least 1
	From, To Moment   // of Date, both included
	Format   string   // of Date, as java.time.format.DateTimeFormatter writes it
	Unit     string   // of Date: YEARS … MILLISECONDS

	format *dateFormat
}

// maxDigits is those of Java's long, to which integers are limited.
const maxDigits = 19

const (
	enabledKey  = "projection.enabled"
	templateKey = "storage.location.template"
)

// Projection reads the table's partition projection. It is nil when the table has none,
// or when a mistake is found.
func (t *Table) Projection() (*Projection, []*Error) {
	r := projectionReader{table: t, keys: map[string]string{}}
	for key := range t.Properties {
		r.keys[strings.ToLower(key)] = key
	}
	enabled := r.property(enabledKey)
	switch {
	case !enabled.given:
		r.unused()
		return nil, r.mistakes
	case enabled.hole, strings.EqualFold(enabled.text, "true"):
	case strings.EqualFold(enabled.text, "false"):
		return nil, nil
	default:
		r.mistake(enabled.value, "", "'%s' is true or false, not %s", enabledKey, quote(enabled.text))
		return nil, r.mistakes
	}
	p := &Projection{}
	for _, column := range t.Partitions {
		if column.Name != "" {
			p.Columns = append(p.Columns, r.column(column))
		}
	}
	r.unknown()
	r.template(p)
	if len(r.mistakes) > 0 {
		slices.SortFunc(r.mistakes, func(a, b *Error) int { return a.Offset - b.Offset })
		return nil, r.mistakes
	}
	return p, nil
}

type projectionReader struct {
	table    *Table
	keys     map[string]string // keys as written, by their lower case
	mistakes []*Error
}

func (r *projectionReader) mistake(offset int, hint, format string, args ...any) {
	r.mistakes = append(r.mistakes, &Error{Offset: offset, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// property is one of TBLPROPERTIES: its text, and where its key and its value stand.
type property struct {
	text        string
	given, hole bool
	key, value  int
}

func (r *projectionReader) property(name string) property {
	key, ok := r.keys[name]
	if !ok {
		return property{hole: r.table.at.keyHole} // the hole may be this very key
	}
	at := r.table.at
	return property{text: r.table.Properties[key], given: true, hole: at.valueHoles[key], key: at.keys[key], value: at.values[key]}
}

// unused refuses projection properties without the switch: Athena would ask the catalog
// for partitions instead and, finding none, answer with no rows.
func (r *projectionReader) unused() {
	for _, name := range sortedKeys(r.keys) {
		if (strings.HasPrefix(name, "projection.") || name == templateKey) && !r.table.at.keyHole {
			r.mistake(r.property(name).key, "add 'projection.enabled' = 'true'", "'%s' has no effect without '%s'", name, enabledKey)
			return
		}
	}
}

func (r *projectionReader) column(column Column) ProjectedColumn {
	c := ProjectedColumn{Name: column.Name, Interval: 1}
	prefix := "projection." + column.Name + "."
	kind := r.property(prefix + "type")
	c.Type = ProjectionType(strings.ToLower(strings.TrimSpace(kind.text)))
	switch {
	case kind.hole:
		return c
	case !kind.given: // "Set up partition projection"
		r.mistake(column.Offset, fmt.Sprintf("add '%stype' = 'enum', 'integer', 'date' or 'injected'", prefix),
			"the partition column %s has no projection", column.Name)
		return c
	}
	has, known := suffixes[c.Type]
	if !known {
		r.mistake(kind.value, "there are enum, integer, date and injected", "%s is not a type of partition projection", quote(kind.text))
		return c
	}
	r.knownSuffixes(prefix, c.Type, has)
	required := func(suffix string) (property, bool) {
		p := r.property(prefix + suffix)
		if !p.given && !p.hole {
			r.mistake(kind.value, fmt.Sprintf("add '%s%s'", prefix, suffix), "the %s projection of %s lacks its %s", c.Type, c.Name, suffix)
		}
		return p, p.given && !p.hole
	}
	switch c.Type {
	case Enum:
		r.enum(&c, required)
	case Integer:
		r.integer(&c, prefix, required)
	case Date:
		r.date(&c, prefix, required)
	}
	return c
}

type requirement func(suffix string) (property, bool)

func (r *projectionReader) knownSuffixes(prefix string, kind ProjectionType, has []string) {
	for _, name := range sortedKeys(r.keys) {
		suffix, ok := strings.CutPrefix(name, prefix)
		if ok && !slices.Contains(has, suffix) {
			r.mistake(r.property(name).key, didYouMean(suffix, has), "a column of type %s has no property %s", kind, quote(suffix))
		}
	}
}

// enum reads a list where white space is part of a value, so that 'a, b' holds " b".
func (r *projectionReader) enum(c *ProjectedColumn, required requirement) {
	values, ok := required("values")
	if !ok {
		return
	}
	c.Values = strings.Split(values.text, ",")
	for _, value := range c.Values {
		switch {
		case value == "":
			r.mistake(values.value, "write the values with one comma between two", "the values of %s hold an empty one", c.Name)
			return
		case strings.TrimSpace(value) != value:
			r.mistake(values.value, "take the white space around the commas away; it counts as part of the value",
				"the value %s of %s matches no path", quote(value), c.Name)
			return
		}
	}
}

func (r *projectionReader) integer(c *ProjectedColumn, prefix string, required requirement) {
	c.Interval = r.positive(prefix+"interval", 1)
	c.Digits = int(r.positive(prefix+"digits", 0))
	if c.Digits > maxDigits {
		digits := r.property(prefix + "digits")
		r.mistake(digits.value, "", "%s digits are more than an integer has", quote(digits.text))
		c.Digits = 0
	}
	limits, ok := required("range")
	if !ok {
		return
	}
	from, to, two := strings.Cut(limits.text, ",")
	var errFrom, errTo error
	c.Min, errFrom = strconv.ParseInt(strings.TrimSpace(from), 10, 64)
	c.Max, errTo = strconv.ParseInt(strings.TrimSpace(to), 10, 64)
	switch {
	case !two, errFrom != nil, errTo != nil:
		r.mistake(limits.value, "write two whole numbers, as in '0,23'", "%s is not a range of integers", quote(limits.text))
	case c.Min > c.Max:
		r.mistake(limits.value, "", "the range %s ends before it begins", quote(limits.text))
	}
}

func (r *projectionReader) positive(name string, otherwise int64) int64 {
	p := r.property(name)
	if !p.given || p.hole {
		return otherwise
	}
	n, err := strconv.ParseInt(strings.TrimSpace(p.text), 10, 32)
	if err != nil || n < 1 {
		r.mistake(p.value, "", "'%s' is a positive number, not %s", name, quote(p.text))
		return max(otherwise, 1)
	}
	return n
}

// unknown refuses properties of columns that are no partition columns, and misspelled
// ones of the table.
func (r *projectionReader) unknown() {
	if r.table.at.partitionsHole {
		return
	}
	var columns []string
	for _, column := range r.table.Partitions {
		if column.Name == "" {
			return
		}
		columns = append(columns, column.Name)
	}
	for _, name := range sortedKeys(r.keys) {
		rest, ok := strings.CutPrefix(name, "projection.")
		if !ok || name == enabledKey || slices.ContainsFunc(columns, func(c string) bool { return strings.HasPrefix(rest, c+".") }) {
			continue
		}
		key := r.property(name).key
		if column, _, ok := strings.Cut(rest, "."); ok {
			r.mistake(key, didYouMean(column, columns), "there is no partition column %s", quote(column))
		} else {
			r.mistake(key, didYouMean(rest, []string{"enabled"}), "there is no property '%s'", name)
		}
	}
}
