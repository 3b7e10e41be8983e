package duckdb

import (
	"fmt"

	driverpkg "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// scanner is one thread's part of a scan.
type scanner struct {
	scanning *scanning
	batch    *stored           // at hand, read up to row done
	done     int               // of rows
	rows     span              // of the batch that may be among those that the query wants
	columns  []scanned         // by vector of a chunk, then those that only narrow looks at
	narrow   narrowing         // with room of its own
	chunk    mapping.DataChunk // the last one; DuckDB uses one for all of a scan
	vectors  []mapping.Vector  // of it
}

// scanned is a column of the batch at hand.
type scanned struct {
	kind       kind
	isRead     bool // of this batch
	buffer     []byte
	part       encoded
	dictionary *dictionary
	chooser    *chooser
}

// fill gives the next rows, up to a chunk of them, and tells how many; none is the end.
func (s *scanner) fill(chunk mapping.DataChunk) (count int, err error) {
	if s.chunk.Ptr != chunk.Ptr {
		s.chunk, s.vectors = chunk, s.vectors[:0]
		for i := range s.scanning.vectors {
			s.vectors = append(s.vectors, mapping.DataChunkGetVector(chunk, mapping.IdxT(i)))
		}
	}
	for s.batch == nil || s.done == s.rows.count {
		next := s.scanning.next.Add(1) - 1
		if next >= int64(len(s.scanning.load.batches)) {
			s.close()
			return 0, nil
		}
		if err := s.open(next); err != nil {
			return 0, err
		}
	}
	count = min(chunkRows, s.rows.count-s.done)
	rows := span{from: s.done, count: count}
	if s.rows.rows != nil {
		rows.rows = s.rows.rows[s.done : s.done+count]
	}
	for i, v := range s.vectors {
		switch c := &s.columns[i]; {
		case s.scanning.columns[i] < 0:
		case c.part.form == asText:
			c.dictionary.show(v, c.chooser, &c.part, rows)
		default:
			c.part.fill(v, c.kind, rows)
		}
	}
	s.done += count
	return count, nil
}

// open reads the columns of a batch that the query wants: first those that say which
// rows can be among them, and no more when there are none.
func (s *scanner) open(number int64) error {
	s.batch, s.done = &s.scanning.load.batches[number], 0
	if s.columns == nil {
		s.columns = make([]scanned, len(s.scanning.columns))
	}
	for i := range s.columns {
		s.columns[i].isRead = false
	}
	var err error
	if s.rows, err = s.narrowed(number); err != nil || s.rows.count == 0 {
		return err
	}
	for i := range s.scanning.vectors {
		if s.scanning.columns[i] < 0 {
			continue
		}
		if err := s.read(i); err != nil {
			return err
		}
		c := &s.columns[i]
		if c.part.form != asText {
			continue
		}
		c.dictionary.close()
		var err error
		if c.dictionary, err = newDictionary(&c.part); err != nil {
			return err
		}
		if c.chooser == nil {
			c.chooser = newChooser()
		}
	}
	return nil
}

// read reads a column of the batch, unless it has been.
func (s *scanner) read(i int) error {
	c, column, l := &s.columns[i], s.scanning.columns[i], s.scanning.load
	if c.isRead {
		return nil
	}
	c.kind, c.isRead = l.columns[column].kind, true
	return c.read(l.store, s.batch.Parts[column], s.batch.Rows)
}

func (c *scanned) read(s *store, p part, rows int) (err error) {
	var content []byte
	if content, c.buffer, err = s.part(p, c.buffer); err != nil {
		return err
	}
	if c.part, err = decode(content, rows); err == nil && c.part.form != c.kind.form() {
		err = errDamaged
	}
	return err
}

// close lets go of memory before the garbage collector does.
func (s *scanner) close() {
	for i := range s.columns {
		s.columns[i].dictionary.close()
		s.columns[i].chooser.close()
	}
	s.columns, s.batch, s.done = nil, nil, 0
}

// slowFunction gives the same value by value, through the driver. It serves the columns
// that only the driver can fill, which are copied into a table of DuckDB's once.
const slowFunction = "playbook_scan_values"

func (e *Engine) slowScan() driverpkg.ChunkTableFunction {
	return driverpkg.ChunkTableFunction{
		Config: driverpkg.TableFunctionConfig{Arguments: []driverpkg.TypeInfo{mustType(varchar)}},
		BindArguments: func(_ map[string]any, arguments ...any) (driverpkg.ChunkTableSource, error) {
			name, _ := arguments[0].(string)
			e.mu.Lock()
			defer e.mu.Unlock()
			l, ok := e.loads[name]
			if !ok {
				return nil, fmt.Errorf("nothing is loaded as %s", name)
			}
			return &slowScan{load: l, columns: make([]scanned, len(l.columns))}, nil
		},
	}
}

type slowScan struct {
	load       *load
	columns    []scanned
	next, done int // batch, and its rows that were given
}

func (s *slowScan) ColumnInfos() []driverpkg.ColumnInfo {
	infos := make([]driverpkg.ColumnInfo, len(s.load.columns))
	for i := range s.load.columns {
		infos[i] = driverpkg.ColumnInfo{Name: s.load.columns[i].name, T: s.load.types[i]}
	}
	return infos
}

func (s *slowScan) Cardinality() *driverpkg.CardinalityInfo {
	return &driverpkg.CardinalityInfo{Cardinality: uint(s.load.rows), Exact: true}
}

func (s *slowScan) Init() {}

func (s *slowScan) FillChunk(chunk driverpkg.DataChunk) error {
	if s.next == len(s.load.batches) {
		return chunk.SetSize(0)
	}
	batch := &s.load.batches[s.next]
	count := min(chunkRows, batch.Rows-s.done)
	for i := range s.columns {
		c := &s.columns[i]
		if s.done == 0 {
			c.kind = s.load.columns[i].kind
			if err := c.read(s.load.store, batch.Parts[i], batch.Rows); err != nil {
				return err
			}
		}
		for row := range count {
			if err := chunk.SetValue(i, row, c.part.value(c.kind, s.done+row)); err != nil {
				return fmt.Errorf("column %s: %w", s.load.columns[i].name, err)
			}
		}
	}
	if s.done += count; s.done == batch.Rows {
		s.next, s.done = s.next+1, 0
	}
	return chunk.SetSize(count)
}
