package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The notation of traffic. A line is a connection, as people write it down:
//
//	09 10:00:00 10.0.1.5 -> 203.0.113.9:443 tcp 12p/3400B 10p/9000B 90s x30 +10m~60s
//
// On March 9, 2026, a client connects to a server: what it sends, what comes back ("-" for
// nothing), how long that takes (up to a minute without), how often, after how long each
// time, give or take how much. REJECT says that the server's interface refused it,
// 10.0.2.1-20 and :1-25 are addresses and ports one after the other, a second apart,
// @5353 names the client's port, nat=10.0.0.9 the gateway in between, aws=S3 the service
// of the server. A line with "#" first is a comment; "run --param x=y" is for the command
// line; "version 2" leaves all fields empty that records of version 2 do not have;
// "open 10.0.1.80 443" says that AWS has an interface there, open to the internet.
//
// Records are those of AWS: one a minute, direction and interface; the first has SYN, the
// last FIN.
type traffic struct {
	version2 bool
	args     []string
	lines    map[string][]string // by day, as in the path
	port     int                 // the client's next
	open     map[string]string   // TCP port by address
}

// flow is a connection.
type flow struct {
	start          time.Time
	client, server netip.Addr
	from, to       int // ports
	protocol       int
	up, down       amount
	seconds        int64
	refused        bool
	nat            netip.Addr
	aws            string
}

type amount struct{ packets, bytes int64 }

const trafficAccount, trafficRegion = "111122223333", "us-east-1"

