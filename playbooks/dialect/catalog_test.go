package dialect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var ignoreOffsets = cmp.Options{cmpopts.IgnoreUnexported(Shown{}, Prepared{}), cmpopts.IgnoreFields(Object{}, "Offset"),
	cmpopts.IgnoreFields(Partition{}, "Offset", "Offsets", "LocationOffset"), cmpopts.IgnoreFields(Property{}, "Offset", "Value"),
	cmpopts.EquateEmpty()}

// parsed reads a statement without a mistake.
func parsed(t testing.TB, sql string) *Statement {
	t.Helper()
	s, mistakes := Parse(sql)
	if len(mistakes) > 0 {
		t.Fatalf("%s: %v", sql, at(sql, mistakes))
	}
	return s
}

func named(database, name string) Object { return Object{Database: database, Name: name} }

func TestCatalogStatements(t *testing.T) {
	for sql, want := range map[string]any{
		"DROP TABLE IF EXISTS D.T PURGE":  &Dropped{Object: named("d", "t"), Kind: "TABLE", IfExists: true},
		"DROP TABLE `d.t`":                &Dropped{Object: named("d", "t"), Kind: "TABLE"},
		`DROP VIEW "My ""V"`:              &Dropped{Object: named("", `my "v`), Kind: "VIEW"},
		"DROP SCHEMA d CASCADE":           &Dropped{Object: named("", "d"), Kind: "DATABASE", Cascade: true},
		"DROP DATABASE IF EXISTS d":       &Dropped{Object: named("", "d"), Kind: "DATABASE", IfExists: true},
		"MSCK REPAIR TABLE d.`t`;":        &Object{Database: "d", Name: "t"},
		"CREATE DATABASE D":               &Database{Object: named("", "d")},
		"CREATE SCHEMA IF NOT EXISTS `d`": &Database{Object: named("", "d"), IfNotExists: true},
		"CREATE DATABASE d COMMENT 'it\\'s' LOCATION 's3://b/' WITH DBPROPERTIES ('a'='b', \"c\"='d')": &Database{Object: named("", "d"),
			Comment: "it's", Location: "s3://b/", Properties: map[string]string{"a": "b", "c": "d"}},
		"ALTER TABLE t DROP IF EXISTS PARTITION (A='x', b=2), PARTITION (a='y') PURGE": &Altered{Object: named("", "t"), IfExists: true,
			Partitions: []Partition{{Values: map[string]string{"a": "x", "b": "2"}}, {Values: map[string]string{"a": "y"}}}},
		"SHOW TABLES":                             &Shown{What: ShowTables},
		"SHOW TABLES IN D 'x*'":                   &Shown{What: ShowTables, Object: named("d", "")},
		"SHOW TABLES FROM d LIKE 'x'":             &Shown{What: ShowTables, Object: named("d", "")},
		"SHOW VIEWS IN d LIKE 'x*'":               &Shown{What: ShowViews, Object: named("d", "")},
		"SHOW DATABASES LIKE 'x'":                 &Shown{What: ShowDatabases},
		"SHOW SCHEMAS":                            &Shown{What: ShowDatabases},
		"SHOW COLUMNS FROM T":                     &Shown{What: ShowColumns, Object: named("", "t")},
		"SHOW COLUMNS IN d.t":                     &Shown{What: ShowColumns, Object: named("d", "t")},
		"SHOW COLUMNS IN t FROM d":                &Shown{What: ShowColumns, Object: named("d", "t")},
		"SHOW PARTITIONS d.t":                     &Shown{What: ShowPartitions, Object: named("d", "t")},
		"SHOW CREATE TABLE `d`.`t`":               &Shown{What: ShowCreateTable, Object: named("d", "t")},
		`SHOW CREATE VIEW "V"`:                    &Shown{What: ShowCreateView, Object: named("", "v")},
		"SHOW TBLPROPERTIES t":                    &Shown{What: ShowProperties, Object: named("", "t")},
		"SHOW TBLPROPERTIES t('comment')":         &Shown{What: ShowProperties, Object: named("", "t"), Property: "comment"},
		"SHOW FUNCTIONS LIKE 'x%'":                &Shown{What: ShowFunctions},
		"DESC t":                                  &Shown{What: Description, Object: named("", "t")},
		"DESCRIBE EXTENDED d.t":                   &Shown{What: Description, Object: named("d", "t"), Extended: true},
		"DESCRIBE FORMATTED t":                    &Shown{What: Description, Object: named("", "t"), Formatted: true},
		"DESCRIBE t PARTITION (a = 1) C":          &Shown{What: Description, Object: named("", "t"), Column: "c", Partition: &Partition{Values: map[string]string{"a": "1"}}},
		"DESCRIBE input":                          &Shown{What: Description, Object: named("", "input")},
		"CREATE TABLE d.t AS SELECT 1 AS a":       &Filled{Object: named("d", "t")},
		"CREATE TABLE IF NOT EXISTS t AS TABLE u": &Filled{Object: named("", "t"), IfNotExists: true},
		`CREATE TABLE "T" WITH (format = 'ORC', partitioned_by = ARRAY['a', 'b'], bucketed_by=ARRAY[], bucket_count = 3, is_external=false) AS (SELECT 1 AS a) WITH NO DATA`: &Filled{
			Object: named("", "t"), NoData: true, Properties: []Property{{Name: "format", Values: []string{"ORC"}},
				{Name: "partitioned_by", Values: []string{"a", "b"}, IsList: true}, {Name: "bucketed_by", IsList: true},
				{Name: "bucket_count", Values: []string{"3"}}, {Name: "is_external", Values: []string{"false"}}}},
		"INSERT INTO t SELECT 1":            &Filled{Object: named("", "t")},
		"INSERT INTO t (SELECT 1)":          &Filled{Object: named("", "t")},
		`INSERT INTO d.t (A, "b") VALUES 1`: &Filled{Object: named("d", "t"), Columns: []Object{named("", "a"), named("", "b")}},
	} {
		s := parsed(t, sql)
		var got any
		switch want.(type) {
		case *Dropped:
			got = s.Dropped
		case *Object:
			got = s.Repaired
		case *Database:
			got = s.Database
		case *Altered:
			got = s.Altered
		case *Shown:
			got = s.Shown
		case *Filled:
			got = s.Filled
		}
		if diff := cmp.Diff(want, got, ignoreOffsets); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sql, diff)
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, test := range []struct{ sql, yes, no string }{
		{"SHOW TABLES", "a b", ""},
		{"SHOW TABLES '*flights*'", "flights flights_2016 view_flights_x", "flight"},
		{"SHOW TABLES 'vpc.*'", "vpcflow VPCFLOW vpc", "xvpc"},
		{"SHOW TABLES 'a|b*'", "a b bcd", "ab ac"},
		{"SHOW TABLES '[a-c]*'", "abc", "abd"},
		{"SHOW VIEWS LIKE 'orders*'", "orders orders2", "xorders"},
		{"SHOW DATABASES LIKE '[a-z0-9]*analytics'", "analytics web1analytics", "analytics2"},
		{"SHOW DATABASES LIKE 'abc*'", "ab abc abccc", "abcd"},
		{"SHOW DATABASES LIKE 'abc%'", "", "abcd"},
	} {
		s := parsed(t, test.sql)
		for name := range strings.FieldsSeq(test.yes) {
			if !s.Shown.Matches(name) {
				t.Errorf("%s does not take %s", test.sql, name)
			}
		}
		for name := range strings.FieldsSeq(test.no) {
			if s.Shown.Matches(name) {
				t.Errorf("%s takes %s", test.sql, name)
			}
		}
	}
}

