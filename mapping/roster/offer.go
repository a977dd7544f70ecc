package roster

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// accept takes the seat that is offered, once everyone whom the program asks has accepted.
func (d *step) accept(e *mapping.Event, rec *Record, id PlacementID) {
	by := e.By
	if by == "" {
		by = mapping.ByPatient
	}
	pl := &rec.Placements[rec.find(id)]
	if pl.Status == mapping.Review {
		d.choose(e, rec, id)
		return
	}
	asked := d.askedFor(pl)
	switch {
	case !slices.Contains(asked, by):
		d.refuse(mapping.Issue{Path: "data.by", Code: "not-asked", Text: "the program does not ask the " + string(by)})
		return
	case pl.Past != nil && (pl.Past.Accepted == by || pl.Past.Withheld):
		d.unchanged("already-accepted", rec.Key)
		return
	case d.keptOutOf(rec, d.offer.Book.Group(pl.Group)) != "":
		d.refuse(mapping.Issue{Path: "data.target", Code: RuleNotOffered, Text: reasonTexts[RuleNotOffered]})
		return
	}
	whole := len(asked) == 1 || pl.Past != nil && pl.Past.Accepted != ""
	d.own(rec)
	if whole {
		if about, rule := d.doubtful(rec, id); rule != "" {
			d.withhold(rec, id, about, rule)
		} else {
			d.takeUp(rec, id)
		}
		return
	}
	d.alter(rec, id, func(_ *Decision, pl *Placement) []mapping.Reason {
		past := pl.past()
		past.Accepted = by
		pl.Past = past
		return []mapping.Reason{reason(RuleAccepted)}
	})
}

// askedFor is whom the program of a placement asks: the patient where the catalog no longer says.
func (d *step) askedFor(pl *Placement) []mapping.Answerer {
	p, known := d.offer.Catalog.Program(pl.Program)
	switch {
	case !known:
	case p.Acceptance == program.AcceptanceLeader:
		return []mapping.Answerer{mapping.ByLeader}
	case p.Acceptance == program.AcceptanceBoth:
		return []mapping.Answerer{mapping.ByPatient, mapping.ByLeader}
	}
	return []mapping.Answerer{mapping.ByPatient}
}

// giveBack takes an offer back that was declined or expired: the seat goes to the next, and who gave it back waits on from
// the same arrival, without prejudice, for another group. After as many as the network allows a person calls first.
func (d *step) giveBack(rec *Record, id PlacementID, rule string) {
	group := rec.Placements[rec.find(id)].Group
	d.unseat(rec, id, rule, true)
	d.promote(group)
	d.replace(rec.Key, id)
}

// unseat takes a place out of its group and into the queue, from its own arrival. The group is not offered again.
func (d *step) unseat(rec *Record, id PlacementID, rule string, declined bool) {
	pl := &rec.Placements[rec.find(id)]
	group, first, told := pl.Group, instant(pl.First), len(d.out.Notices)
	declines := d.offer.Catalog.Policy.Filled().Declines
	d.alter(rec, id, func(dec *Decision, pl *Placement) []mapping.Reason {
		past := pl.past()
		late := past.Withheld && rule == RuleOfferExpired // it was accepted in time
		if !late {
			past.Not = appendNew(past.Not, group)
		}
		if declined && !late && past.Declined < 255 {
			past.Declined++
		}
		past.Accepted, past.Withheld = "", false
		d.vacate(pl)
		pl.Status, pl.Group, pl.Past = mapping.Waitlisted, "", past
		if !declined || int(past.Declined) <= declines {
			return []mapping.Reason{reason(rule)}
		}
		dec.Record.Alerts = appendNew(dec.Record.Alerts, RuleCall)
		return []mapping.Reason{reason(rule), alert(RuleCall)}
	})
	for i := range d.out.Notices[told:] {
		d.out.Notices[told+i].CalledOff = first
	}
}

// replace seats a waiting place where there is a free seat that suits, for all who share it.
func (d *step) replace(key uint64, id PlacementID) {
	rec := d.live[key]
	if rec == nil {
		return
	}
	i := rec.find(id)
	if i < 0 || rec.Placements[i].Status != mapping.Waitlisted || len(rec.Alerts) > 0 || len(d.mustReview(rec, nil)) > 0 {
		return
	}
	pl := &rec.Placements[i]
	only := int32(-1)
	if pl.Asked != "" {
		if only = d.offer.Book.Program(pl.Asked); only < 0 {
			return
		}
	}
	q := d.query(rec, pl, only)
	q.Held = d.heldBeside(rec, id)
	m := d.offer.Book.Match(q)
	if m.Chosen < 0 {
		return
	}
	if rule := d.lapsed(rec, m.Chosen); rule != "" {
		d.tellLapses([]lapse{{key, rule, m.Chosen}})
	} else {
		d.promoteOne(waiting{pl.Arrival, id, key}, m.Chosen, RuleReplaced)
	}
}

// contact counts an attempt to reach the patient. Unreachable after as many as the network makes, the placement closes.
func (d *step) contact(e *mapping.Event, rec *Record, id PlacementID) {
	pl := &rec.Placements[rec.find(id)]
	sent := millis(e.Sent)
	if pl.Past != nil && sent != 0 && pl.Past.Attempted == sent {
		d.unchanged("duplicate", rec.Key)
		return
	}
	attempts := 0
	if pl.Past != nil {
		attempts = int(pl.Past.Attempts)
	}
	d.own(rec)
	if !e.Reached && attempts+1 >= d.offer.Catalog.Policy.Filled().ContactAttempts {
		d.finishAll(rec, id, mapping.Closed, reason(RuleUnreachable))
		return
	}
	d.alter(rec, id, func(_ *Decision, pl *Placement) []mapping.Reason {
		past := pl.past()
		past.Attempted = sent
		if past.Attempts++; e.Reached {
			past.Attempts = 0
			pl.Past = past
			return []mapping.Reason{reason(RuleReached)}
		}
		pl.Past = past
		return []mapping.Reason{reason(RuleNotReached)}
	})
}
