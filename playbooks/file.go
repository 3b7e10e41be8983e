package playbooks

import (
	"regexp"

	"github.com/invopop/jsonschema"
)

// The types of this file are the format as it is written. The JSON Schema is made from
// them, and the loader checks files against that schema: there is no second list of
// keys anywhere.

var paramName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

type file struct {
	Playbook       int              `yaml:"playbook" jsonschema:"required,enum=1,description=Version of the format"`
	ID             string           `yaml:"id" jsonschema:"required,pattern=^[a-z][a-z0-9_-]*$,description=Name of the playbook; run folders begin with it"`
	Title          string           `yaml:"title" jsonschema:"required"`
	Summary        string           `yaml:"summary,omitempty" jsonschema:"description=What the playbook finds out"`
	Document       Document         `yaml:"document,omitempty"`
	Classification Classification   `yaml:"classification,omitempty"`
	Objectives     Objectives       `yaml:"objectives,omitempty"`
	Params         map[string]param `yaml:"params,omitempty" jsonschema:"description=Values given from outside"`
	Steps          []step           `yaml:"steps" jsonschema:"required,minItems=1"`
}

type param struct {
	Type    string   `yaml:"type" jsonschema:"required,enum=string,enum=int,enum=float,enum=bool,enum=ip,enum=cidr,enum=duration,enum=time,enum=list"`
	Help    string   `yaml:"help,omitempty"`
	Default any      `yaml:"default,omitempty" jsonschema:"description=Used when the param is not given; without one it is nil"`
	Secret  bool     `yaml:"secret,omitempty" jsonschema:"description=Never written to disk or terminal"`
	Choices []string `yaml:"choices,omitempty"`
}

type step struct {
	ID        string        `yaml:"id" jsonschema:"required,pattern=^[a-z][a-z0-9_]*$"`
	Phase     string        `yaml:"phase" jsonschema:"required,enum=preparation,enum=detection,enum=containment,enum=recovery,enum=post_incident"`
	Title     string        `yaml:"title" jsonschema:"required"`
	Why       string        `yaml:"why,omitempty" jsonschema:"description=What a reader of the report should know about the step"`
	Covers    []int         `yaml:"covers,omitempty" jsonschema:"minimum=1,description=Rows of the source document that the step carries out"`
	Uses      string        `yaml:"uses" jsonschema:"required,description=The kind of step"`
	With      any           `yaml:"with,omitempty" jsonschema:"description=Options of the kind"`
	When      bare          `yaml:"when,omitempty"`
	ForEach   bare          `yaml:"for_each,omitempty"`
	Expect    []expectation `yaml:"expect,omitempty"`
	Timeout   duration      `yaml:"timeout,omitempty"`
	Retry     retry         `yaml:"retry,omitempty"`
	OnFailure string        `yaml:"on_failure,omitempty" jsonschema:"enum=continue,enum=stop"`
}

type retry struct {
	Attempts int      `yaml:"attempts" jsonschema:"required,minimum=1,maximum=10"`
	Backoff  duration `yaml:"backoff,omitempty"`
}

type expectation struct {
	ID             string   `yaml:"id" jsonschema:"required,pattern=^[a-z][a-z0-9_]*$"`
	Each           bare     `yaml:"each,omitempty"`
	That           bare     `yaml:"that" jsonschema:"required"`
	Resource       bare     `yaml:"resource,omitempty"`
	Severity       string   `yaml:"severity" jsonschema:"required,enum=info,enum=low,enum=medium,enum=high,enum=critical"`
	Attack         []string `yaml:"attack,omitempty" jsonschema:"pattern=^T\\d{4}(\\.\\d{3})?$,description=MITRE ATT&CK technique ids"`
	Finding        string   `yaml:"finding" jsonschema:"required,description=The sentence that the report prints"`
	Remedy         string   `yaml:"remedy,omitempty"`
	FalsePositives string   `yaml:"false_positives,omitempty"`
}

// bare is text that is an expression as it stands. YAML may have read it as a boolean
// or a number: `that: false` is fine.
type bare string

// JSONSchema implements the interface of the schema reflector.
func (bare) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		AnyOf:       []*jsonschema.Schema{{Type: "string"}, {Type: "boolean"}, {Type: "number"}},
		Description: "An expression",
	}
}

// duration is text like 90s, 5m, 2h or 14d.
type duration string

// JSONSchema implements the interface of the schema reflector.
func (duration) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^(\d+(\.\d+)?(ms|s|m|h|d|w))+$`, Description: "A duration like 90s, 5m, 2h or 14d"}
}
