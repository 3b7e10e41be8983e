package duckdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A store is a file with the rows of a table, by columns: what the loader makes of
// logs, and what queries read. Rows lie in batches, and of a batch each column is one
// part:
//
//	byte 0   form: see batch.go
//	byte 1   width of a number: 0, 1, 2, 4 or 8 bytes
//	byte 2   1 when a null map follows
//	byte 8   base: added to each number
//	byte 16  texts: how many, with NULL as the first
//	byte 24  null map: a bit for each row, in words of 8 bytes
//	         numbers: one for each row, of the width; of texts, their places in the list
//	         of texts; then padding to 8 bytes
//	         texts: where each ends, as 4 bytes each, then all their bytes
//
// Numbers are little-endian. Every part carries a checksum in the index, which is
// looked at whenever the part is read. It is fast to write and to read rather than
// small: constants take nothing, small numbers one byte.
type store struct {
	file    *os.File
	scratch bool  // the file is this run's alone
	size    int64 // written so far, guarded by mu
	mu      sync.Mutex

	held sync.Map      // parts that stay in memory, by their offset
	room *atomic.Int64 // for them, of all stores of an engine
}

const storeSuffix = ".store"

// close closes the file, and removes it from the scratch folder.
func (s *store) close() error {
	err := s.file.Close()
	if s.scratch {
		err = errors.Join(err, os.Remove(s.file.Name()))
	}
	return err
}

// part is where a column of a batch lies in the file.
type part struct {
	Offset int64  `json:"o"`
	Size   int64  `json:"s"`
	Sum    uint32 `json:"c"`
}

// stored is a batch in the store.
type stored struct {
	Rows  int    `json:"rows"`
	Parts []part `json:"parts"` // by column
}

const partHead = 24

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamaged says that the file is not as it was written.
var errDamaged = errors.New("the file with the loaded logs is damaged")

// write appends a batch and says where it lies. It may be called by several goroutines;
// buffer is the caller's and comes back larger.
func (s *store) write(b *batch, buffer []byte) (stored, []byte, error) {
	made := stored{Rows: b.rows, Parts: make([]part, len(b.columns))}
	buffer = buffer[:0]
	for i := range b.columns {
		from := len(buffer)
		var err error
		if buffer, err = b.columns[i].encode(buffer); err != nil {
			return made, buffer, err
		}
		made.Parts[i] = part{Offset: int64(from), Size: int64(len(buffer) - from), Sum: crc32.Checksum(buffer[from:], castagnoli)}
		buffer = padded(buffer)
	}
	s.mu.Lock()
	offset := s.size
	s.size += int64(len(buffer))
	s.mu.Unlock()
	for i := range made.Parts {
		made.Parts[i].Offset += offset
	}
	_, err := s.file.WriteAt(buffer, offset)
	return made, buffer, err
}

// isPossible refuses what no writer made, before room is made for it.
func (p part) isPossible() bool { return p.Offset >= 0 && p.Size >= partHead && p.Size <= 1<<31 }

