package duckdb

import (
	"playbook/playbooks/dialect"
)

// collections reads arrays, maps and structs that are written into one field, as
// LazySimpleSerDe does: each level of nesting has a delimiter of its own, which ROW
// FORMAT DELIMITED can set for the first two below the field (Hive's LazySimpleSerDe,
// LazySerDeParameters).
type collections struct {
	delimiters [maxLevels]byte // from that of fields on
	escape     byte            // 0 for none
	null       string
}

// maxLevels of nesting have a delimiter: \x01 to \x08.
const maxLevels = 8

func newCollections(s *dialect.SerDe) *collections {
	c := &collections{null: s.NullDefinedAs}
	for i := range c.delimiters {
		c.delimiters[i] = byte(i + 1)
	}
	for i, delimiter := range []string{s.FieldDelimiter, s.CollectionDelimiter, s.MapKeyDelimiter} {
		if delimiter != "" {
			c.delimiters[i] = delimiter[0]
		}
	}
	if s.EscapedBy != "" {
		c.escape = s.EscapedBy[0]
	}
	return c
}

// levels is how many delimiters below that of fields a type needs.
func (s *shape) levels() int {
	deepest := 0
	for _, part := range s.parts {
		deepest = max(deepest, part.levels())
	}
	switch s.class {
	case "":
		return 0
	case "map":
		return deepest + 2
	}
	return deepest + 1
}

// value makes a value of raw text, in which escapes still stand. It is false when a part
// of it does not fit, which then is NULL.
func (c *collections) value(s *shape, raw []byte, level int) (any, bool) {
	if string(raw) == c.null {
		return nil, true
	}
	all := true
	part := func(i int, raw []byte, level int) any {
		v, ok := c.value(s.parts[i], raw, level)
		all = all && ok
		return v
	}
	switch s.class {
	case "array":
		list := []any{}
		for _, item := range c.split(raw, level, len(raw) == 0) {
			list = append(list, part(0, item, level+1))
		}
		return list, all
	case "map":
		var b mapBuilder
		for _, entry := range c.split(raw, level, len(raw) == 0) {
			pair := c.cut(entry, level+1)
			var value any
			if pair[1] != nil {
				value = part(1, pair[1], level+2)
			}
			b.add(part(0, pair[0], level+2), value)
		}
		m, ok := b.value()
		return m, all && ok
	case "struct":
		fields := make(map[string]any, len(s.parts))
		items := c.split(raw, level, false)
		for i, name := range s.names {
			fields[name] = nil
			if i < len(items) {
				fields[name] = part(i, items[i], level+1)
			}
		}
		return fields, all
	}
	v, ok := s.plain.value(c.unescape(raw))
	return v, ok || isNothing(raw)
}

// split cuts text at the delimiter of a level, but where it is escaped.
func (c *collections) split(raw []byte, level int, none bool) [][]byte {
	if none {
		return nil
	}
	var items [][]byte
	start := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case c.delimiters[level]:
			items = append(items, raw[start:i])
			start = i + 1
		case c.escape:
			if c.escape != 0 {
				i++
			}
		}
	}
	return append(items, raw[start:])
}

// cut splits an entry of a map at the first delimiter; without one the value is nil.
func (c *collections) cut(entry []byte, level int) [2][]byte {
	items := c.split(entry, level, false)
	if len(items) == 1 {
		return [2][]byte{entry, nil}
	}
	return [2][]byte{items[0], entry[len(items[0])+1:]}
}

func (c *collections) unescape(raw []byte) []byte {
	if c.escape == 0 {
		return raw
	}
	var out []byte
	for i := 0; i < len(raw); i++ {
		if raw[i] == c.escape && i+1 < len(raw) {
			i++
		}
		out = append(out, raw[i])
	}
	return out
}
