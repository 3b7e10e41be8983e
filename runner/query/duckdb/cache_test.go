package duckdb

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"playbook/steps"
)

const cachedQuery = `SELECT "$path", account, sourceaddress, numbytes, starttime, logstatus, flow_direction, traffic_path, date_partition FROM vpcflow`

// entries are the files in a cache, by name.
func entries(t testing.TB, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"+entrySuffix))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// cached tells whether an answer was taken from the cache.
func (a answer) cached() bool {
	return slices.ContainsFunc(a.stats.Quality.Read, func(r steps.Reading) bool { return r.Cached })
}

// askCached runs a query in an engine of its own.
func askCached(t testing.TB, c evidence, cache, table, query string, change ...func(*Options)) answer {
	t.Helper()
	e := c.open(append([]func(*Options){func(o *Options) { o.Cache = cache }}, change...)...)
	must(t, e, table)
	return must(t, e, query)
}

// damagedCase has files with every kind of gap.
func damagedCase(t testing.TB) evidence {
	c := newCase(t)
	c.flows()
	good := flow(1, 1, "10.0.0.5", "10.0.0.6", 22, 1, "ACCEPT")
	whole := zipped(t, flowHeader+strings.Repeat(good, 5000))
	for name, content := range map[string][]byte{
		"truncated.log.gz": whole[:len(whole)/2],
		"order.log.gz":     zipped(t, strings.Replace(flowHeader, "srcaddr dstaddr", "dstaddr srcaddr", 1)+good),
		"unknown.log.gz":   zipped(t, strings.Replace(flowHeader, "interface-id", "flux-id", 1)+good),
		"count.log.gz":     zipped(t, flowHeader+good+"2 3 four\n"+good),
		"utf8.log.gz":      zipped(t, flowHeader+strings.Replace(good, "10.0.0.6", "10.0.0.\xff", 1)),
		"empty.log":        nil,
		"picture.log":      []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
		"skipdata.log":     []byte(flowHeader + "2 1 eni-1 - - - - - - - 1772323200 1772323260 - SKIPDATA\n"),
	} {
		c.write(flowPath(1, name), content)
	}
	c.write(bucket+"/AWSLogs/111122223333/stray.log", []byte("x"))
	return c
}

// TestCacheGivesTheSame: rows, their order and the gaps are those of a first reading.
func TestCacheGivesTheSame(t *testing.T) {
	c, cache := damagedCase(t), filepath.Join(t.TempDir(), "new", "cache")
	plain := askCached(t, c, "", flowTable, cachedQuery)
	first := askCached(t, c, cache, flowTable, cachedQuery)
	var mu sync.Mutex
	var told []Progress
	second := askCached(t, c, cache, flowTable, cachedQuery, func(o *Options) {
		o.Progress = func(p Progress) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, p)
		}
	})
	if plain.cached() || first.cached() || !second.cached() {
		t.Errorf("cached: %v, %v, %v; want only the last", plain.cached(), first.cached(), second.cached())
	}
	for _, other := range []answer{first, second} {
		if diff := cmp.Diff(plain.rows, other.rows); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(plain.stats.Quality, other.stats.Quality, cmpopts.IgnoreFields(steps.Reading{}, "Cached")); diff != "" {
			t.Error(diff)
		}
	}
	if len(plain.stats.Quality.Gaps) < 9 {
		t.Errorf("only %d gaps", len(plain.stats.Quality.Gaps))
	}
	if last := told[len(told)-1]; !last.Cached || last.Files != last.Of || last.Bytes != last.OfBytes {
		t.Errorf("%+v", last)
	}
	stat, err := os.Stat(cache)
	if err != nil || stat.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", stat.Mode(), err)
	}
	if list := entries(t, cache); len(list) != 1 {
		t.Errorf("%q", list)
	}
}

