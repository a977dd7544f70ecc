package roster

import (
	"slices"

	"github.com/convene-health/convene/mapping"
)

// Pending is a catalog change under way: it fills the groups from the waitlists, so that who waits already comes first,
// then visits the live referrals in order of key, as many in each step as StepReferrals allows.
type Pending struct {
	// Group is the index of the group being filled; all are when Revising.
	Group    int32 `json:"group,omitempty"`
	Revising bool  `json:"revising,omitempty"`
	// After is the last referral visited.
	After uint64 `json:"after,omitempty"`
	// Changed are the groups that are not what they were; Unseating: members of the cancelled ones are still to leave.
	Changed   []GroupChange `json:"changed,omitempty"`
	Unseating bool          `json:"unseating,omitempty"`
	// Reopening: no catalog changed but a start was put off. Whoever is undecided may be settled by it; then the input goes on.
	Reopening bool `json:"reopening,omitempty"`
}

// applyCatalog puts a catalog in force and lets it concern whom it does.
func (d *step) applyCatalog(e *mapping.Event) {
	if e.Catalog == d.Catalog {
		d.unchanged("catalog-in-force", 0)
		return
	}
	if e.Replaces != "" && e.Replaces != d.Catalog {
		d.refuse(mapping.Issue{Path: "data.replaces", Code: "catalog-changed", Text: "another catalog is in force than the one this was made from; look at it, then edit again"})
		return
	}
	offer := d.turn.Offer.InForce(d.State)
	changed := changedGroups(d.offer, offer, instant(d.t))
	d.offer, d.out.Offer = offer, offer
	d.change(Change{Type: ChangeCatalog, Catalog: e.Catalog})
	d.change(Change{Type: ChangePending, Pending: &Pending{Changed: changed, Unseating: slices.ContainsFunc(changed, func(c GroupChange) bool { return c.Cancelled })}})
	d.continuePending()
}

// continuePending does the next step of a catalog change.
func (d *step) continuePending() {
	p := *d.Pending
	if p.Reopening {
		d.out.More = true
		if d.reopenFrom(&p.After) {
			d.change(Change{Type: ChangePending})
			return
		}
		d.change(Change{Type: ChangePending, Pending: &p})
		return
	}
	if p.Unseating && d.unseatFrom(&p.After, p.Changed) {
		p.Unseating, p.After = false, 0
	}
	if !p.Unseating && !p.Revising {
		p.Revising = d.fillFrom(&p.Group)
	}
	if p.Revising && d.reviseFrom(&p.After) {
		d.change(Change{Type: ChangePending})
		if len(d.out.Notices) == 0 && d.Position.Notices == 0 {
			d.unchanged("catalog-applied", 0)
		}
		return
	}
	d.change(Change{Type: ChangePending, Pending: &p})
	d.out.More = true
}

// reviseFrom re-decides the live referrals after a key whom the change concerns. It reports whether all are done.
func (d *step) reviseFrom(after *uint64) bool {
	for _, key := range d.LiveKeys() {
		if key <= *after {
			continue
		}
		if d.left <= 0 {
			return false
		}
		d.heed(key, d.Pending.Changed)
		if rec := d.live[key]; rec != nil {
			d.revise(rec)
			d.settleOffers(key)
			p, _ := d.patientIndex(rec.Patient)
			d.alertTogether(p, false)
		}
		*after = key
	}
	return true
}

// revise re-decides a referral after a catalog change: one in review because nothing suited may suit now; a place
// waited for in a program that is gone is sought anew. A seat in a group that is gone stands, and so does a place in the
// queue for which there is no other, with an alert.
func (d *step) revise(rec *Record) {
	if slices.ContainsFunc(rec.Placements, func(p Placement) bool { return d.gone(&p) == RuleProgramGone && len(d.sharing(rec, p.ID)) > 1 }) {
		dec := d.decision(rec)
		d.leaveShared(dec)
		d.save(dec)
		rec = dec.Record
	}
	for i := range rec.Placements {
		pl := rec.Placements[i]
		rule := d.gone(&pl)
		switch open := undecided(pl) || pl.Status == "" || rule == RuleProgramGone; {
		case open && d.solvable(rec, pl):
			rec = d.resettle(rec, i)
		case rule != "" && !slices.Contains(rec.Alerts, rule):
			d.doubt(rec, rule, nil)
			return
		case !slices.Contains(rec.Alerts, RuleGateUnmet) && d.gateUnmet(rec, &pl):
			d.doubt(rec, RuleGateUnmet, nil)
			return
		}
	}
}

// resettle places what a catalog alone can settle, and gives the record as it is then.
func (d *step) resettle(rec *Record, i int) *Record {
	dec := d.decision(rec)
	previous := dec.Record.Placements[i].Status
	d.place(dec, &dec.Record.Placements[i])
	d.save(dec)
	d.tell(dec.Record, i, previous, dec.reasonsOf(dec.Record.Placements[i].ID), dec.asks)
	return dec.Record
}

// gone is the rule of a placement whose group or program is no longer in the catalog; empty otherwise.
func (d *step) gone(pl *Placement) string {
	switch {
	case pl.Status.HoldsSeat() && d.offer.Book.Group(pl.Group) < 0:
		return RuleGroupGone
	case pl.Status == mapping.Waitlisted && d.offer.Book.Program(pl.Program) < 0:
		return RuleProgramGone
	}
	return ""
}

// solvable reports whether a catalog alone could settle a placement: nothing about the person is in doubt, and something
// suits now.
func (d *step) solvable(rec *Record, pl Placement) bool {
	if len(d.mustReview(rec, nil)) > 0 {
		return false
	}
	only := int32(-1)
	if pl.Asked != "" {
		if only = d.offer.Book.Program(pl.Asked); only < 0 {
			return false
		}
	}
	m := d.offer.Book.Match(d.query(rec, &pl, only))
	return len(m.Review) == 0 && len(m.NeedsInfo) == 0 && (m.Chosen >= 0 || m.Join >= 0 || m.Wait >= 0)
}

// fillFrom promotes into every group with free seats, from a group on. It reports whether all are done.
func (d *step) fillFrom(group *int32) bool {
	for n := int32(len(d.offer.Catalog.Groups)); *group < n; *group++ {
		if d.left <= 0 {
			return false
		}
		d.promote(d.offer.Book.GroupID(*group))
	}
	return true
}
