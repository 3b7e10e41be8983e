package journal

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"playbook/steps"
)

// Store keeps the evidence of one step, below evidence/<step>. It is a
// steps.Evidence; Below gives one for a part of the step.
type Store struct {
	folder *Folder
	step   string
	prefix string // "" or ending in "/"
	shared *stored
}

type stored struct {
	mu    sync.Mutex
	names map[string]int
	dirs  []string // made and not yet synced
	files []steps.File
}

// Evidence opens the store of a step.
func (f *Folder) Evidence(step string) *Store {
	return &Store{folder: f, step: step, shared: &stored{names: map[string]int{}}}
}

// Below is the same store, its names prefixed by a folder.
func (s *Store) Below(folder string) *Store {
	below := *s
	below.prefix += folder + "/"
	return &below
}

// Files are the files stored so far, in the order they were finished.
func (s *Store) Files() []steps.File {
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	return append([]steps.File(nil), s.shared.files...)
}

// Write stores one file: under a temporary name, synced, renamed, read-only. A name
// that was written before (a retried attempt) gets a number, so nothing is lost.
func (s *Store) Write(name string, write func(io.Writer) error) (steps.File, error) {
	relative, err := s.place(name)
	if err != nil {
		return steps.File{}, fmt.Errorf("store evidence %q of step %s: %w", name, s.step, err)
	}
	file, err := s.write(relative, write)
	if err != nil {
		return steps.File{}, fmt.Errorf("store evidence %q of step %s: %w", name, s.step, err)
	}
	s.shared.mu.Lock()
	s.shared.files = append(s.shared.files, file)
	s.shared.mu.Unlock()
	s.folder.mu.Lock()
	s.folder.evidence = append(s.folder.evidence, file)
	s.folder.mu.Unlock()
	return file, nil
}

func (s *Store) write(relative string, write func(io.Writer) error) (steps.File, error) {
	target := filepath.Join(s.folder.dir, filepath.FromSlash(relative))
	temporary, err := os.OpenFile(target+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return steps.File{}, err
	}
	keep := false
	defer func() {
		temporary.Close()
		if !keep {
			os.Remove(temporary.Name())
		}
	}()
	hash := sha256.New()
	counted := &countingWriter{w: io.MultiWriter(temporary, hash)}
	buffered := bufio.NewWriterSize(counted, 64<<10)
	masking, flush := s.folder.mask.writer(buffered)
	if err := errors.Join(write(masking), flush(), buffered.Flush()); err != nil {
		return steps.File{}, err
	}
	if err := errors.Join(temporary.Chmod(0o400), temporary.Sync()); err != nil {
		return steps.File{}, err
	}
	if err := os.Rename(temporary.Name(), target); err != nil {
		return steps.File{}, err
	}
	keep = true
	return steps.File{Path: relative, SHA256: hex.EncodeToString(hash.Sum(nil)), Bytes: counted.n}, nil
}

// place checks a name, makes its folder, and finds a free path for it.
func (s *Store) place(name string) (string, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) || strings.ContainsAny(name, "\\\x00") || path.Clean(name) != name || name == "." {
		return "", errors.New("a name is a clean path below the step's folder")
	}
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	relative := path.Join(evidenceName, s.step, s.prefix+name)
	s.shared.names[relative]++
	if n := s.shared.names[relative]; n > 1 {
		extension := path.Ext(relative)
		relative = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(relative, extension), n, extension)
	}
	dir := filepath.Join(s.folder.dir, filepath.FromSlash(path.Dir(relative)))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	s.shared.dirs = append(s.shared.dirs, dir)
	return relative, nil
}

// maxInline is the size up to which a record of a step without other evidence lies in
// the journal's line: a new file and its folder have to be synced on their own, which
// costs several times what the line costs.
const maxInline = 16 << 10

// Record puts a step's record into its outcome: small ones whole, larger ones as the
// evidence file result.json. It makes the names of all files of the step durable, and
// is called once, before the outcome is journaled.
func (s *Store) Record(record Record, outcome *Outcome) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(record); err != nil {
		return fmt.Errorf("store the result of step %s: %w", s.step, err)
	}
	outcome.Evidence = s.Files()
	if text.Len() <= maxInline && len(outcome.Evidence) == 0 {
		outcome.Inline = &record
		return nil
	}
	masked := s.folder.mask.json(text.Bytes())
	file, err := s.Write("result.json", func(w io.Writer) error {
		_, err := w.Write(masked)
		return err
	})
	if err != nil {
		return err
	}
	outcome.Record = &file
	return s.syncDirs()
}

func (s *Store) syncDirs() error {
	root := filepath.Join(s.folder.dir, evidenceName)
	synced := map[string]bool{}
	for _, dir := range s.shared.dirs {
		for ; !synced[dir] && strings.HasPrefix(dir, root); dir = filepath.Dir(dir) {
			if err := syncDir(dir); err != nil {
				return fmt.Errorf("store the evidence of step %s: %w", s.step, err)
			}
			synced[dir] = true
		}
	}
	return nil
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
