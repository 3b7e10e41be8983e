package duckdb

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

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
	absent   []string              // columns that the file does not have
	misfits  int64                 // lines with a problem
	marked   int64                 // rows before the latest of them
	sum      string                // SHA-256 of the file as stored; "" when it could not be read to its end
}

// add notes what is wrong with the file as a whole.
func (r *fileReport) add(blocking bool, format string, args ...any) {
	r.gaps = append(r.gaps, steps.Gap{Source: source(r.file.name), Problem: fmt.Sprintf(format, args...), Blocking: blocking})
}

// line notes what is wrong with a line. The line is used all the same, as the SerDe
// makes of it.
func (r *fileReport) line(problem string, line []byte) {
	gap, ok := r.problems[problem]
	if !ok {
		gap = &steps.Gap{Source: source(r.file.name), Problem: problem}
		if r.problems == nil {
			r.problems = map[string]*steps.Gap{}
		}
		r.problems[problem] = gap
	}
	gap.Count++
	if r.misfits == 0 || r.marked != r.rows {
		r.misfits, r.marked = r.misfits+1, r.rows
	}
	if len(gap.Examples) < maxExamples {
		gap.Examples = append(gap.Examples, visible(line, maxExampleLen))
	}
}

// fileReader reads the lines of one file into its worker's batch.
type fileReader struct {
	worker *worker
	loader *loader
	table  *table
	report *fileReport
	batch  *batch
	parse  func(*fileReader, []byte)

	from      []int      // for each column of the files its place in a batch, or -1
	constants []constant // columns that are the same in all rows
	odd       []constant // of these, what is no value of the column's type: a problem of each line
	since     int        // row of the batch up to which the constants are filled in
	fields    int        // that the header line has; 0 without one
	plan      []field    // of delimited lines
	ends      []int      // of fields in a delimited line
	scratch   [][]byte   // fields of the line
	buffer    []byte     // of fields that had escapes
}

// constant is the value of a column that is the same in all rows of a file, nil for NULL: of a
// partition column, or its path.
type constant struct {
	place int
	value []byte
}

// readFile reads one file. It never fails: what is wrong is in the report.
func (w *worker) readFile(file logFile) *fileReport {
	l, report := w.loader, &fileReport{file: file}
	if l.ctx.Err() != nil {
		return report
	}
	opened, err := l.root.Open(filepath.FromSlash(file.name))
	if err != nil {
		report.add(true, "cannot be opened: %s", short(err))
		return report
	}
	defer opened.Close()
	before, err := opened.Stat()
	if err != nil {
		report.add(true, "cannot be read: %s", short(err))
		return report
	}
	in := &input{loader: l, file: opened}
	if l.sums {
		w.digest.Reset()
		in.digest = w.digest
	}
	w.readContent(in, opened, report)
	if l.table.def.SerDe.Class == dialect.Parquet && !l.sums { // it was not read from end to end
		l.bytes.Add(file.size)
	} else if _, err := io.Copy(io.Discard, in); err == nil && l.sums {
		// What a broken file holds behind the break is summed, too.
		report.sum = hex.EncodeToString(w.digest.Sum(nil))
	}
	if problem := changed(l.root, opened, file, before); problem != "" {
		report.sum = "" // not for the cache
		report.add(true, "%s; what was read of it was used", problem)
	}
	report.finish()
	return report
}

func (w *worker) readContent(in *input, file io.ReaderAt, report *fileReport) {
	if report.file.size == 0 {
		report.add(true, "is empty (0 bytes): the copy is not complete")
		return
	}
	if w.loader.table.def.SerDe.Class == dialect.Parquet {
		w.newFileReader(report).readParquet(file, report.file.size)
		return
	}
	start := make([]byte, 512)
	n, _ := file.ReadAt(start, 0) // an error is met again
	if format := notText(start[:n]); format != "" {
		report.add(true, "was left out: the table reads text, and this is %s", format)
		return
	}
	content, closeContent, err := w.decompress(in)
	if err != nil {
		report.add(true, "cannot be read: %s", broken(err))
		return
	}
	defer closeContent()
	if w.loader.table.isCloudTrail() {
		w.newFileReader(report).readRecords(bufio.NewReaderSize(content, 64<<10))
		return
	}
	w.lines.reset(content)
	if format := formatOf(w.lines.peek(512)); format != "text" && format != "empty" {
		report.add(true, "was left out: the table reads text, and what is compressed here is %s", format)
		return
	}
	w.newFileReader(report).readLines(w.lines)
}

