package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	parquetgo "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// The encodings of values in Parquet (Apache Parquet, "Encodings"), read with bounds:
// files are evidence, and may be damaged or hostile. No count in them makes more room
// than the page is said to have values.

var errShortPage = errors.New("ends before its values do")

// pageValues are the values of a page or a dictionary that are not NULL: those of its
// kind are filled.
type pageValues struct {
	kind   parquetgo.Kind
	ints   []int64 // of BOOLEAN, INT32, INT64
	floats []float64
	bytes  [][]byte // of BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY, INT96
}

func (p *pageValues) len() int { return max(len(p.ints), len(p.floats), len(p.bytes)) }

// decodeValues reads n values of a kind; size is that of FIXED_LEN_BYTE_ARRAY.
func decodeValues(kind parquetgo.Kind, size int, encoding format.Encoding, src []byte, n int) (*pageValues, error) {
	p := &pageValues{kind: kind}
	var err error
	switch {
	case encoding == format.Plain:
		err = p.plain(src, size, n)
	case encoding == format.DeltaBinaryPacked && (kind == parquetgo.Int32 || kind == parquetgo.Int64):
		p.ints, _, err = deltas(src, n)
		if kind == parquetgo.Int32 {
			for i, value := range p.ints {
				p.ints[i] = int64(int32(value))
			}
		}
	case encoding == format.DeltaLengthByteArray && kind == parquetgo.ByteArray:
		var lengths []int64
		if lengths, src, err = deltas(src, n); err == nil {
			p.bytes, err = pieces(src, lengths)
		}
	case encoding == format.DeltaByteArray && (kind == parquetgo.ByteArray || kind == parquetgo.FixedLenByteArray):
		p.bytes, err = prefixed(src, n)
	case encoding == format.RLE && kind == parquetgo.Boolean:
		var bits []uint8
		if len(src) < 4 {
			return nil, errShortPage
		}
		bits, err = hybrid[uint8](src[4:], 1, n)
		for _, bit := range bits {
			p.ints = append(p.ints, int64(bit))
		}
	case encoding == format.ByteStreamSplit && kind != parquetgo.Boolean && kind != parquetgo.ByteArray:
		if src, err = joined(src, widthOf(kind, size), n); err == nil {
			err = p.plain(src, size, n)
		}
	default:
		err = fmt.Errorf("is in the encoding %s, which is not read", encoding)
	}
	if err == nil && p.len() != n {
		err = errShortPage
	}
	return p, err
}

func widthOf(kind parquetgo.Kind, size int) int {
	switch kind {
	case parquetgo.Int32, parquetgo.Float:
		return 4
	case parquetgo.Int64, parquetgo.Double:
		return 8
	case parquetgo.Int96:
		return 12
	}
	return size
}

func (p *pageValues) plain(src []byte, size, n int) error {
	width := widthOf(p.kind, size)
	switch p.kind {
	case parquetgo.Boolean:
		if len(src) < (n+7)/8 {
			return errShortPage
		}
	case parquetgo.ByteArray:
		return p.plainBytes(src, n)
	default:
		if width <= 0 || len(src)/width < n {
			return errShortPage
		}
	}
	switch p.kind {
	case parquetgo.Boolean, parquetgo.Int32, parquetgo.Int64:
		p.ints = make([]int64, 0, n)
	case parquetgo.Float, parquetgo.Double:
		p.floats = make([]float64, 0, n)
	default:
		p.bytes = make([][]byte, 0, n)
	}
	for i := range n {
		switch p.kind {
		case parquetgo.Boolean:
			p.ints = append(p.ints, int64(src[i/8]>>(i%8)&1))
		case parquetgo.Int32:
			p.ints = append(p.ints, int64(int32(binary.LittleEndian.Uint32(src[4*i:]))))
		case parquetgo.Int64:
			p.ints = append(p.ints, int64(binary.LittleEndian.Uint64(src[8*i:])))
		case parquetgo.Float:
			p.floats = append(p.floats, float64(math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))))
		case parquetgo.Double:
			p.floats = append(p.floats, math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:])))
		default:
			p.bytes = append(p.bytes, src[width*i:width*(i+1)])
		}
	}
	return nil
}

func (p *pageValues) plainBytes(src []byte, n int) error {
	for range n {
		if len(src) < 4 {
			return errShortPage
		}
		length := int64(binary.LittleEndian.Uint32(src))
		if length > int64(len(src)-4) {
			return errShortPage
		}
		p.bytes = append(p.bytes, src[4:4+length])
		src = src[4+length:]
	}
	return nil
}

