package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	driverpkg "github.com/duckdb/duckdb-go/v2"

	"playbook/runner/query/trino"
	"playbook/steps"
)

const engineName = "duckdb"

// noRows is what a statement gives that defines something.
type noRows struct{}

func (noRows) Columns() []steps.Column { return nil }
func (noRows) Next() ([]any, error)    { return nil, io.EOF }
func (noRows) Stats() steps.QueryStats { return steps.QueryStats{Engine: engineName} }
func (noRows) Close() error            { return nil }

// rows is the answer of a query.
type rows struct {
	ctx     context.Context // of the query, to tell an interruption from a mistake
	query   *selection
	pages   pages
	page    *sql.Rows
	columns []steps.Column
	stats   steps.QueryStats
	into    []any // pointers to values
	values  []any
	cancel  func()
}

func newRows(q *selection, parts pages, stats steps.QueryStats) (*rows, error) {
	r := &rows{query: q, pages: parts, stats: stats}
	var err error
	if r.page, err = parts.next(); err != nil {
		return nil, err
	}
	kinds, err := r.page.ColumnTypes()
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	r.into, r.values = make([]any, len(kinds)), make([]any, len(kinds))
	for i := range kinds {
		r.columns = append(r.columns, steps.Column{Name: q.Columns[i].Name, Type: q.Columns[i].Type.Shown()})
		r.into[i] = &r.values[i]
	}
	return r, nil
}

func (r *rows) Columns() []steps.Column { return r.columns }

func (r *rows) Next() ([]any, error) {
	for !r.page.Next() {
		err := r.page.Err()
		if err == nil {
			err = r.turn()
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		case err != nil && r.ctx.Err() != nil:
			return nil, interrupted(r.ctx)
		case err != nil:
			return nil, inOurWords(r.query.statement, err)
		}
	}
	if err := r.page.Scan(r.into...); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	row := make([]any, len(r.values))
	for i, value := range r.values {
		row[i] = plainValue(value, r.query.Columns[i].Type)
	}
	return row, nil
}

// turn goes on to the next page.
func (r *rows) turn() error {
	next, err := r.pages.next()
	switch {
	case err != nil:
		return err
	case next == nil:
		return io.EOF
	}
	err = r.page.Close()
	r.page = next
	return err
}

func interrupted(ctx context.Context) error {
	return fmt.Errorf("the query was interrupted: %w", context.Cause(ctx))
}

func (r *rows) Stats() steps.QueryStats { return r.stats }

func (r *rows) Close() error {
	defer r.cancel()
	return errors.Join(r.page.Close(), r.pages.close())
}

// plainValue turns a value of the driver's into one that steps.Rows promises.
func plainValue(value any, typ trino.Type) any {
	switch value := value.(type) {
	case nil:
		return nil
	case driverpkg.Decimal:
		return value.Float64()
	case driverpkg.Interval:
		if typ.Name == "interval year to month" {
			return trino.MonthText(int64(value.Months))
		}
		return trino.DayText(int64(value.Months)*30*86400000 + int64(value.Days)*86400000 + value.Micros/1000)
	case driverpkg.UUID:
		return value.String()
	case time.Time:
		switch typ.Name {
		case "timestamp with time zone":
			return value.In(typ.Location())
		case "time":
			return value.UTC().Format("15:04:05.000000")[:8+fraction(typ.P)]
		}
		return value
	case []byte:
		if typ.Name == "ipaddress" {
			return trino.IPText(value)
		}
	case []any:
		list := make([]any, len(value))
		for i := range value {
			list[i] = plainValue(value[i], inside(typ, 0))
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(value))
		for i, field := range typ.Args {
			name := typ.Field(i)
			m[name] = plainValue(value[name], field)
		}
		return m
	case driverpkg.OrderedMap:
		m := map[string]any{}
		for i, key := range value.Keys() {
			m[fmt.Sprint(plainValue(key, inside(typ, 0)))] = plainValue(value.Values()[i], inside(typ, 1))
		}
		return m
	}
	return steps.Plain(value)
}

func inside(typ trino.Type, i int) trino.Type {
	if i < len(typ.Args) {
		return typ.Args[i]
	}
	return trino.Type{}
}

// fraction is how many characters the digits behind the seconds take, with the point.
func fraction(digits int) int {
	if digits == 0 {
		return 0
	}
	return digits + 1
}
