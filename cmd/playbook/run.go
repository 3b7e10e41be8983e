package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"playbook/playbooks"
	"playbook/reports"
	"playbook/runner"
	"playbook/runner/journal"
	"playbook/steps"
)

// runFlags is the command line of `playbook run`.
type runFlags struct {
	caseDir    string
	out        string
	phases     []string
	steps      []string
	from, to   string
	params     []string
	paramsFile string
	answers    string
	failOn     string
	asJSON     bool
	noInput    bool
	memory     int
}

func runCommand(s streams, kinds []steps.Kind) *cobra.Command {
	var f runFlags
	command := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a playbook and write the report",
		Example: `  playbook run vpc-flow.yaml --case sample
  playbook run vpc-flow.yaml --case ./evidence --from 14d --param suspect_ip=203.0.113.7`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return run(s, kinds, args[0], f)
		},
	}
	flags := command.Flags()
	flags.StringVar(&f.caseDir, "case", "", "folder of evidence to run on, or \"sample\" for the built-in case")
	flags.StringVar(&f.out, "out", "", "run folder to make (default runs/<playbook>-<time>-<id>)")
	flags.StringSliceVar(&f.phases, "phase", nil, "run only this phase (may be repeated)")
	flags.StringSliceVar(&f.steps, "step", nil, "run only this step (may be repeated)")
	flags.StringVar(&f.from, "from", "", "begin of the window: RFC 3339, a date, or an age like 14d")
	flags.StringVar(&f.to, "to", "", "end of the window, exclusive")
	flags.StringArrayVar(&f.params, "param", nil, "set a param, name=value (may be repeated)")
	flags.StringVar(&f.paramsFile, "params", "", "YAML file of params")
	flags.StringVar(&f.answers, "answers", "", "YAML file of answers (default: the case's answers.yaml)")
	flags.StringVar(&f.failOn, "fail-on", "", "exit with 3 when a finding has this severity or more")
	flags.BoolVar(&f.asJSON, "json", false, "print the journal's events on stdout, one a line")
	flags.BoolVar(&f.noInput, "no-input", false, "never ask on the terminal: questions stay pending")
	flags.IntVar(&f.memory, "memory", 1024, "memory for queries, in MiB; beyond it they spill to disk")
	return command
}

// run is the story of one run: read, open, execute, seal, report.
func run(s streams, kinds []steps.Kind, name string, f runFlags) error {
	bar, err := severity(f.failOn)
	if err != nil {
		return err
	}
	p, err := load(s, kinds, name)
	if err != nil {
		return err
	}
	params, err := readParams(p, f)
	if err != nil {
		return err
	}
	selected, err := runner.Select(p, f.phases, f.steps)
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()

	ground, err := openCase(ctx, s, f.caseDir)
	if err != nil {
		return err
	}
	defer ground.Close()
	clock := time.Now
	when, err := decideTimes(f.from, f.to, ground.kase, clock)
	if err != nil {
		return err
	}
	prompter, err := answers(s, p, ground, f, stop)
	if err != nil {
		return err
	}
	started := clock().UTC()
	id := ulid.Make().String()
	out := f.out
	if out == "" {
		out = filepath.Join("runs", fmt.Sprintf("%s-%s-%s", p.ID, started.Format("20060102T150405Z"), strings.ToLower(id[len(id)-6:])))
	}
	folder, err := journal.Create(out, journal.Run{
		ID:          id,
		Tool:        "playbook " + version(),
		Operator:    operator(),
		Host:        hostname(),
		Playbook:    head(p, selected),
		Ground:      ground.Name(),
		Case:        ground.title,
		Window:      when.window,
		WindowFrom:  when.windowFrom,
		Now:         when.now,
		Targets:     ground.Targets(),
		Params:      playbooks.Mask(p, params),
		Selection:   selection(f),
		Interactive: prompter.interactive,
	}, journal.Options{Playbook: p.Source, Clock: clock, Secrets: playbooks.Secrets(p, params)})
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := ground.openEngine(ctx, p, folder.Dir(), when, f.memory); err != nil {
		return err
	}
	view := newView(s, f.asJSON, prompter.terminal)
	ground.progress = view.progress
	view.begin(p, folder.Dir(), ground, when)
	execution := &runner.Run{
		Playbook: p, Params: params, Ground: ground, Window: when.window, Now: when.now,
		Prompter: prompter.chain, Folder: folder, ID: id, Started: started,
		Selected: selected, Clock: clock, Observe: view.event,
	}
	summary, err := execution.Execute(ctx)
	view.end()
	if err := errors.Join(err, ground.Close(), folder.Seal()); err != nil {
		return err
	}
	report, err := reports.Write(folder.Dir())
	if err != nil {
		return fmt.Errorf("the run is complete and recorded in %s, but its report could not be written: %w", folder.Dir(), err)
	}
	view.summary(report, folder.Dir())
	if summary.Exit != exitDone {
		return exitCode(summary.Exit)
	}
	if bar >= 0 && summary.Worst.Rank() >= bar {
		return exitCode(exitBar)
	}
	return nil
}

