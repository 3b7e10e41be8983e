// Package securityhub is the kind of step that reads the findings of Security Hub.
package securityhub

import (
	"context"
	_ "embed"
	"fmt"

	"playbook/steps"
	"playbook/steps/finding"
)

//go:embed doc.md
var doc string

const getFindings = "securityhub:GetFindings"

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "security_hub",
		Summary:    "Read the findings of Security Hub",
		Doc:        doc,
		Effect:     steps.Reads,
		Operations: []string{getFindings},
		PerTarget:  true,
		Result:     Result{},
		New:        func() steps.Step { return &Step{Max: 10_000} },
		Example: `id: hub
phase: preparation
title: Read the findings of Security Hub
uses: security_hub
expect:
  - id: closed
    each: filter(result.open, .severity in ["high", "critical"])
    that: "false"
    resource: item.resource
    severity: medium
    finding: "${{ item.check }} ${{ item.title }}"
    remedy: ${{ item.remedy }}
`,
	}
}

// Step says how much is kept.
type Step struct {
	Max int `yaml:"max,omitempty" jsonschema:"minimum=1,description=How many open findings of each account and region are kept (10000)"`
}

// Result is what was found in one account and region.
type Result struct {
	Open       []finding.Finding `json:"open"`   // that fail, the worst first
	Checks     []finding.Check   `json:"checks"` // that failed most, first
	Failed     int64             `json:"failed"`
	Passed     int64             `json:"passed"`
	Manual     int64             `json:"manual"`
	Suppressed int64             `json:"suppressed"` // archived, suppressed or resolved
	Unknown    int64             `json:"unknown"`    // not checked
}

// Run reads every page.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	t := finding.NewTally(s.Max)
	failure := read(ctx, env.Cloud, t)
	source := getFindings + " of " + env.Target.String()
	if failure == nil && t.Quality.Examined == 0 {
		t.Gap(source, "it has no finding, not even of a check that passed: Security Hub or its standards may be off", 1, true)
	}
	open, checks := t.Finish(source)
	return steps.Result{
		Value: Result{
			Open: open, Checks: checks, Failed: t.Count(finding.Fail), Passed: t.Count(finding.Pass), Manual: t.Count(finding.Manual),
			Suppressed: t.Count(finding.Suppressed), Unknown: t.Count(finding.Unknown),
		},
		Blocks:  t.Blocks(open, checks),
		Quality: t.Quality,
	}, failure
}

func read(ctx context.Context, cloud steps.Cloud, t *finding.Tally) error {
	unread := int64(0)
	for page, err := range cloud.Read(ctx, getFindings, nil) {
		if err != nil {
			return err
		}
		list, ok := page["Findings"].([]any)
		if !ok {
			return fmt.Errorf("read %s: Findings is not a list", getFindings)
		}
		for _, element := range list {
			if fields, _ := element.(map[string]any); t.Add(fields, getFindings) == "" {
				unread++
			}
		}
	}
	if unread > 0 {
		t.Gap(getFindings, "entries that are no findings in ASFF", unread, true)
	}
	return nil
}
