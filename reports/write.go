package reports

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// Formats are the renderings of a report, by file extension.
var formats = []struct {
	extension string
	render    func(*Report, io.Writer) error
}{
	{"md", (*Report).Markdown},
	{"html", (*Report).HTML},
	{"json", (*Report).JSON},
}

// Write renders the report of a run folder into it, as report.md, report.html and
// report.json, each whole or not at all.
func Write(dir string) (*Report, error) {
	r, err := Load(dir)
	if err != nil {
		return nil, err
	}
	for _, format := range formats {
		var text bytes.Buffer
		if err := format.render(r, &text); err != nil {
			return nil, err
		}
		path := filepath.Join(dir, "report."+format.extension)
		if err := renameio.WriteFile(path, text.Bytes(), 0o600); err != nil {
			return nil, fmt.Errorf("write the report: %w", err)
		}
	}
	return r, nil
}
