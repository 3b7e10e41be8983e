package expression

import (
	"fmt"
	"net/netip"
)

// notPublic holds the blocks that IANA's registries of special-purpose addresses call
// not globally reachable, with multicast, and without the documentation ranges: in
// examples and drills those stand for outsiders, and in real traffic an address is
// better looked at than taken for one of ours.
var notPublic = [...]netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),      // this network
	netip.MustParsePrefix("10.0.0.0/8"),     // RFC 1918
	netip.MustParsePrefix("100.64.0.0/10"),  // shared, carrier NAT (RFC 6598)
	netip.MustParsePrefix("127.0.0.0/8"),    // loopback
	netip.MustParsePrefix("169.254.0.0/16"), // link-local, instance metadata
	netip.MustParsePrefix("172.16.0.0/12"),  // RFC 1918
	netip.MustParsePrefix("192.0.0.0/24"),   // IETF protocols
	netip.MustParsePrefix("192.168.0.0/16"), // RFC 1918
	netip.MustParsePrefix("198.18.0.0/15"),  // benchmarks
	netip.MustParsePrefix("224.0.0.0/4"),    // multicast
	netip.MustParsePrefix("240.0.0.0/4"),    // reserved, broadcast
	netip.MustParsePrefix("::/127"),         // unspecified, loopback
	netip.MustParsePrefix("64:ff9b:1::/48"), // local-use translation
	netip.MustParsePrefix("100::/64"),       // discard
	netip.MustParsePrefix("fc00::/7"),       // unique local
	netip.MustParsePrefix("fe80::/10"),      // link-local
	netip.MustParsePrefix("fec0::/10"),      // site-local, deprecated
	netip.MustParsePrefix("ff00::/8"),       // multicast
}

var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// translated is the NAT64 prefix (RFC 6052): the IPv4 address is in the last 4 bytes.
func translated(address netip.Addr) (netip.Addr, bool) {
	if !nat64.Contains(address) {
		return address, false
	}
	bytes := address.As16()
	return netip.AddrFrom4([4]byte(bytes[12:])), true
}

func address(value any) (netip.Addr, error) {
	text, ok := value.(string)
	parsed, err := netip.ParseAddr(text)
	if !ok || err != nil || parsed.Zone() != "" {
		return parsed, fmt.Errorf("%s is not an IP address", argument(value))
	}
	return parsed.Unmap(), nil
}

func isIP(args ...any) (any, error) {
	_, err := address(args[0])
	return err == nil, nil
}

func private(value any) (bool, error) {
	ip, err := address(value)
	if err != nil {
		return false, err
	}
	if inner, ok := translated(ip); ok {
		ip = inner
	}
	for _, block := range notPublic {
		if block.Contains(ip) {
			return true, nil
		}
	}
	return false, nil
}

func isPrivate(args ...any) (any, error) {
	is, err := private(args[0])
	if err != nil {
		return nil, err
	}
	return is, nil
}

func isPublic(args ...any) (any, error) {
	is, err := private(args[0])
	if err != nil {
		return nil, err
	}
	return !is, nil
}

func inCIDR(args ...any) (any, error) {
	ip, err := address(args[0])
	if err != nil {
		return nil, err
	}
	blocks, ok := args[1].([]any)
	if !ok {
		blocks = []any{args[1]}
	}
	inside := false
	for _, block := range blocks { // all of them, so that a wrong one is always found
		text, _ := block.(string)
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%s is not a CIDR block; write it as 10.0.0.0/8", argument(block))
		}
		inside = inside || prefix.Contains(ip)
	}
	return inside, nil
}

func ipVersion(args ...any) (any, error) {
	ip, err := address(args[0])
	if err != nil {
		return nil, err
	}
	if ip.Is4() {
		return int64(4), nil
	}
	return int64(6), nil
}
