package dialect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Lint finds what Athena would refuse, or would take to mean something else, in a
// statement that Parse has read without a mistake. In a template, what a hole stands
// for is taken to be right. Each rule names the page of the Athena User Guide, or the
// grammar, that it is from.
func Lint(s *Statement) []*Error {
	l := linter{Statement: s}
	switch held := s.Prepared; {
	case held != nil && held.Statement != nil:
		l.held(held)
	case s.Table != nil:
		l.table(s.Table)
	case s.Class.IsHive():
		l.ddlNames()
	default:
		l.query()
	}
	if s.Class == CreateTableAs && s.Filled != nil {
		l.tableProperties(s.Filled.Properties)
	}
	slices.SortStableFunc(l.mistakes, func(a, b *Error) int { return cmp.Compare(a.Offset, b.Offset) })
	return l.mistakes
}

type linter struct {
	*Statement
	prepared bool // a ? can stand in it
	mistakes []*Error
}

func (l *linter) mistake(offset int, hint, format string, args ...any) {
	l.mistakes = append(l.mistakes, &Error{Offset: offset, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// tokenAt is the token that begins at offset.
func (l *linter) tokenAt(offset int) (Token, int) {
	i, ok := slices.BinarySearchFunc(l.Tokens, offset, func(t Token, offset int) int { return cmp.Compare(t.Offset, offset) })
	if !ok {
		return Token{}, -1
	}
	return l.Tokens[i], i
}

// ddlName checks how a name is written in DDL, at the token that it begins with.
func (l *linter) ddlName(offset int, what, name string) {
	t, i := l.tokenAt(offset)
	switch {
	case i < 0:
	case t.Kind == String: // "Escape reserved keywords in queries": DDL quotes with backticks
		l.mistake(offset, fmt.Sprintf("write `%s`", strings.ReplaceAll(name, "`", "``")), "the name of %s stands in the quotes of a string", what)
	case t.Kind != Word:
	case strings.Contains(name, "-"): // "Name databases, tables, and columns": Special characters
		l.mistake(offset, "use "+strings.ReplaceAll(name, "-", "_"), "the name %s of %s has a - in it, which only _ may be", name, what)
	case strings.HasPrefix(name, "_"): // same page: Names that begin with an underscore
		l.mistake(offset, fmt.Sprintf("write `%s`", name), "the name %s of %s begins with an underscore", name, what)
	case reservedInDDL[strings.ToUpper(name)]:
		l.mistake(offset, fmt.Sprintf("write `%s`", name), "the name %s of %s is a reserved word", name, what)
	}
}

// qualifiedName checks [database.]name from token i on.
func (l *linter) qualifiedName(i int, what string) {
	r := reader{cursor: cursor{tokens: l.Tokens, i: i}, class: l.Class}
	for {
		offset := r.peek().Offset
		name, _, mistake := r.name(what)
		if mistake != nil {
			return
		}
		l.ddlName(offset, what, name)
		if !r.operator(".") {
			return
		}
	}
}

// ddlNames checks the names of DDL that is no CREATE TABLE. What speaks of views alone is
// Trino's. Athena was seen to refuse names in "…" in all the others.
func (l *linter) ddlNames() {
	name := func(o Object, what string) {
		if _, i := l.tokenAt(o.Offset); i >= 0 {
			l.qualifiedName(i, what)
		}
	}
	switch {
	case l.Altered != nil:
		name(l.Altered.Object, "the table")
		for _, p := range l.Altered.Partitions {
			for _, column := range sortedKeys(p.Offsets) {
				l.ddlName(p.Offsets[column], "a partition column", column)
			}
			if p.Location != "" {
				l.location(p.LocationOffset, p.Location)
			}
		}
	case l.Repaired != nil:
		name(*l.Repaired, "the table")
	case l.Dropped != nil && l.Dropped.Kind != "VIEW":
		name(l.Dropped.Object, "what is dropped")
	case l.Database != nil:
		name(l.Database.Object, "the database")
	case l.Shown != nil:
		switch l.Shown.What {
		case ShowColumns, ShowPartitions, ShowCreateTable, ShowProperties, Description:
			name(l.Shown.Object, "the table")
		case ShowTables:
			name(l.Shown.Object, "the database")
		}
	default:
		if c := (cursor{tokens: l.Tokens}); c.words("ALTER", "TABLE") {
			l.qualifiedName(c.i, "the table")
		}
	}
}

// location checks where files are ("Specify a table location in Amazon S3": a folder,
// with the slash; no file, no glob, no ARN, no https).
func (l *linter) location(offset int, location string) {
	rest, ok := strings.CutPrefix(location, "s3://")
	bucket, _, _ := strings.Cut(rest, "/")
	switch {
	case !ok:
		l.mistake(offset, "", "the location %s does not begin with s3://", quote(location))
	case bucket == "":
		l.mistake(offset, "", "the location %s names no bucket", quote(location))
	case strings.Trim(bucket, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != "":
		// "Bucket naming rules" of the Amazon S3 User Guide
		l.mistake(offset, "put the name of the bucket in its place", "%s is not the name of a bucket", quote(bucket))
	case strings.Contains(location, "*"):
		l.mistake(offset, "name the folder; Athena reads all that is in it", "the location %s has a * in it", quote(location))
	case !strings.HasSuffix(location, "/"):
		l.mistake(offset, fmt.Sprintf("end it with a slash: '%s/'", location), "the location %s does not end with a slash", quote(location))
	}
}
