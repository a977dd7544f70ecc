package roster

import (
	"cmp"
	"slices"

	"github.com/convene-health/convene/mapping"
)

// pair obeys the desk's private list of people who are kept apart. Why two are on it stays in the stored input: neither
// head nor decision nor confirmation says it.
func (d *step) pair(e *mapping.Event) {
	if e.Source != mapping.SourceDesk && e.Source != mapping.SourceAdmin {
		d.refuse(mapping.Issue{Path: "type", Code: "not-allowed", Text: "only the desk may send " + string(e.Type)})
		return
	}
	a, b, ok := d.bothOf(e)
	if !ok {
		return
	}
	kind := cmp.Or(e.Pair, mapping.Conflict)
	on := d.pairsOf(a, b, kind)
	switch {
	case e.Type == mapping.PairEnded && len(on) == 0:
		d.unchanged("no-such-pair", 0)
	case e.Type == mapping.PairEnded:
		for _, x := range on {
			d.change(Change{Type: ChangePair, Key: x.a, Patient: x.b, Pair: x.kind, Ended: true})
		}
		d.unchanged("pair-ended", 0)
	case len(on) > 0:
		d.unchanged("duplicate", 0)
	default:
		d.change(Change{Type: ChangePair, Key: min(a, b), Patient: max(a, b), Pair: kind})
		for _, key := range []uint64{a, b} {
			p, _ := d.patientIndex(key)
			d.alertTogether(p, true)
		}
		if len(d.out.Notices) == 0 {
			d.unchanged("pair-noted", 0)
		}
	}
}

// bothOf are the keys of the two people of an event; one who has not come yet gets one. It answers the sender itself where
// they cannot be told apart.
func (d *step) bothOf(e *mapping.Event) (a, b uint64, ok bool) {
	var keys [2]uint64
	for i := range keys {
		keys[i] = d.keyOfPerson(e.People[i])
	}
	known := keys[0] != 0 || keys[1] != 0
	for i := range keys {
		id := e.People[i].Identifier
		if keys[i] != 0 || !known {
			continue
		}
		if id.Value == "" || !trusted(d.offer.Catalog, id.System) {
			known = false
			continue
		}
		keys[i] = d.turn.Input.Sequence
		d.change(Change{Type: ChangeAlias, Patient: keys[i], IDs: []Hash{personHash(id)}})
	}
	switch {
	case !known:
		d.refuse(mapping.Issue{Path: "data.people", Code: "unknown-patient", Text: "no patient has this key or identifier; a pair of people who both have not come yet stands in the catalog"})
	case keys[0] == keys[1]:
		d.refuse(mapping.Issue{Path: "data.people", Code: RuleSamePerson, Text: "the two are one person"})
	default:
		return keys[0], keys[1], true
	}
	return 0, 0, false
}

// keyOfPerson is the key in force of a patient; 0 where nobody is known so.
func (d *step) keyOfPerson(p mapping.Person) uint64 {
	if p.Key != "" {
		key, err := ParseKey('p', p.Key)
		if i, ok := d.patientIndex(key); ok && err == nil {
			return d.patients[i].key
		}
		return 0
	}
	if found := d.known([]Hash{personHash(p.Identifier)}); len(found) == 1 {
		return d.patients[found[0]].key
	}
	return 0
}

// pairsOf two patients, whichever of their keys they were told under, in order.
func (s *State) pairsOf(a, b uint64, kind mapping.PairKind) (on []pair) {
	i, _ := s.patientIndex(a)
	j, _ := s.patientIndex(b)
	for x := range s.pairs {
		k, _ := s.patientIndex(x.a)
		l, _ := s.patientIndex(x.b)
		if x.kind == kind && (k == i && l == j || k == j && l == i) {
			on = append(on, x)
		}
	}
	slices.SortFunc(on, comparePairs)
	return on
}

func comparePairs(x, y pair) int {
	return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b), cmp.Compare(x.kind, y.kind))
}

// putPair puts two people on the list or takes them off it.
func (s *State) putPair(x pair, on bool) {
	had := s.pairs[x]
	set := func(on bool) {
		if s.pairs[x] = true; !on {
			delete(s.pairs, x)
		}
	}
	set(on)
	s.peopleChanged()
	s.onUndo(func() { set(had) })
}