func broken(err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "it breaks off in the middle (truncated)"
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, zstd.ErrMagicMismatch):
		return "bytes that are not compressed stand where compressed ones should"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch):
		return "its checksum is wrong (damaged)"
	}
	return short(err)
}

func (w *worker) newFileReader(report *fileReport) *fileReader {
	l := w.loader
	t := l.table
	fr := &fileReader{worker: w, loader: l, table: t, report: report, batch: w.batch, since: w.batch.rows,
		from: make([]int, t.inFile)}
	for i := range fr.from {
		fr.from[i] = -1
	}
	// Keys of S3 are UTF-8; a name that is not was spoiled by a copy.
	partition := map[string]string{pathColumn: strings.ToValidUTF8(uri(report.file.name), "\uFFFD")}
	for i, c := range t.partitions() {
		partition[c.name] = strings.ToValidUTF8(report.file.values[i], "\uFFFD")
	}
	for place, c := range l.columns {
		if value, ok := partition[c.name]; ok {
			same := constant{place, []byte(value)}
			if value == nullPartition {
				same.value = nil
			}
			if c.kind == text || same.value == nil || newBatch([]column{c}).columns[0].parse(&c, same.value) {
				fr.constants = append(fr.constants, same)
			} else {
				fr.odd = append(fr.odd, same)
			}
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
		fr.parse = fr.newFast(newDelimited(t))
	case dialect.OpenCSV:
		fr.parse = newCSV(t.def.SerDe)
	case dialect.Parquet:
	default:
		fr.parse = newJSON(t)
	}
	return fr
}

func (fr *fileReader) readLines(l *lines) {
	defer fr.fillConstants()
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
		if number > 1 && fr.table.fields.isFlow && !fr.laterHeader(number, line) {
			return
		}
		if number <= fr.table.skip {
			continue
		}
		if fr.batch.isFull() && !fr.flush() {
			return
		}
		if bytes.IndexByte(line, 0) >= 0 {
			fr.report.line("lines have NUL bytes", line)
		}
		fr.parse(fr, line)
		for _, c := range fr.odd {
			fr.put(c.place, c.value, line)
		}
		fr.batch.rows++
		fr.batch.raw += len(line)
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

// flush hands the batch over, and tells whether to go on.
func (fr *fileReader) flush() bool {
	fr.fillConstants()
	fr.since = 0
	return fr.worker.flush()
}

// fillConstants gives the rows that were read of the file the values that all of them
// have.
func (fr *fileReader) fillConstants() {
	count := fr.batch.rows - fr.since
	fr.since = fr.batch.rows
	if count == 0 {
		return
	}
	for _, same := range fr.constants {
		if same.value == nil {
			for range count {
				fr.putNull(same.place)
			}
			continue
		}
		fr.put(same.place, same.value, same.value)
		if c := &fr.batch.columns[same.place]; c.form == asText {
			c.ids = append(c.ids, slices.Repeat(c.ids[len(c.ids)-1:], count-1)...)
			continue
		}
		for range count - 1 {
			fr.put(same.place, same.value, same.value)
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
			fr.report.gaps = append(fr.report.gaps, steps.Gap{Source: source(fr.report.file.name), Count: 1, Blocking: true,
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
		for i, place := range fr.from[min(len(h.names), len(fr.from)):] {
			if place >= 0 {
				fr.report.lacks(t.columns[len(h.names)+i].name)
			}
		}
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

func (fr *fileReader) putNull(place int) { fr.batch.columns[place].addNull() }
