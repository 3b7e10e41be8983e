package duckdb

import (
	"math"
	"math/big"
	"time"

	driverpkg "github.com/duckdb/duckdb-go/v2"
)

// batch is some rows of one file, by columns, on their way to DuckDB.
type batch struct {
	rows    int
	columns []cells
}

// cells is the values of one column: those of its kind are filled, null tells which
// count.
type cells struct {
	null   []bool
	ints   []int64
	floats []float64
	times  []time.Time
	bigs   []*big.Int
	ends   []int // of each text in bytes
	bytes  []byte
}

const batchRows = 2048

func newBatch(columns []column) *batch { return &batch{columns: make([]cells, len(columns))} }

func (b *batch) reset() {
	b.rows = 0
	for i := range b.columns {
		c := &b.columns[i]
		c.null, c.ints, c.floats, c.times, c.bigs = c.null[:0], c.ints[:0], c.floats[:0], c.times[:0], c.bigs[:0]
		c.ends, c.bytes = c.ends[:0], c.bytes[:0]
	}
}

func (c *cells) addNull(k kind) {
	c.null = append(c.null, true)
	switch k {
	case text:
		c.ends = append(c.ends, len(c.bytes))
	case float, doubleKind:
		c.floats = append(c.floats, 0)
	case date, timestamp:
		c.times = append(c.times, time.Time{})
	case decimal:
		c.bigs = append(c.bigs, nil)
	default:
		c.ints = append(c.ints, 0)
	}
}

func (c *cells) addText(value []byte) {
	c.null = append(c.null, false)
	c.bytes = append(c.bytes, value...)
	c.ends = append(c.ends, len(c.bytes))
}

// parse adds a value of a column that is not text, and tells whether it could be read.
// What cannot be is NULL ("Lazy Simple SerDe").
func (c *cells) parse(col *column, value []byte) bool {
	switch {
	case col.kind.isInteger():
		n, ok := parseInteger(value, col.kind)
		if !ok {
			c.addNull(col.kind)
			return false
		}
		c.ints = append(c.ints, n)
	case col.kind == float || col.kind == doubleKind:
		f, ok := parseFloat(value)
		if !ok {
			c.addNull(col.kind)
			return false
		}
		c.floats = append(c.floats, f)
	case col.kind == boolean:
		n, ok := parseBoolean(value)
		if !ok {
			c.addNull(col.kind)
			return false
		}
		c.ints = append(c.ints, n)
	case col.kind == decimal:
		n, ok := parseDecimal(value, col.width, col.scale)
		if !ok {
			c.addNull(col.kind)
			return false
		}
		c.bigs = append(c.bigs, n)
	default:
		at, ok := parseTime(value, col.kind)
		if !ok {
			c.addNull(col.kind)
			return false
		}
		c.times = append(c.times, at)
	}
	c.null = append(c.null, false)
	return true
}

// fill copies rows from..to into a chunk of DuckDB's, beginning at its row at.
func (c *cells) fill(chunk driverpkg.DataChunk, index int, col *column, from, to, at int) error {
	for row := from; row < to; row, at = row+1, at+1 {
		var err error
		switch {
		case c.null[row]:
			err = driverpkg.SetChunkValue[any](chunk, index, at, nil)
		case col.kind == text:
			start := 0
			if row > 0 {
				start = c.ends[row-1]
			}
			err = driverpkg.SetChunkValue(chunk, index, at, c.bytes[start:c.ends[row]])
		case col.kind.isInteger():
			err = driverpkg.SetChunkValue(chunk, index, at, c.ints[row])
		case col.kind == boolean:
			err = driverpkg.SetChunkValue(chunk, index, at, c.ints[row] != 0)
		case col.kind == float || col.kind == doubleKind:
			err = driverpkg.SetChunkValue(chunk, index, at, c.floats[row])
		case col.kind == decimal:
			err = driverpkg.SetChunkValue(chunk, index, at, driverpkg.Decimal{Width: uint8(col.width), Scale: uint8(col.scale), Value: c.bigs[row]})
		default:
			err = driverpkg.SetChunkValue(chunk, index, at, c.times[row])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// typeInfo is DuckDB's type of a column.
func (c *column) typeInfo() (driverpkg.TypeInfo, error) {
	if c.kind == decimal {
		return driverpkg.NewDecimalInfo(uint8(min(c.width, math.MaxUint8)), uint8(min(c.scale, math.MaxUint8)))
	}
	return driverpkg.NewTypeInfo([...]driverpkg.Type{driverpkg.TYPE_VARCHAR, driverpkg.TYPE_TINYINT, driverpkg.TYPE_SMALLINT,
		driverpkg.TYPE_INTEGER, driverpkg.TYPE_BIGINT, driverpkg.TYPE_FLOAT, driverpkg.TYPE_DOUBLE, driverpkg.TYPE_DECIMAL,
		driverpkg.TYPE_BOOLEAN, driverpkg.TYPE_DATE, driverpkg.TYPE_TIMESTAMP}[c.kind])
}
