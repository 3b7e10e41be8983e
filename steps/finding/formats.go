package finding

import (
	"strings"

	"playbook/steps"
)

// fromOCSF reads an event of the category Findings (OCSF 1.x: Detection Finding 2004,
// Compliance Finding 2003). Prowler writes the outcome of a check into status_code, and
// "Suppressed" into status when it is muted.
func fromOCSF(f fields) Finding {
	found := Finding{
		ID:      first(f.text(maxName, "finding_info", "uid"), f.text(maxName, "finding", "uid"), f.text(maxName, "metadata", "uid")),
		Check:   first(f.text(maxName, "metadata", "event_code"), f.text(maxName, "compliance", "control")),
		Title:   first(f.text(maxText, "finding_info", "title"), f.text(maxText, "finding", "title"), f.text(maxText, "message")),
		Said:    f.text(maxName, "severity"),
		Account: f.text(maxName, "cloud", "account", "uid"), Region: first(f.text(maxName, "resources", "region"), f.text(maxName, "cloud", "region")),
		Resource: first(f.text(maxName, "resources", "uid"), f.text(maxName, "resources", "name")), ResourceType: f.text(maxName, "resources", "type"),
		Detail: first(f.text(maxText, "status_detail"), f.text(maxText, "message"), f.text(maxText, "finding_info", "desc")),
		Remedy: first(f.text(maxText, "remediation", "desc"), f.text(maxText, "finding", "remediation", "desc")), Product: f.text(maxName, "metadata", "product", "name"),
		Seen: first(f.time("time_dt"), f.time("finding_info", "last_seen_time_dt"), f.time("time")),
	}
	found.Severity = severity(found.Said)
	if list, ok := f.at("remediation", "references").([]any); ok && len(list) > 0 {
		text, _ := list[0].(string)
		found.URL = steps.Cut(text, maxName)
	}
	code := strings.ToLower(first(f.text(maxName, "status_code"), f.text(maxName, "compliance", "status")))
	switch code {
	case "pass", "passed":
		found.Status = Pass
	case "manual":
		found.Status = Manual
	case "fail", "failed":
		found.Status = Fail
	case "":
		found.Status = Unknown
		if f.at("class_uid") == float64(2004) {
			found.Status = Fail // a detection, which is its own outcome
		}
	default:
		found.Status = Unknown
	}
	switch strings.ToLower(f.text(maxName, "status")) {
	case "suppressed", "resolved":
		found.Status = Suppressed
	}
	if strings.EqualFold(f.text(maxName, "activity_name"), "close") {
		found.Status = Suppressed
	}
	return found
}

// fromASFF reads the AWS Security Finding Format (Security Hub User Guide, "ASFF
// syntax"). A finding without Compliance is a detection.
func fromASFF(f fields) Finding {
	found := Finding{
		ID:    f.text(maxName, "Id"),
		Check: first(f.text(maxName, "Compliance", "SecurityControlId"), f.text(maxName, "GeneratorId")),
		Title: f.text(maxText, "Title"), Said: first(f.text(maxName, "Severity", "Label"), f.text(maxName, "FindingProviderFields", "Severity", "Label")),
		Account: f.text(maxName, "AwsAccountId"), Region: first(f.text(maxName, "Resources", "Region"), f.text(maxName, "Region")),
		Resource: f.text(maxName, "Resources", "Id"), ResourceType: f.text(maxName, "Resources", "Type"),
		Detail: f.text(maxText, "Description"), Remedy: f.text(maxText, "Remediation", "Recommendation", "Text"),
		URL: f.text(maxName, "Remediation", "Recommendation", "Url"), Product: first(f.text(maxName, "ProductName"), f.text(maxName, "ProductArn")),
		Seen: first(f.time("LastObservedAt"), f.time("UpdatedAt"), f.time("CreatedAt")),
	}
	if found.Severity = severity(found.Said); found.Said == "" {
		found.Severity = normalized(f.at("Severity", "Normalized"))
	}
	workflow := first(f.text(maxName, "Workflow", "Status"), f.text(maxName, "WorkflowState"))
	switch status := f.text(maxName, "Compliance", "Status"); {
	case status == "PASSED":
		found.Status = Pass
	case f.text(maxName, "RecordState") == "ARCHIVED", workflow == "SUPPRESSED", workflow == "RESOLVED":
		found.Status = Suppressed
	case status == "FAILED", f.at("Compliance") == nil:
		found.Status = Fail
	default: // WARNING and NOT_AVAILABLE: the check could not be made, or not wholly
		found.Status = Unknown
	}
	return found
}

// normalized is the label of a number from 0 to 100 (Security Hub User Guide, "Severity").
func normalized(value any) steps.Severity {
	n, ok := value.(float64)
	switch {
	case !ok:
		return steps.Medium
	case n == 0:
		return steps.Info
	case n < 40:
		return steps.Low
	case n < 70:
		return steps.Medium
	case n < 90:
		return steps.High
	}
	return steps.Critical
}
