package duckdb

import (
	"bytes"
	"hash/maphash"
	"math"
	"math/big"
	"time"

	driverpkg "github.com/duckdb/duckdb-go/v2"
)

// batch is some rows of consecutive files, by columns. It is what one worker fills and
// then writes to the store; see columnar.go for how it looks there.
type batch struct {
	rows    int
	raw     int // bytes of the lines that it was made of
	columns []cells
}

const (
	// batchRows is how many rows lie together in the store. A text is stored once in
	// each batch that has it, so larger ones are smaller on disk, until the texts of a
	// batch outgrow the processor's cache: 16,384 rows need a tenth more, 262,144 save
	// nothing.
	batchRows = 64 << 10
	// batchRaw bounds what a batch of long lines takes of memory.
	batchRaw = 32 << 20
)

// cells is the values of one column: those of its form are filled.
type cells struct {
	form   form
	null   []uint64 // a bit for each row, set where there is no value; not for texts
	nulls  bool     // there are any
	ints   []int64
	floats []float64
	values []any

	ids  []uint32 // of each row's text in texts; noText is NULL
	text texts
}

// form is how the values of a kind are kept.
type form uint8

const (
	asText  form = iota
	asInt        // integers; booleans as 0 and 1, dates in days, timestamps in microseconds since 1970
	asFloat      // float64, of single precision too
	asValue      // what DuckDB's driver takes; slow, for kinds that are rare
)

func (k kind) form() form {
	switch k {
	case text:
		return asText
	case float, doubleKind:
		return asFloat
	case tinyInt, smallInt, integerKind, bigInt, boolean, date, timestamp:
		return asInt
	}
	return asValue
}

func newBatch(columns []column) *batch {
	b := &batch{columns: make([]cells, len(columns))}
	for i := range b.columns {
		b.columns[i].form = columns[i].kind.form()
	}
	b.reset()
	return b
}

func (b *batch) reset() {
	b.rows, b.raw = 0, 0
	for i := range b.columns {
		c := &b.columns[i]
		c.ints, c.floats, c.values, c.ids, c.nulls = c.ints[:0], c.floats[:0], c.values[:0], c.ids[:0], false
		if c.form == asText {
			c.text.reset()
		} else if c.null == nil {
			c.null = make([]uint64, batchRows/64)
		} else {
			clear(c.null)
		}
	}
}

func (b *batch) isFull() bool { return b.rows == batchRows || b.raw >= batchRaw }

// len is how many rows the column has.
func (c *cells) len() int {
	return len(c.ids) + len(c.ints) + len(c.floats) + len(c.values)
}

func (c *cells) addNull() {
	if c.form == asText {
		c.ids = append(c.ids, noText)
		return
	}
	row := c.len()
	c.null[row/64] |= 1 << (row % 64)
	c.nulls = true
	switch c.form {
	case asInt:
		c.ints = append(c.ints, 0)
	case asFloat:
		c.floats = append(c.floats, 0)
	default:
		c.values = append(c.values, nil)
	}
}

func (c *cells) addText(value []byte) { c.ids = append(c.ids, c.text.id(value)) }

func (c *cells) addTime(at time.Time, k kind) {
	if k == date {
		day := at.Unix() / 86400
		if at.Unix() < 86400*day { // division rounds up before 1970
			day--
		}
		c.addInt(day)
		return
	}
	c.addInt(at.UnixMicro())
}

func (c *cells) addInt(n int64) { c.ints = append(c.ints, n) }

func (c *cells) addFloat(f float64) { c.floats = append(c.floats, f) }

// add adds a value of a column that is not text; nil is NULL.
func (c *cells) add(col *column, value any) {
	switch value := value.(type) {
	case nil:
		c.addNull()
	case int64:
		c.addInt(value)
	case bool:
		n := int64(0)
		if value {
			n = 1
		}
		c.addInt(n)
	case float64:
		c.addFloat(value)
	case time.Time:
		c.addTime(value, col.kind)
	case *big.Int:
		c.values = append(c.values, col.decimal(value))
	default:
		c.addValue(value)
	}
}

// addValue adds a value that DuckDB's driver takes; nil is NULL.
func (c *cells) addValue(value any) {
	if value == nil {
		c.addNull()
		return
	}
	c.values = append(c.values, value)
}

