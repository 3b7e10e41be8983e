package integration

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Logical ids of what every template of ours has.
const databaseID, tableID, workgroupID = "Database", "Table", "Workgroup"

var ownIDs = []string{databaseID, tableID, workgroupID}

// document is a CloudFormation template, as far as ours go.
type document struct {
	Version     string              `yaml:"AWSTemplateFormatVersion"`
	Description string              `yaml:"Description"`
	Resources   map[string]resource `yaml:"Resources"`
	Outputs     map[string]output   `yaml:"Outputs"`
}

type resource struct {
	Type       string         `yaml:"Type"`
	Properties map[string]any `yaml:"Properties"`
}

type output struct {
	Description string `yaml:"Description"`
	Value       any    `yaml:"Value"`
}

func ref(id string) map[string]any { return map[string]any{"Ref": id} }

// quoted is text that some readers of YAML 1.1 would take for a number: digits and commas.
func quoted(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: text}
}

// maxTemplate is the size of a template that lies in S3, maxInline of one that is sent
// with the call ("CloudFormation quotas"), in bytes.
const maxTemplate, maxInline = 1 << 20, 51200

// write writes our template. Its table knows the partitions by projection, so that no
// function has to load them and no role has to be made in an account under attack.
func (s *Step) write() ([]byte, Template, error) {
	doc := document{
		Version:     "2010-09-09",
		Description: "Queries of VPC flow logs with Amazon Athena: database, table with projected partitions, workgroup, named queries.",
		Resources: map[string]resource{
			databaseID: {"AWS::Glue::Database", map[string]any{
				"CatalogId": ref("AWS::AccountId"), "DatabaseInput": map[string]any{"Name": s.Database, "Description": "VPC flow logs"}}},
			tableID:     {"AWS::Glue::Table", s.table()},
			workgroupID: {"AWS::Athena::WorkGroup", s.workgroup()},
		},
		Outputs: map[string]output{
			databaseID: {"Name of the database", ref(databaseID)}, tableID: {"Name of the table", ref(tableID)},
			workgroupID: {"Name of the workgroup; choose it before a query is run", ref(workgroupID)},
		},
	}
	template := Template{Source: "playbook", Database: s.Database, Table: s.Table, Workgroup: s.Workgroup, Range: s.days(), LeftOut: []LeftOut{}}
	for _, query := range s.Queries {
		if lacks := s.lacks(query); len(lacks) > 0 {
			template.LeftOut = append(template.LeftOut, LeftOut{query.Name, "the logs have no " + strings.Join(lacks, ", ")})
			continue
		}
		properties := map[string]any{"Name": query.Name, "Database": ref(databaseID), "WorkGroup": ref(workgroupID),
			"QueryString": strings.TrimSpace(string(query.SQL)) + "\n"}
		if query.About != "" {
			properties["Description"] = query.About
		}
		doc.Resources[query.Name] = resource{"AWS::Athena::NamedQuery", properties}
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(doc); err != nil {
		return nil, template, fmt.Errorf("write the template: %w", err)
	}
	// CloudFormation puts secrets in the place of such text wherever it stands ("Get
	// values stored in other services using dynamic references").
	if bytes.Contains(text.Bytes(), []byte("{{resolve:")) {
		return nil, template, errors.New("write the template: a query holds {{resolve:, in whose place CloudFormation would put a secret; take it out of the query")
	}
	if text.Len() > maxTemplate {
		return nil, template, fmt.Errorf("write the template: it has %d bytes, and CloudFormation takes %d; give fewer queries", text.Len(), maxTemplate)
	}
	var err error
	template.Resources, template.Queries, err = read(text.Bytes())
	return text.Bytes(), template, err
}

func (s *Step) lacks(query Query) []string {
	return slices.DeleteFunc(slices.Clone(query.Needs), func(name string) bool {
		return slices.ContainsFunc(s.Columns, func(c Column) bool { return c.Name == name })
	})
}

// days is the range of the days' projection ("Supported types for partition
// projection", Athena User Guide).
func (s *Step) days() string {
	const layout = "2006/01/02"
	from, to := "NOW-90DAYS", "NOW"
	if !s.Start.IsZero() {
		from = s.Start.UTC().Format(layout)
	}
	if !s.End.IsZero() {
		to = s.End.UTC().Format(layout)
	}
	return from + "," + to
}

// table is the table of "Create tables for flow logs in plain text using partition
// projection" (Athena User Guide). Days are projected whatever partition_load says: the
// folders are days.
func (s *Step) table() map[string]any {
	columns := func(list []Column) []map[string]any {
		maps := []map[string]any{}
		for _, c := range list {
			maps = append(maps, map[string]any{"Name": c.Name, "Type": c.Type})
		}
		return maps
	}
	var keys []Column
	for _, name := range partitions {
		keys = append(keys, Column{name, "string"})
	}
	return map[string]any{
		"CatalogId": ref("AWS::AccountId"), "DatabaseName": ref(databaseID),
		"TableInput": map[string]any{
			"Name": s.Table, "TableType": "EXTERNAL_TABLE", "PartitionKeys": columns(keys),
			"Parameters": map[string]any{
				"EXTERNAL": "TRUE", "skip.header.line.count": "1", "projection.enabled": "true",
				"projection.date_partition.type": "date", "projection.date_partition.range": s.days(),
				"projection.date_partition.format": "yyyy/MM/dd", "projection.date_partition.interval": "1",
				"projection.date_partition.interval.unit": "DAYS",
				"projection.region_partition.type":        "enum", "projection.region_partition.values": strings.Join(s.Regions, ","),
				"projection.account_partition.type": "enum", "projection.account_partition.values": quoted(strings.Join(s.Accounts, ",")),
				"storage.location.template": s.Location + "AWSLogs/${account_partition}/vpcflowlogs/${region_partition}/${date_partition}",
			},
			"StorageDescriptor": map[string]any{
				"Columns": columns(s.Columns), "Location": s.Location + "AWSLogs/",
				"InputFormat":  "org.apache.hadoop.mapred.TextInputFormat",
				"OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
				"SerdeInfo": map[string]any{
					"SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
					"Parameters":           map[string]any{"serialization.format": " ", "field.delim": " "},
				},
			},
		},
	}
}

// workgroup holds every query to encrypted results and to a bound on what it reads. It
// is not deleted with what is in it: the history of an investigation's queries is
// evidence.
func (s *Step) workgroup() map[string]any {
	encryption := map[string]any{"EncryptionOption": "SSE_S3"}
	if s.KMSKey != "" {
		encryption = map[string]any{"EncryptionOption": "SSE_KMS", "KmsKey": s.KMSKey}
	}
	return map[string]any{
		"Name": s.Workgroup, "State": "ENABLED", "Description": "Queries of VPC flow logs",
		"WorkGroupConfiguration": map[string]any{
			"EnforceWorkGroupConfiguration": true, "PublishCloudWatchMetricsEnabled": true, "BytesScannedCutoffPerQuery": s.CutoffBytes,
			"ResultConfiguration": map[string]any{"OutputLocation": s.Results, "EncryptionConfiguration": encryption},
		},
	}
}
