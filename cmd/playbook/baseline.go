package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"playbook/steps"
	"playbook/steps/drift"
	"playbook/steps/inventory"
)

// baselineFlags is the command line of `playbook baseline`.
type baselineFlags struct {
	caseDir, run, out string
	force             bool
}

func baselineCommand(s streams) *cobra.Command {
	var f baselineFlags
	command := &cobra.Command{
		Use:   "baseline",
		Short: "Write down the inventory of a case or of a run, to compare later ones with",
		Long: `baseline writes the inventory of a case, or the one that an earlier run took, to a
file that steps of the kind drift compare with. Take it of a state that is known to be
good: what is in the baseline counts as meant.`,
		Example: `  playbook baseline --case ./evidence --out baseline.json
  playbook baseline --run runs/vpc-flow-20260315T060000Z-k3f9ab --out baseline.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			ctx, stop := interruptible()
			defer stop()
			return baseline(ctx, s, f, time.Now)
		},
	}
	flags := command.Flags()
	flags.StringVar(&f.caseDir, "case", "", "folder of evidence to take the inventory of, or \"sample\"")
	flags.StringVar(&f.run, "run", "", "run folder whose inventory to take")
	flags.StringVar(&f.out, "out", "", "file to write")
	flags.BoolVar(&f.force, "force", false, "overwrite the file when it exists")
	return command
}

// baseline takes the inventory and writes the file, whole or not at all.
func baseline(ctx context.Context, s streams, f baselineFlags, clock func() time.Time) error {
	if (f.caseDir == "") == (f.run == "") {
		return errors.New("what is the baseline to be made of? Name either a folder of evidence with --case DIR or an earlier run with --run RUN")
	}
	if f.out == "" {
		return errors.New("name the file to write with --out FILE")
	}
	if from := f.caseDir + f.run; liesIn(from, f.out) {
		return fmt.Errorf("%s lies in %s, which is evidence and never written to: name a file elsewhere with --out", f.out, from)
	}
	if _, err := os.Lstat(f.out); err == nil && !f.force {
		return fmt.Errorf("%s exists already, and may be the only record of how the network was: name another file with --out, or overwrite it with --force", f.out)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the baseline: %w", err)
	}
	take, done, err := inventoryFrom(ctx, f, clock)
	if err != nil {
		return err
	}
	defer done()
	b, err := take()
	if err == nil {
		b.MadeAt, b.By, b.Tool = clock().UTC(), operator(), "playbook "+version()
		err = writeBaseline(f.out, b)
	}
	if err != nil {
		// The command line is right; the evidence or the disk is not.
		fmt.Fprintf(s.err, "playbook: %s\n", terminalText(err.Error()))
		return exitCode(exitIncomplete)
	}
	fmt.Fprintf(s.out, "%s: %s\n", terminalLine(f.out, 300), describeBaseline(b))
	return nil
}

// liesIn reports whether a file to be written would lie in a folder, links followed.
func liesIn(folder, file string) bool {
	folder, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return false // there is no such folder; whoever opens it says so
	}
	parent, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return false
	}
	folder, errFolder := filepath.Abs(folder)
	parent, errParent := filepath.Abs(parent)
	below, err := filepath.Rel(folder, parent)
	return errors.Join(errFolder, errParent, err) == nil && filepath.IsLocal(below)
}

// inventoryFrom opens what the command line names; take then makes the baseline of it.
func inventoryFrom(ctx context.Context, f baselineFlags, clock func() time.Time) (take func() (drift.Baseline, error), done func() error, err error) {
	if f.run != "" {
		root, err := os.OpenRoot(f.run)
		if err != nil {
			return nil, nil, fmt.Errorf("read the run folder: %w", err)
		}
		return func() (drift.Baseline, error) { return baselineOfRun(root) }, root.Close, nil
	}
	ground, err := openCase(ctx, f.caseDir)
	if err != nil {
		return nil, nil, err
	}
	return func() (drift.Baseline, error) { return baselineOfCase(ctx, ground, clock) }, ground.Close, nil
}

func describeBaseline(b drift.Baseline) string {
	count := 0
	for _, list := range b.Resources {
		count += len(list)
	}
	return fmt.Sprintf("%s of %s in %s, as of %s", plural(count, "resource"), plural(len(b.Resources), "type"),
		plural(len(b.Targets), "target"), b.AsOf.UTC().Format(time.RFC3339))
}

// baselineOfCase takes the inventory of every account and region of a case. One that
// cannot be listed whole makes no baseline: what is missing would look removed, or added.
func baselineOfCase(ctx context.Context, ground *caseGround, clock func() time.Time) (drift.Baseline, error) {
	var results []map[string]any
	var missing []error
	for _, target := range ground.Targets() {
		found, err := inventory.Kind().New().Run(ctx, steps.Env{Target: target, Cloud: ground.Cloud(target)})
		if err != nil {
			missing = append(missing, err)
			continue
		}
		plain, _ := steps.Plain(found.Value).(map[string]any)
		results = append(results, plain)
	}
	if err := errors.Join(missing...); err != nil {
		return drift.Baseline{}, fmt.Errorf("take the inventory of %s: a baseline has to be whole:\n%w", ground.title, err)
	}
	b, err := drift.Make(steps.Merge(ground.Targets(), results), ground.Targets())
	if err != nil {
		return b, fmt.Errorf("take the inventory of %s: %w", ground.title, err)
	}
	when, err := decideTimes("", "", ground.kase, clock)
	b.AsOf, b.Source = when.now, "case "+ground.title
	return b, err
}

// baselineOfRun takes the inventory that a run took.
func baselineOfRun(root *os.Root) (drift.Baseline, error) {
	b, incomplete, err := drift.FromRun(func(name string) ([]byte, error) { return root.ReadFile(filepath.FromSlash(name)) })
	if err == nil && incomplete != nil {
		err = fmt.Errorf("its inventory is not whole, and a baseline has to be:\n%s", strings.Join(incomplete, "\n"))
	}
	if err != nil {
		return b, fmt.Errorf("read the run folder %s: %w", root.Name(), err)
	}
	return b, nil
}

func writeBaseline(path string, b drift.Baseline) error {
	file, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o600))
	if err == nil {
		defer file.Cleanup()
		err = b.Write(file)
	}
	if err == nil {
		err = file.CloseAtomicallyReplace()
	}
	if err != nil {
		return fmt.Errorf("write the baseline %s: %w", path, err)
	}
	return nil
}
