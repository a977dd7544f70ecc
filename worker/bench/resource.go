package bench

import (
	"encoding/json"
	"strconv"

	"github.com/convene-health/convene/mapping"
)

// typeFHIR is the content type of the workload in FHIR.
const typeFHIR = "application/fhir+json"

// resource is a FHIR resource or a part of one.
type resource map[string]any

// fhirOf is the referral of an event as an EHR sends it in FHIR R4: a message Bundle with header, Task, ServiceRequest, Patient,
// Conditions, Goals and the referrer, each an entry that the others refer to by fullUrl.
func fhirOf(e *mapping.Event) ([]byte, error) {
	r, b := e.Referral, &message{}
	patient, role, practitioner, organization := b.url(), b.url(), b.url(), b.url()
	var reasons, goals []any
	for _, c := range r.Conditions {
		u := b.url()
		reasons = append(reasons, to(u))
		b.add(u, resource{"resourceType": "Condition", "subject": to(patient), "code": resource{"coding": c.Codes, "text": c.Text},
			"clinicalStatus":     coded("http://terminology.hl7.org/CodeSystem/condition-clinical", c.ClinicalStatus),
			"verificationStatus": coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", c.VerificationStatus)})
	}
	for _, g := range r.Goals {
		u := b.url()
		goals = append(goals, resource{"url": "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal", "valueReference": to(u)})
		b.add(u, resource{"resourceType": "Goal", "lifecycleStatus": "active", "subject": to(patient), "description": coded("https://convene.health/fhir/CodeSystem/goal", g)})
	}
	var notes []any
	for _, n := range r.Notes {
		notes = append(notes, resource{"text": n})
	}
	p, doctor, clinic := &r.Patient, &r.Requester.Practitioner, &r.Requester.Organization
	b.add(patient, resource{"resourceType": "Patient", "identifier": identifiers(p.Identifiers...), "gender": p.Gender, "birthDate": p.BirthDate,
		"name": []any{resource{"use": "official", "family": p.Name.Family, "given": p.Name.Given}}, "telecom": phone(p.Phone), "address": []any{p.Address},
		"communication": []any{resource{"language": coded("urn:ietf:bcp:47", p.Languages[0]), "preferred": true}}})
	b.add(practitioner, resource{"resourceType": "Practitioner", "identifier": identifiers(doctor.Identifier), "name": []any{resource{"family": doctor.Family, "given": doctor.Given}}})
	b.add(organization, resource{"resourceType": "Organization", "active": true, "identifier": identifiers(clinic.Identifier), "name": clinic.Name})
	b.add(role, resource{"resourceType": "PractitionerRole", "practitioner": to(practitioner), "organization": to(organization), "telecom": phone(doctor.Phone)})
	order, task := b.url(), b.url()
	b.add(order, resource{"resourceType": "ServiceRequest", "identifier": identifiers(r.Identifier), "status": "active", "intent": "order", "priority": r.Priority,
		"authoredOn": r.AuthoredOn, "subject": to(patient), "requester": to(role), "reasonReference": reasons, "extension": goals, "note": notes,
		"code": coded("http://snomed.info/sct", "3457005")})
	b.add(task, resource{"resourceType": "Task", "status": "requested", "intent": "order", "code": coded("http://hl7.org/fhir/CodeSystem/task-code", "fulfill"),
		"focus": to(order), "for": to(patient), "requester": to(role)})
	header := entry{b.url(), resource{"resourceType": "MessageHeader", "eventCoding": resource{"system": "http://terminology.hl7.org/CodeSystem/v2-0003", "code": "I12"},
		"source": resource{"endpoint": "https://ehr.bench.example/fhir"}, "focus": []any{to(task)}}}
	return json.Marshal(resource{"resourceType": "Bundle", "id": e.ID, "type": "message", "timestamp": e.Sent, "entry": append([]entry{header}, b.entries...)})
}

type entry struct {
	FullURL  string   `json:"fullUrl"`
	Resource resource `json:"resource"`
}

// message collects entries under URLs of its own.
type message struct {
	entries []entry
	urls    int
}

func (m *message) url() string {
	m.urls++
	return "urn:uuid:00000000-0000-4000-8000-" + strconv.Itoa(100_000_000_000+m.urls)
}

func (m *message) add(url string, r resource) { m.entries = append(m.entries, entry{url, r}) }

func to(url string) resource { return resource{"reference": url} }

func coded(system, code string) resource {
	return resource{"coding": []any{resource{"system": system, "code": code}}}
}

func phone(number string) []any { return []any{resource{"system": "phone", "value": number}} }

func identifiers(ids ...mapping.Identifier) (all []any) {
	for _, id := range ids {
		all = append(all, resource{"system": id.System, "value": id.Value, "type": coded("http://terminology.hl7.org/CodeSystem/v2-0203", id.Type)})
	}
	return all
}