func TestCatalogMistakes(t *testing.T) {
	const shows = "there are TABLES, VIEWS, COLUMNS, PARTITIONS, CREATE TABLE, CREATE VIEW, TBLPROPERTIES, DATABASES, SCHEMAS, FUNCTIONS"
	testMistakes(t, []mistakeTest{
		{"SHOW ¤GRANTS", []string{`what to show is expected here, not "GRANTS"; ` + shows}},
		{"SHOW ¤TABLE", []string{`what to show is expected here, not "TABLE"; did you mean TABLES?`}},
		{"SHOW¤", []string{"what to show is expected here, not the end of the statement; " + shows}},
		{"SHOW TABLES ¤'a('", []string{`"a(" is no regular expression; write .* for any characters, and | between choices`}},
		{"SHOW DATABASES LIKE ¤'*a'", []string{`"*a" is no regular expression; write .* for any characters, and | between choices`}},
		{"SHOW COLUMNS ¤t", []string{`IN or FROM and a table is expected here, not "t"`}},
		{"SHOW COLUMNS IN t ¤LIKE 'x'", []string{"SHOW COLUMNS takes no pattern; take LIKE out"}},
		{"SHOW TBLPROPERTIES t(¤a)", []string{`the name of a property in quotes is expected here, not "a"`}},
		{"DESCRIBE ¤TABLE t", []string{"Athena does not know DESCRIBE TABLE; write DESCRIBE and the name"}},
		{"DESC ¤INPUT p", []string{"Athena does not know DESCRIBE INPUT; count the ? of the prepared statement"}},
		{"DESCRIBE t c¤.d", []string{"a part of a column cannot be described here; leave the part out; the column's type names all of them"}},
		{"CREATE DATABASE d ¤MANAGED", []string{`the end of the statement is expected here, not "MANAGED"`}},
		{"CREATE DATABASE a¤.b", []string{`the end of the statement is expected here, not "."`}},
		{"DROP DATABASE d ¤PURGE", []string{`the end of the statement is expected here, not "PURGE"`}},
		{"ALTER TABLE t DROP PARTITION (a ¤> 'x')", []string{`= is expected here, not ">"; name each partition with column = value`}},
		{"ALTER TABLE t DROP PARTITION (a = 1) ¤PARTITION (a = 2)", []string{`the end of the statement is expected here, not "PARTITION"`}},
		{"ALTER TABLE t ADD PARTITION (a = 1)¤, PARTITION (a = 2)", []string{"no , stands between the partitions of ADD; take it out"}},
		{"ALTER TABLE t ADD PARTITION (a = 1, ¤A = 2)", []string{"the partition column a is given twice"}},
		{"ALTER TABLE t ADD PARTITION (a = 1) LOCATION ¤x", []string{`a location in quotes is expected here, not "x"`}},
		{"CREATE TABLE t WITH ¤AS SELECT 1", []string{`( and properties is expected here, not "AS"`}},
		{"CREATE TABLE t WITH (¤'format' = 'ORC') AS SELECT 1", []string{`the name of a property is expected here, not "'format'"`}},
		{"CREATE TABLE t WITH (format = ¤ORC) AS SELECT 1", []string{`a text in quotes, a number or ARRAY['…'] is expected here, not "ORC"`}},
		{"CREATE TABLE t WITH (partitioned_by = ARRAY¤('a')) AS SELECT 1", []string{`[ is expected here, not "("`}},
		{"CREATE TABLE t AS ¤DROP TABLE u", []string{`a query is expected here, not "DROP"`}},
		{"CREATE TABLE t WITH (format = 'ORC') ¤SELECT 1", []string{`AS and a query is expected here, not "SELECT"`}},
		{"INSERT ¤t SELECT 1", []string{`INTO is expected here, not "t"`}},
		{"INSERT ¤OVERWRITE t SELECT 1", []string{`INTO is expected here, not "OVERWRITE"`}},
		{"INSERT INTO t (a ¤b) SELECT 1", []string{`, or ) is expected here, not "b"`}},
		{"INSERT INTO t ¤DELETE", []string{`a query is expected here, not "DELETE"`}},
	}, func(sql string) []*Error {
		_, mistakes := Parse(sql)
		return mistakes
	})
}

