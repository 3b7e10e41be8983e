package playbooks

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"playbook/steps/diagnostic"
)

//go:embed *.yaml
var library embed.FS

// Library names the playbooks that come with the program, as "vpc-flow.yaml".
func Library() []string {
	entries, err := library.ReadDir(".")
	if err != nil {
		panic(err) // embedded: it cannot fail
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// Find reads a playbook: a file, or when there is none of that name a playbook of the
// library, with or without ".yaml". The path is how the playbook is called from then on.
func Find(name string) (path string, source []byte, err error) {
	if entry, statErr := os.Stat(name); statErr == nil && !entry.IsDir() {
		if source, err = readFile(name); err != nil {
			return "", nil, fmt.Errorf("read the playbook: %w", err)
		}
		return name, source, nil
	} else if statErr != nil && !errors.Is(statErr, fs.ErrNotExist) {
		return "", nil, fmt.Errorf("read the playbook: %w", statErr)
	}
	inside := strings.TrimSuffix(name, ".yaml") + ".yaml"
	if source, err := library.ReadFile(inside); err == nil {
		return inside, source, nil
	}
	hint := diagnostic.DidYouMean(inside, Library())
	if hint == "" {
		hint = "the library has " + strings.Join(Library(), ", ")
	}
	return "", nil, fmt.Errorf("there is no playbook %q, neither as a file nor in the library; %s", name, hint)
}

// readFile reads no more than Load would take: the name may be that of a disk.
func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxBytes+1))
}
