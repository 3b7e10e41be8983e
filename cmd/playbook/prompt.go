package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"charm.land/huh/v2"

	"playbook/steps"
)

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
		field = huh.NewSelect[string]().Title(title).Description(context).Options(options...).Value(&value)
	} else {
		field = huh.NewText().Title(title).Description(context).Value(&value)
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
