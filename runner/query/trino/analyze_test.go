package trino

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playbook/playbooks/dialect"
	"playbook/playbooks/dialect/query"
)

// tables is a catalog with one table and one view.
type tables struct{ view *query.Query }

func (tables) Table(database, name string) *Table {
	if database != "" && database != "default" || name != "flows" {
		return nil
	}
	row := Type{Name: "row", Args: []Type{Varchar, Bigint}, Fields: []string{"name", "size"}}
	return &Table{Key: "default.flows", Columns: []Column{{"source", Varchar, false}, {"bytes", Bigint, false}, {"starttime", Integer, false},
		{"day", Varchar, false}, {"tags", Array(Varchar), false}, {"info", row, false}, {"ratio", Double, false}, {"$path", Varchar, true}}}
}

func (t tables) View(_, name string) *View {
	if name != "contacts" {
		return nil
	}
	return &View{Name: "contacts", Query: t.view}
}

func (tables) Names() []string { return []string{"flows", "contacts"} }

func parse(t testing.TB, sql string) *query.Query {
	t.Helper()
	s, mistakes := dialect.Parse(sql)
	if len(mistakes) > 0 {
		t.Fatalf("%s: %v", sql, mistakes[0])
	}
	q, mistake := query.Parse(s)
	if mistake != nil {
		t.Fatalf("%s: %v", sql, mistake)
	}
	return q
}

func analyze(t testing.TB, sql string) (*Query, *dialect.Error) {
	t.Helper()
	catalog := tables{parse(t, "SELECT source, bytes, day FROM flows WHERE bytes > 0")}
	return Analyze(parse(t, sql), catalog, time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC))
}

func TestTypes(t *testing.T) {
	for sql, want := range map[string]string{
		"1 + 2":                                 "integer",
		"bytes * 2":                             "bigint",
		"starttime / bytes":                     "bigint",
		"1.5 + 2.25":                            "decimal(4,2)",
		"1.5 * 2.25":                            "decimal(5,3)",
		"1 / 3.00":                              "decimal(14,2)",
		"bytes / 2E0":                           "double",
		"'a' || source":                         "varchar",
		"DATE '2026-03-01' + INTERVAL '1' DAY":  "date",
		"DATE '2026-03-01' - DATE '2026-02-01'": "interval day to second",
		"from_unixtime(starttime)":              "timestamp(3) with time zone",
		"coalesce(NULL, starttime, bytes)":      "bigint",
		"ARRAY[1, 2.5]":                         "array(decimal(11,1))",
		"transform(tags, x -> length(x))":       "array(bigint)",
		"reduce(tags, 0, (s, x) -> s + length(x), s -> s > 3)": "boolean",
		"info.size":                                 "bigint",
		"flows.info.name":                           "varchar",
		"CAST(source AS IPADDRESS)":                 "ipaddress",
		"map_agg(source, bytes)":                    "map(varchar, bigint)",
		"max_by(source, bytes, 3)":                  "array(varchar)",
		"row_number() OVER (ORDER BY bytes)":        "bigint",
		"sum(bytes) / count(*)":                     "bigint",
		"sum(1.50)":                                 "decimal(38,2)",
		"json_extract(source, '$.a')":               "json",
		"CASE WHEN bytes > 1 THEN 1 ELSE bytes END": "bigint",
		"now() - INTERVAL '1' MONTH":                "timestamp(3) with time zone",
		"NULL":                                      "unknown",
	} {
		q, mistake := analyze(t, "SELECT "+sql+" FROM flows")
		if mistake != nil {
			t.Errorf("%s: %v", sql, mistake)
		} else if got := q.Columns[0].Type.Shown(); got != want {
			t.Errorf("%s is %s, want %s", sql, got, want)
		}
	}
}

