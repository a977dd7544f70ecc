package confirm

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/convene-health/convene/fhir"
)

// Entry is a resource as it stands in bundles, under the URL by which others refer to it there.
type Entry struct {
	FullURL  string
	Resource []byte
}

// Room that a program has for more people.
type Room struct {
	Groups  int  // that can still be joined
	Free    int  // seats in them
	DropIn  bool // one of them holds no seats
	Waiting int  // placements in the waitlist
}

// capacity by Gravity's codes, and in words. Who waits comes first.
func (r *Room) capacity() (code, notes string) {
	said := []string{fmt.Sprintf("Groups to join: %d.", r.Groups)}
	switch {
	case r.DropIn:
		said = append(said, "Drop-in: no seat is needed.")
	case r.Groups > 0:
		said = append(said, fmt.Sprintf("Seats free: %d.", r.Free))
	}
	if r.Waiting > 0 {
		said = append(said, fmt.Sprintf("Waiting: %d.", r.Waiting))
	}
	notes = strings.Join(said, " ")
	switch {
	case r.DropIn || r.Free > r.Waiting:
		return fhir.HasCapacity, notes
	case r.Groups > 0:
		return fhir.HasWaitlist, notes
	}
	return fhir.NoCapacity, notes
}

// Services are the programs of the catalog as HealthcareServices, by program id, and the Organizations that provide them. room,
// which may be nil, tells of a program's id what Gravity's profile of a service says beside.
func (w *Writer) Services(room func(program string) Room) (services, providers []Entry) {
	seen := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(w.programs)) {
		o := w.programs[id]
		service := o.service
		if room != nil {
			if p, ok := w.catalog.Program(id); ok {
				now := room(id)
				service = w.service(p, o, &now)
			}
		}
		services = append(services, Entry{service.url, service.resource})
		if !seen[o.provider.url] {
			seen[o.provider.url] = true
			providers = append(providers, Entry{o.provider.url, o.provider.resource})
		}
	}
	return services, providers
}
