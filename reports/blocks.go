package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"playbook/steps"
)

// maxRows is how many rows of a table a report shows; evidence has all of them.
const maxRows = 20

// block writes one block of a result.
func (m *markdown) block(block steps.Block) {
	switch {
	case block.Table != nil:
		m.table(block.Table)
	case block.Facts != nil:
		m.facts(block.Facts)
	case block.Text != nil:
		m.title(block.Text.Title)
		for _, paragraph := range strings.Split(block.Text.Body, "\n\n") {
			if strings.TrimSpace(paragraph) != "" {
				m.printf("%s\n\n", inline(strings.TrimSpace(paragraph)))
			}
		}
	case block.Code != nil:
		m.title(block.Code.Title)
		m.printf("%s\n\n", fence(strings.TrimPrefix(block.Code.Language, pictureFence), block.Code.Source))
	case block.Chart != nil:
		m.title(block.Chart.Title)
		m.picture(block, func() { m.table(thinned(block.Chart)) })
	case block.Diagram != nil:
		m.title(block.Diagram.Title)
		m.picture(block, func() { m.diagram(block.Diagram) })
	}
}

// pictureFence is the language of a code block that HTML replaces by a picture, whose
// number is its text; at picturesEnd the words that say the same end.
const (
	pictureFence = "picture"
	picturesEnd  = "end"
)

// picture writes what says the same as a picture in words, and for HTML where it goes.
func (m *markdown) picture(block steps.Block, words func()) {
	drawn := ""
	if m.draws {
		drawn = draw(block)
	}
	if drawn == "" {
		words()
		return
	}
	m.pictures = append(m.pictures, drawn)
	m.printf("%s\n\n", fence(pictureFence, fmt.Sprint(len(m.pictures)-1)))
	words()
	m.printf("%s\n\n", fence(pictureFence, picturesEnd))
}

func (m *markdown) title(title string) {
	if title != "" {
		m.printf("**%s**\n\n", inline(strings.ReplaceAll(title, "_", " ")))
	}
}

func (m *markdown) table(table *steps.Table) {
	m.title(table.Title)
	if len(table.Rows) == 0 {
		m.printf("No rows.\n\n")
		return
	}
	header, rule := "|", "|"
	for i, column := range table.Columns {
		header += " " + inline(clip(column.Name, maxCell)) + " |"
		if numeric(table, i) {
			rule += "---:|"
		} else {
			rule += "---|"
		}
	}
	m.printf("%s\n%s\n", header, rule)
	rows := table.Rows[:min(len(table.Rows), maxRows)]
	for _, row := range rows {
		line := "|"
		for i, column := range table.Columns {
			var cell any
			if i < len(row) {
				cell = row[i]
			}
			line += " " + value(cell, column.Unit) + " |"
		}
		m.printf("%s\n", line)
	}
	m.printf("\n")
	if int64(len(rows)) < table.Total {
		where := ""
		if table.File != "" {
			where = "; all are in " + code(table.File)
		}
		m.printf("%s of %s rows shown%s.\n\n", thousands(int64(len(rows))), thousands(table.Total), where)
	}
}

// numeric reports whether a column holds numbers, which are set to the right.
func numeric(table *steps.Table, column int) bool {
	found := false
	for _, row := range table.Rows[:min(len(table.Rows), maxRows)] {
		if column >= len(row) || row[column] == nil {
			continue
		}
		switch row[column].(type) {
		case int64, float64:
			found = true
		default:
			return false
		}
	}
	return found
}

func (m *markdown) facts(facts *steps.Facts) {
	m.title(facts.Title)
	for _, fact := range facts.Items {
		text := value(fact.Value, fact.Unit)
		if whole, isText := fact.Value.(string); isText {
			text = inline(whole)
		}
		m.printf("- **%s:** %s\n", inline(strings.ReplaceAll(fact.Label, "_", " ")), text)
	}
	m.printf("\n")
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
