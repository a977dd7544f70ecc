package fhir

import (
	"strings"
	"testing"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
)

func TestProblemsHavePaths(t *testing.T) {
	const at = "Bundle.entry[0].resource.ofType("
	bad, instantly := "2026-02-30", "2026-11-11T09:30:00Z"
	earlier, id := "2026-11-10T09:30:00Z", "riverside-r1-1"
	nowhere, somewhere := Reference{}, RefTo("urn:uuid:9f43aab2-36cb-86f2-a653-49934aba38ff")
	for name, c := range map[string]struct {
		resource any
		want     []string
	}{
		"patient": {&Patient{BirthDate: &bad, DeceasedBoolean: &yes, DeceasedDateTime: &instantly, Identifier: []Identifier{{}}},
			[]string{"Patient).identifier[0]: ", "Patient).name: ", "Patient).gender: ", "Patient).birthDate: ", "Patient).deceased: "}},
		"gender": {pointer(NewPatient([]Identifier{NewIdentifier(nil, "urn:x", "1")}, []HumanName{NameAbsent()}, pointer(models.AdministrativeGender(9)))),
			[]string{"Patient).gender: is not in the value set"}},
		"condition": {&Condition{OnsetDateTime: &bad, OnsetString: &bad},
			[]string{"Condition).category: ", "Condition).code: ", "Condition).subject: ", "Condition).clinicalStatus: ", "Condition).onset: has 2", "Condition).onset: is no dateTime"}},
		"request": {&ServiceRequest{Status: 99, Intent: 99, Id: &bad, Requester: &nowhere, AuthoredOn: &bad, OccurrenceDateTime: &instantly, OccurrencePeriod: &Period{}},
			[]string{"status: ", "intent: ", "identifier: ", "category: ", "code: ", "subject: ", "requester: ", "authoredOn: ", "occurrence: is missing", "occurrence: has 2"}},
		"code": {&ServiceRequest{Id: &id, Identifier: []Identifier{NewIdentifier(nil, "urn:x", "1")}, Category: []CodeableConcept{GroupProgram}, Subject: somewhere,
			Requester: &somewhere, Status: RequestActive, Code: pointer(Concept("", NewCoding("not a uri", " 7", "")))}, []string{"ServiceRequest).code.coding[0]: "}},
		"task": {&Task{Status: 99, AuthoredOn: &instantly, LastModified: &earlier, StatusReason: &CodeableConcept{}, Restriction: &TaskRestriction{Period: &Period{}}},
			[]string{"Task).id: ", "Task).status: ", "Task).intent: ", "Task).focus: ", "Task).owner: ", "Task).statusReason.text: ", "Task).lastModified: ", "Task).restriction.period: "}},
		"practitioner": {&Practitioner{}, []string{"identifier: ", "name.family: "}},
		"role":         {&PractitionerRole{}, []string{"identifier: ", "organization: ", "telecom: "}},
		"organization": {&Organization{}, []string{"identifier: ", "active: ", "name: "}},
		"service":      {&HealthcareService{}, []string{"identifier: ", "active: ", "name: "}},
		"location":     {&Location{Status: pointer(models.LocationStatus(9))}, []string{"identifier: ", "name: ", "status: "}},
		"provenance":   {&Provenance{Agent: []ProvenanceAgent{{}}}, []string{"id: ", "target: ", "recorded: ", "agent.who: ", "agent.onBehalfOf: "}},
		"appointment":  {&Appointment{}, []string{"id: ", "start: start and end", "participant: "}},
		"enrolment":    {&Observation{}, []string{"id: ", "category: ", "code: ", "subject: "}},
		"stranger":     {&models.Account{}, []string{"is no resource that Convene writes"}},
	} {
		_, problems := Encode(c.resource)
		text := problems.Error()
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
		if name != "stranger" && !strings.HasPrefix(text, at) {
			t.Errorf("%s: no path in %q", name, text)
		}
	}
}

