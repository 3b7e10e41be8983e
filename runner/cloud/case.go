// Package cloud is where facts about AWS come from: a case, which is a folder of
// evidence copied out of AWS.
//
// It gives answers in the shape that the AWS CLI prints and judges nothing. An answer
// that is not there is an error, never an empty answer.
package cloud

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"playbook/steps"
)

// Case is an opened folder of evidence. Nothing is ever written to it.
type Case struct {
	dir     string
	about   about
	targets []steps.Target
	logs    []Logs
}

// about is case.yaml.
type about struct {
	CollectedAt time.Time `yaml:"collected_at"`
	Window      struct {
		From time.Time `yaml:"from"`
		To   time.Time `yaml:"to"`
	} `yaml:"window"`
	Accounts []string `yaml:"accounts"`
	Regions  []string `yaml:"regions"`
	Notes    string   `yaml:"notes"`
}

// OpenCase finds out what a folder of evidence holds.
func OpenCase(dir string) (*Case, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("open the case: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("open the case: %s is not a folder", dir)
	}
	c := &Case{dir: dir}
	if err := c.readAbout(); err != nil {
		return nil, err
	}
	logged, err := c.findLogs()
	if err != nil {
		return nil, fmt.Errorf("open the case: look for flow logs: %w", err)
	}
	answered, err := c.answered()
	if err != nil {
		return nil, fmt.Errorf("open the case: %w", err)
	}
	c.targets = c.allTargets(append(answered, logged...))
	if len(c.targets) == 0 {
		return nil, fmt.Errorf("open the case: %s holds neither aws/<account>/<region>/ with answers of the AWS CLI "+
			"nor s3/<bucket>/…/AWSLogs/<account>/vpcflowlogs/<region>/ with flow logs", dir)
	}
	return c, nil
}

func (c *Case) readAbout() error {
	path := filepath.Join(c.dir, "case.yaml")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the case: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c.about); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("open the case: %s: %w", path, err)
	}
	window := c.about.Window
	if window.From.IsZero() != window.To.IsZero() || !window.From.IsZero() && !window.From.Before(window.To) {
		return fmt.Errorf("open the case: %s: window needs from and to, from before to", path)
	}
	return nil
}

// answered lists the targets that have a folder of answers.
func (c *Case) answered() ([]steps.Target, error) {
	var targets []steps.Target
	accounts, err := folders(filepath.Join(c.dir, "aws"))
	if err != nil {
		return nil, err
	}
	for _, account := range accounts {
		regions, err := folders(filepath.Join(c.dir, "aws", account))
		if err != nil {
			return nil, err
		}
		for _, region := range regions {
			if region != "global" {
				targets = append(targets, steps.Target{Account: account, Region: region})
			}
		}
	}
	return targets, nil
}

func folders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names, err
}

func (c *Case) findLogs() ([]steps.Target, error) {
	logs, targets, err := findLogs(filepath.Join(c.dir, "s3"))
	c.logs = logs
	return targets, err
}

// allTargets adds to what has answers or logs what case.yaml says was to be collected:
// an account named there and found nowhere has to fail its steps, not vanish.
func (c *Case) allTargets(targets []steps.Target) []steps.Target {
	for _, account := range c.about.Accounts {
		for _, region := range c.about.Regions {
			targets = append(targets, steps.Target{Account: account, Region: region})
		}
	}
	slices.SortFunc(targets, func(a, b steps.Target) int {
		return strings.Compare(a.Account+"/"+a.Region, b.Account+"/"+b.Region)
	})
	return slices.Compact(targets)
}

// Dir is the case's folder.
func (c *Case) Dir() string { return c.dir }

// CollectedAt is when the evidence was copied, or zero.
func (c *Case) CollectedAt() time.Time { return c.about.CollectedAt.UTC() }

// Window is the time under examination that case.yaml names, or zero.
func (c *Case) Window() steps.Window {
	if c.about.Window.From.IsZero() {
		return steps.Window{}
	}
	return steps.Window{From: c.about.Window.From.UTC(), To: c.about.Window.To.UTC()}
}

// Notes is what the collector wrote about the case.
func (c *Case) Notes() string { return c.about.Notes }

// Targets are the accounts and regions of the case, in order.
func (c *Case) Targets() []steps.Target { return slices.Clone(c.targets) }

// Logs are the places with flow logs, by location.
func (c *Case) Logs() []Logs { return slices.Clone(c.logs) }

// AnswersPath is the case's answers.yaml, or "" when it has none.
func (c *Case) AnswersPath() string {
	path := filepath.Join(c.dir, "answers.yaml")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// Cloud gives the facts about one target.
func (c *Case) Cloud(target steps.Target) steps.Cloud { return &answers{c.dir, target} }
