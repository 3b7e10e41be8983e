package reports

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"playbook/runner/journal"
	"playbook/steps"
)

// Markdown writes the report as GitHub Flavored Markdown, the source of truth for
// people.
func (r *Report) Markdown(w io.Writer) error {
	m := &markdown{w: bufio.NewWriter(w)}
	m.printf("# %s\n\n", inline(r.Run.Playbook.Title))
	m.printf("**%s**\n\n", inline(r.Headline))
	m.facts(&steps.Facts{Items: r.about()})
	m.body(r)
	return m.w.Flush()
}

// markdown writes one report. Errors of the writer surface at Flush.
type markdown struct {
	w        *bufio.Writer
	headings []heading // those of levels 2 to 4, in order
	// pictures are drawn only for HTML, which puts them where their numbers stand.
	draws    bool
	pictures []string
}

// heading is what HTML adds to a heading. Text from outside cannot make headings, so
// the n-th heading of the text is the n-th that was written here.
type heading struct{ id, class string }

func (m *markdown) heading(level int, h heading, text string) {
	m.headings = append(m.headings, h)
	m.printf("%s %s\n\n", strings.Repeat("#", level), text)
}

func (m *markdown) printf(format string, args ...any) { fmt.Fprintf(m.w, format, args...) }

// body is everything below the head of the report. HTML has a head of its own.
func (m *markdown) body(r *Report) {
	m.story(r)
	m.findings(r)
	m.unchecked(r)
	m.gaps(r)
	for _, phase := range r.Phases {
		m.heading(2, heading{id: "phase-" + phase.ID}, inline(phase.Title))
		for i := range phase.Steps {
			m.step(&phase.Steps[i])
		}
	}
	m.playbook(r.Run.Playbook)
	m.annex(r)
}

// about is the head of the report: what was run, by whom, on what.
func (r *Report) about() []steps.Fact {
	run := r.Run
	facts := []steps.Fact{
		{Label: "State", Value: r.State},
		{Label: "Evidence", Value: strings.TrimSpace(run.Ground + " " + run.Case)},
	}
	window := "none"
	if run.Window.IsSet() {
		window = instant(run.Window.From) + " to " + instant(run.Window.To)
	}
	facts = append(facts, steps.Fact{Label: "Window", Value: window + ", from " + run.WindowFrom})
	var targets []string
	for _, target := range run.Targets {
		targets = append(targets, target.String())
	}
	facts = append(facts,
		steps.Fact{Label: "Accounts and regions", Value: strings.Join(targets, ", ")},
		steps.Fact{Label: "Run by", Value: run.Operator + " on " + run.Host},
		steps.Fact{Label: "Run", Value: fmt.Sprintf("%s, %s to %s", run.ID, instant(r.Started), instant(r.Ended))},
		steps.Fact{Label: "Ages measured against", Value: instant(run.Now)},
	)
	if r.Reason != "" {
		facts = append(facts, steps.Fact{Label: "Why it ended", Value: r.Reason})
	}
	if run.Selection != "" {
		facts = append(facts, steps.Fact{Label: "Only a part was run", Value: run.Selection})
	}
	if r.Approval != "" {
		facts = append(facts, steps.Fact{Label: "Approval", Value: capital(r.Approval)})
	}
	return facts
}

func (m *markdown) story(r *Report) {
	if len(r.Story) == 0 {
		return
	}
	m.heading(2, heading{id: "story"}, "What happened")
	for i, sentence := range r.Story {
		switch {
		case i == 0:
			m.printf("%s\n\n", inline(sentence))
		default:
			m.printf("- %s\n", inline(sentence))
		}
	}
	m.printf("\n")
}

