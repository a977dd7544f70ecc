package generate

import (
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
)

// created sends the draft as a new referral and returns the sender's time.
func (g *generator) created(d *draft) time.Time {
	return g.send(d.source, d.at, mapping.Event{Type: mapping.ReferralCreated, Referral: copied(d)})
}

// change sends the draft as it now stands, as an update.
func (g *generator) change(d *draft, at int64) time.Time {
	return g.send(d.source, at, mapping.Event{Type: mapping.ReferralUpdated, Referral: copied(d)})
}

// copied is the referral as it stands; the draft may change afterwards.
func copied(d *draft) *mapping.Referral {
	r := d.referral
	r.Conditions = slices.Clone(r.Conditions)
	r.Goals, r.Notes, r.Observations = slices.Clone(r.Goals), slices.Clone(r.Notes), slices.Clone(r.Observations)
	return &r
}

func (g *generator) cancel(s *source, at int64, target mapping.Identifier) {
	target.Type = ""
	g.send(s, at, mapping.Event{Type: mapping.ReferralCancelled, Target: mapping.Target{Identifier: target}, Reason: one(g.rand, cancelReasons)})
}

var cancelReasons = []string{
	"Patient changed their mind.", "Moved away.", "Found a group closer to home.", "Referred in error.",
	"Starts individual treatment instead.", "Work hours do not allow it.",
}

// second is another referral by another source, at a later time.
func (g *generator) second(d *draft, s *source) *draft { return g.newDraft(s, g.later(d.at, 5, 60)) }

// twice: the same person, referred for the same reason by another EHR that shares a number with the first.
func (g *generator) twice(d *draft) {
	d.person.shared = true
	d.referral.Patient = g.as(d.person, d.source)
	g.created(d)
	other := d.source.sharing()
	e := g.second(d, other)
	e.person, e.problems = d.person, d.problems
	e.referral.Patient = g.as(d.person, other)
	e.referral.Conditions, e.referral.Observations = d.referral.Conditions, d.referral.Observations
	e.referral.Goals, e.referral.Programs = d.referral.Goals, d.referral.Programs
	g.created(e)
}

// sameNumber: the neighbour's next patient happens to have the number of this one.
func (g *generator) sameNumber(d *draft) {
	d.person.shared = false
	d.referral.Patient = g.as(d.person, d.source)
	g.created(d)
	s := d.source.neighbour()
	e := g.second(d, s)
	g.sampled(e)
	e.person.shared = false
	e.person.numbers[s.own] = mapping.Identifier{System: s.own, Value: d.person.numbers[d.source.own].Value, Type: "MR"}
	e.referral.Patient = g.as(e.person, s)
	g.created(e)
}

// namesake: name and birth date alone never make two people one.
func (g *generator) namesake(d *draft) {
	d.person.shared = false
	d.referral.Patient = g.as(d.person, d.source)
	g.created(d)
	e := g.second(d, d.source.neighbour())
	g.sampled(e)
	e.person.shared = false
	e.person.patient.Name, e.person.patient.BirthDate = d.person.patient.Name, d.person.patient.BirthDate
	e.referral.Patient = g.as(e.person, e.source)
	g.created(e)
}

// merged: one EHR registered a person twice, under a nickname, and finds out.
func (g *generator) merged(d *draft) {
	d.person.shared = false
	d.referral.Patient = g.as(d.person, d.source)
	g.created(d)
	e := g.second(d, d.source)
	twin := &person{age: d.person.age, patient: d.person.patient, numbers: map[string]mapping.Identifier{}}
	twin.patient.Name.Given = []string{d.person.patient.Name.Given[0][:3]}
	g.about(e, twin, d.problems)
	g.created(e)
	g.send(d.source, g.later(e.at, 10, 70), mapping.Event{
		Type:     mapping.PatientMerged,
		Survivor: []mapping.Identifier{g.numberOf(d.person, d.source)},
		Merged:   []mapping.Identifier{g.numberOf(twin, d.source)},
		Reason:   "Registered twice at the front desk.",
	})
}

