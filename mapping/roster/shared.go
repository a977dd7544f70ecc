package roster

import "github.com/convene-health/convene/mapping"

// leaveShared takes a referral, whose update or whose vanished program changes what it seeks, out of a waiting place that it
// shares: the others keep the place, and it seeks one of its own, from the same arrival. Where the place still is the one
// to wait in, nothing happens.
func (d *step) leaveShared(dec *Decision) {
	for i := range dec.Record.Placements {
		pl := dec.Record.Placements[i]
		if pl.Status != mapping.Waitlisted || len(d.sharing(dec.Record, pl.ID)) < 2 || d.waitsOn(dec.Record, &pl) {
			continue
		}
		dec.Record.Placements = append(dec.Record.Placements, Placement{
			ID: PlacementID{dec.Record.Key, d.nextPlacement(dec.Record)}, Role: mapping.Primary, Asked: pl.Asked, Arrival: pl.Arrival, Opened: d.t,
		})
		d.end(&dec.Record.Placements[i], mapping.Cancelled)
		d.save(dec)
		d.tellRequested(dec.Record, i, mapping.Waitlisted, nil)
		d.tellAs(dec, i, mapping.Waitlisted, []mapping.Reason{reason(RuleNoLongerAsked)}, nil, nil)
		dec.Record = dec.Record.clone()
	}
}

// waitsOn reports whether a place in a queue is still the best for a referral as it now is, or there is no other.
func (d *step) waitsOn(rec *Record, pl *Placement) bool {
	only := int32(-1)
	if pl.Asked != "" {
		if only = d.offer.Book.Program(pl.Asked); only < 0 {
			return true
		}
	}
	m := d.offer.Book.Match(d.query(rec, pl, only)) // the others hold the program, so joining it is staying
	switch {
	case len(d.mustReview(rec, outward(m.Review))) > 0:
		return true
	case m.Join >= 0:
		return m.Join == d.offer.Book.Program(pl.Program)
	}
	return m.Chosen < 0 && m.Wait < 0
}

// nextPlacement is a number that no placement of a referral has, not even one that others share.
func (d *step) nextPlacement(rec *Record) uint8 {
	last := rec.lastOf(rec.Key, uint8(len(rec.Placements)))
	p, _ := d.patientIndex(rec.Patient)
	for _, key := range d.lives.of(p) {
		last = d.live[key].lastOf(rec.Key, last)
	}
	return last + 1
}

// lastOf is the highest number of the placements that a referral has opened, at least n.
func (r *Record) lastOf(key uint64, n uint8) uint8 {
	for i := range r.Placements {
		if id := r.Placements[i].ID; id.Referral == key {
			n = max(n, id.N)
		}
	}
	return n
}
