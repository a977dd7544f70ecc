package roster_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// modelCatalog has two programs for different conditions, a few seats, an offer, and a drop-in group.
const modelCatalog = `
network: model
zone: America/New_York
validFrom: 2026-11-01
organization: {name: Model Network, identifier: {system: "http://hl7.org/fhir/sid/us-npi", value: "1000000004"}}
sources: [{name: north, production: true}, {name: south, production: true}]
assigners: [{system: "https://ids.model.example/mpi", sources: [north]}]
sites: [{id: hall, name: Hall, address: {city: Boston, state: MA, postalCode: "02118"}}]
leaders:
  - {id: lena, family: Lead, given: [Lena], type: professional, licences: [{title: LICSW, state: MA, to: 2030-12-31}]}
  - {id: lars, family: Lund, given: [Lars], type: professional, licences: [{title: LICSW, state: MA, to: 2030-12-31}]}
programs:
  - {id: copd-ed, name: Living with COPD, kind: education, conditions: [copd], goals: [skill-building], bridges: [copd-peers]}
  - {id: pain, name: Pain skills, kind: skills, conditions: [chronic_pain], goals: [coping-strategies], acceptance: offer}
  - {id: move, name: Moving well, kind: mind-body, conditions: [chronic_pain], goals: [coping-strategies], acceptance: both}
  - {id: copd-peers, name: COPD peers, kind: support, conditions: [copd], goals: [peer-support]}
groups:
%s
  - {id: copd-open, program: copd-peers, leader: lars, enrolment: open, mode: in-person, site: hall, sessions: {start: 2026-11-02, time: "19:00"}}
pairs: [{people: [{system: "https://ids.model.example/mpi", value: m1}, {system: "https://ids.model.example/mpi", value: m2}]}]
`

const modelGroup = `  - {id: %s, program: %s, leader: lena, seats: {min: 1, max: %d}, enrolment: rolling, mode: in-person, site: hall, sessions: {start: 2026-11-23, time: "17:00", count: 30}, cancelled: %v}
`

const modelCohort = `  - {id: %s, program: move, leader: %s, seats: {min: 2, max: 3, urgent: %d}, enrolment: closed, mode: in-person, site: hall, sessions: {start: 2026-12-%02d, time: "10:00", count: 8}, cancelled: %v}
`

// TestModel drives the roster with random events and holds it, after every step, against the invariants and against a
// second state folded from what was written.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		t.Repeat(map[string]func(*rapid.T){
			"":        m.check,
			"refer":   m.refer,
			"update":  m.update,
			"cancel":  m.cancel,
			"release": m.release,
			"act":     m.act,
			"desk":    m.desk,
			"pair":    m.pair,
			"merge":   m.merge,
			"catalog": m.catalog,
			"time":    m.pass,
			"crash":   m.rollback,
		})
	})
}

type model struct {
	state, folded *roster.State
	offer         *roster.Offering
	sequence      uint64
	now           time.Time
	sent          int
	referrals     []ordered
	catalogs      int
	head          [32]byte
	waiting       map[string]waitingPlace // by placement id
	pairs         [][2]string             // kept apart, by identifier
	together      map[[2]string]bool      // those of them who share a group
}

// ordered is a referral sent before.
type ordered struct{ value, source string }

// waitingPlace is the naive map of a waitlist.
type waitingPlace struct {
	key      string
	program  string
	priority mapping.Priority
	arrival  time.Time
}

func newModel(t *rapid.T) *model {
	m := &model{state: roster.New(), folded: roster.New(), now: time.Date(2026, 11, 9, 13, 0, 0, 0, time.UTC), waiting: map[string]waitingPlace{}, pairs: [][2]string{{"m1", "m2"}}}
	m.offer = m.newCatalog(t, 2)
	m.apply(t, &mapping.Event{Type: mapping.CatalogApplied, Source: mapping.SourceAdmin, Catalog: m.offer.Catalog.Hash}, m.offer)
	return m
}

func (m *model) newCatalog(t *rapid.T, groups int) *roster.Offering {
	var b strings.Builder
	for i := range groups {
		fmt.Fprintf(&b, modelGroup, fmt.Sprintf("copd-%d", i), "copd-ed", 1+i%3, m.seldom(t))
		fmt.Fprintf(&b, modelGroup, fmt.Sprintf("pain-%d", i), "pain", 1+(i+1)%3, m.seldom(t))
		fmt.Fprintf(&b, modelCohort, fmt.Sprintf("move-%d", i), rapid.SampledFrom([]string{"lena", "lars"}).Draw(t, "leader"),
			rapid.IntRange(0, 1).Draw(t, "urgent"), rapid.IntRange(1, 20).Draw(t, "start"), m.seldom(t))
	}
	cat, problems := program.Load([]byte(fmt.Sprintf(modelCatalog, b.String()) + fmt.Sprintf("# version %d\n", m.catalogs)))
	if err := problems.Err(); err != nil {
		t.Fatalf("catalog: %v", err)
	}
	m.catalogs++
	return roster.NewOffering(cat)
}

