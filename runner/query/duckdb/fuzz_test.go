package duckdb

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"playbook/steps/flowrecord"

	"pgregory.net/rapid"
)

// FuzzQuery: no text makes the engine panic, answer without columns, or read a file.
func FuzzQuery(f *testing.F) {
	c := newCase(f)
	c.flows()
	e := c.open()
	must(f, e, flowTable)
	for _, seed := range []string{"SELECT 1", "SELECT a/b, * FROM (VALUES 1, (2)) AS t(a, b) WHERE x IN (1, 'y')", benchQueries[0], directionalView,
		"WITH a AS (SELECT * FROM vpcflow) SELECT count(*) FROM a, vpcflow WHERE date_partition = '2026/03/01'",
		"SELECT * FROM read_text('/etc/passwd')", "SELECT if(a, b) FROM UNNEST(ARRAY[1]) AS t(a)", "VALUES", "VALUES (", "SELECT U&'\\00'",
		"DROP VIEW \"x\".y", "SELECT TIMESTAMP(3) '2026-01-01'", "SELECT sum(1) OVER (ORDER BY 2 ROWS UNBOUNDED PRECEDING)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if strings.Contains(strings.ToUpper(sql), "DROP") {
			return // of the table that the others use
		}
		rows, err := e.Query(t.Context(), sql)
		if err != nil {
			return
		}
		defer rows.Close()
		row, err := rows.Next()
		if err == nil && len(row) != len(rows.Columns()) {
			t.Errorf("%q: %d values in %d columns", sql, len(row), len(rows.Columns()))
		}
	})
}

// FuzzFile: whatever is in a file, each of its lines is a row, under every SerDe.
func FuzzFile(f *testing.F) {
	f.Add([]byte("1,2,3\n\"a\"\"b\",\\,x\n"))
	f.Add([]byte(`{"a":1,"b":"x"}` + "\n{}\n"))
	f.Add([]byte("\\N|-|\xff\n\n"))
	f.Add([]byte("\xef\xbb\xbfa\r\n\r\n"))
	e := newCase(f).open()
	for _, ddl := range []string{
		"CREATE EXTERNAL TABLE csv (a string, b bigint, c double) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' LOCATION 's3://b/t/'",
		"CREATE EXTERNAL TABLE js (a string, b bigint, c timestamp) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'",
		`CREATE EXTERNAL TABLE del (a string, b decimal(10,2), c date) ROW FORMAT DELIMITED FIELDS TERMINATED BY '|' ESCAPED BY '\\' LOCATION 's3://b/t/'`,
	} {
		must(f, e, ddl)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, name := range []string{"csv", "js", "del"} {
			defined := e.tables["default."+name]
			l := &loader{engine: e, table: defined, columns: defined.columns, ctx: t.Context()}
			w := &worker{loader: l, batch: newBatch(l.columns)}
			report := &fileReport{file: logFile{name: "b/t/x"}}
			lines := bytes.Count(content, []byte{'\n'})
			if len(content) > 0 && content[len(content)-1] != '\n' {
				lines++
			}
			if lines > batchRows {
				t.Skip("more than one batch")
			}
			w.newFileReader(report).readLines(newLines(bytes.NewReader(content)))
			rows := w.batch.rows
			for i := range w.batch.columns {
				if got := w.batch.columns[i].len(); got != rows {
					t.Errorf("%s: column %d has %d values in %d rows", name, i, got, rows)
				}
			}
			if len(report.gaps) > 0 && strings.Contains(report.gaps[len(report.gaps)-1].Problem, "was left out") {
				continue // a header line in another order
			}
			if rows != lines || report.rows != int64(lines) {
				t.Errorf("%s: %d rows, reported %d, from %d lines", name, rows, report.rows, lines)
			}
		}
	})
}

func TestIntegersAreReadAsStrconvDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[+-]?[0-9]{1,21}`), rapid.StringMatching(`[0-9a-z+. -]{0,6}`),
			rapid.Map(rapid.Int64(), func(n int64) string { return strconv.FormatInt(n, 10) })).Draw(t, "text")
		for k, bits := range map[kind]int{tinyInt: 8, smallInt: 16, integerKind: 32, bigInt: 64} {
			whole, fraction, hasPoint := strings.Cut(text, ".")
			want, err := strconv.ParseInt(whole, 10, bits)
			wantOK := err == nil && (!hasPoint || strings.Trim(fraction, "0123456789") == "")
			got, ok := parseInteger([]byte(text), k)
			if ok != wantOK || ok && got != want {
				t.Fatalf("%q as %d bits: %d %v, want %d %v", text, bits, got, ok, want, wantOK)
			}
		}
	})
}

func TestDecimals(t *testing.T) {
	for text, want := range map[string]string{"1": "100", "-1.005": "-101", "0.004": "0", "99999999.99": "9999999999",
		"99999999.995": "", "x": "", "": "", "1e3": "", "+.5": "50"} {
		n, ok := parseDecimal([]byte(text), 10, 2)
		got := ""
		if ok {
			got = n.String()
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	columns := func(names string) []column {
		var list []column
		for _, name := range strings.Fields(names) {
			list = append(list, column{name: name})
		}
		return list
	}
	for _, test := range []struct{ header, columns, want string }{
		{"srcaddr dstaddr bytes", "sourceaddress destinationaddress numbytes", ""},
		{"account-id srcaddr dstaddr pkt-src-aws-service tcp-flags", "account sourceaddress destinationaddress pkt_src_aws_service tcpflags", ""},
		{"dstaddr srcaddr", "sourceaddress destinationaddress", "field 1 is dstaddr"},
		{"srcaddr dstaddr", "srcaddr dstaddr action", ""},
		{"srcaddr dstaddr action", "srcaddr dstaddr", ""},
		{"srcaddr dstaddr new-field", "srcaddr dstaddr action", ""},
		{"srcaddr dstaddr bytes", "srcaddr dstaddr whatever", ""},
		{"srcaddr dstaddr bytes whatever", "srcaddr dstaddr whatever bytes", "field 3 is bytes"},
		{"threat_comment threat_ip", "threat_ip threat_comment", "field 1 is threat_comment"},
		{"start end", "srcaddr dstaddr", "field 1 is start"},
	} {
		list := columns(test.columns)
		fields := newFlowFields(list)
		got := fields.disagreement(fields.readHeader([]byte(test.header), ' '), list)
		if got == "" != (test.want == "") || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s against %s: %q, want %q", test.header, test.columns, got, test.want)
		}
	}
	for _, field := range flowrecord.Fields {
		if flowField(strings.ToUpper(field.Name)) == "" {
			t.Errorf("%s is not known", field.Name)
		}
	}
}

func TestPartsOfTime(t *testing.T) {
	if at, ok := parseTime([]byte("2026-03-01 01:02:03.123456789"), timestamp); !ok || !at.Equal(time.Date(2026, 3, 1, 1, 2, 3, 123456789, time.UTC)) {
		t.Error(at, ok)
	}
	if layout, ok := goLayout("yyyy/MM/dd"); layout != "2006/01/02" || !ok {
		t.Error(layout, ok)
	}
	if _, ok := goLayout("yyyy/MM/dd/HH"); ok {
		t.Error("a layout with hours is one of days")
	}
}
