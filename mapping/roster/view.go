package roster

import (
	"maps"
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/match"
)

// Waiter is one place in a program's waitlist.
type Waiter struct {
	Placement PlacementID
	// Key of a live referral that seeks it; more may share it.
	Key uint64
}

// Waitlist of a program at time t (Unix milliseconds) under an offering's policy, the next to be served first: at most max.
func (s *State) Waitlist(program string, offer *Offering, t int64, max int) (list []Waiter) {
	q := s.queues[program]
	if q == nil {
		return nil
	}
	q.inOrder(&offer.urgency, t, func(w waiting) bool {
		if len(list) < max {
			list = append(list, Waiter{w.id, w.key})
		}
		return len(list) < max
	})
	return list
}

// PositionOf is the position from 1 of a placement in its program's waitlist at time t; 0 when it does not wait.
func (s *State) PositionOf(pl *Placement, offer *Offering, t int64) int {
	return s.position(&offer.urgency, pl, t)
}

// Known reports whether a referral was ever named, and not erased.
func (s *State) Known(key uint64) bool {
	i, ok := s.rowIndex(key)
	return ok && !s.rows[i].erased
}

// WhyNot says what keeps a waiting referral out of a group, whatever its seats: rules about the two, an open alert, a
// patient a safety rule holds back. Empty: the next free seat may be theirs.
func (s *State) WhyNot(rec *Record, group int32, offer *Offering, t int64) (reasons []match.Reason, held []string) {
	d := step{State: s, offer: offer, t: t}
	held = slices.Clone(rec.Alerts)
	for _, why := range d.mustReview(rec, nil) {
		held = appendNew(held, why.Code)
	}
	reasons = offer.Book.WhyNot(rec.Need, group, instant(t), d.beside(rec, &Placement{})...)
	for _, rule := range []string{d.keptOutOf(rec, group), d.unconsented(rec, group)} {
		if rule != "" {
			reasons = append(reasons, match.ReasonOf(rule))
		}
	}
	return reasons, held
}

// TextOf is the sentence of a rule of this package; empty for one of the matcher's.
func TextOf(rule string) string { return reasonTexts[rule] }

// RuleIDs lists the rules of this package.
func RuleIDs() []string { return slices.Sorted(maps.Keys(reasonTexts)) }

// OfPatient lists the referrals of a patient, live and closed, ascending. It looks at every referral.
func (s *State) OfPatient(patient uint64) (keys []uint64) {
	p, ok := s.patientIndex(patient)
	if !ok {
		return nil
	}
	for i := range s.rows {
		if r := &s.rows[i]; !r.erased && s.survivor(r.patient) == p {
			keys = append(keys, r.key)
		}
	}
	return keys
}

// StatusOf a referral that is closed, or else of its first placement; false for one that is not known.
func (s *State) StatusOf(key uint64) (mapping.Status, bool) {
	if rec := s.live[key]; rec != nil {
		return rec.lastStatus(), true
	}
	i, ok := s.rowIndex(key)
	if !ok {
		return "", false
	}
	return statuses[s.rows[i].status], true
}
