// Package match decides which groups suit a referral: safety rules by code, the kinds of group that
// condition, severity and goal allow, hard filters, scores, and an explanation of each.
//
// It knows nothing of seats taken or of other patients; free capacity arrives as an argument. All functions are pure.
package match

import "github.com/convene-health/convene/mapping"

// Need is what later decisions need of a referral: normalised, compact, without a name or an identifier.
// It is kept in the roster for every live placement, so its size counts (bytes per live referral).
type Need struct {
	Participant mapping.Participant `json:"participant,omitempty"`
	Conditions  []NeedCondition     `json:"conditions,omitempty"`
	Goals       []string            `json:"goals,omitempty"`
	Programs    []string            `json:"programs,omitempty"`
	// Birth is YYYY-MM-DD; a partial date counts as its last possible day for a lower age bound and its first for an upper one.
	Birth          string              `json:"birth,omitempty"`
	GenderIdentity string              `json:"genderIdentity,omitempty"`
	Languages      []string            `json:"languages,omitempty"`
	Interpreter    bool                `json:"interpreter,omitempty"`
	Access         []string            `json:"access,omitempty"`
	State          string              `json:"state,omitempty"`
	PostalCode     string              `json:"postalCode,omitempty"`
	Payers         []string            `json:"payers,omitempty"`
	Preferences    mapping.Preferences `json:"preferences,omitzero"`
	// Barred are the names of safety rules of level FILTER or LABEL that hold, e.g. "pregnancy".
	Barred []string `json:"barred,omitempty"`
}

// NeedCondition is a condition of the shipped table that counts for fit.
type NeedCondition struct {
	Key      string `json:"key"`                // e.g. "depression"
	Severity string `json:"severity,omitempty"` // mild, moderate, moderately-severe, severe; empty is unknown
}
