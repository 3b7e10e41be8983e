package playbooks

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"playbook/steps"
)

// fileSchema is the schema of a playbook file, `with:` left open.
func fileSchema() *jsonschema.Schema { return reflectSchema(file{}) }

// optionsSchema is the schema of one kind's `with:`.
func optionsSchema(kind steps.Kind) *jsonschema.Schema { return reflectSchema(kind.New()) }

func reflectSchema(v any) *jsonschema.Schema {
	reflector := jsonschema.Reflector{
		Anonymous:                  true,
		DoNotReference:             true,
		ExpandedStruct:             true,
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t == reflect.TypeFor[steps.SQL]() {
				return &jsonschema.Schema{Type: "string"}
			}
			return nil
		},
	}
	schema := reflector.Reflect(v)
	schema.Version = ""
	return schema
}

// Schema is the JSON Schema of playbooks (draft 2020-12), for editors and other
// programs. The options under `with:` depend on the kind that `uses` names.
func Schema(kinds []steps.Kind) ([]byte, error) {
	root := fileSchema()
	root.Version = jsonschema.Version
	root.Title = "Playbook"
	root.Description = "An incident-response playbook, format version 1"
	list, _ := root.Properties.Get("steps")
	uses, _ := list.Items.Properties.Get("uses")
	for _, kind := range kinds {
		uses.Enum = append(uses.Enum, kind.Name)
		options := optionsSchema(kind)
		allowHoles(options)
		options.Description = kind.Summary
		named := jsonschema.NewProperties()
		named.Set("uses", &jsonschema.Schema{Const: kind.Name})
		with := jsonschema.NewProperties()
		with.Set("with", options)
		then := &jsonschema.Schema{Properties: with}
		if len(options.Required) > 0 {
			then.Required = []string{"with"}
		}
		list.Items.AllOf = append(list.Items.AllOf, &jsonschema.Schema{
			If:   &jsonschema.Schema{Properties: named, Required: []string{"uses"}},
			Then: then,
		})
	}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return append(text, '\n'), nil
}

// allowHoles lets every value below options also be text with an expression in it.
func allowHoles(schema *jsonschema.Schema) {
	for pair := schema.Properties.Oldest(); pair != nil; pair = pair.Next() {
		value := *pair.Value
		allowHoles(&value)
		hole := &jsonschema.Schema{Type: "string", Pattern: `\$\{\{`}
		pair.Value = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{&value, hole}, Description: value.Description}
	}
	if schema.Items != nil {
		items := *schema.Items
		allowHoles(&items)
		schema.Items = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{&items, {Type: "string", Pattern: `\$\{\{`}}}
	}
}

// accepts lists, for a person, what a schema wants.
func accepts(schema *jsonschema.Schema) string {
	names := map[string]string{
		"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
		"array": "a list", "object": "a map",
	}
	if schema.AnyOf == nil {
		return names[schema.Type]
	}
	var words []string
	for _, option := range schema.AnyOf {
		words = append(words, names[option.Type])
	}
	return strings.Join(words, " or ")
}
