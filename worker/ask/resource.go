package ask

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping/confirm"
	"github.com/convene-health/convene/worker"
)

// resource as it was last confirmed.
type resource struct {
	kind, id string
	url      string // that it had in its bundle
	sequence uint64 // of the confirmation in the ledger, which is its version
	resource []byte
}

func (r resource) etag() string { return `W/"` + strconv.FormatUint(r.sequence, 10) + `"` }

// confirmed are the ServiceRequests and Tasks of a referral, each as it was last confirmed to this source.
func (w *Window) confirmed(ctx context.Context, source, key string) (found []resource, err error) {
	for m, err := range w.ledger.On(ctx, worker.ConfirmationSubject(w.network, source, key)) {
		if err != nil {
			return nil, err
		}
		these, err := resourcesOf(m)
		if err != nil {
			return nil, err
		}
		for _, r := range these {
			i := slices.IndexFunc(found, func(f resource) bool { return f.kind == r.kind && f.id == r.id })
			if i < 0 {
				found = append(found, r)
			} else {
				found[i] = r
			}
		}
	}
	return found, nil
}

// resourcesOf one confirmation that are Convene's own.
func resourcesOf(m worker.Stored) (found []resource, err error) {
	var c struct {
		Data struct {
			Bundle struct {
				Entry []struct {
					FullURL  string
					Resource map[string]any
				}
			}
		}
	}
	if err := json.Unmarshal(m.Data, &c); err != nil {
		return nil, err
	}
	all := c.Data.Bundle.Entry
	known := map[string]map[string]any{}
	for _, e := range all {
		known[e.FullURL] = referenceTo(e.Resource)
	}
	for _, e := range all {
		kind, _ := e.Resource["resourceType"].(string)
		id, _ := e.Resource["id"].(string)
		if !slices.Contains(ours, kind) {
			continue
		}
		resolve(e.Resource, known)
		meta, _ := e.Resource["meta"].(map[string]any)
		if meta == nil {
			meta = map[string]any{}
		}
		meta["versionId"], meta["lastUpdated"] = strconv.FormatUint(m.Sequence, 10), m.Time.UTC().Format(time.RFC3339Nano)
		e.Resource["meta"] = meta
		data, err := json.Marshal(e.Resource)
		if err != nil {
			return nil, err
		}
		found = append(found, resource{kind, id, e.FullURL, m.Sequence, data})
	}
	return found, nil
}

// referenceTo a resource, for one who does not have the bundle: relative to what can be read here, logical to the rest.
func referenceTo(r map[string]any) map[string]any {
	kind, _ := r["resourceType"].(string)
	if id, _ := r["id"].(string); id != "" && (slices.Contains(ours, kind) || slices.Contains(listed, kind)) {
		return map[string]any{"reference": kind + "/" + id, "type": kind}
	}
	to := map[string]any{"type": kind}
	if ids, _ := r["identifier"].([]any); len(ids) > 0 {
		to["identifier"] = ids[len(ids)-1] // the sender's, where there are several; the first is Convene's
	}
	return to
}

// listed are the types of the catalog that can be read.
var listed = []string{"HealthcareService", "Organization"}

// resolve puts in every reference by urn:uuid what it refers to.
func resolve(value any, known map[string]map[string]any) {
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			resolve(one, known)
		}
	case map[string]any:
		if url, _ := v["reference"].(string); strings.HasPrefix(url, "urn:uuid:") && known[url] != nil {
			delete(v, "reference")
			for name, part := range known[url] {
				v[name] = part
			}
			return
		}
		for _, part := range v {
			resolve(part, known)
		}
	}
}

// entries of the catalog as resources, with references among all of them resolved.
func entries(kind string, these []confirm.Entry, all ...[]confirm.Entry) (found []resource) {
	known := map[string]map[string]any{}
	for _, list := range all {
		for _, e := range list {
			var r map[string]any
			if json.Unmarshal(e.Resource, &r) == nil {
				r["id"] = idOf(e)
				known[e.FullURL] = referenceTo(r)
			}
		}
	}
	for _, e := range these {
		var r map[string]any
		if json.Unmarshal(e.Resource, &r) != nil {
			continue // what Convene wrote is JSON
		}
		resolve(r, known)
		r["id"] = idOf(e)
		data, _ := json.Marshal(r)
		found = append(found, resource{kind: kind, id: idOf(e), url: e.FullURL, resource: data})
	}
	return found
}

// idOf a resource of the catalog: the UUID of its URL.
func idOf(e confirm.Entry) string { return strings.TrimPrefix(e.FullURL, "urn:uuid:") }

// searchset of what was found and what goes with it.
func searchset(found, with []resource) Answer {
	type entry struct {
		FullURL  string            `json:"fullUrl"`
		Resource json.RawMessage   `json:"resource"`
		Search   map[string]string `json:"search"`
	}
	b := struct {
		ResourceType string  `json:"resourceType"`
		Type         string  `json:"type"`
		Total        int     `json:"total"`
		Entry        []entry `json:"entry,omitempty"`
	}{ResourceType: "Bundle", Type: "searchset", Total: len(found)}
	for _, r := range found {
		b.Entry = append(b.Entry, entry{r.url, r.resource, map[string]string{"mode": "match"}})
	}
	for _, r := range with {
		b.Entry = append(b.Entry, entry{r.url, r.resource, map[string]string{"mode": "include"}})
	}
	body, _ := json.Marshal(b)
	return Answer{Status: 200, Body: body}
}

// capability is what can be asked (https://hl7.org/fhir/R4/capabilitystatement.html).
var capability = func() []byte {
	kind := func(name string, actions ...string) map[string]any {
		var interactions []any
		for _, a := range actions {
			interactions = append(interactions, map[string]string{"code": a})
		}
		r := map[string]any{"type": name, "interaction": interactions}
		if slices.Contains(actions, "read") {
			r["versioning"] = "versioned"
		}
		if slices.Contains(ours[:2], name) {
			r["searchParam"] = []any{map[string]string{"name": "identifier", "type": "token",
				"documentation": "Of the order: the EHR's identifier, or Convene's (FILL). Required, with its system."}}
		}
		return r
	}
	body, _ := json.Marshal(map[string]any{
		"resourceType": "CapabilityStatement", "status": "active", "date": "2026-11-22", "kind": "instance", "fhirVersion": "4.0.1",
		"software": map[string]string{"name": "Convene"}, "implementation": map[string]string{"description": "Convene: what was confirmed to this source"},
		"format": []string{"application/fhir+json"},
		"rest": []any{map[string]any{"mode": "server", "documentation": "Read only; a source sees its own.",
			"resource": []any{kind("HealthcareService", "read", "search-type"), kind("Organization", "read"), kind("ServiceRequest", "read", "search-type"),
				kind("Task", "read", "search-type"), kind("Appointment", "read"), kind("Observation", "read")}}},
	})
	return body
}()
