package playbooks

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Limits of a file. They are far above what a person writes, and keep a hostile file
// (aliases of aliases of aliases) from taking the machine's memory.
const (
	maxBytes = 1 << 20
	maxNodes = 200_000 // with every alias written out
	maxDepth = 50
)

// parse turns the text into the nodes of one mapping, or reports why it cannot.
func (l *loader) parse(source []byte) *yaml.Node {
	if !l.readable(source) {
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	document, err := decodeNode(decoder)
	switch {
	case errors.Is(err, io.EOF):
		l.report(0, 0, "empty", "the file is empty", "a playbook begins with playbook: 1")
		return nil
	case err != nil:
		l.syntax(source, err)
		return nil
	}
	if second, err := decodeNode(decoder); !errors.Is(err, io.EOF) {
		line, column := 0, 0
		if err == nil {
			line, column = second.Line, second.Column
		}
		l.report(line, column, "documents", "the file holds more than one YAML document", "write one playbook in one file")
		return nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		l.at(root, "type", "a playbook is a map of keys, not "+describe(root), "it begins with playbook: 1")
		return nil
	}
	nodes := 0
	if !l.bounded(root, 0, &nodes) {
		return nil
	}
	l.wellFormed(root)
	return root
}

var foreignBreak = regexp.MustCompile("\r[^\n]|\r$|[\u0085\u2028\u2029]")

// readable checks what has to hold before YAML is looked for.
func (l *loader) readable(source []byte) bool {
	if len(source) > maxBytes {
		l.report(0, 0, "size", fmt.Sprintf("the file is larger than a playbook can be (%d bytes)", maxBytes), "")
		return false
	}
	for i, line := range l.lines {
		if at := invalidUTF8(line); at >= 0 {
			l.report(i+1, utf8.RuneCountInString(line[:at])+1, "encoding", "the file is not UTF-8 text", "save it as UTF-8")
			return false
		}
	}
	// YAML counts these as ends of lines, other programs do not: every position would
	// be wrong, and a reviewer would not see the line that YAML sees.
	if at := foreignBreak.FindIndex(source); at != nil {
		before := string(source[:at[0]])
		line := strings.Count(before, "\n") + 1
		column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
		l.report(line, column, "encoding", "a line ends here in a way that most programs do not show",
			`end lines with \n or \r\n; in quoted text write \u2028 and the like`)
		return false
	}
	return true
}

func invalidUTF8(text string) int {
	for i, r := range text {
		if _, size := utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && size == 1 {
			return i
		}
	}
	return -1
}

// decodeNode reads one document. The YAML library reports most of what is wrong by an
// error and has been known to panic on the rest.
func decodeNode(decoder *yaml.Decoder) (node *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: it cannot be read: %v", r)
		}
	}()
	node = &yaml.Node{}
	err = decoder.Decode(node)
	return node, err
}

// syntax reports what the YAML library cannot read. The library names the line where
// the construct around the mistake begins, or none, and never a column. The shortest
// beginning of the file that fails in the same way ends at the mistake.
func (l *loader) syntax(source []byte, err error) {
	end := sort.Search(len(source), func(n int) bool {
		_, e := decodeNode(yaml.NewDecoder(bytes.NewReader(source[:n])))
		return e != nil && e.Error() == err.Error()
	})
	before := strings.TrimRight(string(source[:end]), " \r\n")
	line := strings.Count(before, "\n") + 1
	last := before[strings.LastIndexByte(before, '\n')+1:]
	column := max(utf8.RuneCountInString(last), 1)
	message := yamlPrefix.ReplaceAllString(err.Error(), "")
	if name := unknownAnchor.FindStringSubmatch(message); name != nil {
		column = utf8.RuneCountInString(last[:max(strings.LastIndex(last, "*"), 0)]) + 1
		l.report(line, column, "yaml", fmt.Sprintf("*%s repeats a value that no &%s stands before", excerpt(name[1]), excerpt(name[1])),
			"put text that begins with * in quotes")
		return
	}
	// The library goes on to the next line before it gives up.
	for n := line; n > 0 && n > line-2 && strings.HasPrefix(message, "did not find expected key"); n-- {
		if at := textAfterQuotes.FindStringSubmatchIndex(l.lines[n-1]); at != nil {
			l.report(n, utf8.RuneCountInString(l.lines[n-1][:at[2]])+1, "yaml", "text follows the closing quote",
				`put the whole value in single quotes, as '"x" == item.name'`)
			return
		}
	}
	for _, known := range yamlMistakes {
		if strings.HasPrefix(message, known.theirs) && (known.when == "" || strings.Contains(l.lines[line-1], known.when)) {
			l.report(line, column, "yaml", known.ours, known.hint)
			return
		}
	}
	l.report(line, column, "yaml", "this is not YAML: "+message, "")
}

