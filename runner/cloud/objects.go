package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"

	"playbook/steps"
)

// objects are the files of a case below s3/, as `aws s3 sync` leaves them.
type objects struct{ dir string }

// Files gives the objects of S3 that the case holds.
func (c *Case) Files() steps.Files { return objects{c.dir} }

// List implements steps.Files.
func (o objects) List(ctx context.Context, location string) iter.Seq2[steps.Object, error] {
	return func(yield func(steps.Object, error) bool) {
		root, name, err := o.open(location)
		if err != nil {
			yield(steps.Object{}, err)
			return
		}
		defer root.Close()
		found := false
		err = walk(ctx, root, name, func(file string, info fs.FileInfo) bool {
			found = true
			return yield(steps.Object{
				Location: "s3://" + strings.TrimPrefix(file, "s3/"), Bytes: info.Size(), Modified: info.ModTime().UTC(),
			}, nil)
		})
		switch {
		case errors.Is(err, errStopped):
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			yield(steps.Object{}, fmt.Errorf("list %s: %w", location, err))
		case !found:
			yield(steps.Object{}, o.missing(location, name))
		}
	}
}

// Open implements steps.Files.
func (o objects) Open(_ context.Context, location string) (io.ReadCloser, error) {
	root, name, err := o.open(location)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	file, err := openRegular(root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, o.missing(location, name)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", location, err)
	}
	return file, nil
}

func (o objects) open(location string) (*os.Root, string, error) {
	key, ok := strings.CutPrefix(location, "s3://")
	if !ok || key == "" || key[0] == '/' {
		return nil, "", fmt.Errorf("%s is not a place in S3, as s3://bucket/key", location)
	}
	root, err := os.OpenRoot(o.dir)
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", location, err)
	}
	return root, path.Join("s3", key), nil
}

func (o objects) missing(location, name string) error {
	return &steps.Missing{
		What: location, Path: name,
		Hint: fmt.Sprintf("in the case's folder: aws s3 sync %s %s", location, name),
	}
}

// errStopped ends a walk whose caller has seen enough.
var errStopped = errors.New("stopped")

// walk visits the files below a folder of a case, or the one file, in the order of
// their names. Links are an error: what they lead to would be passed over in silence.
func walk(ctx context.Context, root *os.Root, name string, visit func(file string, info fs.FileInfo) bool) error {
	return fs.WalkDir(root.FS(), name, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if entry.Type()&fs.ModeSymlink != 0 {
			return fmt.Errorf("%s is a link, which is not followed; copy what it leads to in its place", file)
		}
		if entry.IsDir() {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if !visit(file, info) {
			return errStopped
		}
		return nil
	})
}

// openRegular opens a file and nothing else: to open a named pipe is to wait for its
// writer.
func openRegular(root *os.Root, name string) (*os.File, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", name)
	}
	return root.Open(name)
}
