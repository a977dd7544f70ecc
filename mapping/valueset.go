package mapping

import "time"

// Value sets that every format shares, in the order of their definitions. None may be changed.
var (
	// ClinicalStatuses of a condition (https://hl7.org/fhir/R4/valueset-condition-clinical.html).
	ClinicalStatuses = []string{"active", "recurrence", "relapse", "inactive", "remission", "resolved"}
	// VerificationStatuses of a condition (https://hl7.org/fhir/R4/valueset-condition-ver-status.html).
	VerificationStatuses = []string{"confirmed", "unconfirmed", "provisional", "differential", "refuted", "entered-in-error"}
	// ConsentStatuses (https://hl7.org/fhir/R4/valueset-consent-state-codes.html). Only an active consent counts.
	ConsentStatuses = []string{"active", "inactive", "rejected", "proposed", "draft", "entered-in-error"}
	// ReferralPurposes are the purposes of use that a referral has (HL7 v3 PurposeOfUse): treatment, care management,
	// coordination of care.
	ReferralPurposes = []string{"TREAT", "CAREMGT", "COC"}
)

// AdultFrom is the age in years from which nobody is in a group with minors, and speaks for themselves.
// source: assumption, the age of majority in most states
const AdultFrom = 18

// Minor reports whether somebody born on a whole date (YYYY-MM-DD) is younger than AdultFrom on a day. Where either is not
// known the answer is false.
func Minor(birth string, on time.Time) bool {
	const day = "2006-01-02"
	return len(birth) == len(day) && !on.IsZero() && birth > on.AddDate(-AdultFrom, 0, 0).Format(day)
}