func TestTransactionWithProblemsIsNone(t *testing.T) {
	tx := NewTransaction([]byte("before"), "yesterday")
	tx.Patient(FullURL("Patient", "p1"), &Patient{}, CreateUnless("Patient", "urn:x", "p1"))
	tx.Task(FullURL("Task", "t1"), &Task{}, Update("Task", "t1"))
	b, problems := tx.End()
	if string(b) != "before" {
		t.Errorf("leaves %q", b)
	}
	for _, want := range []string{"Bundle.timestamp: ", "Bundle.entry[0].resource.ofType(Patient).name: ", "Bundle.entry[1].resource.ofType(Task).focus: "} {
		if !strings.Contains(problems.Error(), want) {
			t.Errorf("no %q in %v", want, problems)
		}
	}
	empty := NewTransaction(nil, "2026-11-11T09:30:00Z")
	if _, problems := empty.End(); len(problems) != 1 {
		t.Errorf("a bundle without entries has problems %v", problems)
	}
}

func TestRequest(t *testing.T) {
	for _, c := range []struct {
		request Request
		want    string
	}{
		{Update("Task", "a-1"), `{"method":"PUT","url":"Task/a-1"}`},
		{CreateUnless("Patient", "urn:oid:1.2", `a b|c,$\&+"é`),
			`{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:oid:1.2%7Ca%20b%5C%7Cc%5C%2C%5C%24%5C%5C%26%2B%22%C3%A9"}`},
	} {
		if got := string(appendRequest(nil, c.request)); got != c.want {
			t.Errorf("got %s\nwant %s", got, c.want)
		}
	}
}

func TestID(t *testing.T) {
	if got := ID("riverside", "r1042-1"); got != "riverside-r1042-1" {
		t.Errorf("got %s", got)
	}
	long, odd := ID(strings.Repeat("n", 60), "r1042"), ID("a b")
	if !IsID(long) || !IsID(odd) || long == odd || long != ID(strings.Repeat("n", 60), "r1042") {
		t.Errorf("got %s and %s", long, odd)
	}
	if a, b := FullURL("a", "bc"), FullURL("ab", "c"); a == b || a != FullURL("a", "bc") || len(a) != 45 {
		t.Errorf("got %s and %s", a, b)
	}
}

func TestDates(t *testing.T) {
	for s, want := range map[string][3]bool{ // date, dateTime, instant
		"2026": {true, true, false}, "2026-02": {true, true, false}, "2024-02-29": {true, true, false},
		"2026-11-11T09:30:00Z": {false, true, true}, "2026-11-11T09:30:00.123-05:00": {false, true, true},
		"": {}, "0000": {}, "26": {}, "2026-13": {}, "2026-02-29": {}, "2026-2-1": {}, "2026-00-10": {}, "20x6-01-01": {},
		"2026-11-11T09:30": {}, "2026-11-11T09:30:00": {}, "2026-11-11 09:30:00Z": {}, "2026-11-11T24:30:00Z": {}, "2026-02-30T09:30:00Z": {},
		"2026-11-11T09:30:00.Z": {}, "2026-11-11T09:30:00.1": {}, "2026-11-11T09:30:00+0500": {}, "2026-11-11T09:30:00+15:00": {}, "2026-11-11T09:60:00Z": {}, "2026-11-11T23:59:60Z": {}, "2026-11-11T09:30:00+14:01": {},
	} {
		if got := [3]bool{IsDate(s), IsDateTime(s), IsInstant(s)}; got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	}
}

func TestInstant(t *testing.T) {
	zone := time.FixedZone("", -5*3600)
	for want, at := range map[string]time.Time{
		"2026-11-12T15:04:05.678Z":      time.Date(2026, 11, 12, 15, 4, 5, 678_999_999, time.UTC),
		"2026-11-12T15:04:05.000Z":      time.Date(2026, 11, 12, 15, 4, 5, 0, time.UTC),
		"2026-11-12T15:04:05.040-05:00": time.Date(2026, 11, 12, 15, 4, 5, 40_000_000, zone),
	} {
		if got := Instant(at); got != want || !IsInstant(got) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
