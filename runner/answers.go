package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"playbook/steps"
)

// Answers answers questions from a file, and hands those it has no answer for to
// Next (nil: nobody is there, and the question stays pending):
//
//	answers:
//	  training: {value: "…", by: "Dana Ops", at: 2026-03-15T07:10:00Z, comment: "…"}
type Answers struct {
	Next    steps.Prompter
	answers map[string]steps.Answer
}

type answersFile struct {
	Answers map[string]struct {
		Value   string    `yaml:"value"`
		By      string    `yaml:"by"`
		At      time.Time `yaml:"at"`
		Comment string    `yaml:"comment"`
	} `yaml:"answers"`
}

// ReadAnswers reads an answers file; source is how the report names it. An answer must
// say who gave it and when: the report has to.
func ReadAnswers(path, source string) (*Answers, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the answers: %w", err)
	}
	var file answersFile
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the answers in %s: %w", path, err)
	}
	a := &Answers{answers: map[string]steps.Answer{}}
	var wrong []string
	for id, given := range file.Answers {
		if given.Value == "" || given.By == "" || given.At.IsZero() {
			wrong = append(wrong, fmt.Sprintf("%s: answer %s needs value, by and at", path, id))
		}
		a.answers[id] = steps.Answer{Value: given.Value, By: given.By, At: given.At.UTC(), Comment: given.Comment, Source: source}
	}
	if wrong != nil {
		slices.Sort(wrong)
		return nil, errors.New(strings.Join(wrong, "\n"))
	}
	return a, nil
}

// Unknown names the answers that no question asks for, so that a misspelled id is not
// lost in silence.
func (a *Answers) Unknown(ids []string) []string {
	var unknown []string
	for id := range a.answers {
		if !slices.Contains(ids, id) {
			unknown = append(unknown, id)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// Ask implements steps.Prompter.
func (a *Answers) Ask(ctx context.Context, question steps.Question) (steps.Answer, error) {
	if answer, ok := a.answers[question.ID]; ok {
		if len(question.Choices) > 0 && !slices.Contains(question.Choices, answer.Value) {
			return steps.Answer{}, fmt.Errorf("the answer to %s in %s is %q, which is none of the choices: %s",
				question.ID, answer.Source, answer.Value, strings.Join(question.Choices, ", "))
		}
		if question.Check != nil {
			if err := question.Check(answer.Value); err != nil {
				return steps.Answer{}, fmt.Errorf("the answer to %s in %s: %w", question.ID, answer.Source, err)
			}
		}
		return answer, nil
	}
	if a.Next == nil {
		return steps.Answer{}, steps.ErrPending
	}
	return a.Next.Ask(ctx, question)
}
