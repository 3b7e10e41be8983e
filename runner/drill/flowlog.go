package drill

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// fileHours is how much time one file holds. AWS writes one every five minutes; a case
// has longer ones to have fewer.
const fileHours = 4

// lastStamp is from the begin of a file to the last five minutes of it.
const lastStamp = fileHours*time.Hour - 5*time.Minute

// writeFlowLogs writes the files of every flow log, day by day. A day needs nothing of
// another but the hour before it, so days are made side by side.
func (s *scenario) writeFlowLogs(ctx context.Context, dir string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, v := range s.world.vpcs {
		if !v.logged {
			continue
		}
		for day := s.window.From; day.Before(s.window.To); day = day.AddDate(0, 0, 1) {
			group.Go(func() error { return s.writeDay(ctx, dir, v, day) })
		}
	}
	return group.Wait()
}

// writeDay holds no more than two hours of connections and one of records in memory.
func (s *scenario) writeDay(ctx context.Context, dir string, v *vpc, day time.Time) error {
	r, file := newRecorder(s.world, v), newLogFile()
	defer file.close() // after an error; otherwise it is closed below
	var before, now []conn
	if day.After(s.window.From) {
		before = s.hour(v, day.Unix()-3600, nil)
	}
	for hour := range 24 {
		if err := ctx.Err(); err != nil {
			return err
		}
		start := day.Add(time.Duration(hour) * time.Hour)
		if hour%fileHours == 0 {
			if err := file.next(filepath.Join(dir, filepath.FromSlash(s.key(v, start)))); err != nil {
				return err
			}
		}
		now = s.hour(v, start.Unix(), now[:0])
		s.record(r, start.Unix(), before, now)
		for _, l := range r.sorted() {
			file.plain.Write(r.text[l.from:l.to]) // an error stays, and comes out of close
		}
		before, now = now, before
	}
	return file.close()
}

// hour is the background that starts in an hour and that the VPC sees.
func (s *scenario) hour(v *vpc, from int64, into []conn) []conn {
	for i := range s.services {
		if service := &s.services[i]; service.touches(v) {
			into = service.hour(s.seed, from, into)
		}
	}
	return into
}

// record fills the recorder with the records that end in the hour at from.
func (s *scenario) record(r *recorder, from int64, background ...[]conn) {
	r.reset()
	to := from + 3600
	for _, conns := range background {
		for i := range conns {
			r.conn(&conns[i], from, to)
		}
	}
	for i := range s.incident {
		if c := &s.incident[i]; c.start < to && c.end() >= from {
			r.conn(c, from, to)
		}
	}
	s.recordSilence(r, from)
}

// recordSilence writes what a flow log says when there is nothing to say. The first
// interface of the load balancer also loses a few records in its busiest hour.
func (s *scenario) recordSilence(r *recorder, from int64) {
	for _, n := range r.vpc.nics {
		for i, active := range r.active[n.index] {
			start := from + int64(i)*windowSeconds
			switch end := start + n.interval() - 1; {
			case !active:
				r.empty(n, "NODATA", start, end)
			case n.kind == balancerNIC && i == 3 && time.Unix(from, 0).UTC().Hour() == 19:
				r.empty(n, "SKIPDATA", start, end)
			}
		}
	}
}

// key is where a file lies. A name has the begin of five minutes, in which the records of
// the file end (VPC User Guide, "Flow log files"): here of the last five minutes of it.
func (s *scenario) key(v *vpc, start time.Time) string {
	stamp := start.Add(lastStamp).Format("20060102T1504Z")
	return fmt.Sprintf("s3/%s/AWSLogs/%s/vpcflowlogs/%s/%s/%s_vpcflowlogs_%s_%s_%s_%s.log.gz",
		s.bucket, v.account, v.region, start.Format("2006/01/02"),
		v.account, v.region, v.flowLogID(), stamp, digest("file", s.seed, v.flowLogID(), stamp)[:8])
}

// logFile writes one file after the other, over the same buffers.
type logFile struct {
	file       *os.File // nil: none is open
	compressed *gzip.Writer
	plain      *bufio.Writer
}

func newLogFile() *logFile {
	compressed, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // there is no such level
	}
	return &logFile{compressed: compressed, plain: bufio.NewWriterSize(compressed, 1<<16)}
}

// next closes the file before and begins a new one with its header line.
func (l *logFile) next(path string) error {
	if err := l.close(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	l.file = file
	l.compressed.Reset(file)
	l.plain.Reset(l.compressed)
	_, err = l.plain.WriteString(strings.Join(fields[:], " ") + "\n")
	return err
}

func (l *logFile) close() error {
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.plain.Flush(), l.compressed.Close(), l.file.Close())
	l.file = nil
	return err
}
