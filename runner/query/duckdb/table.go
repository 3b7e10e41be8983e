package duckdb

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"
	"sync"

	"playbook/playbooks/dialect"
	"playbook/runner/query/trino"
)

// table is an external table. Defining one reads nothing; the first query that needs
// it loads it.
type table struct {
	key        string
	def        *dialect.Table
	columns    []column // as the files have them, then the partition columns, then $path
	inFile     int      // how many of the columns the files have
	projection *dialect.Projection
	bucket     string
	prefix     string // of the keys, without / at its ends
	skip       int    // lines at the start of each file
	declared   string // an empty table that queries are checked against
	fields     flowFields

	mu         sync.Mutex
	loaded     *load
	registered []registration // partitions, in the order in which they were; see isRegistered
	made       *made          // of a table that CREATE TABLE AS made; nil for those of files
}

// column is one column of a table, in DuckDB's type and Athena's.
type column struct {
	name   string
	kind   kind
	length int // of varchar(n), char(n); 0 is any
	width  int // of decimal
	scale  int
	athena string
	shape  *shape      // of nested
	typ    *trino.Type // Athena's; a pointer, so that columns can be compared
}

type kind int

const (
	text kind = iota
	tinyInt
	smallInt
	integerKind
	bigInt
	float
	doubleKind
	decimal
	boolean
	date
	timestamp
	nested // array, map, struct; see shape
)

var kinds = map[string]kind{"string": text, "varchar": text, "char": text, "tinyint": tinyInt, "smallint": smallInt,
	"int": integerKind, "integer": integerKind, "bigint": bigInt, "float": float, "double": doubleKind,
	"decimal": decimal, "boolean": boolean, "date": date, "timestamp": timestamp}

