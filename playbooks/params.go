package playbooks

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"playbook/playbooks/expression"
	"playbook/steps/diagnostic"
)

// params reads the declarations, in file order.
func (l *loader) params(node *yaml.Node) []Param {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	var params []Param
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], resolve(node.Content[i+1])
		if !paramName.MatchString(key.Value) {
			l.at(key, "pattern", fmt.Sprintf("a param cannot be called %q", key.Value), "use small letters, digits and _")
			continue
		}
		var raw param
		_ = value.Decode(&raw)
		p := Param{Name: key.Value, Type: raw.Type, Help: raw.Help, Secret: raw.Secret, Choices: raw.Choices}
		if fallback := child(value, "default"); fallback != nil && raw.Type != "" {
			var given any
			_ = fallback.Decode(&given)
			parsed, err := p.parse(given)
			if err != nil {
				l.at(fallback, "default", "the default "+err.Error(), "")
			}
			p.Default = parsed
		}
		params = append(params, p)
	}
	return params
}

// ParseParams turns what was given on the command line and in a params file into
// values by name, defaults included. The command line wins. Every mistake is in the
// error.
func ParseParams(p *Playbook, given map[string]string, file map[string]any) (map[string]any, error) {
	values := map[string]any{}
	var names []string
	var errs []error
	for _, param := range p.Params {
		names = append(names, param.Name)
		value, ok := file[param.Name]
		if text, onLine := given[param.Name]; onLine {
			value, ok = text, true
		}
		if !ok {
			values[param.Name] = param.Default
			continue
		}
		parsed, err := param.parse(value)
		if err != nil {
			errs = append(errs, fmt.Errorf("param %s %w", param.Name, err))
		}
		values[param.Name] = parsed
	}
	var unknown []string
	for name := range given {
		unknown = append(unknown, name)
	}
	for name := range file {
		unknown = append(unknown, name)
	}
	slices.Sort(unknown)
	for _, name := range slices.Compact(unknown) {
		if !slices.Contains(names, name) {
			hint := diagnostic.DidYouMean(name, names)
			if hint == "" {
				hint = "the params are " + strings.Join(names, ", ")
			}
			errs = append(errs, fmt.Errorf("%s has no param %q; %s", p.ID, name, hint))
		}
	}
	return values, errors.Join(errs...)
}

// parse converts one value; the error continues "param x …". A secret value is never
// in it.
func (p Param) parse(given any) (any, error) {
	value, err := convert(p.Type, given)
	shown := fmt.Sprintf("%q", fmt.Sprint(given))
	if p.Secret {
		shown = "***"
	}
	if err != nil {
		return nil, fmt.Errorf("cannot be %s: %w", shown, err)
	}
	if text, ok := value.(string); ok && len(p.Choices) > 0 && !slices.Contains(p.Choices, text) {
		return nil, fmt.Errorf("cannot be %s: it is one of %s", shown, strings.Join(p.Choices, ", "))
	}
	return value, nil
}

func convert(kind string, given any) (any, error) {
	if list, ok := given.([]any); ok {
		if kind != "list" {
			return nil, fmt.Errorf("a list is given, %s is wanted", kind)
		}
		values := []any{}
		for _, element := range list {
			values = append(values, fmt.Sprint(element))
		}
		return values, nil
	}
	text, isText := given.(string)
	if at, ok := given.(time.Time); ok {
		text = at.UTC().Format(time.RFC3339)
	} else if !isText {
		text = fmt.Sprint(given)
	}
	switch kind {
	case "int":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, errors.New("a whole number is wanted")
		}
		return n, nil
	case "float":
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f != f || f-f != 0 {
			return nil, errors.New("a number is wanted")
		}
		return f, nil
	case "bool":
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, errors.New("true or false is wanted")
		}
		return b, nil
	case "ip":
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return nil, errors.New("an IP address is wanted")
		}
		return address.String(), nil
	case "cidr":
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, errors.New("a network like 10.0.0.0/8 is wanted")
		}
		return prefix.Masked().String(), nil
	case "duration":
		d, err := expression.ParseDuration(text)
		if err != nil {
			return nil, errors.New("a duration like 90s, 2h or 14d is wanted")
		}
		return d, nil
	case "time":
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if at, err := time.Parse(layout, text); err == nil {
				return at.UTC(), nil
			}
		}
		return nil, errors.New("a time like 2026-03-01T12:00:00Z is wanted")
	case "list":
		values := []any{}
		for _, element := range strings.Split(text, ",") {
			if element = strings.TrimSpace(element); element != "" {
				values = append(values, element)
			}
		}
		return values, nil
	}
	return text, nil
}

// Mask returns the values with secret ones replaced, for the record.
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
		if value := values[param.Name]; param.Secret && value != nil {
			secrets = append(secrets, fmt.Sprint(value))
		}
	}
	return secrets
}
