package duckdb

import (
	"context"
	"errors"
	"strings"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

// prepare keeps a statement under its name. Which tables and columns there are is looked
// up when it is executed, as on Athena.
func (e *Engine) prepare(s *dialect.Statement) error {
	p := s.Prepared
	if reason := p.Statement.Class.Rule().Refused; reason != "" {
		return mistake(s.Source, p.Place(p.Statement.Span.Start), "%s cannot run on a case: %s", p.Statement.Class, reason)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.prepared[p.Name] != nil {
		return mistake(s.Source, p.Offset, "there is a prepared statement %s; DEALLOCATE PREPARE %s first", p.Name, p.Name)
	}
	e.prepared[p.Name] = s
	return nil
}

func (e *Engine) deallocate(s *dialect.Statement) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.prepared[s.Prepared.Name] == nil {
		return e.unknown(s, s.Prepared.Object, "prepared statement", sortedKeys(e.prepared))
	}
	delete(e.prepared, s.Prepared.Name)
	return nil
}

// execute runs a prepared statement, or the one in the quotes of EXECUTE IMMEDIATE, as if
// it had been written with its values: it passes the same gate.
func (e *Engine) execute(ctx context.Context, s *dialect.Statement) (steps.Rows, error) {
	holder := s
	if !s.Prepared.Immediate {
		e.mu.Lock()
		holder = e.prepared[s.Prepared.Name]
		var err error
		if holder == nil {
			err = e.unknown(s, s.Prepared.Object, "prepared statement", sortedKeys(e.prepared))
		}
		e.mu.Unlock()
		if err != nil {
			return nil, err
		}
	}
	r := &relocation{executed: s, holder: holder}
	bound, wrong := holder.Prepared.Statement.Bind(s.Prepared.Values)
	if wrong != nil {
		return nil, r.mistake(wrong.Offset, wrong.Error())
	}
	r.bound = bound
	inner, mistakes := dialect.Parse(bound.Text)
	if len(mistakes) > 0 {
		return nil, r.mistake(bound.Place(mistakes[0].Offset), mistakes[0].Error())
	}
	answer, err := e.run(ctx, inner)
	if err != nil {
		return nil, r.error(err)
	}
	return &relocated{answer, r}, nil
}

// relocation leads from a place in a statement with its values filled in to the place in
// the text that was written.
type relocation struct {
	executed *dialect.Statement // EXECUTE
	holder   *dialect.Statement // PREPARE, or EXECUTE IMMEDIATE itself
	bound    dialect.Bound
}

// mistake makes one at an offset into the prepared statement.
func (r *relocation) mistake(offset int, message string) error {
	m := mistake(r.holder.Source, r.holder.Prepared.Place(offset), "%s", message)
	if r.holder == r.executed {
		return m
	}
	name := r.executed.Prepared.Object
	return mistake(r.executed.Source, name.Offset, "in the prepared statement %s, line %d:%d: %s", name.Name, m.Line, m.Column, m.Message)
}

// error puts a mistake that was found at the place where it was written.
func (r *relocation) error(err error) error {
	var m *Mistake
	if !errors.As(err, &m) {
		return err
	}
	if m.Line == 0 {
		if r.holder == r.executed {
			return err
		}
		name := r.executed.Prepared.Object
		return mistake(r.executed.Source, name.Offset, "in the prepared statement %s: %s", name.Name, m.Message)
	}
	return r.mistake(r.bound.Place(offsetOf(r.bound.Text, m.Line, m.Column)), m.Message)
}

// offsetOf is the byte at a line and column, which count from 1, columns in characters.
func offsetOf(text string, line, column int) int {
	offset := 0
	for range line - 1 {
		offset += strings.IndexByte(text[offset:], '\n') + 1
	}
	for i := range text[offset:] {
		if column--; column == 0 {
			return offset + i
		}
	}
	return len(text)
}

// relocated is an answer whose mistakes are put where they were written.
type relocated struct {
	steps.Rows
	relocation *relocation
}

func (r *relocated) Next() ([]any, error) {
	row, err := r.Rows.Next()
	if err != nil {
		err = r.relocation.error(err)
	}
	return row, err
}
