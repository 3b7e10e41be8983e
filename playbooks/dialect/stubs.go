package dialect

import "time"

type piece struct{}
type dateFormat struct{}

// Projection reads the table's partition projection. It is nil when the table has none.
func (t *Table) Projection() (*Projection, []*Error) { return nil, nil }

// Match tells the partition that a file belongs to.
func (p *Projection) Match(uri string, now time.Time) (values map[string]string, ok bool) {
	return nil, false
}

// HivePartition tells the partition of a file in the layout of Hive (col=value/…).
func (t *Table) HivePartition(uri string) (values map[string]string, ok bool) { return nil, false }

// Lint finds what Athena would refuse.
func Lint(s *Statement) []*Error { return nil }
