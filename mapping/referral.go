package mapping

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Referral is what a provider asks for one patient, the same whatever format it came in. Its JSON is the
// native event's data.referral, and what a decision keeps of the request. All text is UTF-8.
type Referral struct {
	// Identifier is the order's own: (system, value). Empty: minted from source and content.
	Identifier Identifier `json:"identifier,omitzero"`
	// Priority is routine (the default), urgent, asap or stat, as in FHIR request-priority.
	Priority Priority `json:"priority,omitempty"`
	// AuthoredOn is when the order was signed, a FHIR dateTime: YYYY, YYYY-MM, YYYY-MM-DD or RFC 3339.
	AuthoredOn string `json:"authoredOn,omitempty"`
	// Participant says who takes part: the patient (the default) or a family member or caregiver, who is
	// then the Patient of this referral, a participant of their own.
	Participant Participant `json:"participant,omitempty"`
	Patient     Patient     `json:"patient"`
	Conditions  []Condition `json:"conditions,omitempty"`
	// Goals are codes of the shipped goal table, e.g. "coping-strategies".
	Goals []string `json:"goals,omitempty"`
	// Programs names the catalog's programs that the referrer asks for; empty: any that fits.
	// Several names ask for a place in each.
	Programs     []string      `json:"programs,omitempty"`
	Preferences  Preferences   `json:"preferences,omitzero"`
	Observations []Observation `json:"observations,omitempty"`
	Requester    Requester     `json:"requester,omitzero"`
	// Payers are the codes by which the catalog names payers, e.g. "medicare"; empty: unknown.
	Payers []string `json:"payers,omitempty"`
	// Notes are free text. They can raise a review, never a placement.
	Notes []string `json:"notes,omitempty"`
	// Consents are what the patient, or who speaks for them, allows or denies.
	Consents []Consent `json:"consents,omitempty"`
	// Labels are security labels of the whole record, codes of HL7 v3 ActCode such as 42CFRPart2, SUD, EMP.
	Labels []string `json:"labels,omitempty"`
	// Documents are what came with the referral to be read by people; they decide nothing.
	Documents []Document `json:"documents,omitempty"`
}

// Document is a letter, report or image that the message holds or refers to.
type Document struct {
	Title string `json:"title,omitempty"`
	Media string `json:"media,omitempty"` // type and subtype, e.g. "application/pdf"
	// Link is where it is: a URL, or InputLink of the stored message that holds it.
	Link string `json:"link,omitempty"`
	// Hash of the content of one that the message holds: "sha256-<64 hex digits>".
	Hash string `json:"hash,omitempty"`
}

const inputScheme = "urn:convene:input:"

// InputLink names a place in a stored message: "urn:convene:input:<network>:<sequence>#<place>".
func InputLink(network string, sequence uint64, place string) string {
	return inputScheme + network + ":" + strconv.FormatUint(sequence, 10) + "#" + place
}

// ParseInputLink takes an InputLink apart.
func ParseInputLink(link string) (network string, sequence uint64, place string, ok bool) {
	rest, ok := strings.CutPrefix(link, inputScheme)
	network, rest, ok2 := strings.Cut(rest, ":")
	number, place, ok3 := strings.Cut(rest, "#")
	sequence, err := strconv.ParseUint(number, 10, 64)
	return network, sequence, place, ok && ok2 && ok3 && err == nil
}

