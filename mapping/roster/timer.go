package roster

import (
	"cmp"
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// timer is a date of a group at which time itself changes something.
type timer struct {
	at    int64 // Unix milliseconds
	group int32
	what  timerKind
}

type timerKind uint8

const (
	// unreserved: seats kept for urgent referrals are anybody's.
	unreserved timerKind = iota
	// shortfall: a cohort below its minimum is reported, so that its start can be put off.
	shortfall
	// lastCall: a cohort below its minimum does not start; its members are placed anew. So again when it would begin.
	lastCall
)

// reserve is what a group keeps for urgent referrals, and until when.
type reserve struct {
	seats int
	until int64
}

// Days before session 1 by default. source: assumption
const (
	reserveDays  = 3
	lastCallDays = 1
)

// reservesOf a catalog's groups, by index; nil where none keeps any.
func reservesOf(cat *program.Catalog) []reserve {
	var out []reserve
	for i := range cat.Groups {
		g := &cat.Groups[i]
		if g.Seats.Urgent == 0 || len(g.Dates) == 0 {
			continue
		}
		until := g.Dates[0].AddDate(0, 0, -reserveDays)
		if day, err := time.ParseInLocation(time.DateOnly, g.Seats.UrgentUntil, cat.Location); err == nil {
			until = day
		}
		if out == nil {
			out = make([]reserve, len(cat.Groups))
		}
		out[i] = reserve{g.Seats.Urgent, until.UnixMilli()}
	}
	return out
}

// timersOf a catalog, in rising order; those of one moment follow each other by a millisecond.
func timersOf(cat *program.Catalog, reserves []reserve) (out []timer) {
	days := cat.Policy.Filled().CohortDays
	for i := range cat.Groups {
		g, at := &cat.Groups[i], int32(i)
		if reserves != nil && reserves[i].seats > 0 {
			out = append(out, timer{reserves[i].until, at, unreserved})
		}
		if g.Enrolment == program.EnrolmentClosed && g.Seats.Min > 1 && len(g.Dates) > 0 {
			first := g.Dates[0]
			out = append(out, timer{first.AddDate(0, 0, -days).UnixMilli(), at, shortfall},
				timer{first.AddDate(0, 0, -lastCallDays).UnixMilli(), at, lastCall}, timer{first.UnixMilli(), at, lastCall})
		}
	}
	slices.SortFunc(out, func(a, b timer) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.group, b.group), cmp.Compare(a.what, b.what))
	})
	for i := 1; i < len(out); i++ {
		out[i].at = max(out[i].at, out[i-1].at+1)
	}
	return out
}

// timerAfter is the first timer after a moment.
func (o *Offering) timerAfter(ms int64) (timer, bool) {
	i, _ := slices.BinarySearchFunc(o.timers, ms+1, func(x timer, at int64) int { return cmp.Compare(x.at, at) })
	if i == len(o.timers) {
		return timer{}, false
	}
	return o.timers[i], true
}

// NextDue is when time itself changes something next under this offering, Unix milliseconds.
func (o *Offering) NextDue(s *State) (int64, bool) {
	at, ok := s.NextDue()
	if x, ticks := o.timerAfter(s.Position.Timed); ticks && s.Position.Input > 0 && (!ok || x.at < at) {
		return x.at, true
	}
	return at, ok
}

// tick does what a group's own date brings.
func (d *step) tick(x timer) {
	g := &d.offer.Catalog.Groups[x.group]
	taken := d.Taken(g.ID)
	switch {
	case x.what == unreserved:
		d.promote(g.ID)
	case taken == 0 || taken >= g.Seats.Min:
	case x.what == shortfall:
		d.members(g.ID, func(rec *Record, id PlacementID) {
			d.alter(rec, id, func(*Decision, *Placement) []mapping.Reason { return []mapping.Reason{alert(RuleBelowMinimum)} })
		})
	default:
		d.members(g.ID, func(rec *Record, id PlacementID) { d.lose(rec, id, RuleBelowMinimum) })
		d.replaceAll(g.Program, g.ID)
	}
}

// members calls f once for each place held in a group, in order of the referrals that hold it.
func (d *step) members(group string, f func(*Record, PlacementID)) {
	var done []PlacementID
	for _, key := range d.LiveKeys() {
		rec := d.live[key]
		for i := range rec.Placements {
			pl := &rec.Placements[i]
			if pl.Status.HoldsSeat() && pl.Group == group && !slices.Contains(done, pl.ID) {
				done = append(done, pl.ID)
				f(rec, pl.ID)
				break
			}
		}
	}
}

// replaceAll seats those who lost their place in a group elsewhere, in the order of the waitlist.
func (d *step) replaceAll(program, group string) {
	q := d.queues[program]
	if q == nil {
		return
	}
	var lost []waiting
	q.inOrder(&d.offer.urgency, d.t, func(w waiting) bool {
		if rec := d.live[w.key]; rec.Placements[rec.find(w.id)].refused(group) {
			lost = append(lost, w)
		}
		return true
	})
	for _, w := range lost {
		d.replace(w.key, w.id)
	}
}

// kept is how many seats of a group are not for a referral of this urgency now.
func (d *step) kept(group int32, lane int) int {
	if lane > 0 || d.offer.reserves == nil || d.t >= d.offer.reserves[group].until {
		return 0
	}
	return d.offer.reserves[group].seats
}

// laneOf is the urgency of a placement: that of the most urgent referral that shares it.
func (d *step) laneOf(rec *Record, id PlacementID) int {
	most := lane(rec.Priority)
	for _, r := range d.sharing(rec, id) {
		most = max(most, lane(r.Priority))
	}
	return most
}
