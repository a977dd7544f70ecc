// Package program holds the catalog: what a network offers, to whom, where and when, and everything else
// that a decision or a confirmation reads. One YAML document per network, versioned by its content hash.
//
// Load reports every problem with its line and a hint and never returns a catalog that has one. A loaded
// catalog is immutable and safe for concurrent use.
package program

import (
	"time"

	"github.com/convene-health/convene/mapping"
)

// Catalog of one network, as loaded and resolved: templates filled in, references checked, sessions expanded.
type Catalog struct {
	Network string `yaml:"network"`
	// Zone is an IANA time zone; sessions and business days are in it.
	Zone     string   `yaml:"zone"`
	Holidays []string `yaml:"holidays,omitempty"` // YYYY-MM-DD
	// ValidFrom is the time of bare files that carry none, YYYY-MM-DD.
	ValidFrom    string       `yaml:"validFrom"`
	Organization Organization `yaml:"organization"`
	// Profile of the FHIR output: base (the default), bser, sdoh.
	Profile   string     `yaml:"profile,omitempty"`
	Sources   []Source   `yaml:"sources"`
	Assigners []Assigner `yaml:"assigners,omitempty"`
	Policy    Policy     `yaml:"policy,omitempty"`
	Sites     []Site     `yaml:"sites,omitempty"`
	Leaders   []Leader   `yaml:"leaders,omitempty"`
	Programs  []Program  `yaml:"programs"`
	Groups    []Group    `yaml:"groups"`
	// Pairs are people who are kept apart; private.
	Pairs []Pair `yaml:"pairs,omitempty"`
	// Notices are texts that go with what is sent.
	Notices Notices `yaml:"notices,omitempty"`

	// Hash of the YAML as applied: "sha256-<64 hex digits>".
	Hash string `yaml:"-"`
	// Location is Zone, loaded from embedded data.
	Location *time.Location `yaml:"-"`

	index index
}

// Organization that runs the network or a program.
type Organization struct {
	Name       string             `yaml:"name"`
	Identifier mapping.Identifier `yaml:"identifier"`
}

// Source is one system that sends events.
type Source struct {
	Name string `yaml:"name"` // the token in its subject: lower-case letters, digits, hyphen
	// Zone of times without an offset; empty: the network's.
	Zone string `yaml:"zone,omitempty"`
	// Format it sends: json, fhir, hl7v2; empty: sniffed.
	Format     string `yaml:"format,omitempty"`
	Production bool   `yaml:"production,omitempty"`
	// Codes maps the source's local codes ("system|code", or the bare code where it sends no system) to condition keys.
	Codes map[string]string `yaml:"codes,omitempty"`
	// Part2: a program under 42 CFR Part 2 sends it; all it sends needs written consent and carries labels and notice.
	Part2 bool `yaml:"part2,omitempty"`
	// Sites whose staff this source's patients with label EMP are; they join no group there.
	Sites []string `yaml:"sites,omitempty"`
}

// Assigner of patient identifiers that the network trusts to mean one person.
type Assigner struct {
	System string `yaml:"system"`
	Name   string `yaml:"name,omitempty"`
	// Sources that may report merges of this assigner's identifiers.
	Sources []string `yaml:"sources,omitempty"`
}

