package playbooks

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"playbook/playbooks/expression"
	"playbook/steps"
	"playbook/steps/diagnostic"
)

// Limits of a file. They are far above what a person writes, and keep a hostile file
// (aliases of aliases of aliases) from taking the machine's memory.
const (
	maxBytes = 1 << 20
	maxNodes = 200_000
	maxDepth = 50
)

// loader reads one file. Its methods report mistakes and go on, so that all of them
// are found in one go.
type loader struct {
	path        string
	lines       []string
	kinds       []steps.Kind
	diagnostics diagnostic.List
}

// Load parses and checks one playbook. Every mistake in it is in the list; the
// playbook is nil when one of them is an error.
func Load(path string, source []byte, kinds []steps.Kind) (*Playbook, diagnostic.List) {
	l := &loader{path: path, lines: strings.Split(string(source), "\n"), kinds: kinds}
	root := l.parse(source)
	if root == nil {
		return nil, l.diagnostics
	}
	if version := child(root, "playbook"); version != nil && version.Value != "1" {
		l.at(version, "version", fmt.Sprintf("this program reads format version 1, the file says %s", version.Value),
			"write playbook: 1, or use a newer program")
		return nil, l.diagnostics
	}
	l.checker(false).check(fileSchema(), root, "")
	p := l.playbook(root)
	l.diagnostics = l.diagnostics.Sort()
	if l.diagnostics.Err() != nil {
		return nil, l.diagnostics
	}
	p.Path, p.Source = path, source
	return p, l.diagnostics
}

// at reports an error at a node.
func (l *loader) at(node *yaml.Node, rule, message, hint string) {
	l.report(node.Line, node.Column, rule, message, hint)
}

func (l *loader) report(line, column int, rule, message, hint string) {
	l.diagnostics = append(l.diagnostics, diagnostic.Diagnostic{
		File: l.path, Line: line, Column: column, Severity: diagnostic.Error, Rule: rule, Message: message, Hint: hint,
	})
}

func (l *loader) checker(holes bool) *checker { return &checker{report: l.at, holes: holes} }

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// parse turns the text into one mapping node, or reports why it cannot.
func (l *loader) parse(source []byte) *yaml.Node {
	switch {
	case len(source) > maxBytes:
		l.report(0, 0, "size", fmt.Sprintf("the file has %d bytes; a playbook has at most %d", len(source), maxBytes), "")
		return nil
	case !utf8.Valid(source):
		l.report(0, 0, "utf-8", "the file is not UTF-8 text", "")
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			l.report(0, 0, "empty", "the file is empty", "a playbook begins with playbook: 1")
			return nil
		}
		l.syntax(err)
		return nil
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		line, column := second.Line, second.Column
		l.report(max(line, 1), max(column, 1), "documents", "the file holds more than one document", "write one playbook a file")
		return nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		l.at(root, "type", "a playbook is a map, not "+describeNode(root), "it begins with playbook: 1")
		return nil
	}
	nodes := 0
	if !l.bounded(root, 0, &nodes) {
		return nil
	}
	return root
}

func (l *loader) syntax(err error) {
	match := yamlLine.FindStringSubmatch(err.Error())
	line, message := 1, err.Error()
	if match != nil {
		message = match[2]
		if n, err := strconv.Atoi(match[1]); err == nil {
			line = n
		}
	}
	hint := ""
	if line <= len(l.lines) && strings.Contains(l.lines[line-1], "\t") {
		hint = "indent with spaces, not tabs"
	}
	l.report(line, 1, "yaml", "this is not YAML: "+message, hint)
}

// bounded walks everything that aliases expand to, and reports what has no end.
func (l *loader) bounded(node *yaml.Node, depth int, nodes *int) bool {
	*nodes++
	if depth > maxDepth || *nodes > maxNodes {
		l.at(node, "size", "the file is nested too deep or its aliases expand to too much", "")
		return false
	}
	for _, inner := range resolve(node).Content {
		if !l.bounded(inner, depth+1, nodes) {
			return false
		}
	}
	return true
}

// playbook builds what can be built, whatever is wrong elsewhere.
func (l *loader) playbook(root *yaml.Node) *Playbook {
	var f file
	// Mistakes of type are reported by the checker already; what can be decoded is.
	_ = root.Decode(&f)
	p := &Playbook{
		ID: f.ID, Title: f.Title, Summary: f.Summary, Document: f.Document,
		Classification: f.Classification, Objectives: f.Objectives,
	}
	p.Params = l.params(child(root, "params"))
	types := map[string]string{}
	for _, param := range p.Params {
		types[param.Name] = param.Type
	}
	compiler := &compiler{loader: l, scope: expression.NewScope(types), seen: map[string]bool{}}
	list := child(root, "steps")
	if list == nil || list.Kind != yaml.SequenceNode {
		return p
	}
	for _, node := range list.Content {
		if id := child(node, "id"); id != nil {
			compiler.later = append(compiler.later, id.Value)
		}
	}
	for _, node := range list.Content {
		if step := compiler.step(resolve(node)); step != nil {
			p.Steps = append(p.Steps, step)
		}
	}
	return p
}
