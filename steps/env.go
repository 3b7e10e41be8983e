package steps

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"time"
)

// Target is one account and region. Both are empty for a kind that runs once.
type Target struct {
	Account string `json:"account" yaml:"account"`
	Region  string `json:"region" yaml:"region"`
}

func (t Target) String() string {
	switch {
	case t.Account == "":
		return ""
	case t.Region == "":
		return t.Account
	}
	return t.Account + "/" + t.Region
}

// Window is the time under examination, from inclusive, to exclusive, in UTC. The
// zero Window is unset.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// IsSet reports whether the run has a window at all.
func (w Window) IsSet() bool { return !w.From.IsZero() && !w.To.IsZero() }

// Env is what a step may use. It is bound to one target and one item; nothing in it
// belongs to one kind, and nothing in it can write to AWS.
type Env struct {
	Target   Target
	Window   Window
	Now      time.Time // the real clock when live, the time of collection on a case
	Live     bool      // on AWS itself, not on a case
	Cloud    Cloud
	Files    Files
	Query    Querier
	Evidence Evidence
	Prompt   Prompter
	Log      *slog.Logger
}

// Cloud gives facts about AWS.
type Cloud interface {
	// Read yields the pages of one operation, named as IAM names it
	// ("ec2:DescribeVpcs"), in the shape and with the field names of the AWS CLI's
	// JSON output. The error is a *Missing when the facts cannot be had; it is never
	// an empty page.
	Read(ctx context.Context, operation string, input map[string]any) iter.Seq2[map[string]any, error]
}

// Files gives what lies in S3 (live, or in the case under s3/), and what the command
// line gave as a param of type file. A location is "s3://bucket/key" or the value of
// such a param; nothing else of the disk can be read. A kind that uses it declares
// s3:ListBucket or s3:GetObject.
type Files interface {
	// List yields the files below a location ("s3://bucket/prefix/", a folder), or the
	// one file that it names, in the order of their names. The error is a *Missing when
	// there is nothing at all.
	List(ctx context.Context, location string) iter.Seq2[Object, error]
	// Open reads one file, as it is: compression is the reader's business.
	Open(ctx context.Context, location string) (io.ReadCloser, error)
}

// Object is a file that Files lists.
type Object struct {
	Location string    `json:"location"`
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified"` // in S3; of a case, as the copy kept it
}

// Querier runs Athena SQL.
type Querier interface {
	// Query runs one statement. DDL yields no columns and no rows.
	Query(ctx context.Context, statement string) (Rows, error)
}

// Rows is a forward cursor over a query's answer.
type Rows interface {
	Columns() []Column
	// Next returns the next row, one value a column: nil, bool, int64, float64,
	// string, time.Time, []any or map[string]any. It returns io.EOF after the last.
	Next() ([]any, error)
	// Stats is complete once Next has returned io.EOF.
	Stats() QueryStats
	Close() error
}

// Column is one column of a query's answer; Type is Athena's name of its type.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// QueryStats says what a query read to give its answer.
type QueryStats struct {
	Engine       string  `json:"engine"` // athena or duckdb
	BytesScanned int64   `json:"bytes_scanned"`
	Quality      Quality `json:"quality"`
}

// Evidence stores files. Names are relative to the step's own folder, use "/", and
// may be written once.
type Evidence interface {
	Write(name string, write func(io.Writer) error) (File, error)
}

// File is a stored piece of evidence. Path is relative to the run folder.
type File struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Prompter asks a person.
type Prompter interface {
	// Ask returns ErrPending when nobody can answer now.
	Ask(ctx context.Context, q Question) (Answer, error)
}

// Question is asked on a terminal, or looked up by ID in an answers file.
type Question struct {
	ID      string   `json:"id"` // the step's id, filled in by the runner
	Prompt  string   `json:"prompt"`
	Context string   `json:"context,omitempty"` // what helps to answer it
	Choices []string `json:"choices,omitempty"` // empty: free text
	// Check says what is wrong with an answer; nil takes any. A person is asked again, an
	// answers file is refused.
	Check func(answer string) error `json:"-"`
}

// Answer is what a person said; who and when are part of it.
type Answer struct {
	Value   string    `json:"value"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Comment string    `json:"comment,omitempty"`
	Source  string    `json:"source"` // "terminal", or the path of the answers file
}
