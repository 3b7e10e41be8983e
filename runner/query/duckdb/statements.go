package duckdb

import (
	"context"
	"io"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

// Query runs one statement of Athena SQL. Statements that define something yield no
// columns and no rows.
func (e *Engine) Query(ctx context.Context, statement string) (steps.Rows, error) {
	s, mistakes := dialect.Parse(statement)
	if len(mistakes) > 0 {
		return nil, dialectError(statement, mistakes)
	}
	return e.run(ctx, s)
}

// run runs a statement that has been read. It is the gate for classes: what is not
// listed here does not run, whatever it is.
func (e *Engine) run(ctx context.Context, s *dialect.Statement) (steps.Rows, error) {
	switch s.Class {
	case dialect.Select:
		return e.runSelect(ctx, s)
	case dialect.CreateTable:
		return done(e.createTable(ctx, s))
	case dialect.CreateTableAs:
		return e.createTableAs(ctx, s)
	case dialect.Insert:
		return e.insert(ctx, s)
	case dialect.CreateView:
		return done(e.createView(ctx, s))
	case dialect.CreateDatabase:
		return done(e.createDatabase(s))
	case dialect.AlterAddPartition:
		return e.addPartitions(s)
	case dialect.AlterDropPartition:
		return e.dropPartitions(s)
	case dialect.MsckRepair:
		return e.repair(s)
	case dialect.Drop:
		return done(e.drop(ctx, s))
	case dialect.Show, dialect.Describe:
		return e.showCatalog(s)
	case dialect.Prepare:
		return done(e.prepare(s))
	case dialect.Execute:
		return e.execute(ctx, s)
	case dialect.Deallocate:
		return done(e.deallocate(s))
	}
	reason := s.Class.Rule().Refused
	if reason == "" {
		reason = "it is not supported here"
	}
	return nil, mistake(s.Source, s.Span.Start, "%s cannot run on a case: %s", s.Class, reason)
}

func done(err error) (steps.Rows, error) {
	if err != nil {
		return nil, err
	}
	return noRows{}, nil
}

// listed is an answer that is made of the catalog, and not of files. A statement that
// defines something has one without columns when it has a gap to tell of.
type listed struct {
	columns []steps.Column
	rows    [][]any
	quality steps.Quality
}

// newListed makes an answer. Its columns have the names that Athena gives them.
func newListed(columns []steps.Column, rows [][]any) *listed {
	return &listed{columns: columns, rows: rows, quality: steps.Quality{Examined: 1, Unit: "statement"}}
}

func textColumns(names ...string) []steps.Column {
	columns := make([]steps.Column, len(names))
	for i, name := range names {
		columns[i] = steps.Column{Name: name, Type: "string"}
	}
	return columns
}

func (l *listed) Columns() []steps.Column { return l.columns }

func (l *listed) Next() ([]any, error) {
	if len(l.rows) == 0 {
		return nil, io.EOF
	}
	row := l.rows[0]
	l.rows = l.rows[1:]
	return row, nil
}

func (l *listed) Stats() steps.QueryStats {
	return steps.QueryStats{Engine: engineName, Quality: l.quality}
}

func (l *listed) Close() error { return nil }