func (m *markdown) findings(r *Report) {
	m.heading(2, heading{id: "findings"}, "Findings")
	if len(r.Findings) == 0 {
		m.printf("%s\n\n", inline(r.Headline))
		return
	}
	for _, f := range r.Findings {
		m.heading(3, heading{fmt.Sprintf("finding-%d", f.Number), "finding " + string(f.Severity)},
			fmt.Sprintf("%d. %s: %s", f.Number, strings.ToUpper(string(f.Severity)), inline(clip(f.Title, 400))))
		var words []string
		if f.Resource != "" {
			words = append(words, code(clip(f.Resource, maxCell)))
		}
		if place := (steps.Target{Account: f.Account, Region: f.Region}).String(); place != "" {
			words = append(words, "in "+inline(place))
		}
		words = append(words, fmt.Sprintf("found by %s", code(f.Step)))
		for _, technique := range f.Attack {
			words = append(words, fmt.Sprintf("ATT&CK [%s](%s)", technique, attackLink(technique)))
		}
		m.printf("%s\n\n", strings.Join(words, " · "))
		if f.Remedy != "" {
			m.printf("**What to do.** %s\n\n", inline(f.Remedy))
		}
		if f.FalsePositives != "" {
			m.printf("**What else it could be.** %s\n\n", inline(f.FalsePositives))
		}
	}
}

// attackLink is the page of a technique; ids were checked when the playbook was loaded.
func attackLink(id string) string {
	return "https://attack.mitre.org/techniques/" + strings.ReplaceAll(id, ".", "/") + "/"
}

func (m *markdown) unchecked(r *Report) {
	if len(r.NotChecked) == 0 {
		return
	}
	m.heading(2, heading{id: "unchecked"}, "What could not be checked")
	m.printf("Nothing in this report speaks for these steps.\n\n")
	m.printf("| step | status | why |\n|---|---|---|\n")
	for _, u := range r.NotChecked {
		m.printf("| %s | %s | %s |\n", inline(u.Title), u.Status, inline(clip(u.Reason, 600)))
	}
	m.printf("\n")
}

func (m *markdown) gaps(r *Report) {
	if len(r.Gaps) == 0 {
		return
	}
	m.heading(2, heading{id: "gaps"}, "Gaps in the evidence")
	m.printf("Evidence that should be there and is not, or is damaged. " +
		"Where a gap could hide what a step looks for, the step did not pass.\n\n")
	m.printf("| source | problem | count | could hide something | steps |\n|---|---|---:|---|---|\n")
	for _, g := range r.Gaps {
		count := ""
		if g.Count > 0 {
			count = thousands(g.Count)
		}
		blocking := "no"
		if g.Blocking {
			blocking = "yes"
		}
		problem := inline(clip(g.Problem, 400))
		for _, example := range g.Examples {
			problem += ", " + codeCell(clip(example, maxCell))
		}
		m.printf("| %s | %s | %s | %s | %s |\n", codeCell(clip(g.Source, 300)), problem, count, blocking, strings.Join(g.Steps, ", "))
	}
	m.printf("\n")
}

func (m *markdown) step(s *Step) {
	m.heading(3, heading{"step-" + s.ID, "step " + strings.ReplaceAll(string(s.Status), " ", "-")}, statusMark(s.Status)+" "+inline(s.Title))
	words := []string{"**" + string(s.Status) + "**"}
	if s.Examined > 0 && s.Unit != "" {
		words = append(words, fmt.Sprintf("%s %s looked at", thousands(s.Examined), inline(steps.Units(s.Examined, s.Unit))))
	}
	if s.Millis >= 100 {
		words = append(words, milliseconds(s.Millis))
	}
	if s.Attempts > 1 {
		words = append(words, fmt.Sprintf("%d attempts", s.Attempts))
	}
	words = append(words, "step "+code(s.ID)+", kind "+code(s.Uses))
	m.printf("%s\n\n", strings.Join(words, " · "))
	if s.Why != "" {
		m.printf("*%s*\n\n", inline(s.Why))
	}
	for _, reading := range s.Read {
		m.printf("Read: %s.\n\n", inline(readingText(reading)))
	}
	if s.Reason != "" {
		m.printf("**Why %s.** %s\n\n", s.Status, inline(clip(s.Reason, 2000)))
	}
	if len(s.Numbers) > 0 {
		var links []string
		for _, n := range s.Numbers {
			links = append(links, fmt.Sprint(n))
		}
		m.printf("See %s above.\n\n", strings.TrimPrefix(plural(len(links), "finding"), fmt.Sprintf("%d ", len(links)))+" "+strings.Join(links, ", "))
	}
	if a := s.Answer; a != nil {
		m.printf("Answered by %s at %s, from %s.\n\n", inline(a.By), instant(a.At), inline(a.Source))
	}
	for _, part := range s.Parts {
		m.part(part, len(s.Parts) > 1)
	}
	if len(s.Evidence)+len(s.records()) > 0 {
		m.printf("Evidence: ")
		for i, file := range append(s.Evidence, s.records()...) {
			if i == 6 {
				m.printf(" and %d more in the index below", len(s.Evidence)+len(s.records())-i)
				break
			}
			if i > 0 {
				m.printf(", ")
			}
			m.printf("%s (SHA-256 `%s…`)", code(file.Path), short(file.SHA256))
		}
		m.printf("\n\n")
	}
}

