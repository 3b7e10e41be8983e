package integration

import (
	"context"
	"errors"
	"iter"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"playbook/playbooks/dialect"
	"playbook/steps"
	"playbook/steps/stepstest"
)

type m = map[string]any

// aws answers one call.
type aws struct {
	input m
	page  m
	err   error
	asked m
}

func (a *aws) Read(_ context.Context, operation string, input map[string]any) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		a.asked = input
		switch {
		case a.err != nil:
			yield(nil, a.err)
		case operation != getTemplate || a.input != nil && !reflect.DeepEqual(a.input, input):
			yield(nil, &steps.Missing{What: "the answer of " + operation})
		default:
			yield(a.page, nil)
		}
	}
}

var now = time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)

func day(text string) time.Time {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return at
}

// whole is a step with every option that ours needs.
func whole() *Step {
	s := Kind().New().(*Step)
	s.Location = "s3://central-flow-logs/prod/"
	s.Columns = []Column{{"version", "int"}, {"sourceaddress", "string"}, {"destinationaddress", "string"}, {"numbytes", "bigint"}}
	s.Accounts = []string{"111122223333", "012345678901"}
	s.Regions = []string{"eu-west-1", "us-gov-west-1"}
	s.Queries = []Query{
		{Name: "VpcFlowLogsTopTalkers", About: "The busiest", SQL: "SELECT sourceaddress AS ip, sum(numbytes) AS bytes\nFROM \"vpcflow\"\nGROUP BY 1\nORDER BY bytes DESC\nLIMIT 50\n"},
		{Name: "VpcFlowLogsTopTalkingSubnets", SQL: "SELECT subnetid FROM vpcflow WHERE sourceaddress = 'it''s: #1'", Needs: []string{"subnetid", "numbytes"}},
	}
	return s
}

func run(t *testing.T, s *Step, env steps.Env) (steps.Result, string, error) {
	t.Helper()
	evidence := stepstest.Store{}
	env.Evidence, env.Now, env.Target = evidence, now, steps.Target{Account: "111122223333", Region: "eu-west-1"}
	result, err := s.Run(context.Background(), env)
	return result, evidence["template.yaml"], err
}

// required are the properties that CloudFormation asks for, and whether more may be
// there (CloudFormation Template Reference: AWS::Glue::Database, AWS::Glue::Table,
// AWS::Athena::WorkGroup, AWS::Athena::NamedQuery).
var required = map[string]struct{ must, may []string }{
	"AWS::Glue::Database":     {[]string{"CatalogId", "DatabaseInput"}, []string{"DatabaseName"}},
	"AWS::Glue::Table":        {[]string{"CatalogId", "DatabaseName", "TableInput"}, []string{"Name", "OpenTableFormatInput"}},
	"AWS::Athena::WorkGroup":  {[]string{"Name"}, []string{"Description", "RecursiveDeleteOption", "State", "Tags", "WorkGroupConfiguration"}},
	"AWS::Athena::NamedQuery": {[]string{"Database", "QueryString"}, []string{"Description", "Name", "WorkGroup"}},
}

