// Package drift is the kind of step that compares the inventory of now with a baseline:
// what was added, what was removed, and what changed, field by field. It also says what
// a baseline is, for those who make one.
package drift

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"playbook/steps"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "drift",
		Summary:    "Compare the inventory with a baseline, field by field",
		Doc:        doc,
		Effect:     steps.Reads,
		Operations: []string{"s3:GetObject", "s3:ListBucket"},
		Result:     Result{},
		New:        func() steps.Step { return &Step{Ignore: slices.Clone(volatile[:])} },
		Example: `id: drift
phase: preparation
title: Compare the network with its baseline
uses: drift
with:
  baseline: s3://incident-analysis/baseline.json
  current: {vpcs: [{VpcId: vpc-0123456789abcdef0, account: "111122223333", region: eu-west-1}]}
expect:
  - id: nothing_opened
    each: filter(result.changed, .security)
    that: "false"
    resource: item.id
    severity: medium
    finding: ${{ item.id }} is not as in the baseline
`,
	}
}

// volatile are fields that change without anybody changing the network.
var volatile = [...]string{
	"AttachTime", "CreateTime", "CreationTimestamp", "DeleteTime", "ExpirationTime",
	"ProvisionedBandwidth", "StatusMessage", "LastError",
}

// Step is what to compare.
type Step struct {
	Baseline string         `yaml:"baseline,omitempty" jsonschema:"description=A file that playbook baseline made or the folder of an earlier run; without it the step is skipped"`
	Current  map[string]any `yaml:"current" jsonschema:"required,description=The result of an inventory step"`
	Targets  []steps.Target `yaml:"targets,omitempty" jsonschema:"description=The accounts and regions that the inventory looked at; those that it found something in unless told"`
	Ignore   []string       `yaml:"ignore,omitempty" jsonschema:"description=Fields that are left out of the comparison; replaces the list of volatile ones"`
}

// Result is what differs. Nothing stands for what was not in both the baseline and the
// inventory to compare.
type Result struct {
	Added    []Resource `json:"added"`
	Removed  []Resource `json:"removed"`
	Changed  []Resource `json:"changed"`
	Compared int64      `json:"compared"` // resources that are in both
	Types    []string   `json:"types"`    // that were compared
	Baseline Origin     `json:"baseline"`
}

// Resource is one that differs. Security says that it takes part in deciding what can
// reach what: by one of its fields when it changed, by being there when it was added or
// removed. Fields of an added or removed one are only those that decide that.
type Resource struct {
	Type     string  `json:"type"` // as the inventory names it, "security_groups"
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Account  string  `json:"account"`
	Region   string  `json:"region"`
	Security bool    `json:"security"`
	Fields   []Field `json:"fields"`
}

// Field is a field that differs; nil is one that is not there. An element of a list has
// in its path what tells it from the others, "IpPermissions[tcp 22-22].IpRanges[0.0.0.0/0]".
type Field struct {
	Path     string `json:"path"`
	Before   any    `json:"before"`
	After    any    `json:"after"`
	Security bool   `json:"security"`
}

// Origin says what the comparison was made with.
type Origin struct {
	Location string    `json:"location"`
	AsOf     time.Time `json:"as_of"`   // when the network was so
	MadeAt   time.Time `json:"made_at"` // when the baseline was written down
	By       string    `json:"by"`
	Tool     string    `json:"tool"`
	Source   string    `json:"source"` // the case or run that it was made from
	SHA256   string    `json:"sha256"` // of the file
}

// Run reads the baseline and compares.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	if s.Baseline == "" {
		return steps.Result{}, &steps.Skip{Reason: "there is no baseline to compare with; make one of a state that is known to be good with " +
			"`playbook baseline --case DIR --out baseline.json` or `--run RUN`, and give it as the param of this step's baseline"}
	}
	now, err := inventoryOf(s.Current, s.Targets)
	if err != nil {
		return steps.Result{}, err
	}
	found, err := load(ctx, env.Files, s.Baseline)
	if err != nil {
		return steps.Result{}, fmt.Errorf("read the baseline: %w", err)
	}
	c := &comparison{ignore: s.ignored(), result: Result{
		Added: []Resource{}, Removed: []Resource{}, Changed: []Resource{}, Types: []string{}, Baseline: found.origin,
	}}
	c.quality.Unit = "resources and lists"
	for _, reason := range found.incomplete {
		c.gap(found.origin.Location, "the run could not take this part of its inventory: "+reason)
	}
	c.compare(found.baseline.state(), now)
	return steps.Result{Value: c.result, Blocks: c.blocks(s), Quality: c.quality}, nil
}

func (s *Step) ignored() map[string]bool {
	ignored := map[string]bool{}
	for _, path := range s.Ignore {
		ignored[path] = true
	}
	return ignored
}

// state is a network at one time: what was looked at, and what was there.
type state struct {
	targets   map[steps.Target]bool
	resources map[string][]map[string]any // a type that was not looked at has no key
}

// inventoryOf takes the plain result of an inventory step.
func inventoryOf(current map[string]any, targets []steps.Target) (state, error) {
	now := state{targets: map[steps.Target]bool{}, resources: map[string][]map[string]any{}}
	for _, target := range targets {
		now.targets[target] = true
	}
	for _, name := range slices.Sorted(maps.Keys(current)) {
		if _, known := typeOf(name); !known {
			return now, fmt.Errorf("current has %q, which is no list of an inventory; give it ${{ steps.<the inventory>.result }}", name)
		}
		if current[name] == nil {
			continue // not asked for
		}
		list, ok := current[name].([]any)
		if !ok {
			return now, fmt.Errorf("current.%s is not a list", name)
		}
		now.resources[name] = make([]map[string]any, 0, len(list))
		for i, element := range list {
			fields, ok := element.(map[string]any)
			if !ok || targetOf(fields).Account == "" || targetOf(fields).Region == "" {
				return now, fmt.Errorf("current.%s[%d] is not a resource with an account and a region", name, i)
			}
			now.targets[targetOf(fields)] = true
			now.resources[name] = append(now.resources[name], fields)
		}
	}
	if len(now.resources) == 0 {
		return now, errors.New("current has no list of resources: the inventory was asked for nothing")
	}
	return now, nil
}

func targetOf(resource map[string]any) steps.Target {
	return steps.Target{Account: steps.TextOf(resource, "account"), Region: steps.TextOf(resource, "region")}
}
