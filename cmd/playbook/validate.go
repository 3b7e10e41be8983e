package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"playbook/playbooks"
	"playbook/steps"
	"playbook/steps/diagnostic"
)

func validateCommand(s streams, kinds []steps.Kind) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "validate FILE|DIR…",
		Short: "Check playbooks and print every mistake in them",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			paths, unreadable := playbookFiles(args)
			return validate(s, kinds, paths, unreadable, asJSON, time.Now())
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print the diagnostics as a JSON list")
	return command
}

// playbookFiles replaces each folder by the YAML files below it, and tells of those that
// hold none.
func playbookFiles(args []string) (paths []string, unreadable []error) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil || !info.IsDir() {
			paths = append(paths, arg)
			continue
		}
		before := len(paths)
		err = filepath.WalkDir(arg, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)) {
				paths = append(paths, path)
			}
			return err
		})
		switch {
		case err != nil:
			unreadable = append(unreadable, fmt.Errorf("look for playbooks in %s: %w", arg, err))
		case len(paths) == before:
			unreadable = append(unreadable, fmt.Errorf("look for playbooks in %s: it holds no .yaml file", arg))
		}
	}
	return paths, unreadable
}

func validate(s streams, kinds []steps.Kind, paths []string, unreadable []error, asJSON bool, now time.Time) error {
	all := diagnostic.List{}
	sources := map[string]string{}
	for _, path := range paths {
		found, source, err := playbooks.Find(path)
		if err != nil {
			unreadable = append(unreadable, err)
			continue
		}
		sources[found] = string(source)
		p, diagnostics := playbooks.Load(found, source, kinds)
		all = append(all, diagnostics...)
		if p != nil {
			all = append(all, p.Approval(now)...)
		}
	}
	if err := printDiagnostics(s, all, sources, asJSON); err != nil {
		return err
	}
	if err := errors.Join(unreadable...); err != nil {
		return err
	}
	if all.Err() != nil {
		return exitCode(exitUsage)
	}
	if !asJSON {
		fmt.Fprintf(s.out, "%d checked, no errors\n", len(paths))
	}
	return nil
}

func printDiagnostics(s streams, all diagnostic.List, sources map[string]string, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(s.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(all)
	}
	if err := all.Print(s.out, func(file string) string { return sources[file] }); err != nil {
		return err
	}
	if len(all) > 0 {
		fmt.Fprintf(s.out, "\n%s\n", tally(all))
	}
	return nil
}

// tally counts what is wrong: "2 mistakes and 1 warning in 1 file".
func tally(all diagnostic.List) string {
	files := map[string]bool{}
	counts := map[diagnostic.Severity]int{}
	for _, d := range all {
		files[d.File] = true
		counts[d.Severity]++
	}
	var parts []string
	if n := counts[diagnostic.Error]; n > 0 {
		parts = append(parts, plural(n, "mistake"))
	}
	if n := counts[diagnostic.Warning]; n > 0 {
		parts = append(parts, plural(n, "warning"))
	}
	return strings.Join(parts, " and ") + " in " + plural(len(files), "file")
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", n, noun))
}

// load reads and checks the playbook to run; its mistakes are printed.
func load(s streams, kinds []steps.Kind, name string) (*playbooks.Playbook, error) {
	path, source, err := playbooks.Find(name)
	if err != nil {
		return nil, err
	}
	p, diagnostics := playbooks.Load(path, source, kinds)
	if err := diagnostics.Print(s.err, func(string) string { return string(source) }); err != nil {
		return nil, err
	}
	if diagnostics.Err() != nil {
		return nil, exitCode(exitUsage)
	}
	return p, nil
}
