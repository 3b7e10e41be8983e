package metrics

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playbook/steps"
)

type m = map[string]any

var (
	midnight = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	place    = steps.Target{Account: "111122223333", Region: "eu-west-1"}
)

// fake answers each call with the pages that stand under its resource, and keeps what
// it was asked.
type fake struct {
	pages map[string][]m
	asked *[]m
}

func (f fake) Read(_ context.Context, operation string, input map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		if f.asked != nil {
			*f.asked = append(*f.asked, input)
		}
		query := input["MetricDataQueries"].([]any)[0].(m)["MetricStat"].(m)["Metric"].(m)
		id := query["Dimensions"].([]any)[0].(m)["Value"].(string)
		pages, ok := f.pages[id]
		if !ok {
			yield(nil, &steps.Missing{What: "the answer of " + operation})
			return
		}
		for _, page := range pages {
			if !yield(page, nil) {
				return
			}
		}
	}
}

// values are points from midnight on, one each period; nil leaves one out.
func values(id string, period time.Duration, values ...any) m {
	times, kept := []any{}, []any{}
	for i, value := range values {
		if value != nil {
			times, kept = append(times, midnight.Add(time.Duration(i)*period).Format("2006-01-02T15:04:05-07:00")), append(kept, value)
		}
	}
	return m{"Id": id, "Label": "x", "Timestamps": times, "Values": kept, "StatusCode": "Complete"}
}

func page(results ...any) m { return m{"MetricDataResults": results, "Messages": []any{}} }

func wanted(metrics ...Metric) *Step {
	return &Step{Namespace: "AWS/NATGateway", Dimension: "NatGatewayId", Values: []any{"nat-1"}, Metrics: metrics}
}

func number64(f float64) *float64 { return &f }

func bytesOut(threshold float64, period, periods int64) Metric {
	return Metric{Name: "BytesOutToDestination", Statistic: "Sum", Unit: "bytes", Threshold: &threshold, Comparison: ">=", Period: period, Periods: periods}
}

func env(cloud steps.Cloud, minutes int) steps.Env {
	to := midnight.Add(time.Duration(minutes) * time.Minute)
	return steps.Env{Target: place, Window: steps.Window{From: midnight, To: to}, Now: to.Add(time.Hour), Cloud: cloud}
}