func TestCatalogLint(t *testing.T) {
	const quotes = "the name of the table stands in the quotes of a string; write `t`"
	testMistakes(t, []mistakeTest{
		{`DESCRIBE ¤"t"`, []string{quotes}},
		{`SHOW CREATE TABLE d.¤"t"`, []string{quotes}},
		{`SHOW COLUMNS IN ¤"t"`, []string{quotes}},
		{`SHOW PARTITIONS ¤"t"`, []string{quotes}},
		{`SHOW TABLES IN ¤"d"`, []string{"the name of the database stands in the quotes of a string; write `d`"}},
		{`MSCK REPAIR TABLE ¤"t"`, []string{quotes}},
		{`ALTER TABLE ¤"t" DROP PARTITION (¤"p" = 1, ¤end = 2)`, []string{quotes, "the name of a partition column stands in the quotes of a string; write `p`",
			"the name end of a partition column is a reserved word; write `end`"}},
		{`SHOW CREATE VIEW "v"`, nil},
		{`DROP VIEW IF EXISTS "d"."v"`, nil},
		{"SHOW TABLES 'x*'", nil},
		{"DESCRIBE FORMATTED `t`", nil},
		{"CREATE TABLE t WITH (¤Format = 'ORC', ¤formt = 'ORC', format = ¤'CSV', ¤format = 'ORC') AS SELECT 1", []string{
			"the property Format is written in lower case; write format", `CREATE TABLE AS has no property "formt"; did you mean format?`,
			`"CSV" is not a format that CREATE TABLE AS writes; there are ORC, PARQUET, AVRO, ION, JSON, TEXTFILE`, "the property format is given twice"}},
		{"CREATE TABLE t WITH (¤bucketed_by = ARRAY['a']) AS SELECT 1", []string{"bucketed_by and bucket_count go together; add bucket_count = 10"}},
		{"CREATE TABLE t WITH (is_external = ¤'x', table_type = ¤'DELTA', field_delimiter = ¤'||') AS SELECT 1", []string{
			`is_external is true or false, not "x"`, `"DELTA" is not a type of table; there are HIVE and ICEBERG`, "fields end with one character, not 2"}},
		{"CREATE TABLE t WITH (external_location = ¤'s3://b/x', partitioned_by = ¤'a') AS SELECT 1", []string{
			`the location "s3://b/x" does not end with a slash; end it with a slash: 's3://b/x/'`,
			"this is not what partitioned_by takes; write partitioned_by = ARRAY['column']"}},
		{"CREATE TABLE t WITH (partitioned_by = ${{ x }}, format = ${{ y }}) AS SELECT 1", nil},
	}, lintOf(t))
}

