package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"playbook/playbooks"
)

// page prints a playbook for people: all of it, in the order of the file, wrapped.
// Text of a playbook is not trusted: every line goes through terminalText.
type page struct{ w io.Writer }

// pageWidth is the width of a page, whatever the terminal's: it is also read in files.
const pageWidth = 100

func newPage(w io.Writer) page { return page{w} }

// line prints a paragraph at an indent; its first line may begin with a label.
func (p page) line(indent int, label, text string) {
	text = strings.Join(strings.Fields(terminalText(text)), " ")
	if text == "" {
		return
	}
	first := strings.Repeat(" ", indent) + label
	next := strings.Repeat(" ", ansi.StringWidth(first))
	wrapped := ansi.Wrap(text, pageWidth-len(next), "")
	fmt.Fprintf(p.w, "%s%s\n", first, strings.ReplaceAll(wrapped, "\n", "\n"+next))
}

// block prints lines as they are, at an indent.
func (p page) block(indent int, text string) {
	for _, line := range strings.Split(text, "\n") {
		fmt.Fprintf(p.w, "%s\n", strings.TrimRight(strings.Repeat(" ", indent)+terminalText(line), " "))
	}
}

func (p page) blank() { fmt.Fprintln(p.w) }

func (p page) title(text string) {
	p.blank()
	text = terminalText(text)
	fmt.Fprintf(p.w, "%s\n%s\n", text, strings.Repeat("─", min(pageWidth, ansi.StringWidth(text))))
}

func (p page) playbook(b *playbooks.Playbook) {
	p.line(0, "", b.Title)
	p.line(0, "", b.Summary)
	p.about(b)
	if len(b.Params) > 0 {
		p.title("Params")
	}
	for _, param := range b.Params {
		p.param(param)
	}
	phase := playbooks.Phase("")
	for i, step := range b.Steps {
		if step.Phase != phase {
			phase = step.Phase
			p.title(phase.Title())
		}
		p.blank()
		p.step(i+1, step)
	}
}

// about is the governance of the playbook, its classification and its objectives.
func (p page) about(b *playbooks.Playbook) {
	approval := "nobody"
	if b.Document.Approver != "" && b.Document.Approved != "" {
		approval = b.Document.Approver + " on " + b.Document.Approved
	}
	p.blank()
	p.line(2, "Id            ", b.ID)
	p.line(2, "Author        ", b.Document.Author)
	p.line(2, "Approved by   ", approval)
	for _, source := range b.Document.Sources {
		p.line(2, "Source        ", strings.Trim(strings.Join([]string{source.Title, source.URL, source.License}, ", "), ", "))
	}
	c := b.Classification
	for _, row := range []struct {
		label string
		words []string
	}{
		{"Category      ", []string{c.Category}}, {"Tactics       ", c.Tactics}, {"Tools         ", c.Tools},
		{"Resources     ", c.Resources}, {"Indicators    ", c.Indicators}, {"Log sources   ", c.LogSources}, {"Teams         ", c.Teams},
		{"To determine  ", b.Objectives.Determine}, {"To recover    ", b.Objectives.Recover}, {"Perspective   ", b.Objectives.CAF},
	} {
		p.line(2, row.label, strings.Join(row.words, ", "))
	}
}

func (p page) param(param playbooks.Param) {
	text := param.Help
	if param.Default != nil {
		text += fmt.Sprintf(" (default %v)", param.Default)
	}
	if param.Secret {
		text += " (secret)"
	}
	p.line(2, fmt.Sprintf("%-18s %-8s ", terminalText(param.Name), param.Type), text+" ")
}

func (p page) step(number int, step *playbooks.Step) {
	p.line(0, fmt.Sprintf("%3d. ", number), step.Title)
	words := []string{step.ID, "uses " + step.Kind.Name + " (" + string(step.Kind.Effect) + ")"}
	if len(step.Covers) > 0 {
		words = append(words, "row "+strings.Trim(strings.ReplaceAll(fmt.Sprint(step.Covers), " ", ", "), "[]")+" of the source")
	}
	if step.OnFailure == playbooks.Stop {
		words = append(words, "a failure stops the run")
	}
	p.line(5, "", strings.Join(words, " · "))
	p.line(5, "", step.Why)
	if step.When != nil {
		p.line(5, "when      ", step.When.Source())
	}
	if step.ForEach != nil {
		p.line(5, "for each  ", holes.Replace(step.ForEach.Source()))
	}
	if options := step.Options(); options != "" {
		p.block(7, options)
	}
	for _, x := range step.Expect {
		p.expectation(x)
	}
}

// holes shows what is filled into a sentence without the marks of the format.
var holes = strings.NewReplacer("${{ ", "{", " }}", "}", "${{", "{", "}}", "}")

func (p page) expectation(x playbooks.Expectation) {
	of := ""
	if x.Each != nil {
		of = "of each of " + x.Each.Source() + ": "
	}
	p.line(5, "expects   ", of+x.That.Source())
	severity := string(x.Severity)
	if len(x.Attack) > 0 {
		severity += ", ATT&CK " + strings.Join(x.Attack, " ")
	}
	p.line(7, "else    ", "["+severity+"] "+holes.Replace(x.Finding.Source()))
	if x.Remedy != nil {
		p.line(7, "do      ", holes.Replace(x.Remedy.Source()))
	}
	if x.FalsePositives != nil {
		p.line(7, "unless  ", holes.Replace(x.FalsePositives.Source()))
	}
}
