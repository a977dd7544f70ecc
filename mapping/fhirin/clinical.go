package fhirin

import (
	"slices"
	"strings"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
	"github.com/convene-health/convene/mapping/program"
)

// Value sets with a required binding.
var (
	observationStatuses = []string{"final", "amended", "corrected", "preliminary", "registered", "cancelled", wrong, "unknown"}
	goalStatuses        = []string{"proposed", "planned", "accepted", "active", "on-hold", "completed", "cancelled", wrong, "rejected"}
	coverageStatuses    = []string{"active", "cancelled", "draft", wrong}
)

// severities by SNOMED CT (the example value set of Condition.severity) and LOINC answer codes.
var severities = map[mapping.Code]string{
	{System: mapping.SystemSNOMED, Code: "255604002"}: "mild", {System: mapping.SystemLOINC, Code: "LA6752-5"}: "mild",
	{System: mapping.SystemSNOMED, Code: "6736007"}: "moderate", {System: mapping.SystemLOINC, Code: "LA6751-7"}: "moderate",
	{System: mapping.SystemSNOMED, Code: "24484000"}: "severe", {System: mapping.SystemLOINC, Code: "LA6750-9"}: "severe",
}

// reason reads one reasonReference. Where it leads nowhere its display is a condition in words, which a person reads.
func (d *decoder) reason(r resource, ref jsontree.Cursor) {
	target, ok := d.seek(r, ref, "Condition", "Observation", "DiagnosticReport", "DocumentReference")
	if !ok {
		if words := text(ref, "display", mapping.DisplayMax); words != "" {
			d.addCondition(mapping.Condition{Text: words}, ref)
		}
		return
	}
	d.take(target, ref, true)
}

// support reads one resource that the order refers to as context.
func (d *decoder) support(r resource, ref jsontree.Cursor) {
	target, found := d.resolve(r, ref)
	switch {
	case found:
		d.take(target, ref, true)
	case ref.Has("reference"):
		d.unresolved(ref)
	}
}

// sweep takes what a bundle says of the patient though the order does not refer to it.
func (d *decoder) sweep(b *bundle) {
	for _, e := range b.entries {
		if patientElements[e.kind] != "" {
			d.take(e, jsontree.Cursor{}, false)
		}
	}
}

// take reads a resource once. referred: the order vouches that it is about its patient.
func (d *decoder) take(r resource, ref jsontree.Cursor, referred bool) {
	if _, twice := d.taken[r.at]; twice {
		return
	}
	d.taken[r.at] = struct{}{}
	switch r.kind {
	case "Bundle":
		if referred {
			d.document(r, ref)
		}
		d.takeBundle(r)
		return
	case "RelatedPerson":
		d.relation(r)
		return
	}
	if patientElements[r.kind] == "" {
		if referred {
			d.document(r, ref)
		}
		return
	}
	if !d.about(r, referred) {
		return
	}
	if !understood(r) {
		ext, _ := r.at.Get("modifierExtension")
		ext.Remark(ModifierUnknown, "an extension that is not known changes what this means; it is not used")
		return
	}
	if referred && (r.kind == "Procedure" || r.kind == "ServiceRequest" || r.kind == "ClaimResponse") {
		d.document(r, ref) // more may stand in it than is read here
	}
	switch r.kind {
	case "Condition":
		d.condition(r)
	case "Observation":
		d.observation(r)
	case "Goal":
		d.goal(r)
	case "Flag":
		d.flag(r)
	case "Coverage":
		d.coverage(r)
	case "Consent":
		d.consent(r)
	case "QuestionnaireResponse":
		d.answers(r)
	case "Procedure":
		d.procedure(r)
	case "ServiceRequest":
		d.otherOrder(r)
	case "ClaimResponse":
		d.authorization(r)
	}
}

// relation keeps the identifiers of a relative of the patient, who is not to be in one therapy group with them.
func (d *decoder) relation(r resource) {
	ref, ok := r.at.Get("patient")
	if !ok || r.same(d.patient) {
		return
	}
	if who, found := d.resolve(r, ref); found && who.same(d.patient) {
		p := &d.event.Referral.Patient
		p.Relatives = append(p.Relatives, d.identifiers(r)...)
		p.Relatives = p.Relatives[:min(len(p.Relatives), mapping.IdentifiersMax)]
	}
}

// takeBundle takes the entries of a document within the message.
func (d *decoder) takeBundle(r resource) {
	for _, outer := range d.reading {
		if outer.at == r.at {
			return
		}
	}
	b := d.open(r, r.bundle)
	d.reading = append(d.reading, b)
	d.sweep(b)
}

// patientElements name whom a resource is about; those that are listed are read.
var patientElements = map[string]string{"Condition": "subject", "Observation": "subject", "Goal": "subject", "Flag": "subject",
	"Coverage": "beneficiary", "Consent": "patient", "QuestionnaireResponse": "subject", "Procedure": "subject", "ServiceRequest": "subject", "ClaimResponse": "patient"}

