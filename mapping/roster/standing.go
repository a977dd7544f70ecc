package roster

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

// standing tells the source of a referral how it stands. Nothing changes.
func (d *step) standing(e *mapping.Event) {
	i, found := d.rowNamed(e)
	if !found {
		d.unknown(e)
		return
	}
	known := d.rows[i]
	if !d.mayChange(e.Source, known) {
		d.refuse(notOwner(e.Source))
		return
	}
	reasons := []mapping.Reason{reason(RuleAsAsked)}
	rec := d.live[known.key]
	if rec == nil { // of one that has ended no more is kept
		n := d.notice()
		n.Key, n.Source, n.Status, n.Reasons = KeyOf('r', known.key), d.sources[known.source], statuses[known.status], reasons
		n.Identifier, n.Issues = e.Target.Identifier, d.turn.Decoded.Issues
		d.out.Notices = append(d.out.Notices, n)
		return
	}
	for i := range rec.Placements {
		if s := rec.Placements[i].Status; !s.Final() {
			d.tell(rec, i, s, reasons, d.turn.Decoded.Issues)
		}
	}
}

// Concerned are the keys of the live referrals that an update of a patient by their source may change, in order.
func (s *State) Concerned(e *mapping.Event, cat *program.Catalog) []uint64 {
	var keys []uint64
	for _, p := range s.known(identifierHashes(e.Patient.Identifiers, e.Source, cat)) {
		for _, key := range s.lives.of(p) {
			if rec := s.live[key]; rec != nil && rec.Source == e.Source {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

// updatePatient applies what a source says of a patient to its own live referrals of theirs, each as if it were sent anew.
func (d *step) updatePatient(e *mapping.Event) {
	known := d.known(identifierHashes(e.Patient.Identifiers, e.Source, d.offer.Catalog))
	switch {
	case len(known) > 1:
		d.refuse(mapping.Issue{Path: "data.patient.identifiers", Code: RuleIdentityConflict, Text: "the identifiers name more than one person"})
		return
	case len(known) == 0:
		d.unchanged("unknown-patient", 0)
		return
	}
	var last uint64
	for _, key := range d.Concerned(e, d.offer.Catalog) {
		rec, request := d.live[key], d.turn.Requests[key]
		if last = key; rec == nil || request == nil {
			continue // ended by what an earlier one brought about
		}
		r := *request
		r.Patient = r.Patient.Updated(*e.Patient)
		content := Hash(mapping.ContentHash(&r))
		switch sent := millis(e.Sent); {
		case content == rec.Content, sent != 0 && sent < rec.Sent, slices.Contains(rec.Superseded, content) && sent <= rec.Sent:
			continue
		}
		now := *e
		now.Referral = &r
		d.update(&now, rec, content)
	}
	if len(d.out.Notices) == 0 {
		d.unchanged("nothing-new", last)
	}
}
