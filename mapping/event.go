package mapping

import "time"

// EventType names what an input reports. The strings are CloudEvents types.
type EventType string

const (
	ReferralCreated   EventType = "convene.referral.created"
	ReferralUpdated   EventType = "convene.referral.updated"
	ReferralCancelled EventType = "convene.referral.cancelled"
	SeatReleased      EventType = "convene.seat.released"
	PatientMerged     EventType = "convene.patient.merged"
	CatalogApplied    EventType = "convene.catalog.applied"
	ReferralErased    EventType = "convene.referral.erased"
	Clock             EventType = "convene.clock"
)

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
//	SeatReleased                       Target, Outcome, Reason
//	PatientMerged                      Survivor, Merged
//	CatalogApplied                     Catalog
//	ReferralErased                     Target (by key), Actor, Reason
//	Clock                              nothing: its stored time is the message
type Event struct {
	Type EventType
	// ID is the sender's own id of this message.
	ID string
	// Source is the token of the subject that the input came in on, never what the message claims.
	Source string
	// Sent is the sender's own time of the event (CloudEvents time, MSH-7, ...); zero when it gave none.
	Sent time.Time

	Referral *Referral
	Target   Target
	// Outcome of a released seat: completed, dropped-out, or closed (declined, unreachable, deceased).
	Outcome Status
	Reason  string
	// Actor is who did it, where a person acted through the desk or an admin command.
	Actor    string
	Survivor []Identifier
	Merged   []Identifier
	// Catalog is the content hash of the catalog to put in force: "sha256-<64 hex digits>".
	Catalog string
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
