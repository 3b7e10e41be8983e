package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"playbook/runner/cloud"
	"playbook/steps"
)

// times is the window of a run, where it was taken from, and what "now" means in it.
type times struct {
	window     steps.Window
	windowFrom string
	now        time.Time
}

// decideTimes finds the window: the flags, else the case's own, else the days that
// its logs lie in, else none. On a case "now" is when the evidence was collected, so
// that ages do not grow while the folder lies on a shelf.
func decideTimes(from, to string, kase *cloud.Case, clock func() time.Time) (times, error) {
	var t times
	first, last := logDays(kase)
	own := kase.Window()
	switch {
	case !kase.CollectedAt().IsZero():
		t.now = kase.CollectedAt()
	case own.IsSet():
		t.now = own.To
	case !last.IsZero():
		t.now = last
	default:
		t.now = clock()
	}
	t.now = t.now.UTC()
	switch {
	case from != "" || to != "":
		return t, t.fromFlags(from, to)
	case own.IsSet():
		t.window, t.windowFrom = own, "case.yaml"
	case !first.IsZero():
		t.window, t.windowFrom = steps.Window{From: first, To: last}, "the days of the case's flow logs"
	default:
		t.windowFrom = "nowhere: the case names no window and holds no flow logs"
	}
	return t, nil
}

func logDays(kase *cloud.Case) (first, end time.Time) {
	for _, logs := range kase.Logs() {
		if first.IsZero() || logs.First.Before(first) {
			first = logs.First
		}
		if after := logs.Last.AddDate(0, 0, 1); after.After(end) {
			end = after
		}
	}
	return first, end
}

func (t *times) fromFlags(from, to string) error {
	var err error
	t.windowFrom = "--from and --to"
	t.window.To = t.now
	if to != "" {
		if t.window.To, err = instant(to, t.now); err != nil {
			return fmt.Errorf("--to: %w", err)
		}
	}
	if from == "" {
		return fmt.Errorf("--to needs --from, for example --from 14d")
	}
	if t.window.From, err = instant(from, t.now); err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	if !t.window.From.Before(t.window.To) {
		return fmt.Errorf("--from %s is not before the end of the window, %s", from, t.window.To.Format(time.RFC3339))
	}
	return nil
}

// instant reads a time, a date, or an age counted back from now.
func instant(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if age, err := time.ParseDuration(text); err == nil && age > 0 {
		return now.Add(-age), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time; write 2026-03-01, 2026-03-01T12:00:00Z, or an age like 14d or 36h", text)
}
