package confirm

import (
	"maps"
	"slices"
)

// Entry is a resource as it stands in bundles, under the URL by which others refer to it there.
type Entry struct {
	FullURL  string
	Resource []byte
}

// Services are the programs of the catalog as HealthcareServices, by program id, and the Organizations that provide them.
func (w *Writer) Services() (services, providers []Entry) {
	seen := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(w.programs)) {
		o := w.programs[id]
		services = append(services, Entry{o.service.url, o.service.resource})
		if !seen[o.provider.url] {
			seen[o.provider.url] = true
			providers = append(providers, Entry{o.provider.url, o.provider.resource})
		}
	}
	return services, providers
}