// hybrid reads n small numbers, written as runs of one number and as groups of eight
// packed ones (RLE/Bit-Packing Hybrid).
func hybrid[T uint8 | uint32](src []byte, width, n int) ([]T, error) {
	values := make([]T, 0, n)
	for len(values) < n {
		header, length := binary.Uvarint(src)
		if length <= 0 {
			return nil, errShortPage
		}
		src = src[length:]
		rest := n - len(values)
		if header&1 == 0 {
			bytes := (width + 7) / 8
			if len(src) < bytes {
				return nil, errShortPage
			}
			value := T(bitsAt(src[:bytes], 0, width))
			src = src[bytes:]
			for range int(min(header>>1, uint64(rest))) {
				values = append(values, value)
			}
			continue
		}
		count := int(min(header>>1, uint64(rest+7)/8)) * 8
		here := min(count, rest)
		if len(src) < (here*width+7)/8 {
			return nil, errShortPage
		}
		for i := range here {
			values = append(values, T(bitsAt(src, i*width, width)))
		}
		src = src[min(count*width/8, len(src)):]
	}
	return values, nil
}

// bitsAt is the number of so many bits that begins at a bit, the lowest bits first. Bits
// behind the end are 0.
func bitsAt(src []byte, at, width int) uint64 {
	i, shift := at/8, at%8
	var value uint64
	if i+8 <= len(src) {
		value = binary.LittleEndian.Uint64(src[i:])
	} else {
		for k := 0; i+k < len(src); k++ {
			value |= uint64(src[i+k]) << (8 * k)
		}
	}
	value >>= shift
	if shift+width > 64 && i+8 < len(src) {
		value |= uint64(src[i+8]) << (64 - shift)
	}
	if width < 64 {
		value &= 1<<width - 1
	}
	return value
}

// deltas reads n numbers that are written as distances, and gives what follows them
// (Delta encoding).
func deltas(src []byte, n int) (values []int64, rest []byte, err error) {
	next := func() (value uint64) {
		value, length := binary.Uvarint(src)
		if length <= 0 {
			err = errShortPage
			return 0
		}
		src = src[length:]
		return value
	}
	signed := func() int64 {
		value := next()
		return int64(value>>1) ^ -int64(value&1)
	}
	block, minis, total := next(), next(), next()
	last := signed()
	switch {
	case err != nil:
		return nil, nil, err
	case total != uint64(n):
		return nil, nil, fmt.Errorf("holds %d values, and is said to hold %d", total, n)
	case block == 0 || block%128 != 0 || block > 1<<16 || minis == 0 || block%minis != 0 || (block/minis)%8 != 0:
		return nil, nil, errors.New("has a delta encoding that cannot be")
	case n == 0:
		return nil, src, nil
	}
	per := int(block / minis)
	values = append(make([]int64, 0, n), last)
	for len(values) < n {
		least := signed()
		if err != nil || uint64(len(src)) < minis {
			return nil, nil, errShortPage
		}
		widths := src[:minis]
		src = src[minis:]
		for _, width := range widths {
			here := min(per, n-len(values))
			if here == 0 {
				break
			}
			if width > 64 || len(src) < (here*int(width)+7)/8 {
				return nil, nil, errShortPage
			}
			for i := range here {
				last += least + int64(bitsAt(src, i*int(width), int(width)))
				values = append(values, last)
			}
			src = src[min(per*int(width)/8, len(src)):]
		}
	}
	return values, src, nil
}

// pieces cuts bytes into values of these lengths.
func pieces(src []byte, lengths []int64) ([][]byte, error) {
	values := make([][]byte, 0, len(lengths))
	for _, length := range lengths {
		if length < 0 || length > int64(len(src)) {
			return nil, errShortPage
		}
		values = append(values, src[:length])
		src = src[length:]
	}
	return values, nil
}

// prefixed reads values that say how many bytes they share with the one before (Delta
// Strings).
func prefixed(src []byte, n int) ([][]byte, error) {
	shared, src, err := deltas(src, n)
	if err != nil {
		return nil, err
	}
	lengths, src, err := deltas(src, n)
	if err != nil {
		return nil, err
	}
	suffixes, err := pieces(src, lengths)
	if err != nil {
		return nil, err
	}
	values, last, total := make([][]byte, 0, n), []byte(nil), 0
	for i, suffix := range suffixes {
		if shared[i] < 0 || shared[i] > int64(len(last)) {
			return nil, errShortPage
		}
		if total += int(shared[i]) + len(suffix); total > maxPage {
			return nil, errors.New("unfolds to too much")
		}
		last = append(append(make([]byte, 0, int(shared[i])+len(suffix)), last[:shared[i]]...), suffix...)
		values = append(values, last)
	}
	return values, nil
}

// joined brings the bytes of each value together, of which all first ones come first
// (Byte Stream Split).
func joined(src []byte, width, n int) ([]byte, error) {
	if width <= 0 || len(src)/width < n {
		return nil, errShortPage
	}
	out := make([]byte, width*n)
	for i := range n {
		for k := range width {
			out[width*i+k] = src[k*n+i]
		}
	}
	return out, nil
}
