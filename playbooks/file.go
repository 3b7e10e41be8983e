package playbooks

import (
	"time"

	"github.com/invopop/jsonschema"

	"playbook/playbooks/expression"
)

// The types of this file are the format as it is written. The JSON Schema is made from
// them, and the loader checks files against that schema: there is no second list of
// keys anywhere.

type file struct {
	Playbook       int              `yaml:"playbook" jsonschema:"required,enum=1,description=Version of the format"`
	ID             string           `yaml:"id" jsonschema:"required,pattern=^[a-z][a-z0-9_-]*$,example=vpc-flow,description=Name of the playbook; run folders begin with it"`
	Title          string           `yaml:"title" jsonschema:"required,minLength=1,description=What reports call the playbook"`
	Summary        string           `yaml:"summary,omitempty" jsonschema:"description=What the playbook finds out"`
	Document       Document         `yaml:"document,omitempty" jsonschema:"description=Who wrote the playbook\\, who approved it\\, and what it was made from"`
	Classification Classification   `yaml:"classification,omitempty" jsonschema:"description=What the playbook is about"`
	Objectives     Objectives       `yaml:"objectives,omitempty" jsonschema:"description=What a run has to find out and to bring back"`
	Params         map[string]param `yaml:"params,omitempty" jsonschema:"description=Values given from outside\\, by name"`
	Steps          []step           `yaml:"steps" jsonschema:"required,minItems=1,maxItems=2000,description=What is done\\, in this order"`
}

type param struct {
	Type    string   `yaml:"type" jsonschema:"required,enum=string,enum=int,enum=float,enum=bool,enum=ip,enum=cidr,enum=duration,enum=time,enum=list,enum=file,description=Type of the value; list is a list of strings and file a path or an s3:// location"`
	Help    string   `yaml:"help,omitempty" jsonschema:"description=What the value is for"`
	Default any      `yaml:"default,omitempty" jsonschema:"description=Used when the param is not given; without one it is nil"`
	Secret  bool     `yaml:"secret,omitempty" jsonschema:"description=Never written to disk or terminal"`
	Choices []scalar `yaml:"choices,omitempty" jsonschema:"minItems=1,description=The only values allowed"`
}

type step struct {
	ID        string         `yaml:"id" jsonschema:"required,pattern=^[a-z][a-z0-9_]*$,example=top_talkers,description=Unique; later steps refer to this one as steps.<id>"`
	Phase     string         `yaml:"phase" jsonschema:"required,enum=preparation,enum=detection,enum=containment,enum=recovery,enum=post_incident,description=Stage of the incident lifecycle; steps appear in their order"`
	Title     string         `yaml:"title" jsonschema:"required,minLength=1,description=What the report calls the step"`
	Why       string         `yaml:"why,omitempty" jsonschema:"description=What a reader of the report should know about the step"`
	Covers    []int          `yaml:"covers,omitempty" jsonschema:"minimum=1,description=Rows of the source document that the step carries out"`
	Uses      string         `yaml:"uses" jsonschema:"required,description=The kind of step"`
	With      map[string]any `yaml:"with,omitempty" jsonschema:"description=Options of the kind"`
	When      bare           `yaml:"when,omitempty" jsonschema:"description=The step is skipped when this expression is false"`
	ForEach   bare           `yaml:"for_each,omitempty" jsonschema:"description=A list; the step runs once for each item and its result is a list"`
	Expect    []expectation  `yaml:"expect,omitempty" jsonschema:"description=What should hold of the result"`
	Timeout   duration       `yaml:"timeout,omitempty" jsonschema:"description=How long one attempt may take\\, as 90s or 5m"`
	Retry     retry          `yaml:"retry,omitempty" jsonschema:"description=Try again what failed"`
	OnFailure string         `yaml:"on_failure,omitempty" jsonschema:"enum=continue,enum=stop,description=What a failure of this step does to the run (continue)"`
}

