package duckdb

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

// repair registers the folders column=value below the table's location ("MSCK REPAIR
// TABLE"). It adds and never takes away, and it says what Athena says.
func (e *Engine) repair(s *dialect.Statement) (steps.Rows, error) {
	t, err := e.alteredTable(s, *s.Repaired)
	if err != nil {
		return nil, err
	}
	answer := t.altered()
	answer.columns = textColumns("_col0")
	if len(t.partitions()) == 0 {
		return answer, nil
	}
	location := path.Join(t.bucket, t.prefix)
	root, err := os.OpenRoot(filepath.Join(e.options.Case, "s3"))
	if err != nil {
		return nil, e.missing(t, location, err)
	}
	defer root.Close()
	if stat, err := root.Stat(filepath.FromSlash(location)); err != nil {
		return nil, e.missing(t, location, err)
	} else if !stat.IsDir() {
		return nil, fmt.Errorf("read the table %s: LOCATION must be a folder, and s3/%s is a file", t.def.Name, location)
	}
	f := &finder{table: t, root: root}
	if err := f.folder(location, nil, false); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var added, known []registration
	for _, r := range f.found {
		if slices.ContainsFunc(t.registered, func(other registration) bool { return t.samePartition(other.values, r.values) }) {
			known = append(known, r)
		} else if !slices.ContainsFunc(added, func(other registration) bool { return t.samePartition(other.values, r.values) }) {
			added = append(added, r)
		}
	}
	answer.rows = t.repaired(root, added, f.unlike)
	if len(f.unlike) > 0 {
		answer.quality.Gaps = append(answer.quality.Gaps, steps.Gap{Source: source(location) + "/", Count: int64(len(f.unlike)), Blocking: true,
			Problem:  "folders are not added as partitions, because their names are not in lower case; add them with ALTER TABLE ADD PARTITION … LOCATION",
			Examples: shownNames(f.unlike)})
	}
	for _, link := range f.links {
		answer.quality.Gaps = append(answer.quality.Gaps, steps.Gap{Source: source(link), Problem: "is a link, and is not followed", Blocking: true})
	}
	if len(added)+len(known)+len(t.registered) == 0 {
		answer.quality.Gaps = append(answer.quality.Gaps, steps.Gap{Source: source(location) + "/", Blocking: true,
			Problem: fmt.Sprintf("no folder %s lies there, and the table has no partitions", t.partitionPattern())})
	}
	if len(added) > 0 {
		t.setPartitions(append(slices.Clip(t.registered), added...))
	}
	return answer, nil
}

func (t *table) partitionPattern() string {
	var parts []string
	for _, c := range t.partitions() {
		parts = append(parts, c.name+"=…")
	}
	return strings.Join(parts, "/")
}

// repaired is what MSCK REPAIR TABLE says: what it found, what is gone, what it added
// (Hive's Msck).
func (t *table) repaired(root *os.Root, added []registration, unlike []string) [][]any {
	var rows [][]any
	line := func(head string, names []string) {
		if len(names) > 0 {
			rows = append(rows, []any{head + "\t" + strings.Join(names, "\t")})
		}
	}
	var found, gone []string
	for _, r := range added {
		found = append(found, t.def.Name+":"+t.partitionName(r.values))
	}
	for _, name := range unlike {
		found = append(found, t.def.Name+":"+name)
	}
	for _, r := range t.registered {
		if _, err := root.Stat(filepath.FromSlash(r.folder)); err != nil {
			gone = append(gone, t.def.Name+":"+t.partitionName(r.values))
		}
	}
	line("Partitions not in metastore:", found)
	line("Partitions missing from filesystem:", gone)
	for _, r := range added {
		rows = append(rows, []any{"Repair: Added partition to metastore " + t.def.Name + ":" + t.partitionName(r.values)})
	}
	return rows
}

// finder looks for folders column=value, one level for each partition column.
type finder struct {
	table  *table
	root   *os.Root
	found  []registration
	unlike []string // whose names differ in case, which Athena sees and does not add
	links  []string // which are not followed
}

