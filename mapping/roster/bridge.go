package roster

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// bridge opens a place in a drop-in group for who waits for a program that names one as its bridge. The place in the queue
// stays as it is; a referral has one bridge at a time.
func (d *step) bridge(dec *Decision) {
	rec := dec.Record
	if len(rec.Alerts) > 0 || slices.ContainsFunc(rec.Placements, bridging) {
		return
	}
	for i := range rec.Placements {
		pl := &rec.Placements[i]
		p, ok := d.offer.Catalog.Program(pl.Program)
		if !ok || pl.Status != mapping.Waitlisted || len(p.Bridges) == 0 || len(rec.Placements) >= placementsMax || len(d.mustReview(rec, nil)) > 0 {
			continue
		}
		for _, id := range p.Bridges {
			next := Placement{ID: PlacementID{rec.Key, uint8(len(rec.Placements) + 1)}, Role: mapping.Bridge, Asked: id, Arrival: d.t, Opened: d.t}
			m := d.offer.Book.Match(d.query(rec, &next, d.offer.Book.Program(id)))
			if m.Chosen < 0 || d.offer.Catalog.Groups[m.Chosen].Enrolment != program.EnrolmentOpen {
				continue
			}
			d.seat(rec, &next, m.Chosen)
			rec.Placements = append(rec.Placements, next)
			dec.explain(next.ID, append([]mapping.Reason{reason(RuleBridge)}, m.Why()...), &m)
			return
		}
	}
}

// bridging: a bridge that stands.
func bridging(p Placement) bool { return p.Role == mapping.Bridge && !p.Status.Final() }

// crossed: what was waited for is there.
func crossed(p Placement) bool {
	return p.Role != mapping.Bridge && (p.Status == mapping.Placed || p.Status == mapping.Enrolled)
}

// endBridges ends the bridges of referrals that this step placed.
func (d *step) endBridges() {
	for _, key := range d.placed {
		rec := d.live[key]
		if rec == nil || !slices.ContainsFunc(rec.Placements, crossed) || slices.ContainsFunc(rec.Placements, func(p Placement) bool { return p.Status == mapping.Waitlisted }) {
			continue
		}
		if i := slices.IndexFunc(rec.Placements, bridging); i >= 0 {
			d.finish(d.decision(rec), &rec.Placements[i].ID, mapping.Completed, reason(RuleBridged), nil)
		}
	}
}
