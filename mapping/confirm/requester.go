package confirm

import (
	"cmp"
	"strings"

	"github.com/convene-health/convene/fhir"
	"github.com/convene-health/convene/mapping"
)

// addRequester adds the referrer: a PractitionerRole, which is what BSeR wants, of a practitioner, where one
// is named, in an organization. A referral that names no organization has the source itself for one.
func (x *bundle) addRequester() {
	r := &x.n.Request.Requester
	organization := x.requesterOrganization(&r.Organization)
	practitioner, who := x.practitioner(&r.Practitioner)
	name := fhir.NameOf(x.w.systems.role, who, *organization.Reference)
	value, url := name.ID(), name.URL()
	id := []fhir.Identifier{fhir.NewIdentifier(nil, x.w.systems.role, value)}
	v := fhir.NewPractitionerRole(id, practitioner, &organization)
	if phone := cmp.Or(clean(r.Practitioner.Phone), clean(r.Organization.Phone)); phone != "" {
		v.Telecom = []fhir.ContactPoint{fhir.Phone(phone)}
	} else { // US Core wants a way to reach them (pd-1): it is where the source is told
		at := fhir.NewIdentifier(nil, x.w.systems.endpoint, x.n.Source)
		v.Endpoint = []fhir.Reference{fhir.RefBy("Endpoint", &at)}
	}
	v.Meta = x.labelled(v.Meta)
	x.PractitionerRole(url, &v, fhir.CreateUnless("PractitionerRole", x.w.systems.role, value))
	x.requester, x.organization = fhir.RefTo(url), organization
}

// requesterOrganization adds the organization unless it is the network's own, which is there already. One
// without a name is called by its identifier.
func (x *bundle) requesterOrganization(o *mapping.Party) fhir.Reference {
	system, value, name := x.partyIdentifier(&o.Identifier), clean(o.Identifier.Value), clean(o.Name)
	switch {
	case value != "" && system != "":
		if name == "" {
			name = value
		}
	case name != "":
		system, value = x.w.systems.organization, name
	default:
		system, value, name = x.w.systems.organization, x.n.Source, x.n.Source
	}
	url := fhir.FullURL("Organization", system, value)
	if url != x.w.owner.url {
		id := []fhir.Identifier{fhir.NewIdentifier(partyType(&o.Identifier, system), system, value)}
		v := fhir.NewOrganization(id, name)
		if phone := clean(o.Phone); phone != "" {
			v.Telecom = []fhir.ContactPoint{fhir.Phone(phone)}
		}
		v.Meta = x.labelled(v.Meta)
		x.Organization(url, &v, fhir.CreateUnless("Organization", system, value))
	}
	return fhir.RefTo(url)
}

// practitioner adds the practitioner and says who that is. One with an identifier alone is referred to by it:
// US Core wants a family name. One with a name alone gets an identifier made of it.
func (x *bundle) practitioner(p *mapping.Party) (ref *fhir.Reference, who string) {
	family, given := clean(p.Family), cleanAll(p.Given)
	if family == "" {
		family = clean(p.Name)
	}
	system, value := x.partyIdentifier(&p.Identifier), clean(p.Identifier.Value)
	known := system != "" && value != ""
	switch {
	case family == "" && !known:
		return nil, ""
	case family == "":
		id := fhir.NewIdentifier(partyType(&p.Identifier, system), system, value)
		r := fhir.RefBy("Practitioner", &id)
		return &r, system + "|" + value
	case !known:
		system, value = x.w.systems.practitioner, fhir.HashID(x.n.Source, family, strings.Join(given, " "))
	}
	v := fhir.NewPractitioner(
		[]fhir.Identifier{fhir.NewIdentifier(partyType(&p.Identifier, system), system, value)},
		[]fhir.HumanName{fhir.NewHumanName(family, given)})
	url := fhir.FullURL("Practitioner", system, value)
	v.Meta = x.labelled(v.Meta)
	x.Practitioner(url, &v, fhir.CreateUnless("Practitioner", system, value))
	r := fhir.RefTo(url)
	return &r, url
}

// partyIdentifier is the system of a practitioner's or an organization's identifier as FHIR wants it. An
// identifier of type NPI needs none; what claims to be an NPI and is not is a number of the source's own.
func (x *bundle) partyIdentifier(id *mapping.Identifier) string {
	system := id.System
	if system == "" && id.Type == "NPI" {
		system = mapping.SystemNPI
	}
	if system == mapping.SystemNPI && !fhir.IsNPI(clean(id.Value)) {
		system = "npi"
	}
	return x.w.global(system, x.n.Source)
}

// partyType is the identifier's type; an NPI is told by its system.
func partyType(id *mapping.Identifier, system string) *fhir.CodeableConcept {
	if system == mapping.SystemNPI {
		return nil
	}
	return fhir.IdentifierType(id.Type)
}
