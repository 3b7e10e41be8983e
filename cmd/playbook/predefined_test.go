package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"playbook/playbooks"
)

// predefined are the names of "Run a predefined query" (VPC User Guide).
var predefined = []string{
	"VpcFlowLogsAcceptedTraffic", "VpcFlowLogsAdminPortTraffic", "VpcFlowLogsIPv4Traffic", "VpcFlowLogsIPv6Traffic",
	"VpcFlowLogsRejectedTCPTraffic", "VpcFlowLogsRejectedTraffic", "VpcFlowLogsSshRdpTraffic", "VpcFlowLogsTopTCPTraffic",
	"VpcFlowLogsTopTalkers", "VpcFlowLogsTopTalkersPacketLevel", "VpcFlowLogsTopTalkingInstances", "VpcFlowLogsTopTalkingSubnets",
	"VpcFlowLogsTotalBytesTransferred", "VpcFlowLogsTotalBytesTransferredPacketLevel", "VpcFlowLogsTrafficFrmSrcAddr", "VpcFlowLogsTrafficToDstAddr",
}

// TestThePredefinedQueriesAreStepsAndNamedQueries holds the sixteen to one text each,
// whether a step runs it or the stack keeps it.
func TestThePredefinedQueriesAreStepsAndNamedQueries(t *testing.T) {
	_, source, err := playbooks.Find("vpc-flow")
	if err != nil {
		t.Fatal(err)
	}
	var playbook struct {
		Steps []struct {
			Title, Uses string
			With        struct {
				SQL     string
				Queries []struct{ Name, SQL string }
			}
		}
	}
	if err := yaml.Unmarshal(source, &playbook); err != nil {
		t.Fatal(err)
	}
	asSteps, asNamed := map[string]string{}, map[string]string{}
	for _, step := range playbook.Steps {
		if name, _, found := strings.Cut(step.Title, ":"); found && strings.HasPrefix(name, "VpcFlowLogs") {
			asSteps[name] = step.With.SQL
		}
		for _, query := range step.With.Queries {
			asNamed[query.Name] = query.SQL
		}
	}
	if diff := cmp.Diff(predefined, slices.Sorted(maps.Keys(asSteps))); diff != "" {
		t.Errorf("as steps: %s", diff)
	}
	if diff := cmp.Diff(asSteps, asNamed); diff != "" {
		t.Errorf("as named queries: %s", diff)
	}
	for name, sql := range asSteps {
		for _, part := range []string{"date_partition BETWEEN ${{", "starttime >= ${{", "starttime < ${{", "FROM ${{ ident(params.table) }}"} {
			if !strings.Contains(sql, part) {
				t.Errorf("%s has no %s", name, part)
			}
		}
	}
}
