// Package logsinsights is the kind of step that asks CloudWatch Logs Insights: for flow
// logs, and others, that go to CloudWatch Logs instead of S3, where Athena sees nothing.
package logsinsights

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"playbook/steps"
)

//go:embed doc.md
var doc string

const startQuery = "logs:StartQuery"

// maxLimit is the most that a query returns, and defaultLimit what it returns without a
// limit (CloudWatch Logs API Reference, StartQuery).
const defaultLimit, maxLimit = 1000, 10_000

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "logs_insights",
		Summary:    "Ask CloudWatch Logs Insights about log groups",
		Doc:        doc,
		Effect:     steps.Reads,
		Operations: []string{startQuery}, // what reads it live also calls logs:GetQueryResults
		PerTarget:  true,
		Result:     Result{},
		New:        func() steps.Step { return &Step{Limit: defaultLimit} },
		Example: `id: insights
phase: detection
title: Rank the pairs in flow logs that go to CloudWatch Logs
uses: logs_insights
with:
  groups: [{name: /vpc/flow-logs, account: "111122223333", region: eu-west-1}]
  query: |
    stats sum(bytes) as bytes, count(*) as records by srcAddr, dstAddr
    | sort bytes desc
`,
	}
}

// Step is a query of log groups. The query is text of the playbook and is sent as it is:
// Logs Insights has no statement that changes anything.
type Step struct {
	Groups []any     `yaml:"groups" jsonschema:"required,description=Log groups: names that are asked for everywhere or maps of name and account and region"`
	Query  string    `yaml:"query" jsonschema:"required,minLength=1,description=In the query language of Logs Insights"`
	Limit  int64     `yaml:"limit,omitempty" jsonschema:"minimum=1,maximum=10000,description=The most rows (1000)"`
	From   time.Time `yaml:"from,omitempty" jsonschema:"description=Start of the time to ask for; of the window unless told"`
	To     time.Time `yaml:"to,omitempty" jsonschema:"description=End of the time to ask for; of the window unless told"`
}

// Result is the answer. The elements of rows are maps by the names of the query's fields;
// what looks like a number is one.
type Result struct {
	Rows  []map[string]any `json:"rows"`
	Total int64            `json:"total"` // rows
}

// Run asks about the groups of this target, all in one query.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	quality := steps.Quality{Unit: "log events"}
	result := Result{Rows: []map[string]any{}}
	groups, err := s.groups(env.Target)
	if err != nil {
		return steps.Result{}, err
	}
	if len(groups) == 0 { // nothing of this target is asked for
		return steps.Result{Value: result, Quality: quality}, nil
	}
	from, to := s.From, s.To
	if from.IsZero() {
		from = env.Window.From
	}
	if to.IsZero() {
		to = env.Window.To
	}
	if from.IsZero() || !from.Before(to) {
		return steps.Result{}, errors.New("there is no time to ask for: give from and to, or run with --from and --to")
	}
	input := map[string]any{
		"logGroupNames": groups, "queryString": s.Query, "limit": s.Limit,
		"startTime": from.Unix(), "endTime": to.Unix() - 1, // both ends are included
	}
	for page, err := range env.Cloud.Read(ctx, startQuery, input) {
		if err != nil {
			return steps.Result{Value: result, Quality: quality}, err
		}
		if err := add(page, &result, &quality); err != nil {
			return steps.Result{Value: result, Quality: quality}, err
		}
	}
	result.Total = int64(len(result.Rows))
	if result.Total >= s.Limit {
		quality.Cut = []string{"rows"}
	}
	return steps.Result{Value: result, Blocks: s.blocks(groups, result), Quality: quality}, nil
}

// groups are the names of the log groups of a target, sorted, so that the same question is
// always the same call.
func (s *Step) groups(target steps.Target) ([]any, error) {
	var names []string
	for _, value := range s.Groups {
		name, account, region := "", "", ""
		switch value := steps.Plain(value).(type) {
		case string:
			name = value
		case map[string]any:
			name, account, region = steps.TextOf(value, "name"), steps.TextOf(value, "account"), steps.TextOf(value, "region")
		}
		if name == "" {
			return nil, errors.New("each of groups is the name of a log group, or a map with a name")
		}
		if (account == "" || account == target.Account) && (region == "" || region == target.Region) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > 50 {
		return nil, fmt.Errorf("%d log groups are asked for at once; Logs Insights takes 50: use for_each", len(names))
	}
	list := make([]any, len(names))
	for i := range names {
		list[i] = names[i]
	}
	return list, nil
}

// add takes over one answer of GetQueryResults. A query that did not complete says
// nothing: what it has so far could be anything.
func add(page map[string]any, result *Result, quality *steps.Quality) error {
	if status := steps.TextOf(page, "status"); status != "Complete" {
		return fmt.Errorf("the query ended as %q: an answer is whole only when it is Complete; run it again, or ask for less time", status)
	}
	statistics, _ := page["statistics"].(map[string]any)
	examined := number(statistics["recordsScanned"])
	quality.Examined += int64(examined)
	if skipped := number(statistics["logGroupsSkipped"]) + number(statistics["estimatedRecordsSkipped"]); skipped > 0 {
		quality.Gaps = append(quality.Gaps, steps.Gap{Source: startQuery, Problem: "CloudWatch Logs left out log groups or records", Count: int64(skipped), Blocking: true})
	}
	rows, _ := page["results"].([]any)
	for i, row := range rows {
		cells, ok := row.([]any)
		if !ok {
			return fmt.Errorf("results[%d] is not a list of fields", i)
		}
		values := map[string]any{}
		for _, cell := range cells {
			field, _ := cell.(map[string]any)
			if name := steps.TextOf(field, "field"); name != "" && name != "@ptr" {
				values[name] = parsed(steps.TextOf(field, "value"))
			}
		}
		result.Rows = append(result.Rows, values)
	}
	return nil
}

var numeric = regexp.MustCompile(`^-?(0|[1-9]\d{0,17})(\.\d+)?$`)

// parsed is a value that Logs Insights has written as text. Only plain numbers become
// numbers: an account with a leading zero stays text, but 111122223333 does not.
func parsed(text string) any {
	if !numeric.MatchString(text) {
		return text
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return f
}

func number(value any) float64 {
	switch value := value.(type) {
	case int64:
		return float64(value)
	case float64:
		return value
	}
	return 0
}

func (s *Step) blocks(groups []any, r Result) []steps.Block {
	var names []string
	for _, row := range r.Rows {
		for name := range row {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	table := &steps.Table{Total: r.Total}
	for _, name := range names {
		table.Columns = append(table.Columns, steps.TableColumn{Name: name})
	}
	for _, row := range r.Rows[:min(len(r.Rows), 1000)] {
		cells := make([]any, len(names))
		for i, name := range names {
			cells[i] = row[name]
		}
		table.Rows = append(table.Rows, cells)
	}
	facts := &steps.Facts{}
	for _, group := range groups {
		facts.Items = append(facts.Items, steps.Fact{Label: "Log group", Value: group})
	}
	return []steps.Block{{Facts: facts}, {Code: &steps.Code{Source: s.Query}}, {Table: table}}
}
