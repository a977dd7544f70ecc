//go:build e2e

package bench

import "testing"

// ratioMax is how much of encoding/json's time for the same bytes mapping may take; about 0.3 is usual.
const ratioMax = 0.5

// Figures in microseconds depend on the machine; the ratio to what encoding/json takes on the same machine does not.
func TestMappingRatio(t *testing.T) {
	r, err := Run(t.Context(), Options{Events: 3000, Only: []string{"mapping"}, Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	m := r.Mapping
	t.Logf("mapping %.1f us an event (%.1f with 10,000 groups), encoding/json %.1f us", m.PerEvent, m.PerEvent10000, m.CodecPerEvent)
	if ratio := m.PerEvent / m.CodecPerEvent; ratio > ratioMax {
		t.Errorf("mapping takes %.2f of the time of encoding/json, at most %.2f", ratio, ratioMax)
	}
}
