package duckdb

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	conformanceFolder = "testdata/conformance"
	differencesFile   = "known_differences.txt"
)

// TestConformance asks what Trino is documented to answer (testdata/conformance, README.txt
// there says how a case is written). What does not agree yet is listed in
// known_differences.txt, and that list can only shrink: a listed case that agrees fails
// the test, as does one that is not listed and does not agree.
func TestConformance(t *testing.T) {
	known, cases := readDifferences(t), readConformance(t)
	e := newCase(t).open(func(o *Options) {
		o.Now = time.Date(2026, 3, 11, 12, 34, 56, 789e6, time.UTC)
	})
	passed := 0
	for _, c := range cases {
		reason, listed := known[c.name]
		delete(known, c.name)
		t.Run(c.name, func(t *testing.T) {
			difference := c.run(t.Context(), e)
			switch {
			case difference == "" && listed:
				t.Errorf("it agrees now; strike it from the list in %s", differencesFile)
			case difference == "":
				passed++
			case listed:
				t.Skipf("known difference (%s): %s", reason, difference)
			default:
				t.Errorf("%s: %s\n%s\n%s", c.place, c.name, c.sql, difference)
			}
		})
	}
	for name := range known {
		t.Errorf("%s lists %s, and there is no such case", differencesFile, name)
	}
	t.Logf("%d of %d cases agree with Trino", passed, len(cases))
}

// conformanceCase is one case of a file in testdata/conformance.
type conformanceCase struct {
	name, place string // file/case, and file:line
	sql         string
	columns     []conformanceColumn
	rows        [][]conformanceValue
	anyOrder    bool
	isError     bool
	says        []string // one of these is in the message of the error
	at          string   // line:column of the error, where a rule makes it certain
}

// conformanceColumn is a column of an answer; what is not certain is "".
type conformanceColumn struct{ name, kind string }

// run gives the difference between what is wanted and what the engine answers, or "".
func (c *conformanceCase) run(ctx context.Context, e *Engine) string {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	a, err := ask(ctx, e, c.sql)
	switch {
	case c.isError && err == nil:
		return fmt.Sprintf("got %v, want an error that says %q", a.rows, c.says)
	case c.isError:
		return c.compareError(err)
	case err != nil:
		return "got the error: " + err.Error()
	}
	return cmp.Or(c.compareColumns(a), c.compareRows(a))
}

func (c *conformanceCase) compareError(err error) string {
	message := strings.ToLower(err.Error())
	// What is refused as unknown is not refused for being wrong, unless Trino lacks it too.
	if strings.Contains(message, "supported on a case") && !slices.Contains(c.says, "not supported") {
		return "got the error: " + err.Error()
	}
	if !slices.ContainsFunc(c.says, func(words string) bool { return strings.Contains(message, strings.ToLower(words)) }) {
		return fmt.Sprintf("got the error %q, want one that says %q", err, c.says)
	}
	var m *Mistake
	if c.at != "" && errors.As(err, &m) {
		if at := fmt.Sprintf("%d:%d", m.Line, m.Column); at != c.at {
			return fmt.Sprintf("got the error at %s, want it at %s: %v", at, c.at, err)
		}
	} else if c.at != "" {
		return fmt.Sprintf("got the error %q without a place, want it at %s", err, c.at)
	}
	return ""
}

func (c *conformanceCase) compareColumns(a answer) string {
	if len(a.columns) != len(c.columns) {
		return fmt.Sprintf("got %d columns, want %d", len(a.columns), len(c.columns))
	}
	for i, want := range c.columns {
		got := a.columns[i]
		if want.name != "" && got.Name != want.name {
			return fmt.Sprintf("column %d has the name %q, want %q", i+1, got.Name, want.name)
		}
		// Athena names no length of a varchar in the columns of an answer.
		if kind := withoutLengths(want.kind); kind != "" && withoutLengths(got.Type) != kind {
			return fmt.Sprintf("column %d is a %s, want %s", i+1, got.Type, want.kind)
		}
	}
	return ""
}

// withoutLengths writes varchar for varchar(n), and no spaces behind commas.
func withoutLengths(kind string) string {
	var b strings.Builder
	for kind != "" {
		before, after, found := strings.Cut(kind, "varchar(")
		b.WriteString(before)
		if kind = ""; found {
			b.WriteString("varchar")
			_, kind, _ = strings.Cut(after, ")")
		}
	}
	return strings.ReplaceAll(b.String(), ", ", ",")
}

func (c *conformanceCase) compareRows(a answer) string {
	if len(a.rows) != len(c.rows) {
		return fmt.Sprintf("got %d rows %v, want %d", len(a.rows), a.rows, len(c.rows))
	}
	left := slices.Clone(a.rows)
	for i, want := range c.rows {
		at := 0
		if c.anyOrder {
			at = max(0, slices.IndexFunc(left, func(row []any) bool { return matchList(want, row) }))
		}
		if !matchList(want, left[at]) {
			return fmt.Sprintf("row %d: got %s, want %s", i+1, shown(left[at]), wantedText(want))
		}
		left = slices.Delete(left, at, at+1)
	}
	return ""
}

