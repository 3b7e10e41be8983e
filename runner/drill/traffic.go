package drill

import "net/netip"

const (
	protoICMP = 1
	protoTCP  = 6
	protoUDP  = 17
)

// endpoint is one side of a connection. Without an interface it lies outside, or is an
// address that nobody has.
type endpoint struct {
	ip   netip.Addr
	text string // ip, as records print it
	aws  string // the AWS service that the address belongs to, or "-"
	nic  *nic
}

func outside(ip netip.Addr) endpoint {
	return endpoint{ip: ip, text: ip.String(), aws: awsService(ip)}
}

// awsService is what pkt-src-aws-service says of an address.
func awsService(ip netip.Addr) string {
	for _, list := range prefixLists {
		for _, cidr := range list.cidrs {
			if cidr.Contains(ip) {
				return "S3"
			}
		}
	}
	return "-"
}

// outcome is how a connection goes, and so which flags its packets carry.
type outcome uint8

const (
	completed outcome = iota // opened, used, closed
	probed                   // opened and reset at once, as scanners do
	ignored                  // no answer: the server's side refuses it, or nobody is there
)

// volume is what one side sends.
type volume struct{ packets, bytes int64 }

// conn is one connection, as both sides and everything between them see it.
type conn struct {
	client, server endpoint
	protocol       uint8
	sport, dport   uint16
	natPort        uint16 // the client's port beyond a NAT gateway
	start, seconds int64
	up, down       volume // sent by the client, by the server
	outcome        outcome
}

func (c *conn) end() int64 { return c.start + c.seconds }

// The ways out of an interface, as traffic-path names them (VPC User Guide, "Flow log
// records"). An egress-only internet gateway has no number there.
const (
	pathVPC            = '1'
	pathGatewayOld     = '2' // internet gateway or gateway endpoint, from what is not a Nitro instance
	pathVPN            = '3'
	pathPeering        = '4'
	pathPeeringRegions = '5'
	pathS3             = '7'
	pathInternet       = '8'
	pathNone           = '-'
)

// tap is one interface that sees a connection, and how it sees what the client sends.
// What the server sends is the same the other way round.
type tap struct {
	nic          *nic
	src, dst     endpoint // packets as they cross the interface
	psrc, pdst   endpoint // packets as they were sent and will arrive
	sport, dport uint16
	egress       bool // what the client sends leaves through the interface
	path         byte // the way out of the interface, whichever direction uses it
	refused      bool
}

// taps lists the interfaces on the way. A NAT gateway's interface sees a connection
// twice: towards the client and towards the internet (VPC User Guide, "Flow log record
// examples", traffic through a NAT gateway).
func (w *world) taps(c *conn, into []tap) []tap {
	client, server := c.client.nic, c.server.nic
	direct := tap{
		src: c.client, dst: c.server, psrc: c.client, pdst: c.server, sport: c.sport, dport: c.dport,
	}
	if client != nil {
		t := direct
		t.nic, t.egress, t.path = client, true, w.path(client, c.server)
		into = append(into, t)
		if nat := w.natOf(client, c.server); nat != nil {
			gate := nat.end
			into = append(into,
				tap{nic: nat, src: c.client, dst: gate, psrc: c.client, pdst: c.server, sport: c.sport, dport: c.dport, path: pathVPC},
				tap{nic: nat, src: gate, dst: c.server, psrc: gate, pdst: c.server, sport: c.natPort, dport: c.dport,
					egress: true, path: pathGatewayOld})
		}
	}
	if server != nil {
		t := direct
		t.nic, t.path, t.refused = server, w.path(server, c.client), c.outcome == ignored
		into = append(into, t)
	}
	return into
}

// path tells how traffic leaves n for a peer.
func (w *world) path(n *nic, peer endpoint) byte {
	switch {
	case peer.nic != nil && peer.nic.vpc == n.vpc || n.vpc.cidr.Contains(peer.ip):
		return pathVPC
	case peer.ip.IsPrivate() && !officeNetwork.Contains(peer.ip):
		if other := w.owner(peer.ip); other != nil && other.region != n.vpc.region {
			return pathPeeringRegions
		}
		return pathPeering
	case peer.ip.IsPrivate():
		return pathVPN
	case n.kind != instanceNIC:
		return pathGatewayOld
	case peer.aws == "S3":
		return pathS3
	case n.public != "":
		return pathInternet
	case peer.ip.Is6():
		return pathNone
	}
	return pathVPC // to the NAT gateway
}

var officeNetwork = netip.MustParsePrefix(officeRange)

// owner is the VPC whose range holds the address.
func (w *world) owner(ip netip.Addr) *vpc {
	for _, v := range w.vpcs {
		if v.cidr.Contains(ip) || v.cidr6.IsValid() && v.cidr6.Contains(ip) {
			return v
		}
	}
	return nil
}

// natOf is the NAT gateway's interface that a private instance uses to reach the
// internet over IPv4, or nil.
func (w *world) natOf(n *nic, peer endpoint) *nic {
	if peer.nic != nil || peer.ip.IsPrivate() || peer.ip.Is6() || peer.aws == "S3" ||
		n.kind != instanceNIC || n.public != "" || n.vpc.nat == nil {
		return nil
	}
	return n.vpc.nat.nic
}
