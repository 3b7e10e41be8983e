// Package integration is the kind of step that writes the Athena integration of flow
// logs as a CloudFormation template: database, table, workgroup and named queries.
//
// It makes nothing in AWS: a person reads the template and makes the stack.
package integration

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"time"

	"playbook/steps"
)

//go:embed doc.md
var doc string

const getTemplate = "ec2:GetFlowLogsIntegrationTemplate"

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "athena_integration",
		Summary:    "Write the Athena integration of flow logs as a CloudFormation template, by AWS or by ourselves",
		Doc:        doc,
		Effect:     steps.Reads,
		Operations: []string{getTemplate, "s3:GetObject"},
		PerTarget:  true,
		Result:     Result{},
		New: func() steps.Step {
			return &Step{Database: "vpcflowlogsathenadatabase", Workgroup: "vpcflowlogsworkgroup", Table: "vpcflow",
				PartitionLoad: "daily", CutoffBytes: 1e12}
		},
		Example: `id: integration
phase: detection
title: Write the Athena integration as a template
uses: athena_integration
with:
  account: "111122223333"
  region: eu-west-1
  location: s3://central-flow-logs/
  columns:
    - {name: version, type: int}
    - {name: srcaddr, type: string}
    - {name: dstaddr, type: string}
    - {name: bytes, type: bigint}
  queries:
    - name: VpcFlowLogsTopTalkers
      sql: SELECT srcaddr, sum(bytes) AS total FROM vpcflow GROUP BY srcaddr ORDER BY total DESC LIMIT 50
`,
	}
}

// Step says what is to be integrated.
type Step struct {
	Account string `yaml:"account,omitempty" jsonschema:"description=Account and region in which the stack will be made (every target of the run)"`
	Region  string `yaml:"region,omitempty"`

	Location string   `yaml:"location" jsonschema:"required,description=Where the flow logs lie: s3://bucket/prefix/ above AWSLogs/"`
	Columns  []Column `yaml:"columns" jsonschema:"required,description=Columns of the table in the order of the fields in the log files"`
	Accounts []string `yaml:"accounts,omitempty" jsonschema:"description=Accounts whose logs the table holds (the target's)"`
	Regions  []string `yaml:"regions,omitempty" jsonschema:"description=Regions whose logs the table holds (the target's)"`

	Database  string `yaml:"database,omitempty" jsonschema:"description=Name of the database (vpcflowlogsathenadatabase)"`
	Table     string `yaml:"table,omitempty" jsonschema:"description=Name of the table (vpcflow)"`
	Workgroup string `yaml:"workgroup,omitempty" jsonschema:"description=Name of the workgroup (vpcflowlogsworkgroup)"`

	Results     string `yaml:"results,omitempty" jsonschema:"description=Where query results are put: s3://bucket/prefix/ (s3://aws-athena-query-results-ACCOUNT-REGION/)"`
	KMSKey      string `yaml:"kms_key,omitempty" jsonschema:"description=ARN of the KMS key that encrypts results (without one: keys of S3)"`
	CutoffBytes int64  `yaml:"cutoff_bytes,omitempty" jsonschema:"minimum=10000000,description=A query that reads more than so many bytes is ended (1000000000000)"`

	PartitionLoad string    `yaml:"partition_load,omitempty" jsonschema:"enum=none,enum=daily,enum=weekly,enum=monthly,description=How often partitions are loaded (daily); none needs start and end"`
	Start         time.Time `yaml:"start,omitempty" jsonschema:"description=First day of the partitions"`
	End           time.Time `yaml:"end,omitempty" jsonschema:"description=Last day of the partitions"`

	Queries []Query `yaml:"queries,omitempty" jsonschema:"description=The named queries"`

	FlowLog   string `yaml:"flow_log,omitempty" jsonschema:"description=Id of a flow log: AWS is asked for its template"`
	DeliverTo string `yaml:"deliver_to,omitempty" jsonschema:"description=Where AWS stores that template as a new object: s3://bucket/prefix/"`
}

