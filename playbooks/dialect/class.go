package dialect

import (
	"fmt"
	"strings"
)

// Class is what a statement does, as far as its first words tell.
type Class int

const (
	Other              Class = iota // not one of Athena's statements
	Select                          // SELECT, WITH, VALUES, TABLE, or one of them in parentheses
	CreateTable                     // CREATE [EXTERNAL] TABLE with columns
	CreateTableAs                   // CREATE TABLE … AS SELECT
	CreateView                      // CREATE [OR REPLACE] VIEW
	CreateDatabase                  // CREATE DATABASE or SCHEMA
	AlterAddPartition               // ALTER TABLE … ADD PARTITION
	AlterDropPartition              // ALTER TABLE … DROP PARTITION
	Alter                           // any other ALTER
	Drop                            // of a table, a view or a database
	MsckRepair
	Show
	Describe
	Insert
	Delete
	Update
	Merge
	Optimize
	Vacuum
	Unload
	Prepare
	Execute // of a prepared statement, or EXECUTE IMMEDIATE
	Deallocate
	Explain
)

// Effect is what a statement does beside giving rows.
type Effect int

const (
	// Reads changes nothing. Any number of such statements may run at the same time.
	Reads Effect = iota + 1
	// ChangesCatalog makes, alters or takes away tables, views, databases, partitions or
	// prepared statements, and touches no object in S3. Nothing else may run meanwhile:
	// what a query reads depends on the catalog.
	ChangesCatalog
	// WritesObjects writes or deletes objects in S3, and may change the catalog too. On a
	// case nothing is written but to the run's scratch space.
	WritesObjects
)

// Rule is what is to be known of a class before one of its statements runs.
type Rule struct {
	Effect  Effect
	Page    string // of the Athena User Guide, https://docs.aws.amazon.com/athena/latest/ug/…
	Refused string // why none of the class runs on a case; "" when some or all do
}

// classes is all that depends on the class alone: its name in Athena's words, whether
// Athena reads it with Hive's parser, and its rule. EXECUTE does what the statement does
// that it runs, see Statement.Effect; what it names is not known here, so that the worst
// is said.
var classes = [...]struct {
	name string
	hive bool
	Rule
}{
	Other:              {"statement", false, Rule{WritesObjects, "unsupported-ddl.html", "Athena does not know it"}},
	Select:             {"SELECT", false, Rule{Reads, "select.html", ""}},
	CreateTable:        {"CREATE TABLE", true, Rule{ChangesCatalog, "create-table.html", ""}},
	CreateTableAs:      {"CREATE TABLE AS", false, Rule{WritesObjects, "create-table-as.html", ""}},
	CreateView:         {"CREATE VIEW", false, Rule{ChangesCatalog, "create-view.html", ""}},
	CreateDatabase:     {"CREATE DATABASE", true, Rule{ChangesCatalog, "create-database.html", ""}},
	AlterAddPartition:  {"ALTER TABLE ADD PARTITION", true, Rule{ChangesCatalog, "alter-table-add-partition.html", ""}},
	AlterDropPartition: {"ALTER TABLE DROP PARTITION", true, Rule{ChangesCatalog, "alter-table-drop-partition.html", ""}},
	Alter: {"ALTER", true, Rule{ChangesCatalog, "ddl-reference.html",
		"partitions can be added and dropped; for all else DROP TABLE and make the table as it should be"}},
	Drop:       {"DROP", true, Rule{ChangesCatalog, "drop-table.html", ""}},
	MsckRepair: {"MSCK REPAIR TABLE", true, Rule{ChangesCatalog, "msck-repair-table.html", ""}},
	Show:       {"SHOW", true, Rule{Reads, "ddl-reference.html", ""}},
	Describe:   {"DESCRIBE", true, Rule{Reads, "describe-table.html", ""}},
	Insert:     {"INSERT", false, Rule{WritesObjects, "insert-into.html", ""}},
	Delete: {"DELETE", false, Rule{WritesObjects, "delete-statement.html",
		"it is for Iceberg tables, and evidence is never altered; say in WHERE what is to be left out"}},
	Update: {"UPDATE", false, Rule{WritesObjects, "update-statement.html",
		"it is for Iceberg tables, and evidence is never altered; work out the new value in a view, or in CREATE TABLE AS"}},
	Merge: {"MERGE", false, Rule{WritesObjects, "merge-into-statement.html",
		"it is for Iceberg tables, and evidence is never altered; join the tables in a view, or in CREATE TABLE AS"}},
	Optimize: {"OPTIMIZE", false, Rule{WritesObjects, "optimize-statement.html",
		"it rewrites the files of Iceberg tables, and a case has none"}},
	Vacuum: {"VACUUM", false, Rule{WritesObjects, "vacuum-statement.html",
		"it deletes files of Iceberg tables, and a case has none"}},
	Unload: {"UNLOAD", false, Rule{WritesObjects, "unload.html",
		"it writes files to S3; run the SELECT itself, whose whole answer is kept as evidence"}},
	Prepare:    {"PREPARE", false, Rule{ChangesCatalog, "sql-prepare.html", ""}},
	Execute:    {"EXECUTE", false, Rule{WritesObjects, "sql-execute.html", ""}},
	Deallocate: {"DEALLOCATE", false, Rule{ChangesCatalog, "sql-deallocate-prepare.html", ""}},
	Explain: {"EXPLAIN", false, Rule{Reads, "athena-explain-statement.html",
		"a plan of this engine says nothing of Athena's; run the query itself"}},
}

