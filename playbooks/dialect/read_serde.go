package dialect

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// serdes are the Java classes of "Supported data formats and SerDes".
var serdes = map[string]SerDeClass{
	"org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe":             LazySimple,
	"org.apache.hadoop.hive.serde2.OpenCSVSerde":                     OpenCSV,
	"org.openx.data.jsonserde.JsonSerDe":                             OpenXJSON,
	"org.apache.hive.hcatalog.data.JsonSerDe":                        HiveJSON,
	"org.apache.hadoop.hive.serde2.JsonSerDe":                        HiveJSON,
	"org.apache.hadoop.hive.serde2.RegexSerDe":                       Regex,
	"com.amazonaws.glue.serde.GrokSerDe":                             Grok,
	"com.amazon.emr.hive.serde.CloudTrailSerde":                      CloudTrail,
	"org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe":    Parquet,
	"org.apache.hadoop.hive.ql.io.orc.OrcSerde":                      ORC,
	"org.apache.hadoop.hive.serde2.avro.AvroSerDe":                   Avro,
	"com.amazon.ionhiveserde.IonHiveSerDe":                           Ion,
	"org.apache.hadoop.hive.contrib.serde2.MultiDelimitSerDe":        MultiDelimit,
	"org.apache.hadoop.hive.serde2.MultiDelimitSerDe":                MultiDelimit,
	"org.apache.hadoop.hive.serde2.columnar.LazyBinaryColumnarSerDe": ColumnarBinary,
	"org.apache.hadoop.hive.serde2.columnar.ColumnarSerDe":           ColumnarBinary,
}

// formats are the words behind STORED AS ("CREATE TABLE"), each with its SerDe.
var formats = map[string]SerDeClass{
	"TEXTFILE": LazySimple, "SEQUENCEFILE": LazySimple, "RCFILE": ColumnarBinary, "ORC": ORC,
	"PARQUET": Parquet, "AVRO": Avro, "ION": Ion,
}

// inputFormats are the classes that the guide's examples name, each with its format.
// There may be others.
var inputFormats = map[string]string{
	"org.apache.hadoop.mapred.TextInputFormat":                      "TEXTFILE",
	"org.apache.hadoop.mapred.SequenceFileInputFormat":              "SEQUENCEFILE",
	"org.apache.hadoop.hive.ql.io.RCFileInputFormat":                "RCFILE",
	"org.apache.hadoop.hive.ql.io.orc.OrcInputFormat":               "ORC",
	"org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat": "PARQUET",
	"org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat":    "AVRO",
	"com.amazon.ionhiveserde.formats.IonInputFormat":                "ION",
	"com.amazon.emr.cloudtrail.CloudTrailInputFormat":               "CLOUDTRAIL",
	"org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat":           "SYMLINK",
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

// delimited reads the clauses of ROW FORMAT DELIMITED, in the order that Hive wants
// (HiveParser.g: rowFormatDelimited).
func (t *tableReader) delimited() *Error {
	list := []struct {
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
	}
	for _, clause := range list {
		if clause.value == &t.SerDe.EscapedBy && t.peek().is("ESCAPED") && !t.given[&t.SerDe.FieldDelimiter] {
			return &Error{Offset: t.peek().Offset, Message: "ESCAPED BY belongs to FIELDS TERMINATED BY", Hint: "write FIELDS TERMINATED BY '…' before it"}
		}
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
		t.given[clause.value] = true
		t.HasHoles = t.HasHoles || hole
	}
	var names []string
	stray := ""
	for _, clause := range list {
		names = append(names, strings.Join(clause.keywords, " "))
		if ahead := t.cursor; ahead.words(clause.keywords...) {
			stray = names[len(names)-1]
		}
	}
	if stray != "" {
		return &Error{Offset: t.peek().Offset, Message: stray + " is out of its place", Hint: "the order is " + strings.Join(names, ", ")}
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
	s.complete(t.Properties, t.given)
}

// complete fills in the delimiters that no clause gives: a property's, or the SerDe's own.
func (s *SerDe) complete(tableProperties map[string]string, given map[*string]bool) {
	otherwise := func(value *string, own string, properties ...string) {
		if given[value] {
			return
		}
		*value = own
		for _, name := range properties {
			if text, ok := s.Properties[name]; ok {
				*value = text
				return
			}
		}
	}
	switch s.Class {
	case LazySimple: // "Lazy Simple SerDe for CSV, TSV, and custom-delimited files"
		otherwise(&s.FieldDelimiter, "\x01", "field.delim", "serialization.format")
		otherwise(&s.EscapedBy, "", "escape.delim")
		otherwise(&s.LineDelimiter, "\n", "line.delim")
		otherwise(&s.CollectionDelimiter, "\x02", "colelction.delim", "collection.delim") // Hive misspells it
		otherwise(&s.MapKeyDelimiter, "\x03", "mapkey.delim")
		for _, value := range []*string{&s.FieldDelimiter, &s.EscapedBy, &s.CollectionDelimiter, &s.MapKeyDelimiter} {
			*value = delimiter(*value)
		}
		null, ok := tableProperties["serialization.null.format"]
		if !ok {
			null = `\N`
		}
		otherwise(&s.NullDefinedAs, null, "serialization.null.format")
	case OpenCSV: // "Open CSV SerDe for processing CSV"
		otherwise(&s.FieldDelimiter, ",", "separatorChar")
		otherwise(&s.Quote, `"`, "quoteChar")
		otherwise(&s.EscapedBy, `\`, "escapeChar")
		otherwise(&s.LineDelimiter, "\n")
	}
}

// delimiter is the character that a number stands for: '44' is a comma (Hive's
// LazyUtils.getByte).
func delimiter(text string) string {
	if n, err := strconv.ParseInt(text, 10, 8); err == nil && n >= 0 {
		return string(rune(n))
	}
	return text
}
