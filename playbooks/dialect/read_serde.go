package dialect

import (
	"cmp"
	"fmt"
	"strings"
)

// serdes are the Java classes of "Supported data formats and SerDes".
var serdes = map[string]SerDeClass{
	"org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe":          LazySimple,
	"org.apache.hadoop.hive.serde2.OpenCSVSerde":                  OpenCSV,
	"org.openx.data.jsonserde.JsonSerDe":                          OpenXJSON,
	"org.apache.hive.hcatalog.data.JsonSerDe":                     HiveJSON,
	"org.apache.hadoop.hive.serde2.RegexSerDe":                    Regex,
	"com.amazonaws.glue.serde.GrokSerDe":                          Grok,
	"com.amazon.emr.hive.serde.CloudTrailSerde":                   CloudTrail,
	"org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe": Parquet,
	"org.apache.hadoop.hive.ql.io.orc.OrcSerde":                   ORC,
	"org.apache.hadoop.hive.serde2.avro.AvroSerDe":                Avro,
	"com.amazon.ionhiveserde.IonHiveSerDe":                        Ion,
	"org.apache.hadoop.hive.contrib.serde2.MultiDelimitSerDe":     MultiDelimit,
}

// formats are the words behind STORED AS ("CREATE TABLE"), each with its SerDe.
var formats = map[string]SerDeClass{
	"TEXTFILE": LazySimple, "SEQUENCEFILE": LazySimple, "RCFILE": ColumnarBinary, "ORC": ORC,
	"PARQUET": Parquet, "AVRO": Avro, "ION": Ion,
}

var inputFormats = map[string]string{
	"org.apache.hadoop.mapred.TextInputFormat":                      "TEXTFILE",
	"org.apache.hadoop.mapred.SequenceFileInputFormat":              "SEQUENCEFILE",
	"org.apache.hadoop.hive.ql.io.RCFileInputFormat":                "RCFILE",
	"org.apache.hadoop.hive.ql.io.orc.OrcInputFormat":               "ORC",
	"org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat": "PARQUET",
	"org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat":    "AVRO",
	"com.amazon.ionhiveserde.formats.IonInputFormat":                "ION",
}

func (t *tableReader) rowFormat() (mistake *Error) {
	switch {
	case t.words("SERDE"):
		var hole bool
		t.at.serdeName = t.peek()
		if t.SerDe.JavaClass, hole, mistake = t.text("the class of a SerDe in quotes"); mistake != nil {
			return mistake
		}
		t.HasHoles = t.HasHoles || hole
		if t.words("WITH", "SERDEPROPERTIES") {
			return t.serdeProperties()
		}
		return nil
	case t.words("DELIMITED"):
		return t.delimited()
	}
	return t.expected("DELIMITED or SERDE")
}

// delimited reads the clauses of ROW FORMAT DELIMITED, in the order that Hive wants.
func (t *tableReader) delimited() *Error {
	for _, clause := range []struct {
		keywords []string
		value    *string
		token    *Token
	}{
		{[]string{"FIELDS", "TERMINATED", "BY"}, &t.SerDe.FieldDelimiter, &t.at.fields},
		{[]string{"ESCAPED", "BY"}, &t.SerDe.EscapedBy, nil},
		{[]string{"COLLECTION", "ITEMS", "TERMINATED", "BY"}, &t.SerDe.CollectionDelimiter, nil},
		{[]string{"MAP", "KEYS", "TERMINATED", "BY"}, &t.SerDe.MapKeyDelimiter, nil},
		{[]string{"LINES", "TERMINATED", "BY"}, &t.SerDe.LineDelimiter, &t.at.lines},
		{[]string{"NULL", "DEFINED", "AS"}, &t.SerDe.NullDefinedAs, nil},
	} {
		if !t.words(clause.keywords...) {
			continue
		}
		if clause.token != nil {
			*clause.token = t.peek()
		}
		text, hole, mistake := t.text("a delimiter in quotes")
		if mistake != nil {
			return mistake
		}
		*clause.value = text
		t.HasHoles = t.HasHoles || hole
	}
	return nil
}

func (t *tableReader) storedAs() (mistake *Error) {
	if t.words("INPUTFORMAT") {
		var hole, other bool
		if t.InputFormat, hole, mistake = t.text("a class in quotes"); mistake != nil {
			return mistake
		}
		if !t.words("OUTPUTFORMAT") {
			return t.expected("OUTPUTFORMAT")
		}
		t.OutputFormat, other, mistake = t.text("a class in quotes")
		t.HasHoles = t.HasHoles || hole || other
		t.StoredAs = inputFormats[t.InputFormat]
		return mistake
	}
	token := t.peek()
	format := strings.ToUpper(token.Text)
	if _, ok := formats[format]; !ok || token.Kind != Word {
		mistake := t.expected("a file format")
		mistake.Message = fmt.Sprintf("%s is not a file format of Athena", quote(token.Text))
		mistake.Hint = cmp.Or(didYouMean(token.Text, sortedKeys(formats)), "there are "+strings.Join(sortedKeys(formats), ", "))
		return mistake
	}
	t.i++
	t.StoredAs = format
	return nil
}

// finish works out the SerDe and what it takes by itself.
func (t *tableReader) finish() {
	if t.StoredAs == "" && t.InputFormat == "" {
		t.StoredAs = "TEXTFILE"
	}
	s := &t.SerDe
	switch {
	case t.at.serdeName.Text != "":
		s.Class = serdes[s.JavaClass]
	default:
		s.Class = formats[t.StoredAs]
	}
	property := func(name, otherwise string) string {
		if value, ok := s.Properties[name]; ok {
			return value
		}
		return otherwise
	}
	switch s.Class {
	case LazySimple: // "Lazy Simple SerDe for CSV, TSV, and custom-delimited files"
		s.FieldDelimiter = cmp.Or(s.FieldDelimiter, property("field.delim", delimiter(property("serialization.format", "\x01"))))
		s.EscapedBy = cmp.Or(s.EscapedBy, property("escape.delim", ""))
		s.LineDelimiter = cmp.Or(s.LineDelimiter, property("line.delim", "\n"))
		s.CollectionDelimiter = cmp.Or(s.CollectionDelimiter, property("colelction.delim", property("collection.delim", "\x02")))
		s.MapKeyDelimiter = cmp.Or(s.MapKeyDelimiter, property("mapkey.delim", "\x03"))
		null, ok := t.Properties["serialization.null.format"]
		if !ok {
			null = property("serialization.null.format", `\N`)
		}
		s.NullDefinedAs = cmp.Or(s.NullDefinedAs, null)
	case OpenCSV: // "Open CSV SerDe for processing CSV"
		s.FieldDelimiter = property("separatorChar", ",")
		s.Quote = property("quoteChar", `"`)
		s.EscapedBy = property("escapeChar", `\`)
		s.LineDelimiter = "\n"
	}
}

// delimiter reads serialization.format, where '1' is the character of that number.
func delimiter(format string) string {
	if len(format) == 1 && isDigit(format[0]) {
		return string(rune(format[0] - '0'))
	}
	return format
}
