package roster_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/roster"
)

func (m *model) content(t *rapid.T, value string) *mapping.Referral {
	person := rapid.IntRange(1, 16).Draw(t, "person")
	r := &mapping.Referral{
		Identifier: mapping.Identifier{System: "https://orders.example", Value: value},
		Priority:   rapid.SampledFrom([]mapping.Priority{mapping.Routine, mapping.Urgent}).Draw(t, "priority"),
		Patient: mapping.Patient{
			Identifiers: []mapping.Identifier{{System: "https://ids.model.example/mpi", Value: fmt.Sprint("m", person)}},
			Name:        mapping.Name{Family: fmt.Sprint("Family", person), Given: []string{"Given"}},
			BirthDate:   fmt.Sprintf("19%02d-05-05", 40+person), Gender: "female",
		},
		Notes: []string{fmt.Sprint("version ", m.sent)},
	}
	m.sent++
	code := rapid.SampledFrom([]string{"J44.9", "G89.4"}).Draw(t, "code")
	r.Conditions = []mapping.Condition{{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: code}}}}
	if rapid.IntRange(0, 30).Draw(t, "risk") == 0 {
		r.Conditions = append(r.Conditions, mapping.Condition{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: "R45.851"}}})
	}
	return r
}

// refer sends a few referrals, more than there are seats.
func (m *model) refer(t *rapid.T) {
	for range rapid.IntRange(1, 6).Draw(t, "referrals") {
		m.now = m.now.Add(time.Duration(rapid.IntRange(1, 600).Draw(t, "seconds")) * time.Second)
		o := ordered{fmt.Sprint("o", len(m.referrals)+1), rapid.SampledFrom([]string{"north", "south"}).Draw(t, "source")}
		m.referrals = append(m.referrals, o)
		m.apply(t, &mapping.Event{Type: mapping.ReferralCreated, Source: o.source, Sent: m.now, Referral: m.content(t, o.value)}, nil)
	}
}

// pick is a referral sent before and a source that speaks of it: nearly always its own.
func (m *model) pick(t *rapid.T) ordered {
	if len(m.referrals) == 0 {
		m.refer(t)
	}
	o := rapid.SampledFrom(m.referrals).Draw(t, "referral")
	if rapid.IntRange(0, 9).Draw(t, "stranger") == 0 {
		o.source = "elsewhere"
	}
	return o
}

func (o ordered) target() mapping.Target {
	return mapping.Target{Identifier: mapping.Identifier{System: "https://orders.example", Value: o.value}}
}

func (m *model) update(t *rapid.T) {
	m.now = m.now.Add(time.Minute)
	o := m.pick(t)
	m.apply(t, &mapping.Event{Type: mapping.ReferralUpdated, Source: o.source, Sent: m.now, Referral: m.content(t, o.value)}, nil)
}

func (m *model) cancel(t *rapid.T) {
	o := m.pick(t)
	m.apply(t, &mapping.Event{Type: mapping.ReferralCancelled, Source: o.source, Target: o.target()}, nil)
}

func (m *model) release(t *rapid.T) {
	outcome := rapid.SampledFrom([]mapping.Status{mapping.Completed, mapping.DroppedOut, mapping.Closed}).Draw(t, "outcome")
	o := m.pick(t)
	m.apply(t, &mapping.Event{Type: mapping.SeatReleased, Source: o.source, Target: o.target(), Outcome: outcome}, nil)
}

// act reports something of a placement's life, nearly always of a referral that there is.
func (m *model) act(t *rapid.T) {
	m.now = m.now.Add(time.Minute)
	o := m.pick(t)
	e := &mapping.Event{Source: o.source, Target: o.target(), Sent: m.now, Actor: "sam"}
	e.Type = rapid.SampledFrom([]mapping.EventType{
		mapping.OfferAccepted, mapping.OfferAccepted, mapping.OfferDeclined, mapping.OfferDeclined, mapping.ContactAttempted, mapping.ParticipantEnrolled,
		mapping.ParticipantDroppedOut, mapping.ParticipantCompleted, mapping.ParticipantElsewhere, mapping.SessionAttended, mapping.SessionMissed,
		mapping.SessionNotHeld, mapping.CancelRequested, mapping.ReferralReassigned,
	}).Draw(t, "act")
	e.By = rapid.SampledFrom([]mapping.Answerer{"", mapping.ByLeader}).Draw(t, "by")
	e.Session = fmt.Sprintf("2026-12-%02d", rapid.IntRange(1, 5).Draw(t, "session"))
	e.Reached = rapid.IntRange(0, 3).Draw(t, "reached") == 0
	e.Owner = rapid.SampledFrom([]string{"north", "south", "nowhere"}).Draw(t, "owner")
	if e.Type == mapping.ParticipantEnrolled {
		e.Group = m.someGroup(t)
	}
	m.apply(t, e, nil)
}

