package fhirin

import (
	"cmp"
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
	"github.com/convene-health/convene/mapping/program"
)

// Extensions of Patient that are read.
const (
	extInterpreter         = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"
	extInterpreterUSCore   = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-interpreter-needed"
	extDisability          = "http://hl7.org/fhir/StructureDefinition/patient-disability"
	extGender              = "http://hl7.org/fhir/StructureDefinition/patient-genderIdentity"
	extGenderUSCore        = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-genderIdentity"
	extGenderIndividual    = "http://hl7.org/fhir/StructureDefinition/individual-genderIdentity"
	snomedYes              = "373066001" // SNOMED CT: Yes
	languageInterpretation = "language"  // the detail of a safety rule that asks for an interpreter
)

// identities are SNOMED CT's findings of gender identity (US Core 7.0.0, Gender Identity value set).
var identities = map[string]string{
	"446141000124107": "female", "446151000124109": "male", "33791000087105": "non-binary",
}

// genders is the value set administrative-gender.
var genders = []string{"male", "female", "other", "unknown"}

// subject reads who the order is for. That person missing is the one thing that refuses an otherwise sound order.
func (d *decoder) subject(r resource) {
	ref, ok := r.at.Get("subject")
	if !ok {
		r.at.Missing("subject", "expected the patient")
		return
	}
	target, found := d.resolve(r, ref)
	x := d.event.Referral
	switch {
	case found && target.kind == "Patient":
		d.patient = target
		d.readPerson(target, &x.Patient)
		d.ancestry(target)
		d.guardian(&x.Patient)
		d.remarkLinks(target)
	case found && target.kind == "RelatedPerson":
		d.patient, x.Participant = target, mapping.ParticipantFamily
		if of, ok := target.at.Get("patient"); ok {
			d.relative, _ = d.resolve(target, of)
		}
		d.readPerson(target, &x.Patient)
	case found:
		ref.Fail(WrongTarget, "expected a Patient, not a %s", target.kind)
	case ref.Has("reference"):
		ref.Fail(Unresolved, "the patient that this refers to is not in the message, and no other is taken in place")
	default:
		d.logical(r, ref)
	}
}

// logical takes a patient who is named by identifier alone: enough to recognise, too little to place a stranger.
func (d *decoder) logical(r resource, ref jsontree.Cursor) {
	at, ok := ref.Get("identifier")
	if !ok {
		ref.Fail(jsontree.Required, "expected a reference to the patient, or the patient's identifier")
		return
	}
	id := d.identifier(r, at)
	if id.System == "" || id.Value == "" {
		at.Fail(jsontree.Required, "expected an identifier with system and value")
		return
	}
	ref.Remark(Unresolved, "only the patient's identifier is in the message")
	d.patientID = id
	d.event.Referral.Patient.Identifiers = []mapping.Identifier{id}
}

// remarkLinks remarks on a patient record that another has replaced.
func (d *decoder) remarkLinks(r resource) {
	for link := range items(r.at, "link", repeatMax) {
		if kind := word(link, "type", linkTypes); kind == replacedBy || kind == replaces {
			link.Remark(NotUsed, "a merge is obeyed in a message of its own, without an order")
		}
	}
}

// readPerson reads a Patient or a RelatedPerson.
func (d *decoder) readPerson(r resource, p *mapping.Patient) {
	d.mustUnderstand(r)
	p.Identifiers = d.recognisable(r)
	p.Name = d.nameOf(r.at)
	p.Phone, p.Email = contact(r.at, "phone"), contact(r.at, "email")
	p.Gender = word(r.at, "gender", genders)
	if at, ok := r.at.Get("birthDate"); ok {
		p.BirthDate = at.Date()
	}
	switch value, suffix, _ := choice(r.at, "deceased"); suffix {
	case "Boolean":
		p.Deceased = value.Bool()
	case "DateTime":
		p.Deceased = value.DateTime() != ""
	}
	if at, ok := d.address(r.at); ok {
		p.Address = addressOf(at)
	}
	d.places.patient = r.at
	p.Languages = d.languages(r.at)
	for ext := range items(r.at, "extension", repeatMax) {
		d.readExtension(ext, p)
	}
}

// recognisable gives a person's identifiers; one of them must have a system, or an assigner in its place.
func (d *decoder) recognisable(r resource) []mapping.Identifier {
	all := d.identifiers(r)
	for _, id := range all {
		if id.System != "" {
			return all
		}
	}
	r.at.Missing("identifier", "expected at least one identifier with system and value")
	return nil
}

