package fhirin

import (
	"cmp"
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// What programs ask beside diagnoses and results: procedures done, other orders that are open, what the order itself names,
// authorization by the payer, ancestry, who speaks for a minor and whether they consent.

var (
	procedureStatuses = []string{"preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", wrong, "unknown"}
	claimStatuses     = []string{"active", "cancelled", "draft", wrong}
)

const (
	extRace        = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
	systemRoleCode = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
)

// tell adds what a code says of the patient, as a finding without a value.
func (d *decoder) tell(at jsontree.Cursor, code mapping.Code, answer *mapping.Code, date string) {
	if len(d.event.Referral.Observations) <= mapping.ObservationsMax {
		d.addObservation(mapping.Observation{Code: code, Answer: answer, Date: date}, at)
	}
}

func finding(code string) mapping.Code {
	return mapping.Code{System: mapping.SystemFinding, Code: code}
}

// procedure takes a Procedure that was done.
func (d *decoder) procedure(r resource) {
	if word(r.at, "status", procedureStatuses) != "completed" {
		return
	}
	codes, _ := conceptMember(r.at, "code")
	date := when(r.at, "performed")
	for _, c := range codes {
		d.tell(r.at, c, nil, date)
	}
}

// otherOrder takes another order for the patient that is open.
func (d *decoder) otherOrder(r resource) {
	if not, ok := r.at.Get("doNotPerform"); ok && not.Bool() || word(r.at, "status", orderStatuses) != "active" {
		return
	}
	codes, _ := conceptMember(r.at, "code")
	date := ""
	if at, ok := r.at.Get("authoredOn"); ok {
		date = at.DateTime()
	}
	for _, c := range codes {
		ordered := finding(mapping.FindingOrdered)
		d.tell(r.at, c, &ordered, date)
	}
}

// authorization takes the payer's answer to a request for prior authorization; it holds until the end of its period.
func (d *decoder) authorization(r resource) {
	if word(r.at, "status", claimStatuses) != "active" || raw(r.at, "outcome") != "complete" {
		return
	}
	number := text(r.at, "preAuthRef", mapping.ShortMax)
	if number == "" {
		return
	}
	date := ""
	if period, ok := r.at.Get("preAuthPeriod"); ok {
		if end, ok := period.Get("end"); ok {
			date = end.DateTime()
		}
	}
	d.tell(r.at, finding(mapping.FindingAuthorization), &mapping.Code{Code: number}, date)
}

// orderDetails takes the hours and topics that an order names: quantity in hours, and orderDetail.
func (d *decoder) orderDetails(r resource) {
	if q, suffix, _ := choice(r.at, "quantity"); suffix == "Quantity" {
		unit := cmp.Or(text(q, "code", mapping.ShortMax), text(q, "unit", mapping.ShortMax))
		if at, ok := q.Get("value"); ok && (unit == "h" || unit == "hours" || unit == "hour") {
			d.addObservation(mapping.Observation{Code: finding(mapping.FindingOrderedHours), Value: number(at), Unit: "h"}, q)
		}
	}
	for detail := range items(r.at, "orderDetail", mapping.ListMax) {
		codes, words := concept(detail)
		topic := mapping.Code{Display: words}
		if len(codes) > 0 {
			topic = codes[0]
		}
		if topic.Code == "" {
			topic.Code = kebab(topic.Display)
		}
		if topic.Code != "" {
			d.tell(detail, finding(mapping.FindingOrderedTopics), &topic, "")
		}
	}
}

// ancestry takes the OMB categories of US Core's race extension.
func (d *decoder) ancestry(person resource) {
	for ext := range items(person.at, "extension", repeatMax) {
		if raw(ext, "url") != extRace {
			continue
		}
		for part := range items(ext, "extension", repeatMax) {
			if value, suffix, _ := choice(part, "value"); raw(part, "url") == "ombCategory" && suffix == "Coding" {
				if c := codingOf(value); c.System == mapping.SystemRace {
					d.tell(ext, c, nil, "")
				}
			}
		}
	}
}

// guardian reads who speaks for the patient: a contact or a RelatedPerson that is the guardian; of a minor a parent too.
func (d *decoder) guardian(p *mapping.Patient) {
	of := func(c jsontree.Cursor, name string) {
		if !d.speaks(c, p) || p.Guardian.Family != "" || p.Guardian.Name != "" {
			return
		}
		var n mapping.Name
		if name == "contact" {
			if at, ok := c.Get("name"); ok {
				n = mapping.Name{Family: text(at, "family", mapping.TextMax), Given: texts(at, "given", mapping.TextMax)}
			}
		} else {
			n = d.nameOf(c)
		}
		p.Guardian = mapping.Party{Family: n.Family, Given: n.Given, Phone: contact(c, "phone")}
	}
	for c := range items(d.patient.at, "contact", repeatMax) {
		of(c, "contact")
	}
	if b := d.patient.bundle; b != nil {
		for _, r := range b.all("RelatedPerson") {
			if ref, ok := r.at.Get("patient"); ok {
				if who, found := d.resolve(r, ref); found && who.same(d.patient) {
					of(r.at, "RelatedPerson")
				}
			}
		}
	}
}

// speaks reports whether a contact is the guardian, or a parent of a minor (v3-RoleCode).
func (d *decoder) speaks(c jsontree.Cursor, p *mapping.Patient) bool {
	minor := mapping.Minor(p.BirthDate, d.event.Sent)
	for relation := range items(c, "relationship", repeatMax) {
		codes, _ := concept(relation)
		if slices.ContainsFunc(codes, func(c mapping.Code) bool {
			return c.System == systemRoleCode && (c.Code == "GUARD" || minor && (c.Code == "PRN" || c.Code == "MTH" || c.Code == "FTH"))
		}) {
			return true
		}
	}
	return false
}

// ofGuardian reports whether a Consent for a minor was given by a RelatedPerson who speaks for them.
func (d *decoder) ofGuardian(r resource) bool {
	p := &d.event.Referral.Patient
	if !mapping.Minor(p.BirthDate, d.event.Sent) {
		return false
	}
	for ref := range items(r.at, "performer", repeatMax) {
		if by, found := d.resolve(r, ref); found && by.kind == "RelatedPerson" && d.speaks(by.at, p) {
			return true
		}
	}
	return false
}
