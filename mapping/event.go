package mapping

import (
	"strings"
	"time"
)

// EventType names what an input reports. The strings are CloudEvents types.
type EventType string

const (
	ReferralCreated   EventType = "convene.referral.created"
	ReferralUpdated   EventType = "convene.referral.updated"
	ReferralCancelled EventType = "convene.referral.cancelled"
	SeatReleased      EventType = "convene.seat.released"
	ReferralQueried   EventType = "convene.referral.queried"
	PatientMerged     EventType = "convene.patient.merged"
	PatientUpdated    EventType = "convene.patient.updated"
	CatalogApplied    EventType = "convene.catalog.applied"
	ReferralErased    EventType = "convene.referral.erased"
	Clock             EventType = "convene.clock"
)

// What becomes of a placement once it is decided: reported by the source that made the referral, or by a person at the desk.
const (
	OfferAccepted         EventType = "convene.offer.accepted"
	OfferDeclined         EventType = "convene.offer.declined"
	ContactAttempted      EventType = "convene.contact.attempted"
	ParticipantEnrolled   EventType = "convene.participant.enrolled"
	ParticipantDroppedOut EventType = "convene.participant.dropped-out"
	ParticipantCompleted  EventType = "convene.participant.completed"
	// ParticipantElsewhere: the patient is served outside this network.
	ParticipantElsewhere EventType = "convene.participant.enrolled-elsewhere"
	SessionAttended      EventType = "convene.session.attended"
	SessionMissed        EventType = "convene.session.missed"
	SessionNotHeld       EventType = "convene.session.cancelled"
	// CancelRequested asks a person to cancel; ReferralCancelled does it.
	CancelRequested EventType = "convene.referral.cancel-requested"
	// ReferralReassigned gives the referral to another source, which is told from then on.
	ReferralReassigned EventType = "convene.referral.reassigned"
)

// Acts of people at the desk, each with name and reason.
const (
	ReviewApproved        EventType = "convene.review.approved"
	ReviewRejected        EventType = "convene.review.rejected"
	ReviewInfoRequested   EventType = "convene.review.info-requested"
	ReviewAssigned        EventType = "convene.review.assigned"
	ReviewSamePerson      EventType = "convene.review.same-person"
	ReviewDifferentPerson EventType = "convene.review.different-person"
	ReviewOverridden      EventType = "convene.review.overridden"
)

// The private list of people who are not to be in one group, kept by the desk.
const (
	PairAdded EventType = "convene.pair.added"
	PairEnded EventType = "convene.pair.ended"
)

// PairKind says why two people are kept apart. It is never told outward.
type PairKind string

const (
	// Conflict: never in one group (a protective order, former partners).
	Conflict PairKind = "conflict"
	// Relation: relatives or one household, not in one therapy group unless it is for them together.
	Relation PairKind = "relation"
)

// Person names a patient by Convene's key ("p1042") or by an identifier of a trusted assigner.
type Person struct {
	Key        string     `json:"key,omitempty"`
	Identifier Identifier `json:"identifier,omitzero"`
}

// OfDesk reports whether an event is an act that only the desk, or an administrator, may send.
func (t EventType) OfDesk() bool {
	return strings.HasPrefix(string(t), "convene.review.") || strings.HasPrefix(string(t), "convene.pair.")
}

// Sources that are Convene's own.
const (
	SourceClock = "_clock"
	SourceDesk  = "_desk"
	SourceAdmin = "_admin"
)

