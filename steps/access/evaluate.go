package access

import (
	"slices"
	"strings"
)

// policies are the statements that speak of one principal, and those of its permissions
// boundary. How they are evaluated is an approximation that errs on the side of saying
// that something is allowed (IAM User Guide, "Policy evaluation logic"):
//
//   - conditions are taken to hold for what is allowed, and not to hold for what is denied;
//   - a denial counts when it is of all resources, or of the one that is asked about;
//   - of an allowance on single resources it is enough that there is one;
//   - service control policies, resource policies and session policies are not known.
type policies struct {
	identity []statement
	bounded  bool // by statements that are known
	boundary []statement
	self     map[string]string // policy variables of this principal
}

// may reports whether an action is allowed, on a resource or ("") on any. The statement
// is the first that allows it.
func (p *policies) may(action, resource string) (*statement, bool) {
	action = strings.ToLower(action)
	found, ok := p.allowed(p.identity, action, resource)
	if ok && p.bounded {
		_, ok = p.allowed(p.boundary, action, resource)
	}
	return found, ok
}

// mayMake reports whether an action is allowed on some resource that a pattern matches,
// whether or not there is one yet.
func (p *policies) mayMake(action, pattern string) (*statement, bool) {
	if _, ok := p.may(action, ""); !ok {
		return nil, false
	}
	for i, s := range p.identity {
		if s.allow && s.all(strings.ToLower(action)) && (s.elsewhere || len(s.resources) == 0 ||
			slices.ContainsFunc(s.resources, func(r string) bool { return overlap(p.filled(r, true), pattern) })) {
			return &p.identity[i], true
		}
	}
	return nil, false
}

func (p *policies) allowed(list []statement, action, resource string) (*statement, bool) {
	for _, s := range list {
		if !s.allow && len(s.conditions) == 0 && s.all(action) && p.everywhere(s, resource) {
			return nil, false
		}
	}
	for i, s := range list {
		if s.allow && s.all(action) && (resource == "" || p.on(s, resource)) {
			return &list[i], true
		}
	}
	return nil, false
}

// all reports whether a statement is of every action that a pattern matches.
func (s statement) all(pattern string) bool {
	if s.except {
		return !slices.ContainsFunc(s.actions, func(a string) bool { return overlap(a, pattern) })
	}
	return slices.ContainsFunc(s.actions, func(a string) bool { return covers(everyAction(a), pattern) })
}

// everyAction writes *:* as *: they are the same.
func everyAction(pattern string) string {
	if pattern == "*:*" {
		return "*"
	}
	return pattern
}

// on reports whether a statement is of a resource.
func (p *policies) on(s statement, resource string) bool {
	if len(s.resources) == 0 {
		return true
	}
	named := slices.ContainsFunc(s.resources, func(r string) bool { return covers(p.filled(r, s.allow != s.elsewhere), resource) })
	return named != s.elsewhere
}

// everywhere reports whether a statement is of all resources, or of the one asked about.
func (p *policies) everywhere(s statement, resource string) bool {
	return !s.elsewhere && (len(s.resources) == 0 || slices.Contains(s.resources, "*")) || resource != "" && p.on(s, resource)
}

// filled replaces the policy variables that are known of the principal (IAM User Guide,
// "IAM policy elements: Variables and tags"). Any other may be anything (open) or, where
// that would deny too much, nothing that exists.
func (p *policies) filled(pattern string, open bool) string {
	if !strings.Contains(pattern, "${") {
		return pattern
	}
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(pattern, "${")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			out.WriteString("${" + rest)
			return out.String()
		}
		known, is := p.self[strings.ToLower(name)]
		switch {
		case is:
			out.WriteString(known)
		case open:
			out.WriteByte('*')
		default:
			out.WriteByte(0)
		}
		pattern = after
	}
}

// reads are how the names of actions begin that change nothing. It is by the name, and
// an action of any other name counts as a change.
var reads = []string{"get", "list", "describe", "batchget", "head", "view", "search", "lookup", "query", "scan", "select",
	"check", "simulate", "estimate", "preview", "verify", "validate", "decrypt", "read", "download"}

// onlyReads reports whether nothing that a pattern of actions matches is a change.
func onlyReads(pattern string) bool {
	service, name, ok := strings.Cut(pattern, ":")
	if !ok {
		return false
	}
	name, _, _ = strings.Cut(name, "*")
	name, _, _ = strings.Cut(name, "?")
	return service == "sts" || // it gives credentials, and changes nothing itself
		slices.ContainsFunc(reads, func(verb string) bool { return strings.HasPrefix(name, verb) })
}

// grant is a pattern of actions that change something, and where it is from.
type grant struct {
	service, pattern string // service is * for all
	statement        *statement
}

// changes are the grants of actions that change something.
func (p *policies) changes() []grant {
	var found []grant
	for i, s := range p.identity {
		if !s.allow {
			continue
		}
		for _, pattern := range s.patterns() {
			if onlyReads(pattern) || p.denied(p.identity, pattern) {
				continue
			}
			for _, service := range p.within(s, pattern) {
				found = append(found, grant{service, pattern, &p.identity[i]})
			}
		}
	}
	return found
}

// patterns are the actions of a statement; of "all but some" it is all.
func (s statement) patterns() []string {
	if s.except {
		return []string{"*"}
	}
	return s.actions
}

func (p *policies) denied(list []statement, pattern string) bool {
	return slices.ContainsFunc(list, func(s statement) bool {
		return !s.allow && len(s.conditions) == 0 && s.all(pattern) && p.everywhere(s, "")
	})
}

// within are the services in which the boundary leaves anything of a grant to change.
func (p *policies) within(granted statement, pattern string) []string {
	if !p.bounded {
		return []string{service(pattern)}
	}
	var services []string
	for _, b := range p.boundary {
		if !b.allow {
			continue
		}
		for _, limit := range b.patterns() {
			switch {
			case onlyReads(limit) || p.denied(p.boundary, limit) || p.denied(p.boundary, pattern) || !overlap(limit, pattern):
			case b.except && slices.ContainsFunc(b.actions, func(a string) bool { return covers(a, pattern) }):
			case granted.except && slices.ContainsFunc(granted.actions, func(a string) bool { return covers(a, limit) }):
			case service(pattern) == "*":
				services = append(services, service(limit))
			default:
				services = append(services, service(pattern))
			}
		}
	}
	return services
}

// service is what stands before the colon of a pattern; * is all of them.
func service(pattern string) string {
	name, _, _ := strings.Cut(pattern, ":")
	return name
}
