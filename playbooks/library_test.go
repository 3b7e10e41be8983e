package playbooks_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"playbook/playbooks"
)

func TestFind(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"vpc-flow", "vpc-flow.yaml"} {
		path, source, err := playbooks.Find(name)
		if err != nil || path != "vpc-flow.yaml" || !strings.Contains(string(source), "playbook: 1") {
			t.Errorf("Find(%s) = %s, %d bytes, %v", name, path, len(source), err)
		}
	}
	if err := os.Mkdir("vpc-flow", 0o755); err != nil {
		t.Fatal(err)
	}
	if path, _, err := playbooks.Find("vpc-flow"); err != nil || path != "vpc-flow.yaml" {
		t.Errorf("beside a folder of the name it finds %s, %v", path, err)
	}
	if err := os.WriteFile("vpc-flow.yaml", []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if path, source, err := playbooks.Find("vpc-flow.yaml"); err != nil || path != "vpc-flow.yaml" || string(source) != "mine" {
		t.Errorf("a file does not win: %s, %q, %v", path, source, err)
	}
	for name, want := range map[string]string{
		"vpc-floww":               `no playbook "vpc-floww", neither as a file nor in the library; did you mean "vpc-flow.yaml"?`,
		"ransomware":              "the library has vpc-flow.yaml",
		"../playbooks/vpc-flow":   "neither as a file nor in the library",
		filepath.Join("x", "y.z"): "neither as a file nor in the library",
		"":                        "neither as a file nor in the library",
	} {
		if _, _, err := playbooks.Find(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Find(%q): %v, want %s", name, err, want)
		}
	}
}

// TestFindReadsNoMoreThanAPlaybookCanHold: the name may be that of a disk.
func TestFindReadsNoMoreThanAPlaybookCanHold(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("no /dev/zero here")
	}
	_, source, err := playbooks.Find("/dev/zero")
	if err != nil || len(source) != 1<<20+1 {
		t.Errorf("read %d bytes, %v", len(source), err)
	}
	if _, diagnostics := playbooks.Load("zero", source, nil); !strings.Contains(diagnostics.Error(), "larger than a playbook can be") {
		t.Errorf("got %v", diagnostics)
	}
}
