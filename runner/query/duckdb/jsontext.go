package duckdb

import (
	"bytes"
	"encoding/json"
	"iter"
)

// What follows goes through JSON that json.Valid has accepted, so that it need not
// look for mistakes, and copies nothing.

// jsonEnd is the place behind the value that begins at i.
func jsonEnd(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = stringEnd(b, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 { // of what the value is in
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n', ':':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return i
}

// stringEnd is the place behind the string that begins at i.
func stringEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// members goes through the keys of an object, in quotes, and their values.
func members(b []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		for i := skipSpace(b, 0) + 1; ; i++ {
			if i = skipSpace(b, i); i >= len(b) || b[i] != '"' {
				return
			}
			end := stringEnd(b, i)
			key := b[i:end]
			i = skipSpace(b, skipSpace(b, end)+1) // over the colon
			end = jsonEnd(b, i)
			if !yield(key, b[i:end]) {
				return
			}
			if i = skipSpace(b, end); i >= len(b) || b[i] != ',' {
				return
			}
		}
	}
}

// elements goes through the values of an array.
func elements(b []byte) iter.Seq[[]byte] {
	return func(yield func(value []byte) bool) {
		for i := skipSpace(b, 0) + 1; ; i++ {
			if i = skipSpace(b, i); i >= len(b) || b[i] == ']' {
				return
			}
			end := jsonEnd(b, i)
			if !yield(b[i:end]) {
				return
			}
			if i = skipSpace(b, end); i >= len(b) || b[i] != ',' {
				return
			}
		}
	}
}

// unquoted is what a string in quotes says.
func unquoted(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return b[1 : len(b)-1]
	}
	var s string
	if json.Unmarshal(b, &s) != nil {
		return b
	}
	return []byte(s)
}

// jsonText is what a value is as text: a string without its quotes, all else as Trino
// renders it, which is without spaces and with no more escapes than there must be.
func jsonText(value []byte) []byte {
	switch value[0] {
	case '"':
		return unquoted(value)
	case '{', '[':
		var out bytes.Buffer
		render(&out, value)
		return out.Bytes()
	}
	return value
}

// render copies a value without spaces and needless escapes. It is no recursion: the
// value may be nested as deeply as json.Valid lets it.
func render(out *bytes.Buffer, b []byte) {
	for i := 0; i < len(b); {
		switch b[i] {
		case '"':
			end := stringEnd(b, i)
			renderString(out, b[i:end])
			i = end
			continue
		case ' ', '\t', '\r', '\n':
		default:
			out.WriteByte(b[i])
		}
		i++
	}
}

func renderString(out *bytes.Buffer, quoted []byte) {
	if bytes.IndexByte(quoted, '\\') < 0 {
		out.Write(quoted)
		return
	}
	const hex = "0123456789abcdef"
	out.WriteByte('"')
	for _, c := range unquoted(quoted) {
		switch c {
		case '"', '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
		case '\b':
			out.WriteString(`\b`)
		case '\f':
			out.WriteString(`\f`)
		case '\n':
			out.WriteString(`\n`)
		case '\r':
			out.WriteString(`\r`)
		case '\t':
			out.WriteString(`\t`)
		default:
			if c < 0x20 {
				out.WriteString(`\u00`)
				out.WriteByte(hex[c>>4])
				out.WriteByte(hex[c&15])
				continue
			}
			out.WriteByte(c)
		}
	}
	out.WriteByte('"')
}
