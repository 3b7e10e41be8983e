package cloud

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"playbook/steps"
	"playbook/steps/diagnostic"
)

// about is case.yaml.
type about struct {
	collectedAt time.Time
	window      steps.Window
	accounts    []string
	regions     []string
	notes       string
	params      map[string]any
}

const maxAbout = 1 << 20

var (
	accountID  = regexp.MustCompile(`^\d{12}$`)
	regionName = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-\d+$`)
)

// readAbout reads case.yaml; without one a case says nothing about itself. Its mistakes
// are a diagnostic.List.
func readAbout(dir string) (about, error) {
	var a about
	path := filepath.Join(dir, "case.yaml")
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return a, nil
	case err != nil:
		return a, err
	case !info.Mode().IsRegular() || info.Size() > maxAbout:
		return a, fmt.Errorf("%s is not a file of less than %d bytes", path, maxAbout)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return a, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return a, fmt.Errorf("%s: %w", path, err)
	}
	if len(document.Content) == 0 {
		return a, nil
	}
	r := &aboutReader{file: path}
	r.keys(document.Content[0], "a case", map[string]func(*yaml.Node){
		"collected_at": r.time(&a.collectedAt),
		"window": func(node *yaml.Node) {
			r.keys(node, "a window", map[string]func(*yaml.Node){"from": r.time(&a.window.From), "to": r.time(&a.window.To)})
			if r.list.Err() == nil && (a.window.From.IsZero() || !a.window.From.Before(a.window.To)) {
				r.mistake(node, "value", "a window has from and to, and from is before to", "")
			}
		},
		"accounts": r.texts(&a.accounts, accountID, "an account has twelve digits"),
		"regions":  r.texts(&a.regions, regionName, "a region is written as eu-west-1"),
		"params": func(node *yaml.Node) {
			if node.Decode(&a.params) != nil {
				r.mistake(node, "type", "params is a mapping of names to values", "")
			}
		},
		"notes": func(node *yaml.Node) {
			if err := node.Decode(&a.notes); err != nil {
				r.mistake(node, "type", "notes is a text", "")
			}
		},
	})
	return a, r.list.Sort().Err()
}

type aboutReader struct {
	file string
	list diagnostic.List
}

func (r *aboutReader) mistake(node *yaml.Node, rule, message, hint string) {
	r.list = append(r.list, diagnostic.Diagnostic{
		File: r.file, Line: node.Line, Column: node.Column, Severity: diagnostic.Error, Rule: rule, Message: message, Hint: hint,
	})
}

// keys reads a mapping, each value with the function of its key.
func (r *aboutReader) keys(node *yaml.Node, what string, readers map[string]func(*yaml.Node)) {
	if node.Kind != yaml.MappingNode {
		r.mistake(node, "type", what+" is a mapping of keys to values", "")
		return
	}
	known := slices.Sorted(maps.Keys(readers))
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		read := readers[key.Value]
		switch {
		case read == nil:
			r.mistake(key, "unknown-key", fmt.Sprintf("unknown key %q: %s has %s", key.Value, what, known), diagnostic.DidYouMean(key.Value, known))
		case seen[key.Value]:
			r.mistake(key, "duplicate-key", fmt.Sprintf("the key %q appears twice", key.Value), "")
		default:
			seen[key.Value] = true
			read(node.Content[i+1])
		}
	}
}

func (r *aboutReader) time(into *time.Time) func(*yaml.Node) {
	return func(node *yaml.Node) {
		for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
			if at, err := time.Parse(layout, node.Value); err == nil && node.Kind == yaml.ScalarNode {
				*into = at.UTC()
				return
			}
		}
		r.mistake(node, "type", fmt.Sprintf("%q is no time", node.Value), "write 2026-03-01T12:00:00Z or 2026-03-01")
	}
}

func (r *aboutReader) texts(into *[]string, pattern *regexp.Regexp, rule string) func(*yaml.Node) {
	return func(node *yaml.Node) {
		if node.Kind != yaml.SequenceNode {
			r.mistake(node, "type", "this is a list", "write [a, b]")
			return
		}
		for _, element := range node.Content {
			if !pattern.MatchString(element.Value) {
				r.mistake(element, "value", fmt.Sprintf("%q: %s", element.Value, rule), "")
				continue
			}
			*into = append(*into, element.Value)
		}
	}
}
