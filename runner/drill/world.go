package drill

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"

	"playbook/steps"
)

// world is what exists: VPCs and what hangs on them. It is built by hand (see
// sample_world.go), then read by the writers and by the traffic.
type world struct {
	vpcs     []*vpc
	peerings []*peering
}

type vpc struct {
	account, region, name, id string
	cidr, cidr6               netip.Prefix // cidr6 is invalid without IPv6
	environment, owner        string       // tags
	office                    bool         // a VPN leads to the office
	internet                  bool         // has an internet gateway
	subnets                   []*subnet
	groups                    []*group
	nics                      []*nic
	instances                 []*instance
	nat                       *natGateway
	endpoints                 []*vpcEndpoint
	balancer                  *balancer
	logged                    bool
	interval                  int64 // seconds that its flow log aggregates
}

type subnet struct {
	vpc         *vpc
	name, id    string
	cidr, cidr6 netip.Prefix
	zone        string // "a"
	zoneID      string // the zone's name in every account, as az-id of a record has it
	public      bool   // its route table leads to the internet gateway
	acl         *networkACL
}

// networkACL is a network ACL other than the VPC's default one, which allows all.
type networkACL struct {
	name, id string
	ingress  []aclEntry
}

type aclEntry struct {
	number   int
	protocol string
	cidr     string
	from, to int
}

type group struct {
	vpc                   *vpc
	name, id, description string
	rules                 []rule // ingress; egress is always open
}

// rule lets traffic in, from an address range or from the members of a group.
type rule struct {
	protocol    string // tcp, udp, icmp
	from, to    int
	cidr        string
	group       *group
	description string
}

type nicKind int

const (
	instanceNIC nicKind = iota
	balancerNIC
	natNIC
	endpointNIC
)

// nic is an elastic network interface.
type nic struct {
	index       int // in the world
	vpc         *vpc
	subnet      *subnet
	id, name    string
	kind        nicKind
	ip          netip.Addr
	ip6         netip.Addr // invalid without IPv6
	public      string     // public IPv4 address, or empty
	elastic     bool       // the public address is an Elastic IP address of the account
	instance    *instance
	groups      []*group
	description string
	end, end6   endpoint // the interface as one side of a connection
}

type instance struct {
	name, id, kind string // kind is the instance type
	nic            *nic
}

type natGateway struct {
	name, id string
	nic      *nic
	alarms   bool
}

type vpcEndpoint struct {
	id, service string // "s3"
	gateway     bool
	nics        []*nic
	group       *group
}

type balancer struct {
	name, hash string
	nics       []*nic
	group      *group
}

type peering struct {
	id, name            string
	requester, accepter *vpc
}

// identifier makes up an AWS id from what it names, so that it is the same in every
// case and everywhere in a case.
func identifier(prefix string, parts ...any) string {
	return prefix + "-0" + digest(append([]any{prefix}, parts...)...)[:16]
}

func digest(parts ...any) string {
	sum := sha256.Sum256(fmt.Append(nil, parts...))
	return hex.EncodeToString(sum[:])
}

func (w *world) addVPC(account, region, name, cidr, environment, owner string) *vpc {
	v := &vpc{
		account: account, region: region, name: name, id: identifier("vpc", account, name),
		cidr: netip.MustParsePrefix(cidr), environment: environment, owner: owner,
		logged: true, interval: 600,
	}
	v.addGroup("default", "default VPC security group")
	w.vpcs = append(w.vpcs, v)
	return v
}

func (w *world) peer(requester, accepter *vpc) {
	name := requester.name + "-to-" + accepter.name
	w.peerings = append(w.peerings, &peering{
		id: identifier("pcx", name), name: name, requester: requester, accepter: accepter,
	})
}

// seal numbers the interfaces once all are there.
func (w *world) seal() {
	index := 0
	for _, v := range w.vpcs {
		for _, n := range v.nics {
			n.index, n.end = index, endpoint{ip: n.ip, text: n.ip.String(), aws: "-", nic: n}
			if n.ip6.IsValid() {
				n.end6 = endpoint{ip: n.ip6, text: n.ip6.String(), aws: "-", nic: n}
			}
			index++
		}
	}
}

// targets are all accounts and regions, also those without any VPC.
func (w *world) targets() []steps.Target {
	var targets []steps.Target
	for _, account := range w.accounts() {
		for _, region := range w.regions() {
			targets = append(targets, steps.Target{Account: account, Region: region})
		}
	}
	return targets
}

