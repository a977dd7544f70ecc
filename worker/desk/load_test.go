//go:build e2e

package desk

import (
	"context"
	"fmt"
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

// TestFiftyDesks: 50 browsers follow 500 confirmations a second for 10 s; each gets every one, once, and 99 of 100 soon after
// the storing of its event: within a second on a quiet machine. One more takes nothing, and is in nobody's way. Each event asks for a place in three
// programs, and is told of three.
func TestFiftyDesks(t *testing.T) {
	const desks, perSecond, seconds, each = 50, 500, 10, 3
	const total = perSecond * seconds / each * each
	const lateMax = 5 * time.Second // on a busy machine
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
	sendPaced(t, r.host.Admin(), total/each, perSecond/each)
	sending := time.Since(began)
	readers.Wait()
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
	p50, p99 := late[len(late)/2], late[len(late)*99/100]
	t.Logf("%d confirmations in %v to %d desks: p50 %v, p99 %v, most %v; heap %d MiB before, %d after", total, sending.Round(time.Second), desks,
		p50.Round(time.Millisecond), p99.Round(time.Millisecond), late[len(late)-1].Round(time.Millisecond), before.HeapAlloc>>20, after.HeapAlloc>>20)
	if len(late) != desks*total || p99 > lateMax {
		t.Errorf("%d rows of %d, p99 %v", len(late), desks*total, p99)
	}
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
		Programs:   []string{"copd-ed", "walk", "pain"},
		Conditions: []mapping.Condition{{Codes: []mapping.Code{{System: "http://hl7.org/fhir/sid/icd-10-cm", Code: copd}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return &nats.Msg{Subject: worker.InputSubject("north", "clinic"), Data: data, Header: nats.Header{"Content-Type": {"application/cloudevents+json"}}}
}
