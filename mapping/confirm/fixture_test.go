package confirm

import (
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/program"
)

var thursday = time.Date(2026, 11, 12, 15, 4, 5, 678_000_000, time.UTC)

// catalog of a network with one group in person, one by video, and one drop-in of another provider.
func catalog(t testing.TB, profile string) *program.Catalog {
	t.Helper()
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return &program.Catalog{
		Network: "riverside", Zone: "America/New_York", Location: loc, Profile: profile, Hash: "sha256-" + strings.Repeat("0", 64),
		Organization: program.Organization{Name: "Riverside Care Network", Identifier: mapping.Identifier{System: mapping.SystemNPI, Value: "1999999992"}},
		Sources:      []program.Source{{Name: "north-ehr"}},
		Assigners:    []program.Assigner{{System: "urn:oid:2.16.840.1.113883.19.5"}},
		Sites: []program.Site{{ID: "mill", Name: "Mill Street Clinic", Phone: "555-0100", Address: mapping.Address{
			Line: []string{"12 Mill St"}, City: "Dover", State: "NH", PostalCode: "03820"}}},
		Leaders: []program.Leader{{ID: "ames", Family: "Ames", Given: []string{"Rita", "J."}}},
		Programs: []program.Program{
			{ID: "pain-cbt", Name: "CBT for chronic pain", Kind: mapping.Therapy, Codes: program.Codes{
				SNOMED: []string{"228557008", "410239009"}, HCPCS: []string{"G0410", "HQ"}, Category: "409063005", ServiceCategory: "22", ServiceType: "400"}},
			{ID: "walk", Name: "Walk With Ease", Kind: mapping.ExerciseRehab},
			{ID: "peer", Name: "Peer support", Kind: mapping.Support, Provider: program.Organization{Name: "Dover Peers"},
				Codes: program.Codes{SNOMED: []string{"711281004"}, Category: "409073007", ServiceType: "224"}},
		},
		Groups: []program.Group{
			{ID: "pain-tue", Program: "pain-cbt", Name: "CBT for chronic pain, Tuesdays", Leader: "ames", Seats: program.Seats{Min: 6, Max: 8},
				Enrolment: program.EnrolmentClosed, Mode: "in-person", Site: "mill", Sessions: program.Sessions{Start: "2026-11-17", Time: "18:00"}},
			{ID: "walk-video", Program: "walk", Name: "Walk With Ease", Seats: program.Seats{Max: 12}, Enrolment: program.EnrolmentRolling,
				Mode: "telehealth", Link: "https://video.example.org/walk", Sessions: program.Sessions{Start: "2026-10-01", Time: "09:00"}},
			{ID: "peer-wed", Program: "peer", Name: "Peer support", Enrolment: program.EnrolmentOpen, Mode: "in-person", Site: "mill",
				Sessions: program.Sessions{Start: "2026-01-07", Time: "19:00"}},
		},
	}
}

// typical is the referral of an ordinary patient with two conditions.
func typical() *mapping.Referral {
	return &mapping.Referral{
		Identifier: mapping.Identifier{System: "urn:oid:2.16.840.1.113883.19.6", Value: "ORD-7781"},
		Priority:   mapping.Routine, AuthoredOn: "2026-11-11T09:30:00-05:00",
		Patient: mapping.Patient{
			Identifiers: []mapping.Identifier{{System: "urn:oid:2.16.840.1.113883.19.5", Value: "000123", Type: "MR"}},
			Name:        mapping.Name{Family: "Okafor", Given: []string{"Ada"}}, BirthDate: "1961-04-30", Gender: "female",
			Phone: "555-0142", Languages: []string{"en"},
			Address: mapping.Address{Line: []string{"4 Elm St"}, City: "Dover", State: "NH", PostalCode: "03820"},
		},
		Conditions: []mapping.Condition{
			{Codes: []mapping.Code{{System: mapping.SystemSNOMED, Code: "82423001", Display: "Chronic pain"}}, Severity: "moderate", Onset: "2024-02"},
			{Codes: []mapping.Code{{System: mapping.SystemICD10CM, Code: "F32.0", Display: "Major depressive disorder, single episode, mild"}}, VerificationStatus: "confirmed"},
		},
		Requester: mapping.Requester{
			Practitioner: mapping.Party{Identifier: mapping.Identifier{System: mapping.SystemNPI, Value: "1234567893", Type: "NPI"}, Family: "Lund", Given: []string{"Per"}},
			Organization: mapping.Party{Identifier: mapping.Identifier{System: mapping.SystemNPI, Value: "1888888884"}, Name: "North Clinic"},
		},
	}
}

// sparse is a referral that says next to nothing, and odd is one that says it oddly.
func sparse() *mapping.Referral { return &mapping.Referral{} }

func odd() *mapping.Referral {
	return &mapping.Referral{
		Identifier: mapping.Identifier{System: "orders & more", Value: `7|8,9$\`}, AuthoredOn: "yesterday",
		Patient: mapping.Patient{
			Identifiers: []mapping.Identifier{
				{System: "mrn", Value: "77 \x01 "}, {System: mapping.SystemSSN, Value: "999-00-1111", Type: "SS"},
				{System: "2.16.840.1.113883.19.7", Value: "ä/1"}, {Value: "bare"}, {System: "mrn", Value: " "}},
			Name: mapping.Name{Given: []string{" ", "Zoë <i>&\u2028", "\xff"}}, BirthDate: "1961-02-30", Gender: "f", Deceased: true,
			Languages: []string{"es-MX", "not a  tag"}, Interpreter: true, Email: "z@example.org", Address: mapping.Address{Country: "MX"},
		},
		Conditions: []mapping.Condition{
			{Text: "low\x00 mood"}, {Text: "low\x00 mood"}, {}, {Codes: []mapping.Code{{Code: " "}, {System: "local list", Code: "X 1"}}},
			{Text: "was wrong", VerificationStatus: "refuted"}, {Text: "gone", ClinicalStatus: "resolved"},
			{Text: "error", VerificationStatus: "entered-in-error"}, {Text: "again", ClinicalStatus: "relapse", VerificationStatus: "provisional", Onset: "soon"},
		},
		Requester: mapping.Requester{Practitioner: mapping.Party{Identifier: mapping.Identifier{System: "staff", Value: "u7"}}},
	}
}

func placed() *mapping.Notice {
	return &mapping.Notice{
		Network: "riverside", Sequence: 1042, N: 1, Time: thursday, Key: "r1042", Source: "north-ehr",
		Identifier: mapping.Identifier{System: "urn:oid:2.16.840.1.113883.19.6", Value: "ORD-7781"},
		Placement:  "r1042-1", Role: mapping.Primary, Status: mapping.Placed, Priority: mapping.Routine,
		Program: "pain-cbt", Group: "pain-tue", SeatsTaken: 5, FirstSession: time.Date(2026, 11, 17, 23, 0, 0, 0, time.UTC),
		Reasons:   []mapping.Reason{{Code: "placed", Text: "A seat in a suitable group is taken."}},
		DecidedBy: "convene", Catalog: "sha256-" + strings.Repeat("0", 64),
		PatientKey: "p1042", Request: typical(), Requested: thursday, Opened: thursday,
	}
}
