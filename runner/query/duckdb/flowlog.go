package duckdb

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"playbook/playbooks/dialect"
)

// flowFields says what a table's columns mean, and with that how to judge the first
// line of a file.
type flowFields struct {
	fields  []string // of each column of the files: a field of flow logs, or its own name
	isFlow  bool     // the table is one of flow logs
	status  int      // index of log-status, or -1
	byField map[string]int
}

func newFlowFields(columns []column) flowFields {
	f := flowFields{status: -1, byField: map[string]int{}}
	for i, c := range columns {
		field := flowField(c.name)
		if field == "log-status" {
			f.status = i
		}
		if field == "" {
			field = c.name
		}
		f.fields = append(f.fields, field)
		f.byField[field] = i
	}
	f.isFlow = f.has("srcaddr") && f.has("dstaddr")
	if !f.isFlow && len(columns) >= 3 && !slices.ContainsFunc(columns, func(c column) bool { return flowField(c.name) == "" }) {
		// A custom format need not have both addresses.
		f.isFlow = slices.ContainsFunc([]string{"srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "interface-id", "log-status"}, f.has)
	}
	if !f.isFlow {
		f.status = -1
	}
	return f
}

func (f flowFields) has(field string) bool {
	_, ok := f.byField[field]
	return ok
}

// isClock tells whether a column says when records begin. It is loaded always, for the
// window.
func (t *table) isClock(c column) bool {
	return flowField(c.name) == "start" && c.kind != boolean && c.kind != nested || t.isCloudTrail() && c.name == "eventtime"
}

// header is the first line of a file, read as names of fields.
type header struct {
	names []string
	known int // names that the table has, or that flow logs have
}

func (f flowFields) readHeader(line []byte, delimiter byte) header {
	var h header
	for _, name := range bytes.Split(line, []byte{delimiter}) {
		text := strings.Trim(string(name), `"' `)
		h.names = append(h.names, text)
		if field := f.meaning(text); field != "" {
			h.known++
		}
	}
	return h
}

func (f flowFields) meaning(name string) string {
	if f.isFlow {
		if field := flowField(name); field != "" {
			return field
		}
	}
	if _, ok := f.byField[strings.ToLower(name)]; ok {
		return strings.ToLower(name)
	}
	return ""
}

// looksLike tells whether the line can only be a header. Where the table skips it, or
// says that flow logs are in the file, half of the names have to be known; elsewhere all
// of them, because a line of values may well have the name of a column among them.
func (h header) looksLike(expected bool) bool {
	switch {
	case expected && len(h.names) == 1:
		return h.known == 1
	case expected:
		return h.known >= 2 && 2*h.known >= len(h.names)
	}
	return h.known >= 2 && h.known == len(h.names)
}

// laterHeader judges a line in the middle of a file that is a header line: two logs were
// put together. It tells whether the file can be read on. Records of flow logs begin
// with a digit, an id or a -, names of fields with a letter.
func (fr *fileReader) laterHeader(number int, line []byte) bool {
	if len(line) == 0 || line[0] < 'a' || line[0] > 'z' {
		return true
	}
	serde := &fr.table.def.SerDe
	if class := serde.Class; class != dialect.LazySimple && class != dialect.OpenCSV {
		return true
	}
	first, _, _ := bytes.Cut(line, []byte{serde.FieldDelimiter[0]})
	if flowField(string(first)) == "" {
		return true
	}
	h := fr.table.fields.readHeader(line, serde.FieldDelimiter[0])
	if !h.looksLike(true) {
		return true
	}
	if problem := fr.table.fields.disagreement(h, fr.table.columns); problem != "" {
		fr.report.add(true, "has a second header line, line %d, and was left out from there: %s", number, problem)
		fr.report.used = true
		return false
	}
	if number > fr.table.skip {
		fr.report.line("lines are header lines among the records", line)
	}
	fr.fields = len(h.names)
	return true
}

// disagreement says where the header and the columns name different fields, or "". A
// position is compared when the header's name is known and either the column's is too or
// the table has that field elsewhere. Athena goes by position alone and would put the
// values of one field under the name of another.
func (f flowFields) disagreement(h header, columns []column) string {
	for i, name := range h.names {
		if i >= len(f.fields) {
			break
		}
		field := f.meaning(name)
		_, elsewhere := f.byField[field]
		if field != "" && field != f.fields[i] && (elsewhere || f.isFlow && flowField(columns[i].name) != "") {
			return fmt.Sprintf("field %d is %s in its header line and %s in the table", i+1, visible([]byte(name), 60), columns[i].name)
		}
	}
	return ""
}

// unknown are the names in the header that say nothing to us.
func (f flowFields) unknown(h header) []string {
	var names []string
	for i, name := range h.names {
		if f.meaning(name) == "" && i < len(f.fields) {
			names = append(names, visible([]byte(name), 60))
		}
	}
	return names
}
