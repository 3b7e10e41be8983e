package duckdb

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	driverpkg "github.com/duckdb/duckdb-go/v2"
)

// loader reads a table's files on several goroutines and hands their rows to DuckDB in
// the order of the files.
type loader struct {
	engine  *Engine
	table   *table
	root    *os.Root
	list    *listing
	columns []column
	ctx     context.Context // of the query that waits

	workers sync.WaitGroup
	order   chan *reading // files, in order
	free    chan *batch
	current *reading
	rest    *batch // not yet handed over: from row done on
	done    int

	files, bytes, rows int64
	readings           []*fileReport
	failed             error
}

// reading is a file that is being read.
type reading struct {
	file    logFile
	batches chan *batch
	report  *fileReport // complete when batches is closed
}

// start begins to read. The channels bound how far reading can run ahead of DuckDB.
func (l *loader) start() {
	threads := l.engine.options.Threads
	jobs := make(chan *reading)
	l.order = make(chan *reading, 4*threads)
	l.workers.Go(func() {
		defer close(jobs)
		defer close(l.order)
		for _, file := range l.list.files {
			r := &reading{file: file, batches: make(chan *batch, 4)}
			select {
			case l.order <- r:
			case <-l.ctx.Done():
				return
			}
			select {
			case jobs <- r:
			case <-l.ctx.Done():
				close(r.batches)
				return
			}
		}
	})
	for range threads {
		l.workers.Go(func() {
			for r := range jobs {
				r.report = l.read(r)
				close(r.batches)
			}
		})
	}
}

// nextBatch is the next batch in the order of the files, or nil behind the last.
func (l *loader) nextBatch() (*batch, error) {
	for {
		if l.current == nil {
			r, ok := <-l.order
			if !ok {
				return nil, l.ctx.Err()
			}
			l.current = r
		}
		if b, ok := <-l.current.batches; ok {
			return b, nil
		}
		if err := l.ctx.Err(); err != nil {
			return nil, err
		}
		l.finished(l.current.report)
		l.current = nil
	}
}

func (l *loader) finished(report *fileReport) {
	l.readings = append(l.readings, report)
	l.files++
	l.bytes += report.file.size
	l.rows += report.rows
	if progress := l.engine.options.Progress; progress != nil {
		progress(Progress{Table: l.table.def.Name, Files: l.files, Of: int64(len(l.list.files)), Bytes: l.bytes, Rows: l.rows})
	}
}

const loadFunction = "playbook_load"

// tableFunction lets DuckDB ask a loader for rows: INSERT INTO … SELECT * FROM
// playbook_load('name'). The gate keeps queries from calling it.
func (e *Engine) tableFunction() driverpkg.ChunkTableFunction {
	return driverpkg.ChunkTableFunction{
		Config: driverpkg.TableFunctionConfig{Arguments: []driverpkg.TypeInfo{mustType(varchar)}},
		BindArguments: func(_ map[string]any, arguments ...any) (driverpkg.ChunkTableSource, error) {
			name, _ := arguments[0].(string)
			e.mu.Lock()
			defer e.mu.Unlock()
			l, ok := e.loaders[name]
			if !ok {
				return nil, fmt.Errorf("nothing is being loaded as %q", name)
			}
			return l, nil
		},
	}
}

// ColumnInfos, Cardinality, Init and FillChunk make a loader a source of DuckDB's.
func (l *loader) ColumnInfos() []driverpkg.ColumnInfo {
	infos := make([]driverpkg.ColumnInfo, len(l.columns))
	for i := range l.columns {
		kind, err := l.columns[i].typeInfo()
		if err != nil {
			l.failed = err
			kind = mustType(varchar)
		}
		infos[i] = driverpkg.ColumnInfo{Name: l.columns[i].name, T: kind}
	}
	return infos
}

func (l *loader) Cardinality() *driverpkg.CardinalityInfo { return nil }

func (l *loader) Init() {}

func (l *loader) FillChunk(chunk driverpkg.DataChunk) error {
	if l.failed != nil {
		return l.failed
	}
	capacity, at := driverpkg.GetDataChunkCapacity(), 0
	for at < capacity {
		if l.rest == nil {
			next, err := l.nextBatch()
			if err != nil {
				return err
			}
			if next == nil {
				break
			}
			l.rest, l.done = next, 0
		}
		count := min(capacity-at, l.rest.rows-l.done)
		for i := range l.columns {
			if err := l.rest.columns[i].fill(chunk, i, &l.columns[i], l.done, l.done+count, at); err != nil {
				return fmt.Errorf("column %s: %w", l.columns[i].name, err)
			}
		}
		at, l.done = at+count, l.done+count
		if l.done == l.rest.rows {
			l.release(l.rest)
			l.rest = nil
		}
	}
	return chunk.SetSize(at)
}

func (l *loader) take() *batch {
	select {
	case b := <-l.free:
		b.reset()
		return b
	default:
		return newBatch(l.columns)
	}
}

func (l *loader) release(b *batch) {
	select {
	case l.free <- b:
	default:
	}
}

// outcome is an error when no file could be used: a table without rows would answer
// every question with nothing.
func (l *loader) outcome() error {
	used := 0
	var problems []string
	for _, report := range l.readings {
		if report.used {
			used++
		} else if len(problems) < 3 && len(report.gaps) > 0 {
			problems = append(problems, report.gaps[0].Source+" "+report.gaps[0].Problem)
		}
	}
	if used == 0 {
		return fmt.Errorf("none of its %d files could be used: %s", len(l.readings), strings.Join(problems, "; "))
	}
	return nil
}
