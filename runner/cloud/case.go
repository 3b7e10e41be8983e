// Package cloud is where facts about AWS come from: a case, which is a folder of
// evidence copied out of AWS.
//
// It gives answers in the shape that the AWS CLI prints and judges nothing. An answer
// that is not there is an error, never an empty answer. Queries of logs are not its
// concern; it only knows where logs lie.
package cloud

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"playbook/steps"
)

// Case is an opened folder of evidence. Nothing is ever written to it.
type Case struct {
	dir     string
	about   about
	targets []steps.Target
	logs    []Logs
}

// OpenCase finds out what a folder of evidence holds.
func OpenCase(dir string) (*Case, error) {
	c, err := openCase(dir)
	if err != nil {
		return nil, fmt.Errorf("open the case: %w", err)
	}
	return c, nil
}

func openCase(dir string) (*Case, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", dir)
	}
	c := &Case{dir: dir}
	if c.about, err = readAbout(dir); err != nil {
		return nil, err
	}
	answered, global, err := answeredTargets(dir)
	if err != nil {
		return nil, err
	}
	logs, logged, err := findLogs(filepath.Join(dir, "s3"))
	if err != nil {
		return nil, err
	}
	c.logs = logs
	found := append(answered, logged...)
	if len(found) == 0 {
		return nil, fmt.Errorf("%s holds neither aws/<account>/<region>/ with answers of the AWS CLI "+
			"nor s3/<bucket>/…/AWSLogs/<account>/vpcflowlogs/<region>/ with flow logs", dir)
	}
	c.targets = c.about.withDeclared(found, global)
	return c, nil
}

// answeredTargets lists the accounts and regions that have a folder of answers, and the
// accounts that have one of answers for all regions. A folder under any other name is
// refused: passed over in silence, what it holds would never be looked at.
func answeredTargets(dir string) (targets []steps.Target, global []string, err error) {
	top := filepath.Join(dir, "aws")
	accounts, err := folders(top)
	if err != nil {
		return nil, nil, err
	}
	for _, account := range accounts {
		if !accountID.MatchString(account) {
			return nil, nil, fmt.Errorf("%s is not the id of an account: its folder has the twelve digits as its name", filepath.Join(top, account))
		}
		regions, err := folders(filepath.Join(top, account))
		if err != nil {
			return nil, nil, err
		}
		for _, region := range regions {
			switch {
			case region == "global":
				global = append(global, account)
			case !regionName.MatchString(region):
				return nil, nil, fmt.Errorf("%s is not the name of a region, as eu-west-1, and not global", filepath.Join(top, account, region))
			default:
				targets = append(targets, steps.Target{Account: account, Region: region})
			}
		}
	}
	return targets, global, nil
}

// folders lists the folders in a folder, without hidden ones.
func folders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		if err := notALinkToAFolder(filepath.Join(dir, entry.Name()), entry); err != nil {
			return nil, err
		}
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names, err
}

// notALinkToAFolder refuses what would be passed over in silence: a case is searched
// without following links, so that it cannot lead out of its folder.
func notALinkToAFolder(path string, entry fs.DirEntry) error {
	if entry.Type()&fs.ModeSymlink == 0 {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return fmt.Errorf("%s is a link, which is not followed; copy or mount what it leads to in its place", path)
	}
	return nil
}

// withDeclared adds what case.yaml says was to be collected and nothing was found of:
// such an account has to fail its steps, not vanish. An account with anything in the
// case is taken as it is: it need not be in every region. One that has answers for all
// regions only counts as declared, or nobody would look at them.
func (a about) withDeclared(targets []steps.Target, global []string) []steps.Target {
	var accounts, regions []string
	for _, target := range targets {
		accounts, regions = append(accounts, target.Account), append(regions, target.Region)
	}
	declared := slices.Concat(a.accounts, global)
	for _, account := range declared {
		if !slices.Contains(accounts, account) {
			for _, region := range append(slices.Clone(a.regions), regions...) {
				targets = append(targets, steps.Target{Account: account, Region: region})
			}
		}
	}
	for _, region := range a.regions {
		if !slices.Contains(regions, region) {
			for _, account := range slices.Concat(a.accounts, accounts) {
				targets = append(targets, steps.Target{Account: account, Region: region})
			}
		}
	}
	slices.SortFunc(targets, func(x, y steps.Target) int {
		return cmp.Or(cmp.Compare(x.Account, y.Account), cmp.Compare(x.Region, y.Region))
	})
	return slices.Compact(targets)
}

// Dir is the case's folder.
func (c *Case) Dir() string { return c.dir }

// CollectedAt is when the evidence was copied, or zero.
func (c *Case) CollectedAt() time.Time { return c.about.collectedAt }

// Window is the time under examination that case.yaml names, or unset.
func (c *Case) Window() steps.Window { return c.about.window }

// Notes is what the collector wrote about the case.
func (c *Case) Notes() string { return c.about.notes }

// Params are what case.yaml gives for params of playbooks, as where in the case a list
// lies.
func (c *Case) Params() map[string]any { return maps.Clone(c.about.params) }

// Targets are the accounts and regions of the case, in order.
func (c *Case) Targets() []steps.Target { return slices.Clone(c.targets) }

// Logs are the places with flow logs, by location.
func (c *Case) Logs() []Logs { return slices.Clone(c.logs) }

// AnswersPath is the case's answers.yaml, or "" when it has none.
func (c *Case) AnswersPath() string {
	path := filepath.Join(c.dir, "answers.yaml")
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return path
}

// Cloud gives the facts about one target.
func (c *Case) Cloud(target steps.Target) steps.Cloud { return &answers{c.dir, target} }