// TestPlaces: a mistake is told at the place where it is. | marks it.
func TestPlaces(t *testing.T) {
	for marked, want := range map[string]string{
		"SELECT |sorce FROM flows":                                         "did you mean source?",
		"SELECT source FROM |flow":                                         "did you mean flows?",
		"SELECT source |+ 1 FROM flows":                                    "strings are joined with ||",
		"SELECT source ||| bytes FROM flows":                               "CAST it to varchar",
		"SELECT source FROM flows WHERE bytes |= 'x'":                      "bigint = varchar(1)",
		"SELECT source FROM flows WHERE |bytes":                            "boolean",
		"SELECT source FROM flows WHERE |sum(bytes) > 1":                   "aggregate",
		"SELECT |source, count(*) FROM flows":                              "GROUP BY",
		"SELECT source AS s FROM flows GROUP BY |s":                        "no column s",
		"SELECT sum(|max(bytes)) FROM flows":                               "aggregate",
		"SELECT |date_format(bytes, '%Y') FROM flows":                      "",
		"SELECT date_trunc(|'weak', now())":                                "unit of time",
		"SELECT transform(tags, x -> x |+ 1) FROM flows":                   "varchar + integer",
		"SELECT filter(tags, x -> |length(x)) FROM flows":                  "boolean is needed",
		"SELECT a.source FROM flows AS a JOIN flows AS b ON |source = 'x'": "ambiguous",
		"SELECT |info.colour FROM flows":                                   "no field colour",
		"SELECT 1 UNION SELECT 1, 2":                                       "columns",
		"SELECT source FROM flows ORDER BY |3":                             "position 3",
		"SELECT |current_tim()":                                            "current_date",
		"SELECT bytes IN (1, |'x') FROM flows":                             "varchar(1)",
		"SELECT (SELECT source, bytes FROM flows)":                         "one column",
		"SELECT CAST(|tags AS bigint) FROM flows":                          "",
	} {
		at := strings.Index(strings.ReplaceAll(marked, "|||", "|  "), "|")
		sql := marked
		if at >= 0 {
			sql = marked[:at] + marked[at+1:]
		}
		_, mistake := analyze(t, sql)
		if mistake == nil {
			t.Errorf("%s: no mistake", sql)
			continue
		}
		if want != "" && at >= 0 && mistake.Offset != at || !strings.Contains(mistake.Error(), want) {
			t.Errorf("%s: at %d: %v; want it at %d to say %q", sql, mistake.Offset, mistake, at, want)
		}
	}
}

// TestScans: conditions on days and times are followed to the table.
func TestScans(t *testing.T) {
	counts := func(_, column string) bool { return column == "day" || column == "starttime" }
	for sql, want := range map[string][]Scan{
		"SELECT 1": nil,
		"SELECT * FROM flows WHERE day = 'a' AND bytes > 1":                              {{"default.flows", []string{`(("day" = 'a'))`}}},
		"SELECT * FROM contacts WHERE day = 'a'":                                         {{"default.flows", []string{`(("day" = 'a'))`}}},
		"WITH w(d) AS (SELECT day FROM flows) SELECT * FROM w WHERE d = 'a'":             {{"default.flows", []string{`(("day" = 'a'))`}}},
		"SELECT * FROM (SELECT * FROM flows LIMIT 5) WHERE day = 'a'":                    {{"default.flows", nil}},
		"SELECT * FROM (SELECT day, row_number() OVER () FROM flows) WHERE day = 'a'":    {{"default.flows", nil}},
		"SELECT * FROM (SELECT max(day) AS day FROM flows) WHERE day = 'a'":              {{"default.flows", nil}},
		"SELECT * FROM flows AS a LEFT JOIN flows AS b ON b.day = 'x' WHERE a.day = 'a'": {{"default.flows", []string{`(("day" = 'a'))`}}, {"default.flows", nil}},
		"SELECT day FROM flows UNION ALL SELECT day FROM flows WHERE day = 'b'":          {{"default.flows", nil}, {"default.flows", []string{`(("day" = 'b'))`}}},
		"SELECT 1 WHERE EXISTS (SELECT 1 FROM flows WHERE day = 'c')":                    {{"default.flows", []string{`(("day" = 'c'))`}}},
	} {
		q, mistake := analyze(t, sql)
		if mistake != nil {
			t.Errorf("%s: %v", sql, mistake)
		} else if diff := cmp.Diff(want, q.Scans(counts)); diff != "" {
			t.Errorf("%s: %s", sql, diff)
		}
	}
}

