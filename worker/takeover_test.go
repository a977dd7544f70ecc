package worker

import (
	"testing"
	"time"

	"github.com/convene-health/convene/mapping/engine"
)

// Two workers on one network: one decides, the other takes over when it is gone, and nothing is decided twice.
func TestFollowerTakesOver(t *testing.T) {
	l := newLedgerTest(t, 3)
	l.takeOver = 200 * time.Millisecond
	first, stopFirst := l.network, l.stop
	l.start()
	second := l.network
	l.decided(l.refer("J44.9", 1, 20))
	if !first.Standing().Active || second.Standing().Active {
		t.Fatalf("active: first %v, second %v; want the first alone", first.Standing().Active, second.Standing().Active)
	}
	stopFirst()
	l.decided(l.refer("J44.9", 15, 40)) // six of them again
	if !second.Standing().Active {
		t.Error("the second did not take over")
	}
	if r := l.sound(); r.Counts.Referrals != 40 {
		t.Errorf("%d referrals, want 40", r.Counts.Referrals)
	}
}

// A worker that starts when no other runs lets time pass, though no input comes to wake it.
func TestFollowerTakesOverWhenTimeFallsDue(t *testing.T) {
	l := newLedgerTest(t, 1)
	last := l.refer("G89.4", 1, 2)
	l.decided(last)
	l.stop()
	l.advance(20 * 24 * time.Hour)
	l.takeOver = 100 * time.Millisecond
	l.start()
	l.decided(last + 1)
	if n := l.confirmations(has(`"code":"offer-expired"`)); n != 1 {
		t.Errorf("%d offers expired, want 1", n)
	}
	l.sound()
}

// What the feed brings late, after another worker has decided it, is dropped: it must not be decided again.
func TestDecidedInputsLeaveTheQueue(t *testing.T) {
	n := &Network{fold: newFolder("north"), feed: &feed{out: make(chan []engine.Read, 1)}}
	n.fold.state.Position.Input = 7
	reads := make([]engine.Read, 3)
	for i := range reads {
		reads[i].Sequence = uint64(6 + i)
	}
	n.feed.out <- reads
	n.take()
	if len(n.queue) != 1 || n.queue[0].Sequence != 8 {
		t.Errorf("%d inputs queued, want input 8 alone", len(n.queue))
	}
	n.queue, n.fold.state.Position.More = reads, true // input 7 has steps to come
	n.take()
	if len(n.queue) != 2 || n.queue[0].Sequence != 7 {
		t.Errorf("%d inputs queued, want inputs 7 and 8", len(n.queue))
	}
}