// TestCacheOfAllKinds keeps values of every type through a run.
func TestCacheOfAllKinds(t *testing.T) {
	c, cache := newCase(t), t.TempDir()
	c.write("b/t/a.json", []byte(`{"s":"x","i":5,"bi":9007199254740993,"f":1.5,"d":-2.25,"dec":"123.45","b":true,"dt":"2026-03-01","ts":"2026-03-01 10:11:12.5","l":[1,null,3],"m":{"k":"v","n":null},"st":{"a":"y","b":[{"c":1.5}]}}
{}
{"s":"","i":-2147483648,"bi":-9223372036854775808,"f":0,"d":1e300,"dec":"-0.01","b":false,"dt":"1969-12-31","ts":"1969-12-31 23:59:59.999","l":[],"m":{},"st":{}}
`))
	const table = `CREATE EXTERNAL TABLE t (s string, i int, bi bigint, f float, d double, dec decimal(10,2), b boolean, dt date, ts timestamp,
		l array<int>, m map<string,string>, st struct<a:string,b:array<struct<c:double>>>)
		ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'`
	plain := askCached(t, c, "", table, "SELECT * FROM t")
	for i, cached := range []bool{false, true} {
		a := askCached(t, c, cache, table, "SELECT * FROM t")
		if diff := cmp.Diff(plain.rows, a.rows); diff != "" || a.cached() != cached {
			t.Errorf("run %d: cached %v %s", i, a.cached(), diff)
		}
	}
	if len(plain.rows) != 3 || plain.rows[1][0] != nil || plain.rows[0][7] != march1 {
		t.Errorf("%v", plain.rows)
	}
}

// TestCacheSeesEveryChange: whatever decides what is read is part of what is looked for.
func TestCacheSeesEveryChange(t *testing.T) {
	c, cache := newCase(t), t.TempDir()
	const name = "b/t/a.txt"
	path := filepath.Join(c.dir, "s3", filepath.FromSlash(name))
	c.write(name, []byte("1|a\n2|b\n"))
	const table = "CREATE EXTERNAL TABLE t (n int, s string) ROW FORMAT DELIMITED FIELDS TERMINATED BY '|' LOCATION 's3://b/t/'"
	check := func(what, table string, cached bool, want ...[]any) {
		t.Helper()
		a := askCached(t, c, cache, table, "SELECT * FROM t")
		if diff := cmp.Diff(want, a.rows); diff != "" || a.cached() != cached {
			t.Errorf("%s: cached %v, want %v %s", what, a.cached(), cached, diff)
		}
	}
	one, two := []any{int64(1), "a"}, []any{int64(2), "b"}
	check("first", table, false, one, two)
	check("again", table, true, one, two)
	check("another delimiter", strings.Replace(table, "'|'", "','", 1), false, []any{nil, nil}, []any{nil, nil})
	check("another type", strings.Replace(table, "n int", "n string", 1), false, []any{"1", "a"}, []any{"2", "b"})
	check("a header", table+" TBLPROPERTIES ('skip.header.line.count'='1')", false, two)
	check("the first once more", table, true, one, two)

	stat, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	c.write(name, []byte("1|a\n3|b\n"))
	if err := os.Chtimes(path, stat.ModTime(), stat.ModTime()); err != nil {
		t.Fatal(err)
	}
	check("a byte, with the same size and time", table, false, one, []any{int64(3), "b"})
	c.write(name, []byte("1|a\n2|b\n"))
	check("back again", table, true, one, two)
	c.write("b/t/b.txt", []byte("4|d\n"))
	check("one more file", table, false, one, two, []any{int64(4), "d"})
	if err := os.Rename(path, filepath.Join(filepath.Dir(path), "c.txt")); err != nil {
		t.Fatal(err)
	}
	check("another order", table, false, []any{int64(4), "d"}, one, two)
}

