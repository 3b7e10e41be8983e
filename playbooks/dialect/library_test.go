package dialect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func readFile(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// at writes each mistake with the text that it points to.
func at(sql string, mistakes []*Error) []string {
	var list []string
	for _, m := range mistakes {
		text, _, _ := strings.Cut(sql[m.Offset:], "\n")
		if len(text) > 25 {
			text = text[:25]
		}
		line := text + " ← " + m.Message
		if m.Hint != "" {
			line += "; " + m.Hint
		}
		list = append(list, line)
	}
	return list
}

// TestSource reads every statement of the source playbook as it is printed. Its table
// of flow logs is not legal; and it leaves names to be filled in.
func TestSource(t *testing.T) {
	want := map[string]struct {
		class    Class
		mistakes []string
	}{
		"count.sql": {class: Select}, "sample.sql": {class: Select}, "top_ips.sql": {class: Select},
		"timeline.sql": {class: Select}, "data_ratio.sql": {class: Select},
		"incident_iocs.sql": {class: CreateTable}, "directional.sql": {class: CreateView},
		"vpc_flow_logs.sql": {CreateTable, []string{
			`'s3://<bucket_name>/'; ← "<bucket_name>" is not the name of a bucket; put the name of the bucket in its place`,
		}},
		"vpcflow.sql": {CreateTable, []string{
			`pkt-src-aws-service strin ← the name pkt-src-aws-service of a column has a - in it, which only _ may be; use pkt_src_aws_service`,
			`pkt-dst-aws-service strin ← the name pkt-dst-aws-service of a column has a - in it, which only _ may be; use pkt_dst_aws_service`,
			`flow-direction string, ← the name flow-direction of a column has a - in it, which only _ may be; use flow_direction`,
			`traffic-path int ← the name traffic-path of a column has a - in it, which only _ may be; use traffic_path`,
			`'s3://<bucket_name>/<opti ← "<bucket_name>" is not the name of a bucket; put the name of the bucket in its place`,
			`"<YYYY>/<MM>/<DD>,NOW", ← "<YYYY>/<MM>/<DD>" in the range of date_partition does not fit its format "yyyy/MM/dd"; write dates in that format, or NOW, NOW-3DAYS and the like`,
		}},
	}
	files, err := filepath.Glob("testdata/source/*.sql")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d files, want %d (%v)", len(files), len(want), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			sql, want := readFile(t, file), want[filepath.Base(file)]
			s, mistakes := Parse(sql)
			if len(mistakes) > 0 {
				t.Fatal(at(sql, mistakes))
			}
			if s.Class != want.class {
				t.Errorf("class %s, want %s", s.Class, want.class)
			}
			if diff := cmp.Diff(want.mistakes, at(sql, Lint(s))); diff != "" {
				t.Errorf("Lint (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAWS reads statements in the form of those of the Athena User Guide.
func TestAWS(t *testing.T) {
	files, err := filepath.Glob("testdata/aws/*.sql")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d files (%v)", len(files), err)
	}
	for _, file := range files {
		sql := readFile(t, file)
		s, mistakes := Parse(sql)
		if len(mistakes) == 0 {
			mistakes = Lint(s)
		}
		if len(mistakes) > 0 {
			t.Errorf("%s: %v", file, at(sql, mistakes))
		}
	}
}

var ignorePlaces = cmp.Options{cmpopts.IgnoreUnexported(Table{}), cmpopts.IgnoreFields(Column{}, "Offset"),
	cmpopts.IgnoreFields(Type{}, "Offset")}

func TestTable(t *testing.T) {
	typed := func(name string) Type { return Type{Name: name} }
	for _, test := range []struct {
		name, sql string
		want      Table
	}{
		{"open csv", readFile(t, "testdata/source/incident_iocs.sql"), Table{
			Name: "incident_iocs", External: true, IfNotExists: true,
			Columns:  []Column{{Name: "threat_ip", Type: typed("string")}, {Name: "threat_comment", Type: typed("string")}},
			StoredAs: "TEXTFILE", Location: "s3://bucket-analysis/iocs/iocfilehere/",
			SerDe: SerDe{Class: OpenCSV, JavaClass: "org.apache.hadoop.hive.serde2.OpenCSVSerde", FieldDelimiter: ",", Quote: `"`,
				EscapedBy: `\`, LineDelimiter: "\n",
				Properties: map[string]string{"separatorChar": ",", "quoteChar": `"`, "escapeChar": `\`}},
		}},
		{"everything", "CREATE EXTERNAL TABLE Db.`T able` (" + `
			A struct<x:int,y:array<map<string,decimal(11,5)>>> comment 'it\'s', -- note
			b VARCHAR(10)) COMMENT "whole" PARTITIONED BY (p date)
			CLUSTERED BY (b) SORTED BY (b) INTO 4 BUCKETS
			ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t' ESCAPED BY '\\' COLLECTION ITEMS TERMINATED BY ';'
			MAP KEYS TERMINATED BY ':' LINES TERMINATED BY '\n' NULL DEFINED AS ''
			LOCATION 's3://b/k/' TBLPROPERTIES ('a'='b', "c"="\u0041");`, Table{
			Database: "db", Name: "t able", External: true, Comment: "whole", BucketedBy: []string{"b"}, Buckets: 4,
			Columns: []Column{
				{Name: "a", Comment: "it's", Type: Type{Name: "struct", Fields: []Field{{"x", typed("int")}, {"y", Type{Name: "array",
					Fields: []Field{{"", Type{Name: "map", Fields: []Field{{"", typed("string")}, {"", Type{Name: "decimal", Params: []int{11, 5}}}}}}}}}}}},
				{Name: "b", Type: Type{Name: "varchar", Params: []int{10}}}},
			Partitions: []Column{{Name: "p", Type: typed("date")}},
			StoredAs:   "TEXTFILE", Location: "s3://b/k/", Properties: map[string]string{"a": "b", "c": "A"},
			SerDe: SerDe{Class: LazySimple, FieldDelimiter: "\t", EscapedBy: `\`, CollectionDelimiter: ";", MapKeyDelimiter: ":",
				LineDelimiter: "\n", NullDefinedAs: ""},
		}},
		{"defaults", `CREATE EXTERNAL TABLE t (a int) LOCATION 's3://b/'`, Table{
			Name: "t", External: true, Columns: []Column{{Name: "a", Type: typed("int")}}, StoredAs: "TEXTFILE", Location: "s3://b/",
			SerDe: SerDe{Class: LazySimple, FieldDelimiter: "\x01", CollectionDelimiter: "\x02", MapKeyDelimiter: "\x03",
				LineDelimiter: "\n", NullDefinedAs: `\N`},
		}},
		{"properties", `CREATE EXTERNAL TABLE t (a int) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe'
			WITH SERDEPROPERTIES ('serialization.format'='9', 'line.delim'='\n') STORED AS textfile LOCATION 's3://b/'
			TBLPROPERTIES ('serialization.null.format'='')`, Table{
			Name: "t", External: true, Columns: []Column{{Name: "a", Type: typed("int")}}, StoredAs: "TEXTFILE", Location: "s3://b/",
			Properties: map[string]string{"serialization.null.format": ""},
			SerDe: SerDe{Class: LazySimple, JavaClass: "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", FieldDelimiter: "\t",
				CollectionDelimiter: "\x02", MapKeyDelimiter: "\x03", LineDelimiter: "\n", NullDefinedAs: "",
				Properties: map[string]string{"serialization.format": "9", "line.delim": "\n"}},
		}},
		{"parquet", `CREATE EXTERNAL TABLE t (a int) STORED AS PARQUET LOCATION 's3://b/'`, Table{
			Name: "t", External: true, Columns: []Column{{Name: "a", Type: typed("int")}}, StoredAs: "PARQUET", Location: "s3://b/",
			SerDe: SerDe{Class: Parquet},
		}},
		{"template", `CREATE EXTERNAL TABLE ${{ ident(params.table) }} ( a int, ${{ columns(x) }} )
			PARTITIONED BY (${{ "}}" }})
			ROW FORMAT DELIMITED FIELDS TERMINATED BY ${{ x }} LOCATION ${{ y }} TBLPROPERTIES ('k' = ${{ {"a": {}} }}, ${{ z }} = 'v')`, Table{
			External: true, HasHoles: true, Columns: []Column{{Name: "a", Type: typed("int")}}, StoredAs: "TEXTFILE",
			Properties: map[string]string{"k": ""},
			SerDe: SerDe{Class: LazySimple, CollectionDelimiter: "\x02", MapKeyDelimiter: "\x03",
				LineDelimiter: "\n", NullDefinedAs: `\N`},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, mistakes := Parse(test.sql)
			if len(mistakes) > 0 {
				t.Fatal(at(test.sql, mistakes))
			}
			if mistakes := Lint(s); len(mistakes) > 0 {
				t.Error(at(test.sql, mistakes))
			}
			if diff := cmp.Diff(&test.want, s.Table, ignorePlaces, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTypeString(t *testing.T) {
	const want = "struct<x:int,y:array<map<string,decimal(11,5)>>>"
	s, mistakes := Parse("CREATE EXTERNAL TABLE t (a STRUCT < X : int COMMENT 'c', y : ARRAY<MAP<string, DECIMAL(11, 5)>> >)")
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	if got := s.Table.Columns[0].Type.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
