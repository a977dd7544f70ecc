package report

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/event"
	"github.com/convene-health/convene/worker"
)

const catalog = `network: valley
zone: America/New_York
validFrom: 2026-11-09
organization: {name: Valley Care Network}
sources: [{name: valley-ehr}, {name: hill-ehr}]
assigners: [{system: https://ids.valley.example/mrn}]
sites: [{id: main, name: Valley House, address: {state: MA}}]
programs: [{id: asthma, name: Asthma class, kind: education, conditions: [asthma], codes: {category: "409073007"}}]
groups: [{id: asthma-1, program: asthma, seats: {max: 20}, sessions: {start: 2026-11-23, time: "17:00", count: 6}, mode: in-person, site: main}]
`

// teller sends events, one an hour.
type teller struct {
	*testing.T
	from FromReplay
	at   time.Time
}

func (l *teller) tell(source string, e mapping.Event) {
	l.Helper()
	l.at = l.at.Add(time.Hour)
	e.Source, e.ID, e.Sent = source, l.at.String(), l.at
	data, err := event.Encode(&e)
	if err != nil {
		l.Fatal(err)
	}
	line := worker.Recorded{Subject: worker.InputSubject("valley", source), Time: l.at, Data: data}
	if err := l.from.Line(line); err != nil {
		l.Fatal(err)
	}
}

func order(n int) mapping.Identifier {
	return mapping.Identifier{System: "https://orders.example", Value: fmt.Sprint(n)}
}

func asked(n int) *mapping.Referral {
	return &mapping.Referral{
		Identifier: order(n), Payers: []string{"medicaid"},
		Patient:    mapping.Patient{Identifiers: []mapping.Identifier{{System: "https://ids.valley.example/mrn", Value: fmt.Sprint(n)}}, BirthDate: "1960-01-01", Languages: []string{"en"}},
		Conditions: []mapping.Condition{{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: "J45.909"}}}},
	}
}

// told of thirty-two referrals of two sources: twenty have seats and some of them attend, the last twelve wait. One drops out
// where drops says so, for the first of those who wait; the others, all without, are cancelled.
func told(t *testing.T, attend int, drops bool) *Collector {
	t.Helper()
	replay, err := worker.NewReplay([]byte(catalog))
	if err != nil {
		t.Fatal(err)
	}
	l := &teller{T: t, from: FromReplay{Replay: replay}, at: time.Date(2026, 11, 9, 12, 0, 0, 0, time.UTC)}
	source := func(n int) string { return []string{"valley-ehr", "hill-ehr"}[n%2] }
	for n := range 32 {
		l.tell(source(n), mapping.Event{Type: mapping.ReferralCreated, Referral: asked(n)})
	}
	for n := range attend {
		l.tell(source(n), mapping.Event{Type: mapping.SessionAttended, Target: mapping.Target{Identifier: order(n)}, Session: []string{"2026-11-23", "2026-11-30"}[n/10]})
	}
	waiting := 20
	if drops {
		l.tell(source(0), mapping.Event{Type: mapping.ParticipantDroppedOut, Target: mapping.Target{Identifier: order(0)}, Reason: "Left."})
		waiting++
	}
	for n := 31; n >= waiting; n-- {
		l.tell(source(n), mapping.Event{Type: mapping.ReferralCancelled, Target: mapping.Target{Identifier: order(n)}, Reason: "Moved."})
	}
	return l.from.Networks()["valley"]
}