// Policy holds the network's numbers. Zero means the default in Defaults.
type Policy struct {
	// OfferDays is how long an offer holds a seat, in business days, by priority; default 5, urgent and above 2. source: assumption
	OfferDays       int `yaml:"offerDays,omitempty"`
	OfferDaysUrgent int `yaml:"offerDaysUrgent,omitempty"`
	// HandoverDays after placement a drop-in placement is completed as handed over; default 28. source: assumption
	HandoverDays int `yaml:"handoverDays,omitempty"`
	// CohortDays before session 1 a closed group below its minimum is reported; default 7. source: assumption
	CohortDays int `yaml:"cohortDays,omitempty"`
	// PostponeWeeks is by how many weeks the start of a closed group below its minimum is put off, once; 0: only that of a group
	// that names its second start. Default 2. source: assumption
	PostponeWeeks *int `yaml:"postponeWeeks,omitempty"`
	// Declines is how many offers a patient may decline, or let expire, before a person calls; default 2. source: assumption
	Declines int `yaml:"declines,omitempty"`
	// ContactAttempts in a row that fail close a placement as unreachable; default 3. source: assumption
	ContactAttempts int `yaml:"contactAttempts,omitempty"`
	// MissedSessions in a row release a seat where attendance is expected; default 3. source: assumption
	MissedSessions int `yaml:"missedSessions,omitempty"`
	// CancelDays is how long a cancel of a referral not seen yet is remembered; default 30. source: assumption
	CancelDays int `yaml:"cancelDays,omitempty"`
	// ReviewDays and ReviewDaysUrgent are business days within which a person is to have decided a review; default 3, urgent and
	// above 1. source: assumption
	ReviewDays       int `yaml:"reviewDays,omitempty"`
	ReviewDaysUrgent int `yaml:"reviewDaysUrgent,omitempty"`
	// Consent: every referral needs an active consent for the program's organization and for treatment.
	Consent bool `yaml:"consent,omitempty"`
	// RiskDays after which screening for risk is asked anew before a place in therapy; default 90. source: assumption
	RiskDays int `yaml:"riskDays,omitempty"`
	// Urgency orders waitlists: points at arrival and points a day waited, by priority.
	Urgency map[mapping.Priority]Urgency `yaml:"urgency,omitempty"`
}

// Urgency is one class of a waitlist: Base + Rate x days waited.
type Urgency struct {
	Base float64 `yaml:"base"`
	Rate float64 `yaml:"rate"`
}

// Site is where groups meet.
type Site struct {
	ID      string          `yaml:"id"`
	Name    string          `yaml:"name"`
	Phone   string          `yaml:"phone,omitempty"`
	Address mapping.Address `yaml:"address,omitempty"`
	// Access lists what it offers: wheelchair, hearing, vision, oxygen. What is not listed is not offered.
	Access []string `yaml:"access,omitempty"`
	// Staff are patients who work here and join no group here; private.
	Staff []mapping.Identifier `yaml:"staff,omitempty"`
}

// Leader of groups.
type Leader struct {
	ID     string   `yaml:"id"`
	NPI    string   `yaml:"npi,omitempty"`
	Family string   `yaml:"family"`
	Given  []string `yaml:"given,omitempty"`
	// Type: professional, peer, rotating.
	Type     string    `yaml:"type"`
	Licences []Licence `yaml:"licences,omitempty"`
	// Languages spoken, BCP 47 primary subtags; empty: not said. They are held against those of the groups led.
	Languages []string `yaml:"languages,omitempty"`
	// Apart are patients whom this leader does not lead: relatives, former clients; private.
	Apart []mapping.Identifier `yaml:"apart,omitempty"`
	// Clients are patients whom this leader sees alone; private.
	Clients []mapping.Identifier `yaml:"clients,omitempty"`
}

// Licence to practise, for one state, through its last day.
type Licence struct {
	Title string `yaml:"title"` // LICSW, PsyD, RN, ...
	State string `yaml:"state"` // USPS code
	From  string `yaml:"from,omitempty"`
	To    string `yaml:"to"` // YYYY-MM-DD, last valid day
}

