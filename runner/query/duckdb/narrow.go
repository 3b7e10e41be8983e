package duckdb

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"

	"playbook/runner/query/trino"
)

// from is what stands for a load in a query that can use only rows which meet the
// choices, and whether it leaves out all others. Most questions about an address are of
// this kind, and few rows have it: the others are passed over by the numbers of their
// texts, before DuckDB sees them.
func (e *Engine) from(l *load, among [][]trino.Choice) (sql string, narrowed bool) {
	if e.whole || len(among) == 0 || l.store == nil || l.isSlow() || !l.canNarrow(among) { // a table of DuckDB's has no store
		return "scratch.main." + l.name, false
	}
	return l.scan(among), true
}

func (l *load) canNarrow(among [][]trino.Choice) bool {
	return !slices.ContainsFunc(among, func(choices []trino.Choice) bool {
		return slices.ContainsFunc(choices, func(c trino.Choice) bool { return l.chosen(c) < 0 })
	})
}

// chosen is the place of the column that a choice is about, or -1 when it cannot be looked
// at here.
func (l *load) chosen(c trino.Choice) int {
	isText := c.Low != nil || c.High != nil
	return slices.IndexFunc(l.columns, func(o column) bool {
		return o.name == c.Column && (isText && o.kind == text || !isText && o.kind.isInteger())
	})
}

// scan is a call of the function that gives the load, narrowed.
func (l *load) scan(among [][]trino.Choice) string {
	choices := ""
	if text, err := json.Marshal(among); err == nil && len(among) > 0 {
		choices = string(text)
	}
	return scanFunction + "(" + quoteString(l.name) + ", " + quoteString(choices) + ")"
}

// isSlow reports whether only the driver can hand over some of the values.
func (l *load) isSlow() bool {
	return slices.ContainsFunc(l.columns, func(c column) bool { return c.kind.form() == asValue })
}

// atomicVerdict is a verdict that several threads may come to.
type atomicVerdict = atomic.Uint32

// narrower is a list of choices, of which a row has to meet one.
type narrower struct {
	choices  []trino.Choice
	columns  []int           // of the choices, in the load
	at       []int           // of the choices, in a scan
	verdicts []atomicVerdict // by batch; queries of one run mostly have the same window
}

// ofOne reports whether all choices are about one column.
func (n *narrower) ofOne() bool {
	return !slices.ContainsFunc(n.columns, func(column int) bool { return column != n.columns[0] })
}

// narrowed reads choices.
func (l *load) narrowed(choices string) ([]narrower, error) {
	if choices == "" {
		return nil, nil
	}
	var among []json.RawMessage
	if err := json.Unmarshal([]byte(choices), &among); err != nil {
		return nil, fmt.Errorf("read what %s is narrowed to: %w", l.name, err)
	}
	made := make([]narrower, len(among))
	for i, list := range among {
		n := &made[i]
		if err := json.Unmarshal(list, &n.choices); err != nil {
			return nil, fmt.Errorf("read what %s is narrowed to: %w", l.name, err)
		}
		for _, c := range n.choices {
			column := l.chosen(c)
			if column < 0 {
				return nil, fmt.Errorf("narrow %s: there is no such column %s", l.name, c.Column)
			}
			n.columns = append(n.columns, column)
		}
		kept, _ := l.verdicts.LoadOrStore(string(list), make([]atomicVerdict, len(l.batches)))
		n.verdicts = kept.([]atomicVerdict)
	}
	return made, nil
}

// narrow gives the columns of choices a place in the scan, where they have none.
func (s *scanning) narrow(among []narrower) {
	s.among = slices.Clone(among)
	for i := range s.among {
		n := &s.among[i]
		n.at = make([]int, len(n.columns))
		for j, column := range n.columns {
			if n.at[j] = slices.Index(s.columns, column); n.at[j] < 0 {
				n.at[j] = len(s.columns)
				s.columns = append(s.columns, column)
			}
		}
	}
}

// narrowing is room for finding the rows of a batch that meet choices.
type narrowing struct {
	flags, also []uint8
	list        []uint32
}

// narrowed finds the rows of the batch at hand that meet every list of choices. It reads
// the columns that are not yet known to say the same of all rows.
func (s *scanner) narrowed(number int64) (span, error) {
	count := s.batch.Rows
	all, left := true, count
	for i := range s.scanning.among {
		if s.scanning.among[i].verdicts[number].Load() == noRow {
			return span{}, nil
		}
	}
	for i := range s.scanning.among {
		n := &s.scanning.among[i]
		if n.verdicts[number].Load() == everyRow {
			continue
		}
		room := &s.narrow
		if len(room.flags) < count {
			room.flags, room.also, room.list = make([]uint8, count), make([]uint8, count), make([]uint32, count)
		}
		flags := room.also[:count]
		clear(flags)
		for j, c := range n.choices {
			if err := s.read(n.at[j]); err != nil {
				return span{}, err
			}
			part := &s.columns[n.at[j]].part
			switch {
			case c.Low != nil || c.High != nil:
				part.meetText(c.Low, c.High, flags)
			case part.null == nil || n.ofOne():
				part.meetInteger(c.From, c.To, flags)
			default: // a NULL here says nothing of the choices about other columns
				one := make([]uint8, count)
				part.meetInteger(c.From, c.To, one)
				part.clearNulls(one)
				for row, flag := range one {
					flags[row] |= flag
				}
			}
		}
		if part := &s.columns[n.at[0]].part; part.null != nil && n.ofOne() {
			part.clearNulls(flags)
		}
		met := both(flags, flags)
		n.verdicts[number].Store(map[bool]verdict{true: everyRow, false: someRows}[met == count])
		if met == 0 {
			n.verdicts[number].Store(noRow)
			return span{}, nil
		}
		switch {
		case met == count:
		case all:
			all, left = false, met
			room.flags, room.also = room.also, room.flags
		default:
			left = both(room.flags[:count], flags)
		}
	}
	if all || left == 0 {
		return span{count: left}, nil
	}
	listRows(s.narrow.list, s.narrow.flags[:count])
	return span{count: left, rows: s.narrow.list[:left]}, nil
}
