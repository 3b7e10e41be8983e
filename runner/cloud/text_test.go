package cloud

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAnAnswerWithoutLists reads the one call whose answer is a text.
func TestAnAnswerWithoutLists(t *testing.T) {
	const operation, file = "ec2:GetFlowLogsIntegrationTemplate", at + "ec2-get-flow-logs-integration-template/1.json --\n"
	input := map[string]any{"FlowLogId": "fl-1"}
	got, err := read(t, folder(t, file+`{"Input": {"FlowLogId": "fl-1"}, "Output": {"Result": "https://b.s3.amazonaws.com/t"}}`), operation, input)
	if diff := cmp.Diff([]map[string]any{{"Result": "https://b.s3.amazonaws.com/t"}}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for _, output := range []string{`{}`, `{"Result": ""}`, `{"Result": ["x"]}`, `{"Error": "AccessDenied"}`} {
		_, err := read(t, folder(t, file+`{"Input": {"FlowLogId": "fl-1"}, "Output": `+output+`}`), operation, input)
		if err == nil || !strings.Contains(err.Error(), "it has no text Result; this is no answer of ec2:GetFlowLogsIntegrationTemplate") {
			t.Errorf("%s: %v", output, err)
		}
	}
}
