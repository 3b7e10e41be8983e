package playbooks

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// position finds the line and column (from 1, in characters) of a byte offset into
// the value of a scalar. YAML folds lines, strips indentation and doubles quotes, but
// between the characters of a value the file has nothing but white space: both are
// read side by side. Where that fails (an escape in double quotes that stands for a
// character) it is the place where the scalar begins.
func position(lines []string, node *yaml.Node, offset int) (line, column int) {
	if node.Kind != yaml.ScalarNode || node.Line < 1 || node.Line > len(lines) {
		return node.Line, node.Column
	}
	c := beginning(lines, node)
	offset = min(max(offset, 0), len(node.Value))
	for _, r := range node.Value[:offset] {
		if unicode.IsSpace(r) {
			continue
		}
		if c.skipSpace(); !c.match(r) {
			return node.Line, node.Column
		}
	}
	if next, _ := utf8.DecodeRuneInString(node.Value[offset:]); offset < len(node.Value) && !unicode.IsSpace(next) {
		c.skipSpace()
	}
	if c.line >= len(lines) {
		return node.Line, node.Column
	}
	return c.line + 1, utf8.RuneCountInString(lines[c.line][:c.at]) + 1
}

// cursor is a place in the file while a scalar is read.
type cursor struct {
	lines    []string
	line, at int // from 0; at counts bytes
	quote    byte
}

// beginning is where the value of a scalar begins: behind its anchor and its quote, or
// in the line after the header of a block.
func beginning(lines []string, node *yaml.Node) *cursor {
	written := tail(lines[node.Line-1], node.Column)
	for strings.HasPrefix(written, "&") || strings.HasPrefix(written, "!") {
		_, after, _ := strings.Cut(written, " ")
		written = strings.TrimLeft(after, " ")
	}
	c := &cursor{lines: lines, line: node.Line - 1, at: len(lines[node.Line-1]) - len(written)}
	switch {
	case node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		c.line, c.at = c.line+1, 0
	case node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 && written != "":
		c.quote = written[0]
		c.at++
	}
	return c
}

// rest is what follows in the line.
func (c *cursor) rest() string {
	if c.line >= len(c.lines) {
		return ""
	}
	return c.lines[c.line][c.at:]
}

// skipSpace goes to the next character of the value: over ends of lines, indentation,
// and the escapes for white space.
func (c *cursor) skipSpace() {
	for c.line < len(c.lines) {
		rest := c.rest()
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case rest == "" || rest == `\` && c.quote == '"':
			c.line, c.at = c.line+1, 0
		case unicode.IsSpace(r):
			c.at += size
		case c.quote == '"' && len(rest) > 1 && r == '\\' && strings.IndexByte("ntr ", rest[1]) >= 0:
			c.at += 2
		default:
			return
		}
	}
}

// match goes over one character of the value, if it is what the file has here.
func (c *cursor) match(r rune) bool {
	written := string(r)
	switch {
	case c.quote == '\'' && r == '\'':
		written = "''"
	case c.quote == '"' && (r == '"' || r == '\\'):
		written = `\` + written
	}
	if !strings.HasPrefix(c.rest(), written) {
		return false
	}
	c.at += len(written)
	return true
}

// tail is the line from a column (in characters, from 1) on.
func tail(line string, column int) string {
	for i := range line {
		if column--; column == 0 {
			return line[i:]
		}
	}
	return ""
}
