package roster

import "github.com/convene-health/convene/mapping"

// Rules that this package applies. The matcher's own have their texts there.
const (
	RuleRefused           = "refused"
	RulePlaced            = "placed"
	RuleOffered           = "offered"
	RuleWaitlisted        = "waitlisted"
	RulePromoted          = "promoted"
	RuleAlreadyPlaced     = "already-placed"
	RuleAlreadyWaiting    = "already-waiting"
	RuleUpdated           = "update-recorded"
	RuleAsAsked           = "status-asked"
	RuleNoLongerAsked     = "no-longer-asked"
	RuleCancelled         = "cancelled-by-referrer"
	RuleCancelRequested   = "cancel-requested"
	RuleCancelledBefore   = "cancelled-before-order"
	RuleReleased          = "seat-released"
	RuleHandedOver        = "handed-over"
	RuleOfferExpired      = "offer-expired"
	RuleDeceased          = "deceased"
	RuleErased            = "erased"
	RuleMerged            = "patient-merged"
	RuleStop              = "safety-stop"
	RuleSafetyReview      = "safety-review"
	RuleIdentityConflict  = "identity-conflict"
	RulePossibleDuplicate = "possible-duplicate"
	RuleImplausibleDate   = "implausible-date"
	RuleStaleCancel       = "stale-cancel"
	RuleDoubleSeat        = "double-placement"
	RuleProgramGone       = "program-withdrawn"
	RuleGroupGone         = "group-withdrawn"
	RuleUnknownProgram    = "unknown-program"
	RuleNominated         = "nominated"
	RuleChosen            = "chosen-by-leader"
	RuleBridge            = "bridge"
	RuleBridged           = "bridge-ended"
	// RuleNotOffered stands for whatever other people, a leader or a workplace are the reason of; no more is told.
	RuleNotOffered   = "not-offered"
	RuleRiskOutdated = "risk-outdated"
	RuleGateUnmet    = "gate-unmet"
	// RuleConsentLapsed: no consent that is needed is in force any more, or one that denies is.
	RuleConsentLapsed = "consent-lapsed"
	RuleFollowUp      = "suggested-follow-up"

	RuleOfferReminder = "offer-reminder"
	RuleAccepted      = "offer-accepted"
	RuleDeclined      = "offer-declined"
	RuleCall          = "call-patient"
	RuleReplaced      = "placed-again"
	RuleReached       = "patient-reached"
	RuleNotReached    = "patient-not-reached"
	RuleUnreachable   = "unreachable"
	RuleEnrolled      = "enrolled"
	RuleAttended      = "session-attended"
	RuleMissed        = "session-missed"
	RuleNotHeld       = "session-cancelled"
	RuleScheduled     = "session-scheduled"
	RuleMissedTooMany = "missed-too-many"
	RuleDroppedOut    = "dropped-out"
	RuleAttendedAll   = "attended-to-the-end"
	RuleElsewhere     = "served-elsewhere"
	RuleReassigned    = "referral-reassigned"

	RuleBelowMinimum   = "below-minimum"
	RuleGroupCancelled = "group-cancelled"
	RuleGroupPostponed = "group-postponed"
	RuleSessionMoved   = "session-moved"
	RuleSessionOff     = "session-left-out"
	RuleSessionAdded   = "session-added"
	RuleLeaderChanged  = "leader-changed"
	RuleGroupUnsuited  = "group-no-longer-suits"

	RuleApproved      = "approved-by-person"
	RuleRejected      = "rejected-by-person"
	RuleInfoRequested = "info-requested"
	RuleSamePerson    = "same-person"
	RuleNotSame       = "different-person"
	RuleOverridden    = "overridden-by-person"
	RuleNoGroup       = "no-suitable-group"
	RuleReviewOverdue = "review-overdue"
)

