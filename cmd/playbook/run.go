package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"time"

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
	noCache    bool
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
	flags.BoolVar(&f.noCache, "no-cache", false, "read all logs anew, and keep nothing of them for the next run")
	return command
}

// run is the story of one run: prepare, execute, report.
func run(s streams, kinds []steps.Kind, name string, f runFlags) error {
	bar, err := severity(f.failOn)
	if err != nil {
		return err
	}
	if err := checkMemory(f.memory); err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	j, err := prepare(ctx, stop, s, kinds, name, f)
	if err != nil {
		return err
	}
	defer j.ground.Close()
	summary, err := j.execute(ctx, s)
	if err != nil {
		// From here on the command line is not to blame.
		fmt.Fprintf(s.err, "playbook: %s\n", terminalText(err.Error()))
		return exitCode(exitIncomplete)
	}
	if summary.Exit != exitDone {
		return exitCode(summary.Exit)
	}
	if bar >= 0 && summary.Worst.Rank() >= bar {
		return exitCode(exitBar)
	}
	return nil
}

// job is a run that is ready to begin. Nothing has been written for it yet.
type job struct {
	flags    runFlags
	playbook *playbooks.Playbook
	params   map[string]any
	selected func(*playbooks.Step) bool
	ground   *caseGround
	when     times
	people   people
	clock    func() time.Time
}

// prepare finds out all that can be wrong with a command line before it has effects.
func prepare(ctx context.Context, interrupt func(), s streams, kinds []steps.Kind, name string, f runFlags) (*job, error) {
	j := &job{flags: f, clock: time.Now}
	var err error
	if j.playbook, err = load(s, kinds, name); err != nil {
		return nil, err
	}
	if j.selected, err = runner.Select(j.playbook, f.phases, f.steps); err != nil {
		return nil, err
	}
	if j.ground, err = openCase(ctx, f.caseDir); err != nil {
		return nil, err
	}
	if j.params, err = readParams(j.playbook, f, j.ground.kase.Params()); err != nil {
		return nil, errors.Join(err, j.ground.Close())
	}
	if j.when, err = decideTimes(f.from, f.to, j.ground.kase, j.clock); err == nil {
		j.people, err = whoAnswers(s, j.playbook, j.ground, f, interrupt)
	}
	if err != nil {
		return nil, errors.Join(err, j.ground.Close())
	}
	return j, nil
}

// execute makes the run folder, runs the steps, seals the folder and writes the report.
func (j *job) execute(ctx context.Context, s streams) (runner.Summary, error) {
	started := j.clock().UTC()
	id := ulid.Make().String()
	folder, err := journal.Create(j.folderName(id, started), j.about(id),
		journal.Options{Playbook: j.playbook.Source, Clock: j.clock, Secrets: playbooks.Secrets(j.playbook, j.params)})
	if err != nil {
		return runner.Summary{}, err
	}
	defer folder.Close()
	if err := j.ground.openEngine(ctx, j.playbook, folder.Dir(), j.when, j.flags); err != nil {
		return runner.Summary{}, err
	}
	view := newView(s, j.flags.asJSON, j.people.terminal)
	j.ground.progress = view.progress
	view.begin(j, folder)
	execution := &runner.Run{
		Playbook: j.playbook, Params: j.params, Ground: j.ground, Window: j.when.window, Now: j.when.now,
		Prompter: j.people.chain, Folder: folder, ID: id, Started: started,
		Selected: j.selected, Clock: j.clock, Observe: view.event,
	}
	summary, err := execution.Execute(ctx)
	view.end()
	if err := errors.Join(err, j.ground.Close(), folder.Seal()); err != nil {
		return summary, err
	}
	report, err := reports.Write(folder.Dir())
	if err != nil {
		return summary, fmt.Errorf("the run is over and recorded in %s, but its report could not be written: %w", folder.Dir(), err)
	}
	view.summary(report, folder.Dir())
	return summary, nil
}

func (j *job) folderName(id string, started time.Time) string {
	if j.flags.out != "" {
		return j.flags.out
	}
	return filepath.Join("runs", fmt.Sprintf("%s-%s-%s", j.playbook.ID, started.Format("20060102T150405Z"), strings.ToLower(id[len(id)-6:])))
}

// about is the head of the journal.
func (j *job) about(id string) journal.Run {
	return journal.Run{
		ID:          id,
		Tool:        "playbook " + version(),
		Operator:    operator(),
		Host:        hostname(),
		Playbook:    head(j.playbook, j.selected),
		Ground:      j.ground.Name(),
		Case:        j.ground.title,
		Window:      j.when.window,
		WindowFrom:  j.when.windowFrom,
		Now:         j.when.now,
		Targets:     j.ground.Targets(),
		Params:      playbooks.Mask(j.playbook, j.params),
		Selection:   selection(j.flags),
		Interactive: j.people.terminal != nil,
	}
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

// The least memory that DuckDB gets a query over large logs done with, and more than any
// machine has: beyond it a number was mistyped, or meant as bytes.
const leastMemory, mostMemory = 128, 16 << 20

func checkMemory(mebibytes int) error {
	if mebibytes < leastMemory || mebibytes > mostMemory {
		return fmt.Errorf("--memory %d: give the memory for queries in MiB, from %d to %d; without it, 1024 are used", mebibytes, leastMemory, mostMemory)
	}
	return nil
}

// readParams puts together what the command line, a params file and the case give; the
// first of them wins.
func readParams(p *playbooks.Playbook, f runFlags, ofCase map[string]any) (map[string]any, error) {
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
	file, err := withCaseParams(p, file, ofCase)
	if err != nil {
		return nil, err
	}
	return playbooks.ParseParams(p, given, file)
}

// withCaseParams adds the params of a case that the playbook has; a case serves several
// playbooks. A case comes from elsewhere: it cannot name a file of this machine.
func withCaseParams(p *playbooks.Playbook, file, ofCase map[string]any) (map[string]any, error) {
	all := maps.Clone(file)
	if all == nil {
		all = map[string]any{}
	}
	for _, param := range p.Params {
		value, inCase := ofCase[param.Name]
		if _, given := all[param.Name]; !inCase || given {
			continue
		}
		if text, _ := value.(string); param.Type == "file" && !strings.HasPrefix(text, "s3://") {
			return nil, fmt.Errorf("case.yaml gives param %s as %q: a case can name only what lies in it, as s3://bucket/key", param.Name, value)
		}
		all[param.Name] = value
	}
	return all, nil
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
