//go:build e2e

package desk

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/worker"
)

// What is asked of a desk under load, and how often a measure may be spoilt by whatever else the machine does.
const (
	lateMax    = time.Second // of 99 of 100 rows, from the storing of the event to the browser
	slowerMax  = 2           // how many times slower placement may be with 50 desks open
	measureMax = 3
)

// TestFiftyDesks: 50 browsers follow 500 confirmations a second for 10 s; each gets every one, once, and 99 of 100 within a
// second of the storing of its event, each row recorded for the audit before it is shown. One more takes nothing, and is in
// nobody's way. Each confirmation is of an event of its own.
func TestFiftyDesks(t *testing.T) {
	for n := 1; ; n++ {
		switch p99 := fiftyDesks(t); {
		case p99 <= lateMax || t.Failed():
			return
		case n == measureMax:
			t.Fatalf("p99 %v, measured %d times", p99, n)
		}
	}
}

func fiftyDesks(t *testing.T) (p99 time.Duration) {
	const desks, perSecond, seconds = 50, 500, 10
	const total = perSecond * seconds
	r := newRig(t, nil)
	b := r.browser("vera")
	stalled := b.follow("/now/stream?after=north%3D0", "")
	var mu sync.Mutex
	got := map[string][]time.Time{} // by row
	var readers sync.WaitGroup
	for range desks {
		stream := b.follow("/now/stream?after=north%3D0", "")
		readers.Go(func() {
			seen := map[string]time.Time{}
			for len(seen) < total {
				data, now := stream.next("rows").data, time.Now()
				for _, id := range rowIDs(data) {
					if _, twice := seen[id]; twice {
						t.Errorf("%s twice", id)
					}
					seen[id] = now
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for id, at := range seen {
				got[id] = append(got[id], at)
			}
		})
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	sendPaced(t, r.host.Admin(), total, perSecond)
	sending := time.Since(began)
	readers.Wait()
	runtime.GC()
	runtime.ReadMemStats(&after)
	stalled.close()

	var late []time.Duration
	entries, _ := r.desk.boards["north"].Latest(ringMax, func(*Entry) bool { return true })
	for _, e := range entries {
		for _, at := range got[e.ID] {
			late = append(late, at.Sub(e.Time))
		}
	}
	slices.Sort(late)
	if len(late) != desks*total {
		t.Fatalf("%d rows of %d", len(late), desks*total)
	}
	p50, p99 := late[len(late)/2], late[len(late)*99/100]
	t.Logf("%d confirmations in %v to %d desks: p50 %v, p99 %v, most %v; heap %d MiB before, %d after", total, sending.Round(time.Second), desks,
		p50.Round(time.Millisecond), p99.Round(time.Millisecond), late[len(late)-1].Round(time.Millisecond), before.HeapAlloc>>20, after.HeapAlloc>>20)
	return p99
}

// TestDesksLeavePlacementAlone: as many events as can be decided, with no desk open, then with 50 and one that takes nothing.
func TestDesksLeavePlacementAlone(t *testing.T) {
	const desks, total = 50, 5000
	rate := func(open int) float64 {
		r := newRig(t, nil)
		b := r.browser("vera")
		for i := range open {
			stream := b.follow("/now/stream?after=north%3D0", "")
			if i > 0 { // the first takes nothing
				go func() { _, _ = io.Copy(io.Discard, stream.body) }()
			}
		}
		began := time.Now()
		sendAll(t, r.host.Admin(), total)
		for more := r.desk.pulse.next(); r.desk.boards["north"].position() < total; more = r.desk.pulse.next() {
			<-more
		}
		took := time.Since(began)
		r.stop()
		return total / took.Seconds()
	}
	for n := 1; ; n++ {
		alone, watched := rate(0), rate(desks+1)
		t.Logf("%.0f events a second without a desk open, %.0f with %d", alone, watched, desks)
		switch { // a browser that is waited for would take seconds each
		case watched*slowerMax >= alone:
			return
		case n == measureMax:
			t.Fatalf("desks slow placement, measured %d times", n)
		}
	}
}

// sendAll stores count events as fast as they are taken.
func sendAll(t *testing.T, admin *worker.Conn, count int) {
	t.Helper()
	const ahead = 500
	var waits []func(context.Context) (*jetstream.PubAck, error)
	for n := range count {
		wait, err := admin.PublishAsync(loadEvent(t, n))
		if err != nil {
			t.Fatal(err)
		}
		if waits = append(waits, wait); n >= ahead {
			if _, err := waits[n-ahead](t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// position of the last input that is decided.
func (b *Board) position() uint64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.mirror.State().Position.Input
}

// sendPaced stores count events, perSecond of them a second.
func sendPaced(t *testing.T, admin *worker.Conn, count, perSecond int) {
	t.Helper()
	const ticks = 50 // a second
	tick := time.NewTicker(time.Second / ticks)
	defer tick.Stop()
	var waits []func(context.Context) (*jetstream.PubAck, error)
	for began := time.Now(); len(waits) < count; <-tick.C {
		for due := int(time.Since(began).Seconds() * float64(perSecond)); len(waits) < min(due, count); {
			wait, err := admin.PublishAsync(loadEvent(t, len(waits)))
			if err != nil {
				t.Fatal(err)
			}
			waits = append(waits, wait)
		}
	}
	for _, wait := range waits {
		if _, err := wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// loadEvent is the order of person n, as a message.
func loadEvent(t *testing.T, n int) *nats.Msg {
	id := fmt.Sprint(n)
	data, err := event.Encode(&mapping.Event{Type: mapping.ReferralCreated, Source: "clinic", ID: "l" + id, Referral: &mapping.Referral{
		Identifier: mapping.Identifier{System: "https://clinic.example/orders", Value: id},
		Patient: mapping.Patient{
			Identifiers: []mapping.Identifier{{System: "https://ids.north.example/mpi", Value: id}},
			Name:        mapping.Name{Family: "Load" + id, Given: []string{"Test"}}, BirthDate: "1961-05-05", Gender: "female",
			Address: mapping.Address{State: "MA", PostalCode: "02118"},
		},
		Programs:   []string{[]string{"copd-ed", "walk", "pain"}[n%3]},
		Conditions: []mapping.Condition{{Codes: []mapping.Code{{System: "http://hl7.org/fhir/sid/icd-10-cm", Code: copd}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return &nats.Msg{Subject: worker.InputSubject("north", "clinic"), Data: data, Header: nats.Header{"Content-Type": {"application/cloudevents+json"}}}
}
