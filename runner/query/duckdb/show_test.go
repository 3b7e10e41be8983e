package duckdb

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

// typedNames writes columns as name type.
func typedNames(columns []steps.Column) string {
	var list []string
	for _, c := range columns {
		list = append(list, c.Name+" "+c.Type)
	}
	return strings.Join(list, ", ")
}

// TestShow: the columns have the names that Athena gives them, and the rows are as its
// user guide prints them, but for the spaces that pad them.
func TestShow(t *testing.T) {
	c := newCase(t)
	c.write("b/t/dt=2026-03-01/a.json", []byte("{}\n"))
	e := c.open()
	must(t, e, `CREATE EXTERNAL TABLE impressions (adid string COMMENT 'x', timers struct<a:string,b:int>) COMMENT 'shown' PARTITIONED BY (dt string COMMENT 'day')
		ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' WITH SERDEPROPERTIES ('ignore.malformed.json'='true') LOCATION 's3://b/t/' TBLPROPERTIES ('k'='v')`)
	must(t, e, "CREATE EXTERNAL TABLE logs.flights_2016 (n int COMMENT 'count', name varchar(10)) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' LOCATION 's3://b/t/'")
	must(t, e, "CREATE VIEW logs.flights_all AS\nSELECT n + 1 AS m, name\nFROM logs.flights_2016")
	must(t, e, "MSCK REPAIR TABLE impressions")
	must(t, e, "CREATE DATABASE empty")
	must(t, e, "CREATE SCHEMA IF NOT EXISTS logs")
	impressions := [][]any{{"adid", "string", "from deserializer"}, {"timers", "struct<a:string,b:int>", "from deserializer"}, {"dt", "string", "day"},
		{"", "", ""}, {"# Partition Information", "", ""}, {"# col_name", "data_type", "comment"}, {"", "", ""}, {"dt", "string", "day"}}
	for _, test := range []struct {
		sql, columns string
		rows         [][]any
	}{
		{"SHOW TABLES", "tab_name string", [][]any{{"impressions"}}},
		{"SHOW TABLES IN logs", "tab_name string", [][]any{{"flights_2016"}, {"flights_all"}}},
		{"SHOW TABLES IN logs '*all'", "tab_name string", [][]any{{"flights_all"}}},
		{"SHOW TABLES IN empty", "tab_name string", nil},
		{"SHOW VIEWS", "views string", nil},
		{"SHOW VIEWS IN logs LIKE 'f*'", "views string", [][]any{{"flights_all"}}},
		{"SHOW DATABASES", "database_name string", [][]any{{"default"}, {"empty"}, {"logs"}}},
		{"SHOW SCHEMAS LIKE 'l.*'", "database_name string", [][]any{{"logs"}}},
		{"SHOW COLUMNS IN impressions", "field string", [][]any{{"adid"}, {"timers"}, {"dt"}}},
		{"SHOW COLUMNS FROM flights_2016 IN logs", "field string", [][]any{{"n"}, {"name"}}},
		{"SHOW COLUMNS FROM logs.flights_all", "column varchar, type varchar", [][]any{{"m", "integer"}, {"name", "varchar(10)"}}},
		{"SHOW PARTITIONS impressions", "partition string", [][]any{{"dt=2026-03-01"}}},
		{"SHOW TBLPROPERTIES impressions", "prpt_name string, prpt_value string", [][]any{{"EXTERNAL", "TRUE"}, {"comment", "shown"}, {"k", "v"}}},
		{"SHOW TBLPROPERTIES impressions('k')", "prpt_name string, prpt_value string", [][]any{{"k", "v"}}},
		{"SHOW CREATE TABLE `logs.flights_2016`", "createtab_stmt string", [][]any{{"CREATE EXTERNAL TABLE `logs`.`flights_2016`("},
			{"  `n` int COMMENT 'count',"}, {"  `name` varchar(10))"}, {"ROW FORMAT DELIMITED"}, {"  FIELDS TERMINATED BY '\\t'"},
			{"STORED AS INPUTFORMAT"}, {"  'org.apache.hadoop.mapred.TextInputFormat'"}, {"OUTPUTFORMAT"},
			{"  'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'"}, {"LOCATION"}, {"  's3://b/t/'"}}},
		{`SHOW CREATE VIEW "logs"."flights_all"`, "create view string", [][]any{{"CREATE VIEW logs.flights_all AS"}, {"SELECT n + 1 AS m, name"}, {"FROM logs.flights_2016"}}},
		{"DESCRIBE impressions", "col_name string, data_type string, comment string", impressions},
		{"DESC impressions", "col_name string, data_type string, comment string", impressions},
		{"DESCRIBE impressions timers", "col_name string, data_type string, comment string", [][]any{{"timers", "struct<a:string,b:int>", "from deserializer"}}},
		{"DESCRIBE logs.flights_2016", "col_name string, data_type string, comment string", [][]any{{"n", "int", "count"}, {"name", "varchar(10)", ""}}},
		{"DESCRIBE logs.flights_all", "column varchar, type varchar", [][]any{{"m", "integer"}, {"name", "varchar(10)"}}},
		{"DESCRIBE FORMATTED impressions", "col_name string, data_type string, comment string", append(impressions, [][]any{{"", "", ""},
			{"# Detailed Table Information", "", ""}, {"Database:", "default", ""}, {"Location:", "s3://b/t/", ""}, {"Table Type:", "EXTERNAL_TABLE", ""},
			{"Table Parameters:", "", ""}, {"", "EXTERNAL", "TRUE"}, {"", "comment", "shown"}, {"", "k", "v"}, {"", "", ""}, {"# Storage Information", "", ""},
			{"SerDe Library:", "org.openx.data.jsonserde.JsonSerDe", ""}, {"InputFormat:", "org.apache.hadoop.mapred.TextInputFormat", ""},
			{"OutputFormat:", "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat", ""}, {"Compressed:", "No", ""}, {"Num Buckets:", "-1", ""},
			{"Bucket Columns:", "[]", ""}, {"Sort Columns:", "[]", ""}, {"Storage Desc Params:", "", ""}, {"", "ignore.malformed.json", "true"}}...)},
	} {
		a := must(t, e, test.sql)
		if got := typedNames(a.columns); got != test.columns {
			t.Errorf("%s: columns %s, want %s", test.sql, got, test.columns)
		}
		if diff := cmp.Diff(test.rows, a.rows); diff != "" {
			t.Errorf("%s: %s", test.sql, diff)
		}
		if a.stats.Quality.Examined != 1 {
			t.Errorf("%s: %+v", test.sql, a.stats.Quality)
		}
	}
	a := must(t, e, "DESCRIBE FORMATTED impressions PARTITION (dt = '2026-03-01') adid")
	if diff := cmp.Diff([]any{"Location:", "s3://b/t/dt=2026-03-01", ""}, a.rows[6]); diff != "" || a.rows[0][0] != "adid" {
		t.Error(a.rows)
	}
	for sql, words := range map[string][]string{
		"SHOW TABLES IN nowhere":                              {"line 1:16", `there is no database "nowhere"; there are default, empty, logs`},
		"SHOW COLUMNS IN impresions":                          {"line 1:17", `did you mean impressions?`},
		"SHOW CREATE TABLE logs.nothing":                      {"line 1:19", "there are flights_2016"},
		"SHOW CREATE TABLE empty.nothing":                     {"has made none so far"},
		"SHOW CREATE TABLE logs.flights_all":                  {"line 1:19", "is a view"},
		"SHOW CREATE VIEW logs.flights_2016":                  {"line 1:18", "is a table", "SHOW CREATE TABLE"},
		"SHOW CREATE VIEW x":                                  {"line 1:18", "there is no view"},
		"SHOW PARTITIONS logs.flights_2016":                   {"line 1:17", "not partitioned"},
		"SHOW FUNCTIONS":                                      {"SHOW FUNCTIONS cannot run on a case"},
		"DESCRIBE nothing":                                    {"line 1:10", "there is no table or view"},
		"DESCRIBE impressions other":                          {"has no column other"},
		"DESCRIBE logs.flights_all other":                     {"has no column other"},
		"DESCRIBE FORMATTED logs.flights_all":                 {"is a view"},
		"DESCRIBE EXTENDED impressions":                       {"line 1:19", "DESCRIBE FORMATTED"},
		"DESCRIBE FORMATTED impressions PARTITION (dt = 'x')": {"line 1:32", "no such partition"},
		"EXPLAIN SELECT 1":                                    {"EXPLAIN cannot run on a case", "run the query itself"},
	} {
		refused(t, e, sql, words...)
	}
}

