package cloud

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// maxAnswer is the size of one file of answers: far above what AWS returns for a
	// region, and below what would take the machine's memory.
	maxAnswer = 512 << 20
	// maxNesting is far above the depth of any answer, and far below what would
	// exhaust the stack.
	maxNesting = 100
)

// readDocuments reads the JSON documents in one file of the case, and in nothing that
// a link leads to outside of it.
func readDocuments(root *os.Root, name string) ([]map[string]any, error) {
	local := filepath.FromSlash(name)
	// Asked before opening: to open a named pipe is to wait for its writer.
	info, err := root.Stat(local)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: it is not a file", name)
	}
	if info.Size() > maxAnswer {
		return nil, fmt.Errorf("read %s: %d bytes is more than an answer of AWS can have", name, info.Size())
	}
	text, err := root.ReadFile(local)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return documents(text, name)
}

// documents reads one JSON object after the other. Numbers become int64 or float64;
// a key that appears twice in an object is refused, because one of its values would
// silently win.
func documents(text []byte, name string) ([]map[string]any, error) {
	text, err := utf8Text(text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var found []map[string]any
	for {
		document, err := object(decoder)
		switch {
		case errors.Is(err, io.EOF) && len(found) > 0:
			return found, nil
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("read %s: it is empty: the AWS CLI prints at least {}, unless the call was refused", name)
		case err != nil:
			line, column := position(text, err, decoder)
			return nil, fmt.Errorf("%s:%d:%d: not the JSON of an answer: %w", name, line, column, err)
		}
		found = append(found, document)
	}
}

// object reads one whole object. The error is io.EOF when there is none.
func object(decoder *json.Decoder) (map[string]any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	if token != json.Delim('{') {
		return nil, errors.New("an answer is an object, {…}")
	}
	document, err := value(decoder, token, 0)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	fields, _ := document.(map[string]any)
	return fields, err
}

func value(decoder *json.Decoder, token json.Token, depth int) (any, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("nested deeper than %d", maxNesting)
	}
	switch token := token.(type) {
	case json.Number:
		return number(token)
	case json.Delim:
		if token == '[' {
			return list(decoder, depth)
		}
		return fields(decoder, depth)
	}
	return token, nil // a string, a bool or nil
}

func list(decoder *json.Decoder, depth int) (any, error) {
	elements := []any{}
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		if token == json.Delim(']') {
			return elements, nil
		}
		element, err := value(decoder, token, depth+1)
		if err != nil {
			return nil, err
		}
		elements = append(elements, element)
	}
}

func fields(decoder *json.Decoder, depth int) (any, error) {
	found := map[string]any{}
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		key, isKey := token.(string)
		if !isKey {
			return found, nil // the decoder gives nothing but a "}" here
		}
		if _, twice := found[key]; twice {
			return nil, fmt.Errorf("the key %q appears twice", key)
		}
		if token, err = decoder.Token(); err != nil {
			return nil, err
		}
		if found[key], err = value(decoder, token, depth+1); err != nil {
			return nil, err
		}
	}
}

func number(text json.Number) (any, error) {
	if n, err := text.Int64(); err == nil {
		return n, nil
	}
	f, err := text.Float64()
	if err != nil {
		return nil, fmt.Errorf("the number %.40s is out of range", text)
	}
	return f, nil
}

// position finds the line and column of a mistake, both counted from 1. The offset in a
// json.SyntaxError is not counted from the start of the file when it comes from Token.
func position(text []byte, err error, decoder *json.Decoder) (line, column int) {
	before := text[:decoder.InputOffset()]
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		rest := text[len(before):]
		before = text[:len(text)-len(bytes.TrimLeft(rest, " \t\r\n,:"))]
	}
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}

// utf8Text undoes what a redirection in Windows PowerShell does to text: UTF-16 with a
// byte order mark (about_Character_Encoding).
func utf8Text(text []byte) ([]byte, error) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		return text[3:], nil
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return text, nil
	}
	if len(text)%2 != 0 {
		return nil, errors.New("it is UTF-16 text and ends in the middle of a character")
	}
	units := make([]uint16, 0, len(text)/2)
	for i := 2; i < len(text); i += 2 {
		units = append(units, order.Uint16(text[i:]))
	}
	return []byte(string(utf16.Decode(units))), nil
}
