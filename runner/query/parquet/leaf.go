package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	parquetgo "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// plainDictionary is the former name of RLE_DICTIONARY, which old files have.
const plainDictionary format.Encoding = 2

// Leaf reads the values of one column of a file, a page at a time.
type Leaf struct {
	Column *parquetgo.Column
	file   *File
	at     int64 // of the next page
	end    int64
	left   int64 // values that are still to come
	codec  format.CompressionCodec

	dictionary  *pageValues
	repetition  []uint8 // of the page; nil when all are 0
	definition  []uint8 // of the page; nil when all are the highest
	values      *pageValues
	indexes     []uint32 // into the dictionary; nil when the values stand in the page
	i, n, value int      // the next entry, entries, the next value
}

// Value is a value with the levels that tell where it stands.
type Value struct {
	Repetition, Definition int
	Null                   bool
	Int                    int64
	Float                  float64
	Bytes                  []byte // as long as the page is
}

func (v Value) String() string {
	switch {
	case v.Bytes != nil:
		return string(v.Bytes)
	case v.Float != 0:
		return fmt.Sprint(v.Float)
	}
	return fmt.Sprint(v.Int)
}

// Open begins a row group.
func (l *Leaf) Open(file *File, chunk *format.ColumnMetaData) error {
	column := l.Column
	*l = Leaf{Column: column, file: file, at: chunk.DataPageOffset, left: chunk.NumValues, codec: chunk.Codec}
	if dictionary := chunk.DictionaryPageOffset; dictionary > 0 && dictionary < l.at {
		l.at = dictionary
	}
	l.end = l.at + chunk.TotalCompressedSize
	if l.at < 4 || l.end < l.at || l.end > file.size {
		return fmt.Errorf("lies from byte %d to %d, and the file has %d", l.at, l.end, file.size)
	}
	return nil
}

// Next is the next value.
func (l *Leaf) Next() (Value, error) {
	v, err := l.Peek()
	if errors.Is(err, io.EOF) {
		return v, errors.New("has fewer rows than the file says")
	}
	if err == nil {
		l.i++
		if !v.Null {
			l.value++
		}
	}
	return v, err
}

// Peek is the value that Next will give. It is io.EOF behind the last.
func (l *Leaf) Peek() (v Value, err error) {
	for l.i == l.n {
		if l.left <= 0 {
			return v, io.EOF
		}
		if err := l.page(); err != nil {
			return v, err
		}
	}
	v.Definition = l.Column.MaxDefinitionLevel()
	if l.definition != nil {
		v.Null = int(l.definition[l.i]) < v.Definition
		v.Definition = int(l.definition[l.i])
	}
	if l.repetition != nil {
		v.Repetition = int(l.repetition[l.i])
	}
	if v.Null {
		return v, nil
	}
	from, at := l.values, l.value
	if l.indexes != nil {
		if from, at = l.dictionary, int(l.indexes[l.value]); at >= from.len() {
			return v, errors.New("has a value that is not in its dictionary")
		}
	}
	switch {
	case from.ints != nil:
		v.Int = from.ints[at]
	case from.floats != nil:
		v.Float = from.floats[at]
	default:
		v.Bytes = from.bytes[at]
	}
	return v, nil
}

// Row appends the values of the next row.
func (l *Leaf) Row(values []Value) ([]Value, error) {
	v, err := l.Next()
	for err == nil {
		if values = append(values, v); len(values) > maxRowValues {
			return nil, fmt.Errorf("has more than %d values in a row", maxRowValues)
		}
		if v, err = l.Peek(); errors.Is(err, io.EOF) || err == nil && v.Repetition == 0 {
			return values, nil
		}
		if err == nil {
			_, err = l.Next()
		}
	}
	return nil, err
}

