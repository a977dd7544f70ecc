package event

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// Limits on what one referral may hold. The schema states the same.
const (
	shortMax   = mapping.ShortMax
	textMax    = mapping.TextMax
	systemMax  = mapping.SystemMax
	displayMax = mapping.DisplayMax
	noteMax    = mapping.NoteMax

	listMax         = mapping.ListMax
	identifiersMax  = mapping.IdentifiersMax
	goalsMax        = mapping.GoalsMax
	notesMax        = mapping.NotesMax
	observationsMax = mapping.ObservationsMax
)

// Values of the closed vocabularies, those of mapping's field comments.
var (
	participants     = []mapping.Participant{mapping.ParticipantPatient, mapping.ParticipantFamily}
	genders          = []string{"male", "female", "other", "unknown"}
	severities       = []string{"mild", "moderate", "severe"}
	modes            = []string{"in-person", "telehealth"}
	times            = []string{"weekday-morning", "weekday-afternoon", "weekday-evening", "weekend"}
	groupGenders     = []string{"female", "male", "non-binary"}
	consentDecisions = []string{"permit", "deny"}
	requirable       = []string{"mode", "language", "gender", "kind", "site"}
)

func readReferral(c jsontree.Cursor, r *mapping.Referral) {
	for f := range c.Fields() {
		switch f.Key() {
		case "identifier":
			if r.Identifier = readIdentifier(f); f.Len() > 0 {
				f.Require("value", "expected the identifier's value, or no identifier")
			}
		case "priority":
			r.Priority = jsontree.OneOf(f, mapping.Priorities)
		case "authoredOn":
			r.AuthoredOn = f.DateTime()
		case "participant":
			r.Participant = jsontree.OneOf(f, participants)
		case "patient":
			readPatient(f, &r.Patient)
		case "conditions":
			r.Conditions = readConditions(f)
		case "goals":
			r.Goals = f.Strings(goalsMax, shortMax)
		case "programs":
			r.Programs = f.Strings(listMax, shortMax)
		case "preferences":
			r.Preferences = readPreferences(f)
		case "observations":
			r.Observations = readAll(f, observationsMax, readObservation)
		case "requester":
			r.Requester = readRequester(f)
		case "payers":
			r.Payers = f.Strings(listMax, shortMax)
		case "notes":
			r.Notes = f.Strings(notesMax, noteMax)
		case "consents":
			r.Consents = readAll(f, listMax, readConsent)
		case "labels":
			r.Labels = f.Strings(listMax, shortMax)
		case "documents":
			r.Documents = readAll(f, mapping.DocumentsMax, readDocument)
		default:
			f.Unknown()
		}
	}
	c.Require("patient", "expected the patient")
}

func readPatient(c jsontree.Cursor, p *mapping.Patient) {
	for f := range c.Fields() {
		switch f.Key() {
		case "identifiers":
			p.Identifiers = readIdentifiers(f)
		case "name":
			p.Name = readName(f)
		case "birthDate":
			p.BirthDate = f.Date()
		case "gender":
			p.Gender = jsontree.OneOf(f, genders)
		case "genderIdentity":
			p.GenderIdentity = f.Text(shortMax)
		case "deceased":
			p.Deceased = f.Bool()
		case "phone":
			p.Phone = f.Text(textMax)
		case "email":
			p.Email = f.Text(textMax)
		case "address":
			p.Address = readAddress(f)
		case "languages":
			p.Languages = f.Strings(listMax, shortMax)
		case "interpreter":
			p.Interpreter = f.Bool()
		case "access":
			p.Access = f.Strings(listMax, shortMax)
		case "guardian":
			p.Guardian = readParty(f)
		case "relatives":
			p.Relatives = readIdentifiers(f)
		default:
			f.Unknown()
		}
	}
	requireRecognisable(c, "identifiers")
}

