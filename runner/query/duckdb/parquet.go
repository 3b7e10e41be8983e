package duckdb

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	parquetgo "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"playbook/runner/query/parquet"
)

// parquetReader reads a Parquet file into batches: only the columns that are wanted, a
// page of each at a time.
type parquetReader struct {
	fr      *fileReader
	columns []*parquetColumn
	witness *parquetColumn // log-status, or another when nothing is wanted: rows are counted, not believed
	missing []int          // places of columns that the file does not have
}

// parquetColumn is a column of the file that fills one of the batch.
type parquetColumn struct {
	place  int  // in the batch; -1 for none
	status bool // it is the log-status of flow logs
	leaves []*parquet.Leaf
	value  parquet.Value // of the row, of a plain column
	flat   *parquetPlain // of a plain column
	nested *parquetPart  // of another
	levels [][]parquet.Value
}

const (
	// parquetRows are read, column by column, before they are written.
	parquetRows = 16 << 10
)

// readParquet reads a file. What is wrong with it is in the report.
func (fr *fileReader) readParquet(file io.ReaderAt, size int64) {
	p := &parquetReader{fr: fr}
	start := make([]byte, 512)
	n, _ := file.ReadAt(start, 0)
	opened, problem := parquet.Open(file, size)
	if problem == parquet.NotParquet {
		problem = "the table reads Parquet, and this is " + formatOf(start[:n])
	}
	if problem == "" {
		if err := parquet.Guarded(func() error { problem = p.choose(opened); return nil }); err != nil {
			problem = "it is damaged Parquet: " + err.Error()
		}
	}
	if problem != "" {
		fr.report.add(true, "was left out: %s", problem)
		return
	}
	if !fr.flush() { // the batch has rows of this file alone, which damage undoes
		return
	}
	err := p.rows(opened)
	switch {
	case fr.loader.ctx.Err() != nil:
	case err != nil:
		fr.batch.reset()
		fr.since = 0
		fr.report.add(true, "is damaged: %v; %d rows before the damage were used", err, fr.report.rows)
		fr.report.used = fr.report.rows > 0
	default:
		fr.report.used = true
		if fr.report.rows == 0 {
			fr.report.add(false, "holds no records")
		}
	}
}

// choose finds the columns of the file that are wanted, by their names without regard to
// case ("Handle schema updates": Parquet is read by name), or by their places when the
// table says so.
func (p *parquetReader) choose(file *parquet.File) (problem string) {
	t, columns := p.fr.table, file.Columns
	byPlace := strings.EqualFold(t.def.SerDe.Properties["parquet.column.index.access"], "true")
	for i, place := range p.fr.from {
		status := i == t.fields.status
		if place < 0 && !status {
			continue
		}
		at := i
		if !byPlace {
			at = slices.IndexFunc(columns, func(c *parquetgo.Column) bool { return strings.EqualFold(c.Name(), t.columns[i].name) })
		}
		if at < 0 || at >= len(columns) {
			if other := t.renamed(i, columns); other != "" && !byPlace {
				return fmt.Sprintf("its column %s is called %s in the table, and columns of Parquet are found by their names: Athena gives NULL", visible([]byte(other), 60), t.columns[i].name)
			}
			if place >= 0 {
				p.missing = append(p.missing, place)
			}
			continue
		}
		c, err := newParquetColumn(&t.columns[i], columns[at])
		switch {
		case err != nil && place >= 0:
			return fmt.Sprintf("its column %s is %v, and the table's is %s: Athena fails with HIVE_BAD_DATA", t.columns[i].name, err, t.columns[i].athena)
		case err != nil:
			continue
		}
		c.place, c.status = place, status && t.columns[i].kind == text
		if place < 0 {
			p.witness = c
			continue
		}
		p.columns = append(p.columns, c)
	}
	switch {
	case len(p.columns) == 0 && len(p.missing) > 0:
		return "it has none of the columns that are asked for; it has " + columnNames(columns)
	case len(p.columns) == 0 && p.witness == nil:
		if p.witness = anyLeaf(columns); p.witness == nil {
			return "it has no columns"
		}
	}
	for _, place := range p.missing {
		p.fr.report.lacks(p.fr.loader.columns[place].name)
	}
	return ""
}

