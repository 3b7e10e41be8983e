// Package query reads Trino's queries, as Athena engine version 3 takes them, into a
// tree. It knows the grammar alone (trinodb/trino, SqlBase.g4: query, relation,
// expression): what names and types stand for is for an engine to say.
//
// ${{ }} holes are read as expressions or names, so that a template can be checked
// before its values are known.
package query

// Name is an identifier. Names are compared without regard to case, quoted or not.
type Name struct {
	Text string
	Pos  int // byte offset into the statement, as everywhere in the tree
	Hole bool
}

// Query is a query with what stands around its body.
type Query struct {
	Pos     int
	With    []With
	Body    Body
	OrderBy []Order
	Offset  Expr // nil when there is none, as is Limit
	Limit   Expr
}

// With is one named query of WITH.
type With struct {
	Name    Name
	Columns []Name
	Query   *Query
}

// Body is *Select, *SetOperation, *Values, *Table (TABLE t) or *Query (in parentheses).
type Body interface{ body() }

// Select is a SELECT without ORDER BY and LIMIT, which belong to its Query.
type Select struct {
	Pos      int
	Distinct bool
	Items    []Item
	From     Relation // nil when there is none
	Where    Expr
	GroupBy  *GroupBy
	Having   Expr
	Windows  map[string]*Window // of WINDOW, by name in lower case
}

// Item is one item of a SELECT list. Without Expr it is *, or Of.*.
type Item struct {
	Pos   int
	Expr  Expr
	Alias Name
	Of    []Name
}

// GroupBy is the expressions to group by, and which of them each grouping set has.
type GroupBy struct {
	Exprs []Expr
	Sets  [][]int // nil for one set of all
}

// SetOperation is UNION, INTERSECT or EXCEPT.
type SetOperation struct {
	Pos         int
	Kind        string // in upper case
	All         bool
	Left, Right Body
}

// Values is a list of rows; one of several columns is a *Row.
type Values struct {
	Pos  int
	Rows []Expr
}

// Order is one item of ORDER BY. NullsFirst is nil when it does not say.
type Order struct {
	Expr       Expr
	Desc       bool
	NullsFirst *bool
}

// Relation is *Table, *Derived, *Unnest or *Join.
type Relation interface{ relation() }

// Alias is the name of a relation, and the names of its columns.
type Alias struct {
	Name    Name // Text is "" when there is none
	Columns []Name
}

// Table is a table or a view by its name.
type Table struct {
	Pos   int
	Name  []Name // database and table, or the table alone
	Alias Alias
}

// Derived is a query behind FROM.
type Derived struct {
	Pos     int
	Query   *Query
	Lateral bool
	Alias   Alias
}

// Unnest makes rows of arrays and maps.
type Unnest struct {
	Pos        int
	Exprs      []Expr
	Ordinality bool
	Alias      Alias
}

// Join joins two relations; CROSS has neither On nor Using.
type Join struct {
	Pos         int
	Kind        string // INNER, LEFT, RIGHT, FULL, CROSS
	Left, Right Relation
	On          Expr
	Using       []Name
}

func (*Select) body()       {}
func (*SetOperation) body() {}
func (*Values) body()       {}
func (*Table) body()        {}
func (*Query) body()        {}

func (*Table) relation()   {}
func (*Derived) relation() {}
func (*Unnest) relation()  {}
func (*Join) relation()    {}

// Expr is an expression; At is where it stands.
type Expr interface{ At() int }

// Place is embedded in every expression.
type Place int

// At is the byte offset into the statement.
func (p Place) At() int { return int(p) }

// Kinds of literals.
const (
	Null    = "null"
	Boolean = "boolean"
	Integer = "integer"
	Decimal = "decimal"
	Double  = "double"
	String  = "varchar"
	Binary  = "varbinary"
)