// requireRecognisable: one of the identifiers must have a system. One without is kept, yet recognises nobody.
func requireRecognisable(c jsontree.Cursor, name string) {
	c.Require(name, "expected at least one identifier with system and value")
	ids, ok := c.Get(name)
	if !ok || ids.Kind() != jsontree.Array || ids.Len() == 0 || ids.Cut() {
		return
	}
	for id := range ids.Items(ids.Len()) {
		if id.Kind() != jsontree.Object || id.Has("system") && id.Has("value") {
			return
		}
	}
	ids.Fail(jsontree.Required, "expected at least one identifier with system and value")
}

func readIdentifiers(c jsontree.Cursor) []mapping.Identifier {
	return readAll(c, identifiersMax, func(c jsontree.Cursor, id *mapping.Identifier) {
		*id = readIdentifier(c)
		c.Require("value", "expected the identifier's value")
	})
}

func readIdentifier(c jsontree.Cursor) (id mapping.Identifier) {
	for f := range c.Fields() {
		switch f.Key() {
		case "system":
			id.System = f.Text(systemMax)
		case "value":
			id.Value = f.Text(textMax)
		case "type":
			id.Type = f.Text(shortMax)
		default:
			f.Unknown()
		}
	}
	return id
}

func readName(c jsontree.Cursor) (n mapping.Name) {
	for f := range c.Fields() {
		switch f.Key() {
		case "family":
			n.Family = f.Text(textMax)
		case "given":
			n.Given = f.Strings(listMax, textMax)
		default:
			f.Unknown()
		}
	}
	return n
}

func readAddress(c jsontree.Cursor) (a mapping.Address) {
	for f := range c.Fields() {
		switch f.Key() {
		case "line":
			a.Line = f.Strings(listMax, textMax)
		case "city":
			a.City = f.Text(textMax)
		case "state":
			a.State = f.Text(shortMax)
		case "postalCode":
			a.PostalCode = f.Text(shortMax)
		case "country":
			a.Country = f.Text(shortMax)
		default:
			f.Unknown()
		}
	}
	return a
}

func readConditions(c jsontree.Cursor) []mapping.Condition {
	return readAll(c, mapping.ConditionsMax, readCondition)
}

func readCondition(c jsontree.Cursor, x *mapping.Condition) {
	for f := range c.Fields() {
		switch f.Key() {
		case "codes":
			x.Codes = readAll(f, listMax, readCode)
		case "text":
			x.Text = f.Text(displayMax)
		case "clinicalStatus":
			x.ClinicalStatus = jsontree.OneOf(f, mapping.ClinicalStatuses)
		case "verificationStatus":
			x.VerificationStatus = jsontree.OneOf(f, mapping.VerificationStatuses)
		case "severity":
			x.Severity = jsontree.OneOf(f, severities)
		case "onset":
			x.Onset = f.DateTime()
		case "labels":
			x.Labels = f.Strings(listMax, shortMax)
		default:
			f.Unknown()
		}
	}
	if !c.Has("text") {
		c.Require("codes", "expected the condition's codes, or a text")
	}
}

func readCode(c jsontree.Cursor, x *mapping.Code) {
	for f := range c.Fields() {
		switch f.Key() {
		case "system":
			x.System = mapping.CodeSystem(f.Text(systemMax))
		case "code":
			x.Code = f.Text(shortMax)
		case "display":
			x.Display = f.Text(displayMax)
		default:
			f.Unknown()
		}
	}
	c.Require("code", "expected the code")
}

func readObservation(c jsontree.Cursor, x *mapping.Observation) {
	for f := range c.Fields() {
		switch f.Key() {
		case "code":
			readCode(f, &x.Code)
		case "value":
			if v, ok := f.Float(); ok {
				x.Value = &v
			}
		case "unit":
			x.Unit = f.Text(shortMax)
		case "answer":
			if !f.Null() {
				x.Answer = new(mapping.Code)
				readCode(f, x.Answer)
			}
		case "date":
			x.Date = f.DateTime()
		default:
			f.Unknown()
		}
	}
	c.Require("code", "expected the code of what was observed")
}

