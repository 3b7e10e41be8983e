// Package dialect is Athena SQL as text: tokens, the class of a statement, the model of
// its DDL, literals, partition projection, and a lint for what Athena would refuse.
//
// Athena is two dialects: DDL is Hive's, queries and views are Trino's, and they
// disagree on quotes and escapes (Athena User Guide, "SQL reference for Athena"). The
// class of a statement, told from its first words, decides how the rest is read.
//
// A statement may be a template: ${{ … }} holes stand for a literal, a name or a list
// of columns. What an expression in a hole means is not known here, nor is any other
// language than SQL; nothing is executed, and queries are not parsed beyond their
// clauses.
package dialect

// Error is a mistake in a statement, at a byte offset into the text that was given.
type Error struct {
	Offset  int
	Message string
	Hint    string
}

func (e *Error) Error() string {
	if e.Hint != "" {
		return e.Message + "; " + e.Hint
	}
	return e.Message
}

// Kind says what a token is.
type Kind int

const (
	Word               Kind = iota // keyword or unquoted name
	QuotedIdentifier               // "…" of Trino, " doubled
	BacktickIdentifier             // `…`, ` doubled
	String                         // '…' and, in Hive, "…"; also U&'…' and X'…' of Trino
	Number                         // without a sign
	Operator                       // also punctuation
	Hole                           // ${{ … }}
	Comment                        // -- to the end of the line, or /* … */; they do not nest
	Parameter                      // ?
)

// Token is a piece of a statement, verbatim. White space is not a token.
type Token struct {
	Kind   Kind
	Text   string
	Offset int
}

// End is the offset behind the token.
func (t Token) End() int { return t.Offset + len(t.Text) }

// Span is a range of byte offsets.
type Span struct{ Start, End int }
