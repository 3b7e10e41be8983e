package duckdb

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

// The cache keeps stores between runs. An entry is a store with a footer that says what
// was read and what was wrong with it. Its name is made of two hashes:
//
//	what    of the table's definition as far as it decides how files are read, the
//	        columns, the build of this program, and the files' paths below the case,
//	        sizes and partitions
//	content of the SHA-256 of every file
//
// An entry is used only after every byte of every file was read again and summed, so no
// time stamp is believed: a file that was altered and kept its size and time is read
// anew. That costs a twentieth of unpacking the files. What remains is that an entry is
// believed to be what this program wrote. Checksums of its parts, compared in full before
// use and again whenever a part is read, find accidents; they cannot find somebody who
// can write to the user's own cache and forges them.
//
// Entries are written beside their name and renamed, never altered, so two runs do not
// meet half of one. Whoever has one open keeps it, whatever becomes of its name.

// cacheFormat is to be raised when stores or footers change.
const cacheFormat = 1

const (
	entrySuffix = storeSuffix
	newPrefix   = ".new-"
	// cacheLimit bounds all entries together; those that were not used for longest go.
	cacheLimit = 8 << 30
	// abandoned is how old what a run was writing has to be to be of one that died.
	abandoned = 24 * time.Hour
)

// footer stands behind the parts of a store in the cache.
type footer struct {
	What    string       `json:"what"`
	Rows    int64        `json:"rows"`
	Batches []stored     `json:"batches"`
	Files   []cachedFile `json:"files"`
	From    time.Time    `json:"from,omitzero"` // of the first record
	To      time.Time    `json:"to,omitzero"`   // of the last
}

// cachedFile is a fileReport.
type cachedFile struct {
	Name    string      `json:"name"`
	SHA256  string      `json:"sha256"`
	Used    bool        `json:"used"`
	Rows    int64       `json:"rows"`
	Skipped int64       `json:"skipped,omitempty"`
	Misfits int64       `json:"misfits,omitempty"`
	Absent  []string    `json:"absent,omitempty"`
	Gaps    []steps.Gap `json:"gaps,omitempty"`
}

// The end of an entry: the footer's length and SHA-256, and what it is.
const footerMagic = "playbook"

const trailerSize = 8 + sha256.Size + len(footerMagic)

// what is the first hash of a load's name in the cache.
func (l *loader) what() (string, error) {
	t := l.table
	properties := map[string]string{}
	for name, value := range t.def.Properties {
		// Where the files are found is in their list.
		if !strings.HasPrefix(name, "projection.") && name != "storage.location.template" {
			properties[name] = value
		}
	}
	describe := func(columns []column) (list []string) {
		for _, c := range columns {
			list = append(list, c.name+" "+c.athena)
		}
		return list
	}
	text, err := json.Marshal(struct {
		Format          int
		Build           string
		Table, Columns  []string
		InFile          int
		SerDe           dialect.SerDe
		StoredAs        string
		Properties      map[string]string
		Files           []string
		Sizes           []int64
		PartitionValues [][]string
	}{
		cacheFormat, build(), describe(t.columns), describe(l.columns), t.inFile, t.def.SerDe, t.def.StoredAs, properties,
		collect(l.list.files, func(f logFile) string { return f.name }),
		collect(l.list.files, func(f logFile) int64 { return f.size }),
		collect(l.list.files, func(f logFile) []string { return f.values }),
	})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), err
}

func collect[T, V any](list []T, value func(T) V) []V {
	values := make([]V, len(list))
	for i := range list {
		values[i] = value(list[i])
	}
	return values
}

// build tells this program from others of its name: one that was built anew may read
// logs otherwise, whether or not somebody remembered to raise cacheFormat.
func build() string {
	var b strings.Builder
	if info, ok := debug.ReadBuildInfo(); ok {
		b.WriteString(info.Main.Version)
		for _, setting := range info.Settings {
			if strings.HasPrefix(setting.Key, "vcs.") {
				b.WriteString(" " + setting.Value)
			}
		}
	}
	if path, err := os.Executable(); err == nil {
		if stat, err := os.Stat(path); err == nil {
			fmt.Fprintf(&b, " %d %d", stat.Size(), stat.ModTime().UnixNano())
		}
	}
	return b.String()
}

