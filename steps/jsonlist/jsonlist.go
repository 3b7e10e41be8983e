// Package jsonlist reads files that should hold one JSON list, as tools leave them: cut
// off when the tool was stopped, written twice one behind the other, wrapped in the answer
// of a command line. What can be read is read, and what was lost is said with the byte
// where it begins.
package jsonlist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
)

// Element is one entry of a list.
type Element struct {
	Offset int64 // of its first byte
	JSON   json.RawMessage
}

// Problem is what is wrong with the text.
type Problem struct {
	Offset int64
	What   string
	// Lost problems may have cost entries; the others are oddities.
	Lost bool
}

func (p Problem) String() string { return fmt.Sprintf("at byte %d: %s", p.Offset, p.What) }

// maxBroken is how many broken places are passed before the rest is given up: looking for
// the next entry costs time that grows with their number.
const maxBroken = 50

// Parse returns the entries of a list in order. The text is a list, several, objects one
// behind the other, or an object that has its list under one of the given names
// ("Findings", "objects").
func Parse(text []byte, under ...string) ([]Element, []Problem) {
	p := &parser{text: text, under: under}
	p.run()
	return p.elements, p.problems
}

type parser struct {
	text     []byte
	under    []string
	at       int
	lists    int // that were begun
	open     bool
	broken   int
	elements []Element
	problems []Problem
}

func (p *parser) problem(at int, lost bool, what string, args ...any) {
	p.problems = append(p.problems, Problem{int64(at), fmt.Sprintf(what, args...), lost})
}

func (p *parser) run() {
	comma := false // since the last entry
	for p.skipSpace(); p.at < len(p.text); p.skipSpace() {
		switch c := p.text[p.at]; {
		case c == '[' && !p.open:
			if p.lists++; p.lists == 2 {
				p.problem(p.at, false, "another list begins: several were written one behind the other, and all are read")
			}
			p.open, comma = true, true
			p.at++
		case c == '[' && bytes.HasPrefix(bytes.TrimLeft(p.text[p.at+1:], " \t\r\n"), []byte("{")):
			p.problem(p.at, true, "another list begins before the one before it has ended, so entries of that one may be lost")
			p.lists++
			p.at++
			comma = true
		case c == ']' && p.open:
			p.open = false
			p.at++
		case c == ',':
			comma = true
			p.at++
		default:
			if p.open && !comma {
				p.problem(p.at, false, "there is no comma before this entry")
			}
			comma = false
			if !p.value() {
				return
			}
		}
	}
	if p.open {
		p.problem(p.at, true, "the list ends here without its ]: what came after was never written, or is lost")
	}
}

func (p *parser) skipSpace() {
	for p.at < len(p.text) && bytes.IndexByte([]byte(" \t\r\n"), p.text[p.at]) >= 0 {
		p.at++
	}
}

// value takes the value that begins here, or passes to where the next one seems to. It
// reports whether to go on.
func (p *parser) value() bool {
	decoder := json.NewDecoder(bytes.NewReader(p.text[p.at:]))
	var raw json.RawMessage
	err := decoder.Decode(&raw)
	if err == nil {
		start := p.at
		p.at += int(decoder.InputOffset())
		if p.open || !p.envelope(start, raw) {
			p.elements = append(p.elements, Element{int64(start), raw})
		}
		return true
	}
	if !p.open && p.intoEnvelope() {
		return true
	}
	bad := p.at
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		bad += int(syntax.Offset) - 1
	case errors.Is(err, io.ErrUnexpectedEOF):
		bad = len(p.text)
	}
	if p.broken++; p.broken > maxBroken {
		p.problem(p.at, true, "this is the %dth broken place, and what follows was not read", p.broken)
		return false
	}
	p.problem(p.at, true, "the entry that begins here is broken at byte %d and was left out", bad)
	p.at = p.next()
	return true
}

// first is how an object begins: its first name.
var first = regexp.MustCompile(`^\{\s*("(?:[^"\\]|\\.)*")`)

// next is where an entry seems to begin behind a broken one: at an object that begins as
// the first good entry does, so that what lies inside the broken one is not taken for an
// entry.
func (p *parser) next() int {
	var name []byte
	if len(p.elements) > 0 {
		if match := first.FindSubmatch(p.elements[0].JSON); match != nil {
			name = match[1]
		}
	}
	for at := p.at + 1; at < len(p.text); at++ {
		brace := bytes.IndexByte(p.text[at:], '{')
		if brace < 0 {
			break
		}
		at += brace
		if bytes.HasPrefix(bytes.TrimLeft(p.text[at+1:], " \t\r\n"), name) {
			return at
		}
	}
	return len(p.text)
}

// envelope takes the list that a whole object holds.
func (p *parser) envelope(start int, raw json.RawMessage) bool {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return false
	}
	for _, name := range p.under {
		list, ok := fields[name]
		if !ok || len(list) == 0 || list[0] != '[' {
			continue
		}
		var entries []json.RawMessage
		if json.Unmarshal(list, &entries) != nil {
			return false
		}
		inside := bytes.Index(raw, list)
		for _, entry := range entries {
			place := inside + bytes.Index(raw[inside:], entry)
			p.elements = append(p.elements, Element{int64(start + place), entry})
			inside = place + len(entry)
		}
		if token := string(fields["NextToken"]); token != "" && token != "null" && token != `""` {
			p.problem(start, true, "it is one page of an answer: it has a NextToken, and what follows is not here")
		}
		if string(fields["more"]) == "true" {
			p.problem(start, true, `it is one page of an answer: it says "more", and what follows is not here`)
		}
		if p.lists++; p.lists == 2 {
			p.problem(start, false, "another list begins: several were written one behind the other, and all are read")
		}
		return true
	}
	return false
}

// intoEnvelope enters the list of an object that is not whole.
func (p *parser) intoEnvelope() bool {
	names := slices.Clone(p.under)
	for i := range names {
		names[i] = regexp.QuoteMeta(names[i])
	}
	for _, name := range names {
		if place := regexp.MustCompile(`^\{[^\[{]*"` + name + `"\s*:\s*\[`).FindIndex(p.text[p.at:]); place != nil {
			p.problem(p.at, true, "the object that begins here is not whole")
			p.at += place[1] - 1
			return true
		}
	}
	return false
}
