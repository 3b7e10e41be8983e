package duckdb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"playbook/playbooks/dialect"
)

// The catalog is the run's own: it begins with an empty database, "default", and holds
// what the run makes. A database is there when it was created, or when a table or view
// is in it: on Athena it may have been there before the playbook.

func (e *Engine) createDatabase(s *dialect.Statement) error {
	d := s.Database
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, exists := e.databaseNames()[d.Name]; exists && !d.IfNotExists {
		return mistake(s.Source, d.Offset, "the database %s exists; say IF NOT EXISTS", d.Name)
	}
	e.databases[d.Name] = true
	return nil
}

// databaseNames are the databases that there are. The caller holds the lock.
func (e *Engine) databaseNames() map[string]bool {
	names := maps.Clone(e.databases)
	names[defaultDatabase] = true
	for _, key := range e.keys() {
		database, _, _ := strings.Cut(key, ".")
		names[database] = true
	}
	return names
}

// keys are the keys of all tables and views, sorted. The caller holds the lock.
func (e *Engine) keys() []string {
	var keys []string
	for key := range e.tables {
		keys = append(keys, key)
	}
	for key := range e.views {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// within are the names of the tables, the views or both in a database, sorted. The
// caller holds the lock.
func (e *Engine) within(database string, tables, views bool) []string {
	var names []string
	for _, key := range e.keys() {
		in, name, _ := strings.Cut(key, ".")
		if in == orDefault(database) && (tables && e.tables[key] != nil || views && e.views[key] != nil) {
			names = append(names, name)
		}
	}
	return names
}

func orDefault(database string) string {
	if database == "" {
		return defaultDatabase
	}
	return database
}

// table finds the table that a statement names.
func (e *Engine) table(s *dialect.Statement, o dialect.Object) (*table, error) {
	key := catalogKey(o.Database, o.Name)
	e.mu.Lock()
	defer e.mu.Unlock()
	if t, ok := e.tables[key]; ok {
		return t, nil
	}
	if e.views[key] != nil {
		return nil, mistake(s.Source, o.Offset, "%s is a view, and %s is for tables", o.Name, s.Class)
	}
	return nil, e.unknown(s, o, "table", e.within(o.Database, true, false))
}

// unknown says that there is no such thing, and what there is. The caller holds the lock.
func (e *Engine) unknown(s *dialect.Statement, o dialect.Object, what string, names []string) error {
	hint := dialect.DidYouMean(o.Name, names)
	switch {
	case hint != "":
	case len(names) == 0:
		hint = "this run has made none so far"
	default:
		hint = "there are " + strings.Join(names, ", ")
	}
	return mistake(s.Source, o.Offset, "there is no %s %s; %s", what, displayName(o.Database, o.Name), hint)
}

// drop takes a table, a view or a database out of the catalog. Only what this run made
// is in it.
func (e *Engine) drop(ctx context.Context, s *dialect.Statement) error {
	d := s.Dropped
	if d.Kind == "DATABASE" {
		return e.dropDatabase(ctx, s)
	}
	key := catalogKey(d.Database, d.Name)
	e.mu.Lock()
	t, isTable := e.tables[key]
	isView := e.views[key] != nil
	var err error
	switch {
	case d.Kind == "TABLE" && isView:
		err = mistake(s.Source, d.Offset, "%s is a view; write DROP VIEW %s", d.Name, d.Name)
	case d.Kind == "VIEW" && isTable:
		err = mistake(s.Source, d.Offset, "%s is a table; write DROP TABLE %s", d.Name, d.Name)
	case !isTable && !isView && !d.IfExists:
		err = e.unknown(s, d.Object, strings.ToLower(d.Kind), e.within(d.Database, d.Kind == "TABLE", d.Kind == "VIEW"))
	default:
		e.forget(key)
	}
	e.mu.Unlock()
	if err != nil || t == nil {
		return err
	}
	return e.discard(ctx, t)
}

// forget takes a key out of the catalog. The caller holds the lock.
func (e *Engine) forget(key string) {
	delete(e.tables, key)
	delete(e.views, key)
}

func (e *Engine) dropDatabase(ctx context.Context, s *dialect.Statement) error {
	d := s.Dropped
	e.mu.Lock()
	var dropped []*table
	var err error
	switch held := e.within(d.Name, true, true); {
	case d.Name == defaultDatabase:
		err = mistake(s.Source, d.Offset, "the database %s is where the run is at home, and stays", defaultDatabase)
	case !e.databaseNames()[d.Name] && !d.IfExists:
		err = e.unknown(s, d.Object, "database", sortedKeys(e.databaseNames()))
	case len(held) > 0 && !d.Cascade:
		err = mistake(s.Source, d.Offset, "the database %s holds %s; drop them first, or say CASCADE", d.Name, strings.Join(held, ", "))
	default:
		for _, name := range held {
			key := catalogKey(d.Name, name)
			if t := e.tables[key]; t != nil {
				dropped = append(dropped, t)
			}
			e.forget(key)
		}
		delete(e.databases, d.Name)
	}
	e.mu.Unlock()
	for _, t := range dropped {
		if err == nil {
			err = e.discard(ctx, t)
		}
	}
	return err
}

// discard frees the room of a table that the run filled itself. What was read of files is
// kept: tables that were made of them still tell what they looked at.
func (e *Engine) discard(ctx context.Context, t *table) error {
	if t.made == nil {
		return nil
	}
	if err := e.exec(ctx, "DROP TABLE IF EXISTS scratch.main."+t.loaded.name); err != nil {
		return fmt.Errorf("drop the table %s: %w", t.def.Name, err)
	}
	return nil
}

func displayName(database, name string) string {
	if database == "" {
		return quoteName(name)
	}
	return quoteName(database) + "." + quoteName(name)
}
