package drill

import (
	"fmt"
	"strings"
	"time"
)

// answer is what somebody of the shop says to a question of vpc-flow.
type answer struct{ id, value, by, comment string }

// answersFile is answers.yaml. Every answer is true of the case.
func (s *scenario) answersFile() string {
	all := append(standingAnswers[:], s.incidentAnswers()...)
	var b strings.Builder
	b.WriteString("# What the people of the sample answered, so that the first run asks nothing.\nanswers:\n")
	at := s.collected.Add(70 * time.Minute)
	for _, a := range all {
		fmt.Fprintf(&b, "  %s:\n    value: %q\n    by: %s\n    at: %s\n", a.id, a.value, a.by, at.Format(time.RFC3339))
		if a.comment != "" {
			fmt.Fprintf(&b, "    comment: %q\n", a.comment)
		}
		at = at.Add(4 * time.Minute)
	}
	return b.String()
}

const (
	dana = "Dana Ops <dana@example.com>"
	ravi = "Ravi Response <ravi@example.com>"
)

var standingAnswers = [...]answer{
	{"training", "Two of five analysts finished the Athena and flow log workshop in 2025; nobody has trained on S3 or RDS evidence.", dana,
		"Next workshop is planned for April."},
	{"change_roles", "NetworkAdmin and DeployPipeline in 111122223333, PlatformAdmin in 444455556666, and OrganizationAccountAccessRole in both.", dana, ""},
	{"role_holders", "NetworkAdmin: 3 people, PlatformAdmin: 4 people, DeployPipeline: ci-1. OrganizationAccountAccessRole is an administrator without limits, held by 2 people.", dana,
		"Least privilege is not followed for OrganizationAccountAccessRole."},
	{"baseline_known", "An assessment of November 2025 covers all VPCs but payments-legacy, which came later.", dana, ""},
}

func (s *scenario) incidentAnswers() []answer {
	if s.plan == nil {
		return s.quietAnswers()
	}
	p := s.plan
	return []answer{
		{"contain", fmt.Sprintf("Isolate %s (bastion-1) and %s (orders-db-1), block %s and %s. Platform team, after snapshots of both volumes.",
			p.bastion.id, p.db.id, exfilAddress, scannerAddress), ravi, "Not done yet at the time of collection."},
		{"restored", "no", ravi, "SSH on bastion-1 is still open to everybody, and its keys and the database passwords are not changed."},
		{"vulnerabilities", "SSH of bastion-1 open to 0.0.0.0/0 since change CHG-4471, with password logins on; the bastion reaches the order database without a second factor.", ravi, ""},
		{"tools_observed", fmt.Sprintf("A port scan and password guessing from %s, a beacon to %s:443 about every ten minutes, a database dump over 5432. No exploit was needed.",
			scannerAddress, exfilAddress), ravi, ""},
		{"intent", "Theft of the order database.", ravi, ""},
		{"attribution", fmt.Sprintf("Unknown. %s is on the list of hostile addresses as a data drop; that says little about who used it.", exfilAddress), ravi, "Low confidence."},
		{"damage", fmt.Sprintf("%.1f GB left for %s between %s and %s, the size of the order database. No sign of changed or deleted data in the flow logs, which could not show it.",
			float64(p.sent)/1e9, exfilAddress, p.first.Format("2 January 15:04"), p.last.Format("2 January 15:04")), ravi, "Legal and the data protection officer are informed."},
		{"aware", s.collected.Add(-80 * time.Minute).Format(time.RFC3339), ravi, "The contact with the listed address was confirmed then."},
		{"classified", "not applicable", ravi, "The shop is no financial entity."},
		{"material", "not yet", ravi, "The board decides after the damage is known."},
		{"improve_directive", "Temporary rules get an owner and an end; CHG-4471 had neither.", ravi, ""},
		{"improve_preventative", "Session Manager instead of SSH from the internet, and a second factor between bastion and database.", ravi, ""},
		{"improve_detective", "Flow log for payments-legacy, alarms for development-nat, and an alarm on bytes out of the bastion.", ravi, ""},
		{"improve_responsive", "Nobody had isolated an instance before; the plan is to be tried twice a year.", ravi, ""},
		{"lessons", "The list of hostile addresses found what no alarm did. That the bastion still ran when it was looked at was luck.", ravi, ""},
		{"backlog", "Close SSH on bastion-1 and use Session Manager; platform; 2026-03-20\nFlow log for payments-legacy and alarms for development-nat; platform; 2026-03-18\n" +
			"Alarm on bytes out of the bastion; response; 2026-03-31\nQuery the flow logs of all accounts weekly; response; 2026-04-30", ravi, ""},
	}
}

// quietAnswers are those of people who know of no incident.
func (s *scenario) quietAnswers() []answer {
	var none []answer
	for _, id := range [...]string{"contain", "vulnerabilities", "tools_observed", "intent", "attribution", "damage",
		"improve_directive", "improve_preventative", "improve_responsive", "lessons"} {
		none = append(none, answer{id, "No incident is known in this window.", ravi, ""})
	}
	for _, id := range [...]string{"restored", "aware", "classified", "material"} {
		none = append(none, answer{id, "not applicable", ravi, "No incident is known in this window."})
	}
	return append(none,
		answer{"improve_detective", "Flow log for payments-legacy, alarms for development-nat.", ravi, ""},
		answer{"backlog", "Give payments-legacy a flow log and development-nat its alarms; platform; 2026-03-31\nClose SSH on bastion-1; platform; 2026-03-31", ravi, ""})
}
