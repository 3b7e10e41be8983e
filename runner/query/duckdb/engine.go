// Package duckdb runs Athena SQL on a case folder with DuckDB, inside the process.
//
// It is for queries on evidence: tables are made of the files under s3/ in the case,
// read once by Go code into a scratch database. It is not a way to reach DuckDB: a
// statement passes a gate of its own (see statements.go, and package trino) before DuckDB
// sees it, and DuckDB is locked so that no statement could read a file or reach the network (see
// sandbox.go). Where Trino, which Athena runs, and DuckDB differ in meaning, a
// statement is rewritten so that it means what it means in Athena (see package trino).
package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

// Options say what the engine may read and how much of the machine it may use.
type Options struct {
	Case       string    // folder that holds s3/<bucket>/<key…>; never written to
	Scratch    string    // existing empty folder for the scratch database, which spills there
	Cache      string    // folder that keeps what was read for other runs, made when needed; "" for none
	Memory     int64     // bytes; 0 is 1 GiB
	Threads    int       // 0 is one for each CPU
	Now        time.Time // what current_timestamp and NOW of partition projection are
	Window     steps.Window
	Statements []string       // what will be asked, holes included: tells which columns to load
	Progress   func(Progress) // called while files are read, by one goroutine a table; may be nil
}

// Engine is one scratch database over one case. It is safe for concurrent use.
type Engine struct {
	options Options
	db      *sql.DB
	wanted  wanted
	room    atomic.Int64 // for parts of stores in memory
	whole   bool         // scans are not narrowed, for tests

	mu        sync.Mutex // guards the catalog and what follows
	tables    map[string]*table
	views     map[string]*view
	databases map[string]bool // that CREATE DATABASE made
	prepared  map[string]*dialect.Statement
	serial    int
	loads     map[string]*load
	counts    map[string]seen
}

const defaultMemory = 1 << 30

// Open starts an engine. The case is not read before a query asks for it.
func Open(ctx context.Context, options Options) (*Engine, error) {
	if options.Memory <= 0 {
		options.Memory = defaultMemory
	}
	if options.Threads <= 0 {
		options.Threads = runtime.GOMAXPROCS(0)
	}
	if stat, err := os.Stat(options.Scratch); err != nil || !stat.IsDir() {
		return nil, fmt.Errorf("start the query engine: the scratch folder %q: %w", options.Scratch, errors.Join(err, notFolder(stat)))
	}
	e := &Engine{options: options, tables: map[string]*table{}, views: map[string]*view{},
		databases: map[string]bool{}, prepared: map[string]*dialect.Statement{},
		loads: map[string]*load{}, counts: map[string]seen{}, wanted: wantedBy(options.Statements)}
	e.room.Store(options.Memory / 8)
	if err := e.openDatabase(ctx); err != nil {
		return nil, fmt.Errorf("start the query engine: %w", errors.Join(err, e.Close()))
	}
	return e, nil
}

func notFolder(stat os.FileInfo) error {
	if stat != nil && !stat.IsDir() {
		return errors.New("is not a folder")
	}
	return nil
}

// Close stops the engine and removes what it wrote to the scratch folder.
func (e *Engine) Close() error {
	var errs []error
	if e.db != nil {
		errs = append(errs, e.db.Close())
	}
	for _, l := range e.loads {
		errs = append(errs, l.store.close())
	}
	for _, name := range []string{scratchFile, scratchFile + ".wal", spillFolder} {
		errs = append(errs, os.RemoveAll(filepath.Join(e.options.Scratch, name)))
	}
	return errors.Join(errs...)
}
