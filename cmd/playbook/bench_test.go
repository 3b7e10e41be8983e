package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"playbook/runner/drill"
)

// BenchmarkSampleRun is the whole main job after the case is made: load, run, record,
// render.
func BenchmarkSampleRun(b *testing.B) {
	sample := b.TempDir()
	if _, err := drill.Sample(context.Background(), sample, drill.Options{}); err != nil {
		b.Fatal(err)
	}
	runs := b.TempDir()
	n := 0
	for b.Loop() {
		n++
		args := []string{"run", "vpc-flow.yaml", "--case", sample, "--no-cache", "--out", filepath.Join(runs, fmt.Sprint(n))}
		if code := Run(args, nil, io.Discard, io.Discard); code != exitDone {
			b.Fatalf("exit code %d", code)
		}
	}
}
