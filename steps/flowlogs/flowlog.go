package flowlogs

import (
	"slices"
	"strings"

	"playbook/steps"
	"playbook/steps/flowrecord"
)

// describe reads one flow log (EC2 API Reference, FlowLog).
func describe(raw map[string]any) FlowLog {
	l := FlowLog{
		ID: steps.TextOf(raw, "FlowLogId"), Name: steps.NameTag(raw), Resource: steps.TextOf(raw, "ResourceId"),
		Traffic: steps.TextOf(raw, "TrafficType"), DestinationType: steps.TextOf(raw, "LogDestinationType"),
		Destination: steps.TextOf(raw, "LogDestination"), Format: steps.TextOf(raw, "LogFormat"), Fields: []string{},
		Active: steps.TextOf(raw, "FlowLogStatus") == "ACTIVE", Delivery: steps.TextOf(raw, "DeliverLogsStatus"),
		Error: steps.TextOf(raw, "DeliverLogsErrorMessage"), Problems: []string{},
	}
	l.Interval, _ = raw["MaxAggregationInterval"].(int64)
	l.ResourceType = resourceType(l.Resource)
	for _, field := range strings.Fields(l.Format) {
		l.Fields = append(l.Fields, strings.TrimSuffix(strings.TrimPrefix(field, "${"), "}"))
	}
	if l.Destination == "" {
		l.Destination = steps.TextOf(raw, "LogGroupName")
	}
	if l.DestinationType == "" { // left out by AWS for the oldest kind of destination
		l.DestinationType = "cloud-watch-logs"
	}
	switch l.DestinationType {
	case "s3":
		l.describeBucket(raw)
	case "cloud-watch-logs": // named, or as arn:aws:logs:region:account:log-group:NAME:*
		l.LogGroup = steps.TextOf(raw, "LogGroupName")
		if _, name, found := strings.Cut(l.Destination, ":log-group:"); found && l.LogGroup == "" {
			l.LogGroup = strings.TrimSuffix(name, ":*")
		}
	}
	_, l.MissingFields = flowrecord.Columns(l.Fields)
	if l.MissingFields == nil {
		l.MissingFields = []string{}
	}
	l.Problems = append(l.Problems, l.problems()...)
	return l
}

// describeBucket reads the destination arn:aws:s3:::bucket/prefix.
func (l *FlowLog) describeBucket(raw map[string]any) {
	l.Bucket, l.Prefix, _ = strings.Cut(l.Destination[strings.LastIndex(l.Destination, ":")+1:], "/")
	if l.Prefix != "" && !strings.HasSuffix(l.Prefix, "/") {
		l.Prefix += "/"
	}
	options, _ := raw["DestinationOptions"].(map[string]any)
	l.FileFormat = steps.TextOf(options, "FileFormat")
	if l.FileFormat == "" { // the default (EC2 API Reference, DestinationOptionsRequest)
		l.FileFormat = "plain-text"
	}
}

func (l FlowLog) problems() []string {
	var problems []string
	if !l.Active {
		problems = append(problems, "it is not active")
	}
	switch l.Delivery {
	case "SUCCESS":
	case "":
		problems = append(problems, "nothing says that its logs are delivered")
	default:
		problems = append(problems, strings.TrimSuffix("its logs are not delivered: "+l.Error, ": "))
	}
	switch {
	case !l.accepts() && !l.rejects():
		problems = append(problems, "nothing says which traffic it records")
	case !l.accepts() || !l.rejects():
		problems = append(problems, "it records only "+l.Traffic+" traffic")
	}
	// "AWSLogs is a reserved term" (VPC User Guide, "Create a flow log that publishes to
	// Amazon S3").
	if slices.Contains(strings.Split(l.Prefix, "/"), "AWSLogs") {
		problems = append(problems, "AWSLogs is reserved and cannot be a folder of the destination")
	}
	return problems
}

// works reports whether what the flow log records is known to arrive.
func (l FlowLog) works() bool { return l.Active && l.Delivery == "SUCCESS" }

// accepts and rejects report which traffic is recorded. A transit gateway has no such
// choice.
func (l FlowLog) accepts() bool {
	return l.Traffic == "ALL" || l.Traffic == "ACCEPT" || l.ResourceType == "transit_gateway"
}

func (l FlowLog) rejects() bool {
	return l.Traffic == "ALL" || l.Traffic == "REJECT" || l.ResourceType == "transit_gateway"
}

func resourceType(id string) string {
	prefix, _, _ := strings.Cut(id, "-")
	switch prefix {
	case "vpc", "subnet":
		return prefix
	case "eni":
		return "interface"
	case "tgw":
		return "transit_gateway"
	}
	return "other"
}