func (d *decoder) readExtension(ext jsontree.Cursor, p *mapping.Patient) {
	switch raw(ext, "url") {
	case extInterpreter:
		if value, suffix, _ := choice(ext, "value"); suffix == "Boolean" {
			p.Interpreter = p.Interpreter || value.Bool()
		}
	case extInterpreterUSCore:
		if value, suffix, _ := choice(ext, "value"); suffix == "Coding" {
			p.Interpreter = p.Interpreter || text(value, "code", mapping.ShortMax) == snomedYes
		}
	case extDisability:
		if value, suffix, _ := choice(ext, "value"); suffix == "CodeableConcept" {
			d.readDisability(value, p)
		}
	case extGender, extGenderUSCore:
		readIdentity(ext, p)
	case extGenderIndividual:
		for part := range items(ext, "extension", repeatMax) {
			if raw(part, "url") == "value" {
				readIdentity(part, p)
			}
		}
	}
}

// readDisability takes what a site must offer from the shipped table of safety codes.
func (d *decoder) readDisability(value jsontree.Cursor, p *mapping.Patient) {
	codes, _ := concept(value)
	known := false
	for _, code := range codes {
		for _, hit := range program.SafetyOf(code) {
			if hit.Level != program.Require {
				continue
			}
			known = true
			for _, what := range hit.Detail {
				if what == languageInterpretation {
					p.Interpreter = true
				} else if !slices.Contains(p.Access, what) {
					p.Access = append(p.Access, what)
					d.places.access = append(d.places.access, value)
				}
			}
		}
	}
	if !known {
		value.Remark(jsontree.UnknownValue, "the table has no such disability; it asks nothing of a site")
	}
}

func readIdentity(ext jsontree.Cursor, p *mapping.Patient) {
	value, suffix, _ := choice(ext, "value")
	if suffix != "CodeableConcept" {
		return
	}
	codes, _ := concept(value)
	for _, code := range codes {
		if identity := identities[code.Code]; identity != "" && code.System == mapping.SystemSNOMED {
			p.GenderIdentity = identity
		}
	}
}

// address is where the patient is: a temporary one that holds goes before the home's, for a telehealth leader is licensed
// where the patient sits.
func (d *decoder) address(c jsontree.Cursor) (found jsontree.Cursor, ok bool) {
	for item := range items(c, "address", repeatMax) {
		if raw(item, "use") == "temp" && d.holds(item) {
			return item, true
		}
	}
	return d.best(c, "address")
}

// holds reports whether an element's period, if it has one, had begun and was not over when the message was sent. Where that
// is not known, a period with a bound does not hold.
func (d *decoder) holds(c jsontree.Cursor) bool {
	const day = len("2006-01-02")
	period, has := c.Get("period")
	if !has {
		return true
	}
	start, end := raw(period, "start"), raw(period, "end")
	start, end = start[:min(len(start), day)], end[:min(len(end), day)]
	if d.event.Sent.IsZero() {
		return start == "" && end == ""
	}
	sent := d.event.Sent.Format("2006-01-02")
	return start <= sent[:min(len(start), day)] && (end == "" || end >= sent[:len(end)])
}

// best finds the repetition in use: official, usual or home before others; never what is old or anonymous, and nothing
// whose period is over, or to come, where there is another.
func (d *decoder) best(c jsontree.Cursor, name string) (found jsontree.Cursor, ok bool) {
	rank := -1
	for item := range items(c, name, repeatMax) {
		n := 4
		switch raw(item, "use") {
		case "old", "anonymous":
			continue
		case "official", "home":
			n = 6
		case "usual":
			n = 5
		case "temp", "billing", "maiden", "nickname":
			n = 3
		}
		if !d.holds(item) {
			n -= 4
		}
		if n > rank {
			found, rank, ok = item, n, true
		}
	}
	return found, ok
}

func (d *decoder) nameOf(c jsontree.Cursor) (n mapping.Name) {
	if at, ok := d.best(c, "name"); ok {
		n.Family, n.Given = text(at, "family", mapping.TextMax), texts(at, "given", mapping.TextMax)
		if n.Family == "" && n.Given == nil {
			n.Family = text(at, "text", mapping.TextMax)
		}
	}
	return n
}

