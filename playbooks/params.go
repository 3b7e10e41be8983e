package playbooks

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"playbook/steps/diagnostic"
)

var paramName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// params reads the declarations, in file order.
func (l *loader) params(node *yaml.Node) []Param {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	var params []Param
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := resolve(node.Content[i]), resolve(node.Content[i+1])
		if key.Kind == yaml.ScalarNode && !paramName.MatchString(key.Value) {
			l.at(key, "pattern", fmt.Sprintf("a param cannot be called %q", excerpt(key.Value)),
				"use small letters, digits and _, beginning with a letter")
		}
		params = append(params, l.param(key.Value, value))
	}
	return params
}

func (l *loader) param(name string, node *yaml.Node) Param {
	p := Param{Name: name, Type: text(child(node, "type")), Help: text(child(node, "help"))}
	if secret := child(node, "secret"); secret != nil {
		p.Secret = secret.Tag == "!!bool" && strings.EqualFold(secret.Value, "true")
	}
	if !slices.Contains(ParamTypes[:], p.Type) {
		return p // reported by the schema
	}
	for _, choice := range items(child(node, "choices")) {
		if !isScalar(choice) || hasHole(choice) {
			continue
		}
		if _, err := p.parseText(choice.Value); err != nil {
			l.at(choice, "choices", fmt.Sprintf("the choice %q: %v", excerpt(choice.Value), err), "")
		}
		p.Choices = append(p.Choices, choice.Value)
	}
	fallback := child(node, "default")
	switch {
	case fallback == nil || fallback.Tag == "!!null":
	case hasHole(fallback):
		l.at(fallback, "hole", "${{ }} is not evaluated in a default", "a param without default is nil; write params.x ?? … where it is used")
	case p.Secret:
		l.at(fallback, "secret", "a secret cannot have a default", "the playbook is copied into every run folder")
	case p.Type == "file" && !strings.HasPrefix(text(fallback), "s3://"):
		l.at(fallback, "default", "a default cannot name a file on the disk of whoever runs the playbook",
			"it may name a place in S3, as s3://bucket/key")
	default:
		value, err := p.parse(given(fallback))
		if err != nil {
			l.at(fallback, "default", "the default "+err.Error(), "")
		}
		p.Default = value
	}
	return p
}

// given is a default as a params file or the command line would give it. Scalars are
// taken as they are written: 012345678901 is an account, not a number.
func given(node *yaml.Node) any {
	switch {
	case node.Kind == yaml.SequenceNode:
		list := []any{}
		for _, item := range items(node) {
			list = append(list, given(item))
		}
		return list
	case isScalar(node):
		return node.Value
	}
	return map[string]any{}
}

// ParseParams turns what was given on the command line and in a params file into
// values by name, defaults included. The command line wins. A param that is not given
// and has no default is nil. Every mistake is in the error; no secret is.
func ParseParams(p *Playbook, given map[string]string, file map[string]any) (map[string]any, error) {
	all := maps.Clone(file)
	if all == nil {
		all = map[string]any{}
	}
	for name, text := range given {
		all[name] = text
	}
	values := map[string]any{}
	var names []string
	var wrong []error
	for _, param := range p.Params {
		names = append(names, param.Name)
		value, isGiven := all[param.Name]
		if !isGiven {
			values[param.Name] = param.Default
			continue
		}
		parsed, err := param.parse(value)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("param %s %w", param.Name, err))
		}
		values[param.Name] = parsed
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !slices.Contains(names, name) {
			wrong = append(wrong, fmt.Errorf("%s has no param %q; %s", p.ID, name, suggest(name, names)))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	return values, nil
}

func suggest(name string, names []string) string {
	if len(names) == 0 {
		return "it has none at all"
	}
	if hint := diagnostic.DidYouMean(name, names); hint != "" {
		return hint
	}
	return "its params are " + strings.Join(names, ", ")
}

// parse converts what was given; the error continues "param x …".
func (p Param) parse(given any) (any, error) {
	value, err := p.convert(given)
	if err == nil {
		return value, nil
	}
	if p.Secret {
		return nil, fmt.Errorf("cannot be what was given: %w", err)
	}
	return nil, fmt.Errorf("cannot be %q: %w", excerpt(fmt.Sprint(given)), err)
}

func (p Param) convert(given any) (any, error) {
	list, isList := given.([]any)
	text, isText := given.(string)
	switch {
	case given == nil:
		return nil, nil
	case p.Type != "list":
		value, err := p.scalar(given)
		if err == nil {
			err = p.allowed(value)
		}
		return value, err
	case isText:
		list = []any{}
		for _, element := range strings.Split(text, ",") {
			if element = strings.TrimSpace(element); element != "" {
				list = append(list, element)
			}
		}
	case !isList:
		return nil, errors.New("want a list")
	}
	for _, element := range list {
		value, err := p.scalar(element)
		if err == nil {
			err = p.allowed(value)
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// allowed checks the choices. They were written as text: 5 and 5.0 are one number.
func (p Param) allowed(value any) error {
	for _, choice := range p.Choices {
		if parsed, err := p.parseText(choice); err == nil && reflect.DeepEqual(parsed, value) {
			return nil
		}
	}
	if len(p.Choices) > 0 {
		return errors.New("want " + oneOf(p.Choices))
	}
	return nil
}

// Mask returns the values as a record may show them: those that are set, secret ones
// replaced.
func Mask(p *Playbook, values map[string]any) map[string]any {
	masked := map[string]any{}
	for _, param := range p.Params {
		value := values[param.Name]
		switch d, isDuration := value.(time.Duration); {
		case value == nil:
			continue
		case param.Secret:
			value = "***"
		case isDuration:
			value = d.String()
		}
		masked[param.Name] = value
	}
	return masked
}

// Secrets are the values that must never reach disk or terminal.
func Secrets(p *Playbook, values map[string]any) []string {
	var secrets []string
	for _, param := range p.Params {
		if !param.Secret || values[param.Name] == nil {
			continue
		}
		if list, ok := values[param.Name].([]any); ok {
			for _, element := range list {
				secrets = append(secrets, fmt.Sprint(element))
			}
			continue
		}
		secrets = append(secrets, fmt.Sprint(values[param.Name]))
	}
	return secrets
}

// GivenFiles are the files and folders on disk that the values of file params name:
// all of the disk that a step may read.
func GivenFiles(p *Playbook, values map[string]any) []string {
	var paths []string
	for _, param := range p.Params {
		path, _ := values[param.Name].(string)
		if param.Type == "file" && path != "" && !strings.HasPrefix(path, "s3://") {
			paths = append(paths, path)
		}
	}
	return paths
}
