package playbooks

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
	"gopkg.in/yaml.v3"

	"playbook/steps"
	"playbook/steps/diagnostic"
)

// loader reads one file. Its methods report mistakes and go on, so that all of them
// are found in one go.
type loader struct {
	path        string
	lines       []string
	kinds       []steps.Kind
	schemas     map[string]*jsonschema.Schema // of the options of kinds, by name
	patterns    map[string]*regexp.Regexp
	diagnostics diagnostic.List
}

// Load parses and checks one playbook. Every mistake in it is in the list; the
// playbook is nil when one of them is an error.
func Load(path string, source []byte, kinds []steps.Kind) (*Playbook, diagnostic.List) {
	l := &loader{
		path: path, lines: strings.Split(strings.TrimPrefix(string(source), "\ufeff"), "\n"), kinds: kinds,
		schemas: map[string]*jsonschema.Schema{}, patterns: map[string]*regexp.Regexp{},
	}
	p := l.load(source)
	l.diagnostics = withoutEchoes(l.diagnostics.Sort())
	if p == nil || l.diagnostics.Err() != nil {
		return nil, l.diagnostics
	}
	p.Path, p.Source = path, source
	return p, l.diagnostics
}

func (l *loader) load(source []byte) *Playbook {
	root := l.parse(source)
	if root == nil || !l.version(root) {
		return nil
	}
	l.checker(refused).check(fileSchema(), root, "")
	l.rows(root)
	p := l.compile(root)
	if l.diagnostics.Err() == nil {
		l.fill(p, root)
	}
	return p
}

// withoutEchoes drops what else is wrong with a value that a tag has eaten.
func withoutEchoes(list diagnostic.List) diagnostic.List {
	tagged := map[int]bool{}
	for _, d := range list {
		tagged[d.Line] = tagged[d.Line] || d.Rule == "tag"
	}
	return slices.DeleteFunc(list, func(d diagnostic.Diagnostic) bool { return tagged[d.Line] && d.Rule != "tag" })
}

// version decides whether it makes sense to look for mistakes at all.
func (l *loader) version(root *yaml.Node) bool {
	node := child(root, "playbook")
	switch {
	case node != nil && node.Value == "1":
		return true
	case node != nil:
		l.at(node, "version", fmt.Sprintf("this program reads playbooks of version 1, and this one is of version %s", excerpt(node.Value)),
			"write playbook: 1, or use a newer program")
		return false
	case child(root, "steps") != nil:
		return true // its absence is reported with the other mistakes
	}
	l.at(root, "version", "this is not a playbook: it has neither the key playbook nor steps", "a playbook begins with playbook: 1")
	return false
}

// fill takes over what needs no compiling. It is called when nothing is wrong, so that
// decoding the whole file cannot fail.
func (l *loader) fill(p *Playbook, root *yaml.Node) {
	var f file
	if err := root.Decode(&f); err != nil {
		l.at(root, "yaml", err.Error(), "")
		return
	}
	p.ID, p.Title, p.Summary = f.ID, f.Title, f.Summary
	p.Document, p.Classification, p.Objectives = f.Document, f.Classification, f.Objectives
	document := child(root, "document")
	p.approved = placeOf(cmp.Or(child(document, "approved"), document))
	for i, raw := range f.Steps {
		p.Steps[i].fill(raw)
	}
}

// rows checks that `covers` names rows of the source that exist, and that every row is
// covered: a playbook that lists its source's rows says that it carries them all out.
func (l *loader) rows(root *yaml.Node) {
	document := child(root, "document")
	rows := items(child(document, "rows"))
	if len(rows) == 0 {
		return
	}
	covered := make([]bool, len(rows)+1)
	for _, place := range append([]*yaml.Node{document}, items(child(root, "steps"))...) {
		for _, row := range items(child(place, "covers")) {
			n, err := strconv.Atoi(row.Value)
			switch {
			case err != nil || n < 1: // reported by the schema
			case n > len(rows):
				l.at(row, "covers", fmt.Sprintf("there is no row %d", n), fmt.Sprintf("document.rows has %d", len(rows)))
			default:
				covered[n] = true
			}
		}
	}
	for i, row := range rows {
		if !covered[i+1] {
			l.at(row, "covers", fmt.Sprintf("no step covers row %d, %q", i+1, excerpt(row.Value)), "add its number to the `covers` of the steps that carry it out")
		}
	}
}

// at reports an error at a node.
func (l *loader) at(node *yaml.Node, rule, message, hint string) {
	l.report(node.Line, node.Column, rule, message, hint)
}

func (l *loader) report(line, column int, rule, message, hint string) {
	if line > max(1, len(l.lines)) { // where yaml puts the value that is missing behind a last "---"
		line, column = 0, 0
	}
	l.diagnostics = append(l.diagnostics, diagnostic.Diagnostic{
		File: l.path, Line: line, Column: column, Severity: diagnostic.Error, Rule: rule, Message: message, Hint: hint,
	})
}

// checker compares what is written with a schema. The caret shows the place, so that
// the message names no more than the innermost keys: "retry.attempts", not
// "steps[3].retry.attempts".
func (l *loader) checker(holes holes) *checker {
	return &checker{holes: holes, gave: "got", patterns: l.patterns,
		report: func(node *yaml.Node, path, rule, message, hint string) {
			if at := strings.LastIndex(path, "]."); at >= 0 {
				path = path[at+2:]
			}
			switch {
			case rule == "missing-key" || rule == "unknown-key":
				if path != "" && !strings.HasSuffix(path, "]") {
					message += " in " + path
				}
			case path != "" && path != ".":
				message = path + ": " + message
			}
			l.at(node, rule, message, hint)
		}}
}