type (
	// Literal is a value by itself. Text is without quotes and escapes; that of Binary
	// is the bytes.
	Literal struct {
		Place
		Kind, Text string
	}
	// Typed is a type and a string: DATE '2026-03-01'.
	Typed struct {
		Place
		Type Type
		Text string
	}
	// Interval is INTERVAL '1' DAY.
	Interval struct {
		Place
		Negative bool
		Text     string
		From, To string // units in lower case; To is "" for a single one
	}
	// Hole is ${{ }}; Parameter is ?, counted from 0.
	Hole      struct{ Place }
	Parameter struct {
		Place
		Index int
	}
	// Ident is a name that stands alone; Field is one behind a point.
	Ident struct {
		Place
		Name string
	}
	Field struct {
		Place
		Of   Expr
		Name string
	}
	// Subscript is a[i].
	Subscript struct {
		Place
		Of, Index Expr
	}
	// Unary is -x, +x or NOT x.
	Unary struct {
		Place
		Op string
		X  Expr
	}
	// Binary is + - * / % || = <> < <= > >= AND OR, or IS DISTINCT FROM.
	BinaryOp struct {
		Place
		Op   string
		L, R Expr
	}
	// Between, In, Like and IsNull are tests; Not turns them around.
	Between struct {
		Place
		Not        bool
		X, Low, Up Expr
	}
	In struct {
		Place
		Not   bool
		X     Expr
		List  []Expr
		Query *Query // instead of List
	}
	Like struct {
		Place
		Not                bool
		X, Pattern, Escape Expr
	}
	IsNull struct {
		Place
		Not bool
		X   Expr
	}
	// Quantified is x op ALL (query) or ANY.
	Quantified struct {
		Place
		Op    string
		All   bool
		X     Expr
		Query *Query
	}
	// Exists and Subquery hold queries.
	Exists struct {
		Place
		Query *Query
	}
	Subquery struct {
		Place
		Query *Query
	}
	// Case has an Operand only in its simple form.
	Case struct {
		Place
		Operand Expr
		When    []When
		Else    Expr
	}
	// Cast is CAST or TRY_CAST.
	Cast struct {
		Place
		X    Expr
		Type Type
		Try  bool
	}
	// Array is ARRAY[…]; Row is ROW(…) or (a, b).
	Array struct {
		Place
		Items []Expr
	}
	Row struct {
		Place
		Items []Expr
	}
	// Lambda is x -> body.
	Lambda struct {
		Place
		Params []Name
		Body   Expr
	}
	// Zone is x AT TIME ZONE zone.
	Zone struct {
		Place
		X, Zone Expr
	}
	// Extract is EXTRACT(field FROM x).
	Extract struct {
		Place
		Field string
		X     Expr
	}
	// Call is a call of a function, in lower case, with all that can stand around it.
	// Special syntax is read as the function of that name: trim, substring, position,
	// normalize, current_date, grouping, if, coalesce, nullif, try.
	Call struct {
		Place
		Name        string
		Args        []Expr
		Star        bool // count(*)
		Distinct    bool
		OrderBy     []Order
		Within      []Order // WITHIN GROUP (ORDER BY …)
		Overflow    string  // of listagg: "", "error" or "truncate"
		Filter      Expr
		Over        *Window
		IgnoreNulls bool
	}
)

// When is one branch of CASE.
type When struct{ If, Then Expr }

// Window is what stands behind OVER. Base is the name of one of WINDOW.
type Window struct {
	Pos         int
	Base        string
	PartitionBy []Expr
	OrderBy     []Order
	Frame       *Frame
}

// Frame is ROWS, RANGE or GROUPS. A Bound without Expr is CURRENT ROW or UNBOUNDED.
type Frame struct {
	Unit       string
	Start, End Bound
}

// Bound is one end of a frame.
type Bound struct {
	Kind string // UNBOUNDED PRECEDING, PRECEDING, CURRENT ROW, FOLLOWING, UNBOUNDED FOLLOWING
	Expr Expr
}

// Type is a type as it is written in a query.
type Type struct {
	Pos    int
	Name   string // in lower case; "timestamp with time zone" is one name
	Params []int  // decimal(10,2), varchar(5), timestamp(6)
	Args   []Type // of array, map and row
	Fields []string
}
