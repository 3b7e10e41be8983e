// Package question is the kind of step that asks a person.
package question

import (
	"context"
	_ "embed"
	"time"

	"playbook/steps"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:    "question",
		Summary: "Ask a person, and keep who answered what and when",
		Doc:     doc,
		Example: `id: training
phase: preparation
title: Is training in place for log analysis?
uses: question
with:
  ask: What training do analysts get for the AWS command line, S3 and Athena?
`,
		Effect: steps.Asks,
		Result: Result{},
		New:    func() steps.Step { return &Step{} },
	}
}

// Step is the options of one question.
type Step struct {
	Ask     string   `yaml:"ask" jsonschema:"required,description=The question as a person reads it"`
	Context string   `yaml:"context,omitempty" jsonschema:"description=What helps to answer it"`
	Choices []string `yaml:"choices,omitempty" jsonschema:"description=The answers to choose from; without them the answer is free text"`
}

// Result is the answer.
type Result struct {
	Answer  string    `json:"answer"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Comment string    `json:"comment"`
}

// Run asks. Without anybody to ask the step stays pending.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	asked := steps.Facts{Items: []steps.Fact{{Label: "Question", Value: s.Ask}}}
	answer, err := env.Prompt.Ask(ctx, steps.Question{Prompt: s.Ask, Context: s.Context, Choices: s.Choices})
	if err != nil {
		return steps.Result{Blocks: []steps.Block{{Facts: &asked}}}, err
	}
	asked.Items = append(asked.Items, steps.Fact{Label: "Answer", Value: answer.Value})
	if answer.Comment != "" {
		asked.Items = append(asked.Items, steps.Fact{Label: "Comment", Value: answer.Comment})
	}
	return steps.Result{
		Value:   Result{Answer: answer.Value, By: answer.By, At: answer.At, Comment: answer.Comment},
		Blocks:  []steps.Block{{Facts: &asked}},
		Quality: steps.Quality{Examined: 1, Unit: "answer"},
	}, nil
}
