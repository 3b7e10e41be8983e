package main

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"playbook/steps/kinds"
)

// Exit codes. When several apply the order is 2, 130, 1, 3, 0.
const (
	exitDone        = 0
	exitIncomplete  = 1   // a step failed or is pending
	exitUsage       = 2   // the command line or a playbook is wrong
	exitBar         = 3   // --fail-on was crossed
	exitInterrupted = 130 // Ctrl-C; the run can be resumed
)

// exitCode is an error that has said all it has to say already.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// Run is the whole program: it reads its arguments and returns its exit code.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s := streams{stdin, stdout, stderr}
	root := &cobra.Command{
		Use:   "playbook",
		Short: "Run incident-response playbooks for AWS",
		Long: `playbook runs incident-response playbooks written as YAML, on a folder of evidence
copied out of AWS, and writes a report of what was found, what was not, and what
could not be looked at.

  playbook run vpc-flow.yaml --case sample`,
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	all := kinds.All()
	root.AddCommand(runCommand(s, all), validateCommand(s, all), showCommand(s, all), schemaCommand(s, all), reportCommand(s), baselineCommand(s),
		policyCommand(s, all), planCommand(s, all))
	err := root.Execute()
	var code exitCode
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(stderr, "playbook: %s\n", terminalText(err.Error()))
	return exitUsage
}

// version is the module's, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
			return "devel-" + setting.Value[:12]
		}
	}
	return "devel"
}
