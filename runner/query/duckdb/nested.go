package duckdb

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"strings"

	driverpkg "github.com/duckdb/duckdb-go/v2"

	"playbook/playbooks/dialect"
)

// shape is a type of DDL, ready to make values of: a plain one, or an array, a map or a
// struct of others.
type shape struct {
	plain column   // when class is ""
	class string   // array, map or struct
	names []string // of the fields of a struct
	parts []*shape // of an array one, of a map its key and value, of a struct its fields
}

// newColumn is a column of a type of DDL.
func newColumn(name string, t dialect.Type) (column, error) {
	c := column{name: name, athena: t.String(), width: 10}
	k, ok := kinds[t.Name]
	switch {
	case ok && k == decimal && len(t.Params) > 0:
		c.width = t.Params[0]
		if len(t.Params) > 1 {
			c.scale = t.Params[1]
		}
	case ok && len(t.Params) > 0:
		c.length = t.Params[0]
	case !ok:
		made, err := newShape(t)
		if err != nil {
			return c, err
		}
		k, c.shape = nested, made
	}
	c.kind = k
	return c, nil
}

func newShape(t dialect.Type) (*shape, error) {
	s := &shape{class: t.Name}
	switch t.Name {
	case "array", "map", "struct":
	default:
		if _, ok := kinds[t.Name]; !ok {
			return nil, fmt.Errorf("the type %s is not supported on a case", t)
		}
		plain, err := newColumn("", t)
		return &shape{plain: plain}, err
	}
	if want := map[string]int{"array": 1, "map": 2}[t.Name]; want > 0 && len(t.Fields) != want || len(t.Fields) == 0 {
		return nil, fmt.Errorf("the type %s is not complete", t)
	}
	for _, field := range t.Fields {
		part, err := newShape(field.Type)
		if err != nil {
			return nil, err
		}
		name := strings.ToLower(field.Name)
		for _, other := range s.names {
			if t.Name == "struct" && other == name {
				return nil, fmt.Errorf("the type %s has two fields %s", t, name)
			}
		}
		s.names = append(s.names, name)
		s.parts = append(s.parts, part)
	}
	if t.Name == "map" && s.parts[0].class != "" {
		return nil, fmt.Errorf("the keys of %s are not of a plain type", t)
	}
	return s, nil
}

// sqlType is DuckDB's name of the type.
func (s *shape) sqlType() string {
	switch s.class {
	case "array":
		return s.parts[0].sqlType() + "[]"
	case "map":
		return fmt.Sprintf("MAP(%s, %s)", s.parts[0].sqlType(), s.parts[1].sqlType())
	case "struct":
		fields := make([]string, len(s.parts))
		for i, part := range s.parts {
			fields[i] = quoteName(s.names[i]) + " " + part.sqlType()
		}
		return "STRUCT(" + strings.Join(fields, ", ") + ")"
	}
	return s.plain.sqlType()
}

// typeInfo is DuckDB's type.
func (s *shape) typeInfo() (driverpkg.TypeInfo, error) {
	if s.class == "" {
		return s.plain.typeInfo()
	}
	parts := make([]driverpkg.TypeInfo, len(s.parts))
	for i, part := range s.parts {
		var err error
		if parts[i], err = part.typeInfo(); err != nil {
			return nil, err
		}
	}
	switch s.class {
	case "array":
		return driverpkg.NewListInfo(parts[0])
	case "map":
		return driverpkg.NewMapInfo(parts[0], parts[1])
	}
	entries := make([]driverpkg.StructEntry, len(parts))
	for i, part := range parts {
		var err error
		if entries[i], err = driverpkg.NewStructEntry(part, s.names[i]); err != nil {
			return nil, err
		}
	}
	return driverpkg.NewStructInfo(entries[0], entries[1:]...)
}

// value is a plain value of text, as DuckDB's driver takes it, or nil and false when the
// text is none.
func (c *column) value(raw []byte) (any, bool) {
	switch {
	case c.kind == text:
		return string(cut(bytes.ToValidUTF8(raw, []byte("\uFFFD")), c.length)), true
	case c.kind.isInteger():
		if n, ok := parseInteger(raw, c.kind); ok {
			return n, true
		}
	case c.kind == float || c.kind == doubleKind:
		if f, ok := parseFloat(raw); ok {
			return f, true
		}
	case c.kind == boolean:
		if n, ok := parseBoolean(raw); ok {
			return n != 0, true
		}
	case c.kind == decimal:
		if n, ok := parseDecimal(raw, c.width, c.scale); ok {
			return c.decimal(n), true
		}
	default:
		if at, ok := parseTime(raw, c.kind); ok {
			return at, true
		}
	}
	return nil, false
}

func (c *column) decimal(n *big.Int) driverpkg.Decimal {
	return driverpkg.Decimal{Width: uint8(min(c.width, math.MaxUint8)), Scale: uint8(min(c.scale, math.MaxUint8)), Value: n}
}

// maxKeys of one map: the driver compares each with each.
const maxKeys = 4096

// mapBuilder collects the entries of a map. Of keys that are there twice the last
// counts, as in Trino; an entry whose key is NULL is passed over.
type mapBuilder struct {
	keys, values []any
	places       map[string]int
}

func (b *mapBuilder) add(key, value any) {
	if key == nil {
		return
	}
	name := fmt.Sprint(key)
	if place, ok := b.places[name]; ok {
		b.values[place] = value
		return
	}
	if b.places == nil {
		b.places = map[string]int{}
	}
	b.places[name] = len(b.keys)
	b.keys, b.values = append(b.keys, key), append(b.values, value)
}

// value is the map, or nil and false when it has too many keys.
func (b *mapBuilder) value() (any, bool) {
	if len(b.keys) > maxKeys {
		return nil, false
	}
	var m driverpkg.OrderedMap
	for i, key := range b.keys {
		m.Set(key, b.values[i])
	}
	return m, true
}
