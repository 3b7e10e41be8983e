package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"

	"playbook/playbooks"
	"playbook/reports"
	"playbook/runner/journal"
	"playbook/runner/query/duckdb"
	"playbook/steps"
)

// view shows a run while it goes on. On a terminal the last line tells what is being
// done right now; elsewhere there is one line a step and no control characters. With
// --json stdout carries the journal's events and nothing else.
type view struct {
	out  io.Writer // for people
	json io.Writer // nil without --json
	live bool

	mu      sync.Mutex
	steps   map[string]journal.Step
	gaps    map[string]bool // shown already
	phase   string
	current string // title of the step at work
	since   time.Time
	loading string
	frame   int
	paused  bool
	stop    chan struct{}
	stopped sync.WaitGroup
}

var (
	bold   = lipgloss.NewStyle().Bold(true)
	faint  = lipgloss.NewStyle().Faint(true)
	green  = lipgloss.NewStyle().Foreground(lipgloss.Color("2"))
	yellow = lipgloss.NewStyle().Foreground(lipgloss.Color("3"))
	red    = lipgloss.NewStyle().Foreground(lipgloss.Color("1"))
	blue   = lipgloss.NewStyle().Foreground(lipgloss.Color("4"))
)

// marks are how a status looks: a symbol, so that colour is never the only sign.
var marks = map[steps.Status]struct {
	symbol string
	style  lipgloss.Style
}{
	steps.Passed:   {"✓", green},
	steps.Findings: {"!", yellow},
	steps.Failed:   {"✗", red},
	steps.Skipped:  {"–", faint},
	steps.Pending:  {"?", blue},
	steps.Planned:  {"»", blue},
}

func newView(s streams, asJSON bool, prompts *terminal) *view {
	v := &view{steps: map[string]journal.Step{}, gaps: map[string]bool{}, stop: make(chan struct{})}
	target := s.out
	if asJSON {
		v.json, target = s.out, s.err
	}
	v.live = isTerminal(target)
	v.out = colorprofile.NewWriter(target, os.Environ())
	if prompts != nil {
		prompts.pause, prompts.resume = v.pause, v.resume
	}
	return v
}

// begin shows what is going to be run, and starts the moving line.
func (v *view) begin(j *job, folder *journal.Folder) {
	v.event(folder.First())
	if v.json != nil {
		return
	}
	window := "none: " + j.when.windowFrom
	if j.when.window.IsSet() {
		const minute = "2006-01-02 15:04"
		window = fmt.Sprintf("%s to %s UTC, from %s", j.when.window.From.Format(minute), j.when.window.To.Format(minute), j.when.windowFrom)
	}
	fmt.Fprintf(v.out, "%s  %s\n", bold.Render(terminalLine(j.playbook.Title, 100)), faint.Render(terminalLine(j.playbook.ID, 60)))
	fmt.Fprintf(v.out, "  case    %s, %s\n", terminalLine(j.ground.title, 200), plural(len(j.ground.Targets()), "target"))
	fmt.Fprintf(v.out, "  window  %s\n", window)
	fmt.Fprintf(v.out, "  run     %s\n", terminalLine(folder.Dir(), 300))
	if v.live {
		v.stopped.Add(1)
		go v.animate()
	}
}

// event is the runner's observer.
func (v *view) event(event journal.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.json != nil {
		if line, err := json.Marshal(event); err == nil {
			fmt.Fprintf(v.json, "%s\n", line)
		}
		return
	}
	switch {
	case event.Step != nil:
		v.steps[event.Step.ID] = *event.Step
		v.current, v.since, v.loading = event.Step.Title, time.Now(), ""
	case event.Outcome != nil:
		v.clear()
		v.outcome(*event.Outcome)
		v.current = ""
	}
}

func (v *view) outcome(o journal.Outcome) {
	step := v.steps[o.Step]
	if step.Phase != v.phase {
		v.phase = step.Phase
		fmt.Fprintf(v.out, "\n%s\n", bold.Render(playbooks.Phase(step.Phase).Title()))
	}
	mark := marks[o.Status]
	fmt.Fprintf(v.out, "  %s  %s  %s\n", mark.style.Render(fmt.Sprintf("%s %-8s", mark.symbol, o.Status)),
		terminalLine(step.Title, 90), faint.Render(examined(o)))
	if o.Reason != "" {
		fmt.Fprintf(v.out, "              %s\n", terminalLine(o.Reason, 400))
	}
	const most = 8
	for i, finding := range o.Findings {
		if i == most {
			fmt.Fprintf(v.out, "    … and %d more\n", len(o.Findings)-most)
			break
		}
		fmt.Fprintf(v.out, "    %s  %s\n", severityStyle(finding.Severity).Render(fmt.Sprintf("%-8s", finding.Severity)),
			terminalLine(finding.Title, 300))
	}
	v.showGaps(o.Gaps)
}

