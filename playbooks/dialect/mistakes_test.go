package dialect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// marked takes the ¤ out of sql; each stands where a mistake is expected.
func marked(sql string) (string, []int) {
	var places []int
	for {
		i := strings.Index(sql, "¤")
		if i < 0 {
			return sql, places
		}
		places = append(places, i)
		sql = sql[:i] + sql[i+len("¤"):]
	}
}

type mistakeTest struct {
	sql  string
	want []string
}

func testMistakes(t *testing.T, tests []mistakeTest, find func(sql string) []*Error) {
	t.Helper()
	for _, test := range tests {
		sql, places := marked(test.sql)
		if len(places) != len(test.want) {
			t.Fatalf("%s: %d marks for %d mistakes", test.sql, len(places), len(test.want))
		}
		var want, got []string
		for i, message := range test.want {
			want = append(want, fmt.Sprintf("%d: %s", places[i], message))
		}
		for _, m := range find(sql) {
			got = append(got, fmt.Sprintf("%d: %s", m.Offset, m.Error()))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.sql, diff)
		}
	}
}

func TestParseMistakes(t *testing.T) {
	const order = "the order is COMMENT, PARTITIONED BY, CLUSTERED BY, ROW FORMAT, STORED AS, WITH SERDEPROPERTIES, LOCATION, TBLPROPERTIES"
	testMistakes(t, []mistakeTest{
		{"¤", []string{"there is no statement"}},
		{"¤ -- nothing", []string{"there is no statement"}},
		{" ¤;", []string{`";" does not begin a statement of Athena`}},
		{"SELECT 1; ¤SELECT 2", []string{"a second statement begins here; Athena runs one statement at a time; give each a step of its own"}},
		{"SELECT 1;¤;", []string{"a second statement begins here; Athena runs one statement at a time; give each a step of its own"}},
		{"¤SELCT 1", []string{`"SELCT" does not begin a statement of Athena; did you mean SELECT?`}},
		{"¤COPY t TO 'x'", []string{`"COPY" does not begin a statement of Athena`}},
		{"¤ATTACH 'x'", []string{`"ATTACH" does not begin a statement of Athena`}},
		{"¤PRAGMA x", []string{`"PRAGMA" does not begin a statement of Athena`}},
		{"¤INSTALL httpfs", []string{`"INSTALL" does not begin a statement of Athena`}},
		{"/* x */ ¤${{ x }} 1", []string{"a statement cannot begin with ${{ }}; write its first word; ${{ }} stands for a value or a name"}},
		{"CREATE ¤INDEX i", []string{"Athena does not know CREATE INDEX; it creates a DATABASE, an EXTERNAL TABLE, a TABLE … AS, or a VIEW"}},
		{"CREATE ¤TEMPORARY TABLE i", []string{"Athena does not know CREATE TEMPORARY; it creates a DATABASE, an EXTERNAL TABLE, a TABLE … AS, or a VIEW"}},
		{"¤((1))", []string{"a query is expected in these parentheses"}},
		{"SELECT ¤(1", []string{"this ( is not closed"}},
		{"SELECT 1¤)", []string{"this ) closes nothing"}},
		{"SELECT a[(1¤])", []string{"this ] closes nothing"}},
		{"SELECT ¤'a", []string{"the string is not closed; close it with '"}},
		{`SELECT ¤"a`, []string{`the quoted name is not closed; close it with "`}},
		{`SHOW TABLES ¤"a`, []string{`the string is not closed; close it with "`}},
		{`SHOW TABLES ¤'a\'`, []string{`the string is not closed; close it with '`}},
		{"SELECT 1 ¤/* x", []string{"the comment is not closed; close it with */"}},
		{"SELECT ¤${{ '}}' ", []string{"${{ is not closed; close it with }}"}},
		{"SELECT 'a ¤${{ x['b'] }}'", []string{"${{ }} is inside quotes; take the quotes away; it is quoted as it has to be"}},
		{`SELECT "¤${{ x }}"`, []string{"${{ }} is inside quotes; take the quotes away; it is quoted as it has to be"}},
		{"DROP TABLE `¤${{ x }}`", []string{"${{ }} is inside quotes; take the quotes away; it is quoted as it has to be"}},
		{"SELECT 1 -- ¤${{ x }}\n", []string{"${{ }} is inside a comment; take it out; ${{ }} stands for a whole value or name"}},
		{"SELECT /* ¤${{ x }} */ 1", []string{"${{ }} is inside a comment; take it out; ${{ }} stands for a whole value or name"}},
		{"SELECT ¤${x}", []string{"${ stands outside quotes; an expression is ${{ … }}"}},
		{"SELECT ¤‘a¤’", []string{"‘ is not a quote of SQL; strings stand in straight quotes: '…'", "’ is not a quote of SQL; strings stand in straight quotes: '…'"}},
		{"SELECT 1¤\u00a0", []string{"the character U+00A0 does not belong in SQL; outside quotes only ASCII is allowed"}},
		{"SELECT ¤\xff", []string{"the text is not valid UTF-8 here"}},
		{"SELECT 'a¤\x00'", []string{"a NUL character cannot stand in SQL"}},
		{"SELECT ¤\x00", []string{"the character U+0000 does not belong in SQL; outside quotes only ASCII is allowed"}},

		{"CREATE VIEW¤ ", []string{"the name of the view is expected here, not the end of the statement"}},
		{"CREATE VIEW v ¤SELECT 1", []string{`AS and a query is expected here, not "SELECT"`}},
		{"CREATE VIEW v AS ¤DROP TABLE t", []string{`a query is expected here, not "DROP"`}},
		{"CREATE VIEW a.b¤.c AS SELECT 1", []string{"a name has two parts at most here: database.name"}},
		{"INSERT INTO t¤", []string{"INSERT lacks its query"}},
		{"DROP ¤INDEX i", []string{`TABLE, VIEW or DATABASE is expected here, not "INDEX"`}},
		{"DROP TABLE t ¤u", []string{`the end of the statement is expected here, not "u"`}},
		{"MSCK ¤TABLE t", []string{`REPAIR TABLE is expected here, not "TABLE"`}},
		{"ALTER TABLE t ADD PARTITION (a ¤'x')", []string{`= is expected here, not "'x'"`}},
		{"ALTER TABLE t ADD PARTITION (a = ¤x)", []string{`a value in quotes is expected here, not "x"`}},
		{"ALTER TABLE t ADD PARTITION (a = 1) ¤x", []string{`the end of the statement is expected here, not "x"`}},

		{"CREATE EXTERNAL TABLE¤ ", []string{"the name of the table is expected here, not the end of the statement"}},
		{"CREATE EXTERNAL TABLE t ¤LIKE u", []string{"Athena does not know CREATE TABLE … LIKE; list the columns"}},
		{"CREATE EXTERNAL TABLE t (a¤)", []string{`a type is expected here, not ")"`}},
		{"CREATE EXTERNAL TABLE t (a int¤,)", []string{"the , before ) is one too many"}},
		{"CREATE EXTERNAL TABLE t (a int ¤NOT NULL)", []string{`, or ) is expected here, not "NOT"`}},
		{"CREATE EXTERNAL TABLE t (a decimal(¤x))", []string{`a number is expected here, not "x"`}},
		{"CREATE EXTERNAL TABLE t (a array< ¤>)", []string{`a type is expected here, not ">"`}},
		{"CREATE EXTERNAL TABLE t (a array¤<>)", []string{`a type is expected here, not "<>"`}},
		{"CREATE EXTERNAL TABLE t (a struct<x ¤int>)", []string{`: is expected here, not "int"`}},
		{"CREATE EXTERNAL TABLE t (a int) ¤LOCATON 'x'", []string{`a clause of CREATE TABLE is expected here, not "LOCATON"; did you mean LOCATION?`}},
		{"CREATE EXTERNAL TABLE t (a int) LOCATION 's3://b/' ¤ROW FORMAT DELIMITED", []string{"ROW FORMAT cannot stand behind LOCATION; " + order}},
		{"CREATE EXTERNAL TABLE t (a int) LOCATION ¤x", []string{`a location in quotes is expected here, not "x"`}},
		{"CREATE EXTERNAL TABLE t (a int) ROW FORMAT ¤JSON", []string{`DELIMITED or SERDE is expected here, not "JSON"`}},
		{"CREATE EXTERNAL TABLE t (a int) STORED AS ¤PARKET", []string{`"PARKET" is not a file format of Athena; did you mean PARQUET?`}},
		{"CREATE EXTERNAL TABLE t (a int) CLUSTERED BY (a) INTO ¤x BUCKETS", []string{`a number and BUCKETS is expected here, not "x"`}},
		{"CREATE EXTERNAL TABLE t (a int) PARTITIONED BY ¤a", []string{`( is expected here, not "a"`}},
		{"CREATE EXTERNAL TABLE t (a int) WITH SERDEPROPERTIES (¤a='b')", []string{`the name of a property in quotes is expected here, not "a"`}},
		{"CREATE EXTERNAL TABLE t (¤`` int)", []string{"a name cannot be empty"}},
		{"CREATE EXTERNAL TABLE t (a int) TBLPROPERTIES ('a'¤,'b')", []string{`= is expected here, not ","`}},
		{"CREATE EXTERNAL TABLE t (a int) TBLPROPERTIES ('a'='b'¤,)", []string{"the , before ) is one too many"}},
		{"CREATE EXTERNAL TABLE t (a " + strings.Repeat("array<", maxTypeDepth+1) + "¤int" + strings.Repeat(">", maxTypeDepth+1) + ")",
			[]string{"the type is nested too deeply"}},
	}, func(sql string) []*Error {
		_, mistakes := Parse(sql)
		return mistakes
	})
}

