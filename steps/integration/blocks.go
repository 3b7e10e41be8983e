package integration

import (
	"fmt"
	"strings"

	"playbook/steps"
)

func (s *Step) blocks(t Template, text string, target steps.Target) []steps.Block {
	facts := &steps.Facts{Title: "Athena integration", Items: []steps.Fact{
		{Label: "template by", Value: t.Source}, {Label: "file", Value: t.File}, {Label: "named queries", Value: int64(len(t.Queries)), Unit: steps.Count},
		{Label: "partition loading", Value: t.PartitionLoad},
	}}
	why := "The stack makes a function that loads new partitions, and a role for it. Read the template before the stack is made."
	if t.Source == "playbook" {
		facts.Items = append(facts.Items,
			steps.Fact{Label: "database", Value: t.Database}, steps.Fact{Label: "table", Value: t.Table}, steps.Fact{Label: "workgroup", Value: t.Workgroup},
			steps.Fact{Label: "days", Value: t.Range}, steps.Fact{Label: "results", Value: s.Results}, steps.Fact{Label: "a query may read", Value: s.CutoffBytes, Unit: steps.Bytes})
		why = "The table finds its partitions by projection: Athena works out the folders of a query from its days, accounts and regions. " +
			"Nothing has to load partitions, so there is no function that can fail or lag, and no role is made in an account under attack. " +
			"Every day is there at once, whichever loading is chosen."
	} else {
		facts.Items = append(facts.Items, steps.Fact{Label: "stored by AWS", Value: t.Stored})
	}
	list := []steps.Block{{Facts: facts}, {Text: &steps.Text{Body: why}}}
	if len(t.LeftOut) > 0 {
		table := &steps.Table{Title: "Queries left out", Columns: []steps.TableColumn{{Name: "query"}, {Name: "because"}}, Total: int64(len(t.LeftOut))}
		for _, l := range t.LeftOut {
			table.Rows = append(table.Rows, []any{l.Name, l.Reason})
		}
		list = append(list, steps.Block{Table: table})
	}
	if s.FlowLog != "" && t.Source == "playbook" {
		call := steps.Call{Operation: getTemplate, Input: s.input(target)}
		list = append(list, steps.Block{Code: &steps.Code{Title: "To get the template of AWS", Language: "shell", Source: call.Command(target)}})
	}
	return append(list,
		steps.Block{Code: &steps.Code{Title: "Template", Language: "yaml", Source: text}},
		steps.Block{Code: &steps.Code{Title: "To make the stack, once the template is read and approved", Language: "shell", Source: deploy(t, target)}})
}

// deploy is the command that makes the stack. The evidence's path is the runner's, and
// the region's name has been checked by whoever made the target.
func deploy(t Template, target steps.Target) string {
	command := "aws cloudformation deploy --stack-name vpc-flow-logs-athena --template-file '" + strings.ReplaceAll(t.File, "'", `'\''`) + "'"
	if regionName.MatchString(target.Region) {
		command += " --region " + target.Region
	}
	if t.Source == "aws" { // it makes a role
		command += " --capabilities CAPABILITY_IAM"
	}
	if t.Bytes > maxInline {
		command += fmt.Sprintf(" --s3-bucket BUCKET  # it has more than %d bytes, so it is uploaded first", maxInline)
	}
	return command
}
