package roster

import (
	"slices"

	"github.com/convene-health/convene/mapping"
)

// merge makes two patient keys one person: the lower key stays, the other's referrals are re-keyed.
func (d *step) merge(e *mapping.Event) {
	if e.Source != mapping.SourceDesk && e.Source != mapping.SourceAdmin && !mayMerge(append(slices.Clone(e.Survivor), e.Merged...), e.Source, d.offer.Catalog) {
		d.refuse(mapping.Issue{Path: "source", Code: "not-allowed", Text: "the catalog does not let this source merge identifiers of these assigners"})
		return
	}
	survivors := d.known(identifierHashes(e.Survivor, e.Source, d.offer.Catalog))
	merged := d.known(identifierHashes(e.Merged, e.Source, d.offer.Catalog))
	switch {
	case len(merged) > 1 || len(survivors) > 1:
		d.refuse(mapping.Issue{Path: "data", Code: RuleIdentityConflict, Text: "the identifiers name more than one person on one side"})
	case len(merged) == 0 || len(survivors) == 0:
		d.learnAlias(e, survivors, merged)
	case merged[0] == survivors[0]:
		d.unchanged("already-merged", 0)
	default:
		d.rekey(d.patients[max(merged[0], survivors[0])].key, d.patients[min(merged[0], survivors[0])].key)
	}
}

// learnAlias notes the identifiers of a merge of which only one side, or none, is known yet: whoever is referred under one
// of them later is this person.
func (d *step) learnAlias(e *mapping.Event, survivors, merged []uint32) {
	ids := identifierHashes(append(slices.Clone(e.Survivor), e.Merged...), e.Source, d.offer.Catalog)
	person := d.turn.Input.Sequence
	if both := append(survivors, merged...); len(both) > 0 {
		person = d.patients[both[0]].key
	}
	if len(ids) > 0 {
		d.change(Change{Type: ChangeAlias, Patient: person, IDs: ids})
		d.alertTies(person, false)
	}
	if len(d.out.Notices) == 0 {
		d.unchanged("identifiers-noted", 0)
	}
}

// rekey moves every referral of patient from to patient into. A risk that only one of the two was known by is brought
// to a person's attention wherever the other holds, waits or is considered.
func (d *step) rekey(from, into uint64) {
	f, _ := d.patientIndex(from)
	i, _ := d.patientIndex(into)
	moved, stayed := slices.Clone(d.lives.of(f)), slices.Clone(d.lives.of(i))
	a, _ := d.State.Patient(into)
	b, _ := d.State.Patient(from)
	survivor := a
	survivor.Risks, survivor.Used = union(a.Risks, b.Risks), joinedUses(a.Used, b.Used)
	var freed []string
	for _, key := range moved {
		dec := d.decision(d.live[key])
		dec.Record.Patient = into
		if e := d.turn.Decoded.Event; e != nil {
			dec.Actor, dec.Why = e.Actor, e.Reason
		}
		dec.Patient = survivor
		freed = append(freed, d.doubleSeats(dec.Record)...)
		d.save(dec)
		for i := range dec.Record.Placements {
			if pl := dec.Record.Placements[i]; !pl.Status.Final() {
				reasons := []mapping.Reason{reason(RuleMerged)}
				if slices.Contains(dec.Record.Alerts, RuleDoubleSeat) && accepted(pl) {
					reasons = append(reasons, alert(RuleDoubleSeat))
				}
				d.tellAs(dec, i, pl.Status, reasons, nil, nil)
			}
		}
	}
	d.change(Change{Type: ChangeMerged, Key: from, Patient: into})
	for _, g := range freed {
		d.promote(g)
	}
	d.shareRisks(a.Risks, b.Risks, moved)
	d.shareRisks(b.Risks, a.Risks, stayed)
	d.alertTies(into, false)
	if len(d.out.Notices) == 0 {
		d.unchanged("merged-closed", 0)
	}
}

// shareRisks brings the risks of one record to where the person of another was looked at without them. What was set aside there
// was for that record alone.
func (d *step) shareRisks(theirs, own []Risk, keys []uint64) {
	for _, rule := range rulesOf(theirs) {
		d.askAgain(rule, keys)
		if !slices.Contains(rulesOf(own), rule) {
			d.warn(rule, keys)
		}
	}
}

// doubleSeats alerts on places that the survivor has in the same program already, and returns the groups in which two
// seats become one.
func (d *step) doubleSeats(rec *Record) (freed []string) {
	p, _ := d.patientIndex(rec.Patient)
	for i := range rec.Placements {
		pl := &rec.Placements[i]
		for _, key := range d.lives.of(p) {
			for _, other := range d.live[key].Placements {
				if key == rec.Key || !accepted(*pl) || !accepted(other) || other.Program != pl.Program {
					continue
				}
				rec.Alerts = appendNew(rec.Alerts, RuleDoubleSeat)
				if pl.Seat && other.Seat && pl.Group == other.Group {
					freed = appendNew(freed, pl.Group)
				}
			}
		}
	}
	return freed
}
