package drill

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// fields is the order of a record. It is the order of the table in the source
// document, with the version 5 fields at its end.
var fields = [...]string{
	"version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes",
	"start", "end", "action", "log-status", "vpc-id", "type", "tcp-flags", "subnet-id", "sublocation-type", "sublocation-id",
	"region", "pkt-srcaddr", "pkt-dstaddr", "instance-id", "az-id", "pkt-src-aws-service", "pkt-dst-aws-service",
	"flow-direction", "traffic-path",
}

// logFormat is how describe-flow-logs prints the order of fields.
func logFormat() string {
	var format []string
	for _, field := range fields {
		format = append(format, "${"+field+"}")
	}
	return strings.Join(format, " ")
}

// Flags as tcp-flags adds them up. An answer to SYN counts as 18 (SYN and ACK); other
// packets with only ACK count as 0 (VPC User Guide, "Flow log records").
const (
	flagFIN    = 1
	flagSYN    = 2
	flagRST    = 4
	flagSYNACK = 18
)

// recorder writes the records of one flow log, an hour at a time.
type recorder struct {
	world  *world
	vpc    *vpc
	text   []byte
	lines  []line
	taps   []tap
	active []windows // by nic.index: when each interface had traffic this hour
}

// line is a record in text, with the time that puts it in its file.
type line struct{ end, from, to int64 }

// windows marks the ten-minute windows of an hour.
type windows [6]bool

const windowSeconds = 600

func newRecorder(w *world, v *vpc) *recorder {
	last := v.nics[len(v.nics)-1]
	return &recorder{world: w, vpc: v, active: make([]windows, last.index+1)}
}

// reset forgets the hour.
func (r *recorder) reset() {
	r.text, r.lines = r.text[:0], r.lines[:0]
	clear(r.active)
}

// sorted returns the hour's records in the order of their ends.
func (r *recorder) sorted() []line {
	slices.SortFunc(r.lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.from, b.from))
	})
	return r.lines
}

// interval is how long the interface's records are at most. On a Nitro instance it is a
// minute whatever the flow log asks for (VPC User Guide, "Aggregation interval").
func (n *nic) interval() int64 {
	if n.kind == instanceNIC {
		return 60
	}
	return n.vpc.interval
}

// offset shifts the windows of an interface: they do not begin on the full minute.
func (n *nic) offset() int64 { return int64(n.index*17) % 60 }

// conn writes the records of a connection that end in [from, to).
func (r *recorder) conn(c *conn, from, to int64) {
	r.taps = r.world.taps(c, r.taps[:0])
	for i := range r.taps {
		if t := &r.taps[i]; t.nic.vpc == r.vpc {
			r.side(c, t, false, from, to)
			if c.down.packets > 0 && !t.refused {
				r.side(c, t, true, from, to)
			}
		}
	}
}

// side writes what one side of a connection sends, cut into the interface's windows.
func (r *recorder) side(c *conn, t *tap, answer bool, from, to int64) {
	sent := c.up
	if answer {
		sent = c.down
	}
	interval, offset := t.nic.interval(), t.nic.offset()
	before := int64(0)
	for at := c.start; at < to && before < sent.packets; {
		next := (at-offset)/interval*interval + interval + offset
		last := min(next-1, c.end())
		if sent.packets == 1 {
			last = at
		}
		after := c.sentBy(sent.packets, last+1)
		if after > before {
			r.mark(t.nic, max(at, from), min(last, to-1), from)
			if from <= last && last < to {
				share := volume{after - before, sent.bytes*after/sent.packets - sent.bytes*before/sent.packets}
				r.record(t, c, answer, share, at, last, c.flags(answer, at == c.start, after == sent.packets))
			}
		}
		before, at = after, next
	}
}

// mark remembers that the interface had traffic in [first, last] of the hour at from.
func (r *recorder) mark(n *nic, first, last, from int64) {
	for at := first; at <= last; at = (at/windowSeconds + 1) * windowSeconds {
		r.active[n.index][(at-from)/windowSeconds] = true
	}
}

