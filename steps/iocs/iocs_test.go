package iocs

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playbook/steps"
	"playbook/steps/stepstest"
)

var march = steps.Window{From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)}

func read(files stepstest.Bucket, from ...string) (steps.Result, Result, error) {
	if from == nil {
		from = []string{"s3://b/"}
	}
	step := Kind().New().(*Step)
	step.From = from
	result, err := step.Run(context.Background(), steps.Env{Window: march, Now: march.To, Files: files})
	return result, result.Value.(Result), err
}

// told is what was understood, a line each: what is looked for, then what is rejected.
func told(r Result) string {
	var b strings.Builder
	for _, i := range r.Indicators {
		fmt.Fprintf(&b, "%d %s", i.Line, i.Value)
		if i.Comment != "" {
			fmt.Fprintf(&b, " (%s)", i.Comment)
		}
		if i.Expired {
			b.WriteString(" expired")
		}
		b.WriteString("\n")
	}
	for _, e := range r.Rejected {
		fmt.Fprintf(&b, "%d - %s: %s: %s\n", e.Line, e.Text, e.About, e.Why)
	}
	return b.String()
}

func TestLists(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"a plain list": {"# partner\n203.0.113[.]211   # brute force, VPN\n\n198.51.100.248/29\n2001:DB8:bad1::/48 ; leased\n192.0.2.7\tseen twice\n",
			"2 203.0.113.211 (brute force · VPN)\n4 198.51.100.248/29\n5 2001:db8:bad1::/48 (leased)\n6 192.0.2.7 (seen twice)\n"},
		"two columns": {"203.0.113.9,\"C2, seen by CERT\"\r\n\"198.51.100.7\",\n", "1 203.0.113.9 (C2, seen by CERT)\n2 198.51.100.7\n"},
		"a header": {"indicator;type;valid_until;confidence;description\n203.0.113.9;ip;2026-02-01;80;old\n203.0.113.10;ip;soon;;new\n",
			"2 203.0.113.9 (old) expired\n3 203.0.113.10 (new · its end is not understood, so it counts as valid: soon)\n"},
		"the address further right": {"2026-02-03 10:00:00,203.0.113.9,443,Dridex\n", "1 203.0.113.9 (2026-02-03 10:00:00 · 443 · Dridex)\n"},
		"tabs":                      {"ip\tnote\n203.0.113.9\ta, b\n", "2 203.0.113.9 (a, b)\n"},
		"two addresses on a line": {"203.0.113.9,203.0.113.10\n",
			"1 203.0.113.9\n1 - 203.0.113.10: address: its line names another address first; write one a line\n"},
		"a quotation mark that is not closed": {"\"203.0.113.9,first\n203.0.113.10,second\n", "1 203.0.113.9 (first)\n2 203.0.113.10 (second)\n"},
		"ports and URLs":                      {"203.0.113.9:8443\nhxxps://198.51.100[.]7:443/x?y\n[2001:db8::1]:443\n", "1 203.0.113.9 (listed with port 8443)\n2 198.51.100.7 (listed as a URL)\n3 2001:db8::1 (listed with port 443)\n"},
		"an IPv4 address as IPv6":             {"::ffff:203.0.113.9\n::ffff:198.51.100.0/120\n", "1 203.0.113.9\n2 198.51.100.0/24\n"},
		"host bits in a network":              {"198.51.100.77/24\n", "1 198.51.100.0/24\n"},
		"what cannot match": {"203.0.113.9\n10.0.0.5 ours\nevil.example.net\n203.0.113.300\n192.0.2.1-192.0.2.9\n192.0.2.1 - 192.0.2.9\n0.0.0.0/0\nd41d8cd98f00b204e9800998ecf8427e\na@example.net\nfe80::1%eth0\nwords of no use\n", "1 203.0.113.9\n" +
			"2 - 10.0.0.5 ours: address: it is private or reserved (10.0.0.0/8), and would match traffic of the own network\n" +
			"3 - evil.example.net: domain: it is a name; flow logs have addresses only, resolver logs have names\n" +
			"4 - 203.0.113.300: address: it is no address: a number out of range, or too many or too few\n" +
			"5 - 192.0.2.1-192.0.2.9: address: it is a range of addresses; write it as networks (192.0.2.0/24)\n" +
			"6 - 192.0.2.1 - 192.0.2.9: address: it is a range of addresses; write it as networks (192.0.2.0/24)\n" +
			"7 - 0.0.0.0/0: address: it is wider than a /8, and would make half the internet hostile\n" +
			"8 - d41d8cd98f00b204e9800998ecf8427e: file: it is the hash of a file\n" +
			"9 - a@example.net: other: it is an address of mail\n" +
			"10 - fe80::1%eth0: address: it names an interface of the machine that it was seen on (eth0)\n" +
			"11 - words of no use: other: it is neither an address nor a network\n"},
		"IPv6 that nobody has": {"2001:db8::1\n0:0:1::/48\n::1\nfd00::1\n",
			"1 2001:db8::1\n" +
				"2 - 0:0:1::/48: address: it is private or reserved (::/16), and would match traffic of the own network\n" +
				"3 - ::1: address: it is private or reserved (::/16), and would match traffic of the own network\n" +
				"4 - fd00::1: address: it is private or reserved (fc00::/7), and would match traffic of the own network\n"},
		"control characters": {"203.0.113.9,\x1b[31mred\xff\n", "1 203.0.113.9 (\x1b[31mred\uFFFD)\n"},
		"a mark of bytes":    {"\xef\xbb\xbf203.0.113.9\n", "1 203.0.113.9\n"},
	} {
		t.Run(name, func(t *testing.T) {
			result, value, err := read(stepstest.Bucket{"s3://b/list": test.text})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, told(value)); diff != "" {
				t.Error(diff)
			}
			if want := int64(strings.Count(test.want, "\n")); result.Quality.Examined != want || len(result.Quality.Gaps) != 0 {
				t.Errorf("%+v, want %d", result.Quality, want)
			}
		})
	}
}

