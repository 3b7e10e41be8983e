package reports

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playbook/runner/journal"
	"playbook/steps"
)

func TestThinnedChartsKeepTheirPeaks(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	c := &steps.Chart{Series: []steps.Series{{Name: "out"}}}
	for i := range 1000 {
		c.X = append(c.X, begin.Add(time.Duration(i)*time.Minute))
		c.Series[0].Y = append(c.Series[0].Y, 1)
	}
	c.Series[0].Y[777] = 99
	for i := range 50 {
		c.Series[0].Y[i] = math.NaN()
	}
	table := thinned(c)
	if len(table.Rows) != 20 || table.Title != "The highest of every 50 values" || table.Total != 20 {
		t.Errorf("%d rows, %q", len(table.Rows), table.Title)
	}
	if diff := cmp.Diff([]any{"2026-03-01 12:30", 99.0}, table.Rows[15]); diff != "" {
		t.Error(diff)
	}
	if table.Rows[0][1] != nil {
		t.Errorf("where there is no value, %v is shown", table.Rows[0][1])
	}
}

func TestChartAxesBeginAtZeroAndEndAtARoundNumber(t *testing.T) {
	for high, want := range map[float64]float64{0: 1, 0.3: 0.5, 1: 1, 1.1: 2, 3: 5, 7: 10, 5e6: 5e6, 5.1e6: 1e7} {
		got := niceTop(&steps.Chart{Series: []steps.Series{{Y: []float64{math.NaN(), high / 2}}}, Limits: []steps.Limit{{Y: high}, {Y: math.Inf(1)}}})
		if math.Abs(got-want) > 1e-9*want {
			t.Errorf("up to %g the axis ends at %g, not %g", high, got, want)
		}
	}
}

// TestPicturesAreWellFormed draws anything: what comes out is XML, its boxes lie in the
// picture, and boxes side by side do not overlap.
func TestPicturesAreWellFormed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"a", "b", "c", "<script>", "\"'&", "\x00", ""})
		d := &steps.Diagram{Title: name.Draw(t, "title")}
		ids := []string{""}
		for i := range rapid.IntRange(0, 6).Draw(t, "groups") {
			id := fmt.Sprintf("g%d", i)
			ids = append(ids, id)
			d.Groups = append(d.Groups, steps.DiagramGroup{ID: id, Label: name.Draw(t, "label"), Group: rapid.SampledFrom([]string{"", "g0", "g1", "g2", "g3"}).Draw(t, "in")})
		}
		for i := range rapid.IntRange(1, 20).Draw(t, "nodes") {
			id := fmt.Sprintf("n%d", i)
			ids = append(ids, id)
			d.Nodes = append(d.Nodes, steps.DiagramNode{ID: id, Label: name.Draw(t, "label"), Kind: name.Draw(t, "kind"), Group: rapid.SampledFrom([]string{"", "g0", "g1", "g2", "n0"}).Draw(t, "in"), Mark: "high"})
		}
		for range rapid.IntRange(0, 20).Draw(t, "edges") {
			d.Edges = append(d.Edges, steps.DiagramEdge{From: rapid.SampledFrom(ids).Draw(t, "from"), To: rapid.SampledFrom(ids).Draw(t, "to"),
				Weight: rapid.SampledFrom([]float64{0, 1, -1, math.Inf(1), math.NaN()}).Draw(t, "weight"), Label: name.Draw(t, "label")})
		}
		for _, block := range []steps.Block{
			{Diagram: d},
			{Chart: &steps.Chart{Title: d.Title, Shape: rapid.SampledFrom([]string{"line", "bar"}).Draw(t, "shape"), X: []any{d.Title, int64(1)},
				Series: []steps.Series{{Name: d.Title, Y: rapid.SliceOf(rapid.Float64()).Draw(t, "y")}, {Name: "b", Y: []float64{math.NaN()}}}}},
		} {
			drawn := draw(block)
			decoder := xml.NewDecoder(strings.NewReader("<x>" + drawn + "</x>"))
			for {
				token, err := decoder.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%v in %s", err, drawn)
				}
				if element, ok := token.(xml.StartElement); ok && element.Name.Local == "script" {
					t.Fatalf("a script in %s", drawn)
				}
			}
			if strings.Contains(drawn, "NaN") || strings.Contains(drawn, "Inf") {
				t.Fatalf("a number that is none in %s", drawn)
			}
		}
		drawDiagram(d)
	})
}

