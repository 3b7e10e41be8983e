package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	driverpkg "github.com/duckdb/duckdb-go/v2"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

// load is a table's files as they were read: some or all of its columns, in a store.
type load struct {
	name    string // of the view in scratch.main that queries see
	columns []column
	types   []driverpkg.TypeInfo // of the columns
	store   *store
	batches []stored
	rows    int64
	bytes   int64 // of the files
	gaps    []steps.Gap
	reading steps.Reading

	verdicts *sync.Map // of batches, by list of choices: []atomicVerdict
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
		if s == nil || !s.HasQuery() {
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
		// Partition columns are always loaded, and the time of records: what was examined
		// is counted by them. A table that was loaded before and lacks a column is loaded whole.
		partition := i >= t.inFile && c.name != pathColumn
		if partition || now.has(c) || e.wanted.has(c) || t.loaded != nil && c.name != pathColumn || t.isClock(c) {
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
	e.mu.Lock()
	e.serial++
	made := &load{name: fmt.Sprintf("loaded_%d", e.serial), columns: columns, verdicts: &sync.Map{}}
	e.mu.Unlock()
	for _, c := range columns {
		kind, err := c.typeInfo()
		if err != nil {
			return nil, fmt.Errorf("read the table %s: column %s: %w", t.def.Name, c.name, err)
		}
		made.types = append(made.types, kind)
	}
	l := &loader{engine: e, table: t, root: root, list: list, columns: columns, ctx: ctx}
	f := l.recall()
	if f != nil {
		made.batches, l.readings = f.Batches, f.readings(list.files)
		l.rows.Store(f.Rows)
	} else if made.batches, err = l.read(made.name); err != nil {
		return nil, fmt.Errorf("read the table %s: %w", t.def.Name, err)
	}
	made.store, made.gaps, made.rows = l.store, l.gaps(), l.rows.Load()
	for _, file := range list.files {
		made.bytes += file.size
	}
	made.reading = l.reading(made.gaps)
	if err := e.show(ctx, made); err != nil {
		return made, err
	}
	if f != nil {
		made.reading.Cached, made.reading.From, made.reading.To = true, f.From, f.To
		return made, nil
	}
	if err := e.times(ctx, t, made); err != nil {
		return made, err
	}
	_ = l.keep(made) // when it fails, the next run reads the logs again
	return made, nil
}

// read makes a store of the files.
func (l *loader) read(name string) ([]stored, error) {
	file, err := os.OpenFile(filepath.Join(l.engine.options.Scratch, name+storeSuffix), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	l.store = &store{file: file, scratch: true, room: &l.engine.room}
	if err = l.run(); err == nil {
		err = outcome(l.readings)
	}
	if err != nil {
		return nil, errors.Join(err, l.store.close())
	}
	return l.batches(), nil
}

// show lets queries see a load. The view has the load's name; where values are slow to
// hand over, it is a table into which DuckDB has copied them once.
func (e *Engine) show(ctx context.Context, made *load) error {
	e.mu.Lock()
	e.loads[made.name] = made
	e.mu.Unlock()
	kind, function := "VIEW", made.scan(nil)
	if made.isSlow() {
		kind, function = "TABLE", slowFunction+"("+quoteString(made.name)+")"
	}
	return e.exec(ctx, fmt.Sprintf("CREATE %s scratch.main.%s AS SELECT * FROM %s", kind, made.name, function))
}

// row runs a query that this package wrote and gives its only row.
func (e *Engine) row(ctx context.Context, query string, into ...any) error {
	err := e.db.QueryRowContext(ctx, query).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s gave no row", query)
	}
	return err
}