// showGaps shows each gap at the first step that meets it; later steps read the same
// files again.
func (v *view) showGaps(gaps []steps.Gap) {
	const most = 8
	shown := 0
	for _, gap := range gaps {
		key := gap.Source + ": " + gap.Problem
		if v.gaps[key] {
			continue
		}
		v.gaps[key] = true
		if shown++; shown <= most {
			if gap.Count > 0 {
				key += fmt.Sprintf(" (%s)", thousands(gap.Count))
			}
			fmt.Fprintf(v.out, "    %s  %s\n", yellow.Render("gap     "), terminalLine(key, 300))
		}
	}
	if shown > most {
		fmt.Fprintf(v.out, "    … and %s more gaps\n", thousands(int64(shown-most)))
	}
}

func examined(o journal.Outcome) string {
	var words []string
	if o.Examined > 0 && o.Unit != "" && o.Unit != "statement" && o.Unit != "answer" {
		words = append(words, fmt.Sprintf("%s %s", thousands(o.Examined), steps.Units(o.Examined, o.Unit)))
	}
	if o.Millis >= 100 {
		words = append(words, fmt.Sprintf("%.1f s", float64(o.Millis)/1000))
	}
	return strings.Join(words, ", ")
}

func severityStyle(severity steps.Severity) lipgloss.Style {
	switch severity {
	case steps.Critical, steps.High:
		return red.Bold(true)
	case steps.Medium:
		return yellow.Bold(true)
	}
	return blue
}

func (v *view) summary(report *reports.Report, dir string) {
	if v.json != nil {
		return
	}
	fmt.Fprintf(v.out, "\n%s\n\n", terminalText(report.Summary()))
	for _, name := range []string{"report.html", "report.md", "report.json"} {
		fmt.Fprintf(v.out, "  %s\n", terminalLine(filepath.Join(dir, name), 300))
	}
}

// progress tells how far reading the logs is.
func (v *view) progress(p duckdb.Progress) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.loading = progressText(p)
}

// progressText is short: the line it stands in must not be longer than a terminal.
func progressText(p duckdb.Progress) string {
	text := fmt.Sprintf("%s/%s files, %.0f/%.0f MB", thousands(p.Files), thousands(p.Of), float64(p.Bytes)/1e6, float64(p.OfBytes)/1e6)
	if p.Cached {
		text = "comparing with the cache " + text
	} else {
		text = "reading " + text + fmt.Sprintf(", %s rows", thousands(p.Rows))
	}
	if p.Left >= time.Second {
		text += ", " + p.Left.Round(time.Second).String() + " left"
	}
	return text
}

func (v *view) animate() {
	defer v.stopped.Done()
	tick := time.NewTicker(120 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-v.stop:
			return
		case <-tick.C:
			v.mu.Lock()
			v.draw()
			v.mu.Unlock()
		}
	}
}

func (v *view) draw() {
	if v.paused || v.current == "" {
		return
	}
	const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
	spinner := []rune(frames)[v.frame%len([]rune(frames))]
	v.frame++
	title := 50
	if v.loading != "" {
		title = 30
	}
	line := fmt.Sprintf("%c %s  %.1f s", spinner, terminalLine(v.current, title), time.Since(v.since).Seconds())
	if v.loading != "" {
		line += "  " + v.loading
	}
	fmt.Fprintf(v.out, "\r\x1b[K  %s", faint.Render(terminalLine(line, 100)))
}

func (v *view) clear() {
	if v.live {
		fmt.Fprint(v.out, "\r\x1b[K")
	}
}

func (v *view) pause() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.paused = true
	v.clear()
}

func (v *view) resume() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.paused = false
	v.since = time.Now()
}

// end stops the moving line. It may be called twice.
func (v *view) end() {
	select {
	case <-v.stop:
		return
	default:
		close(v.stop)
	}
	v.stopped.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.clear()
}

func thousands(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