func TestOurTemplateIsWhatCloudFormationTakes(t *testing.T) {
	result, text, err := run(t, whole(), steps.Env{Window: steps.Window{From: day("2026-03-01"), To: now}})
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Version     string `yaml:"AWSTemplateFormatVersion"`
		Description string `yaml:"Description"`
		Resources   map[string]struct {
			Type       string `yaml:"Type"`
			Properties m      `yaml:"Properties"`
		} `yaml:"Resources"`
		Outputs m `yaml:"Outputs"`
	}
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if doc.Version != "2010-09-09" || len(doc.Description) > 1024 {
		t.Errorf("version %q, description %q", doc.Version, doc.Description)
	}
	for id, r := range doc.Resources {
		table, ok := required[r.Type]
		if !ok {
			t.Errorf("%s is a %s, of which this test knows nothing", id, r.Type)
		}
		for _, name := range table.must {
			if r.Properties[name] == nil {
				t.Errorf("%s: %s lacks %s", id, r.Type, name)
			}
		}
		for name := range r.Properties {
			if !slices.Contains(append(slices.Clone(table.must), table.may...), name) {
				t.Errorf("%s: a %s has no %s", id, r.Type, name)
			}
		}
		refs(r.Properties, func(to string) {
			if _, ok := doc.Resources[to]; !ok && to != "AWS::AccountId" {
				t.Errorf("%s refers to %s, which is not there", id, to)
			}
		})
	}
	refs(doc.Outputs, func(to string) {
		if _, ok := doc.Resources[to]; !ok {
			t.Errorf("an output refers to %s, which is not there", to)
		}
	})
	workgroup := doc.Resources["Workgroup"].Properties["WorkGroupConfiguration"].(m)
	wantWorkgroup := m{"EnforceWorkGroupConfiguration": true, "PublishCloudWatchMetricsEnabled": true, "BytesScannedCutoffPerQuery": 1000000000000,
		"ResultConfiguration": m{"OutputLocation": "s3://aws-athena-query-results-111122223333-eu-west-1/", "EncryptionConfiguration": m{"EncryptionOption": "SSE_S3"}}}
	if diff := cmp.Diff(wantWorkgroup, workgroup); diff != "" {
		t.Error(diff)
	}
	query := doc.Resources["VpcFlowLogsTopTalkers"].Properties
	wantQuery := m{"Name": "VpcFlowLogsTopTalkers", "Description": "The busiest", "Database": m{"Ref": "Database"}, "WorkGroup": m{"Ref": "Workgroup"},
		"QueryString": string(whole().Queries[0].SQL)}
	if diff := cmp.Diff(wantQuery, query); diff != "" {
		t.Error(diff)
	}
	want := Result{Templates: []Template{{Source: "playbook", File: "template.yaml", Bytes: int64(len(text)),
		Database: "vpcflowlogsathenadatabase", Table: "vpcflow", Workgroup: "vpcflowlogsworkgroup", PartitionLoad: "daily", Range: "2026/03/01,NOW",
		Resources: []Resource{{"Database", "AWS::Glue::Database"}, {"Table", "AWS::Glue::Table"}, {"VpcFlowLogsTopTalkers", "AWS::Athena::NamedQuery"}, {"Workgroup", "AWS::Athena::WorkGroup"}},
		Queries:   []string{"VpcFlowLogsTopTalkers"}, LeftOut: []LeftOut{{"VpcFlowLogsTopTalkingSubnets", "the logs have no subnetid"}}}}}
	if diff := cmp.Diff(want, result.Value); diff != "" {
		t.Error(diff)
	}
	if result.Quality.Examined != 4 || len(result.Quality.Gaps) != 0 {
		t.Errorf("quality %+v", result.Quality)
	}
}

func refs(value any, found func(string)) {
	switch value := value.(type) {
	case m:
		if to, ok := value["Ref"].(string); ok && len(value) == 1 {
			found(to)
		}
		for _, inner := range value {
			refs(inner, found)
		}
	case []any:
		for _, inner := range value {
			refs(inner, found)
		}
	}
}

