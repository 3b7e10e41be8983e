package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"playbook/runner/journal"
	"playbook/steps"
)

// files is the Files of one step. What lies in S3 comes from the ground, as far as the
// kind declares the call; of the disk there is only what the command line named, and
// every such file is copied into the evidence first and read from there: what was read
// is what is kept.
type files struct {
	ground  steps.Files
	given   []string // paths of file params
	allowed []string // operations of the kind
	folder  string   // of the run
	store   *journal.Store
}

const listOperation, getOperation = "s3:ListBucket", "s3:GetObject"

// List implements steps.Files.
func (f *files) List(ctx context.Context, location string) iter.Seq2[steps.Object, error] {
	switch {
	case !strings.HasPrefix(location, "s3://"):
		return f.listGiven(ctx, location)
	case !slices.Contains(f.allowed, listOperation):
		return failing(undeclared(listOperation))
	}
	return f.ground.List(ctx, location)
}

// Open implements steps.Files.
func (f *files) Open(ctx context.Context, location string) (io.ReadCloser, error) {
	switch {
	case !strings.HasPrefix(location, "s3://"):
		return f.openGiven(location)
	case !slices.Contains(f.allowed, getOperation):
		return nil, undeclared(getOperation)
	}
	return f.ground.Open(ctx, location)
}

func undeclared(operation string) error {
	return fmt.Errorf("%s is not among the operations that this kind declares", operation)
}

func failing(err error) iter.Seq2[steps.Object, error] {
	return func(yield func(steps.Object, error) bool) { yield(steps.Object{}, err) }
}

// listGiven walks a folder that the command line named. A link in it is an error: what
// it leads to would be passed over in silence.
func (f *files) listGiven(ctx context.Context, location string) iter.Seq2[steps.Object, error] {
	if !slices.Contains(f.given, location) {
		return failing(f.notGiven(location))
	}
	return func(yield func(steps.Object, error) bool) {
		found := false
		err := filepath.WalkDir(location, func(path string, entry fs.DirEntry, err error) error {
			if err := errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			isLink := entry.Type()&fs.ModeSymlink != 0
			switch {
			case isLink && (path != location || info.IsDir()):
				return fmt.Errorf("%s is a link, which is not followed; name what it leads to", path)
			case entry.IsDir():
				return nil
			}
			found = true
			if !yield(steps.Object{Location: path, Bytes: info.Size(), Modified: info.ModTime().UTC()}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err == nil && !found {
			err = &steps.Missing{What: "any file", Path: location}
		}
		if err != nil {
			yield(steps.Object{}, fmt.Errorf("list %s: %w", location, err))
		}
	}
}

func (f *files) openGiven(location string) (io.ReadCloser, error) {
	if !slices.ContainsFunc(f.given, func(given string) bool {
		relative, err := filepath.Rel(given, location)
		return err == nil && (relative == "." || filepath.IsLocal(relative))
	}) {
		return nil, f.notGiven(location)
	}
	kept, err := f.keep(location)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", location, err)
	}
	return os.Open(filepath.Join(f.folder, filepath.FromSlash(kept.Path)))
}

// keep copies a file into the evidence of the step.
func (f *files) keep(location string) (steps.File, error) {
	info, err := os.Stat(location)
	if err != nil {
		return steps.File{}, err
	}
	if !info.Mode().IsRegular() { // to open a named pipe is to wait for its writer
		return steps.File{}, errors.New("it is not a file")
	}
	from, err := os.Open(location)
	if err != nil {
		return steps.File{}, err
	}
	defer from.Close()
	return f.store.Write("given/"+filepath.Base(location), func(w io.Writer) error {
		_, err := io.Copy(w, from)
		return err
	})
}

func (f *files) notGiven(location string) error {
	return fmt.Errorf("%q is neither a place in S3 nor the value of a param of type file; "+
		"a playbook reads no other file of this machine", location)
}
