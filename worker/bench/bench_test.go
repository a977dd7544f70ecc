package bench

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/roster"
)

// shape of the JSON line: others read these names.
var shape = map[string][]string{
	"drain":   {"bare_per_s", "events_per_s", "ratio"},
	"latency": {"bare_p50_ms", "bare_p99_ms", "p50_ms", "p99_ms"},
	"mapping": {"codec_us", "us_per_event", "us_per_event_10k_groups", "us_per_event_fhir"},
	"memory":  {"bytes_per_closed", "bytes_per_referral"},
	"startup": {"fold_s", "snapshot_s"},
	"sizes":   {"confirmation_median", "confirmation_p99", "input_median", "input_median_fhir"},
}

// A short run measures every section, and each figure is above zero.
func TestRun(t *testing.T) {
	r, err := Run(t.Context(), Options{Events: 100, Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]map[string]float64
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatal(err)
	}
	names := map[string][]string{}
	for section, figures := range got {
		names[section] = slices.Sorted(maps.Keys(figures))
		for name, value := range figures {
			if value <= 0 {
				t.Errorf("%s.%s is %g", section, name, value)
			}
		}
	}
	if diff := cmp.Diff(shape, names); diff != "" {
		t.Errorf("the JSON has another shape (-want +got):\n%s", diff)
	}
}

func TestOnlyMeasuresWhatIsAskedFor(t *testing.T) {
	r, err := Run(t.Context(), Options{Events: 100, Only: []string{"memory"}})
	if err != nil || r.Memory == nil || r.Drain != nil || r.Latency != nil || r.Mapping != nil || r.Startup != nil || r.Sizes != nil {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := Run(t.Context(), Options{Only: []string{"speed"}}); err == nil {
		t.Error("an unknown section is measured")
	}
}

// The workload is what the figures are said to be of.
func TestWorkload(t *testing.T) {
	start := time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC)
	w := newWorkload(7, 4000, start)
	e, err := engine.New(network, roster.New(), engine.Sources{Request: notAsked})
	if err == nil {
		err = e.Use(w.Catalog)
	}
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for i, in := range w.Inputs {
		b, err := e.Work([]engine.Read{engine.Decode(in)}, i)
		if err != nil {
			t.Fatal(err)
		}
		e.Commit(b)
		kind := "again or bad"
		for _, m := range b.Messages {
			if m.Status == mapping.Placed || m.Status == mapping.Waitlisted {
				kind = string(m.Status)
			}
		}
		got[kind] += 100 / float64(len(w.Inputs))
	}
	for kind, want := range map[string]float64{"placed": 70, "waitlisted": 25, "again or bad": 5} { // placed: a seat 60, drop-in 10
		if got[kind] < want-3 || got[kind] > want+3 {
			t.Errorf("%s: %.1f %%, want about %g", kind, got[kind], want)
		}
	}
	if again := newWorkload(7, 4000, start); !cmp.Equal(w, again) {
		t.Error("the same seed gives another workload")
	}
}
