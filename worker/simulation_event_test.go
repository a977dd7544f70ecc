package worker

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// people is what the senders of a seed know.
type people struct {
	orders  map[string]*order
	outbox  map[string][]letter // by source: written, not yet sent
	sent    []letter
	written int
}

// order is one referral as its source keeps it.
type order struct {
	value, source string
	person        int
}

// letter is a message on its way.
type letter struct {
	source string
	data   []byte
}

const orderSystem = "https://orders.example"

func (o *order) target() mapping.Target {
	return mapping.Target{Identifier: mapping.Identifier{System: orderSystem, Value: o.value}}
}

// send writes a message into its source's outbox.
func (w *world) send(e *mapping.Event) {
	w.written++
	e.ID = fmt.Sprint("e", w.written)
	data, err := event.Encode(e)
	if err != nil {
		w.fault("%v", err)
		return
	}
	w.outbox[e.Source] = append(w.outbox[e.Source], letter{e.Source, data})
}

// deliver stores what some sources have written, each in its own order, all in any order. Some is left for later.
func (w *world) deliver() {
	for len(w.reads) == 0 || !w.once(3) {
		var waiting []string
		for _, source := range []string{"brook", "orchard", mapping.SourceAdmin, mapping.SourceDesk} {
			if len(w.outbox[source]) > 0 {
				waiting = append(waiting, source)
			}
		}
		if len(waiting) == 0 {
			return
		}
		source := waiting[w.rng.IntN(len(waiting))]
		l := w.outbox[source][0]
		w.outbox[source] = w.outbox[source][1:]
		w.sent = append(w.sent, l)
		w.store(l.source, l.data)
		for w.once(12) {
			w.store(l.source, l.data)
		}
	}
}

// resend sends something old again, now and then as another source, or cut short.
func (w *world) resend() {
	if len(w.sent) == 0 {
		return
	}
	l := w.sent[w.rng.IntN(len(w.sent))]
	switch w.rng.IntN(8) {
	case 0:
		l.source = "brook"
	case 1:
		l.data = l.data[:w.rng.IntN(len(l.data))]
	}
	w.store(l.source, l.data)
}

// compose is the next thing that somebody says.
func (w *world) compose() *mapping.Event {
	switch n := w.rng.IntN(100); {
	case n < 34 || len(w.orders) == 0:
		return w.refer()
	case n < 44:
		return w.update()
	case n < 49:
		o := w.pick()
		return &mapping.Event{Type: mapping.ReferralCancelled, Source: o.source, Target: o.target(), Sent: w.late()}
	case n < 52:
		o := w.pick()
		return &mapping.Event{Type: mapping.SeatReleased, Source: o.source, Target: o.target(), Outcome: one(w.rng, mapping.Completed, mapping.DroppedOut, mapping.Closed)}
	case n < 75:
		return w.life()
	case n < 88:
		return w.desk()
	case n < 89:
		e := &mapping.Event{Type: one(w.rng, mapping.PairAdded, mapping.PairAdded, mapping.PairEnded), Source: mapping.SourceDesk, Actor: "kim", Reason: "told"}
		for range 2 { // six people, so that they meet
			e.People = append(e.People, mapping.Person{Identifier: w.number(5 + w.rng.IntN(6))})
		}
		return e
	case n < 92:
		return &mapping.Event{Type: mapping.PatientMerged, Source: "orchard", Survivor: w.index(), Merged: w.index()}
	case n < 94:
		p := w.patient(w.rng.IntN(persons))
		p.Address.PostalCode = "01003"
		p.Deceased = w.once(6)
		return &mapping.Event{Type: mapping.PatientUpdated, Source: one(w.rng, "orchard", "brook"), Patient: &p, Sent: w.late()}
	case n < 96 && len(w.reads) > 0:
		return &mapping.Event{Type: mapping.ReferralErased, Source: mapping.SourceAdmin, Actor: "kim", Target: mapping.Target{Key: fmt.Sprint("r", 1+w.rng.IntN(len(w.reads)))}}
	}
	data := w.catalogs.add(w.rng, 1+w.rng.IntN(3))
	return &mapping.Event{Type: mapping.CatalogApplied, Source: mapping.SourceAdmin, Catalog: CatalogHash(data)}
}