// TestTheTable compares the table with the one of the Athena User Guide, "Create tables
// for flow logs in plain text using partition projection".
func TestTheTable(t *testing.T) {
	s := whole()
	s.Start, s.End, s.PartitionLoad, s.KMSKey = day("2026-02-01"), day("2026-02-28"), "none", "arn:aws:kms:eu-west-1:111122223333:key/0"
	_, text, err := run(t, s, steps.Env{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/table.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(text, "  Table:\n")
	got, _, _ = strings.Cut(got, "  VpcFlowLogsTopTalkers:\n")
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(text, "EncryptionOption: SSE_KMS\n") || !strings.Contains(text, "KmsKey: arn:aws:kms:eu-west-1:111122223333:key/0\n") {
		t.Errorf("results are not encrypted with the key:\n%s", text)
	}
}

func TestTheRangeOfDays(t *testing.T) {
	for _, test := range []struct {
		load, start, end, want string
	}{
		{"none", "2026-01-01", "2026-01-31", "2026/01/01,2026/01/31"},
		{"daily", "", "", "2026/03/01,NOW"},
		{"weekly", "2025-12-31", "", "2025/12/31,NOW"},
		{"monthly", "2025-12-31", "2026-04-01", "2025/12/31,2026/04/01"},
		{"none", "", "", "partition_load: none needs start and end"},
		{"none", "2026-01-01", "", "partition_load: none needs start and end"},
		{"none", "2026-01-01", "2026-03-15", "end: 2026-03-15 is not in the past"},
		{"none", "2026-02-01", "2026-01-01", "end: it is before start"},
		{"daily", "2026-03-16", "", "start: 2026-03-16 is not in the past"},
	} {
		s := whole()
		s.PartitionLoad = test.load
		if test.start != "" {
			s.Start = day(test.start)
		}
		if test.end != "" {
			s.End = day(test.end)
		}
		result, _, err := run(t, s, steps.Env{Window: steps.Window{From: day("2026-03-01"), To: now}})
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = result.Value.(Result).Templates[0].Range
		}
		if !strings.HasPrefix(got, test.want) {
			t.Errorf("%s from %q to %q: %s, want %s", test.load, test.start, test.end, got, test.want)
		}
	}
	s := whole()
	result, _, err := run(t, s, steps.Env{})
	if got := result.Value.(Result).Templates; err != nil || got[0].Range != "NOW-90DAYS,NOW" {
		t.Errorf("without a window: %v, %v", got, err)
	}
}

const theirs = `
AWSTemplateFormatVersion: 2010-09-09
Parameters: {Bucket: {Type: String}}
Resources:
  Function: {Type: "AWS::Lambda::Function", Properties: {Code: {ZipFile: !Sub "x ${Bucket}"}, Role: !GetAtt Role.Arn}}
  Q1: {Type: "AWS::Athena::NamedQuery", Properties: {Name: VpcFlowLogsTopTalkers, Database: !Ref D, QueryString: SELECT 1}}
  VpcFlowLogsIPv4Traffic: {Type: "AWS::Athena::NamedQuery", Properties: {Name: !Sub "${AWS::StackName}-4", QueryString: SELECT 1}}
`

func TestTheTemplateOfAWS(t *testing.T) {
	const stored = "s3://cfn-templates/flow/VPCFlowLogsIntegrationTemplate_fl-0123456789abcdef0_Wed Jul 21 00:57:56 UTC 2021.yml"
	cloud := &aws{
		input: m{"FlowLogId": "fl-0123456789abcdef0", "ConfigDeliveryS3DestinationArn": "arn:aws:s3:::cfn-templates/flow",
			"IntegrateServices": m{"AthenaIntegrations": []any{m{"IntegrationResultS3DestinationArn": "arn:aws:s3:::results", "PartitionLoadFrequency": "none",
				"PartitionStartDate": "2026-01-01T00:00:00Z", "PartitionEndDate": "2026-01-31T00:00:00Z"}}}},
		page: m{"Result": "https://cfn-templates.s3.us-east-2.amazonaws.com/flow/VPCFlowLogsIntegrationTemplate_fl-0123456789abcdef0_Wed%20Jul%2021%2000%3A57%3A56%20UTC%202021.yml"},
	}
	s := whole()
	s.FlowLog, s.DeliverTo, s.Results = "fl-0123456789abcdef0", "s3://cfn-templates/flow/", "s3://results/"
	s.PartitionLoad, s.Start, s.End = "none", day("2026-01-01"), day("2026-01-31")
	result, text, err := run(t, s, steps.Env{Cloud: cloud, Files: stepstest.Bucket{stored: theirs}})
	if err != nil || text != theirs {
		t.Fatalf("%v, stored %q", err, text)
	}
	want := Result{Templates: []Template{{Source: "aws", File: "template.yaml", Stored: stored, Bytes: int64(len(theirs)), PartitionLoad: "none",
		Resources: []Resource{{"Function", "AWS::Lambda::Function"}, {"Q1", "AWS::Athena::NamedQuery"}, {"VpcFlowLogsIPv4Traffic", "AWS::Athena::NamedQuery"}},
		Queries:   []string{"VpcFlowLogsIPv4Traffic", "VpcFlowLogsTopTalkers"},
		LeftOut:   []LeftOut{{"VpcFlowLogsTopTalkingSubnets", "AWS has left it out, for want of a field in the log format"}}}}}
	if diff := cmp.Diff(want, result.Value); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutTheTemplateOfAWS(t *testing.T) {
	answer := m{"Result": "https://s3.eu-west-1.amazonaws.com/cfn/t.yml"}
	for name, test := range map[string]struct {
		cloud *aws
		files stepstest.Bucket
		want  string // of the error; "" means ours, and a gap
	}{
		"not recorded":   {&aws{err: &steps.Missing{What: "the answer"}}, nil, ""},
		"not copied":     {&aws{page: answer}, stepstest.Bucket{}, ""},
		"refused":        {&aws{err: errors.New("AccessDenied")}, nil, "AccessDenied"},
		"no template":    {&aws{page: answer}, stepstest.Bucket{"s3://cfn/t.yml": "<html>"}, "read the template"},
		"no resources":   {&aws{page: answer}, stepstest.Bucket{"s3://cfn/t.yml": "a: b"}, "this is no CloudFormation template"},
		"too large":      {&aws{page: answer}, stepstest.Bucket{"s3://cfn/t.yml": strings.Repeat("#", maxTemplate+1)}, "larger than CloudFormation takes"},
		"bombs":          {&aws{page: answer}, stepstest.Bucket{"s3://cfn/t.yml": bomb}, "read the template"},
		"another answer": {&aws{page: m{"Result": "see https://example.com"}}, nil, "no address of an object in S3"},
	} {
		s := whole()
		s.FlowLog, s.DeliverTo = "fl-0123456789abcdef0", "s3://cfn/"
		result, text, err := run(t, s, steps.Env{Cloud: test.cloud, Files: test.files})
		switch {
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || result.Quality.Examined != 0 || text != ""):
			t.Errorf("%s: %v, examined %d, want %s", name, err, result.Quality.Examined, test.want)
		case test.want == "" && (err != nil || len(result.Quality.Gaps) != 1 || result.Value.(Result).Templates[0].Source != "playbook"):
			t.Errorf("%s: %v, %+v", name, err, result.Quality)
		}
	}
}

const bomb = `
a: &a [x,x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]
e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]
Resources: *e
`

func TestWhereAWSHasStoredIt(t *testing.T) {
	for address, want := range map[string]string{
		"https://b.s3.us-east-2.amazonaws.com/a%20b/c.yml": "s3://b/a b/c.yml",
		"https://my.bucket.s3.amazonaws.com/t.yml":         "s3://my.bucket/t.yml",
		"https://b.s3.cn-north-1.amazonaws.com.cn/t.yml":   "s3://b/t.yml",
		"https://s3.eu-west-1.amazonaws.com/b/p/t.yml":     "s3://b/p/t.yml",
		"https://s3-eu-west-1.amazonaws.com/b/t.yml":       "s3://b/t.yml",
		"s3://b/t.yml":                                  "s3://b/t.yml",
		"http://b.s3.amazonaws.com/t.yml":               "",
		"https://b.s3.amazonaws.com/":                   "",
		"https://s3.amazonaws.com/b":                    "",
		"https://evil.example/?x=b.s3.amazonaws.com":    "",
		"https://b.s3.amazonaws.com.evil.example/t.yml": "",
		"":            "",
		"https://%zz": "",
	} {
		got, err := locationOf(address)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v, want %q", address, got, err, want)
		}
	}
}

