package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"strings"

	driverpkg "github.com/duckdb/duckdb-go/v2"
)

const (
	scratchFile = "scratch.duckdb"
	spillFolder = "spill"
)

// openDatabase attaches the scratch file and then locks DuckDB: external access off
// (no file, no network, no ATTACH, COPY, INSTALL), extensions neither installed nor
// loaded by themselves, configuration locked. All of it comes before the first
// statement of a playbook, and none of it can be undone (DuckDB, "Securing DuckDB").
func (e *Engine) openDatabase(ctx context.Context) error {
	connector, err := driverpkg.NewConnector("", func(driver.ExecerContext) error { return nil })
	if err != nil {
		return err
	}
	e.db = sql.OpenDB(connector)
	setup := []string{
		"SET autoinstall_known_extensions = false",
		"SET autoload_known_extensions = false",
		"SET allow_community_extensions = false",
		"SET GLOBAL TimeZone = 'UTC'",
		"SET GLOBAL Calendar = 'gregorian'",
		"SET temp_directory = " + quoteString(filepath.Join(e.options.Scratch, spillFolder)),
		fmt.Sprintf("SET memory_limit = '%dB'", e.options.Memory),
		fmt.Sprintf("SET threads = %d", e.options.Threads),
		// Rows keep the order of the files, so that LIMIT without ORDER BY, and with it
		// the evidence of a run, is the same each time.
		"SET preserve_insertion_order = true",
		"ATTACH " + quoteString(filepath.Join(e.options.Scratch, scratchFile)) + " AS scratch",
		// What is in the scratch file is thrown away in the end: it need not survive a crash.
		"SET GLOBAL checkpoint_threshold = '1TB'",
	}
	if err := e.exec(ctx, setup...); err != nil {
		return err
	}
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := registerFunctions(conn); err != nil {
		return err
	}
	if err := driverpkg.RegisterTableUDF(conn, slowFunction, e.slowScan()); err != nil {
		return err
	}
	if err := e.registerScan(conn); err != nil {
		return err
	}
	return e.exec(ctx, "SET enable_external_access = false", "SET lock_configuration = true")
}

func (e *Engine) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := e.db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func quoteString(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
