package reports

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"

	"playbook/steps"
)

// Sizes in a diagram, in units of its view box.
const (
	nodeWidth, nodeHeight = 164, 36
	plainHeight           = 22 // of a node without a kind
	gapBetween            = 8
	groupHead             = 24
	rowWidth              = 4 * (nodeWidth + gapBetween) // of nodes and groups side by side
)

// box is where a node or group is drawn.
type box struct {
	id, label, kind     string
	mark                steps.Severity
	isGroup             bool
	inside              []*box
	x, y, width, height float64
	centerX, centerY    float64
	incoming, outgoing  int
}

// drawDiagram draws groups as boxes in boxes. What stands in no group goes to the left
// when only it sends, to the right when only it receives, so that a network reads from
// the internet inwards, and who talks to whom from sender to receiver.
func drawDiagram(d *steps.Diagram) string {
	boxes, top := boxesOf(d)
	var left, middle, right []*box
	for _, b := range top {
		switch {
		case b.isGroup:
			middle = append(middle, b)
		case b.outgoing > 0 && (b.incoming == 0 || len(d.Groups) > 0):
			left = append(left, b)
		case b.incoming > 0 && b.outgoing == 0:
			right = append(right, b)
		default:
			middle = append(middle, b)
		}
	}
	const aisle = 90 // between columns, for the edges
	x, height := float64(gapBetween), 0.0
	for i, column := range [][]*box{left, middle, right} {
		if len(column) == 0 {
			continue
		}
		perRow := float64(nodeWidth)
		if i == 1 && len(d.Groups) > 0 {
			perRow = rowWidth
		}
		width, below := place(column, x, gapBetween, perRow)
		x, height = x+width+aisle, max(height, below)
	}
	s := &svg{width: int(x - aisle + gapBetween), height: int(height + gapBetween)}
	for _, b := range top {
		s.group(b)
	}
	heaviest := 0.0
	for _, e := range d.Edges {
		heaviest = max(heaviest, e.Weight)
	}
	for _, e := range d.Edges {
		if from, to := boxes[e.From], boxes[e.To]; from != nil && to != nil && from != to {
			s.edge(from, to, e, heaviest)
		}
	}
	for _, b := range top {
		s.nodes(b)
	}
	return s.figure(fmt.Sprintf("Diagram: %s: %s, %s; the same in words follows", d.Title, plural(len(d.Nodes), "node"), plural(len(d.Edges), "connection")))
}

// boxesOf makes the boxes and finds those that stand at the top. A group that is in
// itself, or in none that exists, stands at the top.
func boxesOf(d *steps.Diagram) (boxes map[string]*box, top []*box) {
	boxes = map[string]*box{}
	parents := map[string]string{}
	var order []*box
	add := func(b *box, parent string) {
		if boxes[b.id] == nil {
			boxes[b.id], parents[b.id] = b, parent
			order = append(order, b)
		}
	}
	for _, g := range d.Groups {
		add(&box{id: g.ID, label: g.Label, kind: g.Kind, isGroup: true}, g.Group)
	}
	for _, n := range d.Nodes {
		add(&box{id: n.ID, label: n.Label, kind: n.Kind, mark: n.Mark}, n.Group)
	}
	for _, e := range d.Edges {
		if from, to := boxes[e.From], boxes[e.To]; from != nil && to != nil && from != to {
			from.outgoing, to.incoming = from.outgoing+1, to.incoming+1
		}
	}
	for _, b := range order {
		parent := boxes[parents[b.id]]
		if parent == nil || !parent.isGroup || within(b.id, parents) {
			top = append(top, b)
			continue
		}
		parent.inside = append(parent.inside, b)
	}
	return boxes, top
}

// within reports whether the way up from an id leads back to it.
func within(id string, parents map[string]string) bool {
	for up, steps := parents[id], 0; up != "" && steps <= len(parents); up, steps = parents[up], steps+1 {
		if up == id {
			return true
		}
	}
	return false
}

// place puts boxes side by side into rows below one another, from a corner on, and says
// how wide they are together and where they end.
func place(list []*box, x, y, rowWidth float64) (width, below float64) {
	at, tallest := x, 0.0
	below = y
	for _, b := range list {
		b.measure()
		if at > x && at+b.width > x+rowWidth+1 {
			at, y, tallest = x, y+tallest+gapBetween, 0
		}
		b.move(at, y)
		at += b.width + gapBetween
		tallest = max(tallest, b.height)
		width, below = max(width, at-gapBetween-x), max(below, y+tallest)
	}
	return width, below
}