func addressOf(c jsontree.Cursor) mapping.Address {
	return mapping.Address{Line: texts(c, "line", mapping.TextMax), City: text(c, "city", mapping.TextMax), State: text(c, "state", mapping.ShortMax),
		PostalCode: text(c, "postalCode", mapping.ShortMax), Country: text(c, "country", mapping.ShortMax)}
}

// contact is the number or address of one system to use first: by rank, else a mobile's, else the first that is not old.
func contact(c jsontree.Cursor, system string) (value string) {
	least := 1e9
	for t := range items(c, "telecom", repeatMax) {
		use := raw(t, "use")
		if raw(t, "system") != system || use == "old" || !t.Has("value") {
			continue
		}
		rank := 1000.0
		if use == "mobile" {
			rank = 999
		}
		if at, ok := t.Get("rank"); ok {
			if n, ok := at.Float(); ok {
				rank = n
			}
		}
		if rank < least {
			least, value = rank, text(t, "value", mapping.TextMax)
		}
	}
	return value
}

// languages are the tags of communication, the preferred first.
func (d *decoder) languages(c jsontree.Cursor) (tags []string) {
	first := 0
	for item := range items(c, "communication", mapping.ListMax) {
		said := languageSaid(conceptMember(item, "language"))
		if said == "" {
			item.Remark(NotUsed, "expected the language as a tag of BCP 47")
			continue
		}
		tags = append(tags, said)
		d.places.languages = append(d.places.languages, item)
		if preferred, ok := item.Get("preferred"); ok && preferred.Bool() {
			copy(tags[first+1:], tags[first:len(tags)-1])
			tags[first] = said
			copy(d.places.languages[first+1:], d.places.languages[first:len(tags)-1])
			d.places.languages[first] = item
			first++
		}
	}
	return tags
}

// languageSaid is what a concept says of a language: a coding or words that can be read, else what there is.
func languageSaid(codes []mapping.Code, words string) string {
	for _, c := range codes {
		if mapping.LanguageTag(c.Code) != "" {
			return c.Code
		}
	}
	for _, c := range codes {
		words = cmp.Or(words, c.Display, c.Code)
	}
	return words
}

// Types of Patient.link.
const (
	replacedBy = "replaced-by"
	replaces   = "replaces"
)

var linkTypes = []string{replacedBy, replaces, "refer", "seealso"}

// linked reports whether a bundle has a patient record that replaces or is replaced.
func (b *bundle) linked() bool {
	for _, p := range b.all("Patient") {
		list, _ := p.at.Get("link")
		for link := range elements(list) {
			if kind := raw(link, "type"); kind == replacedBy || kind == replaces {
				return true
			}
		}
	}
	return false
}

// merge reads which of two patient records stays.
func (d *decoder) merge(patients []resource) {
	merges := 0
	for _, p := range patients {
		for link := range items(p.at, "link", repeatMax) {
			kind := word(link, "type", linkTypes)
			other, ok := link.Get("other")
			if kind != replacedBy && kind != replaces || !ok {
				continue
			}
			d.mustUnderstand(p)
			survivor, merged := d.recognisable(p), d.other(p, other)
			if kind == replacedBy {
				survivor, merged = merged, survivor
			}
			if merges++; merges > 1 && !(slices.Equal(survivor, d.event.Survivor) && slices.Equal(merged, d.event.Merged)) {
				link.Fail(Several, "a message is about one merge; send one message each")
				return
			}
			d.event.Type, d.event.Survivor, d.event.Merged = mapping.PatientMerged, survivor, merged
			d.event.Sent, d.event.ID = d.sent(resource{}, p), cmp.Or(d.event.ID, p.id)
		}
	}
	if merges == 0 {
		patients[0].at.Fail(NoReferral, "a patient record alone asks for nothing; expected a link of type replaced-by or replaces, or an order")
	}
}

// other gives the identifiers of the linked record.
func (d *decoder) other(p resource, ref jsontree.Cursor) []mapping.Identifier {
	if target, ok := d.resolve(p, ref); ok && target.kind == "Patient" {
		return d.recognisable(target)
	}
	if at, ok := ref.Get("identifier"); ok {
		if id := d.identifier(p, at); id.System != "" && id.Value != "" {
			return []mapping.Identifier{id}
		}
	}
	ref.Fail(Unresolved, "the patient that this refers to is not in the message, nor is an identifier with system and value")
	return nil
}
