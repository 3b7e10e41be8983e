package dialect

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// kinds writes tokens as letters of their kinds and texts.
func kinds(tokens []Token) []string {
	var list []string
	for _, t := range tokens {
		list = append(list, string("WQBSNOHCP"[t.Kind])+" "+t.Text)
	}
	return list
}

func TestTokenize(t *testing.T) {
	for _, test := range []struct {
		sql  string
		want []string
	}{
		{"SELECT a.b,\"c\"\"d\" FROM`x`", []string{"W SELECT", "W a", "O .", "W b", "O ,", `Q "c""d"`, "W FROM", "B `x`"}},
		{"SELECT 'it''s' '\\'", []string{"W SELECT", "S 'it''s'", `S '\'`}},
		{`SHOW 'it\'s' "a""b"'c' "\\"`, []string{"W SHOW", `S 'it\'s'`, `S "a""b"'c'`, `S "\\"`}},
		{"SELECT U&'\\0041' x'00' u X", []string{"W SELECT", "S U&'\\0041'", "S x'00'", "W u", "W X"}},
		{"SELECT 1 1.5 .5 1. 1E5 1.5e-3 1_0 0xFF 0b01 1a 1e t.1 1.e", []string{"W SELECT", "N 1", "N 1.5", "N .5", "N 1.", "N 1E5",
			"N 1.5e-3", "N 1_0", "N 0xFF", "N 0b01", "W 1a", "W 1e", "W t", "O .", "N 1", "N 1.", "W e"}},
		{"SELECT a<>b!=c<=d>=e||f->g=>h>>i", []string{"W SELECT", "W a", "O <>", "W b", "O !=", "W c", "O <=", "W d", "O >=", "W e",
			"O ||", "W f", "O ->", "W g", "O =>", "W h", "O >", "O >", "W i"}},
		{"SELECT -1--2\n/* a /* b */?", []string{"W SELECT", "O -", "N 1", "C --2", "C /* a /* b */", "P ?"}},
		{"SELECT ${{ {a: '}}', b: \"\\\"}}\"}['}}'] }}+${{ `}}` /* }} */ }}", []string{"W SELECT",
			"H ${{ {a: '}}', b: \"\\\"}}\"}['}}'] }}", "O +", "H ${{ `}}` /* }} */ }}"}},
		{"array<map<string,int>>", []string{"W array", "O <", "W map", "O <", "W string", "O ,", "W int", "O >", "O >"}},
	} {
		tokens, mistakes := Tokenize(test.sql)
		if len(mistakes) > 0 {
			t.Errorf("%s: %v", test.sql, mistakes)
		}
		if diff := cmp.Diff(test.want, kinds(tokens)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.sql, diff)
		}
	}
}

func TestClass(t *testing.T) {
	for sql, want := range map[string]Class{
		"select 1": Select, "( with x as (select 1) select 1 )": Select, "values 1": Select, "TABLE t": Select,
		"/* c */ -- d\ncreate external table t (a int)": CreateTable, "create table if not exists a.`b` (c int)": CreateTable,
		"create table ${{ t }} as select 1": CreateTableAs, `create table "a"."b" with (x = 1) as select 1`: CreateTableAs,
		"create view v as select 1": CreateView, "create or replace view v as select 1": CreateView, "create schema s": CreateDatabase,
		"alter table a.b add partition (c = 1)": AlterAddPartition, "alter table t add if not exists partition (c=1)": AlterAddPartition,
		"alter table t add columns (c int)": Alter, "alter database d set dbproperties ('a'='b')": Alter, "drop table t": Drop,
		"alter table t drop partition (c = 1)": AlterDropPartition, "alter table `a-b`.t drop if exists partition (c=1), partition (c=2)": AlterDropPartition,
		"alter table t partition (c=1) rename to partition (c=2)": Alter, "alter table t drop columns (c)": Alter,
		"msck repair table t": MsckRepair, "show tables": Show, "desc t": Describe, "insert into t select 1": Insert,
		"unload (select 1) to 's3://b/'": Unload, "prepare p from select 1": Prepare, "execute p": Execute, "execute immediate 'select 1'": Execute, "explain select 1": Explain,
		"delete from t": Delete, "update t set a = 1": Update, "merge into t using u on 1 = 1": Merge, "optimize t rewrite data": Optimize,
		"vacuum t": Vacuum, "deallocate prepare p": Deallocate,
	} {
		s, mistakes := Parse(sql)
		if s == nil || s.Class != want || len(mistakes) > 0 {
			t.Errorf("%s: %v, %v, want %s", sql, s, mistakes, want)
		}
		if s != nil && strings.HasPrefix(s.Class.String(), "Class(") {
			t.Errorf("%d has no name", s.Class)
		}
	}
}

