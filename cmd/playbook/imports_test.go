package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rooms says which of our packages each package may import, and why the house is
// built so: leaves know nothing, the contract (steps) knows no side of it, kinds know
// only the contract, and only cmd knows everything. "playbook/steps/*" stands for
// every kind.
var rooms = map[string][]string{
	"steps/diagnostic":        {},
	"playbooks/dialect":       {},
	"playbooks/dialect/query": {"playbooks/dialect"},
	"steps":                   {"steps/diagnostic"},
	"steps/flowrecord":        {},
	"steps/jsonlist":          {},
	"steps/finding":           {"steps", "steps/jsonlist"},
	"steps/plan":              {"steps"},
	"steps/plan/plantest":     {"steps"},
	"steps/stepstest":         {"steps"},
	"steps/*":                 {"steps", "steps/diagnostic", "steps/finding", "steps/flowrecord", "steps/jsonlist", "steps/plan", "playbooks/dialect"},
	"steps/kinds":             {"steps", "steps/*"},
	"playbooks/expression":    {"steps", "steps/diagnostic", "playbooks/dialect", "playbooks/dialect/query"},
	"playbooks":               {"steps", "steps/diagnostic", "playbooks/dialect", "playbooks/expression"},
	"runner/journal":          {"steps"},
	"runner":                  {"playbooks", "playbooks/expression", "steps", "runner/journal"},
	"runner/cloud":            {"steps", "steps/diagnostic", "playbooks/dialect"},
	"runner/query/parquet":    {},
	"runner/query/trino":      {"playbooks/dialect", "playbooks/dialect/query"},
	"runner/query/duckdb":     {"steps", "steps/diagnostic", "steps/flowrecord", "playbooks/dialect", "playbooks/dialect/query", "runner/query/trino", "runner/query/parquet"},
	"runner/drill":            {"runner", "reports", "steps", "steps/diagnostic", "playbooks/dialect"},
	"reports":                 {"runner/journal", "steps"},
	"cmd/playbook":            nil, // all
}

func TestPackagesImportOnlyWhatTheirRoomAllows(t *testing.T) {
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "playbook/...")
	output, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(output)))
	seen := 0
	for {
		var found struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&found); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		name := strings.TrimPrefix(found.ImportPath, "playbook/")
		allowed, ok := rooms[room(name)]
		if !ok {
			t.Errorf("package %s has no room: say in this table what it may import", name)
			continue
		}
		for _, imported := range found.Imports {
			ours, isOurs := strings.CutPrefix(imported, "playbook/")
			if !isOurs || name == "cmd/playbook" {
				if imported == "github.com/duckdb/duckdb-go/v2" && name != "runner/query/duckdb" {
					t.Errorf("%s imports DuckDB: only runner/query/duckdb may, so that a gate stands before every query", name)
				}
				continue
			}
			if !slices.Contains(allowed, room(ours)) {
				t.Errorf("%s imports %s, which its room does not allow", name, ours)
			}
		}
	}
	if seen < len(rooms)-1 {
		t.Errorf("go list named %d packages, fewer than there are rooms", seen)
	}
}

func room(name string) string {
	if _, own := rooms[name]; !own && strings.HasPrefix(name, "steps/") {
		return "steps/*"
	}
	return name
}