func TestUses(t *testing.T) {
	q, mistake := analyze(t, `SELECT f.bytes, "$path" FROM flows AS f WHERE f.source IN (SELECT source FROM contacts)`)
	if mistake != nil {
		t.Fatal(mistake)
	}
	seen := map[string]bool{}
	for _, name := range q.Uses["default.flows"] {
		seen[name] = true
	}
	if diff := cmp.Diff(map[string]bool{"bytes": true, "$path": true, "source": true, "day": true}, seen); diff != "" {
		t.Error(diff)
	}
	sql := q.SQL(func(key string, _ [][]Choice) (string, bool) { return "t_" + strings.ReplaceAll(key, ".", "_"), false })
	if strings.ContainsAny(sql, "\x01\x02\x03\x04\x05\x06\x07\x08") || !strings.Contains(sql, "FROM t_default_flows AS ") {
		t.Errorf("%q", sql)
	}
}

// TestSize: however deep an expression is, its SQL grows no faster than it does.
func TestSize(t *testing.T) {
	for _, form := range [][2]string{{"1 / (bytes + ", ")"}, {"substr(", ", 2)"}, {"CAST(CAST(", " AS varchar) AS bigint)"}, {"coalesce(nullif(", ", 5), 1)"},
		{"split_part(lower(", "), ',', 1)"}, {"if(", " IS NULL, 1, 2)"}, {"greatest(", ", 7)"}, {"try_cast(CAST(", " AS varchar) AS double) > 1 OR length(source) > bytes % 7"}} {
		size := func(n int) int {
			inner := "source"
			if strings.ContainsAny(form[0], "/g") || strings.Contains(form[0], "nullif") || strings.HasPrefix(form[0], "CAST") {
				inner = "bytes"
			}
			if strings.HasPrefix(form[0], "try_cast") && n > 1 {
				return 0
			}
			q, mistake := analyze(t, "SELECT "+strings.Repeat(form[0], n)+inner+strings.Repeat(form[1], n)+" FROM flows")
			if mistake != nil {
				t.Errorf("%s × %d: %v", form[0], n, mistake)
				return 0
			}
			return len(q.SQL(func(string, [][]Choice) (string, bool) { return "t", true }))
		}
		if small, large := size(10), size(40); large > 8*small {
			t.Errorf("%s: %d characters for 10, %d for 40", form[0], small, large)
		}
	}
}

// FuzzAnalyze: whatever is asked, there is an answer or a mistake with a place, and no
// mark is left in the SQL.
func FuzzAnalyze(f *testing.F) {
	for _, seed := range []string{"SELECT source, sum(bytes) FROM flows GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 DESC LIMIT 3",
		"WITH a AS (SELECT * FROM contacts) SELECT a.*, x FROM a CROSS JOIN UNNEST(ARRAY[1], MAP(ARRAY['k'], ARRAY[2])) WITH ORDINALITY AS t(x, k, v, o)",
		"SELECT reduce(filter(tags, x -> x LIKE 'a%'), '', (s, x) -> s || x, s -> s) FROM flows",
		"SELECT date_add('day', 1, at_timezone(now(), 'Europe/Madrid')), format('%s %,d', source, bytes), CAST(ROW(1, 'x') AS ROW(a bigint, b varchar)).b FROM flows",
		"SELECT lag(bytes) IGNORE NULLS OVER (PARTITION BY source ORDER BY starttime ROWS 1 PRECEDING) FROM flows",
		"SELECT json_extract_scalar('{}', '$.a'), TRY(1/0), nullif(1.5, 2), DECIMAL '1.25' % 2 UNION SELECT 'a', 2, 3, 4"} {
		f.Add(seed)
	}
	view := parse(f, "SELECT source, bytes, day FROM flows WHERE bytes > 0")
	f.Fuzz(func(t *testing.T, sql string) {
		s, mistakes := dialect.Parse(sql)
		if len(mistakes) > 0 || s.Class != dialect.Select {
			return
		}
		tree, mistake := query.Parse(s)
		if mistake != nil {
			return
		}
		q, mistake := Analyze(tree, tables{view}, time.Now())
		if (q == nil) == (mistake == nil) {
			t.Fatalf("%q gives %v and %v", sql, q, mistake)
		}
		if mistake != nil {
			if mistake.Offset < 0 || mistake.Offset > len(sql) {
				t.Fatalf("%q: the mistake is at %d", sql, mistake.Offset)
			}
			return
		}
		if made := q.SQL(func(string, [][]Choice) (string, bool) { return "t", true }); strings.ContainsAny(made, "\x01\x02\x03\x04\x05\x06\x07\x08") {
			t.Fatalf("%q leaves marks: %q", sql, made)
		}
		q.Scans(func(_, _ string) bool { return true })
	})
}
