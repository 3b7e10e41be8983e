package question

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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

var at = time.Date(2026, 3, 15, 7, 0, 0, 0, time.UTC)

// ask runs a step against somebody who gives one answer and does not check it.
func ask(s *Step, value string) (steps.Result, steps.Question, error) {
	who := &prompter{answer: steps.Answer{Value: value, By: "Dana", At: at, Source: "answers.yaml"}}
	result, err := s.Run(context.Background(), steps.Env{Prompt: who})
	return result, who.asked, err
}

func TestTheAnswerIsTheResult(t *testing.T) {
	who := &prompter{answer: steps.Answer{Value: "yes", By: "Dana", At: at, Comment: "sure"}}
	step := &Step{Ask: "Well?", Context: "think", Choices: []string{"yes", "no"}, Type: "text"}
	result, err := step.Run(context.Background(), steps.Env{Prompt: who})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Result{Answer: "yes", By: "Dana", At: at, Comment: "sure"}, result.Value); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"yes", "no"}, who.asked.Choices); diff != "" || who.asked.Prompt != "Well?" || who.asked.Context != "think" {
		t.Errorf("asked %+v", who.asked)
	}
	if result.Quality.Examined != 1 {
		t.Error("an answer counts as looked at")
	}
}

func TestNobodyThereIsPending(t *testing.T) {
	result, err := (&Step{Ask: "Well?", Prepared: "So."}).Run(context.Background(), steps.Env{Prompt: &prompter{err: steps.ErrPending}})
	if !errors.Is(err, steps.ErrPending) || result.Value != nil || result.Quality.Examined != 0 {
		t.Errorf("result %+v, error %v", result, err)
	}
	facts := result.Blocks[0].Facts.Items
	if facts[0].Value != "Well?" || facts[1].Value != "So." {
		t.Errorf("the report does not show what was asked and prepared: %v", facts)
	}
}

func TestTypes(t *testing.T) {
	moment := func(text string) *time.Time {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		at = at.UTC()
		return &at
	}
	or := []string{"not yet", "not applicable"}
	for _, test := range []struct {
		kind, answer string
		want         *time.Time
		wrong        string // part of the error; "" is none
	}{
		{"time", "2026-03-14T22:05:00+01:00", moment("2026-03-14T21:05:00Z"), ""},
		{"time", " 2026-03-14T22:05:00.5Z ", moment("2026-03-14T22:05:00.5Z"), ""},
		{"time", "2026-03-14T22:05Z", moment("2026-03-14T22:05:00Z"), ""},
		{"time", "2026-03-14", moment("2026-03-14T00:00:00Z"), ""},
		{"time", "not yet", nil, ""},
		{"time", "not applicable", nil, ""},
		{"time", "2026-03-14 22:05", nil, `"2026-03-14 22:05" is not a time with its zone`},
		{"time", "2026-03-14T22:05:00", nil, `or "not yet", or "not applicable"`},
		{"time", "2026-02-30T00:00:00Z", nil, "is not a time"},
		{"time", "14/03/2026", nil, "is not a time"},
		{"time", "0206-03-14T22:05:00Z", nil, "in the year 206"},
		{"time", "9999-12-31T23:00:00-05:00", nil, "in the year 10000"},
		{"time", "Not Yet", nil, "is not a time"},
		{"time", "confirmed", nil, "is not a time"},
		{"time", "", nil, "is not a time"},
		{"date", "2026-03-14", moment("2026-03-14T00:00:00Z"), ""},
		{"date", "2026-03-14T00:00:00Z", nil, `is not a date, as 2026-03-01, or "not yet"`},
		{"date", "not yet", nil, ""},
		{"yes_no", "yes", nil, ""},
		{"yes_no", "no", nil, ""},
		{"yes_no", "not yet", nil, ""},
		{"yes_no", "true", nil, `"true" is none of the choices: yes, no, not yet, not applicable`},
		{"yes_no", "2026-03-14", nil, "none of the choices"},
	} {
		result, asked, err := ask(&Step{Ask: "When?", Type: test.kind, Or: or}, test.answer)
		checked := asked.Check(test.answer)
		if test.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), test.wrong) || !strings.Contains(err.Error(), "answers.yaml") || result.Value != nil {
				t.Errorf("%s %q: error %v, want %q and the file", test.kind, test.answer, err, test.wrong)
			}
			if checked == nil || !strings.Contains(checked.Error(), test.wrong) {
				t.Errorf("%s %q: a terminal would take it: %v", test.kind, test.answer, checked)
			}
			continue
		}
		if err != nil || checked != nil {
			t.Errorf("%s %q: %v, %v", test.kind, test.answer, err, checked)
			continue
		}
		if diff := cmp.Diff(test.want, result.Value.(Result).Time); diff != "" {
			t.Errorf("%s %q: %s", test.kind, test.answer, diff)
		}
	}
}

