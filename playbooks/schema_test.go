package playbooks_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"playbook/playbooks"
	"playbook/steps"
	"playbook/steps/kinds"
)

func compileSchema(t *testing.T, kinds []steps.Kind) *validator.Schema {
	t.Helper()
	text, err := playbooks.Schema(kinds)
	if err != nil {
		t.Fatal(err)
	}
	document, err := validator.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := validator.NewCompiler()
	compiler.AssertFormat() // as editors do
	if err := compiler.AddResource("playbook.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("playbook.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// asJSON is what an editor's YAML server makes of a file.
func asJSON(t *testing.T, source []byte) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal(source, &value); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(dates(value))
	if err != nil {
		t.Fatal(err)
	}
	document, err := validator.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// dates makes text of dates: YAML 1.2, which editors read, has none.
func dates(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, element := range value {
			value[key] = dates(element)
		}
	case []any:
		for i, element := range value {
			value[i] = dates(element)
		}
	case interface{ Format(string) string }:
		return value.Format("2006-01-02")
	}
	return value
}

func TestSchemaAcceptsTheLibrary(t *testing.T) {
	schema := compileSchema(t, kinds.All())
	names := playbooks.Library()
	if !slices.Contains(names, "vpc-flow.yaml") {
		t.Fatalf("the library is %v", names)
	}
	for _, name := range names {
		path, source, err := playbooks.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(asJSON(t, source)); err != nil {
			t.Errorf("%s: %#v", path, err)
		}
		if _, diagnostics := playbooks.Load(path, source, kinds.All()); len(diagnostics) > 0 {
			t.Errorf("%v", diagnostics)
		}
	}
}

func TestSchemaAcceptsTheExamplesOfKinds(t *testing.T) {
	schema := compileSchema(t, kinds.All())
	for _, kind := range kinds.All() {
		step := "  - " + strings.ReplaceAll(strings.TrimSpace(kind.Example), "\n", "\n    ") + "\n"
		source := []byte("playbook: 1\nid: example\ntitle: Example\nsteps:\n" + step)
		if err := schema.Validate(asJSON(t, source)); err != nil {
			t.Errorf("%s: %#v", kind.Name, err)
		}
		if _, diagnostics := playbooks.Load(kind.Name, source, kinds.All()); len(diagnostics) > 0 {
			t.Errorf("%v", diagnostics)
		}
	}
}

// TestSchemaAndLoaderAgree: what the loader accepts, editors accept; what editors can
// see to be wrong, they see.
func TestSchemaAndLoaderAgree(t *testing.T) {
	schema := compileSchema(t, probeKinds())
	for _, body := range []string{
		"when: true", "timeout: 1w2d3h", "with: {count: '${{ params.n }}', names: '${{ params.l }}', filters: [{name: '${{ params.s }}'}, '${{ {name: 1} }}']}",
		"with: {labels: {a: '${{ params.n }}'}, filter: '${{ {name: params.s} }}', since: 2026-01-02}",
	} {
		load(t, body)
		if err := schema.Validate(asJSON(t, []byte(source(body)))); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
	for _, body := range []string{
		"with: {count: many}", "with: {filters: [{value: 1}]}", "uses: strict", "uses: none", "wen: true", "timeout: soon", "retry: {attempts: 0}",
	} {
		if mistakes(t, body) == "" || schema.Validate(asJSON(t, []byte(source(body)))) == nil {
			t.Errorf("%s is accepted", body)
		}
	}
	real := compileSchema(t, kinds.All())
	for _, name := range []string{"unknown-keys", "missing-keys", "wrong-types", "words", "durations", "unknown-kinds", "with-unknown-key", "with-wrong-values", "with-missing", "no-steps", "newer-version", "not-a-playbook", "version-missing"} {
		text, err := os.ReadFile(filepath.Join(badFolder, name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if real.Validate(asJSON(t, text)) == nil {
			t.Errorf("the schema accepts %s", name)
		}
	}
}

// TestSchemaHasOnlyKeywordsThatTheLoaderChecks: a keyword in a tag of a kind that the
// loader ignores would be a check that does not happen.
func TestSchemaHasOnlyKeywordsThatTheLoaderChecks(t *testing.T) {
	known := strings.Fields("$schema title description examples default type properties additionalProperties required items " +
		"enum pattern format minimum maximum exclusiveMinimum exclusiveMaximum minLength maxLength minItems maxItems uniqueItems " +
		"anyOf oneOf allOf if then const")
	text, err := playbooks.Schema(append(kinds.All(), probeKinds()...))
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	var visit func(value any, path string)
	visit = func(value any, path string) {
		schema, ok := value.(map[string]any)
		if !ok {
			return
		}
		for keyword, inner := range schema {
			switch {
			case !slices.Contains(known, keyword):
				t.Errorf("%s: the loader does not check %q", path, keyword)
			case keyword == "properties":
				for name, property := range inner.(map[string]any) {
					visit(property, path+"."+name)
				}
			default:
				visit(inner, path)
				if list, ok := inner.([]any); ok {
					for i, element := range list {
						visit(element, fmt.Sprintf("%s.%s[%d]", path, keyword, i))
					}
				}
			}
		}
	}
	visit(document, "")
}

// TestSchemaExplainsItself: an editor shows the descriptions.
func TestSchemaExplainsItself(t *testing.T) {
	text, err := playbooks.Schema(probeKinds())
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct {
			Description string
			Items       struct {
				Properties map[string]struct {
					Description string
					Enum        []string
				}
				AllOf []struct {
					If struct {
						Properties struct{ Uses struct{ Const string } }
					}
					Then struct {
						Properties struct{ With struct{ Description string } }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	step := schema.Properties["steps"].Items
	for key, property := range step.Properties {
		if property.Description == "" {
			t.Errorf("the key %s of a step has no description", key)
		}
	}
	if got := fmt.Sprint(step.Properties["uses"].Enum); got != "[probe probe_there strict]" {
		t.Errorf("uses is one of %s", got)
	}
	if len(step.AllOf) != 3 || step.AllOf[0].If.Properties.Uses.Const != "probe" || step.AllOf[0].Then.Properties.With.Description != "Try every option" {
		t.Errorf("options are chosen by %+v", step.AllOf)
	}
}
