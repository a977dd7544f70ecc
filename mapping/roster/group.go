package roster

import (
	"slices"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// GroupChange says what of a group a new catalog changes for its members.
type GroupChange struct {
	Group     string `json:"group"`
	Cancelled bool   `json:"cancelled,omitempty"`
	Postponed bool   `json:"postponed,omitempty"`
	Leader    bool   `json:"leader,omitempty"`
}

// changedGroups compares two catalogs; nil before the first. A group that is gone without a word is no change: its members
// keep their seats with an alert.
func changedGroups(old, now *Offering) (out []GroupChange) {
	if old == nil {
		return nil
	}
	for i := range old.Catalog.Groups {
		was := &old.Catalog.Groups[i]
		is, ok := now.Catalog.Group(was.ID)
		if !ok || was.Cancelled {
			continue
		}
		c := GroupChange{was.ID, is.Cancelled, !is.Cancelled && moved(was, is), !is.Cancelled && was.Leader != is.Leader}
		if c.Cancelled || c.Postponed || c.Leader {
			out = append(out, c)
		}
	}
	return out
}

// moved reports whether a group that ends meets at other times than it did.
func moved(was, is *program.Group) bool {
	if was.Sessions.Count == 0 && is.Sessions.Count == 0 {
		return was.Sessions.Time != is.Sessions.Time || was.Sessions.Start != is.Sessions.Start
	}
	return !slices.EqualFunc(was.Dates, is.Dates, func(a, b time.Time) bool { return a.Equal(b) })
}

// unseatFrom takes the members of cancelled groups, of referrals after a key, out of them. It reports whether all are.
func (d *step) unseatFrom(after *uint64, changed []GroupChange) bool {
	for _, key := range d.LiveKeys() {
		if key <= *after {
			continue
		}
		if d.left <= 0 {
			return false
		}
		for i := range d.live[key].Placements {
			pl := d.live[key].Placements[i]
			if c := changeOf(changed, pl.Group); pl.Status.HoldsSeat() && c.Cancelled {
				d.lose(d.live[key], pl.ID, RuleGroupCancelled)
			}
		}
		*after = key
	}
	return true
}

// lose takes a member out of a group that does not take place, into the queue. Who attends already is in progress and can
// go nowhere from there but to an end: a person is alerted.
func (d *step) lose(rec *Record, id PlacementID, rule string) {
	if rec.Placements[rec.find(id)].Status != mapping.Enrolled {
		d.unseat(rec, id, rule, false)
		return
	}
	d.alter(rec, id, func(dec *Decision, _ *Placement) []mapping.Reason {
		dec.Record.Alerts = appendNew(dec.Record.Alerts, rule)
		return []mapping.Reason{alert(rule)}
	})
}

// changeOf a group; the zero change where nothing of it did.
func changeOf(changed []GroupChange, group string) GroupChange {
	i := slices.IndexFunc(changed, func(c GroupChange) bool { return c.Group == group })
	if i < 0 {
		return GroupChange{}
	}
	return changed[i]
}

// heed tells a referral what changed in the groups that it holds seats in, and seats elsewhere whom a cancelled group left
// waiting.
func (d *step) heed(key uint64, changed []GroupChange) {
	for i := 0; len(changed) > 0 && d.live[key] != nil && i < len(d.live[key].Placements); i++ {
		pl := d.live[key].Placements[i]
		c := changeOf(changed, pl.Group)
		switch {
		case pl.Status.HoldsSeat() && (c.Postponed || c.Leader):
			d.tellChange(d.live[key], i, c)
		case pl.Status == mapping.Waitlisted && slices.ContainsFunc(changed, func(c GroupChange) bool { return c.Cancelled && pl.refused(c.Group) }):
			d.replace(key, pl.ID)
		}
	}
}

// tellChange tells a member of a group that it moved or has another leader. The seat stands; where the group no longer suits
// a person is alerted.
func (d *step) tellChange(rec *Record, i int, c GroupChange) {
	dec := d.decision(rec)
	pl := &dec.Record.Placements[i]
	var reasons []mapping.Reason
	var calledOff time.Time
	if c.Postponed {
		reasons = append(reasons, reason(RuleGroupPostponed))
		g, _ := d.offer.Catalog.Group(c.Group)
		if first, ok := d.offer.Catalog.FirstSessionAfter(g, instant(d.t)); ok && pl.Status != mapping.Enrolled && !first.Equal(instant(pl.First)) {
			calledOff, pl.First = instant(pl.First), millis(first)
		}
	}
	if c.Leader {
		reasons = append(reasons, reason(RuleLeaderChanged))
	}
	at := d.offer.Book.Group(c.Group)
	if pl.Seat && len(d.offer.Book.UnsuitedNow(rec.Need, at, instant(d.t))) > 0 {
		dec.Record.Alerts = appendNew(dec.Record.Alerts, RuleGroupUnsuited)
		reasons = append(reasons, alert(RuleGroupUnsuited))
	}
	d.save(dec)
	d.tellAs(dec, i, pl.Status, reasons, nil, nil)
	d.out.Notices[len(d.out.Notices)-1].CalledOff = calledOff
}
