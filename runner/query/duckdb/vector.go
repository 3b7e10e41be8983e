package duckdb

/*
#cgo CFLAGS: -O3
#include "widen.h"
*/
import "C"

import (
	"math"
	"math/bits"
	"runtime"
	"slices"
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// This file is the only one that touches DuckDB's memory. What is relied on is its C
// interface (duckdb.h: duckdb_vector_get_data, duckdb_string_t), which does not change
// between versions.

// chunkRows is how many rows DuckDB takes at a time.
const chunkRows = 2048

// vectorTypes are DuckDB's types of the kinds that are filled by columns.
var vectorTypes = [...]mapping.Type{text: mapping.TypeVarchar, tinyInt: mapping.TypeTinyInt, smallInt: mapping.TypeSmallInt,
	integerKind: mapping.TypeInteger, bigInt: mapping.TypeBigInt, float: mapping.TypeFloat, doubleKind: mapping.TypeDouble,
	boolean: mapping.TypeBoolean, date: mapping.TypeDate, timestamp: mapping.TypeTimestamp}

// span is rows of a batch: so many from one on, or those that are listed.
type span struct {
	from, count int
	rows        []uint32 // nil, or count of them
}

// fill fills a vector of DuckDB's with rows of a part.
func (e *encoded) fill(v mapping.Vector, k kind, s span) {
	if e.null != nil {
		fillValidity(v, e.null, s)
	}
	data := mapping.VectorGetData(v)
	switch k {
	case tinyInt, boolean:
		fillNumbers(e, unsafe.Slice((*int8)(data), s.count), s)
	case smallInt:
		fillNumbers(e, unsafe.Slice((*int16)(data), s.count), s)
	case integerKind, date:
		fillNumbers(e, unsafe.Slice((*int32)(data), s.count), s)
	case bigInt, timestamp:
		fillNumbers(e, unsafe.Slice((*int64)(data), s.count), s)
	case float:
		for i := range s.count {
			unsafe.Slice((*float32)(data), s.count)[i] = float32(numbers[float64](e.number, s.row(i), 1)[0])
		}
	case doubleKind:
		for i := range s.count {
			unsafe.Slice((*float64)(data), s.count)[i] = numbers[float64](e.number, s.row(i), 1)[0]
		}
	}
}

func (s span) row(i int) int {
	if s.rows != nil {
		return int(s.rows[i])
	}
	return s.from + i
}

// numbers are count numbers of a part, from a row on. A part begins on a multiple of 8
// bytes, and DuckDB runs on little-endian machines only.
func numbers[T uint8 | uint16 | uint32 | uint64 | float64](part []byte, from, count int) []T {
	if count == 0 {
		return nil
	}
	var one T
	size := int(unsafe.Sizeof(one))
	part = part[from*size : (from+count)*size]
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(part))), count)
}

func fillNumbers[T int8 | int16 | int32 | int64 | uint32](e *encoded, to []T, s span) {
	if e.width == 0 {
		for i := range to {
			to[i] = T(e.base)
		}
		return
	}
	source := e.number
	if s.rows == nil {
		source = e.number[s.from*e.width : (s.from+s.count)*e.width]
	}
	C.playbook_widen(unsafe.Pointer(unsafe.SliceData(to)), C.int(unsafe.Sizeof(to[0])), unsafe.Pointer(unsafe.SliceData(source)), C.int(e.width),
		(*C.uint32_t)(unsafe.SliceData(s.rows)), C.size_t(s.count), C.int64_t(e.base))
}

// verdict is how many rows of a batch meet choices.
type verdict = uint32

const (
	unjudged verdict = iota
	noRow
	everyRow
	someRows
)

