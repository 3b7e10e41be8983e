package dialect

import (
	"fmt"
	"strings"
)

// Class is what a statement does, as far as its first words tell.
type Class int

const (
	Other             Class = iota // not one of Athena's statements
	Select                         // SELECT, WITH, VALUES, TABLE, or one of them in parentheses
	CreateTable                    // CREATE [EXTERNAL] TABLE with columns
	CreateTableAs                  // CREATE TABLE … AS SELECT
	CreateView                     // CREATE [OR REPLACE] VIEW
	CreateDatabase                 // CREATE DATABASE or SCHEMA
	AlterAddPartition              // ALTER TABLE … ADD PARTITION
	Alter                          // any other ALTER
	Drop
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
	Execute
	Deallocate
	Explain
)

var classNames = [...]string{"statement", "SELECT", "CREATE TABLE", "CREATE TABLE AS", "CREATE VIEW",
	"CREATE DATABASE", "ALTER TABLE ADD PARTITION", "ALTER", "DROP", "MSCK REPAIR TABLE", "SHOW", "DESCRIBE",
	"INSERT", "DELETE", "UPDATE", "MERGE", "OPTIMIZE", "VACUUM", "UNLOAD", "PREPARE", "EXECUTE", "DEALLOCATE",
	"EXPLAIN"}

// String is the class in Athena's words.
func (c Class) String() string {
	if c < 0 || int(c) >= len(classNames) {
		return fmt.Sprintf("Class(%d)", int(c))
	}
	return classNames[c]
}

// IsHive reports whether Athena reads the statement with Hive's parser, where "…" is a
// string and \ escapes ("DDL statements"). All others are Trino's.
func (c Class) IsHive() bool {
	switch c {
	case CreateTable, CreateDatabase, AlterAddPartition, Alter, Drop, MsckRepair, Show, Describe:
		return true
	}
	return false
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
		if c.words("ADD") && (c.words("IF", "NOT", "EXISTS") || true) && c.words("PARTITION") {
			return AlterAddPartition, nil
		}
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

func startsQuery(t Token) bool {
	return t.is("SELECT") || t.is("WITH") || t.is("VALUES") || t.is("TABLE")
}
