package cloud

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"playbook/steps"
)

// Logs is one place that holds VPC flow logs: the bucket and prefix above AWSLogs/.
type Logs struct {
	Location string    // "s3://bucket/prefix/"
	Accounts []string  // sorted
	Regions  []string  // sorted
	First    time.Time // first day with a file, 00:00 UTC
	Last     time.Time // last day with a file
}

// Flow log files in S3 (VPC User Guide, "Flow log files"): plain prefixes and the
// Hive-compatible ones, both optionally split further by hour.
var (
	plainPath = regexp.MustCompile(`^(.+?/)AWSLogs/(\d{12})/vpcflowlogs/([a-z0-9-]+)(?:/(\d{4})/(\d{2})/(\d{2})/.|$)`)
	hivePath  = regexp.MustCompile(`^(.+?/)AWSLogs/aws-account-id=(\d{12})/aws-service=vpcflowlogs/aws-region=([a-z0-9-]+)(?:/year=(\d{4})/month=(\d{2})/day=(\d{2})/.|$)`)
)

// findLogs walks the buckets of a case. Only names are looked at. The folder of a
// region is a target even when no file is in it: its logs are missing, which somebody
// has to be told.
func findLogs(s3 string) ([]Logs, []steps.Target, error) {
	places := map[string]*Logs{}
	targets := map[steps.Target]bool{}
	err := filepath.WalkDir(s3, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && path == s3:
			return fs.SkipAll
		case err != nil:
			return err
		}
		if err := notALinkToAFolder(path, entry); err != nil {
			return err
		}
		relative, err := filepath.Rel(s3, path)
		if err != nil {
			return err
		}
		key := filepath.ToSlash(relative)
		match := plainPath.FindStringSubmatch(key)
		if match == nil {
			match = hivePath.FindStringSubmatch(key)
		}
		if match == nil {
			return nil
		}
		targets[steps.Target{Account: match[2], Region: match[3]}] = true
		// Athena passes over files that Hive hides: their names begin with _ or .
		if !entry.IsDir() && !strings.ContainsAny(entry.Name()[:1], "_.") {
			addLog(places, match)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("look for flow logs: %w", err)
	}
	var found []Logs
	for _, logs := range places {
		slices.Sort(logs.Accounts)
		slices.Sort(logs.Regions)
		found = append(found, *logs)
	}
	slices.SortFunc(found, func(a, b Logs) int { return strings.Compare(a.Location, b.Location) })
	return found, slices.Collect(maps.Keys(targets)), nil
}

func addLog(places map[string]*Logs, match []string) {
	day, err := time.Parse(time.DateOnly, match[4]+"-"+match[5]+"-"+match[6])
	if err != nil {
		return // a folder like 2026/13/45 is no day; the engine reports its files
	}
	location := "s3://" + match[1]
	logs := places[location]
	if logs == nil {
		logs = &Logs{Location: location, First: day, Last: day}
		places[location] = logs
	}
	if day.Before(logs.First) {
		logs.First = day
	}
	if day.After(logs.Last) {
		logs.Last = day
	}
	if account := match[2]; !slices.Contains(logs.Accounts, account) {
		logs.Accounts = append(logs.Accounts, account)
	}
	if region := match[3]; !slices.Contains(logs.Regions, region) {
		logs.Regions = append(logs.Regions, region)
	}
}