// parse adds a value of a column that is not text, and tells whether it could be read.
// What cannot be is NULL ("Lazy Simple SerDe").
func (c *cells) parse(col *column, value []byte) bool {
	ok := false
	switch col.kind {
	case tinyInt, smallInt, integerKind, bigInt:
		var n int64
		if n, ok = parseInteger(value, col.kind); ok {
			c.addInt(n)
		}
	case float, doubleKind:
		var f float64
		if f, ok = parseFloat(value); ok {
			c.addFloat(f)
		}
	case boolean:
		var n int64
		if n, ok = parseBoolean(value); ok {
			c.addInt(n)
		}
	case decimal:
		n, isDecimal := parseDecimal(value, col.width, col.scale)
		if ok = isDecimal; ok {
			c.addValue(col.decimal(n))
		}
	default:
		at, isTime := parseTime(value, col.kind)
		if ok = isTime; ok {
			c.addTime(at, col.kind)
		}
	}
	if !ok {
		c.addNull()
	}
	return ok
}

// texts is the different texts of a column in a batch, numbered from 1 in the order in
// which they come.
type texts struct {
	bytes []byte
	ends  []uint32 // of text n in bytes, at n; the one at 0 stands for NULL and is empty
	last  uint32   // the latest one that was asked for

	// slots finds a text by its hash: the upper half of a slot is of the hash, the
	// lower is the number, or 0. At most half of them are taken.
	slots []uint64
}

const (
	noText   = 0
	minSlots = 1 << 8
)

// seed is of hashes that live no longer than the process.
var seed = maphash.MakeSeed()

func (t *texts) reset() {
	t.bytes, t.ends, t.last = t.bytes[:0], append(t.ends[:0], 0), noText
	if t.slots == nil {
		t.slots = make([]uint64, minSlots)
	}
	clear(t.slots)
}

func (t *texts) at(id uint32) []byte {
	if id == noText {
		return nil
	}
	return t.bytes[t.ends[id-1]:t.ends[id]]
}

// id is the number of a text. Many columns of a log repeat the text of the line before.
func (t *texts) id(value []byte) uint32 {
	if t.last != noText && bytes.Equal(t.at(t.last), value) {
		return t.last
	}
	hash := maphash.Bytes(seed, value)
	mask := uint64(len(t.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		slot := t.slots[at]
		if slot == 0 {
			t.last = t.add(value)
			t.slots[at] = hash&^math.MaxUint32 | uint64(t.last)
			if 2*len(t.ends) > len(t.slots) {
				t.grow()
			}
			return t.last
		}
		if id := uint32(slot); slot>>32 == hash>>32 && bytes.Equal(t.at(id), value) {
			t.last = id
			return id
		}
	}
}

func (t *texts) add(value []byte) uint32 {
	t.bytes = append(t.bytes, value...)
	t.ends = append(t.ends, uint32(len(t.bytes)))
	return uint32(len(t.ends) - 1)
}

func (t *texts) grow() {
	t.slots = make([]uint64, 2*len(t.slots))
	mask := uint64(len(t.slots) - 1)
	for id := uint32(1); id < uint32(len(t.ends)); id++ {
		hash := maphash.Bytes(seed, t.at(id))
		at := hash & mask
		for t.slots[at] != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = hash&^math.MaxUint32 | uint64(id)
	}
}

// typeInfo is DuckDB's type of a column.
func (c *column) typeInfo() (driverpkg.TypeInfo, error) {
	switch c.kind {
	case decimal:
		return driverpkg.NewDecimalInfo(uint8(min(c.width, math.MaxUint8)), uint8(min(c.scale, math.MaxUint8)))
	case nested:
		return c.shape.typeInfo()
	}
	return driverpkg.NewTypeInfo([...]driverpkg.Type{driverpkg.TYPE_VARCHAR, driverpkg.TYPE_TINYINT, driverpkg.TYPE_SMALLINT,
		driverpkg.TYPE_INTEGER, driverpkg.TYPE_BIGINT, driverpkg.TYPE_FLOAT, driverpkg.TYPE_DOUBLE, driverpkg.TYPE_DECIMAL,
		driverpkg.TYPE_BOOLEAN, driverpkg.TYPE_DATE, driverpkg.TYPE_TIMESTAMP}[c.kind])
}
