package duckdb

import (
	"runtime"
	"sync"
	"time"
)

// peakOf runs f and gives the most memory that Go had in use meanwhile.
func peakOf[T any](f func() T) (T, uint64) {
	var peak uint64
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse+m.StackInuse)
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	result := f()
	close(done)
	wait.Wait()
	return result, peak
}