// content is the second hash: of the sums of all files.
func content(sums []string) string {
	sum := sha256.Sum256([]byte(strings.Join(sums, "\n")))
	return hex.EncodeToString(sum[:16])
}

// recall gives what an earlier run has loaded of the same files, or nil. It never fails:
// what cannot be used is read from the logs.
func (l *loader) recall() *footer {
	dir := l.engine.options.Cache
	if dir == "" {
		return nil
	}
	l.sums = true
	var err error
	if l.key, err = l.what(); err != nil {
		l.sums = false
		return nil
	}
	known, err := filepath.Glob(filepath.Join(dir, l.key+"-*"+entrySuffix))
	if err != nil || len(known) == 0 {
		return nil
	}
	sums, err := l.sumFiles()
	if err != nil {
		return nil
	}
	path := filepath.Join(dir, l.key+"-"+content(sums)+entrySuffix)
	opened, err := os.Open(path)
	if err != nil {
		return nil
	}
	s := &store{file: opened, room: &l.engine.room}
	f, err := l.check(s, sums)
	if err != nil {
		opened.Close()
		if errors.Is(err, errDamaged) {
			os.Remove(path)
		}
		return nil
	}
	now := time.Now()
	_ = os.Chtimes(path, now, now) // used: the last to go
	l.store = s
	return f
}

// sumFiles gives the SHA-256 of each file.
func (l *loader) sumFiles() ([]string, error) {
	l.comparing = true
	defer func() { l.comparing = false }()
	defer l.files.Store(0)
	defer l.bytes.Store(0)
	defer l.report()()
	sums, failed := make([]string, len(l.list.files)), error(nil)
	var next atomic.Int64
	var once sync.Once
	var wait sync.WaitGroup
	for range min(l.engine.options.Threads, len(sums)) {
		wait.Go(func() {
			digest, buffer := sha256.New(), make([]byte, 256<<10)
			for i := next.Add(1) - 1; i < int64(len(sums)); i = next.Add(1) - 1 {
				digest.Reset()
				if err := l.sumFile(l.list.files[i], digest, buffer); err != nil {
					once.Do(func() { failed = err })
					return
				}
				sums[i] = hex.EncodeToString(digest.Sum(nil))
				l.files.Add(1)
			}
		})
	}
	wait.Wait()
	return sums, failed
}

func (l *loader) sumFile(file logFile, digest io.Writer, buffer []byte) error {
	opened, err := l.root.Open(filepath.FromSlash(file.name))
	if err != nil {
		return err
	}
	defer opened.Close()
	_, err = io.CopyBuffer(digest, struct{ io.Reader }{&input{loader: l, file: opened}}, buffer)
	return err
}

// check reads the footer of an entry and compares all that can be compared.
func (l *loader) check(s *store, sums []string) (*footer, error) {
	stat, err := s.file.Stat()
	if err != nil {
		return nil, err
	}
	trailer := make([]byte, trailerSize)
	if stat.Size() < int64(trailerSize) {
		return nil, errDamaged
	}
	if _, err := s.file.ReadAt(trailer, stat.Size()-int64(trailerSize)); err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint64(trailer))
	s.size = stat.Size() - int64(trailerSize) - length
	if string(trailer[8+sha256.Size:]) != footerMagic || length < 0 || s.size < 0 {
		return nil, errDamaged
	}
	text := make([]byte, length)
	if _, err := s.file.ReadAt(text, s.size); err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(text); !bytes.Equal(sum[:], trailer[8:8+sha256.Size]) {
		return nil, errDamaged
	}
	var f footer
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, errDamaged
	}
	if f.What != l.key || len(f.Files) != len(l.list.files) {
		return nil, errDamaged
	}
	for i, file := range l.list.files {
		if f.Files[i].Name != file.name || f.Files[i].SHA256 != sums[i] {
			return nil, errDamaged
		}
	}
	return &f, l.checkParts(s, &f)
}

