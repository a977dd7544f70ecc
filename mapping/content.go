package mapping

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"
	"strings"
	"sync"
)

// ContentHash is the first 16 bytes of the SHA-256 of the normalised referral: two referrals that ask the
// same for the same patient have the same hash, in whatever order their lists stand and whether or not
// defaults are spelt out. Nothing is left out: another identifier or note gives another hash.
func ContentHash(r *Referral) [16]byte {
	n := normalised(r)
	room := rooms.Get().(*[]byte)
	defer rooms.Put(room)
	*room = AppendReferral((*room)[:0], &n)
	sum := sha256.Sum256(*room)
	return [16]byte(sum[:16])
}

// rooms are buffers to write a referral into that is only hashed.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// normalised is a copy of r with defaults filled in and the lists whose order means nothing sorted and
// freed of repetitions. Languages, names, address lines, notes and observations keep their order.
func normalised(r *Referral) Referral {
	n := *r
	n.Priority = cmp.Or(n.Priority, Routine)
	n.Participant = cmp.Or(n.Participant, ParticipantPatient)
	n.Patient.Identifiers = canonical(n.Patient.Identifiers, compareIdentifiers)
	n.Patient.Access = canonical(n.Patient.Access, strings.Compare)
	n.Goals = canonical(n.Goals, strings.Compare)
	n.Programs = canonical(n.Programs, strings.Compare)
	n.Payers = canonical(n.Payers, strings.Compare)
	n.Preferences.Times = canonical(n.Preferences.Times, strings.Compare)
	n.Preferences.Required = canonical(n.Preferences.Required, strings.Compare)
	n.Preferences.NotLedBy = canonical(n.Preferences.NotLedBy, strings.Compare)
	n.Patient.Relatives = canonical(n.Patient.Relatives, compareIdentifiers)
	n.Labels = canonical(n.Labels, strings.Compare)
	n.Patient.Name.Given = canonicalEmpty(n.Patient.Name.Given)
	n.Patient.Address.Line = canonicalEmpty(n.Patient.Address.Line)
	n.Patient.Guardian.Given = canonicalEmpty(n.Patient.Guardian.Given)
	n.Requester.Practitioner.Given = canonicalEmpty(n.Requester.Practitioner.Given)
	n.Requester.Organization.Given = canonicalEmpty(n.Requester.Organization.Given)
	n.Conditions = slices.Clone(n.Conditions)
	for i := range n.Conditions {
		c := &n.Conditions[i]
		c.Codes = canonical(c.Codes, compareCodes)
		c.ClinicalStatus = cmp.Or(c.ClinicalStatus, "active")
		c.VerificationStatus = cmp.Or(c.VerificationStatus, "confirmed")
	}
	n.Conditions = canonical(n.Conditions, compareConditions)
	if len(n.Documents) > 0 {
		n.Documents = slices.Clone(n.Documents)
		for i := range n.Documents {
			if d := &n.Documents[i]; strings.HasPrefix(d.Link, inputScheme) && d.Hash != "" {
				d.Link = "" // a copy of the message says the same
			}
		}
	}
	return n
}

// canonical returns the list in strictly rising order; an empty one is nil. It never changes the one given.
func canonical[T any](list []T, compare func(a, b T) int) []T {
	if len(list) == 0 {
		return nil
	}
	for i := 1; i < len(list); i++ {
		if compare(list[i-1], list[i]) >= 0 {
			list = slices.Clone(list)
			slices.SortFunc(list, compare)
			return slices.CompactFunc(list, func(a, b T) bool { return compare(a, b) == 0 })
		}
	}
	return list
}

// canonicalEmpty makes an empty list nil, as it counts for omitzero.
func canonicalEmpty(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

func compareIdentifiers(a, b Identifier) int {
	return cmp.Or(strings.Compare(a.System, b.System), strings.Compare(a.Value, b.Value), strings.Compare(a.Type, b.Type))
}

func compareCodes(a, b Code) int {
	return cmp.Or(strings.Compare(a.System, b.System), strings.Compare(a.Code, b.Code), strings.Compare(a.Display, b.Display))
}

// compareConditions orders by code, and by all else where the codes are the same: equal only if equal throughout.
func compareConditions(a, b Condition) int {
	if order := slices.CompareFunc(a.Codes, b.Codes, compareCodes); order != 0 {
		return order
	}
	return bytes.Compare(appendCondition(nil, &a), appendCondition(nil, &b))
}