func (f *finder) folder(folder string, values []string, unlike bool) error {
	columns := f.table.partitions()
	if len(values) == len(columns) {
		if unlike {
			f.unlike = append(f.unlike, strings.TrimPrefix(folder, path.Join(f.table.bucket, f.table.prefix)+"/"))
		} else {
			f.found = append(f.found, registration{values, folder})
		}
		return nil
	}
	c := columns[len(values)]
	entries, err := readFolder(f.root, folder)
	if err != nil {
		return fmt.Errorf("look for partitions of %s: %s/: %s", f.table.def.Name, source(folder), short(err))
	}
	for _, entry := range entries {
		name, value, pair := strings.Cut(entry.Name(), "=")
		switch {
		case !pair || !strings.EqualFold(name, c.name):
			continue
		case entry.Type()&fs.ModeSymlink != 0:
			f.links = append(f.links, path.Join(folder, entry.Name()))
			continue
		case !entry.IsDir():
			continue
		}
		if unescaped, err := url.PathUnescape(value); err == nil {
			value = unescaped
		}
		inside := path.Join(folder, entry.Name())
		if !c.fits(value) {
			return fmt.Errorf("look for partitions of %s: the folder %s/ gives no %s for the partition column %s; make the table with %s as a string",
				f.table.def.Name, source(inside), c.athena, c.name, c.name)
		}
		if err := f.folder(inside, append(slices.Clip(values), value), unlike || name != c.name); err != nil {
			return err
		}
	}
	return nil
}

// listRegistered finds the files of a table's registered partitions, wherever those are,
// and the files below its location that are in none.
func (e *Engine) listRegistered(t *table, root *os.Root) (*listing, error) {
	if len(t.registered) == 0 {
		return nil, fmt.Errorf("the table %s has no partitions, so that Athena would read nothing of it and answer with no rows; "+
			"register them in a step before this one: MSCK REPAIR TABLE %s finds folders %s below its LOCATION, "+
			"ALTER TABLE %s ADD PARTITION (…) LOCATION '…' adds any other", t.def.Name, t.def.Name, t.partitionPattern(), t.def.Name)
	}
	l := &listing{}
	var without []string
	for _, r := range t.registered {
		before := len(l.files) + len(l.damage)
		if _, err := root.Stat(filepath.FromSlash(r.folder)); err == nil {
			if err := l.walk(root, t, r.folder, 0, func(string) ([]string, bool) { return r.values, true }); err != nil {
				return nil, err
			}
		}
		if before == len(l.files)+len(l.damage) {
			without = append(without, t.partitionName(r.values))
		}
	}
	if len(without) > 0 {
		l.damage = append(l.damage, steps.Gap{Source: t.def.Name, Count: int64(len(without)), Blocking: true,
			Problem:  fmt.Sprintf("%d of %d registered partitions have no file in the case: they may be empty, or were not copied", len(without), len(t.registered)),
			Examples: shownNames(without)})
	}
	if err := e.strays(l, t, root); err != nil {
		return nil, err
	}
	if len(l.files) == 0 {
		folder := t.registered[0].folder
		where := filepath.Join(e.options.Case, "s3", filepath.FromSlash(folder))
		return nil, &steps.Missing{What: fmt.Sprintf("every file of the %d registered partitions of the table %s", len(t.registered), t.def.Name),
			Path: where, Hint: fmt.Sprintf("copy them into the case, the first with: aws s3 sync %s/ %s/", uri(folder), where)}
	}
	return l, nil
}

// shownNames are the first few names of folders, which an attacker may have written.
func shownNames(names []string) []string {
	var list []string
	for _, name := range names[:min(maxExamples, len(names))] {
		list = append(list, visible([]byte(name), maxExampleLen))
	}
	return list
}

// strays notes the files below the table's location that no partition holds.
func (e *Engine) strays(l *listing, t *table, root *os.Root) error {
	location := path.Join(t.bucket, t.prefix)
	if _, err := root.Stat(filepath.FromSlash(location)); err != nil {
		return nil
	}
	read := map[string]bool{}
	for _, file := range l.files {
		read[uri(file.name)] = true
	}
	rest := &listing{}
	if err := rest.walk(root, t, location, 0, func(string) ([]string, bool) { return nil, false }); err != nil {
		return err
	}
	l.others = slices.DeleteFunc(rest.others, func(name string) bool { return read[name] })
	return nil
}
