package athena

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playbook/steps"
)

func picture(t *testing.T, step *Step, names []string, rows ...[]any) ([]steps.Block, error) {
	t.Helper()
	query := &cursor{rows: rows}
	for _, name := range names {
		query.columns = append(query.columns, steps.Column{Name: name})
	}
	step.SQL = "SELECT 1"
	if step.Rows == 0 {
		step.Rows = 1000
	}
	result, err := step.Run(context.Background(), steps.Env{Query: query, Evidence: &store{}})
	var drawn []steps.Block
	for _, block := range result.Blocks {
		if block.Chart != nil || block.Diagram != nil {
			drawn = append(drawn, block)
		}
	}
	return drawn, err
}

func TestAChartOfColumns(t *testing.T) {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	drawn, err := picture(t, &Step{Chart: &Chart{Shape: "line", X: "day", Y: []string{"accepted", "rejected"}, Unit: "count"}},
		[]string{"day", "accepted", "rejected"}, []any{day, int64(4), nil}, []any{day.AddDate(0, 0, 1), int64(5), 2.5})
	want := []steps.Block{{Chart: &steps.Chart{Title: "accepted, rejected by day", Shape: "line", Unit: steps.Count,
		X: []any{day, day.AddDate(0, 0, 1)}, Series: []steps.Series{{Name: "accepted", Y: []float64{4, 5}}, {Name: "rejected", Y: []float64{0, 2.5}}}}}}
	if diff := cmp.Diff(want, drawn); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestAChartOfSeries(t *testing.T) {
	drawn, err := picture(t, &Step{Chart: &Chart{Title: "Bytes", Shape: "bar", X: "day", Y: []string{"bytes"}, Series: "region"}},
		[]string{"day", "region", "bytes"}, []any{"1", "a", int64(1)}, []any{"2", "b", int64(2)}, []any{"3", "a", int64(3)}, []any{"3", nil, int64(4)})
	want := []steps.Block{{Chart: &steps.Chart{Title: "Bytes", Shape: "bar", X: []any{"1", "2", "3"},
		Series: []steps.Series{{Name: "a", Y: []float64{1, 0, 3}}, {Name: "b", Y: []float64{0, 2, 0}}, {Name: "none", Y: []float64{0, 0, 4}}}}}}
	if diff := cmp.Diff(want, drawn); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestADiagramOfPairs(t *testing.T) {
	drawn, err := picture(t, &Step{Diagram: &Diagram{From: "a", To: "b", Weight: "bytes"}}, []string{"a", "b", "bytes"},
		[]any{"10.0.0.1", "10.0.0.2", int64(5)}, []any{"10.0.0.2", "10.0.0.1", int64(7)}, []any{"10.0.0.1", "10.0.0.2", int64(1)}, []any{nil, "10.0.0.1", nil})
	want := []steps.Block{{Diagram: &steps.Diagram{Title: "From a to b",
		Nodes: []steps.DiagramNode{{ID: "n1", Label: "10.0.0.1"}, {ID: "n2", Label: "10.0.0.2"}, {ID: "n3", Label: "none"}},
		Edges: []steps.DiagramEdge{{From: "n1", To: "n2", Label: "6 B", Weight: 6}, {From: "n2", To: "n1", Label: "7 B", Weight: 7}, {From: "n3", To: "n1", Label: "0 B"}}}}}
	if diff := cmp.Diff(want, drawn); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestTheWeightOfAnArrowInWords(t *testing.T) {
	for _, test := range []struct {
		column string
		weight float64
		want   string
	}{
		{"total_bytes", 999, "999 B"}, {"bytes", 17948986830, "17.9 GB"}, {"numbytes", 999960, "1.0 MB"}, {"bytes", 2e18, "2000.0 PB"},
		{"records", 1080, "1080 records"}, {"score", 0.25, "0.25 score"}, {"", 0, ""},
	} {
		if got := (&Diagram{Weight: test.column}).amount(test.weight); got != test.want {
			t.Errorf("%v of %s: %q, want %q", test.weight, test.column, got, test.want)
		}
	}
}

// TestPicturesAreBounded holds what is drawn to what can be read, and the title to what
// is drawn.
func TestPicturesAreBounded(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		count := rapid.IntRange(1, 300).Draw(r, "rows")
		kept := rapid.IntRange(1, 300).Draw(r, "kept")
		var rows [][]any
		for i := range count {
			rows = append(rows, []any{fmt.Sprint(i), rapid.StringN(0, 300, -1).Draw(r, "name"), int64(1)})
		}
		step := &Step{Rows: kept, Chart: &Chart{Shape: "bar", X: "x", Y: []string{"n"}, Series: "name"}, Diagram: &Diagram{From: "x", To: "name"}}
		drawn, err := picture(t, step, []string{"x", "name", "n"}, rows...)
		if err != nil || len(drawn) != 2 {
			r.Fatal(err, len(drawn))
		}
		chart, diagram := drawn[0].Chart, drawn[1].Diagram
		if len(chart.X) != min(count, kept, maxBars) || len(chart.Series) > maxSeries || len(diagram.Edges) != min(count, kept, maxArrows) {
			r.Errorf("%d of %d rows: %d bars, %d series, %d arrows", kept, count, len(chart.X), len(chart.Series), len(diagram.Edges))
		}
		for title, n := range map[string]int{chart.Title: len(chart.X), diagram.Title: len(diagram.Edges)} {
			if said := strings.Contains(title, fmt.Sprintf("(%d of %d rows)", n, count)); said != (n < count) {
				r.Errorf("the title %q is of %d of %d rows", title, n, count)
			}
		}
		for _, series := range chart.Series {
			if len(series.Y) != len(chart.X) || len([]rune(series.Name)) > maxLabel {
				r.Errorf("%q has %d values for %d bars", series.Name, len(series.Y), len(chart.X))
			}
		}
	})
}

func TestPicturesOfWhatIsNotThere(t *testing.T) {
	chart := func(x, y, series string) *Step {
		return &Step{Chart: &Chart{Shape: "bar", X: x, Y: []string{y}, Series: series}}
	}
	for _, test := range []struct {
		step *Step
		n    any
		want string
	}{
		{chart("day", "n", ""), int64(1), `chart.x names the column "day", which the query does not give; it gives a, n`},
		{chart("a", "m", ""), int64(1), `chart.y[0] names the column "m"`},
		{chart("a", "n", "region"), int64(1), `chart.series names the column "region"`},
		{chart("a", "n", ""), "12", `chart.y names the column "n", whose value "12" is no number`},
		{chart("a", "n", ""), math.NaN(), `whose value "NaN" is no number`},
		{&Step{Diagram: &Diagram{From: "a", To: "peer"}}, int64(1), `diagram.to names the column "peer"`},
		{&Step{Diagram: &Diagram{From: "a", To: "n", Weight: "a"}}, int64(1), `diagram.weight names the column "a", whose value "x" is no number`},
	} {
		if _, err := picture(t, test.step, []string{"a", "n"}, []any{"x", test.n}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
	if _, err := picture(t, chart("a", "n", ""), nil); err == nil || !strings.Contains(err.Error(), "gives no rows to draw") {
		t.Errorf("a definition: %v", err)
	}
	if drawn, err := picture(t, chart("a", "n", ""), []string{"a", "n"}); err != nil || len(drawn) != 0 {
		t.Errorf("no rows are drawn as %v, %v", drawn, err)
	}
}

func TestNamesOfColumnsAreCheckedAtLoad(t *testing.T) {
	all := func(string) bool { return true }
	for sql, want := range map[string]int{
		"SELECT day, count(*) AS n FROM t GROUP BY 1":  0,
		"SELECT Day, count(*) FROM t GROUP BY 1":       1,
		"SELECT * FROM t":                              0,
		"SELECT sourceaddress, count(*) AS m FROM t":   2,
		"this is not SQL and has its own diagnostic (": 0,
	} {
		step := &Step{SQL: steps.SQL(sql), Chart: &Chart{Shape: "bar", X: "day", Y: []string{"n"}}}
		if got := step.Validate(all); len(got) != want {
			t.Errorf("%s: %v, want %d", sql, got, want)
		}
		if got := step.Validate(func(path string) bool { return path != "sql" }); len(got) != 0 {
			t.Errorf("with an expression in it: %v", got)
		}
	}
	step := &Step{SQL: "SELECT day, a, b, c FROM t", Chart: &Chart{Shape: "bar", X: "day", Y: []string{"a", "b"}, Series: "c"}}
	if got := step.Validate(all); len(got) != 1 || got[0].Path != "chart.y" {
		t.Errorf("two columns in series: %v", got)
	}
}
