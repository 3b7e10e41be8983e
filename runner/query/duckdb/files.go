package duckdb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"playbook/steps"
)

// logFile is one file of a table, with its partition.
type logFile struct {
	name   string // below s3/, with /
	values []string
	size   int64
}

func uri(name string) string { return "s3://" + name }

// listing is what was found under a table's location.
type listing struct {
	files  []logFile // in order of their names
	others []string  // under no partition
	damage []steps.Gap
}

const maxFolderDepth = 64

// list finds the files of a table. All opening goes through an os.Root, so that no
// symbolic link leads out of the case.
func (e *Engine) list(t *table, root *os.Root) (*listing, error) {
	if t.isRegistered() {
		return e.listRegistered(t, root)
	}
	folder := t.folder()
	stat, err := root.Stat(filepath.FromSlash(folder))
	switch {
	case err != nil:
		return nil, e.missing(t, folder, err)
	case !stat.IsDir():
		return nil, fmt.Errorf("read the table %s: LOCATION must be a folder, and s3/%s is a file", t.def.Name, folder)
	}
	l := &listing{}
	if err := l.walk(root, t, folder, 0, func(name string) ([]string, bool) { return t.partition(name, e) }); err != nil {
		return nil, err
	}
	if len(l.files) == 0 {
		return nil, e.nothing(t, l, folder)
	}
	return l, nil
}

// folder is where the files of a table begin: with projection it is the template that
// counts, not LOCATION ("Set up partition projection").
func (t *table) folder() string {
	if t.projection == nil {
		return path.Join(t.bucket, t.prefix)
	}
	location, _, _ := strings.Cut(strings.TrimPrefix(t.projection.Template, "s3://"), "${")
	return strings.Trim(location[:strings.LastIndexByte(location, '/')+1], "/")
}

func (e *Engine) missing(t *table, folder string, err error) error {
	bucket, _, _ := strings.Cut(folder, "/")
	missing := &steps.Missing{
		What: fmt.Sprintf("the files of the table %s, %s/,", t.def.Name, uri(folder)),
		Path: filepath.Join(e.options.Case, "s3", filepath.FromSlash(folder)),
		Hint: fmt.Sprintf("copy them into the case with: aws s3 sync %s/ %s/", uri(folder),
			filepath.Join(e.options.Case, "s3", filepath.FromSlash(folder))),
	}
	if !errors.Is(err, fs.ErrNotExist) {
		missing.Hint = err.Error()
		return missing
	}
	if entries, err := os.ReadDir(filepath.Join(e.options.Case, "s3")); err == nil && len(entries) > 0 {
		var have []string
		for _, entry := range entries {
			have = append(have, entry.Name())
		}
		if !slices.Contains(have, bucket) {
			missing.Hint += fmt.Sprintf("; the case has the buckets %s", visible([]byte(strings.Join(have, ", ")), 300))
		}
	}
	return missing
}

func (e *Engine) nothing(t *table, l *listing, folder string) error {
	where := filepath.Join(e.options.Case, "s3", filepath.FromSlash(folder))
	if len(l.others) == 0 {
		return &steps.Missing{What: fmt.Sprintf("every file of the table %s", t.def.Name), Path: where,
			Hint: fmt.Sprintf("the folder is empty; copy the logs with: aws s3 sync %s/ %s/", uri(folder), where)}
	}
	return &steps.Missing{What: fmt.Sprintf("every file of the table %s", t.def.Name), Path: where,
		Hint: fmt.Sprintf("%d files lie there, and none is under a partition of the table, as %s; compare their paths with the table's partitions",
			len(l.others), visible([]byte(l.others[0]), 200))}
}

// walk goes through a folder; values tells the partition of a file, and whether there is
// one.
func (l *listing) walk(root *os.Root, t *table, folder string, depth int, values func(name string) ([]string, bool)) error {
	if depth > maxFolderDepth {
		return fmt.Errorf("read the table %s: the folders under s3/%s are nested too deeply", t.def.Name, folder)
	}
	entries, err := readFolder(root, folder)
	if err != nil {
		l.damaged(folder, "the folder cannot be read: "+short(err))
		return nil
	}
	for _, entry := range entries {
		name := path.Join(folder, entry.Name())
		switch {
		// Athena passes over what Hive hides: names that begin with _ or . .
		case strings.HasPrefix(entry.Name(), "_"), strings.HasPrefix(entry.Name(), "."):
		case entry.IsDir():
			if looksLikeLog(entry.Name()) {
				l.damaged(name, "is a folder where a log file should be")
			}
			if err := l.walk(root, t, name, depth+1, values); err != nil {
				return err
			}
		default:
			l.add(root, name, values)
		}
	}
	return nil
}

func looksLikeLog(name string) bool {
	return strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".log") || strings.HasSuffix(name, ".zst") || strings.HasSuffix(name, ".bz2")
}

func readFolder(root *os.Root, folder string) ([]fs.DirEntry, error) {
	opened, err := root.Open(filepath.FromSlash(folder))
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	entries, err := opened.ReadDir(-1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

func (l *listing) add(root *os.Root, name string, partition func(name string) ([]string, bool)) {
	values, ok := partition(name)
	if !ok {
		l.others = append(l.others, uri(name))
		return
	}
	stat, err := root.Stat(filepath.FromSlash(name)) // follows links, not out of the case
	switch {
	case err != nil:
		l.damaged(name, "cannot be opened: "+short(err))
	case !stat.Mode().IsRegular():
		l.damaged(name, "is not a file (a link to a folder, a pipe or a device) where a log file should be")
	default:
		l.files = append(l.files, logFile{name: name, values: values, size: stat.Size()})
	}
}

func (l *listing) damaged(name, problem string) {
	l.damage = append(l.damage, steps.Gap{Source: source(name), Problem: problem, Blocking: true})
}

// partition tells a file's value for each partition column that is projected.
func (t *table) partition(name string, e *Engine) ([]string, bool) {
	if t.projection == nil {
		return nil, true
	}
	found, ok := t.projection.Match(uri(name), e.options.Now)
	if !ok {
		return nil, false
	}
	partitions := t.partitions()
	values := make([]string, len(partitions))
	for i, c := range partitions {
		if values[i], ok = found[c.name]; !ok {
			return nil, false
		}
	}
	return values, true
}

// short is an error without the path, which the gap names already.
func short(err error) string {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return err.Error()
}
