package fhirin

import (
	"cmp"
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// requester reads who referred: a PractitionerRole, a Practitioner or an Organization. A reference that leads nowhere
// still says who by its identifier and display.
func (d *decoder) requester(r resource) {
	ref, ok := r.at.Get("requester")
	if !ok {
		return
	}
	x := &d.event.Referral.Requester
	target, found := d.seek(r, ref, "PractitionerRole", "Practitioner", "Organization", "Patient", "RelatedPerson", "Device")
	switch target.kind {
	case "PractitionerRole":
		d.role(target, x)
	case "Practitioner":
		x.Practitioner = d.person(target)
	case "Organization":
		x.Organization = d.organization(target)
	}
	if found {
		return
	}
	who := &x.Practitioner
	if strings.Contains(text(ref, "reference", mapping.SystemMax)+text(ref, "type", mapping.ShortMax), "Organization") {
		who = &x.Organization
	}
	*who = d.named(r, ref)
}

func (d *decoder) role(r resource, x *mapping.Requester) {
	if ref, ok := r.at.Get("practitioner"); ok {
		if p, found := d.seek(r, ref, "Practitioner"); found {
			x.Practitioner = d.person(p)
		} else {
			x.Practitioner = d.named(r, ref)
		}
	}
	if x.Practitioner.Identifier.Value == "" {
		// An NPI on the role is the practitioner's.
		if id := d.partyIdentifier(r); id.System == mapping.SystemNPI {
			x.Practitioner.Identifier = id
		}
	}
	x.Practitioner.Phone = cmp.Or(contact(r.at, "phone"), x.Practitioner.Phone)
	if ref, ok := r.at.Get("organization"); ok {
		if o, found := d.seek(r, ref, "Organization"); found {
			x.Organization = d.organization(o)
		} else {
			x.Organization = d.named(r, ref)
		}
	}
}

// named is a party as its reference alone describes it.
func (d *decoder) named(r resource, ref jsontree.Cursor) (p mapping.Party) {
	if id, ok := ref.Get("identifier"); ok {
		if p.Identifier = d.identifier(r, id); p.Identifier.Value == "" {
			p.Identifier = mapping.Identifier{}
		}
	}
	p.Name = text(ref, "display", mapping.TextMax)
	return p
}

func (d *decoder) person(r resource) mapping.Party {
	n := d.nameOf(r.at)
	return mapping.Party{Identifier: d.partyIdentifier(r), Family: n.Family, Given: n.Given, Phone: contact(r.at, "phone")}
}

func (d *decoder) organization(r resource) mapping.Party {
	return mapping.Party{Identifier: d.partyIdentifier(r), Name: text(r.at, "name", mapping.TextMax), Phone: contact(r.at, "phone")}
}

// partyIdentifier is the NPI where there is one, else the first.
func (d *decoder) partyIdentifier(r resource) mapping.Identifier {
	all := d.identifiers(r)
	for _, id := range all {
		if id.System == mapping.SystemNPI || id.Type == "NPI" {
			return id
		}
	}
	if len(all) == 0 {
		return mapping.Identifier{}
	}
	return all[0]
}

// coverage takes who pays: the payor's name, else its identifier, else the plan of the coverage, written as a code
// ("Blue Cross MA" is blue-cross-ma). A patient or family member who pays is self-pay.
func (d *decoder) coverage(r resource) {
	if word(r.at, "status", coverageStatuses) != "active" {
		return
	}
	payers := 0
	for ref := range items(r.at, "payor", mapping.ListMax) {
		if payer := d.payer(r, ref); payer != "" {
			payers++
			d.addPayer(payer)
		}
	}
	if payers > 0 {
		return
	}
	for class := range items(r.at, "class", repeatMax) {
		codes, _ := conceptMember(class, "type")
		for _, c := range codes {
			if c.Code == "plan" || c.Code == "group" {
				if payer := kebab(cmp.Or(text(class, "name", mapping.DisplayMax), text(class, "value", mapping.TextMax))); payer != "" {
					d.addPayer(payer)
					return
				}
			}
		}
	}
	r.at.Remark(NotUsed, "nothing says who pays")
}

func (d *decoder) payer(r resource, ref jsontree.Cursor) string {
	p := mapping.Party{}
	switch target, _ := d.seek(r, ref, "Organization", "Patient", "RelatedPerson"); target.kind {
	case "Organization":
		p.Name = text(target.at, "name", mapping.TextMax)
		for id := range items(target.at, "identifier", mapping.IdentifiersMax) {
			p.Identifier.Value = cmp.Or(p.Identifier.Value, text(id, "value", mapping.TextMax))
		}
	case "Patient", "RelatedPerson":
		return "self-pay"
	default:
		p = d.named(r, ref)
	}
	return kebab(cmp.Or(p.Name, p.Identifier.Value))
}

func (d *decoder) addPayer(payer string) {
	x := d.event.Referral
	if !slices.Contains(x.Payers, payer) {
		x.Payers = append(x.Payers, payer)
	}
}

// programSuffix ends the identifier systems whose values are program ids of the catalog.
const programSuffix = "/program"

// programs takes the programs that the order asks for by name: a performer, or a coding of its code, in a system that
// ends in /program.
func (d *decoder) programs(r resource) {
	for ref := range items(r.at, "performer", mapping.ListMax) {
		if id, ok := ref.Get("identifier"); ok {
			d.program(id)
		}
		target, ok := d.seek(r, ref, "HealthcareService", "PractitionerRole", "Organization", "Practitioner", "CareTeam", "Patient", "RelatedPerson", "Device")
		if !ok {
			continue
		}
		d.programsOf(target)
		for service := range items(target.at, "healthcareService", mapping.ListMax) {
			if s, ok := d.seek(target, service, "HealthcareService"); ok {
				d.programsOf(s)
			}
		}
	}
	codes, _ := conceptMember(r.at, "code")
	for _, c := range codes {
		if strings.HasSuffix(c.System, programSuffix) {
			d.addProgram(c.Code, placeOf(r.at, "code"))
		} else {
			d.event.Ordered = append(d.event.Ordered, c)
		}
	}
	if n := len(d.event.Referral.Programs); n > mapping.ListMax {
		r.at.Fail(jsontree.TooMany, "%d programs are asked for, where at most %d are allowed", n, mapping.ListMax)
	}
}

func (d *decoder) programsOf(r resource) {
	for id := range items(r.at, "identifier", mapping.IdentifiersMax) {
		d.program(id)
	}
}

func (d *decoder) program(id jsontree.Cursor) {
	if strings.HasSuffix(raw(id, "system"), programSuffix) {
		d.addProgram(text(id, "value", mapping.ShortMax), id)
	}
}

func (d *decoder) addProgram(id string, from jsontree.Cursor) {
	if id == "" {
		return
	}
	x := d.event.Referral
	if !slices.Contains(x.Programs, id) {
		x.Programs = append(x.Programs, id)
		d.places.programs = append(d.places.programs, from)
	}
}