// read reads a part into a buffer, which comes back larger.
func (s *store) read(p part, buffer []byte) ([]byte, error) {
	if !p.isPossible() {
		return buffer, errDamaged
	}
	if int64(cap(buffer)) < p.Size {
		buffer = make([]byte, p.Size, p.Size+p.Size/4)
	}
	buffer = buffer[:p.Size]
	if _, err := s.file.ReadAt(buffer, p.Offset); err != nil {
		return buffer, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if crc32.Checksum(buffer, castagnoli) != p.Sum {
		return buffer, errDamaged
	}
	return buffer, nil
}

// part gives a part, from memory where there was room for it.
func (s *store) part(p part, buffer []byte) (content, spare []byte, err error) {
	if !p.isPossible() {
		return nil, buffer, errDamaged
	}
	if held, ok := s.held.Load(p.Offset); ok {
		return held.([]byte), buffer, nil
	}
	if s.room.Add(-p.Size) < 0 {
		s.room.Add(p.Size)
		buffer, err = s.read(p, buffer)
		return buffer, buffer, err
	}
	content, err = s.read(p, make([]byte, p.Size))
	if err == nil {
		s.held.Store(p.Offset, content)
	}
	return content, buffer, err
}

func padded(buffer []byte) []byte {
	var zeros [8]byte
	return append(buffer, zeros[:-len(buffer)&7]...)
}

// encode appends the column as a part. The buffer's end lies on a multiple of 8.
func (c *cells) encode(buffer []byte) ([]byte, error) {
	head := len(buffer)
	buffer = append(buffer, make([]byte, partHead)...)
	buffer[head] = byte(c.form)
	if c.nulls {
		buffer[head+2] = 1
		for _, word := range c.null[:(c.len()+63)/64] {
			buffer = binary.LittleEndian.AppendUint64(buffer, word)
		}
	}
	switch c.form {
	case asText:
		binary.LittleEndian.PutUint64(buffer[head+16:], uint64(len(c.text.ends)))
		low, high := extent(c.ids)
		buffer = appendNumbers(buffer, head, c.ids, int64(low), uint64(high-low))
		for _, end := range c.text.ends {
			buffer = binary.LittleEndian.AppendUint32(buffer, end)
		}
		buffer = append(buffer, c.text.bytes...)
	case asInt:
		low, high := extent(c.ints)
		buffer = appendNumbers(buffer, head, c.ints, low, uint64(high)-uint64(low))
	case asFloat:
		for _, f := range c.floats {
			buffer = binary.LittleEndian.AppendUint64(buffer, math.Float64bits(f))
		}
	case asValue:
		for _, value := range c.values {
			var err error
			if buffer, err = appendValue(buffer, value); err != nil {
				return buffer, err
			}
		}
	}
	return buffer, nil
}

func extent[T int64 | uint32](numbers []T) (low, high T) {
	if len(numbers) == 0 {
		return 0, 0
	}
	low, high = numbers[0], numbers[0]
	for _, n := range numbers {
		low, high = min(low, n), max(high, n)
	}
	return low, high
}

// appendNumbers writes numbers as their distance from the lowest, in as few bytes as
// the largest distance takes.
func appendNumbers[T int64 | uint32](buffer []byte, head int, numbers []T, low int64, span uint64) []byte {
	binary.LittleEndian.PutUint64(buffer[head+8:], uint64(low))
	width := 8
	switch {
	case span == 0:
		width = 0
	case span <= math.MaxUint8:
		width = 1
	case span <= math.MaxUint16:
		width = 2
	case span <= math.MaxUint32:
		width = 4
	}
	buffer[head+1] = byte(width)
	from := len(buffer)
	buffer = append(buffer, make([]byte, width*len(numbers))...)
	to, base := buffer[from:], T(low)
	switch width {
	case 1:
		for i, n := range numbers {
			to[i] = byte(n - base)
		}
	case 2:
		for i, n := range numbers {
			binary.LittleEndian.PutUint16(to[2*i:], uint16(n-base))
		}
	case 4:
		for i, n := range numbers {
			binary.LittleEndian.PutUint32(to[4*i:], uint32(n-base))
		}
	case 8:
		for i, n := range numbers {
			binary.LittleEndian.PutUint64(to[8*i:], uint64(n-base))
		}
	}
	return padded(buffer)
}

// encoded is a part that was read.
type encoded struct {
	form   form
	width  int
	base   int64
	null   []byte // 8 bytes for 64 rows; nil when no value is missing
	number []byte // of rows, of the width
	ends   []byte // of texts, 4 bytes each
	bytes  []byte // of texts
	values []any
}

// decode finds its way in a part of so many rows, which has passed its checksum.
func decode(part []byte, rows int) (encoded, error) {
	e := encoded{form: form(part[0]), width: int(part[1]), base: int64(binary.LittleEndian.Uint64(part[8:]))}
	texts := binary.LittleEndian.Uint64(part[16:])
	rest := part[partHead:]
	take := func(size uint64) []byte {
		if size > uint64(len(rest)) {
			e.form, size = math.MaxUint8, 0
		}
		taken := rest[:size:size]
		rest = rest[size:]
		return taken
	}
	if part[2] == 1 {
		e.null = take(uint64(rows+63) / 64 * 8)
	}
	switch e.form {
	case asText:
		e.number = take(uint64(e.width*rows+7) &^ 7)
		e.ends = take(4 * min(texts, math.MaxUint32))
		e.bytes = rest
	case asInt:
		e.number = take(uint64(e.width*rows+7) &^ 7)
	case asFloat:
		e.number = take(uint64(8 * rows))
	case asValue:
		values := valueReader{rest: rest}
		e.values = make([]any, rows)
		for i := range e.values {
			e.values[i] = values.value()
		}
		if values.damaged {
			return e, errDamaged
		}
	default:
		return e, errDamaged
	}
	if e.form > asValue {
		return e, errDamaged
	}
	return e, nil
}

// check tells of a part of a file that others could write to, whether all in it lies
// where it should.
func (e *encoded) check(want form, rows int) error {
	if e.form != want || e.width > 8 {
		return errDamaged
	}
	if want != asText {
		return nil
	}
	ends, last := numbers[uint32](e.ends, 0, len(e.ends)/4), uint32(0)
	for _, end := range ends {
		if end < last || int(end) > len(e.bytes) {
			return errDamaged
		}
		last = end
	}
	if !e.within(uint64(len(ends)), rows) {
		return errDamaged
	}
	return nil
}

// within tells whether all numbers of a part are below a limit.
func (e *encoded) within(limit uint64, rows int) bool {
	most := uint64(0)
	switch e.width {
	case 0:
	case 1:
		most = uint64(highest(numbers[uint8](e.number, 0, rows)))
	case 2:
		most = uint64(highest(numbers[uint16](e.number, 0, rows)))
	case 4:
		most = uint64(highest(numbers[uint32](e.number, 0, rows)))
	default:
		return false
	}
	return e.base >= 0 && uint64(e.base)+most < limit
}

func highest[T uint8 | uint16 | uint32](numbers []T) (high T) {
	for _, n := range numbers {
		high = max(high, n)
	}
	return high
}

// value is the value of one row, as DuckDB's driver takes it.
func (e *encoded) value(k kind, row int) any {
	if e.null != nil && e.null[row/8]>>(row%8)&1 == 1 {
		return nil
	}
	switch e.form {
	case asValue:
		return e.values[row]
	case asFloat:
		return numbers[float64](e.number, row, 1)[0]
	}
	n := e.base
	switch e.width {
	case 1:
		n += int64(numbers[uint8](e.number, row, 1)[0])
	case 2:
		n += int64(numbers[uint16](e.number, row, 1)[0])
	case 4:
		n += int64(numbers[uint32](e.number, row, 1)[0])
	case 8:
		n += int64(numbers[uint64](e.number, row, 1)[0])
	}
	switch {
	case e.form == asText && n == noText:
		return nil
	case e.form == asText:
		ends := numbers[uint32](e.ends, int(n)-1, 2)
		return string(e.bytes[ends[0]:ends[1]])
	case k == boolean:
		return n != 0
	case k == date:
		return time.Unix(86400*n, 0).UTC()
	case k == timestamp:
		return time.UnixMicro(n).UTC()
	}
	return n
}
