package fhir

import models "github.com/samply/golang-fhir-models/fhir-models/fhir"

// Codes of Gravity's SDOH Clinical Care IG 3.0.0 (HL7/fhir-sdoh-clinicalcare, SDOHCC-CodeSystemTemporaryCodes).
const (
	systemSDOH       = "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes"
	systemUSCategory = "http://hl7.org/fhir/us/core/CodeSystem/us-core-category"

	extensionCapacity = "http://hl7.org/fhir/us/sdoh-clinicalcare/StructureDefinition/SDOHCC-ExtensionHealthcareServiceCapacityStatus"

	Enrolled    = "enrolled"
	NotEnrolled = "not-enrolled"
	OnWaitlist  = "not-enrolled-on-waitlist"

	// Capacity of a service: seats are free; none is, and one can wait; none is.
	HasCapacity, HasWaitlist, NoCapacity = "capacity", "waitlist", "no-capacity"
)

var (
	enrolmentCategory = []CodeableConcept{
		Concept("", NewCoding(systemUSCategory, "sdoh", "")),
		Concept("", NewCoding(systemSDOH, "program-enrollment", "")),
	}
	additionalContent = Concept("", NewCoding(systemSDOH, "additional-content", ""))
	// socialCare is the category of a service that can be referred to: one of US Core's, which the profile requires, and no
	// domain of need.
	socialCare      = Concept("", NewCoding(systemUSCategory, "sdoh", ""), NewCoding(systemSDOH, "sdoh-category-unspecified", ""))
	metaSDOHService = profile(sdoh + "SDOHCC-HealthcareServiceForReferralManagement")
)

// NewEnrolment is https://hl7.org/fhir/R4/observation.html that tells whether somebody is enrolled in a program, as
// SDOHCC-ObservationProgramEnrollmentStatus has it. id is its logical id, since an instant.
func NewEnrolment(id, status string, code CodeableConcept, subject *Reference, service Reference, since string) Observation {
	value := Concept("", NewCoding(systemSDOH, status, ""))
	return Observation{Id: Some(id), Meta: metaEnrolment, Status: models.ObservationStatusFinal, Category: enrolmentCategory, Code: code,
		Subject: subject, Focus: []Reference{service}, EffectiveDateTime: Some(since), ValueCodeableConcept: &value}
}

// NewNote is https://hl7.org/fhir/R4/datatypes.html#Annotation
func NewNote(text string) models.Annotation { return models.Annotation{Text: text} }

// AdditionalContent is an output of a Task that refers to a resource (SDOHCC-TaskForReferralManagement, slice AdditionalContent).
func AdditionalContent(to Reference) TaskOutput {
	return TaskOutput{Type: additionalContent, ValueReference: to}
}

// WithCapacity makes a HealthcareService one of SDOHCC-HealthcareServiceForReferralManagement. notes are in words, or empty.
func WithCapacity(v *HealthcareService, capacity, notes string) {
	v.Meta = metaSDOHService
	status := Concept("", NewCoding(systemSDOH, capacity, ""))
	parts := []Extension{{Url: "capacityStatus", ValueCodeableConcept: &status}}
	if notes != "" {
		parts = append(parts, Extension{Url: "capacityNotes", ValueString: &notes})
	}
	v.Extension = append(v.Extension, Extension{Url: extensionCapacity, Extension: parts})
	v.Category = []CodeableConcept{socialCare}
}