func TestBoxesDoNotOverlap(t *testing.T) {
	d := &steps.Diagram{Groups: []steps.DiagramGroup{{ID: "vpc"}, {ID: "a", Group: "vpc"}, {ID: "b", Group: "vpc"}, {ID: "other"}}}
	for i := range 13 {
		d.Nodes = append(d.Nodes, steps.DiagramNode{ID: fmt.Sprint("n", i), Group: []string{"a", "b", "vpc", "other", ""}[i%5]})
	}
	boxes, top := boxesOf(d)
	place(top, 0, 0, rowWidth)
	var siblings func(list []*box)
	siblings = func(list []*box) {
		for i, b := range list {
			for _, other := range list[:i] {
				if b.x < other.x+other.width && other.x < b.x+b.width && b.y < other.y+other.height && other.y < b.y+b.height {
					t.Errorf("%s overlaps %s", b.id, other.id)
				}
			}
			for _, inner := range b.inside {
				if inner.x < b.x || inner.y < b.y || inner.x+inner.width > b.x+b.width || inner.y+inner.height > b.y+b.height {
					t.Errorf("%s sticks out of %s", inner.id, b.id)
				}
			}
			siblings(b.inside)
		}
	}
	siblings(top)
	if len(boxes) != 17 {
		t.Errorf("%d boxes", len(boxes))
	}
}

func TestTheStoryIsToldInTheOrderOfTime(t *testing.T) {
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 30, 0, 0, time.UTC) }
	event := func(severity steps.Severity, title string, h steps.Happened) Finding {
		return Finding{Finding: steps.Finding{Severity: severity, Title: title, Happened: h}}
	}
	r := &Report{Findings: []Finding{
		event(steps.Critical, "9 GB went out", steps.Happened{From: at(9, 2), To: at(9, 6), Actors: []string{"203.0.113.9"}, Assets: []string{"10.0.0.10", "i-1"}, Bytes: 9e9}),
		event(steps.High, "guessed a password", steps.Happened{From: at(8, 1), Actors: []string{"198.51.100.7", "203.0.113.9"}, Assets: []string{"10.0.0.9"}}),
		event(steps.High, "is open", steps.Happened{}),
		event(steps.Medium, "9 GB more than usual", steps.Happened{From: at(9, 3), To: at(9, 7), Actors: []string{"203.0.113.9"}, Assets: []string{"i-1", "10.0.0.10"}, Bytes: 1}),
		event(steps.Info, "was refused", steps.Happened{From: at(1, 1), Actors: []string{"192.0.2.1"}}),
	}}
	for i := range r.Findings {
		r.Findings[i].Number = i + 1
	}
	r.Phases = []Phase{{Steps: []Step{{Parts: []journal.Part{{Names: map[string]string{"10.0.0.9": "bastion", "10.0.0.10": "twice"}}, {Names: map[string]string{"10.0.0.10": "other"}}}}}}}
	want := []string{
		"Between 2026-03-08 01:30:00 UTC and 2026-03-09 07:30:00 UTC (1 day 6 hours) 3 assets (bastion 10.0.0.9, 10.0.0.10, i-1) had to do with " +
			"2 other parties (198.51.100.7, 203.0.113.9). The most that went out in one of the findings is 9.0 GB (finding 1).",
		"2026-03-08 01:30 UTC: guessed a password (finding 2)",
		"2026-03-09 02:30 to 07:30 UTC: 9 GB went out (finding 1, and 4)",
	}
	if diff := cmp.Diff(want, r.story()); diff != "" {
		t.Error(diff)
	}
	if told := (&Report{Findings: r.Findings[2:3]}).story(); told != nil {
		t.Errorf("a story without events: %q", told)
	}
}
