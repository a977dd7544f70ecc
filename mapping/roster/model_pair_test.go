package roster_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/roster"
)

const modelAssigner = "https://ids.model.example/mpi"

// pair adds two people to the private list of those who are kept apart, or takes them off it.
func (m *model) pair(t *rapid.T) {
	a, b := fmt.Sprint("m", rapid.IntRange(1, 16).Draw(t, "one")), fmt.Sprint("m", rapid.IntRange(1, 16).Draw(t, "other"))
	e := &mapping.Event{Type: mapping.PairAdded, Source: mapping.SourceDesk, Actor: "kim", Reason: "protective order"}
	for _, id := range []string{a, b} {
		e.People = append(e.People, mapping.Person{Identifier: mapping.Identifier{System: modelAssigner, Value: id}})
	}
	if rapid.IntRange(0, 3).Draw(t, "ends") == 0 {
		e.Type = mapping.PairEnded
		m.pairs = slices.DeleteFunc(m.pairs, func(p [2]string) bool {
			return p != [2]string{"m1", "m2"} && (m.same(p, [2]string{a, b}) || m.same(p, [2]string{b, a}))
		})
	}
	refused := slices.ContainsFunc(m.apply(t, e, nil), func(n mapping.Notice) bool { return n.Status == mapping.Refused })
	if e.Type == mapping.PairAdded && !refused {
		m.pairs = append(m.pairs, [2]string{a, b})
		m.watchPairs(t, e)
	}
}

// same reports whether two pairs are of the same two people.
func (m *model) same(x, y [2]string) bool {
	for i := range x {
		if p := m.state.PatientBy(modelAssigner, x[i]); p == 0 || p != m.state.PatientBy(modelAssigner, y[i]) {
			return false
		}
	}
	return true
}

// inPair reports whether who sought a place is kept apart from somebody, and so may be passed over.
func (m *model) inPair(id string) bool {
	placement, _ := roster.ParsePlacementID(id)
	rec := m.state.Record(placement.Referral)
	return rec == nil || slices.ContainsFunc(m.pairs, func(p [2]string) bool {
		return m.state.PatientBy(modelAssigner, p[0]) == m.patient(rec) || m.state.PatientBy(modelAssigner, p[1]) == m.patient(rec)
	})
}

func (m *model) patient(rec *roster.Record) uint64 {
	p, _ := m.state.Patient(rec.Patient)
	return p.Key
}

// watchPairs holds that nobody is brought together with whom they are kept apart from but by a person, and that a person is
// asked about those who are together all the same.
func (m *model) watchPairs(t *rapid.T, e *mapping.Event) {
	before := m.together
	m.together = map[[2]string]bool{}
	for _, p := range m.pairs {
		a, b := m.state.PatientBy(modelAssigner, p[0]), m.state.PatientBy(modelAssigner, p[1])
		if a == 0 || b == 0 || a == b {
			continue
		}
		for group, one := range m.seatedIn(a) {
			other, both := m.seatedIn(b)[group]
			if !both {
				continue
			}
			m.together[p] = true
			switch e.Type {
			case mapping.PairAdded, mapping.PatientMerged, mapping.ReviewSamePerson, mapping.ParticipantEnrolled:
			default:
				if !before[p] {
					t.Fatalf("%v came together in %s by %s", p, group, e.Type)
				}
			}
			if !asked(one) || !asked(other) {
				t.Fatalf("nobody is asked about %v, who are together in %s since %s", p, group, e.Type)
			}
		}
	}
}

// asked reports whether a person is, or has been, asked to look at a referral.
func asked(rec *roster.Record) bool {
	return slices.Contains(rec.Alerts, roster.RuleNotOffered) || slices.Contains(rec.Waived, roster.RuleNotOffered)
}

// seatedIn are the groups in which a patient has a place, with a referral that has it.
func (m *model) seatedIn(patient uint64) map[string]*roster.Record {
	in := map[string]*roster.Record{}
	for _, key := range m.state.LiveKeys() {
		rec := m.state.Record(key)
		for _, pl := range rec.Placements {
			if m.patient(rec) == patient && pl.Status.HoldsSeat() {
				in[pl.Group] = rec
			}
		}
	}
	return in
}