// meetText sets the flags of the rows whose text lies between two, inclusive; nil is no bound.
func (e *encoded) meetText(low, high *string, flags []uint8) {
	ends := numbers[uint32](e.ends, 0, len(e.ends)/4)
	table := make([]uint8, len(ends)) // by number; 0 is NULL
	for i := 1; i < len(ends); i++ {
		text := e.bytes[ends[i-1]:ends[i]]
		if (low == nil || string(text) >= *low) && (high == nil || string(text) <= *high) {
			table[i] = 1
		}
	}
	table = table[min(int(e.base), len(table)):]
	switch {
	case len(table) == 0 || !slices.Contains(table, 1):
	case e.width == 0:
		fillFlags(flags, table[0])
	case !slices.Contains(table, 0):
		fillFlags(flags, 1)
	default:
		C.playbook_lookup(flagsOf(flags), unsafe.Pointer(unsafe.SliceData(e.number)), C.int(e.width), C.size_t(len(flags)), flagsOf(table))
	}
}

// meetInteger sets the flags of the rows whose integer lies between two, inclusive; nil is
// no bound. Of rows without a value the flags are set or not; see clearNulls.
func (e *encoded) meetInteger(from, to *int64, flags []uint8) {
	low, high, most := uint64(0), ^uint64(0), ^uint64(0)>>(64-8*max(e.width, 1))
	if e.width == 0 {
		most = 0
	}
	if from != nil && *from > e.base {
		low = uint64(*from) - uint64(e.base)
	}
	if to != nil {
		high = uint64(*to) - uint64(e.base)
	}
	switch high = min(high, most); {
	case low > high || to != nil && *to < e.base:
		return
	case e.width == 0 || low == 0 && high == most:
		fillFlags(flags, 1)
	default:
		C.playbook_between(flagsOf(flags), unsafe.Pointer(unsafe.SliceData(e.number)), C.int(e.width), C.size_t(len(flags)), C.uint64_t(low), C.uint64_t(high-low))
	}
}

// clearNulls clears the flags of the rows without a value.
func (e *encoded) clearNulls(flags []uint8) {
	for i, word := range numbers[uint64](e.null, 0, len(e.null)/8) {
		for ; word != 0; word &= word - 1 {
			flags[64*i+bits.TrailingZeros64(word)] = 0
		}
	}
}

func fillFlags(flags []uint8, flag uint8) {
	for i := range flags {
		flags[i] |= flag
	}
}

func flagsOf(flags []uint8) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(flags)) }

// both clears the flags that are not in also, and tells how many are left.
func both(flags, also []uint8) int {
	return int(C.playbook_both(flagsOf(flags), flagsOf(also), C.size_t(len(flags))))
}

// listRows lists the rows whose flags are set.
func listRows(rows []uint32, flags []uint8) {
	C.playbook_rows((*C.uint32_t)(unsafe.SliceData(rows)), flagsOf(flags), C.size_t(len(flags)))
}

// fillValidity copies a map of missing values, in which a set bit is a NULL, into
// DuckDB's, in which it is a value.
func fillValidity(v mapping.Vector, null []byte, s span) {
	words := (s.count + 63) / 64
	if s.rows == nil && !slices.ContainsFunc(numbers[uint64](null[s.from/8:], 0, words), func(word uint64) bool { return word != 0 }) {
		return // as DuckDB has it for each new chunk
	}
	mapping.VectorEnsureValidityWritable(v)
	valid := unsafe.Slice((*uint64)(mapping.VectorGetValidity(v)), words)
	if s.rows == nil {
		for i, word := range numbers[uint64](null[s.from/8:], 0, words) {
			valid[i] = ^word
		}
		return
	}
	C.playbook_valid((*C.uint64_t)(unsafe.SliceData(valid)), (*C.uint8_t)(unsafe.SliceData(null)), (*C.uint32_t)(unsafe.SliceData(s.rows)), C.size_t(s.count))
}

// dictionary is the texts of a part as a vector of DuckDB's, of which those that are
// shown to a query are slices. DuckDB counts who uses it; close gives up our share.
type dictionary struct {
	vector  mapping.Vector
	count   uint32
	cleanup runtime.Cleanup
}

// duckString is duckdb_string_t: up to 12 bytes lie in it, of longer ones the first 4
// and a pointer to all.
type duckString struct {
	length uint32
	prefix [4]byte
	rest   [8]byte
}

