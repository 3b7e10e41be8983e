// Package parquet reads Parquet files that may be damaged or made to harm: no length in
// them is believed, nothing is unfolded past a bound, and every read ends.
//
// The description of a file and its schema are those of github.com/parquet-go/parquet-go.
// Pages are read here: that module's reader can loop without end on a damaged page, and
// makes room for lists as long as a damaged file claims.
package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	parquetgo "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// maxPage is far more than writers put into a page (1 MiB is usual): more is a
	// damaged size or a trap, and would be held in memory.
	maxPage       = 256 << 20
	maxPageHeader = 1 << 20
	// maxPageValues bounds what a page of a few bytes can be unfolded to: runs of one
	// value are stored as their length.
	maxPageValues = 16 << 20
	// maxFooter bounds the description of a file.
	maxFooter = 64 << 20
	// maxRowValues bounds one value of a nested column.
	maxRowValues = 1 << 20
)

// NotParquet is the problem of a file that does not begin as Parquet does.
const NotParquet = "it is no Parquet"

// Open reads the description at the end of a file. The problem is "" when it could.
func Open(file io.ReaderAt, size int64) (opened *File, problem string) {
	start, end := make([]byte, min(size, 4)), make([]byte, 8)
	if _, err := file.ReadAt(start, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err.Error()
	}
	switch {
	case bytes.HasPrefix(start, []byte("PARE")):
		return nil, "it is encrypted Parquet"
	case !bytes.HasPrefix(start, []byte("PAR1")):
		return nil, NotParquet
	case size < 12:
		return nil, "it breaks off in the middle (truncated Parquet)"
	}
	if _, err := file.ReadAt(end, size-8); err != nil {
		return nil, err.Error()
	}
	footer := int64(end[0]) | int64(end[1])<<8 | int64(end[2])<<16 | int64(end[3])<<24
	switch {
	case !bytes.Equal(end[4:], []byte("PAR1")) && !bytes.Equal(end[4:], []byte("PARE")):
		return nil, "it breaks off in the middle (truncated Parquet: its end, where its columns are described, is not there)"
	case footer > size-12 || footer > maxFooter:
		return nil, fmt.Sprintf("its description would be %d bytes long (damaged Parquet)", footer)
	}
	description := make([]byte, footer)
	if _, err := file.ReadAt(description, size-8-footer); err != nil {
		return nil, err.Error()
	}
	opened = &File{file: file, size: size}
	if _, err := readThrift(description, &opened.Meta); err != nil {
		return nil, fmt.Sprintf("its description %v (damaged Parquet)", err)
	}
	if err := opened.readSchema(); err != nil {
		return nil, fmt.Sprintf("its columns are not described well (damaged Parquet): %v", err)
	}
	return opened, ""
}

// File is a file whose description was read.
type File struct {
	file io.ReaderAt
	size int64

	Meta    format.FileMetaData
	Columns []*parquetgo.Column
	leaves  int

	gzip *gzip.Reader // made when they are needed
	zstd *zstd.Decoder
}

// readSchema has the package make sense of the columns, and of them alone: it is shown a
// file without rows.
func (f *File) readSchema() error {
	return Guarded(func() error {
		var protocol thrift.CompactProtocol
		footer, err := thrift.Marshal(&protocol, &format.FileMetaData{Version: f.Meta.Version, Schema: f.Meta.Schema, RowGroups: []format.RowGroup{}})
		if err != nil {
			return err
		}
		file := append([]byte("PAR1"), footer...)
		file = append(binary.LittleEndian.AppendUint32(file, uint32(len(footer))), "PAR1"...)
		empty, err := parquetgo.OpenFile(bytes.NewReader(file), int64(len(file)), parquetgo.SkipPageIndex(true), parquetgo.SkipBloomFilters(true))
		if err != nil {
			return err
		}
		f.Columns = empty.Root().Columns()
		f.leaves = len(empty.Schema().Columns())
		for _, group := range f.Meta.RowGroups {
			if len(group.Columns) != f.leaves {
				return fmt.Errorf("a row group has %d columns of %d", len(group.Columns), f.leaves)
			}
		}
		return nil
	})
}

// Guarded turns a panic of the Parquet package, which damaged files can cause, into an
// error.
func Guarded(f func() error) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%v", problem)
		}
	}()
	return f()
}
