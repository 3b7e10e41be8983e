package dialect

import (
	"fmt"
	"slices"
	"strings"
)

// query checks what is Trino's. It knows clauses and single tokens; whether names and
// types fit, only the engine can tell.
func (l *linter) query() {
	l.clauses()
	for i, t := range l.Tokens {
		var before, after Token
		if i > 0 {
			before = l.Tokens[i-1]
		}
		if i+1 < len(l.Tokens) {
			after = l.Tokens[i+1]
		}
		switch t.Kind {
		case BacktickIdentifier: // "Escape reserved keywords in queries"
			name, _ := Unquote(l.Class, t)
			l.mistake(t.Offset, fmt.Sprintf(`write "%s"`, strings.ReplaceAll(name, `"`, `""`)), "names in queries stand in double quotes, not in backticks")
		case QuotedIdentifier:
			if t.Text == `""` {
				l.mistake(t.Offset, "strings stand in single quotes: ''", "a name cannot be empty")
			}
		case String:
			if before.is("AS") { // an alias is an identifier (SqlBase.g4: selectItem)
				l.mistake(t.Offset, fmt.Sprintf(`write "%s"`, strings.Trim(t.Text, "'")), "the name behind AS stands in the quotes of a string")
			}
		case Parameter:
			l.parameter(before, t)
		case Word:
			l.word(before, t, after)
		case Operator:
			l.operator(before, t, after)
		}
	}
}

func (l *linter) word(before, t, after Token) {
	upper := strings.ToUpper(t.Text)
	if isDigit(t.Text[0]) { // "Name databases, tables, and columns": names that begin with numbers
		l.mistake(t.Offset, fmt.Sprintf(`write "%s"`, t.Text), "a name that begins with a digit stands in double quotes")
		return
	}
	if reservedInQueries[upper] && (before.isOperator(".") || before.is("AS") && !startsQuery(t)) {
		l.mistake(t.Offset, fmt.Sprintf(`write "%s"`, t.Text), "the name %s is a reserved word", t.Text)
	}
	switch {
	case upper == "ILIKE":
		l.mistake(t.Offset, "write lower(x) LIKE '…'", "Athena does not know ILIKE")
	case upper == "ON" && before.is("DISTINCT"):
		l.mistake(t.Offset, "use row_number() OVER (…) = 1, or max_by(x, y)", "Athena does not know DISTINCT ON")
	case upper == "TOP" && before.is("SELECT") && after.Kind == Number:
		l.mistake(t.Offset, "write LIMIT at the end", "Athena does not know TOP")
	}
	if instead, ok := foreign[strings.ToLower(t.Text)]; ok && after.isOperator("(") && !before.isOperator(".") {
		l.mistake(t.Offset, "write "+instead, "Athena has no function %s", t.Text)
	}
}

func (l *linter) operator(before, t, after Token) {
	touches := after.Offset == t.End()
	switch {
	case t.Text == ":" && after.isOperator(":") && touches:
		l.mistake(t.Offset, "write CAST(x AS type)", "Athena does not know ::")
	case t.Text == "=" && after.isOperator("=") && touches:
		l.mistake(t.Offset, "write =", "Athena does not know ==")
	case t.Text == "&" || t.Text == "~" || t.Text == "!" || t.Text == "@" || t.Text == "#" || t.Text == `\`:
		l.mistake(t.Offset, "", "Athena does not know %s", t.Text)
	case t.Text == "," && (after.isOperator(")") || after.is("FROM") || after.is("WHERE") || after.is("GROUP") ||
		after.is("ORDER") || after.Text == "" && t.End() == l.Span.End):
		l.mistake(t.Offset, "take it out", "nothing follows this ,")
	}
}

// ranks is the order of the clauses of a query (SqlBase.g4: queryNoWith,
// querySpecification; "SELECT": OFFSET stands before LIMIT).
var ranks = map[string]int{"SELECT": 1, "FROM": 2, "WHERE": 3, "GROUP": 4, "HAVING": 5, "ORDER": 6, "OFFSET": 7, "LIMIT": 8, "FETCH": 8}

// level is what is known of the query in one pair of parentheses.
type level struct {
	rank   int // of the clause that it is in; 0 outside a query
	clause Token
}

// clauses checks the order of the clauses of every query.
func (l *linter) clauses() {
	if !slices.Contains([]Class{Select, CreateTableAs, CreateView, Insert, Unload, Prepare, Explain}, l.Class) {
		return
	}
	levels := []level{{}}
	for i, t := range l.Tokens {
		top := &levels[len(levels)-1]
		switch {
		case t.isOperator("("), t.isOperator("["):
			levels = append(levels, level{})
		case t.isOperator(")"), t.isOperator("]"):
			if len(levels) > 1 {
				levels = levels[:len(levels)-1]
			}
		case t.Kind == Word && i > 0 && l.Tokens[i-1].isOperator("."):
		case t.is("UNION"), t.is("INTERSECT"), t.is("EXCEPT"):
			if top.rank >= ranks["ORDER"] {
				l.mistake(top.clause.Offset, "put the part in parentheses", "%s stands before %s; it belongs behind the last part",
					clauseWord(top.clause), strings.ToUpper(t.Text))
			}
			*top = level{}
		case t.Kind == Word:
			l.clause(top, i)
		case t.isOperator(",") && top.clause.is("LIMIT"):
			l.mistake(t.Offset, "write OFFSET m LIMIT n", "Athena does not know LIMIT m, n")
		}
	}
}

// clause notes that the word at i begins a clause, if it does.
func (l *linter) clause(top *level, i int) {
	t := l.Tokens[i]
	rank, ok := ranks[strings.ToUpper(t.Text)]
	if !ok || top.rank == 0 && rank > 1 || !l.begins(i) {
		return
	}
	switch {
	case rank == 1:
		*top = level{1, t}
		return
	case rank == top.rank:
		l.mistake(t.Offset, "", "there are two %s clauses", clauseWord(t))
	case rank < top.rank:
		l.mistake(t.Offset, "", "%s stands behind %s; it belongs before it", clauseWord(t), clauseWord(top.clause))
	}
	top.rank, top.clause = max(rank, top.rank), t
}

// begins reports whether the word at i, which begins a clause, is not there as a name
// or as part of something else: LIMIT and OFFSET can be names, FROM follows IS DISTINCT.
func (l *linter) begins(i int) bool {
	var before, after Token
	if i > 0 {
		before = l.Tokens[i-1]
	}
	if i+1 < len(l.Tokens) {
		after = l.Tokens[i+1]
	}
	switch strings.ToUpper(l.Tokens[i].Text) {
	case "FROM":
		return !before.is("DISTINCT")
	case "GROUP", "ORDER":
		return after.is("BY")
	case "OFFSET", "LIMIT":
		return (after.Kind == Number || after.Kind == Parameter || after.Kind == Hole || after.is("ALL")) &&
			!before.isOperator(",") && !before.is("SELECT")
	case "FETCH":
		return after.is("FIRST") || after.is("NEXT")
	}
	return true
}

func clauseWord(t Token) string {
	word := strings.ToUpper(t.Text)
	if word == "GROUP" || word == "ORDER" {
		word += " BY"
	}
	return word
}
