package question

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

type prompter struct {
	asked  steps.Question
	answer steps.Answer
	err    error
}

func (p *prompter) Ask(_ context.Context, q steps.Question) (steps.Answer, error) {
	p.asked = q
	return p.answer, p.err
}

func TestTheAnswerIsTheResult(t *testing.T) {
	at := time.Date(2026, 3, 15, 7, 0, 0, 0, time.UTC)
	who := &prompter{answer: steps.Answer{Value: "yes", By: "Dana", At: at, Comment: "sure"}}
	result, err := (&Step{Ask: "Well?", Context: "think", Choices: []string{"yes", "no"}}).Run(context.Background(), steps.Env{Prompt: who})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Result{Answer: "yes", By: "Dana", At: at, Comment: "sure"}, result.Value); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(steps.Question{Prompt: "Well?", Context: "think", Choices: []string{"yes", "no"}}, who.asked); diff != "" {
		t.Error(diff)
	}
	if result.Quality.Examined != 1 {
		t.Error("an answer counts as looked at")
	}
}

func TestNobodyThereIsPending(t *testing.T) {
	result, err := (&Step{Ask: "Well?"}).Run(context.Background(), steps.Env{Prompt: &prompter{err: steps.ErrPending}})
	if !errors.Is(err, steps.ErrPending) || result.Value != nil || result.Quality.Examined != 0 {
		t.Errorf("result %+v, error %v", result, err)
	}
	if question := result.Blocks[0].Facts.Items[0].Value; question != "Well?" {
		t.Errorf("the report does not show what was asked: %v", question)
	}
}
