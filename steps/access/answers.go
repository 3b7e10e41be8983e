package access

import (
	"fmt"
	"strings"

	"playbook/steps"
)

// unknown ends every prepared answer: what IAM's description of an account does not hold.
const unknown = "Not known from these facts: the root user, who is assigned what in IAM Identity Center, service control policies, " +
	"policies on resources, and whether the conditions of policies hold."

// answers prepares what AWS can tell. A person confirms it.
func (s *Step) answers(result Result) []Answer {
	var changers, administrators, escalating, holders, unused, outside []string
	holderCount, userCount := 0, 0
	for _, p := range result.Principals {
		if p.Type == "user" {
			userCount++
		}
		if p.Administrator {
			label := p.Type + " " + p.Name
			if p.Escalates {
				escalating = append(escalating, steps.Cut(label, 80)+" ("+steps.Cut(first(p.Because), 200)+")")
			} else {
				administrators = append(administrators, steps.Cut(label, 80))
			}
		}
		if p.Type == "role" && len(p.CanChange) > 0 {
			changers = append(changers, steps.Cut(p.Name, 64)+" ("+services(p.CanChange)+")")
			if p.Unused {
				unused = append(unused, steps.Cut(p.Name, 64))
			}
		}
	}
	for _, r := range result.Roles {
		if len(r.CanChange) == 0 {
			continue
		}
		if len(r.users) > 0 {
			holderCount++
			holders = append(holders, steps.Cut(r.Name, 64)+": "+steps.Cut(enumerate(r.users, 5), 400))
		}
		if r.Outside {
			outside = append(outside, steps.Cut(r.Name, 64))
		}
	}
	return []Answer{
		{"change_roles", fmt.Sprintf("%s can change services: %s. %s", count(len(changers), "role"), list(changers), unknown)},
		{"role_holders", fmt.Sprintf("The account has %s; users can assume %s that can change services: %s. %s that can change services can be assumed from outside the account: %s. %s",
			count(userCount, "user"), count(holderCount, "role"), list(holders), count(len(outside), "role"), list(outside), unknown)},
		{"least_privilege", fmt.Sprintf("%s: %s. %s without being one can become one: %s. %s that can change services %s not been used for %d days: %s. "+
			"Which services the others have used was not looked at. %s",
			count(len(administrators), "administrator"), list(administrators), count(len(escalating), "principal"), list(escalating),
			count(len(unused), "role"), have(len(unused)), s.Unused, list(unused), unknown)},
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func services(canChange []string) string {
	if first(canChange) == "*" {
		return "all services"
	}
	return enumerate(canChange, 6)
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return enumerate(names, 15)
}

func have(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func blocks(result Result) []steps.Block {
	principals := &steps.Table{Title: "Who can change services",
		Columns: []steps.TableColumn{{Name: "principal"}, {Name: "type"}, {Name: "administrator"}, {Name: "can change"}, {Name: "because"},
			{Name: "conditions"}, {Name: "days unused", Unit: steps.Count}}}
	// Administrators first, then the other users and roles; of AWS's own last.
	for _, rank := range []func(Principal) bool{
		func(p Principal) bool { return p.Administrator },
		func(p Principal) bool { return !p.Administrator && p.Type != "service_linked_role" },
		func(p Principal) bool { return !p.Administrator && p.Type == "service_linked_role" },
	} {
		for _, p := range result.Principals {
			if !rank(p) || len(p.CanChange) == 0 && !p.Administrator {
				continue
			}
			administrator := ""
			switch {
			case p.Escalates:
				administrator = "can become one"
			case p.Administrator:
				administrator = "yes"
			}
			row := []any{p.ARN, p.Type, administrator, strings.Join(p.CanChange, ", "), strings.Join(p.Because, "; "), strings.Join(p.Conditions, "; "), ""}
			if p.UnusedDays != nil {
				row[6] = *p.UnusedDays
			}
			principals.Rows = append(principals.Rows, row)
		}
	}
	principals.Total = int64(len(principals.Rows))
	roles := &steps.Table{Title: "Who can assume roles that can change services",
		Columns: []steps.TableColumn{{Name: "role"}, {Name: "administrator"}, {Name: "trusted"}, {Name: "outside"}, {Name: "users and roles of the account"},
			{Name: "how many", Unit: steps.Count}}}
	for _, r := range result.Roles {
		if len(r.CanChange) == 0 && !r.Administrator {
			continue
		}
		var trusted []string
		for _, t := range r.AssumableBy {
			text := t.Type + " " + t.Who
			if len(t.Conditions) > 0 {
				text += " when " + strings.Join(t.Conditions, " and ")
			}
			trusted = append(trusted, text)
		}
		roles.Rows = append(roles.Rows, []any{r.ARN, r.Administrator, strings.Join(trusted, "; "), r.Outside, enumerate(r.Holders, 10), r.HolderCount})
	}
	roles.Total = int64(len(roles.Rows))
	return []steps.Block{{Table: principals}, {Table: roles}, {Text: &steps.Text{Body: unknown}}}
}