// writeTraffic makes a case and returns the arguments for the command line.
func writeTraffic(t *testing.T, dir, text string) []string {
	t.Helper()
	traffic := traffic{lines: map[string][]string{}, port: 40000}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if err := traffic.line(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	caseFile := "window: {from: 2026-03-01T00:00:00Z, to: 2026-03-15T00:00:00Z}\n"
	if err := os.WriteFile(filepath.Join(dir, "case.yaml"), []byte(caseFile), 0o600); err != nil {
		t.Fatal(err)
	}
	traffic.answers(t, dir)
	for day, lines := range traffic.lines {
		var packed bytes.Buffer
		zip := gzip.NewWriter(&packed)
		fmt.Fprintln(zip, "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status "+
			"vpc-id type tcp-flags subnet-id sublocation-type sublocation-id region pkt-srcaddr pkt-dstaddr instance-id az-id "+
			"pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path")
		fmt.Fprintln(zip, strings.Join(lines, "\n"))
		if err := zip.Close(); err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join(dir, "s3", "logs", "AWSLogs", trafficAccount, "vpcflowlogs", trafficRegion, filepath.FromSlash(day))
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "1.log.gz"), packed.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return traffic.args
}

// line reads one line of the notation.
func (t *traffic) line(line string) error {
	words := strings.Fields(line)
	switch {
	case line == "" || line[0] == '#' || words[0] == "moved": // see TestDetections
		return nil
	case line == "version 2":
		t.version2 = true
		return nil
	case words[0] == "open" && len(words) == 3:
		if t.open == nil {
			t.open = map[string]string{}
		}
		t.open[words[1]] = words[2]
		return nil
	case words[0] == "run":
		t.args = append(t.args, words[1:]...)
		return nil
	case len(words) < 7 || words[3] != "->":
		return fmt.Errorf("want DAY TIME CLIENT -> SERVER:PORT PROTOCOL SENT RETURNED")
	}
	start, err := time.Parse("2006-01 02 15:04:05", "2026-03 "+words[0]+" "+words[1])
	if err != nil {
		return err
	}
	one := flow{start: start, aws: "-"}
	if one.protocol = map[string]int{"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50}[words[5]]; one.protocol == 0 {
		return fmt.Errorf("protocol %s", words[5])
	}
	clients, err := addresses(words[2])
	if err != nil {
		return err
	}
	host, service := words[4], "0"
	if one.protocol == 6 || one.protocol == 17 {
		colon := strings.LastIndex(words[4], ":")
		host, service = words[4][:colon], words[4][colon+1:]
	}
	servers, err := addresses(host)
	if err != nil {
		return err
	}
	if one.up, err = parseAmount(words[6]); err != nil {
		return err
	}
	rest := words[7:]
	if len(rest) > 0 && rest[0] != "REJECT" {
		if one.down, err = parseAmount(rest[0]); err != nil {
			return err
		}
		rest = rest[1:]
	}
	times, every, jitter := 1, time.Duration(0), time.Duration(0)
	for _, word := range rest {
		var err error
		switch name, value, _ := strings.Cut(word, "="); {
		case word == "REJECT":
			one.refused = true
		case name == "nat":
			one.nat, err = netip.ParseAddr(value)
		case name == "aws":
			one.aws = value
		case word[0] == '@':
			one.from, err = strconv.Atoi(word[1:])
		case word[0] == 'x':
			times, err = strconv.Atoi(word[1:])
		case word[0] == '+':
			gap, around, _ := strings.Cut(word[1:], "~")
			if every, err = time.ParseDuration(gap); err == nil && around != "" {
				jitter, err = time.ParseDuration(around)
			}
		default:
			var long time.Duration
			long, err = time.ParseDuration(word)
			one.seconds = int64(long.Seconds())
		}
		if err != nil {
			return err
		}
	}
	ports := strings.Split(service, "-")
	first, err := strconv.Atoi(ports[0])
	if err != nil {
		return err
	}
	last, err := strconv.Atoi(ports[len(ports)-1])
	if err != nil {
		return err
	}
	next := start
	for i := range times {
		at := next
		next = next.Add(every)
		if jitter > 0 { // spread evenly, in an order that looks like chance
			next = next.Add(2*jitter*time.Duration(i*37%100)/99 - jitter)
		}
		for _, client := range clients {
			for _, server := range servers {
				for port := first; port <= last; port++ {
					f := one
					f.start, f.client, f.server, f.to = at, client, server, port
					t.add(f)
					at = at.Add(time.Second)
				}
			}
		}
	}
	return nil
}

// addresses reads 10.0.0.1 and 10.0.0.1-20.
func addresses(text string) ([]netip.Addr, error) {
	text, last, more := strings.Cut(text, "-")
	first, err := netip.ParseAddr(text)
	if err != nil || !more {
		return []netip.Addr{first}, err
	}
	end, err := strconv.Atoi(last)
	var list []netip.Addr
	for ip := first; err == nil && int(ip.As4()[3]) <= end && len(list) < 256; ip = ip.Next() {
		list = append(list, ip)
	}
	return list, err
}

// parseAmount reads 12p/3400B, with kB, MB and GB.
func parseAmount(text string) (amount, error) {
	var a amount
	if text == "-" {
		return a, nil
	}
	packets, bytes, _ := strings.Cut(text, "p/")
	var err error
	if a.packets, err = strconv.ParseInt(packets, 10, 64); err != nil {
		return a, err
	}
	number := strings.TrimRight(bytes, "kMGB")
	scale, ok := map[string]int64{"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[bytes[len(number):]]
	if !ok {
		return a, fmt.Errorf("amount %s", text)
	}
	a.bytes, err = strconv.ParseInt(number, 10, 64)
	a.bytes *= scale
	return a, err
}

// add writes the records of a connection, at each interface that sees it.
func (t *traffic) add(f flow) {
	if f.from == 0 && f.to != 0 {
		f.from = t.port
		if t.port++; t.port > 60999 {
			t.port = 32768
		}
	}
	if ours(f.client) {
		t.both(f, record{at: f.client, src: f.client, dst: f.server, egress: true})
		if f.nat.IsValid() {
			t.both(f, record{at: f.nat, src: f.client, dst: f.nat, pktDst: f.server})
			t.both(f, record{at: f.nat, src: f.nat, dst: f.server, egress: true})
		}
	}
	if ours(f.server) {
		t.both(f, record{at: f.server, src: f.client, dst: f.server, gateway: f.nat == f.server})
	}
}

// ours has an interface: private addresses, and those of one block of Amazon's.
func ours(ip netip.Addr) bool {
	return ip.IsPrivate() || netip.MustParsePrefix("2600:1f18::/32").Contains(ip)
}

// record is what one interface says of what the client sends.
type record struct {
	at, src, dst netip.Addr
	pktDst       netip.Addr // when it is not dst
	egress       bool
	gateway      bool // the interface is a gateway's and no instance's
}

func (t *traffic) both(f flow, r record) {
	r.gateway = r.gateway || f.nat.IsValid() && r.at == f.nat
	refused := f.refused && !r.egress
	t.side(f, r, f.up, false, refused)
	if !f.refused && f.down.packets > 0 {
		t.side(f, r, f.down, true, false)
	}
}

// side writes what one side sends, a record a minute.
func (t *traffic) side(f flow, r record, sent amount, answer, refused bool) {
	parts := min(max(1, (f.seconds+59)/60), sent.packets)
	for i := range parts {
		from := f.start.Unix() + i*60
		to := max(from, min(from+59, f.start.Unix()+f.seconds))
		part := amount{sent.packets*(i+1)/parts - sent.packets*i/parts, sent.bytes*(i+1)/parts - sent.bytes*i/parts}
		flags := 0
		if i == 0 {
			flags = 2
			if answer {
				flags = 18
			}
		}
		if i == parts-1 && f.down.packets > 0 {
			flags |= 1
		}
		if f.protocol != 6 {
			flags = 0
		}
		t.record(f, r, part, from, to, flags, answer, refused)
	}
}

func (t *traffic) record(f flow, r record, part amount, from, to int64, flags int, answer, refused bool) {
	src, dst, srcPort, dstPort, egress := r.src, r.dst, f.from, f.to, r.egress
	pktSrc, pktDst, srcService, dstService := r.src, r.dst, "-", f.aws
	if r.pktDst.IsValid() {
		pktDst = r.pktDst
	}
	if answer {
		src, dst, srcPort, dstPort, egress = dst, src, dstPort, srcPort, !egress
		pktSrc, pktDst, srcService, dstService = pktDst, pktSrc, dstService, srcService
	}
	name := interfaceOf(r.at.String())
	instance, direction, action := "i-"+name[4:], "ingress", "ACCEPT"
	if r.gateway {
		instance = "-"
	}
	if egress {
		direction = "egress"
	}
	if refused {
		action = "REJECT"
	}
	fields := []any{5, trafficAccount, name, src, dst, srcPort, dstPort, f.protocol, part.packets, part.bytes, from, to, action, "OK",
		"vpc-1", "IPv4", flags, "subnet-1", "-", "-", trafficRegion, pktSrc, pktDst, instance, "use1-az1",
		srcService, dstService, direction, "-"}
	if src.Is6() {
		fields[15] = "IPv6"
	}
	if t.version2 {
		fields[0] = 2
		for i := 14; i < len(fields); i++ {
			fields[i] = "-"
		}
	}
	words := make([]string, len(fields))
	for i, field := range fields {
		words[i] = fmt.Sprint(field)
	}
	day := time.Unix(to, 0).UTC().Format("2006/01/02")
	t.lines[day] = append(t.lines[day], strings.Join(words, " "))
}

func interfaceOf(address string) string {
	return "eni-" + strings.NewReplacer(".", "-", ":", "-").Replace(address)
}

// answers writes what AWS says of the interfaces that are open.
func (t *traffic) answers(test *testing.T, dir string) {
	if t.open == nil {
		return
	}
	var interfaces, groups []string
	for address, port := range t.open {
		interfaces = append(interfaces, fmt.Sprintf(`{"NetworkInterfaceId": %q, "InterfaceType": "interface", "VpcId": "vpc-1", "SubnetId": "subnet-1",
			"PrivateIpAddress": %q, "Groups": [{"GroupId": "sg-%s"}], "Association": {"PublicIp": "203.0.113.10"}, "TagSet": []}`,
			interfaceOf(address), address, port))
		groups = append(groups, fmt.Sprintf(`{"GroupId": "sg-%s", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": %s, "ToPort": %s,
			"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}`, port, port, port))
	}
	for name, list := range map[string]string{
		"network-interfaces": `{"NetworkInterfaces": [` + strings.Join(interfaces, ",") + `]}`,
		"security-groups":    `{"SecurityGroups": [` + strings.Join(groups, ",") + `]}`,
		"internet-gateways":  `{"InternetGateways": [{"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": "available"}]}]}`,
		"route-tables": `{"RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"Main": true, "RouteTableId": "rtb-1"}],
			"Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}]}]}`,
		"network-acls": `{"NetworkAcls": [{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-1"}], "Entries": [
			{"RuleNumber": 100, "Egress": false, "RuleAction": "allow", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"},
			{"RuleNumber": 100, "Egress": true, "RuleAction": "allow", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}]}]}`,
	} {
		folder := filepath.Join(dir, "aws", trafficAccount, trafficRegion)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			test.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "ec2-describe-"+name+".json"), []byte(list), 0o600); err != nil {
			test.Fatal(err)
		}
	}
}