// measure finds the size of a box; what is in it is placed from the origin on.
func (b *box) measure() {
	b.width, b.height = nodeWidth, nodeHeight
	if b.kind == "" {
		b.height = plainHeight
	}
	if b.isGroup {
		width, below := place(b.inside, gapBetween, groupHead, rowWidth-2*gapBetween)
		b.width = max(nodeWidth+2*gapBetween, width+2*gapBetween)
		b.height = max(groupHead+gapBetween, below+gapBetween)
	}
}

func (b *box) move(x, y float64) {
	b.x, b.y = b.x+x, b.y+y
	b.centerX, b.centerY = b.x+b.width/2, b.y+b.height/2
	if b.isGroup {
		b.centerY = b.y + groupHead/2
	}
	for _, inner := range b.inside {
		inner.move(x, y)
	}
}

func (s *svg) group(b *box) {
	if !b.isGroup {
		return
	}
	s.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="4" class="group"/>`, b.x, b.y, b.width, b.height)
	s.text(b.x+10, b.y+16, "start", "caption", strings.TrimSpace(b.kind+" "+b.label), int((b.width-14)/7.5))
	for _, inner := range b.inside {
		s.group(inner)
	}
}

func (s *svg) nodes(b *box) {
	for _, inner := range b.inside {
		s.nodes(inner)
	}
	if b.isGroup {
		return
	}
	s.printf(`<g><title>%s</title><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="4" class="%s"/>`,
		htmlText(b.kind+" "+b.label, 300), b.x, b.y, b.width, b.height, strings.TrimSpace("node "+markClass(b.mark)))
	s.text(b.x+8, b.y+15, "start", "name", b.label, 21)
	if b.kind != "" {
		s.text(b.x+8, b.y+28, "start", "tick", b.kind, 25)
	}
	s.printf("</g>")
}

func markClass(mark steps.Severity) string {
	if mark.Rank() < 0 {
		return ""
	}
	return string(mark)
}

// edge is a curve from border to border, its width by weight.
func (s *svg) edge(from, to *box, e steps.DiagramEdge, heaviest float64) {
	x1, y1, x2, y2 := from.x+from.width, from.centerY, to.x, to.centerY
	if to.centerX < from.centerX {
		x1, x2 = from.x, to.x+to.width
	}
	if math.Abs(from.centerX-to.centerX) < nodeWidth/2 {
		x1, x2 = from.x+from.width, to.x+to.width
	}
	bend := max(30, math.Abs(x2-x1)/2)
	if x2 < x1 {
		bend = -bend
	}
	width := 1.2
	if heaviest > 0 && finite(e.Weight) && e.Weight > 0 {
		width += 5 * math.Sqrt(e.Weight/heaviest)
	}
	title := from.label + " → " + to.label
	if e.Label != "" {
		title += ": " + e.Label
	}
	s.printf(`<path d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f" stroke-width="%.1f" class="%s"><title>%s</title></path>`,
		x1, y1, x1+bend, y1, x2-bend, y2, x2, y2, width, strings.TrimSpace("edge "+markClass(e.Mark)), htmlText(title, 300))
}

func htmlText(text string, width int) string {
	return html.EscapeString(visible(oneLine(clip(text, width))))
}

// maxLines is how much of a diagram its words say; a picture of more is not read either.
const maxLines = 60

// diagram writes a diagram in words: what is in what, then what is connected.
func (m *markdown) diagram(d *steps.Diagram) {
	boxes, top := boxesOf(d)
	lines := 0
	var list func(b *box, depth int)
	list = func(b *box, depth int) {
		if lines++; lines > maxLines {
			return
		}
		words := cmp.Or(inline(strings.TrimSpace(b.kind+" "+b.label)), "—")
		if b.mark != "" {
			words = "**" + words + "**"
		}
		m.printf("%s- %s\n", strings.Repeat("  ", min(depth, 6)), words)
		for _, inner := range b.inside {
			list(inner, depth+1)
		}
	}
	if len(d.Groups) > 0 {
		for _, b := range top {
			list(b, 0)
		}
		m.printf("\n")
	}
	edges := slices.Clone(d.Edges)
	slices.SortStableFunc(edges, func(a, b steps.DiagramEdge) int { return cmp.Compare(b.Weight, a.Weight) })
	table := &steps.Table{Columns: []steps.TableColumn{{Name: "from"}, {Name: "to"}, {Name: "what"}}, Total: int64(len(edges))}
	for _, e := range edges {
		row := []any{e.From, e.To, e.Label}
		for i := range 2 {
			if b := boxes[row[i].(string)]; b != nil {
				row[i] = b.label
			}
		}
		table.Rows = append(table.Rows, row)
	}
	if len(edges) > 0 {
		m.table(table)
	}
	if lines > maxLines {
		m.printf("%s more are not listed here.\n\n", thousands(int64(lines-maxLines)))
	}
}
