package dialect

import "regexp"

// Object is a table, a view, a database or a prepared statement where a statement names
// it. A database stands in Name.
type Object struct {
	Database, Name string // lower case; "" when a hole stands there
	Offset         int
	HasHoles       bool
}

// View is what a CREATE VIEW defines; its query is the statement's Body.
type View struct {
	Object
	OrReplace bool
}

// Database is what a CREATE DATABASE makes.
type Database struct {
	Object
	IfNotExists bool
	Comment     string
	Location    string
	Properties  map[string]string // DBPROPERTIES
}

// Altered is the partitions that ALTER TABLE … ADD PARTITION registers, or that DROP
// PARTITION takes out.
type Altered struct {
	Object
	IfNotExists bool // of ADD
	IfExists    bool // of DROP
	Partitions  []Partition
}

// Partition is one partition: its value for each partition column, and where its files
// are. A Location of "" means the layout of Hive, under the table's own. Of DROP PARTITION
// it is every partition that has these values.
type Partition struct {
	Values   map[string]string
	Location string

	Offset         int            // of the word PARTITION
	Offsets        map[string]int // of each column's name
	LocationOffset int
}

// Dropped is what DROP takes away.
type Dropped struct {
	Object
	Kind     string // TABLE, VIEW or DATABASE
	IfExists bool
	Cascade  bool // of a database: with all that is in it
}

// Showing is what SHOW and DESCRIBE list.
type Showing int

const (
	ShowTables Showing = iota
	ShowViews
	ShowColumns
	ShowPartitions
	ShowCreateTable
	ShowCreateView
	ShowProperties
	ShowDatabases
	ShowFunctions
	Description // DESCRIBE
)

// Shown is a SHOW or DESCRIBE. The Object is the table or view; of
// ShowTables and ShowViews only its Database counts.
type Shown struct {
	Object
	What      Showing
	Property  string     // of ShowProperties: the only one that is wanted
	Formatted bool       // DESCRIBE FORMATTED
	Extended  bool       // DESCRIBE EXTENDED
	Column    string     // of Description: the only one that is wanted
	Partition *Partition // of Description

	pattern *regexp.Regexp
}

// Matches reports whether the statement's pattern takes a name.
func (s *Shown) Matches(name string) bool { return s.pattern == nil || s.pattern.MatchString(name) }

// Filled is the table that CREATE TABLE AS makes, or that INSERT INTO adds to; the query
// is the statement's Body.
type Filled struct {
	Object
	IfNotExists bool
	NoData      bool       // WITH NO DATA
	Properties  []Property // of WITH
	Columns     []Object   // that INSERT lists; nil for all
}

// Property is a property of CREATE TABLE AS: name = 'text', or name = ARRAY['a', 'b'].
type Property struct {
	Name    string // as written: these names are told apart by case
	Values  []string
	IsList  bool
	HasHole bool
	Offset  int // of the name
	Value   int // where the value begins
}
