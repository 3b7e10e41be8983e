package expression

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The documented output of every example is what the example gives.
func TestFunctionExamples(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Functions() {
		if seen[f.Name] || f.Signature == "" || f.Help == "" {
			t.Errorf("%s is documented badly or twice", f.Name)
		}
		seen[f.Name] = true
		template, mistakes := CompileTemplate("${{ "+f.Example+" }}", NewScope(nil))
		if len(mistakes) > 0 {
			t.Errorf("%s: %v", f.Example, mistakes[0])
			continue
		}
		if got, err := template.Text(nil); err != nil || got != f.Output {
			t.Errorf("%s = %q, %v; documented is %q", f.Example, got, err, f.Output)
		}
	}
}

func TestFunctions(t *testing.T) {
	for source, want := range map[string]any{
		`time("2026-01-02T03:04:05.5+01:00")`:      time.Date(2026, 1, 2, 2, 4, 5, 5e8, time.UTC),
		`time(now) == now`:                         true,
		`unix(time(1767225600))`:                   int64(1767225600),
		`date(now)`:                                "2026-01-15",
		`date(now, "yyyy/MM/dd/HH")`:               "2026/01/15/12",
		`date(now, "yyyyMMdd'T'HHmmss'Z'")`:        "20260115T120000Z",
		`date(time("2026-01-01T00:30:00+01:00"))`:  "2025-12-31",
		`iso(ago(now, "2w1d12h30m"))`:              "2025-12-30T23:30:00Z",
		`iso(add(now, duration("90s")))`:           "2026-01-15T12:01:30Z",
		`hours("1d")`:                              24.0,
		`hours(now - ago(now, "90m"))`:             1.5,
		`bytes(0)`:                                 "0 B",
		`bytes(999)`:                               "999 B",
		`bytes(999.6)`:                             "1000 B",
		`bytes(1000)`:                              "1 KB",
		`bytes(1234)`:                              "1.2 KB",
		`bytes(999949)`:                            "999.9 KB",
		`bytes(999950)`:                            "1 MB",
		`bytes(5e9)`:                               "5 GB",
		`bytes(9223372036854775807)`:               "9.2 EB",
		`size("5GB")`:                              int64(5e9),
		`size("1.5 tb")`:                           int64(15e11),
		`size("512 KiB")`:                          int64(512 << 10),
		`size("7 B")`:                              int64(7),
		`thousands(0)`:                             "0",
		`thousands(-1234567.5)`:                    "-1,234,567.5",
		`json("<a> & ${{ \"b\" }}\n")`:             `"<a> & ${{ \"b\" }}\n"`,
		`json({b: 1.5, a: [nil, true, 5e9]})`:      `{"a":[null,true,5000000000],"b":1.5}`,
		`json(time("2026-01-02"))`:                 `"2026-01-02T00:00:00Z"`,
		`json([])`:                                 "[]",
		`thousands(999)`:                           "999",
		`thousands(1000)`:                          "1,000",
		`is_ip(nil)`:                               false,
		`is_ip(5)`:                                 false,
		`is_ip("fe80::1%eth0")`:                    false,
		`is_ip("::1")`:                             true,
		`is_ip("10.0.0.1")`:                        true,
		`is_ip("10.0.0.1/8")`:                      false,
		`in_cidr("10.1.2.3", "10.0.0.0/8")`:        true,
		`in_cidr("::ffff:10.1.2.3", "10.0.0.0/8")`: true,
		`in_cidr("11.1.2.3", "10.0.0.0/8")`:        false,
		`in_cidr("fd00::1", "10.0.0.0/8")`:         false,
		`in_cidr("10.1.2.3", [])`:                  false,
		`ip_version("10.1.2.3")`:                   int64(4),
		`values(split("a-1,b", ","))`:              "a-1,b",
		`in_cidr("10.1.2.3", split("11.0.0.0/8 10.0.0.0/8", " "))`: true,
		`columns(["a", {name: "b", type: "int"}])`:                 "a, b",
		`values(["2026", "a_b.c-d"])`:                              "2026,a_b.c-d",
	} {
		program, mistake := Compile(source, testScope(), Any)
		if mistake != nil {
			t.Errorf("%s: %v", source, mistake)
			continue
		}
		if got, err := program.Eval(testValues()); err != nil || got != want {
			t.Errorf("%s = %v (%T), %v; want %v", source, got, got, err, want)
		}
	}
}