var (
	unknownAnchor   = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
	textAfterQuotes = regexp.MustCompile(`^\s*(?:- )?[\w-]+:\s+(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*([^\s#])`)
)

var yamlPrefix = regexp.MustCompile(`^yaml: (line \d+: )?`)

// yamlMistakes says in words what the YAML library means, most special first.
var yamlMistakes = [...]struct{ theirs, when, ours, hint string }{
	{"found character that cannot start any token", "\t", "a tab cannot indent", "use spaces"},
	{"found a tab character", "", "a tab cannot indent", "use spaces"},
	{"found character that cannot start any token", "", "text cannot begin with this character", "put the whole text in quotes"},
	{"mapping values are not allowed in this context", "", `": " begins the value of a key, but there cannot be a key here`,
		"put text with a colon in quotes; check the indentation"},
	{"did not find expected key", "{{", "text cannot begin with {{", "an expression stands in ${{ }}; put text that begins with { in quotes"},
	{"did not find expected key", "", "a key is expected here",
		"check the indentation; a value that begins with a quote has to end with it"},
	{"could not find expected ':'", "", "this line is no key with a value", "check the indentation; a key ends with a colon"},
	{"did not find expected '-' indicator", "", "an item of the list is expected here", "begin it with - and check the indentation"},
	{"did not find expected ',' or ']'", "", "this list in [ ] is not closed", "separate its items by commas; put text with commas or brackets in quotes"},
	{"did not find expected ',' or '}'", "", "this map in { } is not closed", "separate its keys by commas; put text with commas or braces in quotes"},
	{"found unexpected end of stream", "", "the quotes that open here are not closed", ""},
	{"found unknown escape character", "", `in double quotes \ begins an escape, and this is none`, "use single quotes"},
	{"control characters are not allowed", "", "the file holds a control character", "delete it"},
}

// bounded walks everything that aliases expand to, and reports what has no end.
func (l *loader) bounded(node *yaml.Node, depth int, nodes *int) bool {
	*nodes++
	switch {
	case depth > maxDepth:
		l.at(node, "size", fmt.Sprintf("the file is nested more than %d deep here", maxDepth), "an alias may contain itself")
		return false
	case *nodes > maxNodes:
		l.at(node, "size", fmt.Sprintf("the file holds more than %d values", maxNodes), "aliases count as what they stand for")
		return false
	}
	for _, inner := range resolve(node).Content {
		if !l.bounded(inner, depth+1, nodes) {
			return false
		}
	}
	return true
}

// wellFormed reports what YAML allows and playbooks do not, because it does not mean
// what it seems to mean.
func (l *loader) wellFormed(node *yaml.Node) {
	if node.Kind == yaml.AliasNode {
		return
	}
	if tag := l.tag(node); tag != "" {
		l.at(node, "tag", fmt.Sprintf("YAML reads %s as a tag, not as part of the value", excerpt(tag)),
			"put the whole value in quotes; in an expression write not instead of !")
	}
	if node.Kind == yaml.MappingNode {
		l.keys(node)
	}
	for _, inner := range node.Content {
		l.wellFormed(inner)
	}
}

// tag is the tag in front of a value. yaml.v3 drops the tag "!" (`that: ! x` becomes
// x), so it is looked for in the text.
func (l *loader) tag(node *yaml.Node) string {
	if node.Line < 1 || node.Line > len(l.lines) {
		return ""
	}
	written := tail(l.lines[node.Line-1], node.Column)
	if strings.HasPrefix(written, "&") {
		_, written, _ = strings.Cut(written, " ")
		written = strings.TrimLeft(written, " ")
	}
	if !strings.HasPrefix(written, "!") {
		return ""
	}
	tag, _, _ := strings.Cut(written, " ")
	return tag
}

func (l *loader) keys(node *yaml.Node) {
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := resolve(node.Content[i])
		first, again := seen[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			l.at(node.Content[i], "type", "a key is a word, not "+describe(key), "put text that begins with { or [ in quotes")
		case key.Tag == "!!merge":
			l.at(key, "merge", "<< does not merge maps here", "write the keys out, or reuse a whole value with &name and *name")
		case again:
			l.at(node.Content[i], "duplicate-key", fmt.Sprintf("the key %q is in line %d already", key.Value, first), "")
		default:
			seen[key.Value] = key.Line
		}
	}
}
