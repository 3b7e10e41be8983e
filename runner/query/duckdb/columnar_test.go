package duckdb

import (
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	driverpkg "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playbook/runner/query/trino"
)

// TestStoreGivesWhatItTook puts rows of all kinds into a store and has DuckDB read them:
// few and many different values, extreme ones, NULLs, constants, and numbers of rows
// around the sizes of chunks and batches.
func TestStoreGivesWhatItTook(t *testing.T) {
	e := newCase(t).open()
	columns := []column{{name: "s", kind: text}, {name: "ti", kind: tinyInt}, {name: "si", kind: smallInt}, {name: "i", kind: integerKind},
		{name: "bi", kind: bigInt}, {name: "f", kind: float}, {name: "d", kind: doubleKind}, {name: "b", kind: boolean},
		{name: "dt", kind: date}, {name: "ts", kind: timestamp}, {name: "id", kind: text}}
	texts := []string{"", "a", "twelve bytes", "more than twelve bytes", "ñandú", "203.0.113.250"}
	whole := true // a batch and a bit, the first time
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.SampledFrom([]int{1, 2, 63, 64, 65, 300, 300, 1000, chunkRows - 1, chunkRows, chunkRows + 1}).Draw(t, "rows")
		if whole {
			count, whole = batchRows+3, false
		}
		nulls := rapid.SampledFrom([]int{0, 0, 1, 2, 100}).Draw(t, "of a hundred NULL")
		low := rapid.Int64().Draw(t, "lowest")
		span := rapid.SampledFrom([]int64{1, 2, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64}).Draw(t, "span")
		seed := rapid.Uint64().Draw(t, "seed")
		next := func() uint64 { // splitmix64
			seed += 0x9e3779b97f4a7c15
			z := (seed ^ seed>>30) * 0xbf58476d1ce4e5b9
			z = (z ^ z>>27) * 0x94d049bb133111eb
			return z ^ z>>31
		}
		file, err := os.CreateTemp("", "store-*")
		if err != nil {
			t.Fatal(err)
		}
		made := &load{name: "stored", columns: columns, store: &store{file: file, scratch: true, room: &e.room}}
		defer made.store.close()
		var want [][]any
		b := newBatch(columns)
		flush := func() {
			written, _, err := made.store.write(b, nil)
			if err != nil {
				t.Fatal(err)
			}
			made.batches, made.rows = append(made.batches, written), made.rows+int64(b.rows)
			b.reset()
		}
		for range count {
			var row []any
			for i := range columns {
				c, to := &columns[i], &b.columns[i]
				if int(next()%100) < nulls {
					to.addNull()
					row = append(row, nil)
					continue
				}
				n := low + int64(next()%uint64(span))
				switch c.kind {
				case text:
					s := texts[int(next()%uint64(len(texts)))]
					if c.name == "id" {
						s = fmt.Sprint("id-", next())
					}
					to.addText([]byte(s))
					row = append(row, s)
					continue
				case tinyInt:
					n = int64(int8(n))
				case smallInt:
					n = int64(int16(n))
				case integerKind:
					n = int64(int32(n))
				case float:
					f := float64(float32(n))
					to.addFloat(f)
					row = append(row, f)
					continue
				case doubleKind:
					to.addFloat(float64(n) / 3)
					row = append(row, float64(n)/3)
					continue
				case boolean:
					to.add(c, n%2 == 0)
					row = append(row, n%2 == 0)
					continue
				case date, timestamp:
					at := time.UnixMilli(n % 200e12).UTC() // the years -4000 to 8000
					if c.kind == date {
						at = at.Truncate(24 * time.Hour)
					}
					to.add(c, at)
					row = append(row, at)
					continue
				}
				to.add(c, n)
				row = append(row, n)
			}
			want = append(want, row)
			if b.rows++; b.isFull() {
				flush()
			}
		}
		if b.rows > 0 {
			flush()
		}
		for _, c := range columns {
			kind, err := c.typeInfo()
			if err != nil {
				t.Fatal(err)
			}
			made.types = append(made.types, kind)
		}
		e.mu.Lock()
		e.loads[made.name] = made
		e.mu.Unlock()
		defer delete(e.loads, made.name)
		rows, err := e.db.Query("SELECT * FROM playbook_scan('stored', '')")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		for at := range want {
			if !rows.Next() {
				t.Fatalf("%d rows, want %d: %v", at, len(want), rows.Err())
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			for i := range values {
				if got := plainValue(values[i], trino.Type{}); !cmp.Equal(got, want[at][i]) {
					t.Fatalf("row %d, column %s: %v, want %v", at, columns[i].name, got, want[at][i])
				}
			}
		}
		if rows.Next() || rows.Err() != nil {
			t.Fatalf("more rows than %d, %v", len(want), rows.Err())
		}
	})
}

