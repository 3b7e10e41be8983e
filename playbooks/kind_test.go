package playbooks_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"playbook/playbooks"
	"playbook/steps"
)

// probe is a kind with an option of every sort that a kind may have.
type probe struct {
	SQL       steps.SQL      `yaml:"sql,omitempty"`
	Text      string         `yaml:"text,omitempty" jsonschema:"maxLength=20"`
	Mode      string         `yaml:"mode,omitempty" jsonschema:"enum=fast,enum=slow"`
	Count     int            `yaml:"count,omitempty" jsonschema:"minimum=1,maximum=100"`
	Small     uint8          `yaml:"small,omitempty"`
	Threshold float64        `yaml:"threshold,omitempty" jsonschema:"exclusiveMinimum=0"`
	On        bool           `yaml:"on,omitempty"`
	Wait      time.Duration  `yaml:"wait,omitempty"`
	Since     time.Time      `yaml:"since,omitempty"`
	Names     []string       `yaml:"names,omitempty" jsonschema:"uniqueItems=true,maxItems=3"`
	Anything  any            `yaml:"anything,omitempty"`
	Labels    map[string]int `yaml:"labels,omitempty"`
	Filter    *filter        `yaml:"filter,omitempty"`
	Filters   []filter       `yaml:"filters,omitempty"`
}

type filter struct {
	Name  string `yaml:"name" jsonschema:"required"`
	Value any    `yaml:"value,omitempty"`
}

type probed struct {
	Rows  []map[string]any `json:"rows"`
	Total int64            `json:"total"`
}

func (*probe) Run(context.Context, steps.Env) (steps.Result, error) { return steps.Result{}, nil }

func (p *probe) Validate(known func(path string) bool) []steps.Problem {
	if known("count") && p.Count == 13 {
		return []steps.Problem{{Path: "count", Message: "bad luck", Hint: "take another"}}
	}
	if known("filters") {
		for _, f := range p.Filters {
			if f.Name == "bad" {
				return []steps.Problem{{Path: "filters[1].name", Message: "no such filter"}}
			}
		}
	}
	if p.Text != "" && !known("text") {
		return []steps.Problem{{Path: "text", Message: "is said to be unknown, and has a value"}}
	}
	return nil
}

func probeKinds() []steps.Kind {
	return []steps.Kind{
		{Name: "probe", Summary: "Try every option", Effect: steps.Reads, Result: probed{},
			New: func() steps.Step { return &probe{Count: 7} }},
		{Name: "probe_there", Summary: "Try it on every target", Effect: steps.Reads, Result: probed{}, PerTarget: true,
			New: func() steps.Step { return &probe{} }},
		{Name: "strict", Summary: "Needs options", Effect: steps.Reads, Result: probed{},
			New: func() steps.Step { return &strict{} }},
	}
}

type strict struct {
	Ask string `yaml:"ask" jsonschema:"required"`
}

func (*strict) Run(context.Context, steps.Env) (steps.Result, error) { return steps.Result{}, nil }

const head = "playbook: 1\nid: test\ntitle: Test\nparams:\n  n: {type: int}\n  s: {type: string}\n  l: {type: list}\n  d: {type: duration}\n  t: {type: time}\nsteps:\n"

// load loads a playbook of one step for each body: the lines below its head.
func load(t testing.TB, bodies ...string) *playbooks.Playbook {
	t.Helper()
	source := source(bodies...)
	p, diagnostics := playbooks.Load("test.yaml", []byte(source), probeKinds())
	if err := diagnostics.Err(); err != nil {
		t.Fatalf("%v\n%s", err, source)
	}
	return p
}

func source(bodies ...string) string {
	text := head
	for i, body := range bodies {
		id := string(rune('a' + i))
		uses := "    uses: probe\n"
		if strings.Contains(body, "uses:") {
			uses = ""
		}
		text += "  - id: " + id + "\n    phase: detection\n    title: " + id + "\n" + uses
		for _, line := range strings.Split(strings.TrimSpace(body), "\n") {
			text += "    " + line + "\n"
		}
	}
	return text
}

// mistakes loads a playbook and returns its diagnostics, one a line.
func mistakes(t testing.TB, bodies ...string) string {
	t.Helper()
	_, diagnostics := playbooks.Load("test.yaml", []byte(source(bodies...)), probeKinds())
	return diagnostics.Error()
}
