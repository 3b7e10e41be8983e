package duckdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

const (
	maxExamples   = 3
	maxExampleLen = 200
)

// fileReport is what one file gave.
type fileReport struct {
	file     logFile
	used     bool // its lines are in the table, or at least it could be read to its end
	rows     int64
	skipped  int64 // records that say SKIPDATA
	gaps     []steps.Gap
	problems map[string]*steps.Gap // of lines, by problem
}

// add notes what is wrong with the file as a whole.
func (r *fileReport) add(blocking bool, format string, args ...any) {
	r.gaps = append(r.gaps, steps.Gap{Source: uri(r.file.name), Problem: fmt.Sprintf(format, args...), Blocking: blocking})
}

// line notes what is wrong with a line. The line is used all the same, as the SerDe
// makes of it.
func (r *fileReport) line(problem string, line []byte) {
	gap, ok := r.problems[problem]
	if !ok {
		gap = &steps.Gap{Source: uri(r.file.name), Problem: problem}
		if r.problems == nil {
			r.problems = map[string]*steps.Gap{}
		}
		r.problems[problem] = gap
	}
	gap.Count++
	if len(gap.Examples) < maxExamples {
		gap.Examples = append(gap.Examples, visible(line, maxExampleLen))
	}
}

// fileReader reads the lines of one file into batches.
type fileReader struct {
	loader *loader
	table  *table
	report *fileReport
	out    chan<- *batch
	batch  *batch
	parse  func(*fileReader, []byte)

	from     []int    // for each column of the files its place in a batch, or -1
	constant [][]byte // value of columns that are the same in all rows, by place; nil for the others
	fields   int      // that the header line has; 0 without one
	scratch  [][]byte // fields of the line
	buffer   []byte   // of fields that had escapes
}

// read reads one file. It never fails: what is wrong is in the report.
func (l *loader) read(r *reading) *fileReport {
	report := &fileReport{file: r.file}
	if l.ctx.Err() != nil {
		return report
	}
	file, err := l.root.Open(filepath.FromSlash(r.file.name))
	if err != nil {
		report.add(true, "cannot be opened: %s", short(err))
		return report
	}
	defer file.Close()
	if r.file.size == 0 {
		report.add(true, "is empty (0 bytes): the copy is not complete")
		return report
	}
	content, closeContent, err := decompress(file)
	if err != nil {
		report.add(true, "cannot be read: %s", broken(err))
		return report
	}
	defer closeContent()
	fr := l.newFileReader(report, r)
	fr.readLines(newLines(content))
	fr.flush()
	for _, gap := range report.problems {
		report.gaps = append(report.gaps, *gap)
	}
	return report
}

func broken(err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "it breaks off in the middle (truncated)"
	}
	return short(err)
}

func (l *loader) newFileReader(report *fileReport, r *reading) *fileReader {
	t := l.table
	fr := &fileReader{loader: l, table: t, report: report, out: r.batches, batch: l.take(),
		from: make([]int, t.inFile), constant: make([][]byte, len(l.columns))}
	for i := range fr.from {
		fr.from[i] = -1
	}
	partition := map[string]string{pathColumn: uri(r.file.name)}
	for i, c := range t.partitions() {
		partition[c.name] = r.file.values[i]
	}
	for place, c := range l.columns {
		if value, ok := partition[c.name]; ok {
			fr.constant[place] = append([]byte{}, value...)
			continue
		}
		for i := range t.inFile {
			if t.columns[i].name == c.name {
				fr.from[i] = place
			}
		}
	}
	switch t.def.SerDe.Class {
	case dialect.LazySimple:
		fr.parse = (*fileReader).delimited
	case dialect.OpenCSV:
		fr.parse = newCSV(t.def.SerDe)
	default:
		fr.parse = newJSON(t)
	}
	return fr
}

