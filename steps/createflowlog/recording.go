package createflowlog

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"playbook/steps"
)

// recording is how a flow log is to be.
type recording struct {
	destination, format string
	interval            int64
	options             map[string]any // DestinationOptions; nil are those of AWS
}

var bucketARN = regexp.MustCompile(`^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\x00-\x1f]*)?$`)

// checkDestination: "AWSLogs is a reserved term" (VPC User Guide, "Create a flow log that
// publishes to Amazon S3").
func checkDestination(destination string) error {
	switch {
	case !bucketARN.MatchString(destination):
		return fmt.Errorf("%.120q is not the ARN of a bucket, as arn:aws:s3:::bucket/folder/", destination)
	case slices.Contains(strings.Split(destination, "/"), "AWSLogs"):
		return fmt.Errorf("%s: AWSLogs is reserved and cannot be a folder of the destination; AWS adds it below", destination)
	}
	return nil
}

// wanted is the recording that the options ask for, filled up from a flow log that works,
// and where that comes from.
func (s *Step) wanted(logs []map[string]any) (recording, string, error) {
	sibling := s.sibling(logs)
	if sibling == nil && s.Destination == "" {
		return recording{}, "", errors.New("no flow log of a VPC here delivers all traffic to S3, so there is nothing to copy: say `destination`")
	}
	options, _ := sibling["DestinationOptions"].(map[string]any)
	interval, _ := sibling["MaxAggregationInterval"].(int64)
	w := recording{
		destination: cmp.Or(s.Destination, steps.TextOf(sibling, "LogDestination")),
		format:      cmp.Or(s.Format, steps.TextOf(sibling, "LogFormat")),
		interval:    cmp.Or(s.Interval, interval, 600), // the default (EC2 API Reference, CreateFlowLogs)
		options:     options,
	}
	if s.FileFormat != "" {
		w.options = map[string]any{"FileFormat": s.FileFormat}
		for _, field := range []string{"HiveCompatiblePartitions", "PerHourPartition"} {
			if value, ok := options[field]; ok {
				w.options[field] = value
			}
		}
	}
	origin := "as the options say"
	if sibling != nil {
		origin = "like flow log " + steps.TextOf(sibling, "FlowLogId")
	}
	return w, origin, checkDestination(w.destination)
}

// sibling is the flow log to copy: of a VPC, to S3, of all traffic, delivered, and to the
// wanted place if one is given. Of several it is one of those that go where most do, and
// the first of them by id.
func (s *Step) sibling(logs []map[string]any) map[string]any {
	goes := map[string]int{}
	var candidates []map[string]any
	for _, log := range logs {
		destination := steps.TextOf(log, "LogDestination")
		if works(log) && steps.TextOf(log, "LogDestinationType") == "s3" && steps.TextOf(log, "TrafficType") == "ALL" &&
			strings.HasPrefix(steps.TextOf(log, "ResourceId"), "vpc-") && (s.Destination == "" || same(destination, s.Destination)) {
			goes[strings.TrimSuffix(destination, "/")]++
			candidates = append(candidates, log)
		}
	}
	if candidates == nil {
		return nil
	}
	return slices.MinFunc(candidates, func(x, y map[string]any) int {
		count := func(log map[string]any) int {
			return goes[strings.TrimSuffix(steps.TextOf(log, "LogDestination"), "/")]
		}
		return cmp.Or(cmp.Compare(count(y), count(x)), cmp.Compare(steps.TextOf(x, "FlowLogId"), steps.TextOf(y, "FlowLogId")))
	})
}

// works reports whether what a flow log records is known to arrive.
func works(log map[string]any) bool {
	return steps.TextOf(log, "FlowLogStatus") == "ACTIVE" && steps.TextOf(log, "DeliverLogsStatus") == "SUCCESS"
}

func same(x, y string) bool { return strings.TrimSuffix(x, "/") == strings.TrimSuffix(y, "/") }

// sameAs reports whether a flow log is one that AWS would not make a second time.
func (w recording) sameAs(log map[string]any) bool {
	return steps.TextOf(log, "TrafficType") == "ALL" && same(steps.TextOf(log, "LogDestination"), w.destination)
}

func (w recording) input(vpc string) map[string]any {
	input := map[string]any{
		"ResourceType": "VPC", "ResourceIds": []any{vpc}, "TrafficType": "ALL",
		"LogDestinationType": "s3", "LogDestination": w.destination, "MaxAggregationInterval": w.interval,
	}
	if w.format != "" {
		input["LogFormat"] = w.format
	}
	if len(w.options) > 0 {
		input["DestinationOptions"] = w.options
	}
	return input
}
