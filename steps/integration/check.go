package integration

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"playbook/playbooks/dialect"
	"playbook/steps"
)

var (
	// "Name databases, tables, and columns" (Athena User Guide).
	catalogName = regexp.MustCompile(`^[a-z0-9_]{1,255}$`)
	// Athena API Reference, CreateWorkGroup and CreateNamedQuery.
	workgroupName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,128}$`)
	queryName     = regexp.MustCompile(`^[a-zA-Z0-9]{1,128}$`) // also a logical id
	accountID     = regexp.MustCompile(`^[0-9]{12}$`)
	regionName    = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$`)
	// A bucket ("Bucket naming rules"), and folders without what SQL, a template or a
	// shell would read as its own.
	location   = regexp.MustCompile(`^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/([A-Za-z0-9!_.*()=-]+/)*$`)
	kmsKey     = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/[A-Za-z0-9/_-]+$`)
	flowLog    = regexp.MustCompile(`^fl-[0-9a-f]{8,17}$`)
	partitions = []string{"date_partition", "region_partition", "account_partition"}
)

// maxQuery is how long the text of a named query may be (Athena API Reference,
// CreateNamedQuery, QueryString), in bytes.
const maxQuery = 262144

// Validate checks what is known when the playbook is loaded.
func (s *Step) Validate(known func(path string) bool) []steps.Problem {
	return slices.DeleteFunc(s.problems(), func(p steps.Problem) bool {
		return !known(p.Path) || p.Path == "partition_load" && !(known("start") && known("end"))
	})
}

// err is what is wrong with options that are all known, at a time.
func (s *Step) err(now time.Time) error {
	var list []error
	for _, problem := range s.problems() {
		text := fmt.Sprintf("%s: %s", problem.Path, problem.Message)
		if problem.Hint != "" {
			text += "; " + problem.Hint
		}
		list = append(list, errors.New(text))
	}
	for _, date := range []struct {
		path string
		at   time.Time
	}{{"start", s.Start}, {"end", s.End}} {
		// "you must specify the partition start and end date, using dates that are in the
		// past" (VPC User Guide, "Generate the CloudFormation template").
		if !date.at.IsZero() && !now.IsZero() && !date.at.Before(now) && (s.PartitionLoad == "none" || date.path == "start") {
			list = append(list, fmt.Errorf("%s: %s is not in the past; partitions are made of days that are over", date.path, date.at.UTC().Format(time.DateOnly)))
		}
	}
	return errors.Join(list...)
}

func (s *Step) problems() []steps.Problem {
	var list []steps.Problem
	refuse := func(path, hint, message string, values ...any) {
		list = append(list, steps.Problem{Path: path, Message: fmt.Sprintf(message, values...), Hint: hint})
	}
	match := func(path, value string, pattern *regexp.Regexp, what, hint string) {
		if !pattern.MatchString(value) {
			refuse(path, hint, "%.200q is not %s", value, what)
		}
	}
	const form = "write s3://bucket/ or s3://bucket/prefix/"
	match("location", s.Location, location, "where flow logs lie", form)
	if slices.Contains(strings.Split(s.Location, "/"), "AWSLogs") {
		refuse("location", "name the folder above AWSLogs/", "it is inside AWSLogs/")
	}
	match("database", s.Database, catalogName, "the name of a database", "use small letters, digits and _")
	match("table", s.Table, catalogName, "the name of a table", "use small letters, digits and _")
	match("workgroup", s.Workgroup, workgroupName, "the name of a workgroup", "")
	for i, account := range s.Accounts {
		match(fmt.Sprintf("accounts[%d]", i), account, accountID, "the id of an account", "it has twelve digits")
	}
	for i, region := range s.Regions {
		match(fmt.Sprintf("regions[%d]", i), region, regionName, "the name of a region", "as eu-west-1")
	}
	if s.Results != "" {
		match("results", s.Results, location, "a place for results", form)
	}
	if s.KMSKey != "" {
		match("kms_key", s.KMSKey, kmsKey, "the ARN of a KMS key", "")
	}
	if s.FlowLog != "" {
		match("flow_log", s.FlowLog, flowLog, "the id of a flow log", "as fl-0123456789abcdef0")
		match("deliver_to", s.DeliverTo, location, "a place for the template of AWS", form)
	}
	switch {
	case s.PartitionLoad == "none" && (s.Start.IsZero() || s.End.IsZero()):
		refuse("partition_load", "give both, or choose daily", "none needs start and end")
	case !s.Start.IsZero() && !s.End.IsZero() && s.End.Before(s.Start):
		refuse("end", "", "it is before start")
	}
	return append(append(list, s.columnProblems()...), s.queryProblems()...)
}

func (s *Step) columnProblems() []steps.Problem {
	var list []steps.Problem
	if len(s.Columns) == 0 {
		list = append(list, steps.Problem{Path: "columns", Message: "a table has at least one column", Hint: "give the fields of the log files in their order"})
	}
	seen := map[string]bool{}
	for _, name := range partitions {
		seen[name] = true
	}
	for i, column := range s.Columns {
		path := fmt.Sprintf("columns[%d].name", i)
		switch {
		case !catalogName.MatchString(column.Name):
			list = append(list, steps.Problem{Path: path, Message: fmt.Sprintf("%.200q is not the name of a column", column.Name), Hint: "use small letters, digits and _"})
		case seen[column.Name]:
			list = append(list, steps.Problem{Path: path, Message: fmt.Sprintf("a second column is called %q", column.Name)})
		}
		seen[column.Name] = true
	}
	return list
}

func (s *Step) queryProblems() []steps.Problem {
	var list []steps.Problem
	seen := map[string]bool{}
	for _, id := range ownIDs {
		seen[id] = true
	}
	for i, query := range s.Queries {
		at := func(key, message, hint string) {
			list = append(list, steps.Problem{Path: fmt.Sprintf("queries[%d].%s", i, key), Message: message, Hint: hint})
		}
		switch {
		case !queryName.MatchString(query.Name):
			at("name", fmt.Sprintf("%.200q is not the name of a query", query.Name), "use letters and digits, as VpcFlowLogsTopTalkers")
		case seen[query.Name]:
			at("name", fmt.Sprintf("a second query is called %q", query.Name), "")
		}
		seen[query.Name] = true
		statement, mistakes := dialect.Parse(string(query.SQL))
		switch {
		case len(query.SQL) > maxQuery:
			at("sql", fmt.Sprintf("it has %d bytes, and a named query may have %d", len(query.SQL), maxQuery), "")
		case len(mistakes) > 0:
			at("sql", mistakes[0].Error(), "")
		case statement.Class != dialect.Select:
			at("sql", "it is no query", "a named query begins with SELECT or WITH")
		}
	}
	return list
}
