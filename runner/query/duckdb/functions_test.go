package duckdb

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"playbook/playbooks/dialect"
	"playbook/runner/query/trino"
)

var update = flag.Bool("update", false, "write docs/athena.md")

const functionsPage = "../../../docs/athena.md"

// TestFunctionsAreDocumented: the page lists every function, how it is done, and how many
// cases of the conformance table call it.
func TestFunctionsAreDocumented(t *testing.T) {
	calls := map[string]int{}
	known := readDifferences(t)
	for _, c := range readConformance(t) {
		if _, differs := known[c.name]; differs {
			continue
		}
		tokens, _ := dialect.Tokenize(c.sql)
		seen := map[string]bool{}
		for i, token := range tokens {
			name := strings.ToLower(token.Text)
			called := i+1 < len(tokens) && tokens[i+1].Text == "(" || strings.HasPrefix(name, "current_") || strings.HasPrefix(name, "local")
			if token.Kind == dialect.Word && called && !seen[name] {
				seen[name] = true
				calls[name]++
			}
		}
	}
	var page strings.Builder
	page.WriteString(functionsHead)
	page.WriteString("| function | done by | checked | differs |\n|---|---|---|---|\n")
	unchecked := 0
	for _, f := range trino.Functions() {
		does := "code of its own"
		if f.Does != "" {
			does = "`` " + strings.ReplaceAll(f.Does, "|", " → ") + " ``"
		}
		checked := "no case"
		if n := calls[f.Name]; n == 1 {
			checked = "1 case"
		} else if n > 1 {
			checked = fmt.Sprintf("%d cases", n)
		} else {
			unchecked++
			t.Logf("no case calls %s", f.Name)
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", strings.ReplaceAll(f.Call, "|", `\|`), does, checked, strings.ReplaceAll(f.Note, "|", `\|`))
	}
	if *update {
		if err := os.WriteFile(functionsPage, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(functionsPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != page.String() {
		t.Errorf("%s is out of date; run go test ./runner/query/duckdb -run Documented -update", functionsPage)
	}
	if unchecked > 0 {
		t.Errorf("%d functions are called by no case of the conformance table", unchecked)
	}
}

const functionsHead = "# Functions of queries on a case\n\n" +
	"Written by `go test ./runner/query/duckdb -run Documented -update`.\n\n" +
	"Queries on a case are read as Athena, engine version 3, reads them: names, types and the functions\n" +
	"below are Trino's (Trino documentation, \"Functions and operators\"). What is not here is refused by\n" +
	"name, with the line and column. The values that the cases of the conformance table expect come from\n" +
	"Trino's documentation and tests; `runner/query/duckdb/testdata/conformance` names the page for each,\n" +
	"and `known_differences.txt` there lists what does not agree yet.\n\n" +
	"In \"done by\", `$1` is the first argument; `$v` and its like are names that a lambda makes; `→` goes on\n" +
	"with what the call before it gave; `$fail(…)` ends the query with that message.\n\n"