func TestPreparedAnswers(t *testing.T) {
	for _, test := range []struct {
		name      string
		step      Step
		answer    string
		confirmed bool
		time      string // "" is nil
		wrong     string
	}{
		{"confirmed", Step{Prepared: "a, b"}, "confirmed", true, "", ""},
		{"in capitals", Step{Prepared: "a, b"}, " Confirmed ", true, "", ""},
		{"word for word", Step{Prepared: "a, b\n"}, "a, b", true, "", ""},
		{"otherwise", Step{Prepared: "a, b"}, "only a", false, "", ""},
		{"nothing was prepared", Step{}, "confirmed", false, "", ""},
		{"a time", Step{Type: "time", Prepared: "2026-03-14T22:05:00Z"}, "confirmed", true, "2026-03-14T22:05:00Z", ""},
		{"another time", Step{Type: "time", Prepared: "2026-03-14T22:05:00Z"}, "2026-03-15", false, "2026-03-15T00:00:00Z", ""},
		{"no time", Step{Type: "time", Prepared: "late"}, "confirmed", false, "", `"late" is not a time`},
		{"yes", Step{Type: "yes_no", Prepared: "yes"}, "confirmed", true, "", ""},
		{"no choice", Step{Choices: []string{"a", "b"}, Prepared: "c"}, "confirmed", false, "", `"c" is none of the choices`},
	} {
		result, _, err := ask(&test.step, test.answer)
		if test.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("%s: error %v, want %q", test.name, err, test.wrong)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		got := result.Value.(Result)
		text := ""
		if got.Time != nil {
			text = got.Time.Format(time.RFC3339)
		}
		if got.Confirmed != test.confirmed || text != test.time || got.Answer != test.answer || got.Prepared != test.step.Prepared {
			t.Errorf("%s: %+v", test.name, got)
		}
	}
}

func TestAPersonSeesWhatWasPreparedAndWhatFits(t *testing.T) {
	_, asked, _ := ask(&Step{Ask: "When?", Context: "Think.", Type: "time", Or: []string{"not yet"}, Prepared: "2026-03-14"}, "confirmed")
	for _, want := range []string{"Think.", "Prepared from facts: 2026-03-14", `Answer "confirmed"`, "2026-03-01T12:00:00Z", `or "not yet"`} {
		if !strings.Contains(asked.Context, want) {
			t.Errorf("the context lacks %q:\n%s", want, asked.Context)
		}
	}
	_, asked, _ = ask(&Step{Ask: "Is it?", Type: "yes_no", Or: []string{"not yet"}, Prepared: "no"}, "yes")
	if diff := cmp.Diff([]string{"yes", "no", "not yet", "confirmed"}, asked.Choices); diff != "" {
		t.Error(diff)
	}
	_, asked, _ = ask(&Step{Ask: "Which?", Prepared: strings.Repeat("é", 100000)}, "x")
	if n := len([]rune(asked.Context)); n > maxShown+200 || !strings.Contains(asked.Context, "the report has all of it") {
		t.Errorf("a prepared answer of any size is put on the terminal: %d", n)
	}
}

func TestTheReportShowsThePreparedAnswerBesideTheGiven(t *testing.T) {
	result, _, err := ask(&Step{Ask: "Which?", Prepared: "a, b"}, "only a")
	if err != nil {
		t.Fatal(err)
	}
	want := []steps.Fact{{Label: "Question", Value: "Which?"}, {Label: "Prepared", Value: "a, b"}, {Label: "Answer", Value: "only a"},
		{Label: "Prepared answer confirmed", Value: "no: the answer is another"}}
	if diff := cmp.Diff(want, result.Blocks[0].Facts.Items); diff != "" {
		t.Error(diff)
	}
}

func TestOptionsThatContradict(t *testing.T) {
	all := func(string) bool { return true }
	for _, test := range []struct {
		step Step
		want string // path of the problem
	}{
		{Step{Type: "text", Choices: []string{"a"}}, ""},
		{Step{Type: "time", Or: []string{"not yet"}}, ""},
		{Step{Type: "time", Choices: []string{"a"}}, "choices"},
		{Step{Type: "text", Or: []string{"not yet"}}, "or"},
		{Step{Type: "date", Or: []string{" "}}, "or"},
	} {
		got := ""
		if problems := test.step.Validate(all); len(problems) > 0 {
			got = problems[0].Path
		}
		if got != test.want {
			t.Errorf("%+v: problem at %q, want %q", test.step, got, test.want)
		}
	}
}

// A time survives being written down in any zone, and nothing makes the check panic.
func TestTimesAreReadAsTheyWereMeant(t *testing.T) {
	step := &Step{Type: "time"}
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "minutes east"))
		want := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), 0).In(zone)
		got, err := step.read(want.Format(time.RFC3339))
		if err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Fatalf("%s was read as %v, %v", want, got, err)
		}
		if text := rapid.String().Draw(t, "text"); len(text) < 10 && step.check(text) == nil {
			t.Fatalf("%q was taken for a time", text)
		}
	})
}
