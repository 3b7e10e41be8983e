package duckdb

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
)

// loader reads a table's files with several workers into a store. A worker takes a few
// consecutive files at a time and writes what it made of them wherever the store has
// room; the order of the files comes back when the batches are put into a list.
type loader struct {
	engine  *Engine
	table   *table
	root    *os.Root
	list    *listing
	columns []column
	ctx     context.Context // of the query that waits
	store   *store

	key       string // in the cache
	sums      bool   // wanted of each file, for the cache
	comparing bool   // files are summed and not read

	readings []*fileReport // of each file
	groups   []group
	taken    atomic.Int64 // groups

	files, bytes, rows atomic.Int64 // read so far
}

// group is consecutive files that one worker reads into the same batches.
type group struct {
	from, to int // in the list of files
	batches  []stored
}

const (
	// groupBytes is about how much of stored files makes a group. Many small files
	// would make many small batches, which are slow to query.
	groupBytes = 1 << 20
	// workerMemory is about what a worker needs.
	workerMemory = 48 << 20
)

func (l *loader) group() {
	size := int64(0)
	for i, file := range l.list.files {
		if i == 0 || size >= groupBytes {
			l.groups = append(l.groups, group{from: i, to: i})
			size = 0
		}
		l.groups[len(l.groups)-1].to = i + 1
		size += file.size
	}
}

// run reads all files. An error is of the store, or that the query was cancelled; what
// is wrong with files is in the readings.
func (l *loader) run() error {
	l.readings = make([]*fileReport, len(l.list.files))
	l.group()
	stop := l.report()
	defer stop()
	ctx, cancel := context.WithCancelCause(l.ctx)
	defer cancel(nil)
	l.ctx = ctx
	workers := min(l.engine.options.Threads, len(l.groups), int(max(1, l.engine.options.Memory/workerMemory)))
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			w := &worker{loader: l, batch: newBatch(l.columns), lines: newLines(nil), digest: sha256.New()}
			for {
				next := l.taken.Add(1) - 1
				if next >= int64(len(l.groups)) || ctx.Err() != nil {
					return
				}
				if err := w.read(&l.groups[next]); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}

// batches are all that was read, in the order of the files.
func (l *loader) batches() []stored {
	var all []stored
	for _, g := range l.groups {
		all = append(all, g.batches...)
	}
	return all
}

// worker reads files, one after the other. What it holds is used again for each.
type worker struct {
	loader *loader
	group  *group
	batch  *batch
	lines  *lines
	packed *bufio.Reader
	gzip   *gzip.Reader
	digest hash.Hash
	buffer []byte // of what is written
	failed error  // of the store
}

func (w *worker) read(g *group) error {
	w.group = g
	for i := g.from; i < g.to; i++ {
		report := w.readFile(w.loader.list.files[i])
		w.loader.readings[i] = report
		w.loader.files.Add(1)
	}
	w.flush()
	return w.failed
}

// flush writes the batch to the store, and tells whether to go on.
func (w *worker) flush() bool {
	if w.batch.rows == 0 || w.failed != nil {
		return w.failed == nil
	}
	var made stored
	made, w.buffer, w.failed = w.loader.store.write(w.batch, w.buffer)
	w.group.batches = append(w.group.batches, made)
	w.loader.rows.Add(int64(w.batch.rows))
	w.batch.reset()
	return w.failed == nil && w.loader.ctx.Err() == nil
}

// input is a file while it is read: what passes is counted, and summed for the cache.
type input struct {
	loader *loader
	file   io.Reader
	digest hash.Hash // nil when no sum is wanted
}

func (in *input) Read(p []byte) (int, error) {
	if err := in.loader.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := in.file.Read(p)
	in.loader.bytes.Add(int64(n))
	if in.digest != nil {
		in.digest.Write(p[:n])
	}
	return n, err
}

// Progress says how far the reading of a table's files is.
type Progress struct {
	Table   string
	Files   int64         // read so far
	Of      int64         // files there are
	Bytes   int64         // read so far, as stored
	OfBytes int64         // there are, as stored
	Rows    int64         // read so far
	Left    time.Duration // about how long it will take still; 0 is not known
	Cached  bool          // they are compared with what an earlier run has read
}

const progressPace = 200 * time.Millisecond

// report tells of the progress until it is stopped, and then of the end.
func (l *loader) report() (stop func()) {
	tell := l.engine.options.Progress
	if tell == nil {
		return func() {}
	}
	p := Progress{Table: l.table.def.Name, Of: int64(len(l.list.files)), Cached: l.comparing}
	for _, file := range l.list.files {
		p.OfBytes += file.size
	}
	began, done := time.Now(), make(chan struct{})
	now := func() {
		p.Files, p.Bytes, p.Rows, p.Left = l.files.Load(), l.bytes.Load(), l.rows.Load(), 0
		if passed := time.Since(began); p.Bytes > 0 && passed > progressPace {
			p.Left = time.Duration(float64(passed) * float64(max(0, p.OfBytes-p.Bytes)) / float64(p.Bytes))
		}
		tell(p)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		tick := time.NewTicker(progressPace)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				now()
			case <-done:
				now()
				return
			}
		}
	})
	return func() {
		close(done)
		wait.Wait()
	}
}

// outcome is an error when no file could be used: a table without rows would answer
// every question with nothing.
func outcome(readings []*fileReport) error {
	var problems []string
	for _, report := range readings {
		switch {
		case report.used:
			return nil
		case len(problems) < 3 && len(report.gaps) > 0:
			problems = append(problems, report.gaps[0].Source+" "+report.gaps[0].Problem)
		}
	}
	return fmt.Errorf("none of its %d files could be used: %s", len(readings), strings.Join(problems, "; "))
}
