package exposure

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A small world to count in: blocks around a few addresses, and a few ports.
var (
	blocks16 = prefixes("0.0.0.0/0", "128.0.0.0/1", "198.51.100.0/24", "198.51.100.0/30", "198.51.100.1/32", "198.51.100.2/31",
		"203.0.113.0/24", "10.0.0.0/8", "10.0.0.0/7")
	sources = []netip.Addr{addr("198.51.100.0"), addr("198.51.100.1"), addr("198.51.100.2"), addr("198.51.100.200"), addr("203.0.113.9"), addr("8.8.8.8"), addr("11.0.0.1")}
	anyPort = rapid.IntRange(0, 12)
)

func addr(text string) netip.Addr { return netip.MustParseAddr(text) }

func prefixes(texts ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func drawPorts(t *rapid.T, label string) ports {
	if rapid.IntRange(0, 3).Draw(t, label+" all") == 0 {
		return allPorts
	}
	from := anyPort.Draw(t, label+" from")
	return ports{from, from + anyPort.Draw(t, label+" more")}
}

func drawRules(t *rapid.T, label string) []rule {
	rules := []rule{}
	for number := range rapid.IntRange(0, 6).Draw(t, label) {
		rules = append(rules, rule{
			number: int64(number), allow: rapid.Bool().Draw(t, "allow"),
			protocol: rapid.SampledFrom([]string{"all", "all", "tcp", "udp", "47"}).Draw(t, "protocol"),
			ports:    drawPorts(t, "ports"), block: rapid.SampledFrom(blocks16).Draw(t, "block"),
		})
	}
	return rules
}

// allows is the meaning of an ACL: the first rule that matches one packet decides.
func allows(rules []rule, protocol string, port int, from netip.Addr) bool {
	for _, r := range rules {
		if (r.protocol == "all" || r.protocol == protocol) && r.ports.from <= port && port <= r.ports.to && r.block.Contains(from) {
			return r.allow
		}
	}
	return false
}

func (r region) contains(a netip.Addr) bool {
	return r.block.Contains(a) && !slices.ContainsFunc(r.except, func(e exception) bool { return e.block.Contains(a) })
}

// reachable is the meaning of a whole chain, asked about one packet.
func reachable(guard acl, openings []opening, routes []region, protocol string, port int, from netip.Addr) bool {
	opened := slices.ContainsFunc(openings, func(o opening) bool {
		return (o.protocol == "all" || o.protocol == protocol) && o.ports.from <= port && port <= o.ports.to && o.region.contains(from)
	})
	routed := slices.ContainsFunc(routes, func(r region) bool { return r.contains(from) })
	if !opened || !routed || !allows(guard.in, protocol, port, from) {
		return false
	}
	if protocol != "tcp" {
		return true
	}
	// The client chooses its port: any that the ACL answers will do. Beyond 30 the rules
	// of this world make no difference.
	for client := 1; client <= 30; client++ {
		if allows(guard.out, "tcp", client, from) {
			return true
		}
	}
	return false
}

// TestReachAgreesWithAskingPacketByPacket compares ranges and blocks with the naive
// meaning of the rules, for packets of three protocols.
func TestReachAgreesWithAskingPacketByPacket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		guard := acl{id: "acl-1", in: drawRules(t, "in"), out: drawRules(t, "out")}
		var openings []opening
		for range rapid.IntRange(1, 3).Draw(t, "openings") {
			openings = append(openings, opening{
				protocol: rapid.SampledFrom([]string{"all", "tcp", "udp"}).Draw(t, "protocol"),
				ports:    drawPorts(t, "open"), region: region{block: rapid.SampledFrom(blocks16).Draw(t, "source")},
			})
			if o := &openings[len(openings)-1]; o.protocol == "all" {
				o.ports = allPorts
			}
		}
		routes := []region{{block: everywhere(false)}}
		if rapid.Bool().Draw(t, "another route") {
			routes[0] = routes[0].minus(rapid.SampledFrom(blocks16[1:]).Draw(t, "elsewhere"), "elsewhere")
		}
		var found []Exposure
		for _, o := range openings {
			for _, r := range routes {
				if from, ok := o.region.intersect(r); ok && from.internet() {
					found = through(found, guard, Interface{}, address{text: "a"}, o, from, "route")
				}
			}
		}
		for _, protocol := range []string{"tcp", "udp", "47"} {
			for port := 0; port <= 30; port++ {
				for _, from := range sources {
					want := reachable(guard, openings, routes, protocol, port, from)
					got := slices.ContainsFunc(found, func(e Exposure) bool {
						named := e.Protocol == protocol || e.Protocol == "all" || e.Protocol == "other" && protocol == "47" && !names(guard, "47")
						return named && e.FromPort <= port && port <= e.ToPort && slices.ContainsFunc(e.regions, func(r region) bool { return r.contains(from) })
					})
					if got != want {
						t.Fatalf("%s port %d from %s: got %v, want %v\n%+v", protocol, port, from, got, want, found)
					}
				}
			}
		}
		for _, e := range found {
			for _, r := range e.regions {
				if !r.internet() || !slices.Contains(e.Sources, r.block.String()) {
					t.Fatalf("an exposure to nobody: %+v", e)
				}
			}
		}
	})
}

