package roster

import (
	"slices"

	"github.com/convene-health/convene/mapping"
)

// vacate gives up what a placement holds, keeping who it is.
func (d *step) vacate(pl *Placement) {
	pl.Seat, pl.Due, pl.First, pl.Expires = false, 0, 0, 0
}

// end brings a placement to a final status. Its first session stays known: what was booked is to be called off.
func (d *step) end(pl *Placement, status mapping.Status) {
	first := pl.First
	d.vacate(pl)
	pl.Status, pl.First = status, first
}

// finish ends the placements of a referral that match only (all when nil), tells each, and promotes into the seats
// that became free, all in this step.
func (d *step) finish(dec *Decision, only *PlacementID, status mapping.Status, why mapping.Reason, issues mapping.Issues) {
	rec := dec.Record
	before := slices.Clone(rec.Placements)
	for i := range rec.Placements {
		if pl := &rec.Placements[i]; !pl.Status.Final() && (only == nil || pl.ID == *only) {
			if d.unscheduled(pl, status, 0) {
				d.tell(rec, i, pl.Status, []mapping.Reason{reason(RuleScheduled)}, nil)
			}
			d.end(pl, status)
		}
	}
	d.save(dec)
	for i := range rec.Placements {
		if before[i].Status.Final() || !rec.Placements[i].Status.Final() {
			continue
		}
		reasons := []mapping.Reason{why}
		if status == mapping.Cancelled {
			d.tellRequested(rec, i, before[i].Status, issues)
		}
		d.tellAs(dec, i, before[i].Status, reasons, nil, issues)
	}
	d.refill(before, rec)
}

// tellRequested tells that a cancellation was asked for, before it is told that it is done: profile bser wants both.
func (d *step) tellRequested(rec *Record, i int, previous mapping.Status, issues mapping.Issues) {
	if d.offer.Catalog.Profile == "bser" {
		n := d.tell(rec, i, previous, []mapping.Reason{reason(RuleCancelRequested)}, issues)
		n.CancelRequested = true
	}
}

// refill promotes into the groups that the placements before held and the record no longer does.
func (d *step) refill(before []Placement, rec *Record) {
	for _, was := range before {
		if was.Seat && !slices.ContainsFunc(rec.Placements, func(p Placement) bool { return p.Seat && p.Group == was.Group }) {
			d.promote(was.Group)
		}
	}
}

// promote gives the free seats of a group to the waitlist of its program: each to the next place, in order, that the
// group suits and that no alert holds back.
func (d *step) promote(group string) {
	g := d.offer.Book.Group(group)
	if g < 0 {
		return
	}
	at := &d.offer.Catalog.Groups[g]
	for at.Seats.Max == 0 || d.Taken(group) < at.Seats.Max {
		q := d.queues[at.Program]
		if q == nil {
			return
		}
		var next waiting
		var lapsed []lapse
		q.inOrder(&d.offer.urgency, d.t, func(w waiting) bool {
			if d.promotable(w, g) {
				if rule := d.lapsed(d.live[w.key], g); rule != "" {
					lapsed = append(lapsed, lapse{w.key, rule, g})
				} else {
					next = w
				}
			}
			return next.key == 0
		})
		d.tellLapses(lapsed)
		if next.key == 0 {
			return
		}
		d.promoteOne(next, g, RulePromoted)
	}
}

// promotable reports whether the group suits all who share a waiting place, but for what may have lapsed.
func (d *step) promotable(w waiting, group int32) bool {
	rec := d.live[w.key]
	i := rec.find(w.id)
	seats := d.offer.Catalog.Groups[group].Seats.Max
	if d.offer.reserves != nil && seats > 0 && d.Taken(d.offer.Book.GroupID(group))+d.kept(group, d.laneOf(rec, w.id)) >= seats {
		return false
	}
	return len(rec.Alerts) == 0 && len(d.mustReview(rec, nil)) == 0 && !rec.Placements[i].refused(d.offer.Book.GroupID(group)) && d.keptOutOf(rec, group) == "" &&
		!slices.Contains(d.used(rec), d.offer.Book.ProgramOf(group)) && d.offer.Book.SuitsUngated(rec.Need, group, instant(d.t), d.beside(rec, &rec.Placements[i])...)
}

// promoteOne seats every referral that shares the waiting place, and tells them the rule by which.
func (d *step) promoteOne(w waiting, group int32, rule string) {
	p, _ := d.patientIndex(d.live[w.key].Patient)
	for _, key := range slices.Clone(d.lives.of(p)) {
		rec := d.live[key]
		i := slices.IndexFunc(rec.Placements, func(pl Placement) bool { return pl.ID == w.id && pl.Status == mapping.Waitlisted })
		if i < 0 {
			continue
		}
		dec := d.decision(rec)
		d.seat(dec.Record, &dec.Record.Placements[i], group)
		d.save(dec)
		d.tellAs(dec, i, mapping.Waitlisted, append([]mapping.Reason{reason(seated(&dec.Record.Placements[i])), reason(rule)}, d.advice(&dec.Record.Placements[i])...), nil, nil)
	}
}
