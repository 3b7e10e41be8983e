package drift

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
	"time"

	"playbook/steps"
)

// loaded is a baseline and where it came from. Incomplete says what a run could not
// take of its inventory: those accounts and regions are not among the targets.
type loaded struct {
	baseline   Baseline
	origin     Origin
	incomplete []string
}

// load reads a baseline: a file, or the folder of a run.
func load(ctx context.Context, files steps.Files, location string) (loaded, error) {
	isFile := false
	for object, err := range files.List(ctx, location) {
		if err != nil {
			return loaded{}, err
		}
		isFile = object.Location == location || clean(object.Location) == clean(location)
		break
	}
	read := func(location string) ([]byte, error) { return readAll(ctx, files, location) }
	var l loaded
	var text []byte
	var err error
	if isFile {
		if text, err = read(location); err == nil {
			l.baseline, err = Parse(text)
		}
	} else {
		if text, err = read(below(location, journalName)); err != nil {
			err = fmt.Errorf("it is neither a baseline file nor the folder of a run, and of a case `playbook baseline --case` makes one: %w", err)
		} else {
			l.baseline, l.incomplete, err = fromRun(text, func(name string) ([]byte, error) { return read(below(location, name)) })
		}
	}
	if err != nil {
		return loaded{}, fmt.Errorf("%s: %w", location, err)
	}
	b := l.baseline
	l.origin = Origin{location, b.AsOf, b.MadeAt, b.By, b.Tool, b.Source, hash(text)}
	return l, nil
}

func clean(location string) string {
	if strings.HasPrefix(location, "s3://") {
		return location
	}
	return filepath.Clean(location)
}

func below(location, name string) string {
	if strings.HasPrefix(location, "s3://") {
		return strings.TrimSuffix(location, "/") + "/" + name
	}
	return filepath.Join(location, filepath.FromSlash(name))
}

// maxFile is the size of one file: far above an inventory of thousands of interfaces,
// and below what would take the machine's memory.
const maxFile = 256 << 20

func readAll(ctx context.Context, files steps.Files, location string) ([]byte, error) {
	file, err := files.Open(ctx, location)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("it is larger than %d bytes, which no baseline is", maxFile)
	}
	return text, err
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// What is read of a run folder. Its format: runner/journal.
const (
	journalName    = "journal.jsonl"
	journalVersion = 1
)

type event struct {
	Time time.Time `json:"time"`
	Run  *struct {
		Version  int       `json:"version"`
		ID       string    `json:"id"`
		Tool     string    `json:"tool"`
		Operator string    `json:"operator"`
		Now      time.Time `json:"now"`
		Playbook struct {
			Steps []struct{ ID, Uses string } `json:"steps"`
		} `json:"playbook"`
	} `json:"run"`
	Outcome *struct {
		Step   string          `json:"step"`
		Inline json.RawMessage `json:"inline"`
		Record *steps.File     `json:"record"`
	} `json:"outcome"`
}

type record struct {
	Result any `json:"result"`
	Parts  []struct {
		Target steps.Target `json:"target"`
		Reason string       `json:"reason"`
	} `json:"parts"`
}

// FromRun makes a baseline of the first inventory that a run took, from its journal and
// its evidence (by names in the run folder). incomplete says what that inventory could
// not look at; it is not in the baseline.
func FromRun(read func(name string) ([]byte, error)) (b Baseline, incomplete []string, err error) {
	journal, err := read(journalName)
	if err != nil {
		return Baseline{}, nil, err
	}
	return fromRun(journal, read)
}

func fromRun(journal []byte, read func(name string) ([]byte, error)) (b Baseline, incomplete []string, err error) {
	begin, found, err := inventoryRecord(journal, read)
	if err != nil {
		return Baseline{}, nil, err
	}
	inventory, ok := numbers(found.Result).(map[string]any)
	if !ok {
		return Baseline{}, nil, errors.New("the inventory of that run gave nothing")
	}
	looked := map[steps.Target]bool{}
	var targets []steps.Target
	for _, part := range found.Parts {
		if part.Reason != "" {
			incomplete = append(incomplete, part.Reason)
			continue
		}
		looked[part.Target] = true
		targets = append(targets, part.Target)
	}
	if len(targets) == 0 {
		return Baseline{}, nil, fmt.Errorf("the inventory of that run is whole for no account and region: %s", strings.Join(incomplete, "; "))
	}
	for name, value := range inventory { // what a target gave before it failed is not its inventory
		if list, ok := value.([]any); ok {
			inventory[name] = ofTargets(list, looked)
		}
	}
	if b, err = Make(inventory, targets); err != nil {
		return Baseline{}, nil, fmt.Errorf("the inventory of that run: %w", err)
	}
	b.AsOf, b.MadeAt, b.By, b.Tool, b.Source = begin.Run.Now, begin.Time, begin.Run.Operator, begin.Run.Tool, "run "+begin.Run.ID
	return b, incomplete, nil
}

func ofTargets(list []any, looked map[steps.Target]bool) []any {
	kept := []any{}
	for _, element := range list {
		if fields, ok := element.(map[string]any); ok && looked[targetOf(fields)] {
			kept = append(kept, element)
		}
	}
	return kept
}

// inventoryRecord finds what the first inventory of a run found out.
func inventoryRecord(journal []byte, read func(name string) ([]byte, error)) (begin event, found record, err error) {
	wanted := map[string]bool{}
	for number := 1; ; number++ {
		line, rest, whole := bytes.Cut(journal, []byte("\n"))
		if !whole { // a last line without its end was never acknowledged
			break
		}
		journal = rest
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return begin, found, fmt.Errorf("%s:%d: not an event of a run: %w", journalName, number, err)
		}
		switch {
		case number == 1 && (e.Run == nil || e.Run.Version != journalVersion):
			return begin, found, fmt.Errorf("%s does not begin a run that this program reads", journalName)
		case number == 1:
			begin = e
			for _, step := range e.Run.Playbook.Steps {
				wanted[step.ID] = step.Uses == "inventory"
			}
		case e.Outcome != nil && wanted[e.Outcome.Step] && (e.Outcome.Inline != nil || e.Outcome.Record != nil):
			text := []byte(e.Outcome.Inline)
			if e.Outcome.Record != nil {
				text, err = readRecord(*e.Outcome.Record, read)
			}
			if err == nil {
				err = decode(text, &found)
			}
			if err != nil {
				err = fmt.Errorf("the record of step %s: %w", e.Outcome.Step, err)
			}
			return begin, found, err
		}
	}
	return begin, found, errors.New("no inventory was taken in that run; run a playbook with an inventory step, or use `playbook baseline --case DIR`")
}

// readRecord reads evidence that the journal names, and holds it to its hash.
func readRecord(file steps.File, read func(name string) ([]byte, error)) ([]byte, error) {
	if path.Clean(file.Path) != file.Path || !filepath.IsLocal(filepath.FromSlash(file.Path)) {
		return nil, fmt.Errorf("the journal places it at %q, outside of the run folder", file.Path)
	}
	text, err := read(file.Path)
	if err == nil && hash(text) != file.SHA256 {
		err = fmt.Errorf("%s was changed after the run: its SHA-256 is not that in the journal", file.Path)
	}
	return text, err
}