func lintOf(t *testing.T) func(sql string) []*Error {
	return func(sql string) []*Error {
		s, mistakes := Parse(sql)
		if len(mistakes) > 0 {
			t.Errorf("%s: %v", sql, mistakes)
			return nil
		}
		return Lint(s)
	}
}

func TestLintTable(t *testing.T) {
	const l = " LOCATION 's3://b/'"
	testMistakes(t, []mistakeTest{
		{"¤CREATE TABLE t (a int)" + l, []string{"Athena creates external tables only, or Iceberg tables with 'table_type' = 'ICEBERG'; write CREATE EXTERNAL TABLE"}},
		{"CREATE TABLE t (a int) PARTITIONED BY (day(a))" + l + " TBLPROPERTIES ('table_type'='ICEBERG')", nil},
		{"CREATE EXTERNAL TABLE ¤t" + l, []string{"the table has no columns; list them in parentheses behind the name"}},
		{"CREATE EXTERNAL TABLE t (a int)¤", []string{"the table has no LOCATION; add LOCATION 's3://bucket/folder/'"}},
		{"CREATE EXTERNAL TABLE ¤my-db.¤_t (a int)" + l, []string{"the name my-db of the table has a - in it, which only _ may be; use my_db",
			"the name _t of the table begins with an underscore; write `_t`"}},
		{`CREATE EXTERNAL TABLE ¤"t1" (¤"a" int)` + l, []string{"the name of the table stands in the quotes of a string; write `t1`",
			"the name of a column stands in the quotes of a string; write `a`"}},
		{"CREATE EXTERNAL TABLE t (¤end int, `end2` int, date date, start int, ¤Timestamp int, `a-b` int)" + l,
			[]string{"the name end of a column is a reserved word; write `end`", "the name timestamp of a column is a reserved word; write `timestamp`"}},
		{"CREATE EXTERNAL TABLE t (a int, b int, ¤A int) PARTITIONED BY (¤B int, c int, ¤c int)" + l, []string{
			"there are two columns called a; names do not differ by case alone",
			"the partition column b is a column of the table too; take it out of one of the lists",
			"there are two partition columns called c; names do not differ by case alone"}},
		{"CREATE EXTERNAL TABLE t (a ¤integer, b ¤strng, c array<¤text>, d ¤uuid)" + l, []string{
			`"integer" is not a type of Athena's DDL; DDL calls it int`, `"strng" is not a type of Athena's DDL; did you mean string?`,
			`"text" is not a type of Athena's DDL; DDL calls it string`, `"uuid" is not a type of Athena's DDL; DDL calls it string`}},
		{"CREATE EXTERNAL TABLE t (a ¤varchar, b ¤char(300), c ¤decimal(39), d ¤decimal(5,6), e ¤int(4), f ¤array, g ¤map<int>, h ¤string<int>)" + l,
			[]string{"varchar lacks its length; write varchar(n), or string", "a char has a length of 1 to 255; use string",
				"a decimal has 1 to 38 digits, not 39", "of the 5 digits of a decimal, 6 cannot stand behind the point",
				"int has too many numbers behind it", "array lacks what it holds; write array<type>, map<type,type> or struct<name:type,…>",
				"map lacks what it holds; write array<type>, map<type,type> or struct<name:type,…>", "string does not hold other types"}},
		{"CREATE EXTERNAL TABLE t (a int) ROW FORMAT SERDE ¤'org.openx.JsonSerDe'" + l,
			[]string{`"org.openx.JsonSerDe" is not a SerDe of Athena; did you mean org.openx.data.jsonserde.JsonSerDe?`}},
		{"CREATE EXTERNAL TABLE t (a int) ROW FORMAT DELIMITED FIELDS TERMINATED BY ¤'||' LINES TERMINATED BY ¤'x'" + l,
			[]string{"fields end with one character, not 2; a RegexSerDe can split at more",
				`lines can only end with a newline; write LINES TERMINATED BY '\n', or nothing`}},
		{"CREATE EXTERNAL TABLE t (a int)" + l + " TBLPROPERTIES ('skip.header.line.count'=¤'one')", []string{
			`'skip.header.line.count' is a number of lines, not "one"; write '1' when the first line of a file is its header`}},
		{"CREATE EXTERNAL TABLE t (a int) LOCATION ¤'https://b/'", []string{`the location "https://b/" does not begin with s3://`}},
		{"CREATE EXTERNAL TABLE t (a int) LOCATION ¤'s3://'", []string{`the location "s3://" names no bucket`}},
		{"CREATE EXTERNAL TABLE t (a int) LOCATION ¤'s3://b/*/'", []string{`the location "s3://b/*/" has a * in it; name the folder; Athena reads all that is in it`}},
		{"CREATE EXTERNAL TABLE t (a int) LOCATION ¤'s3://b/k'", []string{`the location "s3://b/k" does not end with a slash; end it with a slash: 's3://b/k/'`}},
		{"CREATE EXTERNAL TABLE t (a int)" + l + " TBLPROPERTIES ('a'='1', ¤'a'='2')", []string{"the property 'a' is given twice"}},
		{"ALTER TABLE ¤a-b ADD PARTITION (p=1) LOCATION ¤'s3://b/x'", []string{"the name a-b of the table has a - in it, which only _ may be; use a_b",
			`the location "s3://b/x" does not end with a slash; end it with a slash: 's3://b/x/'`}},
		{`DROP TABLE IF EXISTS ¤"t"`, []string{"the name of what is dropped stands in the quotes of a string; write `t`"}},
		{"MSCK REPAIR TABLE db.¤_t", []string{"the name _t of the table begins with an underscore; write `_t`"}},
	}, lintOf(t))
}