// seldom is true once in a while, never in the first catalog.
func (m *model) seldom(t *rapid.T) bool {
	return rapid.IntRange(0, 9).Draw(t, "seldom") == 9 && m.catalogs > 0
}

// apply decides an event, all its steps, and folds what each step wrote.
func (m *model) apply(t *rapid.T, e *mapping.Event, offer *roster.Offering) []mapping.Notice {
	m.sequence++
	turn := roster.Turn{
		Input:   mapping.Input{Network: "model", Source: e.Source, Sequence: m.sequence},
		Decoded: mapping.Decoded{Event: e, Target: e.Target}, Time: m.now.UnixMilli(), Offer: offer,
	}
	var notices []mapping.Notice
	for more := true; more; {
		before := m.state.Mark()
		m.once(t, turn)
		if rapid.IntRange(0, 4).Draw(t, "crash") == 0 {
			digest := m.digest(t, m.state)
			m.state.Rollback(before)
			m.once(t, turn)
			if m.digest(t, m.state) != digest {
				t.Fatal("deciding again after a rollback gives another state")
			}
			m.state.Rollback(before)
		} else {
			m.state.Rollback(before)
		}
		out := m.once(t, turn)
		m.state.Commit(m.state.Mark())
		if e.Type == mapping.CatalogApplied {
			m.offer = offer
		}
		m.fold(t, out)
		m.watch(t, out.Notices)
		m.watchPairs(t, e)
		notices = append(notices, out.Notices...)
		more = out.More
		if len(out.Notices) == 0 && len(out.Decisions) == 0 && out.Unchanged.Why == "" && !more && len(notices) == 0 {
			t.Fatal("an input is not accounted for")
		}
	}
	return notices
}

func (m *model) once(t *rapid.T, turn roster.Turn) roster.Outcome {
	return m.state.Decide(turn, m.offer)
}