func TestBody(t *testing.T) {
	for sql, want := range map[string]string{
		" SELECT 1 ; ":                     "SELECT 1",
		"CREATE VIEW v AS (SELECT 1) -- c": "(SELECT 1)",
		"CREATE TABLE t WITH (a = 1) AS WITH x AS (SELECT 1) TABLE x;": "WITH x AS (SELECT 1) TABLE x",
		"INSERT INTO t (a) VALUES 1":                                   "VALUES 1",
		"UNLOAD (SELECT a FROM (SELECT 1)) TO 's3://'":                 "SELECT a FROM (SELECT 1)",
		"PREPARE p FROM SELECT ?":                                      "SELECT ?",
		"PREPARE p FROM INSERT INTO t SELECT ?":                        "SELECT ?",
		"EXECUTE IMMEDIATE 'SELECT 1'":                                 "",
		"CREATE TABLE t AS (SELECT 1 AS a) WITH NO DATA":               "(SELECT 1 AS a)",
		"CREATE TABLE t AS SELECT 1 AS a WITH DATA":                    "SELECT 1 AS a",
		"INSERT INTO t (a, b) (SELECT 1, 2)":                           "(SELECT 1, 2)",
		"EXPLAIN (FORMAT JSON) SELECT 1":                               "SELECT 1",
		"DROP TABLE t":                                                 "",
	} {
		s, mistakes := Parse(sql)
		if len(mistakes) > 0 {
			t.Fatal(sql, mistakes)
		}
		if got := sql[s.Body.Start:s.Body.End]; got != want {
			t.Errorf("%s: body %q, want %q", sql, got, want)
		}
	}
}

func TestViewAndPartitions(t *testing.T) {
	s, _ := Parse("CREATE OR REPLACE VIEW Db.\"My \"\"V\" AS SELECT 1")
	if diff := cmp.Diff(&View{Object: Object{Database: "db", Name: `my "v`, Offset: 23}, OrReplace: true}, s.View); diff != "" {
		t.Error(diff)
	}
	s, mistakes := Parse("ALTER TABLE Db.T ADD IF NOT EXISTS PARTITION (A='x', b=-2) LOCATION 's3://b/1/' PARTITION (a=DATE '2024-01-01', b=3)")
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	want := &Altered{Object: Object{Database: "db", Name: "t", Offset: 12}, IfNotExists: true, Partitions: []Partition{
		{Values: map[string]string{"a": "x", "b": "-2"}, Location: "s3://b/1/", Offset: 35,
			Offsets: map[string]int{"a": 46, "b": 53}, LocationOffset: 68},
		{Values: map[string]string{"a": "2024-01-01", "b": "3"}, Offset: 80, Offsets: map[string]int{"a": 91, "b": 112}},
	}}
	if diff := cmp.Diff(want, s.Altered); diff != "" {
		t.Error(diff)
	}
}

func TestKeyword(t *testing.T) {
	const sql = "SELECT (SELECT a FROM b) FROM c GROUP BY d"
	s, _ := Parse(sql)
	if got := s.Keyword("FROM"); got != 25 {
		t.Errorf("FROM at %d", got)
	}
	if got := s.Keyword("group", "by"); got != 32 {
		t.Errorf("GROUP BY at %d", got)
	}
	if got := s.Keyword("ORDER"); got != -1 {
		t.Errorf("ORDER at %d", got)
	}
}

func TestIdentifiers(t *testing.T) {
	for sql, want := range map[string]struct {
		names string
		star  bool
	}{
		`SELECT A, "B""c" FROM t`:                  {`a b"c from select t`, false},
		"SELECT count(*), a * b FROM t":            {"a b count from select t", false},
		"SELECT * FROM t":                          {"from select t", true},
		"SELECT a, t.* FROM t":                     {"a from select t", true},
		"SELECT a FROM (SELECT DISTINCT * FROM t)": {"a distinct from select t", true},
		"SELECT a, * FROM t":                       {"a from select t", true},
		"TABLE t":                                  {"t table", true},
		"SELECT a FROM TABLE(f())":                 {"a f from select table", false},
		"CREATE VIEW v AS TABLE t":                 {"as create t table v view", true},
		"CREATE TABLE t AS SELECT a FROM u":        {"a as create from select t table u", false},
	} {
		s, mistakes := Parse(sql)
		if len(mistakes) > 0 {
			t.Fatal(sql, mistakes)
		}
		names, star := Identifiers(s)
		if got := strings.Join(names, " "); got != want.names || star != want.star {
			t.Errorf("%s: %s, %v; want %s, %v", sql, got, star, want.names, want.star)
		}
	}
}

