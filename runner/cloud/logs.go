package cloud

import (
	"errors"
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

// Flow log files in S3 (VPC User Guide, "Flow log files"): plain prefixes, and the
// Hive-compatible ones, both optionally split by hour.
var (
	plainPath = regexp.MustCompile(`^(.*?)AWSLogs/(\d{12})/vpcflowlogs/([a-z0-9-]+)/(\d{4})/(\d{2})/(\d{2})/`)
	hivePath  = regexp.MustCompile(`^(.*?)AWSLogs/aws-account-id=(\d{12})/aws-service=vpcflowlogs/aws-region=([a-z0-9-]+)/year=(\d{4})/month=(\d{2})/day=(\d{2})/`)
)

// findLogs walks the buckets of a case. Only names are looked at.
func findLogs(s3 string) ([]Logs, []steps.Target, error) {
	places := map[string]*Logs{}
	targets := map[steps.Target]bool{}
	err := filepath.WalkDir(s3, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == s3 {
			return fs.SkipAll
		}
		if err != nil || entry.IsDir() {
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
		if match != nil {
			addLog(places, targets, match)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
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

func addLog(places map[string]*Logs, targets map[steps.Target]bool, match []string) {
	account, region := match[2], match[3]
	day, err := time.Parse("2006-01-02", match[4]+"-"+match[5]+"-"+match[6])
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
	if !slices.Contains(logs.Accounts, account) {
		logs.Accounts = append(logs.Accounts, account)
	}
	if !slices.Contains(logs.Regions, region) {
		logs.Regions = append(logs.Regions, region)
	}
	targets[steps.Target{Account: account, Region: region}] = true
}