func TestFunctionErrors(t *testing.T) {
	for source, want := range map[string]string{
		`time("yesterday")`:                      `"yesterday" is not a time; write it as 2026-01-02T03:04:05Z or 2026-01-02`,
		`time(1767225600000)`:                    `1767225600000 is too large for seconds since 1970`,
		`unix(item.ip)`:                          `unix wants a time, got "10.0.0.1"; write time(…) around text or seconds`,
		`unix(item.note)`:                        `unix wants a time, got nil; write time(…) around text or seconds`,
		`date(run.started)`:                      errUnset.Error(),
		`date(now, "YYYY")`:                      `the layout "YYYY" has "YYYY"; it may have yyyy MM dd HH mm ss and 'quoted' text`,
		`date(now, "yyyy'T")`:                    `the layout "yyyy'T" has an unclosed quote`,
		`ago(now, "14")`:                         `"14" is not a duration; write it as 90s, 2h, or 14d`,
		`ago(now, "-2h")`:                        `"-2h" is not a duration; write it as 90s, 2h, or 14d`,
		`ago(now, "1h2d")`:                       `"1h2d" is not a duration; write it as 90s, 2h, or 14d`,
		`ago(now, "")`:                           `"" is not a duration; write it as 90s, 2h, or 14d`,
		`ago(now, "999999999d")`:                 `"999999999d" is not a duration; write it as 90s, 2h, or 14d`,
		`ago(now, params.span)`:                  `nil is not a duration; write it as 90s, 2h, or 14d`,
		`hours(item.port)`:                       `22 is not a duration; write it as 90s, 2h, or 14d`,
		`required(params.table, "name a table")`: `name a table`,
		`required(params.table ?? item.note, "no %s") + "x"`: `no %s`,
		`bytes(-1)`:                                  `-1 is not a number of bytes`,
		`bytes(item.ip)`:                             `"10.0.0.1" is not a number of bytes`,
		`size("5 apples")`:                           `"5 apples" is not a size; write it as 5GB, 1.5 TB or 512 KiB`,
		`size("GB")`:                                 `"GB" is not a size; write it as 5GB, 1.5 TB or 512 KiB`,
		`size("99999PB")`:                            `"99999PB" is not a size; write it as 5GB, 1.5 TB or 512 KiB`,
		`size("1e5B")`:                               `"1e5B" is not a size; write it as 5GB, 1.5 TB or 512 KiB`,
		`thousands(item.note)`:                       `nil is not a number`,
		`is_public("")`:                              `"" is not an IP address`,
		`in_cidr(item.ip, "10.0.0.0")`:               `"10.0.0.0" is not a CIDR block; write it as 10.0.0.0/8`,
		`in_cidr(item.ip, ["10.0.0.0/8", "x*y"])`:    `"x*y" is not a CIDR block; write it as 10.0.0.0/8`,
		`in_cidr(item.ip, item.note)`:                `nil is not a CIDR block; write it as 10.0.0.0/8`,
		`ip_version("10.0.0")`:                       `"10.0.0" is not an IP address`,
		`ident("")`:                                  `a name is empty`,
		`ident("a..b")`:                              `a name is empty`,
		`ident("a.b.c.d")`:                           `ident wants a name of one to three parts: catalog, database, table`,
		`ident("a\u0000")`:                           `the name "a\x00" has control characters or is not UTF-8`,
		`ident(params.table)`:                        `ident wants a name, got nil`,
		`columns([])`:                                `columns wants a list of names or of {name, type}, not empty; got a list`,
		`columns([5])`:                               `columns wants names or {name, type}, got 5 in its list`,
		`columns([{name: "a", type: "int, b int"}])`: `"int, b int" is not a column type`,
		`columns([{type: "int"}])`:                   `columns wants names or {name, type}, got a map in its list`,
		`values([])`:                                 `values wants a list that is not empty, got a list`,
		`values(["a,b"])`:                            `values takes letters, digits and _ . - only, got "a,b"`,
		`values(["a'b"])`:                            `values takes letters, digits and _ . - only, got "a'b"`,
		`values([nil])`:                              `values takes letters, digits and _ . - only, got nil`,
	} {
		_, err := mustCompile(t, source, Any).Eval(testValues())
		if full := fmt.Sprintf("evaluating `%s`: %s", source, want); err == nil || err.Error() != full {
			t.Errorf("\ngot  %v\nwant %s", err, full)
		}
	}
}

func TestIsPrivate(t *testing.T) {
	for address, want := range map[string]bool{
		"10.0.0.1": true, "172.16.0.1": true, "172.31.255.255": true, "172.32.0.0": false, "192.168.1.1": true,
		"100.64.0.0": true, "100.127.255.255": true, "100.128.0.0": false, "127.0.0.1": true, "169.254.169.254": true,
		"224.0.0.1": true, "240.0.0.1": true, "255.255.255.255": true, "0.0.0.0": true, "198.18.0.1": true,
		"8.8.8.8": false, "192.0.2.1": false, "198.51.100.1": false, "203.0.113.1": false, "192.0.0.8": true,
		"::": true, "::1": true, "fd00::1": true, "fe80::1": true, "ff02::1": true, "100::1": true,
		"2001:db8::1": false, "2600:1f18::1": false, "::ffff:10.0.0.1": true, "::ffff:8.8.8.8": false,
		"64:ff9b::a00:1": true, "64:ff9b::808:808": false, "64:ff9b:1::1": true,
	} {
		is, err := private(address)
		if err != nil || is != want {
			t.Errorf("is_private(%q) = %v, %v; want %v", address, is, err, want)
		}
	}
}

func TestIsHiveType(t *testing.T) {
	for text, want := range map[string]bool{
		"bigint": true, "BIGINT": true, "decimal(10,2)": true, "decimal": true, "varchar(20)": true, "char(1)": true,
		"array<string>": true, "map<string,array<int>>": true, "struct<a:int,b:struct<c:array<string>>>": true,
		"struct<a:decimal(10,2),b:int>": true, " array< int > ": true,
		"": false, "int)": false, "int comment 'x'": false, "array<>": false, "array<int": false, "map<int>": false,
		"struct<a>": false, "struct<a:int;b:int>": false, "struct<`a`:int>": false, "int, b int": false,
		"varchar": false, "array<array<array<array<array<array<array<array<array<array<int>>>>>>>>>>": false,
		"int) location 's3://x/": false, "decimal(1,2,3)": false,
	} {
		if isHiveType(text) != want {
			t.Errorf("isHiveType(%q) = %v", text, !want)
		}
	}
}

// Whatever Go prints as a duration is read as that duration, with days in front too.
func TestParseDurationProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.IntRange(0, 10_000).Draw(t, "days")
		rest := time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "rest"))
		got, err := ParseDuration(fmt.Sprintf("%dd%s", days, rest))
		if want := time.Duration(days)*24*time.Hour + rest; err != nil || got != want {
			t.Fatalf("got %s, %v; want %s", got, err, want)
		}
	})
}
