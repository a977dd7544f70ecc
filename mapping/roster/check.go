package roster

import (
	"fmt"
	"slices"
)

// Check holds the state of some referrals against the invariants: no group has more seats held than it has, no patient
// holds two seats in one group or two live placements in one program. seatsMax is a group's limit, 0 for none.
// A double placement that a merge brought about is allowed as long as its alert stands, or once a person said that it may be.
func (s *State) Check(referrals []uint64, seatsMax func(group string) int) []string {
	var out []string
	for _, key := range referrals {
		rec := s.live[key]
		if rec == nil {
			continue
		}
		for i := range rec.Placements {
			pl := &rec.Placements[i]
			if limit := seatsMax(pl.Group); pl.Seat && limit > 0 && s.Taken(pl.Group) > limit {
				out = append(out, fmt.Sprintf("group %s has %d seats and %d are held", pl.Group, limit, s.Taken(pl.Group)))
			}
			out = append(out, s.rivals(rec, pl)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// rivals are other live placements of the same patient in the same program that do not share this one's place.
func (s *State) rivals(rec *Record, pl *Placement) (out []string) {
	if !accepted(*pl) {
		return nil
	}
	p, _ := s.patientIndex(rec.Patient)
	for _, key := range s.lives.of(p) {
		other := s.live[key]
		if other.doubled() {
			return nil
		}
		for i := range other.Placements {
			if o := &other.Placements[i]; accepted(*o) && o.Program == pl.Program && o.ID != pl.ID {
				out = append(out, fmt.Sprintf("patient %s holds %s and %s in program %s", KeyOf('p', rec.Patient), min(pl.ID.String(), o.ID.String()), max(pl.ID.String(), o.ID.String()), pl.Program))
			}
		}
	}
	return out
}

// doubled: a person is asked about two places in one program, or has said that they may be.
func (r *Record) doubled() bool {
	return slices.Contains(r.Alerts, RuleDoubleSeat) || slices.Contains(r.Waived, RuleDoubleSeat)
}
