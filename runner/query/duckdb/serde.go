package duckdb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"playbook/playbooks/dialect"
)

// delimited reads a line as LazySimpleSerDe does: columns that are missing at its end
// are NULL, fields that are too many are passed over ("Lazy Simple SerDe for CSV, TSV,
// and custom-delimited files").
func (fr *fileReader) delimited(line []byte) {
	serde := &fr.table.def.SerDe
	delimiter := serde.FieldDelimiter[0]
	fields := fr.scratch[:0]
	if serde.EscapedBy != "" && bytes.IndexByte(line, serde.EscapedBy[0]) >= 0 {
		fields = fr.escaped(line, delimiter, serde.EscapedBy[0])
	} else {
		for rest := line; ; {
			at := bytes.IndexByte(rest, delimiter)
			if at < 0 {
				fields = append(fields, rest)
				break
			}
			fields = append(fields, rest[:at])
			rest = rest[at+1:]
		}
	}
	fr.scratch = fields
	if fr.fields > 0 && len(fields) != fr.fields {
		fr.report.line(fmt.Sprintf("lines do not have the %d fields that the header line names", fr.fields), line)
	}
	if status := fr.table.fields.status; status >= 0 && status < len(fields) && string(fields[status]) == "SKIPDATA" {
		fr.report.skipped++
	}
	for i, place := range fr.from {
		switch {
		case i >= len(fields):
			if place >= 0 {
				fr.putNull(place)
			}
		case place < 0:
			// A column that no query names is not loaded; a line that does not fit is
			// counted all the same.
			if c := &fr.table.columns[i]; c.kind.isInteger() && !isNothing(fields[i]) {
				if _, ok := parseInteger(fields[i], c.kind); !ok && string(fields[i]) != serde.NullDefinedAs {
					fr.report.line("lines have a value in "+c.name+" that is no "+c.athena, line)
				}
			}
		case fields[i] == nil, string(fields[i]) == serde.NullDefinedAs:
			fr.putNull(place)
		default:
			fr.put(place, fields[i], line)
		}
	}
}

// escaped splits a line in which a delimiter can stand escaped. A field that is NULL is
// nil.
func (fr *fileReader) escaped(line []byte, delimiter, escape byte) [][]byte {
	fields := fr.scratch[:0]
	out, start, raw := append(fr.buffer[:0], line...)[:0], 0, 0
	take := func(end int) {
		field := out[start:len(out):len(out)]
		if string(line[raw:end]) == fr.table.def.SerDe.NullDefinedAs { // \N, before the escape is read
			field = nil
		}
		fields = append(fields, field)
		start, raw = len(out), end+1
	}
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == escape && i+1 < len(line):
			i++
			out = append(out, line[i])
		case line[i] == delimiter:
			take(i)
		default:
			out = append(out, line[i])
		}
	}
	take(len(line))
	fr.buffer = out
	return fields
}

// newCSV reads lines as OpenCSVSerde does. All its values are text; for other types the
// text has to be a number ("Open CSV SerDe for processing CSV").
func newCSV(serde dialect.SerDe) func(*fileReader, []byte) {
	first := func(text string) byte {
		if text == "" {
			return 0
		}
		return text[0]
	}
	separator, quote, escape := first(serde.FieldDelimiter), first(serde.Quote), first(serde.EscapedBy)
	return func(fr *fileReader, line []byte) {
		fields, err := fr.csv(line, separator, quote, escape)
		if err != nil {
			fr.report.line("lines "+err.Error(), line)
			fields = nil
		}
		for i, place := range fr.from {
			switch {
			case place < 0:
			case i >= len(fields):
				fr.putNull(place)
			default:
				fr.put(place, fields[i], line)
			}
		}
	}
}

var errUnterminated = errors.New("have a quoted field that is not closed; a value cannot go over several lines")

// csv splits a line as CSVParser of opencsv 2.3 does, which OpenCSVSerde is made of.
func (fr *fileReader) csv(line []byte, separator, quote, escape byte) ([][]byte, error) {
	fields := fr.scratch[:0]
	out, start := append(fr.buffer[:0], make([]byte, 0, len(line))...), 0
	quoted, inField := false, false
	for i := 0; i < len(line); i++ {
		c := line[i]
		next := byte(0)
		if i+1 < len(line) {
			next = line[i+1]
		}
		switch {
		case c == escape && escape != 0 && escape != quote:
			if quoted && i+1 < len(line) && (next == quote || next == escape) {
				out = append(out, next)
				i++
			}
		case c == quote && quote != 0:
			switch {
			case (quoted || inField) && i+1 < len(line) && next == quote:
				out = append(out, quote)
				i++
				inField = !inField
				continue
			case i > 2 && line[i-1] != separator && i+1 < len(line) && next != separator:
				if len(bytes.TrimSpace(out[start:])) == 0 {
					out = out[:start]
				} else {
					out = append(out, c)
				}
			}
			quoted = !quoted
			inField = !inField
		case c == separator && !quoted:
			fields = append(fields, out[start:len(out):len(out)])
			start, inField = len(out), false
		default:
			out = append(out, c)
			inField = true
		}
	}
	fr.buffer, fr.scratch = out, append(fields, out[start:])
	if quoted {
		return nil, errUnterminated
	}
	return fr.scratch, nil
}

// newJSON reads lines as the JSON SerDes do: one object a line, keys in any case.
func newJSON(t *table) func(*fileReader, []byte) {
	keys := map[string]int{}
	for i := range t.inFile {
		keys[t.columns[i].name] = i
	}
	for property, key := range t.def.SerDe.Properties { // OpenX: 'mapping.column' = 'key'
		name, ok := strings.CutPrefix(property, "mapping.")
		if i, known := keys[strings.ToLower(name)]; ok && known {
			delete(keys, strings.ToLower(name))
			keys[strings.ToLower(key)] = i
		}
	}
	dots := strings.EqualFold(t.def.SerDe.Properties["dots.in.keys"], "true")
	return func(fr *fileReader, line []byte) {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(line, &object); err != nil || object == nil {
			fr.report.line("lines are no JSON objects", line)
		}
		values := make([]json.RawMessage, t.inFile)
		for key, value := range object {
			key = strings.ToLower(key)
			if dots {
				key = strings.ReplaceAll(key, ".", "_")
			}
			if i, ok := keys[key]; ok {
				values[i] = value
			}
		}
		if status := t.fields.status; status >= 0 && string(values[status]) == `"SKIPDATA"` {
			fr.report.skipped++
		}
		for i, place := range fr.from {
			switch value := values[i]; {
			case place < 0:
			case value == nil, string(value) == "null":
				fr.putNull(place)
			default:
				fr.put(place, jsonText(value), line)
			}
		}
	}
}

// jsonText is what a value of JSON is as text: a string without its quotes, all else as
// it is written.
func jsonText(value json.RawMessage) []byte {
	if value[0] != '"' {
		var compact bytes.Buffer
		if json.Compact(&compact, value) == nil {
			return compact.Bytes()
		}
		return value
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		unquoted, err := strconv.Unquote(string(value))
		if err != nil {
			return value
		}
		s = unquoted
	}
	return []byte(s)
}
