//go:build long

package duckdb

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestOneLargeFile reads 10 GB of one gzip file: memory stays what it is for a small one.
// It takes minutes and some 1 GB of disk: go test -tags long -run TestOneLargeFile.
func TestOneLargeFile(t *testing.T) {
	var block strings.Builder
	records := int64(0)
	for block.Len() < 64<<20 {
		block.WriteString(flow(1, int(records%1440), fmt.Sprintf("10.0.%d.%d", records%7, records%251), "203.0.113.9", 443, int(records%9973), "ACCEPT"))
		records++
	}
	c := newCase(t)
	c.write(flowPath(1, "large.log.gz"), zipped(t, flowHeader))
	file, err := os.OpenFile(filepath.Join(c.dir, "s3", filepath.FromSlash(flowPath(1, "large.log.gz"))), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	member, members := zipped(t, block.String()), int64(10<<30/block.Len()+1)
	for range members {
		if _, err := file.Write(member); err != nil {
			t.Fatal(err)
		}
	}
	e := c.open(func(o *Options) { o.Memory = 1 << 30 })
	must(t, e, flowTable)
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the most that was resident counts from here
	began := time.Now()
	a, peak := peakOf(func() answer {
		return must(t, e, "SELECT count(*), count(sourceaddress), min(numbytes), max(numbytes) FROM vpcflow")
	})
	t.Logf("%d records in %s; at most %d MiB of Go's memory, %s resident", members*records, time.Since(began).Round(time.Second), peak>>20, resident())
	if diff := cmp.Diff([][]any{{members * records, members * records, int64(0), int64(9972)}}, a.rows); diff != "" {
		t.Error(diff)
	}
	if len(a.stats.Quality.Gaps) != 1 { // of the days without files
		t.Errorf("%+v", a.stats.Quality.Gaps)
	}
	if peak > 512<<20 {
		t.Errorf("%d MiB of memory", peak>>20)
	}
}

// resident is the most memory that the process had, as Linux tells it.
func resident() string {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if size, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(size)
		}
	}
	return "an unknown amount"
}
