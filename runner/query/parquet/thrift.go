package parquet

import (
	"encoding/binary"
	"errors"

	"github.com/parquet-go/parquet-go/encoding/thrift"
)

// readThrift reads a structure, after a look at it that believes no length in it: the
// package makes room for lists as long as they are said to be.
func readThrift(content []byte, into any) (length int, err error) {
	walk := thriftWalk{content: content, budget: maxThriftValues}
	if !walk.structure(0) {
		return 0, errors.New("is damaged")
	}
	var protocol thrift.CompactProtocol
	err = Guarded(func() error {
		return thrift.NewDecoder(protocol.NewReaderFromBytes(content[:walk.at])).Decode(into)
	})
	return walk.at, err
}

// maxThriftValues bounds the description of a file: a hundred columns in a thousand row
// groups need about a million.
const maxThriftValues = 4 << 20

// thriftWalk steps over a structure in Thrift's compact protocol.
type thriftWalk struct {
	content []byte
	at      int
	budget  int // values that may still come
}

func (w *thriftWalk) byte() (b byte, ok bool) {
	if w.at >= len(w.content) {
		return 0, false
	}
	w.at++
	return w.content[w.at-1], true
}

func (w *thriftWalk) number() (uint64, bool) {
	n, length := binary.Uvarint(w.content[w.at:])
	w.at += max(length, 0)
	return n, length > 0
}

func (w *thriftWalk) skip(n uint64) bool {
	if n > uint64(len(w.content)-w.at) {
		return false
	}
	w.at += int(n)
	return true
}

func (w *thriftWalk) structure(depth int) bool {
	for {
		field, ok := w.byte()
		if !ok || field == 0 {
			return ok
		}
		if field>>4 == 0 { // the number of the field is written out
			if _, ok := w.number(); !ok {
				return false
			}
		}
		if kind := field & 15; kind > 2 && !w.value(kind, depth+1) { // 1 and 2 are true and false
			return false
		}
	}
}

func (w *thriftWalk) value(kind byte, depth int) bool {
	if w.budget--; w.budget < 0 || depth > 64 {
		return false
	}
	switch kind {
	case 1, 2, 3:
		return w.skip(1)
	case 4, 5, 6:
		_, ok := w.number()
		return ok
	case 7:
		return w.skip(8)
	case 8:
		n, ok := w.number()
		return ok && w.skip(n)
	case 9, 10:
		return w.list(depth)
	case 12:
		return w.structure(depth)
	case 13:
		return w.skip(16)
	}
	return false // there are no maps in Parquet
}

func (w *thriftWalk) list(depth int) bool {
	header, ok := w.byte()
	n := uint64(header >> 4)
	if ok && n == 15 {
		n, ok = w.number()
	}
	if !ok || n > uint64(len(w.content)-w.at) {
		return false
	}
	for range n {
		if !w.value(header&15, depth+1) {
			return false
		}
	}
	return true
}