// one of some values.
func one[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

// late is a sender's time: now, or a while ago.
func (w *world) late() time.Time {
	if w.once(5) {
		return w.now.Add(-time.Duration(w.rng.IntN(300)) * time.Minute)
	}
	return w.now
}

// pick is an order sent before and who speaks of it: nearly always its own source.
func (w *world) pick() order {
	o := *w.orders[fmt.Sprint("o", 1+w.rng.IntN(len(w.orders)))]
	if w.once(12) {
		o.source = one(w.rng, "orchard", "brook")
	}
	return o
}

// persons is how many people there are: few, so that they meet.
const persons = 18

// number of a person in the town's index; index is somebody's.
func (w *world) number(person int) mapping.Identifier {
	return mapping.Identifier{System: personSystem, Value: fmt.Sprint("P-", person)}
}

func (w *world) index() []mapping.Identifier {
	return []mapping.Identifier{w.number(w.rng.IntN(persons))}
}

const personSystem = "https://ids.meadow.example/person"

func (w *world) patient(person int) mapping.Patient {
	id := w.number(person)
	if w.once(8) { // a record that nothing links to the others: only name and birth date are the same
		id = mapping.Identifier{System: "https://brook.example/mrn", Value: fmt.Sprint("B-", person)}
	}
	return mapping.Patient{
		Identifiers: []mapping.Identifier{id}, Name: mapping.Name{Family: fmt.Sprint("Testfamily", person), Given: []string{"Pat"}},
		BirthDate: fmt.Sprintf("19%02d-05-05", 40+person), Gender: "female", Address: mapping.Address{State: "MA", PostalCode: "01002"},
	}
}

func (w *world) refer() *mapping.Event {
	o := &order{fmt.Sprint("o", len(w.orders)+1), one(w.rng, "orchard", "brook"), w.rng.IntN(persons)}
	w.orders[o.value] = o
	return &mapping.Event{Type: mapping.ReferralCreated, Source: o.source, Sent: w.late(), Referral: w.content(*o)}
}

func (w *world) update() *mapping.Event {
	o := w.pick()
	if w.once(12) { // about somebody else
		o.person = w.rng.IntN(persons)
	}
	return &mapping.Event{Type: mapping.ReferralUpdated, Source: o.source, Sent: w.late(), Referral: w.content(o)}
}

// stopCodes are risks that no machine places.
var stopCodes = []string{"R45.851", "T14.91XA", "R45.850"}

func (w *world) content(o order) *mapping.Referral {
	coded := func(code string) mapping.Condition {
		return mapping.Condition{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: code}}}
	}
	r := &mapping.Referral{
		Identifier: o.target().Identifier, Patient: w.patient(o.person), Notes: []string{fmt.Sprint("version ", w.written)},
		Priority:   one(w.rng, mapping.Routine, mapping.Routine, mapping.Urgent, mapping.Stat),
		Conditions: []mapping.Condition{coded(one(w.rng, "J44.9", "J44.9", "G89.4", "G89.4", "F41.1"))},
	}
	if w.once(4) {
		r.Conditions = append(r.Conditions, coded(one(w.rng, "J44.9", "G89.4", "F41.1")))
	}
	switch w.rng.IntN(24) {
	case 0, 1:
		r.Conditions = append(r.Conditions, coded(one(w.rng, stopCodes...)))
	case 2:
		r.Conditions = append(r.Conditions, coded("R45.88")) // for a person to look at
	case 3:
		r.Patient.BirthDate = ""
	case 4:
		r.Patient.Deceased = true
	case 5, 6:
		r.Programs = []string{"pain", "breathing"}
	case 7:
		r.Programs = []string{one(w.rng, "pain", "calm", "peers", "gone")}
	case 8:
		r.Goals = []string{"peer-support"}
	}
	return r
}