// TestEffects pins what each statement does beside giving rows: what may run at the same
// time as others, and what is a change, hangs on it.
func TestEffects(t *testing.T) {
	for sql, want := range map[string]Effect{
		"SELECT 1": Reads, "SHOW TABLES": Reads, "DESCRIBE t": Reads, "EXPLAIN SELECT 1": Reads, "EXECUTE IMMEDIATE 'SELECT 1'": Reads,
		"CREATE EXTERNAL TABLE t (a int) LOCATION 's3://b/'": ChangesCatalog, "CREATE VIEW v AS SELECT 1 AS a": ChangesCatalog,
		"CREATE DATABASE d": ChangesCatalog, "DROP TABLE t": ChangesCatalog, "MSCK REPAIR TABLE t": ChangesCatalog,
		"ALTER TABLE t ADD PARTITION (a=1)": ChangesCatalog, "ALTER TABLE t DROP PARTITION (a=1)": ChangesCatalog,
		"ALTER TABLE t SET LOCATION 's3://b/'": ChangesCatalog, "PREPARE p FROM SELECT 1": ChangesCatalog, "DEALLOCATE PREPARE p": ChangesCatalog,
		"CREATE TABLE t AS SELECT 1 AS a": WritesObjects, "INSERT INTO t SELECT 1": WritesObjects, "DELETE FROM t": WritesObjects,
		"UPDATE t SET a = 1": WritesObjects, "MERGE INTO t USING u ON a = b": WritesObjects, "OPTIMIZE t REWRITE DATA USING BIN_PACK": WritesObjects,
		"VACUUM t": WritesObjects, "UNLOAD (SELECT 1) TO 's3://b/'": WritesObjects, "EXECUTE p": WritesObjects,
		"EXECUTE IMMEDIATE 'INSERT INTO t SELECT 1'": WritesObjects,
	} {
		s := parsed(t, sql)
		if got := s.Effect(); got != want {
			t.Errorf("%s: effect %d, want %d", sql, got, want)
		}
		if rule := s.Class.Rule(); !strings.HasSuffix(rule.Page, ".html") {
			t.Errorf("%s: page %q", sql, rule.Page)
		}
	}
	if rule := Class(99).Rule(); rule.Effect != WritesObjects || rule.Refused == "" {
		t.Errorf("what is not known is let through: %+v", rule)
	}
}