func names(guard acl, protocol string) bool {
	return slices.ContainsFunc(slices.Concat(guard.in, guard.out), func(r rule) bool { return r.protocol == protocol })
}

// TestRegionsAgreeWithCounting compares the test for emptiness with looking at every
// address of a small block.
func TestRegionsAgreeWithCounting(t *testing.T) {
	draw := rapid.Custom(func(t *rapid.T) netip.Prefix {
		last := rapid.IntRange(0, 15).Draw(t, "last")
		bits := rapid.IntRange(28, 32).Draw(t, "bits")
		return netip.PrefixFrom(addr(fmt.Sprintf("198.51.100.%d", last)), bits).Masked()
	})
	rapid.Check(t, func(t *rapid.T) {
		r := region{block: draw.Draw(t, "block")}
		for range rapid.IntRange(0, 8).Draw(t, "exceptions") {
			r = r.minus(draw.Draw(t, "except"), "")
		}
		s := region{block: draw.Draw(t, "other")}.minus(draw.Draw(t, "other except"), "")
		shared, ok := r.intersect(s)
		any := false
		for last := range 16 {
			a := addr(fmt.Sprintf("198.51.100.%d", last))
			any = any || r.contains(a)
			if got := ok && shared.contains(a); got != (r.contains(a) && s.contains(a)) {
				t.Fatalf("%s in both %v and %v: %v", a, r, s, got)
			}
		}
		if r.internet() != any {
			t.Fatalf("%v holds an address: %v, want %v", r, r.internet(), any)
		}
	})
}

func TestWhatIsOnTheInternet(t *testing.T) {
	for text, want := range map[string]bool{
		"0.0.0.0/0": true, "::/0": true, "203.0.113.7/32": true, "10.0.0.0/7": true, "10.0.0.0/8": false, "10.1.0.0/16": false,
		"172.16.0.0/11": true, "172.16.0.0/12": false, "100.64.0.0/10": false, "169.254.169.254/32": false, "224.0.0.0/4": false,
		"2001:db8::/32": true, "fd00::/8": false, "fe80::1/128": false, "::1/128": false,
	} {
		if got := (region{block: netip.MustParsePrefix(text)}).internet(); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	halves := region{block: everywhere(false)}.minus(netip.MustParsePrefix("0.0.0.0/1"), "").minus(netip.MustParsePrefix("128.0.0.0/1"), "")
	if halves.internet() {
		t.Error("everything without its halves is something")
	}
}

func TestPortRanges(t *testing.T) {
	draw := rapid.Custom(func(t *rapid.T) ports {
		from := anyPort.Draw(t, "from")
		return ports{from, from + anyPort.Draw(t, "more")}
	})
	rapid.Check(t, func(t *rapid.T) {
		p, q := draw.Draw(t, "p"), draw.Draw(t, "q")
		shared, ok := p.overlap(q)
		for port := range 30 {
			inP, inQ := p.from <= port && port <= p.to, q.from <= port && port <= q.to
			if got := ok && shared.from <= port && port <= shared.to; got != (inP && inQ) {
				t.Fatalf("%d in %v and %v: %v", port, p, q, got)
			}
			if !ok {
				continue
			}
			got := slices.ContainsFunc(p.without(shared), func(r ports) bool { return r.from <= port && port <= r.to })
			if got != (inP && !inQ) {
				t.Fatalf("%d in %v without %v: %v", port, p, q, got)
			}
		}
	})
}