func run(t *testing.T, s *Step, e steps.Env) (Result, steps.Result) {
	t.Helper()
	result, err := s.Run(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	return result.Value.(Result), result
}

func TestTheCallIsTheSameForTheSameTime(t *testing.T) {
	var asked []m
	s := wanted(Metric{Name: "B", Statistic: "Sum"}, Metric{Name: "A", Statistic: "Sum"}, Metric{Name: "A", Statistic: "Maximum"})
	s.Values = []any{m{"id": "nat-2"}, m{"id": "nat-1", "name": "blue", "account": place.Account, "region": place.Region},
		m{"id": "nat-9", "region": "us-east-1"}, "nat-1"}
	answers := page(values("m1", time.Minute, int64(1)), values("m2", time.Minute, 2.0), values("m3", time.Minute, int64(3)))
	e := env(fake{map[string][]m{"nat-1": {answers}, "nat-2": {answers}}, &asked}, 1)
	e.Window.From, e.Window.To = midnight.Add(20*time.Second), midnight.Add(50*time.Second)
	result, _ := run(t, s, e)
	query := func(id, name, statistic string) any {
		return m{"Id": id, "ReturnData": true, "MetricStat": m{"Period": int64(60), "Stat": statistic, "Metric": m{
			"Namespace": "AWS/NATGateway", "MetricName": name, "Dimensions": []any{m{"Name": "NatGatewayId", "Value": "nat-1"}}}}}
	}
	want := m{"ScanBy": "TimestampAscending", "StartTime": "2026-03-01T00:00:00Z", "EndTime": "2026-03-01T00:01:00Z",
		"MetricDataQueries": []any{query("m1", "A", "Maximum"), query("m2", "A", "Sum"), query("m3", "B", "Sum")}}
	if len(asked) != 2 {
		t.Fatalf("%d calls, want one for each resource that is here", len(asked))
	}
	if diff := cmp.Diff(want, asked[0]); diff != "" {
		t.Error(diff)
	}
	if plain := steps.Plain(asked[0]); !reflect.DeepEqual(plain, any(asked[0])) {
		t.Errorf("the input is not plain, so that no case can hold its answer: %v", plain)
	}
	var got []string
	for _, series := range result.Series {
		got = append(got, fmt.Sprint(series.ID, " ", series.Name, " ", series.Metric, " ", series.Statistic, " ", *series.Max))
	}
	if diff := cmp.Diff([]string{"nat-1 blue A Maximum 1", "nat-1 blue A Sum 2", "nat-1 blue B Sum 3",
		"nat-2 nat-2 A Maximum 1", "nat-2 nat-2 A Sum 2", "nat-2 nat-2 B Sum 3"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestThePeriodIsTheShortestThatIsKept(t *testing.T) {
	now := midnight.Add(600 * day)
	for _, test := range []struct {
		days          float64
		asked         int64
		want          time.Duration
		problem, gaps string
	}{
		{days: 0.1, want: time.Minute},
		{days: 15, want: time.Minute},
		{days: 15.1, want: 5 * time.Minute},
		{days: 63.1, want: time.Hour},
		{days: 455, want: time.Hour},
		{days: 456, want: time.Hour, gaps: "CloudWatch keeps nothing of before"},
		{days: 1, asked: 300, want: 5 * time.Minute},
		{days: 20, asked: 60, problem: "points of 1m are not kept since"},
	} {
		s := wanted(Metric{Name: "A", Statistic: "Sum"})
		s.Period = test.asked
		from := now.Add(-time.Duration(test.days * float64(day)))
		got, err := s.span(steps.Env{Window: steps.Window{From: from, To: from.Add(time.Hour)}, Now: now})
		switch {
		case test.problem != "":
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("%v days: %v, want %s", test.days, err, test.problem)
			}
		case err != nil || got.period != test.want || got.from.After(from) || !got.from.Equal(got.from.Truncate(test.want)):
			t.Errorf("%v days: %v from %s, %v; want %s from at most %s", test.days, got.period, got.from, err, test.want, from)
		case (got.expired() != nil) != (test.gaps != ""):
			t.Errorf("%v days: gap %v", test.days, got.expired())
		}
	}
	if _, err := wanted(Metric{}).span(steps.Env{Now: now}); err == nil {
		t.Error("a run without a window has a span")
	}
}

func TestACallNeverAsksForMoreThanItMay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var metrics []Metric
		for i := range rapid.IntRange(1, 50).Draw(t, "metrics") {
			metrics = append(metrics, Metric{Name: fmt.Sprintf("M%02d", i), Statistic: "Sum"})
		}
		s := wanted(metrics...)
		span, err := s.span(steps.Env{Now: midnight, Window: steps.Window{
			From: midnight.Add(-time.Duration(rapid.IntRange(2, 400*24*60).Draw(t, "minutes")) * time.Minute), To: midnight}})
		if err != nil {
			t.Fatal(err)
		}
		inputs, asked := s.calls(resource{id: "nat-1"}, span)
		seen := 0
		for i, input := range inputs {
			queries := len(input["MetricDataQueries"].([]any))
			seen += queries
			if queries != len(asked[i]) || queries > maxQueries || int64(queries)*span.points() > maxPoints {
				t.Fatalf("call %d asks for %d metrics of %d points", i, queries, span.points())
			}
		}
		if seen != len(metrics) {
			t.Fatalf("%d of %d metrics are asked for", seen, len(metrics))
		}
	})
}

