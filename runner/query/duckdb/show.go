package duckdb

import (
	"strings"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

// SHOW and DESCRIBE answer in the columns and rows in which Athena does, but for the
// spaces that pad its values to 20 characters, and for what a case has none of: an owner,
// times of creation.

func (e *Engine) showCatalog(s *dialect.Statement) (steps.Rows, error) {
	switch shown := s.Shown; shown.What {
	case dialect.ShowTables, dialect.ShowViews, dialect.ShowDatabases:
		return e.showNames(s)
	case dialect.ShowColumns, dialect.Description:
		return e.describe(s)
	case dialect.ShowCreateView:
		return e.showView(s)
	case dialect.ShowFunctions:
		return nil, mistake(s.Source, s.Span.Start, "SHOW FUNCTIONS cannot run on a case: it lists Athena's functions, not those that queries on a case have")
	default:
		t, err := e.table(s, shown.Object)
		if err != nil {
			return nil, err
		}
		switch shown.What {
		case dialect.ShowPartitions:
			return t.showPartitions(s)
		case dialect.ShowProperties:
			return newListed(textColumns("prpt_name", "prpt_value"), t.properties(shown.Property)), nil
		}
		return newListed(textColumns("createtab_stmt"), rowsOf(t.def.DDL())), nil
	}
}

// rowsOf is a row for each line.
func rowsOf(text string) [][]any {
	var rows [][]any
	for line := range strings.SplitSeq(text, "\n") {
		rows = append(rows, []any{line})
	}
	return rows
}

// showNames lists tables and views, views alone, or databases. SHOW TABLES lists both
// ("SHOW TABLES": base tables and views).
func (e *Engine) showNames(s *dialect.Statement) (steps.Rows, error) {
	shown := s.Shown
	e.mu.Lock()
	defer e.mu.Unlock()
	databases := e.databaseNames()
	if shown.Database != "" && !databases[shown.Database] {
		return nil, e.unknown(s, dialect.Object{Name: shown.Database, Offset: shown.Offset}, "database", sortedKeys(databases))
	}
	var names []string
	var columns []steps.Column
	switch shown.What {
	case dialect.ShowTables:
		columns, names = textColumns("tab_name"), e.within(shown.Database, true, true)
	case dialect.ShowViews:
		columns, names = textColumns("views"), e.within(shown.Database, false, true)
	default:
		columns, names = textColumns("database_name"), sortedKeys(databases)
	}
	var rows [][]any
	for _, name := range names {
		if shown.Matches(name) {
			rows = append(rows, []any{name})
		}
	}
	return newListed(columns, rows), nil
}

func (e *Engine) showView(s *dialect.Statement) (steps.Rows, error) {
	shown := s.Shown
	key := catalogKey(shown.Database, shown.Name)
	e.mu.Lock()
	defer e.mu.Unlock()
	view := e.views[key]
	if view == nil {
		if e.tables[key] != nil {
			return nil, mistake(s.Source, shown.Offset, "%s is a table; write SHOW CREATE TABLE %s", shown.Name, shown.Name)
		}
		return nil, e.unknown(s, shown.Object, "view", e.within(shown.Database, false, true))
	}
	return newListed(textColumns("create view"), rowsOf("CREATE VIEW "+key+" AS\n"+view.text)), nil
}

// showPartitions lists what is registered. Of a table that has nothing registered the
// list is empty, and nothing was looked at: an empty list must not pass for an answer.
func (t *table) showPartitions(s *dialect.Statement) (steps.Rows, error) {
	if len(t.partitions()) == 0 {
		return nil, mistake(s.Source, s.Shown.Offset, "the table %s is not partitioned", t.def.Name)
	}
	if t.made != nil {
		return nil, mistake(s.Source, s.Shown.Offset, "the table %s was made by CREATE TABLE AS: select its partition columns with DISTINCT instead", t.def.Name)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var rows [][]any
	for _, r := range t.registered {
		rows = append(rows, []any{t.partitionName(r.values)})
	}
	answer := newListed(textColumns("partition"), rows)
	switch {
	case t.projection != nil: // "SHOW PARTITIONS": projected ones are not listed
		answer.quality.Gaps = []steps.Gap{{Source: t.def.Name, Problem: "the table uses partition projection: SHOW PARTITIONS lists only what is registered"}}
	default:
		answer.quality.Examined, answer.quality.Unit = int64(len(rows)), "partitions"
	}
	return answer, nil
}

// properties are those of SHOW TBLPROPERTIES: all, or the one.
func (t *table) properties(one string) [][]any {
	all := map[string]string{"EXTERNAL": "TRUE"}
	if t.def.Comment != "" {
		all["comment"] = t.def.Comment
	}
	for name, value := range t.def.Properties {
		all[name] = value
	}
	var rows [][]any
	for _, name := range sortedKeys(all) {
		if one == "" || one == name {
			rows = append(rows, []any{name, all[name]})
		}
	}
	return rows
}
