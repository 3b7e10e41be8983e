package reports

import (
	"encoding/json"
	"strings"

	"playbook/runner/journal"
	"playbook/steps"
)

// header is the part of a playbook's header that the journal keeps as JSON.
type header struct {
	Author   string `json:"author"`
	Approver string `json:"approver"`
	Approved string `json:"approved"`
	Sources  []struct {
		Title   string `json:"title"`
		URL     string `json:"url"`
		License string `json:"license"`
	} `json:"sources"`
	Tactics    []string `json:"tactics"`
	Tools      []string `json:"tools"`
	Category   string   `json:"category"`
	Resources  []string `json:"resources"`
	Indicators []string `json:"indicators"`
	LogSources []string `json:"log_sources"`
	Teams      []string `json:"teams"`
}

// stages are the phases of the lifecycle, in order.
var stages = []string{"preparation", "detection", "containment", "recovery", "post_incident"}

// playbook writes what the header of the playbook says: who wrote and approved it, what
// it is about and what it is to find out. An old run may have less of it.
func (m *markdown) playbook(p journal.Playbook) {
	var h header
	for _, part := range []json.RawMessage{p.Document, p.Classification} {
		if len(part) > 0 {
			_ = json.Unmarshal(part, &h) // what cannot be read is not shown; approval says so
		}
	}
	m.heading(2, heading{id: "playbook"}, "About the playbook")
	if p.Summary != "" {
		m.printf("%s\n\n", inline(p.Summary))
	}
	var facts []steps.Fact
	add := func(label string, values ...string) {
		if text := strings.Join(values, ", "); text != "" {
			facts = append(facts, steps.Fact{Label: label, Value: text})
		}
	}
	add("Author", h.Author)
	add("Approved by", h.Approver)
	add("Approved on", h.Approved)
	add("Category", h.Category)
	add("Tactics", h.Tactics...)
	add("Tools", h.Tools...)
	add("Resources", h.Resources...)
	add("Indicators", h.Indicators...)
	add("Log sources", h.LogSources...)
	add("Teams", h.Teams...)
	add("To determine", p.Objectives["determine"]...)
	add("To recover", p.Objectives["recover"]...)
	add("Controls (AWS CAF)", p.Objectives["caf"]...)
	var titles []string
	for _, stage := range stages {
		titles = append(titles, phaseTitles[stage])
	}
	add("Stages of the lifecycle", titles...)
	m.facts(&steps.Facts{Items: facts})
	if len(h.Sources) == 0 {
		return
	}
	table := &steps.Table{Title: "Sources", Columns: []steps.TableColumn{{Name: "title"}, {Name: "address"}, {Name: "license"}}, Total: int64(len(h.Sources))}
	for _, source := range h.Sources {
		table.Rows = append(table.Rows, []any{source.Title, source.URL, source.License})
	}
	m.table(table)
}