func (w *world) accounts() []string {
	return distinct(w.vpcs, func(v *vpc) string { return v.account })
}
func (w *world) regions() []string { return distinct(w.vpcs, func(v *vpc) string { return v.region }) }

func distinct(vpcs []*vpc, key func(*vpc) string) []string {
	var keys []string
	for _, v := range vpcs {
		keys = append(keys, key(v))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func (v *vpc) addSubnet(name, cidr, zone string, public bool) *subnet {
	s := &subnet{
		vpc: v, name: v.name + "-" + name, id: identifier("subnet", v.id, name),
		cidr: netip.MustParsePrefix(cidr), zone: zone, zoneID: zoneID(v.region, zone), public: public,
	}
	if v.cidr6.IsValid() { // AWS cuts a /64 for a subnet out of the VPC's /56
		bytes := v.cidr6.Addr().As16()
		bytes[7] |= byte(len(v.subnets))
		s.cidr6 = netip.PrefixFrom(netip.AddrFrom16(bytes), 64)
	}
	v.internet = v.internet || public
	v.subnets = append(v.subnets, s)
	return s
}

func (v *vpc) addGroup(name, description string, rules ...rule) *group {
	g := &group{vpc: v, name: name, id: identifier("sg", v.id, name), description: description, rules: rules}
	v.groups = append(v.groups, g)
	return g
}

// addNIC puts an interface at the host number of a subnet.
func (s *subnet) addNIC(kind nicKind, name string, host int, groups ...*group) *nic {
	n := &nic{
		vpc: s.vpc, subnet: s, id: identifier("eni", s.id, host), name: name, kind: kind,
		ip: nth(s.cidr.Addr(), host), groups: groups,
	}
	if s.cidr6.IsValid() && (kind == balancerNIC || kind == instanceNIC && !s.public) {
		n.ip6 = nth(s.cidr6.Addr(), 0x1000+host)
	}
	s.vpc.nics = append(s.vpc.nics, n)
	return n
}

func nth(addr netip.Addr, host int) netip.Addr {
	bytes := addr.AsSlice()
	bytes[len(bytes)-1] += byte(host)
	bytes[len(bytes)-2] += byte(host >> 8)
	addr, _ = netip.AddrFromSlice(bytes)
	return addr
}

func (s *subnet) addInstance(name, kind string, host int, groups ...*group) *nic {
	n := s.addNIC(instanceNIC, name, host, groups...)
	n.instance = &instance{name: name, id: identifier("i", s.id, name), kind: kind, nic: n}
	s.vpc.instances = append(s.vpc.instances, n.instance)
	return n
}

func (s *subnet) addNAT(name string, host int, public string, alarms bool) {
	n := s.addNIC(natNIC, "", host)
	n.public, n.elastic = public, true
	s.vpc.nat = &natGateway{name: name, id: identifier("nat", s.id), nic: n, alarms: alarms}
	n.description = "Interface for NAT Gateway " + s.vpc.nat.id
}

// addEndpoint makes an interface endpoint with one interface in each of the subnets.
func (v *vpc) addEndpoint(service string, host int, g *group, subnets ...*subnet) *vpcEndpoint {
	e := &vpcEndpoint{id: identifier("vpce", v.id, service), service: service, group: g}
	for _, s := range subnets {
		n := s.addNIC(endpointNIC, "", host, g)
		n.ip6 = netip.Addr{}
		n.description = "VPC Endpoint Interface " + e.id
		e.nics = append(e.nics, n)
	}
	v.endpoints = append(v.endpoints, e)
	return e
}

func (v *vpc) addGatewayEndpoint(service string) {
	v.endpoints = append(v.endpoints, &vpcEndpoint{id: identifier("vpce", v.id, service), service: service, gateway: true})
}

// admits tells whether the interface's security groups let traffic in; the network
// ACLs of the world never refuse what a security group lets in.
func (n *nic) admits(from netip.Addr, member *nic, protocol string, port int) bool {
	for _, g := range n.groups {
		for _, r := range g.rules {
			if r.protocol != protocol || port < r.from || port > r.to {
				continue
			}
			if r.group != nil && member != nil && slices.Contains(member.groups, r.group) {
				return true
			}
			if r.cidr != "" && netip.MustParsePrefix(r.cidr).Contains(from) {
				return true
			}
		}
	}
	return false
}
