package reports

import (
	"fmt"
	"html"
	"strings"

	"playbook/steps"
)

// svg writes one picture. Every text goes through text(), which escapes it; colours and
// dashes come from classes of the style sheet, so that a picture is as readable in the
// dark, in print and without colours.
type svg struct {
	b             strings.Builder
	width, height int
}

func (s *svg) printf(format string, args ...any) { fmt.Fprintf(&s.b, format, args...) }

// text writes a line of text; anchor is start, middle or end.
func (s *svg) text(x, y float64, anchor, class, words string, width int) {
	s.printf(`<text x="%.1f" y="%.1f" text-anchor="%s" class="%s">%s</text>`, x, y, anchor, class, html.EscapeString(visible(oneLine(clip(words, width)))))
}

// figure is the whole picture. label says what it shows to those who cannot see it.
func (s *svg) figure(label string) string {
	return fmt.Sprintf(`<figure class="picture"><svg viewBox="0 0 %d %d" role="img" aria-label="%s">%s</svg></figure>`,
		s.width, s.height, html.EscapeString(visible(oneLine(clip(label, 200)))), s.b.String())
}

// draw is the picture of a block, or "" of a block that has none.
func draw(block steps.Block) string {
	switch {
	case block.Chart != nil && len(block.Chart.X) > 0:
		return drawChart(block.Chart)
	case block.Diagram != nil && len(block.Diagram.Nodes)+len(block.Diagram.Groups) > 0:
		return drawDiagram(block.Diagram)
	}
	return ""
}
