package match

import (
	"math/bits"

	"github.com/convene-health/convene/mapping"
)

// RuleText is one rule that this package applies: what it says in plain words and where it comes from.
type RuleText struct {
	// ID is stable; reasons and score parts name it.
	ID string
	// Code is what the outside is told; the four rules about people all read "not-offered".
	Code   string
	Text   string
	Source string
}

// Reason is a rule as a decision names it.
type Reason struct {
	Code string `json:"code"`
	Rule string `json:"rule"`
	Text string `json:"text"`
}

// RuleMinors names the rule that minors and adults are never in one group.
const RuleMinors = "minors-apart"

// RuleLicensedFirst names the rule that keeps a peer group from standing alone.
const RuleLicensedFirst = "licensed-first"

// RuleDeclined names the rule that keeps a patient out of a group that was offered and not taken.
const RuleDeclined = "declined"

// Rules about other people, which read "not-offered" outside.
const (
	RuleConflict     = "conflict"
	RuleConflictOpen = "conflict-open"
	RuleRelative     = "relative"
	RuleTherapist    = "therapist"
	RuleLeaderChoice = "leader-choice"
)

// Rules about what the patient has consented to.
const (
	RuleMissingConsent = "missing-consent"
	RulePart2Consent   = "part2-consent"
	RuleConsentDenied  = "consent-denied"
	// RuleGuardianConsent: what the guardian of a minor consents to is over, or for others.
	RuleGuardianConsent = "guardian-consent-missing"
)

// ReasonOf a rule by id.
func ReasonOf(id string) Reason { return ruleOf(id).reason() }

// absolute are the rules that nobody sets aside: licence, minors apart, enrolment, and people who must not meet.
const absolute why = unlicensed | 1<<ruleMinors | 1<<ruleEnrolment | 1<<ruleConflict | 1<<ruleRelative | 1<<ruleTherapist | 1<<ruleFull | 1<<rulePart2Consent | 1<<ruleConsentDenied

// Absolute reports whether nobody may set a rule aside. An id that is not listed is.
func Absolute(id string) bool { return absolute.has(ruleOf(id)) }

// rule is an index into Rules.
type rule uint8

// Why a group is not chosen, in the order in which the filters stand.
const (
	noRule rule = iota
	ruleOverlap
	ruleParticipant
	ruleKind
	ruleLicensedFirst
	rulePeerByChoice
	ruleLicence
	ruleMinors
	ruleAge
	ruleAgeUnknown
	ruleLanguage
	ruleLanguageUnknown
	ruleAccess
	ruleAccessUnknown
	ruleState
	ruleStateUnknown
	ruleGender
	ruleTimes
	rulePayer
	ruleCriteria
	ruleSeverity
	ruleSeverityUnknown
	ruleEatingDisorder
	rulePregnancy
	ruleCognition
	ruleGate
	ruleGateMissing
	ruleGateUndecided
	ruleGuardian
	ruleGuardianConsent
	ruleBenefit
	ruleWishMode
	ruleWishLanguage
	ruleWishGender
	ruleWishKind
	ruleWishSite
	ruleHeld
	ruleConflict
	ruleRelative
	ruleTherapist
	ruleLeaderChoice
	ruleConflictOpen
	ruleMissingConsent
	rulePart2Consent
	ruleConsentDenied
	ruleDeclined
	ruleFull
	ruleEnrolment
	ruleBehind
	lastExclusion
)

// What a result as a whole says.
const (
	ruleNothingAsked = iota + lastExclusion
	ruleNoGroup
	ruleUnknownCode
	ruleAdjunct
)