var reasonTexts = map[string]string{
	RuleRefused:           "The message could not be read or obeyed; nothing changed.",
	RulePlaced:            "A seat in a suitable group is taken.",
	RuleOffered:           "A seat is held until the offer is answered or expires.",
	RuleWaitlisted:        "Every suitable group of the program is full.",
	RulePromoted:          "A seat became free and this was the next suitable place in the waitlist.",
	RuleAlreadyPlaced:     "The patient already holds a place in this program; this referral joins it.",
	RuleAlreadyWaiting:    "The patient already waits for this program; this referral joins that place.",
	RuleUpdated:           "The update is recorded; the placement stands.",
	RuleAsAsked:           "This is how it stands, as the referrer asked.",
	RuleNoLongerAsked:     "The update no longer asks for this program.",
	RuleCancelled:         "The referrer cancelled.",
	RuleCancelRequested:   "The referrer asked to cancel.",
	RuleCancelledBefore:   "The referrer cancelled this order before it arrived.",
	RuleReleased:          "The seat was given up.",
	RuleHandedOver:        "The patient was handed over to a drop-in group.",
	RuleOfferExpired:      "The offer was not answered in time.",
	RuleDeceased:          "The patient has died.",
	RuleErased:            "The referral was erased.",
	RuleMerged:            "Two patient records were merged into one person.",
	RuleStop:              "A safety rule forbids automatic placement; a clinician must see this at once. If there is immediate danger call or text 988 (US).",
	RuleSafetyReview:      "A safety rule asks a clinician to decide.",
	RuleIdentityConflict:  "The identifiers point to different people; a person must decide who this is.",
	RulePossibleDuplicate: "Name and birth date equal those of another patient; a person must decide whether they are one.",
	RuleImplausibleDate:   "The birth date lies ahead, or longer ago than anybody has lived; send it again, or a person decides.",
	RuleStaleCancel:       "The cancellation was sent before the latest change; a person must decide which holds.",
	RuleDoubleSeat:        "After a merge the patient holds two places in one program; a person must decide which stays.",
	RuleProgramGone:       "The program is no longer in the catalog.",
	RuleGroupGone:         "The group is no longer in the catalog.",
	RuleNoGroup:           "No group in the catalog suits; a person must decide.",
	RuleNominated:         "The leader of a suitable group is asked whether to take the patient in.",
	RuleChosen:            "The leader of the group takes the patient in.",
	RuleBridge:            "A drop-in group meanwhile; the place in the waitlist stays.",
	RuleBridged:           "The place that was waited for is there.",
	RuleNotOffered:        "The group is not offered; a person must decide.",
	RuleUnknownProgram:    "The requested program is not in the catalog.",
	RuleRiskOutdated:      "The last screening for risk is too old for a place in therapy; ask again.",
	RuleGateUnmet:         "The program asks for something new that the referral does not show; send it, or a person decides.",
	RuleConsentLapsed:     "No consent that the place needs is in force any more; send a new one, or a person decides.",
	RuleFollowUp:          "Advice that goes with the place.",

	RuleOfferReminder: "Half of the time to answer the offer is over.",
	RuleAccepted:      "The offer was accepted.",
	RuleDeclined:      "The offer was declined; the place in the queue stays.",
	RuleCall:          "Several offers were not taken; a person calls the patient before the next.",
	RuleReplaced:      "Another group with a free seat suits.",
	RuleReached:       "The patient was reached.",
	RuleNotReached:    "An attempt to reach the patient failed.",
	RuleUnreachable:   "The patient could not be reached.",
	RuleEnrolled:      "The patient takes part.",
	RuleAttended:      "The patient attended a session.",
	RuleMissed:        "The patient missed a session.",
	RuleNotHeld:       "A session did not take place.",
	RuleScheduled:     "The next session is scheduled.",
	RuleMissedTooMany: "The patient missed as many sessions in a row as release the seat.",
	RuleDroppedOut:    "The patient left before the end.",
	RuleAttendedAll:   "The patient attended to the end.",
	RuleElsewhere:     "The patient is served outside this network.",
	RuleReassigned:    "Another source owns this referral from now on.",

	RuleBelowMinimum:   "The group has fewer members than it starts with.",
	RuleGroupCancelled: "The group was cancelled.",
	RuleGroupPostponed: "The dates of the group changed.",
	RuleSessionMoved:   "A session of the group is at another time.",
	RuleSessionOff:     "A session of the group is left out.",
	RuleSessionAdded:   "The group has a session more.",
	RuleLeaderChanged:  "The group has another leader.",
	RuleGroupUnsuited:  "The group does not suit the patient, or no longer; a person must decide.",

	RuleApproved:      "A person approved the referral.",
	RuleRejected:      "A person rejected the referral.",
	RuleInfoRequested: "A person asks for information.",
	RuleSamePerson:    "A person says that two records are of one patient.",
	RuleNotSame:       "A person says that the two records are of different patients.",
	RuleReviewOverdue: "Nobody has decided this review by when a person was to.",
	RuleOverridden:    "A person looked at this and set the rule aside.",
}

func reason(rule string) mapping.Reason { return mapping.Reason{Code: rule, Text: reasonTexts[rule]} }

// alert is the reason of an unchanged status that a person must look at.
func alert(rule string) mapping.Reason {
	return mapping.Reason{Code: "alert-" + rule, Text: reasonTexts[rule]}
}