// sentBy is how many of the packets were sent before a time: the first at the start,
// the last at the end, the others evenly between.
func (c *conn) sentBy(packets, at int64) int64 {
	switch {
	case at <= c.start:
		return 0
	case at > c.end():
		return packets
	case packets < 3:
		return 1
	}
	return 1 + (packets-2)*(at-c.start)/(c.seconds+1)
}

// flags are the flags of a record that holds the first, the last or other packets.
func (c *conn) flags(answer, first, last bool) int {
	if c.protocol != protoTCP {
		return 0
	}
	flags := 0
	if first {
		flags = flagSYN
		if answer {
			flags = flagSYNACK
		}
	}
	switch {
	case last && c.outcome == completed:
		flags |= flagFIN
	case last && c.outcome == probed && !answer:
		flags |= flagRST
	}
	return flags
}

// record appends one line.
func (r *recorder) record(t *tap, c *conn, answer bool, v volume, start, end int64, flags int) {
	src, dst, psrc, pdst, sport, dport, egress := t.src, t.dst, t.psrc, t.pdst, t.sport, t.dport, t.egress
	if answer {
		src, dst, psrc, pdst, sport, dport, egress = dst, src, pdst, psrc, dport, sport, !egress
	}
	from := len(r.text)
	r.prefix(t.nic)
	r.word(src.text)
	r.word(dst.text)
	for _, n := range [...]int64{int64(sport), int64(dport), int64(c.protocol), v.packets, v.bytes, start, end} {
		r.text = append(strconv.AppendInt(r.text, n, 10), ' ')
	}
	action, kind, direction, path := "ACCEPT", "IPv4", "ingress", byte(pathNone)
	if t.refused {
		action = "REJECT"
	}
	if src.ip.Is6() {
		kind = "IPv6"
	}
	if egress {
		direction, path = "egress", t.path
	}
	r.word(action)
	r.word("OK")
	r.word(t.nic.vpc.id)
	r.word(kind)
	r.text = append(strconv.AppendInt(r.text, int64(flags), 10), ' ')
	r.place(t.nic, psrc.text, pdst.text)
	r.word(psrc.aws)
	r.word(pdst.aws)
	r.word(direction)
	r.text = append(r.text, path, '\n')
	r.lines = append(r.lines, line{end, int64(from), int64(len(r.text))})
}

// empty appends a record of a window without traffic (NODATA) or without records
// (SKIPDATA): what it would say of the traffic is "-".
func (r *recorder) empty(n *nic, status string, start, end int64) {
	from := len(r.text)
	r.prefix(n)
	r.text = append(r.text, "- - - - - - - "...)
	r.text = append(strconv.AppendInt(r.text, start, 10), ' ')
	r.text = append(strconv.AppendInt(r.text, end, 10), " - "...)
	r.word(status)
	r.word(n.vpc.id)
	r.text = append(r.text, "- - "...)
	r.place(n, "-", "-")
	r.text = append(r.text, "- - - -\n"...)
	r.lines = append(r.lines, line{end, int64(from), int64(len(r.text))})
}

// prefix is version to interface-id. A format with a version 5 field has version 5.
func (r *recorder) prefix(n *nic) {
	r.text = append(r.text, "5 "...)
	r.word(n.vpc.account)
	r.word(n.id)
}

// place is subnet-id to az-id.
func (r *recorder) place(n *nic, psrc, pdst string) {
	r.word(n.subnet.id)
	r.text = append(r.text, "- - "...)
	r.word(n.vpc.region)
	r.word(psrc)
	r.word(pdst)
	if n.instance != nil {
		r.word(n.instance.id)
	} else {
		r.word("-")
	}
	r.word(n.subnet.zoneID)
}

func (r *recorder) word(text string) {
	r.text = append(append(r.text, text...), ' ')
}
