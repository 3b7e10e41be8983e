package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"playbook/runner/journal"
	"playbook/steps"
)

// person sits at a pseudo-terminal: reads what is on it, and types.
type person struct {
	t      *testing.T
	master *os.File
	mu     sync.Mutex
	screen bytes.Buffer
}

func (p *person) watch() {
	buffer := make([]byte, 4096)
	for {
		n, err := p.master.Read(buffer)
		p.mu.Lock()
		p.screen.Write(buffer[:n])
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (p *person) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.String()
}

func (p *person) waitFor(text string) {
	p.t.Helper()
	for range 200 {
		if strings.Contains(p.text(), text) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Fatalf("the screen does not show %q:\n%q", text, p.text())
}

func (p *person) types(keys string) {
	p.t.Helper()
	if _, err := p.master.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// TestQuestionsAreAskedOnATerminal answers one question in words, one by choice, one
// wrongly and then rightly, and leaves one open, as a person would.
func TestQuestionsAreAskedOnATerminal(t *testing.T) {
	dir := t.TempDir()
	playbook := filepath.Join(dir, "ask.yaml")
	source := `playbook: 1
id: ask
title: Questions
steps:
  - {id: who, phase: containment, title: First, uses: question, with: {ask: "Who decides here?"}}
  - {id: how, phase: containment, title: Second, uses: question, with: {ask: "How is it contained?", choices: [isolate, watch]}}
  - {id: since, phase: containment, title: Third, uses: question, with: {ask: "Since when is it?", type: time, or: [not yet]}}
  - {id: when, phase: containment, title: Fourth, uses: question, with: {ask: "When was it?"}}
`
	if err := os.WriteFile(playbook, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	caseDir := filepath.Join(dir, "case", "aws", "111122223333", "eu-west-1")
	if err := os.MkdirAll(caseDir, 0o700); err != nil {
		t.Fatal(err)
	}
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	if err := pty.Setsize(master, &pty.Winsize{Rows: 40, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TERM", "xterm-256color")
	p := &person{t: t, master: master}
	go p.watch()
	out := filepath.Join(dir, "run")
	done := make(chan int)
	go func() {
		done <- Run([]string{"run", playbook, "--case", filepath.Join(dir, "case"), "--no-cache", "--out", out}, tty, tty, tty)
	}()
	p.waitFor("Who decides here?")
	p.types("Robin of security\r")
	p.waitFor("How is it contained?")
	p.types("\x1b[B\r") // down to the second choice
	p.waitFor("Since when is it?")
	p.types("today\r")
	p.waitFor("is not a time")
	p.types(strings.Repeat("\x7f", len("today")) + "2026-03-14T22:05Z\r")
	p.waitFor("When was it?")
	p.types("\r") // nothing: it stays open
	select {
	case code := <-done:
		if code != exitIncomplete {
			t.Errorf("exit code %d, want %d for the open question", code, exitIncomplete)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("the run does not end:\n%q", p.text())
	}
	events, err := journal.ReadEvents(out)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, event := range events {
		if o := event.Outcome; o != nil && o.Answer != nil {
			got[o.Step] = o.Answer.Value + " " + o.Answer.Source
			if o.Answer.By == "" || o.Answer.At.IsZero() {
				t.Errorf("the answer to %s has nobody or no time: %+v", o.Step, o.Answer)
			}
		} else if o != nil {
			got[o.Step] = string(o.Status)
		}
	}
	want := map[string]string{"who": "Robin of security terminal", "how": "watch terminal", "since": "2026-03-14T22:05Z terminal", "when": string(steps.Pending)}
	for step, text := range want {
		if got[step] != text {
			t.Errorf("%s: got %q, want %q", step, got[step], text)
		}
	}
}

func TestTextCannotCommandATerminal(t *testing.T) {
	for text, want := range map[string]string{
		"\x1b[31mred\x1b]0;title\x07": "␛[31mred␛]0;title␇",
		"a\u009bb\u202egpj\u200b":     `a\u009bb\u202egpj\u200b`,
		"bad\xff":                     `bad\ufffd`,
		"line\nline\ttab":             "line\nline\ttab",
		"\x7f\x00":                    "␡␀",
	} {
		if got := terminalText(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got := terminalLine("a\nb\t c   d", 5); got != "a b …" {
		t.Errorf("a line is %q", got)
	}
}
