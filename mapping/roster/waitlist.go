package roster

import (
	"cmp"
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// queue is the waitlist of one program: one lane for each priority, each in order of arrival. Within a lane the
// order never changes with time, so only the heads of the lanes are compared.
type queue struct {
	lanes [4][]waiting
}

// waiting is one place in a queue.
type waiting struct {
	arrival int64
	id      PlacementID
	// key of a live referral that seeks the place.
	key uint64
}

func compareWaiting(a, b waiting) int {
	return cmp.Or(cmp.Compare(a.arrival, b.arrival), cmp.Compare(a.id.Referral, b.id.Referral), cmp.Compare(a.id.N, b.id.N))
}

func (q *queue) len() int {
	n := 0
	for i := range q.lanes {
		n += len(q.lanes[i])
	}
	return n
}

// lane of a priority: its index in mapping.Priorities.
func lane(p mapping.Priority) int { return max(0, slices.Index(mapping.Priorities, p)) }

// requeue adds (by +1) or removes (by -1) the place that the live referrals of patient p seek under pl.ID. The most
// urgent of them gives the lane.
func (s *State) requeue(p uint32, pl *Placement, key uint64, by int) {
	urgency := 0
	for _, k := range s.lives.of(p) {
		rec := s.live[k]
		for j := range rec.Placements {
			if rec.Placements[j].ID == pl.ID && rec.Placements[j].Status == mapping.Waitlisted {
				urgency = max(urgency, lane(rec.Priority))
			}
		}
	}
	q := s.queues[pl.Program]
	if q == nil {
		q = &queue{}
		s.queues[pl.Program] = q
	}
	w := waiting{pl.Arrival, pl.ID, key}
	at, found := slices.BinarySearchFunc(q.lanes[urgency], w, compareWaiting)
	switch {
	case by > 0 && !found:
		q.lanes[urgency] = slices.Insert(q.lanes[urgency], at, w)
	case by < 0 && found:
		q.lanes[urgency] = slices.Delete(q.lanes[urgency], at, at+1)
		if q.len() == 0 {
			delete(s.queues, pl.Program)
		}
	}
}

const dayMillis = 24 * 60 * 60 * 1000

// points of a place in lane i at time t: base + rate x days waited.
func points(urgency *[4]program.Urgency, i int, w waiting, t int64) float64 {
	return urgency[i].Base + urgency[i].Rate*(float64(t-w.arrival)/dayMillis)
}

// inOrder calls f for each place of the queue, the next to be served first, until f returns false. Ties go to the
// earlier arrival, then the lower id. f must not change the queue.
func (q *queue) inOrder(urgency *[4]program.Urgency, t int64, f func(waiting) bool) {
	var next [4]int
	for {
		best := -1
		for i := range q.lanes {
			if next[i] == len(q.lanes[i]) {
				continue
			}
			if best < 0 || ahead(urgency, i, q.lanes[i][next[i]], best, q.lanes[best][next[best]], t) {
				best = i
			}
		}
		if best < 0 || !f(q.lanes[best][next[best]]) {
			return
		}
		next[best]++
	}
}

// ahead reports whether place a in lane i is served before b in lane j.
func ahead(urgency *[4]program.Urgency, i int, a waiting, j int, b waiting, t int64) bool {
	pa, pb := points(urgency, i, a, t), points(urgency, j, b, t)
	if pa != pb {
		return pa > pb
	}
	return compareWaiting(a, b) < 0
}

// position from 1 of a placement in its program's waitlist at time t; 0 when it does not wait.
func (s *State) position(urgency *[4]program.Urgency, pl *Placement, t int64) int {
	q := s.queues[pl.Program]
	if q == nil {
		return 0
	}
	for i := range q.lanes {
		at, found := slices.BinarySearchFunc(q.lanes[i], waiting{arrival: pl.Arrival, id: pl.ID}, compareWaiting)
		if !found {
			continue
		}
		position := at + 1
		for j := range q.lanes {
			if j != i {
				position += q.aheadOf(urgency, j, i, q.lanes[i][at], t)
			}
		}
		return position
	}
	return 0
}

// aheadOf counts the places of lane j that are served before w of lane i. Points fall along a lane, so it bisects.
func (q *queue) aheadOf(urgency *[4]program.Urgency, j, i int, w waiting, t int64) int {
	n, _ := slices.BinarySearchFunc(q.lanes[j], w, func(x, _ waiting) int {
		if ahead(urgency, j, x, i, w, t) {
			return -1
		}
		return 1
	})
	return n
}
