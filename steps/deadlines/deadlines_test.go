package deadlines

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playbook/steps"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func run(t *testing.T, s *Step, now string) (Result, steps.Result) {
	t.Helper()
	result, err := s.Run(context.Background(), steps.Env{Now: at(now)})
	if err != nil {
		t.Fatal(err)
	}
	return result.Value.(Result), result
}

func TestEveryRule(t *testing.T) {
	start := at("2026-03-13T23:05:00+01:00") // a Friday
	s := &Step{Starts: &start, Event: "awareness", Clocks: []Wanted{{Rule: "gdpr_33"}, {Rule: "nis2_early_warning"}, {Rule: "nis2_notification"},
		{Rule: "dora_classification"}, {Rule: "dora_awareness"}, {Rule: "sec_8k_1_05"}, {Rule: "custom", Title: "Tell the board", Within: 90 * time.Minute}}}
	got, result := run(t, s, "2026-03-14T22:05:00Z")
	type row struct {
		ID, Due, State, Allows string
		Left                   int64
	}
	var rows []row
	for _, c := range got.Clocks {
		if c.Event != "awareness" || !c.Started.Equal(start) || c.Started.Location() != time.UTC {
			t.Errorf("%s: started %v by %s", c.ID, c.Started, c.Event)
		}
		if c.ID != "custom_7" && (c.Authority == "" || c.Citation == "") {
			t.Errorf("%s says neither whom to tell nor where that stands", c.ID)
		}
		rows = append(rows, row{c.ID, c.Due.Format(time.RFC3339), c.State, c.Allows, *c.LeftSeconds})
	}
	want := []row{
		{"gdpr_33", "2026-03-16T22:05:00Z", "running", "72 h", 48 * 3600},
		{"nis2_early_warning", "2026-03-14T22:05:00Z", "running", "24 h", 0}, // due now is not late
		{"nis2_notification", "2026-03-16T22:05:00Z", "running", "72 h", 48 * 3600},
		{"dora_classification", "2026-03-14T02:05:00Z", "overdue", "4 h", -20 * 3600},
		{"dora_awareness", "2026-03-14T22:05:00Z", "running", "24 h", 0},
		{"sec_8k_1_05", "2026-03-19T21:30:00Z", "running", "4 business days", int64(at("2026-03-19T21:30:00Z").Sub(at("2026-03-14T22:05:00Z")).Seconds())},
		{"custom_7", "2026-03-13T23:35:00Z", "overdue", "1h30m0s", -22*3600 - 1800},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	if result.Quality.Examined != 7 || len(result.Quality.Gaps) != 0 || !got.MeasuredAt.Equal(at("2026-03-14T22:05:00Z")) {
		t.Errorf("%+v, measured at %v", result.Quality, got.MeasuredAt)
	}
	if text := result.Blocks[0].Text.Body; !strings.Contains(text, "not legal advice") || !strings.Contains(text, "when the case was collected") {
		t.Errorf("the report says: %s", text)
	}
	shown := result.Blocks[1].Table.Rows
	if shown[0][3] != "2026-03-16 22:05:00 UTC" || shown[0][4] != "48 h 00 min" || shown[6][2] != "overdue" || shown[6][4] != "22 h 30 min late" {
		t.Errorf("the report shows %v and %v", shown[0], shown[6])
	}
	got, _ = run(t, s, "2026-03-14T22:05:01Z")
	if c := got.Clocks[1]; c.State != overdue || *c.LeftSeconds != -1 {
		t.Errorf("a second late: %+v", c)
	}
}

func TestWithoutTheEventNoClockRuns(t *testing.T) {
	for _, test := range []struct {
		answer string
		gaps   int
		says   string
	}{
		{"not applicable", 0, `have not started (the answer is "not applicable")`},
		{"", 1, "nobody said when it was, or that it was not"},
	} {
		got, result := run(t, &Step{Event: "classification", Answer: test.answer, Clocks: []Wanted{{Rule: "dora_classification"}}}, "2026-03-14T22:05:00Z")
		c := got.Clocks[0]
		if c.State != notStarted || c.Started != nil || c.Due != nil || c.LeftSeconds != nil {
			t.Errorf("%q: %+v", test.answer, c)
		}
		if len(result.Quality.Gaps) != test.gaps || test.gaps > 0 && !result.Quality.Gaps[0].Blocking {
			t.Errorf("%q: gaps %+v", test.answer, result.Quality.Gaps)
		}
		if text := result.Blocks[0].Text.Body; !strings.Contains(text, test.says) || result.Blocks[1].Table.Rows[0][2] != "not started" {
			t.Errorf("%q: the report says %s", test.answer, text)
		}
	}
}

// Form 8-K: the fourth business day after the event, 5:30 p.m. in Washington.
func TestFourBusinessDays(t *testing.T) {
	for _, test := range []struct{ name, event, due string }{
		{"a Monday", "2026-05-04T15:00:00Z", "2026-05-08T21:30:00Z"},
		{"over a weekend", "2026-05-06T15:00:00Z", "2026-05-12T21:30:00Z"},
		{"on a Saturday", "2026-05-09T15:00:00Z", "2026-05-14T21:30:00Z"},
		{"on a Sunday", "2026-05-10T15:00:00Z", "2026-05-14T21:30:00Z"},
		{"still Friday in Washington", "2026-05-09T03:30:00Z", "2026-05-14T21:30:00Z"},
		{"already Monday in Europe", "2026-05-11T01:00:00+02:00", "2026-05-14T21:30:00Z"},
		{"still Thursday evening in Washington", "2026-05-08T03:59:00Z", "2026-05-13T21:30:00Z"},
		{"over Memorial Day", "2026-05-21T15:00:00Z", "2026-05-28T21:30:00Z"},
		{"on Memorial Day", "2026-05-25T15:00:00Z", "2026-05-29T21:30:00Z"},
		{"Independence Day on a Saturday, observed on Friday", "2026-06-30T15:00:00Z", "2026-07-07T21:30:00Z"},
		{"Independence Day on a Sunday, observed on Monday", "2027-06-30T15:00:00Z", "2027-07-07T21:30:00Z"},
		{"New Year's Day on a Saturday, observed in the year before", "2027-12-27T15:00:00Z", "2028-01-03T22:30:00Z"},
		{"Christmas and New Year", "2025-12-23T15:00:00Z", "2025-12-30T22:30:00Z"},
		{"Thanksgiving", "2026-11-24T15:00:00Z", "2026-12-01T22:30:00Z"},
		{"Juneteenth", "2026-06-16T15:00:00Z", "2026-06-23T21:30:00Z"},
		{"no Juneteenth yet", "2020-06-16T15:00:00Z", "2020-06-22T21:30:00Z"},
		{"Veterans Day on a Wednesday", "2026-11-09T15:00:00Z", "2026-11-16T22:30:00Z"},
		{"into summer time", "2026-03-05T15:00:00Z", "2026-03-11T21:30:00Z"},
		{"out of summer time", "2026-10-29T15:00:00Z", "2026-11-04T22:30:00Z"},
	} {
		if got := afterBusinessDays(4)(at(test.event)).Format(time.RFC3339); got != test.due {
			t.Errorf("%s: %s is due at %s, want %s", test.name, test.event, got, test.due)
		}
	}
}

// The holidays of two years as the Office of Personnel Management lists them, observed.
func TestFederalHolidays(t *testing.T) {
	for year, want := range map[int]string{
		2026: "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25",
		2027: "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
	} {
		var got []string
		for date := day(year, time.January, 1); date.Year() == year; date = date.AddDate(0, 0, 1) {
			weekend := date.Weekday() == time.Saturday || date.Weekday() == time.Sunday
			if isFederalHoliday(date) && !weekend {
				got = append(got, date.Format("01-02"))
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%d: %s", year, diff)
		}
	}
}

// eastern agrees with the table of zones, where this machine has one.
func TestEasternTime(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip("no table of zones here")
	}
	rapid.Check(t, func(t *rapid.T) {
		moment := time.Unix(rapid.Int64Range(at("2007-06-01T00:00:00Z").Unix(), at("2037-01-01T00:00:00Z").Unix()).Draw(t, "moment"), 0)
		_, want := moment.In(newYork).Zone()
		if _, got := moment.In(eastern(moment)).Zone(); got != want {
			t.Fatalf("%s: %d seconds, want %d", moment.UTC(), got, want)
		}
	})
}

// Whenever the event is: four business days end on a business day, at half past five,
// and are between three and eleven days later; a later event is never due earlier.
func TestBusinessDaysInGeneral(t *testing.T) {
	due := afterBusinessDays(4)
	rapid.Check(t, func(t *rapid.T) {
		event := time.Unix(rapid.Int64Range(0, 7e9).Draw(t, "event"), 0).UTC()
		end := due(event)
		local := end.In(eastern(end))
		if local.Hour() != 17 || local.Minute() != 30 || !isBusinessDay(day(local.Year(), local.Month(), local.Day())) {
			t.Fatalf("%s is due at %s", event, local)
		}
		if days := end.Sub(event).Hours() / 24; days < 3.5 || days > 11 {
			t.Fatalf("%s is due at %s, %f days later", event, end, days)
		}
		if later := due(event.Add(time.Duration(rapid.Int64Range(0, 1e6).Draw(t, "seconds")) * time.Second)); later.Before(end) {
			t.Fatalf("%s, later than %s, is due earlier", later, end)
		}
	})
}

func TestClocksThatSayTooLittleOrTooMuch(t *testing.T) {
	for _, test := range []struct {
		clock Wanted
		want  string
	}{
		{Wanted{Rule: "gdpr_33"}, ""},
		{Wanted{Rule: "custom", Title: "T", Within: time.Hour}, ""},
		{Wanted{Rule: "custom", Title: "T"}, "a custom clock has a title and within"},
		{Wanted{Rule: "custom", Within: time.Hour}, "a custom clock has a title and within"},
		{Wanted{Rule: "custom", Title: "T", Within: -time.Hour}, "a custom clock has a title and within"},
		{Wanted{Rule: "gdpr_33", Within: time.Hour}, "stand in its rule"},
	} {
		s := &Step{Event: "e", Answer: "not yet", Clocks: []Wanted{test.clock}}
		got := ""
		if problems := s.Validate(func(string) bool { return true }); len(problems) > 0 {
			got = problems[0].Message
		}
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%+v: problem %q, want %q", test.clock, got, test.want)
		}
		if _, err := s.Run(context.Background(), steps.Env{}); (err != nil) != (test.want != "") {
			t.Errorf("%+v: error %v", test.clock, err)
		}
	}
	if problems := (&Step{}).Validate(func(string) bool { return false }); problems != nil {
		t.Errorf("clocks from an expression are judged before they are known: %v", problems)
	}
	slip := at("0206-03-14T22:05:00Z")
	if _, err := (&Step{Starts: &slip, Clocks: []Wanted{{Rule: "gdpr_33"}}}).Run(context.Background(), steps.Env{}); err == nil || !strings.Contains(err.Error(), "no time of an incident") {
		t.Errorf("the year 206: %v", err)
	}
	if _, err := (&Step{Clocks: []Wanted{{Rule: "hipaa"}}}).Run(context.Background(), steps.Env{}); err == nil || !strings.Contains(err.Error(), `no rule "hipaa"`) {
		t.Errorf("an unknown rule: %v", err)
	}
}
