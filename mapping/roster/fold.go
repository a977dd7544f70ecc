package roster

import (
	"fmt"

	"github.com/convene-health/convene/mapping"
)

// Fold applies one batch of the ledger: its decisions, those that were erased since in their places, and the head's changes,
// input by input; then its position. Nothing of it can be rolled back.
func (s *State) Fold(decisions []Stored, head *Head) error {
	changes := head.Changes
	for _, d := range decisions {
		if d.Record == nil {
			s.placeholder(d.Key)
			continue
		}
		for len(changes) > 0 && changes[0].Input < d.Cause {
			s.apply(changes[0])
			changes = changes[1:]
		}
		if d.Record.Patient != d.Patient.Key {
			return fmt.Errorf("decision %s: its patient is %s, its record's %s", KeyOf('r', d.Key), KeyOf('p', d.Patient.Key), KeyOf('p', d.Record.Patient))
		}
		s.intern(d.Record)
		s.putPatient(d.Patient)
		s.put(d.Record)
	}
	for _, c := range changes {
		s.apply(c)
	}
	s.Position, s.Catalog = head.Position, head.Catalog
	s.Commit(s.Mark())
	return nil
}

// placeholder keeps the order of keys where a referral was erased.
func (s *State) placeholder(key uint64) {
	if i, ok := s.rowIndex(key); !ok && int(i) == len(s.rows) {
		s.rows = append(s.rows, row{key: key, erased: true})
	}
	if i, ok := s.patientIndex(key); !ok && int(i) == len(s.patients) {
		s.patients = append(s.patients, patientRow{key: key})
	}
}

// intern makes equal strings of records share their bytes.
func (s *State) intern(r *Record) {
	r.Source = s.sources[s.sourceIndex(r.Source)]
	r.Priority = mapping.Priorities[lane(r.Priority)]
	for i := range r.Placements {
		p := &r.Placements[i]
		p.Status = statuses[statusIndex(p.Status)]
		p.Program, p.Group, p.Asked = s.word(p.Program), s.word(p.Group), s.word(p.Asked)
		p.Role = mapping.Role(s.word(string(p.Role)))
	}
}

func (s *State) word(w string) string {
	if w == "" {
		return ""
	}
	if known, ok := s.words[w]; ok {
		return known
	}
	s.words[w] = w
	return w
}
