package roster

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
)

// entry are the rules that ask who may begin. Who has begun, or is about to, and gets better by it is to stay.
var entry = []string{"no-overlap", "peer-by-choice", "gate", "gate-missing", "gate-undecided"}

// against lists what speaks against a group for who has a place in it: what matching says but for who may begin, and what consents
// do. Nothing where the catalog has no such group.
func (d *step) against(rec *Record, pl *Placement) []match.Reason {
	group := d.offer.Book.Group(pl.Group)
	if group < 0 {
		return nil
	}
	reasons := d.offer.Book.UnsuitedNow(rec.Need, group, instant(d.t), d.beside(rec, pl)...)
	reasons = slices.DeleteFunc(reasons, func(r match.Reason) bool { return slices.Contains(entry, r.Rule) })
	if rule := d.unconsented(rec, group); rule != "" {
		reasons = append(reasons, match.ReasonOf(rule))
	}
	return reasons
}

// unsuited is the alert that a place no longer suits, with what speaks against it since was; none where nothing new does. An
// update that puts all of it right ends the alert.
func (d *step) unsuited(was, rec *Record, pl *Placement) []mapping.Reason {
	before, now := d.against(was, pl), d.against(rec, pl)
	fresh := slices.DeleteFunc(slices.Clone(now), func(r match.Reason) bool { return slices.Contains(before, r) })
	switch {
	case len(fresh) > 0:
		rec.Alerts = appendNew(rec.Alerts, RuleGroupUnsuited)
		return append([]mapping.Reason{alert(RuleGroupUnsuited)}, outward(fresh)...)
	case len(before) > 0 && !slices.ContainsFunc(rec.Placements, func(p Placement) bool { return p.Status.HoldsSeat() && len(d.against(rec, &p)) > 0 }):
		rec.Alerts = slices.DeleteFunc(rec.Alerts, func(r string) bool { return r == RuleGroupUnsuited })
	}
	return nil
}

// theirs: the patient has the place, and not only waits for it or is asked.
func theirs(p Placement) bool { return p.Status == mapping.Placed || p.Status == mapping.Enrolled }

// has reports whether a placement is the patient's.
func (r *Record) has(id PlacementID) bool {
	i := r.find(id)
	return i >= 0 && theirs(r.Placements[i])
}

// alertAdjuncts asks a person to look at a peer group that stood beside a licensed one, where that has ended in this step however
// it did. The place stays: nobody is unseated by a machine.
func (d *step) alertAdjuncts() {
	for _, patient := range d.lost {
		p, _ := d.patientIndex(patient)
		for _, key := range slices.Clone(d.lives.of(p)) {
			for i := range d.live[key].Placements {
				rec := d.live[key]
				pl := &rec.Placements[i]
				if pl.Role != mapping.Adjunct || !pl.Status.HoldsSeat() || slices.Contains(rec.Alerts, RuleGroupUnsuited) {
					continue
				}
				why := d.against(rec, pl)
				alone := slices.IndexFunc(why, func(r match.Reason) bool { return r.Rule == match.RuleLicensedFirst })
				if alone < 0 {
					continue
				}
				d.alter(rec, pl.ID, func(dec *Decision, _ *Placement) []mapping.Reason {
					dec.Record.Alerts = appendNew(dec.Record.Alerts, RuleGroupUnsuited)
					return append([]mapping.Reason{alert(RuleGroupUnsuited)}, outward(why[alone:alone+1])...)
				})
			}
		}
	}
}

// joins reports whether somebody may take part in a group other than their own, as e says, and answers the sender itself where
// not: never a minor among adults or an adult among minors; and nothing that nobody may set aside where it can still be kept from
// happening, for it is a move, or people of the network do it. Of the rest a person is alerted.
func (d *step) joins(e *mapping.Event, rec *Record, id PlacementID) bool {
	if !d.mayJoin(e, rec, id) {
		return false
	}
	there := rec.Placements[rec.find(id)]
	avoidable := there.Group != "" || ofPeople(e)
	there.Group = e.Group
	var issues mapping.Issues
	for _, r := range d.against(rec, &there) {
		if match.Absolute(r.Rule) && (avoidable || r.Rule == match.RuleMinors) {
			issues = append(issues, mapping.Issue{Path: "data.group", Code: r.Outward().Code, Text: r.Outward().Text})
		}
	}
	if avoidable && d.keptOutOf(rec, d.offer.Book.Group(e.Group)) != "" {
		issues = append(issues, mapping.Issue{Path: "data.group", Code: RuleNotOffered, Text: reasonTexts[RuleNotOffered]})
	}
	if len(issues) > 0 {
		d.refuse(issues...)
		return false
	}
	return d.mayBegin(e, rec)
}

// ofPeople reports whether an event is an act of people of the network, and not the report of another system.
func ofPeople(e *mapping.Event) bool {
	return e.Source == mapping.SourceDesk || e.Source == mapping.SourceAdmin
}

// mayBegin answers the network's own people where a STOP holds that two of them have not set aside. What another system reports
// has happened, and a person is alerted.
func (d *step) mayBegin(e *mapping.Event, rec *Record) bool {
	if !ofPeople(e) || !d.stopped(rec.Patient) || slices.Contains(rec.Waived, RuleStop) {
		return true
	}
	d.refuse(mapping.Issue{Path: "data.target", Code: "needs-approver", Text: "a safety rule forbids this: two people in two roles set it aside first"})
	return false
}