func (fr *fileReader) readLines(l *lines) {
	number, err := 0, error(nil)
	for {
		var line []byte
		if line, err = l.next(); err != nil {
			break
		}
		number++
		if number == 1 && bytes.HasPrefix(line, []byte("\xef\xbb\xbf")) {
			fr.report.add(true, "begins with a byte order mark (BOM), which becomes part of its first value; save it without")
		}
		if number == 1 && !fr.firstLine(line) {
			return
		}
		if number <= fr.table.skip {
			continue
		}
		if fr.batch.rows == batchRows && !fr.flush() {
			return
		}
		fr.parse(fr, line)
		for place, value := range fr.constant {
			if value != nil {
				fr.put(place, value, line)
			}
		}
		fr.batch.rows++
		fr.report.rows++
	}
	switch {
	case !errors.Is(err, io.EOF):
		fr.report.add(true, "%s; %d lines before the break were used", broken(err), max(0, number-fr.table.skip))
		fr.report.used = fr.report.rows > 0
	default:
		fr.report.used = true
		if fr.report.rows == 0 {
			fr.report.add(false, "holds no records")
		}
	}
}

// firstLine judges the line that may be a header, and tells whether the file can be
// used.
func (fr *fileReader) firstLine(line []byte) bool {
	t := fr.table
	var delimiter byte
	switch t.def.SerDe.Class {
	case dialect.LazySimple, dialect.OpenCSV:
		delimiter = t.def.SerDe.FieldDelimiter[0]
	default:
		return true
	}
	h := t.fields.readHeader(line, delimiter)
	if !h.looksLike(t.skip > 0 || t.fields.isFlow) {
		if t.skip > 0 && t.fields.isFlow {
			fr.report.gaps = append(fr.report.gaps, steps.Gap{Source: uri(fr.report.file.name), Count: 1, Blocking: true,
				Problem:  "its first line, which the table skips, is no header line: a record may be lost",
				Examples: []string{visible(line, maxExampleLen)}})
		}
		return true
	}
	if problem := t.fields.disagreement(h, t.columns); problem != "" {
		fr.report.add(true, "was left out: %s; make the table with the columns in the order of this file", problem)
		return false
	}
	if t.fields.isFlow {
		fr.fields = len(h.names)
		if unknown := t.fields.unknown(h); len(unknown) > 0 {
			fr.report.add(false, "has fields in its header line that are not known, and were taken for the columns at their place: %s",
				strings.Join(unknown, ", "))
		}
	}
	return true
}

// put adds a value of a column at its place in the batch.
func (fr *fileReader) put(place int, value, line []byte) {
	c := &fr.loader.columns[place]
	to := &fr.batch.columns[place]
	switch {
	case c.kind == text:
		if !utf8.Valid(value) {
			fr.report.line("lines are not valid UTF-8", line)
			value = bytes.ToValidUTF8(value, []byte("\uFFFD"))
		}
		to.addText(cut(value, c.length))
	case !to.parse(c, value) && !isNothing(value):
		fr.report.line("lines have a value in "+c.name+" that is no "+c.athena, line)
	}
}

// cut keeps what fits a varchar(n).
func cut(value []byte, length int) []byte {
	if length == 0 || len(value) <= length {
		return value
	}
	runes := []rune(string(value))
	return []byte(string(runes[:min(length, len(runes))]))
}

// isNothing tells what flow logs write for a field without a value ("Flow log records":
// the entry is shown as '-').
func isNothing(value []byte) bool { return len(value) == 0 || len(value) == 1 && value[0] == '-' }

func (fr *fileReader) putNull(place int) {
	fr.batch.columns[place].addNull(fr.loader.columns[place].kind)
}

// flush hands the batch over, and tells whether to go on.
func (fr *fileReader) flush() bool {
	if fr.batch.rows == 0 {
		return true
	}
	select {
	case fr.out <- fr.batch:
		fr.batch = fr.loader.take()
		return true
	case <-fr.loader.ctx.Done():
		return false
	}
}