// page reads the next page.
func (l *Leaf) page() error {
	header, length, err := pageHeader(l.file.file, l.at, l.end)
	compressed, size := int64(header.CompressedPageSize), int64(header.UncompressedPageSize)
	values := int64(header.DataPageHeader.V.NumValues) + int64(header.DataPageHeaderV2.V.NumValues) + int64(header.DictionaryPageHeader.V.NumValues)
	switch {
	case err != nil:
		return fmt.Errorf("the page at byte %d: %w", l.at, err)
	case compressed < 0 || compressed > l.end-l.at-length:
		return fmt.Errorf("the page at byte %d is said to have %d bytes, more than there are", l.at, compressed)
	case size < 0 || size > maxPage || compressed > maxPage:
		return fmt.Errorf("the page at byte %d is said to have %d bytes, which is too much", l.at, size)
	case values < 0 || values > maxPageValues:
		return fmt.Errorf("the page at byte %d is said to hold %d values", l.at, values)
	}
	content := make([]byte, compressed)
	if n, err := l.file.file.ReadAt(content, l.at+length); n < len(content) {
		return fmt.Errorf("the page at byte %d: %w", l.at, err)
	}
	if header.CRC != 0 && uint32(header.CRC) != crc32.ChecksumIEEE(content) {
		return fmt.Errorf("the checksum of the page at byte %d is wrong", l.at)
	}
	at := l.at
	l.at += length + compressed
	switch header.Type {
	case format.DictionaryPage:
		err = l.readDictionary(&header.DictionaryPageHeader.V, content, int(size))
	case format.DataPage:
		err = l.readData(&header.DataPageHeader.V, content, int(size))
	case format.DataPageV2:
		err = l.readDataV2(&header.DataPageHeaderV2.V, content, int(size))
	}
	if err != nil {
		return fmt.Errorf("the page at byte %d %w", at, err)
	}
	return nil
}

func (l *Leaf) readDictionary(header *format.DictionaryPageHeader, content []byte, size int) error {
	content, err := l.file.inflate(l.codec, content, size)
	if err != nil {
		return err
	}
	l.dictionary, err = decodeValues(l.Column.Type().Kind(), l.Column.Type().Length(), format.Plain, content, int(header.NumValues))
	return err
}

func (l *Leaf) readData(header *format.DataPageHeader, content []byte, size int) error {
	content, err := l.file.inflate(l.codec, content, size)
	if err != nil {
		return err
	}
	levels := func(highest int, encoding format.Encoding) (list []uint8, err error) {
		if highest == 0 {
			return nil, nil
		}
		if encoding != format.RLE {
			return nil, fmt.Errorf("has levels in the encoding %s, which is not read", encoding)
		}
		if len(content) < 4 || uint32(len(content)-4) < binary.LittleEndian.Uint32(content) {
			return nil, errShortPage
		}
		end := 4 + int(binary.LittleEndian.Uint32(content))
		list, err = levelsOf(content[4:end], highest, int(header.NumValues))
		content = content[end:]
		return list, err
	}
	repetition, err := levels(l.Column.MaxRepetitionLevel(), header.RepetitionLevelEncoding)
	if err != nil {
		return err
	}
	definition, err := levels(l.Column.MaxDefinitionLevel(), header.DefinitionLevelEncoding)
	if err != nil {
		return err
	}
	return l.begin(repetition, definition, header.Encoding, content, int(header.NumValues))
}

func (l *Leaf) readDataV2(header *format.DataPageHeaderV2, content []byte, size int) error {
	first, second := int(header.RepetitionLevelsByteLength), int(header.DefinitionLevelsByteLength)
	if first < 0 || second < 0 || first+second > len(content) || first+second > size {
		return errShortPage
	}
	n := int(header.NumValues)
	repetition, err := levelsOf(content[:first], l.Column.MaxRepetitionLevel(), n)
	if err != nil {
		return err
	}
	definition, err := levelsOf(content[first:first+second], l.Column.MaxDefinitionLevel(), n)
	if err != nil {
		return err
	}
	content = content[first+second:]
	if !header.IsCompressed.Valid || header.IsCompressed.V {
		if content, err = l.file.inflate(l.codec, content, size-first-second); err != nil {
			return err
		}
	}
	return l.begin(repetition, definition, header.Encoding, content, n)
}

