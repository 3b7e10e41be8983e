// Package logfiles is the kind of step that looks at the files of flow logs in S3: whether
// they arrive, how late the newest is, and which fields their lines have, in which order.
// It reads names, sizes and first lines; what the records say is the business of queries.
package logfiles

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"time"

	"playbook/steps"
	"playbook/steps/flowrecord"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "log_files",
		Summary:    "Check that files of flow logs arrive in S3, and in which order their lines have the fields",
		Doc:        doc,
		Effect:     steps.Reads,
		Operations: []string{"s3:GetObject", "s3:ListBucket"},
		Result:     Result{},
		New:        func() steps.Step { return &Step{LateAfter: 20 * time.Minute} },
		Example: `id: log_files
phase: detection
title: Check the files of the flow logs
uses: log_files
with:
  location: s3://example-flow-logs/
expect:
  - id: in_time
    each: result.places
    that: not item.late
    resource: item.account + "/" + item.region
    severity: medium
    finding: The newest file of ${{ item.account }}/${{ item.region }} is of ${{ iso(item.newest) }}
`,
	}
}

// Step says where the files lie.
type Step struct {
	Location  string        `yaml:"location" jsonschema:"required,description=The place above AWSLogs/ as s3://bucket/prefix/"`
	LateAfter time.Duration `yaml:"late_after,omitempty" jsonschema:"description=How old the newest file may be (20m)"`
}

// Result is what lies there. Columns are those of a table over the files: in the order of
// their lines, then the fields that the library asks for and the lines lack, which read
// as NULL (see steps/flowrecord).
type Result struct {
	Files   int64               `json:"files"`
	Bytes   int64               `json:"bytes"`
	Places  []Place             `json:"places"`
	Formats []Format            `json:"formats"` // the most common first
	Columns []flowrecord.Column `json:"columns"`
	Missing []string            `json:"missing"` // fields that the most common format lacks
	Layout  string              `json:"layout"`  // daily, hourly, hive or mixed: how the folders are named
}

// Place is what lies there of one account and region. Times are nil when no name of a
// file says one.
type Place struct {
	Account     string     `json:"account"`
	Region      string     `json:"region"`
	Files       int64      `json:"files"`
	Bytes       int64      `json:"bytes"`
	FirstDay    string     `json:"first_day"` // 2026-03-01
	LastDay     string     `json:"last_day"`
	MissingDays []string   `json:"missing_days"` // of the window, within it, without a file
	Newest      *time.Time `json:"newest"`       // end of what the newest file holds, as its name says
	LateSeconds int64      `json:"late_seconds"` // from then to the time measured against
	Late        bool       `json:"late"`
}

// Format is an order of fields, and how many of the opened files have it.
type Format struct {
	Fields    []string `json:"fields"`
	Encoding  string   `json:"encoding"` // text or parquet; of Parquet the fields are not read here
	Files     int64    `json:"files"`
	FirstFile string   `json:"first_file"`
}

// Run lists every file and opens one of each flow log and day.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	quality := steps.Quality{Unit: "files"}
	result := Result{Places: []Place{}, Formats: []Format{}, Columns: []flowrecord.Column{}, Missing: []string{}}
	found, err := list(ctx, env.Files, s.Location)
	if err != nil {
		return steps.Result{Value: result, Quality: quality}, err
	}
	if len(found.files) == 0 {
		return steps.Result{Value: result, Quality: quality}, &steps.Missing{
			What: "any file of flow logs under " + s.Location, Path: s.Location + "AWSLogs/<account>/vpcflowlogs/<region>/",
			Hint: "copy them with aws s3 sync, or name the place where they lie",
		}
	}
	result.Files, result.Bytes, result.Layout = int64(len(found.files)), found.bytes, found.layout
	result.Places = places(found.files, env.Window, measuredAt(env), s.LateAfter)
	heads, gaps := open(ctx, env.Files, sample(found.files))
	if err := ctx.Err(); err != nil {
		return steps.Result{}, err
	}
	quality.Gaps = append(found.gaps, gaps...)
	result.Formats = formats(heads)
	if len(result.Formats) == 0 {
		return steps.Result{Value: result, Quality: quality}, fmt.Errorf("none of the %d files of flow logs that were opened could be read", len(gaps))
	}
	if text := slices.IndexFunc(result.Formats, func(f Format) bool { return f.Encoding == encodingText }); text >= 0 {
		columns, missing := flowrecord.Columns(result.Formats[text].Fields)
		result.Columns, result.Missing = columns, append(result.Missing, missing...)
	}
	quality.Examined = result.Files
	return steps.Result{Value: result, Blocks: blocks(result, len(heads)), Quality: quality}, nil
}

// measuredAt is the time that lateness counts to: a window that has ended expects nothing
// after its end.
func measuredAt(env steps.Env) time.Time {
	if env.Window.IsSet() && env.Window.To.Before(env.Now) {
		return env.Window.To
	}
	return env.Now
}

// places sorts the files by account and region.
func places(files []file, window steps.Window, now time.Time, lateAfter time.Duration) []Place {
	var all []Place
	days := map[string]map[string]bool{}
	for _, f := range files {
		i := slices.IndexFunc(all, func(p Place) bool { return p.Account == f.account && p.Region == f.region })
		if i < 0 {
			i = len(all)
			all = append(all, Place{Account: f.account, Region: f.region, FirstDay: f.day, LastDay: f.day, MissingDays: []string{}})
		}
		p := &all[i]
		key := p.Account + "/" + p.Region
		if days[key] == nil {
			days[key] = map[string]bool{}
		}
		days[key][f.day] = true
		p.Files, p.Bytes = p.Files+1, p.Bytes+f.bytes
		p.FirstDay, p.LastDay = min(p.FirstDay, f.day), max(p.LastDay, f.day)
		if !f.until.IsZero() && (p.Newest == nil || f.until.After(*p.Newest)) {
			until := f.until
			p.Newest = &until
		}
	}
	for i := range all {
		p := &all[i]
		p.MissingDays = append(p.MissingDays, missingDays(days[p.Account+"/"+p.Region], window)...)
		if p.Newest != nil {
			p.LateSeconds = max(0, int64(now.Sub(*p.Newest)/time.Second))
			p.Late = now.Sub(*p.Newest) > lateAfter
		}
	}
	return all
}

// missingDays are the days of a window without a file. The files of a day may hold
// records of the minutes before it, so the first and last day are asked for as well.
func missingDays(have map[string]bool, window steps.Window) []string {
	var missing []string
	if !window.IsSet() {
		return nil
	}
	for day := window.From.UTC().Truncate(24 * time.Hour); day.Before(window.To); day = day.AddDate(0, 0, 1) {
		if name := day.Format(time.DateOnly); !have[name] {
			missing = append(missing, name)
		}
	}
	return missing
}
