package network

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"playbook/steps"
)

// Path is the way of a packet. Verdict is reachable, stopped (by what stopped_by says) or
// unknown (why_unknown): what cannot be looked into is never one of the others.
type Path struct {
	From       string `json:"from"`
	To         string `json:"to"`
	Protocol   string `json:"protocol"`
	Port       int64  `json:"port"`
	Verdict    string `json:"verdict"`
	StoppedBy  string `json:"stopped_by"`
	WhyUnknown string `json:"why_unknown"`
	Hops       []Hop  `json:"hops"`
}

// Hop is one thing that the packet, or the answer to it, passes.
type Hop struct {
	Kind string `json:"kind"` // security group, network ACL, route, gateway, peering
	ID   string `json:"id"`   // of the interface, subnet or gateway
	Why  string `json:"why"`
}

const (
	internetWord = "internet"
	// Ephemeral ports, to which answers go ("Ephemeral ports", VPC User Guide).
	ephemeralFrom, ephemeralTo = 1024, 65535
)

// end is one end of a path: an interface of ours, or an address outside (raw is nil).
type end struct {
	raw      map[string]any
	address  netip.Addr
	public   netip.Addr // of an interface: its public address, if it has one
	anywhere bool       // outside, and any address of it
}

func (e end) id() string     { return steps.TextOf(e.raw, "NetworkInterfaceId") }
func (e end) vpc() string    { return steps.TextOf(e.raw, "VpcId") }
func (e end) subnet() string { return steps.TextOf(e.raw, "SubnetId") }

func (e end) groups() []string {
	var ids []string
	for _, group := range steps.MapsOf(e.raw, "Groups") {
		ids = append(ids, steps.TextOf(group, "GroupId"))
	}
	return ids
}

// path works out one question. Questions about interfaces of another account and region
// are not ours to answer (here is false).
func (f *facts) path(q Question) (p Path, here bool) {
	p = Path{From: q.From, To: q.To, Protocol: q.Protocol, Port: q.Port, Hops: []Hop{}}
	from, okFrom := f.end(q.From)
	to, okTo := f.end(q.To)
	w := &walk{facts: f, path: &p, from: from, to: to, protocol: q.Protocol, port: q.Port}
	switch {
	case okFrom && from.raw != nil && !okTo:
		p.unknown("%s is not among the answers of this account and region", q.To)
	case okFrom && from.raw != nil && to.raw != nil:
		w.inside()
	case okFrom && from.raw != nil:
		w.outbound()
	case okFrom && okTo && to.raw != nil:
		w.inbound()
	default: // from is somewhere else, and so is what could answer
		return p, false
	}
	if p.Verdict == "" {
		p.Verdict = "reachable"
	}
	return p, true
}

func (p *Path) unknown(format string, args ...any) {
	p.Verdict, p.WhyUnknown = "unknown", fmt.Sprintf(format, args...)
}

// end finds what a question names.
func (f *facts) end(name string) (end, bool) {
	if name == internetWord {
		return end{anywhere: true}, true
	}
	address, err := netip.ParseAddr(name)
	for _, raw := range f.interfaces {
		attachment, _ := raw["Attachment"].(map[string]any)
		private := addressesOf(raw)
		public := publicOf(raw)
		if steps.TextOf(raw, "NetworkInterfaceId") == name || steps.TextOf(attachment, "InstanceId") == name || err == nil && (slices.Contains(private, address) || public == address) {
			e := end{raw: raw, public: public}
			if len(private) > 0 {
				e.address = private[0]
			}
			if err == nil && slices.Contains(private, address) {
				e.address = address
			}
			return e, true
		}
	}
	if err != nil || address.IsPrivate() {
		return end{address: address}, false
	}
	return end{address: address}, true
}

