package dialect

import (
	"fmt"
	"slices"
	"strings"
)

// outputFormats are the classes that go with the input formats of the same file format.
var outputFormats = map[string]string{
	"TEXTFILE":     "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
	"SEQUENCEFILE": "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat",
	"RCFILE":       "org.apache.hadoop.hive.ql.io.RCFileOutputFormat",
	"ORC":          "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
	"PARQUET":      "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
	"AVRO":         "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat",
	"ION":          "com.amazon.ionhiveserde.formats.IonOutputFormat",
}

// Classes are the Java classes that the table is read with, named in the statement or
// not: of its SerDe, its input format and its output format.
func (t *Table) Classes() (serde, input, output string) {
	serde, input, output = t.SerDe.JavaClass, t.InputFormat, t.OutputFormat
	if serde == "" {
		serde = firstKey(serdes, t.SerDe.Class)
	}
	if input == "" {
		input = firstKey(inputFormats, t.StoredAs)
	}
	if output == "" {
		output = outputFormats[t.StoredAs]
	}
	return serde, input, output
}

// firstKey is the key that has the value; of several the one that ends the alphabet,
// which is the newer name of MultiDelimitSerDe and the binary one of the columnar SerDes.
func firstKey[V comparable](m map[string]V, value V) string {
	for _, key := range slices.Backward(sortedKeys(m)) {
		if m[key] == value && value != *new(V) {
			return key
		}
	}
	return ""
}

// DDL writes the table as SHOW CREATE TABLE does, one clause after the other. Read again
// it is the same table.
func (t *Table) DDL() string {
	w := ddlWriter{}
	w.line("CREATE EXTERNAL TABLE %s(", w.qualified(t.Database, t.Name))
	w.columns(t.Columns)
	if t.Comment != "" {
		w.line("COMMENT %s", w.text(t.Comment))
	}
	if len(t.Partitions) > 0 {
		w.line("PARTITIONED BY (")
		w.columns(t.Partitions)
	}
	if len(t.BucketedBy) > 0 {
		names := make([]string, len(t.BucketedBy))
		for i, name := range t.BucketedBy {
			names[i] = "  " + w.name(name)
		}
		w.line("CLUSTERED BY (\n%s)\nINTO %d BUCKETS", strings.Join(names, ",\n"), t.Buckets)
	}
	w.rowFormat(t)
	_, input, output := t.Classes()
	if input != "" && output != "" {
		w.line("STORED AS INPUTFORMAT\n  %s\nOUTPUTFORMAT\n  %s", w.text(input), w.text(output))
	}
	if t.Location != "" {
		w.line("LOCATION\n  %s", w.text(t.Location))
	}
	if len(t.Properties) > 0 {
		w.line("TBLPROPERTIES (")
		w.pairs(t.Properties)
	}
	return strings.TrimSuffix(w.String(), "\n")
}

type ddlWriter struct{ strings.Builder }

func (w *ddlWriter) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

func (w *ddlWriter) name(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func (w *ddlWriter) qualified(database, name string) string {
	if database == "" {
		return w.name(name)
	}
	return w.name(database) + "." + w.name(name)
}

// text leaves what cannot be written, which no statement could have held.
func (w *ddlWriter) text(text string) string {
	quoted, _ := QuoteString(CreateTable, text)
	return quoted
}

func (w *ddlWriter) columns(list []Column) {
	lines := make([]string, len(list))
	for i, c := range list {
		lines[i] = fmt.Sprintf("  %s %s", w.name(c.Name), c.Type)
		if c.Comment != "" {
			lines[i] += " COMMENT " + w.text(c.Comment)
		}
	}
	w.line("%s)", strings.Join(lines, ",\n"))
}

func (w *ddlWriter) pairs(m map[string]string) {
	var lines []string
	for _, key := range sortedKeys(m) {
		lines = append(lines, fmt.Sprintf("  %s=%s", w.text(key), w.text(m[key])))
	}
	w.line("%s)", strings.Join(lines, ",\n"))
}

// rowFormat writes ROW FORMAT DELIMITED where that says all, else the SerDe and its
// properties, among them the delimiters that clauses gave.
func (w *ddlWriter) rowFormat(t *Table) {
	s := t.SerDe
	own := SerDe{Class: s.Class, Properties: s.Properties}
	own.complete(t.Properties, nil)
	var clauses []string
	properties := map[string]string{}
	for name, text := range s.Properties {
		properties[name] = text
	}
	for _, clause := range []struct{ words, property, value, own string }{
		{"FIELDS TERMINATED BY", "field.delim", s.FieldDelimiter, own.FieldDelimiter},
		{"ESCAPED BY", "escape.delim", s.EscapedBy, own.EscapedBy},
		{"COLLECTION ITEMS TERMINATED BY", "colelction.delim", s.CollectionDelimiter, own.CollectionDelimiter},
		{"MAP KEYS TERMINATED BY", "mapkey.delim", s.MapKeyDelimiter, own.MapKeyDelimiter},
		{"LINES TERMINATED BY", "line.delim", s.LineDelimiter, own.LineDelimiter},
		{"NULL DEFINED AS", "serialization.null.format", s.NullDefinedAs, own.NullDefinedAs},
	} {
		if s.Class != LazySimple || clause.value == clause.own && !(clause.words == "FIELDS TERMINATED BY" && s.EscapedBy != own.EscapedBy) {
			continue
		}
		clauses = append(clauses, "  "+clause.words+" "+w.text(clause.value))
		properties[clause.property] = clause.value
	}
	if s.Class == LazySimple && s.JavaClass == "" && len(s.Properties) == 0 && len(clauses) > 0 {
		w.line("ROW FORMAT DELIMITED\n%s", strings.Join(clauses, "\n"))
		return
	}
	serde, _, _ := t.Classes()
	if serde == "" {
		return
	}
	w.line("ROW FORMAT SERDE\n  %s", w.text(serde))
	if len(properties) > 0 {
		w.line("WITH SERDEPROPERTIES (")
		w.pairs(properties)
	}
}