// TestCacheElsewhere: a copy of the case, on a medium that cannot be written to, is the
// same case.
func TestCacheElsewhere(t *testing.T) {
	cache := t.TempDir()
	for i, cached := range []bool{false, true} {
		c := newCase(t)
		c.flows()
		if err := os.Chmod(c.dir, 0o500); err != nil {
			t.Fatal(err)
		}
		a := askCached(t, c, cache, flowTable, cachedQuery)
		if err := os.Chmod(c.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if a.cached() != cached || len(a.rows) != 75 {
			t.Errorf("case %d: cached %v, %d rows", i, a.cached(), len(a.rows))
		}
	}
}

// TestCacheAsksForTheGapsAnew: what is missing depends on the window.
func TestCacheAsksForTheGapsAnew(t *testing.T) {
	c, cache := newCase(t), t.TempDir()
	c.flows()
	for i, days := range []int{3, 9} {
		a := askCached(t, c, cache, flowTable, "SELECT count(numbytes) FROM vpcflow", func(o *Options) { o.Window.To = march1.AddDate(0, 0, days) })
		problem := ""
		for _, gap := range a.stats.Quality.Gaps {
			problem += gap.Problem
		}
		if want := fmt.Sprintf("no file on %d of %d days", days-3, days); (i > 0) != strings.Contains(problem, want) || a.cached() != (i > 0) {
			t.Errorf("%d days: cached %v, %q", days, a.cached(), problem)
		}
	}
}

// TestDamagedEntries: whatever becomes of an entry, the answer is right, and the entry is
// made anew.
func TestDamagedEntries(t *testing.T) {
	c, cache := newCase(t), t.TempDir()
	c.flows()
	want := askCached(t, c, cache, flowTable, cachedQuery)
	entry := entries(t, cache)[0]
	whole, err := os.ReadFile(entry)
	if err != nil {
		t.Fatal(err)
	}
	damage := map[string][]byte{"empty": {}, "cut": whole[:len(whole)/2], "cut at its end": whole[:len(whole)-1], "longer": append(bytes.Clone(whole), 0),
		"zeros": make([]byte, len(whole)), "other": []byte(strings.Repeat("playbook", 100))}
	for at := 0; at < len(whole); at += 1 + len(whole)/60 {
		altered := bytes.Clone(whole)
		altered[at] ^= 0x40
		damage[fmt.Sprintf("byte %d", at)] = altered
	}
	padding := 0
	for what, content := range damage {
		if err := os.WriteFile(entry, content, 0o600); err != nil {
			t.Fatal(err)
		}
		a := askCached(t, c, cache, flowTable, cachedQuery)
		if diff := cmp.Diff(want.rows, a.rows); diff != "" {
			t.Fatalf("%s: %s", what, diff)
		}
		if a.cached() { // the byte was between two parts, where nobody looks
			padding++
			continue
		}
		if again := askCached(t, c, cache, flowTable, cachedQuery); !again.cached() {
			t.Errorf("%s: was not made anew", what)
		}
	}
	if padding > len(damage)/10 {
		t.Errorf("%d of %d damages were not noticed", padding, len(damage))
	}
}

// TestDamageInUse: a store that is altered while it is used gives an error.
func TestDamageInUse(t *testing.T) {
	c, cache := newCase(t), t.TempDir()
	c.flows()
	askCached(t, c, cache, flowTable, cachedQuery)
	e := c.open(func(o *Options) { o.Cache = cache })
	must(t, e, flowTable)
	must(t, e, cachedQuery)
	for _, l := range e.loads { // as if there were no memory for them
		l.store.held.Clear()
	}
	e.room.Store(0)
	file, err := os.OpenFile(entries(t, cache)[0], os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt(bytes.Repeat([]byte{0x55}, 2000), 0); err != nil {
		t.Fatal(err)
	}
	refused(t, e, cachedQuery, "damaged")
}

// TestCacheIsNotNeeded: deleted at any moment, or not to be written to, it changes nothing.
func TestCacheIsNotNeeded(t *testing.T) {
	c, cache := newCase(t), filepath.Join(t.TempDir(), "cache")
	c.flows()
	askCached(t, c, cache, flowTable, cachedQuery)
	e := c.open(func(o *Options) { o.Cache = cache })
	must(t, e, flowTable)
	if a := must(t, e, cachedQuery); !a.cached() {
		t.Error("not cached")
	}
	if err := os.RemoveAll(cache); err != nil {
		t.Fatal(err)
	}
	if a := must(t, e, cachedQuery); len(a.rows) != 75 {
		t.Errorf("%d rows", len(a.rows))
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if a := askCached(t, c, filepath.Join(file, "cache"), flowTable, cachedQuery); len(a.rows) != 75 || a.cached() {
			t.Errorf("%d rows, cached %v", len(a.rows), a.cached())
		}
	}
}

// TestTwoRunsAtOnce share a cache that has nothing yet.
func TestTwoRunsAtOnce(t *testing.T) {
	c, cache := newCase(t), t.TempDir()
	c.flows()
	var wait sync.WaitGroup
	engines := make([]*Engine, 6)
	for i := range engines {
		engines[i] = c.open(func(o *Options) { o.Cache = cache })
		must(t, engines[i], flowTable)
	}
	for _, e := range engines {
		wait.Go(func() {
			a, err := ask(t.Context(), e, cachedQuery)
			if err != nil || len(a.rows) != 75 {
				t.Errorf("%d rows, %v", len(a.rows), err)
			}
		})
	}
	wait.Wait()
	if left, err := filepath.Glob(filepath.Join(cache, newPrefix+"*")); err != nil || len(left) > 0 || len(entries(t, cache)) != 1 {
		t.Errorf("left: %q %v, entries: %q", left, err, entries(t, cache))
	}
	if a := askCached(t, c, cache, flowTable, cachedQuery); !a.cached() {
		t.Error("not cached")
	}
}

// TestWhatCannotBeReadIsNotKept: the next time it may be there.
func TestWhatCannotBeReadIsNotKept(t *testing.T) {
	c, cache := newCase(t), t.TempDir()
	c.flows()
	path := filepath.Join(c.dir, "s3", filepath.FromSlash(flowPath(2, "a.log.gz")))
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if file, err := os.Open(path); err == nil {
		file.Close()
		t.Skip("this user may read everything")
	}
	if a := askCached(t, c, cache, flowTable, cachedQuery); len(a.rows) != 50 || len(entries(t, cache)) > 0 {
		t.Errorf("%d rows, entries %q", len(a.rows), entries(t, cache))
	}
}

func TestEvict(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for name, file := range map[string]struct {
		size int
		age  time.Duration
	}{
		"a" + entrySuffix: {100, 5 * time.Hour}, "b" + entrySuffix: {100, time.Hour}, "c" + entrySuffix: {100, 3 * time.Hour},
		newPrefix + "dead": {1000, 30 * time.Hour}, newPrefix + "alive": {1000, time.Hour}, "README": {1000, 1000 * time.Hour},
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, make([]byte, file.size), 0o600), os.Chtimes(path, now, now.Add(-file.age))); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		limit int64
		want  []string
	}{
		{300, []string{newPrefix + "alive", "README", "a" + entrySuffix, "b" + entrySuffix, "c" + entrySuffix}},
		{250, []string{newPrefix + "alive", "README", "b" + entrySuffix, "c" + entrySuffix}},
		{100, []string{newPrefix + "alive", "README", "b" + entrySuffix}},
		{0, []string{newPrefix + "alive", "README"}},
	} {
		if err := evict(dir, test.limit, now); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, names(t, dir)); diff != "" {
			t.Errorf("%d bytes: %s", test.limit, diff)
		}
	}
	if err := evict(filepath.Join(dir, "none"), 0, now); err == nil {
		t.Error("no error without a folder")
	}
}

// TestNothingIsForgotten fails when a report of a file gains a field: see whether the
// cache has to keep it.
func TestNothingIsForgotten(t *testing.T) {
	var fields []string
	for i := range reflect.TypeFor[fileReport]().NumField() {
		fields = append(fields, reflect.TypeFor[fileReport]().Field(i).Name)
	}
	known := []string{"file", "used", "rows", "skipped", "gaps", "absent", "misfits", "sum", // kept
		"problems", "marked"} // of use only while the file is read
	slices.Sort(fields)
	slices.Sort(known)
	if diff := cmp.Diff(known, fields); diff != "" {
		t.Error(diff)
	}
}
