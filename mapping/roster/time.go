package roster

import (
	"slices"

	"github.com/convene-health/convene/mapping"
)

// timePasses lets everything due at or before t happen, in order. It reports whether that is done.
func (d *step) timePasses() bool {
	for {
		at, fallsDue := d.NextDue()
		timer, ticks := d.offer.timerAfter(d.Position.Timed)
		fallsDue, ticks = fallsDue && at <= d.t, ticks && timer.at <= d.t
		switch {
		case !fallsDue && !ticks:
			d.Position.Timed = d.t
			return true
		case d.left <= 0:
			return false
		case ticks && (!fallsDue || timer.at < at):
			d.tick(timer)
			if d.Position.Timed = timer.at; d.Pending != nil {
				return false
			}
		default:
			d.fall(d.live[d.due[0].key], at)
		}
	}
}

// fall does what is due of a placement: an offer is called to mind at half time and given back at its end, a review that nobody
// decided in time is told of, a drop-in place is handed over.
func (d *step) fall(rec *Record, at int64) {
	i := rec.dueAt(at)
	pl := &rec.Placements[i]
	switch {
	case pl.Status == mapping.Offered && at < pl.Expires:
		d.remind(rec, i)
	case pl.Status == mapping.Review:
		d.remindReview(rec, i)
	case pl.Status == mapping.Offered:
		d.giveBack(rec, pl.ID, RuleOfferExpired)
	default:
		d.finish(d.decision(rec), &pl.ID, mapping.Completed, reason(RuleHandedOver), nil)
	}
}

// remind calls an offer to mind, unless it is over already.
func (d *step) remind(rec *Record, i int) {
	dec := d.decision(rec)
	pl := &dec.Record.Placements[i]
	pl.Due = pl.Expires
	d.save(dec)
	if d.t < pl.Expires {
		d.tellAs(dec, i, mapping.Offered, []mapping.Reason{reason(RuleOfferReminder)}, nil, nil)
	}
}

// sharing are the live referrals of rec's patient that have a placement in common, rec among them, in order of key.
func (d *step) sharing(rec *Record, id PlacementID) (out []*Record) {
	p, _ := d.patientIndex(rec.Patient)
	for _, key := range slices.Clone(d.lives.of(p)) {
		if i := d.live[key].find(id); i >= 0 && !d.live[key].Placements[i].Status.Final() {
			out = append(out, d.live[key])
		}
	}
	return out
}

// alter changes a placement in every referral that shares it, and tells each why.
func (d *step) alter(rec *Record, id PlacementID, change func(dec *Decision, pl *Placement) []mapping.Reason) {
	for _, r := range d.sharing(rec, id) {
		dec := d.decision(d.live[r.Key])
		i := dec.Record.find(id)
		previous := dec.Record.Placements[i].Status
		reasons := change(dec, &dec.Record.Placements[i])
		d.save(dec)
		d.tellAs(dec, i, previous, reasons, nil, d.remarks(r.Key))
	}
}

// finishAll ends a placement for every referral that shares it: each referrer learns how it ended.
func (d *step) finishAll(rec *Record, id PlacementID, status mapping.Status, why ...mapping.Reason) {
	for _, r := range d.sharing(rec, id) {
		d.finish(d.decision(d.live[r.Key]), &id, status, why[0], d.remarks(r.Key))
	}
}

// remarks on the input, for the referral that it is about.
func (d *step) remarks(key uint64) mapping.Issues {
	if key != d.about {
		return nil
	}
	return d.turn.Decoded.Issues
}