func addressesOf(raw map[string]any) []netip.Addr {
	var list []netip.Addr
	add := func(text string) {
		if a, err := netip.ParseAddr(text); err == nil && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	add(steps.TextOf(raw, "PrivateIpAddress"))
	for _, each := range steps.MapsOf(raw, "PrivateIpAddresses") {
		add(steps.TextOf(each, "PrivateIpAddress"))
	}
	for _, each := range steps.MapsOf(raw, "Ipv6Addresses") {
		add(steps.TextOf(each, "Ipv6Address"))
	}
	return list
}

func publicOf(raw map[string]any) netip.Addr {
	association, _ := raw["Association"].(map[string]any)
	a, _ := netip.ParseAddr(steps.TextOf(association, "PublicIp"))
	return a
}

// walk goes along a path until something stops it.
type walk struct {
	*facts
	path     *Path
	from, to end
	protocol string
	port     int64
}

// pass adds what one thing says, and reports whether the packet goes on.
func (w *walk) pass(kind, id string, v verdict) bool {
	switch {
	case v.unknown != "":
		w.path.unknown("%s", v.unknown)
		return false
	case !v.allowed:
		w.path.Verdict, w.path.StoppedBy = "stopped", fmt.Sprintf("%s of %s: %s", kind, id, v.why)
		return false
	}
	w.path.Hops = append(w.path.Hops, Hop{kind, id, v.why})
	return true
}

// inside goes from one interface to another.
func (w *walk) inside() {
	out := packet{w.to.address, w.to.groups(), w.protocol, w.port}
	in := packet{w.from.address, w.from.groups(), w.protocol, w.port}
	same := w.from.subnet() == w.to.subnet()
	_ = w.pass("security group", w.from.id(), w.groupRules(w.from.raw, "IpPermissionsEgress", out)) &&
		(same || w.pass("network ACL", w.from.subnet(), w.aclRules(w.from.subnet(), true, out, w.port, w.port)) &&
			w.routed() &&
			w.pass("network ACL", w.to.subnet(), w.aclRules(w.to.subnet(), false, in, w.port, w.port))) &&
		w.pass("security group", w.to.id(), w.groupRules(w.to.raw, "IpPermissions", in)) &&
		(same || w.pass("network ACL for the answer", w.to.subnet(), w.aclRules(w.to.subnet(), true, in, ephemeralFrom, ephemeralTo)) &&
			w.pass("network ACL for the answer", w.from.subnet(), w.aclRules(w.from.subnet(), false, out, ephemeralFrom, ephemeralTo)))
}

// routed goes over the routes of both sides: within a VPC, or over a peering connection.
func (w *walk) routed() bool {
	there, ok := w.route(w.from, w.to.address)
	if !ok {
		return false
	}
	switch {
	case there.target == "local" && w.from.vpc() == w.to.vpc():
		return true
	case strings.HasPrefix(there.target, "pcx-"):
		peering := find(w.peerings, "VpcPeeringConnectionId", there.target)
		status, _ := peering["Status"].(map[string]any)
		requester, accepter := peers(peering)
		joins := requester == w.from.vpc() && accepter == w.to.vpc() || accepter == w.from.vpc() && requester == w.to.vpc()
		if !w.pass("peering", there.target, verdict{allowed: joins && steps.TextOf(status, "Code") == "active",
			why: fmt.Sprintf("it joins %s and %s, and is %s", requester, accepter, cmp.Or(steps.TextOf(status, "Code"), "not there"))}) {
			return false
		}
		back, ok := w.route(w.to, w.from.address)
		return ok && w.pass("route for the answer", w.to.subnet(), verdict{allowed: back.target == there.target,
			why: fmt.Sprintf("%s goes to %s", back.name, back.target)})
	}
	w.path.unknown("the route to %s goes to %s, and what lies behind it is not known here", w.to.address, there.target)
	return false
}

// route takes the most specific route of an end's subnet to an address ("Route priority",
// VPC User Guide).
func (w *walk) route(e end, to netip.Addr) (route, bool) {
	subnet := find(w.subnets, "SubnetId", e.subnet())
	table := w.routeTable(subnet)
	if table == nil {
		w.path.unknown("the route table of %s is not among the answers", e.subnet())
		return route{}, false
	}
	var best route
	for _, r := range routesOf(table, w.prefixLists) {
		if r.block.Contains(to) && (best.target == "" || r.block.Bits() > best.block.Bits()) {
			best = r
		}
	}
	id := steps.TextOf(table, "RouteTableId")
	why := fmt.Sprintf("%s goes to %s in %s", best.name, best.target, id)
	switch {
	case best.target == "":
		why = fmt.Sprintf("no route to %s in %s", to, id)
	case !best.active:
		why += ", which is a black hole"
	}
	return best, w.pass("route", e.subnet(), verdict{allowed: best.target != "" && best.active, why: why})
}

// anyAddress stands for "the internet" where a rule has to be asked about an address.
var anyAddress = netip.MustParseAddr("1.1.1.1")

// inbound goes from the internet to an interface.
func (w *walk) inbound() {
	if !w.to.public.IsValid() {
		w.pass("public address", w.to.id(), verdict{why: "it has none"})
		return
	}
	peer := w.from.address
	if w.from.anywhere {
		peer = w.someAddress()
		w.path.Hops = append(w.path.Hops, Hop{"public address", w.to.id(), w.to.public.String()})
	}
	in := packet{peer, nil, w.protocol, w.port}
	back, ok := w.route(w.to, peer)
	if !ok {
		return
	}
	_ = w.pass("gateway", back.target, w.internetGateway(back.target, w.to)) &&
		w.pass("network ACL", w.to.subnet(), w.aclRules(w.to.subnet(), false, in, w.port, w.port)) &&
		w.pass("security group", w.to.id(), w.groupRules(w.to.raw, "IpPermissions", in)) &&
		w.pass("network ACL for the answer", w.to.subnet(), w.aclRules(w.to.subnet(), true, in, ephemeralFrom, ephemeralTo))
}

// someAddress is an address of the internet that a rule of the interface lets in on the
// port, if there is one: "the internet" reaches it when any of it does.
func (w *walk) someAddress() netip.Addr {
	for _, membership := range steps.MapsOf(w.to.raw, "Groups") {
		group := find(w.groups, "GroupId", steps.TextOf(membership, "GroupId"))
		for _, permission := range steps.MapsOf(group, "IpPermissions") {
			probe := packet{protocol: w.protocol, port: w.port}
			if !probe.matches(steps.TextOf(permission, "IpProtocol")) || !portIn(permission, probe) {
				continue
			}
			for _, each := range steps.MapsOf(permission, "IpRanges") {
				block, err := netip.ParsePrefix(steps.TextOf(each, "CidrIp"))
				if err != nil {
					continue
				}
				if block.Contains(anyAddress) {
					return anyAddress
				}
				if a := block.Masked().Addr(); !a.IsPrivate() && !a.IsLoopback() && a.Is4() {
					return a
				}
			}
		}
	}
	return anyAddress
}

// internetGateway says whether a gateway connects an interface with the internet.
func (w *walk) internetGateway(target string, e end) verdict {
	switch kind, _, _ := strings.Cut(target, "-"); kind {
	case "igw":
		gateway := find(w.internet, "InternetGatewayId", target)
		if gateway == nil {
			return verdict{unknown: "internet gateway " + target + " is not among the answers"}
		}
		if !attached(gateway, e.vpc()) {
			return verdict{why: "it is not attached to " + e.vpc()}
		}
		return verdict{allowed: true, why: "internet gateway of " + e.vpc()}
	case "nat":
		return verdict{why: "a NAT gateway lets nothing in that was not asked for from inside"}
	case "eigw":
		return verdict{why: "an egress-only gateway lets nothing in that was not asked for from inside"}
	case "local":
		return verdict{why: "the route goes nowhere outside"}
	}
	return verdict{unknown: "the route goes to " + target + ", and what lies behind it is not known here"}
}

// outbound goes from an interface to the internet.
func (w *walk) outbound() {
	peer := w.to.address
	if w.to.anywhere {
		peer = anyAddress
	}
	out := packet{peer, nil, w.protocol, w.port}
	if !w.pass("security group", w.from.id(), w.groupRules(w.from.raw, "IpPermissionsEgress", out)) ||
		!w.pass("network ACL", w.from.subnet(), w.aclRules(w.from.subnet(), true, out, w.port, w.port)) {
		return
	}
	there, ok := w.route(w.from, peer)
	if !ok || !w.exit(there.target) {
		return
	}
	w.pass("network ACL for the answer", w.from.subnet(), w.aclRules(w.from.subnet(), false, out, ephemeralFrom, ephemeralTo))
}

// exit goes out by the target of a route.
func (w *walk) exit(target string) bool {
	switch kind, _, _ := strings.Cut(target, "-"); kind {
	case "igw":
		if v := w.internetGateway(target, w.from); !w.pass("gateway", target, v) {
			return false
		}
		return w.pass("public address", w.from.id(), verdict{allowed: w.from.public.IsValid(), why: cmp.Or(validText(w.from.public), "it has none, so no answer finds it")})
	case "nat":
		state := steps.TextOf(find(w.nats, "NatGatewayId", target), "State")
		return w.pass("gateway", target, verdict{allowed: state == "available", why: "NAT gateway, " + cmp.Or(state, "not there")})
	case "vpce":
		return w.pass("gateway", target, verdict{allowed: find(w.endpoints, "VpcEndpointId", target) != nil, why: "VPC endpoint"})
	case "local":
		return w.pass("route", w.from.subnet(), verdict{why: "it goes nowhere outside"})
	}
	w.path.unknown("the route goes to %s, and what lies behind it is not known here", target)
	return false
}

func validText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