// TestTrafficNotation holds the notation to what AWS would have written.
func TestTrafficNotation(t *testing.T) {
	traffic := traffic{lines: map[string][]string{}, port: 40000}
	for _, line := range []string{
		"09 10:00:00 10.0.1.5 -> 203.0.113.9:443 tcp 4p/400B 2p/900B 90s nat=10.0.0.9",
		"09 11:00:00 198.51.100.7 -> 10.0.1.5-6:22 tcp 1p/44B REJECT x2 +1h",
	} {
		if err := traffic.line(line); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, line := range traffic.lines["2026/03/09"] {
		f := strings.Fields(line)
		got = append(got, strings.Join(slices.Concat(f[2:13], f[16:17], f[21:24], f[27:28]), " "))
	}
	want := []string{
		"eni-10-0-1-5 10.0.1.5 203.0.113.9 40000 443 6 2 200 1773050400 1773050459 ACCEPT 2 10.0.1.5 203.0.113.9 i-10-0-1-5 egress",
		"eni-10-0-1-5 10.0.1.5 203.0.113.9 40000 443 6 2 200 1773050460 1773050490 ACCEPT 1 10.0.1.5 203.0.113.9 i-10-0-1-5 egress",
		"eni-10-0-1-5 203.0.113.9 10.0.1.5 443 40000 6 1 450 1773050400 1773050459 ACCEPT 18 203.0.113.9 10.0.1.5 i-10-0-1-5 ingress",
		"eni-10-0-1-5 203.0.113.9 10.0.1.5 443 40000 6 1 450 1773050460 1773050490 ACCEPT 1 203.0.113.9 10.0.1.5 i-10-0-1-5 ingress",
		"eni-10-0-0-9 10.0.1.5 10.0.0.9 40000 443 6 2 200 1773050400 1773050459 ACCEPT 2 10.0.1.5 203.0.113.9 - ingress",
		"eni-10-0-0-9 10.0.1.5 10.0.0.9 40000 443 6 2 200 1773050460 1773050490 ACCEPT 1 10.0.1.5 203.0.113.9 - ingress",
		"eni-10-0-0-9 10.0.0.9 10.0.1.5 443 40000 6 1 450 1773050400 1773050459 ACCEPT 18 203.0.113.9 10.0.1.5 - egress",
		"eni-10-0-0-9 10.0.0.9 10.0.1.5 443 40000 6 1 450 1773050460 1773050490 ACCEPT 1 203.0.113.9 10.0.1.5 - egress",
		"eni-10-0-0-9 10.0.0.9 203.0.113.9 40000 443 6 2 200 1773050400 1773050459 ACCEPT 2 10.0.0.9 203.0.113.9 - egress",
		"eni-10-0-0-9 10.0.0.9 203.0.113.9 40000 443 6 2 200 1773050460 1773050490 ACCEPT 1 10.0.0.9 203.0.113.9 - egress",
		"eni-10-0-0-9 203.0.113.9 10.0.0.9 443 40000 6 1 450 1773050400 1773050459 ACCEPT 18 203.0.113.9 10.0.0.9 - ingress",
		"eni-10-0-0-9 203.0.113.9 10.0.0.9 443 40000 6 1 450 1773050460 1773050490 ACCEPT 1 203.0.113.9 10.0.0.9 - ingress",
		"eni-10-0-1-5 198.51.100.7 10.0.1.5 40001 22 6 1 44 1773054000 1773054000 REJECT 2 198.51.100.7 10.0.1.5 i-10-0-1-5 ingress",
		"eni-10-0-1-6 198.51.100.7 10.0.1.6 40002 22 6 1 44 1773054001 1773054001 REJECT 2 198.51.100.7 10.0.1.6 i-10-0-1-6 ingress",
		"eni-10-0-1-5 198.51.100.7 10.0.1.5 40003 22 6 1 44 1773057600 1773057600 REJECT 2 198.51.100.7 10.0.1.5 i-10-0-1-5 ingress",
		"eni-10-0-1-6 198.51.100.7 10.0.1.6 40004 22 6 1 44 1773057601 1773057601 REJECT 2 198.51.100.7 10.0.1.6 i-10-0-1-6 ingress",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
