package iocs

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"playbook/steps"
)

// comparison is one term of a STIX pattern: a path, an operator and the texts that it is
// compared with (STIX 2.1, section 9).
type comparison struct {
	path     string // "ipv4-addr:value"
	operator string // "=", "IN", "ISSUBSET", …, with "NOT " before it when negated
	values   []string
}

// token is one word of a pattern: a text, a path, an operator, a bracket, a number.
var token = regexp.MustCompile(`^(?:` +
	`(?P<text>'(?:[^'\\]|\\.)*')|` +
	`(?P<binary>[thb]'[^']*')|` +
	`(?P<path>[a-zA-Z0-9][a-zA-Z0-9-]*:(?:'(?:[^'\\]|\\.)*'|[a-zA-Z0-9_.*\[\]-])+)|` +
	`(?P<word>[A-Za-z]+)|` +
	`(?P<number>[+-]?[0-9][0-9.]*)|` +
	`(?P<sign>!=|<>|==|<=|>=|=|<|>|\[|\]|\(|\)|,))`)

const maxPattern = 1 << 20

// operators compare a path with a value.
var operators = map[string]bool{
	"=": true, "==": true, "!=": true, "<>": true, "<": true, ">": true, "<=": true, ">=": true,
	"IN": true, "LIKE": true, "MATCHES": true, "ISSUBSET": true, "ISSUPERSET": true,
}

// parsePattern returns the comparisons of a pattern. conditions reports whether it asks
// for more than one of them at once, or for a time or number of sightings: the network
// alone then matches more than the pattern does, and never less.
func parsePattern(pattern string) (list []comparison, conditions bool, err error) {
	if len(pattern) > maxPattern {
		return nil, false, fmt.Errorf("it has %d bytes", len(pattern))
	}
	var current *comparison
	negated, done := false, false
	depth := 0
	for rest := pattern; ; {
		rest = strings.TrimLeft(rest, " \t\r\n")
		if rest == "" {
			break
		}
		match := token.FindStringSubmatch(rest)
		if match == nil {
			return nil, false, fmt.Errorf("at character %d, %q is not of a pattern", len(pattern)-len(rest)+1, steps.Cut(rest, 20))
		}
		word := match[0]
		rest = rest[len(word):]
		upper := strings.ToUpper(word)
		switch {
		case match[3] != "": // a path
			list = append(list, comparison{path: word})
			current, negated, done = &list[len(list)-1], false, false
		case word == "[":
			depth++
		case word == "]":
			depth--
			current = nil
		case upper == "NOT":
			negated = true
		case upper == "AND", upper == "FOLLOWEDBY", upper == "WITHIN", upper == "REPEATS", upper == "START":
			conditions, current = true, nil
		case upper == "OR":
			current = nil
		case operators[upper] && current != nil && !done:
			current.operator, done = upper, true
			if negated {
				current.operator = "NOT " + upper
			}
		case match[1] != "" && current != nil && done:
			current.values = append(current.values, unquote(word))
		case match[2] != "" || match[5] != "":
			if current != nil {
				current.values = append(current.values, word)
			}
		}
	}
	if depth != 0 {
		return nil, false, errors.New("a bracket is not closed, or closed twice")
	}
	if len(list) == 0 {
		return nil, false, errors.New("it compares nothing")
	}
	for _, c := range list {
		if c.operator == "" || len(c.values) == 0 {
			return nil, false, fmt.Errorf("%q is compared with nothing", steps.Cut(c.path, 40))
		}
	}
	return list, conditions, nil
}

var escaped = strings.NewReplacer(`\\`, `\`, `\'`, `'`)

func unquote(text string) string { return escaped.Replace(text[1 : len(text)-1]) }

// unusable says why a comparison names no network that flow logs could show; why is empty
// when it does.
func (c comparison) unusable() (about, why string) {
	kind, property, _ := strings.Cut(c.path, ":")
	switch {
	case kind == "ipv4-addr" && property == "value", kind == "ipv6-addr" && property == "value",
		kind == "network-traffic" && (property == "src_ref.value" || property == "dst_ref.value"):
		switch c.operator {
		case "=", "==", "IN", "ISSUBSET":
			return "", ""
		}
		return aboutAddress, "its pattern compares with " + c.operator + ", and only =, IN and ISSUBSET name networks"
	case kind == "url" && property == "value":
		if c.operator == "=" || c.operator == "IN" {
			return "", ""
		}
		return aboutOther, "its pattern is about URLs, and compares with " + c.operator
	case kind == "domain-name":
		return aboutDomain, "it is a name; flow logs have addresses only, resolver logs have names"
	case kind == "file":
		return aboutFile, "it is about a file"
	}
	return aboutOther, "its pattern is about " + steps.Cut(c.path, 60) + ", which is no address"
}
