package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

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

// row runs a query that this package wrote and gives its only row.
func (e *Engine) row(ctx context.Context, query string, into ...any) error {
	err := e.db.QueryRowContext(ctx, query).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s gave no row", query)
	}
	return err
}
