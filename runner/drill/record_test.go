package drill

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRecords reads the sample as a suspicious analyst would: every record has to be
// possible by itself, by the inventory, and beside the other records.
func TestRecords(t *testing.T) {
	dir, truth := shared.dir, shared.truth
	inv := readInventory(t, dir)
	logs := map[string]map[string]any{}
	for _, log := range inv.lists["FlowLogs"] {
		logs[log["FlowLogId"].(string)] = log
	}
	counts := map[string]int{}
	ends := newBothEnds(inv)
	wrong := 0
	eachRecord(t, dir, func(r record) {
		counts[r.status]++
		log := logs[strings.Split(filepath.Base(r.file), "_")[3]]
		if log == nil {
			t.Fatalf("%s is of no flow log in the inventory", r.file)
		}
		problem := place(r, inv, log)
		if problem == "" && r.status == "OK" {
			counts[r.action]++
			counts[r.kind]++
			counts["path "+r.path]++
			problem = traffic(r, inv)
			ends.add(r)
		}
		ends.addTime(r)
		if problem != "" {
			if wrong++; wrong < 10 {
				t.Errorf("%s\n%+v", problem, r)
			}
		}
	})
	ends.check(t, truth)
	if total := counts["OK"] + counts["NODATA"] + counts["SKIPDATA"]; total < 120_000 {
		t.Errorf("%d records", total)
	}
	for _, kind := range []string{"OK", "NODATA", "SKIPDATA", "ACCEPT", "REJECT", "IPv4", "IPv6",
		"path 1", "path 2", "path 3", "path 4", "path 5", "path 7", "path 8", "path -"} {
		if counts[kind] == 0 {
			t.Errorf("no records of kind %q", kind)
		}
	}
	t.Log(counts)
}

// place checks where and when a record was made.
func place(r record, inv inventory, log map[string]any) string {
	n := inv.interfaces[r.nic]
	if n == nil {
		return "the interface is not in the inventory"
	}
	attachment := n["Attachment"].(map[string]any)
	instance, ok := attachment["InstanceId"].(string)
	interval := int64(60) // instances of the sample are Nitro instances
	if !ok {
		instance, interval = "-", int64(log["MaxAggregationInterval"].(float64))
	}
	header := strings.ReplaceAll(strings.ReplaceAll(log["LogFormat"].(string), "${", ""), "}", "")
	partition := fmt.Sprintf("/AWSLogs/%s/vpcflowlogs/%s/%s/", r.account, r.region, r.from.Format("2006/01/02"))
	switch {
	case header != strings.Join(fields[:], " "):
		return "the flow log has another format: " + header
	case log["ResourceId"] != n["VpcId"]:
		return "the flow log is of another VPC"
	case r.account != n["OwnerId"] || r.vpc != n["VpcId"] || r.subnet != n["SubnetId"] || r.instance != instance:
		return "the record places the interface where the inventory does not"
	case r.zone != inv.zones[r.subnet]:
		return "wrong zone"
	case !strings.Contains(filepath.ToSlash(r.file), partition):
		return "the file is in another partition than " + partition
	case r.end < r.from.Unix() || r.end >= r.from.Unix()+fileHours*3600:
		return "the record ends outside the time of its file"
	case r.end < r.start || r.end-r.start >= interval:
		return "the record is longer than the aggregation interval"
	case r.status != "OK" && (r.src != "-" || r.dst != "-" || r.action != "-" || r.direction != "-" || r.bytes != 0):
		return "a record without traffic says something of traffic"
	}
	return ""
}