func shown(values []any) string {
	parts := make([]string, len(values))
	for i, value := range values {
		parts[i] = fmt.Sprintf("%#v", value)
		if at, ok := value.(time.Time); ok {
			parts[i] = at.Format("2006-01-02 15:04:05.999999999 -07:00")
		}
	}
	return strings.Join(parts, " | ")
}

func wantedText(values []conformanceValue) string {
	parts := make([]string, len(values))
	for i := range values {
		if parts[i] = values[i].text; values[i].kind == '"' {
			parts[i] = strconv.Quote(parts[i])
		}
	}
	return strings.Join(parts, " | ")
}

// conformanceValue is a value as a case writes it.
type conformanceValue struct {
	text  string             // as written; of a string, what it holds
	kind  byte               // '"' string, '[' array, '(' row, '{' map or row with names, 0 anything else
	keys  []string           // of '{'
	items []conformanceValue // of '[', '(' and '{'
}

func matchList(want []conformanceValue, got []any) bool {
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if !want[i].match(got[i]) {
			return false
		}
	}
	return true
}

func (v conformanceValue) match(got any) bool {
	switch v.kind {
	case '"':
		return got == any(v.text)
	case '[':
		list, ok := got.([]any)
		return ok && matchList(v.items, list)
	case '(':
		return v.matchRow(got)
	case '{':
		m, ok := got.(map[string]any)
		if !ok || len(m) != len(v.keys) {
			return false
		}
		for i, key := range v.keys {
			if value, found := m[key]; !found || !v.items[i].match(value) {
				return false
			}
		}
		return true
	}
	return v.matchWord(got)
}

// matchRow takes a row without names as a list, or with the names that Athena gives.
func (v conformanceValue) matchRow(got any) bool {
	if m, ok := got.(map[string]any); ok && len(m) == len(v.items) {
		list := make([]any, len(m))
		for i := range list {
			list[i], ok = m[fmt.Sprintf("field%d", i)]
			if !ok {
				return false
			}
		}
		got = list
	}
	list, ok := got.([]any)
	return ok && matchList(v.items, list)
}

func (v conformanceValue) matchWord(got any) bool {
	if digits, ok := strings.CutPrefix(v.text, "X'"); ok { // a varbinary is a string of its bytes
		raw, err := hex.DecodeString(strings.TrimSuffix(digits, "'"))
		return err == nil && got == any(string(raw))
	}
	switch got := got.(type) {
	case nil:
		return v.text == "NULL"
	case bool:
		return v.text == strconv.FormatBool(got)
	case int64:
		return v.text == strconv.FormatInt(got, 10)
	case float64:
		return matchFloat(v.text, got)
	case time.Time:
		return matchTime(v.text, got)
	case string: // of what Go has no type for: intervals, addresses, times of the day
		_, err := strconv.ParseInt(v.text, 10, 64)
		return err != nil && v.text != "NULL" && v.text != "true" && v.text != "false" && v.text == got
	}
	return false
}

// matchFloat compares to the last digit, unless the text starts with ~: then to nine
// digits, for what is a sum of roundings. Decimals are handed out as floats.
func matchFloat(text string, got float64) bool {
	number, rough := strings.CutPrefix(text, "~")
	want, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil:
		return false
	case math.IsNaN(want) || math.IsNaN(got):
		return math.IsNaN(want) && math.IsNaN(got)
	case rough:
		return math.Abs(want-got) <= 1e-9*math.Abs(want)
	}
	return want == got
}

// matchTime compares points in time. The zone that a timestamp is shown in is not part
// of a time.Time that came from DuckDB; cases cast to varchar to tell it.
func matchTime(text string, got time.Time) bool {
	if len(text) == len(time.DateOnly) {
		return got.UTC().Format(time.DateOnly+" 15:04:05.999999999") == text+" 00:00:00"
	}
	const layout = "2006-01-02 15:04:05.999999999"
	parts := strings.SplitN(text, " ", 3)
	zone := time.UTC
	if len(parts) == 3 {
		var err error
		if zone, err = time.LoadLocation(parts[2]); err != nil {
			at, err := time.Parse(layout+" -07:00", text)
			return err == nil && at.Equal(got)
		}
	}
	at, err := time.ParseInLocation(layout, strings.Join(parts[:min(2, len(parts))], " "), zone)
	return err == nil && at.Equal(got)
}

// parseRow reads values with " | " between them.
func parseRow(line string) (row []conformanceValue, err error) {
	for rest := line; ; {
		var v conformanceValue
		if v, rest, err = parseValue(rest, " | "); err != nil {
			return nil, err
		}
		row = append(row, v)
		if rest == "" {
			return row, nil
		}
		if !strings.HasPrefix(rest, " | ") {
			return nil, fmt.Errorf("values are separated by %q, not as in %q", " | ", rest)
		}
		rest = rest[3:]
	}
}

