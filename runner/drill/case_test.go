package drill

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// shared is the sample case as `--case sample` makes it, made once for all tests.
var shared struct {
	dir   string
	truth Truth
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "drill-")
	if err == nil {
		defer os.RemoveAll(dir)
		shared.dir = dir
		shared.truth, err = Sample(context.Background(), dir, Options{})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// makeSample makes a case and returns its folder and truth.
func makeSample(t testing.TB, opts Options) (string, Truth) {
	t.Helper()
	dir := t.TempDir()
	truth, err := Sample(t.Context(), dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return dir, truth
}

// inventory is what the case's AWS files say, read without the generator's help.
type inventory struct {
	lists      map[string][]map[string]any // "Vpcs" of all targets
	interfaces map[string]map[string]any
	owners     map[string]string // address to interface
	groups     map[string]map[string]any
	zones      map[string]string // subnet to availability zone id
}

func readInventory(t testing.TB, dir string) inventory {
	t.Helper()
	inv := inventory{
		lists: map[string][]map[string]any{}, interfaces: map[string]map[string]any{}, owners: map[string]string{},
		groups: map[string]map[string]any{}, zones: map[string]string{},
	}
	for _, path := range files(t, filepath.Join(dir, "aws"), ".json") {
		content := readJSON(t, path)
		for name, value := range content {
			list, ok := value.([]any)
			if !ok {
				continue
			}
			for _, element := range list {
				inv.lists[name] = append(inv.lists[name], element.(map[string]any))
			}
		}
	}
	for _, n := range inv.lists["NetworkInterfaces"] {
		id := n["NetworkInterfaceId"].(string)
		inv.interfaces[id] = n
		inv.owners[n["PrivateIpAddress"].(string)] = id
		for _, six := range n["Ipv6Addresses"].([]any) {
			inv.owners[six.(map[string]any)["Ipv6Address"].(string)] = id
		}
	}
	for _, g := range inv.lists["SecurityGroups"] {
		inv.groups[g["GroupId"].(string)] = g
	}
	for _, s := range inv.lists["Subnets"] {
		inv.zones[s["SubnetId"].(string)] = s["AvailabilityZoneId"].(string)
	}
	return inv
}

// admits applies the security groups of an interface to a packet.
func (inv inventory) admits(to, from string, protocol, port int) bool {
	name := map[int]string{1: "icmp", 6: "tcp", 17: "udp"}[protocol]
	source := netip.MustParseAddr(from)
	var sourceGroups []string
	if owner, ok := inv.owners[from]; ok {
		sourceGroups = groupsOf(inv.interfaces[owner])
	}
	for _, id := range groupsOf(inv.interfaces[to]) {
		for _, p := range inv.groups[id]["IpPermissions"].([]any) {
			permission := p.(map[string]any)
			if permission["IpProtocol"] != name || port < int(permission["FromPort"].(float64)) || port > int(permission["ToPort"].(float64)) {
				continue
			}
			for _, cidr := range sourcesOf(permission) {
				if netip.MustParsePrefix(cidr).Contains(source) {
					return true
				}
			}
			for _, pair := range permission["UserIdGroupPairs"].([]any) {
				if slices.Contains(sourceGroups, pair.(map[string]any)["GroupId"].(string)) {
					return true
				}
			}
		}
	}
	return false
}

func groupsOf(n map[string]any) []string {
	var ids []string
	for _, g := range n["Groups"].([]any) {
		ids = append(ids, g.(map[string]any)["GroupId"].(string))
	}
	return ids
}

func sourcesOf(permission map[string]any) []string {
	var cidrs []string
	for _, r := range permission["IpRanges"].([]any) {
		cidrs = append(cidrs, r.(map[string]any)["CidrIp"].(string))
	}
	for _, r := range permission["Ipv6Ranges"].([]any) {
		cidrs = append(cidrs, r.(map[string]any)["CidrIpv6"].(string))
	}
	return cidrs
}

// record is one line of a flow log, by the names of its header.
type record struct {
	file                                  string
	from                                  time.Time // the file's own time
	account, nic, src, dst                string
	action, status, vpc, kind, subnet     string
	region, psrc, pdst, instance, zone    string
	direction, path, psrcService, service string
	sport, dport, protocol, flags         int
	packets, bytes, start, end            int64
}

// eachRecord reads every flow log of a case.
func eachRecord(t testing.TB, dir string, do func(record)) {
	t.Helper()
	for _, path := range files(t, filepath.Join(dir, "s3"), ".log.gz") {
		name := strings.Split(filepath.Base(path), "_")
		from, err := time.Parse("20060102T1504Z", name[4])
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		from = from.Add(-lastStamp)
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(plain)
		lines.Scan()
		if got := lines.Text(); got != strings.Join(fields[:], " ") {
			t.Fatalf("%s: header %q", path, got)
		}
		for lines.Scan() {
			r, ok := parseRecord(lines.Text())
			if !ok {
				t.Fatalf("%s: line %q", path, lines.Text())
			}
			r.file, r.from = path, from
			do(r)
		}
		if err := lines.Err(); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		file.Close()
	}
}

func parseRecord(text string) (record, bool) {
	f := strings.Split(text, " ")
	if len(f) != 29 || f[0] != "5" {
		return record{}, false
	}
	valid := true
	number := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		valid = valid && (err == nil || text == "-")
		return n
	}
	return record{
		account: f[1], nic: f[2], src: f[3], dst: f[4], sport: int(number(f[5])), dport: int(number(f[6])),
		protocol: int(number(f[7])), packets: number(f[8]), bytes: number(f[9]), start: number(f[10]), end: number(f[11]),
		action: f[12], status: f[13], vpc: f[14], kind: f[15], flags: int(number(f[16])), subnet: f[17],
		region: f[20], psrc: f[21], pdst: f[22], instance: f[23], zone: f[24],
		psrcService: f[25], service: f[26], direction: f[27], path: f[28],
	}, valid && f[18] == "-" && f[19] == "-"
}

func files(t testing.TB, dir, suffix string) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, suffix) {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func readJSON(t testing.TB, path string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var content map[string]any
	if err := json.Unmarshal(text, &content); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return content
}
