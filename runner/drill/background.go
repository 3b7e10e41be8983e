package drill

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// service is background traffic of one kind: who calls whom, how often, and how much
// they say. Its connections are a pure function of the seed, its name and the hour, so
// any part of a case can be made without the rest.
type service struct {
	name     string
	clients  []endpoint
	servers  []endpoint
	paired   bool // a client calls only the server of its own place in the list
	protocol uint8
	ports    []uint16

	perDay float64 // connections on a weekday, spread by the rhythm; or
	rhythm rhythm
	every  time.Duration // one connection of each pair each time, first at at
	at     time.Duration

	seconds  span // how long a connection lasts; less than an hour
	up, down span // bytes of payload
	scan     bool // probes: refused or reset, as the server's rules say
}

// span is a range that is drawn from evenly on a logarithmic scale: most are small.
type span struct{ low, high float64 }

func (s span) draw(r *rand.Rand) float64 {
	if s.high <= s.low {
		return s.low
	}
	return s.low * math.Exp(r.Float64()*math.Log(s.high/s.low))
}

// rhythm is the share of a weekday's connections in each hour (UTC), and how a
// Saturday or Sunday compares.
type rhythm struct {
	hours   [24]float64
	weekend float64
}

// The rhythms of the world, as relative weights.
var (
	shoppers = rhythm{[24]float64{2, 1, 1, 1, 1, 2, 4, 6, 8, 9, 10, 10, 11, 10, 9, 9, 9, 10, 12, 14, 14, 11, 7, 4}, 1.15}
	workers  = rhythm{[24]float64{0, 0, 0, 0, 0, 0, 1, 4, 9, 12, 12, 10, 8, 11, 12, 11, 8, 4, 2, 1, 1, 0, 0, 0}, 0.08}
	always   = rhythm{[24]float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 1}
	machines = rhythm{[24]float64{6, 9, 9, 6, 3, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 4, 4, 4, 4, 4, 4, 5}, 0.9}
)

// share is the part of a weekday's connections that falls into the hour at t.
func (r rhythm) share(t time.Time) float64 {
	total := 0.0
	for _, weight := range r.hours {
		total += weight
	}
	share := r.hours[t.Hour()] / total
	if day := t.Weekday(); day == time.Saturday || day == time.Sunday {
		share *= r.weekend
	}
	return share
}

// stream is the randomness of one service in one slot of time.
func stream(seed uint64, name string, slot int64) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed*0x9e3779b97f4a7c15+uint64(slot), h.Sum64()))
}

// hour appends the connections that start in the hour at from.
func (s *service) hour(seed uint64, from int64, into []conn) []conn {
	r := stream(seed, s.name, from)
	if s.every > 0 {
		return s.periodic(r, from, into)
	}
	for range draws(r, s.perDay*s.rhythm.share(time.Unix(from, 0).UTC())) {
		client, server := s.pick(r)
		into = append(into, s.conn(r, client, server, from+r.Int64N(3600)))
	}
	return into
}

func (s *service) periodic(r *rand.Rand, from int64, into []conn) []conn {
	every, at := int64(s.every.Seconds()), int64(s.at.Seconds())
	for i, client := range s.clients {
		for j, server := range s.servers {
			if s.paired && i != j {
				continue
			}
			shift := at + int64(i*7+j*13)
			for t := (from-shift+every-1)/every*every + shift; t < from+3600; t += every {
				into = append(into, s.conn(r, client, server, t))
			}
		}
	}
	return into
}

// draws is how often something happens that happens mean times on average.
func draws(r *rand.Rand, mean float64) int {
	if mean > 30 { // near enough to normal
		return max(0, int(math.Round(mean+math.Sqrt(mean)*r.NormFloat64())))
	}
	n, p := 0, r.Float64()
	for limit := math.Exp(-mean); p > limit; n++ {
		p *= r.Float64()
	}
	return n
}

