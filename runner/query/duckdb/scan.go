package duckdb

import (
	"fmt"
	"sync/atomic"

	driverpkg "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

const scanFunction = "playbook_scan"

// tableFunction lets DuckDB read what was loaded: SELECT … FROM playbook_scan('name').
// Views in the scratch database are made of it; the gate keeps queries from calling it.
func (e *Engine) tableFunction() driverpkg.ParallelChunkTableFunction {
	return driverpkg.ParallelChunkTableFunction{
		Config: driverpkg.TableFunctionConfig{Arguments: []driverpkg.TypeInfo{mustType(varchar)}},
		BindArguments: func(_ map[string]any, arguments ...any) (driverpkg.ParallelChunkTableSource, error) {
			name, _ := arguments[0].(string)
			e.mu.Lock()
			defer e.mu.Unlock()
			l, ok := e.loads[name]
			if !ok {
				return nil, fmt.Errorf("nothing is loaded as %q", name)
			}
			return &storeScan{load: l, threads: e.options.Threads}, nil
		},
	}
}

// storeScan is one reading of a load by a query. Its threads take batch after batch; where
// the order of rows matters DuckDB has one thread only, because a table function cannot
// tell it the order of what several give.
type storeScan struct {
	load    *load
	threads int
	next    atomic.Int64 // batch
}

// ColumnInfos, Cardinality, Init, NewLocalState and FillChunk make it a source of
// DuckDB's.
func (s *storeScan) ColumnInfos() []driverpkg.ColumnInfo {
	infos := make([]driverpkg.ColumnInfo, len(s.load.columns))
	for i := range s.load.columns {
		infos[i] = driverpkg.ColumnInfo{Name: s.load.columns[i].name, T: s.load.types[i]}
	}
	return infos
}

func (s *storeScan) Cardinality() *driverpkg.CardinalityInfo {
	return &driverpkg.CardinalityInfo{Cardinality: uint(s.load.rows), Exact: true}
}

func (s *storeScan) Init() driverpkg.ParallelTableSourceInfo {
	s.next.Store(0)
	return driverpkg.ParallelTableSourceInfo{MaxThreads: s.threads}
}

func (s *storeScan) NewLocalState() any {
	return &scanner{columns: make([]scanned, len(s.load.columns))}
}

// scanner is one thread's part of a scan.
type scanner struct {
	batch   *stored // at hand, read up to row done
	done    int
	vectors []mapping.Vector
	columns []scanned
}

// scanned is a column of the batch at hand.
type scanned struct {
	buffer     []byte
	part       encoded
	dictionary *dictionary
	chooser    *chooser
}

func (s *storeScan) FillChunk(state any, chunk driverpkg.DataChunk) error {
	at := state.(*scanner)
	at.vectors = vectors(&chunk, at.vectors)
	if at.batch == nil || at.done == at.batch.Rows {
		next := s.next.Add(1) - 1
		if next >= int64(len(s.load.batches)) {
			at.close()
			return chunk.SetSize(0)
		}
		if err := at.open(s.load, &s.load.batches[next]); err != nil {
			return err
		}
	}
	count := min(chunkRows, at.batch.Rows-at.done)
	for i, v := range at.vectors {
		if v.Ptr == nil {
			continue
		}
		c := &at.columns[i]
		switch c.part.form {
		case asText:
			c.dictionary.show(v, c.chooser, &c.part, at.done, count)
		case asValue:
			for row, value := range c.part.values[at.done : at.done+count] {
				if err := chunk.SetValue(i, row, value); err != nil {
					return fmt.Errorf("column %s: %w", s.load.columns[i].name, err)
				}
			}
		default:
			c.part.fill(v, s.load.columns[i].kind, at.done, count)
		}
	}
	at.done += count
	return chunk.SetSize(count)
}

// open reads the columns of a batch that the query wants.
func (at *scanner) open(l *load, batch *stored) error {
	at.batch, at.done = batch, 0
	for i, v := range at.vectors {
		if v.Ptr == nil {
			continue
		}
		c := &at.columns[i]
		var err error
		if c.buffer, err = l.store.read(batch.Parts[i], c.buffer); err != nil {
			return err
		}
		if c.part, err = decode(c.buffer, batch.Rows); err != nil {
			return err
		}
		if c.part.form != l.columns[i].kind.form() {
			return errDamaged
		}
		if c.part.form == asText {
			c.dictionary.close()
			if c.dictionary, err = newDictionary(&c.part); err != nil {
				return err
			}
			if c.chooser == nil {
				c.chooser = newChooser()
			}
		}
	}
	return nil
}

// close lets go of memory before the garbage collector does.
func (at *scanner) close() {
	for i := range at.columns {
		at.columns[i].dictionary.close()
		at.columns[i].chooser.close()
		at.columns[i] = scanned{}
	}
}
