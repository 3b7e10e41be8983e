package drill

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"playbook/steps"
)

func TestSampleIsDeterministic(t *testing.T) {
	first, truth := shared.dir, shared.truth
	again, same := makeSample(t, Options{Seed: 1})
	other, varied := makeSample(t, Options{Seed: 2})
	if diff := cmp.Diff(truth, same); diff != "" {
		t.Errorf("the same seed has another truth:\n%s", diff)
	}
	if diff := cmp.Diff(tree(t, first), tree(t, again)); diff != "" {
		t.Errorf("the same seed has other files:\n%s", diff)
	}
	for name, hash := range tree(t, other) {
		logs := strings.HasSuffix(name, ".log.gz")
		if same := tree(t, first)[name] == hash; same && logs {
			t.Errorf("another seed has the same records in %s", name)
		} else if !same && strings.HasPrefix(name, "aws/") && !strings.Contains(name, "get-metric-data") {
			t.Errorf("another seed has another world in %s", name)
		}
		if logs {
			break // the others are alike
		}
	}
	if diff := cmp.Diff(keys(truth), keys(varied)); diff != "" {
		t.Errorf("another seed plants other facts:\n%s", diff)
	}
}

func keys(truth Truth) [][]string {
	var list [][]string
	for _, f := range truth.Facts {
		list = append(list, []string{f.ID, f.Account, f.Region, f.Resource, string(f.Severity)})
	}
	return list
}

// tree hashes every file of a folder.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	hashes := map[string]string{}
	for _, path := range files(t, dir, "") {
		if text, err := os.ReadFile(path); err == nil {
			sum := sha256.Sum256(text)
			name, _ := filepath.Rel(dir, path)
			hashes[filepath.ToSlash(name)] = hex.EncodeToString(sum[:])
		}
	}
	return hashes
}

