package duckdb

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"

	driverpkg "github.com/duckdb/duckdb-go/v2"
)

// Values that are no numbers and no texts (decimals, arrays, maps, structs) are kept as
// a byte that says what it is and what follows from that.
const (
	valueNull = iota
	valueFalse
	valueTrue
	valueInt
	valueFloat
	valueText
	valueTime
	valueDecimal
	valueList
	valueStruct
	valueMap
)

// appendValue writes a value that DuckDB's driver takes.
func appendValue(to []byte, value any) ([]byte, error) {
	var err error
	switch value := value.(type) {
	case nil:
		return append(to, valueNull), nil
	case bool:
		if value {
			return append(to, valueTrue), nil
		}
		return append(to, valueFalse), nil
	case int:
		return binary.AppendVarint(append(to, valueInt), int64(value)), nil
	case int8:
		return binary.AppendVarint(append(to, valueInt), int64(value)), nil
	case int16:
		return binary.AppendVarint(append(to, valueInt), int64(value)), nil
	case int32:
		return binary.AppendVarint(append(to, valueInt), int64(value)), nil
	case int64:
		return binary.AppendVarint(append(to, valueInt), value), nil
	case float32:
		return binary.LittleEndian.AppendUint64(append(to, valueFloat), math.Float64bits(float64(value))), nil
	case float64:
		return binary.LittleEndian.AppendUint64(append(to, valueFloat), math.Float64bits(value)), nil
	case string:
		return appendText(append(to, valueText), value), nil
	case []byte:
		return appendText(append(to, valueText), string(value)), nil
	case time.Time:
		to = binary.AppendVarint(append(to, valueTime), value.Unix())
		return binary.AppendVarint(to, int64(value.Nanosecond())), nil
	case driverpkg.Decimal:
		return appendText(append(to, valueDecimal, value.Width, value.Scale), value.Value.String()), nil
	case []any:
		to = binary.AppendUvarint(append(to, valueList), uint64(len(value)))
		for _, item := range value {
			if to, err = appendValue(to, item); err != nil {
				return to, err
			}
		}
		return to, nil
	case map[string]any:
		to = binary.AppendUvarint(append(to, valueStruct), uint64(len(value)))
		for _, name := range sortedKeys(value) {
			if to, err = appendValue(appendText(to, name), value[name]); err != nil {
				return to, err
			}
		}
		return to, nil
	case driverpkg.OrderedMap:
		keys, values := value.Keys(), value.Values()
		to = binary.AppendUvarint(append(to, valueMap), uint64(len(keys)))
		for i := range keys {
			if to, err = appendValue(to, keys[i]); err == nil {
				to, err = appendValue(to, values[i])
			}
			if err != nil {
				return to, err
			}
		}
		return to, nil
	}
	return to, fmt.Errorf("a value of the type %T cannot be stored", value)
}

func appendText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

// valueReader reads what appendValue wrote. After damage it gives nil and says so.
type valueReader struct {
	rest    []byte
	damaged bool
	depth   int
}

// maxNesting is more than any type of DDL is nested.
const maxNesting = 1000

func (r *valueReader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.damaged, r.rest = true, nil
		return make([]byte, min(max(n, 0), 8))
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *valueReader) count() int {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > uint64(len(r.rest)) { // each item takes a byte at least
		r.take(-1)
		return 0
	}
	r.take(size)
	return int(n)
}

func (r *valueReader) number() int64 {
	n, size := binary.Varint(r.rest)
	r.take(max(size, -1))
	if size == 0 {
		r.damaged = true
	}
	return n
}

func (r *valueReader) value() any {
	r.depth++
	defer func() { r.depth-- }()
	if r.depth > maxNesting {
		r.take(-1)
		return nil
	}
	switch r.take(1)[0] {
	case valueNull:
	case valueFalse:
		return false
	case valueTrue:
		return true
	case valueInt:
		return r.number()
	case valueFloat:
		return math.Float64frombits(binary.LittleEndian.Uint64(r.take(8)))
	case valueText:
		return string(r.take(r.count()))
	case valueTime:
		seconds := r.number()
		return time.Unix(seconds, r.number()).UTC()
	case valueDecimal:
		size := slices.Clone(r.take(2))
		n, ok := new(big.Int).SetString(string(r.take(r.count())), 10)
		r.damaged = r.damaged || !ok
		return driverpkg.Decimal{Width: size[0], Scale: size[1], Value: n}
	case valueList:
		list := make([]any, r.count())
		for i := range list {
			list[i] = r.value()
		}
		return list
	case valueStruct:
		count := r.count()
		fields := make(map[string]any, count)
		for range count {
			name := string(r.take(r.count()))
			fields[name] = r.value()
		}
		return fields
	case valueMap:
		var m driverpkg.OrderedMap
		for range r.count() {
			key, value := r.value(), r.value()
			switch key.(type) {
			case string, int64, float64, bool, time.Time, driverpkg.Decimal:
				m.Set(key, value)
			default: // keys are of plain types, and never NULL
				r.damaged = true
			}
		}
		return m
	default:
		r.damaged = true
	}
	return nil
}
