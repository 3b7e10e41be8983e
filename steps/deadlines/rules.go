package deadlines

import (
	"fmt"
	"strconv"
	"time"
)

const custom = "custom"

// rule is one clock: who has to be told what, and until when.
type rule struct {
	id, title, authority, citation string
	allows                         string // how long, for people
	due                            func(started time.Time) time.Time
}

// rules is the table. Hours are counted from the moment of the event and never stand
// still at weekends. Regulation (EEC, Euratom) No 1182/71 art. 3(1) would begin with the
// hour after it, so that what is given here is at most an hour early.
var rules = [...]rule{
	hours("gdpr_33", 72, "Notify the personal data breach",
		"supervisory authority competent under art. 55", "Regulation (EU) 2016/679 (GDPR), art. 33(1): 72 h after having become aware"),
	hours("nis2_early_warning", 24, "Give the early warning of the significant incident",
		"CSIRT or competent authority", "Directive (EU) 2022/2555 (NIS2), art. 23(4)(a): 24 h from awareness"),
	hours("nis2_notification", 72, "Notify the significant incident",
		"CSIRT or competent authority", "Directive (EU) 2022/2555 (NIS2), art. 23(4)(b): 72 h from awareness"),
	hours("dora_classification", 4, "Send the initial notification of the major ICT-related incident",
		"competent authority of the financial entity", "Delegated Regulation (EU) 2025/301 (DORA), art. 5: 4 h from classification as major"),
	hours("dora_awareness", 24, "Send the initial notification of the major ICT-related incident, at the latest",
		"competent authority of the financial entity", "Delegated Regulation (EU) 2025/301 (DORA), art. 5: 24 h from awareness"),
	{
		id: "sec_8k_1_05", title: "File Form 8-K, item 1.05, on the material cybersecurity incident",
		authority: "U.S. Securities and Exchange Commission", allows: "4 business days", due: afterBusinessDays(4),
		citation: "Form 8-K, item 1.05 and general instruction B.1: four business days from the determination of materiality; " +
			"business day: Regulation S-T, rule 11 (17 CFR 232.11)",
	},
}

// hours is a rule that counts hours.
func hours(id string, count int, title, authority, citation string) rule {
	return rule{
		id: id, title: title, authority: authority, citation: citation, allows: strconv.Itoa(count) + " h",
		due: func(started time.Time) time.Time { return started.Add(time.Duration(count) * time.Hour) },
	}
}

// ruleOf finds the rule of a clock; index numbers those of one's own.
func ruleOf(wanted Wanted, index int) (rule, bool) {
	if wanted.Rule == custom {
		return rule{
			id: fmt.Sprintf("%s_%d", custom, index+1), title: wanted.Title, allows: spell(wanted.Within),
			due: func(started time.Time) time.Time { return started.Add(wanted.Within) },
		}, true
	}
	for _, r := range rules {
		if r.id == wanted.Rule {
			return r, true
		}
	}
	return rule{}, false
}
