package hl7v2

import (
	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// clinical reads what referrals and orders have alike: diagnoses, results, coverage, consent, notes.
func (r *reader) clinical(x *mapping.Referral) {
	for s := range r.all("DG1") {
		if len(x.Conditions) == mapping.ConditionsMax {
			r.report.Fail(s.Place(), jsontree.TooMany, "more than %d diagnoses", mapping.ConditionsMax)
			break
		}
		r.diagnosis(s, x)
	}
	if len(x.Conditions) == 0 {
		r.report.Remark("DG1", jsontree.Required, "no diagnosis: the referral is matched by the goals it names, if any")
	}
	r.results(x)
	for s := range r.all("IN1") {
		r.coverage(s, x)
	}
	r.authorizations(x)
	r.procedures(x)
	r.ancestry(x)
	for s := range r.all("CON") {
		r.consent(s, x)
	}
	r.allergies(x)
	r.visit(x)
	r.notes(x)
}

// notes reads NTE. Lines that follow each other, in one segment or in several, are one note.
func (r *reader) notes(x *mapping.Referral) {
	for i := range r.segments {
		s := &r.segments[i]
		if s.Name != "NTE" {
			continue
		}
		more := i > 0 && r.segments[i-1].Name == "NTE"
		for v := range r.repetitions(s.Field(3), SegmentsMax) {
			more = r.addNote(x, v, r.text(v, mapping.NoteMax), more) || more
		}
	}
}

// diagnosis reads DG1. One that the sender deletes is entered in error.
func (r *reader) diagnosis(s *Segment, x *mapping.Referral) {
	c := mapping.Condition{Codes: r.codes(s.Field(3)), Onset: r.dateTime(s.Field(5))}
	if c.Text = r.text(s.Field(4), mapping.DisplayMax); c.Text == "" {
		c.Text = r.display(s.Field(3))
	}
	if kind := s.Field(6).Component(1); !kind.Empty() && !diagnosisTypes[kind.Text()] {
		r.report.Remark(kind.Position(), jsontree.UnknownValue, "expected A, W or F of HL7 table 0052; the diagnosis counts")
	}
	switch action := s.Field(21); r.text(action, mapping.ShortMax) {
	case "D":
		c.VerificationStatus = "entered-in-error"
	case "", "A", "U", "X":
	default:
		r.report.Fail(action.Position(), jsontree.UnknownValue, "expected A, D, U or X of HL7 table 0206")
	}
	if len(c.Codes) == 0 && c.Text == "" {
		r.report.Fail(s.Field(3).Position(), jsontree.Required, "expected the diagnosis, by code or in words")
		return
	}
	x.Conditions = append(x.Conditions, c)
}

// coverage reads the plan of IN1, by its code, else its company's.
func (r *reader) coverage(s *Segment, x *mapping.Referral) {
	payer := r.text(s.Field(2).Component(1), mapping.ShortMax)
	if payer == "" {
		payer = r.text(s.Field(3).Component(1), mapping.ShortMax)
	}
	switch {
	case payer == "":
	case len(x.Payers) == mapping.ListMax:
		r.report.Fail(s.Place(), jsontree.TooMany, "more than %d plans", mapping.ListMax)
	default:
		x.Payers = append(x.Payers, payer)
	}
}

// note adds a text of its own.
func (r *reader) note(x *mapping.Referral, v Value) {
	r.addNote(x, v, r.text(v, mapping.NoteMax), false)
}

// addNote keeps a text, or goes on with the last note. It reports whether there is a note now to go on with.
func (r *reader) addNote(x *mapping.Referral, v Value, text string, more bool) bool {
	n := len(x.Notes)
	switch {
	case text == "":
		return false
	case more && n > 0 && len(x.Notes[n-1])+len(text) > mapping.NoteMax:
		r.report.Fail(v.Position(), jsontree.TooLong, "a note of more than %d characters", mapping.NoteMax)
	case more && n > 0:
		x.Notes[n-1] += "\n" + text
	case n == mapping.NotesMax:
		r.report.Fail(v.Position(), jsontree.TooMany, "more than %d notes", mapping.NotesMax)
	default:
		x.Notes = append(x.Notes, text)
	}
	return true
}
