package roster

import (
	"encoding/json"
	"strings"
)

// Dump is the state as text, for the message of a failing test.
func Dump(s *State) string {
	snap, err := s.snapshot()
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	live := snap.Live
	snap.Live = nil
	out, _ := json.MarshalIndent(snap, "", " ")
	b.Write(out)
	for _, l := range live {
		b.WriteByte('\n')
		b.Write(l)
	}
	return b.String()
}

// PatientBy is the key in force of who is known by an identifier of a trusted assigner; 0 for nobody.
func (s *State) PatientBy(system, value string) uint64 {
	i, ok := s.patientOf[HashOf("patient", system, value)]
	if !ok {
		return 0
	}
	return s.patients[s.survivor(i)].key
}

// Foretold is how many cancels of referrals not seen yet are remembered.
func (s *State) Foretold() int { return len(s.foretold) }