// anyLeaf is a column of the file's that rows can be counted by.
func anyLeaf(columns []*parquetgo.Column) *parquetColumn {
	for len(columns) > 0 && !columns[0].Leaf() {
		columns = columns[0].Columns()
	}
	if len(columns) == 0 {
		return nil
	}
	return &parquetColumn{place: -1, leaves: []*parquet.Leaf{{Column: columns[0]}}, levels: make([][]parquet.Value, 1)}
}

// renamed is the file's column that means the same field of flow logs as the table's,
// under another name.
func (t *table) renamed(i int, columns []*parquetgo.Column) string {
	field := flowField(t.columns[i].name)
	for _, c := range columns {
		if field != "" && t.fields.isFlow && flowField(c.Name()) == field {
			return c.Name()
		}
	}
	return ""
}

func columnNames(columns []*parquetgo.Column) string {
	var names []string
	for _, c := range columns {
		names = append(names, c.Name())
	}
	return visible([]byte(strings.Join(names, ", ")), 300)
}

// rows reads all rows.
func (p *parquetReader) rows(file *parquet.File) error {
	for number := range file.Meta.RowGroups {
		err := parquet.Guarded(func() error { return p.group(file, &file.Meta.RowGroups[number]) })
		if err != nil {
			return fmt.Errorf("row group %d, %w", number+1, err)
		}
		if p.fr.loader.ctx.Err() != nil {
			return nil
		}
	}
	return nil
}

func (p *parquetReader) group(file *parquet.File, group *format.RowGroup) error {
	all := p.columns
	if p.witness != nil {
		all = append(slices.Clone(all), p.witness)
	}
	for _, c := range all {
		for _, leaf := range c.leaves {
			if err := leaf.Open(file, &group.Columns[leaf.Column.Index()].MetaData); err != nil {
				return fmt.Errorf("column %s: %w", strings.Join(leaf.Column.Path(), "."), err)
			}
		}
	}
	fr := p.fr
	for rest := group.NumRows; rest > 0; {
		count := int(min(rest, parquetRows))
		if err := p.some(count); err != nil {
			return err
		}
		rest -= int64(count)
		fr.batch.rows += count
		fr.report.rows += int64(count)
		if !fr.flush() {
			return nil
		}
	}
	for _, c := range all {
		for _, leaf := range c.leaves {
			if _, err := leaf.Peek(); !errors.Is(err, io.EOF) {
				return errors.Join(fmt.Errorf("column %s: has more rows than the file says", strings.Join(leaf.Column.Path(), ".")), err)
			}
		}
	}
	return nil
}

// some reads so many rows into the batch.
func (p *parquetReader) some(count int) error {
	fr := p.fr
	for _, c := range p.columns {
		for range count {
			if err := c.row(fr); err != nil {
				return fmt.Errorf("column %s: %w", fr.loader.columns[c.place].name, err)
			}
		}
	}
	for range count {
		if p.witness == nil {
			break
		}
		if err := p.witness.read(fr); err != nil {
			return err
		}
	}
	for _, place := range p.missing {
		for range count {
			fr.putNull(place)
		}
	}
	for _, c := range fr.odd {
		for range count {
			fr.put(c.place, c.value, nil)
		}
	}
	return nil
}

// row adds the next row's value to the batch.
func (c *parquetColumn) row(fr *fileReader) error {
	if err := c.read(fr); err != nil {
		return err
	}
	column, cells := &fr.loader.columns[c.place], &fr.batch.columns[c.place]
	if c.flat != nil {
		if problem := c.flat.add(cells, column, &c.value); problem != "" {
			fr.report.line("rows have a value in "+column.name+" that "+problem, []byte(c.value.String()))
		}
		return nil
	}
	value, ok := c.nested.value(c.levels)
	if !ok {
		fr.report.line("rows have a value in "+column.name+" that is no "+column.athena, []byte(fmt.Sprint(value)))
	}
	cells.addValue(value)
	return nil
}

// read goes on to the next row.
func (c *parquetColumn) read(fr *fileReader) (err error) {
	if c.flat == nil {
		for i, leaf := range c.leaves {
			if c.levels[i], err = leaf.Row(c.levels[i][:0]); err != nil {
				return err
			}
		}
		return nil
	}
	if c.value, err = c.leaves[0].Next(); err != nil {
		return err
	}
	if c.value.Repetition != 0 {
		return errors.New("has several values in a row")
	}
	if c.status && string(c.value.Bytes) == "SKIPDATA" {
		fr.report.skipped++
	}
	return nil
}
