package confirm

import (
	"encoding/json"
	"testing"

	"github.com/convene-health/convene/fhir/fhirtest"
)

// TestCatalogIsSearchable: every program, site and leader is there once, in a valid bundle.
func TestCatalogIsSearchable(t *testing.T) {
	cat := catalog(t, "")
	b, problems := New(cat).AppendCatalog(nil)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	fhirtest.Check(t, b)
	var bundle struct {
		Entry []struct {
			Resource struct{ ResourceType string }
		}
	}
	if err := json.Unmarshal(b, &bundle); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, e := range bundle.Entry {
		count[e.Resource.ResourceType]++
	}
	for kind, want := range map[string]int{"HealthcareService": len(cat.Programs), "Location": len(cat.Sites), "PractitionerRole": len(cat.Leaders), "Organization": 2} {
		if count[kind] != want {
			t.Errorf("%d of %s, want %d", count[kind], kind, want)
		}
	}
}

func TestCapacity(t *testing.T) {
	for want, r := range map[string]Room{
		"capacity Groups to join: 1. Seats free: 2.":                          {Groups: 1, Free: 2},
		"capacity Groups to join: 2. Drop-in: no seat is needed. Waiting: 1.": {Groups: 2, DropIn: true, Waiting: 1},
		"waitlist Groups to join: 1. Seats free: 2. Waiting: 2.":              {Groups: 1, Free: 2, Waiting: 2},
		"waitlist Groups to join: 1. Seats free: 0.":                          {Groups: 1},
		"no-capacity Groups to join: 0. Waiting: 4.":                          {Waiting: 4},
	} {
		if code, notes := r.capacity(); code+" "+notes != want {
			t.Errorf("%+v is %s %s, want %s", r, code, notes, want)
		}
	}
}
