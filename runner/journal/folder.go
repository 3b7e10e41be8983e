package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/renameio/v2"

	"playbook/steps"
)

// Names in a run folder.
const (
	journalName  = "journal.jsonl"
	manifestName = "manifest.json"
	playbookName = "playbook.yaml"
	evidenceName = "evidence"
)

// Folder is a run folder open for writing. Its methods may be called at the same time.
type Folder struct {
	dir   string
	clock func() time.Time
	mask  mask

	first Event

	mu       sync.Mutex
	file     *os.File
	seq      int64
	head     [sha256.Size]byte // hash of the last line
	evidence []steps.File
}

// Options of a new run folder.
type Options struct {
	Playbook []byte           // copied into the folder
	Clock    func() time.Time // stamps the events
	Secrets  []string         // values that must never reach the disk
}

// Create makes a run folder, mode 0700, with a copy of the playbook and its first
// event. It appears under its name whole or not at all; a folder that exists is
// never written to.
func Create(dir string, run Run, options Options) (*Folder, error) {
	if _, err := os.Lstat(dir); err == nil {
		return nil, fmt.Errorf("create the run folder %s: it exists already; name another one with --out", dir)
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return nil, fmt.Errorf("create the run folder: %w", err)
	}
	draft, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".")
	if err != nil {
		return nil, fmt.Errorf("create the run folder: %w", err)
	}
	folder, err := fill(draft, dir, run, options)
	if err != nil {
		os.RemoveAll(draft)
		return nil, fmt.Errorf("create the run folder %s: %w", dir, err)
	}
	return folder, nil
}

func fill(draft, dir string, run Run, options Options) (*Folder, error) {
	if err := os.Mkdir(filepath.Join(draft, evidenceName), 0o700); err != nil {
		return nil, err
	}
	if err := renameio.WriteFile(filepath.Join(draft, playbookName), options.Playbook, 0o400); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(draft, journalName), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	f := &Folder{dir: dir, clock: options.Clock, mask: newMask(options.Secrets), file: file, head: sha256.Sum256(nil)}
	run.Version = Version
	f.first, err = f.Append(Event{Type: RunStarted, Run: &run})
	if err == nil {
		err = syncDir(draft)
	}
	if err == nil {
		err = os.Rename(draft, dir)
	}
	if err == nil {
		err = syncDir(filepath.Dir(dir))
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return f, nil
}

// Dir is where the folder is.
func (f *Folder) Dir() string { return f.dir }

// First is the event that the folder began with.
func (f *Folder) First() Event { return f.first }

// Append stamps an event with its sequence, time and chain, writes it, and returns it
// as it was written, secrets masked, once it is on the disk. A step.started alone is
// not waited for: it claims nothing, and the next event takes it along.
func (f *Folder) Append(event Event) (Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	event.Seq, event.Time = f.seq+1, f.clock().UTC()
	event.Prev = hex.EncodeToString(f.head[:])
	line, err := json.Marshal(event)
	if err != nil {
		return event, fmt.Errorf("write the journal event %s: %w", event.Type, err)
	}
	if hidden := f.mask.json(line); !bytes.Equal(hidden, line) {
		line = hidden
		if event, err = parseEvent(line); err != nil {
			return event, fmt.Errorf("mask the journal event: %w", err)
		}
	}
	if _, err := f.file.Write(append(line, '\n')); err != nil {
		return event, fmt.Errorf("write the journal: %w", err)
	}
	if event.Type != StepStarted {
		if err := f.file.Sync(); err != nil {
			return event, fmt.Errorf("write the journal: %w", err)
		}
	}
	f.seq, f.head = event.Seq, sha256.Sum256(line)
	return event, nil
}

// Manifest lists what a run folder holds, with hashes.
type Manifest struct {
	Version int          `json:"version"`
	Events  int64        `json:"events"`
	Head    string       `json:"head"` // SHA-256 of the journal's last line
	Files   []steps.File `json:"files"`
}

// Seal writes manifest.json over everything written so far.
func (f *Folder) Seal() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	playbook, err := os.ReadFile(filepath.Join(f.dir, playbookName))
	if err != nil {
		return fmt.Errorf("seal the run folder: %w", err)
	}
	files := append([]steps.File{{Path: playbookName, SHA256: SHA256(playbook), Bytes: int64(len(playbook))}}, f.evidence...)
	text, err := json.MarshalIndent(Manifest{Version, f.seq, hex.EncodeToString(f.head[:]), files}, "", "  ")
	if err == nil {
		err = renameio.WriteFile(filepath.Join(f.dir, manifestName), append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("seal the run folder: %w", err)
	}
	return nil
}

// Close releases the journal file.
func (f *Folder) Close() error { return f.file.Close() }

// SHA256 is the hash of a text as the journal writes it.
func SHA256(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
