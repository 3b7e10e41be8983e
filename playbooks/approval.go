package playbooks

import (
	"fmt"
	"time"

	"gopkg.in/yaml.v3"

	"playbook/steps/diagnostic"
)

// approvalYears is how long an approval holds.
const approvalYears = 1

// place is where something stands in the file; the zero place is the file as a whole.
type place struct{ line, column int }

func placeOf(node *yaml.Node) place {
	if node == nil {
		return place{}
	}
	return place{node.Line, node.Column}
}

// Approval warns of an approval that is missing or older than a year. It is no mistake in
// the file, and no reason not to run: at 3 a.m. a playbook that nobody has approved is
// better than none.
func (p *Playbook) Approval(now time.Time) diagnostic.List {
	at, message, hint := p.approved, "", "have it read again, and set document.approved to that day"
	approved, err := time.Parse(time.DateOnly, p.Document.Approved)
	switch {
	case p.Document.Approver == "" || p.Document.Approved == "":
		message = "nobody has approved this playbook"
		hint = "name who approved it in document.approver, and the day in document.approved"
	case err != nil:
		message = fmt.Sprintf("document.approved is %s, which is no day", excerpt(p.Document.Approved))
	case approved.After(now):
		message = fmt.Sprintf("the approval of this playbook, of %s, lies in the future", p.Document.Approved)
	case approved.AddDate(approvalYears, 0, 0).Before(now):
		message = fmt.Sprintf("the approval of this playbook, of %s, is older than a year", p.Document.Approved)
	default:
		return nil
	}
	return diagnostic.List{{File: p.Path, Line: at.line, Column: at.column, Severity: diagnostic.Warning, Rule: "approval", Message: message, Hint: hint}}
}
