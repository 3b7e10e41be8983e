package drill

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func decodeJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func TestNoAddressOfTheOtherListsIsMet(t *testing.T) {
	elsewhere := listedElsewhere()
	if len(elsewhere) != 20 {
		t.Errorf("%d addresses", len(elsewhere))
	}
	eachRecord(t, shared.dir, func(r record) {
		for _, address := range []string{r.src, r.dst} {
			if slices.Contains(elsewhere, address) || strings.HasPrefix(address, "2001:db8:bad1:") {
				t.Fatalf("a record has %s", address)
			}
		}
	})
}

func TestRolesAreAsTheAnswersSay(t *testing.T) {
	for account, want := range map[string][]string{
		production: {"OrganizationAccountAccessRole", "SecurityAudit", "FlowLogsToAthena", "NetworkAdmin", "DeployPipeline", "OrdersApp"},
		platform:   {"OrganizationAccountAccessRole", "SecurityAudit", "FlowLogsToAthena", "PlatformAdmin"},
	} {
		var details struct {
			RoleDetailList []struct {
				RoleName                 string
				AssumeRolePolicyDocument struct{ Statement []map[string]any }
				AttachedManagedPolicies  []struct{ PolicyArn string }
			}
			Policies []struct {
				Arn               string
				PolicyVersionList []struct{ Document map[string]any }
			}
		}
		decodeJSON(t, filepath.Join(shared.dir, "aws", account, "global", "iam-get-account-authorization-details.json"), &details)
		documents := map[string]bool{}
		for _, policy := range details.Policies {
			documents[policy.Arn] = len(policy.PolicyVersionList[0].Document) > 0
		}
		var names []string
		for _, role := range details.RoleDetailList {
			names = append(names, role.RoleName)
			if len(role.AssumeRolePolicyDocument.Statement) != 1 {
				t.Errorf("%s trusts nobody", role.RoleName)
			}
			for _, attached := range role.AttachedManagedPolicies {
				if !documents[attached.PolicyArn] {
					t.Errorf("%s has %s, which is not described", role.RoleName, attached.PolicyArn)
				}
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s has %v", account, names)
		}
	}
}

func TestScannersSeeWhatIsPlanted(t *testing.T) {
	var prowler []map[string]any
	decodeJSON(t, filepath.Join(shared.dir, "s3/incident-analysis/prowler/prowler-output-111122223333.ocsf.json"), &prowler)
	failed := 0
	for _, finding := range prowler {
		if finding["status_code"] == "FAIL" {
			failed++
		}
	}
	if len(prowler) != 3 || failed != 1 {
		t.Errorf("%d findings, %d of them failed", len(prowler), failed)
	}
	fact, _ := shared.truth.Fact(VPCWithoutFlowLog)
	var hub struct {
		Findings []struct {
			Resources  []struct{ ID string }
			Compliance struct{ Status string }
		}
	}
	decodeJSON(t, filepath.Join(shared.dir, "aws", fact.Account, fact.Region, "securityhub-get-findings.json"), &hub)
	for _, finding := range hub.Findings {
		if unlogged := strings.HasSuffix(finding.Resources[0].ID, fact.Resource); unlogged != (finding.Compliance.Status == "FAILED") {
			t.Errorf("Security Hub has %+v", finding)
		}
	}
	if len(hub.Findings) == 0 {
		t.Error("Security Hub has nothing")
	}
}

func TestTheAgentSawTheSameBytes(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(shared.dir, "s3/incident-analysis/agent/bastion-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sent int64
	for line := range strings.Lines(string(text)) {
		var r struct {
			IP  string `json:"ip"`
			Out int64  `json:"out_bytes"`
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.IP != exfilAddress {
			t.Fatalf("%s: %v", line, err)
		}
		sent += r.Out
	}
	contact, _ := shared.truth.Fact(IOCContact)
	if sent != contact.Detail["bytes"] {
		t.Errorf("%d bytes, the truth says %v", sent, contact.Detail["bytes"])
	}
}
