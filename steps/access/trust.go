package access

import (
	"regexp"
	"slices"
	"strings"
)

// Trust is one principal that a role's trust policy lets assume it.
type Trust struct {
	Type       string   `json:"type"`    // anyone, account, user, role, service, federated, or unknown (as of one that was deleted)
	Who        string   `json:"who"`     // ARN, service, or identity provider
	Account    string   `json:"account"` // account that it is in, or ""
	Outside    bool     `json:"outside"` // not in this account, no service of AWS, and not of IAM Identity Center or EKS
	Anyone     bool     `json:"anyone"`  // nothing in the trust policy limits who
	ExternalID bool     `json:"external_id"`
	Conditions []string `json:"conditions"`
}

var (
	accountOnly = regexp.MustCompile(`^\d{12}$`)
	// ownProvider are identity providers that AWS runs for the account's own organization or
	// cluster: IAM Identity Center, and EKS for its pods.
	ownProvider = regexp.MustCompile(`:saml-provider/AWSSSO_|:oidc-provider/oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/id/`)
	principal   = regexp.MustCompile(`^arn:[a-z0-9-]+:(?:iam|sts)::(\d{12}):(root|user|role|assumed-role|federated-user)(?:/.*)?$`)
)

// sharedProviders are identity providers that anybody can be a customer of; what has to be
// in the condition for a role to belong to one customer only (IAM User Guide, "Identity
// provider controls for shared OIDC providers").
var sharedProviders = map[string]string{
	"token.actions.githubusercontent.com": ":sub", "gitlab.com": ":sub", "app.terraform.io": ":sub",
	"cognito-identity.amazonaws.com": ":aud", "accounts.google.com": ":aud", "graph.facebook.com": ":app_id", "www.amazon.com": ":app_id",
}

// trusts lists whom a trust policy lets assume its role. A denial counts when it is of
// everybody and without a condition.
func trusts(statements []statement, account string) []Trust {
	list := []Trust{}
	for _, s := range statements {
		if !s.assumes() {
			continue
		}
		if !s.allow {
			if len(s.conditions) == 0 && slices.ContainsFunc(s.principals, func(w who) bool { return w.kind == "*" }) {
				return []Trust{}
			}
			continue
		}
		for _, w := range s.principals {
			t := trustOf(w, account, s)
			if !slices.ContainsFunc(list, t.equal) {
				list = append(list, t)
			}
		}
	}
	return list
}

// assumes reports whether a statement is of any way to assume the role.
func (s statement) assumes() bool {
	for _, action := range []string{"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity"} {
		if s.all(action) {
			return true
		}
	}
	return false
}

func trustOf(w who, account string, s statement) Trust {
	t := Trust{Type: "unknown", Who: w.name, Conditions: []string{}}
	for _, c := range s.conditions {
		t.Conditions = append(t.Conditions, c.String())
		t.ExternalID = t.ExternalID || strings.EqualFold(c.key, "sts:ExternalId")
	}
	switch match := principal.FindStringSubmatch(w.name); {
	case w.kind == "*":
		t.Type, t.Outside, t.Anyone = "anyone", true, len(s.conditions) == 0
	case w.kind == "Service":
		t.Type = "service"
	case w.kind == "Federated":
		t.Type, t.Outside, t.Anyone = "federated", !ownProvider.MatchString(w.name), unlimited(w.name, s.conditions)
	case w.kind == "AWS" && accountOnly.MatchString(w.name):
		t.Type, t.Account = "account", w.name
	case w.kind == "AWS" && match != nil:
		t.Account = match[1]
		t.Type = map[string]string{"root": "account", "user": "user", "federated-user": "user", "role": "role", "assumed-role": "role"}[match[2]]
	}
	if t.Account != "" {
		t.Outside = t.Account != account
	}
	return t
}

// unlimited reports whether anybody with an account at a shared provider is let in.
func unlimited(provider string, conditions []condition) bool {
	for host, wanted := range sharedProviders {
		if provider == host || strings.HasSuffix(provider, "/"+host) {
			return !slices.ContainsFunc(conditions, func(c condition) bool {
				return strings.HasSuffix(c.key, wanted) || strings.HasSuffix(c.key, ":sub")
			})
		}
	}
	return false
}

func (t Trust) equal(other Trust) bool {
	return t.Type == other.Type && t.Who == other.Who && slices.Equal(t.Conditions, other.Conditions)
}

// admits reports whether a trust lets a principal of this account in: by its ARN, which
// is enough within an account, or with everybody in the account, which needs an identity
// policy as well (IAM User Guide, "Cross-account policy evaluation logic").
func (t Trust) admits(p *subject) (named, byAccount bool) {
	switch t.Type {
	case "user", "role":
		return t.Who == p.arn, false
	case "account":
		return false, t.Account == p.account
	case "anyone":
		return false, true
	}
	return false, false
}
