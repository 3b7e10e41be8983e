package iocs

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf16"

	"playbook/steps"
)

// maxFile is the size of one list, unpacked: a feed of a million lines has a tenth of it.
const maxFile = 256 << 20

const (
	formatCSV  = "csv"
	formatText = "text"
	formatSTIX = "stix"
)

// readAll reads the files at a location. A file that cannot be used is a gap that blocks:
// who it names is not known.
func (c *collection) readAll(ctx context.Context, files steps.Files, location string) error {
	for object, err := range files.List(ctx, location) {
		if err != nil {
			return fmt.Errorf("find the lists of hostile addresses: %w", err)
		}
		if name := path.Base(strings.ReplaceAll(object.Location, `\`, "/")); strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") {
			c.gap(object.Location, "its name begins with _ or ., as those of files do that are not meant to be read", false)
			continue
		}
		if err := c.read(ctx, files, object); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			c.gap(object.Location, "it could not be read: "+err.Error(), true)
		}
	}
	return nil
}

// read takes what one file says.
func (c *collection) read(ctx context.Context, files steps.Files, object steps.Object) error {
	from, err := files.Open(ctx, object.Location)
	if err != nil {
		return err
	}
	defer from.Close()
	packed := &bytes.Buffer{}
	if _, err := packed.ReadFrom(io.LimitReader(from, maxFile+1)); err != nil {
		return err
	}
	sum := sha256.Sum256(packed.Bytes())
	file := File{Location: object.Location, Bytes: int64(packed.Len()), SHA256: hex.EncodeToString(sum[:]), Format: formatText}
	defer func() { c.result.Files = append(c.result.Files, file) }()
	text, err := plainText(packed.Bytes())
	if err != nil {
		return err
	}
	if isJSON(text) {
		file.Format = formatSTIX
		err = c.readBundle(&file, text)
	} else {
		c.readLines(&file, text)
	}
	if err == nil && file.Indicators == 0 {
		c.gap(file.Location, fmt.Sprintf("none of its %d entries is a usable address or network", file.Entries), true)
	}
	return err
}

// plainText unpacks and decodes: gzip, and UTF-16 as Windows writes it, are known by their
// first bytes.
func plainText(content []byte) ([]byte, error) {
	if len(content) > maxFile {
		return nil, fmt.Errorf("it is larger than %d bytes, which no list is", maxFile)
	}
	if bytes.HasPrefix(content, []byte{0x1f, 0x8b}) {
		reader, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil, fmt.Errorf("unpack it: %w", err)
		}
		if content, err = io.ReadAll(io.LimitReader(reader, maxFile+1)); err != nil {
			return nil, fmt.Errorf("unpack it: %w", err)
		}
		if len(content) > maxFile {
			return nil, fmt.Errorf("it unpacks to more than %d bytes, which no list does", maxFile)
		}
	}
	switch {
	case bytes.HasPrefix(content, []byte{0xff, 0xfe}):
		content = fromUTF16(content[2:], binary.LittleEndian)
	case bytes.HasPrefix(content, []byte{0xfe, 0xff}):
		content = fromUTF16(content[2:], binary.BigEndian)
	}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(content, 0) >= 0 {
		return nil, fmt.Errorf("it is no text: it holds bytes of zero; unpack archives, and save sheets as CSV")
	}
	return content, nil
}

func fromUTF16(content []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(content)/2)
	for i := range units {
		units[i] = order.Uint16(content[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

func isJSON(text []byte) bool {
	trimmed := bytes.TrimSpace(text)
	return len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[' && !bytes.HasPrefix(trimmed, []byte("[::")) && looksLikeList(trimmed))
}

// looksLikeList tells a JSON list from a line that begins with an address in brackets,
// "[2001:db8::1]".
func looksLikeList(text []byte) bool {
	inner := bytes.TrimSpace(text[1:])
	return len(inner) > 0 && bytes.IndexByte([]byte(`{"[]`), inner[0]) >= 0
}