// life is something that becomes of a placement.
func (w *world) life() *mapping.Event {
	o := w.pick()
	e := &mapping.Event{Source: o.source, Target: o.target(), Sent: w.late(), Actor: "sam"}
	e.Type = one(w.rng, mapping.OfferAccepted, mapping.OfferAccepted, mapping.OfferDeclined, mapping.OfferDeclined, mapping.ContactAttempted,
		mapping.ParticipantEnrolled, mapping.ParticipantDroppedOut, mapping.ParticipantCompleted, mapping.ParticipantElsewhere, mapping.SessionAttended,
		mapping.SessionMissed, mapping.SessionNotHeld, mapping.CancelRequested, mapping.ReferralReassigned)
	switch e.Type {
	case mapping.OfferAccepted, mapping.OfferDeclined:
		e.By = one(w.rng, mapping.ByPatient, mapping.ByLeader)
	case mapping.ContactAttempted:
		e.Reached = w.once(4)
	case mapping.ParticipantEnrolled:
		e.Group = w.group()
	case mapping.SessionAttended, mapping.SessionMissed, mapping.SessionNotHeld:
		e.Session = fmt.Sprintf("2026-12-%02d", 1+w.rng.IntN(5))
	case mapping.ReferralReassigned:
		e.Owner = one(w.rng, "orchard", "brook", "nowhere")
	}
	return e
}

// group is none, one of the catalogs', or one that none has.
func (w *world) group() string {
	return one(w.rng, "", "", "breathing-0", "breathing-1", "pain-0", "pain-1", "calm-0", "calm-1", "move-0", "gone")
}

// desk is an act of a person, now and then of one who may not.
func (w *world) desk() *mapping.Event {
	o := w.pick()
	e := &mapping.Event{Source: mapping.SourceDesk, Target: o.target(), Actor: "kim", Role: "nurse", Reason: "seen"}
	e.Type = one(w.rng, mapping.ReviewApproved, mapping.ReviewApproved, mapping.ReviewRejected, mapping.ReviewInfoRequested, mapping.ReviewAssigned,
		mapping.ReviewSamePerson, mapping.ReviewDifferentPerson, mapping.ReviewOverridden, mapping.ReviewOverridden)
	if w.once(12) {
		e.Source = o.source
	}
	if w.once(2) {
		e.Approver = mapping.Approver{Name: "lee", Role: one(w.rng, "nurse", "psychiatrist", "psychiatrist")}
	}
	switch e.Type {
	case mapping.ReviewApproved:
		e.Group, e.Program = w.group(), one(w.rng, "", "", "pain", "breathing", "gone")
		e.Override = w.rules(2)
	case mapping.ReviewAssigned:
		e.Assignee = one(w.rng, "ann", "bo")
	case mapping.ReviewSamePerson:
		e.Other = fmt.Sprint("p", 1+w.rng.IntN(max(1, len(w.reads))))
	case mapping.ReviewOverridden:
		e.Override = append(w.rules(1), roster.RuleStop)[w.rng.IntN(2):][:1]
	}
	return e
}

// rules that a person sets aside, at most n.
func (w *world) rules(n int) []string {
	all := []string{roster.RuleSafetyReview, roster.RuleStop, roster.RulePossibleDuplicate, roster.RuleIdentityConflict, roster.RuleStaleCancel,
		roster.RuleCancelRequested, roster.RuleCall, roster.RuleDoubleSeat, "suicide_acute", "times", "overlap"}
	w.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return slices.Clone(all[:n])
}

// catalogs of one network, in the order in which they were written.
type catalogs struct {
	data   [][]byte
	loaded map[string]*program.Catalog
	books  map[string]*engine.Book
}

func newCatalogs() *catalogs {
	return &catalogs{loaded: map[string]*program.Catalog{}, books: map[string]*engine.Book{}}
}

func (c *catalogs) first() []byte { return c.data[0] }

func (c *catalogs) book(hash string) *engine.Book { return c.books[hash] }

