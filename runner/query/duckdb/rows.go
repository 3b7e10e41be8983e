package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	driverpkg "github.com/duckdb/duckdb-go/v2"

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
	query   *query
	pages   pages
	page    *sql.Rows
	columns []steps.Column
	stats   steps.QueryStats
	into    []any // pointers to values
	values  []any
	cancel  func()
}

func newRows(q *query, parts pages, stats steps.QueryStats) (*rows, error) {
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
	for i, kind := range kinds {
		r.columns = append(r.columns, steps.Column{Name: q.columns[i], Type: athenaType(kind.DatabaseTypeName())})
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
			return nil, inOurWords(r.query, err)
		}
	}
	if err := r.page.Scan(r.into...); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	row := make([]any, len(r.values))
	for i, value := range r.values {
		row[i] = plainValue(value)
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
func plainValue(value any) any {
	switch value := value.(type) {
	case driverpkg.Decimal:
		return value.Float64()
	case *big.Int:
		return steps.Plain(value)
	case driverpkg.Interval:
		return intervalText(value)
	case driverpkg.UUID:
		return value.String()
	case []any:
		list := make([]any, len(value))
		for i := range value {
			list[i] = plainValue(value[i])
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(value))
		for key := range value {
			m[key] = plainValue(value[key])
		}
		return m
	case driverpkg.OrderedMap:
		m := map[string]any{}
		for i, key := range value.Keys() {
			m[fmt.Sprint(key)] = plainValue(value.Values()[i])
		}
		return m
	}
	return steps.Plain(value)
}

// intervalText writes an interval as Athena does: 1-2 for years and months, 3
// 04:05:06.000 for days and less.
func intervalText(i driverpkg.Interval) string {
	if i.Months != 0 {
		return fmt.Sprintf("%d-%d", i.Months/12, i.Months%12)
	}
	sign, micros := "", int64(i.Days)*86400e6+i.Micros
	if micros < 0 {
		sign, micros = "-", -micros
	}
	millis := micros / 1000
	return fmt.Sprintf("%s%d %02d:%02d:%02d.%03d", sign, millis/86400000, millis/3600000%24, millis/60000%60, millis/1000%60, millis%1000)
}

var athenaTypes = map[string]string{"VARCHAR": "varchar", "TINYINT": "tinyint", "SMALLINT": "smallint", "INTEGER": "integer",
	"BIGINT": "bigint", "HUGEINT": "bigint", "FLOAT": "real", "DOUBLE": "double", "BOOLEAN": "boolean", "DATE": "date",
	"TIME": "time(3)", "TIMESTAMP": "timestamp(3)", "TIMESTAMPTZ": "timestamp(3) with time zone",
	"TIMESTAMP WITH TIME ZONE": "timestamp(3) with time zone", "INTERVAL": "interval day to second", "SQLNULL": "unknown",
	"NULL": "unknown", `"NULL"`: "unknown", "BLOB": "varbinary"}

// athenaType is Athena's name of a type of DuckDB's.
func athenaType(name string) string {
	if element, ok := strings.CutSuffix(name, "[]"); ok {
		return "array(" + athenaType(element) + ")"
	}
	if known, ok := athenaTypes[name]; ok {
		return known
	}
	return strings.ToLower(name)
}
