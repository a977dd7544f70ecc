package roster

import (
	"bytes"
	"slices"

	"github.com/convene-health/convene/mapping"
)

// target finds the referral an event names. It answers the sender itself when there is none to act on.
func (d *step) target(e *mapping.Event) (rec *Record, only *PlacementID, ok bool) {
	i, found := d.rowNamed(e)
	if !found {
		d.unknown(e)
		return nil, nil, false
	}
	known := d.rows[i]
	if !d.mayChange(e.Source, known) {
		d.refuse(notOwner(e.Source))
		return nil, nil, false
	}
	rec = d.live[known.key]
	if rec == nil {
		d.unchanged("already-"+string(statuses[known.status]), known.key)
		return nil, nil, false
	}
	if e.Target.Placement == "" {
		return rec, nil, true
	}
	id, err := ParsePlacementID(e.Target.Placement)
	if err != nil || !slices.ContainsFunc(rec.Placements, func(p Placement) bool { return p.ID == id }) {
		d.refuse(mapping.Issue{Path: "data.target.placement", Code: "unknown-placement", Text: "this referral has no such placement"})
		return nil, nil, false
	}
	return rec, &id, true
}

func (d *step) rowNamed(e *mapping.Event) (uint32, bool) {
	if e.Target.Key != "" {
		key, err := ParseKey('r', e.Target.Key)
		i, ok := d.rowIndex(key)
		return i, ok && err == nil && !d.rows[i].erased
	}
	identity, _ := identityOf(e.Target.Identifier, e.Source, Hash{})
	i, ok := d.rowOf[identity]
	return i, ok
}

// unknown refuses an event about a referral never seen. A cancel is remembered, so that the order, should it come late,
// is not placed.
func (d *step) unknown(e *mapping.Event) {
	d.refuse(mapping.Issue{Path: "data.target", Code: "unknown-referral", Text: "no referral with this identifier or key is known"})
	if e.Type != mapping.ReferralCancelled || e.Target.Identifier.Value == "" {
		return
	}
	identity, _ := identityOf(e.Target.Identifier, e.Source, Hash{})
	sent := millis(e.Sent)
	if sent == 0 {
		sent = d.t
	}
	d.foretell(e.Source, identity, sent)
}

// cancel ends what the referrer no longer wants.
func (d *step) cancel(e *mapping.Event) {
	rec, only, ok := d.target(e)
	if !ok {
		return
	}
	if sent := millis(e.Sent); sent != 0 && sent < rec.Sent {
		d.own(rec)
		d.doubt(rec, RuleStaleCancel, d.turn.Decoded.Issues)
		return
	}
	d.finish(d.own(rec), only, mapping.Cancelled, reason(RuleCancelled), d.turn.Decoded.Issues)
}

// own opens the decision of the referral that the input is about.
func (d *step) own(rec *Record) *Decision {
	dec := d.decision(rec)
	dec.Own, d.about = true, rec.Key
	if e := d.turn.Decoded.Event; e != nil {
		dec.Actor, dec.Why = e.Actor, e.Reason
	}
	return dec
}

// erase closes a referral and leaves nothing of it but the key.
func (d *step) erase(e *mapping.Event) {
	i, ok := d.rowNamed(e)
	if !ok {
		d.unknown(e)
		return
	}
	key := d.rows[i].key
	rec := d.live[key]
	var before []Placement
	if rec != nil {
		dec := d.own(rec)
		rec, before = dec.Record, slices.Clone(dec.Record.Placements)
		for k := range dec.Record.Placements {
			if pl := &dec.Record.Placements[k]; !pl.Status.Final() {
				d.end(pl, mapping.Closed)
			}
		}
		dec.Record.Superseded, dec.Record.Doubts, dec.Record.Alerts = nil, nil, nil
		dec.Record.Erased = true
		d.save(dec)
	}
	source := d.sources[d.rows[i].source]
	d.change(Change{Type: ChangeErased, Key: key, Person: d.whole(d.rows[i].patient)})
	n := d.notice()
	n.Key, n.Source, n.Status = KeyOf('r', key), source, mapping.Closed
	n.Reasons = []mapping.Reason{reason(RuleErased)}
	d.out.Notices = append(d.out.Notices, n)
	d.refill(before, rec)
}

// whole is a patient with every identifier that recognises them.
func (s *State) whole(patient uint32) *Patient {
	patient = s.survivor(patient)
	p, ok := s.Patient(s.patients[patient].key)
	if !ok {
		return nil
	}
	for id, i := range s.patientOf {
		if s.survivor(i) == patient {
			p.IDs = append(p.IDs, id)
		}
	}
	slices.SortFunc(p.IDs, func(a, b Hash) int { return bytes.Compare(a[:], b[:]) })
	return &p
}
