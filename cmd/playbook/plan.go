package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"playbook/playbooks"
	"playbook/playbooks/expression"
	"playbook/runner"
	"playbook/steps"
)

func planCommand(s streams, kinds []steps.Kind) *cobra.Command {
	var f runFlags
	command := &cobra.Command{
		Use:   "plan FILE",
		Short: "Print what a run would do, and do nothing of it",
		Long: `plan prints the steps that a run would carry out, with the calls to AWS, the SQL as far as
it is known before the run, the questions, and the changes that would be planned. Nothing
is read but the case's list of files, nothing is run, and nothing is written.`,
		Example: `  playbook plan vpc-flow.yaml --case sample --phase containment`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return printPlan(s, kinds, args[0], f) },
	}
	flags := command.Flags()
	flags.StringVar(&f.caseDir, "case", "", "folder of evidence the run would be on, or \"sample\" for the built-in case")
	flags.StringSliceVar(&f.phases, "phase", nil, "only this phase (may be repeated)")
	flags.StringSliceVar(&f.steps, "step", nil, "only this step (may be repeated)")
	flags.StringVar(&f.from, "from", "", "begin of the window: RFC 3339, a date, or an age like 14d")
	flags.StringVar(&f.to, "to", "", "end of the window, exclusive")
	flags.StringArrayVar(&f.params, "param", nil, "set a param, name=value (may be repeated)")
	flags.StringVar(&f.paramsFile, "params", "", "YAML file of params")
	return command
}

func printPlan(s streams, kinds []steps.Kind, name string, f runFlags) error {
	ctx, stop := interruptible()
	defer stop()
	f.noInput = true
	j, err := prepare(ctx, stop, s, kinds, name, f)
	if err != nil {
		return err
	}
	defer j.ground.Close()
	run := &runner.Run{Playbook: j.playbook, Params: playbooks.Mask(j.playbook, j.params), Ground: j.ground, Window: j.when.window, Now: j.when.now}
	plan := planned{page: newPage(s.out), name: name, scope: run.Scope(), targets: j.ground.Targets()}
	plan.line(0, "", "Plan of "+j.playbook.ID+": nothing is run.")
	plan.line(2, "case      ", fmt.Sprintf("%s, %s", j.ground.title, plural(len(plan.targets), "target")))
	window := "none: " + j.when.windowFrom
	if j.when.window.IsSet() {
		window = fmt.Sprintf("%s to %s, from %s", j.when.window.From.Format("2006-01-02 15:04"), j.when.window.To.Format("2006-01-02 15:04 UTC"), j.when.windowFrom)
	}
	plan.line(2, "window    ", window)
	phase := playbooks.Phase("")
	for _, step := range j.playbook.Steps {
		if !j.selected(step) {
			continue
		}
		if step.Phase != phase {
			phase = step.Phase
			plan.title(phase.Title())
		}
		plan.step(step)
	}
	plan.summary()
	return nil
}

// planned is a plan in the making.
type planned struct {
	page
	name    string // of the playbook's file
	scope   map[string]any
	targets []steps.Target

	count, left             int
	statements, asks, plans int
	calls                   []string
}

// known reports whether a path of an expression means something before the run.
func known(path string) bool {
	path = strings.TrimPrefix(path, "take:")
	root, field, _ := strings.Cut(path, ".")
	switch root {
	case "params", "now":
		return true
	case "run":
		name, _, _ := strings.Cut(field, ".")
		return name != "" && name != "id" && name != "started"
	}
	return false
}

// unknown are the steps whose outcome an expression waits for.
func unknown(program *expression.Program) bool {
	return slices.ContainsFunc(program.Reads(), func(path string) bool { return !known(path) })
}

func (p *planned) step(step *playbooks.Step) {
	p.count++
	p.blank()
	p.line(0, fmt.Sprintf("%3d. ", p.count), step.Title)
	p.line(5, "", step.ID+" · uses "+step.Kind.Name)
	if step.When != nil && !unknown(step.When) {
		if holds, err := step.When.Eval(p.scope); err == nil && holds != true {
			p.left++
			p.line(5, "left out  ", "its condition does not hold: "+step.When.Source())
			return
		}
	}
	if step.When != nil {
		p.line(5, "only if   ", step.When.Source())
	}
	if step.ForEach != nil {
		p.line(5, "for each  ", holes.Replace(step.ForEach.Source()))
	}
	p.asked(step)
	for _, sql := range step.Preview(p.scope, known) {
		p.statements++
		p.line(5, "runs      ", "this SQL:")
		p.block(15, strings.TrimSpace(sql))
	}
	switch step.Kind.Effect {
	case steps.Asks:
		p.asks++
		p.line(5, "asks      ", "a person")
		p.block(15, step.Options())
	case steps.Changes:
		p.plans++
		p.line(5, "plans     ", strings.Join(step.Kind.Writes, ", ")+": the calls are worked out and not made")
	}
}

// asked are the calls to AWS that a step makes.
func (p *planned) asked(step *playbooks.Step) {
	if len(step.Kind.Operations) == 0 {
		return
	}
	where := "once"
	switch {
	case step.Kind.PerTarget:
		where = "in " + plural(len(p.targets), "target")
	case step.Kind.PerAccount:
		where = "in " + plural(len(accounts(p.targets)), "account")
	}
	p.line(5, "asks AWS  ", strings.Join(step.Kind.Operations, ", ")+" ("+where+")")
	p.calls = append(p.calls, step.Kind.Operations...)
}

func accounts(targets []steps.Target) []string {
	var list []string
	for _, target := range targets {
		list = append(list, target.Account)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (p *planned) summary() {
	slices.Sort(p.calls)
	p.title("In all")
	p.line(0, "", fmt.Sprintf("%s, %d of them left out; %s, %s, %s.", plural(p.count, "step"), p.left, plural(p.statements, "SQL statement"),
		plural(p.asks, "question"), plural(p.plans, "step")+" that "+map[bool]string{true: "plans", false: "plan"}[p.plans == 1]+" changes"))
	if len(p.calls) > 0 {
		p.line(0, "", "AWS is asked for "+strings.Join(slices.Compact(p.calls), ", ")+".")
		p.line(0, "", "The permissions for that: playbook iam-policy "+p.name)
	}
	p.line(0, "", "What other steps find is not known yet: it stands as ${{ }}.")
}
