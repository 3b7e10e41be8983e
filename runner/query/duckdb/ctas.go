package duckdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"playbook/playbooks/dialect"
	"playbook/runner/query/trino"
	"playbook/steps"
)

// maxPartitions is how many partitions Athena writes with one statement ("CREATE TABLE
// AS", "INSERT INTO").
const maxPartitions = 100

// filling is the query of CREATE TABLE AS or INSERT INTO, with what it read.
type filling struct {
	*selection
	loads   map[*table]*load
	quality steps.Quality
}

// filling understands the query of a statement.
func (e *Engine) filling(ctx context.Context, s *dialect.Statement) (*filling, error) {
	q, _, err := e.understand(s)
	if err != nil {
		return nil, err
	}
	return &filling{selection: q}, e.check(ctx, q)
}

// read reads the tables of the query.
func (f *filling) read(ctx context.Context, e *Engine) (err error) {
	f.loads = map[*table]*load{}
	for _, t := range f.tables {
		if f.loads[t], err = e.ensure(ctx, t, f.wanted); err != nil {
			return err
		}
	}
	f.quality, err = e.quality(ctx, f.selection, f.loads)
	return err
}

// createTableAs fills a table of the scratch database with what a query gives. What the
// properties say of files, there is no file for; what they say of columns is kept.
func (e *Engine) createTableAs(ctx context.Context, s *dialect.Statement) (steps.Rows, error) {
	f := s.Filled
	key := catalogKey(f.Database, f.Name)
	e.mu.Lock()
	exists, isView := e.tables[key] != nil, e.views[key] != nil
	e.mu.Unlock()
	switch {
	case isView:
		return nil, mistake(s.Source, f.Offset, "there is a view of the name %s; DROP VIEW %s first", f.Name, f.Name)
	case exists && f.IfNotExists:
		return noRows{}, nil
	case exists:
		return nil, mistake(s.Source, f.Offset, "the table %s exists; say IF NOT EXISTS, or DROP TABLE %s first", f.Name, f.Name)
	}
	filled, err := e.filling(ctx, s)
	if err != nil {
		return nil, err
	}
	t, err := newMade(s, filled.selection)
	if err != nil {
		return nil, err
	}
	t.key = key
	if !f.NoData {
		if err := filled.read(ctx, e); err != nil {
			return nil, err
		}
	}
	if err := e.materialize(ctx, s, t, filled); err != nil {
		return nil, errors.Join(err, e.discard(context.WithoutCancel(ctx), t))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tables[key] = t
	return &listed{quality: filled.quality}, nil
}

// newMade defines the table, with the types that a table of Athena's would have.
func newMade(s *dialect.Statement, q *selection) (*table, error) {
	f := s.Filled
	if err := q.named("the table "+f.Name, s); err != nil {
		return nil, err
	}
	def := &dialect.Table{Database: f.Database, Name: f.Name, External: true, StoredAs: "PARQUET", SerDe: dialect.SerDe{Class: dialect.Parquet}}
	t := &table{def: def, made: &made{}}
	for _, c := range q.Columns {
		name := strings.ToLower(c.Name)
		hive, ok := dialect.TypeOf(c.Type.String())
		switch {
		case name == pathColumn:
			return nil, mistake(s.Source, s.Body.Start, "a column cannot be called %s; name it with AS", name)
		case !ok:
			return nil, mistake(s.Source, s.Body.Start, "the column %s is %s, which a table of Athena's cannot hold; CAST it to another type", name, spoken(c.Type))
		}
		made, err := newColumn(name, hive)
		typ, known := trino.OfHive(hive)
		if err != nil || !known {
			return nil, mistake(s.Source, s.Body.Start, "the column %s: the type %s is not supported on a case", name, hive)
		}
		made.typ = &typ
		t.columns = append(t.columns, made)
		def.Columns = append(def.Columns, dialect.Column{Name: name, Type: hive})
	}
	t.inFile = len(t.columns)
	t.columns = append(t.columns, column{name: pathColumn, kind: text, athena: "varchar", typ: &trino.Varchar})
	if err := t.setProperties(s); err != nil {
		return nil, err
	}
	t.fields = newFlowFields(t.columns[:t.inFile])
	return t, nil
}

// spoken is a type in a message.
func spoken(t trino.Type) string {
	if t.Name == "unknown" {
		return "NULL without a type"
	}
	return t.String()
}

// setProperties reads WITH (…) ("CREATE TABLE AS"). dialect.Lint knows the names and what
// each takes.
func (t *table) setProperties(s *dialect.Statement) error {
	if mistakes := dialect.Lint(s); len(mistakes) > 0 {
		return dialectError(s.Source, mistakes)
	}
	for _, p := range s.Filled.Properties {
		switch p.Name {
		case "table_type":
			if strings.EqualFold(p.Values[0], "ICEBERG") {
				return mistake(s.Source, p.Value, "Iceberg tables are not supported on a case; leave table_type out")
			}
		case "external_location", "location":
			t.def.Location = p.Values[0]
		case "format":
			t.setFormat(strings.ToUpper(p.Values[0]))
		case "partitioned_by":
			if err := t.partitionBy(s, p); err != nil {
				return err
			}
		case "partitioning":
			return mistake(s.Source, p.Offset, "partitioning is for Iceberg tables; write partitioned_by")
		case "bucketed_by":
			for _, name := range p.Values {
				if _, ok := t.column(name); !ok {
					return mistake(s.Source, p.Value, "bucketed_by names %s, which is no column of the query", name)
				}
				t.def.BucketedBy = append(t.def.BucketedBy, strings.ToLower(name))
			}
		case "bucket_count":
			t.def.Buckets, _ = strconv.Atoi(p.Values[0])
		}
	}
	return nil
}

func (t *table) setFormat(format string) {
	classes := map[string]dialect.SerDeClass{"ORC": dialect.ORC, "PARQUET": dialect.Parquet, "AVRO": dialect.Avro, "ION": dialect.Ion,
		"JSON": dialect.HiveJSON, "TEXTFILE": dialect.LazySimple}
	t.def.StoredAs, t.def.SerDe.Class = format, classes[format]
	if format == "JSON" {
		t.def.StoredAs = "TEXTFILE"
	}
}

// partitionBy makes partition columns of the last columns.
func (t *table) partitionBy(s *dialect.Statement, p dialect.Property) error {
	names := make([]string, len(p.Values))
	for i, name := range p.Values {
		names[i] = strings.ToLower(name)
		if _, ok := t.column(names[i]); !ok {
			return mistake(s.Source, p.Value, "partitioned_by names %s, which is no column of the query", name)
		}
	}
	at := t.inFile - len(names)
	if at < 1 {
		return mistake(s.Source, p.Value, "a table has at least one column that is no partition column")
	}
	for i, name := range names {
		c := t.columns[at+i]
		if c.name != name {
			return mistake(s.Source, p.Value, "the partition columns %s have to be the last columns of the query, in this order", strings.Join(names, ", "))
		}
		if c.kind == nested {
			return mistake(s.Source, p.Value, "the partition column %s cannot be %s", name, c.athena)
		}
	}
	t.inFile = at
	t.def.Columns, t.def.Partitions = t.def.Columns[:at:at], t.def.Columns[at:]
	return nil
}

// materialize makes the scratch table and fills it.
func (e *Engine) materialize(ctx context.Context, s *dialect.Statement, t *table, f *filling) error {
	e.mu.Lock()
	e.serial++
	t.loaded = &load{name: fmt.Sprintf("made_%d", e.serial), columns: t.columns}
	t.declared = fmt.Sprintf("declared_%d", e.serial)
	e.mu.Unlock()
	columns := t.columns[:len(t.columns)-1]
	if err := e.exec(ctx, t.createSQL(t.declared, columns), t.createSQL(t.loaded.name, columns)); err != nil {
		return err
	}
	if s.Filled.NoData {
		return nil
	}
	all := make([]int, len(columns))
	for i := range all {
		all[i] = i
	}
	if err := e.pour(ctx, t, f, all); err != nil {
		return err
	}
	return e.limitPartitions(ctx, s, t)
}

// pour adds what a query gives to a table; at tells for each column of the query which
// column of the table it is for. The caller holds t.mu, or alone knows the table.
func (e *Engine) pour(ctx context.Context, t *table, f *filling, at []int) error {
	poured := *t.loaded
	names, from, values := make([]string, len(at)), make([]string, len(at)), make([]string, len(at))
	for i, column := range at {
		c := t.columns[column]
		names[i], from[i] = quoteName(c.name), fmt.Sprintf("c%d", i)
		values[i] = fmt.Sprintf("CAST(%s AS %s)", from[i], c.sqlType())
	}
	sql := e.placed(f.selection, func(t *table, among [][]trino.Choice) (string, bool) { return e.from(f.loads[t], among) })
	_, err := e.db.ExecContext(ctx, fmt.Sprintf("INSERT INTO scratch.main.%s (%s) SELECT %s FROM (%s) AS a(%s)",
		poured.name, strings.Join(names, ", "), strings.Join(values, ", "), sql, strings.Join(from, ", ")))
	if err == nil {
		err = e.row(ctx, "SELECT count(*) FROM scratch.main."+poured.name, &poured.rows)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return interrupted(ctx)
	case err != nil:
		return inOurWords(f.statement, err)
	}
	t.loaded = &poured
	t.made.origins = append(slices.Clip(t.made.origins), e.origin(f, t, at))
	return nil
}

// limitPartitions refuses what Athena would: more partitions than it writes at once.
func (e *Engine) limitPartitions(ctx context.Context, s *dialect.Statement, t *table) error {
	partitions := t.partitions()
	if len(partitions) == 0 {
		return nil
	}
	names := make([]string, len(partitions))
	for i, c := range partitions {
		names[i] = quoteName(c.name)
	}
	var count int
	sql := fmt.Sprintf("SELECT count(*) FROM (SELECT DISTINCT %s FROM scratch.main.%s)", strings.Join(names, ", "), t.loaded.name)
	if err := e.row(ctx, sql, &count); err != nil {
		return err
	}
	if count > maxPartitions {
		return mistake(s.Source, s.Filled.Offset, "the query gives %d partitions, and Athena writes at most %d with one statement; partition by less", count, maxPartitions)
	}
	return nil
}
