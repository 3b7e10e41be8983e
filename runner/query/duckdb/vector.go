package duckdb

/*
#cgo CFLAGS: -O3
#include "widen.h"
*/
import "C"

import (
	"math"
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

// fill fills a vector of DuckDB's with rows from..from+count of a part.
func (e *encoded) fill(v mapping.Vector, k kind, from, count int) {
	if e.null != nil {
		fillValidity(v, e.null[from/8:], count)
	}
	data := mapping.VectorGetData(v)
	switch k {
	case tinyInt, boolean:
		fillNumbers(e, unsafe.Slice((*int8)(data), count), from)
	case smallInt:
		fillNumbers(e, unsafe.Slice((*int16)(data), count), from)
	case integerKind, date:
		fillNumbers(e, unsafe.Slice((*int32)(data), count), from)
	case bigInt, timestamp:
		fillNumbers(e, unsafe.Slice((*int64)(data), count), from)
	case float:
		for i, f := range numbers[float64](e.number, from, count) {
			unsafe.Slice((*float32)(data), count)[i] = float32(f)
		}
	case doubleKind:
		copy(unsafe.Slice((*float64)(data), count), numbers[float64](e.number, from, count))
	}
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

func fillNumbers[T int8 | int16 | int32 | int64 | uint32](e *encoded, to []T, from int) {
	if e.width == 0 {
		for i := range to {
			to[i] = T(e.base)
		}
		return
	}
	count, size := len(to), int(unsafe.Sizeof(to[0]))
	source := e.number[from*e.width : (from+count)*e.width]
	C.playbook_widen(unsafe.Pointer(unsafe.SliceData(to)), C.int(size),
		unsafe.Pointer(unsafe.SliceData(source)), C.int(e.width), C.size_t(count), C.int64_t(e.base))
}

// fillValidity copies a map of missing values, in which a set bit is a NULL, into
// DuckDB's, in which it is a value.
func fillValidity(v mapping.Vector, null []byte, count int) {
	words := (count + 63) / 64
	mapping.VectorEnsureValidityWritable(v)
	valid := unsafe.Slice((*uint64)(mapping.VectorGetValidity(v)), words)
	for i, word := range numbers[uint64](null, 0, words) {
		valid[i] = ^word
	}
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
func (d *dictionary) show(v mapping.Vector, s *chooser, e *encoded, from, count int) {
	if e.width == 0 && e.base != noText {
		d.constant(v, e, uint32(e.base))
		return
	}
	ids := s.ids[:count]
	fillNumbers(e, ids, from)
	if first := ids[0]; first != noText && first == ids[count/2] && first == ids[count-1] && !slices.ContainsFunc(ids, func(id uint32) bool { return id != first }) {
		d.constant(v, e, first)
		return
	}
	mapping.VectorReferenceVector(v, d.vector)
	mapping.SliceVector(v, s.vector, mapping.IdxT(count))
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
