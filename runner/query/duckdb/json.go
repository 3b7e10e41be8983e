package duckdb

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"

	"playbook/playbooks/dialect"
)

// jsonReader reads lines as the JSON SerDes do: one object a line. Where Hive's and
// OpenX's differ ("Hive JSON SerDe", "OpenX JSON SerDe"), and where the guide is silent,
// it does what Trino's readers of these names do.
type jsonReader struct {
	table   *table
	openX   bool
	lenient bool // ignore.malformed.json
	fold    bool // keys are compared without regard to case
	dots    bool // a key a.b is the column a_b
	mapping map[string]string
	rows    jsonKeys
	structs map[*shape]jsonKeys
	values  [][]byte // of the line, by column
	dotted  [][]byte
	key     []byte
}

// jsonKeys tells which place a key fills.
type jsonKeys struct {
	exact  map[string]int
	dotted map[string]int // names with _, which a key with dots can mean
}

func newJSON(t *table) func(*fileReader, []byte) {
	properties := t.def.SerDe.Properties
	is := func(name string) bool { return strings.EqualFold(strings.TrimSpace(properties[name]), "true") }
	j := &jsonReader{table: t, openX: t.def.SerDe.Class == dialect.OpenXJSON, fold: true,
		lenient: is("ignore.malformed.json"), mapping: map[string]string{}, structs: map[*shape]jsonKeys{}}
	if j.openX {
		j.fold = !strings.EqualFold(strings.TrimSpace(properties["case.insensitive"]), "false")
		j.dots = is("dots.in.keys")
		for property, key := range properties { // 'mapping.column' = 'key'
			if name, ok := strings.CutPrefix(property, "mapping."); ok {
				j.mapping[strings.ToLower(name)] = key
			}
		}
	}
	names := make([]string, t.inFile)
	for i, c := range t.columns[:t.inFile] {
		names[i] = c.name
		if c.shape != nil {
			j.addStructs(c.shape)
		}
	}
	j.rows = j.keys(names)
	j.values, j.dotted = make([][]byte, t.inFile), make([][]byte, t.inFile)
	return func(fr *fileReader, line []byte) { j.line(fr, line) }
}

func (j *jsonReader) addStructs(s *shape) {
	if s.class == "struct" {
		j.structs[s] = j.keys(s.names)
	}
	for _, part := range s.parts {
		j.addStructs(part)
	}
}

func (j *jsonReader) keys(names []string) jsonKeys {
	keys := jsonKeys{exact: map[string]int{}, dotted: map[string]int{}}
	for i, name := range names {
		key := name
		if mapped, ok := j.mapping[name]; ok {
			key = mapped
		}
		if j.fold {
			key = strings.ToLower(key)
		}
		keys.exact[key] = i
		if j.dots && strings.Contains(name, "_") {
			keys.dotted[name] = i
		}
	}
	return keys
}

// find puts the values of an object at their places. A key that is there twice counts
// with its last value.
func (j *jsonReader) find(object []byte, keys jsonKeys, values, dotted [][]byte) (found, twice bool) {
	clear(values)
	clear(dotted)
	for key, value := range members(object) {
		j.key = append(j.key[:0], unquoted(key)...)
		if j.fold {
			j.key = lower(j.key)
		}
		if i, ok := keys.exact[string(j.key)]; ok {
			twice = twice || values[i] != nil
			values[i], found = value, true
			continue
		}
		if !j.dots || bytes.IndexByte(j.key, '.') < 0 {
			continue
		}
		for at, c := range j.key {
			if c == '.' {
				j.key[at] = '_'
			}
		}
		if i, ok := keys.dotted[string(j.key)]; ok && dotted[i] == nil {
			dotted[i], found = value, true
		}
	}
	for i, value := range dotted {
		if values[i] == nil {
			values[i] = value
		}
	}
	return found, twice
}

// lower makes ASCII small in place, and gives other text anew.
func lower(text []byte) []byte {
	for i, c := range text {
		switch {
		case c >= 0x80:
			return bytes.ToLower(text)
		case c >= 'A' && c <= 'Z':
			text[i] = c + 'a' - 'A'
		}
	}
	return text
}