var sqlNames = [...]string{"VARCHAR", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN", "DATE", "TIMESTAMP"}

func (k kind) isInteger() bool { return k >= tinyInt && k <= bigInt }

func (c column) sqlType() string {
	switch c.kind {
	case decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", c.width, c.scale)
	case nested:
		return c.shape.sqlType()
	}
	return sqlNames[c.kind]
}

// pathColumn is the pseudo column that names the file of a row.
const pathColumn = "$path"

func (e *Engine) createTable(ctx context.Context, s *dialect.Statement) error {
	def := s.Table
	refuse := func(format string, args ...any) error {
		return mistake(s.Source, s.Span.Start, "make the table %s: %s", def.Name, fmt.Sprintf(format, args...))
	}
	if !def.External {
		return refuse("only CREATE EXTERNAL TABLE is supported on a case")
	}
	t := &table{key: catalogKey(def.Database, def.Name), def: def}
	e.mu.Lock()
	exists, isView := e.tables[t.key] != nil, e.views[t.key] != nil
	e.mu.Unlock()
	switch {
	case isView:
		return refuse("there is a view of this name; DROP VIEW %s first", def.Name)
	case exists && def.IfNotExists:
		return nil
	case exists:
		return refuse("it exists; say IF NOT EXISTS, or DROP TABLE %s first", def.Name)
	}
	if err := t.define(s, refuse); err != nil {
		return err
	}
	e.mu.Lock()
	e.serial++
	t.declared = fmt.Sprintf("declared_%d", e.serial)
	e.mu.Unlock()
	if err := e.exec(ctx, t.createSQL(t.declared, t.columns)); err != nil {
		return refuse("%v", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tables[t.key] = t
	return nil
}

func (t *table) define(s *dialect.Statement, refuse func(string, ...any) error) error {
	if mistakes := dialect.Lint(s); len(mistakes) > 0 { // what Athena refuses
		return dialectError(s.Source, mistakes)
	}
	switch t.def.SerDe.Class {
	case dialect.LazySimple:
		if len(t.def.SerDe.FieldDelimiter) == 0 || t.def.SerDe.FieldDelimiter[0] >= 0x80 || len(t.def.SerDe.FieldDelimiter) > 1 {
			return refuse("fields must be terminated by one ASCII character, not %q", t.def.SerDe.FieldDelimiter)
		}
		if t.def.SerDe.LineDelimiter != "\n" {
			return refuse("lines must be terminated by \\n")
		}
	case dialect.OpenCSV, dialect.OpenXJSON, dialect.HiveJSON, dialect.Parquet, dialect.CloudTrail:
	default:
		name := t.def.SerDe.JavaClass
		if name == "" {
			name = "STORED AS " + t.def.StoredAs
		}
		return refuse("%s is not supported on a case; delimited text, OpenCSVSerde, the JSON SerDes, CloudTrail and Parquet are", name)
	}
	format := "TEXTFILE"
	switch class := t.def.SerDe.Class; {
	case class == dialect.Parquet:
		format = "PARQUET"
	case class == dialect.CloudTrail, (class == dialect.HiveJSON || class == dialect.OpenXJSON) && t.isCloudTrail():
		format = "CLOUDTRAIL"
	}
	if t.def.StoredAs != format {
		return refuse("%s cannot be read from files STORED AS %s on a case, but from %s", t.def.SerDe.Class, t.def.StoredAs, format)
	}
	if err := t.defineColumns(s.Source); err != nil {
		return err
	}
	for _, c := range t.columns[:t.inFile] {
		switch class := t.def.SerDe.Class; {
		case t.def.SerDe.Properties["timestamp.formats"] != "" && strings.Contains(c.athena, "timestamp"):
			return refuse("timestamp.formats is not supported on a case; make the column %s a string, and read it with date_parse", c.name)
		case c.kind != nested:
		case class == dialect.OpenCSV:
			return refuse("OpenCSVSerde gives text; the column %s cannot be %s", c.name, c.athena)
		case class == dialect.LazySimple && c.shape.levels() >= maxLevels:
			return refuse("the column %s is nested too deeply for delimited text", c.name)
		}
	}
	var mistakes []*dialect.Error
	if t.projection, mistakes = t.def.Projection(); len(mistakes) > 0 {
		return dialectError(s.Source, mistakes)
	}
	location, ok := strings.CutPrefix(t.def.Location, "s3://")
	t.bucket, t.prefix, _ = strings.Cut(location, "/")
	t.prefix = strings.Trim(t.prefix, "/")
	switch {
	case !ok || t.bucket == "":
		return refuse("LOCATION must be s3://bucket/prefix/, not %q", t.def.Location)
	case !plainPath(t.bucket) || t.prefix != "" && !plainPath(t.prefix):
		return refuse("LOCATION %q cannot be a folder of a case", t.def.Location)
	}
	if count, ok := t.def.Properties["skip.header.line.count"]; ok {
		n, err := strconv.Atoi(strings.TrimSpace(count))
		if err != nil || n < 0 {
			return refuse("skip.header.line.count must be a number, not %q", count)
		}
		t.skip = n
	}
	t.fields = newFlowFields(t.columns[:t.inFile])
	return nil
}

// plainPath refuses what would lead out of a folder or into it twice.
func plainPath(name string) bool {
	return path.Clean("/"+name) == "/"+name && !strings.ContainsAny(name, "\\\x00")
}

func (t *table) defineColumns(source string) error {
	seen := map[string]bool{pathColumn: true}
	add := func(list []dialect.Column) error {
		for _, c := range list {
			name := strings.ToLower(c.Name)
			switch {
			case seen[name]:
				return mistake(source, c.Offset, "there are two columns %s", name)
			case strings.HasPrefix(name, trino.OwnNames):
				return mistake(source, c.Offset, "the column %s: names that begin with %s are the engine's own", name, trino.OwnNames)
			}
			seen[name] = true
			made, err := newColumn(name, c.Type)
			if err != nil {
				return mistake(source, c.Offset, "column %s: %v", name, err)
			}
			typ, ok := trino.OfHive(c.Type)
			if !ok {
				return mistake(source, c.Offset, "column %s: the type %s is not supported on a case", name, c.Type)
			}
			made.typ = &typ
			t.columns = append(t.columns, made)
		}
		return nil
	}
	if err := add(t.def.Columns); err != nil {
		return err
	}
	t.inFile = len(t.columns)
	if t.inFile == 0 {
		return mistake(source, 0, "the table %s has no columns", t.def.Name)
	}
	if err := add(t.def.Partitions); err != nil {
		return err
	}
	for i, c := range t.columns[t.inFile:] {
		if c.kind == nested {
			return mistake(source, t.def.Partitions[i].Offset, "the partition column %s cannot be %s", c.name, c.athena)
		}
	}
	t.columns = append(t.columns, column{name: pathColumn, kind: text, athena: "varchar", typ: &trino.Varchar})
	return nil
}

func (t *table) createSQL(name string, columns []column) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = quoteName(c.name) + " " + c.sqlType()
	}
	return fmt.Sprintf("CREATE TABLE scratch.main.%s (%s)", name, strings.Join(list, ", "))
}

func (t *table) partitions() []column { return t.columns[t.inFile : len(t.columns)-1] }

func (t *table) column(name string) (column, bool) {
	for _, c := range t.columns {
		if strings.EqualFold(c.name, name) {
			return c, true
		}
	}
	return column{}, false
}
