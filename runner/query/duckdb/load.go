package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	driverpkg "github.com/duckdb/duckdb-go/v2"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

// load is a table's files as they were read: some or all of its columns, in a table of
// the scratch database.
type load struct {
	name    string // in scratch.main
	columns []column
	rows    int64
	bytes   int64 // as stored
	gaps    []steps.Gap
}

func (l *load) covers(t *table, wanted wanted) bool {
	for _, c := range t.columns {
		if wanted.has(c) && !slices.Contains(l.columns, c) {
			return false
		}
	}
	return true
}

// wanted is which columns statements name.
type wanted struct {
	names map[string]bool
	all   bool
}

func (w wanted) has(c column) bool {
	return w.names[c.name] || w.all && c.name != pathColumn
}

// wantedBy collects the names in queries that are still to come. A name in a hole is not
// among them: should it be a column, the table is loaded again.
func wantedBy(statements []string) wanted {
	w := wanted{names: map[string]bool{}}
	for _, text := range statements {
		s, _ := dialect.Parse(text)
		if s == nil || s.Class != dialect.Select && s.Class != dialect.CreateView {
			continue
		}
		names, star := dialect.Identifiers(s)
		w.all = w.all || star
		for _, name := range names {
			w.names[name] = true
		}
	}
	return w
}

// ensure loads a table unless what was loaded has the columns that are wanted.
func (e *Engine) ensure(ctx context.Context, t *table, now wanted) (*load, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.loaded != nil && t.loaded.covers(t, now) {
		return t.loaded, nil
	}
	var columns []column
	for i, c := range t.columns {
		// Partition columns are always loaded: what was examined is counted by them. A
		// table that was loaded before and lacks a column is loaded whole.
		partition := i >= t.inFile && c.name != pathColumn
		if partition || now.has(c) || e.wanted.has(c) || t.loaded != nil && c.name != pathColumn || slices.Contains(timeFields, flowField(c.name)) {
			columns = append(columns, c)
		}
	}
	if len(columns) == 0 {
		columns = t.columns[:1]
	}
	loaded, err := e.load(ctx, t, columns)
	if err != nil {
		return nil, err
	}
	t.loaded = loaded
	return loaded, nil
}

// timeFields are loaded always, for the window; see timeColumn.
var timeFields = []string{"start"}

func (e *Engine) load(ctx context.Context, t *table, columns []column) (*load, error) {
	root, err := os.OpenRoot(filepath.Join(e.options.Case, "s3"))
	if err != nil {
		return nil, e.missing(t, t.folder(), err)
	}
	defer root.Close()
	list, err := e.list(t, root)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &loader{engine: e, table: t, root: root, list: list, columns: columns, ctx: ctx, free: make(chan *batch, 64)}
	e.mu.Lock()
	e.serial++
	name := fmt.Sprintf("loaded_%d", e.serial)
	e.loaders[name] = l
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		delete(e.loaders, name)
		e.mu.Unlock()
	}()
	if err := e.exec(ctx, t.createSQL(name, columns)); err != nil {
		return nil, err
	}
	l.start()
	insert := fmt.Sprintf("INSERT INTO scratch.main.%s SELECT * FROM %s(%s)", name, loadFunction, quoteString(name))
	_, err = e.db.ExecContext(ctx, insert)
	cancel()
	l.workers.Wait()
	if err == nil {
		err = l.outcome()
	}
	if err != nil {
		_, dropped := e.db.ExecContext(context.WithoutCancel(ctx), "DROP TABLE scratch.main."+name)
		return nil, fmt.Errorf("read the table %s: %w", t.def.Name, errors.Join(err, dropped))
	}
	return &load{name: name, columns: columns, rows: l.rows, bytes: l.bytes, gaps: l.gaps()}, nil
}

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

// query runs a query that this package wrote and gives its only row.
func (e *Engine) row(ctx context.Context, query string, into ...any) error {
	err := e.db.QueryRowContext(ctx, query).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s gave no row", query)
	}
	return err
}
