package roster

import "github.com/convene-health/convene/mapping"

// Find the key of the referral that a source calls by this identifier.
func (s *State) Find(id mapping.Identifier, source string) (key uint64, ok bool) {
	identity, minted := identityOf(id, source, Hash{})
	if minted {
		return 0, false
	}
	i, ok := s.rowOf[identity]
	if !ok {
		return 0, false
	}
	return s.rows[i].key, true
}
