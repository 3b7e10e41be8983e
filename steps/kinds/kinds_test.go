package kinds

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"playbook/steps"
)

func TestEveryKindSaysWhatItIs(t *testing.T) {
	var names []string
	for _, kind := range All() {
		names = append(names, kind.Name)
		if kind.Summary == "" || strings.HasSuffix(kind.Summary, ".") || strings.TrimSpace(kind.Doc) == "" || kind.Effect == "" {
			t.Errorf("%s: summary %q, effect %q, doc of %d bytes", kind.Name, kind.Summary, kind.Effect, len(kind.Doc))
		}
		if !strings.Contains(kind.Example, "uses: "+kind.Name+"\n") {
			t.Errorf("%s: its example is of another kind", kind.Name)
		}
		options := reflect.TypeOf(kind.New())
		if options.Kind() != reflect.Pointer || options.Elem().Kind() != reflect.Struct {
			t.Errorf("%s: New gives a %s, want a pointer to a struct", kind.Name, options)
			continue
		}
		for _, name := range yamlNames(options.Elem()) {
			if !strings.Contains(kind.Doc, "`"+name+"`") {
				t.Errorf("%s: its doc does not name the option %s", kind.Name, name)
			}
		}
		for i := range reflect.TypeOf(kind.Result).NumField() {
			name := reflect.TypeOf(kind.Result).Field(i).Tag.Get("json")
			if name == "" || !strings.Contains(kind.Doc, "`"+name+"`") {
				t.Errorf("%s: its doc does not name the result %q", kind.Name, name)
			}
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("the kinds are not in order of their names: %v", names)
	}
}

func yamlNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		names = append(names, name)
	}
	return names
}

// TestResultsCanBeMerged holds the results of kinds that run on targets to what
// steps.Merge can join without inventing anything: lists and counts.
func TestResultsCanBeMerged(t *testing.T) {
	for _, kind := range All() {
		if !kind.Merged() {
			continue
		}
		fields, ok := steps.Plain(kind.Result).(map[string]any)
		if !ok {
			t.Errorf("%s: its result is no struct", kind.Name)
		}
		for name, value := range fields {
			switch value.(type) {
			case []any, int64:
			default:
				t.Errorf("%s: result.%s is a %s, neither a list nor a count", kind.Name, name, fmt.Sprintf("%T", value))
			}
		}
	}
}

// TestKindsThatChangeSayWhatTheyWrite: the IAM policy is made of it, and a kind that only
// looks must not ask for more than looking.
func TestKindsThatChangeSayWhatTheyWrite(t *testing.T) {
	read := regexp.MustCompile(`:(Describe|Get|List)`)
	for _, kind := range All() {
		if changes := kind.Effect == steps.Changes; changes != (len(kind.Writes) > 0) {
			t.Errorf("%s: effect %s, writes %v", kind.Name, kind.Effect, kind.Writes)
		}
		if !slices.IsSorted(kind.Writes) || len(slices.Compact(slices.Clone(kind.Writes))) != len(kind.Writes) {
			t.Errorf("%s: its writes are not in order: %v", kind.Name, kind.Writes)
		}
		for _, operation := range kind.Writes {
			if read.MatchString(operation) {
				t.Errorf("%s writes with %s, which only reads", kind.Name, operation)
			}
		}
		for _, operation := range kind.Operations {
			if kind.Effect == steps.Changes && !read.MatchString(operation) {
				t.Errorf("%s calls %s, and may only plan it", kind.Name, operation)
			}
		}
	}
}
