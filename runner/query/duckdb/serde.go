package duckdb

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"playbook/playbooks/dialect"
)

// newDelimited reads lines as LazySimpleSerDe does: columns that are missing at the end of
// a line are NULL, fields that are too many are passed over ("Lazy Simple SerDe for CSV,
// TSV, and custom-delimited files").
func newDelimited(t *table) func(*fileReader, []byte) {
	serde := &t.def.SerDe
	delimiter, null := serde.FieldDelimiter[0], serde.NullDefinedAs
	inside := newCollections(serde)
	rest := strings.EqualFold(serde.Properties["serialization.last.column.takes.rest"], "true")
	return func(fr *fileReader, line []byte) {
		fields := fr.scratch[:0]
		escapes := inside.escape != 0 && bytes.IndexByte(line, inside.escape) >= 0
		switch {
		case escapes:
			fields = append(fields, inside.split(line, 0, false)...)
		default:
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
		if last := t.inFile - 1; rest && len(fields) > last+1 {
			begin := 0
			for _, field := range fields[:last] {
				begin += len(field) + 1
			}
			fields = append(fields[:last], line[begin:])
		}
		fr.scratch = fields
		if fr.fields > 0 && len(fields) != fr.fields {
			fr.report.line(fmt.Sprintf("lines do not have the %d fields that the header line names", fr.fields), line)
		}
		if status := t.fields.status; status >= 0 && status < len(fields) && string(fields[status]) == "SKIPDATA" {
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
				if c := &t.columns[i]; c.kind.isInteger() && !isNothing(fields[i]) {
					if _, ok := parseInteger(fields[i], c.kind); !ok && string(fields[i]) != null {
						fr.report.line("lines have a value in "+c.name+" that is no "+c.athena, line)
					}
				}
			case string(fields[i]) == null: // before escapes are read
				fr.putNull(place)
			case t.columns[i].kind == nested:
				v, ok := inside.value(t.columns[i].shape, fields[i], 1)
				if !ok {
					fr.report.line("lines have a value in "+t.columns[i].name+" that is no "+t.columns[i].athena, line)
				}
				fr.batch.columns[place].addValue(v)
			case escapes:
				fr.put(place, inside.unescape(fields[i]), line)
			default:
				fr.put(place, fields[i], line)
			}
		}
	}
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
