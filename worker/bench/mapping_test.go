package bench

import (
	"maps"
	"runtime"
	"testing"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/roster"
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

// BenchmarkMappingFHIR does so with the same referrals as FHIR messages.
func BenchmarkMappingFHIR(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	w := newFHIRWorkload(1, 800, today())
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

// TestFHIRWorkload is decided as the same referrals in the native format are.
func TestFHIRWorkload(t *testing.T) {
	native, messages := newWorkload(1, 200, today()), newFHIRWorkload(1, 200, today())
	if a, b := outcomes(t, native), outcomes(t, messages); !maps.Equal(a, b) {
		t.Errorf("in the native format %v, in FHIR %v", a, b)
	}
}

func outcomes(t *testing.T, w *workload) map[mapping.Status]int {
	t.Helper()
	e, err := engine.New(network, roster.New(), engine.Sources{Request: notAsked})
	if err == nil {
		err = e.Use(w.Catalog)
	}
	if err != nil {
		t.Fatal(err)
	}
	var reads []engine.Read
	for _, in := range w.Inputs {
		reads = append(reads, engine.Decode(in))
	}
	b, err := e.Work(reads, 1)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[mapping.Status]int{}
	for _, m := range b.Messages {
		counts[m.Status]++
	}
	if b.Inputs != len(reads) {
		t.Fatalf("%d of %d inputs are done", b.Inputs, len(reads))
	}
	return counts
}
