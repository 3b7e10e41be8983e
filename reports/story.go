package reports

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"playbook/steps"
)

// The story leaves out what is not worth telling, and what would make it no story: the
// findings have everything.
const (
	storySeverity = steps.Medium
	storyEvents   = 8
	storyNames    = 6
)

// story tells what happened, from the findings that say when and who, in the order of
// time. It is made of their own sentences and of what they have in common; without such
// findings there is none.
func (r *Report) story() []string {
	var events []Finding
	for _, f := range r.Findings {
		if !f.Happened.From.IsZero() && f.Severity.Rank() >= storySeverity.Rank() {
			events = append(events, f)
		}
	}
	if len(events) == 0 {
		return nil
	}
	slices.SortStableFunc(events, func(a, b Finding) int {
		return cmp.Or(a.Happened.From.Compare(b.Happened.From), cmp.Compare(a.Number, b.Number))
	})
	names := r.names()
	sentences := []string{opening(events, names)}
	told := byParties(events)
	for i, group := range told {
		if i == storyEvents {
			sentences = append(sentences, fmt.Sprintf("%s more are among the findings.", plural(len(told)-i, "event")))
			break
		}
		sentences = append(sentences, group.sentence())
	}
	if n := r.planned(); n > 0 {
		sentences = append(sentences, fmt.Sprintf("Nothing was changed by this run. %s worked out and wait for approval.", isAre(n, "call")))
	}
	return sentences
}

func isAre(n int, noun string) string {
	if n == 1 {
		return plural(n, noun) + " is"
	}
	return plural(n, noun) + " are"
}

// telling is one event: the gravest finding about the same parties at the same time, and
// the numbers of the others.
type telling struct {
	Finding
	others []string
}

func (t telling) sentence() string {
	numbers := fmt.Sprintf("finding %d", t.Number)
	if len(t.others) > 0 {
		numbers += ", and " + strings.Join(t.others, ", ")
	}
	return fmt.Sprintf("%s: %s (%s)", span(t.Happened), clip(t.Title, 400), numbers)
}

// byParties joins findings that different steps made of the same thing: who took part is
// the same, and one was not over when the other began. events are by time.
func byParties(events []Finding) []telling {
	var told []telling
	for _, f := range events {
		at := slices.IndexFunc(told, func(t telling) bool {
			return sameSet(t.Happened.Actors, f.Happened.Actors) && sameSet(t.Happened.Assets, f.Happened.Assets) &&
				!f.Happened.From.After(cmp.Or(t.Happened.To, t.Happened.From))
		})
		if at < 0 {
			told = append(told, telling{Finding: f})
			continue
		}
		t := &told[at]
		whole := t.Happened
		if f.Happened.To.After(whole.To) {
			whole.To = f.Happened.To
		}
		if f.Number < t.Number { // the graver one is told
			t.others = append(t.others, fmt.Sprint(t.Number))
			t.Finding = f
		} else {
			t.others = append(t.others, fmt.Sprint(f.Number))
		}
		t.Happened = whole
	}
	return told
}

func sameSet(a, b []string) bool {
	a, b = slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b)))
	return slices.Equal(a, b)
}

// names are what people call ids and addresses. What has two names has none.
func (r *Report) names() map[string]string {
	all := map[string]string{}
	for _, phase := range r.Phases {
		for _, step := range phase.Steps {
			for _, part := range step.Parts {
				for key, name := range part.Names {
					if before, known := all[key]; known && before != name {
						name = ""
					}
					all[key] = name
				}
			}
		}
	}
	return all
}

// opening is who, from where, when, how much, and which assets.
func opening(events []Finding, names map[string]string) string {
	var whole steps.Happened
	var most Finding
	for _, f := range events {
		h := f.Happened
		if whole.From.IsZero() || h.From.Before(whole.From) {
			whole.From = h.From
		}
		if end := cmp.Or(h.To, h.From); end.After(whole.To) {
			whole.To = end
		}
		whole.Actors = append(whole.Actors, h.Actors...)
		whole.Assets = append(whole.Assets, h.Assets...)
		if h.Bytes > most.Happened.Bytes {
			most = f
		}
	}
	text := fmt.Sprintf("Between %s and %s (%s)", instant(whole.From), instant(whole.To), lasted(whole.To.Sub(whole.From)))
	switch assets, actors := named(whole.Assets, "asset", names), named(whole.Actors, "other party", names); {
	case assets != "" && actors != "":
		text += fmt.Sprintf(" %s had to do with %s.", assets, actors)
	case assets+actors != "":
		text += fmt.Sprintf(" %s took part.", assets+actors)
	default:
		text += " the following happened."
	}
	if most.Happened.Bytes > 0 {
		text += fmt.Sprintf(" The most that went out in one of the findings is %s (finding %d).", size(most.Happened.Bytes), most.Number)
	}
	return text
}

// named counts different names and gives the first of them, addresses in their order.
func named(list []string, noun string, called map[string]string) string {
	names := slices.Clone(list)
	slices.SortStableFunc(names, func(a, b string) int {
		x, errA := netip.ParseAddr(a)
		y, errB := netip.ParseAddr(b)
		if errA == nil && errB == nil {
			return x.Compare(y)
		}
		return strings.Compare(a, b)
	})
	names = slices.Compact(names)
	if len(names) == 0 {
		return ""
	}
	nouns := noun + "s"
	if strings.HasSuffix(noun, "y") {
		nouns = strings.TrimSuffix(noun, "y") + "ies"
	}
	text := fmt.Sprintf("1 %s", noun)
	if len(names) > 1 {
		text = fmt.Sprintf("%d %s", len(names), nouns)
	}
	shown := make([]string, 0, storyNames)
	for _, name := range names[:min(len(names), storyNames)] {
		if other := called[name]; other != "" {
			name = clip(other, 80) + " " + name
		}
		shown = append(shown, clip(name, 120))
	}
	text += " (" + strings.Join(shown, ", ")
	if len(names) > storyNames {
		text += fmt.Sprintf(" and %d more", len(names)-storyNames)
	}
	return text + ")"
}

// span is the time of an event, without repeating a day.
func span(h steps.Happened) string {
	const minute = "2006-01-02 15:04"
	from, to := h.From.UTC(), h.To.UTC()
	switch {
	case h.To.IsZero() || from.Format(minute) == to.Format(minute):
		return from.Format(minute) + " UTC"
	case from.Format(time.DateOnly) == to.Format(time.DateOnly):
		return from.Format(minute) + " to " + to.Format("15:04") + " UTC"
	}
	return from.Format(minute) + " to " + to.Format(minute) + " UTC"
}

// lasted is a duration for people, in its two largest units.
func lasted(d time.Duration) string {
	d = d.Round(time.Minute)
	days, hours, minutes := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60
	switch {
	case days > 0 && hours > 0:
		return plural(days, "day") + " " + plural(hours, "hour")
	case days > 0:
		return plural(days, "day")
	case hours > 0 && minutes > 0:
		return plural(hours, "hour") + " " + plural(minutes, "minute")
	case hours > 0:
		return plural(hours, "hour")
	}
	return plural(minutes, "minute")
}
