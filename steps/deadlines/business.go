package deadlines

import "time"

// afterBusinessDays is the close of EDGAR on the count-th business day after the event,
// by the calendar of Washington: "If the event occurs on a Saturday, Sunday or holiday
// …, then the four business day period shall begin to run on, and include, the first
// business day thereafter" (Form 8-K, general instruction B.1). A filing begun by 5:30
// p.m. Eastern time is of that day (Regulation S-T, rule 13(a)(2), 17 CFR 232.13).
func afterBusinessDays(count int) func(time.Time) time.Time {
	return func(started time.Time) time.Time {
		year, month, day := started.In(eastern(started)).Date()
		date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
		for left := count; left > 0; {
			date = date.AddDate(0, 0, 1)
			if isBusinessDay(date) {
				left--
			}
		}
		// In the afternoon the clocks of the day have changed, if they do.
		offset := eastern(time.Date(date.Year(), date.Month(), date.Day(), 22, 0, 0, 0, time.UTC))
		return time.Date(date.Year(), date.Month(), date.Day(), 17, 30, 0, 0, offset).UTC()
	}
}

// isBusinessDay is that of Regulation S-T, rule 11 (17 CFR 232.11): no Saturday, no
// Sunday, no federal holiday. Days on which the Commission is closed by order of the
// President are not known here; the date is then early, never late.
func isBusinessDay(date time.Time) bool {
	weekday := date.Weekday()
	return weekday != time.Saturday && weekday != time.Sunday && !isFederalHoliday(date)
}

// isFederalHoliday reports whether a weekday is a holiday of 5 U.S.C. 6103(a), or the one
// on which it is observed: a Saturday's the Friday before (6103(b)(1)), a Sunday's the
// Monday after (Executive Order 11582). The Friday may be in the year before.
func isFederalHoliday(date time.Time) bool {
	for year := date.Year(); year <= date.Year()+1; year++ {
		for _, holiday := range federalHolidays(year) {
			switch holiday.Weekday() {
			case time.Saturday:
				holiday = holiday.AddDate(0, 0, -1)
			case time.Sunday:
				holiday = holiday.AddDate(0, 0, 1)
			}
			if holiday.Equal(date) {
				return true
			}
		}
	}
	return false
}

// federalHolidays are those of the whole country. Inauguration Day is one only around
// Washington (6103(c)), and is not counted.
func federalHolidays(year int) []time.Time {
	days := []time.Time{
		day(year, time.January, 1),                             // New Year's Day
		nth(3, time.Monday, year, time.January),                // Birthday of Martin Luther King, Jr.
		nth(3, time.Monday, year, time.February),               // Washington's Birthday
		nth(1, time.Monday, year, time.June).AddDate(0, 0, -7), // Memorial Day, the last Monday of May
		day(year, time.July, 4),                                // Independence Day
		nth(1, time.Monday, year, time.September),              // Labor Day
		nth(2, time.Monday, year, time.October),                // Columbus Day
		day(year, time.November, 11),                           // Veterans Day
		nth(4, time.Thursday, year, time.November),             // Thanksgiving Day
		day(year, time.December, 25),                           // Christmas Day
	}
	if year >= 2021 {
		days = append(days, day(year, time.June, 19)) // Juneteenth (Public Law 117-17)
	}
	return days
}

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// nth is the n-th of a weekday in a month.
func nth(n int, weekday time.Weekday, year int, month time.Month) time.Time {
	first := day(year, month, 1)
	return first.AddDate(0, 0, (int(weekday)-int(first.Weekday())+7)%7+7*(n-1))
}

// eastern is the zone of Washington at a moment, by the rule since 2007 (15 U.S.C. 260a:
// from 2 a.m. on the second Sunday of March to 2 a.m. on the first Sunday of November).
// A forensic workstation need not have a table of zones.
func eastern(at time.Time) *time.Location {
	at = at.UTC()
	summer := nth(2, time.Sunday, at.Year(), time.March).Add(7 * time.Hour) // 2 a.m. EST
	winter := nth(1, time.Sunday, at.Year(), time.November).Add(6 * time.Hour)
	if !at.Before(summer) && at.Before(winter) {
		return time.FixedZone("EDT", -4*3600)
	}
	return time.FixedZone("EST", -5*3600)
}