func TestAnAlarmWouldHaveGoneOff(t *testing.T) {
	at := func(minute int) *time.Time { at := midnight.Add(time.Duration(minute) * time.Minute); return &at }
	for _, test := range []struct {
		name        string
		metric      Metric
		values      []any // by the minute
		breaches    int64
		seconds     int64
		first, last *time.Time
	}{
		{"just under", bytesOut(5, 180, 1), []any{1, 1, 2, 1, 1, 2}, 0, 0, nil, nil},
		{"just at it", bytesOut(5, 180, 1), []any{1, 1, 2, 2, 1, 1}, 1, 120, at(1), at(5)},
		{"more, strictly", Metric{Statistic: "Sum", Threshold: number64(5), Comparison: ">", Period: 180}, []any{1, 1, 2, 2, 1, 1}, 0, 0, nil, nil},
		{"a burst across two periods of the clock", bytesOut(6, 180, 1), []any{0, 0, 3, 3, 0, 0}, 1, 120, at(1), at(5)},
		{"twice", bytesOut(5, 60, 1), []any{5, 0, 9, 0}, 2, 120, at(0), at(3)},
		{"missing data sets nothing off", bytesOut(5, 60, 1), []any{nil, nil, 5, nil}, 1, 60, at(2), at(3)},
		{"at the very start", bytesOut(5, 180, 1), []any{5, 0, 0, 0, 0}, 1, 180, at(0), at(3)},
		{"three in a row", Metric{Statistic: "Maximum", Threshold: number64(0), Comparison: ">", Period: 120, Periods: 3},
			[]any{0, 1, 0, 1, 0, 1, 0, 0}, 1, 120, at(0), at(7)},
		{"two in a row are not three", Metric{Statistic: "Maximum", Threshold: number64(0), Comparison: ">", Period: 60, Periods: 3},
			[]any{1, 1, 0, 1, 1, 0}, 0, 0, nil, nil},
		{"too little", Metric{Statistic: "Sum", Threshold: number64(2), Comparison: "<", Period: 120}, []any{1, 1, 1, 0, 1}, 1, 120, at(2), at(5)},
		{"the smallest", Metric{Statistic: "Minimum", Threshold: number64(-1.5), Comparison: "<=", Period: 120}, []any{0, -1.5, 0, 0}, 1, 120, at(0), at(3)},
		{"as AWS spells it", Metric{Statistic: "SampleCount", Threshold: number64(2), Comparison: "GreaterThanOrEqualToThreshold"}, []any{2, 1}, 1, 60, at(0), at(1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.metric.Name = "M"
			for i, value := range test.values {
				if n, ok := value.(int); ok {
					test.values[i] = int64(n)
				}
			}
			cloud := fake{pages: map[string][]m{"nat-1": {page(values("m1", time.Minute, test.values...))}}}
			result, _ := run(t, wanted(test.metric), env(cloud, len(test.values)))
			got := result.Series[0]
			if got.Breaches != test.breaches || got.BreachSeconds != test.seconds {
				t.Errorf("%d times for %d s, want %d for %d s", got.Breaches, got.BreachSeconds, test.breaches, test.seconds)
			}
			if diff := cmp.Diff([]*time.Time{test.first, test.last}, []*time.Time{got.BreachFirst, got.BreachLast}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheNumbersOfASeries(t *testing.T) {
	cloud := fake{pages: map[string][]m{"nat-1": {
		page(m{"Id": "m1", "Timestamps": []any{"2026-03-01T00:00:00Z"}, "Values": []any{int64(3)}, "StatusCode": "PartialData"}),
		page(m{"Id": "m1", "Timestamps": []any{midnight.Add(2 * time.Minute).Unix(), "2026-03-01T00:01:00Z"}, "Values": []any{7.5, int64(1)}, "StatusCode": "Complete"}),
	}}}
	result, whole := run(t, wanted(Metric{Name: "A", Statistic: "Sum"}), env(cloud, 5))
	got := steps.Plain(result).(m)["series"].([]any)[0].(m)
	want := m{"id": "nat-1", "name": "nat-1", "metric": "A", "statistic": "Sum", "period": int64(60), "points": int64(3), "missing": int64(2),
		"min": 1.0, "max": 7.5, "max_at": midnight.Add(2 * time.Minute), "sum": 11.5, "first": midnight, "last": midnight.Add(2 * time.Minute),
		"threshold": nil, "breaches": int64(0), "breach_seconds": int64(0), "breach_first": nil, "breach_last": nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if whole.Quality.Examined != 3 || len(whole.Quality.Gaps) != 1 || whole.Quality.Gaps[0].Count != 2 || whole.Quality.Gaps[0].Blocking {
		t.Errorf("quality is %+v", whole.Quality)
	}
}

func TestWhatIsNotKnownIsNotQuiet(t *testing.T) {
	status := func(status string) m {
		result := values("m1", time.Minute, int64(1))
		result["StatusCode"], result["Messages"] = status, []any{m{"Code": "X", "Value": "try later"}}
		return page(result)
	}
	coarse := wanted(bytesOut(5, 900, 1))
	coarse.Period = 3600
	for _, test := range []struct {
		name  string
		step  *Step
		pages []m
		gap   string // that blocks
		err   string
	}{
		{"no point", wanted(bytesOut(5, 60, 1)), []m{page(values("m1", time.Minute))}, "there is no data point from", ""},
		{"partial", wanted(bytesOut(5, 60, 1)), []m{status("PartialData")}, "did not give all points (PartialData)", ""},
		{"an error before the end", wanted(bytesOut(5, 60, 1)), []m{status("InternalError"), page(values("m1", time.Minute))}, "did not give all points (InternalError)", ""},
		{"no status", wanted(bytesOut(5, 60, 1)), []m{status("")}, "(no StatusCode)", ""},
		{"points longer than the alarm's period", coarse, []m{page(values("m1", time.Hour, int64(1)))}, "only points of 1h are there", ""},
		{"no answer", wanted(bytesOut(5, 60, 1)), nil, "", "metrics of nat-1: the answer of cloudwatch:GetMetricData is missing"},
		{"another answer", wanted(bytesOut(5, 60, 1)), []m{page(values("m7", time.Minute, int64(1)))}, "", "says nothing of BytesOut"},
		{"a point of another time", wanted(bytesOut(5, 60, 1)), []m{page(values("m1", time.Hour, int64(1), int64(1)))}, "", "a point of 2026-03-01T01:00:00Z was not asked for"},
		{"a point between periods", wanted(bytesOut(5, 60, 1)), []m{page(values("m1", time.Second, nil, int64(1)))}, "", "was not asked for"},
		{"two of one time", wanted(bytesOut(5, 60, 1)), []m{page(values("m1", time.Minute, int64(1))), page(values("m1", time.Minute, int64(2)))}, "", "there are two points of 2026-03-01T00:00:00Z"},
		{"unequal lists", wanted(bytesOut(5, 60, 1)), []m{page(m{"Id": "m1", "Timestamps": []any{}, "Values": []any{int64(1)}})}, "", "0 timestamps and 1 values"},
		{"no number", wanted(bytesOut(5, 60, 1)), []m{page(values("m1", time.Minute, "\x1b[2J"))}, "", `"\x1b[2J" is no value`},
		{"no number either", wanted(bytesOut(5, 60, 1)), []m{page(values("m1", time.Minute, math.NaN()))}, "", `"NaN" is no value`},
	} {
		t.Run(test.name, func(t *testing.T) {
			cloud := fake{pages: map[string][]m{}}
			if test.pages != nil {
				cloud.pages["nat-1"] = test.pages
			}
			result, err := test.step.Run(context.Background(), env(cloud, 5))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || len(result.Value.(Result).Series) != 0 {
					t.Fatalf("%v with %v, want %s", err, result.Value, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			blocking := ""
			for _, gap := range result.Quality.Gaps {
				if gap.Blocking {
					blocking += gap.Source + ": " + gap.Problem
				}
			}
			if !strings.Contains(blocking, test.gap) {
				t.Errorf("gaps are %+v, want one with %s", result.Quality.Gaps, test.gap)
			}
		})
	}
}

func TestOneResourceWithoutAnAnswerKeepsTheOthers(t *testing.T) {
	s := wanted(Metric{Name: "A", Statistic: "Sum"})
	s.Values = []any{"nat-1", "nat-2"}
	result, err := s.Run(context.Background(), env(fake{pages: map[string][]m{"nat-2": {page(values("m1", time.Minute, int64(4)))}}}, 1))
	var missing *steps.Missing
	if !errors.As(err, &missing) || result.Quality.Examined != 1 || result.Value.(Result).Series[0].ID != "nat-2" {
		t.Errorf("%v and %+v", err, result)
	}
	s.Values = []any{m{"id": "nat-1", "region": "us-east-1"}}
	result, err = s.Run(context.Background(), env(fake{}, 1))
	if err != nil || result.Quality.Examined != 0 {
		t.Errorf("without a resource: %v and %+v", err, result.Quality)
	}
}

func TestAChartKeepsItsSpikes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minutes := rapid.IntRange(1, 3000).Draw(t, "minutes")
		s := Series{Name: "x", Statistic: "Maximum", metric: Metric{Statistic: "Maximum", Threshold: number64(1)}, Threshold: number64(1)}
		high := math.Inf(-1)
		for i := range minutes {
			if i == 0 || rapid.IntRange(0, 9).Draw(t, "published") > 0 {
				value := float64(rapid.IntRange(-5, 1000).Draw(t, "value"))
				s.points, high = append(s.points, point{midnight.Add(time.Duration(i) * time.Minute), value}), max(high, value)
			}
		}
		chart := s.chart(span{from: midnight, to: midnight.Add(time.Duration(minutes) * time.Minute), period: time.Minute})
		ys := chart.Series[0].Y
		if len(chart.X) != len(ys) || len(ys) == 0 || len(ys) > maxBars || len(ys) > len(s.points) {
			t.Fatalf("%d x and %d y for %d points", len(chart.X), len(ys), len(s.points))
		}
		drawn := math.Inf(-1)
		for _, y := range ys {
			drawn = max(drawn, y)
		}
		if drawn != high {
			t.Fatalf("the highest is drawn at %v, want %v", drawn, high)
		}
	})
}

func TestChartsSayWhatTheyShow(t *testing.T) {
	var minutes []any
	for i := range 4000 {
		minutes = append(minutes, int64(i%7))
	}
	cloud := fake{pages: map[string][]m{"nat-1": {page(values("m1", time.Minute, minutes...))}}}
	_, whole := run(t, wanted(bytesOut(5e6, 900, 1)), env(cloud, 4000))
	chart := whole.Blocks[len(whole.Blocks)-1].Chart
	if chart == nil || chart.Title != "BytesOutToDestination of nat-1: Sum over 15m, the highest of each 30m" || chart.Unit != steps.Bytes {
		t.Errorf("chart is %+v", chart)
	}
	if diff := cmp.Diff([]steps.Limit{{Label: "alarm", Y: 5e6}}, chart.Limits); diff != "" {
		t.Error(diff)
	}
	if got := whole.Blocks[1].Table.Rows[0][9]; got != "would not have gone off" {
		t.Errorf("the table says %v", got)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	always := func(string) bool { return true }
	for _, test := range []struct {
		step *Step
		want string
	}{
		{wanted(bytesOut(5, 900, 1)), ""},
		{wanted(Metric{Name: "A", Statistic: "Sum"}, Metric{Name: "A", Statistic: "Sum"}), "A is there twice"},
		{wanted(Metric{Name: "A", Statistic: "Sum", Period: 60}), "numbers of an alarm and no threshold"},
		{wanted(Metric{Name: "A", Statistic: "Average", Threshold: number64(1)}), "a threshold on Average"},
		{wanted(bytesOut(5, 61, 1)), "a period is a multiple of 60"},
		{wanted(bytesOut(5, 420, 1)), "a period is a multiple of 60"},
		{&Step{Values: []any{m{"name": "x"}}}, "each of values is an id"},
	} {
		var got []string
		for _, problem := range test.step.Validate(always) {
			got = append(got, problem.Message)
		}
		if all := strings.Join(got, "; "); !strings.Contains(all, test.want) || test.want == "" && all != "" {
			t.Errorf("%+v: %q, want %q", test.step, all, test.want)
		}
	}
}
