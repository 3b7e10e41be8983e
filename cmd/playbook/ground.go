package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"playbook/playbooks"
	"playbook/playbooks/expression"
	"playbook/runner/cloud"
	"playbook/runner/drill"
	"playbook/runner/query/duckdb"
	"playbook/steps"
)

// caseGround is a folder of evidence: AWS answers from its files, queries in the
// process.
type caseGround struct {
	kase     *cloud.Case
	title    string // as the report names it
	engine   *duckdb.Engine
	progress func(duckdb.Progress)
	cleanup  []func() error
}

func openCase(ctx context.Context, dir string) (*caseGround, error) {
	if dir == "" {
		return nil, errors.New("where are the facts? Name a folder of evidence with --case DIR, or try --case sample. " +
			"Running on a live AWS account is not part of this version")
	}
	g := &caseGround{title: dir}
	if _, err := os.Stat(dir); dir == drill.SampleName && errors.Is(err, os.ErrNotExist) {
		made, err := os.MkdirTemp("", "playbook-sample-")
		if err != nil {
			return nil, fmt.Errorf("make the sample case: %w", err)
		}
		g.cleanup = append(g.cleanup, func() error { return os.RemoveAll(made) })
		if _, err := drill.Sample(ctx, made, drill.Options{}); err != nil {
			return nil, errors.Join(fmt.Errorf("make the sample case: %w", err), g.Close())
		}
		g.title, dir = "sample (built in)", made
	}
	var err error
	if g.kase, err = cloud.OpenCase(dir); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

// openEngine starts the query engine, with its scratch space in the run folder: that
// is where the user has made room.
func (g *caseGround) openEngine(ctx context.Context, p *playbooks.Playbook, runDir string, when times, f runFlags) error {
	scratch := filepath.Join(runDir, "scratch")
	if err := os.Mkdir(scratch, 0o700); err != nil {
		return fmt.Errorf("make room for queries: %w", err)
	}
	g.cleanup = append(g.cleanup, func() error { return os.RemoveAll(scratch) })
	var statements []string
	for _, step := range p.Steps {
		statements = append(statements, step.SQL()...)
	}
	var err error
	g.engine, err = duckdb.Open(ctx, duckdb.Options{
		Case:       g.kase.Dir(),
		Scratch:    scratch,
		Cache:      cacheDir(f.noCache),
		Memory:     int64(f.memory) << 20,
		Now:        when.now,
		Window:     when.window,
		Statements: statements,
		Progress: func(progress duckdb.Progress) {
			if g.progress != nil {
				g.progress(progress)
			}
		},
	})
	return err
}

// cacheDir is where logs that were read are kept for the next run; "" is nowhere. A user
// without a home has none.
func cacheDir(none bool) string {
	dir, err := os.UserCacheDir()
	if none || err != nil {
		return ""
	}
	return filepath.Join(dir, "playbook")
}

func (g *caseGround) Name() string                          { return "case" }
func (g *caseGround) Targets() []steps.Target               { return g.kase.Targets() }
func (g *caseGround) Cloud(target steps.Target) steps.Cloud { return g.kase.Cloud(target) }
func (g *caseGround) Files() steps.Files                    { return g.kase.Files() }
func (g *caseGround) Querier() steps.Querier                { return g.engine }

func (g *caseGround) Logs() []expression.Logs {
	logs := []expression.Logs{}
	for _, found := range g.kase.Logs() {
		logs = append(logs, expression.Logs(found))
	}
	return logs
}

// Close stops the engine and removes what was made only for this run. It may be
// called twice.
func (g *caseGround) Close() error {
	var errs []error
	if g.engine != nil {
		errs = append(errs, g.engine.Close())
		g.engine = nil
	}
	for _, clean := range g.cleanup {
		errs = append(errs, clean())
	}
	g.cleanup = nil
	return errors.Join(errs...)
}

func toJSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return text
}
