package reports

import (
	"encoding/json"
	"fmt"
	"io"
)

// JSON writes the model as it is. Field names are those of the Go types; numbers and
// texts are not shortened.
func (r *Report) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("write the report as JSON: %w", err)
	}
	return nil
}
