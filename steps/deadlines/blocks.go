package deadlines

import (
	"fmt"
	"time"

	"playbook/steps"
)

const reminder = "These are reminders, not legal advice: whether a rule applies, and from when, is for a lawyer to say. " +
	"Each says \"without undue delay\" or the like as well; the time given is the last one."

// blocks are what the report shows.
func (s *Step) blocks(r Result, live bool) []steps.Block {
	measured := "What is left was counted at " + stamp(r.MeasuredAt)
	if !live {
		measured += ", when the case was collected: on the clock on the wall less is left. Go by the time that each is due"
	}
	begun := fmt.Sprintf("%s: the clocks have not started", s.Event)
	switch {
	case s.Starts != nil:
		begun = fmt.Sprintf("%s: %s", s.Event, stamp(*s.Starts))
	case s.Answer != "":
		begun += fmt.Sprintf(" (the answer is %q)", s.Answer)
	default:
		begun += "; nobody said when it was, or that it was not"
	}
	table := &steps.Table{Title: "Clocks", Total: int64(len(r.Clocks)), Columns: []steps.TableColumn{
		{Name: "what is due"}, {Name: "to"}, {Name: "state"}, {Name: "due"}, {Name: "left"}, {Name: "allows"}, {Name: "citation"},
	}}
	for _, clock := range r.Clocks {
		row := []any{clock.Title, clock.Authority, map[string]string{running: "running", overdue: "overdue", notStarted: "not started"}[clock.State],
			"", "", clock.Allows, clock.Citation}
		if clock.Due != nil {
			row[3], row[4] = stamp(*clock.Due), left(*clock.LeftSeconds)
		}
		table.Rows = append(table.Rows, row)
	}
	return []steps.Block{{Text: &steps.Text{Body: begun + ".\n\n" + measured + ".\n\n" + reminder}}, {Table: table}}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }

// left writes what is left in hours and minutes, as the rules count, or how late it is.
func left(seconds int64) string {
	if seconds < 0 {
		return left(-seconds) + " late"
	}
	return fmt.Sprintf("%d h %02d min", seconds/3600, seconds/60%60)
}

// spell writes a duration as rules do, in hours where it is whole ones.
func spell(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return d.String()
}
