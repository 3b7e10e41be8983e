package duckdb

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// isCloudTrail tells whether the table reads log files of CloudTrail, each of which is
// one object {"Records": […]} ("Query AWS CloudTrail logs").
func (t *table) isCloudTrail() bool { return t.def.StoredAs == "CLOUDTRAIL" }

// readRecords reads the records of a log file of CloudTrail, each as if it stood in a
// line of its own. There may be several objects, one after the other.
func (fr *fileReader) readRecords(r *bufio.Reader) {
	defer fr.fillConstants()
	s := &jsonStream{r: r}
	found := false
	err := s.objects(func(record []byte) error {
		found = true
		if record == nil { // the list has begun
			return nil
		}
		if fr.batch.isFull() && !fr.flush() {
			return fr.loader.ctx.Err()
		}
		fr.parse(fr, record)
		for _, c := range fr.odd {
			fr.put(c.place, c.value, record)
		}
		fr.batch.rows++
		fr.batch.raw += len(record)
		fr.report.rows++
		return nil
	})
	switch {
	case fr.loader.ctx.Err() != nil:
	case err != nil:
		fr.report.add(true, "%s; %d records before the break were used", broken(err), fr.report.rows)
		fr.report.used = fr.report.rows > 0
	case !found:
		fr.report.add(true, "was left out: it has no Records, and is no log file of CloudTrail")
	default:
		fr.report.used = true
		if fr.report.rows == 0 {
			fr.report.add(false, "holds no records")
		}
	}
}

// jsonStream goes through JSON without holding more of it than one record.
type jsonStream struct {
	r      *bufio.Reader
	buffer []byte
}

var errNotRecords = errors.New("it is not the JSON that CloudTrail writes")

// objects gives the elements of Records of each object in the stream, and nil where such
// a list begins.
func (s *jsonStream) objects(each func(record []byte) error) error {
	for {
		c, err := s.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case c != '{':
			return errNotRecords
		}
		if err := s.object(each); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
}

func (s *jsonStream) object(each func(record []byte) error) error {
	for {
		c, err := s.next()
		switch {
		case err != nil:
			return err
		case c == '}':
			return nil
		case c == ',':
			continue
		case c != '"':
			return errNotRecords
		}
		key, err := s.value(c, true)
		if err != nil {
			return err
		}
		isRecords := string(key) == `"Records"`
		if c, err = s.next(); err != nil || c != ':' {
			return errors.Join(err, errNotRecords)
		}
		if c, err = s.next(); err != nil {
			return err
		}
		if !isRecords || c != '[' {
			if _, err = s.value(c, false); err != nil {
				return err
			}
			continue
		}
		if err := s.list(each); err != nil {
			return err
		}
	}
}

func (s *jsonStream) list(each func(record []byte) error) error {
	if err := each(nil); err != nil {
		return err
	}
	for {
		c, err := s.next()
		switch {
		case err != nil:
			return err
		case c == ']':
			return nil
		case c == ',':
			continue
		}
		record, err := s.value(c, true)
		if err != nil {
			return err
		}
		if err := each(record); err != nil {
			return err
		}
	}
}

// next is the next byte that is no space.
func (s *jsonStream) next() (byte, error) {
	for {
		c, err := s.r.ReadByte()
		if err != nil || c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, err
		}
	}
}

// value reads to the end of the value that begins with c, which is valid until the
// following call. Whether it is JSON is for the reader of records to say.
func (s *jsonStream) value(c byte, keep bool) ([]byte, error) {
	s.buffer = s.buffer[:0]
	depth, quoted, escaped := 0, false, false
	for {
		if keep {
			if len(s.buffer) >= maxLine {
				return nil, fmt.Errorf("has a record longer than %d MiB", maxLine>>20)
			}
			s.buffer = append(s.buffer, c)
		}
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			depth--
		}
		if depth <= 0 && !quoted {
			following, err := s.r.Peek(1)
			if c == '"' || c == '}' || c == ']' || err != nil || bytes.IndexByte([]byte(",]} \t\r\n:"), following[0]) >= 0 {
				return s.buffer, nil
			}
		}
		var err error
		if c, err = s.r.ReadByte(); err != nil {
			return nil, err
		}
	}
}