// traffic checks what a record says of packets.
func traffic(r record, inv inventory) string {
	own := map[string]string{"ingress": r.dst, "egress": r.src}[r.direction]
	if inv.owners[own] != r.nic {
		return "the address on this side is not the interface's"
	}
	for _, text := range []string{r.src, r.dst, r.psrc, r.pdst} {
		address, err := netip.ParseAddr(text)
		if err != nil || address.Is6() != (r.kind == "IPv6") {
			return "address " + text + " does not fit the type"
		}
	}
	if r.packets < 1 || r.bytes < 40*r.packets || r.bytes > 1500*r.packets {
		return "impossible bytes for the packets"
	}
	if allowed := []int{0, 1, 2, 3, 6, 18, 19}; !slices.Contains(allowed, r.flags) || r.protocol != 6 && r.flags != 0 {
		return "impossible flags"
	}
	if (r.direction == "ingress") != (r.path == "-") && r.kind == "IPv4" {
		return "only what leaves has a traffic path"
	}
	opens := r.flags&2 != 0 && r.flags&16 == 0 || r.protocol != 6 && r.dport < 32768
	if r.direction != "ingress" || !opens || inv.interfaces[r.nic]["InterfaceType"] == "nat_gateway" {
		if r.action != "ACCEPT" {
			return "the sample refuses only what comes in and opens"
		}
		return ""
	}
	if admitted := inv.admits(r.nic, r.src, r.protocol, r.dport); admitted != (r.action == "ACCEPT") {
		return fmt.Sprintf("the security groups admit it: %t", admitted)
	}
	return ""
}

// bothEnds compares what one interface says was sent with what the other says came.
type bothEnds struct {
	inv       inventory
	sent, got map[string]volume
	ending    map[string]int64
	gate      map[string]int64      // bytes into less bytes out of a NAT gateway, by far address
	busy      map[string][][2]int64 // times with traffic by interface
	silent    map[string][][2]int64
}

func newBothEnds(inv inventory) *bothEnds {
	return &bothEnds{inv: inv, sent: map[string]volume{}, got: map[string]volume{}, ending: map[string]int64{},
		gate: map[string]int64{}, busy: map[string][][2]int64{}, silent: map[string][][2]int64{}}
}

func (b *bothEnds) add(r record) {
	key := fmt.Sprint(r.src, " ", r.sport, " ", r.dst, " ", r.dport, " ", r.protocol)
	if b.inv.interfaces[r.nic]["InterfaceType"] == "nat_gateway" {
		switch {
		case r.direction == "egress" && !netip.MustParseAddr(r.dst).IsPrivate():
			b.gate[r.pdst] -= r.bytes
		case r.direction == "ingress" && netip.MustParseAddr(r.src).IsPrivate():
			b.gate[r.pdst] += r.bytes
		}
		return
	}
	if b.inv.owners[r.src] == "" || b.inv.owners[r.dst] == "" {
		return
	}
	side := b.got
	if r.direction == "egress" {
		side = b.sent
	}
	v := side[key]
	side[key] = volume{v.packets + r.packets, v.bytes + r.bytes}
	b.ending[key] = max(b.ending[key], r.end)
}

func (b *bothEnds) addTime(r record) {
	switch r.status {
	case "OK":
		b.busy[r.nic] = append(b.busy[r.nic], [2]int64{r.start, r.end})
	case "NODATA":
		b.silent[r.nic] = append(b.silent[r.nic], [2]int64{r.start, r.end})
	}
}

func (b *bothEnds) check(t *testing.T, truth Truth) {
	t.Helper()
	compared := 0
	for key, sent := range b.sent {
		to := strings.Fields(key)[2]
		if b.ending[key] > truth.Window.To.Unix()-60 || b.inv.interfaces[b.inv.owners[to]]["InterfaceType"] == "nat_gateway" {
			continue // cut off by the end of the window; or seen again beyond the gateway
		}
		if compared++; b.got[key] != sent {
			t.Errorf("%s: sent %v, received %v", key, sent, b.got[key])
		}
	}
	if compared < 5000 {
		t.Errorf("only %d flows have both ends inside", compared)
	}
	for address, difference := range b.gate {
		if difference != 0 {
			t.Errorf("a NAT gateway keeps %d bytes for %s", difference, address)
		}
	}
	for nic, silent := range b.silent {
		busy := b.busy[nic]
		slices.SortFunc(busy, func(a, b [2]int64) int { return int(a[0] - b[0]) })
		for _, s := range silent {
			i, _ := slices.BinarySearchFunc(busy, s[0]-600, func(b [2]int64, from int64) int { return int(b[0] - from) })
			for ; i < len(busy) && busy[i][0] <= s[1]; i++ {
				if busy[i][1] >= s[0] {
					t.Errorf("%s: NODATA at %v, traffic at %v", nic, s, busy[i])
				}
			}
		}
	}
}