// inOrder checks that the tokens are the text but for white space.
func inOrder(sql string, tokens []Token) string {
	end := 0
	for _, token := range tokens {
		switch {
		case token.Offset < end || token.End() > len(sql) || token.Text == "":
			return "a token lies outside its place"
		case sql[token.Offset:token.End()] != token.Text:
			return "a token is not the text"
		case strings.Trim(sql[end:token.Offset], " \t\r\n") != "":
			return "text between tokens"
		}
		end = token.End()
	}
	if strings.Trim(sql[end:], " \t\r\n") != "" {
		return "text behind the tokens"
	}
	return ""
}

// seedTexts are statements of every class, and what is none.
var seedTexts = []string{"", "SELECT 'a''b', \"c\" FROM t -- x\n/* y */ LIMIT 1;", "SHOW 'a\\", "SELECT ${{ '}}' }}", "CREATE TABLE", "1.e5.x",
	"CREATE EXTERNAL TABLE t (a struct<b:int>) PARTITIONED BY (p string) STORED AS ORC LOCATION 's3://b/' TBLPROPERTIES ('projection.enabled'='true'," +
		"'projection.p.type'='date','projection.p.format'='yyyy/MM/dd''T''HH','projection.p.range'='NOW-3DAYS,NOW+1YEAR','storage.location.template'='s3://b/${p}/')",
	"ALTER TABLE t ADD PARTITION (a=1) LOCATION 's3://b'", "SELECT (a, [b) LIMIT 1, 2 ORDER BY \x00 \xff ‘", "WITH x AS (SELECT 1) SELECT * FROM x",
	"ALTER TABLE t DROP IF EXISTS PARTITION (a='x'), PARTITION (a=DATE '2024-01-01')", "MSCK REPAIR TABLE `d.t`", "DROP VIEW IF EXISTS \"v\"",
	"SHOW TABLES IN d '*logs|.*x'", "SHOW COLUMNS FROM t IN d", "SHOW TBLPROPERTIES t('a')", "DESCRIBE FORMATTED d.t PARTITION (a=1) c",
	"CREATE DATABASE IF NOT EXISTS d COMMENT 'x' LOCATION 's3://b/' WITH DBPROPERTIES ('a'='b')",
	"CREATE TABLE IF NOT EXISTS t WITH (format = 'ORC', partitioned_by = ARRAY['a','b'], bucket_count = 3) AS SELECT 1 AS a WITH NO DATA",
	"INSERT INTO t (a, b) VALUES (1, 2)", "PREPARE p FROM SELECT a FROM t WHERE b = ? AND c IN (?, ?)", "EXECUTE p USING 1, 'a''b', CAST(-1 AS bigint)",
	"EXECUTE IMMEDIATE 'SELECT ''x'', ?' USING DATE '2024-01-01'", "DEALLOCATE PREPARE p",
	"CREATE EXTERNAL TABLE t (a int) CLUSTERED BY (a) INTO 4 BUCKETS ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' ESCAPED BY '\\\\' NULL DEFINED AS '' LOCATION 's3://b/'"}

func seeds(f *testing.F) {
	for _, sql := range seedTexts {
		f.Add(sql)
	}
}

func FuzzTokenize(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, sql string) {
		tokens, mistakes := Tokenize(sql)
		if problem := inOrder(sql, tokens); problem != "" {
			t.Errorf("%q: %s: %v", sql, problem, tokens)
		}
		for _, m := range mistakes {
			if m.Offset < 0 || m.Offset > len(sql) || m.Message == "" {
				t.Errorf("%q: %+v", sql, m)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, sql string) {
		s, mistakes := Parse(sql)
		if s == nil && len(mistakes) == 0 {
			t.Fatalf("%q: neither a statement nor a mistake", sql)
		}
		if s != nil {
			mistakes = append(mistakes, Lint(s)...)
			Identifiers(s)
			if s.Body.End < s.Body.Start || s.Body.End > len(sql) {
				t.Errorf("%q: body %v", sql, s.Body)
			}
			s.Effect()
			if p := s.Prepared; p != nil && p.Statement != nil {
				checkBind(t, p.Statement)
			}
			if s.Table != nil && len(mistakes) == 0 && !s.Table.HasHoles {
				checkDDL(t, s.Table)
			}
			if s.Table != nil {
				if p, _ := s.Table.Projection(); p != nil && !s.Table.HasHoles {
					p.Match(s.Table.Location+"2024/01/01/x", time0)
				}
			}
		}
		for _, m := range mistakes {
			if m.Offset < 0 || m.Offset > len(sql) || m.Message == "" {
				t.Errorf("%q: %+v", sql, m)
			}
		}
	})
}

