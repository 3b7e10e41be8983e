package dialect

import (
	"fmt"
	"regexp"
	"strings"
)

// object reads [database.]name.
func (r *reader) object(what string) (o Object, mistake *Error) {
	o.Offset = r.peek().Offset
	o.Database, o.Name, o.HasHoles, mistake = r.qualified(what)
	return o, mistake
}

// single reads a name of one part.
func (r *reader) single(what string) (o Object, mistake *Error) {
	o.Offset = r.peek().Offset
	o.Name, o.HasHoles, mistake = r.name(what)
	return o, mistake
}

// createDatabase reads CREATE {DATABASE | SCHEMA} [IF NOT EXISTS] name [COMMENT '…']
// [LOCATION '…'] [WITH DBPROPERTIES (…)] ("CREATE DATABASE").
func (r *reader) createDatabase(s *Statement) (mistake *Error) {
	d := &Database{}
	s.Database = d
	r.i += 2
	d.IfNotExists = r.words("IF", "NOT", "EXISTS")
	if d.Object, mistake = r.single("the name of the database"); mistake != nil {
		return mistake
	}
	if r.words("COMMENT") {
		if d.Comment, _, mistake = r.text("a comment in quotes"); mistake != nil {
			return mistake
		}
	}
	if r.words("LOCATION") {
		if d.Location, _, mistake = r.text("a location in quotes"); mistake != nil {
			return mistake
		}
	}
	if r.words("WITH", "DBPROPERTIES") {
		d.Properties = map[string]string{}
		t := &tableReader{reader: r, Table: &Table{}}
		if mistake := t.pairs(func(_ Token, name string, _ Token, text string) { d.Properties[name] = text }); mistake != nil {
			return mistake
		}
	}
	return r.end()
}

// alterPartitions reads ALTER TABLE t ADD [IF NOT EXISTS] PARTITION (c = 'v', …)
// [LOCATION '…'] … ("ALTER TABLE ADD PARTITION"), and ALTER TABLE t DROP [IF EXISTS]
// PARTITION (…), … ("ALTER TABLE DROP PARTITION").
func (r *reader) alterPartitions(s *Statement) (mistake *Error) {
	a := &Altered{}
	s.Altered = a
	r.words("ALTER", "TABLE")
	if a.Object, mistake = r.object("the name of the table"); mistake != nil {
		return mistake
	}
	adds := r.words("ADD")
	if !adds {
		r.words("DROP")
	}
	a.IfNotExists = r.words("IF", "NOT", "EXISTS")
	a.IfExists = r.words("IF", "EXISTS")
	for {
		p, hole, mistake := r.partition(adds)
		if mistake != nil {
			return mistake
		}
		a.HasHoles = a.HasHoles || hole
		a.Partitions = append(a.Partitions, p)
		switch {
		case adds && r.peek().isOperator(",") && !r.done():
			return &Error{Offset: r.peek().Offset, Message: "no , stands between the partitions of ADD", Hint: "take it out"}
		case adds && !r.peek().is("PARTITION"):
			return r.end()
		case !adds && !r.operator(","):
			r.words("PURGE")
			return r.end()
		}
	}
}

// partition reads PARTITION (c = 'v', …) and, where one can stand, its LOCATION.
func (r *reader) partition(location bool) (p Partition, holes bool, mistake *Error) {
	p = Partition{Values: map[string]string{}, Offsets: map[string]int{}, Offset: r.peek().Offset}
	if !r.words("PARTITION") {
		return p, holes, r.expected("PARTITION (…)")
	}
	if !r.operator("(") {
		return p, holes, r.expected("(")
	}
	for {
		column, mistake := r.single("a partition column")
		holes = holes || column.HasHoles
		if mistake != nil {
			return p, holes, mistake
		}
		if !r.operator("=") {
			mistake := r.expected("=")
			if t := r.peek(); t.isOperator("<") || t.isOperator(">") || t.isOperator("<=") || t.isOperator(">=") {
				mistake.Hint = "name each partition with column = value"
			}
			return p, holes, mistake
		}
		value, hole, mistake := r.constant()
		holes = holes || hole
		if mistake != nil {
			return p, holes, mistake
		}
		if _, twice := p.Values[column.Name]; twice && !holes {
			return p, holes, &Error{Offset: column.Offset, Message: fmt.Sprintf("the partition column %s is given twice", column.Name)}
		}
		p.Values[column.Name], p.Offsets[column.Name] = value, column.Offset
		if r.operator(")") {
			break
		}
		if !r.operator(",") {
			return p, holes, r.expected(", or )")
		}
	}
	if location && r.words("LOCATION") {
		p.LocationOffset = r.peek().Offset
		location, hole, mistake := r.text("a location in quotes")
		p.Location = location
		return p, holes || hole, mistake
	}
	return p, holes, nil
}

