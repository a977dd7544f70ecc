package roster_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/roster"
)

// watch keeps the naive waitlist and checks that nobody of equal urgency is overtaken.
func (m *model) watch(t *rapid.T, notices []mapping.Notice) {
	for _, n := range notices {
		if n.Status == mapping.Refused {
			continue
		}
		if slices.ContainsFunc(n.Reasons, func(r mapping.Reason) bool { return r.Code == roster.RulePromoted }) {
			promoted := m.waiting[n.Placement]
			for id, w := range m.waiting {
				if id != n.Placement && w.program == promoted.program && w.priority == promoted.priority && w.arrival.Before(promoted.arrival) && !m.refused(id, n.Group) && !m.alerted(id) && !m.inPair(id) && m.suits(id, n.Group) {
					t.Fatalf("%s was promoted in %s before %s, which waits longer", n.Placement, promoted.program, id)
				}
			}
		}
		if n.Status == mapping.Waitlisted {
			if _, ok := m.waiting[n.Placement]; !ok {
				m.waiting[n.Placement] = waitingPlace{n.Key, n.Program, m.mostUrgent(n.Placement), m.arrival(n.Placement)}
			}
		} else if n.Previous == mapping.Waitlisted && !m.stillWaits(n.Placement) {
			delete(m.waiting, n.Placement)
		}
	}
	// An update or a join may change program or urgency: read those from the state, as the naive map cannot know.
	for id, w := range m.waiting {
		if rec, pl := m.find(id); rec != nil && pl.Status == mapping.Waitlisted && len(rec.Alerts) == 0 {
			w.program, w.priority, w.arrival = pl.Program, m.mostUrgent(id), time.UnixMilli(pl.Arrival)
			m.waiting[id] = w
		} else {
			delete(m.waiting, id)
		}
	}
}

// arrival of a place, which somebody who lost a seat keeps.
func (m *model) arrival(id string) time.Time {
	if pl := m.place(id); pl != nil {
		return time.UnixMilli(pl.Arrival)
	}
	return m.now
}

// refused reports whether a group was offered to a place and not taken.
func (m *model) refused(id, group string) bool {
	pl := m.place(id)
	return pl != nil && pl.Past != nil && slices.Contains(pl.Past.Not, group)
}

// alerted reports whether a person is to look at a referral that has the place, which holds it back.
func (m *model) alerted(id string) bool {
	return slices.ContainsFunc(m.state.LiveKeys(), func(key uint64) bool {
		rec := m.state.Record(key)
		return len(rec.Alerts) > 0 && slices.ContainsFunc(rec.Placements, func(p roster.Placement) bool { return p.ID.String() == id })
	})
}

// suits reports whether a group takes who has a place: an update may ask for what nothing offers, and the place stays.
func (m *model) suits(id, group string) bool {
	for _, key := range m.state.LiveKeys() {
		rec := m.state.Record(key)
		if slices.ContainsFunc(rec.Placements, func(p roster.Placement) bool { return p.ID.String() == id }) &&
			!m.offer.Book.Suits(rec.Need, m.offer.Book.Group(group), m.now) {
			return false
		}
	}
	return true
}

// place of a live referral, whatever its status.
func (m *model) place(id string) *roster.Placement {
	for _, key := range m.state.LiveKeys() {
		rec := m.state.Record(key)
		for i := range rec.Placements {
			if rec.Placements[i].ID.String() == id {
				return &rec.Placements[i]
			}
		}
	}
	return nil
}

func (m *model) stillWaits(id string) bool { rec, _ := m.find(id); return rec != nil }

// find is a live referral that waits for a placement.
func (m *model) find(id string) (*roster.Record, *roster.Placement) {
	for _, key := range m.state.LiveKeys() {
		rec := m.state.Record(key)
		for i := range rec.Placements {
			if rec.Placements[i].ID.String() == id && rec.Placements[i].Status == mapping.Waitlisted {
				return rec, &rec.Placements[i]
			}
		}
	}
	return nil, nil
}

// mostUrgent of the referrals that share a place.
func (m *model) mostUrgent(id string) mapping.Priority {
	most := mapping.Routine
	for _, key := range m.state.LiveKeys() {
		rec := m.state.Record(key)
		if slices.ContainsFunc(rec.Placements, func(p roster.Placement) bool { return p.ID.String() == id && !p.Status.Final() }) && rec.Priority == mapping.Urgent {
			most = mapping.Urgent
		}
	}
	return most
}
