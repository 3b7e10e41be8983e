package exposure

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"playbook/steps"
)

// describe tells what an interface is from the fields that AWS fills in (EC2 API
// Reference, NetworkInterface; requester and description as Elastic Load Balancing sets
// them, Elastic Load Balancing User Guide).
func describe(raw map[string]any) Interface {
	attachment, _ := raw["Attachment"].(map[string]any)
	i := Interface{
		ID: steps.TextOf(raw, "NetworkInterfaceId"), Name: steps.NameTag(raw), Instance: steps.TextOf(attachment, "InstanceId"),
		VPC: steps.TextOf(raw, "VpcId"), Subnet: steps.TextOf(raw, "SubnetId"), PrivateIP: steps.TextOf(raw, "PrivateIpAddress"),
		PublicIPs: []string{},
	}
	description := steps.TextOf(raw, "Description")
	switch kind := steps.TextOf(raw, "InterfaceType"); {
	case kind == "nat_gateway" || kind == "natGateway":
		i.Kind = "nat_gateway"
	case kind == "vpc_endpoint" || kind == "gateway_load_balancer_endpoint":
		i.Kind = "vpc_endpoint"
	case strings.HasSuffix(kind, "load_balancer"), steps.TextOf(raw, "RequesterId") == "amazon-elb", strings.HasPrefix(description, "ELB "):
		i.Kind = "load_balancer"
	case kind == "lambda":
		i.Kind = "lambda"
	case i.Instance != "":
		i.Kind = "instance"
	default:
		i.Kind = "other"
	}
	if i.Name == "" {
		i.Name = description
	}
	if i.Name == "" {
		i.Name = i.ID
	}
	return i
}

// address is one way to name an interface on the internet.
type address struct {
	text   string // also a block, of an interface that has a whole IPv6 prefix
	ip     netip.Addr
	inner  netip.Addr // where the internet gateway sends what comes in for it
	reason string
}

// addresses are the public and elastic IPv4 addresses, and the IPv6 addresses and
// prefixes that are not private.
func (n *network) addresses(raw map[string]any) []address {
	var found []address
	add := func(text, inner, kind string) {
		if text == "" || slices.ContainsFunc(found, func(a address) bool { return a.text == text }) {
			return
		}
		ip, err := parseAddress(text)
		if err != nil {
			n.gap("network interface "+steps.TextOf(raw, "NetworkInterfaceId"), fmt.Sprintf("%q is no address", text), true)
			return
		}
		a := address{text: text, ip: ip, inner: ip, reason: "public address " + text + kind}
		if private, err := netip.ParseAddr(inner); err == nil {
			a.inner = private
		}
		if ip.Is4() || (region{block: netip.PrefixFrom(ip, ip.BitLen())}).internet() {
			found = append(found, a)
		}
	}
	for _, private := range append(steps.MapsOf(raw, "PrivateIpAddresses"), raw) {
		association, _ := private["Association"].(map[string]any)
		kind := " (assigned by AWS)"
		if allocation := steps.TextOf(association, "AllocationId"); allocation != "" {
			kind = " (elastic, " + allocation + ")"
		}
		add(steps.TextOf(association, "PublicIp"), steps.TextOf(private, "PrivateIpAddress"), kind)
	}
	for _, six := range steps.MapsOf(raw, "Ipv6Addresses") {
		add(steps.TextOf(six, "Ipv6Address"), "", " (IPv6)")
	}
	for _, prefix := range steps.MapsOf(raw, "Ipv6Prefixes") {
		add(steps.TextOf(prefix, "Ipv6Prefix"), "", " (IPv6 prefix)")
	}
	return found
}

func parseAddress(text string) (netip.Addr, error) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix.Addr(), nil
	}
	return netip.ParseAddr(text)
}
