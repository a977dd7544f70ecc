package mapping

import "time"

// Notice is one confirmation before it is written: a placement as it stood at one moment, or the refusal
// of an input. Deciding makes it, confirming turns it into bytes; with the catalog it names, it is all that
// the bytes depend on.
type Notice struct {
	Network string
	// Sequence of the causing input in REFERRALS-<network>, and the number of this notice among those it caused, from 1.
	Sequence uint64
	N        int
	// Time is t of the event, UTC.
	Time time.Time

	// Key is the referral's ("r1042"), or the input's ("i1042") on a refusal.
	Key string
	// Source that made the referral and is told.
	Source string
	// Identifier is the referral's own, as far as it could be read.
	Identifier Identifier

	Placement string // "r1042-1"; a joined placement keeps the id of the one it joined
	Role      Role
	Status    Status
	Previous  Status
	Priority  Priority
	Program   string // id in the catalog; empty until one is chosen
	Group     string // id in the catalog; empty until one is chosen
	// SeatsTaken of the group at this moment.
	SeatsTaken int
	// FirstSession this patient can attend; zero until placed or offered. A placement that ended keeps it.
	FirstSession time.Time
	// Attendance of the session that began at Session, where the notice tells of one.
	Attendance Attendance
	Session    time.Time
	// Position in the waitlist from 1, as of Time; 0 when not waiting.
	Position int
	// Expires is when an offer ends; zero without one.
	Expires time.Time
	Reasons []Reason
	Issues  Issues
	// DecidedBy is a person, or "convene"; Why what the person says, Approver who agreed where two are asked.
	DecidedBy, Why, Approver string
	// CalledOff is a session that had been booked and is not to be attended after all, without the placement ending.
	CalledOff time.Time
	// Sessions are those of the group that are not when the patient expected them, in order of time.
	Sessions []SessionChange
	// Catalog hash in force.
	Catalog string

	// PatientKey ("p1042") and Request are absent on a refusal.
	PatientKey string
	Request    *Referral
	// Requested is when the referral first arrived, Opened when this placement was first decided.
	Requested, Opened time.Time
	// Attended and Missed count the sessions so far of which so much was reported.
	Attended, Missed int
	// Labels are security labels of all that is told of the referral; one of 42 CFR Part 2 brings the notice with it.
	Labels []string
	// CancelRequested marks the first of the two confirmations by which profile bser cancels: Task
	// in-progress with businessStatus 5.2.
	CancelRequested bool
}

// SessionChange is one session of a group that is not when it was to be: Is is zero where it is left out, Was where it is new.
type SessionChange struct {
	Was time.Time `json:"was,omitzero"`
	Is  time.Time `json:"is,omitzero"`
}

// First is the earlier of its times, which are not both zero.
func (c SessionChange) First() time.Time {
	if c.Is.IsZero() || !c.Was.IsZero() && c.Was.Before(c.Is) {
		return c.Was
	}
	return c.Is
}