// interruptible is cancelled by the first Ctrl-C; a second one ends the process.
func interruptible() (context.Context, func()) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// severity reads --fail-on; -1 means no bar.
func severity(word string) (int, error) {
	if word == "" {
		return -1, nil
	}
	rank := steps.Severity(word).Rank()
	if rank < 0 {
		return 0, fmt.Errorf("--fail-on %s: the severities are %v", word, steps.Severities)
	}
	return rank, nil
}

func readParams(p *playbooks.Playbook, f runFlags) (map[string]any, error) {
	given := map[string]string{}
	for _, param := range f.params {
		name, value, ok := strings.Cut(param, "=")
		if !ok {
			return nil, fmt.Errorf("--param %s: write name=value", param)
		}
		given[name] = value
	}
	var file map[string]any
	if f.paramsFile != "" {
		text, err := os.ReadFile(f.paramsFile)
		if err != nil {
			return nil, fmt.Errorf("read the params: %w", err)
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			return nil, fmt.Errorf("read the params in %s: %w", f.paramsFile, err)
		}
	}
	return playbooks.ParseParams(p, given, file)
}

// people is who can be asked.
type people struct {
	chain       steps.Prompter
	terminal    *terminal // nil: nobody sits there
	interactive bool
}

func answers(s streams, p *playbooks.Playbook, ground *caseGround, f runFlags, interrupt func()) (people, error) {
	var who people
	if !f.noInput && !f.asJSON && isTerminal(s.in) && isTerminal(s.out) {
		who.terminal = &terminal{in: s.in, out: s.out, by: operator(), clock: time.Now, interrupt: interrupt}
		who.interactive = true
	}
	path, source := f.answers, f.answers
	if path == "" {
		if path = ground.kase.AnswersPath(); path != "" {
			source = "answers.yaml of the case"
		}
	}
	given := &runner.Answers{}
	if path != "" {
		var err error
		if given, err = runner.ReadAnswers(path, source); err != nil {
			return who, err
		}
	}
	if who.terminal != nil {
		given.Next = who.terminal
	}
	who.chain = given
	var ids []string
	for _, step := range p.Steps {
		ids = append(ids, step.ID)
	}
	if f.answers == "" {
		return who, nil // a case's answers may be for several playbooks
	}
	for _, id := range given.Unknown(ids) {
		fmt.Fprintf(s.err, "playbook: warning: %s answers %q, which no step of %s asks\n", source, terminalText(id), p.ID)
	}
	return who, nil
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

func head(p *playbooks.Playbook, selected func(*playbooks.Step) bool) journal.Playbook {
	h := journal.Playbook{ID: p.ID, Title: p.Title, Summary: p.Summary, Path: p.Path, SHA256: journal.SHA256(p.Source)}
	h.Document, h.Classification = toJSON(p.Document), toJSON(p.Classification)
	h.Objectives = map[string][]string{
		"determine": p.Objectives.Determine, "recover": p.Objectives.Recover, "caf": p.Objectives.CAF,
	}
	for _, step := range p.Steps {
		h.Steps = append(h.Steps, runner.Head(step, selected(step)))
	}
	return h
}

func selection(f runFlags) string {
	var words []string
	for _, phase := range f.phases {
		words = append(words, "--phase "+phase)
	}
	for _, step := range f.steps {
		words = append(words, "--step "+step)
	}
	if words == nil {
		return ""
	}
	return strings.Join(words, " ") + ", with the steps it reads"
}

func operator() string {
	who, err := user.Current()
	if err != nil {
		return "unknown"
	}
	if who.Name != "" && who.Name != who.Username {
		return who.Name + " (" + who.Username + ")"
	}
	return who.Username
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}
