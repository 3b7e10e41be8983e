package duckdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// openParquet reads the description at the end of a file.
func openParquet(file io.ReaderAt, size int64) (opened *parquetFile, problem string) {
	start, end := make([]byte, min(size, 512)), make([]byte, 8)
	if _, err := file.ReadAt(start, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, short(err)
	}
	switch {
	case bytes.HasPrefix(start, []byte("PARE")):
		return nil, "it is encrypted Parquet"
	case !bytes.HasPrefix(start, []byte("PAR1")):
		return nil, "the table reads Parquet, and this is " + formatOf(start)
	case size < 12:
		return nil, "it breaks off in the middle (truncated Parquet)"
	}
	if _, err := file.ReadAt(end, size-8); err != nil {
		return nil, short(err)
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
		return nil, short(err)
	}
	opened = &parquetFile{file: file, size: size}
	if _, err := readThrift(description, &opened.meta); err != nil {
		return nil, fmt.Sprintf("its description %v (damaged Parquet)", err)
	}
	if err := opened.readSchema(); err != nil {
		return nil, fmt.Sprintf("its columns are not described well (damaged Parquet): %v", err)
	}
	return opened, ""
}

// parquetFile is a file whose description was read.
type parquetFile struct {
	file    io.ReaderAt
	size    int64
	meta    format.FileMetaData
	columns []*parquet.Column
	leaves  int

	gzip *gzip.Reader // made when they are needed
	zstd *zstd.Decoder
}

// readSchema has the package make sense of the columns, and of them alone: it is shown a
// file without rows.
func (f *parquetFile) readSchema() error {
	return guarded(func() error {
		var protocol thrift.CompactProtocol
		footer, err := thrift.Marshal(&protocol, &format.FileMetaData{Version: f.meta.Version, Schema: f.meta.Schema, RowGroups: []format.RowGroup{}})
		if err != nil {
			return err
		}
		file := append([]byte("PAR1"), footer...)
		file = append(binary.LittleEndian.AppendUint32(file, uint32(len(footer))), "PAR1"...)
		empty, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
		if err != nil {
			return err
		}
		f.columns = empty.Root().Columns()
		f.leaves = len(empty.Schema().Columns())
		for _, group := range f.meta.RowGroups {
			if len(group.Columns) != f.leaves {
				return fmt.Errorf("a row group has %d columns of %d", len(group.Columns), f.leaves)
			}
		}
		return nil
	})
}

// guarded turns a panic of the Parquet package, which damaged files can cause, into an
// error.
func guarded(f func() error) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%v", problem)
		}
	}()
	return f()
}
