package confirm

import (
	"time"

	"github.com/convene-health/convene/fhir"
	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// AppendCatalog appends a transaction bundle of what the catalog offers, so that an EHR can search it: the network's and
// the providers' Organizations, each program as a HealthcareService, each site as a Location, each leader as a
// Practitioner with a PractitionerRole in the programs and sites of their groups. Each is created unless one with the
// identifier exists. With issues, which a catalog loaded without problems does not give, dst is as it was.
func (w *Writer) AppendCatalog(dst []byte) ([]byte, mapping.Issues) {
	cat := w.catalog
	timestamp := ""
	if from, err := time.ParseInLocation(time.DateOnly, cat.ValidFrom, cat.Location); err == nil {
		timestamp = fhir.Instant(from.UTC())
	}
	x := listing{Transaction: fhir.NewTransaction(dst, timestamp), w: w, listed: map[string]bool{}}
	x.add(w.owner)
	for i := range cat.Programs {
		o := w.programs[cat.Programs[i].ID]
		x.add(o.provider)
		x.add(o.service)
	}
	for i := range cat.Sites {
		x.add(w.site(&cat.Sites[i]))
	}
	for i := range cat.Leaders {
		x.leader(&cat.Leaders[i])
	}
	return x.End()
}

// listing is a catalog's bundle and what stands in it already.
type listing struct {
	fhir.Transaction
	w      *Writer
	listed map[string]bool // by fullUrl
}

func (x *listing) add(p *part) {
	if !x.listed[p.url] {
		x.listed[p.url] = true
		x.Append(p.url, p.resource, p.request)
	}
}

// leader adds a leader by NPI or, without a valid one, by the catalog's id.
func (x *listing) leader(l *program.Leader) {
	w, family := x.w, clean(l.Family)
	if family == "" {
		family = l.ID
	}
	system, value := mapping.SystemNPI, clean(l.NPI)
	if !fhir.IsNPI(value) {
		system, value = w.systems.practitioner, l.ID
	}
	person := newPart("Practitioner", system, value, func(ids []fhir.Identifier) any {
		v := fhir.NewPractitioner(ids, []fhir.HumanName{fhir.NewHumanName(family, cleanAll(l.Given))})
		return &v
	})
	x.add(person)
	x.add(newPart("PractitionerRole", w.systems.role, "leader-"+l.ID, func(ids []fhir.Identifier) any {
		v := fhir.NewPractitionerRole(ids, &person.ref, &w.owner.ref)
		at := fhir.NewIdentifier(nil, w.systems.endpoint, w.network)
		v.Endpoint = []fhir.Reference{fhir.RefBy("Endpoint", &at)}
		seen := map[string]bool{}
		for i := range w.catalog.Groups {
			g := &w.catalog.Groups[i]
			if g.Leader != l.ID {
				continue
			}
			if o := w.programs[g.Program]; o != nil && !seen[o.service.url] {
				seen[o.service.url] = true
				v.HealthcareService = append(v.HealthcareService, o.service.ref)
			}
			if s := w.groups[g.ID].site; s != nil && !seen[s.url] {
				seen[s.url] = true
				v.Location = append(v.Location, s.ref)
			}
		}
		return &v
	}))
}
