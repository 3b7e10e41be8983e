package duckdb

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playbook/steps"
)

func TestHolesAreFoundFromThePaceOfTheFiles(t *testing.T) {
	day := time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC)
	window := steps.Window{From: day, To: day.AddDate(0, 0, 1)}
	every := func(pace time.Duration, without ...time.Duration) []time.Time {
		var times []time.Time
	next:
		for at := time.Duration(0); at < 24*time.Hour; at += pace {
			for _, w := range without {
				if at == w {
					continue next
				}
			}
			times = append(times, day.Add(at))
		}
		return times
	}
	const h, m = time.Hour, time.Minute
	for _, test := range []struct {
		name   string
		times  []time.Time
		window steps.Window
		want   []string
	}{
		{"none missing", every(4 * h), window, nil},
		{"one missing", every(4*h, 8*h), window, []string{"after 2026-03-06T04:00:00Z and before 2026-03-06T12:00:00Z"}},
		{"the first missing", every(4*h, 0, 4*h), window, []string{"after 2026-03-06T00:00:00Z and before 2026-03-06T08:00:00Z"}},
		{"the last missing", every(4*h, 20*h), window, []string{"after 2026-03-06T16:00:00Z and before 2026-03-07T00:00:00Z"}},
		{"the edges without a window", every(4*h, 0, 20*h), steps.Window{}, nil},
		{"one of five minutes is no hole", every(5*m, 60*m), window, nil},
		{"an hour of five minutes is", every(5*m, 60*m, 65*m, 70*m, 75*m, 80*m, 85*m, 90*m, 95*m, 100*m, 105*m, 110*m), window,
			[]string{"after 2026-03-06T00:55:00Z and before 2026-03-06T01:55:00Z"}},
		{"too few to say", every(12 * h), window, nil},
		{"two logs in one minute", append(every(4*h), every(4*h)...), window, nil},
		{"outside of the window", every(4*h, 4*h), steps.Window{From: day.Add(8 * h), To: day.Add(24 * h)}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, found := findHoles(test.times, test.window)
			var got []string
			for _, hole := range found {
				got = append(got, hole.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
