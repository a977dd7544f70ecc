package roster_test

import (
	"bytes"
	"fmt"
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

const modelCohort = `  - {id: %s, program: move, leader: %s, seats: {min: 2, max: 3, urgent: %d}, enrolment: closed, mode: in-person, site: hall, sessions: {start: %s, %stime: "10:00", count: 8}, cancelled: %v}
`

// cohort writes one that begins on a day and, where that is not empty, names a second start.
func cohort(id, leader string, urgent int, start, second string, cancelled bool) string {
	if second != "" {
		second = "second: " + second + ", "
	}
	return fmt.Sprintf(modelCohort, id, leader, urgent, start, second, cancelled)
}

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
	postponed     map[string]string       // the start that Convene gave a group, by its id
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
	m := &model{state: roster.New(), folded: roster.New(), now: time.Date(2026, 11, 9, 13, 0, 0, 0, time.UTC), waiting: map[string]waitingPlace{}, pairs: [][2]string{{"m1", "m2"}}, postponed: map[string]string{}}
	m.offer = m.newCatalog(t, 2)
	m.apply(t, &mapping.Event{Type: mapping.CatalogApplied, Source: mapping.SourceAdmin, Catalog: m.offer.Catalog.Hash}, m.offer)
	return m
}

func (m *model) newCatalog(t *rapid.T, groups int) *roster.Offering {
	var b strings.Builder
	for i := range groups {
		b.WriteString(m.oneSession(t, fmt.Sprintf(modelGroup, fmt.Sprintf("copd-%d", i), "copd-ed", 1+i%3, m.seldom(t))))
		b.WriteString(m.oneSession(t, fmt.Sprintf(modelGroup, fmt.Sprintf("pain-%d", i), "pain", 1+(i+1)%3, m.seldom(t))))
		b.WriteString(cohort(fmt.Sprintf("move-%d", i), rapid.SampledFrom([]string{"lena", "lars"}).Draw(t, "leader"),
			rapid.IntRange(0, 1).Draw(t, "urgent"), rapid.SampledFrom([]string{"2026-11-17", "2026-11-18", "2026-11-24", "2026-12-02", "2026-12-20"}).Draw(t, "start"),
			rapid.SampledFrom([]string{"", "", "2026-12-26", "2027-01-09"}).Draw(t, "second"), m.seldom(t)))
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
		m.follow(t, out)
		m.fold(t, out)
		m.watch(t, out.Notices)
		m.watchSessions(t, out.Notices)
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
	m.checkPostponed(t)
	m.checkFirst(t)
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
