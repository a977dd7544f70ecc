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
	// shortfall: a cohort below its minimum is put off, or else reported, so that a person can.
	shortfall
	// lastCall: a cohort below its minimum is put off if it was not before, or else does not start; its members are placed anew.
	// So again when it would begin.
	lastCall
	// spent: a date of a group before it was put off. It keeps its moment, so that what fell due with it keeps its own.
	spent
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
		if out == nil {
			out = make([]reserve, len(cat.Groups))
		}
		out[i] = reserve{g.Seats.Urgent, reservedUntil(cat, g, g.Dates)}
	}
	return out
}

// reservedUntil is when a group of these sessions no longer keeps seats, Unix milliseconds.
func reservedUntil(cat *program.Catalog, g *program.Group, dates []time.Time) int64 {
	if day, err := time.ParseInLocation(time.DateOnly, g.Seats.UrgentUntil, cat.Location); err == nil {
		return day.UnixMilli()
	}
	return dates[0].AddDate(0, 0, -reserveDays).UnixMilli()
}

// timersOf a catalog, in rising order; those of one moment follow each other by a millisecond.
func timersOf(cat *program.Catalog) (out []timer) {
	days := cat.Policy.Filled().CohortDays
	list := func(at int32, dates []time.Time, past bool) {
		g := &cat.Groups[at]
		add := func(ms int64, what timerKind) {
			if past {
				what = spent
			}
			out = append(out, timer{ms, at, what})
		}
		if g.Seats.Urgent > 0 && len(dates) > 0 {
			add(reservedUntil(cat, g, dates), unreserved)
		}
		if g.Enrolment == program.EnrolmentClosed && g.Seats.Min > 1 && len(dates) > 0 {
			add(dates[0].AddDate(0, 0, -days).UnixMilli(), shortfall)
			add(dates[0].AddDate(0, 0, -lastCallDays).UnixMilli(), lastCall)
			add(dates[0].UnixMilli(), lastCall)
		}
	}
	for i := range cat.Groups {
		list(int32(i), cat.Groups[i].Dates, false)
		list(int32(i), cat.Groups[i].Planned, true)
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
	x, ticks := o.timerAfter(s.Position.Timed)
	for ticks && x.what == spent {
		x, ticks = o.timerAfter(x.at)
	}
	if ticks && s.Position.Input > 0 && (!ok || x.at < at) {
		return x.at, true
	}
	return at, ok
}

// tick does what a group's own date brings.
func (d *step) tick(x timer) {
	g := &d.offer.Catalog.Groups[x.group]
	taken := d.Taken(g.ID)
	switch {
	case x.what == spent:
	case x.what == unreserved:
		d.promote(g.ID)
	case taken == 0 || taken >= g.Seats.Min:
	case d.postpone(g):
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