func TestSampleRefusesAFolderInUse(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Sample(t.Context(), dir, Options{}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("error %v", err)
	}
	if _, err := Sample(t.Context(), filepath.Join(dir, "missing"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Sample(ctx, t.TempDir(), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestRecordsOption(t *testing.T) {
	const want = 400_000
	dir, _ := makeSample(t, Options{Records: want})
	got := 0
	eachRecord(t, dir, func(record) { got++ })
	if got < want*9/10 || got > want*11/10 {
		t.Errorf("asked for %d records, got %d", want, got)
	}
}

// TestTruthOfRecords adds up from the files what the truth says of the incident, and
// looks for anything alike that the truth does not name.
func TestTruthOfRecords(t *testing.T) {
	dir, truth := shared.dir, shared.truth
	contact, _ := truth.Fact(IOCContact)
	out, _ := truth.Fact(BytesOut)
	private, scanner, database := detail(contact, "private_address"), detail(contact, "scanner"), detail(contact, "database")

	listed := map[string]bool{}
	for _, row := range readHostile(t, dir) {
		listed[row[0]] = true
	}
	met := map[string]bool{}
	bulk := map[[2]string]int64{} // bytes from private to public addresses
	var sent, got, copied, first, last int64
	scanned, refused, long, tried, opened := map[int]bool{}, map[int]bool{}, map[int]bool{}, map[string]bool{}, 0
	eachRecord(t, dir, func(r record) {
		if r.status != "OK" {
			return
		}
		for _, address := range []string{r.src, r.dst} {
			if listed[address] {
				met[address] = true
				if r.nic != contact.Resource {
					t.Errorf("%s met %s too", r.nic, address)
				}
				if first == 0 || r.start < first {
					first = r.start
				}
				last = max(last, r.end)
			}
		}
		if netip.MustParseAddr(r.src).IsPrivate() && !netip.MustParseAddr(r.dst).IsPrivate() && r.kind == "IPv4" {
			bulk[[2]string{r.src, r.dst}] += r.bytes
		}
		switch {
		case r.src == private && r.dst == detail(contact, "address"):
			sent += r.bytes
		case r.dst == private && r.src == detail(contact, "address"):
			got += r.bytes
		case r.src == database && r.dst == private && r.sport == 5432 && r.direction == "egress" && r.bytes > 60: // not an answer to the sweep
			copied += r.bytes
		case r.src == scanner && r.action == "REJECT":
			refused[r.dport] = true
			scanned[r.dport] = true
		case r.src == scanner && r.flags == 6:
			scanned[r.dport] = true
		case r.src == scanner && r.dport == 22 && (r.flags == 2 || r.flags == 3):
			opened++
		case r.src == scanner && r.dport == 22 && r.flags == 0:
			long[r.sport] = true
		case r.src == private && r.direction == "egress" && r.dport == 445:
			tried[r.dst] = true
		}
	})
	if diff := cmp.Diff(map[string]bool{detail(contact, "address"): true}, met); diff != "" {
		t.Errorf("listed addresses in the logs:\n%s", diff)
	}
	want := map[string]any{
		"bytes": sent, "bytes_back": got, "bytes_from_database": copied, "guesses": opened - len(long), "addresses_swept": len(tried), "ports_scanned": len(scanned),
		"first": time.Unix(first, 0).UTC(), "last": time.Unix(last, 0).UTC(),
	}
	for key, value := range want {
		if diff := cmp.Diff(value, contact.Detail[key]); diff != "" {
			t.Errorf("%s, records and truth:\n%s", key, diff)
		}
	}
	for pair, bytes := range bulk {
		if planted := pair == [2]string{out.Resource, detail(out, "address")}; planted != (bytes >= 2e9) {
			t.Errorf("%v moved %d bytes", pair, bytes)
		}
	}
	if sent < 8e9 || len(refused) < 100 || len(long) != 3 {
		t.Errorf("%d bytes sent, %d ports refused, %d long sessions", sent, len(refused), len(long))
	}
}

func detail(f Fact, key string) string {
	text, _ := f.Detail[key].(string)
	return text
}

func readHostile(t *testing.T, dir string) [][]string {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, "s3", "incident-analysis", "iocs", "iocs.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.FieldsPerRecord = 2
	rows, err := reader.ReadAll()
	if err != nil || len(rows) != 25 {
		t.Fatalf("%d hostile addresses, %v", len(rows), err)
	}
	for _, row := range rows {
		if _, err := netip.ParseAddr(row[0]); err != nil || row[1] == "" {
			t.Errorf("row %q: %v", row, err)
		}
	}
	return rows
}

func TestQuiet(t *testing.T) {
	dir, truth := makeSample(t, Options{Quiet: true})
	readPapers(t, dir, truth)
	contact, _ := shared.truth.Fact(IOCContact)
	var ids []string
	for _, fact := range truth.Facts {
		ids = append(ids, fact.ID)
	}
	slices.Sort(ids)
	want := []string{AdministratorFromOutside, AdministratorUnused, ExposedSSH, NATWithoutAlarm, NotInBaseline, RuleChanged, ScannerSeesNoFlowLog, ScannerSeesSSH, VPCWithoutFlowLog}
	if diff := cmp.Diff(want, slices.Compact(ids)); diff != "" {
		t.Error(diff)
	}
	eachRecord(t, dir, func(r record) {
		for _, address := range []string{r.src, r.dst} {
			if address == detail(contact, "address") || address == detail(contact, "scanner") {
				t.Fatalf("the incident is in a quiet case: %+v", r)
			}
		}
		if r.src == detail(contact, "private_address") && r.dst == detail(contact, "database") {
			t.Fatalf("the incident is in a quiet case: %+v", r)
		}
	})
}

func TestPapers(t *testing.T) { readPapers(t, shared.dir, shared.truth) }

// readPapers reads what people wrote, as the program that runs on the case does.
func readPapers(t *testing.T, dir string, truth Truth) {
	t.Helper()
	var about struct {
		CollectedAt time.Time    `yaml:"collected_at"`
		Window      steps.Window `yaml:"window"`
		Accounts    []string
		Regions     []string
		Notes       string
	}
	readYAML(t, filepath.Join(dir, "case.yaml"), &about)
	if about.CollectedAt != truth.Collected || about.Window != truth.Window ||
		len(about.Accounts) != 2 || len(about.Regions) != 2 || about.Notes == "" {
		t.Errorf("case.yaml: %+v", about)
	}
	var given struct {
		Answers map[string]struct {
			Value, By, Comment string
			At                 time.Time
		}
	}
	readYAML(t, filepath.Join(dir, "answers.yaml"), &given)
	for _, id := range questions(t) {
		a, ok := given.Answers[id]
		if !ok || a.Value == "" || a.By == "" || !a.At.After(truth.Collected) {
			t.Errorf("answer to %s: %+v", id, a)
		}
	}
	if got, want := len(given.Answers), len(questions(t)); got != want {
		t.Errorf("%d answers to %d questions", got, want)
	}
}

// questions are the steps of the playbook that ask.
func questions(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "playbooks", "vpc-flow.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, step := range strings.Split(string(text), "\n  - id: ")[1:] {
		if strings.Contains(step, "\n    uses: question\n") {
			id, _, _ := strings.Cut(step, "\n")
			ids = append(ids, id)
		}
	}
	return ids
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func BenchmarkSample(b *testing.B) {
	dir, _ := makeSample(b, Options{})
	records := 0
	eachRecord(b, dir, func(record) { records++ })
	b.ResetTimer()
	for b.Loop() {
		makeSample(b, Options{})
	}
	b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
