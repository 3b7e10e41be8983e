package runner

import (
	"errors"
	"fmt"
	"time"

	"playbook/playbooks"
	"playbook/playbooks/expression"
	"playbook/steps"
)

// happenedAt finds out when a finding took place and who took part. What is of the
// wrong type is an error: a story with a hole in it reads as if there were none.
func happenedAt(h *playbooks.Happened, values map[string]any) (steps.Happened, error) {
	var happened steps.Happened
	var errs []error
	read := func(name string, program *expression.Program, take func(any) bool, want string) {
		if program == nil {
			return
		}
		value, err := program.Eval(values)
		if err == nil && value != nil && !take(steps.Plain(value)) {
			err = fmt.Errorf("%s gave %v, which is not %s", program.Source(), value, want)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("happened.%s: %w", name, err))
		}
	}
	moment := func(to *time.Time) func(any) bool {
		return func(value any) (ok bool) {
			*to, ok = value.(time.Time)
			return ok
		}
	}
	read("from", h.From, moment(&happened.From), "a time")
	read("to", h.To, moment(&happened.To), "a time")
	read("actors", h.Actors, texts(&happened.Actors), "a text or a list of texts")
	read("assets", h.Assets, texts(&happened.Assets), "a text or a list of texts")
	read("bytes", h.Bytes, func(value any) bool {
		switch value := value.(type) {
		case int64:
			happened.Bytes = value
		case float64:
			happened.Bytes = int64(value)
		default:
			return false
		}
		return true
	}, "a number")
	return happened, errors.Join(errs...)
}

// texts takes a text or a list of texts. An empty text, as a log has it for an instance
// that it does not know, names nobody.
func texts(to *[]string) func(any) bool {
	return func(value any) bool {
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, element := range list {
			text, isText := element.(string)
			if !isText && element != nil {
				return false
			}
			if text != "" && text != "-" {
				*to = append(*to, text)
			}
		}
		return true
	}
}
