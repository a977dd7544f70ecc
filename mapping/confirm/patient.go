package confirm

import (
	"cmp"
	"slices"

	"github.com/convene-health/convene/fhir"
	"github.com/convene-health/convene/mapping"
)

// addPatient adds the Patient, created unless the server has one with the identifier of the network's most
// trusted assigner or, where none of those is known, with Convene's own key.
func (x *bundle) addPatient() {
	p, w := &x.n.Request.Patient, x.w
	system, value := w.systems.patient, x.n.PatientKey
	ids := make([]fhir.Identifier, 1, 1+len(p.Identifiers))
	ids[0] = fhir.NewIdentifier(nil, system, value)
	best := len(w.trusted)
	for i := range p.Identifiers {
		id := &p.Identifiers[i]
		v := clean(id.Value)
		if v == "" || id.System == "" || id.System == mapping.SystemSSN || id.Type == "SS" {
			continue // a Social Security number goes no further than the EHR sent it
		}
		rank := slices.Index(w.trusted, id.System)
		uri := w.global(id.System, x.n.Source)
		ids = append(ids, fhir.NewIdentifier(fhir.IdentifierType(id.Type), uri, v))
		if rank >= 0 && rank < best {
			best, system, value = rank, uri, v
		}
	}
	v := fhir.NewPatient(ids, []fhir.HumanName{humanName(p.Name.Family, p.Name.Given)}, fhir.Gender(p.Gender))
	if fhir.IsDate(p.BirthDate) {
		v.BirthDate = &p.BirthDate
	}
	if p.Deceased {
		v.DeceasedBoolean = &p.Deceased
	}
	if v.Name[0].Family == nil && len(v.Name[0].Given) == 0 {
		v.Extension = []fhir.Extension{fhir.Unknown}
	}
	contact(&v, p)
	if g := &p.Guardian; clean(g.Family) != "" || len(cleanAll(g.Given)) > 0 || clean(g.Phone) != "" {
		v.Contact = []fhir.PatientContact{fhir.Guardian(humanName(g.Family, g.Given), clean(g.Phone))}
	}
	if w.bser {
		v.Meta = fhir.BSeRPatient
	}
	v.Meta = x.labelled(v.Meta)
	url := fhir.FullURL("Patient", w.systems.patient, x.n.PatientKey)
	x.Patient(url, &v, fhir.CreateUnless("Patient", system, value))
	x.patient = fhir.RefTo(url)
}

// humanName of a person; one of whom no part is known still has a name, as US Core asks.
func humanName(family string, given []string) fhir.HumanName {
	family = clean(family)
	given = cleanAll(given)
	if family == "" && len(given) == 0 {
		return fhir.NameAbsent()
	}
	return fhir.NewHumanName(family, given)
}

// contact fills in telecom, address, languages and the need of an interpreter.
func contact(v *fhir.Patient, p *mapping.Patient) {
	if phone := clean(p.Phone); phone != "" {
		v.Telecom = append(v.Telecom, fhir.Phone(phone))
	}
	if email := clean(p.Email); email != "" {
		v.Telecom = append(v.Telecom, fhir.Email(email))
	}
	if a, known := address(&p.Address); known {
		v.Address = []fhir.Address{a}
	}
	for i, said := range p.Languages {
		if tag := mapping.LanguageTag(said); fhir.IsCode(tag) {
			v.Communication = append(v.Communication, fhir.Speaks(tag, i == 0))
		}
	}
	if p.Interpreter {
		v.Extension = append(v.Extension, fhir.InterpreterRequired)
	}
}

// address of a person or a site, and whether any part of it is known.
func address(a *mapping.Address) (out fhir.Address, known bool) {
	line, city, state, code, country := cleanAll(a.Line), clean(a.City), clean(a.State), clean(a.PostalCode), clean(a.Country)
	out = fhir.NewAddress(line, city, state, code, country)
	return out, len(line) > 0 || city+state+code+country != ""
}

