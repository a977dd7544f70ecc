package roster

import (
	"github.com/convene-health/convene/mapping/program"
)

// Postponed is a start that Convene put off because the cohort was below its minimum: days of session 1, YYYY-MM-DD, as the
// catalog gave it and as it is since. A group is put off once, by its id, whatever its catalog says afterwards.
type Postponed struct{ From, To string }

// putOff keeps that a group was put off.
func (s *State) putOff(group string, p Postponed) {
	was, had := s.postponed[group]
	s.postponed[group] = p
	s.onUndo(func() {
		if delete(s.postponed, group); had {
			s.postponed[group] = was
		}
	})
}

// PutOff says how Convene put a group off; false: it did not.
func (s *State) PutOff(group string) (Postponed, bool) {
	p, ok := s.postponed[group]
	return p, ok
}

// InForce is a catalog with the starts that Convene put off; the same catalog where there are none in it, or they are in it
// already. A group to which its catalog gives another start than the one put off begins as the catalog says: a person
// decided that.
func (s *State) InForce(cat *program.Catalog) *program.Catalog {
	var starts map[string]string
	for id, p := range s.postponed {
		if g, ok := cat.Group(id); ok && g.Planned == nil && g.Sessions.Start == p.From {
			if starts == nil {
				starts = map[string]string{}
			}
			starts[id] = p.To
		}
	}
	if starts == nil {
		return cat
	}
	return cat.Later(starts)
}

// InForce is an offering with the starts that Convene put off; the same one where there are none that it lacks.
func (o *Offering) InForce(s *State) *Offering {
	cat := s.InForce(o.Catalog)
	if cat == o.Catalog {
		return o
	}
	return NewOffering(cat)
}

// postpone puts the start of a cohort off: its members keep their seats and are told, whoever waits and is suited by the
// later dates comes in. It reports whether that is so: not twice, not once the first session has begun, and not where the
// later dates would be refused of a catalog.
func (d *step) postpone(g *program.Group) bool {
	if _, once := d.postponed[g.ID]; once || d.t >= g.Dates[0].UnixMilli() {
		return false
	}
	later, _ := d.offer.Catalog.PutOff(g.ID)
	if later == nil {
		return false
	}
	put, _ := later.Group(g.ID)
	d.change(Change{Type: ChangePostponed, Group: g.ID, From: g.Sessions.Start, To: put.Sessions.Start})
	d.offer = NewOffering(later)
	d.out.Offer = d.offer
	d.members(g.ID, func(rec *Record, id PlacementID) {
		for _, r := range d.sharing(rec, id) {
			d.tellChange(d.live[r.Key], r.find(id), GroupChange{Group: g.ID, Postponed: true, Short: true})
		}
	})
	d.promote(g.ID)
	d.change(Change{Type: ChangePending, Pending: &Pending{Reopening: true}})
	return true
}

// reopenFrom places the undecided referrals after a key that the later dates suit. It reports whether all are done.
func (d *step) reopenFrom(after *uint64) bool {
	for _, key := range d.LiveKeys() {
		if key <= *after {
			continue
		}
		if d.left <= 0 {
			return false
		}
		rec := d.live[key]
		for i := range rec.Placements {
			if undecided(rec.Placements[i]) && d.solvable(rec, rec.Placements[i]) {
				rec = d.resettle(rec, i)
			}
		}
		*after = key
	}
	return true
}
