package playbooks_test

import (
	"testing"
	"time"

	"playbook/playbooks"
)

func TestAnApprovalThatIsMissingOrOldIsAWarning(t *testing.T) {
	now := time.Date(2026, 3, 15, 6, 0, 0, 0, time.UTC)
	for _, test := range []struct{ document, want string }{
		{"document: {approver: R, approved: 2026-01-15}\n", ""},
		{"document: {approver: R, approved: 2025-03-16}\n", ""},
		{"document: {approver: R, approved: 2025-03-14}\n",
			"a.yaml:4:35: warning: the approval of this playbook, of 2025-03-14, is older than a year; have it read again, and set document.approved to that day"},
		{"document: {approver: R, approved: 2026-03-16}\n",
			"a.yaml:4:35: warning: the approval of this playbook, of 2026-03-16, lies in the future; have it read again, and set document.approved to that day"},
		{"document: {approver: R, approved: 2026-02-31}\n",
			"a.yaml:4:35: warning: document.approved is 2026-02-31, which is no day; have it read again, and set document.approved to that day"},
		{"document: {approved: 2026-01-15}\n",
			"a.yaml:4:22: warning: nobody has approved this playbook; name who approved it in document.approver, and the day in document.approved"},
		{"document: {approver: R}\n",
			"a.yaml:4:11: warning: nobody has approved this playbook; name who approved it in document.approver, and the day in document.approved"},
		{"", "a.yaml: warning: nobody has approved this playbook; name who approved it in document.approver, and the day in document.approved"},
	} {
		source := "playbook: 1\nid: a\ntitle: A\n" + test.document + "steps:\n  - {id: s, phase: detection, title: S, uses: probe}\n"
		p, diagnostics := playbooks.Load("a.yaml", []byte(source), probeKinds())
		if diagnostics.Err() != nil {
			t.Fatalf("%s: %v", test.document, diagnostics)
		}
		list := p.Approval(now)
		got := ""
		if len(list) > 0 {
			got = list[0].String()
		}
		if got != test.want || len(list) > 1 || list.Err() != nil {
			t.Errorf("%q gives\n%q, want\n%q", test.document, got, test.want)
		}
	}
}
