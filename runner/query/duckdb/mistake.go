package duckdb

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"playbook/playbooks/dialect"
	"playbook/steps/diagnostic"
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

var (
	noColumn        = regexp.MustCompile(`^(?:Referenced column|Column) "((?:[^"]|"")+)" (?:not found|referenced that exists in the SELECT clause)`)
	noFunction      = regexp.MustCompile(`(?:No function matches|Could not choose a best candidate).*['"]([^ '"(]+)\((.*)\)['"]`)
	quotedInMessage = regexp.MustCompile(`"((?:[^"]|"")+)"`)
	kindOfError     = regexp.MustCompile(`^(Binder|Catalog|Parser|Conversion|Invalid Input|Out of Range|Not implemented|Invalid|Internal) Error: `)
)

// inOurWords turns what DuckDB says about the rewritten statement into words about the
// statement as it was written: the first line only (the others show the rewritten SQL
// or list DuckDB's functions), at the first place where the name it speaks of stands.
func inOurWords(q *query, err error) error {
	s := q.statement
	text := strings.ReplaceAll(err.Error(), "database/sql/driver: API error: ", "")
	text, _, _ = strings.Cut(text, "\n")
	text = kindOfError.ReplaceAllString(text, "")
	text = strings.TrimSuffix(text, " You might need to add explicit type casts.")
	text = strings.NewReplacer("INTEGER_LITERAL", "INTEGER", "STRING_LITERAL", "VARCHAR", ", STRING_LITERAL, STRING_LITERAL)", ")").Replace(text)
	if found := noColumn.FindStringSubmatch(text); found != nil {
		return mistake(s.Source, placeOf(s, found[1]), "there is no column %s%s", found[1], q.suggestColumn(found[1]))
	}
	if found := noFunction.FindStringSubmatch(text); found != nil {
		name, offset := writtenName(s, found[1])
		return mistake(s.Source, offset, "%s does not take (%s); cast what it is given", name, found[2])
	}
	offset := -1
	if found := quotedInMessage.FindStringSubmatch(text); found != nil {
		offset = placeOf(s, found[1])
	}
	return mistake(s.Source, offset, "%s", text)
}

func (q *query) suggestColumn(name string) string {
	var names []string
	for _, t := range q.tables {
		for _, c := range t.columns {
			names = append(names, c.name)
		}
	}
	if hint := diagnostic.DidYouMean(name, names); hint != "" {
		return "; " + hint
	}
	return ""
}

// writtenName is how the statement calls the function that DuckDB knows by this name, and
// where it does first.
func writtenName(s *dialect.Statement, does string) (string, int) {
	if shown, ok := shownNames[does]; ok {
		does = shown
	}
	for _, name := range sortedKeys(functions) {
		if at := placeOf(s, name); at >= 0 && (functions[name].does == does || instead[name] == does) {
			return name, at
		}
	}
	at := placeOf(s, does)
	for _, t := range s.Tokens {
		if at < 0 && isOperator(t, does) {
			at = t.Offset
		}
	}
	return does, at
}

// placeOf is where a name first stands in the statement, or -1.
func placeOf(s *dialect.Statement, name string) int {
	for _, t := range s.Tokens {
		if written, err := dialect.Unquote(s.Class, t); err == nil && t.Kind != dialect.String && strings.EqualFold(written, name) {
			return t.Offset
		}
	}
	return -1
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