func TestLintProjection(t *testing.T) {
	ddl := func(properties string) string {
		return "CREATE EXTERNAL TABLE t (a int) PARTITIONED BY (¤p string) LOCATION 's3://b/' TBLPROPERTIES (" + properties + ")"
	}
	on := func(properties string) string {
		return strings.Replace(ddl("'projection.enabled'='true',"+properties), "¤", "", 1)
	}
	testMistakes(t, []mistakeTest{
		{ddl("'projection.enabled'='TRUE'"), []string{"the partition column p has no projection; add 'projection.p.type' = 'enum', 'integer', 'date' or 'injected'"}},
		{on("'projection.P.type'='Enum ', 'projection.p.values'='a,b'"), nil},
		{strings.Replace(ddl("'projection.enabled'='false', 'projection.p.type'='enum'"), "¤", "", 1), nil},
		{strings.Replace(ddl("'projection.enabled'=¤'yes'"), "¤", "", 1), []string{"'projection.enabled' is true or false, not \"yes\""}},
		{strings.Replace(ddl("¤'projection.p.type'='enum'"), "¤", "", 1), []string{"'projection.p.type' has no effect without 'projection.enabled'; add 'projection.enabled' = 'true'"}},
		{on("'projection.p.type'=¤'list'"), []string{`"list" is not a type of partition projection; there are enum, integer, date and injected`}},
		{on("'projection.p.type'=¤'enum'"), []string{"the enum projection of p lacks its values; add 'projection.p.values'"}},
		{on("'projection.p.type'='enum', 'projection.p.values'=¤'a, b'"), []string{`the value " b" of p matches no path; take the white space around the commas away; it counts as part of the value`}},
		{on("'projection.p.type'='enum', 'projection.p.values'=¤'a,,b'"), []string{"the values of p hold an empty one; write the values with one comma between two"}},
		{on("'projection.p.type'='enum', 'projection.p.values'='a', ¤'projection.p.vales'='b', ¤'projection.q.type'='enum', ¤'projection.enable'='x'"), []string{
			`a column of type enum has no property "vales"; did you mean values?`, `there is no partition column "q"; did you mean p?`,
			"there is no property 'projection.enable'; did you mean enabled?"}},
		{on("'projection.p.type'=¤'integer'"), []string{"the integer projection of p lacks its range; add 'projection.p.range'"}},
		{on("'projection.p.type'='integer', 'projection.p.range'=¤'1-5'"), []string{`"1-5" is not a range of integers; write two whole numbers, as in '0,23'`}},
		{on("'projection.p.type'='integer', 'projection.p.range'=¤'5,1', 'projection.p.interval'=¤'0', 'projection.p.digits'=¤'99'"), []string{
			`the range "5,1" ends before it begins`, `'projection.p.interval' is a positive number, not "0"`, `"99" digits are more than an integer has`}},
		{on("'projection.p.type'=¤¤'date'"), []string{"the date projection of p lacks its format; add 'projection.p.format'",
			"the date projection of p lacks its range; add 'projection.p.range'"}},
		{on("'projection.p.type'='date', 'projection.p.format'='yyyy/MM/dd', 'projection.p.range'=¤'2024/01/01'"),
			[]string{`"2024/01/01" is not a range of dates; write two dates, as in '2024/01/01,NOW'`}},
		{on("'projection.p.type'='date', 'projection.p.format'='yyyy/MM/dd', 'projection.p.range'=¤'2024-01-01,NOW'"),
			[]string{`"2024-01-01" in the range of p does not fit its format "yyyy/MM/dd"; write dates in that format, or NOW, NOW-3DAYS and the like`}},
		{on("'projection.p.type'='date', 'projection.p.format'='yyyy/MM/dd', 'projection.p.range'=¤'2024/02/30,NOW'"),
			[]string{`"2024/02/30" in the range of p does not fit its format "yyyy/MM/dd"; write dates in that format, or NOW, NOW-3DAYS and the like`}},
		{on("'projection.p.type'='date', 'projection.p.format'='yyyy', 'projection.p.range'=¤'2025,2024', 'projection.p.interval'='1', 'projection.p.interval.unit'=¤'YEAR'"),
			[]string{`the range "2025,2024" ends before it begins`, `"YEAR" is not a unit of time; did you mean YEARS?`}},
		{on("'projection.p.type'=¤'date', 'projection.p.format'='yyyy/MM/dd/HH', 'projection.p.range'='NOW-1DAY,NOW', 'projection.p.interval'='1'"),
			[]string{"the date projection of p lacks its interval.unit; add 'projection.p.interval.unit'"}},
		{on("'projection.p.type'='date', 'projection.p.format'=¤'yyyy-ww', 'projection.p.range'='NOW,NOW'"),
			[]string{`the date format "yyyy-ww" has "ww" in it, which is not known here`}},
		{on("'projection.p.type'='injected', 'storage.location.template'=¤'s3://b/x/'"),
			[]string{"'storage.location.template' lacks ${p}; every partition column has its place in the template"}},
		{on("'projection.p.type'='injected', 'storage.location.template'=¤'s3://b/${p}/${pp}'"),
			[]string{"${pp} in 'storage.location.template' is no partition column; did you mean p?"}},
		{on("'projection.p.type'='injected', 'storage.location.template'=¤'b/${p}'"),
			[]string{`the template "b/${p}" does not begin with s3://`}},
		// What a hole stands for is taken to be right.
		{on("'projection.p.type'='enum', 'projection.p.values'=${{ x }}, 'storage.location.template'=${{ y }}"), nil},
		{on("'projection.p.type'=${{ x }}"), nil},
		{on("${{ key }}=${{ x }}"), nil},
	}, lintOf(t))
}

