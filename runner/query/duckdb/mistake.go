package duckdb

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"playbook/playbooks/dialect"
)

// Mistake is what is wrong with a statement. Line and Column count from 1, Column in
// characters, within the statement; a Line of 0 means that the place is not known.
type Mistake struct {
	Line, Column int
	Message      string
}

func (m *Mistake) Error() string {
	if m.Line == 0 {
		return m.Message
	}
	return fmt.Sprintf("line %d:%d: %s", m.Line, m.Column, m.Message)
}

// mistake makes one at a byte offset into the statement; a negative one is not known.
func mistake(statement string, offset int, format string, args ...any) *Mistake {
	m := &Mistake{Message: fmt.Sprintf(format, args...)}
	if offset >= 0 && offset <= len(statement) {
		before := statement[:offset]
		m.Line = 1 + strings.Count(before, "\n")
		m.Column = 1 + len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))
	}
	return m
}

func dialectError(statement string, mistakes []*dialect.Error) error {
	first := mistakes[0]
	return mistake(statement, first.Offset, "%s", first.Error())
}

var kindOfError = regexp.MustCompile(`^(Binder|Catalog|Parser|Conversion|Invalid Input|Out of Range|Not implemented|Invalid|Internal) Error: `)

// inOurWords turns what DuckDB says about the rewritten statement into words about the
// statement as it was written: the first line only, since the others show the rewritten
// SQL or DuckDB's functions.
func inOurWords(s *dialect.Statement, err error) error {
	text := strings.ReplaceAll(err.Error(), "database/sql/driver: API error: ", "")
	text, _, _ = strings.Cut(text, "\n")
	text = kindOfError.ReplaceAllString(text, "")
	text = strings.Replace(text, "Map keys must be unique.", "duplicate keys are not allowed in a map", 1)
	return mistake(s.Source, -1, "%s", strings.TrimSuffix(text, " You might need to add explicit type casts."))
}

const defaultDatabase = "default"

func catalogKey(database, name string) string {
	if database == "" {
		database = defaultDatabase
	}
	return strings.ToLower(database) + "." + strings.ToLower(name)
}

// visible shows bytes of a log so that they cannot command a terminal, cut to limit.
func visible(raw []byte, limit int) string {
	cut := len(raw) > limit
	if cut {
		raw = raw[:limit]
	}
	text := strconv.Quote(string(raw))
	text = strings.ReplaceAll(text[1:len(text)-1], `\"`, `"`)
	if cut {
		text += "…"
	}
	return text
}
