//go:build shared

package confirm

import (
	"strings"
	"testing"

	"github.com/convene-health/convene/fhir/fhirtest"
	"github.com/convene-health/convene/mapping"
)

// TestHAPI: HAPI's validator accepts the bundle of each status of each kind of referral, however odd, and refuses every
// broken one.
func TestHAPI(t *testing.T) {
	breaks := breakBy(t, hapi)
	if len(breaks) < 40 {
		t.Errorf("only %d ways to break a bundle", len(breaks))
	}
	var items []fhirtest.Item
	for name, bundle := range breaks {
		items = append(items, fhirtest.Item{Name: "broken/" + name, Resource: bundle})
	}
	everyNotice(t, func(t *testing.T, w *Writer, n *mapping.Notice) {
		b, err := w.Append(nil, n)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(t.Name(), "TestHAPI/")
		items = append(items, fhirtest.Item{Name: name, Resource: bundleOf(t, b)})
		if w.bser {
			items = append(items, fhirtest.Item{Name: name + " message", Resource: messageOf(t, b)})
		}
	})
	sdoh := New(catalog(t, "sdoh"))
	for i := range sdoh.catalog.Programs {
		p := &sdoh.catalog.Programs[i]
		service := sdoh.service(p, sdoh.programs[p.ID], &Room{Groups: 2, Waiting: 3 * i})
		items = append(items, fhirtest.Item{Name: "sdoh/service " + p.ID, Resource: service.resource})
	}
	listed, problems := New(catalog(t, "")).AppendCatalog(nil)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	items = append(items, fhirtest.Item{Name: "catalog", Resource: listed})
	var good []fhirtest.Problem
	seen := map[string]bool{}
	for _, p := range fhirtest.Hold(t, func(yield func(fhirtest.Item) bool) {
		for _, item := range items {
			if !yield(item) {
				return
			}
		}
	}) {
		name, is := strings.CutPrefix(p.Name, "broken/")
		if !is {
			good = append(good, p)
		} else if p.Severity != "warning" {
			seen[name] = true
		}
	}
	for name := range breaks {
		if !seen[name] {
			t.Errorf("%s: %s for %s passes", name, broken[name].new, broken[name].old)
		}
	}
	for _, p := range fhirtest.Faults(t, good) {
		t.Error(p)
	}
	t.Logf("%d bundles, and %d broken ones", len(items)-len(breaks), len(breaks))
}
