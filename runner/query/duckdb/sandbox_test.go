package duckdb

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSandbox tries to reach a file, the network, the settings or the catalog of DuckDB
// by every way that DuckDB has.
func TestSandbox(t *testing.T) {
	c := newCase(t)
	c.flows()
	secret := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(secret, []byte("a,b\n1,hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := c.open()
	must(t, e, flowTable)
	outside := filepath.Join(t.TempDir(), "out.csv")
	for _, test := range []struct{ sql, word string }{
		// Reading files
		{"SELECT * FROM read_csv('SECRET')", "read_csv"},
		{"SELECT * FROM read_csv_auto('SECRET')", "read_csv_auto"},
		{"SELECT * FROM read_text('SECRET')", "read_text"},
		{"SELECT * FROM read_blob('SECRET')", "read_blob"},
		{"SELECT * FROM read_json('SECRET')", "read_json"},
		{"SELECT * FROM read_parquet('SECRET')", "read_parquet"},
		{"SELECT * FROM parquet_metadata('SECRET')", "parquet_metadata"},
		{"SELECT * FROM sniff_csv('SECRET')", "sniff_csv"},
		{"SELECT * FROM glob('/etc/*')", "glob"},
		{"SELECT * FROM 'SECRET'", "no table"},
		{"SELECT * FROM \"SECRET\"", "no table"},
		{"SELECT * FROM '/etc/passwd'", "no table"},
		{"TABLE \"SECRET\"", "no table"},
		{"(FROM \"SECRET\")", ""},
		{"SELECT * FROM (FROM \"SECRET\")", "syntax"},
		{"SELECT * FROM \"Read_CSV\"('SECRET')", "read_csv"},
		{"SELECT * FROM main.read_csv('SECRET')", "read_csv"},
		{"SELECT * FROM system.main.read_csv('SECRET')", "read_csv"},
		{"SELECT * FROM LATERAL read_csv('SECRET')", "syntax"},
		{"SELECT * FROM vpcflow CROSS JOIN read_csv('SECRET')", "read_csv"},
		{"SELECT (SELECT b FROM read_csv('SECRET'))", "read_csv"},
		{"SELECT 1 WHERE EXISTS (SELECT * FROM read_text('SECRET'))", "read_text"},
		{"SELECT 1 ORDER BY (SELECT content FROM read_text('SECRET'))", "read_text"},
		{"SELECT 1 LIMIT (SELECT count(*) FROM read_text('SECRET'))", "syntax"},
		{"SELECT sum(1) FILTER (WHERE (SELECT true FROM read_text('SECRET')))", "read_text"},
		{"SELECT array_agg(1 ORDER BY (SELECT content FROM read_text('SECRET')))", "read_text"},
		{"SELECT sum(1) OVER (PARTITION BY (SELECT content FROM read_text('SECRET')))", "read_text"},
		{"SELECT count(*) FROM (VALUES 1) AS t(a) GROUP BY (SELECT content FROM read_text('SECRET'))", "read_text"},
		{"SELECT count(*) FROM (VALUES 1) AS t(a) HAVING (SELECT true FROM read_text('SECRET'))", "read_text"},
		{"SELECT * FROM (VALUES 1) AS t(a) JOIN (VALUES 2) AS u(b) ON EXISTS (SELECT * FROM read_text('SECRET'))", "read_text"},
		{"SELECT u.x FROM UNNEST(ARRAY[(SELECT content FROM read_text('SECRET'))]) AS u(x)", "read_text"},
		{"SELECT CASE WHEN (SELECT true FROM read_text('SECRET')) THEN 1 END", "read_text"},
		{"WITH t AS (SELECT * FROM read_text('SECRET')) SELECT 1", "read_text"},
		{"WITH \"SECRET\" AS (SELECT 1) SELECT 1 FROM (SELECT 2) UNION ALL (SELECT b FROM read_csv('SECRET'))", "read_csv"},
		{"(WITH \"SECRET\" AS (SELECT 1 AS a) SELECT a FROM \"SECRET\") UNION ALL SELECT a FROM \"SECRET\"", "no table"},
		{"SELECT * FROM read_/**/csv('SECRET')", ""},
		{"SELECT * FROM/**/read_csv/* */('SECRET')", "read_csv"},
		{"SELECT 1 /* /* */ FROM read_csv('SECRET') -- */", "read_csv"},
		{"SELECT * FROM query('SELECT 1')", "query"},
		{"SELECT * FROM query_table('vpcflow')", "query_table"},
		{"SELECT * FROM json_execute_serialized_sql('{}')", "json_execute_serialized_sql"},
		{"SELECT * FROM playbook_load('loaded_1')", "playbook_load"},
		// Functions
		{"SELECT getenv('HOME')", "getenv"},
		{"SELECT current_setting('memory_limit')", "current_setting"},
		{"SELECT \"getenv\"('HOME')", "getenv"},
		{"SELECT main.getenv('HOME')", "getenv"},
		{"SELECT lower(getenv('HOME'))", "getenv"},
		{"SELECT sum(length(getenv('HOME'))) OVER ()", "getenv"},
		{"SELECT version()", "version"},
		{"SELECT trino_ip('10.0.0.1')", "trino_ip"},
		{"SELECT to_days(1)", "to_days"},
		{"SELECT json_serialize_sql('SELECT 1')", "json_serialize_sql"},
		{"SELECT nextval('x')", "nextval"},
		{"SELECT error('x')", "error"},
		{"SELECT 'a' SIMILAR TO 'b'", "SIMILAR"},
		{"SELECT 'a' ILIKE 'b'", "ILIKE"},
		{"SELECT 2 ** 3", "syntax"},
		{"SELECT current_user", "current_user"},
		{"SELECT rowid FROM vpcflow", "rowid"},
		{"SELECT COLUMNS('.*') FROM vpcflow", ""},
		// The catalog
		{"SELECT * FROM information_schema.tables", "no table"},
		{"SELECT * FROM duckdb_settings()", "duckdb_settings"},
		{"SELECT * FROM duckdb_tables", "no table"},
		{"SELECT * FROM pragma_table_info('vpcflow')", "pragma_table_info"},
		{"SELECT * FROM pg_catalog.pg_class", "no table"},
		{"SELECT * FROM sqlite_master", "no table"},
		{"SELECT * FROM scratch.main.loaded_1", "no table"},
		{"SELECT * FROM scratch.declared_1", "no table"},
		{"SELECT * FROM declared_1", "no table"},
		{"SHOW TABLES IN information_schema", "no database"},
		{"SHOW TABLES IN scratch", "no database"},
		{"SHOW FUNCTIONS", "SHOW FUNCTIONS"},
		{"SHOW CREATE TABLE declared_1", "no table"},
		{"DESCRIBE duckdb_settings", "no table"},
		{"DESCRIBE scratch.declared_1", "no table"},
		{"DROP TABLE declared_1", "no table"},
		{"DROP DATABASE scratch CASCADE", "no database"},
		{"DROP DATABASE IF EXISTS default", "stays"},
		{"SELECT * FROM (DESCRIBE vpcflow)", ""},
		{"SELECT * FROM (SHOW TABLES)", ""},
		{"SELECT * FROM (PIVOT vpcflow ON action USING count(*))", ""},
		{"EXPLAIN SELECT 1", "EXPLAIN"},
		// Statements
		{"COPY (SELECT 1) TO 'OUTSIDE'", ""},
		{"COPY vpcflow FROM 'SECRET'", ""},
		{"EXPORT DATABASE 'OUTSIDE'", ""},
		{"IMPORT DATABASE 'OUTSIDE'", ""},
		{"ATTACH 'OUTSIDE' AS x", ""},
		{"DETACH scratch", ""},
		{"USE scratch", ""},
		{"INSTALL httpfs", ""},
		{"LOAD httpfs", ""},
		{"LOAD '/tmp/evil.duckdb_extension'", ""},
		{"SET enable_external_access = true", ""},
		{"SET lock_configuration = false", ""},
		{"RESET enable_external_access", ""},
		{"PRAGMA database_list", ""},
		{"CALL pragma_version()", ""},
		{"CHECKPOINT", ""},
		{"VACUUM", "VACUUM"},
		{"BEGIN", ""},
		{"INSERT INTO vpcflow SELECT 1", "INSERT"},
		{"DELETE FROM vpcflow", "DELETE"},
		{"UPDATE vpcflow SET action = 'x'", "UPDATE"},
		{"CREATE TABLE t AS SELECT content FROM read_text('SECRET')", "read_text"},
		{"CREATE TABLE t AS SELECT getenv('HOME') AS h", "getenv"},
		{"CREATE TABLE t WITH (external_location = '/tmp/') AS SELECT 1 AS a", "s3://"},
		{"CREATE TABLE declared_1 AS SELECT * FROM declared_1", "no table"},
		{"INSERT INTO declared_1 SELECT 1", "no table"},
		{"ALTER TABLE vpcflow ADD PARTITION (date_partition = 'x', region_partition = 'y', account_partition = 'z') LOCATION 's3://../../etc/'", "cannot be a folder"},
		{"ALTER TABLE vpcflow ADD PARTITION (date_partition = 'x', region_partition = 'y', account_partition = 'z') LOCATION 's3://b/../../etc/'", "cannot be a folder"},
		{"ALTER TABLE vpcflow ADD PARTITION (date_partition = 'x', region_partition = 'y', account_partition = 'z') LOCATION '/etc/'", "cannot be a folder"},
		{"CREATE TABLE t (a int)", "EXTERNAL"},
		{"CREATE MACRO m(a) AS a", ""},
		{"CREATE SECRET s (TYPE s3)", ""},
		{"ALTER TABLE vpcflow RENAME TO t", "ALTER"},
		{"PREPARE p FROM COPY (SELECT 1) TO 'OUTSIDE'", ""},
		{"PREPARE p FROM UNLOAD (SELECT 1) TO 's3://bucket/'", "UNLOAD"},
		{"PREPARE p FROM DROP TABLE vpcflow", "cannot be prepared"},
		{"EXECUTE IMMEDIATE 'SELECT content FROM read_text(''SECRET'')'", "read_text"},
		{"EXECUTE IMMEDIATE 'SELECT * FROM \"SECRET\"'", "no table"},
		{"EXECUTE IMMEDIATE 'ATTACH ''OUTSIDE'' AS x'", ""},
		{"EXECUTE IMMEDIATE 'SELECT ?' USING getenv('HOME')", "getenv"},
		{"EXECUTE IMMEDIATE 'SELECT ?' USING (SELECT content FROM read_text('SECRET'))", "constant"},
		{"EXECUTE IMMEDIATE 'SELECT * FROM ?' USING 'SECRET'", ""},
		{"UNLOAD (SELECT 1) TO 's3://bucket/' WITH (format = 'JSON')", "UNLOAD"},
		{"SELECT 1; SELECT 2", "second statement"},
		{"SELECT 1; COPY (SELECT 1) TO 'OUTSIDE'", "second statement"},
		{"SELECT 1 /* ; */ ; ATTACH 'OUTSIDE'", "second statement"},
		// Views
		{"CREATE VIEW v AS SELECT * FROM read_csv('SECRET')", "read_csv"},
		{"CREATE OR REPLACE VIEW v AS SELECT content FROM \"SECRET\"", "no table"},
		{"CREATE VIEW v AS COPY (SELECT 1) TO 'OUTSIDE'", ""},
		{"CREATE VIEW v AS SELECT getenv('HOME') AS h", "getenv"},
		// Tables outside the case
		{"CREATE EXTERNAL TABLE x (a string) LOCATION 's3://../../etc/'", "LOCATION"},
		{"CREATE EXTERNAL TABLE x (a string) LOCATION 's3://central-logs/../../../etc/'", "cannot be a folder"},
		{"CREATE EXTERNAL TABLE x (a string) LOCATION 's3:///etc/'", "the location"},
		{"CREATE EXTERNAL TABLE x (a string) LOCATION '/etc/'", "the location"},
		{"CREATE EXTERNAL TABLE x (a string) LOCATION 'file:///etc/'", "the location"},
	} {
		sql := strings.NewReplacer("SECRET", secret, "OUTSIDE", outside).Replace(test.sql)
		err := refused(t, e, sql, test.word)
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the message shows what is in the file: %v", sql, err)
		}
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("a file was written outside")
	}
}

// TestSecondLock goes round the gate: DuckDB itself has to refuse.
func TestSecondLock(t *testing.T) {
	c := newCase(t)
	e := c.open()
	ctx := context.Background()
	outside := filepath.Join(t.TempDir(), "out")
	for _, sql := range []string{
		"SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "SELECT * FROM glob('/etc/*')",
		"COPY (SELECT 1) TO '" + outside + "'", "EXPORT DATABASE '" + outside + "'", "ATTACH '" + outside + "' AS x",
		"INSTALL httpfs", "LOAD httpfs", "SET enable_external_access = true", "SET GLOBAL enable_external_access = true",
		"SET lock_configuration = false", "RESET lock_configuration", "SET memory_limit = '1TB'", "SET temp_directory = '/tmp'",
		"COPY (SELECT 1) TO '" + filepath.Join(e.options.Scratch, "x.csv") + "'",
		"COPY (SELECT 1) TO '" + filepath.Join(c.dir, "x.csv") + "'",
	} {
		if _, err := e.db.ExecContext(ctx, sql); err == nil {
			t.Errorf("DuckDB let through: %s", sql)
		}
	}
}

// TestLinks: a symbolic link in a case must not lead out of it.
func TestLinks(t *testing.T) {
	c := newCase(t)
	c.flows()
	secret := filepath.Join(t.TempDir(), "secret.log")
	if err := os.WriteFile(secret, []byte(flowHeader+flow(1, 1, "hunter2", "x", 1, 1, "ACCEPT")), 0o600); err != nil {
		t.Fatal(err)
	}
	day := filepath.Dir(filepath.Join(c.dir, "s3", filepath.FromSlash(flowPath(1, "x"))))
	for name, target := range map[string]string{"evil.log": secret, "folder.log": filepath.Dir(secret)} {
		if err := os.Symlink(target, filepath.Join(day, name)); err != nil {
			t.Skip(err)
		}
	}
	e := c.open()
	must(t, e, flowTable)
	a := must(t, e, "SELECT count(*) FROM vpcflow WHERE sourceaddress = 'hunter2'")
	if a.rows[0][0] != int64(0) {
		t.Error("a file outside the case was read")
	}
	blocking := 0
	for _, gap := range a.stats.Quality.Gaps {
		if gap.Blocking && strings.Contains(gap.Source, ".log") {
			blocking++
		}
	}
	if blocking != 2 {
		t.Errorf("%d blocking gaps, want one for each link: %+v", blocking, a.stats.Quality.Gaps)
	}
}
