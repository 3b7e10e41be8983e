// Package prowler is the kind of step that reads what scanners found, from files in OCSF
// or ASFF; live and without files, it runs Prowler.
package prowler

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"playbook/steps"
	"playbook/steps/finding"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "prowler",
		Summary:    "Read what Prowler or another scanner found, or run Prowler",
		Doc:        doc,
		Effect:     steps.Reads,
		Operations: []string{"s3:GetObject", "s3:ListBucket"},
		Result:     Result{},
		New:        func() steps.Step { return &Step{Categories: []string{"internet-exposed"}, Max: 10_000} },
		Example: `id: scanned
phase: preparation
title: Read what Prowler found
uses: prowler
with:
  from: [s3://incident-analysis/prowler/]
expect:
  - id: closed
    each: filter(result.open, .severity in ["high", "critical"])
    that: "false"
    resource: item.resource
    severity: medium
    finding: "${{ item.title }}: ${{ item.detail }}"
    remedy: ${{ item.remedy }}
`,
	}
}

// Step says where the files lie, or what to scan.
type Step struct {
	From       []string `yaml:"from,omitempty" jsonschema:"description=Places in S3 (files or prefixes) or values of params of type file; without any Prowler is run when live"`
	Categories []string `yaml:"categories,omitempty" jsonschema:"minItems=1,description=Categories of checks to run (internet-exposed)"`
	Max        int      `yaml:"max,omitempty" jsonschema:"minimum=1,description=How many open findings are kept (10000)"`
}

// Result is what was found.
type Result struct {
	Open       []finding.Finding `json:"open"`   // that fail, the worst first
	Checks     []finding.Check   `json:"checks"` // that failed most, first
	Failed     int64             `json:"failed"`
	Passed     int64             `json:"passed"`
	Manual     int64             `json:"manual"`     // for a person to check
	Suppressed int64             `json:"suppressed"` // muted, archived or resolved
	Unknown    int64             `json:"unknown"`    // not checked
	Files      []File            `json:"files"`
}

// File is one file of findings.
type File struct {
	Location string `json:"location"`
	Format   string `json:"format"` // ocsf, asff or none
	Bytes    int64  `json:"bytes"`
	SHA256   string `json:"sha256"`
	Entries  int64  `json:"entries"`
}

var category = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// Validate refuses what is no category: it becomes an argument of a program.
func (s *Step) Validate(known func(string) bool) []steps.Problem {
	for i, name := range s.Categories {
		if known("categories") && !category.MatchString(name) {
			return []steps.Problem{{
				Path: fmt.Sprintf("categories[%d]", i), Message: fmt.Sprintf("%q is no category of Prowler", name),
				Hint: "see prowler aws --list-categories",
			}}
		}
	}
	return nil
}

// Run reads the files, or runs Prowler and reads what it wrote.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	w := &work{tally: finding.NewTally(s.Max), files: []File{}}
	if len(s.From) == 0 {
		err := s.scan(ctx, env, w)
		return w.result(), err
	}
	var failures []error
	for _, location := range s.From {
		if err := w.readAll(ctx, env.Files, strings.TrimSpace(location)); err != nil {
			failures = append(failures, err)
		}
	}
	result := w.result()
	if err := errors.Join(failures...); err != nil {
		return result, err
	}
	return result, w.empty()
}

// work is what one step has read.
type work struct {
	tally *finding.Tally
	files []File
}

func (w *work) result() steps.Result {
	open, checks := w.tally.Finish("the scanner")
	t := w.tally
	list := &steps.Table{Title: "Files", Total: int64(len(w.files)), Columns: []steps.TableColumn{
		{Name: "file"}, {Name: "format"}, {Name: "size", Unit: steps.Bytes}, {Name: "entries", Unit: steps.Count}, {Name: "SHA-256"},
	}}
	for _, f := range w.files {
		list.Rows = append(list.Rows, []any{f.Location, f.Format, f.Bytes, f.Entries, f.SHA256})
	}
	return steps.Result{
		Value: Result{
			Open: open, Checks: checks, Failed: t.Count(finding.Fail), Passed: t.Count(finding.Pass), Manual: t.Count(finding.Manual),
			Suppressed: t.Count(finding.Suppressed), Unknown: t.Count(finding.Unknown), Files: w.files,
		},
		Blocks:  append(t.Blocks(open, checks), steps.Block{Table: list}),
		Quality: t.Quality,
	}
}

// empty is the error of a scan that found nothing at all, good or bad.
func (w *work) empty() error {
	if w.tally.Quality.Examined > 0 {
		return nil
	}
	return fmt.Errorf("there is no finding in %d files, not even of a check that passed: that is no clean scan but none", len(w.files))
}

// maxFile is the size of one file, unpacked.
const maxFile = 256 << 20

// readAll reads the files at a location: the one that it names, or those below it that
// are JSON. Prowler puts CSV and HTML beside them.
func (w *work) readAll(ctx context.Context, files steps.Files, location string) error {
	for object, err := range files.List(ctx, location) {
		if err != nil {
			return fmt.Errorf("find what the scanner wrote: %w", err)
		}
		name := strings.ToLower(object.Location)
		if object.Location != location && !strings.HasSuffix(name, ".json") && !strings.HasSuffix(name, ".json.gz") {
			continue
		}
		if err := w.open(ctx, files, object.Location); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			w.tally.Gap(object.Location, "it could not be read: "+err.Error(), 1, true)
		}
	}
	return ctx.Err()
}

func (w *work) open(ctx context.Context, files steps.Files, location string) error {
	from, err := files.Open(ctx, location)
	if err != nil {
		return err
	}
	defer from.Close()
	return w.read(from, location)
}

// read takes what one file says.
func (w *work) read(from io.Reader, location string) error {
	content, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	if err != nil {
		return err
	}
	file := File{Location: location, Format: "none", Bytes: int64(len(content))}
	sum := sha256.Sum256(content)
	file.SHA256 = hex.EncodeToString(sum[:])
	if bytes.HasPrefix(content, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return fmt.Errorf("unpack it: %w", err)
		}
		content, err = io.ReadAll(io.LimitReader(unpacked, maxFile+1))
		if err != nil && len(content) == 0 {
			return fmt.Errorf("unpack it: %w", err)
		}
		if err != nil { // what came out is read, as of a list that was cut
			w.tally.Gap(location, "it is damaged: unpack it: "+err.Error(), 1, true)
		}
	}
	if len(content) > maxFile {
		return fmt.Errorf("it is larger than %d bytes, which no scan is", maxFile)
	}
	file.Format, file.Entries = w.tally.AddText(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")), location)
	w.files = append(w.files, file)
	if file.Entries == 0 {
		w.tally.Gap(location, "it has no finding, not even of a check that passed", 1, true)
	}
	return nil
}
