package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"playbook/playbooks"
	"playbook/playbooks/dialect"
	"playbook/runner"
	"playbook/runner/cloud"
	"playbook/steps"
)

// policyFlags are the flags of iam-policy.
type policyFlags struct {
	phases, steps []string
	changes       bool
	scope         cloud.Scope
}

func policyCommand(s streams, kinds []steps.Kind) *cobra.Command {
	var f policyFlags
	command := &cobra.Command{
		Use:   "iam-policy FILE",
		Short: "Print the least-privilege IAM policy that a playbook needs",
		Long: `iam-policy prints the IAM policy for the facts and queries of a playbook, also for those
who copy the facts into a case. What a playbook plans to change is not in it: --changes
prints a policy for that alone, for the people who carry out the plan.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return printPolicy(s, kinds, args[0], f) },
	}
	flags := command.Flags()
	flags.StringSliceVar(&f.phases, "phase", nil, "only for this phase (may be repeated)")
	flags.StringSliceVar(&f.steps, "step", nil, "only for this step (may be repeated)")
	flags.BoolVar(&f.changes, "changes", false, "only what carrying out and undoing its plans needs")
	flags.StringSliceVar(&f.scope.Regions, "region", nil, "narrow it to this region (may be repeated)")
	flags.StringArrayVar(&f.scope.Places, "place", nil, "narrow reading in S3 to this place, as s3://bucket/prefix/ (may be repeated)")
	flags.StringVar(&f.scope.Results, "results", "", "where Athena puts its answers, as s3://bucket/prefix/")
	flags.StringVar(&f.scope.Workgroup, "workgroup", "", "narrow it to this workgroup of Athena")
	flags.StringVar(&f.scope.Database, "database", "", "the database of the tables (default)")
	return command
}

// managedPolicy is the length of a managed policy without white space (IAM User Guide,
// "IAM and AWS STS quotas").
const managedPolicy = 6144

func printPolicy(s streams, kinds []steps.Kind, name string, f policyFlags) error {
	p, err := load(s, kinds, name)
	if err != nil {
		return err
	}
	selected, err := runner.Select(p, f.phases, f.steps)
	if err != nil {
		return err
	}
	actions := reads(p, selected)
	if f.changes {
		actions = writes(p, selected)
	}
	if len(actions) == 0 {
		return fmt.Errorf("%s needs no permission for that: none of its steps %s", p.ID, map[bool]string{true: "plans a change", false: "asks AWS anything"}[f.changes])
	}
	policy, err := cloud.NewPolicy(actions, f.scope)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(policy, "", "  ")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(s.out, "%s\n", text); err != nil {
		return err
	}
	short, err := json.Marshal(policy)
	if err != nil {
		return err
	}
	var hints []error
	if len(short) > managedPolicy {
		hints = append(hints, fmt.Errorf("it has %d characters, and a managed policy takes %d: divide it by --phase", len(short), managedPolicy))
	}
	if !f.changes && len(f.scope.Places) == 0 && strings.Contains(string(short), "s3:GetObject") {
		hints = append(hints, errors.New("it lets every bucket be read: name those with the logs and lists, with --place s3://bucket/prefix/"))
	}
	for _, hint := range hints {
		fmt.Fprintf(s.err, "playbook: %s\n", hint)
	}
	return nil
}

// reads are the actions that the facts and queries of the steps need.
func reads(p *playbooks.Playbook, selected func(*playbooks.Step) bool) []string {
	var actions []string
	asks, makes, registers := false, false, false
	for _, step := range p.Steps {
		if !selected(step) {
			continue
		}
		actions = append(actions, step.Kind.Operations...)
		for _, sql := range step.SQL() {
			asks = true
			switch statement, _ := dialect.Parse(sql); {
			case statement == nil:
			case statement.Class == dialect.AlterAddPartition || statement.Class == dialect.AlterDropPartition || statement.Class == dialect.MsckRepair:
				registers = true
			case statement.Effect() != dialect.Reads:
				makes = true
			}
		}
	}
	for _, action := range actions {
		if action == "logs:StartQuery" { // its answer is another call
			actions = append(actions, "logs:GetQueryResults")
			break
		}
	}
	if asks {
		actions = append(actions, cloud.AthenaActions(makes, registers)...)
	}
	return actions
}

func writes(p *playbooks.Playbook, selected func(*playbooks.Step) bool) []string {
	var actions []string
	for _, step := range p.Steps {
		if selected(step) {
			actions = append(actions, step.Kind.Writes...)
		}
	}
	return actions
}