func (j *jsonReader) line(fr *fileReader, line []byte) {
	object := bytes.TrimSpace(line)
	if !json.Valid(object) {
		object = j.beginning(fr, object, line)
	}
	clear(j.values)
	switch {
	case len(object) > 0 && object[0] == '{':
		found, twice := j.find(object, j.rows, j.values, j.dotted)
		if !found && len(object) > 2 {
			fr.report.line("lines have none of the table's columns", line)
		}
		if twice {
			fr.report.line("lines have a key twice, of which the last was used", line)
		}
	case len(object) > 0 && object[0] == '[' && j.openX: // an array has the columns in their order
		i := 0
		for value := range elements(object) {
			if i < len(j.values) {
				j.values[i] = value
			}
			i++
		}
	case j.openX && (len(line) == 0 || line[0] != '{' && line[0] != '['), j.lenient:
		fr.report.line("lines are no JSON objects", line)
	default:
		fr.report.blockingLine("lines are no JSON objects, on which Athena fails", line)
	}
	if status := j.table.fields.status; status >= 0 && string(j.values[status]) == `"SKIPDATA"` {
		fr.report.skipped++
	}
	for i, place := range fr.from {
		if place >= 0 {
			j.put(fr, place, j.values[i], line)
		}
	}
}

// beginning is the object that a line begins with, when more follows it: OpenX does not
// look at what comes behind.
func (j *jsonReader) beginning(fr *fileReader, object, line []byte) []byte {
	if !j.openX || len(object) == 0 || object[0] != '{' && object[0] != '[' {
		return nil
	}
	end := jsonEnd(object, 0)
	if end == len(object) || !json.Valid(object[:end]) {
		return nil
	}
	fr.report.blockingLine("lines go on behind their object, which is all that is read of them", line)
	return object[:end]
}

// put adds a value at its place in the batch.
func (j *jsonReader) put(fr *fileReader, place int, value, line []byte) {
	c := &fr.loader.columns[place]
	switch {
	case value == nil || string(value) == "null":
		fr.putNull(place)
	case c.kind == nested:
		v, ok := j.value(c.shape, value)
		if !ok {
			fr.report.line("lines have a value in "+c.name+" that is no "+c.athena, line)
		}
		fr.batch.columns[place].addValue(v)
	case c.kind == text:
		fr.put(place, jsonText(value), line)
	default:
		plain, ok := j.plain(c.kind, jsonText(value))
		if !ok {
			fr.report.line("lines have a value in "+c.name+" that is no "+c.athena, line)
		}
		fr.put(place, plain, line)
	}
}

// value makes a value of a nested type. It is false when a part of it does not fit,
// which then is NULL.
func (j *jsonReader) value(s *shape, value []byte) (any, bool) {
	if value == nil || string(value) == "null" {
		return nil, true
	}
	blank := value[0] == '"' && len(bytes.TrimSpace(unquoted(value))) == 0
	switch s.class {
	case "array":
		return j.array(s, value)
	case "map":
		if value[0] != '{' {
			return nil, blank
		}
		all := true
		var b mapBuilder
		for key, inner := range members(value) {
			k, keyOK := j.value(s.parts[0], key)
			v, valueOK := j.value(s.parts[1], inner)
			all = all && keyOK && valueOK
			b.add(k, v)
		}
		m, ok := b.value()
		return m, ok && all
	case "struct":
		return j.structure(s, value, blank)
	}
	plain, ok := jsonText(value), true
	if s.plain.kind != text {
		plain, ok = j.plain(s.plain.kind, plain)
	}
	v, parsed := s.plain.value(plain)
	return v, parsed && ok
}

// array makes a list. OpenX makes one of a single value too, and NULL of an empty text.
func (j *jsonReader) array(s *shape, value []byte) (any, bool) {
	list, all := []any{}, true
	add := func(value []byte) {
		v, ok := j.value(s.parts[0], value)
		list, all = append(list, v), all && ok
	}
	switch {
	case value[0] == '[':
		for inner := range elements(value) {
			add(inner)
		}
	case !j.openX:
		return nil, false
	case string(value) == `""`:
		return nil, true
	default:
		add(value)
	}
	return list, all
}

