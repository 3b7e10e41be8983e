package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"playbook/steps"
)

// ReadEvents returns the events of a run folder in order. A last line without its
// newline (the machine died while writing it) is left out: it was never acknowledged.
func ReadEvents(dir string) ([]Event, error) {
	file, err := os.Open(filepath.Join(dir, journalName))
	if err != nil {
		return nil, fmt.Errorf("read the run folder %s: %w", dir, err)
	}
	defer file.Close()
	var events []Event
	reader := bufio.NewReaderSize(file, 1<<20)
	for line := 1; ; line++ {
		text, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file.Name(), err)
		}
		event, err := parseEvent(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: not a journal event: %w", file.Name(), line, err)
		}
		events = append(events, event)
	}
	if len(events) == 0 || events[0].Run == nil {
		return nil, fmt.Errorf("read %s: it does not begin with a %s event", file.Name(), RunStarted)
	}
	if version := events[0].Run.Version; version != Version {
		return nil, fmt.Errorf("read %s: it has format version %d, this program reads %d", file.Name(), version, Version)
	}
	return events, nil
}

// ReadRecord returns what a step found out; a step that did not run has an empty
// record. Integers in it come back as int64, other numbers as float64, times as text.
func ReadRecord(dir string, outcome Outcome) (Record, error) {
	if outcome.Inline != nil {
		return *outcome.Inline, nil
	}
	if outcome.Record == nil {
		return Record{Step: outcome.Step}, nil
	}
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(outcome.Record.Path)))
	if err != nil {
		return Record{}, fmt.Errorf("read evidence: %w", err)
	}
	var record Record
	if err := decode(text, &record); err != nil {
		return Record{}, fmt.Errorf("read evidence %s: %w", outcome.Record.Path, err)
	}
	record.numbers()
	return record, nil
}

func parseEvent(line []byte) (Event, error) {
	var event Event
	if err := decode(line, &event); err != nil {
		return Event{}, err
	}
	if event.Outcome != nil {
		event.Outcome.numbers()
	}
	return event, nil
}

func decode(text []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(v)
}

func (o *Outcome) numbers() {
	for i := range o.Findings {
		o.Findings[i].Item = numbers(o.Findings[i].Item)
	}
	if o.Inline != nil {
		o.Inline.numbers()
	}
}

func (r *Record) numbers() {
	r.Result = numbers(r.Result)
	for i := range r.Parts {
		part := &r.Parts[i]
		part.Item = numbers(part.Item)
		for _, block := range part.Blocks {
			blockNumbers(block)
		}
	}
}

func blockNumbers(block steps.Block) {
	switch {
	case block.Table != nil:
		for _, row := range block.Table.Rows {
			for i := range row {
				row[i] = numbers(row[i])
			}
		}
	case block.Facts != nil:
		for i := range block.Facts.Items {
			block.Facts.Items[i].Value = numbers(block.Facts.Items[i].Value)
		}
	case block.Chart != nil:
		for i := range block.Chart.X {
			block.Chart.X[i] = numbers(block.Chart.X[i])
		}
	}
}

// numbers replaces json.Number in plain values by int64 or float64.
func numbers(value any) any {
	switch value := value.(type) {
	case json.Number:
		if n, err := value.Int64(); err == nil {
			return n
		}
		f, _ := value.Float64()
		return f
	case []any:
		for i := range value {
			value[i] = numbers(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = numbers(value[key])
		}
	}
	return value
}
