package dialect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// held checks the statement that PREPARE or EXECUTE IMMEDIATE holds.
func (l *linter) held(p *Prepared) {
	inner := linter{Statement: p.Statement, prepared: true}
	inner.query()
	if inner.Filled != nil {
		inner.tableProperties(inner.Filled.Properties)
	}
	for _, m := range inner.mistakes {
		m.Offset = p.Place(m.Offset)
		l.mistakes = append(l.mistakes, m)
	}
	for _, t := range l.Tokens {
		if t.Kind == Parameter && l.Class == Execute { // behind USING
			l.mistake(t.Offset, "write the value", "a ? has no value here")
		}
	}
}

// parameter checks where a ? stands (SqlBase.g4: a parameter is an expression, and these
// want a literal, a list or a name).
func (l *linter) parameter(before, t Token) {
	if !l.prepared {
		l.mistake(t.Offset, "write ${{ }} with an expression, or PREPARE the statement", "a ? has no value here")
		return
	}
	upper := strings.ToUpper(before.Text)
	switch {
	case before.isOperator("."):
		l.mistake(t.Offset, "write ${{ ident(…) }}", "a ? stands for a value, not for a name")
	case before.Kind != Word:
	case slices.Contains([]string{"DATE", "TIME", "TIMESTAMP"}, upper):
		l.mistake(t.Offset, fmt.Sprintf("write CAST(? AS %s)", strings.ToLower(upper)), "a ? cannot follow %s", upper)
	case upper == "INTERVAL":
		l.mistake(t.Offset, "write ? * INTERVAL '1' DAY", "a ? cannot follow INTERVAL")
	case upper == "IN":
		l.mistake(t.Offset, "write IN (?, ?), with one ? for each value", "a ? cannot stand for a list")
	case slices.Contains([]string{"JOIN", "TABLE", "INTO", "AS"}, upper):
		l.mistake(t.Offset, "write ${{ ident(…) }}", "a ? stands for a value, not for a name")
	}
}

// propertyKind is what a property of CREATE TABLE AS takes.
type propertyKind int

const (
	textProperty propertyKind = iota
	numberProperty
	boolProperty
	listProperty
)

// tableProperties are those of "CREATE TABLE AS".
var tableProperties = map[string]propertyKind{
	"table_type": textProperty, "external_location": textProperty, "is_external": boolProperty, "location": textProperty,
	"format": textProperty, "partitioned_by": listProperty, "partitioning": listProperty, "bucketed_by": listProperty,
	"bucket_count": numberProperty, "orc_compression": textProperty, "parquet_compression": textProperty,
	"write_compression": textProperty, "compression_level": numberProperty, "field_delimiter": textProperty,
	"optimize_rewrite_min_data_file_size_bytes": numberProperty, "optimize_rewrite_max_data_file_size_bytes": numberProperty,
	"optimize_rewrite_data_file_threshold": numberProperty, "optimize_rewrite_delete_file_threshold": numberProperty,
	"vacuum_min_snapshots_to_keep": numberProperty, "vacuum_max_snapshot_age_seconds": numberProperty,
}

// tableFormats are those that CREATE TABLE AS can write.
var tableFormats = []string{"ORC", "PARQUET", "AVRO", "ION", "JSON", "TEXTFILE"}

func (l *linter) tableProperties(list []Property) {
	seen := map[string]bool{}
	for _, p := range list {
		kind, known := tableProperties[p.Name]
		_, lower := tableProperties[strings.ToLower(p.Name)]
		switch {
		case !known && lower: // "CREATE TABLE AS": must be listed in lowercase
			l.mistake(p.Offset, "write "+strings.ToLower(p.Name), "the property %s is written in lower case", p.Name)
			continue
		case !known:
			l.mistake(p.Offset, didYouMean(p.Name, sortedKeys(tableProperties)), "CREATE TABLE AS has no property %s", quote(p.Name))
			continue
		case seen[p.Name]:
			l.mistake(p.Offset, "", "the property %s is given twice", p.Name)
		}
		seen[p.Name] = true
		if !p.HasHole {
			l.tableProperty(p, kind)
		}
	}
	buckets, number := seen["bucketed_by"], seen["bucket_count"]
	if buckets != number {
		missing := map[bool]string{true: "bucket_count = 10", false: "bucketed_by = ARRAY['column']"}[buckets]
		l.mistake(list[0].Offset, "add "+missing, "bucketed_by and bucket_count go together")
	}
}

func (l *linter) tableProperty(p Property, kind propertyKind) {
	if p.IsList != (kind == listProperty) {
		hint := "write a text in quotes"
		if kind == listProperty {
			hint = fmt.Sprintf("write %s = ARRAY['column']", p.Name)
		}
		l.mistake(p.Value, hint, "this is not what %s takes", p.Name)
		return
	}
	if p.IsList {
		return
	}
	value := p.Values[0]
	switch {
	case kind == numberProperty:
		if n, err := strconv.ParseInt(value, 10, 64); err != nil || n < 0 {
			l.mistake(p.Value, "", "%s is a whole number, not %s", p.Name, quote(value))
		}
	case kind == boolProperty:
		if _, err := strconv.ParseBool(strings.ToLower(value)); err != nil {
			l.mistake(p.Value, "", "%s is true or false, not %s", p.Name, quote(value))
		}
	case p.Name == "format":
		if !slices.Contains(tableFormats, strings.ToUpper(value)) {
			l.mistake(p.Value, "there are "+strings.Join(tableFormats, ", "), "%s is not a format that CREATE TABLE AS writes", quote(value))
		}
	case p.Name == "table_type":
		if upper := strings.ToUpper(value); upper != "HIVE" && upper != "ICEBERG" {
			l.mistake(p.Value, "there are HIVE and ICEBERG", "%s is not a type of table", quote(value))
		}
	case p.Name == "external_location" || p.Name == "location":
		l.location(p.Value, value)
	case p.Name == "field_delimiter":
		if n := utf8.RuneCountInString(value); n != 1 {
			l.mistake(p.Value, "", "fields end with one character, not %d", n)
		}
	}
}