func TestQuote(t *testing.T) {
	for _, class := range []Class{Select, CreateTable} {
		rapid.Check(t, func(t *rapid.T) {
			text := strings.ReplaceAll(rapid.OneOf(rapid.String(), rapid.StringMatching(`([\\'"nrtZu0\n%_ ]|\$\{\{|\}\})*`)).Draw(t, "text"), "\x00", "")
			quoted, err := QuoteString(class, text)
			if err != nil {
				t.Fatal(err)
			}
			// Spaces: strings of Hive that touch are one.
			tokens, mistakes := tokenize(" "+quoted+" ", class.IsHive())
			if len(mistakes) > 0 || len(tokens) != 1 || tokens[0].Kind != String || tokens[0].Text != quoted {
				t.Fatalf("%q is %q, read as %v, %v", text, quoted, tokens, mistakes)
			}
			if got, err := Unquote(class, tokens[0]); err != nil || got != text {
				t.Fatalf("%q is %q, which is %q, %v", text, quoted, got, err)
			}
		})
		rapid.Check(t, func(t *rapid.T) {
			name := rapid.StringMatching("[a-zA-Zé \"`'\\\\.;-]+").Draw(t, "name")
			quoted, err := QuoteIdentifier(class, name)
			if err != nil {
				t.Fatal(err)
			}
			tokens, mistakes := tokenize(quoted, class.IsHive())
			want := map[bool]Kind{true: BacktickIdentifier, false: QuotedIdentifier}[class.IsHive()]
			if len(mistakes) > 0 || len(tokens) != 1 || tokens[0].Kind != want {
				t.Fatalf("%q is %q, read as %v, %v", name, quoted, tokens, mistakes)
			}
			if got, err := Unquote(class, tokens[0]); err != nil || got != name {
				t.Fatalf("%q is %q, which is %q, %v", name, quoted, got, err)
			}
		})
		for _, bad := range []string{"", "a\x00", "a\nb", "\xff", "a${{"} {
			if got, err := QuoteIdentifier(class, bad); err == nil {
				t.Errorf("QuoteIdentifier(%q) = %q", bad, got)
			}
		}
		if got, err := QuoteString(class, "a\x00b"); err == nil {
			t.Errorf("QuoteString of NUL = %q", got)
		}
	}
}

func TestUnquote(t *testing.T) {
	for _, test := range []struct {
		class      Class
		text, want string
	}{
		{CreateTable, `'a\nb\tc\\d\'e\"f\u0041\x\%\_\101\Z'`, "a\nb\tc\\d'e\"fAx\\%\\_A\x1a"},
		{CreateTable, `"a""b"'c'`, "abc"},
		{CreateTable, `'\001'`, "\x01"},
		{CreateTable, `'\u00'`, "u00"},
		{Select, `'a\n''b'`, `a\n'b`},
		{Select, `U&'\0041\+01F600\\'`, "A😀\\"},
	} {
		tokens, _ := tokenize(test.text, test.class.IsHive())
		if len(tokens) != 1 {
			t.Fatalf("%s: %v", test.text, tokens)
		}
		if got, err := Unquote(test.class, tokens[0]); got != test.want || err != nil {
			t.Errorf("%s is %q, %v; want %q", test.text, got, err, test.want)
		}
	}
	for _, bad := range []Token{{Kind: Number, Text: "1"}, {Kind: String, Text: "X'00'"}, {Kind: String, Text: `U&'\00'`}, {Kind: String, Text: `U&'\ZZZZ'`}} {
		if got, err := Unquote(Select, bad); err == nil {
			t.Errorf("%q is %q", bad.Text, got)
		}
	}
}

func BenchmarkTokenize(b *testing.B) {
	var sql strings.Builder
	sql.WriteString("SELECT 1")
	for sql.Len() < 10<<10 {
		sql.WriteString(",\n  sum(CASE WHEN sourceaddress = '10.0.0.1' THEN numbytes ELSE 0 END) AS \"sent\" -- bytes")
	}
	b.SetBytes(int64(sql.Len()))
	for b.Loop() {
		Tokenize(sql.String())
	}
}