// mistaken: the update carries the order's number but somebody else's name, birth date and numbers.
func (g *generator) mistaken(d *draft) {
	g.created(d)
	d.referral.Patient = g.as(g.newPerson(d.source.net, kindOfPerson{from: 18, to: 79}), d.source)
	g.change(d, g.later(d.at, 10, 80))
}

func (g *generator) cancelled(d *draft) {
	g.created(d)
	g.cancel(d.source, g.later(d.at, 55, 98), d.referral.Identifier)
}

func (g *generator) notOwner(d *draft) {
	g.created(d)
	g.cancel(d.source.neighbour(), g.later(d.at, 5, 80), d.referral.Identifier)
}

// garbledCancel: what cannot be read changes no status.
func (g *generator) garbledCancel(d *draft) {
	g.created(d)
	g.cancel(d.source, g.later(d.at, 20, 90), d.referral.Identifier)
	g.spoil(spoilers[g.turn("garbled-cancel")%2])
}

// foretold: the cancel overtakes the order on its way.
func (g *generator) foretold(d *draft) {
	late := g.later(d.at, 1, 5)
	ordered := g.calendar.at(d.at).Add(-time.Minute)
	g.cancel(d.source, d.at, d.referral.Identifier)
	g.send(d.source, late, mapping.Event{Type: mapping.ReferralCreated, Referral: copied(d), Sent: ordered})
}

// updated: the referrer learns more, or the patient's wishes change.
func (g *generator) updated(d *draft) {
	g.created(d)
	g.amend(d)
	g.change(d, g.later(d.at, 5, 90))
}

// amend changes something of a draft, in turn.
func (g *generator) amend(d *draft) {
	switch r := &d.referral; g.turn("amend") % 6 {
	case 0:
		r.Priority = mapping.Urgent
	case 1:
		r.Preferences.Mode = "telehealth"
	case 2:
		r.Patient.Phone = phone(g.rand, "508")
	case 3:
		r.Preferences.Times = []string{"weekday-evening", "weekend"}
	case 4:
		g.diagnose(d, tables().problems["insomnia"])
	case 5:
		r.Goals = []string{"peer-support"}
	}
	if r := &d.referral; len(r.Notes) < 3 {
		r.Notes = append(r.Notes, "Updated after the patient's call.")
	}
}

// worsened: a danger comes to light when the person has a seat, or waits.
func (g *generator) worsened(d *draft) {
	g.created(d)
	risks[g.turn("worsened")%4](&d.referral)
	g.change(d, g.later(d.at, 20, 90))
}

func (g *generator) died(d *draft) {
	g.created(d)
	d.referral.Patient.Deceased = true
	g.change(d, g.later(d.at, 30, 90))
}

// released: the group's leader tells the EHR how it ended.
func (g *generator) released(d *draft) {
	g.created(d)
	outcome := []mapping.Status{mapping.Closed, mapping.DroppedOut, mapping.Completed}[g.turn("released")%3]
	reason := map[mapping.Status]string{mapping.Closed: "Could not be reached.", mapping.DroppedOut: "Left after the first meeting.", mapping.Completed: "Needs met."}[outcome]
	id := d.referral.Identifier
	id.Type = ""
	g.send(d.source, g.later(d.at, 30, 95), mapping.Event{Type: mapping.SeatReleased, Target: mapping.Target{Identifier: id}, Outcome: outcome, Reason: reason})
}

// resent: the sender was not sure and sends again, the very bytes or the same content in a new envelope.
func (g *generator) resent(d *draft) {
	sent := g.created(d)
	at := g.later(d.at, 0, 30)
	if g.turn("resent")%2 == 0 {
		g.again(g.last(), at)
		return
	}
	g.send(d.source, at, mapping.Event{Type: mapping.ReferralCreated, Referral: copied(d), Sent: sent})
}

// stale: after the update a queue somewhere delivers the first version again.
func (g *generator) stale(d *draft) {
	g.created(d)
	first := g.last()
	g.amend(d)
	at := g.later(d.at, 5, 60)
	g.change(d, at)
	g.again(first, g.later(at, 5, 60))
}
