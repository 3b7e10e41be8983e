package duckdb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// field is what is done with one field of a delimited line.
type field struct {
	column *column
	place  int   // in the batch, or -1
	limit  int64 // largest number that the column's kind holds; 0 when it is no integer
}

// newFast reads delimited lines as the slow reader does, in less than half the time:
// numbers of digits and texts of ASCII go into the batch right away. Lines that are not
// split at delimiters alone are left to the slow reader.
func (fr *fileReader) newFast(slow func(*fileReader, []byte)) func(*fileReader, []byte) {
	serde := &fr.table.def.SerDe
	if serde.Properties["serialization.last.column.takes.rest"] != "" {
		return slow
	}
	fr.plan = make([]field, len(fr.from))
	for i, place := range fr.from {
		c := &fr.table.columns[i]
		fr.plan[i] = field{column: c, place: place}
		if c.kind.isInteger() {
			fr.plan[i].limit = 1<<(bitsOf(c.kind)-1) - 1
		}
		if c.kind == nested && place >= 0 {
			return slow
		}
	}
	return func(fr *fileReader, line []byte) {
		if serde.EscapedBy != "" && bytes.IndexByte(line, serde.EscapedBy[0]) >= 0 || cap(line) < len(line)+slack {
			slow(fr, line)
			return
		}
		fr.fast(line)
	}
}

func (fr *fileReader) fast(line []byte) {
	serde := &fr.table.def.SerDe
	ascii := fr.split(line, serde.FieldDelimiter[0])
	if fr.fields > 0 && len(fr.ends) != fr.fields {
		fr.report.line(fmt.Sprintf("lines do not have the %d fields that the header line names", fr.fields), line)
	}
	if status := fr.table.fields.status; status >= 0 && status < len(fr.ends) && string(line[fr.start(status):fr.ends[status]]) == "SKIPDATA" {
		fr.report.skipped++
	}
	null := serde.NullDefinedAs
	start := 0
	for i := range fr.plan {
		f := &fr.plan[i]
		if i >= len(fr.ends) {
			if f.place >= 0 {
				fr.putNull(f.place)
			}
			continue
		}
		value := line[start:fr.ends[i]]
		start = fr.ends[i] + 1
		if f.place < 0 && f.limit == 0 {
			continue
		}
		isNull := len(value) == len(null) && string(value) == null
		switch n, ok := int64(0), false; {
		case isNull && f.place >= 0:
			fr.putNull(f.place)
		case isNull:
		case f.limit > 0:
			if n, ok = digits(value); ok && n <= f.limit {
				if f.place >= 0 {
					fr.batch.columns[f.place].addInt(n)
				}
			} else if f.place >= 0 {
				fr.put(f.place, value, line)
			} else if !isNothing(value) {
				// A column that no query names is not loaded; a line that does not fit
				// is counted all the same.
				if _, ok := parseInteger(value, f.column.kind); !ok {
					fr.report.line("lines have a value in "+f.column.name+" that is no "+f.column.athena, line)
				}
			}
		case ascii && f.column.kind == text && f.column.length == 0:
			fr.batch.columns[f.place].addText(value)
		default:
			fr.put(f.place, value, line)
		}
	}
}

// split finds the ends of a line's fields, and tells whether all of it is ASCII. It goes
// in steps of 8 bytes, and so may look at the slack behind the line.
func (fr *fileReader) split(line []byte, delimiter byte) (ascii bool) {
	const ones, low7 = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	pattern := uint64(delimiter) * ones
	ends, any := fr.ends[:0], uint64(0)
	padded := line[:len(line)+slack]
	for at := 0; at < len(line); at += 8 {
		word := binary.LittleEndian.Uint64(padded[at:])
		same := word ^ pattern
		if rest := len(line) - at; rest < 8 { // behind the line: ASCII, and no delimiter
			word &= 1<<(8*rest) - 1
			same |= ^uint64(0) << (8 * rest)
		}
		any |= word
		// The top bit of each byte that is the delimiter, and of no other.
		for found := ^((same&low7 + low7) | same | low7); found != 0; found &= found - 1 {
			ends = append(ends, at+bits.TrailingZeros64(found)/8)
		}
	}
	fr.ends = append(ends, len(line))
	return any&^low7 == 0
}

func (fr *fileReader) start(field int) int {
	if field == 0 {
		return 0
	}
	return fr.ends[field-1] + 1
}

// digits reads up to 16 digits without a sign, which is what most numbers of a
// log are. The value must have slack behind it.
func digits(value []byte) (int64, bool) {
	switch size := len(value); {
	case size == 0 || size > 16:
		return 0, false
	case size <= 8:
		return eightDigits(binary.LittleEndian.Uint64(value[:8]), size)
	default:
		high, ok := eightDigits(binary.LittleEndian.Uint64(value[:8]), size-8)
		low, also := eightDigits(binary.LittleEndian.Uint64(value[size-8:size]), 8)
		return high*1e8 + low, ok && also
	}
}

// eightDigits reads the first bytes of a word, 1 to 8, as digits: all at once, where a
// loop would take a branch for each.
func eightDigits(word uint64, size int) (int64, bool) {
	const zeros = 0x3030303030303030
	word = word<<(64-8*size) | zeros>>(8*size)
	const high = 0xf0f0f0f0f0f0f0f0
	if word&high != zeros || (word+0x0606060606060606)&high != zeros {
		return 0, false
	}
	word -= zeros
	word = word*10 + word>>8
	const pairs = 0x000000ff000000ff
	return int64(((word&pairs)*(100+1000000<<32) + (word>>16&pairs)*(1+10000<<32)) >> 32), true
}
