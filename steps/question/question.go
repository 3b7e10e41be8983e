// Package question is the kind of step that asks a person.
package question

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
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
		New:    func() steps.Step { return &Step{Type: textAnswer} },
	}
}

// Step is the options of one question.
type Step struct {
	Ask      string   `yaml:"ask" jsonschema:"required,description=The question as a person reads it"`
	Context  string   `yaml:"context,omitempty" jsonschema:"description=What helps to answer it"`
	Choices  []string `yaml:"choices,omitempty" jsonschema:"description=The answers to choose from; without them the answer is free text"`
	Type     string   `yaml:"type,omitempty" jsonschema:"enum=text,enum=time,enum=date,enum=yes_no,description=What the answer has to be (text)"`
	Or       []string `yaml:"or,omitempty" jsonschema:"description=Answers that are taken beside those of the type; as not yet"`
	Prepared string   `yaml:"prepared,omitempty" jsonschema:"description=The answer as facts have it; a person confirms it or says otherwise"`
}

// Result is the answer.
type Result struct {
	Answer    string     `json:"answer"` // as it was given
	By        string     `json:"by"`
	At        time.Time  `json:"at"`
	Comment   string     `json:"comment"`
	Time      *time.Time `json:"time"` // of an answer that is a time or a date, in UTC; else nil
	Prepared  string     `json:"prepared"`
	Confirmed bool       `json:"confirmed"`
}

// Validate refuses options that contradict one another.
func (s *Step) Validate(known func(path string) bool) []steps.Problem {
	var problems []steps.Problem
	add := func(path, message, hint string) {
		problems = append(problems, steps.Problem{Path: path, Message: message, Hint: hint})
	}
	if known("type") && known("choices") && s.Type != textAnswer && len(s.Choices) > 0 {
		add("choices", "an answer of type "+s.Type+" has no choices", "leave out one of them; or: holds further answers")
	}
	if known("type") && known("or") && s.Type == textAnswer && len(s.Or) > 0 {
		add("or", "a text has no answers beside it", "free text takes any answer; further choices belong under choices")
	}
	if known("or") && slices.ContainsFunc(s.Or, func(other string) bool { return strings.TrimSpace(other) == "" }) {
		add("or", "an empty answer leaves a question open", "")
	}
	return problems
}

// Run asks. Without anybody to ask the step stays pending.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	shown := &steps.Facts{Items: []steps.Fact{{Label: "Question", Value: s.Ask}}}
	if s.Prepared != "" {
		shown.Items = append(shown.Items, steps.Fact{Label: "Prepared", Value: s.Prepared})
	}
	blocks := []steps.Block{{Facts: shown}}
	answer, err := env.Prompt.Ask(ctx, steps.Question{
		Prompt: s.Ask, Context: s.context(), Choices: s.choices(), Check: s.check,
	})
	if err != nil {
		return steps.Result{Blocks: blocks}, err
	}
	meant, confirmed := s.meant(answer.Value)
	at, err := s.read(meant)
	if err != nil { // whoever was asked did not check
		return steps.Result{Blocks: blocks}, fmt.Errorf("the answer from %s: %w", answer.Source, err)
	}
	result := Result{
		Answer: answer.Value, By: answer.By, At: answer.At, Comment: answer.Comment,
		Time: at, Prepared: s.Prepared, Confirmed: confirmed,
	}
	shown.Items = append(shown.Items, s.facts(result)...)
	return steps.Result{Value: result, Blocks: blocks, Quality: steps.Quality{Examined: 1, Unit: "answer"}}, nil
}

// facts are what the report shows of an answer.
func (s *Step) facts(r Result) []steps.Fact {
	facts := []steps.Fact{{Label: "Answer", Value: r.Answer}}
	if r.Time != nil {
		facts = append(facts, steps.Fact{Label: "Time", Value: *r.Time})
	}
	if s.Prepared != "" {
		said := "no: the answer is another"
		if r.Confirmed {
			said = "yes"
		}
		facts = append(facts, steps.Fact{Label: "Prepared answer confirmed", Value: said})
	}
	if r.Comment != "" {
		facts = append(facts, steps.Fact{Label: "Comment", Value: r.Comment})
	}
	return facts
}
