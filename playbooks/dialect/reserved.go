package dialect

import "strings"

// The words of "Escape reserved keywords in queries".

// reservedInDDL leaves out DATE, START and TIME: the guide's own examples name columns
// so without backticks ("Create tables for flow logs in Apache Parquet format using
// partition projection", "CREATE TABLE"), and Athena takes them.
var reservedInDDL = wordSet(`ALL ALTER AND ARRAY AS AUTHORIZATION BETWEEN BIGINT BINARY BOOLEAN BOTH BY CASE CASHE
	CAST CHAR COLUMN CONF CONSTRAINT COMMIT CREATE CROSS CUBE CURRENT CURRENT_DATE CURRENT_TIMESTAMP CURSOR DATABASE
	DAYOFWEEK DECIMAL DELETE DESCRIBE DISTINCT DIV DOUBLE DROP ELSE END EXCHANGE EXISTS EXTENDED EXTERNAL EXTRACT
	FALSE FETCH FLOAT FLOOR FOLLOWING FOR FOREIGN FROM FULL FUNCTION GRANT GROUP GROUPING HAVING IF IMPORT IN INNER
	INSERT INT INTEGER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LESS LIKE LOCAL MACRO MAP MORE NONE NOT NULL
	NUMERIC OF ON ONLY OR ORDER OUT OUTER OVER PARTIALSCAN PARTITION PERCENT PRECEDING PRECISION PRESERVE PRIMARY
	PROCEDURE RANGE READS REDUCE REGEXP REFERENCES REVOKE RIGHT RLIKE ROLLBACK ROLLUP ROW ROWS SELECT SET SMALLINT
	TABLE TABLESAMPLE THEN TIMESTAMP TO TRANSFORM TRIGGER TRUE TRUNCATE UNBOUNDED UNION UNIQUEJOIN UPDATE USER
	USING UTC_TIMESTAMP VALUES VARCHAR VIEWS WHEN WHERE WINDOW WITH`)

// reservedInQueries leaves out FIRST and LAST, which are functions' keywords only in
// places where no name can stand (nonReserved of Trino's SqlBase.g4).
var reservedInQueries = wordSet(`ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG
	CURRENT_DATE CURRENT_PATH CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE
	DISTINCT DROP ELSE END ESCAPE EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER
	INSERT INTERSECT INTO IS JOIN JSON_ARRAY JSON_EXISTS JSON_OBJECT JSON_QUERY JSON_TABLE JSON_VALUE LEFT LIKE
	LISTAGG LOCALTIME LOCALTIMESTAMP NATURAL NORMALIZE NOT NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP
	SELECT SKIP TABLE THEN TRIM TRUE UESCAPE UNION UNNEST USING VALUES WHEN WHERE WITH`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}

const aTable = "CREATE EXTERNAL TABLE and read that"

// foreign are functions of other engines by name, with what Athena has in their place
// ("Functions in Amazon Athena" names those that it has).
var foreign = map[string]string{
	"charindex": "strpos(text, part)", "collect_list": "array_agg(x)", "collect_set": "array_agg(DISTINCT x)",
	"datediff": "date_diff('day', from, to)", "dateadd": "date_add('day', n, time)", "epoch": "to_unixtime(time)",
	"explode": "CROSS JOIN UNNEST(array)", "get_json_object": "json_extract_scalar(json, path)",
	"getdate": "now()", "group_concat": "array_join(array_agg(x), ',')", "ifnull": "coalesce(x, y)",
	"iif": "if(condition, x, y)", "instr": "strpos(text, part)", "isnull": "x IS NULL", "len": "length(text)",
	"list": "array_agg(x)", "list_contains": "contains(array, x)", "median": "approx_percentile(x, 0.5)",
	"nvl": "coalesce(x, y)", "nvl2": "if(x IS NOT NULL, y, z)", "read_csv": aTable, "read_csv_auto": aTable, "read_json": aTable,
	"read_json_auto": aTable, "read_parquet": aTable, "read_text": aTable, "read_blob": aTable, "regexp_matches": "regexp_like(text, pattern)",
	"size": "cardinality(array)", "strftime": "date_format(time, '%Y-%m-%d')", "string_agg": "array_join(array_agg(x), ',')",
	"string_split": "split(text, ',')", "str_to_date": "date_parse(text, '%Y-%m-%d')",
	"sysdate": "now()", "unix_timestamp": "to_unixtime(time)",
}

// ReservedInQueries tells whether a word cannot be a name in a query without quotes.
func ReservedInQueries(word string) bool { return reservedInQueries[strings.ToUpper(word)] }
