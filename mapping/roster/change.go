package roster

import "github.com/convene-health/convene/mapping"

// ChangeType names what a head's change is about.
type ChangeType string

const (
	// ChangeForetold: a cancel of a referral not yet seen, with the sender's time; without one it is to be forgotten: the
	// referral has come, or there is no room.
	ChangeForetold ChangeType = "foretold"
	// ChangeErased: the referral's messages are to be deleted; only its key stays.
	ChangeErased ChangeType = "erased"
	// ChangeAlias: more identifiers of a known patient.
	ChangeAlias ChangeType = "alias"
	// ChangeMerged: patient Key is now patient Patient.
	ChangeMerged ChangeType = "merged"
	// ChangeCatalog: a catalog is in force.
	ChangeCatalog ChangeType = "catalog"
	// ChangePending: what an event that concerns many has still to do; nothing when absent.
	ChangePending ChangeType = "pending"
	// ChangePair: patients Key and Patient are kept apart, or are so no longer.
	ChangePair ChangeType = "pair"
	// ChangePostponed: Convene put the start of Group off, from the day From to the day To.
	ChangePostponed ChangeType = "postponed"
)

// Change is what belongs to no single referral. Heads carry changes, in order.
type Change struct {
	Type     ChangeType `json:"type"`
	Input    uint64     `json:"input"` // that brought it about
	Identity Hash       `json:"identity,omitzero"`
	Sent     int64      `json:"sent,omitempty"`
	// At is when a cancel came, Source who sent it.
	At      int64    `json:"at,omitempty"`
	Source  string   `json:"source,omitempty"`
	Key     uint64   `json:"key,omitempty"`
	Patient uint64   `json:"patient,omitempty"`
	IDs     []Hash   `json:"ids,omitempty"`
	Catalog string   `json:"catalog,omitempty"`
	Pending *Pending `json:"pending,omitempty"`
	// Pair is the kind of one, Ended that it ends.
	Pair  mapping.PairKind `json:"pair,omitempty"`
	Ended bool             `json:"ended,omitempty"`
	Group string           `json:"group,omitempty"`
	From  string           `json:"from,omitempty"`
	To    string           `json:"to,omitempty"`
	// Person is the patient of an erased referral: hashed identifiers and risks belong to the person and outlive it.
	Person *Patient `json:"person,omitempty"`
}

// change applies a change and keeps it for the head.
func (d *step) change(c Change) {
	c.Input = d.turn.Input.Sequence
	d.apply(c)
	d.out.Changes = append(d.out.Changes, c)
}

// apply folds a change into the state.
func (s *State) apply(c Change) {
	switch c.Type {
	case ChangeForetold:
		s.putForetold(c.Identity, foretold{c.Sent, c.At, s.sourceIndex(c.Source)})
	case ChangeErased:
		s.forget(c.Key)
		if c.Person != nil {
			s.putPatient(*c.Person)
		}
	case ChangeAlias:
		s.putPatient(Patient{Key: c.Patient, IDs: c.IDs})
	case ChangeMerged:
		s.mergePatients(c.Key, c.Patient)
	case ChangeCatalog:
		was := s.Catalog
		s.Catalog = c.Catalog
		s.onUndo(func() { s.Catalog = was })
	case ChangePending:
		was := s.Pending
		s.Pending = c.Pending
		s.onUndo(func() { s.Pending = was })
	case ChangePair:
		s.putPair(pair{c.Key, c.Patient, c.Pair}, !c.Ended)
	case ChangePostponed:
		s.putOff(c.Group, Postponed{c.From, c.To})
	}
}

// forget leaves nothing of a referral but its key.
func (s *State) forget(key uint64) {
	i, ok := s.rowIndex(key)
	if !ok {
		return
	}
	was, older := s.rows[i], s.older[i]
	s.rows[i] = row{key: key, erased: true}
	delete(s.older, i)
	var identity Hash
	for h, at := range s.rowOf {
		if at == i {
			identity = h
		}
	}
	delete(s.rowOf, identity)
	s.onUndo(func() {
		if s.rows[i] = was; !identity.IsZero() {
			s.rowOf[identity] = i
		}
		if older != nil {
			s.older[i] = older
		}
	})
}

// MarshalText and UnmarshalText write a hash as hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

func (h *Hash) UnmarshalText(b []byte) (err error) {
	*h, err = ParseHash(string(b))
	return err
}

// IsZero reports whether there is no hash.
func (h Hash) IsZero() bool { return h == Hash{} }
