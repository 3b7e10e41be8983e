package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// pages are the parts of an answer, in order. DuckDB's driver holds an answer whole, and
// outside the memory limit; one that may be large is put into the scratch database,
// which spills, and read from there in parts.
type pages struct {
	next  func() (*sql.Rows, error) // nil rows behind the last
	close func() error
}

const (
	// smallAnswer is how many rows are handed out as one part.
	smallAnswer = 100_000
	pageRows    = 50_000
)

// answer runs a query that was written by this package.
func (e *Engine) answer(ctx context.Context, q *selection, query string, loads map[*table]*load) (pages, error) {
	var rows int64
	for _, l := range loads {
		rows += l.rows
	}
	if rows <= smallAnswer || q.Limit >= 0 && q.Limit <= smallAnswer {
		first, err := e.db.QueryContext(ctx, query)
		return pages{
			next: func() (*sql.Rows, error) {
				page := first
				first = nil
				return page, nil
			},
			close: func() error { return nil },
		}, err
	}
	return e.spool(ctx, q, query)
}

func (e *Engine) spool(ctx context.Context, q *selection, query string) (pages, error) {
	e.mu.Lock()
	e.serial++
	name := fmt.Sprintf("scratch.main.answer_%d", e.serial)
	e.mu.Unlock()
	names := make([]string, len(q.Columns)) // of their own: an answer may have a name twice
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	create := fmt.Sprintf("CREATE TABLE %s AS SELECT * FROM (%s) AS a(%s)", name, query, strings.Join(names, ", "))
	if _, err := e.db.ExecContext(ctx, create); err != nil {
		return pages{}, err
	}
	from, done := 0, false
	var total int
	if err := e.row(ctx, "SELECT count(*) FROM "+name, &total); err != nil {
		return pages{}, err
	}
	return pages{
		next: func() (*sql.Rows, error) {
			if done {
				return nil, nil
			}
			page, err := e.db.QueryContext(ctx, fmt.Sprintf("SELECT * FROM %s WHERE rowid >= %d AND rowid < %d", name, from, from+pageRows))
			from += pageRows
			done = from >= total
			return page, err
		},
		close: func() error {
			_, err := e.db.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+name)
			return err
		},
	}, nil
}