// checkParts reads the whole entry.
func (l *loader) checkParts(s *store, f *footer) error {
	var rows int64
	for _, batch := range f.Batches {
		rows += int64(batch.Rows)
		if batch.Rows < 1 || batch.Rows > batchRows || len(batch.Parts) != len(l.columns) {
			return errDamaged
		}
	}
	if rows != f.Rows {
		return errDamaged
	}
	var next atomic.Int64
	var damaged atomic.Bool
	var wait sync.WaitGroup
	for range min(l.engine.options.Threads, len(f.Batches)) {
		wait.Go(func() {
			var buffer []byte
			for i := next.Add(1) - 1; i < int64(len(f.Batches)) && !damaged.Load() && l.ctx.Err() == nil; i = next.Add(1) - 1 {
				var err error
				if buffer, err = l.checkBatch(s, &f.Batches[i], buffer); err != nil {
					damaged.Store(true)
				}
			}
		})
	}
	wait.Wait()
	if damaged.Load() {
		return errDamaged
	}
	return l.ctx.Err()
}

func (l *loader) checkBatch(s *store, batch *stored, buffer []byte) ([]byte, error) {
	for i, p := range batch.Parts {
		var content []byte
		var err error
		if content, buffer, err = s.part(p, buffer); err != nil {
			return buffer, err
		}
		e, err := decode(content, batch.Rows)
		if err == nil {
			err = e.check(l.columns[i].kind.form(), batch.Rows)
		}
		if err != nil {
			return buffer, err
		}
	}
	return buffer, nil
}

func (f *footer) readings(files []logFile) []*fileReport {
	reports := make([]*fileReport, len(files))
	for i, c := range f.Files {
		reports[i] = &fileReport{file: files[i], used: c.Used, rows: c.Rows, skipped: c.Skipped, misfits: c.Misfits, absent: c.Absent, gaps: c.Gaps, sum: c.SHA256}
	}
	return reports
}

// keep puts a store into the cache. Nothing depends on it: the run goes on with the store
// it has.
func (l *loader) keep(made *load) error {
	if l.key == "" {
		return nil
	}
	f := footer{What: l.key, Rows: made.rows, Batches: made.batches, From: made.reading.From, To: made.reading.To}
	var sums []string
	for _, r := range l.readings {
		if r.sum == "" { // could not be read; perhaps it can be the next time
			return nil
		}
		sums = append(sums, r.sum)
		f.Files = append(f.Files, cachedFile{Name: r.file.name, SHA256: r.sum, Used: r.used, Rows: r.rows, Skipped: r.skipped, Misfits: r.misfits, Absent: r.absent, Gaps: r.gaps})
	}
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if size := l.store.size + int64(len(text)+trailerSize); size > cacheLimit/2 {
		return nil
	}
	sum := sha256.Sum256(text)
	end := binary.LittleEndian.AppendUint64(text, uint64(len(text)))
	end = append(append(end, sum[:]...), footerMagic...)
	if _, err := l.store.file.WriteAt(end, l.store.size); err != nil {
		return err
	}
	dir := l.engine.options.Cache
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temporary := filepath.Join(dir, newPrefix+rand.Text())
	if err := linkOrCopy(l.store.file.Name(), temporary); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	if err := os.Rename(temporary, filepath.Join(dir, l.key+"-"+content(sums)+entrySuffix)); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return evict(dir, cacheLimit, time.Now())
}

// linkOrCopy gives a file a second name, or where names cannot be shared, a copy.
func linkOrCopy(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	made, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(made, source)
	return errors.Join(err, made.Close())
}

// evict removes the entries that were not used for longest until the others are within
// the limit, and what dead runs left.
func evict(dir string, limit int64, now time.Time) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var entries []fs.FileInfo
	var size int64
	for _, file := range files {
		stat, err := file.Info()
		switch {
		case err != nil || !stat.Mode().IsRegular():
		case strings.HasPrefix(file.Name(), newPrefix):
			if now.Sub(stat.ModTime()) > abandoned {
				os.Remove(filepath.Join(dir, file.Name()))
			}
		case strings.HasSuffix(file.Name(), entrySuffix):
			entries = append(entries, stat)
			size += stat.Size()
		}
	}
	slices.SortFunc(entries, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, entry := range entries {
		if size <= limit {
			break
		}
		if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		size -= entry.Size()
	}
	return nil
}
