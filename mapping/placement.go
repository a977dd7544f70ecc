package mapping

// Status of a placement, as the confirmation says it.
type Status string

const (
	Review         Status = "review"     // a person must decide
	NeedsInfo      Status = "needs-info" // a fact is missing
	Waitlisted     Status = "waitlisted"
	Offered        Status = "offered" // a seat is held until Expires
	Placed         Status = "placed"
	Enrolled       Status = "enrolled"
	Cancelled      Status = "cancelled" // by the referrer
	Rejected       Status = "rejected"  // by a person
	Closed         Status = "closed"    // unserved: declined, unreachable, deceased
	DroppedOut     Status = "dropped-out"
	Completed      Status = "completed"
	EnteredInError Status = "entered-in-error"

	// Refused is the status of an input that could not be read or obeyed; no placement has it.
	Refused Status = "refused"
)

// Statuses of confirmations: those of placements in the order of a placement's life, then Refused.
var Statuses = []Status{Review, NeedsInfo, Waitlisted, Offered, Placed, Enrolled, Cancelled, Rejected, Closed, DroppedOut, Completed, EnteredInError, Refused}

// Final reports whether nothing follows: the seat is free and the place in the queue is given up.
func (s Status) Final() bool {
	switch s {
	case Cancelled, Rejected, Closed, DroppedOut, Completed, EnteredInError:
		return true
	}
	return false
}

// HoldsSeat reports whether a placement in this status takes a seat of its group.
func (s Status) HoldsSeat() bool { return s == Offered || s == Placed || s == Enrolled }

// Attendance of one session by one who is enrolled.
type Attendance string

const (
	Attended         Attendance = "attended"
	Missed           Attendance = "missed"
	SessionCancelled Attendance = "session-cancelled"
)

// Role of a placement within its referral.
type Role string

const (
	Primary Role = "primary"
	Bridge  Role = "bridge"  // an open group while waiting for a closed one
	Adjunct Role = "adjunct" // a peer group beside a licensed one
)

// Kind of group.
type Kind string

const (
	Therapy        Kind = "therapy"
	Support        Kind = "support"
	Education      Kind = "education"
	Skills         Kind = "skills"
	CognitiveRehab Kind = "cognitive-rehab"
	ExerciseRehab  Kind = "exercise-rehab"
	MindBody       Kind = "mind-body"
)

// Kinds in the order of the design.
var Kinds = []Kind{Therapy, Support, Education, Skills, CognitiveRehab, ExerciseRehab, MindBody}

// Reason says why, outward: a stable code and a sentence.
type Reason struct {
	Code string `json:"code"`
	Text string `json:"text"`
}
