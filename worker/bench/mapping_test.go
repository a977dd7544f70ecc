package bench

import (
	"runtime"
	"testing"
)

// BenchmarkMapping takes events through decode, decide and confirm on one core.
func BenchmarkMapping(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	w := newWorkload(1, 800, today())
	b.ReportAllocs()
	total := 0.0
	for b.Loop() {
		took, err := mapAll(w, nil)
		if err != nil {
			b.Fatal(err)
		}
		total += took
	}
	b.ReportMetric(total/float64(b.N), "us/event")
}