func (r *reader) constant() (value string, hole bool, mistake *Error) {
	sign := ""
	if r.operator("-") {
		sign = "-"
	}
	if t := r.peek(); t.Kind == Number && !r.done() {
		r.i++
		return sign + t.Text, false, nil
	}
	r.words("DATE") // DATE '2024-01-01'
	return r.text("a value in quotes")
}

// drop reads DROP TABLE, DROP VIEW and DROP DATABASE ("DROP TABLE", "DROP VIEW",
// "DROP DATABASE"). DROP VIEW is read by Trino's parser, names in "…" and all.
func (r *reader) drop(s *Statement) (mistake *Error) {
	d := &Dropped{}
	s.Dropped = d
	r.words("DROP")
	switch {
	case r.words("TABLE"):
		d.Kind = "TABLE"
	case r.words("VIEW"):
		d.Kind, r.trino = "VIEW", true
	case r.words("DATABASE"), r.words("SCHEMA"):
		d.Kind = "DATABASE"
	default:
		return r.expected("TABLE, VIEW or DATABASE")
	}
	d.IfExists = r.words("IF", "EXISTS")
	if d.Kind == "DATABASE" {
		if d.Object, mistake = r.single("the name of the database"); mistake == nil {
			if d.Cascade = r.words("CASCADE"); !d.Cascade {
				r.words("RESTRICT")
			}
		}
	} else {
		d.Object, mistake = r.object("the name of what to drop")
		if d.Kind == "TABLE" {
			r.words("PURGE")
		}
	}
	if mistake != nil {
		return mistake
	}
	return r.end()
}

func (r *reader) msck(s *Statement) (mistake *Error) {
	if !r.words("MSCK", "REPAIR", "TABLE") {
		r.i++
		return r.expected("REPAIR TABLE")
	}
	s.Repaired = &Object{}
	if *s.Repaired, mistake = r.object("the name of the table"); mistake != nil {
		return mistake
	}
	return r.end()
}

// shows are the forms of SHOW ("DDL statements"), each with its keywords.
var shows = []struct {
	keywords []string
	what     Showing
	read     func(*reader, *Shown) *Error
}{
	{[]string{"TABLES"}, ShowTables, (*reader).listed},
	{[]string{"VIEWS"}, ShowViews, (*reader).listed},
	{[]string{"COLUMNS"}, ShowColumns, (*reader).shownColumns},
	{[]string{"PARTITIONS"}, ShowPartitions, (*reader).shownObject},
	{[]string{"CREATE", "TABLE"}, ShowCreateTable, (*reader).shownObject},
	{[]string{"CREATE", "VIEW"}, ShowCreateView, (*reader).shownView},
	{[]string{"TBLPROPERTIES"}, ShowProperties, (*reader).shownProperties},
	{[]string{"DATABASES"}, ShowDatabases, (*reader).listed},
	{[]string{"SCHEMAS"}, ShowDatabases, (*reader).listed},
	{[]string{"FUNCTIONS"}, ShowFunctions, (*reader).listed},
}

func (r *reader) show(s *Statement) *Error {
	s.Shown = &Shown{}
	r.words("SHOW")
	for _, form := range shows {
		if r.words(form.keywords...) {
			s.Shown.What = form.what
			if mistake := form.read(r, s.Shown); mistake != nil {
				return mistake
			}
			return r.end()
		}
	}
	var names []string
	for _, form := range shows {
		names = append(names, strings.Join(form.keywords, " "))
	}
	mistake := r.expected("what to show")
	mistake.Hint = didYouMean(r.peek().Text, names)
	if mistake.Hint == "" {
		mistake.Hint = "there are " + strings.Join(names, ", ")
	}
	return mistake
}

// listed reads [{IN | FROM} database] [[LIKE] 'pattern'] ("SHOW TABLES", "SHOW VIEWS",
// "SHOW DATABASES").
func (r *reader) listed(shown *Shown) (mistake *Error) {
	if (shown.What == ShowTables || shown.What == ShowViews) && (r.words("IN") || r.words("FROM")) {
		o, mistake := r.single("the name of a database")
		if mistake != nil {
			return mistake
		}
		shown.Database, shown.Offset, shown.HasHoles = o.Name, o.Offset, o.HasHoles
	}
	like := r.words("LIKE")
	token := r.peek()
	if r.done() || !like && token.Kind != String && token.Kind != Hole {
		if like {
			return r.expected("a pattern in quotes")
		}
		return nil
	}
	text, hole, mistake := r.text("a pattern in quotes")
	if mistake != nil {
		return mistake
	}
	shown.HasHoles = shown.HasHoles || hole
	if !hole {
		shown.pattern, mistake = pattern(text, shown.What, token)
	}
	return mistake
}