func indicator(pattern, more string) string {
	return fmt.Sprintf(`{"type":"indicator","name":"n","pattern_type":"stix","pattern":%q,"valid_from":"2026-01-01T00:00:00Z"%s}`, pattern, more)
}

func TestBundles(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"a bundle": {`{"type":"bundle","objects":[{"type":"identity","name":"x"},` + indicator("[ipv4-addr:value = '203.0.113.9'] OR [ipv6-addr:value ISSUBSET '2001:db8::/32']", `,"description":"C2"`) + `]}`,
			"2 203.0.113.9 (n · C2)\n2 2001:db8::/32 (n · C2)\n"},
		"IN":                        {indicator("[ipv4-addr:value IN ('203.0.113.9', '198.51.100.0/24')]", ""), "1 203.0.113.9 (n)\n1 198.51.100.0/24 (n)\n"},
		"more conditions":           {indicator("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = 443] WITHIN 5 MINUTES", ""), "1 203.0.113.9 (n · the pattern has further conditions, which flow logs cannot show or are not looked at)\n"},
		"expired":                   {indicator("[ipv4-addr:value = '203.0.113.9']", `,"valid_until":"2026-02-01T00:00:00Z"`), "1 203.0.113.9 (n) expired\n"},
		"as a TAXII server answers": {`{"objects":[` + indicator("[ipv4-addr:value = '203.0.113.9']", "") + `]}`, "1 203.0.113.9 (n)\n"},
		"a URL":                     {indicator("[url:value = 'http://203.0.113.9/a']", ""), "1 203.0.113.9 (n · listed as a URL)\n"},
		"not to be used": {"[" + strings.Join([]string{indicator("[ipv4-addr:value = '203.0.113.9']", ""), indicator("[ipv4-addr:value = '192.0.2.1']", `,"revoked":true`),
			indicator("alert tcp any", `,"pattern_type":"snort"`), indicator("[domain-name:value = 'x.example']", ""), indicator("[file:hashes.'SHA-256' = 'aa']", ""),
			indicator("[ipv4-addr:value LIKE '192.0.%']", ""), indicator("[ipv4-addr:value NOT = '192.0.2.1']", ""), indicator("[ipv4-addr:value = '192.0.2.1'", ""),
			indicator("[ipv4-addr:value = '192.0.2.2']", `,"indicator_types":["benign"]`), `{"type":"ipv4-addr","value":"192.0.2.3"}`, `{"type":"ipv4-addr","value":"203.0.113.9"}`, `3`}, ",") + "]",
			"1 203.0.113.9 (n)\n" +
				"2 - [ipv4-addr:value = '192.0.2.1']: other: the one who published it has revoked it\n" +
				"3 - alert tcp any: other: its pattern is written in snort, not in STIX\n" +
				"4 - x.example: domain: it is a name; flow logs have addresses only, resolver logs have names\n" +
				"5 - aa: file: it is about a file\n" +
				"6 - 192.0.%: address: its pattern compares with LIKE, and only =, IN and ISSUBSET name networks\n" +
				"7 - 192.0.2.1: address: its pattern compares with NOT =, and only =, IN and ISSUBSET name networks\n" +
				"8 - [ipv4-addr:value = '192.0.2.1': address: its pattern cannot be read: a bracket is not closed, or closed twice\n" +
				"9 - [ipv4-addr:value = '192.0.2.2']: other: its indicator_types say that it is benign\n" +
				"12 - 3: other: it is no object\n" +
				"10 - 192.0.2.3: other: it was observed, and no indicator says that it is hostile\n"},
	} {
		t.Run(name, func(t *testing.T) {
			result, value, err := read(stepstest.Bucket{"s3://b/bundle.json": test.text})
			if err != nil || len(result.Quality.Gaps) != 0 || value.Files[0].Format != formatSTIX {
				t.Fatal(err, result.Quality, value.Files)
			}
			if diff := cmp.Diff(test.want, told(value)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWhatIsLostBlocks: nothing can be said of an address whose list was not read.
func TestWhatIsLostBlocks(t *testing.T) {
	good := "203.0.113.9\n"
	for name, test := range map[string]struct{ text, want string }{
		"unreadable":           {stepstest.Unreadable, "it could not be read: access denied"},
		"nothing in it":        {"", "none of its 0 entries is a usable address or network"},
		"only names":           {"a.example\nb.example\n", "none of its 2 entries is a usable address or network"},
		"an archive":           {"PK\x03\x04\x00\x00", "it could not be read: it is no text: it holds bytes of zero; unpack archives, and save sheets as CSV"},
		"a broken archive":     {"\x1f\x8bxx", "it could not be read: unpack it: unexpected EOF"},
		"a bundle that ends":   {`{"objects":[` + indicator("[ipv4-addr:value = '192.0.2.1']", "") + `,{"type":"ind`, "at byte 0: the object that begins here is not whole"},
		"a page of a server":   {`{"more":true,"objects":[` + indicator("[ipv4-addr:value = '192.0.2.1']", "") + `]}`, `at byte 0: it is one page of an answer: it says "more", and what follows is not here`},
		"JSON that is no STIX": {`{"Event":{"Attribute":[]}}`, "it could not be read: it is JSON, but no STIX 2.1: no object has a type; export the list as STIX 2.1, as CSV or as text"},
	} {
		t.Run(name, func(t *testing.T) {
			result, value, err := read(stepstest.Bucket{"s3://b/good.txt": good, "s3://b/other": test.text})
			if err != nil || value.Addresses < 1 {
				t.Fatal(err, value)
			}
			gaps := result.Quality.Gaps
			if len(gaps) == 0 || gaps[0].Problem != test.want || !gaps[0].Blocking || gaps[0].Source != "s3://b/other" {
				t.Errorf("%+v", gaps)
			}
		})
	}
}

func TestNoListClearsNobody(t *testing.T) {
	for name, test := range map[string]struct {
		files stepstest.Bucket
		from  []string
		want  string
	}{
		"no file":       {stepstest.Bucket{}, nil, "find the lists of hostile addresses: what lies at s3://b/ is missing"},
		"one of two":    {stepstest.Bucket{"s3://b/a": "203.0.113.9"}, []string{"s3://b/", "s3://c/"}, "find the lists of hostile addresses: what lies at s3://c/ is missing"},
		"no usable one": {stepstest.Bucket{"s3://b/a": "10.0.0.1"}, nil, "none of the 1 entries in 1 files is a usable address or network"},
		"hidden files":  {stepstest.Bucket{"s3://b/_a": "203.0.113.9"}, nil, "none of the 0 entries in 0 files"},
	} {
		result, _, err := read(test.files, test.from...)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if name != "one of two" && result.Quality.Examined != 0 {
			t.Errorf("%s: %d looked at", name, result.Quality.Examined)
		}
	}
}

func TestTheLongestValidityCounts(t *testing.T) {
	csv := "ip,valid_until,comment\n203.0.113.9,2026-02-01,a\n203.0.113.9,2026-12-01,b\n203.0.113.9,2026-06-01,c\n"
	_, value, err := read(stepstest.Bucket{"s3://b/a.csv": csv, "s3://b/b.txt": "203.0.113.9 d\n203.0.113.0/24\n"})
	if err != nil {
		t.Fatal(err)
	}
	if got := told(value); got != "1 203.0.113.9 (d)\n2 203.0.113.0/24\n" || value.Duplicates != 3 || value.Addresses != 1 || value.Networks != 1 {
		t.Errorf("%s %+v", got, value)
	}
	if i := value.Indicators[1]; i.First != "203.0.113.0" || i.Last != "203.0.113.255" || i.Network != "203.0.113.0/24" || i.Single {
		t.Errorf("%+v", i)
	}
}

func TestMoreThanIsKept(t *testing.T) {
	step := Kind().New().(*Step)
	step.From, step.Max = []string{"s3://b/"}, 2
	var b strings.Builder
	for i := range 5 {
		fmt.Fprintf(&b, "203.0.113.%d\n", i)
	}
	result, err := step.Run(context.Background(), steps.Env{Now: march.To, Files: stepstest.Bucket{"s3://b/a": b.String()}})
	if err != nil || len(result.Value.(Result).Indicators) != 2 || !slices.Equal(result.Quality.Cut, []string{"indicators"}) {
		t.Fatal(err, result.Quality)
	}
	if gap := result.Quality.Gaps[0]; gap.Count != 3 || !gap.Blocking {
		t.Errorf("%+v", gap)
	}
}

func TestEncodings(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, "203.0.113.9 gz\n")
	_ = w.Close()
	wide := "\xff\xfe"
	for _, unit := range utf16.Encode([]rune("203.0.113.10 wide\r\n")) {
		wide += string([]byte{byte(unit), byte(unit >> 8)})
	}
	_, value, err := read(stepstest.Bucket{"s3://b/a.gz": packed.String(), "s3://b/b.txt": wide})
	if got := told(value); err != nil || got != "1 203.0.113.9 (gz)\n1 203.0.113.10 (wide)\n" {
		t.Error(got, err)
	}
}

// TestEveryLineIsAccountedFor: a line that is no remark is an indicator, a duplicate or
// rejected, whatever is in it.
func TestEveryLineIsAccountedFor(t *testing.T) {
	line := rapid.OneOf(rapid.StringMatching(`(203\.0\.113\.[0-9]{1,3}|[a-f0-9:]{3,9}|"[^\n\r]{0,5})?[,;\t #]{0,2}[^\n\r\x{85}]{0,10}`), rapid.StringMatching(`[0-9./]{4,18}`))
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(line, 1, 6).Draw(t, "lines")
		text := "203.0.113.250\n" + strings.Join(lines, "\n") + "\n"
		want := 0
		for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
			if line = strings.TrimSpace(strings.ToValidUTF8(line, "\uFFFD")); line != "" && !remark(line) {
				want++
			}
		}
		c := newCollection(100, march.From)
		file := &File{}
		c.readLines(file, []byte(text))
		seen := map[int64]bool{}
		for _, i := range c.result.Indicators {
			seen[i.Line] = true
		}
		for _, e := range c.result.Rejected {
			seen[e.Line] = true
		}
		if len(seen)+int(c.result.Duplicates) < want || int(file.Entries) < want {
			t.Fatalf("%d lines, %d of %d entries: %s", want, len(seen), file.Entries, told(c.result))
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add("203.0.113.9,\"a\n")
	f.Add("ip;comment\n203.0.113.9;x")
	f.Add(`{"objects":[` + indicator("[ipv4-addr:value IN ('203.0.113.9')] AND [file:name = 'a\\'b']", "") + `]}`)
	f.Add(`[{"type":"ipv4-addr","value":5},{"type":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		result, value, err := read(stepstest.Bucket{"s3://b/x": text})
		if err == nil && len(value.Indicators) == 0 {
			t.Fatal("nothing is listed, and nothing is wrong")
		}
		for _, i := range value.Indicators {
			if !utf8.ValidString(i.Comment) || utf8.RuneCountInString(i.Comment) > maxText+1 || i.First == "" || i.Last == "" {
				t.Fatalf("%+v", i)
			}
		}
		if result.Quality.Examined > 0 && value.Files[0].Entries != value.Files[0].Indicators+value.Files[0].Rejected {
			t.Fatalf("%+v", value.Files[0])
		}
	})
}