// levelsOf reads levels of 0 to highest. Without any, none is needed to tell the values
// apart.
func levelsOf(src []byte, highest, n int) ([]uint8, error) {
	if highest == 0 || len(src) == 0 {
		return nil, nil
	}
	width := 0
	for highest>>width > 0 {
		width++
	}
	list, err := hybrid[uint8](src, width, n)
	for _, level := range list {
		if int(level) > highest {
			return nil, errors.New("has levels that cannot be")
		}
	}
	return list, err
}

// begin makes a page the current one.
func (l *Leaf) begin(repetition, definition []uint8, encoding format.Encoding, content []byte, n int) (err error) {
	count := n
	if definition != nil {
		highest := uint8(l.Column.MaxDefinitionLevel())
		count = bytes.Count(definition, []byte{highest})
	}
	l.repetition, l.definition, l.i, l.n, l.value = repetition, definition, 0, n, 0
	l.left -= int64(n)
	l.values, l.indexes = nil, nil
	if encoding != plainDictionary && encoding != format.RLEDictionary {
		l.values, err = decodeValues(l.Column.Type().Kind(), l.Column.Type().Length(), encoding, content, count)
		return err
	}
	l.indexes = []uint32{}
	switch {
	case count == 0:
		return nil
	case l.dictionary == nil:
		return errors.New("has no dictionary")
	case len(content) == 0 || content[0] > 32:
		return errShortPage
	}
	l.indexes, err = hybrid[uint32](content[1:], int(content[0]), count)
	return err
}

// inflate decompresses what is said to be of a size, and no more.
func (f *File) inflate(codec format.CompressionCodec, content []byte, size int) (out []byte, err error) {
	full := func(r io.Reader) ([]byte, error) {
		out := make([]byte, size)
		_, err := io.ReadFull(r, out)
		return out, err
	}
	switch codec {
	case format.Uncompressed:
		return content, nil
	case format.Snappy:
		length := 0
		if length, err = snappy.DecodedLen(content); err == nil && length != size {
			err = errShortPage
		}
		if err == nil {
			out, err = snappy.Decode(nil, content)
		}
	case format.Gzip:
		if f.gzip == nil {
			f.gzip = new(gzip.Reader)
		}
		if err = f.gzip.Reset(bytes.NewReader(content)); err == nil {
			out, err = full(f.gzip)
		}
	case format.Zstd:
		if f.zstd == nil {
			f.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPage), zstd.WithDecodeAllCapLimit(true))
		}
		if err == nil {
			out, err = f.zstd.DecodeAll(content, make([]byte, 0, size))
		}
	case format.Brotli:
		out, err = full(brotli.NewReader(bytes.NewReader(content)))
	case format.Lz4Raw:
		out = make([]byte, size)
		_, err = lz4.UncompressBlock(content, out)
	default:
		return nil, fmt.Errorf("is compressed with %s, which is not read", codec)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot be decompressed: %w", err)
	}
	return out, nil
}

// pageHeader reads the header of a page and tells how long it is. What it says of the
// values (their least and greatest) can make it long.
func pageHeader(file io.ReaderAt, at, end int64) (header format.PageHeader, length int64, err error) {
	for room := int64(512); ; room *= 16 {
		content := make([]byte, max(0, min(room, end-at)))
		if _, err := file.ReadAt(content, at); err != nil && !errors.Is(err, io.EOF) {
			return header, 0, err
		}
		header = format.PageHeader{}
		var n int
		if n, err = readThrift(content, &header); err == nil {
			return header, int64(n), nil
		}
		if room >= maxPageHeader || room >= end-at {
			return header, 0, fmt.Errorf("its header cannot be read: %w", err)
		}
	}
}