// parseValue reads a value that one of ends, or the end of the text, comes behind.
func parseValue(text string, ends ...string) (v conformanceValue, rest string, err error) {
	if text == "" {
		return v, "", errors.New("a value is missing")
	}
	switch open := text[0]; open {
	case '"', '`':
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return v, "", fmt.Errorf("%s: %w", text, err)
		}
		v.kind = '"'
		v.text, err = strconv.Unquote(quoted)
		return v, text[len(quoted):], err
	case '[', '(', '{':
		v.kind = open
		end := map[byte]string{'[': "]", '(': ")", '{': "}"}[open]
		rest = text[1:]
		for !strings.HasPrefix(rest, end) {
			var item conformanceValue
			if open == '{' {
				if item, rest, err = parseValue(rest, ": "); err != nil || !strings.HasPrefix(rest, ": ") {
					return v, "", fmt.Errorf("%s: a key and %q are missing: %w", text, ": ", err)
				}
				v.keys, rest = append(v.keys, item.text), rest[2:]
			}
			if item, rest, err = parseValue(rest, ", ", end); err != nil {
				return v, "", err
			}
			v.items = append(v.items, item)
			rest = strings.TrimPrefix(rest, ", ")
		}
		v.text = text[:len(text)-len(rest)+1]
		return v, rest[1:], nil
	}
	cut := len(text)
	for _, end := range ends {
		if at := strings.Index(text, end); at >= 0 {
			cut = min(cut, at)
		}
	}
	v.text = text[:cut]
	return v, text[cut:], nil
}

// readDifferences reads the list of the cases that do not agree yet: name and reason.
func readDifferences(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(conformanceFolder, differencesFile))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for i, line := range strings.Split(string(content), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, reason, found := strings.Cut(line, ": ")
		if _, twice := known[name]; !found || twice {
			t.Fatalf("%s:%d: each line is \"file/case: reason\", each case once", differencesFile, i+1)
		}
		known[name] = reason
	}
	return known
}

func readConformance(t *testing.T) (cases []*conformanceCase) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(conformanceFolder, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, path := range paths {
		file := filepath.Base(path)
		if file == differencesFile || file == "README.txt" {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for part, line := strings.TrimSpace(string(content)), 1; part != ""; {
			this, next, _ := strings.Cut(part, "\n== ")
			this = strings.TrimPrefix(this, "== ")
			if !strings.HasPrefix(this, "#") {
				c, err := parseCase(this)
				if err != nil {
					t.Fatalf("%s:%d: %v", file, line, err)
				}
				c.name = strings.TrimSuffix(file, ".txt") + "/" + c.name
				c.place = fmt.Sprintf("%s:%d", path, line)
				if seen[c.name] {
					t.Fatalf("%s: there are two cases %s", c.place, c.name)
				}
				seen[c.name] = true
				cases = append(cases, c)
			}
			line += strings.Count(this, "\n") + 1
			part = next
		}
	}
	return cases
}

// parseCase reads a case: its name, SQL up to "=>", rows up to "why:".
func parseCase(text string) (*conformanceCase, error) {
	name, text, _ := strings.Cut(text, "\n")
	sql, text, _ := strings.Cut(text, "\n=> ")
	answer, why, found := strings.Cut(text, "\nwhy: ")
	if strings.ContainsAny(name, " /") || sql == "" || !found || strings.TrimSpace(why) == "" {
		return nil, fmt.Errorf("%s: a case is a name, SQL, => with what is wanted, and why:", name)
	}
	c := &conformanceCase{name: name, sql: sql}
	head, rows, _ := strings.Cut(answer, "\n")
	if said, ok := strings.CutPrefix(head, "error"); ok {
		at, says, found := strings.Cut(said, ": ")
		if !found || rows != "" {
			return nil, fmt.Errorf("%s: an error is \"=> error: words\" or \"=> error 1:8: words\"", name)
		}
		c.isError, c.at, c.says = true, strings.TrimSpace(at), strings.Split(says, " | ")
		return c, nil
	}
	head, c.anyOrder = strings.CutSuffix(head, "; any order")
	for _, column := range splitTypes(head) {
		named, kind, found := strings.Cut(column, ": ")
		if !found {
			named, kind = "", column
		}
		if kind == "?" {
			kind = ""
		}
		c.columns = append(c.columns, conformanceColumn{named, kind})
	}
	if rows == "" {
		return c, nil
	}
	for _, line := range strings.Split(rows, "\n") {
		row, err := parseRow(line)
		if err == nil && len(row) != len(c.columns) {
			err = fmt.Errorf("%d values for %d columns", len(row), len(c.columns))
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, line, err)
		}
		c.rows = append(c.rows, row)
	}
	return c, nil
}

// splitTypes splits at the commas that stand outside of parentheses.
func splitTypes(text string) (types []string) {
	depth, from := 0, 0
	for i, c := range text {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				types, from = append(types, strings.TrimSpace(text[from:i])), i+1
			}
		}
	}
	return append(types, strings.TrimSpace(text[from:]))
}
