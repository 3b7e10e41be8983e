package drill

import (
	"cmp"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

const (
	scannerAddress = "203.0.113.77" // not on the list of hostile addresses: it was new
	exfilAddress   = "198.51.100.23"
)

// plan is the incident as it was carried out: the connections and what the truth says
// of them.
type plan struct {
	conns        []conn
	bastion, db  *nic
	broke        time.Time // the first session after the guessing
	guesses      int
	swept        int   // addresses tried inside
	stolen       int64 // bytes from the database to the bastion
	sent, got    int64 // bytes to and from the hostile address
	first, last  time.Time
	scannedPorts int
	uploadDays   []string // on which much was sent to the hostile address
}

// stage is one part of an incident: what happens between two times.
type stage struct {
	from, to string // day of March 2026 and time, UTC
	act      func(p *plan, r *rand.Rand, from, to int64)
}

// sampleIncident is the story of the sample: an open SSH port on the bastion is found,
// its password guessed, the order database copied through it and sent away.
func sampleIncident(w *world, seed uint64) *plan {
	p := &plan{bastion: w.nic("prod-web", "bastion-1"), db: w.nic("prod-data", "orders-db-1")}
	stages := []stage{
		{"09 02:14:00", "09 03:41:00", scanPublic(w)},
		{"10 01:05:00", "10 04:50:00", guessPasswords},
		{"10 04:52:00", "10 05:31:00", session},
		{"10 05:20:00", "13 04:30:00", beacon},
		{"11 01:20:00", "11 02:44:00", session},
		{"11 01:32:00", "11 02:18:00", sweep(w)},
		{"11 02:21:00", "11 02:40:00", logIn},
		{"12 00:31:00", "12 06:04:00", session},
		{"12 00:43:00", "12 02:57:00", copyDatabase},
		{"12 03:12:00", "12 05:58:00", sendAway(4_020_000_000)},
		{"12 22:40:00", "13 01:15:00", sendAway(3_010_000_000)},
		{"13 02:05:00", "13 04:02:00", sendAway(1_570_000_000)},
	}
	for i, s := range stages {
		from, to := march(s.from).Unix(), march(s.to).Unix()
		s.act(p, stream(seed, "incident", int64(i)), from, to)
	}
	slices.SortStableFunc(p.conns, func(a, b conn) int { return cmp.Compare(a.start, b.start) })
	p.account()
	return p
}

func march(text string) time.Time {
	t, err := time.Parse("2006-01 02 15:04:05", "2026-03 "+text)
	if err != nil {
		panic(err) // a constant of this file is wrong
	}
	return t
}

// scanPublic tries many ports of every public interface of the VPC.
func scanPublic(w *world) func(*plan, *rand.Rand, int64, int64) {
	return func(p *plan, r *rand.Rand, from, to int64) {
		var targets []*nic
		for _, n := range p.bastion.vpc.nics {
			if n.public != "" && n.kind != natNIC {
				targets = append(targets, n)
			}
		}
		ports := []uint16{21, 22, 23, 25, 80, 110, 111, 135, 139, 143, 443, 445, 993, 995, 1433, 1521, 1723, 2049, 2375, 3306,
			3389, 5432, 5601, 5900, 5985, 6379, 6443, 7001, 8000, 8080, 8443, 8888, 9000, 9090, 9200, 10250, 11211, 27017}
		for len(ports) < 128 {
			if port := uint16(12_000 + r.IntN(37_000)); !slices.Contains(ports, port) {
				ports = append(ports, port)
			}
		}
		p.scannedPorts = len(ports)
		for _, port := range ports {
			for _, n := range targets {
				p.conns = append(p.conns, probe(r, conn{
					client: outside(netip.MustParseAddr(scannerAddress)), server: n.end,
					protocol: protoTCP, sport: uint16(40000 + r.IntN(20000)), dport: port, start: from + r.Int64N(to-from),
				}))
			}
		}
	}
}

func (p *plan) ssh(r *rand.Rand, start, seconds, up, down int64) conn {
	c := conn{
		client: outside(netip.MustParseAddr(scannerAddress)), server: p.bastion.end,
		protocol: protoTCP, sport: ephemeral(r), dport: 22, start: start, seconds: seconds,
	}
	c.up, c.down = exchange(protoTCP, up, down)
	return c
}

// guessPasswords is a few tries a connection, until the server hangs up.
func guessPasswords(p *plan, r *rand.Rand, from, to int64) {
	for at := from; at < to; at += 4 + r.Int64N(13) {
		p.conns = append(p.conns, p.ssh(r, at, 2+r.Int64N(4), 1300+r.Int64N(900), 2100+r.Int64N(700)))
		p.guesses++
	}
}

// session is the intruder at a shell on the bastion.
func session(p *plan, r *rand.Rand, from, to int64) {
	if p.broke.IsZero() {
		p.broke = time.Unix(from, 0).UTC()
	}
	up, down := (to-from)*(25+r.Int64N(20)), (to-from)*(140+r.Int64N(90))
	p.conns = append(p.conns, p.ssh(r, from, to-from, up, down))
}

func (p *plan) toHostile(r *rand.Rand, start, seconds, up, down int64) {
	c := conn{
		client: p.bastion.end, server: outside(netip.MustParseAddr(exfilAddress)),
		protocol: protoTCP, sport: ephemeral(r), dport: 443, start: start, seconds: seconds,
	}
	c.up, c.down = exchange(protoTCP, up, down)
	p.conns = append(p.conns, c)
}

// beacon asks for orders every ten minutes, give or take a minute.
func beacon(p *plan, r *rand.Rand, from, to int64) {
	for at := from; at < to; at += 540 + r.Int64N(121) {
		p.toHostile(r, at, 1+r.Int64N(3), 600+r.Int64N(300), 900+r.Int64N(900))
	}
}

// sweep looks for other hosts and their remote access from the bastion.
func sweep(w *world) func(*plan, *rand.Rand, int64, int64) {
	return func(p *plan, r *rand.Rand, from, to int64) {
		for _, name := range [...]string{"prod-web", "prod-data"} {
			for _, s := range w.vpc(name).subnets {
				for host := 4; !s.public && host < 50; host++ {
					p.swept++
					server := w.at(nth(s.cidr.Addr(), host))
					for _, port := range [...]uint16{22, 3389, 445, 5432} {
						p.conns = append(p.conns, probe(r, conn{
							client: p.bastion.end, server: server,
							protocol: protoTCP, sport: ephemeral(r), dport: port, start: from + r.Int64N(to-from),
						}))
					}
				}
			}
		}
	}
}

// at is the endpoint with an address inside, whether anything is there or not.
func (w *world) at(ip netip.Addr) endpoint {
	for _, v := range w.vpcs {
		for _, n := range v.nics {
			if n.ip == ip {
				return n.end
			}
		}
	}
	return outside(ip)
}

func (p *plan) toDatabase(r *rand.Rand, port uint16, start, seconds, up, down int64) {
	c := conn{
		client: p.bastion.end, server: p.db.end,
		protocol: protoTCP, sport: ephemeral(r), dport: port, start: start, seconds: seconds,
	}
	c.up, c.down = exchange(protoTCP, up, down)
	p.conns = append(p.conns, c)
}

// logIn is a shell on the database host.
func logIn(p *plan, r *rand.Rand, from, to int64) {
	p.toDatabase(r, 22, from, to-from, 48_000+r.Int64N(9000), 310_000+r.Int64N(90_000))
}

// copyDatabase dumps the database onto the bastion over four connections.
func copyDatabase(p *plan, r *rand.Rand, from, to int64) {
	for range 4 {
		p.toDatabase(r, 5432, from+r.Int64N(60), to-from-60-r.Int64N(600), 90_000+r.Int64N(9000), 2_140_000_000+r.Int64N(60_000_000))
	}
}

// sendAway uploads at least so many bytes over three connections.
func sendAway(bytes int64) func(*plan, *rand.Rand, int64, int64) {
	return func(p *plan, r *rand.Rand, from, to int64) {
		part := (to - from) / 3
		for i := range int64(3) {
			p.toHostile(r, from+i*part+r.Int64N(20), part-30-r.Int64N(200), bytes/3+r.Int64N(9_000_000), 60_000+r.Int64N(9000))
		}
	}
}

// account adds up what the truth says of the incident.
func (p *plan) account() {
	for _, c := range p.conns {
		switch {
		case c.server.text == exfilAddress:
			p.sent, p.got = p.sent+c.up.bytes, p.got+c.down.bytes
			if day := time.Unix(c.end(), 0).UTC().Format(time.DateOnly); c.up.bytes > 100*mega && !slices.Contains(p.uploadDays, day) {
				p.uploadDays = append(p.uploadDays, day)
			}
			if p.first.IsZero() {
				p.first = time.Unix(c.start, 0).UTC()
			}
			if end := time.Unix(c.end(), 0).UTC(); end.After(p.last) {
				p.last = end
			}
		case c.server.nic == p.db && c.dport == 5432 && c.outcome == completed:
			p.stolen += c.down.bytes
		}
	}
}
