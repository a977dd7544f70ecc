package mapping

import "slices"

// Transition is one change of a placement's status that may be, and what brings it about. From is empty for a placement
// just opened; From equal to To tells something new of a status that stands.
type Transition struct {
	From Status `json:"from,omitempty"`
	To   Status `json:"to"`
	// Event that brings it about; absent where time, the catalog or another's event does.
	Event EventType `json:"event,omitempty"`
	On    string    `json:"on"`
}

var (
	open     = []Status{Review, NeedsInfo}
	undone   = []Status{"", Review, NeedsInfo, Waitlisted, Offered, Placed, Enrolled}
	decided  = []Status{Review, NeedsInfo, Waitlisted, Offered, Placed}
	standing = []Status{Waitlisted, Offered, Placed, Enrolled}
	seated   = []Status{Offered, Placed, Enrolled}
)

// Transitions is the only table of them: deciding holds every confirmation against it and refuses an event for which it
// has no row; `convene schema transitions` prints it. What it does not list cannot be published.
var Transitions = slices.Concat(
	each(undone[:3], decided, "", "an order or its update is decided; a catalog that suits now"),
	each([]Status{Waitlisted}, []Status{Offered, Placed}, "", "a seat became free and this was next; an update that suits another group; a place joined"),
	each([]Status{"", Review, NeedsInfo, Waitlisted}, []Status{Enrolled}, "", "a place joined that the patient attends"),
	stay(standing, "", "an update; an alert; the records of two patients merged"),
	stay([]Status{Offered}, "", "the reminder of an offer, at half time"),
	stay([]Status{Review}, "", "nobody has decided by when a person was to: an alert, once"),
	stay(seated, "", "the group was postponed or has another leader; a session was moved, left out or added; a cohort below its minimum"),
	each(seated[:2], []Status{Waitlisted, Offered, Placed}, "", "the group was cancelled, or did not reach its minimum"),
	each([]Status{Offered}, []Status{Waitlisted}, "", "the offer expired"),
	each([]Status{Placed}, []Status{Completed}, "", "a drop-in place was handed over"),
	each(undone, []Status{Closed}, "", "the patient died; the referral was erased; a bridge that is not needed any more"),
	each(undone, []Status{Cancelled}, "", "the update no longer asks for it; the order was cancelled before it came"),
	each(undone[1:], []Status{Cancelled}, ReferralCancelled, "the referrer cancelled"),
	stay([]Status{Cancelled}, "", "the second confirmation of a cancellation, where profile bser asks for two"),
	each(open, []Status{Review}, CancelRequested, "somebody asks to cancel: a person decides"),
	stay(standing, CancelRequested, "somebody asks to cancel: an alert"),
	stay(undone[1:], ReferralReassigned, "another source owns the referral"),
	stay(undone[1:], ReferralQueried, "the referrer asks how it stands"),

	each([]Status{Offered}, []Status{Placed}, OfferAccepted, "everyone whom the program asks has accepted"),
	each([]Status{Offered}, []Status{Placed}, "", "what was in doubt when the offer was accepted is so no more"),
	stay([]Status{Offered}, OfferAccepted, "the patient or the leader has accepted, the other is asked still; something is in doubt by now: an alert"),
	stay([]Status{Review}, OfferAccepted, "the leader takes in whom Convene nominated, and something is in doubt by now"),
	each([]Status{Offered}, []Status{Waitlisted}, OfferDeclined, "declined without prejudice: the place in the queue stays"),
	each([]Status{Review}, []Status{Placed, Offered}, OfferAccepted, "the leader takes in whom Convene nominated"),
	each([]Status{Review}, decided, OfferDeclined, "the leader does not choose who was nominated: sought elsewhere"),
	stay(decided, ContactAttempted, "an attempt to reach the patient"),
	each(decided, []Status{Closed}, ContactAttempted, "unreachable after the attempts that the network makes"),

	each([]Status{Offered, Placed}, []Status{Enrolled}, ParticipantEnrolled, "the patient began"),
	stay([]Status{Enrolled}, ParticipantEnrolled, "the patient moved to another group"),
	each([]Status{Review, NeedsInfo, Waitlisted}, []Status{Enrolled}, ParticipantEnrolled, "the patient was enrolled outside Convene, in the group named"),
	each([]Status{Placed, Enrolled}, []Status{Enrolled}, SessionAttended, "a session attended; the first one enrols"),
	stay([]Status{Placed, Enrolled}, SessionMissed, "a session missed"),
	each([]Status{Placed, Enrolled}, []Status{DroppedOut}, SessionMissed, "too many sessions missed where attendance is expected"),
	stay([]Status{Placed, Enrolled}, SessionNotHeld, "a session did not take place"),
	each([]Status{Placed, Enrolled}, []Status{DroppedOut}, ParticipantDroppedOut, "the patient left"),
	each([]Status{Placed, Enrolled}, []Status{Completed}, ParticipantCompleted, "the patient attended to the end"),
	each(undone[1:], []Status{Closed}, ParticipantElsewhere, "the patient is served elsewhere"),
	each(seated, []Status{Closed, DroppedOut, Completed}, SeatReleased, "the seat was released with this outcome"),

	each([]Status{Review, NeedsInfo, Waitlisted}, []Status{Waitlisted, Offered, Placed}, ReviewApproved, "a person approved: into a group, into a program's queue, or wherever it suits"),
	each([]Status{Offered, Placed}, []Status{Offered, Placed}, ReviewApproved, "a person moved it to another group"),
	each(open, decided[:2], ReviewApproved, "a person approved and something else is open still"),
	each(open, []Status{Rejected}, ReviewRejected, "a person rejected it before acceptance"),
	each(open, []Status{NeedsInfo}, ReviewInfoRequested, "a person asks for information"),
	stay(undone[1:], ReviewAssigned, "a person is to look at it; told to nobody outside"),
	answers(ReviewSamePerson, "a person says that two records are of one person"),
	answers(ReviewDifferentPerson, "a person says that they are not"),
	answers(ReviewOverridden, "a person sets rules or alerts aside"),
)

func each(from, to []Status, event EventType, on string) (out []Transition) {
	for _, f := range from {
		for _, t := range to {
			out = append(out, Transition{f, t, event, on})
		}
	}
	return out
}

// stay lists statuses that stand while something new is told of them.
func stay(statuses []Status, event EventType, on string) (out []Transition) {
	for _, s := range statuses {
		out = append(out, Transition{s, s, event, on})
	}
	return out
}

// answers are what a person's answer to a doubt may change: what was open is decided anew, what stands stays, or leaves
// the queue that an alert held it back in.
func answers(event EventType, on string) []Transition {
	return slices.Concat(each(open, decided, event, on), each([]Status{Waitlisted}, []Status{Waitlisted, Offered, Placed}, event, on), stay(seated, event, on))
}

// Allowed reports whether the table lists a change.
func Allowed(from, to Status) bool { return allowed[change{from, to}] }

type change struct{ from, to Status }

var allowed = func() map[change]bool {
	m := map[change]bool{}
	for _, t := range Transitions {
		m[change{t.From, t.To}] = true
	}
	return m
}()

// StatusesFor are the statuses that an event may find a placement in, in the table's order; none for an event that the
// table does not name.
func StatusesFor(event EventType) (from []Status) {
	for _, t := range Transitions {
		if t.Event == event && !slices.Contains(from, t.From) {
			from = append(from, t.From)
		}
	}
	return from
}
