package duckdb

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// errNotText says that a file is in no format that a log has.
var errNotText = errors.New("is not text and not gzip, zstd or bzip2")

// decompress reads a file by what it begins with; names can be wrong. close ends what
// the reader started.
func decompress(file io.Reader) (text io.Reader, close func(), err error) {
	buffered := bufio.NewReaderSize(file, 64<<10)
	start, err := buffered.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	switch {
	case len(start) == 1 && start[0] == 0x1f:
		return nil, nil, io.ErrUnexpectedEOF
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		r, err := gzip.NewReader(buffered) // reads members one after another
		if err != nil {
			return nil, nil, err
		}
		return r, func() { r.Close() }, nil
	case bytes.HasPrefix(start, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		r, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
		if err != nil {
			return nil, nil, err
		}
		return r, r.Close, nil
	case bytes.HasPrefix(start, []byte("BZh")):
		return bzip2.NewReader(buffered), func() {}, nil
	case bytes.IndexByte(start, 0) >= 0:
		return nil, nil, errNotText
	}
	return buffered, func() {}, nil
}

// lines reads lines as Hadoop's TextInputFormat does: ended by \n or \r\n. What is left
// when the text breaks off with an error is no line.
type lines struct {
	r    *bufio.Reader
	long []byte
}

func newLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, 64<<10)} }

// maxLine guards against a file that is one endless line.
const maxLine = 16 << 20

var errLineTooLong = errors.New("has a line longer than 16 MiB")

// next returns a line that is valid until the following call, and io.EOF behind the last.
func (l *lines) next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = append(l.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			if len(l.long) > maxLine {
				return nil, errLineTooLong
			}
			line, err = l.r.ReadSlice('\n')
			l.long = append(l.long, line...)
		}
		line = l.long
	}
	if err != nil && (len(line) == 0 || !errors.Is(err, io.EOF)) {
		return nil, err
	}
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), nil
}
