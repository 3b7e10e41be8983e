package exposure

import (
	"fmt"
	"net/netip"
	"slices"
)

// ports is a range, both ends included; for ICMP a range of types.
type ports struct{ from, to int }

var (
	allPorts = ports{0, 65535}
	allTypes = ports{0, 255}
)

func (p ports) String() string {
	switch {
	case p == allPorts:
		return "all ports"
	case p.from == p.to:
		return fmt.Sprint(p.from)
	}
	return fmt.Sprintf("%d-%d", p.from, p.to)
}

func (p ports) overlap(q ports) (ports, bool) {
	r := ports{max(p.from, q.from), min(p.to, q.to)}
	return r, r.from <= r.to
}

// without is what is left of p beside q, which overlaps it.
func (p ports) without(q ports) []ports {
	var left []ports
	if p.from < q.from {
		left = append(left, ports{p.from, q.from - 1})
	}
	if p.to > q.to {
		left = append(left, ports{q.to + 1, p.to})
	}
	return left
}

// region is a set of addresses: those of a block without those of some smaller ones.
// Blocks hold one another or have nothing in common, so regions stay regions under
// everything that rules and routes do to them.
type region struct {
	block  netip.Prefix
	except []exception
}

type exception struct {
	block netip.Prefix
	why   string // "" when the addresses are spoken of elsewhere
}

// holds reports whether all of q is in p.
func holds(p, q netip.Prefix) bool { return p.Overlaps(q) && p.Bits() <= q.Bits() }

// within is the part of a region in a block.
func (r region) within(block netip.Prefix) (region, bool) {
	switch {
	case holds(block, r.block):
		return r, true
	case holds(r.block, block):
		return region{block, r.except}, true
	}
	return region{}, false
}

// intersect is the part that two regions share.
func (r region) intersect(s region) (region, bool) {
	shared, ok := r.within(s.block)
	shared.except = slices.Concat(shared.except, s.except)
	return shared, ok
}

// minus is a region without a block. Nothing need be said of a block that is not on the
// internet anyway.
func (r region) minus(block netip.Prefix, why string) region {
	if !(region{block: block}).internet() {
		why = ""
	}
	return region{r.block, append(slices.Clip(r.except), exception{block, why})}
}

// internet reports whether any address of the internet is in a region.
func (r region) internet() bool {
	return !covered(r.block, func(yield func(netip.Prefix) bool) {
		for _, e := range r.except {
			if !yield(e.block) {
				return
			}
		}
		for _, block := range notInternet {
			if !yield(block) {
				return
			}
		}
	})
}

// covered reports whether blocks together hold all of a block.
func covered(block netip.Prefix, blocks func(func(netip.Prefix) bool)) bool {
	smaller := false
	for other := range blocks {
		if holds(other, block) {
			return true
		}
		smaller = smaller || holds(block, other)
	}
	if !smaller {
		return false
	}
	low, high := halves(block)
	return covered(low, blocks) && covered(high, blocks)
}

func halves(block netip.Prefix) (low, high netip.Prefix) {
	bits := block.Bits()
	raw := block.Masked().Addr().AsSlice()
	low = netip.PrefixFrom(block.Masked().Addr(), bits+1)
	raw[bits/8] |= 0x80 >> (bits % 8)
	upper, _ := netip.AddrFromSlice(raw)
	return low, netip.PrefixFrom(upper, bits+1)
}

// notInternet are blocks from which nothing comes over the internet (IANA Special-Purpose
// Address Registries; the blocks for documentation are left in, examples use them).
var notInternet = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("224.0.0.0/3"),
	netip.MustParsePrefix("::/16"), netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"),
}

func everywhere(six bool) netip.Prefix {
	if six {
		return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
}