// about reports whether a resource is about the order's patient.
func (d *decoder) about(r resource, referred bool) bool {
	ref, ok := r.at.Get(patientElements[r.kind])
	if !ok {
		return referred
	}
	who, found := d.resolve(r, ref)
	switch {
	case found && (who.same(d.patient) || referred && r.kind == "Condition" && who.same(d.relative)):
		return true
	case found:
		ref.Remark(OtherPatient, "this is about somebody else; it is not used")
		return false
	}
	if id, ok := ref.Get("identifier"); ok && d.patientID.Value != "" {
		if raw(id, "system") == d.patientID.System && raw(id, "value") == d.patientID.Value {
			return true
		}
	}
	if referred {
		d.unresolved(ref)
	} else {
		ref.Remark(Unresolved, "the patient that this refers to is not in the message; what is said of them is not used")
	}
	return referred
}

// addCondition keeps no more than tells that they are too many.
func (d *decoder) addCondition(c mapping.Condition, from jsontree.Cursor) {
	if x := d.event.Referral; len(x.Conditions) <= mapping.ConditionsMax {
		x.Conditions = append(x.Conditions, c)
		d.places.conditions = append(d.places.conditions, from)
	}
}

func (d *decoder) addObservation(o mapping.Observation, from jsontree.Cursor) {
	d.event.Referral.Observations = append(d.event.Referral.Observations, o)
	d.places.observations = append(d.places.observations, from)
}

func (d *decoder) condition(r resource) {
	c := mapping.Condition{
		ClinicalStatus:     wordOf(r.at, "clinicalStatus", systemClinical, mapping.ClinicalStatuses),
		VerificationStatus: wordOf(r.at, "verificationStatus", systemVerification, mapping.VerificationStatuses),
		Severity:           severity(r.at),
		Onset:              when(r.at, "onset"),
	}
	c.Codes, c.Text = conceptMember(r.at, "code")
	c.Labels = labelsOf(r)
	if _, _, ended := choice(r.at, "abatement"); ended && c.ClinicalStatus == "" {
		c.ClinicalStatus = "resolved"
	}
	if len(c.Codes) == 0 && c.Text == "" {
		r.at.Remark(jsontree.Required, "a condition without code and text says nothing")
		return
	}
	d.addCondition(c, placeOf(r.at, "code"))
	d.notes(r)
}

// severity of a condition; what the table does not know is unknown, never mild.
func severity(c jsontree.Cursor) string {
	at, ok := c.Get("severity")
	if !ok {
		return ""
	}
	codes, words := concept(at)
	for _, code := range codes {
		if s := severities[mapping.Code{System: code.System, Code: code.Code}]; s != "" {
			return s
		}
	}
	if words = strings.ToLower(words); len(codes) == 0 && (words == "mild" || words == "moderate" || words == "severe") {
		return words
	}
	at.Remark(jsontree.UnknownValue, "this severity is not known; it counts as unknown")
	return ""
}

// reasonCode adds a reason given as a code, unless a Condition of the message says the same with more detail.
func (d *decoder) reasonCode(c jsontree.Cursor) {
	codes, words := concept(c)
	if len(codes) == 0 && words == "" {
		return
	}
	for i := range d.event.Referral.Conditions {
		known := &d.event.Referral.Conditions[i]
		if !shareCode(known.Codes, codes) {
			continue
		}
		switch {
		case known.VerificationStatus == "refuted", known.VerificationStatus == wrong,
			known.ClinicalStatus == "inactive", known.ClinicalStatus == "remission", known.ClinicalStatus == "resolved":
			c.Remark(Contradiction, "the message's Condition of this code is over or refuted, and counts")
		}
		return
	}
	d.addCondition(mapping.Condition{Codes: codes, Text: words}, c)
}

func shareCode(a, b []mapping.Code) bool {
	for _, x := range a {
		for _, y := range b {
			if x.System == y.System && x.Code == y.Code {
				return true
			}
		}
	}
	return false
}

// observation reads a result with its components and notes; what was cancelled or entered in error says nothing. Of one
// whose status nobody knows only what safety rules ask is read.
func (d *decoder) observation(r resource) {
	status := word(r.at, "status", observationStatuses)
	if status == "cancelled" || status == wrong {
		return
	}
	date := when(r.at, "effective")
	d.measure(r.at, date, status == "unknown")
	for part := range items(r.at, "component", mapping.ObservationsMax) {
		d.measure(part, date, status == "unknown")
	}
	d.notes(r)
	for ref := range items(r.at, "hasMember", mapping.ObservationsMax) {
		d.support(r, ref)
	}
}

// goal takes a Goal whose description is one of the shipped goals, by code or by name.
func (d *decoder) goal(r resource) {
	switch status := word(r.at, "lifecycleStatus", goalStatuses); status {
	case "completed", "cancelled", wrong, "rejected":
		return
	}
	at, ok := r.at.Get("description")
	if !ok {
		return
	}
	codes, words := concept(at)
	names := make([]string, 0, len(codes)+1)
	for _, c := range codes {
		names = append(names, c.Code)
	}
	x := d.event.Referral
	for _, name := range append(names, kebab(words)) {
		if program.GoalByCode(name) == nil {
			continue
		}
		if !slices.Contains(x.Goals, name) {
			x.Goals = append(x.Goals, name)
			d.places.goals = append(d.places.goals, at)
		}
		return
	}
	at.Remark("unknown-goal", "the goal table has no such goal; it is not used")
}

// kebab is a text as codes are written: "Blue Cross (MA)" is "blue-cross-ma".
func kebab(s string) string {
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c >= 0x80:
			b = append(b, c)
		case c != '\'' && len(b) > 0 && b[len(b)-1] != '-':
			b = append(b, '-')
		}
	}
	return strings.TrimSuffix(string(b), "-")
}