// Event is one thing that happened, whatever format reported it. Which fields are set depends on Type:
//
//	ReferralCreated, ReferralUpdated   Referral (an update is the whole referral as it now stands)
//	ReferralCancelled                  Target, Reason
//	ReferralQueried                    Target
//	SeatReleased                       Target, Outcome, Reason
//	PatientMerged                      Survivor, Merged
//	PatientUpdated                     Patient
//	CatalogApplied                     Catalog, Replaces
//	ReferralErased                     Target (by key), Actor, Reason
//	Clock                              nothing: its stored time is the message
//
// The events of a placement's life and of the desk have Target, Reason and Actor, and:
//
//	OfferAccepted, OfferDeclined       By
//	ContactAttempted                   Reached
//	ParticipantEnrolled                Group, where it is not the one of the placement
//	Session...                         Session
//	ReferralReassigned                 Owner
//	ReviewApproved                     Program or Group or neither, Override, Role, Approver
//	ReviewAssigned                     Assignee
//	ReviewSamePerson                   Other
//	ReviewOverridden                   Override, Role, Approver
//
// PairAdded and PairEnded have People, Pair, Reason and Actor, and no Target.
type Event struct {
	Type EventType
	// ID is the sender's own id of this message.
	ID string
	// Source is the token of the subject that the input came in on, never what the message claims.
	Source string
	// Sent is the sender's own time of the event (CloudEvents time, MSH-7, ...); zero when it gave none.
	Sent time.Time

	// Processing is what the sender says the message is for, where that is not production: ProcessingTraining, ProcessingDebugging.
	Processing string
	// Local are the times that came without an offset. Each stands as its date, Sent as if in UTC, until InZone.
	Local []LocalTime

	Referral *Referral
	// Ordered are the codes of the service that the order asks for; the catalog says which program each one means.
	Ordered []Code
	Patient *Patient
	Target  Target
	// Outcome of a released seat: completed, dropped-out, or closed (declined, unreachable, deceased).
	Outcome Status
	Reason  string
	// Actor is who did it, where a person acted through the desk or an admin command.
	Actor    string
	Survivor []Identifier
	Merged   []Identifier
	// Catalog is the content hash of the catalog to put in force: "sha256-<64 hex digits>".
	Catalog string
	// Replaces is the hash of the catalog that Catalog was made from; where another is in force by then, it is refused.
	Replaces string

	// By whom an offer is answered: patient (the default) or leader.
	By Answerer
	// Reached: the attempt reached the patient.
	Reached bool
	// Session is the date of a session, YYYY-MM-DD in the network's zone.
	Session string
	// Program and Group are ids of the catalog.
	Program, Group string
	// Override names rules that a person sets aside: of safety, of identity, of a filter, or an alert.
	Override []string
	// Role in which the actor acts, as the network names it.
	Role string
	// Approver is the second person without whom nobody overrides a STOP.
	Approver Approver
	// Assignee is who is to look at a review.
	Assignee string
	// Owner is the source that a referral is given to.
	Owner string
	// Other is the key of the patient ("p1042") that this one is.
	Other string
	// People are the two who are, or are no longer, to be kept apart; Pair is why, a conflict where it is empty.
	People []Person
	Pair   PairKind
}

// Approver is a person who agrees with the actor, in a role of their own.
type Approver struct {
	Name string `json:"name,omitempty"`
	Role string `json:"role,omitempty"`
}

// Answerer is who answers an offer.
type Answerer string

const (
	ByPatient Answerer = "patient"
	ByLeader  Answerer = "leader"
)

// What a message is for (HL7 table 0103), where it is not production.
const (
	ProcessingTraining  = "T"
	ProcessingDebugging = "D"
)

// LocalTime is a time of an event in the zone of its source.
type LocalTime struct {
	// Wall is the local time as if it were in UTC.
	Wall time.Time
	// Into is the FHIR dateTime of the event that it is; nil: it is Sent.
	Into *string
}

// InZone gives the event's local times their offset.
func (e *Event) InZone(zone *time.Location) {
	for _, l := range e.Local {
		w := l.Wall
		t := time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), w.Nanosecond(), zone)
		if l.Into == nil {
			e.Sent = t.UTC()
		} else {
			*l.Into = t.Format(time.RFC3339Nano)
		}
	}
}

// Target names a referral by its own identifier or by Convene's key, and one of its placements where it has several.
type Target struct {
	Identifier Identifier `json:"identifier,omitzero"`
	Key        string     `json:"key,omitempty"`
	Placement  string     `json:"placement,omitempty"`
}

// Input is one stored message as it came, before anything is understood of it.
type Input struct {
	Network string
	Source  string
	// Sequence in REFERRALS-<network>; bare files are numbered from 1.
	Sequence uint64
	// Stored is when the stream stored it, UTC.
	Stored time.Time
	// Header holds what decoding needs of the message's headers: "Content-Type" and "ce-*", by lower-case name.
	Header map[string]string
	Data   []byte
}

// Decoded is what reading one input gave. A nil Event means the input cannot be read or is not obeyed:
// Issues then say why and the input is refused. With an Event, Issues are remarks that travel with the confirmation.
type Decoded struct {
	Event  *Event
	Issues Issues
	// Target is what could be read of the referral's identity of a refused input, for the confirmation.
	Target Target
	// Places of what the event says, in an input whose paths are not the event's own; nil: they are.
	Places Places
}

// Places tell where in an input the parts of its event were read, for those who find something wrong with them later.
type Places interface {
	// Of a part of the event, "data.referral.conditions[2].codes", gives the path in the input, "Bundle.entry[4].resource.code";
	// of what it does not know, the part itself.
	Of(part string) string
}

// Limits on one input. What is above is refused with "too-large"; nothing above can be stored by accident.
const (
	InputBytesMax     = 512 << 10
	ConditionsMax     = 200
	DepthMax          = 64
	ConfirmationBytes = 768 << 10
	// ConfirmationRoom is left free while nothing is settled, so that a later status, which says more, never fails for its
	// size: another's cancellation or the clock, which bring it about, must not be refused for it.
	ConfirmationRoom = 32 << 10
)