// someGroup is none, one of the catalog, or one that it lacks.
func (m *model) someGroup(t *rapid.T) string {
	ids := []string{"", "gone"}
	for _, g := range m.offer.Catalog.Groups {
		ids = append(ids, g.ID)
	}
	return rapid.SampledFrom(ids).Draw(t, "group")
}

// desk is an act of a person, now and then one who may not.
func (m *model) desk(t *rapid.T) {
	m.now = m.now.Add(time.Minute)
	o := m.pick(t)
	e := &mapping.Event{Source: mapping.SourceDesk, Target: o.target(), Actor: "kim", Role: "nurse", Reason: "seen"}
	e.Type = rapid.SampledFrom([]mapping.EventType{
		mapping.ReviewApproved, mapping.ReviewApproved, mapping.ReviewRejected, mapping.ReviewInfoRequested, mapping.ReviewAssigned,
		mapping.ReviewSamePerson, mapping.ReviewDifferentPerson, mapping.ReviewOverridden, mapping.ReviewOverridden,
	}).Draw(t, "act")
	if rapid.IntRange(0, 9).Draw(t, "stranger") == 0 {
		e.Source = o.source
	}
	if rapid.Bool().Draw(t, "two") {
		e.Approver = mapping.Approver{Name: "lee", Role: rapid.SampledFrom([]string{"nurse", "physician"}).Draw(t, "role")}
	}
	if e.Type == mapping.ReviewApproved {
		e.Group = m.someGroup(t)
		e.Program = rapid.SampledFrom([]string{"", "", "pain", "copd-ed", "gone"}).Draw(t, "program")
	}
	e.Assignee = rapid.SampledFrom([]string{"ann", "bo"}).Draw(t, "assignee")
	e.Other = fmt.Sprint("p", rapid.IntRange(2, 12).Draw(t, "other"))
	rules := []string{roster.RuleSafetyReview, roster.RuleStop, roster.RulePossibleDuplicate, roster.RuleIdentityConflict, roster.RuleStaleCancel,
		roster.RuleCancelRequested, roster.RuleCall, roster.RuleDoubleSeat}
	e.Override = rapid.SliceOfNDistinct(rapid.SampledFrom(rules), 1, 2, rapid.ID).Draw(t, "override")
	m.apply(t, e, nil)
}

func (m *model) merge(t *rapid.T) {
	id := func(label string) []mapping.Identifier {
		return []mapping.Identifier{{System: "https://ids.model.example/mpi", Value: fmt.Sprint("m", rapid.IntRange(1, 16).Draw(t, label))}}
	}
	m.apply(t, &mapping.Event{Type: mapping.PatientMerged, Source: "north", Survivor: id("survivor"), Merged: id("merged")}, nil)
}

func (m *model) catalog(t *rapid.T) {
	offer := m.newCatalog(t, m.groups()+rapid.IntRange(0, 1).Draw(t, "more"))
	m.apply(t, &mapping.Event{Type: mapping.CatalogApplied, Source: mapping.SourceAdmin, Catalog: offer.Catalog.Hash}, offer)
}

func (m *model) groups() int { return len(m.offer.Catalog.Groups) / 3 }

// pass lets days go by, so that offers expire and drop-in places are handed over.
func (m *model) pass(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 10).Draw(t, "days")) * 24 * time.Hour)
	m.apply(t, &mapping.Event{Type: mapping.Clock, Source: mapping.SourceClock}, nil)
}

// rollback decides an event and takes it back: nothing may be left of it.
func (m *model) rollback(t *rapid.T) {
	before := m.digest(t, m.state)
	mark := m.state.Mark()
	e := &mapping.Event{Type: mapping.ReferralCreated, Source: "north", Sent: m.now, Referral: m.content(t, "lost")}
	m.state.Decide(roster.Turn{Input: mapping.Input{Network: "model", Source: "north", Sequence: m.sequence + 1}, Decoded: mapping.Decoded{Event: e}, Time: m.now.UnixMilli()}, m.offer)
	m.state.Rollback(mark)
	if m.digest(t, m.state) != before {
		t.Fatal("a rollback leaves something behind")
	}
	if !slices.Equal(m.state.LiveKeys(), m.folded.LiveKeys()) {
		t.Fatal("live referrals differ after a rollback")
	}
}