// Patient is one person as a source describes them.
type Patient struct {
	Identifiers []Identifier `json:"identifiers"`
	Name        Name         `json:"name,omitzero"`
	// BirthDate is YYYY, YYYY-MM or YYYY-MM-DD.
	BirthDate string `json:"birthDate,omitempty"`
	// Gender is FHIR administrative-gender: male, female, other, unknown.
	Gender string `json:"gender,omitempty"`
	// GenderIdentity is stated by the patient: female, male, non-binary; groups for one gender go by this
	// and by preference, never by Gender alone.
	GenderIdentity string  `json:"genderIdentity,omitempty"`
	Deceased       bool    `json:"deceased,omitempty"`
	Phone          string  `json:"phone,omitempty"`
	Email          string  `json:"email,omitempty"`
	Address        Address `json:"address,omitzero"`
	// Languages are BCP 47 tags, the preferred first; the primary subtag counts ("es" of "es-MX"). What LanguageTag reads besides
	// is taken; what cannot be read asks for the language.
	Languages []string `json:"languages,omitempty"`
	// Interpreter: an interpreter is needed where the group does not speak one of Languages.
	Interpreter bool `json:"interpreter,omitempty"`
	// Access lists what a site must offer: wheelchair, hearing, vision, oxygen.
	Access []string `json:"access,omitempty"`
	// Guardian speaks for a patient who does not decide alone.
	Guardian Party `json:"guardian,omitzero"`
	// Relatives are identifiers of relatives and household members, so that they are not placed in one therapy group.
	Relatives []Identifier `json:"relatives,omitempty"`
}

