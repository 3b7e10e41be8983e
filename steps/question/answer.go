package question

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"playbook/steps"
)

// What an answer can have to be.
const (
	textAnswer  = "text"
	timeAnswer  = "time"
	dateAnswer  = "date"
	yesNoAnswer = "yes_no"
)

// confirm is the answer that takes a prepared one as it is.
const confirm = "confirmed"

// choices are what a terminal offers to choose from.
func (s *Step) choices() []string {
	choices := slices.Clone(s.Choices)
	if s.Type == yesNoAnswer {
		choices = []string{"yes", "no"}
	}
	if len(choices) == 0 {
		return nil
	}
	choices = append(choices, s.Or...)
	if s.Prepared != "" && !slices.Contains(choices, confirm) {
		choices = append(choices, confirm)
	}
	return choices
}

// maxShown is how much of a prepared answer a question shows; the report has all of it.
const maxShown = 2000

// context is what a person reads below the question.
func (s *Step) context() string {
	var lines []string
	add := func(line string) {
		if line != "" {
			lines = append(lines, line)
		}
	}
	add(s.Context)
	if s.Prepared != "" {
		shown := []rune(s.Prepared)
		if len(shown) > maxShown {
			shown = append(shown[:maxShown], []rune("… (the report has all of it)")...)
		}
		add(fmt.Sprintf("Prepared from facts: %s\nAnswer %q if that is right.", string(shown), confirm))
	}
	add(map[string]string{timeAnswer: "The answer is " + aTime + s.orElse(), dateAnswer: "The answer is " + aDate + s.orElse()}[s.Type])
	return strings.Join(lines, "\n")
}

const (
	aTime = "a time with its zone, as 2026-03-01T12:00:00Z or 2026-03-01T13:00+01:00, or a date, as 2026-03-01 (its first moment in UTC)"
	aDate = "a date, as 2026-03-01"
)

// orElse continues a sentence with the other answers that are taken.
func (s *Step) orElse() string {
	var text strings.Builder
	for _, other := range s.Or {
		fmt.Fprintf(&text, ", or %q", other)
	}
	return text.String()
}

// check implements steps.Question.Check.
func (s *Step) check(answer string) error {
	meant, _ := s.meant(answer)
	_, err := s.read(meant)
	return err
}

// meant is what an answer comes to: the prepared one when it is confirmed.
func (s *Step) meant(answer string) (meant string, confirmed bool) {
	answer = strings.TrimSpace(answer)
	switch {
	case s.Prepared == "":
		return answer, false
	case strings.EqualFold(answer, confirm), answer == strings.TrimSpace(s.Prepared):
		return strings.TrimSpace(s.Prepared), true
	}
	return answer, false
}

// read gives the time that an answer is, nil for one that is none, or what is wrong.
func (s *Step) read(answer string) (*time.Time, error) {
	if slices.Contains(s.Or, answer) {
		return nil, nil
	}
	layouts, wanted := []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", time.DateOnly}, aTime
	switch s.Type {
	case timeAnswer:
	case dateAnswer:
		layouts, wanted = []string{time.DateOnly}, aDate
	default:
		return nil, s.offered(answer)
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, answer); err == nil {
			if at = at.UTC(); at.Year() < 1970 || at.Year() > 2200 {
				return nil, fmt.Errorf("%q is in the year %d, a slip of the pen", steps.Cut(answer, 100), at.Year())
			}
			return &at, nil
		}
	}
	return nil, fmt.Errorf("%q is not %s%s", steps.Cut(answer, 100), wanted, s.orElse())
}

// offered refuses what is none of the choices.
func (s *Step) offered(answer string) error {
	choices := s.choices()
	if len(choices) == 0 || slices.Contains(choices, answer) {
		return nil
	}
	return fmt.Errorf("%q is none of the choices: %s", steps.Cut(answer, 100), strings.Join(choices, ", "))
}
