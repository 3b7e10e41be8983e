package duckdb

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	parquetgo "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"playbook/runner/query/parquet"
)

// parquetPart reads a part of a nested column. Values of a row lie in as many lists as
// the column has leaves, with levels that say how deep each is defined and where lists
// begin anew (Dremel).
type parquetPart struct {
	shape   *shape
	first   int // of its leaves
	last    int // behind its leaves
	present int // definition level of a value that is not NULL
	filled  int // of a list that is not empty
	repeat  int // repetition level of its items
	parts   []*parquetPart
	plain   *parquetPlain
}

// part finds in the file what a shape needs.
func (c *parquetColumn) part(s *shape, from *parquetgo.Column) (*parquetPart, error) {
	p := &parquetPart{shape: s, first: len(c.leaves), present: from.MaxDefinitionLevel()}
	var err error
	switch {
	case s.class == "":
		p.plain, err = newParquetPlain(&s.plain, from)
		c.leaves = append(c.leaves, &parquet.Leaf{Column: from})
	case s.class != "struct":
		err = c.items(p, from)
	case from.Leaf():
		err = describe(from)
	default:
		p.parts = make([]*parquetPart, len(s.parts))
		for i, name := range s.names {
			at := slices.IndexFunc(from.Columns(), func(c *parquetgo.Column) bool { return strings.EqualFold(c.Name(), name) })
			if at < 0 || err != nil {
				continue
			}
			if p.parts[i], err = c.part(s.parts[i], from.Columns()[at]); err != nil {
				err = fmt.Errorf("at %s %w", name, err)
			}
		}
	}
	p.last = len(c.leaves)
	return p, err
}

// items finds what an array or a map repeats: group (LIST) { repeated group { item } },
// in old files group (LIST) { repeated item }, or an item that is repeated itself; and
// group (MAP) { repeated group { key, value } }.
func (c *parquetColumn) items(p *parquetPart, from *parquetgo.Column) error {
	repeated, alone := from, from.Repeated()
	if l := from.Type().LogicalType(); l != nil {
		_, isList := l.Value.(*format.ListType)
		_, isMap := l.Value.(*format.MapType)
		alone = alone && !isList && !isMap
	}
	switch {
	case alone:
		p.present = 0
	case len(from.Columns()) == 1 && from.Columns()[0].Repeated():
		repeated = from.Columns()[0]
	default:
		return describe(from)
	}
	p.filled, p.repeat = repeated.MaxDefinitionLevel(), repeated.MaxRepetitionLevel()
	items := []*parquetgo.Column{repeated}
	inner := repeated.Columns()
	switch {
	case p.shape.class == "map" && len(inner) == 2:
		items = inner
	case p.shape.class == "map":
		return describe(from)
	case len(inner) == 1 && !alone && repeated.Name() != "array" && repeated.Name() != from.Name()+"_tuple":
		items = inner
	}
	for i, item := range items {
		part, err := c.part(p.shape.parts[i], item)
		if err != nil {
			return err
		}
		p.parts = append(p.parts, part)
	}
	return nil
}

// value makes the value of a row from the values of all leaves.
func (p *parquetPart) value(levels [][]parquet.Value) (any, bool) {
	if p == nil || p.first == p.last {
		return nil, true
	}
	level := levels[p.first][0].Definition
	if p.shape.class == "" {
		v := &levels[p.first][0]
		if v.Null || level < p.plain.defined {
			return nil, true
		}
		value, ok := p.plain.value(v)
		if n, isDecimal := value.(*big.Int); isDecimal && ok {
			value = p.shape.plain.decimal(n)
		}
		if !ok {
			value = nil
		}
		return value, ok
	}
	if level < p.present {
		return nil, true
	}
	all := true
	if p.shape.class == "struct" {
		fields := make(map[string]any, len(p.parts))
		for i, part := range p.parts {
			v, ok := part.value(levels)
			fields[p.shape.names[i]], all = v, all && ok
		}
		return fields, all
	}
	var list []any
	var entries mapBuilder
	list = []any{}
	for item := range p.split(levels, level) {
		v, ok := p.parts[len(p.parts)-1].value(item)
		all = all && ok
		if p.shape.class == "map" {
			key, ok := p.parts[0].value(item)
			all = all && ok
			entries.add(key, v)
			continue
		}
		list = append(list, v)
	}
	if p.shape.class == "map" {
		m, ok := entries.value()
		return m, ok && all
	}
	return list, all
}

// split goes through the items of a list: each leaf's values up to where the next item
// begins.
func (p *parquetPart) split(levels [][]parquet.Value, level int) func(yield func([][]parquet.Value) bool) {
	return func(yield func([][]parquet.Value) bool) {
		if level < p.filled {
			return
		}
		rest := slices.Clone(levels)
		for len(rest[p.first]) > 0 {
			item := slices.Clone(levels)
			for leaf := p.first; leaf < p.last; leaf++ {
				end := 1
				for end < len(rest[leaf]) && rest[leaf][end].Repetition > p.repeat {
					end++
				}
				if len(rest[leaf]) == 0 { // the leaves do not agree
					panic("the values of a nested column do not agree")
				}
				item[leaf], rest[leaf] = rest[leaf][:end], rest[leaf][end:]
			}
			if !yield(item) {
				return
			}
		}
	}
}