func TestCountsOfAPeriod(t *testing.T) {
	// Received on two days, in New York; a first session 14, 20 or 21 days later.
	plain, err := told(t, 20, false).Make(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(plain.Total.texts(ends), " "), "Total 32 20 62 20 62 14 21 20 0 0 0 12 0 0 0 0"; got != want {
		t.Errorf("all attend\n got %s\nwant %s", got, want)
	}
	// One dropped out: not shown, nor the cancelled ones, by which one would know. Six of twenty-one did not come yet: not
	// shown who came, by which one would know, nor their days.
	c := told(t, 15, true)
	r, err := c.Make(Options{By: []string{"program"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(r.Total.texts(ends), " "), "Total 32 21 66 * * * * 20 0 0 * * 0 0 0 0"; got != want {
		t.Errorf("some attend\n got %s\nwant %s", got, want)
	}
	if r.From != "2026-11-09" || r.Zone != "America/New_York" || r.AsOf != r.To {
		t.Errorf("period %s to %s as of %s in %s", r.From, r.To, r.AsOf, r.Zone)
	}
	day := func(s string) time.Time {
		at, _ := time.Parse(time.DateOnly, s)
		return at
	}
	// 07:00 to 19:00 on the 9th in New York: the first is sent at 08:00, so sixteen of them on that day and none before.
	first, err := c.Make(Options{From: day("2026-11-09"), To: day("2026-11-09")})
	if err != nil || first.Total.Received == nil || *first.Total.Received != 16 {
		t.Errorf("received on the first day: %s, %v", text(first.Total.Received), err)
	}
	before, _ := c.Make(Options{To: day("2026-11-08")})
	if *before.Total.Received != 0 {
		t.Errorf("received before: %d", *before.Total.Received)
	}
	if _, err := c.Make(Options{By: []string{"program+weather"}}); err == nil {
		t.Error("an unknown dimension is accepted")
	}
}

// An erased referral is counted no more.
func TestErasedIsNotCounted(t *testing.T) {
	c := told(t, 20, false)
	for key := range c.of {
		if err := c.Decision([]byte(`{"key":"` + key + `","time":"2026-12-24T00:00:00Z"}`)); err != nil {
			t.Fatal(err)
		}
	}
	r, _ := c.Make(Options{})
	if *r.Total.Received != 0 {
		t.Errorf("%d received after all were erased", *r.Total.Received)
	}
}

// Whatever the counts, no small one is shown, and none can be worked out from all tables together: it is never in the span
// of the sums that a reader knows.
func TestSmallCountsCannotBeWorkedOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.IntRange(0, 120).Draw(t, "people")
		s := &sheet{rows: []*cells{newCells("", "Total")}}
		var dims [2][]*cells
		for d := range dims {
			for i := range rapid.IntRange(1, 4).Draw(t, "rows") {
				dims[d] = append(dims[d], newCells(fmt.Sprint(i), fmt.Sprint(i)))
			}
		}
		statuses := []mapping.Status{mapping.Placed, mapping.Waitlisted, mapping.DroppedOut, mapping.Cancelled, mapping.Completed}
		for range people {
			p := &placement{status: rapid.SampledFrom(statuses).Draw(t, "status"), placed: rapid.Bool().Draw(t, "placed")}
			if p.placed && rapid.Bool().Draw(t, "attended") {
				p.attended = 20261123
			}
			s.rows[0].add(p, time.UTC)
			for d := range dims { // more often the first, so that there are small ones
				i := rapid.IntRange(0, len(dims[d])*len(dims[d])-1).Draw(t, "row")
				dims[d][len(dims[d])-1-isqrt(i)].add(p, time.UTC)
			}
		}
		for d := range dims {
			var table []int
			for _, x := range dims[d] {
				table = append(table, len(s.rows))
				s.rows = append(s.rows, x)
			}
			s.tables = append(s.tables, table)
		}
		s.hide()
		for _, x := range s.rows {
			for cell, n := range x.count {
				if n > 0 && n < 11 && !x.hidden[cell] {
					t.Fatalf("%s: cell %d shows %d", x.name, cell, n)
				}
			}
			if r := x.row(); (r.SharePlaced != nil) && (r.Placed == nil || r.Received == nil) || r.MedianDays != nil && r.Attended == nil {
				t.Fatalf("a figure over a hidden count: %+v", r)
			}
		}
		outsider(t, s)
	})
}

func isqrt(n int) int {
	i := 0
	for (i+1)*(i+1) <= n {
		i++
	}
	return i
}

// outsider writes down what a reader knows, as equations of whole numbers: a hidden cell follows where adding it to them
// raises no rank.
func outsider(t *rapid.T, s *sheet) {
	width := len(s.rows) * cellsCount
	var known [][]int64
	line := func(plus []int, minus ...int) {
		e := make([]int64, width)
		for _, i := range plus {
			e[i]++
		}
		for _, i := range minus {
			e[i]--
		}
		known = append(known, e)
	}
	for r, x := range s.rows {
		base := r * cellsCount
		for cell, hidden := range x.hidden {
			if !hidden {
				line([]int{base + cell})
			}
		}
		line([]int{base + placed, base + unplaced}, base+received)
		line([]int{base + attended, base + unattended}, base+placed)
		var all []int
		for i := range ends {
			all = append(all, base+firstEnd+i)
		}
		line(all, base+received)
	}
	for _, table := range s.tables {
		for cell := range cellsCount {
			var all []int
			for _, r := range table {
				all = append(all, r*cellsCount+cell)
			}
			line(all, cell)
		}
	}
	basis := newBasis(known)
	for r, x := range s.rows {
		for cell, n := range x.count {
			e := make([]int64, width)
			if e[r*cellsCount+cell] = 1; n > 0 && n < 11 && basis.spans(e) {
				t.Fatalf("row %d (%s), cell %d follows from the rest: %d", r, x.name, cell, n)
			}
		}
	}
}

// basis of a row space, over the rationals.
type basis struct {
	rows   [][]*big.Rat
	pivots []int
}

func newBasis(equations [][]int64) *basis {
	b := &basis{}
	for _, e := range equations {
		rest := b.reduce(e)
		if at := slices.IndexFunc(rest, func(x *big.Rat) bool { return x.Sign() != 0 }); at >= 0 {
			by := new(big.Rat).Inv(rest[at])
			for _, x := range rest {
				x.Mul(x, by)
			}
			b.rows, b.pivots = append(b.rows, rest), append(b.pivots, at)
		}
	}
	return b
}

func (b *basis) spans(e []int64) bool {
	return !slices.ContainsFunc(b.reduce(e), func(x *big.Rat) bool { return x.Sign() != 0 })
}

func (b *basis) reduce(e []int64) []*big.Rat {
	rest := make([]*big.Rat, len(e))
	for i, x := range e {
		rest[i] = new(big.Rat).SetInt64(x)
	}
	for i, row := range b.rows {
		if by := new(big.Rat).Set(rest[b.pivots[i]]); by.Sign() != 0 {
			for k, x := range row {
				if x.Sign() != 0 {
					rest[k].Sub(rest[k], new(big.Rat).Mul(by, x))
				}
			}
		}
	}
	return rest
}

func TestForms(t *testing.T) {
	r, err := told(t, 20, true).Make(Options{By: []string{"program", "source+payer"}})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Group programs of network valley: referrals received 2026-11-09 to", "Asthma class", "by source and payer", "hill-ehr, medicaid", "Nobody: "} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, &b)
		}
	}
	b.Reset()
	if err := r.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	for _, l := range lines {
		if strings.Count(l, ",")-strings.Count(l, `, medicaid"`) != strings.Count(lines[0], ",") {
			t.Errorf("another number of columns: %s", l)
		}
	}
	if len(lines) != 5 {
		t.Errorf("%d lines: %s", len(lines), &b)
	}
}
