// Package iocs is the kind of step that reads indicators of compromise: addresses and
// networks from CSV, plain lists and STIX 2.1 bundles. It matches them with nothing: that
// is the business of queries. What it cannot use it names, because a line that is dropped
// in silence clears whoever it was about.
package iocs

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"playbook/steps"
)

//go:embed doc.md
var doc string

// Kind declares the kind.
func Kind() steps.Kind {
	return steps.Kind{
		Name:       "iocs",
		Summary:    "Read hostile addresses and networks from CSV, text lists and STIX 2.1 bundles",
		Doc:        doc,
		Effect:     steps.Reads,
		Operations: []string{"s3:GetObject", "s3:ListBucket"},
		Result:     Result{},
		New:        func() steps.Step { return &Step{Max: 100_000} },
		Example: `id: iocs
phase: detection
title: Read the lists of hostile addresses
uses: iocs
with:
  from: [s3://incident-analysis/iocs/]
expect:
  - id: usable
    each: filter(result.rejected, .about == "address")
    that: "false"
    resource: item.source + ":" + string(item.line)
    severity: low
    finding: ${{ item.text }} can match nothing, ${{ item.why }}
`,
	}
}

// Step says where the lists lie.
type Step struct {
	From []string `yaml:"from" jsonschema:"required,description=Places in S3 (files or prefixes) or values of params of type file"`
	Max  int      `yaml:"max,omitempty" jsonschema:"minimum=1,description=How many indicators are kept (100000)"`
}

// Result is what the lists say. An address or network that several of them name is there
// once, as the one that is valid longest names it.
type Result struct {
	Indicators []Indicator `json:"indicators"`
	Addresses  int64       `json:"addresses"` // indicators that are one address
	Networks   int64       `json:"networks"`  // those that are more
	Expired    int64       `json:"expired"`
	Duplicates int64       `json:"duplicates"` // entries that said what another had said
	Rejected   []Rejected  `json:"rejected"`   // the first thousand entries that can match nothing
	Unusable   int64       `json:"unusable"`   // how many such entries there are
	Files      []File      `json:"files"`
}

// Indicator is an address or a network. Text in it is from outside.
type Indicator struct {
	Value      string     `json:"value"`   // "203.0.113.9", "192.0.2.240/29"
	Network    string     `json:"network"` // the same as a block: "203.0.113.9/32"
	First      string     `json:"first"`   // address of the network
	Last       string     `json:"last"`
	Single     bool       `json:"single"`  // it is one address
	Family     string     `json:"family"`  // ipv4 or ipv6
	Comment    string     `json:"comment"` // cut to 200 characters
	Labels     []string   `json:"labels"`
	Source     string     `json:"source"` // the file
	Line       int64      `json:"line"`   // of a text; of a bundle the number of the object
	ValidFrom  *time.Time `json:"valid_from"`
	ValidUntil *time.Time `json:"valid_until"`
	Expired    bool       `json:"expired"`    // before the window begins, or before now without one
	Confidence *int64     `json:"confidence"` // 0 to 100, as STIX counts
}

// Rejected is an entry that can match nothing.
type Rejected struct {
	Source string `json:"source"`
	Line   int64  `json:"line"`
	Text   string `json:"text"`  // cut to 200 characters
	About  string `json:"about"` // address: something that should have been one; domain, file, other: something else
	Why    string `json:"why"`
}

// File is one list.
type File struct {
	Location   string `json:"location"`
	Format     string `json:"format"` // csv, text or stix
	Bytes      int64  `json:"bytes"`
	SHA256     string `json:"sha256"`
	Entries    int64  `json:"entries"`    // lines, or patterns and addresses of a bundle
	Indicators int64  `json:"indicators"` // those that are usable, with duplicates
	Rejected   int64  `json:"rejected"`
	Others     int64  `json:"others"` // objects of a bundle that are no indicators
}

// Validate refuses a step that reads nothing.
func (s *Step) Validate(known func(string) bool) []steps.Problem {
	if known("from") && len(s.From) == 0 {
		return []steps.Problem{{Path: "from", Message: "no list is named", Hint: "name at least one place: an empty list would clear everything"}}
	}
	return nil
}

// Run reads every list. The error is one when no list has a usable indicator.
func (s *Step) Run(ctx context.Context, env steps.Env) (steps.Result, error) {
	c := newCollection(s.Max, expiry(env))
	var failures []error
	for _, location := range s.From {
		if err := c.readAll(ctx, env.Files, strings.TrimSpace(location)); err != nil {
			failures = append(failures, err)
		}
		if err := ctx.Err(); err != nil {
			return c.finish(), err
		}
	}
	result := c.finish()
	if err := errors.Join(failures...); err != nil {
		return result, err
	}
	if len(c.result.Indicators) == 0 {
		return result, fmt.Errorf("none of the %d entries in %d files is a usable address or network: "+
			"a list without any would clear every address; see what was rejected", c.entries(), len(c.result.Files))
	}
	return result, nil
}

// expiry is the time that an indicator must have been valid after: what was hostile
// when the traffic flowed counts, though it be taken down today.
func expiry(env steps.Env) time.Time {
	if env.Window.IsSet() {
		return env.Window.From
	}
	return env.Now
}
