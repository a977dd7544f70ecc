package fhir

import models "github.com/samply/golang-fhir-models/fhir-models/fhir"

// NewPatient is https://hl7.org/fhir/R4/patient.html with what US Core requires: identifiers, names and gender.
func NewPatient(ids []Identifier, names []HumanName, gender *AdministrativeGender) Patient {
	return Patient{Meta: metaPatient, Identifier: ids, Name: names, Gender: gender}
}

// Guardian is a https://hl7.org/fhir/R4/patient-definitions.html#Patient.contact who speaks for the patient
func Guardian(name HumanName, phone string) PatientContact {
	c := PatientContact{Name: &name, Relationship: guardianRole}
	if phone != "" {
		c.Telecom = []ContactPoint{Phone(phone)}
	}
	return c
}

var guardianRole = []CodeableConcept{Concept("", NewCoding("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "GUARD", ""))}

// Speaks is a language of a Patient, a BCP 47 tag: https://hl7.org/fhir/R4/patient-definitions.html#Patient.communication
func Speaks(tag string, preferred bool) PatientCommunication {
	c := PatientCommunication{Language: Concept("", NewCoding(SystemLanguage, tag, ""))}
	if preferred {
		c.Preferred = &yes
	}
	return c
}

// NewCondition is https://hl7.org/fhir/R4/condition.html as a problem of the patient's list
// (US Core Condition Problems and Health Concerns).
func NewCondition(clinical, verification, code *CodeableConcept, subject Reference) Condition {
	return Condition{Meta: metaCondition, ClinicalStatus: clinical, VerificationStatus: verification, Category: problemListItem, Code: code, Subject: subject}
}

// NewServiceRequest is https://hl7.org/fhir/R4/servicerequest.html with intent order. id is its logical id.
func NewServiceRequest(id string, status RequestStatus, code *CodeableConcept, subject Reference) ServiceRequest {
	return ServiceRequest{Id: Some(id), Meta: metaServiceRequest, Status: status, Intent: models.RequestIntentOrder, Code: code, Subject: subject}
}

// NewTask is https://hl7.org/fhir/R4/task.html that asks to fulfill the request in focus, with intent order. id is its logical id.
func NewTask(id string, status TaskStatus, focus, subject *Reference) Task {
	return Task{Id: Some(id), Status: status, Intent: "order", Code: &fulfill, Focus: focus, For: subject}
}

// NewPractitioner is https://hl7.org/fhir/R4/practitioner.html with what US Core requires.
func NewPractitioner(ids []Identifier, names []HumanName) Practitioner {
	return Practitioner{Meta: metaPractitioner, Identifier: ids, Name: names}
}

// NewPractitionerRole is https://hl7.org/fhir/R4/practitionerrole.html: a practitioner, where known, in an organization.
func NewPractitionerRole(ids []Identifier, practitioner, organization *Reference) PractitionerRole {
	return PractitionerRole{Meta: metaPractitionerRole, Identifier: ids, Active: &yes, Practitioner: practitioner, Organization: organization}
}

// NewOrganization is https://hl7.org/fhir/R4/organization.html, active.
func NewOrganization(ids []Identifier, name string) Organization {
	return Organization{Meta: metaOrganization, Identifier: ids, Active: &yes, Name: Some(name)}
}

// NewHealthcareService is https://hl7.org/fhir/R4/healthcareservice.html, active.
func NewHealthcareService(ids []Identifier, name string, providedBy *Reference) HealthcareService {
	return HealthcareService{Identifier: ids, Active: &yes, ProvidedBy: providedBy, Name: Some(name)}
}

// NewLocation is https://hl7.org/fhir/R4/location.html, active.
func NewLocation(ids []Identifier, name string) Location {
	status := models.LocationStatusActive
	return Location{Identifier: ids, Status: &status, Name: Some(name)}
}

// NewProvenance is https://hl7.org/fhir/R4/provenance.html; recorded is an instant. id is its logical id.
func NewProvenance(id string, target []Reference, recorded string, agents []ProvenanceAgent) Provenance {
	return Provenance{Id: Some(id), Meta: metaProvenance, Target: target, Recorded: recorded, Agent: agents}
}

// NewAuthor is the agent that decided, on behalf of an organization (US Core slice ProvenanceAuthor).
func NewAuthor(who Reference, onBehalfOf *Reference) ProvenanceAgent {
	return ProvenanceAgent{Type: &author, Who: who, OnBehalfOf: onBehalfOf}
}

// NewAppointment is https://hl7.org/fhir/R4/appointment.html for one session of the request it is based on. id is its logical id.
func NewAppointment(id string, status AppointmentStatus, request Reference, participants ...AppointmentParticipant) Appointment {
	return Appointment{Id: Some(id), Status: status, BasedOn: []Reference{request}, Participant: participants}
}

// Expected is a participant who has said yes, or was not asked.
func Expected(actor *Reference) AppointmentParticipant {
	return AppointmentParticipant{Actor: actor, Status: models.ParticipationStatusAccepted}
}

// Asked is a participant who has not answered yet.
func Asked(actor *Reference) AppointmentParticipant {
	return AppointmentParticipant{Actor: actor, Status: models.ParticipationStatusNeedsAction}
}

// NewVerifier is the agent that agreed with the author
// (https://hl7.org/fhir/R4/valueset-provenance-agent-type.html).
func NewVerifier(who Reference, onBehalfOf *Reference) ProvenanceAgent {
	return ProvenanceAgent{Type: &verifier, Who: who, OnBehalfOf: onBehalfOf}
}

// NewRestriction says until when a Task is to be taken up: https://hl7.org/fhir/R4/task-definitions.html#Task.restriction
func NewRestriction(period *Period) TaskRestriction { return TaskRestriction{Period: period} }

// NewAnnotation is https://hl7.org/fhir/R4/datatypes.html#Annotation, a text written on a day, YYYY-MM-DD.
func NewAnnotation(text, day string) Annotation { return Annotation{Text: text, Time: Some(day)} }