// TestValues: what is kept of nested values and decimals comes back, and damage to it is
// told.
func TestValues(t *testing.T) {
	var m driverpkg.OrderedMap
	m.Set("k", int64(1))
	m.Set("none", nil)
	values := []any{nil, true, false, int64(math.MinInt64), int64(7), 2.5, math.Inf(-1), "", "text", march1.Add(123456789), time.Unix(-5, 7).UTC(),
		driverpkg.Decimal{Width: 38, Scale: 2, Value: big.NewInt(-12345)}, []any{}, []any{int64(1), nil, []any{"x"}},
		map[string]any{"a": nil, "b": map[string]any{}, "c": []any{m}}, m}
	var written []byte
	for _, value := range values {
		var err error
		if written, err = appendValue(written, value); err != nil {
			t.Fatal(err)
		}
	}
	r := valueReader{rest: written}
	same := cmp.Comparer(func(a, b driverpkg.OrderedMap) bool {
		return cmp.Equal(a.Keys(), b.Keys()) && cmp.Equal(a.Values(), b.Values())
	})
	numbers := cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })
	for i, value := range values {
		if diff := cmp.Diff(value, r.value(), same, numbers); diff != "" {
			t.Errorf("value %d: %s", i, diff)
		}
	}
	if r.damaged || len(r.rest) > 0 {
		t.Errorf("damaged %v, %d bytes left", r.damaged, len(r.rest))
	}
	for size := range len(written) {
		cut := valueReader{rest: written[:size]}
		for range values {
			cut.value()
		}
		if !cut.damaged {
			t.Errorf("the first %d bytes are taken for all", size)
		}
	}
	if _, err := appendValue(nil, struct{}{}); err == nil {
		t.Error("a struct of Go was stored")
	}
	for kind, value := range map[any]any{int64(5): 5, int64(6): int32(6), 1.5: float32(1.5), "b": []byte("b")} {
		text, err := appendValue(nil, value)
		if got := (&valueReader{rest: text}).value(); err != nil || got != kind {
			t.Errorf("%T became %v, %v", value, got, err)
		}
	}
}

// FuzzValues: nothing that lies in a store makes reading it panic.
func FuzzValues(f *testing.F) {
	f.Add([]byte{valueList, 2, valueInt, 4, valueStruct, 1, 1, 'a', valueMap, 1, valueText, 1, 'b', valueNull})
	f.Add([]byte{valueList, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add([]byte{valueDecimal, 5, 2, 3, '1', '2', 'x'})
	f.Fuzz(func(t *testing.T, text []byte) { (&valueReader{rest: text}).value() })
}

// TestDictionaryOfManyTexts grows the list of texts many times over.
func TestDictionaryOfManyTexts(t *testing.T) {
	var list texts
	list.reset()
	const count = 50_000
	for round := range 2 {
		for i := range count {
			if id := list.id(fmt.Appendf(nil, "text %d", i)); id != uint32(i+1) {
				t.Fatalf("round %d: text %d has the number %d", round, i, id)
			}
		}
	}
	if got := string(list.at(count)); got != fmt.Sprintf("text %d", count-1) {
		t.Errorf("%q", got)
	}
	list.reset()
	if id := list.id([]byte("text 7")); id != 1 {
		t.Errorf("after a reset the first text has the number %d", id)
	}
}

// TestStoreFiles: a part that does not lie in the file is damage, not a crash.
func TestStoreFiles(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := &store{file: file}
	for _, p := range []part{{}, {Offset: -1, Size: 100}, {Offset: 1 << 40, Size: 100}, {Size: 1 << 62}, {Size: -5}} {
		if _, err := s.read(p, nil); err == nil {
			t.Errorf("%+v was read", p)
		}
	}
}

// TestOrderOfBatches: rows keep their order when several workers read files and several
// threads answer, in the shapes of queries where order counts.
func TestOrderOfBatches(t *testing.T) {
	c := newCase(t)
	const files, each = 5, 180_000
	for f := range files {
		var lines []byte
		for i := range each { // more than groupBytes, so that each file is a group
			lines = fmt.Appendf(lines, "%d,%d\n", 1_000_000+f*each+i, i%7)
		}
		c.write(fmt.Sprintf("b/t/%d.txt", f), lines)
	}
	e := c.open(func(o *Options) { o.Threads = 4 })
	must(t, e, "CREATE EXTERNAL TABLE t (n int, k int) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 's3://b/t/'")
	for sql, count := range map[string]int{
		"SELECT n FROM t":                                                     files * each,
		"SELECT n FROM t LIMIT 90000":                                         90_000,
		"SELECT n FROM t WHERE n >= 1700000 LIMIT 50000":                      50_000,
		"SELECT n FROM t WHERE n % 100000 = 17":                               files * each / 100_000,
		"SELECT n FROM (SELECT n FROM t WHERE k = 3) WHERE n > 1100000":       0,
		"WITH a AS (SELECT n FROM t) SELECT a.n FROM a WHERE n % 50000 = 0":   files * each / 50_000,
		"SELECT max(n) FROM t":                                                1,
		"SELECT count(*) FROM t a JOIN t b ON a.n = b.n WHERE a.n % 1000 = 0": 1,
	} {
		rows := must(t, e, sql).rows
		if count > 0 && len(rows) != count {
			t.Errorf("%s: %d rows, want %d", sql, len(rows), count)
		}
		for i := range rows[1:] {
			if rows[i+1][0].(int64) <= rows[i][0].(int64) {
				t.Errorf("%s: %v comes before %v", sql, rows[i][0], rows[i+1][0])
				break
			}
		}
	}
	if batches := len(e.tables["default.t"].loaded.batches); batches < 2*files {
		t.Errorf("%d batches", batches)
	}
	want := [][]any{{int64(files * each), int64(files*each - 1 + 1_000_000)}}
	for _, sql := range []string{"SELECT count(*), max(n) FROM t", "SELECT count(n), max(n) FROM (SELECT n FROM t UNION ALL SELECT n FROM t WHERE n < 0)",
		"WITH a AS (SELECT * FROM t) SELECT (SELECT count(*) FROM a), (SELECT max(n) FROM a)"} {
		if diff := cmp.Diff(want, must(t, e, sql).rows); diff != "" {
			t.Errorf("%s: %s", sql, diff)
		}
	}
}
