package duckdb

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"

	parquetgo "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"playbook/runner/query/parquet"
)

// newParquetColumn tells how a column of a file is read as one of a table. The error is
// what the file's column is, when it cannot be.
func newParquetColumn(c *column, from *parquetgo.Column) (*parquetColumn, error) {
	if c.kind != nested {
		if from.Repeated() {
			return nil, describe(from)
		}
		flat, err := newParquetPlain(c, from)
		if err != nil {
			return nil, err
		}
		return &parquetColumn{flat: flat, leaves: []*parquet.Leaf{{Column: from}}}, nil
	}
	made := &parquetColumn{}
	part, err := made.part(c.shape, from)
	made.nested, made.levels = part, make([][]parquet.Value, len(made.leaves))
	if err == nil && len(made.leaves) == 0 {
		err = describe(from)
	}
	return made, err
}

// describe is an error that says what a column of a file is.
func describe(c *parquetgo.Column) error {
	switch {
	case !c.Leaf() && c.Type().LogicalType() != nil:
		return fmt.Errorf("a %s", strings.ToLower(c.Type().LogicalType().String()))
	case !c.Leaf():
		return fmt.Errorf("a group")
	case c.Repeated():
		return fmt.Errorf("a repeated %s", c.Type())
	}
	name := c.Type().Kind().String()
	if logical := c.Type().String(); logical != name {
		name += " (" + logical + ")"
	}
	return fmt.Errorf("%s", name)
}

// parquetPlain reads values of one type of Parquet as ones of a type of DDL. What goes
// together is what Trino's reader of Parquet lets through.
type parquetPlain struct {
	defined int // definition level of a value that is not NULL
	from    parquetgo.Kind
	as      *column
	decimal *format.DecimalType
	unit    time.Duration // of timestamps
	bits    int           // of unsigned integers; 0 for signed ones
}

func newParquetPlain(as *column, from *parquetgo.Column) (*parquetPlain, error) {
	wrong := describe(from)
	if !from.Leaf() {
		return nil, wrong
	}
	p := &parquetPlain{defined: from.MaxDefinitionLevel(), from: from.Type().Kind(), as: as}
	var logical format.LogicalTypeValue
	if l := from.Type().LogicalType(); l != nil {
		logical = l.Value
	}
	isInt := p.from == parquetgo.Int32 || p.from == parquetgo.Int64
	isBytes := p.from == parquetgo.ByteArray || p.from == parquetgo.FixedLenByteArray
	var isDate, isText, isMarked bool
	switch l := logical.(type) {
	case nil:
	case *format.IntType:
		if !l.IsSigned {
			p.bits = int(l.BitWidth)
		}
	case *format.DecimalType:
		p.decimal = l
	case *format.DateType:
		isDate = true
	case *format.TimestampType:
		p.unit = unitOf(l.Unit)
	case *format.StringType, *format.EnumType, *format.JsonType, *format.BsonType:
		isText = true
	default:
		isMarked = true
	}
	plainInt := isInt && !isDate && !isMarked && p.unit == 0
	switch {
	case as.kind == text && isBytes && (logical == nil || isText):
	case as.kind == bigInt && p.from == parquetgo.Int64 && p.unit != 0: // the number that it is stored as
	case as.kind.isInteger() && plainInt && (p.decimal == nil || p.decimal.Scale == 0):
	case as.kind == decimal && (p.decimal != nil && (isInt || isBytes) || plainInt && p.bits == 0):
	case as.kind == float && p.from == parquetgo.Float && !isMarked:
	case as.kind == doubleKind && (p.from == parquetgo.Float || p.from == parquetgo.Double) && !isMarked:
	case as.kind == boolean && p.from == parquetgo.Boolean:
	case as.kind == date && p.from == parquetgo.Int32 && (isDate || logical == nil):
	case as.kind == timestamp && (p.from == parquetgo.Int96 || p.from == parquetgo.Int64 && p.unit != 0):
	default:
		return nil, wrong
	}
	return p, nil
}