func TestDatabases(t *testing.T) {
	c := newCase(t)
	c.write("b/t/a.txt", []byte("1\n"))
	e := c.open()
	must(t, e, "CREATE DATABASE d COMMENT 'x' LOCATION 's3://b/'")
	refused(t, e, "CREATE DATABASE D", "line 1:17", "exists", "IF NOT EXISTS")
	must(t, e, "CREATE DATABASE IF NOT EXISTS d")
	refused(t, e, "CREATE DATABASE default", "exists")
	must(t, e, "CREATE EXTERNAL TABLE d.t (n int) LOCATION 's3://b/t/'")
	must(t, e, "CREATE VIEW d.v AS SELECT n FROM d.t")
	refused(t, e, "DROP DATABASE d", "line 1:15", "holds t, v", "CASCADE")
	refused(t, e, "DROP TABLE d.v", "line 1:12", "is a view; write DROP VIEW v")
	refused(t, e, "DROP VIEW d.t", "line 1:11", "is a table; write DROP TABLE t")
	refused(t, e, "DROP VIEW t", "there is no view")
	must(t, e, "DROP VIEW IF EXISTS t")
	must(t, e, "DROP DATABASE d CASCADE")
	refused(t, e, "SELECT * FROM d.t", "no table")
	refused(t, e, "DROP DATABASE d", "there is no database", "there are default")
	must(t, e, "DROP SCHEMA IF EXISTS d")
	refused(t, e, "DROP DATABASE default", "stays")
	if diff := cmp.Diff([][]any{{"default"}}, must(t, e, "SHOW DATABASES").rows); diff != "" {
		t.Error(diff)
	}
}
