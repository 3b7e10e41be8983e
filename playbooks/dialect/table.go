package dialect

import "strings"

// Table is what a CREATE TABLE defines. Names are in lower case, as Athena keeps them
// ("Name databases, tables, and columns"). In a template, what a hole stands for is "".
type Table struct {
	Database, Name string
	External       bool
	IfNotExists    bool
	Columns        []Column
	Comment        string
	Partitions     []Column
	BucketedBy     []string // of CLUSTERED BY (…)
	Buckets        int      // of INTO n BUCKETS
	SerDe          SerDe
	StoredAs       string // upper case; TEXTFILE when nothing is said, "" for an InputFormat not known here
	InputFormat    string // Java classes, when they are named
	OutputFormat   string
	Location       string
	Properties     map[string]string // TBLPROPERTIES
	HasHoles       bool

	at holesAndPlaces
}

// holesAndPlaces is what Lint and Projection need to know of the text.
type holesAndPlaces struct {
	name, location int
	columnsHole    bool           // a hole stands for columns
	partitionsHole bool           // a hole stands for partition columns
	locationHole   bool           // LOCATION is a hole
	locationGiven  bool           // there is a LOCATION
	keyHole        bool           // a key of TBLPROPERTIES is a hole
	keys           map[string]int // offset of each property's key
	values         map[string]int // offset of each property's value
	valueHoles     map[string]bool
	repeated       []Token // keys given twice
	serdeName      Token   // of ROW FORMAT SERDE
	fields, lines  Token   // of FIELDS and LINES TERMINATED BY
}

// Column is one column of a table.
type Column struct {
	Name    string
	Type    Type
	Comment string
	Offset  int
}

// Type is a data type of DDL.
type Type struct {
	Name   string // lower case: "bigint", "decimal", "array", "map", "struct"; "" for a hole
	Params []int  // of decimal, char, varchar
	Fields []Field
	Offset int
}

// Field is a part of an array (one, no name), a map (key and value, no names) or a
// struct.
type Field struct {
	Name string
	Type Type
}

// String writes the type as Athena's catalog does: struct<a:int,b:array<string>>.
func (t Type) String() string {
	var b strings.Builder
	t.write(&b)
	return b.String()
}

// SerDe says how a table's files are read. Delimiters are given or, where DDL says
// nothing, those that the SerDe takes by itself.
type SerDe struct {
	Class      SerDeClass
	JavaClass  string            // as ROW FORMAT SERDE names it; "" when it does not
	Properties map[string]string // SERDEPROPERTIES

	FieldDelimiter      string // of LazySimple, OpenCSV
	EscapedBy           string // of LazySimple, OpenCSV; "" for none
	Quote               string // of OpenCSV
	LineDelimiter       string // of LazySimple
	CollectionDelimiter string // of LazySimple
	MapKeyDelimiter     string // of LazySimple
	NullDefinedAs       string // of LazySimple
}

// SerDeClass is one of the SerDes that Athena has ("Supported data formats and SerDes").
type SerDeClass string

const (
	LazySimple     SerDeClass = "LazySimple"
	OpenCSV        SerDeClass = "OpenCSV"
	OpenXJSON      SerDeClass = "OpenXJSON"
	HiveJSON       SerDeClass = "HiveJSON"
	Regex          SerDeClass = "Regex"
	Grok           SerDeClass = "Grok"
	CloudTrail     SerDeClass = "CloudTrail"
	Parquet        SerDeClass = "Parquet"
	ORC            SerDeClass = "ORC"
	Avro           SerDeClass = "Avro"
	Ion            SerDeClass = "Ion"
	MultiDelimit   SerDeClass = "MultiDelimit"
	UnknownSerDe   SerDeClass = ""
	ColumnarBinary SerDeClass = "ColumnarBinary" // of RCFILE
)
