package main

import (
	"testing"
	"time"

	"playbook/runner/query/duckdb"
)

func TestProgressText(t *testing.T) {
	for want, p := range map[string]duckdb.Progress{
		"reading 12/50 files, 34/109 MB, 1,234,567 rows, 3s left": {Files: 12, Of: 50, Bytes: 34e6, OfBytes: 109e6, Rows: 1234567, Left: 3100 * time.Millisecond},
		"reading 0/1,200 files, 0/109 MB, 0 rows":                 {Of: 1200, OfBytes: 109e6},
		"reading 1/1 files, 0/0 MB, 7 rows":                       {Files: 1, Of: 1, Rows: 7, Left: 10 * time.Millisecond},
		"comparing with the cache 2/3 files, 20/30 MB":            {Files: 2, Of: 3, Bytes: 20e6, OfBytes: 30e6, Cached: true},
	} {
		if got := progressText(p); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