func (m *model) fold(t *rapid.T, out roster.Outcome) {
	var stored []roster.Stored
	for _, d := range out.Decisions {
		data := d.Append(nil, []byte(`{}`))
		if want, err := d.Wire([]byte(`{}`)); err != nil || !bytes.Equal(data, want) {
			t.Fatalf("%v:\n got %s\nwant %s", err, data, want)
		}
		s, err := roster.DecodeDecision(data)
		if err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		stored = append(stored, s)
	}
	head := &roster.Head{Position: m.state.Position, Engine: roster.Engine, Catalog: m.state.Catalog, Changes: out.Changes}
	if out.Unchanged.Why != "" {
		head.Unchanged = []roster.Unchanged{out.Unchanged}
	}
	before := m.head
	data, err := head.Seal(before)
	if err != nil {
		t.Fatal(err)
	}
	again, err := roster.DecodeHead(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Follows(before); err != nil {
		t.Fatal(err)
	}
	m.head = again.Chain
	if err := m.folded.Fold(stored, again); err != nil {
		t.Fatal(err)
	}
}

func (m *model) digest(t *rapid.T, s *roster.State) [32]byte {
	d, err := s.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// watch keeps the naive waitlist and checks that nobody of equal urgency is overtaken.
func (m *model) watch(t *rapid.T, notices []mapping.Notice) {
	for _, n := range notices {
		if n.Status == mapping.Refused {
			continue
		}
		if slices.ContainsFunc(n.Reasons, func(r mapping.Reason) bool { return r.Code == roster.RulePromoted }) {
			promoted := m.waiting[n.Placement]
			for id, w := range m.waiting {
				if id != n.Placement && w.program == promoted.program && w.priority == promoted.priority && w.arrival.Before(promoted.arrival) && !m.refused(id, n.Group) && !m.alerted(id) && !m.inPair(id) && m.suits(id, n.Group) {
					t.Fatalf("%s was promoted in %s before %s, which waits longer", n.Placement, promoted.program, id)
				}
			}
		}
		if n.Status == mapping.Waitlisted {
			if _, ok := m.waiting[n.Placement]; !ok {
				m.waiting[n.Placement] = waitingPlace{n.Key, n.Program, m.mostUrgent(n.Placement), m.arrival(n.Placement)}
			}
		} else if n.Previous == mapping.Waitlisted && !m.stillWaits(n.Placement) {
			delete(m.waiting, n.Placement)
		}
	}
	// An update or a join may change program or urgency: read those from the state, as the naive map cannot know.
	for id, w := range m.waiting {
		if rec, pl := m.find(id); rec != nil && pl.Status == mapping.Waitlisted && len(rec.Alerts) == 0 {
			w.program, w.priority, w.arrival = pl.Program, m.mostUrgent(id), time.UnixMilli(pl.Arrival)
			m.waiting[id] = w
		} else {
			delete(m.waiting, id)
		}
	}
}

// arrival of a place, which somebody who lost a seat keeps.
func (m *model) arrival(id string) time.Time {
	if pl := m.place(id); pl != nil {
		return time.UnixMilli(pl.Arrival)
	}
	return m.now
}

// refused reports whether a group was offered to a place and not taken.
func (m *model) refused(id, group string) bool {
	pl := m.place(id)
	return pl != nil && pl.Past != nil && slices.Contains(pl.Past.Not, group)
}

// alerted reports whether a person is to look at a referral that has the place, which holds it back.
func (m *model) alerted(id string) bool {
	return slices.ContainsFunc(m.state.LiveKeys(), func(key uint64) bool {
		rec := m.state.Record(key)
		return len(rec.Alerts) > 0 && slices.ContainsFunc(rec.Placements, func(p roster.Placement) bool { return p.ID.String() == id })
	})
}

// suits reports whether a group takes who has a place: an update may ask for what nothing offers, and the place stays.
func (m *model) suits(id, group string) bool {
	for _, key := range m.state.LiveKeys() {
		rec := m.state.Record(key)
		if slices.ContainsFunc(rec.Placements, func(p roster.Placement) bool { return p.ID.String() == id }) &&
			!m.offer.Book.Suits(rec.Need, m.offer.Book.Group(group), m.now) {
			return false
		}
	}
	return true
}

// place of a live referral, whatever its status.
func (m *model) place(id string) *roster.Placement {
	for _, key := range m.state.LiveKeys() {
		rec := m.state.Record(key)
		for i := range rec.Placements {
			if rec.Placements[i].ID.String() == id {
				return &rec.Placements[i]
			}
		}
	}
	return nil
}

func (m *model) stillWaits(id string) bool { rec, _ := m.find(id); return rec != nil }

// find is a live referral that waits for a placement.
func (m *model) find(id string) (*roster.Record, *roster.Placement) {
	for _, key := range m.state.LiveKeys() {
		rec := m.state.Record(key)
		for i := range rec.Placements {
			if rec.Placements[i].ID.String() == id && rec.Placements[i].Status == mapping.Waitlisted {
				return rec, &rec.Placements[i]
			}
		}
	}
	return nil, nil
}

// mostUrgent of the referrals that share a place.
func (m *model) mostUrgent(id string) mapping.Priority {
	most := mapping.Routine
	for _, key := range m.state.LiveKeys() {
		rec := m.state.Record(key)
		if slices.ContainsFunc(rec.Placements, func(p roster.Placement) bool { return p.ID.String() == id && !p.Status.Final() }) && rec.Priority == mapping.Urgent {
			most = mapping.Urgent
		}
	}
	return most
}

func (m *model) check(t *rapid.T) {
	if m.digest(t, m.state) != m.digest(t, m.folded) {
		t.Fatalf("the folded state differs from the decided one: %s", cmp.Diff(roster.Dump(m.folded), roster.Dump(m.state)))
	}
	limits := map[string]int{}
	for _, g := range m.offer.Catalog.Groups {
		limits[g.ID] = g.Seats.Max
	}
	max := func(group string) int { return limits[group] }
	if faults := m.state.Check(m.state.LiveKeys(), max); len(faults) > 0 {
		t.Fatal(faults)
	}
	m.checkSeats(t)
}

// checkSeats counts the seats anew, each patient once a group.
func (m *model) checkSeats(t *rapid.T) {
	type seat struct {
		patient uint64
		group   string
	}
	seats := map[seat]bool{}
	for _, key := range m.state.LiveKeys() {
		rec := m.state.Record(key)
		for _, pl := range rec.Placements {
			if pl.Seat {
				seats[seat{rec.Patient, pl.Group}] = true
			}
		}
	}
	count := map[string]int{}
	for s := range seats {
		count[s.group]++
	}
	for _, g := range m.offer.Catalog.Groups {
		if got := m.state.Taken(g.ID); got != count[g.ID] {
			t.Fatalf("group %s: %d seats counted, %d held", g.ID, got, count[g.ID])
		}
	}
}

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
