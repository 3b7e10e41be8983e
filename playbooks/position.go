package playbooks

import (
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// position finds the line and column (from 1, in characters) of a byte offset into
// the value of a scalar. Where the value is not written in the file as it is (folded,
// with escapes, over several lines) it is the place where the scalar begins.
func position(lines []string, node *yaml.Node, offset int) (line, column int) {
	line, column = node.Line, node.Column
	if node.Kind != yaml.ScalarNode || line < 1 || line > len(lines) {
		return line, column
	}
	before := node.Value[:min(max(offset, 0), len(node.Value))]
	switch node.Style &^ yaml.TaggedStyle {
	case yaml.LiteralStyle:
		down := strings.Count(before, "\n")
		last := before[strings.LastIndexByte(before, '\n')+1:]
		return line + 1 + down, indentation(lines, line, node.Value) + utf8.RuneCountInString(last) + 1
	case yaml.FoldedStyle:
		return line, column
	}
	written := tail(lines[line-1], column)
	switch {
	case node.Style&yaml.SingleQuotedStyle != 0:
		before = "'" + strings.ReplaceAll(before, "'", "''")
	case node.Style&yaml.DoubleQuotedStyle != 0:
		before = `"` + before
	}
	if !strings.HasPrefix(written, before) {
		return line, column
	}
	return line, column + utf8.RuneCountInString(before)
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

// indentation is how far the text of a block scalar is set in: as far as its first
// line that is not empty.
func indentation(lines []string, header int, value string) int {
	for i, text := range strings.Split(value, "\n") {
		if text != "" && header+i < len(lines) {
			return max(0, utf8.RuneCountInString(strings.TrimSuffix(lines[header+i], "\r"))-utf8.RuneCountInString(text))
		}
	}
	return 0
}