func TestElsewhereNothingIsDone(t *testing.T) {
	s := whole()
	s.Account = "444455556666"
	result, text, err := run(t, s, steps.Env{})
	if err != nil || len(result.Value.(Result).Templates) != 0 || result.Quality.Examined != 0 || text != "" {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestMistakesInOptions(t *testing.T) {
	for want, change := range map[string]func(*Step){
		"location: \"\" is not where":                         func(s *Step) { s.Location = "" },
		"location: \"s3://b/AWSLogs\"":                        func(s *Step) { s.Location = "s3://b/AWSLogs" },
		"location: it is inside AWSLogs/":                     func(s *Step) { s.Location = "s3://bucket/AWSLogs/" },
		"location: \"s3://bucket/${x}/\" is not where":        func(s *Step) { s.Location = "s3://bucket/${x}/" },
		"database: \"My-DB\"":                                 func(s *Step) { s.Database = "My-DB" },
		"table: \"a b\"":                                      func(s *Step) { s.Table = "a b" },
		"workgroup: \"a/b\"":                                  func(s *Step) { s.Workgroup = "a/b" },
		"accounts[1]: \"12345\"":                              func(s *Step) { s.Accounts[1] = "12345" },
		"regions[0]: \"eu-west-1,x\"":                         func(s *Step) { s.Regions[0] = "eu-west-1,x" },
		"results: \"results\"":                                func(s *Step) { s.Results = "results" },
		"kms_key: \"alias/x\"":                                func(s *Step) { s.KMSKey = "alias/x" },
		"deliver_to: \"\" is not a place":                     func(s *Step) { s.FlowLog = "fl-0123456789abcdef0" },
		"flow_log: \"x\"":                                     func(s *Step) { s.FlowLog = "x" },
		"columns: a table has at least one column":            func(s *Step) { s.Columns = nil },
		"columns[0].name: \"flow-direction\"":                 func(s *Step) { s.Columns[0].Name = "flow-direction" },
		"columns[1].name: a second column is called":          func(s *Step) { s.Columns[1].Name = "version" },
		"columns[2].name: a second column is called \"date_":  func(s *Step) { s.Columns[2].Name = "date_partition" },
		"queries[0].name: \"Top talkers\"":                    func(s *Step) { s.Queries[0].Name = "Top talkers" },
		"queries[0].name: a second query is called \"Table\"": func(s *Step) { s.Queries[0].Name = "Table" },
		"queries[1].name: a second query is called":           func(s *Step) { s.Queries[1].Name = "VpcFlowLogsTopTalkers" },
		"queries[0].sql: it is no query":                      func(s *Step) { s.Queries[0].SQL = "DROP TABLE vpcflow" },
		"queries[0].sql: this ( is not closed":                func(s *Step) { s.Queries[0].SQL = "SELECT count(" },
		"queries[0].sql: it has 262152 bytes":                 func(s *Step) { s.Queries[0].SQL = steps.SQL("SELECT 1" + strings.Repeat(" ", maxQuery)) },
		"{{resolve:":                                          func(s *Step) { s.Queries[0].SQL = "SELECT '{{resolve:secretsmanager:x}}'" },
	} {
		s := whole()
		change(s)
		result, text, err := run(t, s, steps.Env{})
		if err == nil || !strings.Contains(err.Error(), want) || result.Quality.Examined != 0 || text != "" {
			t.Errorf("%v, want %s", err, want)
		}
	}
	s := whole()
	s.PartitionLoad = "none"
	unknown := func(paths ...string) func(string) bool {
		return func(path string) bool { return !slices.Contains(paths, path) }
	}
	if got := s.Validate(unknown()); len(got) != 1 || got[0].Path != "partition_load" {
		t.Errorf("at load: %v", got)
	}
	if got := s.Validate(unknown("start")); len(got) != 0 {
		t.Errorf("a start that is not yet known: %v", got)
	}
}

func TestTheCommand(t *testing.T) {
	here := steps.Target{Account: "111122223333", Region: "eu-west-1"}
	for want, template := range map[string]Template{
		"aws cloudformation deploy --stack-name vpc-flow-logs-athena --template-file 'e/t.yaml' --region eu-west-1":                               {Source: "playbook", File: "e/t.yaml"},
		"aws cloudformation deploy --stack-name vpc-flow-logs-athena --template-file 'e/t.yaml' --region eu-west-1 --capabilities CAPABILITY_IAM": {Source: "aws", File: "e/t.yaml"},
	} {
		if got := deploy(template, here); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	if got := deploy(Template{File: "t", Bytes: maxInline + 1}, steps.Target{Region: "x; rm"}); strings.Contains(got, "; rm") || !strings.Contains(got, "--s3-bucket") {
		t.Error(got)
	}
}

// TestQueriesAreWrittenAsTheyAre reads every query back out of the template: quotes,
// line breaks and what YAML means by its own signs must not change it.
func TestQueriesAreWrittenAsTheyAre(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.SampledFrom([]rune("'\"\\\n\t :#-&*!|>%@`{}[]$~0")), rapid.Rune())).
			Filter(func(s string) bool { return !strings.Contains(s, "\x00") && utf8.ValidString(s) }).Draw(r, "text")
		sql := "SELECT '" + strings.ReplaceAll(text, "'", "''") + "' AS x"
		s := whole()
		s.Queries = []Query{{Name: "Q", SQL: steps.SQL(sql), About: "a: b # c"}}
		if _, mistakes := dialect.Parse(sql); len(mistakes) > 0 || strings.Contains(sql, "{{resolve:") {
			r.Skip()
		}
		_, written, err := run(t, s, steps.Env{})
		if err != nil {
			r.Fatal(err)
		}
		var doc document
		if err := yaml.Unmarshal([]byte(written), &doc); err != nil {
			r.Fatal(err)
		}
		if got := doc.Resources["Q"].Properties; got["QueryString"] != sql+"\n" || got["Description"] != "a: b # c" {
			r.Errorf("%q became %q", sql, got["QueryString"])
		}
	})
}

// FuzzRead reads templates of anybody.
func FuzzRead(f *testing.F) {
	f.Add([]byte(theirs))
	f.Add([]byte(bomb))
	f.Add([]byte(`{"Resources": {"A": {"Type": "AWS::Athena::NamedQuery", "Properties": {"Name": ["x"]}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		resources, queries, err := read(text)
		if err == nil && (len(resources) == 0 || len(queries) > len(resources)) {
			t.Errorf("%d resources, %d queries", len(resources), len(queries))
		}
	})
}
