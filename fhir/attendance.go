package fhir

import models "github.com/samply/golang-fhir-models/fhir-models/fhir"

// Counts of sessions, as HL7 BSeR's feedback has them (SNOMED CT).
var (
	SessionsAttended = Concept("Number of appointments attended", NewCoding(SystemSNOMED, "298057009", ""))
	countCategory    = []CodeableConcept{Concept("", NewCoding("http://terminology.hl7.org/CodeSystem/observation-category", "therapy", ""))}
	SessionsMissed   = Concept("Number of appointments missed", NewCoding(SystemSNOMED, "298058004", ""))
)

// NewCount is https://hl7.org/fhir/R4/observation.html of how many there have been until an instant. id is its logical id.
func NewCount(id string, code CodeableConcept, count int, subject *Reference, request Reference, until string) Observation {
	return Observation{Id: Some(id), Category: countCategory, Status: models.ObservationStatusFinal, Code: code, Subject: subject, BasedOn: []Reference{request},
		EffectiveDateTime: Some(until), ValueInteger: &count}
}
