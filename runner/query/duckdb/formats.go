package duckdb

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// formatOf names what a file is by what it begins with, to tell people what lies where
// something else should.
func formatOf(start []byte) string {
	for _, known := range []struct{ magic, name string }{
		{"PAR1", "Parquet"},
		{"PARE", "encrypted Parquet"},
		{"ORC", "ORC"},
		{"Obj\x01", "Avro"},
		{"SEQ", "a sequence file of Hadoop"},
		{"\x1f\x8b", "gzip"},
		{"\x28\xb5\x2f\xfd", "zstd"},
		{"BZh", "bzip2"},
		{"PK\x03\x04", "a zip archive"},
		{"\xfd7zXZ\x00", "xz"},
		{"7z\xbc\xaf\x27\x1c", "a 7z archive"},
		{"\xff\xfe", "text in UTF-16"},
		{"\xfe\xff", "text in UTF-16"},
		{"SQLite format 3", "a database of SQLite"},
	} {
		// What is letters alone could begin a text.
		if bytes.HasPrefix(start, []byte(known.magic)) && bytes.ContainsFunc(start, func(r rune) bool { return r < '\t' || r == utf8.RuneError }) {
			return known.name
		}
	}
	if len(start) == 0 {
		return "empty"
	}
	// A text may have NUL bytes in it by damage, and then has a clean first line; in what
	// is no text they are everywhere.
	first, _, _ := bytes.Cut(start, []byte{'\n'})
	clean := bytes.IndexByte(first, 0) < 0 && utf8.Valid(first[:max(0, len(first)-utf8.UTFMax)])
	if nuls := bytes.Count(start, []byte{0}); !clean && 10*nuls > len(start) {
		return "not text"
	}
	return "text"
}

// notText names what a file is that should be text, or gives "" for what can be read as
// text, compressed or not.
func notText(start []byte) string {
	format := formatOf(start)
	if slices.Contains([]string{"text", "empty", "gzip", "zstd", "bzip2"}, format) {
		return ""
	}
	return format
}
