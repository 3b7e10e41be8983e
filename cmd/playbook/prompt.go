package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"charm.land/huh/v2"
	"github.com/mattn/go-isatty"

	"playbook/playbooks"
	"playbook/runner"
	"playbook/steps"
)

// people is who can be asked.
type people struct {
	chain    steps.Prompter
	terminal *terminal // nil: nobody sits there
}

func whoAnswers(s streams, p *playbooks.Playbook, ground *caseGround, f runFlags, interrupt func()) (people, error) {
	var who people
	if !f.noInput && !f.asJSON && isTerminal(s.in) && isTerminal(s.out) {
		who.terminal = &terminal{in: s.in, out: s.out, by: operator(), clock: time.Now, interrupt: interrupt}
	}
	path, source := f.answers, f.answers
	if path == "" {
		if path = ground.kase.AnswersPath(); path != "" {
			source = "answers.yaml of the case"
		}
	}
	given := &runner.Answers{}
	if path != "" {
		var err error
		if given, err = runner.ReadAnswers(path, source); err != nil {
			return who, err
		}
	}
	if who.terminal != nil {
		given.Next = who.terminal
	}
	who.chain = given
	var ids []string
	for _, step := range p.Steps {
		ids = append(ids, step.ID)
	}
	if f.answers == "" {
		return who, nil // a case's answers may be for several playbooks
	}
	for _, id := range given.Unknown(ids) {
		fmt.Fprintf(s.err, "playbook: warning: %s answers %q, which no step of %s asks\n", source, terminalText(id), p.ID)
	}
	return who, nil
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// terminal asks the person in front of it.
type terminal struct {
	in            io.Reader
	out           io.Writer
	by            string
	clock         func() time.Time
	pause, resume func() // of the live view, so that the two do not write over each other
	interrupt     func() // Ctrl-C: a form reads it as a key, so no signal comes
}

const later = "(decide later)"

// Ask implements steps.Prompter. An empty answer leaves the question pending.
func (t *terminal) Ask(ctx context.Context, question steps.Question) (steps.Answer, error) {
	t.pause()
	defer t.resume()
	var value string
	title, context := terminalText(question.Prompt), terminalText(question.Context)
	if context == "" {
		context = "Enter sends the answer; an empty one leaves the question open."
	}
	var field huh.Field
	if len(question.Choices) > 0 {
		var options []huh.Option[string]
		for _, choice := range append(question.Choices, later) {
			options = append(options, huh.NewOption(terminalLine(choice, 100), choice))
		}
		field = huh.NewSelect[string]().Title(title).Description(context).Options(options...).Value(&value).Validate(acceptable(question))
	} else {
		field = huh.NewText().Title(title).Description(context).Value(&value).Validate(acceptable(question))
	}
	form := huh.NewForm(huh.NewGroup(field)).WithInput(t.in).WithOutput(t.out)
	err := form.RunWithContext(ctx)
	value = strings.TrimSpace(value)
	switch {
	case errors.Is(err, huh.ErrUserAborted):
		t.interrupt()
		return steps.Answer{}, steps.ErrPending
	case err == nil && (value == "" || value == later):
		return steps.Answer{}, steps.ErrPending
	case err != nil:
		return steps.Answer{}, fmt.Errorf("ask on the terminal: %w", err)
	}
	fmt.Fprintf(t.out, "  %s\n  > %s\n", terminalLine(question.Prompt, 200), terminalLine(value, 200))
	return steps.Answer{Value: value, By: t.by, At: t.clock().UTC(), Source: "terminal"}, nil
}

// acceptable is what a form asks about an answer before it takes it; while there is an
// error the form shows it and stays. Nothing is an answer for later.
func acceptable(question steps.Question) func(string) error {
	return func(value string) error {
		value = strings.TrimSpace(value)
		if value == "" || value == later || question.Check == nil {
			return nil
		}
		if err := question.Check(value); err != nil {
			return errors.New(terminalLine(err.Error(), 300))
		}
		return nil
	}
}