// Rules lists every rule of this package by number; a rule's reason is built from nothing else.
var Rules = [...]RuleText{
	noRule: {},

	ruleOverlap:         {"no-overlap", "no-overlap", "It serves none of the conditions that count; a shared goal alone does not do.", "Group therapy in chronic care; What is group therapy (a small group shares challenges or goals)"},
	ruleParticipant:     {"participant-role", "participant-role", "Family members join family programs only, and patients the others.", "Support groups and therapy groups; The difference between support and therapy groups (own or a loved one's substance use)"},
	ruleKind:            {"kind-not-allowed", "kind-not-allowed", "This kind of group is not among those for the condition, its severity and the goals.", "kinds table of the shipped data"},
	ruleLicensedFirst:   {RuleLicensedFirst, "licensed-first", "For this condition a group without a licensed leader can only stand beside a licensed one.", "What is group therapy (serious clinical issues)"},
	rulePeerByChoice:    {"peer-by-choice", "peer-by-choice", "A peer group can be the first place only where it is chosen: by a wish for support, a goal that favours it, or the program's name.", "What is group therapy (seek social support); milder depression may choose peers (Pfeiffer 2011)"},
	ruleLicence:         {"leader-licence", "leader-licence", "The leader has no licence that is valid here through the last session.", "What is group therapy (licensed therapists only)"},
	ruleMinors:          {RuleMinors, "age", "Minors and adults are never in one group.", "convention; CDC DPP 18 and over; DBT teen groups 13 to 17 (resourcegrp.org)"},
	ruleAge:             {"age-band", "age", "The patient's age at the first session is outside the program's ages.", "program criteria"},
	ruleAgeUnknown:      {"age-unknown", "birth-date-missing", "The birth date is missing or too vague to tell whether the patient may take part.", "never assume: criteria that cannot be checked ask for the fact"},
	ruleLanguage:        {"language", "language", "The group is held in none of the patient's languages and has no interpreter.", "NICE CG91 recommendations (NBK82911)"},
	ruleLanguageUnknown: {"language-unknown", "language-missing", "Which language the patient speaks cannot be read; a group in it, or an interpreter for it, cannot be told.", "never assume: criteria that cannot be checked ask for the fact"},
	ruleAccess:          {"access", "access", "The group does not offer what the patient needs to take part.", "Americans with Disabilities Act; unknown is not accessible"},
	ruleAccessUnknown:   {"access-unknown", "attribute-unknown", "The catalog does not say what the group offers for accessibility.", "unknown is not accessible"},
	ruleState:           {"licence-state", "licence-state", "The leader is not licensed in the state where the patient sits during a telehealth session.", "telehealth licensure follows the patient's place (tpcjournal.nbcc.org, fmglaw.com 2024)"},
	ruleStateUnknown:    {"state-unknown", "state-missing", "The patient's state is missing; a telehealth leader must be licensed there.", "telehealth licensure follows the patient's place (tpcjournal.nbcc.org, fmglaw.com 2024)"},
	ruleGender:          {"gender-group", "gender-group", "A group for one gender is chosen by the patient's wish only.", "SAMHSA TIP 41; never inferred from administrative gender"},
	ruleTimes:           {"times", "times", "The sessions are outside the times that suit the patient.", "Group therapy in chronic care (needs and preferences)"},
	rulePayer:           {"payer", "payer", "The group takes none of the patient's payers and no self-pay.", "catalog"},
	ruleCriteria:        {"criteria-excludes", "criteria", "A condition or circumstance of the patient excludes them from this program.", "program criteria"},
	ruleSeverity:        {"criteria-severity", "criteria", "The program is for another severity.", "program criteria"},
	ruleSeverityUnknown: {"severity-unknown", "severity-missing", "The program is for some severities only and the patient's is not known.", "never assume: criteria that cannot be checked ask for the fact"},
	ruleEatingDisorder:  {"eating-disorder-weight", "criteria", "A person with an eating disorder never joins a weight program.", "clinical convention; source: assumption"},
	rulePregnancy:       {"pregnancy-dpp", "criteria", "Diabetes prevention programs do not take pregnant participants.", "CDC Diabetes Prevention Recognition Program, eligibility"},
	ruleCognition:       {"cognitive-impairment", "criteria", "With dementia or mild cognitive impairment a patient joins the kinds of group that suit it, or a program that names it; no other because of a further condition.", "Yalom and Leszcz; Cognitive Stimulation Therapy is for mild to moderate dementia; kinds table of the shipped data"},
	ruleGate:            {"gate", "criteria", "A gate of the program excludes: what is known of the patient is outside its bounds.", "gates of the program, with their sources"},
	ruleGateMissing:     {"gate-missing", "gate-missing", "A gate of the program needs a fact that the referral does not tell; the issues say what to send.", "never assume: criteria that cannot be checked ask for the fact"},
	ruleGateUndecided:   {"gate-undecided", "gate-undecided", "A gate of the program could not be decided; a person must.", "expressions have a limit"},
	ruleGuardian:        {"guardian-missing", "guardian-missing", "For a minor the parent or guardian must be named, with a telephone number.", "policy; source: assumption"},
	ruleGuardianConsent: {RuleGuardianConsent, RuleGuardianConsent, "For a minor the parent or guardian must consent, unless the state lets minors consent to this care.", "policy; table of states; source: assumption"},
	ruleBenefit:         {"benefit-used", "criteria", "The patient has used this benefit, which one person has but once.", "benefits of the program, with their sources"},
	ruleWishMode:        {"required-mode", "preference", "The patient asks for the other mode, in person or by telehealth.", "Group therapy in chronic care (needs and preferences)"},
	ruleWishLanguage:    {"required-language", "preference", "The patient asks for a group in another language.", "Group therapy in chronic care (needs and preferences)"},
	ruleWishGender:      {"required-gender", "preference", "The patient asks for a group for one gender.", "Group therapy in chronic care (needs and preferences); SAMHSA TIP 41"},
	ruleWishKind:        {"required-kind", "preference", "The patient asks for another kind of group.", "Group therapy in chronic care (needs and preferences)"},
	ruleWishSite:        {"required-site", "preference", "The patient asks for another site.", "Group therapy in chronic care (needs and preferences)"},
	ruleHeld:            {"already-held", "already-placed", "The patient already has a place in this program.", "one live placement per patient and program"},
	ruleConflict:        {RuleConflict, "not-offered", "A conflict on the network's list.", "catalog conflict list"},
	ruleRelative:        {RuleRelative, "not-offered", "Relatives and household members are not in one therapy group.", "convention"},
	ruleTherapist:       {RuleTherapist, "not-offered", "A conflict with the leader.", "catalog conflict list"},
	ruleLeaderChoice:    {RuleLeaderChoice, "not-offered", "The leader did not choose the patient.", "Support groups and therapy groups (the therapist selects)"},
	ruleConflictOpen:    {RuleConflictOpen, "not-offered", "Nobody knows who comes to a drop-in group, so it cannot keep two people apart.", "assumption"},
	ruleMissingConsent:  {RuleMissingConsent, "missing-consent", "An active consent for this program's organization and for treatment is missing.", "HL7 BSeR (Consent in supportingInfo); never assume: what cannot be checked asks for the fact"},
	rulePart2Consent:    {RulePart2Consent, "missing-consent", "A written consent for this program's organization and for treatment is missing.", "42 CFR 2.31, 2.33"},
	ruleConsentDenied:   {RuleConsentDenied, "consent-denied", "The patient denies this program's organization what the referral tells.", "HL7 FHIR R4 Consent; a denial always bars"},
	ruleDeclined:        {RuleDeclined, "declined", "The patient did not take an offer of this group.", "assumption: who declines is offered another"},
	ruleFull:            {"full", "full", "All seats are taken.", "What is group therapy (6 to 8 people)"},
	ruleEnrolment:       {"enrolment-closed", "enrolment-closed", "Enrolment is over: the first session of a closed group, or the last of any, has begun.", "The difference between support and therapy groups (fixed timeframe)"},
	ruleBehind:          {"behind", "waitlisted", "It has a seat, but fits the condition and goals clearly less than the full program that is waited for.", "assumption"},

	lastExclusion:   {"nothing-asked", "no-suitable-group", "The referral names no known condition and no known goal.", "Group therapy in chronic care; What is group therapy (a small group shares challenges or goals)"},
	ruleNoGroup:     {"no-suitable-group", "no-suitable-group", "No group suits; a person must decide.", "Group therapy in chronic care (consult professionals)"},
	ruleUnknownCode: {"unknown-code", "unknown-code", "A code of the referral is not known, and nothing else of it fits a group.", "a guess is never a placement"},
	ruleAdjunct:     {"adjunct", "adjunct", "A peer group beside the licensed program that the patient attends.", "What is group therapy (serious clinical issues)"},
}