type retry struct {
	Attempts int      `yaml:"attempts" jsonschema:"required,minimum=1,maximum=10,description=How often to try\\, the first time included"`
	Backoff  duration `yaml:"backoff,omitempty" jsonschema:"description=Pause before the second attempt; doubled each time"`
}

type expectation struct {
	ID             string   `yaml:"id" jsonschema:"required,pattern=^[a-z][a-z0-9_]*$,example=known_ports,description=Names the expectation within its step"`
	Each           bare     `yaml:"each,omitempty" jsonschema:"description=A list; every item for which the expectation does not hold is one finding"`
	That           bare     `yaml:"that" jsonschema:"required,description=What should hold: true or false"`
	Resource       bare     `yaml:"resource,omitempty" jsonschema:"description=What the finding is about"`
	Severity       string   `yaml:"severity" jsonschema:"required,enum=info,enum=low,enum=medium,enum=high,enum=critical,description=Severity of the finding"`
	Attack         []string `yaml:"attack,omitempty" jsonschema:"pattern=^T\\d{4}(\\.\\d{3})?$,description=MITRE ATT&CK technique ids"`
	Finding        template `yaml:"finding" jsonschema:"required,minLength=1,description=The sentence that the report prints"`
	Remedy         template `yaml:"remedy,omitempty" jsonschema:"description=What to do about it"`
	FalsePositives template `yaml:"false_positives,omitempty" jsonschema:"description=What else it could be"`
	Happened       happened `yaml:"happened,omitempty" jsonschema:"description=When it took place and who took part: what the report tells the story from"`
}

type happened struct {
	From   bare `yaml:"from,omitempty" jsonschema:"description=When it began: a time"`
	To     bare `yaml:"to,omitempty" jsonschema:"description=When it ended: a time"`
	Actors bare `yaml:"actors,omitempty" jsonschema:"description=Who did it: a text or a list of texts"`
	Assets bare `yaml:"assets,omitempty" jsonschema:"description=What of ours took part: a text or a list of texts"`
	Bytes  bare `yaml:"bytes,omitempty" jsonschema:"description=Bytes that went from the assets to the actors"`
}

// maxSteps bounds a playbook: what is in scope grows with every step.
const maxSteps = 2000

// Formats say of a schema of text what the text is. JSON Schema leaves the word open,
// but for "duration" and "date-time", which are stricter than we are (P1D).
const (
	expressionFormat = "expression"    // an expression as it stands
	templateFormat   = "template"      // text with ${{ }}
	sqlFormat        = "sql"           // Athena SQL with ${{ }}
	durationFormat   = "duration-text" // see expression.ParseDuration
	timeFormat       = "time-or-date"
)

// bare is an expression as it stands. YAML may have read it as a boolean or a number:
// `that: false` is fine.
type bare string

// JSONSchema implements the interface of the schema reflector.
func (bare) JSONSchema() *jsonschema.Schema { return expressionSchema() }

func expressionSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		AnyOf:  []*jsonschema.Schema{{Type: "string"}, {Type: "boolean"}, {Type: "number"}},
		Format: expressionFormat,
	}
}

// scalar is text, a number or a boolean, as it is written.
type scalar string

// JSONSchema implements the interface of the schema reflector.
func (scalar) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "boolean"}, {Type: "number"}}}
}

// template is text for people, with ${{ }} in it.
type template string

// JSONSchema implements the interface of the schema reflector.
func (template) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: templateFormat}
}

// duration is text like 90s, 5m, 2h or 14d.
type duration string

// JSONSchema implements the interface of the schema reflector.
func (duration) JSONSchema() *jsonschema.Schema { return durationSchema() }

// durationSchema has a pattern for editors; the checker asks ParseDuration.
func durationSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: durationFormat, Pattern: `^([0-9]+(\.[0-9]+)?(w|d|h|m|s|ms))+$`}
}

// parse is the duration, or 0 without one; the checker has made sure that it is valid.
func (d duration) parse() time.Duration {
	parsed, _ := expression.ParseDuration(string(d))
	return parsed
}