func TestLintQuery(t *testing.T) {
	testMistakes(t, []mistakeTest{
		{"SELECT ¤`a` FROM t", []string{`names in queries stand in double quotes, not in backticks; write "a"`}},
		{"SELECT ¤\"\" FROM t", []string{"a name cannot be empty; strings stand in single quotes: ''"}},
		{"SELECT a AS ¤'x' FROM t", []string{`the name behind AS stands in the quotes of a string; write "x"`}},
		{"SELECT a AS ¤end, t.¤order, cast(a AS date), 1 AS first FROM t", []string{
			`the name end is a reserved word; write "end"`, `the name order is a reserved word; write "order"`}},
		{"SELECT ¤1a FROM t", []string{`a name that begins with a digit stands in double quotes; write "1a"`}},
		{"SELECT a¤::int FROM t WHERE a ¤== 1 AND b ¤ILIKE 'x'", []string{"Athena does not know ::; write CAST(x AS type)",
			"Athena does not know ==; write =", "Athena does not know ILIKE; write lower(x) LIKE '…'"}},
		{"SELECT a, b¤, FROM t", []string{"nothing follows this ,; take it out"}},
		{"SELECT f(a¤,)", []string{"nothing follows this ,; take it out"}},
		{"SELECT ¤TOP 5 a FROM t", []string{"Athena does not know TOP; write LIMIT at the end"}},
		{"SELECT DISTINCT ¤ON (a) a FROM t", []string{"Athena does not know DISTINCT ON; use row_number() OVER (…) = 1, or max_by(x, y)"}},
		{"SELECT ¤IFNULL(a, b), t.size, ifnull FROM ¤read_csv('x')", []string{"Athena has no function IFNULL; write coalesce(x, y)",
			"Athena has no function read_csv; write CREATE EXTERNAL TABLE and read that"}},
		{"SELECT a ¤& b", []string{"Athena does not know &"}},
		{"SELECT a FROM t LIMIT 1 ¤ORDER BY a", []string{"ORDER BY stands behind LIMIT; it belongs before it"}},
		{"SELECT a FROM t LIMIT 1 ¤OFFSET 2", []string{"OFFSET stands behind LIMIT; it belongs before it"}},
		{"SELECT a FROM t LIMIT 1¤, 2", []string{"Athena does not know LIMIT m, n; write OFFSET m LIMIT n"}},
		{"SELECT a FROM t GROUP BY a ¤WHERE b = 1", []string{"WHERE stands behind GROUP BY; it belongs before it"}},
		{"SELECT a FROM t WHERE b ¤WHERE c", []string{"there are two WHERE clauses"}},
		{"SELECT a FROM t ¤ORDER BY a UNION SELECT 1", []string{"ORDER BY stands before UNION; it belongs behind the last part; put the part in parentheses"}},
		{"CREATE VIEW v AS SELECT a FROM (SELECT a FROM t LIMIT 1 ¤ORDER BY a) ORDER BY 1", []string{"ORDER BY stands behind LIMIT; it belongs before it"}},
		{"CREATE VIEW ¤`v` AS SELECT 1", []string{`names in queries stand in double quotes, not in backticks; write "v"`}},
	}, lintOf(t))
}

