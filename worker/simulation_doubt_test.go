package worker

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/convene-health/convene/mapping"
)

// scene is a small world without chance or mishap, in which each message does what it says.
func scene(t *testing.T) *world {
	w := newWorld(1, t.TempDir())
	w.reads, w.outbox, w.sent, w.orders = nil, map[string][]letter{}, nil, map[string]*order{}
	w.catalogs.data = w.catalogs.data[:0]
	w.catalogs.add(rand.New(rand.NewPCG(4, 4)), 1) // one group a program
	w.ledger, w.witness = newMemory(simulated), newWitness(w.catalogs, w.input)
	w.hosts = w.hosts[:1]
	w.open(w.hosts[0])
	return w
}

// say stores a message and decides it.
func (w *world) say(t *testing.T, e *mapping.Event) {
	t.Helper()
	w.send(e)
	l := w.outbox[e.Source][0]
	w.outbox[e.Source] = nil
	w.store(l.source, l.data)
	h := w.hosts[0]
	w.feed(h, 1)
	for h.fold.state.Position.Input < uint64(len(w.reads)) || h.fold.state.Position.More {
		if err := h.decide(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := h.land(); err != nil {
			t.Fatal(err)
		}
		w.feed(h, 1)
	}
}

// asks is a referral of a person of their own for a condition, with more codes.
func (w *world) asks(person int, codes ...string) *mapping.Event {
	o := order{value: fmt.Sprint("x", person), source: "orchard", person: person}
	r := &mapping.Referral{Identifier: o.target().Identifier, Patient: mapping.Patient{
		Identifiers: []mapping.Identifier{{System: "https://ids.meadow.example/person", Value: fmt.Sprint("P-", person)}},
		Name:        mapping.Name{Family: fmt.Sprint("Testfamily", person), Given: []string{"Pat"}}, BirthDate: "1961-05-05",
		Address: mapping.Address{State: "MA", PostalCode: "01002"},
	}}
	for _, c := range codes {
		r.Conditions = append(r.Conditions, mapping.Condition{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: c}}})
	}
	return &mapping.Event{Type: mapping.ReferralCreated, Source: "orchard", Sent: w.now, Referral: r}
}

// TestWitnessNotices shows that each of the witness's checks can fail: a sound ledger is told otherwise than it was decided.
func TestWitnessNotices(t *testing.T) {
	pain := func(w *world, t *testing.T) { w.say(t, w.asks(1, "G89.4")) }
	accepted := func(w *world, t *testing.T) {
		pain(w, t)
		w.say(t, &mapping.Event{Type: mapping.OfferAccepted, Source: "orchard", Target: (&order{value: "x1"}).target()})
	}
	cases := map[string]struct {
		play func(*world, *testing.T)
		lie  func(*world)
		want string
	}{
		"a status that was not told before": {accepted, swap(`"previousStatus":"offered"`, `"previousStatus":"waitlisted"`), `it was told "offered"`},
		"a change that the table lacks":     {accepted, swap(`"status":"placed"`, `"status":"needs-info"`), "it may not go from offered to needs-info"},
		"a confirmation twice":              {accepted, swap(`"id":"meadow-2-1"`, `"id":"meadow-1-1"`), "is published twice"},
		"a status after the end": {func(w *world, t *testing.T) {
			accepted(w, t)
			w.say(t, &mapping.Event{Type: mapping.ReferralCancelled, Source: "orchard", Target: (&order{value: "x1"}).target()})
			w.say(t, w.asks(2, "G89.4"))
		}, swap(`"status":"placed","previousStatus":"offered"`, `"status":"cancelled","previousStatus":"offered"`), "it was told"},
		"an offer that becomes another": {func(w *world, t *testing.T) {
			pain(w, t)
			w.say(t, &mapping.Event{Type: mapping.ContactAttempted, Source: "orchard", Target: (&order{value: "x1"}).target(), Sent: w.now})
		}, swapIn(2, `"group":{"id":"pain-0"`, `"group":{"id":"calm-0"`), "an offer became another without an end"},
		"an offer that outlives its end": {func(w *world, t *testing.T) {
			pain(w, t)
			w.now = w.now.Add(30 * 24 * time.Hour)
			w.say(t, w.asks(2, "J44.9"))
		}, drop(func(s Stored) bool {
			return bytes.Contains(s.Data, []byte(`"id":"meadow-2-`)) && bytes.Contains(s.Data, []byte(`"key":"r1"`))
		}), "the offer outlived its end"},
		"more seats than there are": {func(w *world, t *testing.T) {
			for p := range 6 {
				w.say(t, w.asks(p+1, "F41.1"))
			}
		}, swap(`"status":"waitlisted"`, `"status":"offered","expires":"2027-01-01T00:00:00Z","group":{"id":"calm-0"}`), "are held"},
		"two seats of one patient": {func(w *world, t *testing.T) {
			w.say(t, w.asks(1, "J44.9"))
			e := w.asks(1, "J44.9")
			e.Referral.Identifier.Value = "x2"
			w.say(t, e)
		}, swapIn(2, `"placement":{"id":"r1-1"`, `"placement":{"id":"r2-1"`), "places, and no alert says so"},
		"a seat in spite of a STOP": {func(w *world, t *testing.T) {
			w.say(t, w.asks(1, "J44.9", "R45.851"))
			e := w.asks(1, "J44.9")
			e.Referral.Identifier.Value = "x2"
			w.say(t, e)
		}, swapIn(2, `"status":"review"`, `"status":"placed","group":{"id":"breathing-0"}`), "although R45.851 holds and nobody set it aside"},
		"a STOP that one person set aside": {func(w *world, t *testing.T) {
			w.say(t, w.asks(1, "J44.9", "R45.851"))
			w.say(t, &mapping.Event{Type: mapping.ReviewApproved, Source: mapping.SourceDesk, Actor: "kim", Role: "nurse", Reason: "seen", Target: (&order{value: "x1"}).target(),
				Approver: mapping.Approver{Name: "lee", Role: "psychiatrist"}})
		}, func(w *world) { w.reads[1].Event.Approver = mapping.Approver{} }, "although R45.851 holds and nobody set it aside"},
		"two who must not meet": {func(w *world, t *testing.T) {
			w.say(t, w.asks(1, "G89.4"))
			w.say(t, w.asks(2, "G89.4"))
		}, swapIn(2, `"group":{"id":"move-0"`, `"group":{"id":"pain-0"`), "whom they must not meet"},
		"an input left out": {func(w *world, t *testing.T) {
			w.say(t, &mapping.Event{Type: mapping.OfferAccepted, Source: "orchard", Target: (&order{value: "x1"}).target()})
		}, drop(func(s Stored) bool { return true }), "input 1 is not accounted for"},
		"an altered decision":      {pain, func(w *world) { w.ledger.msgs[0].Data = append(w.ledger.msgs[0].Data, ' ') }, "is missing or altered"},
		"a head out of its chain":  {accepted, func(w *world) { w.ledger.msgs = w.ledger.msgs[3:] }, "does not fold"},
		"another state":            {pain, func(w *world) { w.hosts[0].fold.state.Position.Notices++ }, "not what the ledger folds to"},
		"time that goes back":      {pain, func(w *world) { w.witness.time = w.now.UnixMilli() + 1 }, "time goes back"},
		"a seat that no state has": {pain, swap(`"group":{"id":"pain-0"`, `"group":{"id":"pain-9"`), "0 by the state"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := scene(t)
			c.play(w, t)
			honest := newWitness(w.catalogs, w.input)
			if faults := honest.read(w.ledger.msgs); len(faults) > 0 {
				t.Fatalf("the honest ledger: %v", faults)
			}
			c.lie(w)
			w.check()
			if settled := w.witness.fold.settled(); settled != nil {
				w.fault("%v", settled)
			}
			if !strings.Contains(fmt.Sprint(w.faults), c.want) {
				t.Errorf("got %v, want %q", w.faults, c.want)
			}
		})
	}
}

