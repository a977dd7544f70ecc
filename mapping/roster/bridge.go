package roster

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
	"github.com/convene-health/convene/mapping/program"
)

// bridge opens a place in a drop-in group for who waits for a program that names one as its bridge. The place in the queue
// stays as it is; a referral has one bridge at a time. Where the condition asks for a licensed group first, a peer group would
// stand beside one that is only waited for: a person decides that ("What is group therapy", serious clinical issues).
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
		if d.bridgeBy(dec, p.Bridges, true) || d.bridgeBy(dec, p.Bridges, false) {
			return
		}
	}
}

// bridgeBy opens a bridge by the first program that has one: at once, or else for a person to decide.
func (d *step) bridgeBy(dec *Decision, programs []string, atOnce bool) bool {
	rec := dec.Record
	for _, id := range programs {
		if slices.ContainsFunc(rec.Placements, func(pl Placement) bool {
			return pl.Role == mapping.Bridge && pl.Asked == id && pl.Status == mapping.Rejected
		}) {
			continue // a person has decided
		}
		next := Placement{ID: PlacementID{rec.Key, uint8(len(rec.Placements) + 1)}, Role: mapping.Bridge, Asked: id, Arrival: d.t, Opened: d.t}
		m := d.offer.Book.Match(d.query(rec, &next, d.offer.Book.Program(id)))
		reasons := []mapping.Reason{reason(RuleBridge)}
		switch {
		case atOnce && m.Chosen >= 0 && d.offer.Catalog.Groups[m.Chosen].Enrolment == program.EnrolmentOpen:
			d.seat(rec, &next, m.Chosen)
			reasons = append(reasons, m.Why()...)
		case !atOnce && slices.ContainsFunc(m.Review, func(r match.Reason) bool { return r.Rule == match.RuleLicensedFirst }):
			next.Status = mapping.Review
			reasons = append(outward(m.Review), reasons...)
		default:
			continue
		}
		rec.Placements = append(rec.Placements, next)
		dec.explain(next.ID, reasons, &m)
		return true
	}
	return false
}

// bridging: a bridge that stands, or that a person is to decide.
func bridging(p Placement) bool { return p.Role == mapping.Bridge && !p.Status.Final() }

// crossed: what was waited for is there.
func crossed(p Placement) bool {
	return p.Role != mapping.Bridge && (p.Status == mapping.Placed || p.Status == mapping.Enrolled)
}

// endBridges ends the bridges of referrals that this step placed; one that nobody has decided yet also where nothing is waited
// for any more.
func (d *step) endBridges() {
	for _, key := range d.placed {
		rec := d.live[key]
		if rec == nil || slices.ContainsFunc(rec.Placements, func(p Placement) bool { return p.Role != mapping.Bridge && p.Status == mapping.Waitlisted }) {
			continue
		}
		i := slices.IndexFunc(rec.Placements, bridging)
		switch {
		case i < 0:
		case undecided(rec.Placements[i]):
			d.finish(d.decision(rec), &rec.Placements[i].ID, mapping.Closed, reason(RuleBridged), nil)
		case slices.ContainsFunc(rec.Placements, crossed):
			d.finish(d.decision(rec), &rec.Placements[i].ID, mapping.Completed, reason(RuleBridged), nil)
		}
	}
}
