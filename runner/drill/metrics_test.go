package drill

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// TestMetricsAgreeWithTheLogs adds up what each NAT gateway sent to the internet, by its
// metrics and by its flow log.
func TestMetricsAgreeWithTheLogs(t *testing.T) {
	logged := map[string]float64{} // by interface
	eachRecord(t, shared.dir, func(r record) {
		if r.status == "OK" && r.direction == "egress" && r.path == string(pathGatewayOld) {
			logged[r.nic] += float64(r.bytes)
		}
	})
	measured := 0
	for _, v := range sampleWorld().vpcs {
		if v.nat == nil {
			continue
		}
		total := 0.0
		path := filepath.Join(shared.dir, "aws", v.account, v.region, "cloudwatch-get-metric-data", v.nat.id+"-bytes.json")
		var call struct {
			Output struct{ MetricDataResults []struct{ Values []float64 } }
		}
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &call)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range call.Output.MetricDataResults[0].Values {
			total += value
		}
		if logs := logged[v.nat.nic.id]; total == 0 || math.Abs(total-logs) > logs/100 {
			t.Errorf("%s sent %.0f bytes by its metrics and %.0f by its flow log", v.nat.name, total, logs)
		}
		measured++
	}
	if measured != 5 {
		t.Errorf("%d NAT gateways were looked at", measured)
	}
}