// swap changes a text in every confirmation that has it; swapIn in those that an input caused.
func swap(old, now string) func(*world) { return swapIn(0, old, now) }

func swapIn(input uint64, old, now string) func(*world) {
	return func(w *world) {
		for i := range w.ledger.msgs {
			m := &w.ledger.msgs[i]
			if m.Subject[0] == 'p' && (input == 0 || bytes.Contains(m.Data, fmt.Appendf(nil, `"id":"meadow-%d-`, input))) {
				m.Data = bytes.Replace(m.Data, []byte(old), []byte(now), 1)
			}
		}
	}
}

// drop leaves messages out.
func drop(which func(Stored) bool) func(*world) {
	return func(w *world) {
		w.ledger.msgs = slices.DeleteFunc(w.ledger.msgs, func(s Stored) bool { return s.Subject[0] == 'p' && which(s) })
	}
}

// TestOfferWithoutAnEndIsNoticed: at the very end no offer stands.
func TestOfferWithoutAnEndIsNoticed(t *testing.T) {
	w := scene(t)
	w.say(t, w.asks(1, "G89.4"))
	w.check()
	if got := fmt.Sprint(w.witness.last(2)); !strings.Contains(got, "the offer has no end") || !strings.Contains(got, "1 inputs are decided, of 2") {
		t.Errorf("got %s", got)
	}
}

// TestReplayThatDiffersIsNoticed: what a replay would not have said is found.
func TestReplayThatDiffersIsNoticed(t *testing.T) {
	w := scene(t)
	w.say(t, w.asks(1, "G89.4"))
	w.check()
	if faults := w.replayed(); len(faults) > 0 {
		t.Fatal(faults)
	}
	swap(`"status":"offered"`, `"status":"placed"`)(w)
	if faults := w.replayed(); len(faults) == 0 {
		t.Error("no difference found")
	}
}

// TestFailingSeedBecomesAStory: with few inputs, in a form that the stories' test reads.
func TestFailingSeedBecomesAStory(t *testing.T) {
	t.Setenv("ARTEFACTS", t.TempDir())
	stopCodes = append(stopCodes, "F41.1") // the witness alone believes so
	defer func() { stopCodes = stopCodes[:len(stopCodes)-1] }()
	w := scene(t)
	for p := range 4 {
		w.say(t, w.asks(p+1, "F41.1"))
	}
	again := w.asks(2, "J44.9")
	again.Referral.Identifier.Value = "y2"
	w.say(t, again)
	if w.check(); len(w.faults) != 1 {
		t.Fatalf("faults %v, want one", w.faults)
	}
	a, err := txtar.ParseFile(strings.TrimPrefix(w.story(7), "its story: "))
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Files) != 3 || a.Files[0].Name != "catalog.yaml" || a.Files[1].Name != "events.ndjson" || a.Files[2].Name != "confirmations.ndjson" {
		t.Fatalf("files of the story: %v", a.Files)
	}
	if events := strings.Count(string(a.Files[1].Data), "\n"); events != 2 {
		t.Errorf("the story has %d events, and two do", events)
	}
	if !strings.Contains(string(a.Comment), "although F41.1 holds") || !strings.Contains(string(a.Files[2].Data), `"status":"placed"`) {
		t.Errorf("the story:\n%s", txtar.Format(a))
	}
}