func readPreferences(c jsontree.Cursor) (p mapping.Preferences) {
	for f := range c.Fields() {
		switch f.Key() {
		case "mode":
			p.Mode = jsontree.OneOf(f, modes)
		case "language":
			p.Language = f.Text(shortMax)
		case "times":
			p.Times = readOneOfs(f, times)
		case "gender":
			p.Gender = jsontree.OneOf(f, groupGenders)
		case "kind":
			p.Kind = string(jsontree.OneOf(f, mapping.Kinds))
		case "site":
			p.Site = f.Text(shortMax)
		case "required":
			p.Required = readOneOfs(f, requirable)
		case "notLedBy":
			p.NotLedBy = f.Strings(listMax, shortMax)
		default:
			f.Unknown()
		}
	}
	return p
}

func readConsent(c jsontree.Cursor, x *mapping.Consent) {
	for f := range c.Fields() {
		switch f.Key() {
		case "decision":
			x.Decision = jsontree.OneOf(f, consentDecisions)
		case "status":
			x.Status = jsontree.OneOf(f, mapping.ConsentStatuses)
		case "recipients":
			x.Recipients = readAll(f, listMax, func(c jsontree.Cursor, p *mapping.Party) { *p = readParty(c) })
		case "purposes":
			x.Purposes = f.Strings(listMax, shortMax)
		case "from":
			x.From = f.DateTime()
		case "to":
			x.To = f.DateTime()
		case "labels":
			x.Labels = f.Strings(listMax, shortMax)
		case "written":
			x.Written = f.Bool()
		case "guardian":
			x.Guardian = f.Bool()
		default:
			f.Unknown()
		}
	}
}

// readOneOfs reads a list of words of a closed vocabulary, without blank ones.
func readOneOfs(c jsontree.Cursor, values []string) []string {
	words := readAll(c, listMax, func(c jsontree.Cursor, s *string) { *s = jsontree.OneOf(c, values) })
	words = slices.DeleteFunc(words, func(s string) bool { return s == "" })
	return words[:len(words):len(words)]
}

func readRequester(c jsontree.Cursor) (r mapping.Requester) {
	for f := range c.Fields() {
		switch f.Key() {
		case "practitioner":
			r.Practitioner = readParty(f)
		case "organization":
			r.Organization = readParty(f)
		default:
			f.Unknown()
		}
	}
	return r
}

func readParty(c jsontree.Cursor) (p mapping.Party) {
	for f := range c.Fields() {
		switch f.Key() {
		case "identifier":
			if p.Identifier = readIdentifier(f); p.Identifier != (mapping.Identifier{}) && p.Identifier.Value == "" {
				f.Remark(jsontree.Required, "an identifier without a value is not read")
				p.Identifier = mapping.Identifier{}
			}
		case "name":
			p.Name = f.Text(textMax)
		case "family":
			p.Family = f.Text(textMax)
		case "given":
			p.Given = f.Strings(listMax, textMax)
		case "phone":
			p.Phone = f.Text(textMax)
		default:
			f.Unknown()
		}
	}
	return p
}

// readAll reads an array of objects, or of what one reads; nil when it is empty.
func readAll[T any](c jsontree.Cursor, most int, one func(jsontree.Cursor, *T)) []T {
	var all []T
	for item := range c.Items(most) {
		if all == nil {
			all = make([]T, 0, c.Len())
		}
		all = all[:len(all)+1]
		one(item, &all[len(all)-1])
	}
	return all
}

func readDocument(c jsontree.Cursor, d *mapping.Document) {
	for f := range c.Fields() {
		switch f.Key() {
		case "title":
			d.Title = f.Text(displayMax)
		case "media":
			d.Media = f.Text(textMax)
		case "link":
			d.Link = f.Text(displayMax)
		case "hash":
			d.Hash = f.Text(textMax)
		default:
			f.Unknown()
		}
	}
}
