package iocs

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"playbook/steps"
)

// What an entry is about that can match nothing.
const (
	aboutAddress = "address"
	aboutDomain  = "domain"
	aboutFile    = "file"
	aboutOther   = "other"
)

// rejection says why a text names no address that could be looked for.
type rejection struct{ about, reason string }

// A network wider than these is a mistake, or would make everything hostile: no list
// means an eighth of the internet or more, and the registries give nobody an IPv6 block
// above a /16.
const (
	widest4 = 8
	widest6 = 16
)

// internal holds the blocks that are nobody's on the internet (IANA's registries of
// special-purpose addresses), and multicast. The documentation ranges are not among them:
// examples and drills use them for outsiders.
var internal = func() []netip.Prefix {
	var list []netip.Prefix
	for _, text := range strings.Fields(`0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
		192.168.0.0/16 198.18.0.0/15 224.0.0.0/4 240.0.0.0/4
		::/16 64:ff9b:1::/48 100::/64 fc00::/7 fe80::/10 fec0::/10 ff00::/8`) {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}()

var (
	domain    = regexp.MustCompile(`^(?i)([a-z0-9_]([a-z0-9_-]{0,62})?\.)+[a-z][a-z0-9-]{1,62}\.?$`)
	hash      = regexp.MustCompile(`^(?i)([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$`)
	likeRange = regexp.MustCompile(`^[0-9a-fA-F.:]+ *(-|–|to) *[0-9a-fA-F.:]+$`)
	fanged    = strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "[:]", ":", "[:", ":", "hxxp", "http", "HXXP", "http", "hXXp", "http",
		"[://]", "://", `\.`, ".")
)

// refang undoes what people do to an address so that nobody opens it by accident.
func refang(text string) string { return fanged.Replace(text) }

// parseNetwork reads an address or a block as people write them. A port or a path is left
// out, which makes the match wider, never narrower; note says so. An IPv4 address that is
// written as IPv6 is an IPv4 address.
func parseNetwork(text string) (network netip.Prefix, note string, why *rejection) {
	text = refang(strings.Trim(strings.TrimSpace(text), `"'`))
	if text == "" {
		return network, "", &rejection{aboutOther, "it is empty"}
	}
	if strings.Contains(text, "://") {
		return fromURL(text)
	}
	if prefix, err := netip.ParsePrefix(text); err == nil {
		prefix, err = unmapped(prefix).Addr().Prefix(unmapped(prefix).Bits())
		if err != nil {
			return network, "", &rejection{aboutAddress, "it is no network"}
		}
		return prefix, "", unfit(prefix)
	}
	if address, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		if address.Zone() != "" {
			return network, "", &rejection{aboutAddress, "it names an interface of the machine that it was seen on (" + steps.Cut(address.Zone(), 20) + ")"}
		}
		address = address.Unmap()
		prefix := netip.PrefixFrom(address, address.BitLen())
		return prefix, "", unfit(prefix)
	}
	if pair, err := netip.ParseAddrPort(text); err == nil {
		network, _, why = parseNetwork(pair.Addr().String())
		return network, "listed with port " + strconv.Itoa(int(pair.Port())), why
	}
	return network, "", misread(text)
}

// unmapped is ::ffff:192.0.2.0/120 as 192.0.2.0/24.
func unmapped(prefix netip.Prefix) netip.Prefix {
	if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
		return netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
	}
	return prefix
}

func fromURL(text string) (netip.Prefix, string, *rejection) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Hostname() == "" {
		return netip.Prefix{}, "", &rejection{aboutOther, "it is a URL that cannot be read"}
	}
	address, err := netip.ParseAddr(parsed.Hostname())
	if err != nil {
		return netip.Prefix{}, "", &rejection{aboutDomain, "it is a URL with a name in it; flow logs have addresses only, resolver logs have names"}
	}
	network, _, why := parseNetwork(address.String())
	return network, "listed as a URL", why
}

// unfit says why a network is not to be looked for.
func unfit(network netip.Prefix) *rejection {
	widest := widest4
	if network.Addr().Is6() {
		widest = widest6
	}
	if network.Bits() < widest {
		return &rejection{aboutAddress, "it is wider than a /" + strconv.Itoa(widest) + ", and would make half the internet hostile"}
	}
	for _, block := range internal {
		if block.Overlaps(network) {
			return &rejection{aboutAddress, "it is private or reserved (" + block.String() + "), and would match traffic of the own network"}
		}
	}
	return nil
}

// misread says what a text is that is neither an address nor a network.
func misread(text string) *rejection {
	switch {
	case likeRange.MatchString(text):
		return &rejection{aboutAddress, "it is a range of addresses; write it as networks (192.0.2.0/24)"}
	case hash.MatchString(text):
		return &rejection{aboutFile, "it is the hash of a file"}
	case domain.MatchString(text):
		return &rejection{aboutDomain, "it is a name; flow logs have addresses only, resolver logs have names"}
	case strings.Contains(text, "@"):
		return &rejection{aboutOther, "it is an address of mail"}
	case strings.ContainsFunc(text, unicode.IsDigit) && strings.ContainsAny(text, ".:") && !strings.ContainsAny(text, " \t"):
		return &rejection{aboutAddress, "it is no address: a number out of range, or too many or too few"}
	}
	return &rejection{aboutOther, "it is neither an address nor a network"}
}

// lastOf is the last address of a network.
func lastOf(network netip.Prefix) netip.Addr {
	bytes := network.Masked().Addr().AsSlice()
	for bit := network.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last
}