func unitOf(unit format.TimeUnit) time.Duration {
	switch unit.Value.(type) {
	case *format.MilliSeconds:
		return time.Millisecond
	case *format.MicroSeconds:
		return time.Microsecond
	}
	return time.Nanosecond
}

// add puts a value into a batch; problem says what is wrong with it. What cannot be is
// NULL.
func (p *parquetPlain) add(to *cells, c *column, v *parquet.Value) (problem string) {
	if v.Null || v.Definition < p.defined {
		to.addNull()
		return ""
	}
	if c.kind == text {
		raw := v.Bytes
		if !utf8.Valid(raw) {
			raw, problem = []byte(strings.ToValidUTF8(string(raw), "\uFFFD")), "is not valid UTF-8"
		}
		to.addText(cut(raw, c.length))
		return problem
	}
	value, ok := p.value(v)
	if !ok {
		to.addNull()
		return "does not fit " + c.athena
	}
	to.add(c, value)
	return ""
}

// value is a value that is not NULL and no text.
func (p *parquetPlain) value(v *parquet.Value) (any, bool) {
	switch k := p.as.kind; {
	case k == text:
		return strings.ToValidUTF8(string(cut(v.Bytes, p.as.length)), "\uFFFD"), true
	case k == boolean:
		return v.Int != 0, true
	case k == float, k == doubleKind:
		return v.Float, true
	case k.isInteger():
		n, ok := p.integer(v)
		limit := int64(1) << (bitsOf(k) - 1)
		return n, ok && (k == bigInt || n >= -limit && n < limit)
	case k == decimal:
		return p.decimalOf(v)
	case k == date:
		return plausible(time.Unix(86400*v.Int, 0).UTC())
	}
	return p.timestamp(v)
}

func (p *parquetPlain) integer(v *parquet.Value) (int64, bool) {
	switch {
	case p.bits == 0:
		return v.Int, true
	case p.from == parquetgo.Int32: // unsigned, in the bits of a signed number
		return int64(uint32(v.Int)), true
	}
	return v.Int, v.Int >= 0
}

// timestamp reads a point in time, to the millisecond: more Athena's timestamps do not
// hold.
func (p *parquetPlain) timestamp(v *parquet.Value) (any, bool) {
	var at time.Time
	switch {
	case p.from == parquetgo.Int96: // nanoseconds of a day, and its Julian number
		const epoch = 2440588
		day := int64(binary.LittleEndian.Uint32(v.Bytes[8:]))
		at = time.Unix((day-epoch)*86400, int64(binary.LittleEndian.Uint64(v.Bytes)))
	case p.unit == time.Millisecond:
		at = time.UnixMilli(v.Int)
	case p.unit == time.Microsecond:
		at = time.UnixMicro(v.Int)
	default:
		at = time.Unix(0, v.Int)
	}
	return plausible(at.UTC().Round(time.Millisecond))
}

// plausible refuses times that the database could not hold.
func plausible(at time.Time) (any, bool) {
	if at.Year() < 1 || at.Year() > 9999 {
		return nil, false
	}
	return at, true
}

// decimalOf brings a decimal to the scale of the table's column, half up.
func (p *parquetPlain) decimalOf(v *parquet.Value) (any, bool) {
	n, scale := new(big.Int), 0
	switch p.from {
	case parquetgo.Int32, parquetgo.Int64:
		n.SetInt64(v.Int)
	default: // two's complement, the highest byte first
		raw := v.Bytes
		if len(raw) > 64 {
			return nil, false
		}
		n.SetBytes(raw)
		if len(raw) > 0 && raw[0] >= 0x80 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
		}
	}
	if p.decimal != nil {
		scale = int(p.decimal.Scale)
	}
	power := func(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
	switch by := p.as.scale - scale; {
	case scale < 0 || scale > 100:
		return nil, false
	case by >= 0:
		n.Mul(n, power(by))
	default:
		unit := power(-by)
		half := new(big.Int).Rsh(unit, 1)
		if n.Sign() < 0 {
			half.Neg(half)
		}
		n.Quo(n.Add(n, half), unit)
	}
	return n, len(strings.TrimLeft(n.String(), "-")) <= p.as.width
}