// named is the catalog that an event puts in force, or nil.
func (c *catalogs) named(data []byte) []byte {
	for _, yaml := range c.data {
		if bytes.Contains(data, []byte(CatalogHash(yaml))) {
			return yaml
		}
	}
	return nil
}

const simulatedCatalog = `network: meadow
zone: America/New_York
validFrom: 2026-11-01
organization: {name: Meadow Health, identifier: {system: "http://hl7.org/fhir/sid/us-npi", value: "1100000029"}}
sources: [{name: orchard, production: true}, {name: brook, production: true}]
assigners:
  - {system: "https://ids.meadow.example/person", sources: [orchard]}
  - {system: "https://brook.example/mrn", sources: [brook]}
pairs:
  - {people: [{system: "https://ids.meadow.example/person", value: P-1}, {system: "https://ids.meadow.example/person", value: P-2}]}
  - {people: [{system: "https://ids.meadow.example/person", value: P-3}, {system: "https://ids.meadow.example/person", value: P-4}]}
sites: [{id: barn, name: The Barn, address: {city: Amherst, state: MA, postalCode: "01002"}}]
leaders:
  - {id: linnea, family: Lindgren, given: [Linnea], type: professional, licences: [{title: LICSW, state: MA, to: 2030-12-31}]}
  - {id: lars, family: Lund, given: [Lars], type: professional, licences: [{title: LICSW, state: MA, to: 2030-12-31}]}
programs:
  - {id: breathing, name: Breathing better, kind: education, conditions: [copd], goals: [skill-building]}
  - {id: peers, name: Peers, kind: support, conditions: [copd], goals: [peer-support]}
  - {id: pain, name: Living with pain, kind: skills, conditions: [chronic_pain], goals: [coping-strategies], acceptance: offer}
  - {id: move, name: Moving well, kind: mind-body, conditions: [chronic_pain], goals: [coping-strategies], acceptance: both}
  - {id: calm, name: Calm, kind: skills, licensed: true, conditions: [anxiety], goals: [coping-strategies], acceptance: leader}
groups:
  - {id: peers-0, program: peers, leader: linnea, mode: in-person, site: barn, sessions: {start: 2026-01-13, time: "19:00"}}
`

// add writes another catalog, with n groups of each program: of other sizes, leaders and dates, some cancelled. From the
// second on, any group may be gone.
func (c *catalogs) add(rng *rand.Rand, n int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# version %d\n%s", len(c.data)+1, simulatedCatalog)
	seldom := func() bool { return len(c.data) > 0 && rng.IntN(9) == 0 }
	for i := range n {
		for _, p := range []string{"breathing", "pain", "calm"} {
			if !seldom() {
				fmt.Fprintf(&b, "  - {id: %s-%d, program: %s, leader: %s, seats: {min: 1, max: %d}, enrolment: rolling, mode: in-person, site: barn, sessions: {start: 2026-11-%d, time: \"17:00\", count: 30}, cancelled: %v}\n",
					p, i, p, one(rng, "linnea", "lars"), 1+rng.IntN(2), 23+rng.IntN(3), seldom())
			}
		}
		if !seldom() {
			fmt.Fprintf(&b, "  - {id: move-%d, program: move, leader: %s, seats: {min: 2, max: 3, urgent: %d}, enrolment: closed, mode: in-person, site: barn, sessions: {start: 2026-12-%02d, %stime: \"10:00\", count: 8}, cancelled: %v}\n",
				i, one(rng, "linnea", "lars"), rng.IntN(2), 1+rng.IntN(20), one(rng, "", "", "second: 2026-12-24, ", "second: 2027-01-09, "), seldom())
		}
	}
	data := []byte(b.String())
	cat, problems := program.Load(data)
	if err := problems.Err(); err != nil {
		panic(err)
	}
	book, issues := engine.Compile(simulated, data)
	if issues != nil {
		panic(issues)
	}
	c.data, c.loaded[cat.Hash], c.books[cat.Hash] = append(c.data, data), cat, book
	return data
}
