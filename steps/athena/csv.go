package athena

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"playbook/steps"
)

// The CSV is what Athena writes to its result location: every value in double quotes,
// NULL as nothing at all (Athena User Guide, "Work with query results").

func writeHeader(w io.Writer, columns []steps.Column) error {
	names := make([]any, len(columns))
	for i, column := range columns {
		names[i] = column.Name
	}
	return writeRow(w, names)
}

func writeRow(w io.Writer, values []any) error {
	line := make([]byte, 0, 256)
	for i, value := range values {
		if i > 0 {
			line = append(line, ',')
		}
		if value == nil {
			continue
		}
		line = append(line, '"')
		line = append(line, strings.ReplaceAll(cell(value), `"`, `""`)...)
		line = append(line, '"')
	}
	_, err := w.Write(append(line, '\n'))
	return err
}

func cell(value any) string {
	switch value := value.(type) {
	case string:
		return inert(value)
	case time.Time:
		return value.UTC().Format("2006-01-02 15:04:05.000")
	case float64:
		return strconv.FormatFloat(value, 'g', -1, 64)
	case []any, map[string]any:
		text, err := json.Marshal(value)
		if err != nil {
			return inert(fmt.Sprint(value))
		}
		return inert(string(text))
	}
	return fmt.Sprint(value)
}

// inert keeps a spreadsheet from running text as a formula: logs are written by
// attackers too, and a cell that begins with one of these is evaluated on opening
// (OWASP, "CSV Injection"). An apostrophe in front makes it text. A lone "-" is how
// flow logs say that a field has no value, and stays.
func inert(text string) string {
	if text != "" && text != "-" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
