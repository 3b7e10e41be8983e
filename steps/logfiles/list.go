package logfiles

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"playbook/steps"
)

// file is one file of flow logs, by what its path says.
type file struct {
	location, account, region, day, flowLog string
	until                                   time.Time // end of what it holds; zero when its name does not say
	bytes                                   int64
}

// Files of flow logs in S3 (VPC User Guide, "Flow log files"): plain prefixes and the
// Hive-compatible ones, both optionally split further by hour. The name has the begin of
// the five minutes in which the records of the file end:
// <account>_vpcflowlogs_<region>_<flow log>_YYYYMMDDTHHmmZ_<hash>.
var (
	plainPath = regexp.MustCompile(`AWSLogs/(\d{12})/vpcflowlogs/([a-z0-9-]+)/(\d{4})/(\d{2})/(\d{2})/(\d{2}/)?([^/]+)$`)
	hivePath  = regexp.MustCompile(`AWSLogs/aws-account-id=(\d{12})/aws-service=vpcflowlogs/aws-region=([a-z0-9-]+)/year=(\d{4})/month=(\d{2})/day=(\d{2})/(hour=\d{2}/)?([^/]+)$`)
	fileName  = regexp.MustCompile(`_(fl-[0-9a-f]+)_(\d{8}T\d{4}Z)_`)
)

// listing is all files below a place.
type listing struct {
	files  []file
	bytes  int64
	layout string
	gaps   []steps.Gap
}

func list(ctx context.Context, files steps.Files, location string) (listing, error) {
	var all listing
	layouts := map[string]bool{}
	var others []string
	for object, err := range files.List(ctx, strings.TrimSuffix(location, "/")+"/AWSLogs/") {
		if err != nil {
			return all, err
		}
		f, layout, ok := parse(object)
		if !ok {
			others = append(others, object.Location)
			continue
		}
		layouts[layout] = true
		all.files = append(all.files, f)
		all.bytes += f.bytes
	}
	for layout := range layouts {
		all.layout = layout
	}
	if len(layouts) > 1 {
		all.layout = "mixed"
	}
	if len(others) > 0 { // of other services: CloudTrail lies under AWSLogs/ too
		gap := steps.Gap{Source: location, Problem: "files under AWSLogs/ are not named as flow logs are, and were not looked at", Count: int64(len(others))}
		for _, other := range others[:min(3, len(others))] {
			gap.Examples = append(gap.Examples, steps.Cut(other, 200))
		}
		all.gaps = append(all.gaps, gap)
	}
	return all, nil
}

// parse reads a path. Athena passes over files whose names begin with _ or a dot.
func parse(object steps.Object) (f file, layout string, ok bool) {
	match, layout := plainPath.FindStringSubmatch(object.Location), "daily"
	if match == nil {
		match, layout = hivePath.FindStringSubmatch(object.Location), "hive"
	} else if match[6] != "" {
		layout = "hourly"
	}
	if match == nil || strings.ContainsAny(match[7][:1], "_.") {
		return f, "", false
	}
	f = file{location: object.Location, account: match[1], region: match[2], bytes: object.Bytes}
	day, err := time.Parse(time.DateOnly, fmt.Sprintf("%s-%s-%s", match[3], match[4], match[5]))
	if err != nil {
		return f, "", false
	}
	f.day = day.Format(time.DateOnly)
	if name := fileName.FindStringSubmatch(match[7]); name != nil {
		f.flowLog = name[1]
		if begin, err := time.Parse("20060102T1504Z", name[2]); err == nil {
			f.until = begin.Add(5 * time.Minute)
		}
	}
	return f, layout, true
}

// sample picks one file of each flow log and day: a format cannot be changed, so that
// another one means another flow log.
func sample(files []file) []file {
	seen := map[string]bool{}
	var picked []file
	for _, f := range files {
		key := f.account + f.region + f.flowLog + f.day
		if !seen[key] {
			seen[key] = true
			picked = append(picked, f)
		}
	}
	return picked
}