// String is the class in Athena's words.
func (c Class) String() string {
	if c < 0 || int(c) >= len(classes) {
		return fmt.Sprintf("Class(%d)", int(c))
	}
	return classes[c].name
}

// IsHive reports whether Athena reads the statement with Hive's parser, where "…" is a
// string and \ escapes ("DDL statements"). All others are Trino's. Of SHOW and DROP, the
// forms for views are Trino's too, and take names in either kind of quotes here.
func (c Class) IsHive() bool { return c > 0 && int(c) < len(classes) && classes[c].hive }

// Rule is what is to be known of the class before one of its statements runs.
func (c Class) Rule() Rule {
	if c < 0 || int(c) >= len(classes) {
		c = Other
	}
	return classes[c].Rule
}

// Effect is what the statement does beside giving rows. EXECUTE IMMEDIATE does what the
// statement in its quotes does.
func (s *Statement) Effect() Effect {
	if p := s.Prepared; s.Class == Execute && p != nil && p.Statement != nil {
		return p.Statement.Effect()
	}
	return s.Class.Rule().Effect
}

// leadingWords are the first words of the statements that Athena has ("DDL statements",
// "DML queries, functions, and operators").
var leadingWords = map[string]Class{
	"SELECT": Select, "WITH": Select, "VALUES": Select, "TABLE": Select,
	"CREATE": Other, "ALTER": Alter, "DROP": Drop, "MSCK": MsckRepair, "SHOW": Show, "DESCRIBE": Describe,
	"DESC": Describe, "INSERT": Insert, "DELETE": Delete, "UPDATE": Update, "MERGE": Merge,
	"OPTIMIZE": Optimize, "VACUUM": Vacuum, "UNLOAD": Unload, "PREPARE": Prepare, "EXECUTE": Execute,
	"DEALLOCATE": Deallocate, "EXPLAIN": Explain,
}

// classify tells the class from the first tokens, comments left out.
func classify(first []Token) (Class, *Error) {
	c := cursor{tokens: first}
	for c.operator("(") {
	}
	if c.i > 0 && !startsQuery(c.peek()) {
		return Other, &Error{Offset: first[0].Offset, Message: "a query is expected in these parentheses"}
	}
	lead := c.peek()
	class, known := leadingWords[strings.ToUpper(lead.Text)]
	switch {
	case lead.Kind == Hole:
		return Other, &Error{Offset: lead.Offset, Message: "a statement cannot begin with ${{ }}",
			Hint: "write its first word; ${{ }} stands for a value or a name"}
	case lead.Kind != Word || !known:
		return Other, &Error{Offset: lead.Offset, Message: fmt.Sprintf("%s does not begin a statement of Athena", quote(lead.Text)),
			Hint: didYouMean(lead.Text, sortedKeys(leadingWords))}
	}
	c.i++
	switch {
	case lead.is("CREATE"):
		return c.classifyCreate()
	case lead.is("ALTER") && c.words("TABLE"):
		c.skipName()
		return c.classifyAlter(), nil
	}
	return class, nil
}

func (c *cursor) classifyCreate() (Class, *Error) {
	switch {
	case c.words("EXTERNAL", "TABLE"):
		return CreateTable, nil
	case c.words("TABLE"):
		c.words("IF", "NOT", "EXISTS")
		c.skipName()
		if c.words("AS") || c.words("WITH") { // "CREATE TABLE AS"
			return CreateTableAs, nil
		}
		return CreateTable, nil
	case c.words("VIEW"), c.words("OR", "REPLACE", "VIEW"):
		return CreateView, nil
	case c.words("DATABASE"), c.words("SCHEMA"):
		return CreateDatabase, nil
	}
	next := c.peek() // "Unsupported DDL"
	return Other, &Error{Offset: next.Offset, Message: fmt.Sprintf("Athena does not know CREATE %s", next.Text),
		Hint: "it creates a DATABASE, an EXTERNAL TABLE, a TABLE … AS, or a VIEW"}
}

// classifyAlter tells what follows the name of the table.
func (c *cursor) classifyAlter() Class {
	switch {
	case c.words("ADD", "PARTITION"), c.words("ADD", "IF", "NOT", "EXISTS", "PARTITION"):
		return AlterAddPartition
	case c.words("DROP", "PARTITION"), c.words("DROP", "IF", "EXISTS", "PARTITION"):
		return AlterDropPartition
	}
	return Alter
}

func startsQuery(t Token) bool {
	return t.is("SELECT") || t.is("WITH") || t.is("VALUES") || t.is("TABLE")
}