// Column is one column of the table.
type Column struct {
	Name string `yaml:"name" jsonschema:"required"`
	Type string `yaml:"type" jsonschema:"required,enum=string,enum=tinyint,enum=smallint,enum=int,enum=bigint,enum=float,enum=double,enum=boolean"`
}

// Query is one named query.
type Query struct {
	Name  string    `yaml:"name" jsonschema:"required"`
	About string    `yaml:"about,omitempty" jsonschema:"description=What it answers"`
	SQL   steps.SQL `yaml:"sql" jsonschema:"required"`
	Needs []string  `yaml:"needs,omitempty" jsonschema:"description=Columns without which the query is left out"`
}

// Result has the template of each target.
type Result struct {
	Templates []Template `json:"templates"`
}

// Template is one CloudFormation template.
type Template struct {
	Source        string     `json:"source"`    // aws or playbook
	File          string     `json:"file"`      // path of the evidence that holds it
	Stored        string     `json:"stored"`    // s3:// location where AWS has put it; "" of ours
	Database      string     `json:"database"`  // of ours; AWS has its own names
	Table         string     `json:"table"`     // of ours
	Workgroup     string     `json:"workgroup"` // of ours
	Bytes         int64      `json:"bytes"`
	PartitionLoad string     `json:"partition_load"` // none, daily, weekly or monthly
	Range         string     `json:"range"`          // days of the partitions, as "2026/01/01,NOW"; "" of AWS
	Resources     []Resource `json:"resources"`      // by logical id
	Queries       []string   `json:"queries"`        // names of the named queries, sorted
	LeftOut       []LeftOut  `json:"left_out"`       // queries that are not in it
}

// Resource is one resource of a template.
type Resource struct {
	ID   string `json:"id"`   // logical id
	Type string `json:"type"` // as AWS::Glue::Table
}

// LeftOut is a named query that the template does not have.
type LeftOut struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Run gets or writes the template. Where the stack is not to be made, nothing is done.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	result := Result{Templates: []Template{}}
	quality := steps.Quality{Unit: "resources of the template"}
	if s.Account != "" && s.Account != env.Target.Account || s.Region != "" && s.Region != env.Target.Region {
		return steps.Result{Value: result, Quality: quality}, nil
	}
	settled := s.settle(env)
	if err := settled.err(env.Now); err != nil {
		return steps.Result{Value: result, Quality: quality}, err
	}
	text, template, err := settled.fromAWS(ctx, env)
	var missing *steps.Missing
	switch {
	case errors.As(err, &missing):
		quality.Gaps = append(quality.Gaps, steps.Gap{Source: getTemplate, Problem: "the template of AWS cannot be had, ours is in its place: " + err.Error()})
		text = nil
	case err != nil:
		return steps.Result{Value: result, Quality: quality}, err
	}
	if text == nil {
		if text, template, err = settled.write(); err != nil {
			return steps.Result{Value: result, Quality: quality}, err
		}
	}
	file, err := env.Evidence.Write("template.yaml", func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		return steps.Result{Value: result, Quality: quality}, err
	}
	template.File, template.Bytes, template.PartitionLoad = file.Path, int64(len(text)), settled.PartitionLoad
	result.Templates = append(result.Templates, template)
	quality.Examined = int64(len(template.Resources))
	return steps.Result{Value: result, Blocks: settled.blocks(template, string(text), env.Target), Quality: quality}, nil
}

// settle fills in what depends on the target.
func (s *Step) settle(env steps.Env) *Step {
	settled := *s
	if len(s.Accounts) == 0 {
		settled.Accounts = []string{env.Target.Account}
	}
	if len(s.Regions) == 0 {
		settled.Regions = []string{env.Target.Region}
	}
	if s.Results == "" { // the name that Athena's own console gives to such a bucket
		settled.Results = fmt.Sprintf("s3://aws-athena-query-results-%s-%s/", env.Target.Account, env.Target.Region)
	}
	if s.Start.IsZero() && s.PartitionLoad != "none" && env.Window.IsSet() {
		settled.Start = env.Window.From
	}
	return &settled
}
