package expression

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"playbook/playbooks/dialect"
)

const opening, closing = "${{", "}}"

// hole is one ${{ … }} of a source text, from its "$" to behind its last "}".
type hole struct{ start, end int }

func (h hole) inner(source string) string {
	return source[h.start+len(opening) : h.end-len(closing)]
}

// scanHoles finds the holes of a text. Within a hole, "}}" ends it only where no
// string, comment or brace is open, as expr itself would read it.
func scanHoles(source string) (holes []hole, mistakes []*Error) {
	for at := 0; ; {
		found := strings.Index(source[at:], opening)
		if found < 0 {
			return holes, mistakes
		}
		start := at + found
		end, ok := dialect.EndOfHole(source, start)
		if !ok {
			return holes, append(mistakes, &Error{Offset: start, Message: "${{ is not closed",
				Hint: `close it with }}, or write ${{ "${{" }} for the characters themselves`})
		}
		h := hole{start, end}
		if strings.TrimSpace(h.inner(source)) == "" {
			mistakes = append(mistakes, &Error{Offset: start, Message: "${{ }} is empty"})
		} else {
			holes = append(holes, h)
		}
		at = end
	}
}

// Template is text with ${{ }} holes.
type Template struct {
	source string
	parts  []part
}

// part is text, or a program where there was a hole.
type part struct {
	text    string
	program *Program
}

// CompileTemplate compiles text with holes; all mistakes are returned.
func CompileTemplate(source string, scope *Scope) (*Template, []*Error) {
	holes, mistakes := scanHoles(source)
	template := &Template{source: source}
	at := 0
	for _, h := range holes {
		program, mistake := compileHole(source, h, scope)
		if mistake != nil {
			mistakes = append(mistakes, mistake)
			continue
		}
		if h.start > at {
			template.parts = append(template.parts, part{text: source[at:h.start]})
		}
		template.parts = append(template.parts, part{program: program})
		at = h.end
	}
	if len(mistakes) > 0 {
		slices.SortStableFunc(mistakes, func(a, b *Error) int { return a.Offset - b.Offset })
		return nil, mistakes
	}
	if at < len(source) {
		template.parts = append(template.parts, part{text: source[at:]})
	}
	return template, nil
}

func compileHole(source string, h hole, scope *Scope) (*Program, *Error) {
	program, mistake := compile(h.inner(source), scope, Any)
	if mistake != nil {
		mistake.Offset += h.start + len(opening)
	}
	return program, mistake
}

// Source is the template as it is written.
func (t *Template) Source() string { return t.source }

// Text renders the template as text for people; a nil in it reads "(none)".
func (t *Template) Text(values map[string]any) (string, error) {
	return t.render(values, func(*Program) error { return nil })
}

// Value is the value of the expression when the template is one hole and nothing
// else, and the rendered text otherwise. Text made for a machine is not made of what
// is not there: a nil among the parts is an error.
func (t *Template) Value(values map[string]any) (any, error) {
	if program := t.single(); program != nil {
		return program.Eval(values)
	}
	return t.render(values, func(p *Program) error {
		return fmt.Errorf("evaluating %s: it is nil, and text is made with it; give a default with ??", p.excerpt())
	})
}

// single is the program of a template that is one hole, perhaps between spaces.
func (t *Template) single() *Program {
	var only *Program
	for _, part := range t.parts {
		switch {
		case part.program == nil && strings.TrimSpace(part.text) == "":
		case part.program == nil || only != nil:
			return nil
		default:
			only = part.program
		}
	}
	return only
}

func (t *Template) render(values map[string]any, onNil func(*Program) error) (string, error) {
	var b strings.Builder
	var problems []error
	for _, part := range t.parts {
		if part.program == nil {
			b.WriteString(part.text)
			continue
		}
		value, err := part.program.Eval(values)
		if err == nil && value == nil {
			err = onNil(part.program)
		}
		if err == nil {
			err = weighed([]any{value})
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		b.WriteString(text(value))
	}
	if err := errors.Join(problems...); err != nil {
		return "", err
	}
	return b.String(), nil
}

// Reads is like Program.Reads, over all holes.
func (t *Template) Reads() []string { return readsOfParts(t.parts) }

func readsOfParts(parts []part) []string {
	var all []string
	for _, part := range parts {
		if part.program != nil {
			all = append(all, part.program.reads...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
