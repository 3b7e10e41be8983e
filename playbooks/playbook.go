// Package playbooks is the playbook format: its types, its loader with diagnostics,
// its JSON Schema, and the library of playbooks that come with the program.
//
// It compiles a playbook and does not run it; runner does.
package playbooks

import (
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"playbook/playbooks/expression"
	"playbook/steps"
)

// Playbook is a loaded and checked playbook file.
type Playbook struct {
	ID             string
	Title          string
	Summary        string
	Document       Document
	Classification Classification
	Objectives     Objectives
	Params         []Param
	Steps          []*Step

	Path   string // as the user named it
	Source []byte // the file as it was read

	approved place // of document.approved, or of what comes nearest
}

// Document is the governance of a playbook: who wrote and who approved it, and what
// it was made from.
type Document struct {
	Author   string     `yaml:"author,omitempty" json:"author,omitempty"`
	Approver string     `yaml:"approver,omitempty" json:"approver,omitempty"`
	Approved string     `yaml:"approved,omitempty" json:"approved,omitempty" jsonschema:"pattern=^\\d{4}-\\d{2}-\\d{2}$,example=2026-01-15,description=Date of approval"`
	Sources  []Citation `yaml:"sources,omitempty" json:"sources,omitempty"`
	// Rows are what the source asks for, from row 1 on: `covers` refers to them.
	Rows   []string `yaml:"rows,omitempty" json:"rows,omitempty" jsonschema:"description=What the source asks for\\, from row 1 on; covers refers to them"`
	Covers []int    `yaml:"covers,omitempty" json:"covers,omitempty" jsonschema:"minimum=1,description=Rows that the head of the playbook carries out"`
}

// Citation names a document that the playbook draws on.
type Citation struct {
	Title   string `yaml:"title" json:"title" jsonschema:"required"`
	URL     string `yaml:"url,omitempty" json:"url,omitempty"`
	License string `yaml:"license,omitempty" json:"license,omitempty"`
}

// Classification says what a playbook is about, in the words of the source.
type Classification struct {
	Tactics    []string `yaml:"tactics,omitempty" json:"tactics,omitempty"`
	Tools      []string `yaml:"tools,omitempty" json:"tools,omitempty"`
	Category   string   `yaml:"category,omitempty" json:"category,omitempty"`
	Resources  []string `yaml:"resources,omitempty" json:"resources,omitempty"`
	Indicators []string `yaml:"indicators,omitempty" json:"indicators,omitempty"`
	LogSources []string `yaml:"log_sources,omitempty" json:"log_sources,omitempty"`
	Teams      []string `yaml:"teams,omitempty" json:"teams,omitempty"`
}

// Objectives are what a run has to find out and to bring back.
type Objectives struct {
	Determine []string `yaml:"determine,omitempty" json:"determine,omitempty"`
	Recover   []string `yaml:"recover,omitempty" json:"recover,omitempty"`
	CAF       []string `yaml:"caf,omitempty" json:"caf,omitempty" jsonschema:"enum=directive,enum=detective,enum=responsive,enum=preventative"`
}

// Param is a value given from outside. Absent and without a default it is nil.
type Param struct {
	Name    string
	Type    string // one of ParamTypes
	Help    string
	Default any // a plain value of the type, or nil
	Secret  bool
	Choices []string
}

// Phase is one of the five stages of the incident lifecycle.
type Phase string

const (
	Preparation  Phase = "preparation"
	Detection    Phase = "detection"
	Containment  Phase = "containment"
	Recovery     Phase = "recovery"
	PostIncident Phase = "post_incident"
)

// Phases is every phase, in the order of the lifecycle. Steps appear in this order.
var Phases = [...]Phase{Preparation, Detection, Containment, Recovery, PostIncident}

// OnFailure says what a failed step does to the run.
type OnFailure string

const (
	Continue OnFailure = "continue"
	Stop     OnFailure = "stop"
)

// Step is one compiled step.
type Step struct {
	ID     string
	Phase  Phase
	Title  string
	Why    string
	Covers []int
	Kind   steps.Kind

	When    *expression.Program // nil: always
	ForEach *expression.Program // nil: once
	Expect  []Expectation

	Timeout   time.Duration // 0: none
	Retry     Retry
	OnFailure OnFailure

	// Needs are the steps whose result or findings this step reads: if one of them
	// is skipped or failed, this step is skipped. Steps of which only the status is
	// read are not among them.
	Needs []string
	// Wants are the steps whose result this step takes only if it can be used: it goes
	// on without (steps.x.result?.rows is then nil), and that is a gap in its evidence.
	Wants []string

	Line int // where the step stands in the file

	with with
}

// Retry repeats a failed attempt. Attempts counts the first one too.
type Retry struct {
	Attempts int
	Backoff  time.Duration // before the second attempt; doubled each time
}

// Expectation is what should hold of a step's result.
type Expectation struct {
	ID             string
	Each           *expression.Program // nil: judged once
	That           *expression.Program
	Resource       *expression.Program // nil: none
	Severity       steps.Severity
	Attack         []string
	Finding        *expression.Template
	Remedy         *expression.Template // nil: none
	FalsePositives *expression.Template // nil: none
	Happened       *Happened            // nil: not something that happened
}

// Happened says when a finding took place and who took part. Each may be nil.
type Happened struct {
	From, To       *expression.Program // times
	Actors, Assets *expression.Program // a text, or a list of texts
	Bytes          *expression.Program // a number
}

// New makes the step ready to run: it evaluates the expressions in `with:` in scope
// (see expression.Scope for its names) and decodes the outcome into the kind's
// options.
func (s *Step) New(scope map[string]any) (steps.Step, error) { return s.with.decode(s.Kind, scope) }

// Options is what stands under `with:`, as YAML for people to read; "" without any.
func (s *Step) Options() string {
	if s.with.node == nil || len(s.with.node.Content) == 0 {
		return ""
	}
	var text strings.Builder
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(s.with.node); err != nil {
		return "" // an alias: its text stands where its anchor is
	}
	return strings.TrimSpace(text.String())
}

// Title is the name that the source playbook gives to the stage.
func (p Phase) Title() string {
	switch p {
	case Preparation:
		return "Preparation"
	case Detection:
		return "Detection & Analysis"
	case Containment:
		return "Containment & Eradication"
	case Recovery:
		return "Recovery"
	case PostIncident:
		return "Post-Incident Activity"
	}
	return string(p)
}
