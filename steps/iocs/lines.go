package iocs

import (
	"encoding/csv"
	"regexp"
	"slices"
	"strings"
	"time"
)

// header says which columns of a CSV hold what; -1 is none.
type header struct{ value, comment, until, confidence int }

var headings = map[string][]string{
	"value": {"ip", "ip_address", "ipaddress", "ip address", "address", "indicator", "indicator_value", "value", "ioc", "ioc_value", "threat_ip",
		"dst_ip", "cidr", "network", "netblock", "host", "ipv4", "ipv6"},
	"comment":    {"comment", "comments", "description", "threat_comment", "note", "notes", "threat", "malware", "reason", "title", "name"},
	"until":      {"valid_until", "expires", "expires_at", "expiration", "expiry"},
	"confidence": {"confidence", "confidence_level"},
}

// readLines reads a CSV, or a list as people keep it: one address or network a line, and
// after it what there is to say of it. Lines are taken one by one, so that a quotation
// mark that nobody closed costs one line, not the rest of the file.
func (c *collection) readLines(file *File, text []byte) {
	var columns *header
	number, entries := int64(0), 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(strings.ToValidUTF8(line, "\uFFFD"))
		if line == "" || remark(line) {
			continue
		}
		entries++
		fields := split(line)
		if entries == 1 {
			if columns = parseHeader(fields); columns != nil {
				file.Format = formatCSV
				continue
			}
		}
		if columns != nil {
			c.takeColumns(file, number, *columns, fields)
		} else {
			c.takeLine(file, number, line, fields)
		}
	}
}

// remark reports whether a line is a comment as lists have them.
func remark(line string) bool {
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") || strings.HasPrefix(line, "//")
}

// split cuts a line at commas, semicolons or tabs, whichever it has first.
func split(line string) []string {
	at := strings.IndexAny(line, ",;\t")
	if at < 0 {
		return []string{line}
	}
	reader := csv.NewReader(strings.NewReader(line))
	reader.Comma, reader.LazyQuotes, reader.TrimLeadingSpace = rune(line[at]), true, line[at] != '\t'
	if line[0] == '"' { // the first separator may be within the quotation marks
		if end := strings.Index(line[1:], `"`); end >= 0 && end+2 < len(line) && strings.ContainsRune(",;\t", rune(line[end+2])) {
			reader.Comma = rune(line[end+2])
		}
	}
	fields, err := reader.Read()
	if err != nil || len(fields) == 1 { // a quotation mark is not closed
		fields = strings.Split(line, line[at:at+1])
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	return fields
}

// parseHeader tells a line of column names from one that means something.
func parseHeader(fields []string) *header {
	find := func(what string) int {
		for _, name := range headings[what] {
			if i := slices.IndexFunc(fields, func(f string) bool { return strings.EqualFold(f, name) }); i >= 0 {
				return i
			}
		}
		return -1
	}
	h := header{find("value"), find("comment"), find("until"), find("confidence")}
	if h.value < 0 {
		return nil
	}
	return &h
}

func (c *collection) takeColumns(file *File, number int64, h header, fields []string) {
	at := func(i int) string {
		if i < 0 || i >= len(fields) {
			return ""
		}
		return fields[i]
	}
	e := entry{line: number, text: at(h.value), comment: at(h.comment)}
	if h.comment < 0 {
		var others []string
		for i, field := range fields {
			if i != h.value && i != h.until && i != h.confidence && field != "" {
				others = append(others, field)
			}
		}
		e.comment = strings.Join(others, " · ")
	}
	if until := at(h.until); until != "" {
		if e.until = parseTime(until); e.until == nil {
			e.comment = join(e.comment, "its end is not understood, so it counts as valid: "+until)
		}
	}
	e.confidence = parseConfidence(at(h.confidence))
	c.take(file, e)
}

// addresses is what a line begins with when it is a range written with a hyphen.
var addresses = regexp.MustCompile(`^[0-9a-fA-F.:]+ *(-|–|to) *[0-9a-fA-F.:]*[.:][0-9a-fA-F.:]+`)

// takeLine takes a line without a header: the first field that is a network, or begins
// with one, is the entry, and everything else is said of it. A second network on the line
// would be lost in the comment, and is therefore named as rejected.
func (c *collection) takeLine(file *File, number int64, line string, fields []string) {
	if spread := addresses.FindString(line); spread != "" {
		c.take(file, entry{line: number, text: spread}) // rejected, with what to do
		return
	}
	var value string
	var rest, more []string
	for _, field := range fields {
		network, said := beginning(field)
		switch {
		case network == "":
		case value == "":
			value = network
			if said == "" && len(fields) > 1 {
				file.Format = formatCSV
			}
		default:
			more = append(more, network)
		}
		if said = strings.Trim(said, "#-–;/ "); said != "" {
			rest = append(rest, said)
		}
	}
	if value == "" {
		c.rejectLine(file, number, line, fields)
		return
	}
	c.take(file, entry{line: number, text: value, comment: strings.Join(rest, " · ")})
	for _, text := range more {
		c.reject(file, number, text, aboutAddress, "its line names another address first; write one a line")
	}
}

// beginning splits a field into the network that it is or begins with, and what it says
// besides.
func beginning(field string) (network, said string) {
	if _, _, why := parseNetwork(field); why == nil {
		return field, ""
	}
	word := strings.IndexAny(field, " \t#")
	if word < 0 {
		return "", field
	}
	if _, _, why := parseNetwork(field[:word]); why == nil {
		return field[:word], field[word:]
	}
	return "", field
}

// rejectLine names what the line is most likely about.
func (c *collection) rejectLine(file *File, number int64, line string, fields []string) {
	var why *rejection
	for _, field := range fields {
		field, _, _ = strings.Cut(field, " ")
		if _, _, reason := parseNetwork(field); why == nil || why.about == aboutOther && reason != nil && reason.about != aboutOther {
			why = reason
		}
	}
	c.reject(file, number, line, why.about, why.reason)
}

// parseTime reads the forms of time that lists have; without a zone it is UTC.
func parseTime(text string) *time.Time {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04:05 UTC", "2006-01-02", "2006/01/02"} {
		if t, err := time.Parse(form, strings.TrimSpace(text)); err == nil {
			t = t.UTC()
			return &t
		}
	}
	return nil
}

func parseConfidence(text string) *int64 {
	var n int64
	for _, c := range text {
		if c < '0' || c > '9' || n > 100 {
			return nil
		}
		n = n*10 + int64(c-'0')
	}
	if text == "" || n > 100 {
		return nil
	}
	return &n
}