// cleanAll cleans each text and drops the empty ones; most often that is the list itself.
func cleanAll(list []string) []string {
	for i, s := range list {
		if c := clean(s); c != s || c == "" {
			kept := slices.Clone(list[:i])
			for _, s := range list[i:] {
				if c := clean(s); c != "" {
					kept = append(kept, c)
				}
			}
			return kept
		}
	}
	return list
}

// addConditions adds what the referral gives as reasons: the conditions that are neither refuted, entered in
// error, resolved nor inactive, and not labelled as what is not told again. Each is created unless there is one of that patient of which the same is said,
// so that the next referral does not write it again, and a change of severity does not rewrite history.
func (x *bundle) addConditions() {
	conditions := x.n.Request.Conditions
	x.reasons = make([]fhir.Reference, 0, len(conditions))
	for i := range conditions {
		c := &conditions[i]
		if isReason(c) {
			x.addCondition(c)
		}
	}
	if len(x.reasons) == 0 {
		x.reasonCodes = noCondition
	}
}

var noCondition = []fhir.CodeableConcept{fhir.Concept("No condition given")}

func isReason(c *mapping.Condition) bool {
	switch {
	case c.Kept():
		return false
	case c.VerificationStatus == "refuted", c.VerificationStatus == "entered-in-error":
		return false
	case c.ClinicalStatus == "resolved", c.ClinicalStatus == "inactive":
		return false
	}
	return true
}

func (x *bundle) addCondition(c *mapping.Condition) {
	name := x.conditionName(c)
	id, url := x.n.PatientKey+"-"+name.ID(), name.URL()
	for i := range x.reasons {
		if *x.reasons[i].Reference == url {
			return // said twice
		}
	}
	code := x.conditionCode(c)
	v := fhir.NewCondition(fhir.ClinicalStatus(c.ClinicalStatus), fhir.VerificationStatus(c.VerificationStatus), &code, x.patient)
	v.Identifier = []fhir.Identifier{fhir.NewIdentifier(nil, x.w.systems.condition, id)}
	v.Severity = fhir.Severity(c.Severity)
	if fhir.IsDateTime(c.Onset) {
		v.OnsetDateTime = &c.Onset
	}
	v.Meta, v.Note = x.labelled(v.Meta), x.notes
	x.Condition(url, &v, fhir.CreateUnless("Condition", x.w.systems.condition, id))
	x.reasons = append(x.reasons, fhir.RefTo(url))
	if x.w.bser { // which asks for the reason in words, in the order itself
		x.reasonCodes = append(x.reasonCodes, code)
	}
}

// conditionCode is the condition's codings, with the sender's text where no display says the same. BSeR asks for a text:
// there it is repeated, and a code stands for one that is missing.
func (x *bundle) conditionCode(c *mapping.Condition) fhir.CodeableConcept {
	codings := make([]fhir.Coding, 0, len(c.Codes))
	text := clean(c.Text)
	for _, code := range c.Codes {
		if !fhir.IsCode(code.Code) {
			continue
		}
		display := clean(code.Display)
		if text == "" && x.w.bser {
			text = display
		}
		codings = append(codings, fhir.NewCoding(x.w.global(code.System, x.n.Source), code.Code, display))
	}
	switch {
	case len(codings) == 0:
		text = cmp.Or(text, "Condition without a code")
	case x.w.bser:
		text = cmp.Or(text, *codings[0].Code)
	case codings[0].Display != nil && *codings[0].Display == text:
		text = ""
	}
	return fhir.Concept(text, codings...)
}

// conditionName is made of the patient and all that is said of the condition.
func (x *bundle) conditionName(c *mapping.Condition) fhir.Name {
	var space [16]string
	parts := append(space[:0], x.w.systems.condition, x.n.PatientKey, c.Text, c.ClinicalStatus, c.VerificationStatus, c.Severity, c.Onset)
	for _, code := range c.Codes {
		parts = append(parts, code.System, code.Code)
	}
	return fhir.NameOf(parts...)
}