// TestLegal holds what Athena takes, and what looks like mistakes.
func TestLegal(t *testing.T) {
	for _, sql := range []string{
		"SELECT a FROM t WHERE a IS DISTINCT FROM b GROUP BY a HAVING count(*) > 1 ORDER BY 1 OFFSET 5 LIMIT 10",
		"(SELECT a FROM t ORDER BY 1 LIMIT 1) UNION ALL (SELECT 1 LIMIT 1) ORDER BY 1",
		"((((((((((((((((((SELECT 1))))))))))))))))))",
		"SELECT limit, offset FROM t", "SELECT t.first, last FROM t", "SELECT x.fetch FROM x",
		"WITH x AS (SELECT 1 AS a), y AS (VALUES 1) SELECT * FROM x, y",
		"SELECT extract(day FROM d), trim(BOTH 'x' FROM y), array_agg(a ORDER BY b) FILTER (WHERE c) FROM t WHERE d",
		"SELECT sum(a) OVER (PARTITION BY b ORDER BY c ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t WHERE a > 1",
		"SELECT listagg(a, ',') WITHIN GROUP (ORDER BY b) FROM t GROUP BY c",
		"SELECT a[1], m['x'], transform(a, x -> x + 1), ARRAY[1, 2], U&'\\0041', X'41', 1_000, .5, 1.5E-3, a || 'b' FROM t",
		"SELECT CASE WHEN a THEN b END AS c FROM t FETCH FIRST 5 ROWS ONLY",
		"SELECT a FROM t FOR TIMESTAMP AS OF TIMESTAMP '2024-01-01 00:00:00 UTC'",
		"TABLE t", "VALUES (1, 'a'), (2, 'b')", "EXPLAIN ANALYZE SELECT 1", "EXPLAIN (TYPE DISTRIBUTED) SELECT 1",
		"PREPARE p FROM SELECT ? + 1", "EXECUTE p USING 1", "DEALLOCATE PREPARE p",
		"INSERT INTO t (a, b) SELECT 1, 2", "INSERT INTO t VALUES (1)", "DELETE FROM t WHERE a = 1", "VACUUM t",
		"UNLOAD (SELECT a FROM t LIMIT 1) TO 's3://b/x/' WITH (format = 'PARQUET')",
		"CREATE TABLE t WITH (format = 'PARQUET') AS SELECT 1 AS a", "CREATE TABLE db.t AS WITH x AS (SELECT 1) SELECT * FROM x",
		"CREATE OR REPLACE VIEW ${{ ident(v) }} AS (SELECT 1)", "CREATE DATABASE IF NOT EXISTS db",
		"CREATE EXTERNAL TABLE t (a int) ROW FORMAT DELIMITED FIELDS TERMINATED BY '44' LOCATION 's3://b/'", `DROP VIEW "v"`,
		"CREATE EXTERNAL TABLE t (a int) ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe' STORED AS " +
			"INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat' OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat' LOCATION 's3://b/'",
		"SHOW PARTITIONS t", "DESCRIBE `t`", "DROP VIEW IF EXISTS db.v;", "DROP DATABASE db CASCADE", "MSCK REPAIR TABLE `a-b`",
		"ALTER TABLE t SET TBLPROPERTIES ('a'='b')", "ALTER TABLE ${{ t }} ADD IF NOT EXISTS PARTITION (a = ${{ x }}) LOCATION ${{ y }}",
		"SELECT a FROM t WHERE x IN ${{ ips }} AND ts >= ${{ unix(run.window.from) }} LIMIT ${{ 5 }}",
		"SELECT '${account_partition}' AS x -- done",
	} {
		s, mistakes := Parse(sql)
		if len(mistakes) == 0 {
			mistakes = Lint(s)
		}
		if len(mistakes) > 0 {
			t.Errorf("%s: %v", sql, at(sql, mistakes))
		}
	}
}
