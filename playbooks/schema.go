package playbooks

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

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
			switch t {
			case reflect.TypeFor[steps.SQL]():
				return &jsonschema.Schema{Type: "string", Format: sqlFormat}
			case reflect.TypeFor[time.Duration]():
				return durationSchema()
			case reflect.TypeFor[time.Time]():
				return &jsonschema.Schema{Type: "string", Format: timeFormat}
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
		list.Items.AllOf = append(list.Items.AllOf, whenUsed(kind))
	}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the JSON Schema: %w", err)
	}
	return append(text, '\n'), nil
}

// whenUsed says of a step: if it uses the kind, then its options are the kind's.
func whenUsed(kind steps.Kind) *jsonschema.Schema {
	options := withHoles(optionsSchema(kind))
	options.Description = kind.Summary
	named := jsonschema.NewProperties()
	named.Set("uses", &jsonschema.Schema{Const: kind.Name})
	with := jsonschema.NewProperties()
	with.Set("with", options)
	then := &jsonschema.Schema{Properties: with}
	if len(options.Required) > 0 {
		then.Required = []string{"with"}
	}
	return &jsonschema.Schema{If: &jsonschema.Schema{Properties: named, Required: []string{"uses"}}, Then: then}
}

// withHoles lets every value below a schema also be text with an expression in it.
func withHoles(schema *jsonschema.Schema) *jsonschema.Schema {
	open := *schema
	if schema.Properties != nil {
		open.Properties = jsonschema.NewProperties()
		for pair := schema.Properties.Oldest(); pair != nil; pair = pair.Next() {
			open.Properties.Set(pair.Key, orHole(pair.Value))
		}
	}
	if schema.Items != nil {
		open.Items = orHole(schema.Items)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties != jsonschema.FalseSchema {
		open.AdditionalProperties = orHole(schema.AdditionalProperties)
	}
	open.AnyOf, open.OneOf = nil, nil
	for _, alternative := range append(schema.AnyOf, schema.OneOf...) {
		open.AnyOf = append(open.AnyOf, withHoles(alternative))
	}
	return &open
}

func orHole(schema *jsonschema.Schema) *jsonschema.Schema {
	hole := &jsonschema.Schema{Type: "string", Pattern: `\$\{\{`}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{withHoles(schema), hole}, Description: schema.Description}
}
