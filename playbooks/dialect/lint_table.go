package dialect

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ddlTypes are those of "Data types in Athena", with how many numbers each takes.
var ddlTypes = map[string]struct{ least, most int }{
	"boolean": {}, "tinyint": {}, "smallint": {}, "int": {}, "bigint": {}, "double": {}, "float": {}, "decimal": {0, 2},
	"char": {1, 1}, "varchar": {1, 1}, "string": {}, "binary": {}, "date": {}, "timestamp": {},
	"array": {}, "map": {}, "struct": {},
}

// elsewhere are types of other dialects, with what DDL calls them.
var elsewhere = map[string]string{"integer": "int", "long": "bigint", "real": "float", "text": "string",
	"bool": "boolean", "number": "decimal(p, s)", "numeric": "decimal(p, s)", "datetime": "timestamp", "varbinary": "binary",
	"row": "struct<name:type>", "json": "string", "ipaddress": "string", "uuid": "string", "byte": "tinyint", "short": "smallint"}

func (l *linter) table(t *Table) {
	iceberg := strings.EqualFold(t.Properties["table_type"], "ICEBERG") // "Create Iceberg tables"
	_, i := l.tokenAt(t.at.name)
	if i >= 0 {
		l.qualifiedName(i, "the table")
	}
	// "CREATE TABLE": always EXTERNAL, except for Iceberg.
	if !t.External && !iceberg && !t.at.keyHole && !t.at.valueHoles["table_type"] {
		l.mistake(l.Span.Start, "write CREATE EXTERNAL TABLE", "Athena creates external tables only, or Iceberg tables with 'table_type' = 'ICEBERG'")
	}
	if len(t.Columns) == 0 && !t.at.columnsHole && t.SerDe.Class != Avro {
		l.mistake(t.at.name, "list them in parentheses behind the name", "the table has no columns")
	}
	l.columns(t)
	l.serde(t)
	switch {
	case t.at.locationHole:
	case !t.at.locationGiven:
		l.mistake(l.Span.End, "add LOCATION 's3://bucket/folder/'", "the table has no LOCATION")
	default:
		l.location(t.at.location, t.Location)
	}
	for _, key := range t.at.repeated {
		l.mistake(key.Offset, "", "the property %s is given twice", key.Text)
	}
	_, mistakes := t.Projection()
	l.mistakes = append(l.mistakes, mistakes...)
}

// columns checks names and types ("CREATE TABLE", "Partition your data": a partition
// column is not a column too).
func (l *linter) columns(t *Table) {
	seen := map[string]string{}
	for n, list := range [][]Column{t.Columns, t.Partitions} {
		what := [...]string{"column", "partition column"}[n]
		for _, column := range list {
			l.ddlName(column.Offset, "a "+what, column.Name)
			switch before := seen[column.Name]; {
			case column.Name == "":
			case before == what:
				l.mistake(column.Offset, "names do not differ by case alone", "there are two %ss called %s", what, column.Name)
			case before != "":
				l.mistake(column.Offset, "take it out of one of the lists", "the partition column %s is a column of the table too", column.Name)
			}
			seen[column.Name] = what
			l.dataType(column.Type)
		}
	}
}

func (l *linter) dataType(t Type) {
	takes, known := ddlTypes[t.Name]
	fields := map[string]int{"array": 1, "map": 2}[t.Name]
	switch {
	case t.Name == "":
		return
	case !known:
		hint := didYouMean(t.Name, sortedKeys(ddlTypes))
		if here, ok := elsewhere[t.Name]; ok {
			hint = "DDL calls it " + here
		}
		l.mistake(t.Offset, hint, "%s is not a type of Athena's DDL", quote(t.Name))
	case len(t.Params) < takes.least:
		l.mistake(t.Offset, fmt.Sprintf("write %s(n), or string", t.Name), "%s lacks its length", t.Name)
	case len(t.Params) > takes.most:
		l.mistake(t.Offset, "", "%s has too many numbers behind it", t.Name)
	case t.Name == "decimal" && len(t.Params) > 0 && (t.Params[0] < 1 || t.Params[0] > 38):
		l.mistake(t.Offset, "", "a decimal has 1 to 38 digits, not %d", t.Params[0])
	case t.Name == "decimal" && len(t.Params) > 1 && (t.Params[1] < 0 || t.Params[1] > t.Params[0]):
		l.mistake(t.Offset, "", "of the %d digits of a decimal, %d cannot stand behind the point", t.Params[0], t.Params[1])
	case t.Name == "char" && (t.Params[0] < 1 || t.Params[0] > 255):
		l.mistake(t.Offset, "use string", "a char has a length of 1 to 255")
	case t.Name == "varchar" && (t.Params[0] < 1 || t.Params[0] > 65535):
		l.mistake(t.Offset, "use string", "a varchar has a length of 1 to 65535")
	case fields > 0 && len(t.Fields) != fields, t.Name == "struct" && len(t.Fields) == 0:
		l.mistake(t.Offset, "write array<type>, map<type,type> or struct<name:type,…>", "%s lacks what it holds", t.Name)
	case fields == 0 && t.Name != "struct" && len(t.Fields) > 0:
		l.mistake(t.Offset, "", "%s does not hold other types", t.Name)
	}
	for _, field := range t.Fields {
		l.dataType(field.Type)
	}
}

func (l *linter) serde(t *Table) {
	at := t.at
	if s := t.SerDe; at.serdeName.Kind == String && s.Class == UnknownSerDe {
		hint := didYouMean(s.JavaClass, sortedKeys(serdes))
		for _, name := range sortedKeys(serdes) { // only the last part is remembered, and its case is not
			last := name[strings.LastIndexByte(name, '.')+1:]
			if strings.EqualFold(last, s.JavaClass[strings.LastIndexByte(s.JavaClass, '.')+1:]) {
				hint = "did you mean " + name + "?"
			}
		}
		l.mistake(at.serdeName.Offset, hint, "%s is not a SerDe of Athena", quote(s.JavaClass))
	}
	// "Lazy Simple SerDe for CSV, TSV, and custom-delimited files": no delimiters of
	// several characters.
	if n := utf8.RuneCountInString(t.SerDe.FieldDelimiter); at.fields.Kind == String && at.fields.Text != "" && n != 1 {
		l.mistake(at.fields.Offset, "a RegexSerDe can split at more", "fields end with one character, not %d", n)
	}
	if at.lines.Kind == String && at.lines.Text != "" && t.SerDe.LineDelimiter != "\n" {
		// Hive's SemanticException: LINES TERMINATED BY only supports newline
		l.mistake(at.lines.Offset, `write LINES TERMINATED BY '\n', or nothing`, "lines can only end with a newline")
	}
	// "Ignore headers": Athena fails on what is not a number.
	const header = "skip.header.line.count"
	if count, ok := t.Properties[header]; ok && !at.valueHoles[header] {
		if _, err := strconv.ParseUint(count, 10, 31); err != nil {
			l.mistake(at.values[header], "write '1' when the first line of a file is its header", "'%s' is a number of lines, not %s", header, quote(count))
		}
	}
}
