package roster

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/convene-health/convene/mapping/program"
)

// TestNobodyStarves: n people wait at lower urgency; every day somebody more urgent comes, and one place is served. However
// the network weighs urgency, as long as waiting counts, all n are served, and no later than the points say: when they have
// waited so long that even who waits longest among the urgent, n days at most, has fewer, one a day is theirs.
func TestNobodyStarves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var urgency [4]program.Urgency
		urgency[0] = program.Urgency{Base: rapid.Float64Range(0, 50).Draw(t, "base"), Rate: rapid.Float64Range(0.1, 5).Draw(t, "rate")}
		lane := rapid.IntRange(1, 3).Draw(t, "lane")
		urgency[lane] = program.Urgency{Base: urgency[0].Base + rapid.Float64Range(0, 100).Draw(t, "more"), Rate: rapid.Float64Range(0.1, 5).Draw(t, "faster")}
		n := rapid.IntRange(1, 20).Draw(t, "people")
		bound := int(math.Ceil((urgency[lane].Base-urgency[0].Base+urgency[lane].Rate*float64(n))/urgency[0].Rate)) + n + 1
		if last := servedBy(&urgency, lane, n, bound); last > bound {
			t.Fatalf("%d people: the last is not served by day %d", n, bound)
		}
	})
}

// TestWithoutPointsForWaitingSomebodyStarves shows that the property can fail.
func TestWithoutPointsForWaitingSomebodyStarves(t *testing.T) {
	urgency := [4]program.Urgency{{Base: 0, Rate: 0}, {Base: 10, Rate: 1}}
	if last := servedBy(&urgency, 1, 3, 1000); last <= 1000 {
		t.Errorf("served by day %d", last)
	}
}

// servedBy is the day on which the last of n people is served, beyond limit where they are not by then.
func servedBy(urgency *[4]program.Urgency, lane, n, limit int) int {
	var q queue
	for i := range n {
		q.lanes[0] = append(q.lanes[0], waiting{arrival: int64(i), id: PlacementID{uint64(i + 1), 1}, key: uint64(i + 1)})
	}
	for day := 1; day <= limit; day++ {
		t := int64(day) * dayMillis
		key := uint64(n + day)
		q.lanes[lane] = append(q.lanes[lane], waiting{arrival: t, id: PlacementID{key, 1}, key: key})
		q.inOrder(urgency, t, func(w waiting) bool {
			for i := range q.lanes {
				if len(q.lanes[i]) > 0 && q.lanes[i][0] == w {
					q.lanes[i] = q.lanes[i][1:]
					break
				}
			}
			return false
		})
		if len(q.lanes[0]) == 0 {
			return day
		}
	}
	return limit + 1
}

// TestEqualUrgencyInOrderOfArrival: within one urgency nobody is overtaken, whatever the weights and the moment.
func TestEqualUrgencyInOrderOfArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var urgency [4]program.Urgency
		for i := range urgency {
			urgency[i] = program.Urgency{Base: rapid.Float64Range(-50, 200).Draw(t, "base"), Rate: rapid.Float64Range(0, 5).Draw(t, "rate")}
		}
		var q queue
		for i := range q.lanes {
			for k, at := range rapid.SliceOfN(rapid.Int64Range(0, 1000), 0, 6).Draw(t, "arrivals") {
				w := waiting{arrival: at * dayMillis / 10, id: PlacementID{uint64(10*i + k + 1), 1}, key: uint64(10*i + k + 1)}
				at := 0
				for at < len(q.lanes[i]) && compareWaiting(q.lanes[i][at], w) < 0 {
					at++
				}
				q.lanes[i] = append(q.lanes[i][:at:at], append([]waiting{w}, q.lanes[i][at:]...)...)
			}
		}
		now := rapid.Int64Range(0, 200).Draw(t, "now") * dayMillis
		last, seen, points0 := map[int]waiting{}, 0, math.Inf(1)
		q.inOrder(&urgency, now, func(w waiting) bool {
			lane := int(w.key-1) / 10
			if before, ok := last[lane]; ok && compareWaiting(before, w) > 0 {
				t.Fatalf("%v is served before %v, which came first", before, w)
			}
			if p := points(&urgency, lane, w, now); p > points0 {
				t.Fatalf("%v has more points than who is served before", w)
			} else {
				points0 = p
			}
			last[lane] = w
			seen++
			return true
		})
		if seen != q.len() {
			t.Fatalf("%d of %d are in the order", seen, q.len())
		}
	})
}