// pattern reads what a name has to match as a whole. Of tables and views, * stands for
// anything, as .* does; of databases the pattern is a regular expression as it stands
// ("SHOW TABLES", "SHOW VIEWS", "SHOW DATABASES"; SHOW DATABASES LIKE 'abc*' was seen to
// give nothing where abcd exists).
func pattern(text string, what Showing, token Token) (*regexp.Regexp, *Error) {
	var b strings.Builder
	for i, c := range []byte(text) {
		if c == '*' && what != ShowDatabases && (i == 0 || !strings.ContainsRune(".])", rune(text[i-1]))) {
			b.WriteByte('.')
		}
		b.WriteByte(c)
	}
	compiled, err := regexp.Compile("^(?is:" + b.String() + ")$")
	if err != nil {
		return nil, &Error{Offset: token.Offset, Message: fmt.Sprintf("%s is no regular expression", quote(text)),
			Hint: "write .* for any characters, and | between choices"}
	}
	return compiled, nil
}

func (r *reader) shownObject(shown *Shown) (mistake *Error) {
	shown.Object, mistake = r.object("the name of the table")
	return mistake
}

func (r *reader) shownView(shown *Shown) (mistake *Error) {
	r.trino = true
	shown.Object, mistake = r.object("the name of the view")
	return mistake
}

// shownColumns reads {IN | FROM} [database.]table [{IN | FROM} database] ("SHOW COLUMNS").
func (r *reader) shownColumns(shown *Shown) (mistake *Error) {
	if !r.words("IN") && !r.words("FROM") {
		return r.expected("IN or FROM and a table")
	}
	if shown.Object, mistake = r.object("the name of the table"); mistake != nil {
		return mistake
	}
	if shown.Database == "" && (r.words("IN") || r.words("FROM")) {
		o, mistake := r.single("the name of a database")
		shown.Database, shown.HasHoles = o.Name, shown.HasHoles || o.HasHoles
		return mistake
	}
	if r.peek().is("LIKE") {
		return &Error{Offset: r.peek().Offset, Message: "SHOW COLUMNS takes no pattern", Hint: "take LIKE out"}
	}
	return nil
}

// shownProperties reads table [('property')] ("SHOW TBLPROPERTIES").
func (r *reader) shownProperties(shown *Shown) (mistake *Error) {
	if shown.Object, mistake = r.object("the name of the table"); mistake != nil || !r.operator("(") {
		return mistake
	}
	var hole bool
	if shown.Property, hole, mistake = r.text("the name of a property in quotes"); mistake != nil {
		return mistake
	}
	shown.HasHoles = shown.HasHoles || hole
	if !r.operator(")") {
		return r.expected(")")
	}
	return nil
}

// describesNot are words behind DESCRIBE that Athena would take for the name of a table
// ("DESCRIBE", "Unsupported DDL"), with what to write.
var describesNot = map[string]string{
	"TABLE": "write DESCRIBE and the name", "VIEW": "write DESCRIBE and the name",
	"DATABASE": "SHOW DATABASES lists them", "SCHEMA": "SHOW DATABASES lists them",
	"INPUT": "count the ? of the prepared statement", "OUTPUT": "EXECUTE the statement: its answer names columns and types",
}

// describe reads DESCRIBE [EXTENDED | FORMATTED] [database.]table [PARTITION (…)]
// [column] ("DESCRIBE", "DESCRIBE VIEW").
func (r *reader) describe(s *Statement) (mistake *Error) {
	shown := &Shown{What: Description}
	s.Shown = shown
	r.i++
	if instead, ok := describesNot[strings.ToUpper(r.peek().Text)]; ok && r.i+1 < len(r.tokens) && r.tokens[r.i+1].Kind != Operator {
		return &Error{Offset: r.peek().Offset, Message: "Athena does not know DESCRIBE " + strings.ToUpper(r.peek().Text), Hint: instead}
	}
	shown.Extended = r.words("EXTENDED")
	shown.Formatted = !shown.Extended && r.words("FORMATTED")
	if shown.Object, mistake = r.object("the name of a table or view"); mistake != nil {
		return mistake
	}
	if r.peek().is("PARTITION") {
		p, hole, mistake := r.partition(false)
		if mistake != nil {
			return mistake
		}
		shown.Partition, shown.HasHoles = &p, shown.HasHoles || hole
	}
	if r.done() {
		return nil
	}
	column, mistake := r.single("the name of a column")
	if mistake != nil {
		return mistake
	}
	shown.Column, shown.HasHoles = column.Name, shown.HasHoles || column.HasHoles
	if r.peek().isOperator(".") && !r.done() {
		return &Error{Offset: r.peek().Offset, Message: "a part of a column cannot be described here",
			Hint: "leave the part out; the column's type names all of them"}
	}
	return r.end()
}
