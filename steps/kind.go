// Package steps is the contract between the runner and the kinds of step.
//
// It holds the words both sides use (Kind, Step, Env, Result, Finding, Block) and
// no behaviour of either: a kind never sees the runner, the journal or a report,
// and the runner never knows a kind by name.
package steps

import "context"

// Effect says what a kind may do to the world. The runner decides from it alone
// what must be approved, what may be repeated, and what a case or drill allows.
type Effect string

const (
	Reads   Effect = "reads"   // looks at AWS or at logs
	Asks    Effect = "asks"    // asks a person
	Sends   Effect = "sends"   // tells somebody outside; off unless live
	Changes Effect = "changes" // alters AWS; needs a plan and an approval
)

// Kind declares one kind of step. It is a plain value: everything the loader, the
// docs, the schema and the IAM policy need to know about a kind is in here.
type Kind struct {
	Name    string // as written after `uses:`
	Summary string // one line
	Doc     string // the page for people, Markdown, embedded from doc.md
	Example string // a whole step in YAML that validates and runs on the sample case; ids are those of the sample
	Effect  Effect

	// Operations are the AWS calls the kind makes, as IAM spells them
	// ("ec2:DescribeVpcs"). Env.Cloud refuses any other.
	Operations []string

	// Writes are what IAM has to allow for the plans of a kind with the effect Changes to
	// be carried out and undone, in order. Every such kind has some, and no other kind has
	// any. Run makes no such call.
	Writes []string

	// PerTarget kinds run once for each account and region, and the results are
	// merged (see Merge); the others run once.
	PerTarget bool

	// PerAccount kinds read what AWS answers alike in every region (IAM): they run once
	// for each account, with a target that has no region, and are merged likewise.
	PerAccount bool

	// Result is the zero value of the Go struct that Run returns in Result.Value.
	// Expressions are type-checked against its json tags.
	Result any

	// New returns a pointer to the options of one step, defaults filled in. The
	// loader decodes `with:` into it (yaml tags; jsonschema tags say required,
	// enum, minimum, description) and then calls Run on it.
	New func() Step
}

// Merged reports whether the kind runs on several targets, with results that Merge joins.
func (k Kind) Merged() bool { return k.PerTarget || k.PerAccount }

// Step does the work of one step: the receiver is the decoded `with:`.
//
// The error decides the status: nil lets the expectations decide; ErrPending gives
// pending, a *Skip skipped, anything else failed. A Result returned beside an error
// is kept, so that what was read before the failure is not lost.
type Step interface {
	Run(ctx context.Context, env Env) (Result, error)
}

// Validator is a Step that checks more of its options than a schema can say. It is
// called when the playbook is loaded. Options whose value is an expression are not
// known yet and hold their zero value: known tells them apart ("filter.name" is a
// path of yaml keys).
type Validator interface {
	Validate(known func(path string) bool) []Problem
}

// Problem is one mistake found by a Validator, at a path of yaml keys under `with:`.
type Problem struct {
	Path    string
	Message string
	Hint    string
}

// SQL is an option that holds Athena SQL. Holes (${{ }}) in it are rendered as SQL
// literals by the loader, never as text; see playbooks/dialect.
type SQL string