// Updated is the patient as a later message describes them. What it leaves out stays, and identifiers only grow.
func (p Patient) Updated(by Patient) Patient {
	ids := slices.Clone(by.Identifiers)
	for _, id := range p.Identifiers {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	p.Identifiers = ids
	p.Deceased, p.Interpreter = p.Deceased || by.Deceased, p.Interpreter || by.Interpreter
	p.BirthDate, p.Gender = cmp.Or(by.BirthDate, p.BirthDate), cmp.Or(by.Gender, p.Gender)
	p.GenderIdentity = cmp.Or(by.GenderIdentity, p.GenderIdentity)
	p.Phone, p.Email = cmp.Or(by.Phone, p.Phone), cmp.Or(by.Email, p.Email)
	if by.Name.Family != "" || len(by.Name.Given) > 0 {
		p.Name = by.Name
	}
	if a := by.Address; len(a.Line) > 0 || a.City+a.State+a.PostalCode+a.Country != "" {
		p.Address = a
	}
	if len(by.Languages) > 0 {
		p.Languages = by.Languages
	}
	if len(by.Access) > 0 {
		p.Access = by.Access
	}
	if !by.Guardian.zero() {
		p.Guardian = by.Guardian
	}
	if len(by.Relatives) > 0 {
		p.Relatives = by.Relatives
	}
	return p
}

type Name struct {
	Family string   `json:"family,omitempty"`
	Given  []string `json:"given,omitempty"`
}

type Address struct {
	Line       []string `json:"line,omitempty"`
	City       string   `json:"city,omitempty"`
	State      string   `json:"state,omitempty"` // USPS code
	PostalCode string   `json:"postalCode,omitempty"`
	Country    string   `json:"country,omitempty"`
}

// Condition is a diagnosis or problem given as a reason or as context.
type Condition struct {
	// Codes are the same condition in one or more systems.
	Codes []Code `json:"codes,omitempty"`
	Text  string `json:"text,omitempty"`
	// ClinicalStatus: active (the default), recurrence, relapse, inactive, remission, resolved.
	ClinicalStatus string `json:"clinicalStatus,omitempty"`
	// VerificationStatus: confirmed (the default), unconfirmed, provisional, differential, refuted, entered-in-error.
	VerificationStatus string `json:"verificationStatus,omitempty"`
	// Severity: mild, moderate, severe; absent is unknown, never mild.
	Severity string `json:"severity,omitempty"`
	Onset    string `json:"onset,omitempty"` // FHIR dateTime
	// Labels are security labels of this condition, as Referral.Labels.
	Labels []string `json:"labels,omitempty"`
}

// Consent says whom the patient lets have what is told of them, and what for.
type Consent struct {
	// Decision: permit (the default) or deny.
	Decision string `json:"decision,omitempty"`
	// Status: active (the default), inactive, rejected, proposed, draft, entered-in-error. Only an active one counts.
	Status string `json:"status,omitempty"`
	// Recipients who may have it, or may not; empty: whoever serves the referral.
	Recipients []Party `json:"recipients,omitempty"`
	// Purposes are codes of HL7 v3 PurposeOfUse, TREAT or CAREMGT for one; empty: whatever the referral is for.
	Purposes []string `json:"purposes,omitempty"`
	// From and To are the first and last day on which it holds, FHIR dateTimes; empty: without bound.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Labels are the security labels of the facts that it is about, as Referral.Labels; empty: all.
	Labels []string `json:"labels,omitempty"`
	// Written: there is a signed document.
	Written bool `json:"written,omitempty"`
	// Guardian: who speaks for a minor gives it. A guardian's consent that is told so counts only while it holds, and for
	// the organizations that it names.
	Guardian bool `json:"guardian,omitempty"`
}

// Counts reports whether a consent is active and for a purpose that a referral has.
func (c *Consent) Counts() bool {
	return (c.Status == "" || c.Status == "active") &&
		(len(c.Purposes) == 0 || slices.ContainsFunc(c.Purposes, func(p string) bool { return slices.Contains(ReferralPurposes, p) }))
}

// Observation is a screening result or laboratory value.
type Observation struct {
	Code Code `json:"code"`
	// Value is a number in Unit, or absent when Answer is given.
	Value  *float64 `json:"value,omitempty"`
	Unit   string   `json:"unit,omitempty"`   // UCUM
	Answer *Code    `json:"answer,omitempty"` // a coded answer, e.g. a LOINC LA code
	Date   string   `json:"date,omitempty"`   // FHIR dateTime
}

// Preferences are the patient's. What is required excludes groups, what is preferred ranks them; absent
// means nothing is known and nothing is excluded.
type Preferences struct {
	// Mode: in-person or telehealth.
	Mode string `json:"mode,omitempty"`
	// Language of the group, a BCP 47 tag.
	Language string `json:"language,omitempty"`
	// Times are the parts of the week that suit: "weekday-morning", "weekday-afternoon",
	// "weekday-evening", "weekend". A group outside them is excluded.
	Times []string `json:"times,omitempty"`
	// Gender of a group for one gender: female, male, non-binary. Absent: mixed groups.
	Gender string `json:"gender,omitempty"`
	// Kind of group the patient would rather have: therapy, support, education, ...
	Kind string `json:"kind,omitempty"`
	// Site is the id of the catalog's site that suits best.
	Site string `json:"site,omitempty"`
	// Required names the preferences above that are conditions, not wishes: "mode", "language", "gender", "kind", "site".
	// Times always are.
	Required []string `json:"required,omitempty"`
	// NotLedBy are leaders whose groups the patient does not want, by the catalog's id or by NPI.
	NotLedBy []string `json:"notLedBy,omitempty"`
}

// Requester is who referred: a practitioner in an organization.
type Requester struct {
	Practitioner Party `json:"practitioner,omitzero"`
	Organization Party `json:"organization,omitzero"`
}

// Party is a person or organization by identifier (NPI where there is one) and name. Family and Given are
// for persons, Name for organizations.
type Party struct {
	Identifier Identifier `json:"identifier,omitzero"`
	Name       string     `json:"name,omitempty"`
	Family     string     `json:"family,omitempty"`
	Given      []string   `json:"given,omitempty"`
	Phone      string     `json:"phone,omitempty"`
}

// Priority is FHIR request-priority.
type Priority string

const (
	Routine Priority = "routine"
	Urgent  Priority = "urgent"
	ASAP    Priority = "asap"
	Stat    Priority = "stat"
)

// Priorities in rising order of urgency.
var Priorities = []Priority{Routine, Urgent, ASAP, Stat}

// Participant says in what role the person takes part.
type Participant string

const (
	ParticipantPatient Participant = "patient"
	ParticipantFamily  Participant = "family" // family member, friend or caregiver
)