// Reason of a rule, from the table.
func (r rule) reason() Reason {
	t := &Rules[r]
	return Reason{t.Code, t.ID, t.Text}
}

// ruleOf finds an exclusion by id; an id that is not listed is a conflict.
func ruleOf(id string) rule {
	for r := noRule + 1; r < lastExclusion; r++ {
		if Rules[r].ID == id {
			return r
		}
	}
	return ruleConflict
}

// why is the set of rules that exclude a group; empty for one that suits.
type why uint64

func (w *why) add(r rule)     { *w |= 1 << r }
func (w why) has(r rule) bool { return w&(1<<r) != 0 }

// Rules that exclude only because something is unknown: of the patient, or of the group.
const (
	patientUnknown why = 1<<ruleMissingConsent | 1<<rulePart2Consent | 1<<ruleAgeUnknown | 1<<ruleLanguageUnknown | 1<<ruleStateUnknown | 1<<ruleSeverityUnknown |
		1<<ruleGateMissing | 1<<ruleGuardian | 1<<ruleGuardianConsent
	groupUnknown why = 1<<ruleAccessUnknown | 1<<ruleGateUndecided
)

// Rules that say already that nobody with the licence leads the group where the patient sits.
const unlicensed why = 1<<ruleLicence | 1<<ruleState | 1<<ruleStateUnknown

// Rules by which a program is not what the need asks for, whatever its groups are like; the last two of them where it could
// stand beside a licensed program, or be chosen.
const (
	unfit    why = 1<<ruleOverlap | 1<<ruleParticipant | 1<<ruleKind | peerOnly
	peerOnly why = 1<<ruleLicensedFirst | 1<<rulePeerByChoice
)

// reasons in the order of the filters.
func (w why) reasons() []Reason {
	out := make([]Reason, 0, bits.OnesCount64(uint64(w)))
	for ; w != 0; w &= w - 1 {
		out = append(out, rule(bits.TrailingZeros64(uint64(w))).reason())
	}
	return out
}

// Outward is the reason as the outside may read it: what concerns other people says no more than "not offered".
func (r Reason) Outward() mapping.Reason {
	if r.Code == "not-offered" {
		return mapping.Reason{Code: r.Code, Text: "The group is not offered."}
	}
	return mapping.Reason{Code: r.Code, Text: r.Text}
}