// Program is an offering. From names a shipped program whose values fill in what is left out here.
type Program struct {
	ID   string       `yaml:"id"`
	From string       `yaml:"from,omitempty"`
	Name string       `yaml:"name,omitempty"`
	Kind mapping.Kind `yaml:"kind,omitempty"`
	// Participant: patient (the default) or family.
	Participant mapping.Participant `yaml:"participant,omitempty"`
	Conditions  []string            `yaml:"conditions,omitempty"` // condition keys; "any" serves every chronic condition
	Goals       []string            `yaml:"goals,omitempty"`      // goal codes
	Curriculum  string              `yaml:"curriculum,omitempty"`
	// Licensed: a licensed leader is required. Always for therapy.
	Licensed bool     `yaml:"licensed,omitempty"`
	Criteria Criteria `yaml:"criteria,omitempty"`
	Codes    Codes    `yaml:"codes,omitempty"`
	// Acceptance: auto (the default) places at once; offer holds a seat until the patient accepts, leader until the leader
	// does, both until both have.
	Acceptance string `yaml:"acceptance,omitempty"`
	// Provider is who runs it; empty: the network's organization.
	Provider Organization `yaml:"provider,omitempty"`
	// Attendance: expected (the default) or drop-in.
	Attendance string `yaml:"attendance,omitempty"`
	// Admission: auto (the default), or therapist: Convene nominates and the group's leader decides.
	Admission string `yaml:"admission,omitempty"`
	// ClientsOnly: a therapist is nominated their own clients only.
	ClientsOnly bool `yaml:"clientsOnly,omitempty"`
	// Together: couples or families take part together, so relatives may.
	Together bool `yaml:"together,omitempty"`
	// Bridges are programs with open groups that whoever waits for this one may attend meanwhile.
	Bridges []string `yaml:"bridges,omitempty"`
	// Consent: an active consent for the program's organization and for treatment is needed.
	Consent bool `yaml:"consent,omitempty"`
	// Part2: it is under 42 CFR Part 2: written consent is needed, labels and notice go with it.
	Part2 bool `yaml:"part2,omitempty"`
	// Gates by name are what must be known of a patient before a place; all of them must be passed.
	Gates map[string]Gate `yaml:"gates,omitempty"`
	// Benefit that one person has but once.
	Benefit Benefit `yaml:"benefit,omitempty"`
	// FollowUp is advice that goes with a place, e.g. individual treatment outside the group. It decides nothing.
	FollowUp string `yaml:"followUp,omitempty"`
	// OwnPanel are points for a group that is led by the clinician who refers: their own client.
	OwnPanel int `yaml:"ownPanel,omitempty"`

	// Gated are Gates as compiled, in order of name; those switched off are left out.
	Gated []Compiled `yaml:"-"`
}

// Criteria that a participant must meet.
type Criteria struct {
	AgeFrom int `yaml:"ageFrom,omitempty"` // whole years at the first session; default 18
	AgeTo   int `yaml:"ageTo,omitempty"`   // 0: no upper bound
	// Excludes are condition keys or safety rule names that bar this program, e.g. "pregnancy", "eating_disorder".
	Excludes []string `yaml:"excludes,omitempty"`
	// Severity, where the program is for some only: mild, moderate, severe.
	Severity []string `yaml:"severity,omitempty"`
}

// Codes for the order that Convene writes.
type Codes struct {
	HCPCS  []string `yaml:"hcpcs,omitempty"`
	SNOMED []string `yaml:"snomed,omitempty"`
	// CPT numbers; their descriptions belong to the AMA and are never shipped.
	CPT []string `yaml:"cpt,omitempty"`
	// Category is the SNOMED CT code of ServiceRequest.category: 409063005 Counselling or 409073007 Education.
	Category string `yaml:"category,omitempty"`
	// ServiceCategory is the HL7 service-category code of the HealthcareService, e.g. "22".
	ServiceCategory string `yaml:"serviceCategory,omitempty"`
	// ServiceType is the HL7 service-type code of the HealthcareService, e.g. "224".
	ServiceType string `yaml:"serviceType,omitempty"`
}

// Acceptance of a placement in a program.
const (
	AcceptanceAuto   = "auto"
	AcceptanceOffer  = "offer"
	AcceptanceLeader = "leader"
	AcceptanceBoth   = "both"
)

// Admission to a program.
const (
	AdmissionAuto      = "auto"
	AdmissionTherapist = "therapist"
)

// Attendance of a program's groups.
const (
	AttendanceExpected = "expected"
	AttendanceDropIn   = "drop-in"
)

