package duckdb

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

// registration is a partition of a table without partition projection: its value for each
// partition column, and the folder of its files.
type registration struct {
	values []string
	folder string // below s3/, without / at its ends
}

// nullPartition is how Hive writes NULL as the value of a partition.
const nullPartition = "__HIVE_DEFAULT_PARTITION__"

// isRegistered tells whether the table has only those partitions that ALTER TABLE ADD
// PARTITION or MSCK REPAIR TABLE registered ("Partition your data"). With projection, what
// is registered has no effect ("Set up partition projection").
func (t *table) isRegistered() bool { return t.projection == nil && len(t.partitions()) > 0 }

// partitionName is the name of a partition, which is also the folder that MSCK REPAIR
// TABLE looks for: year=2026/kind=a%2Fb.
func (t *table) partitionName(values []string) string {
	parts := make([]string, len(values))
	for i, c := range t.partitions() {
		parts[i] = c.name + "=" + escapePath(values[i])
	}
	return strings.Join(parts, "/")
}

// escapePath writes what has a meaning in a path as %XX (Hive's FileUtils.escapePathName).
func escapePath(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == 0x7f || strings.IndexByte("\"#%'*/:=?\\{[]^", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// fits tells whether a partition column can have this value.
func (c *column) fits(value string) bool {
	return c.kind == text || value == nullPartition || new(cells).parse(c, []byte(value))
}

// same tells whether two values of a partition column are one value: of numbers, 07 is 7.
func (c *column) same(a, b string) bool {
	if c.kind.isInteger() {
		n, errA := strconv.ParseInt(a, 10, 64)
		m, errB := strconv.ParseInt(b, 10, 64)
		return a == b || errA == nil && errB == nil && n == m
	}
	return a == b
}

func (t *table) samePartition(a, b []string) bool {
	for i, c := range t.partitions() {
		if !c.same(a[i], b[i]) {
			return false
		}
	}
	return true
}

// alteredTable is the table that a statement on partitions names.
func (e *Engine) alteredTable(s *dialect.Statement, o dialect.Object) (*table, error) {
	t, err := e.table(s, o)
	switch {
	case err != nil:
		return nil, err
	case t.made != nil:
		return nil, mistake(s.Source, o.Offset, "the table %s was made by CREATE TABLE AS: on a case its rows are not in files, and its partitions are those of its rows", o.Name)
	case len(t.partitions()) == 0 && s.Class != dialect.MsckRepair:
		return nil, mistake(s.Source, o.Offset, "the table %s is not partitioned; make it with PARTITIONED BY (…)", o.Name)
	}
	return t, nil
}

// altered is the answer to a statement that changed partitions.
func (t *table) altered() *listed {
	l := &listed{quality: steps.Quality{Examined: 1, Unit: "statement"}}
	if t.projection != nil {
		l.quality.Gaps = []steps.Gap{{Source: t.def.Name,
			Problem: "the table uses partition projection: partitions that are registered have no effect on queries"}}
	}
	return l
}

func (e *Engine) addPartitions(s *dialect.Statement) (steps.Rows, error) {
	t, err := e.alteredTable(s, s.Altered.Object)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	registered := t.registered
	for _, p := range s.Altered.Partitions {
		values, err := t.valuesOf(s, p)
		if err != nil {
			return nil, err
		}
		r := registration{values: values, folder: path.Join(t.bucket, t.prefix, t.partitionName(values))}
		if p.Location != "" {
			if r.folder, err = folderOf(s, p); err != nil {
				return nil, err
			}
		}
		exists := slices.ContainsFunc(registered, func(other registration) bool { return t.samePartition(other.values, values) })
		switch {
		case exists && !s.Altered.IfNotExists:
			return nil, mistake(s.Source, p.Offset, "the table %s has the partition %s already; say IF NOT EXISTS", t.def.Name, t.partitionName(values))
		case !exists:
			registered = append(slices.Clip(registered), r)
		}
	}
	t.setPartitions(registered)
	return t.altered(), nil
}

// setPartitions makes the next query read the table anew. The caller holds t.mu.
func (t *table) setPartitions(registered []registration) {
	t.registered = registered
	if t.projection == nil {
		t.loaded = nil
	}
}

// valuesOf is the value of each partition column, all of which have to be named.
func (t *table) valuesOf(s *dialect.Statement, p dialect.Partition) ([]string, error) {
	if err := t.knows(s, p); err != nil {
		return nil, err
	}
	columns := t.partitions()
	values := make([]string, len(columns))
	for i, c := range columns {
		value, ok := p.Values[c.name]
		if !ok {
			return nil, mistake(s.Source, p.Offset, "the partition lacks a value for %s", c.name)
		}
		values[i] = value
	}
	return values, nil
}

// knows refuses columns that are no partition columns, and values that do not fit.
func (t *table) knows(s *dialect.Statement, p dialect.Partition) error {
	var names []string
	for _, c := range t.partitions() {
		names = append(names, c.name)
	}
	for _, name := range sortedKeys(p.Values) {
		i := slices.Index(names, name)
		if i < 0 {
			return mistake(s.Source, p.Offsets[name], "the table %s has no partition column %s; it has %s", t.def.Name, name, strings.Join(names, ", "))
		}
		if c := t.partitions()[i]; !c.fits(p.Values[name]) {
			return mistake(s.Source, p.Offsets[name], "%q is no %s, which the partition column %s is", p.Values[name], c.athena, name)
		}
	}
	return nil
}

func folderOf(s *dialect.Statement, p dialect.Partition) (string, error) {
	location, ok := strings.CutPrefix(p.Location, "s3://")
	folder := strings.TrimSuffix(location, "/")
	if !ok || folder == "" || !plainPath(folder) {
		return "", mistake(s.Source, p.LocationOffset, "LOCATION %q cannot be a folder of a case; it must be s3://bucket/prefix/", p.Location)
	}
	return folder, nil
}

func (e *Engine) dropPartitions(s *dialect.Statement) (steps.Rows, error) {
	t, err := e.alteredTable(s, s.Altered.Object)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	registered := t.registered
	for _, p := range s.Altered.Partitions {
		if err := t.knows(s, p); err != nil {
			return nil, err
		}
		left := slices.DeleteFunc(slices.Clone(registered), func(r registration) bool { return t.meets(r, p) })
		if len(left) == len(registered) && !s.Altered.IfExists {
			return nil, mistake(s.Source, p.Offset, "the table %s has no such partition; SHOW PARTITIONS lists them, and IF EXISTS passes over it", t.def.Name)
		}
		registered = left
	}
	t.setPartitions(registered)
	return t.altered(), nil
}

// meets tells whether a partition has all of these values.
func (t *table) meets(r registration, p dialect.Partition) bool {
	for i, c := range t.partitions() {
		if value, ok := p.Values[c.name]; ok && !c.same(value, r.values[i]) {
			return false
		}
	}
	return true
}
