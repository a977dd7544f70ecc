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
	// Sessions still to come that are moved, left out or new, where they are few; where more are, it is Postponed.
	Sessions []mapping.SessionChange `json:"sessions,omitempty"`
	// Short: it was put off because it is below its minimum.
	Short bool `json:"short,omitempty"`
}

// sessionChangesMax are more than a pause of a month in a weekly group changes, and few enough to name.
const sessionChangesMax = 12

// changedGroups compares two catalogs at t; nil before the first. A group that is gone without a word is no change: its
// members keep their seats with an alert.
func changedGroups(old, now *Offering, t time.Time) (out []GroupChange) {
	if old == nil {
		return nil
	}
	for i := range old.Catalog.Groups {
		was := &old.Catalog.Groups[i]
		is, ok := now.Catalog.Group(was.ID)
		if !ok || was.Cancelled {
			continue
		}
		c := GroupChange{Group: was.ID, Cancelled: is.Cancelled}
		if !is.Cancelled {
			c.Leader = was.Leader != is.Leader
			c.Sessions = program.SessionChanges(old.Catalog, now.Catalog, was, is, t)
		}
		if len(c.Sessions) > sessionChangesMax || len(c.Sessions) > 0 && (was.Sessions.Start != is.Sessions.Start || was.Sessions.Time != is.Sessions.Time) {
			c.Postponed, c.Sessions = true, nil
		}
		if c.Cancelled || c.Postponed || c.Leader || len(c.Sessions) > 0 {
			out = append(out, c)
		}
	}
	return out
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
		case pl.Status.HoldsSeat() && c.Group != "" && !c.Cancelled:
			d.tellChange(d.live[key], i, c)
		case pl.Status == mapping.Waitlisted && slices.ContainsFunc(changed, func(c GroupChange) bool { return c.Cancelled && pl.refused(c.Group) }):
			d.replace(key, pl.ID)
		}
	}
}

// tellChange tells a member of a group that it or some of its sessions moved, or that it has another leader. The seat stands;
// where the group no longer suits a person is alerted. Who would have come to none of the sessions is told nothing.
func (d *step) tellChange(rec *Record, i int, c GroupChange) {
	g, _ := d.offer.Catalog.Group(c.Group)
	first := d.firstNow(&rec.Placements[i], g, c)
	sessions := d.sessionsFor(&rec.Placements[i], g, c.Sessions, first)
	reasons := reasonsOfChange(c, sessions)
	if len(reasons) == 0 {
		return
	}
	dec := d.decision(rec)
	pl := &dec.Record.Placements[i]
	var calledOff time.Time
	if was := instant(pl.First); !first.Equal(was) {
		if _, stays := slices.BinarySearchFunc(g.Dates, was, time.Time.Compare); !stays {
			calledOff = was
		}
		pl.First = millis(first)
	}
	at := d.offer.Book.Group(c.Group)
	if pl.Seat && len(d.offer.Book.UnsuitedNow(rec.Need, at, instant(d.t), d.beside(rec, pl)...)) > 0 {
		dec.Record.Alerts = appendNew(dec.Record.Alerts, RuleGroupUnsuited)
		reasons = append(reasons, alert(RuleGroupUnsuited))
	}
	d.save(dec)
	d.tellAs(dec, i, pl.Status, reasons, nil, nil)
	n := &d.out.Notices[len(d.out.Notices)-1]
	n.CalledOff, n.Sessions = calledOff, sessions
}

// firstNow is the first session that a member can attend after a change of the group's sessions: the next, for who has not
// begun.
func (d *step) firstNow(pl *Placement, g *program.Group, c GroupChange) time.Time {
	was := instant(pl.First)
	if pl.Status == mapping.Enrolled || !c.Postponed && (len(c.Sessions) == 0 || pl.First <= d.t) {
		return was
	}
	if first, ok := d.offer.Catalog.FirstSessionAfter(g, instant(d.t)); ok {
		return first
	}
	return was
}

// sessionsFor are those changes that a member would have noticed: from the first session, as it was and as it is, to the last,
// for a drop-in place the first and what comes before it is handed over.
func (d *step) sessionsFor(pl *Placement, g *program.Group, changes []mapping.SessionChange, first time.Time) (out []mapping.SessionChange) {
	from := instant(min(pl.First, millis(first)))
	var until time.Time // zero: every session of the group
	if last, ok := d.offer.Catalog.LastSessionFor(g, first); ok && last.Before(g.Dates[len(g.Dates)-1]) {
		until = last
	}
	if pl.Due != 0 && pl.Status != mapping.Offered {
		until = instant(max(pl.Due, millis(first)))
	}
	attends := func(t time.Time) bool {
		return !t.IsZero() && !t.Before(from) && (until.IsZero() || !t.After(until))
	}
	for _, c := range changes {
		if attends(c.Was) || attends(c.Is) {
			out = append(out, c)
		}
	}
	return out
}

// reasonsOfChange say what of a group changed for a member; none where nothing did.
func reasonsOfChange(c GroupChange, sessions []mapping.SessionChange) (reasons []mapping.Reason) {
	if c.Postponed {
		reasons = append(reasons, reason(RuleGroupPostponed))
	}
	if c.Short {
		reasons = append(reasons, reason(RuleBelowMinimum))
	}
	for _, s := range sessions {
		rule := RuleSessionMoved
		switch {
		case s.Is.IsZero():
			rule = RuleSessionOff
		case s.Was.IsZero():
			rule = RuleSessionAdded
		}
		if !slices.Contains(reasons, reason(rule)) {
			reasons = append(reasons, reason(rule))
		}
	}
	if c.Leader {
		reasons = append(reasons, reason(RuleLeaderChanged))
	}
	return reasons
}
