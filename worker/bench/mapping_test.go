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

// BenchmarkMapping10000 does so with 10,000 groups.
func BenchmarkMapping10000(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	w := newWorkload(1, 80_000, today())
	b.ResetTimer()
	for b.Loop() {
		took, err := mapAll(w, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(took, "us/event")
	}
}
