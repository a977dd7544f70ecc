package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// tally counts confirmations for the demo's summary.
type tally struct {
	mu       sync.Mutex
	received int
	// status of each placement of each referral as last told.
	status                  map[string]string
	refused                 map[string]int // refusals by the code of their first problem
	reviews                 map[string]int // reviews by reason
	promoted, confirmations int
	heads                   map[string]uint64
	// moved tells that a head has come; it never blocks.
	moved chan struct{}
}

func newTally() *tally {
	return &tally{status: map[string]string{}, refused: map[string]int{}, reviews: map[string]int{}, heads: map[string]uint64{}, moved: make(chan struct{}, 1)}
}

// take counts a confirmation and gives the line to print: people by key, never by name.
func (t *tally) take(network string, data []byte) string {
	var c confirmation
	if err := json.Unmarshal(data, &c); err != nil {
		return fmt.Sprintf("%s: %v", network, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.confirmations++
	if c.Data.Status == string(mapping.Refused) {
		t.refused[c.Data.Issues[0].Code]++
		return c.told(network)
	}
	t.status[network+" "+c.Subject+" "+c.Data.Placement.ID] = c.Data.Status
	for _, r := range c.Data.Reasons {
		if r.Code == roster.RulePromoted {
			t.promoted++
		}
	}
	if c.Data.Status == string(mapping.Review) && c.Data.Previous != string(mapping.Review) {
		t.reviews[c.Data.Reasons[0].Code]++
	}
	return c.told(network)
}

// head notes how far a network has come.
func (t *tally) head(network string, data []byte) {
	h, err := roster.DecodeHead(data)
	if err != nil || h.More {
		return
	}
	t.mu.Lock()
	t.heads[network] = h.Input
	t.mu.Unlock()
	select {
	case t.moved <- struct{}{}:
	default:
	}
}

// reached reports whether every network has decided what was sent to it.
func (t *tally) reached(sent map[string]uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for network, sequence := range sent {
		if t.heads[network] < sequence {
			return false
		}
	}
	return true
}

// show prints where the referrals stand.
func (t *tally) show(say *speaker) {
	t.mu.Lock()
	defer t.mu.Unlock()
	count := map[string]int{}
	for _, s := range t.status {
		count[s]++
	}
	say.line("\n%s", received(t.received, t.confirmations))
	most := 0
	for _, n := range count {
		most = max(most, n)
	}
	var rows [][]string
	for _, s := range slices.SortedFunc(maps.Keys(count), func(a, b string) int { return cmp.Or(count[b]-count[a], strings.Compare(a, b)) }) {
		rows = append(rows, []string{" ", s, fmt.Sprint(count[s]), bar(count[s], most, 40), meaning[mapping.Status(s)]})
	}
	say.columns(rows)
	say.line("%s", promotedSummary(t.promoted))
	say.line("%s", byCode(reviewedBecause, t.reviews))
	say.line("%s", byCode(refusedBecause, t.refused))
}

// byCode lists counts, the most frequent first.
func byCode(title string, counts map[string]int) string {
	var parts []string
	for _, code := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(counts[b]-counts[a], strings.Compare(a, b)) }) {
		parts = append(parts, fmt.Sprintf("%s %d", code, counts[code]))
	}
	if parts == nil {
		parts = []string{"none"}
	}
	return title + strings.Join(parts, ", ")
}

// bar of at most width cells.
func bar(n, most, width int) string {
	if most == 0 {
		return ""
	}
	return strings.Repeat("█", max(1, n*width/most))
}

// showSeats draws the seats of a network's groups in which somebody sits or for which somebody waits.
func showSeats(say *speaker, cat *program.Catalog, state *roster.State) {
	say.line("\n%s", seatsTitle(cat.Network))
	var rows [][]string
	for i := range cat.Groups {
		g := &cat.Groups[i]
		taken := state.Taken(g.ID)
		if g.Enrolment == program.EnrolmentOpen || taken == 0 {
			continue
		}
		waiting := ""
		if n := state.Waiting(g.Program); n > 0 && taken == g.Seats.Max {
			waiting = fmt.Sprintf("%d wait for %s", n, g.Program)
		}
		rows = append(rows, []string{" ", g.ID, seatsDrawn(taken, g.Seats.Max), fmt.Sprintf("%d of %d", taken, g.Seats.Max), waiting})
	}
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[1], b[1]) })
	say.columns(rows)
}

// seatsDrawn is one mark a seat.
func seatsDrawn(taken, of int) string {
	return strings.Repeat("●", taken) + strings.Repeat("○", max(0, of-taken))
}
