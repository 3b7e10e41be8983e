package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"playbook/steps"
)

// statement is one statement of a policy. Actions are in lower case: IAM does not tell
// their case apart.
type statement struct {
	allow      bool
	actions    []string // or, when except is set, all but those
	except     bool
	resources  []string // or, when elsewhere is set, all but those
	elsewhere  bool
	principals []who // of a trust policy
	conditions []condition
	from       string // the policy, for people
}

type condition struct {
	operator, key string
	values        []string
}

// who is one element of Principal: kind is AWS, Service, Federated, CanonicalUser, or
// "*" for everybody.
type who struct{ kind, name string }

// Far above what a policy can have (131,072 characters: IAM API Reference, PolicyDetail),
// and below what would keep a machine busy for hours.
const (
	maxDocument   = 1 << 20
	maxStatements = 1000
	maxElements   = 1000 // of one statement
	maxPattern    = 2048
	maxAction     = 256
)

// parsePolicy reads a policy document: an object as the AWS CLI prints it, or its text,
// which the API encodes as a URL (IAM API Reference, PolicyDetail).
func parsePolicy(raw any, from string) ([]statement, error) {
	document, err := object(raw)
	if err != nil {
		return nil, err
	}
	var list []any
	switch found := document["Statement"].(type) {
	case []any:
		list = found
	case map[string]any:
		list = []any{found}
	default:
		return nil, errors.New("it has no Statement")
	}
	if len(list) > maxStatements {
		return nil, errors.New("it has more statements than a policy can have")
	}
	var statements []statement
	for i, element := range list {
		fields, ok := element.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("the statement at Statement[%d] is not an object", i)
		}
		s, err := parseStatement(fields)
		if err != nil {
			return nil, fmt.Errorf("in Statement[%d]: %w", i, err)
		}
		s.from = from
		statements = append(statements, s)
	}
	return statements, nil
}

func object(raw any) (map[string]any, error) {
	switch raw := raw.(type) {
	case map[string]any:
		return raw, nil
	case string:
		if len(raw) > maxDocument {
			return nil, errors.New("it is larger than a policy can be")
		}
		text := strings.TrimSpace(raw)
		if strings.HasPrefix(text, "%") {
			decoded, err := url.PathUnescape(text)
			if err != nil {
				return nil, errors.New("it is not encoded as a URL")
			}
			text = decoded
		}
		var document map[string]any
		if err := json.Unmarshal([]byte(text), &document); err != nil || document == nil {
			return nil, errors.New("it is not JSON")
		}
		return document, nil
	}
	return nil, errors.New("there is none")
}

func parseStatement(fields map[string]any) (s statement, err error) {
	switch fields["Effect"] {
	case "Allow":
		s.allow = true
	case "Deny":
	default:
		return s, errors.New("its Effect is neither Allow nor Deny")
	}
	if s.actions, s.except, err = either(fields, "Action", "NotAction"); err != nil {
		return s, err
	}
	if len(s.actions) == 0 {
		return s, errors.New("it has no Action")
	}
	for i, action := range s.actions {
		if len(action) > maxAction {
			return s, errors.New("it has an Action that is longer than one can be")
		}
		s.actions[i] = strings.ToLower(action)
	}
	if s.resources, s.elsewhere, err = either(fields, "Resource", "NotResource"); err != nil {
		return s, err
	}
	if s.principals, err = parsePrincipals(fields, s.allow); err != nil {
		return s, err
	}
	s.conditions, err = parseConditions(fields["Condition"])
	return s, err
}

// either reads the one of two elements that is there.
func either(fields map[string]any, name, not string) (list []string, negated bool, err error) {
	if raw, ok := fields[not]; ok {
		list, err = texts(raw, not)
		return list, true, err
	}
	list, err = texts(fields[name], name)
	return list, false, err
}

// texts reads a text or a list of texts; absent is none.
func texts(raw any, name string) ([]string, error) {
	switch raw := raw.(type) {
	case nil:
		return nil, nil
	case string:
		return texts([]any{raw}, name)
	case bool, int64, float64: // values of conditions
		return []string{fmt.Sprint(raw)}, nil
	case []any:
		if len(raw) > maxElements {
			return nil, fmt.Errorf("%s has more elements than a policy can have", name)
		}
		list := make([]string, 0, len(raw))
		for _, element := range raw {
			text, ok := element.(string)
			if !ok && strings.HasPrefix(name, "Condition") {
				text, ok = fmt.Sprintf("%.200v", element), true
			}
			if !ok || len(text) > maxPattern {
				return nil, fmt.Errorf("%s has an element that is no text of a policy", name)
			}
			list = append(list, text)
		}
		return list, nil
	}
	return nil, fmt.Errorf("%s is neither a text nor a list", name)
}

func parsePrincipals(fields map[string]any, allow bool) ([]who, error) {
	if _, ok := fields["NotPrincipal"]; ok {
		// Everybody but some. It is taken for everybody where it allows and for nobody where
		// it denies, which errs on the side of naming.
		if allow {
			return []who{{"*", "*"}}, nil
		}
		return nil, nil
	}
	switch raw := fields["Principal"].(type) {
	case nil:
		return nil, nil
	case string:
		if raw == "*" {
			return []who{{"*", "*"}}, nil
		}
	case map[string]any:
		var list []who
		for _, kind := range slices.Sorted(maps.Keys(raw)) {
			names, err := texts(raw[kind], "Principal")
			if err != nil {
				return nil, err
			}
			for _, name := range names {
				if kind == "AWS" && name == "*" {
					list = append(list, who{"*", "*"})
				} else {
					list = append(list, who{kind, name})
				}
			}
		}
		return list, nil
	}
	return nil, errors.New("Principal is neither * nor an object")
}

func parseConditions(raw any) ([]condition, error) {
	if raw == nil {
		return nil, nil
	}
	operators, ok := raw.(map[string]any)
	if !ok {
		return nil, errors.New("its Condition is not an object")
	}
	var list []condition
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		keys, ok := operators[operator].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("its Condition %.40q is not an object", operator)
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			values, err := texts(keys[key], "Condition")
			if err != nil {
				return nil, err
			}
			list = append(list, condition{operator, key, values})
		}
	}
	return list, nil
}

// String is the condition for people, short.
func (c condition) String() string {
	return steps.Cut(fmt.Sprintf("%s %s %s", c.operator, c.key, strings.Join(c.values, ", ")), 200)
}

// defaultVersion is the document of a managed policy that is in force.
func defaultVersion(policy map[string]any) any {
	for _, version := range steps.MapsOf(policy, "PolicyVersionList") {
		if version["IsDefaultVersion"] == true {
			return version["Document"]
		}
	}
	return nil
}
