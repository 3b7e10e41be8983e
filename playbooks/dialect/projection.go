package dialect

import "time"

// ProjectionType is how the values of a partition column are made up.
type ProjectionType string

const (
	Enum     ProjectionType = "enum"
	Integer  ProjectionType = "integer"
	Date     ProjectionType = "date"
	Injected ProjectionType = "injected"
)

// Projection is a table's partition projection ("Partition projection with Amazon
// Athena"): which partitions there are, and where, told from properties alone.
type Projection struct {
	Columns  []ProjectedColumn // in the order of the table's partition columns
	Template string            // storage.location.template, or the layout of Hive; ends in "/"

	pieces []piece
}

// ProjectedColumn is one partition column.
type ProjectedColumn struct {
	Name string
	Type ProjectionType

	Values   []string // of Enum
	Min, Max int64    // of Integer, both included
	Digits   int      // of Integer; 0 for no leading zeros
	Interval int64    // of Integer and Date; at least 1
	From, To Moment   // of Date, both included
	Format   string   // of Date, as java.time.format.DateTimeFormatter writes it
	Unit     string   // of Date: YEARS … MILLISECONDS

	format dateFormat
}

// Moment is an end of a range of dates: a date, or one relative to now.
type Moment struct {
	Time  time.Time // UTC; not for Relative
	Now   bool
	Count int    // of Unit, from now; negative for the past
	Unit  string // YEARS … SECONDS
}