// checkDDL: a table that is written and read again is the same.
func checkDDL(t testing.TB, table *Table) {
	t.Helper()
	ddl := table.DDL()
	s, mistakes := Parse(ddl)
	if len(mistakes) > 0 {
		t.Fatalf("%s\n%v", ddl, mistakes)
	}
	want, got := *table, *s.Table
	want.External, want.IfNotExists = true, false
	// The classes are named where the format was, and delimiters become properties.
	for _, made := range []*Table{&want, &got} {
		made.SerDe.JavaClass, made.InputFormat, made.OutputFormat = made.Classes()
		made.SerDe.Properties = nil
	}
	if _, known := inputFormats[want.InputFormat]; !known {
		got.InputFormat, got.OutputFormat, got.StoredAs = want.InputFormat, want.OutputFormat, want.StoredAs
	}
	if diff := cmp.Diff(want, got, ignorePlaces, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s\n(-want +got):\n%s", ddl, diff)
	}
}

func TestDDL(t *testing.T) {
	const want = "CREATE EXTERNAL TABLE `d`.`t`(\n" +
		"  `a` int COMMENT 'it\\'s',\n" +
		"  `b` array<struct<c:string,d:decimal(5,2)>>)\n" +
		"COMMENT 'x'\n" +
		"PARTITIONED BY (\n" +
		"  `p` string)\n" +
		"CLUSTERED BY (\n" +
		"  `a`)\n" +
		"INTO 4 BUCKETS\n" +
		"ROW FORMAT DELIMITED\n" +
		"  FIELDS TERMINATED BY '\\t'\n" +
		"  ESCAPED BY '\\\\'\n" +
		"STORED AS INPUTFORMAT\n" +
		"  'org.apache.hadoop.mapred.TextInputFormat'\n" +
		"OUTPUTFORMAT\n" +
		"  'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'\n" +
		"LOCATION\n" +
		"  's3://b/k/'\n" +
		"TBLPROPERTIES (\n" +
		"  'a'='1',\n" +
		"  'b'='2')"
	s := parsed(t, "CREATE EXTERNAL TABLE IF NOT EXISTS D.T (a int COMMENT 'it\\'s', b array<struct<c:string,d:decimal(5,2)>>) COMMENT 'x' PARTITIONED BY (p string) "+
		"CLUSTERED BY (a) INTO 4 BUCKETS ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LOCATION 's3://b/k/' TBLPROPERTIES ('b'='2', 'a'='1')")
	if diff := cmp.Diff(want, s.Table.DDL()); diff != "" {
		t.Error(diff)
	}
	for _, format := range sortedKeys(formats) {
		checkDDL(t, parsed(t, "CREATE EXTERNAL TABLE t (a int) STORED AS "+format+" LOCATION 's3://b/'").Table)
	}
	for _, class := range sortedKeys(serdes) {
		checkDDL(t, parsed(t, "CREATE EXTERNAL TABLE t (a int) ROW FORMAT SERDE '"+class+"' WITH SERDEPROPERTIES ('field.delim'=',', 'x'='y') LOCATION 's3://b/'").Table)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := func(label string) string {
			quoted, err := QuoteString(CreateTable, strings.ReplaceAll(rapid.String().Draw(t, label), "\x00", ""))
			if err != nil {
				t.Fatal(err)
			}
			return quoted
		}
		delimiter := func(label string) string {
			return rapid.SampledFrom([]string{`','`, `'\t'`, `' '`, `'|'`, `'\001'`, `'44'`, `'\\'`, `'\''`}).Draw(t, label)
		}
		var b strings.Builder
		fmt.Fprintf(&b, "CREATE EXTERNAL TABLE t (`a b` %s COMMENT %s) COMMENT %s ROW FORMAT DELIMITED",
			rapid.SampledFrom([]string{"int", "array<map<string,struct<x:int,y:char(3)>>>", "decimal(38,0)"}).Draw(t, "type"), text("column"), text("table"))
		if rapid.Bool().Draw(t, "fields") {
			b.WriteString(" FIELDS TERMINATED BY " + delimiter("field"))
			if rapid.Bool().Draw(t, "escaped") {
				b.WriteString(" ESCAPED BY " + delimiter("escape"))
			}
		}
		for _, clause := range []string{"COLLECTION ITEMS TERMINATED BY", "MAP KEYS TERMINATED BY", "NULL DEFINED AS"} {
			if rapid.Bool().Draw(t, clause) {
				b.WriteString(" " + clause + " " + delimiter(clause+" text"))
			}
		}
		if rapid.Bool().Draw(t, "properties") {
			b.WriteString(" STORED AS TEXTFILE WITH SERDEPROPERTIES ('field.delim'=" + delimiter("property") + ", 'x'=" + text("x") + ")")
		}
		b.WriteString(" LOCATION 's3://b/' TBLPROPERTIES ('k'=" + text("k") + ", 'serialization.null.format'=" + text("null") + ")")
		s, mistakes := Parse(b.String())
		if len(mistakes) > 0 {
			t.Fatalf("%s: %v", b.String(), mistakes)
		}
		fail := ""
		ddl := s.Table.DDL()
		again, mistakes := Parse(ddl)
		switch {
		case len(mistakes) > 0:
			fail = fmt.Sprint(mistakes)
		default:
			again.Table.SerDe.Properties, s.Table.SerDe.Properties = nil, nil
			again.Table.SerDe.JavaClass, again.Table.InputFormat, again.Table.OutputFormat = s.Table.SerDe.JavaClass, s.Table.InputFormat, s.Table.OutputFormat
			fail = cmp.Diff(s.Table, again.Table, ignorePlaces, cmpopts.EquateEmpty())
		}
		if fail != "" {
			t.Fatalf("%s\n%s\n%s", b.String(), ddl, fail)
		}
	})
}

func TestTypeOf(t *testing.T) {
	for query, want := range map[string]string{
		"varchar": "string", "varchar(5)": "varchar(5)", "char(2)": "char(2)", "integer": "int", "real": "float", "double": "double",
		"timestamp(3)": "timestamp", "timestamp": "timestamp", "decimal(5,2)": "decimal(5,2)", "varbinary": "binary", "date": "date",
		"array(varchar)": "array<string>", "map(varchar, bigint)": "map<string,bigint>",
		`row(a integer, "b c" array(row(d boolean)))`: "struct<a:int,b c:array<struct<d:boolean>>>",
		"time(3)": "", "timestamp(3) with time zone": "", "timestamp with time zone": "", "interval day to second": "", "json": "",
		"uuid": "", "ipaddress": "", "unknown": "", "array(json)": "", "array": "", "map(varchar)": "", "row()": "", "": "", "array(varchar": "",
		"array(timestamp(3) with time zone)": "",
	} {
		kind, ok := TypeOf(query)
		if got := kind.String(); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %s, %v; want %q", query, got, ok, want)
		}
	}
}
