package event

import (
	"slices"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/jsontree"
)

// Outcomes of a released seat.
var Outcomes = []mapping.Status{mapping.Completed, mapping.DroppedOut, mapping.Closed}

// data reads the event's data. Without a known type it still reads what names a referral.
func (d *decoder) data(c jsontree.Cursor) {
	e := d.event
	for f := range c.Fields() {
		switch key := f.Key(); {
		case !slices.Contains(fields[e.Type], key) && e.Type != "":
			f.Unknown()
		case key == "referral":
			e.Referral = new(mapping.Referral)
			readReferral(f, e.Referral)
		case key == "patient":
			e.Patient = new(mapping.Patient)
			readPatient(f, e.Patient)
		case key == "target":
			e.Target = readTarget(f)
		case key == "outcome":
			e.Outcome = jsontree.OneOf(f, Outcomes)
		case key == "reason":
			e.Reason = f.Text(noteMax)
		case key == "actor":
			e.Actor = f.Text(textMax)
		case key == "survivor":
			e.Survivor = readIdentifiers(f)
		case key == "merged":
			e.Merged = readIdentifiers(f)
		case key == "catalog":
			e.Catalog = readHash(f)
		case key == "replaces":
			e.Replaces = readHash(f)
		default:
			readAct(f, e)
		}
	}
	d.required(c)
}

// fields that the data of an event may hold.
var fields = map[mapping.EventType][]string{
	mapping.ReferralCreated:   {"referral"},
	mapping.ReferralUpdated:   {"referral"},
	mapping.ReferralCancelled: {"target", "reason", "actor"},
	mapping.ReferralQueried:   {"target"},
	mapping.SeatReleased:      {"target", "outcome", "reason", "actor"},
	mapping.PatientMerged:     {"survivor", "merged", "reason", "actor"},
	mapping.PatientUpdated:    {"patient"},
	mapping.CatalogApplied:    {"catalog", "replaces", "actor"},
	mapping.ReferralErased:    {"target", "reason", "actor"},

	mapping.OfferAccepted:         {"target", "by", "reason", "actor"},
	mapping.OfferDeclined:         {"target", "by", "reason", "actor"},
	mapping.ContactAttempted:      {"target", "reached", "reason", "actor"},
	mapping.ParticipantEnrolled:   {"target", "group", "reason", "actor"},
	mapping.ParticipantDroppedOut: {"target", "reason", "actor"},
	mapping.ParticipantCompleted:  {"target", "reason", "actor"},
	mapping.ParticipantElsewhere:  {"target", "reason", "actor"},
	mapping.SessionAttended:       {"target", "session", "reason", "actor"},
	mapping.SessionMissed:         {"target", "session", "reason", "actor"},
	mapping.SessionNotHeld:        {"target", "session", "reason", "actor"},
	mapping.CancelRequested:       {"target", "reason", "actor"},
	mapping.ReferralReassigned:    {"target", "owner", "reason", "actor"},

	mapping.ReviewApproved:        {"target", "program", "group", "override", "role", "approver", "reason", "actor"},
	mapping.ReviewRejected:        {"target", "reason", "actor"},
	mapping.ReviewInfoRequested:   {"target", "reason", "actor"},
	mapping.ReviewAssigned:        {"target", "assignee", "reason", "actor"},
	mapping.ReviewSamePerson:      {"target", "other", "reason", "actor"},
	mapping.ReviewDifferentPerson: {"target", "reason", "actor"},
	mapping.ReviewOverridden:      {"target", "override", "role", "approver", "reason", "actor"},

	mapping.PairAdded: {"people", "kind", "reason", "actor"},
	mapping.PairEnded: {"people", "kind", "reason", "actor"},
}

// readHash reads the name of a catalog.
func readHash(f jsontree.Cursor) string {
	hash := f.Text(textMax)
	if hash != "" && !isHash(hash) {
		f.Fail(jsontree.InvalidValue, `expected "sha256-" and 64 hexadecimal digits in lower case`)
	}
	return hash
}

func (d *decoder) required(c jsontree.Cursor) {
	switch d.event.Type {
	case mapping.ReferralCreated, mapping.ReferralUpdated:
		c.Require("referral", "expected the referral as it now stands")
	case mapping.ReferralCancelled, mapping.ReferralQueried:
		requireTarget(c)
	case mapping.SeatReleased:
		requireTarget(c)
		c.Require("outcome", "expected completed, dropped-out or closed")
	case mapping.PatientMerged:
		requireRecognisable(c, "survivor")
		requireRecognisable(c, "merged")
	case mapping.PatientUpdated:
		c.Require("patient", "expected the patient as they now are")
	case mapping.CatalogApplied:
		c.Require("catalog", "expected the content hash of the catalog")
	case mapping.ReferralErased:
		c.Require("target", "expected the referral to erase")
		if target, ok := c.Get("target"); ok {
			target.Require("key", "expected the key of the referral to erase")
		}
	default:
		d.requiredOfAct(c)
	}
}

func requireTarget(c jsontree.Cursor) {
	c.Require("target", "expected the referral, by identifier or key")
	target, ok := c.Get("target")
	if !ok || target.Kind() != jsontree.Object || target.Cut() || target.Has("key") {
		return
	}
	id, ok := target.Get("identifier")
	if !ok || id.Kind() == jsontree.Object && id.Len() == 0 {
		target.Missing("identifier", "expected the referral's identifier, or its key")
	}
}

func readTarget(c jsontree.Cursor) (t mapping.Target) {
	for f := range c.Fields() {
		switch f.Key() {
		case "identifier":
			if t.Identifier = readIdentifier(f); f.Len() > 0 {
				f.Require("value", "expected the identifier's value")
			}
		case "key":
			if t.Key = f.Text(shortMax); t.Key != "" && !isKey(t.Key) {
				f.Fail(jsontree.InvalidValue, `expected a key such as "r1042"`)
				t.Key = ""
			}
		case "placement":
			if t.Placement = f.Text(shortMax); t.Placement != "" && !isPlacement(t.Placement) {
				f.Fail(jsontree.InvalidValue, `expected a placement such as "r1042-1"`)
				t.Placement = ""
			}
		default:
			f.Unknown()
		}
	}
	return t
}

// target is what was read of a refused input's referral.
func (d *decoder) target() mapping.Target {
	if r := d.event.Referral; r != nil {
		return mapping.Target{Identifier: r.Identifier}
	}
	return d.event.Target
}

// isKey reports whether s is a letter and a number: r1042, p1042, i1042.
func isKey(s string) bool {
	return len(s) > 1 && (s[0] == 'r' || s[0] == 'p' || s[0] == 'i') && allDigits(s[1:])
}

// isPlacement reports whether s is a referral's key, a hyphen and a number: r1042-1.
func isPlacement(s string) bool {
	for i := range len(s) {
		if s[i] == '-' {
			return isKey(s[:i]) && allDigits(s[i+1:])
		}
	}
	return false
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// isHash reports whether s is "sha256-" and 64 lower-case hexadecimal digits.
func isHash(s string) bool {
	const prefix = "sha256-"
	if len(s) != len(prefix)+64 || s[:len(prefix)] != prefix {
		return false
	}
	for i := len(prefix); i < len(s); i++ {
		if c := s[i]; !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}
