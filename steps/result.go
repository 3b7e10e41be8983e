package steps

import (
	"errors"
	"fmt"
	"time"
)

// Result is what a step found out.
type Result struct {
	// Value is what expressions see: a struct of the type Kind.Result (see Plain).
	Value any
	// Blocks are what the report shows. Renderers know blocks, never kinds.
	Blocks []Block
	// Names are what people call things, by id and by address; a report uses them to say
	// whom a finding is about. The values are hostile text, as all tags are.
	Names map[string]string
	// Changes are what a kind with the effect Changes would do to AWS.
	Changes []Change
	// Quality says how much was looked at and what was missing. Without it no
	// expectation can pass.
	Quality Quality
}

// Quality is how far a result can be trusted.
type Quality struct {
	// Examined counts the things looked at, in Unit. Zero means that nothing was
	// looked at: an expectation over it is inconclusive, never passed.
	Examined int64  `json:"examined"`
	Unit     string `json:"unit,omitempty"` // "flow log records", "interfaces"
	Gaps     []Gap  `json:"gaps,omitempty"`
	// Read says what the result was taken from, when that is files of logs.
	Read []Reading `json:"read,omitempty"`
	// Cut names the lists in the result ("rows") that hold only the first part of
	// what there was: a pass over one of them is inconclusive.
	Cut []string `json:"cut,omitempty"`
}

// Reading is how much of one source was read, and how much of that was sound. What was
// not is among the gaps, with examples.
type Reading struct {
	Source    string    `json:"source"` // the table
	Files     int64     `json:"files"`
	Damaged   int64     `json:"damaged,omitempty"` // files of which nothing, or not all, was used
	Records   int64     `json:"records"`
	Misfits   int64     `json:"misfits,omitempty"`    // lines that did not fit
	EmptyDays int64     `json:"empty_days,omitempty"` // days without a file
	From      time.Time `json:"from,omitzero"`        // of the first record
	To        time.Time `json:"to,omitzero"`          // of the last
	// Cached says that what an earlier run had read of the files was used, after every
	// byte of them was found to be the same.
	Cached bool `json:"cached,omitempty"`
}

// Gap is evidence that should be there and is not, or is damaged.
type Gap struct {
	Source   string   `json:"source"`             // file, partition or AWS call
	Problem  string   `json:"problem"`            // what is wrong with it
	Count    int64    `json:"count,omitempty"`    // lines, rows or pages affected
	Examples []string `json:"examples,omitempty"` // the first few, cut to 200 bytes
	// Blocking gaps could hide what an expectation looks for: a pass over them is
	// inconclusive.
	Blocking bool `json:"blocking,omitempty"`
}

// Status is the outcome of a step.
type Status string

const (
	Passed   Status = "passed"   // looked at data, and every expectation held
	Findings Status = "findings" // at least one expectation did not hold
	Failed   Status = "failed"   // could not run, or was inconclusive
	Skipped  Status = "skipped"  // not run, for a reason
	Pending  Status = "pending"  // waits for a person
	Planned  Status = "planned"  // a change not approved or not applied
)

// Statuses is every status, worst first: the order of summaries.
var Statuses = [...]Status{Failed, Findings, Pending, Planned, Skipped, Passed}

// Severity ranks a finding.
type Severity string

const (
	Info     Severity = "info"
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// Severities is every severity, mildest first.
var Severities = [...]Severity{Info, Low, Medium, High, Critical}

// Rank is the position in Severities, or -1 for a word that is none.
func (s Severity) Rank() int {
	for i, other := range Severities {
		if s == other {
			return i
		}
	}
	return -1
}

// Finding is recorded when an expectation does not hold. Step, Expectation, Account,
// Region and Resource are its key.
type Finding struct {
	Step           string   `json:"step"`
	Expectation    string   `json:"expectation"`
	Account        string   `json:"account,omitempty"`
	Region         string   `json:"region,omitempty"`
	Resource       string   `json:"resource,omitempty"`
	Severity       Severity `json:"severity"`
	Title          string   `json:"title"`
	Remedy         string   `json:"remedy,omitempty"`
	FalsePositives string   `json:"false_positives,omitempty"`
	Attack         []string `json:"attack,omitempty"` // MITRE ATT&CK technique ids
	Item           any      `json:"item,omitempty"`   // what violated the expectation
	Happened       Happened `json:"happened,omitzero"`
}

// Happened is when a finding took place and who took part: what a story is told from.
type Happened struct {
	From   time.Time `json:"from,omitzero"`
	To     time.Time `json:"to,omitzero"`
	Actors []string  `json:"actors,omitempty"` // who did it: addresses, principals
	Assets []string  `json:"assets,omitempty"` // what of ours took part: instances, interfaces, addresses
	Bytes  int64     `json:"bytes,omitempty"`  // that went from the assets to the actors
}

// ErrPending says that a person has to act before the step can go on.
var ErrPending = errors.New("waits for a person")

// Skip says why a step did not run.
type Skip struct{ Reason string }

func (s *Skip) Error() string { return "skipped: " + s.Reason }

// Missing says that facts cannot be had. It is how a Cloud or Querier reports
// absence: an empty answer is never used for it.
type Missing struct {
	What string // "the answer of ec2 describe-vpcs for 111122223333/eu-west-1"
	Path string // where it was looked for
	Hint string // how to get it
}

func (m *Missing) Error() string {
	text := m.What + " is missing"
	if m.Path != "" {
		text += fmt.Sprintf(" (looked for %s)", m.Path)
	}
	if m.Hint != "" {
		text += ": " + m.Hint
	}
	return text
}