// pick draws a client and a server that can speak with each other. Early clients are
// drawn more often than late ones: a few addresses make most of the traffic.
func (s *service) pick(r *rand.Rand) (client, server endpoint) {
	i := int(float64(len(s.clients)) * math.Pow(r.Float64(), 2))
	if s.paired {
		return s.clients[i], s.servers[i]
	}
	client = s.clients[i]
	server = s.servers[r.IntN(len(s.servers))]
	for client.ip.Is6() != server.ip.Is6() {
		server = s.servers[r.IntN(len(s.servers))]
	}
	return client, server
}

// conn draws one connection.
func (s *service) conn(r *rand.Rand, client, server endpoint, start int64) conn {
	c := conn{
		client: client, server: server, protocol: s.protocol, dport: s.ports[r.IntN(len(s.ports))],
		sport: ephemeral(r), natPort: uint16(1024 + r.IntN(64000)),
		start: start, seconds: int64(s.seconds.draw(r)),
	}
	if s.protocol == protoICMP {
		c.sport, c.dport = 0, 0
	}
	if s.scan {
		return probe(r, c)
	}
	c.up, c.down = exchange(s.protocol, int64(s.up.draw(r)), int64(s.down.draw(r)))
	return c
}

// ephemeral is a client port as Linux chooses them.
func ephemeral(r *rand.Rand) uint16 { return uint16(32768 + r.IntN(28232)) }

// exchange turns payloads into what goes over the wire: headers, handshake, and an
// acknowledgement of every other packet.
func exchange(protocol uint8, up, down int64) (volume, volume) {
	if protocol != protoTCP {
		const header, payload = 28, 1200
		u, d := max(1, (up+payload-1)/payload), max(1, (down+payload-1)/payload)
		return volume{u, up + u*header}, volume{d, down + d*header}
	}
	const header, payload = 52, 1380
	u, d := 3+(up+payload-1)/payload, 2+(down+payload-1)/payload
	u, d = max(u, d/2+2), max(d, u/2+2)
	return volume{u, up + u*header}, volume{d, down + d*header}
}

// probe makes the connection a scanner's: the server's rules decide what becomes of it.
func probe(r *rand.Rand, c conn) conn {
	c.seconds = 0
	size := int64(40 + 4*r.IntN(6))
	c.up, c.down, c.outcome = volume{1, size}, volume{}, ignored
	if c.protocol == protoICMP {
		c.up.bytes = 84
	}
	if n := c.server.nic; n != nil && n.admits(c.client.ip, c.client.nic, protocolName(c.protocol), int(c.dport)) {
		c.up, c.down, c.outcome = volume{2, size + 40}, volume{1, 44}, probed
	}
	return c
}

func protocolName(protocol uint8) string {
	switch protocol {
	case protoTCP:
		return "tcp"
	case protoUDP:
		return "udp"
	}
	return "icmp"
}

// touches tells whether any interface of the VPC sees the service.
func (s *service) touches(v *vpc) bool {
	in := func(e endpoint) bool { return e.nic != nil && e.nic.vpc == v }
	return slices.ContainsFunc(s.clients, in) || slices.ContainsFunc(s.servers, in)
}

// pool draws addresses out of networks, leaving out some.
func pool(r *rand.Rand, count int, without []string, networks ...string) []endpoint {
	var addresses []endpoint
	taken := map[netip.Addr]bool{}
	for _, text := range without {
		taken[netip.MustParseAddr(text)] = true
	}
	for len(addresses) < count {
		network := netip.MustParsePrefix(networks[r.IntN(len(networks))])
		bytes := network.Addr().AsSlice()
		for i := network.Bits(); i < len(bytes)*8; i++ {
			bytes[i/8] |= byte(r.IntN(2)) << (7 - i%8)
		}
		ip, _ := netip.AddrFromSlice(bytes)
		if last := bytes[len(bytes)-1]; last == 0 || last == 255 || taken[ip] {
			continue
		}
		taken[ip] = true
		addresses = append(addresses, outside(ip))
	}
	return addresses
}
