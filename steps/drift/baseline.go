package drift

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"time"

	"playbook/steps"
)

// Version is the format of baseline files.
const Version = 1

// Baseline is a network at one time, as a file keeps it.
type Baseline struct {
	Version int            `json:"version"`
	AsOf    time.Time      `json:"as_of"`   // when the network was so
	MadeAt  time.Time      `json:"made_at"` // when this was written down
	By      string         `json:"by"`
	Tool    string         `json:"tool"`
	Source  string         `json:"source"`  // the case or run that it was made from
	Targets []steps.Target `json:"targets"` // what was looked at, also where there was nothing
	// Resources are lists by type, in the fields of the AWS CLI with account and region,
	// as the inventory gives them. A type that was not looked at has no key.
	Resources map[string][]map[string]any `json:"resources"`
}

// Make puts together a baseline from the plain result of an inventory on these targets.
// Resources are in the order of their places and ids, so that two baselines can be
// compared as text.
func Make(inventory map[string]any, targets []steps.Target) (Baseline, error) {
	found, err := inventoryOf(inventory, targets)
	if err != nil {
		return Baseline{}, err
	}
	b := Baseline{Version: Version, Targets: slices.SortedFunc(maps.Keys(found.targets), byTarget), Resources: found.resources}
	for name, list := range b.Resources {
		t, _ := typeOf(name)
		slices.SortStableFunc(list, func(x, y map[string]any) int {
			return cmp.Or(byTarget(targetOf(x), targetOf(y)), cmp.Compare(t.idOf(x), t.idOf(y)))
		})
	}
	return b, nil
}

// Write writes the file.
func (b Baseline) Write(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(b)
}

func (b Baseline) state() state {
	s := state{targets: map[steps.Target]bool{}, resources: b.Resources}
	for _, target := range b.Targets {
		s.targets[target] = true
	}
	return s
}

// Parse reads what Write wrote, and refuses what could be taken for an empty network.
func Parse(text []byte) (Baseline, error) {
	var b Baseline
	if err := decode(text, &b); err != nil {
		return b, fmt.Errorf("it is not a baseline: %w", err)
	}
	switch {
	case b.Version != Version:
		return b, fmt.Errorf("it is no baseline, or one of another version: it says version %d, this program reads %d", b.Version, Version)
	case b.AsOf.IsZero():
		return b, errors.New("it does not say as of when it is (as_of)")
	case len(b.Targets) == 0:
		return b, errors.New("it names no targets: what was looked at when it was made?")
	case len(b.Resources) == 0:
		return b, errors.New("it has no resources, not even empty lists")
	}
	covered := b.state().targets
	for _, name := range slices.Sorted(maps.Keys(b.Resources)) {
		if _, known := typeOf(name); !known {
			return b, fmt.Errorf("resources.%s: an inventory has no such type", name)
		}
		if b.Resources[name] == nil {
			return b, fmt.Errorf("resources.%s is null; leave the key out when the type was not looked at", name)
		}
		for i, resource := range b.Resources[name] {
			if !covered[targetOf(resource)] {
				return b, fmt.Errorf("resources.%s[%d] is of %q, which is not among the targets", name, i, targetOf(resource))
			}
			numbers(resource)
		}
	}
	return b, nil
}

// decode reads one JSON value and nothing behind it.
func decode(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind its end")
	}
	return nil
}

// numbers replaces json.Number in plain values by int64 or float64.
func numbers(value any) any {
	switch value := value.(type) {
	case json.Number:
		if n, err := value.Int64(); err == nil {
			return n
		}
		f, err := value.Float64()
		if err != nil || math.IsInf(f, 0) {
			return value.String()
		}
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