// Enrolment of a group.
const (
	EnrolmentClosed  = "closed"  // one start; nobody joins after session 1
	EnrolmentRolling = "rolling" // enter at any session; a seat is held from first to last
	EnrolmentOpen    = "open"    // drop-in, no seat is held
)

// Group is a running instance of a program.
type Group struct {
	ID        string   `yaml:"id"`
	Program   string   `yaml:"program"`
	Name      string   `yaml:"name,omitempty"` // default: the program's
	Leader    string   `yaml:"leader,omitempty"`
	Seats     Seats    `yaml:"seats,omitempty"`
	Enrolment string   `yaml:"enrolment,omitempty"` // default by kind
	Sessions  Sessions `yaml:"sessions"`
	// Mode: in-person or telehealth.
	Mode string `yaml:"mode"`
	Site string `yaml:"site,omitempty"` // required in person
	Link string `yaml:"link,omitempty"` // telehealth: where to join
	// Languages the group is held in, BCP 47 primary subtags; default en.
	Languages   []string `yaml:"languages,omitempty"`
	Interpreter bool     `yaml:"interpreter,omitempty"`
	// Gender: empty for mixed, else female, male, non-binary.
	Gender string   `yaml:"gender,omitempty"`
	Access []string `yaml:"access,omitempty"` // beyond the site's, e.g. captions for hearing
	// Cost band: free, low, medium, high.
	Cost    string   `yaml:"cost,omitempty"`
	Payers  []string `yaml:"payers,omitempty"`  // empty: any
	SelfPay bool     `yaml:"selfPay,omitempty"` // open to those without a listed payer

	// Cancelled: it does not take place. Who holds a seat in it is placed anew.
	Cancelled bool `yaml:"cancelled,omitempty"`

	// Dates are the sessions as expanded: every start, in UTC, in order. An ongoing group (no Count, no End)
	// lists one year from the later of its start and the catalog's ValidFrom. A cancelled group has none.
	Dates []time.Time `yaml:"-"`
	// Planned are the sessions as the catalog has them, where Convene put the start off (Later); else nil.
	Planned []time.Time `yaml:"-"`
}

// Seats of a group. An open group has none to hold: Max is then a soft room cap and 0 means none.
type Seats struct {
	Min int `yaml:"min,omitempty"` // to start
	Max int `yaml:"max,omitempty"`
	// Urgent seats of Max are kept for referrals that are urgent or more until UrgentUntil, YYYY-MM-DD, default three days
	// before session 1. source: assumption
	Urgent      int    `yaml:"urgent,omitempty"`
	UrgentUntil string `yaml:"urgentUntil,omitempty"`
}

// Sessions of a group in the network's zone.
type Sessions struct {
	Start string `yaml:"start"` // date of session 1, YYYY-MM-DD
	// Second is the date of session 1 of a closed group whose start is put off because it is below its minimum.
	Second string `yaml:"second,omitempty"`
	Time   string `yaml:"time"` // HH:MM
	// Minutes a session lasts; default 60.
	Minutes int `yaml:"minutes,omitempty"`
	// Every: weekly (the default), twice-weekly (two days apart), three-times-weekly (every other day), twice-monthly and
	// monthly (the weekday of Start in its week of the month), daily.
	Every string `yaml:"every,omitempty"`
	// Count of sessions; 0: ongoing (support).
	Count int `yaml:"count,omitempty"`
	// Each is how many sessions one participant of a rolling group attends; 0: all until the last.
	Each int `yaml:"each,omitempty"`
	// Skip lists dates on which it does not meet; they do not count. "holidays" stands for every holiday of the network.
	// A session on a holiday that is not skipped is a problem.
	Skip []string `yaml:"skip,omitempty"`
	// Moved are single sessions that are held on another day or at another time.
	Moved []Moved `yaml:"moved,omitempty"`
	// End is the last date of an ongoing group, if known.
	End string `yaml:"end,omitempty"`
}
