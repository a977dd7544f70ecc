package hl7v2

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// readPRD finds who referred: the provider in the role RP, else the primary care provider, PP.
func (r *reader) readPRD() mapping.Requester {
	var referrer, primary *Segment
	for s := range r.all("PRD") {
		roles := []string{}
		for v := range r.repetitions(s.Field(1), mapping.ListMax) {
			roles = append(roles, v.Component(1).Text())
		}
		if referrer == nil && slices.Contains(roles, "RP") {
			referrer = s
		}
		if primary == nil && slices.Contains(roles, "PP") {
			primary = s
		}
	}
	if referrer == nil {
		referrer = primary
	}
	if referrer == nil {
		r.report.Remark("PRD", jsontree.Required, "expected the referring provider, a PRD with RP or PP in PRD-1")
		return mapping.Requester{}
	}
	return r.provider(referrer)
}

func (r *reader) provider(prd *Segment) (q mapping.Requester) {
	p, o := &q.Practitioner, &q.Organization
	name := r.name(prd.Field(2))
	p.Family, p.Given = name.Family, name.Given
	p.Identifier = r.pln(prd.Field(7))
	p.Phone = r.phone(prd.Field(5))
	*o = r.xon(prd.Field(10))
	o.Phone = r.phone(prd.Field(13))
	return q
}

// pln reads a practitioner's licence or number (PLN), an NPI where there is one.
func (r *reader) pln(v Value) (id mapping.Identifier) {
	for x := range r.repetitions(v, mapping.ListMax) {
		now := mapping.Identifier{Value: r.text(x.Component(1), mapping.TextMax), Type: r.text(x.Component(2), mapping.ShortMax)}
		if now.Type == "NPI" {
			now.System = mapping.SystemNPI
		}
		if now.Value != "" && (id.Value == "" || id.System == "" && now.System != "") {
			id = now
		}
	}
	return id
}

// xon reads an organization.
func (r *reader) xon(v Value) (p mapping.Party) {
	p.Name = r.text(v.Component(1), mapping.TextMax)
	value := r.text(v.Component(10), mapping.TextMax)
	if value == "" {
		value = r.text(v.Component(3), mapping.TextMax)
	}
	if value != "" {
		hd := v.Component(6)
		p.Identifier = mapping.Identifier{System: r.assigner(hd.Sub(1), hd.Sub(2), hd.Sub(3)), Value: value, Type: r.text(v.Component(7), mapping.ShortMax)}
		if p.Identifier.Type == "NPI" {
			p.Identifier.System = mapping.SystemNPI
		}
	}
	return p
}

// phone is the first of a list.
func (r *reader) phone(v Value) string {
	for x := range r.repetitions(v, mapping.ListMax) {
		if phone, _ := r.xtn(x); phone != "" {
			return phone
		}
	}
	return ""
}

// readOrderer finds who ordered: ORC-12, else OBR-16, in the facility ORC-21.
func (r *reader) readOrderer(orc, obr *Segment) (q mapping.Requester) {
	v := orc.Field(12)
	if v.Empty() {
		v = obr.Field(16)
	}
	q.Practitioner = r.xcn(v)
	q.Organization = r.xon(orc.Field(21))
	if q.Practitioner.Family == "" && q.Practitioner.Identifier.Value == "" {
		r.report.Remark("ORC-12", jsontree.Required, "expected the ordering provider in ORC-12 or OBR-16")
	}
	return q
}

// xcn reads a person with identifier and name, an NPI where there is one.
func (r *reader) xcn(v Value) (p mapping.Party) {
	for x := range r.repetitions(v, mapping.ListMax) {
		hd := x.Component(9)
		name := r.xpn(x, 2)
		now := mapping.Party{Family: name.Family, Given: name.Given}
		if now.Identifier.Value = r.text(x.Component(1).Sub(1), mapping.TextMax); now.Identifier.Value != "" {
			now.Identifier.System, now.Identifier.Type = r.assigner(hd.Sub(1), hd.Sub(2), hd.Sub(3)), r.text(x.Component(13), mapping.ShortMax)
			if now.Identifier.Type == "NPI" {
				now.Identifier.System = mapping.SystemNPI
			}
		}
		if p.Family == "" && p.Identifier.Value == "" || p.Identifier.Type != "NPI" && now.Identifier.Type == "NPI" {
			p = now
		}
	}
	return p
}
