package revoke

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"

	"playbook/steps"
	"playbook/steps/plan"
)

// wanted is what was given: a rule of a group, or an exposure of an interface.
type wanted struct {
	group, interfaceID string
	protocol           string // as AWS names it: tcp, udp, icmp, icmpv6, a number, or -1
	from, to           int64
	sources            []netip.Prefix
}

// readWanted reads {group, protocol, from_port, to_port, cidr}, or an exposure
// {interface, protocol, from_port, to_port, sources}.
func readWanted(given map[string]any) (wanted, error) {
	w := wanted{group: steps.TextOf(given, "group"), interfaceID: steps.TextOf(given, "interface"), protocol: protocol(fmt.Sprint(given["protocol"]))}
	if w.group == "" && w.interfaceID == "" || given["protocol"] == nil {
		return w, errors.New("a rule is a map of group, protocol, from_port, to_port and cidr, or an exposure with interface, protocol, ports and sources")
	}
	var ok1, ok2 bool
	if w.from, ok1 = given["from_port"].(int64); !ok1 && w.protocol == "-1" {
		w.from, ok1 = 0, true
	}
	if w.to, ok2 = given["to_port"].(int64); !ok2 && w.protocol == "-1" {
		w.to, ok2 = 65535, true
	}
	if !ok1 || !ok2 || w.from > w.to && w.protocol != "icmp" && w.protocol != "icmpv6" {
		return w, errors.New("from_port and to_port are whole numbers, the smaller first")
	}
	list, _ := given["sources"].([]any)
	if text := steps.TextOf(given, "cidr"); text != "" {
		list = []any{text}
	}
	for _, source := range list {
		block, err := plan.Block(fmt.Sprint(source))
		if err != nil {
			return w, err
		}
		w.sources = append(w.sources, block)
	}
	if len(w.sources) == 0 || w.group != "" && len(w.sources) != 1 {
		return w, errors.New("a rule has a cidr, an exposure has sources")
	}
	return w, nil
}

func (w wanted) String() string {
	return spoken(w.protocol, w.from, w.to) + fmt.Sprintf(" from %s", w.sources[0])
}

// rule is one source of a permission of a security group.
type rule struct {
	permission map[string]any
	protocol   string
	from, to   int64
	bounded    bool // it names ports; otherwise it is for all
	block      netip.Prefix
	source     map[string]any // as AWS describes it
	field      string         // the list it is in
	prefixList string
	err        error // why the source cannot be read
}

// rulesOf are the rules for incoming traffic whose source is a block or a prefix list
// (EC2 API Reference, IpPermission). Those whose source is a group let nobody in from
// outside.
func rulesOf(group map[string]any) []rule {
	var rules []rule
	for _, permission := range steps.MapsOf(group, "IpPermissions") {
		base := rule{permission: permission, protocol: protocol(steps.TextOf(permission, "IpProtocol"))}
		var has1, has2 bool
		base.from, has1 = permission["FromPort"].(int64)
		base.to, has2 = permission["ToPort"].(int64)
		base.bounded = has1 && has2
		for _, list := range []struct{ name, field string }{{"IpRanges", "CidrIp"}, {"Ipv6Ranges", "CidrIpv6"}} {
			for _, source := range steps.MapsOf(permission, list.name) {
				each := base
				each.source, each.field = source, list.name
				each.block, each.err = netip.ParsePrefix(steps.TextOf(source, list.field))
				rules = append(rules, each)
			}
		}
		for _, source := range steps.MapsOf(permission, "PrefixListIds") {
			each := base
			each.prefixList = steps.TextOf(source, "PrefixListId")
			rules = append(rules, each)
		}
	}
	return rules
}

// equals reports whether a rule is the one that was given, no wider and no narrower.
func (r rule) equals(w wanted) bool {
	same := r.from == w.from && r.to == w.to
	if !r.bounded {
		same = w.from <= 0 && w.to >= 65535 || w.to == -1
	}
	return r.err == nil && r.prefixList == "" && r.protocol == w.protocol && same && r.block.Masked() == w.sources[0]
}

// opens reports whether a rule lets all of a source in on all of the ports. A source that
// cannot be read, or a prefix list, may: it has to be spoken of.
func (r rule) opens(w wanted, source netip.Prefix) bool {
	switch protocol := family(r.protocol); {
	case protocol == "-1":
	case protocol != family(w.protocol):
		return false
	case protocol == "icmp" && r.from >= 0 && r.bounded && r.from != w.from: // a type; -1 is all
		return false
	case (protocol == "tcp" || protocol == "udp") && r.bounded && (w.from < r.from || w.to > r.to):
		return false
	}
	if r.prefixList != "" || r.err != nil {
		return true
	}
	return r.block.Overlaps(source) && r.block.Bits() <= source.Bits()
}

// family joins the two protocols that the kind exposure calls icmp.
func family(protocol string) string {
	if protocol == "icmpv6" {
		return "icmp"
	}
	return protocol
}

func (r rule) String() string {
	from, to := r.from, r.to
	if !r.bounded {
		from, to = 0, 65535
	}
	source := cmp.Or(r.prefixList, steps.TextOf(r.source, "CidrIp"), steps.TextOf(r.source, "CidrIpv6"))
	return spoken(r.protocol, from, to) + " from " + source
}

// change is the call that takes a rule away, and the one that gives it back with its
// description. Of a permission only the one source is named, so the others stay.
func (r rule) change(id, name string, users int) steps.Change {
	permission := func(source map[string]any) map[string]any {
		p := map[string]any{"IpProtocol": r.permission["IpProtocol"], r.field: []any{source}}
		if r.bounded {
			p["FromPort"], p["ToPort"] = r.from, r.to
		}
		return map[string]any{"GroupId": id, "IpPermissions": []any{p}}
	}
	bare := map[string]any{}
	for _, field := range []string{"CidrIp", "CidrIpv6"} {
		if text := steps.TextOf(r.source, field); text != "" {
			bare[field] = text
		}
	}
	return steps.Change{
		Call:     steps.Call{Operation: "ec2:RevokeSecurityGroupIngress", Input: permission(bare)},
		Resource: id,
		Reason:   fmt.Sprintf("Close %s in security group %s (%s)", r, name, id),
		Before:   map[string]any{"IpPermission": r.permission},
		Undo:     []steps.Call{{Operation: "ec2:AuthorizeSecurityGroupIngress", Input: permission(r.source)}},
		// A description need not be given to revoke (EC2 API Reference,
		// RevokeSecurityGroupIngress). Connections: EC2 User Guide, "Security group
		// connection tracking".
		Notes: []string{
			fmt.Sprintf("The group is on %d interfaces: the rule is closed for all of them.", users),
			"Established connections that are tracked stay open until they end or time out.",
			"Undone, the rule has another id and loses tags of its own.",
		},
	}
}

func spoken(protocol string, from, to int64) string {
	switch {
	case protocol == "-1":
		return "everything"
	case from <= 0 && to >= 65535:
		return protocol + " all ports"
	case from == to:
		return fmt.Sprintf("%s %d", protocol, from)
	}
	return fmt.Sprintf("%s %d-%d", protocol, from, to)
}

// protocol is the name that AWS gives to what people and numbers mean. "other" stands,
// in an exposure, for what only a rule for everything lets in.
func protocol(text string) string {
	switch text {
	case "all", "other":
		return "-1"
	case "6":
		return "tcp"
	case "17":
		return "udp"
	case "1":
		return "icmp"
	case "58":
		return "icmpv6"
	}
	return text
}
