// Package snapshot is the kind of step that plans snapshots of all volumes of instances,
// as evidence, before anything is done to them.
package snapshot

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"playbook/steps"
	"playbook/steps/plan"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "snapshot_volumes",
		Summary:    "Plan snapshots of all volumes of instances, as evidence",
		Doc:        doc,
		Effect:     steps.Changes,
		Operations: []string{"ec2:DescribeInstances"},
		// CreateSnapshots tags what it makes, for which IAM wants a permission of its own.
		Writes:    []string{"ec2:CreateSnapshots", "ec2:CreateTags"},
		PerTarget: true,
		Result:    plan.Result{},
		New:       func() steps.Step { return &Step{MaxChanges: plan.MaxChanges} },
		Example: `id: preserve
phase: containment
title: Snapshot the volumes of the affected instances
uses: snapshot_volumes
with:
  instances: [{id: i-05a495ac3533698ef, account: "111122223333", region: eu-west-1}]
  case: IR-2026-014
`,
	}
}

const unit = "instances"

// Step is the options.
type Step struct {
	Instances  []any    `yaml:"instances" jsonschema:"required,description=Ids of instances or maps of id and account and region"`
	Exclude    []string `yaml:"exclude,omitempty" jsonschema:"description=Ids of volumes that are left out"`
	Case       string   `yaml:"case,omitempty" jsonschema:"maxLength=200,description=Name of the case for the tag playbook-case of the snapshots"`
	MaxChanges int64    `yaml:"max_changes,omitempty" jsonschema:"minimum=1,description=How many instances at most (5)"`
	Protect    []any    `yaml:"protect,omitempty" jsonschema:"description=Ids and tags of instances that are left alone"`
}

// Validate checks the lists.
func (s *Step) Validate(known func(path string) bool) []steps.Problem {
	return plan.Validate(known, "instances", s.Instances, s.Protect)
}

// Run plans one call for each instance: only then are its volumes consistent with one
// another.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	p, err := plan.New(env.Target, s.Instances, s.Protect, s.MaxChanges)
	if err != nil {
		return steps.Result{}, err
	}
	if len(p.Wanted) == 0 {
		return p.Result(unit)
	}
	instances, err := plan.Instances(ctx, env.Cloud)
	if err != nil {
		return steps.Result{}, err
	}
	for _, wanted := range p.Wanted {
		if raw, ok := instances[wanted.ID]; ok {
			s.plan(p, wanted.ID, raw)
		} else {
			p.Missing("instance", wanted.ID)
		}
	}
	return p.Result(unit)
}

func (s *Step) plan(p *plan.Plan, id string, raw map[string]any) {
	name := plan.Name(raw, id)
	state, _ := raw["State"].(map[string]any)
	taken, left, specification := s.volumes(id, raw)
	switch why := p.Protects(id, raw); {
	case why != "":
		p.Refused(id, name, why)
		return
	case steps.TextOf(state, "Name") == "terminated":
		p.Refused(id, name, "it is terminated, and has no volumes any more")
		return
	case len(taken) == 0:
		p.Refused(id, name, "no volume is attached to it that is not excluded")
		return
	}
	tags := []any{map[string]any{"Key": "playbook-evidence", "Value": id}}
	if s.Case != "" {
		tags = append(tags, map[string]any{"Key": "playbook-case", "Value": s.Case})
	}
	what := fmt.Sprintf("snapshots of %s", strings.Join(taken, ", "))
	p.Planned(id, name, what)
	p.Call(steps.Change{
		Call: steps.Call{Operation: "ec2:CreateSnapshots", Input: map[string]any{
			"InstanceSpecification": specification,
			"Description":           "Evidence: volumes of " + id,
			"CopyTagsFromSource":    "volume",
			"TagSpecifications":     []any{map[string]any{"ResourceType": "snapshot", "Tags": tags}},
		}},
		Resource: id,
		Reason:   "Keep " + what + " of " + name + " before anything is done to it",
		Before:   map[string]any{"BlockDeviceMappings": raw["BlockDeviceMappings"], "State": steps.TextOf(state, "Name")},
		Notes:    append(notes, left...),
	})
}

// notes: EC2 API Reference, CreateSnapshots; EBS User Guide, "Create Amazon EBS snapshots".
var notes = []string{
	"Nothing has to be undone. Snapshots cost money: delete them when the case is closed, and not before.",
	"They are consistent with one another as after a crash: what the instance holds in memory and has not written is not in them.",
	"Memory and instance store volumes are not taken. They are lost when the instance stops, so take them first if they matter.",
	"A snapshot of an encrypted volume can be read only with the volume's key: keep the key.",
}

// volumes are the volumes that are taken, what is to be said of those that are not, and
// the part of the call that names them.
func (s *Step) volumes(id string, raw map[string]any) (taken, left []string, specification map[string]any) {
	specification = map[string]any{"InstanceId": id}
	var data []any
	for _, mapping := range steps.MapsOf(raw, "BlockDeviceMappings") {
		ebs, _ := mapping["Ebs"].(map[string]any)
		volume, device := steps.TextOf(ebs, "VolumeId"), steps.TextOf(mapping, "DeviceName")
		switch {
		case volume == "":
		case !slices.Contains(s.Exclude, volume):
			taken = append(taken, fmt.Sprintf("%s (%s)", volume, device))
		default:
			left = append(left, fmt.Sprintf("Left out as told: %s (%s).", volume, device))
			if device == steps.TextOf(raw, "RootDeviceName") {
				specification["ExcludeBootVolume"] = true
			} else {
				data = append(data, volume)
			}
		}
	}
	if data != nil {
		specification["ExcludeDataVolumeIds"] = data
	}
	return taken, left, specification
}