// structure makes a struct of an object, or, as OpenX does, of an array that has the
// fields in their order.
func (j *jsonReader) structure(s *shape, value []byte, blank bool) (any, bool) {
	values, all := make([][]byte, len(s.parts)), true
	switch {
	case value[0] == '{':
		_, twice := j.find(value, j.structs[s], values, make([][]byte, len(s.parts)))
		all = !twice
	case value[0] == '[' && j.openX:
		i := 0
		for inner := range elements(value) {
			if i < len(values) {
				values[i] = inner
			}
			i++
		}
	case blank && j.openX:
	default:
		return nil, false
	}
	fields := make(map[string]any, len(s.parts))
	for i, part := range s.parts {
		v, ok := j.value(part, values[i])
		fields[s.names[i]], all = v, all && ok
	}
	return fields, all
}

// plain writes a value that is no text in the way that text formats have it. It is false
// for a value that is read, but does not fit its type.
func (j *jsonReader) plain(k kind, value []byte) ([]byte, bool) {
	switch {
	case k == boolean: // all but true is false
		isTrue := bytes.EqualFold(value, []byte("true"))
		return strconv.AppendBool(nil, isTrue), isTrue || bytes.EqualFold(value, []byte("false"))
	case k.isInteger() && j.openX:
		return openXInteger(value), true
	case k.isInteger():
		return wholeNumber(value), true
	case k == timestamp:
		if at, ok := jsonTime(string(value), j.openX); ok {
			return at.AppendFormat(nil, "2006-01-02 15:04:05.999999999"), true
		}
	case k == date:
		day, _, _ := bytes.Cut(value, []byte(" "))
		if days, err := strconv.ParseInt(string(day), 10, 32); err == nil && j.openX {
			return time.Unix(86400*days, 0).UTC().AppendFormat(nil, time.DateOnly), true
		}
		return day, true
	}
	return value, true
}

// openXInteger turns the ways in which OpenX reads whole numbers into one: 0x1f is hex,
// 017 is octal, and of a fraction the whole part counts.
func openXInteger(value []byte) []byte {
	digits := string(value)
	switch {
	case len(digits) > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'):
		if n, err := strconv.ParseInt(digits[2:], 16, 64); err == nil {
			return strconv.AppendInt(nil, n, 10)
		}
		return value
	case len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '8':
		if n, err := strconv.ParseInt(digits[1:], 8, 64); err == nil {
			return strconv.AppendInt(nil, n, 10)
		}
	}
	return wholeNumber(value)
}

// wholeNumber writes a number with an exponent without one, and drops its fraction.
func wholeNumber(value []byte) []byte {
	if !bytes.ContainsAny(value, "eE") || len(value) > 40 {
		return value
	}
	f, _, err := big.ParseFloat(string(value), 10, 200, big.ToZero)
	if err != nil || f.IsInf() || f.MantExp(nil) > 64 {
		return value
	}
	n, _ := f.Int(nil)
	return n.Append(nil, 10)
}

// jsonTime reads a timestamp. OpenX takes ISO 8601 with a zone, which is turned into
// UTC, and seconds or, of 13 digits and more, milliseconds since 1970 too.
func jsonTime(value string, openX bool) (time.Time, bool) {
	if at, ok := parseTime([]byte(value), timestamp); ok {
		return at, true
	}
	if !openX {
		return time.Time{}, false
	}
	if strings.Contains(value, ":") {
		for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05"} {
			if at, err := time.Parse(layout, strings.ToUpper(value)); err == nil {
				return at.UTC(), true
			}
		}
		return time.Time{}, false
	}
	if whole, fraction, ok := strings.Cut(value, "."); ok {
		millis, err := strconv.ParseInt(whole+(fraction + "000")[:3], 10, 64)
		return time.UnixMilli(millis).UTC(), err == nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if len(value) >= 13 {
		return time.UnixMilli(n).UTC(), err == nil
	}
	return time.Unix(n, 0).UTC(), err == nil
}