// records is the step's own record, when it is a file.
func (s *Step) records() []steps.File {
	if s.Record == nil {
		return nil
	}
	return []steps.File{*s.Record}
}

func (m *markdown) part(part journal.Part, several bool) {
	if several {
		var words []string
		if part.Item != nil {
			words = append(words, itemLabel(part.Item))
		}
		if place := part.Target.String(); place != "" {
			words = append(words, inline(place))
		}
		m.heading(4, heading{class: "part"}, strings.Join(words, ", "))
		if part.Reason != "" {
			m.printf("Not looked at: %s\n\n", inline(clip(part.Reason, 600)))
		}
	}
	for _, block := range part.Blocks {
		m.block(block)
	}
	m.changes(part.Changes)
}

// itemLabel names the item of a for_each: a map by its fields.
func itemLabel(item any) string {
	fields, ok := item.(map[string]any)
	if !ok {
		return value(item, "")
	}
	var words []string
	for _, name := range sortedKeys(fields) {
		words = append(words, inline(clip(name, 40))+" "+value(fields[name], unitOf(name)))
	}
	return strings.Join(words, ", ")
}

// unitOf guesses the unit of a number from the name of its field.
func unitOf(name string) steps.Unit {
	if strings.HasSuffix(name, "bytes") {
		return steps.Bytes
	}
	return ""
}

// statusMark is the sign of a status; HTML colours it.
func statusMark(status steps.Status) string {
	switch status {
	case steps.Passed:
		return "✓"
	case steps.Findings:
		return "!"
	case steps.Failed:
		return "✗"
	case steps.Pending:
		return "?"
	case steps.Planned:
		return "»"
	}
	return "–"
}

func (m *markdown) annex(r *Report) {
	m.heading(2, heading{id: "record"}, "Record of the run")
	m.printf("What happened is in `journal.jsonl`, an event a line, each carrying the hash of the one before. " +
		"`manifest.json` holds the hash of every file. The playbook that was run is in `playbook.yaml`.\n\n")
	facts := []steps.Fact{
		{Label: "Playbook", Value: fmt.Sprintf("%s (%s)", r.Run.Playbook.ID, r.Run.Playbook.Path)},
		{Label: "SHA-256 of the playbook", Value: r.Run.Playbook.SHA256},
		{Label: "Program", Value: r.Run.Tool},
	}
	for _, name := range sortedKeys(r.Run.Params) {
		facts = append(facts, steps.Fact{Label: "Param " + name, Value: r.Run.Params[name]})
	}
	m.facts(&steps.Facts{Items: facts})
	var files []steps.File
	for _, phase := range r.Phases {
		for i := range phase.Steps {
			files = append(files, phase.Steps[i].Evidence...)
			files = append(files, phase.Steps[i].records()...)
		}
	}
	if len(files) == 0 {
		return
	}
	m.heading(3, heading{id: "evidence"}, "Evidence files")
	m.printf("| file | size | SHA-256 |\n|---|---:|---|\n")
	for _, file := range files {
		m.printf("| %s | %s | `%s` |\n", codeCell(file.Path), size(file.Bytes), file.SHA256)
	}
	m.printf("\n")
}