const inlined = 12

func newDictionary(e *encoded) (*dictionary, error) {
	count := len(e.ends) / 4
	if count == 0 || count > math.MaxInt32 {
		return nil, errDamaged
	}
	kind := mapping.CreateLogicalType(mapping.TypeVarchar)
	defer mapping.DestroyLogicalType(&kind)
	d := &dictionary{vector: mapping.CreateVector(kind, mapping.IdxT(count+1)), count: uint32(count)}
	d.cleanup = runtime.AddCleanup(d, func(v mapping.Vector) { mapping.DestroyVector(&v) }, d.vector)
	// All bytes go into the vector's heap as one text behind the others, which the
	// others point into. They were checked to be UTF-8 when they were read from the log.
	bindings.UnsafeVectorAssignStringElementLen(d.vector, mapping.IdxT(count), e.bytes)
	list := unsafe.Slice((*duckString)(mapping.VectorGetData(d.vector)), count+1)
	heap := *(*uintptr)(unsafe.Pointer(&list[count].rest))
	start := uint32(0)
	for i, end := range numbers[uint32](e.ends, 0, count) {
		if end < start || int(end) > len(e.bytes) {
			return nil, errDamaged
		}
		s := &list[i]
		text := e.bytes[start:end]
		*s = duckString{length: uint32(len(text))}
		if len(text) <= inlined {
			copy(unsafe.Slice(&s.prefix[0], inlined), text)
		} else {
			copy(s.prefix[:], text)
			*(*uintptr)(unsafe.Pointer(&s.rest)) = heap + uintptr(start)
		}
		start = end
	}
	if e.base == noText { // some row has none
		mapping.VectorEnsureValidityWritable(d.vector)
		mapping.ValiditySetRowInvalid(mapping.VectorGetValidity(d.vector), noText)
	}
	return d, nil
}

// chooser says which texts of a dictionary the rows of a chunk have. As in DuckDB's own
// scans the next chunk overwrites it: by then nobody looks at the one before.
type chooser struct {
	vector  mapping.SelectionVector
	ids     []uint32
	cleanup runtime.Cleanup
}

func newChooser() *chooser {
	s := &chooser{vector: mapping.CreateSelectionVector(chunkRows)}
	s.cleanup = runtime.AddCleanup(s, func(v mapping.SelectionVector) { mapping.DestroySelectionVector(&v) }, s.vector)
	s.ids = unsafe.Slice((*uint32)(unsafe.Pointer(mapping.SelectionVectorGetDataPtr(s.vector))), chunkRows)
	return s
}

func (s *chooser) close() {
	if s != nil {
		s.cleanup.Stop()
		mapping.DestroySelectionVector(&s.vector)
	}
}

// show makes a vector of a chunk a slice of the dictionary, or a constant where all rows
// have the same text: DuckDB looks at that once for all of them.
func (d *dictionary) show(v mapping.Vector, s *chooser, e *encoded, rows span) {
	if e.width == 0 && e.base != noText {
		d.constant(v, e, uint32(e.base))
		return
	}
	ids := s.ids[:rows.count]
	fillNumbers(e, ids, rows)
	if first := ids[0]; first != noText && first == ids[rows.count/2] && first == ids[rows.count-1] && !slices.ContainsFunc(ids, func(id uint32) bool { return id != first }) {
		d.constant(v, e, first)
		return
	}
	mapping.VectorReferenceVector(v, d.vector)
	mapping.SliceVector(v, s.vector, mapping.IdxT(rows.count))
}

func (d *dictionary) constant(v mapping.Vector, e *encoded, id uint32) {
	ends := numbers[uint32](e.ends, 0, len(e.ends)/4)
	value := mapping.CreateVarchar(string(e.bytes[ends[id-1]:ends[id]]))
	defer mapping.DestroyValue(&value)
	mapping.VectorReferenceValue(v, value)
}

func (d *dictionary) close() {
	if d == nil {
		return
	}
	d.cleanup.Stop()
	mapping.DestroyVector(&d.vector)
}
